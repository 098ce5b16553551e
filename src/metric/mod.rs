//! What is known of each metric of GetMetricDataV2: its unit, what it may be grouped and filtered
//! by, whether it takes a threshold.
//!
//! The service gains metrics faster than any catalogue, so a name that is not listed here is still
//! a metric; see [`find`].

mod catalogue;

use serde::Serialize;

pub use catalogue::METRICS;

/// One metric of the service (GetMetricDataV2, Metrics).
#[derive(Debug)]
pub struct Metric {
    /// The API's name, such as `SERVICE_LEVEL`.
    pub name: &'static str,
    /// The name in Connect's own pages; the word `X` in it stands for the threshold.
    title: &'static str,
    /// What its figures are measured in.
    pub unit: Unit,
    /// Whether it is a count or a sum, so that no contacts make 0; without contacts an average, a
    /// rate or a maximum has no value.
    pub is_sum: bool,
    keys: &'static [&'static [&'static str]],
    filter_only: &'static [&'static [&'static str]],
    grouping_only: &'static [&'static [&'static str]],
    metric_filters: &'static [&'static str],
    thresholds: &'static [Comparison],
}

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Things counted.
    Count,
    /// Seconds, fractions included.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Percent, 0 to 100.
    Percent,
}

/// How a threshold compares (GetMetricDataV2, ThresholdV2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Comparison {
    /// Less than.
    #[serde(rename = "LT")]
    LessThan,
    /// Less than or equal.
    #[serde(rename = "LTE")]
    LessThanOrEqual,
    /// Greater than; for the campaign metrics "abandoned after".
    #[serde(rename = "GT")]
    GreaterThan,
}

/// The metric with this API name, where the catalogue knows it.
pub fn find(name: &str) -> Option<&'static Metric> {
    let index = METRICS.binary_search_by(|metric| metric.name.cmp(name)).ok()?;
    METRICS.get(index)
}

impl Metric {
    /// Whether rows may be grouped by `key` (GetMetricDataV2, Groupings).
    pub fn groups_by(&self, key: &str) -> bool {
        holds(self.keys, key) || holds(self.grouping_only, key)
    }

    /// Whether the metric may stand in a request that filters by `key` (GetMetricDataV2, Filters).
    pub fn filters_by(&self, key: &str) -> bool {
        holds(self.keys, key) || holds(self.filter_only, key)
    }

    /// The keys of the metric filters that it takes (`where`, `where_not`).
    pub fn metric_filters(&self) -> &'static [&'static str] {
        self.metric_filters
    }

    /// The comparisons that its threshold may use; empty where it takes no threshold, and where
    /// there are any the threshold is required.
    pub fn thresholds(&self) -> &'static [Comparison] {
        self.thresholds
    }

    /// The title for people, with `threshold_seconds` in the place of `X`.
    pub fn title(&self, threshold_seconds: Option<u32>) -> String {
        let Some(seconds) = threshold_seconds else {
            return self.title.to_owned();
        };
        let words = self.title.replace("X seconds", "X");
        words
            .split(' ')
            .map(|word| match word {
                "X" => format!("{seconds} s"),
                word => word.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    const fn filter_only(mut self, keys: &'static [&'static [&'static str]]) -> Self {
        self.filter_only = keys;
        self
    }

    const fn grouping_only(mut self, keys: &'static [&'static [&'static str]]) -> Self {
        self.grouping_only = keys;
        self
    }

    const fn metric_filters_by(mut self, keys: &'static [&'static str]) -> Self {
        self.metric_filters = keys;
        self
    }

    const fn threshold(mut self, comparisons: &'static [Comparison]) -> Self {
        self.thresholds = comparisons;
        self
    }
}

impl Comparison {
    /// The API's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LessThan => "LT",
            Self::LessThanOrEqual => "LTE",
            Self::GreaterThan => "GT",
        }
    }

    /// The comparison that the API spells so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::LessThan, Self::LessThanOrEqual, Self::GreaterThan]
            .into_iter()
            .find(|comparison| comparison.as_str() == text)
    }
}

fn holds(sets: &[&[&str]], key: &str) -> bool {
    sets.iter().any(|set| set.contains(&key))
}

/// A count or a sum: nothing to count makes 0.
const fn sum(
    name: &'static str,
    title: &'static str,
    unit: Unit,
    keys: &'static [&'static [&'static str]],
) -> Metric {
    Metric {
        name,
        title,
        unit,
        is_sum: true,
        keys,
        filter_only: &[],
        grouping_only: &[],
        metric_filters: &[],
        thresholds: &[],
    }
}

/// An average, a rate, an extreme or a distinct count: without contacts there is no value.
const fn statistic(
    name: &'static str,
    title: &'static str,
    unit: Unit,
    keys: &'static [&'static [&'static str]],
) -> Metric {
    Metric { is_sum: false, ..sum(name, title, unit, keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_order_of_their_names() {
        assert!(METRICS.is_sorted_by(|a, b| a.name < b.name));
        for metric in METRICS {
            assert!(std::ptr::eq(find(metric.name).unwrap(), metric));
        }
    }

    #[test]
    fn a_title_holds_the_threshold() {
        let title = |name: &str| find(name).unwrap().title(Some(20));
        assert_eq!(title("SERVICE_LEVEL"), "Service level 20 s");
        assert_eq!(title("SUM_CONTACTS_ANSWERED_IN_X"), "Contacts answered in 20 s");
    }

    #[test]
    fn filters_and_groupings_differ_where_the_service_says_so() {
        let handle_time = find("AVG_HANDLE_TIME").unwrap();
        assert!(handle_time.filters_by("FEATURE") && !handle_time.groups_by("FEATURE"));
        let occupancy = find("AGENT_OCCUPANCY").unwrap();
        assert!(!occupancy.filters_by("QUEUE") && occupancy.groups_by("AGENT"));
        let service_level = find("SERVICE_LEVEL").unwrap();
        assert!(!service_level.groups_by("AGENT") && !service_level.thresholds().is_empty());
    }
}
