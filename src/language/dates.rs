//! Dates as each language writes them.

use jiff::civil::{Date, Weekday};

use super::Language;

/// The names of days and months in a language.
struct DateNames {
    /// The days from Monday, in full and shortened.
    days: [(&'static str, &'static str); 7],
    /// The months from January, in full and shortened.
    months: [(&'static str, &'static str); 12],
}

const ENGLISH_NAMES: DateNames = DateNames {
    days: [
        ("Monday", "Mon"),
        ("Tuesday", "Tue"),
        ("Wednesday", "Wed"),
        ("Thursday", "Thu"),
        ("Friday", "Fri"),
        ("Saturday", "Sat"),
        ("Sunday", "Sun"),
    ],
    months: [
        ("January", "Jan"),
        ("February", "Feb"),
        ("March", "Mar"),
        ("April", "Apr"),
        ("May", "May"),
        ("June", "Jun"),
        ("July", "Jul"),
        ("August", "Aug"),
        ("September", "Sep"),
        ("October", "Oct"),
        ("November", "Nov"),
        ("December", "Dec"),
    ],
};

const GERMAN_NAMES: DateNames = DateNames {
    days: [
        ("Montag", "Mo"),
        ("Dienstag", "Di"),
        ("Mittwoch", "Mi"),
        ("Donnerstag", "Do"),
        ("Freitag", "Fr"),
        ("Samstag", "Sa"),
        ("Sonntag", "So"),
    ],
    months: [
        ("Januar", "Jan."),
        ("Februar", "Feb."),
        ("März", "März"),
        ("April", "Apr."),
        ("Mai", "Mai"),
        ("Juni", "Juni"),
        ("Juli", "Juli"),
        ("August", "Aug."),
        ("September", "Sept."),
        ("Oktober", "Okt."),
        ("November", "Nov."),
        ("Dezember", "Dez."),
    ],
};

const FRENCH_NAMES: DateNames = DateNames {
    days: [
        ("lundi", "lun."),
        ("mardi", "mar."),
        ("mercredi", "mer."),
        ("jeudi", "jeu."),
        ("vendredi", "ven."),
        ("samedi", "sam."),
        ("dimanche", "dim."),
    ],
    months: [
        ("janvier", "janv."),
        ("février", "févr."),
        ("mars", "mars"),
        ("avril", "avr."),
        ("mai", "mai"),
        ("juin", "juin"),
        ("juillet", "juil."),
        ("août", "août"),
        ("septembre", "sept."),
        ("octobre", "oct."),
        ("novembre", "nov."),
        ("décembre", "déc."),
    ],
};

const SPANISH_NAMES: DateNames = DateNames {
    days: [
        ("lunes", "lun"),
        ("martes", "mar"),
        ("miércoles", "mié"),
        ("jueves", "jue"),
        ("viernes", "vie"),
        ("sábado", "sáb"),
        ("domingo", "dom"),
    ],
    months: [
        ("enero", "ene"),
        ("febrero", "feb"),
        ("marzo", "mar"),
        ("abril", "abr"),
        ("mayo", "may"),
        ("junio", "jun"),
        ("julio", "jul"),
        ("agosto", "ago"),
        ("septiembre", "sept"),
        ("octubre", "oct"),
        ("noviembre", "nov"),
        ("diciembre", "dic"),
    ],
};

impl Language {
    /// The date with its weekday: `Sunday 22 November 2026`.
    pub fn full_date(self, date: Date) -> String {
        let day = self.weekday(date.weekday()).0;
        let date = self.long_date(date);
        match self {
            Self::English | Self::French => format!("{day} {date}"),
            Self::AmericanEnglish | Self::German | Self::SwissGerman | Self::Spanish => {
                format!("{day}, {date}")
            }
        }
    }

    /// The date: `22 November 2026`.
    pub fn long_date(self, date: Date) -> String {
        self.with_year(&self.day_and_month(date), date)
    }

    /// The range of two days, both included: `16–22 November 2026`,
    /// `28 September – 4 October 2026`.
    pub fn day_range(self, first: Date, last: Date) -> String {
        if first.year() != last.year() {
            return format!("{} – {}", self.long_date(first), self.long_date(last));
        }
        if first.month() != last.month() {
            return format!("{} – {}", self.day_and_month(first), self.long_date(last));
        }
        match self {
            Self::AmericanEnglish => {
                let days = format!("{}–{}", self.day_and_month(first), last.day());
                self.with_year(&days, last)
            }
            _ => format!("{}–{}", self.day_of_month(first), self.long_date(last)),
        }
    }

    /// The date without its year: `22 November`.
    fn day_and_month(self, date: Date) -> String {
        let day = self.day_of_month(date);
        let month = self.month(date).0;
        match self {
            Self::AmericanEnglish => format!("{month} {day}"),
            Self::Spanish => format!("{day} de {month}"),
            _ => format!("{day} {month}"),
        }
    }

