use std::time::Duration;

use connect_simulator::{Fault, Operation, Simulator};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{
    DUE, Function, SMALL, definitions, failed, program, run, simulator, text, tick, tick_at,
};
use crate::harness::mail::{list_id, parse};
use crate::harness::s3::{PutFault, S3};

const RUNS: &str = "CONNECT_REPORTS_RUNS";

/// The record of [`SMALL`] as `small` for the day of the tests.
const RECORD: &str = "small/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// [`SMALL`] to three recipients.
fn three() -> String {
    SMALL.replace(
        "[\"ops@example.com\"]",
        "[\"a@example.com\", \"b@example.com\", \"c@example.com\"]",
    )
}

struct Place {
    definitions: TempDir,
    runs: TempDir,
}

impl Place {
    fn of(definition: &str) -> Self {
        let definitions = definitions(&[("small.toml", definition)]);
        Self { definitions, runs: tempfile::tempdir().unwrap() }
    }

    async fn function(&self, simulator: &Simulator, more: &[(&str, &str)]) -> Function {
        let records = [&[(RUNS, text(self.runs.path())), ("AWS_MAX_ATTEMPTS", "1")], more].concat();
        Function::start(&simulator.url(), text(self.definitions.path()), &records).await
    }

    fn read(&self, key: &str) -> Value {
        let content = std::fs::read(self.runs.path().join(key)).unwrap();
        serde_json::from_slice(&content).unwrap()
    }

    /// The states of the recipients in the record.
    fn states(&self) -> Vec<String> {
        let record = self.read(RECORD);
        let messages = record["messages"].as_array().unwrap().iter();
        messages.map(|message| message["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The record of the only re-issue.
    fn reissue(&self) -> Value {
        let entries = std::fs::read_dir(self.runs.path().join("small")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let keys: Vec<_> = names.filter(|name| name.ends_with(".reissue.json")).collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        self.read(&format!("small/{}", keys[0]))
    }
}

/// The addresses to which anything was sent, without the owner's.
fn sent_to(simulator: &Simulator) -> Vec<String> {
    let messages = simulator.messages();
    let to = messages.into_iter().flat_map(|message| message.to);
    let mut to: Vec<_> = to.filter(|to| to != "workforce@example.com").collect();
    to.sort();
    to
}

/// The mails that the owner got: subject and text.
fn notices(simulator: &Simulator) -> Vec<(String, String)> {
    let messages = simulator.messages();
    let own = messages.iter().filter(|message| message.to == ["workforce@example.com"]);
    own.map(|message| {
        crate::harness::mail::keep("notice", &message.raw);
        let mail = MessageParser::default().parse(&message.raw).unwrap();
        (mail.subject().unwrap().to_owned(), mail.body_text(0).unwrap().replace("\r\n", "\n"))
    })
    .collect()
}

fn asked(simulator: &Simulator) -> usize {
    let calls = simulator.calls();
    calls.iter().filter(|call| call.operation != Operation::SendEmail).count()
}

/// A recipient whom SES refuses does not touch the others. A retry tells the failure again and sends
/// nothing; a person's order sends to the one that is left, from the stored message.
#[tokio::test]
async fn who_was_refused_is_sent_to_again_by_a_persons_order_only() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "DELIVERY_REJECTED");
    let counts = json!({"sent": 2, "failed": 1, "unknown": 0});
    assert_eq!(envelope["data"]["reports"][0]["messages"], counts);
    assert_eq!(sent_to(&simulator).len(), 2);

    let (before, mails) = (asked(&simulator), simulator.messages().len());
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(
        (kind.as_str(), &envelope["data"]["reports"][0]["messages"]),
        ("DELIVERY_REJECTED", &counts)
    );
    let later = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(later["data"]["reports"], json!([]));
    assert_eq!((asked(&simulator), simulator.messages().len()), (before, mails));

    let order = json!({"id": "mended", "reports": ["small"], "time": "2025-03-31T08:00:00Z"});
    let answer = function.succeed(&order).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
    assert_eq!(asked(&simulator), before, "from the stored message");
    assert_eq!(sent_to(&simulator), ["a@example.com", "b@example.com", "c@example.com"]);
    assert_eq!(place.states(), ["sent"; 3]);
    let answer = function.succeed(&order).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "duplicate");
    assert_eq!(sent_to(&simulator).len(), 3);
}

/// A process that dies while it sends leaves an unknown end, which no retry changes; a resend does.
#[tokio::test]
async fn a_death_while_sending_is_unknown_until_a_person_decides() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let mut function = place.function(&simulator, &[]).await;
    // All three are on their way, and one answer never comes.
    simulator.misbehave(Operation::SendEmail, Fault::Silent, Some(1));
    function.api.hand_over(tick().to_string(), Duration::from_secs(6));
    simulator.has_called(Operation::SendEmail, 3).await;
    function.kill();

