//! One row of a table.

use std::sync::Arc;

use jiff::Timestamp;

use crate::definition::{State, Target};
use crate::plan::Figure;
use crate::window::Window;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// The row's members, one for each grouping. The rows of one group share them.
    pub members: Arc<[Member]>,
    /// The row's interval, where the section has intervals.
    pub interval: Option<Arc<Window>>,
    /// One figure for each column. Rows without contacts share theirs.
    pub figures: Arc<[Figure]>,
    /// The figure with which each column's is compared; empty where there is no comparison.
    pub compared: Arc<[Figure]>,
    /// The state of each column's figure against its target; empty where no column has a target.
    pub states: Arc<[Option<State>]>,
    /// The row's own targets, which replace those of its columns, by column.
    pub own_targets: Arc<[(usize, Target)]>,
    /// True where the answer lacks the row, because nothing happened there.
    pub is_quiet: bool,
}

impl TableRow {
    /// The start of the row's interval, where it has one.
    pub fn start(&self) -> Option<Timestamp> {
        self.interval.as_deref().map(Window::start)
    }
}

/// One queue, channel, routing profile or agent. Without an id it stands for contacts that have none, such
/// as those that never reached an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: Option<String>,
    /// The name, or the id where no name is known.
    pub name: Option<String>,
    /// True where the instance does not list it, because it was deleted.
    pub is_unlisted: bool,
}
