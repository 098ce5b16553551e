//! Reading what makes a metric's figure this one and no other: name, threshold, metric filters.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::keys::{METRIC, belongs_outside};
use super::limits::MAX_TITLE;
use super::problem::{Problems, is_written_like_a_name};
use super::reader::{Entry, Table, Value};
use super::report::{MetricFilter, Threshold};
use super::selection::LEFT_OUT;
use crate::metric::{self, Abbreviation, Comparison, METRICS, Metric, limits};

/// A metric's name; an unknown one only warns, because the service gains metrics faster than any
/// catalogue.
pub(super) fn metric_name(
    problems: &Problems<'_>,
    value: Value<'_>,
    form: NameForm,
) -> Option<String> {
    let name = problems.text(value)?.value;
    if metric::find_metric(&name).is_some() {
        return Some(name);
    }
    let abbreviated = meant_by_short_name(&name, form);
    let near = problems.did_you_mean(&name, METRICS.iter().map(|metric| metric.name));
    if !is_written_like_a_name(&name) {
        let written_like = format!("{near}Metric names are written like CONTACTS_QUEUED");
        let help = abbreviated.unwrap_or(written_like);
        problems.error(
            &value.span(),
            "unknown-metric",
            format!("there is no metric `{name}`"),
            help,
        );
        return None;
    }
    problems.check_length(value, MAX_TITLE)?;
    let plain = format!("{near}If the service knows it, its figures are shown as plain numbers");
    let help = abbreviated.unwrap_or(plain);
    problems.warning(
        &value.span(),
        "unknown-metric",
        format!("the metric `{name}` is not known here"),
        help,
    );
    Some(name)
}

/// The forms in which a definition writes a metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameForm {
    /// As the whole entry.
    Alone,
    /// As `name` of a table, with a threshold beside it or without.
    InTable { has_threshold: bool },
}

/// Tells the metric that is meant by an abbreviation, or by a name with its threshold behind it, and how to
/// write it.
fn meant_by_short_name(name: &str, form: NameForm) -> Option<String> {
    let (metric, lead) = match metric::find_abbreviation(name) {
        Some(Abbreviation { word, metric, words }) => {
            (metric::find_metric(metric)?, format!("{word} is {words}: write "))
        }
        None => (
            with_threshold_behind(name)?,
            "the threshold is no part of the name: write ".to_owned(),
        ),
    };
    let name_of = metric.name;
    let threshold = (!metric.thresholds().is_empty())
        .then(|| format!(", threshold = {}", threshold_behind(name).unwrap_or(20)));
    let threshold = threshold.unwrap_or_default();
    let written = match form {
        NameForm::Alone if threshold.is_empty() => format!("\"{name_of}\""),
        NameForm::Alone => format!("{{ name = \"{name_of}\"{threshold} }}"),
        NameForm::InTable { has_threshold: true } => format!("`name = \"{name_of}\"`"),
        NameForm::InTable { has_threshold: false } => format!("`name = \"{name_of}\"{threshold}`"),
    };
    Some(format!("{lead}{written}"))
}

/// The metric with a threshold whose name a text begins with: `SERVICE_LEVEL_30` and `SERVICE_LEVEL_IN_30`.
fn with_threshold_behind(text: &str) -> Option<&'static Metric> {
    threshold_behind(text)?;
    let upper = text.to_ascii_uppercase().replace([' ', '-'], "_");
    let takes_one = METRICS.iter().filter(|metric| !metric.thresholds().is_empty());
    takes_one
        .filter(|metric| upper.starts_with(metric.name.trim_end_matches("_X")))
        .max_by_key(|metric| metric.name.len())
}

/// The seconds that stand behind a name, as in `SL_30`, `SL30S` and `SL_2MIN`; of several numbers the last:
/// in `SL_80_20` the first is the target.
fn threshold_behind(text: &str) -> Option<u32> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (before, unit) = text.split_at_checked(end)?;
    let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |last| last + 1);
    let number: u32 = before.get(start..).filter(|_| before.is_ascii())?.parse().ok()?;
    let unit = unit.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
    let seconds = match unit.as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => number,
        "m" | "min" | "mins" | "minute" | "minutes" => number.checked_mul(60)?,
        _ => return None,
    };
    limits::THRESHOLD_SECONDS.contains(&seconds).then_some(seconds)
}

