//! One metric: its facts, and the methods that write its row of the catalogue.

use serde::Serialize;

use super::keys::{FILTERS, GROUPINGS};
use super::merge::{Merge, Over};
use super::threshold::Comparison;

/// One metric of the service (GetMetricDataV2, Metrics).
#[derive(Debug)]
pub struct Metric {
    /// The API's name, such as `SERVICE_LEVEL`.
    pub name: &'static str,
    /// The English title, as Connect's own pages have it; the word `X` in it stands for the
    /// threshold, see [`with_threshold`](crate::with_threshold).
    pub title: &'static str,
    /// The unit of its figures.
    pub unit: Unit,
    /// True if it is a count or a sum, so that no contacts make 0; without contacts an average, a
    /// rate or a maximum has no value.
    pub is_sum: bool,
    pub(super) keys: &'static [&'static [&'static str]],
    pub(super) filter_only: &'static [&'static [&'static str]],
    pub(super) grouping_only: &'static [&'static [&'static str]],
    metric_filters: &'static [MetricFilterKey],
    can_negate: bool,
    thresholds: &'static [Comparison],
    required_filter: Option<&'static str>,
    most_per_request: Option<usize>,
    availability: Option<&'static str>,
    merge: Merge,
    over: Over,
}

/// A key of the metric filters that a metric takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricFilterKey {
    /// The API's name, such as `INITIATION_METHOD`.
    pub key: &'static str,
    /// The values that the metric takes for it; empty: any. Values that may help where any is
    /// taken are [`metric_filter_values`](crate::metric_filter_values).
    pub values: &'static [&'static str],
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Things counted, and bare numbers such as scores.
    Count,
    /// Seconds, fractions included.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Percent, 0 to 100.
    Percent,
}

impl Metric {
    /// Tells whether rows may be grouped by `key` (GetMetricDataV2, Groupings).
    pub fn groups_by(&self, key: &str) -> bool {
        holds(self.keys, key) || holds(self.grouping_only, key)
    }

    /// Tells whether the metric may stand in a request that filters by `key` (GetMetricDataV2, Filters).
    pub fn filters_by(&self, key: &str) -> bool {
        holds(self.keys, key) || holds(self.filter_only, key)
    }

    /// The keys that rows may be grouped by, in the order of [`GROUPINGS`].
    pub fn groupings(&self) -> impl Iterator<Item = &'static str> {
        GROUPINGS.iter().copied().filter(|key| self.groups_by(key))
    }

