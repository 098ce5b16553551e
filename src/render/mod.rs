//! Tables become a message: subject, HTML and plain text with the same figures, and attachments.

mod attention;
mod bounded;
mod breaks;
mod chart;
mod context;
mod csv;
#[cfg(any(test, feature = "cli"))]
mod example;
mod failure;
mod figure;
mod files;
mod isolate;
mod json;
mod names;
mod own;
mod result;
mod subject;
mod template;
mod text;
mod trend;
#[cfg(any(test, feature = "cli"))]
mod trial;
mod xlsx;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::{Kind, Report};
use crate::error::{Code, Error, Stage};
use crate::language::Language;
use crate::table::Table;
use crate::window::Window;
use template::Prepared;

pub use failure::MEND;
pub(crate) use isolate::{isolated, turns_direction};
pub use own::TemplateFile;
pub use subject::{check_subject, example_window};
pub use template::{Origin, Templates};
#[cfg(any(test, feature = "cli"))]
pub use trial::{Listener, Step, Values, try_templates};

/// What a message holds, whoever gets it; as it is stored beside a run's record too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The subject: one line.
    pub subject: String,
    /// The HTML body.
    pub html: String,
    /// The plain text body.
    pub text: String,
    /// The pictures that the HTML shows.
    #[serde(default)]
    pub inline: Vec<Inline>,
    /// The attached files.
    pub attachments: Vec<File>,
    /// The files that are too large for it, which it says are in the store.
    #[serde(skip)]
    pub kept: Vec<File>,
}

/// A picture that the HTML refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inline {
    /// Its Content-ID, without brackets.
    pub cid: String,
    /// The picture.
    pub file: File,
}

/// An attached file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name: ASCII letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    #[serde(with = "as_base64")]
    pub content: Vec<u8>,
}

/// All that a message is made of.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'c> {
    /// The definition.
    pub report: &'c Report,
    /// What identifies the run, in words that a person can look it up by.
    pub run: &'c str,
    /// The span that the figures cover.
    pub window: &'c Window,
    /// The sections, without those that are missing.
    pub tables: &'c [Table],
    /// The sections that have no figures.
    pub missing: &'c [Missing],
    /// When the figures were read.
    pub read_at: Timestamp,
    /// What the names of files in the store begin with, where there is one.
    pub store: Option<&'c str>,
}

impl Contents<'_> {
    /// Where the section of a table stands in the definition, from 1: one that is missing keeps its
    /// number.
    fn place(&self, table: usize) -> usize {
        self.tables.get(table).map_or(table, |table| table.place) + 1
    }
}

/// A section without figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its title.
    pub title: String,
    /// Why it has none.
    pub reason: String,
}

/// A message while it is made. Its HTML is made first: how much of the tables fits into it is what all of
/// the message shows.
#[derive(Debug)]
pub struct Draft<'c> {
    templates: &'c Templates,
    contents: Contents<'c>,
    fitted: Fitted,
}

impl<'c> Draft<'c> {
    /// Makes the HTML.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` naming the template, line and column.
    pub fn new(templates: &'c Templates, contents: Contents<'c>) -> Result<Self, Error> {
        let fitted = fitted(templates, &contents)?;
        Ok(Self { templates, contents, fitted })
    }

    /// The whole message.
    ///
    /// # Errors
    /// As [`Draft::new`]; `INTERNAL_ERROR` where a file can't be written, which no report is known to cause.
    pub fn message(self) -> Result<Message, Error> {
        let Self { templates, contents, fitted } = self;
        let packed = files::of(&contents, &fitted.layout)?;
        let Fitted { names, context, html, .. } = match packed.told == fitted.layout.files {
            true => fitted,
            false => made(templates, &contents, Layout { files: packed.told, ..fitted.layout })?,
        };
        Ok(Message {
            subject: subject_of(templates, &contents, names)?,
            html,
            text: templates.text(&context)?,
            inline: trend::charts(templates, &contents)?,
            attachments: packed.attached,
            kept: packed.kept,
        })
    }

    /// The plain text alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn text(&self) -> Result<String, Error> {
        self.templates.text(&self.fitted.context)
    }

    /// The subject alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    #[cfg(any(test, feature = "cli"))]
    fn subject(self) -> Result<String, Error> {
        subject_of(self.templates, &self.contents, self.fitted.names)
    }

    /// The pictures alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn pictures(&self) -> Result<Vec<Inline>, Error> {
        trend::charts(self.templates, &self.contents)
    }

    /// The files alone, attached or not.
    ///
    /// # Errors
    /// As [`Draft::message`].
    pub fn files(&self) -> Result<Vec<File>, Error> {
        let packed = files::of(&self.contents, &self.fitted.layout)?;
        Ok(packed.attached.into_iter().chain(packed.kept).collect())
    }

    /// `report.json`, version 1: the same report for programs, whether it is attached or not.
    ///
    /// # Errors
    /// As [`Draft::message`].
    pub fn report_json(&self) -> Result<String, Error> {
        json::of(&self.contents, &self.fitted.layout)
    }
}

