//! Answers of the service, free of its wire form.

use std::collections::HashMap;
use std::sync::Arc;

use super::rows::{RowKey, Rows};

/// The answer to one request, all its pages together.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The rows; without groupings at most one.
    pub rows: Rows,
    /// The number of pages that they came in.
    pub pages: u32,
}

impl Answer {
    /// This answer and another one to the same question about other metrics, row by row.
    pub(super) fn beside(mut self, other: &Self) -> Self {
        self.pages += other.pages;
        if self.rows.is_empty() {
            self.rows.clone_from(&other.rows);
            return self;
        }
        let mut places: HashMap<RowKey, usize> =
            self.rows.iter().enumerate().map(|(index, row)| (row.key(), index)).collect();
        for row in other.rows.iter() {
            let new = || self.rows.add(Arc::clone(row.dimensions()), row.interval().cloned());
            let place = *places.entry(row.key()).or_insert_with(new);
            for (metric, figure) in row.figures() {
                // What both have is the same, for it was asked in the same way.
                let _ = self.rows.set(place, metric, figure);
            }
        }
        self
    }
}
