//! Merges the answers to the parts of a question to the answer to the whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::answer::Answer;
use super::figure::{Absent, Figure};
use super::query::Query;
use super::rows::{Row, RowKey, Rows};
use crate::definition::{Dimension, MetricQuery, Threshold, visible};
use crate::metric::limits::Limits;
use crate::metric::{self, Comparison, Merge, Weight};

/// The rule by which figures of one metric become one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// They are added up.
    Sum,
    /// The greatest of them.
    Max,
    /// The least of them.
    Min,
    /// Their mean, weighted by this count.
    Mean(MetricQuery),
    /// Their mean, weighted by how much there is: of each part the sum divided by its mean, rounded.
    MeanBySum {
        /// The sum of the same times.
        sum: MetricQuery,
        /// Weights a mean of 0.
        weight: MetricQuery,
    },
    /// The sum divided by how much there is: of each part the sum divided by its mean, rounded.
    MeanOfSum {
        /// The sum that the mean is of.
        sum: MetricQuery,
        /// Tells a part with nothing to average from one whose mean is 0.
        handled: MetricQuery,
    },
    /// Percent of the wholes added together.
    Ratio {
        /// The metric that is divided.
        part: MetricQuery,
        /// The metrics that it is divided by.
        whole: Vec<MetricQuery>,
    },
}

/// The keys, and the time, in which parts of a question differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The keys.
    pub keys: BTreeSet<Dimension>,
    /// True where they differ in time.
    pub time: bool,
}

impl Parts {
    /// True where there is nothing to merge.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.time
    }
}

/// The rule for a metric of a query whose parts differ so.
///
/// # Errors
/// A sentence for people that says why there is none.
pub(super) fn rule(
    asked: &MetricQuery,
    query: &Query,
    parts: &Parts,
    limits: &Limits,
) -> Result<Rule, &'static str> {
    const UNKNOWN: &str = "How its figures add up is not known.";
    const NO_COUNT: &str = "What it is an average of can't be counted for this question.";
    let metric = metric::find(&asked.name).ok_or(UNKNOWN)?;
    let over = metric.merges_over();
    let holds = parts.keys.iter().all(|key| over.holds_for(key.key()));
    if !holds || (parts.time && !over.holds_for_time()) {
        return Err(over.reason().unwrap_or(UNKNOWN));
    }
    let own: Vec<&str> = asked.filters.iter().map(|filter| filter.key.as_str()).collect();
    let [groupings, filters] = keys(query);
    let beside = |name: &str| {
        // Exactly what the metric is of: the same contacts.
        let fits = metric::find(name).is_some_and(|other| other.fits(&groupings, &filters, &own))
            && exists(name, [&groupings, &filters, &own], limits);
        fits.then(|| MetricQuery {
            name: name.to_owned(),
            threshold: metric::find(name)
                .filter(|m| !m.thresholds().is_empty())
                .and(asked.threshold),
            filters: asked.filters.clone(),
        })
    };
    match metric.merge() {
        Merge::Sum => Ok(Rule::Sum),
        Merge::Max => Ok(Rule::Max),
        Merge::Min => Ok(Rule::Min),
        Merge::Mean(weights) => {
            weigh(weights, asked, query, limits).map(Rule::Mean).ok_or(NO_COUNT)
        }
        Merge::MeanBySum { sum, otherwise } => {
            let weight = weigh(otherwise, asked, query, limits).ok_or(NO_COUNT)?;
            Ok(match beside(sum) {
                Some(sum) => Rule::MeanBySum { sum, weight },
                None => Rule::Mean(weight),
            })
        }
        Merge::MeanOfSum(sum) => match (beside(sum), beside("CONTACTS_HANDLED")) {
            (Some(sum), Some(handled)) => Ok(Rule::MeanOfSum { sum, handled }),
            _ => Err(NO_COUNT),
        },
        Merge::Ratio { part, whole } => {
            let whole: Option<Vec<_>> = whole.iter().map(|name| beside(name)).collect();
            match (beside(part), whole) {
                (Some(part), Some(whole)) => Ok(Rule::Ratio { part, whole }),
                _ => Err(NO_COUNT),
            }
        }
        Merge::None(reason) => Err(reason),
    }
}

