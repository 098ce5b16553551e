//! Shifts: the hours of an agent on a day, and how much of them went as planned.

use fastrand::Rng;

use crate::random::{exponential, happens};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A stretch of time, in milliseconds since 1970, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The shift of an agent on a day.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    pub(crate) planned: Span,
    pub(crate) planned_breaks: Vec<Span>,
    /// From logging in to leaving; a contact that is under way then is still finished.
    pub(crate) present: Span,
}

/// The shifts that the centre knows: begin in hours after midnight (UTC), and length in hours.
const SHIFTS: [(f64, f64); 8] = [
    (6.0, 8.0),
    (8.0, 8.5),
    (8.5, 8.5),
    (9.0, 8.5),
    (9.0, 8.5),
    (10.0, 8.5),
    (12.5, 8.5),
    (14.0, 8.5),
];

/// The first agent watches over the night. It begins after midnight so that no agent is in two
/// days at once.
const NIGHT: (f64, f64) = (0.75, 8.0);

/// The shift of the agent on the day that begins at `midnight`, if there is one.
pub(crate) fn shift(rng: &mut Rng, agent: usize, midnight: i64) -> Option<Shift> {
    let weekday = (midnight.div_euclid(DAY) + 3).rem_euclid(7);
    let on_duty = match weekday {
        5 => agent.is_multiple_of(3),
        6 => agent.is_multiple_of(4),
        // Whoever works on weekends is off on a Monday or a Tuesday, and now and then one is ill.
        0 => !agent.is_multiple_of(6) && !happens(rng, 0.06),
        1 => !agent.is_multiple_of(8) && !happens(rng, 0.06),
        _ => !happens(rng, 0.08),
    };
    if !on_duty {
        return None;
    }
    let week = midnight.div_euclid(7 * DAY).unsigned_abs();
    let turn = usize::try_from(week).unwrap_or(0).wrapping_add(agent * 3) % SHIFTS.len();
    let (begin, length) = if agent == 0 { NIGHT } else { SHIFTS[turn] };
    let start = midnight + hours(begin);
    Some(planned_shift(rng, Span::new(start, start + hours(length))))
}

fn planned_shift(rng: &mut Rng, planned: Span) -> Shift {
    let breaks = [(2.0, 15), (4.0, 40), (6.25, 15)];
    let planned_breaks = breaks
        .into_iter()
        .map(|(after, minutes)| {
            // Not all at once: the floor would be empty.
            let start = planned.start + hours(after) + rng.i64(-4..=4) * 10 * MINUTE;
            Span::new(start, start + minutes * MINUTE)
        })
        .collect();
    let late = exponential(rng, 100_000.0).min(20 * MINUTE);
    let early = exponential(rng, 60_000.0).min(10 * MINUTE);
    Shift { planned, planned_breaks, present: Span::new(planned.start + late, planned.end - early) }
}

impl Shift {
    /// The stretches of the planned shift in which the agent did what was planned: a break in
    /// the planned breaks, work in the rest.
    pub(crate) fn adherent(&self, breaks: &[Span]) -> Vec<Span> {
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
                [start, end] => Some(Span::new(start, end)),
                _ => None,
            })
            .filter(|piece| {
                let breaks_now = breaks.iter().any(|span| span.holds(piece.start));
                let should_break = self.planned_breaks.iter().any(|span| span.holds(piece.start));
                breaks_now == should_break && self.present.holds(piece.start)
            })
            .collect()
    }
}

impl Span {
    pub(crate) fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// The milliseconds of it that lie in `window`.
    pub(crate) fn overlap(self, window: Self) -> i64 {
        (self.end.min(window.end) - self.start.max(window.start)).max(0)
    }

    pub(crate) fn holds(self, time: i64) -> bool {
        (self.start..self.end).contains(&time)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the hours of a day, in milliseconds")]
fn hours(count: f64) -> i64 {
    (count * 3_600_000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_taken_late_costs_adherence_twice() {
        let shift = Shift {
            planned: Span::new(0, 8 * HOUR),
            planned_breaks: vec![Span::new(2 * HOUR, 2 * HOUR + 15 * MINUTE)],
            present: Span::new(10 * MINUTE, 8 * HOUR),
        };
        let taken = [Span::new(2 * HOUR + 5 * MINUTE, 2 * HOUR + 20 * MINUTE)];
        let adherent: i64 = shift.adherent(&taken).iter().map(|span| span.end - span.start).sum();
        assert_eq!(adherent, 8 * HOUR - (10 + 5 + 5) * MINUTE);
    }

    #[test]
    fn nobody_is_on_duty_on_two_days_at_once() {
        let mut rng = Rng::with_seed(1);
        for agent in 0..40 {
            for day in 20_000..20_014 {
                if let Some(shift) = shift(&mut rng, agent, day * DAY) {
                    assert!(shift.planned.start >= day * DAY + 30 * MINUTE);
                    assert!(shift.planned.end <= (day + 1) * DAY);
                }
            }
        }
    }
}
