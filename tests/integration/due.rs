use std::path::Path;

use connect_simulator::{Fault, Operation, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{
    Function, SMALL, definitions, program, run, simulator, text, tick_at,
};
use crate::harness::s3::S3;

const RUNS: &str = "CONNECT_REPORTS_RUNS";

/// The record of the day of 23 hours that is due at 08:00 London time, 07:00 UTC.
const RECORD: &str = "daily/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// [`SMALL`] at eight every morning, with more lines.
fn daily(more: &str) -> String {
    SMALL.replace("[email]", &format!("{more}\n[schedule]\nat = \"08:00\"\n\n[email]"))
}

fn scheduled(more: &str) -> TempDir {
    definitions(&[("daily.toml", &daily(more))])
}

/// The function with records in a folder.
async fn recording(simulator: &Simulator, folder: &TempDir, runs: &TempDir) -> Function {
    let records = [(RUNS, text(runs.path()))];
    Function::start(&simulator.url(), text(folder.path()), &records).await
}

/// The windows of the runs that an event started, with their status.
fn started(answer: &Value) -> Vec<[&str; 2]> {
    let runs = answer["data"]["reports"].as_array().unwrap().iter();
    runs.map(|run| {
        [run["window"]["start"].as_str().unwrap_or_default(), run["status"].as_str().unwrap()]
    })
    .collect()
}

fn read(folder: &TempDir, key: &str) -> Value {
    let content = std::fs::read(folder.path().join(key)).unwrap();
    serde_json::from_slice(&content).unwrap()
}

/// Early, in time, twice, late, and to a process that has just started: one run.
#[tokio::test]
async fn a_scheduled_report_runs_once_for_its_day() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    for (time, expected) in [
        ("2025-03-31T06:45:00Z", &[][..]),
        ("2025-03-31T07:00:00Z", &[["2025-03-30T00:00:00+00:00", "sent"]]),
        ("2025-03-31T07:00:00Z", &[]),
        ("2025-03-31T06:45:00Z", &[]),
        ("2025-03-31T07:15:00Z", &[]),
    ] {
        let answer = function.succeed(&tick_at(time)).await;
        assert_eq!(started(&answer), expected, "{time}");
        assert_eq!(answer["data"]["recorded"], true);
    }
    let function = recording(&simulator, &folder, &runs).await;
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(started(&answer), [[""; 2]; 0]);
    assert_eq!(simulator.messages().len(), 1);

    let record = read(&runs, RECORD);
    assert_eq!((&record["version"], &record["final"]), (&json!(1), &json!(true)));
    assert_eq!((&record["status"], &record["requests"]), (&json!("sent"), &json!(2)));
    assert_eq!(record["messages"][0]["message_id"], simulator.messages()[0].id);
    assert_eq!(record["event"]["id"], tick_at("2025-03-31T07:00:00Z")["id"]);
    assert_eq!(record["attempts"], 1);
    let since = read(&runs, "daily/since.json");
    assert_eq!(since["since"], "2025-03-31T06:45:00Z");
    assert_eq!(
        since["timing"],
        "previous-day in Europe/London, at 08:00 on mon, tue, wed, thu, fri, sat, sun"
    );
    let left: Vec<_> = std::fs::read_dir(runs.path().join("daily")).unwrap().collect();
    assert_eq!(left.len(), 3, "the record, the message and since.json: {left:?}");
}

/// What was missed runs late, each for its own window, the oldest first; nothing from before the
/// schedule was first seen, and a schedule that changes is a new one.
#[tokio::test]
async fn what_was_missed_is_caught_up() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled("catch_up = \"3d\""), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    let first = function.succeed(&tick_at("2025-03-29T09:00:00Z")).await;
    assert_eq!(started(&first), [[""; 2]; 0], "due an hour before anybody knew");
    let late = function.succeed(&tick_at("2025-03-31T11:00:00Z")).await;
    let sent = [["2025-03-29T00:00:00+00:00", "sent"], ["2025-03-30T00:00:00+00:00", "sent"]];
    assert_eq!(started(&late), sent);
    let ids: Vec<_> = simulator.messages().iter().map(|sent| sent.id.clone()).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1]);
    let earlier = daily("catch_up = \"3d\"").replace("08:00", "07:30");
    std::fs::write(folder.path().join("daily.toml"), earlier).unwrap();
    let changed = function.succeed(&tick_at("2025-03-31T11:15:00Z")).await;
    assert_eq!(started(&changed), [[""; 2]; 0]);
    assert_eq!(read(&runs, "daily/since.json")["since"], "2025-03-31T11:15:00Z");
}

