//! Messages again: an order for other recipients, or for those that a run did not reach. It has a
//! record of its own, so that its retries send nothing twice and the run's own record stays as it is.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::future::{Either, select};
use jiff::Timestamp;

use crate::address::Mailbox;
use crate::error::{Code, Error, Stage};
use crate::event::Resend;
use crate::language::Language;
use crate::run::Runner;
use crate::run::dispatch::executor::BatchResult;
use crate::run::dispatch::waiting::waiter;
use crate::run::job::Job;
use crate::run::ledger::fence::Fence;
use crate::run::ledger::recipient::DeliveryState;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::records;
use crate::run::ledger::store::LedgerStore;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::store::Objects;
use crate::window::Window;

/// The message of a run, and how far it came in the run itself and in all resends.
pub(crate) struct DeliveryHistory {
    /// Each recipient of the run.
    pub(crate) recipients: Vec<Recipient>,
    /// The message's key, if there ever was one.
    message: Option<String>,
    /// The digest of the definition that it was made from.
    definition: String,
}

/// A run before its claim, or how it ended without one.
pub(crate) type Fresh = Result<RunRecord, Box<RunOutcome>>;

impl Runner {
    /// The record that a run has if it has none yet.
    pub(crate) async fn fresh(&self, job: &Job) -> Fresh {
        let id = &job.report.id;
        let failed = |error| Box::new(RunOutcome::started(id).failed(error));
        let window = job.window().map_err(failed)?;
        let digest = job.report.digest.clone();
        let mut fresh = RunRecord::new(id.to_string(), window.clone(), digest, job.event());
        if !job.is_reissue() {
            return Ok(fresh);
        }
        let in_window =
            |outcome: RunOutcome| Box::new(RunOutcome { window: Some(window.clone()), ..outcome });
        match self.reissue(job, &mut fresh).await {
            Ok(None) => Ok(fresh),
            Ok(Some(reason)) => {
                let mut outcome = RunOutcome::started(id);
                outcome.skip(reason);
                Err(in_window(outcome))
            }
            Err(error) => Err(in_window(RunOutcome::started(id).failed(error))),
        }
    }

    /// Finds out what a re-issue sends, and to whom; why it sends nothing, if so.
    async fn reissue(
        &self,
        job: &Job,
        fresh: &mut RunRecord,
    ) -> Result<Option<&'static str>, Error> {
        let (report, clock) = (&job.report.id, job.invocation.clock);
        let key = records::key(report, &fresh.window);
        fresh.reissue_of = Some(key.clone());
        fresh.resent = job.order.resend.is_some();
        if !self.records.are_kept() {
            return match job.order.resend {
                None => Ok(None),
                Some(_) => Err(no_records()),
            };
        }
        if job.order.dry_run {
            return Ok(job.order.resend.map(|_| "dry run: nothing was sent"));
        }
        // What this order has begun before, it goes on with.
        let ledger = self.records.ledger_store(clock);
        if ledger.read(&job.key(&fresh.window)).await?.is_some() {
            return Ok(None);
        }
        let original = ledger.record(&key).await?;
        fresh.reissued = original.as_ref().is_some_and(RunRecord::may_have_been_read);
        let Some(resend) = job.order.resend else {
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
        fresh.reissued |= history.recipients.iter().any(may_have_it);
        fresh.message.clone_from(&history.message);
        fresh.definition.clone_from(&history.definition);
        if let Some(to) = &job.order.to {
            fresh.messages = to.iter().map(Recipient::new).collect();
            return Ok(None);
        }
        let ordered_at = clock.started();
        fresh.messages = history.chosen(resend, ordered_at);
        let may_be_on_their_way = history.recipients.iter().any(|r| r.was_lost_since(ordered_at));
        Ok(fresh.messages.is_empty().then_some(match resend {
            Resend::Unknown if may_be_on_their_way => ON_THEIR_WAY,
            _ => NOBODY,
        }))
    }

