//! Which runs an event starts, and which it closes because they were due for too long.

use futures_util::future::join3;
use jiff::Timestamp;

use crate::concurrency::{side_by_side, until};
use crate::definition::{Memory, Occurrence, Report};
use crate::error::{Code, Error, Stage};
use crate::event::Order;
use crate::run::Invocation;
use crate::run::Runner;
use crate::run::job::Job;
use crate::run::job::clock::Clock;
use crate::run::job::no_window;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::records;
use crate::run::ledger::records::RecordLookup;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::schedule::preflight::KnownRun;
use crate::run::schedule::preflight::KnownRuns;
use crate::run::schedule::preflight::RunRef;
use crate::run::schedule::preflight::not_in_time;
use crate::window::Window;

/// What an event finds.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// The runs that it starts or closes, the oldest first.
    pub(crate) jobs: Vec<Job>,
    /// Those that ended without being started: what is due could not be found out, or the same event
    /// has failed them for good before.
    pub(crate) ended: Vec<RunOutcome>,
    /// Those that have ended, and whose owners could not be reached.
    pub(crate) unnotified: Vec<Job>,
}

/// What becomes of an occurrence.
enum Decision {
    /// It runs; what was found of it.
    Run(Occurrence, KnownRun),
    Close(Occurrence),
    /// It has ended, and its owner could not be reached.
    Notify(Occurrence),
    Ended(Box<RunOutcome>),
}

impl Runner {
    /// The runs that are due at the time of an event.
    pub(crate) async fn due(
        &self,
        reports: Vec<Report>,
        sights: KnownRuns,
        (order, invocation): (&Order, &Invocation),
    ) -> Due {
        let spots = self.spots_of(&reports, order, invocation);
        let (sights, memories, ()) = join3(
            self.see(spots, sights, (order, invocation)),
            side_by_side(&reports, async |report| self.memory(report, order, invocation).await),
            self.names_ahead(&reports, order, invocation),
        )
        .await;
        let known: Vec<_> = reports.iter().zip(memories).collect();
        let fates = side_by_side(&known, async |(report, memory)| match memory {
            Ok(memory) => self.fates(report, *memory, &sights, (order, invocation)).await,
            Err(error) => vec![Err(error.clone())],
        });
        let mut due = Due::default();
        let mut jobs: Vec<(Timestamp, Job)> = Vec::new();
        for (report, fates) in reports.iter().zip(fates.await) {
            for fate in fates {
                match fate {
                    Ok(Decision::Run(occurrence, sight)) => {
                        let (time, report) = (occurrence.due, report.clone());
                        let job = Job::due(report, occurrence, order, invocation);
                        jobs.push((time, job.after(&sight)));
                    }
                    Ok(Decision::Close(occurrence)) => {
                        let (time, report) = (occurrence.due, report.clone());
                        jobs.push((time, Job::overdue(report, occurrence, order, invocation)));
                    }
                    Ok(Decision::Notify(occurrence)) => {
                        due.unnotified.push(Job::due(
                            report.clone(),
                            occurrence,
                            order,
                            invocation,
                        ));
                    }
                    Ok(Decision::Ended(outcome)) => due.ended.push(*outcome),
                    Err(error) => due.ended.push(RunOutcome::started(&report.id).failed(error)),
                }
            }
        }
        jobs.sort_by_key(|(time, _)| *time);
        due.jobs = jobs.into_iter().map(|(_, job)| job).collect();
        due
    }

    /// The runs that an order names; of those that were due when they were queued the ones that are so
    /// still.
    pub(crate) async fn named_works(
        &self,
        jobs: Vec<Job>,
        sights: KnownRuns,
        (order, invocation): (&Order, &Invocation),
    ) -> Due {
        let spots = jobs.iter().filter_map(RunRef::of).collect();
        let sights = self.see(spots, sights, (order, invocation)).await;
        let mut due = Due::default();
        for job in jobs {
            let spot = RunRef::of(&job);
            let sight = spot.and_then(|spot| Some(&sights.get(spot.key())?.1));
            let is_due = match sight {
                Some(Err(error)) if order.due => Err(error.clone()),
                Some(Ok(sight)) if order.due => is_still_due(&job, sight),
                _ => Ok(true),
            };
            match (is_due, sight) {
                (Ok(true), Some(Ok(sight))) => due.jobs.push(job.after(sight)),
                (Ok(true), _) => due.jobs.push(job),
                (Ok(false), _) => {
                    let report = job.report.id.as_str();
                    tracing::info!(report, "what was queued is not due any more");
                }
                (Err(error), _) => {
                    due.ended.push(RunOutcome::started(&job.report.id).failed(error))
                }
            }
        }
        due
    }

    /// What is remembered of a report, and whether its timing has changed.
    async fn memory(
        &self,
        report: &Report,
        order: &Order,
        invocation: &Invocation,
    ) -> Result<(Memory, bool), Error> {
        // Only a schedule makes up for what was missed.
        if report.schedule.is_none() {
            return Ok((Memory::Nothing, false));
        }
        let (clock, time) = (invocation.clock, invocation.reference_time(order));
        let memory = self.records.memory(report, (time, clock), order.dry_run);
        until(clock.answer_by(), memory).await.unwrap_or_else(|| Err(not_in_time()))
    }

