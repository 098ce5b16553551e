//! The breaker that stops further mails of an invocation after an answer of SES that they would fare the
//! same by.

use std::sync::{Arc, Mutex, PoisonError};

use super::ses::{Reach, Refusal};
use crate::address::Address;
use crate::error::{Code, Error, Stage};

/// SES's answers that would also affect later sends of the invocation, of one sender or of all. Clones
/// share what they know.
#[derive(Clone, Debug, Default)]
pub struct SendBreaker(Arc<Mutex<Vec<SendStop>>>);

/// Sends that would fare as another did.
#[derive(Clone, Debug)]
struct SendStop {
    /// The sender whose mails these are; none where it is all mails.
    from: Option<Address>,
    error: Error,
}

impl SendBreaker {
    /// Stops what a refusal says would fare the same, and returns its error.
    pub(crate) fn trip(&self, refusal: Refusal, from: &Address) -> Error {
        let error = refusal.error;
        let stopped = match refusal.reach {
            Reach::Message => return error,
            Reach::Sender => SendStop { from: Some(from.clone()), error: error.clone() },
            Reach::Account => SendStop { from: None, error: error.clone() },
            Reach::Service => SendStop { from: None, error: in_trouble() },
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stopped);
        error
    }

    /// The reason for which a sender's mails are not tried, if there is one.
    pub(crate) fn stops(&self, from: &Address) -> Option<Error> {
        let stopped = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let concerns = |stopped: &&SendStop| stopped.from.as_ref().is_none_or(|s| s == from);
        stopped.iter().find(concerns).map(|stopped| stopped.error.clone())
    }
}

/// The reason for which nobody else is sent to after an end that is not known.
fn in_trouble() -> Error {
    let message = "SES gave no clear answer for another message, and this one was not tried";
    Error::new(Code::ServiceError, Stage::Deliver, message)
        .retryable()
        .hint("it is sent by the next attempt, once SES answers again")
}
