//! One row of a table.

use std::sync::Arc;

use crate::definition::{State, Target};
use crate::plan::Figure;
use crate::window::Window;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// The members that the row is about; one for each grouping. The rows of one group share them.
    pub members: Arc<[Member]>,
    /// The interval that it is of, where the section has intervals.
    pub interval: Option<Arc<Window>>,
    /// One figure for each column. What nothing happened to has the same.
    pub figures: Arc<[Figure]>,
    /// For each column what its figure is compared with; empty where there is no comparison.
    pub compared: Arc<[Figure]>,
    /// For each column where its figure stands to its target; empty where none has one.
    pub states: Arc<[Option<State>]>,
    /// The targets that are its own rather than its column's, by column.
    pub own_targets: Arc<[(usize, Target)]>,
    /// Says whether the answer does not have it: nothing happened there.
    pub is_quiet: bool,
}

/// One queue, channel, routing profile or agent; without id it is what has none, such as the
/// contacts that never reached an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: Option<String>,
    /// The name, or the id where no name is known.
    pub name: Option<String>,
    /// Says whether the instance does not list it: it was deleted.
    pub is_unlisted: bool,
}
