//! A job: a run as this invocation has it. It has the report and its trigger, and knows the window, the
//! recipients and the deadlines.

mod clock;
mod invocation;
mod order_gate;
mod run_key;
mod stop;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::definition::{DeliveryMode, Occurrence, Report};
use crate::destination::Destination;
use crate::error::{Code, Error, Stage};
use crate::run::outcome::RunOutcome;
use crate::trigger::{Trigger, TriggerKind};
use crate::window::{Window, WindowError};

pub use clock::Clock;
pub use invocation::{Invocation, Progress};
pub(crate) use invocation::{TriggerContext, TriggerId};
pub(crate) use order_gate::{GateSlot, OrderGate};
pub(crate) use run_key::{MESSAGE_NAME, RunKey, first_seen_key, invalid_key, latest_key};
pub use stop::{Stop, Stopper};
pub(crate) use stop::{stopped, unanswered};

/// The reason why an order sends nothing to the recipients that it names.
const USED_FOR_OTHERS: &str = "this order's id was used before, for other recipients: the recipients of this order get \
                               nothing; give the order an id of its own";

/// A report to be run for a trigger.
#[derive(Clone, Debug)]
pub struct Job {
    /// The report.
    pub report: Arc<Report>,
    /// The occurrence of its schedule, where it was due.
    occurrence: Option<Occurrence>,
    /// Says that it is no longer due: it is only closed, if it has not ended.
    pub(crate) is_overdue: bool,
    /// Says that it most likely asks for figures. Then its names are looked up while it is being claimed.
    pub(crate) likely_fetches: bool,
    /// Says that this job may leave the run to another invocation that has it. If that one dies, the queue
    /// hands its message out again, or the next tick finds the run.
    pub(crate) yields_to_holder: bool,
    pub(crate) trigger: Trigger,
    pub(crate) invocation: Invocation,
}

impl Job {
    /// The job of a report that a trigger asks for.
    pub fn new(report: impl Into<Arc<Report>>, trigger: &Trigger, invocation: &Invocation) -> Self {
        Self {
            report: report.into(),
            occurrence: None,
            is_overdue: false,
            likely_fetches: false,
            yields_to_holder: trigger.is_queued(),
            trigger: trigger.clone(),
            invocation: invocation.clone(),
        }
    }

    /// The job of a report for an occurrence of its schedule.
    pub(crate) fn due(
        report: Arc<Report>,
        occurrence: Occurrence,
        context: TriggerContext<'_>,
    ) -> Self {
        let job = Self::new(report, context.trigger, context.invocation);
        Self { occurrence: Some(occurrence), ..job }
    }

    /// The job that closes the run of an occurrence which is no longer due.
    pub(crate) fn overdue(
        report: Arc<Report>,
        occurrence: Occurrence,
        context: TriggerContext<'_>,
    ) -> Self {
        Self { is_overdue: true, ..Self::due(report, occurrence, context) }
    }

    /// The job of the whole run to which a shard belongs. This invocation ends the run, even if it has to wait
    /// for another one that has it.
    pub(crate) fn for_whole_run(self) -> Self {
        let kind = match self.trigger.kind {
            TriggerKind::Shard { report, span, .. } => {
                TriggerKind::Group { reports: vec![report], span }
            }
            other => other,
        };
        let trigger = Trigger { kind, ..self.trigger };
        Self { trigger, yields_to_holder: false, ..self }
    }

