//! How many decimals a figure is shown with.
//!
//! A figure is judged exactly and shown rounded. With the usual decimals a service level of 79.97 % would
//! read "80.0%, below the target of 80%". So a figure that has a target is shown with as many decimals, three
//! at most, as make true what is said of it.

use crate::definition::Target;
use crate::metric::Unit;

/// The most decimals that a figure is shown with.
const MOST_DECIMALS: usize = 3;

/// A figure as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded {
    /// The number that its digits make, in the unit of the metric.
    pub number: f64,
    /// The number of decimals.
    pub decimals: usize,
}

impl Rounded {
    /// With the usual decimals: none for whole counts and for times, one for other counts and percent.
    pub fn usual(value: f64, unit: Unit) -> Self {
        Self::nearest(value, usual_decimals(value, unit))
    }

    /// With as many decimals as make what is said of it beside these bounds true. Where three do not
    /// suffice it is cut to the side of the bound on which it is, so that it never seems to be the bound.
    /// The first of several bounds matters most.
    pub fn beside(value: f64, unit: Unit, bounds: impl Iterator<Item = Target> + Clone) -> Self {
        if let Some(decimals) = decimals_beside(value, unit, bounds.clone(), MOST_DECIMALS) {
            return Self::nearest(value, decimals);
        }
        let cut = [Self::cut(value, f64::floor), Self::cut(value, f64::ceil)];
        let true_beside = |count: usize| {
            let is_true = |shown: &&Self| {
                bounds.clone().take(count).all(|bound| is_true_beside(bound, value, shown.number))
            };
            cut.iter().find(is_true).copied()
        };
        true_beside(usize::MAX)
            .or_else(|| true_beside(1))
            .unwrap_or_else(|| Self::nearest(value, MOST_DECIMALS))
    }

    /// With all the decimals that it was written with.
    pub fn exactly(value: f64) -> Self {
        let text = value.to_string();
        Self {
            number: value,
            decimals: text.split_once('.').map_or(0, |(_, decimals)| decimals.len()),
        }
    }

    /// How far it is from a bound, by what is shown of both; nothing where that is no distance.
    pub fn distance(self, bound: f64) -> Option<Self> {
        let bound = Self::exactly(bound);
        let decimals = self.decimals.max(bound.decimals.min(MOST_DECIMALS));
        let distance = Self::nearest((self.number - bound.number).abs(), decimals);
        (distance.number > 0.0).then_some(distance)
    }

    /// Its digits, with a point.
    pub fn digits(self) -> String {
        format!("{:.*}", self.decimals, self.number)
    }

    /// Halves are rounded away from zero, as people round.
    fn nearest(value: f64, decimals: usize) -> Self {
        let scale = scale(decimals);
        Self::read(format!("{:.decimals$}", (value * scale).round() / scale), decimals)
    }

    fn cut(value: f64, cut: impl Fn(f64) -> f64) -> Self {
        let scale = scale(MOST_DECIMALS);
        Self::read(format!("{:.MOST_DECIMALS$}", cut(value * scale) / scale), MOST_DECIMALS)
    }

    /// The number that these digits make: what is shown is compared, not what is nearly that.
    fn read(digits: String, decimals: usize) -> Self {
        Self { number: digits.parse().unwrap_or(f64::NAN), decimals }
    }
}

/// How many decimals make what is said of a figure beside these bounds true; none where it needs more
/// than these.
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

/// Tells whether the number that is shown of a figure stands to the bound as the figure does: it meets it or
/// not, and what misses it is on the same side of it.
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

fn scale(decimals: usize) -> f64 {
    (0..decimals).fold(1.0, |scale, _| scale * 10.0)
}
