//! A tick over many definitions: the memory of the function, the time, the requests and the calls of its store.
//!
//! Each line is a process of its own. Its definitions have 1.3 kB.
#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench that can't run has nothing to show, and shows what it has on the screen"
)]

#[path = "invocation/harness.rs"]
mod harness;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use connect_simulator::{Operation, Options, Simulator, SimulatorClock};
use harness::runtime_api::{Answer, RuntimeApi};
use harness::s3::S3;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The times of ticks. The first sees the definitions first, and nothing is caught up from before it; some are due
/// at the second.
const TICKS: [&str; 2] = ["2026-11-23T07:45:00Z", "2026-11-23T08:00:00Z"];

/// The deadline of an invocation.
const DEADLINE: Duration = Duration::from_secs(900);

/// The most memory that a cell may take, in megabytes.
const MOST_MEMORY: f64 = 128.0;

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "place   definitions   due  tick  peak MB  seconds  requests  store calls  calls each"
    );
    for place in [Place::Folder, Place::S3] {
        for due in [0, 1_000] {
            for definitions in [100, 1_000, 10_000] {
                let cell = Cell { place, definitions, due: due.min(definitions) };
                cell.print(true).await;
                if due > 0 {
                    cell.print(false).await;
                }
            }
        }
    }
}

/// The place of definitions; the records are in S3 always.
#[derive(Clone, Copy, Debug)]
enum Place {
    Folder,
    S3,
}

/// A number of definitions in a place, of which some are due at the first tick.
#[derive(Clone, Copy)]
struct Cell {
    place: Place,
    definitions: usize,
    due: usize,
}

impl Cell {
    async fn print(self, is_warm: bool) {
        let Self { place, definitions, due } = self;
        let texts: Vec<(String, String)> = (0..definitions)
            .map(|n| (format!("report-{n:05}.toml"), definition(n, n < due)))
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let objects: Vec<(String, &str)> = match place {
            Place::Folder => Vec::new(),
            Place::S3 => {
                let in_s3 = texts.iter();
                in_s3.map(|(name, text)| (format!("reports/{name}"), text.as_str())).collect()
            }
        };
        let objects: Vec<(&str, &str)> =
            objects.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let s3 = S3::start(&objects).await;
        if let Place::Folder = place {
            for (name, text) in &texts {
                fs::write(folder.path().join(name), text).expect("a definition");
            }
        }
        let clock = SimulatorClock::At("2026-11-23T12:00:00Z".parse().expect("a time"));
        let options = Options { clock, page_size: 100, ..Options::awkward() };
        let simulator = Simulator::start(options).await.expect("a free port");
        let world = World { place, folder: &folder, s3: &s3, simulator: &simulator };
        let mut function = Function::start(&world).await;
        if due == 0 {
            self.measure("cold", &mut function, &world, TICKS[0]).await;
            self.measure("warm", &mut function, &world, TICKS[1]).await;
        } else if is_warm {
            function.invoke(TICKS[0]).await;
            self.measure("warm", &mut function, &world, TICKS[1]).await;
        } else {
            function.invoke(TICKS[0]).await;
            let mut function = Function::start(&world).await;
            self.measure("cold", &mut function, &world, TICKS[1]).await;
        }
        assert_eq!(simulator.messages().len(), due, "each due report was sent once");
    }

    /// Prints what one tick takes.
    async fn measure(self, name: &str, function: &mut Function, world: &World<'_>, time: &str) {
        let Self { place, definitions, due } = self;
        let (calls, requests) = (world.s3.times().len(), count_requests(world.simulator));
        let began = Instant::now();
        function.invoke(time).await;
        let seconds = began.elapsed().as_secs_f64();
        let calls = world.s3.times().len() - calls;
        let requests = count_requests(world.simulator) - requests;
        let idle = function.idle;
        let memory = function.memory();
        let each = calls as f64 / definitions as f64;
        let told = if memory > MOST_MEMORY { "  above the target" } else { "" };
        let place = format!("{place:?}");
        println!(
            "{place:7}{definitions:>12}{due:>6}  {name}{idle:>9.1}{memory:>9.1}{seconds:>9.2}{requests:>10}{calls:>13}{each:>12.2}{told}"
        );
    }
}

