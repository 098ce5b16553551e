//! A message becomes the bytes of a mail, and goes through SES.

mod breaker;
mod mime;
mod ses;

use std::sync::Arc;

use crate::destination::DestinationKind;
use crate::rate_limit::Pacer;
use crate::settings::{Aws, Rate, Settings};

pub use breaker::SendBreaker;
pub use mime::{Envelope, List, compose};
pub use ses::{Mail, Reach, Refusal, SendOptions, Ses};

/// The services that carry messages away, one for each kind of destination, with connections that outlive a
/// run.
#[derive(Debug)]
pub struct Outbox {
    /// Mail.
    pub ses: Ses,
    mail_rate: Rate,
}

impl Outbox {
    /// The clients of a process; those of AWS share the account's rates.
    pub fn new(settings: &Settings, aws: &Aws, pacer: Arc<Pacer>) -> Self {
        Self { ses: Ses::new(aws, pacer), mail_rate: settings.rates.messages }
    }

    /// The rate at which the service of a kind takes messages from this process.
    pub fn rate(&self, kind: DestinationKind) -> Rate {
        match kind {
            DestinationKind::Mail => self.mail_rate,
        }
    }

    /// Has an invocation use no connection of an earlier one.
    pub fn renew_connections(&self) {
        self.ses.renew_connections();
    }
}
