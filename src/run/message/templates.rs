//! The templates of messages: those that come with the program, and the deployment's own.

use std::sync::{Arc, Mutex, PoisonError};

use crate::definition::{self, Problem};
use crate::error::{Code, Error, Stage};
use crate::render::{Origin, TEMPLATE_HINT, TemplateFile, Templates};
use crate::run::definitions::defective;
use crate::run::ledger::{RenderingMark, TemplatesId};
use crate::store::{File, Store};

/// The place of the deployment's own templates, if it has any, and the templates that were read there last. A
/// process lives for many events, and templates seldom change.
#[derive(Debug)]
pub(crate) struct OwnTemplates {
    place: Option<Store>,
    built_in: Arc<Templates>,
    read: Mutex<Option<(String, Arc<Templates>)>>,
}

impl OwnTemplates {
    /// Prepares the templates.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where a template that comes with the program does not parse.
    pub(crate) fn new(place: Option<Store>) -> Result<Self, Error> {
        let built_in = Arc::new(Templates::built_in()?);
        Ok(Self { place, built_in, read: Mutex::default() })
    }

    /// The templates that come with the program.
    pub(crate) fn built_in(&self) -> &Arc<Templates> {
        &self.built_in
    }

    /// The templates as they are now.
    ///
    /// # Errors
    /// Fails where they can't be read; `TEMPLATE_ERROR` with everything that is wrong with them.
    pub(crate) async fn read(&self) -> Result<Arc<Templates>, Error> {
        let Some(place) = &self.place else {
            return Ok(Arc::clone(&self.built_in));
        };
        let files = read_templates(place).await?;
        let digest = digest(&files);
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, templates)) = known.filter(|(known, _)| *known == digest) {
            return Ok(templates);
        }
        let (templates, _) = Templates::read(&files).map_err(|problems| unusable(&problems))?;
        let origin = Origin { place: place.address(""), digest: digest.clone() };
        let templates = Arc::new(templates.read_from(origin));
        let read = Some((digest, Arc::clone(&templates)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(templates)
    }
}

/// Reads the templates at a place, by name, without those of subfolders.
///
/// # Errors
/// Fails where the place does not exist, or one of them can't be read.
pub async fn read_templates(place: &Store) -> Result<Vec<TemplateFile>, Error> {
    let mut files = place.files(TemplateFile::is_template).await.map_err(|error| {
        error.hint("set CONNECT_REPORTS_TEMPLATES to the folder, or the s3:// prefix, of templates")
    })?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
        .into_iter()
        .map(|File { name, content }| Ok(TemplateFile { place: name, content: content? }))
        .collect()
}

fn digest(files: &[TemplateFile]) -> String {
    let lines: Vec<String> = files
        .iter()
        .map(|file| format!("{} {}\n", file.place, definition::digest(&file.content)))
        .collect();
    definition::digest(lines.concat().as_bytes())
}

/// The error of templates that can't be used: no report is rendered.
pub fn unusable(problems: &[Problem]) -> Error {
    let error = defective(Stage::Load, problems, 0, |problem| {
        let Problem { file, line, column, message, .. } = problem;
        format!("{file}:{line}:{column}: {message}")
    });
    // Somebody may be fixing them.
    Error { code: Code::TemplateError, ..error.hint(TEMPLATE_HINT) }.retryable()
}

/// The templates with which earlier runs never came back from rendering: later ones might not either.
#[derive(Debug, Default)]
pub(crate) struct RunawayTemplates(Mutex<Vec<Origin>>);

impl RunawayTemplates {
    /// Adds the templates with which runs that are taken up were being rendered.
    pub(crate) fn learn(&self, origins: impl IntoIterator<Item = Origin>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(origins);
    }

    /// The templates, unless a run never came back from rendering with them.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR`, which is permanent.
    pub(crate) fn refuse(
        &self,
        templates: Result<Arc<Templates>, Error>,
    ) -> Result<Arc<Templates>, Error> {
        let templates = templates?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|left| Some(*left) == templates.origin()) {
            Some(left) => Err(never_came_back(left)),
            None => Ok(templates),
        }
    }
}

/// The identity of templates in the form that the ledger keeps.
pub(crate) fn templates_id(origin: &Origin) -> TemplatesId {
    TemplatesId { place: origin.place.clone(), digest: origin.digest.clone() }
}

/// The templates that a mark of the ledger names.
pub(crate) fn marked_templates(mark: &RenderingMark) -> Origin {
    let TemplatesId { place, digest } = mark.templates.clone();
    Origin { place, digest }
}

/// The error of a report that is not rendered, because an earlier process never came back from rendering with the
/// same templates.
pub(crate) fn never_came_back(origin: &Origin) -> Error {
    let message = format!(
        "rendering with the templates at {} did not end the last time, and they have not changed since",
        origin.place
    );
    let hint = "`connect-reports validate` shows the template that does not end; fix it, and run the \
                report by name for this window";
    Error::new(Code::TemplateError, Stage::Render, message).hint(hint)
}
