//! The protocol by which each run ends in one outcome, and nobody gets a message twice unless a person
//! says so, although events come twice, retries overlap, answers are lost and processes die.
//!
//! Each run has one record, and every write of it is conditional: nobody replaces what they have not
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
//!    is not final and whose lease is over, on condition that it is still that one. The lease ends
//!    with the holder's own deadline. Without one it lasts for
//!    [`LEASE_LENGTH`](crate::retry::LEASE_LENGTH), and every write renews it.
//! 2. Ask Connect and render. Nobody can see any of it yet. Before rendering with templates of one's own
//!    the record says so, and as soon as rendering has ended it says so no more: another process that takes
//!    up a run that still says so does not use them again as they are, and tells the owner. The process
//!    that said so itself has come back from rendering, or it would take up nothing: if it could not write
//!    that, because the store was out of reach, it blames nobody when it takes the run up again.
//! 3. Store the message, under a key of the holder's own.
//! 4. Mark the next recipients as being sent to, no more than are sent to at once.
//! 5. Send to them.
//! 6. Write each result, and with it mark those who are next; at the end the outcome, which ends the
//!    lease. Results that come within a moment are written together, until half of the places are free.
//! 7. Where the owner is to hear of the end, the outcome says that this is being sent; send it, and
//!    write its result.
//!
//! A process may die, or reach the store no more:
//!
//! - before 1: there is nothing, and the next one runs the report.
//! - after 1, 2 or 3: a claim without marks of recipients. When the lease is over the next one takes the run up and
//!   makes a message of its own; one that was stored and never named in the record is left alone.
//! - after 4 or 5: those who are marked may have the message, at most eight of them. The next one calls
//!   them unknown, never sends to them, and sends the rest from the stored message.
//! - after 6: the next one goes on with the rest, or finds the run ended.
//! - within 7: the owner hears nothing, or hears it and nobody knows. The run itself has ended. A mail
//!   to the owner that was refused is sent again by a later tick, until `catch_up` has passed.
//!
//! A process that is to end before that (Ctrl-C) goes on to 6: nobody is marked any more, those who are marked get
//! [`STOP_GRACE`](crate::retry::STOP_GRACE) for their answers and are unknown without one, and the outcome ends
//! the lease: the next one goes on at once.
//!
//! People who send a run again do it [one order at a time](fence).
//!
//! Two that race: one claim is written, the other finds it. Who has lost a lease, because it was slow
//! and not dead, finds its next write refused. It marks nobody any more; what it knows of those whom
//! it was sending to it adds to the record of the one that has the run now, because a result is never
//! dropped, and *sent* beats *unknown*. Clocks that differ make a claim come sooner or later, and
//! nothing else: it is the condition that decides, and not the time.
//!
//! A write whose answer was lost may have been done. It is repeated; if its condition does not hold
//! any more and what lies there is this very write, it had succeeded.

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
