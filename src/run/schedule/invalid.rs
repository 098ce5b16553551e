//! Definitions that are not valid, or can't be one by their name or because nobody can read them: each
//! content fails one event, and its owner hears of it once. A mail to the owner that was refused is sent
//! again by later ticks, for as long as a missed run is caught up by default.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Mailbox;
use crate::concurrency::{Panicked, catch_panic};
use crate::destination::{Destination, StoredDestination};
use crate::error::{Error, redact_addresses};
use crate::retry::CATCH_UP;
use crate::run::definitions::Invalid;
use crate::run::delivery::{Mailboxes, notify_of_definition};
use crate::run::job::{TriggerContext, invalid_key};
use crate::run::ledger::{Recipient, new_holder_id};
use crate::run::outcome::{DeliveryState, RunOutcome, defect, log_error};
use crate::run::services::Services;

/// The record of a definition that was not valid.
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

const VERSION: u32 = 1;

/// The largest number of contents that are kept.
const CONTENTS: usize = 20;

/// Answers a trigger for a definition that is not valid. A trigger that names it fails each time; of the
/// ticks only the first that finds this content.
pub(crate) async fn answer_invalid(
    services: &Services,
    invalid: Invalid,
    context: TriggerContext<'_>,
) -> RunOutcome {
    let outcome = invalid.outcome.clone();
    if !context.trigger.is_tick() || !services.ledger.is_kept() {
        return outcome;
    }
    let finding = Finding { services, invalid: &invalid, context };
    match finding.record().await {
        Ok(is_known) => RunOutcome { is_known, ..outcome },
        Err(error) => {
            let report = redact_addresses(&outcome.report);
            let message = "what is not valid could not be recorded";
            log_error(context.id(), Some(&report), &error, message);
            outcome
        }
    }
}

/// A definition that is not valid, as a tick found it.
#[derive(Clone, Copy)]
struct Finding<'f> {
    services: &'f Services,
    invalid: &'f Invalid,
    context: TriggerContext<'f>,
}

impl Finding<'_> {
    /// Records that the definition is not valid, notifies its owner if that is news, and returns whether
    /// another event has failed for it before.
    async fn record(self) -> Result<bool, Error> {
        let ledger = self.services.ledger.store(self.context.clock());
        let key = invalid_key(&self.invalid.stem);
        let mailboxes = self.mailboxes();
        let owner = mailboxes
            .as_ref()
            .map(|mailboxes| StoredDestination::from(&Destination::Mail(mailboxes.owner.clone())));
        let new = InvalidContent {
            definition: self.invalid.digest.clone(),
            event: self.context.id().to_owned(),
            time: Some(self.context.time()),
            by: new_holder_id(),
            notice: owner.as_ref().map(Recipient::sending),
        };
        let add = |kept: Option<&InvalidContents>| {
            let contents = kept.map_or(&[][..], |kept| kept.contents.as_slice());
            let contents = added(contents, &new, self.context.time())?;
            Some(InvalidContents { version: VERSION, contents })
        };
        let kept = ledger.update(&key, add).await?;
        let known = kept.contents.iter().find(|known| known.definition == self.invalid.digest);
        let is_known = known.is_some_and(|known| known.event != self.context.id());
        let is_own = known.is_some_and(|known| known.by == new.by);
        let Some(mailboxes) = mailboxes.filter(|_| is_own) else {
            return Ok(is_known);
        };
        let sent = catch_panic(notify_of_definition(
            self.services,
            self.context,
            self.invalid,
            &mailboxes,
        ))
        .await;
        let sent = sent.unwrap_or_else(|Panicked| Err(defect()));
        let end = |kept: Option<&InvalidContents>| {
            let mut kept = kept?.clone();
            let own = kept.contents.iter_mut().find(|known| known.by == new.by)?;
            let open = own.notice.as_mut().filter(|notice| !notice.status.has_ended())?;
            open.set_result(sent.clone());
            Some(kept)
        };
        // The owner does not hear twice, whether this is written or not: the mail then stays under way.
        let _ = ledger.update(&key, end).await;
        Ok(is_known)
    }

    /// Sender and owner, where there are both and the owner may be notified; in the place of one who may
    /// not stands that of the settings.
    fn mailboxes(self) -> Option<Mailboxes> {
        let deployment = &self.services.settings.deployment;
        let owners = [&self.invalid.contacts.owner, &deployment.owner];
        let mut owners = owners.into_iter().flatten();
        let owner = owners.find(|owner| deployment.allowed_recipients.allows(owner))?;
        let owner = Mailbox { name: None, address: owner.clone() };
        Some(Mailboxes { from: self.invalid.contacts.from.clone()?, owner })
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
