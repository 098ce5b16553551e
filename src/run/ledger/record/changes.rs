//! The rules by which the record of a run changes: it is taken up, its recipients are marked, it ends.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Lease, ResendLease, RunRecord};
use crate::destination::StoredDestination;
use crate::error::Error;
use crate::run::job::TriggerId;
use crate::run::ledger::recipient::Recipient;
use crate::run::outcome::{DeliveryState, RunState};

impl RunRecord {
    /// Takes the run up for a writer. A recipient whom a dead writer had marked becomes unknown: they may have the
    /// message. A recipient who was refused waits again where another try may help, or where a person asks for it.
    pub(crate) fn begin_attempt(
        &mut self,
        claim: Lease,
        event: &TriggerId,
        is_manual: bool,
        now: Timestamp,
    ) {
        // The retry of a person's order does not count as another order.
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
        self.error = None;
        self.ended_at = None;
        // The sections that a stored message goes without stay missing.
        self.reason = self.reason.take().filter(|_| self.message_key.is_some());
        self.started_at = now;
    }

    /// Takes in a message that was just made and stored, with its recipients.
    pub(crate) fn set_message(&mut self, key: String, to: &[StoredDestination], now: Timestamp) {
        self.message_key = Some(key);
        self.recipients = to.iter().map(Recipient::new).collect();
        self.made_at = Some(now);
    }

    /// Marks the next recipients as being sent to, and returns their places. At most `most` recipients are marked at
    /// once, and of each kind as many as `limit` returns for a recipient of that kind. A recipient for whom it
    /// returns an error is left out with that error.
    pub(crate) fn mark(
        &mut self,
        most: usize,
        limit: impl Fn(&Recipient) -> Result<usize, Error>,
    ) -> Vec<usize> {
        let mut sending: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for own in self.recipients.iter().filter(|r| r.status == DeliveryState::Sending) {
            *sending.entry(own.kind_word()).or_default() += 1;
        }
        let mut free = most.saturating_sub(sending.values().sum());
        let mut marked = Vec::new();
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

    /// Ends the run. Recipients who still wait were left out because of this error.
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

    /// Ends the run, because there is nothing to be sent.
    pub(crate) fn skip(&mut self, reason: String, now: Timestamp) {
        self.end(None, now);
        self.status = RunState::Skipped;
        self.reason = Some(reason);
        self.is_final = true;
    }

    /// Makes the run final: its failures are permanent from now on.
    pub(crate) fn make_final(&mut self) {
        let errors = self.recipients.iter_mut().filter_map(|recipient| recipient.error.as_mut());
        errors.chain(&mut self.error).for_each(|error| error.retryable = false);
        self.is_final = true;
    }

    /// Computes the status of the run from those of its recipients: the worst counts. Here a retry is decided: the
    /// run is final unless one of them may be sent to again, or the run itself failed with a retryable error.
    pub(crate) fn recompute_status(&mut self) {
        let worst = self
            .first_with(DeliveryState::Unknown)
            .or_else(|| self.first_with(DeliveryState::Failed));
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
            // The first error may be permanent, and that of another recipient retryable.
            let error = error.map(|error| Error { retryable: is_retryable, ..error });
            self.error = error.map(|error| error.of_report(self.report.as_str()));
        }
        self.is_final = !is_retryable;
    }

    /// Gives the run to an order that sends its message again. The process that had the run before loses it, and may
    /// only be slow: the recipients whom it was sending to may have the message.
    pub(crate) fn fence(&mut self, resend: ResendLease, now: Timestamp) {
        let was_sending = self.interrupt(resend.by.clone(), now);
        self.resend = Some(resend);
        if self.status != RunState::Running && was_sending {
            self.recompute_status();
        }
    }

    /// Ends a resend that another one replaces.
    pub(crate) fn supersede(&mut self, by: String, error: Error, now: Timestamp) {
        self.interrupt(by, now);
        self.end(Some(error), now);
        self.make_final();
    }

    /// Takes the record from its holder, and tells whether that was sending to anybody.
    fn interrupt(&mut self, by: String, now: Timestamp) -> bool {
        self.claim = Lease { by, until: None };
        let sending = self.recipients.iter_mut().filter(|r| r.status == DeliveryState::Sending);
        sending.map(|recipient| recipient.mark_lost(now)).count() > 0
    }

    pub(crate) fn renew_fence(&mut self, until: Timestamp) {
        if let Some(resend) = &mut self.resend {
            resend.until = until;
        }
    }

    pub(crate) fn release_fence(&mut self) {
        self.resend = None;
    }
    fn first_with(&self, status: DeliveryState) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.status == status)
    }
}
