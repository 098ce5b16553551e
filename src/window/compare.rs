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
    /// Nothing.
    None,
    /// The window before.
    PreviousWindow,
    /// The same weekday a week before.
    SameWeekday,
    /// The average of the same weekday in the four weeks before.
    AverageFourWeeks,
}

/// A week in which the clocks are put back.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// The number of weeks that an average is of, where all have figures.
const WEEKS: i64 = 4;

impl Compare {
    /// The windows whose figures a window's are compared with, the latest first. One that does not
    /// exist is left out, as hours are that the clocks skip, and so are other weeks of a window that
    /// is longer than one and would be compared with a part of itself.
    ///
    /// The window before one follows from the rule that made it. One that no rule made is as
    /// many days long as it is, or where it is not made of days, as much time.
    pub fn windows(self, window: &Window, rule: WindowRule, calendar: &Calendar) -> Vec<Window> {
        let length = window.end().duration_since(window.start());
        let zone = Zone(window.start.time_zone().clone());
        let shift = Shift::of_window(window, rule);
        // Hours of a day are what the clock shows; an hour is an hour whatever it shows.
        let is_so_long = !window.is_of_days()
            && length < SignedDuration::from_hours(24)
            && !matches!(rule, WindowRule::Hours { .. });
        let weeks_ago = |weeks: i64| match shift {
            // As the rule has them: here the clocks may have moved a border.
            Some(shift) => shift.weeks_before(weeks)?.in_zone(&zone),
            None if is_so_long => same_length(window, weeks.weeks()),
            None => moved(window, weeks.weeks()),
        };
        match self {
            Self::None => Vec::new(),
            Self::SameWeekday | Self::AverageFourWeeks if length > WEEK => Vec::new(),
            Self::PreviousWindow => before(window, rule, calendar).into_iter().collect(),
            Self::SameWeekday => weeks_ago(1).into_iter().collect(),
            Self::AverageFourWeeks => (1..=WEEKS).filter_map(weeks_ago).collect(),
        }
    }

    /// The number of days by which windows lie further back than those of a rule that are compared with them.
    pub fn further_in_days(self, rule: WindowRule) -> i64 {
        match self {
            Self::None => 0,
            Self::PreviousWindow => rule.length_in_days(),
            Self::SameWeekday => 7,
            Self::AverageFourWeeks => 7 * WEEKS,
        }
    }
}

fn before(window: &Window, rule: WindowRule, calendar: &Calendar) -> Option<Window> {
    let zone = Zone(window.start.time_zone().clone());
    if !made_by(window, rule, &zone, calendar) {
        return match window.is_of_days() {
            true => moved(window, window.days().days()),
            false => WindowRule::Last(window.end().duration_since(window.start()))
                .before(window.start(), &zone, calendar)
                .ok(),
        };
    }
    match rule {
        WindowRule::WeekToDate => moved(window, 1.week()),
        WindowRule::MonthToDate => moved(window, 1.month()),
        _ => rule.before(window.start(), &zone, calendar).ok(),
    }
}

/// True where it is what the rule makes of some time.
fn made_by(window: &Window, rule: WindowRule, zone: &Zone, calendar: &Calendar) -> bool {
    // Hours are those of a day that is over with them.
    let due = match rule {
        WindowRule::Hours { .. } => {
            let next_day =
                window.start.date().tomorrow().and_then(|next| start_of_day(next, &zone.0));
            next_day.map(|next_day| next_day.max(window.end.clone()))
        }
        _ => Ok(window.end.clone()),
    };
    due.is_ok_and(|due| rule.before(due.timestamp(), zone, calendar).as_ref() == Ok(window))
}

/// A span of the same length that begins so much earlier on the local clock.
fn same_length(window: &Window, by: Span) -> Option<Window> {
    let reading = window.start.datetime().checked_sub(by).ok()?;
    let start = reading.to_zoned(window.start.time_zone().clone()).ok()?;
    let end = start.checked_add(window.end().duration_since(window.start())).ok()?;
    (start.datetime() == reading).then_some(Window { start, end })
}

/// The same span of the local clock so much earlier.
fn moved(window: &Window, by: Span) -> Option<Window> {
    let moved = |time: &Zoned| {
        let date = time.date().checked_sub(by).ok()?;
        match starts_its_day(time) {
            true => start_of_day(date, time.time_zone()).ok(),
            false => date.to_datetime(time.time()).to_zoned(time.time_zone().clone()).ok(),
        }
    };
    let (start, end) = (moved(&window.start)?, moved(&window.end)?);
    (start < end).then_some(Window { start, end })
}

