//! Amazon Connect: figures and names, page by page.

mod figures;
mod names;
mod pages;

use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_connect::Client;
use aws_sdk_connect::config::http::HttpResponse;
use aws_sdk_connect::config::{Builder, Region};
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use crate::error::{Code, Error, Stage, sdk};
use crate::instance::InstanceArn;
use crate::metric::limits::Limits;
use crate::plan::{Answer, Directory, Request};
use crate::rate_limit::{Key, LeaveThrottles, Pacer, Unanswered};

pub use names::List;
pub(crate) use pages::{Pages, Unread};

/// The client of one Region's Connect.
#[derive(Clone, Debug)]
pub struct Connect {
    client: Client,
    pacer: Arc<Pacer>,
    limits: Limits,
}

/// Calls that have to end in time.
#[derive(Clone, Copy)]
struct Calls<'c> {
    connect: &'c Connect,
    instance: &'c InstanceArn,
    deadline: Option<Instant>,
}

impl Connect {
    /// The client for an instance: its ARN decides on Region and, with it, partition. Calls of
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
    /// The service's own refusal, `TIMEOUT`, or `BAD_RESPONSE` where its answer lacks what
    /// it must have, or contradicts the request or itself.
    pub async fn figures(
        &self,
        request: &Request,
        deadline: Option<Instant>,
    ) -> Result<Answer, Error> {
        figures::fetch(self.calls(&request.instance, deadline), request).await
    }

    /// The names that stand on one list of an instance.
    ///
    /// # Errors
    /// The service's own refusal, `TIMEOUT`, or `BAD_RESPONSE` where its answer lacks what
    /// it must have, or a page comes again.
    pub async fn names(
        &self,
        instance: &InstanceArn,
        list: List,
        deadline: Option<Instant>,
    ) -> Result<Directory, Error> {
        names::fetch(self.calls(instance, deadline), list).await
    }

    fn calls<'c>(&'c self, instance: &'c InstanceArn, deadline: Option<Instant>) -> Calls<'c> {
        Calls { connect: self, instance, deadline }
    }
}

impl Calls<'_> {
    /// Makes a call when its turn comes.
    async fn paced<T, E, F>(
        &self,
        key: Key,
        operation: &str,
        attempt: impl Fn() -> F,
    ) -> Result<T, Unread>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let pacer = &self.connect.pacer;
        let answer = pacer.call(&key, self.deadline, attempt, sdk::is_throttled).await;
        answer.map_err(|unanswered| match unanswered {
            Unanswered::Failed(error) => Unread::new(operation, Stage::Query, &error),
            Unanswered::OutOfTime => {
                let message = format!("there was no time left for {operation}");
                Error::new(Code::Timeout, Stage::Query, message)
                    .retryable()
                    .hint("give the function a longer timeout if this happens often")
                    .into()
            }
        })
    }
}

/// An answer that no figure and no name is to be taken from.
fn bad(operation: &str, problem: impl std::fmt::Display) -> Error {
    let message = format!("the answer to {operation} can't be trusted: {problem}");
    Error::new(Code::BadResponse, Stage::Query, message).retryable()
}

/// A member that an answer must have. The SDK reads a list that is not there as one of nothing, and so an
/// answer without a body as one that has found nothing.
fn there<T>(operation: &str, member: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| bad(operation, format!("{member} is missing")))
}
