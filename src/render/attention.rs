//! The rows that stand out: the few that a reader should look at first.
//!
//! The rule, for the tables with a row for each queue, agent or whatever they group by:
//!
//! 1. A row stands out where it misses a target, and not where it is near one.
//! 2. A row that misses none stands out where, against the comparison, something has become worse: a
//!    rate by 5 percentage points or more, a time by 25% and 15 seconds or more, a count by 50% and
//!    20 or more. A count that is neither good nor bad, such as contacts queued, stands out where it
//!    has changed so much either way.
//! 3. A row with fewer than 10 contacts does not stand out, where the table counts contacts.
//!
//! Those that miss a target come first, by how far they are off it in proportion to it; then those
//! that have changed, by how far they are beyond what makes them stand out. Three are told, each once
//! and with the figure that is furthest off; of more that miss a target the number. Where there are
//! several such tables each row says which it is of.

use std::cmp::Ordering;

use serde::Serialize;

use super::figure::Row;
use super::isolate::isolated;
use super::line::with_full_stop;
use super::wording::{Localizer, column_label, row_names, target_text};
use crate::definition::{Column, State, Target};
use crate::metric::{Polarity, Unit};
use crate::table::rounding::Rounded;
use crate::table::{Change, Direction, Sense, Table, TableRow};

/// The most rows that are listed.
const MAX_LISTED: usize = 3;
/// The least contacts of a row that may stand out.
const MIN_CONTACTS: f64 = 10.0;
/// By how many percentage points a rate is worse; by how many percent and seconds a time is; by how
/// many percent and by how many a count has changed.
const MIN_RATE_CHANGE: f64 = 5.0;
const MIN_TIME_CHANGE: (f64, f64) = (25.0, 15.0);
const MIN_COUNT_CHANGE: (f64, f64) = (50.0, 20.0);

/// The metrics that count the contacts of a row, the best first.
const CONTACT_METRICS: [&str; 3] = ["CONTACTS_QUEUED", "CONTACTS_HANDLED", "CONTACTS_CREATED"];

/// A row that stands out, or the rest of those that miss a target.
#[derive(Debug, Serialize)]
pub(super) struct AttentionContext {
    /// The row's name; none where this is the rest.
    name: Option<String>,
    /// The sentence about it, without its first word.
    text: String,
}

impl AttentionContext {
    /// One that looks like others.
    pub(super) fn example() -> Self {
        let text = "SL 20 s 64.0 % misses the target ≥ 80 % by 16.0 pp.".to_owned();
        Self { name: Some("Sales".to_owned()), text }
    }
}

/// Finds the rows that stand out; often there are none.
pub(super) fn find(tables: &[Table], localizer: &Localizer) -> Vec<AttentionContext> {
    let mut found = Vec::new();
    for table in tables.iter().filter(|table| !table.group_by.is_empty() && !table.has_intervals) {
        found.extend(table.rows.iter().filter_map(|row| standing_out(table, row)));
    }
    found.sort_by(|one: &Finding<'_>, other| {
        let by_size = other.size.partial_cmp(&one.size).unwrap_or(Ordering::Equal);
        other.is_miss().cmp(&one.is_miss()).then(by_size)
    });
    let mut places: Vec<usize> = found.iter().map(|finding| finding.table.place).collect();
    places.sort_unstable();
    places.dedup();
    let has_several = places.len() > 1;
    let more = found.iter().skip(MAX_LISTED).filter(|finding| finding.is_miss()).count();
    let more = match more {
        0 => None,
        1 => Some(localizer.language.say("1 more missed a target.").to_owned()),
        more => {
            let n = localizer.numbers.whole_count(more);
            Some(localizer.language.say_with("{n} more missed a target.", &[("n", &n)]))
        }
    };
    let more = more.map(|text| AttentionContext { name: None, text });
    found
        .iter()
        .take(MAX_LISTED)
        .map(|finding| finding.told(localizer, has_several))
        .chain(more)
        .collect()
}

/// The reason why a row stands out.
struct Finding<'t> {
    table: &'t Table,
    row: &'t TableRow,
    column: &'t Column,
    /// The column's figure, as it is shown.
    shown: Rounded,
    why: Why,
    /// The distance from its target, or beyond what makes it stand out.
    size: f64,
}

enum Why {
    Missed(Target),
    Changed(Change),
}

