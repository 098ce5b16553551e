//! The protocol by which each run ends in one outcome, and nobody gets a message twice unless a person
//! says so, although events come twice, retries overlap, answers are lost and processes die.
//!
//! Where to look:
//!
//! - A run is claimed by `LedgerStore::claim` in `lease.rs`.
//! - A lease is renewed in `store.rs`: by `save_and_renew` with each write, by `renew_in_time` between writes. The
//!   fence of a resend is renewed by `renew_fence` in `fence.rs`.
//! - A retry is decided by `RunRecord::recompute_status` in `record/changes.rs` for the run, and by
//!   `Recipient::is_retryable` in `recipient.rs` for a recipient.
//! - Recipients are marked by `RunRecord::mark` in `record/changes.rs`.
//! - A write is repeated by `put_with_retry` in `store.rs`.
//!
//! Each run has one record, and every write of it is conditional: nobody replaces a record that they have not
//! read. The states of a run, and of the message to each recipient:
//!
//! ```text
//! (none) ─claim─► running ─end─► sent, skipped, failed or unknown
//!                  ▲   │                         │
//!                  └───┴──── claim ◄─────────────┘ not final, and after a death when the lease is over
//!
//! pending ─mark─► sending ─┬─► sent
//!    ▲                     ├─► failed ──┐ refused, and retryable or a person asks
//!    └─────────────────────┼────────────┘
//!                          └─► unknown    no answer; or marked by a process that died
//! ```
//!
//! 1. Claim: write the record with a lease, on condition that there is none; or, having read one that
//!    is not final and whose lease has ended, on condition that it is still that one. The lease ends
//!    with the holder's own deadline. Without a deadline it lasts for
//!    [`LEASE_LENGTH`](crate::retry::LEASE_LENGTH), and every write renews it.
//! 2. Ask Connect and render. Nobody can see any of it yet. Before rendering with the deployment's own templates
//!    the record gets a mark, which is removed as soon as rendering has ended. Another process that takes up a run
//!    with this mark does not use the same templates again, and notifies the owner. The process that wrote the
//!    mark ignores it: it takes up a run, so it has come back from rendering, and only failed to write that
//!    because the store was out of reach.
//! 3. Store the message, under a key of the holder's own.
//! 4. Mark the next recipients as being sent to, no more than are sent to at once.
//! 5. Send to them.
//! 6. Write each result, and with it mark the next recipients. At the end write the outcome, which ends the
//!    lease. Results that come within a moment are written together, until half of the places are free.
//! 7. Where the owner is to be notified of the end, the outcome says that this mail is being sent. Send it, and
//!    write its result.
//!
//! A process may die, or reach the store no more:
//!
//! - before 1: there is nothing, and the next one runs the report.
//! - after 1, 2 or 3: there is a claim, and no recipient is marked. When the lease has ended the next one takes the
//!   run up and makes a message of its own. A stored message that the record does not name is left alone.
//! - after 4 or 5: the marked recipients, at most eight, may have the message. The next one makes them unknown,
//!   never sends to them, and sends the stored message to the rest.
//! - after 6: the next one goes on with the rest, or finds the run ended.
//! - within 7: the run itself has ended. The owner may have been notified or not, and is not notified again. A mail
//!   to the owner that was refused is sent again by a later tick, until `catch_up` has passed.
//!
//! A process that is told to end early (Ctrl-C) goes on to 6. It marks nobody any more. It waits
//! [`STOP_GRACE`](crate::retry::STOP_GRACE) for the answers for marked recipients, who are unknown without one. The
//! outcome ends the lease, so the next one goes on at once.
//!
//! Orders that send a run again do so [one at a time](fence).
//!
//! Two processes may race: one claim is written, and the other process finds it. A process that has lost a lease
//! because it was slow, and not dead, finds its next write refused. It marks nobody any more. It adds the results
//! that it knows to the record of the new holder: a result is never dropped, and *sent* beats *unknown*. Clocks
//! that differ make a claim come sooner or later, and do no other harm: the condition of the write decides, and
//! not the time.
//!
//! A write whose answer was lost may have been done. It is repeated. If its condition no longer holds, and the
//! record there is from this very write, it had succeeded.

mod fence;
mod history;
mod lease;
mod merge;
mod recipient;
mod record;
mod records;
mod shard_set;
mod sharding;
mod store;

pub(crate) use fence::Fence;
pub(crate) use history::DeliveryHistory;
pub(crate) use lease::{ClaimRequest, Claimed};
pub(crate) use recipient::Recipient;
pub(crate) use record::{RenderingMark, RunRecord, TemplatesId, parsed};
pub(crate) use records::{Ledger, RecordLookup, Sight};
pub(crate) use shard_set::{OpenShards, largest_shard};
pub(crate) use store::{LeasedRun, LedgerStore, new_holder_id, taken_over};
