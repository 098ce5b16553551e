//! Outcomes: how a run and each of its deliveries ended, and what the invocation answers.

pub(crate) mod metrics;
pub(crate) mod response;
pub(crate) mod run_outcome;
