//! Which runs an event starts, and which it closes because they were due for too long.

use jiff::Timestamp;

use super::record::Record;
use super::records::{self, Look};
use super::work::no_window;
use super::{Invocation, RunOutcome, Runner, Work, side_by_side};
use crate::definition::{Memory, Occurrence, Report};
use crate::error::{Code, Error, Stage, until};
use crate::event::Order;
use crate::window::Window;

/// What an event finds.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The runs that it starts or closes, the oldest first.
    pub(super) works: Vec<Work>,
    /// Those that ended without being started: what is due could not be found out, or the same event
    /// has failed them for good before.
    pub(super) ended: Vec<RunOutcome>,
}

/// What becomes of an occurrence.
enum Fate {
    Run(Occurrence),
    Close(Occurrence),
    Ended(Box<RunOutcome>),
}

impl Runner {
    /// The runs that are due at the time of an event.
    pub(super) async fn due(
        &self,
        reports: Vec<Report>,
        order: &Order,
        invocation: &Invocation,
    ) -> Due {
        let found = side_by_side(&reports, async |report| {
            let fates = self.fates(report, order, invocation);
            until(invocation.clock.answer_by(), fates).await.unwrap_or_else(|| {
                let message = "what is due could not be found out before the deadline";
                vec![Err(Error::new(Code::Timeout, Stage::Load, message).retryable())]
            })
        });
        let mut due = Due::default();
        let mut works: Vec<(Timestamp, Work)> = Vec::new();
        for (report, fates) in reports.iter().zip(found.await) {
            for fate in fates {
                match fate {
                    Ok(Fate::Run(occurrence)) => {
                        let (time, report) = (occurrence.due, report.clone());
                        works.push((time, Work::due(report, occurrence, order, invocation)));
                    }
                    Ok(Fate::Close(occurrence)) => {
                        let (time, report) = (occurrence.due, report.clone());
                        works.push((time, Work::overdue(report, occurrence, order, invocation)));
                    }
                    Ok(Fate::Ended(outcome)) => due.ended.push(*outcome),
                    Err(error) => due.ended.push(RunOutcome::started(&report.id).failed(error)),
                }
            }
        }
        works.sort_by_key(|(time, _)| *time);
        due.works = works.into_iter().map(|(_, work)| work).collect();
        due
    }

    /// Of runs that were due when they were queued those that are so still.
    pub(super) async fn still_due(&self, works: Vec<Work>) -> Due {
        let found = side_by_side(&works, async |work| self.is_still_due(work).await).await;
        let mut due = Due::default();
        for (work, is_due) in works.into_iter().zip(found) {
            match is_due {
                Ok(true) => due.works.push(work),
                Ok(false) => {
                    let report = work.report.id.as_str();
                    tracing::info!(report, "what was queued is not due any more");
                }
                Err(error) => due.ended.push(RunOutcome::started(&work.report.id).failed(error)),
            }
        }
        due
    }

    /// Whether a run that was due when it was queued is so still, by the definition as it is now: another
    /// zone, window or schedule makes other runs, which their own tick finds.
    ///
    /// # Errors
    /// Where the store can't be read.
    async fn is_still_due(&self, work: &Work) -> Result<bool, Error> {
        let (report, clock, window) = (&work.report, work.invocation.clock, work.window()?);
        // An earlier window of a report without schedule is not run after a later one.
        let is_late = report.schedule.is_none()
            && self.records.is_overtaken(&report.id, &window, clock).await?;
        let occurrences = report.due_at(work.time(), Memory::Since(Timestamp::MIN));
        let is_one = occurrences.into_iter().flatten().any(|due| due.window == window);
        Ok(is_one && !is_late)
    }

