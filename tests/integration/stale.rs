use serde_json::{Value, json};

use crate::harness::binary::{DUE, Function, SMALL, definitions, program, run, simulator, text};

/// [`SMALL`] with `partial = "banner"` or without, and the other sections behind its own.
fn defined(partial: &str, sections: &[&str]) -> String {
    let head = SMALL.replace("[email]", &format!("partial = \"{partial}\"\n\n[email]"));
    format!("{head}\n{}", sections.join("\n"))
}

/// A section of one queue, which the instance may have.
fn section(title: &str, queue: &str) -> String {
    format!(
        "[[section]]\ntitle = \"{title}\"\ngroup_by = [\"QUEUE\"]\n\
         filters = {{ QUEUE = [\"{queue}\"] }}\nmetrics = [\"CONTACTS_HANDLED\"]\n"
    )
}

const LEVEL: &str = "[[section]]\ntitle = \"By squad\"\ngroup_by = [\"AGENT_HIERARCHY_LEVEL_FOUR\"]\n\
    filters = { QUEUE = [\"*\"] }\nmetrics = [\"CONTACTS_HANDLED\"]\n";

/// The run and the messages of an order for the report.
async fn ordered(definition: &str) -> (Value, Vec<connect_simulator::SentMessage>) {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", definition)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let order = json!({ "reports": ["small"], "time": DUE });
    let answer = match function.invoke(&order).await {
        crate::harness::runtime_api::Answer::Response(answer) => answer,
        crate::harness::runtime_api::Answer::Error { message, .. } => {
            serde_json::from_str(&message).unwrap()
        }
    };
    (answer["data"]["reports"][0].clone(), simulator.messages())
}

/// A renamed queue, a pattern that fits nothing any more, and a level that was removed stop their
/// section alone with `partial = "banner"`; the message names it, and says why in a sentence that is true.
#[tokio::test]
async fn a_stale_name_stops_its_section_alone() {
    let lines = section("Old names", "Slaes");
    let patterns = section("Old patterns", "Vertrieb *");
    let left = section("Left out", "*").replace("[\"*\"]", "[\"*\", \"!Verkauf\"]");
    let nothing =
        section("All out", "Sales").replace("[\"Sales\"]", "[\"Sales\", \"!Sal*\", \"!disabled\"]");
    let both =
        section("Both", "Slaes").replace("[\"Slaes\"]", "[\"Slaes\", \"!Verkauf\", \"!Gone\"]");
    let good = section("Good names", "Sales");
    let sections = [&lines, &patterns, LEVEL, &left, &nothing, &both, &good];
    let definition = defined("banner", &sections);
    let (run, messages) = ordered(&definition).await;
    assert_eq!(run["status"], "sent", "{run:#}");
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    let mail = mail_parser::MessageParser::default().parse(&message.raw).unwrap();
    let [html, plain] = [mail.body_html(0).unwrap(), mail.body_text(0).unwrap()];
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    for (title, reason) in [
        ("Old names", "Amazon Connect does not have what the section selects: Slaes"),
        ("Old patterns", "Amazon Connect does not have what the section selects: Vertrieb *"),
        (
            "By squad",
            "Amazon Connect does not have what the section selects: Agent hierarchy level 4",
        ),
        ("Left out", "Amazon Connect does not have what the section leaves out: !Verkauf"),
        ("All out", "All that the section selects is left out: !Sal*, !disabled"),
        (
            "Both",
            "Amazon Connect does not have what the section selects: Slaes. Amazon Connect does not have \
             what the section leaves out: !Verkauf, !Gone",
        ),
    ] {
        assert!(html.contains(reason), "{reason}: {html}");
        let told = format!("{title}. {reason} (VALIDATION_ERROR)");
        assert!(plain.contains(&told), "{told}: {plain}");
    }
    assert!(plain.contains("Good names") && plain.contains("By queue"), "{plain}");

    let (run, messages) = ordered(&definition.replace("banner", "fail")).await;
    assert_eq!(
        (&run["status"], &run["error"]["code"]),
        (&json!("failed"), &json!("VALIDATION_ERROR"))
    );
    assert!(messages.is_empty());
}

