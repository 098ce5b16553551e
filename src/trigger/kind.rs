//! Triggers and their kinds.

use jiff::Timestamp;

use crate::address::Mailbox;
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::window::{LocalTime, Zone};

/// A trigger: the request that an invocation carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The order's own id, or that of the event around it.
    pub id: Option<String>,
    /// The time at which it was due; without one the clock decides.
    pub time: Option<Timestamp>,
    /// True where everything is done except sending.
    pub dry_run: bool,
    /// The kind of trigger.
    pub kind: TriggerKind,
}

/// The kinds of triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    /// A tick, which asks for all due reports: a scheduled event, or an order without `reports`.
    Tick {
        /// True where it came from a queue; then due reports are not queued again.
        from_queue: bool,
    },
    /// Reports that somebody names, whether or not they are due.
    Reports(NamedReports),
    /// The messages of named reports again, as they were rendered.
    Resend {
        /// The reports.
        named: NamedReports,
        /// The recipients of the messages, unless the order names others.
        to: Resend,
    },
    /// Reports that a tick found due for one window, and put into the queue. Runs that have ended since are
    /// not run again.
    Group {
        /// The reports.
        reports: Vec<ReportId>,
        /// Their window.
        span: QueuedSpan,
    },
    /// A part of a run's recipients, which another invocation put into the queue.
    Shard {
        /// The report.
        report: ReportId,
        /// The window of the run.
        span: QueuedSpan,
        /// The part.
        shard: ShardId,
    },
}

/// Reports that an order names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedReports {
    /// The reports, at least one, each once.
    pub reports: Vec<ReportId>,
    /// The window, in place of the one that follows from the time.
    pub window: Option<(LocalTime, LocalTime)>,
    /// The recipients, in place of the definition's.
    pub to: Option<Vec<Mailbox>>,
}

/// The window of runs in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedSpan {
    /// Start and end.
    pub window: (LocalTime, LocalTime),
    /// The zone in which the window was made; it is part of a run's key.
    pub zone: Option<Zone>,
}

/// The identity of a shard: a part of the recipients of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardId {
    /// The holder that cut the run into shards.
    pub by: String,
    /// Its number among them, from 1.
    pub number: u32,
}

/// The recipients of a message that is sent again, unless the order names others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Recipients to whom it could not be sent.
    Failed,
    /// Recipients who may have it or not.
    Unknown,
    /// All recipients.
    All,
}

impl Resend {
    /// Each value with its word in orders.
    pub const ALL: [(&str, Self); 3] =
        [("failed", Self::Failed), ("unknown", Self::Unknown), ("all", Self::All)];
}

impl Trigger {
    /// A trigger for all reports that are due now.
    pub fn tick() -> Self {
        let kind = TriggerKind::Tick { from_queue: false };
        Self { id: None, time: None, dry_run: false, kind }
    }

    /// A trigger for these reports now.
    pub fn run(named: NamedReports) -> Self {
        Self { kind: TriggerKind::Reports(named), ..Self::tick() }
    }

    /// A trigger for the messages of these reports again.
    pub fn resend(named: NamedReports, to: Resend) -> Self {
        Self { kind: TriggerKind::Resend { named, to }, ..Self::tick() }
    }

    /// The named reports; empty where the trigger asks for all due reports.
    pub fn reports(&self) -> &[ReportId] {
        match &self.kind {
            TriggerKind::Tick { .. } => &[],
            TriggerKind::Reports(named) | TriggerKind::Resend { named, .. } => &named.reports,
            TriggerKind::Group { reports, .. } => reports,
            TriggerKind::Shard { report, .. } => std::slice::from_ref(report),
        }
    }

    /// The named window, as start and end.
    pub fn window(&self) -> Option<(LocalTime, LocalTime)> {
        match &self.kind {
            TriggerKind::Tick { .. } => None,
            TriggerKind::Reports(named) | TriggerKind::Resend { named, .. } => named.window,
            TriggerKind::Group { span, .. } | TriggerKind::Shard { span, .. } => Some(span.window),
        }
    }

    /// The zone in which a tick made the window of queued runs.
    pub fn queued_zone(&self) -> Option<&Zone> {
        match &self.kind {
            TriggerKind::Group { span, .. } | TriggerKind::Shard { span, .. } => span.zone.as_ref(),
            TriggerKind::Tick { .. } | TriggerKind::Reports(_) | TriggerKind::Resend { .. } => None,
        }
    }

    /// The named recipients, in place of the definition's.
    pub fn recipients(&self) -> Option<&[Mailbox]> {
        match &self.kind {
            TriggerKind::Reports(named) | TriggerKind::Resend { named, .. } => named.to.as_deref(),
            TriggerKind::Tick { .. } | TriggerKind::Group { .. } | TriggerKind::Shard { .. } => {
                None
            }
        }
    }

    /// The recipients of a resend.
    pub fn resent_to(&self) -> Option<Resend> {
        match &self.kind {
            TriggerKind::Resend { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// True for a tick that leaves a trace. A dry one does not count for records and metrics.
    pub fn is_tick(&self) -> bool {
        self.asks_for_due() && !self.dry_run
    }

    /// True where the trigger asks for all due reports.
    pub fn asks_for_due(&self) -> bool {
        self.reports().is_empty()
    }

    /// True where a tick found the runs due, and queued them.
    pub fn is_queued(&self) -> bool {
        matches!(self.kind, TriggerKind::Group { .. } | TriggerKind::Shard { .. })
    }

    /// True where a person, or a user's own schedule, names the reports.
    pub fn is_manual(&self) -> bool {
        let is_of_a_person =
            matches!(self.kind, TriggerKind::Reports(_) | TriggerKind::Resend { .. });
        is_of_a_person && !self.asks_for_due()
    }
}

/// The error of a payload that can't be understood.
pub(super) fn payload_error(message: impl Into<String>) -> Error {
    Error::new(Code::ValidationError, Stage::Load, message)
}
