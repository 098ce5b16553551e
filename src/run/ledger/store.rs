//! The store of records as one invocation uses it, and the runs that it has. Each write is repeated until its end is
//! known, and renews the run's lease (`save_and_renew`).
//!
//! The docs of the [ledger](super) have the protocol of these writes.

use std::collections::BTreeSet;
use std::future::Future;

use jiff::Timestamp;

use crate::concurrency::with_deadline;
use crate::error::{Code, Error, Stage};
use crate::retry::{LEASE_LENGTH, LEDGER_ACCESS, LONGEST_LEASE};
use crate::run::job::{Clock, MESSAGE_NAME, RunKey};
use crate::run::ledger::record::{RenderingMark, RunRecord, TemplatesId, WriteId};
use crate::run::outcome::FetchStats;
use crate::store::{Condition, Object, Objects, Put, Store, Tag};

/// The store of records, as one invocation uses it.
#[derive(Debug)]
pub(crate) struct LedgerStore<'s, S> {
    /// None where no records are kept: nothing is read or written, and every claim is granted.
    pub(crate) objects: Option<&'s S>,
    pub(crate) clock: Clock,
    /// The name of this process, which no other has.
    pub(crate) process: &'s str,
}

// A derived implementation would require that the store itself can be cloned.
impl<S> Clone for LedgerStore<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for LedgerStore<'_, S> {}

/// A run that this process has.
#[derive(Debug)]
pub(crate) struct LeasedRun {
    /// None where no records are kept.
    pub(crate) key: Option<String>,
    pub(crate) record: RunRecord,
    /// The requests, pages and rows that this invocation took for the run.
    pub(crate) stats: FetchStats,
    /// The error of the attempt before.
    pub(crate) last_error: Option<Error>,
    /// The mark of an earlier process that never came back from rendering.
    pub(crate) left_rendering: Option<RenderingMark>,
    pub(crate) holder_id: String,
    writes: u64,
    /// The tag of the record in the store, as it was last read or written.
    pub(crate) tag: Option<Tag>,
    /// The recipients whose results have not been written.
    pub(crate) unsaved_results: BTreeSet<usize>,
    /// Says that the result of the mail to the owner has not been written.
    pub(crate) notice_unsaved: bool,
    /// Says that another process has taken the run over.
    pub(crate) is_lost: bool,
}

/// The end of a write.
pub(crate) enum PutOutcome {
    Written,
    /// The condition did not hold: another object lies there, or none.
    Conflict(Option<Object>),
}

