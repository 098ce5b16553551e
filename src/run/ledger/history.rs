//! The reach of a run's message, in the run itself and in all resends: a resend sends to those who
//! do not have it.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::destination::StoredDestination;
use crate::error::Error;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::store::LedgerStore;
use crate::run::outcome::DeliveryState;
use crate::store::Objects;
use crate::trigger::Resend;

/// The message of a run, and how far it came in the run itself and in all resends.
pub(crate) struct DeliveryHistory {
    /// Each recipient of the run.
    recipients: Vec<Recipient>,
    /// The message's key, if there ever was one.
    pub(crate) message: Option<String>,
    /// The digest of the definition that it was made from.
    pub(crate) definition: String,
}

impl<S: Objects> LedgerStore<'_, S> {
    /// The records of resends among those at these keys, the oldest first.
    pub(crate) async fn resends(
        &self,
        keys: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<RunRecord>, Error> {
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
    pub(crate) fn new(
        original: &RunRecord,
        resends: Vec<RunRecord>,
        to: &[StoredDestination],
    ) -> Self {
        let mut recipients = match original.message_key {
            Some(_) => original.recipients.clone(),
            None => to.iter().map(Recipient::new).collect(),
        };
        let mut resent: HashMap<_, Vec<&Recipient>> = HashMap::new();
        for latest in resends.iter().flat_map(|record| &record.recipients) {
            resent.entry(latest.address()).or_default().push(latest);
        }
        for recipient in &mut recipients {
            let own = Recipient::clone(recipient);
            for latest in resent.get(&own.address()).into_iter().flatten() {
                // Who has it has it, and who may have it may, whatever became of another attempt.
                let says_more = match recipient.status {
                    DeliveryState::Sent => false,
                    DeliveryState::Unknown | DeliveryState::Sending => may_have_it(latest),
                    DeliveryState::Pending | DeliveryState::Failed => true,
                };
                if says_more {
                    recipient.adopt(latest);
                }
            }
        }
        let newest = resends.iter().rfind(|record| record.message_key.is_some());
        let made = Some(original).filter(|record| record.message_key.is_some()).or(newest);
        Self {
            recipients,
            message: made.and_then(|record| record.message_key.clone()),
            definition: made.unwrap_or(original).definition.clone(),
        }
    }

    /// Leaves those out of a run, or of a resend, who may have its message by now.
    pub(crate) fn leave_out(&self, record: &mut RunRecord, resend: Option<Resend>) {
        // A run that came to no message takes that of its re-issue, if anybody has it.
        let is_bare = record.reissue_of.is_none() && record.message_key.is_none();
        if is_bare && self.recipients.iter().any(may_have_it) {
            record.message_key.clone_from(&self.message);
            let waiting = |r: &Recipient| if may_have_it(r) { r.clone() } else { r.again() };
            record.recipients = self.recipients.iter().map(waiting).collect();
            return;
        }
        let all = self.recipients.iter().rev();
        let all: HashMap<_, &Recipient> = all.map(|known| (known.address(), known)).collect();
        for own in record.recipients.iter_mut().filter(|own| own.status == DeliveryState::Pending) {
            let known = all.get(&own.address()).copied();
            // A resend to those who may have it is stopped by what is certain only.
            let is_in_the_way = |known: &&Recipient| match resend {
                Some(Resend::Unknown) => known.status == DeliveryState::Sent,
                _ => may_have_it(known),
            };
            if let Some(known) = known.filter(is_in_the_way) {
                own.adopt(known);
            }
        }
    }

    /// Tells whether anybody may have the message.
    pub(crate) fn may_have_been_read(&self) -> bool {
        self.recipients.iter().any(may_have_it)
    }

    /// Tells whether somebody was being sent to by a process that was found to be gone, or slow, at this
    /// time or later.
    pub(crate) fn was_lost_since(&self, time: Timestamp) -> bool {
        self.recipients.iter().any(|recipient| recipient.was_lost_since(time))
    }

    /// The recipients that a resend sends to. Of those who are unknown it leaves out whom somebody was
    /// sending to after it was ordered: that process may only be slow.
    pub(crate) fn chosen(&self, resend: Resend, ordered_at: Timestamp) -> Vec<Recipient> {
        let is_chosen = |r: &&Recipient| {
            let may_be_on_its_way = resend == Resend::Unknown && r.was_lost_since(ordered_at);
            chooses(resend, r.status) && !may_be_on_its_way
        };
        self.recipients.iter().filter(is_chosen).map(Recipient::again).collect()
    }
}

/// Tells whether somebody may have the message.
fn may_have_it(recipient: &Recipient) -> bool {
    recipient.status.may_have_arrived()
}

/// Tells whether a resend sends to a recipient of this state.
fn chooses(resend: Resend, status: DeliveryState) -> bool {
    match resend {
        Resend::All => true,
        Resend::Failed => matches!(status, DeliveryState::Failed | DeliveryState::Pending),
        Resend::Unknown => matches!(status, DeliveryState::Unknown | DeliveryState::Sending),
    }
}
