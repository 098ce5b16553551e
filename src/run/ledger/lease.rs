//! Claims: an invocation takes a run under a lease, or waits while another one holds it. Each write in
//! [`store`](super::store) renews the lease (`save_and_renew`), and `renew_in_time` does so between writes.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::retry::CLAIM_POLL;
use crate::run::job::TriggerId;
use crate::run::ledger::record::{Lease, RunRecord};
use crate::run::ledger::store::{LeasedRun, LedgerStore, PutOutcome};
use crate::run::outcome::RunState;
use crate::store::{Object, Objects};

/// A request to claim a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimRequest<'c> {
    pub(crate) event: &'c TriggerId,
    /// Says that a person named the report: then a run that failed permanently, or was skipped, runs again.
    pub(crate) is_manual: bool,
}

/// The end of a claim.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// This invocation has the run.
    Held(Box<LeasedRun>),
    /// The run has ended.
    Ended(Box<RunRecord>),
    /// Another invocation has the run, until this time at least.
    Busy(Timestamp),
}

impl<S: Objects> LedgerStore<'_, S> {
    /// Claims a run that is new, or can be taken up. `fresh` is its record if it is new.
    ///
    /// # Errors
    /// Fails where the store can't be written or read.
    pub(crate) async fn claim(
        &self,
        key: &str,
        fresh: &RunRecord,
        claimant: ClaimRequest<'_>,
    ) -> Result<Claimed, Error> {
        let mut leased = LeasedRun::new(key, fresh.clone());
        let Some(_) = self.objects else {
            leased.key = None;
            leased.begin_attempt(self, claimant);
            return Ok(Claimed::Held(Box::new(leased)));
        };
        leased.begin_attempt(self, claimant);
        let mut refusals = 0;
        loop {
            let found = match self.write(&mut leased).await? {
                PutOutcome::Written => return Ok(Claimed::Held(Box::new(leased))),
                PutOutcome::Conflict(found) => found,
            };
            let Some(Object { content, tag }) = found else {
                self.refused_for_nothing(&mut refusals).await?;
                leased.record = fresh.clone();
                leased.tag = None;
                leased.begin_attempt(self, claimant);
                continue;
            };
            let found = RunRecord::parse(key, &content)?;
            if found.is_final && !claimant.runs_again(&found) {
                return Ok(Claimed::Ended(Box::new(found)));
            }
            if let Some(until) = found.held_at(self.clock.now()) {
                return Ok(Claimed::Busy(until));
            }
            leased.record = found;
            leased.tag = Some(tag);
            leased.begin_attempt(self, claimant);
        }
    }

    /// Claims a run. While another invocation has it, waits for as long as there is time: `wait` waits until the
    /// next look, and gets the end of the other's lease.
    ///
    /// # Errors
    /// Those of [`Self::claim`] and of `wait`; `TIMEOUT`, retryable, where the other still has the run when the time
    /// is up. It may have died before it sent anything.
    pub(crate) async fn claim_in_time(
        &self,
        key: &str,
        fresh: &RunRecord,
        claimant: ClaimRequest<'_>,
        mut wait: impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error>,
    ) -> Result<Claimed, Error> {
        let mut attempt = 1;
        loop {
            match self.claim(key, fresh, claimant).await? {
                Claimed::Busy(until) if self.clock.allows_another(CLAIM_POLL, attempt) => {
                    wait(CLAIM_POLL.pause_after(attempt), until).await?;
                }
                Claimed::Busy(_) => return Err(still_held()),
                ended => return Ok(ended),
            }
            attempt += 1;
        }
    }
}

impl LeasedRun {
    /// Begins an attempt at the run, under a lease of this process.
    pub(crate) fn begin_attempt<S: Objects>(
        &mut self,
        ledger: &LedgerStore<'_, S>,
        claimant: ClaimRequest<'_>,
    ) {
        let claim = Lease { by: self.holder_id.clone(), until: Some(ledger.lease_end()) };
        let ClaimRequest { event, is_manual } = claimant;
        self.last_error.clone_from(&self.record.error);
        // A mark of this very process is out of date: its rendering has ended, and that could not be written.
        self.record.rendering.take_if(|mark| mark.process == ledger.process);
        self.left_rendering = self.record.rendering.clone();
        self.record.begin_attempt(claim, event, is_manual, ledger.clock.now());
    }
}

impl ClaimRequest<'_> {
    /// Tells whether a final run runs again.
    fn runs_again(self, ended: &RunRecord) -> bool {
        let is_another_order = ended.event.id != self.event.id;
        let sent_nothing_new = matches!(ended.status, RunState::Failed | RunState::Skipped);
        self.is_manual && is_another_order && sent_nothing_new
    }
}

/// The error of a run that another invocation has had until the time was up.
pub(crate) fn still_held() -> Error {
    let message = "another invocation has this run, and had not finished it when the time was up";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}
