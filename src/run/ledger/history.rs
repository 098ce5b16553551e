//! The recipients of a run's message, by the records of the run and of all its resends. A resend sends to those
//! who do not have it.

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

/// The message of a run, and its deliveries by the run itself and by all resends.
pub(crate) struct DeliveryHistory {
    /// The recipients of the run, each with the best-known end.
    recipients: Vec<Recipient>,
    /// The message's key, if there ever was one.
    pub(crate) message: Option<String>,
    /// The digest of the definition that it was made from.
    pub(crate) definition: String,
}

impl<S: Objects> LedgerStore<'_, S> {
    /// Reads the records of resends among those at these keys, the oldest first.
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
    /// Joins the records of a run and of its resends. `to` are the recipients that the definition names: a run
    /// without a message would have gone to them.
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
                // A recipient who has the message keeps it, and one who may have it still may, whatever became of
                // another attempt.
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

    /// Leaves out of a run, or of a resend, the recipients who may have its message by now.
    pub(crate) fn leave_out(&self, record: &mut RunRecord, resend: Option<Resend>) {
        // A run without a message takes that of a resend, if anybody may have it.
        let is_bare = record.reissue_of.is_none() && record.message_key.is_none();
        if is_bare && self.recipients.iter().any(may_have_it) {
            record.message_key.clone_from(&self.message);
            record.recipients = self.recipients.iter().map(kept_or_waiting).collect();
            return;
        }
        let all = self.recipients.iter().rev();
        let all: HashMap<_, &Recipient> = all.map(|known| (known.address(), known)).collect();
        for own in record.recipients.iter_mut().filter(|own| own.status == DeliveryState::Pending) {
            let known = all.get(&own.address()).copied();
            if let Some(known) = known.filter(|known| is_in_the_way(known, resend)) {
                own.adopt(known);
            }
        }
    }

    /// Tells whether any recipient may have the message.
    pub(crate) fn may_have_been_read(&self) -> bool {
        self.recipients.iter().any(may_have_it)
    }

    /// Tells whether a process that was sending to somebody was found to be gone, or slow, at this time or later.
    pub(crate) fn was_lost_since(&self, time: Timestamp) -> bool {
        self.recipients.iter().any(|recipient| recipient.was_lost_since(time))
    }

    /// The recipients that a resend sends to. It leaves out an unknown recipient whose sending process was found to
    /// be gone only after the resend was ordered: that process may only be slow.
    pub(crate) fn chosen(&self, resend: Resend, ordered_at: Timestamp) -> Vec<Recipient> {
        let chosen = self.recipients.iter().filter(|recipient| {
            let may_be_on_its_way =
                resend == Resend::Unknown && recipient.was_lost_since(ordered_at);
            chooses(resend, recipient.status) && !may_be_on_its_way
        });
        chosen.map(Recipient::again).collect()
    }
}

/// Tells whether a recipient may have the message.
fn may_have_it(recipient: &Recipient) -> bool {
    recipient.status.may_have_arrived()
}

/// The recipient as they are, if they may have the message; else they wait for it.
fn kept_or_waiting(recipient: &Recipient) -> Recipient {
    if may_have_it(recipient) { recipient.clone() } else { recipient.again() }
}

/// Tells whether the known end of a delivery keeps a resend, or the run itself, from sending to the recipient. Only
/// a message that was certainly sent stops a resend to those who are unknown.
fn is_in_the_way(known: &Recipient, resend: Option<Resend>) -> bool {
    match resend {
        Some(Resend::Unknown) => known.status == DeliveryState::Sent,
        _ => may_have_it(known),
    }
}

/// Tells whether a resend sends to a recipient in this state.
fn chooses(resend: Resend, status: DeliveryState) -> bool {
    match resend {
        Resend::All => true,
        Resend::Failed => matches!(status, DeliveryState::Failed | DeliveryState::Pending),
        Resend::Unknown => matches!(status, DeliveryState::Unknown | DeliveryState::Sending),
    }
}
