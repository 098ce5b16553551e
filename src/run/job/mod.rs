//! A report to run, and how: what it is run for, over which window, for whom, and until when.

pub(crate) mod clock;
pub(crate) mod stop;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::address::Mailbox;
use crate::definition::{self, Occurrence, Report};
use crate::error::{Code, Error, Stage};
use crate::event::Order;
use crate::mail::{Envelope, List, Sending, compose};
use crate::render::Message;
use crate::run::Invocation;
use crate::run::Progress;
use crate::run::Runner;
use crate::run::ledger::fence::Fence;
use crate::run::ledger::record::TriggerId;
use crate::run::ledger::records;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::run::schedule::preflight::KnownRun;
use crate::window::{Window, WindowError};

/// The reason for which an order sends nothing to those whom it names.
const FOR_OTHERS: &str = "the order's id was used before, for other recipients: those of this order get nothing; \
                          give it an id of its own";

/// A report to run, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// The report.
    pub report: Report,
    /// Why it runs, where it was due.
    occurrence: Option<Occurrence>,
    /// Whether it is not due any more, and only to be closed if it has not ended.
    pub(crate) is_overdue: bool,
    /// Whether it most likely has figures to ask for: then they are asked for while it is being claimed.
    pub(crate) lets_ask: bool,
    /// The right to send the run's message again, where the order does so.
    pub(crate) fence: Option<Fence>,
    pub(crate) order: Order,
    pub(crate) invocation: Invocation,
}

impl Job {
    /// The report as an order wants it.
    pub fn new(report: Report, order: &Order, invocation: &Invocation) -> Self {
        let (order, invocation) = (order.clone(), invocation.clone());
        Self {
            report,
            occurrence: None,
            is_overdue: false,
            lets_ask: false,
            fence: None,
            order,
            invocation,
        }
    }

    /// The report after it was looked what is kept of its run.
    pub(crate) fn after(self, sight: &KnownRun) -> Self {
        let lets_ask = sight.lets_ask(&self);
        Self { lets_ask, ..self }
    }

    /// The report as it is due.
    pub(crate) fn due(
        report: Report,
        occurrence: Occurrence,
        order: &Order,
        invocation: &Invocation,
    ) -> Self {
        Self { occurrence: Some(occurrence), ..Self::new(report, order, invocation) }
    }

    /// The report, to be closed.
    pub(crate) fn overdue(
        report: Report,
        occurrence: Occurrence,
        order: &Order,
        invocation: &Invocation,
    ) -> Self {
        Self { is_overdue: true, ..Self::due(report, occurrence, order, invocation) }
    }

    /// The same, with the right to send the run's message again.
    pub(crate) fn fenced(self, fence: Option<Fence>) -> Self {
        Self { fence, ..self }
    }

    /// Of a part the whole run, which this invocation ends even if it has to wait for another.
    pub(crate) fn whole(self) -> Self {
        let order = Order { part: None, from_queue: false, ..self.order };
        Self { order, ..self }
    }

    /// What it is run for.
    pub(crate) fn event(&self) -> TriggerId {
        let id = self.invocation.event_id(&self.order).to_owned();
        TriggerId { id, time: self.time() }
    }

    /// Whether it is claimed and kept: a dry run leaves no trace.
    pub(crate) fn is_recorded(&self) -> bool {
        !self.order.dry_run
    }

    /// Whether a person, or a schedule of somebody's own, named the report.
    pub(crate) fn is_named(&self) -> bool {
        !self.order.reports.is_empty() && !self.order.due
    }

    /// Whether another invocation that has the run may be left alone with it: where that dies, its own
    /// message is handed out again, or the next tick finds the run.
    pub(crate) fn is_left_to_others(&self) -> bool {
        self.order.due && self.order.from_queue
    }

    /// Whether it neither counts as the report's run for its window nor is held up by it.
    pub(crate) fn is_reissue(&self) -> bool {
        self.order.to.is_some() || self.order.resend.is_some()
    }

    /// Its outcome, which says so where the order's id was used before, for others: they are the
    /// recipients then.
    pub(crate) fn told_of(&self, outcome: RunOutcome) -> RunOutcome {
        let Some(to) = &self.order.to else { return outcome };
        let asked: BTreeSet<String> = to.iter().map(|to| to.address.to_string()).collect();
        let had: BTreeSet<String> = outcome.messages.iter().map(|one| one.to.clone()).collect();
        if had.is_empty() || had == asked {
            return outcome;
        }
        let reason = outcome.reason.into_iter().chain([FOR_OTHERS.to_owned()]);
        RunOutcome { reason: Some(reason.collect::<Vec<_>>().join("; ")), ..outcome }
    }

    /// The key of its record.
    pub(crate) fn key(&self, window: &Window) -> String {
        match self.is_reissue() {
            true => records::reissue_key(&self.report.id, window, &self.event().id),
            false => records::key(&self.report.id, window),
        }
    }

