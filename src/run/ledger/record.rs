//! The record of a run: one JSON object for each report and window. [`changes`] has the rules by which it changes.
//! Nothing here reads or writes the store.

mod changes;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Code, Error, Stage};
use crate::retry::{ATTEMPTS_BEFORE_OWNER_NOTICE, LONGEST_LEASE};
use crate::run::job::TriggerId;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::shard_set::ShardSet;
use crate::run::outcome::{DeliveryState, FetchStats, RunOutcome, RunState, Status};
use crate::window::Window;

/// The version of the form of records that this program writes.
const RECORD_VERSION: u32 = 1;

/// The version of records of runs in shards, and of shards. A program that knows no shards leaves them alone.
const SHARDED_RECORD_VERSION: u32 = 2;

/// The record of a run. Members that a later version adds to it are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    version: u32,
    /// The report's id.
    pub(crate) report: String,
    pub(crate) window: Window,
    pub(crate) status: RunState,
    /// Says that nothing is left to be done: no tick and no retry takes the run up again.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// The reason why nothing was sent, or the sections that the message goes without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The requests, pages and rows that its figures took.
    #[serde(flatten)]
    pub(crate) stats: FetchStats,
    /// The digest of the definition that it was made from.
    pub(crate) definition: String,
    /// The event or order for which it was last taken up.
    pub(crate) event: TriggerId,
    /// The number of times that it was taken up.
    pub(crate) attempts: u32,
    /// The time at which it was last taken up.
    pub(crate) started_at: Timestamp,
    /// The time at which its message was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_at: Option<Timestamp>,
    /// The time at which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
    /// The lease of its holder, or of its last holder.
    pub(crate) claim: Lease,
    /// The identity of this write.
    pub(crate) written: WriteId,
    /// The lease of an order that sends its message again, or died while it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resend: Option<ResendLease>,
    /// The key of the run's own record, where this is a re-issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reissue_of: Option<String>,
    /// Says that it sends the run's own message, and counts for later orders. That is so for a `resend`, and not for
    /// an order with recipients of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) resent: bool,
    /// Says that the message is marked as a re-issue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reissued: bool,
    /// The key of the message as it was rendered.
    #[serde(rename = "message", default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_key: Option<String>,
    /// The mark that its message is being made with the deployment's own templates; none before and after. A
    /// process that dies leaves it, until the message is made anew or the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rendering: Option<RenderingMark>,
    /// The shards into which its recipients are cut, until these have ended.
    #[serde(rename = "parts", default, skip_serializing_if = "Option::is_none")]
    pub(crate) shards: Option<ShardSet>,
    /// Says that it is itself the record of a shard.
    #[serde(rename = "is_part", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_shard: bool,
    /// The recipients, each with the state of the delivery.
    #[serde(rename = "messages")]
    pub(crate) recipients: Vec<Recipient>,
    /// The mail to the owner, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<Recipient>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The mark that a process is making a message with the deployment's own templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RenderingMark {
    #[serde(flatten)]
    pub(crate) templates: TemplatesId,
    /// The process. Earlier versions wrote none.
    #[serde(default)]
    pub(crate) process: String,
}

/// The identity of the deployment's own templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplatesId {
    /// The folder, or the `s3://` address.
    pub(crate) place: String,
    /// The digest of all templates.
    pub(crate) digest: String,
}

/// A lease on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// The writer that holds it.
    pub(crate) by: String,
    /// The time at which it ends; none where it was released.
    pub(crate) until: Option<Timestamp>,
}

/// The lease of an order that sends a run's message again: the run's fence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResendLease {
    pub(crate) order: String,
    /// The process that carries the order out.
    pub(crate) by: String,
    pub(crate) until: Timestamp,
}

/// The identity of a write, which no other write has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WriteId {
    pub(crate) by: String,
    pub(crate) count: u64,
}

impl RunRecord {
    /// The record of a run that nobody has taken up yet.
    pub(crate) fn new(
        report: String,
        window: Window,
        definition: String,
        event: TriggerId,
    ) -> Self {
        let nobody = String::new();
        Self {
            version: RECORD_VERSION,
            report,
            window,
            status: RunState::Running,
            is_final: false,
            reason: None,
            stats: FetchStats::default(),
            definition,
            attempts: 0,
            started_at: event.time,
            event,
            made_at: None,
            ended_at: None,
            claim: Lease { by: nobody.clone(), until: None },
            written: WriteId { by: nobody, count: 0 },
            resend: None,
            reissue_of: None,
            resent: false,
            reissued: false,
            message_key: None,
            rendering: None,
            shards: None,
            is_shard: false,
            recipients: Vec::new(),
            notice: None,
            error: None,
            others: Map::new(),
        }
    }

    /// Parses a record.
    ///
    /// # Errors
    /// `STORE_ERROR` where this version does not know its form.
    pub(crate) fn parse(key: &str, content: &[u8]) -> Result<Self, Error> {
        let record: Self = parsed(key, content)?;
        match record.version {
            RECORD_VERSION | SHARDED_RECORD_VERSION => Ok(record),
            later => {
                let problem = format!(
                    "it has version {later}, and this program knows up to {SHARDED_RECORD_VERSION}"
                );
                Err(unreadable(key, &problem))
            }
        }
    }

