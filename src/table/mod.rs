//! Builds from answers the rows and totals that a message shows.

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
use figures::figures_or_empty;
pub use row::{Member, TableRow};
use rows::RowBuilder;

/// The most rows of a report's tables with a row for each quiet interval. So many rows, with a dozen columns,
/// comparisons and every kind of file, take some 200 MB; the function has 256.
pub const MOST_ROWS: usize = 100_000;

/// A section with its figures.
#[derive(Clone, Debug)]
pub struct Table {
    /// The section's index in the definition, from 0.
    pub place: usize,
    /// The title.
    pub title: String,
    /// The way in which its figures are shown.
    pub kind: Kind,
    /// The keys by which rows are grouped.
    pub group_by: Vec<Dimension>,
    /// The names of these groupings for people: a level of the agent hierarchy has a name of its own.
    pub headings: Vec<Cow<'static, str>>,
    /// True where there is a row for each interval, too.
    pub has_intervals: bool,
    /// The columns.
    pub columns: Vec<Column>,
    /// All rows in their order; the message may show fewer.
    pub rows: Vec<TableRow>,
    /// The figures over all rows; one for each column, and none of a trend.
    pub totals: Vec<Figure>,
    /// The provenance of each of the totals.
    pub provenance: Vec<Provenance>,
    /// The state of each of the totals against its target.
    pub states: Vec<Option<State>>,
    /// The figures with which the totals are compared, if there is a comparison.
    pub comparison: Option<TableComparison>,
    /// True where the service answered no figures at all.
    pub is_quiet: bool,
    /// The reasons why some figures are not available, or have no comparison.
    pub notes: Vec<Note>,
    /// The number of the rows that the message shows.
    pub shown: usize,
    /// True where the section selects every value of its groupings, rather than some by name.
    pub selects_all: bool,
    /// True where the table covers everything of the instance: no filter leaves anything out.
    pub is_of_everything: bool,
}

/// The figures with which a table's totals are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct TableComparison {
    /// Its name: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// The figure with which each column's total is compared.
    pub totals: Vec<Figure>,
}

/// The base with which a table is compared, and its label.
#[derive(Clone, Debug, Default)]
pub struct LabelledBase {
    /// Its name: `Sunday 15 November 2026`, `the average of 4 weeks`.
    pub label: String,
    /// The figures.
    pub base: Base,
}

/// A note for readers on missing figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Figures of a column can't be had.
    NotAvailable {
        /// The column.
        column: usize,
        /// True where only the total can't be had.
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

/// The source of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// The service answered the total.
    Requested,
    /// The total was merged from the answers to parts.
    Merged,
}

impl Table {
    /// True where any column has a target.
    pub fn has_targets(&self) -> bool {
        self.columns.iter().any(Column::has_target)
    }

    /// The notes that concern a reader who sees so many of the rows.
    pub fn notes_beside(&self, shown: usize) -> impl Iterator<Item = &Note> {
        let lost = Some(&Figure::Absent(Absent::NotAvailable));
        self.notes.iter().filter(move |note| match note {
            Note::NotAvailable { column, total: true, .. } => self.totals.get(*column) == lost,
            Note::NotAvailable { column, total: false, .. } => {
                self.rows.iter().take(shown).any(|row| row.figures.get(*column) == lost)
            }
            Note::StaleTarget { .. } | Note::Other(_) => true,
        })
    }

    /// The groupings for which the first rows have a member that the instance does not list.
    pub fn unlisted(&self, rows: usize) -> impl Iterator<Item = &Dimension> {
        let rows = self.rows.get(..rows).unwrap_or(&self.rows);
        let groupings = self.group_by.iter().enumerate().filter(move |(place, _)| {
            let mut members = rows.iter().filter_map(|row| row.members.get(*place));
            members.any(|member| member.is_unlisted)
        });
        groupings.map(|(_, dimension)| dimension)
    }

