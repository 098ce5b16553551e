//! Reading the `metrics` of a section: each entry is one column.

use super::problem::{Problems, choice, nearest};
use super::reader::{Table, Value};
use super::report::{Column, Dimension, MetricFilter, MetricQuery, Threshold};
use super::section::DIMENSIONS;
use crate::metric::{self, Comparison, METRICS, Metric, Unit};

/// The columns, if every one of them could be read.
pub(super) fn read_all(
    problems: &Problems<'_>,
    value: Value<'_>,
    group_by: &[Dimension],
    filters: &[Dimension],
) -> Option<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    let entries = problems.list(value, "a list such as [\"CONTACTS_QUEUED\"]");
    let of = entries.len();
    for value in entries {
        let Some(column) = read_column(problems, value) else {
            continue;
        };
        if let Some(metric) = metric::find(&column.metric.name) {
            check_keys(problems, value, metric, group_by, filters);
        }
        if columns.iter().any(|other| other.label == column.label) {
            let message = format!("two columns have the label `{}`", column.label);
            problems.error(
                &value.span(),
                "repeated-label",
                message,
                "give one of them a `label` of its own",
            );
            continue;
        }
        columns.push(column);
    }
    (columns.len() == of).then_some(columns)
}

/// What a metric can't be grouped or filtered by (GetMetricDataV2, Metrics).
fn check_keys(
    problems: &Problems<'_>,
    value: Value<'_>,
    metric: &Metric,
    group_by: &[Dimension],
    filters: &[Dimension],
) {
    let allowed = || {
        let keys: Vec<_> = DIMENSIONS.iter().copied().filter(|key| metric.groups_by(key)).collect();
        match keys.is_empty() {
            true => "use it in no section for now: it takes none of QUEUE, CHANNEL, ROUTING_PROFILE, AGENT".to_owned(),
            false => format!("{} takes {}; put it into a section of its own", metric.name, keys.join(", ")),
        }
    };
    for dimension in group_by.iter().filter(|dimension| !metric.groups_by(dimension.key())) {
        let message = format!("{} can't be grouped by {}", metric.name, dimension.key());
        problems.error(&value.span(), "metric-grouping", message, allowed());
    }
    for dimension in filters.iter().filter(|dimension| !metric.filters_by(dimension.key())) {
        let message = format!("{} can't be filtered by {}", metric.name, dimension.key());
        problems.error(&value.span(), "metric-filter", message, allowed());
    }
}

fn read_column(problems: &Problems<'_>, value: Value<'_>) -> Option<Column> {
    if value.get_ref().is_str() {
        let name = metric_name(problems, value)?;
        require_threshold(problems, value, &name, false);
        let metric = MetricQuery { name, threshold: None, filters: Vec::new() };
        return Some(column(problems, value, metric, None));
    }
    if !value.get_ref().is_table() {
        let help = "write a name such as \"CONTACTS_QUEUED\", or { name = \"CONTACTS_QUEUED\", label = \"Queued\" }";
        problems.error(&value.span(), "wrong-type", "this is no metric", help);
        return None;
    }
    let mut table = problems.table(value, "the metric")?;
    let name = table
        .required("name", "`name = \"SERVICE_LEVEL\"`")
        .and_then(|value| metric_name(problems, value));
    let has_threshold = table.get("threshold").is_some();
    let threshold = read_threshold(problems, &mut table, name.as_deref());
    let mut filters = Vec::new();
    for (key, negate) in [("where", false), ("where_not", true)] {
        if let Some(value) = table.get(key) {
            filters.extend(read_metric_filters(problems, value, negate, name.as_deref()));
        }
    }
    filters.sort();
    let label = table.get("label").and_then(|value| problems.line(value));
    table.not_yet("target", &[]);
    table.not_yet("warn", &[]);
    table.finish();
    let name = name?;
    require_threshold(problems, value, &name, has_threshold);
    let metric = MetricQuery { name, threshold, filters };
    Some(column(problems, value, metric, label.map(|label| label.value)))
}

fn column(
    problems: &Problems<'_>,
    value: Value<'_>,
    metric: MetricQuery,
    label: Option<String>,
) -> Column {
    let known = metric::find(&metric.name);
    let seconds = metric.threshold.map(|threshold| threshold.seconds);
    let label = label
        .unwrap_or_else(|| known.map_or_else(|| metric.name.clone(), |known| known.title(seconds)));
    Column {
        label,
        // What an unknown metric is measured in is unknown too; its figures are shown as numbers.
        unit: known.map_or(Unit::Count, |known| known.unit),
        is_sum: known.is_some_and(|known| known.is_sum),
        place: problems.place(&value.span()),
        metric,
    }
}

/// A metric's name; an unknown one only warns, because the service gains metrics faster than any
/// catalogue.
fn metric_name(problems: &Problems<'_>, value: Value<'_>) -> Option<String> {
    let name = problems.text(value)?.value;
    if metric::find(&name).is_some() {
        return Some(name);
    }
    let near = nearest(&name, METRICS.iter().map(|metric| metric.name));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let well_formed =
        name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !well_formed {
        let help = format!("{near}metric names are written like CONTACTS_QUEUED");
        problems.error(
            &value.span(),
            "unknown-metric",
            format!("there is no metric `{name}`"),
            help,
        );
        return None;
    }
    let help = format!("{near}If the service knows it, its figures are shown as plain numbers");
    problems.warning(
        &value.span(),
        "unknown-metric",
        format!("the metric `{name}` is not known here"),
        help,
    );
    Some(name)
}

fn require_threshold(problems: &Problems<'_>, value: Value<'_>, name: &str, given: bool) {
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

fn read_threshold(
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
    let allowed =
        metric.map_or(&[Comparison::LessThan, Comparison::LessThanOrEqual][..], Metric::thresholds);
    let comparison = match comparison {
        Some(value) => read_comparison(problems, value, allowed)?,
        None => allowed.first().copied()?,
    };
    let seconds = problems.number(threshold?, 1..=604_800)?;
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

fn read_metric_filters(
    problems: &Problems<'_>,
    value: Value<'_>,
    negate: bool,
    name: Option<&str>,
) -> Vec<MetricFilter> {
    let Some(table) = value.get_ref().as_table() else {
        let help = "write a table such as { INITIATION_METHOD = [\"INBOUND\"] }";
        problems.error(&value.span(), "wrong-type", "found no table", help);
        return Vec::new();
    };
    if table.is_empty() {
        let help = "name what counts, or remove the key";
        problems.error(&value.span(), "empty", "found an empty table", help);
    }
    let metric = name.and_then(metric::find);
    let mut filters = Vec::new();
    for (key, values) in table {
        let key_name = key.get_ref().as_ref();
        if let Some(metric) = metric
            && metric.metric_filter(key_name).is_none()
        {
            let message = format!("{} takes no metric filter `{key_name}`", metric.name);
            let help = match metric.metric_filters() {
                [] => "it takes none; remove `where` and `where_not`".to_owned(),
                filters => {
                    let keys: Vec<_> = filters.iter().map(|filter| filter.key).collect();
                    choice(key_name, &keys)
                }
            };
            problems.error(&key.span(), "unknown-metric-filter", message, help);
            continue;
        }
        let mut values: Vec<String> =
            problems.texts(values).into_iter().map(|(_, text)| text).collect();
        values.sort();
        values.dedup();
        filters.push(MetricFilter { negate, key: key_name.to_owned(), values });
    }
    filters
}
