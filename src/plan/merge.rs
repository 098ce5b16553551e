//! Merges the answers to the parts of a query to the answer to the whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::answer::RequestAnswer;
use super::figure::{Absent, Figure};
use super::query::Query;
use super::rows::{Row, RowKey, Rows};
use crate::definition::{Dimension, MetricQuery, Threshold, visible};
use crate::metric::limits::Limits;
use crate::metric::{self, Comparison, Merge, Weight};

/// The rule by which figures of one metric become one figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The sum of the figures.
    Sum,
    /// The greatest figure.
    Max,
    /// The least figure.
    Min,
    /// The mean of the figures, weighted by this count.
    Mean(MetricQuery),
    /// The mean of the figures, weighted by the count behind each part: its sum divided by its mean, rounded.
    MeanBySum {
        /// The sum of the same times.
        sum: MetricQuery,
        /// The weight of a mean of 0.
        weight: MetricQuery,
    },
    /// The sum divided by the count behind all parts. A part's count is its sum divided by its mean, rounded.
    MeanOfSum {
        /// The sum from which the mean is computed.
        sum: MetricQuery,
        /// Tells a part with nothing to average from one whose mean is 0.
        handled: MetricQuery,
    },
    /// The sum of one metric in percent of the sum of others.
    Ratio {
        /// The metric that is divided.
        part: MetricQuery,
        /// The metrics by whose sum it is divided.
        whole: Vec<MetricQuery>,
    },
}

/// The keys, and the time, in which parts of a query differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeKeys {
    /// The keys.
    pub keys: BTreeSet<Dimension>,
    /// True where they differ in time.
    pub time: bool,
}

impl MergeKeys {
    /// True where there is nothing to merge.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.time
    }
}

/// The rule for a metric of a query whose parts differ in these keys.
///
/// # Errors
/// The reason why there is none, as a sentence for people.
pub(super) fn merge_rule(
    asked: &MetricQuery,
    query: &Query,
    parts: &MergeKeys,
    limits: &Limits,
) -> Result<Rule, &'static str> {
    const UNKNOWN_RULE: &str = "How its figures add up is not known.";
    const NO_COUNT: &str = "What it is an average of can't be counted for this question.";
    let metric = metric::find_metric(&asked.name).ok_or(UNKNOWN_RULE)?;
    let over = metric.merges_over();
    let holds = parts.keys.iter().all(|key| over.holds_for(key.key()));
    if !holds || (parts.time && !over.holds_for_time()) {
        return Err(over.reason().unwrap_or(UNKNOWN_RULE));
    }
    match metric.merge() {
        Merge::Sum => Ok(Rule::Sum),
        Merge::Max => Ok(Rule::Max),
        Merge::Min => Ok(Rule::Min),
        Merge::Mean(weights) => {
            first_weight(weights, asked, query, limits).map(Rule::Mean).ok_or(NO_COUNT)
        }
        Merge::MeanBySum { sum, otherwise } => {
            let weight = first_weight(otherwise, asked, query, limits).ok_or(NO_COUNT)?;
            Ok(match metric_beside(sum, asked, query, limits) {
                Some(sum) => Rule::MeanBySum { sum, weight },
                None => Rule::Mean(weight),
            })
        }
        Merge::MeanOfSum(sum) => {
            let sum = metric_beside(sum, asked, query, limits).ok_or(NO_COUNT)?;
            let handled =
                metric_beside("CONTACTS_HANDLED", asked, query, limits).ok_or(NO_COUNT)?;
            Ok(Rule::MeanOfSum { sum, handled })
        }
        Merge::Ratio { part, whole } => {
            let whole = whole.iter().map(|name| metric_beside(name, asked, query, limits));
            let whole = whole.collect::<Option<Vec<_>>>().ok_or(NO_COUNT)?;
            let part = metric_beside(part, asked, query, limits).ok_or(NO_COUNT)?;
            Ok(Rule::Ratio { part, whole })
        }
        Merge::None(reason) => Err(reason),
    }
}

/// Another metric of the same contacts as the asked one, if the service takes it for this query.
fn metric_beside(
    name: &str,
    asked: &MetricQuery,
    query: &Query,
    limits: &Limits,
) -> Option<MetricQuery> {
    let own: Vec<&str> = asked.filters.iter().map(|filter| filter.key.as_str()).collect();
    let [groupings, filters] = keys_of(query);
    let metric = metric::find_metric(name)?;
    let is_taken = metric.fits(&groupings, &filters, &own)
        && is_in_version(name, [&groupings, &filters, &own], limits);
    is_taken.then(|| MetricQuery {
        name: name.to_owned(),
        threshold: asked.threshold.filter(|_| !metric.thresholds().is_empty()),
        filters: asked.filters.clone(),
    })
}

