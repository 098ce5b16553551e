//! An outcome as metrics: for the invocation what it was, for each run how it ended.

use serde_json::json;

use crate::definition::ReportId;
use crate::error::Error;
use crate::run::outcome::batch::Outcome;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::outcome::status::Status;
use crate::telemetry::{Metrics, Unit};

impl Outcome {
    /// The metrics of the invocation and of each of its runs. What earlier invocations have counted
    /// is not counted again.
    pub fn metrics(&self) -> Vec<Metrics> {
        let overdue = self.batch.reports.iter().filter(|run| run.is_overdue).count();
        let invocation = Metrics::new()
            .value("Ticks", Unit::Count, usize::from(self.is_tick))
            .value("Overdue", Unit::Count, overdue)
            .value("Throttles", Unit::Count, self.throttles)
            .property("batch", json!(self.batch.id))
            .property("recorded", json!(self.batch.recorded));
        let news = self.batch.reports.iter().filter(|run| !run.is_replay);
        let of_runs = std::iter::once(invocation).chain(news.map(of_a_run));
        of_runs.chain(self.of_no_run().map(of_a_failure)).collect()
    }

    /// A failure that is the outcome of no run: an order that can't be understood, definitions that
    /// can't be read, a queue that takes nothing.
    fn of_no_run(&self) -> Option<&Error> {
        self.error.as_ref().filter(|_| self.batch.reports.iter().all(|run| run.error.is_none()))
    }
}

fn of_a_failure(error: &Error) -> Metrics {
    Metrics::new().value("Failed", Unit::Count, 1_usize).property("code", json!(error.code))
}

fn of_a_run(run: &RunOutcome) -> Metrics {
    let is = |status: Status| usize::from(run.status == status);
    let metrics = Metrics::new()
        .value("Sent", Unit::Count, is(Status::Sent))
        .value("Skipped", Unit::Count, is(Status::Skipped))
        .value("Failed", Unit::Count, is(Status::Failed))
        .value("Unknown", Unit::Count, is(Status::Unknown))
        .value("Requests", Unit::Count, run.stats.requests)
        .value("Duration", Unit::Milliseconds, run.took.as_millis())
        .property("report", json!(run.report))
        .property("status", json!(run.status));
    let metrics = match &run.error {
        Some(error) => metrics.property("code", json!(error.code)),
        None => metrics,
    };
    // Each value of a dimension is a metric that is paid for, so only what somebody has to look at
    // has one; and no file's name that can't be an id.
    let is_id = run.report.parse::<ReportId>().is_ok();
    match run.status {
        Status::Failed if is_id => metrics.also_by("report", "Failed"),
        Status::Unknown if is_id => metrics.also_by("report", "Unknown"),
        _ => metrics,
    }
}
