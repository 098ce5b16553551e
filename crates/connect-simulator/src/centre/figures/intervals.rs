//! The intervals of a window.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use crate::centre::shifts::TimeSpan;

/// The interval periods of `GetMetricDataV2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// The whole window.
    Total,
    /// Quarters of an hour.
    FifteenMinutes,
    /// Halves of an hour.
    ThirtyMinutes,
    /// Hours.
    Hour,
    /// Days of the time zone, 23 to 25 hours long.
    Day,
    /// Weeks of the time zone. AWS does not say on which day a week begins; here on Monday, unless the
    /// [`IntervalLayout`] is another.
    Week,
}

/// The layout of the intervals of a window, which AWS does not document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalLayout {
    /// Intervals begin where the clock shows a full interval, weeks on Mondays.
    #[default]
    ByTheClock,
    /// As [`Self::ByTheClock`], but weeks begin on Sundays.
    FromSundays,
    /// Intervals follow each other from the start of the window.
    FromTheStart,
}

impl Interval {
    /// Every interval.
    pub const ALL: &[Self] = &[
        Self::Total,
        Self::FifteenMinutes,
        Self::ThirtyMinutes,
        Self::Hour,
        Self::Day,
        Self::Week,
    ];

    /// The API's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "TOTAL",
            Self::FifteenMinutes => "FIFTEEN_MIN",
            Self::ThirtyMinutes => "THIRTY_MIN",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
        }
    }

    /// The interval that the API spells so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|interval| interval.as_str() == text)
    }

    /// The pieces of `[start, end)` in the order of time; the first and the last are clipped.
    pub(crate) fn pieces(
        self,
        start: Timestamp,
        end: Timestamp,
        zone: &TimeZone,
        layout: IntervalLayout,
    ) -> Vec<TimeSpan> {
        let mut pieces = Vec::new();
        let mut from = start;
        while from < end {
            let to = match layout {
                IntervalLayout::ByTheClock => self.border_after(from, zone, Weekday::Monday),
                IntervalLayout::FromSundays => self.border_after(from, zone, Weekday::Sunday),
                IntervalLayout::FromTheStart => self.step_after(from, zone),
            };
            let to = to.unwrap_or(end).min(end);
            pieces.push(TimeSpan::new(from.as_millisecond(), to.as_millisecond()));
            from = to;
        }
        pieces
    }

    /// The first border after `time`; `None` at the end of time, and for the total.
    fn border_after(
        self,
        time: Timestamp,
        zone: &TimeZone,
        week_starts: Weekday,
    ) -> Option<Timestamp> {
        let local = time.to_zoned(zone.clone());
        let border = match self {
            Self::Total => return None,
            Self::FifteenMinutes => next_minutes(&local, 15)?,
            Self::ThirtyMinutes => next_minutes(&local, 30)?,
            Self::Hour => next_minutes(&local, 60)?,
            Self::Day => next_day(&local)?,
            Self::Week => {
                let mut day = next_day(&local)?;
                while day.weekday() != week_starts {
                    day = next_day(&day)?;
                }
                day
            }
        };
        (border.timestamp() > time).then(|| border.timestamp())
    }
}

impl Interval {
    /// The time one interval later; `None` for the total.
    fn step_after(self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let step = match self {
            Self::Total => return None,
            Self::FifteenMinutes => 15.minutes(),
            Self::ThirtyMinutes => 30.minutes(),
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
        };
        Some(time.to_zoned(zone.clone()).checked_add(step).ok()?.timestamp())
    }
}

/// The next full multiple of `minutes` on the clock.
fn next_minutes(local: &Zoned, minutes: i64) -> Option<Zoned> {
    let into_hour = SignedDuration::from_mins(i64::from(local.minute()))
        + SignedDuration::new(i64::from(local.second()), local.subsec_nanosecond());
    let piece = SignedDuration::from_mins(minutes);
    let into_piece = into_hour.as_nanos() % piece.as_nanos();
    let left = piece.as_nanos() - into_piece;
    let left = SignedDuration::from_nanos(i64::try_from(left).ok()?);
    local.checked_add(left).ok()
}

fn next_day(local: &Zoned) -> Option<Zoned> {
    let tomorrow = local.date().tomorrow().ok()?;
    tomorrow.to_zoned(local.time_zone().clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(interval: Interval, start: &str, end: &str, zone: &str) -> Vec<i64> {
        laid_out(IntervalLayout::ByTheClock, interval, [start, end], zone)
    }

    fn laid_out(
        layout: IntervalLayout,
        interval: Interval,
        [start, end]: [&str; 2],
        zone: &str,
    ) -> Vec<i64> {
        let zone = TimeZone::get(zone).unwrap();
        interval
            .pieces(start.parse().unwrap(), end.parse().unwrap(), &zone, layout)
            .into_iter()
            .map(|piece| (piece.end - piece.start) / 60_000)
            .collect()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let days =
            pieces(Interval::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", "Europe/Berlin");
        assert_eq!(days, [24 * 60, 23 * 60, 24 * 60]);
    }

    #[test]
    fn there_are_other_layouts() {
        let days = ["2026-03-05T00:00:00Z", "2026-03-17T00:00:00Z"];
        let weeks = |layout| laid_out(layout, Interval::Week, days, "UTC");
        assert_eq!(weeks(IntervalLayout::FromSundays), [3 * 1440, 7 * 1440, 2 * 1440]);
        assert_eq!(weeks(IntervalLayout::FromTheStart), [7 * 1440, 5 * 1440]);
        let hours = ["2026-03-05T00:20:00Z", "2026-03-05T02:10:00Z"];
        assert_eq!(laid_out(IntervalLayout::FromTheStart, Interval::Hour, hours, "UTC"), [60, 50]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let weeks = pieces(Interval::Week, "2026-03-05T00:00:00Z", "2026-03-17T00:00:00Z", "UTC");
        assert_eq!(weeks, [4 * 1440, 7 * 1440, 1440]);
    }

    #[test]
    fn the_first_and_the_last_piece_are_clipped() {
        let hours = pieces(
            Interval::Hour,
            "2026-03-05T00:20:00Z",
            "2026-03-05T02:10:00Z",
            "Asia/Kathmandu",
        );
        assert_eq!(hours, [55, 55]);
        let quarters =
            pieces(Interval::FifteenMinutes, "2026-03-05T00:20:00Z", "2026-03-05T00:50:00Z", "UTC");
        assert_eq!(quarters, [10, 15, 5]);
    }
}
