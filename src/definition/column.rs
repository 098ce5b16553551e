//! Reading the `metrics` of a section: each entry is one column.

use std::collections::BTreeMap;

use super::dimension::Dimension;
use super::filter::{Filters, is_uuid};
use super::keys::METRIC;
use super::problem::{Problems, choice, nearest};
use super::reader::{Entry, Table, Value};
use super::report::{Column, MetricFilter, MetricQuery, Threshold};
use super::target;
use crate::metric::{self, Comparison, METRICS, Metric, Unit, limits};

/// The columns, if every one of them could be read, and the known metrics among them.
pub(super) fn read_all(
    problems: &Problems<'_>,
    value: Value<'_>,
    group_by: &[Dimension],
    filters: &Filters,
) -> (Option<Vec<Column>>, Vec<&'static Metric>) {
    let (mut columns, mut metrics) = (Vec::<Column>::new(), Vec::new());
    let entries = problems.list(value, "a list such as [\"CONTACTS_QUEUED\"]");
    let of = entries.len();
    for value in entries {
        let Some(column) = read_column(problems, value) else {
            continue;
        };
        if let Some(metric) = metric::find(&column.metric.name) {
            check_keys(problems, value, metric, group_by, filters);
            metrics.push(metric);
        }
        check_count(problems, value, &column, &columns);
        if columns.iter().any(|other| other.label == column.label) {
            let message = format!("two columns have the label `{}`", column.label);
            let name = &column.metric.name;
            let help = format!("give one of them a label: {{ name = \"{name}\", label = \"…\" }}");
            problems.error(&value.span(), "repeated-label", message, help);
            continue;
        }
        columns.push(column);
    }
    ((columns.len() == of).then_some(columns), metrics)
}

/// What a metric can't be grouped or filtered by (GetMetricDataV2, Metrics). Of a few keys the
/// reference does not say which metrics take them; those are warned of where they stand.
fn check_keys(
    problems: &Problems<'_>,
    value: Value<'_>,
    metric: &'static Metric,
    group_by: &[Dimension],
    filters: &Filters,
) {
    let name = metric.name;
    let of_some = |key: &&Dimension| METRICS.iter().any(|metric| metric.groups_by(key.key()));
    for key in group_by.iter().filter(of_some).filter(|key| !metric.groups_by(key.key())) {
        let message = format!("{name} can't be grouped by {}", key.key());
        let help = apart(name, "is grouped by", metric.groupings());
        problems.error(&value.span(), "metric-grouping", message, help);
    }
    let of_some = |key: &&Dimension| METRICS.iter().any(|metric| metric.filters_by(key.key()));
    for key in filters.keys().filter(of_some).filter(|key| !metric.filters_by(key.key())) {
        let message = format!("{name} can't be filtered by {}", key.key());
        let help = apart(name, "is filtered by", metric.filters());
        problems.error(&value.span(), "metric-filter", message, help);
    }
    if let Some(key) = metric.required_filter()
        && !filters.contains_key(&Dimension::of_key(key))
    {
        let message = format!("{name} needs a filter {key}");
        let help = format!("add `{key} = [\"…\"]` to `filters`");
        problems.error(&value.span(), "missing-filter", message, help);
    }
}

fn apart(name: &str, what: &str, keys: impl Iterator<Item = &'static str>) -> String {
    format!("{name} {what} {}; put it into a section of its own", metric::listed(keys))
}

