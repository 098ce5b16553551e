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
        if named.is_empty() {
            return self.read_all().await;
        }
        let files = self.store.named(named).await?;
        let stems: BTreeSet<&str> = files.iter().map(File::stem).collect();
        match named.iter().find(|id| !stems.contains(id.as_str())) {
            Some(missing) => Err(self.missing(missing).await?),
            None => Ok(Definitions::load_named(&files, named, self.checks(), &self.cache)),
        }
    }

    /// Reads all definitions, one after the other.
    async fn read_all(&self) -> Result<Definitions, Error> {
        let (mut definitions, mut names) = (Definitions::default(), BTreeSet::new());
        let take = |file: File| {
            definitions.add(&file, self.checks(), &self.cache);
            names.insert(file.name);
        };
        self.store.read_definitions(take).await?;
        self.cache.forget_all_but(&names);
        Ok(definitions)
    }

    /// The error that there is no such report, with those that there are.
    async fn missing(&self, id: &ReportId) -> Result<Error, Error> {
        let stems = self.store.definition_stems().await?;
        if !stems.is_empty() {
            return Ok(unknown_report(id, stems.iter().map(String::as_str)));
        }
        let none = self.store.no_definitions();
        let message = format!("there is no report `{id}`: {}", none.message);
        Ok(Error { code: Code::NotFound, message, ..none }.of_report(id.as_str()))
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
        Ok(Definitions::load_named(&files, &existing, self.checks(), &self.cache))
    }

    /// The valid reports as they were read last: all, or those that are named.
    pub(crate) fn known_reports(&self, named: &[ReportId]) -> Vec<Arc<Report>> {
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
