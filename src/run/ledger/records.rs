//! The place of the records of runs. Beside them it keeps when a report was first seen as it is, and the last window
//! of a report without schedule.
//!
//! Every write is conditional.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::definition::{FirstSeen, Report, ReportId};
use crate::error::{Code, Error, Stage};
use crate::retry::{LONGEST_EVENT_AGE, QUEUE_VISIBILITY_TIMEOUT};
use crate::run::job::{Clock, Job, RunKey, TriggerContext, first_seen_key, latest_key};
use crate::run::ledger::record::{RunRecord, parsed};
use crate::run::ledger::store::{LedgerStore, new_holder_id};
use crate::run::outcome::RunState;
use crate::store::{Objects, Store};
use crate::window::Window;

/// The records of all reports, if the deployment keeps records.
#[derive(Debug)]
pub(crate) struct Ledger {
    store: Option<Store>,
    /// The name of this process, which no other has.
    process: String,
    /// The facts that were read once and never change: a process lives for many events.
    known: Mutex<LedgerCache>,
}

#[derive(Debug, Default)]
struct LedgerCache {
    first_seen: BTreeMap<ReportId, FirstSeenRecord>,
    /// The final runs, by key. A run that failed has the id of the event that it failed for.
    final_runs: BTreeMap<RunKey, Option<String>>,
    /// The times at which runs were last queued, by key.
    queued: BTreeMap<RunKey, Timestamp>,
}

/// The first event that saw a report as it is now, and what may be left of the time before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) first_seen: FirstSeen,
    /// Says that its timing has changed, and that runs of the earlier timing may still be open.
    pub(crate) has_changed: bool,
}

/// [`Sight`] as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FirstSeenRecord {
    version: u32,
    /// The time of the first event that saw it.
    since: Timestamp,
    /// Schedule, zone and window, which decide on its runs.
    timing: String,
    /// Says that runs of an earlier timing may still have to be closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closing: bool,
}

impl FirstSeenRecord {
    /// The record of a report that an event of this time is the first to see.
    fn new(report: &Report, time: Timestamp) -> Self {
        Self { version: KEPT_VERSION, since: time, timing: timing(report), closing: false }
    }

    /// Tells whether it holds for a report with this timing, and an event of this time.
    fn holds(&self, timing: &str, time: Timestamp) -> bool {
        // Events overtake each other. An event of long ago is somebody's order, and no first sight.
        let ahead = self.since.duration_since(time);
        let was_overtaken = ahead.is_positive() && ahead <= LONGEST_EVENT_AGE;
        self.timing == timing && !was_overtaken
    }
}

/// The last window of a report without schedule that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LatestWindow {
    version: u32,
    end: Timestamp,
}

/// The version of the form of what is written here.
const KEPT_VERSION: u32 = 1;

impl Ledger {
    pub(crate) fn new(store: Option<Store>) -> Self {
        Self { store, process: new_holder_id(), known: Mutex::default() }
    }

    /// Tells whether the deployment keeps records.
    pub(crate) fn is_kept(&self) -> bool {
        self.store.is_some()
    }

