//! Reading one `[[section]]`: what it groups and filters by, and its columns.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::problem::{Placed, Problems, choice, nearest};
use super::reader::{Table, Value};
use super::{
    Column, Dimension, Kind, MetricFilter, MetricQuery, Section, Selector, Sort, Threshold,
};
use crate::instance::InstanceArn;
use crate::metric::{self, Comparison, METRICS, Metric, Unit};

const DIMENSIONS: &[&str] = &["QUEUE", "CHANNEL", "ROUTING_PROFILE", "AGENT"];
const CHANNELS: &[&str] = &["VOICE", "CHAT", "TASK", "EMAIL"];

/// Keys that the API has and a later version of this program reads.
const DIMENSIONS_LATER: &[&str] = &[
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
];

pub(super) fn read(mut table: Table<'_>, instance: Option<&InstanceArn>) -> Option<Section> {
    let problems = table.problems();
    let title = table
        .required("title", "`title = \"By queue\"`")
        .and_then(|value| problems.text(value));
    let kind = table
        .get("kind")
        .map_or(Some(Kind::Table), |value| read_kind(problems, value));
    let grouped = table.get("group_by");
    let group_by = grouped.map_or_else(Vec::new, |value| read_group_by(problems, value));
    let filtered = table.required("filters", "`filters = { QUEUE = [\"*\"] }`");
    let filters = filtered.and_then(|value| read_filters(problems, value, instance));
    let columns = table
        .required("metrics", "`metrics = [\"CONTACTS_QUEUED\"]`")
        .map(|value| {
            let filters = filters.iter().flat_map(BTreeMap::keys).copied();
            read_columns(problems, value, &group_by, &filters.collect::<Vec<_>>())
        });
    let sorted = table.get("sort");
    let sort =
        sorted.and_then(|value| read_sort(problems, value, columns.as_deref().unwrap_or_default()));
    let capped = table.get("rows");
    let rows = capped
        .and_then(|value| problems.number(value, 1..=100_000))
        .and_then(NonZeroU32::new);
    if kind == Some(Kind::Totals) {
        for (key, value) in [("group_by", grouped), ("sort", sorted), ("rows", capped)] {
            if let Some(value) = value {
                let message = format!("headline figures (kind = \"totals\") have no `{key}`");
                let help = format!("remove `{key}`, or write kind = \"table\"");
                problems.error(&value.span(), "totals-have-no-rows", message, help);
            }
        }
    }
    for (key, as_now) in [("interval", &[][..]), ("targets", &[])] {
        table.not_yet(key, as_now);
    }
    table.finish();
    Some(Section {
        title: title?.value,
        kind: kind?,
        group_by,
        filters: filters?,
        columns: columns?,
        sort,
        rows,
    })
}

fn read_kind(problems: &Problems<'_>, value: Value<'_>) -> Option<Kind> {
    let name = problems.text(value)?.value;
    match name.as_str() {
        "totals" => Some(Kind::Totals),
        "table" => Some(Kind::Table),
        "trend" => {
            let message = "trends are not supported by this version yet";
            problems.error(&value.span(), "not-yet", message, "allowed: totals, table");
            None
        }
        _ => {
            let message = format!("there is no kind of section `{name}`");
            problems.error(
                &value.span(),
                "unknown-kind",
                message,
                choice(&name, &["totals", "table"]),
            );
            None
        }
    }
}

fn read_group_by(problems: &Problems<'_>, value: Value<'_>) -> Vec<Dimension> {
    let mut group_by = Vec::new();
    for (value, key) in problems.texts(value) {
        match dimension(problems, &value.span(), &key, "grouping") {
            Some(dimension) if group_by.contains(&dimension) => {
                let message = format!("`{key}` stands here twice");
                problems.error(
                    &value.span(),
                    "repeated-grouping",
                    message,
                    "remove one of the two",
                );
            }
            Some(dimension) => group_by.push(dimension),
            None => {}
        }
    }
    group_by
}

fn dimension(
    problems: &Problems<'_>,
    span: &std::ops::Range<usize>,
    key: &str,
    what: &str,
) -> Option<Dimension> {
    let found = Dimension::of_key(key);
    if found.is_none() {
        let (code, message) = match DIMENSIONS_LATER.contains(&key) {
            true => (
                "not-yet",
                format!("the {what} `{key}` is not supported by this version yet"),
            ),
            false => ("unknown-key", format!("there is no {what} `{key}`")),
        };
        problems.error(span, code, message, choice(key, DIMENSIONS));
    }
    found
}

