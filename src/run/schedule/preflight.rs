//! The records of candidate runs, loaded side by side before these start; where the definitions were read
//! before, while it is being checked whether they have changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join;
use jiff::Timestamp;

use crate::concurrency::{map_concurrently, with_deadline};
use crate::definition::{FirstSeen, Report, ReportId};
use crate::error::{Code, Error, Stage};
use crate::run::job::{Job, RunKey, TriggerContext};
use crate::run::ledger::RecordLookup;
use crate::run::services::Services;
use crate::trigger::TriggerKind;
use crate::window::Window;

/// A run as it is known before it starts.
#[derive(Clone, Debug)]
pub(crate) struct KnownRun {
    /// Its record.
    pub(crate) lookup: RecordLookup,
    /// Says that a later window of the report has been run, which counts where it has no schedule.
    pub(crate) is_superseded: bool,
}

/// By key what is known of runs, or the reason why that can't be told.
#[derive(Debug, Default)]
pub(crate) struct KnownRuns(BTreeMap<RunKey, (RunRef, Result<KnownRun, Error>)>);

/// A run whose record may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunRef {
    key: RunKey,
    report: ReportId,
    window: Window,
    has_schedule: bool,
}

/// The look at runs before they start, for a trigger.
#[derive(Clone, Copy)]
pub(crate) struct Preflight<'a> {
    pub(crate) services: &'a Services,
    pub(crate) context: TriggerContext<'a>,
}

impl KnownRuns {
    /// The run with this key, if its record was loaded.
    pub(crate) fn get(&self, key: &RunKey) -> Option<&Result<KnownRun, Error>> {
        self.0.get(key).map(|(_, known)| known)
    }
}

impl RunRef {
    fn new(report: &Report, window: &Window) -> Self {
        Self {
            key: RunKey::for_run(&report.id, window),
            report: report.id.clone(),
            window: window.clone(),
            has_schedule: report.schedule.is_some(),
        }
    }

    /// The run of a job that an order names; a re-issue and a shard have records of their own.
    pub(crate) fn named(job: &Job) -> Option<Self> {
        let is_shard = matches!(job.trigger.kind, TriggerKind::Shard { .. });
        let has_own = job.is_reissue() || is_shard || !job.is_recorded();
        let window = job.window().ok().filter(|_| !has_own)?;
        Some(Self::new(&job.report, &window))
    }

    pub(crate) fn key(&self) -> &RunKey {
        &self.key
    }
}

impl KnownRun {
    /// The job, with the word whether it most likely has figures to ask for.
    pub(crate) fn annotate(&self, mut job: Job) -> Job {
        job.likely_fetches = match &self.lookup {
            RecordLookup::Missing => true,
            RecordLookup::Final => false,
            RecordLookup::Found(record) => {
                let is_held = record.is_held_at(job.clock().now());
                // A run that a person has run again may have its message meanwhile, for somebody else.
                !record.is_final && !is_held && !record.can_resume(&job.report.digest)
            }
        };
        job
    }
}

impl Preflight<'_> {
    /// Loads the records of the runs that a trigger starts, if the definitions are still those that were
    /// read last.
    pub(crate) async fn prefetch_runs(self) -> KnownRuns {
        let TriggerContext { trigger, invocation } = self.context;
        let reports = self.services.definitions.known_reports(trigger.reports());
        let candidates = if trigger.asks_for_due() {
            self.candidate_runs(&reports)
        } else {
            let jobs = reports.into_iter().map(|report| Job::new(report, trigger, invocation));
            jobs.filter_map(|job| RunRef::named(&job)).collect()
        };
        self.load_runs(candidates, KnownRuns::default()).await
    }

    /// Loads the records of these runs; those that are known are not read again.
    pub(crate) async fn load_runs(self, candidates: Vec<RunRef>, known: KnownRuns) -> KnownRuns {
        // Where the definition has changed, a key may stand for something else.
        let is_known =
            |run: &RunRef| matches!(known.0.get(&run.key), Some((other, Ok(_))) if other == run);
        let new: Vec<RunRef> = candidates.into_iter().filter(|run| !is_known(run)).collect();
        let found = map_concurrently(&new, async |run| {
            let loading = self.load_run(run);
            let by = self.context.clock().answer_by();
            with_deadline(by, loading).await.unwrap_or_else(|| Err(not_in_time()))
        });
        let found = found.await;
        let new = new.into_iter().zip(found).map(|(run, known)| (run.key.clone(), (run, known)));
        KnownRuns(known.0.into_iter().chain(new).collect())
    }

    async fn load_run(self, run: &RunRef) -> Result<KnownRun, Error> {
        let (ledger, clock) = (&self.services.ledger, self.context.clock());
        if ledger.is_known_final(&run.key, self.context.id()) {
            return Ok(KnownRun { lookup: RecordLookup::Final, is_superseded: false });
        }
        let superseded = async {
            if run.has_schedule {
                return Ok(false);
            }
            ledger.is_superseded(&run.report, &run.window, clock).await
        };
        let (lookup, is_superseded) = join(ledger.look_up(&run.key, clock), superseded).await;
        Ok(KnownRun { lookup: lookup?, is_superseded: is_superseded? })
    }

    /// The runs that these reports may be due for at the time of the trigger, or may have been until not
    /// long ago, whenever they were first seen.
    pub(crate) fn candidate_runs(self, reports: &[Arc<Report>]) -> Vec<RunRef> {
        let time = self.context.time();
        let closes = self.closes_overdue_runs();
        let of_report = |report: &Arc<Report>| {
            let first_seen = self.earliest_first_seen(report, time);
            let due = report.due_at(time, first_seen).into_iter().filter_map(Result::ok);
            let overdue = report.overdue_at(time, first_seen).into_iter().filter(move |_| closes);
            due.chain(overdue).map(|due| RunRef::new(report, &due.window)).collect::<Vec<_>>()
        };
        reports.iter().flat_map(of_report).collect()
    }

    /// Tells whether runs that are due no more are closed: they are where records are kept, but for a dry
    /// tick.
    pub(crate) fn closes_overdue_runs(self) -> bool {
        self.services.ledger.is_kept() && !self.context.trigger.dry_run
    }

    /// The earliest time at which a report may have been seen first.
    fn earliest_first_seen(self, report: &Report, time: Timestamp) -> FirstSeen {
        let ledger = &self.services.ledger;
        if report.schedule.is_some() && ledger.is_kept() {
            FirstSeen::At(ledger.cached_first_seen(report, time).unwrap_or(Timestamp::MIN))
        } else {
            FirstSeen::Unrecorded
        }
    }
}

/// The error that the deadline came before it was known what is due.
pub(crate) fn not_in_time() -> Error {
    let message = "what is due could not be found out before the deadline";
    Error::new(Code::Timeout, Stage::Load, message).retryable()
}
