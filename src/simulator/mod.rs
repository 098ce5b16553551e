//! An honest local Amazon Connect and SES v2: what the demonstration, the previews and the tests
//! talk to instead of AWS.
//!
//! It listens on loopback and answers the AWS SDKs (point their endpoint URL at
//! [`Simulator::url`]) as well as plain unsigned requests. Figures are computed from the contacts
//! of a [`Centre`], so that any grouping, filter or window agrees with any other. The limits of
//! the API are enforced, messages are kept to be read, and it misbehaves when told so.

mod access;
mod answer;
mod arrivals;
mod bad_answers;
pub mod centre;
pub mod contact;
mod day;
mod definitions;
mod faults;
mod figures;
mod floor;
mod handling;
mod hierarchy;
mod instance;
mod intervals;
mod limits;
mod lists;
mod mailbox;
mod metrics_api;
mod operation;
mod own_routes;
mod pages;
mod query;
mod queues;
mod random;
mod rates;
mod refusal;
mod routes;
mod searches;
mod ses;
mod shifts;
mod staff;
#[cfg(test)]
mod tests;
mod url;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

pub use access::Access;
pub use centre::{
    Agent, Centre, Figure, Hierarchy, HierarchyGroup, HierarchyLevel, Interval, MetricFilter,
    MetricRequest, Query, Queue, QueueType, RoutingProfile, Row,
};
pub use contact::{Channel, Contact, DisconnectReason, Handling, InitiationMethod};
pub use faults::Fault;
pub use intervals::Layout;
pub use operation::{Operation, UnknownOperation};
pub use rates::{Rate, Rates};
pub use ses::SentMessage;

use crate::instance::InstanceArn;
use crate::metric::Limits;
use faults::Faults;
use metrics_api::RecentAnswers;
use rates::Buckets;

/// How a simulator is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the contact centre is made from.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Rows a page at most; small, so that clients have to page.
    pub page_size: usize,
    /// What time it is for the rules about the past and the future.
    pub clock: Clock,
    /// How many standard queues the centre has, see [`Centre::sized`].
    pub queues: usize,
    /// What a request for figures may ask. The figures themselves do not depend on it.
    pub limits: Limits,
    /// How many requests the account may make; `None`: any number.
    pub rates: Option<Rates>,
    /// How long each answer takes, as over a network.
    pub latency: Duration,
    /// The only instance that there is; `None`: any, in the Region that requests for it go to.
    pub instance: Option<InstanceArn>,
    /// The layout of the intervals of windows.
    pub layout: Layout,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 7,
            port: 0,
            page_size: 5,
            clock: Clock::System,
            queues: Centre::QUEUES,
            limits: Limits::CURRENT,
            rates: None,
            latency: Duration::ZERO,
            instance: None,
            layout: Layout::default(),
        }
    }
}

/// What "now" is.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The time of this computer.
    System,
    /// Always this instant.
    At(Timestamp),
}

impl Clock {
    fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::At(instant) => instant,
        }
    }
}

/// A running simulator; it stops listening when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    state: Arc<State>,
    listener: JoinHandle<Infallible>,
}

/// A request that was answered or refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// The body; for the lists an object of the instance and the query parameters. A body that is
    /// no JSON is a string.
    pub body: Value,
    /// What IAM would check.
    pub accesses: Vec<Access>,
    /// When it came, by tokio's clock, which tests may hold.
    pub at: Instant,
    /// Whether it was refused because it was above the account's [rates](Options::rates).
    pub throttled: bool,
}

/// What all connections share.
#[derive(Debug)]
struct State {
    centre: Centre,
    page_size: usize,
    clock: Clock,
    limits: Limits,
    buckets: Option<Mutex<Buckets>>,
    latency: Duration,
    instance: Option<InstanceArn>,
    layout: Layout,
    faults: Mutex<Faults>,
    calls: Mutex<Vec<Call>>,
    /// Wakes those who wait for a call.
    called: Notify,
    messages: Mutex<Vec<SentMessage>>,
    answers: Mutex<RecentAnswers>,
    /// How many answers there were and how many messages, for ids that never repeat.
    requests: Mutex<u64>,
    accepted: Mutex<u64>,
}

impl Simulator {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// If the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let state = Arc::new(State {
            centre: Centre::sized(options.seed, options.queues),
            page_size: options.page_size.max(1),
            clock: options.clock,
            limits: options.limits,
            buckets: options.rates.map(|rates| Mutex::new(Buckets::new(rates))),
            latency: options.latency,
            instance: options.instance,
            layout: options.layout,
            faults: Mutex::default(),
            calls: Mutex::default(),
            called: Notify::new(),
            messages: Mutex::default(),
            answers: Mutex::default(),
            requests: Mutex::default(),
            accepted: Mutex::default(),
        });
        Ok(Self {
            address: listener.local_addr()?,
            listener: tokio::spawn(accept(listener, Arc::clone(&state))),
            state,
        })
    }

    /// Where it listens, such as `http://127.0.0.1:4566`: the endpoint URL of the SDK clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The contact centre behind it.
    pub fn centre(&self) -> &Centre {
        &self.state.centre
    }

    /// The messages that were sent, in order.
    pub fn messages(&self) -> Vec<SentMessage> {
        lock(&self.state.messages).clone()
    }

    /// Every request to an operation of AWS, in order, those that a fault hit included.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.state.calls).clone()
    }

    /// Waits until an operation has been called so often.
    pub async fn has_called(&self, operation: Operation, times: usize) {
        loop {
            let next = self.state.called.notified();
            let calls = lock(&self.state.calls).iter().filter(|c| c.operation == operation).count();
            if calls >= times {
                return;
            }
            next.await;
        }
    }

    /// Has the next `times` requests of an operation fail so, or all of them with `None`; replaces
    /// what was told of this operation before.
    pub fn misbehave(&self, operation: Operation, fault: Fault, times: Option<u32>) {
        lock(&self.state.faults).tell(operation, fault, times);
    }

    /// Has one of so many requests fail, by chance that the seed decides: throttled, with a server
    /// error, dropped before or after it is done, slow, or with a broken answer.
    pub fn misbehave_by_chance(&self, seed: u64, one_of: u32) {
        lock(&self.state.faults).leave_to_chance(seed, one_of);
    }

    /// Forgets all faults.
    pub fn behave(&self) {
        lock(&self.state.faults).clear();
    }

    /// Serves until the process ends.
    pub async fn serve_forever(mut self) {
        let Err(error) = (&mut self.listener).await;
        tracing::error!(%error, "the simulator stopped");
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) -> Infallible {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&state)));
                }
                // Out of file descriptors, say: others may close meanwhile.
                Err(error) => {
                    tracing::warn!(%error, "no connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(|request| routes::answer(&state, request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::info!(%error, "connection closed");
    }
}

/// Whether the simulator computes this metric.
pub fn knows(metric: &str) -> bool {
    definitions::find(metric).is_some()
}

/// A panic elsewhere must not take the simulator with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
