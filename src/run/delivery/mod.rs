//! Delivery: a run's message is sent under the ledger's protocol, and the owner is notified of failures.
//!
//! Three things make a delivery, each with a place of its own. The receiver is a [`StoredDestination`] in the
//! run's record, whose `kind` is none for mail. The content is the message that lies in the store. The way of
//! sending is a [`MessageSender`].
//!
//! Where to look:
//!
//! - Messages are sent, and results recorded, by `Attempt::deliver` in `attempt.rs`. Each of its writes renews the
//!   lease: `LedgerStore::save_and_renew` in `ledger/store.rs`.
//! - A retry of the run is decided by `RunRecord::recompute_status` in `ledger/record/changes.rs`. A mail is tried
//!   again within an attempt by `mail/ses.rs`.
//! - Sending stops by `RunSender::stop_reason` for all recipients, and by `RunSender::refusal` for those of one kind
//!   (`sender.rs`).
//! - Each kind of destination is sent to by `RunSender::send` in `sender.rs`.
//! - The owner's mail is written in `notice.rs` for a run, in `definition_notice.rs` for a definition.

mod attempt;
mod definition_notice;
mod mail;
mod notice;
mod sender;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::destination::StoredDestination;
use crate::error::Error;
use crate::run::ledger::{Recipient, RunRecord};

pub(crate) use attempt::{Attempt, stored_message_missing};
pub(crate) use definition_notice::{Mailboxes, notify_of_definition};
pub use mail::compose_mail;
pub(crate) use sender::RunSender;

/// The largest number of messages of a run on their way at once, which a death leaves unknown.
pub(crate) const IN_FLIGHT_MAX: usize = 8;

/// The way in which the messages of a run are sent.
pub(crate) trait MessageSender {
    /// The message, in the form in which it is stored beside its run's record.
    type Message: Serialize + DeserializeOwned;

    /// The files that are too large for a message, and are stored beside it: name and content.
    fn files<'m>(&self, _message: &'m Self::Message) -> Vec<(&'m str, &'m [u8])> {
        Vec::new()
    }

    /// Waits until it is the run's turn to send, where several runs overlap.
    async fn wait_turn(&self) {}

    /// Sends the message to one recipient, and returns the id that it got.
    ///
    /// # Errors
    /// `DELIVERY_UNKNOWN` where the recipient may have the message. Any other error where they certainly do not.
    async fn send(
        &self,
        message: &Self::Message,
        to: &Recipient,
        index: usize,
    ) -> Result<String, Error>;

    /// The number of recipients of each shard, where the run is to be cut into shards.
    fn shard_size(&self, _record: &RunRecord) -> Option<usize> {
        None
    }

    /// The number of messages to destinations of this recipient's kind on their way at once. All kinds together have
    /// [`IN_FLIGHT_MAX`] at most: a death leaves marked recipients unknown, even those who wait for their turn.
    fn concurrency(&self, _to: &Recipient) -> usize {
        IN_FLIGHT_MAX
    }

    /// The reason why this recipient can't be sent to now: the service for their kind accepts nothing.
    fn refusal(&self, _to: &Recipient) -> Option<Error> {
        None
    }

    /// The reason why nobody can be sent to now: the time is up, or another process has the run.
    fn stop_reason(&self) -> Option<Error>;

    /// The owner, who is notified of a run that failed, if the deployment allows it.
    fn owner(&self) -> Option<StoredDestination>;

    /// Notifies the owner of the end of a run.
    ///
    /// # Errors
    /// Those of [`Self::send`].
    async fn notify(&self, record: &RunRecord, to: &Recipient) -> Result<String, Error>;
}
