//! The end of an invocation before its time: a person presses Ctrl-C, or the system tells the process to end.
//! Its runs end in order, and their leases end with them.

use std::future::{Future, pending};
use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::error::{ASK_THE_RECIPIENT, Code, Error, Stage};
use crate::retry::STOP_GRACE;

/// The sign that an invocation is to end as soon as it can.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<Instant>>);

/// The side that stops an invocation.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<Instant>>);

impl Stopper {
    /// A stopper, and the stop that it brings about.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Stop(receiver))
    }

    /// Makes the invocation end now.
    pub fn stop(&self) {
        self.0.send_replace(Some(Instant::now()));
    }
}

impl Stop {
    /// A stop that never comes.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// Tells whether it has come.
    pub fn has_come(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Runs a future to its end, or until the stop comes.
    ///
    /// # Errors
    /// [`stopped`] where that came first.
    pub(crate) async fn or<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match select(pin!(future), pin!(self.comes())).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Err(stopped()),
        }
    }

    /// Runs a future to its end, or until [`STOP_GRACE`] has passed since the stop. None where that came
    /// first.
    pub(crate) async fn with_grace<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let over = async { sleep_until(self.comes().await + STOP_GRACE).await };
        match select(pin!(future), pin!(over)).await {
            Either::Left((ended, _)) => Some(ended),
            Either::Right(_) => None,
        }
    }

    /// Waits until the stop comes, and returns the instant at which it came.
    async fn comes(&self) -> Instant {
        let mut stop = self.0.clone();
        let since = stop.wait_for(Option::is_some).await.ok().and_then(|since| *since);
        match since {
            Some(since) => since,
            // No stopper is left.
            None => pending().await,
        }
    }
}

/// The error of a run that was stopped: it may be taken up again at once.
pub(crate) fn stopped() -> Error {
    let message = "the command was stopped before the run had ended";
    Error::new(Code::Timeout, Stage::Plan, message)
        .retryable()
        .hint("run it again: it starts at once, and sends nothing twice")
}

/// The error of a mail that SES may have taken: the command was stopped before the answer came.
pub(crate) fn unanswered() -> Error {
    let message = "it is not known whether SES took the message: the command was stopped before SES had answered";
    Error::new(Code::DeliveryUnknown, Stage::Deliver, message).hint(ASK_THE_RECIPIENT)
}

#[cfg(test)]
mod tests {
    use futures_util::future::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_future_ends_with_the_stop_or_with_its_grace() {
        let (stopper, stop) = Stopper::new();
        let endless = || pending::<Result<(), Error>>();
        assert!(!stop.has_come() && stop.or(endless()).now_or_never().is_none());
        assert!(stop.or(async { Ok(7) }).await.is_ok());
        stopper.stop();
        assert!(stop.has_come());
        assert_eq!(stop.or(endless()).await.unwrap_err().code, Code::Timeout);
        assert!(stop.with_grace(endless()).now_or_never().is_none(), "an answer may come yet");
        assert_eq!(stop.with_grace(async { 7 }).await, Some(7));
        assert!(stop.with_grace(endless()).await.is_none());
        assert!(Stop::never().or(endless()).now_or_never().is_none());
    }
}
