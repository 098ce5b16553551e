//! `metrics`: the catalogue, for those who write definitions.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{Ended, backquoted, print, wrong};
use crate::definition::nearest;
use crate::metric::{Comparison, METRICS, Metric, find_abbreviation, key_list, limits};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A word in the metric's name, or a term such as SL, ASA, AHT
    word: Option<String>,
    /// Prints the catalogue as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn metrics(arguments: &Arguments) -> Ended {
    let word = arguments.word.as_deref().unwrap_or_default();
    let found: Vec<&Metric> = METRICS.iter().filter(|metric| speaks_of(metric, word)).collect();
    if found.is_empty() {
        let near = nearest(word, METRICS.iter().map(|metric| metric.name));
        let hint = near.map_or_else(
            || "without a word, `metrics` lists them all".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return Err(wrong(format!("no metric has {} in its name", backquoted(word))).hint(hint));
    }
    if arguments.json {
        print::json(&found.into_iter().map(as_json).collect())?;
    } else {
        let described: Vec<String> = found.into_iter().map(described).collect();
        print::out(&described.join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn speaks_of(metric: &Metric, word: &str) -> bool {
    let word = word.to_lowercase();
    let term = find_abbreviation(&word).filter(|term| term.word.eq_ignore_ascii_case(&word));
    let word = term.map_or(word.as_str(), |term| term.words);
    let name = metric.name.to_lowercase();
    name.contains(&word.replace([' ', '-'], "_")) || metric.title.to_lowercase().contains(word)
}

/// The metric in a few lines, with nothing where there is nothing to say.
fn described(metric: &Metric) -> String {
    let mut text = format!("{}\n    {} ({})\n", metric.name, metric.title, metric.unit.as_str());
    let mut line = |what: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{}", wrapped(&format!("    {what:<13}"), &value));
        }
    };
    line("group_by", key_list(metric.groupings()));
    line("filters", key_list(metric.filters()));
    line(
        "needs",
        metric.required_filter().map_or_else(String::new, |key| format!("a filter {key}")),
    );
    line("threshold", threshold(metric));
    line("where", metric_filters(metric));
    line(
        "at most",
        metric.most_per_request().map_or_else(String::new, |most| format!("{most} in a section")),
    );
    line("available", metric.availability().unwrap_or_default().to_owned());
    text
}

fn threshold(metric: &Metric) -> String {
    let comparisons: Vec<&str> =
        metric.thresholds().iter().map(|c| Comparison::as_str(*c)).collect();
    if comparisons.is_empty() {
        return String::new();
    }
    let (low, high) = (limits::THRESHOLD_SECONDS.start(), limits::THRESHOLD_SECONDS.end());
    format!("needed, {low} to {high} seconds; comparison {}", comparisons.join(" or "))
}

fn metric_filters(metric: &Metric) -> String {
    let filters = metric.metric_filters().iter().map(|filter| match filter.values {
        [] => filter.key.to_owned(),
        values => format!("{} ({})", filter.key, values.join(", ")),
    });
    let filters = filters.collect::<Vec<_>>().join("; ");
    match filters.is_empty() || metric.can_negate() {
        true => filters,
        false => format!("{filters}; not with where_not"),
    }
}

/// The words of a line after its first part, broken before column 100.
fn wrapped(first: &str, words: &str) -> String {
    const WIDTH: usize = 100;
    let indent = " ".repeat(first.len());
    let (mut lines, mut line) = (Vec::new(), first.trim_end().to_owned());
    for word in words.split(' ') {
        let start = if line.len() < first.len() { first.len() - line.len() } else { 1 };
        if line.len() + start + word.len() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
        } else {
            let _ = write!(line, "{}{word}", " ".repeat(start));
        }
    }
    lines.push(line);
    lines.join("\n")
}

fn as_json(metric: &Metric) -> Value {
    let filters = metric.metric_filters().iter().map(|filter| {
        json!({ "key": filter.key, "values": filter.values, "negate": metric.can_negate() })
    });
    let thresholds: Vec<_> = metric.thresholds().iter().map(|c| c.as_str()).collect();
    json!({
        "name": metric.name,
        "title": metric.title,
        "unit": metric.unit,
        "groupings": metric.groupings().collect::<Vec<_>>(),
        "filters": metric.filters().collect::<Vec<_>>(),
        "required_filter": metric.required_filter(),
        "comparisons": thresholds,
        "metric_filters": filters.collect::<Vec<_>>(),
        "most_per_request": metric.most_per_request(),
        "availability": metric.availability(),
    })
}
