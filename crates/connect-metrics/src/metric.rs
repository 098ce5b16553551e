//! One metric, and the methods that write its row of the catalogue.

use serde::Serialize;

use super::keys::{FILTER_KEYS, GROUPING_KEYS};
use super::merge::{Merge, MergeScope};
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
    /// True for a count or a sum, which is 0 without contacts; an average, a rate or a maximum then has no
    /// value.
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
    over: MergeScope,
}

/// A key of the metric filters that a metric takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricFilterKey {
    /// The API's name, such as `INITIATION_METHOD`.
    pub key: &'static str,
    /// The values that the metric takes for it; empty where it takes any. Suggestions for those are
    /// [`metric_filter_values`](crate::metric_filter_values).
    pub values: &'static [&'static str],
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Counts, and numbers without a unit such as scores.
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

    /// Tells whether a request that filters by `key` may ask for the metric (GetMetricDataV2, Filters).
    pub fn filters_by(&self, key: &str) -> bool {
        holds(self.keys, key) || holds(self.filter_only, key)
    }

    /// The keys by which rows may be grouped, in the order of [`GROUPING_KEYS`].
    pub fn groupings(&self) -> impl Iterator<Item = &'static str> {
        GROUPING_KEYS.iter().copied().filter(|key| self.groups_by(key))
    }

    /// The keys by which the request may filter, in the order of [`FILTER_KEYS`].
    pub fn filters(&self) -> impl Iterator<Item = &'static str> {
        FILTER_KEYS.iter().copied().filter(|key| self.filters_by(key))
    }

    /// The key by which the request must filter, where there is one.
    pub fn required_filter(&self) -> Option<&'static str> {
        self.required_filter
    }

    /// The metric filters that the metric takes (`where`, `where_not`).
    pub fn metric_filters(&self) -> &'static [MetricFilterKey] {
        self.metric_filters
    }

    /// The metric filter with this key, if the metric takes it.
    pub fn metric_filter(&self, key: &str) -> Option<&'static MetricFilterKey> {
        self.metric_filters.iter().find(|filter| filter.key == key)
    }

    /// True where the metric filters may be negated (`where_not`).
    pub fn can_negate(&self) -> bool {
        self.can_negate
    }

    /// The number of times that one request may ask for the metric with different thresholds, where the service
    /// sets a limit.
    pub fn most_per_request(&self) -> Option<usize> {
        self.most_per_request
    }

    /// The condition under which there are figures, as the end of a sentence; `None` where everybody has them.
    pub fn availability(&self) -> Option<&'static str> {
        self.availability
    }

    /// The comparisons that the metric's threshold may use; empty where it takes no threshold. Where there are
    /// any, the threshold is required.
    pub fn thresholds(&self) -> &'static [Comparison] {
        self.thresholds
    }

    /// The rule by which figures of parts become one, if the parts differ only as
    /// [`merges_over`](Self::merges_over) allows. The rule says how exact that is.
    pub fn merge(&self) -> Merge {
        self.merge
    }

    /// The keys in which parts may differ so that [`merge`](Self::merge) holds.
    pub fn merges_over(&self) -> MergeScope {
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

    pub(super) const fn over(mut self, over: MergeScope) -> Self {
        self.over = over;
        self
    }

    pub(super) const fn threshold(mut self, comparisons: &'static [Comparison]) -> Self {
        self.thresholds = comparisons;
        self
    }
}

impl Unit {
    /// The word for the unit, in output and templates.
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

/// A row for a count or a sum, which is 0 without contacts, and whose parts are added up.
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
        over: MergeScope::Everything,
    }
}

/// The start of a row for an average, a rate, an extreme or a distinct count. Without contacts it has no value,
/// and its parts have a rule of their own.
pub(super) const fn statistic(name: &'static str, title: &'static str, unit: Unit) -> Statistic {
    Statistic { name, title, unit }
}

/// The start of a row, which needs a merge rule or the reason why there is none, so that neither is forgotten.
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
pub(super) const fn any_value(key: &'static str) -> MetricFilterKey {
    only_values(key, &[])
}

/// A metric filter that takes these values only.
pub(super) const fn only_values(
    key: &'static str,
    values: &'static [&'static str],
) -> MetricFilterKey {
    MetricFilterKey { key, values }
}
