//! The time that a run needs: one that can't end in time does not start.

use std::time::Duration;

use crate::error::{Code, Error, Stage};
use crate::run::job::Job;
use crate::settings::Rate;

/// The time that a run takes besides its requests.
pub(crate) const RUN_OVERHEAD: Duration = Duration::from_secs(2);

/// The longest timeout that a function may have (AWS Lambda, quotas).
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// The pages of a run's requests, as far as their number can be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageCount {
    /// The number of all.
    pub(crate) all: usize,
    /// The number of those that are still to be asked for.
    pub(crate) left: usize,
}

impl PageCount {
    /// Refuses requests that can't be answered in the time that the function ever has, and leaves those
    /// for a retry that can't be answered in what is left of it. The first run always starts.
    ///
    /// # Errors
    /// `CONFIGURATION_ERROR` in the first case, `TIMEOUT`, retryable, in the second.
    pub(crate) fn check_time(self, rate: Rate, job: &Job, is_first: bool) -> Result<(), Error> {
        let takes = |pages: usize| {
            let seconds = rate.seconds_for(pages);
            let requests = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
            requests.saturating_add(RUN_OVERHEAD)
        };
        let (whole, rest) = (takes(self.all), takes(self.left));
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

fn never_in_time(pages: usize, whole: Duration) -> Error {
    let needed = whole.as_secs() + 1;
    let message = format!(
        "the report's {pages} requests take {needed} seconds at the account's rate, and the \
         function has less from start to end"
    );
    let hint = if whole < LONGEST_TIMEOUT {
        format!("give the function a timeout of {needed} seconds or more")
    } else {
        "split the report: no function has more than 900 seconds".to_owned()
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
    let message = "the figures did not come before the invocation's deadline";
    Error::new(Code::Timeout, Stage::Query, message)
        .retryable()
        .hint("give the function a longer timeout if this happens often")
}
