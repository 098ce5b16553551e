//! Errors as events of the log. A run's own event has the same fields.

use crate::error::{Error, redact_addresses};

/// Logs a failure that is the outcome of no run.
pub(crate) fn log_failure(batch: &str, error: &Error) {
    log_error(batch, None, error, "failed");
}

/// Logs an error with everything that is known of it except addresses. `report` is the id of its report.
pub(crate) fn log_error(batch: &str, report: Option<&str>, error: &Error, message: &str) {
    tracing::error!(
        batch,
        report,
        code = error.code.as_str(),
        stage = error.stage.as_str(),
        retryable = error.retryable,
        error = redact_addresses(&error.message),
        request_id = error.request_id,
        "{message}"
    );
}
