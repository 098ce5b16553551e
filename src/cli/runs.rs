//! `runs`: what became of the runs so far.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Ended, Places, print};
use crate::definition::ReportId;
use crate::error::Error;
use crate::language::Language;
use crate::run::{Definitions, PastRun, Runner, unknown_report};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: its id (the name of its file without .toml), or the path of the file [default: all]
    report: Option<String>,
    /// The number of runs that are shown of each report, the newest windows first
    #[arg(long, default_value = "20")]
    limit: NonZeroUsize,
    /// Prints the runs as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn runs(places: &Places, arguments: &Arguments) -> Ended {
    let (places, report) = match &arguments.report {
        Some(name) => places.of_report(name).map(|(places, id)| (places, Some(id)))?,
        None => (places.clone(), None),
    };
    let (runner, _) = places.runner(false, None).await?;
    let now = Timestamp::now();
    let limit = arguments.limit.get();
    let (runs, unreadable) = runner.past_runs(report.as_ref(), limit, now).await?;
    print::errors(&unreadable).await?;
    if runs.is_empty() && unreadable.is_empty() {
        let said = nothing(&runner, report.as_ref()).await?;
        if !arguments.json {
            print::complain(&said)?;
        }
    }
    if arguments.json {
        print::json(&json!({ "runs": runs }))?;
    } else if !runs.is_empty() {
        print::out(&table(&runs, now))?;
    }
    Ok(ExitCode::from(u8::from(!unreadable.is_empty())))
}

/// Says that there are no runs.
///
/// # Errors
/// `NOT_FOUND` where there is no report of this id either: neither a definition nor a record.
async fn nothing(runner: &Runner, report: Option<&ReportId>) -> Result<String, Error> {
    let Some(id) = report else {
        return Ok("There are no records of runs here; --runs names a place.\n".to_owned());
    };
    let none = format!("There are no records of runs of `{id}` here; --runs names a place.\n");
    // Nobody knows which reports there are if the definitions can't be read.
    let Ok(Definitions { reports, invalid, .. }) = runner.definitions(&[]).await else {
        return Ok(none);
    };
    let valid = reports.iter().map(|report| report.id.as_str());
    let invalid = invalid.iter().map(|invalid| invalid.outcome.report.as_str());
    let recorded = runner.recorded_reports().await?;
    let known: Vec<&str> =
        valid.chain(invalid).chain(recorded.iter().map(String::as_str)).collect();
    if known.is_empty() || known.contains(&id.as_str()) {
        Ok(none)
    } else {
        Err(unknown_report(id, known))
    }
}

fn table(runs: &[PastRun], now: Timestamp) -> String {
    let head = ["report", "window", "status", "sent to", "tries", "age", ""].map(str::to_owned);
    let rows: Vec<[String; 7]> =
        std::iter::once(head).chain(runs.iter().map(|run| row(run, now))).collect();
    aligned(&rows)
}

/// The rows as lines, each column as wide as its widest cell.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

fn row(run: &PastRun, now: Timestamp) -> [String; 7] {
    let mut more = Vec::new();
    if run.unknown > 0 {
        more.push(format!("{} unknown", run.unknown));
    }
    if run.failed > 0 {
        more.push(format!("{} failed", run.failed));
    }
    more.extend(run.error.as_ref().map(|error| error.code.as_str().to_owned()));
    more.extend(run.reason.clone());
    if run.status == "failed" && !run.is_final {
        more.push("tried again automatically".to_owned());
    }
    if run.reissue {
        more.push("re-issue".to_owned());
    }
    [
        run.report.clone(),
        run.window.label(Language::English),
        run.status.to_owned(),
        format!("{} of {}", run.sent, run.recipients),
        run.attempts.to_string(),
        age(now.duration_since(run.ended_at.unwrap_or(run.started_at))),
        more.join(", "),
    ]
    // Records may hold anything.
    .map(|cell| print::single_line(&cell).into_owned())
}

/// The time since something happened, roughly.
pub(super) fn age(age: SignedDuration) -> String {
    let minutes = age.as_mins();
    match minutes {
        ..1 => "now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / (24 * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_roughly() {
        for (minutes, told) in [
            (-5, "now"),
            (0, "now"),
            (1, "1 min"),
            (59, "59 min"),
            (60, "1 h"),
            (2879, "47 h"),
            (2880, "2 days"),
        ] {
            assert_eq!(age(SignedDuration::from_mins(minutes)), told);
        }
    }
}
