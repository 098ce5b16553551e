//! Outcomes: the states of runs and deliveries, the outcome of each run and of an invocation, and the answer
//! and the metrics that these become.

mod batch;
mod log;
mod metrics;
mod response;
mod run_outcome;
mod status;

pub use batch::{Batch, Outcome, Queued};
pub(crate) use log::{log_error, log_failure};
pub use response::{Answer, Handled};
pub(crate) use run_outcome::defect;
pub use run_outcome::{Delivery, FetchStats, RunOutcome};
pub(crate) use status::{DeliveryState, RunState};
pub use status::{DeliveryStatus, Status};
