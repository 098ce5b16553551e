//! Shards: a run with many recipients is cut into shards, each with a record and a lease of its own. Where there is
//! a queue, several invocations send them side by side. Otherwise the holder of the run sends one after the other.
//! Each mark and each result is a write of a whole record, so the bytes that a recipient takes depend on the size
//! of a shard, and not on the number of recipients.
//!
//! 1. The holder of the run stores its message, writes the shard of each recipient into the record, puts a message
//!    for each shard into the queue, and releases the run, which has not ended.
//! 2. The invocation that gets the message of a shard claims the shard's record like that of any run, and sends the
//!    stored message to its recipients.
//! 3. An invocation whose shard has ended, and that finds all other shards ended too, takes the run, merges the
//!    results of each recipient, and ends it like any other.
//!
//! A process may die. If the messages are not in the queue yet, or one of them is lost, the next tick finds a run
//! that has not ended, and queues the open shards. A death in a shard is like one in a run. After a death between
//! the last shard and the end of the run, the next tick ends the run. A message that comes twice finds the shard's
//! record. Where there is no queue, or none any more, the holder of the run keeps it, does 2 for each shard that
//! nobody holds, and ends the run. After its death the next holder does so for the shards that are left.
//!
//! Re-issues are not cut: an order that closes another's record would have to close its shards too.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Rate;
use crate::trigger::ShardId;

/// The largest number of recipients of a shard.
pub(crate) const SHARD_SIZE_MAX: usize = 200;

/// The longest time for which an invocation sends to a shard, in seconds.
const SHARD_SECONDS_MAX: f64 = 100.0;

/// The largest number of recipients of a shard at this rate.
pub(crate) fn largest_shard(rate: Rate) -> usize {
    let in_time = SHARD_SECONDS_MAX * rate.per_second();
    (1..=SHARD_SIZE_MAX)
        .take_while(|size| u32::try_from(*size).is_ok_and(|size| f64::from(size) <= in_time))
        .last()
        .unwrap_or(1)
}

/// The shards into which a run is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardSet {
    /// The holder that cut the run. The shards of another cut have another one.
    by: String,
    count: u32,
    /// The time at which they were last put into the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) queued_at: Option<Timestamp>,
}

/// The shards of a run that have not ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenShards {
    /// The shards that nobody holds.
    pub(crate) open: Vec<ShardId>,
    /// The number of those shards that have not been begun.
    pub(crate) untried: usize,
    /// The number of shards that other invocations hold.
    pub(crate) busy: usize,
}

impl ShardSet {
    pub(crate) fn new(by: String, count: u32) -> Self {
        Self { by, count, queued_at: None }
    }

    /// The id of each shard.
    pub(crate) fn all(&self) -> impl Iterator<Item = ShardId> {
        let by = &self.by;
        (1..=self.count).map(move |number| ShardId { by: by.clone(), number })
    }

    /// Tells whether a shard is one of these.
    pub(crate) fn has(&self, shard: &ShardId) -> bool {
        self.by == shard.by && (1..=self.count).contains(&shard.number)
    }
}

impl OpenShards {
    /// Tells whether all shards have ended.
    pub(crate) fn is_nothing(&self) -> bool {
        self.open.is_empty() && self.busy == 0
    }

    /// Tells whether all shards that are left have been tried, and nobody is trying them now.
    pub(crate) fn is_tried(&self) -> bool {
        self.untried == 0 && self.busy == 0
    }
}
