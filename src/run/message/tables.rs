//! The tables of a report's answers, with comparisons and notes.

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
        let stale = stale_targets(section, &query.filters, &queries.directory);
        table.notes.extend(stale.iter().map(note_on_target));
        tables.push(Table { place, ..table });
    }
    tables
}

/// The number of rows that a further table may have, with rows for its quiet intervals. A trend always has those:
/// they are few, and it would not be true without them.
fn room_beside(tables: &[Table], kind: Kind) -> usize {
    if kind == Kind::Trend {
        return MOST_ROWS;
    }
    let taken = tables.iter().map(|table| table.rows.len()).sum();
    MOST_ROWS.saturating_sub(taken)
}

fn note_on_target(stale: &StaleTarget<'_>) -> Note {
    Note::StaleTarget { column: stale.index, name: stale.name.to_owned() }
}

/// A note where the weeks of a table begin on another day than the report's. Connect has no setting for the day
/// on which its weeks begin.
fn note_on_weeks(query: &Query, table: &Table, week_starts: Weekday) -> Option<Note> {
    const OTHER_WEEKS_NOTE: &str = "The weeks are those of Amazon Connect, which begin on another day of the week \
                        than this report's.";
    let is_of_weeks = query.interval == Some(Interval::Week);
    let weeks = table.rows.iter().filter_map(|row| row.interval.as_deref());
    // The first week begins with the window, wherever that is.
    let mut whole = weeks.filter(|week| week.start() != query.window.start());
    let begin_elsewhere = whole.any(|week| week.first_date().weekday() != week_starts);
    (is_of_weeks && begin_elsewhere).then_some(Note::Other(OTHER_WEEKS_NOTE))
}

/// The label of the windows that figures are compared with. `known` are those that have figures.
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
