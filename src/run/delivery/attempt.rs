//! One attempt to deliver a run. It builds and stores the message, or takes it from the store, sends it to the
//! recipients who wait for it, and records the end. The [ledger](crate::run::ledger) has the rules, and a table of
//! the places where leases are renewed and retries are decided. An attempt decides on no retry: it records each
//! recipient's error, and `RunRecord::recompute_status` makes of them whether the run is final.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use crate::concurrency::{Panicked, catch_panic, drive_while, with_deadline};
use crate::error::{Code, Error, Stage};
use crate::run::delivery::{IN_FLIGHT_MAX, MessageSender};
use crate::run::ledger::{LeasedRun, LedgerStore, Recipient, RunRecord, parsed, taken_over};
use crate::run::message::Built;
use crate::run::outcome::defect;
use crate::store::Objects;

/// The time for which results wait for each other. Messages that are sent together mostly end together, and then
/// one write has all results.
const RESULT_BATCH_WINDOW: Duration = Duration::from_millis(200);

/// An attempt: the ledger, and the sender of the run's messages.
pub(crate) struct Attempt<'a, S, M> {
    pub(crate) ledger: LedgerStore<'a, S>,
    pub(crate) sender: &'a M,
}

impl<S: Objects, M: MessageSender> Attempt<'_, S, M> {
    /// Carries out a run that was claimed, with the stored message or one that `build` builds. It goes on to the end
    /// of the run, or until the run is cut into shards. The record has the result.
    ///
    /// # Errors
    /// Fails where the end can't be written. The record still has the results of each recipient.
    pub(crate) async fn carry_out(
        &self,
        run: &mut LeasedRun,
        definition: &str,
        build: impl AsyncFnOnce(&mut LeasedRun) -> Result<Built<M::Message>, Error>,
    ) -> Result<(), Error> {
        let stored = run.record.message_key.clone().filter(|_| run.record.can_resume(definition));
        let message = match stored {
            Some(key) => self.stored_message(&key).await,
            None => match self.build(run, definition, build).await {
                Ok(Built::Message { message, .. }) => Ok(message),
                Ok(Built::Skip(reason)) => {
                    run.record.skip(reason, self.ledger.clock.now());
                    return self.ledger.save_and_renew(run).await;
                }
                Err(error) => Err(error),
            },
        };
        let left_out = match message {
            Ok(message) => match self.sender.shard_size(&run.record) {
                Some(size) => {
                    run.record.cut_into_shards(size);
                    return self.ledger.save_and_renew(run).await;
                }
                None => self.deliver(run, &message).await,
            },
            Err(error) => Some(error),
        };
        self.end(run, left_out).await
    }

    /// Ends a run that nobody tries any more, with its last error, or else with this one.
    ///
    /// # Errors
    /// Fails where the end can't be written.
    pub(crate) async fn close(&self, run: &mut LeasedRun, error: Error) -> Result<(), Error> {
        let error = match run.last_error.take() {
            Some(last) => {
                let message = format!("{}; {}", last.message, error.message);
                Error { message, hint: last.hint.or(error.hint), ..last }
            }
            None => error,
        };
        run.record.end(Some(error), self.ledger.clock.now());
        run.record.make_final();
        self.save_end(run).await
    }

    /// Ends a run. Recipients who still wait were left out because of this error.
    ///
    /// # Errors
    /// Fails where the end can't be written.
    pub(crate) async fn end(
        &self,
        run: &mut LeasedRun,
        left_out: Option<Error>,
    ) -> Result<(), Error> {
        run.record.end(left_out, self.ledger.clock.now());
        self.save_end(run).await
    }

    /// Notifies the owner of a run that has ended, where this failed before. The process that first writes that the
    /// mail is being sent sends it.
    ///
    /// # Errors
    /// Fails where the record can't be read or written.
    pub(crate) async fn notify_again(&self, key: &str) -> Result<(), Error> {
        let Some(found) = self.ledger.read(key).await? else {
            return Ok(());
        };
        let mut run = LeasedRun::found(key, found)?;
        if !run.record.is_to_notify_again() {
            return Ok(());
        }
        self.save_end(&mut run).await
    }

    /// Writes the end of a run, and notifies its owner if that is due.
    async fn save_end(&self, run: &mut LeasedRun) -> Result<(), Error> {
        let is_owed = run.key.is_some() && run.record.owes_a_notice();
        let owner = if is_owed { self.sender.owner() } else { None };
        run.record.notice = owner.as_ref().map(Recipient::sending).or(run.record.notice.take());
        self.ledger.save_and_renew(run).await?;
        let Some(mut notice) = run.record.notice.clone().filter(|_| owner.is_some()) else {
            return Ok(());
        };
        if run.is_lost || !run.record.has_failed() {
            return Ok(());
        }
        self.sender.wait_turn().await;
        let ended = catch_panic(self.sender.notify(&run.record, &notice)).await;
        notice.set_result(ended.unwrap_or_else(|Panicked| Err(defect())));
        run.record.notice = Some(notice);
        run.notice_unsaved = true;
        // The run has ended. The owner is not notified again, even where this can't be written.
        let _ = self.ledger.save_and_renew(run).await;
        Ok(())
    }

    /// Builds the message, and stores it.
    async fn build(
        &self,
        run: &mut LeasedRun,
        definition: &str,
        build: impl AsyncFnOnce(&mut LeasedRun) -> Result<Built<M::Message>, Error>,
    ) -> Result<Built<M::Message>, Error> {
        // The recipients of an earlier message, which is not sent any more, get the one that is built now.
        run.record.message_key = None;
        run.record.recipients.clear();
        run.record.definition = definition.to_owned();
        let built = catch_panic(build(run)).await;
        run.record.stats = run.stats;
        let built = built.unwrap_or_else(|Panicked| Err(defect()))?;
        if let Built::Message { message, to, without } = &built {
            self.ledger.end_rendering(run).await?;
            let content = serde_json::to_vec(message).unwrap_or_default();
            let key = self.ledger.keep_message(run, content, self.sender.files(message)).await?;
            run.record.set_message(key, to, self.ledger.clock.now());
            run.record.reason.clone_from(without);
        }
        Ok(built)
    }

    async fn stored_message(&self, key: &str) -> Result<M::Message, Error> {
        let found = self.ledger.read(key).await?.ok_or_else(stored_message_missing)?;
        parsed(key, &found.content)
    }

    /// Sends the message to all recipients who wait for it, and returns the reason why some were left out.
    async fn deliver(&self, run: &mut LeasedRun, message: &M::Message) -> Option<Error> {
        self.sender.wait_turn().await;
        let mut sends = Sends::default();
        let mut stopped = None;
        loop {
            for SendEnd { index, result } in sends.ended.drain(..) {
                run.note_result(index, result);
            }
            stopped = stopped.or_else(|| self.sender.stop_reason());
            let next = if stopped.is_some() { Vec::new() } else { self.mark(&mut run.record) };
            if next.is_empty() && sends.on_their_way.is_empty() {
                return stopped;
            }
            if !next.is_empty() || !run.unsaved_results.is_empty() {
                // The sends go on meanwhile.
                let Sends { on_their_way, ended, .. } = &mut sends;
                let saved = drive_while(self.ledger.save_and_renew(run), on_their_way, ended).await;
                let is_lost = run.is_lost.then(taken_over);
                stopped = stopped.or(saved.err()).or(is_lost);
                for index in next {
                    match self.recipient(&run.record, index, stopped.as_ref()) {
                        Ok(to) => sends.on_their_way.push(self.send(message, to, index)),
                        Err(error) => run.note_result(index, Err(error)),
                    }
                }
            }
            sends.wait_for_results(run.record.has_pending()).await;
        }
    }

    /// Marks the next recipients, and leaves out those who can't be sent to now.
    fn mark(&self, record: &mut RunRecord) -> Vec<usize> {
        record.mark(IN_FLIGHT_MAX, |recipient| match self.sender.refusal(recipient) {
            Some(error) => Err(error),
            None => Ok(self.sender.concurrency(recipient)),
        })
    }

    /// A marked recipient, to be sent to now.
    ///
    /// # Errors
    /// The reason why nothing is sent to them: the write of the mark failed, or took long. Where the mark was written
    /// after all, only this process knows that nothing was sent.
    fn recipient(
        &self,
        record: &RunRecord,
        index: usize,
        stopped: Option<&Error>,
    ) -> Result<Recipient, Error> {
        let to = record.recipients.get(index).ok_or_else(defect)?;
        let reason = stopped.cloned().or_else(|| self.sender.stop_reason());
        match reason.or_else(|| self.sender.refusal(to)) {
            Some(error) => Err(error),
            None => Ok(to.clone()),
        }
    }

    async fn send(&self, message: &M::Message, to: Recipient, index: usize) -> SendEnd {
        let sent = catch_panic(self.sender.send(message, &to, index)).await;
        let result =
            sent.unwrap_or_else(|Panicked| Err(Error { code: Code::DeliveryUnknown, ..defect() }));
        SendEnd { index, result }
    }
}

