//! What an invocation is asked for: an EventBridge event, or an order, becomes an [`Order`].

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::address::{Mailbox, each_once};
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::window::LocalTime;

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
    /// The recipients, in place of the definition's.
    pub to: Option<Vec<Mailbox>>,
    /// Whether everything is done but the sending.
    pub dry_run: bool,
    /// Who gets a message again that was made before.
    pub resend: Option<Resend>,
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

const MEMBERS: &[&str] = &["id", "reports", "time", "window", "to", "dry_run", "resend"];

/// Reads an invocation's payload.
///
/// # Errors
/// `VALIDATION_ERROR`, with every problem of an order in `details`.
pub fn parse(payload: &Value) -> Result<Order, Error> {
    let Some(members) = payload.as_object() else {
        return Err(invalid("the event is no JSON object").hint(
            "send an EventBridge event, or an order such as {\"reports\": [\"daily-queues\"]}",
        ));
    };
    if members.contains_key("Records") {
        return Err(invalid("a batch from a queue is not supported by this version yet")
            .hint("invoke the function by EventBridge, or with an order"));
    }
    match members.contains_key("detail-type") {
        true => event_bridge(payload),
        false => order(members),
    }
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
        to: reader.read("to", "a list of one or more mail addresses", mailboxes),
        dry_run: reader.read("dry_run", "true or false", Value::as_bool).unwrap_or_default(),
        resend: reader.read("resend", "\"failed\", \"unknown\" or \"all\"", |value| {
            let word = value.as_str()?;
            Resend::ALL.iter().find(|(name, _)| *name == word).map(|(_, resend)| *resend)
        }),
    };
    for member in ["to", "window", "resend"] {
        if members.contains_key(member) && !members.contains_key("reports") {
            reader.problem(member, "needs `reports`");
        }
    }
    for member in members.keys().filter(|member| !MEMBERS.contains(&member.as_str())) {
        // A name is quoted as far as it can be one.
        let name: String = member.chars().take(40).collect();
        reader.problem(&name, &format!("is unknown; an order has {}", MEMBERS.join(", ")));
    }
    match reader.problems.is_empty() {
        true => Ok(order),
        false => Err(invalid(format!("the order is wrong: {}", reader.summary()))
            .details(reader.problems.into_iter().map(|(details, _)| details).collect())),
    }
}

const ID: &str = "a text of 1 to 128 letters, digits and `.`, `_`, `:`, `-`";

/// An id ends in logs and in the names of records.
fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

const WINDOW: &str = "two different dates or local times such as \
                      {\"start\": \"2026-11-22\", \"end\": \"2026-11-23\"}";

fn reports(value: &Value) -> Option<Vec<ReportId>> {
    let mut ids: Vec<ReportId> = Vec::new();
    for id in value.as_array()? {
        let id = id.as_str()?.parse().ok()?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then_some(ids)
}

fn window(value: &Value) -> Option<(LocalTime, LocalTime)> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let time = |member: &str| members.get(member)?.as_str()?.parse::<LocalTime>().ok();
    Some((time("start")?, time("end")?))
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
        let found = read(value);
        if found.is_none() {
            self.problem(member, &format!("is not {wanted}"));
        }
        found
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

    #[test]
    fn a_scheduled_event_asks_for_what_is_due() {
        for detail in [json!({}), json!("{}")] {
            let order = parse(&scheduled(detail)).unwrap();
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
        let bare = parse(&order).unwrap();
        assert_eq!(bare.reports, ["daily-queues".parse().unwrap()]);
        assert_eq!(bare.time, Some("2026-11-23T06:00:00Z".parse().unwrap()));
        assert!(bare.dry_run && bare.window.is_some() && bare.to.is_some() && bare.id.is_none());
        let event = json!({"id": "e1", "time": "2026-11-23T09:00:00Z", "detail-type": "Report wanted",
            "source": "my.app", "detail": order});
        let wrapped = parse(&event).unwrap();
        assert_eq!(wrapped, Order { id: Some("e1".into()), ..bare });
        assert_eq!(parse(&json!({})).unwrap(), Order::default());
    }

    #[test]
    fn every_problem_of_an_order_is_told() {
        let order = json!({"report": "x", "to": ["nobody"], "time": "today", "resend": "some",
            "window": {"start": "2026-11-22"}, "dry_run": "yes"});
        let error = parse(&order).unwrap_err();
        assert_eq!(error.code, Code::ValidationError);
        insta::assert_snapshot!(error.message, @r#"the order is wrong: `time` is not a time such as "2026-11-23T07:00:00Z"; `window` is not two different dates or local times such as {"start": "2026-11-22", "end": "2026-11-23"}; `to` is not a list of one or more mail addresses; `dry_run` is not true or false; `resend` is not "failed", "unknown" or "all"; `to` needs `reports`; `window` needs `reports`; `resend` needs `reports`; `report` is unknown; an order has id, reports, time, window, to, dry_run, resend"#);
        assert_eq!(error.details.len(), 9);
    }

    #[test]
    fn other_payloads_are_refused() {
        let mut no_time = scheduled(json!({}));
        no_time.as_object_mut().unwrap().remove("time");
        for payload in [
            json!(null),
            json!([1]),
            json!({"Records": []}),
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
            let error = parse(&payload).unwrap_err();
            assert_eq!((error.code, error.retryable), (Code::ValidationError, false), "{payload}");
        }
    }
}
