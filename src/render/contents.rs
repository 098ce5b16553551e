//! The contents of a message, and how much of them it shows.

use jiff::Timestamp;
use serde::Serialize;

use crate::definition::{Kind, Report};
use crate::table::Table;
use crate::window::Window;

/// The contents of a message.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'c> {
    /// The definition.
    pub report: &'c Report,
    /// The name of the run, by which a person can look it up.
    pub run: &'c str,
    /// The span that the figures cover.
    pub window: &'c Window,
    /// The sections, without those that are missing.
    pub tables: &'c [Table],
    /// The sections that have no figures.
    pub missing: &'c [Missing],
    /// The instant at which the figures were read.
    pub read_at: Timestamp,
    /// The beginning of the names of files in the store, if there is a store.
    pub store: Option<&'c str>,
}

impl Contents<'_> {
    /// The place of a table's section in the definition, from 1: a section that is missing keeps its number.
    pub(super) fn place(&self, table: usize) -> usize {
        self.tables.get(table).map_or(table, |table| table.place) + 1
    }
}

/// A section without figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its title.
    pub title: String,
    /// The reason why it has none.
    pub reason: String,
}

/// The part of the contents that a message shows.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The most rows of each table.
    pub(super) rows: usize,
    /// The most sections.
    pub(super) sections: usize,
    /// The text about its files.
    pub(super) files: FileListing,
}

impl Layout {
    /// The number of rows that are shown of a table.
    pub(super) fn rows_shown(&self, table: &Table) -> usize {
        match table.kind {
            // A chart has all of its intervals, however many.
            Kind::Trend => table.shown,
            Kind::Table | Kind::Totals => table.shown.min(self.rows),
        }
    }
}

/// The files as the message lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileListing {
    /// The names of attached files.
    pub(super) names: Vec<String>,
    /// The reason why there are none, and their place.
    pub(super) note: Option<String>,
}

impl FileListing {
    /// The kinds of attached files, each once: `CSV, XLSX`.
    pub(super) fn kinds(&self) -> String {
        let endings = self.names.iter().filter_map(|name| name.rsplit('.').next());
        let mut kinds: Vec<String> = endings.map(str::to_uppercase).collect();
        kinds.dedup();
        kinds.join(", ")
    }

    /// True where people can look rows up in one of them: JSON is for programs.
    pub(super) fn are_for_people(&self) -> bool {
        self.names.iter().any(|name| !name.ends_with(".json"))
    }
}