/// Of runs that are under way at once the oldest is sent first, although it takes longer: its record has to be
/// read, because it was tried before.
#[tokio::test]
async fn of_several_runs_the_oldest_is_sent_first() {
    let simulator = simulator().await;
    let to = |text: String, to: &str| text.replace("ops@example.com", to);
    let older = to(daily(""), "older@example.com");
    let newer = to(daily("").replace("08:00", "08:15"), "newer@example.com");
    let folder = definitions(&[("z.toml", &older), ("a.toml", &newer)]);
    let runs = tempfile::tempdir().unwrap();
    let function = recording(&simulator, &folder, &runs).await;
    function.succeed(&tick_at("2025-03-31T06:45:00Z")).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    function.fail(&tick_at("2025-03-31T07:00:00Z")).await;
    simulator.behave();
    function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    let sent: Vec<_> = simulator.messages().into_iter().flat_map(|message| message.to).collect();
    assert_eq!(sent, ["older@example.com", "newer@example.com"]);
}

/// Without records nothing is made up for: a schedule is due for fifteen minutes, and what has none
/// at every event.
#[tokio::test]
async fn without_records_only_what_is_due_now_runs() {
    let simulator = simulator().await;
    let folder = definitions(&[("daily.toml", &daily("")), ("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    for (time, reports) in [
        ("2025-03-31T06:59:00Z", &["small"][..]),
        ("2025-03-31T07:00:00Z", &["daily", "small"]),
        ("2025-03-31T07:14:00Z", &["daily", "small"]),
        ("2025-03-31T07:15:00Z", &["small"]),
    ] {
        let answer = function.succeed(&tick_at(time)).await;
        let ran = answer["data"]["reports"].as_array().unwrap().iter();
        let ran: Vec<_> = ran.map(|run| run["report"].as_str().unwrap()).collect();
        assert_eq!(ran, reports, "{time}");
        assert_eq!(answer["data"]["recorded"], false);
    }
}

/// What failed and may pass is tried again by the next event, what failed for good is not.
#[tokio::test]
async fn only_what_may_pass_is_tried_again() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let records = [(RUNS, text(runs.path())), ("AWS_MAX_ATTEMPTS", "1")];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    function.succeed(&tick_at("2025-03-31T06:45:00Z")).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    let (kind, _) = function.fail(&tick_at("2025-03-31T07:00:00Z")).await;
    assert_eq!(kind, "SERVICE_ERROR");
    assert_eq!(read(&runs, RECORD)["final"], false);
    simulator.behave();
    simulator.misbehave(Operation::SendEmail, Fault::Rejected, None);
    for _ in ["the event", "its retry"] {
        let (kind, _) = function.fail(&tick_at("2025-03-31T07:15:00Z")).await;
        assert_eq!(kind, "DELIVERY_REJECTED");
        assert_eq!(read(&runs, RECORD)["final"], true);
        simulator.behave();
    }
    let answer = function.succeed(&tick_at("2025-03-31T07:30:00Z")).await;
    assert_eq!(started(&answer), [[""; 2]; 0]);
    let to: Vec<_> = simulator.messages().into_iter().flat_map(|message| message.to).collect();
    assert_eq!(to, ["workforce@example.com"], "its owner, who could not be reached before");
}

/// An order by name is the report's run for its window too; one for somebody else is not.
#[tokio::test]
async fn an_order_by_name_counts() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    function.succeed(&tick_at("2025-03-31T06:00:00Z")).await;
    let order = json!({"reports": ["daily"], "time": "2025-03-31T06:30:00Z"});
    for more in [json!({"to": ["me@example.com"]}), json!({"dry_run": true})] {
        let mut order = order.clone();
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        function.succeed(&order).await;
        assert!(!runs.path().join(RECORD).exists());
    }
    function.succeed(&order).await;
    assert_eq!(read(&runs, RECORD)["status"], "sent");
    let answer = function.succeed(&tick_at("2025-03-31T07:00:00Z")).await;
    assert_eq!(started(&answer), [[""; 2]; 0]);
}

