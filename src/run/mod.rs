//! From an order to its outcome: which reports run, each from its definition to its messages, and
//! what became of them. One report that fails never stops the others.

mod definitions;
mod delivery;
mod dispatch;
mod fetch;
mod job;
mod ledger;
mod message;
mod outcome;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::concurrency::until;
use crate::connect::{Connect, List};
use crate::definition::{Report, ReportId, Section};
use crate::error::{Code, Error, Stage, redact_addresses};
use crate::event::{self, Order, Payload};
use crate::instance::InstanceArn;
use crate::mail::Ses;
use crate::plan::{self, Directory, Plan, Request, SectionPlan};
use crate::queue::Queue;
use crate::rate_limit::Pacer;
use crate::render::Message;
use crate::settings::{Aws, Settings};
use crate::store::{File, Store};
use crate::window::{Window, to_the_minute};

use definitions::load::DefinitionCache;
pub use definitions::load::{Checks, Definitions, unknown_report};
use delivery::sender::RunSender;
pub use delivery::sender::SendBreaker;
use dispatch::executor::BatchResult;
pub use dispatch::fan_out::Queued;
#[cfg(feature = "cli")]
pub use dispatch::past_runs::PastRun;
use fetch::name_cache::{NameCache, NameRequest};
pub use job::Job;
pub use job::clock::Clock;
pub use job::stop::{Stop, Stopper};
use ledger::records::Ledger;
pub use message::build::Figures;
use message::build::{self as report, NameLookup};
use message::templates::OwnTemplates;
pub use message::templates::{read_templates, unusable};
pub use outcome::response::{Answer, Handled};
pub use outcome::run_outcome::{
    Batch, Delivery, DeliveryStatus, FetchStats, Outcome, RunOutcome, Status,
};
use schedule::due::Due;
use schedule::preflight::KnownRuns;

/// Runs reports. Made once per process: its clients keep their connections, its templates are
/// parsed, its lists of names stay warm.
#[derive(Debug)]
pub struct Runner {
    settings: Settings,
    config: SdkConfig,
    store: Store,
    read: DefinitionCache,
    ses: Ses,
    queue: Option<Queue>,
    connect: Mutex<BTreeMap<String, Connect>>,
    pacer: Arc<Pacer>,
    names: NameCache,
    records: Ledger,
    templates: OwnTemplates,
}

/// The circumstances of an invocation, which only a shell knows.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What names the batch where neither order nor event has an id.
    pub id: String,
    /// The time, and the deadline.
    pub clock: Clock,
    /// Who is told how far the runs are.
    pub progress: Option<UnboundedSender<Progress>>,
    /// What ends it before its time.
    pub stop: Stop,
    /// The breaker that stops further mails: shared by all messages of a batch.
    pub breaker: SendBreaker,
}

/// Whether a time lies ahead of the clock, by more than clocks differ.
fn is_ahead(time: Timestamp, invocation: &Invocation) -> bool {
    time.duration_since(invocation.clock.started()) > SignedDuration::from_mins(1)
}

impl Invocation {
    /// What an order is known by: its own id or that of the event around it, or else this one's.
    fn event_id<'i>(&'i self, order: &'i Order) -> &'i str {
        order.id.as_deref().unwrap_or(&self.id)
    }

    /// The reference time of an order, from which windows count back: the time that it names, or else
    /// the clock's, cut to the minute. The service tells a fraction of a second as a float, and then no
    /// window comes back as it was asked.
    pub(crate) fn reference_time(&self, order: &Order) -> Timestamp {
        to_the_minute(order.time.unwrap_or(self.clock.started()))
    }
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The run has started.
    Started {
        /// The report.
        report: ReportId,
    },
    /// Another process has the run, and this one waits for it.
    Waiting {
        /// The report.
        report: ReportId,
        /// When the other's lease ends, if it does not renew it.
        until: Timestamp,
    },
    /// A request has been answered.
    Answered {
        /// The report.
        report: ReportId,
        /// How many requests have been answered.
        requests: usize,
        /// How many there are.
        of: usize,
    },
}