    let function = place.function(&simulator, &[]).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "DELIVERY_UNKNOWN", "{envelope:#}");
    let messages = &envelope["data"]["reports"][0]["messages"];
    assert_eq!(messages["failed"], 0, "{messages}");
    let unknown = messages["unknown"].as_u64().unwrap();
    assert!((1..=3).contains(&unknown), "{messages}");
    assert_eq!(place.read(RECORD)["final"], true);
    let sent = sent_to(&simulator);
    function.fail(&tick()).await;
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(answer["data"]["reports"], json!([]));
    assert_eq!(sent_to(&simulator), sent);
    let notices = notices(&simulator);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].1.contains("resend small --window 2025-03-30..2025-03-31 --unknown"));

    let order = json!({"id": "asked-them", "reports": ["small"], "resend": "unknown",
        "time": "2025-03-31T09:00:00Z"});
    for _ in 0..2 {
        function.succeed(&order).await;
        assert_eq!(simulator.messages().len(), sent.len() + 1 + unknown as usize);
    }
    let last = simulator.messages().pop().unwrap();
    let mail = MessageParser::default().parse(&last.raw).unwrap();
    assert_eq!(mail.subject(), Some("Re-issued: Small, Sunday 30 March 2025"));
    let reissue = place.reissue();
    assert_eq!((&reissue["status"], &reissue["reissued"]), (&json!("sent"), &json!(true)));
    assert_eq!(reissue["reissue_of"], RECORD);
    assert_eq!(place.read(RECORD)["status"], "unknown", "the old record is kept");
    let another = json!({"id": "again", "reports": ["small"], "resend": "unknown",
        "time": "2025-03-31T10:00:00Z"});
    let answer = function.succeed(&another).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "skipped", "nobody is left: {answer:#}");
}

/// Two processes get the same event: one sends, the other waits and says that it was sent.
#[tokio::test]
async fn of_two_at_once_one_sends() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let [first, second] =
        [place.function(&simulator, &[]).await, place.function(&simulator, &[]).await];
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Slow(Duration::from_millis(400)), None);
    let event = tick();
    let (one, other) = tokio::join!(first.succeed(&event), second.succeed(&event));
    let mut ends =
        [&one, &other].map(|answer| answer["data"]["reports"][0]["status"].as_str().unwrap());
    ends.sort_unstable();
    assert_eq!(ends, ["duplicate", "sent"]);
    assert_eq!(sent_to(&simulator).len(), 3);
}

/// A run that another has, and may have died with, is no success of this one.
#[tokio::test]
async fn what_another_has_is_no_success() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let mut first = place.function(&simulator, &[]).await;
    let second = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Silent, None);
    first.api.hand_over(tick().to_string(), Duration::from_secs(600));
    simulator.has_called(Operation::GetMetricDataV2, 1).await;
    first.kill();
    let answer = second.api.invoke(tick().to_string(), Duration::from_secs(4)).await;
    let (kind, envelope) = failed(answer);
    assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), ("TIMEOUT", &json!(true)));
    assert!(envelope["error"]["message"].as_str().unwrap().contains("another invocation has"));
    assert!(simulator.messages().is_empty());
}

/// The owner hears once of what failed for good, the audience never; with what to do.
#[tokio::test]
async fn the_owner_hears_once_of_a_failure() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    for _ in 0..3 {
        let (kind, _) = function.fail(&tick()).await;
        assert_eq!(kind, "ACCESS_DENIED");
    }
    let notices = notices(&simulator);
    assert_eq!(notices.len(), 1);
    assert_eq!(simulator.messages().len(), 1);
    let (subject, body) = &notices[0];
    assert_eq!(subject, "The report “Small” could not be sent");
    let runs = place.runs.path().display().to_string();
    let body = body.replace(&runs, "RUNS");
    insta::assert_snapshot!(body);
    assert_eq!(place.read(RECORD)["notice"]["status"], "sent");
}

