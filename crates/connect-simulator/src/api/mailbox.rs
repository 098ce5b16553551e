//! Sent messages, in a form for people and tests.

use std::collections::BTreeMap;

use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::{Value, json};

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The `MessageId` in the answer to the sender.
    pub id: String,
    /// `FromEmailAddress`; without it SES takes the message's own.
    pub from: Option<String>,
    /// Every recipient: To, Cc and Bcc of `Destination`, or else of the message.
    pub to: Vec<String>,
    /// The message as it was sent.
    pub raw: Vec<u8>,
    /// The configuration set of the message.
    pub configuration_set: Option<String>,
    /// The message's tags.
    pub tags: BTreeMap<String, String>,
}

/// All messages, for `GET /messages`.
pub(crate) fn message_list(messages: &[SentMessage]) -> Value {
    messages.iter().map(message_summary).collect()
}

fn message_summary(sent: &SentMessage) -> Value {
    let message = MessageParser::default().parse(&sent.raw).unwrap_or_default();
    let attachments: Vec<Value> = message
        .attachments()
        .map(|part| {
            let kind = part.content_type().map(|kind| match kind.subtype() {
                Some(subtype) => format!("{}/{subtype}", kind.ctype()),
                None => kind.ctype().to_owned(),
            });
            json!({
                "name": part.attachment_name(),
                "type": kind,
                "size": part.contents().len(),
            })
        })
        .collect();
    json!({
        "id": sent.id,
        "from": sent.from,
        "to": sent.to,
        "subject": message.subject(),
        "text": message.body_text(0),
        "html": message.body_html(0),
        "attachments": attachments,
    })
}