/// The requests that a report would make.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The span that it would cover.
    pub window: Window,
    /// The windows that it would be compared with.
    pub compared: Vec<Window>,
    /// The requests, and how they answer the sections: for each the question itself, and then one
    /// for each window that it is compared with.
    pub plan: Plan,
    /// The reasons why sections can't be planned, by their places; none but with `partial = "banner"`.
    pub unplanned: BTreeMap<usize, Error>,
    /// How many seconds their pages take at the account's rate, at least.
    pub seconds: f64,
}

impl Planned {
    /// How many pages the answers will have, as far as that can be told.
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

impl Runner {
    /// A runner with these settings.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where a template does not parse.
    pub fn new(settings: Settings, aws: Aws) -> Result<Self, Error> {
        let config = &aws.config;
        let s3 = || aws_sdk_s3::Client::new(config);
        let records = settings.runs.as_ref().map(|place| Store::at(place, s3));
        let pacer = Arc::new(Pacer::new(settings.rates));
        Ok(Self {
            store: Store::at(&settings.definitions, s3),
            read: DefinitionCache::default(),
            records: Ledger::new(records),
            ses: Ses::new(&aws, Arc::clone(&pacer)),
            queue: settings.queue.clone().map(|url| Queue::new(config, url)),
            connect: Mutex::default(),
            pacer,
            names: NameCache::default(),
            templates: OwnTemplates::at(
                settings.templates.as_ref().map(|place| Store::at(place, s3)),
            )?,
            settings,
            config: aws.config,
        })
    }

    /// Does what a payload asks for.
    pub async fn answer(&self, payload: &Value, invocation: &Invocation) -> Answer {
        self.ses.renew_connections();
        match event::parse(payload) {
            Ok(Payload::Order(order)) => {
                Answer::Order(Box::new(self.run(&order, invocation).await))
            }
            Ok(Payload::Queue(messages)) => {
                let mut handled = Vec::new();
                for message in messages {
                    handled.push(self.handle(message, invocation).await);
                }
                Answer::Queue(handled)
            }
            Err(error) => Answer::Order(Box::new(refused(error, invocation))),
        }
    }

    /// Does what a message of a queue asks for.
    async fn handle(&self, message: event::Message, invocation: &Invocation) -> Handled {
        // Its own id stays the same however often it is handed out.
        let invocation = Invocation { id: message.id.clone(), ..invocation.clone() };
        let outcome = match message.order {
            Ok(order) => self.run(&order, &invocation).await,
            Err(error) => refused(error, &invocation),
        };
        Handled { message: message.id, outcome }
    }

    /// Does what an order asks for.
    pub async fn run(&self, order: &Order, invocation: &Invocation) -> Outcome {
        let id = invocation.event_id(order);
        let mut batch = Batch::new(id, invocation.clock.started());
        batch.recorded = self.records.are_kept();
        let is_tick = order.reports.is_empty() && !order.dry_run;
        let throttles = self.pacer.throttles();
        let reading = self.definitions_in_time(order, invocation);
        let (definitions, sights) = join(reading, self.foresee(order, invocation)).await;
        let definitions = match definitions {
            Ok(definitions) => definitions,
            Err(error) => return Outcome { is_tick, ..Outcome::refused(error, batch) },
        };
        if order.reports.is_empty() && order.time.is_some_and(|time| is_ahead(time, invocation)) {
            let message = "the event's time is in the future, and nothing is due then yet";
            let error = Error::new(Code::ValidationError, Stage::Load, message);
            return Outcome { is_tick, ..Outcome::refused(error, batch) };
        }
        if order.reports.is_empty() && definitions.are_none() {
            let none = self.store.no_definitions();
            tracing::warn!(batch = id, hint = none.hint, "nothing is due: {}", none.message);
        }
        let tell = |run: &RunOutcome| run.log(id);
        for invalid in definitions.invalid {
            let outcome = self.invalid(invalid, order, invocation).await;
            tell(&outcome);
            batch.reports.push(outcome);
        }
        let due = self.asked_for(definitions.reports, sights, (order, invocation)).await;
        due.ended.iter().for_each(tell);
        batch.reports.extend(due.ended);
        let (ran, error) = match self.carry_out_or_queue(due.jobs, order, tell).await {
            Ok(ran) => (ran, None),
            Err(error) => {
                log_failure(id, &error);
                (BatchResult::default(), Some(error))
            }
        };
        self.notify_owners(&due.unnotified).await;
        batch.reports.extend(ran.outcomes);
        batch.recorded &= ran.unrecorded.is_none();
        batch.queued = self.queue.as_ref().map(|_| ran.queued);
        let outcome = Outcome::of(batch, self.records.are_kept());
        let error = outcome.error.or(ran.unrecorded).or(error);
        let throttles = self.pacer.throttles() - throttles;
        Outcome { problems: definitions.problems, error, is_tick, throttles, ..outcome }
    }