/// The keys that a question groups by, and those that it filters by.
fn keys(query: &Query) -> [Vec<&str>; 2] {
    [
        query.groupings.iter().map(Dimension::key).collect(),
        query.filters.keys().map(Dimension::key).collect(),
    ]
}

/// True where the API's version has the metric, and has it with these keys.
fn exists(name: &str, keys: [&[&str]; 3], limits: &Limits) -> bool {
    limits.has_metric(name) && !keys.concat().iter().any(|key| limits.lacks(name, key))
}

/// The first of the weights that can be asked beside a metric, as it is asked.
fn weigh(
    weights: &[Weight],
    asked: &MetricQuery,
    query: &Query,
    limits: &Limits,
) -> Option<MetricQuery> {
    weights.iter().find_map(|weight| weight_beside(weight, asked, query, limits))
}

/// The weight as it is asked beside a metric, if it can be.
fn weight_beside(
    weight: &Weight,
    asked: &MetricQuery,
    query: &Query,
    limits: &Limits,
) -> Option<MetricQuery> {
    let [groupings, filters] = keys(query);
    let own: Vec<&str> = asked.filters.iter().map(|filter| filter.key.as_str()).collect();
    let taken = || asked.filters.iter().filter(|filter| weight.takes_metric_filter(&filter.key));
    let left: Vec<&str> = taken().map(|filter| filter.key.as_str()).collect();
    let exists = exists(weight.metric, [&groupings, &filters, &left], limits);
    if !exists || !weight.fits(&groupings, &filters, &own) {
        return None;
    }
    Some(MetricQuery {
        name: weight.metric.to_owned(),
        threshold: weight.threshold.map(|(comparison, seconds)| Threshold {
            // Nothing lasts that long, so it does not matter whether the limit itself counts.
            comparison: match limits.comparisons.contains(&comparison) {
                true => comparison,
                false => Comparison::LessThan,
            },
            seconds,
        }),
        filters: taken().cloned().collect(),
    })
}

impl Rule {
    /// The metrics that have to be asked beside it.
    pub(super) fn needs(&self) -> Vec<&MetricQuery> {
        match self {
            Self::Sum | Self::Max | Self::Min => Vec::new(),
            Self::Mean(weight) => vec![weight],
            Self::MeanBySum { sum, weight } => vec![sum, weight],
            Self::MeanOfSum { sum, handled } => vec![sum, handled],
            Self::Ratio { part, whole } => std::iter::once(part).chain(whole).collect(),
        }
    }

    /// The figure of the whole; each part is one row. Where one of them is not available, or what it is
    /// merged by, neither is the whole: how much stands behind that part nobody knows.
    pub(super) fn merge(&self, asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
        let mut read = std::iter::once(asked).chain(self.needs());
        if read.any(|metric| parts.iter().any(|row| lacks(row, metric, Absent::NotAvailable))) {
            return LOST;
        }
        match self {
            Self::Sum => sum(asked, parts),
            Self::Max => of_values(asked, parts, |values| extreme(values, f64::max)),
            Self::Min => of_values(asked, parts, |values| extreme(values, f64::min)),
            Self::Mean(weight) => mean(asked, weight, parts),
            Self::MeanBySum { sum, weight } => mean_by_sum(asked, sum, weight, parts),
            Self::MeanOfSum { sum, handled } => mean_of_sum(asked, (sum, handled), parts),
            Self::Ratio { part, whole } => ratio(asked, part, whole, parts),
        }
    }
}

/// The figure that can't be had from the parts.
const LOST: Figure = Figure::Absent(Absent::NotAvailable);

fn value(row: &Row<'_>, metric: &MetricQuery) -> Option<f64> {
    row.get(metric).and_then(Figure::value)
}

/// Tells whether a part has no figure for this reason.
fn lacks(row: &Row<'_>, metric: &MetricQuery, absent: Absent) -> bool {
    row.get(metric) == Some(Figure::Absent(absent))
}

/// Stands in for a figure that no part has: the service could not compute one, or had none.
fn absent(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    Figure::Absent(match parts.iter().any(|row| lacks(row, asked, Absent::NotComputable)) {
        true => Absent::NotComputable,
        false => Absent::NoData,
    })
}

