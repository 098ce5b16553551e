use proptest::prelude::*;

use super::*;

const GOOD: &str = r#"title    = "Small"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"

[email]
from = "Reports <reports@example.com>"
to   = ["ops@example.com"]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]
"#;

fn problems(text: &str) -> Vec<Problem> {
    parse("reports/small.toml", text.as_bytes(), &Defaults::default()).problems
}

/// Each mistake: what of the good definition becomes what, and which problem that is, where.
#[test]
fn mistakes_are_told_where_they_are() {
    let mut wrong = Vec::new();
    for (good, bad, expected) in [
        ("title    = \"Small\"\n", "", "1:1 missing-key"),
        ("title    = \"Small\"", "title    = 7", "1:12 wrong-type"),
        ("title    = \"Small\"", "title    = \" \"", "1:12 empty"),
        ("title    = \"Small\"", "title    = \"Small", "1:18 syntax"),
        ("title    =", "titel    =", "1:1 missing-key, 1:1 unknown-key"),
        ("workforce@example.com", "workforce", "2:12 address"),
        ("instance/", "queue/", "3:12 instance"),
        ("Europe/London", "Europe/Londn", "4:12 unknown-zone"),
        ("previous-day", "yesterday", "5:12 unknown-window"),
        ("\"previous-day\"", "{ last = \"4h\" }", "5:12 not-yet"),
        ("\n\n[email]", "\ncompare = \"same-weekday\"\n[email]", "6:1 not-yet"),
        ("\n\n[email]", "\n[schedule]\nat = \"07:00\"\n[email]", "6:2 not-yet"),
        ("from = \"Reports <reports@example.com>\"\n", "", "7:1 missing-key"),
        ("to   = [\"ops@example.com\"]", "to   = []", "9:8 empty"),
        (
            "[\"ops@example.com\"]",
            "[\"ops@example.com\", \"OPS@example.com\", \"ops@EXAMPLE.com\"]",
            "9:28 repeated-recipient, 9:47 repeated-recipient",
        ),
        ("[\"ops@example.com\"]", "[\"ops@example\"]", "9:9 address"),
        ("[email]", "[email]\nattach = [\"xlsx\"]", "8:11 not-yet"),
        ("[email]", "[email]\nattach = [\"pdf\"]", "8:11 unknown-attachment"),
        ("[email]", "[email]\ndelivery = \"together\"", "8:1 not-yet"),
        ("title    = \"By queue\"\n", "", "11:1 missing-key"),
        ("group_by", "kind = \"totals\"\ngroup_by", "14:12 totals-have-no-rows"),
        ("group_by", "kind = \"trend\"\ngroup_by", "13:8 not-yet"),
        ("[\"QUEUE\"]", "[\"QUEUES\"]", "13:13 unknown-key"),
        ("[\"QUEUE\"]", "[\"QUEUE\", \"QUEUE\"]", "13:22 repeated-grouping"),
        ("[\"QUEUE\"]", "[\"AGENT_HIERARCHY_LEVEL_ONE\"]", "13:13 not-yet"),
        ("{ QUEUE =", "{ CHANNEL =", "14:12 no-authorising-filter, 14:25 unknown-channel"),
        ("[\"*\"]", "[\"Sales*\"]", "14:23 not-yet"),
        (
            "[\"*\"]",
            "[\"arn:aws:connect:eu-west-2:123456789012:instance/x/queue/y\"]",
            "14:23 foreign-arn",
        ),
        ("\"CONTACTS_QUEUED\"", "\"SERVICE_LEVEL\"", "15:13 missing-threshold"),
        ("\"CONTACTS_QUEUED\"", "\"contacts queued\"", "15:13 unknown-metric"),
        ("\"CONTACTS_QUEUED\"", "\"CONTACTS_QEUED\"", "15:13 unknown-metric"),
        (
            "\"CONTACTS_QUEUED\"",
            "{ name = \"CONTACTS_QUEUED\", threshold = 20 }",
            "15:53 no-threshold",
        ),
        (
            "\"CONTACTS_QUEUED\"",
            "\"AGENT_OCCUPANCY\"",
            "15:13 metric-grouping, 15:13 metric-filter",
        ),
        (
            "\"CONTACTS_QUEUED\"",
            "{ name = \"CONTACTS_QUEUED\", where = { X = [\"Y\"] } }",
            "15:51 unknown-metric-filter",
        ),
        (
            "\"CONTACTS_QUEUED\"",
            "{ name = \"CONTACTS_QUEUED\", target = \">= 80\" }",
            "15:41 not-yet",
        ),
        ("\"CONTACTS_QUEUED\"", "\"CONTACTS_QUEUED\", \"CONTACTS_QUEUED\"", "15:32 repeated-label"),
        ("threshold = 20", "threshold = 0", "15:70 out-of-range"),
        ("threshold = 20", "threshold = 20.5", "15:70 wrong-type"),
        ("threshold = 20", "threshold = 20, comparison = \"GT\"", "15:87 comparison"),
        ("20 }]", "20 }]\nsort = \"-CONTACTS_HANDLED\"", "16:8 sort"),
        ("20 }]", "20 }]\nrows = 0", "16:8 out-of-range"),
        ("20 }]", "20 }]\ninterval = \"HOUR\"", "16:1 not-yet"),
        ("20 }]", "20 }]\nsorted = \"x\"", "16:1 unknown-key"),
        ("[[section]]", "[section]", "11:1 wrong-type"),
        ("\"By queue\"", "\"By\\nqueue\"", "12:12 control-character"),
        ("{ QUEUE =", "{ FEATURE =", "14:14 not-yet"),
        ("{ QUEUE =", "{ QUEUES =", "14:14 unknown-key"),
        ("\"CONTACTS_QUEUED\"", "[\"CONTACTS_QUEUED\"]", "15:13 wrong-type"),
        ("\"CONTACTS_QUEUED\"", "{ name = \"CONTACTS_HANDLED\", where = {} }", "15:50 empty"),
        ("20 }]", "0 }]\nsort = \"-CONTACTS_QUEUED\"", "15:70 out-of-range"),
        (
            "\"CONTACTS_QUEUED\"",
            "{ name = \"NEW_ONE\", comparison = \"LT\" }",
            "15:22 unknown-metric, 15:46 missing-threshold",
        ),
    ] {
        let text = GOOD.replacen(good, bad, 1);
        assert_ne!(text, GOOD, "{good}");
        let found: Vec<_> = problems(&text)
            .iter()
            .map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.code))
            .collect();
        if found.join(", ") != expected {
            wrong.push(format!("{bad}: {}, not {expected}", found.join(", ")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(problems(GOOD), []);
}

#[test]
fn a_problem_reads_like_that_of_a_compiler() {
    let text = GOOD.replace("CONTACTS_QUEUED", "contacts_qeued").replace("timezone", "time_zone");
    let texts: Vec<_> = problems(&text).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    reports/small.toml:1:1: error[missing-key]: the definition has no `timezone`
      help: add `timezone = "Europe/London"`, an IANA name
    reports/small.toml:4:1: error[unknown-key]: the definition has no key `time_zone`
      help: did you mean `timezone`? allowed: catch_up, compare, email, enabled, holidays, instance, locale, owner, partial, schedule, section, settle, timezone, title, week_starts, window, workdays
    reports/small.toml:15:13: error[unknown-metric]: there is no metric `contacts_qeued`
      help: did you mean `CONTACTS_QUEUED`? metric names are written like CONTACTS_QUEUED
    "#);
}

#[test]
fn places_count_characters() {
    let text = GOOD.replace("\"Small\"", "\"Größe\", x").replace('\n', "\r\n");
    let found = problems(&text);
    assert_eq!((found[0].code, found[0].line, found[0].column), ("syntax", 1, 19));
}

#[test]
fn what_is_not_utf8_is_told() {
    let parsed = parse("small.toml", b"title = \"x\"\nowner = \"\xff\"", &Defaults::default());
    let problem = &parsed.problems[0];
    assert_eq!((problem.code, problem.line, problem.column), ("encoding", 2, 10));
}

#[test]
fn an_unknown_metric_warns_and_runs() {
    let text = GOOD.replace("CONTACTS_QUEUED", "AI_NOVELTIES_COUNTED");
    let parsed = parse("small.toml", text.as_bytes(), &Defaults::default());
    assert_eq!(parsed.problems[0].severity, Severity::Warning);
    assert_eq!(parsed.report.unwrap().sections[0].columns[0].label, "AI_NOVELTIES_COUNTED");
}

#[test]
fn defaults_stand_in_for_what_is_not_said() {
    let text = GOOD
        .replace("owner    = \"workforce@example.com\"\n", "")
        .replace("from = \"Reports <reports@example.com>\"\n", "");
    let defaults = Defaults {
        owner: Some("team@example.com".parse().unwrap()),
        from: Some("default@example.com".parse().unwrap()),
        instance: None,
    };
    let report = parse("small.toml", text.as_bytes(), &defaults).report.unwrap();
    assert_eq!(report.owner.as_str(), "team@example.com");
    assert_eq!(report.email.from.address.as_str(), "default@example.com");
}

#[test]
fn the_files_name_is_the_id() {
    let id = |file: &str| {
        parse(file, GOOD.as_bytes(), &Defaults::default()).report.map(|r| r.id.to_string())
    };
    assert_eq!(id("a/b/daily-queues.toml").as_deref(), Some("daily-queues"));
    assert_eq!(id("s3://bucket/prefix/x_1.toml").as_deref(), Some("x_1"));
    assert_eq!(id("a b.toml"), None);
    assert_eq!(id(".toml"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse("x.toml", &bytes, &Defaults::default());
        prop_assert!(parsed.report.is_some() || !parsed.problems.is_empty());
    }

    #[test]
    fn any_change_of_a_good_definition_is_read_or_refused(
        at in 0..GOOD.len(), length in 0..12_usize, with in "[ -~\n]{0,6}"
    ) {
        let end = (at + length).min(GOOD.len());
        let (before, after) = (GOOD.get(..at).unwrap(), GOOD.get(end..).unwrap());
        let text = format!("{before}{with}{after}");
        let parsed = parse("x.toml", text.as_bytes(), &Defaults::default());
        prop_assert!(parsed.report.is_some() || !parsed.problems.is_empty());
        for problem in parsed.problems {
            prop_assert!(problem.line >= 1 && problem.column >= 1);
            prop_assert!(problem.line <= text.lines().count() + 1);
        }
    }
}
