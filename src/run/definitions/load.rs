//! Definitions as they lie in the store become reports, or failures with every problem.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::definition::{
    self, Contacts, Omitted, Parsed, Problem, Report, ReportId, Severity, nearest,
};
use crate::error::{Code, Error, Stage};
use crate::metric::Limits;
use crate::render::{self, Templates};
use crate::run::definitions::compatibility::{beyond_bounds, beyond_version};
use crate::run::outcome::RunOutcome;
use crate::settings::Deployment;
use crate::store::File;

/// Definitions as they were read.
#[derive(Debug, Default)]
pub struct Definitions {
    /// The valid ones, by id.
    pub reports: Vec<Arc<Report>>,
    /// The others.
    pub invalid: Vec<Invalid>,
    /// Everything that was found, warnings included.
    pub problems: Vec<Problem>,
}

/// A definition that is not valid, or can't be read.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The outcome of its run.
    pub outcome: RunOutcome,
    /// Its file's name without folder and `.toml`, which may be anything.
    pub stem: String,
    /// The digest of its text, or of why it can't be read: it tells this content from others.
    pub digest: String,
    /// The mailboxes to and from which a notice can be sent.
    pub contacts: Contacts,
}

/// The things that every definition is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'c> {
    /// The settings that hold for every definition.
    pub deployment: &'c Deployment,
    /// The templates of messages.
    pub templates: &'c Templates,
    /// The limits of the API's version.
    pub limits: &'c Limits,
}

/// The definitions that were read before, by file: a process lives for many events, and texts seldom change.
#[derive(Debug, Default)]
pub(crate) struct DefinitionCache(Mutex<BTreeMap<String, Known>>);

/// A definition that was read before.
#[derive(Clone, Debug)]
struct Known {
    /// The digest of its text.
    digest: String,
    /// The report, if nothing stops it.
    report: Option<Arc<Report>>,
    problems: Vec<Problem>,
    omitted: Omitted,
}

impl DefinitionCache {
    /// The valid ones as they were read last: all, or those that are named.
    pub(crate) fn reports(&self, named: &[ReportId]) -> Vec<Arc<Report>> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reports = read.values().filter_map(|known| known.report.as_ref());
        let named: BTreeSet<&ReportId> = named.iter().collect();
        let wanted = reports.filter(|report| named.is_empty() || named.contains(&report.id));
        wanted.cloned().collect()
    }

    /// Forgets what is not there any more.
    pub(crate) fn forget_all_but(&self, names: &BTreeSet<String>) {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|name, _| names.contains(name));
    }

    /// Checks a definition, unless the digest of its text is known.
    fn check(&self, checks: Checks<'_>, name: &str, content: &[u8]) -> Known {
        let digest = definition::digest(content);
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(name).filter(|known| known.digest == digest) {
            return known.clone();
        }
        let Parsed { report, problems, omitted } = checks.check(name, content);
        let runs = !problems.iter().any(Problem::stops);
        let report = report.filter(|_| runs).map(Arc::new);
        let known = Known { digest, report, problems, omitted };
        read.insert(name.to_owned(), known.clone());
        known
    }
}

impl Checks<'_> {
    /// Reads a definition and gathers what every stage finds wrong with it before anything is
    /// asked.
    pub fn check(self, name: &str, content: &[u8]) -> Parsed {
        let mut parsed = definition::parse(name, content, self.deployment);
        let Some(report) = &parsed.report else { return parsed };
        let mut found: Vec<Problem> =
            render::check_subject(self.templates, report).into_iter().collect();
        found.extend(beyond_version(report, name, self.limits));
        found.extend(beyond_bounds(report, self.limits));
        parsed.add(found, Omitted::default());
        parsed
    }
}

impl Definitions {
    /// Tells whether there is not a single one, valid or not.
    pub(crate) fn are_none(&self) -> bool {
        self.reports.is_empty() && self.invalid.is_empty()
    }

