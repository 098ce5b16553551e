//! The record of a run: one JSON object for each report and window, and the rules by which it
//! changes. Nothing here reads or writes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::destination::StoredDestination;
use crate::error::{Code, Error, Stage};
use crate::retry::{ATTEMPTS_BEFORE_OWNER_NOTICE, LONGEST_LEASE};
use crate::run::job::TriggerId;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::shard_set::ShardSet;
use crate::run::outcome::{DeliveryState, FetchStats, RunOutcome, RunState, Status};
use crate::window::Window;

/// The form of records that this program writes.
const VERSION: u32 = 1;

/// That of runs in parts and of their parts, so that a program that does not know of them leaves them
/// alone.
const WITH_PARTS: u32 = 2;

/// A run as it is kept. What a later version adds to it survives here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    version: u32,
    /// The report's id.
    pub(crate) report: String,
    pub(crate) window: Window,
    pub(crate) status: RunState,
    /// Says that nothing is left to be done: no tick and no retry takes it up again.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// The reason why nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The requests, pages and rows that its figures took.
    #[serde(flatten)]
    pub(crate) stats: FetchStats,
    /// The digest of the definition that it was made from.
    pub(crate) definition: String,
    /// The event or order that it was last taken up for.
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
    /// The lease of its holder, or of the last one.
    pub(crate) claim: Lease,
    /// The identity of this write.
    pub(crate) written: WriteId,
    /// The order that sends its message again at this moment, or died while it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resend: Option<ResendLease>,
    /// The key of the run's own record, where this is a re-issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reissue_of: Option<String>,
    /// Says that it sends what the run was to send, and counts for later orders: a `resend` does, an
    /// order for other recipients does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) resent: bool,
    /// Says that the message is marked as a re-issue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reissued: bool,
    /// The key of the message as it was rendered.
    #[serde(rename = "message", default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_key: Option<String>,
    /// Says that its message is being made with templates of one's own; none before and after. A death
    /// leaves it, until the message is made anew or the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rendering: Option<RenderingMark>,
    /// The shards into which its recipients are cut, until these have ended.
    #[serde(rename = "parts", default, skip_serializing_if = "Option::is_none")]
    pub(crate) shards: Option<ShardSet>,
    /// Says that it is itself the record of a shard.
    #[serde(rename = "is_part", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_shard: bool,
    /// Each recipient, with how far the delivery to them is.
    #[serde(rename = "messages")]
    pub(crate) recipients: Vec<Recipient>,
    /// The mail to the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<Recipient>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The mark that a process makes a message with templates of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RenderingMark {
    #[serde(flatten)]
    pub(crate) templates: TemplatesId,
    /// The process; records of before name none.
    #[serde(default)]
    pub(crate) process: String,
}

/// The identity of templates of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplatesId {
    /// The folder, or the `s3://` address.
    pub(crate) place: String,
    /// The digest of all of them.
    pub(crate) digest: String,
}

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// The writer that holds it.
    pub(crate) by: String,
    /// The time at which it expires; none where it was released.
    pub(crate) until: Option<Timestamp>,
}

/// The lease of an order that sends a run's message again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResendLease {
    pub(crate) order: String,
    /// The process that carries the order out.
    pub(crate) by: String,
    pub(crate) until: Timestamp,
}

