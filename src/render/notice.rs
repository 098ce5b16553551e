//! The message to the owner of a report that failed.

use serde::Serialize;

use super::message::Message;
use super::subject;
use super::template::Templates;
use crate::error::Error;

/// The news for the owner of a report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Notice {
    /// The report's id.
    pub report: String,
    /// The news in one line.
    pub headline: String,
    /// The run that it is about, and how far it came.
    pub summary: String,
    /// The error's code.
    pub code: String,
    /// The text of the error.
    pub message: String,
    /// Single problems.
    pub details: Vec<String>,
    /// The number of problems beyond these.
    pub omitted: usize,
    /// The remedy.
    pub hint: Option<String>,
    /// The next step that happens automatically.
    pub next: Option<String>,
    /// The commands to go on with.
    pub commands: Vec<String>,
    /// The place of the record.
    pub record: Option<String>,
}

/// The message of a notice.
///
/// # Errors
/// `TEMPLATE_ERROR` naming the template, line and column.
pub fn notice(templates: &Templates, notice: &Notice) -> Result<Message, Error> {
    let (html, text) = templates.render_notice(notice)?;
    let subject = subject::subject_line(&notice.headline);
    Ok(Message { subject, html, text, inline: vec![], attachments: vec![], kept: vec![] })
}
