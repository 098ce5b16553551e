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
    parse("reports/small.toml", text.as_bytes(), &Deployment::default()).problems
}

#[test]
fn places_count_characters() {
    let text = GOOD.replace("\"Small\"", "\"Größe\", x").replace('\n', "\r\n");
    let found = problems(&text);
    assert_eq!((found[0].code, found[0].line, found[0].column), ("syntax", 1, 19));
}

#[test]
fn what_is_not_utf8_is_told() {
    let parsed = parse("small.toml", b"title = \"x\"\nowner = \"\xff\"", &Deployment::default());
    let problem = &parsed.problems[0];
    assert_eq!((problem.code, problem.line, problem.column), ("encoding", 2, 10));
}

#[test]
fn an_unknown_metric_warns_and_runs() {
    let text = GOOD.replace("CONTACTS_QUEUED", "AI_NOVELTIES_COUNTED");
    let parsed = parse("small.toml", text.as_bytes(), &Deployment::default());
    assert_eq!(parsed.problems[0].severity, Severity::Warning);
    assert_eq!(parsed.report.unwrap().sections[0].columns[0].label, "AI_NOVELTIES_COUNTED");
}

#[test]
fn defaults_stand_in_for_what_is_not_said() {
    let text = GOOD
        .replace("owner    = \"workforce@example.com\"\n", "")
        .replace("from = \"Reports <reports@example.com>\"\n", "");
    let deployment = Deployment {
        owner: Some("team@example.com".parse().unwrap()),
        from: Some("default@example.com".parse().unwrap()),
        ..Deployment::default()
    };
    let report = parse("small.toml", text.as_bytes(), &deployment).report.unwrap();
    assert_eq!(report.owner.as_str(), "team@example.com");
    assert_eq!(report.email.from.address.as_str(), "default@example.com");
}

#[test]
fn the_files_name_is_the_id() {
    let id = |file: &str| {
        parse(file, GOOD.as_bytes(), &Deployment::default()).report.map(|r| r.id.to_string())
    };
    assert_eq!(id("a/b/daily-queues.toml").as_deref(), Some("daily-queues"));
    assert_eq!(id("s3://bucket/prefix/x_1.toml").as_deref(), Some("x_1"));
    assert_eq!(id("a b.toml"), None);
    assert_eq!(id(".toml"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse("x.toml", &bytes, &Deployment::default());
        prop_assert!(parsed.report.is_some() || !parsed.problems.is_empty());
    }

    #[test]
    fn any_change_of_a_good_definition_is_read_or_refused(
        at in 0..GOOD.len(), length in 0..12_usize, with in "[ -~\n]{0,6}"
    ) {
        let end = (at + length).min(GOOD.len());
        let (before, after) = (GOOD.get(..at).unwrap(), GOOD.get(end..).unwrap());
        let text = format!("{before}{with}{after}");
        let parsed = parse("x.toml", text.as_bytes(), &Deployment::default());
        prop_assert!(parsed.report.is_some() || !parsed.problems.is_empty());
        for problem in parsed.problems {
            prop_assert!(problem.line >= 1 && problem.column >= 1);
            prop_assert!(problem.line <= text.lines().count() + 1);
        }
    }
}
