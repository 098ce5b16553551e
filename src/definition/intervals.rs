//! Checking the intervals of sections against the window and the calendar of their report.

use jiff::civil::Weekday;

use super::problem::{Problem, Problems, Severity};
use super::report::Section;
use super::schedule::Timing;
use crate::window::{Interval, WindowRule};

/// Checks the intervals of all sections.
pub(super) fn check(problems: &Problems<'_>, timing: &Timing, sections: &[Section]) {
    check_quarters(problems, timing, sections);
    check_week_start(problems, timing, sections);
}

/// Intervals begin on the quarters of an hour, and what the service makes of a part of one is not
/// documented.
fn check_quarters(problems: &Problems<'_>, timing: &Timing, sections: &[Section]) {
    const QUARTER: i64 = 15 * 60;
    let (Some(schedule), true) = (&timing.schedule, timing.window.is_rolling()) else {
        return;
    };
    let is_uneven = i64::from(schedule.at.minute()) * 60 % QUARTER != 0
        || matches!(timing.window, WindowRule::Last(length) if length.as_secs() % QUARTER != 0);
    let mut with_intervals = sections.iter().filter(|section| section.interval.is_some());
    let column = with_intervals.find_map(|section| section.columns.first());
    if let (Some(column), true) = (column, is_uneven) {
        let message =
            "rows of intervals need a window that begins and ends on a quarter of an hour";
        let help = "let `last` and the schedule's `at` be whole quarters, or remove `interval`";
        problems.push(column.place.error("uneven-window", message, help));
    }
}

/// The weeks of intervals are the service's own; of a setting for them its reference knows nothing.
fn check_week_start(problems: &Problems<'_>, timing: &Timing, sections: &[Section]) {
    let mut of_weeks = sections.iter().filter(|section| section.interval == Some(Interval::Week));
    let column = of_weeks.find_map(|section| section.columns.first());
    if let (Some(column), true) = (column, timing.calendar.week_starts != Weekday::Monday) {
        let message = "`week_starts` has no effect on `interval = \"WEEK\"`: Amazon Connect counts \
                       these weeks from Monday";
        let help = "use `interval = \"DAY\"`, or remove `week_starts`";
        let error = column.place.error("week-start", message, help);
        problems.push(Problem { severity: Severity::Warning, ..error });
    }
}
