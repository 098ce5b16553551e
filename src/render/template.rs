//! The Tera templates: compiled in, parsed once.

use serde::Serialize;
use tera::{Context, ErrorKind, Kwargs, State, Tera};

use super::{one_line, text};
use crate::definition::Placed;
use crate::error::{Code, Error, Stage};

/// HTML is escaped by the name's ending; the other templates must not be.
const HTML: &str = "email.html";
const TEXT: &str = "email.txt";
const NOTICE_HTML: &str = "notice.html";
const NOTICE_TEXT: &str = "notice.txt";
const TEMPLATES: [(&str, &str); 5] = [
    ("beside.html", include_str!("../../templates/beside.html")),
    (HTML, include_str!("../../templates/email.html")),
    (TEXT, include_str!("../../templates/email.txt")),
    (NOTICE_HTML, include_str!("../../templates/notice.html")),
    (NOTICE_TEXT, include_str!("../../templates/notice.txt")),
];

/// The templates of messages.
#[derive(Clone, Debug)]
pub struct Templates(Tera);

impl Templates {
    /// The templates that come with the program.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where one does not parse.
    pub fn built_in() -> Result<Self, Error> {
        let mut tera = Tera::new();
        tera.register_filter("wrap", |text: String, _: Kwargs, _: &State<'_>| text::wrapped(&text));
        tera.add_raw_templates(TEMPLATES).map_err(|error| failure("the templates", &error))?;
        Ok(Self(tera))
    }

    pub(super) fn html(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render(HTML, context)
    }

    pub(super) fn text(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render(TEXT, context)
    }

    /// HTML and text of a notice.
    pub(super) fn notice(&self, context: &impl Serialize) -> Result<(String, String), Error> {
        Ok((self.render(NOTICE_HTML, context)?, self.render(NOTICE_TEXT, context)?))
    }

    /// Why the definition's own template of the subject can't be used, whatever it is given: it
    /// does not parse, or there is no such filter.
    pub(super) fn subject_syntax(&self, template: &Placed<String>) -> Option<String> {
        let mut tera = Tera::new();
        let added = tera.add_raw_template("subject", &template.value);
        let error = added.err().map(|error| failure("the subject", &error))?;
        Some(error.message)
    }

    /// The subject from the definition's own template, as one line.
    pub(super) fn subject(
        &self,
        template: &Placed<String>,
        context: &impl Serialize,
    ) -> Result<String, Error> {
        let context =
            Context::from_serialize(context).map_err(|error| failure("the subject", &error))?;
        // Not escaped: a header is no HTML.
        let subject = Tera::one_off(&template.value, &context, false)
            .map_err(|error| failure(&subject_at(template), &error))?;
        match one_line(&subject) {
            subject if subject.is_empty() => {
                let problem = format!("{} is empty", subject_at(template));
                Err(Error::new(Code::TemplateError, Stage::Render, problem))
            }
            subject => Ok(subject),
        }
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String, Error> {
        let context = Context::from_serialize(context).map_err(|error| failure(name, &error))?;
        self.0.render(name, &context).map_err(|error| failure(name, &error))
    }
}

pub(super) fn subject_at(template: &Placed<String>) -> String {
    let place = &template.place;
    format!("the subject ({}:{}:{})", place.file, place.line, place.column)
}

fn failure(what: &str, error: &tera::Error) -> Error {
    let problem = match error.kind() {
        ErrorKind::RenderingError(report) | ErrorKind::SyntaxError(report) => {
            let span = report.span();
            let (line, column) = (span.start_line, span.start_col + 1);
            format!("{what}, line {line}, column {column}: {}", report.message())
        }
        _ => {
            // The first line says what it is; the rest draws the place of it.
            let text = error.to_string();
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            format!("{what}: {}", first.trim_start_matches("error: "))
        }
    };
    Error::new(Code::TemplateError, Stage::Render, problem)
}
