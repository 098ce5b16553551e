//! Mails people the queue figures of their Amazon Connect contact centre.
//!
//! An event asks for reports; each is one definition (TOML), run for one window:
//!
//! ```text
//! event ─► which reports are due ─► for each run:
//!   claim ─► plan ─► requests, pages ─► tables ─► render ─► message ─► deliver ─► record ─► outcome
//! ```
//!
//! The rooms, in the order of that flow; each uses only those above it, and all may use [`metric`], the
//! catalogue of the service's metrics, which is a crate of its own:
//!
//! - [`error`]: what can go wrong, as codes that programs act on; the SDK's errors told apart
//! - `concurrency`: futures until a deadline, to their panic, several at once
//! - [`retry`]: every policy by which something is tried again, waited for or given up
//! - [`address`], [`instance`]: mail addresses that SES takes, Connect instances by their ARN
//! - [`destination`]: where messages go, of whichever kind
//! - [`settings`]: the environment as a value
//! - [`language`]: the texts and dates of messages in each of their languages
//! - [`window`]: zones, calendar windows, the windows they are compared with
//! - [`definition`]: TOML as written becomes a valid report, or problems with their places; what is
//!   due
//! - [`trigger`]: an EventBridge event, an order or a message of a queue becomes what is asked for
//! - [`plan`]: what sections ask becomes requests; the form of answers
//! - `policy`: the IAM policy that definitions need (feature `cli`)
//! - [`rate_limit`]: calls in turn, so that the account's rates are kept
//! - `pages`: all pages of an answer, from the first to the last
//! - [`connect`]: requests through all their pages; the names of queues, agents and the rest
//! - [`table`]: answers become rows and totals, with changes and targets; number and time formats
//! - [`render`]: tables become subject, HTML, text and attachments
//! - [`mail`]: the message as MIME, and through SES
//! - [`store`]: definitions and records in a folder or in S3, written on condition
//! - [`queue`]: orders for other invocations, through SQS
//! - [`telemetry`]: the logs of both shells, and metrics
//! - [`run`]: from an order to its outcome; alone knows all of the above
//! - [`lambda`]: the shell in AWS
//! - `cli`: the shell at a terminal; its demo and its previews talk to `connect_simulator`, a local Connect and
//!   SES, likewise a crate of its own (feature `cli`)
//!
//! Between requests and message everything is pure: no clock, no environment, no network.

pub mod address;
#[cfg(feature = "cli")]
pub mod cli;
mod concurrency;
pub mod connect;
pub mod definition;
pub mod destination;
pub mod error;
pub mod instance;
pub mod lambda;
pub mod language;
pub mod mail;
mod pages;
pub mod plan;
#[cfg(feature = "cli")]
pub mod policy;
pub mod queue;
pub mod rate_limit;
pub mod render;
pub mod retry;
pub mod run;
pub mod settings;
pub mod store;
pub mod table;
pub mod telemetry;
pub mod trigger;
pub mod window;

pub use connect_metrics as metric;
