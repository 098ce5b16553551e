//! The query of a section, free of the service's limits.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Directory, Unresolved, UnresolvedKind};
use crate::definition::{
    Dimension, Kind, MetricQuery, Place, Placed, Problem, Section, Selection, Severity,
};
use crate::instance::InstanceArn;
use crate::window::{Interval, Window};

/// The ids, or the values of keys without names, that the filters of a section stand for.
pub type FilterIds = BTreeMap<Dimension, Vec<String>>;

/// A query, however large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span.
    pub window: Window,
    /// The length of the intervals; none for one figure of the whole span.
    pub interval: Option<Interval>,
    /// The keys by which rows are grouped, in a fixed order so that equal queries are equal; empty for totals.
    pub groupings: Vec<Dimension>,
    /// The ids, or the values of keys without names, that are counted; none of the lists is empty.
    pub filters: FilterIds,
    /// The metrics, each once, in order.
    pub metrics: Vec<MetricQuery>,
    /// True if totals are wanted, as they are not for a trend.
    pub has_totals: bool,
    /// The metrics among them that are not shown: they weight others where this query's answer is merged
    /// with another.
    pub weights: BTreeSet<MetricQuery>,
}

impl Query {
    /// The query for the rows of a section, with the ids for which its selectors stand.
    ///
    /// # Errors
    /// An obstacle for each selector that can't be resolved, and for each grouping that the instance lacks.
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
            filters: resolve_filters(section, directory)?,
            metrics: metrics.into_iter().collect(),
            has_totals: section.kind != Kind::Trend,
            weights: BTreeSet::new(),
        })
    }

    /// True where the answer has rows rather than one line of totals.
    pub fn has_rows(&self) -> bool {
        !self.groupings.is_empty() || self.interval.is_some()
    }

    /// The query for the totals of the same contacts.
    pub fn totals(&self) -> Self {
        Self { groupings: Vec::new(), interval: None, has_totals: true, ..self.clone() }
    }
}

/// A reason why the figures of a section can't be requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The kind of reason.
    pub kind: UnresolvedKind,
    /// True for an entry that leaves something out.
    pub is_left_out: bool,
    /// The entry as the definition has it, with its sign: a name, a pattern or a tag; or the missing level of
    /// the hierarchy.
    pub entry: String,
    /// The problem, with its place and its help.
    pub problem: Problem,
}

impl Obstacle {
    fn at_place(place: &Place, unresolved: Unresolved, entry: String) -> Self {
        let Unresolved { kind, message, help } = unresolved;
        let problem = place.error("selection", message, help);
        Self { kind, is_left_out: false, entry, problem }
    }
}

/// The filters of a section as ids.
///
/// # Errors
/// An obstacle for each selector that can't be resolved, and for each grouping that the instance lacks.
pub fn resolve_filters(
    section: &Section,
    directory: &Directory,
) -> Result<FilterIds, Vec<Obstacle>> {
    let mut filters = BTreeMap::new();
    let mut obstacles = Vec::new();
    for (dimension, place) in &section.grouping_places {
        if let Err(unresolved) = directory.check_level(dimension) {
            obstacles.push(Obstacle::at_place(place, unresolved, dimension.title().into_owned()));
        }
    }
    for (dimension, selection) in &section.filters {
        match resolve_ids(dimension, selection, directory) {
            Ok(ids) => drop(filters.insert(dimension.clone(), ids.into_iter().collect())),
            Err(found) => obstacles.extend(found),
        }
    }
    if obstacles.is_empty() { Ok(filters) } else { Err(obstacles) }
}

/// The number of entries for which the nearest name is sought: each is compared with all names.
const MOST_EXPLAINED: usize = 100;

/// The ids that a selection takes and does not leave out; one at least.
fn resolve_ids(
    dimension: &Dimension,
    selection: &Selection,
    directory: &Directory,
) -> Result<BTreeSet<String>, Vec<Obstacle>> {
    let mut ids = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    let mut obstacles = Vec::new();
    for Placed { value, place } in &selection.taken {
        match directory.selected_ids(dimension, value).filter(|found| !found.is_empty()) {
            Some(found) => ids.extend(found),
            None => {
                let explained = (obstacles.len() < MOST_EXPLAINED)
                    .then(|| directory.select(dimension, value).err())
                    .flatten();
                let unresolved =
                    explained.unwrap_or_else(|| directory.short_reason(dimension, value));
                let has_level = directory.check_level(dimension).is_ok();
                let entry =
                    if has_level { value.to_string() } else { dimension.title().into_owned() };
                obstacles.push(Obstacle::at_place(place, unresolved, entry));
            }
        }
    }
    for Placed { value, place } in &selection.left_out {
        match directory.selected_ids(dimension, value) {
            Some(found) => left_out.extend(found),
            // The entry that selects from a missing level reports it.
            None if directory.check_level(dimension).is_err() => {}
            None => {
                let explained = (obstacles.len() < MOST_EXPLAINED)
                    .then(|| directory.leave_out(dimension, value).err())
                    .flatten();
                let unresolved =
                    explained.unwrap_or_else(|| directory.short_reason(dimension, value));
                let obstacle = Obstacle::at_place(place, unresolved, format!("!{value}"));
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
            Err(vec![Obstacle::at_place(&last.place, directory.nothing_left(dimension), entry)])
        }
        _ => Ok(ids),
    }
}

/// Warnings of entries with which a section can be asked for, and for which the instance has nothing: ids that
/// its lists lack, and patterns and tags that leave nothing out.
pub fn unmatched_entries(section: &Section, directory: &Directory) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (dimension, selection) in &section.filters {
        let unlisted = selection.taken.iter().chain(&selection.left_out).filter_map(|entry| {
            Some((&entry.place, directory.unlisted_id(dimension, &entry.value)?))
        });
        let needless = selection.left_out.iter().filter_map(|entry| {
            Some((&entry.place, directory.needlessly_left_out(dimension, &entry.value)?))
        });
        let found = unlisted.chain(needless).take(MOST_EXPLAINED);
        warnings.extend(found.map(|(place, Unresolved { message, help, .. })| Problem {
            severity: Severity::Warning,
            ..place.error("selection", message, help)
        }));
    }
    warnings
}

/// The dimension and the ids that have a row even where nothing happened.
///
/// Every selected queue has a row. For another key, the first by which the section groups, only ids that
/// are named have one: most agents of an instance are not of interest.
pub fn expected_rows<'p>(
    section: &'p Section,
    query: &'p Query,
) -> Option<(&'p Dimension, &'p [String])> {
    let shown = if section.group_by.contains(&Dimension::Queue) {
        &Dimension::Queue
    } else {
        section.group_by.first()?
    };
    let named = section.filters.get(shown).is_some_and(|selection| !selection.takes_all());
    let ids = query.filters.get(shown)?;
    (*shown == Dimension::Queue || named).then_some((shown, ids.as_slice()))
}
