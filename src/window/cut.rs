//! Cutting a window into spans that one request takes, and into its intervals.
//!
//! The service does not document the intervals of a span that begins between two of them: they may follow
//! the clock, or steps from the start. Nor does it document the day on which weeks begin. So requested
//! spans begin on an interval where they can, and weeks are taken as they come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use super::Window;
use super::day::{start_of_day, starts_its_day};
use crate::window::Interval;

impl Window {
    /// Cuts the window into the fewest consecutive windows that are each shorter than `limit`. They meet
    /// where the local clock shows the start of an interval. Figures without intervals are cut at the
    /// start of a day where that takes no more windows, otherwise at a quarter of an hour. Only the last
    /// interval of each window is cut short, so that the clock and steps from the start give the same
    /// intervals.
    pub fn cut(&self, interval: Option<Interval>, limit: SignedDuration) -> Vec<Self> {
        let spans =
            interval.map_or_else(|| vec![self.clone()], |interval| self.spans_of_even(interval));
        spans.iter().flat_map(|span| span.cut_below(interval, limit)).collect()
    }

    /// The window, cut after each interval but the last that is shorter than others of its kind.
    fn spans_of_even(&self, interval: Interval) -> Vec<Self> {
        let mut spans = Vec::new();
        let mut start = self.start.clone();
        for piece in self.intervals(interval) {
            if !piece.is_whole(interval) && piece.end < self.end {
                spans.push(Self { start, end: piece.end.clone() });
                start = piece.end;
            }
        }
        spans.push(Self { start, end: self.end.clone() });
        spans
    }

    /// True for an interval of full length.
    fn is_whole(&self, interval: Interval) -> bool {
        match interval {
            Interval::Day => starts_its_day(&self.start),
            // The day on which a week begins is unknown.
            Interval::Week => true,
            _ => self.length() == SignedDuration::from_mins(minutes_of(interval)),
        }
    }

    fn cut_below(&self, interval: Option<Interval>, limit: SignedDuration) -> Vec<Self> {
        match interval {
            Some(Interval::Day) => self.cut_at(limit, |start, latest| last_day(start, latest, 1)),
            Some(Interval::Week) => self.cut_at(limit, |start, latest| last_day(start, latest, 7)),
            Some(interval) => {
                let minutes = minutes_of(interval);
                self.cut_at(limit, |start, latest| last_minute(start, latest, minutes))
            }
            None => {
                let quarters = self.cut_at(limit, |start, latest| last_minute(start, latest, 15));
                let days = self.cut_at(limit, |start, latest| last_day(start, latest, 1));
                let days_fit = days.iter().all(|piece| piece.length() < limit);
                if days_fit && days.len() <= quarters.len() { days } else { quarters }
            }
        }
    }

    /// Cuts at the last border within the limit each time, which gives the fewest pieces. A limit
    /// below an interval leaves no border, and a piece that is too long.
    fn cut_at(
        &self,
        limit: SignedDuration,
        last_border: impl Fn(&Zoned, &Zoned) -> Option<Zoned>,
    ) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = self.start.clone();
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

