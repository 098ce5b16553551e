//! The runs that a trigger starts, and those that it closes because they were due for too long.

use std::sync::Arc;

use futures_util::future::join;
use jiff::Timestamp;

use crate::concurrency::{map_concurrently, with_deadline};
use crate::definition::{FirstSeen, Occurrence, Report};
use crate::error::{Code, Error, Stage};
use crate::run::job::{Job, RunKey, TriggerContext, no_window};
use crate::run::ledger::{RecordLookup, RunRecord, Sight};
use crate::run::outcome::RunOutcome;
use crate::run::schedule::preflight::{KnownRun, KnownRuns, Preflight, RunRef, not_in_time};
use crate::window::Window;

/// The runs that a trigger finds.
#[derive(Debug, Default)]
pub(crate) struct DueRuns {
    /// The runs that it starts or closes, the oldest first.
    pub(crate) jobs: Vec<Job>,
    /// Those that ended without being started: what is due could not be found out, or the same event
    /// has failed them before, permanently.
    pub(crate) ended: Vec<RunOutcome>,
    /// Those that have ended, and whose owners could not be reached.
    pub(crate) unnotified: Vec<Job>,
}

/// The decision on an occurrence.
enum Decision {
    /// It runs; what is known of it.
    Run(Occurrence, KnownRun),
    /// It is closed.
    Close(Occurrence),
    /// It has ended, and its owner could not be reached.
    Notify(Occurrence),
    /// It has ended, and the trigger hears how.
    Ended(Box<RunOutcome>),
}

impl Preflight<'_> {
    /// The runs that are due at the time of the trigger.
    pub(crate) async fn due_runs(self, reports: Vec<Arc<Report>>, known: KnownRuns) -> DueRuns {
        let candidates = self.candidate_runs(&reports);
        let (known, sights) = join(
            self.load_runs(candidates, known),
            map_concurrently(&reports, async |report| self.sight(report).await),
        )
        .await;
        let sights: Vec<_> = reports.iter().zip(sights).collect();
        let decisions = map_concurrently(&sights, async |(report, sight)| match sight {
            Ok(sight) => self.decide(report, *sight, &known).await,
            Err(error) => vec![Err(error.clone())],
        });
        let decisions = decisions.await;
        let mut due = DueRuns::default();
        let mut jobs: Vec<(Timestamp, Job)> = Vec::new();
        for (report, decisions) in reports.iter().zip(decisions) {
            for decision in decisions {
                let job = |occurrence| Job::due(Arc::clone(report), occurrence, self.context);
                match decision {
                    Ok(Decision::Run(occurrence, known)) => {
                        jobs.push((occurrence.due, known.annotate(job(occurrence))));
                    }
                    Ok(Decision::Close(occurrence)) => {
                        let time = occurrence.due;
                        let job = Job::overdue(Arc::clone(report), occurrence, self.context);
                        jobs.push((time, job));
                    }
                    Ok(Decision::Notify(occurrence)) => due.unnotified.push(job(occurrence)),
                    Ok(Decision::Ended(outcome)) => due.ended.push(*outcome),
                    Err(error) => due.ended.push(RunOutcome::started(&report.id).failed(error)),
                }
            }
        }
        jobs.sort_by_key(|(time, _)| *time);
        due.jobs = jobs.into_iter().map(|(_, job)| job).collect();
        due
    }

    /// The runs that a trigger names; of those that were due when they were queued the ones that are so
    /// still.
    pub(crate) async fn named_runs(self, jobs: Vec<Job>, known: KnownRuns) -> DueRuns {
        let candidates = jobs.iter().filter_map(RunRef::named).collect();
        let known = self.load_runs(candidates, known).await;
        let is_queued = self.context.trigger.is_queued();
        let mut due = DueRuns::default();
        for job in jobs {
            let run = RunRef::named(&job);
            let known = run.and_then(|run| known.get(run.key()));
            let is_due = match known {
                Some(Err(error)) if is_queued => Err(error.clone()),
                Some(Ok(known)) if is_queued => is_still_due(&job, known),
                _ => Ok(true),
            };
            match (is_due, known) {
                (Ok(true), Some(Ok(known))) => due.jobs.push(known.annotate(job)),
                (Ok(true), _) => due.jobs.push(job),
                (Ok(false), _) => {
                    let report = job.report.id.as_str();
                    tracing::info!(report, "what was queued is not due any more");
                }
                (Err(error), _) => {
                    due.ended.push(RunOutcome::started(&job.report.id).failed(error));
                }
            }
        }
        due
    }

    /// The first event that saw a report as it is now.
    async fn sight(self, report: &Report) -> Result<Sight, Error> {
        // Only a schedule makes up for what was missed.
        if report.schedule.is_none() {
            return Ok(Sight { first_seen: FirstSeen::Unrecorded, has_changed: false });
        }
        let sight = self.services.ledger.sight(report, self.context);
        let sight = with_deadline(self.context.clock().answer_by(), sight).await;
        sight.unwrap_or_else(|| Err(not_in_time()))
    }

    /// Decides what becomes of the runs of a report, or says why that can't be told of one of them, or of
    /// all.
    async fn decide(
        self,
        report: &Report,
        sight: Sight,
        known: &KnownRuns,
    ) -> Vec<Result<Decision, Error>> {
        let Sight { first_seen, has_changed } = sight;
        let time = self.context.time();
        let deciding = Deciding { report, context: self.context };
        let mut decisions = Vec::new();
        for occurrence in report.due_at(time, first_seen) {
            let decision = match occurrence {
                Ok(occurrence) => known_run(known, report, &occurrence)
                    .map(|known| deciding.due(occurrence, known)),
                Err(error) => Err(no_window(error)),
            };
            decisions.extend(decision.transpose());
        }
        if has_changed {
            let closing = self.close_earlier_timing(report, &decisions);
            let closing = with_deadline(self.context.clock().answer_by(), closing).await;
            decisions.extend(closing.unwrap_or_else(|| vec![Err(not_in_time())]));
        }
        if self.closes_overdue_runs() {
            for occurrence in report.overdue_at(time, first_seen) {
                let decision = known_run(known, report, &occurrence)
                    .map(|known| deciding.overdue(occurrence, known));
                decisions.extend(decision.transpose());
            }
        }
        decisions
    }

    /// Closes what another schedule has begun and this one does not have.
    async fn close_earlier_timing(
        self,
        report: &Report,
        decisions: &[Result<Decision, Error>],
    ) -> Vec<Result<Decision, Error>> {
        let (clock, time) = (self.context.clock(), self.context.time());
        let ledger = &self.services.ledger;
        let runs = |window: &Window| {
            let is_it = |decision: &Result<Decision, Error>| matches!(decision, Ok(Decision::Run(occurrence, _)) if occurrence.window == *window);
            decisions.iter().any(is_it)
        };
        let is_known = decisions.iter().all(Result::is_ok);
        match ledger.open(&report.id, clock).await {
            // A run that is not known may be due by this one.
            Ok(_) if !is_known => Vec::new(),
            Ok(open) if open.is_empty() && !self.context.trigger.dry_run => {
                ledger.all_are_closed(report, clock).await;
                Vec::new()
            }
            Ok(open) => {
                // A holder ends its run; if not, a later event closes it.
                let open = open.into_iter().filter(|(window, held)| !held && !runs(window));
                let close = |(window, _)| Ok(Decision::Close(Occurrence { due: time, window }));
                open.map(close).collect()
            }
            Err(error) => vec![Err(error)],
        }
    }
}

