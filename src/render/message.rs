//! A message, whoever gets it: subject, bodies, pictures and files.

use serde::{Deserialize, Serialize};

use super::subject;
use crate::language::Language;

/// A message as every recipient gets it, and as it is stored beside the record of its run.
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
    /// The files that are too large for mail; the message says that they are in the store.
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
        Self { subject: subject::subject_line(&subject), ..self }
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

#[cfg(test)]
mod tests {
    use super::super::line::one_line;
    use super::Message;
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
