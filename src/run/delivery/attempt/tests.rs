//! The protocol against everything that can go wrong with a store, with SES and with processes.
//!
//! A world holds what is really there: the objects, and the mails that were accepted. Processes come
//! and go; each store operation and each send is a step at which something may happen to them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::future::{Either, join, select};
use tokio::time::{Instant, sleep};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::*;
use crate::destination::{Destination, StoredDestination};
use crate::render::Message;
use crate::run::job::{Clock, TriggerId};
use crate::run::ledger::{ClaimRequest, Claimed};
use crate::run::outcome::{DeliveryState, RunState};
use crate::store::{Condition, Object, Put, Tag};
use crate::window::{LocalTime, Window, Zone};

/// Resends of a run beside each other, and beside the run.
mod resends;

const KEY: &str = "daily/2026-11-22T0000+0000--2026-11-23T0000+0000.json";
const DEFINITION: &str = "0123456789abcdef";
const NOW: &str = "2026-11-23T07:00:00Z";

/// What happens at a step, besides what should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mishap {
    /// The process dies before it.
    DeathBefore,
    /// The process dies after it.
    DeathAfter,
    /// It is done, and the answer is lost: an error that may pass, or an unclear send.
    AnswerLost,
    /// It is done, and tried again by the SDK, whose second try is refused: 412.
    DoneAndRefused,
    /// It is not done: another write is under way, or SES refuses for its rate.
    Busy,
    /// It is not done: a server error, or SES does not take the message.
    Refused,
    /// The store answers nothing any more to this process.
    StoreDown,
}

const MISHAPS: [Mishap; 7] = [
    Mishap::DeathBefore,
    Mishap::DeathAfter,
    Mishap::AnswerLost,
    Mishap::DoneAndRefused,
    Mishap::Busy,
    Mishap::Refused,
    Mishap::StoreDown,
];

/// Those that a process survives, with its store.
const NOT_DEADLY: [Mishap; 4] =
    [Mishap::AnswerLost, Mishap::DoneAndRefused, Mishap::Busy, Mishap::Refused];

/// What is really there.
#[derive(Debug, Default)]
struct World {
    /// The content of each, and the write that it is from.
    objects: RefCell<BTreeMap<String, (Vec<u8>, Write)>>,
    /// How many mails each recipient got.
    accepted: RefCell<BTreeMap<String, usize>>,
    /// How many the owner got.
    notices: Cell<usize>,
    /// How often Connect was asked.
    asked: Cell<usize>,
}

/// A write: by which process, and at which of its steps.
type Write = (usize, usize);

/// A process, and what happens to it.
struct Process {
    world: Rc<World>,
    /// The mishap, and at which of its steps.
    mishap: Cell<Option<(usize, Mishap)>>,
    steps: Cell<usize>,
    is_down: Cell<bool>,
    is_dead: Cell<bool>,
    /// Who decides when its steps come about, where two race.
    gate: Option<Rc<Gate>>,
    number: usize,
    kind: Kind,
}

/// Lets the steps of several processes come about one by one.
struct Gate {
    /// The steps of each that wait.
    waits: Vec<RefCell<Vec<Waker>>>,
    granted: Vec<Cell<Option<Option<Mishap>>>>,
    /// What each process has found at its steps, and how often one had stalled by then.
    found: Vec<RefCell<Vec<(Found, usize)>>>,
    stalls: Cell<usize>,
    /// Whether sends are steps that wait too.
    with_sends: bool,
}

impl Gate {
    fn new(processes: usize, with_sends: bool) -> Rc<Self> {
        Rc::new(Self {
            waits: (0..processes).map(|_| RefCell::default()).collect(),
            granted: (0..processes).map(|_| Cell::default()).collect(),
            found: (0..processes).map(|_| RefCell::default()).collect(),
            stalls: Cell::new(0),
            with_sends,
        })
    }
}

/// What a process finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Found {
    Granted(Option<Mishap>),
    Object(Option<Write>),
    Written,
}

impl Process {
    fn new(world: &Rc<World>, mishap: Option<(usize, Mishap)>, number: usize) -> Self {
        Self {
            world: Rc::clone(world),
            mishap: Cell::new(mishap),
            steps: Cell::new(0),
            is_down: Cell::new(false),
            is_dead: Cell::new(false),
            gate: None,
            number,
            kind: Kind::Mail,
        }
    }

