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
//!    ▲                     ├─► failed ──┐ refused, and it may pass or a person asks
//!    └─────────────────────┼────────────┘
//!                          └─► unknown    no answer; or marked by a process that died
//! ```
//!
//! 1. Claim: write the record with a lease, on condition that there is none; or, having read one that
//!    is not final and whose lease is over, on condition that it is still that one. The lease ends
//!    with the holder's own deadline. Without one it lasts ten minutes, and every write renews it.
//! 2. Ask Connect and render. Nobody can see any of it yet. Before rendering with templates of one's own
//!    the record says so, and as soon as rendering has ended it says so no more: another process that takes
//!    up a run that still says so does not use them again as they are, and tells the owner. The process
//!    that said so itself has come back from rendering, or it would take up nothing: if it could not write
//!    that, because the store was out of reach, it blames nobody when it takes the run up again.
//! 3. Store the message, under a key of the holder's own.
//! 4. Mark the next recipients as being sent to, no more than are sent to at once.
//! 5. Send to them.
//! 6. Write each result, and with it mark those who are next; at the end the outcome, which ends the
//!    lease. Where nobody is next, results that come within a moment are written together.
//! 7. Where the owner is to hear of the end, the outcome says that this is being sent; send it, and
//!    write its result.
//!
//! Where a process dies, or can't reach the store any more:
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
//! Who is to end before that (Ctrl-C) goes on to 6: nobody is marked any more, those who are marked get two
//! seconds for their answers and are unknown without one, and the outcome ends the lease: the next one
//! goes on at once.
//!
//! People who send a run again do it [one order at a time](crate::run::ledger::fence).
//!
//! Two that race: one claim is written, the other finds it. Who has lost a lease, because it was slow
//! and not dead, finds its next write refused. It marks nobody any more; what it knows of those whom
//! it was sending to it adds to the record of the one that has the run now, because a result is never
//! dropped, and *sent* beats *unknown*. Clocks that differ make a claim come sooner or later, and
//! nothing else: it is the condition that decides, and not the time.
//!
//! A write whose answer was lost may have been done. It is repeated; if its condition does not hold
//! any more and what lies there is this very write, it had succeeded.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::address::Mailbox;
use crate::concurrency::{Panicked, catch_panic, meanwhile, until};
use crate::error::{Code, Error, Stage};
use crate::render::Message;
use crate::run::ledger::recipient::Recipient;
use crate::run::ledger::record::RunRecord;
use crate::run::ledger::record::RunState;
use crate::run::ledger::record::TriggerId;
use crate::run::ledger::store::LeasedRun;
use crate::run::ledger::store::LedgerStore;
use crate::run::ledger::store::PutOutcome;
use crate::run::outcome::run_outcome::defect;
use crate::store::{Object, Objects};

/// How many messages are on their way at once, and so are left unknown by a death at most.
pub(crate) const IN_FLIGHT: usize = 8;

/// How long the results of the last ones wait for each other: sent at once, they mostly end at once, and
/// then the outcome has them all in one write.
const MOMENT: Duration = Duration::from_millis(200);

/// How soon one looks again at a run that another has, at first and at most.
pub(crate) const FIRST_LOOK: Duration = Duration::from_millis(250);
pub(crate) const LAST_LOOK: Duration = Duration::from_secs(5);

/// Who claims a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimRequest<'c> {
    pub(crate) event: &'c TriggerId,
    /// Whether a person named the report: then what failed for good, or was skipped, runs again.
    pub(crate) is_a_person: bool,
}

/// What became of a claim.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// The run is this one's.
    Held(Box<LeasedRun>),
    /// The run has ended.
    Ended(Box<RunRecord>),
    /// Another has it, until then at least.
    Busy(Timestamp),
}

/// What there is to be sent.
#[derive(Debug)]
pub(crate) enum Built {
    /// The message, and who gets it.
    Message {
        message: Message,
        to: Vec<Mailbox>,
        /// What is missing in it, if anything is.
        without: Option<String>,
    },
    /// Nothing, and why.
    Nothing(String),
}

