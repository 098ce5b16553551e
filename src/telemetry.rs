//! Logs and metrics. In Lambda, logs are one JSON object a line; a terminal gets plain lines if it asks for
//! them. Metrics are one JSON object a line, too, in CloudWatch's embedded metric format. `docs/LOGGING.md`
//! has the fields.
//!
//! Events of the SDK and the HTTP crates below `warn` can hold addresses and figures. So no
//! more than their warnings and errors are logged, whatever level is configured.

mod line;
mod metrics;

use std::io::Write;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use line::begin_invocation;
pub use metrics::{MetricUnit, MetricValue, Metrics, emit_metrics};

/// Starts logging JSON lines to standard output, for CloudWatch Logs. The level is `AWS_LAMBDA_LOG_LEVEL` or
/// `RUST_LOG`, else info.
pub fn log_in_lambda(variable: impl Fn(&str) -> Option<String>) {
    let level = parse_level(variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG")));
    let subscriber = tracing_subscriber::registry()
        .with(capped_targets(level.unwrap_or(LevelFilter::INFO)))
        // Otherwise it reports failed writes to standard error, and panics where that is closed too.
        .with(fmt::layer().event_format(line::JsonLines).log_internal_errors(false));
    // This fails only where a subscriber is already set, and then that one serves.
    let _ = subscriber.try_init();
}

/// Starts logging plain lines to the stream that `stream` opens, if `RUST_LOG` asks for any.
pub fn log_at_terminal<S: Write + 'static>(
    variable: impl Fn(&str) -> Option<String>,
    stream: impl Fn() -> S + Send + Sync + 'static,
) {
    let Some(level) = parse_level(variable("RUST_LOG")) else {
        return;
    };
    // Otherwise the subscriber reports failed writes to standard error, and panics where that fails.
    let lines = fmt::layer().with_writer(stream).without_time().log_internal_errors(false);
    let _ = tracing_subscriber::registry().with(capped_targets(level)).with(lines).try_init();
}

fn parse_level(text: Option<String>) -> Option<LevelFilter> {
    text?.trim().parse().ok()
}

fn capped_targets(level: LevelFilter) -> Targets {
    let own_targets = ["connect_reports", "connect_simulator"].map(|target| (target, level));
    Targets::new().with_targets(own_targets).with_default(level.min(LevelFilter::WARN))
}

/// Logs the place of a panic, but not its message, which may quote anything.
pub fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect of this program stopped a run");
}
