#![doc = include_str!("../README.md")]
//!
//! ## Inside
//!
//! Each room uses only those above it:
//!
//! - `random`, `sync`, `url`: chance that repeats, locks, parts of URLs
//! - `centre`: the contact centre, its contacts, and the figures computed from them
//! - `api`: the operations of Connect and SES by their rules
//! - `control`: faults, and routes besides those of AWS
//! - `options`: the choices with which a simulator is started
//! - `state`: the state that all connections share
//! - `routes`: the way of a request to its answer
//! - `simulator`: the server
#![expect(
    clippy::indexing_slicing,
    reason = "a member that JSON lacks is null, and the indices of queues, profiles and agents are the centre's own"
)]

mod api;
mod centre;
mod control;
mod options;
mod random;
mod routes;
mod simulator;
mod state;
mod sync;
mod url;

pub use api::access::Access;
pub use api::account::SimulatorClock;
pub use api::instance::{Instance, InvalidInstance};
pub use api::mailbox::SentMessage;
pub use api::metric_data::check_metric_data;
pub use api::operation::{Operation, UnknownOperation};
pub use api::rates::{Rate, Rates};
pub use api::refusal::Refusal;
pub use centre::{
    Agent, Centre, CentreKind, Channel, Contact, DisconnectReason, Figure, Handling, Hierarchy,
    HierarchyGroup, HierarchyLevel, Incident, InitiationMethod, Interval, IntervalLayout,
    MetricFilter, MetricRequest, Query, Queue, QueueExit, QueueType, RoutingProfile, Row, Waiting,
    computes_metric,
};
pub use connect_metrics::{Comparison, Limits};
pub use control::faults::Fault;
pub use options::Options;
pub use simulator::Simulator;
pub use state::Call;
