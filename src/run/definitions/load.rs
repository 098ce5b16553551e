//! Definitions as they lie in the store become reports, or failures with every problem.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::definition::{
    self, Column, Contacts, Dimension, MetricQuery, Omitted, Parsed, Place, Problem, Report,
    ReportId, Section, Selector, Severity, Threshold, nearest,
};
use crate::error::{Code, Error, Stage};
use crate::metric::Limits;
use crate::plan::{self, Directory, Query};
use crate::render::{self, Templates};
use crate::run::outcome::run_outcome::RunOutcome;
use crate::settings::Deployment;
use crate::store::File;
use crate::window::WindowRule;

/// What the definitions turned out to be.
#[derive(Debug, Default)]
pub struct Definitions {
    /// The valid ones, by id.
    pub reports: Vec<Report>,
    /// The others.
    pub invalid: Vec<Invalid>,
    /// Everything that was found, warnings included.
    pub problems: Vec<Problem>,
}

/// A definition that is not valid, or can't be read.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// How its run ends.
    pub outcome: RunOutcome,
    /// Its file's name without folder and `.toml`, which may be anything.
    pub stem: String,
    /// What tells this content from others: the digest of its text, or of why it can't be read.
    pub digest: String,
    /// Who can be told, and by whom.
    pub contacts: Contacts,
}

/// What every definition is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'c> {
    /// What holds for every definition.
    pub deployment: &'c Deployment,
    /// The templates of messages.
    pub templates: &'c Templates,
    /// The limits of the API's version.
    pub limits: &'c Limits,
}

/// The definitions that were read before, with what they turned out to be: a process lives for many
/// events, and texts seldom change.
#[derive(Debug, Default)]
pub(crate) struct DefinitionCache(Mutex<BTreeMap<String, (String, Parsed)>>);

