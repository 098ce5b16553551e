//! The building of one run's message, from its requests to what is to be sent.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::concurrency::with_deadline;
use crate::error::{Code, Error, Stage};
use crate::render::Templates;
use crate::run::fetch::{QueryPool, RUN_OVERHEAD, RunFetch, RunQueries, no_time};
use crate::run::job::{GateSlot, Job, OrderGate, Progress};
use crate::run::ledger::{LeasedRun, LedgerStore};
use crate::run::message::{
    Built, Figures, RunawayTemplates, build_message, marked_templates, templates_id,
};
use crate::run::services::Services;
use crate::store::Store;

/// The things that the runs of a wave share while they execute; the templates are those of the invocation.
pub(crate) struct BatchContext {
    /// Says that no wave ran before: its first run that fetches always starts.
    pub(crate) is_first_wave: bool,
    /// The templates, read when the first of the runs needs them.
    pub(crate) templates: OnceCell<Result<Arc<Templates>, Error>>,
    pub(crate) runaway: RunawayTemplates,
    /// To fetch, and to build a message of the answers.
    pub(crate) fetch_gate: OrderGate,
    /// To send the message, and to write how that ended.
    pub(crate) send_gate: OrderGate,
}

impl Default for BatchContext {
    fn default() -> Self {
        Self {
            is_first_wave: true,
            templates: OnceCell::new(),
            runaway: RunawayTemplates::default(),
            fetch_gate: OrderGate::default(),
            send_gate: OrderGate::default(),
        }
    }
}

impl BatchContext {
    /// The same for the next wave, with gates of its own.
    pub(crate) fn of_next_wave(self) -> Self {
        let Self { templates, runaway, .. } = self;
        Self { is_first_wave: false, templates, runaway, ..Self::default() }
    }
}

/// The things that it takes to build the message of one run.
pub(crate) struct Building<'b> {
    pub(crate) services: &'b Services,
    pub(crate) ledger: LedgerStore<'b, Store>,
    pub(crate) job: &'b Job,
    pub(crate) queries: Result<&'b RunQueries, Error>,
    pub(crate) pool: &'b QueryPool,
    pub(crate) index: usize,
    pub(crate) is_first: bool,
    pub(crate) send: &'b GateSlot,
}

impl Building<'_> {
    /// Fetches the figures of a run, and builds its message when it is its turn to send.
    pub(crate) async fn build(
        self,
        run: &mut LeasedRun,
        context: &BatchContext,
    ) -> Result<Built, Error> {
        let Self { services, ledger, job, queries, pool, index, is_first, send } = self;
        let report = job.report.id.clone();
        job.report_progress(Progress::Started { report });
        let templates = context.templates.get_or_init(|| read_templates_in_time(services, job));
        let templates = templates.await.clone();
        context.runaway.learn(run.left_rendering.as_ref().map(marked_templates));
        let templates = context.runaway.refuse(templates);
        let window = job.window()?;
        let (queries, templates) = (queries?, templates?);
        let source = &services.figures;
        let fetch = RunFetch { source, pool, index, job, queries };
        fetch.pages().check_time(source.request_rate, job, is_first)?;
        let answers = fetch.fetch(&mut run.stats).await;
        // Before more is made of them: there may be many.
        pool.release(index);
        let answers = answers?;
        // While a message is being rendered nothing else comes about: no answer to a mail that is on its
        // way would be seen in time.
        send.wait().await;
        if !is_first && !job.clock().has_time_for(RUN_OVERHEAD) {
            return Err(no_time());
        }
        let figures = Figures::new(&source.limits, job, window, queries, answers);
        if let Some(origin) = templates.origin() {
            ledger.begin_rendering(run, templates_id(origin)).await?;
        }
        build_message(job, &figures, &templates, ledger.address_of_files(run).as_deref())
    }
}

/// The templates, if they can be read while there is time to build a message with them.
async fn read_templates_in_time(services: &Services, job: &Job) -> Result<Arc<Templates>, Error> {
    with_deadline(job.call_deadline(), services.templates.read()).await.unwrap_or_else(|| {
        let message = "the templates could not be read before the invocation's deadline";
        Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
    })
}