type Filters = BTreeMap<Dimension, Vec<Placed<Selector>>>;

fn read_filters(
    problems: &Problems<'_>,
    value: Value<'_>,
    instance: Option<&InstanceArn>,
) -> Option<Filters> {
    let Some(table) = value.get_ref().as_table() else {
        let help = "write a table such as { QUEUE = [\"*\"], CHANNEL = [\"VOICE\"] }";
        problems.error(&value.span(), "wrong-type", "`filters` is no table", help);
        return None;
    };
    let mut filters = Filters::new();
    for (key, value) in table {
        let Some(dimension) = dimension(problems, &key.span(), key.get_ref(), "filter") else {
            continue;
        };
        let selectors = problems
            .texts(value)
            .into_iter()
            .filter_map(|(value, text)| {
                let selector = selector(problems, value, &text, dimension, instance)?;
                Some(Placed {
                    value: selector,
                    place: problems.place(&value.span()),
                })
            })
            .collect();
        filters.insert(dimension, selectors);
    }
    // The service authorises a request by the resources that its filters name.
    let authorising = [
        Dimension::Queue,
        Dimension::RoutingProfile,
        Dimension::Agent,
    ];
    let any_key = |keys: &[Dimension]| keys.iter().any(|key| filters.contains_key(key));
    if !any_key(&authorising)
        && table
            .keys()
            .all(|key| Dimension::of_key(key.get_ref()).is_some())
    {
        let message = "`filters` names no queue, routing profile or agent";
        problems.error(
            &value.span(),
            "no-authorising-filter",
            message,
            "add `QUEUE = [\"*\"]` for all queues",
        );
    }
    Some(filters)
}

fn selector(
    problems: &Problems<'_>,
    value: Value<'_>,
    text: &str,
    dimension: Dimension,
    instance: Option<&InstanceArn>,
) -> Option<Selector> {
    if dimension == Dimension::Channel {
        if !CHANNELS.contains(&text) {
            let message = format!("there is no channel `{text}`");
            problems.error(
                &value.span(),
                "unknown-channel",
                message,
                choice(text, CHANNELS),
            );
            return None;
        }
        return Some(Selector::Id(text.to_owned()));
    }
    if text == "*" {
        return Some(Selector::All);
    }
    if text.starts_with("arn:") {
        return id_of_arn(problems, value, text, dimension, instance);
    }
    if text.starts_with("tag:") || text.contains(['*', '?']) {
        let message =
            format!("`{text}`: name patterns and tags are not supported by this version yet");
        problems.error(
            &value.span(),
            "not-yet",
            message,
            "write ids, ARNs, exact names, or \"*\" alone for all",
        );
        return None;
    }
    Some(match is_uuid(text) {
        true => Selector::Id(text.to_ascii_lowercase()),
        false => Selector::Name(text.to_owned()),
    })
}