    /// Loads the definitions that are named, as far as they are among the files.
    pub(crate) fn load_named(
        files: &[File],
        named: &[ReportId],
        checks: Checks<'_>,
        cache: &DefinitionCache,
    ) -> Self {
        let mut definitions = Self::default();
        let by_stem: BTreeMap<&str, &File> = files.iter().map(|file| (file.stem(), file)).collect();
        for file in named.iter().filter_map(|id| by_stem.get(id.as_str())) {
            definitions.add(file, checks, cache);
        }
        definitions
    }

    pub(crate) fn add(&mut self, file: &File, checks: Checks<'_>, cache: &DefinitionCache) {
        let content = match &file.content {
            Ok(content) => content,
            Err(error) => {
                let (stem, code) = (file.stem().to_owned(), error.code);
                self.invalid.push(Invalid {
                    outcome: RunOutcome::invalid(&stem, error.clone()),
                    // Of the same kind, whatever the service says besides.
                    digest: definition::digest(format!("unreadable: {code}").as_bytes()),
                    contacts: Contacts::read(b"", checks.deployment),
                    stem,
                });
                return;
            }
        };
        let known = cache.check(checks, &file.name, content);
        match known.report {
            Some(report) => self.reports.push(report),
            None => self.invalid.push(Invalid {
                outcome: invalid(file, &known.problems, known.omitted),
                stem: file.stem().to_owned(),
                digest: known.digest,
                contacts: Contacts::read(content, checks.deployment),
            }),
        }
        self.problems.extend(known.problems);
    }
}

fn invalid(file: &File, problems: &[Problem], omitted: Omitted) -> RunOutcome {
    let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    let what = match has_errors {
        true => "is not valid",
        false => "asks for what this version can't do",
    };
    let error = defective(Stage::Load, problems, omitted.errors, |problem| {
        let Problem { line, message, .. } = problem;
        format!("the definition {} {what}: line {line}, {message}", file.name)
    });
    RunOutcome::invalid(file.stem(), error)
}

/// The most problems that an error lists.
pub(crate) const MOST_TOLD: usize = 100;

/// The failure that problems of a definition are: the first in words, and all of them with their
/// places. So many more errors are only counted.
pub(crate) fn defective(
    stage: Stage,
    problems: &[Problem],
    omitted: usize,
    tell: impl Fn(&Problem) -> String,
) -> Error {
    let stopping: Vec<&Problem> = problems.iter().filter(|problem| problem.stops()).collect();
    let first = stopping.first().map(|problem| tell(problem)).unwrap_or_default();
    let message = match stopping.len() + omitted {
        0 | 1 => first,
        several => format!("{first} (and {} more)", several - 1),
    };
    let told = || problems.iter().take(MOST_TOLD);
    let error = Error::new(Code::ValidationError, stage, message)
        .hint("change the definition; `details` has the problems with their lines")
        .details(told().map(|problem| json!(problem)).collect());
    let spans = told().map(|problem| problem.span.clone()).collect();
    let error = Error { spans, ..error };
    match stopping.iter().find_map(|problem| problem.quoted.as_deref()) {
        Some(quoted) => error.quoting(quoted),
        None => error,
    }
}

/// The most reports that an error lists.
const TOLD: usize = 10;

/// The failure that there is no report of this id, with the nearest of those that are known, and these.
pub fn unknown_report<'k>(id: &ReportId, known: impl IntoIterator<Item = &'k str>) -> Error {
    let known = known.into_iter().filter(|known| known.parse::<ReportId>().is_ok());
    let known: BTreeSet<&str> = known.collect();
    let near = nearest(id.as_str(), known.iter().copied());
    let meant = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let told = known.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
    let told = match (known.len(), known.len().saturating_sub(TOLD)) {
        (0, _) => "a report's id is the name of its definition's file without .toml".to_owned(),
        (_, 0) => format!("there are: {told}"),
        (count, more) => format!("there are {count} reports: {told} and {more} more"),
    };
    Error::new(Code::NotFound, Stage::Load, format!("there is no report `{id}`"))
        .of_report(id.as_str())
        .hint(format!("{meant}{told}"))
}
