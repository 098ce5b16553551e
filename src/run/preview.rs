//! Plans, previews, figures and names for people at a terminal. They take the same path as a run.

use std::collections::BTreeMap;

use crate::definition::{Problem, Report, Section};
use crate::error::Error;
use crate::plan::{self, Plan, Request, SectionPlan};
use crate::render::Message;
use crate::run::fetch::{
    FigureSource, NameLookup, QueryPool, RunFetch, RunQueries, build_queries, name_problems,
};
use crate::run::job::Job;
use crate::run::message::{Figures, OwnTemplates, preview_message};
use crate::run::outcome::FetchStats;
use crate::window::Window;

/// The requests that a run of a report would make.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The window that it would cover.
    pub window: Window,
    /// The windows that it would be compared with.
    pub compared: Vec<Window>,
    /// The requests, and how they answer the queries of each section: first its own, then one for each window
    /// that it is compared with.
    pub plan: Plan,
    /// The errors of sections that can't be planned, by their places. Only with `partial = "banner"` there are any.
    pub unplanned: BTreeMap<usize, Error>,
    /// The least time that their pages take at the account's rate, in seconds.
    pub seconds: f64,
}

impl Planned {
    /// The expected number of pages of the answers.
    pub fn pages(&self) -> usize {
        self.plan.requests.iter().map(Request::expected_pages).sum()
    }

    /// The sections that are planned, each with the plan of its own query, without comparisons.
    pub fn sections<'p>(
        &'p self,
        report: &'p Report,
    ) -> impl Iterator<Item = (&'p Section, &'p SectionPlan)> {
        let sections = report.sections.iter().enumerate();
        let planned = sections.filter(|(place, _)| !self.unplanned.contains_key(place));
        let plans = self.plan.sections.iter().step_by(1 + self.compared.len());
        planned.map(|(_, section)| section).zip(plans)
    }
}

/// Plans the requests of a report, without making them; the names of the instance are read.
pub(crate) async fn plan_requests(source: &FigureSource, job: &Job) -> Result<Planned, Error> {
    let window = job.window()?;
    let queries = resolve(source, job).await?;
    let plan = plan::plan_requests(&queries.queries, &source.limits);
    let pages = plan.requests.iter().map(Request::expected_pages).sum();
    let unplanned = queries.unplanned.into_iter().map(|(place, section)| (place, section.error));
    Ok(Planned {
        window,
        compared: queries.compared,
        plan,
        unplanned: unplanned.collect(),
        seconds: source.request_rate.seconds_for(pages),
    })
}

/// Fetches the figures of a report.
pub(crate) async fn fetch_figures(source: &FigureSource, job: &Job) -> Result<Figures, Error> {
    let window = job.window()?;
    let queries = &resolve(source, job).await?;
    let pool = &QueryPool::new([Some(queries)], &source.limits);
    let fetch = RunFetch { source, pool, index: 0, job, queries };
    let answers = fetch.fetch(&mut FetchStats::default()).await?;
    Ok(Figures::new(&source.limits, job, window, queries, answers))
}

/// The message of a report's figures and its `report.json`, with the templates as they are now.
pub(crate) async fn preview(
    templates: &OwnTemplates,
    job: &Job,
    figures: &Figures,
) -> Result<(Message, String), Error> {
    preview_message(job, figures, &*templates.read().await?)
}

/// The problems with names in each of these reports, found by the look-ups of a run.
pub(crate) async fn check_names(
    source: &FigureSource,
    reports: &[&Report],
) -> Result<Vec<Vec<Problem>>, Error> {
    let lookup = NameLookup::for_reports(reports.iter().copied());
    let mut found = Vec::new();
    for report in reports {
        let directory = lookup.read(source, report, None).await?;
        found.push(name_problems(report, &directory));
    }
    Ok(found)
}

async fn resolve(source: &FigureSource, job: &Job) -> Result<RunQueries, Error> {
    build_queries(source, job, &NameLookup::new([job])).await
}
