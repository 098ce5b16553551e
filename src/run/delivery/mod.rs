//! Delivery: a run's message is sent under the ledger's protocol, and the owner hears of what failed.
//!
//! Three things make a delivery, each with a place of its own: who receives is a
//! [`StoredDestination`] in the run's record, whose `kind` is none for mail; what is sent is the message that lies
//! in the store; how it is sent is a [`MessageSender`].

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

    /// Waits until it is the run's turn to send, where several are under way.
    async fn wait_turn(&self) {}

    /// Sends the message to one recipient, and returns the id that it got.
    ///
    /// # Errors
    /// `DELIVERY_UNKNOWN` where the recipient may have it; any other where they certainly do not.
    async fn send(
        &self,
        message: &Self::Message,
        to: &Recipient,
        index: usize,
    ) -> Result<String, Error>;

    /// The number of recipients in each shard, where the run is cut into shards.
    fn shard_size(&self, _record: &RunRecord) -> Option<usize> {
        None
    }

    /// The number of messages to destinations of this recipient's kind on their way at once. Those of all kinds
    /// are [`IN_FLIGHT_MAX`] at most: those who are marked and wait for their turn would be left unknown by a
    /// death as well.
    fn concurrency(&self, _to: &Recipient) -> usize {
        IN_FLIGHT_MAX
    }

    /// The reason why this recipient can't be sent to now: the service of its kind takes nothing.
    fn refusal(&self, _to: &Recipient) -> Option<Error> {
        None
    }

    /// The reason why nobody can be sent to now: time is up, or another has the run.
    fn stop_reason(&self) -> Option<Error>;

    /// The owner, who is to hear of a run that failed, if anybody may.
    fn owner(&self) -> Option<StoredDestination>;

    /// Notifies the owner of the end of a run.
    ///
    /// # Errors
    /// As [`Self::send`].
    async fn notify(&self, record: &RunRecord, to: &Recipient) -> Result<String, Error>;
}
