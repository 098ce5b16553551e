//! What a request for figures may ask: the limits of `GetMetricDataV2`, enforced with the errors of
//! the service. Where its texts are known they are the same; the others say what is wrong. What the
//! service may well answer and this simulator cannot is refused last, as
//! [not modelled](Refusal::not_modelled).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::centre::{Interval, MetricFilter, MetricRequest, Query};
use super::instance::Instance;
use super::refusal::Refusal;
use super::{definitions, figures};
use crate::metric::{self, Comparison, METRICS, Metric, limits};

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
        let max_results = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&max_results) {
            return Err(Refusal::invalid_parameter("MaxResults must be 1 to 100."));
        }
        let (start, end) = self.window(interval, now)?;
        let metrics = self.modelled(metrics, &filters, &groupings)?;
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

    /// The metrics, if nothing is asked that this simulator cannot compute.
    fn modelled(
        &self,
        metrics: Vec<Option<MetricRequest>>,
        filters: &BTreeMap<String, Vec<String>>,
        groupings: &[String],
    ) -> Result<Vec<MetricRequest>, Refusal> {
        let mut conditions = self.filters.iter().flatten();
        if conditions.any(|filter| filter.string_condition.is_some()) {
            return Err(Refusal::not_modelled("StringCondition in filters"));
        }
        let mut keys = filters.keys().chain(groupings);
        if let Some(key) = keys.find(|key| !figures::is_dimension(key)) {
            return Err(Refusal::not_modelled(format!("the dimension {key}")));
        }
        let sent = self.metrics.iter().flatten();
        let modelled = sent.zip(metrics).map(|(sent, metric)| sent.modelled(metric));
        modelled.collect()
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
    if !(1..=limits::FILTER_KEYS).contains(&filters.len()) {
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
    if values > limits::FILTER_VALUES {
        let text = format!("There are {values} filter values; at most 100 are allowed.");
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(checked)
}

impl FilterV2 {
    /// The key and the ids; an ARN ends with the id.
    fn check(&self) -> Result<(String, Vec<String>), Refusal> {
        let key = required(self.filter_key.as_deref(), "FilterKey")?;
        if !metric::FILTERS.contains(&key) {
            return Err(Refusal::invalid_request(
                "Request does not contain a valid list of filters",
            ));
        }
        if self.string_condition.is_some() {
            return Ok((key.to_owned(), Vec::new()));
        }
        let values = required(self.filter_values.as_deref(), "FilterValues")?;
        if !(1..=limits::FILTER_VALUES).contains(&values.len()) {
            let text = format!("The filter {key} must have 1 to 100 values.");
            return Err(Refusal::invalid_parameter(text));
        }
        values.iter().try_for_each(|value| filter_value(key, value))?;
        let ids = values.iter().map(|value| match value.rsplit_once('/') {
            Some((_, id)) if value.starts_with("arn:") => id.to_owned(),
            _ => value.clone(),
        });
        Ok((key.to_owned(), ids.collect()))
    }
}

fn filter_value(key: &str, value: &str) -> Result<(), Refusal> {
    let most = metric::filter_value_length(key);
    let allowed = metric::filter_values(key);
    let refusal = if !(1..=most).contains(&value.chars().count()) {
        format!("The values of the filter {key} must have 1 to {most} characters.")
    } else if !allowed.is_empty() && !allowed.contains(&value) {
        format!("{value:?} is not a value of the filter {key}; {}.", one_of(allowed))
    } else {
        return Ok(());
    };
    Err(Refusal::invalid_parameter(refusal))
}

fn one_of(values: &[&str]) -> String {
    format!("it must be one of {}", values.join(", "))
}

fn groupings(groupings: &[String]) -> Result<Vec<String>, Refusal> {
    if groupings.len() > limits::GROUPINGS {
        return Err(Refusal::invalid_parameter("There may be 4 groupings."));
    }
    for (index, key) in groupings.iter().enumerate() {
        let repeated = groupings.iter().take(index).any(|earlier| earlier == key);
        if repeated || !(metric::GROUPINGS.contains(&key.as_str()) || may_be_new(key)) {
            let text = format!("The grouping {key:?} is not valid.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    Ok(groupings.to_vec())
}

/// Whether a key that is not listed is written as the service writes its keys: it gains more of
/// them, so such a one may be valid by now.
fn may_be_new(key: &str) -> bool {
    !key.is_empty()
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && !metric::FILTERS.contains(&key)
}

/// The metrics, `None` for those that the catalogue does not know.
fn metrics(metrics: &[MetricV2]) -> Result<Vec<Option<MetricRequest>>, Refusal> {
    if metrics.is_empty() {
        return Err(Refusal::invalid_parameter("There must be a metric."));
    }
    if metrics.iter().filter(|metric| metric.metric_id.is_some()).count() > limits::METRIC_IDS {
        let text = "There may be 20 metrics with a MetricId in a request.";
        return Err(Refusal::invalid_parameter(text));
    }
    metrics.iter().map(MetricV2::check).collect()
}

impl MetricV2 {
    fn check(&self) -> Result<Option<MetricRequest>, Refusal> {
        if let Some(id) = &self.metric_id {
            if !(1..=limits::METRIC_ID_LENGTH).contains(&id.chars().count()) {
                let text = "The MetricId must have 1 to 150 characters.";
                return Err(Refusal::invalid_parameter(text));
            }
            return Ok(None);
        }
        let name = required(self.name.as_deref(), "Name of the metric")?;
        let Some(metric) = metric::find(name) else {
            return Ok(None);
        };
        Ok(Some(MetricRequest {
            name: name.to_owned(),
            threshold: threshold(metric, self.threshold.as_deref().unwrap_or_default())?,
            filters: metric_filters(metric, self.metric_filters.as_deref().unwrap_or_default())?,
        }))
    }

    /// The checked metric, if this simulator can compute it.
    fn modelled(&self, metric: Option<MetricRequest>) -> Result<MetricRequest, Refusal> {
        if self.metric_id.is_some() {
            return Err(Refusal::not_modelled("MetricId; send the Name"));
        }
        let name = self.name.as_deref().unwrap_or_default();
        let metric = metric
            .filter(|metric| definitions::find(&metric.name).is_some())
            .ok_or_else(|| Refusal::not_modelled(format!("the metric {name}")))?;
        if metric.filters.iter().any(|filter| filter.key == "FEATURE") {
            return Err(Refusal::not_modelled("the metric filter FEATURE"));
        }
        Ok(metric)
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
                .filter(|value| value.fract() == 0.0 && whole_thresholds().contains(value));
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

fn whole_thresholds() -> RangeInclusive<f64> {
    f64::from(*limits::THRESHOLD.start())..=f64::from(*limits::THRESHOLD.end())
}

fn metric_filters(
    metric: &Metric,
    filters: &[MetricFilterV2],
) -> Result<Vec<MetricFilter>, Refusal> {
    if filters.len() > limits::METRIC_FILTERS {
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
        let Some(known) = metric.metric_filter(key) else {
            let text = format!("{name} does not take the metric filter {key:?}.");
            return Err(Refusal::invalid_parameter(text));
        };
        let other = values.iter().find(|value| !known.values.contains(&value.as_str()));
        let refusal = if !(1..=limits::METRIC_FILTER_VALUES).contains(&values.len()) {
            format!("The metric filter {key} of {name} must have 1 to 10 values.")
        } else if let Some(value) = other.filter(|_| !known.values.is_empty()) {
            let allowed = one_of(known.values);
            format!("{value:?} is not a value of the metric filter {key} of {name}; {allowed}.")
        } else if negate && !metric.can_negate() {
            // "The Negate key in metric-level filters is not applicable for this metric."
            format!("The metric filters of {name} cannot be negated.")
        } else {
            return Ok(MetricFilter { key: key.to_owned(), values: values.to_vec(), negate });
        };
        Err(Refusal::invalid_parameter(refusal))
    }
}

/// Every filter and grouping has to be valid for every metric, and there has to be what the metrics
/// need.
fn valid_together(
    metrics: &[Option<MetricRequest>],
    filters: &BTreeMap<String, Vec<String>>,
    groupings: &[String],
) -> Result<(), Refusal> {
    let names = metrics.iter().flatten().map(|metric| metric.name.as_str());
    let metrics: Vec<_> = names.filter_map(metric::find).collect();
    let authorising = metric::AUTHORISING;
    let refusal = if metric::needs_authorising_filter(metrics.iter().copied())
        && !authorising.iter().any(|key| filters.contains_key(*key))
    {
        let keys = authorising.join(", ");
        Some(format!("There must be a filter with one of these keys: {keys}."))
    } else {
        let keys: Vec<_> = filters.keys().map(String::as_str).collect();
        metrics.iter().find_map(|metric| not_valid_for(metric, &metrics, &keys, groupings))
    };
    refusal.map_or(Ok(()), |text| Err(Refusal::invalid_parameter(text)))
}

/// Why a request for `metric` among `metrics` is not valid. A key that no metric of the catalogue
/// takes says nothing: the reference lists it and not for which metrics it is.
fn not_valid_for(
    metric: &Metric,
    metrics: &[&Metric],
    filters: &[&str],
    groupings: &[String],
) -> Option<String> {
    let name = metric.name;
    let filtered = |key: &str| METRICS.iter().any(|metric| metric.filters_by(key));
    let grouped = |key: &str| METRICS.iter().any(|metric| metric.groups_by(key));
    let filter = filters.iter().find(|key| filtered(key) && !metric.filters_by(key));
    let grouping = groupings.iter().find(|key| grouped(key) && !metric.groups_by(key));
    let missing = metric.required_filter().filter(|key| !filters.contains(key));
    let count = metrics.iter().filter(|other| other.name == name).count();
    let most = metric.most_per_request().filter(|most| count > *most);
    filter
        .map(|key| format!("The filter {key} is not valid for the metric {name}."))
        .or_else(|| {
            grouping.map(|key| format!("The grouping {key} is not valid for the metric {name}."))
        })
        .or_else(|| missing.map(|key| format!("The metric {name} requires the filter {key}.")))
        .or_else(|| most.map(|most| format!("There may be {most} {name} metrics in a request.")))
}

#[cfg(test)]
mod tests;
