//! The senders of the model: mail, and a kind of destination that only tests have.

use serde::{Deserialize, Serialize};

use super::world::{Mishap, Process};
use crate::destination::{Destination, StoredDestination};
use crate::error::{Code, Error, Stage};
use crate::render::Message;
use crate::run::delivery::MessageSender;
use crate::run::ledger::{Recipient, RunRecord};

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
pub(super) struct Pager<'p>(pub(super) &'p Process);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { text: "text".to_owned() }
    }
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
