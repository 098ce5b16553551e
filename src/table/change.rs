//! How figures have changed against those that they are compared with.

use serde::Serialize;

use crate::metric::{Polarity, Unit};
use crate::plan::Figure;

/// By how much a figure differs from what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// How much.
    pub by: Amount,
    /// Whether that is good.
    pub sense: Sense,
}

/// How much a figure has changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Percent of what it is compared with, as counts and times change.
    Percent(f64),
    /// Percentage points, as rates change.
    Points(f64),
}

/// Which way a figure went, as far as what is shown of it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It is more.
    Up,
    /// It is less.
    Down,
    /// It is the same, or nearly.
    Level,
}

/// Whether a change is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sense {
    /// It is.
    Better,
    /// It is not.
    Worse,
    /// It is neither, or too small to be shown.
    Neutral,
}

impl Change {
    /// The change from `base` to `figure`; none where one of them is missing, or where there was
    /// nothing, of which no percentage can be taken.
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
        Some(Self { by, sense: sense(by, polarity) })
    }

    /// Which way it goes.
    pub fn direction(self) -> Direction {
        match self.number() {
            number if number.abs() < INVISIBLE => Direction::Level,
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

/// Half of the last digit that is shown.
const INVISIBLE: f64 = 0.05;

fn sense(by: Amount, polarity: Polarity) -> Sense {
    let (Amount::Percent(number) | Amount::Points(number)) = by;
    match polarity {
        Polarity::Neither => Sense::Neutral,
        _ if number.abs() < INVISIBLE => Sense::Neutral,
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