/// What may pass is told when it has failed three times.
#[tokio::test]
async fn the_owner_hears_of_the_third_failure_of_what_may_pass() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    for (attempt, told) in [(1, 0), (2, 0), (3, 1), (4, 1)] {
        let (kind, _) = function.fail(&tick()).await;
        assert_eq!(kind, "SERVICE_ERROR");
        assert_eq!(notices(&simulator).len(), told, "attempt {attempt}");
        assert_eq!(place.read(RECORD)["attempts"], attempt);
    }
    simulator.behave();
    function.succeed(&tick()).await;
    assert_eq!(sent_to(&simulator), ["ops@example.com"]);
}

/// An owner outside the allowed domains hears nothing.
#[tokio::test]
async fn an_owner_who_may_not_be_told_is_not() {
    let simulator = simulator().await;
    let place = Place::of(&SMALL.replace("\nowner    = \"workforce@example.com\"", ""));
    let more = [
        ("CONNECT_REPORTS_ALLOWED_RECIPIENTS", "example.com"),
        ("CONNECT_REPORTS_OWNER", "workforce@example.org"),
    ];
    let function = place.function(&simulator, &more).await;
    assert_eq!(function.fail(&tick()).await.0, "VALIDATION_ERROR", "such an owner is a mistake");
    assert!(simulator.messages().is_empty());
}

/// An invalid definition fails one event and its retries, and its owner hears of it once; later ticks
/// list it. Another text is another matter.
#[tokio::test]
async fn an_invalid_definition_fails_once_per_content() {
    let simulator = simulator().await;
    let place = Place::of(&SMALL.replace("window   =", "windw    ="));
    let function = place.function(&simulator, &[]).await;
    for _ in 0..2 {
        let (kind, _) = function.fail(&tick()).await;
        assert_eq!(kind, "VALIDATION_ERROR");
    }
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(answer["success"], true);
    assert_eq!(answer["data"]["reports"][0]["status"], "failed");
    let order = json!({"reports": ["small"], "time": "2025-03-31T07:20:00Z"});
    assert_eq!(function.fail(&order).await.0, "VALIDATION_ERROR", "whoever names it hears");
    assert_eq!(notices(&simulator).len(), 1);
    assert!(notices(&simulator)[0].1.contains("connect-reports validate"));
    let notice = &simulator.messages()[0].raw;
    assert_eq!(list_id(&parse(notice)), ("Small".to_owned(), "small.example.com".to_owned()));
    let other = SMALL.replace("timezone", "timezon");
    std::fs::write(place.definitions.path().join("small.toml"), other).unwrap();
    function.fail(&tick_at("2025-03-31T07:30:00Z")).await;
    function.succeed(&tick_at("2025-03-31T07:45:00Z")).await;
    assert_eq!(notices(&simulator).len(), 2);
}

/// What had not ended when its catch-up age was over is closed, counted and told.
#[tokio::test]
async fn what_is_overdue_is_closed() {
    let simulator = simulator().await;
    let daily = SMALL.replace("[email]", "[schedule]\nat = \"08:00\"\n\n[email]");
    let place = Place::of(&daily);
    let function = place.function(&simulator, &[]).await;
    function.succeed(&tick_at("2025-03-30T06:00:00Z")).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    for (time, codes, finals) in [
        // The first day was missed altogether, the second fails.
        ("2025-03-31T07:00:00Z", &["TIMEOUT", "SERVICE_ERROR"][..], &[true, false][..]),
        ("2025-03-31T19:00:00Z", &["SERVICE_ERROR"], &[true]),
    ] {
        let (_, envelope) = function.fail(&tick_at(time)).await;
        let runs = envelope["data"]["reports"].as_array().unwrap();
        let errors: Vec<_> = runs.iter().map(|run| &run["error"]).collect();
        let found: Vec<_> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(found, codes, "{envelope:#}");
        for (error, is_final) in errors.iter().zip(finals) {
            assert_eq!(error["retryable"], !is_final, "{error:#}");
            let is_closed = error["message"].as_str().unwrap().contains("catch-up age");
            assert_eq!(is_closed, *is_final, "{error:#}");
        }
    }
    assert_eq!(place.read(RECORD)["final"], true);
    assert_eq!(notices(&simulator).len(), 2);
    simulator.behave();
    let answer = function.succeed(&tick_at("2025-03-31T19:15:00Z")).await;
    assert_eq!(answer["data"]["reports"], json!([]));
    let overdue: i64 = metrics(&function).iter().filter_map(|m| m["Overdue"].as_i64()).sum();
    assert_eq!(overdue, 2);
}

