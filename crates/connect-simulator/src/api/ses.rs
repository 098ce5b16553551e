//! SES v2 `SendEmail`, `POST /v2/email/outbound-emails`, for raw messages.

use std::collections::BTreeMap;

use mail_parser::MessageParser;
use mail_parser::decoders::base64::base64_decode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::mailbox::SentMessage;
use super::refusal::Refusal;
use crate::random::mix;
use crate::sync::lock;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Option<Destination>,
    content: Option<Content>,
    configuration_set_name: Option<String>,
    #[serde(default)]
    email_tags: Vec<MessageTag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageTag {
    name: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Option<RawMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMessage {
    data: Option<String>,
}

/// Recipients of one message, To, Cc and Bcc together (SES quota).
const RECIPIENTS: usize = 50;

/// The size of a message with its attachments, encoded (SES v2 quota).
const MESSAGE_SIZE: usize = 40 * 1024 * 1024;

/// A line with its end (RFC 5321, 4.5.3.1.6).
const LINE_LENGTH: usize = 1_000;

/// Headers that a message may have once (RFC 5322, 3.6); SES refuses a second one.
const SINGLE_HEADERS: [&str; 10] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Keeps a message, if SES would take it, and answers its id.
pub(crate) fn send_email(account: &Account, body: &[u8]) -> Result<Value, Refusal> {
    let request: SendEmail = serde_json::from_slice(body).map_err(|error| {
        Refusal::serialization(format!("The body is not as expected: {error}."))
    })?;
    let raw = request.raw()?;
    check_message(&raw)?;
    if let Some(from) = &request.from_email_address {
        check_address(from)?;
    }
    let to = request.recipients(&raw)?;
    let tags = request.tags()?;
    let mut accepted = lock(&account.accepted);
    *accepted += 1;
    let id = message_id(*accepted);
    drop(accepted);
    lock(&account.messages).push(SentMessage {
        id: id.clone(),
        from: request.from_email_address,
        to,
        raw,
        configuration_set: request.configuration_set_name,
        tags,
    });
    Ok(json!({ "MessageId": id }))
}

/// The sender in a request, for the refusal that names it.
pub(crate) fn sender(body: &[u8]) -> String {
    serde_json::from_slice::<SendEmail>(body)
        .ok()
        .and_then(|request| request.from_email_address)
        .unwrap_or_else(|| "(unknown)".to_owned())
}

impl SendEmail {
    fn raw(&self) -> Result<Vec<u8>, Refusal> {
        let content = self.content.as_ref();
        let content = content.ok_or_else(|| Refusal::bad_request("Content is required."))?;
        let raw = content.raw.as_ref().ok_or_else(|| {
            Refusal::bad_request("This simulator takes Content.Raw only, not Simple or Template.")
        })?;
        let data = raw.data.as_deref().unwrap_or_default();
        if data.is_empty() {
            return Err(Refusal::bad_request("Content.Raw.Data is empty."));
        }
        if data.len() % 4 != 0 {
            return Err(Refusal::serialization("Content.Raw.Data is not Base64."));
        }
        base64_decode(data.as_bytes())
            .ok_or_else(|| Refusal::serialization("Content.Raw.Data is not Base64."))
    }

    /// The tags, if SES would take them (SendEmail, `MessageTag`).
    fn tags(&self) -> Result<BTreeMap<String, String>, Refusal> {
        const LONGEST: usize = 256;
        let is_allowed = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
        };
        let tag = |tag: &MessageTag| {
            if is_allowed(&tag.name) && is_allowed(&tag.value) {
                Ok((tag.name.clone(), tag.value.clone()))
            } else {
                Err(Refusal::bad_request(format!("Invalid tag <{}>.", tag.name)))
            }
        };
        self.email_tags.iter().map(tag).collect()
    }

    fn recipients(&self, raw: &[u8]) -> Result<Vec<String>, Refusal> {
        let mut recipients: Vec<String> = self
            .destination
            .iter()
            .flat_map(|to| [&to.to_addresses, &to.cc_addresses, &to.bcc_addresses])
            .flatten()
            .cloned()
            .collect();
        if recipients.is_empty() {
            recipients = header_recipients(raw);
        }
        if recipients.is_empty() {
            return Err(Refusal::bad_request("The message has no recipients."));
        }
        if recipients.len() > RECIPIENTS {
            let text = format!("Recipient count exceeds {RECIPIENTS}.");
            return Err(Refusal::bad_request(text));
        }
        for recipient in &recipients {
            check_address(recipient)?;
        }
        Ok(recipients)
    }
}

fn header_recipients(raw: &[u8]) -> Vec<String> {
    let message = MessageParser::default().parse(raw).unwrap_or_default();
    [message.to(), message.cc(), message.bcc()]
        .into_iter()
        .flatten()
        .flat_map(|addresses| addresses.iter())
        .filter_map(|address| address.address())
        .map(str::to_owned)
        .collect()
}

/// Refuses a message that SES would refuse.
fn check_message(raw: &[u8]) -> Result<(), Refusal> {
    if raw.len() > MESSAGE_SIZE {
        let text = format!("The message is {} bytes; {MESSAGE_SIZE} are allowed.", raw.len());
        return Err(Refusal::bad_request(text));
    }
    for (index, line) in raw.split(|byte| *byte == b'\n').enumerate() {
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        if text.len() + 2 > LINE_LENGTH {
            let text = format!("Line {} is longer than {LINE_LENGTH} bytes.", index + 1);
            return Err(Refusal::bad_request(text));
        }
    }
    check_headers(raw)
}

fn check_headers(raw: &[u8]) -> Result<(), Refusal> {
    let mut names = Vec::new();
    for line in raw.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if !line.is_ascii() {
            let text = "The message has a header that is not ASCII.";
            return Err(Refusal::bad_request(text));
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        let Some((name, _)) = line.split_once(':') else {
            return Err(Refusal::bad_request(format!("Illegal header {line:?}.")));
        };
        names.push(name.trim_end().to_owned());
    }
    let count =
        |wanted: &str| names.iter().filter(|name| name.eq_ignore_ascii_case(wanted)).count();
    if count("From") == 0 {
        return Err(Refusal::bad_request("Missing required header 'From'."));
    }
    match SINGLE_HEADERS.iter().find(|name| count(name) > 1) {
        Some(name) => Err(Refusal::bad_request(format!("Duplicate header '{name}'."))),
        None => Ok(()),
    }
}

/// An address as SES takes it: ASCII, with or without a name before it.
fn check_address(text: &str) -> Result<(), Refusal> {
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or(text),
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err(Refusal::bad_request("Missing final '@domain'"));
    };
    let is_local = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | ',' | ';' | '<' | '>');
    let is_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !text.is_ascii() || local.is_empty() || !local.chars().all(is_local) {
        return Err(Refusal::bad_request("Local address contains control or whitespace"));
    }
    if domain.split('.').any(str::is_empty) || !domain.chars().all(is_domain) {
        return Err(Refusal::bad_request("Domain contains illegal character"));
    }
    Ok(())
}

/// In the form of the ids of SES; the same message of the same run has the same id.
fn message_id(number: u64) -> String {
    let tail = mix(number, 0);
    format!(
        "{number:016x}-{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}-000000",
        tail >> 32,
        tail & 0xffff,
        (tail >> 16) & 0xfff,
        (tail >> 20) & 0xfff,
        mix(number, 1) >> 16,
    )
}
