//! The half-open span of time that a report covers, in the report's own zone.
//!
//! A calendar window is made of local dates, not of 24 hours: a day on which the clocks change has
//! 23 or 25 of them, and one whose midnight does not exist starts when the day does.

mod compare;
mod cut;
mod day;
mod interval;
mod rule;
mod words;

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit, Zoned};
use serde::{Deserialize, Serialize};

pub use compare::Compare;
use day::start_of_day;
pub use interval::Interval;
pub use rule::{Calendar, WindowRule};

/// An IANA time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The span `[start, end)`, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    start: Zoned,
    end: Zoned,
}

/// A date or a local time, as a person gives a border of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalTime {
    /// The start of this day.
    Date(Date),
    /// This reading of the local clock; the first of two equal ones.
    DateTime(DateTime),
    /// An instant whose reading the clock shows twice; people give none.
    Instant(Timestamp),
}

/// The reason why there is no such window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The end is not after the start.
    #[error(
        "the window ends at or before its start; its end is not part of it, so one day is 2026-11-22..2026-11-23"
    )]
    Empty,
    /// The clocks skip this local time.
    #[error("{time} does not exist in {zone}: the clocks skip it")]
    Skipped {
        /// The local time as given.
        time: String,
        /// The zone's name.
        zone: String,
    },
    /// The window is not over yet.
    #[error("the window is not over yet: it ends at {end}")]
    Open {
        /// The end, as RFC 3339.
        end: String,
    },
    /// The service no longer has figures of the window.
    #[error(
        "the window begins at {start}, and the service has figures of {days} days only \
         (GetMetricDataV2, StartTime)"
    )]
    Forgotten {
        /// The start, as RFC 3339.
        start: String,
        /// The number of days back from now of which there are figures.
        days: i64,
    },
    /// The week or the month to date begins at the minute at which the window would end.
    #[error(
        "the {unit} has only just begun, at {start}, and a window to date ends with the last full minute: \
         nothing of it is over yet; take a later time, or `previous-{unit}` for the {unit} before"
    )]
    JustBegun {
        /// A `week` or a `month`.
        unit: &'static str,
        /// The start, as RFC 3339.
        start: String,
    },
    /// There is no working day in the two weeks before.
    #[error("there is no working day in the 14 days before")]
    NoWorkday,
    /// The instant is out of the calendar's range.
    #[error("the time is out of range: {} to {} are allowed", Timestamp::MIN, Timestamp::MAX)]
    OutOfRange,
    /// A span has more windows than one order takes.
    #[error("the span has more than {allowed} windows, {allowed} are allowed: shorten it")]
    TooMany {
        /// The most windows.
        allowed: usize,
    },
}

/// The text is neither a date nor a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither a date such as 2026-11-22 nor a local time such as 2026-11-22T08:00")]
pub struct LocalTimeError;

