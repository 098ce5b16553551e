//! The schedule: the runs that a trigger starts or closes, what the ledger knows of them beforehand, and the
//! definitions that are not valid.

mod due;
mod invalid;
mod preflight;

pub(crate) use due::DueRuns;
pub(crate) use invalid::answer_invalid;
pub(crate) use preflight::{KnownRuns, Preflight};
