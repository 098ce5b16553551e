//! The built program, in an environment of the test's own.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use connect_reports::connect::Connect;
use connect_reports::metric::Limits;
use connect_reports::rate_limit::Pacer;
use connect_reports::settings::{Rates, behavior};
use connect_simulator::{Options, Simulator, SimulatorClock};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::runtime_api::{Answer, REQUEST_ID, RuntimeApi, TRACE_ID};
use super::{mail, template};

/// When the tests happen: the Monday after the clocks went forward in London.
pub const NOW: &str = "2025-03-31T12:00:00Z";
/// When their events were due.
pub const DUE: &str = "2025-03-31T07:00:00Z";

/// What must never stand in a log: `.ci/run` looks for it in those of all tests.
pub const SECRET: &str = "canary-secret";
/// A figure that must not, either.
pub const FIGURE: u32 = 48_151_623;

/// A simulator at [`NOW`], whose mails are all checked at the end.
pub async fn simulator() -> Watched {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    Watched(Simulator::start(Options { clock, ..Options::awkward() }).await.unwrap())
}

/// A simulator whose mails are all checked at the end of a test.
pub struct Watched(Simulator);

impl std::ops::Deref for Watched {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let messages = self.0.messages();
            mail::check_all(messages.iter().map(|message| message.raw.as_slice()));
            let calls = self.0.calls().into_iter();
            template::check_all(calls.flat_map(|call| call.accesses).collect());
        }
    }
}

/// The message of a definition as the function sends it at a tick.
pub async fn sent(simulator: &Simulator, name: &str, definition: &str) -> Vec<u8> {
    let folder = definitions(&[(name, definition)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    simulator.messages().pop().unwrap().raw
}

/// The program with nothing of the tester's environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connect-reports"));
    command
        .env_clear()
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// The client of the instance that [`SMALL`] is of, at another place than AWS.
pub fn connect(url: &str, rates: Rates, limits: Limits) -> Connect {
    let instance =
        "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";
    let pacer = Arc::new(Pacer::new(rates));
    Connect::new(&sdk(url), &instance.parse().unwrap(), pacer, limits)
}

/// The SDK's configuration for another place than AWS.
pub fn sdk(url: &str) -> SdkConfig {
    let nobody = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .endpoint_url(url)
        .build()
}

/// Runs a command of the terminal to its end, while the test's own servers go on.
pub async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The function as Lambda starts it.
pub struct Function {
    pub api: RuntimeApi,
    process: Child,
    log: std::path::PathBuf,
    _folder: TempDir,
}

impl Function {
    /// Starts the function against a fake AWS.
    pub async fn start(endpoint: &str, definitions: &str, more: &[(&str, &str)]) -> Self {
        Self::spawn(program(), endpoint, definitions, more).await
    }

    /// Starts the function with so many kilobytes of address space: what would take more ends it.
    pub async fn start_within(
        endpoint: &str,
        definitions: &str,
        more: &[(&str, &str)],
        kilobytes: u64,
    ) -> Self {
        let limited = format!("ulimit -v {kilobytes}; exec \"$0\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &limited]).arg(program().get_program());
        let environment = program();
        let environment = environment.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(environment).stdin(Stdio::null());
        Self::spawn(command, endpoint, definitions, more).await
    }

    async fn spawn(
        mut command: Command,
        endpoint: &str,
        definitions: &str,
        more: &[(&str, &str)],
    ) -> Self {
        let api = RuntimeApi::start().await;
        let folder = tempfile::tempdir().unwrap();
        // `.ci/run` keeps the logs of all tests, and searches them.
        let log = match std::env::var_os("CONNECT_REPORTS_TEST_LOGS") {
            Some(kept) => std::path::Path::new(&kept).join(format!("{}.log", unique())),
            None => folder.path().join("log"),
        };
        let process = command
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "connect-reports")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("CONNECT_REPORTS_DEFINITIONS", definitions)
            // The simulator has no rate of SES unless it is told so.
            .env("CONNECT_REPORTS_MESSAGES_PER_SECOND", "1000")
            .envs(more.iter().copied())
            .stdout(std::fs::File::create(&log).unwrap())
            .stderr(std::fs::File::create(log.with_extension("err")).unwrap())
            .spawn()
            .unwrap();
        Self { api, process, log, _folder: folder }
    }

    /// The answer to a payload.
    pub async fn invoke(&self, payload: &Value) -> Answer {
        self.api.invoke(payload.to_string(), Duration::from_secs(60)).await
    }

    /// The answer to a payload, which must be a success of the invocation.
    pub async fn succeed(&self, payload: &Value) -> Value {
        match self.invoke(payload).await {
            Answer::Response(value) => value,
            Answer::Error { kind, message } => panic!("{kind}: {message}"),
        }
    }

    /// The error with which a payload's invocation fails: its type, and its message read as JSON.
    pub async fn fail(&self, payload: &Value) -> (String, Value) {
        failed(self.invoke(payload).await)
    }

    /// The most memory that it has had so far, in bytes, where the system tells.
    pub fn most_memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
    }

    /// Ends the process, as a defect, or the end of its memory, would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// What the function has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // Lambda too ends a process without asking it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !std::thread::panicking() {
            let errors = std::fs::read_to_string(self.log.with_extension("err")).unwrap();
            assert_eq!(errors, "", "what is no JSON has no fields");
            self.log().lines().for_each(check_line);
        }
    }
}

/// Every line of the log is JSON that has what it can be found by: time, version, invocation and trace.
fn check_line(line: &str) {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let time: jiff::Timestamp = line["timestamp"].as_str().expect("a time").parse().unwrap();
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z') && time.as_second() > 0, "{line}");
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"), "{line}");
    assert!(line["cold_start"].is_boolean(), "{line}");
    assert_eq!(line["function_request_id"], REQUEST_ID, "{line}");
    assert_eq!(line["xray_trace_id"], TRACE_ID, "{line}");
    // An error says all that is known of it, wherever it came about.
    if line["level"] == "ERROR" && line["code"].is_string() && line["message"] != "start" {
        for field in ["batch", "stage", "error"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
        assert!(line["retryable"].is_boolean(), "{line}");
    }
    let is_event = line["level"].is_string() && line["message"].is_string();
    assert!(is_event || line["_aws"].is_object(), "{line}");
}

/// A number that no other process of these tests has.
fn unique() -> String {
    format!("{}-{}", std::process::id(), fastrand::u64(..))
}

/// The failure of an invocation.
pub fn failed(answer: Answer) -> (String, Value) {
    match answer {
        Answer::Response(value) => panic!("the invocation succeeded: {value}"),
        Answer::Error { kind, message } => (kind, serde_json::from_str(&message).unwrap()),
    }
}

/// A scheduled event of EventBridge at [`DUE`].
pub fn tick() -> Value {
    tick_at(DUE)
}

/// A scheduled event of EventBridge: the event of that time, whose id stays the same over retries.
pub fn tick_at(time: &str) -> Value {
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    json!({
        "version": "0", "id": format!("53dc4d37-cffa-4f76-80c9-{:0>12.12}", &digits[2..]),
        "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
        "time": time, "region": "eu-west-2",
        "resources": ["arn:aws:events:eu-west-2:123456789012:rule/reports"], "detail": {}
    })
}

/// An address at which nobody listens.
pub fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A folder with these definitions.
pub fn definitions(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The path of a folder as text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A small valid definition.
pub const SMALL: &str = r#"
title    = "Small"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"

[email]
from = "Reports <reports@example.com>"
to   = ["ops@example.com"]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]
"#;
