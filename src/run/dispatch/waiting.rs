//! Runs that another invocation holds: this one waits for them, and carries out what the other did not end.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::run::dispatch::building::BatchContext;
use crate::run::dispatch::executor::{
    BatchResult, Execution, Executor, RunEnd, RunStart, fetches, not_run,
};
use crate::run::fetch::NameLookup;
use crate::run::job::{Job, OrderGate, Progress};
use crate::run::ledger::{ClaimRequest, Claimed, LeasedRun, RunRecord};
use crate::run::outcome::RunOutcome;

impl Executor<'_> {
    /// Waits for the runs that others hold.
    pub(crate) async fn wait_for_others(
        &self,
        busy: Vec<(&Job, Box<RunRecord>)>,
        context: &BatchContext,
        result: &mut BatchResult,
    ) {
        for (job, fresh) in busy {
            match self.wait_for(job, &fresh, context).await {
                RunEnd::Queued { shards, told } => result.add_shards(shards, told),
                RunEnd::Outcome(outcome, unrecorded) => self.add(result, *outcome, unrecorded),
                RunEnd::Lost(_) => self.add(result, not_run(job, &fresh, taken_over_twice()), None),
            }
        }
    }

    /// Waits for a run that another holds, and returns how it ended; or carries it out where the other did
    /// not end it.
    async fn wait_for(&self, job: &Job, fresh: &RunRecord, context: &BatchContext) -> RunEnd {
        let trigger = job.trigger_id();
        let claim = ClaimRequest { event: &trigger, is_manual: job.trigger.is_manual() };
        let (key, wait) = (job.key(&fresh.window), waiter(job));
        let ended = |outcome: RunOutcome| RunEnd::Outcome(Box::new(outcome), None);
        let run = match self.ledger(job).claim_in_time(key.as_str(), fresh, claim, wait).await {
            Ok(Claimed::Held(run)) => run,
            Ok(Claimed::Ended(record)) => return ended(self.replay(job, &record)),
            Ok(Claimed::Busy(_)) => return ended(not_run(job, fresh, taken_over_twice())),
            Err(error) => return ended(not_run(job, fresh, error)),
        };
        match self.resume(job, run).await {
            RunStart::Held(run) => self.run_alone(job, *run, context).await,
            RunStart::Sharded(run, left) => self.hand_on(job, *run, left).await,
            RunStart::Busy(fresh) => RunEnd::Lost(fresh),
            RunStart::Over(outcome) => RunEnd::Outcome(outcome, None),
        }
    }

    /// Carries out a run that was left over from the others of the invocation.
    async fn run_alone(&self, job: &Job, run: LeasedRun, context: &BatchContext) -> RunEnd {
        let queries = if fetches(job, &run) {
            Some(self.build_queries(job, &NameLookup::new([job])).await)
        } else {
            None
        };
        let (pool, queries) = self.plan(vec![queries]).await;
        let queries = queries.first().and_then(Option::as_ref);
        let send = &OrderGate::default().slot(0);
        let execution =
            Execution { job, pool: &pool, queries, index: 0, is_first: false, fetch: None, send };
        self.run_to_end(execution, run, context).await
    }
}

/// Waits until the next look at a run that another holds until then at least. It reports that once, and
/// again where the other goes on for longer.
pub(crate) fn waiter(job: &Job) -> impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error> {
    let (invocation, mut reported) = (&job.invocation, None);
    async move |look, until| {
        if reported.is_none_or(|reported| reported <= invocation.clock.now()) {
            job.report_progress(Progress::Waiting { report: job.report.id.clone(), until });
            reported = Some(until);
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
