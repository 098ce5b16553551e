//! The states of a run, and of the delivery of its message to one recipient: as the ledger keeps them,
//! and as answers tell them.

use serde::{Deserialize, Serialize};

/// How far a run is, as its record keeps it.
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

/// How a run ended, as an invocation answers it; of several messages the worst counts.
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

/// How far the delivery to one recipient is, as the run's record keeps it.
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

/// How the delivery to one recipient ended, as an invocation answers it.
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

/// Whoever ends an invocation with a run that has not ended, has failed to run it.
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

/// Whoever waits for a message at the end of a run has not got it; one that may be on its way may have
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
