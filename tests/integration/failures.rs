use std::time::Duration;

use connect_simulator::{Fault, Operation, Simulator};
use serde_json::{Value, json};

use crate::harness::binary::{
    FIGURE, Function, SECRET, SMALL, closed_port, definitions, failed, simulator, text, tick,
};
use crate::harness::canned::Canned;
use crate::harness::runtime_api::Answer;

/// One attempt a call, so that what never ends does not take long.
const ONCE: &[(&str, &str)] = &[("AWS_MAX_ATTEMPTS", "1")];

/// Whatever stops a report has its code, its stage, and whether trying again can help; nothing is
/// sent, and the invocation fails.
#[tokio::test]
async fn what_stops_a_report_has_its_code() {
    use Operation::{GetMetricDataV2, ListQueues};
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    for (index, operation) in [GetMetricDataV2, ListQueues].into_iter().enumerate() {
        // A process that has read a list does not ask for it again so soon.
        let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
        for (fault, code, retryable) in [
            (Fault::Denied, "ACCESS_DENIED", false),
            (Fault::ServerError, "SERVICE_ERROR", true),
            (Fault::Dropped, "SERVICE_ERROR", true),
            (Fault::BrokenJson, "BAD_RESPONSE", true),
            (Fault::RepeatedToken, "BAD_RESPONSE", true),
            // The last one: after it the process calls slowly for a while.
            (Fault::Throttled, "THROTTLED", true),
        ] {
            simulator.misbehave(operation, fault, None);
            // What is throttled is tried again until there is no time left.
            let answer = function.api.invoke(tick().to_string(), Duration::from_secs(5)).await;
            let (kind, envelope) = failed(answer);
            assert_eq!(kind, code, "{operation} {fault:?}: {envelope:#}");
            let error = &envelope["error"];
            assert_eq!(error["retryable"], retryable, "{operation} {fault:?}: {error:#}");
            assert_eq!((&error["stage"], &error["report"]), (&json!("query"), &json!("small")));
            assert_eq!(envelope["data"]["reports"][0]["status"], "failed");
            let action = format!("connect:{operation}");
            assert!(error["message"].as_str().unwrap().contains(&action), "{error:#}");
            simulator.behave();
        }
        assert_eq!(simulator.messages().len(), index);
        function.succeed(&tick()).await;
        assert_eq!(simulator.messages().len(), index + 1, "it sends once all is well");
    }
}

/// An answer that never comes ends with the time that the invocation has.
#[tokio::test]
async fn an_answer_that_never_comes_ends_in_time() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL), ("tiny.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Silent, None);
    let answer = function.api.invoke(tick().to_string(), Duration::from_secs(8)).await;
    let (kind, envelope) = failed(answer);
    assert_eq!(kind, "TIMEOUT");
    let runs = envelope["data"]["reports"].as_array().unwrap();
    let stages: Vec<_> = runs.iter().map(|run| run["error"]["stage"].clone()).collect();
    assert_eq!(stages, ["query", "plan"], "the second report was not started: {envelope:#}");
    assert!(runs.iter().all(|run| run["error"]["retryable"] == true));
    assert!(simulator.messages().is_empty());
}

/// The SDK's own retries carry a report over what passes.
#[tokio::test]
async fn what_passes_is_tried_again() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    for fault in [Fault::Throttled, Fault::ServerError, Fault::Dropped] {
        simulator.misbehave(Operation::GetMetricDataV2, fault, Some(1));
        function.succeed(&tick()).await;
    }
    simulator.misbehave(Operation::SendEmail, Fault::Throttled, Some(1));
    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 4);
}

/// Definitions that can't be used are told with their places, and nothing is asked or sent.
#[tokio::test]
async fn definitions_that_are_wrong_are_told_with_their_places() {
    let simulator = simulator().await;
    for (mistake, mend, line, column, code) in [
        ("window   = \"previous-day\"", "window   = previous-day", 6, 12, "syntax"),
        ("timezone = \"Europe/London\"\n", "", 1, 1, "missing-key"),
        ("title    = \"Small\"", "titel    = \"Small\"", 2, 1, "unknown-key"),
        ("Europe/London", "Europe/Londn", 5, 12, "unknown-zone"),
        ("[email]", "[email]\ndelivery = \"together\"", 9, 12, "not-yet"),
    ] {
        let folder = definitions(&[("small.toml", &SMALL.replacen(mistake, mend, 1))]);
        let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "VALIDATION_ERROR");
        let error = &envelope["error"];
        assert_eq!((&error["stage"], &error["report"]), (&json!("load"), &json!("small")));
        let found = error["details"].as_array().unwrap().iter().any(|problem| {
            problem["line"] == line && problem["column"] == column && problem["code"] == code
        });
        assert!(found, "{code} at {line}:{column} in {:#}", error["details"]);
    }
    assert!(simulator.calls().is_empty() && simulator.messages().is_empty());
}

