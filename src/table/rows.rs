//! The rows of a table: those of the answer, those of what it leaves out because nothing happened there,
//! and those that only the comparison has; in their order.
//!
//! There may be a hundred thousand of them, of a few thousand groups and a few hundred intervals: what holds
//! for a group or an interval is found out once and shared by its rows, and so are the figures of what
//! nothing happened to.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::figures::{figures, figures_or_nothing, nothing_happened};
use super::row::{Member, TableRow};
use crate::definition::{Column, Dimension, MetricQuery, Section, Sort, State, Target};
use crate::plan::{
    self, Absent, Base, Directory, Figure, Group, Query, Row, SectionAnswer, expected_rows,
};
use crate::window::Window;

/// The rows of a table in their order.
pub(super) struct InOrder {
    pub(super) rows: Vec<TableRow>,
    /// Says whether quiet intervals were left out: there would be too many rows.
    pub(super) lacks_quiet: bool,
}

/// The rows as they are made, each with the place of its group.
pub(super) struct Rows<'a> {
    section: &'a Section,
    query: &'a Query,
    directory: &'a Directory,
    /// The places of the section's groupings in the ids of groups.
    places: Vec<Option<usize>>,
    /// The groups, with what is the same for their rows.
    groups: Vec<About>,
    by_ids: BTreeMap<Group, usize>,
    rows: Vec<(usize, TableRow)>,
}

/// A group, and what holds for all of its rows.
struct About {
    ids: Group,
    members: Arc<[Member]>,
    own_targets: Arc<[(usize, Target)]>,
    /// Says whether it occurs, or the instance has it. Of what it does not have it can't be said that nothing
    /// happened there.
    is_known: bool,
}

impl<'a> Rows<'a> {
    /// The rows in their order; quiet intervals have theirs if all of them are no more than there is room
    /// for.
    pub(super) fn in_order(
        (section, query, directory): (&'a Section, &'a Query, &'a Directory),
        answer: &SectionAnswer,
        base: Option<&Base>,
        room: usize,
    ) -> InOrder {
        let place = |dimension| query.groupings.iter().position(|grouping| grouping == dimension);
        let mut rows = Self {
            section,
            query,
            directory,
            places: section.group_by.iter().map(place).collect(),
            groups: Vec::new(),
            by_ids: BTreeMap::new(),
            rows: Vec::new(),
        };
        let answered: Vec<usize> =
            answer.rows.iter().map(|row| rows.group(row.dimensions())).collect();
        rows.groups.iter_mut().for_each(|about| about.is_known = true);
        rows.add_quiet_groups(base);
        let intervals = intervals(query, &answer.rows, base);
        let all = rows.groups.len().saturating_mul(intervals.len());
        let lacks_quiet = query.interval.is_some() && all > room;
        rows.rows.reserve_exact(if lacks_quiet { answered.len() } else { all });
        rows.add_answered(&answer.rows, &answered);
        if !lacks_quiet {
            rows.add_quiet(&intervals);
        }
        if let Some(base) = base {
            rows.compare(base);
        }
        InOrder { rows: in_order(rows.rows, &rows.groups, section.sort), lacks_quiet }
    }

    /// The rows of the answer, each of one of these groups.
    fn add_answered(&mut self, answered: &plan::Rows, groups: &[usize]) {
        let section = self.section;
        for (row, group) in answered.iter().zip(groups) {
            let Some(about) = self.groups.get(*group) else { continue };
            let figures = figures(section, |metric| row.get(metric));
            let states = about.states(&section.columns, &figures);
            let row = about.row(row.interval().cloned(), figures.into(), states);
            self.rows.push((*group, row));
        }
    }

    /// The groups that have rows although the answer has none of them: what nothing happened to any more,
    /// which the comparison shows, and what was selected; the service leaves out queues without contacts
    /// and agents. Where nothing is grouped there is one.
    fn add_quiet_groups(&mut self, base: Option<&Base>) {
        for row in base.iter().flat_map(|base| base.rows.iter()) {
            self.group(row.dimensions());
        }
        if self.query.groupings.is_empty() {
            self.group(&Group::default());
        }
        let Some((shown, ids)) = expected_rows(self.section, self.query) else { return };
        let place = self.query.groupings.iter().position(|dimension| dimension == shown);
        let Some(place) = place else { return };
        let occurring = self.groups.iter().filter_map(|about| about.ids.get(place)?.clone());
        let occurring: BTreeSet<Arc<str>> = occurring.collect();
        for id in ids.iter().filter(|id| !occurring.contains(id.as_str())) {
            let ids = self.query.groupings.iter().map(|d| (d == shown).then(|| id.as_str().into()));
            self.group(&ids.collect());
        }
    }

    /// The rows of what nothing happened to: of each group one for each interval that it has none of.
    fn add_quiet(&mut self, intervals: &[Option<Arc<Window>>]) {
        let start = |interval: &Option<Arc<Window>>| interval.as_deref().map(Window::start);
        let places = intervals.iter().map(start).zip(0..);
        let places: HashMap<Option<Timestamp>, usize> = places.collect();
        let mut is_there = vec![false; self.groups.len() * intervals.len()];
        for (group, row) in &self.rows {
            let place = places.get(&start(&row.interval));
            let there = place.and_then(|place| is_there.get_mut(group * intervals.len() + place));
            there.into_iter().for_each(|there| *there = true);
        }
        let Nothing { happened, known } = Nothing::in_section(self.section);
        let there = is_there.chunks(intervals.len());
        for ((group, about), there) in self.groups.iter().enumerate().zip(there) {
            let figures = if about.is_known { &happened } else { &known };
            let states = about.states(&self.section.columns, figures);
            let quiet = intervals.iter().zip(there).filter(|(_, there)| !**there);
            self.rows.extend(quiet.map(|(interval, _)| {
                let row = about.row(interval.clone(), Arc::clone(figures), Arc::clone(&states));
                (group, TableRow { is_quiet: true, ..row })
            }));
        }
    }

    /// Sets beside each row what it is compared with.
    fn compare(&mut self, base: &Base) {
        let place = |row: Row<'_>| Some((*self.by_ids.get(row.dimensions())?, row.start()));
        let known = base.rows.iter().filter_map(|row| Some((place(row)?, row)));
        let known: HashMap<(usize, Option<Timestamp>), Row<'_>> = known.collect();
        let nothing = Nothing::in_section(self.section);
        for (group, row) in &mut self.rows {
            let start = row.interval.as_deref().map(Window::start);
            let is_there = start.is_none_or(|start| base.shared.contains(&start));
            let is_there = is_there && !base.windows.is_empty();
            row.compared = match known.get(&(*group, start)) {
                Some(known) => {
                    let figure = |metric: &MetricQuery| known.get(metric);
                    figures_or_nothing(self.section, is_there, figure).into()
                }
                None if is_there => Arc::clone(&nothing.happened),
                None => Arc::clone(&nothing.known),
            };
        }
    }

    /// The place of a group.
    fn group(&mut self, ids: &Group) -> usize {
        let next = self.groups.len();
        match self.by_ids.entry(Arc::clone(ids)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                new.insert(next);
                let about = self.about(ids);
                self.groups.push(about);
                next
            }
        }
    }

