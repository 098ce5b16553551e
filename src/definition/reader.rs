//! Reading TOML tables so that every problem is found, each with its place.
//!
//! Which keys a table may have stands in [`keys`](super::keys).

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Keys, belongs};
use super::limits::MAX_TITLE;
use super::problem::{Placed, Problems};
use crate::address::AddressError;
use crate::error::LONGEST_QUOTED;

/// A TOML value with its place.
pub(super) type Value<'d> = &'d Spanned<DeValue<'d>>;

/// One table of a definition.
pub(super) struct Table<'d> {
    problems: &'d Problems<'d>,
    table: &'d DeTable<'d>,
    span: Range<usize>,
    keys: &'static Keys,
    asked: Vec<&'static str>,
}

impl<'d> Table<'d> {
    /// The table; `span` is where a missing key is reported.
    pub(super) fn new(
        problems: &'d Problems<'d>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        keys: &'static Keys,
    ) -> Self {
        Self { problems, table, span, keys, asked: Vec::new() }
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
        self.asked.push(key);
        self.table.get(key)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.required_or(key, "")
    }

    /// The value of a key that must be there, or be given in another way.
    pub(super) fn required_or(&mut self, key: &'static str, other_way: &str) -> Option<Value<'d>> {
        let value = self.get(key);
        if value.is_none() {
            let message = format!("{} has no `{key}`", self.keys.name);
            let help = format!("add {}{other_way}", self.example(key));
            self.problems.error(&self.span, "missing-key", message, help);
        }
        value
    }

    /// How the key may look.
    fn example(&self, key: &str) -> String {
        let described = self.keys.keys.iter().find(|described| described.name == key);
        described.map_or_else(String::new, |described| match described.example {
            // A few are words about a table rather than a line of it.
            example if example.contains('`') => example.to_owned(),
            example => format!("`{example}`"),
        })
    }

    /// Reports the keys that there are not.
    pub(super) fn finish(self) {
        let known: Vec<&str> = self.keys.keys.iter().map(|key| key.name).collect();
        debug_assert!(
            known.iter().all(|key| self.asked.contains(key))
                && self.asked.iter().all(|key| known.contains(key)),
            "the reader of {} and its description differ",
            self.keys.name
        );
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("{} has no key `{name}`", self.keys.name);
                let help =
                    belongs(name, self.keys).unwrap_or_else(|| self.problems.choice(name, &known));
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
        self.check_length(value, MAX_TITLE)?;
        Some(text)
    }

    /// Refuses a text that has more characters than this; nothing where it has.
    pub(super) fn check_length(&self, value: Value<'d>, most: usize) -> Option<()> {
        let text = value.get_ref().as_str().unwrap_or_default();
        self.fits(&value.span(), text, most).then_some(())
    }

    /// Tells whether a text has no more characters than this; one that has is an error.
    pub(super) fn fits(&self, span: &Range<usize>, text: &str, most: usize) -> bool {
        let found = text.chars().count();
        if found > most {
            let message = format!("the text has {found} characters, {most} are allowed");
            self.error(span, "too-long", message, "write a shorter one");
        }
        found <= most
    }

    /// A text that is not blank.
    pub(super) fn text(&self, value: Value<'d>) -> Option<Placed<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(value, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.error(&value.span(), "empty", "found an empty text", "write something here");
            return None;
        }
        Some(Placed { value: text.to_owned(), place: self.place(&value.span()) })
    }