/// Parts without a figure have nothing to add.
fn of_values(asked: &MetricQuery, parts: &[Row<'_>], merge: impl FnOnce(&[f64]) -> f64) -> Figure {
    let values: Vec<f64> = parts.iter().filter_map(|row| value(row, asked)).collect();
    match values.is_empty() {
        true => absent(asked, parts),
        false => Figure::Value(merge(&values)),
    }
}

fn extreme(values: &[f64], of_two: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(of_two).unwrap_or_default()
}

/// A part for which the service could not compute its sum leaves that of all unknown.
fn sum(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let is_unknown = parts.iter().any(|row| lacks(row, asked, Absent::NotComputable));
    let sum = of_values(asked, parts, |values| values.iter().sum());
    if is_unknown && sum.value().is_some() { LOST } else { sum }
}

/// The figure of parts that no rule merges: it can't be had, but where none of them has any there is
/// none.
pub(super) fn without_rule(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let has_none = |row: &Row<'_>| {
        let absent = row.get(asked).map_or(Some(Absent::NoData), Figure::absent);
        matches!(absent, Some(Absent::NoData | Absent::NotComputable))
    };
    if parts.iter().all(has_none) { absent(asked, parts) } else { LOST }
}

/// A part without a mean has nothing that it would be of, whatever its weight counts besides.
fn mean(asked: &MetricQuery, weight: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let (mut sum, mut count) = (0.0, 0.0);
    for row in parts {
        match (value(row, asked), value(row, weight)) {
            (Some(mean), Some(weight)) => {
                sum += mean * weight;
                count += weight;
            }
            (None, _) => {}
            (Some(_), None) => return LOST,
        }
    }
    match count > 0.0 {
        true => Figure::Value(sum / count),
        false => absent(asked, parts),
    }
}

