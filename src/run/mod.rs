//! From an order to its outcome: which reports run, each from its definition to its messages, and
//! what became of them. One report that fails never stops the others.

mod definitions;
mod outcome;
mod report;

use std::collections::BTreeMap;
use std::sync::Mutex as SyncMutex;
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::connect::Connect;
use crate::definition::ReportId;
use crate::error::{Code, Error, Panicked, Stage, until, unwinding};
use crate::event::{self, Order};
use crate::instance::InstanceArn;
use crate::mail::Ses;
use crate::plan::Directory;
use crate::render::Templates;
use crate::settings::Settings;
use crate::store::Store;

pub use definitions::{Checks, Definitions};
pub use outcome::{Batch, Delivery, DeliveryStatus, Effort, Outcome, RunOutcome, Status};
pub use report::{Prepared, Work};

/// Runs reports. Made once per process: its clients keep their connections, its templates are
/// parsed.
#[derive(Debug)]
pub struct Runner {
    settings: Settings,
    config: SdkConfig,
    store: Store,
    ses: Ses,
    connect: SyncMutex<BTreeMap<String, Connect>>,
    templates: Templates,
}

/// The circumstances of an invocation, which only a shell knows.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What names the batch where neither order nor event has an id.
    pub id: String,
    /// The time.
    pub now: Timestamp,
    /// When the invocation is ended from outside, if it is.
    pub deadline: Option<Instant>,
    /// Who is told how far the runs are.
    pub progress: Option<UnboundedSender<Progress>>,
}

/// What is kept free before the deadline, for the answer to be given.
const TO_ANSWER: Duration = Duration::from_millis(500);

impl Invocation {
    /// When the answer must be given, if there is a deadline.
    fn answer_by(&self) -> Option<Instant> {
        self.deadline.map(|deadline| deadline.checked_sub(TO_ANSWER).unwrap_or(deadline))
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

/// The names of each instance, read once per invocation.
type Directories = Mutex<BTreeMap<InstanceArn, Directory>>;

impl Runner {
    /// A runner with these settings; `config` is the SDK's.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where a template does not parse.
    pub fn new(settings: Settings, config: SdkConfig) -> Result<Self, Error> {
        let store = Store::at(&settings.definitions, || aws_sdk_s3::Client::new(&config));
        Ok(Self {
            store,
            ses: Ses::new(&config),
            connect: SyncMutex::default(),
            templates: Templates::built_in()?,
            settings,
            config,
        })
    }

    /// Does what a payload asks for.
    pub async fn answer(&self, payload: &Value, invocation: &Invocation) -> Outcome {
        match event::parse(payload) {
            Ok(order) => self.run(&order, invocation).await,
            Err(error) => Outcome::refused(error, Batch::new(&invocation.id, invocation.now)),
        }
    }

    /// Does what an order asks for.
    pub async fn run(&self, order: &Order, invocation: &Invocation) -> Outcome {
        let id = order.id.as_ref().unwrap_or(&invocation.id);
        let mut batch = Batch::new(id, invocation.now);
        let definitions = match self.definitions_in_time(&order.reports, invocation).await {
            Ok(definitions) => definitions,
            Err(error) => return Outcome::refused(error, batch),
        };
        for invalid in definitions.invalid {
            invalid.log(id);
            batch.reports.push(invalid);
        }
        let directories = Directories::default();
        for (index, report) in definitions.reports.into_iter().enumerate() {
            let work = Work::new(report, order, invocation);
            let outcome = self.run_one(&work, index == 0, &directories).await;
            outcome.log(id);
            batch.reports.push(outcome);
        }
        Outcome { problems: definitions.problems, ..Outcome::of(batch) }
    }

    /// Reads the definitions: all, or those that are named.
    ///
    /// # Errors
    /// Where they can't be read, or one that is named does not exist.
    pub async fn definitions(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        let files = self.store.definitions().await?;
        Definitions::of(&files, named, self.checks())
    }

    fn checks(&self) -> Checks<'_> {
        Checks { deployment: &self.settings.deployment, templates: &self.templates }
    }

    async fn definitions_in_time(
        &self,
        named: &[ReportId],
        invocation: &Invocation,
    ) -> Result<Definitions, Error> {
        until(invocation.answer_by(), self.definitions(named)).await.unwrap_or_else(|| {
            let message = "the definitions could not be read before the invocation's deadline";
            Err(Error::new(Code::Timeout, Stage::Load, message).retryable())
        })
    }

    /// Makes a report's message without sending it.
    ///
    /// # Errors
    /// Whatever stopped it.
    pub async fn prepare(&self, work: &Work) -> Result<Prepared, Error> {
        let (directories, mut effort) = (Directories::default(), Effort::default());
        report::prepare(self, work, work.window()?, &directories, &mut effort).await
    }

    /// Runs one report; a panic is a failure of this report alone.
    async fn run_one(&self, work: &Work, first: bool, directories: &Directories) -> RunOutcome {
        let mut outcome = RunOutcome::started(&work.report.id);
        // The first run always starts, whatever the deadline says.
        if !first && !work.time_is_left() {
            let message = "there was no time left to start this report";
            let error = Error::new(Code::Timeout, Stage::Plan, message).retryable();
            return outcome.failed(error);
        }
        match unwinding(report::run(self, work, directories, &mut outcome)).await {
            Ok(()) => outcome,
            Err(Panicked) => outcome.panicked(),
        }
    }

    fn connect(&self, instance: &InstanceArn) -> Connect {
        let mut clients = self.connect.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let client = clients
            .entry(instance.region().to_owned())
            .or_insert_with(|| Connect::new(&self.config, instance));
        client.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_outcome() {
        let outcome = RunOutcome::started(&"daily".parse().unwrap()).panicked();
        assert_eq!(outcome.status, Status::Failed);
        assert_eq!(outcome.error.unwrap().code, Code::InternalError);
    }
}