    /// Sends the messages of runs again, one run after the other, each by one order at a time.
    pub(crate) async fn resend_all(
        &self,
        jobs: Vec<Job>,
        tell: impl Fn(&RunOutcome),
    ) -> BatchResult {
        let mut ran = BatchResult::default();
        for job in jobs {
            let fence = match self.take_fence(&job).await {
                Ok(fence) => fence,
                Err(error) => {
                    let outcome = RunOutcome::started(&job.report.id).failed(error);
                    ran.add(RunOutcome { window: job.window().ok(), ..outcome }, None, &tell);
                    continue;
                }
            };
            let (ledger, job) = (self.ledger_store(&job), job.fenced(fence.clone()));
            let running = pin!(self.run_all(std::slice::from_ref(&job), &tell));
            match select(running, pin!(ledger.renew_fence(fence.as_ref()))).await {
                Either::Left((one, _)) => ran.join(one),
                Either::Right((never, _)) => match never {},
            }
            if let Some(fence) = &fence {
                ledger.release_fence(fence).await;
            }
        }
        ran
    }

    /// Takes the fence of the run that an order sends again, and closes what other orders have begun. None
    /// where there is nothing to be fenced: no such run, or an order that has ended before.
    async fn take_fence(&self, job: &Job) -> Result<Option<Fence>, Error> {
        let (window, ledger) = (job.window()?, self.ledger_store(job));
        let own = job.key(&window);
        if ledger.record(&own).await?.is_some_and(|record| record.is_final) {
            return Ok(None);
        }
        let (key, order) = (records::key(&job.report.id, &window), job.event().id);
        let Some(fence) = ledger.take_fence(&key, &order, waiter(job)).await? else {
            return Ok(None);
        };
        let closing = async {
            let keys = self.reissue_keys(job, &window).await?;
            ledger.close_resends(keys.iter().filter(|key| **key != own)).await
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
        let ledger = self.ledger_store(job);
        if let Some(fence) = &job.fence {
            ledger.check_fence(fence).await?;
        }
        if !job.is_recorded() || record.attempts < 2 {
            return Ok(());
        }
        let original = match &record.reissue_of {
            // Parts are sent to others than a resend is.
            None if record.is_part => record.clone(),
            None => {
                let keys = self.reissue_keys(job, &record.window).await?;
                ledger.close_resends(&keys).await?;
                record.clone()
            }
            // Whom an order names gets it from that order.
            Some(_) if job.order.to.is_some() || job.order.resend == Some(Resend::All) => {
                return Ok(());
            }
            Some(key) => match ledger.record(key).await? {
                Some(original) => original,
                None => return Ok(()),
            },
        };
        let history = self.history(&original, job).await?;
        history.leave_out(record, job.order.resend);
        Ok(())
    }

    /// Reads how far a run's message came, in the run itself and in all resends.
    async fn history(&self, original: &RunRecord, job: &Job) -> Result<DeliveryHistory, Error> {
        let keys = self.reissue_keys(job, &original.window).await?;
        let resends = self.ledger_store(job).resends(&keys).await?;
        Ok(DeliveryHistory::new(original, resends, &job.report.email.to))
    }

    /// The keys of all re-issues of a run.
    async fn reissue_keys(&self, job: &Job, window: &Window) -> Result<Vec<String>, Error> {
        let stem = records::stem(&job.report.id, window);
        let mut keys = self.records.list(Some(&job.report.id)).await?;
        keys.retain(|key| key.starts_with(&stem) && key.ends_with(records::REISSUE));
        Ok(keys)
    }

    async fn no_such_run(&self, job: &Job, fresh: &RunRecord) -> Error {
        let report = &job.report.id;
        let message = format!(
            "there is no record of {report} for {}",
            fresh.window.exactly(Language::English)
        );
        let error = Error::new(Code::NotFound, Stage::Load, message);
        let keys = self.records.list(Some(report)).await.unwrap_or_default();
        let newest = keys.iter().rfind(|key| !key.ends_with(records::REISSUE));
        match newest {
            Some(key) => error.hint(format!("the newest is {key}; name its window")),
            None => error.hint("there is none at all; `run` makes one"),
        }
    }
}

impl<S: Objects> LedgerStore<'_, S> {
    /// The records of resends among those at these keys, the oldest first.
    pub(crate) async fn resends(&self, keys: &[String]) -> Result<Vec<RunRecord>, Error> {
        let mut resends = Vec::new();
        for key in keys {
            resends.extend(self.record(key).await?.filter(|record| record.resent));
        }
        resends.sort_by_key(|record| record.started_at);
        Ok(resends)
    }
}