/// The run for an occurrence, as it is known.
fn known_run<'k>(
    known: &'k KnownRuns,
    report: &Report,
    occurrence: &Occurrence,
) -> Result<&'k KnownRun, Error> {
    match known.get(&RunKey::for_run(&report.id, &occurrence.window)) {
        Some(known) => known.as_ref().map_err(Clone::clone),
        None => {
            let message = "a run that is due was not looked for";
            Err(Error::new(Code::InternalError, Stage::Load, message))
        }
    }
}

/// A report for which it is decided what becomes of its occurrences.
#[derive(Clone, Copy)]
struct Deciding<'d> {
    report: &'d Report,
    context: TriggerContext<'d>,
}

impl Deciding<'_> {
    fn due(self, occurrence: Occurrence, known: &KnownRun) -> Option<Decision> {
        match &known.lookup {
            RecordLookup::Final => None,
            RecordLookup::Found(record) if record.is_final => self.ended(occurrence, record),
            RecordLookup::Found(_) | RecordLookup::Missing if known.is_superseded => None,
            RecordLookup::Found(_) | RecordLookup::Missing => {
                Some(Decision::Run(occurrence, known.clone()))
            }
        }
    }

    fn overdue(self, occurrence: Occurrence, known: &KnownRun) -> Option<Decision> {
        match &known.lookup {
            RecordLookup::Final => None,
            RecordLookup::Found(record) if record.is_final => self.ended(occurrence, record),
            RecordLookup::Found(record) if record.is_held_at(self.context.clock().now()) => None,
            RecordLookup::Found(_) => Some(Decision::Close(occurrence)),
            // Without a schedule nobody knows whether it should have run.
            RecordLookup::Missing => {
                let should_have_run = self.report.schedule.as_ref().is_some_and(|s| s.enabled);
                should_have_run.then_some(Decision::Close(occurrence))
            }
        }
    }

    /// A run that has ended: the retry of the event that it failed fails for the same, and its owner hears
    /// of it until the catch-up age has passed.
    fn ended(self, occurrence: Occurrence, record: &RunRecord) -> Option<Decision> {
        if record.has_failed() && record.event.id == self.context.id() {
            return Some(Decision::Ended(Box::new(record.replayed_outcome())));
        }
        let age = self.context.time().duration_since(record.event.time);
        let notifies = record.is_to_notify_again() && age < self.report.catch_up;
        notifies.then_some(Decision::Notify(occurrence))
    }
}

/// Tells whether a run that was due when it was queued is so still, by the definition as it is now: another
/// zone, window or schedule makes other runs, which their own tick finds.
///
/// # Errors
/// Where it has no window.
fn is_still_due(job: &Job, known: &KnownRun) -> Result<bool, Error> {
    let (report, window) = (&job.report, job.window()?);
    let occurrences = report.due_at(job.time(), FirstSeen::At(Timestamp::MIN));
    let is_one = occurrences.into_iter().flatten().any(|due| due.window == window);
    // An earlier window of a report without schedule is not run after a later one.
    Ok(is_one && !known.is_superseded)
}
