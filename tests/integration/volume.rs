use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::harness::binary::{
    DUE, Function, SMALL, definitions, failed, program, run, simulator, text, tick,
};
use crate::harness::runtime_api::Answer;

/// The time that the function has.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// So many things, one behind the other.
pub fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..count).map(one).collect();
    all.join(", ")
}

/// [`SMALL`] with other metrics.
pub fn with_metrics(metrics: &str) -> String {
    let old = r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#;
    SMALL.replace(old, &format!("[{metrics}]"))
}

/// Definitions with as many mistakes as fit, mostly on one line, with the place of the first.
fn full_of_mistakes() -> Vec<(&'static str, String)> {
    let lines = |count: usize, line: &str| {
        let mut text = SMALL.to_owned();
        text.extend(std::iter::repeat_n(format!("{line}\n"), count));
        text
    };
    let queues = |values: String| SMALL.replace("[\"*\"]", &format!("[{values}]"));
    let level =
        |more: String| SMALL.replace("threshold = 20 }", &format!("threshold = 20, {more} }}"));
    vec![
        ("metrics", with_metrics(&many(20_000, |index| format!("\"metric {index}\"")))),
        ("keys", format!("{}\n{SMALL}", many(25_000, |i| format!("k{i} = 1")).replace(", ", "\n"))),
        ("inline", level(many(30_000, |index| format!("k{index} = 1")))),
        ("syntax", lines(80_000, "a b c")),
        ("signs", format!("{SMALL}{}", "=".repeat(500_000))),
        ("returns", format!("{SMALL}{}", "\r".repeat(500_000))),
        ("dots", format!("{SMALL}{}", ".".repeat(500_000))),
        ("control characters", format!("{SMALL}#{}", "\u{1}".repeat(500_000))),
        ("escapes", SMALL.replace("\"Small\"", &format!("\"{}\"", "\\q".repeat(200_000)))),
        ("slashes", lines(90_000, "// x")),
        ("keys twice", lines(48_000, "title = 1")),
        ("tables twice", lines(60_000, "[email]")),
        ("open quotes", lines(70_000, "x = \"a")),
        (
            "groupings",
            SMALL.replace("[\"QUEUE\"]", &format!("[{}]", many(40_000, |i| format!("\"Q{i}\"")))),
        ),
        ("patterns", queues(many(40_000, |index| format!("\"a*{index}\"")))),
        ("targets", format!("{SMALL}targets = {{ {} }}\n", many(25_000, |i| format!("T{i} = 1")))),
        (
            "channels",
            SMALL
                .replace(
                    "[\"*\"] }",
                    &format!(
                        "[\"*\"], CHANNEL = [\"VOICE\", {}] }}",
                        many(40_000, |_| "\"!CHAT\"".to_owned())
                    ),
                )
                .replace(
                    "\"VOICE\"",
                    &format!("\"PHONE\", {}", many(10_000, |_| "\"VOICE\"".to_owned())),
                ),
        ),
        (
            "addresses",
            SMALL.replace(
                "[\"ops@example.com\"]",
                &format!("[{}]", many(1_900, |i| format!("\"p{i} example.com\""))),
            ),
        ),
    ]
}

/// Whatever is wrong, and however often: the report beside it is sent, and the owner told, in time.
#[tokio::test]
async fn a_definition_full_of_mistakes_stops_no_other_report() {
    for (what, bad) in full_of_mistakes() {
        assert!(bad.len() < 512_000, "{what} has {} bytes", bad.len());
        let simulator = simulator().await;
        let bad = bad.replace("workforce@", "bad-owner@").replace("ops@", "bad-ops@");
        let folder = definitions(&[("bad.toml", &bad), ("good.toml", SMALL)]);
        let runs = tempfile::tempdir().unwrap();
        let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
        let function =
            Function::start_within(&simulator.url(), text(folder.path()), &more, 1_500_000).await;
        let (kind, envelope) = failed(function.api.invoke(tick().to_string(), DEADLINE).await);
        assert_eq!(kind, "VALIDATION_ERROR", "{what}: {envelope:#}");
        assert_eq!(envelope["error"]["report"], "bad", "{what}");
        let told = |to: &str| simulator.messages().iter().filter(|m| m.to == [to]).count();
        assert_eq!((told("ops@example.com"), told("bad-owner@example.com")), (1, 1), "{what}");
    }
}

