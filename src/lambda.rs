//! The shell in AWS Lambda.

use std::env;
use std::fmt;
use std::process::ExitCode;
use std::sync::Once;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use lambda_runtime::tower::util::MapRequestLayer;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde_json::Value;
use tokio::time::Instant;

use crate::error::{Code, Error, Stage, redact_addresses};
use crate::run::{Answer, Batch, Clock, Invocation, Outcome, Runner, SendBreaker, Stop};
use crate::settings::{self, Settings};
use crate::telemetry;

/// Answers invocations until Lambda ends the process, or the Runtime API can't be reached.
pub async fn serve() -> ExitCode {
    settings::read_certificates();
    telemetry::log_in_lambda(|name| env::var(name).ok());
    std::panic::set_hook(Box::new(telemetry::log_panic));
    let runner = start().await;
    let function = env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    // Told once, as part of the first invocation.
    let news = Once::new();
    let news = &news;
    let (runner, function) = (&runner, function.as_str());
    // Boxed: within the runtime's own layers the layout of the future is too deep to compute.
    let handler = service_fn(|event: LambdaEvent<Value>| {
        Box::pin(async move {
            news.call_once(|| tell_start(runner));
            let invocation = invocation(&event.context);
            answer((runner, function), &event.payload, &invocation).await
        })
    });
    let received = MapRequestLayer::new(received);
    match Runtime::new(handler).layer(received).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error = redact_addresses(&error.to_string());
            tracing::error!(error, "the Lambda runtime ended");
            ExitCode::from(2)
        }
    }
}

/// Logs how the process started, where that is news.
fn tell_start(runner: &Result<Runner, Error>) {
    match runner {
        Ok(runner) if runner.keeps_records() => {}
        Ok(_) => tracing::warn!(
            recorded = false,
            "outcomes are not recorded (CONNECT_REPORTS_RUNS is not set): an invocation that may have \
             sent a message is not retried, and nothing that was missed is caught up"
        ),
        Err(error) => {
            let (code, error) = (error.code.as_str(), redact_addresses(&error.message));
            tracing::error!(code, error, "start");
        }
    }
}

/// A runner for the process, or why there is none. Lambda learns nothing from a process that ends
/// while it starts, so the failure is kept, and every invocation is answered with it.
async fn start() -> Result<Runner, Error> {
    let settings = Settings::read(env::vars_os())
        .map_err(|error| Error::new(Code::ConfigurationError, Stage::Load, error.to_string()))?;
    Runner::new(settings, settings::aws().await?)
}

async fn answer(
    (runner, function): (&Result<Runner, Error>, &str),
    payload: &Value,
    invocation: &Invocation,
) -> Result<Value, Failure> {
    let started = invocation.clock.started();
    let answer = match runner {
        Ok(runner) => runner.answer(payload, invocation).await,
        Err(error) => {
            let outcome = Outcome::refused(error.clone(), Batch::new(&invocation.id, started));
            Answer::Order(Box::new(outcome))
        }
    };
    let metrics: Vec<_> = answer.outcomes().flat_map(Outcome::metrics).collect();
    telemetry::emit_metrics(&metrics, started, function);
    let outcome = match answer {
        Answer::Order(outcome) => outcome,
        Answer::Queue(messages) => return Ok(Answer::batch_item_failures(&messages)),
    };
    match outcome.failure() {
        None => Ok(outcome.envelope()),
        Some(error) => Err(Failure { code: error.code, message: outcome.error_message() }),
    }
}

fn invocation(context: &Context) -> Invocation {
    Invocation {
        id: context.request_id.clone(),
        clock: Clock::read(Timestamp::now(), deadline(context.deadline, SystemTime::now())),
        progress: None,
        // Lambda asks nobody; the deadline is known beforehand.
        stop: Stop::never(),
        breaker: SendBreaker::default(),
    }
}

/// The deadline on this process's clock. One of long ago is none: `cargo lambda watch` gives one of
/// 1970.
fn deadline(epoch_milliseconds: u64, now: SystemTime) -> Option<Instant> {
    const LONG_AGO: Duration = Duration::from_secs(24 * 60 * 60);
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(epoch_milliseconds))?;
    match deadline.duration_since(now) {
        Ok(left) => Instant::now().checked_add(left),
        Err(passed) if passed.duration() > LONG_AGO => None,
        Err(_) => Some(Instant::now()),
    }
}

/// An invocation as it comes in, before the runtime reads it.
fn received(mut invocation: LambdaInvocation) -> LambdaInvocation {
    let context = &invocation.context;
    telemetry::begin_invocation(&context.request_id, context.xray_trace_id.as_deref());
    // The runtime would report what is not JSON under an error type of its own.
    if let Err(error) = serde_json::from_slice::<Value>(&invocation.body) {
        let text = Value::String(format!("not JSON: {error}"));
        invocation.body = text.to_string().into();
    }
    invocation
}

/// A failed invocation as Lambda reports it.
struct Failure {
    code: Code,
    message: String,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.code.as_str().to_owned(), error_message: failure.message }
    }
}

/// The runtime writes this into the log.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the invocation failed: {}", self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_of_long_ago_is_none() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert!(deadline(600_000, now).is_none());
        assert!(deadline(999_999_900, now).unwrap() <= Instant::now(), "it has just passed");
        let left = deadline(1_000_060_000, now).unwrap() - Instant::now();
        assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    }
}
