//! Dispatch: a trigger becomes jobs, and these run here or are handed to other invocations.

mod building;
mod executor;
mod fan_out;
mod groups;
#[cfg(feature = "cli")]
mod past_runs;
mod resend;
mod shards;
mod waiting;
mod waves;

use std::sync::Arc;

use futures_util::future::join;

use crate::concurrency::with_deadline;
use crate::definition::Report;
use crate::error::{Code, Error, Stage, redact_addresses};
use crate::queue::RunQueue;
use crate::run::definitions::Definitions;
use crate::run::delivery::{Attempt, RunSender};
use crate::run::dispatch::executor::{BatchResult, Executor};
use crate::run::dispatch::fan_out::fan_out;
use crate::run::job::{Invocation, Job, TriggerContext};
use crate::run::outcome::{Batch, Handled, Outcome, RunOutcome, log_failure};
use crate::run::schedule::{DueRuns, KnownRuns, Preflight, answer_invalid};
use crate::run::services::Services;
use crate::trigger::{QueueMessage, TriggerKind};
#[cfg(feature = "cli")]
pub use past_runs::PastRun;
#[cfg(feature = "cli")]
pub(crate) use past_runs::{past_runs, recorded_reports};

/// Does what a message of a queue asks for.
pub(crate) async fn handle_message(
    services: &Services,
    message: QueueMessage,
    invocation: &Invocation,
) -> Handled {
    // Its own id stays the same however often it is handed out.
    let invocation = Invocation { id: message.id.clone(), ..invocation.clone() };
    let outcome = match message.trigger {
        Ok(trigger) => {
            let context = TriggerContext { trigger: &trigger, invocation: &invocation };
            // Its future is large, and every future that it is in is as large.
            Box::pin(handle_trigger(services, context)).await
        }
        Err(error) => refuse(error, &invocation),
    };
    Handled { message: message.id, outcome }
}

/// The outcome of a payload that could not be understood.
pub(crate) fn refuse(error: Error, invocation: &Invocation) -> Outcome {
    Outcome::refused(error, Batch::new(&invocation.id, invocation.clock.started()))
}

/// Does what a trigger asks for.
pub(crate) async fn handle_trigger(services: &Services, context: TriggerContext<'_>) -> Outcome {
    let (id, is_tick) = (context.id(), context.trigger.is_tick());
    let mut batch = Batch::new(id, context.clock().started());
    batch.recorded = services.ledger.is_kept();
    let throttles = services.pacer.throttle_count();
    let preflight = Preflight { services, context };
    let reading = read_definitions(services, context);
    let (definitions, known) = join(reading, preflight.prefetch_runs()).await;
    let definitions = match definitions {
        Ok(definitions) => definitions,
        Err(error) => return Outcome { is_tick, ..Outcome::refused(error, batch) },
    };
    let asks_for_due = context.trigger.asks_for_due();
    if asks_for_due && context.is_ahead() {
        let message = "the event's time is in the future, and nothing is due then yet";
        let error = Error::new(Code::ValidationError, Stage::Load, message);
        return Outcome { is_tick, ..Outcome::refused(error, batch) };
    }
    if asks_for_due && definitions.are_none() {
        let none = services.definitions.no_definitions();
        tracing::warn!(batch = id, hint = none.hint, "nothing is due: {}", none.message);
    }
    let listener = |run: &RunOutcome| run.log(id);
    for invalid in definitions.invalid {
        let outcome = answer_invalid(services, invalid, context).await;
        listener(&outcome);
        batch.reports.push(outcome);
    }
    let due = find_jobs(preflight, definitions.reports, known).await;
    due.ended.iter().for_each(listener);
    batch.reports.extend(due.ended);
    let executor = Executor { services, fence: None, listener: &listener };
    let (result, error) = match executor.dispatch(due.jobs, context).await {
        Ok(result) => (result, None),
        Err(error) => {
            log_failure(id, &error);
            (BatchResult::default(), Some(error))
        }
    };
    notify_owners(services, &due.unnotified).await;
    batch.reports.extend(result.outcomes);
    batch.recorded &= result.unrecorded.is_none();
    batch.queued = services.queue.as_ref().map(|_| result.queued);
    let outcome = Outcome::new(batch, services.ledger.is_kept());
    let error = outcome.error.or(result.unrecorded).or(error);
    let throttles = services.pacer.throttle_count() - throttles;
    Outcome { problems: definitions.problems, error, is_tick, throttles, ..outcome }
}

