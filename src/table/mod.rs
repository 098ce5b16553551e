//! Answers become the rows and totals that a message shows.

mod change;
pub mod format;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::definition::{
    Column, Dimension, Kind, MetricQuery, Placed, Section, Selector, Sort, State, Target,
};
use crate::plan::{
    Absent, Base, Directory, Figure, NotAvailable, Query, Row, RowKey, SectionAnswer, roster,
};
use crate::window::Window;

pub use change::{Amount, Change, Direction, Sense};

/// A section with its figures.
#[derive(Clone, Debug)]
pub struct Table {
    /// Which of the definition's sections it is, from 0.
    pub place: usize,
    /// The title.
    pub title: String,
    /// How its figures are shown.
    pub kind: Kind,
    /// What rows are grouped by.
    pub group_by: Vec<Dimension>,
    /// What people call these groupings: a level of the agent hierarchy has a name of its own.
    pub headings: Vec<Cow<'static, str>>,
    /// Whether there is a row for each interval, too.
    pub has_intervals: bool,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows in their order; all of them, whatever the message shows.
    pub rows: Vec<TableRow>,
    /// The figures over all rows; one for each column, and none of a trend.
    pub totals: Vec<Figure>,
    /// How each of the totals came about.
    pub provenance: Vec<Provenance>,
    /// Where each of the totals stands to its target.
    pub states: Vec<Option<State>>,
    /// What the figures are compared with, if with anything.
    pub comparison: Option<Comparison>,
    /// Whether the service was asked and had nothing at all to say.
    pub is_quiet: bool,
    /// Why some figures are not available, or have no comparison.
    pub notes: Vec<Note>,
    /// How many of the rows the message shows.
    pub shown: usize,
    /// Whether the section selects everything that it groups by, rather than some of it by name.
    pub selects_all: bool,
    /// Whether it is of everything that the instance has: no filter leaves anything out.
    pub is_of_everything: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// What the row is about; one for each grouping.
    pub members: Vec<Member>,
    /// The interval that it is of, where the section has intervals.
    pub interval: Option<Window>,
    /// One figure for each column.
    pub figures: Vec<Figure>,
    /// For each column what its figure is compared with; empty where there is no comparison.
    pub compared: Vec<Figure>,
    /// For each column where its figure stands to its target.
    pub states: Vec<Option<State>>,
    /// The targets that are its own rather than its column's, by column.
    pub own_targets: Vec<(usize, Target)>,
}

/// What the figures of a table are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What it is: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// For each column what its total is compared with.
    pub totals: Vec<Figure>,
}

/// What a table is compared with, and what that is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Against {
    /// What it is: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// The figures.
    pub base: Base,
}

/// One queue, channel, routing profile or agent; without id it is what has none, such as the
/// contacts that never reached an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: Option<String>,
    /// The name, or the id where no name is known.
    pub name: Option<String>,
}

/// What a reader has to know of figures that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A column's figures can't be had.
    NotAvailable {
        /// The column's label.
        label: String,
        /// Whether it is only their total.
        total: bool,
        /// Why, as an English sentence.
        reason: &'static str,
    },
    /// Something else, as an English sentence.
    Other(&'static str),
}

/// How a total came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// The service answered it.
    Requested,
    /// It was merged from the answers to parts.
    Merged,
}

impl Table {
    /// Whether any of its columns has a target.
    pub fn has_targets(&self) -> bool {
        self.columns.iter().any(Column::has_target)
    }

    /// Whether any of its figures, or of its totals, misses a target, or may do so because it can't
    /// be had.
    pub fn may_miss_a_target(&self) -> bool {
        let states = self.rows.iter().flat_map(|row| &row.states).chain(&self.states);
        let misses = states.into_iter().any(|state| *state == Some(State::Missed));
        let lost = |figures: &[Figure]| {
            self.columns.iter().zip(figures).any(|(column, figure)| {
                column.has_target() && figure.absent() == Some(Absent::NotAvailable)
            })
        };
        misses || lost(&self.totals) || self.rows.iter().any(|row| lost(&row.figures))
    }
}