/// A definition that is wrong, or a report that fails, leaves the others sent; the answer says
/// which. The invocation does not fail, for its retry would send the others twice.
#[tokio::test]
async fn one_report_that_fails_leaves_the_others_sent() {
    let simulator = simulator().await;
    let unknown_queue = SMALL.replace("[\"*\"]", "[\"Sails\"]");
    let folder = definitions(&[
        ("a-wrong.toml", &SMALL.replace("title    =", "titel    =")),
        ("b-unknown.toml", &unknown_queue),
        ("c-good.toml", SMALL),
    ]);
    let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
    let answer = function.succeed(&tick()).await;
    assert_eq!(answer["success"], false);
    assert_eq!(
        (&answer["error"]["code"], &answer["error"]["report"]),
        (&json!("VALIDATION_ERROR"), &json!("a-wrong"))
    );
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ends: Vec<_> = runs
        .iter()
        .map(|run| (run["report"].as_str().unwrap(), run["status"].as_str().unwrap()))
        .collect();
    assert_eq!(ends, [("a-wrong", "failed"), ("b-unknown", "failed"), ("c-good", "sent")]);
    let problem = &runs[1]["error"]["details"][0];
    assert_eq!((&problem["line"], &problem["code"]), (&json!(15), &json!("selection")));
    assert!(problem["help"].as_str().unwrap().contains("did you mean `Sales`?"), "{problem:#}");
    assert_eq!(simulator.messages().len(), 1);
}

/// What SES refuses is told per recipient, and an unclear end is never tried again.
#[tokio::test]
async fn deliveries_that_fail_and_deliveries_that_nobody_knows_of() {
    let simulator = simulator().await;
    let two = SMALL.replace("[\"ops@example.com\"]", "[\"ops@example.com\", \"ana@example.com\"]");
    let folder = definitions(&[("small.toml", &two)]);
    // With the SDK's own attempts: none of them may be spent on what is not clear.
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;

    let (kind, envelope) = fail(&simulator, &function, Fault::Rejected, None).await;
    assert_eq!(kind, "DELIVERY_REJECTED");
    assert_eq!(
        envelope["data"]["reports"][0]["messages"],
        json!({"sent": 0, "failed": 2, "unknown": 0})
    );
    assert!(!envelope.to_string().contains('@'), "{envelope:#}");
    assert!(envelope["error"]["hint"].as_str().unwrap().contains("verify the sender"));

    let (kind, _) = fail(&simulator, &function, Fault::Denied, None).await;
    assert_eq!(kind, "ACCESS_DENIED");
    let (kind, _) = fail(&simulator, &function, Fault::Throttled, None).await;
    assert_eq!(kind, "THROTTLED");
    let (kind, _) = fail(&simulator, &function, Fault::Unavailable, None).await;
    assert_eq!(kind, "SERVICE_ERROR");
    assert!(simulator.messages().is_empty());

    for (fault, kept) in [
        (Fault::Dropped, 1),
        (Fault::DroppedAfter, 2),
        (Fault::BrokenJson, 2),
        (Fault::ServerError, 1),
        (Fault::ServerErrorAfter, 2),
    ] {
        simulator.misbehave(Operation::SendEmail, fault, Some(1));
        let before = simulator.messages().len();
        let answer = function.succeed(&tick()).await;
        assert_eq!(answer["success"], false);
        assert_eq!(answer["error"]["code"], "DELIVERY_UNKNOWN", "{fault:?}: {answer:#}");
        let run = &answer["data"]["reports"][0];
        assert_eq!(run["status"], "unknown");
        let messages = run["messages"].as_array().unwrap().iter();
        let mut ends: Vec<_> = messages.map(|m| m["status"].as_str().unwrap()).collect();
        // Both are on their way at once.
        ends.sort_unstable();
        assert_eq!(ends, ["sent", "unknown"]);
        assert_eq!(simulator.messages().len() - before, kept, "{fault:?}");
    }
}

async fn fail(
    simulator: &Simulator,
    function: &Function,
    fault: Fault,
    times: Option<u32>,
) -> (String, Value) {
    simulator.misbehave(Operation::SendEmail, fault, times);
    let answer = function.fail(&tick()).await;
    simulator.behave();
    answer
}

