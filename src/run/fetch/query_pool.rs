//! The queries of all runs of an invocation, together: a request that several of them need is made once.

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

/// The largest number of requests on their way at once. Further ones wait, so that the pages of a request follow
/// each other before its token expires.
const MAX_REQUESTS_IN_FLIGHT: usize = 20;

/// The requests of all runs, with the answers that have come.
#[derive(Debug)]
pub(crate) struct QueryPool {
    plan: Plan,
    answers: Mutex<Vec<SharedAnswer>>,
    in_flight: Semaphore,
    /// The sections of the plan that belong to each run.
    sections: Vec<Range<usize>>,
    /// The runs that may still need answers.
    open: Mutex<BTreeSet<usize>>,
}

/// The place of an answer. The run that needs it first makes the request, and the others wait.
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
    /// Plans the requests for the queries of these runs. A run that can't ask anything has no queries.
    pub(crate) fn new<'a>(
        runs: impl IntoIterator<Item = Option<&'a RunQueries>>,
        limits: &Limits,
    ) -> Self {
        let mut queries = Vec::new();
        let mut sections = Vec::new();
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

    /// Drops the answers that only this run has needed: there may be many large reports.
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

    /// Counts the answers to these sections that have come, however the other requests ended.
    fn count(&self, sections: &[SectionPlan], stats: &mut FetchStats) {
        for answer in requests_for(sections).iter().filter_map(|index| self.answer(*index)) {
            if let Some(answer) = answer.get() {
                stats.requests += 1;
                stats.pages += answer.pages;
                stats.rows += answer.rows.len();
            }
        }
    }

    /// Tells whether the pool has each of these requests too.
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
    /// Fetches the answers to all sections of a report, or with `partial = "banner"` to at least one of them.
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

    /// Counts the pages of the run's requests.
    pub(crate) fn pages(&self) -> PageCount {
        let mut pages = PageCount { all: 0, left: 0 };
        for index in requests_for(self.sections()) {
            let request = self.pool.plan.requests.get(index);
            let expected = request.map_or(0, Request::expected_pages);
            let is_answered = self.pool.answer(index).is_some_and(|answer| answer.get().is_some());
            pages.all += expected;
            pages.left += if is_answered { 0 } else { expected };
        }
        pages
    }

    fn sections(&self) -> &[SectionPlan] {
        self.pool.sections_of(self.index)
    }

    /// Fetches the answers to all sections. If the service refuses what the run asks together with other runs,
    /// the run asks again alone: it must not fail because another run wants a metric that the Region does not
    /// have.
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

    /// Fetches the answers to each section, or the permanent error why it has none.
    ///
    /// # Errors
    /// A retryable error of any section: then the whole run is tried again. Where no section has answers, the
    /// error of the first.
    async fn fetch_each_section(&self, stats: &mut FetchStats) -> Result<Answers, Error> {
        let mut fetched = Vec::new();
        for (index, section) in self.sections().chunks(self.queries.per_section()).enumerate() {
            let answer = match self.fetch_sections(section).await {
                // Its requests may be refused only because of others that they are made together with.
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

    /// Puts the errors of sections that can't be asked for among the answers, in the order of the report.
    fn with_unplanned(&self, fetched: Answers) -> Result<Answers, Error> {
        let mut fetched = fetched.into_iter();
        let mut answers = Answers::new();
        for place in 0..self.job.report.sections.len() {
            match self.queries.unplanned.get(&place) {
                Some(unplanned) => answers.push(Err(unplanned.error.clone())),
                None => answers.extend(fetched.next()),
            }
        }
        match answers.first() {
            Some(Err(error)) if answers.iter().all(Result::is_err) => Err(error.clone()),
            _ => Ok(answers),
        }
    }

    /// Fetches the answers to these sections. Their requests are made side by side.
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
        let answers =
            sections.iter().map(|section| section.answer(|index| answers.get(&index)?.get()));
        answers.collect::<Result<_, _>>().map_err(|contradiction| {
            let message = format!("the answers can't be trusted: {contradiction}");
            Error::new(Code::BadResponse, Stage::Query, message).retryable()
        })
    }

    /// Makes a request, unless another run has made it. Where it fails, the next run makes it again, which may
    /// have more success.
    async fn fetch_request(&self, index: usize) -> Result<(), Error> {
        let request = self.pool.plan.requests.get(index);
        let Some((request, answer)) = request.zip(self.pool.answer(index)) else {
            let message = "a request that was planned is missing";
            return Err(Error::new(Code::InternalError, Stage::Query, message));
        };
        let client = self.source.clients.client(&request.instance);
        let fetched = answer.get_or_try_init(async || {
            // The semaphore is never closed.
            let _place = self.pool.in_flight.acquire().await;
            // The future of a call of the SDK is large: boxed, it does not make those around it large.
            Box::pin(client.figures(request, self.job.call_deadline())).await
        });
        fetched.await.map(drop)
    }
}

/// Tells whether an error may be due to other queries in the same request.
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
