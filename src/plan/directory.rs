//! The names of an instance's queues, routing profiles and agents.

use std::collections::BTreeMap;

use crate::definition::{Dimension, Selector, nearest};

/// What an instance calls its queues, routing profiles and agents.
#[derive(Clone, Debug, Default)]
pub struct Directory(BTreeMap<Dimension, Vec<Entry>>);

/// One queue, routing profile or agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its name; of an agent the user name.
    pub name: String,
}

/// Why a selector selects nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// What was found.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Directory {
    /// Sets what the instance has of this dimension.
    pub fn insert(&mut self, dimension: Dimension, entries: Vec<Entry>) {
        self.0.insert(dimension, entries);
    }

    /// Whether it is known what the instance has of this dimension.
    pub fn has(&self, dimension: &Dimension) -> bool {
        self.0.contains_key(dimension)
    }

    /// Whether there is something with this id; what has no list is known by itself.
    pub fn knows(&self, dimension: &Dimension, id: &str) -> bool {
        !dimension.has_list() || self.entries(dimension).iter().any(|entry| entry.id == id)
    }

    /// Adds what another directory knows.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The name behind an id; the id itself where no name is known, as with deleted queues.
    pub fn name<'n>(&'n self, dimension: &Dimension, id: &'n str) -> &'n str {
        let known = self.entries(dimension).iter().find(|entry| entry.id == id);
        known.map_or(id, |entry| &entry.name)
    }

    /// The ids that a selector stands for.
    ///
    /// # Errors
    /// A name that nothing has, or more than one, and a `*` that finds nothing.
    pub fn select(
        &self,
        dimension: &Dimension,
        selector: &Selector,
    ) -> Result<Vec<String>, Unresolved> {
        let entries = self.entries(dimension);
        let what = dimension.title().to_lowercase();
        match selector {
            Selector::Id(id) => Ok(vec![id.clone()]),
            Selector::All if entries.is_empty() => Err(Unresolved {
                message: format!("the instance has no {what}"),
                help: "check `instance`".to_owned(),
            }),
            Selector::All => Ok(entries.iter().map(|entry| entry.id.clone()).collect()),
            Selector::Pattern(_) | Selector::Tag { .. } => Err(Unresolved {
                message: "name patterns and tags are not supported by this version yet".to_owned(),
                help: format!("write ids or exact names of each {what}"),
            }),
            Selector::Name(name) => {
                let found: Vec<_> = entries.iter().filter(|entry| entry.name == *name).collect();
                match found.as_slice() {
                    [entry] => Ok(vec![entry.id.clone()]),
                    [] => Err(unknown(&what, name, entries)),
                    _ => Err(Unresolved {
                        message: format!("{} have the name `{name}`", plural(found.len(), &what)),
                        help: "name the one that is meant by its id".to_owned(),
                    }),
                }
            }
        }
    }

    fn entries(&self, dimension: &Dimension) -> &[Entry] {
        self.0.get(dimension).map_or(&[], Vec::as_slice)
    }
}

fn unknown(what: &str, name: &str, entries: &[Entry]) -> Unresolved {
    let near = nearest(name, entries.iter().map(|entry| entry.name.as_str()));
    Unresolved {
        message: format!("the instance has no {what} with the name `{name}`"),
        help: match near {
            Some(near) => format!("did you mean `{near}`? Names are case-sensitive"),
            None => format!("write the exact name or the id of a {what}, or \"*\" for all"),
        },
    }
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}s")
}
