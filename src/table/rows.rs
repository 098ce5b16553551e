//! The rows of a table: those of the answer, those of what it leaves out because nothing happened there,
//! and those that only the comparison has; in their order.
//!
//! There may be a hundred thousand of them, of a few thousand groups: what holds for a group is found out
//! once and shared by its rows.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Member, TableRow, figures, figures_or_nothing, nothing_happened, nothing_of};
use crate::definition::{Column, Dimension, Kind, MetricQuery, Section, Sort, Target};
use crate::plan::{
    self, Base, Directory, Figure, Group, Query, Row, RowKey, SectionAnswer, roster,
};
use crate::window::Window;

/// The rows as they are made, each with the place of its group.
pub(super) struct Rows<'a> {
    section: &'a Section,
    query: &'a Query,
    directory: &'a Directory,
    /// Where the ids of the section's groupings stand in groups.
    places: Vec<Option<usize>>,
    /// What is the same for the rows of a group.
    groups: Vec<About>,
    by_ids: BTreeMap<Group, usize>,
    rows: Vec<(usize, TableRow)>,
}

/// What holds for a group.
struct About {
    ids: Group,
    members: Arc<[Member]>,
    own_targets: Arc<[(usize, Target)]>,
}

impl<'a> Rows<'a> {
    /// The rows in their order.
    pub(super) fn of(
        (section, query, directory): (&'a Section, &'a Query, &'a Directory),
        answer: &SectionAnswer,
        base: Option<&Base>,
    ) -> Vec<TableRow> {
        let place = |dimension| query.groupings.iter().position(|grouping| grouping == dimension);
        let mut rows = Self {
            section,
            query,
            directory,
            places: section.group_by.iter().map(place).collect(),
            groups: Vec::new(),
            by_ids: BTreeMap::new(),
            rows: Vec::with_capacity(answer.rows.len()),
        };
        rows.add_answered(&answer.rows);
        let gone = base.map_or_else(Vec::new, |base| gone(&answer.rows, &base.rows));
        rows.add_gone(&gone);
        rows.add_quiet(answer.rows.iter().chain(gone));
        rows.add_quiet_intervals(&answer.rows);
        if let Some(base) = base {
            rows.compare(base);
        }
        in_order(rows.rows, &rows.groups, section.sort)
    }

    fn add_answered(&mut self, answered: &plan::Rows) {
        for row in answered.iter() {
            let group = self.group(row.dimensions());
            let figures = figures(self.section, |metric| row.get(metric));
            self.add(group, row.interval().cloned(), figures);
        }
    }

    /// What nothing happened to any more, which the comparison shows.
    fn add_gone(&mut self, gone: &[Row<'_>]) {
        for row in gone {
            let known = |(dimension, id): (&Dimension, &Option<Arc<str>>)| {
                id.as_ref().is_none_or(|id| self.directory.knows(dimension, id))
            };
            let is_known = self.query.groupings.iter().zip(row.dimensions().iter()).all(known);
            let group = self.group(row.dimensions());
            self.add(group, None, nothing_of(self.section, is_known));
        }
    }

    /// What was selected and does not occur in the answer: the service leaves out queues without
    /// contacts and agents.
    fn add_quiet<'r>(&mut self, occurring: impl Iterator<Item = Row<'r>>) {
        // Of intervals only those have rows in which something happened.
        let of_totals = roster(self.section, self.query).filter(|_| self.query.interval.is_none());
        let Some((shown, ids)) = of_totals else { return };
        let place = self.query.groupings.iter().position(|dimension| dimension == shown);
        let Some(place) = place else { return };
        let occurring = occurring.filter_map(|row| row.dimensions().get(place)?.as_deref());
        let occurring: BTreeSet<&str> = occurring.collect();
        for id in ids.iter().filter(|id| !occurring.contains(id.as_str())) {
            let ids = self.query.groupings.iter().map(|d| (d == shown).then(|| id.as_str().into()));
            let group = self.group(&ids.collect());
            self.add(group, None, nothing_of(self.section, self.directory.knows(shown, id)));
        }
    }

    /// The intervals of a trend in which nothing happened, which the service leaves out.
    fn add_quiet_intervals(&mut self, answered: &plan::Rows) {
        let interval = self.query.interval.filter(|_| self.section.kind == Kind::Trend);
        let Some(interval) = interval else { return };
        let answered: BTreeSet<Timestamp> = answered.iter().filter_map(Row::start).collect();
        let all = self.query.window.intervals(interval).into_iter();
        for quiet in all.filter(|interval| !answered.contains(&interval.start())) {
            let group = self.group(&Group::default());
            self.add(group, Some(Arc::new(quiet)), nothing_happened(self.section));
        }
    }

    /// Sets beside each row what it is compared with.
    fn compare(&mut self, base: &Base) {
        let known: HashMap<RowKey, Row<'_>> =
            base.rows.iter().map(|row| (row.key(), row)).collect();
        for (group, row) in &mut self.rows {
            let start = row.interval.as_deref().map(Window::start);
            let ids = self.groups.get(*group).map(|about| Arc::clone(&about.ids));
            let known = known.get(&(start, ids.unwrap_or_default()));
            let is_there = start.is_none_or(|start| base.intervals.contains(&start));
            let figure = |metric: &MetricQuery| known.and_then(|row| row.get(metric));
            let is_there = is_there && !base.windows.is_empty();
            row.compared = figures_or_nothing(self.section, is_there, figure).into();
        }
    }

    fn add(&mut self, group: usize, interval: Option<Arc<Window>>, figures: Vec<Figure>) {
        let Some(About { members, own_targets, .. }) = self.groups.get(group) else { return };
        let state = |(index, (column, figure)): (usize, (&Column, &Figure))| {
            let own = own_targets.iter().find(|(of, _)| *of == index).map(|(_, target)| *target);
            column.state(figure.value(), own.or(column.target))
        };
        let columns = &self.section.columns;
        let states = match columns.iter().any(Column::has_target) {
            true => columns.iter().zip(&figures).enumerate().map(state).collect(),
            false => Box::default(),
        };
        let row = TableRow {
            members: Arc::clone(members),
            interval,
            figures: figures.into(),
            compared: Box::default(),
            states,
            own_targets: Arc::clone(own_targets),
        };
        self.rows.push((group, row));
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
        About { ids: Arc::clone(ids), own_targets: own.collect(), members }
    }
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

/// What only the comparison has; of intervals it has none alone.
fn gone<'b>(answered: &plan::Rows, base: &'b plan::Rows) -> Vec<Row<'b>> {
    let base: Vec<Row<'_>> = base.iter().filter(|row| row.interval().is_none()).collect();
    let keys: HashSet<RowKey> = match base.is_empty() {
        true => HashSet::new(),
        false => answered.iter().map(Row::key).collect(),
    };
    base.into_iter().filter(|row| !keys.contains(&row.key())).collect()
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
    use crate::plan::Absent;

    fn about(name: Option<&str>) -> About {
        let name = name.map(ToOwned::to_owned);
        let members = Arc::new([Member { id: name.clone(), name }]);
        About { ids: Group::default(), members, own_targets: Arc::default() }
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
            let row = TableRow {
                members: Arc::clone(&groups[group].members),
                interval: None,
                figures: Box::new([figure]),
                compared: Box::default(),
                states: Box::default(),
                own_targets: Arc::default(),
            };
            (group, row)
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