    /// Waits for its turn; what happens at this step.
    async fn step(&self, is_send: bool) -> Option<Mishap> {
        let step = self.steps.get();
        self.steps.set(step + 1);
        if let Some(gate) = self.gate.as_ref().filter(|gate| gate.with_sends || !is_send) {
            let mishap = poll_fn(|context| match gate.granted[self.number].take() {
                Some(mishap) => Poll::Ready(mishap),
                None => {
                    gate.waits[self.number].borrow_mut().push(context.waker().clone());
                    Poll::Pending
                }
            })
            .await;
            self.find(Found::Granted(mishap));
            return mishap;
        }
        self.mishap.get().filter(|(at, _)| *at == step).map(|(_, mishap)| mishap)
    }

    fn find(&self, what: Found) {
        if let Some(gate) = &self.gate {
            gate.found[self.number].borrow_mut().push((what, gate.stalls.get()));
        }
    }

    async fn die(&self) -> ! {
        self.is_dead.set(true);
        match pending::<Infallible>().await {}
    }
}

impl Objects for Process {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        match self.step(false).await {
            Some(Mishap::DeathBefore | Mishap::DeathAfter) => self.die().await,
            Some(Mishap::StoreDown) => self.is_down.set(true),
            Some(_) => return Err(server_error()),
            None => {}
        }
        if self.is_down.get() {
            return Err(server_error());
        }
        let objects = self.world.objects.borrow();
        let found = objects.get(key).cloned();
        self.find(Found::Object(found.as_ref().map(|(_, write)| *write)));
        Ok(found.map(|(content, write)| Object { content, tag: tag(write) }))
    }

    async fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<Put, Error> {
        let mishap = self.step(false).await;
        match mishap {
            Some(Mishap::DeathBefore) => self.die().await,
            Some(Mishap::StoreDown) => self.is_down.set(true),
            Some(Mishap::Busy) => return Ok(Put::Busy),
            Some(Mishap::Refused) => return Err(server_error()),
            _ => {}
        }
        if self.is_down.get() {
            return Err(server_error());
        }
        let put = self.world.put(key, content, condition, (self.number, self.steps.get()));
        if let Put::Written(_) = put {
            self.find(Found::Written);
        }
        match mishap {
            Some(Mishap::DeathAfter) => self.die().await,
            Some(Mishap::AnswerLost) => Err(server_error()),
            Some(Mishap::DoneAndRefused) => Ok(Put::Refused),
            _ => Ok(put),
        }
    }
}

fn tag((process, step): Write) -> Tag {
    Tag::digest(format!("{process} {step}").as_bytes())
}

impl World {
    fn put(&self, key: &str, content: Vec<u8>, condition: Condition<'_>, write: Write) -> Put {
        let mut objects = self.objects.borrow_mut();
        let found = objects.get(key).map(|(_, write)| tag(*write));
        let is_allowed = match condition {
            Condition::Absent => found.is_none(),
            Condition::Unchanged(tag) => found.as_ref() == Some(tag),
        };
        if !is_allowed {
            return Put::Refused;
        }
        objects.insert(key.to_owned(), (content, write));
        Put::Written(tag(write))
    }

    fn record(&self) -> Option<RunRecord> {
        let objects = self.objects.borrow();
        let (content, _) = objects.get(KEY)?;
        Some(RunRecord::parse(KEY, content).unwrap())
    }
}

impl Process {
    /// The service that takes messages, of whatever kind.
    async fn accept(&self, to: &Recipient) -> Result<String, Error> {
        let mishap = self.step(true).await;
        let fail = |code| Err(Error::new(code, Stage::Deliver, "no"));
        match mishap {
            Some(Mishap::DeathBefore) => self.die().await,
            Some(Mishap::StoreDown) => self.is_down.set(true),
            Some(Mishap::Busy) => return fail(Code::Throttled).map_err(Error::retryable),
            Some(Mishap::Refused) => return fail(Code::DeliveryRejected),
            Some(Mishap::DoneAndRefused) => return fail(Code::DeliveryUnknown),
            _ => {}
        }
        *self.world.accepted.borrow_mut().entry(to.to.clone()).or_default() += 1;
        match mishap {
            Some(Mishap::DeathAfter) => self.die().await,
            Some(Mishap::AnswerLost) => fail(Code::DeliveryUnknown),
            _ => Ok("id".to_owned()),
        }
    }

