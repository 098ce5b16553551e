use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::invocation::{DEFINITION, NOW, fresh, runtime, until_death};
use super::races::{Luck, Schedule, grant};
use super::senders::{Kind, message, recipients};
use super::world::{Gate, KEY, Mishap, Process, World};
use crate::error::{Code, Error, Stage};
use crate::run::delivery::IN_FLIGHT_MAX;
use crate::run::delivery::attempt::{Attempt, stored_message_missing};
use crate::run::job::{Clock, TriggerId};
use crate::run::ledger::{
    ClaimRequest, Claimed, DeliveryHistory, Fence, LeasedRun, LedgerStore, RunRecord,
};
use crate::run::outcome::DeliveryState;
use crate::store::Condition;
use crate::trigger::Resend;

/// The ending of a re-issue's key.
const REISSUE: &str = ".reissue.json";

/// An order to send the run's message again.
#[derive(Clone, Copy, Debug)]
struct Order {
    id: &'static str,
    resend: Resend,
}

const fn order(id: &'static str, resend: Resend) -> Order {
    Order { id, resend }
}

impl World {
    /// A world with a run that has ended. Recipients for whom `unknown` is true are unknown, and the others failed.
    /// None of them has the message, so none may get it twice.
    fn with_run(unknown: &[bool], is_retryable: bool) -> Rc<Self> {
        let world = Rc::new(Self::default());
        let now: Timestamp = NOW.parse().unwrap();
        let mut record = fresh(&TriggerId { id: "tick".to_owned(), time: now });
        record.set_message("message.json".to_owned(), &recipients(unknown.len(), Kind::Mail), now);
        record.attempts = 1;
        for (recipient, is_unknown) in record.recipients.iter_mut().zip(unknown) {
            let code = if *is_unknown { Code::DeliveryUnknown } else { Code::DeliveryRejected };
            let error = Error::new(code, Stage::Deliver, "no");
            let error = if is_retryable && !is_unknown { error.retryable() } else { error };
            recipient.set_result(Err(error));
        }
        record.end(None, now);
        let stored = serde_json::to_vec(&message()).unwrap();
        world.put("message.json", stored, Condition::Absent, (99, 0));
        world.put(KEY, record.to_json(), Condition::Absent, (99, 1));
        world
    }

    fn reissue_keys(&self) -> Vec<String> {
        let objects = self.objects.borrow();
        objects.keys().filter(|key| key.ends_with(REISSUE)).cloned().collect()
    }

    fn resends(&self) -> Vec<RunRecord> {
        let objects = self.objects.borrow();
        let keys = self.reissue_keys();
        keys.iter().map(|key| RunRecord::parse(key, &objects[key].0).unwrap()).collect()
    }
}

/// Sends a run's message again, as an invocation does.
async fn resend(process: &Process, order: Order, since: Instant) -> Result<(), Error> {
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::read(now.checked_add(since.elapsed()).unwrap(), None);
    let ledger = LedgerStore { objects: Some(process), clock, process: "" };
    let wait = async |look, _| {
        sleep(look).await;
        Ok(())
    };
    let own = format!("{}.{}{REISSUE}", KEY.trim_end_matches(".json"), order.id);
    if ledger.record(&own).await?.is_some_and(|record| record.is_final) {
        return Ok(());
    }
    let Some(fence) = ledger.take_fence(KEY, order.id, wait).await? else { return Ok(()) };
    let sent = send_again(process, &ledger, order, &own, &fence).await;
    ledger.release_fence(&fence).await;
    sent
}

async fn send_again(
    process: &Process,
    ledger: &LedgerStore<'_, Process>,
    order: Order,
    own: &str,
    fence: &Fence,
) -> Result<(), Error> {
    let event = TriggerId { id: order.id.to_owned(), time: NOW.parse().unwrap() };
    let claimant = ClaimRequest { event: &event, is_manual: true };
    let keys = process.world.reissue_keys();
    ledger.close_resends(keys.iter().map(String::as_str).filter(|key| *key != own)).await?;
    let mut record = fresh(&event);
    (record.reissue_of, record.resent) = (Some(KEY.to_owned()), true);
    if ledger.record(own).await?.is_none() {
        let Some(original) = ledger.record(KEY).await? else { return Ok(()) };
        let resends =
            ledger.resends(process.world.reissue_keys().iter().map(String::as_str)).await?;
        let history = DeliveryHistory::new(&original, resends, &[]);
        record.message_key = original.message_key;
        record.recipients = history.chosen(order.resend, ledger.clock.started());
    }
    let Claimed::Held(mut leased) = ledger.claim(own, &record, claimant).await? else {
        return Ok(());
    };
    let attempt = Attempt { ledger: *ledger, sender: process };
    match ledger.check_fence(fence).await {
        Ok(()) => {
            let build = async |_: &mut LeasedRun| Err(stored_message_missing());
            attempt.carry_out(&mut leased, DEFINITION, build).await
        }
        Err(error) => attempt.end(&mut leased, Some(error)).await,
    }
}

/// Takes the run up, as a tick does.
async fn tick(process: &Process, since: Instant) -> Result<(), Error> {
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::read(now.checked_add(since.elapsed()).unwrap(), None);
    let ledger = LedgerStore { objects: Some(process), clock, process: "" };
    let event = TriggerId { id: "later".to_owned(), time: now };
    let claimant = ClaimRequest { event: &event, is_manual: false };
    let Claimed::Held(mut leased) = ledger.claim(KEY, &fresh(&event), claimant).await? else {
        return Ok(());
    };
    ledger.close_resends(process.world.reissue_keys().iter().map(String::as_str)).await?;
    let resends = ledger.resends(process.world.reissue_keys().iter().map(String::as_str)).await?;
    let history = DeliveryHistory::new(&leased.record, resends, &[]);
    history.leave_out(&mut leased.record, None);
    let attempt = Attempt { ledger, sender: process };
    let build = async |_: &mut LeasedRun| Err(stored_message_missing());
    attempt.carry_out(&mut leased, DEFINITION, build).await
}

