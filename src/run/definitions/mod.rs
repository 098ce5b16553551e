//! Definitions as they lie in the store become reports, or failures with every problem.

pub(crate) mod load;