#[tokio::test]
async fn records_lie_in_s3_too() {
    let simulator = simulator().await;
    let (folder, s3) = (scheduled(""), S3::start(&[]).await);
    let records = [(RUNS, "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", &s3.url())];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    let missing = [(RUNS, "s3://no-such-bucket/runs"), records[1]];
    let broken = Function::start(&simulator.url(), text(folder.path()), &missing).await;
    for (time, expected) in [
        ("2025-03-31T07:00:00Z", &[["2025-03-30T00:00:00+00:00", "sent"]][..]),
        ("2025-03-31T07:00:00Z", &[]),
    ] {
        let answer = function.succeed(&tick_at(time)).await;
        assert_eq!(started(&answer), expected);
    }
    let record = s3.object(&format!("runs/{RECORD}")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["status"], "sent");
    assert!(s3.object("runs/daily/since.json").is_some());
    let answer = broken.invoke(&tick_at("2025-03-31T07:00:00Z")).await;
    let told = format!("{answer:?}");
    assert!(told.contains("NOT_FOUND") && told.contains("no-such-bucket"), "{told}");
    assert_eq!(simulator.messages().len(), 1);
}

/// Where records can't be kept nothing is sent that could be sent twice.
#[tokio::test]
async fn a_store_that_does_not_work_is_told() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let (plain, file) = (definitions(&[("small.toml", SMALL)]), runs.path().join("file"));
    std::fs::write(&file, "").unwrap();
    let broken = runs.path().join("broken");
    write(&broken.join("daily/since.json"), "{");
    // There is nothing to be read, and nothing can be written.
    let nowhere = std::path::PathBuf::from("/proc/nowhere");
    for (definitions, place, words) in [
        (&folder, &file, "daily/since.json"),
        (&folder, &broken, "daily/since.json"),
        (&plain, &nowhere, "/proc/nowhere/small/"),
    ] {
        let records = [(RUNS, text(place))];
        let function = Function::start(&simulator.url(), text(definitions.path()), &records).await;
        for time in ["2025-03-31T07:00:00Z", "2025-03-31T07:15:00Z"] {
            let (kind, answer) = function.fail(&tick_at(time)).await;
            assert_eq!(kind, "STORE_ERROR", "{answer:#}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains(words), "{message}");
        }
    }
    assert!(simulator.messages().is_empty());
}

/// A mail that went out stays in the record, whatever a later run of the same window comes to.
#[tokio::test]
async fn a_failed_order_does_not_undo_what_was_sent() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let records = [(RUNS, text(runs.path())), ("AWS_MAX_ATTEMPTS", "1")];
    let function = Function::start(&simulator.url(), text(folder.path()), &records).await;
    function.succeed(&tick_at("2025-03-31T07:00:00Z")).await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::ServerError, None);
    let order = json!({"reports": ["daily"], "time": "2025-03-31T07:05:00Z"});
    let answer = function.succeed(&order).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "duplicate");
    simulator.behave();
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(started(&answer), [[""; 2]; 0]);
    assert_eq!(read(&runs, RECORD)["status"], "sent");
    let fresh = Function::start(&simulator.url(), text(folder.path()), &records).await;
    let answer = fresh.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(started(&answer), [[""; 2]; 0]);
    assert_eq!(simulator.messages().len(), 1);
}

