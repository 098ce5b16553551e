//! The names of an instance's queues, routing profiles, agents and hierarchy groups, and what
//! selectors stand for.

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::definition::{Dimension, Selector, nearest};

/// What an instance calls its queues, routing profiles, agents and hierarchy groups.
///
/// The lists are shared: to clone a directory copies none of them.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    lists: BTreeMap<Dimension, Arc<List>>,
    /// The names of the levels that the agent hierarchy has, where it was asked for.
    levels: Option<Arc<BTreeMap<Dimension, String>>>,
}

/// One queue, routing profile, agent or hierarchy group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its name: of an agent the first and last name, or the user name where there are none.
    pub name: String,
    /// Of an agent the user name, which no other agent of the instance has.
    pub user_name: Option<String>,
    /// Of a hierarchy group the names of those that it belongs to, the topmost first.
    pub path: Vec<String>,
    /// Of a queue the tags, where they were asked for.
    pub tags: BTreeMap<String, String>,
}

/// Why a selector selects nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// What was found.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What the instance has of one dimension.
#[derive(Clone, Debug, Default)]
struct List {
    entries: Vec<Entry>,
    /// By id, the name that rows show.
    shown: HashMap<String, String>,
}

impl Entry {
    /// Something that has only a name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }

    /// What tells it from others of the same name.
    fn distinction(&self) -> Option<String> {
        let path = (!self.path.is_empty()).then(|| self.path.join(" / "));
        self.user_name.clone().or(path)
    }
}

impl List {
    /// The list, each id once: what changes while pages are read may stand on two of them.
    fn new(entries: Vec<Entry>) -> Self {
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
            match entry.distinction().filter(|distinction| !alone && *distinction != entry.name) {
                Some(distinction) => {
                    let shown = format!("{} ({distinction})", entry.name);
                    list.shown.insert(entry.id.clone(), shown);
                }
                None => continue,
            }
        }
        list
    }

    /// What filters may call an entry: its name, its user name, and its name as rows show it.
    fn calls<'l>(&'l self, entry: &'l Entry) -> impl Iterator<Item = &'l str> {
        let shown = self.shown.get(&entry.id).filter(|shown| **shown != entry.name);
        let user_name = entry.user_name.as_ref().filter(|user_name| **user_name != entry.name);
        std::iter::once(&entry.name).chain(user_name).chain(shown).map(String::as_str)
    }

    /// Those that are called exactly so.
    fn called(&self, name: &str) -> Vec<&Entry> {
        let is_called = |entry: &&Entry| self.calls(entry).any(|call| call == name);
        self.entries.iter().filter(is_called).collect()
    }

    /// What filters may call this entry and no other; the id where there is nothing else.
    fn unmistakable<'l>(&'l self, entry: &'l Entry) -> &'l str {
        let user_name = entry.user_name.as_deref();
        let mut calls = user_name.into_iter().chain(self.calls(entry));
        calls.find(|call| self.called(call).len() == 1).unwrap_or(&entry.id)
    }
}

impl Directory {
    /// Sets what the instance has of this dimension.
    pub fn insert(&mut self, dimension: Dimension, entries: Vec<Entry>) {
        self.lists.insert(dimension, Arc::new(List::new(entries)));
    }

    /// Sets which levels the agent hierarchy has, and what they are called.
    pub fn set_levels(&mut self, levels: BTreeMap<Dimension, String>) {
        self.levels = Some(Arc::new(levels));
    }

    /// Whether there is something with this id; what has no list is known by itself.
    pub fn knows(&self, dimension: &Dimension, id: &str) -> bool {
        let listed = self.lists.get(dimension).is_some_and(|list| list.shown.contains_key(id));
        !dimension.has_list() || listed
    }

    /// Adds what another directory knows.
    pub fn extend(&mut self, other: Self) {
        self.lists.extend(other.lists);
        self.levels = other.levels.or(self.levels.take());
    }

    /// The name behind an id; the id itself where no name is known, as with deleted queues. Where
    /// two have the same, an agent's comes with the user name, and a group's with those above it.
    pub fn name<'n>(&'n self, dimension: &Dimension, id: &'n str) -> &'n str {
        let shown = self.lists.get(dimension).and_then(|list| list.shown.get(id));
        shown.map_or(id, String::as_str)
    }

    /// What the instance has of this dimension, where that was asked for.
    pub fn entries(&self, dimension: &Dimension) -> &[Entry] {
        self.lists.get(dimension).map_or(&[], |list| &list.entries)
    }

    /// The name that a level of the agent hierarchy has.
    pub fn level(&self, dimension: &Dimension) -> Option<&str> {
        self.levels.as_ref()?.get(dimension).map(String::as_str)
    }

    /// The ids that a selector stands for.
    ///
    /// # Errors
    /// A name that nothing has, or more than one; a pattern, a tag and a `*` that find nothing; a
    /// level that the agent hierarchy does not have.
    pub fn select(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        if let Selector::Id(id) = selector {
            return Ok(vec![id.clone()]);
        }
        self.check_level(dimension)?;
        let nothing = List::default();
        let list = self.lists.get(dimension).map_or(&nothing, Arc::as_ref);
        match selector {
            Selector::Id(_) | Selector::All => list.all(dimension),
            Selector::Name(name) => list.named(name, dimension),
            // A name may have a star of its own, and then it is meant.
            Selector::Pattern(text) if !list.called(text).is_empty() => list.named(text, dimension),
            Selector::Pattern(pattern) => list.fitting(pattern, dimension),
            Selector::Tag { key, value } => list.tagged(&format!("{key}={value}"), dimension),
        }
    }

