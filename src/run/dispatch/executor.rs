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
use crate::run::delivery::attempt::Claimant;
use crate::run::delivery::attempt::Claimed;
use crate::run::delivery::sender::Post;
use crate::run::dispatch::fan_out::Queued;
use crate::run::dispatch::order_gate::Turns;
use crate::run::dispatch::shards::Left;
use crate::run::fetch::query_pool::Asking;
use crate::run::job::stop::stopped;
use crate::run::job::work::Work;
use crate::run::ledger::record::Record;
use crate::run::ledger::store::Hold;
use crate::run::ledger::store::Keeper;
use crate::run::log_error;
use crate::run::message::build as report;
use crate::run::message::build::Asked;
use crate::run::message::build::LookUp;
use crate::run::message::build::Rendering;
use crate::run::message::build::check_time;
use crate::run::message::build::make;
use crate::run::message::templates::Endless;
use crate::run::message::templates::never_came_back;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::outcome::run_outcome::defect;
use crate::store::Store;
use crate::window::Window;

/// What became of an invocation's runs.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) outcomes: Vec<RunOutcome>,
    /// What was queued.
    pub(crate) queued: Queued,
    /// Why an outcome could not be recorded.
    pub(crate) unrecorded: Option<Error>,
}

/// How a run starts.
pub(crate) enum Start {
    /// It is this invocation's.
    Held(Box<Hold>),
    /// It is this invocation's, and was cut into parts of which these are left.
    Parted(Box<Hold>, Left),
    /// Another has it.
    Busy(Box<Record>),
    /// It has ended, or can't be started.
    Over(Box<RunOutcome>),
}

/// How a run ended.
pub(crate) enum End {
    Outcome(Box<RunOutcome>, Option<Error>),
    /// So many parts of it were queued, for others to end it; and what a person is told.
    Queued {
        parts: usize,
        told: Option<Box<RunOutcome>>,
    },
    /// Another has taken it over.
    Lost(Box<Record>),
}

/// How many runs are under way at once: the messages of all of them are in memory.
const UNDER_WAY: usize = 4;

/// What the invocation's runs have together.
#[derive(Default)]
pub(crate) struct Together {
    /// Read when the first of them needs them.
    templates: OnceCell<Result<Arc<Templates>, Error>>,
    turns: PlacesInTurn,
    endless: Endless,
}

/// What runs do one after the other, in their order.
#[derive(Debug, Default)]
pub(crate) struct PlacesInTurn {
    /// To ask, and to make a message of the answers: the figures of one run are in memory at a time.
    pub(crate) asks: Turns,
    /// To make a message, to send it, and to write how that ended.
    pub(crate) sends: Turns,
}

/// What runs ask, and for each of them what that is; those that ask nothing have none.
type Questions = (Asking, Vec<Option<Result<Asked, Error>>>);

/// A run among others.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Where its questions are.
    pub(crate) asking: &'a Asking,
    pub(crate) index: usize,
    pub(crate) turns: &'a PlacesInTurn,
    /// Whether it is the first that asks, which always starts.
    pub(crate) is_first: bool,
}

