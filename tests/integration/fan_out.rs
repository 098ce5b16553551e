use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use connect_simulator::{Fault, Operation, Simulator};
use futures_util::future::{Either, join_all, select};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{Function, SMALL, definitions, sdk, simulator, text, tick, tick_at};
use crate::harness::moto::Moto;
use crate::harness::runtime_api::Answer;
use crate::harness::s3::S3;
use crate::harness::sqs::Sqs;

/// How long a worker has; the queue hands a message out again when that is over.
const WORKER: Duration = Duration::from_secs(12);
const VISIBILITY: Duration = Duration::from_secs(14);

/// The function, a store, a queue, and what takes the queue as Lambda does.
struct Stage<'s> {
    simulator: &'s Simulator,
    s3: &'s S3,
    reports: &'s TempDir,
    /// The queue's service, and the queue.
    sqs: (&'s str, &'s str),
}

impl Stage<'_> {
    async fn function(&self) -> Function {
        let s3 = self.s3.url();
        let more = [
            ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
            ("AWS_ENDPOINT_URL_S3", s3.as_str()),
            ("CONNECT_REPORTS_QUEUE_URL", self.sqs.1),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.0),
            ("CONNECT_REPORTS_MAXIMUM_CONCURRENCY", "4"),
            ("CONNECT_REPORTS_REQUESTS_PER_SECOND", "1000"),
            ("CONNECT_REPORTS_LISTS_PER_SECOND", "1000"),
        ];
        Function::start(&self.simulator.url(), text(self.reports.path()), &more).await
    }

    fn queue(&self) -> Client {
        Client::new(&sdk(self.sqs.0))
    }

    /// Four workers take the queue until it is empty, two messages at a time. By chance a worker is
    /// killed while it sends, so many of them; what a worker has done is handed out again; and a tick
    /// comes in between.
    async fn work_off(&self, seed: u64, kills: u32) {
        let chance = Mutex::new((fastrand::Rng::with_seed(seed), kills, 3));
        let ticks = AtomicUsize::new(1);
        let workers = (0..4).map(|_| async {
            let (queue, mut function) = (self.queue(), self.function().await);
            loop {
                let (kill, forget, tick) = decide(&mut chance.lock().unwrap());
                // Not while it holds a message, whose time runs: Lambda hands out what it has at once.
                if tick && ticks.fetch_add(1, Ordering::Relaxed) < 4 {
                    let minute = 15 * (ticks.load(Ordering::Relaxed) - 1);
                    function.succeed(&tick_at(&format!("2025-03-31T07:{minute:02}:00Z"))).await;
                }
                let Some(batch) = self.receive(&queue).await else { break };
                let event = json!({"Records": batch}).to_string();
                let invoked = function.api.invoke(event, WORKER);
                let answer = match kill {
                    None => Some(invoked.await),
                    Some(mails) => self.unless_sent(mails, invoked).await,
                };
                match answer {
                    Some(_) if forget => {}
                    Some(answer) => self.delete_all_but(&queue, &batch, &failures(&answer)).await,
                    None => {
                        function.kill();
                        function = self.function().await;
                    }
                }
            }
        });
        join_all(workers).await;
    }

    /// What a worker answers, unless so many further mails are sent before.
    async fn unless_sent(
        &self,
        mails: usize,
        invoked: impl Future<Output = Answer>,
    ) -> Option<Answer> {
        let calls = self.simulator.calls();
        let before = calls.iter().filter(|call| call.operation == Operation::SendEmail).count();
        let sent = self.simulator.has_called(Operation::SendEmail, before + mails);
        match select(Box::pin(invoked), Box::pin(sent)).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }

    /// The next messages, in the form in which Lambda hands them on; nothing where the queue is empty.
    async fn receive(&self, queue: &Client) -> Option<Vec<Value>> {
        let call = queue.receive_message().queue_url(self.sqs.1).max_number_of_messages(2);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        let answer = call.wait_time_seconds(20).send().await.unwrap();
        let messages = answer.messages.unwrap_or_default();
        let records = messages.into_iter().map(|message| {
            let sent = message.attributes.unwrap_or_default();
            let sent = sent.get(&MessageSystemAttributeName::SentTimestamp).cloned();
            json!({
                "messageId": message.message_id, "receiptHandle": message.receipt_handle,
                "body": message.body, "attributes": {"SentTimestamp": sent},
                "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "eu-west-2",
                "eventSourceARN": "arn:aws:sqs:eu-west-2:123456789012:runs",
            })
        });
        Some(records.collect::<Vec<_>>()).filter(|records| !records.is_empty())
    }

    async fn delete_all_but(&self, queue: &Client, batch: &[Value], failed: &[String]) {
        for message in batch {
            if failed.iter().all(|failed| message["messageId"] != **failed) {
                let handle = message["receiptHandle"].as_str().unwrap();
                let delete = queue.delete_message().queue_url(self.sqs.1);
                delete.receipt_handle(handle).send().await.unwrap();
            }
        }
    }

    /// The records that end so.
    fn records(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<Value> {
        let keys = self.s3.keys().into_iter().filter(|key| key.contains("--") && is_wanted(key));
        keys.map(|key| serde_json::from_str(&self.s3.object(&key).unwrap()).unwrap()).collect()
    }
}

