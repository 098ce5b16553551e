//! Schedule.

pub(crate) mod due;
pub(crate) mod invalid;
pub(crate) mod preflight;