/// The table of a section; `query` is the question for its rows.
pub fn build(
    section: &Section,
    query: &Query,
    answer: &SectionAnswer,
    against: Option<&Against>,
    directory: &Directory,
) -> Table {
    let base = against.map_or(&[][..], |against| &against.base.rows);
    let mut rows = match query.has_rows() {
        true => rows(section, query, (&answer.rows, base), directory),
        false => Vec::new(),
    };
    if let Some(against) = against {
        compare(&mut rows, section, query, &against.base);
    }
    order(&mut rows, section.sort);
    let columns = if query.has_totals { section.columns.as_slice() } else { &[] };
    let mut totals = totals(section, answer);
    totals.truncate(columns.len());
    let provenance = columns.iter().map(|column| match answer.merged.contains(&column.metric) {
        true => Provenance::Merged,
        false => Provenance::Requested,
    });
    let shown = section
        .rows
        .map_or(rows.len(), |cap| rows.len().min(usize::try_from(cap.get()).unwrap_or(usize::MAX)));
    Table {
        place: 0,
        title: section.title.clone(),
        kind: section.kind,
        group_by: section.group_by.clone(),
        headings: section.group_by.iter().map(|dimension| directory.title(dimension)).collect(),
        has_intervals: query.interval.is_some(),
        columns: section.columns.clone(),
        rows,
        selects_all: section.group_by.iter().all(|dimension| selects_all(section, dimension)),
        is_of_everything: section.filters.keys().all(|dimension| selects_all(section, dimension)),
        states: of_totals(columns, &totals),
        totals,
        comparison: against.map(|Against { label, base }| Comparison {
            label: label.clone(),
            totals: figures_or_nothing(section, !base.windows.is_empty(), |metric| {
                base.totals.get(metric).copied()
            }),
        }),
        is_quiet: answer.is_quiet,
        provenance: provenance.collect(),
        notes: notes(section, answer),
        shown,
    }
}

/// The totals; where nothing happened at all, those of counts and sums are 0.
fn totals(section: &Section, answer: &SectionAnswer) -> Vec<Figure> {
    figures_or_nothing(section, answer.is_quiet, |metric| answer.totals.get(metric).copied())
}

fn of_totals(columns: &[Column], totals: &[Figure]) -> Vec<Option<State>> {
    let totals = columns.iter().zip(totals);
    totals.map(|(column, figure)| column.state(figure.value(), column.target)).collect()
}

/// Sets beside each row what it is compared with.
fn compare(rows: &mut [TableRow], section: &Section, query: &Query, base: &Base) {
    let known: BTreeMap<RowKey, &Row> = base.rows.iter().map(|row| (row.key(), row)).collect();
    let place = |dimension| section.group_by.iter().position(|shown| shown == dimension);
    let places: Vec<Option<usize>> = query.groupings.iter().map(place).collect();
    for row in rows {
        let ids = places.iter().map(|place| row.members.get((*place)?)?.id.clone());
        let start = row.interval.as_ref().map(Window::start);
        let key = (start, ids.collect());
        let known = known.get(&key);
        let is_there = start.is_none_or(|start| base.intervals.contains(&start));
        let figure = |metric: &MetricQuery| known.and_then(|row| row.figures.get(metric));
        let is_there = is_there && !base.windows.is_empty();
        row.compared = figures_or_nothing(section, is_there, figure);
    }
}

/// The figures, and where it is known that nothing happened what that makes of those that are not
/// there.
fn figures_or_nothing(
    section: &Section,
    is_known: bool,
    figure: impl Fn(&MetricQuery) -> Option<Figure>,
) -> Vec<Figure> {
    let known = figures(section, figure).into_iter().zip(nothing_happened(section));
    let or_nothing = |(figure, nothing)| match figure {
        Figure::Absent(Absent::NoData) if is_known => nothing,
        figure => figure,
    };
    known.map(or_nothing).collect()
}

/// Why a column's figures, or its total, can't be had.
fn notes(section: &Section, answer: &SectionAnswer) -> Vec<Note> {
    let note = |lost: &NotAvailable| {
        let column = section.columns.iter().find(|column| column.metric == lost.metric)?;
        let total = lost.total && section.kind != Kind::Totals;
        Some(Note::NotAvailable { label: column.label.clone(), total, reason: lost.reason })
    };
    answer.not_available.iter().filter_map(note).collect()
}

