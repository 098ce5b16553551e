//! Calls start one after the other, as their tokens come.

use std::cell::Cell;

use tokio::task::LocalSet;
use tokio::time::sleep;

use super::model::{
    AT_1_9, AT_9_5, FIGURES, Log, QUEUES, Throttle, all, call, calls, due, figures, instance, ms,
    pacer, rates,
};
use crate::rate_limit::*;

#[tokio::test(start_paused = true)]
async fn each_call_starts_when_its_token_comes() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        all(calls(&pacer, &figures(), &log, 60)).await;
        let expected: Vec<_> = (0..60).map(|index| due(index, 9, AT_9_5)).collect();
        assert_eq!(log.times(), expected);
        assert_eq!(expected[9], ms(106));

        let (key, log) =
            (RateKey::list(&instance("eu-west-2", "123456789012"), QUEUES), Log::new());
        all(calls(&pacer, &key, &log, 12)).await;
        let expected: Vec<_> = (0..12).map(|index| due(index, 4, AT_1_9)).collect();
        assert_eq!(log.times(), expected);
        assert_eq!(expected[4], ms(527));

        // A bucket fills up while nothing happens, and no further.
        sleep(Duration::from_secs(3600)).await;
        let log = Log::new();
        all(calls(&pacer, &key, &log, 12)).await;
        assert_eq!(log.times(), expected);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn the_burst_follows_the_rate() {
    for (requests, lists, expected) in [
        ("10", "2", (9, 4)),
        ("50", "10", (49, 24)),
        ("5", "1", (4, 1)),
        ("2.5", "0.5", (1, 1)),
        ("0.001", "0.001", (1, 1)),
    ] {
        let rates = rates(requests, lists);
        let burst = |rate, seconds| {
            let mut tempo = TokenBucket::new(rate, seconds);
            std::iter::repeat_with(|| tempo.take_token(Instant::now()))
                .take_while(Result::is_ok)
                .count()
        };
        let bursts = (burst(rates.requests, BURST_SECONDS), burst(rates.lists, LIST_BURST_SECONDS));
        assert_eq!(bursts, expected, "{requests} {lists}");
    }
    let mut fastest = TokenBucket::new("1000000".parse().unwrap(), BURST_SECONDS);
    assert!((0..10_000).all(|_| fastest.take_token(Instant::now()).is_ok()));
}

#[tokio::test(start_paused = true)]
async fn buckets_do_not_disturb_each_other() {
    let test = async {
        let pacer = pacer();
        let keys = [
            figures(),
            RateKey::figures(&instance("us-east-1", "123456789012"), FIGURES),
            RateKey::figures(&instance("eu-west-2", "210987654321"), FIGURES),
            RateKey::list(&instance("eu-west-2", "123456789012"), QUEUES),
            RateKey::list(&instance("eu-west-2", "123456789012"), "connect:ListUsers"),
            RateKey::messages("ses:SendRawEmail"),
        ];
        let throttled = Cell::new(0);
        let logs: Vec<_> = keys.iter().map(|_| Log::new()).collect();
        // The first of them is throttled again and again, which the others must not feel.
        let busy = call(&pacer, &keys[0], &logs[0], 0, None, move || {
            throttled.set(throttled.get() + 1);
            if throttled.get() < 5 { Err(Throttle) } else { Ok(()) }
        });
        let others = keys.iter().zip(&logs).skip(1);
        let others: Vec<_> = others.flat_map(|(key, log)| calls(&pacer, key, log, 12)).collect();
        all(others).await;
        busy.await.unwrap().unwrap();
        for (key, log) in keys.iter().zip(&logs).skip(1) {
            let (burst, interval) = match key.kind {
                RateKind::Figures => (9, AT_9_5),
                RateKind::List => (4, AT_1_9),
                RateKind::Message => (13, Duration::from_secs_f64(1.0 / (RATE_SHARE * 14.0))),
            };
            let expected: Vec<_> = (0..12).map(|index| due(index, burst, interval)).collect();
            assert_eq!(log.times(), expected, "{key:?}");
        }
        assert_eq!(logs[0].times().len(), 5);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_no_turn_with_it() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        let mut calls = calls(&pacer, &figures(), &log, 16);
        sleep(ms(50)).await;
        // The first that waits, one among them, and the last.
        for waiting in [9, 12, 15] {
            calls[waiting].abort();
        }
        for gone in [15, 12, 9] {
            assert!(calls.remove(gone).await.unwrap_err().is_cancelled());
        }
        assert!(all(calls).await.iter().all(Result::is_ok));
        assert_eq!(log.names(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14]);
        let expected: Vec<_> = (0..13).map(|index| due(index, 9, AT_9_5)).collect();
        assert_eq!(log.times(), expected);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn who_leaves_after_it_started_takes_its_own_turn_only() {
    let (pacer, begun) = (pacer(), Instant::now());
    let endless = || std::future::pending::<Result<(), Throttle>>();
    for _ in 0..9 {
        let key = figures();
        let call = pacer.call(&key, None, endless, |_| true);
        assert!(with_deadline(Some(begun + ms(20)), call).await.is_none());
    }
    // Where they are is not known, so they count as late as can be.
    for expected in [606, 711, 816] {
        let answer = || async { Ok::<_, Throttle>(begun.elapsed()) };
        let started = pacer.call(&figures(), None, answer, |_| true).await;
        assert_eq!(started, Ok(ms(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        let mut waiting = Vec::new();
        for name in 0..40 {
            let tries = Cell::new(0);
            waiting.push(call(&pacer, &figures(), &log, name, None, move || {
                tries.set(tries.get() + 1);
                // Some are throttled once, and keep their place.
                if name % 7 == 3 && tries.get() == 1 { Err(Throttle) } else { Ok(()) }
            }));
            sleep(ms(10)).await;
        }
        assert!(all(waiting).await.iter().all(Result::is_ok));
        let names = log.names();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(names.len(), 46);
    };
    LocalSet::new().run_until(test).await;
}

#[test]
fn a_call_can_move_between_threads() {
    fn can_move(_: &impl Send) {}
    let (pacer, key) = (Arc::new(Pacer::new(Rates::default())), figures());
    can_move(&pacer.call(&key, None, || async { Err::<(), _>(Throttle) }, |_| true));
}