    fn about(&self, ids: &Group) -> About {
        let Self { section, directory, places, .. } = self;
        let member = |(dimension, place): (&Dimension, &Option<usize>)| {
            let id = place.and_then(|place| ids.get(place)?.as_deref());
            Member {
                id: id.map(ToOwned::to_owned),
                name: id.map(|id| directory.name(dimension, id).to_owned()),
                is_unlisted: id.is_some_and(|id| directory.lacks_id(dimension, id)),
            }
        };
        let members: Arc<[Member]> = section.group_by.iter().zip(places).map(member).collect();
        let is_about = |name: &str| {
            let mut members = section.group_by.iter().zip(members.iter());
            members.any(|(dimension, member)| {
                member.id.as_deref().is_some_and(|id| directory.is_called(dimension, id, name))
            })
        };
        let own = section.columns.iter().enumerate();
        let own = own.filter_map(|(index, column)| Some((index, column.own_target(is_about)?)));
        let known = |(dimension, id): (&Dimension, &Option<Arc<str>>)| {
            id.as_ref().is_none_or(|id| directory.knows_id(dimension, id))
        };
        let is_known = self.query.groupings.iter().zip(ids.iter()).all(known);
        About { ids: Arc::clone(ids), own_targets: own.collect(), members, is_known }
    }
}

impl About {
    /// The states of figures against their targets; nothing where no column has one.
    fn states(&self, columns: &[Column], figures: &[Figure]) -> Arc<[Option<State>]> {
        let state = |(index, (column, figure)): (usize, (&Column, &Figure))| {
            let own =
                self.own_targets.iter().find(|(of, _)| *of == index).map(|(_, target)| *target);
            column.state(figure.value(), own.or(column.target))
        };
        if columns.iter().any(Column::has_target) {
            columns.iter().zip(figures).enumerate().map(state).collect()
        } else {
            Arc::default()
        }
    }