    /// The record as it is written.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let has_shards = self.shards.is_some() || self.is_shard;
        let version = if has_shards { SHARDED_RECORD_VERSION } else { RECORD_VERSION };
        // Only a map's key that is no text could fail, and there is none.
        serde_json::to_vec_pretty(&Self { version, ..self.clone() }).unwrap_or_default()
    }

    /// Tells whether somebody has the run at this time.
    pub(crate) fn is_held_at(&self, time: Timestamp) -> bool {
        self.held_at(time).is_some()
    }

    /// The end of the lease of the holder that has the run at this time, or of the order that sends its message
    /// again.
    pub(crate) fn held_at(&self, time: Timestamp) -> Option<Timestamp> {
        let resent = self.resent_at(time).map(|resend| resend.until);
        self.claimed_at(time).max(resent)
    }

    /// The end of the lease of the holder that has the run itself at this time.
    pub(crate) fn claimed_at(&self, time: Timestamp) -> Option<Timestamp> {
        self.claim.until.filter(|until| is_believed(*until, time))
    }

    /// The lease of the order that sends its message again at this time.
    pub(crate) fn resent_at(&self, time: Timestamp) -> Option<&ResendLease> {
        self.resend.as_ref().filter(|resend| is_believed(resend.until, time))
    }

    pub(crate) fn is_fenced_by(&self, process: &str) -> bool {
        self.resend.as_ref().is_some_and(|resend| resend.by == process)
    }

    /// Tells whether a later attempt sends the stored message and makes none anew: where anybody may have it, or
    /// where the definition is still the same.
    pub(crate) fn can_resume(&self, definition: &str) -> bool {
        let is_the_same = self.definition == definition || self.reissue_of.is_some();
        self.message_key.is_some() && (is_the_same || self.may_have_been_read())
    }

    /// Tells whether a recipient waits for the message, and is not marked yet.
    pub(crate) fn has_pending(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.status == DeliveryState::Pending)
    }

    /// Tells whether the owner is to be notified of its end, and has not been.
    pub(crate) fn owes_a_notice(&self) -> bool {
        let is_news = self.is_final
            || self.status == RunState::Unknown
            || self.attempts >= ATTEMPTS_BEFORE_OWNER_NOTICE;
        let is_open = self.notice.is_none() || self.notice_failed();
        // The owner is not notified of a shard: the run ends later.
        self.has_failed() && is_news && is_open && !self.is_shard
    }

    /// Tells whether the run has ended, and the mail to its owner failed and is to be sent again.
    pub(crate) fn is_to_notify_again(&self) -> bool {
        self.is_final && self.owes_a_notice() && self.notice_failed()
    }

    fn notice_failed(&self) -> bool {
        self.notice.as_ref().is_some_and(|notice| notice.status == DeliveryState::Failed)
    }

    /// Tells whether it ended with a failure, or with a recipient who may have the message.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.status, RunState::Failed | RunState::Unknown)
    }

    /// Tells whether a recipient may have its message.
    pub(crate) fn may_have_been_read(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.status.may_have_arrived())
    }

    /// The outcome of the run, for the answer of an invocation.
    pub(crate) fn outcome(&self) -> RunOutcome {
        RunOutcome {
            report: self.report.clone(),
            status: self.status.into(),
            reason: self.reason.clone(),
            window: Some(self.window.clone()),
            stats: self.stats,
            messages: self.recipients.iter().map(Recipient::delivery).collect(),
            error: self.error.clone(),
            ..RunOutcome::default()
        }
    }

    /// The outcome of the run, for the answer of an invocation that did nothing for it.
    pub(crate) fn replayed_outcome(&self) -> RunOutcome {
        let outcome =
            RunOutcome { stats: FetchStats::default(), is_replay: true, ..self.outcome() };
        match outcome.status {
            Status::Sent => RunOutcome { status: Status::Duplicate, ..outcome },
            _ => outcome,
        }
    }
}

/// Tells whether a lease that ends at `until` still counts. A lease that is longer than any real one does not: it
/// comes from a wrong clock, or a person wrote it, and it would hold up the run for all that time.
fn is_believed(until: Timestamp, now: Timestamp) -> bool {
    let left = until.duration_since(now);
    left.is_positive() && left <= LONGEST_LEASE
}

/// Parses an object in the store of records as JSON.
///
/// # Errors
/// `STORE_ERROR` where it is something else. The error does not repeat its content, which may be anything.
pub(crate) fn parsed<T: DeserializeOwned>(key: &str, content: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|error| {
        let text = error.to_string();
        let problem = if text.starts_with("missing field") {
            text
        } else {
            let line = error.line();
            let column = error.column();
            format!("line {line}, column {column} is not what this program writes there")
        };
        unreadable(key, &problem)
    })
}

fn unreadable(key: &str, problem: &str) -> Error {
    let message = format!("{key} in the store of records can't be read: {problem}");
    Error::new(Code::StoreError, Stage::Record, message)
        .hint("remove it, or fix it: it must be JSON as this program writes it")
}

#[cfg(test)]
mod tests;
