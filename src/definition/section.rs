//! Reading one `[[section]]`: what it groups and filters by, and its columns.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::column;
use super::problem::{Placed, Problems, choice};
use super::reader::{Table, Value};
use super::report::{Column, Dimension, Kind, Section, Selector, Sort};
use crate::instance::InstanceArn;
use crate::metric::METRICS;

pub(super) const DIMENSIONS: &[&str] = &["QUEUE", "CHANNEL", "ROUTING_PROFILE", "AGENT"];
const CHANNELS: &[&str] = &["VOICE", "CHAT", "TASK", "EMAIL"];

pub(super) fn read(mut table: Table<'_>, instance: Option<&InstanceArn>) -> Option<Section> {
    let problems = table.problems();
    let title =
        table.required("title", "`title = \"By queue\"`").and_then(|value| problems.line(value));
    let kind = table.get("kind").map_or(Some(Kind::Table), |value| read_kind(problems, value));
    let grouped = table.get("group_by");
    let group_by = grouped.map_or_else(Vec::new, |value| read_group_by(problems, value));
    let filtered = table.required("filters", "`filters = { QUEUE = [\"*\"] }`");
    let filters = filtered.and_then(|value| read_filters(problems, value, instance));
    let listed = table.required("metrics", "`metrics = [\"CONTACTS_QUEUED\"]`");
    let columns = listed.and_then(|value| {
        let filters = filters.iter().flat_map(BTreeMap::keys).copied();
        column::read_all(problems, value, &group_by, &filters.collect::<Vec<_>>())
    });
    let sorted = table.get("sort");
    // Of columns that could not be read, one may be the one that is meant.
    let sort = sorted
        .zip(columns.as_deref())
        .and_then(|(value, columns)| read_sort(problems, value, columns));
    let capped = table.get("rows");
    let rows =
        capped.and_then(|value| problems.number(value, 1..=100_000)).and_then(NonZeroU32::new);
    if kind == Some(Kind::Totals) {
        refuse_rows(problems, [("group_by", grouped), ("sort", sorted), ("rows", capped)]);
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

/// Headline figures have no rows to group, sort or cap.
fn refuse_rows(problems: &Problems<'_>, keys: [(&str, Option<Value<'_>>); 3]) {
    for (key, value) in keys {
        if let Some(value) = value {
            let message = format!("headline figures (kind = \"totals\") have no `{key}`");
            let help = format!("remove `{key}`, or write kind = \"table\"");
            problems.error(&value.span(), "totals-have-no-rows", message, help);
        }
    }
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
        let in_the_api =
            METRICS.iter().any(|metric| metric.groups_by(key) || metric.filters_by(key));
        let (code, message) = match in_the_api {
            true => ("not-yet", format!("the {what} `{key}` is not supported by this version yet")),
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
                Some(Placed { value: selector, place: problems.place(&value.span()) })
            })
            .collect();
        filters.insert(dimension, selectors);
    }
    // One that is not known here is a problem of its own.
    if table.keys().all(|key| Dimension::of_key(key.get_ref()).is_some()) {
        require_authorising(problems, value, &filters);
    }
    Some(filters)
}

/// The service authorises a request by the resources that its filters name (GetMetricDataV2,
/// Filters).
fn require_authorising(problems: &Problems<'_>, value: Value<'_>, filters: &Filters) {
    let authorising = [Dimension::Queue, Dimension::RoutingProfile, Dimension::Agent];
    if !authorising.iter().any(|key| filters.contains_key(key)) {
        let message = "`filters` names no queue, routing profile or agent";
        let help = "add `QUEUE = [\"*\"]` for all queues";
        problems.error(&value.span(), "no-authorising-filter", message, help);
    }
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
            problems.error(&value.span(), "unknown-channel", message, choice(text, CHANNELS));
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
    match arn.strip_prefix(&prefix).filter(|id| !id.is_empty() && !id.contains('/')) {
        Some(id) => Some(Selector::Id(id.to_ascii_lowercase())),
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
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn read_sort(problems: &Problems<'_>, value: Value<'_>, columns: &[Column]) -> Option<Sort> {
    let text = problems.text(value)?.value;
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.as_str(), false),
    };
    let by_label = columns.iter().position(|column| column.label == name);
    let mut by_metric = columns.iter().enumerate().filter(|(_, column)| column.metric.name == name);
    let (first, second) = (by_metric.next(), by_metric.next());
    let column = match (by_label, first, second) {
        (Some(column), _, _) | (None, Some((column, _)), None) => column,
        (None, Some(_), Some(_)) => {
            let message = format!("more than one column shows {name}");
            problems.error(&value.span(), "sort", message, "name the column by its label");
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
