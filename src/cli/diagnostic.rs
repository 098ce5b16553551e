//! Problems of definitions as a compiler draws them: at their lines, and each once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use serde_json::Value;

use super::places::{Named, store};
use super::visible::single_line;
use crate::definition::{Problem, Severity};
use crate::error::Error;
use crate::store::read_file;

/// Draws problems, each once, in the texts of their files as they are now.
pub(super) struct Drawing {
    renderer: Renderer,
    texts: BTreeMap<String, Option<String>>,
    drawn: BTreeSet<Key>,
}

impl Drawing {
    /// For a stream that is, or is not, a terminal.
    pub(super) fn on(stream: &impl RawStream) -> Self {
        Self { renderer: renderer(stream), texts: BTreeMap::new(), drawn: BTreeSet::new() }
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
///
/// A [`Problem`] is its own key where outcomes are joined (`Hash`). Here the same problem comes as one, and as
/// data of an error, which may have been stored: without its bytes and without what may quote figures. By
/// what both have it is drawn once.
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
            [&self.message, &self.help, &self.file].map(|text| single_line(text));
        let excerpt =
            text.zip(self.span.clone()).and_then(|(text, span)| Excerpt::read(text, span));
        let title = level.clone().primary_title(message).id(&self.code);
        let origin = Origin::path(&*path).line(self.line).char_column(self.column);
        let help = Level::HELP.message(help);
        let snippet = |excerpt: &Excerpt| {
            let marked = AnnotationKind::Primary.span(excerpt.span.clone());
            let text = without_c1(&excerpt.text).into_owned();
            Snippet::source(text).line_start(self.line).annotation(marked)
        };
        match &excerpt {
            None => renderer.render(&[title.element(origin).element(help)]),
            Some(excerpt) if excerpt.is_cut => {
                // Columns in a cut line are not those of the file, and below an origin of its own the
                // renderer takes a snippet for one of another file.
                let place = renderer.render(&[title.element(origin)]);
                let lines = Group::with_level(level).element(snippet(excerpt)).element(help);
                below(&place, self.line, &renderer.render(&[lines]))
            }
            Some(excerpt) => {
                renderer.render(&[title.element(snippet(excerpt).path(&*path)).element(help)])
            }
        }
    }
}

/// A title and a place with the drawn line below them, whose number the arrow before the place makes room
/// for.
fn below(place: &str, line: usize, drawn: &str) -> String {
    let (title, place) = place.rsplit_once('\n').unwrap_or(("", place));
    let room = " ".repeat(line.to_string().len());
    format!("{title}\n{room}{place}\n{drawn}")
}

/// The most bytes of a problem's lines that are drawn whole.
const LONGEST_DRAWN: usize = 2_000;

/// The most characters of a longer line that are drawn before the problem, and from its start on.
const BEFORE: usize = 40;
const BEHIND: usize = 100;

/// The lines of a problem, or where they are long what stands around its start: however long a line is, the
/// problem is found in it at a glance, and a hundred of them are drawn at once.
#[derive(Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    /// The problem's place in it, in bytes.
    span: Range<usize>,
    is_cut: bool,
}

impl Excerpt {
    /// Nothing where the text has no such place: the file is another by now.
    fn read(text: &str, span: Range<usize>) -> Option<Self> {
        text.get(span.clone())?;
        let start = text.get(..span.start)?.rfind('\n').map_or(0, |end| end + 1);
        let end = text.get(span.end..)?.find('\n').map_or(text.len(), |end| span.end + end);
        if end - start <= LONGEST_DRAWN {
            let whole = text.get(start..end)?.to_owned();
            return Some(Self {
                text: whole,
                span: span.start - start..span.end - start,
                is_cut: false,
            });
        }
        let before = text.get(start..span.start)?;
        let from = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
        let behind = text.get(span.start..end)?.lines().next().unwrap_or_default();
        let to = behind.char_indices().nth(BEHIND).map_or(behind.len(), |(at, _)| at);
        let lead = if from > 0 { "…" } else { "" };
        let tail = if span.start + to < end { "…" } else { "" };
        let (before, behind) = (before.get(from..)?, behind.get(..to)?);
        let at = lead.len() + before.len();
        let span = at..at + span.len().min(to);
        Some(Self { text: format!("{lead}{before}{behind}{tail}"), span, is_cut: true })
    }
}

/// The text without the control characters that the renderer leaves, U+0080 to U+009F: a character of as
/// many bytes stands for each, so that spans keep their place.
fn without_c1(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.contains(is_c1) { Cow::Owned(text.replace(is_c1, "¿")) } else { Cow::Borrowed(text) }
}

/// Colour as `--color` says; by default for people at a terminal who have not asked for none (no-color.org).
pub(super) fn renderer(stream: &impl RawStream) -> Renderer {
    match AutoStream::choice(stream) {
        ColorChoice::Never => Renderer::plain(),
        _ => Renderer::styled(),
    }
}

/// The text in which problems have their places.
pub(super) fn text(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

/// The text of a file; none where it can't be read any more.
async fn text_of(file: &str) -> Option<String> {
    let content = if file.starts_with("s3://") {
        let Named { id, folder } = Named::parse(file).ok()?;
        let store = store(&folder?.parse().ok()?).await.ok()?;
        store.named(&[id]).await.ok()?.pop()?.content.ok()?
    } else {
        read_file(Path::new(file)).content.ok()?
    };
    Some(text(&content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However long lines are, an excerpt is short and begins its problem where the text does.
        #[test]
        fn an_excerpt_is_short_and_marks_the_start_of_the_problem(
            before in "[aé😀\n]{0,1500}", wrong in "[xß\n]{0,900}", behind in "[aé\n]{0,1500}"
        ) {
            let text = format!("{before}{wrong}{behind}");
            let place = before.len()..before.len() + wrong.len();
            let Excerpt { text: shown, span, is_cut } = Excerpt::read(&text, place).unwrap();
            prop_assert!(shown.len() <= LONGEST_DRAWN, "{}", shown.len());
            let marked = shown.get(span).unwrap();
            prop_assert!(wrong.starts_with(marked) && (is_cut || marked == wrong));
        }
    }

    /// A line as long as a file is drawn around the problem, with the column that the file has.
    #[test]
    fn a_long_line_is_drawn_around_the_problem() {
        let entries = |count| "\"ok\", ".repeat(count);
        let text =
            format!("a = 1\nmetrics = [{}\"wröng\", {}]\n", entries(40_000), entries(40_000));
        let at = text.find("\"wröng\"").unwrap();
        let finding = Finding {
            file: "long.toml".to_owned(),
            line: 2,
            column: at - 5,
            severity: Severity::Error,
            code: "unknown-metric".to_owned(),
            message: "there is no metric `wröng`".to_owned(),
            help: "write another".to_owned(),
            span: Some(at..at + "\"wröng\"".len()),
        };
        insta::assert_snapshot!(finding.drawn_in(Some(&text), &Renderer::plain()));
        let further = Finding { line: 2_002, ..finding.clone() };
        let drawn = further.drawn_in(Some(&text), &Renderer::plain());
        let beginning: Vec<&str> = drawn.lines().skip(1).take(3).collect();
        assert_eq!(beginning[..2], ["    --> long.toml:2002:240012", "     |"]);
        assert!(beginning[2].starts_with("2002 | …"), "{drawn}");
        let gone = Finding { span: Some(at..text.len() + 1), ..finding };
        let drawn = gone.drawn_in(Some(&text), &Renderer::plain());
        assert!(drawn.contains("long.toml:2:") && !drawn.contains('^'), "{drawn}");
    }
}
