//! The fence: it lets one resend of a run send at a time, although orders come together, and processes stall or
//! die.
//!
//! A resend reads who got the message, and sends it to others under a record of its own. Two resends that read
//! before either has sent would both send. So the run's own record names the order that sends its message again:
//!
//! 1. Take the fence: write `resend` into the run's record, on condition that nobody has the run, and no other
//!    order has the fence. Like a claim the fence is a lease: it ends with the holder's deadline, or is renewed.
//! 2. Close the records of other resends that have not ended. Recipients who are marked in them may have the
//!    message. A slow holder finds at its next mark that its record is taken over, and sends nothing more.
//! 3. Read who got the message, and claim the resend's own record.
//! 4. Read the fence again. An order that takes it from here on finds this resend's record, and closes it first.
//! 5. Mark and send, as every run does. At the end give the fence back.
//!
//! A claim of the run itself waits for the fence as for a lease. After a death it removes the fence, so that
//! a slow holder stops at 4, and does 2 before it sends.
//!
//! An order for unknown recipients does not send to those who became unknown after it was given, because such a
//! process was slow: their mail may still be on its way.
//!
//! A process that dies before 5 has sent nothing. One that dies in 5 leaves the marked recipients unknown, eight at
//! most.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::retry::{CLAIM_POLL, LEASE_RENEWAL};
use crate::run::ledger::lease::still_held;
use crate::run::ledger::record::{ResendLease, RunRecord};
use crate::run::ledger::store::{LeasedRun, LedgerStore, PutOutcome, new_holder_id};
use crate::store::Objects;

/// The right to send a run's message again. Its clones know of its loss together.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    /// The key of the run's record.
    key: String,
    by: String,
    is_lost: Arc<AtomicBool>,
}

impl<S: Objects> LedgerStore<'_, S> {
    /// Takes the fence of a run for an order; none where there is no such run. Where the same order has the fence
    /// already, `wait` waits until the next look; it gets the end of that lease.
    ///
    /// # Errors
    /// `TIMEOUT`, retryable, where the run or another order is sending, or the same order still is when the time is
    /// up. Also where the record can't be read or written, and the errors of `wait`.
    pub(crate) async fn take_fence(
        &self,
        key: &str,
        order: &str,
        mut wait: impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error>,
    ) -> Result<Option<Fence>, Error> {
        let mut attempt = 1;
        loop {
            let Some(found) = self.read(key).await? else {
                return Ok(None);
            };
            let mut leased = LeasedRun::found(key, found)?;
            let now = self.clock.now();
            if let Some(until) = leased.record.claimed_at(now) {
                return Err(is_running(until));
            }
            match leased.record.resent_at(now) {
                Some(other) if other.order != order => return Err(is_resent(other.until)),
                Some(_) if !self.clock.allows_another(CLAIM_POLL, attempt) => {
                    return Err(still_held());
                }
                Some(own) => {
                    wait(CLAIM_POLL.pause_after(attempt), own.until).await?;
                    attempt += 1;
                    continue;
                }
                None => {}
            }
            let by = new_holder_id();
            let lease =
                ResendLease { order: order.to_owned(), by: by.clone(), until: self.lease_end() };
            leased.record.fence(lease, now);
            if let PutOutcome::Written = self.write(&mut leased).await? {
                return Ok(Some(Fence { key: key.to_owned(), by, is_lost: Arc::default() }));
            }
        }
    }

    /// Closes the resends at these keys that have not ended.
    ///
    /// # Errors
    /// Fails where a record can't be read or written.
    pub(crate) async fn close_resends(
        &self,
        keys: impl IntoIterator<Item = &str>,
    ) -> Result<(), Error> {
        for key in keys {
            while let Some(found) = self.read(key).await? {
                let mut leased = LeasedRun::found(key, found)?;
                // An order with recipients of its own sends a message of its own, which no resend repeats.
                if leased.record.is_final || !leased.record.resent {
                    break;
                }
                leased.record.supersede(new_holder_id(), superseded(), self.clock.now());
                if let PutOutcome::Written = self.write(&mut leased).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Checks that a fence is still there.
    ///
    /// # Errors
    /// `TIMEOUT`, retryable, where another order has taken it. Also where the record can't be read.
    pub(crate) async fn check_fence(&self, fence: &Fence) -> Result<(), Error> {
        let record = self.record(&fence.key).await?;
        if record.is_some_and(|record| record.is_fenced_by(&fence.by)) {
            return Ok(());
        }
        Err(fence.lose())
    }

    /// Renews a fence for as long as this is awaited. A fence that ends with the invocation needs no renewal.
    pub(crate) async fn renew_fence(&self, fence: Option<&Fence>) -> Infallible {
        while let Some(fence) = fence.filter(|_| self.clock.deadline().is_none()) {
            tokio::time::sleep(LEASE_RENEWAL).await;
            let until = self.lease_end();
            // Where this fails, the next renewal may not. Recipients who are marked are safe without the fence.
            let _ = self.change_fence(fence, |record| record.renew_fence(until)).await;
        }
        pending().await
    }

    /// Gives a fence back. Where that can't be written, the fence ends with its lease.
    pub(crate) async fn release_fence(&self, fence: &Fence) {
        let _ = self.change_fence(fence, RunRecord::release_fence).await;
    }

    async fn change_fence(
        &self,
        fence: &Fence,
        change: impl Fn(&mut RunRecord),
    ) -> Result<(), Error> {
        while let Some(found) = self.read(&fence.key).await? {
            let mut leased = LeasedRun::found(&fence.key, found)?;
            if !leased.record.is_fenced_by(&fence.by) {
                break;
            }
            change(&mut leased.record);
            if let PutOutcome::Written = self.write(&mut leased).await? {
                return Ok(());
            }
        }
        Err(fence.lose())
    }
}

impl Fence {
    fn lose(&self) -> Error {
        self.is_lost.store(true, Ordering::Relaxed);
        superseded()
    }

    /// The error where the fence is known to be lost: nobody else may be sent to.
    pub(crate) fn loss(&self) -> Option<Error> {
        self.is_lost.load(Ordering::Relaxed).then(superseded)
    }
}

fn is_running(until: Timestamp) -> Error {
    busy(&format!("it is under way, until {until:.0} at the latest"))
}

fn is_resent(until: Timestamp) -> Error {
    busy(&format!("another order is sending it again, until {until:.0} at the latest"))
}

fn busy(why: &str) -> Error {
    let message = format!("the run can't be sent again now: {why}");
    Error::new(Code::Timeout, Stage::Record, message)
        .retryable()
        .hint("order it again later; `runs` shows whether it has ended")
}

fn superseded() -> Error {
    let message = "another order has taken over sending this run again";
    Error::new(Code::Timeout, Stage::Record, message)
        .retryable()
        .hint("see with `runs` who has nothing, and send the run again to them")
}