    /// True where a figure or a total misses a target, or may miss it because it can't be had. Quiet
    /// intervals of a table do not count.
    pub fn may_miss_a_target(&self) -> bool {
        let rows = self
            .rows
            .iter()
            .filter(|row| self.kind != Kind::Table || row.interval.is_none() || !row.is_quiet);
        let states = rows.flat_map(|row| row.states.iter()).chain(&self.states);
        let misses = states.into_iter().any(|state| *state == Some(State::Missed));
        misses
            || self.lacks_target_figure(&self.totals)
            || self.rows.iter().any(|row| self.lacks_target_figure(&row.figures))
    }

    /// True where one of these figures has a target and can't be had.
    fn lacks_target_figure(&self, figures: &[Figure]) -> bool {
        self.columns.iter().zip(figures).any(|(column, figure)| {
            column.has_target() && figure.absent() == Some(Absent::NotAvailable)
        })
    }
}

/// Builds the table of a section; `query` is the query for its rows. Quiet intervals have no rows where all
/// rows would be more than `room`.
pub fn build_table(
    section: &Section,
    query: &Query,
    answer: &SectionAnswer,
    against: Option<&LabelledBase>,
    directory: &Directory,
    room: usize,
) -> Table {
    let base = against.map(|against| &against.base);
    let sorted = query
        .has_rows()
        .then(|| RowBuilder::new(section, query, directory).sorted_rows(answer, base, room));
    let lacks_quiet = sorted.as_ref().is_some_and(|sorted| sorted.lacks_quiet);
    let rows = sorted.map_or_else(Vec::new, |sorted| sorted.rows);
    let columns = if query.has_totals { section.columns.as_slice() } else { &[] };
    let mut totals = total_figures(section, answer);
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
        states: total_states(columns, &totals),
        totals,
        comparison: against.map(|LabelledBase { label, base }| TableComparison {
            label: label.clone(),
            totals: figures_or_empty(section, !base.windows.is_empty(), |metric| {
                base.totals.get(metric).copied()
            }),
        }),
        is_quiet: answer.is_quiet,
        provenance: provenance.collect(),
        notes: not_available_notes(section, answer)
            .chain(weeks_apart_note(query, against))
            .chain(lacks_quiet.then_some(Note::Other(QUIET_LEFT_OUT)))
            .collect(),
        shown,
    }
}

/// The totals; where nothing happened at all, those of counts and sums are 0.
fn total_figures(section: &Section, answer: &SectionAnswer) -> Vec<Figure> {
    figures_or_empty(section, answer.is_quiet, |metric| answer.totals.get(metric).copied())
}

fn total_states(columns: &[Column], totals: &[Figure]) -> Vec<Option<State>> {
    let totals = columns.iter().zip(totals);
    totals.map(|(column, figure)| column.state(figure.value(), column.target)).collect()
}

/// The notes on columns whose figures, or whose total, can't be had.
fn not_available_notes<'a>(
    section: &'a Section,
    answer: &'a SectionAnswer,
) -> impl Iterator<Item = Note> + use<'a> {
    answer.not_available.iter().filter_map(move |NotAvailable { metric, total, reason }| {
        let column = section.columns.iter().position(|column| column.metric == *metric)?;
        Some(Note::NotAvailable { column, total: *total, reason })
    })
}

/// The note on a table that has no row for some of its intervals.
const QUIET_LEFT_OUT: &str = "Intervals without contacts are left out: with them the report would have more than a hundred thousand rows.";

/// The note on weeks without a comparison. The weeks of two months hardly ever begin alike.
fn weeks_apart_note(query: &Query, against: Option<&LabelledBase>) -> Option<Note> {
    const WEEKS_APART: &str =
        "Not every week has a comparison: in the other window weeks begin or end at other times.";
    let base = &against.filter(|_| query.interval == Some(Interval::Week))?.base;
    let is_apart = base.lacks_intervals() && !base.windows.is_empty();
    is_apart.then_some(Note::Other(WEEKS_APART))
}

fn selects_all(section: &Section, dimension: &Dimension) -> bool {
    section.filters.get(dimension).is_none_or(Selection::is_everything)
}
