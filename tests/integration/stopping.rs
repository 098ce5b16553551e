use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use connect_simulator::{Fault, Operation, Simulator};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{
    DUE, Function, SMALL, definitions, program, run, simulator, text, tick, tick_at,
};

const RECORD: &str = "small/2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// A place of definitions and records, and commands in it.
struct Place {
    definitions: TempDir,
    runs: TempDir,
}

impl Place {
    fn of(definition: &str) -> Self {
        let definitions = definitions(&[("small.toml", definition)]);
        Self { definitions, runs: tempfile::tempdir().unwrap() }
    }

    fn command(&self, simulator: &Simulator, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .env("AWS_ENDPOINT_URL", simulator.url())
            .env("HOME", self.runs.path())
            .args(arguments)
            .args(["--definitions", text(self.definitions.path()), "--runs"])
            .arg(self.runs.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `run small` for the day of the tests.
    fn run(&self, simulator: &Simulator) -> Command {
        self.command(simulator, &["run", "small", "--time", DUE])
    }

    fn record(&self) -> Value {
        let content = std::fs::read(self.runs.path().join(RECORD)).unwrap();
        serde_json::from_slice(&content).unwrap()
    }

    /// How many recipients are so by the record.
    fn count(&self, status: &str) -> usize {
        let record = self.record();
        let messages = record["messages"].as_array().unwrap().iter();
        messages.filter(|message| message["status"] == status).count()
    }
}

/// Waits until a call of this operation has come to the simulator.
async fn called(simulator: &Simulator, operation: Operation) {
    let coming = async {
        while !simulator.calls().iter().any(|call| call.operation == operation) {
            tokio::task::yield_now().await;
        }
    };
    let minute = std::time::Duration::from_secs(60);
    tokio::time::timeout(minute, coming).await.expect("the call comes");
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// How a process ended, and what it said.
async fn ended(mut child: Child) -> (ExitStatus, String) {
    let waiting = tokio::task::spawn_blocking(move || {
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (child.wait().unwrap(), said)
    });
    waiting.await.unwrap()
}

/// The next line that a process says on standard error, and the rest of it.
async fn line(child: &mut Child) -> String {
    let stderr = child.stderr.take().unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let (mut reader, mut line) = (BufReader::new(stderr), String::new());
        reader.read_line(&mut line).unwrap();
        (line, reader.into_inner())
    });
    let (line, stderr) = reading.await.unwrap();
    child.stderr = Some(stderr);
    line
}

/// Whoever is asked to end gives up what it has: the next one begins at once.
#[tokio::test]
async fn a_run_that_is_stopped_can_be_run_again_at_once() {
    for (asked, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        for operation in [Operation::ListQueues, Operation::GetMetricDataV2] {
            let simulator = simulator().await;
            let place = Place::of(SMALL);
            simulator.misbehave(operation, Fault::Silent, None);
            let child = place.run(&simulator).spawn().unwrap();
            called(&simulator, operation).await;
            signal(&child, asked);
            let (status, said) = ended(child).await;
            assert_eq!(status.code(), Some(code), "{said}");
            assert!(said.contains("the command was stopped"), "{said}");
            let record = place.record();
            assert_eq!(record["claim"]["until"], Value::Null, "{record:#}");
            assert_eq!((&record["status"], &record["final"]), (&json!("failed"), &json!(false)));
            simulator.behave();
            let output = run(place.run(&simulator)).await;
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
            assert_eq!(simulator.messages().len(), 1);
            assert_eq!(place.record()["attempts"], 2);
        }
    }
}

/// Those to whom a mail was on its way are unknown, and never sent to again by themselves; the others
/// are sent to by the next run.
#[tokio::test]
async fn mails_on_their_way_are_unknown_to_whoever_is_stopped() {
    let simulator = simulator().await;
    let many: Vec<_> = (0..12).map(|index| format!("\"r{index}@example.com\"")).collect();
    let place = Place::of(&SMALL.replace("\"ops@example.com\"", &many.join(", ")));
    simulator.misbehave(Operation::SendEmail, Fault::Silent, None);
    let child = place.run(&simulator).spawn().unwrap();
    called(&simulator, Operation::SendEmail).await;
    signal(&child, Signal::SIGINT);
    let (status, said) = ended(child).await;
    assert_eq!(status.code(), Some(130), "{said}");
    let unknown = place.count("unknown");
    assert!((1..12).contains(&unknown), "{:#}", place.record());
    assert_eq!(place.count("failed"), 12 - unknown);
    assert_eq!(place.record()["claim"]["until"], Value::Null);
    simulator.behave();
    let output = run(place.run(&simulator)).await;
    assert_eq!(output.status.code(), Some(1), "it is still unknown who has it");
    assert_eq!((place.count("unknown"), place.count("sent")), (unknown, 12 - unknown));
    let reports = simulator.messages().into_iter();
    let reports = reports.filter(|message| message.to != ["workforce@example.com"]);
    assert_eq!(reports.count(), 12 - unknown);
}

/// A mail whose answer comes within a moment is no unknown.
#[tokio::test]
async fn a_mail_that_is_answered_in_a_moment_is_sent() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let soon = std::time::Duration::from_millis(300);
    simulator.misbehave(Operation::SendEmail, Fault::Slow(soon), None);
    let child = place.run(&simulator).spawn().unwrap();
    called(&simulator, Operation::SendEmail).await;
    signal(&child, Signal::SIGINT);
    let (status, said) = ended(child).await;
    assert_eq!(status.code(), Some(0), "all was done: {said}");
    assert_eq!((&place.record()["status"], simulator.messages().len()), (&json!("sent"), 1));
}