impl Window {
    /// The start of an interval that lies in this window as one that begins at `time` lies in
    /// another: on the same day from its start, at the same reading of the clock; so long after its
    /// start, where the two start at different readings. Days begin when they do, whatever the clock
    /// shows. Nothing where the clocks skip that reading here, or show it only once.
    pub fn alike(&self, time: Timestamp, of: &Self, interval: Interval) -> Option<Timestamp> {
        let zone = self.start.time_zone();
        let time = of.on_its_clock(time);
        let Some(days) = self.days_after(of) else {
            let passed = time.timestamp().duration_since(of.start());
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

    /// The weeks of another window as they would lie in this one, if the two are whole weeks apart: then they
    /// lie alike, on whichever day weeks begin.
    pub fn weeks_like<'w>(&self, weeks: impl Iterator<Item = &'w Self>, of: &Self) -> Vec<Self> {
        let alike = |time| self.alike(time, of, Interval::Week);
        let moved = |week: &Self| {
            let ends_with_window = week.end() == of.end();
            let end = if ends_with_window { self.end() } else { alike(week.end())? };
            self.part(alike(week.start())?, end)
        };
        let is_whole_weeks_apart = self.days_after(of).is_some_and(|days| days % 7 == 0);
        weeks.filter(|_| is_whole_weeks_apart).filter_map(moved).collect()
    }

    /// Tells whether an interval is as long as one of another window: so many hours, or of days and weeks so
    /// many dates, however long a day is on which the clocks change. One that is cut off in a day is as
    /// long as one that is cut off at the same reading of the clock.
    pub fn is_as_long_as(&self, other: &Self, interval: Interval) -> bool {
        if interval.is_fine() {
            let length = |window: &Self| window.end().duration_since(window.start());
            return length(self) == length(other);
        }
        let cut_off = |time: &Zoned| (!starts_its_day(time)).then(|| time.time());
        self.days() == other.days()
            && cut_off(&self.start) == cut_off(&other.start)
            && cut_off(&self.end) == cut_off(&other.end)
    }

    /// The days by which this window lies after another that starts at the same reading of the clock. The
    /// clocks may skip that reading in one of them, which then starts at the first one after.
    fn days_after(&self, other: &Self) -> Option<i32> {
        let zone = Zone(self.start.time_zone().clone());
        let days = |from: Date, to: Date| from.until(to).ok().map(|span| span.get_days());
        let both_start_a_day = starts_its_day(&self.start) && starts_its_day(&other.start);
        if both_start_a_day || self.start.time() == other.start.time() {
            return days(other.start.date(), self.start.date());
        }
        // The date on which a window starts that would start at this reading.
        let date_of = |window: &Self, reading: Time| {
            let date = window.start.date();
            let dates = [Some(date), date.yesterday().ok()];
            let starts = |date: &Date| zone.first_at(*date, reading) == Some(window.start());
            dates.into_iter().flatten().find(starts)
        };
        let (ours, others) = (self.start.time(), other.start.time());
        let moved_here = date_of(self, others).and_then(|date| days(other.start.date(), date));
        moved_here.or_else(|| days(date_of(other, ours)?, self.start.date()))
    }

    /// The number of local dates that it covers from start to end.
    pub fn days(&self) -> i32 {
        let days = self.start.date().until(self.end.date());
        days.map_or(0, |days| days.get_days())
    }
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
        let window = rule.before(due.parse().unwrap(), &zone, &calendar).unwrap();
        told(&compare.windows(&window, rule, &calendar))
    }

    fn told(windows: &[Window]) -> Vec<String> {
        let told = |window: &Window| {
            format!("{} {}", rfc3339(&window.start), rfc3339(&window.end)).replace(":00:00", "")
        };
        windows.iter().map(told).collect()
    }

    #[test]
    fn the_window_before_follows_from_the_rule() {
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
            let window = rule.before(due.parse().unwrap(), &zone, &calendar).unwrap();
            let windows = told(&compare.windows(&window, rule, &calendar));
            assert_eq!(
                windows,
                [expected.replace("T22:30", "T22:30:00").replace("T01:30", "T01:30:00")]
            );
        }
    }

    /// A shift whose start the clocks skip has the times of other weeks all the same.
    #[test]
    fn times_are_alike_where_a_start_is_skipped() {
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
            let (here, of) = (window(here), window(of));
            let [time, expected] = [time, expected].map(|time| time.parse().unwrap());
            assert_eq!(here.alike(time, &of, Interval::Hour), Some(expected));
            assert_eq!(of.alike(expected, &here, Interval::Hour), Some(time));
        }
    }

    #[test]
    fn weeks_are_those_of_the_local_clock() {
        let (day, due) = (WindowRule::PreviousDay, "2026-04-06T07:00:00Z");
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
        // An hour that the clocks skipped a week before is none to compare with.
        let hour = WindowRule::PreviousHour;
        assert_eq!(compared(Compare::SameWeekday, hour, "2026-04-05T01:10:00Z"), [""; 0]);
    }

    #[test]
    fn what_no_rule_made_is_as_long_as_it_is() {
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
            let found =
                Compare::PreviousWindow.windows(&window(start, end), rule, &Calendar::default());
            assert_eq!(told(&found), [expected]);
        }
    }

    #[test]
    fn times_are_alike() {
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
            assert_eq!(here.alike(time.parse().unwrap(), of, hour), expected, "{time}");
        }
    }

    /// In Beirut a day in spring begins at 01:00: its first hour is none that other days begin with.
    #[test]
    fn hours_are_alike_by_the_clock_and_days_by_their_start() {
        let zone = Zone::named("Asia/Beirut").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        let (short, day) = (window("2026-03-29", "2026-03-30"), window("2026-04-05", "2026-04-06"));
        for (here, of, interval, expected) in [
            (&day, &short, Interval::Hour, Some("2026-04-04T22:00:00Z")),
            (&short, &day, Interval::Hour, None),
            (&day, &short, Interval::Day, Some("2026-04-04T21:00:00Z")),
            (&short, &day, Interval::Day, Some("2026-03-28T22:00:00Z")),
        ] {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(here.alike(of.start(), of, interval), expected, "{interval:?}");
        }
    }

    /// An hour is as long as another wherever midnight is, a day as another however many hours it has,
    /// and one that is cut off as none that is whole.
    #[test]
    fn intervals_are_as_long_as_each_other() {
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
        let (long, last) = (hours("2026-10-24"), ["2026-10-31T23:00", "2026-11-01"]);
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
