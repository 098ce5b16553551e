//! The Tera templates: compiled in, parsed once; any of them may be replaced by one's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tera::{Context, Kwargs, State, Tera, TeraResult};

use super::bounded::Bounded;
use super::built_in::{
    BUILT_IN, EMAIL_HTML, EMAIL_TEXT, NOTICE_HTML, NOTICE_TEXT, SUBJECT_TEXT, TREND_SVG,
};
use super::failure::Failure;
use super::isolate::isolated;
use super::line::with_plain_spaces;
use super::say::say;
use super::subject::{self, Subjects};
use super::{breaks, text};
use crate::definition::{Placed, Subject};
use crate::error::{Code, Error, Stage};

/// The templates of messages.
#[derive(Clone, Debug)]
pub struct Templates {
    pub(super) tera: Tera,
    subjects: Subjects,
    /// The places of templates of one's own, by name.
    pub(super) places: BTreeMap<String, String>,
    /// The place where they were read, and what they were then.
    origin: Option<Origin>,
}

/// The origin of the templates of one's own that a message is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The folder, or the `s3://` address.
    pub place: String,
    /// The digest of all of them.
    pub digest: String,
}

/// The most that a template may make, in bytes: no mail has so much text.
pub(super) const MOST_BYTES: usize = 10_000_000;

/// The most that a chart may have as SVG, in bytes: its picture takes many times as much.
pub(super) const MOST_SVG: usize = 5_000_000;

impl Templates {
    /// The templates that come with the program.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where one does not parse.
    pub fn built_in() -> Result<Self, Error> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html", ".svg"]);
        tera.register_filter("wrap", |text: String, _: Kwargs, _: &State<'_>| text::wrap(&text));
        tera.register_filter("isolate", |text: String, _: Kwargs, _: &State<'_>| isolated(&text));
        tera.register_filter("say", say);
        tera.register_filter("breakable", breaks::breakable);
        tera.add_raw_templates(BUILT_IN)
            .map_err(|error| template_error("the templates", &error))?;
        Ok(Self { tera, subjects: Subjects::new(), places: BTreeMap::new(), origin: None })
    }

    /// The same templates, read at this place.
    #[must_use]
    pub fn read_from(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// The origin of templates of one's own, if any are among them.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    pub(super) fn render_html(&self, context: &TemplateContext) -> Result<String, Error> {
        self.render(EMAIL_HTML, context)
    }

    pub(super) fn render_text(&self, context: &TemplateContext) -> Result<String, Error> {
        Ok(with_plain_spaces(&self.render(EMAIL_TEXT, context)?))
    }

    /// The chart of a trend as SVG.
    pub(super) fn render_trend(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render_within(TREND_SVG, &TemplateContext::new(context)?, MOST_SVG)
    }

    /// HTML and text of a notice.
    pub(super) fn render_notice(
        &self,
        context: &impl Serialize,
    ) -> Result<(String, String), Error> {
        let context = TemplateContext::new(context)?;
        let text = with_plain_spaces(&self.render(NOTICE_TEXT, &context)?);
        Ok((self.render(NOTICE_HTML, &context)?, text))
    }

    /// The subject as one line: from the definition's own template, or from `subject.txt`.
    pub(super) fn render_subject(
        &self,
        own: Option<&Placed<Subject>>,
        context: &TemplateContext,
    ) -> Result<String, Error> {
        let (what, text) = match own {
            None => (SUBJECT_TEXT.to_owned(), self.render(SUBJECT_TEXT, context)?),
            Some(own) => {
                let what = subject_at(own);
                let text = self.own_subject(&own.value, context);
                let text = text.map_err(|failure| failure.into_error(&what, &BTreeMap::new()))?;
                (what, text)
            }
        };
        match subject::subject_line(&text) {
            line if line.is_empty() => {
                let problem = format!("{what} is empty");
                Err(Error::new(Code::TemplateError, Stage::Render, problem))
            }
            line => Ok(line),
        }
    }

    /// The text that the template of a definition's subject makes.
    pub(super) fn own_subject(
        &self,
        subject: &Subject,
        context: &TemplateContext,
    ) -> Result<String, Failure> {
        self.subjects.render(subject, &context.0)
    }

    fn render(&self, name: &str, context: &TemplateContext) -> Result<String, Error> {
        self.render_within(name, context, MOST_BYTES)
    }

    fn render_within(
        &self,
        name: &str,
        context: &TemplateContext,
        most: usize,
    ) -> Result<String, Error> {
        match self.render_bounded(name, &context.0, most) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(self.too_large_error(name, most)),
            Err(error) => Err(Failure::new(&error).into_error(name, &self.places)),
        }
    }

    /// The text that a template makes; none where it would have more bytes than that.
    pub(super) fn render_bounded(
        &self,
        name: &str,
        context: &Context,
        most: usize,
    ) -> TeraResult<Option<String>> {
        let mut made = Bounded::new(most);
        let rendered = self.tera.render_to(name, context, &mut made);
        if made.is_full() {
            return Ok(None);
        }
        rendered.map(|()| Some(made.into_text()))
    }

    /// The error that a template makes more than so many bytes.
    pub(super) fn too_large_error(&self, name: &str, most: usize) -> Error {
        let file = self.places.get(name).map_or(name, String::as_str);
        let message =
            format!("{file} makes more than {} MB, the most that is allowed", most / 1_000_000);
        Error::new(Code::TemplateError, Stage::Render, message)
            .hint("look for loops over more than the message needs")
    }
}

/// A context in the form in which templates take it: of a message it is the same for all of them.
#[derive(Debug)]
pub(super) struct TemplateContext(Context);

impl TemplateContext {
    pub(super) fn new(context: &impl Serialize) -> Result<Self, Error> {
        let context = Context::from_serialize(context);
        context.map(Self).map_err(|error| template_error("the context of the templates", &error))
    }
}

fn subject_at(own: &Placed<Subject>) -> String {
    let place = &own.place;
    format!("the subject ({}:{}:{})", place.file, place.line, place.column)
}

fn template_error(what: &str, error: &tera::Error) -> Error {
    Failure::new(error).into_error(what, &BTreeMap::new())
}
