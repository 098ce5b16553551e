//! The names of one dimension: those that a selector stands for, and the nearest where it stands for none.

use super::{Entry, Lack, List, Unresolved, Words};
use crate::definition::{Selector, nearest};

/// The ids that selectors stand for.
impl List {
    pub(super) fn ids(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<String> {
        let meant = self.entries.iter().filter(|entry| is_meant(entry));
        meant.map(|entry| entry.id.clone()).collect()
    }

    /// The reason why a selector stands for nothing.
    pub(super) fn nothing(&self, selector: &Selector, words: &Words) -> Unresolved {
        let none = format!("the instance has no {}", words.one);
        let (message, help) = match selector {
            Selector::Pattern(pattern) => {
                (format!("{none} that fits `{pattern}`"), self.near_pattern(pattern))
            }
            Selector::Tag { key, value } => {
                let tag = format!("{key}={value}");
                (format!("{none} with the tag `{tag}`"), self.near_tag(&tag, words))
            }
            _ => (none, "check `instance`".to_owned()),
        };
        Unresolved { kind: Lack::Absent, message, help }
    }

    /// The one that is called so; none where several are, or none is.
    pub(super) fn only(&self, name: &str) -> Option<&Entry> {
        match self.called(name).as_slice() {
            [entry] => Some(entry),
            _ => None,
        }
    }

    /// The reason why not exactly one is called so.
    pub(super) fn not_one(&self, name: &str, words: &Words) -> Unresolved {
        let namesakes = self.called(name);
        if !namesakes.is_empty() {
            return self.ambiguous(name, &namesakes, words);
        }
        Unresolved {
            kind: Lack::Absent,
            message: format!("the instance has no {} with the name `{name}`", words.one),
            help: match self.nearest(name) {
                Some(near) => meant(name, near),
                None => format!(
                    "write its exact name or id, or \"*\" for all {}; the command `names` prints \
                     what there is",
                    words.several
                ),
            },
        }
    }

    pub(super) fn ambiguous(&self, name: &str, namesakes: &[&Entry], words: &Words) -> Unresolved {
        const TOLD: usize = 5;
        let told = namesakes.iter().take(TOLD).map(|entry| self.unmistakable(entry));
        let mut told: Vec<_> = told.map(|call| format!("`{call}`")).collect();
        match (namesakes.len().checked_sub(TOLD), told.pop()) {
            (Some(more @ 1..), Some(last)) => told.extend([last, format!("{more} more")]),
            (_, last) => told.extend(last),
        }
        let last = told.pop().unwrap_or_default();
        let (count, what) = (namesakes.len(), &words.several);
        Unresolved {
            kind: Lack::Ambiguous,
            message: format!("{count} {what} are called `{name}`: {} and {last}", told.join(", ")),
            help: "write the one that is meant as it is told here".to_owned(),
        }
    }

    /// The remedy for a pattern that nothing fits.
    pub(super) fn near_pattern(&self, pattern: &str) -> String {
        const STANDS_FOR: &str =
            "`*` stands for any characters, `?` for one, and upper and lower case differ";
        match self.nearest(pattern.replace(['*', '?'], "").trim()) {
            Some(near) => format!("did you mean `{near}`? {STANDS_FOR}"),
            None => format!("{STANDS_FOR}; the command `names` prints what there is"),
        }
    }

    /// The remedy for a tag that nothing has.
    pub(super) fn near_tag(&self, tag: &str, words: &Words) -> String {
        let all: Vec<String> = self.entries.iter().flat_map(tags).collect();
        let near = nearest(tag, all.iter().map(String::as_str));
        match (near, all.first()) {
            _ if tag.contains(['*', '?']) => {
                "tags take no patterns: write key and value in full".to_owned()
            }
            (Some(near), _) => meant(&format!("tag:{tag}"), &format!("tag:{near}")),
            (None, Some(one)) => format!(
                "its {} have tags such as `tag:{one}`; the command `names` prints them all",
                words.several
            ),
            (None, None) => format!("none of its {} has a tag", words.several),
        }
    }

    /// The name that was probably meant.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.entries.iter().flat_map(|entry| self.calls(entry)))
    }
}

/// Keys and values are compared together, because `=` may be part of either.
fn tags(entry: &Entry) -> impl Iterator<Item = String> {
    entry.tags.iter().map(|(key, value)| format!("{key}={value}"))
}

pub(super) fn has_tag(entry: &Entry, tag: &str) -> bool {
    let is_it = |(key, value): (&String, &String)| {
        tag.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('=')) == Some(value)
    };
    entry.tags.iter().any(is_it)
}

/// The name that was probably meant, and its difference where that is hard to see.
fn meant(written: &str, near: &str) -> String {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
    };
    let has_marks = |text: &str| text.chars().any(|c| ('\u{300}'..='\u{36f}').contains(&c));
    let differs_in = if written.to_lowercase() == near.to_lowercase() {
        " Upper and lower case differ"
    } else if letters(written) == letters(near) {
        " It has other spaces; copy it from what `names` prints"
    } else if has_marks(written) != has_marks(near) {
        " Its accents may be characters of their own; copy it from what `names` prints"
    } else {
        ""
    };
    format!("did you mean `{near}`?{differs_in}")
}
