//! Times of day as each language writes them.

use jiff::civil::Time;

use super::Language;

impl Language {
    /// A reading of the clock: `08:00`, American `8:00 AM`.
    pub fn clock_time(self, time: Time) -> String {
        match self {
            Self::AmericanEnglish => {
                format!("{}\u{a0}{}", twelve_hour_reading(time), half_of_day(time))
            }
            _ => time.strftime("%H:%M").to_string(),
        }
    }

    /// The time from one reading to another on the same day: `08:00–09:00`, `8:00–9:00 AM`. Without a second
    /// reading it goes to the end of the day.
    pub fn clock_span(self, from: Time, to: Option<Time>) -> String {
        match (self, to) {
            (Self::AmericanEnglish, Some(to)) if half_of_day(from) == half_of_day(to) => {
                format!("{}–{}", twelve_hour_reading(from), self.clock_time(to))
            }
            (_, Some(to)) => format!("{}–{}", self.clock_time(from), self.clock_time(to)),
            (_, None) => format!("{}–{}", self.clock_time(from), self.end_of_day()),
        }
    }

    /// The end of a day, which a clock shows as the start of the next: `24:00`, American `midnight`.
    pub fn end_of_day(self) -> &'static str {
        match self {
            Self::AmericanEnglish => "midnight",
            _ => "24:00",
        }
    }

    /// A full hour where there is little room: `08:00`, American `8 AM`.
    pub fn full_hour(self, time: Time) -> String {
        match self {
            Self::AmericanEnglish => format!("{}\u{a0}{}", time.strftime("%-I"), half_of_day(time)),
            _ => self.clock_time(time),
        }
    }
}

/// The reading of a clock with 12 hours: `8:00`.
fn twelve_hour_reading(time: Time) -> String {
    time.strftime("%-I:%M").to_string()
}

/// The half of the day: `AM` or `PM`.
fn half_of_day(time: Time) -> &'static str {
    if time.hour() < 12 { "AM" } else { "PM" }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn american_clocks_have_twelve_hours() {
        let at = |hour| time(hour, 0, 0, 0);
        for (from, to, american, others) in [
            (0, Some(9), "12:00–9:00\u{a0}AM", "00:00–09:00"),
            (8, Some(12), "8:00\u{a0}AM–12:00\u{a0}PM", "08:00–12:00"),
            (12, Some(23), "12:00–11:00\u{a0}PM", "12:00–23:00"),
            (0, None, "12:00\u{a0}AM–midnight", "00:00–24:00"),
            (23, None, "11:00\u{a0}PM–midnight", "23:00–24:00"),
        ] {
            let to = to.map(at);
            assert_eq!(Language::AmericanEnglish.clock_span(at(from), to), american);
            for language in Language::ALL {
                if language != Language::AmericanEnglish {
                    assert_eq!(language.clock_span(at(from), to), others);
                }
            }
        }
        assert_eq!(Language::AmericanEnglish.full_hour(at(0)), "12\u{a0}AM");
        assert_eq!(Language::French.full_hour(at(13)), "13:00");
    }
}
