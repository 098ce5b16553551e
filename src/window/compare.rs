//! The windows that figures are compared with.

use jiff::civil::{Date, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _, Zoned};

use super::day::{start_of_day, starts_its_day};
use super::rule::Shift;
use super::{Calendar, Window, WindowRule, Zone};
use crate::window::Interval;

/// The windows that figures are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// No comparison.
    None,
    /// The window before.
    PreviousWindow,
    /// The same weekday a week before.
    SameWeekday,
    /// The average of the same weekday in the four weeks before.
    AverageFourWeeks,
}

/// The length of a week in which the clocks are put back.
const LONGEST_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// The number of weeks in an average, where all have figures.
const AVERAGED_WEEKS: i64 = 4;

impl Compare {
    /// The windows whose figures a window's are compared with, the latest first. Windows that do not
    /// exist are left out, such as hours that the clocks skip. A window longer than a week has no
    /// windows in other weeks: it would be compared with a part of itself.
    ///
    /// The previous window follows from the rule that made the window. If no rule made it, the
    /// previous one is as many days long, or, where it is not made of days, as much time.
    pub fn compared_windows(
        self,
        window: &Window,
        rule: WindowRule,
        calendar: &Calendar,
    ) -> Vec<Window> {
        match self {
            Self::None => Vec::new(),
            Self::SameWeekday | Self::AverageFourWeeks if window.length() > LONGEST_WEEK => {
                Vec::new()
            }
            Self::PreviousWindow => previous_window(window, rule, calendar).into_iter().collect(),
            Self::SameWeekday => weeks_before(window, rule, 1).into_iter().collect(),
            Self::AverageFourWeeks => {
                (1..=AVERAGED_WEEKS).filter_map(|weeks| weeks_before(window, rule, weeks)).collect()
            }
        }
    }

    /// The number of days by which compared windows lie further back than the windows of a rule.
    pub fn further_in_days(self, rule: WindowRule) -> i64 {
        match self {
            Self::None => 0,
            Self::PreviousWindow => rule.length_in_days(),
            Self::SameWeekday => 7,
            Self::AverageFourWeeks => 7 * AVERAGED_WEEKS,
        }
    }
}

/// The window so many weeks before this one.
fn weeks_before(window: &Window, rule: WindowRule, weeks: i64) -> Option<Window> {
    let zone = Zone(window.start.time_zone().clone());
    if let Some(shift) = Shift::of_window(window, rule) {
        // The rule has the times; the clocks may have moved a border of this window.
        return shift.weeks_before(weeks)?.in_zone(&zone);
    }
    // Opening hours follow the clock; an hour is an hour whatever the clock shows.
    let is_elapsed_time = !window.is_of_days()
        && window.is_shorter_than_a_day()
        && !matches!(rule, WindowRule::Hours { .. });
    if is_elapsed_time {
        same_length_before(window, weeks.weeks())
    } else {
        same_readings_before(window, weeks.weeks())
    }
}

/// The window before this one, by its rule or of the same length.
fn previous_window(window: &Window, rule: WindowRule, calendar: &Calendar) -> Option<Window> {
    let zone = Zone(window.start.time_zone().clone());
    if !is_made_by(window, rule, &zone, calendar) {
        return if window.is_of_days() {
            same_readings_before(window, window.days().days())
        } else {
            WindowRule::Last(window.length()).window_before(window.start(), &zone, calendar).ok()
        };
    }
    match rule {
        WindowRule::WeekToDate => same_readings_before(window, 1.week()),
        WindowRule::MonthToDate => same_readings_before(window, 1.month()),
        _ => rule.window_before(window.start(), &zone, calendar).ok(),
    }
}

/// True where the rule makes this window at some due time.
fn is_made_by(window: &Window, rule: WindowRule, zone: &Zone, calendar: &Calendar) -> bool {
    // A shift is due once the day on which it began is over.
    let due = match rule {
        WindowRule::Hours { .. } => {
            let next_day =
                window.start.date().tomorrow().and_then(|next| start_of_day(next, &zone.0));
            next_day.map(|next_day| next_day.max(window.end.clone()))
        }
        _ => Ok(window.end.clone()),
    };
    due.is_ok_and(|due| rule.window_before(due.timestamp(), zone, calendar).as_ref() == Ok(window))
}

