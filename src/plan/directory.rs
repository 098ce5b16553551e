//! The names of an instance's queues, routing profiles, agents and hierarchy groups, and the ids for
//! which selectors stand.

mod list;
mod pattern;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::definition::{Dimension, Selector};
use crate::metric;
use list::{EntryList, EntryWords, has_tag};

pub use list::{DirectoryEntry, Unresolved, UnresolvedKind};

/// The names of an instance's queues, routing profiles, agents and hierarchy groups.
///
/// The lists are shared: cloning a directory copies none of them.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    lists: BTreeMap<Dimension, Arc<EntryList>>,
    /// The names of the agent hierarchy's levels, where they were requested.
    levels: Option<Arc<BTreeMap<Dimension, String>>>,
}

impl Directory {
    /// Sets the entries that the instance has in this dimension.
    pub fn insert(&mut self, dimension: Dimension, entries: Vec<DirectoryEntry>) {
        self.lists.insert(dimension, Arc::new(EntryList::new(entries)));
    }

    /// Sets the levels of the agent hierarchy, with their names.
    pub fn set_levels(&mut self, levels: BTreeMap<Dimension, String>) {
        self.levels = Some(Arc::new(levels));
    }

    /// True for an id that the instance lists, and for any id of a dimension without a list.
    pub fn knows_id(&self, dimension: &Dimension, id: &str) -> bool {
        let listed = self.lists.get(dimension).is_some_and(|list| list.shown.contains_key(id));
        !dimension.has_list() || listed
    }

    /// True for an id that the instance's list lacks, such as a deleted queue's. False where the list was
    /// not requested.
    pub fn lacks_id(&self, dimension: &Dimension, id: &str) -> bool {
        self.lists.get(dimension).is_some_and(|list| !list.shown.contains_key(id))
    }

    /// Adds the lists of another directory.
    pub fn extend(&mut self, other: Self) {
        self.lists.extend(other.lists);
        self.levels = other.levels.or(self.levels.take());
    }

    /// The name behind an id; the id itself where no name is known, as with deleted queues. Of two equal
    /// names, an agent's comes with the user name, and a group's with the groups above it.
    pub fn name<'n>(&'n self, dimension: &Dimension, id: &'n str) -> &'n str {
        let shown = self.lists.get(dimension).and_then(|list| list.shown.get(id));
        shown.map_or(id, String::as_str)
    }

    /// The entries that the instance has in this dimension; empty where they were not requested.
    pub fn entries(&self, dimension: &Dimension) -> &[DirectoryEntry] {
        self.lists.get(dimension).map_or(&[], |list| &list.entries)
    }

    /// The name of a level of the agent hierarchy.
    pub fn level_name(&self, dimension: &Dimension) -> Option<&str> {
        self.levels.as_ref()?.get(dimension).map(String::as_str)
    }

