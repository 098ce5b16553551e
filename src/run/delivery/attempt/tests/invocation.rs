//! The part of an invocation for one run, and the checks of its end.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::senders::{Kind, Page, Pager, message, recipients};
use super::world::{KEY, Process, World};
use crate::run::delivery::attempt::Attempt;
use crate::run::delivery::{IN_FLIGHT_MAX, MessageSender};
use crate::run::job::{Clock, TriggerId};
use crate::run::ledger::{ClaimRequest, Claimed, LeasedRun, LedgerStore, RunRecord};
use crate::run::message::Built;
use crate::run::outcome::DeliveryState;
use crate::window::{LocalTime, Window, Zone};

pub(super) const DEFINITION: &str = "0123456789abcdef";
pub(super) const NOW: &str = "2026-11-23T07:00:00Z";

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
                let message = Page::new();
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