/// After how many mails a worker is killed, if it is; whether what it has done is handed out again; and
/// whether a tick comes.
fn decide((random, kills, forgets): &mut (fastrand::Rng, u32, u32)) -> (Option<usize>, bool, bool) {
    let kill = (*kills > 0 && random.u32(..2) == 0).then(|| random.usize(1..60));
    *kills -= u32::from(kill.is_some());
    let forget = *forgets > 0 && random.u32(..4) == 0;
    *forgets -= u32::from(forget);
    (kill, forget, random.u32(..3) == 0)
}

/// The messages that a worker wants to be handed out again.
fn failures(answer: &Answer) -> Vec<String> {
    let Answer::Response(answer) = answer else { panic!("{answer:?}") };
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|f| f["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

/// One message, as Lambda hands it on.
fn handed_out(body: &Value) -> Value {
    json!({"Records": [{"messageId": "m", "body": body.to_string(), "eventSource": "aws:sqs"}]})
}

/// How many mails each recipient got.
fn mails(simulator: &Simulator) -> BTreeMap<String, usize> {
    let mut mails = BTreeMap::new();
    for to in simulator.messages().into_iter().flat_map(|message| message.to) {
        *mails.entry(to).or_default() += 1;
    }
    mails
}

fn is_run(key: &str) -> bool {
    !key.contains(".part-") && !key.ends_with(".message.json")
}

/// Five hundred reports, due at the same time, each for two recipients of its own.
fn five_hundred() -> TempDir {
    let files: Vec<(String, String)> = (0..500)
        .map(|index| {
            let to = format!("\"a{index}@example.com\", \"b{index}@example.com\"");
            (format!("report-{index}.toml"), SMALL.replace("\"ops@example.com\"", &to))
        })
        .collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    definitions(&files)
}

/// One report for so many recipients.
fn for_many(recipients: usize) -> TempDir {
    let to: Vec<String> = (0..recipients).map(|n| format!("\"agent-{n}@example.com\"")).collect();
    let large = SMALL.replace("\"ops@example.com\"", &to.join(", "));
    definitions(&[("large.toml", &large)])
}

/// Five hundred runs are due; workers are killed, and one request fails: each run ends in one record,
/// and nobody gets a mail twice.
///
/// The queue is moto's where that is installed, and else that of these tests.
#[tokio::test]
async fn five_hundred_due_runs_end_once() {
    let (simulator, s3, reports) = (simulator().await, S3::start(&[]).await, five_hundred());
    let (own, moto) = (Sqs::start(VISIBILITY).await, Moto::start());
    let urls = match &moto {
        None => [own.url(), own.queue_url()],
        Some(moto) => {
            let seconds = VISIBILITY.as_secs().to_string();
            let create = moto.sqs().create_queue().queue_name("runs");
            let create = create.attributes(QueueAttributeName::VisibilityTimeout, seconds);
            [moto.url.clone(), create.send().await.unwrap().queue_url.unwrap()]
        }
    };
    let sqs = (urls[0].as_str(), urls[1].as_str());
    let stage = Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs };
    let scheduler = stage.function().await;
    let answer = scheduler.succeed(&tick()).await;
    assert_eq!(answer["data"]["queued"], json!({"runs": 500, "messages": 10}), "{answer:#}");
    assert_eq!(answer["data"]["reports"], json!([]));
    assert!(stage.records(is_run).is_empty() && stage.simulator.messages().is_empty());

    // SES says that it did not take some mails: their runs may pass, and their messages come again.
    simulator.misbehave(Operation::SendEmail, Fault::Unavailable, Some(5));
    stage.work_off(5, 4).await;

    let records = stage.records(is_run);
    assert_eq!(records.len(), 500, "one for each run");
    let mut mails = mails(&simulator);
    let notices = mails.remove("workforce@example.com").unwrap_or_default();
    assert!(mails.values().all(|count| *count == 1), "nobody twice");
    let mut unknown = 0;
    for record in &records {
        assert_eq!(record["final"], true, "{record:#}");
        for message in record["messages"].as_array().unwrap() {
            let got = mails.contains_key(message["to"].as_str().unwrap());
            match message["status"].as_str().unwrap() {
                "sent" => assert!(got, "{message:#}"),
                "unknown" => unknown += 1,
                other => panic!("{other}: {message:#}"),
            }
        }
    }
    assert!(unknown <= 4 * 8, "those on their way at each death: {unknown}");
    // The owner hears once of each run with somebody of whom it is not known; on a slow machine also of
    // those that were left for want of time three times. Of whom a worker was telling them when it died,
    // they may have heard.
    let told = |status: &str| {
        let is_so = |record: &&Value| record["notice"]["status"] == status;
        records.iter().filter(is_so).count()
    };
    assert!((told("sent")..=told("sent") + told("sending")).contains(&notices), "{notices}");
    assert!(told("sending") <= 4, "one at each death");
    let is_unknown = |record: &&Value| record["status"] == "unknown";
    assert!(records.iter().filter(is_unknown).all(|record| record["notice"].is_object()));
    let another = stage.function().await;
    let again = another.succeed(&tick_at("2025-03-31T08:15:00Z")).await;
    assert_eq!(again["data"]["queued"], json!({"runs": 0, "messages": 0}), "nothing is left");
}

/// Two hundred are sent to by the worker that has the run.
#[tokio::test]
async fn two_hundred_recipients_get_one_mail() {
    each_gets_one_mail_although_workers_die(200, 0).await;
}

#[tokio::test]
async fn a_thousand_recipients_get_one_mail() {
    each_gets_one_mail_although_workers_die(1_000, 5).await;
}

#[tokio::test]
async fn two_thousand_recipients_get_one_mail() {
    each_gets_one_mail_although_workers_die(2_000, 10).await;
}

/// A report for so many recipients is sent in so many parts, although two workers are killed while they send.
async fn each_gets_one_mail_although_workers_die(recipients: usize, parts: usize) {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let (reports, urls) = (for_many(recipients), [sqs.url(), sqs.queue_url()]);
    let sqs = (urls[0].as_str(), urls[1].as_str());
    let stage = Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs };
    let scheduler = stage.function().await;
    scheduler.succeed(&tick()).await;
    // SES says that it did not take some mails: their parts are handed out again.
    simulator.misbehave(Operation::SendEmail, Fault::Unavailable, Some(3));
    stage.work_off(7, 2).await;

    let shards = stage.records(|key| key.contains(".part-"));
    assert_eq!(shards.len(), parts);
    assert!(shards.iter().all(|shard| shard["messages"].as_array().unwrap().len() == 200));
    let [run] = stage.records(is_run).try_into().unwrap();
    assert_eq!((&run["final"], run.get("parts")), (&json!(true), None), "in one piece again");
    let messages = run["messages"].as_array().unwrap();
    let ended = |status: &str| messages.iter().filter(|m| m["status"] == status).count();
    assert_eq!((messages.len(), ended("sent") + ended("unknown")), (recipients, recipients));
    assert!(ended("unknown") <= 2 * 8, "{}", ended("unknown"));
    let mut mails = mails(&simulator);
    // The owner hears of those of whom it is not known.
    let notices = mails.remove("workforce@example.com").unwrap_or_default();
    assert_eq!(notices, usize::from(run["notice"]["status"] == "sent"));
    assert!(notices == 1 || ended("unknown") == 0);
    assert!(mails.values().all(|count| *count == 1), "nobody twice");
    assert!((ended("sent")..=recipients).contains(&mails.len()));
}

