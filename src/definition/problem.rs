//! What is wrong with a definition, and where.

use std::cell::{Cell, RefCell};
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::wording::{LONGEST_HELP, cut_between_words, listed};
use crate::error::cut_quoted;

/// One mistake in a definition, or in a later stage's reading of it.
///
/// Two are the same where all of it is (`Eq`, `Hash`). At a terminal, where one also comes as data of an error,
/// fewer members decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// The definition's file, as it was given. All places of a file share its name.
    pub file: Arc<str>,
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
            file: self.file.as_ref().to_owned(),
            line: self.line,
            column: self.column,
            severity: Severity::Error,
            code,
            message: visible(cut_quoted(&message.into(), LONGEST_MESSAGE)),
            help: visible(cut_between_words(&help.into(), LONGEST_HELP)),
            span: self.span.clone(),
            quoted: None,
        }
    }
}

/// The most characters of a message, whatever it quotes.
const LONGEST_MESSAGE: usize = 1_000;

/// The text without what a terminal would obey rather than show.
pub(crate) fn visible(text: String) -> String {
    if text.contains(char::is_control) {
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    } else {
        text
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

/// The most problems of a file that are told. Whoever has mended those finds the others.
pub(super) const MOST: usize = 100;

/// The counts of problems that are not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    /// The errors among them.
    pub errors: usize,
    /// The warnings among them.
    pub warnings: usize,
}

impl Omitted {
    /// Counts them all.
    pub fn count(self) -> usize {
        self.errors + self.warnings
    }

    fn add_one(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
    }
}

/// Sorts problems by their places, and leaves those that are told: errors come first.
pub(super) fn limit(problems: &mut Vec<Problem>, omitted: &mut Omitted) {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let (mut of_errors, mut of_warnings) = (MOST, MOST.saturating_sub(errors));
    problems.retain(|problem| {
        let left = match problem.severity {
            Severity::Error => &mut of_errors,
            Severity::Warning => &mut of_warnings,
        };
        match left.checked_sub(1) {
            Some(less) => {
                *left = less;
                true
            }
            None => {
                omitted.add_one(problem.severity);
                false
            }
        }
    });
}

/// The problems of one definition as they are found, and its text to find their places in.
pub(super) struct Problems<'d> {
    file: Arc<str>,
    text: &'d str,
    /// Where each line starts.
    lines: Vec<usize>,
    /// The number of characters before each block of bytes: a line may be as long as the text.
    blocks: Vec<usize>,
    /// Where the last line ends that says anything.
    end: usize,
    /// The number of words for which the one that is meant is still looked for.
    suggestions: Cell<usize>,
    found: RefCell<Found>,
}

/// The problems that are kept: as many of each kind as are told.
#[derive(Default)]
struct Found {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    /// The things that this version can't do yet, by what is said of them.
    not_yet: BTreeMap<String, Problem>,
    omitted: Omitted,
}

impl Found {
    fn add(&mut self, problem: Problem) {
        if problem.code == NOT_YET {
            return self.add_not_yet(problem);
        }
        let kept = match problem.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() < MOST {
            kept.push(problem);
        } else {
            self.omitted.add_one(problem.severity);
        }
    }

    /// Counts a problem that would not be told, and says that it did. To make one takes far longer than to
    /// count it.
    fn count_beyond(&mut self, severity: Severity, code: &str) -> bool {
        let kept = match severity {
            Severity::Error => &self.errors,
            Severity::Warning => &self.warnings,
        };
        let is_beyond = kept.len() >= MOST && code != NOT_YET;
        if is_beyond {
            self.omitted.add_one(severity);
        }
        is_beyond
    }

    /// Each is told once, where it stands first.
    fn add_not_yet(&mut self, problem: Problem) {
        let place = |problem: &Problem| (problem.line, problem.column);
        match self.not_yet.entry(problem.message.clone()) {
            Entry::Vacant(new) => drop(new.insert(problem)),
            Entry::Occupied(mut known) if place(&problem) < place(known.get()) => {
                known.insert(problem);
            }
            Entry::Occupied(_) => {}
        }
    }
}

/// The number of bytes in a block of [`Problems::blocks`].
const BLOCK: usize = 256;

/// Counts the characters that begin in these bytes (UTF-8).
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

impl<'d> Problems<'d> {
    pub(super) fn new(file: &'d str, text: &'d str) -> Self {
        let starts = text.match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        let mut before = 0;
        let count = |block: &[u8]| {
            let start = before;
            before += characters(block);
            start
        };
        // One more, for an offset at the very end.
        let blocks = text.as_bytes().chunks(BLOCK).chain([&[][..]]).map(count).collect();
        let end = text.trim_end().len();
        let suggestions = Cell::new(3 * MOST);
        Self { file: file.into(), text, lines, blocks, end, suggestions, found: RefCell::default() }
    }

