//! What an invocation answers: the outcome of one order, or of each message of a queue.

use crate::run::outcome::batch::Outcome;
use serde_json::{Value, json};

/// What became of what an invocation was asked for.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of one event, or one order.
    Order(Box<Outcome>),
    /// Of each message of a queue.
    Queue(Vec<Handled>),
}

/// A message of a queue, and what became of it.
#[derive(Clone, Debug)]
pub struct Handled {
    /// What the queue knows it by.
    pub message: String,
    /// What became of what it asks for.
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

    /// Of a batch of messages those that are to be handed out again, in the form that Lambda reads
    /// (SQS event source mapping, `ReportBatchItemFailures`).
    pub fn batch_item_failures(messages: &[Handled]) -> Value {
        let again = messages.iter().filter(|handled| handled.outcome.is_worth_retrying());
        let failures: Vec<Value> =
            again.map(|handled| json!({"itemIdentifier": handled.message})).collect();
        json!({"batchItemFailures": failures})
    }
}
