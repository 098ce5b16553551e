use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, SMALL, Watched, definitions, simulator, text, tick};
use crate::harness::runtime_api::Answer;
use crate::harness::s3::S3;

/// The time that the function has for a tick.
const DEADLINE: Duration = Duration::from_secs(20);

/// Two reports with a harmless template of one's own, and a bucket for their records.
struct Harmless {
    simulator: Watched,
    definitions: TempDir,
    templates: TempDir,
    s3: S3,
}

impl Harmless {
    async fn new() -> Self {
        Self {
            simulator: simulator().await,
            definitions: definitions(&[("a.toml", SMALL), ("b.toml", SMALL)]),
            templates: definitions(&[("foot.html", "<p>Ours</p>")]),
            s3: S3::start(&[]).await,
        }
    }

    async fn function(&self) -> Function {
        let url = self.s3.url();
        let more = [
            ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
            ("AWS_ENDPOINT_URL_S3", url.as_str()),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("CONNECT_REPORTS_TEMPLATES", text(self.templates.path())),
        ];
        Function::start(&self.simulator.url(), text(self.definitions.path()), &more).await
    }

    /// The store takes writes again, and time has gone by until nobody has the runs any more.
    fn recover(&self) {
        self.s3.fail_puts(|_, _| false);
        for key in self.s3.keys() {
            let mut record: Value = serde_json::from_str(&self.s3.object(&key).unwrap()).unwrap();
            if record.get("claim").is_some() {
                assert_eq!(record["status"], "running", "{record:#}");
                record["claim"]["until"] = json!("2025-03-31T07:00:08Z");
                self.s3.write(&key, &record.to_string());
            }
        }
    }

    /// The next tick sends both reports.
    async fn sends_all(&self, function: &Function) {
        let answer = function.succeed(&tick()).await;
        let runs = answer["data"]["reports"].as_array().unwrap();
        let statuses: Vec<_> = runs.iter().map(|run| &run["status"]).collect();
        assert_eq!(statuses, ["sent", "sent"], "{answer:#}");
        assert!(self.simulator.messages().iter().all(|mail| mail.to == ["ops@example.com"]));
    }
}

/// A process that dies after it has rendered says nothing against its templates.
#[tokio::test]
async fn a_death_while_a_message_is_stored_is_not_blamed_on_templates() {
    let (harmless, stores) = (Harmless::new().await, Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&stores);
    harmless.s3.fail_puts(move |key, _| {
        seen.fetch_or(key.ends_with("message.json"), Ordering::Relaxed)
            || seen.load(Ordering::Relaxed)
    });
    let mut function = harmless.function().await;
    function.api.hand_over(tick().to_string(), DEADLINE);
    let storing = async {
        while !stores.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, storing).await.expect("it stores a message");
    function.kill();
    harmless.recover();
    harmless.sends_all(&harmless.function().await).await;
}

/// A store that takes no writes for a while says nothing against them, either.
#[tokio::test]
async fn an_outage_of_the_store_is_not_blamed_on_templates() {
    let from_the_message_on = async {
        let (harmless, mut is_out) = (Harmless::new().await, false);
        harmless.s3.fail_puts(move |key, _| {
            is_out |= key.ends_with("message.json");
            is_out
        });
        outlives_an_outage(&harmless).await;
    };
    let from_the_end_of_rendering_on = async {
        let (harmless, mut is_out) = (Harmless::new().await, false);
        harmless.s3.fail_puts(move |_, content| {
            let fails = is_out;
            is_out |= content.contains("\"rendering\"");
            fails
        });
        outlives_an_outage(&harmless).await;
    };
    tokio::join!(from_the_message_on, from_the_end_of_rendering_on);
}

/// A tick that can't write any more fails in what may pass, and the next one sends all reports.
async fn outlives_an_outage(harmless: &Harmless) {
    let function = harmless.function().await;
    let answer = function.api.invoke(tick().to_string(), DEADLINE * 3).await;
    let Answer::Error { kind, message } = answer else { panic!("{answer:?}") };
    assert_eq!(kind, "SERVICE_ERROR", "{message}");
    assert!(harmless.simulator.messages().is_empty());
    harmless.recover();
    harmless.sends_all(&function).await;
}
