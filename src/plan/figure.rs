//! One figure of the service, or the reason why there is none.

use serde::Serialize;

/// A figure, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The figure: a count, seconds, milliseconds, or percent 0 to 100.
    Value(f64),
    /// There is no figure, for this reason.
    Absent(Absent),
}

/// The reason why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// The service had no data for it.
    NoData,
    /// The service could not compute it: a division by zero, or too little data.
    NotComputable,
    /// The figure would have to be merged from parts, and does not add up.
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

    /// The reason why there is no figure, if there is none.
    pub fn absent(self) -> Option<Absent> {
        match self {
            Self::Value(_) => None,
            Self::Absent(absent) => Some(absent),
        }
    }
}
