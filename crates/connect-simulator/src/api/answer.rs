//! Answers to requests for figures, as JSON.
//!
//! The service promises neither an order of rows and collections nor the form in which it echoes a metric. So
//! here they are shuffled, thresholds are decimals, and filter values are reversed.

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::instance::Instance;
use super::limits::CheckedRequest;
use crate::centre::{Figure, MetricRequest, Row};

/// The rows of the latest requests, so that the pages of one are computed once.
#[derive(Debug, Default)]
pub(crate) struct RecentAnswers(pub(super) VecDeque<(String, Arc<Vec<String>>)>);

/// The rows as texts of `MetricResults`, in an order that follows from `seed`. There may be very many, and a text
/// takes a fraction of the memory of its row.
pub(crate) fn result_texts(asked: &CheckedRequest, rows: &[Row], seed: u64) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    let results = rows.iter().map(|row| metric_result(asked, row, &mut rng).to_string());
    let mut results: Vec<String> = results.collect();
    rng.shuffle(&mut results);
    results
}

fn metric_result(asked: &CheckedRequest, row: &Row, rng: &mut Rng) -> Value {
    let mut result = Map::new();
    if !asked.query.groupings.is_empty() {
        result.insert("Dimensions".to_owned(), dimensions_json(&asked.instance, row));
    }
    if asked.has_interval || !asked.query.groupings.is_empty() {
        let interval = json!({
            "Interval": asked.query.interval.as_str(),
            "StartTime": epoch_seconds(row.start),
            "EndTime": epoch_seconds(row.end),
        });
        result.insert("MetricInterval".to_owned(), interval);
    }
    let mut collections: Vec<Value> = asked
        .query
        .metrics
        .iter()
        .zip(&row.values)
        .filter_map(|(metric, figure)| collection_json(metric, *figure))
        .collect();
    rng.shuffle(&mut collections);
    result.insert("Collections".to_owned(), Value::Array(collections));
    Value::Object(result)
}

/// The dimensions of a row. Ids come with their ARNs; a channel has none.
fn dimensions_json(instance: &Instance, row: &Row) -> Value {
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

fn collection_json(metric: &MetricRequest, figure: Figure) -> Option<Value> {
    let value = match figure {
        Figure::Number(value) => json_number(value),
        Figure::Null => Value::Null,
        Figure::Missing => return None,
    };
    Some(json!({ "Metric": metric_echo(metric), "Value": value }))
}

fn metric_echo(metric: &MetricRequest) -> Value {
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

/// A number as the service writes it: whole numbers without a decimal point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only numbers that an i64 holds exactly are cast"
)]
fn json_number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.0e15 { json!(value as i64) } else { json!(value) }
}

/// Seconds since 1970, with a fraction if the window had one.
fn epoch_seconds(time: Timestamp) -> Value {
    json_number(time.as_duration().as_secs_f64())
}
