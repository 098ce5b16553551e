//! Reading what figures are grouped and filtered by.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dimension::Dimension;
use super::problem::{Placed, Problems, choice, did_you_mean};
use super::reader::{Entry, Value};
use super::report::Selector;
use crate::instance::InstanceArn;
use crate::metric::{self, AUTHORISING, FILTERS, GROUPINGS, METRICS, Metric, limits};

/// What a section selects.
pub(super) type Filters = BTreeMap<Dimension, Vec<Placed<Selector>>>;

/// What rows are grouped by, each with its place.
pub(super) type Groupings = Vec<Placed<Dimension>>;

/// The keys that most definitions use, named where one is not known.
const COMMON: &str = "QUEUE, CHANNEL, ROUTING_PROFILE, AGENT or AGENT_HIERARCHY_LEVEL_ONE";

/// Reads `group_by`: known keys, and with a warning keys that the service may have gained.
pub(super) fn read_groupings(problems: &Problems<'_>, value: Value<'_>) -> Groupings {
    let mut group_by = Groupings::new();
    for (index, (value, key)) in problems.texts(value).into_iter().enumerate() {
        if index == limits::GROUPINGS {
            let message = format!("a section may have {} groupings", limits::GROUPINGS);
            let help = "remove this one and those after it (GetMetricDataV2, Groupings)";
            problems.error(&value.span(), "too-many-groupings", message, help);
        }
        if !check_grouping(problems, value, &key) {
            continue;
        }
        let dimension = Dimension::of_key(&key);
        match group_by.iter().any(|grouping| grouping.value == dimension) {
            true => {
                let message = format!("`{key}` stands here twice");
                let help = "remove one of the two";
                problems.error(&value.span(), "repeated-grouping", message, help);
            }
            false => {
                let place = problems.place(&value.span());
                group_by.push(Placed { value: dimension, place });
            }
        }
    }
    group_by
}

fn check_grouping(problems: &Problems<'_>, value: Value<'_>, key: &str) -> bool {
    if GROUPINGS.contains(&key) {
        if !METRICS.iter().any(|metric| metric.groups_by(key)) {
            of_no_metric(problems, &value.span(), "grouping", key);
        }
        return true;
    }
    let near = did_you_mean(key, GROUPINGS.iter().copied());
    if FILTERS.contains(&key) {
        let message = format!("{key} is a filter; rows can't be grouped by it");
        let help = format!("filter by it, and group by another key such as {COMMON}");
        problems.error(&value.span(), "unknown-grouping", message, help);
        return false;
    }
    let well_formed = metric::is_written_like_a_key(key);
    if well_formed {
        let message = format!("the grouping `{key}` is not known here");
        let help = format!("{near}If the service knows it, its values are shown as they come");
        problems.warning(&value.span(), "unknown-grouping", message, help);
    } else {
        let message = format!("there is no grouping `{key}`");
        let help = format!("{near}Groupings are written like {COMMON}");
        problems.error(&value.span(), "unknown-grouping", message, help);
    }
    well_formed
}

/// Reads `filters`: known keys, and with a warning keys that the service may have gained. What could
/// not be read is left out.
pub(super) fn read_filters(
    problems: &Problems<'_>,
    value: Value<'_>,
    instance: Option<&InstanceArn>,
) -> Option<Filters> {
    let mut filters = Filters::new();
    let entries = problems.entries(value, "{ QUEUE = [\"*\"] }")?;
    for (index, (values, key)) in entries.into_iter().enumerate() {
        if index == limits::FILTER_KEYS {
            let message = format!("a section may filter by {} keys", limits::FILTER_KEYS);
            let help = "remove this one and those after it (GetMetricDataV2, Filters)";
            problems.error(&key.span, "too-many-filters", message, help);
        }
        if !check_filter(problems, &key) {
            continue;
        }
        let dimension = Dimension::of_key(key.name);
        let selectors = problems
            .texts(values)
            .into_iter()
            .filter_map(|(value, text)| {
                let selector = read_selector(problems, value, &text, &dimension, instance)?;
                Some(Placed { value: selector, place: problems.place(&value.span()) })
            })
            .collect();
        filters.insert(dimension, selectors);
    }
    Some(filters)
}

