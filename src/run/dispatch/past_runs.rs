//! Past runs as their records tell them, for people.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::concurrency::map_concurrently;
use crate::definition::ReportId;
use crate::error::{Code, Error, Stage};
use crate::run::job::{Clock, RunKey};
use crate::run::ledger::{Ledger, RunRecord};
use crate::run::outcome::{DeliveryStatus, FetchStats, RunState};
use crate::window::Window;

/// A run as its record tells it.
#[derive(Clone, Debug, Serialize)]
pub struct PastRun {
    /// The key of the record below the place of records.
    pub key: String,
    /// The report's id.
    pub report: String,
    /// The span.
    pub window: Window,
    /// `running`, `interrupted`, `sent`, `skipped`, `failed` or `unknown`.
    pub status: &'static str,
    /// Says that nothing is left to be done.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Says that it is a re-issue.
    pub reissue: bool,
    /// The number of attempts.
    pub attempts: u32,
    /// The time of the last attempt.
    pub started_at: Timestamp,
    /// The time at which it ended.
    pub ended_at: Option<Timestamp>,
    /// The number of recipients.
    pub recipients: usize,
    /// The number of those to whom it was sent.
    pub sent: usize,
    /// The number of those to whom it was not.
    pub failed: usize,
    /// The number of those of whom this is not known.
    pub unknown: usize,
    /// The requests, pages and rows that its figures took.
    #[serde(flatten)]
    pub stats: FetchStats,
    /// The reason why nothing was sent.
    pub reason: Option<String>,
    /// The reason why it failed.
    pub error: Option<Error>,
}

/// The ids of the reports that have records.
///
/// # Errors
/// `STORE_ERROR` or the service's own, if the records can't be listed.
pub(crate) async fn recorded_reports(ledger: &Ledger) -> Result<BTreeSet<String>, Error> {
    let keys = ledger.list(None).await?;
    Ok(keys.iter().map(|key| key.report().to_owned()).collect())
}

/// The runs of a report, or of all, the newest window first; so many of each report at most. And
/// why some of the records can't be read.
///
/// # Errors
/// Where the records can't be listed.
pub(crate) async fn past_runs(
    ledger: &Ledger,
    report: Option<&ReportId>,
    limit: usize,
    now: Timestamp,
) -> Result<(Vec<PastRun>, Vec<Error>), Error> {
    if !ledger.is_kept() {
        let message = "there is no place of records";
        return Err(Error::new(Code::ConfigurationError, Stage::Load, message)
            .hint("name it with --runs or CONNECT_REPORTS_RUNS"));
    }
    let keys = ledger.list(report).await?;
    let keys = newest(&keys, limit);
    let store = ledger.store(Clock::read(now, None));
    let read = map_concurrently(&keys, async |key| {
        let record = store.record(key.as_str()).await?;
        Ok::<_, Error>(record.map(|record| PastRun::new(key, &record, now)))
    });
    let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
    for run in read.await {
        match run {
            Ok(run) => runs.extend(run),
            Err(error) => unreadable.push(error),
        }
    }
    Ok((runs, unreadable))
}

/// The keys of the last windows of each report among sorted ones, the last first.
fn newest(keys: &[RunKey], limit: usize) -> Vec<RunKey> {
    let of_reports = keys.chunk_by(|a, b| a.report() == b.report());
    of_reports.flat_map(|keys| keys.iter().rev().take(limit).cloned()).collect()
}

impl PastRun {
    fn new(key: &RunKey, record: &RunRecord, now: Timestamp) -> Self {
        let outcome = record.outcome();
        let [sent, failed, unknown] =
            [DeliveryStatus::Sent, DeliveryStatus::Failed, DeliveryStatus::Unknown]
                .map(|status| outcome.count(status));
        Self {
            key: key.to_string(),
            report: record.report.clone(),
            window: record.window.clone(),
            status: match record.status {
                RunState::Running if record.is_held_at(now) => "running",
                RunState::Running => "interrupted",
                RunState::Sent => "sent",
                RunState::Skipped => "skipped",
                RunState::Failed => "failed",
                RunState::Unknown => "unknown",
            },
            is_final: record.is_final,
            reissue: key.is_reissue(),
            attempts: record.attempts,
            started_at: record.started_at,
            ended_at: record.ended_at,
            recipients: outcome.messages.len(),
            sent,
            failed,
            unknown,
            stats: record.stats,
            reason: record.reason.clone(),
            error: record.error.clone(),
        }
    }
}
