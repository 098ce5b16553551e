//! What the programs talk to: the simulated Connect and SES, and an S3 with a definition and the records.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use connect_reports::plan::Request;
use connect_simulator::{Operation, Options, Simulator, SimulatorClock};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::case::{Case, NOW, sdk};
use super::harness::s3::S3;

/// The day of the first event: they are of the weeks before, because the simulator forgets what is older.
const FIRST: Date = jiff::civil::date(2026, 10, 1);

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
        Self::with(definition, Options { latency, ..Options::awkward() }).await
    }

    /// One whose centre has so many queues.
    pub async fn sized(definition: &str, queues: usize) -> Self {
        Self::with(definition, Options { queues, ..Options::awkward() }).await
    }

    async fn with(definition: &str, options: Options) -> Self {
        let (clock, latency) = (SimulatorClock::At(NOW.parse().expect("a time")), options.latency);
        let options = Options { clock, page_size: 100, ..options };
        Self {
            simulator: Simulator::start(options).await.expect("a free port"),
            s3: S3::start_late(&[("reports/daily-queues.toml", definition)], latency).await,
            day: AtomicI64::new(0),
        }
    }

    /// The tick at which the report of the next day is due.
    pub fn next_day(&self) -> Value {
        let day = self.day.fetch_add(1, Ordering::Relaxed);
        assert!(day < 50, "after these days the simulator's clock is reached");
        let time = FIRST.checked_add(day.days()).expect("a date").at(8, 0, 0, 0);
        let time = time.in_tz("Europe/London").expect("a zone").timestamp();
        tick(&time.to_string())
    }

    /// How many messages have been sent.
    pub fn sent(&self) -> usize {
        self.simulator.messages().len()
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
        let config = sdk(&self.simulator.url()).await;
        let case = Case::planned(definition, None, &config).await;
        case.plan.requests.iter().map(Request::expected_pages).sum()
    }
}

/// An order for the report of a span.
pub fn order([start, end]: [&str; 2]) -> Value {
    json!({"id": "large", "reports": ["daily-queues"], "time": NOW, "window": {"start": start, "end": end}})
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