fn standing_out<'t>(table: &'t Table, row: &'t TableRow) -> Option<Finding<'t>> {
    if row_contacts(table, row).is_some_and(|contacts| contacts < MIN_CONTACTS) {
        return None;
    }
    let figures = Row::new(table, row);
    let columns = table.columns.iter().enumerate();
    let missed = columns.clone().filter_map(|(index, column)| {
        let target = figures.target(index, column)?;
        let is_missed = figures.state(index) == Some(State::Missed);
        let distance = (figures.figure(index)? - target.value).abs();
        let size = distance / target.value.abs().max(1.0);
        let shown = figures.rounded(index, column).filter(|_| is_missed)?;
        Some(Finding { table, row, column, shown, why: Why::Missed(target), size })
    });
    missed.max_by(Finding::compare_sizes).or_else(|| {
        let changed = columns.filter_map(|(index, column)| {
            let change = figures.change(index, column)?;
            let base = row.compared.get(index)?.value()?;
            let size = notable_ratio(column, change, figures.figure(index)? - base)?;
            let shown = figures.rounded(index, column)?;
            Some(Finding { table, row, column, shown, why: Why::Changed(change), size })
        });
        changed.max_by(Finding::compare_sizes)
    })
}

/// The ratio of a change to the least that stands out, if it does.
fn notable_ratio(column: &Column, change: Change, difference: f64) -> Option<f64> {
    let (least, least_by) = match column.unit {
        Unit::Percent => (MIN_RATE_CHANGE, 0.0),
        Unit::Seconds => MIN_TIME_CHANGE,
        Unit::Milliseconds => (MIN_TIME_CHANGE.0, MIN_TIME_CHANGE.1 * 1_000.0),
        Unit::Count => MIN_COUNT_CHANGE,
    };
    let is_neutral = column.unit == Unit::Count && column.polarity == Polarity::Neither;
    let counts = change.sense == Sense::Worse || is_neutral;
    let size = change.number().abs() / least;
    (counts && size >= 1.0 && difference.abs() >= least_by).then_some(size)
}

/// The number of contacts of a row, where the table tells.
fn row_contacts(table: &Table, row: &TableRow) -> Option<f64> {
    let unfiltered = |name: &&str| {
        let columns = &mut table.columns.iter();
        columns.position(|column| column.metric.name == *name && column.metric.filters.is_empty())
    };
    let column = CONTACT_METRICS.iter().find_map(unfiltered)?;
    // A queue without contacts may have no figure at all.
    Some(row.figures.get(column)?.value().unwrap_or(0.0))
}

