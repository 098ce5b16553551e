//! The circumstances of an invocation, and its trigger.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use crate::definition::ReportId;
use crate::mail::SendBreaker;
use crate::run::job::clock::Clock;
use crate::run::job::stop::Stop;
use crate::trigger::Trigger;
use crate::window::to_the_minute;

/// The circumstances of an invocation, which only a shell knows.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The id of the batch where neither the order nor the event has one.
    pub id: String,
    /// The time, and the deadline.
    pub clock: Clock,
    /// The listener for the progress of the runs.
    pub progress: Option<UnboundedSender<Progress>>,
    /// The stop that ends it before its time.
    pub stop: Stop,
    /// The breaker that stops further mails. All messages of a batch share it.
    pub breaker: SendBreaker,
}

/// The progress of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The run has started.
    Started {
        /// The report.
        report: ReportId,
    },
    /// Another process has the run, and this one waits for it.
    Waiting {
        /// The report.
        report: ReportId,
        /// The end of the other's lease, if it is not renewed.
        until: Timestamp,
    },
    /// A request has been answered.
    Answered {
        /// The report.
        report: ReportId,
        /// The number of requests that have been answered.
        requests: usize,
        /// The number of all.
        of: usize,
    },
}

/// The identity of an event or an order, as the ledger keeps it. Its retries have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TriggerId {
    pub(crate) id: String,
    pub(crate) time: Timestamp,
}

/// A trigger as an invocation has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriggerContext<'t> {
    pub(crate) trigger: &'t Trigger,
    pub(crate) invocation: &'t Invocation,
}

impl<'t> TriggerContext<'t> {
    /// The id that its retries share: the order's own or that of the event around it, or else the
    /// invocation's.
    pub(crate) fn id(self) -> &'t str {
        self.trigger.id.as_deref().unwrap_or(&self.invocation.id)
    }

    /// The reference time, from which windows count back: the time that the trigger names, or else the
    /// clock's, cut to the minute. Connect returns fractions of a second as floats, and then no window comes
    /// back as it was asked for.
    pub(crate) fn time(self) -> Timestamp {
        to_the_minute(self.trigger.time.unwrap_or(self.clock().started()))
    }

    pub(crate) fn clock(self) -> Clock {
        self.invocation.clock
    }

    /// Tells whether its time lies ahead of the clock by more than clocks differ.
    pub(crate) fn is_ahead(self) -> bool {
        let ahead = self.trigger.time.map(|time| time.duration_since(self.clock().started()));
        ahead.is_some_and(|ahead| ahead > SignedDuration::from_mins(1))
    }
}
