//! The templates of messages: those that come with the program, or with some of one's own.

use std::sync::{Arc, Mutex, PoisonError};

use super::definitions::defective;
use crate::definition::{self, Problem};
use crate::error::{Code, Error, Stage};
use crate::render::{TemplateFile, Templates};
use crate::store::Store;

/// Where templates of one's own lie, if there are any, and what was read there last: a process lives
/// for many events, and templates seldom change.
#[derive(Debug)]
pub(super) struct OwnTemplates {
    place: Option<Store>,
    built_in: Arc<Templates>,
    read: Mutex<Option<(String, Arc<Templates>)>>,
}

impl OwnTemplates {
    /// # Errors
    /// `TEMPLATE_ERROR` where a template that comes with the program does not parse.
    pub(super) fn at(place: Option<Store>) -> Result<Self, Error> {
        let built_in = Arc::new(Templates::built_in()?);
        Ok(Self { place, built_in, read: Mutex::default() })
    }

    /// Those that come with the program.
    pub(super) fn built_in(&self) -> &Templates {
        &self.built_in
    }

    /// The templates as they are now.
    ///
    /// # Errors
    /// Where they can't be read; `TEMPLATE_ERROR` with everything that is wrong with them.
    pub(super) async fn now(&self) -> Result<Arc<Templates>, Error> {
        let Some(place) = &self.place else {
            return Ok(Arc::clone(&self.built_in));
        };
        let files = place.templates().await?;
        let digest = digest(&files);
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, templates)) = known.filter(|(known, _)| *known == digest) {
            return Ok(templates);
        }
        let (templates, _) = Templates::with(&files).map_err(|problems| unusable(&problems))?;
        let templates = Arc::new(templates);
        let read = Some((digest, Arc::clone(&templates)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(templates)
    }
}

fn digest(files: &[TemplateFile]) -> String {
    let of_file =
        |file: &TemplateFile| format!("{} {}\n", file.place, definition::digest(&file.content));
    definition::digest(files.iter().map(of_file).collect::<String>().as_bytes())
}

/// The error that no report can be rendered with its templates.
fn unusable(problems: &[Problem]) -> Error {
    let error = defective(Stage::Load, problems, |problem| {
        let Problem { file, line, column, message, .. } = problem;
        format!("{file}:{line}:{column}: {message}")
    });
    let hint = "mend the template; `connect-reports validate` tells everything that is wrong";
    // Somebody may be mending it.
    Error { code: Code::TemplateError, ..error.hint(hint) }.retryable()
}
