//! `list`, `new` with its templates, `completions` and `man`, by the built binary.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::binary::{SMALL, definitions, program, text};

fn call(folder: &Path, arguments: &[&str]) -> Output {
    program().current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(bytes).unwrap()
}

/// The definition with a schedule.
fn scheduled(schedule: &str) -> String {
    SMALL.replacen("[email]", &format!("[schedule]\nat = \"07:00\"\n{schedule}\n[email]"), 1)
}

#[test]
fn every_report_is_listed_with_its_next_runs_or_why_it_never_runs() {
    let ended = scheduled("end = \"2026-01-31\"");
    let off = scheduled("enabled = false");
    let daily = scheduled("");
    let files = [("daily.toml", &*daily), ("ended.toml", &ended), ("off.toml", &off)];
    let folder = definitions(&files);
    let output = call(folder.path(), &["list", "--definitions", "."]);
    let all = said(&output);
    assert_eq!(output.status.code(), Some(0), "{all}");
    let lines: Vec<&str> = all.lines().collect();
    let [head, daily, ended, off] = lines[..] else { panic!("{all}") };
    assert!(head.starts_with("report  next runs"), "{all}");
    assert_eq!(daily.matches(" 07:00").count(), 3, "{all}");
    assert!(daily.contains("Europe/London") && daily.ends_with("no record of a run"), "{all}");
    assert!(ended.contains("never: the schedule ended on 2026-01-31"), "{all}");
    assert!(off.contains("never: the schedule is switched off"), "{all}");
}

#[test]
fn the_list_says_how_the_last_run_ended() {
    let folder = definitions(&[("daily.toml", &scheduled(""))]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let runs = root.join("tests/fixtures/written-before/runs");
    let arguments = ["list", "--definitions", ".", "--runs", text(&runs)];
    let all = said(&call(folder.path(), &arguments));
    assert!(all.contains("sent, Sunday 22 November 2026 ("), "{all}");
    let output = call(folder.path(), &[&arguments[..], &["--json"]].concat());
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &listed["reports"][0];
    assert_eq!(report["report"], "daily");
    assert_eq!(report["next"].as_array().unwrap().len(), 3);
    assert_eq!(report["never"], Value::Null);
    assert_eq!(report["last"]["status"], "sent");
}

#[test]
fn a_definition_that_is_not_valid_is_listed_as_such() {
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon");
    let folder = definitions(&[("good.toml", SMALL), ("wrong.toml", &wrong)]);
    let output = call(folder.path(), &["list", "--definitions", "."]);
    assert_eq!(output.status.code(), Some(2));
    let all = said(&output);
    assert!(all.contains("wrong is not valid: `connect-reports validate` says why"), "{all}");
    assert!(all.contains("good"), "{all}");
}

/// Every template is valid without a warning once its values are given, and makes a message.
#[test]
fn a_new_definition_is_complete_where_all_values_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let instance =
        "arn:aws:connect:eu-west-2:210987654321:instance/5c1f7a3e-8d24-4b6f-9e0a-2b7d61c3f845";
    for template in ["daily-voice", "weekly", "agents"] {
        let new = ["new", template, "--template", template, "--instance", instance];
        let addresses =
            ["--owner", "owner@acme.test", "--from", "\"Reports, daily\" <r@acme.test>"];
        let more = ["--to", "a@acme.test", "--to", "Ana <b@acme.test>", "--timezone", "Asia/Tokyo"];
        let output = call(folder.path(), &[&new[..], &addresses, &more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(!said(&output).contains("CHANGE THIS"), "{}", said(&output));
        let file = folder.path().join(format!("reports/{template}.toml"));
        let written = std::fs::read_to_string(file).unwrap();
        assert!(!written.contains("CHANGE THIS"), "{written}");
        assert!(
            written.contains(r#"from = "\"Reports, daily\" <r@acme.test>""#)
                || written.contains(r#"from   = "\"Reports, daily\" <r@acme.test>""#),
            "{written}"
        );
        assert!(written.contains(r#"["a@acme.test", "Ana <b@acme.test>"]"#), "{written}");
        let preview = ["preview", template, "--simulate", "--time", "2026-11-24"];
        let output = call(folder.path(), &preview);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let output = call(folder.path(), &["validate", "--strict"]);
    assert_eq!(said(&output), "3 definitions, 0 errors, 0 warnings\n");
}

#[test]
fn a_new_definition_marks_every_example_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = call(folder.path(), &["new", "first", "--to", "ana@acme.test"]);
    insta::assert_snapshot!(said(&output));
    let written = std::fs::read_to_string(folder.path().join("reports/first.toml")).unwrap();
    let marked: Vec<&str> = written.lines().filter(|line| line.contains("# CHANGE THIS")).collect();
    let keys: Vec<&str> = marked.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(keys, ["owner", "instance", "timezone", "from"]);
    for (option, value, reason) in [
        ("--instance", "abc", "instance"),
        ("--timezone", "Europe/Lodnon", "there is no such time zone"),
        ("--owner", "nobody", "nobody"),
        ("--to", "a@", "a@"),
    ] {
        let output = call(folder.path(), &["new", "second", option, value]);
        assert_eq!(output.status.code(), Some(2), "{option}");
        assert!(said(&output).contains(reason), "{}", said(&output));
        assert!(!folder.path().join("reports/second.toml").exists());
    }
}

#[test]
fn shells_get_completions_and_man_gets_pages() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = call(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(said(&output).contains("validate"), "{shell}");
    }
    for (arguments, heading) in [
        (&["man"][..], ".TH connect-reports 1"),
        (&["man", "validate"], ".TH connect-reports-validate 1"),
    ] {
        let output = call(folder.path(), arguments);
        assert!(said(&output).contains(heading), "{}", said(&output));
    }
    assert_eq!(call(folder.path(), &["man", "nothing"]).status.code(), Some(2));
}

/// Colour is a person's choice also where the output is no terminal.
#[test]
fn colour_is_as_asked_for() {
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon");
    let folder = definitions(&[("wrong.toml", &wrong)]);
    for (choice, is_coloured) in [("always", true), ("never", false), ("auto", false)] {
        let arguments = ["validate", "--color", choice, "--definitions", "."];
        let output = call(folder.path(), &arguments);
        assert_eq!(said(&output).contains('\u{1b}'), is_coloured, "{choice}");
    }
}
