use std::time::Duration;

use connect_simulator::{Call, Fault, Operation};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::harness::binary::{DUE, Function, SMALL, Watched, simulator, tick, tick_at};
use crate::harness::mail;
use crate::harness::s3::S3;

/// The name of a record of the day of the tests, behind its report.
const DAY: &str = "2025-03-30T0000+0000--2025-03-31T0000+0100.json";

/// The services that a function talks to, with definitions and records in S3.
struct World {
    simulator: Watched,
    s3: S3,
}

impl World {
    /// One with these definitions, each by the report's id.
    async fn of(definitions: &[(&str, &str)]) -> Self {
        let s3 = S3::start(&[]).await;
        for (report, definition) in definitions {
            s3.write(&format!("reports/{report}.toml"), definition);
        }
        Self { simulator: simulator().await, s3 }
    }

    /// A process that has served nothing yet.
    async fn function(&self) -> Function {
        let url = self.s3.url();
        let records =
            [("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", &url)];
        Function::start(&self.simulator.url(), "s3://reports-bucket/reports", &records).await
    }

    fn calls(&self, operation: Operation) -> Vec<Call> {
        let calls = self.simulator.calls().into_iter();
        calls.filter(|call| call.operation == operation).collect()
    }

    /// The time zones of all requests for figures, in the order in which they came.
    fn zones(&self) -> Vec<String> {
        let calls = self.calls(Operation::GetMetricDataV2).into_iter();
        calls.map(|call| call.body["Interval"]["TimeZone"].as_str().unwrap().to_owned()).collect()
    }

    /// The number of pages that the list of queues has.
    fn pages_of_queues(&self) -> usize {
        self.simulator.centre().standard_queues().count().div_ceil(5)
    }

    /// The titles of the reports that were sent, in the order in which they left.
    fn sent(&self) -> Vec<String> {
        let messages = self.simulator.messages().into_iter();
        let messages = messages.filter(|message| message.to != ["workforce@example.com"]);
        let title = |raw: &[u8]| {
            let subject = mail::parse(raw).subject().unwrap().to_owned();
            subject.split(',').next().unwrap().to_owned()
        };
        messages.map(|message| title(&message.raw)).collect()
    }

    /// The record of a report for the day of the tests.
    fn record(&self, report: &str) -> Value {
        serde_json::from_str(&self.s3.object(&format!("runs/{report}/{DAY}")).unwrap()).unwrap()
    }

    /// The writes of records of the day of the tests, by report, in the order in which they came.
    fn writes(&self) -> Vec<String> {
        let accesses = self.s3.accesses().into_iter();
        let writes = accesses.filter(|access| access.action == "s3:PutObject");
        let report = |resource: String| {
            let key = resource.strip_suffix(&format!("/{DAY}"))?.to_owned();
            Some(key.rsplit_once("/runs/")?.1.to_owned())
        };
        writes.filter_map(|access| report(access.resource)).collect()
    }
}

/// [`SMALL`] by another title.
fn titled(title: &str) -> String {
    SMALL.replace("\"Small\"", &format!("\"{title}\""))
}