fn subject_of(
    templates: &Templates,
    contents: &Contents<'_>,
    names: context::Context,
) -> Result<String, Error> {
    let own = contents.report.email.subject.as_ref();
    templates.subject(own, &Prepared::of(&names.isolated())?)
}

/// What a message shows of its contents.
#[derive(Clone, Debug)]
struct Layout {
    /// How many rows of each table it shows at most.
    rows: usize,
    /// How many sections it shows at most.
    sections: usize,
    /// What it says of its files.
    files: files::Told,
}

impl Layout {
    /// How many rows of a table are shown.
    fn shown(&self, table: &Table) -> usize {
        match table.kind {
            // A chart has all of its intervals, however many.
            Kind::Trend => table.shown,
            Kind::Table | Kind::Totals => table.shown.min(self.rows),
        }
    }
}

/// How large the HTML may be, in bytes. Gmail shows no more than about 102,000, with what it adds;
/// and where files are after all is told in a line or two more.
const MOST_BYTES: usize = 99_000;

/// How many rows of a table are tried at all: none of them takes less than 150 bytes.
const MOST_ROWS: usize = 650;

/// The HTML of a layout, with what it was made of.
#[derive(Debug)]
struct Fitted {
    layout: Layout,
    names: context::Context,
    context: Prepared,
    html: String,
}

impl Fitted {
    fn fits(&self) -> bool {
        self.html.len() <= MOST_BYTES
    }
}

fn made(templates: &Templates, contents: &Contents<'_>, layout: Layout) -> Result<Fitted, Error> {
    let names = context::of(contents, &layout);
    let context = Prepared::of(&names)?;
    let html = templates.html(&context)?;
    Ok(Fitted { layout, names, context, html })
}

/// The layout that is tried first.
fn hoped(contents: &Contents<'_>) -> Layout {
    Layout { rows: MOST_ROWS, sections: usize::MAX, files: files::hoped(contents) }
}

/// The HTML with as many rows of each table, or else as many sections, as fit into a mail that every
/// client shows as a whole.
///
/// # Errors
/// `TEMPLATE_ERROR` where not even a mail without sections fits.
fn fitted(templates: &Templates, contents: &Contents<'_>) -> Result<Fitted, Error> {
    let hoped = hoped(contents);
    let made = |rows: usize, sections: usize| {
        made(templates, contents, Layout { rows, sections, ..hoped.clone() })
    };
    let all = made(hoped.rows, hoped.sections)?;
    if all.fits() {
        return Ok(all);
    }
    let tables = contents.tables.iter().filter(|table| table.kind != Kind::Trend);
    let longest = tables.map(|table| hoped.shown(table)).max().unwrap_or(0);
    let too_large = (longest, all.html.len());
    if let Some(found) = most_that_fits(too_large, |rows| made(rows, hoped.sections))? {
        return Ok(found);
    }
    let too_large = (contents.tables.len(), all.html.len());
    let by_sections = most_that_fits(too_large, |sections| made(1, sections))?;
    by_sections.ok_or_else(|| {
        let message =
            format!("email.html makes {} bytes, of which Gmail shows {MOST_BYTES}", too_large.1);
        Error::new(Code::TemplateError, Stage::Render, message)
            .hint("shorten the templates, or split the report into several")
    })
}

/// What is made of the largest number that fits, below one that makes so many bytes too many; nothing
/// where not even 1 fits.
///
/// Each row takes about as many bytes as the others, so that the straight line through what was made last
/// mostly finds it in two tries or three; where it does not, the rest is halved.
fn most_that_fits(
    (mut too_many, bytes): (usize, usize),
    make: impl Fn(usize) -> Result<Fitted, Error>,
) -> Result<Option<Fitted>, Error> {
    const GUESSES: usize = 4;
    if too_many <= 1 {
        return Ok(None);
    }
    let least = make(1)?;
    if !least.fits() {
        return Ok(None);
    }
    let (mut earlier, mut last) = ((1, least.html.len()), (too_many, bytes));
    let (mut most, mut best) = (1, least);
    for guesses in 0.. {
        if too_many - most <= 1 {
            break;
        }
        let tried = match guesses < GUESSES {
            true => meets_limit(earlier, last).clamp(most + 1, too_many - 1),
            false => most.midpoint(too_many),
        };
        let made = make(tried)?;
        (earlier, last) = (last, (tried, made.html.len()));
        match made.fits() {
            true => (most, best) = (tried, made),
            false => too_many = tried,
        }
    }
    Ok(Some(best))
}