    /// What becomes of the runs of a report, or why that can't be told of one of them, or of all.
    async fn fates(
        &self,
        report: &Report,
        order: &Order,
        invocation: &Invocation,
    ) -> Vec<Result<Fate, Error>> {
        let (clock, time) = (invocation.clock, order.time.unwrap_or(invocation.clock.started()));
        // Only a schedule makes up for what was missed.
        let memory = match &report.schedule {
            Some(_) => self.records.memory(report, (time, clock), order.dry_run).await,
            None => Ok((Memory::Nothing, false)),
        };
        let (memory, has_changed) = match memory {
            Ok(memory) => memory,
            Err(error) => return vec![Err(error)],
        };
        let event = invocation.event_id(order);
        let mut fates = Vec::new();
        for occurrence in report.due_at(time, memory) {
            let fate = match occurrence {
                Ok(occurrence) => self.fate(report, occurrence, event, invocation).await,
                Err(error) => Err(no_window(error)),
            };
            fates.extend(fate.transpose());
        }
        if has_changed {
            // What was begun by another schedule is not due by this one.
            let runs = |window: &Window| {
                let is_it = |fate: &Result<Fate, Error>| matches!(fate, Ok(Fate::Run(occurrence)) if occurrence.window == *window);
                fates.iter().any(is_it)
            };
            let is_known = fates.iter().all(Result::is_ok);
            let closed = match self.records.open(&report.id, clock).await {
                // What is not known may be due by this one.
                Ok(_) if !is_known => Vec::new(),
                Ok(open) if open.is_empty() && !order.dry_run => {
                    self.records.all_are_closed(report, clock).await;
                    Vec::new()
                }
                Ok(open) => {
                    // Who has it ends it; if not, a later event closes it.
                    let open = open.into_iter().filter(|(window, held)| !held && !runs(window));
                    let close = |(window, _)| Ok(Fate::Close(Occurrence { due: time, window }));
                    open.map(close).collect()
                }
                Err(error) => vec![Err(error)],
            };
            fates.extend(closed);
        }
        if self.records.are_kept() && !order.dry_run {
            for occurrence in report.overdue_at(time, memory) {
                let fate = self.fate_of_overdue(report, occurrence, event, invocation).await;
                fates.extend(fate.transpose());
            }
        }
        fates
    }

    async fn fate(
        &self,
        report: &Report,
        occurrence: Occurrence,
        event: &str,
        invocation: &Invocation,
    ) -> Result<Option<Fate>, Error> {
        let (clock, window) = (invocation.clock, &occurrence.window);
        match self.records.look(&records::key(&report.id, window), event, clock).await? {
            Look::Over => Ok(None),
            Look::Found(record) if record.is_final => Ok(told_again(&record, event)),
            Look::Found(_) | Look::Nothing => {
                let is_over = report.schedule.is_none()
                    && self.records.is_overtaken(&report.id, window, clock).await?;
                Ok((!is_over).then_some(Fate::Run(occurrence)))
            }
        }
    }

    async fn fate_of_overdue(
        &self,
        report: &Report,
        occurrence: Occurrence,
        event: &str,
        invocation: &Invocation,
    ) -> Result<Option<Fate>, Error> {
        let key = records::key(&report.id, &occurrence.window);
        Ok(match self.records.look(&key, event, invocation.clock).await? {
            Look::Over => None,
            Look::Found(record) if record.is_final => told_again(&record, event),
            Look::Found(record) if record.is_held_at(invocation.clock.now()) => None,
            Look::Found(_) => Some(Fate::Close(occurrence)),
            // Without a schedule nobody knows whether it should have run.
            Look::Nothing => {
                let should_have_run = report.schedule.as_ref().is_some_and(|s| s.enabled);
                should_have_run.then_some(Fate::Close(occurrence))
            }
        })
    }
}

/// The retry of an event fails for what the event has failed for.
fn told_again(ended: &Record, event: &str) -> Option<Fate> {
    let failed_then = ended.has_failed() && ended.event.id == event;
    failed_then.then(|| Fate::Ended(Box::new(ended.outcome_before())))
}
