//! The ledger.

pub(crate) mod fence;
pub(crate) mod recipient;
pub(crate) mod record;
pub(crate) mod records;
pub(crate) mod store;
