//! Metrics in CloudWatch's embedded metric format: lines of the log that CloudWatch reads.

use std::io::{Write as _, stdout};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::line;

/// The namespace of all metrics.
const METRIC_NAMESPACE: &str = "ConnectReports";

/// The dimension of all metrics: the function's name, as in Lambda's own metrics.
const FUNCTION_DIMENSION: &str = "FunctionName";

/// Metrics of one line, with its other members.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    definitions: Vec<Value>,
    by: Vec<(&'static str, &'static str)>,
    members: Map<String, Value>,
}

/// The units of metrics, as CloudWatch names them.
#[derive(Clone, Copy, Debug)]
pub enum MetricUnit {
    /// A number of things.
    Count,
    /// A length of time.
    Milliseconds,
}

impl Metrics {
    /// A line without metrics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metric that has no dimensions.
    #[must_use]
    pub fn with_value(
        mut self,
        name: &str,
        unit: MetricUnit,
        value: impl Into<MetricValue>,
    ) -> Self {
        let unit = match unit {
            MetricUnit::Count => "Count",
            MetricUnit::Milliseconds => "Milliseconds",
        };
        self.definitions.push(json!({"Name": name, "Unit": unit}));
        self.members.insert(name.to_owned(), json!(value.into().0));
        self
    }

    /// Adds a member by which the log can be searched, and that is no metric.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Adds one of the property's values as a dimension of one of the metrics.
    #[must_use]
    pub fn also_by(mut self, property: &'static str, metric: &'static str) -> Self {
        self.by.push((property, metric));
        self
    }

    /// The object as CloudWatch reads it (embedded metric format, specification). Every metric has the function
    /// as a dimension, so that two functions in an account do not hide each other's silence.
    pub fn document(&self, time: Timestamp, function: &str) -> Value {
        let all = directive(&[FUNCTION_DIMENSION], json!(self.definitions));
        let by = self.by.iter().map(|(property, metric)| {
            directive(&[FUNCTION_DIMENSION, property], json!([{"Name": metric, "Unit": "Count"}]))
        });
        let directives: Vec<Value> = std::iter::once(all).chain(by).collect();
        let aws = json!({"Timestamp": time.as_millisecond(), "CloudWatchMetrics": directives});
        let mut document = Map::from_iter([("_aws".to_owned(), aws)]);
        document.insert(FUNCTION_DIMENSION.to_owned(), json!(function));
        document.extend(self.members.clone());
        // CloudWatch takes the common fields as properties.
        Value::Object(line::with_common_fields(time, document))
    }
}

/// A directive of the embedded metric format: some metrics with their dimensions.
fn directive(dimensions: &[&str], metrics: Value) -> Value {
    json!({"Namespace": METRIC_NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics})
}

/// A number of things or of milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct MetricValue(u64);

impl From<usize> for MetricValue {
    fn from(count: usize) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<u128> for MetricValue {
    fn from(count: u128) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// Writes a function's metrics to standard output, where CloudWatch Logs finds them.
pub fn emit_metrics(metrics: &[Metrics], time: Timestamp, function: &str) {
    let documents = metrics.iter().map(|metrics| metrics.document(time, function));
    let lines: String = documents.map(|document| format!("{document}\n")).collect();
    // Where standard output is closed, logs and metrics go nowhere anyway.
    let _ = stdout().write_all(lines.as_bytes());
}
