//! The result in one sentence: what a reader has to know who reads nothing else.
//!
//! It tells up to four figures: those that are headline figures (`kind = "totals"`), or the totals of
//! the first table. What misses a target comes first, then what is near one, then what meets one,
//! each with the target; the rest follows in the order of the definition.

use super::context::Voice;
use super::figure::Row;
use crate::definition::{Bound, Column, Kind, State, Target};
use crate::language::capitalised;
use crate::table::Table;

/// How many figures it tells.
const FACTS: usize = 4;

/// The sentence, without a full stop.
pub(super) fn of(tables: &[Table], voice: &Voice) -> String {
    let headline = tables.iter().find(|table| table.kind == Kind::Totals);
    let first = tables.iter().find(|table| table.kind == Kind::Table);
    let facts = headline.or(first).map_or_else(Vec::new, |table| facts(table, voice));
    let all_quiet = tables.iter().all(|table| table.is_quiet);
    if all_quiet && !tables.is_empty() {
        return voice.language.say("No contacts in this window").to_owned();
    }
    if facts.is_empty() {
        return match tables.iter().any(|table| table.kind != Kind::Trend) {
            true => voice.language.say("No figures are available").to_owned(),
            false => String::new(),
        };
    }
    let (told, rest): (Vec<_>, Vec<_>) = facts.into_iter().partition(|fact| fact.rank < UNTARGETED);
    let mut parts: Vec<String> = told.into_iter().map(|fact| fact.text).collect();
    let rest: Vec<String> = rest.into_iter().map(|fact| fact.text).collect();
    parts.extend((!rest.is_empty()).then(|| rest.join(", ")));
    capitalised(&parts.join("; ")).into_owned()
}

struct Fact {
    /// The smaller, the sooner it is told.
    rank: u8,
    text: String,
}

/// The rank of what has no target.
const UNTARGETED: u8 = 3;

fn facts(table: &Table, voice: &Voice) -> Vec<Fact> {
    let totals = Row::totals(table);
    let fact = |(index, column): (usize, &Column)| {
        let value = totals.figure(index)?;
        let told = told(column, value, voice);
        let state = totals.state(index).zip(totals.target(index, column));
        Some(match state {
            Some((state, target)) => targeted(told, state, &target, column, voice),
            None => Fact { rank: UNTARGETED, text: told },
        })
    };
    let mut facts: Vec<Fact> = table.columns.iter().enumerate().filter_map(fact).collect();
    facts.sort_by_key(|fact| fact.rank);
    facts.truncate(FACTS);
    facts
}

/// What a figure says, in words where the metric has some.
fn told(column: &Column, value: f64, voice: &Voice) -> String {
    let figure = voice.numbers.number(value, column.unit);
    let language = voice.language;
    let (one, several) = match column.metric.name.as_str() {
        // With a filter of its own it is not all of them, and only its label says what it is.
        _ if !column.metric.filters.is_empty() => (None, None),
        "CONTACTS_QUEUED" => (Some("1 contact queued"), Some("{n} contacts queued")),
        "CONTACTS_HANDLED" => (Some("1 contact handled"), Some("{n} contacts handled")),
        "CONTACTS_CREATED" => (Some("1 contact created"), Some("{n} contacts created")),
        "CONTACTS_ABANDONED" => (Some("1 abandoned"), Some("{n} abandoned")),
        "ABANDONMENT_RATE" => (None, Some("{n} of contacts abandoned")),
        "AVG_QUEUE_ANSWER_TIME" => (None, Some("answered after {n} on average")),
        "AVG_HANDLE_TIME" => (None, Some("handled in {n} on average")),
        "MAX_QUEUED_TIME" => (None, Some("longest wait {n}")),
        "AGENT_OCCUPANCY" => (None, Some("occupancy {n}")),
        "SERVICE_LEVEL" => (None, Some("service level {n} in {threshold} s")),
        _ => (None, None),
    };
    let threshold = column.metric.threshold.map_or(0, |threshold| threshold.seconds).to_string();
    match (one, several) {
        (Some(one), _) if figure == "1" => language.say(one).to_owned(),
        (_, Some(several)) => {
            language.say_with(several, &[("n", &figure), ("threshold", &threshold)])
        }
        _ => format!("{} {figure}", column.label),
    }
}

fn targeted(told: String, state: State, target: &Target, column: &Column, voice: &Voice) -> Fact {
    let language = voice.language;
    let bound = voice.numbers.bound(target.value, column.unit);
    let is_floor = matches!(target.bound, Bound::AtLeast | Bound::MoreThan);
    let with_sign = super::context::target_text(target, column.unit, voice);
    let (rank, english, target) = match (state, is_floor) {
        (State::Missed, true) => (0, "{fact}, below the target of {target}", bound),
        (State::Missed, false) => (0, "{fact}, above the target of {target}", bound),
        (State::Near, _) => (1, "{fact}, close to the target of {target}", bound),
        (State::Met, _) => (2, "{fact}, on target ({target})", with_sign),
    };
    Fact { rank, text: language.say_with(english, &[("fact", &told), ("target", &target)]) }
}
