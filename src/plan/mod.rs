//! What the sections of a report ask becomes requests of GetMetricDataV2, and the shape of their
//! answers.
//!
//! A section with groupings needs two requests: the rows, and its totals from a request without
//! groupings, because averages and rates can't be had by adding rows up.

mod answer;
mod directory;

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Dimension, MetricQuery, Placed, Problem, Report, Section, Selector};
use crate::instance::InstanceArn;
use crate::window::Window;

pub use answer::{Absent, Answer, Figure, Row};
pub use directory::{Directory, Entry};

/// One request within the service's limits; its pages belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span; its figures come as one total.
    pub window: Window,
    /// What rows are grouped by; empty for totals.
    pub groupings: Vec<Dimension>,
    /// The ids (of channels, the names) that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// What is asked, each metric once.
    pub metrics: Vec<MetricQuery>,
}

/// The requests of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The requests, each different from the others.
    pub requests: Vec<Request>,
    /// For each section, which of the requests answer it.
    pub sections: Vec<SectionPlan>,
}

/// Which requests answer a section; indices into [`Plan::requests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionPlan {
    /// The request for its rows, where it has groupings.
    pub rows: Option<usize>,
    /// The request for its totals.
    pub totals: usize,
}

/// How many filter values one request takes, those of CHANNEL not counted (GetMetricDataV2,
/// Filters).
const FILTER_VALUES: usize = 100;

/// The lists of names that a report needs: of what it groups by, and of what it selects by name.
pub fn lists_needed(report: &Report) -> BTreeSet<Dimension> {
    let grouped = report
        .sections
        .iter()
        .flat_map(|section| section.group_by.iter().copied());
    let selected = report.sections.iter().flat_map(|section| {
        let by_name = section.filters.iter().filter(|(_, selectors)| {
            selectors
                .iter()
                .any(|selector| !matches!(selector.value, Selector::Id(_)))
        });
        by_name.map(|(dimension, _)| *dimension)
    });
    // A channel's id is its name.
    grouped
        .chain(selected)
        .filter(|dimension| *dimension != Dimension::Channel)
        .collect()
}

/// The requests for a report's window, given the names of the instance.
///
/// # Errors
/// Every selector that can't be resolved, and every selection that is empty or too large.
pub fn plan(report: &Report, window: &Window, directory: &Directory) -> Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut plan = Plan {
        requests: Vec::new(),
        sections: Vec::new(),
    };
    for section in &report.sections {
        let request = Request {
            instance: report.instance.clone(),
            window: window.clone(),
            groupings: section.group_by.clone(),
            filters: resolve(section, directory, &mut problems),
            metrics: metrics(section),
        };
        let totals = Request {
            groupings: Vec::new(),
            ..request.clone()
        };
        let rows = (!section.group_by.is_empty()).then(|| plan.add(request));
        let totals = plan.add(totals);
        plan.sections.push(SectionPlan { rows, totals });
    }
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(problems),
    }
}

impl Plan {
    /// The index of the request; the same request wanted twice is made once.
    fn add(&mut self, request: Request) -> usize {
        let known = self.requests.iter().position(|other| *other == request);
        known.unwrap_or_else(|| {
            self.requests.push(request);
            self.requests.len() - 1
        })
    }
}

fn metrics(section: &Section) -> Vec<MetricQuery> {
    let metrics: BTreeSet<_> = section
        .columns
        .iter()
        .map(|column| &column.metric)
        .collect();
    metrics.into_iter().cloned().collect()
}

fn resolve(
    section: &Section,
    directory: &Directory,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Dimension, Vec<String>> {
    let mut filters = BTreeMap::new();
    for (dimension, selectors) in &section.filters {
        let mut ids = BTreeSet::new();
        for selector in selectors {
            match directory.select(*dimension, &selector.value) {
                Ok(selected) => ids.extend(selected),
                Err(reason) => {
                    problems.push(
                        selector
                            .place
                            .error("selection", reason.message, reason.help),
                    );
                }
            }
        }
        filters.insert(*dimension, ids.into_iter().collect());
    }
    problems.extend(too_many(section, &filters));
    filters
}

fn too_many(section: &Section, filters: &BTreeMap<Dimension, Vec<String>>) -> Option<Problem> {
    let counted = || {
        filters
            .iter()
            .filter(|(dimension, _)| **dimension != Dimension::Channel)
    };
    let values: usize = counted().map(|(_, ids)| ids.len()).sum();
    let (largest, _) = counted().max_by_key(|(_, ids)| ids.len())?;
    let first: &Placed<Selector> = section.filters.get(largest)?.first()?;
    (values > FILTER_VALUES).then(|| {
        let message = format!(
            "the filters of section `{}` name {values} values; a request takes {FILTER_VALUES}, \
             and this version does not divide a section into several requests yet",
            section.title
        );
        first.place.error(
            "not-yet",
            message,
            "split the section into two with fewer values each",
        )
    })
}

/// The ids that a section selects of a dimension, and shows even where nothing happened.
///
/// Queues have a row each. Of another key, the first that the section groups by, only what is
/// named has one: of all agents of an instance most are not of interest.
pub fn roster<'p>(section: &Section, request: &'p Request) -> Option<(Dimension, &'p [String])> {
    let shown = match section.group_by.contains(&Dimension::Queue) {
        true => Dimension::Queue,
        false => *section.group_by.first()?,
    };
    let named = section.filters.get(&shown).is_some_and(|selectors| {
        selectors
            .iter()
            .all(|selector| selector.value != Selector::All)
    });
    let ids = request.filters.get(&shown)?;
    (shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}