/// Runs resends with different ids, and perhaps a tick, in a random order of their steps. Afterwards a last order
/// runs alone.
fn race_of_resends(seed: u64, world: &Rc<World>, orders: &[Order], with_tick: bool, luck: Luck) {
    let count = orders.len() + usize::from(with_tick);
    let gate = Gate::new(count, luck.with_sends);
    let processes: Vec<_> = (0..count)
        .map(|number| Process { gate: Some(Rc::clone(&gate)), ..Process::new(world, None, number) })
        .collect();
    let running = Cell::new(count);
    runtime().block_on(async {
        let since = Instant::now();
        let lives = processes.iter().enumerate().map(async |(number, process)| {
            let life = async {
                match orders.get(number) {
                    Some(order) => drop(resend(process, *order, since).await),
                    None => drop(tick(process, since).await),
                }
            };
            until_death(process, life).await;
            running.set(running.get() - 1);
        });
        let mut schedule = Schedule::random(seed);
        join(join_all(lives), grant(world, &gate, &mut schedule, luck, &running)).await;
        // Leases of dead processes end after a while.
        sleep(Duration::from_mins(11)).await;
        for (number, order) in [order("last", Resend::Failed)].into_iter().enumerate() {
            let process = Process::new(world, None, count + number);
            resend(&process, order, since).await.unwrap();
        }
    });
}

/// Checks that nobody got the message twice, and that no record is wrong.
fn check_resends(world: &World, what: &str) {
    let accepted = world.accepted.borrow();
    for (to, got) in accepted.iter() {
        assert!(*got <= 1, "{what}: {got} mails to {to}: {:#?}", world.resends());
    }
    let record = world.record().unwrap();
    for record in world.resends().iter().chain([&record]) {
        for message in &record.recipients {
            let got = accepted.get(&message.to).copied().unwrap_or_default();
            match message.status {
                DeliveryState::Sent => assert_eq!(got, 1, "{what}: sent, and not accepted"),
                DeliveryState::Failed => assert!(message.error.is_some(), "{what}"),
                DeliveryState::Pending | DeliveryState::Sending | DeliveryState::Unknown => {}
            }
        }
    }
}

#[test]
fn resends_that_race_send_to_nobody_twice() {
    let orders = [
        order("first", Resend::Failed),
        order("second", Resend::Failed),
        order("third", Resend::Unknown),
    ];
    for seed in 0..300 {
        for (stalls, mishaps, deaths) in [(0, 0, false), (2, 0, false), (1, 2, false), (2, 1, true)]
        {
            let luck = Luck { stalls, mishaps, deaths, with_sends: true };
            let world = World::with_run(&[false, true, false], false);
            race_of_resends(seed, &world, &orders, false, luck);
            check_resends(&world, &format!("seed {seed}, {luck:?}"));
            let sent = world.accepted.borrow().len();
            assert!(mishaps > 0 || stalls > 0 || sent >= 2, "seed {seed}: {sent} sent");
        }
    }
}

#[test]
fn resends_and_a_tick_that_race_send_to_nobody_twice() {
    let orders = [order("first", Resend::Unknown), order("second", Resend::Unknown)];
    for seed in 0..300 {
        for (stalls, mishaps, deaths) in [(0, 0, false), (2, 0, false), (1, 2, false), (2, 1, true)]
        {
            let luck = Luck { stalls, mishaps, deaths, with_sends: true };
            let world = World::with_run(&[true, false, false], true);
            race_of_resends(seed, &world, &orders, true, luck);
            check_resends(&world, &format!("seed {seed}, {luck:?}"));
        }
    }
}

/// A resend that dies at any of its steps leaves at most eight recipients unknown. The next order sends to the rest.
#[test]
fn the_next_resend_sends_to_those_whom_a_dead_one_left() {
    for mishap in [Mishap::DeathBefore, Mishap::DeathAfter, Mishap::StoreDown] {
        for step in 0.. {
            let what = format!("{mishap:?} at step {step}");
            let world = World::with_run(&[false; 12], false);
            let first = Process::new(&world, Some((step, mishap)), 0);
            runtime().block_on(async {
                let since = Instant::now();
                let life =
                    async { drop(resend(&first, order("first", Resend::Failed), since).await) };
                until_death(&first, life).await;
                sleep(Duration::from_mins(11)).await;
                let second = Process::new(&world, None, 1);
                resend(&second, order("second", Resend::Failed), since).await.unwrap();
            });
            check_resends(&world, &what);
            let unknown: BTreeSet<String> = world
                .resends()
                .iter()
                .flat_map(|record| &record.recipients)
                .filter(|message| message.status == DeliveryState::Unknown)
                .map(|message| message.to.clone())
                .collect();
            assert!(unknown.len() <= IN_FLIGHT_MAX, "{what}: {} unknown", unknown.len());
            let accepted = world.accepted.borrow();
            let left = recipients(12, Kind::Mail).into_iter().map(|to| to.to);
            for to in left.filter(|to| !unknown.contains(to)) {
                assert_eq!(accepted.get(&to), Some(&1), "{what}: {to}");
            }
            if first.steps.get() <= step {
                break;
            }
        }
    }
}
