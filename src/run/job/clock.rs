//! The clock of an invocation, which its shell has read once, and its deadline.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::retry::RetryPolicy;

/// The time that is kept free before the deadline to give the answer.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// A clock that was read once, and the deadline by it. Since then only elapsed time counts, which tests can
/// advance as they like.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    read: Timestamp,
    at: Instant,
    deadline: Option<Instant>,
}

impl Clock {
    /// The clock, read now. The deadline is the instant at which the invocation is ended from outside, if it is.
    pub fn read(now: Timestamp, deadline: Option<Instant>) -> Self {
        Self { read: now, at: Instant::now(), deadline }
    }

    /// The time that it showed when it was read.
    pub fn started(self) -> Timestamp {
        self.read
    }

    /// The instant at which it was read.
    pub(crate) fn at(self) -> Instant {
        self.at
    }

    /// The time that it shows now.
    pub(crate) fn now(self) -> Timestamp {
        self.read.saturating_add(self.at.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// The deadline as a time of day, if there is one.
    pub(crate) fn deadline(self) -> Option<Timestamp> {
        let left = self.deadline?.saturating_duration_since(self.at);
        self.read.saturating_add(left).ok()
    }

    /// The instant at which the invocation is ended from outside, if it is.
    pub(crate) fn ends(self) -> Option<Instant> {
        self.deadline
    }

    /// The time that the invocation had when it started, if that is known.
    pub(crate) fn timeout(self) -> Option<Duration> {
        Some(self.deadline?.saturating_duration_since(self.at))
    }

    /// The time that is left, if there is a deadline.
    pub(crate) fn left(self) -> Option<Duration> {
        Some(self.deadline?.saturating_duration_since(Instant::now()))
    }

    /// The instant by which the answer must be given, if there is a deadline.
    pub(crate) fn answer_by(self) -> Option<Instant> {
        self.deadline.map(|deadline| deadline.checked_sub(ANSWER_TIME).unwrap_or(deadline))
    }

    /// Tells whether this much time may pass and still leave enough for the answer.
    pub(crate) fn has_time_for(self, duration: Duration) -> bool {
        self.left().is_none_or(|left| left > duration + ANSWER_TIME * 2)
    }

    /// Tells whether another attempt may follow this one, with time for the pause before it.
    pub(crate) fn allows_another(self, policy: RetryPolicy, attempt: u32) -> bool {
        policy.allows_another(attempt) && self.has_time_for(policy.pause_after(attempt))
    }
}
