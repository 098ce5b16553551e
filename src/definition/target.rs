//! What a figure is to reach, such as `">= 80"`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::limits::MAX_DIGITS;
use super::problem::Problems;
use super::reader::Value;

/// What a figure is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// How the figure compares with the value.
    pub bound: Bound,
    /// The value, in the unit of the metric; finite.
    pub value: f64,
}

/// How a figure compares with its target's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// At least: `>=`.
    AtLeast,
    /// More than: `>`.
    MoreThan,
    /// At most: `<=`.
    AtMost,
    /// Less than: `<`.
    LessThan,
}

/// The text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It has another form.
    #[error("a target is `>=`, `>`, `<=` or `<` and a number, as in \">= 80\"")]
    Form,
    /// Its number has more digits than a figure.
    #[error("the number has {found} digits {part} the point, {MAX_DIGITS} are allowed")]
    TooLong {
        /// `before` or `behind`.
        part: &'static str,
        /// The number of digits.
        found: usize,
    },
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let wrong = TargetError::Form;
        let text = text.trim();
        let bounds = [
            (">=", Bound::AtLeast),
            ("<=", Bound::AtMost),
            (">", Bound::MoreThan),
            ("<", Bound::LessThan),
        ];
        let found = bounds
            .into_iter()
            .find_map(|(sign, bound)| Some((bound, text.strip_prefix(sign)?.trim_start())));
        let (bound, number) = found.ok_or(wrong)?;
        // Not what else a number may be to a computer: inf, 1e9, +5, .5
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !(digits(whole) && digits(fraction)) {
            return Err(wrong);
        }
        for (part, digits) in [("before", whole), ("behind", fraction)] {
            let found = digits.len();
            if found > MAX_DIGITS {
                return Err(TargetError::TooLong { part, found });
            }
        }
        let value: f64 = number.parse().map_err(|_| wrong)?;
        value.is_finite().then_some(Self { bound, value }).ok_or(wrong)
    }
}

/// Where a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It meets the target.
    Met,
    /// It misses the target and meets the warning.
    Near,
    /// It misses the target.
    Missed,
}

impl State {
    /// As files for programs have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Near => "near",
            Self::Missed => "missed",
        }
    }
}

impl Bound {
    /// Whether larger figures are better.
    fn is_from_below(self) -> bool {
        matches!(self, Self::AtLeast | Self::MoreThan)
    }
}

/// `>= 80`
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.bound {
            Bound::AtLeast => ">=",
            Bound::MoreThan => ">",
            Bound::AtMost => "<=",
            Bound::LessThan => "<",
        };
        write!(f, "{sign} {}", self.value)
    }
}

impl Target {
    /// Whether a figure reaches it. What was merged may miss the last of its digits.
    pub fn is_met_by(self, figure: f64) -> bool {
        match self.bound {
            Bound::AtLeast => self.side_of(figure) != Ordering::Less,
            Bound::MoreThan => self.side_of(figure) == Ordering::Greater,
            Bound::AtMost => self.side_of(figure) != Ordering::Greater,
            Bound::LessThan => self.side_of(figure) == Ordering::Less,
        }
    }

    /// Tells whether a number reaches it to the last digit, as somebody compares who reads both.
    pub fn is_met_exactly_by(self, number: f64) -> bool {
        match self.bound {
            Bound::AtLeast => number >= self.value,
            Bound::MoreThan => number > self.value,
            Bound::AtMost => number <= self.value,
            Bound::LessThan => number < self.value,
        }
    }

