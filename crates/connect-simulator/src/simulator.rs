//! The simulator as a server on loopback.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::api::account::Account;
use crate::api::mailbox::SentMessage;
use crate::api::operation::Operation;
use crate::api::rates::Buckets;
use crate::centre::Centre;
use crate::control::faults::Fault;
use crate::options::Options;
use crate::routes;
use crate::state::{Call, ServerState};
use crate::sync::lock;

/// A running simulator; it stops listening when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    state: Arc<ServerState>,
    listener: JoinHandle<Infallible>,
}

impl Simulator {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// If the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let account = Account {
            centre: Centre::sized(options.centre, options.seed, options.queues),
            page_size: options.page_size.max(1),
            clock: options.clock,
            limits: options.limits,
            layout: options.layout,
            answers: Mutex::default(),
            messages: Mutex::default(),
            accepted: Mutex::default(),
        };
        let state = Arc::new(ServerState {
            account,
            buckets: options.rates.map(|rates| Mutex::new(Buckets::new(rates))),
            latency: options.latency,
            instance: options.instance,
            faults: Mutex::default(),
            calls: Mutex::default(),
            called: Notify::new(),
            answers: Mutex::default(),
        });
        Ok(Self {
            address: listener.local_addr()?,
            listener: tokio::spawn(accept(listener, Arc::clone(&state))),
            state,
        })
    }

    /// The endpoint URL for the SDK clients, such as `http://127.0.0.1:4566`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The contact centre behind it.
    pub fn centre(&self) -> &Centre {
        &self.state.account.centre
    }

    /// The messages that were sent, in order.
    pub fn messages(&self) -> Vec<SentMessage> {
        lock(&self.state.account.messages).clone()
    }

    /// Every request to an operation of AWS, in order, including those with a fault.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.state.calls).clone()
    }

    /// Waits until an operation has been called `times` times.
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

    /// Makes the next `times` requests of an operation fail with this fault, or all of them for `None`. It
    /// replaces an earlier fault of the operation.
    pub fn misbehave(&self, operation: Operation, fault: Fault, times: Option<u32>) {
        lock(&self.state.faults).set_fault(operation, fault, times);
    }

    /// Makes one of so many requests fail by a chance that follows from the seed: throttled, with a server error,
    /// dropped before or after it is done, slow, or with a broken answer.
    pub fn misbehave_by_chance(&self, seed: u64, one_of: u32) {
        lock(&self.state.faults).leave_to_chance(seed, one_of);
    }

    /// Forgets all faults.
    pub fn behave(&self) {
        lock(&self.state.faults).clear_all();
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

async fn accept(listener: TcpListener, state: Arc<ServerState>) -> Infallible {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&state)));
                }
                // File descriptors may have run out; other connections may close meanwhile.
                Err(error) => {
                    tracing::warn!(%error, "no connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<ServerState>) {
    let service = service_fn(|request| routes::answer(&state, request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::info!(%error, "connection closed");
    }
}
