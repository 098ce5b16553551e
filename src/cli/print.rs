//! What people read at a terminal.

use std::fmt::Write as _;
use std::io::{Write as _, stderr, stdout};

use serde_json::Value;

use crate::definition::Problem;
use crate::error::Error;
use crate::language::Language;
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

/// The warnings among problems, on standard error; what stops a report comes with its failure.
pub(super) fn warnings(problems: &[Problem]) {
    for problem in problems.iter().filter(|problem| !problem.stops()) {
        complain(&format!("{problem}\n"));
    }
}

/// Writes to standard error.
pub(super) fn complain(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = stderr().write_all(text.as_bytes());
}

/// An error with its hint, or with the problems that it consists of.
pub(super) fn error(error: &Error) -> String {
    let problems: Vec<_> = error.details.iter().filter_map(problem).collect();
    let mut text = match &error.report {
        Some(report) => format!("{report}: error[{}]: {}\n", error.code, error.message),
        None => format!("error[{}]: {}\n", error.code, error.message),
    };
    if let (Some(hint), true) = (&error.hint, problems.is_empty()) {
        let _ = writeln!(text, "  help: {hint}");
    }
    text.extend(problems);
    text
}

/// A problem of a definition as a compiler shows it.
fn problem(details: &Value) -> Option<String> {
    let text = |key: &str| details.get(key)?.as_str();
    let (file, severity, code) = (text("file")?, text("severity")?, text("code")?);
    let (line, column) = (details.get("line")?, details.get("column")?);
    let (message, help) = (text("message")?, text("help")?);
    Some(format!("{file}:{line}:{column}: {severity}[{code}]: {message}\n  help: {help}\n"))
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
    let lonely = failures.peek().is_none().then_some(outcome.error.as_ref()).flatten();
    for failure in failures.chain(lonely) {
        complain(&error(failure));
    }
}

fn line(run: &RunOutcome) -> String {
    let status = match run.status {
        Status::Sent => "sent",
        Status::Skipped => "skipped",
        Status::Duplicate => "duplicate",
        Status::Failed => "failed",
        Status::Unknown => "unknown",
    };
    let window =
        run.window.as_ref().map_or_else(String::new, |window| window.exactly(Language::English));
    let sent = run.count(DeliveryStatus::Sent);
    let recipients = format!("to {sent} of {}", counted(run.messages.len(), "recipient"));
    let effort = format!(
        "{} in {}",
        counted(run.effort.requests, "request"),
        counted(usize::try_from(run.effort.pages).unwrap_or(usize::MAX), "page")
    );
    let reason = run.reason.as_ref().map_or_else(String::new, |reason| format!("  ({reason})"));
    format!("{status:9}  {window}  {effort}  {recipients}{reason}")
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
