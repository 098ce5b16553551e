//! The ways to steer the simulator: faults to have, and routes besides those of AWS.

pub(crate) mod bad_answers;
pub(crate) mod faults;
pub(crate) mod own_routes;
