//! Reading what makes a metric's figure this one and no other: name, threshold, metric filters.

use super::problem::{Problems, choice, did_you_mean, is_written_like_a_name};
use super::reader::{Entry, Table, Value};
use super::report::{MetricFilter, Threshold};
use crate::metric::{self, Abbreviation, Comparison, METRICS, Metric, limits};

/// A metric's name; an unknown one only warns, because the service gains metrics faster than any
/// catalogue.
pub(super) fn metric_name(problems: &Problems<'_>, value: Value<'_>) -> Option<String> {
    let name = problems.text(value)?.value;
    if metric::find(&name).is_some() {
        return Some(name);
    }
    let abbreviated = metric::abbreviated(&name).map(in_full);
    let near = did_you_mean(&name, METRICS.iter().map(|metric| metric.name));
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

/// Tells the metric that an abbreviation means.
fn in_full(Abbreviation { word, metric, words }: &Abbreviation) -> String {
    let has_threshold = metric::find(metric).is_some_and(|known| !known.thresholds().is_empty());
    let written = match has_threshold {
        true => format!("{{ name = \"{metric}\", threshold = 20 }}"),
        false => format!("\"{metric}\""),
    };
    format!("{word} is {words}: write {written}")
}

pub(super) fn require_threshold(
    problems: &Problems<'_>,
    value: Value<'_>,
    name: &str,
    given: bool,
) {
    let Some(metric) = metric::find(name) else {
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
    let metric = name.and_then(metric::find);
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
    let seconds = problems.number(threshold?, limits::THRESHOLD)?;
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
        problems.error(&value.span(), "comparison", message, choice(&name, &names));
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
    let metric = name.and_then(metric::find);
    let mut filters = Vec::new();
    let entries = problems.entries(value, "{ INITIATION_METHOD = [\"INBOUND\"] }");
    for (value, key) in entries.unwrap_or_default() {
        if !check_filter_key(problems, &key, negate, metric) {
            continue;
        }
        let texts = problems.texts(value);
        if texts.len() > limits::METRIC_FILTER_VALUES {
            let message = format!(
                "found {} values, a metric filter takes {}",
                texts.len(),
                limits::METRIC_FILTER_VALUES
            );
            let help = "remove some of them (GetMetricDataV2, MetricFilterV2)";
            problems.error(&value.span(), "too-many-values", message, help);
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

fn check_filter_key(
    problems: &Problems<'_>,
    key: &Entry<'_>,
    negate: bool,
    metric: Option<&'static Metric>,
) -> bool {
    let Some(metric) = metric else {
        return true;
    };
    let (of_metric, name) = (metric.name, key.name);
    if metric.metric_filter(name).is_none() {
        let keys: Vec<&str> = metric.metric_filters().iter().map(|filter| filter.key).collect();
        if metric::may_be_metric_filter(name) {
            let message = format!("no metric filter `{name}` of {of_metric} is known here");
            let near = did_you_mean(name, keys.iter().copied());
            let help = format!("{near}If the service takes it for this metric, leave it");
            problems.warning(&key.span, "unknown-metric-filter", message, help);
            return true;
        }
        let help = match keys.is_empty() {
            true => "it takes none; remove `where` and `where_not`".to_owned(),
            false => choice(name, &keys),
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
    let key = key.name;
    let filter = metric.and_then(|metric| Some((metric, metric.metric_filter(key)?)));
    match filter {
        Some((metric, filter)) if !filter.values.is_empty() => {
            if !filter.values.contains(&text) {
                let message = format!("{} takes no {key} `{text}`", metric.name);
                let help = choice(text, filter.values);
                problems.error(&value.span(), "unknown-metric-filter-value", message, help);
            }
        }
        _ => {
            let known = metric::metric_filter_values(key);
            if known.is_empty() || known.contains(&text) {
                return;
            }
            // The service's own words do not differ from known ones by their letters' case alone.
            if known.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                let message = format!("there is no {key} `{text}`");
                let code = "unknown-metric-filter-value";
                problems.error(&value.span(), code, message, choice(text, known));
                return;
            }
            let message = format!("the {key} `{text}` is not known here");
            let help = format!("{}; if the service has it, leave it", choice(text, known));
            problems.warning(&value.span(), "unknown-metric-filter-value", message, help);
        }
    }
}

/// How many metric filters there are, and whether one counts what another leaves out.
pub(super) fn check_filters(problems: &Problems<'_>, value: Value<'_>, filters: &[MetricFilter]) {
    if filters.len() > limits::METRIC_FILTERS {
        let message = format!(
            "found {} metric filters, a metric takes {}",
            filters.len(),
            limits::METRIC_FILTERS
        );
        let help = "remove some from `where` and `where_not` (GetMetricDataV2, MetricFilters)";
        problems.error(&value.span(), "too-many-metric-filters", message, help);
    }
    let contradiction = filters.iter().filter(|filter| filter.negate).find(|negated| {
        let mut positive = filters.iter().filter(|other| !other.negate && other.key == negated.key);
        positive.any(|other| other.values.iter().all(|value| negated.values.contains(value)))
    });
    if let Some(filter) = contradiction {
        let message = format!("`where` and `where_not` leave nothing of {}", filter.key);
        let help = "remove one of the two";
        problems.error(&value.span(), "contradicting-metric-filters", message, help);
    }
}
