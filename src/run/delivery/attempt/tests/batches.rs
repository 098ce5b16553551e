use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::invocation::{DEFINITION, NOW, fresh, runtime};
use super::senders::{Kind, message, recipients};
use super::world::KEY;
use crate::destination::StoredDestination;
use crate::error::Error;
use crate::render::Message;
use crate::run::delivery::MessageSender;
use crate::run::delivery::attempt::Attempt;
use crate::run::job::{Clock, TriggerId};
use crate::run::ledger::{ClaimRequest, Claimed, LeasedRun, LedgerStore, Recipient, RunRecord};
use crate::run::message::Built;
use crate::run::outcome::RunState;
use crate::store::{Condition, Object, Objects, Put, Tag};

/// A store that counts what is written.
#[derive(Default)]
struct CountingStore {
    objects: RefCell<BTreeMap<String, Vec<u8>>>,
    writes: Cell<usize>,
}

impl Objects for CountingStore {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        let found = self.objects.borrow().get(key).cloned();
        Ok(found.map(|content| Object { tag: Tag::digest(&content), content }))
    }

    async fn put(&self, key: &str, content: Vec<u8>, _: Condition<'_>) -> Result<Put, Error> {
        self.writes.set(self.writes.get() + 1);
        let tag = Tag::digest(&content);
        self.objects.borrow_mut().insert(key.to_owned(), content);
        Ok(Put::Written(tag))
    }
}

/// A service that accepts one message after the other, and takes this long for each.
struct PacedSender {
    pace: Duration,
    waiting: Cell<u32>,
}

impl MessageSender for PacedSender {
    type Message = Message;

    async fn send(&self, _: &Message, _: &Recipient, _: usize) -> Result<String, Error> {
        self.waiting.set(self.waiting.get() + 1);
        sleep(self.pace * self.waiting.get()).await;
        self.waiting.set(self.waiting.get() - 1);
        Ok("id".to_owned())
    }

    fn stop_reason(&self) -> Option<Error> {
        None
    }

    fn owner(&self) -> Option<StoredDestination> {
        None
    }

    async fn notify(&self, _: &RunRecord, _: &Recipient) -> Result<String, Error> {
        Ok("id".to_owned())
    }
}

/// Results that come one by one wait for each other until half of the places are free.
#[test]
fn results_that_come_within_a_moment_are_written_together() {
    let count = 80;
    let (store, sender) = (
        CountingStore::default(),
        PacedSender { pace: Duration::from_millis(20), waiting: Cell::new(0) },
    );
    runtime().block_on(async {
        let now: Timestamp = NOW.parse().unwrap();
        let ledger =
            LedgerStore { objects: Some(&store), clock: Clock::read(now, None), process: "" };
        let event = TriggerId { id: "tick".to_owned(), time: now };
        let claim = ClaimRequest { event: &event, is_manual: false };
        let claimed = ledger.claim(KEY, &fresh(&event), claim).await.unwrap();
        let Claimed::Held(mut run) = claimed else { panic!("{claimed:?}") };
        let to = recipients(count, Kind::Mail);
        let build =
            async |_: &mut LeasedRun| Ok(Built::Message { message: message(), to, without: None });
        let attempt = Attempt { ledger, sender: &sender };
        attempt.carry_out(&mut run, DEFINITION, build).await.unwrap();
        assert_eq!(run.record.status, RunState::Sent);
    });
    // The claim, the message and the end are writes too.
    assert!(store.writes.get() <= 3 + count / 4 + 1, "{} writes", store.writes.get());
}
