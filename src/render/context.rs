//! What templates see: every figure already in the form in which people read it.

use std::borrow::Cow;

use serde::Serialize;

use super::{Contents, one_line, text};
use crate::definition::{Column, Dimension, Kind};
use crate::metric::Unit;
use crate::plan::Figure;
use crate::table::{Member, Table, TableRow, format};
use crate::window::Window;

/// The context of `email.html`, `email.txt` and the subject.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    report: ReportContext,
    window: WindowContext,
    /// When the figures were read, on the report's clock.
    read_at: String,
    sections: Vec<SectionContext>,
}

#[derive(Debug, Serialize)]
struct ReportContext {
    id: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct WindowContext {
    /// In as few words as name it: `Sunday 22 November 2026`.
    label: String,
    /// The exact borders with the zone.
    exactly: String,
}

#[derive(Debug, Serialize)]
struct SectionContext {
    title: String,
    kind: Kind,
    /// The headings of the groupings.
    groupings: Vec<Cow<'static, str>>,
    columns: Vec<ColumnContext>,
    /// The rows that the message shows.
    rows: Vec<RowContext>,
    totals: Vec<FigureContext>,
    /// What the totals are of: `All queues`.
    totals_label: String,
    shown: usize,
    of: usize,
    /// Why some figures are not available.
    notes: Vec<String>,
    /// The section as lines of plain text.
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ColumnContext {
    label: String,
    /// Whether figures are shown with a bar: rates are, from 0 to 100.
    bar: bool,
}

#[derive(Debug, Serialize)]
struct RowContext {
    names: Vec<String>,
    figures: Vec<FigureContext>,
}

#[derive(Debug, Serialize)]
struct FigureContext {
    text: String,
    /// Whether there is no figure.
    absent: bool,
    /// The length of the bar, whole percent 0 to 100; none where the column has no bars.
    bar: Option<String>,
    /// The heading of its column.
    label: String,
}

pub(super) fn of(contents: Contents<'_>) -> Context {
    let Contents { report, window, tables, read_at } = contents;
    Context {
        report: ReportContext { id: report.id.to_string(), title: report.title.clone() },
        window: WindowContext { label: window.label(), exactly: window.exactly() },
        read_at: read_at_text(window, read_at),
        sections: tables.iter().map(section).collect(),
    }
}

fn read_at_text(window: &Window, read_at: jiff::Timestamp) -> String {
    window.on_its_clock(read_at).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

fn section(table: &Table) -> SectionContext {
    let shown = table.rows.iter().take(table.shown);
    SectionContext {
        title: table.title.clone(),
        kind: table.kind,
        groupings: headings(table),
        columns: table.columns.iter().map(column).collect(),
        rows: shown.map(|row| self::row(table, row)).collect(),
        totals: figures(&table.columns, &table.totals),
        totals_label: totals_label(table),
        shown: table.shown,
        of: table.rows.len(),
        notes: table.notes.clone(),
        lines: text::lines(table),
    }
}

fn column(column: &Column) -> ColumnContext {
    ColumnContext { label: column.label.clone(), bar: column.unit == Unit::Percent }
}

fn row(table: &Table, row: &TableRow) -> RowContext {
    RowContext { names: names(table, row), figures: figures(&table.columns, &row.figures) }
}

fn figures(columns: &[Column], figures: &[Figure]) -> Vec<FigureContext> {
    let figures = columns.iter().zip(figures).map(|(column, figure)| FigureContext {
        text: format::figure(*figure, column.unit),
        absent: figure.absent().is_some(),
        bar: figure
            .value()
            .filter(|_| column.unit == Unit::Percent)
            .map(|percent| format!("{:.0}", percent.clamp(0.0, 100.0))),
        label: column.label.clone(),
    });
    figures.collect()
}

/// The headings over the names of rows.
pub(super) fn headings(table: &Table) -> Vec<Cow<'static, str>> {
    let groupings = table.headings.iter().map(|heading| Cow::Owned(one_line(heading)));
    groupings.chain(table.has_intervals.then_some(Cow::Borrowed("Time"))).collect()
}

/// The names of a row's members, and its interval, for people.
pub(super) fn names(table: &Table, row: &TableRow) -> Vec<String> {
    let quiet = row.members.iter().any(|member| member.id.is_some());
    let of_what = table.group_by.iter().zip(&table.headings);
    let name = |(member, (dimension, heading)): (&Member, (&Dimension, &Cow<'_, str>))| {
        match &member.name {
            Some(name) => one_line(name),
            // A selected queue without contacts has no channel, and contacts may have no agent.
            None if !quiet || table.group_by.len() == 1 => match dimension.title() == *heading {
                true => format!("No {}", heading.to_lowercase()),
                false => format!("No {}", one_line(heading)),
            },
            None => "–".to_owned(),
        }
    };
    let interval = row.interval.as_ref().map(Window::briefly);
    row.members.iter().zip(of_what).map(name).chain(interval).collect()
}

/// What the totals are of.
pub(super) fn totals_label(table: &Table) -> String {
    let all = if table.selects_all { "All" } else { "These" };
    match table.group_by.as_slice() {
        [dimension] => dimension.plural().map_or(all.to_owned(), |many| format!("{all} {many}")),
        _ => all.to_owned(),
    }
}
