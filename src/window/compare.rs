//! The windows that figures are compared with.

use jiff::{Span, ToSpan as _, Zoned};

use super::rule::start_of;
use super::{Calendar, Window, WindowRule, Zone, starts_its_day};

/// What figures are compared with.
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

/// How many weeks an average is of, where all have figures.
const WEEKS: i64 = 4;

impl Compare {
    /// The windows whose figures a window's are compared with, the latest first. One that does not
    /// exist is left out, as hours are that the clocks skip.
    ///
    /// What comes before a window follows from the rule that made it. One that no rule made is as
    /// many days long as it is, or where it is not made of days, as much time.
    pub fn windows(self, window: &Window, rule: WindowRule, calendar: &Calendar) -> Vec<Window> {
        let weeks_ago = |weeks: i64| moved(window, weeks.weeks());
        match self {
            Self::None => Vec::new(),
            Self::PreviousWindow => before(window, rule, calendar).into_iter().collect(),
            Self::SameWeekday => weeks_ago(1).into_iter().collect(),
            Self::AverageFourWeeks => (1..=WEEKS).filter_map(weeks_ago).collect(),
        }
    }
}

fn before(window: &Window, rule: WindowRule, calendar: &Calendar) -> Option<Window> {
    let zone = Zone(window.start.time_zone().clone());
    if !made_by(window, rule, &zone, calendar) {
        let days = window.end.date().since(window.start.date()).ok()?.get_days();
        return match starts_its_day(&window.start) && starts_its_day(&window.end) {
            true => moved(window, days.days()),
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

/// Whether it is what the rule makes of some time.
fn made_by(window: &Window, rule: WindowRule, zone: &Zone, calendar: &Calendar) -> bool {
    // Hours are those of a day before.
    let due = match rule {
        WindowRule::Hours { .. } => {
            window.end.date().tomorrow().and_then(|next| start_of(next, &zone.0))
        }
        _ => Ok(window.end.clone()),
    };
    due.is_ok_and(|due| rule.before(due.timestamp(), zone, calendar).as_ref() == Ok(window))
}

/// The same span of the local clock so much earlier.
fn moved(window: &Window, by: Span) -> Option<Window> {
    let moved = |time: &Zoned| {
        let date = time.date().checked_sub(by).ok()?;
        match starts_its_day(time) {
            true => start_of(date, time.time_zone()).ok(),
            false => date.to_datetime(time.time()).to_zoned(time.time_zone().clone()).ok(),
        }
    };
    let (start, end) = (moved(&window.start)?, moved(&window.end)?);
    (start < end).then_some(Window { start, end })
}

impl Window {
    /// The part of this window that lies in it as a part of another lies there: on the same day
    /// from its start, at the same times. Nothing where the clocks skip that time.
    pub fn like(&self, part: &Self, of: &Self) -> Option<Self> {
        let days = of.start.date().until(part.start.date()).ok()?;
        let date = self.start.date().checked_add(days).ok()?;
        let zone = self.start.time_zone();
        let start = match part.start == of.start {
            true => self.start.clone(),
            false if starts_its_day(&part.start) => start_of(date, zone).ok()?,
            false => {
                let reading = date.to_datetime(part.start.time());
                let start = reading.to_zoned(zone.clone()).ok()?;
                (start.datetime() == reading).then_some(start)?
            }
        };
        let end = start.checked_add(part.end().duration_since(part.start())).ok()?;
        Some(Self { start, end })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
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
    fn parts_lie_alike() {
        let zone = Zone::named("Europe/London").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        let today = window("2026-03-30", "2026-03-31");
        let before = window("2026-03-29", "2026-03-30");
        for (part, expected) in [
            (("2026-03-29", "2026-03-29T00:30"), "2026-03-30T00+01:00 2026-03-30T00:30:00+01:00"),
            (("2026-03-29T09:00", "2026-03-29T10:00"), "2026-03-30T09+01:00 2026-03-30T10+01:00"),
        ] {
            let part = window(part.0, part.1);
            assert_eq!(told(&[today.like(&part, &before).unwrap()]), [expected]);
        }
        let short = window("2026-03-29", "2026-03-30");
        let of = window("2026-03-28", "2026-03-29");
        let skipped = window("2026-03-28T01:00", "2026-03-28T02:00");
        assert_eq!(short.like(&skipped, &of), None);
    }
}
