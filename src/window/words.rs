//! Windows in words.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Zoned};

use super::Window;
use super::day::starts_its_day;
use crate::language::Language;

impl Window {
    /// The window in the fewest words that name it: `Sunday 22 November 2026`, `16–22 November 2026`,
    /// `October 2026`, or with times.
    pub fn label(&self, language: Language) -> String {
        let first = self.start.date();
        let last = self.last_date();
        if !self.is_of_days() {
            return if first == last {
                format!("{}, {}", language.long_date(first), self.clock_times(language))
            } else if self.is_shorter_than_a_day() {
                // Long windows have a year in their name; a night needs none.
                self.times_with_days(language)
            } else {
                self.clock_times(language)
            };
        }
        if first == last {
            language.full_date(first)
        } else if first.first_of_month() == first && last == first.last_of_month() {
            language.month_and_year(first)
        } else {
            language.day_range(first, last)
        }
    }

    /// The exact borders on the local clock, with the zone and its offsets: `Sunday 22 November
    /// 2026, 00:00–24:00 Europe/London (GMT, UTC+00:00)`. Where the clocks changed in the window, it
    /// also says how long the window was.
    pub fn exact_label(&self, language: Language) -> String {
        let zone = self.zone_name();
        let from = offset_label(&self.start);
        let to = offset_label(&self.last_clock());
        let offset = if from == to {
            from
        } else {
            language.say_with("{from}, to {to}", &[("from", &from), ("to", &to)])
        };
        let change = self.clock_change(language);
        let change = change.map_or_else(String::new, |change| format!(", {change}"));
        let times = self.clock_times(language);
        if self.is_one_day() {
            let day = language.full_date(self.start.date());
            format!("{day}, {times} {zone} ({offset}){change}")
        } else {
            format!("{times} {zone} ({offset}){change}")
        }
    }

    /// The change of the clocks in the window, where there was one: `a day of 25 hours`.
    fn clock_change(&self, language: Language) -> Option<String> {
        let is_a_day = self.is_one_day() && self.is_of_days();
        let (english, seconds) = match (self.length(), self.clock_gain().as_secs()) {
            (length, _) if is_a_day => {
                let is_usual = length == SignedDuration::from_hours(24);
                (!is_usual).then_some(("a day of {length}", length.as_secs()))?
            }
            (_, 0) => return None,
            (_, gain @ 1..) => ("in which the clocks went forward by {length}", gain),
            (_, loss) => ("in which the clocks went back by {length}", -loss),
        };
        Some(language.say_with(english, &[("length", &hours_label(seconds, language))]))
    }

    /// The time by which the readings at the window's borders differ more than the time that passed. The
    /// end of a day is read as 24:00, also where the clocks skip the start of the next.
    fn clock_gain(&self) -> SignedDuration {
        let end = if starts_its_day(&self.end) {
            self.end.date().to_datetime(Time::midnight())
        } else {
            self.end.datetime()
        };
        end.duration_since(self.start.datetime()) - self.length()
    }

    /// The clock by which the window's end is read: that of its last instant, unless the clocks changed.
    fn last_clock(&self) -> Zoned {
        let last = self.end.checked_sub(SignedDuration::from_nanos(1)).ok();
        let last = last.filter(|_| self.clock_gain().is_zero());
        last.unwrap_or_else(|| self.end.clone())
    }

    /// The window as an interval in a table: `22 Nov, 08:00–09:00`, `Sun 22 Nov`, `16 Nov – 22 Nov`, or
    /// for a week that is cut off within a day `16 Nov, 07:00 – 23 Nov, 00:00`.
    pub fn interval_label(&self, language: Language) -> String {
        let first = language.short_date(self.start.date());
        let last = language.short_date(self.last_date());
        if self.is_of_days() {
            return if self.is_one_day() {
                language.short_day(self.start.date())
            } else {
                format!("{first} – {last}")
            };
        }
        if self.is_one_day() {
            return format!("{first}, {}", self.clock_times(language));
        }
        if self.is_shorter_than_a_day() {
            return self.times_with_days(language);
        }
        let start = language.clock_time(self.start.time());
        if self.ends_at_skipped_midnight() {
            return format!("{first}, {start} – {last}, {}", language.end_of_day());
        }
        let end_date = language.short_date(self.end.date());
        format!("{first}, {start} – {end_date}, {}", language.clock_time(self.end.time()))
    }

