//! What a section asks, free of the service's limits.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Directory, Unresolved};
use crate::definition::{
    Dimension, Interval, Kind, MetricQuery, Placed, Problem, Section, Selection, Selector,
};
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
    for (dimension, selection) in &section.filters {
        match ids(dimension, selection, directory) {
            Ok(ids) => drop(filters.insert(dimension.clone(), ids.into_iter().collect())),
            Err(found) => problems.extend(found),
        }
    }
    match problems.is_empty() {
        true => Ok(filters),
        false => Err(problems),
    }
}

/// The ids that are taken and not left out; one at least.
fn ids(
    dimension: &Dimension,
    selection: &Selection,
    directory: &Directory,
) -> Result<BTreeSet<String>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut found = |selectors: &[Placed<Selector>], find: &Find<'_>| {
        let mut ids = BTreeSet::new();
        for selector in selectors {
            match find(&selector.value) {
                Ok(found) => ids.extend(found),
                Err(Unresolved { message, help }) => {
                    problems.push(selector.place.error("selection", message, help));
                }
            }
        }
        ids
    };
    let mut ids = found(&selection.taken, &|selector| directory.select(dimension, selector));
    let left_out = found(&selection.left_out, &|selector| directory.leave_out(dimension, selector));
    if !problems.is_empty() {
        return Err(problems);
    }
    ids.retain(|id| !left_out.contains(id));
    match selection.left_out.last() {
        Some(last) if ids.is_empty() => {
            let Unresolved { message, help } = directory.nothing_left(dimension);
            Err(vec![last.place.error("selection", message, help)])
        }
        _ => Ok(ids),
    }
}

/// Everything that a section selects and the instance does not have, in the words of the definition: names,
/// patterns, tags, levels of the hierarchy; or of what nothing is left, what leaves it out.
pub fn unresolved(section: &Section, directory: &Directory) -> Vec<String> {
    let levels = section.group_by.iter().filter(|key| directory.check_level(key).is_err());
    let mut names: Vec<String> = levels.map(|key| key.title().into_owned()).collect();
    for (dimension, selection) in &section.filters {
        if directory.check_level(dimension).is_err() {
            names.push(dimension.title().into_owned());
            continue;
        }
        let before = names.len();
        let taken = selection.taken.iter().map(|selector| &selector.value);
        let taken = taken.filter(|selector| directory.select(dimension, selector).is_err());
        names.extend(taken.map(ToString::to_string));
        let left_out = || selection.left_out.iter().map(|selector| &selector.value);
        let is_stale = |selector: &&Selector| directory.leave_out(dimension, selector).is_err();
        names.extend(left_out().filter(is_stale).map(|selector| format!("!{selector}")));
        if names.len() == before && ids(dimension, selection, directory).is_err() {
            names.extend(left_out().map(|selector| format!("!{selector}")));
        }
    }
    names
}

/// Finds the ids behind a selector.
type Find<'f> = dyn Fn(&Selector) -> Result<Vec<String>, Unresolved> + 'f;

/// The ids that a section selects of a dimension, and shows even where nothing happened.
///
/// Queues have a row each. Of another key, the first that the section groups by, only what is
/// named has one: of all agents of an instance most are not of interest.
pub fn roster<'p>(section: &'p Section, query: &'p Query) -> Option<(&'p Dimension, &'p [String])> {
    let shown = match section.group_by.contains(&Dimension::Queue) {
        true => &Dimension::Queue,
        false => section.group_by.first()?,
    };
    let named = section.filters.get(shown).is_some_and(|selection| !selection.takes_all());
    let ids = query.filters.get(shown)?;
    (*shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}
