//! A recipient as a record keeps it: the destination, and the state of the delivery to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::destination::{DestinationError, DestinationKind, StoredDestination};
use crate::error::{ASK_THE_RECIPIENT, Code, Error, Stage};
use crate::run::outcome::{Delivery, DeliveryState};

/// A recipient, and the delivery to them.
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
    /// The number of the shard that the recipient belongs to, where the run is cut.
    #[serde(rename = "part", default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<u32>,
    /// The writer that sent the message, or was about to: it alone knows how that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The id that SES gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
    /// The time at which another process found that the sending one was gone, or slow.
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

    /// The same recipient, who waits for another message.
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

    /// The word for the kind, as the record has it.
    pub(crate) fn kind_word(&self) -> Option<String> {
        self.kind.clone()
    }

    /// The destination.
    pub(crate) fn destination(&self) -> StoredDestination {
        StoredDestination { kind: self.kind.clone(), to: self.to.clone(), name: self.name.clone() }
    }

    /// Marks that this writer sends to the recipient.
    pub(crate) fn mark(&mut self, by: &str) {
        self.status = DeliveryState::Sending;
        self.by = Some(by.to_owned());
    }

    /// Sets how the send ended.
    pub(crate) fn set_result(&mut self, result: Result<String, Error>) {
        match result {
            Ok(id) => {
                self.status = DeliveryState::Sent;
                self.message_id = Some(id);
                self.error = None;
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

    /// Puts the recipient back among those who wait.
    pub(crate) fn reset(&mut self) {
        self.status = DeliveryState::Pending;
        self.error = None;
        self.lost_at = None;
    }

    /// Marks that the process which was sending can no longer tell how that ended.
    pub(crate) fn mark_lost(&mut self, now: Timestamp) {
        let message = "the process that was sending this message ended before it could record \
                       how the send ended";
        self.set_result(Err(
            Error::new(Code::DeliveryUnknown, Stage::Deliver, message).hint(ASK_THE_RECIPIENT)
        ));
        self.lost_at = Some(now);
    }

    /// Tells whether the sending process was found to be gone at this time or later. It may only be slow.
    pub(crate) fn was_lost_since(&self, time: Timestamp) -> bool {
        self.status == DeliveryState::Unknown && self.lost_at.is_some_and(|lost_at| lost_at >= time)
    }

    /// Takes over how the delivery ended by another record.
    pub(crate) fn adopt(&mut self, known: &Self) {
        self.status = known.status;
        self.message_id.clone_from(&known.message_id);
        self.error.clone_from(&known.error);
        self.lost_at = known.lost_at;
    }

    /// Tells whether another attempt sends to the recipient without a person's word.
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
