//! Polite pacing: calls wait for their turn, so that they stay within the account's rate.
//!
//! The service counts by account, Region and operation, and so does the [`Pacer`]. Each [`RateKey`] has a token
//! bucket at [`RATE_SHARE`] of the account's rate, with a burst one call lower than the account's. The rest is
//! for clocks that differ and for retries that the pacer does not see. The burst follows the configured rate: as
//! many calls as the rate has for figures (10 at 10 a second), 2.5 times as many for lists (5 at 2 a second), and
//! never less than one.
//!
//! The time at which a call reaches the service is unknown; it lies between the call's start and its answer. The
//! first calls open their connections, and a late one may arrive together with those behind it. So a token comes
//! back only after the answer, or half a second after the start, as if the call had arrived then; until then it
//! counts as taken. A full bucket thus loses the time of its first calls, and otherwise no time is lost.
//!
//! Calls of one key start in the order in which they came. A throttled call keeps its place, so it is the next to
//! start, and the whole bucket slows down: it is emptied and slowed by [`THROTTLE_FACTOR`], once for all calls
//! that were under way together, and never below [`SLOWEST_SHARE`]. Each answer then gives back [`RECOVERY_STEP`]
//! of the full rate, and [`RECOVERY_AFTER`] without a throttle gives back all of it. There is no jitter: the queue
//! spaces the calls of one process, and those of other processes have their own times anyway.
//!
//! `governor` does not fit: its quota is fixed, it wakes all waiting calls at once and lets the fastest through,
//! and it waits on a timer of its own, which no virtual clock moves.
//!
//! # The SDK's own retries
//!
//! The client of paced calls must have [`LeaveThrottles`] among its retry classifiers
//! (`Builder::retry_classifier`). With it the SDK still retries lost connections, timeouts and 5xx
//! as its standard mode does, but returns throttles at once. Without it, the SDK would retry two throttles
//! of each call past the pacer; without any retries, lost connections would be final.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::retry::ErrorKind;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::concurrency::with_deadline;
use crate::instance::InstanceArn;
use crate::retry::{
    RATE_SHARE, RECOVERY_AFTER, RECOVERY_STEP, SLOWEST_SHARE, THROTTLE_FACTOR, THROTTLED_CALL_LIMIT,
};
use crate::settings::{Rate, Rates};

/// The seconds of an account's rate that its burst holds, for figures and messages, and for lists.
const BURST_SECONDS: f64 = 1.0;
const LIST_BURST_SECONDS: f64 = 2.5;

/// The time after which a started call has reached the service, answered or not.
const LONGEST_ARRIVAL: Duration = Duration::from_millis(500);

/// Makes calls wait for their turn. A process has one, because its buckets must outlive invocations.
#[derive(Debug)]
pub struct Pacer {
    rates: Rates,
    throttles: AtomicUsize,
    queues: Mutex<BTreeMap<RateKey, Arc<KeyQueue>>>,
}

/// The calls that the service counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateKey {
    account: String,
    region: String,
    operation: &'static str,
    kind: RateKind,
}

/// The account's rate that an operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RateKind {
    Figures,
    List,
    Message,
}

/// The reason why a paced call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered<E> {
    /// The call failed; a call that was throttled until time ran out has its last throttle.
    #[error("{0}")]
    Failed(E),
    /// The call's turn, or its answer, did not come before the deadline.
    #[error("no answer before the deadline")]
    OutOfTime,
}

impl RateKey {
    /// The key of an operation that answers figures.
    pub fn figures(instance: &InstanceArn, operation: &'static str) -> Self {
        Self::new(instance, operation, RateKind::Figures)
    }

    /// The key of an operation that lists or searches names.
    pub fn list(instance: &InstanceArn, operation: &'static str) -> Self {
        Self::new(instance, operation, RateKind::List)
    }

    /// The key of the operation that sends messages, in this process's own account and Region.
    pub fn messages(operation: &'static str) -> Self {
        let account = String::new();
        let region = String::new();
        Self { account, region, operation, kind: RateKind::Message }
    }