/// Where the straight line through two numbers and their bytes meets the limit.
fn meets_limit(earlier: (usize, usize), last: (usize, usize)) -> usize {
    let (numbers, bytes) = (last.0.abs_diff(earlier.0), last.1.abs_diff(earlier.1));
    let by = MOST_BYTES.abs_diff(last.1) * numbers / bytes.max(1);
    match last.1 <= MOST_BYTES {
        true => last.0.saturating_add(by),
        false => last.0.saturating_sub(by),
    }
}

/// What an owner is told.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Notice {
    /// The report's id.
    pub report: String,
    /// What happened, in a line.
    pub headline: String,
    /// To what, and how far it came.
    pub summary: String,
    /// The error's code.
    pub code: String,
    /// What it says.
    pub message: String,
    /// Single problems.
    pub details: Vec<String>,
    /// How many more there are.
    pub omitted: usize,
    /// What helps.
    pub hint: Option<String>,
    /// What happens by itself.
    pub next: Option<String>,
    /// The commands to go on with.
    pub commands: Vec<String>,
    /// Where the record lies.
    pub record: Option<String>,
}

/// The message of a notice.
///
/// # Errors
/// `TEMPLATE_ERROR` naming the template, line and column.
pub fn notice(templates: &Templates, notice: &Notice) -> Result<Message, Error> {
    let (html, text) = templates.notice(notice)?;
    let subject = subject::line(&notice.headline);
    Ok(Message { subject, html, text, inline: vec![], attachments: vec![], kept: vec![] })
}

impl Message {
    /// The HTML for a browser that has the pictures beside it, under the names of their files.
    pub fn in_a_browser(&self) -> String {
        self.inline.iter().fold(self.html.clone(), |html, picture| {
            html.replace(&format!("cid:{}", picture.cid), &picture.file.name)
        })
    }

    /// The message, with a subject that says that it is sent again.
    #[must_use]
    pub fn reissued(self, language: Language) -> Self {
        let subject = language.say_with("Re-issued: {subject}", &[("subject", &self.subject)]);
        Self { subject: subject::line(&subject), ..self }
    }
}

/// Bytes as a text in JSON.
mod as_base64 {
    use aws_smithy_types::base64;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64::decode(text).map_err(D::Error::custom)
    }
}

/// The text with a full stop, unless it has one.
fn sentence(text: &str) -> String {
    match text.ends_with('.') {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

/// The text as one line of what can be seen: what would break the line becomes a space, and what
/// would turn its direction or hide in it is left out. What joins letters, or keeps them apart, stays.
pub(crate) fn one_line(text: &str) -> String {
    one_line_without(text, is_invisible)
}

fn is_invisible(c: char) -> bool {
    turns_direction(c) || matches!(c, '\u{200b}' | '\u{feff}')
}

fn one_line_without(text: &str, left_out: impl Fn(char) -> bool) -> String {
    let text = text.replace(left_out, "");
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() && !text::is_no_break_space(c) || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Message, one_line};
    use crate::language::Language;

    /// Whatever stands before it, a subject is no longer than any other, and what it isolates ends.
    #[test]
    fn the_subject_of_a_re_issue_is_as_short_as_every_subject() {
        let message = |subject: String| Message {
            subject,
            html: String::new(),
            text: String::new(),
            inline: vec![],
            attachments: vec![],
            kept: vec![],
        };
        let hebrew = format!("\u{2068}{}\u{2069}", "מ".repeat(248));
        for subject in ["é".repeat(250), format!("{}…", "é".repeat(249)), hebrew] {
            for language in Language::ALL {
                let reissued = message(subject.clone()).reissued(language).subject;
                assert_eq!(reissued.chars().count(), 250, "{reissued}");
                assert!(reissued.trim_end_matches('\u{2069}').ends_with('…'), "{reissued}");
                let isolates = |mark: char| reissued.matches(mark).count();
                assert_eq!(isolates('\u{2068}'), isolates('\u{2069}'), "{reissued}");
            }
        }
        let short = message("Daily".to_owned()).reissued(Language::English).subject;
        assert_eq!(short, "Re-issued: Daily");
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(
            one_line("Daily\r\nBcc: x@example.com\0 \t report\n"),
            "Daily Bcc: x@example.com report"
        );
        assert_eq!(one_line("78.4\u{a0}%"), "78.4\u{a0}%");
        assert_eq!(one_line("a\u{202e}b\u{200b}c\u{2028}d"), "abc d");
    }
}
