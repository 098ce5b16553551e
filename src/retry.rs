//! Every policy by which something is retried, awaited, abandoned or queued again.
//!
//! These values are defined nowhere else. They stand in the order in which they apply: a call, a mail, a record,
//! a run that another invocation holds, a queue, and at last the ticks that retry a run. The table in
//! `docs/RUNS.md` has the same values for users, and those of `infra/template.yaml`; a test holds the three
//! together (`tests/integration/retrying.rs`).
//!
//! Everything here is pure: the rooms that retry read the clock, draw the random numbers and wait.

use std::time::Duration;

use jiff::SignedDuration;

/// A policy of retries, at once or after pauses that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The number of attempts, including the first; `None` for as many as time allows.
    pub attempts: Option<u32>,
    /// The pause after the first attempt. Each later pause is twice as long as the one before.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl RetryPolicy {
    /// Tells whether another attempt may follow this one; the first attempt is 1.
    pub fn allows_another(&self, attempt: u32) -> bool {
        self.attempts.is_none_or(|attempts| attempt < attempts)
    }

    /// The pause after this attempt; the first attempt is 1.
    pub fn pause_after(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
    }
}

// ---- Calls to AWS --------------------------------------------------------------------------------

/// The number of attempts that the SDK makes of a call, including the first: the default of its standard mode
/// (`RetryConfig::standard`). The variable `AWS_MAX_ATTEMPTS` sets another one. The SDK tries lost connections,
/// timeouts, status 5xx and throttles again; throttles of Connect are left to the [rate limiter](crate::rate_limit).
pub const SDK_ATTEMPTS: u32 = 3;

/// The longest time for making a connection.
pub const SDK_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest time for one attempt of a call; the largest answer of the service takes a few seconds.
pub const SDK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest time for a call with all its attempts and the pauses between them.
pub const SDK_CALL_TIMEOUT: Duration = Duration::from_secs(75);

/// The number of times that an answer in pages is read from its first page. It is read again where the service
/// refuses the token of a page, which may have expired (Amazon Connect Administrator Guide, best practices for pagination).
pub const PAGE_READS: u32 = 2;

// ---- Throttled calls -----------------------------------------------------------------------------

/// The share of the account's rate that is used. The rest is for clocks that differ, and for the SDK's own
/// retries, which do not wait for a turn.
pub const RATE_SHARE: f64 = 0.95;

/// The factor by which a throttle slows its bucket down.
pub const THROTTLE_FACTOR: f64 = 0.5;

/// The smallest share of the full rate, however often a bucket is throttled.
pub const SLOWEST_SHARE: f64 = 1.0 / 16.0;

/// The share of the full rate that each answer gives back.
pub const RECOVERY_STEP: f64 = 1.0 / 50.0;

/// The time without a throttle after which a bucket is at its full rate again.
pub const RECOVERY_AFTER: Duration = Duration::from_mins(1);

/// The time from its first attempt after which a throttled call without a deadline is abandoned.
pub const THROTTLED_CALL_LIMIT: Duration = Duration::from_mins(10);

// ---- Mails ---------------------------------------------------------------------------------------

/// The retries of mails that SES refuses for its rate; no other failure of a send is retried. They have twice as many
/// pauses as the SDK's retries of other calls: several mails are sent at once, and SES counts them by the second.
///
/// `sdk_attempts` is the number of attempts that the SDK makes of other calls.
pub const fn mail_sends(sdk_attempts: u32) -> RetryPolicy {
    RetryPolicy {
        attempts: Some(sdk_attempts.saturating_mul(2).saturating_sub(1)),
        first_pause: Duration::from_millis(400),
        longest_pause: Duration::from_millis(6_400),
    }
}

/// The most, in percent, by which a pause between two sends is lengthened at random, so that mails that were
/// refused together are not sent together again.
pub const MAIL_JITTER_PERCENT: u32 = 50;

/// Lengthens a pause between two sends by a part of the jitter, from 0 to 100 percent of it. The caller draws the
/// part at random.
pub fn with_mail_jitter(pause: Duration, percent: u32) -> Duration {
    let jitter = MAIL_JITTER_PERCENT.saturating_mul(percent.min(100));
    pause.saturating_add(pause.saturating_mul(jitter) / 10_000)
}

/// The time that a send needs before the deadline, so that it does not end unknown for lack of time. A send with less
/// time is not begun.
pub const MAIL_SEND_TIME: Duration = Duration::from_secs(1);

/// The time for which a stopped invocation waits for the answers to its sends. Most come within a second; recipients
/// without an answer by then are unknown.
pub const STOP_GRACE: Duration = Duration::from_secs(2);

// ---- Records -------------------------------------------------------------------------------------

/// The retries of reads and writes of a record that ended unknown, or that conflicted with another write
/// (S3, `PutObject`: 409 `ConditionalRequestConflict` is to be tried again).
pub const LEDGER_ACCESS: RetryPolicy = RetryPolicy {
    attempts: Some(6),
    first_pause: Duration::from_millis(50),
    longest_pause: Duration::from_millis(800),
};

/// The attempts to lock a folder of records into which another process is writing.
pub const FOLDER_LOCK: RetryPolicy = RetryPolicy {
    attempts: None,
    first_pause: Duration::from_millis(5),
    longest_pause: Duration::from_millis(5),
};

// ---- Runs that another invocation holds ----------------------------------------------------------

/// The polls of a run that another invocation holds.
pub const CLAIM_POLL: RetryPolicy = RetryPolicy {
    attempts: None,
    first_pause: Duration::from_millis(250),
    longest_pause: Duration::from_secs(5),
};