    /// The intervals of the window, each a window of its own; they begin by the clock, weeks on Mondays.
    pub fn intervals(&self, interval: Interval) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = self.start.clone();
        while let Some(next) = next_start(&start, interval).filter(|next| *next < self.end) {
            pieces.push(Self { start, end: next.clone() });
            start = next;
        }
        pieces.push(Self { start, end: self.end.clone() });
        pieces
    }

    /// The intervals of the window where the service has answered some of them, which lie apart. The
    /// result has these and between them others as long, so that all of them tile the window.
    pub fn intervals_among<'w>(
        &self,
        interval: Interval,
        answered: impl Iterator<Item = &'w Self>,
    ) -> Vec<Self> {
        let by_clock = self.intervals(interval);
        let answered: BTreeMap<Timestamp, &Self> =
            answered.map(|piece| (piece.start(), piece)).collect();
        let borders: BTreeSet<_> =
            by_clock.iter().map(|piece| (piece.start(), piece.end())).collect();
        if answered.values().all(|piece| borders.contains(&(piece.start(), piece.end()))) {
            return by_clock;
        }
        let mut pieces: Vec<Self> = Vec::new();
        for piece in answered.values() {
            let end = pieces.last().map_or(&self.start, |last| &last.end);
            // Only the first interval of a window is cut short at its start.
            let fill = if pieces.is_empty() { steps_backward } else { steps_forward };
            let between = fill(end, &piece.start, interval);
            pieces.extend(between);
            pieces.push((*piece).clone());
        }
        let end = pieces.last().map_or(&self.start, |last| &last.end).clone();
        pieces.extend(steps_forward(&end, &self.end, interval));
        pieces
    }

    /// True for a part of the window that can be one of its intervals, however they are laid out: it is as
    /// long as they are, or shorter at the start or the end of the window.
    pub fn may_have_interval(&self, part: &Self, interval: Interval) -> bool {
        // The clocks may change in a day or a week.
        let day = SignedDuration::from_hours(24);
        let change = SignedDuration::from_hours(1);
        let (least, most) = match interval {
            Interval::Day => (day - change, day + change),
            Interval::Week => (day * 7 - change, day * 7 + change),
            _ => [SignedDuration::from_mins(minutes_of(interval)); 2].into(),
        };
        let is_at_a_border = part.start == self.start || part.end == self.end;
        let length = part.length();
        length <= most && (least <= length || is_at_a_border)
    }

    /// The time from start to end.
    pub(super) fn length(&self) -> SignedDuration {
        self.end.duration_since(&self.start)
    }
}

/// The spans between two times, each as long as an interval but the last, which may be shorter.
fn steps_forward(from: &Zoned, to: &Zoned, interval: Interval) -> Vec<Window> {
    let mut pieces = Vec::new();
    let mut start = from.clone();
    while start < *to {
        let next = add_intervals(&start, interval, 1).filter(|next| next < to);
        let end = next.unwrap_or_else(|| to.clone());
        pieces.push(Window { start, end: end.clone() });
        start = end;
    }
    pieces
}

/// The spans between two times, each as long as an interval but the first, which may be shorter.
fn steps_backward(from: &Zoned, to: &Zoned, interval: Interval) -> Vec<Window> {
    let mut pieces = Vec::new();
    let mut end = to.clone();
    while *from < end {
        let before = add_intervals(&end, interval, -1).filter(|before| before > from);
        let start = before.unwrap_or_else(|| from.clone());
        pieces.push(Window { start: start.clone(), end });
        end = start;
    }
    pieces.reverse();
    pieces
}

/// The time so many intervals later on the local clock. Days begin when they do, also where the clocks
/// skip a midnight.
fn add_intervals(time: &Zoned, interval: Interval, count: i64) -> Option<Zoned> {
    let step = match interval {
        Interval::Day => count.days(),
        Interval::Week => count.weeks(),
        _ => (minutes_of(interval) * count).minutes(),
    };
    if starts_its_day(time) && !interval.is_fine() {
        start_of_day(time.date().checked_add(step).ok()?, time.time_zone()).ok()
    } else {
        time.checked_add(step).ok()
    }
}

/// The minutes of an interval; days and weeks have as many as the clocks make of them.
fn minutes_of(interval: Interval) -> i64 {
    match interval {
        Interval::FifteenMinutes => 15,
        Interval::ThirtyMinutes => 30,
        Interval::Hour => 60,
        Interval::Day => 24 * 60,
        Interval::Week => 7 * 24 * 60,
    }
}

/// The start of the interval after the one that begins at `start`.
fn next_start(start: &Zoned, interval: Interval) -> Option<Zoned> {
    let minutes = match interval {
        Interval::Day => {
            return start_of_day(start.date().tomorrow().ok()?, start.time_zone()).ok();
        }
        Interval::Week => {
            let monday = start.date().nth_weekday(1, Weekday::Monday).ok()?;
            return start_of_day(monday, start.time_zone()).ok();
        }
        _ => minutes_of(interval),
    };
    let into = i64::from(start.minute()) % minutes;
    let next = start.checked_add(SignedDuration::from_mins(minutes - into)).ok()?;
    Some(next)
}

