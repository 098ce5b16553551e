//! Queries.

pub(crate) mod name_cache;
pub(crate) mod query_pool;
pub(crate) mod sections;
