//! Two processes that race for one run, in every order of their steps or in random ones.

use std::cell::Cell;
use std::collections::HashSet;
use std::pin::pin;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use tokio::time::{Instant, sleep};

use super::invocation::{check, invoke, runtime};
use super::world::{Found, Gate, MISHAPS, NOT_DEADLY, Process, World, Write};
use crate::run::outcome::RunState;

/// The order in which the steps of processes come about: every order in turn, or a random one.
pub(super) enum Schedule {
    Random(fastrand::Rng),
    /// Every order: the choice at each point with the number of ways there were, and the situations that were seen
    /// before. Processes act by what they have found. So two orders that differ only in steps which do not concern
    /// each other lead to the same situation, and one of them is enough.
    Every {
        taken: Vec<(usize, usize)>,
        next: usize,
        seen: HashSet<Situation>,
    },
}

/// A situation in a race: the last writes of all objects, the things that each process has found, and the luck that
/// is left.
pub(super) type Situation = (Vec<Write>, Vec<Vec<(Found, usize)>>, Luck);

impl Schedule {
    pub(super) fn random(seed: u64) -> Self {
        Self::Random(fastrand::Rng::with_seed(seed))
    }

    fn every() -> Self {
        Self::Every { taken: Vec::new(), next: 0, seen: HashSet::new() }
    }

    /// Chooses one of this many ways. None where all ways from this situation have been tried.
    fn choose(&mut self, of: usize, situation: impl FnOnce() -> Situation) -> Option<usize> {
        match self {
            Self::Random(random) => Some(random.usize(..of)),
            Self::Every { taken, next, seen } => {
                if *next == taken.len() {
                    if !seen.insert(situation()) {
                        return None;
                    }
                    taken.push((0, of));
                }
                *next += 1;
                Some(taken[*next - 1].0)
            }
        }
    }

    /// Goes on to the next order. None where this was the last.
    fn advance(&mut self) -> Option<()> {
        let Self::Every { taken, next, .. } = self else { return None };
        *next = 0;
        while let Some((choice, of)) = taken.pop() {
            if choice + 1 < of {
                taken.push((choice + 1, of));
                return Some(());
            }
        }
        None
    }
}

/// The number of things that may go wrong in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Luck {
    /// The number of times that a process is so slow that its lease is over.
    pub(super) stalls: usize,
    /// The number of times that the store answers something else than it should.
    pub(super) mishaps: usize,
    /// Says that a mishap may be the death of a process.
    pub(super) deaths: bool,
    pub(super) with_sends: bool,
}

/// Runs two processes in one order of their steps. None where the rest of the order has been tried before.
fn race(schedule: &mut Schedule, count: usize, events: [&str; 2], luck: Luck) -> Option<Rc<World>> {
    let world = Rc::new(World::default());
    let gate = Gate::new(2, luck.with_sends);
    let racer =
        |number| Process { gate: Some(Rc::clone(&gate)), ..Process::new(&world, None, number) };
    let (first, second) = (racer(0), racer(1));
    let running = Cell::new(2);
    runtime()
        .block_on(async {
            let since = Instant::now();
            let run = async |process: &Process, event: &str| {
                invoke(process, event, count, since).await;
                running.set(running.get() - 1);
            };
            let runs = pin!(join(run(&first, events[0]), run(&second, events[1])));
            let granting = pin!(grant(&world, &gate, schedule, luck, &running));
            let is_complete = match select(runs, granting).await {
                Either::Left(_) => true,
                Either::Right((is_complete, runs)) => {
                    if is_complete {
                        runs.await;
                    }
                    is_complete
                }
            };
            if is_complete {
                // The next event takes up what both have left.
                invoke(&Process::new(&world, None, 2), "next", count, since).await;
            }
            is_complete
        })
        .then_some(world)
}

/// Grants one step after the other until all processes have ended: true. False where the rest of the order has been
/// tried before.
pub(super) async fn grant(
    world: &World,
    gate: &Gate,
    schedule: &mut Schedule,
    mut luck: Luck,
    running: &Cell<usize>,
) -> bool {
    while running.get() > 0 {
        // The paused clock advances only when every process waits.
        sleep(Duration::from_millis(1)).await;
        let all = 0..gate.waits.len();
        let waiting: Vec<usize> = all.filter(|n| !gate.waits[*n].borrow().is_empty()).collect();
        if waiting.is_empty() {
            sleep(Duration::from_millis(100)).await;
            continue;
        }
        let mishaps = match (luck.mishaps, luck.deaths) {
            (0, _) => &[][..],
            (_, false) => &NOT_DEADLY[..],
            (_, true) => &MISHAPS[..],
        };
        let with_mishaps = 1 + mishaps.len();
        let grants = waiting.len() * with_mishaps;
        let ways = grants + usize::from(luck.stalls > 0);
        let Some(choice) = schedule.choose(ways, || describe_situation(world, gate, luck)) else {
            return false;
        };
        if choice == grants {
            luck.stalls -= 1;
            gate.stalls.set(gate.stalls.get() + 1);
            sleep(Duration::from_mins(11)).await;
            continue;
        }
        let number = waiting[choice % waiting.len()];
        let mishap = (choice / waiting.len()).checked_sub(1).map(|index| mishaps[index]);
        luck.mishaps -= usize::from(mishap.is_some());
        gate.granted[number].set(Some(mishap));
        // The first of them takes the step, and the others wait on.
        gate.waits[number].take().into_iter().for_each(Waker::wake);
    }
    true
}

fn describe_situation(world: &World, gate: &Gate, luck: Luck) -> Situation {
    let mut written: Vec<_> = world.objects.borrow().values().map(|(_, write)| *write).collect();
    written.sort_unstable();
    let found = gate.found.iter().map(|found| found.borrow().clone()).collect();
    (written, found, luck)
}

/// Checks a race in which nobody died: everything was sent, and is recorded as sent.
fn check_race(world: &World, count: usize, what: &str) {
    let record = check(world, count, what);
    assert_eq!(record.status, RunState::Sent, "{what}: {record:?}");
    assert_eq!(world.accepted.borrow().len(), count, "{what}");
}

#[test]
fn two_processes_that_race_send_once_in_every_order() {
    for count in [1, 3] {
        for (stalls, mishaps) in [(1, 0), (0, 1)] {
            let luck = Luck { stalls, mishaps, deaths: false, with_sends: false };
            let mut schedule = Schedule::every();
            let mut orders = 0;
            loop {
                if let Some(world) = race(&mut schedule, count, ["tick", "later"], luck) {
                    check_race(&world, count, &format!("{count} recipients, {luck:?}"));
                    orders += 1;
                }
                if schedule.advance().is_none() {
                    break;
                }
            }
            assert!(orders > 20, "{orders} orders only");
        }
    }
}

#[test]
fn two_processes_that_race_send_once_in_random_orders() {
    for (count, seeds) in [(1, 300), (3, 300), (120, 20)] {
        for seed in 0..seeds {
            for (stalls, mishaps, with_sends) in [(2, 0, true), (1, 3, false)] {
                let luck = Luck { stalls, mishaps, deaths: false, with_sends };
                let schedule = &mut Schedule::random(seed);
                let world = race(schedule, count, ["tick", "later"], luck).unwrap();
                check_race(&world, count, &format!("{count} recipients, {luck:?}, seed {seed}"));
            }
        }
    }
}
