//! Which runs an event starts, and that each of them is kept.

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::{Invocation, RunOutcome, Runner, Work};
use crate::definition::{Occurrence, Report};
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
            let due = until(invocation.answer_by(), self.occurrences(report, time)).await;
            due.unwrap_or_else(|| {
                let message = "what is due could not be found out before the deadline";
                Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
            })
        }));
        let (mut works, mut failed) = (Vec::new(), Vec::new());
        for (report, due) in reports.iter().zip(due.await) {
            match due {
                Ok(due) => works.extend(due.into_iter().map(|occurrence| (occurrence, report))),
                Err(error) => failed.push(RunOutcome::started(&report.id).failed(error)),
            }
        }
        works.sort_by_key(|(occurrence, _)| occurrence.due);
        let work = |(occurrence, report): (Occurrence, &Report)| {
            Work::due(report.clone(), occurrence, order, invocation)
        };
        (works.into_iter().map(work).collect(), failed)
    }

    async fn occurrences(
        &self,
        report: &Report,
        time: Timestamp,
    ) -> Result<Vec<Occurrence>, Error> {
        // Only a schedule makes up for what was missed.
        let memory = match &report.schedule {
            Some(_) => self.records.memory(report, time).await?,
            None => crate::definition::Memory::Nothing,
        };
        let due = report
            .due_at(time, memory)
            .map_err(|error| Error::new(Code::ValidationError, Stage::Plan, error.to_string()))?;
        let mut open = Vec::with_capacity(due.len());
        for occurrence in due {
            if !self.records.has_ended(&report.id, &occurrence.window).await? {
                open.push(occurrence);
            }
        }
        Ok(open)
    }

    /// Keeps how a run ended; a dry run is none, and one for other recipients is not the report's.
    pub(super) async fn record(
        &self,
        work: &Work,
        outcome: &RunOutcome,
        (batch, now): (&str, Timestamp),
    ) -> Result<(), Error> {
        if !work.is_recorded() {
            return Ok(());
        }
        let kept = self.records.keep(&work.report.id, outcome, batch, now).await;
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
