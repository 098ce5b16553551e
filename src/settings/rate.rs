//! How many calls a second an account may make, and which part of them one worker.

use std::num::NonZeroU32;
use std::str::FromStr;

/// What an account may ask of Connect and of SES in one Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// For figures (`CONNECT_REPORTS_REQUESTS_PER_SECOND`).
    pub requests: Rate,
    /// For each look-up of names (`CONNECT_REPORTS_LISTS_PER_SECOND`).
    pub lists: Rate,
    /// For messages (`CONNECT_REPORTS_MESSAGES_PER_SECOND`).
    pub messages: Rate,
}

impl Default for Rates {
    /// The rates of an account that has not asked for others.
    fn default() -> Self {
        Self { requests: Rate(10.0), lists: Rate(2.0), messages: Rate(14.0) }
    }
}

impl Rates {
    /// The rates of a service that refuses no request, such as a simulator without an account.
    #[cfg(feature = "cli")]
    pub const UNLIMITED: Self =
        Self { requests: Rate(Rate::MOST), lists: Rate(Rate::MOST), messages: Rate(Rate::MOST) };

    /// The part of each of so many workers that work at once.
    #[must_use]
    pub fn shared_by(self, workers: NonZeroU32) -> Self {
        let part = |Rate(rate)| Rate(rate / f64::from(workers.get()));
        let Self { requests, lists, messages } = self;
        Self { requests: part(requests), lists: part(lists), messages: part(messages) }
    }
}

/// How many calls a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// The text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no rate from 0.001 to 1000000 calls a second, such as 10 or 2.5")]
pub struct RateError;

impl Rate {
    const LEAST: f64 = 0.001;
    const MOST: f64 = 1_000_000.0;

    /// The number of calls: finite and above 0. That of a worker's part may be very small.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// How many seconds so many calls take at least, after a burst of a second's worth.
    pub fn seconds_for(self, calls: usize) -> f64 {
        let calls = u32::try_from(calls).map_or(f64::from(u32::MAX), f64::from);
        (calls - self.0.max(1.0)).max(0.0) / self.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        // Rust reads "1e3" and "inf" as numbers too, which nobody means here.
        let is_decimal = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let rate = text.parse().ok().filter(|_| is_decimal).ok_or(RateError)?;
        // Beyond these bounds the moments of calls can't be told in nanoseconds and hours.
        if (Self::LEAST..=Self::MOST).contains(&rate) { Ok(Self(rate)) } else { Err(RateError) }
    }
}
