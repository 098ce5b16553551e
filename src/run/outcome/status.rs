//! The states of a run, and of the delivery of its message to one recipient: as the ledger keeps them,
//! and as answers tell them.

use serde::{Deserialize, Serialize};

/// The state of a run, as its record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunState {
    /// Somebody has it, or died with it.
    Running,
    /// SES accepted every message.
    Sent,
    /// Nothing was to be sent.
    Skipped,
    /// A message, or the whole run, failed.
    Failed,
    /// It is not known whether a message was accepted.
    Unknown,
}

/// The end of a run, as an invocation answers it; of several messages the worst counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// SES accepted every message.
    Sent,
    /// Nothing was to be sent.
    Skipped,
    /// It had been sent before.
    Duplicate,
    /// A message, or the whole run, failed.
    #[default]
    Failed,
    /// It is not known whether a message was accepted.
    Unknown,
}

/// The state of the delivery to one recipient, as the run's record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryState {
    /// It has not been handed over, or clearly not accepted.
    Pending,
    /// It may be on its way at this moment.
    Sending,
    /// It was accepted.
    Sent,
    /// It was refused, or not tried.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// The end of the delivery to one recipient, as an invocation answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// SES accepted the message.
    Sent,
    /// It did not, or was not asked.
    Failed,
    /// This is not known.
    Unknown,
}

/// An invocation that ends with a run that has not ended, has failed to run it.
impl From<RunState> for Status {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Sent => Self::Sent,
            RunState::Skipped => Self::Skipped,
            RunState::Running | RunState::Failed => Self::Failed,
            RunState::Unknown => Self::Unknown,
        }
    }
}

/// A recipient who waits at the end of a run has not got the message; one that may be on its way may have
/// arrived.
impl From<DeliveryState> for DeliveryStatus {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Sent => Self::Sent,
            DeliveryState::Pending | DeliveryState::Failed => Self::Failed,
            DeliveryState::Sending | DeliveryState::Unknown => Self::Unknown,
        }
    }
}

impl DeliveryState {
    /// Tells whether the recipient may have the message, or certainly has it.
    pub(crate) fn may_have_arrived(self) -> bool {
        !matches!(self, Self::Pending | Self::Failed)
    }

    /// Tells whether it is known how the delivery ended, or that this will never be known.
    pub(crate) fn has_ended(self) -> bool {
        !matches!(self, Self::Pending | Self::Sending)
    }
}
