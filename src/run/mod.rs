//! One invocation, from its trigger to its outcome: it runs reports, each from its definition to its messages,
//! and reports how they ended. A report that fails never stops the others.
//!
//! The rooms, in the order of dependency: each uses only those above it.
//!
//! - `outcome`: states of runs and deliveries, answers, metrics
//! - `job`: a run as this invocation has it: key, clock, deadline, recipients
//! - `definitions`: definitions in the store become reports
//! - `ledger`: the protocol, records, leases, shards; it stores bytes
//! - `fetch`: the queries of many runs become requests that are made once
//! - `message`: answers become figures, and these a message
//! - `services`: settings, clients and caches that all runs share
//! - `preview`: plans, previews, figures and names for the terminal
//! - `delivery`: messages are sent under the ledger's protocol
//! - `schedule`: what is due, and what is known of it before it starts
//! - `dispatch`: jobs run in phases, or are handed to other invocations

mod definitions;
mod delivery;
mod dispatch;
mod fetch;
mod job;
mod ledger;
mod message;
mod outcome;
mod preview;
mod schedule;
mod services;

#[cfg(feature = "cli")]
use std::collections::BTreeSet;

#[cfg(feature = "cli")]
use jiff::Timestamp;
use serde_json::Value;

use crate::definition::{Problem, Report, ReportId};
use crate::error::Error;
use crate::instance::InstanceArn;
use crate::plan::Directory;
use crate::render::Message;
use crate::settings::{Aws, Settings};
use crate::trigger::{self, Payload, Trigger};

pub use crate::mail::SendBreaker;
pub use definitions::{Checks, Definitions, unknown_report};
pub use delivery::compose_mail;
#[cfg(feature = "cli")]
pub use dispatch::PastRun;
use dispatch::{handle_message, handle_trigger, refuse};
use job::TriggerContext;
pub use job::{Clock, Invocation, Job, Progress, Stop, Stopper};
pub use message::{Figures, read_templates, unusable};
pub use outcome::{
    Answer, Batch, Delivery, DeliveryStatus, FetchStats, Handled, Outcome, Queued, RunOutcome,
    Status,
};
pub use preview::Planned;
use services::Services;

/// Runs reports. A process makes it once: its clients keep their connections, its templates stay parsed, and
/// its lists of names stay warm.
#[derive(Debug)]
pub struct Runner {
    services: Services,
}

impl Runner {
    /// A runner with these settings.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where a template does not parse.
    pub fn new(settings: Settings, aws: Aws) -> Result<Self, Error> {
        Ok(Self { services: Services::new(settings, aws)? })
    }

    /// Answers a payload: an event, an order, or messages of the queue.
    pub async fn answer(&self, payload: &Value, invocation: &Invocation) -> Answer {
        self.services.outbox.renew_connections();
        match trigger::parse_payload(payload) {
            Ok(Payload::One(trigger)) => {
                Answer::Order(Box::new(self.run(&trigger, invocation).await))
            }
            Ok(Payload::Queue(messages)) => {
                let mut handled = Vec::new();
                for message in messages {
                    handled.push(handle_message(&self.services, message, invocation).await);
                }
                Answer::Queue(handled)
            }
            Err(error) => Answer::Order(Box::new(refuse(error, invocation))),
        }
    }

    /// Carries out a trigger.
    pub async fn run(&self, trigger: &Trigger, invocation: &Invocation) -> Outcome {
        // A boxed future does not make the futures around it large.
        Box::pin(handle_trigger(&self.services, TriggerContext { trigger, invocation })).await
    }

    /// Reads the definitions: all, or the named ones.
    ///
    /// # Errors
    /// Fails where they can't be read, or a named one does not exist.
    pub async fn definitions(&self, named: &[ReportId]) -> Result<Definitions, Error> {
        self.services.definitions.read(named).await
    }

    /// Fetches the figures of a report, without sending them.
    ///
    /// # Errors
    /// The failure that stopped it.
    pub async fn figures(&self, job: &Job) -> Result<Figures, Error> {
        preview::fetch_figures(&self.services.figures, job).await
    }

    /// The message of a report's figures and its `report.json`, with the templates as they are now.
    ///
    /// # Errors
    /// Fails where a template can't be used.
    pub async fn preview(&self, job: &Job, figures: &Figures) -> Result<(Message, String), Error> {
        preview::preview(&self.services.templates, job, figures).await
    }

    /// Plans the requests of a report, without making them; the names of the instance are read.
    ///
    /// # Errors
    /// The failure that stopped it.
    pub async fn plan(&self, job: &Job) -> Result<Planned, Error> {
        preview::plan_requests(&self.services.figures, job).await
    }

    /// All names of an instance that filters can use.
    ///
    /// # Errors
    /// The failure that stopped it.
    pub async fn names(&self, instance: &InstanceArn) -> Result<Directory, Error> {
        self.services.figures.all_names(instance).await
    }

    /// The problems with names in each of these reports: the instance does not have them.
    ///
    /// # Errors
    /// The failure that stopped it.
    pub async fn check_names(&self, reports: &[&Report]) -> Result<Vec<Vec<Problem>>, Error> {
        preview::check_names(&self.services.figures, reports).await
    }

    /// Tells whether outcomes are kept.
    pub fn keeps_records(&self) -> bool {
        self.services.ledger.is_kept()
    }

    /// The ids of the reports that have records.
    ///
    /// # Errors
    /// `STORE_ERROR` or the service's own, if the records can't be listed.
    #[cfg(feature = "cli")]
    pub async fn recorded_reports(&self) -> Result<BTreeSet<String>, Error> {
        dispatch::recorded_reports(&self.services.ledger).await
    }

    /// The runs of a report, or of all reports, the newest window first: at most `limit` of each report. With
    /// them come the errors of records that can't be read.
    ///
    /// # Errors
    /// Fails where the records can't be listed.
    #[cfg(feature = "cli")]
    pub async fn past_runs(
        &self,
        report: Option<&ReportId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<PastRun>, Vec<Error>), Error> {
        dispatch::past_runs(&self.services.ledger, report, limit, now).await
    }
}
