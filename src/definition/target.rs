//! What a figure is to reach, such as `">= 80"`.

use std::collections::BTreeMap;
use std::str::FromStr;

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
#[error("a target is `>=`, `>`, `<=` or `<` and a number, as in \">= 80\"")]
pub struct TargetError;

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
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
        let (bound, number) = found.ok_or(TargetError)?;
        // Not what else a number may be to a computer: inf, 1e9, +5.
        let plain = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
        let value: f64 = match number.chars().all(plain) {
            true => number.parse().map_err(|_| TargetError)?,
            false => return Err(TargetError),
        };
        value.is_finite().then_some(Self { bound, value }).ok_or(TargetError)
    }
}

impl Bound {
    /// Whether larger figures are better.
    fn is_from_below(self) -> bool {
        matches!(self, Self::AtLeast | Self::MoreThan)
    }
}

impl Target {
    /// Whether what meets `self` meets `warn` as well, so that a figure can be near and not met.
    fn is_beyond(self, warn: Self) -> bool {
        self.bound.is_from_below() == warn.bound.is_from_below()
            && match self.bound.is_from_below() {
                true => warn.value < self.value,
                false => warn.value > self.value,
            }
    }
}

/// Reads a target.
pub(super) fn read(problems: &Problems<'_>, value: Value<'_>) -> Option<Target> {
    problems.not_yet(&value.span(), "targets", "remove it");
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

/// Checks that `warn` is easier to reach than the target that it stands beside.
pub(super) fn check_warn(
    problems: &Problems<'_>,
    value: Value<'_>,
    warn: Target,
    target: Option<Target>,
) {
    let (message, help) = match target {
        None => ("there is no target to come near to", "add `target`, or remove `warn`"),
        Some(target) if !target.is_beyond(warn) => (
            "nothing can be near this target and miss it",
            "let `warn` be easier to reach, as in target = \">= 80\", warn = \">= 70\"",
        ),
        Some(_) => return,
    };
    problems.error(&value.span(), "warn", message, help);
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
            ("80", Err(TargetError)),
            (">= 80 %", Err(TargetError)),
            (">= inf", Err(TargetError)),
            (">= 1e400", Err(TargetError)),
            (">=", Err(TargetError)),
            ("== 80", Err(TargetError)),
        ] {
            assert_eq!(text.parse::<Target>(), expected, "{text}");
        }
    }

    #[test]
    fn near_is_easier_than_met() {
        let beyond = |target: &str, warn: &str| {
            target.parse::<Target>().unwrap().is_beyond(warn.parse().unwrap())
        };
        assert!(beyond(">= 80", ">= 70") && beyond("< 30", "< 60"));
        assert!(!beyond(">= 80", ">= 90") && !beyond(">= 80", "< 70") && !beyond("< 30", "< 30"));
    }
}
