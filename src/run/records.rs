//! What is kept of runs, so that each that is due runs once: the record of every run that has ended,
//! and since when a schedule is known.
//!
//! A run is written down as one whose end is unknown before it sends its first message, and again
//! when it has ended: whatever happens in between, it is not sent again by itself.
//!
//! Below the place that `CONNECT_REPORTS_RUNS` names lie, for each report,
//! `<id>/2026-11-22T0000+0000--2026-11-23T0000+0000.json`, the record of the run for that window, and
//! `<id>/since.json`, or of a report without schedule `<id>/latest.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::outcome::{RunOutcome, Status};
use crate::definition::{Memory, Report, ReportId};
use crate::error::{Code, Error, Stage};
use crate::store::Store;
use crate::window::Window;

/// The records of all reports, if any are kept.
#[derive(Debug)]
pub(super) struct Records {
    store: Option<Store>,
    /// What has been read once and never changes again: a process lives for many events.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    since: BTreeMap<ReportId, Since>,
    ended: BTreeSet<String>,
}

/// Since when a report is due as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    version: u32,
    /// The time of the first event that saw it.
    since: Timestamp,
    /// What decides on its runs: schedule, zone and window.
    timing: String,
}

/// What has to be known of a record.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Record {
    status: Status,
    #[serde(rename = "final")]
    is_final: bool,
}

/// The last window of a report without schedule that was run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Latest {
    version: u32,
    end: Timestamp,
}

/// The form of records.
const VERSION: u32 = 1;

/// By how much an event may come before another that was sent earlier.
const OVERTAKING: SignedDuration = SignedDuration::from_hours(1);

