//! The bytes of a mail: headers, plain text and HTML as alternatives, attachments.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as MimeAddress;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use crate::address::Mailbox;
use crate::error::{Code, Error, Stage};
use crate::render::Message;

/// The sender and the recipient of a mail, and its identity.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'e> {
    /// The sender.
    pub from: &'e Mailbox,
    /// The one recipient.
    pub to: &'e Mailbox,
    /// Whom answers go to, where not to the sender.
    pub reply_to: Option<&'e Mailbox>,
    /// The part of the Message-ID before the `@`; SES puts its own in its place.
    pub id: &'e str,
    /// The date.
    pub date: Timestamp,
    /// The identity of the run, for `X-Connect-Reports-Run`: ASCII without spaces.
    pub run: Option<&'e str>,
    /// The list that the recipient is on.
    pub list: List<'e>,
}

/// The list of those who get a report, as mail programs sort and leave lists (RFC 2919, RFC 2369).
#[derive(Clone, Copy, Debug)]
pub struct List<'e> {
    /// The report's id: ASCII without spaces.
    pub report: &'e str,
    /// The name that people know the list by: the report's title.
    pub title: &'e str,
    /// The address at which one leaves it: `https:` or `mailto:`.
    pub unsubscribe: Option<&'e str>,
}

/// The mail that holds a message.
///
/// # Errors
/// `INTERNAL_ERROR` where the mail can't be written.
pub fn compose(envelope: Envelope<'_>, message: &Message) -> Result<Vec<u8>, Error> {
    let bodies = MimePart::new(
        "multipart/alternative",
        vec![MimePart::new("text/plain", message.text.as_str()), html(message)],
    );
    let attachments = message.attachments.iter().map(|file| {
        MimePart::new(file.media_type.as_str(), file.content.as_slice())
            .attachment(file.name.as_str())
    });
    let body = if message.attachments.is_empty() {
        bodies
    } else {
        let parts: Vec<_> = std::iter::once(bodies).chain(attachments).collect();
        MimePart::new("multipart/mixed", parts)
    };
    let mail = headers(&envelope)
        .from(mime_address(envelope.from))
        .to(mime_address(envelope.to))
        .subject(literal(&message.subject))
        .date(envelope.date.as_second())
        .message_id(MessageId::new(format!("{}@{}", envelope.id, envelope.from.address.domain())))
        // No vacation answers to a report: RFC 3834, and Exchange's own (MS-OXCMAIL).
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("X-Auto-Response-Suppress", Raw::new("All"))
        .body(body);
    mail.write_to_vec().map_err(|error| {
        Error::new(
            Code::InternalError,
            Stage::Render,
            format!("the mail can't be written: {error}"),
        )
    })
}

/// The HTML with the pictures that it refers to: elsewhere they would show as attachments.
fn html(message: &Message) -> MimePart<'_> {
    let html = MimePart::new("text/html", message.html.as_str());
    if message.inline.is_empty() {
        return html;
    }
    let pictures = message.inline.iter().map(|picture| {
        MimePart::new(picture.file.media_type.as_str(), picture.file.content.as_slice())
            .header(
                "Content-Disposition",
                ContentType::new("inline").attribute("filename", picture.file.name.as_str()),
            )
            .cid(picture.cid.as_str())
    });
    // RFC 2387, 3.1: it names the type of its first part.
    let related = ContentType::new("multipart/related").attribute("type", "text/html");
    MimePart::new(related, std::iter::once(html).chain(pictures).collect::<Vec<_>>())
}

/// The headers that not every mail has.
fn headers<'e>(envelope: &Envelope<'e>) -> MessageBuilder<'e> {
    let mut mail = MessageBuilder::new();
    if let Some(reply_to) = envelope.reply_to {
        mail = mail.reply_to(mime_address(reply_to));
    }
    if let Some(run) = envelope.run {
        mail = mail.header("X-Connect-Reports-Run", Raw::new(run));
    }
    let list = envelope.list;
    let id = format!("{}.{}", list.report, envelope.from.address.domain());
    mail = mail.header("List-Id", MimeAddress::new_address(Some(literal(list.title)), id));
    if let Some(unsubscribe) = list.unsubscribe {
        mail = mail.header("List-Unsubscribe", Raw::new(format!("<{unsubscribe}>")));
    }
    mail
}

fn mime_address(mailbox: &Mailbox) -> MimeAddress<'_> {
    MimeAddress::new_address(mailbox.name.as_deref().map(literal), mailbox.address.as_str())
}

/// The text so that it is read as it is written: what looks like an encoded word (RFC 2047) would
/// be decoded. A word joiner, which nobody sees, breaks the look of it.
fn literal(text: &str) -> String {
    text.replace("=?", "=\u{2060}?")
}
