//! Messages.

pub(crate) mod build;
pub(crate) mod templates;
