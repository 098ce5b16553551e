//! Single calls to Connect: their turn, their deadline, and the members that an answer must have.

use std::future::Future;

use aws_sdk_connect::Client;
use aws_sdk_connect::config::http::HttpResponse;
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use crate::error::{Code, Error, Stage, sdk};
use crate::instance::InstanceArn;
use crate::metric::limits::Limits;
use crate::pages::Unread;
use crate::rate_limit::{Pacer, RateKey, Unanswered};

/// The circumstances of calls that have to end in time.
#[derive(Clone, Copy)]
pub(super) struct Calls<'c> {
    pub(super) client: &'c Client,
    pub(super) pacer: &'c Pacer,
    pub(super) limits: &'c Limits,
    pub(super) instance: &'c InstanceArn,
    pub(super) deadline: Option<Instant>,
}

impl Calls<'_> {
    /// Makes a call when its turn comes.
    pub(super) async fn paced<T, E, F>(
        &self,
        key: RateKey,
        operation: &str,
        attempt: impl Fn() -> F,
    ) -> Result<T, Unread>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let answer = self.pacer.call(&key, self.deadline, attempt, sdk::is_throttled).await;
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

/// The error of an answer from which no figure and no name may be taken.
pub(super) fn bad_response(operation: &str, problem: impl std::fmt::Display) -> Error {
    let message = format!("the answer to {operation} can't be trusted: {problem}");
    Error::new(Code::BadResponse, Stage::Query, message).retryable()
}

/// Requires a member of an answer. The SDK's accessors turn a missing list into an empty one, and so an answer
/// without a body into one that found nothing.
///
/// # Errors
/// `BAD_RESPONSE` where the member is missing.
pub(super) fn required_member<T>(
    operation: &str,
    member: &str,
    value: Option<T>,
) -> Result<T, Error> {
    value.ok_or_else(|| bad_response(operation, format!("{member} is missing")))
}
