//! Figures: the queries of runs, with the names of their instances, become requests that are made once for all
//! runs. Nothing here knows the ledger.

mod name_cache;
mod queries;
mod query_pool;
mod sections;
mod time_budget;

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::connect::{Clients, NameList};
use crate::error::Error;
use crate::instance::InstanceArn;
use crate::metric::Limits;
use crate::plan::Directory;
use crate::run::fetch::name_cache::{NameCache, NameRequest};
use crate::run::job::Job;
use crate::settings::{Deployment, Rate, Settings};

pub(crate) use queries::{NameLookup, RunQueries, build_queries};
pub(crate) use query_pool::{Answers, QueryPool, RunFetch};
pub(crate) use sections::{StaleTarget, UnplannedSection, name_problems, stale_targets};
pub(crate) use time_budget::{RUN_OVERHEAD, no_time};

/// The source of figures: Connect's clients, the names that have been read, and the limits of the API.
#[derive(Debug)]
pub(crate) struct FigureSource {
    clients: Clients,
    names: NameCache,
    pub(crate) limits: Limits,
    /// The rules on who may receive reports: a run for anybody else asks for nothing.
    deployment: Deployment,
    /// The account's rate of requests.
    pub(crate) request_rate: Rate,
}

impl FigureSource {
    pub(crate) fn new(clients: Clients, settings: &Settings) -> Self {
        Self {
            clients,
            names: NameCache::default(),
            limits: settings.limits.clone(),
            deployment: settings.deployment.clone(),
            request_rate: settings.rates.requests,
        }
    }

    /// All names of an instance that filters can use.
    ///
    /// # Errors
    /// Fails where one of the lists can't be read.
    pub(crate) async fn all_names(&self, instance: &InstanceArn) -> Result<Directory, Error> {
        let client = self.clients.client(instance);
        let request =
            NameRequest { client: &client, instance, since: Instant::now(), deadline: None };
        self.names.read(BTreeSet::from(NameList::ALL), request).await
    }

    /// The time up to which the service has figures for a job. A service that stands in for AWS may live in the
    /// past, like the events that ask it.
    fn now(&self, job: &Job) -> Timestamp {
        if self.clients.use_aws() { job.clock().started() } else { job.time() }
    }
}
