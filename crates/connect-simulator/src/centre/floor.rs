//! Simulates the floor of the centre during a day, event by event: contacts wait, phones ring, customers give up
//! or ask for a callback, agents take breaks and go home.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use super::arrivals::{self, Arrival};
use super::contact::{Channel, Contact, DisconnectReason, InitiationMethod, QueueExit, Waiting};
use super::day::{AgentDay, ContactAttempt, Day};
use super::incident::WeeklyIncident;
use super::setup::Setup;
use super::shifts::{self, AgentShift, DAY, HOUR, MINUTE, SECOND, TimeSpan};
use crate::random::{happens, long_tailed};

/// The centre during a simulated day.
pub(crate) struct Floor<'a> {
    pub(super) setup: &'a Setup,
    /// The incident of the day, if there is one.
    pub(super) incident: Option<&'a WeeklyIncident>,
    pub(super) rng: &'a mut Rng,
    events: BinaryHeap<Reverse<(i64, usize, Event)>>,
    events_so_far: usize,
    pub(super) cases: Vec<Case>,
    /// The cases in the queues, the longest waiting first.
    waiting: Vec<usize>,
    pub(super) desks: Vec<Desk>,
    pub(super) day: Day,
}

/// Simulates the day with this number (days since 1970-01-01, UTC).
pub(super) fn simulate_day(
    setup: &Setup,
    incident: Option<&WeeklyIncident>,
    seed: u64,
    number: i64,
) -> Day {
    let midnight = number * DAY;
    let mut rng = Rng::with_seed(seed);
    let arrivals = arrivals::day_arrivals(&mut rng, &setup.queues, incident, midnight);
    let calls = arrivals::outbound_times(&mut rng, midnight);
    let unqueued = arrivals::unqueued_contacts(&mut rng, midnight);
    let floor = Floor { incident, ..Floor::with_shifts(setup, &mut rng, midnight) };
    let mut day = floor.run_day(arrivals, calls);
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
    shift: AgentShift,
    pub(super) state: DeskState,
    /// The length of a break that was due while the agent was busy.
    break_due: Option<i64>,
    breaks: Vec<TimeSpan>,
    pub(super) idle: Vec<TimeSpan>,
    pub(super) on_contact: Vec<TimeSpan>,
}

#[derive(Clone, Copy)]
pub(super) enum DeskState {
    Away,
    Idle { since: i64 },
    Ringing { since: i64, rings: i64, case: usize, outcome: RingOutcome },
    Busy,
}

/// The end of a ringing phone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RingOutcome {
    Answered,
    Missed,
    GaveUp,
}

impl<'a> Floor<'a> {
    fn with_shifts(setup: &'a Setup, rng: &'a mut Rng, midnight: i64) -> Self {
        let mut floor = Self {
            setup,
            incident: None,
            events: BinaryHeap::new(),
            events_so_far: 0,
            cases: Vec::new(),
            waiting: Vec::new(),
            desks: Vec::new(),
            day: Day::default(),
            rng,
        };
        for agent in 0..setup.agents.len() {
            if let Some(shift) = shifts::agent_shift(floor.rng, agent, midnight) {
                floor.add_desk(agent, shift);
            }
        }
        floor
    }

