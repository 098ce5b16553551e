//! The values that templates see, version 1: every figure already in the form in which people read it,
//! beside its raw value.
//!
//! `docs/TEMPLATES.md` lists it with examples, and a test holds the two together.

use serde::Serialize;

use super::attention::{self, AttentionContext};
use super::contents::{Contents, Layout, Missing};
use super::figure::{self, FigureContext, Row, RowContext};
use super::isolate::isolated;
use super::line::one_line;
use super::trend::{self, TrendContext};
use super::wording::{
    Localizer, column_heading, column_label, interval_name, row_names, table_headings,
    target_words, totals_label,
};
use super::{result, text};
use crate::definition::{Column, Dimension, Kind};
use crate::language::{Language, capitalised};
use crate::metric::{self, Metric, Unit};
use crate::table::{Note, Table, TableRow};
use crate::window::Window;

/// The context of the templates of a message.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    /// The version of this structure: it changes when something in it is renamed, moved or left out.
    version: u8,
    /// The locale's tag, for `lang` and for the filter `say`: `de`, `de-CH`.
    language: String,
    report: ReportContext,
    /// The id of the run: `daily-queues/2026-11-22`.
    run: String,
    window: WindowContext,
    /// The time at which the figures were read, on the report's clock: `23 November 2026, 08:00 GMT`.
    read_at: String,
    /// The result in one sentence, without a full stop.
    result: String,
    /// The rows that stand out; often none.
    attention: Vec<AttentionContext>,
    sections: Vec<SectionContext>,
    /// The number of sections that are shown, in words; none where all are.
    sections_shown: Option<String>,
    /// The sections that have no figures.
    missing: Vec<Missing>,
    /// True where any of its figures counts contacts in the window in which they ended.
    counts_at_disconnect: bool,
    /// The short terms that its columns are of, with their meaning.
    terms: Vec<TermContext>,
    /// True where a dash stands somewhere in the place of a figure.
    has_dashes: bool,
    /// True where it says somewhere that a figure is not available.
    has_unavailable: bool,
    /// The names of the attached files.
    files: Vec<String>,
    /// The kinds of those files: `CSV, XLSX`.
    file_kinds: String,
    /// The reason why there are none, where there should be some.
    files_note: Option<String>,
    /// The address at which one unsubscribes, if there is one.
    unsubscribe: Option<String>,
}

