use std::time::{Duration, UNIX_EPOCH};

use connect_simulator::Operation;
use serde_json::{Value, json};

use crate::harness::binary::{DUE, Function, SMALL, definitions, failed, simulator, text, tick};
use crate::harness::mail;
use crate::harness::runtime_api::Answer;
use crate::harness::s3::S3;

/// Definitions come from a prefix of a bucket, page by page, and no deeper.
#[tokio::test]
async fn definitions_lie_in_s3() {
    let simulator = simulator().await;
    let s3 = S3::start(&[
        ("reports/a.toml", SMALL),
        ("reports/b.toml", SMALL),
        ("reports/c.toml", SMALL),
        ("reports/notes.txt", "not a definition"),
        ("reports/old/d.toml", "not read"),
        ("other/e.toml", "not read"),
    ])
    .await;
    let s3_url = s3.url();
    let more = [("AWS_ENDPOINT_URL_S3", s3_url.as_str())];
    let function = Function::start(&simulator.url(), "s3://reports-bucket/reports", &more).await;
    let answer = function.succeed(&tick()).await;
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ids: Vec<_> = runs.iter().map(|run| run["report"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(simulator.messages().len(), 3);

    // What the list says has not changed is not fetched again; an order asks for what it names.
    assert_eq!(s3.reads("reports/"), 3);
    s3.write("reports/b.toml", &SMALL.replace("Small", "Renamed"));
    function.succeed(&tick()).await;
    assert_eq!(s3.reads("reports/"), 4);
    let order = json!({"reports": ["b"], "time": DUE});
    for _ in 0..2 {
        function.succeed(&order).await;
    }
    assert_eq!(s3.reads("reports/"), 6);
    let last = simulator.messages().pop().unwrap();
    assert!(mail::parse(&last.raw).subject().unwrap().starts_with("Renamed"));

    let nowhere = Function::start(&simulator.url(), "s3://no-such-bucket/reports", &more).await;
    let (kind, envelope) = nowhere.fail(&tick()).await;
    assert_eq!(kind, "NOT_FOUND");
    assert_eq!(envelope["error"]["stage"], "load");
}

/// An order names reports, window and recipients; a dry run sends nothing.
#[tokio::test]
async fn an_order_says_what_to_run() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL), ("other.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let mut order = json!({
        "id": "order-1", "reports": ["small"], "to": ["me@example.com", "You <you@example.com>"],
        "window": {"start": "2025-03-28", "end": "2025-03-29T12:00"}, "dry_run": true, "time": DUE
    });
    let answer = function.succeed(&order).await;
    let run = &answer["data"]["reports"][0];
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&json!("skipped"), &json!("dry run: nothing was sent"))
    );
    assert!(simulator.messages().is_empty());

    order["dry_run"] = json!(false);
    let event = json!({
        "id": "event-1", "detail-type": "Report wanted", "source": "my.app",
        "time": DUE, "detail": order
    });
    let answer = function.succeed(&event).await;
    assert_eq!(answer["data"]["id"], "order-1");
    let run = &answer["data"]["reports"][0];
    let window = json!({
        "start": "2025-03-28T00:00:00+00:00", "end": "2025-03-29T12:00:00+00:00",
        "time_zone": "Europe/London"
    });
    assert_eq!((&run["status"], &run["window"]), (&json!("sent"), &window));
    let messages = simulator.messages().into_iter();
    let mut to: Vec<_> = messages.map(|message| message.to).collect();
    to.sort();
    assert_eq!(to, [["me@example.com"], ["you@example.com"]]);
}

/// `cargo lambda watch` gives a deadline of 1970, which is no reason not to run.
#[tokio::test]
async fn a_deadline_of_1970_is_none() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let deadline = UNIX_EPOCH + Duration::from_millis(600_000);
    let answer = function.api.invoke_until(tick().to_string(), deadline).await;
    assert!(matches!(answer, Answer::Response(_)), "{answer:?}");
    assert_eq!(simulator.messages().len(), 1);
}

/// Lambda learns nothing from a process that ends while it starts, so a wrong setting is the
/// answer to every invocation.
#[tokio::test]
async fn a_wrong_setting_is_told_in_every_answer() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    for (variable, value, told) in [
        ("CONNECT_REPORTS_INSTANCE", "aaaabbbb", "CONNECT_REPORTS_INSTANCE is no ARN"),
        ("CONNECT_REPORTS_RUNS", "gs://x/runs", "CONNECT_REPORTS_RUNS is neither a folder"),
    ] {
        let function =
            Function::start(&simulator.url(), text(folder.path()), &[(variable, value)]).await;
        for _ in 0..2 {
            let (kind, envelope) = function.fail(&tick()).await;
            assert_eq!(kind, "CONFIGURATION_ERROR");
            assert!(envelope["error"]["message"].as_str().unwrap().starts_with(told));
        }
    }
    assert!(simulator.calls().is_empty() && simulator.messages().is_empty());
}