fn rows(
    section: &Section,
    query: &Query,
    (answered, base): (&[Row], &[Row]),
    directory: &Directory,
) -> Vec<TableRow> {
    let places = places(section, query);
    let keys: BTreeSet<RowKey> = match base.is_empty() {
        true => BTreeSet::new(),
        false => answered.iter().map(Row::key).collect(),
    };
    // What nothing happened to any more, which the comparison shows.
    let gone = || {
        let base = base.iter().filter(|row| row.interval.is_none());
        base.filter(|row| !keys.contains(&row.key()))
    };
    let of_base = gone().map(|row| {
        let known = |(dimension, id): (&Dimension, &Option<String>)| {
            id.as_ref().is_none_or(|id| directory.knows(dimension, id))
        };
        let is_known = query.groupings.iter().zip(&row.dimensions).all(known);
        let members = members((section, &places), row, directory);
        table_row((section, directory), members, None, nothing_of(section, is_known))
    });
    let of_answer = answered.iter().map(|row| {
        let members = members((section, &places), row, directory);
        let figures = figures(section, |metric| row.figures.get(metric));
        table_row((section, directory), members, row.interval.clone(), figures)
    });
    let occurring = answered.iter().chain(gone());
    let rows = of_answer.chain(of_base);
    let rows = rows.chain(quiet_rows(section, query, occurring, directory));
    rows.chain(quiet_intervals(section, query, answered, directory)).collect()
}

fn table_row(
    (section, directory): (&Section, &Directory),
    members: Vec<Member>,
    interval: Option<Window>,
    figures: Vec<Figure>,
) -> TableRow {
    let is_about = |name: &str| {
        let mut members = section.group_by.iter().zip(&members);
        members.any(|(dimension, member)| {
            member.id.as_deref().is_some_and(|id| directory.is_called(dimension, id, name))
        })
    };
    let own = section.columns.iter().enumerate();
    let own = own.filter_map(|(index, column)| Some((index, column.own_target(is_about)?)));
    let own_targets: Vec<(usize, Target)> = own.collect();
    let state = |(index, (column, figure)): (usize, (&Column, &Figure))| {
        let own = own_targets.iter().find(|(of, _)| *of == index).map(|(_, target)| *target);
        column.state(figure.value(), own.or(column.target))
    };
    let states = section.columns.iter().zip(&figures).enumerate().map(state).collect();
    TableRow { states, own_targets, members, interval, figures, compared: Vec::new() }
}

/// Where the ids of the section's groupings stand in the rows of the question's answer.
fn places(section: &Section, query: &Query) -> Vec<Option<usize>> {
    let place = |dimension| query.groupings.iter().position(|grouping| grouping == dimension);
    section.group_by.iter().map(place).collect()
}

fn members(
    (section, places): (&Section, &[Option<usize>]),
    row: &Row,
    directory: &Directory,
) -> Vec<Member> {
    let id = |place: Option<usize>| row.dimensions.get(place?)?.as_deref();
    let members = section.group_by.iter().zip(places);
    members.map(|(dimension, place)| member(dimension, id(*place), directory)).collect()
}

fn member(dimension: &Dimension, id: Option<&str>, directory: &Directory) -> Member {
    Member {
        id: id.map(ToOwned::to_owned),
        name: id.map(|id| directory.name(dimension, id).to_owned()),
    }
}

/// The rows of what was selected and does not occur in the answer: the service leaves out queues
/// without contacts and agents.
fn quiet_rows<'r>(
    section: &Section,
    query: &Query,
    occurring: impl Iterator<Item = &'r Row>,
    directory: &Directory,
) -> Vec<TableRow> {
    // Of intervals only those have rows in which something happened.
    let Some((shown, ids)) = roster(section, query).filter(|_| query.interval.is_none()) else {
        return Vec::new();
    };
    let Some(index) = query.groupings.iter().position(|dimension| dimension == shown) else {
        return Vec::new();
    };
    let occurring: BTreeSet<&str> =
        occurring.filter_map(|row| row.dimensions.get(index).and_then(Option::as_deref)).collect();
    let quiet = ids.iter().filter(|id| !occurring.contains(id.as_str())).map(|id| {
        let members = section.group_by.iter().map(|dimension| {
            member(dimension, (dimension == shown).then_some(id.as_str()), directory)
        });
        let figures = nothing_of(section, directory.knows(shown, id));
        table_row((section, directory), members.collect(), None, figures)
    });
    quiet.collect()
}