/// A run that is open when its schedule changes is closed, and not forgotten.
#[tokio::test]
async fn a_changed_schedule_closes_what_is_open() {
    let simulator = simulator().await;
    let daily = SMALL.replace("[email]", "[schedule]\nat = \"08:00\"\n\n[email]");
    let place = Place::of(&daily);
    let function = place.function(&simulator, &[]).await;
    function.succeed(&tick_at("2025-03-31T06:00:00Z")).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    function.fail(&tick_at("2025-03-31T07:00:00Z")).await;
    let later = daily.replace("08:00", "08:10");
    std::fs::write(place.definitions.path().join("small.toml"), later).unwrap();
    let (kind, _) = function.fail(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(kind, "SERVICE_ERROR");
    assert_eq!(place.read(RECORD)["final"], true);
    assert_eq!(notices(&simulator).len(), 1);
}

/// A resend of what never came to a message is made once; neither another resend nor the run by name
/// sends it again to whom it reached.
#[tokio::test]
async fn a_resend_that_is_made_anew_counts() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    function.fail(&tick()).await;
    simulator.behave();
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    let order = |id: &str, more: Value| {
        let mut order = json!({"id": id, "reports": ["small"], "time": "2025-03-31T08:00:00Z"});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    function.fail(&order("first", json!({"resend": "failed"}))).await;
    assert_eq!(sent_to(&simulator).len(), 2);
    let before = asked(&simulator);
    function.succeed(&order("by-name", json!({}))).await;
    assert_eq!(sent_to(&simulator), ["a@example.com", "b@example.com", "c@example.com"]);
    function.succeed(&order("second", json!({"resend": "failed"}))).await;
    let dry = function.succeed(&order("dry", json!({"resend": "all", "dry_run": true}))).await;
    assert_eq!(dry["data"]["reports"][0]["status"], "skipped");
    assert_eq!((sent_to(&simulator).len(), asked(&simulator)), (3, before));
}

/// A named order dies after its claim; the tick that takes the run over leaves out whom a re-issue has
/// reached meanwhile.
#[tokio::test]
async fn a_tick_after_a_dead_order_leaves_out_whom_a_reissue_reached() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let mut function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    function.fail(&tick()).await;
    simulator.behave();
    let resend = json!({"id": "r", "reports": ["small"], "resend": "failed",
        "time": "2025-03-31T08:00:00Z"});
    function.succeed(&resend).await;
    assert_eq!(sent_to(&simulator).len(), 3);
    function.kill();
    let mut other = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::ListQueues, Fault::Silent, None);
    let order = json!({"id": "o", "reports": ["small"], "time": "2025-03-31T08:10:00Z"});
    let lists = || {
        let calls = simulator.calls();
        calls.iter().filter(|call| call.operation == Operation::ListQueues).count()
    };
    let before = lists();
    other.api.hand_over(order.to_string(), Duration::from_secs(4));
    simulator.has_called(Operation::ListQueues, before + 1).await;
    other.kill();
    simulator.behave();
    let last = place.function(&simulator, &[]).await;
    last.succeed(&tick_at("2025-03-31T08:15:00Z")).await;
    assert_eq!(sent_to(&simulator).len(), 3);
    assert_eq!(
        (place.states(), &place.read(RECORD)["status"]),
        (vec!["sent".to_owned(); 3], &json!("sent"))
    );
}