/// The window of the same length that begins so much earlier on the local clock.
fn same_length_before(window: &Window, by: Span) -> Option<Window> {
    let reading = window.start.datetime().checked_sub(by).ok()?;
    let start = reading.to_zoned(window.start.time_zone().clone()).ok()?;
    let end = start.checked_add(window.length()).ok()?;
    (start.datetime() == reading).then_some(Window { start, end })
}

/// The window between the same readings of the local clock so much earlier.
fn same_readings_before(window: &Window, by: Span) -> Option<Window> {
    let start = same_reading_before(&window.start, by)?;
    let end = same_reading_before(&window.end, by)?;
    (start < end).then_some(Window { start, end })
}

/// The same reading of the local clock so much earlier; the start of a day stays one.
fn same_reading_before(time: &Zoned, by: Span) -> Option<Zoned> {
    let date = time.date().checked_sub(by).ok()?;
    if starts_its_day(time) {
        start_of_day(date, time.time_zone()).ok()
    } else {
        date.to_datetime(time.time()).to_zoned(time.time_zone().clone()).ok()
    }
}

impl Window {
    /// The start of the interval that lies in this window as the one that begins at `time` lies in
    /// another window: on the same day from its start, at the same reading of the clock. If the two
    /// windows start at different readings, it is as long after the start. Days begin when they do,
    /// whatever the clock shows. `None` where the clocks skip that reading here, or show it only once.
    pub fn matching_time(
        &self,
        time: Timestamp,
        other: &Self,
        interval: Interval,
    ) -> Option<Timestamp> {
        let zone = self.start.time_zone();
        let time = other.on_its_clock(time);
        let Some(days) = self.days_after(other) else {
            let passed = time.timestamp().duration_since(other.start());
            return self.start().checked_add(passed).ok();
        };
        let date = time.date().checked_add(days.days()).ok()?;
        if !interval.is_fine() && starts_its_day(&time) {
            return Some(start_of_day(date, zone).ok()?.timestamp());
        }
        let here = zone.to_ambiguous_zoned(date.to_datetime(time.time()));
        let found = match (here.offset(), is_repeated(&time)) {
            (AmbiguousOffset::Gap { .. }, _) => None,
            (AmbiguousOffset::Fold { .. }, true) => here.later().ok(),
            (AmbiguousOffset::Unambiguous { .. }, true) => None,
            (_, false) => here.earlier().ok(),
        };
        found.map(|found| found.timestamp())
    }

    /// The weeks of another window as they would lie in this one. Only windows that are whole weeks
    /// apart have the same weeks, on whichever day weeks begin; others give none.
    pub fn matching_weeks<'w>(
        &self,
        weeks: impl Iterator<Item = &'w Self>,
        other: &Self,
    ) -> Vec<Self> {
        if self.days_after(other).is_none_or(|days| days % 7 != 0) {
            return Vec::new();
        }
        weeks.filter_map(|week| self.matching_week(week, other)).collect()
    }

    /// A week of another window, as it would lie in this one.
    fn matching_week(&self, week: &Self, other: &Self) -> Option<Self> {
        let start = self.matching_time(week.start(), other, Interval::Week)?;
        let end = if week.end() == other.end() {
            self.end()
        } else {
            self.matching_time(week.end(), other, Interval::Week)?
        };
        self.part(start, end)
    }

    /// Tells whether an interval is as long as one of another window. Hours and less are measured in
    /// time, days and weeks in dates, however long a day is on which the clocks change. Intervals that
    /// are cut off within a day are as long if the clock shows the same reading there.
    pub fn is_as_long_as(&self, other: &Self, interval: Interval) -> bool {
        if interval.is_fine() {
            return self.length() == other.length();
        }
        self.days() == other.days()
            && time_within_day(&self.start) == time_within_day(&other.start)
            && time_within_day(&self.end) == time_within_day(&other.end)
    }

    /// The days by which this window lies after another that starts at the same reading of the clock.
    /// The clocks may skip that reading in one of the two, which then starts at the first one after.
    fn days_after(&self, other: &Self) -> Option<i32> {
        let both_start_a_day = starts_its_day(&self.start) && starts_its_day(&other.start);
        if both_start_a_day || self.start.time() == other.start.time() {
            return days_between(other.start.date(), self.start.date());
        }
        let own_date = self.date_of_start_at(other.start.time());
        let was_moved_here = own_date.and_then(|date| days_between(other.start.date(), date));
        was_moved_here
            .or_else(|| days_between(other.date_of_start_at(self.start.time())?, self.start.date()))
    }

    /// The date whose reading gives the window's start, the clocks having moved it perhaps.
    fn date_of_start_at(&self, reading: Time) -> Option<Date> {
        let zone = Zone(self.start.time_zone().clone());
        let date = self.start.date();
        let mut dates = [Some(date), date.yesterday().ok()].into_iter().flatten();
        dates.find(|date| zone.first_at(*date, reading) == Some(self.start()))
    }

    /// The number of local dates from the window's start to its end.
    pub fn days(&self) -> i32 {
        days_between(self.start.date(), self.end.date()).unwrap_or(0)
    }
}

