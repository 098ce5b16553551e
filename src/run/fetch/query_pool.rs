//! The queries of an invocation's runs, together: a request that several of them need is made once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::try_join_all;
use tokio::sync::{OnceCell, Semaphore};

use crate::concurrency::with_deadline;
use crate::definition::{MetricQuery, Partial};
use crate::error::{Code, Error, Stage};
use crate::metric::Limits;
use crate::plan::{self, Plan, Request, RequestAnswer, SectionAnswer, SectionPlan};
use crate::run::fetch::FigureSource;
use crate::run::fetch::queries::RunQueries;
use crate::run::fetch::time_budget::{PageCount, out_of_time};
use crate::run::job::{Job, Progress};
use crate::run::outcome::FetchStats;

/// The largest number of requests on their way at once: those behind wait, so that the pages of one
/// follow each other before their token ends.
const MAX_REQUESTS_IN_FLIGHT: usize = 20;

/// The requests of all runs, with the answers that are there.
#[derive(Debug)]
pub(crate) struct QueryPool {
    plan: Plan,
    answers: Mutex<Vec<SharedAnswer>>,
    in_flight: Semaphore,
    /// The sections of the plan that belong to each run.
    sections: Vec<Range<usize>>,
    /// The runs that may need answers yet.
    open: Mutex<BTreeSet<usize>>,
}

/// The place of an answer: the run that needs it first has the request made, and the others wait.
type SharedAnswer = Arc<OnceCell<RequestAnswer>>;

/// The answers to each section of a report, or the reason why it has none.
pub(crate) type Answers = Vec<Result<Vec<SectionAnswer>, Error>>;

/// One run among those of a pool.
#[derive(Clone, Copy)]
pub(crate) struct RunFetch<'p> {
    pub(crate) source: &'p FigureSource,
    pub(crate) pool: &'p QueryPool,
    /// The place of the run in the pool.
    pub(crate) index: usize,
    pub(crate) job: &'p Job,
    pub(crate) queries: &'p RunQueries,
}

impl QueryPool {
    /// The requests for the queries of these runs; those that can't ask anything have none.
    pub(crate) fn new<'a>(
        runs: impl IntoIterator<Item = Option<&'a RunQueries>>,
        limits: &Limits,
    ) -> Self {
        let (mut queries, mut sections) = (Vec::new(), Vec::new());
        for run in runs {
            let start = queries.len();
            queries.extend(run.into_iter().flat_map(|run| run.queries.iter().cloned()));
            sections.push(start..queries.len());
        }
        let plan = plan::plan_requests(&queries, limits);
        let answers = plan.requests.iter().map(|_| SharedAnswer::default()).collect();
        Self {
            plan,
            answers: Mutex::new(answers),
            in_flight: Semaphore::new(MAX_REQUESTS_IN_FLIGHT),
            open: Mutex::new((0..sections.len()).collect()),
            sections,
        }
    }

    /// Forgets the answers of a run that none of the others needs: there may be many large reports.
    pub(crate) fn release(&self, run: usize) {
        let mut open = lock(&self.open);
        open.remove(&run);
        let wanted: BTreeSet<usize> =
            open.iter().flat_map(|run| requests_for(self.sections_of(*run))).collect();
        let mut answers = lock(&self.answers);
        for index in requests_for(self.sections_of(run)).difference(&wanted) {
            if let Some(answer) = answers.get_mut(*index) {
                *answer = SharedAnswer::default();
            }
        }
    }

    fn sections_of(&self, run: usize) -> &[SectionPlan] {
        let sections = self.sections.get(run).cloned().unwrap_or_default();
        self.plan.sections.get(sections).unwrap_or_default()
    }

    fn answer(&self, request: usize) -> Option<SharedAnswer> {
        lock(&self.answers).get(request).map(Arc::clone)
    }

    /// Counts the answers to these sections that are there, however the others ended.
    fn count(&self, sections: &[SectionPlan], stats: &mut FetchStats) {
        for answer in requests_for(sections).iter().filter_map(|index| self.answer(*index)) {
            if let Some(answer) = answer.get() {
                stats.requests += 1;
                stats.pages += answer.pages;
                stats.rows += answer.rows.len();
            }
        }
    }

    /// Tells whether each of these requests is one of the pool's too.
    fn has_all(&self, requests: &[Request]) -> bool {
        let mut by_metrics: BTreeMap<&[MetricQuery], Vec<&Request>> = BTreeMap::new();
        for request in &self.plan.requests {
            by_metrics.entry(&request.metrics).or_default().push(request);
        }
        requests.iter().all(|request| {
            let alike = by_metrics.get(request.metrics.as_slice());
            alike.is_some_and(|alike| alike.contains(&request))
        })
    }
}

