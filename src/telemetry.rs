//! Logs: one JSON object a line in Lambda, plain lines at a terminal that asks for them. Metrics: one
//! JSON object a line too, in CloudWatch's embedded metric format.
//!
//! The SDK's and the HTTP crates' own events can hold addresses and figures below `warn`, so they
//! are capped there whatever level is asked for.

use std::io::{Write as _, stderr, stdout};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// JSON lines on standard output, for CloudWatch Logs; the level is `AWS_LAMBDA_LOG_LEVEL` or
/// `RUST_LOG`, else info.
pub fn in_lambda(variable: impl Fn(&str) -> Option<String>) {
    let level = level(variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG")));
    let lines = fmt::layer().json().flatten_event(true).with_target(false).with_current_span(false);
    let subscriber = tracing_subscriber::registry()
        .with(capped(level.unwrap_or(LevelFilter::INFO)))
        .with(lines.without_time());
    // Fails only where a subscriber is set already, and then that one serves.
    let _ = subscriber.try_init();
}

/// Plain lines on standard error, if `RUST_LOG` asks for any.
pub fn at_terminal(variable: impl Fn(&str) -> Option<String>) {
    let Some(level) = level(variable("RUST_LOG")) else {
        return;
    };
    let lines = fmt::layer().with_writer(stderr).without_time();
    let _ = tracing_subscriber::registry().with(capped(level)).with(lines).try_init();
}

fn level(text: Option<String>) -> Option<LevelFilter> {
    text?.trim().parse().ok()
}

fn capped(level: LevelFilter) -> Targets {
    Targets::new().with_target("connect_reports", level).with_default(level.min(LevelFilter::WARN))
}

/// Logs where a panic was: what it says may quote anything.
pub fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect of this program stopped a run");
}

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
        Value::Object(document)
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
