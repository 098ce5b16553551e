//! What templates see, version 1: every figure already in the form in which people read it, beside
//! its raw value.
//!
//! `docs/templates.md` lists it with examples, and a test holds the two together.

use serde::Serialize;

use super::attention::{self, AttentionContext};
use super::contents::{Contents, Layout, Missing};
use super::figure::{self, FigureContext, Row, RowContext};
use super::isolate::isolated;
use super::line::one_line;
use super::trend::{self, TrendContext};
use super::wording::{Localizer, heading, headings, label, names, targets, totals_label, when};
use super::{result, text};
use crate::definition::{Column, Dimension, Kind};
use crate::language::{Language, capitalised};
use crate::metric::{self, Metric, Unit};
use crate::table::{Note, Table, TableRow};
use crate::window::Window;

/// The context of the templates of a message.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    /// Of this structure: it changes when something in it is renamed, moved or left out.
    version: u8,
    /// The locale's tag, for `lang` and for the filter `say`: `de`, `de-CH`.
    language: String,
    report: ReportContext,
    /// What identifies the run: `daily-queues/2026-11-22`.
    run: String,
    window: WindowContext,
    /// When the figures were read, on the report's clock: `23 November 2026, 08:00 GMT`.
    read_at: String,
    /// The result in one sentence, without a full stop.
    result: String,
    /// What stands out; often nothing.
    attention: Vec<AttentionContext>,
    sections: Vec<SectionContext>,
    /// How many of the sections are shown, in words; nothing where all are.
    sections_shown: Option<String>,
    /// The sections that have no figures.
    missing: Vec<Missing>,
    /// Says whether any of its figures counts contacts in the window in which they ended.
    counts_at_disconnect: bool,
    /// The short terms that its columns are of, with their meaning.
    terms: Vec<TermContext>,
    /// Whether a dash stands somewhere in the place of a figure.
    has_dashes: bool,
    /// Whether it says somewhere that a figure is not available.
    has_unavailable: bool,
    /// The names of the attached files.
    files: Vec<String>,
    /// What kinds of files they are: `CSV, XLSX`.
    file_kinds: String,
    /// Why there are none, where there should be some.
    files_note: Option<String>,
    /// Where one unsubscribes, if anywhere.
    unsubscribe: Option<String>,
}

impl Context {
    /// The same for a line that names stand on with something else: each keeps its direction to itself. In
    /// sentences they do so already.
    pub(super) fn isolated(mut self) -> Self {
        let names = std::iter::once(&mut self.report.title);
        let sections = self.sections.iter_mut().flat_map(SectionContext::names);
        for name in names.chain(sections) {
            *name = isolated(name);
        }
        self
    }

    /// The same with what is there on some days only, to try templates with.
    pub(super) fn filled(mut self) -> Self {
        if self.attention.is_empty() {
            self.attention = vec![AttentionContext::example()];
        }
        let shown = || "2 of 3 shown".to_owned();
        self.sections_shown = self.sections_shown.or_else(|| Some(shown()));
        for section in &mut self.sections {
            section.shown_of = section.shown_of.take().or_else(|| Some(shown()));
        }
        self
    }
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
    /// The first instant, RFC 3339.
    start: String,
    /// The first instant after it, RFC 3339.
    end: String,
    /// The zone's IANA name.
    time_zone: String,
}