    /// Handles the arrivals and calls, and all events that follow from them.
    pub(crate) fn run_day(mut self, arrivals: Vec<Arrival>, calls: Vec<i64>) -> Day {
        for arrival in arrivals {
            self.add_case(arrival, None);
        }
        for time in calls {
            self.schedule(time, Event::Dials);
        }
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            self.handle_event(time, event);
        }
        self.into_day()
    }

    fn add_desk(&mut self, agent: usize, shift: AgentShift) {
        let desk = self.desks.len();
        self.schedule(shift.present.start, Event::Freed(desk));
        self.schedule(shift.present.end, Event::ShiftEnds(desk));
        for planned in &shift.planned_breaks {
            let length = planned.end - planned.start;
            self.schedule(planned.start, Event::BreakDue(desk, length));
        }
        self.desks.push(Desk {
            agent,
            shift,
            state: DeskState::Away,
            break_due: None,
            breaks: Vec::new(),
            idle: Vec::new(),
            on_contact: Vec::new(),
        });
    }

    pub(super) fn schedule(&mut self, time: i64, event: Event) {
        self.events_so_far += 1;
        self.events.push(Reverse((time, self.events_so_far, event)));
    }

    /// Adds a contact that arrives later; one that continues another record was initiated before.
    fn add_case(&mut self, arrival: Arrival, initiated: Option<i64>) {
        // The flow greets customers before it enqueues them.
        let initiated = initiated.unwrap_or(arrival.time - 5 * SECOND);
        self.schedule(arrival.time, Event::Arrives(self.cases.len()));
        self.cases.push(Case { arrival, initiated });
    }

    fn handle_event(&mut self, time: i64, event: Event) {
        match event {
            Event::Arrives(case) => {
                let patience = self.cases[case].arrival.patience;
                self.waiting.push(case);
                self.schedule(time + patience, Event::RunsOut(case));
                self.offer_case(case, time);
            }
            Event::RunsOut(case) => self.run_out(case, time),
            Event::RingEnds(desk) => self.stop_ringing(desk, time),
            Event::Freed(desk) => self.free_agent(desk, time),
            Event::BreakDue(desk, length) => {
                self.desks[desk].break_due = Some(length);
                self.end_or_break(desk, time);
            }
            Event::ShiftEnds(desk) => {
                self.end_or_break(desk, time);
            }
            Event::Dials => self.dial_out(time),
        }
    }

    /// Rings the agent who has been idle longest among those who may take the case.
    fn offer_case(&mut self, case: usize, time: i64) {
        let arrival = &self.cases[case].arrival;
        let longest_idle = self
            .desks
            .iter()
            .enumerate()
            .filter(|(_, desk)| self.may_take(desk, arrival))
            .filter_map(|(index, desk)| match desk.state {
                DeskState::Idle { since } => Some((since, index)),
                _ => None,
            })
            .min();
        if let Some((since, desk)) = longest_idle {
            self.start_ringing(desk, since, case, time);
        }
    }

    fn may_take(&self, desk: &Desk, arrival: &Arrival) -> bool {
        let profile = self.setup.agents[desk.agent].profile;
        let profile = &self.setup.profiles[profile];
        profile.queues.contains(&arrival.queue) && profile.channels.contains(&arrival.channel)
    }

    fn start_ringing(&mut self, desk: usize, since: i64, case: usize, time: i64) {
        self.waiting.retain(|waiting| *waiting != case);
        let (length, outcome) = if happens(self.rng, 0.04) {
            (20 * SECOND, RingOutcome::Missed)
        } else {
            let length = long_tailed(self.rng, 3.5, 0.5).min(19 * SECOND);
            (length, RingOutcome::Answered)
        };
        let arrival = &self.cases[case].arrival;
        let runs_out = arrival.time + arrival.patience;
        let (end, outcome) = if arrival.then == QueueExit::GaveUp && runs_out < time + length {
            (runs_out, RingOutcome::GaveUp)
        } else {
            (time + length, outcome)
        };
        self.desks[desk].state = DeskState::Ringing { since, rings: time, case, outcome };
        self.schedule(end, Event::RingEnds(desk));
    }

    fn stop_ringing(&mut self, desk: usize, time: i64) {
        let DeskState::Ringing { since, rings, case, outcome } = self.desks[desk].state else {
            return;
        };
        self.desks[desk].idle.push(TimeSpan::new(since, time));
        let arrival = &self.cases[case].arrival;
        self.day.attempts.push(ContactAttempt {
            agent: self.desks[desk].agent,
            queue: arrival.queue,
            channel: arrival.channel,
            initiation: arrival.initiation,
            time: TimeSpan::new(rings, time),
            answered: outcome == RingOutcome::Answered,
            given_up: outcome == RingOutcome::GaveUp,
        });
        match outcome {
            RingOutcome::Answered => self.answer_case(desk, case, time),
            RingOutcome::GaveUp => {
                self.leave_queue(case, time, QueueExit::GaveUpRinging);
                self.free_agent(desk, time);
            }
            RingOutcome::Missed => {
                // Connect sets the agent to "Missed"; it takes a moment to come back.
                self.desks[desk].state = DeskState::Away;
                self.schedule(time + 45 * SECOND, Event::Freed(desk));
                let arrival = &self.cases[case].arrival;
                self.waiting.insert(0, case);
                if arrival.time + arrival.patience <= time {
                    self.run_out(case, time);
                } else {
                    self.offer_case(case, time);
                }
            }
        }
    }

    /// Gives the agent the next contact or a break, or ends the shift.
    fn free_agent(&mut self, desk: usize, time: i64) {
        self.desks[desk].state = DeskState::Idle { since: time };
        if self.end_or_break(desk, time) {
            return;
        }
        let longest_waiting = self
            .waiting
            .iter()
            .copied()
            .filter(|case| self.may_take(&self.desks[desk], &self.cases[*case].arrival))
            .min_by_key(|case| self.cases[*case].arrival.time);
        if let Some(case) = longest_waiting {
            self.start_ringing(desk, time, case, time);
        }
    }

    /// Sends an idle agent home or on a break if it is time, and tells whether it did.
    fn end_or_break(&mut self, desk: usize, time: i64) -> bool {
        let DeskState::Idle { since } = self.desks[desk].state else {
            return false;
        };
        let overrun = break_overrun(self.rng);
        let at_desk = &mut self.desks[desk];
        if time >= at_desk.shift.present.end {
            at_desk.state = DeskState::Away;
        } else if let Some(length) = at_desk.break_due.take() {
            let end = (time + length + overrun).min(at_desk.shift.present.end);
            at_desk.state = DeskState::Away;
            at_desk.breaks.push(TimeSpan::new(time, end));
            self.schedule(end, Event::Freed(desk));
        } else {
            return false;
        }
        if since < time {
            self.desks[desk].idle.push(TimeSpan::new(since, time));
        }
        true
    }

    /// Takes a case out of the queue when its patience has ended.
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
                let queue = arrivals::overflow_queue(arrival.queue, arrival.channel);
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
        let mut contact = self.new_record(case, time, exit, reason);
        contact.continued = continued;
        contact.transferred = exit == QueueExit::Moved;
        self.day.contacts.push(contact);
    }

    /// The record of a case that left its queue at `time`, and disconnected.
    pub(super) fn new_record(
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
        self.add_case(callback, Some(initiated));
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
            patience: arrivals::draw_patience(self.rng, from.channel),
            then: QueueExit::GaveUp,
            ..from.clone()
        };
        self.add_case(arrival, Some(time));
    }

    fn into_day(self) -> Day {
        let Self { setup, desks, mut day, .. } = self;
        for desk in desks {
            let profile = setup.agents[desk.agent].profile;
            let scheduled = setup.profiles[profile].scheduled;
            day.agents.push(AgentDay {
                agent: desk.agent,
                scheduled: scheduled.then_some(desk.shift.planned),
                adherent: if scheduled {
                    desk.shift.adherent_spans(&desk.breaks)
                } else {
                    Vec::new()
                },
                online: desk.online_span(),
                idle: desk.idle,
                on_contact: desk.on_contact,
                breaks: desk.breaks,
            });
        }
        day
    }
}

impl Desk {
    /// The time logged in; an agent with a contact at the end of the shift stays until it is done.
    fn online_span(&self) -> TimeSpan {
        let TimeSpan { start, end } = self.shift.present;
        let last = self.idle.iter().chain(&self.on_contact).map(|span| span.end).max();
        TimeSpan::new(start, last.unwrap_or(end).max(end))
    }
}

/// Draws the time by which a break lasts longer than planned.
fn break_overrun(rng: &mut Rng) -> i64 {
    long_tailed(rng, 50.0, 1.0).min(10 * MINUTE)
}
