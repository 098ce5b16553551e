//! Cutting a window into spans that one request takes.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Zoned};

use super::Window;
use super::rule::start_of;
use crate::definition::Interval;

impl Window {
    /// The fewest consecutive windows, each shorter than `limit`, that make up this one. They meet
    /// where the local clock shows the start of an interval; of figures without intervals, of a day
    /// where that takes no more of them, or of a quarter of an hour.
    pub fn cut(&self, interval: Option<Interval>, limit: SignedDuration) -> Vec<Self> {
        match interval {
            Some(Interval::Day) => self.cut_at(limit, |start, latest| last_day(start, latest, 1)),
            Some(Interval::Week) => self.cut_at(limit, |start, latest| last_day(start, latest, 7)),
            Some(Interval::Hour) => {
                self.cut_at(limit, |start, latest| last_minute(start, latest, 60))
            }
            Some(Interval::ThirtyMinutes) => {
                self.cut_at(limit, |start, latest| last_minute(start, latest, 30))
            }
            Some(Interval::FifteenMinutes) => {
                self.cut_at(limit, |start, latest| last_minute(start, latest, 15))
            }
            None => {
                let quarters = self.cut_at(limit, |start, latest| last_minute(start, latest, 15));
                let days = self.cut_at(limit, |start, latest| last_day(start, latest, 1));
                let in_time = |piece: &Self| piece.end.duration_since(&piece.start) < limit;
                match days.len() <= quarters.len() && days.iter().all(in_time) {
                    true => days,
                    false => quarters,
                }
            }
        }
    }

    /// Takes the last border within the limit each time, and so the fewest pieces. A limit below
    /// an interval leaves no border, and a piece that is too long.
    fn cut_at(
        &self,
        limit: SignedDuration,
        last_border: impl Fn(&Zoned, &Zoned) -> Option<Zoned>,
    ) -> Vec<Self> {
        let (mut pieces, mut start) = (Vec::new(), self.start.clone());
        while self.end.duration_since(&start) >= limit {
            let latest = start.checked_add(limit - SignedDuration::from_secs(1)).ok();
            let Some(border) = latest.and_then(|latest| last_border(&start, &latest)) else {
                break;
            };
            pieces.push(Self { start, end: border.clone() });
            start = border;
        }
        pieces.push(Self { start, end: self.end.clone() });
        pieces
    }

    /// The intervals of the window, each a window of its own.
    pub fn intervals(&self, interval: Interval) -> Vec<Self> {
        let (mut pieces, mut start) = (Vec::new(), self.start.clone());
        while let Some(next) = next_start(&start, interval).filter(|next| *next < self.end) {
            pieces.push(Self { start, end: next.clone() });
            start = next;
        }
        pieces.push(Self { start, end: self.end.clone() });
        pieces
    }
}

/// The start of the interval after the one that begins at `start`.
fn next_start(start: &Zoned, interval: Interval) -> Option<Zoned> {
    let minutes = match interval {
        Interval::Day => return start_of(start.date().tomorrow().ok()?, start.time_zone()).ok(),
        Interval::Week => {
            let monday = start.date().nth_weekday(1, Weekday::Monday).ok()?;
            return start_of(monday, start.time_zone()).ok();
        }
        Interval::FifteenMinutes => 15,
        Interval::ThirtyMinutes => 30,
        Interval::Hour => 60,
    };
    let into = i64::from(start.minute()) % minutes;
    let next = start.checked_add(SignedDuration::from_mins(minutes - into)).ok()?;
    Some(next)
}

/// The last start of a day, of days of a week if `days` is 7, that is no later than `latest`.
fn last_day(start: &Zoned, latest: &Zoned, days: i64) -> Option<Zoned> {
    let date = match days {
        7 => latest.date().tomorrow().ok()?.nth_weekday(-1, Weekday::Monday).ok()?,
        _ => latest.date(),
    };
    start_of(date, start.time_zone()).ok().filter(|border| border > start && border <= latest)
}

/// The last instant at which the minutes of the local clock are a multiple of these.
fn last_minute(start: &Zoned, latest: &Zoned, minutes: i64) -> Option<Zoned> {
    let into = SignedDuration::from_mins(i64::from(latest.minute()) % minutes)
        + SignedDuration::from_secs(i64::from(latest.second()));
    latest.checked_sub(into).ok().filter(|border| border > start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{Calendar, WindowRule, Zone};
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    fn window(rule: WindowRule, zone: &str, due: i64) -> Window {
        let due = jiff::Timestamp::from_second(due).unwrap();
        rule.before(due, &Zone::named(zone).unwrap(), &Calendar::default()).unwrap()
    }

    #[test]
    fn a_day_under_the_first_limits_is_two_spans() {
        let day = window(WindowRule::PreviousDay, "Europe/London", 1_774_857_600);
        let pieces = day.cut(None, SignedDuration::from_hours(24));
        // The clocks went forward: 23 hours fit into one.
        assert_eq!(pieces.len(), 1);
        let day = window(WindowRule::PreviousDay, "Europe/London", 1_774_771_200);
        let pieces = day.cut(None, SignedDuration::from_hours(24));
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].end, pieces[1].start);
    }

    #[test]
    fn longer_windows_are_cut_at_midnight() {
        let zone = Zone::named("America/New_York").unwrap();
        let window =
            Window::between("2026-01-01".parse().unwrap(), "2026-03-20".parse().unwrap(), &zone);
        let pieces = window.unwrap().cut(None, SignedDuration::from_hours(35 * 24));
        let starts: Vec<_> = pieces.iter().map(|piece| piece.start.date().to_string()).collect();
        // 35 days less the hour that the clocks skip.
        assert_eq!(starts, ["2026-01-01", "2026-02-04", "2026-03-11"]);
    }

    proptest! {
        #[test]
        fn pieces_tile_the_window_and_are_short_enough(
            due in 1_600_000_000_i64..1_900_000_000,
            zone in proptest::sample::select(vec!["Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]),
            rule in proptest::sample::select(vec![WindowRule::PreviousDay, WindowRule::PreviousWeek, WindowRule::PreviousMonth, WindowRule::PreviousHour]),
            hours in 2_i64..900,
            interval in proptest::sample::select(vec![None, Some(Interval::Hour), Some(Interval::Day), Some(Interval::FifteenMinutes)]),
        ) {
            let window = window(rule, zone, due);
            let hours = if interval == Some(Interval::Day) { hours.max(26) } else { hours };
            let limit = SignedDuration::from_secs(hours * HOUR);
            let pieces = window.cut(interval, limit);
            prop_assert_eq!(&pieces[0].start, &window.start);
            prop_assert_eq!(&pieces[pieces.len() - 1].end, &window.end);
            for pair in pieces.windows(2) {
                prop_assert_eq!(&pair[0].end, &pair[1].start);
            }
            for piece in &pieces {
                prop_assert!(piece.start < piece.end);
                prop_assert!(piece.end.duration_since(&piece.start) < limit);
            }
        }
    }
}
