//! Runs the jobs of an invocation, in phases:
//!
//! ```text
//! prefetch  records of candidate runs ──────┐ while the definitions are checked for changes
//! claim     every run ──────────────────────┤ while the names of those that likely fetch are read
//! plan      the names of the rest; then the requests of all together
//! execute   run 1  fetch ─ build ─ send ─ record
//!           run 2          fetch ─ build ─────── send ─ record
//!           run 3                  fetch ─ build ────────────── send …
//! wait      for runs that other invocations hold
//! ```
//!
//! Prefetching belongs to the [schedule](crate::run::schedule); the other phases are here. Runs execute in
//! their order and overlap: one fetches while the one before it sends. So the figures of one run are in
//! memory at a time, and mails leave in the order in which the runs were due.

use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use crate::concurrency::{Panicked, catch_panic, map_concurrently};
use crate::error::{Code, Error, Stage, redact_addresses};
use crate::render::Origin;
use crate::run::delivery::{Attempt, RunSender};
use crate::run::dispatch::building::{BatchContext, Building};
use crate::run::dispatch::waves::waves;
use crate::run::fetch::{NameLookup, QueryPool, RunQueries, build_queries};
use crate::run::job::{GateSlot, Job, stopped};
use crate::run::ledger::{
    ClaimRequest, Claimed, Fence, LeasedRun, LedgerStore, OpenShards, RunRecord,
};
use crate::run::message::{marked_templates, never_came_back};
use crate::run::outcome::{Queued, RunOutcome, defect, log_error};
use crate::run::services::Services;
use crate::store::Store;
use crate::window::Window;

/// The largest number of runs that are under way at once: the messages of all of them are in memory.
const MAX_CONCURRENT_RUNS: usize = 4;

/// The result of an invocation's runs.
#[derive(Debug, Default)]
pub(crate) struct BatchResult {
    pub(crate) outcomes: Vec<RunOutcome>,
    /// The runs that were queued.
    pub(crate) queued: Queued,
    /// The reason why an outcome could not be recorded.
    pub(crate) unrecorded: Option<Error>,
}

/// The start of a run.
pub(crate) enum RunStart {
    /// It is this invocation's.
    Held(Box<LeasedRun>),
    /// It is this invocation's, and was cut into shards of which these are left.
    Sharded(Box<LeasedRun>, OpenShards),
    /// Another has it.
    Busy(Box<RunRecord>),
    /// It has ended, or can't be started.
    Over(Box<RunOutcome>),
}

/// The end of a run.
pub(crate) enum RunEnd {
    /// It ended; and why that could not be recorded, if so.
    Outcome(Box<RunOutcome>, Option<Error>),
    /// A number of its shards were queued, for others to end it; and what a person is told.
    Queued { shards: usize, told: Option<Box<RunOutcome>> },
    /// Another has taken it over.
    Lost(Box<RunRecord>),
}

/// Runs jobs of one invocation.
pub(crate) struct Executor<'a> {
    pub(crate) services: &'a Services,
    /// The right to send a run's message again, where that is what the job is.
    pub(crate) fence: Option<&'a Fence>,
    /// Hears each outcome as soon as it and those before it are there.
    pub(crate) listener: &'a (dyn Fn(&RunOutcome) + Sync),
}

/// The queries of a run, where it has any, or the reason why they can't be built.
pub(crate) type BuiltQueries = Option<Result<RunQueries, Error>>;

/// A run that executes.
pub(crate) struct Execution<'e> {
    pub(crate) job: &'e Job,
    pub(crate) pool: &'e QueryPool,
    pub(crate) queries: Option<&'e Result<RunQueries, Error>>,
    /// The place of the run, in the pool and at the gates.
    pub(crate) index: usize,
    /// Says that it is the first that fetches, which always starts.
    pub(crate) is_first: bool,
    /// Its place at the fetch gate, where it fetches.
    pub(crate) fetch: Option<GateSlot>,
    /// Its place at the send gate, which it keeps to its end.
    pub(crate) send: &'e GateSlot,
}

