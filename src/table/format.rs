//! Figures as contact centres read them: `1,204`, `78.4 %`, `4:12`, `1:02:09`, `+3.1 pp`.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;

use super::change::{Amount, Change};
use crate::metric::Unit;
use crate::plan::{Absent, Figure};

/// A no-break space, so that a number and its unit stay on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// What stands where there is no figure.
const NOTHING: &str = "–";

/// How a locale writes numbers.
#[derive(Debug)]
pub struct Numbers(Option<DecimalFormatter>);

impl Numbers {
    /// The numbers of a locale such as `en` or `de-CH`; of one that is not known, those of the
    /// language, or else of no language.
    pub fn of(locale: &str) -> Self {
        let locale = Locale::try_from_str(locale).unwrap_or(Locale::UNKNOWN);
        Self(DecimalFormatter::try_new((&locale).into(), Default::default()).ok())
    }

    /// The figure as text; a dash where there is none, and words where it can't be had.
    pub fn figure(&self, figure: Figure, unit: Unit) -> String {
        match figure {
            Figure::Value(value) => self.number(value, unit),
            Figure::Absent(Absent::NoData | Absent::NotComputable) => NOTHING.to_owned(),
            Figure::Absent(Absent::NotAvailable) => "not available".to_owned(),
        }
    }

    /// The number with its unit: whole counts without and others with one decimal, times to the
    /// second as `m:ss` or `h:mm:ss`, percent with one decimal.
    pub fn number(&self, value: f64, unit: Unit) -> String {
        match unit {
            Unit::Count => self.decimal(value, usize::from(value.fract() != 0.0)),
            Unit::Seconds => clock(value),
            Unit::Milliseconds => format!("{}{NO_BREAK_SPACE}ms", self.decimal(value, 0)),
            Unit::Percent => format!("{}{NO_BREAK_SPACE}%", self.decimal(value, 1)),
        }
    }

    /// The change with its sign: percent, or `pp` for percentage points; `n/a` where there is none.
    pub fn change(&self, change: Option<Change>) -> String {
        let Some(change) = change else {
            return "n/a".to_owned();
        };
        let digits = rounded(change.number().abs(), 1);
        let sign = match change.number() {
            _ if digits == "0.0" => "±",
            number if number > 0.0 => "+",
            _ => "−",
        };
        let unit = match change.by {
            Amount::Percent(_) => "%",
            Amount::Points(_) => "pp",
        };
        format!("{sign}{}{NO_BREAK_SPACE}{unit}", self.local(&digits))
    }

    fn decimal(&self, value: f64, places: usize) -> String {
        self.local(&rounded(value, places))
    }

    /// Digits with a point, as the locale writes them.
    fn local(&self, digits: &str) -> String {
        let decimal = digits.parse::<Decimal>().ok();
        let local = self.0.as_ref().zip(decimal);
        local.map_or_else(
            || digits.to_owned(),
            |(format, decimal)| format.format(&decimal).to_string(),
        )
    }
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

    #[test]
    fn numbers_read_as_in_a_contact_centre() {
        let numbers = Numbers::of("en");
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
            (78.35, Unit::Percent, "78.4\u{a0}%"),
            (100.0, Unit::Percent, "100.0\u{a0}%"),
        ] {
            assert_eq!(numbers.number(value, unit), expected);
        }
    }

    #[test]
    fn locales_have_their_own_marks() {
        for (locale, count, percent) in [
            ("en-US", "12,345,678.5", "78.4"),
            ("en-IN", "1,23,45,678.5", "78.4"),
            ("de", "12.345.678,5", "78,4"),
            ("de-AT", "12\u{a0}345\u{a0}678,5", "78,4"),
            ("de-CH", "12'345'678.5", "78.4"),
            ("fr", "12\u{202f}345\u{202f}678,5", "78,4"),
            ("es", "12.345.678,5", "78,4"),
        ] {
            let numbers = Numbers::of(locale);
            assert_eq!(numbers.number(12_345_678.5, Unit::Count), count, "{locale}");
            let percent = format!("{percent}\u{a0}%");
            assert_eq!(numbers.number(78.35, Unit::Percent), percent, "{locale}");
        }
        assert_eq!(Numbers::of("es").number(1_204.0, Unit::Count), "1204", "as Spanish has it");
    }

    #[test]
    fn what_is_absent_is_a_dash() {
        let text = |absent| Numbers::of("en").figure(Figure::Absent(absent), Unit::Percent);
        assert_eq!(text(Absent::NoData), "–");
        assert_eq!(text(Absent::NotComputable), "–");
        assert_eq!(text(Absent::NotAvailable), "not available");
    }

    #[test]
    fn changes_have_a_sign_and_a_unit() {
        let numbers = Numbers::of("de");
        for (by, expected) in [
            (Amount::Percent(12.34), "+12,3\u{a0}%"),
            (Amount::Percent(-3.0), "−3,0\u{a0}%"),
            (Amount::Percent(1_204.0), "+1.204,0\u{a0}%"),
            (Amount::Points(-4.55), "−4,6\u{a0}pp"),
            (Amount::Points(-0.01), "±0,0\u{a0}pp"),
        ] {
            let change = Change { by, sense: Sense::Neutral };
            assert_eq!(numbers.change(Some(change)), expected);
        }
        assert_eq!(numbers.change(None), "n/a");
    }
}