impl Context {
    /// The same for a line that names stand on with something else: each keeps its direction to itself. In
    /// sentences they do so already.
    pub(super) fn isolated(mut self) -> Self {
        let names = std::iter::once(&mut self.report.title);
        let sections = self.sections.iter_mut().flat_map(SectionContext::names_mut);
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
        let shown = "2 of 3 shown";
        self.sections_shown = self.sections_shown.or_else(|| Some(shown.to_owned()));
        for section in &mut self.sections {
            section.shown_of = section.shown_of.take().or_else(|| Some(shown.to_owned()));
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
    /// The label of the totals: `All queues`.
    totals_label: String,
    /// The window that the figures are compared with, if any: `Sunday 15 November 2026`.
    compared_with: Option<String>,
    /// True where a change may be in percentage points.
    has_points: bool,
    /// The targets of its columns: `SL 20 s ≥ 80% (near: ≥ 60%; Sales: ≥ 90%)`.
    targets: Vec<String>,
    /// The number of rows that are shown.
    shown: usize,
    /// The number of rows that there are.
    of: usize,
    /// The same in words, where some are not: `25 of 60 shown, all in the attachment`.
    shown_of: Option<String>,
    /// The reasons why some figures are not available, a sentence each.
    notes: Vec<String>,
    /// The chart of a trend, and what it shows.
    trend: Option<TrendContext>,
    /// The section as lines of plain text.
    lines: Vec<String>,
}

impl SectionContext {
    /// The names that somebody gave: of the section, its groupings, columns and rows.
    fn names_mut(&mut self) -> impl Iterator<Item = &mut String> {
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
    /// True where figures are shown with a bar: rates are, from 0 to 100.
    bar: bool,
}

pub(super) fn build(contents: &Contents<'_>, layout: &Layout) -> Context {
    let Contents { report, window, tables, missing, read_at, .. } = *contents;
    let language = report.locale.language();
    let localizer = Localizer::new(report);
    let view = View { contents, layout, localizer: &localizer };
    let shown = tables.iter().take(layout.sections).enumerate();
    let sections: Vec<SectionContext> =
        shown.map(|(index, table)| view.section(index, table)).collect();
    let part = Part { shown: layout.sections, of: tables.len() };
    let [start, end] = window.borders();
    Context {
        version: 1,
        language: report.locale.tag().to_owned(),
        report: ReportContext { id: report.id.to_string(), title: report.title.clone() },
        run: contents.run.to_owned(),
        window: WindowContext {
            label: window.label(language),
            exactly: window.exact_label(language),
            start,
            end,
            time_zone: window.zone_name().to_owned(),
        },
        read_at: read_at_text(window, read_at, language),
        sections_shown: (part.shown < part.of).then(|| shown_of(layout, &part, &localizer)),
        result: result_sentence(tables, &sections, &localizer),
        attention: attention::find(tables, &localizer),
        missing: missing.iter().map(shown_missing).collect(),
        counts_at_disconnect: counts_at_disconnect(tables.iter().take(layout.sections)),
        terms: terms_used(tables, language),
        has_dashes: sections.iter().any(|section| section.has(FigureContext::is_dash)),
        has_unavailable: sections.iter().any(|section| section.has(FigureContext::is_unavailable)),
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
    columns.any(|column| {
        metric::find_metric(&column.metric.name).is_some_and(Metric::counts_at_disconnect)
    })
}

/// The result; of trends alone what the first of them shows.
fn result_sentence(tables: &[Table], sections: &[SectionContext], localizer: &Localizer) -> String {
    match result::summarize(tables, localizer) {
        result if result.is_empty() => {
            let trends = sections.iter().find_map(|section| section.trend.as_ref());
            trends.and_then(TrendContext::first_finding).unwrap_or_default().to_owned()
        }
        result => result,
    }
}

/// The terms of all columns, each once.
fn terms_used(tables: &[Table], language: Language) -> Vec<TermContext> {
    let columns = tables.iter().flat_map(|table| &table.columns);
    let mut terms: Vec<TermContext> = Vec::new();
    let used = columns.filter_map(|column| {
        let term = metric::find_metric(&column.metric.name)?.short_term()?;
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
    let date = language.long_date(read_at.date());
    let time = language.clock_time(read_at.time());
    format!("{date}, {time} {}", read_at.strftime("%Z"))
}

/// A message as it is shown: what there is, how much of it is shown, and in which words.
#[derive(Clone, Copy)]
struct View<'v> {
    contents: &'v Contents<'v>,
    layout: &'v Layout,
    localizer: &'v Localizer,
}

impl View<'_> {
    /// The section at a place among the message's tables.
    fn section(self, index: usize, table: &Table) -> SectionContext {
        let Self { contents, layout, localizer } = self;
        let shown = layout.rows_shown(table);
        let of = table.rows.len();
        let rows: Vec<_> = table.rows.iter().take(shown).map(|row| self.row(table, row)).collect();
        let totals = figure::figure_contexts(&table.columns, Row::totals(table), localizer);
        let is_trend = table.kind == Kind::Trend;
        let targets =
            table.columns.iter().filter_map(|column| target_words(table, column, localizer));
        SectionContext {
            lines: text::section_lines(table, &rows, &totals, localizer),
            title: table.title.clone(),
            kind: table.kind,
            groupings: table_headings(table, localizer.language),
            columns: table.columns.iter().map(column_context).collect(),
            rows,
            totals,
            totals_label: totals_label(table, localizer.language).to_owned(),
            compared_with: table.comparison.as_ref().map(|comparison| one_line(&comparison.label)),
            has_points: table.columns.iter().any(|column| column.unit == Unit::Percent),
            targets: targets.collect(),
            shown,
            of,
            shown_of: (shown < of).then(|| shown_of(layout, &Part { shown, of }, localizer)),
            notes: section_notes(table, shown, localizer),
            trend: is_trend.then(|| trend::build(contents, index, table, localizer)),
        }
    }

    fn row(self, table: &Table, row: &TableRow) -> RowContext {
        let Self { contents, localizer, .. } = self;
        let interval = row.interval.as_ref();
        let interval =
            interval.map(|interval| interval_name(contents.window, interval, localizer.language));
        let names = row_names(table, row, localizer.language).into_iter().chain(interval).collect();
        let figures = figure::figure_contexts(&table.columns, Row::new(table, row), localizer);
        RowContext { names, figures }
    }
}

/// The part of the rows, or of the sections, that the message shows.
struct Part {
    shown: usize,
    of: usize,
}

fn shown_of(layout: &Layout, part: &Part, localizer: &Localizer) -> String {
    let english = if layout.files.are_for_people() {
        "{shown} of {of} shown, all in the attachment"
    } else {
        "{shown} of {of} shown"
    };
    let shown = localizer.numbers.whole_count(part.shown);
    let of = localizer.numbers.whole_count(part.of);
    localizer.language.say_with(english, &[("shown", &shown), ("of", &of)])
}

fn column_context(column: &Column) -> ColumnContext {
    ColumnContext {
        label: column_heading(column),
        metric: column.metric.name.clone(),
        unit: column.unit,
        bar: column.unit == Unit::Percent,
    }
}

fn section_notes(table: &Table, shown: usize, localizer: &Localizer) -> Vec<String> {
    let mut notes: Vec<String> =
        table.notes_beside(shown).map(|note| self::note_text(note, table, localizer)).collect();
    for dimension in table.unlisted(shown) {
        let note = unlisted_note(dimension, localizer.language).map(ToOwned::to_owned);
        // All levels of the agent hierarchy have the same.
        notes.extend(note.filter(|note| !notes.contains(note)));
    }
    notes
}

/// The note that ids stand in the place of names, and why.
fn unlisted_note(dimension: &Dimension, language: Language) -> Option<&'static str> {
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

fn note_text(note: &Note, table: &Table, localizer: &Localizer) -> String {
    let language = localizer.language;
    match note {
        Note::Other(english) => language.say(english).to_owned(),
        Note::StaleTarget { column, name } => language.say_with(
            "The target of {label} for {name} does not count: the table shows nothing by this name.",
            &[("label", &label_at(table, *column)), ("name", &isolated(name))],
        ),
        Note::NotAvailable { column, total, reason } => {
            let label = label_at(table, *column);
            let values = [("label", label.as_str()), ("reason", language.say(reason))];
            // The figures of a section of totals are its totals.
            let english = if *total && table.kind != Kind::Totals {
                "The total of {label} is not available: {reason}"
            } else {
                "{label} is not available: {reason}"
            };
            capitalised(&language.say_with(english, &values)).into_owned()
        }
    }
}

fn label_at(table: &Table, column: usize) -> String {
    table.columns.get(column).map_or_else(String::new, column_label)
}

impl SectionContext {
    /// Tells whether one of its figures is like that.
    fn has(&self, is_so: fn(&FigureContext) -> bool) -> bool {
        self.figures().any(is_so)
    }

    fn figures(&self) -> impl Iterator<Item = &FigureContext> {
        self.rows.iter().flat_map(|row| &row.figures).chain(&self.totals)
    }
}
