//! The formats in which `validate` prints what it found: for people, for programs, and for GitHub.

use std::fmt::Write as _;
use std::path::Path;

use annotate_snippets::Renderer;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::checked::{CheckedFile, Extent, count, relative_name};
use super::diagnostic::Finding;
use super::print;
use crate::definition::{Problem, Severity};

/// A format of what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: each problem at its line
    #[default]
    Text,
    /// For programs: the problems as JSON
    Json,
    /// For a workflow of GitHub Actions: annotations beside the lines of a pull request
    Github,
    /// For code scanning and other tools: SARIF 2.1.0
    Sarif,
}

/// Every problem drawn at its line, and the sum of it.
pub(super) fn as_text(checked: &[CheckedFile], renderer: &Renderer) -> String {
    let mut text = String::new();
    for file in checked {
        for problem in &file.parsed.problems {
            let drawn = Finding::from(problem).drawn_in(Some(&file.text), renderer);
            let _ = writeln!(text, "{drawn}\n");
        }
        if let Some(more) = omitted_note(file) {
            let _ = writeln!(text, "{more}\n");
        }
    }
    let _ = writeln!(text, "{}", sum(checked));
    text
}

/// The problems as data.
pub(super) fn as_json(checked: &[CheckedFile]) -> Value {
    json!({
        "definitions": checked.iter().filter(|file| file.is_definition).count(),
        "problems": checked.iter().flat_map(|file| &file.parsed.problems).collect::<Vec<_>>(),
        "omitted": checked.iter().map(|file| file.parsed.omitted.count()).sum::<usize>(),
    })
}

/// The problems as workflow commands, one a line, and the sum of it.
///
/// GitHub's runner makes an annotation of each: <https://docs.github.com/actions/reference/workflow-commands>.
pub(super) fn as_github(checked: &[CheckedFile], working_folder: &Path) -> String {
    let mut text = String::new();
    for file in checked {
        for problem in &file.parsed.problems {
            let name = relative_name(&problem.file, working_folder);
            text.push_str(&annotation(problem, &name, Extent::locate(problem, &file.text)));
        }
        if let (Some(name), Some(more)) = (file.name(), omitted_note(file)) {
            let name = escaped_property(&relative_name(name, working_folder));
            let _ = writeln!(text, "::notice file={name}::{}", escaped(&more));
        }
    }
    let _ = writeln!(text, "{}", sum(checked));
    text
}

/// One workflow command. GitHub takes columns only of an extent within one line. The message names the place
/// too, because the log of the workflow shows nothing else.
fn annotation(problem: &Problem, name: &str, extent: Extent) -> String {
    let Problem { code, message, help, .. } = problem;
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Extent { line, column, end_line, end_column } = extent;
    let columns = if end_line == line && end_column > column {
        format!(",col={column},endColumn={end_column}")
    } else if end_line == line {
        format!(",col={column}")
    } else {
        String::new()
    };
    let [place, message, help] = [name, message, help].map(|text| print::single_line(text));
    let message = format!("{place}:{line}:{column}: {message}\nhelp: {help}");
    format!(
        "::{command} file={},line={line},endLine={end_line}{columns},title={}::{}\n",
        escaped_property(name),
        escaped_property(code),
        escaped(&message),
    )
}

/// A text as the message of a workflow command has it.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a workflow command has it.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// How many problems of a file are not told, where some are.
pub(super) fn omitted_note(file: &CheckedFile) -> Option<String> {
    let name = print::single_line(file.name()?);
    match file.parsed.omitted.count() {
        0 => None,
        more => Some(format!("{name}: and {}", print::counted(more, "more problem"))),
    }
}

/// `3 definitions, 1 error, 5 warnings`
fn sum(checked: &[CheckedFile]) -> String {
    format!(
        "{}, {}, {}",
        print::counted(checked.iter().filter(|file| file.is_definition).count(), "definition"),
        print::counted(count(checked, Severity::Error), "error"),
        print::counted(count(checked, Severity::Warning), "warning"),
    )
}
