//! Answers of the service, free of its wire form.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::definition::MetricQuery;

/// The answer to one request, all its pages together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The rows; without groupings at most one.
    pub rows: Vec<Row>,
    /// How many pages they came in.
    pub pages: u32,
}

/// The figures of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The ids of the group in the order of the request's groupings; `None` where the group has
    /// no such thing, as contacts have that never reached an agent.
    pub dimensions: Vec<Option<String>>,
    /// The figures that the service gave; a metric that it left out is missing here too.
    pub figures: BTreeMap<MetricQuery, Figure>,
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
