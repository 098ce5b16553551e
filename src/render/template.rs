//! The Tera templates: compiled in, parsed once.

use serde::Serialize;
use tera::{Context, ErrorKind, Tera};

use crate::definition::Placed;
use crate::error::{Code, Error, Stage};

/// HTML is escaped by the name's ending; the other templates must not be.
const HTML: &str = "email.html";
const TEXT: &str = "email.txt";
const TEMPLATES: [(&str, &str); 2] = [
    (HTML, include_str!("../../templates/email.html")),
    (TEXT, include_str!("../../templates/email.txt")),
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
        tera.add_raw_templates(TEMPLATES).map_err(|error| failure("the templates", &error))?;
        Ok(Self(tera))
    }

    pub(super) fn html(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render(HTML, context)
    }

    pub(super) fn text(&self, context: &impl Serialize) -> Result<String, Error> {
        self.render(TEXT, context)
    }

    /// The subject from the definition's own template.
    pub(super) fn subject(
        &self,
        template: &Placed<String>,
        context: &impl Serialize,
    ) -> Result<String, Error> {
        let context =
            Context::from_serialize(context).map_err(|error| failure("the subject", &error))?;
        let place = &template.place;
        let what = format!("the subject ({}:{}:{})", place.file, place.line, place.column);
        // Not escaped: a header is no HTML. It is made one line afterwards.
        Tera::one_off(&template.value, &context, false).map_err(|error| failure(&what, &error))
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String, Error> {
        let context = Context::from_serialize(context).map_err(|error| failure(name, &error))?;
        self.0.render(name, &context).map_err(|error| failure(name, &error))
    }
}

fn failure(what: &str, error: &tera::Error) -> Error {
    let problem = match error.kind() {
        ErrorKind::RenderingError(report) | ErrorKind::SyntaxError(report) => {
            let span = report.span();
            let (line, column) = (span.start_line, span.start_col + 1);
            format!("{what}, line {line}, column {column}: {}", report.message())
        }
        _ => format!("{what}: {error}"),
    };
    Error::new(Code::TemplateError, Stage::Render, problem)
}
