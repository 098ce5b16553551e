//! The state that all connections share.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::api::access::Access;
use crate::api::account::Account;
use crate::api::instance::Instance;
use crate::api::operation::Operation;
use crate::api::rates::Buckets;
use crate::control::faults::Faults;

/// A request that was answered or refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// The body; for the lists an object of the instance and the query parameters. A body that is
    /// no JSON is a string.
    pub body: Value,
    /// The actions and resources that IAM would check.
    pub accesses: Vec<Access>,
    /// The time at which it came, by tokio's clock, which tests may pause.
    pub at: Instant,
    /// True for a request that was refused because of the account's [rates](crate::Options::rates).
    pub throttled: bool,
}

/// The state that all connections share.
#[derive(Debug)]
pub(crate) struct ServerState {
    pub(crate) account: Account,
    pub(crate) buckets: Option<Mutex<Buckets>>,
    pub(crate) latency: Duration,
    pub(crate) instance: Option<Instance>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) calls: Mutex<Vec<Call>>,
    /// Wakes tasks that wait for a call.
    pub(crate) called: Notify,
    /// The number of answers, for ids that never repeat.
    pub(crate) answers: Mutex<u64>,
}