/// A send without an answer ends in time too, and is unknown.
#[tokio::test]
async fn a_send_without_an_answer_is_unknown() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
    simulator.misbehave(Operation::SendEmail, Fault::Silent, None);
    match function.api.invoke(tick().to_string(), Duration::from_secs(8)).await {
        Answer::Response(answer) => {
            assert_eq!(answer["error"]["code"], "DELIVERY_UNKNOWN", "{answer:#}");
            assert_eq!(answer["data"]["reports"][0]["messages"][0]["status"], "unknown");
        }
        Answer::Error { message, .. } => panic!("a retry could send twice: {message}"),
    }
}

/// SES that refuses for its rate until the time is up has refused: nothing was sent, and a retry may
/// send.
#[tokio::test]
async fn a_rate_that_is_refused_to_the_end_is_no_unknown() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let patient = [("AWS_MAX_ATTEMPTS", "50")];
    let function = Function::start(&simulator.url(), text(folder.path()), &patient).await;
    simulator.misbehave(Operation::SendEmail, Fault::Throttled, None);
    let answer = function.api.invoke(tick().to_string(), Duration::from_secs(8)).await;
    let (kind, envelope) = failed(answer);
    assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), ("THROTTLED", &json!(true)));
    assert!(simulator.messages().is_empty());
}

/// Where no connection to SES is made, nothing was sent, and a retry may send.
#[tokio::test]
async fn a_connection_that_is_never_made_is_no_unknown() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let tls_where_there_is_none = simulator.url().replace("http:", "https:");
    for nowhere in [closed_port().as_str(), &tls_where_there_is_none] {
        let more = [("AWS_ENDPOINT_URL_SESV2", nowhere)];
        let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "SERVICE_ERROR", "{nowhere}: {envelope:#}");
        assert_eq!(envelope["data"]["reports"][0]["requests"], 2, "what was done is told");
    }
    assert!(simulator.messages().is_empty());
}

/// A call that never left is a mistake in the deployment, and nothing of the mail is told.
#[tokio::test]
async fn a_call_that_never_left_is_no_unknown() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    for more in [("AWS_REGION", ""), ("AWS_ENDPOINT_URL_SESV2", "not a url")] {
        let function = Function::start(&simulator.url(), text(folder.path()), &[more]).await;
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "CONFIGURATION_ERROR", "{more:?}: {envelope:#}");
        let told = envelope["error"]["message"].as_str().unwrap();
        assert!(told.len() < 1_000 && !told.contains("Request"), "{told}");
    }
    assert!(simulator.messages().is_empty());
}

/// What people write into definitions and orders does not reach logs or dead-letter queues with an
/// address in it.
#[tokio::test]
async fn addresses_stay_out_of_error_messages_and_logs() {
    let simulator = simulator().await;
    let agents = SMALL
        .replace("[\"QUEUE\"]", "[\"AGENT\"]")
        .replace("{ QUEUE = [\"*\"] }", "{ AGENT = [\"o'brien/x=y@example.com\"] }")
        .replace("{ name = \"SERVICE_LEVEL\", threshold = 20 }", "\"AVG_HANDLE_TIME\"");
    let sender = SMALL.replace("Reports <reports@example.com>", "reports@@example.com");
    let folder = definitions(&[("agents.toml", &agents), ("sender.toml", &sender)]);
    let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
    for payload in [
        tick(),
        json!({"ana@example.com": 1}),
        json!({"id": "ana@example.com"}),
        json!({"detail-type": "x", "source": "y", "detail": {}, "resources": "ana@example.com"}),
    ] {
        let Answer::Error { kind, message } = function.invoke(&payload).await else {
            panic!("{payload} succeeded");
        };
        assert_eq!(kind, "VALIDATION_ERROR");
        assert!(!message.contains('@'), "{message}");
    }
    assert!(!function.log().contains('@'), "{}", function.log());
}