impl Records {
    pub(super) fn new(store: Option<Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// Whether there are any.
    pub(super) fn are_kept(&self) -> bool {
        self.store.is_some()
    }

    /// What is remembered of a report at the time of an event, which may be the first to see it; a
    /// dry run leaves no trace.
    ///
    /// # Errors
    /// Where the store can't be read or written.
    pub(super) async fn memory(
        &self,
        report: &Report,
        time: Timestamp,
        dry_run: bool,
    ) -> Result<Memory, Error> {
        let Some(store) = &self.store else {
            return Ok(Memory::Nothing);
        };
        let timing = timing(report);
        // Events overtake each other; one of long ago is somebody's order, and no first sight.
        let holds = |since: &Since| {
            let ahead = since.since.duration_since(time);
            let was_overtaken = ahead.is_positive() && ahead <= OVERTAKING;
            since.timing == timing && !was_overtaken
        };
        let known = self.known().since.get(&report.id).cloned().filter(holds);
        if let Some(known) = known {
            return Ok(Memory::Since(known.since));
        }
        let key = format!("{}/since.json", report.id);
        let kept = store.read(&key).await?.map(|content| parsed::<Since>(&key, &content));
        let since = match kept.transpose()?.filter(holds) {
            Some(since) => since,
            None if dry_run => return Ok(Memory::Since(time)),
            None => {
                let since = Since { version: VERSION, since: time, timing };
                store.write(&key, written(&since)).await?;
                since
            }
        };
        self.known().since.insert(report.id.clone(), since.clone());
        Ok(Memory::Since(since.since))
    }

    /// Whether the run of a report for a window has ended for good.
    ///
    /// # Errors
    /// Where the store can't be read, or holds no record there.
    pub(super) async fn has_ended(
        &self,
        report: &ReportId,
        window: &Window,
    ) -> Result<bool, Error> {
        let key = key(report, window);
        if self.known().ended.contains(&key) {
            return Ok(true);
        }
        let is_final = self.record(&key).await?.is_some_and(|record| record.is_final);
        if is_final {
            self.known().ended.insert(key);
        }
        Ok(is_final)
    }

    /// Whether a later window of the report has been run, so that an event that comes late does not
    /// run an earlier one after it.
    ///
    /// # Errors
    /// Where the store can't be read, or holds something else there.
    pub(super) async fn is_overtaken(
        &self,
        report: &ReportId,
        window: &Window,
    ) -> Result<bool, Error> {
        let Some(store) = &self.store else {
            return Ok(false);
        };
        let key = latest_key(report);
        let Some(content) = store.read(&key).await? else {
            return Ok(false);
        };
        Ok(parsed::<Latest>(&key, &content)?.end > window.end())
    }

    /// Keeps that messages of a run are about to be sent, before they are: whatever happens to the
    /// process, they are not sent again by themselves.
    ///
    /// # Errors
    /// Where the store can't be written, and then nothing may be sent.
    pub(super) async fn begin(
        &self,
        report: &Report,
        outcome: &RunOutcome,
        origin: (&str, Timestamp),
    ) -> Result<(), Error> {
        let sending = RunOutcome { status: Status::Unknown, ..outcome.clone() };
        self.write(report, &sending, origin).await
    }

    /// Keeps how a run ended. What was sent is not forgotten because a later run of the same window
    /// ended before it could send anything.
    ///
    /// # Errors
    /// Where the store can't be read or written.
    pub(super) async fn keep(
        &self,
        report: &Report,
        outcome: &RunOutcome,
        origin: (&str, Timestamp),
    ) -> Result<(), Error> {
        let (Some(_), Some(window)) = (&self.store, &outcome.window) else {
            return Ok(());
        };
        let key = key(&report.id, window);
        if outcome.is_final() {
            // Even where it can't be written: this process knows it.
            self.known().ended.insert(key.clone());
        }
        if outcome.messages.is_empty() {
            let before = self.record(&key).await?.map(|record| record.status);
            if matches!(before, Some(Status::Sent | Status::Unknown)) {
                return Ok(());
            }
        }
        self.write(report, outcome, origin).await
    }

    async fn write(
        &self,
        report: &Report,
        outcome: &RunOutcome,
        (batch, now): (&str, Timestamp),
    ) -> Result<(), Error> {
        let (Some(store), Some(window)) = (&self.store, &outcome.window) else {
            return Ok(());
        };
        let mut record = json!(outcome);
        if let Some(record) = record.as_object_mut() {
            record.insert("version".to_owned(), json!(VERSION));
            record.insert("final".to_owned(), json!(outcome.is_final()));
            record.insert("batch".to_owned(), json!(batch));
            record.insert("invoked_at".to_owned(), json!(now));
        }
        store.write(&key(&report.id, window), written(&record)).await?;
        if report.schedule.is_none() && !self.is_overtaken(&report.id, window).await? {
            let latest = Latest { version: VERSION, end: window.end() };
            store.write(&latest_key(&report.id), written(&latest)).await?;
        }
        Ok(())
    }

    async fn record(&self, key: &str) -> Result<Option<Record>, Error> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let content = store.read(key).await?;
        content.map(|content| parsed(key, &content)).transpose()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of a run's record: readable, and safe in a file's name.
fn key(report: &ReportId, window: &Window) -> String {
    let at = |time: Timestamp| {
        let time = window.on_its_clock(time);
        let form = if time.second() == 0 { "%Y-%m-%dT%H%M%z" } else { "%Y-%m-%dT%H%M%S%z" };
        time.strftime(form).to_string()
    };
    format!("{report}/{}--{}.json", at(window.start()), at(window.end()))
}

fn latest_key(report: &ReportId) -> String {
    format!("{report}/latest.json")
}

/// What decides on the runs of a report, as a text that differs where they do.
fn timing(report: &Report) -> String {
    let schedule = report.schedule.as_ref().map(|schedule| format!(", {schedule}"));
    format!("{} in {}{}", report.window, report.zone.name(), schedule.unwrap_or_default())
}

fn written(value: &impl Serialize) -> Vec<u8> {
    // Neither has a key that is no text, which is all that could fail.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

fn parsed<T: serde::de::DeserializeOwned>(key: &str, content: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|error| {
        let message = format!("{key} in the store of records can't be read: {error}");
        Error::new(Code::StoreError, Stage::Record, message)
            .hint("remove it, or mend it; it is JSON that this program wrote")
    })
}