pub(super) fn require_threshold(
    problems: &Problems<'_>,
    value: Value<'_>,
    name: &str,
    given: bool,
) {
    let Some(metric) = metric::find_metric(name) else {
        return;
    };
    if !metric.thresholds().is_empty() && !given {
        let help = format!("write {{ name = \"{name}\", threshold = 20 }}, in seconds");
        problems.error(
            &value.span(),
            "missing-threshold",
            format!("{name} needs a threshold"),
            help,
        );
    }
}

pub(super) fn read_threshold(
    problems: &Problems<'_>,
    table: &mut Table<'_>,
    name: Option<&str>,
) -> Option<Threshold> {
    let threshold = table.get("threshold");
    let comparison = table.get("comparison");
    let metric = name.and_then(metric::find_metric);
    if let (None, None, Some(value)) = (metric, threshold, comparison) {
        let help = "add `threshold` in seconds, or remove `comparison`";
        problems.error(
            &value.span(),
            "missing-threshold",
            "there is nothing to compare with",
            help,
        );
    }
    if let (Some(metric), Some(value)) = (metric, threshold.or(comparison))
        && metric.thresholds().is_empty()
    {
        let message = format!("{} takes no threshold", metric.name);
        problems.error(
            &value.span(),
            "no-threshold",
            message,
            "remove `threshold` and `comparison`",
        );
        return None;
    }
    // Which ones a metric takes that is not known here is not known either.
    let allowed = metric.map_or(&Comparison::ALL[..], Metric::thresholds);
    let comparison = match comparison {
        Some(value) => read_comparison(problems, value, allowed)?,
        None => allowed.first().copied()?,
    };
    let seconds = problems.number(threshold?, limits::THRESHOLD_SECONDS)?;
    Some(Threshold { comparison, seconds })
}

fn read_comparison(
    problems: &Problems<'_>,
    value: Value<'_>,
    allowed: &[Comparison],
) -> Option<Comparison> {
    let name = problems.text(value)?.value;
    let found = Comparison::parse(&name).filter(|comparison| allowed.contains(comparison));
    if found.is_none() {
        let names: Vec<_> = allowed.iter().map(|comparison| comparison.as_str()).collect();
        let message = format!("the comparison can't be `{name}`");
        problems.error(&value.span(), "comparison", message, problems.choice(&name, &names));
    }
    found
}

/// Reads `where` or `where_not`: keys, and the values that count.
pub(super) fn read_metric_filters(
    problems: &Problems<'_>,
    value: Value<'_>,
    negate: bool,
    name: Option<&str>,
) -> Vec<MetricFilter> {
    let metric = name.and_then(metric::find_metric);
    let mut filters = Vec::new();
    let entries = problems.entries(value, "{ INITIATION_METHOD = [\"INBOUND\"] }");
    for (value, key) in entries.unwrap_or_default() {
        if !check_filter_key(problems, &key, negate, metric) {
            continue;
        }
        let texts = problems.texts(value);
        if texts.len() > limits::MAX_METRIC_FILTER_VALUES {
            let message = format!(
                "found {} values, a metric filter takes {}",
                texts.len(),
                limits::MAX_METRIC_FILTER_VALUES
            );
            let help = "remove some of them (GetMetricDataV2, MetricFilterV2)";
            problems.error(&value.span(), "too-many-values", message, help);
        }
        if !check_written_as_values(problems, &texts, WrittenIn { key: key.name, negate, metric }) {
            continue;
        }
        for (value, text) in &texts {
            check_filter_value(problems, value, &key, text, metric);
        }
        let mut values: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        values.sort();
        values.dedup();
        filters.push(MetricFilter { negate, key: key.name.to_owned(), values });
    }
    filters
}