/// A part without a mean has nothing that it would be of. The sum does not tell how much is behind a
/// mean of 0.
fn mean_by_sum(
    asked: &MetricQuery,
    sum: &MetricQuery,
    weight: &MetricQuery,
    parts: &[Row<'_>],
) -> Figure {
    let (mut total, mut count) = (0.0, 0.0);
    for row in parts {
        match (value(row, asked), value(row, sum), value(row, weight)) {
            (Some(mean), Some(sum), _) if mean > 0.0 => {
                total += sum;
                count += (sum / mean).round();
            }
            (Some(mean), _, Some(weight)) if mean <= 0.0 => count += weight,
            (None, None, _) => {}
            (None, Some(sum), _) if sum <= 0.0 => {}
            _ => return LOST,
        }
    }
    match count > 0.0 {
        true => Figure::Value(total / count),
        false => absent(asked, parts),
    }
}

/// The mean of means that are all 0 is 0; behind some that are, nobody knows how much stands.
fn mean_of_sum(
    asked: &MetricQuery,
    (sum, handled): (&MetricQuery, &MetricQuery),
    parts: &[Row<'_>],
) -> Figure {
    let (mut total, mut count, mut zeros) = (0.0, 0.0, 0_usize);
    for row in parts {
        match (value(row, asked), value(row, sum)) {
            (Some(mean), Some(sum)) if mean > 0.0 => {
                total += sum;
                count += (sum / mean).round();
            }
            (Some(_), _) if value(row, handled) == Some(0.0) => {}
            (Some(0.0), _) => zeros += 1,
            (None, None | Some(0.0)) => {}
            _ => return LOST,
        }
    }
    match (count > 0.0, zeros) {
        (true, 0) => Figure::Value(total / count),
        (true, _) => LOST,
        (false, 0) => absent(asked, parts),
        (false, _) => Figure::Value(0.0),
    }
}

/// Every part has all that its ratio is made of, or nothing of it.
fn ratio(
    asked: &MetricQuery,
    part: &MetricQuery,
    whole: &[MetricQuery],
    parts: &[Row<'_>],
) -> Figure {
    let (mut above, mut below) = (0.0, 0.0);
    for row in parts {
        let wholes: Vec<f64> = whole.iter().filter_map(|metric| value(row, metric)).collect();
        match (value(row, part), wholes.len() == whole.len(), wholes.is_empty()) {
            (Some(value), true, _) => {
                above += value;
                below += wholes.iter().sum::<f64>();
            }
            (None, _, true) if value(row, asked).is_none() => {}
            _ => return LOST,
        }
    }
    match below > 0.0 {
        true => Figure::Value(above / below * 100.0),
        false => absent(asked, parts),
    }
}

/// Two answers have the same row although their questions can't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two requests for different things were answered with the same row, {row}, with {metrics}")]
pub struct SameRow {
    /// Its members: `QUEUE 1234`.
    row: String,
    /// The metrics that it has.
    metrics: String,
}

impl SameRow {
    fn new(query: &Query, row: Row<'_>) -> Self {
        let of = query.groupings.iter().zip(row.dimensions().iter());
        let of = of.map(|(key, id)| format!("{} {}", key.key(), id.as_deref().unwrap_or("–")));
        let row_of = of.collect::<Vec<_>>().join(", ");
        let metrics: Vec<&str> = row.figures().map(|(metric, _)| metric.name.as_str()).collect();
        Self { row: visible(row_of), metrics: metrics.join(", ") }
    }
}

/// The answer to the whole question from those to its parts. A row that only one part has is that
/// part's own; rows that several have are merged, each metric by its rule, where it has one.
pub(super) fn merge(
    query: &Query,
    rules: &BTreeMap<MetricQuery, Result<Rule, &'static str>>,
    parts: &[Cow<'_, Answer>],
    merges: bool,
) -> Result<Answer, SameRow> {
    let metrics: Vec<_> = query.metrics.iter().cloned().map(Arc::new).collect();
    let mut places: HashMap<RowKey, usize> = HashMap::new();
    let mut found: Vec<(Row<'_>, Vec<Row<'_>>)> = Vec::new();
    for row in parts.iter().flat_map(|answer| answer.rows.iter()) {
        let place = *places.entry(row.key()).or_insert(found.len());
        match found.get_mut(place) {
            Some(_) if !merges && !is_of_nobody(row) => return Err(SameRow::new(query, row)),
            Some((_, others)) => others.push(row),
            None => found.push((row, Vec::new())),
        }
    }
    let mut rows = Rows::default();
    for (row, others) in found {
        let several: Vec<Row<'_>> = match others.is_empty() {
            true => Vec::new(),
            false => std::iter::once(row).chain(others).collect(),
        };
        let figures = metrics.iter().filter_map(|asked| {
            let figure = match several.is_empty() {
                true => row.get(asked)?,
                false if merges => of_several(asked, rules.get(asked.as_ref()), &several)?,
                false => of_nobody(asked, query, &several),
            };
            Some((asked, figure))
        });
        rows.add_with((Arc::clone(row.dimensions()), row.interval().cloned()), figures);
    }
    Ok(Answer { rows, pages: parts.iter().map(|answer| answer.pages).sum() })
}

/// True for a row that does not tell all that its question groups by: other parts may have it, too.
fn is_of_nobody(row: Row<'_>) -> bool {
    row.dimensions().iter().any(Option::is_none)
}

/// The figure of rows that do not tell what their parts differ in: counts are added up; for the rest
/// nothing was asked to merge it by.
fn of_nobody(asked: &MetricQuery, query: &Query, parts: &[Row<'_>]) -> Figure {
    let differ = || query.groupings.iter().filter(|key| query.filters.contains_key(*key));
    let adds_up = |metric: &&metric::Metric| {
        let over = metric.merges_over();
        matches!(metric.merge(), Merge::Sum) && differ().all(|key| over.holds_for(key.key()))
    };
    match metric::find(&asked.name).filter(adds_up) {
        Some(_) => Rule::Sum.merge(asked, parts),
        None => without_rule(asked, parts),
    }
}

fn of_several(
    asked: &MetricQuery,
    rule: Option<&Result<Rule, &'static str>>,
    parts: &[Row<'_>],
) -> Option<Figure> {
    match rule? {
        Ok(rule) => Some(rule.merge(asked, parts)),
        Err(_) => Some(without_rule(asked, parts)),
    }
}

#[cfg(test)]
mod tests;
