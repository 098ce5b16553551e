//! What a request for figures may ask: the limits of `GetMetricDataV2`, enforced with the errors of
//! the service. Where its texts are known they are the same; the others say what is wrong.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::centre::{Interval, MetricFilter, MetricRequest, Query};
use super::contact::Channel;
use super::instance::Instance;
use super::refusal::Refusal;
use super::{definitions, figures};
use crate::metric::{self, Comparison, METRICS, Metric};

/// The body of `POST /metrics/data`. Members are checked by [`MetricDataRequest::check`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataRequest {
    resource_arn: Option<String>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    interval: Option<IntervalDetails>,
    filters: Option<Vec<FilterV2>>,
    groupings: Option<Vec<String>>,
    metrics: Option<Vec<MetricV2>>,
    max_results: Option<i64>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IntervalDetails {
    time_zone: Option<String>,
    interval_period: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterV2 {
    filter_key: Option<String>,
    filter_values: Option<Vec<String>>,
    string_condition: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricV2 {
    name: Option<String>,
    metric_id: Option<String>,
    threshold: Option<Vec<ThresholdV2>>,
    metric_filters: Option<Vec<MetricFilterV2>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ThresholdV2 {
    comparison: Option<String>,
    threshold_value: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricFilterV2 {
    metric_filter_key: Option<String>,
    metric_filter_values: Option<Vec<String>>,
    negate: Option<bool>,
}

/// A request that meets all limits.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) instance: Instance,
    pub(crate) query: Query,
    /// Whether an interval was sent, so that rows say theirs.
    pub(crate) has_interval: bool,
    /// Rows a page at most.
    pub(crate) max_results: usize,
}

/// The keys of which a request has to filter by one at least, because the permission is checked
/// on what they name (`GetMetricDataV2`, Filters).
const AUTHORISING_KEYS: [&str; 11] = [
    "QUEUE",
    "ROUTING_PROFILE",
    "AGENT",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
    "CAMPAIGN",
    "EVALUATION_FORM",
    "EVALUATOR_ID",
];

/// "Historical metrics are available for 3 months."
const HISTORY: SignedDuration = SignedDuration::from_hours(93 * 24);

impl MetricDataRequest {
    /// The query, if the service would answer it at `now`.
    pub(crate) fn check(&self, now: Timestamp) -> Result<Asked, Refusal> {
        let arn = required(self.resource_arn.as_deref(), "ResourceArn")?;
        let instance = Instance::of_arn(arn)?;
        let (interval, time_zone) = self.interval()?;
        let filters = filters(required(self.filters.as_deref(), "Filters")?)?;
        let groupings = groupings(self.groupings.as_deref().unwrap_or_default())?;
        let metrics = metrics(required(self.metrics.as_deref(), "Metrics")?)?;
        valid_together(&metrics, &filters, &groupings)?;
        modelled(&metrics, &filters, &groupings)?;
        let max_results = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&max_results) {
            return Err(Refusal::invalid_parameter("MaxResults must be 1 to 100."));
        }
        let (start, end) = self.window(interval, now)?;
        Ok(Asked {
            instance,
            has_interval: self.interval.is_some(),
            max_results: usize::try_from(max_results).unwrap_or(1),
            query: Query { start, end, interval, time_zone, filters, groupings, metrics },
        })
    }

    fn interval(&self) -> Result<(Interval, TimeZone), Refusal> {
        let Some(details) = &self.interval else {
            return Ok((Interval::Total, TimeZone::UTC));
        };
        let period = details.interval_period.as_deref().unwrap_or("TOTAL");
        let interval = Interval::parse(period).ok_or_else(|| {
            Refusal::invalid_parameter(format!("IntervalPeriod {period:?} is not valid."))
        })?;
        let name = details.time_zone.as_deref().unwrap_or("UTC");
        let zone = TimeZone::get(name)
            .map_err(|_| Refusal::invalid_parameter(format!("TimeZone {name:?} is not valid.")))?;
        Ok((interval, zone))
    }

    /// The window; what it may be depends on the interval and on the present.
    fn window(
        &self,
        interval: Interval,
        now: Timestamp,
    ) -> Result<(Timestamp, Timestamp), Refusal> {
        let start = instant(required(self.start_time, "StartTime")?, "StartTime")?;
        let end = instant(required(self.end_time, "EndTime")?, "EndTime")?;
        let days = match interval {
            Interval::FifteenMinutes | Interval::ThirtyMinutes | Interval::Hour => 3,
            Interval::Day | Interval::Week | Interval::Total => 35,
        };
        let refusal = if start >= end {
            "Time range not valid. The EndTime must be after the StartTime.".to_owned()
        } else if end > now {
            "Time range not valid. Start and End Time must be within the current time".to_owned()
        } else if now.duration_since(start) > HISTORY {
            "Time range not valid. Historical metrics are available for 3 months.".to_owned()
        } else if end.duration_since(start) >= SignedDuration::from_hours(days * 24) {
            let period = interval.as_str();
            format!("Time range not valid. For {period} it must be less than {days} days.")
        } else {
            return Ok((start, end));
        };
        Err(Refusal::invalid_parameter(refusal))
    }
}

fn required<T>(member: Option<T>, name: &str) -> Result<T, Refusal> {
    member.ok_or_else(|| Refusal::invalid_parameter(format!("{name} is required.")))
}

fn instant(seconds: f64, name: &str) -> Result<Timestamp, Refusal> {
    SignedDuration::try_from_secs_f64(seconds)
        .and_then(Timestamp::from_duration)
        .and_then(|time| time.round(jiff::Unit::Millisecond))
        .map_err(|_| Refusal::invalid_parameter(format!("{name} is not a time.")))
}

/// One to five filters, with 100 values in all; channels are not counted.
fn filters(filters: &[FilterV2]) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    if !(1..=5).contains(&filters.len()) {
        return Err(Refusal::invalid_parameter("There must be 1 to 5 filters."));
    }
    let mut checked = BTreeMap::new();
    for filter in filters {
        let (key, values) = filter.check()?;
        if checked.insert(key.clone(), values).is_some() {
            let text = format!("There are two filters with the FilterKey {key}.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    let counted = checked.iter().filter(|(key, _)| *key != "CHANNEL");
    let values: usize = counted.map(|(_, values)| values.len()).sum();
    if values > 100 {
        let text = format!("There are {values} filter values; at most 100 are allowed.");
        return Err(Refusal::invalid_parameter(text));
    }
    if !AUTHORISING_KEYS.iter().any(|key| checked.contains_key(*key)) {
        let keys = AUTHORISING_KEYS.join(", ");
        let text = format!("There must be a filter with one of these keys: {keys}.");
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(checked)
}

impl FilterV2 {
    /// The key and the ids; an ARN ends with the id.
    fn check(&self) -> Result<(String, Vec<String>), Refusal> {
        let key = required(self.filter_key.as_deref(), "FilterKey")?;
        let known = METRICS.iter().any(|metric| metric.filters_by(key));
        if !known && !AUTHORISING_KEYS.contains(&key) {
            return Err(Refusal::invalid_request(
                "Request does not contain a valid list of filters",
            ));
        }
        if self.string_condition.is_some() {
            return Err(Refusal::invalid_parameter(
                "This simulator does not know StringCondition in filters.",
            ));
        }
        let values = required(self.filter_values.as_deref(), "FilterValues")?;
        if !(1..=100).contains(&values.len()) {
            let text = format!("The filter {key} must have 1 to 100 values.");
            return Err(Refusal::invalid_parameter(text));
        }
        for value in values {
            if !(1..=250).contains(&value.chars().count()) {
                let text = format!("The values of the filter {key} must have 1 to 250 characters.");
                return Err(Refusal::invalid_parameter(text));
            }
            if key == "CHANNEL" && Channel::parse(value).is_none() {
                let text = format!("{value:?} is not a channel.");
                return Err(Refusal::invalid_parameter(text));
            }
        }
        let ids = values.iter().map(|value| match value.rsplit_once('/') {
            Some((_, id)) if value.starts_with("arn:") => id.to_owned(),
            _ => value.clone(),
        });
        Ok((key.to_owned(), ids.collect()))
    }
}

fn groupings(groupings: &[String]) -> Result<Vec<String>, Refusal> {
    if groupings.len() > 4 {
        return Err(Refusal::invalid_parameter("There may be 4 groupings."));
    }
    for (index, key) in groupings.iter().enumerate() {
        let known = METRICS.iter().any(|metric| metric.groups_by(key));
        let repeated = groupings.iter().take(index).any(|earlier| earlier == key);
        if !known || repeated {
            let text = format!("The grouping {key:?} is not valid.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    Ok(groupings.to_vec())
}

fn metrics(metrics: &[MetricV2]) -> Result<Vec<MetricRequest>, Refusal> {
    if metrics.is_empty() {
        return Err(Refusal::invalid_parameter("There must be a metric."));
    }
    let checked: Vec<_> = metrics.iter().map(MetricV2::check).collect::<Result<_, _>>()?;
    let service_levels = checked.iter().filter(|metric| metric.name == "SERVICE_LEVEL");
    if service_levels.count() > 20 {
        let text = "There may be 20 SERVICE_LEVEL metrics in a request.";
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(checked)
}

impl MetricV2 {
    fn check(&self) -> Result<MetricRequest, Refusal> {
        if self.metric_id.is_some() {
            return Err(Refusal::invalid_parameter(
                "This simulator does not know MetricId; send the Name.",
            ));
        }
        let name = required(self.name.as_deref(), "Name of the metric")?;
        let metric = metric::find(name).ok_or_else(|| {
            let text = format!("This simulator does not know the metric {name:?}.");
            Refusal::invalid_parameter(text)
        })?;
        Ok(MetricRequest {
            name: name.to_owned(),
            threshold: threshold(metric, self.threshold.as_deref().unwrap_or_default())?,
            filters: metric_filters(metric, self.metric_filters.as_deref().unwrap_or_default())?,
        })
    }
}

/// The threshold, which some metrics must have and the others must not.
fn threshold(
    metric: &Metric,
    thresholds: &[ThresholdV2],
) -> Result<Option<(Comparison, f64)>, Refusal> {
    let name = metric.name;
    let refusal = match thresholds {
        [] if metric.thresholds().is_empty() => return Ok(None),
        [] => format!("You must specify a Threshold when you retrieve {name} metrics."),
        _ if metric.thresholds().is_empty() => format!("{name} does not take a Threshold."),
        [threshold] => {
            let comparison = threshold.comparison.as_deref().and_then(Comparison::parse);
            let comparison = comparison.filter(|value| metric.thresholds().contains(value));
            let value = threshold
                .threshold_value
                .filter(|value| value.fract() == 0.0 && (1.0..=604_800.0).contains(value));
            match (comparison, value) {
                (Some(comparison), Some(value)) => return Ok(Some((comparison, value))),
                (None, _) => format!("The Comparison of the Threshold of {name} is not valid."),
                (_, None) => {
                    format!("The ThresholdValue of {name} must be a whole number, 1 to 604800.")
                }
            }
        }
        _ => format!("{name} takes one Threshold."),
    };
    Err(Refusal::invalid_parameter(refusal))
}

fn metric_filters(
    metric: &Metric,
    filters: &[MetricFilterV2],
) -> Result<Vec<MetricFilter>, Refusal> {
    if filters.len() > 2 {
        let text = format!("{} may have 2 metric filters.", metric.name);
        return Err(Refusal::invalid_parameter(text));
    }
    filters.iter().map(|filter| filter.check(metric)).collect()
}

impl MetricFilterV2 {
    fn check(&self, metric: &Metric) -> Result<MetricFilter, Refusal> {
        let name = metric.name;
        let key = required(self.metric_filter_key.as_deref(), "MetricFilterKey")?;
        let values = required(self.metric_filter_values.as_deref(), "MetricFilterValues")?;
        let negate = self.negate.unwrap_or(false);
        let refusal = if !metric.metric_filters().contains(&key) {
            format!("{name} does not take the metric filter {key:?}.")
        } else if key == "FEATURE" {
            "This simulator does not know FEATURE.".to_owned()
        } else if !(1..=10).contains(&values.len()) {
            format!("The metric filter {key} of {name} must have 1 to 10 values.")
        } else if negate && name == "AVG_AGENT_CONNECTING_TIME" {
            // "The Negate key in metric-level filters is not applicable for this metric."
            format!("The metric filters of {name} cannot be negated.")
        } else {
            return Ok(MetricFilter { key: key.to_owned(), values: values.to_vec(), negate });
        };
        Err(Refusal::invalid_parameter(refusal))
    }
}

/// Every filter and grouping has to be valid for every metric.
fn valid_together(
    metrics: &[MetricRequest],
    filters: &BTreeMap<String, Vec<String>>,
    groupings: &[String],
) -> Result<(), Refusal> {
    for metric in metrics.iter().filter_map(|metric| metric::find(&metric.name)) {
        let name = metric.name;
        if let Some(key) = filters.keys().find(|key| !metric.filters_by(key)) {
            let text = format!("The filter {key} is not valid for the metric {name}.");
            return Err(Refusal::invalid_parameter(text));
        }
        if let Some(key) = groupings.iter().find(|key| !metric.groups_by(key)) {
            let text = format!("The grouping {key} is not valid for the metric {name}.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    Ok(())
}

/// What the service could answer and this simulator cannot.
fn modelled(
    metrics: &[MetricRequest],
    filters: &BTreeMap<String, Vec<String>>,
    groupings: &[String],
) -> Result<(), Refusal> {
    let dimension = filters
        .keys()
        .chain(groupings)
        .find(|key| !figures::is_dimension(key))
        .map(|key| format!("the dimension {key}"));
    let metric = metrics
        .iter()
        .find(|metric| definitions::find(&metric.name).is_none())
        .map(|metric| format!("the metric {}", metric.name));
    dimension.or(metric).map_or(Ok(()), |unknown| {
        let text = format!("This simulator does not know {unknown}.");
        Err(Refusal::invalid_parameter(text))
    })
}

#[cfg(test)]
mod tests;
