//! Figures as contact centres read them: `1,204`, `78.4 %`, `4:12`, `1:02:09`.

use crate::metric::Unit;
use crate::plan::{Absent, Figure};

/// A no-break space, so that a number and its unit stay on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// The figure as text; what is absent says why.
pub fn figure(figure: Figure, unit: Unit) -> String {
    match figure {
        Figure::Value(value) => number(value, unit),
        Figure::Absent(Absent::NoData) => "no data".to_owned(),
        Figure::Absent(Absent::NotComputable) => "not computable".to_owned(),
        Figure::Absent(Absent::NotAvailable) => "not available".to_owned(),
    }
}

/// The number with its unit: whole counts without and others with one decimal, times to the second
/// as `m:ss` or `h:mm:ss`, percent with one decimal.
pub fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => grouped(&decimals(value, usize::from(value.fract() != 0.0))),
        Unit::Seconds => clock(value),
        Unit::Milliseconds => format!("{}{NO_BREAK_SPACE}ms", grouped(&decimals(value, 0))),
        Unit::Percent => format!("{}{NO_BREAK_SPACE}%", decimals(value, 1)),
    }
}

/// The value with no or one decimal, halves rounded away from zero as people round.
fn decimals(value: f64, places: usize) -> String {
    let scale = if places == 0 { 1.0 } else { 10.0 };
    format!("{:.places$}", (value * scale).round() / scale)
}

/// Seconds as a clock shows them. Rounding comes first, so that 59.7 s is `1:00`.
fn clock(seconds: f64) -> String {
    let digits = decimals(seconds, 0);
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

/// Digits with a comma before each group of three.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
    let mut text = String::with_capacity(number.len() + number.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_a_contact_centre() {
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
            assert_eq!(number(value, unit), expected);
        }
    }

    #[test]
    fn what_is_absent_says_why() {
        let text = |absent| figure(Figure::Absent(absent), Unit::Percent);
        assert_eq!(text(Absent::NoData), "no data");
        assert_eq!(text(Absent::NotComputable), "not computable");
    }
}
