//! Incidents: once a week something goes wrong in one queue of the ordinary centre.

use fastrand::Rng;
use jiff::Timestamp;

use super::shifts::{DAY, HOUR};

/// Something that went wrong in a queue: more customers called than otherwise, and their calls took longer to handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The queue's name.
    pub queue: String,
    /// The time at which it began.
    pub start: Timestamp,
    /// The time at which it was over.
    pub end: Timestamp,
}

/// The incident that comes back every week, on another weekday.
#[derive(Debug)]
pub(super) struct WeeklyIncident {
    /// The queue, as an index.
    pub(super) queue: usize,
    /// The hour of the day (UTC) at which it begins.
    pub(super) start_hour: i64,
    pub(super) hours: i64,
    /// The number of calls that come in meanwhile besides the usual ones.
    pub(super) calls: u32,
    /// The factor by which handling takes longer meanwhile.
    pub(super) handling_factor: f64,
}

impl WeeklyIncident {
    /// Tells whether it happens on the day with this number (days since 1970-01-01): on one of Monday to Friday.
    pub(super) fn is_on(&self, seed: u64, day: i64) -> bool {
        // 1970-01-01 was a Thursday.
        let days_since_monday = (day + 3).rem_euclid(7);
        let week = (day + 3).div_euclid(7);
        // Never on the weekday of the week before, with which people compare.
        let first = i64::try_from(seed % 5).unwrap_or(0);
        days_since_monday == (first + 2 * week).rem_euclid(5)
    }

    /// The factor by which the handling of a contact takes longer that is answered in a queue at a time of such a day.
    pub(super) fn factor_at(&self, queue: usize, time: i64) -> f64 {
        let start = self.start_hour * HOUR;
        let is_affected = (start..start + self.hours * HOUR).contains(&time.rem_euclid(DAY));
        if queue == self.queue && is_affected { self.handling_factor } else { 1.0 }
    }

    /// Draws the times of the calls that come in besides the usual ones on the day that begins at `midnight`.
    pub(super) fn call_times(&self, rng: &mut Rng, midnight: i64) -> Vec<i64> {
        let start = midnight + self.start_hour * HOUR;
        (0..self.calls).map(|_| rng.i64(start..start + self.hours * HOUR)).collect()
    }

    /// The start of the incident on a day, and its end, in milliseconds since 1970.
    pub(super) fn span_on(&self, day: i64) -> (i64, i64) {
        let start = day * DAY + self.start_hour * HOUR;
        (start, start + self.hours * HOUR)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::centre::{Centre, CentreKind, Channel};

    #[derive(Debug, Default)]
    struct Level {
        percent: f64,
        calls: u32,
    }

    /// The service level of calls, 20 s, of each queue between two times.
    fn service_levels(centre: &Centre, start: i64, end: i64) -> BTreeMap<String, Level> {
        let time = |time| Timestamp::from_millisecond(time).unwrap();
        let mut levels: BTreeMap<String, Level> = BTreeMap::new();
        for contact in centre.contacts(time(start), time(end)) {
            let queue = contact.queue.and_then(|queue| centre.queues().get(queue));
            let (Some(queue), Some(waiting)) = (queue, contact.waiting) else { continue };
            if contact.channel == Channel::Voice {
                let level = levels.entry(queue.name.clone()).or_default();
                let is_met = contact.handling.is_some() && waiting.duration < 20_000;
                let answered =
                    level.percent * f64::from(level.calls) + if is_met { 100.0 } else { 0.0 };
                level.calls += 1;
                level.percent = answered / f64::from(level.calls);
            }
        }
        levels
    }

    #[test]
    fn an_ordinary_centre_answers_in_time_but_for_one_queue_once_a_week() {
        let centre = Centre::new(CentreKind::Ordinary, 7);
        let weekly = CentreKind::Ordinary.blueprint().incident.as_ref().unwrap();
        let mut days_with_incident = 0;
        for day in (20_752_i64..20_752 + 10 * 7).filter(|day| (day + 3).rem_euclid(7) < 5) {
            let has_incident = weekly.is_on(7, day);
            assert!(!has_incident || !weekly.is_on(7, day - 7));
            for (queue, level) in service_levels(&centre, day * DAY, (day + 1) * DAY) {
                let is_affected = has_incident && queue == "Billing";
                let is_met = level.percent >= 68.0 || level.calls < 50;
                assert_ne!(is_met, is_affected, "{day}: {queue} {level:?}");
            }
            if has_incident {
                days_with_incident += 1;
                let (start, end) = weekly.span_on(day);
                let level = &service_levels(&centre, start, end)["Billing"];
                assert!(level.percent < 50.0 && level.calls > 90, "{day}: {level:?}");
            }
        }
        assert_eq!(days_with_incident, 10);
    }
}
