use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_connect::Client;
use aws_sdk_connect::config::{Config, Credentials, Region};
use aws_sdk_connect::types::QueueType;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use proptest::prelude::*;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::sleep;

use super::*;
use crate::error::sdk;

const FIGURES: &str = "connect:GetMetricDataV2";
const QUEUES: &str = "connect:ListQueues";

/// The tokens of 9.5 a second, and of 1.9 a second, to the nanosecond.
const AT_9_5: Duration = Duration::from_nanos(105_263_158);
const AT_1_9: Duration = Duration::from_nanos(526_315_789);

fn rates(requests: &str, lists: &str) -> Rates {
    Rates { requests: requests.parse().unwrap(), lists: lists.parse().unwrap(), ..Rates::default() }
}

fn pacer() -> Rc<Pacer> {
    Rc::new(Pacer::new(Rates::default()))
}

fn instance(region: &str, account: &str) -> InstanceArn {
    let id = "aaaabbbb-1111-4222-8333-ccccddddeeee";
    format!("arn:aws:connect:{region}:{account}:instance/{id}").parse().unwrap()
}

fn figures() -> RateKey {
    RateKey::figures(&instance("eu-west-2", "123456789012"), FIGURES)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Timers go by whole milliseconds, and never early.
fn tick(time: Duration) -> Duration {
    ms(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap())
}

/// When the call with this index starts, of those that come together at a full bucket.
fn due(index: u32, burst: u32, interval: Duration) -> Duration {
    tick(interval * (index + 1).saturating_sub(burst))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Throttle;

type Ended = Result<(), Unanswered<Throttle>>;

/// When calls started, by their names, and how long their answers take.
#[derive(Clone)]
struct Log {
    begun: Instant,
    latency: Duration,
    starts: Rc<RefCell<Vec<(usize, Duration)>>>,
}

impl Log {
    fn new() -> Self {
        Self { begun: Instant::now(), latency: Duration::ZERO, starts: Rc::default() }
    }

    fn note(&self, name: usize) {
        self.starts.borrow_mut().push((name, self.begun.elapsed()));
    }

    fn times(&self) -> Vec<Duration> {
        self.starts.borrow().iter().map(|(_, time)| *time).collect()
    }

    fn names(&self) -> Vec<usize> {
        self.starts.borrow().iter().map(|(name, _)| *name).collect()
    }
}

/// A call that asks `answer` each time it starts.
fn call(
    pacer: &Rc<Pacer>,
    key: &RateKey,
    (log, name): (&Log, usize),
    deadline: Option<Instant>,
    answer: impl Fn() -> Result<(), Throttle> + 'static,
) -> JoinHandle<Ended> {
    let (pacer, key, log) = (Rc::clone(pacer), key.clone(), log.clone());
    spawn_local(async move {
        let attempt = || {
            log.note(name);
            let (answer, latency) = (answer(), log.latency);
            async move {
                sleep(latency).await;
                answer
            }
        };
        pacer.call(&key, deadline, attempt, |Throttle| true).await
    })
}

/// So many calls at once that are all answered.
fn calls(pacer: &Rc<Pacer>, key: &RateKey, log: &Log, count: usize) -> Vec<JoinHandle<Ended>> {
    (0..count).map(|name| call(pacer, key, (log, name), None, || Ok(()))).collect()
}

async fn all(calls: Vec<JoinHandle<Ended>>) -> Vec<Ended> {
    let mut ended = Vec::new();
    for call in calls {
        ended.push(call.await.unwrap());
    }
    ended
}

/// The service's own bucket.
struct Service {
    rate: f64,
    burst: f64,
    tokens: Cell<f64>,
    at: Cell<Instant>,
    throttles: Cell<usize>,
}

impl Service {
    fn new(rate: f64, burst: f64) -> Rc<Self> {
        let at = Cell::new(Instant::now());
        Rc::new(Self { rate, burst, tokens: Cell::new(burst), at, throttles: Cell::new(0) })
    }

    fn ask(&self) -> Result<(), Throttle> {
        let passed = self.at.replace(Instant::now()).elapsed().as_secs_f64();
        let tokens = (self.tokens.get() + passed * self.rate).min(self.burst);
        if tokens < 1.0 {
            self.tokens.set(tokens);
            self.throttles.set(self.throttles.get() + 1);
            return Err(Throttle);
        }
        self.tokens.set(tokens - 1.0);
        Ok(())
    }
}

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
        let busy = call(&pacer, &keys[0], (&logs[0], 0), None, move || {
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
async fn a_throttle_slows_its_bucket_down_and_answers_quicken_it() {
    let test = async {
        let (pacer, log, throttled) = (pacer(), Log::new(), Cell::new(0));
        // Throttled twice, the bucket is empty and goes at a quarter.
        let first = call(&pacer, &figures(), (&log, 0), None, move || {
            throttled.set(throttled.get() + 1);
            if throttled.get() <= 2 { Err(Throttle) } else { Ok(()) }
        });
        let rest: Vec<_> =
            (1..60).map(|name| call(&pacer, &figures(), (&log, name), None, || Ok(()))).collect();
        first.await.unwrap().unwrap();
        all(rest).await;
        assert_eq!(log.names()[..6], [0, 0, 0, 1, 2, 3]);
        let times = log.times();
        let half = tick(AT_9_5 * 2);
        assert_eq!(times[..3], [ms(0), half, tick(half + AT_9_5 * 4)]);
        let gaps: Vec<_> = times[2..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        // 0.27 of the full rate after the first answer, 0.85 after 30, and all of it after 38.
        for (answers, share) in [(1, 0.27), (30, 0.85)] {
            let (gap, expected) = (gaps[answers - 1], AT_9_5.div_f64(share));
            assert!(gap.abs_diff(expected) <= ms(1), "{gap:?} {expected:?}");
        }
        assert!(gaps.windows(2).all(|pair| pair[1] <= pair[0] + ms(1)), "{gaps:?}");
        assert!(gaps[37..].iter().all(|gap| [ms(105), ms(106)].contains(gap)), "{gaps:?}");
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttle_is_forgotten_after_a_minute() {
    let mut tempo = TokenBucket::new("10".parse().unwrap(), BURST_SECONDS);
    for expected in [0.5, 0.25, 0.125, 0.0625, 0.0625] {
        assert_eq!(tempo.slow_down(Instant::now()), expected);
    }
    let now = Instant::now();
    assert_eq!(tempo.take_token(now), Err(now + AT_9_5 * 16));
    assert!(tempo.take_token(now + ms(59_999)).is_ok());
    assert_eq!(tempo.share, SLOWEST_SHARE);
    assert!(tempo.take_token(now + ms(60_000)).is_ok());
    assert_eq!(tempo.share, 1.0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_on_their_way_together_slow_down_once() {
    let test = async {
        let (pacer, log) = (pacer(), Log { latency: ms(5), ..Log::new() });
        let throttled: Vec<_> = (0..9)
            .map(|name| {
                let tries = Cell::new(0);
                call(&pacer, &figures(), (&log, name), None, move || {
                    tries.set(tries.get() + 1);
                    if tries.get() == 1 { Err(Throttle) } else { Ok(()) }
                })
            })
            .collect();
        let later = call(&pacer, &figures(), (&log, 9), None, || Ok(()));
        assert!(all(throttled).await.iter().all(Result::is_ok));
        later.await.unwrap().unwrap();
        // Who came first starts first again, and before those who have not tried yet.
        assert_eq!(log.names(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let times = log.times();
        assert_eq!((times[8], times[9]), (ms(0), tick(ms(5) + AT_9_5 * 2)));
        assert!(times[18] < ms(5) + AT_9_5 * 2 * 10, "{times:?}");
    };
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_at_the_deadline_or_after() {
    let test = async {
        let (pacer, log) = (pacer(), Log::new());
        // The tenth is due after 106 ms, the thirteenth after 422.
        let deadline = Some(Instant::now() + ms(422));
        let calls: Vec<_> = (0..20)
            .map(|name| call(&pacer, &figures(), (&log, name), deadline, || Ok(())))
            .collect();
        let patient = call(&pacer, &figures(), (&log, 20), None, || Ok(()));
        let ended = all(calls).await;
        assert_eq!(log.begun.elapsed(), ms(422));
        assert!(ended[..12].iter().all(Result::is_ok));
        assert!(ended[12..].iter().all(|ended| *ended == Err(Unanswered::OutOfTime)));
        // What nobody took is there for whoever waits on.
        patient.await.unwrap().unwrap();
        assert_eq!(*log.starts.borrow().last().unwrap(), (20, ms(422)));
        let late = call(&pacer, &figures(), (&log, 21), deadline, || Ok(()));
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
        let call = call(&pacer, &figures(), (&log, 0), deadline, || Err(Throttle));
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
        let first = call(&pacer, &figures(), (&log, 0), None, || Ok(()));
        let throttled = call(&pacer, &figures(), (&log, 1), None, || Err(Throttle));
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

#[tokio::test(start_paused = true)]
async fn what_is_no_throttle_is_not_tried_again() {
    let (pacer, tries) = (pacer(), Cell::new(0));
    let attempt = || {
        tries.set(tries.get() + 1);
        async { Err::<(), _>("refused") }
    };
    let ended = pacer.call(&figures(), None, attempt, |_| false).await;
    assert_eq!((ended, tries.get()), (Err(Unanswered::Failed("refused")), 1));
    assert_eq!(Unanswered::Failed("refused").to_string(), "refused");
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
            waiting.push(call(&pacer, &figures(), (&log, name), None, move || {
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

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_are_quick_and_never_throttled() {
    let test = async {
        let (pacer, log, service) = (pacer(), Log::new(), Service::new(10.0, 10.0));
        let calls: Vec<_> = (0..200)
            .map(|name| {
                let service = Rc::clone(&service);
                call(&pacer, &figures(), (&log, name), None, move || service.ask())
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
                    call(&pacer, &figures(), (&log, name), None, move || service.ask())
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

#[test]
fn a_call_can_move_between_threads() {
    fn can_move(_: &impl Send) {}
    let (pacer, key) = (Arc::new(Pacer::new(Rates::default())), figures());
    can_move(&pacer.call(&key, None, || async { Err::<(), _>(Throttle) }, |_| true));
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
            let call = call(&pacer, &figures(), (&log, 0), None, move || {
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

/// Answers a status and a code, and counts the requests.
#[derive(Clone, Debug)]
struct Canned {
    answers: Arc<Vec<(u16, &'static str)>>,
    requests: Arc<AtomicUsize>,
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        let (status, code) = self.answers[request.min(self.answers.len() - 1)];
        let body = r#"{"QueueSummaryList": []}"#;
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into());
        if !code.is_empty() {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The SDK's client at a service that answers this, with the classifier or without, and how many
/// requests a call makes.
async fn requests_of_a_call(answers: &[(u16, &'static str)], paced: bool) -> (usize, bool) {
    let requests = Arc::new(AtomicUsize::new(0));
    let canned = Canned { answers: Arc::new(answers.to_vec()), requests: Arc::clone(&requests) };
    let mut config = Config::builder()
        .behavior_version(crate::settings::behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(canned.clone())));
    if paced {
        config = config.retry_classifier(LeaveThrottles);
    }
    let client = Client::from_conf(config.build());
    let call = client.list_queues().instance_id("id").queue_types(QueueType::Standard).send();
    let throttled = call.await.is_err_and(|error| sdk::is_throttled(&error));
    (requests.load(Ordering::SeqCst), throttled)
}

#[tokio::test(start_paused = true)]
async fn the_sdk_retries_what_is_no_throttle() {
    let throttle = (429, "ThrottlingException");
    for (answers, paced, expected) in [
        (&[throttle][..], false, (3, true)),
        (&[throttle], true, (1, true)),
        // Some throttles have other statuses.
        (&[(400, "ThrottlingException")], true, (1, true)),
        (&[(503, "SlowDown")], true, (1, true)),
        (&[(500, "InternalServiceException"), (200, "")], true, (2, false)),
        (&[(503, "")], true, (3, false)),
        (&[(500, ""), throttle], true, (2, true)),
    ] {
        assert_eq!(requests_of_a_call(answers, paced).await, expected, "{answers:?} {paced}");
    }
}