/// What can't be an event is refused with a code of ours, and the next event is answered.
#[tokio::test]
async fn bad_events_are_refused_and_the_next_one_is_answered() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let minute = Duration::from_secs(60);
    let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(300), "]".repeat(300));
    for payload in [
        "{not json",
        "",
        "\u{0}\u{1}",
        "null",
        "[]",
        "7",
        r#"{"report": "small"}"#,
        r#"{"reports": null, "to": ["me@example.com"]}"#,
        r#"{"a": 1e999}"#,
        r#"{"reports": ["\ud800"]}"#,
        &deep,
    ] {
        let (kind, envelope) = failed(function.api.invoke(payload, minute).await);
        assert_eq!(kind, "VALIDATION_ERROR", "{payload}");
        assert_eq!(envelope["error"]["stage"], "load");
    }
    let (kind, envelope) = function.fail(&json!({"reports": ["small", "smal"]})).await;
    assert_eq!((kind.as_str(), &envelope["error"]["report"]), ("NOT_FOUND", &json!("smal")));
    assert_eq!(envelope["error"]["hint"], "did you mean `small`? there are: small");
    assert!(simulator.messages().is_empty() && simulator.calls().is_empty());

    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 1);
    let log = function.log();
    assert!(log.contains(r#""code":"NOT_FOUND""#) && !log.contains('@'), "{log}");
}

/// Every line of the log has what it can be found by, whatever it tells ([`Function`] looks at those of
/// all tests): here of an outcome, a refused event, a failed invocation, and what was news at the start.
#[tokio::test]
async fn every_line_of_the_log_can_be_found_by_its_invocation() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let lines = |log: String| -> Vec<Value> {
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let first = lines(function.log());
    assert!(first.iter().all(|line| line["cold_start"] == true), "{first:#?}");
    function.fail(&json!({"nonsense": 1})).await;
    let later = lines(function.log()).split_off(first.len());
    assert!(later.iter().all(|line| line["cold_start"] == false), "{later:#?}");
    let says = |lines: &[Value], word: &str| {
        lines.iter().any(|line| line["message"].as_str().is_some_and(|m| m.contains(word)))
    };
    assert!(says(&first, "run") && says(&first, "outcomes are not recorded"), "{first:#?}");
    assert!(says(&later, "refused") && says(&later, "the invocation failed"), "{later:#?}");
    assert!(later.iter().any(|line| line["_aws"].is_object()), "{later:#?}");

    let wrong = [("CONNECT_REPORTS_INSTANCE", "aaaabbbb")];
    let function = Function::start(&simulator.url(), text(folder.path()), &wrong).await;
    function.fail(&tick()).await;
    assert!(says(&lines(function.log()), "start"), "{}", function.log());
}

/// The pages of one request repeat it to the letter; figures and names that two reports need are
/// asked for once.
#[tokio::test]
async fn pages_repeat_their_request() {
    let simulator = simulator().await;
    let folder = definitions(&[("one.toml", SMALL), ("two.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let answer = function.succeed(&tick()).await;
    let calls = simulator.calls();
    let figures = calls.iter().filter(|call| call.operation == Operation::GetMetricDataV2);
    let bodies: Vec<_> = figures.map(|call| call.body.clone()).collect();
    for body in &bodies {
        assert_eq!(
            body["Interval"],
            json!({"TimeZone": "Europe/London", "IntervalPeriod": "TOTAL"})
        );
        assert_eq!(body["StartTime"], json!(1_743_292_800));
        assert_eq!(body["EndTime"], json!(1_743_375_600));
    }
    let pages: u64 = answer["data"]["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["pages"].as_u64().unwrap())
        .sum();
    assert_eq!(bodies.len() as u64 * 2, pages, "one request serves both reports");
    assert!(bodies.len() > 2, "rows come in several pages: {pages}");
    let lists = calls.iter().filter(|call| call.operation == Operation::ListQueues).count();
    let queues = simulator.centre().standard_queues().count();
    assert_eq!(lists, queues.div_ceil(5), "one list serves both reports");
}
