//! The keys under which the ledger keeps runs. Below the place that `CONNECT_REPORTS_RUNS` names, each report
//! has:
//!
//! - `<id>/2026-11-22T0000+0000--2026-11-23T0000+0000.json`, the record of the run for that window
//! - `<id>/….<order>.reissue.json`, the record of a re-issue, named after its order
//! - `<id>/….<writer>.part-3.json`, the record of a shard: a part of a run with many recipients
//! - `<id>/….<writer>.message.json`, a message as it was rendered, and `<id>/….<writer>.<name>.zip`, a file
//!   that was too large to be attached to it
//! - `<id>/since.json`, the first event that saw the report as it is, and `<id>/latest.json`, the last window of
//!   a report without schedule
//! - `<id>/invalid.json`, where the definition was not valid; `_invalid/<digest>.json`, where the name of its
//!   file can't be an id

use std::fmt;

use jiff::Timestamp;

use crate::definition::{ReportId, ReportIdError, digest};
use crate::trigger::ShardId;
use crate::window::Window;

/// The key of the record of a run, a re-issue or a shard: readable, and safe in a file's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunKey(String);

/// The ending of the keys of all records.
const RECORD_ENDING: &str = ".json";

/// The ending of the key of a re-issue's record.
const REISSUE_ENDING: &str = ".reissue.json";

/// The text before the number in the key of a shard's record.
const SHARD_INFIX: &str = ".part-";

impl RunKey {
    /// The key of the run of a report for a window.
    pub(crate) fn for_run(report: &ReportId, window: &Window) -> Self {
        Self(format!("{}{RECORD_ENDING}", stem(report, window)))
    }

    /// The key of a re-issue of that run by an order.
    pub(crate) fn for_reissue(report: &ReportId, window: &Window, order: &str) -> Self {
        Self(format!("{}.{order}{REISSUE_ENDING}", stem(report, window)))
    }

    /// The key of a shard of that run.
    pub(crate) fn for_shard(report: &ReportId, window: &Window, shard: &ShardId) -> Self {
        let ShardId { by, number } = shard;
        Self(format!("{}.{by}{SHARD_INFIX}{number}{RECORD_ENDING}", stem(report, window)))
    }

    /// Parses the key of a run or a re-issue. None where it is that of a shard, or of a file beside a record.
    pub(crate) fn parse(key: String) -> Option<Self> {
        let (_, name) = key.split_once('/')?;
        let is_of_a_window = name.contains("--");
        let name = name.strip_suffix(RECORD_ENDING)?;
        let number = name.rsplit_once(SHARD_INFIX).map(|(_, number)| number);
        let is_shard = number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let is_record = is_of_a_window && !is_shard && !key.ends_with(&format!(".{MESSAGE_NAME}"));
        is_record.then_some(Self(key))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the report.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn report(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The key without its ending, by which people look the run up.
    pub(crate) fn name(&self) -> &str {
        self.0.strip_suffix(RECORD_ENDING).unwrap_or(&self.0)
    }

    /// The beginning of the keys of files that a holder stores beside the record. No other holder has the same.
    pub(crate) fn beside(key: &str, holder_id: &str) -> String {
        format!("{}.{holder_id}.", key.strip_suffix(RECORD_ENDING).unwrap_or(key))
    }

    /// Tells whether it is the key of a re-issue.
    pub(crate) fn is_reissue(&self) -> bool {
        self.0.ends_with(REISSUE_ENDING)
    }

    /// Tells whether it is the key of a re-issue of this run.
    pub(crate) fn is_reissue_of(&self, run: &Self) -> bool {
        self.is_reissue() && self.0.starts_with(run.name())
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a stored message, behind the beginning that [`RunKey::beside`] gives its key.
pub(crate) const MESSAGE_NAME: &str = "message.json";

/// The key under which the first event that saw a report as it is is kept.
pub(crate) fn first_seen_key(report: &ReportId) -> String {
    format!("{report}/since.json")
}

/// The key under which the last window of a report without schedule is kept.
pub(crate) fn latest_key(report: &ReportId) -> String {
    format!("{report}/latest.json")
}

/// The key under which it is kept that a definition was not valid. `stem` is its file's name without `.toml`,
/// which may be anything. No report's id begins with `_`.
pub(crate) fn invalid_key(stem: &str) -> String {
    match stem.parse::<ReportId>() {
        Ok(id) => format!("{id}/invalid.json"),
        Err(ReportIdError::Form | ReportIdError::TooLong { .. }) => {
            format!("_invalid/{}.json", digest(stem.as_bytes()))
        }
    }
}

/// The beginning of all keys of a run: the report, and both ends of the window on its clock.
fn stem(report: &ReportId, window: &Window) -> String {
    let start = local_time(window, window.start());
    let end = local_time(window, window.end());
    format!("{report}/{start}--{end}")
}

fn local_time(window: &Window, time: Timestamp) -> String {
    let time = window.on_its_clock(time);
    let form = if time.second() == 0 { "%Y-%m-%dT%H%M%z" } else { "%Y-%m-%dT%H%M%S%z" };
    time.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{LocalTime, Zone};

    #[test]
    fn only_records_of_runs_and_reissues_are_parsed() {
        let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
        let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
        let report = "daily".parse().unwrap();
        let run = RunKey::for_run(&report, &window);
        assert_eq!(run.as_str(), "daily/2026-11-22T0000+0000--2026-11-23T0000+0000.json");
        assert_eq!((run.report(), run.is_reissue()), ("daily", false));
        assert_eq!(RunKey::parse(run.to_string()), Some(run.clone()));
        let reissue = RunKey::for_reissue(&report, &window, "order-7");
        assert!(reissue.is_reissue_of(&run) && !run.is_reissue_of(&run));
        assert_eq!(RunKey::parse(reissue.to_string()), Some(reissue));
        let shard = ShardId { by: "00c0ffee".to_owned(), number: 12 };
        let others = [
            RunKey::for_shard(&report, &window, &shard).to_string(),
            format!("{}.00c0ffee.message.json", run.name()),
            format!("{}.00c0ffee.queues.zip", run.name()),
            "daily/since.json".to_owned(),
            "since.json".to_owned(),
        ];
        for other in others {
            assert_eq!(RunKey::parse(other.clone()), None, "{other}");
        }
    }
}
