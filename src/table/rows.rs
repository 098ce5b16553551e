//! The sorted rows of a table: those of the answer, quiet ones that the answer leaves out because nothing
//! happened there, and those that only the comparison has.
//!
//! There may be a hundred thousand rows, of a few thousand groups and a few hundred intervals. So a group's
//! members and states are computed once and shared by its rows, and quiet rows share their figures.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::figures::{column_figures, empty_figures, figures_or_empty};
use super::row::{Member, TableRow};
use crate::definition::{Column, Section, Sort, State, Target};
use crate::plan::{
    self, Absent, Base, Directory, Figure, GroupIds, Query, Row, SectionAnswer, expected_rows,
};
use crate::window::Window;

/// The rows of a table in their order.
pub(super) struct SortedRows {
    pub(super) rows: Vec<TableRow>,
    /// True where quiet intervals were left out, because there would be too many rows.
    pub(super) lacks_quiet: bool,
}

/// Builds the rows of a table.
pub(super) struct RowBuilder<'a> {
    section: &'a Section,
    query: &'a Query,
    directory: &'a Directory,
    /// The index of each of the section's groupings in the ids of groups.
    places: Vec<Option<usize>>,
    groups: Vec<TableGroup>,
    by_ids: BTreeMap<GroupIds, usize>,
    /// The rows, each with the index of its group.
    rows: Vec<(usize, TableRow)>,
}

/// A group, with the members and targets that its rows share.
struct TableGroup {
    ids: GroupIds,
    members: Arc<[Member]>,
    own_targets: Arc<[(usize, Target)]>,
    /// True where the group occurs, or the instance has it. Only then a missing row means that nothing
    /// happened.
    is_known: bool,
}

