//! The reason why a template makes nothing: in words for logs, records and owners, and in Tera's own.
//!
//! Tera's texts about rendering may quote values, such as the figure that is no text, and values are
//! for a report's recipients. So the words for all others have the place and the kind of a mistake, and
//! Tera's are kept apart, for those who preview a report or validate templates.

use std::collections::BTreeMap;

use tera::{ErrorKind, ReportError};

use super::built_in::BUILT_IN;
use crate::error::{Code, Error, Stage};

/// The reason for which a template makes nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// The place, if Tera says it.
    pub(super) spot: Option<Spot>,
    /// The kind of mistake.
    pub(super) kind: String,
    /// Tera's own text, where that may quote values.
    pub(super) quoted: Option<String>,
}

/// A place in a template; line and column from 1.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) template: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

const NOT_THERE: &str = "a value is not there";
const NOT_RENDERED: &str = "what stands here can't be rendered";

impl Failure {
    pub(super) fn new(error: &tera::Error) -> Self {
        match error.kind() {
            ErrorKind::SyntaxError(report) => {
                let kind = lowercase_first(report.message());
                Self { spot: Some(Spot::new(report)), kind, quoted: None }
            }
            ErrorKind::RenderingError(report) => {
                let quoted = Some(report.message().to_owned());
                Self { spot: Some(Spot::new(report)), kind: mistake_kind(report), quoted }
            }
            ErrorKind::CircularInclude { .. }
            | ErrorKind::CircularExtend { .. }
            | ErrorKind::MissingParent { .. }
            | ErrorKind::TemplateNotFound(_)
            | ErrorKind::ComponentNotFound(_) => {
                Self { spot: None, kind: lowercase_first(&first_line(error)), quoted: None }
            }
            // Names that do not exist are told when a template is added, before there are values.
            ErrorKind::Msg(text) if text.trim_start().starts_with("error: Unknown ") => {
                let kind = first_line(error);
                let kind = lowercase_first(kind.trim_start_matches("error: "));
                Self { spot: None, kind, quoted: None }
            }
            _ => {
                let quoted = Some(first_line(error));
                Self { spot: None, kind: "it can't be rendered".to_owned(), quoted }
            }
        }
    }

    /// The failure of a run; `what` is what was rendered, and says where that lies, and `places` has
    /// those of one's own templates, by name.
    pub(super) fn into_error(self, what: &str, places: &BTreeMap<String, String>) -> Error {
        let Self { spot, kind, quoted } = self;
        let own = spot.as_ref().and_then(|spot| places.get(&spot.template));
        let message = match (&spot, own) {
            (Some(Spot { line, column, .. }), Some(place)) => {
                format!("{place}:{line}:{column}: {kind}")
            }
            (Some(Spot { template, line, column }), None) => {
                let is_known = BUILT_IN.iter().any(|(name, _)| name == template);
                let file = if is_known { template } else { what };
                format!("{file}, line {line}, column {column}: {kind}")
            }
            (None, _) => format!("{what}: {kind}"),
        };
        let error = Error::new(Code::TemplateError, Stage::Render, message);
        let error = match quoted {
            Some(text) => error.quoting(text),
            None => error,
        };
        match own {
            // Somebody may be mending it.
            Some(_) => error.hint(TEMPLATE_HINT).retryable(),
            None => error,
        }
    }
}

/// The help where a template of one's own can't be used.
pub const TEMPLATE_HINT: &str =
    "mend the template; `connect-reports validate` tells everything that is wrong";

impl Spot {
    fn new(report: &ReportError) -> Self {
        let span = report.span();
        Self {
            template: report.filename().to_owned(),
            line: span.start_line,
            column: span.start_col + 1,
        }
    }
}

/// The kind of a mistake in rendering.
fn mistake_kind(report: &ReportError) -> String {
    let message = report.message();
    let named = message.strip_prefix("Variable `").or_else(|| message.strip_prefix("Field `"));
    let named = named.and_then(|rest| rest.split_once("` "));
    match named {
        // A template may itself throw an error that reads so: only a text that stands at its place is a name.
        Some((name, rest)) if rest.starts_with("is not defined") => {
            let is_written_here = report.span().range.len() == name.len();
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if is_written_here && is_name {
                format!("there is no value `{name}`")
            } else {
                NOT_THERE.to_owned()
            }
        }
        _ if message == "Tried to render a variable that is undefined" => NOT_THERE.to_owned(),
        _ => NOT_RENDERED.to_owned(),
    }
}

/// Tera's first line; the rest draws the place.
fn first_line(error: &tera::Error) -> String {
    let text = error.to_string();
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

/// As problems are written: without a capital letter, which would be that of a name.
pub(super) fn lowercase_first(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(characters).collect()
}
