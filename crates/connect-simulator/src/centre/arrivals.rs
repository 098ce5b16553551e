//! Arrivals of a day: contacts for the queues, contacts that end before they
//! reach a queue, and the calls that agents make.

use fastrand::Rng;

use super::Queue;
use super::contact::{Channel, Contact, DisconnectReason, InitiationMethod, QueueExit};
use super::shifts::{DAY, HOUR, MINUTE, SECOND};
use crate::random::{exponential, happens, long_tailed};

/// A contact on its way into a queue.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) queue: usize,
    pub(crate) channel: Channel,
    pub(crate) initiation: InitiationMethod,
    /// The time that it is enqueued at.
    pub(crate) time: i64,
    /// The longest that it waits.
    pub(crate) patience: i64,
    /// The way that it leaves the queue then.
    pub(crate) then: QueueExit,
    /// The number of times that it was called back in vain.
    pub(crate) callbacks_missed: u8,
}

/// Volume of each hour of the day (UTC); 1 is the average.
const CURVE: [f64; 24] = [
    0.06, 0.04, 0.03, 0.03, 0.04, 0.08, 0.35, 0.95, 1.80, 2.45, 2.60, 2.35, 2.00, 2.05, 2.15, 1.95,
    1.70, 1.35, 0.90, 0.55, 0.30, 0.15, 0.07, 0.05,
];

/// Volume of each day of the week, Monday first.
const WEEK: [f64; 7] = [1.12, 1.03, 0.98, 0.96, 1.0, 0.36, 0.24];

/// Queues that the flow empties into another one when they wait long: from, to.
const OVERFLOW: [(usize, usize); 3] = [(0, 10), (1, 9), (3, 1)];

/// Everything that comes into the queues on the day that begins at `midnight`.
pub(crate) fn arrivals(rng: &mut Rng, queues: &[Queue], midnight: i64) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for (index, queue) in queues.iter().enumerate() {
        // The same for all channels: a campaign, a fault, a holiday.
        let volume = queue.volume * (0.85 + 0.3 * rng.f64());
        for time in times(rng, volume, midnight) {
            let channel = channel(rng, queue.channels);
            let office = midnight + 6 * HOUR..midnight + 19 * HOUR;
            // Nobody would answer these on the same day, and a day here ends with itself.
            if matches!(channel, Channel::Task | Channel::Email) && !office.contains(&time) {
                continue;
            }
            arrivals.push(arrival(rng, index, channel, time, midnight));
        }
    }
    arrivals
}

fn arrival(rng: &mut Rng, queue: usize, channel: Channel, time: i64, midnight: i64) -> Arrival {
    let initiation = match channel {
        Channel::Task => InitiationMethod::Api,
        Channel::Chat if happens(rng, 0.3) => InitiationMethod::Api,
        _ => InitiationMethod::Inbound,
    };
    let mut arrival = Arrival {
        queue,
        channel,
        initiation,
        time,
        patience: patience(rng, channel),
        then: QueueExit::GaveUp,
        callbacks_missed: 0,
    };
    let asks_after = rng.i64(30 * SECOND..120 * SECOND);
    let callbacks = midnight + 8 * HOUR..midnight + 18 * HOUR;
    let asks = channel == Channel::Voice && callbacks.contains(&time) && happens(rng, 0.35);
    if asks && asks_after < arrival.patience {
        (arrival.patience, arrival.then) = (asks_after, QueueExit::AskedCallback);
    } else if overflow(queue, channel).is_some()
        && arrival.patience > 4 * MINUTE
        && happens(rng, 0.6)
    {
        (arrival.patience, arrival.then) = (4 * MINUTE, QueueExit::Moved);
    }
    arrival
}

/// The queue that long waiting contacts of a queue are moved to.
pub(crate) fn overflow(queue: usize, channel: Channel) -> Option<usize> {
    matches!(channel, Channel::Voice | Channel::Chat)
        .then(|| OVERFLOW.iter().find(|(from, _)| *from == queue))
        .flatten()
        .map(|(_, to)| *to)
}

/// The time that a contact waits before it gives up or expires.
pub(crate) fn patience(rng: &mut Rng, channel: Channel) -> i64 {
    match channel {
        Channel::Voice => long_tailed(rng, 330.0, 0.9),
        Channel::Chat => long_tailed(rng, 240.0, 0.8),
        Channel::Task => rng.i64(5 * HOUR..9 * HOUR),
        Channel::Email => rng.i64(8 * HOUR..13 * HOUR),
    }
    .max(3 * SECOND)
}

/// Callers that hang up in the menu, and chats that end there.
pub(crate) fn unqueued(rng: &mut Rng, midnight: i64) -> Vec<Contact> {
    times(rng, 35.0, midnight)
        .into_iter()
        .map(|initiated| Contact {
            queue: None,
            channel: channel(rng, [80, 20, 0, 0]),
            initiation: InitiationMethod::Inbound,
            disconnect_reason: if happens(rng, 0.7) {
                DisconnectReason::Customer
            } else {
                DisconnectReason::ContactFlow
            },
            initiated,
            waiting: None,
            handling: None,
            continued: false,
            transferred: false,
            callback_missed: false,
            disconnected: initiated + long_tailed(rng, 40.0, 0.8),
        })
        .collect()
}

/// The times at which agents try to call somebody; one who is not idle then does not.
pub(crate) fn outbound(rng: &mut Rng, midnight: i64) -> Vec<i64> {
    times(rng, 70.0, midnight)
}

/// Times over the day at the rate of the curve: a Poisson process, thinned.
fn times(rng: &mut Rng, volume: f64, midnight: i64) -> Vec<i64> {
    let average = CURVE.iter().sum::<f64>() / 24.0;
    let highest = CURVE.iter().copied().fold(0.0, f64::max);
    let weekday = (midnight.div_euclid(DAY) + 3).rem_euclid(7);
    let volume = volume * of(&WEEK, weekday);
    let mut times = Vec::new();
    if volume <= 0.0 {
        return times;
    }
    let gap = 86_400_000.0 * average / (volume * highest);
    let mut time = exponential(rng, gap);
    while time < DAY {
        if happens(rng, of(&CURVE, time / HOUR) / highest) {
            times.push(midnight + time);
        }
        time += exponential(rng, gap).max(1);
    }
    times
}

fn of(table: &[f64], index: i64) -> f64 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).copied().unwrap_or(0.0)
}

fn channel(rng: &mut Rng, shares: [u32; 4]) -> Channel {
    let mut draw = rng.u32(..shares.iter().sum::<u32>().max(1));
    for (channel, share) in Channel::ALL.iter().zip(shares) {
        if draw < share {
            return *channel;
        }
        draw -= share;
    }
    Channel::Voice
}