/// The keys by which a query groups, and those by which it filters.
fn keys_of(query: &Query) -> [Vec<&str>; 2] {
    [
        query.groupings.iter().map(Dimension::key).collect(),
        query.filters.keys().map(Dimension::key).collect(),
    ]
}

/// True where the API's version has the metric, and has it with these keys.
fn is_in_version(name: &str, keys: [&[&str]; 3], limits: &Limits) -> bool {
    limits.has_metric(name) && !keys.concat().iter().any(|key| limits.lacks(name, key))
}

/// The first of the weights that can be requested beside a metric.
fn first_weight(
    weights: &[Weight],
    asked: &MetricQuery,
    query: &Query,
    limits: &Limits,
) -> Option<MetricQuery> {
    weights.iter().find_map(|weight| weight_beside(weight, asked, query, limits))
}

/// The weight as it is requested beside a metric, if that is possible.
fn weight_beside(
    weight: &Weight,
    asked: &MetricQuery,
    query: &Query,
    limits: &Limits,
) -> Option<MetricQuery> {
    let [groupings, filters] = keys_of(query);
    let own: Vec<&str> = asked.filters.iter().map(|filter| filter.key.as_str()).collect();
    let taken = asked.filters.iter().filter(|filter| weight.takes_metric_filter(&filter.key));
    let taken: Vec<_> = taken.cloned().collect();
    let taken_keys: Vec<&str> = taken.iter().map(|filter| filter.key.as_str()).collect();
    let exists = is_in_version(weight.metric, [&groupings, &filters, &taken_keys], limits);
    if !exists || !weight.fits(&groupings, &filters, &own) {
        return None;
    }
    Some(MetricQuery {
        name: weight.metric.to_owned(),
        threshold: weight.threshold.map(|(comparison, seconds)| Threshold {
            // Nothing lasts that long, so it does not matter whether the limit itself counts.
            comparison: if limits.comparisons.contains(&comparison) {
                comparison
            } else {
                Comparison::LessThan
            },
            seconds,
        }),
        filters: taken,
    })
}

impl Rule {
    /// The metrics that have to be requested beside the merged one.
    pub(super) fn needed_metrics(&self) -> Vec<&MetricQuery> {
        match self {
            Self::Sum | Self::Max | Self::Min => Vec::new(),
            Self::Mean(weight) => vec![weight],
            Self::MeanBySum { sum, weight } => vec![sum, weight],
            Self::MeanOfSum { sum, handled } => vec![sum, handled],
            Self::Ratio { part, whole } => std::iter::once(part).chain(whole).collect(),
        }
    }

    /// Merges the figures of parts, each one row, into that of the whole. The whole is not available where
    /// a part's figure or a metric needed for its merge is not: the count behind that part is unknown.
    pub(super) fn merge(&self, asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
        let mut read = std::iter::once(asked).chain(self.needed_metrics());
        if read.any(|metric| parts.iter().any(|row| lacks(row, metric, Absent::NotAvailable))) {
            return NOT_AVAILABLE;
        }
        match self {
            Self::Sum => sum_of(asked, parts),
            Self::Max => merge_values(asked, parts, |values| extreme(values, f64::max)),
            Self::Min => merge_values(asked, parts, |values| extreme(values, f64::min)),
            Self::Mean(weight) => weighted_mean(asked, weight, parts),
            Self::MeanBySum { sum, weight } => mean_by_sum(asked, sum, weight, parts),
            Self::MeanOfSum { sum, handled } => mean_of_sum(asked, sum, handled, parts),
            Self::Ratio { part, whole } => percentage(asked, part, whole, parts),
        }
    }
}

/// The figure that can't be had from the parts.
pub(super) const NOT_AVAILABLE: Figure = Figure::Absent(Absent::NotAvailable);

fn value_in(row: &Row<'_>, metric: &MetricQuery) -> Option<f64> {
    row.get(metric).and_then(Figure::value)
}

/// True where a part has no figure for this reason.
fn lacks(row: &Row<'_>, metric: &MetricQuery, absent: Absent) -> bool {
    row.get(metric) == Some(Figure::Absent(absent))
}

/// The figure where no part has one: the service could not compute one, or had no data.
fn absent_figure(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    Figure::Absent(if parts.iter().any(|row| lacks(row, asked, Absent::NotComputable)) {
        Absent::NotComputable
    } else {
        Absent::NoData
    })
}

