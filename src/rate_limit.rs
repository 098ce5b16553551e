//! Polite pacing: calls wait for their turn, so that the account's rate is kept and not tried out.
//!
//! The service counts by account, Region and operation, and so does the [`Pacer`]: each [`Key`] has
//! a token bucket at [`RATE_SHARE`] of the account's rate, with a burst one call lower than the account's, and
//! what is left over is for clocks that differ and for retries that the pacer does not see. The
//! burst grows and shrinks with the rate that is set: as many calls as the rate has for figures
//! (10 at 10 a second), 2.5 times as many for lists (5 at 2 a second), and never less than one.
//!
//! When a call reaches the service is not known, only that it does so between its start and its
//! answer: the first ones open their connections, a late one may arrive together with those behind
//! it. So a token comes back only after the answer, or half a second after the start, as if the
//! call had arrived then; until that it is held as taken. A full bucket thus loses the time that its
//! first calls take, and at any other time none is lost.
//!
//! Calls of one key start in the order in which they came. One that is throttled keeps its place,
//! so it is the next to start, and the whole bucket slows down: it is empty and slower by
//! [`THROTTLE_FACTOR`], once for all calls that were on their way together, and never slower than
//! [`SLOWEST_SHARE`]. Each answer then gives back [`RECOVERY_STEP`] of the full rate, and
//! [`RECOVERY_AFTER`] without a throttle all of it. There is
//! no jitter: the queue spaces the calls of one process out, and those of others have their own
//! times anyway.
//!
//! Why not `governor`: its quota is fixed once made, it wakes all who wait at once and lets the
//! fastest through, and it waits on a timer of its own, which no virtual clock moves.
//!
//! # The SDK's own retries
//!
//! The client of paced calls must have [`LeaveThrottles`] among its retry classifiers
//! (`Builder::retry_classifier`). With it the SDK still retries lost connections, timeouts and 5xx
//! as its standard mode does, but hands throttles back at once. Without it two throttles a call
//! would be retried past the pacer; with no retries at all lost connections would be final.

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

/// How many seconds of an account's rate its burst holds, for figures and messages, and for lists.
const BURST: f64 = 1.0;
const BURST_OF_LISTS: f64 = 2.5;

/// A call that has started has reached the service after this long, answered or not.
const ARRIVED: Duration = Duration::from_millis(500);

/// Makes calls wait for their turn. One for the process: its buckets must outlive invocations.
#[derive(Debug)]
pub struct Pacer {
    rates: Rates,
    throttles: AtomicUsize,
    buckets: Mutex<BTreeMap<Key, Arc<Bucket>>>,
}

/// What the service counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    account: String,
    region: String,
    operation: &'static str,
    kind: Kind,
}

/// Which of the account's rates an operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Figures,
    List,
    Message,
}

/// Why a paced call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered<E> {
    /// The call failed; where it was throttled until time ran out, with the last throttle.
    #[error("{0}")]
    Failed(E),
    /// Its turn, or its answer, did not come before the deadline.
    #[error("no answer before the deadline")]
    OutOfTime,
}

impl Key {
    /// The key of an operation that answers figures.
    pub fn figures(instance: &InstanceArn, operation: &'static str) -> Self {
        Self::new(instance, operation, Kind::Figures)
    }

    /// The key of an operation that lists or searches names.
    pub fn list(instance: &InstanceArn, operation: &'static str) -> Self {
        Self::new(instance, operation, Kind::List)
    }

    /// The key of the operation that sends messages: its account and Region are this process's own.
    pub fn messages(operation: &'static str) -> Self {
        let account = String::new();
        let region = String::new();
        Self { account, region, operation, kind: Kind::Message }
    }

    fn new(instance: &InstanceArn, operation: &'static str, kind: Kind) -> Self {
        let account = instance.account().to_owned();
        let region = instance.region().to_owned();
        Self { account, region, operation, kind }
    }
}

impl Pacer {
    /// A pacer for accounts with these rates.
    pub fn new(rates: Rates) -> Self {
        Self { rates, throttles: AtomicUsize::new(0), buckets: Mutex::default() }
    }

    /// How many calls have been throttled so far.
    pub fn throttles(&self) -> usize {
        self.throttles.load(Ordering::Relaxed)
    }

