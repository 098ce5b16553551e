//! The steps of a trial of templates, as they are told while it goes on.

use std::sync::Arc;

/// A step of a trial.
#[derive(Clone, Copy, Debug)]
pub enum Step<'s> {
    /// A template of this name begins.
    Enter(&'s str),
    /// The one that began last ends.
    Leave,
}

/// Hears of each step of a trial.
pub type Listener = Arc<dyn Fn(Step<'_>) + Send + Sync>;
