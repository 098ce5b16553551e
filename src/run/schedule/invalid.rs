//! Definitions that are not valid, or can't be one by their name or because nobody can read them: each
//! content fails one event, and its owner hears of it once. A mail to the owner that was refused is sent
//! again by later ticks, for as long as a missed run is caught up by default.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Mailbox;
use crate::concurrency::catch_panic;
use crate::definition::{CATCH_UP, ReportId, ReportIdError, digest};
use crate::error::{Error, redact_addresses};
use crate::event::Order;
use crate::mail::{Envelope, List, Sending, compose};
use crate::run::Invocation;
use crate::run::Runner;
use crate::run::definitions::load::Invalid;
use crate::run::delivery::notice;
use crate::run::ledger::recipient::DeliveryState;
use crate::run::ledger::recipient::Recipient;
use crate::run::log_error;
use crate::run::message::build::check_allowed;
use crate::run::outcome::run_outcome::RunOutcome;

/// What is kept of a definition that was not valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct InvalidContents {
    version: u32,
    /// Each content that was seen, the last one first.
    contents: Vec<InvalidContent>,
}

/// A content that is not valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct InvalidContent {
    /// The digest of the text.
    definition: String,
    /// The event that found it first, and failed for it.
    event: String,
    /// The reference time of that event. Records of before do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    /// The write that took it upon itself to send the mail to the owner.
    by: String,
    /// The mail to the owner, if there can be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice: Option<Recipient>,
}

/// The event that found a content which is not valid.
#[derive(Clone, Copy, Debug)]
struct Seen<'e> {
    event: &'e str,
    /// Its reference time.
    time: Timestamp,
}

const VERSION: u32 = 1;

/// How many contents are kept.
const CONTENTS: usize = 20;

impl Runner {
    /// What an event answers for a definition that is not valid. Whoever names it fails each time; of
    /// the ticks only the first that sees this content.
    pub(crate) async fn invalid(
        &self,
        invalid: Invalid,
        order: &Order,
        invocation: &Invocation,
    ) -> RunOutcome {
        let outcome = invalid.outcome.clone();
        let is_tick = order.reports.is_empty() && !order.dry_run;
        if !is_tick || !self.records.are_kept() {
            return outcome;
        }
        let event = invocation.event_id(order);
        let seen = Seen { event, time: invocation.reference_time(order) };
        match self.know(&invalid, seen, invocation).await {
            Ok(is_known) => RunOutcome { is_known, ..outcome },
            Err(error) => {
                let report = redact_addresses(&outcome.report);
                let message = "what is not valid could not be recorded";
                log_error(event, Some(&report), &error, message);
                outcome
            }
        }
    }

    /// Keeps that it is not valid, tells its owner if that is news, and says whether another event
    /// has failed for it before.
    async fn know(
        &self,
        invalid: &Invalid,
        seen: Seen<'_>,
        invocation: &Invocation,
    ) -> Result<bool, Error> {
        let digest = &invalid.digest;
        let ledger = self.records.ledger_store(invocation.clock);
        let key = invalid_key(&invalid.stem);
        let mailboxes = self.mailboxes(invalid);
        let new = InvalidContent {
            definition: digest.clone(),
            event: seen.event.to_owned(),
            time: Some(seen.time),
            by: format!("{:016x}", fastrand::u64(..)),
            notice: mailboxes.as_ref().map(|(_, owner)| Recipient::sending(owner)),
        };
        let add = |kept: Option<&InvalidContents>| {
            let contents = kept.map_or(&[][..], |kept| kept.contents.as_slice());
            Some(InvalidContents { version: VERSION, contents: added(contents, &new, seen.time)? })
        };
        let kept = ledger.update(&key, add).await?;
        let known = kept.contents.iter().find(|known| known.definition == *digest);
        let is_known = known.is_some_and(|known| known.event != seen.event);
        let is_own = known.is_some_and(|known| known.by == new.by);
        let (true, Some(mailboxes)) = (is_own, mailboxes) else {
            return Ok(is_known);
        };
        let sent = catch_panic(self.tell(invalid, &mailboxes, invocation)).await;
        let end = |kept: Option<&InvalidContents>| {
            let mut kept = kept?.clone();
            let own = kept.contents.iter_mut().find(|known| known.by == new.by)?;
            let open = own.notice.as_mut().filter(|notice| !notice.has_ended())?;
            open.ended(
                sent.clone().unwrap_or_else(|_| Err(crate::run::outcome::run_outcome::defect())),
            );
            Some(kept)
        };
        // The owner does not hear twice, whether this is written or not: the mail then stays under way.
        let _ = ledger.update(&key, end).await;
        Ok(is_known)
    }

