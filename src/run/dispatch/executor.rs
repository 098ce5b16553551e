//! The runs of an invocation. What they ask is asked while they are claimed; then they are carried out in
//! their order: one asks while those before it are sent. One that another invocation has is
//! [waited for](super::waiting) when the others have ended.

use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures_util::future::{Either, join, ready, select};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::concurrency::{Panicked, catch_panic, meanwhile, side_by_side, until};
use crate::error::{Code, Error, Stage, redact_addresses};
use crate::render::Templates;
use crate::run::Progress;
use crate::run::Runner;
use crate::run::delivery::attempt::ClaimRequest;
use crate::run::delivery::attempt::Claimed;
use crate::run::delivery::sender::RunSender;
use crate::run::dispatch::fan_out::Queued;
use crate::run::dispatch::order_gate::OrderGate;
use crate::run::dispatch::shards::OpenShards;
use crate::run::fetch::query_pool::QueryPool;
use crate::run::job::Job;
use crate::run::job::stop::stopped;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::store::LeasedRun;
use crate::run::ledger::store::LedgerStore;
use crate::run::log_error;
use crate::run::message::build as report;
use crate::run::message::build::NameLookup;
use crate::run::message::build::Rendering;
use crate::run::message::build::RunQueries;
use crate::run::message::build::check_time;
use crate::run::message::build::make;
use crate::run::message::templates::RunawayTemplates;
use crate::run::message::templates::never_came_back;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::outcome::run_outcome::defect;
use crate::store::Store;
use crate::window::Window;

/// What became of an invocation's runs.
#[derive(Debug, Default)]
pub(crate) struct BatchResult {
    pub(crate) outcomes: Vec<RunOutcome>,
    /// What was queued.
    pub(crate) queued: Queued,
    /// Why an outcome could not be recorded.
    pub(crate) unrecorded: Option<Error>,
}

/// How a run starts.
pub(crate) enum RunStart {
    /// It is this invocation's.
    Held(Box<LeasedRun>),
    /// It is this invocation's, and was cut into parts of which these are left.
    Parted(Box<LeasedRun>, OpenShards),
    /// Another has it.
    Busy(Box<RunRecord>),
    /// It has ended, or can't be started.
    Over(Box<RunOutcome>),
}

/// How a run ended.
pub(crate) enum RunEnd {
    Outcome(Box<RunOutcome>, Option<Error>),
    /// So many parts of it were queued, for others to end it; and what a person is told.
    Queued {
        parts: usize,
        told: Option<Box<RunOutcome>>,
    },
    /// Another has taken it over.
    Lost(Box<RunRecord>),
}

/// How many runs are under way at once: the messages of all of them are in memory.
const UNDER_WAY: usize = 4;

/// What the invocation's runs have together.
#[derive(Default)]
pub(crate) struct BatchContext {
    /// Read when the first of them needs them.
    templates: OnceCell<Result<Arc<Templates>, Error>>,
    turns: StageGates,
    endless: RunawayTemplates,
}

/// What runs do one after the other, in their order.
#[derive(Debug, Default)]
pub(crate) struct StageGates {
    /// To ask, and to make a message of the answers: the figures of one run are in memory at a time.
    pub(crate) asks: OrderGate,
    /// To make a message, to send it, and to write how that ended.
    pub(crate) sends: OrderGate,
}

/// What runs ask, and for each of them what that is; those that ask nothing have none.
type Questions = (QueryPool, Vec<Option<Result<RunQueries, Error>>>);

/// A run among others.
#[derive(Clone, Copy)]
pub(crate) struct RunSlot<'a> {
    /// Where its questions are.
    pub(crate) pool: &'a QueryPool,
    pub(crate) index: usize,
    pub(crate) turns: &'a StageGates,
    /// Whether it is the first that asks, which always starts.
    pub(crate) is_first: bool,
}

