//! Triggers. An EventBridge event or an order becomes one [`Trigger`], which an invocation carries out; a batch of
//! messages from a queue becomes one for each message.

mod kind;
mod order;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::Error;

use kind::payload_error;
pub use kind::{NamedReports, QueuedSpan, Resend, ShardId, Trigger, TriggerKind};
use order::{is_id, read_order};

/// The payload of an invocation.
#[derive(Clone, Debug)]
pub enum Payload {
    /// One event, or one order.
    One(Box<Trigger>),
    /// Messages of a queue.
    Queue(Vec<QueueMessage>),
}

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct QueueMessage {
    /// The id that the queue gave it, the same however often it is handed out.
    pub id: String,
    /// The trigger, or the reason why the message has none.
    pub trigger: Result<Trigger, Error>,
}

/// The detail type of scheduled events, from a rule and from EventBridge Scheduler.
const SCHEDULED_EVENT: &str = "Scheduled Event";

/// Reads an invocation's payload.
///
/// # Errors
/// `VALIDATION_ERROR`, with every problem of an order in `details`.
pub fn parse_payload(payload: &Value) -> Result<Payload, Error> {
    match payload.get("Records") {
        Some(_) => parse_batch(payload).map(Payload::Queue),
        None => {
            let trigger = parse_one(payload)?;
            if trigger.is_queued() {
                let message =
                    "`due` and `part` are for messages that this program puts into its queue";
                return Err(payload_error(message));
            }
            Ok(Payload::One(Box::new(trigger)))
        }
    }
}

/// Reads one event, or one order.
fn parse_one(payload: &Value) -> Result<Trigger, Error> {
    let Some(members) = payload.as_object() else {
        return Err(payload_error("the event is no JSON object").hint(
            "send an EventBridge event, or an order such as {\"reports\": [\"daily-queues\"]}",
        ));
    };
    if members.contains_key("detail-type") { parse_event(payload) } else { read_order(members) }
}

/// Reads a batch of SQS. A message that can't be understood does not affect the others.
fn parse_batch(payload: &Value) -> Result<Vec<QueueMessage>, Error> {
    // The error of serde repeats the payload, which may hold anything.
    let batch: SqsEvent = serde_json::from_value(payload.clone()).map_err(|_| batch_error())?;
    let messages = batch.records.into_iter();
    messages.map(|record| parse_message(record).ok_or_else(batch_error)).collect()
}

fn batch_error() -> Error {
    payload_error("the event's `Records` are no messages of SQS with a `messageId` and a `body`")
        .hint("invoke the function by EventBridge, by SQS, or with an order")
}

/// Reads a message of the queue; `None` for another kind of record.
fn parse_message(record: SqsMessage) -> Option<QueueMessage> {
    if record.event_source.as_deref() != Some("aws:sqs") {
        return None;
    }
    let id = record.message_id.filter(|id| is_id(id))?;
    let body = record.body?;
    let sent = record.attributes.get("SentTimestamp").and_then(|time| time.parse().ok());
    let sent = sent.and_then(|time| Timestamp::from_millisecond(time).ok());
    let payload = serde_json::from_str(&body).map_err(|_| payload_error("the message is not JSON"));
    let trigger = payload.and_then(|payload: Value| parse_one(&payload)).map(|trigger| Trigger {
        id: trigger.id.or_else(|| Some(id.clone())),
        time: trigger.time.or(sent),
        kind: match trigger.kind {
            TriggerKind::Tick { .. } => TriggerKind::Tick { from_queue: true },
            other => other,
        },
        ..trigger
    });
    Some(QueueMessage { id, trigger })
}

fn parse_event(payload: &Value) -> Result<Trigger, Error> {
    let event: EventBridgeEvent<Value> = serde_json::from_value(payload.clone()).map_err(|_| {
        // The error of serde repeats the payload, which may hold anything.
        payload_error(
            "the event has a `detail-type` and is no EventBridge event: it needs `source`, \
                 `detail`, a `time` such as 2026-11-23T07:00:00Z, and texts for the other members",
        )
    })?;
    let time = event
        .time
        .map(|time| Timestamp::from_second(time.timestamp()))
        .transpose()
        .map_err(|_| payload_error("the event's `time` is out of range"))?;
    let asked = match (event.detail_type.as_str(), &event.detail) {
        (SCHEDULED_EVENT, detail) if !is_empty(detail) => {
            return Err(payload_error("the scheduled event's `detail` is not empty")
                .hint("send an order under a `detail-type` of its own"));
        }
        (SCHEDULED_EVENT, _) if time.is_none() => {
            return Err(payload_error("the scheduled event has no `time`"));
        }
        (SCHEDULED_EVENT, _) => Trigger::tick(),
        (_, Value::Object(members)) => read_order(members)?,
        _ => return Err(payload_error("the event's `detail` is no order")),
    };
    let id = asked.id.or(event.id.filter(|id| is_id(id)));
    Ok(Trigger { id, time: asked.time.or(time), ..asked })
}

/// True where the detail of a scheduled event is an empty object, or one as a text.
fn is_empty(detail: &Value) -> bool {
    detail.as_object().is_some_and(Map::is_empty)
        || detail.as_str().is_some_and(|text| text.trim() == "{}")
}

#[cfg(test)]
mod tests;
