//! Figures written as contact centres read them: `1,204`, `78.4%`, `4:12`, `1:02:09`, `+3.1 pp`.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale as IcuLocale;

use super::change::{Amount, Change, Direction};
use super::rounding::Rounded;
use crate::language::{Language, Locale};
use crate::metric::Unit;
use crate::plan::{Absent, Figure};

/// A no-break space, so that a number and its unit stay on one line.
const NO_BREAK_SPACE: char = '\u{a0}';

/// The text where there is no figure.
const NO_FIGURE: &str = "–";

/// The way in which a locale writes numbers.
#[derive(Debug)]
pub struct Numbers {
    format: Option<DecimalFormatter>,
    /// The percent sign with the space before it, where there is one.
    percent: &'static str,
    language: Language,
}

impl Numbers {
    /// The numbers of a locale, or of its language where the country is unknown.
    pub fn new(locale: &Locale) -> Self {
        let known = IcuLocale::try_from_str(locale.tag()).unwrap_or(IcuLocale::UNKNOWN);
        let format = DecimalFormatter::try_new((&known).into(), Default::default()).ok();
        Self { format, percent: percent_sign(locale), language: locale.language() }
    }

    /// The figure as text: a dash where there is none, and words where it can't be had.
    pub fn figure(&self, figure: Figure, unit: Unit) -> String {
        match figure {
            Figure::Value(value) => self.number(value, unit),
            Figure::Absent(Absent::NoData | Absent::NotComputable) => NO_FIGURE.to_owned(),
            Figure::Absent(Absent::NotAvailable) => self.language.say("not available").to_owned(),
        }
    }

    /// The number with its unit: whole counts without and others with one decimal, times to the
    /// second as `m:ss` or `h:mm:ss`, percent with one decimal.
    pub fn number(&self, value: f64, unit: Unit) -> String {
        self.rounded(Rounded::usual(value, unit), unit)
    }

