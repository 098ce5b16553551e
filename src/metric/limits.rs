//! How much a request may ask (GetMetricDataV2, `MetricV2`, MetricFilterV2).

use std::ops::RangeInclusive;

/// Groupings of a request at most.
pub const GROUPINGS: usize = 4;

/// Keys that a request filters by, at most.
pub const FILTER_KEYS: usize = 5;

/// Filter values of a request at most, those of all keys but CHANNEL together.
pub const FILTER_VALUES: usize = 100;

/// Metric filters of a metric at most.
pub const METRIC_FILTERS: usize = 2;

/// Values of a metric filter at most.
pub const METRIC_FILTER_VALUES: usize = 10;

/// Metrics of a request that are asked by `MetricId`, at most.
pub const METRIC_IDS: usize = 20;

/// Characters of a `MetricId` at most.
pub const METRIC_ID_LENGTH: usize = 150;

/// The thresholds that there are, in whole seconds; the greatest is a week, as long as a contact
/// may last.
pub const THRESHOLD: RangeInclusive<u32> = 1..=604_800;

/// How many days back the service has figures: "3 months" (GetMetricDataV2, StartTime), which are
/// 89 to 92 days. This is the shortest, so that what is within it works all the year round.
pub const HISTORY_DAYS: i64 = 89;
