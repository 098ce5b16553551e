//! Figures as contact centres read them: `1,204`, `78.4%`, `4:12`, `1:02:09`, `+3.1 pp`.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale as IcuLocale;

use super::change::{Amount, Change, Direction};
use crate::language::{Language, Locale};
use crate::metric::Unit;
use crate::plan::{Absent, Figure};

/// A no-break space, so that a number and its unit stay on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// What stands where there is no figure.
const NOTHING: &str = "–";

/// How a locale writes numbers.
#[derive(Debug)]
pub struct Numbers {
    format: Option<DecimalFormatter>,
    /// The percent sign with the space before it, where there is one.
    percent: &'static str,
    language: Language,
}

impl Numbers {
    /// The numbers of a locale; of one whose country is not known, those of the language.
    pub fn of(locale: &Locale) -> Self {
        let known = IcuLocale::try_from_str(locale.tag()).unwrap_or(IcuLocale::UNKNOWN);
        let format = DecimalFormatter::try_new((&known).into(), Default::default()).ok();
        Self { format, percent: percent_sign(locale), language: locale.language() }
    }

    /// The figure as text; a dash where there is none, and words where it can't be had.
    pub fn figure(&self, figure: Figure, unit: Unit) -> String {
        match figure {
            Figure::Value(value) => self.number(value, unit),
            Figure::Absent(Absent::NoData | Absent::NotComputable) => NOTHING.to_owned(),
            Figure::Absent(Absent::NotAvailable) => self.language.say("not available").to_owned(),
        }
    }

    /// The number with its unit: whole counts without and others with one decimal, times to the
    /// second as `m:ss` or `h:mm:ss`, percent with one decimal.
    pub fn number(&self, value: f64, unit: Unit) -> String {
        match unit {
            Unit::Count => self.decimal(value, usize::from(value.fract() != 0.0)),
            Unit::Seconds => clock(value),
            Unit::Milliseconds => format!("{}{NO_BREAK_SPACE}ms", self.decimal(value, 0)),
            Unit::Percent => format!("{}{}", self.decimal(value, 1), self.percent),
        }
    }

    /// The change with its sign: percent, or `pp` for percentage points; `n/a` where there is none.
    pub fn change(&self, change: Option<Change>) -> String {
        let Some(change) = change else {
            return self.language.say("n/a").to_owned();
        };
        let sign = match change.direction() {
            Direction::Up => "+",
            Direction::Down => "−",
            Direction::Level => "±",
        };
        format!("{sign}{}", self.amount(change))
    }

    /// How much a change is, without its sign: `3.1 pp`.
    pub fn amount(&self, change: Change) -> String {
        let amount = self.decimal(change.number().abs(), 1);
        match change.by {
            Amount::Percent(_) => format!("{amount}{}", self.percent),
            Amount::Points(_) => format!("{amount}{NO_BREAK_SPACE}{}", self.language.say("pp")),
        }
    }

    /// A count of rows, or of whatever else there is.
    pub fn whole(&self, count: usize) -> String {
        self.local(&count.to_string())
    }

    /// A number that somebody has chosen, such as a target, with the decimals that it has.
    pub fn bound(&self, value: f64, unit: Unit) -> String {
        // As many decimals as it was written with.
        let exact = self.local(&value.to_string());
        match unit {
            Unit::Count => exact,
            Unit::Percent => format!("{exact}{}", self.percent),
            Unit::Seconds if value.fract() != 0.0 => format!("{exact}{NO_BREAK_SPACE}s"),
            Unit::Milliseconds if value.fract() != 0.0 => format!("{exact}{NO_BREAK_SPACE}ms"),
            Unit::Seconds | Unit::Milliseconds => self.number(value, unit),
        }
    }

    /// A number of bytes: `12.3 MB`.
    pub fn megabytes(&self, bytes: usize) -> String {
        let tenths = bytes.div_ceil(100_000);
        let digits = self.local(&format!("{}.{}", tenths / 10, tenths % 10));
        format!("{digits}{NO_BREAK_SPACE}MB")
    }

    /// How far two figures are from each other; percentage points where they are percent.
    pub fn distance(&self, by: f64, unit: Unit) -> String {
        match unit {
            Unit::Percent => {
                format!("{}{NO_BREAK_SPACE}{}", self.decimal(by, 1), self.language.say("pp"))
            }
            _ => self.number(by, unit),
        }
    }

    fn decimal(&self, value: f64, places: usize) -> String {
        self.local(&rounded(value, places))
    }

    /// Digits with a point, as the locale writes them.
    fn local(&self, digits: &str) -> String {
        let decimal = digits.parse::<Decimal>().ok();
        let local = self.format.as_ref().zip(decimal);
        local.map_or_else(
            || digits.to_owned(),
            |(format, decimal)| format.format(&decimal).to_string(),
        )
    }
}

