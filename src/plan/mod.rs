//! What the sections of a report ask becomes requests of GetMetricDataV2, and the shape of their
//! answers.
//!
//! A section with groupings needs two requests: the rows, and its totals from a request without
//! groupings, because averages and rates can't be had by adding rows up.

mod answer;
mod directory;

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{
    Dimension, MetricQuery, NOT_YET, Placed, Problem, Report, Section, Selector,
};
use crate::instance::InstanceArn;
use crate::metric::limits::FILTER_VALUES;
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

/// The lists of names that a report needs: of what it groups by, and of what it selects by name.
pub fn lists_needed(report: &Report) -> BTreeSet<Dimension> {
    let grouped = report.sections.iter().flat_map(|section| section.group_by.iter().cloned());
    let selected = report.sections.iter().flat_map(|section| {
        let by_name = section.filters.iter().filter(|(_, selectors)| {
            selectors.iter().any(|selector| !matches!(selector.value, Selector::Id(_)))
        });
        by_name.map(|(dimension, _)| dimension.clone())
    });
    grouped.chain(selected).filter(Dimension::has_list).collect()
}

/// The requests for a report's window, given the names of the instance.
///
/// # Errors
/// Every selector that can't be resolved, and every selection that is empty or too large.
pub fn plan(report: &Report, window: &Window, directory: &Directory) -> Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut plan = Plan { requests: Vec::new(), sections: Vec::new() };
    for section in &report.sections {
        let request = Request {
            instance: report.instance.clone(),
            window: window.clone(),
            groupings: section.group_by.clone(),
            filters: resolve(section, directory, &mut problems),
            metrics: metrics(section),
        };
        let totals = Request { groupings: Vec::new(), ..request.clone() };
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
    let metrics: BTreeSet<_> = section.columns.iter().map(|column| &column.metric).collect();
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
            match directory.select(dimension, &selector.value) {
                Ok(selected) => ids.extend(selected),
                Err(reason) => {
                    problems.push(selector.place.error("selection", reason.message, reason.help));
                }
            }
        }
        filters.insert(dimension.clone(), ids.into_iter().collect());
    }
    problems.extend(too_many(section, &filters));
    filters
}

fn too_many(section: &Section, filters: &BTreeMap<Dimension, Vec<String>>) -> Option<Problem> {
    let counted = || filters.iter().filter(|(dimension, _)| **dimension != Dimension::Channel);
    let values: usize = counted().map(|(_, ids)| ids.len()).sum();
    let (largest, _) = counted().max_by_key(|(_, ids)| ids.len())?;
    let first: &Placed<Selector> = section.filters.get(largest)?.first()?;
    (values > FILTER_VALUES).then(|| {
        let message = format!(
            "the filters of section `{}` name {values} values; a request takes {FILTER_VALUES}, \
             and this version does not divide a section into several requests yet",
            section.title
        );
        first.place.error(NOT_YET, message, "split the section into two with fewer values each")
    })
}

/// The ids that a section selects of a dimension, and shows even where nothing happened.
///
/// Queues have a row each. Of another key, the first that the section groups by, only what is
/// named has one: of all agents of an instance most are not of interest.
pub fn roster<'p>(
    section: &'p Section,
    request: &'p Request,
) -> Option<(&'p Dimension, &'p [String])> {
    let shown = match section.group_by.contains(&Dimension::Queue) {
        true => &Dimension::Queue,
        false => section.group_by.first()?,
    };
    let named = section
        .filters
        .get(shown)
        .is_some_and(|selectors| selectors.iter().all(|selector| selector.value != Selector::All));
    let ids = request.filters.get(shown)?;
    (*shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition;
    use crate::window::{Calendar, WindowRule, Zone};

    const TWO_SECTIONS: &str = r#"
title    = "Two"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "UTC"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title   = "All"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = ["CONTACTS_QUEUED", "CONTACTS_HANDLED"]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"], CHANNEL = ["VOICE", "CHAT"] }
metrics  = ["CONTACTS_HANDLED", { name = "CONTACTS_QUEUED", label = "Queued" }]
"#;

    fn report(text: &str) -> Report {
        let parsed = definition::parse("two.toml", text.as_bytes(), &Default::default());
        parsed.report.unwrap()
    }

    fn queues(count: usize) -> Directory {
        let entry = |index| Entry { id: format!("queue-{index}"), name: format!("Queue {index}") };
        let mut directory = Directory::default();
        directory.insert(Dimension::Queue, (0..count).map(entry).collect());
        directory
    }

    fn planned(text: &str, directory: &Directory) -> Result<Plan, Vec<Problem>> {
        let zone = Zone::named("UTC").unwrap();
        let due = "2026-11-23T08:00:00Z".parse().unwrap();
        plan(
            &report(text),
            &WindowRule::PreviousDay.before(due, &zone, &Calendar::default()).unwrap(),
            directory,
        )
    }

    #[test]
    fn rows_and_totals_are_requests_of_their_own() {
        let plan = planned(TWO_SECTIONS, &queues(3)).unwrap();
        let groupings: Vec<_> =
            plan.requests.iter().map(|request| request.groupings.len()).collect();
        assert_eq!(groupings, [0, 1, 0]);
        assert_eq!(plan.sections[1], SectionPlan { rows: Some(1), totals: 2 });
        assert_eq!(plan.requests[1].filters[&Dimension::Channel], ["CHAT", "VOICE"]);
        assert_eq!(plan.requests[1].metrics, plan.requests[0].metrics, "labels make no difference");
    }

    #[test]
    fn the_same_request_is_made_once() {
        let same = TWO_SECTIONS.replace(", CHANNEL = [\"VOICE\", \"CHAT\"]", "");
        let plan = planned(&same, &queues(3)).unwrap();
        assert_eq!(plan.requests.len(), 2);
        assert_eq!(plan.sections[0].totals, plan.sections[1].totals);
    }

    #[test]
    fn a_request_takes_a_hundred_values() {
        assert!(planned(TWO_SECTIONS, &queues(100)).is_ok(), "channels do not count");
        let problems = planned(TWO_SECTIONS, &queues(101)).unwrap_err();
        let codes: Vec<_> = problems.iter().map(|problem| (problem.code, problem.line)).collect();
        assert_eq!(codes, [("not-yet", 12), ("not-yet", 18)]);
    }

    #[test]
    fn names_that_select_nothing_or_two_things_are_told() {
        let named = TWO_SECTIONS.replacen("\"*\"", "\"Queue 1\", \"queue 2\"", 1);
        let mut directory = queues(3);
        let problems = planned(&named, &directory).unwrap_err();
        assert_eq!(problems[0].message, "the instance has no queue with the name `queue 2`");
        assert_eq!(problems[0].help, "did you mean `Queue 2`? Names are case-sensitive");
        let twin = |id: &str| Entry { id: id.to_owned(), name: "Queue 1".to_owned() };
        directory.insert(Dimension::Queue, vec![twin("a"), twin("b")]);
        let problems = planned(&named, &directory).unwrap_err();
        assert_eq!(problems[0].message, "2 queues have the name `Queue 1`");
        let none = planned(TWO_SECTIONS, &queues(0)).unwrap_err();
        assert_eq!(none[0].message, "the instance has no queue");
    }
}
