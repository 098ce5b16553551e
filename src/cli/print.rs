//! The one place that writes to standard output and standard error: texts that people read at a terminal.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::error::{ContextKind, ContextValue};
use serde_json::Value;

use super::diagnostic::{Drawing, Finding};
use super::exit::Ended;
use super::files::unwritable;
use super::visible::{is_obeyed, is_turning, replaced};
use crate::definition::Problem;
use crate::error::{Error, LONGEST_QUOTED, cut};
use crate::language::Language;
use crate::run::{DeliveryStatus, Outcome, RunOutcome, Status};

pub(super) use super::visible::{is_unfit, single_line, visible};

/// Writes to standard output.
///
/// # Errors
/// `STORE_ERROR` if it can't be written, as on a full disk.
pub(super) fn out(text: &str) -> Result<(), Error> {
    out_drawn(&visible(text))
}

/// Writes problems to standard output as they were drawn, in colour perhaps.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) fn out_drawn(drawn: &str) -> Result<(), Error> {
    written(STANDARD_OUTPUT, write(stdout().lock(), drawn))
}

/// Writes JSON to standard output.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) fn json(value: &Value) -> Result<(), Error> {
    json_text(&format!("{value:#}\n"))
}

/// Writes a text that is JSON to standard output.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) fn json_text(text: &str) -> Result<(), Error> {
    // JSON escapes those below U+0020 already.
    let is_obeyed = |c| is_obeyed(c) || is_turning(c);
    out(&replaced(text, is_obeyed, |c| format!("\\u{:04x}", u32::from(c))))
}

/// Writes to standard error.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) fn complain(text: &str) -> Result<(), Error> {
    complain_drawn(&visible(text))
}

/// Writes problems to standard error as they were drawn, in colour perhaps.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) fn complain_drawn(drawn: &str) -> Result<(), Error> {
    written(STANDARD_ERROR, write(stderr().lock(), drawn))
}

/// Standard error for the lines of the log, which are written where no error can be returned.
pub(super) struct Log;

static LOG_IS_LOST: AtomicBool = AtomicBool::new(false);

/// Says that a line of the log could not be written.
pub(super) fn log_is_lost() -> bool {
    LOG_IS_LOST.load(Ordering::Relaxed)
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = stderr().write(bytes);
        let is_lost = result.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe);
        LOG_IS_LOST.fetch_or(is_lost, Ordering::Relaxed);
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

/// Writes help, version, or the mistake in a command line.
pub(super) fn usage(mut said: clap::Error) -> Ended {
    let code = ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
    // It quotes arguments as they are, whole, and in what it suggests again.
    let is_long = |text: &str| text.chars().nth(LONGEST_QUOTED).is_some();
    let unfit = said.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) if text.contains(is_unfit) || is_long(text) => {
            Some((kind, ContextValue::String(cut(&single_line(text), LONGEST_QUOTED))))
        }
        ContextValue::StyledStrs(all) if all.iter().any(|one| is_long(&one.to_string())) => {
            Some((kind, ContextValue::None))
        }
        _ => None,
    });
    let mended: Vec<(ContextKind, ContextValue)> = unfit.collect();
    for (kind, value) in mended {
        said.insert(kind, value);
    }
    let text = said.to_string();
    let result = match visible(&text) {
        Cow::Borrowed(_) => said.print(),
        Cow::Owned(visible) if said.use_stderr() => write(stderr().lock(), &visible),
        Cow::Owned(visible) => write(stdout().lock(), &visible),
    };
    let result = result.and_then(|()| stdout().flush());
    if said.use_stderr() {
        // The exit code says the same.
        return Ok(code);
    }
    written(STANDARD_OUTPUT, result).map(|()| code)
}

const STANDARD_OUTPUT: &str = "standard output";
const STANDARD_ERROR: &str = "standard error";

fn write(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// A closed pipe, as with `| head`, is the reader's choice.
fn written(stream: &str, result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritable(stream, &error)),
        _ => Ok(()),
    }
}

