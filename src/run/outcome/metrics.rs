//! An outcome as metrics: for the invocation what it was, for each run how it ended.

use serde_json::json;

use crate::definition::ReportId;
use crate::error::Error;
use crate::run::outcome::batch::Outcome;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::outcome::status::Status;
use crate::telemetry::{MetricUnit, Metrics};

impl Outcome {
    /// The metrics of the invocation and of each of its runs. What earlier invocations have counted
    /// is not counted again.
    pub fn metrics(&self) -> Vec<Metrics> {
        let overdue = self.batch.reports.iter().filter(|run| run.is_overdue).count();
        let invocation = Metrics::new()
            .with_value("Ticks", MetricUnit::Count, usize::from(self.is_tick))
            .with_value("Overdue", MetricUnit::Count, overdue)
            .with_value("Throttles", MetricUnit::Count, self.throttles)
            .with_property("batch", json!(self.batch.id))
            .with_property("recorded", json!(self.batch.recorded));
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
    Metrics::new()
        .with_value("Failed", MetricUnit::Count, 1_usize)
        .with_property("code", json!(error.code))
}

fn of_a_run(run: &RunOutcome) -> Metrics {
    let is = |status: Status| usize::from(run.status == status);
    let metrics = Metrics::new()
        .with_value("Sent", MetricUnit::Count, is(Status::Sent))
        .with_value("Skipped", MetricUnit::Count, is(Status::Skipped))
        .with_value("Failed", MetricUnit::Count, is(Status::Failed))
        .with_value("Unknown", MetricUnit::Count, is(Status::Unknown))
        .with_value("Requests", MetricUnit::Count, run.stats.requests)
        .with_value("Duration", MetricUnit::Milliseconds, run.took.as_millis())
        .with_property("report", json!(run.report))
        .with_property("status", json!(run.status));
    let metrics = match &run.error {
        Some(error) => metrics.with_property("code", json!(error.code)),
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