/// The sends of an attempt whose results are not recorded yet.
struct Sends<F> {
    on_their_way: FuturesUnordered<F>,
    /// The largest number of sends at once so far.
    most: usize,
    ended: Vec<SendEnd>,
}

/// The end of a send to the recipient at a place in the record.
struct SendEnd {
    index: usize,
    result: Result<String, Error>,
}

impl<F> Default for Sends<F> {
    fn default() -> Self {
        Self { on_their_way: FuturesUnordered::new(), most: 0, ended: Vec::new() }
    }
}

impl<F: Future<Output = SendEnd>> Sends<F> {
    /// Waits until a send has ended, and for a moment for others that end: one write has all results. Where further
    /// recipients wait for places, it waits only until half of the places are free.
    async fn wait_for_results(&mut self, others_wait: bool) {
        let Self { on_their_way, most, ended } = self;
        *most = on_their_way.len().max(*most);
        if ended.is_empty() {
            ended.extend(on_their_way.next().await);
        }
        let enough = if others_wait { *most / 2 } else { 0 };
        let others = async {
            while on_their_way.len() > enough
                && let Some(next) = on_their_way.next().await
            {
                ended.push(next);
            }
        };
        with_deadline(Some(Instant::now() + RESULT_BATCH_WINDOW), others).await;
    }
}

/// The error of a run whose stored message is missing.
pub(crate) fn stored_message_missing() -> Error {
    let message = "the stored message is no longer in the store";
    Error::new(Code::NotFound, Stage::Record, message)
        .hint("send the report to those who have nothing with `run --to`")
}

#[cfg(test)]
mod tests;