    /// An address, or one with a name before it.
    pub(super) fn address<T>(&self, value: Value<'d>) -> Option<T>
    where
        T: FromStr<Err = AddressError>,
    {
        let text = self.text(value)?.value;
        let address = text.parse();
        if let Err(error) = &address {
            let help = if text.matches('@').count() > 1 && text.contains([',', ';']) {
                "write each address as a text of its own, with a comma between the two"
            } else {
                "write an address such as ops@example.com, or `Name <ops@example.com>` for senders and recipients"
            };
            self.error(&value.span(), "address", format!("`{text}` {error}"), help);
        }
        address.ok()
    }

    /// A list of texts, one at least. A text alone is told, and read as a list of one, so that what
    /// is wrong with it is told as well.
    pub(super) fn texts(&self, value: Value<'d>) -> Vec<(Value<'d>, String)> {
        if value.get_ref().is_str() {
            let text = self.text(value).map(|text| text.value);
            let message = "found a text, expected a list of texts";
            if let Some(text) = &text {
                let is_short = text.chars().nth(LONGEST_QUOTED).is_none();
                let example = if is_short { text.as_str() } else { "…" };
                let help = format!("write [{example:?}], with brackets");
                self.error(&value.span(), "wrong-type", message, help);
            }
            return text.map(|text| (value, text)).into_iter().collect();
        }
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

    /// The values of a list that may be empty, which is how one says that there are none.
    pub(super) fn list_or_none(&self, value: Value<'d>, wanted: &str) -> Option<Vec<Value<'d>>> {
        match value.get_ref().as_array() {
            Some(list) => Some(list.iter().collect()),
            None => {
                self.wrong_type(value, wanted);
                None
            }
        }
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
        let number = whole_number(value).filter(|number| allowed.contains(number));
        if number.is_none() {
            let message = format!("found `{integer}`, expected {wanted}");
            self.error(&value.span(), "out-of-range", message, format!("write {wanted}"));
        }
        number
    }

    /// A table.
    pub(super) fn table(&'d self, value: Value<'d>, keys: &'static Keys) -> Option<Table<'d>> {
        match value.get_ref().as_table() {
            Some(table) => Some(Table::new(self, table, value.span(), keys)),
            None => {
                self.wrong_type(value, &format!("a table, {}", keys.name));
                None
            }
        }
    }

    /// The entries of a table with keys of any name, in the order of the text; one at least.
    pub(super) fn entries(
        &self,
        value: Value<'d>,
        example: &str,
    ) -> Option<Vec<(Value<'d>, Entry<'d>)>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, &format!("a table such as {example}"));
            return None;
        };
        if table.is_empty() {
            let help = format!("write a table such as {example}");
            self.error(&value.span(), "empty", "found an empty table", help);
        }
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| (value, Entry { name: key.get_ref().as_ref(), span: key.span() }))
            .collect();
        entries.sort_by_key(|(_, key)| key.span.start);
        Some(entries)
    }

    /// One of the words, as what it stands for.
    pub(super) fn word<T: Copy, const N: usize>(
        &self,
        value: Value<'d>,
        kind: WordKind,
        words: &[&str; N],
        meanings: [T; N],
    ) -> Option<T> {
        let word = self.text(value)?.value;
        let found = words.iter().zip(meanings).find(|(known, _)| **known == word);
        if found.is_none() {
            let message = format!("there is no {} `{word}`", kind.name);
            self.error(&value.span(), kind.code, message, self.choice(&word, words));
        }
        found.map(|(_, meaning)| meaning)
    }

    /// A text, or a date or time that TOML itself knows, in the form that `parse` takes.
    pub(super) fn parsed<T>(
        &self,
        value: Value<'d>,
        code: &'static str,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = match value.get_ref() {
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(_) => self.text(value)?.value,
            _ => {
                self.wrong_type(value, wanted);
                return None;
            }
        };
        let parsed = parse(&text);
        if parsed.is_none() {
            let message = format!("found `{text}`, expected {wanted}");
            self.error(&value.span(), code, message, format!("write {wanted}"));
        }
        parsed
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, value: Value<'d>) -> Option<bool> {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(value, "true or false, without quotes");
        }
        flag
    }
}

/// The words of which a value is one.
#[derive(Clone, Copy)]
pub(super) struct WordKind {
    /// The name of one of them, as problems have it.
    pub(super) name: &'static str,
    /// The code of the problem that a word is none of them.
    pub(super) code: &'static str,
}

/// A key of a table whose keys may have any name.
pub(super) struct Entry<'d> {
    pub(super) name: &'d str,
    pub(super) span: Range<usize>,
}

/// The value where it is a whole number, in whatever base it is written.
pub(super) fn whole_number(value: Value<'_>) -> Option<u32> {
    let integer = value.get_ref().as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A value as a problem tells it: a word or a number itself, and of others the kind.
pub(super) fn found(value: Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("`{text}`"),
        DeValue::Integer(number) => format!("`{number}`"),
        other => type_name(other).to_owned(),
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
