//! Files that were checked, with what was found in them.

use std::path::{Component, Path};

use crate::definition::{Parsed, Problem, Severity};

/// A file with what was found in it.
pub(super) struct CheckedFile {
    /// Its text without a byte order mark; empty where it can't be read.
    pub(super) text: String,
    pub(super) parsed: Parsed,
    /// False for a template.
    pub(super) is_definition: bool,
}

impl CheckedFile {
    /// Its name, where it has a problem.
    pub(super) fn name(&self) -> Option<&str> {
        self.parsed.problems.first().map(|problem| problem.file.as_str())
    }
}

pub(super) fn has_errors(checked: &[CheckedFile]) -> bool {
    count(checked, Severity::Error) > 0
}

/// Counts the problems of a severity, those that are not told too.
pub(super) fn count(checked: &[CheckedFile], severity: Severity) -> usize {
    let count = |CheckedFile { parsed, .. }: &CheckedFile| {
        let told = parsed.problems.iter().filter(|problem| problem.severity == severity).count();
        told + match severity {
            Severity::Error => parsed.omitted.errors,
            Severity::Warning => parsed.omitted.warnings,
        }
    };
    checked.iter().map(count).sum()
}

/// The part of a file that a problem is about. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) line: usize,
    pub(super) column: usize,
    /// The line of its last character.
    pub(super) end_line: usize,
    /// The column behind its last character; the first column where something is missing.
    pub(super) end_column: usize,
}

impl Extent {
    /// The extent of a problem in the text of its file.
    pub(super) fn locate(problem: &Problem, text: &str) -> Self {
        let &Problem { line, column, .. } = problem;
        let found = text.get(problem.span.clone()).unwrap_or_default();
        let mut lines = found.trim_end_matches(['\r', '\n']).split('\n');
        let first = lines.next().unwrap_or_default();
        let start = Self { line, column, end_line: line, end_column: column + length(first) };
        lines.fold(start, |extent, next| Self {
            end_line: extent.end_line + 1,
            end_column: 1 + length(next),
            ..extent
        })
    }
}

/// Counts the characters of a line.
fn length(line: &str) -> usize {
    line.strip_suffix('\r').unwrap_or(line).chars().count()
}

/// A file's name with `/` between its parts: from the working folder if it lies there, without `./`.
pub(super) fn relative_name(file: &str, working_folder: &Path) -> String {
    if file.starts_with("s3://") {
        return file.to_owned();
    }
    let path = Path::new(file);
    let path = path.strip_prefix(working_folder).unwrap_or(path);
    let mut name = String::new();
    for component in path.components().filter(|component| *component != Component::CurDir) {
        if component != Component::RootDir && !name.is_empty() && !name.ends_with('/') {
            name.push('/');
        }
        name.push_str(&component.as_os_str().to_string_lossy().replace('\\', "/"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Place;

    #[test]
    fn an_extent_ends_behind_its_last_character() {
        let text = "a = \"äß😀\"\r\nb = \"\"\"x\r\nyz\"\"\"\n";
        for (line, column, found, end) in [
            (1, 5, "\"äß😀\"", (1, 10)),
            (1, 5, "\"äß😀\"\r\n", (1, 10)),
            (2, 5, "\"\"\"x\r\nyz\"\"\"", (3, 6)),
            (2, 1, "", (2, 1)),
        ] {
            let start = if found.is_empty() { 0 } else { text.find(found).unwrap() };
            let span = start..start + found.len();
            let problem = Place { file: "".into(), line, column, span }.error("code", "", "");
            let extent = Extent::locate(&problem, text);
            assert_eq!((extent.end_line, extent.end_column), end, "{found:?}");
            assert_eq!((extent.line, extent.column), (line, column));
            // A file that has become shorter meanwhile.
            let gone = Extent::locate(&problem, "");
            assert_eq!((gone.end_line, gone.end_column), (line, column));
        }
    }

    #[test]
    #[cfg(unix)]
    fn names_are_relative_to_the_working_folder() {
        for (file, expected) in [
            ("reports/a.toml", "reports/a.toml"),
            ("./reports/./a.toml", "reports/a.toml"),
            ("../a.toml", "../a.toml"),
            ("/work/mine/a.toml", "mine/a.toml"),
            ("/elsewhere/a.toml", "/elsewhere/a.toml"),
            ("s3://bucket/./a.toml", "s3://bucket/./a.toml"),
        ] {
            assert_eq!(relative_name(file, Path::new("/work")), expected);
        }
    }
}