impl RunFetch<'_> {
    /// The answers to all sections of a report, or with `partial = "banner"` to one of them at least.
    ///
    /// # Errors
    /// The first failure that the report can't do without; `TIMEOUT` where the answers are late.
    pub(crate) async fn fetch(&self, stats: &mut FetchStats) -> Result<Answers, Error> {
        let fetching = async {
            match self.job.report.partial {
                Partial::Fail => self.fetch_all(stats).await,
                Partial::Banner => self.fetch_each_section(stats).await,
            }
        };
        with_deadline(self.job.query_deadline(), fetching).await.ok_or_else(out_of_time)?
    }

    /// The pages of the run's requests.
    pub(crate) fn pages(&self) -> PageCount {
        let mut pages = PageCount { all: 0, left: 0 };
        for index in requests_for(self.sections()) {
            let (request, answer) = (self.pool.plan.requests.get(index), self.pool.answer(index));
            let expected = request.map_or(0, Request::expected_pages);
            pages.all += expected;
            pages.left += if answer.is_some_and(|a| a.get().is_some()) { 0 } else { expected };
        }
        pages
    }

    fn sections(&self) -> &[SectionPlan] {
        self.pool.sections_of(self.index)
    }

    /// The answers to all sections. Requests that the service refuses together with those of other runs
    /// are made without them: a metric that one of them wants and the Region does not have is no reason
    /// for the others to fail.
    async fn fetch_all(&self, stats: &mut FetchStats) -> Result<Answers, Error> {
        let fetched = self.fetch_sections(self.sections()).await;
        self.pool.count(self.sections(), stats);
        let answers = match fetched {
            Err(error) if may_be_asked_alone(&error) => {
                let alone = QueryPool::new([Some(self.queries)], &self.source.limits);
                if self.pool.has_all(&alone.plan.requests) {
                    return Err(error);
                }
                let run = RunFetch { pool: &alone, index: 0, ..*self };
                let fetched = run.fetch_sections(run.sections()).await;
                alone.count(run.sections(), stats);
                fetched?
            }
            fetched => fetched?,
        };
        let sections = answers.chunks(self.queries.per_section());
        Ok(sections.map(|section| Ok(section.to_vec())).collect())
    }

    /// The answers to each section, or why it has none, which is permanent.
    ///
    /// # Errors
    /// A retryable one: then the whole run is better tried again. Where no section has answers, the error
    /// of the first.
    async fn fetch_each_section(&self, stats: &mut FetchStats) -> Result<Answers, Error> {
        let mut fetched = Vec::new();
        for (index, section) in self.sections().chunks(self.queries.per_section()).enumerate() {
            let answer = match self.fetch_sections(section).await {
                // It may be answered without what it is refused together with.
                Err(error) if may_be_asked_alone(&error) => {
                    let queries = &self.queries.section(index);
                    let alone = QueryPool::new([Some(queries)], &self.source.limits);
                    let run = RunFetch { pool: &alone, index: 0, queries, ..*self };
                    let fetched = run.fetch_sections(run.sections()).await;
                    alone.count(run.sections(), stats);
                    fetched
                }
                fetched => fetched,
            };
            match answer {
                Err(error) if error.retryable => return Err(error),
                answer => fetched.push(answer),
            }
        }
        self.pool.count(self.sections(), stats);
        self.with_unplanned(fetched)
    }

    /// The answers of all sections in their order, those among them that can't be asked for.
    fn with_unplanned(&self, fetched: Answers) -> Result<Answers, Error> {
        let mut fetched = fetched.into_iter();
        let places = 0..self.job.report.sections.len();
        let of_section = |place: usize| match self.queries.unplanned.get(&place) {
            Some(unplanned) => Some(Err(unplanned.error.clone())),
            None => fetched.next(),
        };
        let answers: Answers = places.filter_map(of_section).collect();
        match answers.first() {
            Some(Err(error)) if answers.iter().all(Result::is_err) => Err(error.clone()),
            _ => Ok(answers),
        }
    }

    /// The answers to these sections; their requests go out side by side.
    async fn fetch_sections(&self, sections: &[SectionPlan]) -> Result<Vec<SectionAnswer>, Error> {
        let requests = requests_for(sections);
        let answered = AtomicUsize::new(0);
        let fetching = requests.iter().map(async |index| {
            self.fetch_request(*index).await?;
            self.job.report_progress(Progress::Answered {
                report: self.job.report.id.clone(),
                requests: answered.fetch_add(1, Ordering::Relaxed) + 1,
                of: requests.len(),
            });
            Ok::<_, Error>(())
        });
        try_join_all(fetching).await?;
        let answers: BTreeMap<usize, SharedAnswer> =
            requests.iter().filter_map(|i| Some((*i, self.pool.answer(*i)?))).collect();
        let known = |index: usize| answers.get(&index)?.get();
        let answers = sections.iter().map(|section| section.answer(known));
        answers.collect::<Result<_, _>>().map_err(|contradiction| {
            let message = format!("the answers can't be trusted: {contradiction}");
            Error::new(Code::BadResponse, Stage::Query, message).retryable()
        })
    }

    /// Has a request answered, by the first run that needs it. One that fails is made again by the next
    /// run, which may fare better.
    async fn fetch_request(&self, index: usize) -> Result<(), Error> {
        let (request, answer) = (self.pool.plan.requests.get(index), self.pool.answer(index));
        let (Some(request), Some(answer)) = (request, answer) else {
            let message = "a request that was planned is missing";
            return Err(Error::new(Code::InternalError, Stage::Query, message));
        };
        let client = self.source.clients.client(&request.instance);
        let fetched = answer.get_or_try_init(async || {
            // The semaphore is never closed.
            let _place = self.pool.in_flight.acquire().await;
            // A call of the SDK is large, and every future that it is in is as large.
            Box::pin(client.figures(request, self.job.call_deadline())).await
        });
        fetched.await.map(drop)
    }
}

/// Tells whether a failure may be due to what was asked together with it.
fn may_be_asked_alone(error: &Error) -> bool {
    !error.retryable || error.code == Code::BadResponse
}

/// The requests that answer these sections.
fn requests_for(sections: &[SectionPlan]) -> BTreeSet<usize> {
    sections.iter().flat_map(SectionPlan::requests).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
