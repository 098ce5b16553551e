//! Shifts: the hours of an agent on a day, and the agent's adherence to them.

use fastrand::Rng;

use crate::random::{exponential, happens};

/// The milliseconds of a second, and of longer units.
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A half-open span of time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeSpan {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The shift of an agent on a day.
#[derive(Clone, Debug)]
pub(crate) struct AgentShift {
    pub(crate) planned: TimeSpan,
    pub(crate) planned_breaks: Vec<TimeSpan>,
    /// The time from logging in to leaving; the agent finishes a contact that is under way then.
    pub(crate) present: TimeSpan,
}

/// The shifts of the centre: begin in hours after midnight (UTC), and length in hours.
const SHIFT_HOURS: [(f64, f64); 8] = [
    (6.0, 8.0),
    (8.0, 8.5),
    (8.5, 8.5),
    (9.0, 8.5),
    (9.0, 8.5),
    (10.0, 8.5),
    (12.5, 8.5),
    (14.0, 8.5),
];

/// The night shift of the first agent, in the same form. It begins after midnight so that no agent is on duty on
/// two days at once.
const NIGHT_SHIFT_HOURS: (f64, f64) = (0.75, 8.0);

/// Draws the shift of an agent on the day that begins at `midnight`, if there is one.
pub(crate) fn agent_shift(rng: &mut Rng, agent: usize, midnight: i64) -> Option<AgentShift> {
    let weekday = (midnight.div_euclid(DAY) + 3).rem_euclid(7);
    let on_duty = match weekday {
        5 => agent.is_multiple_of(3),
        6 => agent.is_multiple_of(4),
        // Agents who work on weekends are off on a Monday or a Tuesday, and some are ill.
        0 => !agent.is_multiple_of(6) && !happens(rng, 0.06),
        1 => !agent.is_multiple_of(8) && !happens(rng, 0.06),
        _ => !happens(rng, 0.08),
    };
    if !on_duty {
        return None;
    }
    let week = midnight.div_euclid(7 * DAY).unsigned_abs();
    let turn = usize::try_from(week).unwrap_or(0).wrapping_add(agent * 3) % SHIFT_HOURS.len();
    let (begin, length) = if agent == 0 { NIGHT_SHIFT_HOURS } else { SHIFT_HOURS[turn] };
    let start = midnight + hours_in_milliseconds(begin);
    Some(planned_shift(rng, TimeSpan::new(start, start + hours_in_milliseconds(length))))
}

fn planned_shift(rng: &mut Rng, planned: TimeSpan) -> AgentShift {
    let breaks = [(2.0, 15), (4.0, 40), (6.25, 15)];
    let planned_breaks = breaks
        .into_iter()
        .map(|(after, minutes)| {
            // Breaks are spread, or the floor would be empty.
            let start =
                planned.start + hours_in_milliseconds(after) + rng.i64(-4..=4) * 10 * MINUTE;
            TimeSpan::new(start, start + minutes * MINUTE)
        })
        .collect();
    let late = exponential(rng, 100_000.0).min(20 * MINUTE);
    let early = exponential(rng, 60_000.0).min(10 * MINUTE);
    AgentShift {
        planned,
        planned_breaks,
        present: TimeSpan::new(planned.start + late, planned.end - early),
    }
}

impl AgentShift {
    /// The spans of the planned shift in which the agent kept to the plan: breaks in the planned breaks, and work
    /// in the rest.
    pub(crate) fn adherent_spans(&self, breaks: &[TimeSpan]) -> Vec<TimeSpan> {
        let mut borders: Vec<i64> = self
            .planned_breaks
            .iter()
            .chain(breaks)
            .chain([&self.planned, &self.present])
            .flat_map(|span| [span.start, span.end])
            .map(|border| border.clamp(self.planned.start, self.planned.end))
            .collect();
        borders.sort_unstable();
        borders.dedup();
        borders
            .windows(2)
            .filter_map(|pair| match *pair {
                [start, end] => Some(TimeSpan::new(start, end)),
                _ => None,
            })
            .filter(|piece| {
                let breaks_now = breaks.iter().any(|span| span.contains(piece.start));
                let should_break =
                    self.planned_breaks.iter().any(|span| span.contains(piece.start));
                breaks_now == should_break && self.present.contains(piece.start)
            })
            .collect()
    }
}

impl TimeSpan {
    pub(crate) fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// The milliseconds of the span that lie in `window`.
    pub(crate) fn overlap(self, window: Self) -> i64 {
        (self.end.min(window.end) - self.start.max(window.start)).max(0)
    }

    pub(crate) fn contains(self, time: i64) -> bool {
        (self.start..self.end).contains(&time)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the hours of a day, in milliseconds")]
fn hours_in_milliseconds(count: f64) -> i64 {
    (count * 3_600_000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_taken_late_costs_adherence_twice() {
        let shift = AgentShift {
            planned: TimeSpan::new(0, 8 * HOUR),
            planned_breaks: vec![TimeSpan::new(2 * HOUR, 2 * HOUR + 15 * MINUTE)],
            present: TimeSpan::new(10 * MINUTE, 8 * HOUR),
        };
        let taken = [TimeSpan::new(2 * HOUR + 5 * MINUTE, 2 * HOUR + 20 * MINUTE)];
        let adherent: i64 =
            shift.adherent_spans(&taken).iter().map(|span| span.end - span.start).sum();
        assert_eq!(adherent, 8 * HOUR - (10 + 5 + 5) * MINUTE);
    }

    #[test]
    fn no_agent_is_on_duty_on_two_days_at_once() {
        let mut rng = Rng::with_seed(1);
        for agent in 0..40 {
            for day in 20_000..20_014 {
                if let Some(shift) = agent_shift(&mut rng, agent, day * DAY) {
                    assert!(shift.planned.start >= day * DAY + 30 * MINUTE);
                    assert!(shift.planned.end <= (day + 1) * DAY);
                }
            }
        }
    }
}
