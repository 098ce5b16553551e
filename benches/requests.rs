//! Questions of a large contact centre against a service that holds the rates of an account.
//!
//! Each line is measured once: what counts is the time beside the rate's own, and the memory.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that can't run has nothing to show, and shows what it has on the screen"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use connect_simulator::{Options, Rates, Simulator, SimulatorClock};
use tempfile::TempDir;

const NOW: &str = "2026-11-23T12:00:00Z";

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "what                                                   seconds  of the rate's  throttled  peak MB"
    );
    paced("200 requests, alone", 0.0).await;
    paced("200 requests, a neighbour takes half the rate", 0.5).await;
    large("1,000 queues × 4 channels × 47 hours").await;
}

/// 20,000 queues make 200 requests; the service takes ten a second, and ten at once. Most of them
/// are gone, so that the simulator answers at once and what is measured are the turns.
async fn paced(what: &str, neighbour: f64) {
    let rates = Some(Rates { neighbour, ..Rates::default() });
    let simulator = start(Options { rates, ..options() }).await;
    let real = simulator.centre().standard_queues().map(|queue| queue.id.clone());
    let gone = (0..20_000).map(|index| format!("00000000-0000-4000-8000-{index:012}"));
    let ids: Vec<_> = real.chain(gone).take(20_000).map(|id| format!("\"{id}\"")).collect();
    let queues = ids.join(",\n");
    let folder = definition(&format!(
        "filters = {{ QUEUE = [{queues}] }}\nmetrics = [\"CONTACTS_QUEUED\"]\nkind = \"totals\""
    ));
    let (seconds, memory) = run(&simulator, &folder, "2026-11-22..2026-11-23", "10");
    let throttled = simulator.calls().iter().filter(|call| call.throttled).count();
    let ideal = 190.0 / (10.0 * (1.0 - neighbour));
    println!("{what:<54} {seconds:>7.1} {:>14.2} {throttled:>10} {memory:>8.0}", seconds / ideal);
}

async fn large(what: &str) {
    let simulator = start(Options { queues: 1_000, ..options() }).await;
    let folder = definition(
        "group_by = [\"QUEUE\", \"CHANNEL\"]\ninterval = \"HOUR\"\nrows = 20\n\
         filters = { QUEUE = [\"*\"] }\n\
         metrics = [\"AGENT_SCHEDULED_TIME\", \"CONTACTS_QUEUED\", \"AVG_HANDLE_TIME\"]",
    );
    let (seconds, memory) =
        run(&simulator, &folder, "2026-11-18T00:00..2026-11-19T23:00", "100000");
    println!("{what:<54} {seconds:>7.1} {:>14} {:>10} {memory:>8.0}", "-", "-");
}

fn options() -> Options {
    let clock = SimulatorClock::At(NOW.parse().expect("a time"));
    Options { clock, page_size: 100, ..Options::awkward() }
}

async fn start(options: Options) -> Simulator {
    Simulator::start(options).await.expect("a free port")
}

fn definition(section: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "title = \"Large\"\nowner = \"workforce@example.com\"\ntimezone = \"UTC\"\n\
         instance = \"arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee\"\n\
         window = \"previous-day\"\n\
         email = {{ from = \"reports@example.com\", to = [\"ops@example.com\"] }}\n\
         [[section]]\ntitle = \"All\"\n{section}\n"
    );
    std::fs::write(folder.path().join("large.toml"), text).expect("a definition");
    folder
}

/// Runs the built program; returns its seconds and the most memory that it had, in megabytes.
fn run(simulator: &Simulator, folder: &TempDir, window: &str, rate: &str) -> (f64, f64) {
    let started = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_connect-reports"))
        .args(["run", "large", "--dry-run", "--time", NOW, "--window", window, "--definitions"])
        .arg(folder.path())
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("CONNECT_REPORTS_REQUESTS_PER_SECOND", rate)
        .env("CONNECT_REPORTS_LISTS_PER_SECOND", "100")
        .stdout(Stdio::null())
        .spawn()
        .expect("the program");
    let memory = peak(&mut program);
    let status = program.wait().expect("its end");
    assert!(status.success(), "{status}");
    (started.elapsed().as_secs_f64(), memory)
}

/// The most memory of a process until it ends, where the system tells (Linux).
fn peak(program: &mut Child) -> f64 {
    let status = format!("/proc/{}/status", program.id());
    let mut most = 0.0_f64;
    while program.try_wait().expect("its state").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        most = most.max(kilobytes.unwrap_or(0.0) / 1024.0);
        std::thread::sleep(Duration::from_millis(20));
    }
    most
}