/// What hands mails to SES.
pub(crate) trait MessageSender {
    /// Waits until it is the run's turn to send, where several are under way.
    async fn turn(&self) {}

    /// Sends the message to one recipient.
    async fn send(&self, message: &Message, to: &Recipient, index: usize) -> Result<String, Error>;

    /// Into parts of how many recipients the run is cut for others to send, if it is.
    fn cuts(&self, _record: &RunRecord) -> Option<usize> {
        None
    }

    /// How many messages are on their way at once, [`IN_FLIGHT`] at most: those who are marked and wait
    /// for their turn would be left unknown by a death as well.
    fn at_once(&self) -> usize {
        IN_FLIGHT
    }

    /// Why no further message can be sent now, if so: time is up, or SES takes none.
    fn stopped(&self) -> Option<Error>;

    /// Who is to hear of a run that failed, if anybody may.
    fn owner(&self) -> Option<Mailbox>;

    /// Tells the owner of the end of a run.
    async fn notify(&self, record: &RunRecord, to: &Recipient) -> Result<String, Error>;
}

impl<S: Objects> LedgerStore<'_, S> {
    /// Claims a run: one that is new, or that can be taken up. `fresh` is its record if it is new.
    ///
    /// # Errors
    /// Where the store can't be written or read.
    pub(crate) async fn claim(
        &self,
        key: &str,
        fresh: &RunRecord,
        claimant: ClaimRequest<'_>,
    ) -> Result<Claimed, Error> {
        let mut leased = LeasedRun::new(key, fresh.clone());
        let Some(_) = self.store else {
            leased.key = None;
            leased.take_up(self, claimant);
            return Ok(Claimed::Held(Box::new(leased)));
        };
        leased.take_up(self, claimant);
        let mut refusals = 0;
        loop {
            let found = match self.write(&mut leased).await? {
                PutOutcome::Done => return Ok(Claimed::Held(Box::new(leased))),
                PutOutcome::Refused(found) => found,
            };
            let Some(Object { content, tag }) = found else {
                self.refused_for_nothing(&mut refusals).await?;
                (leased.record, leased.tag) = (fresh.clone(), None);
                leased.take_up(self, claimant);
                continue;
            };
            let found = RunRecord::parse(key, &content)?;
            if found.is_final && !claimant.runs_again(&found) {
                return Ok(Claimed::Ended(Box::new(found)));
            }
            if let Some(until) = found.held_at(self.clock.now()) {
                return Ok(Claimed::Busy(until));
            }
            (leased.record, leased.tag) = (found, Some(tag));
            leased.take_up(self, claimant);
        }
    }

    /// Claims a run, and waits for another that has it for as long as there is time: `wait` does so until
    /// it is time for the next look, knowing when the other's lease ends.
    ///
    /// # Errors
    /// As [`Self::claim`]; `TIMEOUT` where the other still has it when time is up: it may have died,
    /// and then nothing was sent. What `wait` ends with.
    pub(crate) async fn claim_in_time(
        &self,
        key: &str,
        fresh: &RunRecord,
        claimant: ClaimRequest<'_>,
        mut wait: impl AsyncFnMut(Duration, Timestamp) -> Result<(), Error>,
    ) -> Result<Claimed, Error> {
        let mut look = FIRST_LOOK;
        loop {
            match self.claim(key, fresh, claimant).await? {
                Claimed::Busy(until) if self.clock.has_time_for(look) => wait(look, until).await?,
                Claimed::Busy(_) => return Err(still_held()),
                ended => return Ok(ended),
            }
            look = (look * 2).min(LAST_LOOK);
        }
    }

    /// Carries a run out that was claimed: from the stored message, or from one that `make` makes, to
    /// its end, or to where it is cut into [parts](crate::run::dispatch::shards). What became of it stands in the record of `hold`.
    ///
    /// # Errors
    /// Where the end can't be written; the record of `hold` still says what became of each message.
    pub(crate) async fn carry_out<C: MessageSender>(
        &self,
        leased: &mut LeasedRun,
        definition: &str,
        sender: &C,
        make: impl AsyncFnOnce(&mut LeasedRun) -> Result<Built, Error>,
    ) -> Result<(), Error> {
        let stored = leased.record.message.clone().filter(|_| leased.record.resumes(definition));
        let message = match stored {
            Some(key) => self.message(&key).await,
            None => match self.make(leased, definition, make).await {
                Ok(Built::Message { message, .. }) => Ok(Some(message)),
                Ok(Built::Nothing(reason)) => {
                    leased.record.skip(reason, self.clock.now());
                    return self.save(leased).await;
                }
                Err(error) => Err(error),
            },
        };
        let left_out = match message {
            Ok(Some(message)) => match sender.cuts(&leased.record) {
                Some(size) => {
                    leased.record.cut(size);
                    return self.save(leased).await;
                }
                None => self.deliver(leased, sender, &message).await,
            },
            Ok(None) => Some(gone()),
            Err(error) => Some(error),
        };
        self.end(leased, sender, left_out).await
    }

    /// Ends a run for good that nobody tries any more: with what it failed with, or with this error.
    ///
    /// # Errors
    /// Where the end can't be written.
    pub(crate) async fn close<C: MessageSender>(
        &self,
        leased: &mut LeasedRun,
        sender: &C,
        error: Error,
    ) -> Result<(), Error> {
        let error = match leased.last_error.take() {
            Some(last) => {
                let message = format!("{}; {}", last.message, error.message);
                Error { message, hint: last.hint.or(error.hint), ..last }
            }
            None => error,
        };
        leased.record.end(Some(error), self.clock.now());
        leased.record.give_up();
        self.tell(leased, sender).await
    }

    /// Ends a run: what is pending was left out for this reason.
    ///
    /// # Errors
    /// Where the end can't be written.
    pub(crate) async fn end<C: MessageSender>(
        &self,
        leased: &mut LeasedRun,
        sender: &C,
        left_out: Option<Error>,
    ) -> Result<(), Error> {
        leased.record.end(left_out, self.clock.now());
        self.tell(leased, sender).await
    }

    /// Sends the mail to the owner of a run that has ended, where it could not be sent before. Whoever
    /// writes first that it is being sent sends it.
    ///
    /// # Errors
    /// Where the record can't be read or written.
    pub(crate) async fn notify_again<C: MessageSender>(
        &self,
        key: &str,
        sender: &C,
    ) -> Result<(), Error> {
        let Some(found) = self.read(key).await? else {
            return Ok(());
        };
        let mut leased = LeasedRun::found(key, found)?;
        if !leased.record.is_to_notify_again() {
            return Ok(());
        }
        self.tell(&mut leased, sender).await
    }

    /// Writes the end of a run, and tells its owner if need be.
    async fn tell<C: MessageSender>(
        &self,
        leased: &mut LeasedRun,
        sender: &C,
    ) -> Result<(), Error> {
        let is_owed = leased.key.is_some() && leased.record.owes_a_notice();
        let owner = if is_owed { sender.owner() } else { None };
        leased.record.notice =
            owner.as_ref().map(Recipient::sending).or(leased.record.notice.take());
        self.save(leased).await?;
        let Some(mut notice) = leased.record.notice.clone().filter(|_| owner.is_some()) else {
            return Ok(());
        };
        if leased.is_lost || !leased.record.has_failed() {
            return Ok(());
        }
        sender.turn().await;
        let ended = catch_panic(sender.notify(&leased.record, &notice)).await;
        notice.ended(ended.unwrap_or_else(|Panicked| Err(defect())));
        (leased.record.notice, leased.notice_is_news) = (Some(notice), true);
        // The run has ended; whether this is written or not, the owner is not told again.
        let _ = self.save(leased).await;
        Ok(())
    }

    /// Has the message made, and stores it.
    async fn make(
        &self,
        leased: &mut LeasedRun,
        definition: &str,
        make: impl AsyncFnOnce(&mut LeasedRun) -> Result<Built, Error>,
    ) -> Result<Built, Error> {
        // Who waits for a message that will not be sent, waits for the one that is made now.
        leased.record.message = None;
        leased.record.messages.clear();
        leased.record.definition = definition.to_owned();
        let made = catch_panic(make(leased)).await;
        leased.record.effort = leased.effort;
        let made = made.unwrap_or_else(|Panicked| Err(defect()))?;
        if let Built::Message { message, to, without } = &made {
            self.end_rendering(leased).await?;
            let key = self.keep_message(leased, message).await?;
            leased.record.made(key, to, self.clock.now());
            leased.record.reason.clone_from(without);
        }
        Ok(made)
    }

    /// Sends the message to all who wait for it; why some of them were left out, if so.
    async fn deliver<C: MessageSender>(
        &self,
        leased: &mut LeasedRun,
        sender: &C,
        message: &Message,
    ) -> Option<Error> {
        sender.turn().await;
        let mut on_their_way = FuturesUnordered::new();
        let mut ended: Vec<(usize, Result<String, Error>)> = Vec::new();
        let mut stopped = None;
        loop {
            for (index, result) in ended.drain(..) {
                leased.sent(index, result);
            }
            stopped = stopped.or_else(|| sender.stopped());
            let places = if stopped.is_some() { 0 } else { sender.at_once() };
            let free = places.saturating_sub(on_their_way.len());
            let next = leased.record.mark(free);
            if next.is_empty() && on_their_way.is_empty() {
                return stopped;
            }
            if !next.is_empty() || !leased.news.is_empty() {
                // What is on its way goes on meanwhile.
                let saved = meanwhile(self.save(leased), &mut on_their_way, &mut ended).await;
                let is_lost = leased.is_lost.then(taken_over);
                // The write may have taken long.
                let late = || sender.stopped().filter(|_| !next.is_empty());
                if let Some(error) = saved.err().or(is_lost).or_else(late) {
                    leased.leave_out(&next, &error);
                    stopped = Some(error);
                } else {
                    on_their_way.extend(next.into_iter().filter_map(|index| {
                        let to = leased.record.messages.get(index)?.clone();
                        Some(send(sender, message, to, index))
                    }));
                }
            }
            if ended.is_empty() {
                ended.extend(on_their_way.next().await);
            }
            let moment = if leased.record.has_pending() { Duration::ZERO } else { MOMENT };
            let others = async {
                while let Some(next) = on_their_way.next().await {
                    ended.push(next);
                }
            };
            until(Some(Instant::now() + moment), others).await;
        }
    }
}

impl ClaimRequest<'_> {
    /// Whether a run that has ended for good runs again.
    fn runs_again(self, ended: &RunRecord) -> bool {
        let is_another_order = ended.event.id != self.event.id;
        let may = matches!(ended.status, RunState::Failed | RunState::Skipped);
        self.is_a_person && is_another_order && may
    }
}

async fn send<C: MessageSender>(
    sender: &C,
    message: &Message,
    to: Recipient,
    index: usize,
) -> (usize, Result<String, Error>) {
    let sent = catch_panic(sender.send(message, &to, index)).await;
    let unclear = |Panicked| Err(Error { code: Code::DeliveryUnknown, ..defect() });
    (index, sent.unwrap_or_else(unclear))
}

pub(crate) fn still_held() -> Error {
    let message = "another invocation has this run and had not ended it when the time was up";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}

pub(crate) fn taken_over() -> Error {
    let message = "another invocation has taken this run over";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}

/// The message that a run resumes with is missing.
pub(crate) fn gone() -> Error {
    let message = "the stored message is not in the store any more";
    Error::new(Code::NotFound, Stage::Record, message)
        .hint("run the report again by name for those who have nothing: `run --to`")
}

#[cfg(test)]
mod tests;