/// Neither a dry run nor a time to come leaves a trace, and events may overtake each other.
#[tokio::test]
async fn only_events_that_happened_are_remembered() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled(""), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    function.succeed(&json!({"dry_run": true, "time": "2025-03-31T06:45:00Z"})).await;
    let (kind, answer) = function.fail(&tick_at("2099-01-01T08:00:00Z")).await;
    assert_eq!(kind, "VALIDATION_ERROR");
    assert!(answer["error"]["message"].as_str().unwrap().contains("in the future"));
    assert!(!runs.path().join("daily").exists());
    function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert!(simulator.messages().is_empty(), "due before it was seen");
    let answer = function.succeed(&tick_at("2025-03-31T07:00:00Z")).await;
    assert_eq!(started(&answer), [["2025-03-30T00:00:00+00:00", "sent"]]);
}

/// A record that can't be read stops the run that it is of, and no other.
#[tokio::test]
async fn a_broken_record_stops_its_own_run_only() {
    let simulator = simulator().await;
    let (folder, runs) = (scheduled("catch_up = \"3d\""), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    function.succeed(&tick_at("2025-03-29T07:00:00Z")).await;
    let earlier = "daily/2025-03-29T0000+0000--2025-03-30T0000+0000.json";
    write(&runs.path().join(earlier), "{\"status\": \"sent\"}");
    let (_, answer) = function.fail(&tick_at("2025-03-31T07:00:00Z")).await;
    let ended: Vec<_> = started(&answer).into_iter().map(|[_, status]| status).collect();
    assert_eq!(ended, ["failed", "sent", "sent"], "{answer:#}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("2025-03-29T0000"));
}

/// Of a report without schedule an event that comes late does not run what is over.
#[tokio::test]
async fn a_late_event_runs_no_earlier_window() {
    let simulator = simulator().await;
    let (folder, runs) = (definitions(&[("small.toml", SMALL)]), tempfile::tempdir().unwrap());
    let function = recording(&simulator, &folder, &runs).await;
    for (time, expected) in [
        ("2025-03-31T07:15:00Z", &[["2025-03-30T00:00:00+00:00", "sent"]][..]),
        ("2025-03-30T22:00:00Z", &[]),
        ("2025-03-31T07:30:00Z", &[]),
    ] {
        let answer = function.succeed(&tick_at(time)).await;
        assert_eq!(started(&answer), expected, "{time}");
    }
}

fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A window that can't be reported is told before anything is asked.
#[tokio::test]
async fn windows_that_can_t_be_reported_are_told_before() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    for (start, end, time, words) in [
        ("2199-01-01", "2199-01-02", None, "the window is not over yet"),
        ("2020-01-01", "2020-01-02", None, "figures of 93 days only"),
        ("2025-01-01", "2025-01-02", Some("2025-04-30T00:00:00Z"), "figures of 93 days only"),
        ("2025-03-29", "2025-03-29", None, "ends at or before its start"),
        ("2025-03-29", "2025-03-28", None, "ends at or before its start"),
        ("2025-03-30T01:30", "2025-03-31", None, "the clocks skip it"),
    ] {
        let mut order = json!({"reports": ["small"], "window": {"start": start, "end": end}});
        if let Some(time) = time {
            order["time"] = time.into();
        }
        let (kind, answer) = function.fail(&order).await;
        assert_eq!(kind, "VALIDATION_ERROR", "{answer:#}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    assert!(simulator.calls().is_empty(), "{:?}", simulator.calls());
}

/// Before AWS is asked, the clock says what it has forgotten, whatever time is asked for.
#[tokio::test]
async fn a_time_of_long_ago_is_told_before() {
    let folder = definitions(&[("small.toml", SMALL)]);
    for (command, time) in [("preview", "2020-03-31T08:00:00Z"), ("plan", "2025-03-31T08:00:00Z")] {
        let mut program = program();
        program.args([command, "small", "--time", time, "--definitions"]).arg(folder.path());
        let output = run(program).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("VALIDATION_ERROR") && told.contains("figures of 93 days only"));
    }
}
