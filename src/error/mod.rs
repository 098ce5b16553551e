//! What went wrong, in a form that a program can act on: a code, the stage it happened in, whether
//! trying again can help, and a hint for the person who mends it.

pub mod sdk;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A failure of a run, or of a whole invocation.
///
/// What a service said passes through [`redact_addresses`] before it becomes part of one; what a
/// definition says does not, and so logs and error messages redact the whole.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Error {
    /// What kind of failure it is.
    pub code: Code,
    /// What happened, in one or two sentences.
    pub message: String,
    /// Where on the way from definition to message it happened.
    pub stage: Stage,
    /// The id of the report that failed; `None` where the invocation failed before any.
    pub report: Option<String>,
    /// Whether the same run may succeed later without anybody mending anything.
    pub retryable: bool,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// The AWS request id of the call that failed.
    pub request_id: Option<String>,
    /// Single problems, such as those of a definition.
    pub details: Vec<Value>,
    /// The place of each problem in its file, in bytes, so that a terminal can draw it; no part of
    /// answers and records.
    #[serde(skip)]
    pub spans: Vec<Range<usize>>,
    /// What a template engine said, which may quote figures: it is part of no log, record or mail.
    #[serde(skip)]
    pub(crate) quoted: Option<Quoted>,
}

/// A text that may hold figures, and so is not part of what is printed to find defects with.
#[derive(Clone)]
pub(crate) struct Quoted(Box<str>);

impl std::fmt::Debug for Quoted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The kinds of failure; the texts are what Lambda reports as `errorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// An event, a definition or a request is wrong.
    ValidationError,
    /// The deployment is wrong: a setting, the credentials, the place of the definitions.
    ConfigurationError,
    /// A report, a store or a resource of the service does not exist.
    NotFound,
    /// The role may not do this.
    AccessDenied,
    /// The service refused for its rate limit until attempts or time ran out.
    Throttled,
    /// The service failed (5xx), or could not be reached, until attempts or time ran out.
    ServiceError,
    /// The service answered something that makes no sense.
    BadResponse,
    /// No answer came, or the time was up before the run could start.
    Timeout,
    /// A template could not be rendered.
    TemplateError,
    /// SES refused the message.
    DeliveryRejected,
    /// It is not known whether SES took the message.
    DeliveryUnknown,
    /// The store could not be read or written.
    StoreError,
    /// A defect of this program.
    InternalError,
}

/// The stages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading the event, the settings and the definitions.
    Load,
    /// Working out the requests.
    Plan,
    /// Asking Connect.
    Query,
    /// Making the message.
    Render,
    /// Handing the message to SES.
    Deliver,
    /// Writing the outcome down.
    Record,
}

/// The hint for a send of which it is not known how it ended.
pub(crate) const ASK_THE_RECIPIENT: &str =
    "ask the recipient, and `resend --unknown` if it has not come";

impl Error {
    /// A failure that trying again does not mend.
    pub fn new(code: Code, stage: Stage, message: impl Into<String>) -> Self {
        Self {
            code,
            message: cut(&message.into(), LONGEST_MESSAGE),
            stage,
            report: None,
            retryable: false,
            hint: None,
            request_id: None,
            details: Vec::new(),
            spans: Vec::new(),
            quoted: None,
        }
    }

    /// The same failure, with what a person can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(cut(&hint.into(), LONGEST_MESSAGE));
        self
    }

    /// The same failure, as one that may pass by itself.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The same failure, as that of the report with this id.
    #[must_use]
    pub fn of_report(mut self, id: impl Into<String>) -> Self {
        self.report = Some(id.into());
        self
    }

    /// The same failure, with a text that may quote figures.
    #[must_use]
    pub fn quoting(mut self, text: impl Into<String>) -> Self {
        self.quoted = Some(Quoted(text.into().into_boxed_str()));
        self
    }

    /// The same failure with what it quotes in its message, for somebody at a terminal who may see
    /// figures.
    #[must_use]
    pub fn in_full(mut self) -> Self {
        if let Some(Quoted(text)) = self.quoted.take() {
            self.message = format!("{}: {text}", self.message);
        }
        self
    }

    /// The same failure, with the single problems that it consists of.
    #[must_use]
    pub fn details(mut self, details: Vec<Value>) -> Self {
        self.details = details;
        self
    }
}

impl Code {
    /// The code as it is reported, such as `VALIDATION_ERROR`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ValidationError => "VALIDATION_ERROR",
            Self::ConfigurationError => "CONFIGURATION_ERROR",
            Self::NotFound => "NOT_FOUND",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::Throttled => "THROTTLED",
            Self::ServiceError => "SERVICE_ERROR",
            Self::BadResponse => "BAD_RESPONSE",
            Self::Timeout => "TIMEOUT",
            Self::TemplateError => "TEMPLATE_ERROR",
            Self::DeliveryRejected => "DELIVERY_REJECTED",
            Self::DeliveryUnknown => "DELIVERY_UNKNOWN",
            Self::StoreError => "STORE_ERROR",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

impl Stage {
    /// The stage as it is reported, such as `query`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Plan => "plan",
            Self::Query => "query",
            Self::Render => "render",
            Self::Deliver => "deliver",
            Self::Record => "record",
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first characters of a text, so many at most, and an ellipsis where there are more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The most characters of an error's message, and of its hint, whatever they quote.
const LONGEST_MESSAGE: usize = 10_000;

/// The most characters of a word from outside that a message quotes.
pub(crate) const LONGEST_QUOTED: usize = 100;

/// The text with an ellipsis in the place of what is too long of each word in backquotes, and of its end
/// where the whole is longer than `most` characters: a word may hold backquotes itself.
pub(crate) fn cut_quoted(text: &str, most: usize) -> String {
    let parts = text.split('`').enumerate();
    let mut shown = String::with_capacity(text.len().min(4 * most));
    for (index, part) in parts {
        if index > 0 {
            shown.push('`');
        }
        if index % 2 == 1 {
            shown.push_str(&cut(part, LONGEST_QUOTED));
        } else {
            shown.push_str(part);
        }
    }
    cut(&shown, most)
}

