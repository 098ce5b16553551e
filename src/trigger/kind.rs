//! The kinds of triggers, with what they name.

use jiff::Timestamp;

use crate::address::Mailbox;
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::window::{LocalTime, Zone};

/// A trigger: what an invocation is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The order's own id, or that of the event around it.
    pub id: Option<String>,
    /// The time at which it was due; the clock decides where there is none.
    pub time: Option<Timestamp>,
    /// Says that everything is done but the sending.
    pub dry_run: bool,
    /// The kind of trigger, with what it names.
    pub kind: TriggerKind,
}

/// The kinds of triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    /// Whatever is due: a scheduled event, or an order without `reports`.
    Tick {
        /// Says that it came from a queue, and that what is due is not queued again.
        from_queue: bool,
    },
    /// Reports that somebody names, whether or not they are due.
    Reports(NamedReports),
    /// The messages of named reports once more, as they were rendered.
    Resend {
        /// The reports.
        named: NamedReports,
        /// Those who get the message, unless recipients are named.
        to: Resend,
    },
    /// Reports that a tick found due for one window, and put into the queue. What has ended since is not
    /// run again.
    Group {
        /// The reports.
        reports: Vec<ReportId>,
        /// Their window.
        span: QueuedSpan,
    },
    /// A part of the recipients of a run, which another invocation put into the queue.
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
    /// The window to report, in place of the one that follows from the time.
    pub window: Option<(LocalTime, LocalTime)>,
    /// The recipients, in place of the definition's.
    pub to: Option<Vec<Mailbox>>,
}

/// The window of runs in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedSpan {
    /// Start and end.
    pub window: (LocalTime, LocalTime),
    /// The zone that the window was made in; a run is known by it.
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

/// Those who get a message again, unless the order names others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Those to whom it could not be sent.
    Failed,
    /// Those of whom it is not known.
    Unknown,
    /// All.
    All,
}

impl Resend {
    /// By the word that stands for it.
    pub const ALL: [(&str, Self); 3] =
        [("failed", Self::Failed), ("unknown", Self::Unknown), ("all", Self::All)];
}

impl Trigger {
    /// Asks for whatever is due now.
    pub fn tick() -> Self {
        let kind = TriggerKind::Tick { from_queue: false };
        Self { id: None, time: None, dry_run: false, kind }
    }

    /// Asks for these reports now.
    pub fn run(named: NamedReports) -> Self {
        Self { kind: TriggerKind::Reports(named), ..Self::tick() }
    }

    /// Asks for the messages of these reports again.
    pub fn resend(named: NamedReports, to: Resend) -> Self {
        Self { kind: TriggerKind::Resend { named, to }, ..Self::tick() }
    }

    /// The reports that it names; none where it asks for whatever is due.
    pub fn reports(&self) -> &[ReportId] {
        match &self.kind {
            TriggerKind::Tick { .. } => &[],
            TriggerKind::Reports(named) | TriggerKind::Resend { named, .. } => &named.reports,
            TriggerKind::Group { reports, .. } => reports,
            TriggerKind::Shard { report, .. } => std::slice::from_ref(report),
        }
    }

    /// The window that it names, as start and end.
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

    /// The recipients that it names, in place of the definition's.
    pub fn recipients(&self) -> Option<&[Mailbox]> {
        match &self.kind {
            TriggerKind::Reports(named) | TriggerKind::Resend { named, .. } => named.to.as_deref(),
            TriggerKind::Tick { .. } | TriggerKind::Group { .. } | TriggerKind::Shard { .. } => {
                None
            }
        }
    }

    /// Those who get a message again, where it is a resend.
    pub fn resent_to(&self) -> Option<Resend> {
        match &self.kind {
            TriggerKind::Resend { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// Tells whether it asks for whatever is due and leaves a trace: a dry tick is none for records and
    /// metrics.
    pub fn is_tick(&self) -> bool {
        self.asks_for_due() && !self.dry_run
    }

    /// Tells whether it asks for whatever is due.
    pub fn asks_for_due(&self) -> bool {
        self.reports().is_empty()
    }

    /// Tells whether a tick found its runs due, and queued them.
    pub fn is_queued(&self) -> bool {
        matches!(self.kind, TriggerKind::Group { .. } | TriggerKind::Shard { .. })
    }

    /// Tells whether a person, or a schedule of somebody's own, names its reports.
    pub fn is_manual(&self) -> bool {
        let is_of_a_person =
            matches!(self.kind, TriggerKind::Reports(_) | TriggerKind::Resend { .. });
        is_of_a_person && !self.asks_for_due()
    }
}

/// The error of a payload that can't be understood.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::ValidationError, Stage::Load, message)
}