    /// The store of records, for an invocation.
    pub(crate) fn store(&self, clock: Clock) -> LedgerStore<'_, Store> {
        LedgerStore { objects: self.store.as_ref(), clock, process: &self.process }
    }

    /// The store of records for a job's invocation. Without a place where the run is not recorded.
    pub(crate) fn store_for(&self, job: &Job) -> LedgerStore<'_, Store> {
        let store = self.store(job.clock());
        LedgerStore { objects: store.objects.filter(|_| job.is_recorded()), ..store }
    }

    /// Finds the first event that saw a report as it is now, which may be this one. A dry run leaves no trace.
    ///
    /// # Errors
    /// Fails where the store can't be read or written.
    pub(crate) async fn sight(
        &self,
        report: &Report,
        context: TriggerContext<'_>,
    ) -> Result<Sight, Error> {
        let time = context.time();
        if !self.is_kept() {
            return Ok(Sight { first_seen: FirstSeen::Unrecorded, has_changed: false });
        }
        if let Some(time) = self.cached_first_seen(report, time) {
            return Ok(Sight { first_seen: FirstSeen::At(time), has_changed: false });
        }
        let store = self.store(context.clock());
        let record = if context.trigger.dry_run {
            store.first_seen_if_kept(report, time).await?
        } else {
            let record = store.keep_first_seen(report, time).await?;
            if !record.closing {
                self.known().first_seen.insert(report.id.clone(), record.clone());
            }
            record
        };
        Ok(Sight { first_seen: FirstSeen::At(record.since), has_changed: record.closing })
    }

    /// The time of the first event that saw a report as it is now, if this process has read it before.
    pub(crate) fn cached_first_seen(&self, report: &Report, time: Timestamp) -> Option<Timestamp> {
        let known = self.known();
        let record = known.first_seen.get(&report.id)?;
        record.holds(&timing(report), time).then_some(record.since)
    }

    /// Records that no run of an earlier timing is open.
    pub(crate) async fn all_are_closed(&self, report: &Report, clock: Clock) {
        // Where this fails, the next event looks again.
        let _ = self
            .store(clock)
            .update(&first_seen_key(&report.id), |kept: Option<&FirstSeenRecord>| {
                let kept = kept.filter(|kept| kept.closing)?;
                Some(FirstSeenRecord { closing: false, ..kept.clone() })
            })
            .await;
    }

    /// The windows of a report's latest runs that have begun and not ended; true where somebody has the run. A record
    /// that can't be understood is left alone, and logged.
    ///
    /// # Errors
    /// Fails where the records can't be listed or read.
    pub(crate) async fn open(
        &self,
        report: &ReportId,
        clock: Clock,
    ) -> Result<Vec<(Window, bool)>, Error> {
        /// The number of latest runs among which one may still be open.
        const LATEST_RUNS: usize = 10;
        let keys = self.list(Some(report)).await?;
        let own = keys.iter().rev().filter(|key| !key.is_reissue());
        let mut open = Vec::new();
        for key in own.take(LATEST_RUNS) {
            let Some(object) = self.store(clock).read(key.as_str()).await? else { continue };
            match RunRecord::parse(key.as_str(), &object.content) {
                Ok(record) if record.is_final => {}
                Ok(record) => {
                    let is_held = record.is_held_at(clock.now());
                    open.push((record.window, is_held));
                }
                Err(error) => tracing::warn!(error = error.message, "a record is left alone"),
            }
        }
        Ok(open)
    }

    /// Tells whether this process has seen that a run is final, and this event need not hear of it.
    pub(crate) fn is_known_final(&self, key: &RunKey, event: &str) -> bool {
        let known = self.known();
        // The retry of the event for which a run failed has to hear of the failure.
        known.final_runs.get(key).is_some_and(|failed| failed.as_deref() != Some(event))
    }

    /// Looks a record up by its key.
    ///
    /// # Errors
    /// Fails where the store can't be read, or holds something else there.
    pub(crate) async fn look_up(&self, key: &RunKey, clock: Clock) -> Result<RecordLookup, Error> {
        let Some(record) = self.store(clock).record(key.as_str()).await? else {
            return Ok(RecordLookup::Missing);
        };
        self.cache_final(key, &record);
        Ok(RecordLookup::Found(Box::new(record)))
    }

    /// Remembers that a run is final, if it stays so.
    pub(crate) fn cache_final(&self, key: &RunKey, record: &RunRecord) {
        // A person may run a failed or skipped run again.
        let stays = matches!(record.status, RunState::Sent | RunState::Unknown);
        let stays = stays && !record.is_to_notify_again();
        if self.is_kept() && record.is_final && stays {
            let failed = record.has_failed().then(|| record.event.id.clone());
            self.known().final_runs.insert(key.clone(), failed);
        }
    }

    /// Tells whether this process has queued a run so recently that its message may still be worked on, or is handed
    /// out again automatically.
    pub(crate) fn is_waited_for(&self, key: &RunKey, now: Timestamp) -> bool {
        let known = self.known();
        known.queued.get(key).is_some_and(|at| now.duration_since(*at) < QUEUE_VISIBILITY_TIMEOUT)
    }

    /// Remembers that runs were queued.
    pub(crate) fn have_queued(&self, keys: impl IntoIterator<Item = RunKey>, now: Timestamp) {
        let mut known = self.known();
        known.queued.retain(|_, at| now.duration_since(*at) < QUEUE_VISIBILITY_TIMEOUT);
        known.queued.extend(keys.into_iter().map(|key| (key, now)));
    }

    /// Tells whether a later window of the report has been run: a late event does not run an earlier window after it.
    ///
    /// # Errors
    /// Fails where the store can't be read, or holds something else there.
    pub(crate) async fn is_superseded(
        &self,
        report: &ReportId,
        window: &Window,
        clock: Clock,
    ) -> Result<bool, Error> {
        let latest = self.store(clock).parsed::<LatestWindow>(&latest_key(report)).await?;
        Ok(latest.is_some_and(|latest| latest.end > window.end()))
    }

    /// Records that a window of a report without schedule has been run.
    ///
    /// # Errors
    /// Fails where the store can't be read or written.
    pub(crate) async fn advance_latest_window(
        &self,
        report: &Report,
        window: &Window,
        clock: Clock,
    ) -> Result<(), Error> {
        if !self.is_kept() || report.schedule.is_some() {
            return Ok(());
        }
        let now = LatestWindow { version: KEPT_VERSION, end: window.end() };
        let store = self.store(clock);
        let key = latest_key(&report.id);
        let updated = store.update(&key, |kept: Option<&LatestWindow>| {
            kept.is_none_or(|kept| kept.end < now.end).then_some(now)
        });
        updated.await.map(drop)
    }

    /// Lists the keys of the records of a report, or of all reports, in their order. Re-issues are among them.
    ///
    /// # Errors
    /// Fails where the store can't be listed or read.
    pub(crate) async fn list(&self, report: Option<&ReportId>) -> Result<Vec<RunKey>, Error> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        let keys = store.keys(report.map_or("", ReportId::as_str)).await?;
        Ok(keys.into_iter().filter_map(RunKey::parse).collect())
    }

    fn known(&self) -> MutexGuard<'_, LedgerCache> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of looking a record up.