/// The percent sign as a locale has it behind a number (CLDR 48, percent patterns): without a space in
/// English, in Switzerland, and in most of Spanish America.
fn percent_sign(locale: &Locale) -> &'static str {
    const SPANISH_WITHOUT_SPACE: [&str; 22] = [
        "AR", "BO", "BR", "BZ", "CL", "CO", "CR", "CU", "DO", "EC", "GT", "HN", "MX", "NI", "PA",
        "PE", "PR", "PY", "SV", "US", "UY", "VE",
    ];
    let country = locale.country().unwrap_or_default();
    let is_close = match locale.language() {
        Language::English | Language::AmericanEnglish | Language::SwissGerman => true,
        Language::German => false,
        Language::French => country == "CH",
        Language::Spanish => SPANISH_WITHOUT_SPACE.contains(&country),
    };
    if is_close { "%" } else { "\u{a0}%" }
}

/// The value with no or one decimal, halves rounded away from zero as people round.
fn rounded(value: f64, places: usize) -> String {
    let scale = if places == 0 { 1.0 } else { 10.0 };
    format!("{:.places$}", (value * scale).round() / scale)
}

/// Seconds as a clock shows them. Rounding comes first, so that 59.7 s is `1:00`.
fn clock(seconds: f64) -> String {
    let digits = rounded(seconds, 0);
    let Ok(seconds) = digits.parse::<u64>() else {
        // More seconds than a clock can hold; shown as they are rather than wrong.
        return format!("{digits}{NO_BREAK_SPACE}s");
    };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Sense;

    fn numbers_of(tag: &str) -> Numbers {
        Numbers::of(&Locale::parse(tag).unwrap())
    }

    #[test]
    fn numbers_read_as_in_a_contact_centre() {
        let numbers = numbers_of("en");
        for (value, unit, expected) in [
            (0.0, Unit::Count, "0"),
            (999.0, Unit::Count, "999"),
            (1_204.0, Unit::Count, "1,204"),
            (12_345_678.0, Unit::Count, "12,345,678"),
            (1_234.56, Unit::Count, "1,234.6"),
            (0.0, Unit::Seconds, "0:00"),
            (33.5, Unit::Seconds, "0:34"),
            (59.7, Unit::Seconds, "1:00"),
            (252.0, Unit::Seconds, "4:12"),
            (3_599.9, Unit::Seconds, "1:00:00"),
            (3_729.0, Unit::Seconds, "1:02:09"),
            (1_483_509.0, Unit::Seconds, "412:05:09"),
            (1_234.4, Unit::Milliseconds, "1,234\u{a0}ms"),
            (78.35, Unit::Percent, "78.4%"),
            (100.0, Unit::Percent, "100.0%"),
        ] {
            assert_eq!(numbers.number(value, unit), expected);
        }
    }

    #[test]
    fn locales_have_their_own_marks() {
        for (locale, count, percent) in [
            ("en", "12,345,678.5", "78.4%"),
            ("en-US", "12,345,678.5", "78.4%"),
            ("en-IN", "1,23,45,678.5", "78.4%"),
            ("de", "12.345.678,5", "78,4\u{a0}%"),
            ("de-AT", "12\u{a0}345\u{a0}678,5", "78,4\u{a0}%"),
            ("de-CH", "12'345'678.5", "78.4%"),
            ("fr", "12\u{202f}345\u{202f}678,5", "78,4\u{a0}%"),
            ("fr-CA", "12\u{a0}345\u{a0}678,5", "78,4\u{a0}%"),
            ("es", "12.345.678,5", "78,4\u{a0}%"),
            ("es-MX", "12,345,678.5", "78.4%"),
        ] {
            let numbers = numbers_of(locale);
            assert_eq!(numbers.number(12_345_678.5, Unit::Count), count, "{locale}");
            assert_eq!(numbers.number(78.35, Unit::Percent), percent, "{locale}");
        }
        assert_eq!(numbers_of("es").number(1_204.0, Unit::Count), "1204", "as Spanish has it");
    }

    #[test]
    fn what_is_absent_is_a_dash() {
        let text = |absent| numbers_of("en").figure(Figure::Absent(absent), Unit::Percent);
        assert_eq!(text(Absent::NoData), "–");
        assert_eq!(text(Absent::NotComputable), "–");
        assert_eq!(text(Absent::NotAvailable), "not available");
    }

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        let numbers = numbers_of("de");
        for (by, expected) in [
            (Amount::Percent(12.34), "+12,3\u{a0}%"),
            (Amount::Percent(-3.0), "−3,0\u{a0}%"),
            (Amount::Percent(1_204.0), "+1.204,0\u{a0}%"),
            (Amount::Points(-4.55), "−4,6\u{a0}PP"),
            (Amount::Points(-0.01), "±0,0\u{a0}PP"),
        ] {
            let change = Change { by, sense: Sense::Neutral };
            assert_eq!(numbers.change(Some(change)), expected);
        }
        assert_eq!(numbers.change(None), "k. A.");
    }
}