impl Runner {
    /// Runs reports; each outcome is told to `tell` as soon as it and those before it are there.
    ///
    /// What they most likely ask is found out while they are claimed. Where that is known before, the requests
    /// of the first of them are made; if it turns out to be another's, they are given up.
    pub(crate) async fn run_all(&self, jobs: &[Job], tell: impl Fn(&RunOutcome)) -> BatchResult {
        let together = BatchContext::default();
        let early = jobs.iter().map(|job| job.lets_ask).collect();
        let pool = pin!(self.ask_together(jobs, early));
        let claiming = pin!(side_by_side(jobs, async |job| self.start(job).await));
        let guess = jobs.iter().position(|job| job.lets_ask);
        let (questions, claiming, guess) = match select(pool, claiming).await {
            Either::Left((questions, claiming)) => (questions, Either::Left(claiming), guess),
            Either::Right((starts, pool)) => (pool.await, Either::Right(ready(starts)), None),
        };
        let (mut ahead, mut came) = (FuturesUnordered::new(), Vec::new());
        ahead.extend(guess.map(|index| self.make_ahead((jobs, index), &questions, &together)));
        let starts = meanwhile(claiming, &mut ahead, &mut came).await;
        together.endless.learn(starts.iter().filter_map(RunStart::held));
        let asks = |index: usize| {
            jobs.get(index).zip(starts.get(index)).is_some_and(|(job, start)| start.asks(job))
        };
        let first = (0..jobs.len()).find(|index| asks(*index));
        let left = jobs.iter().enumerate().map(|(index, job)| asks(index) && !job.lets_ask);
        let late = self.ask_together(jobs, left.collect());
        if guess.is_some_and(|index| !asks(index)) {
            ahead.clear();
        }
        let (late, late_asked) = meanwhile(late, &mut ahead, &mut came).await;
        let (early, asked) = (&questions.0, &questions.1);
        let asked =
            asked.iter().zip(&late_asked).map(|(early, late)| early.as_ref().or(late.as_ref()));
        let runs = jobs.iter().zip(starts).zip(asked).enumerate();
        let carried = stream::iter(runs).map(async |(index, ((job, start), asked))| {
            let pool = if job.lets_ask { early } else { &late };
            let (turns, is_first) = (&together.turns, first == Some(index));
            let place = RunSlot { pool, index, turns, is_first };
            let end = self.go((job, place), start, asked, &together).await;
            // Whether it had its turns or needed none.
            pool.ended(index);
            turns.asks.pass(index);
            turns.sends.pass(index);
            (job, end)
        });
        let (mut ran, mut busy) = (BatchResult::default(), Vec::new());
        let mut carried = pin!(carried.buffered(UNDER_WAY));
        while let Some((job, end)) = meanwhile(carried.next(), &mut ahead, &mut came).await {
            match end {
                RunEnd::Outcome(outcome, unrecorded) => ran.add(*outcome, unrecorded, &tell),
                RunEnd::Queued { parts, told } => ran.add_parts(parts, told),
                RunEnd::Lost(_) if job.is_left_to_others() => {}
                RunEnd::Lost(fresh) => busy.push((job, fresh)),
            }
        }
        // What nobody drives any more must not keep its places.
        ahead.clear();
        self.wait_for_all(busy, &together, (&mut ran, tell)).await;
        ran
    }

