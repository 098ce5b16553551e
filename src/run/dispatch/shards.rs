//! Runs in shards: they are cut, queued, sent by several invocations, and put together again. The rules
//! stand in [`ShardSet`](crate::run::ledger).

use crate::concurrency::map_concurrently;
use crate::error::{Code, Error, Stage};
use crate::queue::RunQueue;
use crate::retry::QUEUE_VISIBILITY_TIMEOUT;
use crate::run::delivery::{Attempt, MessageSender as _, RunSender, stored_message_missing};
use crate::run::dispatch::executor::{BatchResult, Executor, RunEnd};
use crate::run::job::{Job, RunKey};
use crate::run::ledger::{ClaimRequest, Claimed, LeasedRun, OpenShards, RunRecord};
use crate::run::outcome::{DeliveryStatus, RunOutcome};
use crate::store::Store;
use crate::trigger::{QueuedSpan, ShardId, Trigger, TriggerKind};
use crate::window::{LocalTime, Zone};

impl Executor<'_> {
    /// Takes over from the shards of a run what became of its recipients, and returns what is left.
    ///
    /// # Errors
    /// Where a shard's record can't be read.
    pub(crate) async fn merge_shards(
        &self,
        job: &Job,
        record: &mut RunRecord,
    ) -> Result<OpenShards, Error> {
        let ledger = self.ledger(job);
        let shards = record.all_shards().open;
        let key = |shard: &ShardId| RunKey::for_shard(&job.report.id, &record.window, shard);
        let found =
            map_concurrently(&shards, async |shard| ledger.record(key(shard).as_str()).await);
        let found: Result<Vec<Option<RunRecord>>, Error> = found.await.into_iter().collect();
        let (now, mut left) = (job.clock().now(), OpenShards::default());
        for (shard, found) in shards.into_iter().zip(found?) {
            if let Some(found) = &found {
                record.take_over_shard(found, shard.number);
            }
            match found {
                Some(found) if found.is_final => {}
                Some(found) if found.is_held_at(now) => left.busy += 1,
                found => {
                    record.lose_shard(shard.number, now);
                    left.untried += usize::from(found.is_none());
                    left.open.push(shard);
                }
            }
        }
        Ok(left)
    }

    /// Closes the open shards, so that nobody begins them any more, and returns what others hold at this
    /// moment.
    ///
    /// # Errors
    /// Where a shard's record can't be read or written.
    pub(crate) async fn close_shards(
        &self,
        job: &Job,
        record: &mut RunRecord,
        error: &Error,
    ) -> Result<OpenShards, Error> {
        let left = self.merge_shards(job, record).await?;
        for shard in &left.open {
            let Some(fresh) = record.shard_record(shard) else { continue };
            if let Claimed::Held(mut run) = self.claim_shard(job, shard, &fresh).await? {
                let sender = RunSender::new(self.services, job, &run.record);
                self.attempt(job, &sender).close(&mut run, error.clone()).await?;
            }
        }
        if left.open.is_empty() { Ok(left) } else { self.merge_shards(job, record).await }
    }

    /// Goes on with a run that was cut into shards and has not ended, and releases it.
    pub(crate) async fn hand_on(&self, job: &Job, mut run: LeasedRun, left: OpenShards) -> RunEnd {
        let went_on = self.go_on(job, &mut run, &left).await;
        self.release(job, &mut run).await;
        let stats = run.stats;
        let outcome = |outcome: RunOutcome| Box::new(RunOutcome { stats, ..outcome });
        match went_on {
            _ if run.is_lost => RunEnd::Lost(Box::new(run.record)),
            Ok(Ended::Whole) => {
                self.services.ledger.cache_final(&job.key(&run.record.window), &run.record);
                RunEnd::Outcome(outcome(run.record.outcome()), None)
            }
            Ok(Ended::Queued(shards)) => {
                let told = job.trigger.is_manual().then(|| outcome(under_way(&run.record, &left)));
                RunEnd::Queued { shards, told }
            }
            Err(error) => {
                let failed = RunOutcome::started(&job.report.id).failed(error);
                RunEnd::Outcome(outcome(failed.in_window(&run.record.window)), None)
            }
        }
    }

    /// Ends the lease of a run that this invocation has and does not end.
    pub(crate) async fn release(&self, job: &Job, run: &mut LeasedRun) {
        if run.record.claim.until.take().is_some() {
            // Where this fails, the lease ends by itself.
            let _ = self.ledger(job).save_and_renew(run).await;
        }
    }

    /// Queues what is open, unless it was queued a short while ago; or sends it, where there is no
    /// queue. Where all has been tried, the run ends for now with what failed.
    async fn go_on(
        &self,
        job: &Job,
        run: &mut LeasedRun,
        left: &OpenShards,
    ) -> Result<Ended, Error> {
        match &self.services.queue {
            _ if job.is_overdue => Ok(Ended::Queued(0)),
            None => self.send_here(job, run, left).await,
            Some(queue) => {
                let queued = queue_open(queue, job, &mut run.record, left).await?;
                if left.is_tried() {
                    self.end_for_now(job, run).await
                } else {
                    Ok(Ended::Queued(queued))
                }
            }
        }
    }

    async fn send_here(
        &self,
        job: &Job,
        run: &mut LeasedRun,
        left: &OpenShards,
    ) -> Result<Ended, Error> {
        let ledger = self.ledger(job);
        for shard in &left.open {
            let sender = RunSender::new(self.services, job, &run.record);
            // Another invocation goes on with what is left now; what is refused for another reason is so for good.
            if let Some(reason) = sender.stop_reason().filter(|reason| reason.retryable) {
                self.merge_shards(job, &mut run.record).await?;
                self.attempt(job, &sender).end(run, Some(reason)).await?;
                return Ok(Ended::Whole);
            }
            self.send_shard(job, shard, &run.record).await?;
            ledger.renew_in_time(run).await?;
            if run.is_lost {
                return Ok(Ended::Queued(0));
            }
        }
        let left = self.merge_shards(job, &mut run.record).await?;
        if left.is_nothing() {
            run.record.unshard();
            run.stats = run.record.stats;
            let definition = run.record.definition.clone();
            let sender = RunSender::new(self.services, job, &run.record);
            let build = async |_: &mut LeasedRun| Err(stored_message_missing());
            self.attempt(job, &sender).carry_out(run, &definition, build).await?;
            return Ok(Ended::Whole);
        }
        if left.is_tried() { self.end_for_now(job, run).await } else { Err(others_are_sending()) }
    }

    /// Ends a run of which all has been tried, and that is tried again later.
    async fn end_for_now(&self, job: &Job, run: &mut LeasedRun) -> Result<Ended, Error> {
        let sender = RunSender::new(self.services, job, &run.record);
        self.attempt(job, &sender).end(run, None).await.map(|()| Ended::Whole)
    }

    /// The attempt to deliver the run of a job.
    fn attempt<'s>(
        &'s self,
        job: &Job,
        sender: &'s RunSender<'s>,
    ) -> Attempt<'s, Store, RunSender<'s>> {
        Attempt { ledger: self.ledger(job), sender }
    }

    async fn claim_shard(
        &self,
        job: &Job,
        shard: &ShardId,
        fresh: &RunRecord,
    ) -> Result<Claimed, Error> {
        let trigger = job.trigger_id();
        let claim = ClaimRequest { event: &trigger, is_manual: false };
        let key = RunKey::for_shard(&job.report.id, &fresh.window, shard);
        self.ledger(job).claim(key.as_str(), fresh, claim).await
    }

    /// Sends a shard of a run, and returns its record; nothing where another has it, or the run is not cut so
    /// any more.
    ///
    /// # Errors
    /// Where a record can't be read or written.
    async fn send_shard(
        &self,
        job: &Job,
        shard: &ShardId,
        run: &RunRecord,
    ) -> Result<Option<RunRecord>, Error> {
        let Some(fresh) = run.shard_record(shard) else {
            log_missing(job, shard);
            return Ok(None);
        };
        let record = match self.claim_shard(job, shard, &fresh).await? {
            Claimed::Busy(_) => return Ok(None),
            Claimed::Ended(record) => *record,
            Claimed::Held(mut run) => {
                let learned = self.learn_reissues(job, &mut run.record).await;
                let sender = RunSender::new(self.services, job, &run.record);
                let sender = sender.refused_by(learned.err());
                let definition = run.record.definition.clone();
                let build = async |_: &mut LeasedRun| Err(stored_message_missing());
                self.attempt(job, &sender).carry_out(&mut run, &definition, build).await?;
                log(shard, &run.record);
                run.record
            }
        };
        Ok(Some(record))
    }

    /// Does what the trigger of a shard asks for: sends it, and ends the run if it was the last one.
    ///
    /// # Errors
    /// The failure of the shard, where it is to be tried again; where a record can't be read or written.
    pub(crate) async fn run_shard(&self, job: Job, shard: &ShardId) -> Result<BatchResult, Error> {
        let key = job.key(&job.window()?);
        let Some(mut run) = self.ledger(&job).record(key.as_str()).await? else {
            log_missing(&job, shard);
            return Ok(BatchResult::default());
        };
        let Some(record) = self.send_shard(&job, shard, &run).await? else {
            return Ok(BatchResult::default());
        };
        if !record.is_final {
            return record.error.map_or(Ok(BatchResult::default()), Err);
        }
        if !self.merge_shards(&job, &mut run).await?.is_nothing() {
            return Ok(BatchResult::default());
        }
        Ok(self.run_all(&[job.for_whole_run()]).await)
    }
}

