//! The lengths of time that Connect cuts a window into.

/// The length of an interval (GetMetricDataV2, `IntervalPeriod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// `FIFTEEN_MIN`
    FifteenMinutes,
    /// `THIRTY_MIN`
    ThirtyMinutes,
    /// `HOUR`
    Hour,
    /// `DAY`
    Day,
    /// `WEEK`
    Week,
}

impl Interval {
    /// Tells whether the interval is an hour or less; a request takes fewer days of such intervals
    /// (GetMetricDataV2, Interval).
    pub fn is_fine(self) -> bool {
        matches!(self, Self::FifteenMinutes | Self::ThirtyMinutes | Self::Hour)
    }
}