    /// Goes on with a run from its start.
    async fn go(
        &self,
        (job, place): (&Job, RunSlot<'_>),
        start: RunStart,
        asked: Option<&Result<RunQueries, Error>>,
        together: &BatchContext,
    ) -> RunEnd {
        match start {
            RunStart::Over(outcome) => RunEnd::Outcome(outcome, None),
            RunStart::Busy(fresh) => RunEnd::Lost(fresh),
            RunStart::Held(leased) => self.carry((job, place), *leased, asked, together).await,
            RunStart::Parted(leased, left) => {
                place.turns.asks.pass(place.index);
                place.turns.sends.come(place.index).await;
                self.hand_on(job, *leased, left).await
            }
        }
    }

    /// Has the requests of a run made, if there is time for them, and the templates read; until the run has
    /// what it needs, however it came to it.
    async fn make_ahead(
        &self,
        (jobs, index): (&[Job], usize),
        (pool, asked): &Questions,
        together: &BatchContext,
    ) {
        let Some(job) = jobs.get(index) else { return };
        let is_known = matches!(asked.get(index), Some(Some(Ok(_))));
        let requests = async {
            if is_known && check_time((self, job), true, (pool, index)).is_ok() {
                // One who panics here does so again where it is told.
                let _ = catch_panic(pool.ahead((self, job), index)).await;
            }
        };
        let templates = together.templates.get_or_init(|| self.templates_in_time(job));
        let has_passed = together.turns.asks.come(index + 1);
        select(pin!(has_passed), pin!(join(requests, templates))).await;
    }

    /// Claims a run.
    async fn start(&self, job: &Job) -> RunStart {
        let fresh = match self.fresh(job).await {
            Ok(fresh) => fresh,
            Err(outcome) => return RunStart::Over(outcome),
        };
        if job.invocation.stop.has_come() {
            return over(failed(job, &fresh, stopped()));
        }
        let event = job.event();
        let claimant = ClaimRequest { event: &event, is_a_person: job.is_named() };
        let key = job.key(&fresh.window);
        match self.ledger_store(job).claim(&key, &fresh, claimant).await {
            Ok(Claimed::Held(leased)) => self.begin(job, leased).await,
            Ok(Claimed::Ended(record)) => over(self.answered(job, &record)),
            Ok(Claimed::Busy(_)) => RunStart::Busy(Box::new(fresh)),
            Err(error) => over(failed(job, &fresh, error)),
        }
    }

    /// Begins a run that was claimed: one that was cut into parts is put together where these have
    /// ended.
    pub(crate) async fn begin(&self, job: &Job, mut leased: Box<LeasedRun>) -> RunStart {
        if leased.record.parts.is_none() {
            return RunStart::Held(leased);
        }
        let left = match job.is_overdue {
            true => self.close_parts(job, &mut leased.record, &overdue(job)).await,
            false => self.gather(job, &mut leased.record).await,
        };
        match left {
            Ok(left) if left.is_nothing() => {
                leased.record.put_together();
                leased.effort = leased.record.effort;
                RunStart::Held(leased)
            }
            Ok(left) => RunStart::Parted(leased, left),
            Err(error) => {
                self.let_go(job, &mut leased).await;
                over(failed(job, &leased.record, error))
            }
        }
    }

    /// Keeps that the window of a report without schedule is run.
    async fn overtake(&self, job: &Job, window: &Window) {
        // A window that an order names is not the one that closed last.
        let is_its_own = job.order.window.is_none() || job.order.due;
        let is_its_own = is_its_own && !job.is_reissue() && !job.is_overdue;
        if !job.is_recorded() || !is_its_own {
            return;
        }
        let clock = job.invocation.clock;
        if let Err(error) = self.records.overtake(&job.report, window, clock).await {
            // At worst an event that comes late runs an earlier window after this one.
            let (report, code) = (job.report.id.as_str(), error.code.as_str());
            tracing::warn!(
                report,
                code,
                error = redact_addresses(&error.message),
                "the window could not be kept"
            );
        }
    }

    /// Finds out what those of the runs ask that do, and which requests that takes.
    async fn ask_together(&self, jobs: &[Job], asks: Vec<bool>) -> Questions {
        // Those among them that turn out to ask later share lists with these.
        let look_up = &NameLookup::of(jobs.iter().filter(|job| !job.is_overdue));
        let pool: Vec<_> = jobs.iter().zip(asks).collect();
        let asked = side_by_side(&pool, async |(job, asks)| match asks {
            true => Some(self.ask(job, look_up).await),
            false => None,
        });
        let asked = asked.await;
        self.plan_together(asked).await
    }

    pub(crate) async fn plan_together(
        &self,
        asked: Vec<Option<Result<RunQueries, Error>>>,
    ) -> Questions {
        let limits = &self.settings.limits;
        let known = asked.iter().map(|asked| asked.as_ref().and_then(|asked| asked.as_ref().ok()));
        let planning = async { QueryPool::of(known, limits) };
        match catch_panic(planning).await {
            Ok(pool) => (pool, asked),
            Err(Panicked) => {
                let nothing = asked.iter().map(|_| None);
                let pool = QueryPool::of(nothing, limits);
                let asked = asked.into_iter().map(|asked| asked.map(|_| Err(defect())));
                (pool, asked.collect())
            }
        }
    }

    /// What a run asks, or why it can't ask anything.
    pub(crate) async fn ask(
        &self,
        job: &Job,
        look_up: &NameLookup<'_>,
    ) -> Result<RunQueries, Error> {
        let pool = report::ask(self, job, look_up);
        let asked = catch_panic(job.invocation.stop.or(pool)).await;
        asked.unwrap_or_else(|Panicked| Err(defect()))
    }

    /// The templates, if they can be read while there is time to make a message of them.
    async fn templates_in_time(&self, job: &Job) -> Result<Arc<Templates>, Error> {
        until(job.call_deadline(), self.templates.now()).await.unwrap_or_else(|| {
            let message = "the templates could not be read before the invocation's deadline";
            Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
        })
    }

    /// Carries a run out that this invocation has.
    pub(crate) async fn carry(
        &self,
        (job, place): (&Job, RunSlot<'_>),
        mut leased: LeasedRun,
        asked: Option<&Result<RunQueries, Error>>,
        together: &BatchContext,
    ) -> RunEnd {
        let (started, began) = (Instant::now(), OnceLock::new());
        let ledger = self.ledger_store(job);
        let learned = match job.is_overdue {
            true => Ok(()),
            false => self.learn_reissues(job, &mut leased.record).await,
        };
        let sender = RunSender::new(self, job, (&leased.record, learned.err()));
        let sender = sender.in_turn(&place.turns.sends, place.index);
        let ended = match job.is_overdue {
            true => {
                place.turns.asks.pass(place.index);
                let left = leased.left_rendering.as_ref();
                let error = left.map_or_else(|| overdue(job), never_came_back);
                ledger.close(&mut leased, &sender, error).await
            }
            false => {
                let asked = match asked {
                    Some(asked) => asked.as_ref().map_err(Clone::clone),
                    None => Err(defect()),
                };
                let store = ledger.address_of_files(&leased);
                let make = async |leased: &mut LeasedRun| {
                    let making = async {
                        place.turns.asks.come(place.index).await;
                        let ahead = place.pool.ahead_since(place.index);
                        began.get_or_init(|| ahead.unwrap_or_else(Instant::now));
                        if ahead.is_none() {
                            job.tell(Progress::Started { report: job.report.id.clone() });
                        }
                        let templates =
                            together.templates.get_or_init(|| self.templates_in_time(job)).await;
                        let templates = together.endless.refuse(templates.clone(), leased);
                        let rendering = Rendering { templates, store };
                        make(self, job, asked, place, rendering, leased).await
                    };
                    let made = job.invocation.stop.or(making).await;
                    place.turns.asks.pass(place.index);
                    made
                };
                if !asks(job, &leased) {
                    place.turns.asks.pass(place.index);
                    place.turns.sends.come(place.index).await;
                    began.get_or_init(Instant::now);
                }
                let window = leased.record.window.clone();
                let carrying = ledger.carry_out(&mut leased, &job.report.digest, &sender, make);
                join(carrying, self.overtake(job, &window)).await.0
            }
        };
        if leased.is_lost() {
            return RunEnd::Lost(Box::new(leased.record));
        }
        if ended.is_ok() && leased.record.parts.is_some() {
            let left = leased.record.all_parts();
            return self.hand_on(job, leased, left).await;
        }
        if let Err(error) = &ended {
            let batch = job.event().id;
            let report = job.report.id.as_str();
            log_error(&batch, Some(report), error, "the outcome could not be recorded");
        } else if job.is_recorded() {
            self.records.know(&job.key(&leased.record.window), &leased.record);
        }
        let outcome = RunOutcome {
            effort: leased.effort,
            is_overdue: job.is_overdue,
            took: began.get().unwrap_or(&started).elapsed(),
            ..job.told_of(leased.record.outcome())
        };
        RunEnd::Outcome(Box::new(outcome), ended.err())
    }

    /// What an invocation answers that found the run ended.
    pub(crate) fn answered(&self, job: &Job, record: &RunRecord) -> RunOutcome {
        self.records.know(&job.key(&record.window), record);
        job.told_of(record.outcome_before())
    }

    /// The store of a run's record, if it has one.
    pub(crate) fn ledger_store(&self, job: &Job) -> LedgerStore<'_, Store> {
        let ledger = self.records.ledger_store(job.invocation.clock);
        LedgerStore { store: ledger.store.filter(|_| job.is_recorded()), ..ledger }
    }
}

impl BatchResult {
    /// Adds what became of runs that queued nothing.
    pub(crate) fn join(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.unrecorded = self.unrecorded.take().or(other.unrecorded);
    }