/// Parts of which the queue has lost the orders are sent by whoever takes the run up, also where there
/// is no queue any more; an order that comes late finds nothing to be done.
#[tokio::test]
async fn a_run_in_parts_ends_without_its_queue() {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let (reports, urls) = (for_many(450), [sqs.url(), sqs.queue_url()]);
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let function = stage.function().await;
    function.succeed(&tick()).await;
    let handed_out = |body: &Value| json!({"Records": [{"messageId": "m", "body": body.to_string(), "eventSource": "aws:sqs"}]});
    function.succeed(&handed_out(&sqs.bodies()[0])).await;
    let parts = sqs.bodies().split_off(1);
    let numbers: Vec<_> = parts.iter().map(|body| body["part"]["number"].clone()).collect();
    assert_eq!((numbers, simulator.messages().len()), (vec![json!(1), json!(2), json!(3)], 0));
    // What was queued a short while ago is not queued again; a person is told that it is under way.
    function.succeed(&handed_out(&sqs.bodies()[0])).await;
    let order = json!({"reports": ["large"], "time": "2025-03-31T07:05:00Z"});
    let told = function.succeed(&order).await;
    assert_eq!(sqs.bodies().len(), 4);
    let told = &told["data"]["reports"][0];
    let reason = "workers are sending it in parts: 3 of 3 are left";
    assert_eq!((&told["status"], &told["reason"]), (&json!("skipped"), &json!(reason)));
    for _ in 0..2 {
        function.succeed(&handed_out(&parts[0])).await;
        assert_eq!(simulator.messages().len(), 200);
    }

    let s3_url = s3.url();
    let more = [
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
        ("AWS_ENDPOINT_URL_S3", s3_url.as_str()),
    ];
    let alone = Function::start(&simulator.url(), text(reports.path()), &more).await;
    let answer = alone.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    let run = &answer["data"]["reports"][0];
    assert_eq!((&run["status"], run["messages"].as_array().unwrap().len()), (&json!("sent"), 450));
    function.succeed(&handed_out(&parts[1])).await;
    let mails = mails(&simulator);
    assert!(mails.len() == 450 && mails.values().all(|count| *count == 1));
}

