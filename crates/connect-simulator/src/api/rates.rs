//! The account's rates: the requests a second that each operation takes from all callers together.
//!
//! "Throttling quotas are by account, and per Region" (Amazon Connect administrator guide, service
//! limits): 10 requests a second and 10 at once for `GetMetricDataV2`, 2 and 5 for each operation
//! that lists or searches. SES takes 14 messages a second of most accounts (Amazon SES developer
//! guide, sending quotas).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::operation::Operation;

/// The rates of an account in one Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// The rate of `GetMetricDataV2`.
    pub figures: Rate,
    /// The rate of each operation that lists, searches or describes.
    pub lists: Rate,
    /// The rate of messages through SES.
    pub messages: Rate,
    /// The share of Connect's rates, 0 to 1, that another caller in the account uses all the time.
    pub neighbour: f64,
}

/// The rate of one operation: a bucket of tokens, of which every request takes one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The tokens that come in a second.
    pub per_second: f64,
    /// The tokens that the bucket holds, so the requests that may come at once.
    pub burst: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            figures: Rate { per_second: 10.0, burst: 10.0 },
            lists: Rate { per_second: 2.0, burst: 5.0 },
            messages: Rate { per_second: 14.0, burst: 14.0 },
            neighbour: 0.0,
        }
    }
}

impl Rates {
    /// The rate of an operation, and the share of it that other callers leave.
    fn rate_and_share(&self, operation: Operation) -> (Rate, f64) {
        let left = 1.0 - self.neighbour.clamp(0.0, 1.0);
        match operation {
            Operation::GetMetricDataV2 => (self.figures, left),
            Operation::SendEmail => (self.messages, 1.0),
            _ => (self.lists, left),
        }
    }
}

/// The buckets of all operations in all Regions.
#[derive(Debug)]
pub(crate) struct Buckets {
    rates: Rates,
    levels: HashMap<(String, Operation), (f64, Instant)>,
}

impl Buckets {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, levels: HashMap::new() }
    }

    /// Takes a token for a request at `now`; false where there is none.
    pub(crate) fn take_token(&mut self, region: &str, operation: Operation, now: Instant) -> bool {
        let (rate, left) = self.rates.rate_and_share(operation);
        let bucket = self.levels.entry((region.to_owned(), operation));
        let (level, since) = bucket.or_insert((rate.burst, now));
        // The neighbour's tokens never come into the bucket. The neighbour takes less than comes, so that an
        // unused bucket fills up.
        let left = rate.per_second * left;
        let elapsed: Duration = now.duration_since(*since);
        *level = (*level + left * elapsed.as_secs_f64()).min(rate.burst);
        *since = now.max(*since);
        // The margin makes up for rounding of parts of a token.
        let has_token = *level > 1.0 - 1e-9;
        if has_token {
            *level -= 1.0;
        }
        has_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of requests let through of those that come every `gap` for `seconds`.
    fn taken(rates: Rates, operation: Operation, gap: Duration, seconds: u64) -> usize {
        let mut buckets = Buckets::new(rates);
        let start = Instant::now();
        let mut now = start;
        let mut taken = 0;
        while now < start + Duration::from_secs(seconds) {
            taken += usize::from(buckets.take_token("eu-west-2", operation, now));
            now += gap;
        }
        taken
    }

    #[test]
    fn a_bucket_allows_a_burst_and_then_its_rate() {
        let rates = Rates::default();
        let often = Duration::from_millis(1);
        assert_eq!(taken(rates, Operation::GetMetricDataV2, often, 10), 10 + 99);
        assert_eq!(taken(rates, Operation::SearchQueues, often, 10), 5 + 19);
        assert_eq!(taken(rates, Operation::SendEmail, often, 10), 14 + 139);
        let evenly = Duration::from_millis(100);
        assert_eq!(taken(rates, Operation::GetMetricDataV2, evenly, 60), 600);
    }

    #[test]
    fn a_neighbour_takes_a_share() {
        let rates = Rates { neighbour: 0.5, ..Rates::default() };
        let often = Duration::from_millis(1);
        assert_eq!(taken(rates, Operation::GetMetricDataV2, often, 10), 10 + 49);
    }

    #[test]
    fn regions_and_operations_have_buckets_of_their_own() {
        let mut buckets = Buckets::new(Rates::default());
        let now = Instant::now();
        let mut empty = |region, operation| {
            (0..100).take_while(|_| buckets.take_token(region, operation, now)).count()
        };
        assert_eq!(empty("eu-west-2", Operation::ListQueues), 5);
        assert_eq!(empty("eu-west-2", Operation::ListUsers), 5);
        assert_eq!(empty("us-east-1", Operation::ListUsers), 5);
        assert_eq!(empty("eu-west-2", Operation::ListUsers), 0);
    }
}
