//! The services that carry messages away, with connections that outlive a run.

use std::sync::Arc;

use super::ses::Ses;
use crate::rate_limit::Pacer;
use crate::settings::Aws;

/// One client for each kind of destination.
#[derive(Debug)]
pub struct Outbox {
    /// Mail.
    pub ses: Ses,
}

impl Outbox {
    /// The clients of a process; those of AWS share the account's rates.
    pub fn new(aws: &Aws, pacer: Arc<Pacer>) -> Self {
        Self { ses: Ses::new(aws, pacer) }
    }

    /// Has an invocation use no connection of an earlier one.
    pub fn renew_connections(&self) {
        self.ses.renew_connections();
    }
}