/// A person's order whose message goes out in parts tells what its figures took; a later order, which only
/// hears how far the parts are, took nothing.
#[tokio::test]
async fn an_order_tells_what_the_figures_of_a_run_in_parts_took() {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let (reports, urls) = (for_many(450), [sqs.url(), sqs.queue_url()]);
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let function = stage.function().await;
    for took in [true, false] {
        let order = json!({"reports": ["large"], "time": "2025-03-31T07:05:00Z"});
        let answer = function.succeed(&order).await;
        let run = &answer["data"]["reports"][0];
        assert_eq!(run["reason"], "workers are sending it in parts: 3 of 3 are left");
        for figure in ["requests", "pages", "rows"] {
            assert_eq!(run[figure].as_u64().unwrap() > 0, took, "{figure}: {run}");
        }
    }
}

/// What was due when it was queued is not run when its definition makes other runs by now, and a message
/// that comes again finds the record of the run that it made.
#[tokio::test]
async fn a_definition_that_has_changed_is_not_run_by_an_old_message() {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let reports = definitions(&[("small.toml", SMALL), ("removed.toml", SMALL)]);
    let urls = [sqs.url(), sqs.queue_url()];
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let function = stage.function().await;
    function.succeed(&tick()).await;
    let message = handed_out(&sqs.bodies()[0]);
    std::fs::remove_file(reports.path().join("removed.toml")).unwrap();
    for (old, new) in [("Europe/London", "Europe/Berlin"), ("previous-day", "previous-week")] {
        std::fs::write(reports.path().join("small.toml"), SMALL.replace(old, new)).unwrap();
        let answer = function.succeed(&message).await;
        assert_eq!(answer, json!({"batchItemFailures": []}));
        assert!(simulator.messages().is_empty() && stage.records(|_| true).is_empty());
    }
    std::fs::write(reports.path().join("small.toml"), SMALL).unwrap();
    for _ in 0..2 {
        function.succeed(&message).await;
        assert_eq!(mails(&simulator), BTreeMap::from([("ops@example.com".to_owned(), 1)]));
    }
    // A run that is due by the changed schedule too is run.
    let scheduled = SMALL.replace("[email]", "[schedule]\nat = \"08:00\"\n\n[email]");
    std::fs::write(reports.path().join("daily.toml"), &scheduled).unwrap();
    function.succeed(&tick_at("2025-03-31T06:45:00Z")).await;
    function.succeed(&tick_at("2025-03-31T07:00:00Z")).await;
    let message = sqs.bodies().pop().unwrap();
    assert_eq!(message["reports"], json!(["daily"]));
    for (days, mails) in [("\"tue\"", 1), ("\"mon\", \"wed\"", 2)] {
        let changed = format!("at = \"08:00\"\ndays = [{days}]");
        let changed = scheduled.replace("at = \"08:00\"", &changed);
        std::fs::write(reports.path().join("daily.toml"), changed).unwrap();
        function.succeed(&handed_out(&message)).await;
        assert_eq!(simulator.messages().len(), mails);
    }
}

