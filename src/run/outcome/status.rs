//! The states of a run, and of the delivery of its message to one recipient, in two forms: those that the
//! ledger keeps, and those that answers report.

use serde::{Deserialize, Serialize};

/// The state of a run, as its record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunState {
    /// An invocation has it, or died while it had it.
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

/// The end of a run, as an invocation reports it. The worst of its messages counts.
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
    /// The message has not been handed over, or was clearly not accepted.
    Pending,
    /// The message may be on its way.
    Sending,
    /// The message was accepted.
    Sent,
    /// The message was refused, or not handed over.
    Failed,
    /// It is not known whether the message was accepted.
    Unknown,
}

/// The end of the delivery to one recipient, as an invocation reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// SES accepted the message.
    Sent,
    /// SES refused the message, or was not asked.
    Failed,
    /// It is not known whether SES accepted the message.
    Unknown,
}

/// A run that is still running when an invocation ends has failed in that invocation.
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

/// A recipient who still waits when a run ends has not got the message. A message that may be on its way may
/// have arrived.
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
