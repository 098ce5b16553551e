//! A job: a run as this invocation has it.

pub(crate) mod clock;
pub(crate) mod stop;
pub(crate) mod work;
