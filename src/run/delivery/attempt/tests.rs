//! The protocol against everything that can go wrong with a store, with SES and with processes.
//!
//! A [world](world) holds what is really there: the objects, and the mails that were accepted. Processes come
//! and go; each store operation and each send is a step at which something may happen to them.

use std::rc::Rc;

use tokio::time::Instant;

use crate::run::outcome::RunState;

/// Results that are written together.
mod batches;
/// Two processes beside each other.
mod races;
/// Resends of a run beside each other, and beside the run.
mod resends;
mod world;

use world::{Kind, MISHAPS, Mishap, Process, World, check, live, runtime};

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