/// The intervals of a trend in which nothing happened, which the service leaves out.
fn quiet_intervals(
    section: &Section,
    query: &Query,
    answered: &[Row],
    directory: &Directory,
) -> Vec<TableRow> {
    let Some(interval) = query.interval.filter(|_| section.kind == Kind::Trend) else {
        return Vec::new();
    };
    let starts = answered.iter().filter_map(|row| row.interval.as_ref().map(Window::start));
    let answered: BTreeSet<Timestamp> = starts.collect();
    let quiet = query.window.intervals(interval).into_iter();
    let quiet = quiet.filter(|interval| !answered.contains(&interval.start()));
    let row = |interval| {
        let figures = nothing_happened(section);
        table_row((section, directory), Vec::new(), Some(interval), figures)
    };
    quiet.map(row).collect()
}

fn figures(section: &Section, figure: impl Fn(&MetricQuery) -> Option<Figure>) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| figure(&column.metric));
    figures.map(|figure| figure.unwrap_or(Figure::Absent(Absent::NoData))).collect()
}

fn selects_all(section: &Section, dimension: &Dimension) -> bool {
    let named = |selectors: &Vec<Placed<Selector>>| {
        selectors.iter().all(|selector| selector.value != Selector::All)
    };
    !section.filters.get(dimension).is_some_and(named)
}

/// The figures of what nothing happened to. Of what the instance does not have it can't be said that
/// nothing happened there.
fn nothing_of(section: &Section, is_known: bool) -> Vec<Figure> {
    match is_known {
        true => nothing_happened(section),
        false => vec![Figure::Absent(Absent::NoData); section.columns.len()],
    }
}

/// No contacts make 0 in a count or a sum; an average or a rate of nothing has no value.
fn nothing_happened(section: &Section) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| match column.is_sum {
        true => Figure::Value(0.0),
        false => Figure::Absent(Absent::NoData),
    });
    figures.collect()
}

/// Puts rows in order: by the sorted column, what has no figure last; then by name, what has no
/// name last; then by time.
fn order(rows: &mut [TableRow], sort: Option<Sort>) {
    rows.sort_by_cached_key(|row| {
        let name = |member: &Member| {
            let name = member.name.as_deref().unwrap_or_default().to_lowercase();
            (member.name.is_none(), name, member.id.clone())
        };
        let names: Vec<_> = row.members.iter().map(name).collect();
        (names, row.interval.as_ref().map(Window::start))
    });
    let Some(sort) = sort else {
        return;
    };
    let value = |row: &TableRow| row.figures.get(sort.column).and_then(|figure| figure.value());
    // What is equal stays in the order of names.
    rows.sort_by(|a, b| match (value(a), value(b)) {
        (Some(a), Some(b)) if sort.descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: Option<&str>, figure: Figure) -> TableRow {
        let name = name.map(ToOwned::to_owned);
        let members = vec![Member { id: name.clone(), name }];
        let (compared, states) = (Vec::new(), Vec::new());
        TableRow {
            members,
            interval: None,
            figures: vec![figure],
            compared,
            states,
            own_targets: Vec::new(),
        }
    }

    fn sorted(sort: Option<Sort>) -> Vec<String> {
        let mut rows = [
            row(None, Figure::Value(9.0)),
            row(Some("sales"), Figure::Absent(Absent::NoData)),
            row(Some("Retention"), Figure::Value(2.0)),
            row(Some("Élan"), Figure::Value(2.0)),
            row(Some("billing"), Figure::Value(30.0)),
        ];
        order(&mut rows, sort);
        rows.map(|row| row.members[0].name.clone().unwrap_or_default()).to_vec()
    }

    #[test]
    fn rows_stand_by_name_or_by_a_column() {
        let by = |descending| Some(Sort { column: 0, descending });
        assert_eq!(sorted(None), ["billing", "Retention", "sales", "Élan", ""]);
        assert_eq!(sorted(by(true)), ["billing", "", "Retention", "Élan", "sales"]);
        assert_eq!(sorted(by(false)), ["Retention", "Élan", "", "billing", "sales"]);
    }
}