#[derive(Clone, Debug)]
pub(crate) enum RecordLookup {
    /// No record.
    Missing,
    /// A record.
    Found(Box<RunRecord>),
    /// The run was seen to be final before, and this event need not hear of it.
    Final,
}

/// Schedule, zone and window of a report, as a text that differs where its runs do.
fn timing(report: &Report) -> String {
    let schedule = report.schedule.as_ref().map(|schedule| format!(", {schedule}"));
    format!("{} in {}{}", report.window, report.zone.name(), schedule.unwrap_or_default())
}

impl<S: Objects> LedgerStore<'_, S> {
    /// The record of the first event that saw a report as it is now. Where none is kept, that of an event of this
    /// time.
    async fn first_seen_if_kept(
        &self,
        report: &Report,
        time: Timestamp,
    ) -> Result<FirstSeenRecord, Error> {
        let new = FirstSeenRecord::new(report, time);
        let kept = self.parsed::<FirstSeenRecord>(&first_seen_key(&report.id)).await?;
        let kept = kept.filter(|kept| kept.holds(&new.timing, time));
        Ok(FirstSeenRecord { closing: false, ..kept.unwrap_or(new) })
    }

    /// The same record, which is kept from now on.
    async fn keep_first_seen(
        &self,
        report: &Report,
        time: Timestamp,
    ) -> Result<FirstSeenRecord, Error> {
        let new = FirstSeenRecord::new(report, time);
        let key = first_seen_key(&report.id);
        let updated = self.update(&key, |kept: Option<&FirstSeenRecord>| match kept {
            Some(kept) if kept.holds(&new.timing, time) => None,
            Some(kept) => {
                let closing = kept.closing || kept.timing != new.timing;
                Some(FirstSeenRecord { closing, ..new.clone() })
            }
            // There was no earlier timing, whose runs would have to be closed.
            None => Some(new.clone()),
        });
        updated.await
    }

    async fn parsed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let object = self.read(key).await?;
        object.map(|object| parsed(key, &object.content)).transpose()
    }

    /// Changes the object at a key, and returns it as it is then. Where `change` returns none, it stays as it is.
    pub(crate) async fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        change: impl Fn(Option<&T>) -> Option<T>,
    ) -> Result<T, Error> {
        let mut refusals = 0;
        loop {
            let object = self.read(key).await?;
            let kept = match &object {
                Some(object) => Some(parsed(key, &object.content)?),
                None => None,
            };
            let new = match (change(kept.as_ref()), kept) {
                (None, Some(kept)) => return Ok(kept),
                (None, None) => return Err(nothing_kept(key)),
                (Some(new), _) => new,
            };
            let content = serde_json::to_vec_pretty(&new).unwrap_or_default();
            let tag = object.map(|object| object.tag);
            let is_new = tag.is_none();
            // Where the write is refused, another was faster, or it was done and its answer was lost.
            if self.put(key, content, tag).await? {
                return Ok(new);
            }
            if is_new {
                self.refused_for_nothing(&mut refusals).await?;
            }
        }
    }
}

fn nothing_kept(key: &str) -> Error {
    let message = format!("{key} in the store of records was to be kept, and is not there");
    Error::new(Code::InternalError, Stage::Record, message)
}