    fn notify_owner(&self) -> Result<String, Error> {
        self.world.notices.set(self.world.notices.get() + 1);
        Ok("id".to_owned())
    }
}

impl MessageSender for Process {
    type Message = Message;

    async fn send(&self, sent: &Message, to: &Recipient, _: usize) -> Result<String, Error> {
        assert_eq!((sent, to.destination().kind), (&message(), None));
        self.accept(to).await
    }

    fn stop_reason(&self) -> Option<Error> {
        None
    }

    fn owner(&self) -> Option<StoredDestination> {
        Some(owner())
    }

    async fn notify(&self, _: &RunRecord, _: &Recipient) -> Result<String, Error> {
        self.notify_owner()
    }
}

/// The kinds of destinations of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mail,
    /// A kind that only tests have.
    Pager,
}

/// Sends pages in place of mails.
struct Pager<'p>(&'p Process);

#[derive(Debug, Serialize, Deserialize)]
struct Page {
    text: String,
}

const PAGER: &str = "pager";

impl MessageSender for Pager<'_> {
    type Message = Page;

    fn files<'m>(&self, page: &'m Page) -> Vec<(&'m str, &'m [u8])> {
        vec![("page.log", page.text.as_bytes())]
    }

    async fn send(&self, page: &Page, to: &Recipient, _: usize) -> Result<String, Error> {
        assert_eq!((page.text.as_str(), to.destination().kind.as_deref()), ("text", Some(PAGER)));
        self.0.accept(to).await
    }

    fn concurrency(&self, _: &Recipient) -> usize {
        3
    }

    fn stop_reason(&self) -> Option<Error> {
        None
    }

    fn owner(&self) -> Option<StoredDestination> {
        Some(owner())
    }

    async fn notify(&self, _: &RunRecord, _: &Recipient) -> Result<String, Error> {
        self.0.notify_owner()
    }
}

fn owner() -> StoredDestination {
    (&Destination::Mail("owner@example.com".parse().unwrap())).into()
}

fn server_error() -> Error {
    Error::new(Code::ServiceError, Stage::Record, "a server error").retryable()
}

fn message() -> Message {
    let text = || "text".to_owned();
    Message {
        subject: text(),
        html: text(),
        text: text(),
        inline: Vec::new(),
        attachments: Vec::new(),
        kept: Vec::new(),
    }
}

fn recipients(count: usize, kind: Kind) -> Vec<StoredDestination> {
    let mailbox = |index| Destination::Mail(format!("r{index}@example.com").parse().unwrap());
    let destination = |index| match kind {
        Kind::Mail => StoredDestination::from(&mailbox(index)),
        Kind::Pager => {
            StoredDestination { kind: Some(PAGER.to_owned()), to: format!("r{index}"), name: None }
        }
    };
    (0..count).map(destination).collect()
}

fn fresh(event: &TriggerId) -> RunRecord {
    let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
    let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
    RunRecord::new("daily".to_owned(), window, DEFINITION.to_owned(), event.clone())
}

/// What an invocation does for the run: claims it, waiting if need be, and carries it out.
async fn invoke(process: &Process, event: &str, count: usize, since: Instant) {
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::read(now.checked_add(since.elapsed()).unwrap(), None);
    let ledger = LedgerStore { objects: Some(process), clock, process: "" };
    let event = TriggerId { id: event.to_owned(), time: now };
    let claim = ClaimRequest { event: &event, is_manual: false };
    loop {
        let claimed = {
            let wait = async |look, _| {
                sleep(look).await;
                Ok(())
            };
            ledger.claim_in_time(KEY, &fresh(&event), claim, wait).await
        };
        let Ok(Claimed::Held(mut run)) = claimed else { return };
        let to = recipients(count, process.kind);
        match process.kind {
            Kind::Mail => {
                let built = Built::Message { message: message(), to, without: None };
                carry_out(process, Attempt { ledger, sender: process }, &mut run, built).await;
            }
            Kind::Pager => {
                let message = Page { text: "text".to_owned() };
                let built = Built::Message { message, to, without: None };
                let sender = &Pager(process);
                carry_out(process, Attempt { ledger, sender }, &mut run, built).await;
            }
        }
        if !run.is_lost {
            return;
        }
    }
}

