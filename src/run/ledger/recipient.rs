//! The message to one recipient as a record keeps it, and how its state changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::destination::{DestinationError, DestinationKind, StoredDestination};
use crate::error::{ASK_THE_RECIPIENT, Code, Error, Stage};
use crate::run::outcome::{Delivery, DeliveryState};

/// The message to one recipient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recipient {
    /// The address.
    pub(crate) to: String,
    /// The name before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The kind of destination; none for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    pub(crate) status: DeliveryState,
    /// The part of the run that it belongs to, where it was cut.
    #[serde(rename = "part", default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<u32>,
    /// The writer that sent it, or was about to: it alone knows how that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The id that SES gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
    /// The time at which another found that the process which was sending it was gone, or slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost_at: Option<Timestamp>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Recipient {
    /// A recipient who waits for a message.
    pub(crate) fn new(destination: &StoredDestination) -> Self {
        let StoredDestination { kind, to, name } = destination.clone();
        Self {
            to,
            name,
            kind,
            status: DeliveryState::Pending,
            shard: None,
            by: None,
            message_id: None,
            error: None,
            lost_at: None,
            others: Map::new(),
        }
    }

    /// A recipient to whom a message is on its way.
    pub(crate) fn sending(destination: &StoredDestination) -> Self {
        Self { status: DeliveryState::Sending, ..Self::new(destination) }
    }

    /// The same one, who waits for another message.
    pub(crate) fn again(&self) -> Self {
        let mut again = self.clone();
        again.reset();
        again.message_id = None;
        again
    }

    /// The kind and the address, which no other recipient of the run has.
    pub(crate) fn address(&self) -> (Option<&str>, &str) {
        (self.kind.as_deref(), &self.to)
    }

    /// The kind of the destination.
    ///
    /// # Errors
    /// Fails where this version does not know it.
    pub(crate) fn kind(&self) -> Result<DestinationKind, DestinationError> {
        DestinationKind::from_word(self.kind.as_deref())
    }

    /// The word for that kind.
    pub(crate) fn kind_word(&self) -> Option<String> {
        self.kind.clone()
    }

    /// The destination.
    pub(crate) fn destination(&self) -> StoredDestination {
        StoredDestination { kind: self.kind.clone(), to: self.to.clone(), name: self.name.clone() }
    }

    /// Notes that this writer sends to the recipient.
    pub(crate) fn mark(&mut self, by: &str) {
        self.status = DeliveryState::Sending;
        self.by = Some(by.to_owned());
    }

    /// Notes how the send ended.
    pub(crate) fn set_result(&mut self, result: Result<String, Error>) {
        match result {
            Ok(id) => {
                (self.status, self.message_id, self.error) = (DeliveryState::Sent, Some(id), None);
            }
            Err(error) => {
                self.status = match error.code {
                    Code::DeliveryUnknown => DeliveryState::Unknown,
                    _ => DeliveryState::Failed,
                };
                self.error = Some(error);
            }
        }
    }

    /// Back among those who wait.
    pub(crate) fn reset(&mut self) {
        (self.status, self.error, self.lost_at) = (DeliveryState::Pending, None, None);
    }

    /// Notes that the process which was sending this says no more how it ended.
    pub(crate) fn mark_lost(&mut self, now: Timestamp) {
        let message = "the process that was sending this message ended before it could write down \
                       how the send ended";
        self.set_result(Err(
            Error::new(Code::DeliveryUnknown, Stage::Deliver, message).hint(ASK_THE_RECIPIENT)
        ));
        self.lost_at = Some(now);
    }

    /// Tells whether a process was sending this that may only have been slow, and was found out at this
    /// time or later.
    pub(crate) fn was_lost_since(&self, time: Timestamp) -> bool {
        self.status == DeliveryState::Unknown && self.lost_at.is_some_and(|lost_at| lost_at >= time)
    }

    /// Takes over how it ended elsewhere.
    pub(crate) fn adopt(&mut self, known: &Self) {
        self.status = known.status;
        self.message_id.clone_from(&known.message_id);
        self.error.clone_from(&known.error);
        self.lost_at = known.lost_at;
    }

    /// Tells whether it may still be sent without a person's word.
    pub(crate) fn is_retryable(&self) -> bool {
        match self.status {
            DeliveryState::Pending => true,
            DeliveryState::Failed => self.error.as_ref().is_some_and(|error| error.retryable),
            DeliveryState::Sending | DeliveryState::Sent | DeliveryState::Unknown => false,
        }
    }

    pub(crate) fn delivery(&self) -> Delivery {
        Delivery {
            to: self.to.clone(),
            status: self.status.into(),
            message_id: self.message_id.clone(),
            error: self.error.clone(),
        }
    }
}
