//! Rounding of figures for display.
//!
//! A figure is judged exactly and shown rounded. With the usual decimals a service level of 79.97 % would
//! read "80.0%, below the target of 80%". So a figure with a target is shown with as many decimals, three at
//! most, as make the statement true.

use crate::definition::Target;
use crate::metric::Unit;

/// The most decimals of a figure that is shown.
const MOST_DECIMALS: usize = 3;

/// A figure as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded {
    /// The number that the digits make, in the unit of the metric.
    pub number: f64,
    /// The number of decimals.
    pub decimals: usize,
}

impl Rounded {
    /// Rounds to the usual decimals: none for whole counts and for times, one for other counts and percent.
    pub fn usual(value: f64, unit: Unit) -> Self {
        Self::nearest(value, usual_decimals(value, unit))
    }

    /// Rounds to as many decimals as keep the figure on its side of these bounds. Where three do not
    /// suffice, it is cut towards its own side, so that it never seems to be the bound. The first of several
    /// bounds matters most.
    pub fn beside_bounds(
        value: f64,
        unit: Unit,
        bounds: impl Iterator<Item = Target> + Clone,
    ) -> Self {
        if let Some(decimals) = decimals_beside(value, unit, bounds.clone(), MOST_DECIMALS) {
            return Self::nearest(value, decimals);
        }
        Self::cut_beside(value, bounds.clone())
            .or_else(|| Self::cut_beside(value, bounds.take(1)))
            .unwrap_or_else(|| Self::nearest(value, MOST_DECIMALS))
    }

    /// The figure cut down or up to three decimals, if one of the two keeps it on its side of all bounds.
    fn cut_beside(value: f64, bounds: impl Iterator<Item = Target> + Clone) -> Option<Self> {
        let cut = [Self::cut_by(value, f64::floor), Self::cut_by(value, f64::ceil)];
        cut.into_iter()
            .find(|shown| bounds.clone().all(|bound| is_true_beside(bound, value, shown.number)))
    }

    /// The number with all the decimals with which it was written.
    pub fn as_written(value: f64) -> Self {
        let text = value.to_string();
        Self {
            number: value,
            decimals: text.split_once('.').map_or(0, |(_, decimals)| decimals.len()),
        }
    }

    /// The distance from a bound, computed from the digits shown; `None` where there is none.
    pub fn distance(self, bound: f64) -> Option<Self> {
        let bound = Self::as_written(bound);
        let decimals = self.decimals.max(bound.decimals.min(MOST_DECIMALS));
        let distance = Self::nearest((self.number - bound.number).abs(), decimals);
        (distance.number > 0.0).then_some(distance)
    }

    /// The digits, with a point.
    pub fn digits(self) -> String {
        format!("{:.*}", self.decimals, self.number)
    }

    /// Rounds to the nearest number with so many decimals; halves go away from zero, as people round.
    fn nearest(value: f64, decimals: usize) -> Self {
        let scale = power_of_ten(decimals);
        Self::from_digits(format!("{:.decimals$}", (value * scale).round() / scale), decimals)
    }

    fn cut_by(value: f64, cut: impl Fn(f64) -> f64) -> Self {
        let scale = power_of_ten(MOST_DECIMALS);
        Self::from_digits(format!("{:.MOST_DECIMALS$}", cut(value * scale) / scale), MOST_DECIMALS)
    }

    /// The number that these digits make, so that exactly the shown number is compared.
    fn from_digits(digits: String, decimals: usize) -> Self {
        Self { number: digits.parse().unwrap_or(f64::NAN), decimals }
    }
}

/// The fewest decimals that keep a figure on its side of these bounds; `None` where it needs more than `most`.
pub fn decimals_beside(
    value: f64,
    unit: Unit,
    bounds: impl Iterator<Item = Target> + Clone,
    most: usize,
) -> Option<usize> {
    (usual_decimals(value, unit)..=most).find(|decimals| {
        let shown = Rounded::nearest(value, *decimals).number;
        bounds.clone().all(|bound| is_true_beside(bound, value, shown))
    })
}

/// True where the shown number relates to the bound as the figure does: it meets it or not, and a miss is on
/// the same side.
fn is_true_beside(bound: Target, value: f64, shown: f64) -> bool {
    let is_met = bound.is_met_by(value);
    let is_on_its_side = is_met || Some(bound.side_of(value)) == shown.partial_cmp(&bound.value);
    is_on_its_side && bound.is_met_exactly_by(shown) == is_met
}

fn usual_decimals(value: f64, unit: Unit) -> usize {
    match unit {
        Unit::Count => usize::from(value.fract() != 0.0),
        Unit::Seconds | Unit::Milliseconds => 0,
        Unit::Percent => 1,
    }
}

fn power_of_ten(decimals: usize) -> f64 {
    (0..decimals).fold(1.0, |scale, _| scale * 10.0)
}
