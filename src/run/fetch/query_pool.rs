//! What the runs of an invocation ask, together: a request that several of them need is made once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::{join_all, try_join_all};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::concurrency::until;
use crate::definition::{MetricQuery, Partial};
use crate::error::{Code, Error, Stage};
use crate::metric::limits::Limits;
use crate::plan::{self, Answer, Plan, Request, SectionAnswer, SectionPlan};
use crate::run::Progress;
use crate::run::Runner;
use crate::run::job::Job;
use crate::run::message::build::RunQueries;
use crate::run::message::build::out_of_time;
use crate::run::outcome::run_outcome::FetchStats;

/// How many requests are on their way at once, at most: those behind wait, so that the pages of one
/// follow each other before their token ends.
const ON_THEIR_WAY: usize = 20;

/// The requests of all runs, with the answers that are there.
#[derive(Debug)]
pub(crate) struct QueryPool {
    plan: Plan,
    answers: Mutex<Vec<SharedAnswer>>,
    /// The run whose requests were made ahead, and since when.
    ahead: OnceLock<(usize, Instant)>,
    /// Why they failed, by the run and the request.
    failed: Mutex<BTreeMap<(usize, usize), Error>>,
    /// A place for each request that may be on its way.
    on_their_way: Semaphore,
    /// Which sections of the plan are whose.
    sections: Vec<Range<usize>>,
    /// The runs that may need answers yet.
    open: Mutex<BTreeSet<usize>>,
}

/// The place of an answer: whoever needs it first has the request made, and the others wait.
type SharedAnswer = Arc<OnceCell<Answer>>;