impl Finding<'_> {
    fn compare_sizes(&self, other: &Self) -> Ordering {
        self.size.partial_cmp(&other.size).unwrap_or(Ordering::Equal)
    }

    fn is_miss(&self) -> bool {
        matches!(self.why, Why::Missed(_))
    }

    fn told(&self, localizer: &Localizer, has_several: bool) -> AttentionContext {
        let Finding { column, shown, .. } = self;
        let figure = localizer.numbers.rounded(*shown, column.unit);
        let label = column_label(column);
        let label = [("label", label.as_str()), ("figure", figure.as_str())];
        let told = match &self.why {
            Why::Missed(target) => {
                let distance = shown.distance(target.value);
                let distance =
                    distance.map(|distance| localizer.numbers.distance(distance, column.unit));
                let target = target_text(target, column.unit, localizer);
                let values = [("target", target.as_str())];
                match distance {
                    Some(distance) => {
                        let values = [&label[..], &values, &[("distance", &distance)]].concat();
                        let english = "{label} {figure} misses the target {target} by {distance}";
                        localizer.language.say_with(english, &values)
                    }
                    None => {
                        let values = [&label[..], &values].concat();
                        let english = "{label} {figure} misses the target {target}";
                        localizer.language.say_with(english, &values)
                    }
                }
            }
            Why::Changed(change) => {
                let amount = localizer.numbers.amount(*change);
                let against = self.table.comparison.as_ref();
                let against = against.map_or("", |comparison| comparison.label.as_str());
                let values = [("change", amount.as_str()), ("against", against)];
                let values = [label, values].concat();
                match change.direction() {
                    Direction::Down => {
                        let english = "{label} {figure}, down {change} on {against}";
                        localizer.language.say_with(english, &values)
                    }
                    _ => localizer
                        .language
                        .say_with("{label} {figure}, up {change} on {against}", &values),
                }
            }
        };
        let name = row_names(self.table, self.row, localizer.language);
        let name = name.iter().map(|name| isolated(name)).collect::<Vec<_>>().join(" / ");
        let name =
            if has_several { format!("{name} ({})", isolated(&self.table.title)) } else { name };
        AttentionContext { name: Some(name), text: with_full_stop(&told) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{EXAMPLE_SCENE, NO_DATA, Queue, Scene, now};
    use super::*;
    use crate::plan::Figure;

    /// What is told of these queues: contacts queued, service level and speed of answer now and a
    /// week before.
    fn told(queues: &[Queue<'_>]) -> Vec<String> {
        let scene = Scene { queues, ..EXAMPLE_SCENE };
        let told = scene.with(|contents, _| {
            let localizer = Localizer::new(contents.report);
            let line = |item: AttentionContext| match item.name {
                Some(name) => format!("{name}: {}", item.text),
                None => item.text,
            };
            find(contents.tables, &localizer).into_iter().map(line).collect::<Vec<_>>()
        });
        told.unwrap().iter().map(|line| line.replace('\u{a0}', " ")).collect()
    }

    const AS_BEFORE: [f64; 3] = [100.0, 90.0, 20.0];

    #[test]
    fn nothing_stands_out_where_all_is_well() {
        assert!(told(&[("Sales", now(AS_BEFORE), now(AS_BEFORE))]).is_empty());
        assert!(
            told(&[("Loans", [Figure::Value(0.0), NO_DATA, NO_DATA], now(AS_BEFORE))]).is_empty()
        );
    }

    #[test]
    fn what_misses_a_target_comes_first_and_furthest_off_before_others() {
        let before = now(AS_BEFORE);
        let queues = [
            ("Near", now([100.0, 75.0, 20.0]), now([100.0, 76.0, 20.0])),
            ("Slow", now([100.0, 90.0, 60.0]), before),
            ("Off", now([100.0, 65.0, 20.0]), before),
            ("Far off", now([100.0, 20.0, 20.0]), before),
            ("Small", now([9.0, 0.0, 20.0]), before),
        ];
        assert_eq!(
            told(&queues),
            [
                "Far off: SL 20 s 20.0% misses the target ≥ 80% by 60.0 pp.",
                "Off: SL 20 s 65.0% misses the target ≥ 80% by 15.0 pp.",
                "Slow: ASA 1:00, up 200.0% on Monday 16 November 2026.",
            ]
        );
    }

    /// What misses its target by little is shown with the digits in which it does.
    #[test]
    fn a_narrow_miss_is_told_as_far_as_it_is_one() {
        let queues = [("Sales", now([100.0, 69.97, 20.0]), now(AS_BEFORE))];
        let expected = "Sales: SL 20 s 69.97% misses the target ≥ 80% by 10.03 pp.";
        assert_eq!(told(&queues), [expected]);
    }

    #[test]
    fn the_rest_of_those_that_miss_a_target_is_counted() {
        let queue = |name| (name, now([100.0, 10.0, 20.0]), now(AS_BEFORE));
        let lines = told(&["A", "B", "C", "D"].map(queue));
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "1 more missed a target.");
        let lines = told(&["A", "B", "C", "D", "E"].map(queue));
        assert_eq!(lines[3], "2 more missed a target.");
    }

    /// Changes stand out from these on, and not from what is a little less; a rate or a time only
    /// where it is worse, a count either way.
    #[test]
    fn changes_stand_out_from_their_bounds_on() {
        let before = [100.0, 90.0, 20.0];
        for (now_is, expected) in [
            ([100.0, 85.0, 20.0], Some("SL 20 s 85.0%, down 5.0 pp on Monday 16 November 2026.")),
            ([100.0, 85.1, 20.0], None),
            ([100.0, 99.0, 20.0], None),
            ([100.0, 90.0, 35.0], Some("ASA 0:35, up 75.0% on Monday 16 November 2026.")),
            ([100.0, 90.0, 34.9], None),
            ([100.0, 90.0, 1.0], None),
            (
                [150.0, 90.0, 20.0],
                Some("Contacts queued 150, up 50.0% on Monday 16 November 2026."),
            ),
            (
                [50.0, 90.0, 20.0],
                Some("Contacts queued 50, down 50.0% on Monday 16 November 2026."),
            ),
            ([149.0, 90.0, 20.0], None),
        ] {
            let lines = told(&[("Sales", now(now_is), now(before))]);
            let expected: Vec<_> =
                expected.map(|line| format!("Sales: {line}")).into_iter().collect();
            assert_eq!(lines, expected, "{now_is:?}");
        }
        let few = told(&[("Sales", now([25.0, 90.0, 20.0]), now([12.0, 90.0, 20.0]))]);
        assert!(few.is_empty(), "13 more are not many: {few:?}");
    }
}
