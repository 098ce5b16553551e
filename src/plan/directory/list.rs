//! The names of one dimension: those that a selector stands for, and the nearest where it stands for none.

use std::collections::{BTreeMap, HashMap};

use crate::definition::{Selector, nearest};

/// One queue, routing profile, agent or hierarchy group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its name: of an agent the first and last name, or the user name where there are none.
    pub name: String,
    /// The user name of an agent, which no other agent of the instance has.
    pub user_name: Option<String>,
    /// The names of the groups that a hierarchy group belongs to, the topmost first.
    pub path: Vec<String>,
    /// The tags of a queue, where they were asked for.
    pub tags: BTreeMap<String, String>,
    /// True for a queue that is disabled, if that was asked for.
    pub is_disabled: bool,
}

/// The reason why a selector selects nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The kind of reason.
    pub kind: Lack,
    /// The problem.
    pub message: String,
    /// The remedy.
    pub help: String,
}

/// The kinds of reasons why a selector selects nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The instance does not have it.
    Absent,
    /// The instance has several by this name.
    Ambiguous,
    /// All that is selected is left out.
    NothingLeft,
    /// The section does not show it.
    NotShown,
}

/// The entries that the instance has of one dimension.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) entries: Vec<Entry>,
    /// By id, the name that rows show.
    pub(super) shown: HashMap<String, String>,
    /// By what filters may call them, the places of entries.
    pub(super) called: HashMap<String, Vec<usize>>,
}

/// The words for one entry of a dimension, and for several.
pub(super) struct Words {
    pub(super) one: String,
    pub(super) several: String,
}

impl Entry {
    /// Something that has only a name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }

    /// The words that tell it from others of the same name.
    fn distinction(&self) -> Option<String> {
        let path = (!self.path.is_empty()).then(|| self.path.join(" / "));
        self.user_name.clone().or(path)
    }
}

impl List {
    /// The list, each id once: what changes while pages are read may stand on two of them.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
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
            for call in list.calls(entry) {
                called.entry(call.to_owned()).or_default().push(index);
            }
        }
        Self { called, ..list }
    }

    /// The names of an entry in filters: its name, its user name, and its name as rows show it.
    pub(super) fn calls<'l>(&'l self, entry: &'l Entry) -> impl Iterator<Item = &'l str> {
        let shown = self.shown.get(&entry.id).filter(|shown| **shown != entry.name);
        let user_name = entry.user_name.as_ref().filter(|user_name| **user_name != entry.name);
        std::iter::once(&entry.name).chain(user_name).chain(shown).map(String::as_str)
    }

    /// The entries that are called exactly so. An agent with this user name comes before agents with this
    /// name, because no two have the same user name.
    pub(super) fn called(&self, name: &str) -> Vec<&Entry> {
        let places = self.called.get(name).map_or(&[][..], Vec::as_slice);
        let called: Vec<_> = places.iter().filter_map(|index| self.entries.get(*index)).collect();
        let has_it = |entry: &&&Entry| entry.user_name.as_deref() == Some(name);
        match called.iter().find(has_it) {
            Some(user) => vec![user],
            None => called,
        }
    }

    /// The names in filters that mean this entry and no other.
    pub(super) fn calls_alone<'l>(&'l self, entry: &'l Entry) -> impl Iterator<Item = &'l str> {
        let alone =
            |call: &&str| matches!(self.called(call).as_slice(), [only] if only.id == entry.id);
        self.calls(entry).filter(|call| Selector::is_name(call)).filter(alone)
    }

    /// A name that no other entry has; the id where there is none.
    fn unmistakable<'l>(&'l self, entry: &'l Entry) -> &'l str {
        let user_name = entry.user_name.as_deref();
        let is_user_name = |call: &&str| Some(*call) == user_name;
        let found = self.calls_alone(entry).find(is_user_name);
        found.or_else(|| self.calls_alone(entry).next()).unwrap_or(&entry.id)
    }

    /// The ids of the entries that are meant.
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

    fn ambiguous(&self, name: &str, namesakes: &[&Entry], words: &Words) -> Unresolved {
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
    fn near_pattern(&self, pattern: &str) -> String {
        const STANDS_FOR: &str =
            "`*` stands for any characters, `?` for one, and upper and lower case differ";
        match self.nearest(pattern.replace(['*', '?'], "").trim()) {
            Some(near) => format!("did you mean `{near}`? {STANDS_FOR}"),
            None => format!("{STANDS_FOR}; the command `names` prints what there is"),
        }
    }

    /// The remedy for a tag that nothing has.
    fn near_tag(&self, tag: &str, words: &Words) -> String {
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