/// Whoever looks the run up, or reads the log, hears what is missing and why.
#[tokio::test]
async fn the_run_and_the_log_say_why_a_section_is_missing() {
    let simulator = simulator().await;
    let runs = tempfile::tempdir().unwrap();
    let definition = defined("banner", &[&section("Old names", "Slaes"), LEVEL]);
    let folder = definitions(&[("small.toml", &definition)]);
    let records = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    let answer = function.succeed(&json!({ "reports": ["small"], "time": DUE })).await;
    let reason = answer["data"]["reports"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("sent without: Old names ("), "{reason}");
    assert!(
        reason.contains(
            "small.toml:23:22: the instance has no queue with the name `Slaes`); By squad ("
        ),
        "{reason}"
    );
    assert_eq!(reason.lines().count(), 1);
    let mut command = program();
    command.args(["runs", "small", "--runs", text(runs.path())]);
    let output = run(command).await;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("no queue with the name `Slaes`"), "{listed}");

    let log = function.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let missing: Vec<_> = lines.filter(|line| line["message"] == "a section is missing").collect();
    assert_eq!(missing.len(), 2, "{log}");
    for line in missing {
        assert_eq!(
            [&line["report"], &line["code"], &line["stage"], &line["retryable"], &line["batch"]],
            [
                &json!("small"),
                &json!("VALIDATION_ERROR"),
                &json!("plan"),
                &json!(false),
                &answer["data"]["id"]
            ],
            "{line}"
        );
    }
}

/// A report without a section that is left sends nothing, and tells every problem.
#[tokio::test]
async fn a_report_of_stale_names_alone_fails() {
    let definition =
        defined("banner", &[&section("Old", "Slaes")]).replacen("\"*\"", "\"Sprot\"", 1);
    let (run, messages) = ordered(&definition).await;
    assert_eq!((&run["status"], &run["error"]["stage"]), (&json!("failed"), &json!("plan")));
    let message = run["error"]["message"].as_str().unwrap();
    assert!(message.contains("`Sprot`") && message.ends_with("(and 1 more)"), "{message}");
    assert!(messages.is_empty());
}

/// A target of nothing is a note under the table, and the others count.
#[tokio::test]
async fn a_stale_target_is_a_note() {
    let targets = "{ name = \"SERVICE_LEVEL\", threshold = 20, targets = { Slaes = \">= 90\", Sales = \">= 99.9\" } }";
    let definition =
        defined("banner", &[]).replace("{ name = \"SERVICE_LEVEL\", threshold = 20 }", targets);
    let (run, messages) = ordered(&definition).await;
    assert_eq!(run["status"], "sent", "{run:#}");
    let mail = mail_parser::MessageParser::default().parse(&messages[0].raw).unwrap();
    let plain = mail.body_text(0).unwrap();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let note =
        "The target of SL 20 s for Slaes does not count: the table shows nothing by this name.";
    assert!(plain.contains(note), "{plain}");
    assert!(plain.contains("✗ missed"), "that of Sales counts: {plain}");

    let (run, messages) = ordered(&definition.replace("banner", "fail")).await;
    assert_eq!(run["status"], "failed");
    assert!(messages.is_empty());
}

/// The figures of the sections that are left are their own, whatever is missing before them, and
/// beside what they are compared with.
#[tokio::test]
async fn the_sections_that_are_left_keep_their_figures() {
    let simulator = simulator().await;
    let (old, good) = (section("Old", "Slaes"), section("Good", "Support"));
    let compare = |text: String| text.replace("partial", "compare = \"same-weekday\"\npartial");
    let with = compare(defined("banner", &[&old, LEVEL, &good]));
    let without = compare(defined("banner", &[&good]));
    let mut sections = Vec::new();
    for definition in [&with, &without] {
        let folder = definitions(&[("small.toml", definition)]);
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url());
        command.args([
            "preview",
            "small",
            "--json",
            "--time",
            DUE,
            "--definitions",
            text(folder.path()),
        ]);
        let output = run(command).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert_eq!(told.contains("`Slaes`"), definition == &with, "{told}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        sections.push(report["sections"].as_array().unwrap().clone());
    }
    assert_eq!(sections[1].len(), 2);
    assert_eq!(sections[0], sections[1]);
}

/// `plan` shows the requests of the sections that are left, and tells of the others.
#[tokio::test]
async fn the_rest_is_planned() {
    let simulator = simulator().await;
    let definition = defined("banner", &[&section("Old", "Slaes"), &section("Good", "Support")]);
    let folder = definitions(&[("small.toml", &definition)]);
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url());
    command.args(["plan", "small", "--time", DUE, "--definitions", text(folder.path())]);
    let output = run(command).await;
    let [plan, told] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("no queue with the name `Slaes`"), "{told}");
    assert!(plan.contains("\nBy queue\n") && plan.contains("\nGood\n"), "{plan}");
    assert!(!plan.contains("\nOld\n"), "{plan}");
}
