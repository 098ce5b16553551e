//! Reading TOML tables so that every problem is found, each with its place.
//!
//! A reader remembers the keys that it was asked for; what a table holds besides is unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Placed, Problems, choice};

/// A TOML value with its place.
pub(super) type Value<'d> = &'d Spanned<DeValue<'d>>;

/// One table of a definition.
pub(super) struct Table<'d> {
    problems: &'d Problems<'d>,
    table: &'d DeTable<'d>,
    span: Range<usize>,
    name: &'static str,
    known: Vec<&'static str>,
}

impl<'d> Table<'d> {
    /// The table; `span` is where a missing key is reported.
    pub(super) fn new(
        problems: &'d Problems<'d>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        name: &'static str,
    ) -> Self {
        Self { problems, table, span, name, known: Vec::new() }
    }

    pub(super) fn problems(&self) -> &'d Problems<'d> {
        self.problems
    }

    /// Where the table's header stands.
    pub(super) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The value of `key`, if there is one.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Value<'d>> {
        let value = self.get(key);
        if value.is_none() {
            let message = format!("{} has no `{key}`", self.name);
            self.problems.error(&self.span, "missing-key", message, format!("add {example}"));
        }
        value
    }

    /// Refuses a key that a later version reads, unless it says what holds anyway.
    pub(super) fn not_yet(&mut self, key: &'static str, as_now: &[&str]) {
        self.known.push(key);
        let Some((written, value)) = self.table.get_key_value(key) else {
            return;
        };
        if value.get_ref().as_str().is_some_and(|text| as_now.contains(&text)) {
            return;
        }
        let help = match as_now {
            [] => format!("remove `{key}`"),
            choice => format!("remove `{key}`, or write `{key} = \"{}\"`", choice.join("\" or \"")),
        };
        let message = format!("`{key}` is not supported by this version yet");
        self.problems.error(&written.span(), "not-yet", message, help);
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(mut self) {
        self.known.sort_unstable();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let message = format!("{} has no key `{name}`", self.name);
                let help = choice(name, &self.known);
                self.problems.error(&key.span(), "unknown-key", message, help);
            }
        }
    }
}

impl<'d> Problems<'d> {
    fn wrong_type(&self, value: Value<'_>, wanted: &str) {
        let message = format!("found {}, expected {wanted}", type_name(value.get_ref()));
        self.error(&value.span(), "wrong-type", message, format!("write {wanted}"));
    }

    /// A text on one line, such as people read in a heading.
    pub(super) fn line(&self, value: Value<'d>) -> Option<Placed<String>> {
        let text = self.text(value)?;
        if text.value.chars().any(char::is_control) {
            let help = "write it on one line, without tabs";
            self.error(
                &value.span(),
                "control-character",
                "found a line break or a control character",
                help,
            );
            return None;
        }
        Some(text)
    }

    /// A text that is not blank.
    pub(super) fn text(&self, value: Value<'d>) -> Option<Placed<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(value, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.error(
                &value.span(),
                "empty",
                "found an empty text",
                "write something, or remove the key",
            );
            return None;
        }
        Some(Placed { value: text.to_owned(), place: self.place(&value.span()) })
    }

    /// A list of texts, one at least.
    pub(super) fn texts(&self, value: Value<'d>) -> Vec<(Value<'d>, String)> {
        let values = self.list(value, "a list of texts such as [\"a\", \"b\"]");
        values.into_iter().filter_map(|value| Some((value, self.text(value)?.value))).collect()
    }

    /// The values of a list that has one at least.
    pub(super) fn list(&self, value: Value<'d>, wanted: &str) -> Vec<Value<'d>> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(value, wanted);
            return Vec::new();
        };
        if list.is_empty() {
            self.error(&value.span(), "empty", "found an empty list", format!("write {wanted}"));
        }
        list.iter().collect()
    }

    /// A whole number between the two.
    pub(super) fn number(
        &self,
        value: Value<'d>,
        allowed: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let (low, high) = (allowed.start(), allowed.end());
        let wanted = format!("a whole number from {low} to {high}");
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(value, &wanted);
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix());
        match number.ok().filter(|number| allowed.contains(number)) {
            Some(number) => Some(number),
            None => {
                let message = format!("found {integer}, expected {wanted}");
                self.error(&value.span(), "out-of-range", message, format!("write {wanted}"));
                None
            }
        }
    }

    /// A table.
    pub(super) fn table(&'d self, value: Value<'d>, name: &'static str) -> Option<Table<'d>> {
        match value.get_ref().as_table() {
            Some(table) => Some(Table::new(self, table, value.span(), name)),
            None => {
                self.wrong_type(value, "a table");
                None
            }
        }
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