/// A run in parts whose time is over, or whose schedule has changed, is closed with what became of each
/// recipient: also of those whom a worker that died was sending to, and nobody begins a part any more.
#[tokio::test]
async fn a_run_in_parts_is_closed_with_what_is_known() {
    is_closed("2025-03-31T11:45:00Z", "08:00").await;
    is_closed("2025-03-31T07:15:00Z", "07:30").await;
}

async fn is_closed(tick_time: &str, schedule: &str) {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let to: Vec<String> = (0..450).map(|n| format!("\"agent-{n}@example.com\"")).collect();
    let scheduled = SMALL
        .replace("\"ops@example.com\"", &to.join(", "))
        .replace("[email]", "catch_up = \"2h\"\n[schedule]\nat = \"08:00\"\n\n[email]");
    let reports = definitions(&[("large.toml", &scheduled)]);
    let urls = [sqs.url(), sqs.queue_url()];
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let mut function = stage.function().await;
    function.succeed(&tick_at("2025-03-31T06:45:00Z")).await;
    function.succeed(&tick()).await;
    function.succeed(&handed_out(&sqs.bodies()[0])).await;
    let parts = sqs.bodies().split_off(1);
    function.succeed(&handed_out(&parts[0])).await;
    // The second dies while it sends, with a lease that is over at once.
    simulator.misbehave(Operation::SendEmail, Fault::Silent, None);
    function.api.hand_over(handed_out(&parts[1]).to_string(), Duration::from_secs(4));
    simulator.has_called(Operation::SendEmail, 203).await;
    function.kill();
    simulator.behave();

    let changed = scheduled.replace("at = \"08:00\"", &format!("at = \"{schedule}\""));
    std::fs::write(reports.path().join("large.toml"), changed).unwrap();
    let function = stage.function().await;
    let closing = tick_at(tick_time);
    let (kind, envelope) = loop {
        // Until its lease is over the part is left alone.
        match function.invoke(&closing).await {
            Answer::Error { kind, message } => break (kind, message),
            Answer::Response(answer) => assert_eq!(answer["data"]["reports"], json!([])),
        }
    };
    assert_eq!(kind, "DELIVERY_UNKNOWN", "{envelope}");
    let [run] = stage.records(is_run).try_into().unwrap();
    assert_eq!((&run["status"], &run["final"]), (&json!("unknown"), &json!(true)));
    let messages = run["messages"].as_array().unwrap();
    let ended = |status: &str| messages.iter().filter(|m| m["status"] == status).count();
    let (unknown, failed) = (ended("unknown"), ended("failed"));
    assert_eq!((ended("sent"), unknown + failed), (200, 250));
    assert!((1..=8).contains(&unknown), "{unknown}");
    // What comes late finds every part ended.
    let before = simulator.messages().len();
    for part in &parts {
        function.succeed(&handed_out(part)).await;
    }
    assert_eq!(simulator.messages().len(), before);
}

