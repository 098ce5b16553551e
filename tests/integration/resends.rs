use std::collections::BTreeMap;
use std::time::Duration;

use connect_simulator::{Fault, Operation};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, SMALL, Watched, definitions, simulator, text, tick};
use crate::harness::runtime_api::Answer;

const RECIPIENTS: usize = 12;

/// A run that SES refused for everybody, and so many processes that have its records.
struct Stage {
    simulator: Watched,
    functions: Vec<Function>,
    _folders: [TempDir; 2],
}

impl Stage {
    async fn new(processes: usize) -> Self {
        let to: Vec<_> = (0..RECIPIENTS).map(|n| format!("\"a{n}@example.com\"")).collect();
        let text_of_report = SMALL.replace("\"ops@example.com\"", &to.join(", "));
        let reports = definitions(&[("small.toml", &text_of_report)]);
        let (runs, simulator) = (tempfile::tempdir().unwrap(), simulator().await);
        let settings = [
            ("CONNECT_REPORTS_RUNS", text(runs.path())),
            ("CONNECT_REPORTS_MESSAGES_PER_SECOND", "1000"),
        ];
        let mut functions = Vec::new();
        for _ in 0..processes {
            functions
                .push(Function::start(&simulator.url(), text(reports.path()), &settings).await);
        }
        simulator.misbehave(Operation::SendEmail, Fault::Rejected, None);
        functions[0].fail(&tick()).await;
        simulator.behave();
        assert!(simulator.messages().is_empty());
        Self { simulator, functions, _folders: [reports, runs] }
    }

    /// Gives each process its order at once, and returns the answers.
    async fn order(&self, orders: &[Value]) -> Vec<Answer> {
        let calls = self.functions.iter().zip(orders).map(|(function, order)| {
            function.api.invoke(order.to_string(), Duration::from_secs(60))
        });
        join_all(calls).await
    }

    /// The number of mails that each recipient got.
    fn mails(&self) -> BTreeMap<String, usize> {
        let mut mails = BTreeMap::new();
        let to = self.simulator.messages().into_iter().flat_map(|message| message.to);
        for to in to.filter(|to| to != "workforce@example.com") {
            *mails.entry(to).or_default() += 1;
        }
        mails
    }
}

fn resend(id: &str) -> Value {
    json!({"id": id, "reports": ["small"], "resend": "failed", "time": "2025-03-31T08:00:00Z"})
}

fn status(answer: &Answer) -> String {
    let value = match answer {
        Answer::Response(value) => value.clone(),
        Answer::Error { message, .. } => serde_json::from_str(message).unwrap(),
    };
    value["data"]["reports"][0]["status"].as_str().unwrap_or_default().to_owned()
}

/// Three people send the same run again at once: one order sends, the others are told to wait for it or
/// find nobody left, and nobody gets two mails.
#[tokio::test]
async fn orders_of_three_people_send_one_mail_to_each() {
    let stage = Stage::new(3).await;
    stage.simulator.misbehave(Operation::SendEmail, Fault::Slow(Duration::from_millis(100)), None);
    let answers = stage.order(&["ana", "ben", "cleo"].map(resend)).await;
    let mails = stage.mails();
    assert_eq!((mails.len(), mails.values().max()), (RECIPIENTS, Some(&1)), "{mails:?}");
    let statuses: Vec<_> = answers.iter().map(status).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "sent").count(), 1, "{statuses:?}");
    for answer in &answers {
        if let Answer::Error { kind, message, .. } = answer {
            assert_eq!(kind, "TIMEOUT", "{message}");
            let envelope: Value = serde_json::from_str(message).unwrap();
            let error = &envelope["data"]["reports"][0]["error"];
            assert_eq!(error["retryable"], true, "{error:#}");
            assert!(error["message"].as_str().unwrap().contains("another order"), "{error:#}");
        }
    }
    // Whoever was told to wait finds nobody left.
    for person in ["ana", "ben", "cleo"] {
        stage.functions[0].succeed(&resend(person)).await;
    }
    assert_eq!(stage.mails(), mails);
}

/// An order that comes twice at once is carried out once: the second waits, and says `duplicate`.
#[tokio::test]
async fn the_same_order_is_waited_for() {
    let stage = Stage::new(2).await;
    stage.simulator.misbehave(Operation::SendEmail, Fault::Slow(Duration::from_millis(100)), None);
    let answers = stage.order(&["ana", "ana"].map(resend)).await;
    let mut statuses: Vec<_> = answers.iter().map(status).collect();
    statuses.sort();
    assert_eq!(statuses, ["duplicate", "sent"]);
    let mails = stage.mails();
    assert_eq!((mails.len(), mails.values().max()), (RECIPIENTS, Some(&1)), "{mails:?}");
}