    /// Makes a call when its turn comes, and again for as long as it is throttled: until the
    /// deadline, or without one for [`THROTTLED_CALL_LIMIT`] from its first try.
    ///
    /// The call takes its place when this is first polled. From then on it must be polled on, or
    /// dropped, because those behind it wait for it. Dropped while it waits it takes nothing with
    /// it; dropped later, no more than its own turn. A call that is on its way at the deadline is
    /// dropped, but that limit only ends the tries.
    ///
    /// Whoever puts a time limit of its own around this needs a later one than `deadline`, or a
    /// throttle may be reported as a timeout.
    ///
    /// # Errors
    /// What the call failed with, if not with a throttle; the last throttle, or that there was none,
    /// where time ran out.
    pub async fn call<T, E, F>(
        &self,
        key: &Key,
        deadline: Option<Instant>,
        attempt: impl Fn() -> F,
        is_throttled: impl Fn(&E) -> bool,
    ) -> Result<T, Unanswered<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let bucket = self.bucket(key);
        let place = bucket.place();
        let mut last_throttle = None;
        let mut limit = deadline;
        while let Some(turn) = place.turn(limit).await {
            // However long its first turn took to come: a call that was not throttled is not late.
            limit.get_or_insert_with(|| Instant::now() + THROTTLED_CALL_LIMIT);
            match with_deadline(deadline, attempt()).await {
                None => break,
                Some(Ok(answer)) => {
                    bucket.line().answered(turn);
                    return Ok(answer);
                }
                Some(Err(throttle)) if is_throttled(&throttle) => {
                    self.throttles.fetch_add(1, Ordering::Relaxed);
                    if let Some(share) = bucket.line().throttled(turn) {
                        let Key { region, operation, .. } = key;
                        tracing::info!(operation, region, share, "throttled, slowing down");
                    }
                    last_throttle = Some(throttle);
                }
                Some(Err(error)) => {
                    bucket.line().failed(turn);
                    return Err(Unanswered::Failed(error));
                }
            }
        }
        Err(last_throttle.map_or(Unanswered::OutOfTime, Unanswered::Failed))
    }

    /// Waits for the turn of a call that the caller makes and repeats by itself; nothing where it did
    /// not come before the limit.
    pub async fn turn(&self, key: &Key, limit: Option<Instant>) -> Option<Paced> {
        let bucket = self.bucket(key);
        let turn = bucket.place().turn(limit).await?;
        Some(Paced { bucket, turn })
    }

    fn bucket(&self, key: &Key) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_insert_with(|| {
            let tempo = match key.kind {
                Kind::Figures => Tempo::new(self.rates.requests, BURST),
                Kind::Message => Tempo::new(self.rates.messages, BURST),
                Kind::List => Tempo::new(self.rates.lists, BURST_OF_LISTS),
            };
            let line = Line { tempo, waiting: BTreeMap::new(), next: 0 };
            Arc::new(Bucket(Mutex::new(line)))
        });
        Arc::clone(bucket)
    }
}

/// A call whose turn it is. One of which nothing is said ended in something else than an answer or a
/// throttle.
#[derive(Debug)]
pub struct Paced {
    bucket: Arc<Bucket>,
    turn: Turn,
}

impl Paced {
    /// It was answered.
    pub fn answered(self) {
        self.bucket.line().answered(self.turn);
    }

    /// It was throttled.
    pub fn throttled(self) {
        self.bucket.line().throttled(self.turn);
    }
}

/// The bucket of one key, and who waits for it.
#[derive(Debug)]
struct Bucket(Mutex<Line>);

/// Those who wait, by the order in which they came. Only the first looks at the clock; it is woken
/// when it becomes the first, and when its turn comes sooner than it knew.
#[derive(Debug)]
struct Line {
    tempo: Tempo,
    waiting: BTreeMap<u64, Arc<Notify>>,
    next: u64,
}

/// A call's place in the line, which it leaves when this is dropped.
struct Place<'b> {
    bucket: &'b Bucket,
    number: u64,
    woken: Arc<Notify>,
}

impl Bucket {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> Place<'_> {
        let mut line = self.line();
        let number = line.next;
        line.next += 1;
        Place { bucket: self, number, woken: Arc::default() }
    }
}

