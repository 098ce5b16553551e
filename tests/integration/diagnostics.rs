use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::harness::binary::{SMALL, definitions as folder_with, program};

/// The definitions with one mistake each, and those without any.
fn definitions(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/definitions").join(folder);
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut paths: Vec<_> =
        names.filter(|name| name.ends_with(".toml")).map(|name| folder.join(name)).collect();
    paths.sort();
    paths
}

fn validate(path: &Path, more: &[&str]) -> Output {
    program()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CONNECT_REPORTS_ALLOWED_RECIPIENTS", "example.com, *.example.com, acme.test")
        .env("CONNECT_REPORTS_ALLOWED_LINKS", "example.com, *.example.com, acme.test")
        .arg("validate")
        .arg(path)
        .args(more)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Beside each definition with a mistake lies what is told of it.
#[test]
fn every_mistake_is_told_with_its_place_and_its_remedy() {
    let bad = definitions("bad");
    assert!(bad.len() > 60);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../definitions/bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in bad {
            let output = validate(&path, &[]);
            let told = stdout(&output);
            let code = if told.contains("error[") { 2 } else { 0 };
            assert_eq!(output.status.code(), Some(code), "{told}");
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), told);
        }
    });
}

/// As data it says the same: where, how bad, which mistake, what helps.
#[test]
fn problems_are_data_too() {
    for path in definitions("bad") {
        let told = stdout(&validate(&path, &[]));
        let output = validate(&path, &["--json"]);
        let data: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(data["definitions"], 1);
        let problems = data["problems"].as_array().unwrap();
        assert!(!problems.is_empty(), "{path:?} has no mistake");
        for problem in problems {
            assert_eq!(problem["file"], path.to_str().unwrap());
            let place = format!("{}:{}:{}", path.display(), problem["line"], problem["column"]);
            assert!(told.contains(&place), "{place} in\n{told}");
            let [severity, code, help] =
                ["severity", "code", "help"].map(|key| problem[key].as_str().unwrap());
            assert!(told.contains(&format!("{severity}[{code}]: ")), "{told}");
            assert!(!help.is_empty());
        }
        let errors = problems.iter().any(|problem| problem["severity"] == "error");
        assert_eq!(output.status.code(), Some(if errors { 2 } else { 0 }));
    }
}

/// A good definition has no error; warnings are of features to come and of examples.
#[test]
fn good_definitions_have_no_errors() {
    const EXPECTED: [&str; 3] = ["not-yet", "placeholder", "all-channels"];
    for path in definitions("good") {
        let output = validate(&path, &["--json"]);
        let data: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(output.status.code(), Some(0), "{data:#}");
        for problem in data["problems"].as_array().unwrap() {
            assert_eq!(problem["severity"], "warning", "{data:#}");
            assert!(EXPECTED.contains(&problem["code"].as_str().unwrap()), "{data:#}");
            assert!(!path.ends_with("no-doubts.toml"), "{data:#}");
        }
    }
}

