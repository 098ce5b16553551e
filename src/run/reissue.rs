//! Messages again: an order for other recipients, or for those that a run did not reach. It has a
//! record of its own, so that its retries send nothing twice and the run's own record stays as it is.

use super::record::{Handover, Recipient, Record};
use super::{RunOutcome, Runner, Work, records};
use crate::error::{Code, Error, Stage};
use crate::event::Resend;

/// What became of the message of a run.
struct History {
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

    /// A person's order runs again what failed; who got the message by a re-issue meanwhile, or may
    /// have, is left out.
    ///
    /// # Errors
    /// Where the records of re-issues can't be read.
    pub(super) async fn learn_reissues(
        &self,
        work: &Work,
        record: &mut Record,
    ) -> Result<(), Error> {
        let may_have_some = work.is_named() && !work.is_reissue() && work.is_recorded();
        if !may_have_some || record.attempts < 2 {
            return Ok(());
        }
        let history = self.history(record, work).await?;
        let may_have_it = |r: &Recipient| !matches!(r.status, Handover::Pending | Handover::Failed);
        // A run that came to no message takes that of its re-issue, if anybody has it.
        if record.message.is_none() && history.recipients.iter().any(may_have_it) {
            record.message.clone_from(&history.message);
            let waiting = |r: &Recipient| if may_have_it(r) { r.clone() } else { r.again() };
            record.messages = history.recipients.iter().map(waiting).collect();
            return Ok(());
        }
        for own in record.messages.iter_mut().filter(|own| own.status == Handover::Pending) {
            let known = history.recipients.iter().find(|known| known.to == own.to);
            if let Some(known) = known.filter(|known| may_have_it(known)) {
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
                reissues.push(Record::parse(key, &object.content)?);
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
                // Who has it has it, whatever became of another attempt.
                if latest.to == recipient.to && recipient.status != Handover::Sent {
                    recipient.take(latest);
                }
            }
        }
        let newest = reissues.iter().rfind(|record| record.message.is_some());
        let made = Some(original).filter(|record| record.message.is_some()).or(newest);
        Ok(History {
            recipients,
            message: made.and_then(|record| record.message.clone()),
            definition: made.unwrap_or(original).definition.clone(),
        })
    }

    async fn no_such_run(&self, work: &Work, fresh: &Record) -> Error {
        let report = &work.report.id;
        let message = format!("there is no record of {report} for {}", fresh.window.exactly());
        let error = Error::new(Code::NotFound, Stage::Load, message);
        let keys = self.records.list(Some(report)).await.unwrap_or_default();
        let newest = keys.iter().rfind(|key| !key.ends_with(records::REISSUE));
        match newest {
            Some(key) => error.hint(format!("the newest is {key}; name its window")),
            None => error.hint("there is none at all; `run` makes one"),
        }
    }
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
