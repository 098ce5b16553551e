//! What templates see: every figure already in the form in which people read it.

use std::borrow::Cow;

use serde::Serialize;

use super::{Contents, Missing, one_line, text};
use crate::definition::{Bound, Column, Dimension, Kind, State, Target};
use crate::metric::{self, Unit};
use crate::plan::Figure;
use crate::table::format::Numbers;
use crate::table::{Change, Member, Sense, Table, TableRow};
use crate::window::Window;

/// The context of `email.html`, `email.txt` and the subject.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    report: ReportContext,
    window: WindowContext,
    /// When the figures were read, on the report's clock.
    read_at: String,
    sections: Vec<SectionContext>,
    /// The sections that have no figures.
    missing: Vec<Missing>,
    /// The short terms that its columns are of, with their meaning.
    terms: Vec<TermContext>,
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

/// A short term that a heading uses.
#[derive(Debug, Serialize)]
struct TermContext {
    short: &'static str,
    meaning: &'static str,
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
    /// What the figures are compared with, if with anything: `Sunday 15 November 2026`.
    compared_with: Option<String>,
    /// Whether a change may be in percentage points.
    has_points: bool,
    /// What figures are to reach: `SL 20 s ≥ 80 % (near: ≥ 60 %; Sales: ≥ 90 %)`.
    targets: Vec<String>,
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
pub(super) struct RowContext {
    pub(super) names: Vec<String>,
    pub(super) figures: Vec<FigureContext>,
}

#[derive(Debug, Serialize)]
pub(super) struct FigureContext {
    text: String,
    /// Whether there is no figure.
    absent: bool,
    /// The length of the bar, whole percent 0 to 100; none where the column has no bars.
    bar: Option<String>,
    /// The heading of its column.
    label: String,
    /// How it has changed, where it is compared with something.
    change: Option<ChangeContext>,
    /// Where it stands to its target, where it has one and a figure.
    state: Option<StateContext>,
}

#[derive(Debug, Serialize)]
struct ChangeContext {
    /// `+3.1 %`, or `n/a`.
    text: String,
    /// `better`, `worse` or `neutral`.
    sense: Sense,
    /// A sign for the same, so that nobody needs to see colours.
    sign: &'static str,
}

#[derive(Debug, Serialize)]
struct StateContext {
    /// `met`, `near` or `missed`.
    name: State,
    /// A sign and the word, so that nobody needs to see colours.
    text: &'static str,
}

pub(super) fn of(contents: Contents<'_>) -> Context {
    let Contents { report, window, tables, missing, read_at } = contents;
    let numbers = Numbers::of(&report.locale);
    Context {
        report: ReportContext { id: report.id.to_string(), title: report.title.clone() },
        window: WindowContext { label: window.label(), exactly: window.exactly() },
        read_at: read_at_text(window, read_at),
        sections: tables.iter().map(|table| section(table, &numbers)).collect(),
        missing: missing.to_vec(),
        terms: terms(tables),
    }
}

/// The terms of all columns, each once.
fn terms(tables: &[Table]) -> Vec<TermContext> {
    let columns = tables.iter().flat_map(|table| &table.columns);
    let mut terms: Vec<TermContext> = Vec::new();
    let used = columns.filter_map(|column| {
        let term = metric::find(&column.metric.name)?.term()?;
        column.label.contains(term.short).then_some(term)
    });
    for term in used {
        if !terms.iter().any(|known| known.short == term.short) {
            terms.push(TermContext { short: term.short, meaning: term.meaning });
        }
    }
    terms
}

fn read_at_text(window: &Window, read_at: jiff::Timestamp) -> String {
    window.on_its_clock(read_at).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

fn section(table: &Table, numbers: &Numbers) -> SectionContext {
    let rows: Vec<_> =
        table.rows.iter().take(table.shown).map(|row| self::row(table, row, numbers)).collect();
    let totals = Figures {
        figures: &table.totals,
        compared: table.comparison.as_ref().map(|comparison| comparison.totals.as_slice()),
        states: &table.states,
    };
    let totals = figures(&table.columns, totals, numbers);
    SectionContext {
        lines: text::lines(table, &rows, &totals),
        title: table.title.clone(),
        kind: table.kind,
        groupings: headings(table),
        columns: table.columns.iter().map(column).collect(),
        rows,
        totals,
        totals_label: totals_label(table),
        compared_with: table.comparison.as_ref().map(|comparison| one_line(&comparison.label)),
        has_points: table.columns.iter().any(|column| column.unit == Unit::Percent),
        targets: table.columns.iter().filter_map(|column| targets(column, numbers)).collect(),
        shown: table.shown,
        of: table.rows.len(),
        notes: table.notes.clone(),
    }
}

fn column(column: &Column) -> ColumnContext {
    ColumnContext { label: column.label.clone(), bar: column.unit == Unit::Percent }
}

fn row(table: &Table, row: &TableRow, numbers: &Numbers) -> RowContext {
    let compared = table.comparison.as_ref().map(|_| row.compared.as_slice());
    let of_row = Figures { figures: &row.figures, compared, states: &row.states };
    RowContext { names: names(table, row), figures: figures(&table.columns, of_row, numbers) }
}

/// The figures of a row, or the totals, with what stands beside each.
#[derive(Clone, Copy)]
struct Figures<'t> {
    figures: &'t [Figure],
    compared: Option<&'t [Figure]>,
    states: &'t [Option<State>],
}

fn figures(columns: &[Column], of: Figures<'_>, numbers: &Numbers) -> Vec<FigureContext> {
    let context = |(index, (column, figure)): (usize, (&Column, &Figure))| FigureContext {
        text: numbers.figure(*figure, column.unit),
        absent: figure.absent().is_some(),
        bar: figure
            .value()
            .filter(|_| column.unit == Unit::Percent)
            .map(|percent| format!("{:.0}", percent.clamp(0.0, 100.0))),
        label: column.label.clone(),
        change: of
            .compared
            .map(|compared| change(numbers, column, *figure, compared.get(index).copied())),
        state: of.states.get(index).copied().flatten().map(state),
    };
    columns.iter().zip(of.figures).enumerate().map(context).collect()
}

fn change(
    numbers: &Numbers,
    column: &Column,
    figure: Figure,
    base: Option<Figure>,
) -> ChangeContext {
    let change = base.and_then(|base| Change::between(base, figure, column.unit, column.polarity));
    let sense = change.map_or(Sense::Neutral, |change| change.sense);
    let sign = match sense {
        Sense::Better => "▲",
        Sense::Worse => "▼",
        Sense::Neutral => "",
    };
    ChangeContext { text: numbers.change(change), sense, sign }
}

impl FigureContext {
    /// The figure in plain text, with the sign of where it stands: `78.4 % ✗`.
    pub(super) fn plain(&self) -> String {
        let sign = self.state.as_ref().and_then(|state| state.text.split(' ').next());
        plain(&sign.map_or_else(|| self.text.clone(), |sign| format!("{} {sign}", self.text)))
    }

