//! Plans, previews, figures and names for people at a terminal, by the same path as a run.

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

/// The requests that a report would make.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The span that it would cover.
    pub window: Window,
    /// The windows that it would be compared with.
    pub compared: Vec<Window>,
    /// The requests, and how they answer the sections: for each the query itself, and then one for each
    /// window that it is compared with.
    pub plan: Plan,
    /// The reasons why sections can't be planned, by their places; none but with `partial = "banner"`.
    pub unplanned: BTreeMap<usize, Error>,
    /// The time that their pages take at the account's rate, in seconds, at least.
    pub seconds: f64,
}

impl Planned {
    /// The number of pages that the answers will have, as far as that can be told.
    pub fn pages(&self) -> usize {
        self.plan.requests.iter().map(Request::expected_pages).sum()
    }

    /// The sections that are planned, and how each is answered, without what it is compared with.
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
    let unplanned = queries.unplanned.into_iter().map(|(place, why)| (place, why.error));
    let unplanned = unplanned.collect();
    let planned = Planned { window, compared: queries.compared, plan, unplanned, seconds: 0.0 };
    Ok(Planned { seconds: source.request_rate.seconds_for(planned.pages()), ..planned })
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

/// The names in each of these reports that its instance does not have, by the look-ups of a run.
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
