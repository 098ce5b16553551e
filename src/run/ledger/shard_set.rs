//! A run with many recipients, cut into parts that several invocations send side by side, each with a
//! record and a lease of its own.
//!
//! 1. Who has the run stores its message, writes into its record which recipient is of which part,
//!    puts an order for each part into the queue, and lets go of the run, which has not ended.
//! 2. Who gets the order of a part claims the part's record, as that of any run, and sends the stored
//!    message to its recipients.
//! 3. Whose part has ended, and who finds all others ended too, takes the run up, takes over from the
//!    parts what became of each recipient, and ends it as any other: the run's outcome is computed
//!    from theirs.
//!
//! Where a process dies: before the orders are in the queue, or with one of them lost, the next tick
//! finds a run that has not ended and queues the parts that are open. In a part it is as in a run.
//! Between the last part and the end of the run, the next tick ends it. An order that comes twice finds
//! the part's record. Where there is no queue any more, whoever takes the run up sends its parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run::ledger::record::RunRecord;
use crate::run::outcome::DeliveryState;
use crate::settings::Rate;
use crate::trigger::ShardId;

/// How many recipients a part has, at most.
pub(crate) const SHARD_SIZE_MAX: usize = 200;

/// How many seconds a worker sends to a part, at most.
const SHARD_SECONDS_MAX: f64 = 100.0;

/// How many recipients a part has that a worker with this rate sends to.
pub(crate) fn largest_shard(rate: Rate) -> usize {
    let sends = |recipients: &usize| {
        u32::try_from(*recipients)
            .is_ok_and(|n| f64::from(n) <= SHARD_SECONDS_MAX * rate.per_second())
    };
    (1..=SHARD_SIZE_MAX).take_while(sends).last().unwrap_or(1)
}

/// Into which parts a run is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardSet {
    /// The writer that cut it: its parts are nobody else's.
    by: String,
    count: u32,
    /// When their orders were put into the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) queued_at: Option<Timestamp>,
}

/// What is left of a run that was cut into parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenShards {
    /// The parts that have not ended and that nobody has.
    pub(crate) open: Vec<ShardId>,
    /// How many of them have not been begun.
    pub(crate) untried: usize,
    /// How many others have at this moment.
    pub(crate) busy: usize,
}

impl OpenShards {
    pub(crate) fn is_nothing(&self) -> bool {
        self.open.is_empty() && self.busy == 0
    }

    /// Whether all that is left has been tried, and nobody tries it now.
    pub(crate) fn is_tried(&self) -> bool {
        self.untried == 0 && self.busy == 0
    }
}

impl ShardSet {
    fn all(&self) -> impl Iterator<Item = ShardId> {
        let by = &self.by;
        (1..=self.count).map(move |number| ShardId { by: by.clone(), number })
    }
}

impl RunRecord {
    /// Whether more wait for the message than a part has.
    pub(crate) fn is_larger_than(&self, size: usize) -> bool {
        self.messages.iter().filter(|r| r.status == DeliveryState::Pending).count() > size
    }

    /// The run, cut into parts of so many who wait for the message.
    pub(crate) fn cut_into_shards(&mut self, size: usize) {
        let waiting = self.messages.iter_mut().filter(|r| r.status == DeliveryState::Pending);
        let mut count = 0;
        for (index, recipient) in waiting.enumerate() {
            count = u32::try_from(index / size + 1).unwrap_or(u32::MAX);
            recipient.shard = Some(count);
        }
        self.shards = Some(ShardSet { by: self.claim.by.clone(), count, queued_at: None });
    }

    /// All parts of the run, none of which has been begun.
    pub(crate) fn all_shards(&self) -> OpenShards {
        let open: Vec<ShardId> = self.shards.iter().flat_map(ShardSet::all).collect();
        OpenShards { untried: open.len(), open, busy: 0 }
    }

    /// How many recipients of the whole run come before those of this part.
    pub(crate) fn recipients_before(&self) -> usize {
        let first = self.messages.first().filter(|_| self.is_shard);
        let number = first.and_then(|recipient| recipient.shard).unwrap_or(1);
        usize::try_from(number - 1).unwrap_or_default().saturating_mul(SHARD_SIZE_MAX)
    }