    /// How it has changed in plain text: `−4.5 pp`.
    pub(super) fn plain_change(&self) -> Option<String> {
        let text = |change: &ChangeContext| format!("{} {}", change.text, change.sign);
        self.change.as_ref().map(|change| plain(text(change).trim_end()))
    }
}

/// No-break spaces have no place in plain text.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// What the figures of a column are to reach, in words.
fn targets(column: &Column, numbers: &Numbers) -> Option<String> {
    let told = |target: &Target| {
        let sign = match target.bound {
            Bound::AtLeast => "≥",
            Bound::MoreThan => ">",
            Bound::AtMost => "≤",
            Bound::LessThan => "<",
        };
        format!("{sign} {}", numbers.number(target.value, column.unit))
    };
    let own = column.target.as_ref().map(|target| format!(" {}", told(target)));
    let near = column.warn.as_ref().map(|warn| format!("near: {}", told(&warn.value)));
    let named = column.targets.iter().map(|(name, target)| format!("{name}: {}", told(target)));
    let more: Vec<String> = near.into_iter().chain(named).collect();
    let more = match more.is_empty() {
        true => String::new(),
        false => format!(" ({})", more.join("; ")),
    };
    let label = &column.label;
    column.has_target().then(|| one_line(&format!("{label}{}{more}", own.unwrap_or_default())))
}

fn state(state: State) -> StateContext {
    let text = match state {
        State::Met => "✓ met",
        State::Near => "≈ near",
        State::Missed => "✗ missed",
    };
    StateContext { name: state, text }
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