impl DefinitionCache {
    /// The valid ones as they were read last: all, or those that are named.
    pub(crate) fn reports(&self, named: &[ReportId]) -> Vec<Report> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parsed = read.values().map(|(_, parsed)| parsed);
        let valid = parsed.filter(|parsed| !parsed.problems.iter().any(Problem::stops));
        let reports = valid.filter_map(|parsed| parsed.report.as_ref());
        let named: BTreeSet<&ReportId> = named.iter().collect();
        let wanted = reports.filter(|report| named.is_empty() || named.contains(&report.id));
        wanted.cloned().collect()
    }

    /// Forgets what is not there any more.
    fn forget_all_but(&self, files: &[File]) {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        read.retain(|name, _| there.contains(name.as_str()));
    }

    /// What a definition is, by the digest of its text.
    fn check(&self, checks: Checks<'_>, name: &str, content: &[u8]) -> Parsed {
        let digest = definition::digest(content);
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match read.get(name) {
            Some((known, parsed)) if *known == digest => parsed.clone(),
            _ => {
                let parsed = checks.check(name, content);
                read.insert(name.to_owned(), (digest, parsed.clone()));
                parsed
            }
        }
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

/// What the version of the API does not have that the deployment keeps to.
fn beyond_version(report: &Report, file: &str, limits: &Limits) -> Vec<Problem> {
    let help = "use what the API's first version has, or unset CONNECT_REPORTS_API";
    let mut found = Vec::new();
    let mut of_report = |message: String| {
        let top = Place { file: file.to_owned(), line: 1, column: 1, span: 0..0 };
        found.push(top.error("api-version", message, help));
    };
    if !limits.has_gov_cloud && report.instance.partition() == "aws-us-gov" {
        of_report("the API is not in the GovCloud Regions".to_owned());
    }
    let reach = report.window.reach_in_days() + report.compare.further_in_days(report.window);
    let history = limits.history.as_hours() / 24;
    // How far back the last workday lies depends on the holidays, and mostly it is not far.
    let varies = matches!(report.window, WindowRule::PreviousWorkday | WindowRule::Hours { .. });
    if reach > history && !varies {
        of_report(format!(
            "the report reaches {reach} days back; the API's version has figures of {history} days"
        ));
    }
    for section in &report.sections {
        let keys = section.group_by.iter().chain(section.filters.keys());
        let unknown = keys.filter(|key| !limits.has_key(key.key()));
        let of_keys = unknown.zip(section.columns.first()).map(|(key, column)| {
            let message = format!("the API's version does not have the key {}", key.key());
            column.place.error("api-version", message, help)
        });
        found.extend(of_keys);
        let channels = section.filters.get(&Dimension::Channel).into_iter();
        let channels = channels.flat_map(|selection| &selection.taken);
        found.extend(channels.filter_map(|channel| match &channel.value {
            Selector::Id(name) if !limits.channels.contains(&name.as_str()) => {
                let message = format!("the API's version does not have the channel {name}");
                Some(channel.place.error("api-version", message, help))
            }
            _ => None,
        }));
        let of_columns = section.columns.iter().filter_map(|column| {
            let message = lacking(section, &column.metric, limits)?;
            Some(column.place.error("api-version", message, help))
        });
        found.extend(of_columns);
    }
    found
}

/// What the version of the API does not have of a metric as a section asks it.
fn lacking(section: &Section, metric: &MetricQuery, limits: &Limits) -> Option<String> {
    let name = &metric.name;
    let lacks = |key: &&str| limits.lacks(name, key);
    let keys = section.group_by.iter().chain(section.filters.keys()).map(Dimension::key);
    let own = || metric.filters.iter().map(|filter| filter.key.as_str());
    let compares = |threshold: Threshold| limits.comparisons.contains(&threshold.comparison);
    let negated = || metric.filters.iter().any(|filter| filter.negate);
    if !limits.has_metric(name) {
        return Some(format!("the API's version does not have {name}"));
    }
    if let Some(threshold) = metric.threshold.filter(|threshold| !compares(*threshold)) {
        let comparison = threshold.comparison.as_str();
        return Some(format!("the API's version does not compare by {comparison}"));
    }
    if let Some(key) = own().find(|key| !limits.has_metric_filter(key)) {
        return Some(format!("the API's version does not have the metric filter {key}"));
    }
    if let Some(key) = keys.chain(own()).find(lacks) {
        return Some(format!("the API's version does not have {name} by {key}"));
    }
    (negated() && !limits.can_negate)
        .then(|| "the API's version does not have `where_not`".to_owned())
}

/// Problems of what the report asks beyond the bounds of one request, and of all of them, as far as the definition
/// alone tells.
fn beyond_bounds(report: &Report, limits: &Limits) -> Vec<Problem> {
    let Some(window) = render::example_window(report) else {
        return Vec::new();
    };
    let nobody = Directory::default();
    let query = |section: &Section| {
        Query::for_section(&at_least(section), &report.instance, &window, &nobody).ok()
    };
    let queries: Vec<Option<Query>> = report.sections.iter().map(query).collect();
    let sections = || report.sections.iter().zip(&queries);
    let requests =
        |query: &Option<Query>| query.as_ref().map_or(0, |query| plan::requests_for(query, limits));
    let all = queries.iter().map(requests).fold(0, usize::saturating_add);
    if all > plan::MOST_REQUESTS {
        let largest = sections().max_by_key(|(_, query)| requests(query));
        let place = largest.and_then(|(section, _)| section.columns.first());
        let problem = |column: &Column| {
            let (message, help) = too_many_requests(all);
            column.place.error("too-many-requests", message, help)
        };
        return place.map(problem).into_iter().collect();
    }
    sections()
        .filter_map(|(section, query)| Some(not_available(section, query.as_ref()?, limits)))
        .flatten()
        .collect()
}

/// The words for a report that takes so many requests, and what helps.
pub(crate) fn too_many_requests(requests: usize) -> (String, &'static str) {
    let most = plan::MOST_REQUESTS;
    let message = format!("the report takes {requests} requests at least, {most} are allowed");
    (message, "select less, leave out metrics, or split it into several reports")
}

/// Problems of figures that would have to be merged and can't be.
fn not_available(section: &Section, query: &Query, limits: &Limits) -> Vec<Problem> {
    let mut columns: BTreeMap<&MetricQuery, &Column> = BTreeMap::new();
    for column in &section.columns {
        columns.entry(&column.metric).or_insert(column);
    }
    let planned = plan::plan(std::slice::from_ref(query), limits).sections;
    let lost = planned.into_iter().flat_map(|section| section.not_available);
    let problem = |lost: plan::NotAvailable| {
        let column = columns.get(&lost.metric)?;
        let what = if lost.total { "the total of " } else { "" };
        let message = format!("{what}{} will not be available: {}", column.label, lost.reason);
        let help = "select less, so that one request can answer it; `plan` shows the requests";
        let problem = column.place.error("not-available", message, help);
        Some(Problem { severity: Severity::Warning, ..problem })
    };
    lost.filter_map(problem).collect()
}

/// The section with one id for each name and each pattern: so many it selects at least. Something left
/// out may leave as little as one.
fn at_least(section: &Section) -> Section {
    let mut section = section.clone();
    section.grouping_places.clear();
    for selection in section.filters.values_mut() {
        if !std::mem::take(&mut selection.left_out).is_empty() {
            selection.taken.truncate(1);
        }
    }
    let taken = section.filters.values_mut().flat_map(|selection| &mut selection.taken);
    for (index, selector) in taken.enumerate() {
        if !matches!(selector.value, Selector::Id(_)) {
            selector.value = Selector::Id(format!("{index}"));
        }
    }
    section
}

impl Definitions {
    /// Tells whether there is not a single one, valid or not.
    pub(crate) fn are_none(&self) -> bool {
        self.reports.is_empty() && self.invalid.is_empty()
    }

    /// Of these files all definitions, or those that are named.
    ///
    /// # Errors
    /// `NOT_FOUND` where one that is named does not exist.
    pub(crate) fn of(
        files: &[File],
        named: &[ReportId],
        (checks, read): (Checks<'_>, &DefinitionCache),
    ) -> Result<Self, Error> {
        let mut definitions = Self::default();
        if named.is_empty() {
            read.forget_all_but(files);
            for file in files {
                definitions.add(file, (checks, read));
            }
        }
        let by_stem: BTreeMap<&str, &File> = files.iter().map(|file| (file.stem(), file)).collect();
        for id in named {
            let file = by_stem.get(id.as_str());
            definitions.add(
                file.ok_or_else(|| unknown_report(id, files.iter().map(File::stem)))?,
                (checks, read),
            );
        }
        Ok(definitions)
    }

    fn add(&mut self, file: &File, (checks, read): (Checks<'_>, &DefinitionCache)) {
        let content = match &file.content {
            Ok(content) => content,
            Err(error) => {
                let (stem, code) = (file.stem().to_owned(), error.code);
                self.invalid.push(Invalid {
                    outcome: RunOutcome::invalid(&stem, error.clone()),
                    // Of the same kind, whatever the service says besides.
                    digest: definition::digest(format!("unreadable: {code}").as_bytes()),
                    contacts: Contacts::of(b"", checks.deployment),
                    stem,
                });
                return;
            }
        };
        let parsed = read.check(checks, &file.name, content);
        let runs = !parsed.problems.iter().any(Problem::stops);
        match parsed.report.filter(|_| runs) {
            Some(report) => self.reports.push(report),
            None => self.invalid.push(Invalid {
                outcome: invalid(file, &parsed.problems, parsed.omitted),
                stem: file.stem().to_owned(),
                digest: definition::digest(content),
                contacts: Contacts::of(content, checks.deployment),
            }),
        }
        self.problems.extend(parsed.problems);
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
