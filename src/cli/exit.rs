//! The end of a command: its exit code, or the error that stops it.

use std::process::ExitCode;

use crate::error::{Code, Error, LONGEST_QUOTED, Stage, cut};
use crate::run::Outcome;

/// The end of a command.
pub(super) type Ended = Result<ExitCode, Error>;

/// The exit code for an error.
pub(super) fn exit_code(error: &Error) -> ExitCode {
    let before_the_run = matches!(error.stage, Stage::Load | Stage::Plan);
    let wrong = matches!(
        error.code,
        Code::ValidationError | Code::NotFound | Code::ConfigurationError | Code::TemplateError
    );
    ExitCode::from(if before_the_run && wrong { 2 } else { 1 })
}

/// The exit code for the outcome of runs.
pub(super) fn outcome_code(outcome: &Outcome) -> ExitCode {
    outcome.error.as_ref().map_or(ExitCode::SUCCESS, exit_code)
}

/// A word of the command line as errors quote it: as far as anybody reads it.
pub(super) fn backquoted(word: &str) -> String {
    format!("`{}`", cut(word, LONGEST_QUOTED))
}

/// A path of the command line as errors name it, as far as anybody reads it: many are longer than a word.
pub(super) fn named(path: &str) -> String {
    cut(path, LONGEST_NAMED)
}

/// The most characters of a path that errors name.
const LONGEST_NAMED: usize = 1_000;

/// The command line, or a setting, is wrong.
pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(Code::ConfigurationError, Stage::Load, message)
}
