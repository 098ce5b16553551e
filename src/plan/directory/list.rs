//! The names of one dimension: the entries for which a selector stands, and the nearest name where there are none.

use std::collections::{BTreeMap, HashMap};

use crate::definition::{Selector, nearest};

/// One queue, routing profile, agent or hierarchy group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its id.
    pub id: String,
    /// Its name; an agent's is the first and last name, or the user name where there are none.
    pub name: String,
    /// The user name of an agent, which no other agent of the instance has.
    pub user_name: Option<String>,
    /// The names of the groups that a hierarchy group belongs to, the topmost first.
    pub path: Vec<String>,
    /// The tags of a queue, where they were requested.
    pub tags: BTreeMap<String, String>,
    /// True for a disabled queue, where that was requested.
    pub is_disabled: bool,
}

/// The reason why a selector selects nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The kind of reason.
    pub kind: UnresolvedKind,
    /// The problem.
    pub message: String,
    /// The remedy.
    pub help: String,
}

/// The kinds of reasons why a selector selects nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnresolvedKind {
    /// The instance does not have it.
    Absent,
    /// The instance has several by this name.
    Ambiguous,
    /// Every selected entry is left out.
    NothingLeft,
    /// The section does not show it.
    NotShown,
}

/// The entries that the instance has of one dimension.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryList {
    pub(super) entries: Vec<DirectoryEntry>,
    /// The names that rows show, by id.
    pub(super) shown: HashMap<String, String>,
    /// The indices of entries, by every name that filters take.
    pub(super) called: HashMap<String, Vec<usize>>,
}

/// The words for one entry of a dimension, and for several.
pub(super) struct EntryWords {
    pub(super) one: String,
    pub(super) several: String,
}

impl DirectoryEntry {
    /// An entry that has only a name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }

    /// The words that tell the entry from others of the same name.
    fn distinction(&self) -> Option<String> {
        let path = (!self.path.is_empty()).then(|| self.path.join(" / "));
        self.user_name.clone().or(path)
    }
}

impl EntryList {
    /// The list, each id once: an entry that changes while pages are read may be on two of them.
    pub(super) fn new(entries: Vec<DirectoryEntry>) -> Self {
        let mut list = Self::default();
        let mut namesakes: HashMap<String, usize> = HashMap::new();
        for entry in entries {
            if list.shown.insert(entry.id.clone(), entry.name.clone()).is_none() {
                *namesakes.entry(entry.name.clone()).or_default() += 1;
                list.entries.push(entry);
            }
        }
        for entry in &list.entries {
            let alone = namesakes.get(&entry.name).is_none_or(|count| *count < 2);
            let distinction = entry.distinction().filter(|other| !alone && *other != entry.name);
            if let Some(distinction) = distinction {
                let shown = format!("{} ({distinction})", entry.name);
                list.shown.insert(entry.id.clone(), shown);
            }
        }
        let mut called: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in list.entries.iter().enumerate() {
            for call in list.names_of(entry) {
                called.entry(call.to_owned()).or_default().push(index);
            }
        }
        Self { called, ..list }
    }

