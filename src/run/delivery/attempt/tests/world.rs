//! The world of the model: the objects and mails that really exist, and the processes that come and go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::destination::{Destination, StoredDestination};
use crate::error::{Code, Error, Stage};
use crate::render::Message;
use crate::run::delivery::attempt::Attempt;
use crate::run::delivery::{IN_FLIGHT_MAX, MessageSender};
use crate::run::job::{Clock, TriggerId};
use crate::run::ledger::{ClaimRequest, Claimed, LeasedRun, LedgerStore, Recipient, RunRecord};
use crate::run::message::Built;
use crate::run::outcome::DeliveryState;
use crate::store::{Condition, Object, Objects, Put, Tag};
use crate::window::{LocalTime, Window, Zone};

pub(super) const KEY: &str = "daily/2026-11-22T0000+0000--2026-11-23T0000+0000.json";
pub(super) const DEFINITION: &str = "0123456789abcdef";
pub(super) const NOW: &str = "2026-11-23T07:00:00Z";

/// A mishap at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mishap {
    /// The process dies before it.
    DeathBefore,
    /// The process dies after it.
    DeathAfter,
    /// It is done, and its answer is lost: a retryable error, or an unknown delivery.
    AnswerLost,
    /// It is done, and the SDK tries it again: that is refused with 412.
    DoneAndRefused,
    /// It is not done: another write is under way, or SES refuses for its rate.
    Busy,
    /// It is not done: a server error, or SES does not take the message.
    Refused,
    /// From here on the store answers nothing to this process.
    StoreDown,
}

pub(super) const MISHAPS: [Mishap; 7] = [
    Mishap::DeathBefore,
    Mishap::DeathAfter,
    Mishap::AnswerLost,
    Mishap::DoneAndRefused,
    Mishap::Busy,
    Mishap::Refused,
    Mishap::StoreDown,
];

/// The mishaps that a process survives, with its store.
pub(super) const NOT_DEADLY: [Mishap; 4] =
    [Mishap::AnswerLost, Mishap::DoneAndRefused, Mishap::Busy, Mishap::Refused];

/// The objects and mails that really exist.
#[derive(Debug, Default)]
pub(super) struct World {
    /// The content of each object, and the write that it is from.
    pub(super) objects: RefCell<BTreeMap<String, (Vec<u8>, Write)>>,
    /// The number of mails that each recipient got.
    pub(super) accepted: RefCell<BTreeMap<String, usize>>,
    /// The number of mails that the owner got.
    pub(super) notices: Cell<usize>,
    /// The number of times that Connect was asked.
    pub(super) asked: Cell<usize>,
}

/// A write: by which process, and at which of its steps.
pub(super) type Write = (usize, usize);

/// A process, and the mishap that it meets.
pub(super) struct Process {
    pub(super) world: Rc<World>,
    /// A mishap, and the step at which it happens.
    pub(super) mishap: Cell<Option<(usize, Mishap)>>,
    pub(super) steps: Cell<usize>,
    pub(super) is_down: Cell<bool>,
    pub(super) is_dead: Cell<bool>,
    /// The gate at which its steps wait, where processes race.
    pub(super) gate: Option<Rc<Gate>>,
    pub(super) number: usize,
    pub(super) kind: Kind,
}

/// A gate that lets the steps of several processes pass one by one.
pub(super) struct Gate {
    /// The steps of each process that wait.
    pub(super) waits: Vec<RefCell<Vec<Waker>>>,
    pub(super) granted: Vec<Cell<Option<Option<Mishap>>>>,
    /// The things that each process has found at its steps, and the number of stalls by then.
    pub(super) found: Vec<RefCell<Vec<(Found, usize)>>>,
    pub(super) stalls: Cell<usize>,
    /// Says that sends wait here too.
    pub(super) with_sends: bool,
}

impl Gate {
    pub(super) fn new(processes: usize, with_sends: bool) -> Rc<Self> {
        Rc::new(Self {
            waits: (0..processes).map(|_| RefCell::default()).collect(),
            granted: (0..processes).map(|_| Cell::default()).collect(),
            found: (0..processes).map(|_| RefCell::default()).collect(),
            stalls: Cell::new(0),
            with_sends,
        })
    }
}

/// The answer that a process gets at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Found {
    Granted(Option<Mishap>),
    Object(Option<Write>),
    Written,
}

impl Process {
    pub(super) fn new(world: &Rc<World>, mishap: Option<(usize, Mishap)>, number: usize) -> Self {
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

    /// Waits for its turn, and returns the mishap at this step, if there is one.
    pub(super) async fn step(&self, is_send: bool) -> Option<Mishap> {
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

    pub(super) fn find(&self, what: Found) {
        if let Some(gate) = &self.gate {
            gate.found[self.number].borrow_mut().push((what, gate.stalls.get()));
        }
    }

    pub(super) async fn die(&self) -> ! {
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
    pub(super) fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        condition: Condition<'_>,
        write: Write,
    ) -> Put {
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

    pub(super) fn record(&self) -> Option<RunRecord> {
        let objects = self.objects.borrow();
        let (content, _) = objects.get(KEY)?;
        Some(RunRecord::parse(KEY, content).unwrap())
    }
}

impl Process {
    /// Accepts a message of any kind, as its service does.
    pub(super) async fn accept(&self, to: &Recipient) -> Result<String, Error> {
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

    pub(super) fn notify_owner(&self) -> Result<String, Error> {
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
pub(super) enum Kind {
    Mail,
    /// A kind that only tests have.
    Pager,
}

/// Sends pages in place of mails.
pub(super) struct Pager<'p>(&'p Process);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    text: String,
}

pub(super) const PAGER: &str = "pager";

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

pub(super) fn owner() -> StoredDestination {
    (&Destination::Mail("owner@example.com".parse().unwrap())).into()
}

pub(super) fn server_error() -> Error {
    Error::new(Code::ServiceError, Stage::Record, "a server error").retryable()
}

pub(super) fn message() -> Message {
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

pub(super) fn recipients(count: usize, kind: Kind) -> Vec<StoredDestination> {
    let mailbox = |index| Destination::Mail(format!("r{index}@example.com").parse().unwrap());
    let destination = |index| match kind {
        Kind::Mail => StoredDestination::from(&mailbox(index)),
        Kind::Pager => {
            StoredDestination { kind: Some(PAGER.to_owned()), to: format!("r{index}"), name: None }
        }
    };
    (0..count).map(destination).collect()
}

pub(super) fn fresh(event: &TriggerId) -> RunRecord {
    let day = |day| LocalTime::Date(jiff::civil::date(2026, 11, day));
    let window = Window::between(day(22), day(23), &Zone::named("UTC").unwrap()).unwrap();
    RunRecord::new("daily".to_owned(), window, DEFINITION.to_owned(), event.clone())
}

/// Claims the run, waits for it if need be, and carries it out, as an invocation does.
pub(super) async fn invoke(process: &Process, event: &str, count: usize, since: Instant) {
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

pub(super) async fn carry_out<M: MessageSender>(
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

/// Runs a process until it ends or dies.
pub(super) async fn live(process: &Process, event: &str, count: usize, since: Instant) {
    until_death(process, invoke(process, event, count, since)).await;
}

pub(super) async fn until_death(process: &Process, life: impl Future<Output = ()>) {
    let mut life = pin!(life);
    poll_fn(|context| match life.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending if process.is_dead.get() => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
    })
    .await;
}

/// Checks a run that must have ended, when no process is running any more.
pub(super) fn check(world: &World, count: usize, what: &str) -> RunRecord {
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

pub(super) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}
