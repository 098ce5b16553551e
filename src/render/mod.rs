//! Tables become a message: subject, HTML and plain text with the same figures, and attachments.

mod attachment;
mod context;
mod subject;
mod template;
mod text;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::{Attachment, Report};
use crate::error::{Code, Error, Stage};
use crate::table::Table;
use crate::window::Window;

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
    /// The attached files.
    pub attachments: Vec<File>,
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
    /// The span that the figures cover.
    pub window: &'c Window,
    /// The sections, without those that are missing.
    pub tables: &'c [Table],
    /// The sections that have no figures.
    pub missing: &'c [Missing],
    /// When the figures were read.
    pub read_at: Timestamp,
}

/// A section without figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its title.
    pub title: String,
    /// Why it has none.
    pub reason: String,
}

/// Makes the message.
///
/// # Errors
/// `TEMPLATE_ERROR` naming the template, line and column.
pub fn render(templates: &Templates, contents: Contents<'_>) -> Result<Message, Error> {
    let context = context::of(contents);
    let report = contents.report;
    let attachments = report.email.attach.iter().filter_map(|kind| attach(*kind, contents));
    Ok(Message {
        subject: templates.subject(&report.email.subject, &context)?,
        html: templates.html(&context)?,
        text: templates.text(&context)?,
        attachments: attachments.collect::<Result<_, _>>()?,
    })
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
    Ok(Message { subject: one_line(&notice.headline), html, text, attachments: Vec::new() })
}

impl Message {
    /// The message, with a subject that says that it is sent again.
    #[must_use]
    pub fn reissued(self) -> Self {
        Self { subject: format!("Re-issued: {}", self.subject), ..self }
    }
}

/// The figures as `report.json`, version 1.
///
/// # Errors
/// `INTERNAL_ERROR` where it can't be written, which no report is known to cause.
pub fn report_json(contents: Contents<'_>) -> Result<String, Error> {
    attachment::report_json(contents).map_err(|error| {
        let message = format!("the report can't be written as JSON: {error}");
        Error::new(Code::InternalError, Stage::Render, message)
    })
}

fn attach(kind: Attachment, contents: Contents<'_>) -> Option<Result<File, Error>> {
    let stem = format!("{}-{}", contents.report.id, contents.window.first_date());
    match kind {
        Attachment::Json => Some(report_json(contents).map(|json| File {
            name: format!("{stem}.json"),
            media_type: "application/json".to_owned(),
            content: json.into_bytes(),
        })),
        // A report that asks for these is not run yet.
        Attachment::Csv | Attachment::Xlsx => None,
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
