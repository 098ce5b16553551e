//! Queries to the centre and their rows, without the limits and the JSON of the API.

use std::collections::BTreeMap;

use connect_metrics::Comparison;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::intervals::Interval;

/// A query to the centre (`GetMetricDataV2` without its limits).
#[derive(Clone, Debug)]
pub struct Query {
    /// The first instant of the window.
    pub start: Timestamp,
    /// The first instant after the window.
    pub end: Timestamp,
    /// The intervals into which the window is cut.
    pub interval: Interval,
    /// The time zone in which days and weeks begin.
    pub time_zone: TimeZone,
    /// The ids to keep, by the API's key (`QUEUE`). A key that the centre does not model keeps nothing.
    pub filters: BTreeMap<String, Vec<String>>,
    /// The keys by which rows are grouped, as the API has them.
    pub groupings: Vec<String>,
    /// The metrics.
    pub metrics: Vec<MetricRequest>,
}

/// One metric of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRequest {
    /// The API's name.
    pub name: String,
    /// The `X` of the metrics that count what happens in X seconds.
    pub threshold: Option<(Comparison, f64)>,
    /// The filters for this metric; all must hold.
    pub filters: Vec<MetricFilter>,
}

/// A filter of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricFilter {
    /// `INITIATION_METHOD` or `DISCONNECT_REASON`.
    pub key: String,
    /// The values to keep.
    pub values: Vec<String>,
    /// True if the contacts without these values are kept.
    pub negate: bool,
}

/// The figures of one group in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The ids by the API's key. A group of contacts without an agent has no `AGENT`.
    pub dimensions: BTreeMap<String, String>,
    /// The first instant of the interval.
    pub start: Timestamp,
    /// The first instant after the interval.
    pub end: Timestamp,
    /// The figures, in the order of the metrics asked.
    pub values: Vec<Figure>,
}

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A number in the unit of the metric.
    Number(f64),
    /// There is no data from which it could be computed.
    Null,
    /// The service leaves the metric out of the answer.
    Missing,
}

impl Query {
    /// A query for the totals of a window, of all contacts.
    pub fn total(start: Timestamp, end: Timestamp, metrics: Vec<MetricRequest>) -> Self {
        Self {
            start,
            end,
            interval: Interval::Total,
            time_zone: TimeZone::UTC,
            filters: BTreeMap::new(),
            groupings: Vec::new(),
            metrics,
        }
    }
}

impl MetricRequest {
    /// The metric without threshold and filters.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), threshold: None, filters: Vec::new() }
    }

    /// The metric with a threshold in seconds.
    pub fn within(name: &str, comparison: Comparison, seconds: f64) -> Self {
        Self { threshold: Some((comparison, seconds)), ..Self::plain(name) }
    }
}
