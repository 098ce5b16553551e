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
    destination: Option<MessageDestination>,
    content: Option<MessageContent>,
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
struct MessageDestination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageContent {
    raw: Option<RawMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMessage {
    data: Option<String>,
}

/// The most recipients of one message, To, Cc and Bcc together (SES quota).
const MAX_RECIPIENTS: usize = 50;

/// The most bytes of a message with its attachments, encoded (SES v2 quota).
const MAX_MESSAGE_BYTES: usize = 40 * 1024 * 1024;

/// The most bytes of a line with its end (RFC 5321, 4.5.3.1.6).
const MAX_LINE_BYTES: usize = 1_000;

/// The headers that a message may have only once (RFC 5322, 3.6); SES refuses a second one.
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
    let raw = request.decode_raw()?;
    check_message(&raw)?;
    if let Some(from) = &request.from_email_address {
        check_address(from)?;
    }
    let to = request.check_recipients(&raw)?;
    let tags = request.check_tags()?;
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
pub(crate) fn sender_of(body: &[u8]) -> String {
    serde_json::from_slice::<SendEmail>(body)
        .ok()
        .and_then(|request| request.from_email_address)
        .unwrap_or_else(|| "(unknown)".to_owned())
}

impl SendEmail {
    fn decode_raw(&self) -> Result<Vec<u8>, Refusal> {
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

    /// Checks the tags (SendEmail, `MessageTag`) and returns them.
    fn check_tags(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let tags = self.email_tags.iter().map(|MessageTag { name, value }| {
            if is_tag_text(name) && is_tag_text(value) {
                Ok((name.clone(), value.clone()))
            } else {
                Err(Refusal::bad_request(format!("Invalid tag <{name}>.")))
            }
        });
        tags.collect()
    }

    fn check_recipients(&self, raw: &[u8]) -> Result<Vec<String>, Refusal> {
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
        if recipients.len() > MAX_RECIPIENTS {
            let text = format!("Recipient count exceeds {MAX_RECIPIENTS}.");
            return Err(Refusal::bad_request(text));
        }
        for recipient in &recipients {
            check_address(recipient)?;
        }
        Ok(recipients)
    }
}

/// True for a valid name or value of a tag.
fn is_tag_text(text: &str) -> bool {
    const MAX_TAG_LENGTH: usize = 256;
    (1..=MAX_TAG_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
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
    if raw.len() > MAX_MESSAGE_BYTES {
        let text = format!("The message is {} bytes; {MAX_MESSAGE_BYTES} are allowed.", raw.len());
        return Err(Refusal::bad_request(text));
    }
    for (index, line) in raw.split(|byte| *byte == b'\n').enumerate() {
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        if text.len() + 2 > MAX_LINE_BYTES {
            let text = format!("Line {} is longer than {MAX_LINE_BYTES} bytes.", index + 1);
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
    if count_header(&names, "From") == 0 {
        return Err(Refusal::bad_request("Missing required header 'From'."));
    }
    match SINGLE_HEADERS.iter().find(|name| count_header(&names, name) > 1) {
        Some(name) => Err(Refusal::bad_request(format!("Duplicate header '{name}'."))),
        None => Ok(()),
    }
}

/// The number of headers with this name.
fn count_header(names: &[String], wanted: &str) -> usize {
    names.iter().filter(|name| name.eq_ignore_ascii_case(wanted)).count()
}

/// Checks an address as SES does: ASCII, with or without a name before it.
fn check_address(text: &str) -> Result<(), Refusal> {
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or(text),
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err(Refusal::bad_request("Missing final '@domain'"));
    };
    let is_valid_local =
        !local.is_empty() && local.chars().all(|c| c.is_ascii_graphic() && !"@,;<>".contains(c));
    let is_valid_domain = !domain.split('.').any(str::is_empty)
        && domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if !text.is_ascii() || !is_valid_local {
        return Err(Refusal::bad_request("Local address contains control or whitespace"));
    }
    if !is_valid_domain {
        return Err(Refusal::bad_request("Domain contains illegal character"));
    }
    Ok(())
}

/// An id in the form of SES's; the same message of the same run has the same id.
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