    /// The keys that the request may filter by, in the order of [`FILTERS`].
    pub fn filters(&self) -> impl Iterator<Item = &'static str> {
        FILTERS.iter().copied().filter(|key| self.filters_by(key))
    }

    /// The key that the request must filter by, where there is one.
    pub fn required_filter(&self) -> Option<&'static str> {
        self.required_filter
    }

    /// The metric filters that it takes (`where`, `where_not`).
    pub fn metric_filters(&self) -> &'static [MetricFilterKey] {
        self.metric_filters
    }

    /// The metric filter with this key, if the metric takes it.
    pub fn metric_filter(&self, key: &str) -> Option<&'static MetricFilterKey> {
        self.metric_filters.iter().find(|filter| filter.key == key)
    }

    /// Tells whether its metric filters may be negated (`where_not`).
    pub fn can_negate(&self) -> bool {
        self.can_negate
    }

    /// The number of times that a request may ask for the metric, with other thresholds, where the service
    /// sets a limit.
    pub fn most_per_request(&self) -> Option<usize> {
        self.most_per_request
    }

    /// For whom or since when there are figures, in words that continue a sentence; none where
    /// everybody has them.
    pub fn availability(&self) -> Option<&'static str> {
        self.availability
    }

    /// The comparisons that its threshold may use; empty where it takes no threshold, and where
    /// there are any the threshold is required.
    pub fn thresholds(&self) -> &'static [Comparison] {
        self.thresholds
    }

    /// The rule by which figures of parts become one, if the parts differ in nothing but what
    /// [`merges_over`](Self::merges_over) allows. The rule says how exact that is.
    pub fn merge(&self) -> Merge {
        self.merge
    }

    /// The keys that the parts may differ in for [`merge`](Self::merge) to hold.
    pub fn merges_over(&self) -> Over {
        self.over
    }

    /// Tells whether the metric takes all of these groupings, filters and metric filters.
    pub fn fits(&self, groupings: &[&str], filters: &[&str], metric_filters: &[&str]) -> bool {
        groupings.iter().all(|key| self.groups_by(key))
            && filters.iter().all(|key| self.filters_by(key))
            && metric_filters.iter().all(|key| self.metric_filter(key).is_some())
    }

    pub(super) const fn filter_only(mut self, keys: &'static [&'static [&'static str]]) -> Self {
        self.filter_only = keys;
        self
    }

    pub(super) const fn grouping_only(mut self, keys: &'static [&'static [&'static str]]) -> Self {
        self.grouping_only = keys;
        self
    }

    pub(super) const fn by(mut self, keys: &'static [&'static [&'static str]]) -> Self {
        self.keys = keys;
        self
    }

    pub(super) const fn metric_filters_by(mut self, keys: &'static [MetricFilterKey]) -> Self {
        self.metric_filters = keys;
        self.can_negate = true;
        self
    }

    pub(super) const fn never_negated(mut self) -> Self {
        self.can_negate = false;
        self
    }

    pub(super) const fn requires(mut self, key: &'static str) -> Self {
        self.required_filter = Some(key);
        self
    }

    pub(super) const fn at_most(mut self, count: usize) -> Self {
        self.most_per_request = Some(count);
        self
    }

    pub(super) const fn only_where(mut self, availability: &'static str) -> Self {
        self.availability = Some(availability);
        self
    }

    pub(super) const fn over(mut self, over: Over) -> Self {
        self.over = over;
        self
    }

    pub(super) const fn threshold(mut self, comparisons: &'static [Comparison]) -> Self {
        self.thresholds = comparisons;
        self
    }
}

impl Unit {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Percent => "percent",
        }
    }
}

fn holds(sets: &[&[&str]], key: &str) -> bool {
    sets.iter().any(|set| set.contains(&key))
}

/// A count or a sum: nothing to count makes 0, and parts are added up.
pub(super) const fn sum(name: &'static str, title: &'static str, unit: Unit) -> Metric {
    Metric {
        name,
        title,
        unit,
        is_sum: true,
        keys: &[],
        filter_only: &[],
        grouping_only: &[],
        metric_filters: &[],
        can_negate: false,
        thresholds: &[],
        required_filter: None,
        most_per_request: None,
        availability: None,
        merge: Merge::Sum,
        over: Over::Everything,
    }
}

/// An average, a rate, an extreme or a distinct count: without contacts there is no value, and
/// parts have a rule of their own.
pub(super) const fn statistic(name: &'static str, title: &'static str, unit: Unit) -> Statistic {
    Statistic { name, title, unit }
}

/// The start of a row that becomes one only with a merge rule or the reason why there is none, so
/// that neither can be forgotten.
pub(super) struct Statistic {
    name: &'static str,
    title: &'static str,
    unit: Unit,
}

impl Statistic {
    pub(super) const fn merged(self, merge: Merge) -> Metric {
        Metric { is_sum: false, merge, ..sum(self.name, self.title, self.unit) }
    }

    pub(super) const fn unmerged(self, reason: &'static str) -> Metric {
        self.merged(Merge::None(reason))
    }
}

/// A metric filter that takes any value.
pub(super) const fn any(key: &'static str) -> MetricFilterKey {
    only(key, &[])
}

/// A metric filter that takes these values only.
pub(super) const fn only(key: &'static str, values: &'static [&'static str]) -> MetricFilterKey {
    MetricFilterKey { key, values }
}