/// The reference lists some keys and not for which metrics they are.
fn of_no_metric(problems: &Problems<'_>, span: &Range<usize>, what: &str, key: &str) {
    let message = format!("no metric is known here that takes the {what} {key}");
    let help = "if the service takes it for these metrics, leave it";
    problems.warning(span, "key-of-no-metric", message, help);
}

fn check_filter(problems: &Problems<'_>, key: &Entry<'_>) -> bool {
    let name = key.name;
    if FILTERS.contains(&name) {
        if !METRICS.iter().any(|metric| metric.filters_by(name)) {
            of_no_metric(problems, &key.span, "filter", name);
        }
        return true;
    }
    let near = did_you_mean(name, FILTERS.iter().copied());
    if GROUPINGS.contains(&name) {
        let message = format!("{name} is a grouping; figures can't be filtered by it");
        let help = format!("group by it, and filter by another key such as {COMMON}");
        problems.error(&key.span, "unknown-filter", message, help);
        return false;
    }
    let well_formed = metric::is_written_like_a_key(name);
    if well_formed {
        let message = format!("the filter `{name}` is not known here");
        let help = format!("{near}If the service knows it, leave it");
        problems.warning(&key.span, "unknown-filter", message, help);
    } else {
        let message = format!("there is no filter `{name}`");
        let help = format!("{near}Filters are written like {COMMON}");
        problems.error(&key.span, "unknown-filter", message, help);
    }
    well_formed
}

