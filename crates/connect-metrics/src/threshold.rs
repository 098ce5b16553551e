//! Thresholds: their comparisons, and their place in titles.

use std::ops::RangeInclusive;

use serde::Serialize;

/// The allowed thresholds in whole seconds; the greatest is a week, the longest that a contact may last.
pub const THRESHOLD_SECONDS: RangeInclusive<u32> = 1..=604_800;

/// The comparison of a threshold (GetMetricDataV2, ThresholdV2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Comparison {
    /// Less than.
    #[serde(rename = "LT")]
    LessThan,
    /// Less than or equal.
    #[serde(rename = "LTE")]
    LessThanOrEqual,
    /// Greater than; for the campaign metrics "abandoned after".
    #[serde(rename = "GT")]
    GreaterThan,
}

impl Comparison {
    /// Every comparison, the usual one first.
    pub const ALL: [Self; 3] = [Self::LessThan, Self::LessThanOrEqual, Self::GreaterThan];

    /// The API's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LessThan => "LT",
            Self::LessThanOrEqual => "LTE",
            Self::GreaterThan => "GT",
        }
    }

    /// The comparison with this spelling of the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.as_str() == text)
    }
}

/// A title, or its translation, with so many seconds in place of `X`: `Service level 20 s`.
pub fn with_threshold(title: &str, seconds: u32) -> String {
    let words = title.replace("X seconds", "X");
    words
        .split(' ')
        .map(|word| match word {
            "X" => format!("{seconds} s"),
            word => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