    /// What an order asks for: the reports that it names, or those that are due.
    async fn asked_for(
        &self,
        reports: Vec<Report>,
        sights: KnownRuns,
        (order, invocation): (&Order, &Invocation),
    ) -> Due {
        if order.reports.is_empty() {
            return self.due(reports, sights, (order, invocation)).await;
        }
        let jobs = reports.into_iter().map(|report| Job::new(report, order, invocation));
        let jobs: Vec<Job> = jobs.collect();
        match order.part {
            None => self.named_works(jobs, sights, (order, invocation)).await,
            Some(_) => Due { jobs, ..Due::default() },
        }
    }

    /// Carries runs out: here, or where there is a queue, by putting those that a tick has found into
    /// it. What is only to be closed is closed here.
    ///
    /// # Errors
    /// Where the queue does not take them, or why a part of a run is to be tried again.
    async fn carry_out_or_queue(
        &self,
        mut jobs: Vec<Job>,
        order: &Order,
        tell: impl Fn(&RunOutcome),
    ) -> Result<BatchResult, Error> {
        if let Some(part) = &order.part {
            return match jobs.pop() {
                Some(job) => self.run_part(job, part, tell).await,
                None => Ok(BatchResult::default()),
            };
        }
        if order.resend.is_some() && !order.dry_run && self.records.are_kept() {
            return Ok(self.resend_all(jobs, tell).await);
        }
        let is_tick = order.reports.is_empty() && !order.dry_run;
        let queue = self.queue.as_ref().filter(|_| is_tick && !order.from_queue);
        let Some(queue) = queue else { return Ok(self.run_all(&jobs, tell).await) };
        let (closing, due): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.is_overdue);
        let mut ran = self.run_all(&closing, &tell).await;
        match self.fan_out(queue, &due).await {
            Ok((queued, ended)) => {
                ended.iter().for_each(tell);
                ran.outcomes.extend(ended);
                ran.queued = queued;
            }
            Err(error) => {
                log_failure("fan-out", &error);
                ran.unrecorded = ran.unrecorded.or(Some(error));
            }
        }
        Ok(ran)
    }

    /// Sends the mails to owners that could not be sent when their runs ended.
    async fn notify_owners(&self, jobs: &[Job]) {
        for job in jobs.iter().filter(|job| job.is_recorded()) {
            if job.send_stop().is_some() {
                continue;
            }
            if let Err(error) = self.notify_owner(job).await {
                let (report, code) = (job.report.id.as_str(), error.code.as_str());
                let error = redact_addresses(&error.message);
                tracing::warn!(report, code, error, "the owner could not be reached again");
            }
        }
    }

    async fn notify_owner(&self, job: &Job) -> Result<(), Error> {
        let window = job.window()?;
        let sender = RunSender::to_owner(self, job);
        self.ledger_store(job).notify_again(&job.key(&window), &sender).await
    }

    /// Reads the definitions: all, or those that are named.
    ///
    /// # Errors
    /// Where they can't be read, or one that is named does not exist.
    pub async fn definitions(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        let files = match named {
            [] => self.store.definitions().await?,
            named => self.named(named).await?,
        };
        if let (Some(id), true) = (named.first(), files.is_empty()) {
            let none = self.store.no_definitions();
            let message = format!("there is no report `{id}`: {}", none.message);
            return Err(Error { code: Code::NotFound, message, ..none }.of_report(id.as_str()));
        }
        Definitions::of(&files, named, (self.checks(), &self.read))
    }

    /// The files of these reports; all there are, where one of them is missing.
    async fn named(&self, named: &[ReportId]) -> Result<Vec<File>, Error> {
        let files = self.store.named(named).await?;
        match files.len() == named.len() {
            true => Ok(files),
            false => self.store.definitions().await,
        }
    }