    /// Sender and owner, where there are both and the owner may be told; in the place of one who may
    /// not stands that of the settings.
    fn mailboxes(&self, invalid: &Invalid) -> Option<(Mailbox, Mailbox)> {
        let owners = [&invalid.contacts.owner, &self.settings.deployment.owner];
        let owners = owners.into_iter().flatten().cloned();
        let is_allowed = |owner: &Mailbox| check_allowed(self, std::slice::from_ref(owner)).is_ok();
        let owner = owners.map(|address| Mailbox { name: None, address }).find(is_allowed)?;
        Some((invalid.contacts.from.clone()?, owner))
    }

    async fn tell(
        &self,
        invalid: &Invalid,
        (from, owner): &(Mailbox, Mailbox),
        invocation: &Invocation,
    ) -> Result<String, Error> {
        let Some(error) = &invalid.outcome.error else {
            return Ok(String::new());
        };
        if let Some(stopped) = invocation.breaker.stops(&from.address) {
            return Err(stopped);
        }
        let message = notice::of_a_definition(self, &invalid.outcome.report, error)?;
        let clock = invocation.clock;
        let report = id_of(&invalid.stem);
        let title = invalid.contacts.title.as_deref().unwrap_or(&invalid.stem);
        let list = List { report: &report, title, unsubscribe: None };
        let id = format!("{}.{report}.{}.invalid", invocation.id, invalid.digest);
        let envelope = Envelope {
            from,
            to: owner,
            reply_to: None,
            id: &id,
            date: clock.started(),
            run: None,
            list,
        };
        let mail = compose(envelope, &message)?;
        let configured = self.settings.deployment.configuration_set.as_ref();
        let sending = Sending {
            configuration_set: configured.map(ToString::to_string),
            ..Sending::default()
        };
        let sent = self.ses.send((from, owner), &mail, &sending, clock.answer_by()).await;
        sent.map_err(|refusal| invocation.breaker.trip(refusal, &from.address))
    }
}

/// The contents with a new one in front; or with the mail to its owner taken up, where the content is known
/// and that mail is owed. None where nothing changes.
fn added(
    contents: &[InvalidContent],
    new: &InvalidContent,
    now: Timestamp,
) -> Option<Vec<InvalidContent>> {
    let Some(index) = contents.iter().position(|known| known.definition == new.definition) else {
        return Some(std::iter::once(new).chain(contents).take(CONTENTS).cloned().collect());
    };
    let mut contents = contents.to_vec();
    let known =
        contents.get_mut(index).filter(|known| new.notice.is_some() && known.owes_at(now))?;
    known.by.clone_from(&new.by);
    known.notice.clone_from(&new.notice);
    Some(contents)
}

impl InvalidContent {
    /// Tells whether the mail to the owner was refused, and is not too old to be sent again.
    fn owes_at(&self, now: Timestamp) -> bool {
        let failed = self.notice.as_ref().is_some_and(|n| n.status == DeliveryState::Failed);
        failed && self.time.is_some_and(|time| now.duration_since(time) < CATCH_UP)
    }
}

/// What a definition is called in keys and in the ids of mails: the report's id, or where its file's name
/// can't be one, the digest of that.
fn id_of(stem: &str) -> String {
    match stem.parse::<ReportId>() {
        Ok(id) => id.to_string(),
        Err(ReportIdError) => digest(stem.as_bytes()),
    }
}

/// Where it is kept which contents of a definition were not valid. No report's id begins with `_`.
fn invalid_key(stem: &str) -> String {
    match stem.parse::<ReportId>() {
        Ok(id) => format!("{id}/invalid.json"),
        Err(ReportIdError) => format!("_invalid/{}.json", digest(stem.as_bytes())),
    }
}