/// A definition that is valid and asks for twenty thousand metrics of which nothing is known, each in a
/// request of its own, is refused for it; the others are sent.
#[tokio::test]
async fn twenty_thousand_unknown_metrics_stop_no_other_report() {
    let simulator = simulator().await;
    let bad = with_metrics(&many(20_000, |index| format!("\"UNKNOWN_{index}\"")));
    let folder = definitions(&[("bad.toml", &bad), ("good.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let Answer::Response(envelope) = function.api.invoke(tick().to_string(), DEADLINE).await else {
        panic!("the good report was sent, and so the invocation does not fail");
    };
    let runs = envelope["data"]["reports"].as_array().unwrap();
    let ended: Vec<_> = runs.iter().map(|run| run["status"].as_str().unwrap()).collect();
    assert_eq!(ended, ["failed", "sent"], "{envelope:#}");
    let told = runs[0]["error"]["message"].as_str().unwrap();
    assert!(told.contains("the section has 20000 metrics, 500 are allowed"), "{told}");
}

/// A word is quoted as far as anybody reads it, in the text and in JSON.
#[tokio::test]
async fn a_long_word_is_cut_where_it_is_quoted() {
    let folder =
        definitions(&[("long.toml", &with_metrics(&format!("\"{}\"", "x y".repeat(150_000))))]);
    for form in [&[][..], &["--json"]] {
        let mut command = program();
        command.arg("validate").arg(folder.path()).args(form);
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stdout).unwrap();
        let word: String = "x y".repeat(50).chars().take(100).collect();
        assert!(
            told.contains(&format!("there is no metric `{word}…`")) && told.len() < 5_000,
            "{told}"
        );
    }
}

/// However many definitions have as many mistakes as fit on one line, they hold up no other report.
#[tokio::test]
async fn many_definitions_of_one_long_line_stop_no_other_report() {
    let simulator = simulator().await;
    let line = "=".repeat(500_000);
    let names: Vec<String> = (0..8).map(|index| format!("bad-{index}.toml")).collect();
    let mut files: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), line.as_str())).collect();
    files.push(("good.toml", SMALL));
    let folder = definitions(&files);
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
    let answer = function.api.invoke(tick().to_string(), DEADLINE).await;
    let Answer::Response(envelope) = answer else { panic!("{answer:?}") };
    assert_eq!(envelope["data"]["reports"].as_array().unwrap().len(), 9, "{envelope:#}");
    assert_eq!(simulator.messages().len(), 1, "the good one is sent");
}

/// A report has as many sections as anybody reads.
#[tokio::test]
async fn sections_have_a_number() {
    let (head, section) = SMALL.split_at(SMALL.find("[[section]]").unwrap());
    for (count, code) in [(200, 0), (201, 2), (2_000, 2)] {
        let sections: String = (0..count)
            .map(|index| section.replace("title = \"", &format!("title = \"{index} ")))
            .collect();
        let folder = definitions(&[("small.toml", &format!("{head}{sections}"))]);
        let mut command = program();
        command.arg("validate").arg(folder.path());
        let output = run(command).await;
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{count}: {told}");
        let limit = format!("the report has {count} sections, 200 are allowed");
        assert_eq!(told.contains(&limit), code == 2, "{told}");
    }
}