    /// The definitions of what was due a short while ago: one that has been removed is due no more.
    async fn still_there(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        let files = self.store.named(named).await?;
        let stems: BTreeSet<&str> = files.iter().map(File::stem).collect();
        let is_there = |id: &&ReportId| stems.contains(id.as_str());
        let there: Vec<ReportId> = named.iter().filter(is_there).cloned().collect();
        if there.len() < named.len() {
            let removed = named.len() - there.len();
            tracing::warn!(removed, "definitions of reports that were due are not there any more");
        }
        match there.as_slice() {
            [] => Ok(Definitions::default()),
            there => Definitions::of(&files, there, (self.checks(), &self.read)),
        }
    }

    fn checks(&self) -> Checks<'_> {
        let Settings { deployment, limits, .. } = &self.settings;
        Checks { deployment, templates: self.templates.built_in(), limits }
    }

    async fn definitions_in_time(
        &self,
        order: &Order,
        invocation: &Invocation,
    ) -> Result<Definitions, Error> {
        let reading = async {
            match order.due {
                true => self.still_there(&order.reports).await,
                false => self.definitions(&order.reports).await,
            }
        };
        let reading = invocation.stop.or(reading);
        until(invocation.clock.answer_by(), reading).await.unwrap_or_else(|| {
            let message = "the definitions could not be read before the invocation's deadline";
            Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
        })
    }

    /// What a report finds, without sending it.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub async fn figures(&self, job: &Job) -> Result<Figures, Error> {
        report::figures(self, job).await
    }

    /// The message of a report's figures and its `report.json`, with the templates as they are now.
    ///
    /// # Errors
    /// Where a template can't be used.
    pub async fn preview(&self, job: &Job, figures: &Figures) -> Result<(Message, String), Error> {
        let templates = self.templates.now().await?;
        report::preview(job, figures, &templates)
    }

    /// Which requests a report makes, without making them; the names of the instance are asked.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub async fn plan(&self, job: &Job) -> Result<Planned, Error> {
        let window = job.window()?;
        let look_up = NameLookup::of([job]);
        let asked = report::ask(self, job, &look_up).await?;
        let plan = plan::plan(&asked.queries, &self.settings.limits);
        let rate = self.settings.rates.requests;
        let unplanned = asked.unplanned.into_iter().map(|(place, why)| (place, why.error));
        let unplanned = unplanned.collect();
        let planned = Planned { window, compared: asked.compared, plan, unplanned, seconds: 0.0 };
        Ok(Planned { seconds: rate.seconds_for(planned.pages()), ..planned })
    }

    /// All that filters can name of an instance.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub async fn names(&self, instance: &InstanceArn) -> Result<Directory, Error> {
        let client = self.connect(instance);
        let need = NameRequest { client: &client, instance, since: Instant::now(), deadline: None };
        self.names.on(BTreeSet::from(List::ALL), need).await
    }

    /// Whether it is AWS that answers, and not what an endpoint of its own names.
    fn is_aws(&self) -> bool {
        self.config.endpoint_url().is_none()
    }

    /// Whether outcomes are kept.
    pub fn keeps_records(&self) -> bool {
        self.records.are_kept()
    }

    fn connect(&self, instance: &InstanceArn) -> Connect {
        let mut clients = self.connect.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let client = clients.entry(instance.region().to_owned()).or_insert_with(|| {
            let pacer = Arc::clone(&self.pacer);
            Connect::new(&self.config, instance, pacer, self.settings.limits.clone())
        });
        client.clone()
    }
}

/// Logs what failed and is the outcome of no run. A run's event has the same fields.
fn log_failure(batch: &str, error: &Error) {
    log_error(batch, None, error, "failed");
}

/// Logs an error with all that is known of it, addresses left out; of a report its id.
fn log_error(batch: &str, report: Option<&str>, error: &Error, message: &str) {
    tracing::error!(
        batch,
        report,
        code = error.code.as_str(),
        stage = error.stage.as_str(),
        retryable = error.retryable,
        error = redact_addresses(&error.message),
        request_id = error.request_id,
        "{message}"
    );
}

/// The outcome of what could not be understood.
fn refused(error: Error, invocation: &Invocation) -> Outcome {
    Outcome::refused(error, Batch::new(&invocation.id, invocation.clock.started()))
}
