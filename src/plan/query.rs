//! What a section asks, free of the service's limits.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Directory, Unresolved};
use crate::definition::{Dimension, Interval, Kind, MetricQuery, Problem, Section, Selector};
use crate::instance::InstanceArn;
use crate::window::Window;

/// A question, however large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span.
    pub window: Window,
    /// The length of the intervals that figures are given for; none for one figure of the span.
    pub interval: Option<Interval>,
    /// What rows are grouped by, in order, so that who asks the same asks it in the same way; empty
    /// for totals.
    pub groupings: Vec<Dimension>,
    /// The ids (of what has no names, the values) that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// What is asked, each metric once, in order.
    pub metrics: Vec<MetricQuery>,
    /// Whether its totals are wanted: of a trend they are not.
    pub has_totals: bool,
    /// Those of the metrics that nobody reads: they weight others where this question's answer is
    /// merged with that of another.
    pub weights: BTreeSet<MetricQuery>,
}

impl Query {
    /// The question for the rows of a section, of the ids that its selectors stand for.
    ///
    /// # Errors
    /// Every selector that can't be resolved, and every grouping that the instance does not have.
    pub fn of(
        section: &Section,
        instance: &InstanceArn,
        window: &Window,
        directory: &Directory,
    ) -> Result<Self, Vec<Problem>> {
        let metrics: BTreeSet<_> =
            section.columns.iter().map(|column| column.metric.clone()).collect();
        let groupings: BTreeSet<_> = section.group_by.iter().cloned().collect();
        Ok(Self {
            instance: instance.clone(),
            window: window.clone(),
            interval: section.interval,
            groupings: groupings.into_iter().collect(),
            filters: resolve(section, directory)?,
            metrics: metrics.into_iter().collect(),
            has_totals: section.kind != Kind::Trend,
            weights: BTreeSet::new(),
        })
    }

    /// Whether its answer has rows rather than one line of totals.
    pub fn has_rows(&self) -> bool {
        !self.groupings.is_empty() || self.interval.is_some()
    }

    /// The question for the totals of the same.
    pub fn totals(&self) -> Self {
        Self { groupings: Vec::new(), interval: None, has_totals: true, ..self.clone() }
    }
}

fn resolve(
    section: &Section,
    directory: &Directory,
) -> Result<BTreeMap<Dimension, Vec<String>>, Vec<Problem>> {
    let (mut filters, mut problems) = (BTreeMap::new(), Vec::new());
    for (dimension, place) in &section.grouping_places {
        if let Err(Unresolved { message, help }) = directory.check_level(dimension) {
            problems.push(place.error("selection", message, help));
        }
    }
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
    match problems.is_empty() {
        true => Ok(filters),
        false => Err(problems),
    }
}

/// The ids that a section selects of a dimension, and shows even where nothing happened.
///
/// Queues have a row each. Of another key, the first that the section groups by, only what is
/// named has one: of all agents of an instance most are not of interest.
pub fn roster<'p>(section: &'p Section, query: &'p Query) -> Option<(&'p Dimension, &'p [String])> {
    let shown = match section.group_by.contains(&Dimension::Queue) {
        true => &Dimension::Queue,
        false => section.group_by.first()?,
    };
    let named = section
        .filters
        .get(shown)
        .is_some_and(|selectors| selectors.iter().all(|selector| selector.value != Selector::All));
    let ids = query.filters.get(shown)?;
    (*shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}