/// The way in which a run that was cut into shards went on.
enum Ended {
    /// The run has ended, at least for now.
    Whole,
    /// A number of its shards were queued.
    Queued(usize),
}

/// Puts the open shards into the queue, and returns how many.
async fn queue_open(
    queue: &RunQueue,
    job: &Job,
    record: &mut RunRecord,
    left: &OpenShards,
) -> Result<usize, Error> {
    let now = job.clock().now();
    let Some(shards) = &mut record.shards else { return Ok(0) };
    if shards.queued_at.is_some_and(|at| now.duration_since(at) < QUEUE_VISIBILITY_TIMEOUT) {
        return Ok(0);
    }
    let at = |time| LocalTime::Instant(time);
    let span = QueuedSpan {
        window: (at(record.window.start()), at(record.window.end())),
        zone: Zone::named(record.window.zone_name()),
    };
    let trigger = |shard: &ShardId| Trigger {
        id: Some(job.context().id().to_owned()),
        time: Some(job.time()),
        kind: TriggerKind::Shard {
            report: job.report.id.clone(),
            span: span.clone(),
            shard: shard.clone(),
        },
        ..Trigger::tick()
    };
    let messages: Vec<String> =
        left.open.iter().map(|shard| trigger(shard).to_message().to_string()).collect();
    queue.send(&messages).await?;
    shards.queued_at = Some(now);
    Ok(messages.len())
}

