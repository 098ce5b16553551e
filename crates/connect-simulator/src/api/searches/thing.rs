//! One entry that a search may find.

use std::collections::BTreeMap;

use serde_json::Value;

/// An entry that may be found: its JSON in the answer, and the fields by which it is found.
pub(super) struct FoundEntry<'a> {
    pub(super) json: Value,
    pub(super) fields: Vec<(&'static str, &'a str)>,
    pub(super) tags: Option<&'a BTreeMap<String, String>>,
    pub(super) is_standard_queue: bool,
    /// An agent's own group, and those above it.
    pub(super) groups: Vec<&'a str>,
}