    /// The text of the definition.
    pub(super) fn text_of_file(&self) -> &'d str {
        self.text
    }

    /// The place of a span of bytes. What is missing at the end is missing in the last line that
    /// says anything.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let span = if span.start > self.end { self.end..self.end } else { span.clone() };
        let line = self.line_number(span.start);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied();
        let before = self.before(span.start) - self.before(start.unwrap_or(0));
        Place { file: Arc::clone(&self.file), line, column: before + 1, span }
    }

    /// The number of the line at an offset, from 1.
    pub(super) fn line_number(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// Counts the characters before an offset.
    fn before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.blocks.get(block).copied().unwrap_or_default() + characters(rest)
    }

    pub(super) fn error(
        &self,
        span: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.find(Severity::Error, span, code, message, help);
    }

    pub(super) fn warning(
        &self,
        span: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.find(Severity::Warning, span, code, message, help);
    }

    fn find(
        &self,
        severity: Severity,
        span: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if !self.found.borrow_mut().count_beyond(severity, code) {
            self.push(Problem { severity, ..self.place(span).error(code, message, help) });
        }
    }

    /// Tells whether an error that is found now is told, and not only counted.
    pub(super) fn tells_errors(&self) -> bool {
        self.found.borrow().errors.len() < MOST
    }

    /// Adds what was found with the place of a value at hand.
    pub(super) fn push(&self, problem: Problem) {
        self.found.borrow_mut().add(problem);
    }

    /// Warns of what is well-formed, and what this version does not do yet.
    pub(super) fn not_yet(&self, span: &Range<usize>, what: &str, instead: &str) {
        let message = format!("{what} are checked, but this version does not support them yet");
        self.warning(span, NOT_YET, message, format!("to run it now, {instead}"));
    }

    /// `did you mean …? ` where a known word is near.
    pub(super) fn did_you_mean<'k>(
        &self,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> String {
        let left = self.suggestions.get();
        self.suggestions.set(left.saturating_sub(1));
        let near = if left == 0 { None } else { nearest(word, known) };
        near.map_or_else(String::new, |near| format!("did you mean `{near}`? "))
    }

    /// `did you mean …?` where a known word is near, and then the whole choice.
    pub(super) fn choice(&self, word: &str, known: &[&str]) -> String {
        let near = self.did_you_mean(word, known.iter().copied());
        format!("{near}allowed: {}", listed(known))
    }

    /// The problems that are told, in the order of their places, and how many more there are.
    ///
    /// What this version can't do yet is told once each, and after the errors are mended.
    pub(super) fn into_found(self) -> (Vec<Problem>, Omitted) {
        let Found { errors, mut warnings, not_yet, mut omitted } = self.found.into_inner();
        if errors.is_empty() {
            warnings.extend(not_yet.into_values());
        }
        let mut found = errors;
        found.append(&mut warnings);
        limit(&mut found, &mut omitted);
        (found, omitted)
    }
}

/// The most allowed words that are looked at for a help.
pub(super) const MOST_CHOICES: usize = 100;

/// The most characters of a word for which a near one is looked for.
const LONGEST_WORD: usize = 128;

/// The word of `known` that `word` was probably meant to be. None is near what is longer than names are.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.chars().nth(LONGEST_WORD).is_some() {
        return None;
    }
    let upper = word.to_uppercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&upper, &candidate.to_uppercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Whether a word is written like the service's names; it may be one that is not known yet.
pub(super) fn is_written_like_a_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However long the lines are, and whatever letters they have.
        #[test]
        fn a_place_is_counted_in_characters(
            text in "[a\u{e9}\u{1f600}\n ]{0,900}x", part in 0.0..1.0_f64
        ) {
            let problems = Problems::new("small.toml", &text);
            let places: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let at = places[(places.len() as f64 * part) as usize];
            let found = problems.place(&(at..at));
            let before = text.get(..at).unwrap();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            prop_assert_eq!((found.line, found.column), (line, column));
        }
    }

    /// A text that counts how often it is made.
    struct Counted<'c>(&'c Cell<usize>);

    impl From<Counted<'_>> for String {
        fn from(Counted(made): Counted<'_>) -> Self {
            made.set(made.get() + 1);
            Self::new()
        }
    }

    /// However many there are, as many are made as are told.
    #[test]
    fn problems_that_are_not_told_are_only_counted() {
        let problems = Problems::new("small.toml", "abc");
        let made = Cell::new(0);
        for _ in 0..1_000 {
            problems.error(&(0..1), "wrong", Counted(&made), "");
            problems.warning(&(0..1), "unsure", Counted(&made), "");
        }
        assert_eq!(made.get(), 2 * MOST);
        let (told, omitted) = problems.into_found();
        assert_eq!(told.len(), MOST);
        assert_eq!(omitted, Omitted { errors: 900, warnings: 1_000 });
    }

    #[test]
    fn errors_are_told_before_warnings() {
        let problems = Problems::new("small.toml", "abc");
        problems.not_yet(&(0..1), "these", "leave them");
        (0..150).for_each(|_| problems.warning(&(0..1), "unsure", "a warning", ""));
        (0..30).for_each(|_| problems.error(&(2..3), "wrong", "an error", ""));
        let (told, omitted) = problems.into_found();
        let errors = told.iter().filter(|problem| problem.severity == Severity::Error).count();
        assert_eq!((told.len(), errors), (MOST, 30));
        assert_eq!(omitted, Omitted { errors: 0, warnings: 80 });
    }
}
