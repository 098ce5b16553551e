//! What is wrong with a definition, and where.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// One mistake in a definition, or in a later stage's reading of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The definition's file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Whether the definition can be used nevertheless.
    pub severity: Severity,
    /// A short name of the kind of mistake, such as `unknown-key`.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// What is allowed, and how to mend it.
    pub help: String,
    /// The offending text, in bytes of the file without a byte order mark; empty where something
    /// is missing.
    #[serde(skip)]
    pub span: Range<usize>,
    /// What the template engine says of it, which may quote values; for those only who preview a
    /// report or validate templates.
    #[serde(skip)]
    pub quoted: Option<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definition can't be used.
    Error,
    /// The definition is well-formed: perhaps it is not what was meant, or asks for what this
    /// version can't do yet ([`NOT_YET`]).
    Warning,
}

/// Where in a definition something stands; line and column from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The definition's file, as it was given.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The text, in bytes of the file without a byte order mark.
    pub span: Range<usize>,
}

/// The code of what a definition may say and this version can't do yet.
pub const NOT_YET: &str = "not-yet";

/// A value with the place where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl Place {
    /// An error at this place.
    pub fn error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            severity: Severity::Error,
            code,
            message: visible(message.into()),
            help: visible(help.into()),
            span: self.span.clone(),
            quoted: None,
        }
    }
}

/// The text without what a terminal would obey rather than show.
pub(crate) fn visible(text: String) -> String {
    match text.contains(char::is_control) {
        true => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        false => text,
    }
}

impl Problem {
    /// The same problem with what it quotes, for somebody at a terminal who may see figures.
    #[must_use]
    pub fn in_full(self) -> Self {
        let message = match &self.quoted {
            Some(quoted) => visible(format!("{}: {quoted}", self.message)),
            None => self.message,
        };
        Self { message, quoted: None, ..self }
    }

    /// Whether a report with it is not run: it is an error, or asks for what this version can't do.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error || self.code == NOT_YET
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Self { file, line, column, code, message, help, .. } = self;
        writeln!(f, "{file}:{line}:{column}: {severity}[{code}]: {message}")?;
        write!(f, "  help: {help}")
    }
}

/// The problems of one definition as they are found, and its text to find their places in.
pub(super) struct Problems<'d> {
    file: &'d str,
    text: &'d str,
    /// Where each line starts.
    lines: Vec<usize>,
    found: RefCell<Vec<Problem>>,
}

impl<'d> Problems<'d> {
    pub(super) fn new(file: &'d str, text: &'d str) -> Self {
        let starts = text.match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { file, text, lines, found: RefCell::default() }
    }

    /// The text of the definition.
    pub(super) fn text_of_file(&self) -> &'d str {
        self.text
    }

    /// The place of a span of bytes. What is missing at the end is missing in the last line that
    /// says anything.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let end = self.text.trim_end().len();
        let span = match span.start > end {
            true => end..end,
            false => span.clone(),
        };
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied();
        let before = self.text.get(start.unwrap_or(0)..span.start).unwrap_or_default();
        Place { file: self.file.to_owned(), line, column: before.chars().count() + 1, span }
    }

    pub(super) fn error(
        &self,
        span: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.place(span).error(code, message, help);
        self.found.borrow_mut().push(problem);
    }

    pub(super) fn warning(
        &self,
        span: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.place(span).error(code, message, help);
        let problem = Problem { severity: Severity::Warning, ..problem };
        self.found.borrow_mut().push(problem);
    }

    /// Adds what was found with the place of a value at hand.
    pub(super) fn push(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    /// Warns of what is well-formed, and what this version does not do yet.
    pub(super) fn not_yet(&self, span: &Range<usize>, what: &str, instead: &str) {
        let message = format!("{what} are checked, but this version does not support them yet");
        self.warning(span, NOT_YET, message, format!("to run it now, {instead}"));
    }

    /// All problems, in the order of their places.
    ///
    /// What this version can't do yet is told once each, and after the errors are mended.
    pub(super) fn into_found(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| (problem.line, problem.column));
        let has_errors = found.iter().any(|problem| problem.severity == Severity::Error);
        let mut told = BTreeSet::new();
        found.retain(|problem| {
            problem.code != NOT_YET || (!has_errors && told.insert(problem.message.clone()))
        });
        found
    }
}

/// The word of `known` that `word` was probably meant to be.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let upper = word.to_uppercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&upper, &candidate.to_uppercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean …? ` where a known word is near.
pub(super) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("did you mean `{near}`? "))
}

/// `did you mean …?` where a known word is near, and then the whole choice.
pub(super) fn choice(word: &str, known: &[&str]) -> String {
    format!("{}allowed: {}", did_you_mean(word, known.iter().copied()), known.join(", "))
}

/// Whether a word is written like the service's names; it may be one that is not known yet.
pub(super) fn is_written_like_a_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
