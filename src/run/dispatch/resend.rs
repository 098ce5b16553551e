//! Resends: an order for other recipients, or for those that a run did not reach. It has a record of its
//! own, so that its retries send nothing twice and the run's own record stays as it is.

use std::pin::pin;

use futures_util::future::{Either, select};

use crate::destination::StoredDestination;
use crate::error::{Code, Error, Stage};
use crate::language::Language;
use crate::run::dispatch::executor::{BatchResult, Executor};
use crate::run::dispatch::waiting::waiter;
use crate::run::job::{Job, RunKey};
use crate::run::ledger::{DeliveryHistory, Fence, Recipient, RunRecord};
use crate::run::outcome::RunOutcome;
use crate::trigger::Resend;
use crate::window::Window;

impl Executor<'_> {
    /// The record that a run has if it has none yet, or the outcome of a run that does not get so far.
    pub(crate) async fn fresh_record(&self, job: &Job) -> Result<RunRecord, Box<RunOutcome>> {
        let id = &job.report.id;
        let failed = |error| Box::new(RunOutcome::started(id).failed(error));
        let window = job.window().map_err(failed)?;
        let digest = job.report.digest.clone();
        let mut fresh = RunRecord::new(id.to_string(), window.clone(), digest, job.trigger_id());
        if !job.is_reissue() {
            return Ok(fresh);
        }
        let ended = match self.reissue(job, &mut fresh).await {
            Ok(None) => return Ok(fresh),
            Ok(Some(reason)) => {
                let mut outcome = RunOutcome::started(id);
                outcome.skip(reason);
                outcome
            }
            Err(error) => RunOutcome::started(id).failed(error),
        };
        Err(Box::new(ended.in_window(&window)))
    }

    /// Prepares the record of a re-issue, or returns the reason why it sends nothing.
    async fn reissue(
        &self,
        job: &Job,
        fresh: &mut RunRecord,
    ) -> Result<Option<&'static str>, Error> {
        let (report, clock) = (&job.report.id, job.clock());
        let key = RunKey::for_run(report, &fresh.window);
        fresh.reissue_of = Some(key.to_string());
        fresh.resent = job.trigger.resent_to().is_some();
        if !self.services.ledger.is_kept() {
            return match job.trigger.resent_to() {
                None => Ok(None),
                Some(_) => Err(no_records()),
            };
        }
        if job.trigger.dry_run {
            return Ok(job.trigger.resent_to().map(|_| "dry run: nothing was sent"));
        }
        // What this order has begun before, it goes on with.
        let ledger = self.services.ledger.store(clock);
        if ledger.read(job.key(&fresh.window).as_str()).await?.is_some() {
            return Ok(None);
        }
        let original = ledger.record(key.as_str()).await?;
        fresh.reissued = original.as_ref().is_some_and(RunRecord::may_have_been_read);
        let Some(resend) = job.trigger.resent_to() else {
            return Ok(None);
        };
        let Some(original) = original else {
            return Err(self.no_such_run(job, fresh).await);
        };
        if !original.is_final && resend != Resend::Unknown {
            return Err(refused(
                "it has not ended, and what failed is tried again by itself; `run` tries it now",
            ));
        }
        let history = self.history(&original, job).await?;
        fresh.reissued |= history.may_have_been_read();
        fresh.message_key.clone_from(&history.message);
        fresh.definition.clone_from(&history.definition);
        if job.trigger.recipients().is_some() {
            let named = job.recipients();
            fresh.recipients = named.iter().map(|to| Recipient::new(&to.into())).collect();
            return Ok(None);
        }
        let ordered_at = clock.started();
        fresh.recipients = history.chosen(resend, ordered_at);
        let may_be_on_their_way = history.was_lost_since(ordered_at);
        let nobody =
            if resend == Resend::Unknown && may_be_on_their_way { ON_THEIR_WAY } else { NOBODY };
        Ok(fresh.recipients.is_empty().then_some(nobody))
    }

    /// Sends the messages of runs again, one run after the other, each by one order at a time.
    pub(crate) async fn resend_all(&self, jobs: Vec<Job>) -> BatchResult {
        let mut result = BatchResult::default();
        for job in jobs {
            let fence = match self.take_fence(&job).await {
                Ok(fence) => fence,
                Err(error) => {
                    let outcome = RunOutcome::started(&job.report.id).failed(error);
                    let outcome = RunOutcome { window: job.window().ok(), ..outcome };
                    self.add(&mut result, outcome, None);
                    continue;
                }
            };
            let ledger = self.ledger(&job);
            let executor = Executor { fence: fence.as_ref(), ..*self };
            let running = pin!(executor.run_all(std::slice::from_ref(&job)));
            match select(running, pin!(ledger.renew_fence(fence.as_ref()))).await {
                Either::Left((one, _)) => result.join(one),
                Either::Right((never, _)) => match never {},
            }
            if let Some(fence) = &fence {
                ledger.release_fence(fence).await;
            }
        }
        result
    }

    /// Takes the fence of the run that an order sends again, and closes what other orders have begun. Nothing
    /// where there is nothing to be fenced: no such run, or an order that has ended before.
    async fn take_fence(&self, job: &Job) -> Result<Option<Fence>, Error> {
        let (window, ledger) = (job.window()?, self.ledger(job));
        let own = job.key(&window);
        if ledger.record(own.as_str()).await?.is_some_and(|record| record.is_final) {
            return Ok(None);
        }
        let (key, order) = (RunKey::for_run(&job.report.id, &window), job.context().id());
        let Some(fence) = ledger.take_fence(key.as_str(), order, waiter(job)).await? else {
            return Ok(None);
        };
        let closing = async {
            let keys = self.reissue_keys(job, &window).await?;
            ledger.close_resends(keys.iter().filter(|key| **key != own).map(RunKey::as_str)).await
        };
        if let Err(error) = closing.await {
            ledger.release_fence(&fence).await;
            return Err(error);
        }
        Ok(Some(fence))
    }

    /// Leaves those out of a run that is taken up again who got its message meanwhile by a re-issue,
    /// or of a re-issue by another. What a resend has begun that holds the run no more is closed first.
    ///
    /// # Errors
    /// Where the records of re-issues can't be read; `TIMEOUT` where another order has taken over this
    /// resend.
    pub(crate) async fn learn_reissues(
        &self,
        job: &Job,
        record: &mut RunRecord,
    ) -> Result<(), Error> {
        let ledger = self.ledger(job);
        if let Some(fence) = self.fence {
            ledger.check_fence(fence).await?;
        }
        if !job.is_recorded() || record.attempts < 2 {
            return Ok(());
        }
        let original = match &record.reissue_of {
            // Shards are sent to others than a resend is.
            None if record.is_shard => record.clone(),
            None => {
                let keys = self.reissue_keys(job, &record.window).await?;
                ledger.close_resends(keys.iter().map(RunKey::as_str)).await?;
                record.clone()
            }
            // Whom an order names gets it from that order.
            Some(_)
                if job.trigger.recipients().is_some()
                    || job.trigger.resent_to() == Some(Resend::All) =>
            {
                return Ok(());
            }
            Some(key) => match ledger.record(key).await? {
                Some(original) => original,
                None => return Ok(()),
            },
        };
        let history = self.history(&original, job).await?;
        history.leave_out(record, job.trigger.resent_to());
        Ok(())
    }

    /// Reads how far a run's message came, in the run itself and in all resends.
    async fn history(&self, original: &RunRecord, job: &Job) -> Result<DeliveryHistory, Error> {
        let keys = self.reissue_keys(job, &original.window).await?;
        let resends = self.ledger(job).resends(keys.iter().map(RunKey::as_str)).await?;
        let to: Vec<_> = job.report.recipients.iter().map(StoredDestination::from).collect();
        Ok(DeliveryHistory::new(original, resends, &to))
    }

    /// The keys of all re-issues of a run.
    async fn reissue_keys(&self, job: &Job, window: &Window) -> Result<Vec<RunKey>, Error> {
        let run = RunKey::for_run(&job.report.id, window);
        let mut keys = self.services.ledger.list(Some(&job.report.id)).await?;
        keys.retain(|key| key.is_reissue_of(&run));
        Ok(keys)
    }

    async fn no_such_run(&self, job: &Job, fresh: &RunRecord) -> Error {
        let report = &job.report.id;
        let message = format!(
            "there is no record of {report} for {}",
            fresh.window.exact_label(Language::English)
        );
        let error = Error::new(Code::NotFound, Stage::Load, message);
        let keys = self.services.ledger.list(Some(report)).await.unwrap_or_default();
        let newest = keys.iter().rfind(|key| !key.is_reissue());
        match newest {
            Some(key) => error.hint(format!("the newest is {key}; name its window")),
            None => error.hint("there is none at all; `run` makes one"),
        }
    }
}

const NOBODY: &str = "there is nobody to whom this applies";
const ON_THEIR_WAY: &str = "those who are unknown were being sent to when this was ordered; ask them, \
                            and order it again if it has not come";

fn no_records() -> Error {
    let message = "`resend` needs the records of runs";
    Error::new(Code::ConfigurationError, Stage::Load, message)
        .hint("set CONNECT_REPORTS_RUNS to where they are")
}

fn refused(why: &str) -> Error {
    let message = format!("the run can't be sent again now: {why}");
    Error::new(Code::ValidationError, Stage::Load, message)
}
