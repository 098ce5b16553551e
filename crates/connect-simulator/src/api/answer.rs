//! The answer to a request for figures in the form of the wire.
//!
//! The service promises no order of rows and of collections and not how it echoes a metric, so
//! they come shuffled here, thresholds as decimals and filter values turned around.

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::instance::Instance;
use super::limits::Asked;
use crate::centre::{Figure, MetricRequest, Row};

/// The rows of the latest requests, so that the pages of one are computed once.
#[derive(Debug, Default)]
pub(crate) struct RecentAnswers(pub(super) VecDeque<(String, Arc<Vec<String>>)>);

/// The rows as texts of `MetricResults`, in an order that `seed` decides. There may be very many of
/// them, and a text takes a fraction of what it is made from.
pub(crate) fn results(asked: &Asked, rows: &[Row], seed: u64) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    let text = |row| result(asked, row, &mut rng).to_string();
    let mut results: Vec<String> = rows.iter().map(text).collect();
    rng.shuffle(&mut results);
    results
}

fn result(asked: &Asked, row: &Row, rng: &mut Rng) -> Value {
    let mut result = Map::new();
    if !asked.query.groupings.is_empty() {
        result.insert("Dimensions".to_owned(), dimensions(&asked.instance, row));
    }
    if asked.has_interval || !asked.query.groupings.is_empty() {
        let interval = json!({
            "Interval": asked.query.interval.as_str(),
            "StartTime": seconds(row.start),
            "EndTime": seconds(row.end),
        });
        result.insert("MetricInterval".to_owned(), interval);
    }
    let mut collections: Vec<Value> = asked
        .query
        .metrics
        .iter()
        .zip(&row.values)
        .filter_map(|(metric, figure)| collection(metric, *figure))
        .collect();
    rng.shuffle(&mut collections);
    result.insert("Collections".to_owned(), Value::Array(collections));
    Value::Object(result)
}

/// Ids come with their ARNs; a channel has none.
fn dimensions(instance: &Instance, row: &Row) -> Value {
    let mut dimensions = Map::new();
    for (key, id) in &row.dimensions {
        dimensions.insert(key.clone(), json!(id));
        let kind = match key.as_str() {
            "QUEUE" => "queue",
            "ROUTING_PROFILE" => "routing-profile",
            "AGENT" => "agent",
            _ if key.starts_with("AGENT_HIERARCHY_LEVEL_") => "agent-group",
            _ => continue,
        };
        dimensions.insert(format!("{key}_ARN"), json!(instance.resource(kind, id)));
    }
    Value::Object(dimensions)
}

fn collection(metric: &MetricRequest, figure: Figure) -> Option<Value> {
    let value = match figure {
        Figure::Number(value) => number(value),
        Figure::Null => Value::Null,
        Figure::Missing => return None,
    };
    Some(json!({ "Metric": echo(metric), "Value": value }))
}

fn echo(metric: &MetricRequest) -> Value {
    let mut echo = Map::new();
    echo.insert("Name".to_owned(), json!(metric.name));
    if let Some((comparison, value)) = metric.threshold {
        let threshold = json!([{ "Comparison": comparison.as_str(), "ThresholdValue": value }]);
        echo.insert("Threshold".to_owned(), threshold);
    }
    if !metric.filters.is_empty() {
        let filters = metric.filters.iter().map(|filter| {
            let values: Vec<_> = filter.values.iter().rev().collect();
            let mut echo = json!({
                "MetricFilterKey": filter.key,
                "MetricFilterValues": values,
            });
            if filter.negate {
                echo["Negate"] = json!(true);
            }
            echo
        });
        echo.insert("MetricFilters".to_owned(), filters.collect());
    }
    Value::Object(echo)
}

/// Whole numbers without a decimal point, as the service writes them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only numbers that an i64 holds exactly are cast"
)]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.0e15 { json!(value as i64) } else { json!(value) }
}

/// Seconds since 1970, with a fraction if the window had one.
fn seconds(time: Timestamp) -> Value {
    number(time.as_duration().as_secs_f64())
}