    /// The record that a part has if it has none yet; none where the run is not cut so any more.
    pub(crate) fn shard_record(&self, part: &ShardId) -> Option<Self> {
        let parts = self.shards.as_ref().filter(|parts| parts.by == part.by)?;
        let is_its = (1..=parts.count).contains(&part.number);
        let its = self.messages.iter().filter(|r| r.shard == Some(part.number));
        let (report, window) = (self.report.clone(), self.window.clone());
        let mut record = Self::new(report, window, self.definition.clone(), self.event.clone());
        record.is_shard = true;
        record.reissued = self.reissued;
        record.made_at = self.made_at;
        record.message.clone_from(&self.message);
        record.messages = its.cloned().collect();
        is_its.then_some(record)
    }

    /// Takes over from a part what became of its recipients.
    pub(crate) fn take_over_shard(&mut self, part: &Self, number: u32) {
        let mut its = part.messages.iter();
        for own in self.messages.iter_mut().filter(|own| own.shard == Some(number)) {
            // They stand in the same order.
            if let Some(known) = its.find(|known| known.to == own.to) {
                own.take(known);
            }
        }
    }

    /// Whoever was sending in a part that nobody has any more does not say how it ended.
    pub(crate) fn lose_shard(&mut self, number: u32, now: Timestamp) {
        let its = self.messages.iter_mut().filter(|own| own.shard == Some(number));
        its.filter(|own| own.status == DeliveryState::Sending).for_each(|own| own.lost(now));
    }

    /// The run in one piece again.
    pub(crate) fn unshard(&mut self) {
        self.shards = None;
        self.messages.iter_mut().for_each(|recipient| recipient.shard = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Mailbox;
    use crate::run::job::TriggerId;
    use crate::run::ledger::recipient::Destination;
    use crate::run::ledger::record::Lease;
    use crate::window::{LocalTime, Window, Zone};

    fn record(recipients: usize) -> RunRecord {
        let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
        let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
        let event = TriggerId { id: "tick".to_owned(), time: window.end() };
        let mut record = RunRecord::new("daily".to_owned(), window, "0123".to_owned(), event);
        let mailbox = |n| format!("agent-{n}@example.com").parse::<Mailbox>().unwrap();
        let to: Vec<_> = (0..recipients).map(|n| Destination::from(&mailbox(n))).collect();
        record.made("message".to_owned(), &to, record.started_at);
        record.claim = Lease { by: "00c0ffee".to_owned(), until: None };
        record
    }

    /// Each recipient who waits is in one part, in their order, and those who have it are in none.
    #[test]
    fn each_recipient_is_in_one_part() {
        let mut run = record(2 * SHARD_SIZE_MAX + 2);
        run.messages[0].ended(Ok("id".to_owned()));
        assert!(run.is_larger_than(SHARD_SIZE_MAX));
        run.cut_into_shards(SHARD_SIZE_MAX);
        let parts = run.all_shards().open;
        let of_parts: Vec<RunRecord> =
            parts.iter().map(|part| run.shard_record(part).unwrap()).collect();
        let sizes: Vec<_> = of_parts.iter().map(|part| part.messages.len()).collect();
        assert_eq!(sizes, [SHARD_SIZE_MAX, SHARD_SIZE_MAX, 1]);
        let to: Vec<_> = of_parts.iter().flat_map(|part| &part.messages).map(|r| &r.to).collect();
        let all: Vec<_> = run.messages.iter().skip(1).map(|r| &r.to).collect();
        assert_eq!(to, all);
        assert!(of_parts.iter().all(|part| part.is_shard && part.message == run.message));
    }

    /// The run has of each recipient what their part has; in one piece it has no parts, and an order
    /// for one of another cut finds nothing.
    #[test]
    fn what_parts_know_the_run_knows() {
        let mut run = record(SHARD_SIZE_MAX + 1);
        run.cut_into_shards(SHARD_SIZE_MAX);
        let parts = run.all_shards().open;
        for part in &parts {
            let mut sent = run.shard_record(part).unwrap();
            for (index, recipient) in sent.messages.iter_mut().enumerate() {
                recipient.ended(Ok(format!("{}-{index}", part.number)));
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
        assert!(run.messages.iter().all(|recipient| recipient.shard.is_none()));
    }
}
