//! Bad days of SES: an outage costs few messages their certainty, and owners hear of it afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_simulator::{Fault, Operation, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, SMALL, definitions, simulator, text, tick, tick_at};

/// The record of [`SMALL`] as `small` for the day of the tests.
const RECORD: &str = "small/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// The time that an invocation has.
const LONG: Duration = Duration::from_secs(120);

const OWNER: &str = "workforce@example.com";

/// [`SMALL`] with a schedule, for so many recipients.
fn for_many(recipients: usize) -> TempDir {
    let to: Vec<_> = (0..recipients).map(|n| format!("\"a{n}@example.com\"")).collect();
    let text = SMALL
        .replace("\"ops@example.com\"", &to.join(", "))
        .replace("[email]", "catch_up = \"2h\"\n[schedule]\nat = \"08:00\"\n\n[email]");
    definitions(&[("small.toml", &text)])
}

async fn function(simulator: &Simulator, reports: &TempDir, runs: &TempDir) -> Function {
    let settings = [
        ("CONNECT_REPORTS_RUNS", text(runs.path())),
        ("CONNECT_REPORTS_MESSAGES_PER_SECOND", "10000"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ];
    let function = Function::start(&simulator.url(), text(reports.path()), &settings).await;
    // The first event that sees a schedule; nothing is due.
    function.succeed(&tick_at("2025-03-30T12:00:00Z")).await;
    function
}

fn record(runs: &TempDir) -> Value {
    let content = std::fs::read(runs.path().join(RECORD)).unwrap();
    serde_json::from_slice(&content).unwrap()
}

fn count(record: &Value, status: &str) -> usize {
    let messages = record["messages"].as_array().unwrap().iter();
    messages.filter(|message| message["status"] == status).count()
}

/// Counts the mails that each address got.
fn mails(simulator: &Simulator) -> BTreeMap<String, usize> {
    let mut mails = BTreeMap::new();
    for to in simulator.messages().into_iter().flat_map(|message| message.to) {
        *mails.entry(to).or_default() += 1;
    }
    mails
}

/// SES accepts mails and says that it failed, or says nothing, for as long as a tick lasts: eight
/// recipients at most have no known end, nobody is sent to twice, and a later tick sends to the rest.
#[tokio::test]
async fn an_outage_leaves_eight_unknown_at_most_and_the_rest_is_sent_later() {
    for (fault, recipients) in [
        (Fault::ServerErrorAfter, 900),
        (Fault::ServerError, 30),
        (Fault::Dropped, 30),
        (Fault::DroppedAfter, 30),
        (Fault::BrokenJson, 30),
    ] {
        let (reports, runs) = (for_many(recipients), tempfile::tempdir().unwrap());
        let simulator = simulator().await;
        let function = function(&simulator, &reports, &runs).await;
        simulator.misbehave(Operation::SendEmail, fault, None);
        let (kind, _) = function.fail(&tick()).await;
        assert_eq!(kind, "DELIVERY_UNKNOWN", "{fault:?}");
        let during = record(&runs);
        let unknown = count(&during, "unknown");
        assert!((1..=8).contains(&unknown), "{fault:?}: {unknown} of {recipients}");
        assert_eq!(count(&during, "failed"), recipients - unknown, "{fault:?}");
        assert_eq!(during["final"], false, "{fault:?}");

        simulator.behave();
        function.api.invoke(tick_at("2025-03-31T07:15:00Z").to_string(), LONG).await;
        let after = record(&runs);
        assert_eq!((&after["status"], &after["final"]), (&json!("unknown"), &json!(true)));
        assert_eq!(
            (count(&after, "unknown"), count(&after, "sent")),
            (unknown, recipients - unknown),
            "{fault:?}"
        );
        let mut mails = mails(&simulator);
        assert_eq!(mails.remove(OWNER), Some(1), "{fault:?}");
        assert!(mails.values().all(|count| *count == 1), "{fault:?}: nobody twice");
        assert!(mails.len() >= recipients - unknown, "{fault:?}");
    }
}

/// The mail to an owner that SES refused is sent by a later tick, once, although its run has ended.
#[tokio::test]
async fn an_owner_who_could_not_be_reached_hears_at_a_later_tick() {
    let (reports, runs) = (for_many(2), tempfile::tempdir().unwrap());
    let simulator = simulator().await;
    let function = function(&simulator, &reports, &runs).await;
    // The two recipients, and then the owner.
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(3));
    let (kind, _) = function.fail(&tick()).await;
    assert_eq!(kind, "DELIVERY_REJECTED");
    let ended = record(&runs);
    assert_eq!((&ended["final"], &ended["notice"]["status"]), (&json!(true), &json!("failed")));
    assert!(simulator.messages().is_empty());

    for minute in ["15", "30", "45"] {
        let answer = function.succeed(&tick_at(&format!("2025-03-31T07:{minute}:00Z"))).await;
        assert_eq!(answer["data"]["reports"], json!([]), "the run has ended");
    }
    assert_eq!(mails(&simulator), BTreeMap::from([(OWNER.to_owned(), 1)]));
    let heard = record(&runs);
    assert_eq!((&heard["final"], &heard["notice"]["status"]), (&json!(true), &json!("sent")));
    assert_eq!(heard["messages"], ended["messages"]);
}

