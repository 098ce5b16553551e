use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::harness::binary::{SMALL, definitions, program, text};

fn call(folder: &Path, arguments: &[&str]) -> Output {
    program().current_dir(folder).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(bytes).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder is read without its subfolders, a file by its name, and everything is counted.
#[test]
fn a_folder_is_validated_in_one_pass() {
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon");
    let new = SMALL.replace("CONTACTS_QUEUED", "AI_NOVELTIES");
    let files = [("a.toml", SMALL), ("b.toml", &wrong), ("c.toml", &new), ("d.txt", "no TOML")];
    let folder = definitions(&files);
    std::fs::create_dir(folder.path().join("archive")).unwrap();
    std::fs::write(folder.path().join("archive/old.toml"), "old").unwrap();
    let output = call(folder.path(), &["validate", "."]);
    assert_eq!(output.status.code(), Some(2));
    let all = told(&output);
    // An unknown metric, and of both that are valid the placeholders and the service level.
    assert!(all.ends_with("\n3 definitions, 1 error, 5 warnings\n"), "{all}");
    assert!(all.contains("./b.toml:5:12") && !all.contains('\u{1b}'), "{all}");
    let output = call(folder.path(), &["validate", "a.toml", "c.toml"]);
    assert_eq!(output.status.code(), Some(0), "warnings alone are no failure");
    assert!(told(&output).contains("2 definitions, 0 errors, 5 warnings"), "{}", told(&output));
    let output = call(folder.path(), &["validate", "--definitions", "."]);
    assert_eq!(output.status.code(), Some(2));
    let output = call(folder.path(), &["validate", "nowhere.toml", "b.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let all = told(&output);
    assert!(all.contains("error[unreadable]: nowhere.toml can't be read"), "{all}");
    assert!(all.contains("unknown-zone") && all.contains("2 definitions, 2 errors"), "{all}");
}

/// The committed schema is that of the code, and the samples refer to it.
#[test]
fn the_schema_beside_the_samples_is_current() {
    let output = call(root(), &["schema"]);
    let committed = std::fs::read_to_string(root().join("reports/definition.schema.json")).unwrap();
    assert!(
        String::from_utf8(output.stdout).unwrap() == committed,
        "renew it with `cargo run -- schema > reports/definition.schema.json`"
    );
    let schema: Value = serde_json::from_str(&committed).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let names = &schema["$defs"]["metric"]["properties"]["name"]["anyOf"][0]["enum"];
    assert!(names.as_array().unwrap().contains(&json!("SERVICE_LEVEL")));
    for sample in std::fs::read_dir(root().join("reports")).unwrap() {
        let path = sample.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let sample = std::fs::read_to_string(path).unwrap();
            assert!(sample.starts_with("#:schema definition.schema.json\n"));
        }
    }
}

/// What a person types that is out of range is told with what was found and what is allowed.
#[test]
fn a_span_that_is_out_of_range_is_told() {
    let folder = definitions(&[("small.toml", SMALL)]);
    for (span, expected) in [
        (
            "0001-01-01..9998-01-01",
            "--backfill 0001-01-01..9998-01-01 of small: the span has more than 10000 windows, 10000 \
             are allowed",
        ),
        (
            "2026-11-23..2026-11-22",
            "--backfill 2026-11-23..2026-11-22 of small: the window ends at or before its start",
        ),
        (
            "9999-12-31T23:59..9999-12-31T23:59:30",
            "--backfill 9999-12-31T23:59..9999-12-31T23:59:30 of small: the time is out of range: \
             -009999-01-02T01:59:59Z to 9999-12-30T22:00:00.999999999Z are allowed",
        ),
        (
            "2026-11-22T08:00..2026-11-22T09:00",
            "no window of the report lies in --backfill 2026-11-22T08:00..2026-11-22T09:00",
        ),
    ] {
        let arguments = ["run", "small", "--simulate", "--definitions", ".", "--backfill", span];
        let output = call(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
    for (old, new, expected) in [
        (
            ":123456789012:",
            ":1234567890123:",
            "this is no ARN of a Connect instance: the account has 13 characters, 12 digits are allowed",
        ),
        (
            "threshold = 20 }",
            &format!("threshold = 20, target = \">= {}\" }}", "9".repeat(309)),
            "the number has 309 digits before the point, 15 are allowed",
        ),
        (
            "threshold = 20",
            &format!("threshold = {}", "2".repeat(400)),
            "…`, expected a whole number from 1 to",
        ),
        (
            "[email]",
            "[schedule]\nat = \"07:00\"\nday_of_month = 31\n[email]",
            "found `31`, expected a day from 1 to 28",
        ),
        ("\"CONTACTS_QUEUED\"", "17", "found `17`, expected a metric"),
    ] {
        std::fs::write(folder.path().join("small.toml"), SMALL.replacen(old, new, 1)).unwrap();
        let output = call(folder.path(), &["validate", "small.toml"]);
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
}

/// What `new` writes validates as it is, and nothing is overwritten.
#[test]
fn a_new_definition_validates() {
    let folder = tempfile::tempdir().unwrap();
    let output = call(folder.path(), &["new", "monday-morning"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let path = folder.path().join("reports/monday-morning.toml");
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("title    = \"Monday morning\""), "{written}");
    assert!(folder.path().join("reports/definition.schema.json").exists());
    let output = call(folder.path(), &["validate"]);
    let all = told(&output);
    let left = "these are still placeholders: `owner`, `instance`, `from`, `to`";
    assert!(all.contains(left) && all.ends_with("1 definition, 0 errors, 1 warning\n"), "{all}");
    assert_eq!(call(folder.path(), &["validate", "--strict"]).status.code(), Some(2));
    let own = written
        .replace("example.com", "acme.test")
        .replace("123456789012", "210987654321")
        .replace("aaaabbbb-1111-4222-8333-ccccddddeeee", "5c1f7a3e-8d24-4b6f-9e0a-2b7d61c3f845");
    std::fs::write(&path, own).unwrap();
    let output = call(folder.path(), &["validate", "--strict"]);
    assert_eq!(told(&output), "1 definition, 0 errors, 0 warnings\n");
    assert_eq!(output.status.code(), Some(0));

    std::fs::write(&path, "mine").unwrap();
    let output = call(folder.path(), &["new", "monday-morning.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("exists already"), "{}", told(&output));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    for name in ["../elsewhere", "a b", ""] {
        assert_eq!(call(folder.path(), &["new", name]).status.code(), Some(2), "{name}");
    }
}

/// The catalogue as people read it, and as data.
#[test]
fn metrics_are_listed() {
    let listed = |word: &str| String::from_utf8(call(root(), &["metrics", word]).stdout).unwrap();
    insta::assert_snapshot!("metrics_connecting", listed("connecting"));
    insta::assert_snapshot!("metrics_service_level", listed("service level"));
    let all = call(root(), &["metrics", "--json"]);
    let all: Value = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!(all.as_array().unwrap().len(), connect_reports::metric::METRICS.len());
    let long = String::from_utf8(call(root(), &["metrics"]).stdout).unwrap();
    assert!(long.lines().all(|line| line.chars().count() <= 100));
    let output = call(root(), &["metrics", "CONTACTS_QEUED"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("did you mean CONTACTS_QUEUED?"), "{}", told(&output));
}

fn policy(files: &[(&str, &str)], more: &[&str]) -> Value {
    let folder = definitions(files);
    let arguments = [&["policy", "--definitions", text(folder.path())], more].concat();
    let output = call(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Ids need themselves alone; names and stars all of their kind, and their list.
#[test]
fn the_policy_is_no_wider_than_the_definitions() {
    let by_id = SMALL
        .replace("[\"*\"]", "[\"11112222-1111-4222-8333-ccccddddeeee\"]")
        .replace("group_by = [\"QUEUE\"]\n", "");
    insta::assert_snapshot!(
        "policy_by_id",
        format!("{:#}", policy(&[("by-id.toml", &by_id)], &[]))
    );
    let by_name = SMALL.replace("\"*\"", "\"Sales\"");
    let files = [("by-id.toml", by_id.as_str()), ("by-name.toml", &by_name)];
    insta::assert_snapshot!(
        "policy_by_name",
        format!("{:#}", policy(&files, &["--region", "eu-west-1"]))
    );
    let wrong = SMALL.replace("timezone", "time_zone");
    let folder = definitions(&[("wrong.toml", &wrong)]);
    let output = call(folder.path(), &["policy", "--definitions", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && told(&output).contains("unknown-key"));
}
