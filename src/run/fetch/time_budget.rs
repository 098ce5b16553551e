//! The time that a run needs: a run that can't end in time does not start.

use std::time::Duration;

use crate::error::{Code, Error, Stage};
use crate::run::job::Job;
use crate::settings::Rate;

/// The time that a run takes besides its requests.
pub(crate) const RUN_OVERHEAD: Duration = Duration::from_secs(2);

/// The longest timeout that a function may have (AWS Lambda, quotas).
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// The expected number of pages of a run's requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageCount {
    /// The number of all pages.
    pub(crate) all: usize,
    /// The number of pages that are still to be asked for.
    pub(crate) left: usize,
}

impl PageCount {
    /// Checks that there is time for the requests. A run that takes longer than the function's whole timeout never
    /// starts. A run that takes longer than the time left is left to a retry, unless it is the first: that one
    /// always starts.
    ///
    /// # Errors
    /// `CONFIGURATION_ERROR` in the first case, `TIMEOUT`, retryable, in the second.
    pub(crate) fn check_time(self, rate: Rate, job: &Job, is_first: bool) -> Result<(), Error> {
        let whole = run_time(self.all, rate);
        let rest = run_time(self.left, rate);
        let timeout = job.clock().timeout();
        if self.all > 0 && timeout.is_some_and(|timeout| timeout < whole) {
            return Err(never_in_time(self.all, whole));
        }
        if is_first || job.clock().left().is_none_or(|time| time >= rest) {
            return Ok(());
        }
        Err(no_time())
    }
}

/// The time that a run with this many pages takes.
fn run_time(pages: usize, rate: Rate) -> Duration {
    let requests = Duration::try_from_secs_f64(rate.seconds_for(pages)).unwrap_or(Duration::MAX);
    requests.saturating_add(RUN_OVERHEAD)
}

fn never_in_time(pages: usize, whole: Duration) -> Error {
    let needed = whole.as_secs() + 1;
    let message = format!(
        "the report's {pages} requests take {needed} seconds at the account's rate, and the \
         function's timeout is shorter"
    );
    let hint = if whole < LONGEST_TIMEOUT {
        format!("give the function a timeout of {needed} seconds or more")
    } else {
        "split the report: no function may run for more than 900 seconds".to_owned()
    };
    Error::new(Code::ConfigurationError, Stage::Plan, message).hint(hint)
}

/// The error of a run that was not started.
pub(crate) fn no_time() -> Error {
    let message = "there was no time left to start this report";
    Error::new(Code::Timeout, Stage::Plan, message).retryable()
}

/// The error of figures that did not come in time.
pub(crate) fn out_of_time() -> Error {
    let message = "the figures did not arrive before the invocation's deadline";
    Error::new(Code::Timeout, Stage::Query, message)
        .retryable()
        .hint("give the function a longer timeout if this happens often")
}
