//! Runs that another process has: this one waits for them, and carries out what the other did not end.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::run::Progress;
use crate::run::Runner;
use crate::run::delivery::attempt::ClaimRequest;
use crate::run::delivery::attempt::Claimed;
use crate::run::dispatch::executor::BatchContext;
use crate::run::dispatch::executor::BatchResult;
use crate::run::dispatch::executor::RunEnd;
use crate::run::dispatch::executor::RunSlot;
use crate::run::dispatch::executor::RunStart;
use crate::run::dispatch::executor::StageGates;
use crate::run::dispatch::executor::asks;
use crate::run::dispatch::executor::failed;
use crate::run::job::Job;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::store::LeasedRun;
use crate::run::message::build::NameLookup;
use crate::run::outcome::run_outcome::RunOutcome;

impl Runner {
    /// Waits for the runs that others have.
    pub(crate) async fn wait_for_all(
        &self,
        busy: Vec<(&Job, Box<RunRecord>)>,
        together: &BatchContext,
        (ran, tell): (&mut BatchResult, impl Fn(&RunOutcome)),
    ) {
        for (job, fresh) in busy {
            match self.wait_for(job, &fresh, together).await {
                RunEnd::Queued { parts, told } => ran.add_parts(parts, told),
                RunEnd::Outcome(outcome, unrecorded) => ran.add(*outcome, unrecorded, &tell),
                RunEnd::Lost(_) => ran.add(failed(job, &fresh, taken_over_twice()), None, &tell),
            }
        }
    }

    /// Waits for a run that another has, and answers how it ended; or carries it out where the other
    /// did not.
    async fn wait_for(&self, job: &Job, fresh: &RunRecord, together: &BatchContext) -> RunEnd {
        let event = job.event();
        let claimant = ClaimRequest { event: &event, is_a_person: job.is_named() };
        let key = job.key(&fresh.window);
        let wait = waiter(job);
        let ended = |outcome: RunOutcome| RunEnd::Outcome(Box::new(outcome), None);
        let leased = match self.ledger_store(job).claim_in_time(&key, fresh, claimant, wait).await {
            Ok(Claimed::Held(leased)) => leased,
            Ok(Claimed::Ended(record)) => return ended(self.answered(job, &record)),
            Ok(Claimed::Busy(_)) => return ended(failed(job, fresh, taken_over_twice())),
            Err(error) => return ended(failed(job, fresh, error)),
        };
        match self.begin(job, leased).await {
            RunStart::Held(leased) => self.carry_alone(job, *leased, together).await,
            RunStart::Parted(leased, left) => self.hand_on(job, *leased, left).await,
            RunStart::Busy(fresh) => RunEnd::Lost(fresh),
            RunStart::Over(outcome) => RunEnd::Outcome(outcome, None),
        }
    }

    /// Carries a run out that was left over from the others of the invocation.
    async fn carry_alone(&self, job: &Job, leased: LeasedRun, together: &BatchContext) -> RunEnd {
        let asked = match asks(job, &leased) {
            true => Some(self.ask(job, &NameLookup::of([job])).await),
            false => None,
        };
        let (pool, asked) = self.plan_together(vec![asked]).await;
        let turns = &StageGates::default();
        let place = RunSlot { pool: &pool, index: 0, turns, is_first: false };
        self.carry((job, place), leased, asked.first().and_then(Option::as_ref), together).await
    }
}

/// Waits until the next look at a run that another has until then at least. It says so once, and again where
/// the other goes on for longer.
pub(crate) fn waiter(job: &Job) -> impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error> {
    let (invocation, mut told) = (&job.invocation, None);
    async move |look, until| {
        if told.is_none_or(|told| told <= invocation.clock.now()) {
            job.tell(Progress::Waiting { report: job.report.id.clone(), until });
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