    /// Its trigger and its invocation.
    pub(crate) fn context(&self) -> TriggerContext<'_> {
        TriggerContext { trigger: &self.trigger, invocation: &self.invocation }
    }

    /// The identity of its trigger.
    pub(crate) fn trigger_id(&self) -> TriggerId {
        TriggerId { id: self.context().id().to_owned(), time: self.time() }
    }

    /// Tells whether its run is claimed and recorded: a dry run leaves no trace.
    pub(crate) fn is_recorded(&self) -> bool {
        !self.trigger.dry_run
    }

    /// Tells whether it is a re-issue: one neither counts as the report's run for its window nor waits for it.
    pub(crate) fn is_reissue(&self) -> bool {
        self.trigger.recipients().is_some() || self.trigger.resent_to().is_some()
    }

    /// The key of its record.
    pub(crate) fn key(&self, window: &Window) -> RunKey {
        if self.is_reissue() {
            RunKey::for_reissue(&self.report.id, window, self.context().id())
        } else {
            RunKey::for_run(&self.report.id, window)
        }
    }

    /// The window of the run.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` where the window that an order names does not exist or is not over.
    pub fn window(&self) -> Result<Window, Error> {
        let zone = self.trigger.queued_zone().unwrap_or(&self.report.zone);
        let window = match (&self.occurrence, self.trigger.window()) {
            (Some(occurrence), _) => Ok(occurrence.window.clone()),
            (None, Some((start, end))) => Window::between(start, end, zone),
            (None, None) => {
                self.report.window.window_before(self.time(), zone, &self.report.calendar)
            }
        };
        window.and_then(|window| window.closed_at(self.clock().started())).map_err(no_window)
    }

    /// The time from which its window counts back.
    pub(crate) fn time(&self) -> Timestamp {
        self.context().time()
    }

    pub(crate) fn clock(&self) -> Clock {
        self.invocation.clock
    }

    /// The recipients of the message.
    pub fn recipients(&self) -> Cow<'_, [Destination]> {
        match self.trigger.recipients() {
            Some(named) => named.iter().cloned().map(Destination::Mail).collect(),
            None => Cow::Borrowed(&self.report.recipients),
        }
    }

    /// The number of messages that it sends, if it sends any: one for each recipient, or one for all together.
    pub(crate) fn message_count(&self) -> usize {
        let together = self.report.email.delivery == DeliveryMode::Together;
        let recipients = self.trigger.recipients().map_or(self.report.recipients.len(), <[_]>::len);
        if together { 1 } else { recipients }
    }

    /// The outcome, with a remark where the order's id was used before for other recipients: the outcome is
    /// theirs then.
    pub(crate) fn annotate(&self, outcome: RunOutcome) -> RunOutcome {
        let Some(to) = self.trigger.recipients() else { return outcome };
        let ordered: BTreeSet<String> = to.iter().map(|to| to.address.to_string()).collect();
        let had: BTreeSet<String> = outcome.messages.iter().map(|one| one.to.clone()).collect();
        if had.is_empty() || had == ordered {
            return outcome;
        }
        let reason = outcome.reason.into_iter().chain([USED_FOR_OTHERS.to_owned()]);
        RunOutcome { reason: Some(reason.collect::<Vec<_>>().join("; ")), ..outcome }
    }

    /// The deadline of the figures. A fifth of the time that is left, five seconds at most, is kept for sending.
    pub(crate) fn query_deadline(&self) -> Option<Instant> {
        let (deadline, left) = self.deadline_and_time_left()?;
        deadline.checked_sub((left / 5).min(Duration::from_secs(5)))
    }

    fn deadline_and_time_left(&self) -> Option<(Instant, Duration)> {
        Some((self.clock().ends()?, self.clock().left()?))
    }

    /// The deadline of the last call for figures.
    pub(crate) fn call_deadline(&self) -> Option<Instant> {
        self.query_deadline().map(a_little_before)
    }

    /// The deadline of the names. Where there are other runs they get half of the time that is left: runs that
    /// have their names must not fail with those that have none.
    pub(crate) fn names_deadline(&self, is_alone: bool) -> Option<Instant> {
        if is_alone {
            return self.query_deadline();
        }
        let (deadline, left) = self.deadline_and_time_left()?;
        deadline.checked_sub(left / 2)
    }

    /// The reason why no further mail of the report's sender is tried, if there is one.
    pub(crate) fn send_stop(&self) -> Option<Error> {
        self.invocation.breaker.stops(&self.report.email.from.address)
    }

    /// Reports the progress of the run, if anybody listens.
    pub(crate) fn report_progress(&self, progress: Progress) {
        if let Some(listener) = &self.invocation.progress {
            // Fails where the listener is gone, and then nobody needs to know.
            let _ = listener.send(progress);
        }
    }
}

/// The error of a window that can't be reported.
pub(crate) fn no_window(error: WindowError) -> Error {
    Error::new(Code::ValidationError, Stage::Plan, error.to_string())
}

/// A deadline slightly before another one. A call that is throttled until then fails with that error, and not
/// with a timeout.
pub(crate) fn a_little_before(deadline: Instant) -> Instant {
    deadline.checked_sub(Duration::from_millis(100)).unwrap_or(deadline)
}