    fn new(instance: &InstanceArn, operation: &'static str, kind: RateKind) -> Self {
        let account = instance.account().to_owned();
        let region = instance.region().to_owned();
        Self { account, region, operation, kind }
    }
}

impl Pacer {
    /// A pacer for accounts with these rates.
    pub fn new(rates: Rates) -> Self {
        Self { rates, throttles: AtomicUsize::new(0), queues: Mutex::default() }
    }

    /// The number of calls that have been throttled so far.
    pub fn throttle_count(&self) -> usize {
        self.throttles.load(Ordering::Relaxed)
    }

    /// Makes a call when its turn comes, and again for as long as it is throttled: until the
    /// deadline, or without one for [`THROTTLED_CALL_LIMIT`] from its first attempt.
    ///
    /// The call takes its place in the queue when the future is first polled. From then on the future must be
    /// polled or dropped, because the calls behind it wait for it. Dropped while it waits, it costs nothing;
    /// dropped later, it costs no more than its own turn. The deadline drops a call that is under way; the limit
    /// without a deadline only ends the attempts.
    ///
    /// A caller with a time limit of its own needs a later one than `deadline`, or a throttle may be reported as
    /// a timeout.
    ///
    /// # Errors
    /// The call's error, if it is no throttle. Where time ran out, the last throttle, or `OutOfTime` if there
    /// was none.
    pub async fn call<T, E, F>(
        &self,
        key: &RateKey,
        deadline: Option<Instant>,
        attempt: impl Fn() -> F,
        is_throttled: impl Fn(&E) -> bool,
    ) -> Result<T, Unanswered<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let queue = self.queue_of(key);
        let ticket = queue.new_ticket();
        let mut last_throttle = None;
        let mut limit = deadline;
        while let Some(permit) = ticket.wait_for_turn(limit).await {
            // The limit counts from the first attempt, because waiting for the first turn is not being late.
            limit.get_or_insert_with(|| Instant::now() + THROTTLED_CALL_LIMIT);
            match with_deadline(deadline, attempt()).await {
                None => break,
                Some(Ok(answer)) => {
                    queue.lock().note_answer(permit);
                    return Ok(answer);
                }
                Some(Err(throttle)) if is_throttled(&throttle) => {
                    self.throttles.fetch_add(1, Ordering::Relaxed);
                    if let Some(share) = queue.lock().note_throttle(permit) {
                        let RateKey { region, operation, .. } = key;
                        tracing::info!(operation, region, share, "throttled, slowing down");
                    }
                    last_throttle = Some(throttle);
                }
                Some(Err(error)) => {
                    queue.lock().note_failure(permit);
                    return Err(Unanswered::Failed(error));
                }
            }
        }
        Err(last_throttle.map_or(Unanswered::OutOfTime, Unanswered::Failed))
    }

    /// Waits for the turn of a call that the caller makes and repeats itself; `None` where it did not come
    /// before the limit.
    pub async fn wait_for_turn(&self, key: &RateKey, limit: Option<Instant>) -> Option<PacedCall> {
        let queue = self.queue_of(key);
        let permit = queue.new_ticket().wait_for_turn(limit).await?;
        Some(PacedCall { queue, permit })
    }

    fn queue_of(&self, key: &RateKey) -> Arc<KeyQueue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(key.clone()).or_insert_with(|| {
            let bucket = match key.kind {
                RateKind::Figures => TokenBucket::new(self.rates.requests, BURST_SECONDS),
                RateKind::Message => TokenBucket::new(self.rates.messages, BURST_SECONDS),
                RateKind::List => TokenBucket::new(self.rates.lists, LIST_BURST_SECONDS),
            };
            let waiting = WaitQueue { bucket, waiting: BTreeMap::new(), next: 0 };
            Arc::new(KeyQueue(Mutex::new(waiting)))
        });
        Arc::clone(queue)
    }
}

