//! Answers of the service, free of its wire form.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::rows::{RowKey, Rows};

/// The answer to one request, all its pages together.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The rows; without groupings at most one.
    pub rows: Rows,
    /// How many pages they came in.
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

/// A figure, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The figure: a count, seconds, milliseconds, or percent 0 to 100.
    Value(f64),
    /// There is none.
    Absent(Absent),
}

/// Why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// The service had no data for it.
    NoData,
    /// The service could not compute it: a division by zero, or too little data.
    NotComputable,
    /// It would have to be merged from parts, and does not add up.
    NotAvailable,
}

impl Figure {
    /// The figure, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) => None,
        }
    }

    /// Why there is no figure, if there is none.
    pub fn absent(self) -> Option<Absent> {
        match self {
            Self::Value(_) => None,
            Self::Absent(absent) => Some(absent),
        }
    }
}