/// The place where the values of a metric filter are written.
struct WrittenIn<'f> {
    key: &'f str,
    /// True under `where_not`.
    negate: bool,
    metric: Option<&'static Metric>,
}

/// Refuses what selects in `filters` and would be a value here, which nothing has: the figure would be 0.
fn check_written_as_values(
    problems: &Problems<'_>,
    texts: &[(Value<'_>, String)],
    place: WrittenIn<'_>,
) -> bool {
    let table = if place.negate { "where_not" } else { "where" };
    let is_sign = |text: &str| text.starts_with(LEFT_OUT) || text == "*";
    let Some((value, text)) = texts.iter().find(|(_, text)| is_sign(text)) else {
        return true;
    };
    let message = match text.as_str() {
        "*" => format!("`*` does not stand for all values in `{table}`"),
        _ => format!("`!` leaves nothing out in `{table}`"),
    };
    problems.error(&value.span(), "no-selector", message, meant_by_selectors(texts, place));
    false
}

/// The table that says what selectors were meant to say.
fn meant_by_selectors(texts: &[(Value<'_>, String)], place: WrittenIn<'_>) -> String {
    let WrittenIn { key, negate, metric } = place;
    let names: Vec<&str> = texts
        .iter()
        .filter_map(|(_, text)| Some(text.strip_prefix(LEFT_OUT)?.trim()))
        .filter(|name| !name.is_empty() && *name != "*")
        .collect();
    let can_negate = metric.is_none_or(Metric::can_negate);
    if names.is_empty() {
        return format!("remove {key} where all of its values count, or name those that are meant");
    }
    if !negate && !can_negate {
        return "name the values that count: this metric takes no `where_not`".to_owned();
    }
    let table = if negate { "where" } else { "where_not" };
    let allowed = metric.and_then(|metric| metric.metric_filter(key));
    let allowed = allowed.map_or(&[][..], |filter| filter.values);
    match suggested_filter(table, key, &names, allowed) {
        Some(filter) => format!("write `{filter}`"),
        None => {
            let most = limits::MAX_METRIC_FILTER_VALUES;
            format!("name the values in `{table}` without `!`: {most} at most, as they are allowed")
        }
    }
}

/// The most characters of a table that a help suggests.
const LONGEST_SUGGESTION: usize = 300;

/// A metric filter with these values as a definition writes it; none where the metric would not take all of
/// them, where there are more than it takes, or more than a help has room for. `allowed` has the values that
/// the metric takes, if these are known.
pub(super) fn suggested_filter(
    table: &str,
    key: &str,
    values: &[impl AsRef<str>],
    allowed: &[&str],
) -> Option<String> {
    let mut known = BTreeSet::new();
    let values = values.iter().map(AsRef::as_ref);
    let values: Vec<&str> = values.filter(|value| known.insert(*value)).collect();
    let is_taken = |value: &str| {
        let is_allowed = allowed.is_empty() || allowed.contains(&value);
        is_allowed && value.chars().nth(MAX_TITLE).is_none()
    };
    let fits = (1..=limits::MAX_METRIC_FILTER_VALUES).contains(&values.len());
    if !fits || !values.iter().all(|value| is_taken(value)) {
        return None;
    }
    let filter = format!("{table} = {{ {} = {values:?} }}", toml_key(key));
    filter.chars().nth(LONGEST_SUGGESTION).is_none().then_some(filter)
}

/// The key as TOML takes it: in quotes where it has more than letters, digits, `_` and `-`.
fn toml_key(key: &str) -> Cow<'_, str> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if key.chars().all(is_bare) { Cow::Borrowed(key) } else { Cow::Owned(format!("{key:?}")) }
}

fn check_filter_key(
    problems: &Problems<'_>,
    key: &Entry<'_>,
    negate: bool,
    metric: Option<&'static Metric>,
) -> bool {
    if !problems.fits(&key.span, key.name, MAX_TITLE) {
        return false;
    }
    let Some(metric) = metric else {
        return true;
    };
    let (of_metric, name) = (metric.name, key.name);
    if metric.metric_filter(name).is_none() {
        let keys: Vec<&str> = metric.metric_filters().iter().map(|filter| filter.key).collect();
        if metric::may_be_metric_filter(name) {
            let message = format!("no metric filter `{name}` of {of_metric} is known here");
            let near = problems.did_you_mean(name, keys.iter().copied());
            let help = format!("{near}If the service takes it for this metric, leave it");
            problems.warning(&key.span, "unknown-metric-filter", message, help);
            return true;
        }
        let table = if negate { "where_not" } else { "where" };
        let help = match (belongs_outside(name, &METRIC, table), keys.is_empty()) {
            (Some(elsewhere), _) => elsewhere,
            _ if metric.filters_by(&name.to_ascii_uppercase()) => {
                let name = name.to_ascii_uppercase();
                format!(
                    "{name} belongs to the `filters` of the section; it counts for all of its metrics"
                )
            }
            (None, true) => "it takes none; remove `where` and `where_not`".to_owned(),
            (None, false) => problems.choice(name, &keys),
        };
        let message = format!("{of_metric} takes no metric filter `{name}`");
        problems.error(&key.span, "unknown-metric-filter", message, help);
        return false;
    }
    if negate && !metric.can_negate() {
        let message = format!("the metric filters of {of_metric} can't be negated");
        let help = "name the values that count under `where`";
        problems.error(&key.span, "no-negation", message, help);
    }
    true
}

fn check_filter_value(
    problems: &Problems<'_>,
    value: Value<'_>,
    key: &Entry<'_>,
    text: &str,
    metric: Option<&'static Metric>,
) {
    if !problems.fits(&value.span(), text, MAX_TITLE) {
        return;
    }
    let key = key.name;
    let filter = metric.and_then(|metric| Some((metric, metric.metric_filter(key)?)));
    match filter {
        Some((metric, filter)) if !filter.values.is_empty() => {
            if !filter.values.contains(&text) {
                let message = format!("{} takes no {key} `{text}`", metric.name);
                let help = problems.choice(text, filter.values);
                problems.error(&value.span(), "unknown-metric-filter-value", message, help);
            }
        }
        _ => {
            let known = metric::metric_filter_values(key);
            if known.contains(&text) {
                return;
            }
            if text.contains('*') {
                let message =
                    format!("`{text}` is no pattern here: {key} is compared with it as it stands");
                let help = "write each value that is meant";
                problems.warning(&value.span(), "no-pattern", message, help);
            }
            if known.is_empty() || text.contains('*') {
                return;
            }
            // The service's own words do not differ from known ones by their letters' case alone.
            if known.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                let message = format!("there is no {key} `{text}`");
                let code = "unknown-metric-filter-value";
                problems.error(&value.span(), code, message, problems.choice(text, known));
                return;
            }
            let message = format!("the {key} `{text}` is not known here");
            let help = format!("{}; if the service has it, leave it", problems.choice(text, known));
            problems.warning(&value.span(), "unknown-metric-filter-value", message, help);
        }
    }
}

/// Checks the number of metric filters, and that none leaves out all that another counts.
pub(super) fn check_filters(problems: &Problems<'_>, value: Value<'_>, filters: &[MetricFilter]) {
    if filters.len() > limits::MAX_METRIC_FILTERS {
        let message = format!(
            "found {} metric filters, a metric takes {}",
            filters.len(),
            limits::MAX_METRIC_FILTERS
        );
        let help = "remove some from `where` and `where_not` (GetMetricDataV2, MetricFilters)";
        problems.error(&value.span(), "too-many-metric-filters", message, help);
    }
    let contradiction = filters.iter().filter(|filter| filter.negate).find(|negated| {
        let mut positive = filters.iter().filter(|other| !other.negate && other.key == negated.key);
        let is_negated = |value| negated.values.binary_search(value).is_ok();
        positive.any(|other| other.values.iter().all(is_negated))
    });
    if let Some(filter) = contradiction {
        let message = format!("`where` and `where_not` leave nothing of {}", filter.key);
        let help = "remove one of the two";
        problems.error(&value.span(), "contradicting-metric-filters", message, help);
    }
}
