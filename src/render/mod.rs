//! Tables become a message: subject, HTML and plain text with the same figures, and attachments.

mod attention;
mod chart;
mod context;
mod csv;
mod example;
mod figure;
mod files;
mod json;
mod own;
mod result;
mod subject;
mod template;
mod text;
mod trend;
mod xlsx;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::Report;
use crate::error::Error;
use crate::language::Language;
use crate::table::Table;
use crate::window::Window;

pub use own::TemplateFile;
pub use subject::{check_subject, example_window};
pub use template::Templates;

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

/// A section without figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its title.
    pub title: String,
    /// Why it has none.
    pub reason: String,
}

/// A message, and the same report as JSON.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The message.
    pub message: Message,
    /// `report.json`, version 1.
    pub report_json: String,
}

/// Makes the message.
///
/// # Errors
/// `TEMPLATE_ERROR` naming the template, line and column; `INTERNAL_ERROR` where a file can't be
/// written, which no report is known to cause.
pub fn render(templates: &Templates, contents: Contents<'_>) -> Result<Rendered, Error> {
    let hoped = Layout { rows: MOST_ROWS, files: files::hoped(&contents) };
    let (layout, html) = fitted(templates, &contents, hoped)?;
    let report_json = json::of(&contents, &layout)?;
    let packed = files::of(&contents, &layout, &report_json)?;
    let is_as_hoped = packed.told == layout.files;
    let layout = Layout { files: packed.told, ..layout };
    let context = context::of(&contents, &layout);
    let message = Message {
        subject: templates.subject(contents.report.email.subject.as_ref(), &context)?,
        html: if is_as_hoped { html } else { templates.html(&context)? },
        text: templates.text(&context)?,
        inline: trend::charts(templates, &contents)?,
        attachments: packed.attached,
        kept: packed.kept,
    };
    Ok(Rendered { message, report_json })
}

/// What a message shows of its contents.
#[derive(Clone, Debug)]
struct Layout {
    /// How many rows of each table it shows at most.
    rows: usize,
    /// What it says of its files.
    files: files::Told,
}

impl Layout {
    /// How many rows of a table are shown.
    fn shown(&self, table: &Table) -> usize {
        // A chart has all of its intervals; its text twin is no chart.
        table.shown.min(self.rows)
    }
}

/// How large the HTML may be, in bytes. Gmail shows no more than about 102,000, with what it adds.
const MOST_BYTES: usize = 99_000;

/// How many rows of a table are tried at all: none of them takes less than 150 bytes.
const MOST_ROWS: usize = 650;

/// The HTML with as many rows of each table as fit into a mail that every client shows as a whole.
fn fitted(
    templates: &Templates,
    contents: &Contents<'_>,
    hoped: Layout,
) -> Result<(Layout, String), Error> {
    let html = |rows: usize| {
        let layout = Layout { rows, ..hoped.clone() };
        let html = templates.html(&context::of(contents, &layout))?;
        Ok::<_, Error>((layout, html))
    };
    let all = html(hoped.rows)?;
    let longest = contents.tables.iter().map(|table| hoped.shown(table)).max().unwrap_or(0);
    if all.1.len() <= MOST_BYTES || longest <= 1 {
        return Ok(all);
    }
    let (mut fits, mut too_many) = (html(1)?, longest);
    while too_many - fits.0.rows > 1 {
        let tried = html(fits.0.rows.midpoint(too_many))?;
        match tried.1.len() <= MOST_BYTES {
            true => fits = tried,
            false => too_many = tried.0.rows,
        }
    }
    Ok(fits)
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
    let subject = one_line(&notice.headline);
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
        Self { subject, ..self }
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

/// The text as one line of what can be seen: what would break the line becomes a space, and what
/// would turn its direction or hide in it is left out.
fn one_line(text: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let text = text.replace(invisible, "");
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() && c != '\u{a0}' || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::one_line;

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
