//! `list`: every report, when it runs next, and how its last run ended.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::runs::{age, aligned};
use super::{Ended, Places, print};
use crate::definition::{Report, UpcomingRun};
use crate::error::Error;
use crate::language::Language;
use crate::run::{Definitions, PastRun, Runner};
use crate::window::rfc3339;

/// The number of runs to come that are shown of each report.
const SHOWN_RUNS: usize = 3;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Prints the reports as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(places: &Places, arguments: &Arguments) -> Ended {
    let (runner, _) = places.runner(false, None).await?;
    let now = Timestamp::now();
    let Definitions { reports, invalid, .. } = runner.definitions(&[]).await?;
    let (last_runs, unreadable) = last_runs(&runner, now).await?;
    print::errors(&unreadable).await?;
    let listed: Vec<Listed<'_>> = reports
        .iter()
        .map(|report| Listed::new(report, last_runs.get(report.id.as_str()), now))
        .collect();
    let invalid: Vec<&str> = invalid.iter().map(|invalid| invalid.stem.as_str()).collect();
    if arguments.json {
        let reports: Vec<Value> = listed.iter().map(Listed::to_json).collect();
        print::json(&json!({ "reports": reports, "invalid": invalid }))?;
    } else {
        print::out(&table(&listed))?;
        for stem in &invalid {
            let stem = print::single_line(stem);
            print::complain(&format!(
                "{stem} is not valid: `connect-reports validate` says why\n"
            ))?;
        }
    }
    let code = if !unreadable.is_empty() {
        1
    } else if !invalid.is_empty() {
        2
    } else {
        0
    };
    Ok(ExitCode::from(code))
}

/// The last run of each report that has records.
async fn last_runs(
    runner: &Runner,
    now: Timestamp,
) -> Result<(BTreeMap<String, PastRun>, Vec<Error>), Error> {
    let (runs, unreadable) = runner.past_runs(None, 1, now).await?;
    let by_report = runs.into_iter().map(|run| (run.report.clone(), run)).collect();
    Ok((by_report, unreadable))
}

/// A report as the list shows it.
struct Listed<'l> {
    report: &'l Report,
    upcoming: Vec<UpcomingRun>,
    last_run: Option<&'l PastRun>,
    now: Timestamp,
}

impl<'l> Listed<'l> {
    fn new(report: &'l Report, last_run: Option<&'l PastRun>, now: Timestamp) -> Self {
        Self { report, upcoming: report.upcoming_runs(now, SHOWN_RUNS), last_run, now }
    }

    /// The reason why it never runs.
    fn never(&self) -> Option<String> {
        let schedule = self.report.schedule.as_ref().filter(|_| self.upcoming.is_empty())?;
        let today = self.report.zone.date_at(self.now);
        Some(match schedule.end {
            _ if !schedule.enabled => "never: the schedule is switched off".to_owned(),
            Some(end) if end < today => format!("never: the schedule ended on {end}"),
            _ => "never: the schedule has no day left".to_owned(),
        })
    }

    fn row(&self) -> [String; 3] {
        let next = self.never().unwrap_or_else(|| {
            let times: Vec<String> = self.upcoming.iter().map(local_time).collect();
            format!("{} {}", times.join(", "), self.report.zone.name())
        });
        let last = self.last_run.map_or_else(
            || "no record of a run".to_owned(),
            |run| {
                let ago = self.now.duration_since(run.ended_at.unwrap_or(run.started_at));
                let window = run.window.label(Language::English);
                format!("{}, {window} ({})", run.status, age(ago))
            },
        );
        // Records may hold anything.
        [self.report.id.as_str().to_owned(), next, last]
            .map(|cell| print::single_line(&cell).into_owned())
    }

    fn to_json(&self) -> Value {
        let upcoming: Vec<Value> = self
            .upcoming
            .iter()
            .map(|UpcomingRun { start, window }| {
                json!({ "start": rfc3339(&window.on_its_clock(*start)), "window": window })
            })
            .collect();
        json!({
            "report": self.report.id.as_str(),
            "title": self.report.title,
            "time_zone": self.report.zone.name(),
            "next": upcoming,
            "never": self.never(),
            "last": self.last_run,
        })
    }
}

/// The start of a run on the clock of its report, as `Tue 2026-12-01 08:00`.
fn local_time(run: &UpcomingRun) -> String {
    run.window.on_its_clock(run.start).strftime("%a %Y-%m-%d %H:%M").to_string()
}

fn table(listed: &[Listed<'_>]) -> String {
    if listed.is_empty() {
        return "There are no reports here; --definitions names a place.\n".to_owned();
    }
    let head = ["report", "next runs", "last run"].map(str::to_owned);
    let rows: Vec<[String; 3]> =
        std::iter::once(head).chain(listed.iter().map(Listed::row)).collect();
    aligned(&rows)
}
