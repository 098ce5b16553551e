//! The metrics of an outcome: one set for the invocation, and one for each of its runs.

use serde_json::json;

use crate::definition::ReportId;
use crate::error::Error;
use crate::run::outcome::batch::Outcome;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::outcome::status::Status;
use crate::telemetry::{MetricUnit, Metrics};

impl Outcome {
    /// The metrics of the invocation and of each of its runs, without the runs that an earlier invocation
    /// has counted.
    pub fn metrics(&self) -> Vec<Metrics> {
        let overdue = self.batch.reports.iter().filter(|run| run.is_overdue).count();
        let invocation = Metrics::new()
            .with_value("Ticks", MetricUnit::Count, usize::from(self.is_tick))
            .with_value("Overdue", MetricUnit::Count, overdue)
            .with_value("Throttles", MetricUnit::Count, self.throttles)
            .with_property("batch", json!(self.batch.id))
            .with_property("recorded", json!(self.batch.recorded));
        let uncounted = self.batch.reports.iter().filter(|run| !run.is_replay);
        let metrics = std::iter::once(invocation).chain(uncounted.map(run_metrics));
        metrics.chain(self.error_without_run().map(failure_metrics)).collect()
    }

    /// The failure that is the outcome of no run: an order that can't be understood, definitions that
    /// can't be read, a queue that takes nothing.
    fn error_without_run(&self) -> Option<&Error> {
        self.error.as_ref().filter(|_| self.batch.reports.iter().all(|run| run.error.is_none()))
    }
}

fn failure_metrics(error: &Error) -> Metrics {
    Metrics::new()
        .with_value("Failed", MetricUnit::Count, 1_usize)
        .with_property("code", json!(error.code))
}

fn run_metrics(run: &RunOutcome) -> Metrics {
    let metrics = Metrics::new()
        .with_value("Sent", MetricUnit::Count, usize::from(run.status == Status::Sent))
        .with_value("Skipped", MetricUnit::Count, usize::from(run.status == Status::Skipped))
        .with_value("Failed", MetricUnit::Count, usize::from(run.status == Status::Failed))
        .with_value("Unknown", MetricUnit::Count, usize::from(run.status == Status::Unknown))
        .with_value("Requests", MetricUnit::Count, run.stats.requests)
        .with_value("Duration", MetricUnit::Milliseconds, run.took.as_millis())
        .with_property("report", json!(run.report))
        .with_property("status", json!(run.status));
    let metrics = match &run.error {
        Some(error) => metrics.with_property("code", json!(error.code)),
        None => metrics,
    };
    // Each value of a dimension is a metric that is paid for. So only runs that somebody has to look at have
    // one, and only under names that can be ids.
    let is_id = run.report.parse::<ReportId>().is_ok();
    match run.status {
        Status::Failed if is_id => metrics.also_by("report", "Failed"),
        Status::Unknown if is_id => metrics.also_by("report", "Unknown"),
        _ => metrics,
    }
}
