//! The answer of an invocation: the outcome of one order, or of each message of a queue.

use serde_json::{Value, json};

use crate::run::outcome::batch::Outcome;

/// The answer of an invocation.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The outcome of one event, or one order.
    Order(Box<Outcome>),
    /// The outcome of each message of a queue.
    Queue(Vec<Handled>),
}

/// A message of a queue, and its outcome.
#[derive(Clone, Debug)]
pub struct Handled {
    /// The id that the queue gave it.
    pub message: String,
    /// The outcome of the trigger in it.
    pub outcome: Outcome,
}

impl Answer {
    /// Each outcome.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        let (one, many) = match self {
            Self::Order(outcome) => (Some(outcome.as_ref()), [].as_slice()),
            Self::Queue(handled) => (None, handled.as_slice()),
        };
        one.into_iter().chain(many.iter().map(|handled| &handled.outcome))
    }

    /// The messages of a batch that the queue is to hand out again, in the form that Lambda reads
    /// (SQS event source mapping, `ReportBatchItemFailures`).
    pub fn batch_item_failures(messages: &[Handled]) -> Value {
        let again = messages.iter().filter(|handled| handled.outcome.is_worth_retrying());
        let failures: Vec<Value> =
            again.map(|handled| json!({"itemIdentifier": handled.message})).collect();
        json!({"batchItemFailures": failures})
    }
}
