//! Answers become the rows and totals that a message shows.

mod change;
mod figures;
pub mod format;
pub mod rounding;
mod row;
mod rows;

use std::borrow::Cow;

use serde::Serialize;

use crate::definition::{Column, Dimension, Kind, Section, Selection, State};
use crate::plan::{Absent, Base, Directory, Figure, NotAvailable, Query, SectionAnswer};
use crate::window::Interval;

pub use change::{Amount, Change, Direction, Sense};
use figures::figures_or_nothing;
pub use row::{Member, TableRow};
use rows::Rows;

/// The most rows that the tables of a report have where quiet intervals have theirs. So many, of a
/// dozen columns with comparisons and in every kind of file, take some 200 MB; the function has 256.
pub const MOST_ROWS: usize = 100_000;

/// A section with its figures.
#[derive(Clone, Debug)]
pub struct Table {
    /// Which of the definition's sections it is, from 0.
    pub place: usize,
    /// The title.
    pub title: String,
    /// The way in which its figures are shown.
    pub kind: Kind,
    /// The keys that rows are grouped by.
    pub group_by: Vec<Dimension>,
    /// The names that people have for these groupings: a level of the agent hierarchy has a name of its own.
    pub headings: Vec<Cow<'static, str>>,
    /// True where there is a row for each interval, too.
    pub has_intervals: bool,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows in their order; all of them, whatever the message shows.
    pub rows: Vec<TableRow>,
    /// The figures over all rows; one for each column, and none of a trend.
    pub totals: Vec<Figure>,
    /// The provenance of each of the totals.
    pub provenance: Vec<Provenance>,
    /// The state of each of the totals against its target.
    pub states: Vec<Option<State>>,
    /// The figures that they are compared with, if with any.
    pub comparison: Option<Comparison>,
    /// True where the service was asked and had nothing at all to say.
    pub is_quiet: bool,
    /// The reasons why some figures are not available, or have no comparison.
    pub notes: Vec<Note>,
    /// The number of the rows that the message shows.
    pub shown: usize,
    /// True where the section selects everything that it groups by, rather than some of it by name.
    pub selects_all: bool,
    /// True where it is of everything that the instance has: no filter leaves anything out.
    pub is_of_everything: bool,
}

/// The figures that those of a table are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its name: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// For each column what its total is compared with.
    pub totals: Vec<Figure>,
}

/// The base that a table is compared with, and what that is called.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Its name: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// The figures.
    pub base: Base,
}

/// A note that a reader needs on figures that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Figures of a column can't be had.
    NotAvailable {
        /// The column.
        column: usize,
        /// True where it is only their total.
        total: bool,
        /// The reason, as an English sentence.
        reason: &'static str,
    },
    /// A column has a target by a name that no row has.
    StaleTarget {
        /// The column.
        column: usize,
        /// The name.
        name: String,
    },
    /// Something else, as an English sentence.
    Other(&'static str),
}

/// The way in which a total came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// The service answered it.
    Requested,
    /// It was merged from the answers to parts.
    Merged,
}

impl Table {
    /// True where any of its columns has a target.
    pub fn has_targets(&self) -> bool {
        self.columns.iter().any(Column::has_target)
    }

    /// The notes on what a reader sees who is shown so many of the rows.
    pub fn notes_beside(&self, shown: usize) -> impl Iterator<Item = &Note> {
        let lost = Some(&Figure::Absent(Absent::NotAvailable));
        let stands = move |note: &&Note| match note {
            Note::NotAvailable { column, total: true, .. } => self.totals.get(*column) == lost,
            Note::NotAvailable { column, total: false, .. } => {
                self.rows.iter().take(shown).any(|row| row.figures.get(*column) == lost)
            }
            Note::StaleTarget { .. } | Note::Other(_) => true,
        };
        self.notes.iter().filter(stands)
    }

    /// The groupings of which the first rows hold something that the instance does not list.
    pub fn unlisted(&self, rows: usize) -> impl Iterator<Item = &Dimension> {
        let rows = self.rows.get(..rows).unwrap_or(&self.rows);
        let is_unlisted = move |place: usize| {
            rows.iter().any(|row| row.members.get(place).is_some_and(|member| member.is_unlisted))
        };
        let groupings = self.group_by.iter().enumerate();
        groupings.filter(move |(place, _)| is_unlisted(*place)).map(|(_, dimension)| dimension)
    }

    /// True where any of its figures, or of its totals, misses a target, or may do so because it can't
    /// be had. The quiet intervals of a table miss none that anybody has to hear of.
    pub fn may_miss_a_target(&self) -> bool {
        let counts =
            |row: &&TableRow| self.kind != Kind::Table || row.interval.is_none() || !row.is_quiet;
        let rows = self.rows.iter().filter(counts);
        let states = rows.flat_map(|row| row.states.iter()).chain(&self.states);
        let misses = states.into_iter().any(|state| *state == Some(State::Missed));
        let lost = |figures: &[Figure]| {
            self.columns.iter().zip(figures).any(|(column, figure)| {
                column.has_target() && figure.absent() == Some(Absent::NotAvailable)
            })
        };
        misses || lost(&self.totals) || self.rows.iter().any(|row| lost(&row.figures))
    }
}

/// The table of a section; `query` is the query for its rows. Where there is no room for so many,
/// quiet intervals have none.
pub fn build(
    section: &Section,
    query: &Query,
    answer: &SectionAnswer,
    against: Option<&Against>,
    directory: &Directory,
    room: usize,
) -> Table {
    let base = against.map(|against| &against.base);
    let made =
        query.has_rows().then(|| Rows::in_order((section, query, directory), answer, base, room));
    let lacks_quiet = made.as_ref().is_some_and(|made| made.lacks_quiet);
    let rows = made.map_or_else(Vec::new, |made| made.rows);
    let columns = if query.has_totals { section.columns.as_slice() } else { &[] };
    let mut totals = totals(section, answer);
    totals.truncate(columns.len());
    let provenance = columns.iter().map(|column| {
        if answer.merged.contains(&column.metric) {
            Provenance::Merged
        } else {
            Provenance::Requested
        }
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
        notes: notes(section, answer)
            .chain(weeks_apart(query, against))
            .chain(lacks_quiet.then_some(Note::Other(QUIET_LEFT_OUT)))
            .collect(),
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

/// The notes on columns whose figures, or whose total, can't be had.
fn notes<'a>(
    section: &'a Section,
    answer: &'a SectionAnswer,
) -> impl Iterator<Item = Note> + use<'a> {
    let note = move |lost: &NotAvailable| {
        let column = section.columns.iter().position(|column| column.metric == lost.metric)?;
        Some(Note::NotAvailable { column, total: lost.total, reason: lost.reason })
    };
    answer.not_available.iter().filter_map(note)
}

/// The note on a table that has no row for some of its intervals.
const QUIET_LEFT_OUT: &str = "Intervals without contacts are left out: with them the report would have more than a hundred thousand rows.";

/// The note on weeks without a comparison, where some have none: those of months hardly ever lie alike.
fn weeks_apart(query: &Query, against: Option<&Against>) -> Option<Note> {
    const NOTE: &str =
        "Not every week has a comparison: in the other window weeks begin or end at other times.";
    let base = &against.filter(|_| query.interval == Some(Interval::Week))?.base;
    let is_apart = base.lacks_intervals() && !base.windows.is_empty();
    is_apart.then_some(Note::Other(NOTE))
}

fn selects_all(section: &Section, dimension: &Dimension) -> bool {
    section.filters.get(dimension).is_none_or(Selection::is_everything)
}