/// A filter that repeats one name selects one thing: it takes one request, and no time.
#[tokio::test]
async fn a_name_that_is_repeated_counts_once() {
    let simulator = simulator().await;
    let repeated =
        SMALL.replace("[\"*\"]", &format!("[{}]", many(50_000, |_| "\"Sales\"".to_owned())));
    assert!(repeated.len() < 512_000);
    let folder = definitions(&[("bad.toml", &repeated), ("good.toml", SMALL)]);
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url());
    command.args(["plan", "bad", "--time", DUE, "--definitions", text(folder.path())]);
    let output = run(command).await;
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "", "the instance has the queue");
    assert!(told.contains("by QUEUE, of 1 QUEUE\n") && told.contains("\n2 requests,"), "{told}");
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 2, "both are sent");
}

/// A name that the instance does not have is one mistake, however often a filter repeats it.
#[tokio::test]
async fn a_repeated_name_that_is_not_there_is_one_problem() {
    let simulator = simulator().await;
    let repeated =
        SMALL.replace("[\"*\"]", &format!("[{}]", many(40_000, |_| "\"Nobody\"".to_owned())));
    let folder = definitions(&[("bad.toml", &repeated), ("good.toml", SMALL)]);
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
    let answer = function.api.invoke(tick().to_string(), DEADLINE).await;
    let Answer::Response(envelope) = answer else { panic!("{answer:?}") };
    let error = &envelope["error"];
    assert_eq!((&error["code"], &error["report"]), (&json!("VALIDATION_ERROR"), &json!("bad")));
    let problems = error["details"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{error:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("Nobody") && !message.contains("more)"), "{message}");
    assert_eq!(simulator.messages().len(), 1, "the good one is sent");
}

/// A hundred problems of a file are told, the errors first, and how many more there are.
#[tokio::test]
async fn a_hundred_problems_of_a_file_are_told() {
    let warnings = many(300, |index| format!("\"UNKNOWN_{index}\""));
    let errors = many(120, |index| format!("\"wrong {index}\""));
    let both = with_metrics(&format!("{warnings}, {errors}"));
    let few = with_metrics("\"wrong\"");
    let folder = definitions(&[("both.toml", &both), ("few.toml", &few)]);
    let mut command = program();
    command.args(["validate", "--json"]).arg(folder.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = told["problems"].as_array().unwrap();
    assert_eq!((problems.len(), &told["omitted"]), (101, &json!(320)));
    assert!(problems.iter().all(|problem| problem["severity"] == "error"));
    let columns: Vec<_> = problems[..100].iter().map(|p| p["column"].as_u64().unwrap()).collect();
    assert!(columns.is_sorted() && columns[0] == 13 + warnings.len() as u64 + 2, "{columns:?}");

    let mut command = program();
    command.arg("validate").arg(folder.path());
    let told = String::from_utf8(run(command).await.stdout).unwrap();
    assert!(told.contains("both.toml: and 320 more problems\n"), "{told}");
    assert!(told.ends_with("2 definitions, 121 errors, 300 warnings\n"), "{told}");
}

/// The owner whom a definition names that is too large to be read hears of it nevertheless.
#[tokio::test]
async fn a_definition_that_is_too_large_has_an_owner() {
    let large = format!("{SMALL}# {}\n", "ü".repeat(300_000));
    let simulator = simulator().await;
    let folder = definitions(&[("large.toml", &large)]);
    let runs = tempfile::tempdir().unwrap();
    let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "VALIDATION_ERROR");
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.contains("512000 are allowed"), "{message}");
    assert_eq!(simulator.messages()[0].to, ["workforce@example.com"]);
}

