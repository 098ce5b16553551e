//! Look-ups in the whole catalogue.

use super::catalogue::METRICS;
use super::keys::{AUTHORISING_KEYS, FILTER_KEYS, GROUPING_KEYS, is_written_like_a_key};
use super::merge::Weight;
use super::metric::Metric;

/// The metric with this API name, where the catalogue knows it.
pub fn find_metric(name: &str) -> Option<&'static Metric> {
    let index = METRICS.binary_search_by(|metric| metric.name.cmp(name)).ok()?;
    METRICS.get(index)
}

/// The keys that the reference lists as metric filters without naming their metrics (MetricFilterV2).
static METRIC_FILTERS_OF_NO_METRIC: &[&str] = &[
    "CASE_STATUS",
    "FLOWS_ACTION_IDENTIFIER",
    "FLOWS_NEXT_ACTION_IDENTIFIER",
    "FLOWS_RESOURCE_TYPE",
];

/// Tells whether `key` may be a metric filter of a metric that is not known to take it, because the reference
/// names no metric for it, or does not have it at all.
pub fn may_be_metric_filter(key: &str) -> bool {
    let is_of_a_metric = METRICS.iter().any(|metric| metric.metric_filter(key).is_some());
    let is_of_requests = FILTER_KEYS.contains(&key) || GROUPING_KEYS.contains(&key);
    METRIC_FILTERS_OF_NO_METRIC.contains(&key)
        || (is_written_like_a_key(key) && !is_of_a_metric && !is_of_requests)
}

/// Tells whether a request for these metrics has to filter by one of the [`AUTHORISING_KEYS`].
///
/// The service requires it of every request. But metrics of cases, flows and bots take none of these keys, and
/// could never be requested; so a request needs one only if any of its metrics takes one. Pass only metrics of the
/// catalogue, because nothing is known of others; a request without any needs a filter.
pub fn needs_authorising_filter<'m>(metrics: impl IntoIterator<Item = &'m Metric>) -> bool {
    let mut metrics = metrics.into_iter().peekable();
    metrics.peek().is_none()
        || metrics.any(|metric| AUTHORISING_KEYS.iter().any(|key| metric.filters_by(key)))
}

impl Weight {
    /// Tells whether the weight can be requested with these groupings, filters and metric filters of the metric
    /// that it weights.
    pub fn fits(&self, groupings: &[&str], filters: &[&str], metric_filters: &[&str]) -> bool {
        // Groupings and filters of a request apply to the weight too. With the key that selects the part, the
        // weight would count only the part.
        if self.part_key.is_some_and(|key| groupings.contains(&key) || filters.contains(&key)) {
            return false;
        }
        let metric_filters = metric_filters.iter().copied();
        let taken: Vec<_> = metric_filters.filter(|key| self.takes_metric_filter(key)).collect();
        find_metric(self.metric).is_some_and(|metric| metric.fits(groupings, filters, &taken))
    }
}
