use serde_json::json;

use super::*;
use crate::destination::{Destination, StoredDestination};
use crate::window::{LocalTime, Zone};

fn record() -> RunRecord {
    let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
    let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
    let event = TriggerId { id: "tick".to_owned(), time: window.end() };
    let mut record = RunRecord::new("daily".to_owned(), window, "0123".to_owned(), event);
    let to = ["Ana <ana@example.com>", "b@example.com"].map(destination);
    record.set_message("message".to_owned(), &to, record.started_at);
    record
}

fn destination(mailbox: &str) -> StoredDestination {
    (&Destination::Mail(mailbox.parse().unwrap())).into()
}

fn ended(ends: [Result<(), (Code, bool)>; 2]) -> RunRecord {
    let mut record = record();
    for (recipient, end) in record.recipients.iter_mut().zip(ends) {
        recipient.set_result(end.map(|()| "id".to_owned()).map_err(|(code, retryable)| Error {
            retryable,
            ..Error::new(code, Stage::Deliver, "no")
        }));
    }
    let now = record.started_at;
    record.end(None, now);
    record
}

/// This version keeps the members that another one has added to a record.
#[test]
fn unknown_members_of_a_record_are_kept() {
    let mut value: Value = serde_json::from_slice(&record().to_json()).unwrap();
    value["later"] = json!({"a": [1, 2.5, null]});
    value["messages"][1]["opened"] = json!("yes");
    let parsed = RunRecord::parse("key", value.to_string().as_bytes()).unwrap();
    let written: Value = serde_json::from_slice(&parsed.to_json()).unwrap();
    assert_eq!(written, value);
    assert_eq!(parsed.recipients[0].destination(), destination("Ana <ana@example.com>"));
    value["version"] = json!(3);
    let error = RunRecord::parse("key", value.to_string().as_bytes()).unwrap_err();
    assert!(error.message.contains("version 3") && !error.retryable);
}

/// The worst delivery counts. A retryable error keeps the run open, also beside an unknown recipient.
#[test]
fn the_worst_delivery_decides_on_the_run() {
    use Code::{DeliveryRejected, DeliveryUnknown, Throttled};
    for (ends, status, is_final) in [
        ([Ok(()), Ok(())], RunState::Sent, true),
        ([Ok(()), Err((DeliveryRejected, false))], RunState::Failed, true),
        ([Err((Throttled, true)), Ok(())], RunState::Failed, false),
        ([Err((DeliveryRejected, false)), Err((DeliveryUnknown, false))], RunState::Unknown, true),
        ([Err((Throttled, true)), Err((DeliveryUnknown, false))], RunState::Unknown, false),
    ] {
        let record = ended(ends);
        assert_eq!((record.status, record.is_final), (status, is_final), "{ends:?}");
        assert_eq!(record.error.is_some(), status != RunState::Sent, "{ends:?}");
    }
}

/// Only retryable failures are tried again automatically. A person may ask for permanent ones as well, but nobody
/// for unknown recipients.
#[test]
fn an_attempt_begins_with_those_who_may_be_sent_to() {
    let ends = [Err((Code::DeliveryRejected, false)), Err((Code::DeliveryUnknown, false))];
    for (is_manual, first) in [(false, DeliveryState::Failed), (true, DeliveryState::Pending)] {
        let mut record = ended(ends);
        let (event, now) = (record.event.clone(), record.started_at);
        let claim = Lease { by: "me".to_owned(), until: Some(now) };
        record.begin_attempt(claim, &event, is_manual, now);
        let states: Vec<_> = record.recipients.iter().map(|r| r.status).collect();
        assert_eq!(states, [first, DeliveryState::Unknown]);
    }
}

/// A lease that is longer than any invocation does not count.
#[test]
fn a_lease_of_more_than_twenty_minutes_does_not_count() {
    let now: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
    let mut record = ended([Ok(()), Ok(())]);
    for (until, is_held) in [
        ("2026-11-23T07:00:00Z", false),
        ("2026-11-23T07:00:01Z", true),
        ("2026-11-23T07:20:00Z", true),
        ("2026-11-23T07:20:01Z", false),
        ("9999-12-30T22:00:00Z", false),
    ] {
        record.claim.until = Some(until.parse().unwrap());
        assert_eq!(record.is_held_at(now), is_held, "{until}");
    }
}

/// A record may have any number of attempts.
#[test]
fn the_count_of_attempts_stops_at_the_largest_number() {
    let mut record = ended([Err((Code::Throttled, true)), Ok(())]);
    record.attempts = u32::MAX;
    let (event, now) = (record.event.clone(), record.started_at);
    record.begin_attempt(Lease { by: "me".to_owned(), until: Some(now) }, &event, false, now);
    assert_eq!(record.attempts, u32::MAX);
}

/// Each kind of destination has places of its own, and a service that takes nothing holds up no other kind.
#[test]
fn each_kind_of_destination_has_places_of_its_own() {
    let of_kind = |kind: Option<&str>, n: usize| StoredDestination {
        kind: kind.map(str::to_owned),
        to: format!("r{n}"),
        name: None,
    };
    let kinds = [None, None, None, Some("pager"), None, Some("pager"), Some("broken")];
    let to: Vec<_> = kinds.into_iter().enumerate().map(|(n, kind)| of_kind(kind, n)).collect();
    let mut record = record();
    let limit = |recipient: &Recipient| match recipient.kind_word().as_deref() {
        None => Ok(2),
        Some("pager") => Ok(1),
        Some(_) => Err(Error::new(Code::ServiceError, Stage::Deliver, "no").retryable()),
    };
    record.set_message("message".to_owned(), &to, record.started_at);
    assert_eq!(record.mark(8, limit), [0, 1, 3]);
    assert_eq!(record.recipients[6].status, DeliveryState::Failed);
    record.recipients[0].set_result(Ok("id".to_owned()));
    record.recipients[3].set_result(Ok("id".to_owned()));
    assert_eq!(record.mark(2, limit), [2]);
    assert_eq!(record.mark(3, limit), [5]);
    assert!(record.mark(3, limit).is_empty() && record.has_pending());
}