    /// The names by which filters select this entry and no other. The name that rows show comes first,
    /// where filters take it.
    pub fn unique_names<'d>(
        &'d self,
        dimension: &Dimension,
        entry: &'d DirectoryEntry,
    ) -> Vec<&'d str> {
        let Some(list) = self.lists.get(dimension) else {
            return Vec::new();
        };
        let shown = self.name(dimension, &entry.id);
        let mut names: Vec<&str> = list.unique_names(entry).collect();
        names.sort_by_key(|name| *name != shown);
        names
    }

    /// The name of this grouping for people; a level of the agent hierarchy has its own.
    pub fn title(&self, dimension: &Dimension) -> Cow<'static, str> {
        match self.level_name(dimension) {
            Some(level) => Cow::Owned(level.to_owned()),
            None => dimension.title(),
        }
    }

    /// Checks that a target by this name is for one entry of this dimension that the section selects. In
    /// a dimension with neither list nor values every name passes.
    ///
    /// # Errors
    /// The reason why the target is for no entry that the section shows.
    pub fn check_target(
        &self,
        dimension: &Dimension,
        name: &str,
        selected: Option<&[String]>,
    ) -> Result<(), Unresolved> {
        let words = self.words(dimension);
        let list = self.lists.get(dimension).filter(|list| !list.shown.contains_key(name));
        if let Some(list) = list.filter(|list| list.only_entry(name).is_none()) {
            return Err(list.none_or_several(name, &words));
        }
        if self.shows_target(dimension, name, selected) {
            return Ok(());
        }
        let message = format!("the section shows no {} `{name}`", words.one);
        let help = "select it in `filters`, or remove the target".to_owned();
        Err(Unresolved { kind: UnresolvedKind::NotShown, message, help })
    }

    /// Tells whether [`Self::check_target`] accepts a target by this name.
    pub fn shows_target(
        &self,
        dimension: &Dimension,
        name: &str,
        selected: Option<&[String]>,
    ) -> bool {
        let id = match self.lists.get(dimension) {
            Some(list) if !list.shown.contains_key(name) => match list.only_entry(name) {
                Some(entry) => &entry.id,
                None => return false,
            },
            _ => name,
        };
        let values = metric::filter_values(dimension.key());
        let is_value = values.is_empty() || values.contains(&name);
        is_value && selected.is_none_or(|selected| selected.iter().any(|one| one == id))
    }

    /// True where the name is this entry's id or one of its names.
    pub fn is_called(&self, dimension: &Dimension, id: &str, name: &str) -> bool {
        id == name || self.list(dimension).called(name).iter().any(|entry| entry.id == id)
    }

    fn words(&self, dimension: &Dimension) -> EntryWords {
        let title = dimension.title().to_lowercase();
        match dimension {
            Dimension::Hierarchy(_) => {
                let level = self.level_name(dimension).map(|name| format!(" ({name})"));
                let title = format!("{title}{}", level.unwrap_or_default());
                EntryWords {
                    one: format!("group of {title}"),
                    several: format!("groups of {title}"),
                }
            }
            _ => {
                let several = dimension.plural().unwrap_or(&title).to_owned();
                EntryWords { one: title, several }
            }
        }
    }

    /// The ids for which a selector stands.
    ///
    /// # Errors
    /// A name of no entry or of several; a pattern, a tag or a `*` without entries; a level that the
    /// agent hierarchy does not have.
    pub fn select(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        let found = self.find_ids(dimension, selector)?;
        if found.is_empty() {
            Err(self.list(dimension).none_selected(selector, &self.words(dimension)))
        } else {
            Ok(found)
        }
    }

    /// The ids that a selector leaves out; a pattern, a tag and the disabled queues may have none.
    ///
    /// # Errors
    /// A name of no entry or of several; a level that the agent hierarchy does not have.
    pub fn leave_out(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        self.find_ids(dimension, selector).map_err(|unresolved| match selector {
            Selector::Name(name) if self.is_unlike_any(dimension, name) => {
                // Under its new name it would count again unnoticed if the entry were removed.
                let one = self.words(dimension).one;
                let help =
                    format!("write its new name; remove the entry only if the {one} was deleted");
                Unresolved { help, ..unresolved }
            }
            _ => unresolved,
        })
    }

    /// The reason why an id is doubtful: the instance's list lacks it. `None` where the list was not requested,
    /// and for all that is no id.
    pub fn unlisted_id(&self, dimension: &Dimension, selector: &Selector) -> Option<Unresolved> {
        let Selector::Id(id) = selector else {
            return None;
        };
        let one = self.words(dimension).one;
        self.lacks_id(dimension, id).then(|| Unresolved {
            kind: UnresolvedKind::Absent,
            message: format!("the instance lists no {one} with the id `{id}`"),
            help: format!(
                "the command `names` prints what there is; keep the id only for a {one} that was deleted"
            ),
        })
    }

    /// The reason why a pattern or a tag leaves nothing out. `None` where it does leave something out, and
    /// for all that is neither.
    pub fn needlessly_left_out(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Option<Unresolved> {
        let is_search = matches!(selector, Selector::Pattern(_) | Selector::Tag { .. });
        let matches_nothing =
            self.selected_ids(dimension, selector).is_some_and(|ids| ids.is_empty());
        if !(is_search && matches_nothing) {
            return None;
        }
        let none = self.list(dimension).none_selected(selector, &self.words(dimension));
        let message = format!("{}: this leaves nothing out", none.message);
        Some(Unresolved { message, ..none })
    }

    /// The reason why a selection has nothing left.
    pub fn nothing_left(&self, dimension: &Dimension) -> Unresolved {
        let several = self.words(dimension).several;
        Unresolved {
            kind: UnresolvedKind::NothingLeft,
            message: format!("all of the {several} that are selected are left out"),
            help: "leave out less: remove an entry that begins with `!`, or select more".to_owned(),
        }
    }

    fn list(&self, dimension: &Dimension) -> &EntryList {
        static EMPTY_LIST: LazyLock<EntryList> = LazyLock::new(EntryList::default);
        self.lists.get(dimension).map_or(&EMPTY_LIST, Arc::as_ref)
    }

    fn find_ids(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        self.selected_ids(dimension, selector).ok_or_else(|| self.not_found(dimension, selector))
    }

    /// The ids for which a selector stands, perhaps none. `None` for a name of no entry or of several, and
    /// for a level that is not there. The reason costs more: see [`Self::select`].
    pub fn selected_ids(&self, dimension: &Dimension, selector: &Selector) -> Option<Vec<String>> {
        if let Selector::Id(id) = selector {
            return Some(vec![id.clone()]);
        }
        self.check_level(dimension).ok()?;
        let list = self.list(dimension);
        match selector {
            Selector::Name(name) => list.only_entry(name).map(|entry| vec![entry.id.clone()]),
            // A name that has a star of its own comes before the pattern.
            Selector::Pattern(text) if list.called.contains_key(text) => {
                list.only_entry(text).map(|entry| vec![entry.id.clone()])
            }
            Selector::Id(_) | Selector::All => Some(list.ids_where(|_| true)),
            Selector::Pattern(pattern) => Some(list.ids_where(|entry| {
                list.names_of(entry).any(|name| pattern::matches(pattern, name))
            })),
            Selector::Tag { key, value } => {
                let tag = format!("{key}={value}");
                Some(list.ids_where(|entry| has_tag(entry, &tag)))
            }
            Selector::Disabled => Some(list.ids_where(|entry| entry.is_disabled)),
        }
    }

    /// The reason why [`Self::selected_ids`] gives `None`.
    fn not_found(&self, dimension: &Dimension, selector: &Selector) -> Unresolved {
        if let Err(unresolved) = self.check_level(dimension) {
            return unresolved;
        }
        let list = self.list(dimension);
        let words = self.words(dimension);
        match selector {
            Selector::Name(name) => {
                let unresolved = list.none_or_several(name, &words);
                let help = self.on_another_level(dimension, name).unwrap_or(unresolved.help);
                Unresolved { help, ..unresolved }
            }
            Selector::Pattern(text) => list.none_or_several(text, &words),
            _ => list.none_selected(selector, &words),
        }
    }

    /// The reason in short, without the nearest name, for which all names would have to be compared.
    pub fn short_reason(&self, dimension: &Dimension, selector: &Selector) -> Unresolved {
        let namesakes = match selector {
            Selector::Name(name) | Selector::Pattern(name) => {
                self.list(dimension).called(name).len()
            }
            _ => 0,
        };
        let (kind, what) = match namesakes {
            0 | 1 => (UnresolvedKind::Absent, "does not have"),
            _ => (UnresolvedKind::Ambiguous, "has several that are called"),
        };
        Unresolved {
            kind,
            message: format!("the instance {what} `{selector}`"),
            help: "the command `names` prints what there is".to_owned(),
        }
    }

    /// True where no entry of the instance has this name or one near it.
    fn is_unlike_any(&self, dimension: &Dimension, name: &str) -> bool {
        let list = self.list(dimension);
        list.called(name).is_empty()
            && list.nearest_name(name).is_none()
            && self.check_level(dimension).is_ok()
            && self.on_another_level(dimension, name).is_none()
    }

    /// The help for a group that is on another level of the hierarchy.
    fn on_another_level(&self, dimension: &Dimension, name: &str) -> Option<String> {
        let Dimension::Hierarchy(_) = dimension else {
            return None;
        };
        let (level, _) = self.lists.iter().find(|(level, list)| {
            matches!(level, Dimension::Hierarchy(_))
                && *level != dimension
                && !list.called(name).is_empty()
        })?;
        Some(format!("it is a {}: write it under {}", self.words(level).one, level.key()))
    }

    /// Checks that the agent hierarchy has this level, where its levels are known.
    ///
    /// # Errors
    /// The reason, with the levels that there are.
    pub fn check_level(&self, dimension: &Dimension) -> Result<(), Unresolved> {
        let Some(levels) = &self.levels else {
            return Ok(());
        };
        if !matches!(dimension, Dimension::Hierarchy(_)) || levels.contains_key(dimension) {
            return Ok(());
        }
        let message = format!("the instance has no {}", dimension.title().to_lowercase());
        let known: Vec<_> =
            levels.iter().map(|(level, name)| format!("{} ({name})", level.key())).collect();
        let help = if known.is_empty() {
            "it has no agent hierarchy; remove the key, or check `instance`".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        };
        Err(Unresolved { kind: UnresolvedKind::Absent, message, help })
    }
}