fn log_missing(job: &Job, shard: &ShardId) {
    let (report, part) = (job.report.id.as_str(), shard.number);
    tracing::info!(report, part, "there is no such part any more");
}

fn log(shard: &ShardId, record: &RunRecord) {
    let outcome = record.outcome();
    let [sent, failed, unknown] =
        [DeliveryStatus::Sent, DeliveryStatus::Failed, DeliveryStatus::Unknown]
            .map(|status| outcome.count(status));
    let (report, part, code) =
        (&record.report, shard.number, outcome.error.map(|e| e.code.as_str()));
    tracing::info!(report, part, sent, failed, unknown, code, "part");
}

/// The answer to a person for a run that goes out in shards.
fn under_way(record: &RunRecord, left: &OpenShards) -> RunOutcome {
    let of = record.all_shards().open.len();
    let left = left.open.len() + left.busy;
    let window = Some(record.window.clone());
    let mut run = RunOutcome { window, report: record.report.clone(), ..RunOutcome::default() };
    run.skip(&format!("workers are sending it in parts: {left} of {of} are left"));
    RunOutcome { is_replay: true, ..run }
}

fn others_are_sending() -> Error {
    let message = "other invocations are sending parts of this report";
    Error::new(Code::Timeout, Stage::Deliver, message).retryable()
}
