//! The filters of subjects that make more of what they are given, with a bound on what they make.
//!
//! Tera's own have none, and ten of them in a row fill any memory.

use std::collections::BTreeMap;

use tera::{Error, Kwargs, State, Tera, TeraResult, Value};

use super::super::say::say;

/// The most bytes of a filter's result, and of what it is made of.
const MOST_BYTES: usize = 10_000;

/// Puts these filters in the place of Tera's.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("join", join);
    tera.register_filter("replace", replace);
    tera.register_filter("say", say_within);
    tera.register_filter("split", split);
    tera.register_filter("str", |value: &Value, _: Kwargs, _: &State<'_>| to_text(value));
}

fn replace(text: &str, arguments: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let from: &str = arguments.must_get("from")?;
    let to: &str = arguments.must_get("to")?;
    check_size(text.len())?;
    let added = text.matches(from).count().saturating_mul(to.len());
    check_size(text.len().saturating_add(added))?;
    Ok(text.replace(from, to))
}

fn split(text: &str, arguments: Kwargs, _: &State<'_>) -> TeraResult<Vec<Value>> {
    check_size(text.len())?;
    Ok(text.split(arguments.must_get::<&str>("pat")?).map(Value::from).collect())
}

fn join(list: &[Value], arguments: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let separator = arguments.get::<&str>("sep")?.unwrap_or_default();
    let mut joined = String::new();
    for (index, value) in list.iter().enumerate() {
        let value = to_text(value)?;
        let separator = if index == 0 { "" } else { separator };
        check_size(joined.len().saturating_add(separator.len()).saturating_add(value.len()))?;
        joined.push_str(separator);
        joined.push_str(&value);
    }
    Ok(joined)
}

fn say_within(english: &str, arguments: Kwargs, state: &State<'_>) -> TeraResult<String> {
    let values: BTreeMap<String, usize> = arguments
        .iter()
        .map(|(name, value)| Ok((name.to_string(), to_text(value)?.len())))
        .collect::<TeraResult<_>>()?;
    let longest = values.values().copied().max().unwrap_or(0);
    let added = english.matches('{').count().saturating_mul(longest);
    check_size(english.len().saturating_add(added))?;
    say(english.to_owned(), arguments, state)
}

/// The text of a value that is no list and no map.
fn to_text(value: &Value) -> TeraResult<String> {
    if value.is_array() || value.is_map() || value.is_bytes() {
        return Err(Error::message(format!("found {}, expected a text or a number", value.name())));
    }
    check_size(value.as_str().map_or(0, str::len))?;
    Ok(value.to_string())
}

fn check_size(bytes: usize) -> TeraResult<()> {
    if bytes > MOST_BYTES {
        let message = format!("a filter of a subject makes {MOST_BYTES} bytes at most");
        return Err(Error::message(message));
    }
    Ok(())
}