/// The identity of a write, which no other has.
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
            version: VERSION,
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

    /// Reads a record.
    ///
    /// # Errors
    /// `STORE_ERROR` where it is none that this version knows.
    pub(crate) fn parse(key: &str, content: &[u8]) -> Result<Self, Error> {
        let record: Self = parsed(key, content)?;
        match record.version {
            VERSION | WITH_PARTS => Ok(record),
            later => {
                let problem =
                    format!("it has version {later}, and this program knows {WITH_PARTS}");
                Err(unreadable(key, &problem))
            }
        }
    }

    /// The record as it is written.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let has_parts = self.shards.is_some() || self.is_shard;
        let version = if has_parts { WITH_PARTS } else { VERSION };
        // It has no key that is no text, which is all that could fail.
        serde_json::to_vec_pretty(&Self { version, ..self.clone() }).unwrap_or_default()
    }

    /// Tells whether somebody has it at this time.
    pub(crate) fn is_held_at(&self, time: Timestamp) -> bool {
        self.held_at(time).is_some()
    }

    /// The end of the lease of whoever has it at this time, or sends its message again.
    pub(crate) fn held_at(&self, time: Timestamp) -> Option<Timestamp> {
        let resent = self.resent_at(time).map(|resend| resend.until);
        self.claimed_at(time).max(resent)
    }

    /// The end of the lease of whoever has the run itself at this time.
    pub(crate) fn claimed_at(&self, time: Timestamp) -> Option<Timestamp> {
        self.claim.until.filter(|until| is_believed(*until, time))
    }

    /// The order that sends its message again at this time.
    pub(crate) fn resent_at(&self, time: Timestamp) -> Option<&ResendLease> {
        self.resend.as_ref().filter(|resend| is_believed(resend.until, time))
    }

    /// Gives the run to an order that sends its message again. The process that had the run before, and may
    /// only be slow, has lost it: whom it was sending to may have the message.
    pub(crate) fn fence(&mut self, resend: ResendLease, now: Timestamp) {
        let is_news = self.interrupt(resend.by.clone(), now);
        self.resend = Some(resend);
        if self.status != RunState::Running && is_news {
            self.recompute_status();
        }
    }

    /// Ends a resend in whose place another has come.
    pub(crate) fn supersede(&mut self, by: String, error: Error, now: Timestamp) {
        self.interrupt(by, now);
        self.end(Some(error), now);
        self.make_final();
    }

    /// Takes the record from whoever has it, and tells whether anybody was being sent to.
    fn interrupt(&mut self, by: String, now: Timestamp) -> bool {
        self.claim = Lease { by, until: None };
        let sending = self.recipients.iter_mut().filter(|r| r.status == DeliveryState::Sending);
        sending.map(|recipient| recipient.mark_lost(now)).count() > 0
    }

    pub(crate) fn is_fenced_by(&self, process: &str) -> bool {
        self.resend.as_ref().is_some_and(|resend| resend.by == process)
    }

    pub(crate) fn renew_fence(&mut self, until: Timestamp) {
        if let Some(resend) = &mut self.resend {
            resend.until = until;
        }
    }

    pub(crate) fn release_fence(&mut self) {
        self.resend = None;
    }

    /// The run, taken up by a writer. Who was marked as being sent to by one that died may have the
    /// message; who was clearly refused is tried again where that may help, or where a person asks.
    pub(crate) fn begin_attempt(
        &mut self,
        claim: Lease,
        event: &TriggerId,
        is_manual: bool,
        now: Timestamp,
    ) {
        // The retry of a person's order is no order of its own.
        let is_manual = is_manual && (self.attempts == 0 || self.event.id != event.id);
        for recipient in &mut self.recipients {
            match recipient.status {
                DeliveryState::Sending => recipient.mark_lost(now),
                DeliveryState::Failed if is_manual || recipient.is_retryable() => recipient.reset(),
                DeliveryState::Pending
                | DeliveryState::Sent
                | DeliveryState::Failed
                | DeliveryState::Unknown => {}
            }
        }
        self.claim = claim;
        self.resend = None;
        self.event = event.clone();
        self.attempts = self.attempts.saturating_add(1);
        self.status = RunState::Running;
        self.is_final = false;
        (self.error, self.ended_at) = (None, None);
        // What is missing in a message that is stored stays missing.
        self.reason = self.reason.take().filter(|_| self.message_key.is_some());
        self.started_at = now;
    }

    /// Tells whether the message that is stored is to be sent, and none made anew: where anybody may have
    /// it, or where the definition is still the same.
    pub(crate) fn can_resume(&self, definition: &str) -> bool {
        let may_have_left = |r: &Recipient| r.status.may_have_arrived();
        let is_the_same = self.definition == definition || self.reissue_of.is_some();
        self.message_key.is_some() && (is_the_same || self.recipients.iter().any(may_have_left))
    }

    /// The run with a message that was just made and stored.
    pub(crate) fn set_message(&mut self, key: String, to: &[StoredDestination], now: Timestamp) {
        self.message_key = Some(key);
        self.recipients = to.iter().map(Recipient::new).collect();
        self.made_at = Some(now);
    }

    /// Marks the next recipients as being sent to, and says which they are. With those who are marked they are so
    /// many at most, and of each kind as many as `limit` says of a recipient of that kind. Where it gives an
    /// error, the recipient is left out for that.
    pub(crate) fn mark(
        &mut self,
        most: usize,
        limit: impl Fn(&Recipient) -> Result<usize, Error>,
    ) -> Vec<usize> {
        let mut sending: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for own in self.recipients.iter().filter(|r| r.status == DeliveryState::Sending) {
            *sending.entry(own.kind_word()).or_default() += 1;
        }
        let (mut free, mut marked) = (most.saturating_sub(sending.values().sum()), Vec::new());
        for (index, recipient) in self.recipients.iter_mut().enumerate() {
            if free == 0 {
                break;
            }
            if recipient.status != DeliveryState::Pending {
                continue;
            }
            match limit(recipient) {
                Err(error) => recipient.set_result(Err(error)),
                Ok(limit) => {
                    let of_kind = sending.entry(recipient.kind_word()).or_default();
                    if *of_kind < limit {
                        recipient.mark(&self.claim.by);
                        marked.push(index);
                        *of_kind += 1;
                        free -= 1;
                    }
                }
            }
        }
        marked
    }

    /// Tells whether anybody waits for the message who is not marked yet.
    pub(crate) fn has_pending(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.status == DeliveryState::Pending)
    }

    /// The run, ended: what is pending was left out for this reason.
    pub(crate) fn end(&mut self, left_out: Option<Error>, now: Timestamp) {
        let sending = self.recipients.iter_mut().filter(|r| r.status == DeliveryState::Sending);
        sending.for_each(|recipient| recipient.mark_lost(now));
        if let Some(error) = left_out {
            let pending = self.recipients.iter_mut().filter(|r| r.status == DeliveryState::Pending);
            pending.for_each(|recipient| recipient.set_result(Err(error.clone())));
            self.error = Some(error.of_report(self.report.as_str()));
        }
        self.recompute_status();
        self.claim.until = None;
        self.ended_at = Some(now);
        self.rendering = None;
    }

    /// The run, ended because there is nothing to be sent.
    pub(crate) fn skip(&mut self, reason: String, now: Timestamp) {
        self.end(None, now);
        (self.status, self.reason, self.is_final) = (RunState::Skipped, Some(reason), true);
    }

    /// The run, for which nobody tries any more: whatever failed has failed permanently.
    pub(crate) fn make_final(&mut self) {
        let errors = self.recipients.iter_mut().filter_map(|recipient| recipient.error.as_mut());
        errors.chain(&mut self.error).for_each(|error| error.retryable = false);
        self.is_final = true;
    }

    /// Its status from those of its messages: the worst counts.
    pub(crate) fn recompute_status(&mut self) {
        let any = |status: DeliveryState| self.recipients.iter().find(|r| r.status == status);
        let worst = any(DeliveryState::Unknown).or_else(|| any(DeliveryState::Failed));
        let error = worst.and_then(|recipient| recipient.error.clone());
        let is_retryable = if self.recipients.is_empty() {
            self.error.as_ref().is_some_and(|error| error.retryable)
        } else {
            self.recipients.iter().any(Recipient::is_retryable)
        };
        self.status = match (worst.map(|recipient| recipient.status), &self.error) {
            (Some(DeliveryState::Unknown), _) => RunState::Unknown,
            (Some(_), _) => RunState::Failed,
            (None, Some(_)) if self.recipients.is_empty() => RunState::Failed,
            (None, _) => RunState::Sent,
        };
        if !self.recipients.is_empty() {
            // Whatever the first of them says, the run is tried again if one of them may be.
            let error = error.map(|error| Error { retryable: is_retryable, ..error });
            self.error = error.map(|error| error.of_report(self.report.as_str()));
        }
        self.is_final = !is_retryable;
    }

    /// Tells whether its owner is to hear of its end, and has not.
    pub(crate) fn owes_a_notice(&self) -> bool {
        let is_news = self.is_final
            || self.status == RunState::Unknown
            || self.attempts >= ATTEMPTS_BEFORE_OWNER_NOTICE;
        let is_open = self.notice.is_none() || self.notice_failed();
        // The end of a part is no news: the owner hears when the run ends.
        self.has_failed() && is_news && is_open && !self.is_shard
    }

    /// Tells whether the mail to the owner of a run that has ended could not be sent, and is due again:
    /// nobody has it.
    pub(crate) fn is_to_notify_again(&self) -> bool {
        self.is_final && self.owes_a_notice() && self.notice_failed()
    }

    fn notice_failed(&self) -> bool {
        self.notice.as_ref().is_some_and(|notice| notice.status == DeliveryState::Failed)
    }

    /// Tells whether it has ended in something that its owner would have to mend.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.status, RunState::Failed | RunState::Unknown)
    }

    /// Tells whether a message of it may have reached anybody.
    pub(crate) fn may_have_been_read(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.status.may_have_arrived())
    }

    /// The outcome of the run, as an invocation answers it.
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

    /// The outcome of the run, as an invocation answers it that did nothing for it.
    pub(crate) fn replayed_outcome(&self) -> RunOutcome {
        let outcome =
            RunOutcome { stats: FetchStats::default(), is_replay: true, ..self.outcome() };
        match outcome.status {
            Status::Sent => RunOutcome { status: Status::Duplicate, ..outcome },
            _ => outcome,
        }
    }
}

/// Tells whether a lease that ends then is still somebody's. One that is longer than any is nobody's: it comes
/// from a clock that is wrong, or from a hand, and would hold the run up for as long.
fn is_believed(until: Timestamp, now: Timestamp) -> bool {
    let left = until.duration_since(now);
    left.is_positive() && left <= LONGEST_LEASE
}

/// Parses what lies in the store of records as JSON.
///
/// # Errors
/// `STORE_ERROR` where it is something else; what it is is not repeated, because it may be anything.
pub(crate) fn parsed<T: DeserializeOwned>(key: &str, content: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|error| {
        let text = error.to_string();
        let problem = if text.starts_with("missing field") {
            text
        } else {
            let (line, column) = (error.line(), error.column());
            format!("line {line}, column {column} is not what this program writes there")
        };
        unreadable(key, &problem)
    })
}

fn unreadable(key: &str, problem: &str) -> Error {
    let message = format!("{key} in the store of records can't be read: {problem}");
    Error::new(Code::StoreError, Stage::Record, message)
        .hint("remove it, or mend it; it is JSON that this program wrote")
}

#[cfg(test)]
mod tests;