/// A command's exit code and its standard error, in a folder with this definition.
fn told_of(definition: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = folder_with(&[("small.toml", definition)]);
    let mut command = program();
    let output = command.current_dir(folder.path()).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Every command that reads a definition draws its problems as `validate` does, and each once.
#[test]
fn a_problem_is_drawn_once_by_every_command() {
    let novelty = SMALL.replace("\"CONTACTS_QUEUED\"", "\"AI_NOVELTIES\"");
    let wrong = novelty.replace("title    = \"Small\"", "titel    = \"Small\"");
    let at = ["--definitions", "."];
    let validated = {
        let folder = folder_with(&[("small.toml", &wrong)]);
        let mut command = program();
        command.current_dir(folder.path()).args(["validate", "."]);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let (drawn, _) = validated.split_once("1 definition").unwrap();
    assert_eq!(drawn.matches("error[").count(), 2, "{drawn}");
    assert_eq!(drawn.matches("warning[").count(), 1, "{drawn}");
    for arguments in [
        &["plan", "small", "--simulate"][..],
        &["preview", "small", "--simulate"],
        &["run", "small", "--simulate"],
        &["run", "small", "--simulate", "--backfill", "2025-03-28..2025-03-30"],
        &["resend", "small", "--runs", "runs"],
    ] {
        let (code, told) = told_of(&wrong, &[arguments, &at].concat());
        assert_eq!((code, told.as_str()), (Some(2), drawn), "{arguments:?}");
    }
    for arguments in [&["policy"][..], &["names", "--simulate"]] {
        let (code, told) = told_of(&wrong, &[arguments, &at].concat());
        assert_eq!(code, Some(2));
        assert!(told.starts_with(&validated), "{arguments:?}: {told}");
        assert_eq!(told.matches("error[unknown-key]").count(), 1, "{told}");
    }
    // A definition that runs has its warning.
    for arguments in [
        &["plan", "small", "--simulate"][..],
        &["preview", "small", "--simulate"],
        &["run", "small", "--simulate"],
        &["run", "small", "--simulate", "--json"],
        &["run", "small", "--simulate", "--backfill", "2025-03-28..2025-03-30"],
    ] {
        let (_, told) = told_of(&novelty, &[arguments, &at].concat());
        assert_eq!(told.matches("`AI_NOVELTIES` is not known").count(), 1, "{arguments:?}: {told}");
        assert_eq!(told.matches("warning[").count(), 1, "{arguments:?}: {told}");
    }
    for arguments in [&["policy"][..], &["names", "--simulate"]] {
        let (code, told) = told_of(&novelty, &[arguments, &at].concat());
        assert_eq!((code, told.as_str()), (Some(0), ""));
    }
}

/// A name that the instance does not have is drawn at its line, too.
#[test]
fn what_the_instance_does_not_have_is_drawn_at_its_line() {
    let elsewhere = SMALL.replace("[\"*\"]", "[\"Sails\"]");
    let (code, plan) = told_of(&elsewhere, &["plan", "small", "--simulate", "--definitions", "."]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!("names_of_nothing", plan);
    for command in ["preview", "run"] {
        let (_, told) =
            told_of(&elsewhere, &[command, "small", "--simulate", "--definitions", "."]);
        assert_eq!(told, plan, "{command}");
    }
    let template = SMALL.replace("[email]", "[email]\nsubject = \"{{ report.id | shout }}\"");
    let (_, told) = told_of(&template, &["preview", "small", "--simulate", "--definitions", "."]);
    assert_eq!(told.matches("error[").count(), 1, "{told}");
}

/// Before a stack allows its own domains alone, `validate --strict` shows what it will refuse, unless it
/// is said what is allowed.
#[test]
fn strict_validation_shows_mail_to_other_domains() {
    let own = SMALL.replace("example.com", "acme.test").replace(
        ":123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee",
        ":210987654321:instance/5f0c9d1e-7b2a-4c3d-9e8f-6a1b2c3d4e5f",
    );
    let others = own
        .replace(
            "[\"ops@acme.test\"]",
            "[\"ops@acme.test\", \"ana@partner.test\", \"bo@else.test\"]",
        )
        .replace(
            "[email]",
            "[email]\nreply_to = \"help@partner.test\"\nunsubscribe = \"mailto:stop@partner.test\"",
        );
    let told = |text: &str, more: &[&str], variables: &[(&str, &str)]| {
        let folder = folder_with(&[("small.toml", text)]);
        let mut command = program();
        command.current_dir(folder.path()).args(["validate", "--definitions", "."]).args(more);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), stdout(&output))
    };
    let is_told = |text: &str, more: &[&str], variables: &[(&str, &str)]| {
        told(text, more, variables).1.contains("AllowedRecipients")
    };
    assert!(!is_told(&own, &["--strict"], &[]) && !is_told(&others, &[], &[]));
    let (code, found) = told(&others, &["--strict"], &[]);
    assert_eq!(code, Some(2), "{found}");
    insta::assert_snapshot!("strict_other_domains", found);
    // The stack's own addresses count, not those of a definition.
    let stack =
        [("CONNECT_REPORTS_FROM", "r@partner.test"), ("CONNECT_REPORTS_OWNER", "o@else.test")];
    let (_, found) = told(&others, &["--strict"], &stack);
    assert!(
        found.contains("acme.test is refused") && !found.contains("partner.test is"),
        "{found}"
    );
    for allowed in ["*", "acme.test,partner.test,else.test"] {
        let variables = [("CONNECT_REPORTS_ALLOWED_RECIPIENTS", allowed)];
        assert!(!is_told(&others, &["--strict"], &variables), "{allowed}");
        assert!(!told(&others, &[], &variables).1.contains("not-allowed"), "{allowed}");
    }
}

/// Warnings are no failure, unless somebody wants them to be one.
#[test]
fn strict_validation_fails_with_warnings() {
    let of = |name: &str, more: &[&str]| {
        let path = Path::new("tests/definitions").join(name);
        validate(&path, more).status.code()
    };
    for (name, lenient, strict) in [
        ("bad/placeholders.toml", 0, 2),
        ("bad/misspelt-metric.toml", 0, 2),
        ("bad/missing-title.toml", 2, 2),
        ("good/no-doubts.toml", 0, 0),
    ] {
        assert_eq!(of(name, &[]), Some(lenient), "{name}");
        assert_eq!(of(name, &["--strict"]), Some(strict), "{name}");
        assert_eq!(of(name, &["--strict", "--json"]), Some(strict), "{name}");
    }
}