/// A short term that a heading uses.
#[derive(Debug, Serialize)]
struct TermContext {
    short: &'static str,
    meaning: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct SectionContext {
    title: String,
    kind: Kind,
    /// The headings of the groupings, and of the intervals.
    groupings: Vec<String>,
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
    /// What figures are to reach: `SL 20 s ≥ 80% (near: ≥ 60%; Sales: ≥ 90%)`.
    targets: Vec<String>,
    /// How many rows are shown.
    shown: usize,
    /// Of how many.
    of: usize,
    /// The same in words, where some are not: `25 of 60 shown, all in the attachment`.
    shown_of: Option<String>,
    /// Why some figures are not available, a sentence each.
    notes: Vec<String>,
    /// The chart of a trend, and what it shows.
    trend: Option<TrendContext>,
    /// The section as lines of plain text.
    lines: Vec<String>,
}

impl SectionContext {
    /// The names that somebody gave: of the section, its groupings, columns and rows.
    fn names(&mut self) -> impl Iterator<Item = &mut String> {
        let columns = self.columns.iter_mut().map(|column| &mut column.label);
        let rows = self.rows.iter_mut().flat_map(|row| &mut row.names);
        std::iter::once(&mut self.title).chain(&mut self.groupings).chain(columns).chain(rows)
    }
}

#[derive(Debug, Serialize)]
struct ColumnContext {
    label: String,
    metric: String,
    unit: Unit,
    /// Whether figures are shown with a bar: rates are, from 0 to 100.
    bar: bool,
}

pub(super) fn build(contents: &Contents<'_>, layout: &Layout) -> Context {
    let Contents { report, window, tables, missing, read_at, .. } = *contents;
    let language = report.locale.language();
    let localizer = Localizer::new(report);
    let sections = tables.iter().take(layout.sections).enumerate();
    let sections =
        sections.map(|(index, table)| section((contents, layout), index, table, &localizer));
    let sections: Vec<SectionContext> = sections.collect();
    let has = |is_so: fn(&FigureContext) -> bool| {
        sections.iter().flat_map(SectionContext::figures).any(is_so)
    };
    let (has_dashes, has_unavailable) =
        (has(FigureContext::is_dash), has(FigureContext::is_unavailable));
    let [start, end] = window.borders();
    Context {
        version: 1,
        language: report.locale.tag().to_owned(),
        report: ReportContext { id: report.id.to_string(), title: report.title.clone() },
        run: contents.run.to_owned(),
        window: WindowContext {
            label: window.label(language),
            exactly: window.exactly(language),
            start,
            end,
            time_zone: window.zone_name().to_owned(),
        },
        read_at: read_at_text(window, read_at, language),
        sections_shown: (layout.sections < tables.len())
            .then(|| shown_of(layout, (layout.sections, tables.len()), &localizer)),
        result: result(tables, &sections, &localizer),
        attention: attention::find(tables, &localizer),
        missing: missing.iter().map(shown_missing).collect(),
        counts_at_disconnect: counts_at_disconnect(tables.iter().take(layout.sections)),
        terms: terms(tables, language),
        has_dashes,
        has_unavailable,
        sections,
        file_kinds: layout.files.kinds(),
        files: layout.files.names.clone(),
        files_note: layout.files.note.clone(),
        unsubscribe: report.email.unsubscribe.clone(),
    }
}

/// Its title stands in a sentence.
fn shown_missing(missing: &Missing) -> Missing {
    Missing { title: isolated(&missing.title), reason: missing.reason.clone() }
}

fn counts_at_disconnect<'t>(tables: impl Iterator<Item = &'t Table>) -> bool {
    let mut columns = tables.flat_map(|table| &table.columns);
    columns
        .any(|column| metric::find(&column.metric.name).is_some_and(Metric::counts_at_disconnect))
}

/// The result; of trends alone what the first of them shows.
fn result(tables: &[Table], sections: &[SectionContext], localizer: &Localizer) -> String {
    match result::summarize(tables, localizer) {
        result if result.is_empty() => {
            let trends = sections.iter().find_map(|section| section.trend.as_ref());
            trends.and_then(TrendContext::first_finding).unwrap_or_default().to_owned()
        }
        result => result,
    }
}

/// The terms of all columns, each once.
fn terms(tables: &[Table], language: Language) -> Vec<TermContext> {
    let columns = tables.iter().flat_map(|table| &table.columns);
    let mut terms: Vec<TermContext> = Vec::new();
    let used = columns.filter_map(|column| {
        let term = metric::find(&column.metric.name)?.term()?;
        let shorts = [language.say(term.short), term.short];
        let short = shorts.into_iter().find(|short| column.label.contains(short))?;
        Some(TermContext { short, meaning: language.say(term.meaning) })
    });
    for term in used {
        if !terms.iter().any(|known| known.short == term.short) {
            terms.push(term);
        }
    }
    terms
}

fn read_at_text(window: &Window, read_at: jiff::Timestamp, language: Language) -> String {
    let read_at = window.on_its_clock(read_at);
    let (date, time) = (language.long_date(read_at.date()), language.clock(read_at.time()));
    format!("{date}, {time} {}", read_at.strftime("%Z"))
}

