//! What an earlier version has written is read as it was meant. The files in `tests/fixtures/written-before`
//! are those of version 0.1.0 before its code was divided into rooms: records, re-issues, messages, what is
//! kept beside them, and a `report.json`.

use std::fs;
use std::path::{Path, PathBuf};

use connect_simulator::{Options, Simulator, SimulatorClock};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, program, run, simulator, text};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/written-before")
}

/// A copy of the ledger, which a test may change.
fn ledger() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for report in fs::read_dir(fixtures().join("runs")).unwrap() {
        let report = report.unwrap();
        let folder = copy.path().join(report.file_name());
        fs::create_dir(&folder).unwrap();
        for file in fs::read_dir(report.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
    copy
}

fn fixture(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures().join(name)).unwrap()).unwrap()
}

#[tokio::test]
async fn records_are_listed_as_before() {
    let (runs, reports) = (ledger(), fixtures().join("reports"));
    let mut command = program();
    command.args(["runs", "--runs", text(runs.path()), "--definitions", text(&reports), "--json"]);
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed, fixture("runs.json"));
}

/// A window that was sent is a duplicate, and the recipient of whom it was not known gets the message that
/// was stored then.
#[tokio::test]
async fn a_run_goes_on_from_its_record_and_its_message() {
    let (runs, reports, simulator) = (ledger(), fixtures().join("reports"), simulator().await);
    let settings = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(&reports), &settings).await;
    let order =
        json!({"reports": ["daily"], "window": {"start": "2026-11-22", "end": "2026-11-23"}});
    let again = function.succeed(&order).await;
    assert_eq!(again["data"]["reports"][0]["status"], "duplicate");
    let resend = json!({"reports": ["unscheduled"], "resend": "unknown",
        "window": {"start": "2026-11-19", "end": "2026-11-20"}});
    let resent = function.succeed(&resend).await;
    assert_eq!(resent["data"]["reports"][0]["status"], "sent");
    let messages = simulator.messages();
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    assert_eq!(message.to, ["ana@example.com"]);
    let stored =
        "runs/unscheduled/2026-11-19T0000+0000--2026-11-20T0000+0000.1d5c391e494f9110.message.json";
    let stored = fixture(stored);
    let mail = mail_parser::MessageParser::default().parse(&message.raw).unwrap();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (sent, stored) =
        (words(&mail.body_text(0).unwrap()), words(stored["text"].as_str().unwrap()));
    assert!(sent.ends_with(&stored), "{sent:?} {stored:?}");
}

/// A definition that an earlier tick found not to be valid is no news for the next one.
#[tokio::test]
async fn a_known_mistake_is_no_news() {
    let (runs, simulator) = (ledger(), simulator().await);
    let reports = tempfile::tempdir().unwrap();
    fs::write(reports.path().join("broken.toml"), "title = 3\n").unwrap();
    let settings = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(reports.path()), &settings).await;
    let tick = json!({"time": "2026-11-24T08:00:00Z"});
    let answer = function.succeed(&tick).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "failed");
}

#[tokio::test]
async fn report_json_is_written_as_before() {
    let reports = fixtures().join("reports");
    let time = "2026-11-23T07:00:00Z";
    let clock = SimulatorClock::At(time.parse().unwrap());
    let simulator = Simulator::start(Options { clock, ..Options::awkward() }).await.unwrap();
    let mut command = program();
    command.args(["preview", "daily", "--time", time, "--json"]);
    command.args(["--definitions", text(&reports)]).env("AWS_ENDPOINT_URL", simulator.url());
    let output = run(command).await;
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report, fixture("report.json"));
}
