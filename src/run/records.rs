//! What is kept of runs, so that each that is due runs once: the record of every run that has ended,
//! and since when a schedule is known.
//!
//! Below the place that `CONNECT_REPORTS_RUNS` names lie, for each report,
//! `<id>/2026-11-22T0000+0000--2026-11-23T0000+0000.json`, the record of the run for that window, and
//! `<id>/since.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::outcome::RunOutcome;
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

/// The form of records.
const VERSION: u32 = 1;

impl Records {
    pub(super) fn new(store: Option<Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// Whether there are any.
    pub(super) fn are_kept(&self) -> bool {
        self.store.is_some()
    }

    /// What is remembered of a report at the time of an event, which may be the first to see it.
    ///
    /// # Errors
    /// Where the store can't be read or written.
    pub(super) async fn memory(&self, report: &Report, time: Timestamp) -> Result<Memory, Error> {
        let Some(store) = &self.store else {
            return Ok(Memory::Nothing);
        };
        let timing = timing(report);
        let is_current = |since: &Since| since.timing == timing;
        let known = self.known().since.get(&report.id).cloned().filter(is_current);
        if let Some(known) = known {
            return Ok(Memory::Since(known.since));
        }
        let key = format!("{}/since.json", report.id);
        let kept = store.read(&key).await?.map(|content| parsed::<Since>(&key, &content));
        let since = match kept.transpose()?.filter(is_current) {
            Some(since) => since,
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
        let Some(store) = &self.store else {
            return Ok(false);
        };
        let key = key(report, window);
        if self.known().ended.contains(&key) {
            return Ok(true);
        }
        let Some(content) = store.read(&key).await? else {
            return Ok(false);
        };
        let record: Value = parsed(&key, &content)?;
        let is_final = record.get("final").and_then(Value::as_bool).unwrap_or(false);
        if is_final {
            self.known().ended.insert(key);
        }
        Ok(is_final)
    }

    /// Keeps how a run ended.
    ///
    /// # Errors
    /// Where the store can't be written.
    pub(super) async fn keep(
        &self,
        report: &ReportId,
        outcome: &RunOutcome,
        batch: &str,
        now: Timestamp,
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
        store.write(&key(report, window), written(&record)).await
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