    /// Where a figure is: below the value, above it, or on it but for the last of its digits.
    pub fn side_of(self, figure: f64) -> Ordering {
        let digits = 1e-9 * self.value.abs().max(1.0);
        if figure < self.value - digits {
            Ordering::Less
        } else if figure > self.value + digits {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// Whether what meets `self` meets `warn` as well, so that a figure can be near and not met.
    pub(super) fn is_beyond(self, warn: Self) -> bool {
        self.bound.is_from_below() == warn.bound.is_from_below()
            && match self.bound {
                Bound::AtLeast => warn.value < self.value,
                Bound::AtMost => warn.value > self.value,
                // The value itself misses the target, and meets a warning that includes it.
                Bound::MoreThan if warn.bound == Bound::AtLeast => warn.value <= self.value,
                Bound::LessThan if warn.bound == Bound::AtMost => warn.value >= self.value,
                Bound::MoreThan => warn.value < self.value,
                Bound::LessThan => warn.value > self.value,
            }
    }
}

/// Reads a target.
pub(super) fn read(problems: &Problems<'_>, value: Value<'_>) -> Option<Target> {
    if let Some(Err(error @ TargetError::TooLong { .. })) =
        value.get_ref().as_str().map(str::parse::<Target>)
    {
        let help = "write a number that a figure may have, as in \">= 80\"";
        problems.error(&value.span(), "target", error.to_string(), help);
        return None;
    }
    let wanted = "a target such as \">= 80\" or \"< 30\"";
    problems.parsed(value, "target", wanted, |text| text.parse().ok())
}

/// Reads the targets of single queues, or whatever a section groups by, by name.
pub(super) fn read_by_name(
    problems: &Problems<'_>,
    value: Value<'_>,
) -> Option<BTreeMap<String, Target>> {
    let entries = problems.entries(value, "{ Sales = \">= 90\" }")?;
    let targets: Vec<_> = entries
        .into_iter()
        .map(|(value, name)| Some((name.name.to_owned(), read(problems, value)?)))
        .collect();
    targets.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_a_sign_and_a_number() {
        let target = |bound, value| Ok(Target { bound, value });
        for (text, expected) in [
            (">= 80", target(Bound::AtLeast, 80.0)),
            (" <30 ", target(Bound::LessThan, 30.0)),
            ("<=0.5", target(Bound::AtMost, 0.5)),
            ("> -1", target(Bound::MoreThan, -1.0)),
            ("80", Err(TargetError::Form)),
            (">= 80 %", Err(TargetError::Form)),
            (">= inf", Err(TargetError::Form)),
            (">= .5", Err(TargetError::Form)),
            ("> 1.-", Err(TargetError::Form)),
            (">= 1e400", Err(TargetError::Form)),
            (">=", Err(TargetError::Form)),
            ("== 80", Err(TargetError::Form)),
        ] {
            assert_eq!(text.parse::<Target>(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_have_as_many_digits_as_figures() {
        let target = |whole: usize, fraction: usize| {
            let number = format!("-{}.{}", "9".repeat(whole), "1".repeat(fraction));
            format!(">= {number}").parse::<Target>().map(|_| ())
        };
        assert_eq!(target(15, 15), Ok(()));
        for found in [16, 309, 400_000] {
            assert_eq!(target(found, 1), Err(TargetError::TooLong { part: "before", found }));
            assert_eq!(target(1, found), Err(TargetError::TooLong { part: "behind", found }));
        }
    }

    #[test]
    fn figures_meet_come_near_or_miss() {
        for (target, met, missed) in [
            (">= 80", &[80.0, 80.1, 79.999_999_999_99][..], &[79.96, 0.0][..]),
            ("> 80", &[80.1], &[80.0, 79.0]),
            ("<= 30", &[30.0, 0.0], &[30.01]),
            ("< 30", &[29.9], &[30.0, 31.0]),
        ] {
            let parsed: Target = target.parse().unwrap();
            assert_eq!(parsed.to_string(), target);
            assert!(met.iter().all(|figure| parsed.is_met_by(*figure)), "{target}");
            assert!(!missed.iter().any(|figure| parsed.is_met_by(*figure)), "{target}");
        }
    }

    #[test]
    fn near_is_easier_than_met() {
        let beyond = |target: &str, warn: &str| {
            target.parse::<Target>().unwrap().is_beyond(warn.parse().unwrap())
        };
        assert!(beyond(">= 80", ">= 70") && beyond("< 30", "< 60") && beyond("> 80", ">= 80"));
        assert!(!beyond(">= 80", ">= 90") && !beyond(">= 80", "< 70") && !beyond("< 30", "< 30"));
    }
}