/// Whoever asks twice does not want to wait.
#[tokio::test]
async fn a_second_ctrl_c_ends_at_once() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    simulator.misbehave(Operation::SendEmail, Fault::Silent, None);
    let mut child = place.run(&simulator).spawn().unwrap();
    called(&simulator, Operation::SendEmail).await;
    signal(&child, Signal::SIGINT);
    let said = line(&mut child).await;
    assert!(said.contains("Ctrl-C again ends at once"), "{said}");
    signal(&child, Signal::SIGINT);
    let (status, said) = ended(child).await;
    assert_eq!((status.code(), said.as_str()), (Some(130), ""), "it says nothing more");
    assert_eq!(place.count("sending"), 1, "nobody has written how it ended");
}

/// A wait for another process says until when; it can be ended too.
#[tokio::test]
async fn a_wait_says_until_when() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Silent, None);
    let mut holder = place.run(&simulator).spawn().unwrap();
    called(&simulator, Operation::GetMetricDataV2).await;
    holder.kill().unwrap();
    holder.wait().unwrap();
    let until = place.record()["claim"]["until"].as_str().unwrap().to_owned();
    let until: jiff::Timestamp = until.parse().unwrap();
    let mut waiting = place.run(&simulator).spawn().unwrap();
    let said = line(&mut waiting).await;
    let until = until.strftime("until %Y-%m-%d %H:%M:%S UTC").to_string();
    assert!(said.contains(&until), "{said}");
    signal(&waiting, Signal::SIGINT);
    let (status, said) = ended(waiting).await;
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("the command was stopped while another process had the run"), "{said}");
    let hint = format!(
        "help: another process has it {until}, or longer if it is still at it; `run` waits for it"
    );
    assert!(said.contains(&hint), "{said}");
    // The next one would wait too.
    assert!(!said.contains("at once, and") && !said.contains("run again at once"), "{said}");
}

