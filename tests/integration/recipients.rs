use std::collections::BTreeMap;
use std::time::Duration;

use connect_simulator::{Operation, Simulator};
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, SMALL, definitions, simulator, text, tick};
use crate::harness::runtime_api::Answer;
use crate::harness::s3::S3;

/// One report for so many recipients.
fn for_many(recipients: usize) -> TempDir {
    let to: Vec<String> = (0..recipients).map(|n| format!("\"agent-{n}@example.com\"")).collect();
    let large = SMALL.replace("\"ops@example.com\"", &to.join(", "));
    definitions(&[("large.toml", &large)])
}

/// The function without a queue, with so many messages a second.
async fn function(simulator: &Simulator, s3: &S3, reports: &TempDir, rate: &str) -> Function {
    let s3 = s3.url();
    let more = [
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
        ("AWS_ENDPOINT_URL_S3", s3.as_str()),
        ("CONNECT_REPORTS_MESSAGES_PER_SECOND", rate),
    ];
    Function::start(&simulator.url(), text(reports.path()), &more).await
}

/// The record of the run, if there is one by now.
fn record(s3: &S3) -> Option<Value> {
    let is_run = |key: &String| key.contains("--") && !key.contains(".part-");
    let key = s3.keys().into_iter().find(|key| is_run(key) && !key.ends_with(".message.json"))?;
    Some(serde_json::from_str(&s3.object(&key).unwrap()).unwrap())
}

/// The number of mails that each recipient got.
fn mails(simulator: &Simulator) -> BTreeMap<String, usize> {
    let mut mails = BTreeMap::new();
    for to in simulator.messages().into_iter().flat_map(|message| message.to) {
        *mails.entry(to).or_default() += 1;
    }
    mails
}

/// Two hundred are sent to from one record.
#[tokio::test]
async fn two_hundred_recipients_get_one_mail_without_a_queue() {
    each_gets_one_mail_although_processes_die(200).await;
}

#[tokio::test]
async fn a_thousand_recipients_get_one_mail_without_a_queue() {
    each_gets_one_mail_although_processes_die(1_000).await;
}

#[tokio::test]
async fn two_thousand_recipients_get_one_mail_without_a_queue() {
    each_gets_one_mail_although_processes_die(2_000).await;
}

/// Without a queue, one invocation after the other sends the message, in parts where there are many recipients,
/// although three of them die: each leaves eight at most of whom it is not known.
async fn each_gets_one_mail_although_processes_die(recipients: usize) {
    let (simulator, s3, reports) = (simulator().await, S3::start(&[]).await, for_many(recipients));
    let mut killed = 0;
    for thousandths in [65, 166, 125] {
        let mut function = function(&simulator, &s3, &reports, "10000").await;
        let mails = simulator.messages().len() + recipients * thousandths / 1_000;
        let invoked = function.api.invoke(tick().to_string(), Duration::from_secs(10));
        let sent = simulator.has_called(Operation::SendEmail, mails);
        let dies = matches!(select(Box::pin(invoked), Box::pin(sent)).await, Either::Right(_));
        if dies {
            function.kill();
            killed += 1;
        }
    }
    assert!(killed > 0, "one dies while it sends");
    let last = function(&simulator, &s3, &reports, "10000").await;
    for _ in 0..5 {
        if record(&s3).is_some_and(|run| run["final"] == true) {
            break;
        }
        last.invoke(&tick()).await;
    }
    let run = record(&s3).unwrap();
    assert_eq!((&run["final"], run.get("parts")), (&json!(true), None), "in one piece again");
    let mut mails = mails(&simulator);
    mails.remove("workforce@example.com");
    assert!(mails.values().all(|count| *count == 1), "nobody twice");
    let messages = run["messages"].as_array().unwrap();
    let ended = |status: &str| messages.iter().filter(|m| m["status"] == status).count();
    assert_eq!((messages.len(), ended("sent") + ended("unknown")), (recipients, recipients));
    assert!(ended("unknown") <= killed * 8, "{} unknown", ended("unknown"));
    let has_got = |message: &&Value| mails.contains_key(message["to"].as_str().unwrap());
    let sent = messages.iter().filter(|message| message["status"] == "sent");
    assert_eq!(sent.filter(has_got).count(), ended("sent"));
}

/// The records of a run take as much for a recipient beside many as beside few.
#[tokio::test]
async fn a_recipient_takes_as_much_in_records_beside_many() {
    let mut each = Vec::new();
    for recipients in [200, 1_000] {
        let (simulator, s3, reports) =
            (simulator().await, S3::start(&[]).await, for_many(recipients));
        let answer = function(&simulator, &s3, &reports, "10000").await.succeed(&tick()).await;
        let run = &answer["data"]["reports"][0];
        assert_eq!(
            (&run["status"], run["messages"].as_array().unwrap().len()),
            (&json!("sent"), recipients)
        );
        each.push(s3.bytes_written() / recipients);
    }
    assert!(2 * each[1] <= 3 * each[0], "{each:?} bytes a recipient");
}

/// A run whose time is up between two parts ends for now with that error, and the next attempt sends what is
/// left: nobody is unknown.
#[tokio::test]
async fn parts_that_found_no_time_are_sent_by_the_next_attempt() {
    let (simulator, s3, reports) = (simulator().await, S3::start(&[]).await, for_many(450));
    let slow = function(&simulator, &s3, &reports, "100").await;
    let answer = slow.api.invoke(tick().to_string(), Duration::from_secs(5)).await;
    assert!(matches!(&answer, Answer::Error { kind, .. } if kind == "TIMEOUT"), "{answer:?}");
    let run = record(&s3).unwrap();
    assert_eq!((&run["status"], &run["final"]), (&json!("failed"), &json!(false)), "{run:#}");
    assert_eq!(run["claim"]["until"], Value::Null, "nobody has it");
    let before = mails(&simulator).len();
    assert!(before < 450, "{before} mails in five seconds");

    let quick = function(&simulator, &s3, &reports, "10000").await;
    let answer = quick.succeed(&tick()).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
    let mails = mails(&simulator);
    assert!(mails.len() == 450 && mails.values().all(|count| *count == 1));
    assert_eq!(record(&s3).unwrap().get("parts"), None);
}

/// Nobody waits behind the largest report: the ten small ones of a tick are sent before the first of its mails.
#[tokio::test]
async fn small_reports_are_sent_before_the_largest() {
    let (simulator, s3) = (simulator().await, S3::start(&[]).await);
    let reports = for_many(900);
    for n in 0..10 {
        let small = SMALL.replace("\"ops@example.com\"", &format!("\"team-{n}@example.com\""));
        // By name they come after the large one.
        std::fs::write(reports.path().join(format!("small-{n}.toml")), small).unwrap();
    }
    let function = function(&simulator, &s3, &reports, "10000").await;
    function.succeed(&tick()).await;
    let sent: Vec<String> = simulator.messages().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(sent.len(), 910);
    assert!(sent[..10].iter().all(|to| to.starts_with("team-")), "{:?}", &sent[..12]);
}