impl QueryPool {
    /// The requests for what these runs ask; those that can't ask anything have none.
    pub(crate) fn of<'a>(
        runs: impl IntoIterator<Item = Option<&'a RunQueries>>,
        limits: &Limits,
    ) -> Self {
        let (mut queries, mut sections) = (Vec::new(), Vec::new());
        for run in runs {
            let start = queries.len();
            queries.extend(run.into_iter().flat_map(|asked| asked.queries.iter().cloned()));
            sections.push(start..queries.len());
        }
        let plan = plan::plan(&queries, limits);
        let answers = plan.requests.iter().map(|_| SharedAnswer::default()).collect();
        Self {
            plan,
            answers: Mutex::new(answers),
            ahead: OnceLock::new(),
            failed: Mutex::default(),
            open: Mutex::new((0..sections.len()).collect()),
            sections,
            on_their_way: Semaphore::new(ON_THEIR_WAY),
        }
    }

    /// Has the requests of a run made before it begins, once. Why one of them failed is told when the run comes
    /// for its answer, and it is not made again for that.
    pub(crate) async fn ahead(&self, (runner, job): (&Runner, &Job), run: usize) {
        self.ahead.get_or_init(|| (run, Instant::now()));
        job.tell(Progress::Started { report: job.report.id.clone() });
        let needed = needed(self.sections_of(run));
        let fails = |index: usize, error: &Error| {
            lock(&self.failed).insert((run, index), error.clone());
        };
        let answered = AtomicUsize::new(0);
        let made = needed.iter().map(async |index| {
            let ended = self.request((runner, run), *index, job.call_deadline()).await;
            if ended.is_ok() {
                job.answered(answered.fetch_add(1, Ordering::Relaxed) + 1, needed.len());
            }
            ended.inspect_err(|error| fails(*index, error))
        });
        let made = async {
            match job.report.partial {
                Partial::Fail => try_join_all(made).await.map(drop),
                Partial::Banner => {
                    join_all(made).await;
                    Ok(())
                }
            }
        };
        let ended = until(job.query_deadline(), made).await.unwrap_or_else(|| Err(out_of_time()));
        if let Err(error) = ended {
            // With the one the others have failed, and none is made again.
            let is_open =
                |index: &&usize| self.cell(**index).is_some_and(|cell| cell.get().is_none());
            needed.iter().filter(is_open).for_each(|index| fails(*index, &error));
        }
    }

    /// Since when the requests of a run have been made, if they were made ahead.
    pub(crate) fn ahead_since(&self, run: usize) -> Option<Instant> {
        self.ahead.get().filter(|(of, _)| *of == run).map(|(_, since)| *since)
    }

    /// The answers to a run's sections; requests go out side by side. What the service refuses
    /// together with what other runs ask is asked without it: a metric that one of them wants and
    /// the Region does not have is no reason for the others to fail.
    ///
    /// # Errors
    /// The first failure of a request that the run needs.
    pub(crate) async fn answer(
        &self,
        (runner, job): (&Runner, &Job),
        (run, asked): (usize, &RunQueries),
        effort: &mut FetchStats,
    ) -> Result<Vec<SectionAnswer>, Error> {
        let error = match self.together((runner, job), run, effort).await {
            Err(error) if !error.retryable || error.code == Code::BadResponse => error,
            ended => return ended,
        };
        let alone = Self::of([Some(asked)], &runner.settings.limits);
        let mut by_metrics: BTreeMap<&[MetricQuery], Vec<&Request>> = BTreeMap::new();
        for request in &self.plan.requests {
            by_metrics.entry(&request.metrics).or_default().push(request);
        }
        let is_here = |request: &Request| {
            let alike = by_metrics.get(request.metrics.as_slice());
            alike.is_some_and(|alike| alike.contains(&request))
        };
        match alone.plan.requests.iter().all(is_here) {
            true => Err(error),
            false => alone.together((runner, job), 0, effort).await,
        }
    }

    /// The answers to each section of a run, or why it has none for good.
    ///
    /// # Errors
    /// What may pass by itself: then the whole run is better tried again.
    pub(crate) async fn answer_each(
        &self,
        (runner, job): (&Runner, &Job),
        (run, asked): (usize, &RunQueries),
        effort: &mut FetchStats,
    ) -> Result<Vec<Result<Vec<SectionAnswer>, Error>>, Error> {
        let sections = self.sections_of(run).chunks(asked.of_a_section());
        let mut answers = Vec::new();
        for (index, section) in sections.enumerate() {
            let answer = match self.these((runner, job), run, section).await {
                // What it is refused together with, it may be answered without.
                Err(error) if !error.retryable || error.code == Code::BadResponse => {
                    let alone = Self::of([Some(&asked.section(index))], &runner.settings.limits);
                    let ended = alone.these((runner, job), 0, &alone.plan.sections).await;
                    alone.count(&alone.plan.sections, effort);
                    ended
                }
                ended => ended,
            };
            match answer {
                Err(error) if error.retryable => return Err(error),
                answer => answers.push(answer),
            }
        }
        self.count(self.sections_of(run), effort);
        Ok(answers)
    }

    /// Forgets the answers of a run that none of the others needs: there may be many large reports.
    pub(crate) fn ended(&self, run: usize) {
        let mut open = lock(&self.open);
        open.remove(&run);
        let wanted: BTreeSet<usize> =
            open.iter().flat_map(|run| needed(self.sections_of(*run))).collect();
        let mut answers = lock(&self.answers);
        for index in needed(self.sections_of(run)).difference(&wanted) {
            if let Some(answer) = answers.get_mut(*index) {
                *answer = SharedAnswer::default();
            }
        }
    }

    /// How many pages the requests of a run have, as far as that can be told.
    pub(crate) fn pages(&self, run: usize) -> usize {
        self.pages_of(run, |_| true)
    }

    /// How many of them are still to be asked for.
    pub(crate) fn pages_left(&self, run: usize) -> usize {
        self.pages_of(run, |answer| answer.get().is_none())
    }

    fn pages_of(&self, run: usize, counts: impl Fn(&OnceCell<Answer>) -> bool) -> usize {
        let requests = needed(self.sections_of(run)).into_iter();
        let counted = requests.filter(|index| self.cell(*index).is_some_and(|cell| counts(&cell)));
        let requests = counted.filter_map(|index| self.plan.requests.get(index));
        requests.map(Request::expected_pages).sum()
    }

    fn sections_of(&self, run: usize) -> &[SectionPlan] {
        let sections = self.sections.get(run).cloned().unwrap_or_default();
        self.plan.sections.get(sections).unwrap_or_default()
    }

    async fn together(
        &self,
        (runner, job): (&Runner, &Job),
        run: usize,
        effort: &mut FetchStats,
    ) -> Result<Vec<SectionAnswer>, Error> {
        let sections = self.sections_of(run);
        let ended = self.these((runner, job), run, sections).await;
        self.count(sections, effort);
        ended
    }

    /// What was answered took its effort, however the others ended.
    fn count(&self, sections: &[SectionPlan], effort: &mut FetchStats) {
        let cells: Vec<SharedAnswer> =
            needed(sections).iter().filter_map(|i| self.cell(*i)).collect();
        for answer in cells.iter().filter_map(|cell| cell.get()) {
            effort.requests += 1;
            effort.pages += answer.pages;
            effort.rows += answer.rows.len();
        }
    }

    async fn these(
        &self,
        (runner, job): (&Runner, &Job),
        run: usize,
        sections: &[SectionPlan],
    ) -> Result<Vec<SectionAnswer>, Error> {
        let needed = needed(sections);
        self.failed_ahead(run, &needed)?;
        let answered = AtomicUsize::new(0);
        let (of, is_told) = (needed.len(), self.ahead_since(run).is_some());
        let asked = needed.iter().map(async |index| {
            self.request((runner, run), *index, job.call_deadline()).await?;
            if !is_told {
                job.answered(answered.fetch_add(1, Ordering::Relaxed) + 1, of);
            }
            Ok(())
        });
        let ended: Result<Vec<()>, Error> = try_join_all(asked).await;
        ended?;
        let cells: BTreeMap<usize, SharedAnswer> =
            needed.iter().filter_map(|index| Some((*index, self.cell(*index)?))).collect();
        let known = |index: usize| cells.get(&index)?.get();
        let answers = sections.iter().map(|section| section.answer(known));
        answers.collect::<Result<_, _>>().map_err(|contradiction| {
            let message = format!("the answers can't be trusted: {contradiction}");
            Error::new(Code::BadResponse, Stage::Query, message).retryable()
        })
    }

    /// The first reason why one of these requests failed that were made ahead for the run: each is told
    /// once.
    fn failed_ahead(&self, run: usize, requests: &BTreeSet<usize>) -> Result<(), Error> {
        let mut failed = lock(&self.failed);
        let told: Vec<Error> =
            requests.iter().filter_map(|index| failed.remove(&(run, *index))).collect();
        told.into_iter().next().map_or(Ok(()), Err)
    }

    /// Has a request answered, by the first run that needs it. One that fails is made again by the
    /// next run: what ails it may have passed.
    async fn request(
        &self,
        (runner, run): (&Runner, usize),
        index: usize,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let (Some(request), Some(cell)) = (self.plan.requests.get(index), self.cell(index)) else {
            let message = "a request that was planned is missing";
            return Err(Error::new(Code::InternalError, Stage::Query, message));
        };
        let client = runner.connect(&request.instance);
        let answer = cell.get_or_try_init(async || {
            // The run may have come for it while it was being made ahead.
            self.failed_ahead(run, &BTreeSet::from([index]))?;
            // It is closed never.
            let _place = self.on_their_way.acquire().await;
            // A call of the SDK is large, and every future that it is in is as large.
            Box::pin(client.figures(request, deadline)).await
        });
        answer.await.map(drop)
    }

    fn cell(&self, index: usize) -> Option<SharedAnswer> {
        lock(&self.answers).get(index).map(Arc::clone)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The requests that answer these sections.
fn needed(sections: &[SectionPlan]) -> BTreeSet<usize> {
    sections.iter().flat_map(SectionPlan::requests).collect()
}
