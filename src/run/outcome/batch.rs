//! The outcome of an invocation: its runs and their outcomes, and the answer that they become.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::definition::{Problem, ReportId};
use crate::error::{Code, Error, Stage, redact_addresses, redacted};
use crate::run::outcome::run_outcome::{Delivery, RunOutcome, capped};
use crate::window::Window;

/// The outcome of an invocation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The runs and their outcomes.
    pub batch: Batch,
    /// The first failure, if there is one.
    pub error: Option<Error>,
    /// The problems of the definitions, warnings included.
    pub problems: Vec<Problem>,
    /// Says that runs are claimed and recorded, so that no retry sends anything twice.
    pub is_kept: bool,
    /// Says that the invocation was a tick.
    pub is_tick: bool,
    /// The number of times that Connect refused for its rate.
    pub throttles: usize,
}

/// The runs of an invocation.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// The order's id, the event's, or the invocation's.
    pub id: String,
    /// The time at which it was made, UTC.
    pub created_at: String,
    /// Says that the outcomes are kept.
    pub recorded: bool,
    /// The runs that were put into the queue, for other invocations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<Queued>,
    /// The outcome of each run.
    pub reports: Vec<RunOutcome>,
}

/// The runs that were put into the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// The number of runs, or shards of one.
    pub runs: usize,
    /// The number of messages.
    pub messages: usize,
}

impl Queued {
    /// Adds this many shards of a run, each in a message of its own.
    pub(crate) fn add(&mut self, shards: usize) {
        self.runs += shards;
        self.messages += shards;
    }
}

/// The largest error message of an invocation; Lambda cuts a response at 6 MB, and the
/// services behind a failed invocation carry 256 KB at most.
const ERROR_MESSAGE_BYTES: usize = 64 * 1024;

/// The most bytes of an error message that report ids may take: a dead-letter queue keeps only its first 1,000.
const REPORT_IDS_BYTES: usize = 700;

impl Outcome {
    /// The outcome of a batch. Its error is that of the first run that failed, or whose end is not known.
    pub(crate) fn new(batch: Batch, is_kept: bool) -> Self {
        let failed = batch.reports.iter().filter(|run| !run.is_known);
        let error = failed.into_iter().find_map(|run| run.error.clone());
        Self { batch, error, problems: Vec::new(), is_kept, is_tick: false, throttles: 0 }
    }

    /// Joins this outcome with another of the same invocation.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.batch.recorded &= other.batch.recorded;
        self.batch.reports.extend(other.batch.reports);
        let known: HashSet<&Problem> = self.problems.iter().collect();
        let new = other.problems.into_iter().filter(|problem| !known.contains(problem));
        let new: Vec<Problem> = new.collect();
        self.problems.extend(new);
        self.error = self.error.or(other.error);
        self.is_kept &= other.is_kept;
        self
    }

    /// Adds the runs that a stop kept from beginning: each of them failed, and sent nothing. The window of a
    /// report that was named but never read is not known.
    #[must_use]
    pub fn with_those_left(
        mut self,
        left: impl IntoIterator<Item = (ReportId, Option<Window>)>,
    ) -> Self {
        for (report, window) in left {
            let run = RunOutcome { window, ..RunOutcome::started(&report) }.failed(not_begun());
            run.log(&self.batch.id);
            self.error = self.error.or_else(|| run.error.clone());
            self.batch.reports.push(run);
        }
        self
    }

    /// The outcome of an invocation that ran nothing. Logs the reason.
    pub fn refused(error: Error, batch: Batch) -> Self {
        tracing::error!(
            batch = batch.id,
            code = error.code.as_str(),
            stage = error.stage.as_str(),
            retryable = error.retryable,
            error = capped(&redact_addresses(&error.message)),
            request_id = error.request_id,
            "refused"
        );
        Self { error: Some(error), ..Self::new(batch, false) }
    }

    /// Tells whether everything went well.
    pub fn succeeded(&self) -> bool {
        self.error.is_none()
    }

    /// The error to fail the invocation with, if it is to fail.
    ///
    /// Lambda calls a failed invocation again. Where records are kept, the retry does only the work that is
    /// left. Where they are not kept, an invocation that may have sent a message must not fail: the retry
    /// would send the message twice.
    pub fn failure(&self) -> Option<&Error> {
        let mut deliveries = self.batch.reports.iter().flat_map(|run| &run.messages);
        let sends_twice = !self.is_kept && deliveries.any(Delivery::may_have_arrived);
        self.error.as_ref().filter(|_| !sends_twice)
    }

    /// Tells whether another try may end better, and can send nobody a message twice.
    pub fn is_worth_retrying(&self) -> bool {
        let errors = self.batch.reports.iter().filter_map(|run| run.error.as_ref());
        self.failure().is_some() && errors.chain(&self.error).any(|error| error.retryable)
    }

    /// The answer of the invocation.
    pub fn envelope(&self) -> Value {
        match &self.error {
            None => json!({"success": true, "data": self.batch}),
            Some(error) => json!({"success": false, "error": error, "data": self.batch}),
        }
    }

    /// The answer as the text of a failed invocation. It has at most 64 KB, the ids of failed reports within
    /// the first 1,000 bytes, and no addresses.
    pub fn error_message(&self) -> String {
        let mut details = self.error.as_ref().map_or_else(Vec::new, |error| error.details.clone());
        let mut runs =
            self.batch.reports.iter().map(RunOutcome::without_addresses).collect::<Vec<_>>();
        loop {
            let text = self.message_with(&details, &runs);
            if text.len() <= ERROR_MESSAGE_BYTES {
                return text;
            }
            // Each time the longer list loses half. The error itself is short, and stays.
            let length =
                |values: &[Value]| values.iter().map(|v| v.to_string().len()).sum::<usize>();
            match (details.len(), runs.len()) {
                (0, 0) => return text,
                (count, _) if length(&details) >= length(&runs) => details.truncate(count / 2),
                (_, count) => runs.truncate(count / 2),
            }
        }
    }

    fn message_with(&self, details: &[Value], runs: &[Value]) -> String {
        let Some(error) = &self.error else {
            return self.envelope().to_string();
        };
        let (ids, ids_omitted) = self.failed_ids();
        let mut envelope = json!({
            "success": false,
            "error": {
                "code": error.code, "stage": error.stage, "report": error.report,
                "retryable": error.retryable, "reports": ids, "message": capped(&error.message),
                "hint": error.hint.as_deref().map(capped), "request_id": error.request_id, "details": details,
            },
            "data": {
                "id": self.batch.id, "created_at": self.batch.created_at,
                "recorded": self.batch.recorded, "reports": runs,
            },
        });
        for (place, key, omitted) in [
            ("/error", "reports_omitted", ids_omitted),
            ("/error", "details_omitted", error.details.len() - details.len()),
            ("/data", "reports_omitted", self.batch.reports.len() - runs.len()),
        ] {
            if let (true, Some(Value::Object(object))) = (omitted > 0, envelope.pointer_mut(place))
            {
                object.insert(key.to_owned(), json!(omitted));
            }
        }
        let data = envelope.pointer_mut("/data").and_then(Value::as_object_mut);
        if let (Some(queued), Some(data)) = (self.batch.queued, data) {
            data.insert("queued".to_owned(), json!(queued));
        }
        redacted(envelope).to_string()
    }

    /// The report ids of the runs that failed, as many as fit, and the number of those that do not fit.
    fn failed_ids(&self) -> (Vec<&str>, usize) {
        let mut bytes = 0;
        let ids: Vec<_> = self
            .failed_runs()
            .map(|run| run.report.as_str())
            .take_while(|id| {
                bytes += id.len() + 3;
                bytes <= REPORT_IDS_BYTES
            })
            .collect();
        let omitted = self.failed_runs().count() - ids.len();
        (ids, omitted)
    }

    fn failed_runs(&self) -> impl Iterator<Item = &RunOutcome> {
        self.batch.reports.iter().filter(|run| run.error.is_some())
    }
}

