//! The rules for a request for figures: the limits of one version of `GetMetricDataV2`, enforced with the
//! service's errors. The texts are the service's where they are known. A request that only this simulator can't
//! answer is refused last, as [not modelled](Refusal::not_modelled).

mod filters;
mod members;
mod metrics;

use std::collections::BTreeMap;

use connect_metrics::{Limits, METRICS, Metric};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::api::instance::Instance;
use crate::api::refusal::Refusal;
use crate::centre::figures;
use crate::centre::{Interval, MetricRequest, Query};
use filters::FilterV2;
use members::required;
use metrics::MetricV2;

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

/// A request that meets all limits.
#[derive(Debug)]
pub(crate) struct CheckedRequest {
    pub(crate) instance: Instance,
    pub(crate) query: Query,
    /// True where the request has an interval, so that rows name theirs.
    pub(crate) has_interval: bool,
    /// The most rows of a page.
    pub(crate) max_results: usize,
}

impl MetricDataRequest {
    /// The query, if the service with these limits would answer it at `now`.
    pub(crate) fn check(&self, now: Timestamp, limits: &Limits) -> Result<CheckedRequest, Refusal> {
        let arn = required(self.resource_arn.as_deref(), "ResourceArn")?;
        let instance = Instance::of_arn(arn)?;
        if arn.starts_with("arn:aws-us-gov:") && !limits.has_gov_cloud {
            let text = "This API is not available in the AWS GovCloud (US) Regions.";
            return Err(Refusal::invalid_request(text));
        }
        let (interval, time_zone) = self.interval(limits)?;
        let filters =
            filters::check_filters(required(self.filters.as_deref(), "Filters")?, limits)?;
        let groupings = check_groupings(self.groupings.as_deref().unwrap_or_default(), limits)?;
        let metrics =
            metrics::check_metrics(required(self.metrics.as_deref(), "Metrics")?, limits)?;
        check_together(&metrics, &filters, &groupings, limits)?;
        let max_results = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&max_results) {
            return Err(Refusal::invalid_parameter("MaxResults must be 1 to 100."));
        }
        let (start, end) = self.window(interval, now, limits)?;
        let metrics = self.modelled(metrics, &filters, &groupings)?;
        Ok(CheckedRequest {
            instance,
            has_interval: self.interval.is_some(),
            max_results: usize::try_from(max_results).unwrap_or(1),
            query: Query { start, end, interval, time_zone, filters, groupings, metrics },
        })
    }

    fn interval(&self, limits: &Limits) -> Result<(Interval, TimeZone), Refusal> {
        let Some(details) = &self.interval else {
            return Ok((Interval::Total, TimeZone::UTC));
        };
        if !limits.has_intervals {
            // A service might ignore an unknown member. Then the figures would not be the requested ones,
            // which a report would not show.
            return Err(Refusal::invalid_parameter("This version of the API has no Interval."));
        }
        let period = details.interval_period.as_deref().unwrap_or("TOTAL");
        let interval = Interval::parse(period).ok_or_else(|| {
            Refusal::invalid_parameter(format!("IntervalPeriod {period:?} is not valid."))
        })?;
        let name = details.time_zone.as_deref().unwrap_or("UTC");
        let zone = TimeZone::get(name)
            .map_err(|_| Refusal::invalid_parameter(format!("TimeZone {name:?} is not valid.")))?;
        Ok((interval, zone))
    }

    /// The window; its limits depend on the interval and on the present.
    fn window(
        &self,
        interval: Interval,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<(Timestamp, Timestamp), Refusal> {
        let start = instant_at(required(self.start_time, "StartTime")?, "StartTime")?;
        let end = instant_at(required(self.end_time, "EndTime")?, "EndTime")?;
        let span = limits.span(matches!(
            interval,
            Interval::FifteenMinutes | Interval::ThirtyMinutes | Interval::Hour
        ));
        let refusal = if start >= end {
            "Time range not valid. The EndTime must be after the StartTime.".to_owned()
        } else if end > now {
            "Time range not valid. Start and End Time must be within the current time".to_owned()
        } else if now.duration_since(start) > limits.history {
            let history = if limits.history == Limits::CURRENT.history {
                "3 months".to_owned()
            } else {
                in_words(limits.history)
            };
            format!("Time range not valid. Historical metrics are available for {history}.")
        } else if end.duration_since(start) >= span {
            let period = interval.as_str();
            let span = in_words(span);
            format!("Time range not valid. For {period} it must be less than {span}.")
        } else {
            return Ok((start, end));
        };
        Err(Refusal::invalid_parameter(refusal))
    }

    /// The metrics, if this simulator can compute everything.
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

fn instant_at(seconds: f64, name: &str) -> Result<Timestamp, Refusal> {
    SignedDuration::try_from_secs_f64(seconds)
        .and_then(Timestamp::from_duration)
        .and_then(|time| time.round(jiff::Unit::Millisecond))
        .map_err(|_| Refusal::invalid_parameter(format!("{name} is not a time.")))
}

/// A span in words: `24 hours`, `3 days`.
fn in_words(span: SignedDuration) -> String {
    match span.as_hours() {
        hours if hours > 24 && hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

fn check_groupings(groupings: &[String], limits: &Limits) -> Result<Vec<String>, Refusal> {
    if groupings.len() > limits.groupings {
        let text = format!("There may be {} groupings.", limits.groupings);
        return Err(Refusal::invalid_parameter(text));
    }
    for (index, key) in groupings.iter().enumerate() {
        let repeated = groupings.iter().take(index).any(|earlier| earlier == key);
        let is_known = connect_metrics::GROUPING_KEYS.contains(&key.as_str())
            || (connect_metrics::is_written_like_a_key(key)
                && !connect_metrics::FILTER_KEYS.contains(&key.as_str()));
        if repeated || !is_known || !limits.has_key(key) {
            let text = format!("The grouping {key:?} is not valid.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    Ok(groupings.to_vec())
}

/// Checks that every filter and grouping is valid for every metric, and that no required filter is missing.
fn check_together(
    metrics: &[Option<MetricRequest>],
    filters: &BTreeMap<String, Vec<String>>,
    groupings: &[String],
    limits: &Limits,
) -> Result<(), Refusal> {
    let names = metrics.iter().flatten().map(|metric| metric.name.as_str());
    let metrics: Vec<_> = names.filter_map(connect_metrics::find_metric).collect();
    let authorising = connect_metrics::AUTHORISING_KEYS;
    // A key that the service may have gained may authorise, too.
    let are_known = filters.keys().all(|key| connect_metrics::FILTER_KEYS.contains(&key.as_str()));
    let refusal = if are_known
        && connect_metrics::needs_authorising_filter(metrics.iter().copied())
        && !authorising.iter().any(|key| filters.contains_key(*key))
    {
        let keys = authorising.join(", ");
        Some(format!("There must be a filter with one of these keys: {keys}."))
    } else {
        let keys: Vec<_> = filters.keys().map(String::as_str).collect();
        metrics
            .iter()
            .find_map(|metric| invalid_reason(metric, &keys, groupings, limits))
            .or_else(|| too_many_reason(&metrics, limits))
    };
    refusal.map_or(Ok(()), |text| Err(Refusal::invalid_parameter(text)))
}

/// The reason why a request for `metric` is not valid. A key that no metric of the catalogue takes is accepted,
/// because the reference lists it without its metrics.
fn invalid_reason(
    metric: &Metric,
    filters: &[&str],
    groupings: &[String],
    limits: &Limits,
) -> Option<String> {
    let name = metric.name;
    let filter = filters.iter().find(|key| {
        (limits.lacks(name, key) || !metric.filters_by(key))
            && METRICS.iter().any(|metric| metric.filters_by(key))
    });
    let grouping = groupings.iter().find(|key| {
        (limits.lacks(name, key) || !metric.groups_by(key))
            && METRICS.iter().any(|metric| metric.groups_by(key))
    });
    let missing = metric.required_filter().filter(|key| !filters.contains(key));
    filter
        .map(|key| format!("The filter {key} is not valid for the metric {name}."))
        .or_else(|| {
            grouping.map(|key| format!("The grouping {key} is not valid for the metric {name}."))
        })
        .or_else(|| missing.map(|key| format!("The metric {name} requires the filter {key}.")))
}

/// The reason why a request has too many of one metric.
fn too_many_reason(metrics: &[&Metric], limits: &Limits) -> Option<String> {
    metrics.iter().find_map(|metric| {
        let most = match metric.name {
            "SERVICE_LEVEL" => limits.service_levels,
            _ => metric.most_per_request()?,
        };
        let name = metric.name;
        let count = metrics.iter().filter(|other| other.name == name).count();
        (count > most).then(|| format!("There may be {most} {name} metrics in a request."))
    })
}

#[cfg(test)]
mod tests;
