//! The result in one sentence: what a reader has to know who reads nothing else.
//!
//! It tells up to four figures: those that are headline figures (`kind = "totals"`), or the totals of the
//! first table. The section's title stands before them where a filter leaves contacts out. Figures that miss
//! a target come first, then those that are near one, then those that meet one, each with the target. The
//! others follow in the order of the definition.

use super::figure::Row;
use super::isolate::isolated;
use super::wording::{Localizer, column_label, target_text};
use crate::definition::{Bound, Column, Kind, State, Target};
use crate::language::capitalised;
use crate::table::Table;
use crate::table::rounding::Rounded;

/// The most figures that it tells.
const MAX_FACTS: usize = 4;

/// The sentence, without a full stop.
pub(super) fn summarize(tables: &[Table], localizer: &Localizer) -> String {
    let headline = tables.iter().find(|table| table.kind == Kind::Totals);
    let first = tables.iter().find(|table| table.kind == Kind::Table);
    let table = headline.or(first);
    let facts = table.map_or_else(Vec::new, |table| headline_facts(table, localizer));
    let all_quiet = tables.iter().all(|table| table.is_quiet);
    if all_quiet && !tables.is_empty() {
        return localizer.language.say("No contacts in this window").to_owned();
    }
    if facts.is_empty() {
        return match table {
            Some(_) => localizer.language.say("No figures are available").to_owned(),
            None => String::new(),
        };
    }
    let (told, rest): (Vec<_>, Vec<_>) =
        facts.into_iter().partition(|fact| fact.rank < NO_TARGET_RANK);
    let mut parts: Vec<String> = told.into_iter().map(|fact| fact.text).collect();
    let rest: Vec<String> = rest.into_iter().map(|fact| fact.text).collect();
    parts.extend((!rest.is_empty()).then(|| rest.join(", ")));
    let between = format!("{} ", localizer.language.say(";"));
    let sentence = capitalised(&parts.join(&between)).into_owned();
    // A sentence about some of the contacts says which they are.
    match table.filter(|table| !table.is_of_everything) {
        Some(table) => {
            let what = isolated(&table.title);
            localizer.language.say_with("{what}: {value}", &[("what", &what), ("value", &sentence)])
        }
        None => sentence,
    }
}

struct Fact {
    /// The smaller, the sooner it is told.
    rank: u8,
    text: String,
}

/// The rank of what has no target.
const NO_TARGET_RANK: u8 = 3;

fn headline_facts(table: &Table, localizer: &Localizer) -> Vec<Fact> {
    let totals = Row::totals(table);
    let columns = table.columns.iter().enumerate();
    let facts = columns.filter_map(|(index, column)| {
        let shown = totals.rounded(index, column)?;
        let text = fact_text(column, shown, localizer);
        let state = totals.state(index).zip(totals.target(index, column));
        Some(match state {
            Some((state, target)) => Judged { shown, state, target }.fact(&text, column, localizer),
            None => Fact { rank: NO_TARGET_RANK, text },
        })
    });
    let mut facts: Vec<Fact> = facts.collect();
    facts.sort_by_key(|fact| fact.rank);
    facts.truncate(MAX_FACTS);
    facts
}

/// The figure of a column in words, where the metric has some; else behind its label.
fn fact_text(column: &Column, shown: Rounded, localizer: &Localizer) -> String {
    let figure = localizer.numbers.rounded(shown, column.unit);
    let language = localizer.language;
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
        "SERVICE_LEVEL" => (None, Some("service level {n} in {threshold}")),
        _ => (None, None),
    };
    let threshold = column.metric.threshold.map_or(0, |threshold| threshold.seconds);
    let threshold = format!("{threshold}\u{a0}s");
    match (one, several) {
        (Some(one), _) if figure == "1" => language.say(one).to_owned(),
        (_, Some(several)) => {
            language.say_with(several, &[("n", &figure), ("threshold", &threshold)])
        }
        _ => format!("{} {figure}", column_label(column)),
    }
}

/// A figure as it is shown, and where it stands to its target.
struct Judged {
    shown: Rounded,
    state: State,
    target: Target,
}

