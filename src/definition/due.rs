//! Which runs a report is due for: a pure function of the definition, of the time of the event, and
//! of what is kept of earlier runs.
//!
//! A report with `[schedule]` is due at its local time on its days, and stays so until the run has
//! ended permanently or the catch-up age has passed. One without is due when a window of its calendar
//! has closed and settled; an event takes the last of them only.

mod upcoming;

use std::ops::Range;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::report::Report;
use super::schedule::{Schedule, ScheduleDays};
use crate::retry::{OVERDUE_SEARCH, TICK_INTERVAL};
#[cfg(feature = "cli")]
use crate::window::LocalTime;
use crate::window::{Window, WindowError};

#[cfg(feature = "cli")]
pub use upcoming::UpcomingRun;

/// The most windows of one order: hours of the three months of which the service has figures are 2,200.
#[cfg(feature = "cli")]
const MOST_WINDOWS: usize = 10_000;

/// A run that a report is due for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The instant from which its window counts back: of the schedule, or without one of the event.
    pub due: Timestamp,
    /// The span that it reports.
    pub window: Window,
}

/// The time of the first event that saw a report with its schedule, zone and window: what was due before is not
/// caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSeen {
    /// No records are kept: nothing that was missed is caught up.
    Unrecorded,
    /// That time.
    At(Timestamp),
}

impl Report {
    /// The runs for which the report is due at the time of an event, the oldest first, each window
    /// once; those of them that have ended permanently are for the caller to leave out. For a run that
    /// has just become due and has no window there is the reason.
    pub fn due_at(
        &self,
        time: Timestamp,
        first_seen: FirstSeen,
    ) -> Vec<Result<Occurrence, WindowError>> {
        match &self.schedule {
            Some(schedule) if schedule.enabled => self.scheduled(schedule, time, first_seen),
            Some(_) => Vec::new(),
            None => self.last_settled(time).into_iter().map(Ok).collect(),
        }
    }

    /// The windows of the report between two local times of its zone, the oldest first, as orders take
    /// them.
    ///
    /// # Errors
    /// A time that does not exist in the zone, an end that is not after the start, or more windows than
    /// anybody has run at once.
    #[cfg(feature = "cli")]
    pub fn windows_between(
        &self,
        start: LocalTime,
        end: LocalTime,
    ) -> Result<Vec<(LocalTime, LocalTime)>, WindowError> {
        let span = Window::between(start, end, &self.zone)?;
        let mut windows = Vec::new();
        let mut next = self.window_at(span.end()).ok();
        while let Some(window) = next.filter(|window| window.start() >= span.start()) {
            next = self.window_at(window.start()).ok();
            windows.push(window.local());
            if windows.len() > MOST_WINDOWS {
                return Err(WindowError::TooMany { allowed: MOST_WINDOWS });
            }
        }
        windows.reverse();
        Ok(windows)
    }

    /// The last window that has closed and settled; there may be none, as after long holidays.
    fn last_settled(&self, time: Timestamp) -> Option<Occurrence> {
        let settled = time.checked_sub(self.settle).ok()?;
        let window = self.window.window_before(settled, &self.zone, &self.calendar).ok()?;
        Some(Occurrence { due: time, window })
    }

    /// The runs for which it was due until not long ago: one of them that has not ended is over now,
    /// and so is, without a schedule, that of the window before.
    pub fn overdue_at(&self, time: Timestamp, first_seen: FirstSeen) -> Vec<Occurrence> {
        match (&self.schedule, first_seen) {
            (Some(schedule), FirstSeen::At(_)) => {
                let age = self.catch_up.max(TICK_INTERVAL);
                let over = self.waiting(schedule, time, first_seen, age..age + OVERDUE_SEARCH);
                over.into_iter().filter_map(Result::ok).collect()
            }
            (None, _) => {
                /// The number of windows that may have gone by without an event.
                const BEFORE: usize = 2;
                let before = |occurrence: &Occurrence| self.before(occurrence);
                let windows = std::iter::successors(self.last_settled(time), before);
                windows.skip(1).take(BEFORE).collect()
            }
            (Some(_), FirstSeen::Unrecorded) => Vec::new(),
        }
    }