    /// What becomes of the runs of a report, or why that can't be told of one of them, or of all.
    async fn fates(
        &self,
        report: &Report,
        (memory, has_changed): (Memory, bool),
        sights: &KnownRuns,
        (order, invocation): (&Order, &Invocation),
    ) -> Vec<Result<Decision, Error>> {
        let (clock, time) = (invocation.clock, invocation.reference_time(order));
        let event = invocation.event_id(order);
        let looking = Looking { report, event, time, clock };
        let mut fates = Vec::new();
        for occurrence in report.due_at(time, memory) {
            let fate = match occurrence {
                Ok(occurrence) => {
                    sight(sights, report, &occurrence).map(|sight| fate(looking, occurrence, sight))
                }
                Err(error) => Err(no_window(error)),
            };
            fates.extend(fate.transpose());
        }
        if has_changed {
            let closing = self.fates_of_earlier_timing(report, &fates, (order, invocation));
            let closing = until(clock.answer_by(), closing).await;
            fates.extend(closing.unwrap_or_else(|| vec![Err(not_in_time())]));
        }
        if self.records.are_kept() && !order.dry_run {
            for occurrence in report.overdue_at(time, memory) {
                let fate = sight(sights, report, &occurrence)
                    .map(|sight| fate_of_overdue(looking, occurrence, sight));
                fates.extend(fate.transpose());
            }
        }
        fates
    }

    /// What was begun by another schedule is not due by this one.
    async fn fates_of_earlier_timing(
        &self,
        report: &Report,
        fates: &[Result<Decision, Error>],
        (order, invocation): (&Order, &Invocation),
    ) -> Vec<Result<Decision, Error>> {
        let (clock, time) = (invocation.clock, invocation.reference_time(order));
        let runs = |window: &Window| {
            let is_it = |fate: &Result<Decision, Error>| matches!(fate, Ok(Decision::Run(occurrence, _)) if occurrence.window == *window);
            fates.iter().any(is_it)
        };
        let is_known = fates.iter().all(Result::is_ok);
        match self.records.open(&report.id, clock).await {
            // What is not known may be due by this one.
            Ok(_) if !is_known => Vec::new(),
            Ok(open) if open.is_empty() && !order.dry_run => {
                self.records.all_are_closed(report, clock).await;
                Vec::new()
            }
            Ok(open) => {
                // Who has it ends it; if not, a later event closes it.
                let open = open.into_iter().filter(|(window, held)| !held && !runs(window));
                let close = |(window, _)| Ok(Decision::Close(Occurrence { due: time, window }));
                open.map(close).collect()
            }
            Err(error) => vec![Err(error)],
        }
    }
}

/// What was found of a run.
fn sight<'s>(
    sights: &'s KnownRuns,
    report: &Report,
    occurrence: &Occurrence,
) -> Result<&'s KnownRun, Error> {
    match sights.get(&records::key(&report.id, &occurrence.window)) {
        Some((_, sight)) => sight.as_ref().map_err(Clone::clone),
        None => {
            let message = "a run that is due was not looked for";
            Err(Error::new(Code::InternalError, Stage::Load, message))
        }
    }
}

/// The event at which a report is looked at.
#[derive(Clone, Copy)]
struct Looking<'l> {
    report: &'l Report,
    event: &'l str,
    time: Timestamp,
    clock: Clock,
}

fn fate(looking: Looking<'_>, occurrence: Occurrence, sight: &KnownRun) -> Option<Decision> {
    match &sight.look {
        RecordLookup::Over => None,
        RecordLookup::Found(record) if record.is_final => looking.fate_of_ended(occurrence, record),
        RecordLookup::Found(_) | RecordLookup::Nothing => {
            (!sight.is_overtaken).then(|| Decision::Run(occurrence, sight.clone()))
        }
    }
}

fn fate_of_overdue(
    looking: Looking<'_>,
    occurrence: Occurrence,
    sight: &KnownRun,
) -> Option<Decision> {
    match &sight.look {
        RecordLookup::Over => None,
        RecordLookup::Found(record) if record.is_final => looking.fate_of_ended(occurrence, record),
        RecordLookup::Found(record) if record.is_held_at(looking.clock.now()) => None,
        RecordLookup::Found(_) => Some(Decision::Close(occurrence)),
        // Without a schedule nobody knows whether it should have run.
        RecordLookup::Nothing => {
            let should_have_run = looking.report.schedule.as_ref().is_some_and(|s| s.enabled);
            should_have_run.then_some(Decision::Close(occurrence))
        }
    }
}

impl Looking<'_> {
    /// The fate of a run that has ended: its retried event hears of its failure, and its owner until the
    /// catch-up age has passed.
    fn fate_of_ended(&self, occurrence: Occurrence, record: &RunRecord) -> Option<Decision> {
        let age = self.time.duration_since(record.event.time);
        let notifies = record.is_to_notify_again() && age < self.report.catch_up;
        told_again(record, self.event).or_else(|| notifies.then_some(Decision::Notify(occurrence)))
    }
}

/// Whether a run that was due when it was queued is so still, by the definition as it is now: another
/// zone, window or schedule makes other runs, which their own tick finds.
///
/// # Errors
/// Where it has no window.
fn is_still_due(job: &Job, sight: &KnownRun) -> Result<bool, Error> {
    let (report, window) = (&job.report, job.window()?);
    let occurrences = report.due_at(job.time(), Memory::Since(Timestamp::MIN));
    let is_one = occurrences.into_iter().flatten().any(|due| due.window == window);
    // An earlier window of a report without schedule is not run after a later one.
    Ok(is_one && !sight.is_overtaken)
}

/// The retry of an event fails for what the event has failed for.
fn told_again(ended: &RunRecord, event: &str) -> Option<Decision> {
    let failed_then = ended.has_failed() && ended.event.id == event;
    failed_then.then(|| Decision::Ended(Box::new(ended.outcome_before())))
}
