//! The floor of the centre during a day, event by event: contacts wait, phones ring, some
//! customers give up, some ask to be called back, agents take breaks and go home.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use super::arrivals::{self, Arrival};
use super::contact::{Channel, Contact, DisconnectReason, InitiationMethod, QueueExit, Waiting};
use super::day::{AgentDay, Attempt, Day};
use super::setup::Setup;
use super::shifts::{self, DAY, HOUR, MINUTE, SECOND, Shift, Span};
use crate::random::{happens, long_tailed};

/// The centre while the day is played.
pub(crate) struct Floor<'a> {
    pub(super) setup: &'a Setup,
    pub(super) rng: &'a mut Rng,
    events: BinaryHeap<Reverse<(i64, usize, Event)>>,
    events_so_far: usize,
    pub(super) cases: Vec<Case>,
    /// The cases in the queues, the longest waiting first.
    waiting: Vec<usize>,
    pub(super) desks: Vec<Desk>,
    pub(super) day: Day,
}

/// Plays the day with this number (days since 1970-01-01, UTC).
pub(super) fn play_day(setup: &Setup, seed: u64, number: i64) -> Day {
    let midnight = number * DAY;
    let mut rng = Rng::with_seed(seed);
    let arrivals = arrivals::arrivals(&mut rng, &setup.queues, midnight);
    let calls = arrivals::outbound(&mut rng, midnight);
    let unqueued = arrivals::unqueued(&mut rng, midnight);
    let mut day = Floor::open(setup, &mut rng, midnight).play(arrivals, calls);
    day.contacts.extend(unqueued);
    day
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A case is enqueued.
    Arrives(usize),
    /// The patience of a case ends.
    RunsOut(usize),
    /// An agent's phone stops ringing, answered or not.
    RingEnds(usize),
    /// An agent has finished a contact or a break, or begins the shift.
    Freed(usize),
    /// A break of an agent's shift is planned to begin.
    BreakDue(usize, i64),
    ShiftEnds(usize),
    /// Some idle agent calls somebody.
    Dials,
}

/// A contact that waits or rings.
pub(super) struct Case {
    pub(super) arrival: Arrival,
    initiated: i64,
}

/// An agent on duty.
pub(super) struct Desk {
    pub(super) agent: usize,
    shift: Shift,
    pub(super) state: State,
    /// The length of a break that was due while the agent was busy.
    break_due: Option<i64>,
    breaks: Vec<Span>,
    pub(super) idle: Vec<Span>,
    pub(super) on_contact: Vec<Span>,
}

#[derive(Clone, Copy)]
pub(super) enum State {
    Away,
    Idle { since: i64 },
    Ringing { since: i64, rings: i64, case: usize, outcome: Ring },
    Busy,
}

/// The end of a ringing phone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    Answered,
    Missed,
    GaveUp,
}

impl<'a> Floor<'a> {
    fn open(setup: &'a Setup, rng: &'a mut Rng, midnight: i64) -> Self {
        let mut floor = Self {
            setup,
            events: BinaryHeap::new(),
            events_so_far: 0,
            cases: Vec::new(),
            waiting: Vec::new(),
            desks: Vec::new(),
            day: Day::default(),
            rng,
        };
        for agent in 0..setup.agents.len() {
            if let Some(shift) = shifts::shift(floor.rng, agent, midnight) {
                floor.staff(agent, shift);
            }
        }
        floor
    }