    /// A rounded number with its unit.
    pub fn rounded(&self, shown: Rounded, unit: Unit) -> String {
        match unit {
            Unit::Count => self.localize(&shown.digits()),
            Unit::Seconds => self.clock_time(shown),
            Unit::Milliseconds => format!("{}{NO_BREAK_SPACE}ms", self.localize(&shown.digits())),
            Unit::Percent => format!("{}{}", self.localize(&shown.digits()), self.percent),
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

    /// The amount of a change without its sign: `3.1 pp`.
    pub fn amount(&self, change: Change) -> String {
        let amount = self.localize(&Rounded::usual(change.number().abs(), Unit::Percent).digits());
        match change.by {
            Amount::Percent(_) => format!("{amount}{}", self.percent),
            Amount::Points(_) => format!("{amount}{NO_BREAK_SPACE}{}", self.language.say("pp")),
        }
    }

    /// A count, such as of rows.
    pub fn whole_count(&self, count: usize) -> String {
        self.localize(&count.to_string())
    }

    /// A number that somebody has chosen, such as a target, with the decimals that it has.
    pub fn written_number(&self, value: f64, unit: Unit) -> String {
        self.rounded(Rounded::as_written(value), unit)
    }

    /// A number of bytes: `12.3 MB`.
    pub fn megabytes(&self, bytes: usize) -> String {
        let tenths = bytes.div_ceil(100_000);
        let digits = self.localize(&format!("{}.{}", tenths / 10, tenths % 10));
        format!("{digits}{NO_BREAK_SPACE}MB")
    }

    /// The distance of a figure from its target; percentage points for percent.
    pub fn distance(&self, distance: Rounded, unit: Unit) -> String {
        match unit {
            Unit::Percent => {
                let points = self.language.say("pp");
                format!("{}{NO_BREAK_SPACE}{points}", self.localize(&distance.digits()))
            }
            _ => self.rounded(distance, unit),
        }
    }

    /// Seconds as a clock shows them, `0:30` or `0:30.4`. Rounding comes first, so that 59.7 s is `1:00`.
    fn clock_time(&self, shown: Rounded) -> String {
        let digits = shown.digits();
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let Ok(seconds) = whole.parse::<u64>() else {
            // More seconds than a clock can hold are shown as seconds.
            return format!("{}{NO_BREAK_SPACE}s", self.localize(&digits));
        };
        let hours = seconds / 3600;
        let minutes = seconds / 60 % 60;
        let seconds = seconds % 60;
        let decimals = match decimals {
            "" => String::new(),
            decimals => self.localize(&format!("0.{decimals}")).trim_start_matches('0').to_owned(),
        };
        match hours {
            0 => format!("{minutes}:{seconds:02}{decimals}"),
            _ => format!("{hours}:{minutes:02}:{seconds:02}{decimals}"),
        }
    }

    /// Digits with a point, written as in the locale.
    fn localize(&self, digits: &str) -> String {
        let decimal = digits.parse::<Decimal>().ok();
        let local = self.format.as_ref().zip(decimal);
        local.map_or_else(
            || digits.to_owned(),
            |(format, decimal)| format.format(&decimal).to_string(),
        )
    }
}

/// The percent sign that a locale writes after a number (CLDR 48, percent patterns): without a space in
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::definition::Target;
    use crate::metric::Polarity;
    use crate::table::Sense;

    fn numbers_of(tag: &str) -> Numbers {
        Numbers::new(&Locale::parse(tag).unwrap())
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
    fn absent_figures_are_dashes() {
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

    #[test]
    fn judged_figures_have_enough_decimals() {
        let numbers = numbers_of("en");
        let target = |text: &str| text.parse::<Target>().unwrap();
        for (value, unit, bounds, expected) in [
            (55.778, Unit::Percent, &[">= 55.8"][..], "55.78%"),
            (55.84, Unit::Percent, &[">= 55.8"], "55.8%"),
            (30.4, Unit::Seconds, &["<= 30"], "0:30.4"),
            (29.6, Unit::Seconds, &["<= 30"], "0:30"),
            (3_630.04, Unit::Seconds, &["<= 3630"], "1:00:30.04"),
            (29.6, Unit::Seconds, &["< 30"], "0:29.6"),
            (30.0, Unit::Seconds, &["< 30"], "0:30"),
            (79.999_96, Unit::Percent, &[">= 80"], "79.999%"),
            (80.000_04, Unit::Percent, &["> 80"], "80.001%"),
            (80.000_04, Unit::Percent, &["<= 80"], "80.001%"),
            (79.999_999_999_99, Unit::Percent, &[">= 80"], "80.0%"),
            (69.97, Unit::Percent, &[">= 80", ">= 70"], "69.97%"),
            (70.02, Unit::Percent, &[">= 80", ">= 70"], "70.0%"),
            (2.04, Unit::Count, &["<= 2"], "2.04"),
            (1_200.4, Unit::Milliseconds, &["<= 1200"], "1,200.4\u{a0}ms"),
            (30.46, Unit::Seconds, &["<= 30.45"], "0:30.5"),
            (30.46, Unit::Seconds, &[">= 30.45"], "0:30.5"),
            (30.44, Unit::Seconds, &[">= 30.45"], "0:30"),
        ] {
            let bounds = bounds.iter().map(|bound| target(bound));
            let shown = Rounded::beside_bounds(value, unit, bounds);
            assert_eq!(numbers.rounded(shown, unit), expected, "{value}");
        }
        assert_eq!(numbers_of("de").written_number(30.5, Unit::Seconds), "0:30,5");
    }

    #[test]
    fn distances_follow_from_shown_digits() {
        let numbers = numbers_of("en");
        for (value, unit, bound, expected) in [
            (55.778, Unit::Percent, ">= 55.8", Some("0.02\u{a0}pp")),
            (65.05, Unit::Percent, ">= 80", Some("14.9\u{a0}pp")),
            (79.999_96, Unit::Percent, ">= 80", Some("0.001\u{a0}pp")),
            (30.4, Unit::Seconds, "<= 30", Some("0:00.4")),
            (45.0, Unit::Seconds, "<= 30", Some("0:15")),
            (65.0, Unit::Percent, ">= 80.25", Some("15.25\u{a0}pp")),
            (80.0, Unit::Percent, "> 80", None),
        ] {
            let target: Target = bound.parse().unwrap();
            let shown = Rounded::beside_bounds(value, unit, std::iter::once(target));
            let distance = shown.distance(target.value);
            let distance = distance.map(|distance| numbers.distance(distance, unit));
            assert_eq!(distance.as_deref(), expected, "{value} {bound}");
        }
    }

    /// The number in a text of this locale, in the unit.
    fn read_back(text: &str, tag: &str) -> f64 {
        let plain = text.trim_end_matches(['%', 'm', 's', '\u{a0}']);
        let point =
            if numbers_of(tag).written_number(0.5, Unit::Count).contains(',') { ',' } else { '.' };
        let parts = plain.split(':').map(|part| {
            let digits = part.chars().filter(|c| c.is_ascii_digit() || *c == point);
            digits.collect::<String>().replace(point, ".").parse::<f64>().unwrap()
        });
        let seconds = parts.fold(0.0, |sum, part| sum * 60.0 + part);
        // Minutes and seconds are added up with the noise of binary fractions.
        (seconds * 1e6).round() / 1e6
    }

    proptest! {
        /// The printed figure compared with the printed target gives the printed verdict.
        #[test]
        fn every_printed_comparison_is_true(
            bound in (0_u32..200_000, 0_u32..4),
            away in prop_oneof![Just(0.0), -0.000_9..0.000_9, -0.09..0.09, -100.0..100.0],
            sign in prop::sample::select(vec![">=", ">", "<=", "<"]),
            unit in prop::sample::select(vec![
                Unit::Count, Unit::Seconds, Unit::Milliseconds, Unit::Percent,
            ]),
            tag in prop::sample::select(vec!["en", "en-US", "de", "de-CH", "fr", "es", "en-IN"]),
        ) {
            let value = f64::from(bound.0) / 10_f64.powi(bound.1.cast_signed());
            let target: Target = format!("{sign} {value}").parse().unwrap();
            let figure = (target.value + away).max(0.0);
            let shown = Rounded::beside_bounds(figure, unit, std::iter::once(target));
            let numbers = numbers_of(tag);
            let read = |text: String| read_back(&text, tag);
            let printed = read(numbers.rounded(shown, unit));
            let printed_bound = read(numbers.written_number(target.value, unit));
            prop_assert!((printed - figure).abs() < 1.0, "{printed} of {figure}");
            let is_met = Target { value: printed_bound, ..target }.is_met_exactly_by(printed);
            prop_assert_eq!(is_met, target.is_met_by(figure), "{} {}", printed, printed_bound);
            let differs = target.side_of(figure) != std::cmp::Ordering::Equal;
            if !is_met && differs {
                prop_assert!(printed != printed_bound, "{printed} misses {printed_bound}");
                prop_assert!(shown.distance(target.value).is_some());
            }
        }

        /// A change is up or down, and better or worse, only where its shown digits are not 0.
        #[test]
        fn invisible_changes_are_level(
            base in 1.0..1_000.0, by in prop_oneof![-0.1..0.1, -50.0..50.0], is_rate: bool,
        ) {
            let unit = if is_rate { Unit::Percent } else { Unit::Seconds };
            let figures = [base, base + by].map(Figure::Value);
            let change =
                Change::between(figures[0], figures[1], unit, Polarity::LessIsBetter).unwrap();
            let amount = numbers_of("en").amount(change).replace("pp", "");
            let shows_nothing = read_back(&amount, "en") == 0.0;
            prop_assert_eq!(change.direction() == Direction::Level, shows_nothing);
            prop_assert_eq!(change.sense == Sense::Neutral, shows_nothing);
        }
    }
}
