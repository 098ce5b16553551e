//! The limits of a request (GetMetricDataV2, `MetricV2`, MetricFilterV2), now and in the API's
//! first version.

use jiff::SignedDuration;

use super::catalogue::AGENT_KEYS;
use super::lookup::may_be_metric_filter;
use super::threshold::Comparison;

pub use super::threshold::THRESHOLD_SECONDS;

/// The most groupings of a request.
pub const MAX_GROUPINGS: usize = 4;

/// The most keys by which a request filters.
pub const MAX_FILTER_KEYS: usize = 5;

/// The most filter values of a request, of all keys except CHANNEL together.
pub const MAX_FILTER_VALUES: usize = 100;

/// The most metric filters of a metric.
pub const MAX_METRIC_FILTERS: usize = 2;

/// The most values of a metric filter.
pub const MAX_METRIC_FILTER_VALUES: usize = 10;

/// The most metrics of a request that are named by `MetricId`.
pub const MAX_METRIC_IDS: usize = 20;

/// The most characters of a `MetricId`.
pub const MAX_METRIC_ID_LENGTH: usize = 150;

/// The days before now for which the service has figures: "3 months" (GetMetricDataV2, StartTime), which are
/// 89 to 92 days. This is the shortest, so that windows within it work all year round.
pub const HISTORY_DAYS: i64 = 89;

/// The most `SERVICE_LEVEL` metrics of a request (GetMetricDataV2, Metrics).
pub const MAX_SERVICE_LEVELS: usize = 20;

/// The limits of one version of the API as a value, which makers of requests and a fake of the service can share.
///
/// Limits that are the same in all versions, such as the values of a metric filter, are constants of this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most keys by which a request filters.
    pub filter_keys: usize,
    /// The most filter values of a request, of all keys together.
    pub filter_values: usize,
    /// True where the values of CHANNEL count as filter values.
    pub channels_count: bool,
    /// The most groupings of a request.
    pub groupings: usize,
    /// The most `SERVICE_LEVEL` metrics of a request.
    pub service_levels: usize,
    /// The most metrics of a request that are named by `MetricId`.
    pub metric_ids: usize,
    /// The length below which a request's span must stay with the intervals `FIFTEEN_MIN`, `THIRTY_MIN` and HOUR.
    pub fine_span: SignedDuration,
    /// The same for DAY, WEEK and TOTAL. A request without an interval is one for the TOTAL.
    pub coarse_span: SignedDuration,
    /// The longest time by which a request's start may lie back.
    pub history: SignedDuration,
    /// True where requests take an Interval.
    pub has_intervals: bool,
    /// The comparisons that thresholds may use, if the metric takes them too.
    pub comparisons: &'static [Comparison],
    /// The metrics that exist; `None` for all of the catalogue.
    pub metrics: Option<&'static [&'static str]>,
    /// The keys that exist for filters and groupings; `None` for all of the catalogue.
    pub keys: Option<&'static [&'static str]>,
    /// The keys that metrics lack although the catalogue has them, for groupings, filters and metric filters.
    pub lacking: &'static [(&'static str, &'static [&'static str])],
    /// True where metric filters may be negated, if those of the metric may.
    pub can_negate: bool,
    /// The values that a filter by CHANNEL may have.
    pub channels: &'static [&'static str],
    /// True where the API exists in the `GovCloud` (US) Regions.
    pub has_gov_cloud: bool,
}

impl Limits {
    /// The API of today.
    pub const CURRENT: Self = Self {
        filter_keys: MAX_FILTER_KEYS,
        filter_values: MAX_FILTER_VALUES,
        channels_count: false,
        groupings: MAX_GROUPINGS,
        service_levels: MAX_SERVICE_LEVELS,
        metric_ids: MAX_METRIC_IDS,
        fine_span: days(3),
        coarse_span: days(35),
        // "3 months" are 92 days at most, and the day of the request.
        history: days(93),
        has_intervals: true,
        comparisons: &Comparison::ALL,
        metrics: None,
        keys: None,
        lacking: &[],
        can_negate: true,
        channels: &["VOICE", "CHAT", "TASK", "EMAIL"],
        has_gov_cloud: true,
    };