/// What a tick finds is queued by instance and window, oldest first; what the queue does not take at
/// first is tried again, and where it takes nothing the tick fails and its retry queues all.
#[tokio::test]
async fn a_message_is_of_one_instance_and_one_window() {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let elsewhere = SMALL.replace("aaaabbbb", "bbbbaaaa");
    let reports = definitions(&[
        ("a.toml", SMALL),
        ("b.toml", SMALL),
        ("week.toml", &SMALL.replace("previous-day", "previous-week")),
        ("elsewhere.toml", &elsewhere),
        ("utc.toml", &SMALL.replace("Europe/London", "UTC")),
    ]);
    let urls = [sqs.url(), sqs.queue_url()];
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let function = stage.function().await;
    sqs.refuse(100);
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!((kind.as_str(), &envelope["error"]["retryable"]), ("SERVICE_ERROR", &json!(true)));
    assert!(sqs.bodies().is_empty());
    sqs.refuse(2);
    let answer = function.succeed(&tick()).await;
    assert_eq!(answer["data"]["queued"], json!({"runs": 5, "messages": 4}));
    const LONDON: &str = "Europe/London";
    let mut bodies = sqs.bodies();
    bodies.sort_by_key(|body| body["reports"].to_string());
    let (day, utc) = (
        json!({"start": "2025-03-30T00:00:00Z", "end": "2025-03-30T23:00:00Z", "time_zone": LONDON}),
        json!({"start": "2025-03-30T00:00:00Z", "end": "2025-03-31T00:00:00Z", "time_zone": "UTC"}),
    );
    let week = json!({"start": "2025-03-24T00:00:00Z", "end": "2025-03-30T23:00:00Z", "time_zone": LONDON});
    let id = tick()["id"].clone();
    let expected = [
        (json!(["a", "b"]), &day),
        (json!(["elsewhere"]), &day),
        (json!(["utc"]), &utc),
        (json!(["week"]), &week),
    ];
    for (body, (reports, window)) in bodies.iter().zip(expected) {
        let whole = json!({"id": id, "time": "2025-03-31T07:00:00Z", "reports": reports,
            "window": window, "due": true});
        assert_eq!(body, &whole);
    }
}

/// Each message of a batch ends by itself: one that failed and may pass is handed out again, one that
/// failed for good or can't be read is done.
#[tokio::test]
async fn only_what_may_pass_is_handed_out_again() {
    let (simulator, s3, sqs) =
        (simulator().await, S3::start(&[]).await, Sqs::start(VISIBILITY).await);
    let reports = definitions(&[
        ("good.toml", SMALL),
        ("broken.toml", "title = 1"),
        ("refused.toml", &SMALL.replace("QUEUE = [\"*\"]", "QUEUE = [\"Nowhere\"]")),
    ]);
    let urls = [sqs.url(), sqs.queue_url()];
    let stage =
        Stage { simulator: &simulator, s3: &s3, reports: &reports, sqs: (&urls[0], &urls[1]) };
    let function = stage.function().await;
    let batch = |bodies: &[&str]| {
        let records = bodies.iter().enumerate().map(|(index, body)| {
            json!({"messageId": format!("m{index}"), "body": body, "eventSource": "aws:sqs",
                "attributes": {"SentTimestamp": "1743404400000"}})
        });
        json!({"Records": records.collect::<Vec<_>>()})
    };
    let due = |report: &str| {
        json!({"id": "tick", "reports": [report], "due": true, "time": "2025-03-31T07:00:00Z",
            "window": {"start": "2025-03-30T00:00:00+00:00", "end": "2025-03-31T00:00:00+01:00"}})
        .to_string()
    };
    let bodies = [due("good"), due("broken"), due("refused"), due("removed")];
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).chain(["{", "[]"]).collect();
    // SES says that it did not take the first mail, which may pass.
    simulator.misbehave(Operation::SendEmail, Fault::Unavailable, Some(1));
    let answer = function.succeed(&batch(&bodies)).await;
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m0"}]}));
    let states = |records: Vec<Value>| -> Vec<(Value, Value)> {
        records.into_iter().map(|r| (r["report"].clone(), r["status"].clone())).collect()
    };
    let failed = |report: &str| (json!(report), json!("failed"));
    assert_eq!(states(stage.records(is_run)), [failed("good"), failed("refused")]);
    // A failure for good stays one: the message is that of no person.
    let answer = function.succeed(&batch(&bodies[..3])).await;
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let sent = (json!("good"), json!("sent"));
    assert_eq!(states(stage.records(is_run)), [sent, failed("refused")]);
    // Orders that a person has put into the queue are done here, and not queued again.
    let order = json!({"id": "again", "reports": ["good"], "to": ["me@example.com"]}).to_string();
    let answer = function.succeed(&batch(&[&order, "{}"])).await;
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(mails(&simulator)["me@example.com"], 1);
    assert!(sqs.bodies().is_empty());
}