async fn carry_out<M: MessageSender>(
    process: &Process,
    attempt: Attempt<'_, Process, M>,
    run: &mut LeasedRun,
    built: Built<M::Message>,
) {
    let build = async |_: &mut LeasedRun| {
        process.world.asked.set(process.world.asked.get() + 1);
        Ok(built)
    };
    let _ = attempt.carry_out(run, DEFINITION, build).await;
}

/// Lets a process run until it ends or dies.
async fn live(process: &Process, event: &str, count: usize, since: Instant) {
    until_death(process, invoke(process, event, count, since)).await;
}

async fn until_death(process: &Process, life: impl Future<Output = ()>) {
    let mut life = pin!(life);
    poll_fn(|context| match life.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending if process.is_dead.get() => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
    })
    .await;
}

/// What must hold when nobody is running any more and the run has ended.
fn check(world: &World, count: usize, what: &str) -> RunRecord {
    let record = world.record().unwrap_or_else(|| panic!("{what}: no record"));
    assert!(record.is_final && record.claim.until.is_none(), "{what}: {record:?}");
    let accepted = world.accepted.borrow();
    for recipient in &record.recipients {
        let got = accepted.get(&recipient.to).copied().unwrap_or_default();
        assert!(got <= 1, "{what}: {got} mails to one recipient");
        match recipient.status {
            DeliveryState::Sent => assert_eq!(got, 1, "{what}: sent, and not accepted"),
            DeliveryState::Failed => assert_eq!(got, 0, "{what}: failed, and accepted"),
            DeliveryState::Unknown => {}
            DeliveryState::Pending | DeliveryState::Sending => {
                panic!("{what}: not ended: {record:?}")
            }
        }
    }
    let unknown = record.recipients.iter().filter(|r| r.status == DeliveryState::Unknown).count();
    assert!(unknown <= IN_FLIGHT_MAX, "{what}: {unknown} unknown");
    assert_eq!(record.recipients.len(), count, "{what}");
    assert!(accepted.len() <= count);
    assert!(world.notices.get() <= 1, "{what}: {} notices", world.notices.get());
    record
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// A process that dies, or whose store or SES fails, at every step that it takes; its retries end the
/// run.
#[test]
fn whatever_happens_to_a_process_its_retries_end_the_run_once() {
    std::thread::scope(|scope| {
        for mishap in MISHAPS {
            scope.spawn(move || {
                [1, 3, 120].into_iter().for_each(|count| at_every_step(mishap, count, Kind::Mail));
                [1, 5].into_iter().for_each(|count| at_every_step(mishap, count, Kind::Pager));
            });
        }
    });
}

fn at_every_step(mishap: Mishap, count: usize, kind: Kind) {
    for step in 0.. {
        let world = Rc::new(World::default());
        let what = format!("{count} recipients by {kind:?}, {mishap:?} at step {step}");
        let process = Process { kind, ..Process::new(&world, Some((step, mishap)), 0) };
        runtime().block_on(async {
            let since = Instant::now();
            live(&process, "tick", count, since).await;
            // The last one finds that it has ended.
            for retry in 0..3 {
                let (asked, record) = (world.asked.get(), world.record());
                let may_ask = record.as_ref().is_none_or(|r| r.message_key.is_none());
                let retrying = Process { kind, ..Process::new(&world, None, 1 + retry) };
                live(&retrying, "tick", count, since).await;
                assert!(may_ask || world.asked.get() == asked, "{what}: asked again");
                assert!(retry < 2, "{what}: not ended");
                if record.is_some_and(|record| record.is_final) {
                    break;
                }
            }
        });
        let record = check(&world, count, &what);
        let unclear = matches!(
            mishap,
            Mishap::DeathBefore
                | Mishap::DeathAfter
                | Mishap::AnswerLost
                | Mishap::DoneAndRefused
                | Mishap::StoreDown
        );
        assert!(unclear || record.status != RunState::Unknown, "{what}");
        // Only who dies between the end and the mail to the owner leaves it unsent.
        let died = matches!(mishap, Mishap::DeathBefore | Mishap::DeathAfter);
        let told = usize::from(record.has_failed());
        assert!(died || world.notices.get() == told, "{what}: {} notices", world.notices.get());
        let all = world.accepted.borrow().len() == count;
        let may_fail = mishap == Mishap::Refused || record.status == RunState::Unknown;
        assert!(all || may_fail, "{what}: {:?}", record.status);
        // Beyond its last step nothing happens to it.
        if process.steps.get() <= step {
            assert_eq!(record.status, RunState::Sent, "{what}");
            break;
        }
    }
}

/// The order in which the steps of two processes come about: one of all, or a random one.
enum Schedule {
    Random(fastrand::Rng),
    /// What was chosen at each point, and of how many; and the situations from which every way on has
    /// been tried. What processes do follows from what they have found, so two orders of steps that
    /// do not concern each other end in the same situation.
    Every {
        taken: Vec<(usize, usize)>,
        next: usize,
        seen: HashSet<Situation>,
    },
}

/// What was written last of the record and of the rest, what both processes have found, and what luck
/// they have left.
type Situation = (Vec<Write>, Vec<Vec<(Found, usize)>>, Luck);

impl Schedule {
    fn random(seed: u64) -> Self {
        Self::Random(fastrand::Rng::with_seed(seed))
    }

    fn every() -> Self {
        Self::Every { taken: Vec::new(), next: 0, seen: HashSet::new() }
    }

    /// One of so many ways on; nothing where all of them have been tried from here.
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

    /// Turns to the next order; nothing where this was the last.
    fn turn(&mut self) -> Option<()> {
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

/// How much may go wrong in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Luck {
    /// How often a process is so slow that its lease is over.
    stalls: usize,
    /// How often the store answers something else than it should.
    mishaps: usize,
    /// True where a mishap may be a process's end.
    deaths: bool,
    with_sends: bool,
}

/// Two processes in one order of their steps; nothing where the rest of it has been seen.
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
            let granting = pin!(grant((&world, &gate), schedule, luck, &running));
            let is_known_final = match select(runs, granting).await {
                Either::Left(_) => true,
                Either::Right((is_known_final, runs)) => {
                    if is_known_final {
                        runs.await;
                    }
                    is_known_final
                }
            };
            if is_known_final {
                // What both have left to others is taken up by the next event.
                invoke(&Process::new(&world, None, 2), "next", count, since).await;
            }
            is_known_final
        })
        .then_some(world)
}