    /// The API's first version, of 2023. Its page says: "It can retrieve historical data for the
    /// last 14 days, in 24-hour intervals", "the time range between the start and end time must be
    /// less than 24 hours", "a maximum of 5 filter keys", "a maximum of 100 filter values" of
    /// whatever key, "VOICE, CHAT, and TASK are valid", "for Comparison, you must enter LT", "up to
    /// 20 `SERVICE_LEVEL` metrics" and "not available in the Amazon Web Services `GovCloud` (US)
    /// Regions". It knows neither an Interval nor a `MetricId` nor a metric filter's Negate.
    /// It does not say how many groupings there may be; today's number is taken.
    pub const FIRST_VERSION: Self = Self {
        filter_keys: 5,
        filter_values: 100,
        channels_count: true,
        groupings: MAX_GROUPINGS,
        service_levels: 20,
        metric_ids: 0,
        fine_span: days(1),
        coarse_span: days(1),
        history: days(14),
        has_intervals: false,
        comparisons: &[Comparison::LessThan],
        metrics: Some(FIRST_METRICS),
        keys: Some(FIRST_KEYS),
        lacking: FIRST_LACKING,
        can_negate: false,
        channels: &["VOICE", "CHAT", "TASK"],
        has_gov_cloud: false,
    };

    /// The names of the versions, for settings: the first is the usual one.
    pub const VERSIONS: [&str; 2] = ["current", "2023"];

    /// The limits of the version with this name.
    pub fn of_version(name: &str) -> Option<Self> {
        match name {
            "current" => Some(Self::CURRENT),
            "2023" => Some(Self::FIRST_VERSION),
            _ => None,
        }
    }

    /// The span that a request must stay below; `fine` are the intervals shorter than a day.
    pub fn span(&self, fine: bool) -> SignedDuration {
        if fine { self.fine_span } else { self.coarse_span }
    }

    /// Tells whether the version has this metric. The current one has any, because the service gains metrics
    /// faster than the catalogue.
    pub fn has_metric(&self, name: &str) -> bool {
        self.metrics.is_none_or(|metrics| metrics.contains(&name))
    }

    /// Tells whether the version has this key for filters and groupings; the current one has any.
    pub fn has_key(&self, key: &str) -> bool {
        self.keys.is_none_or(|keys| keys.contains(&key))
    }

    /// Tells whether the version may have a metric filter with this key; the first has only those of the
    /// catalogue.
    pub fn has_metric_filter(&self, key: &str) -> bool {
        self.keys.is_none() || !may_be_metric_filter(key)
    }

    /// True where the version's metric lacks a key that the catalogue's takes.
    pub fn lacks(&self, metric: &str, key: &str) -> bool {
        self.lacking.iter().any(|(name, keys)| *name == metric && keys.contains(&key))
    }

    /// Tells whether the values of the filter `key` count as filter values.
    pub fn counts_values_of(&self, key: &str) -> bool {
        self.channels_count || key != "CHANNEL"
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::CURRENT
    }
}

const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}

/// The metrics of the first version, in the order of its page.
const FIRST_METRICS: &[&str] = &[
    "AGENT_ADHERENT_TIME",
    "AGENT_NON_RESPONSE",
    "AGENT_OCCUPANCY",
    "AGENT_SCHEDULE_ADHERENCE",
    "AGENT_SCHEDULED_TIME",
    "AVG_ABANDON_TIME",
    "AVG_AFTER_CONTACT_WORK_TIME",
    "AVG_AGENT_CONNECTING_TIME",
    "AVG_HANDLE_TIME",
    "AVG_HOLD_TIME",
    "AVG_INTERACTION_AND_HOLD_TIME",
    "AVG_INTERACTION_TIME",
    "AVG_QUEUE_ANSWER_TIME",
    "CONTACTS_ABANDONED",
    "CONTACTS_CREATED",
    "CONTACTS_HANDLED",
    "CONTACTS_HOLD_ABANDONS",
    "CONTACTS_QUEUED",
    "CONTACTS_TRANSFERRED_OUT",
    "CONTACTS_TRANSFERRED_OUT_BY_AGENT",
    "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE",
    "MAX_QUEUED_TIME",
    "SERVICE_LEVEL",
    "SUM_CONTACTS_ANSWERED_IN_X",
    "SUM_CONTACTS_ABANDONED_IN_X",
    "SUM_CONTACTS_DISCONNECTED",
    "SUM_RETRY_CALLBACK_ATTEMPTS",
];

