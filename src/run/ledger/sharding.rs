//! The changes to records of runs that are cut into shards, and of the shards. [`shard_set`](super::shard_set) has the
//! rules.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::shard_set::{OpenShards, SHARD_SIZE_MAX, ShardSet};
use crate::run::outcome::DeliveryState;
use crate::trigger::ShardId;

impl RunRecord {
    /// Tells whether more recipients wait for the message than fit into a shard of this size.
    pub(crate) fn is_larger_than(&self, size: usize) -> bool {
        self.recipients.iter().filter(|r| r.status == DeliveryState::Pending).count() > size
    }

    /// Cuts the run into shards, each with at most `size` of the recipients who wait for the message.
    pub(crate) fn cut_into_shards(&mut self, size: usize) {
        let waiting = self.recipients.iter_mut().filter(|r| r.status == DeliveryState::Pending);
        let mut count = 0;
        for (index, recipient) in waiting.enumerate() {
            count = u32::try_from(index / size + 1).unwrap_or(u32::MAX);
            recipient.shard = Some(count);
        }
        self.shards = Some(ShardSet::new(self.claim.by.clone(), count));
    }

    /// All shards of a run of which none has been begun.
    pub(crate) fn all_shards(&self) -> OpenShards {
        let open: Vec<ShardId> = self.shards.iter().flat_map(ShardSet::all).collect();
        OpenShards { untried: open.len(), open, busy: 0 }
    }

    /// The number of recipients of the whole run before those of this shard.
    pub(crate) fn recipients_before(&self) -> usize {
        let first = self.recipients.first().filter(|_| self.is_shard);
        let number = first.and_then(|recipient| recipient.shard).unwrap_or(1);
        usize::try_from(number - 1).unwrap_or_default().saturating_mul(SHARD_SIZE_MAX)
    }

    /// Makes the record of a shard that has none yet. None where the run is no longer cut so.
    pub(crate) fn shard_record(&self, shard: &ShardId) -> Option<Self> {
        self.shards.as_ref().filter(|shards| shards.has(shard))?;
        let its = self.recipients.iter().filter(|r| r.shard == Some(shard.number));
        let mut record = Self::new(
            self.report.clone(),
            self.window.clone(),
            self.definition.clone(),
            self.event.clone(),
        );
        record.is_shard = true;
        record.reissued = self.reissued;
        record.made_at = self.made_at;
        record.message_key.clone_from(&self.message_key);
        record.recipients = its.cloned().collect();
        Some(record)
    }

    /// Takes over the results of a shard's recipients.
    pub(crate) fn take_over_shard(&mut self, shard: &Self, number: u32) {
        let its: HashMap<_, &Recipient> =
            shard.recipients.iter().map(|known| (known.address(), known)).collect();
        for own in self.recipients.iter_mut().filter(|own| own.shard == Some(number)) {
            if let Some(known) = its.get(&own.address()).copied() {
                own.adopt(known);
            }
        }
    }

    /// Gives up a shard that nobody holds any more: the process that was sending does not tell how that ended.
    pub(crate) fn lose_shard(&mut self, number: u32, now: Timestamp) {
        let its = self.recipients.iter_mut().filter(|own| own.shard == Some(number));
        its.filter(|own| own.status == DeliveryState::Sending).for_each(|own| own.mark_lost(now));
    }

    /// Makes the run whole again, without shards.
    pub(crate) fn unshard(&mut self) {
        self.shards = None;
        self.recipients.iter_mut().for_each(|recipient| recipient.shard = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::{Destination, StoredDestination};
    use crate::run::job::TriggerId;
    use crate::run::ledger::record::Lease;
    use crate::window::{LocalTime, Window, Zone};

    fn record(recipients: usize) -> RunRecord {
        let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
        let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
        let event = TriggerId { id: "tick".to_owned(), time: window.end() };
        let mut record = RunRecord::new("daily".to_owned(), window, "0123".to_owned(), event);
        let mailbox = |n| Destination::Mail(format!("agent-{n}@example.com").parse().unwrap());
        let to: Vec<_> = (0..recipients).map(|n| StoredDestination::from(&mailbox(n))).collect();
        record.set_message("message".to_owned(), &to, record.started_at);
        record.claim = Lease { by: "00c0ffee".to_owned(), until: None };
        record
    }

    /// Recipients who wait are in one shard each, in their order. Recipients who have the message are in none.
    #[test]
    fn each_recipient_who_waits_is_in_one_shard() {
        let mut run = record(2 * SHARD_SIZE_MAX + 2);
        run.recipients[0].set_result(Ok("id".to_owned()));
        assert!(run.is_larger_than(SHARD_SIZE_MAX));
        run.cut_into_shards(SHARD_SIZE_MAX);
        let parts = run.all_shards().open;
        let of_parts: Vec<RunRecord> =
            parts.iter().map(|part| run.shard_record(part).unwrap()).collect();
        let sizes: Vec<_> = of_parts.iter().map(|part| part.recipients.len()).collect();
        assert_eq!(sizes, [SHARD_SIZE_MAX, SHARD_SIZE_MAX, 1]);
        let to: Vec<_> = of_parts.iter().flat_map(|part| &part.recipients).map(|r| &r.to).collect();
        let all: Vec<_> = run.recipients.iter().skip(1).map(|r| &r.to).collect();
        assert_eq!(to, all);
        assert!(of_parts.iter().all(|part| part.is_shard && part.message_key == run.message_key));
    }

    /// The run takes over each recipient's result from their shard. When it is whole it has no shards, and an order
    /// for a shard of another cut finds nothing.
    #[test]
    fn a_run_takes_over_the_results_of_its_shards() {
        let mut run = record(SHARD_SIZE_MAX + 1);
        run.cut_into_shards(SHARD_SIZE_MAX);
        let parts = run.all_shards().open;
        for part in &parts {
            let mut sent = run.shard_record(part).unwrap();
            for (index, recipient) in sent.recipients.iter_mut().enumerate() {
                recipient.set_result(Ok(format!("{}-{index}", part.number)));
            }
            sent.end(None, sent.started_at);
            assert!(sent.is_final && !sent.owes_a_notice());
            run.take_over_shard(&sent, part.number);
        }
        let ids: Vec<_> =
            run.outcome().messages.into_iter().filter_map(|sent| sent.message_id).collect();
        assert_eq!((ids.len(), ids[SHARD_SIZE_MAX].as_str()), (SHARD_SIZE_MAX + 1, "2-0"));
        assert!(run.shard_record(&ShardId { by: "another".to_owned(), number: 1 }).is_none());
        assert!(run.shard_record(&ShardId { number: 3, ..parts[0].clone() }).is_none());
        run.unshard();
        assert!(run.shard_record(&parts[0]).is_none());
        assert!(run.recipients.iter().all(|recipient| recipient.shard.is_none()));
    }
}
