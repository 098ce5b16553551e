//! Windows in words.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Zoned};

use super::Window;
use super::day::starts_its_day;
use crate::language::Language;

impl Window {
    /// The window in as few words as name it: `Sunday 22 November 2026`, `16–22 November 2026`,
    /// `October 2026`, or with times.
    pub fn label(&self, language: Language) -> String {
        let (first, last) = (self.start.date(), self.last_date());
        if !self.is_of_days() {
            return match first == last {
                true => format!("{}, {}", language.long_date(first), self.times(language)),
                // Long windows have a year in their name; a night needs none.
                false if self.is_shorter_than_a_day() => self.with_days(language),
                false => self.times(language),
            };
        }
        match () {
            () if first == last => language.full_date(first),
            () if first.first_of_month() == first && last == first.last_of_month() => {
                language.month_and_year(first)
            }
            () => language.days(first, last),
        }
    }

    /// The exact borders on the local clock, with the zone and its offsets: `Sunday 22 November
    /// 2026, 00:00–24:00 Europe/London (GMT, UTC+00:00)`; and how long it was where the clocks were
    /// changed in it.
    pub fn exactly(&self, language: Language) -> String {
        let zone = self.zone_name();
        let (from, to) = (offset(&self.start), offset(&self.last_clock()));
        let offset = match from == to {
            true => from,
            false => language.say_with("{from}, to {to}", &[("from", &from), ("to", &to)]),
        };
        let change = self.clock_change(language);
        let change = change.map_or_else(String::new, |change| format!(", {change}"));
        let times = self.times(language);
        match self.is_one_day() {
            true => {
                let day = language.full_date(self.start.date());
                format!("{day}, {times} {zone} ({offset}){change}")
            }
            false => format!("{times} {zone} ({offset}){change}"),
        }
    }

    /// The change of the clocks in the window, where there was one: `a day of 25 hours`.
    fn clock_change(&self, language: Language) -> Option<String> {
        let told = |english, seconds| {
            let length = in_hours(seconds, language);
            Some(language.say_with(english, &[("length", &length)]))
        };
        let is_a_day = self.is_one_day() && self.is_of_days();
        if is_a_day {
            let length = self.end().duration_since(self.start());
            let differs = length != SignedDuration::from_hours(24);
            return told("a day of {length}", length.as_secs()).filter(|_| differs);
        }
        match self.clocks_went_ahead().as_secs() {
            0 => None,
            ahead @ 1.. => told("in which the clocks went forward by {length}", ahead),
            behind => told("in which the clocks went back by {length}", -behind),
        }
    }

    /// By how much the readings at its borders tell of more time than passed between them: the end of a
    /// day is read as 24:00, also where the clocks skip the start of the next.
    fn clocks_went_ahead(&self) -> SignedDuration {
        let end = match starts_its_day(&self.end) {
            true => self.end.date().to_datetime(Time::midnight()),
            false => self.end.datetime(),
        };
        let read = end.duration_since(self.start.datetime());
        read - self.end().duration_since(self.start())
    }

    /// The clock by which its end is read: that of its last instant, unless the clocks were changed.
    fn last_clock(&self) -> Zoned {
        let last = self.end.checked_sub(SignedDuration::from_nanos(1)).ok();
        let last = last.filter(|_| self.clocks_went_ahead().is_zero());
        last.unwrap_or_else(|| self.end.clone())
    }

    /// The window as an interval of a table names it: `22 Nov, 08:00–09:00`, `Sun 22 Nov`,
    /// `16 Nov – 22 Nov`, or of a week that is cut off in a day `16 Nov, 07:00 – 23 Nov, 00:00`.
    pub fn briefly(&self, language: Language) -> String {
        let day = |date: Date| language.short_date(date);
        let clock = |time: &Zoned| language.clock(time.time());
        let time = |time: &Zoned| format!("{}, {}", day(time.date()), clock(time));
        let end = || match self.ends_where_none_begins() {
            true => format!("{}, {}", day(self.last_date()), language.end_of_day()),
            false => time(&self.end),
        };
        let (first, last) = (self.start.date(), self.last_date());
        match (self.is_of_days(), first == last) {
            (true, true) => language.short_day(first),
            (true, false) => format!("{} – {}", day(first), day(last)),
            (false, true) => format!("{}, {}", day(first), self.times(language)),
            (false, false) if self.is_shorter_than_a_day() => self.with_days(language),
            (false, false) => format!("{} – {}", time(&self.start), end()),
        }
    }

