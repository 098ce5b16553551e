//! Times and windows as options name them: dates, local times of a report, or times with an offset.

use connect_simulator::SimulatorClock;
use jiff::{SignedDuration, Timestamp};

use super::{backquoted, wrong};
use crate::error::Error;
use crate::window::{LocalTime, Zone};

/// A time, of whose date alone it is the start of the day.
pub(super) fn time_of(text: &str) -> Result<LocalTime, String> {
    moment(text).ok_or_else(|| {
        "it is no date such as 2026-11-22, local time such as 2026-11-22T07:00, or time with an \
         offset such as 2026-11-22T07:00:00Z"
            .to_owned()
    })
}

/// The instant that a time is in a zone.
pub(super) fn instant(time: LocalTime, zone: &Zone) -> Result<Timestamp, Error> {
    time.instant_in(zone).map_err(|error| wrong(format!("--time: {error}")))
}

/// A window as an option names it: two borders, or a date for that one day.
pub(super) fn window(option: &str, text: &str) -> Result<(LocalTime, LocalTime), Error> {
    let parsed = match text.split_once("..") {
        Some((start, end)) => border(start).zip(border(end)),
        None => day(text),
    };
    parsed.ok_or_else(|| {
        wrong(format!(
            "{option} {} is neither a date such as 2026-11-22 nor two dates or local times such as \
             2026-11-22..2026-11-23",
            backquoted(text)
        ))
    })
}

/// A clock that shows a time that is asked for, so that it is no future for it, in whichever zone.
pub(super) fn clock(time: Option<LocalTime>) -> SimulatorClock {
    let latest = |time: LocalTime| {
        // In the last zone a day starts so many hours later than by UTC.
        const LAST: SignedDuration = SignedDuration::from_hours(12);
        let by_utc = Zone::named("UTC").and_then(|utc| time.instant_in(&utc).ok())?;
        match time {
            LocalTime::Instant(time) => Some(time),
            LocalTime::Date(_) | LocalTime::DateTime(_) => by_utc.checked_add(LAST).ok(),
        }
    };
    time.and_then(latest).map_or(SimulatorClock::System, SimulatorClock::At)
}

fn moment(text: &str) -> Option<LocalTime> {
    text.parse().ok().or_else(|| text.trim().parse().ok().map(LocalTime::Instant))
}

/// As answers and notices have it, to the second.
fn border(text: &str) -> Option<LocalTime> {
    moment(text).filter(|time| match time {
        LocalTime::Instant(time) => time.subsec_nanosecond() == 0,
        LocalTime::Date(_) | LocalTime::DateTime(_) => true,
    })
}

fn day(text: &str) -> Option<(LocalTime, LocalTime)> {
    let LocalTime::Date(date) = text.parse().ok()? else { return None };
    Some((LocalTime::Date(date), LocalTime::Date(date.tomorrow().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_alone_is_that_one_day() {
        let told = |text: &str| {
            let (start, end) = window("--window", text).ok()?;
            Some(format!("{start} {end}"))
        };
        for (text, expected) in [
            ("2026-11-22", "2026-11-22 2026-11-23"),
            ("2026-12-31", "2026-12-31 2027-01-01"),
            ("2026-11-22..2026-11-24", "2026-11-22 2026-11-24"),
            ("2026-11-20T22:00..2026-11-21T06:00", "2026-11-20T22:00 2026-11-21T06:00"),
            // As a notice names a window whose borders the clock shows twice.
            (
                "2026-10-25T00:00:00Z..2026-10-25T01:00:00Z",
                "2026-10-25T00:00:00Z 2026-10-25T01:00:00Z",
            ),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
        for wrong in [
            "",
            "2026-11-31",
            "2026-11-22T08:00",
            "2026-11-22..",
            "..",
            "today",
            "2026-11-22T00:00:00.5Z..2026-11-23",
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_is_one_of_the_reports_own_zone() {
        let new_york = Zone::named("America/New_York").unwrap();
        for (text, expected) in [
            ("2026-11-20", "2026-11-20T05:00:00Z"),
            ("2026-11-20T07:00", "2026-11-20T12:00:00Z"),
            ("2026-11-20T07:00:00Z", "2026-11-20T07:00:00Z"),
            ("2026-11-20T07:00:00.25+01:00", "2026-11-20T06:00:00.25Z"),
        ] {
            let time = time_of(text).unwrap();
            assert_eq!(instant(time, &new_york).unwrap().to_string(), expected);
        }
        for wrong in ["", "20.11.2026", "2026-11-31", "07:00", "now"] {
            assert!(time_of(wrong).is_err(), "{wrong}");
        }
        let skipped = instant(time_of("2026-03-08T02:30").unwrap(), &new_york).unwrap_err();
        assert!(skipped.message.contains("the clocks skip it"), "{}", skipped.message);
    }

    /// Whatever the zone, a simulator's clock is not before the time that is asked for.
    #[test]
    fn a_simulator_lives_no_earlier_than_it_is_asked_for() {
        let time = time_of("2026-11-20").unwrap();
        let SimulatorClock::At(clock) = clock(Some(time)) else { panic!("a clock of its own") };
        for zone in Zone::names() {
            let zone = Zone::named(&zone).unwrap();
            assert!(instant(time, &zone).unwrap() <= clock, "{}", zone.name());
        }
    }
}
