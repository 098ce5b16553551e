//! How the window of a run follows from the instant at which it is due, and from what weeks and
//! working days are where the contact centre is.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use super::{Window, WindowError, Zone};

/// How the window of a run follows from the instant at which it is due.
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
    /// These hours of the last working day that is over; the end comes after the start.
    Hours {
        /// The local time of the start.
        from: Time,
        /// The local time of the end.
        to: Time,
    },
    /// From the start of this week to the instant at which the run is due.
    WeekToDate,
    /// From the start of this month to the instant at which the run is due.
    MonthToDate,
    /// So long before the instant at which the run is due.
    Last(SignedDuration),
}

/// What weeks and working days are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The first day of a week.
    pub week_starts: Weekday,
    /// The working days of a week; one at least.
    pub workdays: Vec<Weekday>,
    /// Days on which nobody works, whatever day of the week they are.
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
    /// Where there is none: at the ends of time, at the very start of a week or month to date, where
    /// nobody works for two weeks, and where the clocks skip all of the hours.
    pub fn before(
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
                let date = previous_workday(now.date(), calendar)?;
                date.tomorrow().and_then(|next| days_before(next, 1.day(), &zone.0))
            }
            Self::Hours { from, to } => {
                let date = previous_workday(now.date(), calendar)?;
                return hours(date, (from, to), zone);
            }
            Self::WeekToDate => {
                return to_date(week_start(&now, calendar), now, zone);
            }
            Self::MonthToDate => return to_date(Ok(now.date().first_of_month()), now, zone),
            Self::Last(length) => {
                now.checked_sub(length).map(|start| Window { start, end: now.clone() })
            }
        };
        window.map_err(|_| WindowError::OutOfRange)
    }

    /// Whether the window ends at the due time itself, rather than with a calendar's hour or day.
    pub fn is_rolling(self) -> bool {
        matches!(self, Self::WeekToDate | Self::MonthToDate | Self::Last(_))
    }

    /// How many days the window's start may lie before the instant at which the run is due, where
    /// that is no later than the day after its end.
    pub fn reach_in_days(self) -> i64 {
        match self {
            Self::PreviousHour => 1,
            Self::PreviousDay => 2,
            Self::WeekToDate => 7,
            Self::PreviousWeek => 8,
            Self::PreviousWorkday | Self::Hours { .. } => 15,
            Self::MonthToDate => 31,
            Self::PreviousMonth => 32,
            Self::Last(_) => self.length_in_days(),
        }
    }

    /// How many days the window has at most, parts of a day counted as one.
    pub fn length_in_days(self) -> i64 {
        const DAY: i64 = 86_400;
        match self {
            Self::PreviousHour | Self::PreviousDay | Self::PreviousWorkday | Self::Hours { .. } => {
                1
            }
            Self::PreviousWeek | Self::WeekToDate => 7,
            Self::PreviousMonth | Self::MonthToDate => 31,
            Self::Last(length) => (length.as_secs().saturating_add(DAY - 1)) / DAY,
        }
    }
}

/// As definitions write it, but hours as `08:00-18:00` and spans as `last 240m`.
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
                write!(f, "{}-{}", from.strftime("%H:%M"), to.strftime("%H:%M"))
            }
            Self::Last(length) => write!(f, "last {}m", length.as_mins()),
        }
    }
}

/// The first day of the week that `now` falls into.
fn week_start(now: &Zoned, calendar: &Calendar) -> Result<Date, jiff::Error> {
    now.date().tomorrow()?.nth_weekday(-1, calendar.week_starts)
}

/// The hours of a date; a border that the clocks skip is moved on with them.
fn hours(date: Date, (from, to): (Time, Time), zone: &Zone) -> Result<Window, WindowError> {
    let at = |time| date.to_datetime(time).to_zoned(zone.0.clone());
    let (start, end) =
        at(from).and_then(|start| Ok((start, at(to)?))).map_err(|_| WindowError::OutOfRange)?;
    match start < end {
        true => Ok(Window { start, end }),
        false => Err(WindowError::Empty),
    }
}

/// How far a working day is looked for; longer closures are no "previous working day" any more.
const WORKDAY_SEARCH_DAYS: usize = 14;

fn previous_workday(today: Date, calendar: &Calendar) -> Result<Date, WindowError> {
    let days = std::iter::successors(today.yesterday().ok(), |date| date.yesterday().ok());
    let works = |date: &Date| {
        calendar.workdays.contains(&date.weekday()) && !calendar.holidays.contains(date)
    };
    days.take(WORKDAY_SEARCH_DAYS).find(works).ok_or(WindowError::NoWorkday)
}

fn to_date(
    first_day: Result<Date, jiff::Error>,
    now: Zoned,
    zone: &Zone,
) -> Result<Window, WindowError> {
    let start = first_day.and_then(|date| start_of(date, &zone.0));
    let start = start.map_err(|_| WindowError::OutOfRange)?;
    match start < now {
        true => Ok(Window { start, end: now }),
        false => Err(WindowError::Empty),
    }
}

fn days_before(end: Date, length: jiff::Span, zone: &TimeZone) -> Result<Window, jiff::Error> {
    let end_of_it = start_of(end, zone)?;
    let mut first = end.checked_sub(length)?;
    loop {
        let start = start_of(first, zone)?;
        if start < end_of_it {
            return Ok(Window { start, end: end_of_it });
        }
        // A day that the zone left out when it moved over the date line: the one before it.
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
    let into_hour = |time: &Zoned| {
        SignedDuration::from_mins(i64::from(time.minute()))
            + SignedDuration::from_secs(i64::from(time.second()))
            + SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()))
    };
    let floor = now.checked_sub(into_hour(now))?;
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
    before.checked_sub(into_hour(&before))
}

pub(super) fn start_of(date: Date, zone: &TimeZone) -> Result<Zoned, jiff::Error> {
    // The reading 00:00 may not exist, and then the day starts later.
    date.to_zoned(zone.clone())?.start_of_day()
}
