//! What an invocation is asked for: an EventBridge event, or an order, becomes an [`Order`]; a batch
//! of messages from a queue becomes one for each.

use std::collections::HashSet;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::address::{MOST_OF_AN_ORDER, Mailbox, each_once};
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::window::{LocalTime, Zone};

/// What an invocation gets.
#[derive(Clone, Debug)]
pub enum Payload {
    /// One event, or one order.
    Order(Box<Order>),
    /// Messages of a queue.
    Queue(Vec<Message>),
}

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// What the queue knows it by, the same however often it is handed out.
    pub id: String,
    /// What it asks for, or why that can't be told.
    pub order: Result<Order, Error>,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The order's own id, or that of the event around it.
    pub id: Option<String>,
    /// When it was due; the clock decides where there is none.
    pub time: Option<Timestamp>,
    /// The reports to run; where there is none, those that are due at `time`.
    pub reports: Vec<ReportId>,
    /// The window to report, in place of the one that follows from the time.
    pub window: Option<(LocalTime, LocalTime)>,
    /// The zone that the window was made in, where a tick has made it: its run is known by it.
    pub zone: Option<Zone>,
    /// The recipients, in place of the definition's.
    pub to: Option<Vec<Mailbox>>,
    /// Whether everything is done but the sending.
    pub dry_run: bool,
    /// Who gets a message again that was made before.
    pub resend: Option<Resend>,
    /// Whether the named reports are due for the window, as a tick has found: then what has ended is
    /// not run again.
    pub due: bool,
    /// The part of the recipients, where the run was cut into parts.
    pub part: Option<Part>,
    /// Whether it came from a queue, and is not queued again.
    pub from_queue: bool,
}

/// A part of the recipients of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who cut the run into parts.
    pub by: String,
    /// Which of them it is, from 1.
    pub number: u32,
}

/// Who gets a message again, unless the order names others.
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

/// The detail type of scheduled events, from a rule and from EventBridge Scheduler.
const SCHEDULED: &str = "Scheduled Event";

const MEMBERS: &[&str] =
    &["id", "reports", "time", "window", "to", "dry_run", "resend", "due", "part"];

/// Reads an invocation's payload.
///
/// # Errors
/// `VALIDATION_ERROR`, with every problem of an order in `details`.
pub fn parse(payload: &Value) -> Result<Payload, Error> {
    match payload.get("Records") {
        Some(_) => queue(payload).map(Payload::Queue),
        None => one(payload).and_then(of_a_person).map(|order| Payload::Order(Box::new(order))),
    }
}

/// What only a tick says of runs that it has found, nobody else does.
fn of_a_person(order: Order) -> Result<Order, Error> {
    match order.due || order.part.is_some() {
        false => Ok(order),
        true => {
            Err(invalid("`due` and `part` are for messages that this program puts into its queue"))
        }
    }
}

/// Reads one event, or one order.
fn one(payload: &Value) -> Result<Order, Error> {
    let Some(members) = payload.as_object() else {
        return Err(invalid("the event is no JSON object").hint(
            "send an EventBridge event, or an order such as {\"reports\": [\"daily-queues\"]}",
        ));
    };
    match members.contains_key("detail-type") {
        true => event_bridge(payload),
        false => order(members),
    }
}

/// Reads a batch of SQS. What one message asks is no concern of the others.
fn queue(payload: &Value) -> Result<Vec<Message>, Error> {
    let wrong = || {
        invalid("the event's `Records` are no messages of SQS with a `messageId` and a `body`")
            .hint("invoke the function by EventBridge, by SQS, or with an order")
    };
    // What serde found wrong repeats the payload, which may hold anything.
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
    let order = payload.and_then(|payload: Value| one(&payload)).map(|order| Order {
        id: order.id.or_else(|| Some(id.clone())),
        time: order.time.or(sent),
        from_queue: true,
        ..order
    });
    Some(Message { id, order })
}