    /// Lets everything happen that was brought, and all that follows from it.
    pub(crate) fn play(mut self, arrivals: Vec<Arrival>, calls: Vec<i64>) -> Day {
        for arrival in arrivals {
            self.expect(arrival, None);
        }
        for time in calls {
            self.at(time, Event::Dials);
        }
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            self.happen(time, event);
        }
        self.close()
    }

    fn staff(&mut self, agent: usize, shift: Shift) {
        let desk = self.desks.len();
        self.at(shift.present.start, Event::Freed(desk));
        self.at(shift.present.end, Event::ShiftEnds(desk));
        for planned in &shift.planned_breaks {
            let length = planned.end - planned.start;
            self.at(planned.start, Event::BreakDue(desk, length));
        }
        self.desks.push(Desk {
            agent,
            shift,
            state: State::Away,
            break_due: None,
            breaks: Vec::new(),
            idle: Vec::new(),
            on_contact: Vec::new(),
        });
    }

    pub(super) fn at(&mut self, time: i64, event: Event) {
        self.events_so_far += 1;
        self.events.push(Reverse((time, self.events_so_far, event)));
    }

    /// Has a contact come; one that goes on from another record was initiated before.
    fn expect(&mut self, arrival: Arrival, initiated: Option<i64>) {
        // The flow greets everybody before it enqueues them.
        let initiated = initiated.unwrap_or(arrival.time - 5 * SECOND);
        self.at(arrival.time, Event::Arrives(self.cases.len()));
        self.cases.push(Case { arrival, initiated });
    }

    fn happen(&mut self, time: i64, event: Event) {
        match event {
            Event::Arrives(case) => {
                let patience = self.cases[case].arrival.patience;
                self.waiting.push(case);
                self.at(time + patience, Event::RunsOut(case));
                self.offer(case, time);
            }
            Event::RunsOut(case) => self.run_out(case, time),
            Event::RingEnds(desk) => self.ring_ends(desk, time),
            Event::Freed(desk) => self.freed(desk, time),
            Event::BreakDue(desk, length) => {
                self.desks[desk].break_due = Some(length);
                self.interrupt(desk, time);
            }
            Event::ShiftEnds(desk) => {
                self.interrupt(desk, time);
            }
            Event::Dials => self.dial(time),
        }
    }

    /// Rings the agent who has been idle longest, of those who may take the case.
    fn offer(&mut self, case: usize, time: i64) {
        let arrival = &self.cases[case].arrival;
        let longest_idle = self
            .desks
            .iter()
            .enumerate()
            .filter(|(_, desk)| self.may_take(desk, arrival))
            .filter_map(|(index, desk)| match desk.state {
                State::Idle { since } => Some((since, index)),
                _ => None,
            })
            .min();
        if let Some((since, desk)) = longest_idle {
            self.ring(desk, since, case, time);
        }
    }

    fn may_take(&self, desk: &Desk, arrival: &Arrival) -> bool {
        let profile = self.setup.agents[desk.agent].profile;
        let profile = &self.setup.profiles[profile];
        profile.queues.contains(&arrival.queue) && profile.channels.contains(&arrival.channel)
    }

    fn ring(&mut self, desk: usize, since: i64, case: usize, time: i64) {
        self.waiting.retain(|waiting| *waiting != case);
        let (length, outcome) = if happens(self.rng, 0.04) {
            (20 * SECOND, Ring::Missed)
        } else {
            let length = long_tailed(self.rng, 3.5, 0.5).min(19 * SECOND);
            (length, Ring::Answered)
        };
        let arrival = &self.cases[case].arrival;
        let runs_out = arrival.time + arrival.patience;
        let (end, outcome) = if arrival.then == QueueExit::GaveUp && runs_out < time + length {
            (runs_out, Ring::GaveUp)
        } else {
            (time + length, outcome)
        };
        self.desks[desk].state = State::Ringing { since, rings: time, case, outcome };
        self.at(end, Event::RingEnds(desk));
    }

    fn ring_ends(&mut self, desk: usize, time: i64) {
        let State::Ringing { since, rings, case, outcome } = self.desks[desk].state else {
            return;
        };
        self.desks[desk].idle.push(Span::new(since, time));
        let arrival = &self.cases[case].arrival;
        self.day.attempts.push(Attempt {
            agent: self.desks[desk].agent,
            queue: arrival.queue,
            channel: arrival.channel,
            initiation: arrival.initiation,
            time: Span::new(rings, time),
            answered: outcome == Ring::Answered,
            given_up: outcome == Ring::GaveUp,
        });
        match outcome {
            Ring::Answered => self.answer(desk, case, time),
            Ring::GaveUp => {
                self.leave_queue(case, time, QueueExit::GaveUpRinging);
                self.freed(desk, time);
            }
            Ring::Missed => {
                // Connect sets the agent to "Missed"; it takes a moment to come back.
                self.desks[desk].state = State::Away;
                self.at(time + 45 * SECOND, Event::Freed(desk));
                let arrival = &self.cases[case].arrival;
                self.waiting.insert(0, case);
                if arrival.time + arrival.patience <= time {
                    self.run_out(case, time);
                } else {
                    self.offer(case, time);
                }
            }
        }
    }

    /// The agent takes the next contact, or a break, or goes home.
    fn freed(&mut self, desk: usize, time: i64) {
        self.desks[desk].state = State::Idle { since: time };
        if self.interrupt(desk, time) {
            return;
        }
        let longest_waiting = self
            .waiting
            .iter()
            .copied()
            .filter(|case| self.may_take(&self.desks[desk], &self.cases[*case].arrival))
            .min_by_key(|case| self.cases[*case].arrival.time);
        if let Some(case) = longest_waiting {
            self.ring(desk, time, case, time);
        }
    }

    /// Sends an idle agent home or on a break if it is time; whether it did.
    fn interrupt(&mut self, desk: usize, time: i64) -> bool {
        let State::Idle { since } = self.desks[desk].state else {
            return false;
        };
        let overrun = overrun(self.rng);
        let at_desk = &mut self.desks[desk];
        if time >= at_desk.shift.present.end {
            at_desk.state = State::Away;
        } else if let Some(length) = at_desk.break_due.take() {
            let end = (time + length + overrun).min(at_desk.shift.present.end);
            at_desk.state = State::Away;
            at_desk.breaks.push(Span::new(time, end));
            self.at(end, Event::Freed(desk));
        } else {
            return false;
        }
        if since < time {
            self.desks[desk].idle.push(Span::new(since, time));
        }
        true
    }

    /// Takes a case out of the queue whose patience has ended.
    fn run_out(&mut self, case: usize, time: i64) {
        if !self.waiting.contains(&case) {
            return;
        }
        self.waiting.retain(|waiting| *waiting != case);
        let arrival = self.cases[case].arrival.clone();
        self.leave_queue(case, time, arrival.then);
        match arrival.then {
            QueueExit::AskedCallback => self.call_back(&arrival, time, time + 30 * SECOND),
            QueueExit::Moved => {
                let queue = arrivals::overflow(arrival.queue, arrival.channel);
                let queue = queue.unwrap_or(arrival.queue);
                self.pass_on(&arrival, queue, InitiationMethod::QueueTransfer, time);
            }
            _ => {}
        }
    }

    fn leave_queue(&mut self, case: usize, time: i64, exit: QueueExit) {
        let continued = matches!(exit, QueueExit::AskedCallback | QueueExit::Moved);
        let reason = match self.cases[case].arrival.channel {
            _ if exit == QueueExit::Moved => DisconnectReason::Other,
            Channel::Task | Channel::Email => DisconnectReason::Expired,
            Channel::Voice if happens(self.rng, 0.04) => DisconnectReason::Telecom,
            _ if self.cases[case].arrival.initiation == InitiationMethod::Callback => {
                DisconnectReason::ContactFlow
            }
            _ => DisconnectReason::Customer,
        };
        let mut contact = self.record(case, time, exit, reason);
        contact.continued = continued;
        contact.transferred = exit == QueueExit::Moved;
        self.day.contacts.push(contact);
    }

    /// The record of a case that left its queue at `time`, and disconnected.
    pub(super) fn record(
        &self,
        case: usize,
        time: i64,
        exit: QueueExit,
        reason: DisconnectReason,
    ) -> Contact {
        let Case { arrival, initiated } = &self.cases[case];
        Contact {
            queue: Some(arrival.queue),
            channel: arrival.channel,
            initiation: arrival.initiation,
            disconnect_reason: reason,
            initiated: *initiated,
            waiting: Some(Waiting { enqueued: arrival.time, duration: time - arrival.time, exit }),
            handling: None,
            continued: false,
            transferred: false,
            callback_missed: false,
            disconnected: time,
        }
    }

    pub(super) fn call_back(&mut self, arrival: &Arrival, initiated: i64, time: i64) {
        let callback = Arrival {
            initiation: InitiationMethod::Callback,
            time,
            patience: 6 * HOUR,
            then: QueueExit::GaveUp,
            ..arrival.clone()
        };
        self.expect(callback, Some(initiated));
    }

    pub(super) fn pass_on(
        &mut self,
        from: &Arrival,
        queue: usize,
        how: InitiationMethod,
        time: i64,
    ) {
        let arrival = Arrival {
            queue,
            initiation: how,
            time: time + SECOND,
            patience: arrivals::patience(self.rng, from.channel),
            then: QueueExit::GaveUp,
            ..from.clone()
        };
        self.expect(arrival, Some(time));
    }

    fn close(self) -> Day {
        let Self { setup, desks, mut day, .. } = self;
        for desk in desks {
            let profile = setup.agents[desk.agent].profile;
            let scheduled = setup.profiles[profile].scheduled;
            day.agents.push(AgentDay {
                agent: desk.agent,
                scheduled: scheduled.then_some(desk.shift.planned),
                adherent: if scheduled { desk.shift.adherent(&desk.breaks) } else { Vec::new() },
                online: desk.online(),
                idle: desk.idle,
                on_contact: desk.on_contact,
                breaks: desk.breaks,
            });
        }
        day
    }
}

impl Desk {
    /// Whoever has a contact at the end of the shift stays until it is done.
    fn online(&self) -> Span {
        let Span { start, end } = self.shift.present;
        let last = self.idle.iter().chain(&self.on_contact).map(|span| span.end).max();
        Span::new(start, last.unwrap_or(end).max(end))
    }
}

/// The time that a break lasts longer than planned.
fn overrun(rng: &mut Rng) -> i64 {
    long_tailed(rng, 50.0, 1.0).min(10 * MINUTE)
}
