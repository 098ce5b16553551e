//! The rules by which the window of a run follows from the instant at which it is due. The weeks and
//! working days are those of the contact centre.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use super::day::start_of_day;
use super::{Window, WindowError, Zone, rfc3339};

/// The rule by which the window of a run follows from the instant at which it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowRule {
    /// The last full hour of the local clock.
    PreviousHour,
    /// Yesterday.
    PreviousDay,
    /// The last full week.
    PreviousWeek,
    /// The last full calendar month.
    PreviousMonth,
    /// The last working day that is over.
    PreviousWorkday,
    /// The last shift that is over together with the day on which it began.
    Hours {
        /// The local time of the start.
        from: Time,
        /// The local time of the end; on the next day where it is not after the start.
        to: Time,
    },
    /// The span from the start of this week to the instant at which the run is due.
    WeekToDate,
    /// The span from the start of this month to the instant at which the run is due.
    MonthToDate,
    /// The span of this length before the instant at which the run is due.
    Last(SignedDuration),
}

/// The hours of a working day. A shift belongs to the day on which it begins, and may end on the next,
/// at midnight or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    date: Date,
    from: Time,
    to: Time,
}

/// The weeks and working days of a contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The first day of a week.
    pub week_starts: Weekday,
    /// The working days of a week; one at least.
    pub workdays: Vec<Weekday>,
    /// The holidays, on any day of the week.
    pub holidays: BTreeSet<Date>,
}

/// Weeks from Monday, working days to Friday, no holidays.
impl Default for Calendar {
    fn default() -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        Self {
            week_starts: Monday,
            workdays: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
            holidays: BTreeSet::new(),
        }
    }
}

impl WindowRule {
    /// The window of a run that is due at `due`: the last one of a calendar rule that is over then,
    /// or the span that ends there.
    ///
    /// # Errors
    /// [`WindowError`] where there is none: at the ends of time, at the very start of a week or month to
    /// date, and where nobody works for two weeks.
    pub fn window_before(
        self,
        due: Timestamp,
        zone: &Zone,
        calendar: &Calendar,
    ) -> Result<Window, WindowError> {
        let now = due.to_zoned(zone.0.clone());
        let window = match self {
            Self::PreviousHour => previous_hour(&now),
            Self::PreviousDay => days_before(now.date(), 1.day(), &zone.0),
            Self::PreviousWeek => week_start(&now, calendar)
                .and_then(|first_day| days_before(first_day, 1.week(), &zone.0)),
            Self::PreviousMonth => days_before(now.date().first_of_month(), 1.month(), &zone.0),
            Self::PreviousWorkday => {
                let date = workdays_before(now.date(), calendar, WORKDAY_SEARCH_DAYS).next();
                let next = date.ok_or(WindowError::NoWorkday)?.tomorrow();
                next.and_then(|next| days_before(next, 1.day(), &zone.0))
            }
            Self::Hours { from, to } => {
                // The shift that began last may go on.
                let dates = workdays_before(now.date(), calendar, WORKDAY_SEARCH_DAYS + 1);
                let mut shifts = dates.filter_map(|date| Shift { date, from, to }.in_zone(zone));
                let last_over = shifts.find(|window| window.end <= now);
                return last_over.ok_or(WindowError::NoWorkday);
            }
            Self::WeekToDate => {
                return to_date("week", week_start(&now, calendar), now);
            }
            Self::MonthToDate => return to_date("month", Ok(now.date().first_of_month()), now),
            Self::Last(length) => {
                now.checked_sub(length).map(|start| Window { start, end: now.clone() })
            }
        };
        window.map_err(|_| WindowError::OutOfRange)
    }

    /// True where the window ends at the due time itself, rather than with a calendar's hour or day.
    pub fn is_rolling(self) -> bool {
        matches!(self, Self::WeekToDate | Self::MonthToDate | Self::Last(_))
    }

    /// The most days by which the window's start may lie before the instant at which the run is due,
    /// which is no later than the day after the window's end.
    pub fn reach_in_days(self) -> i64 {
        match self {
            Self::PreviousHour => 1,
            Self::PreviousDay => 2,
            Self::WeekToDate => 7,
            Self::PreviousWeek => 8,
            Self::PreviousWorkday => 15,
            Self::Hours { .. } => 16,
            Self::MonthToDate => 31,
            Self::PreviousMonth => 32,
            Self::Last(_) => self.length_in_days(),
        }
    }

    /// The most days that the window has, parts of a day counted as one.
    pub fn length_in_days(self) -> i64 {
        const SECONDS_PER_DAY: i64 = 86_400;
        match self {
            Self::PreviousHour | Self::PreviousDay | Self::PreviousWorkday | Self::Hours { .. } => {
                1
            }
            Self::PreviousWeek | Self::WeekToDate => 7,
            Self::PreviousMonth | Self::MonthToDate => 31,
            Self::Last(length) => {
                (length.as_secs().saturating_add(SECONDS_PER_DAY - 1)) / SECONDS_PER_DAY
            }
        }
    }
}

