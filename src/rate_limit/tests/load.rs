//! Many calls at once: alone, beside a neighbour, and at random times.

use std::cell::Cell;
use std::rc::Rc;

use proptest::prelude::*;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::model::{AT_9_5, Log, Service, Throttle, all, call, figures, ms, pacer, tick};
use crate::rate_limit::*;

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_are_quick_and_never_throttled() {
    let test = async {
        let (pacer, log, service) = (pacer(), Log::new(), Service::new(10.0, 10.0));
        let calls: Vec<_> = (0..200)
            .map(|name| {
                let service = Rc::clone(&service);
                call(&pacer, &figures(), &log, name, None, move || service.ask())
            })
            .collect();
        assert!(all(calls).await.iter().all(Result::is_ok));
        assert_eq!(service.throttles.get(), 0);
        assert_eq!(log.begun.elapsed(), tick(AT_9_5 * 191));
        assert!(log.begun.elapsed().as_secs_f64() <= 1.15 * (200.0 - 10.0) / 10.0);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_finish_beside_a_neighbour() {
    // The half that is left over would do for them in 38 seconds.
    for (latency, seconds, throttled) in [(0, 37, 11), (300, 37, 12), (3000, 42, 51)] {
        let test = async move {
            let (pacer, log) = (pacer(), Log { latency: ms(latency), ..Log::new() });
            let service = Service::new(10.0, 10.0);
            let neighbour = spawn_local(takes_half(Rc::clone(&service)));
            let calls: Vec<_> = (0..200)
                .map(|name| {
                    let service = Rc::clone(&service);
                    call(&pacer, &figures(), &log, name, None, move || service.ask())
                })
                .collect();
            assert!(all(calls).await.iter().all(Result::is_ok));
            neighbour.abort();
            let ended = (log.begun.elapsed().as_secs(), log.names().len() - 200);
            assert_eq!(ended, (seconds, throttled), "answers after {latency} ms");
        };
        LocalSet::new().run_until(test).await;
    }
}

/// A neighbour with half of the rate, which it never exceeds.
async fn takes_half(service: Rc<Service>) {
    loop {
        // Throttled or not, it asks on.
        let _ = service.ask();
        sleep(ms(200)).await;
    }
}

/// How long a call takes to reach the service, and how long its answer takes to come back, in
/// milliseconds: the first ones open their connections.
fn delays() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let delay = prop_oneof![3 => (0_u64..20, 0_u64..100), 1 => (0_u64..500, 0_u64..1000)];
    prop::collection::vec(delay, 10..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn calls_that_arrive_together_are_not_throttled(delays in delays()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let test = async {
            let (pacer, service, key) = (pacer(), Service::new(10.0, 10.0), figures());
            let calls = delays.iter().map(|(there, back)| {
                let service = Rc::clone(&service);
                let attempt = move || {
                    let service = Rc::clone(&service);
                    async move {
                        sleep(ms(*there)).await;
                        let answer = service.ask();
                        sleep(ms(*back)).await;
                        answer
                    }
                };
                pacer.call(&key, None, attempt, |Throttle| true)
            });
            let ended = futures_util::future::join_all(calls).await;
            (ended.iter().all(Result::is_ok), service.throttles.get())
        };
        prop_assert_eq!(runtime.block_on(test), (true, 0));
    }
}

/// A call of the property test: when it comes, whether it is dropped again, and after how long, and
/// how often it is throttled.
#[derive(Clone, Debug)]
struct Visit {
    comes: u64,
    leaves_after: Option<u64>,
    throttles: usize,
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let leaves_after = prop_oneof![3 => Just(None), 1 => (0_u64..3000).prop_map(Some)];
    let throttles = prop_oneof![8 => Just(0_usize), 1 => 1_usize..4];
    let visit = (0_u64..8000, leaves_after, throttles)
        .prop_map(|(comes, leaves_after, throttles)| Visit { comes, leaves_after, throttles });
    prop::collection::vec(visit, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_window_has_more_starts_than_the_bucket_allows(visits in visits()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (times, ended) = LocalSet::new().block_on(&runtime, visit_all(&visits));
        for (first, from) in times.iter().enumerate() {
            for (last, to) in times.iter().enumerate().skip(first) {
                let starts = f64::from(u32::try_from(last - first + 1).unwrap());
                let allowed = 9.0 + 9.5 * (*to - *from).as_secs_f64();
                prop_assert!(starts <= allowed + 1e-6, "{starts} from {from:?} to {to:?}");
            }
        }
        for (visit, ended) in visits.iter().zip(ended) {
            prop_assert!(visit.leaves_after.is_some() || ended, "{visit:?} got no answer");
        }
    }
}

/// When all the tries started, and which of the calls were answered.
async fn visit_all(visits: &[Visit]) -> (Vec<Duration>, Vec<bool>) {
    let (pacer, log) = (pacer(), Log::new());
    let mut visitors = Vec::new();
    for visit in visits.iter().cloned() {
        let (pacer, log) = (Rc::clone(&pacer), log.clone());
        visitors.push(spawn_local(async move {
            sleep(ms(visit.comes)).await;
            let tries = Cell::new(0);
            let call = call(&pacer, &figures(), &log, 0, None, move || {
                tries.set(tries.get() + 1);
                if tries.get() <= visit.throttles { Err(Throttle) } else { Ok(()) }
            });
            let leaves = visit.leaves_after.map(|after| Instant::now() + ms(after));
            let stop = call.abort_handle();
            let ended = with_deadline(leaves, call).await;
            stop.abort();
            matches!(ended, Some(Ok(Ok(()))))
        }));
    }
    let mut ended = Vec::new();
    for visitor in visitors {
        ended.push(visitor.await.unwrap());
    }
    (log.times(), ended)
}
