//! Problems of definitions as a compiler draws them: at their lines, and each once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde_json::Value;

use super::places::Named;
use super::{print, validate};
use crate::definition::{Problem, Severity};
use crate::error::Error;
use crate::settings::Location;
use crate::store::read_file;

/// Draws problems, each once, in the texts of their files as they are now.
pub(super) struct Drawing {
    renderer: Renderer,
    texts: BTreeMap<String, Option<String>>,
    drawn: BTreeSet<Key>,
}

impl Drawing {
    /// For a stream that is, or is not, a terminal.
    pub(super) fn on(is_terminal: bool) -> Self {
        Self { renderer: renderer(is_terminal), texts: BTreeMap::new(), drawn: BTreeSet::new() }
    }

    /// Draws those that have not been drawn yet, with an empty line behind each.
    pub(super) async fn draw(&mut self, findings: impl IntoIterator<Item = Finding>) -> String {
        let mut text = String::new();
        for finding in findings {
            if !self.drawn.insert(finding.key()) {
                continue;
            }
            if !self.texts.contains_key(&finding.file) {
                self.texts.insert(finding.file.clone(), text_of(&finding.file).await);
            }
            let source = self.texts.get(&finding.file).and_then(Option::as_deref);
            text.push_str(&finding.drawn_in(source, &self.renderer));
            text.push_str("\n\n");
        }
        text
    }
}

/// A problem, whether it was found just now or is part of an error.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    file: String,
    line: usize,
    column: usize,
    severity: Severity,
    code: String,
    message: String,
    help: String,
    /// Its place in the file, in bytes, if that is known.
    span: Option<Range<usize>>,
}

/// The key by which a problem is told from others: its file and place, its code, and what it says.
pub(super) type Key = (String, (usize, usize), String, String);

impl From<&Problem> for Finding {
    fn from(problem: &Problem) -> Self {
        Self {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
            severity: problem.severity,
            code: problem.code.to_owned(),
            message: problem.message.clone(),
            help: problem.help.clone(),
            span: Some(problem.span.clone()),
        }
    }
}

impl Finding {
    /// The same problem has the same place and says the same.
    pub(super) fn key(&self) -> Key {
        let place = (self.line, self.column);
        (self.file.clone(), place, self.code.clone(), self.message.clone())
    }

    /// The problems that an error consists of; none where it says more than they do.
    pub(super) fn all_of(error: &Error) -> Vec<Self> {
        let spans = error.spans.iter().cloned().map(Some).chain(std::iter::repeat(None));
        let found =
            error.details.iter().zip(spans).map(|(details, span)| Self::read(details, span));
        found.collect::<Option<_>>().unwrap_or_default()
    }

    /// A problem as errors have it.
    fn read(details: &Value, span: Option<Range<usize>>) -> Option<Self> {
        let text = |key: &str| details.get(key)?.as_str().map(ToOwned::to_owned);
        let number = |key: &str| usize::try_from(details.get(key)?.as_u64()?).ok();
        Some(Self {
            file: text("file")?,
            line: number("line")?,
            column: number("column")?,
            severity: match details.get("severity")?.as_str()? {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                _ => return None,
            },
            code: text("code")?,
            message: text("message")?,
            help: text("help")?,
            span,
        })
    }

    /// The problem at its line of the text, or where the text is not at hand with its place.
    pub(super) fn drawn_in(&self, text: Option<&str>, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let [message, help, path] =
            [&self.message, &self.help, &self.file].map(|text| print::single_line(text));
        let text = text.map(without_c1);
        let group = level.primary_title(message).id(&self.code);
        let place = text.as_deref().zip(self.span.clone());
        let group = match place.filter(|(text, span)| text.get(span.clone()).is_some()) {
            Some((text, span)) => group.element(
                Snippet::source(text).path(&*path).annotation(AnnotationKind::Primary.span(span)),
            ),
            None => {
                let origin = Origin::path(&*path);
                group.element(origin.line(self.line).char_column(self.column))
            }
        };
        renderer.render(&[group.element(Level::HELP.message(help))])
    }
}

/// The text without the control characters that the renderer leaves, U+0080 to U+009F: a character of as
/// many bytes stands for each, so that spans keep their place.
fn without_c1(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.contains(is_c1) { Cow::Owned(text.replace(is_c1, "¿")) } else { Cow::Borrowed(text) }
}

/// Colour for people at a terminal who have not asked for none (no-color.org).
pub(super) fn renderer(is_terminal: bool) -> Renderer {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    if is_terminal && !plain { Renderer::styled() } else { Renderer::plain() }
}

/// The text in which problems have their places.
pub(super) fn text(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

/// The text of a file; none where it can't be read any more.
async fn text_of(file: &str) -> Option<String> {
    let content = match file.parse().ok()? {
        Location::Folder(path) => read_file(&path).content.ok()?,
        Location::S3 { .. } => {
            let Named { id, folder } = Named::parse(file).ok()?;
            let store = validate::store(&folder?.parse().ok()?).await.ok()?;
            store.named(&[id]).await.ok()?.pop()?.content.ok()?
        }
    };
    Some(text(&content))
}