/// An order for somebody else is no message of the run: what it had is not sent to the others later.
#[tokio::test]
async fn a_message_for_somebody_else_is_not_the_reports() {
    let simulator = simulator().await;
    let place = Place::of(&three().replace("\"Small\"", "\"Draft\""));
    let function = place.function(&simulator, &[]).await;
    let order = json!({"id": "try", "reports": ["small"], "to": ["a@example.com"],
        "time": "2025-03-31T06:00:00Z"});
    function.succeed(&order).await;
    std::fs::write(place.definitions.path().join("small.toml"), three()).unwrap();
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    function.fail(&tick()).await;
    simulator.behave();
    function
        .succeed(&json!({"id": "now", "reports": ["small"], "time": "2025-03-31T08:00:00Z"}))
        .await;
    let subjects: Vec<_> = simulator
        .messages()
        .iter()
        .filter(|message| message.to != ["workforce@example.com"])
        .map(|message| {
            let mail = MessageParser::default().parse(&message.raw).unwrap();
            mail.subject().unwrap().split(',').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(subjects, ["Draft", "Small", "Small", "Small"]);
}

/// An id stands for one order: another with it and other recipients sends them nothing, and says so.
#[tokio::test]
async fn a_used_id_with_other_recipients_is_told() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let function = place.function(&simulator, &[]).await;
    let order = |to: &[&str]| json!({"id": "again", "reports": ["small"], "to": to, "time": DUE});
    let run = async |to: &[&str]| {
        let answer = function.succeed(&order(to)).await;
        answer["data"]["reports"][0].clone()
    };
    let first = run(&["a@example.com", "b@example.com"]).await;
    assert_eq!((&first["status"], &first["reason"]), (&json!("sent"), &Value::Null));
    let same = run(&["b@example.com", "a@example.com"]).await;
    assert_eq!((&same["status"], &same["reason"]), (&json!("duplicate"), &Value::Null));
    for others in [&["c@example.com"][..], &["a@example.com"]] {
        let other = run(others).await;
        assert_eq!(other["status"], "duplicate");
        let reason = other["reason"].as_str().unwrap();
        assert!(reason.contains("id was used before, for other recipients"), "{reason}");
    }
    assert_eq!(simulator.messages().len(), 2);
}

fn metrics(function: &Function) -> Vec<Value> {
    let log = function.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

/// Each invocation and each run has its metrics; only what somebody has to look at has a dimension.
#[tokio::test]
async fn outcomes_are_counted() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    function.fail(&tick()).await;
    function.fail(&tick()).await;
    function
        .succeed(&json!({"id": "o", "reports": ["small"], "time": "2025-03-31T08:00:00Z"}))
        .await;
    function.succeed(&tick_at("2025-03-31T08:15:00Z")).await;
    let metrics = metrics(&function);
    let sum = |name: &str| metrics.iter().filter_map(|m| m[name].as_i64()).sum::<i64>();
    assert_eq!((sum("Ticks"), sum("Failed"), sum("Sent"), sum("Unknown")), (3, 1, 1, 0));
    assert!(sum("Requests") > 0 && sum("Duration") > 0);
    for document in &metrics {
        let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives[0]["Dimensions"], json!([["FunctionName"]]));
        let has_failed = document["Failed"] == 1;
        assert_eq!(directives.len(), 1 + usize::from(has_failed), "{document:#}");
        if has_failed {
            assert_eq!(directives[1]["Dimensions"], json!([["FunctionName", "report"]]));
            assert_eq!(directives[1]["Metrics"], json!([{"Name": "Failed", "Unit": "Count"}]));
        }
        for metric in directives.iter().flat_map(|d| d["Metrics"].as_array().unwrap()) {
            assert!(document[metric["Name"].as_str().unwrap()].is_number(), "{document:#}");
        }
    }
    let log = function.log();
    assert!(log.contains("1-5bef4de7-ad49b0e87f6ef6c87fc2e700"), "the trace: {log}");
    assert!(!log.contains('@'), "{log}");
}

/// What SES refuses for the whole account stops the sends of the invocation.
#[tokio::test]
async fn a_quota_stops_what_would_fare_the_same() {
    for (fault, code, retryable) in [
        (Fault::QuotaExceeded, "THROTTLED", true),
        (Fault::SendingPaused, "DELIVERY_REJECTED", false),
    ] {
        let simulator = simulator().await;
        let many: Vec<_> = (0..20).map(|index| format!("\"r{index}@example.com\"")).collect();
        let many = SMALL.replace("\"ops@example.com\"", &many.join(", "));
        let place = Place::of(&many);
        std::fs::write(place.definitions.path().join("other.toml"), &many).unwrap();
        let function = place.function(&simulator, &[("AWS_MAX_ATTEMPTS", "3")]).await;
        simulator.misbehave(Operation::SendEmail, fault, None);
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), (code, &json!(retryable)));
        let calls = simulator.calls();
        let sends = calls.iter().filter(|call| call.operation == Operation::SendEmail).count();
        assert!(sends <= 8, "{sends} sends");
        assert!(
            envelope["error"]["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("SES") || hint.contains("paused"))
        );
        simulator.behave();
        if retryable {
            function.succeed(&tick()).await;
            assert_eq!(sent_to(&simulator).len(), 40);
        }
    }
}

