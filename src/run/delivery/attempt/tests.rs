//! A test of the protocol against everything that can go wrong with a store, with SES and with processes.
//!
//! A [world](world) has the objects and the accepted mails that really exist. Processes come and go. Each store
//! operation and each send is a step at which a mishap may happen to them.

use std::rc::Rc;

use tokio::time::Instant;

use crate::run::outcome::RunState;

/// Results that are written together.
mod batches;
mod invocation;
/// Two processes beside each other.
mod races;
/// Resends of a run beside each other, and beside the run.
mod resends;
mod senders;
mod world;

use invocation::{check, live, runtime};
use senders::Kind;
use world::{MISHAPS, Mishap, Process, World};

/// A process dies, or its store or SES fails, at each of its steps in turn.
#[test]
fn a_run_ends_once_whatever_happens_to_a_process() {
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
            retry_until_final(&world, count, kind, since, &what).await;
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
        // The mail to the owner is only missing where the process died between the end of the run and that mail.
        let died = matches!(mishap, Mishap::DeathBefore | Mishap::DeathAfter);
        let told = usize::from(record.has_failed());
        assert!(died || world.notices.get() == told, "{what}: {} notices", world.notices.get());
        let all = world.accepted.borrow().len() == count;
        let may_fail = mishap == Mishap::Refused || record.status == RunState::Unknown;
        assert!(all || may_fail, "{what}: {:?}", record.status);
        // Its last step was an earlier one.
        if process.steps.get() <= step {
            assert_eq!(record.status, RunState::Sent, "{what}");
            break;
        }
    }
}

/// Retries the event until one finds that the run has ended. None of them asks Connect again for a stored message.
async fn retry_until_final(
    world: &Rc<World>,
    count: usize,
    kind: Kind,
    since: Instant,
    what: &str,
) {
    for retry in 0..3 {
        let asked = world.asked.get();
        let record = world.record();
        let may_ask = record.as_ref().is_none_or(|record| record.message_key.is_none());
        let retrying = Process { kind, ..Process::new(world, None, 1 + retry) };
        live(&retrying, "tick", count, since).await;
        assert!(may_ask || world.asked.get() == asked, "{what}: asked again");
        assert!(retry < 2, "{what}: not ended");
        if record.is_some_and(|record| record.is_final) {
            break;
        }
    }
}
