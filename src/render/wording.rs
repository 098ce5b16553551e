//! The words of a message: names of rows, headings, targets, and what totals are of.

use super::isolate::isolated;
use super::line::one_line;
use crate::definition::{Bound, Column, Dimension, Report, Target};
use crate::language::Language;
use crate::metric::Unit;
use crate::table::format::Numbers;
use crate::table::{Table, TableRow};
use crate::window::Window;

/// The words and numbers of a message.
#[derive(Debug)]
pub(super) struct Localizer {
    pub(super) language: Language,
    pub(super) numbers: Numbers,
}

impl Localizer {
    pub(super) fn new(report: &Report) -> Self {
        Self { language: report.locale.language(), numbers: Numbers::new(&report.locale) }
    }
}

/// The names of a row's members for people: channels are words.
pub(super) fn row_names(table: &Table, row: &TableRow, language: Language) -> Vec<String> {
    all_names(table, row, language, |dimension, name| {
        let word = channel_word(name, language).filter(|_| *dimension == Dimension::Channel);
        word.map_or_else(|| one_line(name), ToOwned::to_owned)
    })
}

/// The names of a row's members as data, as in the other attachments: channels are Connect's values.
pub(super) fn data_names(table: &Table, row: &TableRow, language: Language) -> Vec<String> {
    all_names(table, row, language, |_, name| one_line(name))
}

fn all_names(
    table: &Table,
    row: &TableRow,
    language: Language,
    known: impl Fn(&Dimension, &str) -> String,
) -> Vec<String> {
    let is_nothing = row.members.iter().all(|member| member.id.is_none());
    let groupings = table.group_by.iter().zip(&table.headings);
    let members = row.members.iter().zip(groupings);
    let names = members.map(|(member, (dimension, heading))| match &member.name {
        Some(name) => known(dimension, name),
        // A selected queue without contacts has no channel, and contacts may have no agent.
        None if is_nothing || table.group_by.len() == 1 => no_member(dimension, heading, language),
        None => "–".to_owned(),
    });
    names.collect()
}

/// The heading of a column: a threshold stays on a line with its unit.
pub(super) fn column_heading(column: &Column) -> String {
    let Some(threshold) = column.metric.threshold else {
        return column.label.clone();
    };
    let seconds = threshold.seconds;
    column.label.replace(&format!("{seconds} s"), &format!("{seconds}\u{a0}s"))
}

/// The same on a line with something else.
pub(super) fn column_label(column: &Column) -> String {
    isolated(&column_heading(column))
}

/// The name of contacts that have none of a dimension: `No agent`.
fn no_member(dimension: &Dimension, heading: &str, language: Language) -> String {
    // A level of the hierarchy has a name of its own. Other words are small within a phrase, except
    // for German nouns.
    let is_name = dimension.title() != heading || language.has_capital_nouns();
    let said = isolated(language.say(heading));
    let what = if is_name { said } else { said.to_lowercase() };
    language.say_with("No {what}", &[("what", &what)])
}

/// The word for a value of `CHANNEL` (GetMetricDataV2, Filters): `Voice`.
pub(super) fn channel_word(value: &str, language: Language) -> Option<&'static str> {
    Some(match value {
        "VOICE" => language.say("Voice"),
        "CHAT" => language.say("Chat"),
        "TASK" => language.say("Task"),
        "EMAIL" => language.say("Email"),
        _ => return None,
    })
}

/// The headings over the names of rows.
pub(super) fn table_headings(table: &Table, language: Language) -> Vec<String> {
    let groupings = table.headings.iter().map(|heading| one_line(language.say(heading)));
    let intervals = table.has_intervals.then(|| language.say("Time").to_owned());
    groupings.chain(intervals).collect()
}

/// The name of an interval of a window: the hours of a day, or days.
pub(super) fn interval_name(window: &Window, interval: &Window, language: Language) -> String {
    if window.is_one_day() {
        interval.clock_times(language)
    } else {
        interval.interval_label(language)
    }
}

/// The label of the totals.
pub(super) fn totals_label(table: &Table, language: Language) -> &'static str {
    let all = table.selects_all;
    language.say(match (table.group_by.as_slice(), all) {
        ([Dimension::Queue], true) => "All queues",
        ([Dimension::Queue], false) => "These queues",
        ([Dimension::Channel], true) => "All channels",
        ([Dimension::Channel], false) => "These channels",
        ([Dimension::RoutingProfile], true) => "All routing profiles",
        ([Dimension::RoutingProfile], false) => "These routing profiles",
        ([Dimension::Agent], true) => "All agents",
        ([Dimension::Agent], false) => "These agents",
        (_, true) => "All",
        (_, false) => "These",
    })
}

/// `≥ 80%`
pub(super) fn target_text(target: &Target, unit: Unit, localizer: &Localizer) -> String {
    let sign = match target.bound {
        Bound::AtLeast => "≥",
        Bound::MoreThan => ">",
        Bound::AtMost => "≤",
        Bound::LessThan => "<",
    };
    format!("{sign}\u{a0}{}", localizer.numbers.written_number(target.value, unit))
}

/// The targets of a column, in words.
pub(super) fn target_words(
    table: &Table,
    column: &Column,
    localizer: &Localizer,
) -> Option<String> {
    let told = |target: &Target| target_text(target, column.unit, localizer);
    let own = column.target.as_ref().map(|target| format!(" {}", told(target)));
    let near = column.warn.as_ref().map(|warn| {
        localizer.language.say_with("near: {target}", &[("target", &told(&warn.value))])
    });
    let has_channels = table.group_by.contains(&Dimension::Channel);
    let named = column.targets.iter().map(|(name, target)| {
        let word = channel_word(name, localizer.language).filter(|_| has_channels);
        format!("{}: {}", isolated(word.unwrap_or(name)), told(target))
    });
    let more: Vec<String> = near.into_iter().chain(named).collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join("; ")) };
    column
        .has_target()
        .then(|| format!("{}{}{more}", column_label(column), own.unwrap_or_default()))
}