/// Written as in definitions, but hours as `08:00-18:00` and spans as `last 240m`.
impl fmt::Display for WindowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreviousHour => f.write_str("previous-hour"),
            Self::PreviousDay => f.write_str("previous-day"),
            Self::PreviousWeek => f.write_str("previous-week"),
            Self::PreviousMonth => f.write_str("previous-month"),
            Self::PreviousWorkday => f.write_str("previous-workday"),
            Self::WeekToDate => f.write_str("week-to-date"),
            Self::MonthToDate => f.write_str("month-to-date"),
            Self::Hours { from, to } => {
                let end = if *to == Time::midnight() { "24:00" } else { "%H:%M" };
                write!(f, "{}-{}", from.strftime("%H:%M"), to.strftime(end))
            }
            Self::Last(length) => write!(f, "last {}m", length.as_mins()),
        }
    }
}

/// The first day of the week that `now` falls into.
fn week_start(now: &Zoned, calendar: &Calendar) -> Result<Date, jiff::Error> {
    now.date().tomorrow()?.nth_weekday(-1, calendar.week_starts)
}

impl Shift {
    /// The shift whose window this is, if the rule is one of hours.
    pub(super) fn of_window(window: &Window, rule: WindowRule) -> Option<Self> {
        let WindowRule::Hours { from, to } = rule else { return None };
        let zone = Zone(window.start.time_zone().clone());
        let date = window.start.date();
        // A start that the clocks skip may be moved over midnight.
        let shifts = [Some(date), date.yesterday().ok()].into_iter().flatten();
        let mut shifts = shifts.map(|date| Self { date, from, to });
        shifts.find(|shift| shift.in_zone(&zone).as_ref() == Some(window))
    }

    /// The same shift so many weeks before.
    pub(super) fn weeks_before(self, weeks: i64) -> Option<Self> {
        Some(Self { date: self.date.checked_sub(weeks.weeks()).ok()?, ..self })
    }

    /// The window of the shift. A border that the clocks skip moves to the first instant after. `None`
    /// where the clocks skip the whole shift, or the zone left the day out.
    pub(super) fn in_zone(self, zone: &Zone) -> Option<Window> {
        let Self { date, from, to } = self;
        let last = if to > from { date } else { date.tomorrow().ok()? };
        let start = zone.first_at(date, from)?.to_zoned(zone.0.clone());
        let end = zone.first_at(last, to)?.to_zoned(zone.0.clone());
        (zone.has_date(date) && start < end).then_some(Window { start, end })
    }
}

/// The days among which a working day is sought; after a longer closure there is no "previous working day".
const WORKDAY_SEARCH_DAYS: usize = 14;

/// The working days among so many days before this one, the latest first.
fn workdays_before(today: Date, calendar: &Calendar, days: usize) -> impl Iterator<Item = Date> {
    let dates = std::iter::successors(today.yesterday().ok(), |date| date.yesterday().ok());
    dates.take(days).filter(|date| calendar.is_workday(*date))
}

impl Calendar {
    fn is_workday(&self, date: Date) -> bool {
        self.workdays.contains(&date.weekday()) && !self.holidays.contains(&date)
    }
}

/// The window from the start of a week, or a month, until now.
fn to_date(
    unit: &'static str,
    first_day: Result<Date, jiff::Error>,
    now: Zoned,
) -> Result<Window, WindowError> {
    let start = first_day.and_then(|date| start_of_day(date, now.time_zone()));
    let start = start.map_err(|_| WindowError::OutOfRange)?;
    if start < now {
        Ok(Window { start, end: now })
    } else {
        Err(WindowError::JustBegun { unit, start: rfc3339(&start) })
    }
}

fn days_before(end: Date, length: jiff::Span, zone: &TimeZone) -> Result<Window, jiff::Error> {
    let end_of_it = start_of_day(end, zone)?;
    let mut first = end.checked_sub(length)?;
    loop {
        let start = start_of_day(first, zone)?;
        if start < end_of_it {
            return Ok(Window { start, end: end_of_it });
        }
        // The zone left this day out when it moved over the date line; the one before it counts.
        first = first.checked_sub(length)?;
    }
}

/// The hour that ended last. Hours start where the local clock shows minute 0, so that in a zone
/// that shifts by half an hour the hours around the shift are longer or shorter, but none is lost.
fn previous_hour(now: &Zoned) -> Result<Window, jiff::Error> {
    let end = start_of_hour(now)?;
    let before = end.checked_sub(SignedDuration::from_nanos(1))?;
    Ok(Window { start: start_of_hour(&before)?, end })
}

fn start_of_hour(now: &Zoned) -> Result<Zoned, jiff::Error> {
    let floor = now.checked_sub(time_into_hour(now))?;
    if floor.offset() == now.offset() {
        return Ok(floor);
    }
    // The clocks changed within this hour: the last instant before the change decides.
    let probe = now.timestamp().checked_add(SignedDuration::from_nanos(1))?;
    let Some(change) = now.time_zone().preceding(probe).next() else {
        return Ok(floor);
    };
    let before = change.timestamp().checked_sub(SignedDuration::from_nanos(1))?;
    let before = before.to_zoned(now.time_zone().clone());
    before.checked_sub(time_into_hour(&before))
}

/// The time that has passed since the clock showed minute 0.
fn time_into_hour(time: &Zoned) -> SignedDuration {
    SignedDuration::from_mins(i64::from(time.minute()))
        + SignedDuration::from_secs(i64::from(time.second()))
        + SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()))
}