/// The keys of the first version, in the order of its page.
const FIRST_KEYS: &[&str] = &[
    "QUEUE",
    "ROUTING_PROFILE",
    "AGENT",
    "CHANNEL",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
];

/// The keys that metrics of the first version lacked: its page names metric filters for only four of them, and
/// agents for none of these.
const FIRST_LACKING: &[(&str, &[&str])] = &[
    ("AVG_ABANDON_TIME", &["INITIATION_METHOD"]),
    ("AVG_AFTER_CONTACT_WORK_TIME", &["INITIATION_METHOD"]),
    ("AVG_INTERACTION_TIME", &["INITIATION_METHOD"]),
    ("AVG_QUEUE_ANSWER_TIME", &["INITIATION_METHOD", "FEATURE", "DISCONNECT_REASON"]),
    ("CONTACTS_ABANDONED", &["INITIATION_METHOD"]),
    ("SUM_CONTACTS_DISCONNECTED", AGENT_KEYS),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FILTER_KEYS, GROUPING_KEYS, find_metric};

    #[test]
    fn the_first_version_knows_a_part_of_today() {
        let first = Limits::FIRST_VERSION;
        let metrics = first.metrics.unwrap();
        assert_eq!(metrics.len(), 27);
        assert!(metrics.iter().all(|name| find_metric(name).is_some()));
        let keys = first.keys.unwrap();
        assert_eq!(keys.len(), 9);
        assert!(keys.iter().all(|key| FILTER_KEYS.contains(key) && GROUPING_KEYS.contains(key)));
        assert!(first.has_key("CHANNEL") && !first.has_key("FEATURE"));
        assert!(first.has_metric("SERVICE_LEVEL") && !first.has_metric("SUM_HANDLE_TIME"));
        for (metric, keys) in first.lacking {
            let metric =
                find_metric(metric).filter(|metric| first.has_metric(metric.name)).unwrap();
            let takes = |key| metric.groups_by(key) || metric.metric_filter(key).is_some();
            assert!(keys.iter().all(|key| takes(key)), "{}", metric.name);
        }
        let filtered = metrics.iter().filter(|name| {
            let own = find_metric(name).unwrap().metric_filters();
            own.iter().any(|filter| !first.lacks(name, filter.key))
        });
        let four = [
            "AVG_AGENT_CONNECTING_TIME",
            "CONTACTS_CREATED",
            "CONTACTS_HANDLED",
            "SUM_CONTACTS_DISCONNECTED",
        ];
        assert!(filtered.eq(four.iter()));
        assert!(first.counts_values_of("CHANNEL") && !Limits::CURRENT.counts_values_of("CHANNEL"));
    }

    #[test]
    fn versions_have_names() {
        assert_eq!(Limits::CURRENT.channels, crate::filter_values("CHANNEL"));
        let [usual, ..] = Limits::VERSIONS;
        assert_eq!(Limits::of_version(usual), Some(Limits::default()));
        for version in Limits::VERSIONS {
            assert!(Limits::of_version(version).is_some(), "{version}");
        }
        assert_eq!(Limits::of_version("2024"), None);
    }

    #[test]
    fn the_span_depends_on_the_interval() {
        let current = Limits::CURRENT;
        assert_eq!(current.span(true).as_hours(), 72);
        assert_eq!(current.span(false).as_hours(), 35 * 24);
        assert_eq!(Limits::FIRST_VERSION.span(true), Limits::FIRST_VERSION.span(false));
    }
}