    /// The names of an entry in filters: its name, its user name, and its name as rows show it.
    pub(super) fn names_of<'l>(
        &'l self,
        entry: &'l DirectoryEntry,
    ) -> impl Iterator<Item = &'l str> {
        let shown = self.shown.get(&entry.id).filter(|shown| **shown != entry.name);
        let user_name = entry.user_name.as_ref().filter(|user_name| **user_name != entry.name);
        std::iter::once(&entry.name).chain(user_name).chain(shown).map(String::as_str)
    }

    /// The entries that have exactly this name. An agent with this user name comes before agents with this
    /// name, because no two agents have the same user name.
    pub(super) fn called(&self, name: &str) -> Vec<&DirectoryEntry> {
        let places = self.called.get(name).map_or(&[][..], Vec::as_slice);
        let called: Vec<_> = places.iter().filter_map(|index| self.entries.get(*index)).collect();
        match called.iter().find(|entry| entry.user_name.as_deref() == Some(name)) {
            Some(user) => vec![user],
            None => called,
        }
    }

    /// The names in filters that mean this entry and no other.
    pub(super) fn unique_names<'l>(
        &'l self,
        entry: &'l DirectoryEntry,
    ) -> impl Iterator<Item = &'l str> {
        let names = self.names_of(entry).filter(|name| Selector::is_name(name));
        names.filter(|name| self.only_entry(name).is_some_and(|only| only.id == entry.id))
    }

    /// A name that no other entry has; the id where there is none.
    fn unique_name<'l>(&'l self, entry: &'l DirectoryEntry) -> &'l str {
        let user_name = entry.user_name.as_deref();
        let found = self.unique_names(entry).find(|name| Some(*name) == user_name);
        found.or_else(|| self.unique_names(entry).next()).unwrap_or(&entry.id)
    }

    /// The ids of the entries for which the predicate holds.
    pub(super) fn ids_where(&self, holds: impl Fn(&DirectoryEntry) -> bool) -> Vec<String> {
        let entries = self.entries.iter().filter(|entry| holds(entry));
        entries.map(|entry| entry.id.clone()).collect()
    }

    /// The reason why a selector stands for no entry.
    pub(super) fn none_selected(&self, selector: &Selector, words: &EntryWords) -> Unresolved {
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
        Unresolved { kind: UnresolvedKind::Absent, message, help }
    }

    /// The entry with this name; `None` where several have it, or none has.
    pub(super) fn only_entry(&self, name: &str) -> Option<&DirectoryEntry> {
        match self.called(name).as_slice() {
            [entry] => Some(entry),
            _ => None,
        }
    }

    /// The reason why not exactly one entry has this name.
    pub(super) fn none_or_several(&self, name: &str, words: &EntryWords) -> Unresolved {
        let namesakes = self.called(name);
        if !namesakes.is_empty() {
            return self.several_called(name, &namesakes, words);
        }
        Unresolved {
            kind: UnresolvedKind::Absent,
            message: format!("the instance has no {} with the name `{name}`", words.one),
            help: match self.nearest_name(name) {
                Some(near) => did_you_mean(name, near),
                None => format!(
                    "write its exact name or id, or \"*\" for all {}; the command `names` prints \
                     what there is",
                    words.several
                ),
            },
        }
    }

    fn several_called(
        &self,
        name: &str,
        namesakes: &[&DirectoryEntry],
        words: &EntryWords,
    ) -> Unresolved {
        const MOST_SHOWN: usize = 5;
        let names = namesakes.iter().take(MOST_SHOWN).map(|entry| self.unique_name(entry));
        let mut shown: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        match (namesakes.len().checked_sub(MOST_SHOWN), shown.pop()) {
            (Some(more @ 1..), Some(last)) => shown.extend([last, format!("{more} more")]),
            (_, last) => shown.extend(last),
        }
        let last = shown.pop().unwrap_or_default();
        let count = namesakes.len();
        let what = &words.several;
        Unresolved {
            kind: UnresolvedKind::Ambiguous,
            message: format!("{count} {what} are called `{name}`: {} and {last}", shown.join(", ")),
            help: "write the one that is meant as it is told here".to_owned(),
        }
    }

    /// The remedy for a pattern without a match.
    fn near_pattern(&self, pattern: &str) -> String {
        const STANDS_FOR: &str =
            "`*` stands for any characters, `?` for one, and upper and lower case differ";
        match self.nearest_name(pattern.replace(['*', '?'], "").trim()) {
            Some(near) => format!("did you mean `{near}`? {STANDS_FOR}"),
            None => format!("{STANDS_FOR}; the command `names` prints what there is"),
        }
    }

    /// The remedy for a tag that no entry has.
    fn near_tag(&self, tag: &str, words: &EntryWords) -> String {
        let all: Vec<String> = self.entries.iter().flat_map(tags_of).collect();
        let near = nearest(tag, all.iter().map(String::as_str));
        match (near, all.first()) {
            _ if tag.contains(['*', '?']) => {
                "tags take no patterns: write key and value in full".to_owned()
            }
            (Some(near), _) => did_you_mean(&format!("tag:{tag}"), &format!("tag:{near}")),
            (None, Some(one)) => format!(
                "its {} have tags such as `tag:{one}`; the command `names` prints them all",
                words.several
            ),
            (None, None) => format!("none of its {} has a tag", words.several),
        }
    }

    /// The name that was probably meant.
    pub(super) fn nearest_name(&self, name: &str) -> Option<&str> {
        nearest(name, self.entries.iter().flat_map(|entry| self.names_of(entry)))
    }
}

/// The tags of an entry as `key=value`. Both are compared together, because `=` may be part of either.
fn tags_of(entry: &DirectoryEntry) -> impl Iterator<Item = String> {
    entry.tags.iter().map(|(key, value)| format!("{key}={value}"))
}

/// Tells whether an entry has a tag, written as `key=value`.
pub(super) fn has_tag(entry: &DirectoryEntry, tag: &str) -> bool {
    entry.tags.iter().any(|(key, value)| {
        tag.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('=')) == Some(value)
    })
}

/// A text's characters in lower case, without spaces.
fn lowercase_letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// True for a text with combining accents.
fn has_combining_marks(text: &str) -> bool {
    text.chars().any(|c| ('\u{300}'..='\u{36f}').contains(&c))
}

/// The suggestion of a near name, with the difference where that is hard to see.
fn did_you_mean(written: &str, near: &str) -> String {
    let differs_in = if written.to_lowercase() == near.to_lowercase() {
        " Upper and lower case differ"
    } else if lowercase_letters(written) == lowercase_letters(near) {
        " It has other spaces; copy it from what `names` prints"
    } else if has_combining_marks(written) != has_combining_marks(near) {
        " Its accents may be characters of their own; copy it from what `names` prints"
    } else {
        ""
    };
    format!("did you mean `{near}`?{differs_in}")
}
