//! The outcome of one run, and of its message to each recipient.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::definition::ReportId;
use crate::error::{Code, Error, Stage, cut, redact_addresses};
use crate::run::outcome::status::{DeliveryStatus, Status};
use crate::window::Window;

/// The outcome of one run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunOutcome {
    /// The report's id.
    pub report: String,
    /// The status with which it ended.
    pub status: Status,
    /// The reason why it was skipped, or a remark for those who look the run up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The span of time that it covers; none where the run ended before that was known.
    pub window: Option<Window>,
    /// The requests, pages and rows that the figures took.
    #[serde(flatten)]
    pub stats: FetchStats,
    /// The delivery to each recipient.
    pub messages: Vec<Delivery>,
    /// The reason why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Says that it ended in an earlier invocation, or was known before, and is only reported again.
    #[serde(skip)]
    pub is_replay: bool,
    /// Says that the invocation does not fail because of it: an earlier one has failed because of the same
    /// invalid definition.
    #[serde(skip)]
    pub is_known: bool,
    /// Says that it was closed because it had been tried, or had been due, for too long.
    #[serde(skip)]
    pub is_overdue: bool,
    /// The time since its first request. The wait for its turn before that does not count.
    #[serde(skip)]
    pub took: Duration,
}

/// The requests, pages and rows that the figures of a run took, as far as the run got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchStats {
    /// The number of requests that were answered.
    pub requests: usize,
    /// The number of their pages.
    pub pages: u32,
    /// The number of their rows.
    pub rows: usize,
}

/// The outcome of one message.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The recipient.
    pub to: String,
    /// The status with which it ended.
    pub status: DeliveryStatus,
    /// The id that SES gave it.
    pub message_id: Option<String>,
    /// The reason why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// The largest number of characters of an error's message or hint, where these must be short.
const TEXT_CHARACTERS: usize = 2_000;

/// The text, cut to the length that people read.
pub(crate) fn capped(text: &str) -> String {
    cut(text, TEXT_CHARACTERS)
}

/// The error of a run that panicked. It does not repeat the panic's text, which may hold anything.
pub(crate) fn defect() -> Error {
    let message = "a defect in this program stopped the run; the log has more";
    Error::new(Code::InternalError, Stage::Plan, message)
}

impl Delivery {
    /// Tells whether the recipient may have the message.
    pub(crate) fn may_have_arrived(&self) -> bool {
        self.status != DeliveryStatus::Failed
    }
}

impl RunOutcome {
    /// The outcome of a run that has just started.
    pub(crate) fn started(report: &ReportId) -> Self {
        Self { report: report.to_string(), ..Self::default() }
    }

    /// The outcome, of a run for this window.
    #[must_use]
    pub(crate) fn in_window(self, window: &Window) -> Self {
        Self { window: Some(window.clone()), ..self }
    }

    /// The outcome of a definition that is not valid. `report` is the text in the place of its id.
    pub(crate) fn invalid(report: &str, error: Error) -> Self {
        // A file's name that can't be an id may be long, and hold anything. It is no id when it is cut, either.
        let report: String = report.chars().map(replace_control).collect();
        Self { report: cut(&report, 64), ..Self::default() }.failed(error)
    }

    /// The outcome, of a run that ended with this error.
    #[must_use]
    pub(crate) fn failed(mut self, error: Error) -> Self {
        self.status = Status::Failed;
        self.error = Some(error.of_report(self.report.as_str()));
        self
    }

    /// Ends the run, because there is nothing to be sent.
    pub(crate) fn skip(&mut self, reason: &str) {
        self.status = Status::Skipped;
        self.reason = Some(reason.to_owned());
    }

    /// The number of messages that ended with this status.
    pub fn count(&self, status: DeliveryStatus) -> usize {
        self.messages.iter().filter(|delivery| delivery.status == status).count()
    }

    /// The outcome as JSON, with counts in the place of recipients.
    pub(crate) fn without_addresses(&self) -> Value {
        let mut run = json!(self);
        if let Some(object) = run.as_object_mut() {
            let messages = json!({
                "sent": self.count(DeliveryStatus::Sent),
                "failed": self.count(DeliveryStatus::Failed),
                "unknown": self.count(DeliveryStatus::Unknown),
            });
            object.insert("messages".to_owned(), messages);
            // The details of the first error stand in the batch's `error`. Those of the others would be too long.
            if let (Some(Value::Object(error)), Some(full)) = (object.get_mut("error"), &self.error)
            {
                error.remove("details");
                error.insert("message".to_owned(), json!(capped(&full.message)));
            }
        }
        run
    }

    /// Logs the outcome as one event, without addresses or figures.
    pub(crate) fn log(&self, batch: &str) {
        let window = self.window.as_ref();
        let (start, end) = window.map(Window::borders).map(|[start, end]| (start, end)).unzip();
        let status = json!(self.status);
        let status = status.as_str().unwrap_or_default();
        // An invalid definition has a file's name here, which may be anything.
        let report = redact_addresses(&self.report);
        let sent = self.count(DeliveryStatus::Sent);
        let FetchStats { requests, pages, rows } = self.stats;
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let error = self.error.as_ref();
        // Each level has a macro of its own. Fields that are none are left out.
        macro_rules! event {
            ($level:ident) => {
                tracing::$level!(
                    batch,
                    report,
                    status,
                    start,
                    end,
                    requests,
                    pages,
                    rows,
                    sent,
                    recipients = self.messages.len(),
                    milliseconds,
                    told_again = self.is_replay,
                    code = error.map(|error| error.code.as_str()),
                    stage = error.map(|error| error.stage.as_str()),
                    retryable = error.map(|error| error.retryable),
                    error = error.map(|error| capped(&redact_addresses(&error.message))),
                    request_id = error.and_then(|error| error.request_id.as_deref()),
                    "run"
                )
            };
        }
        match error {
            None => event!(info),
            Some(_) => event!(error),
        }
    }
}

fn replace_control(c: char) -> char {
    if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
}
