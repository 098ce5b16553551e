//! What the programs talk to: the simulated Connect and SES, and an S3 with a definition and the records.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use connect_reports::event;
use connect_reports::run::{Clock as RunClock, Invocation, Runner, Work};
use connect_reports::settings::{Settings, aws};
use connect_reports::simulator::{Clock, Operation, Options, Simulator};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::harness::s3::S3;

/// When it is for the simulator; the events are of the weeks before, because it forgets what is older.
const NOW: &str = "2026-11-23T12:00:00Z";
const FIRST: &str = "2026-10-01T08:00:00Z";

pub struct World {
    pub simulator: Simulator,
    pub s3: S3,
    day: AtomicI64,
}

impl World {
    pub async fn at_once(definition: &str) -> Self {
        Self::start(definition, Duration::ZERO).await
    }

    pub async fn start(definition: &str, latency: Duration) -> Self {
        let clock = Clock::At(NOW.parse().expect("a time"));
        let options = Options { clock, page_size: 100, latency, ..Options::default() };
        Self {
            simulator: Simulator::start(options).await.expect("a free port"),
            s3: S3::start_late(&[("reports/daily-queues.toml", definition)], latency).await,
            day: AtomicI64::new(0),
        }
    }

    /// The tick at which the report of the next day is due.
    pub fn next_day(&self) -> Value {
        let day = self.day.fetch_add(1, Ordering::Relaxed) % 45;
        let first: Timestamp = FIRST.parse().expect("a time");
        let time = first + SignedDuration::from_hours(24 * day);
        // Wall time of London, which is an hour ahead in summer.
        tick(&time.to_string())
    }

    /// When each call came, in order.
    pub fn calls(&self) -> Vec<Instant> {
        let mut calls = self.s3.times();
        calls.extend(self.simulator.calls().iter().map(|call| call.at));
        calls.sort();
        calls
    }

    pub fn requests_for_figures(&self) -> usize {
        let calls = self.simulator.calls();
        calls.iter().filter(|call| call.operation == Operation::GetMetricDataV2).count()
    }

    /// How many requests for figures the plan of the report has, pages included: none can be fewer.
    pub async fn planned(&self, definition: &str) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("daily-queues.toml"), definition).expect("a file");
        let variables = [("CONNECT_REPORTS_DEFINITIONS", folder.path().as_os_str().to_owned())];
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value));
        let settings = Settings::read(variables).expect("settings");
        let config = aws().await.expect("a configuration").into_builder();
        let config = config.endpoint_url(self.simulator.url()).build();
        let runner = Runner::new(settings, config).expect("a runner");
        let order = json!({"reports": ["daily-queues"], "time": "2026-11-20T08:00:00Z"});
        let Ok(event::Payload::Order(order)) = event::parse(&order) else {
            panic!("an order");
        };
        let now = NOW.parse().expect("a time");
        let invocation = Invocation {
            id: "plan".to_owned(),
            clock: RunClock::read(now, None),
            trace: None,
            progress: None,
        };
        let definitions = runner.definitions(&order.reports).await.expect("a definition");
        let report = definitions.reports.into_iter().next().expect("a report");
        let work = Work::new(report, &order, &invocation);
        runner.plan(&work).await.expect("a plan").pages()
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

/// How many calls followed each other, each begun after the one before had been answered.
pub fn longest_path(calls: &[Instant], latency: Duration) -> usize {
    let mut path = 0;
    let mut answered: Option<Instant> = None;
    for begun in calls {
        if answered.is_none_or(|answered| *begun >= answered) {
            path += 1;
            answered = Some(*begun + latency);
        }
    }
    path
}
