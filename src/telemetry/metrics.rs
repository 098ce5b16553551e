//! Metrics in CloudWatch's embedded metric format: lines of the log that CloudWatch reads.

use std::io::{Write as _, stdout};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::line;

/// The namespace of all metrics.
const NAMESPACE: &str = "ConnectReports";

/// The dimension of all metrics: the function's name, as in those that Lambda writes itself.
const FUNCTION: &str = "FunctionName";

/// Metrics that belong together, and what stands beside them in the log.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    definitions: Vec<Value>,
    by: Vec<(&'static str, &'static str)>,
    members: Map<String, Value>,
}

/// The units of metrics, as CloudWatch names them.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// So many.
    Count,
    /// So long.
    Milliseconds,
}

impl Metrics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a metric that has no dimensions.
    #[must_use]
    pub fn value(mut self, name: &str, unit: Unit, value: impl Into<Count>) -> Self {
        let unit = match unit {
            Unit::Count => "Count",
            Unit::Milliseconds => "Milliseconds",
        };
        self.definitions.push(json!({"Name": name, "Unit": unit}));
        self.members.insert(name.to_owned(), json!(value.into().0));
        self
    }

    /// With what the log can be searched for, and no metric is made of.
    #[must_use]
    pub fn property(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// With one of the metrics by one of the properties too.
    #[must_use]
    pub fn also_by(mut self, property: &'static str, metric: &'static str) -> Self {
        self.by.push((property, metric));
        self
    }

    /// The object as CloudWatch reads it (embedded metric format, specification). Every metric is one
    /// of the function: two of them in an account do not hide each other's silence.
    pub fn at(&self, time: Timestamp, function: &str) -> Value {
        let directive = |dimensions: &[&str], metrics: Value| json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics});
        let all = directive(&[FUNCTION], json!(self.definitions));
        let by = self.by.iter().map(|(property, metric)| {
            directive(&[FUNCTION, property], json!([{"Name": metric, "Unit": "Count"}]))
        });
        let directives: Vec<Value> = std::iter::once(all).chain(by).collect();
        let aws = json!({"Timestamp": time.as_millisecond(), "CloudWatchMetrics": directives});
        let mut document = Map::from_iter([("_aws".to_owned(), aws)]);
        document.insert(FUNCTION.to_owned(), json!(function));
        document.extend(self.members.clone());
        // To CloudWatch they are properties like others.
        Value::Object(line::complete(time, document))
    }
}

/// A number of things or of milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Count(u64);

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<u128> for Count {
    fn from(count: u128) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// Writes a function's metrics to standard output, where CloudWatch Logs finds them.
pub fn emit(metrics: &[Metrics], time: Timestamp, function: &str) {
    let line = |metrics: &Metrics| format!("{}\n", metrics.at(time, function));
    let lines: String = metrics.iter().map(line).collect();
    // Where standard output is closed, logs and metrics end nowhere anyway.
    let _ = stdout().write_all(lines.as_bytes());
}