    /// The clock's readings with their days: `Fri 20 Nov, 22:00 – Sat 21 Nov, 06:00`.
    fn times_with_days(&self, language: Language) -> String {
        let [start, end] = [&self.start, &self.end].map(|time| {
            let reading = language.clock_time(time.time());
            let zone =
                if is_ambiguous(time) { time.strftime(" %Z").to_string() } else { String::new() };
            format!("{}, {reading}{zone}", language.short_day(time.date()))
        });
        format!("{start} – {end}")
    }

    /// The clock's readings at the window's start and end, `08:00–09:00`, with their dates where they
    /// are on different days.
    pub fn clock_times(&self, language: Language) -> String {
        if !self.is_one_day() {
            let start = language.long_date(self.start.date());
            let start = format!("{start}, {}", language.clock_time(self.start.time()));
            if self.ends_at_skipped_midnight() {
                let day = language.long_date(self.last_date());
                return format!("{start} – {day}, {}", language.end_of_day());
            }
            let end = language.long_date(self.end.date());
            return format!("{start} – {end}, {}", language.clock_time(self.end.time()));
        }
        if !self.is_of_days() && (is_ambiguous(&self.start) || is_ambiguous(&self.end)) {
            // The clocks were set back: readings alone would not tell when and how long it was.
            let [from, to] = [&self.start, &self.end].map(|time| time.strftime("%Z").to_string());
            if from != to {
                let end = if self.start.date() == self.end.date() {
                    language.clock_time(self.end.time())
                } else {
                    language.end_of_day().to_owned()
                };
                let start = language.clock_time(self.start.time());
                return format!("{start} {from}–{end} {to}");
            }
            return format!("{} {to}", self.clock_span(language));
        }
        self.clock_span(language)
    }

    fn clock_span(&self, language: Language) -> String {
        let ends_within_its_day = self.start.date() == self.end.date();
        language.clock_span(self.start.time(), ends_within_its_day.then(|| self.end.time()))
    }

    /// The local date of the window's last instant: a full day's end is the start of the next.
    pub(super) fn last_date(&self) -> Date {
        let last = self.end.checked_sub(SignedDuration::from_nanos(1));
        last.map_or(self.end.date(), |last| last.date())
    }

    /// True where the window ends with a day and the clocks skip the next midnight.
    fn ends_at_skipped_midnight(&self) -> bool {
        starts_its_day(&self.end) && self.end.time() != Time::midnight()
    }

    /// True for less than 24 hours.
    pub(super) fn is_shorter_than_a_day(&self) -> bool {
        self.length() < SignedDuration::from_hours(24)
    }

    /// True where the window lies within one local day.
    pub fn is_one_day(&self) -> bool {
        self.start.date() == self.last_date()
    }

    /// True where the window begins and ends with a day.
    pub(super) fn is_of_days(&self) -> bool {
        starts_its_day(&self.start) && starts_its_day(&self.end)
    }
}

/// True for a reading that the clock shows twice, or never.
fn is_ambiguous(time: &Zoned) -> bool {
    time.time_zone().to_ambiguous_zoned(time.datetime()).is_ambiguous()
}

/// A length of time: `1 hour`, `24:30 hours`. No line is broken between number and unit.
fn hours_label(seconds: i64, language: Language) -> String {
    let (english, n) = match (seconds / 3_600, seconds / 60 % 60) {
        (1, 0) => ("1 hour", String::new()),
        (hours, 0) => ("{n} hours", hours.to_string()),
        (0, minutes) => ("{n} minutes", minutes.to_string()),
        (hours, minutes) => ("{n} hours", format!("{hours}:{minutes:02}")),
    };
    language.say_with(english, &[("n", &n)]).replace(' ', "\u{a0}")
}

/// The offset, with the zone's abbreviation where there is one: `BST, UTC+01:00`.
fn offset_label(time: &Zoned) -> String {
    let name = time.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) || name == "UTC" {
        time.strftime("UTC%:z").to_string()
    } else {
        time.strftime("%Z, UTC%:z").to_string()
    }
}
