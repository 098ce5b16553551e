//! Amazon Connect: figures and names, page by page.

mod calls;
mod clients;
mod figures;
mod names;

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_connect::Client;
use aws_sdk_connect::config::{Builder, Region};
use tokio::time::Instant;

use crate::error::Error;
use crate::instance::InstanceArn;
use crate::metric::limits::Limits;
use crate::plan::{Directory, Request, RequestAnswer};
use crate::rate_limit::{LeaveThrottles, Pacer};

use calls::Calls;

pub use clients::Clients;
pub use names::NameList;

/// The client of one Region's Connect.
#[derive(Clone, Debug)]
pub struct Connect {
    client: Client,
    pacer: Arc<Pacer>,
    limits: Limits,
}

impl Connect {
    /// The client for an instance, whose ARN decides on the Region and, with it, the partition. Calls of
    /// all clients with the same pacer share the account's rates.
    pub fn new(
        config: &SdkConfig,
        instance: &InstanceArn,
        pacer: Arc<Pacer>,
        limits: Limits,
    ) -> Self {
        let region = Region::new(instance.region().to_owned());
        // The pacer has to see every throttle, so the SDK leaves them alone.
        let config = Builder::from(config).region(region).retry_classifier(LeaveThrottles).build();
        Self { client: Client::from_conf(config), pacer, limits }
    }

    /// The answer to a request, all its pages together, if it comes before the deadline.
    ///
    /// # Errors
    /// The service's own refusal, `TIMEOUT`, or `BAD_RESPONSE` where its answer lacks a required member, or
    /// contradicts the request or itself.
    pub async fn figures(
        &self,
        request: &Request,
        deadline: Option<Instant>,
    ) -> Result<RequestAnswer, Error> {
        figures::fetch_figures(self.calls(&request.instance, deadline), request).await
    }

    /// The names on one list of an instance.
    ///
    /// # Errors
    /// The service's own refusal, `TIMEOUT`, or `BAD_RESPONSE` where its answer lacks a required member, or a page
    /// comes again.
    pub async fn names(
        &self,
        instance: &InstanceArn,
        list: NameList,
        deadline: Option<Instant>,
    ) -> Result<Directory, Error> {
        names::fetch_names(self.calls(instance, deadline), list).await
    }

    fn calls<'c>(&'c self, instance: &'c InstanceArn, deadline: Option<Instant>) -> Calls<'c> {
        let Self { client, pacer, limits } = self;
        Calls { client, pacer, limits, instance, deadline }
    }
}