    /// The span to report.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` where the order's window does not exist or is not over.
    pub fn window(&self) -> Result<Window, Error> {
        let (own, time) = (&self.report.zone, self.time());
        let queued = self.order.zone.as_ref().filter(|_| self.order.due);
        let zone = queued.unwrap_or(own);
        let window = match (&self.occurrence, self.order.window) {
            (Some(occurrence), _) => Ok(occurrence.window.clone()),
            (None, Some((start, end))) => Window::between(start, end, zone),
            (None, None) => self.report.window.before(time, zone, &self.report.calendar),
        };
        window
            .and_then(|window| window.closed_at(self.invocation.clock.started()))
            .map_err(no_window)
    }

    /// The time that it counts back from.
    pub(crate) fn time(&self) -> Timestamp {
        self.invocation.reference_time(&self.order)
    }

    /// The window, if the service still has figures of it.
    pub(crate) fn remembered(&self, window: Window, runner: &Runner) -> Result<Window, Error> {
        // What answers in the place of AWS may live in the past, like the events that it is asked by.
        let now = match runner.is_aws() {
            true => self.invocation.clock.started(),
            false => self.time(),
        };
        window.remembered_at(now, runner.settings.limits.history).map_err(no_window)
    }

    /// Who gets the message.
    pub fn recipients(&self) -> &[Mailbox] {
        self.order.to.as_deref().unwrap_or(&self.report.email.to)
    }

    /// What people look the run up by: its record's key, without its ending.
    pub(crate) fn run(&self, window: &Window) -> String {
        let key = self.key(window);
        key.strip_suffix(".json").unwrap_or(&key).to_owned()
    }

    /// The mail for one of the recipients.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn compose(&self, message: &Message, to: &Mailbox, index: usize) -> Result<Vec<u8>, Error> {
        // Of what was missed several windows run at once.
        let window = self.window()?;
        let (email, run) = (&self.report.email, self.run(&window));
        let id = self.mail_id(&run, &index.to_string());
        let list = List { unsubscribe: email.unsubscribe.as_deref(), ..self.list() };
        let envelope = Envelope {
            from: &email.from,
            to,
            reply_to: email.reply_to.as_ref(),
            id: &id,
            date: self.invocation.clock.started(),
            run: Some(&run),
            list,
        };
        compose(envelope, message)
    }

    /// What identifies one mail of a run: an invocation may have several runs of a report, for several
    /// windows or orders, and its retry has the same id.
    pub(crate) fn mail_id(&self, run: &str, mail: &str) -> String {
        let Invocation { id, clock, .. } = &self.invocation;
        let attempt = definition::digest(format!("{run} {}", clock.started()).as_bytes());
        format!("{id}.{}.{attempt}.{mail}", self.report.id)
    }

    /// The list of those who get the report.
    pub(crate) fn list(&self) -> List<'_> {
        List { report: self.report.id.as_str(), title: &self.report.title, unsubscribe: None }
    }

    /// What SES is told of a message besides.
    pub(crate) fn sending(&self) -> Sending {
        let run = self.window().map(|window| self.run(&window)).unwrap_or_default();
        Sending {
            configuration_set: self.report.email.configuration_set.clone(),
            tags: vec![("report", self.report.id.to_string()), ("run", run)],
        }
    }

    /// When the figures must be there, so that the sending still has time: four fifths of what is
    /// left, a fifth of which is at most five seconds.
    pub(crate) fn query_deadline(&self) -> Option<Instant> {
        let (deadline, left) = self.end()?;
        deadline.checked_sub((left / 5).min(Duration::from_secs(5)))
    }

    /// The deadline, and how far away it is.
    fn end(&self) -> Option<(Instant, Duration)> {
        let clock = self.invocation.clock;
        Some((clock.ends()?, clock.left()?))
    }

    /// When the last call for figures must have ended.
    pub(crate) fn call_deadline(&self) -> Option<Instant> {
        self.query_deadline().map(a_little_before)
    }

    /// When the names must be there: where other reports wait for them too, in half of the time
    /// that is left, because those that have their names must not fail with those that don't.
    pub(crate) fn names_deadline(&self, is_alone: bool) -> Option<Instant> {
        if is_alone {
            return self.query_deadline();
        }
        let (deadline, left) = self.end()?;
        deadline.checked_sub(left / 2)
    }

    /// Tells that so many of the requests are answered.
    pub(crate) fn answered(&self, requests: usize, of: usize) {
        self.tell(Progress::Answered { report: self.report.id.clone(), requests, of });
    }

    /// The reason for which no mail of the report's sender is tried any more, if there is one.
    pub(crate) fn send_stop(&self) -> Option<Error> {
        self.invocation.breaker.stops(&self.report.email.from.address)
    }

    pub(crate) fn tell(&self, progress: Progress) {
        if let Some(listener) = &self.invocation.progress {
            // Nobody may be listening any more, and then nobody needs to know.
            let _ = listener.send(progress);
        }
    }
}

/// There is no such window to be reported.
pub(crate) fn no_window(error: WindowError) -> Error {
    Error::new(Code::ValidationError, Stage::Plan, error.to_string())
}

/// So that a call that is throttled to the end is told as such rather than as time that ran out.
pub(crate) fn a_little_before(deadline: Instant) -> Instant {
    deadline.checked_sub(Duration::from_millis(100)).unwrap_or(deadline)
}
