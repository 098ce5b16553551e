//! Answers of the service, free of its wire form.

use std::collections::HashMap;
use std::sync::Arc;

use super::rows::{RowKey, Rows};

/// The answer to one request, all its pages together.
#[derive(Clone, Debug, Default)]
pub struct RequestAnswer {
    /// The rows; at most one where there are no groupings.
    pub rows: Rows,
    /// The number of pages in which they came.
    pub pages: u32,
}

impl RequestAnswer {
    /// Adds the figures of another answer, to the same query about other metrics, row by row.
    pub(super) fn with_metrics_of(mut self, other: &Self) -> Self {
        self.pages += other.pages;
        if self.rows.is_empty() {
            self.rows.clone_from(&other.rows);
            return self;
        }
        let mut places: HashMap<RowKey, usize> =
            self.rows.iter().enumerate().map(|(index, row)| (row.key(), index)).collect();
        for row in other.rows.iter() {
            let place = *places.entry(row.key()).or_insert_with(|| {
                self.rows.add(Arc::clone(row.dimensions()), row.interval().cloned())
            });
            for (metric, figure) in row.figures() {
                // Both have the same figure, because both requests ask for it in the same way.
                let _ = self.rows.set(place, metric, figure);
            }
        }
        self
    }
}
