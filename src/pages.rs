//! The pages of an answer, from the first to the last.

use std::collections::BTreeSet;

use aws_sdk_connect::config::http::HttpResponse;
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Code, Error, Stage, sdk};
use crate::retry::PAGE_READS;

/// The way through the pages of one answer.
///
/// The SDK's paginators end silently where the service repeats a token; the rest of the rows would be missing
/// unnoticed. Also, the service refuses an expired token with a 400. Then the answer is read from its first
/// page again, [`PAGE_READS`] times in all.
#[derive(Debug)]
pub(crate) struct Pages {
    operation: &'static str,
    stage: Stage,
    token: Option<String>,
    seen: BTreeSet<String>,
    /// The number of times that the first page was read.
    reads: u32,
}

/// A page that could not be read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// The reason.
    error: Error,
    /// True where the service may have refused the page's token.
    may_be_the_token: bool,
}

impl Pages {
    /// The way from the first page.
    pub(crate) fn new(operation: &'static str, stage: Stage) -> Self {
        Self { operation, stage, token: None, seen: BTreeSet::new(), reads: 1 }
    }

    /// The token of the next page to read; the first page has none.
    pub(crate) fn next_token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Goes on to the page with this token; returns false where there is none.
    ///
    /// # Errors
    /// `BAD_RESPONSE` where the token was that of an earlier page.
    pub(crate) fn go_on(&mut self, next: Option<&str>) -> Result<bool, Error> {
        self.token = next.filter(|token| !token.is_empty()).map(ToOwned::to_owned);
        let Some(token) = &self.token else { return Ok(false) };
        if self.seen.insert(token.clone()) {
            return Ok(true);
        }
        let message = format!("{} answered the same page token twice", self.operation);
        Err(Error::new(Code::BadResponse, self.stage, message).retryable())
    }

    /// Goes back to the first page where the service has refused the token of a page. The caller drops what
    /// earlier pages had, because it comes again.
    ///
    /// # Errors
    /// The page's own error, where its token is not the reason; `SERVICE_ERROR`, retryable, where the answer
    /// was already read again.
    pub(crate) fn begin_anew(&mut self, unread: Unread) -> Result<(), Error> {
        let Unread { error, may_be_the_token } = unread;
        // The request for the first page has the same members, and would be refused again.
        if self.token.is_none() || !may_be_the_token {
            return Err(error);
        }
        if self.reads >= PAGE_READS {
            let message =
                format!("{} refused its own page tokens twice: {}", self.operation, error.message);
            let again = Error::new(Code::ServiceError, self.stage, message).retryable();
            return Err(Error { request_id: error.request_id, ..again });
        }
        self.token = None;
        self.seen.clear();
        self.reads += 1;
        Ok(())
    }
}

impl Unread {
    /// The page that was to come with this failed call.
    pub(crate) fn new<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Self {
            error: sdk::classify(operation, stage, error),
            may_be_the_token: sdk::may_refuse_token(error),
        }
    }

    /// The error of a call without pages.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self { error, may_be_the_token: false }
    }
}