/// The things that the function talks to.
struct World<'w> {
    place: Place,
    folder: &'w TempDir,
    s3: &'w S3,
    simulator: &'w Simulator,
}

fn count_requests(simulator: &Simulator) -> usize {
    let calls = simulator.calls();
    calls.iter().filter(|call| call.operation == Operation::GetMetricDataV2).count()
}

/// A definition of 1.3 kB.
fn definition(number: usize, is_due: bool) -> String {
    let at = if is_due { "07:55" } else { "20:00" };
    let mut text = format!(
        r#"# The report of team {number}: the queues that it serves, for the people who run its day.
title    = "Report of team {number}"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"

[schedule]
at = "{at}"

[email]
from = "Queue reports <reports@example.com>"
to   = ["team-{number}@example.com"]

[[section]]
title   = "The day at a glance"
kind    = "totals"
filters = {{ QUEUE = ["*"], CHANNEL = ["VOICE"] }}
metrics = [
    {{ name = "SERVICE_LEVEL", threshold = 20, label = "Service level, 20 s", target = ">= 80" }},
    {{ name = "CONTACTS_QUEUED", label = "Calls queued" }},
    {{ name = "CONTACTS_ABANDONED", label = "Calls abandoned" }},
]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = {{ QUEUE = ["*"], CHANNEL = ["VOICE"] }}
metrics  = [
    {{ name = "CONTACTS_QUEUED", label = "Queued" }},
    {{ name = "SERVICE_LEVEL", threshold = 20, label = "SL 20 s", target = ">= 80" }},
    "AVG_QUEUE_ANSWER_TIME",
    "AVG_HANDLE_TIME",
]
sort = "-CONTACTS_QUEUED"
"#
    );
    while text.len() < 1_300 {
        text.push_str("# Changes go through the team that plans the workforce.\n");
    }
    text
}

/// The function under a Runtime API.
struct Function {
    api: RuntimeApi,
    process: Child,
    /// The memory that it had before its first event, in megabytes.
    idle: f64,
}

impl Function {
    async fn start(world: &World<'_>) -> Self {
        let World { place, folder, s3, simulator } = world;
        let api = RuntimeApi::start().await;
        let definitions = match place {
            Place::Folder => folder.path().to_str().expect("a path").to_owned(),
            Place::S3 => "s3://reports-bucket/reports".to_owned(),
        };
        let process = Command::new(env!("CARGO_BIN_EXE_connect-reports"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "connect-reports")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("LAMBDA_TASK_ROOT", folder.path())
            .env("AWS_REGION", "eu-west-2")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("AWS_ENDPOINT_URL", simulator.url())
            .env("AWS_ENDPOINT_URL_S3", s3.url())
            .env("CONNECT_REPORTS_DEFINITIONS", definitions)
            .env("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs")
            .env("CONNECT_REPORTS_REQUESTS_PER_SECOND", "100000")
            .env("CONNECT_REPORTS_LISTS_PER_SECOND", "100000")
            .env("CONNECT_REPORTS_MESSAGES_PER_SECOND", "100000")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut function = Self { api, process, idle: 0.0 };
        function.api.asked_for_next().await;
        function.idle = function.memory();
        function
    }

    async fn invoke(&mut self, time: &str) {
        match self.api.invoke(tick(time).to_string(), DEADLINE).await {
            Answer::Response(_) => {}
            Answer::Error { kind, message } => panic!("{kind}: {message}"),
        }
    }

    /// The most memory that the process had, in megabytes (Linux).
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes / 1024.0
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A scheduled event of EventBridge.
fn tick(time: &str) -> Value {
    json!({
        "version": "0", "id": format!("53dc4d37-cffa-4f76-80c9-{time}"),
        "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
        "time": time, "region": "eu-west-2",
        "resources": ["arn:aws:events:eu-west-2:123456789012:rule/reports"], "detail": {}
    })
}
