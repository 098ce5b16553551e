//! Every policy by which something is tried again, waited for, given up or handed out again.
//!
//! Each value has one place, and this is it. They stand in the order in which they apply: a call, a mail, a
//! record, a run that another invocation holds, a queue, and at last the ticks that try a run again. The table in
//! `docs/RUNS.md` has the same values for users, and those of `infra/template.yaml`; a test holds the three
//! together (`tests/integration/retrying.rs`).
//!
//! Everything here is pure: the rooms that try again read the clock, draw the random numbers and wait.

use std::time::Duration;

use jiff::SignedDuration;

/// A policy by which something is tried again at once, or after pauses that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The number of attempts, the first among them; `None`: for as long as there is time.
    pub attempts: Option<u32>,
    /// The pause after the first attempt. Each later one is twice as long as that before it.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl RetryPolicy {
    /// Tells whether another attempt may follow this one, the first of which is 1.
    pub fn allows_another(&self, attempt: u32) -> bool {
        self.attempts.is_none_or(|attempts| attempt < attempts)
    }

    /// The pause after this attempt, the first of which is 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
    }
}

// ---- Calls to AWS --------------------------------------------------------------------------------

/// The number of attempts that the SDK makes of a call, the first among them: the default of its standard mode
/// (`RetryConfig::standard`). The variable `AWS_MAX_ATTEMPTS` sets another one. The SDK tries lost connections,
/// timeouts, status 5xx and throttles again; throttles of Connect are left to the [rate limiter](crate::rate_limit).
pub const SDK_ATTEMPTS: u32 = 3;

/// The longest that a connection may take to be made.
pub const SDK_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest that one attempt of a call may take; the largest answer of the service takes a few seconds.
pub const SDK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest that a call may take with all its attempts and the pauses between them.
pub const SDK_CALL_TIMEOUT: Duration = Duration::from_secs(75);

/// The number of times that an answer in pages is read from its first page. It is read again where the service refuses
/// the token of a page, which may have expired (Amazon Connect Administrator Guide, best practices for pagination).
pub const PAGE_READS: u32 = 2;

// ---- Throttled calls -----------------------------------------------------------------------------

/// The share of the account's rate that is used. The rest is for clocks that differ, and for retries of the SDK,
/// which wait for no turn.
pub const RATE_SHARE: f64 = 0.95;

/// The factor by which a throttle slows its bucket down.
pub const THROTTLE_FACTOR: f64 = 0.5;

/// The share of the full rate that a bucket keeps, however often it is throttled.
pub const SLOWEST_SHARE: f64 = 1.0 / 16.0;

/// The share of the full rate that each answer gives back.
pub const RECOVERY_STEP: f64 = 1.0 / 50.0;

/// The time without a throttle after which a bucket is as fast as ever.
pub const RECOVERY_AFTER: Duration = Duration::from_mins(1);

/// The time from its first attempt after which a throttled call is given up that has no deadline.
pub const THROTTLED_CALL_LIMIT: Duration = Duration::from_mins(10);

// ---- Mails ---------------------------------------------------------------------------------------

/// Sends of a mail that SES refuses for its rate; no other end of a send is tried again. Twice as many pauses as the
/// SDK makes of other calls: several mails are on their way at once, and SES counts them by the second.
///
/// `sdk_attempts` is the number of attempts that the SDK makes of other calls.
pub const fn mail_sends(sdk_attempts: u32) -> RetryPolicy {
    RetryPolicy {
        attempts: Some(sdk_attempts.saturating_mul(2).saturating_sub(1)),
        first_pause: Duration::from_millis(400),
        longest_pause: Duration::from_millis(6_400),
    }
}

/// The part of a pause between two sends, in percent, by which it is longer at most, at random: mails that were refused
/// together do not come together again.
pub const MAIL_JITTER_PERCENT: u32 = 50;

/// A pause between two sends that is longer by a part of the jitter, from 0 to 100 percent of it. The caller draws that
/// part at random.
pub fn with_mail_jitter(pause: Duration, percent: u32) -> Duration {
    let jitter = MAIL_JITTER_PERCENT.saturating_mul(percent.min(100));
    pause.saturating_add(pause.saturating_mul(jitter) / 10_000)
}

/// The time that a send must have before the deadline, so that it does not end unknown for want of it. One that has
/// less is not begun.
pub const MAIL_SEND_TIME: Duration = Duration::from_secs(1);

/// The time for which an invocation that is stopped waits for mails on their way. Most answers come within a second; of
/// whom none has come by then, nobody knows whether they have the message.
pub const STOP_GRACE: Duration = Duration::from_secs(2);

// ---- Records -------------------------------------------------------------------------------------

/// Reads and writes of a record whose end is not known, or that a write of another was in the way of
/// (S3, `PutObject`: 409 `ConditionalRequestConflict` is to be tried again).
pub const LEDGER_ACCESS: RetryPolicy = RetryPolicy {
    attempts: Some(6),
    first_pause: Duration::from_millis(50),
    longest_pause: Duration::from_millis(800),
};

/// Attempts to lock a folder of records that another process is writing into.
pub const FOLDER_LOCK: RetryPolicy = RetryPolicy {
    attempts: None,
    first_pause: Duration::from_millis(5),
    longest_pause: Duration::from_millis(5),
};

