//! The policies of retrying in `docs/RUNS.md`, `src/retry.rs` and `infra/template.yaml` are the same.
//!
//! The last cell of each row in the document's table names where its numbers are set; the row has the values of
//! these names, in their order, and no other number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use connect_reports::retry::{self, RetryPolicy};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::template::template;

/// The texts of a policy's values, by the name under which they are set.
type Values = BTreeMap<String, Vec<String>>;

#[test]
fn the_table_the_code_and_the_template_say_the_same() {
    let values = [of_code(), of_services(), of_template(template())].concat();
    assert_eq!(problems(&document(), &values.into_iter().collect()), [] as [&str; 0]);
}

/// Every policy of `src/retry.rs` is one that this test knows.
#[test]
fn no_policy_is_left_out() {
    let source = read("src/retry.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    let names = code.lines().filter_map(|line| {
        let item = line.strip_prefix("pub const ")?;
        let name = item.strip_prefix("fn ").unwrap_or(item);
        name.split([':', '(']).next()
    });
    let named: BTreeSet<&str> = names.filter(|name| *name != "CATCH_UP_AS_WRITTEN").collect();
    let known = of_code();
    let known: BTreeSet<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(named, known);
}

/// A number that changes in one of the three places alone is found, whichever it is.
#[test]
fn a_number_that_changes_alone_is_found() {
    let values: Values =
        [of_code(), of_services(), of_template(template())].concat().into_iter().collect();
    let text = document();
    let is_found = |text: &str, values: &Values| !problems(text, values).is_empty();

    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            continue;
        }
        let changed = format!("{}7{}", &text[..at], &text[at..]);
        assert!(is_found(&changed, &values), "{}", text[at..].lines().next().unwrap());
    }
    for name in values.keys() {
        for index in 0..values[name].len() {
            let mut changed = values.clone();
            changed.get_mut(name).unwrap()[index].insert(0, '7');
            assert!(is_found(&text, &changed), "{name}");
        }
    }
    for (path, _) in of_template(template()) {
        let (mut changed, mut pointer) = (template().clone(), String::from("/Resources"));
        for (depth, part) in path.split('.').enumerate() {
            pointer += if depth == 1 { "/Properties/" } else { "/" };
            pointer += part;
        }
        let number = changed.pointer_mut(&pointer).unwrap();
        *number = json!(number.as_u64().unwrap() + 1);
        let values = [of_code(), of_services(), of_template(&changed)].concat();
        assert!(is_found(&text, &values.into_iter().collect()), "{path}");
    }
}

/// Values that have to fit each other, in the code and in the template.
#[test]
fn the_template_agrees_with_the_code() {
    let of = |pointer: &str| template()["Resources"].pointer(pointer).unwrap().as_u64().unwrap();
    let timeout = of("/Function/Properties/Timeout");
    let visibility = of("/Runs/Properties/VisibilityTimeout");
    assert_eq!(seconds(retry::QUEUE_VISIBILITY_TIMEOUT), visibility);
    // AWS Lambda Developer Guide, SQS event source mappings: six times the timeout at least, five receives at least.
    assert_eq!(visibility, 6 * timeout);
    let receives = of("/Runs/Properties/RedrivePolicy/maxReceiveCount");
    assert!(receives >= 5 && receives * visibility < of("/Runs/Properties/MessageRetentionPeriod"));
    // In Lambda a lease ends with the invocation: it is believed, and over before the queue hands out again.
    assert!(timeout < seconds(retry::LONGEST_LEASE));
    assert!(seconds(retry::LONGEST_LEASE) > 900 && seconds(retry::LONGEST_LEASE) < visibility);
    assert!(retry::SDK_CALL_TIMEOUT.as_secs() < timeout);

    // The owner hears with the last attempt that Lambda makes of an event, which all have their time within its age.
    let attempts = 1 + of("/Function/Properties/EventInvokeConfig/MaximumRetryAttempts");
    assert_eq!(u64::from(retry::ATTEMPTS_BEFORE_OWNER_NOTICE), attempts);
    let age = of("/Function/Properties/EventInvokeConfig/MaximumEventAgeInSeconds");
    assert!(attempts * timeout + PAUSES_OF_LAMBDA.iter().map(Duration::as_secs).sum::<u64>() < age);
    assert_eq!(seconds(retry::LONGEST_EVENT_AGE), age);
    let age = of("/Schedule/Properties/Target/RetryPolicy/MaximumEventAgeInSeconds");
    assert_eq!(seconds(retry::LONGEST_EVENT_AGE), age);

    let rule = &template()["Resources"]["Schedule"]["Properties"]["ScheduleExpression"];
    assert_eq!(*rule, json!(format!("cron(0/{} * * * ? *)", retry::TICK_INTERVAL.as_mins())));
    // A run that may still be made up for, or closed, has its record.
    let kept = template()["Parameters"]["RecordDays"]["MinValue"].as_i64().unwrap();
    assert!((retry::LONGEST_CATCH_UP + retry::OVERDUE_SEARCH).as_hours() < kept * 24);

    assert_eq!(RetryConfig::standard().max_attempts(), retry::SDK_ATTEMPTS);
    let schema: Value = serde_json::from_str(&read("reports/definition.schema.json")).unwrap();
    assert_eq!(schema["properties"]["catch_up"]["default"], json!(retry::CATCH_UP_AS_WRITTEN));
}