impl Place<'_> {
    /// Waits for its turn, which takes a token; nothing where the limit was reached before.
    async fn turn(&self, limit: Option<Instant>) -> Option<Turn> {
        self.bucket.line().waiting.insert(self.number, Arc::clone(&self.woken));
        loop {
            let now = Instant::now();
            if limit.is_some_and(|limit| limit <= now) {
                return None;
            }
            let started = self.bucket.line().start(self.number, now);
            match started {
                Ok(turn) => return Some(turn),
                Err(next_look) => {
                    let wake = next_look.into_iter().chain(limit).min();
                    with_deadline(wake, self.woken.notified()).await;
                }
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.bucket.line().leave(self.number);
    }
}

impl Line {
    /// Starts the call at this place, or says when to look again, if that is known.
    fn start(&mut self, number: u64, now: Instant) -> Result<Turn, Option<Instant>> {
        match self.waiting.first_key_value() {
            Some((&first, _)) if first == number => {}
            _ => return Err(None),
        }
        let turn = self.tempo.start(now).map_err(Some)?;
        self.leave(number);
        Ok(turn)
    }

    fn leave(&mut self, number: u64) {
        if self.waiting.remove(&number).is_some() {
            self.wake_first();
        }
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.notify_one();
        }
    }

    /// A call was answered.
    fn answered(&mut self, turn: Turn) {
        let now = Instant::now();
        self.tempo.arrived(turn, now);
        if self.tempo.pace == turn.pace && self.tempo.share < 1.0 {
            self.tempo.quicken(self.tempo.share + RECOVERY_STEP, now);
        }
        self.wake_first();
    }

    /// A call ended in something else, which says nothing about the pace.
    fn failed(&mut self, turn: Turn) {
        self.tempo.arrived(turn, Instant::now());
        self.wake_first();
    }

    /// A call was throttled; what share of the full rate is left, if that is news. Of the calls
    /// that were on their way together, the first has told it already.
    fn throttled(&mut self, turn: Turn) -> Option<f64> {
        (self.tempo.pace == turn.pace).then(|| self.tempo.slow_down(Instant::now()))
    }
}

/// A call that has started: at which pace, and which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    pace: u64,
    number: u64,
}

/// A token bucket without its line: when the next call may start.
#[derive(Debug)]
struct Tempo {
    /// From one token to the next, at full rate.
    interval: Duration,
    burst: f64,
    /// How much of the full rate is used, from [`SLOWEST_SHARE`] to 1.
    share: f64,
    /// When the bucket is full if nothing starts before: in the past it is, and a token is missing
    /// for each interval from now to then. No sum of fractions of tokens drifts this way.
    full_at: Instant,
    /// The calls that may not have reached the service yet, whose tokens are not in `full_at`: which
    /// they are, and when they have at the latest.
    on_the_way: VecDeque<(u64, Instant)>,
    started: u64,
    /// When it last slowed down, and how often it has.
    slowed_at: Instant,
    pace: u64,
}

impl Tempo {
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

    /// Takes a token, or says when there may be one.
    fn start(&mut self, now: Instant) -> Result<Turn, Instant> {
        if self.share < 1.0 && now >= self.slowed_at + RECOVERY_AFTER {
            self.quicken(1.0, now);
        }
        while let Some((_, at)) = self.on_the_way.pop_front_if(|(_, at)| *at <= now) {
            self.spend(at);
        }
        let held = f64::from(u32::try_from(self.on_the_way.len()).unwrap_or(u32::MAX));
        let left = self.burst - 1.0 - held;
        if let Some((_, at)) = self.on_the_way.front().filter(|_| left < 0.0) {
            return Err(*at);
        }
        // A clock that has just begun has no time before it, and then the bucket is full.
        match self.full_at.checked_sub(self.current_interval().mul_f64(left.max(0.0))) {
            Some(turn) if now < turn => Err(turn),
            _ => {
                self.started += 1;
                self.on_the_way.push_back((self.started, now + ARRIVED));
                Ok(Turn { pace: self.pace, number: self.started })
            }
        }
    }

    /// A call has reached the service, if that was not known yet.
    fn arrived(&mut self, turn: Turn, now: Instant) {
        if let Some(place) = self.on_the_way.iter().position(|(number, _)| *number == turn.number) {
            self.on_the_way.remove(place);
            self.spend(now);
        }
    }

    fn spend(&mut self, at: Instant) {
        self.full_at = self.full_at.max(at) + self.current_interval();
    }

    fn slow_down(&mut self, now: Instant) -> f64 {
        self.share = (self.share * THROTTLE_FACTOR).max(SLOWEST_SHARE);
        self.full_at = now + self.current_interval().mul_f64(self.burst);
        // An empty bucket has no tokens left for them to take.
        self.on_the_way.clear();
        self.slowed_at = now;
        self.pace += 1;
        self.share
    }

    /// The same tokens, which now come faster.
    fn quicken(&mut self, share: f64, now: Instant) {
        let share = share.min(1.0);
        let missing = self.full_at.saturating_duration_since(now);
        self.full_at = now + missing.mul_f64(self.share / share);
        self.share = share;
    }

    fn current_interval(&self) -> Duration {
        self.interval.div_f64(self.share)
    }
}

/// Keeps the SDK from retrying what was throttled, which is for the [`Pacer`] to do; whatever else
/// its own classifiers want to retry is retried. What the SDK calls a throttle and the caller's
/// `is_throttled` does not is final then; they differ in codes that Connect does not have.
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

    /// After all of the SDK's own, of which the last speaks of transient errors.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests;
