//! The outcome of one run, with what became of each message.

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
    /// The end that it came to.
    pub status: Status,
    /// The reason for which it was skipped, or what else is to be known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The span; none where the run ended before it was known.
    pub window: Option<Window>,
    /// The requests, pages and rows that the figures took.
    #[serde(flatten)]
    pub stats: FetchStats,
    /// One message for each recipient.
    pub messages: Vec<Delivery>,
    /// The reason why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Says that it ended in an earlier invocation, or was known before, and is only told again.
    #[serde(skip)]
    pub is_replay: bool,
    /// Says that the invocation does not fail for it: of an invalid definition that is known it has
    /// failed before.
    #[serde(skip)]
    pub is_known: bool,
    /// Says that it was closed because it had been tried, or missed, for too long.
    #[serde(skip)]
    pub is_overdue: bool,
    /// The time since its first request; the wait for its turn before that does not count.
    #[serde(skip)]
    pub took: Duration,
}

/// The requests, pages and rows that the figures of a run took, as far as it came.
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
    /// The end that it came to.
    pub status: DeliveryStatus,
    /// The id that SES gave it.
    pub message_id: Option<String>,
    /// The reason why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// The largest number of characters of a message, or a hint, that leave the invocation where they must be short.
const TEXT_CHARACTERS: usize = 2_000;

/// The text, cut where it is longer than anybody reads.
pub(crate) fn capped(text: &str) -> String {
    cut(text, TEXT_CHARACTERS)
}

/// A panic is reported without its text, which may hold anything.
pub(crate) fn defect() -> Error {
    let message = "a defect of this program stopped the run; the log has more";
    Error::new(Code::InternalError, Stage::Plan, message)
}

impl RunOutcome {
    /// A run that has not come to anything yet.
    pub(crate) fn started(report: &ReportId) -> Self {
        Self { report: report.to_string(), ..Self::default() }
    }

    /// The run, whose window is known.
    #[must_use]
    pub(crate) fn in_window(self, window: &Window) -> Self {
        Self { window: Some(window.clone()), ..self }
    }

    /// The outcome of a definition that is not valid; `report` is what its id would be.
    pub(crate) fn invalid(report: &str, error: Error) -> Self {
        // A file's name that can't be an id may be long, and hold anything; cut, it is none either.
        let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let report: String = report.chars().map(shown).collect();
        Self { report: cut(&report, 64), ..Self::default() }.failed(error)
    }

    /// The run, ended by this error.
    #[must_use]
    pub(crate) fn failed(mut self, error: Error) -> Self {
        self.status = Status::Failed;
        self.error = Some(error.of_report(self.report.as_str()));
        self
    }

    /// Ends it, because there is nothing to be sent.
    pub(crate) fn skip(&mut self, reason: &str) {
        self.status = Status::Skipped;
        self.reason = Some(reason.to_owned());
    }

    /// Counts the messages that ended so.
    pub fn count(&self, status: DeliveryStatus) -> usize {
        self.messages.iter().filter(|delivery| delivery.status == status).count()
    }

    /// The run with counts in the place of recipients.
    pub(crate) fn without_addresses(&self) -> Value {
        let mut run = json!(self);
        if let Some(object) = run.as_object_mut() {
            let messages = json!({
                "sent": self.count(DeliveryStatus::Sent),
                "failed": self.count(DeliveryStatus::Failed),
                "unknown": self.count(DeliveryStatus::Unknown),
            });
            object.insert("messages".to_owned(), messages);
            // The details of the first error stand in `error`, those of others would be too long.
            if let (Some(Value::Object(error)), Some(full)) = (object.get_mut("error"), &self.error)
            {
                error.remove("details");
                error.insert("message".to_owned(), json!(capped(&full.message)));
            }
        }
        run
    }

    /// One event for the log, without addresses or figures.
    pub(crate) fn log(&self, batch: &str) {
        let window = self.window.as_ref();
        let (start, end) = window.map(Window::borders).map(|[start, end]| (start, end)).unzip();
        let status = json!(self.status);
        // That of an invalid definition is a file's name, and may be anything.
        let report = redact_addresses(&self.report);
        let status = status.as_str().unwrap_or_default();
        let (sent, recipients) = (self.count(DeliveryStatus::Sent), self.messages.len());
        let FetchStats { requests, pages, rows } = self.stats;
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let error = self.error.as_ref();
        // The level of an event is part of its macro; what is none is left out.
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
                    recipients,
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
