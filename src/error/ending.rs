//! How a future ends: with its value, by a panic, or not in time.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use tokio::time::{Instant, timeout_at};

/// A future panicked; what it said is on standard error.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

/// Runs a future to its end, or to its panic, so that a defect stops one run and not the others.
///
/// # Errors
/// Where it panicked.
pub async fn unwinding<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

/// Runs a future to its end, or until the deadline, if there is one; nothing where that came first.
pub async fn until<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match deadline {
        None => Some(future.await),
        Some(deadline) => timeout_at(deadline, future).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_future_only() {
        let broken = async {
            tokio::task::yield_now().await;
            panic!("a defect")
        };
        assert!(unwinding::<()>(broken).await.is_err());
        assert_eq!(unwinding(async { 7 }).await.unwrap(), 7);
    }
}