    fn before(&self, occurrence: &Occurrence) -> Option<Occurrence> {
        let window = self.window_at(occurrence.window.start()).ok()?;
        Some(Occurrence { window, ..occurrence.clone() })
    }

    fn scheduled(
        &self,
        schedule: &Schedule,
        time: Timestamp,
        first_seen: FirstSeen,
    ) -> Vec<Result<Occurrence, WindowError>> {
        let age = match first_seen {
            FirstSeen::Unrecorded => TICK_INTERVAL,
            FirstSeen::At(_) => self.catch_up.max(TICK_INTERVAL),
        };
        self.waiting(schedule, time, first_seen, SignedDuration::ZERO..age)
    }

    /// The runs that have been waiting for so long.
    fn waiting(
        &self,
        schedule: &Schedule,
        time: Timestamp,
        first_seen: FirstSeen,
        ages: Range<SignedDuration>,
    ) -> Vec<Result<Occurrence, WindowError>> {
        let mut found = Vec::new();
        for (date, due) in self.dues(schedule, time, ages.end) {
            if matches!(first_seen, FirstSeen::At(first) if due < first) {
                continue;
            }
            let window = match self.window_at(due) {
                Ok(window) => window,
                Err(error) if time.duration_since(due) < TICK_INTERVAL => {
                    found.push(Err(error));
                    continue;
                }
                Err(_) => continue,
            };
            let waited = time.duration_since(self.ready(due, &window));
            if ages.contains(&waited) && !self.was_due_before(schedule, date, &window) {
                found.push(Ok(Occurrence { due, window }));
            }
        }
        found
    }

    fn window_at(&self, due: Timestamp) -> Result<Window, WindowError> {
        self.window.window_before(due, &self.zone, &self.calendar)
    }

    /// Tells whether the run before this date was for the same window already, as on the days after a
    /// working day, or on a date that the zone left out.
    fn was_due_before(&self, schedule: &Schedule, date: Date, window: &Window) -> bool {
        /// As far back as a working day is looked for.
        const DAYS: usize = 16;
        let days = std::iter::successors(date.yesterday().ok(), |day| day.yesterday().ok());
        let mut before = days.take(DAYS).filter(|day| self.is_on(schedule, *day));
        let due = before.find_map(|day| self.zone.instant_of(day, schedule.at));
        due.is_some_and(|due| self.window_at(due).as_ref() == Ok(window))
    }

    /// Tells whether the report is due on this local date.
    fn is_on(&self, schedule: &Schedule, date: Date) -> bool {
        schedule.has(date) && !self.calendar.holidays.contains(&date)
    }

    /// The time from which the run can start: it is due, and its window has settled.
    fn ready(&self, due: Timestamp, window: &Window) -> Timestamp {
        if self.window.is_rolling() {
            return due;
        }
        due.max(window.end().saturating_add(self.settle).unwrap_or(Timestamp::MAX))
    }

    /// The dates and times of the schedule, in their order, that may be due.
    fn dues(
        &self,
        schedule: &Schedule,
        time: Timestamp,
        age: SignedDuration,
    ) -> impl Iterator<Item = (Date, Timestamp)> {
        let oldest = time.saturating_sub(age + self.settle).unwrap_or(Timestamp::MIN);
        // One day before, because a time that the clocks skip may be one of the day after.
        let first = self.zone.date_at(oldest).yesterday().unwrap_or(Date::MIN);
        let last = self.zone.date_at(time);
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        dates
            .take_while(move |date| *date <= last)
            .filter(|date| self.is_on(schedule, *date))
            .filter_map(|date| Some((date, self.zone.instant_of(date, schedule.at)?)))
            .filter(move |(_, due)| *due <= time)
    }
}

impl Schedule {
    /// Tells whether the report is due on this local date, unless it is a holiday.
    fn has(&self, date: Date) -> bool {
        let is_one_of_its_days = match &self.days {
            ScheduleDays::Week(days) => days.contains(&date.weekday()),
            ScheduleDays::Month(day) => i16::from(date.day()) == i16::from(*day),
            ScheduleDays::MonthEnd => date == date.last_of_month(),
        };
        let has_started = self.start.is_none_or(|start| start <= date);
        is_one_of_its_days && has_started && self.end.is_none_or(|end| date <= end)
    }
}

#[cfg(test)]
mod tests;
