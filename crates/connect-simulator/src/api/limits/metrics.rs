//! The metrics of a request, with their thresholds and metric filters.

use std::ops::RangeInclusive;

use connect_metrics::limits::{
    MAX_METRIC_FILTER_VALUES, MAX_METRIC_FILTERS, MAX_METRIC_ID_LENGTH, THRESHOLD_SECONDS,
};
use connect_metrics::{Comparison, Limits, Metric};
use serde::Deserialize;

use super::members::{one_of, required};
use crate::api::refusal::Refusal;
use crate::centre::figures::definitions;
use crate::centre::{MetricFilter, MetricRequest};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricV2 {
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

/// Checks the metrics; those that the catalogue does not know become `None`.
pub(super) fn check_metrics(
    metrics: &[MetricV2],
    limits: &Limits,
) -> Result<Vec<Option<MetricRequest>>, Refusal> {
    if metrics.is_empty() {
        return Err(Refusal::invalid_parameter("There must be a metric."));
    }
    if metrics.iter().filter(|metric| metric.metric_id.is_some()).count() > limits.metric_ids {
        let text =
            format!("There may be {} metrics with a MetricId in a request.", limits.metric_ids);
        return Err(Refusal::invalid_parameter(text));
    }
    metrics.iter().map(|metric| metric.check(limits)).collect()
}

impl MetricV2 {
    fn check(&self, limits: &Limits) -> Result<Option<MetricRequest>, Refusal> {
        if let Some(id) = &self.metric_id {
            if !(1..=MAX_METRIC_ID_LENGTH).contains(&id.chars().count()) {
                let text = "The MetricId must have 1 to 150 characters.";
                return Err(Refusal::invalid_parameter(text));
            }
            return Ok(None);
        }
        let name = required(self.name.as_deref(), "Name of the metric")?;
        if !limits.has_metric(name) {
            let text = format!("The metric {name:?} is not valid.");
            return Err(Refusal::invalid_parameter(text));
        }
        let Some(metric) = connect_metrics::find_metric(name) else {
            return Ok(None);
        };
        Ok(Some(MetricRequest {
            name: name.to_owned(),
            threshold: self.check_threshold(metric, limits)?,
            filters: self.check_filters(metric, limits)?,
        }))
    }

    /// The checked metric, if this simulator can compute it.
    pub(super) fn modelled(&self, metric: Option<MetricRequest>) -> Result<MetricRequest, Refusal> {
        if self.metric_id.is_some() {
            return Err(Refusal::not_modelled("MetricId; send the Name"));
        }
        let name = self.name.as_deref().unwrap_or_default();
        let metric = metric
            .filter(|metric| definitions::find_definition(&metric.name).is_some())
            .ok_or_else(|| Refusal::not_modelled(format!("the metric {name}")))?;
        let is_modelled =
            |key: &str| key != "FEATURE" && !connect_metrics::may_be_metric_filter(key);
        match metric.filters.iter().find(|filter| !is_modelled(&filter.key)) {
            Some(filter) => Err(Refusal::not_modelled(format!("the metric filter {}", filter.key))),
            None => Ok(metric),
        }
    }

    /// The threshold, which some metrics must have and the others must not.
    fn check_threshold(
        &self,
        metric: &Metric,
        limits: &Limits,
    ) -> Result<Option<(Comparison, f64)>, Refusal> {
        let name = metric.name;
        let refusal = match self.threshold.as_deref().unwrap_or_default() {
            [] if metric.thresholds().is_empty() => return Ok(None),
            [] => format!("You must specify a Threshold when you retrieve {name} metrics."),
            _ if metric.thresholds().is_empty() => format!("{name} does not take a Threshold."),
            [threshold] => match threshold.check(metric, limits) {
                Ok(threshold) => return Ok(Some(threshold)),
                Err(refusal) => refusal,
            },
            _ => format!("{name} takes one Threshold."),
        };
        Err(Refusal::invalid_parameter(refusal))
    }

    fn check_filters(
        &self,
        metric: &Metric,
        limits: &Limits,
    ) -> Result<Vec<MetricFilter>, Refusal> {
        let filters = self.metric_filters.as_deref().unwrap_or_default();
        if filters.len() > MAX_METRIC_FILTERS {
            let text = format!("{} may have 2 metric filters.", metric.name);
            return Err(Refusal::invalid_parameter(text));
        }
        filters.iter().map(|filter| filter.check(metric, limits)).collect()
    }
}

impl ThresholdV2 {
    fn check(&self, metric: &Metric, limits: &Limits) -> Result<(Comparison, f64), String> {
        let name = metric.name;
        let comparison = self
            .comparison
            .as_deref()
            .and_then(Comparison::parse)
            .filter(|value| metric.thresholds().contains(value))
            .filter(|value| limits.comparisons.contains(value))
            .ok_or_else(|| format!("The Comparison of the Threshold of {name} is not valid."))?;
        self.threshold_value
            .filter(|value| value.fract() == 0.0 && whole_thresholds().contains(value))
            .map(|value| (comparison, value))
            .ok_or_else(|| {
                format!("The ThresholdValue of {name} must be a whole number, 1 to 604800.")
            })
    }
}

fn whole_thresholds() -> RangeInclusive<f64> {
    f64::from(*THRESHOLD_SECONDS.start())..=f64::from(*THRESHOLD_SECONDS.end())
}

impl MetricFilterV2 {
    fn check(&self, metric: &Metric, limits: &Limits) -> Result<MetricFilter, Refusal> {
        let name = metric.name;
        let key = required(self.metric_filter_key.as_deref(), "MetricFilterKey")?;
        let values = required(self.metric_filter_values.as_deref(), "MetricFilterValues")?;
        let negate = self.negate.unwrap_or(false);
        let known = metric.metric_filter(key).filter(|_| !limits.lacks(name, key));
        let may_be_new = connect_metrics::may_be_metric_filter(key);
        if known.is_none() && !(may_be_new && limits.has_metric_filter(key)) {
            let text = format!("{name} does not take the metric filter {key:?}.");
            return Err(Refusal::invalid_parameter(text));
        }
        let allowed = known.map_or(&[][..], |known| known.values);
        let other = values.iter().find(|value| !allowed.contains(&value.as_str()));
        let refusal = if !(1..=MAX_METRIC_FILTER_VALUES).contains(&values.len()) {
            format!("The metric filter {key} of {name} must have 1 to 10 values.")
        } else if let Some(value) = other.filter(|_| !allowed.is_empty()) {
            let allowed = one_of(allowed);
            format!("{value:?} is not a value of the metric filter {key} of {name}; {allowed}.")
        } else if negate && !((metric.can_negate() || may_be_new) && limits.can_negate) {
            // "The Negate key in metric-level filters is not applicable for this metric."
            format!("The metric filters of {name} cannot be negated.")
        } else {
            return Ok(MetricFilter { key: key.to_owned(), values: values.to_vec(), negate });
        };
        Err(Refusal::invalid_parameter(refusal))
    }
}