/// Two reports for the same day: "North" is due at 06:00 UTC, an hour before "East", which comes first by
/// its name. The zones tell their requests apart.
fn one_after_the_other() -> [(&'static str, String); 2] {
    let at = |title: &str, schedule: &str| {
        titled(title).replace("[email]", &format!("[schedule]\nat = \"{schedule}\"\n\n[email]"))
    };
    let east = at("East", "09:00").replace("Europe/London", "Europe/Berlin");
    [("north", at("North", "07:00")), ("east", east)]
}

/// The answer to an event of an invocation that can't end before something else has come about.
async fn succeed_once(function: &Function, event: Value, come: impl Future<Output = ()>) -> Value {
    // Where it does not come about the invocation ends at its deadline, and has failed.
    tokio::join!(function.succeed(&event), come).0
}

fn statuses(answer: &Value) -> Vec<&str> {
    let runs = answer["data"]["reports"].as_array().unwrap().iter();
    runs.map(|run| run["status"].as_str().unwrap()).collect()
}

/// Prefetch: a warm process asks for the records of candidate runs before it knows whether the definitions
/// are still those that it read last, and reads each once.
#[tokio::test]
async fn records_are_read_while_definitions_are() {
    let world = World::of(&[("small", SMALL)]).await;
    let function = world.function().await;
    function.succeed(&tick_at("2025-03-28T07:00:00Z")).await;
    let order = json!({"id": "by-name", "reports": ["small"], "time": DUE});
    for (event, (action, definitions), record) in [
        (tick_at("2025-03-29T07:00:00Z"), ("s3:ListBucket", ""), "runs/small/2025-03-28T"),
        (order, ("s3:GetObject", "reports/small.toml"), "runs/small/2025-03-30T"),
    ] {
        world.s3.hold(action, definitions);
        let answer = succeed_once(&function, event, async {
            world.s3.has_been_asked("s3:GetObject", record, 1).await;
            world.s3.release();
        });
        assert_eq!(statuses(&answer.await), ["sent"]);
        assert_eq!(world.s3.reads(record), 1, "{record}");
    }
}

/// Claim: all runs are claimed while the names are read that they need, once for all.
#[tokio::test]
async fn names_are_read_while_runs_are_claimed() {
    let world = World::of(&[("one", SMALL), ("two", SMALL)]).await;
    let function = world.function().await;
    world.s3.hold("s3:PutObject", "runs/");
    world.simulator.misbehave(Operation::ListQueues, Fault::Held, None);
    let answer = succeed_once(&function, tick(), async {
        for report in ["one", "two"] {
            world.s3.has_been_asked("s3:PutObject", &format!("runs/{report}/"), 1).await;
        }
        world.simulator.has_called(Operation::ListQueues, 1).await;
        world.s3.release();
        world.simulator.behave();
    });
    assert_eq!(statuses(&answer.await), ["sent", "sent"]);
    assert_eq!(world.calls(Operation::ListQueues).len(), world.pages_of_queues());
}

/// Plan: runs that did not look as if they fetched get their names when they turn out to, after the claims;
/// what both need is asked for once.
#[tokio::test]
async fn names_of_the_rest_are_read_after_the_claims() {
    let world = World::of(&[("one", SMALL), ("two", SMALL)]).await;
    world.simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    let (kind, _) = world.function().await.fail(&tick()).await;
    assert_eq!((kind.as_str(), &world.record("two")["final"]), ("ACCESS_DENIED", &json!(true)));
    world.simulator.behave();
    let asked = |operation| world.calls(operation).len();
    let names = asked(Operation::ListQueues);
    let figures = asked(Operation::GetMetricDataV2);
    let writes = world.s3.count("s3:PutObject", "runs/");

    // Names are not warm in another process.
    let function = world.function().await;
    let order = json!({"id": "again", "reports": ["one", "two"], "time": "2025-03-31T08:00:00Z"});
    world.s3.hold("s3:PutObject", "runs/");
    let answer = succeed_once(&function, order, async {
        world.s3.has_been_asked("s3:PutObject", "runs/", writes + 2).await;
        assert_eq!(asked(Operation::ListQueues), names, "the runs may have ended");
        world.s3.release();
    });
    let answer = answer.await;
    assert_eq!(statuses(&answer), ["sent", "sent"]);
    assert_eq!(asked(Operation::ListQueues) - names, world.pages_of_queues());
    assert_eq!(2 * (asked(Operation::GetMetricDataV2) - figures), pages(&answer));
}

/// Plan: a run that turns out to have ended needs no names.
#[tokio::test]
async fn no_names_are_read_for_what_has_ended() {
    let world = World::of(&[("small", SMALL)]).await;
    world.function().await.succeed(&tick()).await;
    let calls = world.simulator.calls().len();
    let function = world.function().await;
    let order = json!({"id": "again", "reports": ["small"], "time": "2025-03-31T08:00:00Z"});
    assert_eq!(statuses(&function.succeed(&order).await), ["duplicate"]);
    assert_eq!(world.simulator.calls().len(), calls);
}

/// Plan: the requests of all runs are planned together, whenever they got their names.
#[tokio::test]
async fn early_and_late_runs_share_their_requests() {
    let world = World::of(&[("one", SMALL), ("two", SMALL)]).await;
    let function = world.function().await;
    world.simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    function.fail(&json!({"id": "alone", "reports": ["one"], "time": DUE})).await;
    world.simulator.behave();
    let figures = world.calls(Operation::GetMetricDataV2).len();
    let both = json!({"id": "both", "reports": ["one", "two"], "time": "2025-03-31T08:00:00Z"});
    let answer = function.succeed(&both).await;
    assert_eq!(statuses(&answer), ["sent", "sent"]);
    assert_eq!(2 * (world.calls(Operation::GetMetricDataV2).len() - figures), pages(&answer));
}

/// The pages that the runs of an answer say they took, together.
fn pages(answer: &Value) -> usize {
    let runs = answer["data"]["reports"].as_array().unwrap().iter();
    runs.map(|run| run["pages"].as_u64().unwrap() as usize).sum()
}

/// Execute: a run fetches while the one before it sends, but not while that one fetches; and it sends when
/// all mails of that one have left.
#[tokio::test]
async fn a_run_fetches_while_the_one_before_it_sends() {
    let [(north, text), (east, other)] = one_after_the_other();
    let many = |count: usize| {
        let many = (0..count).map(|index| format!("\"r{index}@example.com\""));
        many.collect::<Vec<_>>().join(", ")
    };
    let text = text.replace("\"ops@example.com\"", &many(30));
    // The one with fewer messages goes first.
    let other = other.replace("\"ops@example.com\"", &many(31));
    let world = World::of(&[(north, &text), (east, &other)]).await;
    let function = world.function().await;
    function.succeed(&tick_at("2025-03-31T05:45:00Z")).await;
    world.simulator.misbehave(Operation::SendEmail, Fault::Held, None);
    let answer = succeed_once(&function, tick(), async {
        world.simulator.has_called(Operation::SendEmail, 1).await;
        let fetched = world.zones().iter().filter(|zone| *zone == "Europe/London").count();
        world.simulator.has_called(Operation::GetMetricDataV2, fetched + 1).await;
        world.simulator.behave();
    });
    assert_eq!(statuses(&answer.await), ["sent", "sent"]);
    let mut zones = world.zones();
    assert!(zones.iter().filter(|zone| *zone == "Europe/London").count() > 1, "pages: {zones:?}");
    zones.dedup();
    assert_eq!(zones, ["Europe/London", "Europe/Berlin"], "one fetches at a time");
    let sent = world.sent();
    assert_eq!((sent.len(), sent.last().unwrap().as_str()), (61, "East"), "{sent:?}");
}

/// Execute: a run whose message is stored has nothing to fetch, and lets the next one fetch while it sends.
/// Its mail leaves first all the same.
#[tokio::test]
async fn a_run_that_fetches_nothing_lets_the_next_one_fetch() {
    let [(north, text), (east, other)] = one_after_the_other();
    let world = World::of(&[(north, &text), (east, &other)]).await;
    let function = world.function().await;
    function.succeed(&tick_at("2025-03-31T05:45:00Z")).await;
    world.simulator.misbehave(Operation::SendEmail, Fault::QuotaExceeded, None);
    function.fail(&tick_at("2025-03-31T06:00:00Z")).await;
    let (mails, fetched) = (world.calls(Operation::SendEmail).len(), world.zones().len());
    world.simulator.misbehave(Operation::SendEmail, Fault::Held, None);
    let answer = succeed_once(&function, tick(), async {
        world.simulator.has_called(Operation::SendEmail, mails + 1).await;
        world.simulator.has_called(Operation::GetMetricDataV2, fetched + 1).await;
        world.simulator.behave();
    });
    assert_eq!(statuses(&answer.await), ["sent", "sent"]);
    let later = world.zones().split_off(fetched);
    assert!(later.iter().all(|zone| zone == "Europe/Berlin"), "{later:?}");
    assert_eq!(world.sent(), ["North", "East"]);
}

/// Wait: a run that another process holds holds up nobody. It is looked at again when the others have ended,
/// and is carried out when the lease of the other is over, who has died.
#[tokio::test]
async fn runs_that_others_hold_are_waited_for_last() {
    let world = World::of(&[("held", &titled("Held")), ("other", &titled("Other"))]).await;
    let mut holder = world.function().await;
    world.simulator.misbehave(Operation::GetMetricDataV2, Fault::Silent, None);
    let order = json!({"id": "holder", "reports": ["held"], "time": DUE});
    holder.api.hand_over(order.to_string(), Duration::from_secs(600));
    world.simulator.has_called(Operation::GetMetricDataV2, 1).await;
    holder.kill();
    world.simulator.behave();

    let function = world.function().await;
    let before = world.writes().len();
    let mut over = Timestamp::MAX;
    let answer = succeed_once(&function, tick(), async {
        // Until then the lease has minutes to go.
        world.simulator.has_called(Operation::SendEmail, 1).await;
        over = Timestamp::now() + 1.second();
        let mut record = world.record("held");
        record["claim"]["until"] = json!(over);
        world.s3.write(&format!("runs/held/{DAY}"), &record.to_string());
    });
    assert_eq!(statuses(&answer.await), ["sent", "sent"]);
    assert_eq!(world.sent(), ["Other", "Held"]);
    let record = world.record("held");
    assert_eq!((&record["status"], &record["attempts"]), (&json!("sent"), &json!(2)));
    let taken_up: Timestamp = record["started_at"].as_str().unwrap().parse().unwrap();
    assert!(taken_up >= over, "the lease was over at {over}, and the run taken up at {taken_up}");
    // A claim of each; then it is the other's alone until it has ended.
    let mut writes = world.writes().split_off(before);
    writes.drain(..2);
    writes.dedup();
    assert_eq!(writes, ["other", "held"]);
}
