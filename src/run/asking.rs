//! What the runs of an invocation ask, together: a request that several of them need is made once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::report::Asked;
use super::{Effort, Runner, Work};
use crate::error::{Code, Error, Stage};
use crate::metric::limits::Limits;
use crate::plan::{self, Answer, Plan, SectionAnswer};

/// The requests of all runs, with the answers that are there.
#[derive(Debug, Default)]
pub(super) struct Asking {
    plan: Plan,
    answers: Vec<OnceCell<Result<Answer, Error>>>,
    /// Which sections of the plan are whose.
    sections: Vec<Range<usize>>,
}

impl Asking {
    /// The requests for what these runs ask; those that can't ask anything have none.
    pub(super) fn of<'a>(
        runs: impl IntoIterator<Item = Option<&'a Asked>>,
        limits: &Limits,
    ) -> Self {
        let (mut queries, mut sections) = (Vec::new(), Vec::new());
        for run in runs {
            let start = queries.len();
            queries.extend(run.into_iter().flat_map(|asked| asked.queries.iter().cloned()));
            sections.push(start..queries.len());
        }
        let plan = plan::plan(&queries, limits);
        let answers = plan.requests.iter().map(|_| OnceCell::new()).collect();
        Self { plan, answers, sections }
    }

    /// The answers to a run's sections; requests go out side by side.
    ///
    /// # Errors
    /// The first failure of a request that the run needs.
    pub(super) async fn answer(
        &self,
        runner: &Runner,
        run: usize,
        work: &Work,
        effort: &mut Effort,
    ) -> Result<Vec<SectionAnswer>, Error> {
        let sections = self.sections.get(run).cloned().unwrap_or_default();
        let sections = self.plan.sections.get(sections).unwrap_or_default();
        let needed: BTreeSet<usize> =
            sections.iter().flat_map(plan::SectionPlan::requests).collect();
        let answered = AtomicUsize::new(0);
        let of = needed.len();
        let asked = needed.iter().map(async |index| {
            let answer = self.request(runner, *index, work.call_deadline()).await;
            work.answered(answered.fetch_add(1, Ordering::Relaxed) + 1, of);
            answer
        });
        for answer in join_all(asked).await {
            let answer = answer?;
            effort.requests += 1;
            effort.pages += answer.pages;
            effort.rows += answer.rows.len();
        }
        let known = |index: usize| self.answers.get(index)?.get()?.as_ref().ok();
        Ok(sections.iter().map(|section| section.answer(known)).collect())
    }

    /// The answer to a request, made by the first run that needs it.
    async fn request(
        &self,
        runner: &Runner,
        index: usize,
        deadline: Option<Instant>,
    ) -> Result<&Answer, Error> {
        let (Some(request), Some(cell)) = (self.plan.requests.get(index), self.answers.get(index))
        else {
            let message = "a request that was planned is missing";
            return Err(Error::new(Code::InternalError, Stage::Query, message));
        };
        let client = runner.connect(&request.instance);
        cell.get_or_init(|| client.figures(request, deadline)).await.as_ref().map_err(Clone::clone)
    }
}
