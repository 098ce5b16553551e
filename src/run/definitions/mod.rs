//! Definitions as they lie in the store become reports, or failures with every problem.

mod compatibility;
mod load;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::{Report, ReportId};
use crate::error::{Code, Error};
use crate::metric::Limits;
use crate::render::Templates;
use crate::run::definitions::load::DefinitionCache;
use crate::settings::{Deployment, Settings};
use crate::store::{File, Store};

pub(crate) use compatibility::too_many_requests;
pub use load::{Checks, Definitions, unknown_report};
pub(crate) use load::{Invalid, MOST_TOLD, defective};

/// The source of definitions, with those that were read before.
#[derive(Debug)]
pub(crate) struct DefinitionSource {
    store: Store,
    cache: DefinitionCache,
    deployment: Deployment,
    limits: Limits,
    /// The templates that come with the program, which subjects are tried with.
    templates: Arc<Templates>,
}

impl DefinitionSource {
    pub(crate) fn new(store: Store, settings: &Settings, templates: &Arc<Templates>) -> Self {
        Self {
            store,
            cache: DefinitionCache::default(),
            deployment: settings.deployment.clone(),
            limits: settings.limits.clone(),
            templates: Arc::clone(templates),
        }
    }

    /// Reads the definitions: all, or those that are named.
    ///
    /// # Errors
    /// Where they can't be read; `NOT_FOUND` where one that is named does not exist.
    pub(crate) async fn read(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        let Some(first) = named.first() else {
            let files = self.store.definitions().await?;
            return Ok(Definitions::load_all(&files, self.checks(), &self.cache));
        };
        let files = self.named_files(named).await?;
        if files.is_empty() {
            let none = self.store.no_definitions();
            let message = format!("there is no report `{first}`: {}", none.message);
            return Err(Error { code: Code::NotFound, message, ..none }.of_report(first.as_str()));
        }
        Definitions::load_named(&files, named, self.checks(), &self.cache)
    }

    /// The files of these reports; all there are, where one of them is missing.
    async fn named_files(&self, named: &[ReportId]) -> Result<Vec<File>, Error> {
        let files = self.store.named(named).await?;
        if files.len() == named.len() { Ok(files) } else { self.store.definitions().await }
    }

    /// Reads the definitions of what was due a short while ago: one that has been removed is due no more.
    ///
    /// # Errors
    /// Where they can't be read.
    pub(crate) async fn read_existing(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        let files = self.store.named(named).await?;
        let stems: BTreeSet<&str> = files.iter().map(File::stem).collect();
        let exists = |id: &&ReportId| stems.contains(id.as_str());
        let existing: Vec<ReportId> = named.iter().filter(exists).cloned().collect();
        if existing.len() < named.len() {
            let removed = named.len() - existing.len();
            tracing::warn!(removed, "definitions of reports that were due are not there any more");
        }
        Definitions::load_named(&files, &existing, self.checks(), &self.cache)
    }

    /// The valid reports as they were read last: all, or those that are named.
    pub(crate) fn known_reports(&self, named: &[ReportId]) -> Vec<Report> {
        self.cache.reports(named)
    }

    /// The error that there is not a single definition, and what helps.
    pub(crate) fn no_definitions(&self) -> Error {
        self.store.no_definitions()
    }

    fn checks(&self) -> Checks<'_> {
        let Self { deployment, templates, limits, .. } = self;
        Checks { deployment, templates, limits }
    }
}
