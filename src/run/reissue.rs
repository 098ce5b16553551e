//! Messages again: an order for other recipients, or for those that a run did not reach. It has a
//! record of its own, so that its retries send nothing twice and the run's own record stays as it is.

use super::record::{Handover, Recipient, Record};
use super::{RunOutcome, Runner, Work, records};
use crate::error::{Code, Error, Stage};
use crate::event::Resend;
use crate::language::Language;

/// What became of the message of a run.
struct History {
    /// Whether a re-issue of it is under way.
    is_running: bool,
    /// To each recipient.
    recipients: Vec<Recipient>,
    /// Its key, if there ever was one.
    message: Option<String>,
    /// The digest of the definition that it was made from.
    definition: String,
}

/// A run before its claim, or how it ended without one.
pub(super) type Fresh = Result<Record, Box<RunOutcome>>;

impl Runner {
    /// The record that a run has if it has none yet.
    pub(super) async fn fresh(&self, work: &Work) -> Fresh {
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
        let original = keeper.read(&key).await?;
        let original = original.map(|object| Record::parse(&key, &object.content)).transpose()?;
        fresh.reissued = original.as_ref().is_some_and(Record::may_have_been_read);
        let Some(resend) = work.order.resend else {
            return Ok(None);
        };
        let Some(original) = original else {
            return Err(self.no_such_run(work, fresh).await);
        };
        if original.is_held_at(clock.now()) {
            return Err(refused("it is running at this moment; look at it with `runs`"));
        }
        if !original.is_final && resend != Resend::Unknown {
            return Err(refused(
                "it has not ended, and what failed is tried again by itself; `run` tries it now",
            ));
        }
        let history = self.history(&original, work).await?;
        if history.is_running {
            return Err(refused("a re-issue of it is running at this moment"));
        }
        fresh.reissued |= history.recipients.iter().any(may_have_it);
        fresh.message.clone_from(&history.message);
        fresh.definition.clone_from(&history.definition);
        if let Some(to) = &work.order.to {
            fresh.messages = to.iter().map(Recipient::new).collect();
            return Ok(None);
        }
        let chosen = history.recipients.iter().filter(|r| resend.chooses(r.status));
        fresh.messages = chosen.map(Recipient::again).collect();
        Ok(fresh.messages.is_empty().then_some(NOBODY))
    }

    /// Leaves those out of a run that is taken up again who got its message meanwhile by a re-issue,
    /// or of a re-issue by another.
    ///
    /// # Errors
    /// Where the records of re-issues can't be read.
    pub(super) async fn learn_reissues(
        &self,
        work: &Work,
        record: &mut Record,
    ) -> Result<(), Error> {
        if !work.is_recorded() || record.attempts < 2 {
            return Ok(());
        }
        let original = match &record.reissue_of {
            None => record.clone(),
            // Whom an order names gets it from that order.
            Some(_) if work.order.to.is_some() || work.order.resend == Some(Resend::All) => {
                return Ok(());
            }
            Some(key) => {
                let keeper = self.records.keeper(work.invocation.clock);
                match keeper.read(key).await? {
                    Some(object) => Record::parse(key, &object.content)?,
                    None => return Ok(()),
                }
            }
        };
        let history = self.history(&original, work).await?;
        // A run that came to no message takes that of its re-issue, if anybody has it.
        let is_bare = record.reissue_of.is_none() && record.message.is_none();
        if is_bare && history.recipients.iter().any(may_have_it) {
            record.message.clone_from(&history.message);
            let waiting = |r: &Recipient| if may_have_it(r) { r.clone() } else { r.again() };
            record.messages = history.recipients.iter().map(waiting).collect();
            return Ok(());
        }
        for own in record.messages.iter_mut().filter(|own| own.status == Handover::Pending) {
            let known = history.recipients.iter().find(|known| known.to == own.to);
            // A resend to those who may have it is stopped by what is certain only.
            let is_in_the_way = |known: &&Recipient| match work.order.resend {
                Some(Resend::Unknown) => known.status == Handover::Sent,
                _ => may_have_it(known),
            };
            if let Some(known) = known.filter(is_in_the_way) {
                own.take(known);
            }
        }
        Ok(())
    }

    /// What became of a run's message, in the run itself and in its re-issues.
    async fn history(&self, original: &Record, work: &Work) -> Result<History, Error> {
        let (report, clock) = (&work.report.id, work.invocation.clock);
        let stem = records::stem(report, &original.window);
        let keys = self.records.list(Some(report)).await?;
        let is_reissue = |key: &String| key.starts_with(&stem) && key.ends_with(records::REISSUE);
        let mut reissues = Vec::new();
        for key in keys.iter().filter(|key| is_reissue(key)) {
            if let Some(object) = self.records.keeper(clock).read(key).await? {
                reissues.extend(Some(Record::parse(key, &object.content)?).filter(|r| r.resent));
            }
        }
        reissues.sort_by_key(|record| record.started_at);
        // A run without a message would have gone to all whom the definition names.
        let mut recipients = match original.message {
            Some(_) => original.messages.clone(),
            None => work.report.email.to.iter().map(Recipient::new).collect(),
        };
        for recipient in &mut recipients {
            for latest in reissues.iter().flat_map(|record| &record.messages) {
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
        let newest = reissues.iter().rfind(|record| record.message.is_some());
        let made = Some(original).filter(|record| record.message.is_some()).or(newest);
        Ok(History {
            is_running: reissues.iter().any(|record| record.is_held_at(clock.now())),
            recipients,
            message: made.and_then(|record| record.message.clone()),
            definition: made.unwrap_or(original).definition.clone(),
        })
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

/// Whether somebody may have the message.
fn may_have_it(recipient: &Recipient) -> bool {
    !matches!(recipient.status, Handover::Pending | Handover::Failed)
}

const NOBODY: &str = "there is nobody to whom this applies";

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
