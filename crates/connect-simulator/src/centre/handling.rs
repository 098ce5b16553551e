//! The work of agents on contacts: talk, hold, after-contact work and transfers; and the calls that they make.

use fastrand::Rng;

use super::arrivals::Arrival;
use super::contact::{Channel, Contact, DisconnectReason, Handling, InitiationMethod, QueueExit};
use super::day::ContactAttempt;
use super::floor::{DeskState, Event, Floor};
use super::shifts::{MINUTE, SECOND, TimeSpan};
use crate::random::{happens, long_tailed};

impl Floor<'_> {
    /// Handles a case that the agent has answered.
    pub(super) fn answer_case(&mut self, desk: usize, case: usize, time: i64) {
        let arrival = self.cases[case].arrival.clone();
        let calls_back = arrival.initiation == InitiationMethod::Callback;
        // The third callback is always answered, so that none is tried for ever.
        if calls_back && arrival.callbacks_missed < 2 && happens(self.rng, 0.25) {
            self.miss_callback(desk, case, time);
            return;
        }
        let handling = self.draw_handling(desk, &arrival, time);
        let reason = draw_ending(self.rng, arrival.channel);
        let mut contact = self.new_record(case, time, QueueExit::Answered, reason);
        contact.handling = Some(handling);
        contact.disconnected = time + handling.interaction + handling.hold.unwrap_or(0);
        let target = self.transfer_target(&arrival);
        if let Some(queue) = target {
            contact.disconnect_reason = DisconnectReason::Agent;
            contact.transferred = true;
            contact.continued = true;
            let end = contact.disconnected;
            self.pass_on(&arrival, queue, InitiationMethod::Transfer, end);
        }
        self.day.contacts.push(contact);
        self.occupy_agent(desk, time, time + handling.handle_time());
    }

    /// Notes that the customer did not answer a callback, and plans another one in ten minutes.
    fn miss_callback(&mut self, desk: usize, case: usize, time: i64) {
        let end = time + self.rng.i64(20 * SECOND..35 * SECOND);
        let mut contact = self.new_record(case, time, QueueExit::Answered, DisconnectReason::Other);
        contact.callback_missed = true;
        contact.continued = true;
        contact.disconnected = end;
        self.day.contacts.push(contact);
        let mut again = self.cases[case].arrival.clone();
        again.callbacks_missed += 1;
        self.call_back(&again, end, end + 10 * MINUTE);
        self.occupy_agent(desk, time, end);
    }

    fn occupy_agent(&mut self, desk: usize, start: i64, end: i64) {
        self.desks[desk].state = DeskState::Busy;
        self.desks[desk].on_contact.push(TimeSpan::new(start, end));
        self.schedule(end, Event::Freed(desk));
    }

    /// Lets an idle agent who takes calls make one; it is handled without a queue.
    pub(super) fn dial_out(&mut self, time: i64) {
        let setup = self.setup;
        let idle: Vec<(usize, i64)> = self
            .desks
            .iter()
            .enumerate()
            .filter(|(_, desk)| setup.profile_of(desk.agent).channels.contains(&Channel::Voice))
            .filter_map(|(index, desk)| match desk.state {
                DeskState::Idle { since } => Some((index, since)),
                _ => None,
            })
            .collect();
        let Some((desk, since)) = self.rng.choice(idle) else {
            return;
        };
        let agent = self.desks[desk].agent;
        let connected = time + long_tailed(self.rng, 9.0, 0.5);
        let arrival = Arrival {
            queue: setup.profile_of(agent).queues.first().copied().unwrap_or(0),
            channel: Channel::Voice,
            initiation: InitiationMethod::Outbound,
            time,
            patience: 0,
            then: QueueExit::Answered,
            callbacks_missed: 0,
        };
        let handling = self.draw_handling(desk, &arrival, connected);
        self.desks[desk].idle.push(TimeSpan::new(since, time));
        self.day.attempts.push(ContactAttempt {
            agent,
            queue: arrival.queue,
            channel: arrival.channel,
            initiation: arrival.initiation,
            time: TimeSpan::new(time, connected),
            answered: true,
            given_up: false,
        });
        self.day.contacts.push(Contact {
            queue: Some(arrival.queue),
            channel: arrival.channel,
            initiation: arrival.initiation,
            disconnect_reason: draw_ending(self.rng, arrival.channel),
            initiated: time,
            waiting: None,
            handling: Some(handling),
            continued: false,
            transferred: false,
            callback_missed: false,
            disconnected: connected + handling.interaction + handling.hold.unwrap_or(0),
        });
        self.occupy_agent(desk, time, connected + handling.handle_time());
    }

    fn draw_handling(&mut self, desk: usize, arrival: &Arrival, connected: i64) -> Handling {
        let lacks_durations = self.setup.queues[arrival.queue].lacks_durations;
        let incident = self.incident.map_or(1.0, |day| day.factor_at(arrival.queue, connected));
        let factor = self.setup.blueprint.handling_factors[arrival.queue % 7] * incident;
        let rng = &mut *self.rng;
        let (talk, after) = match arrival.channel {
            Channel::Voice => (270.0, 45.0),
            Channel::Chat => (420.0, 25.0),
            Channel::Task => (300.0, 10.0),
            Channel::Email => (360.0, 15.0),
        };
        let interaction = long_tailed(rng, talk * factor, 0.65).clamp(4 * SECOND, 50 * MINUTE);
        let hold = (arrival.channel == Channel::Voice).then(|| {
            if happens(rng, 0.22) { long_tailed(rng, 55.0, 0.7).min(15 * MINUTE) } else { 0 }
        });
        let after_work =
            if happens(rng, 0.12) { 0 } else { long_tailed(rng, after, 0.6).min(20 * MINUTE) };
        Handling {
            agent: self.desks[desk].agent,
            connected,
            interaction,
            hold,
            after_work,
            has_durations: !lacks_durations || connected % 9 > 0,
            ended_on_hold: hold.is_some_and(|hold| hold > 0) && happens(rng, 0.07),
        }
    }

    /// Draws the queue to which the agent transfers a contact, if it is transferred.
    fn transfer_target(&mut self, arrival: &Arrival) -> Option<usize> {
        let first_contact =
            matches!(arrival.initiation, InitiationMethod::Inbound | InitiationMethod::Api);
        if !first_contact || !happens(self.rng, 0.06) {
            return None;
        }
        let position = Channel::ALL.iter().position(|channel| *channel == arrival.channel)?;
        let queues = &self.setup.queues;
        let targets: Vec<usize> = [1, 2, 3, 6, 9, 11]
            .into_iter()
            .filter(|target| *target != arrival.queue && queues[*target].channels[position] > 0)
            .collect();
        self.rng.choice(targets)
    }
}

/// Draws the reason why a contact with an agent ends.
fn draw_ending(rng: &mut Rng, channel: Channel) -> DisconnectReason {
    match (channel, rng.u32(..100)) {
        (Channel::Task | Channel::Email, _) => DisconnectReason::Completed,
        (_, 0..70) => DisconnectReason::Customer,
        (_, 70..96) => DisconnectReason::Agent,
        (Channel::Voice, _) => DisconnectReason::Telecom,
        _ => DisconnectReason::ContactFlow,
    }
}