    /// The clock's readings with their days, where it is of more than one: `Fri 20 Nov, 22:00 – Sat 21
    /// Nov, 06:00`.
    fn with_days(&self, language: Language) -> String {
        let at = |time: &Zoned| {
            let reading = language.clock(time.time());
            let zone =
                if is_twofold(time) { time.strftime(" %Z").to_string() } else { String::new() };
            format!("{}, {reading}{zone}", language.short_day(time.date()))
        };
        format!("{} – {}", at(&self.start), at(&self.end))
    }

    /// The clock's readings at its start and end, with their dates where it is of more than a day:
    /// `08:00–09:00`.
    pub fn times(&self, language: Language) -> String {
        let clock = |time: &Zoned| language.clock(time.time());
        if !self.is_one_day() {
            let full =
                |time: &Zoned| format!("{}, {}", language.long_date(time.date()), clock(time));
            let end = match self.ends_where_none_begins() {
                true => {
                    let day = language.long_date(self.last_date());
                    format!("{day}, {}", language.end_of_day())
                }
                false => full(&self.end),
            };
            return format!("{} – {end}", full(&self.start));
        }
        if !self.is_of_days() && (is_twofold(&self.start) || is_twofold(&self.end)) {
            // The clocks were set back: readings alone would not tell when and how long it was.
            let zone = |time: &Zoned| time.strftime("%Z").to_string();
            let (from, to) = (zone(&self.start), zone(&self.end));
            if from != to {
                let end = match self.start.date() == self.end.date() {
                    true => clock(&self.end),
                    false => language.end_of_day().to_owned(),
                };
                return format!("{} {from}–{end} {to}", clock(&self.start));
            }
            return format!("{} {to}", self.clock_span(language));
        }
        self.clock_span(language)
    }

    fn clock_span(&self, language: Language) -> String {
        let ends_within_its_day = self.start.date() == self.end.date();
        language.clock_span(self.start.time(), ends_within_its_day.then(|| self.end.time()))
    }

    /// The local date of its last instant: a full day's end is the start of the next.
    pub(super) fn last_date(&self) -> Date {
        let last = self.end.checked_sub(SignedDuration::from_nanos(1));
        last.map_or(self.end.date(), |last| last.date())
    }

    /// True where it ends with a day and the clocks skip the midnight at which the next would begin.
    fn ends_where_none_begins(&self) -> bool {
        starts_its_day(&self.end) && self.end.time() != Time::midnight()
    }

    fn is_shorter_than_a_day(&self) -> bool {
        self.end().duration_since(self.start()) < SignedDuration::from_hours(24)
    }

    /// True where it lies within one local day.
    pub fn is_one_day(&self) -> bool {
        self.start.date() == self.last_date()
    }

    /// True where it begins and ends with a day.
    pub(super) fn is_of_days(&self) -> bool {
        starts_its_day(&self.start) && starts_its_day(&self.end)
    }
}

/// True for a reading that the clock shows twice, or never.
fn is_twofold(time: &Zoned) -> bool {
    time.time_zone().to_ambiguous_zoned(time.datetime()).is_ambiguous()
}

/// A length of time: `1 hour`, `24:30 hours`. No line is broken between number and unit.
fn in_hours(seconds: i64, language: Language) -> String {
    let several = |english, n: String| language.say_with(english, &[("n", &n)]);
    let length = match (seconds / 3_600, seconds / 60 % 60) {
        (1, 0) => language.say("1 hour").to_owned(),
        (hours, 0) => several("{n} hours", hours.to_string()),
        (0, minutes) => several("{n} minutes", minutes.to_string()),
        (hours, minutes) => several("{n} hours", format!("{hours}:{minutes:02}")),
    };
    length.replace(' ', "\u{a0}")
}

/// The offset with its name where it has one of its own: `BST, UTC+01:00`.
fn offset(time: &Zoned) -> String {
    let name = time.strftime("%Z").to_string();
    match name.starts_with(['+', '-']) || name == "UTC" {
        true => time.strftime("UTC%:z").to_string(),
        false => time.strftime("%Z, UTC%:z").to_string(),
    }
}
