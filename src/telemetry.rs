//! Logs: one JSON object a line in Lambda, plain lines at a terminal that asks for them. Metrics: one
//! JSON object a line too, in CloudWatch's embedded metric format. `docs/LOGGING.md` has the fields.
//!
//! The SDK's and the HTTP crates' own events can hold addresses and figures below `warn`, so they
//! are capped there whatever level is asked for.

mod line;
mod metrics;

use std::io::Write;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use line::begin;
pub use metrics::{Count, Metrics, Unit, emit};

/// JSON lines on standard output, for CloudWatch Logs; the level is `AWS_LAMBDA_LOG_LEVEL` or
/// `RUST_LOG`, else info.
pub fn in_lambda(variable: impl Fn(&str) -> Option<String>) {
    let level = level(variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG")));
    let subscriber = tracing_subscriber::registry()
        .with(capped(level.unwrap_or(LevelFilter::INFO)))
        // It would report to standard error what it can't write, and panic where that is closed too.
        .with(fmt::layer().event_format(line::Json).log_internal_errors(false));
    // Fails only where a subscriber is set already, and then that one serves.
    let _ = subscriber.try_init();
}

/// Plain lines to what `stream` opens, if `RUST_LOG` asks for any.
pub fn at_terminal<S: Write + 'static>(
    variable: impl Fn(&str) -> Option<String>,
    stream: impl Fn() -> S + Send + Sync + 'static,
) {
    let Some(level) = level(variable("RUST_LOG")) else {
        return;
    };
    // The subscriber would report to standard error what it can't write there, and panic for it.
    let lines = fmt::layer().with_writer(stream).without_time().log_internal_errors(false);
    let _ = tracing_subscriber::registry().with(capped(level)).with(lines).try_init();
}

fn level(text: Option<String>) -> Option<LevelFilter> {
    text?.trim().parse().ok()
}

fn capped(level: LevelFilter) -> Targets {
    let own = ["connect_reports", "connect_simulator"].map(|target| (target, level));
    Targets::new().with_targets(own).with_default(level.min(LevelFilter::WARN))
}

/// Logs where a panic was: what it says may quote anything.
pub fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect of this program stopped a run");
}
