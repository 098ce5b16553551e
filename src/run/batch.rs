//! The runs of an invocation: claimed side by side, asked together, carried out one after the other.
//! One that another invocation has is looked at again when the others have ended.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::asking::Asking;
use super::courier::{Post, Stops};
use super::keeper::{Hold, Keeper};
use super::outcome::{RunOutcome, defect};
use super::protocol::{Claimant, Claimed};
use super::record::Record;
use super::report::{self, Asked, LookUp, Rendering, make};
use super::{Progress, Runner, Work, side_by_side};
use crate::error::{Code, Error, Panicked, Stage, redact_addresses, until, unwinding};
use crate::render::Templates;
use crate::store::Store;

/// What became of an invocation's runs.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) outcomes: Vec<RunOutcome>,
    /// Why an outcome could not be recorded.
    pub(super) unrecorded: Option<Error>,
}

/// How a run starts.
enum Start {
    /// It is this invocation's.
    Held(Box<Hold>),
    /// Another has it.
    Busy(Box<Record>),
    /// It has ended, or can't be started.
    Over(Box<RunOutcome>),
}

/// How a run ended.
enum End {
    Outcome(Box<RunOutcome>, Option<Error>),
    /// Another has taken it over.
    Lost(Box<Record>),
}

/// What the invocation's runs have together.
#[derive(Clone, Copy)]
struct Together<'a> {
    asking: &'a Asking,
    stops: &'a Stops,
    /// Read when the first of them needs them.
    templates: &'a OnceCell<Result<Arc<Templates>, Error>>,
}

impl Runner {
    /// Runs reports; each outcome is told to `tell` as soon as it is there.
    pub(super) async fn run_all(&self, works: &mut [Work], tell: impl Fn(&RunOutcome)) -> Ran {
        let all = &*works;
        let starts = side_by_side(all, async |work| self.start(work).await).await;
        let first = all.iter().zip(&starts).position(|(work, start)| start.asks(work));
        for (index, work) in works.iter_mut().enumerate() {
            work.is_first = first.is_none_or(|first| index == first);
        }
        let works = &*works;
        let (mut asking, asked) = self.ask_together(works, &starts).await;
        let (stops, templates) = (Stops::default(), OnceCell::new());
        let (mut ran, mut busy) = (Ran::default(), Vec::new());
        for (index, ((work, start), asked)) in works.iter().zip(starts).zip(asked).enumerate() {
            let together = Together { asking: &asking, stops: &stops, templates: &templates };
            let end = match start {
                Start::Over(outcome) => End::Outcome(outcome, None),
                Start::Busy(fresh) => End::Lost(fresh),
                Start::Held(hold) => self.carry((work, index), *hold, asked, together).await,
            };
            asking.ended(index);
            match end {
                End::Outcome(outcome, unrecorded) => ran.add(*outcome, unrecorded, &tell),
                End::Lost(fresh) => busy.push((work, fresh)),
            }
        }
        for (work, fresh) in busy {
            let (outcome, unrecorded) = self.wait_for(work, &fresh, &stops).await;
            ran.add(outcome, unrecorded, &tell);
        }
        ran
    }

    /// Claims a run.
    async fn start(&self, work: &Work) -> Start {
        let fresh = match self.fresh(work).await {
            Ok(fresh) => fresh,
            Err(outcome) => return Start::Over(outcome),
        };
        let event = work.event();
        let claimant = Claimant { event: &event, is_a_person: work.is_named() };
        let key = work.key(&fresh.window);
        match self.keeper(work).claim(&key, &fresh, claimant).await {
            Ok(Claimed::Held(hold)) => {
                self.overtake(work, &hold.record).await;
                Start::Held(hold)
            }
            Ok(Claimed::Ended(record)) => over(self.answered(work, &record)),
            Ok(Claimed::Busy) => Start::Busy(Box::new(fresh)),
            Err(error) => over(failed(work, &fresh, error)),
        }
    }