/// Reads the definitions that a trigger asks for, if that ends in time.
async fn read_definitions(
    services: &Services,
    context: TriggerContext<'_>,
) -> Result<Definitions, Error> {
    let TriggerContext { trigger, invocation } = context;
    let reading = async {
        if trigger.is_queued() {
            services.definitions.read_existing(trigger.reports()).await
        } else {
            services.definitions.read(trigger.reports()).await
        }
    };
    let reading = invocation.stop.or(reading);
    with_deadline(context.clock().answer_by(), reading).await.unwrap_or_else(|| {
        let message = "the definitions could not be read before the invocation's deadline";
        Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
    })
}

/// Finds the jobs that a trigger asks for: those that it names, or those that are due.
async fn find_jobs(
    preflight: Preflight<'_>,
    reports: Vec<Arc<Report>>,
    known: KnownRuns,
) -> DueRuns {
    let TriggerContext { trigger, invocation } = preflight.context;
    if trigger.asks_for_due() {
        return preflight.due_runs(reports, known).await;
    }
    let jobs = reports.into_iter().map(|report| Job::new(report, trigger, invocation));
    let jobs: Vec<Job> = jobs.collect();
    match trigger.kind {
        TriggerKind::Shard { .. } => DueRuns { jobs, ..DueRuns::default() },
        _ => preflight.named_runs(jobs, known).await,
    }
}

/// Notifies the owners who could not be reached when their runs ended.
async fn notify_owners(services: &Services, jobs: &[Job]) {
    for job in jobs.iter().filter(|job| job.is_recorded() && job.send_stop().is_none()) {
        if let Err(error) = notify_owner(services, job).await {
            let (report, code) = (job.report.id.as_str(), error.code.as_str());
            let error = redact_addresses(&error.message);
            tracing::warn!(report, code, error, "the owner could not be reached again");
        }
    }
}

async fn notify_owner(services: &Services, job: &Job) -> Result<(), Error> {
    let key = job.key(&job.window()?);
    let sender = RunSender::to_owner(services, job);
    let attempt = Attempt { ledger: services.ledger.store_for(job), sender: &sender };
    attempt.notify_again(key.as_str()).await
}

impl Executor<'_> {
    /// Runs jobs: here, or where there is a queue, by putting those that a tick has found into it. Jobs
    /// that are only to be closed are closed here.
    ///
    /// # Errors
    /// The failure of a shard that is to be tried again.
    async fn dispatch(
        &self,
        mut jobs: Vec<Job>,
        context: TriggerContext<'_>,
    ) -> Result<BatchResult, Error> {
        let services = self.services;
        match &context.trigger.kind {
            TriggerKind::Shard { shard, .. } => match jobs.pop() {
                Some(job) => self.run_shard(job, shard).await,
                None => Ok(BatchResult::default()),
            },
            TriggerKind::Resend { .. } if !context.trigger.dry_run && services.ledger.is_kept() => {
                Ok(self.resend_all(jobs).await)
            }
            TriggerKind::Tick { from_queue: false } if !context.trigger.dry_run => {
                match &services.queue {
                    Some(queue) => Ok(self.hand_out(queue, jobs).await),
                    None => Ok(self.run_all(&jobs).await),
                }
            }
            _ => Ok(self.run_all(&jobs).await),
        }
    }

    /// Puts jobs into the queue, and closes those that are due no more.
    async fn hand_out(&self, queue: &RunQueue, jobs: Vec<Job>) -> BatchResult {
        let (closing, due): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.is_overdue);
        let mut result = self.run_all(&closing).await;
        match fan_out(self.services, queue, &due).await {
            Ok((queued, ended)) => {
                ended.iter().for_each(self.listener);
                result.outcomes.extend(ended);
                result.queued = queued;
            }
            Err(error) => {
                log_failure("fan-out", &error);
                result.unrecorded = result.unrecorded.or(Some(error));
            }
        }
        result
    }
}
