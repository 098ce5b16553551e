//! Thresholds: how times are compared with one, and how titles name it.

use std::ops::RangeInclusive;

use serde::Serialize;

/// The thresholds that there are, in whole seconds; the greatest is a week, as long as a contact
/// may last.
pub const THRESHOLD: RangeInclusive<u32> = 1..=604_800;

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

    /// The comparison that the API spells so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.as_str() == text)
    }
}

/// A title, or its translation, with so many seconds in the place of `X`: `Service level 20 s`.
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
