//! What people read at a terminal.

use std::fmt::Write as _;
use std::io::{self, Write as _, stderr, stdout};

use serde_json::Value;

use crate::definition::Problem;
use crate::error::Error;
use crate::run::{DeliveryStatus, Outcome, RunOutcome, Status};

/// Writes to standard output.
pub(super) fn out(text: &str) {
    // A closed pipe, as with `| head`, is the reader's choice.
    let _ = stdout().write_all(text.as_bytes());
}

/// Writes JSON to standard output.
pub(super) fn json(value: &Value) {
    out(&format!("{value:#}\n"));
}

/// The problems of definitions, on standard error.
pub(super) fn problems(problems: &[Problem]) {
    let mut standard_error = stderr();
    for problem in problems {
        let written: io::Result<()> = writeln!(standard_error, "{problem}");
        if written.is_err() {
            return;
        }
    }
}

/// An error with its hint.
pub(super) fn error(error: &Error) -> String {
    let mut text = format!("error[{}]: {}\n", error.code, error.message);
    if let Some(hint) = &error.hint {
        let _ = writeln!(text, "  help: {hint}");
    }
    text
}

/// One line for each report, and what went wrong.
pub(super) fn outcome(outcome: &Outcome) {
    let runs = &outcome.batch.reports;
    let width = runs.iter().map(|run| run.report.len()).max().unwrap_or(0);
    let mut text = String::new();
    for run in runs {
        let _ = writeln!(text, "{:width$}  {}", run.report, line(run));
    }
    out(&text);
    let mut failures = runs.iter().filter_map(|run| run.error.as_ref()).peekable();
    let lonely = failures
        .peek()
        .is_none()
        .then_some(outcome.error.as_ref())
        .flatten();
    for failure in failures.chain(lonely) {
        let _ = stderr().write_all(error(failure).as_bytes());
    }
}

fn line(run: &RunOutcome) -> String {
    let status = match run.status {
        Status::Sent => "sent",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
        Status::Unknown => "unknown",
    };
    let window = run
        .window
        .as_ref()
        .map_or_else(String::new, |window| window.exactly());
    let recipients = format!(
        "{} of {} sent",
        run.count(DeliveryStatus::Sent),
        counted(run.messages.len(), "message")
    );
    let effort = format!(
        "{} in {}",
        counted(run.requests, "request"),
        counted(usize::try_from(run.pages).unwrap_or(usize::MAX), "page")
    );
    let reason = run
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!("  ({reason})"));
    format!("{status:7}  {window}  {effort}  {recipients}{reason}")
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