/// Whatever the level, and whatever fails: no address, no figure, no message and no secret.
#[tokio::test]
async fn nothing_private_is_logged_at_any_level() {
    let simulator = simulator().await;
    let queue = "aaaaaaaa-0000-4000-8000-000000000001";
    let queues =
        json!({"QueueSummaryList": [{"Id": queue, "Name": "Sales", "QueueType": "STANDARD"}]});
    let row = json!({"MetricResults": [{"Collections":
        [{"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": FIGURE}]}]});
    let both = json!({"QueueSummaryList": queues["QueueSummaryList"], "MetricResults": row["MetricResults"]});
    let connect = Canned::start([both]).await;
    let totals = SMALL
        .replace("group_by = [\"QUEUE\"]", "kind = \"totals\"")
        .replace("[\"*\"]", &format!("[\"{queue}\"]"))
        .replace(", { name = \"SERVICE_LEVEL\", threshold = 20 }", "");
    let folder = definitions(&[("small.toml", &totals)]);
    let runs = tempfile::tempdir().unwrap();
    let url = connect.url();
    let more = [
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
        ("AWS_ENDPOINT_URL_CONNECT", url.as_str()),
        ("CONNECT_REPORTS_RUNS", text(runs.path())),
    ];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    for (hour, fault) in [
        (7, Some(Fault::Rejected)),
        (8, Some(Fault::DroppedAfter)),
        (9, Some(Fault::BrokenJson)),
        (10, Some(Fault::Throttled)),
        (11, None),
    ] {
        simulator.behave();
        if let Some(fault) = fault {
            simulator.misbehave(Operation::SendEmail, fault, None);
        }
        let order = json!({"id": format!("order-{hour}"), "reports": ["small"],
            "to": ["canary@example.com"], "time": format!("2025-03-31T{hour:02}:00:00Z")});
        function.invoke(&order).await;
    }
    let raw = String::from_utf8(simulator.messages().pop().unwrap().raw).unwrap();
    assert!(raw.contains("48,151,623"), "the figure is in the mail: {raw}");
    let log = function.log();
    assert!(log.contains("\"status\":\"sent\"") && log.contains("DELIVERY_UNKNOWN"), "{log}");
    for private in ["@", "48151623", "48,151,623", SECRET, "<html", "Read from Amazon"] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}

/// Nobody outside the allowed domains gets a message, whoever asks for it.
#[tokio::test]
async fn recipients_outside_the_allowed_domains_get_nothing() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let allowed = [("CONNECT_REPORTS_ALLOWED_RECIPIENTS", "example.com")];
    let function = Function::start(&simulator.url(), text(folder.path()), &allowed).await;
    function.succeed(&tick()).await;
    let order = json!({"reports": ["small"], "to": ["me@example.com", "me@example.org"]});
    let (kind, envelope) = function.fail(&order).await;
    assert_eq!(kind, "VALIDATION_ERROR");
    assert_eq!(envelope["error"]["message"], "1 of 2 recipients are not in an allowed domain");
    assert_eq!(simulator.messages().len(), 1);
    // A window that has no figures is told first: with other recipients there would be none either.
    let long_ago = json!({"reports": ["small"], "to": ["me@example.org"],
        "window": {"start": "2024-01-01", "end": "2024-01-02"}});
    let (_, envelope) = function.fail(&long_ago).await;
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.contains("figures of 93 days only"), "{message}");
}

/// The error message of a failed invocation names the reports within its first 1,000 bytes and
/// stays under 64 KB, however many failed.
#[tokio::test]
async fn the_error_message_is_cut_to_size() {
    let simulator = simulator().await;
    let wrong =
        format!("{}\n{}", SMALL.replace("title    =", "titel    ="), "[nonsense]\n".to_owned());
    let names: Vec<_> = (0..400).map(|index| format!("report-{index:03}.toml")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), wrong.as_str())).collect();
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), ONCE).await;
    let Answer::Error { kind, message } = function.invoke(&tick()).await else {
        panic!("the invocation succeeded");
    };
    assert_eq!(kind, "VALIDATION_ERROR");
    assert!(message.len() <= 65_536, "{}", message.len());
    assert!(message[..1000].contains("report-000") && message[..1000].contains("report-040"));
    let envelope: Value = serde_json::from_str(&message).unwrap();
    let enormous = json!({"id": "i".repeat(200_000), "reports": ["x".repeat(100_000)]});
    let Answer::Error { message, .. } = function.invoke(&enormous).await else {
        panic!("the invocation succeeded");
    };
    assert!(message.len() <= 65_536, "{}", message.len());
    let listed = envelope["error"]["reports"].as_array().unwrap().len() as u64;
    assert_eq!(listed + envelope["error"]["reports_omitted"].as_u64().unwrap(), 400);
    let listed = envelope["data"]["reports"].as_array().unwrap().len() as u64;
    assert_eq!(listed + envelope["data"]["reports_omitted"].as_u64().unwrap(), 400);
}

/// What is well-formed and not built yet is refused before anything is asked, never left out.
#[tokio::test]
async fn what_this_version_cannot_do_is_not_run_without_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/definitions/good");
    let simulator = simulator().await;
    let function = Function::start(&simulator.url(), folder, &[]).await;
    for report in ["daily", "filters"] {
        let (kind, envelope) = function.fail(&json!({ "reports": [report] })).await;
        assert_eq!(kind, "VALIDATION_ERROR");
        assert_eq!(envelope["error"]["stage"], "load");
        let message = envelope["error"]["message"].as_str().unwrap();
        assert!(message.contains("asks for what this version can't do"), "{message}");
        for problem in envelope["error"]["details"].as_array().unwrap() {
            assert_eq!(problem["code"], "not-yet");
        }
    }
    assert!(simulator.calls().is_empty(), "{:?}", simulator.calls());
}