/// The pauses that Lambda makes before it tries an event again (AWS Lambda Developer Guide, error handling for
/// asynchronous invocation).
const PAUSES_OF_LAMBDA: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

fn of_services() -> Vec<(String, Vec<String>)> {
    vec![
        ("AWS SDK".to_owned(), vec![spelled(RetryConfig::standard().initial_backoff())]),
        ("AWS Lambda".to_owned(), PAUSES_OF_LAMBDA.map(spelled).to_vec()),
    ]
}

fn of_code() -> Vec<(String, Vec<String>)> {
    let times = [
        ("SDK_CONNECT_TIMEOUT", retry::SDK_CONNECT_TIMEOUT),
        ("SDK_ATTEMPT_TIMEOUT", retry::SDK_ATTEMPT_TIMEOUT),
        ("SDK_CALL_TIMEOUT", retry::SDK_CALL_TIMEOUT),
        ("RECOVERY_AFTER", retry::RECOVERY_AFTER),
        ("THROTTLED_CALL_LIMIT", retry::THROTTLED_CALL_LIMIT),
        ("MAIL_SEND_TIME", retry::MAIL_SEND_TIME),
        ("STOP_GRACE", retry::STOP_GRACE),
        ("LEASE_LENGTH", retry::LEASE_LENGTH.unsigned_abs()),
        ("LEASE_RENEWAL", retry::LEASE_RENEWAL),
        ("LONGEST_LEASE", retry::LONGEST_LEASE.unsigned_abs()),
        ("QUEUE_VISIBILITY_TIMEOUT", retry::QUEUE_VISIBILITY_TIMEOUT.unsigned_abs()),
        ("LONGEST_EVENT_AGE", retry::LONGEST_EVENT_AGE.unsigned_abs()),
        ("TICK_INTERVAL", retry::TICK_INTERVAL.unsigned_abs()),
        ("CATCH_UP", retry::CATCH_UP.unsigned_abs()),
        ("LONGEST_CATCH_UP", retry::LONGEST_CATCH_UP.unsigned_abs()),
        ("OVERDUE_SEARCH", retry::OVERDUE_SEARCH.unsigned_abs()),
    ];
    let shares = [
        ("RATE_SHARE", retry::RATE_SHARE),
        ("THROTTLE_FACTOR", retry::THROTTLE_FACTOR),
        ("SLOWEST_SHARE", retry::SLOWEST_SHARE),
        ("RECOVERY_STEP", retry::RECOVERY_STEP),
        ("MAIL_JITTER_PERCENT", f64::from(retry::MAIL_JITTER_PERCENT) / 100.0),
    ];
    let counts = [
        ("SDK_ATTEMPTS", retry::SDK_ATTEMPTS),
        ("PAGE_READS", retry::PAGE_READS),
        ("ATTEMPTS_BEFORE_OWNER_NOTICE", retry::ATTEMPTS_BEFORE_OWNER_NOTICE),
    ];
    let policies = [
        ("mail_sends", retry::mail_sends(retry::SDK_ATTEMPTS)),
        ("LEDGER_ACCESS", retry::LEDGER_ACCESS),
        ("FOLDER_LOCK", retry::FOLDER_LOCK),
        ("CLAIM_POLL", retry::CLAIM_POLL),
        ("QUEUE_SEND", retry::QUEUE_SEND),
    ];
    let times = times.map(|(name, value)| (name, vec![spelled(value)]));
    let shares = shares.map(|(name, share)| (name, vec![format!("{} %", share * 100.0)]));
    let counts = counts.map(|(name, count)| (name, vec![count.to_string()]));
    let policies = policies.map(|(name, policy)| (name, of_policy(policy)));
    let all = times.into_iter().chain(shares).chain(counts).chain(policies);
    all.map(|(name, texts)| (name.to_owned(), texts)).collect()
}

