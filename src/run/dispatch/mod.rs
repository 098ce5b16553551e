//! Dispatch.

pub(crate) mod executor;
pub(crate) mod fan_out;
pub(crate) mod order_gate;
#[cfg(feature = "cli")]
pub(crate) mod past_runs;
pub(crate) mod resend;
pub(crate) mod shards;
pub(crate) mod waiting;
