//! The arrivals of a day: contacts for the queues, contacts that end before they reach a queue, and the calls
//! that agents make.

use fastrand::Rng;

use super::Queue;
use super::contact::{Channel, Contact, DisconnectReason, InitiationMethod, QueueExit};
use super::incident::WeeklyIncident;
use super::shifts::{DAY, HOUR, MINUTE, SECOND};
use crate::random::{exponential, happens, long_tailed};

/// A contact on its way into a queue.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) queue: usize,
    pub(crate) channel: Channel,
    pub(crate) initiation: InitiationMethod,
    /// The time at which it is enqueued.
    pub(crate) time: i64,
    /// The longest time that it waits.
    pub(crate) patience: i64,
    /// The way in which it leaves the queue then.
    pub(crate) then: QueueExit,
    /// The number of callbacks that the customer did not answer.
    pub(crate) callbacks_missed: u8,
}

/// The volume of each hour of the day (UTC); 1 is the average.
const HOURLY_VOLUME: [f64; 24] = [
    0.06, 0.04, 0.03, 0.03, 0.04, 0.08, 0.35, 0.95, 1.80, 2.45, 2.60, 2.35, 2.00, 2.05, 2.15, 1.95,
    1.70, 1.35, 0.90, 0.55, 0.30, 0.15, 0.07, 0.05,
];

/// The volume of each day of the week, Monday first.
const WEEKDAY_VOLUME: [f64; 7] = [1.12, 1.03, 0.98, 0.96, 1.0, 0.36, 0.24];

/// The queues whose long waiting contacts the flow moves to another one: from, to.
const OVERFLOW_QUEUES: [(usize, usize); 3] = [(0, 10), (1, 9), (3, 1)];

/// The contacts that come into the queues on the day that begins at `midnight`.
pub(super) fn day_arrivals(
    rng: &mut Rng,
    queues: &[Queue],
    incident: Option<&WeeklyIncident>,
    midnight: i64,
) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for (index, queue) in queues.iter().enumerate() {
        // Campaigns, faults and holidays affect all channels of a queue.
        let volume = queue.volume * (0.85 + 0.3 * rng.f64());
        for time in arrival_times(rng, volume, midnight) {
            let channel = draw_channel(rng, queue.channels);
            let office = midnight + 6 * HOUR..midnight + 19 * HOUR;
            // These would not be answered on the same day, and no contact here waits for the next.
            if matches!(channel, Channel::Task | Channel::Email) && !office.contains(&time) {
                continue;
            }
            arrivals.push(new_arrival(rng, index, channel, time, midnight));
        }
    }
    if let Some(incident) = incident {
        for time in incident.call_times(rng, midnight) {
            arrivals.push(new_arrival(rng, incident.queue, Channel::Voice, time, midnight));
        }
    }
    arrivals
}

fn new_arrival(rng: &mut Rng, queue: usize, channel: Channel, time: i64, midnight: i64) -> Arrival {
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
        patience: draw_patience(rng, channel),
        then: QueueExit::GaveUp,
        callbacks_missed: 0,
    };
    let asks_after = rng.i64(30 * SECOND..120 * SECOND);
    let callbacks = midnight + 8 * HOUR..midnight + 18 * HOUR;
    let asks = channel == Channel::Voice && callbacks.contains(&time) && happens(rng, 0.35);
    if asks && asks_after < arrival.patience {
        (arrival.patience, arrival.then) = (asks_after, QueueExit::AskedCallback);
    } else if overflow_queue(queue, channel).is_some()
        && arrival.patience > 4 * MINUTE
        && happens(rng, 0.6)
    {
        (arrival.patience, arrival.then) = (4 * MINUTE, QueueExit::Moved);
    }
    arrival
}

/// The queue to which long waiting contacts of a queue are moved.
pub(crate) fn overflow_queue(queue: usize, channel: Channel) -> Option<usize> {
    matches!(channel, Channel::Voice | Channel::Chat)
        .then(|| OVERFLOW_QUEUES.iter().find(|(from, _)| *from == queue))
        .flatten()
        .map(|(_, to)| *to)
}

/// Draws the time that a contact waits before it gives up or expires.
pub(crate) fn draw_patience(rng: &mut Rng, channel: Channel) -> i64 {
    match channel {
        Channel::Voice => long_tailed(rng, 330.0, 0.9),
        Channel::Chat => long_tailed(rng, 240.0, 0.8),
        Channel::Task => rng.i64(5 * HOUR..9 * HOUR),
        Channel::Email => rng.i64(8 * HOUR..13 * HOUR),
    }
    .max(3 * SECOND)
}

/// The contacts that end in the menu, without a queue.
pub(crate) fn unqueued_contacts(rng: &mut Rng, midnight: i64) -> Vec<Contact> {
    arrival_times(rng, 35.0, midnight)
        .into_iter()
        .map(|initiated| Contact {
            queue: None,
            channel: draw_channel(rng, [80, 20, 0, 0]),
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

/// The times at which an agent makes a call, if one is idle.
pub(crate) fn outbound_times(rng: &mut Rng, midnight: i64) -> Vec<i64> {
    arrival_times(rng, 70.0, midnight)
}

/// Draws times over the day that follow the hourly volume: a thinned Poisson process.
fn arrival_times(rng: &mut Rng, volume: f64, midnight: i64) -> Vec<i64> {
    let average = HOURLY_VOLUME.iter().sum::<f64>() / 24.0;
    let highest = HOURLY_VOLUME.iter().copied().fold(0.0, f64::max);
    let weekday = (midnight.div_euclid(DAY) + 3).rem_euclid(7);
    let volume = volume * entry_at(&WEEKDAY_VOLUME, weekday);
    let mut times = Vec::new();
    if volume <= 0.0 {
        return times;
    }
    let gap = 86_400_000.0 * average / (volume * highest);
    let mut time = exponential(rng, gap);
    while time < DAY {
        if happens(rng, entry_at(&HOURLY_VOLUME, time / HOUR) / highest) {
            times.push(midnight + time);
        }
        time += exponential(rng, gap).max(1);
    }
    times
}

/// The entry of a table, or 0 outside it.
fn entry_at(table: &[f64], index: i64) -> f64 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).copied().unwrap_or(0.0)
}

fn draw_channel(rng: &mut Rng, shares: [u32; 4]) -> Channel {
    let mut draw = rng.u32(..shares.iter().sum::<u32>().max(1));
    for (channel, share) in Channel::ALL.iter().zip(shares) {
        if draw < share {
            return *channel;
        }
        draw -= share;
    }
    Channel::Voice
}