/// The days from one date to another.
fn days_between(from: Date, to: Date) -> Option<i32> {
    from.until(to).ok().map(|span| span.get_days())
}

/// The reading of the clock, unless the instant is the start of a day.
fn time_within_day(time: &Zoned) -> Option<Time> {
    (!starts_its_day(time)).then(|| time.time())
}

/// True where the local clock shows this reading for the second time.
fn is_repeated(time: &Zoned) -> bool {
    let ambiguous = time.time_zone().to_ambiguous_zoned(time.datetime());
    let is_fold = matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. });
    is_fold && ambiguous.later().is_ok_and(|later| later == *time)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::window::rfc3339;

    fn compared(compare: Compare, rule: WindowRule, due: &str) -> Vec<String> {
        let zone = Zone::named("Europe/London").unwrap();
        let calendar = Calendar::default();
        let window = rule.window_before(due.parse().unwrap(), &zone, &calendar).unwrap();
        told(&compare.compared_windows(&window, rule, &calendar))
    }

    fn told(windows: &[Window]) -> Vec<String> {
        let told = |window: &Window| {
            format!("{} {}", rfc3339(&window.start), rfc3339(&window.end)).replace(":00:00", "")
        };
        windows.iter().map(told).collect()
    }

    #[test]
    fn the_previous_window_follows_from_the_rule() {
        use WindowRule::{
            Hours, Last, MonthToDate, PreviousDay, PreviousHour, PreviousMonth, PreviousWeek,
            PreviousWorkday, WeekToDate,
        };
        let hours = Hours { from: time(8, 0, 0, 0), to: time(18, 0, 0, 0) };
        let last = Last(SignedDuration::from_hours(4));
        for (rule, due, expected) in [
            (PreviousHour, "2026-03-29T02:10:00Z", "2026-03-29T00+00:00 2026-03-29T02+01:00"),
            (PreviousDay, "2026-03-30T07:00:00Z", "2026-03-28T00+00:00 2026-03-29T00+00:00"),
            (PreviousWeek, "2026-11-23T07:00:00Z", "2026-11-09T00+00:00 2026-11-16T00+00:00"),
            (PreviousMonth, "2026-11-23T07:00:00Z", "2026-09-01T00+01:00 2026-10-01T00+01:00"),
            // Of Monday's Friday it is Thursday, of Tuesday's Monday it is Friday.
            (PreviousWorkday, "2026-11-23T07:00:00Z", "2026-11-19T00+00:00 2026-11-20T00+00:00"),
            (PreviousWorkday, "2026-11-24T07:00:00Z", "2026-11-20T00+00:00 2026-11-21T00+00:00"),
            (hours, "2026-11-24T07:00:00Z", "2026-11-20T08+00:00 2026-11-20T18+00:00"),
            (WeekToDate, "2026-11-25T12:00:00Z", "2026-11-16T00+00:00 2026-11-18T12+00:00"),
            (MonthToDate, "2026-03-31T12:00:00Z", "2026-02-01T00+00:00 2026-02-28T13+00:00"),
            (last, "2026-11-23T07:00:00Z", "2026-11-22T23+00:00 2026-11-23T03+00:00"),
        ] {
            assert_eq!(compared(Compare::PreviousWindow, rule, due), [expected], "{rule}");
        }
    }

    #[test]
    fn shifts_are_compared_with_shifts() {
        let zone = Zone::named("Europe/London").unwrap();
        let calendar = Calendar {
            workdays: vec![jiff::civil::Weekday::Saturday, jiff::civil::Weekday::Sunday],
            ..Calendar::default()
        };
        let hours =
            |from, to| WindowRule::Hours { from: time(from, 30, 0, 0), to: time(to, 0, 0, 0) };
        // The night before Sunday the 29th is short, and on it there is no 01:30.
        for (rule, compare, due, expected) in [
            (
                hours(22, 6),
                Compare::SameWeekday,
                "2026-03-29T07:00:00Z",
                "2026-03-21T22:30+00:00 2026-03-22T06+00:00",
            ),
            (
                hours(22, 6),
                Compare::PreviousWindow,
                "2026-03-30T07:00:00Z",
                "2026-03-28T22:30+00:00 2026-03-29T06+01:00",
            ),
            (
                hours(22, 0),
                Compare::PreviousWindow,
                "2026-03-29T07:00:00Z",
                "2026-03-22T22:30+00:00 2026-03-23T00+00:00",
            ),
            (
                hours(1, 6),
                Compare::SameWeekday,
                "2026-03-30T07:00:00Z",
                "2026-03-22T01:30+00:00 2026-03-22T06+00:00",
            ),
            (
                hours(1, 6),
                Compare::SameWeekday,
                "2026-04-06T07:00:00Z",
                "2026-03-29T02+01:00 2026-03-29T06+01:00",
            ),
        ] {
            let window = rule.window_before(due.parse().unwrap(), &zone, &calendar).unwrap();
            let windows = told(&compare.compared_windows(&window, rule, &calendar));
            assert_eq!(
                windows,
                [expected.replace("T22:30", "T22:30:00").replace("T01:30", "T01:30:00")]
            );
        }
    }

    /// A shift whose start the clocks skip has the times of other weeks all the same.
    #[test]
    fn times_match_where_a_start_is_skipped() {
        for (zone, here, of, time, expected) in [
            // London has no 01:30, and starts at 02:00.
            (
                "Europe/London",
                ("2026-03-29T02:00", "2026-03-29T06:00"),
                ("2026-03-22T01:30", "2026-03-22T06:00"),
                "2026-03-22T03:00:00Z",
                "2026-03-29T02:00:00Z",
            ),
            // Nuuk has no 23:30, and starts on the next day.
            (
                "America/Nuuk",
                ("2026-03-29", "2026-03-29T06:00"),
                ("2026-03-21T23:30", "2026-03-22T06:00"),
                "2026-03-22T05:00:00Z",
                "2026-03-29T04:00:00Z",
            ),
        ] {
            let zone = Zone::named(zone).unwrap();
            let window = |(start, end): (&str, &str)| {
                Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
            };
            let here = window(here);
            let of = window(of);
            let [time, expected] = [time, expected].map(|time| time.parse().unwrap());
            assert_eq!(here.matching_time(time, &of, Interval::Hour), Some(expected));
            assert_eq!(of.matching_time(expected, &here, Interval::Hour), Some(time));
        }
    }

    #[test]
    fn weeks_are_those_of_the_local_clock() {
        let day = WindowRule::PreviousDay;
        let due = "2026-04-06T07:00:00Z";
        assert_eq!(
            compared(Compare::SameWeekday, day, due),
            ["2026-03-29T00+00:00 2026-03-30T00+01:00"],
            "the day of 23 hours"
        );
        assert_eq!(
            compared(Compare::AverageFourWeeks, day, due),
            [
                "2026-03-29T00+00:00 2026-03-30T00+01:00",
                "2026-03-22T00+00:00 2026-03-23T00+00:00",
                "2026-03-15T00+00:00 2026-03-16T00+00:00",
                "2026-03-08T00+00:00 2026-03-09T00+00:00",
            ]
        );
        assert_eq!(compared(Compare::None, day, due), [""; 0]);
        // There is no hour to compare with if the clocks skipped it a week before.
        let hour = WindowRule::PreviousHour;
        assert_eq!(compared(Compare::SameWeekday, hour, "2026-04-05T01:10:00Z"), [""; 0]);
    }

    #[test]
    fn windows_without_a_rule_are_compared_with_equal_lengths() {
        let zone = Zone::named("Europe/London").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        for (start, end, expected) in [
            ("2026-03-28", "2026-03-30", "2026-03-26T00+00:00 2026-03-28T00+00:00"),
            ("2026-11-22T08:00", "2026-11-22T10:00", "2026-11-22T06+00:00 2026-11-22T08+00:00"),
            ("2026-10-01", "2026-11-01", "2026-09-01T00+01:00 2026-10-01T00+01:00"),
        ] {
            let rule = WindowRule::PreviousMonth;
            let found = Compare::PreviousWindow.compared_windows(
                &window(start, end),
                rule,
                &Calendar::default(),
            );
            assert_eq!(told(&found), [expected]);
        }
    }

    #[test]
    fn matching_times_have_the_same_reading() {
        let zone = Zone::named("Europe/London").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        let [long, short, day] = [
            window("2026-10-25", "2026-10-26"),
            window("2026-03-29", "2026-03-30"),
            window("2026-06-07", "2026-06-08"),
        ];
        let hours = [
            window("2026-06-07T04:00", "2026-06-07T08:00"),
            window("2026-06-07", "2026-06-07T04:00"),
        ];
        let hour = Interval::Hour;
        for (here, of, time, expected) in [
            (&day, &short, "2026-03-29T08:00:00Z", Some("2026-06-07T08:00:00Z")),
            (&short, &day, "2026-06-07T00:00:00Z", None),
            (&day, &long, "2026-10-25T00:00:00Z", Some("2026-06-07T00:00:00Z")),
            (&day, &long, "2026-10-25T01:00:00Z", None),
            (&long, &day, "2026-06-07T00:00:00Z", Some("2026-10-25T00:00:00Z")),
            (&hours[0], &hours[1], "2026-06-07T01:00:00Z", Some("2026-06-07T05:00:00Z")),
        ] {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(here.matching_time(time.parse().unwrap(), of, hour), expected, "{time}");
        }
    }

    /// In Beirut a day in spring begins at 01:00, so it lacks the first hour of other days.
    #[test]
    fn hours_match_by_the_clock_and_days_by_their_start() {
        let zone = Zone::named("Asia/Beirut").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        let short = window("2026-03-29", "2026-03-30");
        let day = window("2026-04-05", "2026-04-06");
        for (here, of, interval, expected) in [
            (&day, &short, Interval::Hour, Some("2026-04-04T22:00:00Z")),
            (&short, &day, Interval::Hour, None),
            (&day, &short, Interval::Day, Some("2026-04-04T21:00:00Z")),
            (&short, &day, Interval::Day, Some("2026-03-28T22:00:00Z")),
        ] {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(here.matching_time(of.start(), of, interval), expected, "{interval:?}");
        }
    }

    /// An hour is as long as another wherever midnight is, a day as another however many hours it has,
    /// and one that is cut off as none that is whole.
    #[test]
    fn equally_long_intervals_are_recognised() {
        let zone = Zone::named("Asia/Beirut").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        let is_as_long = |one: [&str; 2], other: [&str; 2], interval| {
            let [one, other] = [one, other].map(|[start, end]| window(start, end));
            one.is_as_long_as(&other, interval)
        };
        let hours = |day: &str| window(day, "2026-10-26").intervals(Interval::Hour);
        // At the end of 24 October the clocks go back by an hour, to 23:00.
        let long = hours("2026-10-24");
        let last = ["2026-10-31T23:00", "2026-11-01"];
        assert!(long[23].is_as_long_as(&window(last[0], last[1]), Interval::Hour));
        for (one, other, interval, expected) in [
            (["2026-11-01T22:00", "2026-11-01T23:00"], last, Interval::Hour, true),
            (["2026-11-01T22:15", "2026-11-01T23:00"], last, Interval::Hour, false),
            (["2026-03-29", "2026-03-30"], ["2026-04-05", "2026-04-06"], Interval::Day, true),
            (
                ["2026-04-05", "2026-04-06"],
                ["2026-04-06", "2026-04-06T13:00"],
                Interval::Day,
                false,
            ),
            (["2026-04-01", "2026-04-06"], ["2026-03-04", "2026-03-09"], Interval::Week, true),
            (["2026-04-01", "2026-04-06"], ["2026-03-02", "2026-03-09"], Interval::Week, false),
        ] {
            assert_eq!(is_as_long(one, other, interval), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn an_hour_is_compared_with_an_hour() {
        let hour = WindowRule::PreviousHour;
        assert_eq!(
            compared(Compare::SameWeekday, hour, "2025-11-02T02:20:00Z"),
            ["2025-10-26T01+01:00 2025-10-26T01+00:00"]
        );
        assert_eq!(
            compared(Compare::SameWeekday, hour, "2025-10-26T01:20:00Z"),
            ["2025-10-19T01+01:00 2025-10-19T02+01:00"]
        );
    }

    #[test]
    fn a_month_is_not_compared_with_a_part_of_itself() {
        let month = WindowRule::PreviousMonth;
        assert_eq!(compared(Compare::SameWeekday, month, "2026-11-23T07:00:00Z"), [""; 0]);
    }
}
