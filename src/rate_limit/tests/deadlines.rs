//! Calls that run out of time.

use std::cell::Cell;
use std::rc::Rc;

use tokio::task::LocalSet;
use tokio::time::sleep;

use super::model::{Log, Throttle, all, call, calls, figures, ms, pacer, rates, tick};
use crate::rate_limit::*;

#[tokio::test(start_paused = true)]
async fn nothing_starts_at_the_deadline_or_after() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        // The tenth is due after 106 ms, the thirteenth after 422.
        let deadline = Some(Instant::now() + ms(422));
        let calls: Vec<_> =
            (0..20).map(|name| call(&pacer, &figures(), &log, name, deadline, || Ok(()))).collect();
        let patient = call(&pacer, &figures(), &log, 20, None, || Ok(()));
        let ended = all(calls).await;
        assert_eq!(log.begun.elapsed(), ms(422));
        assert!(ended[..12].iter().all(Result::is_ok));
        assert!(ended[12..].iter().all(|ended| *ended == Err(Unanswered::OutOfTime)));
        // What nobody took is there for whoever waits on.
        patient.await.unwrap().unwrap();
        assert_eq!(*log.starts.borrow().last().unwrap(), (20, ms(422)));
        let late = call(&pacer, &figures(), &log, 21, deadline, || Ok(()));
        assert_eq!(late.await.unwrap(), Err(Unanswered::OutOfTime));
        assert_eq!(log.names().len(), 13);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_ends_with_its_throttle() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        let deadline = Some(log.begun + Duration::from_secs(20));
        let call = call(&pacer, &figures(), &log, 0, deadline, || Err(Throttle));
        assert_eq!(call.await.unwrap(), Err(Unanswered::Failed(Throttle)));
        assert_eq!(log.begun.elapsed(), Duration::from_secs(20));
        let whole: Vec<_> = log.times().iter().map(|time| time.as_secs()).collect();
        assert_eq!(whole, [0, 0, 0, 1, 3, 4, 6, 8, 9, 11, 13, 14, 16, 18]);
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_it_gives_up_ten_minutes_after_its_first_try() {
    let test = async {
        let (pacer, log) = (Rc::new(Pacer::new(rates("0.1", "2"))), Log::new());
        let first = call(&pacer, &figures(), &log, 0, None, || Ok(()));
        let throttled = call(&pacer, &figures(), &log, 1, None, || Err(Throttle));
        first.await.unwrap().unwrap();
        assert_eq!(throttled.await.unwrap(), Err(Unanswered::Failed(Throttle)));
        let times = log.times();
        let first_try = tick(Duration::from_secs_f64(1.0 / 0.095));
        assert_eq!(times[1], first_try);
        assert_eq!(log.begun.elapsed(), first_try + Duration::from_secs(600));
        assert!(times.len() > 5, "{times:?}");

        // A call that is never throttled waits as long as it takes.
        let (pacer, log) = (Rc::new(Pacer::new(rates("0.001", "2"))), Log::new());
        assert!(all(calls(&pacer, &figures(), &log, 2)).await.iter().all(Result::is_ok));
        assert_eq!(log.times()[1], tick(Duration::from_secs_f64(1.0 / 0.000_95)));
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_on_its_way_is_dropped_at_the_deadline() {
    let (pacer, begun) = (pacer(), Instant::now());
    let tries = Cell::new(0);
    let attempt = |throttles| {
        let tries = &tries;
        move || {
            tries.set(tries.get() + 1);
            let throttled = tries.get() <= throttles;
            async move {
                if !throttled {
                    sleep(Duration::from_secs(60)).await;
                }
                Err::<(), _>(Throttle)
            }
        }
    };
    let deadline = Some(begun + Duration::from_secs(5));
    let ended = pacer.call(&figures(), deadline, attempt(0), |_| true).await;
    assert_eq!((ended, begun.elapsed()), (Err(Unanswered::OutOfTime), Duration::from_secs(5)));
    // What is known of a call that was throttled before is the throttle.
    tries.set(0);
    let deadline = Some(begun + Duration::from_secs(10));
    let ended = pacer.call(&figures(), deadline, attempt(1), |_| true).await;
    assert_eq!((ended, tries.get()), (Err(Unanswered::Failed(Throttle)), 2));
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}