fn event_bridge(payload: &Value) -> Result<Order, Error> {
    let event: EventBridgeEvent<Value> = serde_json::from_value(payload.clone()).map_err(|_| {
        // What serde found wrong repeats the payload, which may hold anything.
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
        (SCHEDULED, detail) => match detail.as_object().is_some_and(Map::is_empty)
            || detail.as_str().is_some_and(|text| text.trim() == "{}")
        {
            true if time.is_some() => Order::default(),
            true => return Err(invalid("the scheduled event has no `time`")),
            false => {
                return Err(invalid("the scheduled event's `detail` is not empty")
                    .hint("send an order under a `detail-type` of its own"));
            }
        },
        (_, Value::Object(members)) => order(members)?,
        _ => return Err(invalid("the event's `detail` is no order")),
    };
    let id = asked.id.or(event.id.filter(|id| is_id(id)));
    Ok(Order { id, time: asked.time.or(time), ..asked })
}

fn order(members: &Map<String, Value>) -> Result<Order, Error> {
    let mut reader = Reader { members, problems: Vec::new() };
    let order = Order {
        id: reader
            .read("id", ID, |value| value.as_str().filter(|id| is_id(id)).map(ToOwned::to_owned)),
        time: reader.read("time", "a time such as \"2026-11-23T07:00:00Z\"", |value| {
            value.as_str()?.parse().ok()
        }),
        reports: reader
            .read("reports", "a list of one or more report ids", reports)
            .unwrap_or_default(),
        window: reader.read("window", WINDOW, window),
        zone: reader.read("window", WINDOW, zone).flatten(),
        to: reader.read("to", "a list of one or more mail addresses", mailboxes),
        dry_run: reader.read("dry_run", "true or false", Value::as_bool).unwrap_or_default(),
        resend: reader.read("resend", "\"failed\", \"unknown\" or \"all\"", |value| {
            let word = value.as_str()?;
            Resend::ALL.iter().find(|(name, _)| *name == word).map(|(_, resend)| *resend)
        }),
        due: reader.read("due", "true or false", Value::as_bool).unwrap_or_default(),
        part: reader.read("part", "a part that this program has queued", part),
        from_queue: false,
    };
    reader.check_together(&order);
    let mut unknown = members.keys().filter(|member| !MEMBERS.contains(&member.as_str()));
    let left = MOST_PROBLEMS.saturating_sub(reader.problems.len());
    for member in unknown.by_ref().take(left) {
        // A name is quoted as far as it can be one.
        let name: String = member.chars().take(40).collect();
        reader.problem(&name, &format!("is unknown; an order has {}", MEMBERS.join(", ")));
    }
    if reader.problems.is_empty() {
        return Ok(order);
    }
    let more = match unknown.count() {
        0 => String::new(),
        more => format!("; and {more} more members are unknown"),
    };
    Err(invalid(format!("the order is wrong: {}{more}", reader.summary()))
        .details(reader.problems.into_iter().map(|(details, _)| details).collect()))
}

impl Order {
    /// The order as a message of a queue, which reads as this very order.
    pub(crate) fn message(&self) -> Value {
        let mut members = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("id", self.id.as_ref().map(|id| json!(id)));
        add("time", self.time.map(|time| json!(time)));
        let reports: Vec<&str> = self.reports.iter().map(ReportId::as_str).collect();
        add("reports", Some(json!(reports)).filter(|_| !reports.is_empty()));
        let border = |time: LocalTime| time.to_string();
        let window = self.window.map(|(start, end)| (border(start), border(end)));
        let zone = self.zone.as_ref().map(Zone::name);
        add(
            "window",
            window.map(|(start, end)| json!({"start": start, "end": end, "time_zone": zone})),
        );
        add("due", self.due.then_some(json!(true)));
        let part = self.part.as_ref();
        add("part", part.map(|Part { by, number }| json!({"by": by, "number": number})));
        Value::Object(members)
    }
}

/// The most problems of an order that are told.
const MOST_PROBLEMS: usize = 100;

const ID: &str = "a text of 1 to 128 letters, digits and `.`, `_`, `:`, `-`";

/// An id ends in logs and in the names of records.
fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

const WINDOW: &str = "two different dates, local times, or times with an offset, such as \
                      {\"start\": \"2026-11-22\", \"end\": \"2026-11-23\"}";

/// The most reports that an order may name.
const MOST_REPORTS: usize = 10_000;

/// The most entries of a member that is a list.
fn most_of(member: &str) -> usize {
    if member == "to" { MOST_OF_AN_ORDER } else { MOST_REPORTS }
}

fn reports(value: &Value) -> Option<Vec<ReportId>> {
    let (mut ids, mut known) = (Vec::new(), HashSet::new());
    for id in value.as_array()? {
        let id: ReportId = id.as_str()?.parse().ok()?;
        if known.insert(id.clone()) {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then_some(ids)
}

fn window(value: &Value) -> Option<(LocalTime, LocalTime)> {
    let members = value.as_object()?;
    let own = ["start", "end", "time_zone"];
    if members.keys().any(|member| !own.contains(&member.as_str())) {
        return None;
    }
    let time = |member: &str| {
        let text = members.get(member)?.as_str()?;
        // As answers have it: of two equal readings of the clock only the offset tells which.
        let instant = || {
            let time: Timestamp = text.parse().ok()?;
            (time.subsec_nanosecond() == 0).then_some(LocalTime::Instant(time))
        };
        text.parse().ok().or_else(instant)
    };
    Some((time("start")?, time("end")?))
}

/// The zone of a window, as answers have it; nothing where there is none.
fn zone(value: &Value) -> Option<Option<Zone>> {
    match value.get("time_zone") {
        None | Some(Value::Null) => Some(None),
        Some(name) => Zone::named(name.as_str()?).map(Some),
    }
}

fn part(value: &Value) -> Option<Part> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let by = members.get("by")?.as_str().filter(|by| is_id(by))?;
    let number = u32::try_from(members.get("number")?.as_u64()?).ok()?;
    (number > 0).then(|| Part { by: by.to_owned(), number })
}

fn mailboxes(value: &Value) -> Option<Vec<Mailbox>> {
    let to = value.as_array()?.iter().map(|address| address.as_str()?.parse().ok());
    let to = each_once(to.collect::<Option<Vec<Mailbox>>>()?);
    (!to.is_empty()).then_some(to)
}

/// Reads an order's members, and gathers what is wrong with them.
struct Reader<'o> {
    members: &'o Map<String, Value>,
    problems: Vec<(Value, String)>,
}

impl Reader<'_> {
    fn read<T>(
        &mut self,
        member: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.members.get(member)?;
        let (length, most) = (value.as_array().map_or(0, Vec::len), most_of(member));
        if length > most {
            self.problem(member, &format!("has {length} entries, {most} are allowed"));
            return None;
        }
        let found = read(value);
        if found.is_none() {
            self.problem(member, &format!("is not {wanted}"));
        }
        found
    }

    /// What can't stand alone, or not beside another.
    fn check_together(&mut self, order: &Order) {
        for member in ["to", "window", "resend", "due", "part"] {
            if self.members.contains_key(member) && !self.members.contains_key("reports") {
                self.problem(member, "needs `reports`");
            }
        }
        let is_a_persons = order.to.is_some() || order.resend.is_some() || order.dry_run;
        if order.due && order.window.is_none() && self.members.contains_key("reports") {
            self.problem("due", "needs the `window`");
        }
        if order.due && is_a_persons {
            self.problem("due", "does not go with `to`, `resend` or `dry_run`");
        }
        if order.part.is_some() && !(order.due && order.reports.len() == 1) {
            self.problem("part", "needs `due` and one report");
        }
    }

    fn problem(&mut self, member: &str, message: &str) {
        let text = format!("`{member}` {message}");
        self.problems.push((json!({"member": member, "message": text}), text));
    }

    fn summary(&self) -> String {
        let texts: Vec<_> = self.problems.iter().map(|(_, text)| text.as_str()).collect();
        texts.join("; ")
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::ValidationError, Stage::Load, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(detail: Value) -> Value {
        json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-11-23T07:00:00Z", "region": "eu-west-2",
            "resources": ["arn:aws:events:eu-west-2:123456789012:rule/reports"], "detail": detail
        })
    }

    /// The one order of a payload.
    fn asked(payload: &Value) -> Result<Order, Error> {
        match parse(payload)? {
            Payload::Order(order) => Ok(*order),
            Payload::Queue(messages) => panic!("{messages:?}"),
        }
    }

    #[test]
    fn a_scheduled_event_asks_for_what_is_due() {
        for detail in [json!({}), json!("{}")] {
            let order = asked(&scheduled(detail)).unwrap();
            assert_eq!(order.id.as_deref(), Some("53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"));
            assert_eq!(order.time, Some("2026-11-23T07:00:00Z".parse().unwrap()));
            assert!(order.reports.is_empty() && !order.dry_run);
        }
    }

    #[test]
    fn an_order_comes_bare_or_in_an_event() {
        let order = json!({
            "reports": ["daily-queues", "daily-queues"], "time": "2026-11-23T07:00:00+01:00",
            "window": {"start": "2026-11-22", "end": "2026-11-22T18:00"},
            "to": ["Me <me@example.com>"], "dry_run": true
        });
        let bare = asked(&order).unwrap();
        assert_eq!(bare.reports, ["daily-queues".parse().unwrap()]);
        assert_eq!(bare.time, Some("2026-11-23T06:00:00Z".parse().unwrap()));
        assert!(bare.dry_run && bare.window.is_some() && bare.to.is_some() && bare.id.is_none());
        let event = json!({"id": "e1", "time": "2026-11-23T09:00:00Z", "detail-type": "Report wanted",
            "source": "my.app", "detail": order});
        let wrapped = asked(&event).unwrap();
        assert_eq!(wrapped, Order { id: Some("e1".into()), ..bare });
        assert_eq!(asked(&json!({})).unwrap(), Order::default());
    }

    #[test]
    fn every_problem_of_an_order_is_told() {
        let order = json!({"report": "x", "to": ["nobody"], "time": "today", "resend": "some",
            "window": {"start": "2026-11-22"}, "dry_run": "yes"});
        let error = asked(&order).unwrap_err();
        assert_eq!(error.code, Code::ValidationError);
        insta::assert_snapshot!(error.message, @r#"the order is wrong: `time` is not a time such as "2026-11-23T07:00:00Z"; `window` is not two different dates, local times, or times with an offset, such as {"start": "2026-11-22", "end": "2026-11-23"}; `to` is not a list of one or more mail addresses; `dry_run` is not true or false; `resend` is not "failed", "unknown" or "all"; `to` needs `reports`; `window` needs `reports`; `resend` needs `reports`; `report` is unknown; an order has id, reports, time, window, to, dry_run, resend, due, part"#);
        assert_eq!(error.details.len(), 9);
    }

    #[test]
    fn other_payloads_are_refused() {
        let mut no_time = scheduled(json!({}));
        no_time.as_object_mut().unwrap().remove("time");
        let day = json!({"start": "2026-11-22", "end": "2026-11-23"});
        for payload in [
            json!(null),
            json!([1]),
            json!({"Records": 1}),
            json!({"Records": [{"eventSource": "aws:s3", "s3": {}}]}),
            json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}),
            json!({"due": true}),
            json!({"reports": ["x"], "due": true}),
            json!({"reports": ["x"], "window": day, "due": true, "to": ["me@example.com"]}),
            json!({"reports": ["x"], "window": day, "part": {"by": "0a", "number": 1}}),
            json!({"reports": ["x"], "window": day, "due": true, "part": {"by": "0a", "number": 0}}),
            json!({"detail-type": "Scheduled Event"}),
            no_time,
            scheduled(json!({"reports": ["x"]})),
            json!({"detail-type": "x", "source": "y", "detail": "z"}),
            json!({"reports": []}),
            json!({"reports": ["../etc/passwd"]}),
            json!({"reports": null, "to": ["me@example.com"]}),
            json!({"reports": ["x"], "dry_run": null}),
            json!({"id": "ana@example.com"}),
            json!({"id": "x".repeat(129)}),
        ] {
            let error = asked(&payload).unwrap_err();
            assert_eq!((error.code, error.retryable), (Code::ValidationError, false), "{payload}");
        }
    }

    /// Of a batch each message is an order of its own, known by its message's id.
    #[test]
    fn a_batch_has_an_order_a_message() {
        let batch = json!({"Records": [
            {"messageId": "m1", "body": "{\"reports\": [\"a\"]}", "eventSource": "aws:sqs",
             "attributes": {"SentTimestamp": "1795417200000"}},
            {"messageId": "m2", "body": "{\"id\": \"own\", \"time\": \"2026-11-23T06:00:00Z\"}",
             "eventSource": "aws:sqs", "attributes": {"SentTimestamp": "1795417200000"}},
            {"messageId": "m3", "body": "reports", "eventSource": "aws:sqs"},
        ]});
        let Payload::Queue(messages) = parse(&batch).unwrap() else { panic!("{batch}") };
        let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["m1", "m2", "m3"]);
        let orders: Vec<_> = messages.into_iter().map(|message| message.order).collect();
        let Ok([one, two, three]) = <[_; 3]>::try_from(orders) else { panic!("three messages") };
        let one = one.unwrap();
        assert_eq!((one.id.as_deref(), one.from_queue), (Some("m1"), true));
        assert_eq!(one.time, Some("2026-11-23T07:00:00Z".parse().unwrap()));
        let two = two.unwrap();
        assert_eq!(two.id.as_deref(), Some("own"));
        assert_eq!(two.time, Some("2026-11-23T06:00:00Z".parse().unwrap()));
        assert_eq!(three.unwrap_err().code, Code::ValidationError);
    }

    /// What is put into a queue is read from it as it was.
    #[test]
    fn an_order_is_the_same_as_a_message() {
        let instant = |text: &str| LocalTime::Instant(text.parse().unwrap());
        let order = Order {
            id: Some("tick".to_owned()),
            time: Some("2026-11-23T07:00:00Z".parse().unwrap()),
            reports: vec!["a".parse().unwrap(), "b".parse().unwrap()],
            // In autumn the clock shows 01:00 twice.
            window: Some((instant("2026-10-25T00:00:00Z"), instant("2026-10-25T01:00:00Z"))),
            zone: Zone::named("Europe/London"),
            due: true,
            ..Order::default()
        };
        assert_eq!(one(&order.message()).unwrap(), order);
        let part = Some(Part { by: "00c0ffee00c0ffee".to_owned(), number: 3 });
        let order = Order { reports: vec!["a".parse().unwrap()], part, ..order };
        assert_eq!(one(&order.message()).unwrap(), order);
    }
}