    pub(crate) fn add_parts(&mut self, parts: usize, told: Option<Box<RunOutcome>>) {
        self.queued.add(parts);
        self.outcomes.extend(told.map(|told| *told));
    }

    pub(crate) fn add(
        &mut self,
        outcome: RunOutcome,
        unrecorded: Option<Error>,
        tell: impl Fn(&RunOutcome),
    ) {
        tell(&outcome);
        self.unrecorded = self.unrecorded.take().or(unrecorded);
        self.outcomes.push(outcome);
    }
}

impl RunStart {
    fn held(&self) -> Option<&LeasedRun> {
        match self {
            Self::Held(leased) => Some(leased),
            Self::Parted(..) | Self::Busy(_) | Self::Over(_) => None,
        }
    }

    fn asks(&self, job: &Job) -> bool {
        matches!(self, Self::Held(leased) if asks(job, leased))
    }
}

/// Whether a run has its figures asked for.
pub(crate) fn asks(job: &Job, leased: &LeasedRun) -> bool {
    !job.is_overdue && !leased.record.resumes(&job.report.digest)
}

/// The outcome of a run that could not be claimed.
pub(crate) fn failed(job: &Job, fresh: &RunRecord, error: Error) -> RunOutcome {
    let window = Some(fresh.window.clone());
    RunOutcome { window, ..RunOutcome::started(&job.report.id) }.failed(error)
}

fn over(outcome: RunOutcome) -> RunStart {
    RunStart::Over(Box::new(outcome))
}

/// Why a run is closed that did not end before.
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