/// The recipients of a report and of an order have a number, which is told.
#[tokio::test]
async fn recipients_have_a_number() {
    let recipients = |count| many(count, |index| format!("\"p{index}@example.com\""));
    let listed = |count| SMALL.replace("\"ops@example.com\"", &recipients(count));
    for (count, code) in [(2_000, 0), (2_001, 2)] {
        let folder = definitions(&[("small.toml", &listed(count))]);
        let mut command = program();
        command.arg("validate").arg(folder.path());
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(code), "{count}");
        let told = String::from_utf8(output.stdout).unwrap();
        let is_told = told.contains("the report has 2001 recipients, 2000 are allowed");
        assert_eq!(is_told, code == 2, "{told}");
    }
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let to = |count| (0..count).map(|i| format!("p{i}@example.com")).collect::<Vec<_>>();
    for count in [1_001, 11_500] {
        let order = json!({"reports": ["small"], "to": to(count)});
        let (kind, envelope) = failed(function.api.invoke(order.to_string(), DEADLINE).await);
        assert_eq!(kind, "VALIDATION_ERROR");
        let message = envelope["error"]["message"].as_str().unwrap();
        let expected = format!("the order is wrong: `to` has {count} entries, 1000 are allowed");
        assert_eq!(message, expected);
    }
    assert!(simulator.messages().is_empty());
    let order = json!({"reports": ["small"], "to": to(1_000), "dry_run": true, "time": DUE});
    function.succeed(&order).await;
}

/// Orders of any size are answered in time and with little memory.
#[tokio::test]
async fn a_large_order_is_answered_in_time() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
    let unknown: Map<String, Value> =
        (0..450_000).map(|index| (format!("m{index}"), json!(1))).collect();
    let ids: Vec<_> = (0..100_000).map(|index| format!("r{index}")).collect();
    let few: Vec<_> = (0..10_000).map(|index| format!("r{index}")).collect();
    let message = |body: &Value| json!({"messageId": "m", "eventSource": "aws:sqs", "body": body.to_string()});
    let unknown = Value::Object(unknown);
    for (order, kind, words) in [
        (unknown.clone(), "VALIDATION_ERROR", "; and 449900 more members are unknown"),
        (
            json!({"reports": ids}),
            "VALIDATION_ERROR",
            "`reports` has 100000 entries, 10000 are allowed",
        ),
        (json!({"reports": few}), "NOT_FOUND", "there is no report `r0`"),
    ] {
        let (found, envelope) = failed(function.api.invoke(order.to_string(), DEADLINE).await);
        let text = envelope["error"]["message"].as_str().unwrap();
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(words) || text.ends_with('…'), "{text}");
    }
    let batch = json!({"Records": [message(&unknown)]});
    let answer = function.api.invoke(batch.to_string(), DEADLINE).await;
    let Answer::Response(answer) = answer else { panic!("{answer:?}") };
    assert_eq!(answer, json!({"batchItemFailures": []}));
    function.succeed(&tick()).await;
    assert_eq!(simulator.messages().len(), 1, "and the next event is as ever");
}

/// A member of an order, or of an event, that is a million characters long is told of and not repeated: not
/// in the answer, and not in the log.
#[tokio::test]
async fn a_long_member_is_not_repeated() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
    let long = "x".repeat(1_000_000);
    let window =
        |start: &str, zone: &str| json!({"start": start, "end": "2026-11-23", "time_zone": zone});
    let event = |kind: &str, detail: &Value| {
        json!({"id": "a", "detail-type": kind, "source": "own", "time": "2026-11-23T07:00:00Z",
               "detail": detail})
    };
    let orders = [
        json!({long.as_str(): 1}),
        json!({"reports": [long]}),
        json!({"reports": ["small"], "id": long}),
        json!({"reports": ["small"], "time": long}),
        json!({"reports": ["small"], "to": [long]}),
        json!({"reports": ["small"], "to": [format!("{long} <a@example.com>")]}),
        json!({"reports": ["small"], "resend": long}),
        json!({"reports": ["small"], "window": window(&long, "UTC")}),
        json!({"reports": ["small"], "window": window("2026-11-22", &long)}),
        json!({"reports": ["small"], "window": {long.as_str(): 1}}),
        json!({"reports": ["small"], "due": true, "window": window("2026-11-22", "UTC"),
               "part": {"by": long, "number": 1}}),
        event(&long, &json!(long)),
        event("Scheduled Event", &json!(long)),
        event("own", &json!({long.as_str(): 1})),
        json!({"Records": long}),
        json!(long),
    ];
    for order in orders {
        let (kind, envelope) = failed(function.api.invoke(order.to_string(), DEADLINE).await);
        assert_eq!(kind, "VALIDATION_ERROR", "{envelope:#}");
        assert!(envelope.to_string().len() < 3_000, "{envelope:#}");
    }
    assert!(simulator.messages().is_empty());
    let log = function.log();
    assert!(!log.contains(&"x".repeat(200)) && log.len() < 100_000, "{} bytes", log.len());
}

