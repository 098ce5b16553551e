//! The filter `say`: texts in the language of the message.

use std::collections::BTreeMap;

use serde_json::Value;
use tera::{Kwargs, State, TeraResult};

use crate::language::Locale;

/// A text in the message's language, by its English words; named values stand in their places.
pub(super) fn say(english: String, values: Kwargs, state: &State<'_>) -> TeraResult<String> {
    let tag = state.get::<String>("language")?;
    let locale = tag.and_then(|tag| Locale::parse(&tag)).unwrap_or_default();
    let values: BTreeMap<String, Value> = values.deserialize()?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let values: Vec<(String, String)> =
        values.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let values: Vec<(&str, &str)> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(locale.language().say_with(&english, &values))
}