    /// Keeps that the window of a report without schedule is run.
    async fn overtake(&self, work: &Work, record: &Record) {
        // A window that an order names is not the one that closed last.
        let is_its_own = work.order.window.is_none() && !work.is_reissue() && !work.is_overdue;
        let counts = work.is_recorded() && is_its_own;
        let (window, clock) = (&record.window, work.invocation.clock);
        if !counts {
            return;
        }
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

    /// Finds out what those ask that make a message, and which requests that takes.
    async fn ask_together(
        &self,
        works: &[Work],
        starts: &[Start],
    ) -> (Asking, Vec<Option<Result<Asked, Error>>>) {
        let asks: Vec<bool> =
            works.iter().zip(starts).map(|(work, start)| start.asks(work)).collect();
        let asking: Vec<&Work> =
            works.iter().zip(&asks).filter(|(_, asks)| **asks).map(|(work, _)| work).collect();
        let look_up = &LookUp::of(&asking);
        let asked = join_all(works.iter().zip(&asks).map(async |(work, asks)| match asks {
            true => Some(self.ask(work, look_up).await),
            false => None,
        }));
        let asked = asked.await;
        self.plan_together(asked).await
    }

    async fn plan_together(
        &self,
        asked: Vec<Option<Result<Asked, Error>>>,
    ) -> (Asking, Vec<Option<Result<Asked, Error>>>) {
        let limits = &self.settings.limits;
        let known = asked.iter().map(|asked| asked.as_ref().and_then(|asked| asked.as_ref().ok()));
        let planning = async { Asking::of(known, limits) };
        match unwinding(planning).await {
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
    async fn ask(&self, work: &Work, look_up: &LookUp<'_>) -> Result<Asked, Error> {
        let asked = unwinding(report::ask(self, work, look_up)).await;
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
    async fn carry(
        &self,
        (work, index): (&Work, usize),
        mut hold: Hold,
        asked: Option<Result<Asked, Error>>,
        together: Together<'_>,
    ) -> End {
        let began = Instant::now();
        let keeper = self.keeper(work);
        let learned = match work.is_overdue {
            true => Ok(()),
            false => self.learn_reissues(work, &mut hold.record).await,
        };
        let post = Post::new(self, work, (&hold.record, learned.err()), together.stops);
        let ended = match work.is_overdue {
            true => keeper.close(&mut hold, &post, overdue(work)).await,
            false => {
                let asked = asked.unwrap_or_else(|| Err(defect()));
                let asked = asked.as_ref().map_err(Clone::clone);
                let place = (together.asking, index);
                let store = keeper.address_of_files(&hold);
                let make = async |effort: &mut _| {
                    let templates =
                        together.templates.get_or_init(|| self.templates_in_time(work)).await;
                    let rendering = Rendering { templates: templates.clone(), store };
                    make(self, work, asked, place, rendering, effort).await
                };
                keeper.carry_out(&mut hold, &work.report.digest, &post, make).await
            }
        };
        if hold.is_lost() {
            return End::Lost(Box::new(hold.record));
        }
        if let Err(error) = &ended {
            tracing::error!(
                report = work.report.id.as_str(),
                code = error.code.as_str(),
                error = redact_addresses(&error.message),
                "the outcome could not be recorded"
            );
        } else if work.is_recorded() {
            self.records.know(&work.key(&hold.record.window), &hold.record);
        }
        let outcome = RunOutcome {
            effort: hold.effort,
            is_overdue: work.is_overdue,
            took: began.elapsed(),
            ..hold.record.outcome()
        };
        End::Outcome(Box::new(outcome), ended.err())
    }

    /// Waits for a run that another has, and answers how it ended; or carries it out where the other
    /// did not.
    async fn wait_for(
        &self,
        work: &Work,
        fresh: &Record,
        stops: &Stops,
    ) -> (RunOutcome, Option<Error>) {
        let event = work.event();
        let claimant = Claimant { event: &event, is_a_person: work.is_named() };
        let key = work.key(&fresh.window);
        work.tell(Progress::Waiting { report: work.report.id.clone() });
        let failed = |error: Error| failed(work, fresh, error);
        match self.keeper(work).claim_in_time(&key, fresh, claimant).await {
            Ok(Claimed::Ended(record)) => (self.answered(work, &record), None),
            Ok(Claimed::Held(hold)) => {
                let asked = match asks(work, &hold) {
                    true => Some(self.ask(work, &LookUp::of(&[work])).await),
                    false => None,
                };
                let (asking, mut asked) = self.plan_together(vec![asked]).await;
                let templates = &OnceCell::new();
                let together = Together { asking: &asking, stops, templates };
                match self.carry((work, 0), *hold, asked.pop().flatten(), together).await {
                    End::Outcome(outcome, unrecorded) => (*outcome, unrecorded),
                    End::Lost(_) => (failed(taken_over_twice()), None),
                }
            }
            Ok(Claimed::Busy) => (failed(taken_over_twice()), None),
            Err(error) => (failed(error), None),
        }
    }

    /// What an invocation answers that found the run ended.
    fn answered(&self, work: &Work, record: &Record) -> RunOutcome {
        self.records.know(&work.key(&record.window), record);
        record.outcome_before()
    }

    /// The store of a run's record, if it has one.
    pub(super) fn keeper(&self, work: &Work) -> Keeper<'_, Store> {
        let keeper = self.records.keeper(work.invocation.clock);
        Keeper { store: keeper.store.filter(|_| work.is_recorded()), ..keeper }
    }
}

impl Ran {
    fn add(&mut self, outcome: RunOutcome, unrecorded: Option<Error>, tell: impl Fn(&RunOutcome)) {
        tell(&outcome);
        self.unrecorded = self.unrecorded.take().or(unrecorded);
        self.outcomes.push(outcome);
    }
}

impl Start {
    fn asks(&self, work: &Work) -> bool {
        matches!(self, Self::Held(hold) if asks(work, hold))
    }
}

/// Whether a run has its figures asked for.
fn asks(work: &Work, hold: &Hold) -> bool {
    !work.is_overdue && !hold.record.resumes(&work.report.digest)
}

/// The outcome of a run that could not be claimed.
fn failed(work: &Work, fresh: &Record, error: Error) -> RunOutcome {
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

fn taken_over_twice() -> Error {
    let message = "other invocations have taken this run over twice";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}