/// Writes the warnings among problems to standard error; problems that stop a report come with its
/// failure.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) async fn warnings(problems: &[Problem]) -> Result<(), Error> {
    complain_drawn(&Drawing::on(&stderr()).draw(warnings_among(problems)).await)
}

fn warnings_among(problems: &[Problem]) -> impl Iterator<Item = Finding> {
    problems.iter().filter(|problem| !problem.stops()).map(Finding::from)
}

/// Writes errors to standard error.
///
/// # Errors
/// `STORE_ERROR` if it can't be written.
pub(super) async fn errors<'e>(errors: impl IntoIterator<Item = &'e Error>) -> Result<(), Error> {
    complain_drawn(&told(errors, &mut Drawing::on(&stderr())).await)
}

/// Errors one after the other; what is the same of several windows once.
async fn told<'e>(errors: impl IntoIterator<Item = &'e Error>, drawing: &mut Drawing) -> String {
    let (mut text, mut told) = (String::new(), BTreeSet::new());
    for error in errors {
        let said = failure(error, drawing).await;
        if !told.contains(&said) {
            text.push_str(&said);
            told.insert(said);
        }
    }
    text
}

/// An error with its hint; one that consists of problems is these, drawn at their lines.
async fn failure(error: &Error, drawing: &mut Drawing) -> String {
    let findings = Finding::all_of(error);
    if !findings.is_empty() {
        return drawing.draw(findings).await;
    }
    let report = error.report.as_ref().map_or_else(String::new, |report| format!("{report}: "));
    let said = format!("{report}error[{}]: {}", error.code, error.message);
    let help = error.hint.as_ref().map(|hint| format!("  help: {hint}"));
    let lines = std::iter::once(&said).chain(&help);
    lines.map(|line| format!("{}\n", single_line(line))).collect()
}

/// Writes one line for each report to standard output, with what holds for all of them, and warnings and
/// failures to standard error.
///
/// # Errors
/// `STORE_ERROR` if one of the two can't be written.
pub(super) async fn outcome(outcome: &Outcome, remark: Option<&str>) -> Result<(), Error> {
    let remark = remark.map_or_else(String::new, |remark| format!("  ({remark})"));
    let runs = &outcome.batch.reports;
    let width = runs.iter().map(|run| run.report.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for run in runs {
        let line = format!("{:width$}  {}{remark}", run.report, line(run));
        let _ = writeln!(text, "{}", single_line(&line));
    }
    let mut failures = runs.iter().filter_map(|run| run.error.as_ref()).peekable();
    let lonely = failures.peek().is_none().then_some(outcome.error.as_ref()).flatten();
    let failures: Vec<&Error> = failures.chain(lonely).collect();
    let mut drawing = Drawing::on(&stderr());
    // A definition that fails is drawn whole, its warnings too.
    let of_failures = failures.iter().flat_map(|error| Finding::all_of(error));
    let of_failures: BTreeSet<_> = of_failures.map(|finding| finding.key()).collect();
    let others = warnings_among(&outcome.problems).filter(|one| !of_failures.contains(&one.key()));
    let warnings = drawing.draw(others).await;
    let said = told(failures, &mut drawing).await;
    complain_drawn(&warnings).and(out(&text)).and(complain_drawn(&said))
}

fn line(run: &RunOutcome) -> String {
    let status = match run.status {
        Status::Sent => "sent",
        Status::Skipped => "skipped",
        Status::Duplicate => "duplicate",
        Status::Failed => "failed",
        Status::Unknown => "unknown",
    };
    let window = run
        .window
        .as_ref()
        .map_or_else(String::new, |window| window.exact_label(Language::English));
    let sent = run.count(DeliveryStatus::Sent);
    let recipients = format!("to {sent} of {}", counted(run.messages.len(), "recipient"));
    let effort = format!(
        "{} in {}",
        counted(run.stats.requests, "request"),
        counted(usize::try_from(run.stats.pages).unwrap_or(usize::MAX), "page")
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