/// A mail to an owner of which nobody knows whether SES took it is never sent again.
#[tokio::test]
async fn an_owner_who_may_have_heard_hears_no_more() {
    let (reports, runs) = (for_many(2), tempfile::tempdir().unwrap());
    let simulator = simulator().await;
    let function = function(&simulator, &reports, &runs).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(3));
    function.fail(&tick()).await;
    simulator.misbehave(Operation::SendEmail, Fault::DroppedAfter, None);
    function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    simulator.behave();
    function.succeed(&tick_at("2025-03-31T07:30:00Z")).await;
    assert_eq!(mails(&simulator), BTreeMap::from([(OWNER.to_owned(), 1)]));
    assert_eq!(record(&runs)["notice"]["status"], "unknown");
}

/// Sends ticks of these times, and counts the mails that are tried until each.
async fn the_owner_is_tried(simulator: &Simulator, function: &Function, tries: [(&str, usize); 4]) {
    let sends = || {
        let calls = simulator.calls();
        calls.iter().filter(|call| call.operation == Operation::SendEmail).count()
    };
    let before = sends();
    for (time, sent) in tries {
        function.succeed(&tick_at(&format!("2025-03-31T{time}:00Z"))).await;
        assert_eq!(sends(), before + sent, "at {time}");
    }
}

/// An owner who can't be reached is tried until `catch_up` has passed, and not after.
#[tokio::test]
async fn an_owner_is_tried_until_the_catch_up_age_has_passed() {
    let (reports, runs) = (for_many(1), tempfile::tempdir().unwrap());
    let simulator = simulator().await;
    let function = function(&simulator, &reports, &runs).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, None);
    function.fail(&tick()).await;
    let tries = [("07:15", 1), ("08:45", 2), ("09:15", 2), ("10:00", 2)];
    the_owner_is_tried(&simulator, &function, tries).await;
    assert_eq!(record(&runs)["notice"]["status"], "failed");
}

/// Without a schedule the window stays the last one for long, and the owner is tried until the catch-up age
/// has passed all the same.
#[tokio::test]
async fn an_owner_of_a_report_without_a_schedule_is_not_tried_for_ever() {
    let monthly = SMALL.replace("\"previous-day\"", "\"previous-month\"\ncatch_up = \"2h\"");
    assert!(monthly.contains("previous-month"));
    let (reports, runs) = (definitions(&[("small.toml", &monthly)]), tempfile::tempdir().unwrap());
    let simulator = simulator().await;
    let settings = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(reports.path()), &settings).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, None);
    function.fail(&tick()).await;
    let tries = [("07:15", 1), ("08:45", 2), ("09:15", 2), ("20:00", 2)];
    the_owner_is_tried(&simulator, &function, tries).await;
}

/// The owner of a run that was given up hears of it although that mail is refused at first.
#[tokio::test]
async fn the_end_of_a_run_that_was_given_up_is_sent_again() {
    let (reports, runs) = (for_many(1), tempfile::tempdir().unwrap());
    let simulator = simulator().await;
    let function = function(&simulator, &reports, &runs).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    function.fail(&tick()).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    function.fail(&tick_at("2025-03-31T09:15:00Z")).await;
    assert_eq!(record(&runs)["notice"]["status"], "failed");
    function.succeed(&tick_at("2025-03-31T09:30:00Z")).await;
    assert_eq!(record(&runs)["notice"]["status"], "sent");
    assert_eq!(mails(&simulator), BTreeMap::from([(OWNER.to_owned(), 1)]));
}

/// The mail about a definition that is not valid is sent by a later tick where SES refused it, once, and
/// not after half a day.
#[tokio::test]
async fn the_owner_of_an_invalid_definition_hears_at_a_later_tick() {
    // Refused at once; and at 07:15 again, after which twelve hours have passed.
    for (refusals, mailed) in [(1, 1), (2, 0)] {
        let runs = tempfile::tempdir().unwrap();
        let reports = definitions(&[("small.toml", &SMALL.replace("window   =", "windw    ="))]);
        let simulator = simulator().await;
        let settings = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
        let function = Function::start(&simulator.url(), text(reports.path()), &settings).await;
        simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(refusals));
        assert_eq!(function.fail(&tick()).await.0, "VALIDATION_ERROR");
        assert!(simulator.messages().is_empty());
        for time in ["07:15", "19:30", "19:45"] {
            let answer = function.succeed(&tick_at(&format!("2025-03-31T{time}:00Z"))).await;
            assert_eq!(answer["data"]["reports"][0]["status"], "failed", "it is listed");
        }
        assert_eq!(mails(&simulator).get(OWNER).copied().unwrap_or(0), mailed, "{refusals}");
    }
}

/// After an answer that leaves the mail to one owner unknown, the owner of the next definition waits for a
/// later tick.
#[tokio::test]
async fn notices_of_invalid_definitions_heed_the_breaker() {
    let runs = tempfile::tempdir().unwrap();
    let wrong = SMALL.replace("window   =", "windw    =");
    let reports = definitions(&[("a.toml", &wrong), ("b.toml", &wrong)]);
    let simulator = simulator().await;
    let settings = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(reports.path()), &settings).await;
    simulator.misbehave(Operation::SendEmail, Fault::ServerErrorAfter, None);
    function.fail(&tick()).await;
    assert_eq!(simulator.messages().len(), 1, "the second was not tried");
    simulator.behave();
    for minute in ["15", "30"] {
        function.succeed(&tick_at(&format!("2025-03-31T07:{minute}:00Z"))).await;
    }
    assert_eq!(mails(&simulator), BTreeMap::from([(OWNER.to_owned(), 2)]), "each once");
}