// ---- Runs that another invocation holds ----------------------------------------------------------

/// Looks at a run that another invocation holds.
pub const CLAIM_POLL: RetryPolicy = RetryPolicy {
    attempts: None,
    first_pause: Duration::from_millis(250),
    longest_pause: Duration::from_secs(5),
};

/// The time for which the lease of a holder without a deadline lasts from its last write. In Lambda a lease ends with
/// the deadline of the invocation.
pub const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// The time after which the lease of a resend is renewed, whose holder has no deadline: half of [`LEASE`].
pub const LEASE_RENEWAL: Duration = Duration::from_mins(5);

/// The furthest that the end of a lease may lie ahead: Lambda ends an invocation after 15 minutes, and clocks differ.
/// One that ends later is nobody's.
pub const LONGEST_LEASE: SignedDuration = SignedDuration::from_mins(20);

// ---- The queue -----------------------------------------------------------------------------------

/// Calls that put messages into the queue, for those that it could not take (SQS, `SendMessageBatch`: a call may be
/// answered with messages that failed).
pub const QUEUE_SEND: RetryPolicy =
    RetryPolicy { attempts: Some(3), first_pause: Duration::ZERO, longest_pause: Duration::ZERO };

/// The time after which the queue hands out again what a worker did not end: `VisibilityTimeout` of the queue, six
/// times the function's timeout as Lambda asks for (AWS Lambda Developer Guide, SQS event source mappings). Until
/// then what is queued is not queued again.
pub const QUEUE_VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_mins(30);

// ---- Ticks ---------------------------------------------------------------------------------------

/// The time between two ticks, which try again what is not final: that of the rule in the template. Without records a
/// run is due for so long.
pub const TICK: SignedDuration = SignedDuration::from_mins(15);

/// The age up to which an event is delivered: `MaximumEventAgeInSeconds` of the schedule and of the function. One that
/// was sent earlier than another and comes after it was overtaken where it is no older than that; an older one is a
/// person's order.
pub const EVENT_AGE: SignedDuration = SignedDuration::from_hours(1);

/// The age up to which a missed run is caught up, and a failed one tried again, where its definition does not say
/// (`catch_up`).
pub const CATCH_UP: SignedDuration = SignedDuration::from_hours(12);

/// [`CATCH_UP`] as definitions write it.
pub const CATCH_UP_AS_WRITTEN: &str = "12h";

/// The longest `catch_up` of a definition. Records are kept for longer, or a run would be made again that has ended.
pub const LONGEST_CATCH_UP: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The time after the catch-up age for which ticks look for runs that have not ended, and close them: no function is
/// dead for longer without anybody knowing.
pub const OVERDUE: SignedDuration = SignedDuration::from_hours(24);

/// The number of failed attempts of a run after which its owner hears of a failure that is retryable: those that
/// Lambda makes of one event.
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
        assert_eq!(milliseconds((0..=5).map(|n| GROWING.pause(n))), [10, 10, 20, 35, 35, 35]);
        assert_eq!(GROWING.pause(u32::MAX), GROWING.longest_pause);
        let endless = RetryPolicy { longest_pause: Duration::MAX, ..GROWING };
        assert_eq!(endless.pause(u32::MAX), GROWING.first_pause * (1 << 31));
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
    fn attempts_end_with_their_number_and_others_never() {
        assert_eq!((1..=5).take_while(|n| GROWING.allows_another(*n)).count(), 3);
        assert!(CLAIM_POLL.allows_another(u32::MAX));
    }

    /// The pauses of each policy, one after the other.
    #[test]
    fn policies_pause_as_they_say() {
        let pauses =
            |policy: RetryPolicy, count| milliseconds((1..=count).map(|n| policy.pause(n)));
        assert_eq!(pauses(LEDGER_ACCESS, 5), [50, 100, 200, 400, 800]);
        assert_eq!(pauses(CLAIM_POLL, 7), [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(pauses(FOLDER_LOCK, 3), [5, 5, 5]);
        assert_eq!(pauses(QUEUE_SEND, 2), [0, 0]);
        let mails = mail_sends(SDK_ATTEMPTS);
        assert_eq!(mails.attempts, Some(5));
        assert_eq!(pauses(mails, 6), [400, 800, 1_600, 3_200, 6_400, 6_400]);
        for attempt in 1..=6_u32 {
            let pause = with_mail_jitter(mails.pause(attempt), 37);
            assert_eq!(pause.as_millis(), 237_u128 << attempt.min(5));
        }
    }

    #[test]
    fn policies_fit_each_other() {
        assert_eq!(CATCH_UP_AS_WRITTEN.parse::<SignedDuration>().ok(), Some(CATCH_UP));
        assert_eq!(LEASE.unsigned_abs(), LEASE_RENEWAL * 2);
        assert!(LEASE <= LONGEST_LEASE && LONGEST_LEASE < QUEUE_VISIBILITY_TIMEOUT);
        assert!(TICK <= CATCH_UP && CATCH_UP <= LONGEST_CATCH_UP);
        assert!(
            SDK_CONNECT_TIMEOUT < SDK_ATTEMPT_TIMEOUT && SDK_ATTEMPT_TIMEOUT < SDK_CALL_TIMEOUT
        );
    }
}
