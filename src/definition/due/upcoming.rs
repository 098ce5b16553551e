//! The runs of a report that are still to come.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Report;
use crate::definition::schedule::Schedule;
use crate::window::Window;

/// The days that are looked through for runs: the last day of February of a leap year comes back within them.
const SEARCH_DAYS: usize = 9 * 366;
/// The longest time between the ends of two windows of a calendar rule, with room for many holidays.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A run that is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpcomingRun {
    /// The time from which it can start: it is due, and its window has settled.
    pub start: Timestamp,
    /// The span that it will report.
    pub window: Window,
}

impl Report {
    /// The next runs that start after `now`, so many at most, the first first. There are none where the schedule is
    /// switched off, has ended, or leaves no day.
    pub fn upcoming_runs(&self, now: Timestamp, count: usize) -> Vec<UpcomingRun> {
        match &self.schedule {
            Some(schedule) if schedule.enabled => self.scheduled_runs(schedule, now, count),
            Some(_) => Vec::new(),
            None => {
                let runs = std::iter::successors(self.next_settled(now), |run| {
                    self.next_settled(run.start)
                });
                runs.take(count).collect()
            }
        }
    }

    /// The next runs of a schedule. A date counts if its window is another than that of the run before.
    fn scheduled_runs(
        &self,
        schedule: &Schedule,
        now: Timestamp,
        count: usize,
    ) -> Vec<UpcomingRun> {
        let oldest = now.saturating_sub(self.settle).unwrap_or(Timestamp::MIN);
        // One day before, because a time that the clocks skip may be one of the day after.
        let first = self.zone.date_at(oldest).yesterday().unwrap_or(Date::MIN);
        let first = schedule.start.map_or(first, |start| start.max(first));
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        dates
            .take(SEARCH_DAYS)
            .take_while(|date| schedule.end.is_none_or(|end| *date <= end))
            .filter(|date| self.is_on(schedule, *date))
            .filter_map(|date| {
                let due = self.zone.instant_of(date, schedule.at)?;
                let window = self.window_at(due).ok()?;
                let start = self.ready(due, &window);
                let is_new = start > now && !self.was_due_before(schedule, date, &window);
                is_new.then_some(UpcomingRun { start, window })
            })
            .take(count)
            .collect()
    }

    /// The next window that closes and settles after `now`.
    fn next_settled(&self, now: Timestamp) -> Option<UpcomingRun> {
        let last = self.last_settled(now).map(|occurrence| occurrence.window);
        let next = |time| {
            let window = self.last_settled(time)?.window;
            (last.as_ref() != Some(&window)).then_some(window)
        };
        let mut wait = SignedDuration::from_mins(15);
        while next(now.checked_add(wait).ok()?).is_none() {
            wait *= 2;
            if wait > LONGEST_WAIT {
                return None;
            }
        }
        // The later of two times has the next window, the earlier has not.
        let mut times = (now, now.checked_add(wait).ok()?);
        while times.1.duration_since(times.0) > SignedDuration::from_secs(1) {
            let middle = times.0.checked_add(times.1.duration_since(times.0) / 2).ok()?;
            if next(middle).is_some() {
                times.1 = middle;
            } else {
                times.0 = middle;
            }
        }
        let window = next(times.1)?;
        Some(UpcomingRun { start: window.end().checked_add(self.settle).ok()?, window })
    }
}