/// Lets one step after the other come about, until both have ended; or until the rest is known.
async fn grant(
    (world, gate): (&World, &Gate),
    schedule: &mut Schedule,
    mut luck: Luck,
    running: &Cell<usize>,
) -> bool {
    while running.get() > 0 {
        // The paused clock goes on when nobody has anything to do, so that both are where they wait.
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
        let situation = || {
            let found = gate.found.iter().map(|found| found.borrow().clone()).collect();
            let mut written: Vec<_> = world.objects.borrow().values().map(|(_, w)| *w).collect();
            written.sort_unstable();
            (written, found, luck)
        };
        let ways = grants + usize::from(luck.stalls > 0);
        let Some(choice) = schedule.choose(ways, situation) else { return false };
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
        // Whoever comes first takes it; the others wait on.
        gate.waits[number].take().into_iter().for_each(Waker::wake);
    }
    true
}

/// All of a race that nobody died in was sent, and is known to have been.
fn check_race(world: &World, count: usize, what: &str) {
    let record = check(world, count, what);
    assert_eq!(record.status, RunState::Sent, "{what}: {record:?}");
    assert_eq!(world.accepted.borrow().len(), count, "{what}");
}

#[test]
fn two_that_race_send_once_in_every_order() {
    for count in [1, 3] {
        for (stalls, mishaps) in [(1, 0), (0, 1)] {
            let luck = Luck { stalls, mishaps, deaths: false, with_sends: false };
            let (mut schedule, mut orders) = (Schedule::every(), 0);
            loop {
                if let Some(world) = race(&mut schedule, count, ["tick", "later"], luck) {
                    check_race(&world, count, &format!("{count} recipients, {luck:?}"));
                    orders += 1;
                }
                if schedule.turn().is_none() {
                    break;
                }
            }
            assert!(orders > 20, "{orders} orders only");
        }
    }
}

#[test]
fn two_that_race_send_once_in_random_orders() {
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
