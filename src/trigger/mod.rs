//! What an invocation is asked for: an EventBridge event, or an order, becomes a [`Trigger`]; a batch of
//! messages from a queue becomes one for each.

mod order;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::address::Mailbox;
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::window::{LocalTime, Zone};
use order::{is_id, read_order};

/// The payload of an invocation.
#[derive(Clone, Debug)]
pub enum Payload {
    /// One event, or one order.
    One(Box<Trigger>),
    /// Messages of a queue.
    Queue(Vec<Message>),
}

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// The id that the queue gave it, the same however often it is handed out.
    pub id: String,
    /// What it asks for, or the reason why that can't be told.
    pub trigger: Result<Trigger, Error>,
}

/// What is asked for.
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
        matches!(self.kind, TriggerKind::Tick { .. })
    }

    /// Tells whether a tick found its runs due, and queued them.
    pub fn is_queued(&self) -> bool {
        matches!(self.kind, TriggerKind::Group { .. } | TriggerKind::Shard { .. })
    }

    /// Tells whether a person, or a schedule of somebody's own, names its reports.
    pub fn is_manual(&self) -> bool {
        matches!(self.kind, TriggerKind::Reports(_) | TriggerKind::Resend { .. })
    }
}

/// The detail type of scheduled events, from a rule and from EventBridge Scheduler.
const SCHEDULED: &str = "Scheduled Event";

/// Reads an invocation's payload.
///
/// # Errors
/// `VALIDATION_ERROR`, with every problem of an order in `details`.
pub fn parse(payload: &Value) -> Result<Payload, Error> {
    match payload.get("Records") {
        Some(_) => parse_batch(payload).map(Payload::Queue),
        None => {
            let trigger = parse_one(payload)?;
            if trigger.is_queued() {
                let message =
                    "`due` and `part` are for messages that this program puts into its queue";
                return Err(invalid(message));
            }
            Ok(Payload::One(Box::new(trigger)))
        }
    }
}

/// Reads one event, or one order.
fn parse_one(payload: &Value) -> Result<Trigger, Error> {
    let Some(members) = payload.as_object() else {
        return Err(invalid("the event is no JSON object").hint(
            "send an EventBridge event, or an order such as {\"reports\": [\"daily-queues\"]}",
        ));
    };
    if members.contains_key("detail-type") { parse_event(payload) } else { read_order(members) }
}

/// Reads a batch of SQS. A message that is wrong is no concern of the others.
fn parse_batch(payload: &Value) -> Result<Vec<Message>, Error> {
    let wrong = || {
        invalid("the event's `Records` are no messages of SQS with a `messageId` and a `body`")
            .hint("invoke the function by EventBridge, by SQS, or with an order")
    };
    // The error of serde repeats the payload, which may hold anything.
    let batch: SqsEvent = serde_json::from_value(payload.clone()).map_err(|_| wrong())?;
    let messages = batch.records.into_iter().map(|record| message(record).ok_or_else(wrong));
    messages.collect()
}

fn message(record: SqsMessage) -> Option<Message> {
    if record.event_source.as_deref() != Some("aws:sqs") {
        return None;
    }
    let (id, body) = (record.message_id.filter(|id| is_id(id))?, record.body?);
    let sent = record.attributes.get("SentTimestamp").and_then(|time| time.parse().ok());
    let sent = sent.and_then(|time| Timestamp::from_millisecond(time).ok());
    let payload = serde_json::from_str(&body).map_err(|_| invalid("the message is not JSON"));
    let trigger = payload.and_then(|payload: Value| parse_one(&payload)).map(|trigger| Trigger {
        id: trigger.id.or_else(|| Some(id.clone())),
        time: trigger.time.or(sent),
        kind: match trigger.kind {
            TriggerKind::Tick { .. } => TriggerKind::Tick { from_queue: true },
            other => other,
        },
        ..trigger
    });
    Some(Message { id, trigger })
}

fn parse_event(payload: &Value) -> Result<Trigger, Error> {
    let event: EventBridgeEvent<Value> = serde_json::from_value(payload.clone()).map_err(|_| {
        // The error of serde repeats the payload, which may hold anything.
        invalid(
            "the event has a `detail-type` and is no EventBridge event: it needs `source`, \
                 `detail`, a `time` such as 2026-11-23T07:00:00Z, and texts for the other members",
        )
    })?;
    let time = event
        .time
        .map(|time| Timestamp::from_second(time.timestamp()))
        .transpose()
        .map_err(|_| invalid("the event's `time` is out of range"))?;
    let asked = match (event.detail_type.as_str(), &event.detail) {
        (SCHEDULED, detail) if !is_empty(detail) => {
            return Err(invalid("the scheduled event's `detail` is not empty")
                .hint("send an order under a `detail-type` of its own"));
        }
        (SCHEDULED, _) if time.is_none() => {
            return Err(invalid("the scheduled event has no `time`"));
        }
        (SCHEDULED, _) => Trigger::tick(),
        (_, Value::Object(members)) => read_order(members)?,
        _ => return Err(invalid("the event's `detail` is no order")),
    };
    let id = asked.id.or(event.id.filter(|id| is_id(id)));
    Ok(Trigger { id, time: asked.time.or(time), ..asked })
}

/// Tells whether the detail of a scheduled event says nothing: an empty object, or one as a text.
fn is_empty(detail: &Value) -> bool {
    detail.as_object().is_some_and(Map::is_empty)
        || detail.as_str().is_some_and(|text| text.trim() == "{}")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::ValidationError, Stage::Load, message)
}

#[cfg(test)]
mod tests;