/// With `partial = "banner"` a section that can't be had is named in the message; by default nothing
/// is sent.
#[tokio::test]
async fn a_section_that_is_missing_is_named() {
    let more = "\n[[section]]\ntitle = \"By <nonsense>\"\nfilters = { QUEUE = [\"*\"] }\nmetrics = [\"NO_SUCH_METRIC\"]\n";
    for (partial, sent) in [("banner", 1), ("fail", 0)] {
        let simulator = simulator().await;
        let whole = format!("{SMALL}{more}");
        let place =
            Place::of(&whole.replace("[email]", &format!("partial = \"{partial}\"\n\n[email]")));
        let function = place.function(&simulator, &[]).await;
        if partial == "fail" {
            function.fail(&tick()).await;
            assert_eq!(sent_to(&simulator).len(), sent);
            continue;
        }
        let answer = function.succeed(&tick()).await;
        let reason = answer["data"]["reports"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("sent without: By <nonsense> ("), "{reason}");
        assert!(reason.contains("NO_SUCH_METRIC"), "it says why: {reason}");
        let message = simulator.messages().remove(0);
        let mail = MessageParser::default().parse(&message.raw).unwrap();
        let (html, text) = (mail.body_html(0).unwrap(), mail.body_text(0).unwrap());
        assert!(html.contains("Missing: By &lt;nonsense&gt;."), "{html}");
        assert!(text.contains("! Missing: By <nonsense>."), "{text}");
        assert!(text.contains("All queues"), "the other section is there: {text}");
        assert_eq!(place.read(RECORD)["reason"], reason);
    }
}

/// Requests that take longer than the function ever has are told with the timeout that they need.
#[tokio::test]
async fn a_plan_that_never_ends_in_time_names_the_timeout() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let slow = [("CONNECT_REPORTS_REQUESTS_PER_SECOND", "0.01")];
    let function = place.function(&simulator, &slow).await;
    let answer = function.api.invoke(tick().to_string(), Duration::from_secs(20)).await;
    let (kind, envelope) = failed(answer);
    assert_eq!(
        (kind.as_str(), &envelope["error"]["stage"]),
        ("CONFIGURATION_ERROR", &json!("plan"))
    );
    let hint = envelope["error"]["hint"].as_str().unwrap();
    assert!(
        hint.starts_with("give the function a timeout of 1") && hint.ends_with("seconds or more"),
        "{hint}"
    );
}

