//! The question that a section asks, free of the service's limits.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Directory, Lack, Unresolved};
use crate::definition::{Dimension, Kind, MetricQuery, Place, Placed, Problem, Section, Selection};
use crate::instance::InstanceArn;
use crate::window::{Interval, Window};

/// A question, however large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span.
    pub window: Window,
    /// The length of the intervals that figures are given for; none for one figure of the span.
    pub interval: Option<Interval>,
    /// The keys that rows are grouped by, in order, so that who asks the same asks it in the same way; empty
    /// for totals.
    pub groupings: Vec<Dimension>,
    /// The ids (of what has no names, the values) that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// The metrics that are asked, each once, in order.
    pub metrics: Vec<MetricQuery>,
    /// True if its totals are wanted; those of a trend are not.
    pub has_totals: bool,
    /// The metrics among them that nobody reads: they weight others where this question's answer is
    /// merged with that of another.
    pub weights: BTreeSet<MetricQuery>,
}

impl Query {
    /// The question for the rows of a section, of the ids that its selectors stand for.
    ///
    /// # Errors
    /// Every selector that can't be resolved, and every grouping that the instance does not have.
    pub fn for_section(
        section: &Section,
        instance: &InstanceArn,
        window: &Window,
        directory: &Directory,
    ) -> Result<Self, Vec<Obstacle>> {
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

    /// Tells whether its answer has rows rather than one line of totals.
    pub fn has_rows(&self) -> bool {
        !self.groupings.is_empty() || self.interval.is_some()
    }

    /// The question for the totals of the same.
    pub fn totals(&self) -> Self {
        Self { groupings: Vec::new(), interval: None, has_totals: true, ..self.clone() }
    }
}

/// A reason why a section can't be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The kind of reason.
    pub kind: Lack,
    /// True of an entry that leaves something out.
    pub is_left_out: bool,
    /// The entry in the words of the definition, with its sign: a name, a pattern, a tag; or the level of the
    /// hierarchy that there is not.
    pub entry: String,
    /// The problem, with its place and what helps.
    pub problem: Problem,
}

impl Obstacle {
    fn at(place: &Place, unresolved: Unresolved, entry: String) -> Self {
        let Unresolved { kind, message, help } = unresolved;
        let problem = place.error("selection", message, help);
        Self { kind, is_left_out: false, entry, problem }
    }
}

fn resolve(
    section: &Section,
    directory: &Directory,
) -> Result<BTreeMap<Dimension, Vec<String>>, Vec<Obstacle>> {
    let (mut filters, mut obstacles) = (BTreeMap::new(), Vec::new());
    for (dimension, place) in &section.grouping_places {
        if let Err(unresolved) = directory.check_level(dimension) {
            obstacles.push(Obstacle::at(place, unresolved, dimension.title().into_owned()));
        }
    }
    for (dimension, selection) in &section.filters {
        match ids(dimension, selection, directory) {
            Ok(ids) => drop(filters.insert(dimension.clone(), ids.into_iter().collect())),
            Err(found) => obstacles.extend(found),
        }
    }
    match obstacles.is_empty() {
        true => Ok(filters),
        false => Err(obstacles),
    }
}

/// For how many entries a name is looked for that may be meant: each is compared with all names.
const MOST_EXPLAINED: usize = 100;

/// The ids that are taken and not left out; one at least.
fn ids(
    dimension: &Dimension,
    selection: &Selection,
    directory: &Directory,
) -> Result<BTreeSet<String>, Vec<Obstacle>> {
    let (mut ids, mut left_out, mut obstacles) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for Placed { value, place } in &selection.taken {
        match directory.found(dimension, value).filter(|found| !found.is_empty()) {
            Some(found) => ids.extend(found),
            None => {
                let explained = (obstacles.len() < MOST_EXPLAINED)
                    .then(|| directory.select(dimension, value).err())
                    .flatten();
                let unresolved = explained.unwrap_or_else(|| directory.in_short(dimension, value));
                let has_level = directory.check_level(dimension).is_ok();
                let level = || dimension.title().into_owned();
                let entry = if has_level { value.to_string() } else { level() };
                obstacles.push(Obstacle::at(place, unresolved, entry));
            }
        }
    }
    for Placed { value, place } in &selection.left_out {
        match directory.found(dimension, value) {
            Some(found) => left_out.extend(found),
            // The level is told where it is selected.
            None if directory.check_level(dimension).is_err() => {}
            None => {
                let explained = (obstacles.len() < MOST_EXPLAINED)
                    .then(|| directory.leave_out(dimension, value).err())
                    .flatten();
                let unresolved = explained.unwrap_or_else(|| directory.in_short(dimension, value));
                let obstacle = Obstacle::at(place, unresolved, format!("!{value}"));
                obstacles.push(Obstacle { is_left_out: true, ..obstacle });
            }
        }
    }
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    ids.retain(|id| !left_out.contains(id));
    match selection.left_out.last() {
        Some(last) if ids.is_empty() => {
            let entries = selection.left_out.iter().map(|selector| format!("!{}", selector.value));
            let entry = entries.collect::<Vec<_>>().join(", ");
            Err(vec![Obstacle::at(&last.place, directory.nothing_left(dimension), entry)])
        }
        _ => Ok(ids),
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
    let named = section.filters.get(shown).is_some_and(|selection| !selection.takes_all());
    let ids = query.filters.get(shown)?;
    (*shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}
