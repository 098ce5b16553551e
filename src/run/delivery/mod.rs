//! Delivery.

pub(crate) mod attempt;
pub(crate) mod notice;
pub(crate) mod sender;