fn section(
    (contents, layout): (&Contents<'_>, &Layout),
    index: usize,
    table: &Table,
    localizer: &Localizer,
) -> SectionContext {
    let shown = layout.shown(table);
    let rows: Vec<_> = table
        .rows
        .iter()
        .take(shown)
        .map(|row| self::row(contents, table, row, localizer))
        .collect();
    let totals = figure::all(&table.columns, Row::totals(table), localizer);
    let of = table.rows.len();
    let trend =
        (table.kind == Kind::Trend).then(|| trend::build(contents, index, table, localizer));
    SectionContext {
        lines: text::lines(table, &rows, &totals, localizer),
        title: table.title.clone(),
        kind: table.kind,
        groupings: headings(table, localizer.language),
        columns: table.columns.iter().map(column).collect(),
        rows,
        totals,
        totals_label: totals_label(table, localizer.language).to_owned(),
        compared_with: table.comparison.as_ref().map(|comparison| one_line(&comparison.label)),
        has_points: table.columns.iter().any(|column| column.unit == Unit::Percent),
        targets: table
            .columns
            .iter()
            .filter_map(|column| targets(table, column, localizer))
            .collect(),
        shown,
        of,
        shown_of: (shown < of).then(|| shown_of(layout, (shown, of), localizer)),
        notes: notes(table, shown, localizer),
        trend,
    }
}

fn shown_of(layout: &Layout, (shown, of): (usize, usize), localizer: &Localizer) -> String {
    let english = match layout.files.are_for_people() {
        true => "{shown} of {of} shown, all in the attachment",
        false => "{shown} of {of} shown",
    };
    let [shown, of] = [shown, of].map(|rows| localizer.numbers.whole(rows));
    localizer.language.say_with(english, &[("shown", &shown), ("of", &of)])
}

fn column(column: &Column) -> ColumnContext {
    ColumnContext {
        label: heading(column),
        metric: column.metric.name.clone(),
        unit: column.unit,
        bar: column.unit == Unit::Percent,
    }
}

fn row(
    contents: &Contents<'_>,
    table: &Table,
    row: &TableRow,
    localizer: &Localizer,
) -> RowContext {
    let figures = figure::all(&table.columns, Row::new(table, row), localizer);
    let interval =
        row.interval.as_ref().map(|interval| when(contents.window, interval, localizer.language));
    let names = names(table, row, localizer.language).into_iter().chain(interval).collect();
    RowContext { names, figures }
}

fn notes(table: &Table, shown: usize, localizer: &Localizer) -> Vec<String> {
    let mut notes: Vec<String> =
        table.notes_beside(shown).map(|note| self::note(note, table, localizer)).collect();
    for dimension in table.unlisted(shown) {
        let note = unlisted(dimension, localizer.language).map(ToOwned::to_owned);
        // All levels of the agent hierarchy have the same.
        notes.extend(note.filter(|note| !notes.contains(note)));
    }
    notes
}

/// Why ids stand in the place of names.
fn unlisted(dimension: &Dimension, language: Language) -> Option<&'static str> {
    Some(match dimension {
        Dimension::Queue => language
            .say("Ids in the place of names are of queues that the instance no longer lists."),
        Dimension::RoutingProfile => language.say(
            "Ids in the place of names are of routing profiles that the instance no longer lists.",
        ),
        Dimension::Agent => language
            .say("Ids in the place of names are of agents that the instance no longer lists."),
        Dimension::Hierarchy(_) => language.say(
            "Ids in the place of names are of groups of agents that the instance no longer lists.",
        ),
        Dimension::Channel | Dimension::Other(_) => return None,
    })
}

fn note(note: &Note, table: &Table, localizer: &Localizer) -> String {
    let language = localizer.language;
    let label = |column: &usize| table.columns.get(*column).map_or_else(String::new, label);
    match note {
        Note::Other(english) => language.say(english).to_owned(),
        Note::StaleTarget { column, name } => language.say_with(
            "The target of {label} for {name} does not count: the table shows nothing by this name.",
            &[("label", &label(column)), ("name", &isolated(name))],
        ),
        Note::NotAvailable { column, total, reason } => {
            let label = label(column);
            let values = [("label", label.as_str()), ("reason", language.say(reason))];
            // The figures of a section of totals are its totals.
            let said = match *total && table.kind != Kind::Totals {
                true => language.say_with("The total of {label} is not available: {reason}", &values),
                false => language.say_with("{label} is not available: {reason}", &values),
            };
            capitalised(&said).into_owned()
        }
    }
}

impl SectionContext {
    fn figures(&self) -> impl Iterator<Item = &FigureContext> {
        self.rows.iter().flat_map(|row| &row.figures).chain(&self.totals)
    }
}
