//! The model: a log of calls, and a service with a bucket of its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

use crate::rate_limit::*;

pub(super) const FIGURES: &str = "connect:GetMetricDataV2";
pub(super) const QUEUES: &str = "connect:ListQueues";

/// The tokens of 9.5 a second, and of 1.9 a second, to the nanosecond.
pub(super) const AT_9_5: Duration = Duration::from_nanos(105_263_158);
pub(super) const AT_1_9: Duration = Duration::from_nanos(526_315_789);

pub(super) fn rates(requests: &str, lists: &str) -> Rates {
    Rates { requests: requests.parse().unwrap(), lists: lists.parse().unwrap(), ..Rates::default() }
}

pub(super) fn pacer() -> Rc<Pacer> {
    Rc::new(Pacer::new(Rates::default()))
}

pub(super) fn instance(region: &str, account: &str) -> InstanceArn {
    let id = "aaaabbbb-1111-4222-8333-ccccddddeeee";
    format!("arn:aws:connect:{region}:{account}:instance/{id}").parse().unwrap()
}

pub(super) fn figures() -> RateKey {
    RateKey::figures(&instance("eu-west-2", "123456789012"), FIGURES)
}

pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Timers go by whole milliseconds, and never early.
pub(super) fn tick(time: Duration) -> Duration {
    ms(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap())
}

/// When the call with this index starts, of those that come together at a full bucket.
pub(super) fn due(index: u32, burst: u32, interval: Duration) -> Duration {
    tick(interval * (index + 1).saturating_sub(burst))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttle;

pub(super) type Ended = Result<(), Unanswered<Throttle>>;

/// When calls started, by their names, and how long their answers take.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) begun: Instant,
    pub(super) latency: Duration,
    pub(super) starts: Rc<RefCell<Vec<(usize, Duration)>>>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), latency: Duration::ZERO, starts: Rc::default() }
    }

    pub(super) fn note(&self, name: usize) {
        self.starts.borrow_mut().push((name, self.begun.elapsed()));
    }

    pub(super) fn times(&self) -> Vec<Duration> {
        self.starts.borrow().iter().map(|(_, time)| *time).collect()
    }

    pub(super) fn names(&self) -> Vec<usize> {
        self.starts.borrow().iter().map(|(name, _)| *name).collect()
    }
}

/// A call that asks `answer` each time it starts.
pub(super) fn call(
    pacer: &Rc<Pacer>,
    key: &RateKey,
    log: &Log,
    name: usize,
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
pub(super) fn calls(
    pacer: &Rc<Pacer>,
    key: &RateKey,
    log: &Log,
    count: usize,
) -> Vec<JoinHandle<Ended>> {
    (0..count).map(|name| call(pacer, key, log, name, None, || Ok(()))).collect()
}

pub(super) async fn all(calls: Vec<JoinHandle<Ended>>) -> Vec<Ended> {
    let mut ended = Vec::new();
    for call in calls {
        ended.push(call.await.unwrap());
    }
    ended
}

/// The service's own bucket.
pub(super) struct Service {
    pub(super) rate: f64,
    pub(super) burst: f64,
    pub(super) tokens: Cell<f64>,
    pub(super) at: Cell<Instant>,
    pub(super) throttles: Cell<usize>,
}

impl Service {
    pub(super) fn new(rate: f64, burst: f64) -> Rc<Self> {
        let at = Cell::new(Instant::now());
        Rc::new(Self { rate, burst, tokens: Cell::new(burst), at, throttles: Cell::new(0) })
    }

    pub(super) fn ask(&self) -> Result<(), Throttle> {
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
