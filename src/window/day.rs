//! The start of days: mostly midnight.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The first instant of a date in a zone. The reading 00:00 may not exist, and then the day starts later.
pub(super) fn start_of_day(date: Date, zone: &TimeZone) -> Result<Zoned, jiff::Error> {
    date.to_zoned(zone.clone())?.start_of_day()
}

/// True for the first instant of a day.
pub(super) fn starts_its_day(time: &Zoned) -> bool {
    time.start_of_day().is_ok_and(|start| start == *time)
}