    /// Whether the agent hierarchy has this level, where that is known.
    ///
    /// # Errors
    /// What there is in its place.
    pub fn check_level(&self, dimension: &Dimension) -> Result<(), Unresolved> {
        let (Dimension::Hierarchy(_), Some(levels)) = (dimension, &self.levels) else {
            return Ok(());
        };
        if levels.contains_key(dimension) {
            return Ok(());
        }
        let message = format!("the instance has no {}", dimension.title().to_lowercase());
        let known: Vec<_> =
            levels.iter().map(|(level, name)| format!("{} ({name})", level.key())).collect();
        let help = match known.is_empty() {
            true => "it has no agent hierarchy; remove the key, or check `instance`".to_owned(),
            false => format!("it has {}", known.join(", ")),
        };
        Err(Unresolved { message, help })
    }
}

/// What selectors stand for.
impl List {
    fn all(&self, dimension: &Dimension) -> Result<Vec<String>, Unresolved> {
        let ids: Vec<_> = self.entries.iter().map(|entry| entry.id.clone()).collect();
        some(ids, || Unresolved {
            message: format!("the instance has no {}", one(dimension)),
            help: "check `instance`".to_owned(),
        })
    }

    fn named(&self, name: &str, dimension: &Dimension) -> Result<Vec<String>, Unresolved> {
        match self.called(name).as_slice() {
            [entry] => Ok(vec![entry.id.clone()]),
            [] => Err(Unresolved {
                message: format!("the instance has no {} with the name `{name}`", one(dimension)),
                help: match self.nearest(name) {
                    Some(near) => format!("did you mean `{near}`? Names are case-sensitive"),
                    None => format!(
                        "write its exact name or id, or \"*\" for all {}; the command `names` \
                         prints what there is",
                        several(dimension)
                    ),
                },
            }),
            namesakes => Err(self.ambiguous(name, namesakes, dimension)),
        }
    }

    fn ambiguous(&self, name: &str, namesakes: &[&Entry], dimension: &Dimension) -> Unresolved {
        const TOLD: usize = 5;
        let told = namesakes.iter().take(TOLD).map(|entry| self.unmistakable(entry));
        let mut told: Vec<_> = told.map(|call| format!("`{call}`")).collect();
        match (namesakes.len().checked_sub(TOLD), told.pop()) {
            (Some(more @ 1..), Some(last)) => told.extend([last, format!("{more} more")]),
            (_, last) => told.extend(last),
        }
        let last = told.pop().unwrap_or_default();
        let (count, what) = (namesakes.len(), several(dimension));
        Unresolved {
            message: format!("{count} {what} are called `{name}`: {} and {last}", told.join(", ")),
            help: "write the one that is meant as it is told here".to_owned(),
        }
    }

    fn fitting(&self, pattern: &str, dimension: &Dimension) -> Result<Vec<String>, Unresolved> {
        let fits = |entry: &&Entry| self.calls(entry).any(|call| pattern::fits(pattern, call));
        let ids = self.entries.iter().filter(fits).map(|entry| entry.id.clone()).collect();
        some(ids, || Unresolved {
            message: format!("the instance has no {} that fits `{pattern}`", one(dimension)),
            help: match self.nearest(pattern.replace(['*', '?'], "").trim()) {
                Some(near) => format!(
                    "did you mean `{near}`? `*` stands for any characters, `?` for one, and \
                     names are case-sensitive"
                ),
                None => "`*` stands for any characters, `?` for one, and names are \
                         case-sensitive; the command `names` prints what there is"
                    .to_owned(),
            },
        })
    }

    /// Keys and values are compared together, because `=` may be part of either.
    fn tagged(&self, tag: &str, dimension: &Dimension) -> Result<Vec<String>, Unresolved> {
        let tags = |entry: &Entry| -> Vec<String> {
            entry.tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
        };
        let has_it = |entry: &&Entry| tags(entry).iter().any(|other| other == tag);
        let ids = self.entries.iter().filter(has_it).map(|entry| entry.id.clone()).collect();
        some(ids, || {
            let all: Vec<String> = self.entries.iter().flat_map(tags).collect();
            let near = nearest(tag, all.iter().map(String::as_str));
            Unresolved {
                message: format!("the instance has no {} with the tag `{tag}`", one(dimension)),
                help: match (near, all.first()) {
                    (Some(near), _) => {
                        format!("did you mean `tag:{near}`? Tags are case-sensitive")
                    }
                    (None, Some(one)) => format!(
                        "its {} have tags such as `tag:{one}`; the command `names` prints them all",
                        several(dimension)
                    ),
                    (None, None) => format!("none of its {} has a tag", several(dimension)),
                },
            }
        })
    }

    /// The name that was probably meant.
    fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.entries.iter().flat_map(|entry| self.calls(entry)))
    }
}

fn some(ids: Vec<String>, none: impl FnOnce() -> Unresolved) -> Result<Vec<String>, Unresolved> {
    match ids.is_empty() {
        true => Err(none()),
        false => Ok(ids),
    }
}

fn one(dimension: &Dimension) -> String {
    let title = dimension.title().to_lowercase();
    match dimension {
        Dimension::Hierarchy(_) => format!("group of {title}"),
        _ => title,
    }
}

fn several(dimension: &Dimension) -> String {
    let group = || format!("groups of {}", dimension.title().to_lowercase());
    dimension.plural().map_or_else(group, ToOwned::to_owned)
}