impl Executor<'_> {
    /// Runs jobs, wave by wave, and returns what became of them.
    pub(crate) async fn run_all(&self, jobs: &[Job]) -> BatchResult {
        let mut context = BatchContext::default();
        let (mut result, mut busy) = (BatchResult::default(), Vec::new());
        for wave in waves(jobs) {
            busy.extend(self.run_wave(&wave, &context, &mut result).await);
            context = context.of_next_wave();
        }
        self.wait_for_others(busy, &context, &mut result).await;
        result
    }

    /// Runs the jobs of a wave, and returns those that others hold. Its queries and its plan end with it.
    async fn run_wave<'j>(
        &self,
        jobs: &[&'j Job],
        context: &BatchContext,
        result: &mut BatchResult,
    ) -> Vec<(&'j Job, Box<RunRecord>)> {
        let lookup = &NameLookup::new(jobs.iter().copied().filter(|job| !job.is_overdue));
        let (starts, early) = self.claim_all(jobs, lookup).await;
        let (pool, queries) = self.plan_all(jobs, &starts, early, lookup).await;
        self.execute_all(jobs, starts, (&pool, &queries), context, result).await
    }

    /// Claims every run. Meanwhile the queries of those are built that likely fetch, which takes names; a
    /// run that then fetches nothing has none.
    async fn claim_all(
        &self,
        jobs: &[&Job],
        lookup: &NameLookup<'_>,
    ) -> (Vec<RunStart>, Vec<BuiltQueries>) {
        let claiming = map_concurrently(jobs, async |job| self.start(job).await);
        let building = map_concurrently(jobs, async |job| {
            if job.likely_fetches { Some(self.build_queries(job, lookup).await) } else { None }
        });
        let (starts, built) = join(claiming, building).await;
        let runs = jobs.iter().zip(&starts).zip(built);
        let early = runs.map(|((job, start), built)| built.filter(|_| start.fetches(job)));
        let early = early.collect();
        (starts, early)
    }

    /// Builds the queries of the rest of the runs that fetch, and plans the requests of all together.
    async fn plan_all(
        &self,
        jobs: &[&Job],
        starts: &[RunStart],
        early: Vec<BuiltQueries>,
        lookup: &NameLookup<'_>,
    ) -> (QueryPool, Vec<BuiltQueries>) {
        let runs: Vec<_> = jobs.iter().zip(starts).zip(&early).collect();
        let late = map_concurrently(&runs, async |((job, start), early)| {
            let is_left = early.is_none() && start.fetches(job);
            if is_left { Some(self.build_queries(job, lookup).await) } else { None }
        });
        let late = late.await;
        self.plan(early.into_iter().zip(late).map(|(early, late)| early.or(late)).collect()).await
    }

    /// Plans the requests of runs together.
    pub(crate) async fn plan(&self, queries: Vec<BuiltQueries>) -> (QueryPool, Vec<BuiltQueries>) {
        let limits = &self.services.figures.limits;
        let known = queries.iter().map(|queries| queries.as_ref().and_then(|q| q.as_ref().ok()));
        match catch_panic(async { QueryPool::new(known, limits) }).await {
            Ok(pool) => (pool, queries),
            Err(Panicked) => {
                let pool = QueryPool::new(queries.iter().map(|_| None), limits);
                (pool, queries.into_iter().map(|q| q.map(|_| Err(defect()))).collect())
            }
        }
    }

    /// Builds the queries of a run.
    pub(crate) async fn build_queries(
        &self,
        job: &Job,
        lookup: &NameLookup<'_>,
    ) -> Result<RunQueries, Error> {
        let building = build_queries(&self.services.figures, job, lookup);
        let built = catch_panic(job.invocation.stop.or(building)).await;
        built.unwrap_or_else(|Panicked| Err(defect()))
    }

    /// Executes the runs that were claimed, and returns those that others hold.
    async fn execute_all<'j>(
        &self,
        jobs: &[&'j Job],
        starts: Vec<RunStart>,
        (pool, queries): (&QueryPool, &[BuiltQueries]),
        context: &BatchContext,
        result: &mut BatchResult,
    ) -> Vec<(&'j Job, Box<RunRecord>)> {
        context.runaway.learn(starts.iter().filter_map(RunStart::left_rendering));
        let mut fetching = 0..;
        let runs = jobs.iter().copied().zip(starts).zip(queries).enumerate();
        let executing = stream::iter(runs).map(|(index, ((job, start), queries))| {
            let queries = queries.as_ref();
            // Only a run that fetches has a place among those that do.
            let place = queries.and_then(|_| fetching.next());
            async move {
                let fetch = place.map(|place| context.fetch_gate.slot(place));
                let is_first = context.is_first_wave && place == Some(0);
                let send = &context.send_gate.slot(index);
                let execution = Execution { job, pool, queries, index, is_first, fetch, send };
                // A run is large, and every future that it is in is as large.
                let end = Box::pin(self.execute(execution, start, context)).await;
                pool.release(index);
                (job, end)
            }
        });
        let mut busy = Vec::new();
        let mut executing = pin!(executing.buffered(MAX_CONCURRENT_RUNS));
        while let Some((job, end)) = executing.next().await {
            match end {
                RunEnd::Outcome(outcome, unrecorded) => self.add(result, *outcome, unrecorded),
                RunEnd::Queued { shards, told } => result.add_shards(shards, told),
                RunEnd::Lost(_) if job.yields_to_holder => {}
                RunEnd::Lost(fresh) => busy.push((job, fresh)),
            }
        }
        busy
    }

    /// Goes on with a run from its start.
    async fn execute(
        &self,
        execution: Execution<'_>,
        start: RunStart,
        context: &BatchContext,
    ) -> RunEnd {
        match start {
            RunStart::Over(outcome) => RunEnd::Outcome(outcome, None),
            RunStart::Busy(fresh) => RunEnd::Lost(fresh),
            RunStart::Held(run) => self.run_to_end(execution, *run, context).await,
            RunStart::Sharded(run, left) => {
                execution.send.wait().await;
                self.hand_on(execution.job, *run, left).await
            }
        }
    }

    /// Claims a run.
    async fn start(&self, job: &Job) -> RunStart {
        let fresh = match self.fresh_record(job).await {
            Ok(fresh) => fresh,
            Err(outcome) => return RunStart::Over(outcome),
        };
        if job.invocation.stop.has_come() {
            return RunStart::Over(Box::new(not_run(job, &fresh, stopped())));
        }
        let trigger = job.trigger_id();
        let claim = ClaimRequest { event: &trigger, is_manual: job.trigger.is_manual() };
        let key = job.key(&fresh.window);
        match self.ledger(job).claim(key.as_str(), &fresh, claim).await {
            Ok(Claimed::Held(run)) => self.resume(job, run).await,
            Ok(Claimed::Ended(record)) => RunStart::Over(Box::new(self.replay(job, &record))),
            Ok(Claimed::Busy(_)) => RunStart::Busy(Box::new(fresh)),
            Err(error) => RunStart::Over(Box::new(not_run(job, &fresh, error))),
        }
    }

    /// Resumes a run that was claimed: one that was cut into shards is put together where these have ended.
    pub(crate) async fn resume(&self, job: &Job, mut run: Box<LeasedRun>) -> RunStart {
        if run.record.shards.is_none() {
            return RunStart::Held(run);
        }
        let left = if job.is_overdue {
            self.close_shards(job, &mut run.record, &overdue(job)).await
        } else {
            self.merge_shards(job, &mut run.record).await
        };
        match left {
            Ok(left) if left.is_nothing() => {
                run.record.unshard();
                run.stats = run.record.stats;
                RunStart::Held(run)
            }
            Ok(left) => RunStart::Sharded(run, left),
            Err(error) => {
                self.release(job, &mut run).await;
                RunStart::Over(Box::new(not_run(job, &run.record, error)))
            }
        }
    }

    /// Runs a job that this invocation holds to its end.
    pub(crate) async fn run_to_end(
        &self,
        execution: Execution<'_>,
        mut run: LeasedRun,
        context: &BatchContext,
    ) -> RunEnd {
        let (job, send) = (execution.job, execution.send);
        let (claimed_at, began) = (Instant::now(), OnceLock::new());
        let ended = if job.is_overdue {
            self.close(job, &mut run, send).await
        } else {
            self.deliver(execution, &mut run, (context, &began)).await
        };
        if run.is_lost {
            return RunEnd::Lost(Box::new(run.record));
        }
        if ended.is_ok() && run.record.shards.is_some() {
            let left = run.record.all_shards();
            let end = self.hand_on(job, run, left).await;
            return end.after(began.get().unwrap_or(&claimed_at).elapsed());
        }
        if let Err(error) = &ended {
            let (batch, report) = (job.context().id(), job.report.id.as_str());
            log_error(batch, Some(report), error, "the outcome could not be recorded");
        } else if job.is_recorded() {
            self.services.ledger.cache_final(&job.key(&run.record.window), &run.record);
        }
        let outcome = RunOutcome {
            stats: run.stats,
            is_overdue: job.is_overdue,
            took: began.get().unwrap_or(&claimed_at).elapsed(),
            ..job.annotate(run.record.outcome())
        };
        RunEnd::Outcome(Box::new(outcome), ended.err())
    }

    /// Closes a run that is due no more.
    async fn close(&self, job: &Job, run: &mut LeasedRun, send: &GateSlot) -> Result<(), Error> {
        let sender = RunSender::new(self.services, job, &run.record).in_turn(send);
        let left = run.left_rendering.as_ref().map(marked_templates);
        let error = left.map_or_else(|| overdue(job), |origin| never_came_back(&origin));
        Attempt { ledger: self.ledger(job), sender: &sender }.close(run, error).await
    }

    /// Fetches the figures of a run, unless its message is stored, and delivers it.
    async fn deliver(
        &self,
        execution: Execution<'_>,
        run: &mut LeasedRun,
        (context, began): (&BatchContext, &OnceLock<Instant>),
    ) -> Result<(), Error> {
        let Execution { job, pool, queries, index, is_first, fetch, send } = execution;
        let learned = self.learn_reissues(job, &mut run.record).await;
        let sender = RunSender::new(self.services, job, &run.record)
            .refused_by(learned.err())
            .fenced(self.fence)
            .in_turn(send);
        // A run that has learned of a message meanwhile fetches nothing.
        let fetch = fetch.filter(|_| fetches(job, run));
        if fetch.is_none() {
            send.wait().await;
            began.get_or_init(Instant::now);
        }
        let window = run.record.window.clone();
        let build = async |run: &mut LeasedRun| {
            // The next run fetches when this one has its message.
            let turn = fetch;
            if let Some(turn) = &turn {
                turn.wait().await;
            }
            began.get_or_init(Instant::now);
            let queries =
                queries.map_or_else(|| Err(defect()), |q| q.as_ref().map_err(Clone::clone));
            let (services, ledger) = (self.services, self.ledger(job));
            let building = Building { services, ledger, job, queries, pool, index, is_first, send };
            job.invocation.stop.or(building.build(run, context)).await
        };
        let attempt = Attempt { ledger: self.ledger(job), sender: &sender };
        let delivering = attempt.carry_out(run, &job.report.digest, build);
        join(delivering, self.advance_latest_window(job, &window)).await.0
    }

    /// Keeps that the window of a report without schedule is run.
    async fn advance_latest_window(&self, job: &Job, window: &Window) {
        // A window that an order names is not the one that closed last.
        let is_its_own = job.trigger.window().is_none() || job.trigger.is_queued();
        let is_its_own = is_its_own && !job.is_reissue() && !job.is_overdue;
        if !job.is_recorded() || !is_its_own {
            return;
        }
        let ledger = &self.services.ledger;
        if let Err(error) = ledger.advance_latest_window(&job.report, window, job.clock()).await {
            // At worst an event that comes late runs an earlier window after this one.
            let (report, code) = (job.report.id.as_str(), error.code.as_str());
            let error = redact_addresses(&error.message);
            tracing::warn!(report, code, error, "the window could not be kept");
        }
    }

    /// The answer of an invocation that found the run ended.
    pub(crate) fn replay(&self, job: &Job, record: &RunRecord) -> RunOutcome {
        self.services.ledger.cache_final(&job.key(&record.window), record);
        job.annotate(record.replayed_outcome())
    }

    /// The ledger as this invocation writes the record of a job, if it has one.
    pub(crate) fn ledger(&self, job: &Job) -> LedgerStore<'_, Store> {
        self.services.ledger.store_for(job)
    }

    pub(crate) fn add(
        &self,
        result: &mut BatchResult,
        outcome: RunOutcome,
        unrecorded: Option<Error>,
    ) {
        (self.listener)(&outcome);
        result.unrecorded = result.unrecorded.take().or(unrecorded);
        result.outcomes.push(outcome);
    }
}

