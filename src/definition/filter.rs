//! Reading what figures are grouped and filtered by.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dimension::Dimension;
use super::keys::{SECTION, belongs_outside};
use super::limits::MAX_TITLE;
use super::problem::{Placed, Problems};
use super::reader::{Entry, Value};
use super::selection::{self, Selection};
use crate::instance::InstanceArn;
use crate::metric::{self, AUTHORISING_KEYS, FILTER_KEYS, GROUPING_KEYS, METRICS, Metric, limits};

/// The selections of a section, by their keys.
pub(super) type Filters = BTreeMap<Dimension, Selection>;

/// The keys that rows are grouped by, each with its place.
pub(super) type Groupings = Vec<Placed<Dimension>>;

/// The keys that most definitions use, named where one is not known.
const COMMON: &str = "QUEUE, CHANNEL, ROUTING_PROFILE, AGENT or AGENT_HIERARCHY_LEVEL_ONE";

/// Reads `group_by`: known keys, and with a warning keys that the service may have gained.
pub(super) fn read_groupings(problems: &Problems<'_>, value: Value<'_>) -> Groupings {
    let mut group_by = Groupings::new();
    let keys = problems.texts(value);
    let found = keys.len();
    for (index, (value, key)) in keys.into_iter().enumerate() {
        if index == limits::MAX_GROUPINGS {
            let message =
                format!("the section has {found} groupings, {} are allowed", limits::MAX_GROUPINGS);
            let help = "remove this one and those after it (GetMetricDataV2, Groupings)";
            problems.error(&value.span(), "too-many-groupings", message, help);
            break;
        }
        if !check_grouping(problems, value, &key) {
            continue;
        }
        let dimension = Dimension::of_key(&key);
        if group_by.iter().any(|grouping| grouping.value == dimension) {
            let message = format!("`{key}` stands here twice");
            let help = "remove one of the two";
            problems.error(&value.span(), "repeated-grouping", message, help);
        } else {
            let place = problems.place(&value.span());
            group_by.push(Placed { value: dimension, place });
        }
    }
    group_by
}

fn check_grouping(problems: &Problems<'_>, value: Value<'_>, key: &str) -> bool {
    if GROUPING_KEYS.contains(&key) {
        if !METRICS.iter().any(|metric| metric.groups_by(key)) {
            of_no_metric(problems, &value.span(), "grouping", key);
        }
        return true;
    }
    let near = problems.did_you_mean(key, GROUPING_KEYS.iter().copied());
    if FILTER_KEYS.contains(&key) {
        let message = format!("{key} is a filter; rows can't be grouped by it");
        let help = format!("filter by it, and group by another key such as {COMMON}");
        problems.error(&value.span(), "unknown-grouping", message, help);
        return false;
    }
    let well_formed = metric::is_written_like_a_key(key);
    if well_formed && !problems.fits(&value.span(), key, MAX_TITLE) {
        return false;
    }
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

/// Reads `filters`: known keys, and with a warning keys that the service may have gained. Entries that
/// can't be read are dropped.
pub(super) fn read_filters(
    problems: &Problems<'_>,
    value: Value<'_>,
    instance: Option<&InstanceArn>,
) -> Option<Filters> {
    let mut filters = Filters::new();
    let entries = problems.entries(value, "{ QUEUE = [\"*\"] }")?;
    let found = entries.len();
    for (index, (values, key)) in entries.into_iter().enumerate() {
        if index == limits::MAX_FILTER_KEYS {
            let message = format!(
                "the section filters by {found} keys, {} are allowed",
                limits::MAX_FILTER_KEYS
            );
            let help = "remove this one and those after it (GetMetricDataV2, Filters)";
            problems.error(&key.span, "too-many-filters", message, help);
            break;
        }
        if !check_filter(problems, &key) {
            continue;
        }
        let dimension = Dimension::of_key(key.name);
        let selection = selection::read(problems, values, &dimension, instance);
        filters.insert(dimension, selection);
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
    if FILTER_KEYS.contains(&name) {
        if !METRICS.iter().any(|metric| metric.filters_by(name)) {
            of_no_metric(problems, &key.span, "filter", name);
        }
        return true;
    }
    let as_metric_filter = METRICS.iter().find(|metric| metric.metric_filter(name).is_some());
    let as_metric_filter = as_metric_filter.map(|Metric { name: metric, .. }| {
        let example = format!("{{ name = \"{metric}\", where = {{ {name} = [\"…\"] }} }}");
        format!("it is a filter of metrics: write it as `where` of each, as in {example}")
    });
    let near = problems.did_you_mean(name, FILTER_KEYS.iter().copied());
    if GROUPING_KEYS.contains(&name) {
        let message = format!("{name} is a grouping; figures can't be filtered by it");
        let help = as_metric_filter
            .unwrap_or_else(|| format!("group by it, and filter by another key such as {COMMON}"));
        problems.error(&key.span, "unknown-filter", message, help);
        return false;
    }
    let well_formed = metric::is_written_like_a_key(name);
    if well_formed && !problems.fits(&key.span, name, MAX_TITLE) {
        return false;
    }
    if well_formed {
        let message = format!("the filter `{name}` is not known here");
        let help =
            as_metric_filter.unwrap_or_else(|| format!("{near}If the service knows it, leave it"));
        problems.warning(&key.span, "unknown-filter", message, help);
    } else {
        let message = format!("there is no filter `{name}`");
        let written_like = || format!("{near}Filters are written like {COMMON}");
        let help = belongs_outside(name, &SECTION, "filters").unwrap_or_else(written_like);
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
    let known = filters.keys().all(|key| FILTER_KEYS.contains(&key.get_ref().as_ref()));
    let names_a_resource = AUTHORISING_KEYS.iter().any(|key| filters.contains_key(*key));
    if !known || names_a_resource || !metric::needs_authorising_filter(metrics.iter().copied()) {
        return;
    }
    let taken: Vec<&str> = AUTHORISING_KEYS
        .iter()
        .copied()
        .filter(|key| metrics.iter().all(|metric| metric.filters_by(key)))
        .collect();
    let message = "`filters` names no queue, routing profile, agent or hierarchy group";
    let help = match taken.as_slice() {
        [] => {
            format!(
                "one of these must be there: {}",
                metric::key_list(AUTHORISING_KEYS.iter().copied())
            )
        }
        [key, ..] => format!(
            "add `{key} = [\"*\"]` for all of them; one of these must be there: {}",
            metric::key_list(taken.iter().copied())
        ),
    };
    problems.error(&value.span(), "no-authorising-filter", message, help);
}