/// A call whose turn has come. If its end is not noted, it was neither an answer nor a throttle.
#[derive(Debug)]
pub struct PacedCall {
    queue: Arc<KeyQueue>,
    permit: Permit,
}

impl PacedCall {
    /// Notes that the call was answered.
    pub fn note_answer(self) {
        self.queue.lock().note_answer(self.permit);
    }

    /// Notes that the call was throttled.
    pub fn note_throttle(self) {
        self.queue.lock().note_throttle(self.permit);
    }
}

/// The queue of one key, shared by its calls.
#[derive(Debug)]
struct KeyQueue(Mutex<WaitQueue>);

/// The waiting calls in the order in which they came, before a token bucket. Only the first looks at the
/// clock; it is woken when it becomes the first, and when its turn comes earlier than it knew.
#[derive(Debug)]
struct WaitQueue {
    bucket: TokenBucket,
    waiting: BTreeMap<u64, Arc<Notify>>,
    next: u64,
}

/// A call's place in the queue, which it leaves when this is dropped.
struct Ticket<'q> {
    queue: &'q KeyQueue,
    number: u64,
    woken: Arc<Notify>,
}

impl KeyQueue {
    fn lock(&self) -> MutexGuard<'_, WaitQueue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_ticket(&self) -> Ticket<'_> {
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        Ticket { queue: self, number, woken: Arc::default() }
    }
}

impl Ticket<'_> {
    /// Waits for the call's turn, which takes a token; `None` where the limit was reached before.
    async fn wait_for_turn(&self, limit: Option<Instant>) -> Option<Permit> {
        self.queue.lock().waiting.insert(self.number, Arc::clone(&self.woken));
        loop {
            let now = Instant::now();
            if limit.is_some_and(|limit| limit <= now) {
                return None;
            }
            let started = self.queue.lock().start_call(self.number, now);
            match started {
                Ok(permit) => return Some(permit),
                Err(next_look) => {
                    let wake = next_look.into_iter().chain(limit).min();
                    with_deadline(wake, self.woken.notified()).await;
                }
            }
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.lock().remove(self.number);
    }
}

impl WaitQueue {
    /// Starts the call with this number.
    ///
    /// # Errors
    /// The time at which to look again, if that is known.
    fn start_call(&mut self, number: u64, now: Instant) -> Result<Permit, Option<Instant>> {
        match self.waiting.first_key_value() {
            Some((&first, _)) if first == number => {}
            _ => return Err(None),
        }
        let permit = self.bucket.take_token(now).map_err(Some)?;
        self.remove(number);
        Ok(permit)
    }

    fn remove(&mut self, number: u64) {
        if self.waiting.remove(&number).is_some() {
            self.wake_first();
        }
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.notify_one();
        }
    }

    /// Notes that a call was answered, which speeds up a slowed bucket.
    fn note_answer(&mut self, permit: Permit) {
        let now = Instant::now();
        self.bucket.note_arrival(permit, now);
        if self.bucket.pace == permit.pace && self.bucket.share < 1.0 {
            self.bucket.speed_up(self.bucket.share + RECOVERY_STEP, now);
        }
        self.wake_first();
    }

    /// Notes that a call failed otherwise, which says nothing about the pace.
    fn note_failure(&mut self, permit: Permit) {
        self.bucket.note_arrival(permit, Instant::now());
        self.wake_first();
    }

    /// Notes that a call was throttled, and returns the new share of the full rate. `None` where another call
    /// that was under way at the same time has already slowed the bucket.
    fn note_throttle(&mut self, permit: Permit) -> Option<f64> {
        (self.bucket.pace == permit.pace).then(|| self.bucket.slow_down(Instant::now()))
    }
}

/// The permit of a call that has started: the pace at its start, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Permit {
    pace: u64,
    number: u64,
}