/// S3 with lost answers and conflicts: one mail, one record. Every write has a condition, or the
/// bucket of the test would not take it.
#[tokio::test]
async fn lost_answers_and_conflicts_change_nothing() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", &three())]);
    let s3 = S3::start(&[]).await;
    let url = s3.url();
    let records = [(RUNS, "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    s3.misbehave([PutFault::AnswerLost, PutFault::Conflict].into_iter().cycle().take(12));
    let answer = function.succeed(&tick()).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
    assert_eq!(sent_to(&simulator).len(), 3);
    let record: Value =
        serde_json::from_str(&s3.object(&format!("runs/{RECORD}")).unwrap()).unwrap();
    assert_eq!((&record["status"], &record["attempts"]), (&json!("sent"), &json!(1)));
    let message = s3.object(&format!("runs/{}", record["message"].as_str().unwrap())).unwrap();
    assert!(message.contains("Small, Sunday 30 March 2025"));
    s3.misbehave([PutFault::Denied]);
    let (kind, envelope) =
        function.fail(&json!({"reports": ["small"], "time": "2025-03-30T07:00:00Z"})).await;
    assert_eq!((kind.as_str(), &envelope["error"]["stage"]), ("ACCESS_DENIED", &json!("record")));
    assert!(envelope["error"]["hint"].as_str().unwrap().contains("s3:PutObject"));
    assert_eq!(sent_to(&simulator).len(), 3);
}

/// A send whose answer never comes ends early enough to be written down.
#[tokio::test]
async fn a_send_without_an_answer_is_recorded_in_time() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let s3 = S3::start(&[]).await;
    let url = s3.url();
    let records = [(RUNS, "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    simulator.misbehave(Operation::SendEmail, Fault::Silent, None);
    let answer = function.api.invoke(tick().to_string(), Duration::from_secs(7)).await;
    let (kind, envelope) = failed(answer);
    assert_eq!((kind.as_str(), &envelope["data"]["recorded"]), ("DELIVERY_UNKNOWN", &json!(true)));
    let record = s3.object(&format!("runs/{RECORD}")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!((&record["status"], &record["final"]), (&json!("unknown"), &json!(true)));
    assert_eq!(record["claim"]["until"], Value::Null);
}

/// A role that may not list the bucket can't tell a missing record from a forbidden one.
#[tokio::test]
async fn a_missing_record_that_is_hidden_names_the_permission() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let s3 = S3::start(&[]).await;
    s3.hide_what_is_missing();
    let url = s3.url();
    let records = [(RUNS, "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", url.as_str())];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "ACCESS_DENIED");
    assert!(envelope["error"]["hint"].as_str().unwrap().contains("s3:ListBucket"), "{envelope:#}");
    assert!(simulator.messages().is_empty());
}

/// At a terminal: what became of runs, and a message once more.
#[tokio::test]
async fn people_see_runs_and_send_again() {
    let simulator = simulator().await;
    let place = Place::of(&three());
    let function = place.function(&simulator, &[]).await;
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, Some(1));
    function.fail(&tick()).await;
    let command = |arguments: &[&str]| {
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url()).args(arguments);
        command.arg("--definitions").arg(place.definitions.path());
        command.arg("--runs").arg(place.runs.path());
        run(command)
    };
    let output = command(&["runs", "small"]).await;
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].starts_with("report  window                status"), "{told}");
    assert!(
        lines[1].starts_with("small   Sunday 30 March 2025  failed  2 of 3   1      now")
            && lines[1].ends_with("1 failed, DELIVERY_REJECTED"),
        "{told}"
    );
    let window = ["--window", "2025-03-30..2025-03-31"];
    let output = command(&[&["resend", "small", "--failed", "--json"], &window[..]].concat()).await;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["data"]["reports"][0]["status"], "sent", "{answer:#}");
    assert_eq!(sent_to(&simulator), ["a@example.com", "b@example.com", "c@example.com"]);
    let output = command(&[&["resend", "small", "--failed"], &window[..]].concat()).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("skipped"));
    // The run by name has nobody left either.
    let output = command(&[&["run", "small"], &window[..]].concat()).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sent_to(&simulator).len(), 3);
    let output = command(&["resend", "small", "--failed"]).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("NOT_FOUND") && told.contains("2025-03-30"), "{told}");
    let output = command(&["runs", "--json"]).await;
    let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = runs["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().any(|run| run["reissue"] == true && run["sent"] == 1));
}

/// A backfill runs each window that was not sent, the oldest first.
#[tokio::test]
async fn a_backfill_runs_what_is_missing() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let function = place.function(&simulator, &[]).await;
    function.succeed(&tick_at("2025-03-29T07:00:00Z")).await;
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url());
    command.args(["run", "small", "--backfill", "2025-03-27..2025-03-31", "--json"]);
    command.args(["--time", "2025-03-31T08:00:00Z"]);
    command.arg("--definitions").arg(place.definitions.path());
    command.arg("--runs").arg(place.runs.path());
    let output = run(command).await;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ends: Vec<_> = runs
        .iter()
        .map(|run| {
            (run["window"]["start"].as_str().unwrap()[..10].to_owned(), run["status"].clone())
        })
        .collect();
    let expected = [("27", "sent"), ("28", "duplicate"), ("29", "sent"), ("30", "sent")];
    let expected = expected.map(|(day, status)| (format!("2025-03-{day}"), json!(status)));
    assert_eq!(ends, expected);
    assert_eq!(simulator.messages().len(), 4);
}
