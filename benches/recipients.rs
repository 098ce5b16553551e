//! The records of one report to many recipients: the bytes and the calls that they take, and the time.
//!
//! Each line is measured once: what counts is that a recipient costs as much beside many others as beside few.
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

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use connect_simulator::{Options, Simulator, SimulatorClock};
use harness::s3::S3;
use tempfile::TempDir;

const NOW: &str = "2026-11-23T12:00:00Z";

/// The time that each answer takes, as over a network.
const LATENCY: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for rate in [50, 1_000] {
        println!("\n{rate} messages a second at most, {} ms a call", LATENCY.as_millis());
        print_table(Named::ByDefinition, &[200, 1_000, 2_000], rate).await;
    }
    println!("\nThe recipients of an order, {} ms a call", LATENCY.as_millis());
    print_table(Named::ByOrder, &[200, 1_000], 1_000).await;
}

/// The place where the recipients are named.
#[derive(Clone, Copy)]
enum Named {
    ByDefinition,
    /// Then the run is a re-issue, which is not cut into shards.
    ByOrder,
}

async fn print_table(named: Named, counts: &[usize], rate: u32) {
    println!("recipients  MB written  store calls  seconds  kB a recipient  to 200");
    let mut few = None;
    for recipients in counts {
        let Taken { bytes, calls, seconds } = send(named, *recipients, rate).await;
        let each = bytes as f64 / *recipients as f64 / 1e3;
        let growth = each / *few.get_or_insert(each);
        let megabytes = bytes as f64 / 1e6;
        println!(
            "{recipients:>10} {megabytes:>11.1} {calls:>12} {seconds:>8.1} {each:>15.1} {growth:>7.2}"
        );
    }
}

/// The cost of a run.
struct Taken {
    bytes: usize,
    calls: usize,
    seconds: f64,
}

/// Sends a report to so many recipients.
async fn send(named: Named, recipients: usize, rate: u32) -> Taken {
    let clock = SimulatorClock::At(NOW.parse().expect("a time"));
    let options = Options { clock, latency: LATENCY, ..Options::awkward() };
    let simulator = Simulator::start(options).await.expect("a free port");
    let s3 = S3::start_late(&[], LATENCY).await;
    let to: Vec<String> = (0..recipients).map(|n| format!("agent-{n}@example.com")).collect();
    let (to, ordered) = match named {
        Named::ByDefinition => (to, Vec::new()),
        Named::ByOrder => (vec!["ops@example.com".to_owned()], to),
    };
    let folder = definition(&to);
    let began = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_connect-reports"));
    program
        .args([
            "run",
            "large",
            "--time",
            NOW,
            "--runs",
            "s3://reports-bucket/runs",
            "--definitions",
        ])
        .arg(folder.path())
        .args(ordered.iter().flat_map(|to| ["--to", to.as_str()]))
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("AWS_ENDPOINT_URL_S3", s3.url())
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("CONNECT_REPORTS_MESSAGES_PER_SECOND", rate.to_string())
        .stdout(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || program.status()).await;
    assert!(ended.expect("a thread").expect("the program").success(), "everybody got it");
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(simulator.messages().len(), recipients, "each got one mail");
    Taken { bytes: s3.bytes_written(), calls: s3.times().len(), seconds }
}

fn definition(to: &[String]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "title = \"Large\"\nowner = \"workforce@example.com\"\ntimezone = \"UTC\"\n\
         instance = \"arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee\"\n\
         window = \"previous-day\"\nemail = {{ from = \"reports@example.com\", to = {to:?} }}\n\
         [[section]]\ntitle = \"All\"\nkind = \"totals\"\nfilters = {{ QUEUE = [\"*\"] }}\n\
         metrics = [\"CONTACTS_QUEUED\"]\n"
    );
    std::fs::write(folder.path().join("large.toml"), text).expect("a definition");
    folder
}