impl Judged {
    fn fact(&self, fact: &str, column: &Column, localizer: &Localizer) -> Fact {
        let Self { shown, state, target } = self;
        let bound = localizer.numbers.written_number(target.value, column.unit);
        let is_floor = matches!(target.bound, Bound::AtLeast | Bound::MoreThan);
        let with_sign = target_text(target, column.unit, localizer);
        let (rank, english, target) = match state {
            // Neither below it nor above it.
            State::Missed if shown.number == target.value => {
                (0, "{fact}, target missed ({target})", with_sign)
            }
            State::Missed if is_floor => (0, "{fact}, below the target of {target}", bound),
            State::Missed => (0, "{fact}, above the target of {target}", bound),
            State::Near => (1, "{fact}, close to the target of {target}", bound),
            State::Met => (2, "{fact}, on target ({target})", with_sign),
        };
        let values = [("fact", fact), ("target", target.as_str())];
        Fact { rank, text: localizer.language.say_with(english, &values) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{NO_DATA, Scene, now};
    use super::*;
    use crate::plan::Figure;

    const DEFINITION: &str = r#"
title    = "Report"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title   = "At a glance"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = [
    "CONTACTS_QUEUED",
    { name = "SERVICE_LEVEL", threshold = 20, target = ">= 80", warn = ">= 70" },
    { name = "AVG_QUEUE_ANSWER_TIME", target = "<= 30" },
]
"#;

    fn fact_text(definition: &str, totals: [Figure; 3]) -> String {
        let queues = [("Sales", [NO_DATA; 3], [NO_DATA; 3])];
        let scene = Scene { definition, queues: &queues, totals: (totals, totals) };
        let told =
            scene.with(|contents, _| summarize(contents.tables, &Localizer::new(contents.report)));
        told.unwrap().replace('\u{a0}', " ")
    }

    #[test]
    fn what_misses_its_target_is_told_first() {
        for (totals, expected) in [
            (
                now([1_204.0, 78.4, 34.0]),
                "Answered after 0:34 on average, above the target of 0:30; service level 78.4% in \
                 20 s, close to the target of 80%; 1,204 contacts queued",
            ),
            (
                now([1.0, 40.0, 30.0]),
                "Service level 40.0% in 20 s, below the target of 80%; answered after 0:30 on \
                 average, on target (≤ 0:30); 1 contact queued",
            ),
            ([Figure::Value(0.0), NO_DATA, NO_DATA], "0 contacts queued"),
            ([NO_DATA; 3], "No figures are available"),
        ] {
            assert_eq!(fact_text(DEFINITION, totals), expected);
        }
    }

    /// What is said of a figure and its target is true of the numbers that are printed.
    #[test]
    fn what_is_nearly_its_target_is_told_with_more_digits() {
        let strict = DEFINITION.replace(">= 80\"", "> 80\"").replace("<= 30", "< 30");
        for (definition, totals, expected) in [
            (
                DEFINITION,
                [9.0, 69.978, 30.4],
                "Service level 69.98% in 20 s, below the target of 80%; answered after 0:30.4 on \
                 average, above the target of 0:30; 9 contacts queued",
            ),
            (
                DEFINITION,
                [9.0, 79.999_96, 29.6],
                "Service level 79.999% in 20 s, close to the target of 80%; answered after 0:30 on \
                 average, on target (≤ 0:30); 9 contacts queued",
            ),
            (
                &strict,
                [9.0, 80.0, 30.0],
                "Answered after 0:30 on average, target missed (< 0:30); service level 80.0% in 20 \
                 s, close to the target of 80%; 9 contacts queued",
            ),
        ] {
            assert_eq!(fact_text(definition, now(totals)), expected);
        }
    }

    #[test]
    fn what_is_filtered_is_called_by_its_label() {
        let definition = DEFINITION.replace(
            "\"CONTACTS_QUEUED\",",
            "{ name = \"CONTACTS_HANDLED\", label = \"Inbound\", where = { INITIATION_METHOD = [\"INBOUND\"] } },",
        );
        assert_eq!(
            fact_text(&definition, now([5.0, 90.0, 7.0])),
            "Service level 90.0% in 20 s, on target (≥ 80%); answered after 0:07 on average, on \
             target (≤ 0:30); Inbound 7"
        );
    }

    #[test]
    fn german_has_its_own_words() {
        let definition = DEFINITION.replace("email ", "locale = \"de\"\nemail ");
        assert_eq!(
            fact_text(&definition, now([1_204.0, 78.4, 29.0])),
            "Servicelevel 78,4 % in 20 s, knapp am Ziel von 80 % vorbei; im Schnitt nach 0:29 \
             angenommen, Ziel erreicht (≤ 0:30); 1.204 angebotene Kontakte"
        );
    }
}
