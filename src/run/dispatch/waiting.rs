//! Runs that another process has: this one waits for them, and carries out what the other did not end.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::run::Progress;
use crate::run::Runner;
use crate::run::delivery::attempt::Claimant;
use crate::run::delivery::attempt::Claimed;
use crate::run::dispatch::executor::End;
use crate::run::dispatch::executor::Place;
use crate::run::dispatch::executor::PlacesInTurn;
use crate::run::dispatch::executor::Ran;
use crate::run::dispatch::executor::Start;
use crate::run::dispatch::executor::Together;
use crate::run::dispatch::executor::asks;
use crate::run::dispatch::executor::failed;
use crate::run::job::work::Work;
use crate::run::ledger::record::Record;
use crate::run::ledger::store::Hold;
use crate::run::message::build::LookUp;
use crate::run::outcome::run_outcome::RunOutcome;

impl Runner {
    /// Waits for the runs that others have.
    pub(crate) async fn wait_for_all(
        &self,
        busy: Vec<(&Work, Box<Record>)>,
        together: &Together,
        (ran, tell): (&mut Ran, impl Fn(&RunOutcome)),
    ) {
        for (work, fresh) in busy {
            match self.wait_for(work, &fresh, together).await {
                End::Queued { parts, told } => ran.add_parts(parts, told),
                End::Outcome(outcome, unrecorded) => ran.add(*outcome, unrecorded, &tell),
                End::Lost(_) => ran.add(failed(work, &fresh, taken_over_twice()), None, &tell),
            }
        }
    }

    /// Waits for a run that another has, and answers how it ended; or carries it out where the other
    /// did not.
    async fn wait_for(&self, work: &Work, fresh: &Record, together: &Together) -> End {
        let event = work.event();
        let claimant = Claimant { event: &event, is_a_person: work.is_named() };
        let key = work.key(&fresh.window);
        let wait = waiter(work);
        let ended = |outcome: RunOutcome| End::Outcome(Box::new(outcome), None);
        let hold = match self.keeper(work).claim_in_time(&key, fresh, claimant, wait).await {
            Ok(Claimed::Held(hold)) => hold,
            Ok(Claimed::Ended(record)) => return ended(self.answered(work, &record)),
            Ok(Claimed::Busy(_)) => return ended(failed(work, fresh, taken_over_twice())),
            Err(error) => return ended(failed(work, fresh, error)),
        };
        match self.begin(work, hold).await {
            Start::Held(hold) => self.carry_alone(work, *hold, together).await,
            Start::Parted(hold, left) => self.hand_on(work, *hold, left).await,
            Start::Busy(fresh) => End::Lost(fresh),
            Start::Over(outcome) => End::Outcome(outcome, None),
        }
    }

    /// Carries a run out that was left over from the others of the invocation.
    async fn carry_alone(&self, work: &Work, hold: Hold, together: &Together) -> End {
        let asked = match asks(work, &hold) {
            true => Some(self.ask(work, &LookUp::of([work])).await),
            false => None,
        };
        let (asking, asked) = self.plan_together(vec![asked]).await;
        let turns = &PlacesInTurn::default();
        let place = Place { asking: &asking, index: 0, turns, is_first: false };
        self.carry((work, place), hold, asked.first().and_then(Option::as_ref), together).await
    }
}

/// Waits until the next look at a run that another has until then at least. It says so once, and again where
/// the other goes on for longer.
pub(crate) fn waiter(work: &Work) -> impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error> {
    let (invocation, mut told) = (&work.invocation, None);
    async move |look, until| {
        if told.is_none_or(|told| told <= invocation.clock.now()) {
            work.tell(Progress::Waiting { report: work.report.id.clone(), until });
            told = Some(until);
        }
        let waiting = async {
            tokio::time::sleep(look).await;
            Ok(())
        };
        invocation.stop.or(waiting).await.map_err(|_| stopped_while_waiting(until))
    }
}

/// The error of a wait that was stopped. The run is another's: whoever runs it again waits again.
fn stopped_while_waiting(until: Timestamp) -> Error {
    let message = "the command was stopped while another process had the run";
    let until = until.strftime("%Y-%m-%d %H:%M:%S UTC");
    Error::new(Code::Timeout, Stage::Record, message).retryable().hint(format!(
        "another process has it until {until}, or longer if it is still at it; `run` waits for it"
    ))
}

fn taken_over_twice() -> Error {
    let message = "other invocations have taken this run over twice";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}