impl DeliveryHistory {
    /// The history that the records of a run and of its resends tell. `to` is whom the definition names: a
    /// run without a message would have gone to them.
    pub(crate) fn new(original: &RunRecord, resends: Vec<RunRecord>, to: &[Mailbox]) -> Self {
        let mut recipients = match original.message {
            Some(_) => original.messages.clone(),
            None => to.iter().map(Recipient::new).collect(),
        };
        for recipient in &mut recipients {
            for latest in resends.iter().flat_map(|record| &record.messages) {
                // Who has it has it, and who may have it may, whatever became of another attempt.
                let says_more = match recipient.status {
                    DeliveryState::Sent => false,
                    DeliveryState::Unknown | DeliveryState::Sending => may_have_it(latest),
                    DeliveryState::Pending | DeliveryState::Failed => true,
                };
                if latest.to == recipient.to && says_more {
                    recipient.take(latest);
                }
            }
        }
        let newest = resends.iter().rfind(|record| record.message.is_some());
        let made = Some(original).filter(|record| record.message.is_some()).or(newest);
        Self {
            recipients,
            message: made.and_then(|record| record.message.clone()),
            definition: made.unwrap_or(original).definition.clone(),
        }
    }

    /// Leaves those out of a run, or of a resend, who may have its message by now.
    pub(crate) fn leave_out(&self, record: &mut RunRecord, resend: Option<Resend>) {
        // A run that came to no message takes that of its re-issue, if anybody has it.
        let is_bare = record.reissue_of.is_none() && record.message.is_none();
        if is_bare && self.recipients.iter().any(may_have_it) {
            record.message.clone_from(&self.message);
            let waiting = |r: &Recipient| if may_have_it(r) { r.clone() } else { r.again() };
            record.messages = self.recipients.iter().map(waiting).collect();
            return;
        }
        let all = self.recipients.iter().rev();
        let all: HashMap<&str, &Recipient> = all.map(|known| (known.to.as_str(), known)).collect();
        for own in record.messages.iter_mut().filter(|own| own.status == DeliveryState::Pending) {
            let known = all.get(own.to.as_str()).copied();
            // A resend to those who may have it is stopped by what is certain only.
            let is_in_the_way = |known: &&Recipient| match resend {
                Some(Resend::Unknown) => known.status == DeliveryState::Sent,
                _ => may_have_it(known),
            };
            if let Some(known) = known.filter(is_in_the_way) {
                own.take(known);
            }
        }
    }

    /// The recipients that a resend sends to. Of those who are unknown it leaves out whom somebody was
    /// sending to after it was ordered: that process may only be slow.
    pub(crate) fn chosen(&self, resend: Resend, ordered_at: Timestamp) -> Vec<Recipient> {
        let is_chosen = |r: &&Recipient| {
            let may_be_on_its_way = resend == Resend::Unknown && r.was_lost_since(ordered_at);
            resend.chooses(r.status) && !may_be_on_its_way
        };
        self.recipients.iter().filter(is_chosen).map(Recipient::again).collect()
    }
}

/// Whether somebody may have the message.
fn may_have_it(recipient: &Recipient) -> bool {
    !matches!(recipient.status, DeliveryState::Pending | DeliveryState::Failed)
}

const NOBODY: &str = "there is nobody to whom this applies";
const ON_THEIR_WAY: &str = "those who are unknown were being sent to when this was ordered; ask them, \
                            and order it again if it has not come";

impl Resend {
    fn chooses(self, status: DeliveryState) -> bool {
        match self {
            Self::All => true,
            Self::Failed => matches!(status, DeliveryState::Failed | DeliveryState::Pending),
            Self::Unknown => matches!(status, DeliveryState::Unknown | DeliveryState::Sending),
        }
    }
}

fn no_records() -> Error {
    let message = "`resend` needs the records of runs";
    Error::new(Code::ConfigurationError, Stage::Load, message)
        .hint("set CONNECT_REPORTS_RUNS to where they are")
}

fn refused(why: &str) -> Error {
    let message = format!("the run can't be sent again now: {why}");
    Error::new(Code::ValidationError, Stage::Load, message)
}
