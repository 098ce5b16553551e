use serde_json::json;

use super::*;
use crate::error::Code;
use crate::window::{LocalTime, Zone};

fn scheduled(detail: Value) -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": "2026-11-23T07:00:00Z", "region": "eu-west-2",
        "resources": ["arn:aws:events:eu-west-2:123456789012:rule/reports"], "detail": detail
    })
}

/// The one trigger of a payload.
fn asked(payload: &Value) -> Result<Trigger, Error> {
    match parse_payload(payload)? {
        Payload::One(trigger) => Ok(*trigger),
        Payload::Queue(messages) => panic!("{messages:?}"),
    }
}

#[test]
fn a_scheduled_event_asks_for_what_is_due() {
    for detail in [json!({}), json!("{}")] {
        let order = asked(&scheduled(detail)).unwrap();
        assert_eq!(order.id.as_deref(), Some("53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"));
        assert_eq!(order.time, Some("2026-11-23T07:00:00Z".parse().unwrap()));
        assert_eq!(order.kind, TriggerKind::Tick { from_queue: false });
        assert!(order.is_tick());
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
    assert_eq!(bare.reports(), ["daily-queues".parse().unwrap()]);
    assert_eq!(bare.time, Some("2026-11-23T06:00:00Z".parse().unwrap()));
    assert!(bare.recipients().is_some() && bare.resent_to().is_none());
    assert!(bare.dry_run && bare.window().is_some() && bare.id.is_none());
    let event = json!({"id": "e1", "time": "2026-11-23T09:00:00Z", "detail-type": "Report wanted",
        "source": "my.app", "detail": order});
    let wrapped = asked(&event).unwrap();
    assert_eq!(wrapped, Trigger { id: Some("e1".into()), ..bare });
    assert_eq!(asked(&json!({})).unwrap(), Trigger::tick());
}

#[test]
fn every_problem_of_an_order_is_reported() {
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
fn each_message_of_a_batch_is_an_order() {
    let batch = json!({"Records": [
        {"messageId": "m1", "body": "{\"reports\": [\"a\"]}", "eventSource": "aws:sqs",
         "attributes": {"SentTimestamp": "1795417200000"}},
        {"messageId": "m2", "body": "{\"id\": \"own\", \"time\": \"2026-11-23T06:00:00Z\"}",
         "eventSource": "aws:sqs", "attributes": {"SentTimestamp": "1795417200000"}},
        {"messageId": "m3", "body": "reports", "eventSource": "aws:sqs"},
    ]});
    let Payload::Queue(messages) = parse_payload(&batch).unwrap() else { panic!("{batch}") };
    let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids, ["m1", "m2", "m3"]);
    let orders: Vec<_> = messages.into_iter().map(|message| message.trigger).collect();
    let Ok([one, two, three]) = <[_; 3]>::try_from(orders) else { panic!("three messages") };
    let one = one.unwrap();
    assert_eq!(one.id.as_deref(), Some("m1"));
    assert_eq!(one.time, Some("2026-11-23T07:00:00Z".parse().unwrap()));
    let two = two.unwrap();
    assert_eq!(two.id.as_deref(), Some("own"));
    assert_eq!(two.kind, TriggerKind::Tick { from_queue: true });
    assert_eq!(two.time, Some("2026-11-23T06:00:00Z".parse().unwrap()));
    assert_eq!(three.unwrap_err().code, Code::ValidationError);
}

/// A trigger that is put into a queue is read back unchanged.
#[test]
fn an_order_is_the_same_as_a_message() {
    let instant = |text: &str| LocalTime::Instant(text.parse().unwrap());
    let span = QueuedSpan {
        // In autumn the clock shows 01:00 twice.
        window: (instant("2026-10-25T00:00:00Z"), instant("2026-10-25T01:00:00Z")),
        zone: Zone::named("Europe/London"),
    };
    let reports = vec!["a".parse().unwrap(), "b".parse().unwrap()];
    let group = Trigger {
        id: Some("tick".to_owned()),
        time: Some("2026-11-23T07:00:00Z".parse().unwrap()),
        kind: TriggerKind::Group { reports, span: span.clone() },
        ..Trigger::tick()
    };
    assert_eq!(parse_one(&group.to_message()).unwrap(), group);
    let report = "a".parse().unwrap();
    let by = "00c0ffee00c0ffee".to_owned();
    let kind = TriggerKind::Shard { report, span, shard: ShardId { by, number: 3 } };
    let shard = Trigger { kind, ..group };
    assert_eq!(parse_one(&shard.to_message()).unwrap(), shard);
}