/// Twenty thousand names that the instance does not have are told in time, those that are near beside
/// the first.
#[tokio::test]
async fn names_that_are_not_there_are_told_in_time() {
    let simulator = simulator().await;
    let names = many(20_000, |index| format!("\"Sales {index}\""));
    let targets = many(12_000, |index| format!("\"Nobody {index}\" = \">= 1\""));
    let stale = SMALL.replace("[\"*\"]", &format!("[{names}]"));
    let untold =
        SMALL.replace("threshold = 20 }", &format!("threshold = 20, targets = {{ {targets} }} }}"));
    for (bad, count) in [(stale, 20_000), (untold, 12_000)] {
        let folder = definitions(&[("bad.toml", &bad), ("good.toml", SMALL)]);
        let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
        let sent = simulator.messages().len();
        let answer = function.api.invoke(tick().to_string(), DEADLINE).await;
        let Answer::Response(envelope) = answer else { panic!("{answer:?}") };
        let error = &envelope["error"];
        assert_eq!((&error["code"], &error["report"]), (&json!("VALIDATION_ERROR"), &json!("bad")));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("(and {} more)", count - 1)), "{message}");
        assert_eq!(simulator.messages().len(), sent + 1, "the good one is sent");
    }
}

/// Long filters by several keys multiply to more requests than fit any memory, and unknown metrics stand
/// alone in one each: that is told when the definition is checked.
#[tokio::test]
async fn filters_that_multiply_stop_no_other_report() {
    let ids = |count: usize, key: usize| {
        many(count, |index| format!("\"{index:08x}-0000-4000-8000-{key:012x}\""))
    };
    let keys = ["QUEUE", "AGENT", "ROUTING_PROFILE", "AGENT_HIERARCHY_LEVEL_ONE"];
    let product = |keys: &[&str], count: usize| {
        let filters = keys.iter().enumerate();
        let filters = filters.map(|(place, key)| format!("{key} = [{}]", ids(count, place)));
        with_metrics("\"CONTACTS_HANDLED\"")
            .replace("QUEUE = [\"*\"]", &filters.collect::<Vec<_>>().join(", "))
    };
    let unknown = many(200, |index| format!("\"UNKNOWN_{index}\""));
    let metrics = with_metrics(&unknown).replace("[\"*\"]", &format!("[{}]", ids(9_000, 0)));
    for bad in [product(&keys[..3], 4_000), product(&keys, 2_900), metrics] {
        assert!(bad.len() < 512_000, "{}", bad.len());
        let simulator = simulator().await;
        let folder = definitions(&[("bad.toml", &bad), ("good.toml", SMALL)]);
        let function =
            Function::start_within(&simulator.url(), text(folder.path()), &[], 1_500_000).await;
        let answer = function.api.invoke(tick().to_string(), DEADLINE).await;
        let Answer::Response(envelope) = answer else { panic!("{answer:?}") };
        let message = envelope["error"]["message"].as_str().unwrap();
        assert!(message.contains("requests at least, 10000 are allowed"), "{message}");
        assert_eq!(simulator.messages().len(), 1, "the good one is sent");
    }
}
