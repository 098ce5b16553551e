//! Changes of figures against those with which they are compared.

use serde::Serialize;

use crate::metric::{Polarity, Unit};
use crate::plan::Figure;

/// The difference between a figure and the one with which it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The amount, with its sign.
    pub by: Amount,
    /// The judgement of the change.
    pub sense: Sense,
}

/// The amount of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Percent of the figure before, for counts and times.
    Percent(f64),
    /// Percentage points, for rates.
    Points(f64),
}

/// The direction of a change, as far as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The figure is higher.
    Up,
    /// The figure is lower.
    Down,
    /// The figure is the same, or the change is too small to be shown.
    Level,
}

/// The judgement of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sense {
    /// The change is good.
    Better,
    /// The change is bad.
    Worse,
    /// The change is neither, or too small to be shown.
    Neutral,
}

impl Change {
    /// The change from `base` to `figure`. `None` where one of them is missing, and where a percentage of 0
    /// would be needed.
    pub fn between(base: Figure, figure: Figure, unit: Unit, polarity: Polarity) -> Option<Self> {
        let base = base.value()?;
        let value = figure.value()?;
        let by = match unit {
            Unit::Percent => Amount::Points(value - base),
            Unit::Count | Unit::Seconds | Unit::Milliseconds if base > 0.0 => {
                Amount::Percent((value - base) / base * 100.0)
            }
            Unit::Count | Unit::Seconds | Unit::Milliseconds => return None,
        };
        Some(Self { by, sense: sense_of(by, polarity) })
    }

    /// The direction of the change.
    pub fn direction(self) -> Direction {
        match self.number() {
            number if number.abs() < SMALLEST_SHOWN => Direction::Level,
            number if number > 0.0 => Direction::Up,
            _ => Direction::Down,
        }
    }

    /// The number that is shown, in percent or percentage points.
    pub fn number(self) -> f64 {
        match self.by {
            Amount::Percent(number) | Amount::Points(number) => number,
        }
    }
}

/// Half a unit of the last digit that is shown; smaller changes are not shown.
const SMALLEST_SHOWN: f64 = 0.05;

/// The judgement of a change of a metric with this polarity.
fn sense_of(by: Amount, polarity: Polarity) -> Sense {
    let (Amount::Percent(number) | Amount::Points(number)) = by;
    match polarity {
        Polarity::Neither => Sense::Neutral,
        _ if number.abs() < SMALLEST_SHOWN => Sense::Neutral,
        Polarity::MoreIsBetter if number > 0.0 => Sense::Better,
        Polarity::LessIsBetter if number < 0.0 => Sense::Better,
        Polarity::MoreIsBetter | Polarity::LessIsBetter => Sense::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Absent;

    #[test]
    fn counts_and_times_change_in_percent_and_rates_in_points() {
        use Polarity::{LessIsBetter, MoreIsBetter, Neither};
        use Sense::{Better, Neutral, Worse};
        for (base, value, unit, polarity, by, sense) in [
            (200.0, 150.0, Unit::Count, LessIsBetter, Amount::Percent(-25.0), Better),
            (200.0, 150.0, Unit::Count, Neither, Amount::Percent(-25.0), Neutral),
            (30.0, 45.0, Unit::Seconds, LessIsBetter, Amount::Percent(50.0), Worse),
            (80.0, 75.5, Unit::Percent, MoreIsBetter, Amount::Points(-4.5), Worse),
            (0.0, 75.5, Unit::Percent, MoreIsBetter, Amount::Points(75.5), Better),
            (80.0, 80.04, Unit::Percent, MoreIsBetter, Amount::Points(0.04), Neutral),
        ] {
            let [base, figure] = [base, value].map(Figure::Value);
            let change = Change::between(base, figure, unit, polarity).unwrap();
            assert!((change.number() - Change { by, sense }.number()).abs() < 1e-9);
            assert_eq!(change.sense, sense, "{change:?}");
        }
    }

    #[test]
    fn there_is_no_change_from_nothing() {
        let none = Figure::Absent(Absent::NoData);
        for (base, figure) in [
            (Figure::Value(0.0), Figure::Value(3.0)),
            (none, Figure::Value(3.0)),
            (Figure::Value(3.0), none),
        ] {
            assert_eq!(Change::between(base, figure, Unit::Count, Polarity::Neither), None);
        }
    }
}
