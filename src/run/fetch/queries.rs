//! The queries of a run: a report's sections for its window and for the windows that it is compared with, with
//! the names of its instance.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::concurrency::with_deadline;
use crate::connect::NameList;
use crate::definition::Report;
use crate::error::Error;
use crate::instance::InstanceArn;
use crate::plan::{self, Directory, Query};
use crate::run::fetch::FigureSource;
use crate::run::fetch::name_cache::NameRequest;
use crate::run::fetch::sections::{QueryWindows, SectionQueries, UnplannedSection};
use crate::run::fetch::time_budget::out_of_time;
use crate::run::job::{Job, a_little_before, no_window};
use crate::window::{Compare, Window};

/// The queries of a run.
#[derive(Clone, Debug)]
pub(crate) struct RunQueries {
    pub(crate) directory: Directory,
    /// The queries of each section that can be asked for: first its own, then one for each window that it is
    /// compared with.
    pub(crate) queries: Vec<Query>,
    /// The sections that can't be asked for, by their places. Only with `partial = "banner"` there are any.
    pub(crate) unplanned: BTreeMap<usize, UnplannedSection>,
    /// The windows that all sections are compared with.
    pub(crate) compared: Vec<Window>,
    /// The reason why these windows are fewer than the definition asks for.
    pub(crate) uncompared: Option<&'static str>,
}

impl RunQueries {
    /// The number of queries, and so of answers, of each section.
    pub(crate) fn per_section(&self) -> usize {
        1 + self.compared.len()
    }

    /// The same for only one of the sections that can be asked for.
    pub(crate) fn section(&self, index: usize) -> Self {
        let queries = self.queries.chunks(self.per_section()).nth(index).unwrap_or_default();
        Self { queries: queries.to_vec(), ..self.clone() }
    }
}

/// Builds the queries of a run, before any figures are asked for.
///
/// # Errors
/// `VALIDATION_ERROR` where the service has no figures of the window any more, a recipient is not allowed, or
/// the instance does not have what the sections name; where the names can't be read in time.
pub(crate) async fn build_queries(
    source: &FigureSource,
    job: &Job,
    lookup: &NameLookup<'_>,
) -> Result<RunQueries, Error> {
    let now = source.now(job);
    let history = source.limits.history;
    let window = job.window()?.remembered_at(now, history).map_err(no_window)?;
    source.deployment.check_recipients(&job.recipients())?;
    let deadline = job.names_deadline(lookup.is_alone);
    let naming = lookup.read(source, &job.report, deadline.map(a_little_before));
    let directory = with_deadline(deadline, naming).await.ok_or_else(out_of_time)??;
    let Report { compare, window: rule, calendar, .. } = job.report.as_ref();
    let mut compared = compare.compared_windows(&window, *rule, calendar);
    let existing = compared.len();
    compared.retain(|window| window.clone().remembered_at(now, history).is_ok());
    let uncompared = match (existing, compared.len()) {
        _ if *compare == Compare::None => None,
        (0, _) => Some("There is no comparison: no such window is as long as this one."),
        (existing, left) if left < existing => {
            Some("The comparison lacks what Amazon Connect has no figures of any more.")
        }
        _ => None,
    };
    let windows = QueryWindows { window: &window, compared: &compared };
    let SectionQueries { queries, unplanned } =
        SectionQueries::resolve(&job.report, windows, &directory, &source.limits)?;
    Ok(RunQueries { directory, queries, unplanned, compared, uncompared })
}

/// The names that the runs of an invocation look up together.
pub(crate) struct NameLookup<'r> {
    /// The beginning of the invocation.
    since: Instant,
    /// Says that it is for one run only, whose deadline need not leave time for others.
    is_alone: bool,
    /// The instances of whose queues a run needs tags or states: these are searched from the start, once for all
    /// runs.
    searched: BTreeSet<&'r InstanceArn>,
}

impl<'r> NameLookup<'r> {
    pub(crate) fn new(jobs: impl IntoIterator<Item = &'r Job>) -> Self {
        let jobs: Vec<&Job> = jobs.into_iter().collect();
        let since = jobs.first().map_or_else(Instant::now, |job| job.clock().at());
        let lookup = Self::for_reports(jobs.iter().map(|job| job.report.as_ref()));
        Self { since, is_alone: jobs.len() == 1, ..lookup }
    }

    /// The look-up for reports that are not run.
    pub(crate) fn for_reports(reports: impl IntoIterator<Item = &'r Report>) -> Self {
        let searched = reports.into_iter().filter(|report| report.searches_queues());
        let searched = searched.map(|report| &report.instance).collect();
        Self { since: Instant::now(), is_alone: true, searched }
    }

    /// Reads the names that a report needs.
    ///
    /// # Errors
    /// Fails where one of the lists can't be read.
    pub(crate) async fn read(
        &self,
        source: &FigureSource,
        report: &Report,
        deadline: Option<Instant>,
    ) -> Result<Directory, Error> {
        let instance = &report.instance;
        let searched = self.searched.contains(instance);
        let dimensions = plan::lists_needed(report);
        let lists =
            dimensions.iter().filter_map(|dimension| NameList::for_dimension(dimension, searched));
        let client = source.clients.client(instance);
        let request = NameRequest { client: &client, instance, since: self.since, deadline };
        source.names.read(lists.collect(), request).await
    }
}