impl<S: Objects> LedgerStore<'_, S> {
    /// Writes the record of a run, and renews the lease, unless it was released. Where another process has taken the
    /// run over, adds the results that only this process knows to the other's record.
    ///
    /// # Errors
    /// Fails where it can't be written.
    pub(crate) async fn save_and_renew(&self, leased: &mut LeasedRun) -> Result<(), Error> {
        if leased.is_lost {
            return self.merge_into_new_holder(leased).await;
        }
        if leased.record.claim.until.is_some() {
            leased.record.claim.until = Some(self.lease_end());
        }
        let mut refusals = 0;
        loop {
            match self.write(leased).await? {
                PutOutcome::Written => break,
                // Somebody has removed it.
                PutOutcome::Conflict(None) => {
                    self.refused_for_nothing(&mut refusals).await?;
                    leased.tag = None;
                }
                PutOutcome::Conflict(Some(Object { content, tag })) => {
                    let theirs = RunRecord::parse(leased.key(), &content)?;
                    if theirs.claim.by != leased.holder_id {
                        leased.is_lost = true;
                        return self.merge_into_new_holder(leased).await;
                    }
                    leased.record.merge_deliveries(&theirs);
                    leased.tag = Some(tag);
                }
            }
        }
        leased.mark_saved();
        Ok(())
    }

    /// Renews the lease of a run where half of it has passed, and it may end before the invocation does. Finds out as
    /// well whether another process has taken the run over.
    ///
    /// # Errors
    /// Those of [`Self::save_and_renew`].
    pub(crate) async fn renew_in_time(&self, leased: &mut LeasedRun) -> Result<(), Error> {
        let left = leased.record.claim.until.map(|until| until.duration_since(self.clock.now()));
        let is_due = left.is_none_or(|left| left <= LEASE_LENGTH / 2);
        if is_due && self.clock.deadline().is_none() {
            self.save_and_renew(leased).await?;
        }
        Ok(())
    }

    /// Writes the mark that the message of a run is about to be made with the deployment's own templates. If this
    /// process never comes back, the next one knows why.
    ///
    /// # Errors
    /// Fails where it can't be written, or another process has taken the run over.
    pub(crate) async fn begin_rendering(
        &self,
        leased: &mut LeasedRun,
        templates: TemplatesId,
    ) -> Result<(), Error> {
        let process = self.process.to_owned();
        leased.record.rendering = Some(RenderingMark { templates, process });
        self.save_held(leased).await
    }

    /// Removes that mark, if there is one: a later death, or an outage of the store, is not the fault of the
    /// templates.
    ///
    /// # Errors
    /// Those of [`Self::begin_rendering`].
    pub(crate) async fn end_rendering(&self, leased: &mut LeasedRun) -> Result<(), Error> {
        if leased.record.rendering.take().is_none() {
            return Ok(());
        }
        self.save_held(leased).await
    }

    async fn save_held(&self, leased: &mut LeasedRun) -> Result<(), Error> {
        self.save_and_renew(leased).await?;
        if leased.is_lost { Err(taken_over()) } else { Ok(()) }
    }

    /// Adds the results that only this process knows to the record of the new holder.
    async fn merge_into_new_holder(&self, leased: &mut LeasedRun) -> Result<(), Error> {
        while !leased.unsaved_results.is_empty() || leased.notice_unsaved {
            let Some(Object { content, tag }) = self.read(leased.key()).await? else {
                return Ok(());
            };
            let mut theirs = RunRecord::parse(leased.key(), &content)?;
            theirs.merge_unsaved(&leased.record, &leased.unsaved_results);
            if leased.notice_unsaved {
                theirs.notice.clone_from(&leased.record.notice);
            }
            std::mem::swap(&mut theirs, &mut leased.record);
            leased.tag = Some(tag);
            let written = self.write(leased).await;
            std::mem::swap(&mut theirs, &mut leased.record);
            if matches!(written?, PutOutcome::Written) {
                leased.mark_saved();
            }
        }
        Ok(())
    }

    /// Writes the record, on condition that the one in the store is still the one that this process has read. Where
    /// it is not, returns the one that lies there.
    pub(crate) async fn write(&self, leased: &mut LeasedRun) -> Result<PutOutcome, Error> {
        let (Some(store), Some(key)) = (self.objects, leased.key.clone()) else {
            return Ok(PutOutcome::Written);
        };
        leased.writes += 1;
        let stamp = WriteId { by: leased.holder_id.clone(), count: leased.writes };
        leased.record.written = stamp.clone();
        let content = leased.record.to_json();
        let tag = leased.tag.clone();
        let condition = tag.as_ref().map_or(Condition::Absent, Condition::Unchanged);
        let written = self.put_with_retry(|| store.put(&key, content.clone(), condition)).await?;
        if let Some(tag) = written {
            leased.tag = Some(tag);
            return Ok(PutOutcome::Written);
        }
        match self.read(&key).await? {
            Some(object) if is_from_write(&key, &object, &stamp) => {
                leased.tag = Some(object.tag);
                Ok(PutOutcome::Written)
            }
            found => Ok(PutOutcome::Conflict(found)),
        }
    }

    /// Stores a message with the files that lie beside it, and returns its key.
    ///
    /// # Errors
    /// Fails where one of them can't be written.
    pub(crate) async fn keep_message(
        &self,
        leased: &LeasedRun,
        message: Vec<u8>,
        files: impl IntoIterator<Item = (&str, &[u8])>,
    ) -> Result<String, Error> {
        let Some(key) = &leased.key else {
            return Ok(String::new());
        };
        let stem = RunKey::beside(key, &leased.holder_id);
        for (name, content) in files {
            self.put(&format!("{stem}{name}"), content.to_vec(), None).await?;
        }
        let key = format!("{stem}{MESSAGE_NAME}");
        // It is refused where it was written before: nobody else has this key.
        self.put(&key, message, None).await?;
        Ok(key)
    }

    /// Reads the record at a key, if there is one.
    pub(crate) async fn record(&self, key: &str) -> Result<Option<RunRecord>, Error> {
        let object = self.read(key).await?;
        object.map(|object| RunRecord::parse(key, &object.content)).transpose()
    }

    /// Reads an object, with as many tries as it takes.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<Object>, Error> {
        let Some(store) = self.objects else {
            return Ok(None);
        };
        let mut attempt = 1;
        loop {
            match self.in_time(store.get(key)).await {
                Err(error) if is_worth_trying_again(&error) && self.goes_on(attempt) => {
                    self.pause(attempt).await
                }
                ended => return ended,
            }
            attempt += 1;
        }
    }

    /// Writes an object, on condition that there is none, or that it still has this tag. Returns whether the condition
    /// held.
    pub(crate) async fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        tag: Option<Tag>,
    ) -> Result<bool, Error> {
        let Some(store) = self.objects else {
            return Ok(true);
        };
        let condition = tag.as_ref().map_or(Condition::Absent, Condition::Unchanged);
        let written = self.put_with_retry(|| store.put(key, content.clone(), condition)).await?;
        Ok(written.is_some())
    }

    /// Repeats a write until its end is known. Returns the new tag, or none where the condition did not hold.
    async fn put_with_retry<F>(&self, put: impl Fn() -> F) -> Result<Option<Tag>, Error>
    where
        F: Future<Output = Result<Put, Error>>,
    {
        let mut attempt = 1;
        loop {
            match self.in_time(put()).await {
                Ok(Put::Written(tag)) => return Ok(Some(tag)),
                Ok(Put::Refused) => return Ok(None),
                Ok(Put::Busy) if self.goes_on(attempt) => self.pause(attempt).await,
                Ok(Put::Busy) => return Err(always_busy()),
                Err(error) if is_worth_trying_again(&error) && self.goes_on(attempt) => {
                    self.pause(attempt).await
                }
                Err(error) => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn in_time<T>(&self, access: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // The future of a call of the SDK is large: boxed, it does not make those around it large.
        with_deadline(self.clock.answer_by(), Box::pin(access)).await.unwrap_or_else(|| {
            let message = "the store of records did not answer before the deadline";
            Err(Error::new(Code::Timeout, Stage::Record, message).retryable())
        })
    }

    /// Waits before another try of a write that was refused although nothing is there. Somebody is removing records,
    /// or the store contradicts itself for a moment.
    ///
    /// # Errors
    /// `STORE_ERROR`, retryable, where this has happened too often, or the time is up.
    pub(crate) async fn refused_for_nothing(&self, refusals: &mut u32) -> Result<(), Error> {
        *refusals = refusals.saturating_add(1);
        if !self.goes_on(*refusals) {
            return Err(contradiction());
        }
        self.pause(*refusals).await;
        Ok(())
    }

    fn goes_on(&self, attempt: u32) -> bool {
        self.clock.allows_another(LEDGER_ACCESS, attempt)
    }

    async fn pause(&self, attempt: u32) {
        tokio::time::sleep(LEDGER_ACCESS.pause_after(attempt)).await;
    }

    /// The end of a lease that begins or is renewed now.
    pub(crate) fn lease_end(&self) -> Timestamp {
        let renewed = self.clock.now().saturating_add(LEASE_LENGTH).unwrap_or(Timestamp::MAX);
        let longest = self.clock.now().saturating_add(LONGEST_LEASE).unwrap_or(Timestamp::MAX);
        self.clock.deadline().map_or(renewed, |deadline| deadline.min(longest))
    }
}

impl LeasedRun {
    pub(crate) fn new(key: &str, record: RunRecord) -> Self {
        Self {
            key: Some(key.to_owned()),
            record,
            stats: FetchStats::default(),
            last_error: None,
            left_rendering: None,
            holder_id: new_holder_id(),
            writes: 0,
            tag: None,
            unsaved_results: BTreeSet::new(),
            notice_unsaved: false,
            is_lost: false,
        }
    }

    /// A record that was found at a key, and is changed on condition that it is still the same.
    ///
    /// # Errors
    /// `STORE_ERROR` where the object is no record.
    pub(crate) fn found(key: &str, Object { content, tag }: Object) -> Result<Self, Error> {
        let record = RunRecord::parse(key, &content)?;
        Ok(Self { tag: Some(tag), ..Self::new(key, record) })
    }

    fn mark_saved(&mut self) {
        self.unsaved_results.clear();
        self.notice_unsaved = false;
    }

    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    pub(crate) fn note_result(&mut self, index: usize, result: Result<String, Error>) {
        if let Some(recipient) = self.record.recipients.get_mut(index) {
            recipient.set_result(result);
            self.unsaved_results.insert(index);
        }
    }
}

impl LedgerStore<'_, Store> {
    /// The beginning of the addresses of files beside a run's record; none where no records are kept.
    pub(crate) fn address_of_files(&self, leased: &LeasedRun) -> Option<String> {
        let key = leased.key.as_ref()?;
        Some(self.objects?.address(&RunKey::beside(key, &leased.holder_id)))
    }
}

/// Tells whether an object is the record that this write wrote.
fn is_from_write(key: &str, object: &Object, write: &WriteId) -> bool {
    RunRecord::parse(key, &object.content).is_ok_and(|found| found.written == *write)
}

/// Makes a name for a writer of records, which no other has.
pub(crate) fn new_holder_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}

