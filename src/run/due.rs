//! Which runs an event starts, and that each of them is kept.

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::report::no_window;
use super::{Invocation, RunOutcome, Runner, Work};
use crate::definition::{Memory, Occurrence, Report};
use crate::error::{Code, Error, Stage, until};
use crate::event::Order;

/// How many reports' records are read side by side.
const READING: usize = 20;

impl Runner {
    /// The runs that are due at the time of an event, the oldest first; and those that failed before
    /// they could start.
    pub(super) async fn due(
        &self,
        reports: Vec<Report>,
        order: &Order,
        invocation: &Invocation,
    ) -> (Vec<Work>, Vec<RunOutcome>) {
        let time = order.time.unwrap_or(invocation.now);
        let reading = Semaphore::new(READING);
        let due = join_all(reports.iter().map(async |report| {
            // It is closed never.
            let _place = reading.acquire().await;
            let due = self.occurrences(report, time, order.dry_run);
            until(invocation.answer_by(), due).await.unwrap_or_else(|| {
                let message = "what is due could not be found out before the deadline";
                vec![Err(Error::new(Code::Timeout, Stage::Load, message).retryable())]
            })
        }));
        let (mut works, mut failed) = (Vec::new(), Vec::new());
        for (report, due) in reports.iter().zip(due.await) {
            for occurrence in due {
                match occurrence {
                    Ok(occurrence) => works.push((occurrence, report)),
                    Err(error) => failed.push(RunOutcome::started(&report.id).failed(error)),
                }
            }
        }
        works.sort_by_key(|(occurrence, _)| occurrence.due);
        let work = |(occurrence, report): (Occurrence, &Report)| {
            Work::due(report.clone(), occurrence, order, invocation)
        };
        (works.into_iter().map(work).collect(), failed)
    }

    /// What a report is due for and has not ended for good, or why that can't be told of one of
    /// its runs, or of all.
    async fn occurrences(
        &self,
        report: &Report,
        time: Timestamp,
        dry_run: bool,
    ) -> Vec<Result<Occurrence, Error>> {
        // Only a schedule makes up for what was missed.
        let memory = match &report.schedule {
            Some(_) => self.records.memory(report, time, dry_run).await,
            None => Ok(Memory::Nothing),
        };
        let memory = match memory {
            Ok(memory) => memory,
            Err(error) => return vec![Err(error)],
        };
        let mut open = Vec::new();
        for occurrence in report.due_at(time, memory) {
            let occurrence = match occurrence {
                Ok(occurrence) => occurrence,
                Err(error) => {
                    open.push(Err(no_window(error)));
                    continue;
                }
            };
            match self.is_over(report, &occurrence).await {
                Ok(true) => {}
                Ok(false) => open.push(Ok(occurrence)),
                Err(error) => open.push(Err(error)),
            }
        }
        open
    }

    async fn is_over(&self, report: &Report, occurrence: &Occurrence) -> Result<bool, Error> {
        if self.records.has_ended(&report.id, &occurrence.window).await? {
            return Ok(true);
        }
        match &report.schedule {
            Some(_) => Ok(false),
            None => self.records.is_overtaken(&report.id, &occurrence.window).await,
        }
    }

    /// Keeps that a run is about to send.
    pub(super) async fn begin(&self, work: &Work, outcome: &RunOutcome) -> Result<(), Error> {
        match work.is_recorded() {
            true => self.records.begin(&work.report, outcome, work.origin()).await,
            false => Ok(()),
        }
    }

    /// Keeps how a run ended; a dry run is none, and one for other recipients is not the report's.
    pub(super) async fn record(&self, work: &Work, outcome: &RunOutcome) -> Result<(), Error> {
        if !work.is_recorded() {
            return Ok(());
        }
        let (batch, now) = work.origin();
        let kept = self.records.keep(&work.report, outcome, (batch, now)).await;
        kept.inspect_err(|error| {
            tracing::error!(
                batch,
                report = work.report.id.as_str(),
                code = error.code.as_str(),
                error = error.message,
                "the outcome could not be recorded"
            );
        })
    }
}