impl Zone {
    /// The zone with this IANA name, such as `Europe/London`; letter case does not matter.
    pub fn named(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local date at an instant.
    pub fn date_at(&self, time: Timestamp) -> Date {
        time.to_zoned(self.0.clone()).date()
    }

    /// The instant at which the local clock shows this time on this date. It is the first of two such
    /// instants; where the clocks skip the time, it is the first instant afterwards. `None` for a date
    /// that the zone left out.
    pub fn instant_of(&self, date: Date, time: Time) -> Option<Timestamp> {
        self.has_date(date).then(|| self.first_at(date, time))?
    }

    /// True unless the zone left this date out when it moved over the date line.
    fn has_date(&self, date: Date) -> bool {
        start_of_day(date, &self.0).is_ok_and(|start| start.date() == date)
    }

    /// The first instant at which the local clock shows this reading, or a later one where the clocks
    /// skip it. A later reading never gives an earlier instant.
    fn first_at(&self, date: Date, time: Time) -> Option<Timestamp> {
        let reading = self.0.to_ambiguous_zoned(date.to_datetime(time));
        let is_skipped = matches!(reading.offset(), AmbiguousOffset::Gap { .. });
        if !is_skipped {
            return Some(reading.earlier().ok()?.timestamp());
        }
        // As late after the change as the reading is after the last one before it.
        let after = reading.later().ok()?.timestamp();
        let after = after.checked_add(SignedDuration::from_nanos(1)).ok()?;
        Some(self.0.preceding(after).next()?.timestamp())
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = String> {
        jiff::tz::db().available().map(|name| name.to_string())
    }
}

impl Window {
    /// The window between two local times.
    ///
    /// # Errors
    /// [`WindowError`] where a time does not exist in the zone, or the end is not after the start.
    pub fn between(start: LocalTime, end: LocalTime, zone: &Zone) -> Result<Self, WindowError> {
        let start = start.in_zone(zone)?;
        let end = end.in_zone(zone)?;
        if start < end { Ok(Self { start, end }) } else { Err(WindowError::Empty) }
    }

    /// The window, if it is over at `now`: the service has no figures of the future
    /// (GetMetricDataV2, EndTime).
    ///
    /// # Errors
    /// [`WindowError::Open`] where it is not.
    pub fn closed_at(self, now: Timestamp) -> Result<Self, WindowError> {
        if self.end() <= now {
            Ok(self)
        } else {
            Err(WindowError::Open { end: rfc3339(&self.end) })
        }
    }

    /// The window, if the service still has figures of it at `now`.
    ///
    /// # Errors
    /// [`WindowError::Forgotten`] where it begins longer ago than the service's `history`.
    pub fn remembered_at(
        self,
        now: Timestamp,
        history: SignedDuration,
    ) -> Result<Self, WindowError> {
        if now.duration_since(self.start()) <= history {
            Ok(self)
        } else {
            let start = rfc3339(&self.start);
            let days = history.as_hours() / 24;
            Err(WindowError::Forgotten { start, days })
        }
    }

    /// The part of the window between two instants, if they lie in it.
    pub fn part(&self, start: Timestamp, end: Timestamp) -> Option<Self> {
        let is_within = self.start() <= start && start < end && end <= self.end();
        is_within.then(|| Self { start: self.on_its_clock(start), end: self.on_its_clock(end) })
    }

    /// The first instant.
    pub fn start(&self) -> Timestamp {
        self.start.timestamp()
    }

    /// Start and end on the local clock, as RFC 3339.
    pub fn borders(&self) -> [String; 2] {
        [rfc3339(&self.start), rfc3339(&self.end)]
    }

    /// The first instant after the window.
    pub fn end(&self) -> Timestamp {
        self.end.timestamp()
    }

    /// The zone's IANA name.
    pub fn zone_name(&self) -> &str {
        self.start.time_zone().iana_name().unwrap_or("UTC")
    }

    /// The local date on which the window starts.
    pub fn first_date(&self) -> Date {
        self.start.date()
    }

    /// The borders on the local clock.
    pub fn local(&self) -> (LocalTime, LocalTime) {
        (LocalTime::shown_at(&self.start), LocalTime::shown_at(&self.end))
    }

    /// An instant as the clock of the window's zone shows it.
    pub fn on_its_clock(&self, time: Timestamp) -> Zoned {
        time.to_zoned(self.start.time_zone().clone())
    }
}

/// Written as `{"start": …, "end": …, "time_zone": …}`, the times in RFC 3339 with their offset.
impl Serialize for Window {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut window = serializer.serialize_struct("Window", 3)?;
        let [start, end] = self.borders();
        window.serialize_field("start", &start)?;
        window.serialize_field("end", &end)?;
        window.serialize_field("time_zone", self.zone_name())?;
        window.end()
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        #[derive(Deserialize)]
        struct SerializedWindow {
            start: Timestamp,
            end: Timestamp,
            time_zone: String,
        }
        let SerializedWindow { start, end, time_zone } =
            SerializedWindow::deserialize(deserializer)?;
        let zone = Zone::named(&time_zone).ok_or_else(|| D::Error::custom("no time zone"))?;
        if start < end {
            Ok(Self { start: start.to_zoned(zone.0.clone()), end: end.to_zoned(zone.0) })
        } else {
            Err(D::Error::custom(WindowError::Empty))
        }
    }
}

impl LocalTime {
    /// The instant in a zone.
    ///
    /// # Errors
    /// [`WindowError::Skipped`] where the clocks of the zone skip it.
    #[cfg(feature = "cli")]
    pub fn instant_in(self, zone: &Zone) -> Result<Timestamp, WindowError> {
        self.in_zone(zone).map(|time| time.timestamp())
    }

    /// The local time that names this instant: its date at midnight, otherwise its reading.
    fn shown_at(time: &Zoned) -> Self {
        if time.time() == Time::midnight() {
            Self::Date(time.date())
        } else if time.time_zone().to_ambiguous_zoned(time.datetime()).is_ambiguous() {
            // Only the offset tells two equal readings apart.
            Self::Instant(time.timestamp())
        } else {
            Self::DateTime(time.datetime())
        }
    }

    fn in_zone(self, zone: &Zone) -> Result<Zoned, WindowError> {
        match self {
            Self::Date(date) => start_of_day(date, &zone.0).map_err(|_| WindowError::OutOfRange),
            Self::DateTime(time) => {
                let ambiguous = zone.0.to_ambiguous_zoned(time);
                match ambiguous.offset() {
                    AmbiguousOffset::Gap { .. } => Err(WindowError::Skipped {
                        time: time.to_string(),
                        zone: zone.name().to_owned(),
                    }),
                    _ => ambiguous.earlier().map_err(|_| WindowError::OutOfRange),
                }
            }
            Self::Instant(time) => Ok(time.to_zoned(zone.0.clone())),
        }
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::DateTime(time) if time.second() == 0 => {
                write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M"))
            }
            Self::DateTime(time) => write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M:%S")),
            Self::Instant(time) => write!(f, "{time}"),
        }
    }
}

impl FromStr for LocalTime {
    type Err = LocalTimeError;

    fn from_str(text: &str) -> Result<Self, LocalTimeError> {
        let text = text.trim();
        // The calendar library would take an offset or a zone, and leave it out of account.
        let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let forms = ["0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"];
        if !forms.contains(&form.replace(' ', "T").as_str()) || text.ends_with(":60") {
            return Err(LocalTimeError);
        }
        if text.contains(['T', ' ']) {
            text.parse().map(Self::DateTime)
        } else {
            text.parse().map(Self::Date)
        }
        .map_err(|_| LocalTimeError)
    }
}

/// The start of the minute in which an instant lies.
pub fn to_the_minute(time: Timestamp) -> Timestamp {
    let to_minutes = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Floor);
    // Only an instant before the first representable minute can't be rounded.
    time.round(to_minutes).unwrap_or(time)
}

/// An instant as RFC 3339 with its offset, to the second.
pub fn rfc3339(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests;