    fn row(
        &self,
        interval: Option<Arc<Window>>,
        figures: Arc<[Figure]>,
        states: Arc<[Option<State>]>,
    ) -> TableRow {
        TableRow {
            members: Arc::clone(&self.members),
            interval,
            figures,
            compared: Arc::default(),
            states,
            own_targets: Arc::clone(&self.own_targets),
            is_quiet: false,
        }
    }
}

/// The figures of what has none.
struct Nothing {
    /// The figures of what is known to have had nothing.
    happened: Arc<[Figure]>,
    /// The figures of what nothing is known of.
    known: Arc<[Figure]>,
}

impl Nothing {
    fn in_section(section: &Section) -> Self {
        let known = vec![Figure::Absent(Absent::NoData); section.columns.len()];
        Self { happened: nothing_happened(section).into(), known: known.into() }
    }
}

/// The intervals of which a group has rows; none without intervals.
fn intervals(
    query: &Query,
    answered: &plan::Rows,
    base: Option<&Base>,
) -> Vec<Option<Arc<Window>>> {
    let Some(interval) = query.interval else { return vec![None] };
    let all = match base {
        Some(base) => base.intervals.clone(),
        None => plan::aligned_intervals(&query.window, interval, &answered.intervals()),
    };
    all.into_iter().map(Some).collect()
}

/// The rows by the sorted column, what has no figure last; then by name, what has no name last; then by
/// time.
fn in_order(
    mut rows: Vec<(usize, TableRow)>,
    groups: &[About],
    sort: Option<Sort>,
) -> Vec<TableRow> {
    let ranks = ranks(groups);
    let rank = |group: usize| ranks.get(group).copied();
    let start = |row: &TableRow| row.interval.as_deref().map(Window::start);
    rows.sort_unstable_by(|(a_group, a), (b_group, b)| {
        let by_value = sort.map_or(Ordering::Equal, |sort| by_value(a, b, sort));
        let by_name = || rank(*a_group).cmp(&rank(*b_group));
        by_value.then_with(by_name).then_with(|| start(a).cmp(&start(b)))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Which place each group has by its names.
fn ranks(groups: &[About]) -> Vec<usize> {
    let name = |member: &Member| {
        let name = member.name.as_deref().unwrap_or_default().to_lowercase();
        (member.name.is_none(), name, member.id.clone())
    };
    let mut by_name: Vec<usize> = (0..groups.len()).collect();
    by_name.sort_by_cached_key(|group| {
        let members = groups.get(*group).map(|about| about.members.as_ref());
        members.unwrap_or_default().iter().map(name).collect::<Vec<_>>()
    });
    let mut ranks = vec![0; groups.len()];
    for (rank, group) in by_name.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(group) {
            *place = rank;
        }
    }
    ranks
}

fn by_value(a: &TableRow, b: &TableRow, sort: Sort) -> Ordering {
    let value = |row: &TableRow| row.figures.get(sort.column).and_then(|figure| figure.value());
    match (value(a), value(b)) {
        (Some(a), Some(b)) if sort.descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(name: Option<&str>) -> About {
        let name = name.map(ToOwned::to_owned);
        let members = Arc::new([Member { id: name.clone(), name, is_unlisted: false }]);
        About { ids: Group::default(), members, own_targets: Arc::default(), is_known: true }
    }

    fn sorted(sort: Option<Sort>) -> Vec<String> {
        let figures = [
            (None, Figure::Value(9.0)),
            (Some("sales"), Figure::Absent(Absent::NoData)),
            (Some("Retention"), Figure::Value(2.0)),
            (Some("Élan"), Figure::Value(2.0)),
            (Some("billing"), Figure::Value(30.0)),
        ];
        let groups: Vec<About> = figures.iter().map(|(name, _)| about(*name)).collect();
        let row = |(group, (_, figure)): (usize, (Option<&str>, Figure))| {
            (group, groups[group].row(None, Arc::new([figure]), Arc::default()))
        };
        let rows = figures.into_iter().enumerate().map(row).collect();
        let rows = in_order(rows, &groups, sort);
        rows.iter().map(|row| row.members[0].name.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn rows_stand_by_name_or_by_a_column() {
        let by = |descending| Some(Sort { column: 0, descending });
        assert_eq!(sorted(None), ["billing", "Retention", "sales", "Élan", ""]);
        assert_eq!(sorted(by(true)), ["billing", "", "Retention", "Élan", "sales"]);
        assert_eq!(sorted(by(false)), ["Retention", "Élan", "", "billing", "sales"]);
    }
}
