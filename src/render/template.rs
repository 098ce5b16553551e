//! The Tera templates: compiled in, parsed once; any of them may be replaced by one's own.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tera::{Context, Kwargs, State, Tera, TeraResult};

use super::failure::Failure;
use super::isolate::isolated;
use super::subject::{self, Subjects};
use super::{breaks, text};
use crate::definition::{Placed, Subject};
use crate::error::{Code, Error, Stage};
use crate::language::Locale;

/// HTML and SVG are escaped by the name's ending; the other templates must not be.
pub(super) const HTML: &str = "email.html";
pub(super) const TEXT: &str = "email.txt";
pub(super) const SUBJECT: &str = "subject.txt";
pub(super) const TREND: &str = "trend.svg";
const NOTICE_HTML: &str = "notice.html";
const NOTICE_TEXT: &str = "notice.txt";

/// The templates of what owners are told, which does not depend on anybody's own.
pub(super) const NOTICES: [&str; 2] = [NOTICE_HTML, NOTICE_TEXT];

/// The templates that come with the program, by name.
pub(super) const BUILT_IN: [(&str, &str); 15] = [
    (HTML, include_str!("../../templates/email.html")),
    (TEXT, include_str!("../../templates/email.txt")),
    (SUBJECT, include_str!("../../templates/subject.txt")),
    (TREND, include_str!("../../templates/trend.svg")),
    (NOTICE_HTML, include_str!("../../templates/notice.html")),
    (NOTICE_TEXT, include_str!("../../templates/notice.txt")),
    ("attention.html", include_str!("../../templates/attention.html")),
    ("change.html", include_str!("../../templates/change.html")),
    ("figure.html", include_str!("../../templates/figure.html")),
    ("foot.html", include_str!("../../templates/foot.html")),
    ("head.html", include_str!("../../templates/head.html")),
    ("notes.html", include_str!("../../templates/notes.html")),
    ("table.html", include_str!("../../templates/table.html")),
    ("totals.html", include_str!("../../templates/totals.html")),
    ("trend.html", include_str!("../../templates/trend.html")),
];

/// The templates of messages.
#[derive(Clone, Debug)]
pub struct Templates {
    pub(super) tera: Tera,
    subjects: Subjects,
}

impl Templates {
    /// The templates that come with the program.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where one does not parse.
    pub fn built_in() -> Result<Self, Error> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html", ".svg"]);
        tera.register_filter("wrap", |text: String, _: Kwargs, _: &State<'_>| text::wrapped(&text));
        tera.register_filter("isolate", |text: String, _: Kwargs, _: &State<'_>| isolated(&text));
        tera.register_filter("say", say);
        tera.register_filter("breakable", breaks::breakable);
        tera.add_raw_templates(BUILT_IN).map_err(|error| failure("the templates", &error))?;
        Ok(Self { tera, subjects: Subjects::new() })
    }

    pub(super) fn html(&self, context: &Prepared) -> Result<String, Error> {
        self.render(HTML, context)
    }

    pub(super) fn text(&self, context: &Prepared) -> Result<String, Error> {
        Ok(text::with_plain_spaces(&self.render(TEXT, context)?))
    }

    /// The chart of a trend as SVG.
    pub(super) fn trend(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render(TREND, &Prepared::of(context)?)
    }

    /// HTML and text of a notice.
    pub(super) fn notice(&self, context: &impl Serialize) -> Result<(String, String), Error> {
        let context = Prepared::of(context)?;
        let text = text::with_plain_spaces(&self.render(NOTICE_TEXT, &context)?);
        Ok((self.render(NOTICE_HTML, &context)?, text))
    }

    /// The subject as one line: from the definition's own template, or from `subject.txt`.
    pub(super) fn subject(
        &self,
        own: Option<&Placed<Subject>>,
        context: &Prepared,
    ) -> Result<String, Error> {
        let (what, text) = match own {
            None => (SUBJECT.to_owned(), self.render(SUBJECT, context)?),
            Some(own) => {
                let what = subject_at(own);
                let text = self.own_subject(&own.value, context);
                let text = text.map_err(|failure| failure.into_error(&what, |_| false))?;
                (what, text)
            }
        };
        match subject::line(&text) {
            line if line.is_empty() => {
                let problem = format!("{what} is empty");
                Err(Error::new(Code::TemplateError, Stage::Render, problem))
            }
            line => Ok(line),
        }
    }

    /// What the template of a definition's subject makes.
    pub(super) fn own_subject(
        &self,
        subject: &Subject,
        context: &Prepared,
    ) -> Result<String, Failure> {
        self.subjects.render(subject, &context.0)
    }

    fn render(&self, name: &str, context: &Prepared) -> Result<String, Error> {
        self.tera.render(name, &context.0).map_err(|error| failure(name, &error))
    }
}

/// A context in the form in which templates take it: of a message it is the same for all of them.
#[derive(Debug)]
pub(super) struct Prepared(Context);

impl Prepared {
    pub(super) fn of(context: &impl Serialize) -> Result<Self, Error> {
        let context = Context::from_serialize(context);
        context.map(Self).map_err(|error| failure("the context of the templates", &error))
    }
}

/// A text in the message's language, by its English words; named values stand in their places.
pub(super) fn say(english: String, values: Kwargs, state: &State<'_>) -> TeraResult<String> {
    let tag = state.get::<String>("language")?;
    let locale = tag.and_then(|tag| Locale::parse(&tag)).unwrap_or_default();
    let values: BTreeMap<String, Value> = values.deserialize()?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let values: Vec<(String, String)> =
        values.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let values: Vec<(&str, &str)> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(locale.language().say_with(&english, &values))
}

fn subject_at(own: &Placed<Subject>) -> String {
    let place = &own.place;
    format!("the subject ({}:{}:{})", place.file, place.line, place.column)
}

fn failure(what: &str, error: &tera::Error) -> Error {
    let is_built_in = |file: &str| BUILT_IN.iter().any(|(name, _)| *name == file);
    Failure::of(error).into_error(what, is_built_in)
}