impl Runner {
    /// Runs reports; each outcome is told to `tell` as soon as it and those before it are there.
    ///
    /// What they most likely ask is found out while they are claimed. Where that is known before, the requests
    /// of the first of them are made; if it turns out to be another's, they are given up.
    pub(crate) async fn run_all(&self, works: &[Work], tell: impl Fn(&RunOutcome)) -> Ran {
        let together = Together::default();
        let early = works.iter().map(|work| work.lets_ask).collect();
        let asking = pin!(self.ask_together(works, early));
        let claiming = pin!(side_by_side(works, async |work| self.start(work).await));
        let guess = works.iter().position(|work| work.lets_ask);
        let (questions, claiming, guess) = match select(asking, claiming).await {
            Either::Left((questions, claiming)) => (questions, Either::Left(claiming), guess),
            Either::Right((starts, asking)) => (asking.await, Either::Right(ready(starts)), None),
        };
        let (mut ahead, mut came) = (FuturesUnordered::new(), Vec::new());
        ahead.extend(guess.map(|index| self.make_ahead((works, index), &questions, &together)));
        let starts = meanwhile(claiming, &mut ahead, &mut came).await;
        together.endless.learn(starts.iter().filter_map(Start::held));
        let asks = |index: usize| {
            works.get(index).zip(starts.get(index)).is_some_and(|(work, start)| start.asks(work))
        };
        let first = (0..works.len()).find(|index| asks(*index));
        let left = works.iter().enumerate().map(|(index, work)| asks(index) && !work.lets_ask);
        let late = self.ask_together(works, left.collect());
        if guess.is_some_and(|index| !asks(index)) {
            ahead.clear();
        }
        let (late, late_asked) = meanwhile(late, &mut ahead, &mut came).await;
        let (early, asked) = (&questions.0, &questions.1);
        let asked =
            asked.iter().zip(&late_asked).map(|(early, late)| early.as_ref().or(late.as_ref()));
        let runs = works.iter().zip(starts).zip(asked).enumerate();
        let carried = stream::iter(runs).map(async |(index, ((work, start), asked))| {
            let asking = if work.lets_ask { early } else { &late };
            let (turns, is_first) = (&together.turns, first == Some(index));
            let place = Place { asking, index, turns, is_first };
            let end = self.go((work, place), start, asked, &together).await;
            // Whether it had its turns or needed none.
            asking.ended(index);
            turns.asks.pass(index);
            turns.sends.pass(index);
            (work, end)
        });
        let (mut ran, mut busy) = (Ran::default(), Vec::new());
        let mut carried = pin!(carried.buffered(UNDER_WAY));
        while let Some((work, end)) = meanwhile(carried.next(), &mut ahead, &mut came).await {
            match end {
                End::Outcome(outcome, unrecorded) => ran.add(*outcome, unrecorded, &tell),
                End::Queued { parts, told } => ran.add_parts(parts, told),
                End::Lost(_) if work.is_left_to_others() => {}
                End::Lost(fresh) => busy.push((work, fresh)),
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
        (work, place): (&Work, Place<'_>),
        start: Start,
        asked: Option<&Result<Asked, Error>>,
        together: &Together,
    ) -> End {
        match start {
            Start::Over(outcome) => End::Outcome(outcome, None),
            Start::Busy(fresh) => End::Lost(fresh),
            Start::Held(hold) => self.carry((work, place), *hold, asked, together).await,
            Start::Parted(hold, left) => {
                place.turns.asks.pass(place.index);
                place.turns.sends.come(place.index).await;
                self.hand_on(work, *hold, left).await
            }
        }
    }

    /// Has the requests of a run made, if there is time for them, and the templates read; until the run has
    /// what it needs, however it came to it.
    async fn make_ahead(
        &self,
        (works, index): (&[Work], usize),
        (asking, asked): &Questions,
        together: &Together,
    ) {
        let Some(work) = works.get(index) else { return };
        let is_known = matches!(asked.get(index), Some(Some(Ok(_))));
        let requests = async {
            if is_known && check_time((self, work), true, (asking, index)).is_ok() {
                // One who panics here does so again where it is told.
                let _ = catch_panic(asking.ahead((self, work), index)).await;
            }
        };
        let templates = together.templates.get_or_init(|| self.templates_in_time(work));
        let has_passed = together.turns.asks.come(index + 1);
        select(pin!(has_passed), pin!(join(requests, templates))).await;
    }

    /// Claims a run.
    async fn start(&self, work: &Work) -> Start {
        let fresh = match self.fresh(work).await {
            Ok(fresh) => fresh,
            Err(outcome) => return Start::Over(outcome),
        };
        if work.invocation.stop.has_come() {
            return over(failed(work, &fresh, stopped()));
        }
        let event = work.event();
        let claimant = Claimant { event: &event, is_a_person: work.is_named() };
        let key = work.key(&fresh.window);
        match self.keeper(work).claim(&key, &fresh, claimant).await {
            Ok(Claimed::Held(hold)) => self.begin(work, hold).await,
            Ok(Claimed::Ended(record)) => over(self.answered(work, &record)),
            Ok(Claimed::Busy(_)) => Start::Busy(Box::new(fresh)),
            Err(error) => over(failed(work, &fresh, error)),
        }
    }

    /// Begins a run that was claimed: one that was cut into parts is put together where these have
    /// ended.
    pub(crate) async fn begin(&self, work: &Work, mut hold: Box<Hold>) -> Start {
        if hold.record.parts.is_none() {
            return Start::Held(hold);
        }
        let left = match work.is_overdue {
            true => self.close_parts(work, &mut hold.record, &overdue(work)).await,
            false => self.gather(work, &mut hold.record).await,
        };
        match left {
            Ok(left) if left.is_nothing() => {
                hold.record.put_together();
                hold.effort = hold.record.effort;
                Start::Held(hold)
            }
            Ok(left) => Start::Parted(hold, left),
            Err(error) => {
                self.let_go(work, &mut hold).await;
                over(failed(work, &hold.record, error))
            }
        }
    }

    /// Keeps that the window of a report without schedule is run.
    async fn overtake(&self, work: &Work, window: &Window) {
        // A window that an order names is not the one that closed last.
        let is_its_own = work.order.window.is_none() || work.order.due;
        let is_its_own = is_its_own && !work.is_reissue() && !work.is_overdue;
        if !work.is_recorded() || !is_its_own {
            return;
        }
        let clock = work.invocation.clock;
        if let Err(error) = self.records.overtake(&work.report, window, clock).await {
            // At worst an event that comes late runs an earlier window after this one.
            let (report, code) = (work.report.id.as_str(), error.code.as_str());
            tracing::warn!(
                report,
                code,
                error = redact_addresses(&error.message),
                "the window could not be kept"
            );
        }
    }

    /// Finds out what those of the runs ask that do, and which requests that takes.
    async fn ask_together(&self, works: &[Work], asks: Vec<bool>) -> Questions {
        // Those among them that turn out to ask later share lists with these.
        let look_up = &LookUp::of(works.iter().filter(|work| !work.is_overdue));
        let asking: Vec<_> = works.iter().zip(asks).collect();
        let asked = side_by_side(&asking, async |(work, asks)| match asks {
            true => Some(self.ask(work, look_up).await),
            false => None,
        });
        let asked = asked.await;
        self.plan_together(asked).await
    }

    pub(crate) async fn plan_together(
        &self,
        asked: Vec<Option<Result<Asked, Error>>>,
    ) -> Questions {
        let limits = &self.settings.limits;
        let known = asked.iter().map(|asked| asked.as_ref().and_then(|asked| asked.as_ref().ok()));
        let planning = async { Asking::of(known, limits) };
        match catch_panic(planning).await {
            Ok(asking) => (asking, asked),
            Err(Panicked) => {
                let nothing = asked.iter().map(|_| None);
                let asking = Asking::of(nothing, limits);
                let asked = asked.into_iter().map(|asked| asked.map(|_| Err(defect())));
                (asking, asked.collect())
            }
        }
    }

    /// What a run asks, or why it can't ask anything.
    pub(crate) async fn ask(&self, work: &Work, look_up: &LookUp<'_>) -> Result<Asked, Error> {
        let asking = report::ask(self, work, look_up);
        let asked = catch_panic(work.invocation.stop.or(asking)).await;
        asked.unwrap_or_else(|Panicked| Err(defect()))
    }

    /// The templates, if they can be read while there is time to make a message of them.
    async fn templates_in_time(&self, work: &Work) -> Result<Arc<Templates>, Error> {
        until(work.call_deadline(), self.templates.now()).await.unwrap_or_else(|| {
            let message = "the templates could not be read before the invocation's deadline";
            Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
        })
    }

    /// Carries a run out that this invocation has.
    pub(crate) async fn carry(
        &self,
        (work, place): (&Work, Place<'_>),
        mut hold: Hold,
        asked: Option<&Result<Asked, Error>>,
        together: &Together,
    ) -> End {
        let (started, began) = (Instant::now(), OnceLock::new());
        let keeper = self.keeper(work);
        let learned = match work.is_overdue {
            true => Ok(()),
            false => self.learn_reissues(work, &mut hold.record).await,
        };
        let post = Post::new(self, work, (&hold.record, learned.err()));
        let post = post.in_turn(&place.turns.sends, place.index);
        let ended = match work.is_overdue {
            true => {
                place.turns.asks.pass(place.index);
                let left = hold.left_rendering.as_ref();
                let error = left.map_or_else(|| overdue(work), never_came_back);
                keeper.close(&mut hold, &post, error).await
            }
            false => {
                let asked = match asked {
                    Some(asked) => asked.as_ref().map_err(Clone::clone),
                    None => Err(defect()),
                };
                let store = keeper.address_of_files(&hold);
                let make = async |hold: &mut Hold| {
                    let making = async {
                        place.turns.asks.come(place.index).await;
                        let ahead = place.asking.ahead_since(place.index);
                        began.get_or_init(|| ahead.unwrap_or_else(Instant::now));
                        if ahead.is_none() {
                            work.tell(Progress::Started { report: work.report.id.clone() });
                        }
                        let templates =
                            together.templates.get_or_init(|| self.templates_in_time(work)).await;
                        let templates = together.endless.refuse(templates.clone(), hold);
                        let rendering = Rendering { templates, store };
                        make(self, work, asked, place, rendering, hold).await
                    };
                    let made = work.invocation.stop.or(making).await;
                    place.turns.asks.pass(place.index);
                    made
                };
                if !asks(work, &hold) {
                    place.turns.asks.pass(place.index);
                    place.turns.sends.come(place.index).await;
                    began.get_or_init(Instant::now);
                }
                let window = hold.record.window.clone();
                let carrying = keeper.carry_out(&mut hold, &work.report.digest, &post, make);
                join(carrying, self.overtake(work, &window)).await.0
            }
        };
        if hold.is_lost() {
            return End::Lost(Box::new(hold.record));
        }
        if ended.is_ok() && hold.record.parts.is_some() {
            let left = hold.record.all_parts();
            return self.hand_on(work, hold, left).await;
        }
        if let Err(error) = &ended {
            let batch = work.event().id;
            let report = work.report.id.as_str();
            log_error(&batch, Some(report), error, "the outcome could not be recorded");
        } else if work.is_recorded() {
            self.records.know(&work.key(&hold.record.window), &hold.record);
        }
        let outcome = RunOutcome {
            effort: hold.effort,
            is_overdue: work.is_overdue,
            took: began.get().unwrap_or(&started).elapsed(),
            ..work.told_of(hold.record.outcome())
        };
        End::Outcome(Box::new(outcome), ended.err())
    }

    /// What an invocation answers that found the run ended.
    pub(crate) fn answered(&self, work: &Work, record: &Record) -> RunOutcome {
        self.records.know(&work.key(&record.window), record);
        work.told_of(record.outcome_before())
    }

    /// The store of a run's record, if it has one.
    pub(crate) fn keeper(&self, work: &Work) -> Keeper<'_, Store> {
        let keeper = self.records.keeper(work.invocation.clock);
        Keeper { store: keeper.store.filter(|_| work.is_recorded()), ..keeper }
    }
}

impl Ran {
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

impl Start {
    fn held(&self) -> Option<&Hold> {
        match self {
            Self::Held(hold) => Some(hold),
            Self::Parted(..) | Self::Busy(_) | Self::Over(_) => None,
        }
    }

    fn asks(&self, work: &Work) -> bool {
        matches!(self, Self::Held(hold) if asks(work, hold))
    }
}

/// Whether a run has its figures asked for.
pub(crate) fn asks(work: &Work, hold: &Hold) -> bool {
    !work.is_overdue && !hold.record.resumes(&work.report.digest)
}

/// The outcome of a run that could not be claimed.
pub(crate) fn failed(work: &Work, fresh: &Record, error: Error) -> RunOutcome {
    let window = Some(fresh.window.clone());
    RunOutcome { window, ..RunOutcome::started(&work.report.id) }.failed(error)
}

fn over(outcome: RunOutcome) -> Start {
    Start::Over(Box::new(outcome))
}

/// Why a run is closed that did not end before.
fn overdue(work: &Work) -> Error {
    let message = match work.report.schedule {
        Some(_) => {
            "the run had not ended when its catch-up age (`catch_up`) was over, or its schedule was \
             changed"
        }
        None => "the run had not ended when the next window was over",
    };
    Error::new(Code::Timeout, Stage::Load, message).hint("run the report by name for this window")
}