/// `text` with every mail address replaced by `<address>`.
///
/// Services quote addresses in their errors, and errors end in logs and dead-letter queues. What is
/// replaced is rather too long than too short: all that may stand in a local part (RFC 5322, atext)
/// belongs to it.
pub fn redact_addresses(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let ends_word = |c: char| c.is_whitespace() || "<>()[],;:\"\\".contains(c);
    text.split_inclusive(ends_word)
        .map(|piece| {
            let word = piece.strip_suffix(ends_word).unwrap_or(piece);
            match piece.strip_prefix(word) {
                Some(rest) if word.contains('@') => format!("<address>{rest}"),
                _ => piece.to_owned(),
            }
        })
        .collect()
}

/// The value with every mail address in its texts replaced by `<address>`.
pub fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact_addresses(&text)),
        Value::Array(values) => Value::Array(values.into_iter().map(redacted).collect()),
        Value::Object(members) => {
            let member = |(key, value): (String, Value)| (redact_addresses(&key), redacted(value));
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_the_same_in_text_and_json() {
        for code in [Code::ValidationError, Code::BadResponse, Code::DeliveryUnknown] {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }

    /// Whoever makes an error of a text from outside need not think of its length.
    #[test]
    fn an_error_says_only_so_much() {
        let long = "é".repeat(1_000_000);
        let error = Error::new(Code::StoreError, Stage::Load, long.as_str()).hint(long);
        for text in [error.message, error.hint.unwrap()] {
            assert_eq!(text.chars().count(), LONGEST_MESSAGE + 1);
            assert!(text.ends_with('…'));
        }
    }

    #[test]
    fn addresses_leave_no_trace() {
        let cases = [
            (
                "Email address is not verified. The following identities failed the check in region \
                 EU-WEST-1: Ops <ops@example.com>, arn:aws:ses:eu-west-1:123456789012:identity/a.b+c@example.com",
                "Email address is not verified. The following identities failed the check in region \
                 EU-WEST-1: Ops <<address>>, arn:aws:ses:eu-west-1:123456789012:<address>",
            ),
            ("nothing here", "nothing here"),
            ("ana@example.com", "<address>"),
            ("o'brien/x=y|{z}@example.com, and", "<address>, and"),
            ("bounce+ana=example.com@example.org", "<address>"),
            ("ends in é", "ends in é"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact_addresses(text), expected);
        }
    }
}