/// How often one request takes the same metric, and how many it takes by id.
fn check_count(problems: &Problems<'_>, value: Value<'_>, column: &Column, before: &[Column]) {
    let name = &column.metric.name;
    let of_name = || before.iter().filter(|other| other.metric.name == *name).count();
    if let Some(most) = metric::find(name).and_then(Metric::most_per_request)
        && of_name() == most
    {
        let message = format!("a section may show {name} {most} times");
        let help = "put the others into a section of their own";
        problems.error(&value.span(), "too-many-of-metric", message, help);
    }
    let ids = before.iter().filter(|other| is_metric_id(&other.metric.name)).count();
    if is_metric_id(name) && ids == limits::METRIC_IDS {
        let message = format!("a section may show {} metrics by their id", limits::METRIC_IDS);
        let help = "put the others into a section of their own";
        problems.error(&value.span(), "too-many-metric-ids", message, help);
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
    read_table(problems, value, problems.table(value, &METRIC)?)
}

fn read_table<'d>(
    problems: &'d Problems<'d>,
    value: Value<'d>,
    mut table: Table<'d>,
) -> Option<Column> {
    let name = read_name(&mut table);
    let has_threshold = table.get("threshold").is_some();
    let threshold = read_threshold(problems, &mut table, name.as_deref());
    let mut filters = Vec::new();
    for (key, negate) in [("where", false), ("where_not", true)] {
        if let Some(value) = table.get(key) {
            filters.extend(read_metric_filters(problems, value, negate, name.as_deref()));
        }
    }
    check_filter_count(problems, value, &filters);
    filters.sort();
    let label = table.get("label").and_then(|value| problems.line(value));
    let target = table.get("target").and_then(|value| target::read(problems, value));
    let warned = table.get("warn");
    let warn = warned.and_then(|value| target::read(problems, value));
    if let (Some(value), Some(warn)) = (warned, warn) {
        target::check_warn(problems, value, warn, target);
    }
    let by_name = table.get("targets").and_then(|value| target::read_by_name(problems, value));
    table.finish();
    let name = name?;
    require_threshold(problems, value, &name, has_threshold);
    let metric = MetricQuery { name, threshold, filters };
    let column = column(problems, value, metric, label.map(|label| label.value));
    Some(Column { target, warn, targets: by_name.unwrap_or_default(), ..column })
}

/// The metric's name, or its id where it is a metric of the customer's own.
fn read_name(table: &mut Table<'_>) -> Option<String> {
    let problems = table.problems();
    let (name, id) = (table.get("name"), table.get("id"));
    match (name, id) {
        (Some(name), None) => metric_name(problems, name),
        (None, Some(id)) => {
            if table.get("label").is_none() {
                let help = "add `label = \"First contact resolution\"`, which people read";
                let message = "a metric that is known by its id has no name of its own";
                problems.error(&id.span(), "missing-label", message, help);
            }
            problems.not_yet(&id.span(), "metrics by their id", "remove the metric");
            let wanted = "the id of a metric, or its ARN, of 150 characters at most";
            problems
                .parsed(id, "metric-id", wanted, |text| is_metric_id(text).then(|| text.to_owned()))
        }
        (Some(_), Some(id)) => {
            let help = "keep `name` for a metric of Connect, `id` for one of your own";
            problems.error(&id.span(), "name-and-id", "a metric has a name or an id", help);
            None
        }
        (None, None) => {
            table.required("name");
            None
        }
    }
}

/// An id is an ARN or a UUID (GetMetricDataV2, `MetricId`); names are neither.
fn is_metric_id(text: &str) -> bool {
    (is_uuid(text) || text.starts_with("arn:")) && text.chars().count() <= limits::METRIC_ID_LENGTH
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
        target: None,
        warn: None,
        targets: BTreeMap::new(),
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
        let help = format!("{near}Metric names are written like CONTACTS_QUEUED");
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
fn read_metric_filters(
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
            if !known.is_empty() && !known.contains(&text) {
                let message = format!("the {key} `{text}` is not known here");
                let help = format!("{}; if the service has it, leave it", choice(text, known));
                problems.warning(&value.span(), "unknown-metric-filter-value", message, help);
            }
        }
    }
}

fn check_filter_count(problems: &Problems<'_>, value: Value<'_>, filters: &[MetricFilter]) {
    if filters.len() > limits::METRIC_FILTERS {
        let message = format!(
            "found {} metric filters, a metric takes {}",
            filters.len(),
            limits::METRIC_FILTERS
        );
        let help = "remove some from `where` and `where_not` (GetMetricDataV2, MetricFilters)";
        problems.error(&value.span(), "too-many-metric-filters", message, help);
    }
}
