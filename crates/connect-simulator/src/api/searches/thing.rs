//! One thing that a search may find.

use std::collections::BTreeMap;

use serde_json::Value;

/// Something that may be found: what the answer tells of it, and what it is found by.
pub(super) struct Thing<'a> {
    pub(super) told: Value,
    pub(super) fields: Vec<(&'static str, &'a str)>,
    pub(super) tags: Option<&'a BTreeMap<String, String>>,
    pub(super) is_standard_queue: bool,
    /// An agent's own group, and those that it belongs to.
    pub(super) groups: Vec<&'a str>,
}
