//! Triggers: an EventBridge event, or an order, becomes a [`Trigger`], which says what an invocation is asked
//! for; a batch of messages from a queue becomes one for each.

mod kind;
mod order;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::Error;

use kind::invalid;
pub use kind::{NamedReports, QueuedSpan, Resend, ShardId, Trigger, TriggerKind};
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
    /// The trigger that it is, or the reason why that can't be told.
    pub trigger: Result<Trigger, Error>,
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
    let id = record.message_id.filter(|id| is_id(id))?;
    let body = record.body?;
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

#[cfg(test)]
mod tests;
