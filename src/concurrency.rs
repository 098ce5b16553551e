//! Running futures: several at once, beside others, up to a panic, or until a deadline.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use futures_util::future::{Either, select};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, timeout_at};

/// The number of futures that [`map_concurrently`] runs at once.
const MAX_CONCURRENT: usize = 20;

/// Applies an async function to each item, to [`MAX_CONCURRENT`] of them at once, and returns the results in order.
pub(crate) async fn map_concurrently<T, R>(all: &[T], act: impl AsyncFn(&T) -> R) -> Vec<R> {
    let acting = stream::iter(all.iter().enumerate());
    // Only running futures are in memory, each of them some kilobytes.
    let acting = acting.map(async |(index, one)| (index, act(one).await));
    let mut ended: Vec<(usize, R)> = acting.buffer_unordered(MAX_CONCURRENT).collect().await;
    ended.sort_by_key(|(index, _)| *index);
    ended.into_iter().map(|(_, result)| result).collect()
}

/// Awaits a future while it drives others, and gathers their results.
pub(crate) async fn drive_while<T, F: Future>(
    future: impl Future<Output = T>,
    others: &mut FuturesUnordered<F>,
    ended: &mut Vec<F::Output>,
) -> T {
    let gathering = async {
        while let Some(next) = others.next().await {
            ended.push(next);
        }
        pending::<Infallible>().await
    };
    match select(pin!(future), pin!(gathering)).await {
        Either::Left((value, _)) => value,
        Either::Right((never, _)) => match never {},
    }
}

/// The error of a future that panicked; its message is on standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Runs a future to its end, or to its panic, so that a defect stops one run and not the others.
///
/// # Errors
/// [`Panicked`] where it did.
pub(crate) async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
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

/// Runs a future to its end, or until the deadline if there is one; `None` where that came first.
pub(crate) async fn with_deadline<T>(
    deadline: Option<Instant>,
    future: impl Future<Output = T>,
) -> Option<T> {
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
        assert!(catch_panic::<()>(broken).await.is_err());
        assert_eq!(catch_panic(async { 7 }).await.unwrap(), 7);
    }
}