/// Merges the figures that parts have; a part without one adds nothing.
fn merge_values(
    asked: &MetricQuery,
    parts: &[Row<'_>],
    merge: impl FnOnce(&[f64]) -> f64,
) -> Figure {
    let values: Vec<f64> = parts.iter().filter_map(|row| value_in(row, asked)).collect();
    if values.is_empty() { absent_figure(asked, parts) } else { Figure::Value(merge(&values)) }
}

fn extreme(values: &[f64], of_two: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(of_two).unwrap_or_default()
}

/// The sum of the parts. It is not available where the service could not compute that of some part.
fn sum_of(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let is_unknown = parts.iter().any(|row| lacks(row, asked, Absent::NotComputable));
    let sum = merge_values(asked, parts, |values| values.iter().sum());
    if is_unknown && sum.value().is_some() { NOT_AVAILABLE } else { sum }
}

/// The figure of parts that no rule merges: absent where no part has one, otherwise not available.
pub(super) fn merge_without_rule(asked: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let is_absent = parts.iter().all(|row| {
        let absent = row.get(asked).map_or(Some(Absent::NoData), Figure::absent);
        matches!(absent, Some(Absent::NoData | Absent::NotComputable))
    });
    if is_absent { absent_figure(asked, parts) } else { NOT_AVAILABLE }
}

/// The weighted mean of the parts. A part without a mean adds nothing, whatever its weight counts.
fn weighted_mean(asked: &MetricQuery, weight: &MetricQuery, parts: &[Row<'_>]) -> Figure {
    let mut sum = 0.0;
    let mut count = 0.0;
    for row in parts {
        match (value_in(row, asked), value_in(row, weight)) {
            (Some(mean), Some(weight)) => {
                sum += mean * weight;
                count += weight;
            }
            (None, _) => {}
            (Some(_), None) => return NOT_AVAILABLE,
        }
    }
    if count > 0.0 { Figure::Value(sum / count) } else { absent_figure(asked, parts) }
}

/// The mean of the parts, each counted by its sum divided by its mean. A part without a mean adds nothing;
/// a mean of 0 gives no count, so its weight is taken.
fn mean_by_sum(
    asked: &MetricQuery,
    sum: &MetricQuery,
    weight: &MetricQuery,
    parts: &[Row<'_>],
) -> Figure {
    let mut total = 0.0;
    let mut count = 0.0;
    for row in parts {
        match (value_in(row, asked), value_in(row, sum), value_in(row, weight)) {
            (Some(mean), Some(sum), _) if mean > 0.0 => {
                total += sum;
                count += (sum / mean).round();
            }
            (Some(mean), _, Some(weight)) if mean <= 0.0 => count += weight,
            (None, None, _) => {}
            (None, Some(sum), _) if sum <= 0.0 => {}
            _ => return NOT_AVAILABLE,
        }
    }
    if count > 0.0 { Figure::Value(total / count) } else { absent_figure(asked, parts) }
}

/// The sum of the parts divided by their counts, each its sum divided by its mean. If all means are 0, so
/// is the result; if only some are, the counts behind them are unknown.
fn mean_of_sum(
    asked: &MetricQuery,
    sum: &MetricQuery,
    handled: &MetricQuery,
    parts: &[Row<'_>],
) -> Figure {
    let mut total = 0.0;
    let mut count = 0.0;
    let mut zeros = 0_usize;
    for row in parts {
        match (value_in(row, asked), value_in(row, sum)) {
            (Some(mean), Some(sum)) if mean > 0.0 => {
                total += sum;
                count += (sum / mean).round();
            }
            (Some(_), _) if value_in(row, handled) == Some(0.0) => {}
            (Some(0.0), _) => zeros += 1,
            (None, None | Some(0.0)) => {}
            _ => return NOT_AVAILABLE,
        }
    }
    match (count > 0.0, zeros) {
        (true, 0) => Figure::Value(total / count),
        (true, _) => NOT_AVAILABLE,
        (false, 0) => absent_figure(asked, parts),
        (false, _) => Figure::Value(0.0),
    }
}

/// The part in percent of the whole, over all rows. Each row must have all that the ratio needs, or nothing
/// of it.
fn percentage(
    asked: &MetricQuery,
    part: &MetricQuery,
    whole: &[MetricQuery],
    parts: &[Row<'_>],
) -> Figure {
    let mut above = 0.0;
    let mut below = 0.0;
    for row in parts {
        let wholes: Vec<f64> = whole.iter().filter_map(|metric| value_in(row, metric)).collect();
        match (value_in(row, part), wholes.len() == whole.len(), wholes.is_empty()) {
            (Some(value), true, _) => {
                above += value;
                below += wholes.iter().sum::<f64>();
            }
            (None, _, true) if value_in(row, asked).is_none() => {}
            _ => return NOT_AVAILABLE,
        }
    }
    if below > 0.0 { Figure::Value(above / below * 100.0) } else { absent_figure(asked, parts) }
}

/// The error where two answers have the same row although their requests exclude that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two requests for different things were answered with the same row, {row}, with {metrics}")]
pub struct ConflictingRow {
    /// The row's ids: `QUEUE 1234`.
    row: String,
    /// The row's metrics.
    metrics: String,
}

impl ConflictingRow {
    fn new(query: &Query, row: Row<'_>) -> Self {
        let ids = query.groupings.iter().zip(row.dimensions().iter());
        let ids = ids.map(|(key, id)| format!("{} {}", key.key(), id.as_deref().unwrap_or("–")));
        let ids = ids.collect::<Vec<_>>().join(", ");
        let metrics: Vec<&str> = row.figures().map(|(metric, _)| metric.name.as_str()).collect();
        Self { row: visible(ids), metrics: metrics.join(", ") }
    }
}

/// Merges the answers to a query's parts. A row of only one part is taken as it is; rows of several parts
/// are merged, each metric by its rule, where it has one.
///
/// # Errors
/// [`ConflictingRow`] where several parts have a row that `may_share_rows` excludes.
pub(super) fn merge_answers(
    query: &Query,
    rules: &BTreeMap<MetricQuery, Result<Rule, &'static str>>,
    parts: &[Cow<'_, RequestAnswer>],
    may_share_rows: bool,
) -> Result<RequestAnswer, ConflictingRow> {
    let metrics: Vec<_> = query.metrics.iter().cloned().map(Arc::new).collect();
    let mut places: HashMap<RowKey, usize> = HashMap::new();
    let mut found: Vec<(Row<'_>, Vec<Row<'_>>)> = Vec::new();
    for row in parts.iter().flat_map(|answer| answer.rows.iter()) {
        let place = *places.entry(row.key()).or_insert(found.len());
        match found.get_mut(place) {
            Some(_) if !may_share_rows && !lacks_id(row) => {
                return Err(ConflictingRow::new(query, row));
            }
            Some((_, others)) => others.push(row),
            None => found.push((row, Vec::new())),
        }
    }
    let mut rows = Rows::default();
    for (row, others) in found {
        let several: Vec<Row<'_>> = if others.is_empty() {
            Vec::new()
        } else {
            std::iter::once(row).chain(others).collect()
        };
        let figures = metrics.iter().filter_map(|asked| {
            let figure = if several.is_empty() {
                row.get(asked)?
            } else if may_share_rows {
                merge_by_rule(asked, rules.get(asked.as_ref()), &several)?
            } else {
                merge_without_id(asked, query, &several)
            };
            Some((asked, figure))
        });
        rows.add_with(Arc::clone(row.dimensions()), row.interval().cloned(), figures);
    }
    Ok(RequestAnswer { rows, pages: parts.iter().map(|answer| answer.pages).sum() })
}

/// True for a row without an id for one of its groupings; other parts may have the same row.
fn lacks_id(row: Row<'_>) -> bool {
    row.dimensions().iter().any(Option::is_none)
}

/// Merges rows without the id in which their parts differ. Counts are added up; no metrics were requested
/// to merge the others by.
fn merge_without_id(asked: &MetricQuery, query: &Query, parts: &[Row<'_>]) -> Figure {
    let mut filtered = query.groupings.iter().filter(|key| query.filters.contains_key(*key));
    let adds_up = metric::find_metric(&asked.name).is_some_and(|metric| {
        let over = metric.merges_over();
        matches!(metric.merge(), Merge::Sum) && filtered.all(|key| over.holds_for(key.key()))
    });
    if adds_up { Rule::Sum.merge(asked, parts) } else { merge_without_rule(asked, parts) }
}

/// Merges rows by the rule of a metric, or without one where there is none; `None` for another metric.
fn merge_by_rule(
    asked: &MetricQuery,
    rule: Option<&Result<Rule, &'static str>>,
    parts: &[Row<'_>],
) -> Option<Figure> {
    match rule? {
        Ok(rule) => Some(rule.merge(asked, parts)),
        Err(_) => Some(merge_without_rule(asked, parts)),
    }
}

#[cfg(test)]
mod tests;
