//! What `validate` found as SARIF 2.1.0, the format of code scanning.
//!
//! The standard: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::checked::{CheckedFile, Extent, relative_name};
use super::format::omitted_note;
use crate::definition::{Problem, Severity};

/// The problems as one run of one tool.
pub(super) fn as_sarif(checked: &[CheckedFile], working_folder: &Path) -> Value {
    let rules = rules(checked);
    let results = checked.iter().flat_map(|file| {
        let result = |problem| result(problem, file, &rules, working_folder);
        file.parsed.problems.iter().map(result)
    });
    let results: Vec<Value> = results.collect();
    let notes = checked.iter().filter_map(omitted_note);
    let notes: Vec<Value> =
        notes.map(|text| json!({ "level": "note", "message": { "text": text } })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "connect-reports",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            // Columns count characters.
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notes }],
            "results": results,
        }],
    })
}

/// The codes of all problems, each once.
fn rules(checked: &[CheckedFile]) -> Vec<&'static str> {
    let problems = checked.iter().flat_map(|file| &file.parsed.problems);
    let mut codes: Vec<&str> = problems.map(|problem| problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A code as a rule: what it says in words.
fn rule(code: &str) -> Value {
    json!({
        "id": code,
        "shortDescription": { "text": code.replace('-', " ") },
        "help": { "text": "Each result says what was found, what is allowed and how to correct it." },
    })
}

fn result(problem: &Problem, file: &CheckedFile, rules: &[&str], working_folder: &Path) -> Value {
    let Extent { line, column, end_line, end_column } = Extent::locate(problem, &file.text);
    let region = json!({
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    });
    json!({
        "ruleId": problem.code,
        "ruleIndex": rules.binary_search(&problem.code).ok(),
        "level": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": { "text": format!("{}\nhelp: {}", problem.message, problem.help) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&relative_name(&problem.file, working_folder)) },
            "region": region,
        } }],
    })
}

/// The characters of a path that stand in a URI as they are: those that no part of a URI gives a meaning.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of a file as a URI: relative to the working folder if it lies there.
fn uri(name: &str) -> String {
    match name.strip_prefix("s3://") {
        Some(object) => format!("s3://{}", utf8_percent_encode(object, PATH)),
        None if Path::new(name).is_absolute() => {
            format!("file:///{}", utf8_percent_encode(name.trim_start_matches('/'), PATH))
        }
        None => utf8_percent_encode(name, PATH).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn names_become_uris() {
        for (name, expected) in [
            ("reports/a.toml", "reports/a.toml"),
            ("a b/100%:#ä.toml", "a%20b/100%25%3A%23%C3%A4.toml"),
            ("../a.toml", "../a.toml"),
            ("/tmp/a.toml", "file:///tmp/a.toml"),
            ("s3://bucket/live/a b.toml", "s3://bucket/live/a%20b.toml"),
        ] {
            assert_eq!(uri(name), expected);
        }
    }
}
