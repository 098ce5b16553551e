//! The time of an invocation, as its shell has read it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::retry::RetryPolicy;

/// The time that is kept free before the deadline, for the answer to be given.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// A clock that was read once, and the deadline by it. From then on only the time that passes counts,
/// which tests can let pass as they like.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    read: Timestamp,
    at: Instant,
    deadline: Option<Instant>,
}

impl Clock {
    /// The clock, read now; the deadline is when the invocation is ended from outside, if it is.
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

    /// The deadline on the wall, if there is one.
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
        self.deadline.map(|deadline| deadline.checked_sub(TO_ANSWER).unwrap_or(deadline))
    }

    /// Tells whether so much time may pass and leave enough for an answer.
    pub(crate) fn has_time_for(self, duration: Duration) -> bool {
        self.left().is_none_or(|left| left > duration + TO_ANSWER * 2)
    }

    /// Tells whether another attempt may follow this one, and there is time for the pause before it.
    pub(crate) fn allows_another(self, policy: RetryPolicy, attempt: u32) -> bool {
        policy.allows_another(attempt) && self.has_time_for(policy.pause_after(attempt))
    }
}