/// The last start of a day, or of a week if `days` is 7, that is no later than `latest`.
fn last_day(start: &Zoned, latest: &Zoned, days: i64) -> Option<Zoned> {
    let date = match days {
        7 => latest.date().tomorrow().ok()?.nth_weekday(-1, Weekday::Monday).ok()?,
        _ => latest.date(),
    };
    start_of_day(date, start.time_zone()).ok().filter(|border| border > start && border <= latest)
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
        rule.window_before(due, &Zone::named(zone).unwrap(), &Calendar::default()).unwrap()
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

    const ZONES: [&str; 4] =
        ["Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"];

    /// In Santiago the clocks skip the midnight of 6 September; other weeks still begin at their own midnights.
    #[test]
    fn weeks_beside_a_day_without_midnight_begin_at_theirs() {
        let zone = Zone::named("America/Santiago").unwrap();
        let window = |start: &str, end: &str| {
            Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
        };
        for (told, expected) in [
            (("2026-09-06", "2026-09-13"), ["08-23", "08-30", "09-06", "09-13"]),
            (("2026-08-30", "2026-09-06"), ["08-23", "08-30", "09-06", "09-13"]),
        ] {
            let told = window(told.0, told.1);
            let weeks = window("2026-08-20", "2026-09-15")
                .intervals_among(Interval::Week, [&told].into_iter());
            let starts: Vec<_> = weeks[1..].iter().map(|week| week.start.clone()).collect();
            assert!(starts.iter().all(starts_its_day), "{starts:?}");
            let dates: Vec<_> =
                starts.iter().map(|start| start.strftime("%m-%d").to_string()).collect();
            assert_eq!(dates, expected);
        }
    }

    /// A window that ends at any minute.
    fn rolling(zone: &str, minute: i64, length: i64) -> Window {
        window(WindowRule::Last(SignedDuration::from_mins(length)), zone, minute * 60)
    }

    proptest! {
        /// Requested spans have the same intervals by the clock and by steps from their start.
        #[test]
        fn spans_are_laid_out_alike_by_the_clock_and_from_their_start(
            minute in 26_000_000_i64..31_000_000,
            length in 1_i64..9_000,
            zone in proptest::sample::select(ZONES.to_vec()),
            interval in proptest::sample::select(vec![
                Interval::FifteenMinutes, Interval::ThirtyMinutes, Interval::Hour, Interval::Day,
            ]),
        ) {
            let window = rolling(zone, minute, length);
            for span in window.cut(Some(interval), SignedDuration::from_hours(72)) {
                let stepped = steps_forward(&span.start, &span.end, interval);
                prop_assert_eq!(stepped, span.intervals(interval));
            }
        }

        /// Any intervals that the service answers, laid out from wherever, tile the window with those
        /// beside them.
        #[test]
        fn intervals_beside_answered_ones_tile_the_window(
            minute in 26_000_000_i64..31_000_000,
            length in 1_i64..40_000,
            first in 0_i64..10_080,
            told in proptest::collection::vec(proptest::bool::ANY, 1..60),
            zone in proptest::sample::select(ZONES.to_vec()),
            interval in proptest::sample::select(vec![
                Interval::Hour, Interval::Day, Interval::Week,
            ]),
        ) {
            let window = rolling(zone, minute, length);
            let first = window.start.checked_add(SignedDuration::from_mins(first)).unwrap();
            let first = first.min(window.end.clone());
            let mut all = steps_backward(&window.start, &first, interval);
            all.extend(steps_forward(&first, &window.end, interval));
            let told = all.iter().zip(told.iter().cycle()).filter(|(_, told)| **told);
            let told: Vec<Window> = told.map(|(piece, _)| piece.clone()).collect();
            let among = window.intervals_among(interval, told.iter());
            prop_assert_eq!(&among[0].start, &window.start);
            prop_assert_eq!(&among[among.len() - 1].end, &window.end);
            for pair in among.windows(2) {
                prop_assert_eq!(&pair[0].end, &pair[1].start);
            }
            for piece in &told {
                prop_assert!(among.contains(piece) && window.may_have_interval(piece, interval));
            }
        }

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