impl Batch {
    /// A batch without runs.
    pub fn new(id: &str, now: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            created_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            recorded: false,
            queued: None,
            reports: Vec::new(),
        }
    }
}

/// The error of a run that was not begun before the command was stopped.
fn not_begun() -> Error {
    let message = "the command was stopped before this run had begun";
    Error::new(Code::Timeout, Stage::Plan, message).retryable().hint("run it again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::outcome::status::{DeliveryStatus, Status};

    fn run(report: &str, ends: &[Result<(), Code>]) -> RunOutcome {
        let mut run = RunOutcome::started(&report.parse().unwrap());
        run.status = Status::Sent;
        for end in ends {
            let status = match end {
                Ok(()) => DeliveryStatus::Sent,
                Err(Code::DeliveryUnknown) => DeliveryStatus::Unknown,
                Err(_) => DeliveryStatus::Failed,
            };
            let error = end.err().map(|code| Error::new(code, Stage::Deliver, "refused"));
            run.error = error.clone().or(run.error);
            let to = "someone@example.com".to_owned();
            run.messages.push(Delivery { to, status, message_id: None, error });
        }
        run
    }

    fn outcome(runs: Vec<RunOutcome>, is_kept: bool) -> Outcome {
        let mut batch = Batch::new("batch", "2026-11-23T07:00:01Z".parse().unwrap());
        batch.reports = runs;
        Outcome::new(batch, is_kept)
    }

    /// An invocation fails only where its retry can send nothing twice.
    #[test]
    fn an_invocation_that_may_have_sent_does_not_fail() {
        use Code::{DeliveryRejected, DeliveryUnknown};
        for (ends, fails) in [
            (&[Ok(())][..], false),
            (&[Err(DeliveryRejected)], true),
            (&[Err(DeliveryRejected), Ok(())], false),
            (&[Err(DeliveryUnknown)], false),
        ] {
            let runs = vec![run("a", ends), run("b", &[Err(DeliveryRejected)])];
            assert!(outcome(runs.clone(), true).failure().is_some(), "{ends:?}");
            let outcome = outcome(runs, false);
            assert_eq!(outcome.failure().is_some(), fails, "{ends:?}");
            assert!(!outcome.succeeded());
        }
        assert!(outcome(vec![run("a", &[Ok(())])], true).succeeded());
    }

    #[test]
    fn an_error_message_has_counts_in_the_place_of_recipients() {
        let outcome = outcome(vec![run("a", &[Err(Code::DeliveryRejected), Ok(())])], true);
        let message: Value = serde_json::from_str(&outcome.error_message()).unwrap();
        let counts = json!({"sent": 1, "failed": 1, "unknown": 0});
        assert_eq!(message["data"]["reports"][0]["messages"], counts);
        assert!(!message.to_string().contains('@'));
        assert_eq!(
            outcome.envelope()["data"]["reports"][0]["messages"][0]["to"],
            "someone@example.com"
        );
    }
}