/// Reports that a stop keeps from beginning are in the answer, with their windows.
#[tokio::test]
async fn runs_that_a_stop_keeps_from_beginning_are_answered() {
    let elsewhere = SMALL.replace("Europe/London", "America/New_York");
    let one_day = ["run", "small", "west", "--time", "2025-03-31", "--json"];
    let days = ["run", "small", "--backfill", "2025-03-28..2025-03-31", "--time", DUE, "--json"];
    for (arguments, expected) in [
        (&one_day[..], &[("small", "2025-03-30"), ("west", "2025-03-30")][..]),
        (&days, &[("small", "2025-03-28"), ("small", "2025-03-29"), ("small", "2025-03-30")]),
    ] {
        let simulator = simulator().await;
        let place = Place::of(SMALL);
        std::fs::write(place.definitions.path().join("west.toml"), &elsewhere).unwrap();
        simulator.misbehave(Operation::ListQueues, Fault::Silent, None);
        let mut child = place.command(&simulator, arguments).spawn().unwrap();
        called(&simulator, Operation::ListQueues).await;
        signal(&child, Signal::SIGINT);
        line(&mut child).await;
        let (status, said) = ended(child).await;
        assert_eq!(status.code(), Some(130), "{said}");
        let answer: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        let runs = answer["data"]["reports"].as_array().unwrap();
        let told: Vec<_> = runs
            .iter()
            .map(|run| {
                assert_eq!(
                    (&run["status"], &run["error"]["code"]),
                    (&json!("failed"), &json!("TIMEOUT"))
                );
                let start = run["window"]["start"].as_str().unwrap();
                (run["report"].as_str().unwrap(), &start[..10])
            })
            .collect();
        assert_eq!(told, expected);
        let begun: Vec<_> =
            runs.iter().map(|run| run["error"]["message"].as_str().unwrap()).collect();
        assert!(begun[0].ends_with("before the run had ended"), "{begun:?}");
        assert!(begun[1..].iter().all(|error| error.ends_with("before this run had begun")));
    }
}

/// What was stopped in a span is no failure of the windows that had not begun.
#[tokio::test]
async fn a_stopped_backfill_leaves_the_other_windows_alone() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Silent, None);
    let arguments = ["run", "small", "--backfill", "2025-03-28..2025-03-31", "--time", DUE];
    let child = place.command(&simulator, &arguments).spawn().unwrap();
    called(&simulator, Operation::GetMetricDataV2).await;
    signal(&child, Signal::SIGTERM);
    let (status, said) = ended(child).await;
    assert_eq!(status.code(), Some(143), "{said}");
    assert_eq!(said.matches("small  failed").count(), 3, "{said}");
    assert_eq!(
        said.matches("before this run had begun").count(),
        1,
        "one reason is told once: {said}"
    );
    let entries = std::fs::read_dir(place.runs.path().join("small")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("--")).count(), 1);
}

/// What a simulator did is said to be simulated, to people and to programs.
#[tokio::test]
async fn a_simulated_run_says_that_it_is() {
    let folder = definitions(&[("small.toml", SMALL)]);
    for json in [false, true] {
        let mut command = program();
        command.env_clear().args(["run", "small", "--simulate", "--definitions"]);
        command.arg(folder.path()).args(json.then_some("--json"));
        let output = run(command).await;
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        if json {
            let answer: Value = serde_json::from_str(&told).unwrap();
            assert_eq!((&answer["simulated"], &answer["success"]), (&json!(true), &json!(true)));
        } else {
            assert!(told.trim_end().ends_with("(simulated)"), "{told}");
        }
    }
}

/// Without credentials a run is told what to do about it, and is open for the next one, of a person or
/// of a tick.
#[tokio::test]
async fn a_run_without_credentials_is_open_for_the_next() {
    let simulator = simulator().await;
    let place = Place::of(SMALL);
    let nobody = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let mut command = place.run(&simulator);
    let output = run({
        command.envs(nobody);
        command
    })
    .await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in ["for want of AWS credentials", "`aws sso login`", "AWS_PROFILE"] {
        assert!(said.contains(word), "{word} in {said}");
    }
    let record = place.record();
    assert_eq!((&record["final"], &record["error"]["retryable"]), (&json!(false), &json!(true)));

    let records = ("CONNECT_REPORTS_RUNS", text(place.runs.path()));
    let more = [&nobody[..], &[records, ("HOME", "/nowhere")]].concat();
    let function = Function::start(&simulator.url(), text(place.definitions.path()), &more).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(
        (kind.as_str(), &envelope["error"]["retryable"]),
        ("CONFIGURATION_ERROR", &json!(true))
    );
    let more = [records];
    let function = Function::start(&simulator.url(), text(place.definitions.path()), &more).await;
    function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(simulator.messages().len(), 1);
}