impl RunEnd {
    /// The end of a run that took so long.
    fn after(self, took: Duration) -> Self {
        match self {
            Self::Outcome(outcome, unrecorded) => {
                Self::Outcome(Box::new(RunOutcome { took, ..*outcome }), unrecorded)
            }
            Self::Queued { .. } | Self::Lost(_) => self,
        }
    }
}

impl BatchResult {
    /// Adds what became of runs that queued nothing.
    pub(crate) fn join(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.unrecorded = self.unrecorded.take().or(other.unrecorded);
    }

    pub(crate) fn add_shards(&mut self, shards: usize, told: Option<Box<RunOutcome>>) {
        self.queued.add(shards);
        self.outcomes.extend(told.map(|told| *told));
    }
}

impl RunStart {
    fn held(&self) -> Option<&LeasedRun> {
        match self {
            Self::Held(run) => Some(run),
            Self::Sharded(..) | Self::Busy(_) | Self::Over(_) => None,
        }
    }

    fn left_rendering(&self) -> Option<Origin> {
        self.held()?.left_rendering.as_ref().map(marked_templates)
    }

    fn fetches(&self, job: &Job) -> bool {
        self.held().is_some_and(|run| fetches(job, run))
    }
}

/// Tells whether the figures of a run are fetched: none are where it is closed, or its message is stored.
pub(crate) fn fetches(job: &Job, run: &LeasedRun) -> bool {
    !job.is_overdue && !run.record.can_resume(&job.report.digest)
}

/// The outcome of a run that could not be claimed.
pub(crate) fn not_run(job: &Job, fresh: &RunRecord, error: Error) -> RunOutcome {
    RunOutcome::started(&job.report.id).failed(error).in_window(&fresh.window)
}

/// The reason why a run is closed that did not end before.
fn overdue(job: &Job) -> Error {
    let message = match job.report.schedule {
        Some(_) => {
            "the run had not ended when its catch-up age (`catch_up`) was over, or its schedule was \
             changed"
        }
        None => "the run had not ended when the next window was over",
    };
    Error::new(Code::Timeout, Stage::Load, message).hint("run the report by name for this window")
}
