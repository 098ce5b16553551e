//! The world of the model: the objects and mails that really exist, and the processes that come and go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::senders::Kind;
use crate::error::{Code, Error, Stage};
use crate::run::ledger::RunRecord;
use crate::store::{Condition, Object, Objects, Put, Tag};

pub(super) const KEY: &str = "daily/2026-11-22T0000+0000--2026-11-23T0000+0000.json";

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

pub(super) fn server_error() -> Error {
    Error::new(Code::ServiceError, Stage::Record, "a server error").retryable()
}