fn id_of_arn(
    problems: &Problems<'_>,
    value: Value<'_>,
    arn: &str,
    dimension: Dimension,
    instance: Option<&InstanceArn>,
) -> Option<Selector> {
    let kind = match dimension {
        Dimension::Queue => "queue",
        Dimension::RoutingProfile => "routing-profile",
        Dimension::Agent => "agent",
        Dimension::Channel => return None,
    };
    // Without a valid instance there is another problem to mend first.
    let prefix = format!("{}/{kind}/", instance?);
    match arn
        .strip_prefix(&prefix)
        .filter(|id| !id.is_empty() && !id.contains('/'))
    {
        Some(id) => Some(Selector::Id(id.to_owned())),
        None => {
            let message = format!(
                "this ARN names no {} of the report's instance",
                dimension.title().to_lowercase()
            );
            problems.error(
                &value.span(),
                "foreign-arn",
                message,
                format!("it must start with {prefix}"),
            );
            None
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts
            .iter()
            .all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn read_columns(
    problems: &Problems<'_>,
    value: Value<'_>,
    group_by: &[Dimension],
    filters: &[Dimension],
) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for value in problems.list(value, "a list such as [\"CONTACTS_QUEUED\"]") {
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
    columns
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
        let keys: Vec<_> = DIMENSIONS
            .iter()
            .copied()
            .filter(|key| metric.groups_by(key))
            .collect();
        match keys.is_empty() {
            true => "use it in no section for now: it takes none of QUEUE, CHANNEL, ROUTING_PROFILE, AGENT".to_owned(),
            false => format!("{} takes {}; put it into a section of its own", metric.name, keys.join(", ")),
        }
    };
    for dimension in group_by
        .iter()
        .filter(|dimension| !metric.groups_by(dimension.key()))
    {
        let message = format!("{} can't be grouped by {}", metric.name, dimension.key());
        problems.error(&value.span(), "metric-grouping", message, allowed());
    }
    for dimension in filters
        .iter()
        .filter(|dimension| !metric.filters_by(dimension.key()))
    {
        let message = format!("{} can't be filtered by {}", metric.name, dimension.key());
        problems.error(&value.span(), "metric-filter", message, allowed());
    }
}

fn read_column(problems: &Problems<'_>, value: Value<'_>) -> Option<Column> {
    if value.get_ref().is_str() {
        let name = metric_name(problems, value)?;
        require_threshold(problems, value, &name, false);
        return Some(column(
            problems,
            value,
            MetricQuery {
                name,
                threshold: None,
                filters: Vec::new(),
            },
            None,
        ));
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
            filters.extend(read_metric_filters(
                problems,
                value,
                negate,
                name.as_deref(),
            ));
        }
    }
    let label = table.get("label").and_then(|value| problems.text(value));
    table.not_yet("target", &[]);
    table.not_yet("warn", &[]);
    table.finish();
    let name = name?;
    require_threshold(problems, value, &name, has_threshold);
    filters.sort();
    Some(column(
        problems,
        value,
        MetricQuery {
            name,
            threshold,
            filters,
        },
        label.map(|label| label.value),
    ))
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
    let well_formed = name
        .chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
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
    let allowed = metric.map_or(
        &[Comparison::LessThan, Comparison::LessThanOrEqual][..],
        Metric::thresholds,
    );
    let comparison = match comparison {
        Some(value) => read_comparison(problems, value, allowed)?,
        None => allowed.first().copied()?,
    };
    let seconds = problems.number(threshold?, 1..=604_800)?;
    Some(Threshold {
        comparison,
        seconds,
    })
}

fn read_comparison(
    problems: &Problems<'_>,
    value: Value<'_>,
    allowed: &[Comparison],
) -> Option<Comparison> {
    let name = problems.text(value)?.value;
    let found = Comparison::parse(&name).filter(|comparison| allowed.contains(comparison));
    if found.is_none() {
        let names: Vec<_> = allowed
            .iter()
            .map(|comparison| comparison.as_str())
            .collect();
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
    let metric = name.and_then(metric::find);
    let mut filters = Vec::new();
    for (key, values) in table {
        let key_name = key.get_ref().as_ref();
        if let Some(metric) = metric
            && !metric.metric_filters().contains(&key_name)
        {
            let message = format!("{} takes no metric filter `{key_name}`", metric.name);
            let help = match metric.metric_filters() {
                [] => "it takes none; remove `where` and `where_not`".to_owned(),
                keys => choice(key_name, keys),
            };
            problems.error(&key.span(), "unknown-metric-filter", message, help);
            continue;
        }
        let mut values: Vec<String> = problems
            .texts(values)
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        values.sort();
        values.dedup();
        filters.push(MetricFilter {
            negate,
            key: key_name.to_owned(),
            values,
        });
    }
    filters
}

fn read_sort(problems: &Problems<'_>, value: Value<'_>, columns: &[Column]) -> Option<Sort> {
    let text = problems.text(value)?.value;
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.as_str(), false),
    };
    let by_label = columns.iter().position(|column| column.label == name);
    let mut by_metric = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.metric.name == name);
    let (first, second) = (by_metric.next(), by_metric.next());
    let column = match (by_label, first, second) {
        (Some(column), _, _) | (None, Some((column, _)), None) => column,
        (None, Some(_), Some(_)) => {
            let message = format!("more than one column shows {name}");
            problems.error(
                &value.span(),
                "sort",
                message,
                "name the column by its label",
            );
            return None;
        }
        (None, None, _) => {
            let labels: Vec<&str> = columns.iter().map(|column| column.label.as_str()).collect();
            let message = format!("there is no column `{name}` to sort by");
            problems.error(&value.span(), "sort", message, choice(name, &labels));
            return None;
        }
    };
    Some(Sort { column, descending })
}
