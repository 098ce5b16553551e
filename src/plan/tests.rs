use super::*;
use crate::definition;
use crate::metric::limits::Limits;
use crate::window::{Calendar, WindowRule, Zone};

const TWO_SECTIONS: &str = r#"
title    = "Two"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "UTC"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title   = "All"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = ["CONTACTS_QUEUED", "CONTACTS_HANDLED"]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"], CHANNEL = ["VOICE", "CHAT"] }
metrics  = ["CONTACTS_HANDLED", { name = "CONTACTS_QUEUED", label = "Queued" }]
"#;

fn report(text: &str) -> Report {
    let parsed = definition::parse("two.toml", text.as_bytes(), &Default::default());
    parsed.report.unwrap_or_else(|| panic!("{:#?}", parsed.problems))
}

fn queues(count: usize) -> Directory {
    let entry = |index| DirectoryEntry::new(format!("queue-{index}"), format!("Queue {index}"));
    let mut directory = Directory::default();
    directory.insert(Dimension::Queue, (0..count).map(entry).collect());
    directory
}

fn day() -> Window {
    let due = "2026-11-23T08:00:00Z".parse().unwrap();
    WindowRule::PreviousDay
        .window_before(due, &Zone::named("UTC").unwrap(), &Calendar::default())
        .unwrap()
}

fn planned(text: &str, directory: &Directory) -> Plan {
    let report = report(text);
    let queries: Vec<_> = report
        .sections
        .iter()
        .map(|section| Query::for_section(section, &report.instance, &day(), directory).unwrap())
        .collect();
    plan_requests(&queries, &Limits::CURRENT)
}

fn grouped(plan: &Plan) -> Vec<usize> {
    plan.requests.iter().map(|request| request.groupings.len()).collect()
}

#[test]
fn rows_and_totals_are_requests_of_their_own() {
    let plan = planned(TWO_SECTIONS, &queues(3));
    assert_eq!(grouped(&plan), [0, 1, 0]);
    assert_eq!(plan.requests[1].filters[&Dimension::Channel], ["CHAT", "VOICE"]);
    assert_eq!(plan.requests[1].metrics, plan.requests[0].metrics, "labels make no difference");
}

#[test]
fn the_same_request_is_made_once() {
    let same = TWO_SECTIONS.replace(", CHANNEL = [\"VOICE\", \"CHAT\"]", "");
    let plan = planned(&same, &queues(3));
    assert_eq!(grouped(&plan), [0, 1]);
    let twice = [same.as_str(), &same.replace("\"All\"", "\"Again\"")].map(report);
    let directory = queues(250);
    let queries: Vec<_> = twice
        .iter()
        .flat_map(|report| report.sections.iter().map(|section| (section, &report.instance)))
        .map(|(section, instance)| {
            Query::for_section(section, instance, &day(), &directory).unwrap()
        })
        .collect();
    let plan = super::plan_requests(&queries, &Limits::CURRENT);
    assert_eq!(grouped(&plan), [0, 0, 0, 1, 1, 1], "whichever report asks");
}