/// Tells whether another try within a second or two may help. Wrong settings and missing rights do not change in
/// that time.
fn is_worth_trying_again(error: &Error) -> bool {
    error.retryable && !matches!(error.code, Code::ConfigurationError | Code::AccessDenied)
}

fn contradiction() -> Error {
    let message =
        "the store refuses a write as if others had changed the record, and has no record";
    Error::new(Code::StoreError, Stage::Record, message)
        .retryable()
        .hint("check whether something removes records while they are being written")
}

fn always_busy() -> Error {
    let message = "others were writing the record at each of the tries";
    Error::new(Code::StoreError, Stage::Record, message).retryable()
}

/// The error of a holder that has lost a run.
pub(crate) fn taken_over() -> Error {
    let message = "another invocation has taken this run over";
    Error::new(Code::Timeout, Stage::Record, message).retryable()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use serde_json::{Value, json};
    use tokio::time::Instant;

    use super::*;
    use crate::run::job::TriggerId;
    use crate::run::ledger::lease::ClaimRequest;
    use crate::window::{LocalTime, Window, Zone};

    /// A store that refuses every write as if others had changed the record, and has none.
    #[derive(Default)]
    struct Contradiction(Cell<u32>);

    impl Objects for Contradiction {
        async fn get(&self, _: &str) -> Result<Option<Object>, Error> {
            Ok(None)
        }

        async fn put(&self, _: &str, _: Vec<u8>, _: Condition<'_>) -> Result<Put, Error> {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() < 100, "it is asked without end");
            Ok(Put::Refused)
        }
    }

    /// Claims, saves and updates pause between refusals, and give up after a while.
    #[tokio::test(start_paused = true)]
    async fn writes_that_are_refused_without_reason_pause_and_give_up() {
        let now: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
        let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
        let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
        let event = TriggerId { id: "tick".to_owned(), time: now };
        let fresh = RunRecord::new("daily".to_owned(), window, String::new(), event.clone());
        let claimant = ClaimRequest { event: &event, is_manual: false };
        for access in ["claim", "save", "update"] {
            let (store, began) = (Contradiction::default(), Instant::now());
            let ledger =
                LedgerStore { objects: Some(&store), clock: Clock::read(now, None), process: "" };
            let ended = match access {
                "claim" => ledger.claim("daily/a.json", &fresh, claimant).await.map(drop),
                "save" => {
                    ledger.save_and_renew(&mut LeasedRun::new("daily/a.json", fresh.clone())).await
                }
                _ => {
                    let change = |_: Option<&Value>| Some(json!({}));
                    ledger.update("daily/since.json", change).await.map(drop)
                }
            };
            let error = ended.unwrap_err();
            assert!(error.code == Code::StoreError && error.retryable, "{access}: {error}");
            assert_eq!(Some(store.0.get()), LEDGER_ACCESS.attempts, "{access}");
            assert!(began.elapsed() > Duration::from_secs(1), "{access}");
        }
    }
}
