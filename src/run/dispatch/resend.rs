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
use crate::run::dispatch::executor::Ran;
use crate::run::dispatch::waiting::waiter;
use crate::run::job::work::Work;
use crate::run::ledger::fence::Fence;
use crate::run::ledger::recipient::Handover;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::Record;
use crate::run::ledger::records;
use crate::run::ledger::store::Keeper;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::store::Objects;
use crate::window::Window;

/// The message of a run, and how far it came in the run itself and in all resends.
pub(crate) struct History {
    /// Each recipient of the run.
    pub(crate) recipients: Vec<Recipient>,
    /// The message's key, if there ever was one.
    message: Option<String>,
    /// The digest of the definition that it was made from.
    definition: String,
}

/// A run before its claim, or how it ended without one.
pub(crate) type Fresh = Result<Record, Box<RunOutcome>>;

impl Runner {
    /// The record that a run has if it has none yet.
    pub(crate) async fn fresh(&self, work: &Work) -> Fresh {
        let id = &work.report.id;
        let failed = |error| Box::new(RunOutcome::started(id).failed(error));
        let window = work.window().map_err(failed)?;
        let digest = work.report.digest.clone();
        let mut fresh = Record::new(id.to_string(), window.clone(), digest, work.event());
        if !work.is_reissue() {
            return Ok(fresh);
        }
        let in_window =
            |outcome: RunOutcome| Box::new(RunOutcome { window: Some(window.clone()), ..outcome });
        match self.reissue(work, &mut fresh).await {
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
        work: &Work,
        fresh: &mut Record,
    ) -> Result<Option<&'static str>, Error> {
        let (report, clock) = (&work.report.id, work.invocation.clock);
        let key = records::key(report, &fresh.window);
        fresh.reissue_of = Some(key.clone());
        fresh.resent = work.order.resend.is_some();
        if !self.records.are_kept() {
            return match work.order.resend {
                None => Ok(None),
                Some(_) => Err(no_records()),
            };
        }
        if work.order.dry_run {
            return Ok(work.order.resend.map(|_| "dry run: nothing was sent"));
        }
        // What this order has begun before, it goes on with.
        let keeper = self.records.keeper(clock);
        if keeper.read(&work.key(&fresh.window)).await?.is_some() {
            return Ok(None);
        }
        let original = keeper.record(&key).await?;
        fresh.reissued = original.as_ref().is_some_and(Record::may_have_been_read);
        let Some(resend) = work.order.resend else {
            return Ok(None);
        };
        let Some(original) = original else {
            return Err(self.no_such_run(work, fresh).await);
        };
        if !original.is_final && resend != Resend::Unknown {
            return Err(refused(
                "it has not ended, and what failed is tried again by itself; `run` tries it now",
            ));
        }
        let history = self.history(&original, work).await?;
        fresh.reissued |= history.recipients.iter().any(may_have_it);
        fresh.message.clone_from(&history.message);
        fresh.definition.clone_from(&history.definition);
        if let Some(to) = &work.order.to {
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
    pub(crate) async fn resend_all(&self, works: Vec<Work>, tell: impl Fn(&RunOutcome)) -> Ran {
        let mut ran = Ran::default();
        for work in works {
            let fence = match self.take_fence(&work).await {
                Ok(fence) => fence,
                Err(error) => {
                    let outcome = RunOutcome::started(&work.report.id).failed(error);
                    ran.add(RunOutcome { window: work.window().ok(), ..outcome }, None, &tell);
                    continue;
                }
            };
            let (keeper, work) = (self.keeper(&work), work.fenced(fence.clone()));
            let running = pin!(self.run_all(std::slice::from_ref(&work), &tell));
            match select(running, pin!(keeper.renew_fence(fence.as_ref()))).await {
                Either::Left((one, _)) => ran.join(one),
                Either::Right((never, _)) => match never {},
            }
            if let Some(fence) = &fence {
                keeper.release_fence(fence).await;
            }
        }
        ran
    }

    /// Takes the fence of the run that an order sends again, and closes what other orders have begun. None
    /// where there is nothing to be fenced: no such run, or an order that has ended before.
    async fn take_fence(&self, work: &Work) -> Result<Option<Fence>, Error> {
        let (window, keeper) = (work.window()?, self.keeper(work));
        let own = work.key(&window);
        if keeper.record(&own).await?.is_some_and(|record| record.is_final) {
            return Ok(None);
        }
        let (key, order) = (records::key(&work.report.id, &window), work.event().id);
        let Some(fence) = keeper.take_fence(&key, &order, waiter(work)).await? else {
            return Ok(None);
        };
        let closing = async {
            let keys = self.reissue_keys(work, &window).await?;
            keeper.close_resends(keys.iter().filter(|key| **key != own)).await
        };
        if let Err(error) = closing.await {
            keeper.release_fence(&fence).await;
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
        work: &Work,
        record: &mut Record,
    ) -> Result<(), Error> {
        let keeper = self.keeper(work);
        if let Some(fence) = &work.fence {
            keeper.check_fence(fence).await?;
        }
        if !work.is_recorded() || record.attempts < 2 {
            return Ok(());
        }
        let original = match &record.reissue_of {
            // Parts are sent to others than a resend is.
            None if record.is_part => record.clone(),
            None => {
                let keys = self.reissue_keys(work, &record.window).await?;
                keeper.close_resends(&keys).await?;
                record.clone()
            }
            // Whom an order names gets it from that order.
            Some(_) if work.order.to.is_some() || work.order.resend == Some(Resend::All) => {
                return Ok(());
            }
            Some(key) => match keeper.record(key).await? {
                Some(original) => original,
                None => return Ok(()),
            },
        };
        let history = self.history(&original, work).await?;
        history.leave_out(record, work.order.resend);
        Ok(())
    }

    /// Reads how far a run's message came, in the run itself and in all resends.
    async fn history(&self, original: &Record, work: &Work) -> Result<History, Error> {
        let keys = self.reissue_keys(work, &original.window).await?;
        let resends = self.keeper(work).resends(&keys).await?;
        Ok(History::new(original, resends, &work.report.email.to))
    }

    /// The keys of all re-issues of a run.
    async fn reissue_keys(&self, work: &Work, window: &Window) -> Result<Vec<String>, Error> {
        let stem = records::stem(&work.report.id, window);
        let mut keys = self.records.list(Some(&work.report.id)).await?;
        keys.retain(|key| key.starts_with(&stem) && key.ends_with(records::REISSUE));
        Ok(keys)
    }

    async fn no_such_run(&self, work: &Work, fresh: &Record) -> Error {
        let report = &work.report.id;
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

impl<S: Objects> Keeper<'_, S> {
    /// The records of resends among those at these keys, the oldest first.
    pub(crate) async fn resends(&self, keys: &[String]) -> Result<Vec<Record>, Error> {
        let mut resends = Vec::new();
        for key in keys {
            resends.extend(self.record(key).await?.filter(|record| record.resent));
        }
        resends.sort_by_key(|record| record.started_at);
        Ok(resends)
    }
}

impl History {
    /// The history that the records of a run and of its resends tell. `to` is whom the definition names: a
    /// run without a message would have gone to them.
    pub(crate) fn new(original: &Record, resends: Vec<Record>, to: &[Mailbox]) -> Self {
        let mut recipients = match original.message {
            Some(_) => original.messages.clone(),
            None => to.iter().map(Recipient::new).collect(),
        };
        for recipient in &mut recipients {
            for latest in resends.iter().flat_map(|record| &record.messages) {
                // Who has it has it, and who may have it may, whatever became of another attempt.
                let says_more = match recipient.status {
                    Handover::Sent => false,
                    Handover::Unknown | Handover::Sending => may_have_it(latest),
                    Handover::Pending | Handover::Failed => true,
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
    pub(crate) fn leave_out(&self, record: &mut Record, resend: Option<Resend>) {
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
        for own in record.messages.iter_mut().filter(|own| own.status == Handover::Pending) {
            let known = all.get(own.to.as_str()).copied();
            // A resend to those who may have it is stopped by what is certain only.
            let is_in_the_way = |known: &&Recipient| match resend {
                Some(Resend::Unknown) => known.status == Handover::Sent,
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
    !matches!(recipient.status, Handover::Pending | Handover::Failed)
}

const NOBODY: &str = "there is nobody to whom this applies";
const ON_THEIR_WAY: &str = "those who are unknown were being sent to when this was ordered; ask them, \
                            and order it again if it has not come";

impl Resend {
    fn chooses(self, status: Handover) -> bool {
        match self {
            Self::All => true,
            Self::Failed => matches!(status, Handover::Failed | Handover::Pending),
            Self::Unknown => matches!(status, Handover::Unknown | Handover::Sending),
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