/// 250 queues without a grouping take three requests, each with the weights of the averages.
#[test]
fn many_queues_are_requested_in_hundreds() {
    let metrics = r#"["AVG_HANDLE_TIME", { name = "SERVICE_LEVEL", threshold = 20 }, "MAX_QUEUED_TIME", "CONTACTS_HANDLED"]"#;
    let text = TWO_SECTIONS.replace(r#"["CONTACTS_QUEUED", "CONTACTS_HANDLED"]"#, metrics);
    let text = text.split("\n[[section]]\ntitle    = \"By queue\"").next().unwrap();
    let plan = planned(text, &queues(250));
    assert_eq!(grouped(&plan), [0, 0, 0]);
    let weights: Vec<_> = plan.requests[0].weights.iter().map(|metric| &metric.name).collect();
    assert_eq!(
        weights,
        ["CONTACTS_QUEUED", "SUM_HANDLE_TIME"],
        "CONTACTS_HANDLED is there for itself"
    );
    let sizes: Vec<_> = plan.requests.iter().map(|r| r.filters[&Dimension::Queue].len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert!(plan.sections[0].not_available.is_empty());
}

/// 250 queues by queue and channel: the rows never meet, and the totals follow from them.
#[test]
fn totals_of_many_rows_need_no_further_request() {
    let text = TWO_SECTIONS.replace(
        "[\"QUEUE\"]\nfilters  = { QUEUE = [\"*\"], CHANNEL = [\"VOICE\", \"CHAT\"] }",
        "[\"QUEUE\", \"CHANNEL\"]\nfilters  = { QUEUE = [\"*\"] }",
    );
    let plan = planned(&text, &queues(250));
    assert_eq!(grouped(&plan), [0, 0, 0, 2, 2, 2]);
    let by_queue = &plan.sections[1];
    assert!(by_queue.totals.is_none() && by_queue.rows.as_ref().unwrap().merged_over.is_empty());
    assert_eq!(by_queue.of_rows.len(), 2);
}

#[test]
fn a_request_takes_twenty_service_levels() {
    let metrics: Vec<String> = (1..=20)
        .flat_map(|t| ["LT", "LTE"].map(|c| format!("{{ name = \"SERVICE_LEVEL\", threshold = {t}, comparison = \"{c}\", label = \"{t} {c}\" }}")))
        .collect();
    let section = |half: &[String]| format!("[{}]", half.join(", "));
    let text = TWO_SECTIONS
        .replace(r#"["CONTACTS_QUEUED", "CONTACTS_HANDLED"]"#, &section(&metrics[..20]))
        .replace("group_by = [\"QUEUE\"]\n", "")
        .replace(", CHANNEL = [\"VOICE\", \"CHAT\"]", "")
        .replace(
            r#"["CONTACTS_HANDLED", { name = "CONTACTS_QUEUED", label = "Queued" }]"#,
            &section(&metrics[20..]),
        );
    let plan = planned(&text, &queues(3));
    let counts: Vec<_> = plan.requests.iter().map(|request| request.metrics.len()).collect();
    assert_eq!(counts, [20, 20]);
}

/// One request that the service refuses must not take the others with it.
#[test]
fn unknown_metrics_get_requests_of_their_own() {
    let filtered =
        "{ name = \"CONTACTS_HANDLED\", label = \"x\", where = { MOON_PHASE = [\"NEW\"] } }";
    for unknown in ["\"AI_NOVELTIES\"", filtered] {
        let metrics = format!("[{unknown}, \"CONTACTS_QUEUED\", ");
        let plan = planned(&TWO_SECTIONS.replace("[\"CONTACTS_QUEUED\", ", &metrics), &queues(3));
        assert_eq!(plan.requests.len(), 4, "{unknown}");
        assert_eq!(plan.requests.iter().filter(|request| request.metrics.len() == 1).count(), 1);
    }
}

#[test]
fn names_of_no_entry_or_of_two_are_reported() {
    let named = TWO_SECTIONS.replacen("\"*\"", "\"Queue 1\", \"queue 2\"", 1);
    let report = report(&named);
    let asked = |directory: &Directory| {
        Query::for_section(&report.sections[0], &report.instance, &day(), directory).unwrap_err()
    };
    let mut directory = queues(3);
    let problems = asked(&directory);
    assert_eq!(problems[0].problem.message, "the instance has no queue with the name `queue 2`");
    assert_eq!(problems[0].problem.help, "did you mean `Queue 2`? Upper and lower case differ");
    let twin = |id: &str| DirectoryEntry::new(id, "Queue 1");
    directory.insert(Dimension::Queue, vec![twin("a"), twin("b")]);
    assert_eq!(asked(&directory)[0].problem.message, "2 queues are called `Queue 1`: `a` and `b`");
}