/// A token bucket, which decides when the next call may start.
#[derive(Debug)]
struct TokenBucket {
    /// The time from one token to the next, at full rate.
    interval: Duration,
    burst: f64,
    /// The share of the full rate that is used, from [`SLOWEST_SHARE`] to 1.
    share: f64,
    /// The time at which the bucket is full if nothing starts before. If it lies in the past, the bucket is full;
    /// otherwise a token is missing for each interval until then. So no sum of fractions of tokens drifts.
    full_at: Instant,
    /// The calls that may not have reached the service yet, whose tokens are not in `full_at`: their numbers,
    /// and the latest times of their arrival.
    on_the_way: VecDeque<(u64, Instant)>,
    started: u64,
    /// The time at which it last slowed down.
    slowed_at: Instant,
    /// The number of times that it has slowed down.
    pace: u64,
}

impl TokenBucket {
    /// A full bucket; an account's burst lasts for this many seconds of its rate.
    fn new(rate: Rate, burst_seconds: f64) -> Self {
        let now = Instant::now();
        Self {
            interval: Duration::from_secs_f64(1.0 / (RATE_SHARE * rate.per_second())),
            burst: ((burst_seconds * rate.per_second()).floor() - 1.0).max(1.0),
            share: 1.0,
            full_at: now,
            on_the_way: VecDeque::new(),
            started: 0,
            slowed_at: now,
            pace: 0,
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The time at which there may be one.
    fn take_token(&mut self, now: Instant) -> Result<Permit, Instant> {
        if self.share < 1.0 && now >= self.slowed_at + RECOVERY_AFTER {
            self.speed_up(1.0, now);
        }
        while let Some((_, at)) = self.on_the_way.pop_front_if(|(_, at)| *at <= now) {
            self.spend_token(at);
        }
        let held = f64::from(u32::try_from(self.on_the_way.len()).unwrap_or(u32::MAX));
        let left = self.burst - 1.0 - held;
        if let Some((_, at)) = self.on_the_way.front().filter(|_| left < 0.0) {
            return Err(*at);
        }
        // A clock that has just begun has no earlier time; then the bucket is full.
        match self.full_at.checked_sub(self.current_interval().mul_f64(left.max(0.0))) {
            Some(next) if now < next => Err(next),
            _ => {
                self.started += 1;
                self.on_the_way.push_back((self.started, now + LONGEST_ARRIVAL));
                Ok(Permit { pace: self.pace, number: self.started })
            }
        }
    }

    /// Notes that a call has reached the service, if that is news.
    fn note_arrival(&mut self, permit: Permit, now: Instant) {
        let position = self.on_the_way.iter().position(|(number, _)| *number == permit.number);
        if let Some(position) = position {
            self.on_the_way.remove(position);
            self.spend_token(now);
        }
    }

    fn spend_token(&mut self, at: Instant) {
        self.full_at = self.full_at.max(at) + self.current_interval();
    }

    fn slow_down(&mut self, now: Instant) -> f64 {
        self.share = (self.share * THROTTLE_FACTOR).max(SLOWEST_SHARE);
        self.full_at = now + self.current_interval().mul_f64(self.burst);
        // The bucket is empty, so calls under way hold no token any more.
        self.on_the_way.clear();
        self.slowed_at = now;
        self.pace += 1;
        self.share
    }

    /// Lets tokens come faster; their number stays the same.
    fn speed_up(&mut self, share: f64, now: Instant) {
        let share = share.min(1.0);
        let missing = self.full_at.saturating_duration_since(now);
        self.full_at = now + missing.mul_f64(self.share / share);
        self.share = share;
    }

    fn current_interval(&self) -> Duration {
        self.interval.div_f64(self.share)
    }
}

/// Keeps the SDK from retrying throttled calls, which the [`Pacer`] does; other retries of the SDK's classifiers
/// stay. An error that only the SDK takes for a throttle, and not the caller's `is_throttled`, is final; the two
/// differ in codes that Connect does not have.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeaveThrottles;

impl ClassifyRetry for LeaveThrottles {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            }) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "throttles are left to the pacer"
    }

    /// Runs after all of the SDK's own classifiers, the last of which is for transient errors.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests;
