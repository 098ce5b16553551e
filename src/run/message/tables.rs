//! The tables of a report's answers, with what they are compared with and what is to be said of them.

use jiff::civil::Weekday;

use crate::definition::Kind;
use crate::language::Language;
use crate::metric::Limits;
use crate::plan::{self, Query, SectionAnswer};
use crate::run::fetch::{RunQueries, StaleTarget, stale_targets};
use crate::run::job::Job;
use crate::table::{self, LabelledBase, MOST_ROWS, Note, Table};
use crate::window::{Interval, Window};

/// The tables of the sections that have answers.
pub(crate) fn build_tables(
    limits: &Limits,
    job: &Job,
    queries: &RunQueries,
    answers: &[Option<Vec<SectionAnswer>>],
) -> Vec<Table> {
    let language = job.report.locale.language();
    let mut by_section = queries.queries.chunks(queries.per_section());
    let mut tables = Vec::new();
    for (place, (section, answers)) in job.report.sections.iter().zip(answers).enumerate() {
        if queries.unplanned.contains_key(&place) {
            continue;
        }
        let query = by_section.next().and_then(<[Query]>::first);
        let answers = answers.as_ref().and_then(|answers| answers.split_first());
        let (Some(query), Some((answer, bases))) = (query, answers) else {
            continue;
        };
        let against = (!queries.compared.is_empty()).then(|| {
            let base = plan::comparison_base(query, answer, &queries.compared, bases, limits);
            let label = comparison_label(&queries.compared, &base.windows, language);
            LabelledBase { label, base }
        });
        let room = room_beside(&tables, section.kind);
        let mut table =
            table::build_table(section, query, answer, against.as_ref(), &queries.directory, room);
        table.notes.extend(queries.uncompared.map(Note::Other));
        table.notes.extend(note_on_weeks(query, &table, job.report.calendar.week_starts));
        let stale = stale_targets(section, &query.filters, &queries.directory).into_iter();
        let note = |stale: StaleTarget<'_>| Note::StaleTarget {
            column: stale.index,
            name: stale.name.to_owned(),
        };
        table.notes.extend(stale.map(note));
        tables.push(Table { place, ..table });
    }
    tables
}

/// The rows that a further table may have with those of its quiet intervals. A trend has few, and would not
/// be true without them.
fn room_beside(tables: &[Table], kind: Kind) -> usize {
    let taken = || tables.iter().map(|table| table.rows.len()).sum();
    if kind == Kind::Trend { MOST_ROWS } else { MOST_ROWS.saturating_sub(taken()) }
}

/// Weeks as intervals are those of the service, which has no setting for the day on which they begin.
fn note_on_weeks(query: &Query, table: &Table, week_starts: Weekday) -> Option<Note> {
    const NOTE: &str = "The weeks are those of Amazon Connect, which begin on another day of the week \
                        than this report's.";
    let is_of_weeks = query.interval == Some(Interval::Week);
    let begins_elsewhere = |week: &Window| {
        let is_cut_short = week.start() == query.window.start();
        !is_cut_short && week.first_date().weekday() != week_starts
    };
    let mut weeks = table.rows.iter().filter_map(|row| row.interval.as_deref());
    (is_of_weeks && weeks.any(begins_elsewhere)).then_some(Note::Other(NOTE))
}

/// The words for what figures are compared with.
fn comparison_label(windows: &[Window], known: &[Window], language: Language) -> String {
    match (windows, known) {
        ([window], _) => window.label(language),
        (_, []) => language.say("the weeks before, of which there are no figures").to_owned(),
        (_, [only]) => {
            let week = only.label(language);
            let english = "{week}, the only one of four weeks with figures";
            language.say_with(english, &[("week", &week)])
        }
        (_, known) => {
            let n = known.len().to_string();
            language.say_with("the average of {n} weeks", &[("n", &n)])
        }
    }
}