impl<'a> RowBuilder<'a> {
    pub(super) fn new(section: &'a Section, query: &'a Query, directory: &'a Directory) -> Self {
        let places = section.group_by.iter();
        let places = places.map(|key| query.groupings.iter().position(|grouping| grouping == key));
        Self {
            section,
            query,
            directory,
            places: places.collect(),
            groups: Vec::new(),
            by_ids: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    /// Builds and sorts the rows. Quiet intervals have rows if all rows together are no more than `room`.
    pub(super) fn sorted_rows(
        mut self,
        answer: &SectionAnswer,
        base: Option<&Base>,
        room: usize,
    ) -> SortedRows {
        let answered: Vec<usize> =
            answer.rows.iter().map(|row| self.group_index(row.dimensions())).collect();
        self.groups.iter_mut().for_each(|group| group.is_known = true);
        self.add_quiet_groups(base);
        let intervals = row_intervals(self.query, &answer.rows, base);
        let all = self.groups.len().saturating_mul(intervals.len());
        let lacks_quiet = self.query.interval.is_some() && all > room;
        self.rows.reserve_exact(if lacks_quiet { answered.len() } else { all });
        self.add_answered(&answer.rows, &answered);
        if !lacks_quiet {
            self.add_quiet(&intervals);
        }
        if let Some(base) = base {
            self.compare_with(base);
        }
        SortedRows { rows: sort_rows(self.rows, &self.groups, self.section.sort), lacks_quiet }
    }

    /// Adds the rows of the answer, each of one of these groups.
    fn add_answered(&mut self, answered: &plan::Rows, groups: &[usize]) {
        let section = self.section;
        for (row, group) in answered.iter().zip(groups) {
            let Some(shared) = self.groups.get(*group) else { continue };
            let figures = column_figures(section, |metric| row.get(metric));
            let states = shared.states(&section.columns, &figures);
            let row = shared.row(row.interval().cloned(), figures.into(), states);
            self.rows.push((*group, row));
        }
    }

    /// Adds the groups that have rows although the answer lacks them: those that only the comparison has,
    /// and selected ones, because the service leaves out queues without contacts and agents. Without
    /// groupings there is one group.
    fn add_quiet_groups(&mut self, base: Option<&Base>) {
        for row in base.iter().flat_map(|base| base.rows.iter()) {
            self.group_index(row.dimensions());
        }
        if self.query.groupings.is_empty() {
            self.group_index(&GroupIds::default());
        }
        let Some((shown, ids)) = expected_rows(self.section, self.query) else { return };
        let place = self.query.groupings.iter().position(|dimension| dimension == shown);
        let Some(place) = place else { return };
        let occurring = self.groups.iter().filter_map(|group| group.ids.get(place)?.clone());
        let occurring: BTreeSet<Arc<str>> = occurring.collect();
        for id in ids.iter().filter(|id| !occurring.contains(id.as_str())) {
            let ids = self.query.groupings.iter().map(|d| (d == shown).then(|| id.as_str().into()));
            self.group_index(&ids.collect());
        }
    }

    /// Adds quiet rows: for each group one for every interval of which it has no row.
    fn add_quiet(&mut self, intervals: &[Option<Arc<Window>>]) {
        let starts = intervals.iter().map(|interval| interval.as_deref().map(Window::start));
        let places = starts.zip(0..);
        let places: HashMap<Option<Timestamp>, usize> = places.collect();
        let mut is_there = vec![false; self.groups.len() * intervals.len()];
        for (group, row) in &self.rows {
            let place = places.get(&row.start());
            let there = place.and_then(|place| is_there.get_mut(group * intervals.len() + place));
            there.into_iter().for_each(|there| *there = true);
        }
        let EmptyFigures { no_contacts, unknown } = EmptyFigures::of_section(self.section);
        let there = is_there.chunks(intervals.len());
        for ((group, shared), there) in self.groups.iter().enumerate().zip(there) {
            let figures = if shared.is_known { &no_contacts } else { &unknown };
            let states = shared.states(&self.section.columns, figures);
            let quiet = intervals.iter().zip(there).filter(|(_, there)| !**there);
            self.rows.extend(quiet.map(|(interval, _)| {
                let row = shared.row(interval.clone(), Arc::clone(figures), Arc::clone(&states));
                (group, TableRow { is_quiet: true, ..row })
            }));
        }
    }

    /// Sets the figures with which each row is compared.
    fn compare_with(&mut self, base: &Base) {
        let known = base.rows.iter().filter_map(|row| {
            let group = *self.by_ids.get(row.dimensions())?;
            Some(((group, row.start()), row))
        });
        let known: HashMap<(usize, Option<Timestamp>), Row<'_>> = known.collect();
        let empty = EmptyFigures::of_section(self.section);
        for (group, row) in &mut self.rows {
            let start = row.start();
            let is_there = start.is_none_or(|start| base.shared.contains(&start));
            let is_there = is_there && !base.windows.is_empty();
            row.compared = match known.get(&(*group, start)) {
                Some(known) => {
                    figures_or_empty(self.section, is_there, |metric| known.get(metric)).into()
                }
                None if is_there => Arc::clone(&empty.no_contacts),
                None => Arc::clone(&empty.unknown),
            };
        }
    }

    /// The index of a group, which is added where it is new.
    fn group_index(&mut self, ids: &GroupIds) -> usize {
        let next = self.groups.len();
        match self.by_ids.entry(Arc::clone(ids)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                new.insert(next);
                let group = self.new_group(ids);
                self.groups.push(group);
                next
            }
        }
    }

    fn new_group(&self, ids: &GroupIds) -> TableGroup {
        let Self { section, directory, places, .. } = self;
        let members = section.group_by.iter().zip(places).map(|(dimension, place)| {
            let id = place.and_then(|place| ids.get(place)?.as_deref());
            Member {
                id: id.map(ToOwned::to_owned),
                name: id.map(|id| directory.name(dimension, id).to_owned()),
                is_unlisted: id.is_some_and(|id| directory.lacks_id(dimension, id)),
            }
        });
        let members: Arc<[Member]> = members.collect();
        let own_targets = section.columns.iter().enumerate().filter_map(|(index, column)| {
            let target = column.own_target(|name| self.has_member_called(&members, name))?;
            Some((index, target))
        });
        let mut groupings = self.query.groupings.iter().zip(ids.iter());
        TableGroup {
            ids: Arc::clone(ids),
            own_targets: own_targets.collect(),
            is_known: groupings.all(|(dimension, id)| {
                id.as_ref().is_none_or(|id| directory.knows_id(dimension, id))
            }),
            members,
        }
    }

    fn has_member_called(&self, members: &[Member], name: &str) -> bool {
        let mut members = self.section.group_by.iter().zip(members);
        members.any(|(dimension, member)| {
            let id = member.id.as_deref();
            id.is_some_and(|id| self.directory.is_called(dimension, id, name))
        })
    }
}

impl TableGroup {
    /// The states of figures against their targets; empty where no column has a target.
    fn states(&self, columns: &[Column], figures: &[Figure]) -> Arc<[Option<State>]> {
        if !columns.iter().any(Column::has_target) {
            return Arc::default();
        }
        let states = columns.iter().zip(figures).enumerate().map(|(index, (column, figure))| {
            let mut own_targets = self.own_targets.iter();
            let own = own_targets.find(|(column, _)| *column == index).map(|(_, target)| *target);
            column.state(figure.value(), own.or(column.target))
        });
        states.collect()
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

/// The figures of rows that no answer has.
struct EmptyFigures {
    /// The figures where it is known that nothing happened.
    no_contacts: Arc<[Figure]>,
    /// The figures where that is unknown.
    unknown: Arc<[Figure]>,
}

impl EmptyFigures {
    fn of_section(section: &Section) -> Self {
        let unknown = vec![Figure::Absent(Absent::NoData); section.columns.len()];
        Self { no_contacts: empty_figures(section).into(), unknown: unknown.into() }
    }
}

/// The intervals for which a group has rows; a single `None` where the query has no interval.
fn row_intervals(
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

/// Sorts rows by the column to sort by, missing figures last; then by name, missing names last; then by time.
fn sort_rows(
    mut rows: Vec<(usize, TableRow)>,
    groups: &[TableGroup],
    sort: Option<Sort>,
) -> Vec<TableRow> {
    let ranks = name_ranks(groups);
    rows.sort_unstable_by(|(a_group, a), (b_group, b)| {
        let by_value = sort.map_or(Ordering::Equal, |sort| compare_values(a, b, sort));
        by_value
            .then_with(|| ranks.get(*a_group).cmp(&ranks.get(*b_group)))
            .then_with(|| a.start().cmp(&b.start()))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The rank of each group by its names.
fn name_ranks(groups: &[TableGroup]) -> Vec<usize> {
    let mut by_name: Vec<usize> = (0..groups.len()).collect();
    by_name.sort_by_cached_key(|group| {
        let members = groups.get(*group).map(|group| group.members.as_ref());
        let keys = members.unwrap_or_default().iter().map(|member| {
            let name = member.name.as_deref().unwrap_or_default().to_lowercase();
            (member.name.is_none(), name, member.id.clone())
        });
        keys.collect::<Vec<_>>()
    });
    let mut ranks = vec![0; groups.len()];
    for (rank, group) in by_name.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(group) {
            *place = rank;
        }
    }
    ranks
}

fn compare_values(a: &TableRow, b: &TableRow, sort: Sort) -> Ordering {
    let [a, b] = [a, b].map(|row| row.figures.get(sort.column).and_then(|figure| figure.value()));
    match (a, b) {
        (Some(a), Some(b)) if sort.descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: Option<&str>) -> TableGroup {
        let name = name.map(ToOwned::to_owned);
        let members = Arc::new([Member { id: name.clone(), name, is_unlisted: false }]);
        TableGroup {
            ids: GroupIds::default(),
            members,
            own_targets: Arc::default(),
            is_known: true,
        }
    }

    fn sorted(sort: Option<Sort>) -> Vec<String> {
        let figures = [
            (None, Figure::Value(9.0)),
            (Some("sales"), Figure::Absent(Absent::NoData)),
            (Some("Retention"), Figure::Value(2.0)),
            (Some("Élan"), Figure::Value(2.0)),
            (Some("billing"), Figure::Value(30.0)),
        ];
        let groups: Vec<TableGroup> = figures.iter().map(|(name, _)| group(*name)).collect();
        let row = |(group, (_, figure)): (usize, (Option<&str>, Figure))| {
            (group, groups[group].row(None, Arc::new([figure]), Arc::default()))
        };
        let rows = figures.into_iter().enumerate().map(row).collect();
        let rows = sort_rows(rows, &groups, sort);
        rows.iter().map(|row| row.members[0].name.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn rows_are_sorted_by_name_or_by_a_column() {
        let by = |descending| Some(Sort { column: 0, descending });
        assert_eq!(sorted(None), ["billing", "Retention", "sales", "Élan", ""]);
        assert_eq!(sorted(by(true)), ["billing", "", "Retention", "Élan", "sales"]);
        assert_eq!(sorted(by(false)), ["Retention", "Élan", "", "billing", "sales"]);
    }
}