/// The length of a lease whose holder has no deadline, from its last write. In Lambda a lease ends with the deadline
/// of the invocation.
pub const LEASE_LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// The time after which a resend without a deadline renews its lease: half of [`LEASE_LENGTH`].
pub const LEASE_RENEWAL: Duration = Duration::from_mins(5);

/// The furthest that the end of a lease may lie ahead: Lambda ends an invocation after 15 minutes, and clocks differ.
/// A lease that ends later is ignored.
pub const LONGEST_LEASE: SignedDuration = SignedDuration::from_mins(20);

// ---- The queue -----------------------------------------------------------------------------------

/// The retries of messages that the queue could not take (SQS, `SendMessageBatch`: an answer may name messages that
/// failed).
pub const QUEUE_SEND: RetryPolicy =
    RetryPolicy { attempts: Some(3), first_pause: Duration::ZERO, longest_pause: Duration::ZERO };

/// The time after which the queue redelivers a message that a worker did not finish: its `VisibilityTimeout`, six
/// times the function's timeout, as Lambda requires (AWS Lambda Developer Guide, SQS event source mappings). Until
/// then, queued runs are not queued again.
pub const QUEUE_VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_mins(30);

// ---- Ticks ---------------------------------------------------------------------------------------

/// The time between two ticks, which retry runs that are not final: that of the rule in the template. Without records,
/// a run is due for so long.
pub const TICK_INTERVAL: SignedDuration = SignedDuration::from_mins(15);

/// The age up to which an event is delivered: `MaximumEventAgeInSeconds` of the schedule and of the function. An event
/// that comes after a later one was overtaken if it is no older than this; an older one is a person's order.
pub const LONGEST_EVENT_AGE: SignedDuration = SignedDuration::from_hours(1);

/// The age up to which a missed run is caught up and a failed one retried, unless the definition has another
/// (`catch_up`).
pub const CATCH_UP: SignedDuration = SignedDuration::from_hours(12);

/// The value of [`CATCH_UP`] as definitions write it.
pub const CATCH_UP_AS_WRITTEN: &str = "12h";

/// The longest `catch_up` of a definition. Records are kept for longer; otherwise ended runs would be made again.
pub const LONGEST_CATCH_UP: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The time after the catch-up age for which ticks look for runs that have not ended, and close them. No function is
/// down for longer unnoticed.
pub const OVERDUE_SEARCH: SignedDuration = SignedDuration::from_hours(24);

/// The number of failed attempts of a run after which its owner is notified of a retryable failure: as many as Lambda
/// makes of one event.
pub const ATTEMPTS_BEFORE_OWNER_NOTICE: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const GROWING: RetryPolicy = RetryPolicy {
        attempts: Some(4),
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(35),
    };

    fn milliseconds(pauses: impl IntoIterator<Item = Duration>) -> Vec<u128> {
        pauses.into_iter().map(|pause| pause.as_millis()).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!(milliseconds((0..=5).map(|n| GROWING.pause_after(n))), [10, 10, 20, 35, 35, 35]);
        assert_eq!(GROWING.pause_after(u32::MAX), GROWING.longest_pause);
        let endless = RetryPolicy { longest_pause: Duration::MAX, ..GROWING };
        assert_eq!(endless.pause_after(u32::MAX), GROWING.first_pause * (1 << 31));
    }

    #[test]
    fn jitter_lengthens_a_pause_by_its_part_at_most() {
        let pause = Duration::from_millis(20);
        for (percent, expected) in [(0, 20), (1, 20), (50, 25), (100, 30), (u32::MAX, 30)] {
            assert_eq!(with_mail_jitter(pause, percent).as_millis(), expected, "{percent}");
        }
        assert_eq!(with_mail_jitter(Duration::MAX, 100), Duration::MAX);
    }

    #[test]
    fn attempts_end_at_their_limit_if_there_is_one() {
        assert_eq!((1..=5).take_while(|n| GROWING.allows_another(*n)).count(), 3);
        assert!(CLAIM_POLL.allows_another(u32::MAX));
    }

    /// The pauses of each policy, one after the other.
    #[test]
    fn pauses_follow_from_the_policies() {
        let pauses =
            |policy: RetryPolicy, count| milliseconds((1..=count).map(|n| policy.pause_after(n)));
        assert_eq!(pauses(LEDGER_ACCESS, 5), [50, 100, 200, 400, 800]);
        assert_eq!(pauses(CLAIM_POLL, 7), [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(pauses(FOLDER_LOCK, 3), [5, 5, 5]);
        assert_eq!(pauses(QUEUE_SEND, 2), [0, 0]);
        let mails = mail_sends(SDK_ATTEMPTS);
        assert_eq!(mails.attempts, Some(5));
        assert_eq!(pauses(mails, 6), [400, 800, 1_600, 3_200, 6_400, 6_400]);
        for attempt in 1..=6_u32 {
            let pause = with_mail_jitter(mails.pause_after(attempt), 37);
            assert_eq!(pause.as_millis(), 237_u128 << attempt.min(5));
        }
    }

    #[test]
    fn policies_fit_each_other() {
        assert_eq!(CATCH_UP_AS_WRITTEN.parse::<SignedDuration>().ok(), Some(CATCH_UP));
        assert_eq!(LEASE_LENGTH.unsigned_abs(), LEASE_RENEWAL * 2);
        assert!(LEASE_LENGTH <= LONGEST_LEASE && LONGEST_LEASE < QUEUE_VISIBILITY_TIMEOUT);
        assert!(TICK_INTERVAL <= CATCH_UP && CATCH_UP <= LONGEST_CATCH_UP);
        assert!(
            SDK_CONNECT_TIMEOUT < SDK_ATTEMPT_TIMEOUT && SDK_ATTEMPT_TIMEOUT < SDK_CALL_TIMEOUT
        );
    }
}