fn of_policy(policy: RetryPolicy) -> Vec<String> {
    let RetryPolicy { attempts, first_pause, longest_pause } = policy;
    let attempts = attempts.map_or("no limit".to_owned(), |attempts| attempts.to_string());
    let mut texts = vec![attempts];
    match first_pause {
        Duration::ZERO => texts.push("no pause".to_owned()),
        _ => texts.extend([first_pause, longest_pause].map(spelled)),
    }
    texts
}

/// The members by which AWS tries again, hands out again or gives up.
const MEMBERS: [&str; 5] = [
    "MaximumRetryAttempts",
    "MaximumEventAgeInSeconds",
    "VisibilityTimeout",
    "maxReceiveCount",
    "MessageRetentionPeriod",
];

/// Every policy of the template, by the path in its resource's properties.
fn of_template(template: &Value) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (name, resource) in template["Resources"].as_object().unwrap() {
        collect(name, &resource["Properties"], &mut found);
    }
    found
}

fn collect(path: &str, value: &Value, found: &mut Vec<(String, Vec<String>)>) {
    for (member, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{member}");
        if !MEMBERS.contains(&member.as_str()) {
            collect(&path, value, found);
            continue;
        }
        let number = value.as_u64().unwrap();
        let is_count = matches!(member.as_str(), "MaximumRetryAttempts" | "maxReceiveCount");
        let text = if is_count { number.to_string() } else { spelled(Duration::from_secs(number)) };
        found.push((path, vec![text]));
    }
}

/// A time as the document writes it: in the largest unit that leaves no rest.
fn spelled(time: Duration) -> String {
    const HOUR: u64 = 3_600;
    let seconds = time.as_secs();
    if time.subsec_nanos() > 0 || seconds == 0 {
        return match time.as_millis() {
            milliseconds @ ..1_000 => format!("{milliseconds} ms"),
            _ => format!("{} s", time.as_secs_f64()),
        };
    }
    match seconds {
        _ if seconds.is_multiple_of(24 * HOUR) && seconds > 24 * HOUR => {
            format!("{} days", seconds / (24 * HOUR))
        }
        _ if seconds.is_multiple_of(HOUR) => format!("{} h", seconds / HOUR),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

fn seconds(time: SignedDuration) -> u64 {
    time.unsigned_abs().as_secs()
}

/// The ways in which the document differs from these values.
fn problems(document: &str, values: &Values) -> Vec<String> {
    let mut problems = Vec::new();
    let mut named = BTreeSet::new();
    let (table, prose): (Vec<&str>, Vec<&str>) =
        document.lines().partition(|line| line.starts_with('|'));
    for line in prose {
        let numbers = numbers(line);
        if !numbers.is_empty() {
            problems.push(format!(
                "{numbers:?} stands outside the table, where nothing holds it: {line}"
            ));
        }
    }
    for row in table.into_iter().skip(2) {
        let (cells, names) = row.strip_suffix('|').unwrap().rsplit_once('|').unwrap();
        let names = names.split(',').map(|name| name.trim().trim_matches('`'));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        named.extend(names.iter().copied());
        let unknown = names.iter().filter(|name| !values.contains_key(**name));
        problems.extend(unknown.map(|name| format!("nothing is set in {name}: {row}")));
        let mut expected: Vec<&str> = Vec::new();
        for text in names.iter().filter_map(|name| values.get(*name)).flatten() {
            if !expected.contains(&text.as_str()) {
                expected.push(text);
            }
        }
        let found = numbers(cells);
        if found != expected {
            problems.push(format!("{found:?} in the row of {names:?}, which have {expected:?}"));
        }
    }
    let missing = values.keys().filter(|name| !named.contains(name.as_str()));
    problems.extend(missing.map(|name| format!("the table lacks {name}")));
    problems
}

/// The numbers in a text with their units, each once, and the words that stand for none.
fn numbers(text: &str) -> Vec<String> {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches([',', ';', '.', '`'])).collect();
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let text = match (*word, next) {
            ("no", "limit" | "pause") => format!("no {next}"),
            (word, _) if !word.starts_with(|c: char| c.is_ascii_digit()) => continue,
            (number, "ms" | "s" | "min" | "h" | "days" | "%") => format!("{number} {next}"),
            (number, _) => number.to_owned(),
        };
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// The part of the page that is about retries.
fn document() -> String {
    let page = read("docs/RUNS.md");
    let (_, retries) = page.split_once("\n## Retries\n").unwrap();
    retries.to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