    /// Days and month, followed by the year of a date.
    fn with_year(self, days: &str, date: Date) -> String {
        let year = date.year();
        match self {
            Self::AmericanEnglish => format!("{days}, {year}"),
            Self::Spanish => format!("{days} de {year}"),
            _ => format!("{days} {year}"),
        }
    }

    /// The day of the month as it is written beside its month: `22`, in German `22.`
    fn day_of_month(self, date: Date) -> String {
        match (self, date.day()) {
            (Self::German | Self::SwissGerman, day) => format!("{day}."),
            (Self::French, 1) => "1er".to_owned(),
            (_, day) => day.to_string(),
        }
    }

    /// The month: `November 2026`.
    pub fn month_and_year(self, date: Date) -> String {
        let month = self.month(date).0;
        let year = date.year();
        match self {
            Self::Spanish => format!("{month} de {year}"),
            _ => format!("{month} {year}"),
        }
    }

    /// The date in short: `22 Nov`.
    pub fn short_date(self, date: Date) -> String {
        let day = self.day_of_month(date);
        let month = self.month(date).1;
        match self {
            Self::AmericanEnglish => format!("{month} {day}"),
            _ => format!("{day} {month}"),
        }
    }

    /// The date with its weekday in short: `Sun 22 Nov`.
    pub fn short_day(self, date: Date) -> String {
        let day = self.short_weekday(date.weekday());
        let date = self.short_date(date);
        match self {
            Self::AmericanEnglish => format!("{day}, {date}"),
            _ => format!("{day} {date}"),
        }
    }

    /// The weekday in short: `Sun`.
    pub fn short_weekday(self, day: Weekday) -> &'static str {
        self.weekday(day).1
    }

    fn date_names(self) -> &'static DateNames {
        match self {
            Self::English | Self::AmericanEnglish => &ENGLISH_NAMES,
            Self::German | Self::SwissGerman => &GERMAN_NAMES,
            Self::French => &FRENCH_NAMES,
            Self::Spanish => &SPANISH_NAMES,
        }
    }

    fn weekday(self, day: Weekday) -> (&'static str, &'static str) {
        name_at(&self.date_names().days, day.to_monday_zero_offset())
    }

    fn month(self, date: Date) -> (&'static str, &'static str) {
        name_at(&self.date_names().months, date.month() - 1)
    }
}

fn name_at(
    names: &'static [(&'static str, &'static str)],
    index: i8,
) -> (&'static str, &'static str) {
    let index = usize::try_from(index).ok();
    index.and_then(|index| names.get(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_are_written_as_in_each_language() {
        let told = |language: Language| {
            let day = date(2026, 11, 1);
            [language.full_date(day), language.month_and_year(day), language.short_day(day)]
        };
        let german = ["Sonntag, 1. November 2026", "November 2026", "So 1. Nov."];
        use Language::{AmericanEnglish, English, French, German, Spanish, SwissGerman};
        for (language, expected) in [
            (English, ["Sunday 1 November 2026", "November 2026", "Sun 1 Nov"]),
            (AmericanEnglish, ["Sunday, November 1, 2026", "November 2026", "Sun, Nov 1"]),
            (German, german),
            (SwissGerman, german),
            (French, ["dimanche 1er novembre 2026", "novembre 2026", "dim. 1er nov."]),
            (Spanish, ["domingo, 1 de noviembre de 2026", "noviembre de 2026", "dom 1 nov"]),
        ] {
            assert_eq!(told(language), expected);
        }
    }

    #[test]
    fn days_from_one_to_another_are_written_as_in_each_language() {
        use Language::{AmericanEnglish, English, French, German, Spanish};
        let first = date(2026, 9, 1);
        let same_month = date(2026, 9, 22);
        let next_month = date(2026, 10, 4);
        let next_year = date(2027, 1, 3);
        for (language, last, expected) in [
            (English, same_month, "1–22 September 2026"),
            (English, next_month, "1 September – 4 October 2026"),
            (English, next_year, "1 September 2026 – 3 January 2027"),
            (AmericanEnglish, same_month, "September 1–22, 2026"),
            (AmericanEnglish, next_month, "September 1 – October 4, 2026"),
            (AmericanEnglish, next_year, "September 1, 2026 – January 3, 2027"),
            (German, same_month, "1.–22. September 2026"),
            (French, same_month, "1er–22 septembre 2026"),
            (Spanish, next_month, "1 de septiembre – 4 de octubre de 2026"),
        ] {
            assert_eq!(language.day_range(first, last), expected);
        }
    }

    #[test]
    fn every_month_and_day_has_a_name() {
        for language in Language::ALL {
            for month in 1..=12 {
                let date = date(2026, month, 15);
                assert!(!language.month(date).0.is_empty() && !language.month(date).1.is_empty());
                assert!(!language.weekday(date.weekday()).0.is_empty());
            }
        }
        assert_eq!(Language::English.month(date(2026, 5, 1)).0, "May");
        assert_eq!(Language::German.month(date(2026, 3, 1)).0, "März");
    }
}
