//! The names of an instance's queues, routing profiles, agents and hierarchy groups, and what
//! selectors stand for.

mod list;
mod pattern;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::definition::{Dimension, Selector};
use crate::metric;
use list::{List, Words, has_tag};

pub use list::{Entry, Lack, Unresolved};

/// What an instance calls its queues, routing profiles, agents and hierarchy groups.
///
/// The lists are shared: to clone a directory copies none of them.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    lists: BTreeMap<Dimension, Arc<List>>,
    /// The names of the levels that the agent hierarchy has, where it was asked for.
    levels: Option<Arc<BTreeMap<Dimension, String>>>,
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

    /// Tells whether the instance does not list what has this id, as with deleted queues; of what was not
    /// asked for nothing is known.
    pub fn lacks(&self, dimension: &Dimension, id: &str) -> bool {
        self.lists.get(dimension).is_some_and(|list| !list.shown.contains_key(id))
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

    /// What filters may call this entry and no other: first the name that rows show, where filters
    /// take it.
    pub fn calls<'d>(&'d self, dimension: &Dimension, entry: &'d Entry) -> Vec<&'d str> {
        let Some(list) = self.lists.get(dimension) else {
            return Vec::new();
        };
        let shown = self.name(dimension, &entry.id);
        let mut calls: Vec<&str> = list.calls_alone(entry).collect();
        calls.sort_by_key(|call| *call != shown);
        calls
    }

    /// What people call this grouping: a level of the agent hierarchy by its own name.
    pub fn title(&self, dimension: &Dimension) -> Cow<'static, str> {
        match self.level(dimension) {
            Some(level) => Cow::Owned(level.to_owned()),
            None => dimension.title(),
        }
    }

    /// Whether a target by this name can be that of something of this dimension, as filters may call
    /// it, that is among what was selected. Of what has neither list nor values nothing is known.
    ///
    /// # Errors
    /// Why not.
    pub fn target(
        &self,
        dimension: &Dimension,
        name: &str,
        selected: Option<&[String]>,
    ) -> Result<(), Unresolved> {
        let words = self.words(dimension);
        let list = self.lists.get(dimension).filter(|list| !list.shown.contains_key(name));
        if let Some(list) = list.filter(|list| list.only(name).is_none()) {
            return Err(list.not_one(name, &words));
        }
        if self.shows(dimension, name, selected) {
            return Ok(());
        }
        let message = format!("the section shows no {} `{name}`", words.one);
        let help = "select it in `filters`, or remove the target".to_owned();
        Err(Unresolved { kind: Lack::NotShown, message, help })
    }

    /// Tells whether there is no error in a target by this name, without the reason.
    pub fn shows(&self, dimension: &Dimension, name: &str, selected: Option<&[String]>) -> bool {
        let id = match self.lists.get(dimension) {
            Some(list) if !list.shown.contains_key(name) => match list.only(name) {
                Some(entry) => &entry.id,
                None => return false,
            },
            _ => name,
        };
        let values = metric::filter_values(dimension.key());
        let is_value = values.is_empty() || values.contains(&name);
        is_value && selected.is_none_or(|selected| selected.iter().any(|one| one == id))
    }

    /// Whether what has this id is called so, or has this as its id.
    pub fn is_called(&self, dimension: &Dimension, id: &str, name: &str) -> bool {
        let called = |list: &Arc<List>| list.called(name).iter().any(|entry| entry.id == id);
        id == name || self.lists.get(dimension).is_some_and(called)
    }

    fn words(&self, dimension: &Dimension) -> Words {
        let title = dimension.title().to_lowercase();
        match dimension {
            Dimension::Hierarchy(_) => {
                let level = self.level(dimension).map(|name| format!(" ({name})"));
                let title = format!("{title}{}", level.unwrap_or_default());
                Words { one: format!("group of {title}"), several: format!("groups of {title}") }
            }
            _ => {
                let several = dimension.plural().unwrap_or(&title).to_owned();
                Words { one: title, several }
            }
        }
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
        let found = self.find(dimension, selector)?;
        match found.is_empty() {
            true => Err(self.list(dimension).nothing(selector, &self.words(dimension))),
            false => Ok(found),
        }
    }

    /// The ids that a selector stands for which says what is left out; there may be none of a
    /// pattern, of a tag and of disabled queues.
    ///
    /// # Errors
    /// A name that nothing has, or more than one; a level that the agent hierarchy does not have.
    pub fn leave_out(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        self.find(dimension, selector).map_err(|unresolved| match selector {
            Selector::Name(name) if self.is_unlike_any(dimension, name) => {
                // Under a new name it would count again without the entry, and nobody would know.
                let one = self.words(dimension).one;
                let help =
                    format!("write its new name; remove the entry only if the {one} was deleted");
                Unresolved { help, ..unresolved }
            }
            _ => unresolved,
        })
    }

    /// The reason why a selection has nothing left.
    pub fn nothing_left(&self, dimension: &Dimension) -> Unresolved {
        let several = self.words(dimension).several;
        Unresolved {
            kind: Lack::NothingLeft,
            message: format!("all of the {several} that are selected are left out"),
            help: "leave out less: remove an entry that begins with `!`, or select more".to_owned(),
        }
    }

    fn list(&self, dimension: &Dimension) -> &List {
        static NOTHING: LazyLock<List> = LazyLock::new(List::default);
        self.lists.get(dimension).map_or(&NOTHING, Arc::as_ref)
    }

    fn find(&self, dimension: &Dimension, selector: &Selector) -> Result<Vec<String>, Unresolved> {
        self.found(dimension, selector).ok_or_else(|| self.not_found(dimension, selector))
    }

    /// The ids that a selector stands for, of which there may be none; nothing where it is a name that
    /// not exactly one has, or of a level that is not there. The reason costs more: see [`Self::select`].
    pub fn found(&self, dimension: &Dimension, selector: &Selector) -> Option<Vec<String>> {
        if let Selector::Id(id) = selector {
            return Some(vec![id.clone()]);
        }
        self.check_level(dimension).ok()?;
        let list = self.list(dimension);
        match selector {
            Selector::Name(name) => list.only(name).map(|entry| vec![entry.id.clone()]),
            // A name may have a star of its own, and then it is meant.
            Selector::Pattern(text) if list.called.contains_key(text) => {
                list.only(text).map(|entry| vec![entry.id.clone()])
            }
            Selector::Id(_) | Selector::All => Some(list.ids(|_| true)),
            Selector::Pattern(pattern) => {
                Some(list.ids(|entry| list.calls(entry).any(|call| pattern::fits(pattern, call))))
            }
            Selector::Tag { key, value } => {
                let tag = format!("{key}={value}");
                Some(list.ids(|entry| has_tag(entry, &tag)))
            }
            Selector::Disabled => Some(list.ids(|entry| entry.is_disabled)),
        }
    }

    /// The reason why nothing was found.
    fn not_found(&self, dimension: &Dimension, selector: &Selector) -> Unresolved {
        if let Err(unresolved) = self.check_level(dimension) {
            return unresolved;
        }
        let (list, words) = (self.list(dimension), self.words(dimension));
        match selector {
            Selector::Name(name) => {
                let unresolved = list.not_one(name, &words);
                let help = self.on_another_level(dimension, name).unwrap_or(unresolved.help);
                Unresolved { help, ..unresolved }
            }
            Selector::Pattern(text) => list.not_one(text, &words),
            _ => list.nothing(selector, &words),
        }
    }

    /// The reason in short, without what is near: to find that takes a look at all names.
    pub fn in_short(&self, dimension: &Dimension, selector: &Selector) -> Unresolved {
        let namesakes = match selector {
            Selector::Name(name) | Selector::Pattern(name) => {
                self.list(dimension).called(name).len()
            }
            _ => 0,
        };
        let (kind, what) = match namesakes {
            0 | 1 => (Lack::Absent, "does not have"),
            _ => (Lack::Ambiguous, "has several that are called"),
        };
        Unresolved {
            kind,
            message: format!("the instance {what} `{selector}`"),
            help: "the command `names` prints what there is".to_owned(),
        }
    }

    /// Tells whether nothing of the instance has this name or one that is near it.
    fn is_unlike_any(&self, dimension: &Dimension, name: &str) -> bool {
        let list = self.list(dimension);
        list.called(name).is_empty()
            && list.nearest(name).is_none()
            && self.check_level(dimension).is_ok()
            && self.on_another_level(dimension, name).is_none()
    }

    /// Says where a group is that was looked for on the wrong level.
    fn on_another_level(&self, dimension: &Dimension, name: &str) -> Option<String> {
        let Dimension::Hierarchy(_) = dimension else {
            return None;
        };
        let is_there = |(level, list): &(&Dimension, &Arc<List>)| {
            matches!(level, Dimension::Hierarchy(_))
                && *level != dimension
                && !list.called(name).is_empty()
        };
        let (level, _) = self.lists.iter().find(is_there)?;
        Some(format!("it is a {}: write it under {}", self.words(level).one, level.key()))
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
        Err(Unresolved { kind: Lack::Absent, message, help })
    }
}