/// The service authorises a request by the resources that its filters name (GetMetricDataV2,
/// Filters).
pub(super) fn check_authorising(
    problems: &Problems<'_>,
    value: Value<'_>,
    metrics: &[&'static Metric],
) {
    // An empty one, or what is no table at all, is a problem of its own.
    let Some(filters) = value.get_ref().as_table().filter(|filters| !filters.is_empty()) else {
        return;
    };
    // One that is not known is told already, and may be the one that is missing.
    let known = filters.keys().all(|key| FILTERS.contains(&key.get_ref().as_ref()));
    let names_a_resource = AUTHORISING.iter().any(|key| filters.contains_key(*key));
    if !known || names_a_resource || !metric::needs_authorising_filter(metrics.iter().copied()) {
        return;
    }
    let taken: Vec<&str> = AUTHORISING
        .iter()
        .copied()
        .filter(|key| metrics.iter().all(|metric| metric.filters_by(key)))
        .collect();
    let message = "`filters` names no queue, routing profile, agent or hierarchy group";
    let help = match taken.as_slice() {
        [] => {
            format!("one of these must be there: {}", metric::listed(AUTHORISING.iter().copied()))
        }
        [key, ..] => format!(
            "add `{key} = [\"*\"]` for all of them; one of these must be there: {}",
            metric::listed(taken.iter().copied())
        ),
    };
    problems.error(&value.span(), "no-authorising-filter", message, help);
}

fn read_selector(
    problems: &Problems<'_>,
    value: Value<'_>,
    text: &str,
    dimension: &Dimension,
    instance: Option<&InstanceArn>,
) -> Option<Selector> {
    if !dimension.has_list() {
        return read_value(problems, value, text, dimension);
    }
    if text == "*" {
        return Some(Selector::All);
    }
    if text.starts_with("arn:") {
        return id_of_arn(problems, value, text, dimension, instance);
    }
    if let Some(tag) = text.strip_prefix("tag:") {
        return read_tag(problems, value, tag, dimension);
    }
    if text.contains(['*', '?']) {
        return Some(Selector::Pattern(text.to_owned()));
    }
    if is_uuid(text) {
        return Some(Selector::Id(text.to_ascii_lowercase()));
    }
    Some(Selector::Name(text.to_owned()))
}

impl Selector {
    /// Whether a text is read as a name where the instance has such a one, and nothing else.
    pub(crate) fn is_name(text: &str) -> bool {
        let is_other = text == "*" || text.starts_with("arn:") || text.starts_with("tag:");
        !is_other && !is_uuid(text) && !text.trim().is_empty()
    }
}

/// What is sent as it stands; of names the ids are sent, and tags are only looked for.
fn check_length(
    problems: &Problems<'_>,
    value: Value<'_>,
    text: &str,
    dimension: &Dimension,
) -> Option<()> {
    let (found, most) = (text.chars().count(), metric::filter_value_length(dimension.key()));
    if found > most {
        let message = format!("this value has {found} characters, {most} are allowed");
        let help = "shorten it (GetMetricDataV2, FilterValues)";
        problems.error(&value.span(), "too-long", message, help);
        return None;
    }
    Some(())
}

/// A value of a key that has no names, such as a channel.
fn read_value(
    problems: &Problems<'_>,
    value: Value<'_>,
    text: &str,
    dimension: &Dimension,
) -> Option<Selector> {
    check_length(problems, value, text, dimension)?;
    let (key, allowed) = (dimension.key(), metric::filter_values(dimension.key()));
    if text == "*" {
        let message = format!("`*` does not work for {key}: nothing lists its values");
        let help = match dimension {
            Dimension::Channel => "leave CHANNEL out for all of them".to_owned(),
            _ => "write the values that are meant".to_owned(),
        };
        problems.error(&value.span(), "no-wildcard", message, help);
        return None;
    }
    if !allowed.is_empty() && !allowed.contains(&text) {
        let (message, code) = match dimension {
            Dimension::Channel => (format!("there is no channel `{text}`"), "unknown-channel"),
            _ => (format!("{key} has no value `{text}`"), "unknown-filter-value"),
        };
        problems.error(&value.span(), code, message, choice(text, allowed));
        return None;
    }
    Some(Selector::Id(text.to_owned()))
}

fn read_tag(
    problems: &Problems<'_>,
    value: Value<'_>,
    tag: &str,
    dimension: &Dimension,
) -> Option<Selector> {
    if *dimension != Dimension::Queue {
        let message = format!("tags select queues; {} takes none", dimension.key());
        let help = "write names, ids, or \"*\" for all";
        problems.error(&value.span(), "tag", message, help);
        return None;
    }
    let Some((key, wanted)) = tag.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
        let help = "write it as \"tag:KEY=VALUE\", for instance \"tag:team=sales\", or as \
                    \"tag:KEY=\" where the value is empty";
        let message = "this tag has no key, or no `=` after it";
        problems.error(&value.span(), "tag", message, help);
        return None;
    };
    Some(Selector::Tag { key: key.to_owned(), value: wanted.to_owned() })
}

fn id_of_arn(
    problems: &Problems<'_>,
    value: Value<'_>,
    arn: &str,
    dimension: &Dimension,
    instance: Option<&InstanceArn>,
) -> Option<Selector> {
    // Without a valid instance there is another problem to mend first.
    let prefix = format!("{}/{}/", instance?, dimension.resource()?);
    match arn.strip_prefix(&prefix).filter(|id| is_uuid(id)) {
        Some(id) => Some(Selector::Id(id.to_ascii_lowercase())),
        None => {
            let what = dimension.title().to_lowercase();
            let message = format!("this ARN names no {what} of the report's instance");
            let help = match arn.strip_prefix(&prefix) {
                Some("*") => "write \"*\" alone for all of them".to_owned(),
                _ => format!("it must be {prefix} and an id"),
            };
            problems.error(&value.span(), "foreign-arn", message, help);
            None
        }
    }
}

pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}
