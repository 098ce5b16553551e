use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::harness::binary::{Function, SMALL, definitions, simulator, text, tick_at};
use crate::harness::runtime_api::Answer;
use crate::harness::s3::S3;

const REPORTS: usize = 50;
const DAYS: usize = 4;
const EVENTS: usize = 1_000;
const PROCESSES: usize = 3;

/// How often Lambda calls a failed invocation again.
const RETRIES: usize = 2;

/// A thousand events for fifty reports, twice, late and in any order, to several processes at once,
/// while one in ten requests to Connect, SES and S3 fails, and people send runs again to those who are
/// unknown: every run ends in one recorded outcome, and nobody gets a mail twice whose end was known.
#[tokio::test]
async fn a_bad_week_ends_in_one_outcome_for_every_run() {
    let simulator = simulator().await;
    let folder = fifty_reports();
    let s3 = S3::start(&[]).await;
    let url = s3.url();
    let more = [
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
        ("AWS_ENDPOINT_URL_S3", url.as_str()),
        ("CONNECT_REPORTS_REQUESTS_PER_SECOND", "1000"),
        ("CONNECT_REPORTS_LISTS_PER_SECOND", "1000"),
        // The SDK's newer retries, which begin after 50 ms and not after a second.
        ("AWS_NEW_RETRIES_2026", "true"),
    ];
    let mut functions = Vec::new();
    for _ in 0..PROCESSES {
        functions.push(Function::start(&simulator.url(), text(folder.path()), &more).await);
    }
    functions[0].succeed(&tick_at("2025-03-27T06:00:00Z")).await;
    assert!(simulator.messages().is_empty(), "nothing is due yet");

    simulator.misbehave_by_chance(1, 10);
    s3.misbehave_by_chance(Some((2, 10)));
    let events = Mutex::new(events());
    join_all(functions.iter().map(|function| work(function, &events))).await;
    simulator.behave();
    s3.misbehave_by_chance(None);
    // What is left over is done by the next events, as on any day.
    for minute in ["00", "15", "30"] {
        let event = tick_at(&format!("2025-03-30T20:{minute}:00Z")).to_string();
        functions[0].api.invoke(event, Duration::from_secs(120)).await;
    }

    let (mut counts, mut sent_again) = (BTreeMap::<String, usize>::new(), 0);
    let mails = mails(&simulator.messages());
    let keys = s3.keys();
    let records = keys.iter().filter(|k| k.contains("--") && !k.ends_with(".message.json"));
    let (resends, records): (Vec<_>, Vec<_>) = records.partition(|k| k.ends_with(".reissue.json"));
    assert_eq!(records.len(), REPORTS * DAYS, "one for each report and window");
    let read = |key: &String| serde_json::from_str::<Value>(&s3.object(key).unwrap()).unwrap();
    let resends: Vec<Value> = resends.into_iter().map(read).collect();
    let resent = |to: &str, day: &str, status: &str| {
        let of_day =
            resends.iter().filter(|r| r["window"]["start"].as_str().unwrap()[..10] == *day);
        let messages = of_day.flat_map(|record| record["messages"].as_array().unwrap());
        messages.filter(|message| message["to"] == to && message["status"] == status).count()
    };
    for key in records {
        let record = read(key);
        assert_eq!(record["final"], true, "{key}: {record:#}");
        for message in record["messages"].as_array().unwrap() {
            let day = record["window"]["start"].as_str().unwrap()[..10].to_owned();
            let to = message["to"].as_str().unwrap().to_owned();
            let (again, perhaps) = (resent(&to, &day, "sent"), resent(&to, &day, "unknown"));
            let got = mails.get(&(to, day)).copied().unwrap_or_default();
            let status = message["status"].as_str().unwrap();
            match status {
                "sent" => assert_eq!((got, again, perhaps), (1, 0, 0), "{key}: {message:#}"),
                "unknown" => {
                    assert!(again <= 1, "{key}: {again} resends reached {message:#}");
                    assert!((again..=1 + again + perhaps).contains(&got), "{key}: {message:#}");
                    sent_again += again;
                }
                other => panic!("{key}: {other} although SES refused nobody for good"),
            }
            *counts.entry(status.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(counts.values().sum::<usize>(), REPORTS * DAYS * 2, "{counts:?}");
    assert!(counts["unknown"] > 0 && counts["unknown"] < counts["sent"] / 5, "{counts:?}");
    assert!(sent_again > 0, "people sent to some of those who were unknown");
    for function in &functions {
        let log = function.log();
        assert!(!log.contains('@') && !log.contains("panicked"), "{log}");
    }
}

/// Reports of their own recipients, due each morning, for two recipients each.
fn fifty_reports() -> tempfile::TempDir {
    let files: Vec<(String, String)> = (0..REPORTS)
        .map(|index| {
            let to = format!("\"a{index}@example.com\", \"b{index}@example.com\"");
            let text = SMALL.replace("\"ops@example.com\"", &to);
            let schedule = "catch_up = \"6d\"\n[schedule]\nat = \"08:00\"\n\n[email]";
            (format!("report-{index}.toml"), text.replace("[email]", schedule))
        })
        .collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    definitions(&files)
}

/// Ticks of four days, each up to twelve hours late or early, and each twice.
fn events() -> VecDeque<(String, usize)> {
    let mut random = fastrand::Rng::with_seed(3);
    let first: Timestamp = "2025-03-27T06:00:00Z".parse().unwrap();
    let span = i64::try_from(DAYS * 24 * 3600).unwrap();
    let mut events: Vec<(i64, String)> = Vec::new();
    for index in 0..i64::try_from(EVENTS / 2).unwrap() {
        let at = index * span / i64::try_from(EVENTS / 2).unwrap();
        let time = (first + Duration::from_secs(u64::try_from(at).unwrap())).to_string();
        let event = tick_at(&time).to_string();
        for _ in 0..2 {
            events.push((at + random.i64(0..12 * 3600), event.clone()));
        }
    }
    // Of each report three people send what is unknown again, at once and by orders of their own.
    for index in 0..REPORTS {
        let day = 28 + index % (DAYS - 1);
        let at = i64::try_from((index % (DAYS - 1) + 1) * 24 * 3600).unwrap() + 14 * 3600;
        events.extend(["ana", "ben", "cleo"].map(|person| {
            let time = format!("2025-03-{day}T20:00:00Z");
            let order = json!({"id": format!("{person}-{index}"), "resend": "unknown",
                "reports": [format!("report-{index}")], "time": time});
            (at, order.to_string())
        }));
    }
    events.sort();
    events.into_iter().map(|(_, event)| (event, RETRIES)).collect()
}

/// Takes one event after the other, as Lambda does: one that failed comes again.
async fn work(function: &Function, events: &Mutex<VecDeque<(String, usize)>>) {
    loop {
        let next = events.lock().unwrap().pop_front();
        let Some((event, retries)) = next else { return };
        let answer = function.api.invoke(event.clone(), Duration::from_secs(60)).await;
        if let (Answer::Error { .. }, 1..) = (&answer, retries) {
            let mut events = events.lock().unwrap();
            // Others come in between.
            let place = events.len().min(20);
            events.insert(place, (event, retries - 1));
        }
    }
}

/// How many mails a recipient got of a day.
fn mails(messages: &[connect_simulator::SentMessage]) -> BTreeMap<(String, String), usize> {
    let mut mails = BTreeMap::new();
    for message in messages {
        let [to] = message.to.as_slice() else { panic!("{:?}", message.to) };
        if to == "workforce@example.com" {
            continue;
        }
        let mail = MessageParser::default().parse(&message.raw).unwrap();
        let subject = mail.subject().unwrap();
        // "Small, Sunday 30 March 2025", or "Re-issued: …"
        let day: usize = subject.split(' ').find_map(|word| word.parse().ok()).unwrap();
        *mails.entry((to.clone(), format!("2025-03-{day:02}"))).or_default() += 1;
    }
    mails
}
