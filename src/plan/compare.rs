//! What figures are compared with: the same question about other windows, and one figure of their
//! several answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answer::{Absent, Figure, Figures, Row};
use super::merge::{self, Parts, Rule};
use super::{Query, SectionAnswer};
use crate::definition::MetricQuery;
use crate::metric::limits::Limits;
use crate::window::Window;

/// The figures that a section is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// The rows, their intervals moved onto those of the section.
    pub rows: Vec<Row>,
    /// The totals.
    pub totals: BTreeMap<MetricQuery, Figure>,
    /// Of how many windows there were figures at all.
    pub windows: usize,
}

/// The questions about these windows in place of the query's own. Where there are several, what
/// their figures become one by is asked beside them.
pub fn base_queries(query: &Query, windows: &[Window], limits: &Limits) -> Vec<Query> {
    let weights: BTreeSet<MetricQuery> = match windows {
        [] | [_] => BTreeSet::new(),
        _ => rules(query, limits).values().flat_map(Rule::needs).cloned().collect(),
    };
    let metrics: BTreeSet<_> = query.metrics.iter().chain(&weights).cloned().collect();
    let unread = weights.into_iter().filter(|weight| !query.metrics.contains(weight)).collect();
    let asked = Query {
        metrics: metrics.into_iter().collect(),
        weights: unread,
        window: query.window.clone(),
        ..query.clone()
    };
    windows.iter().map(|window| Query { window: window.clone(), ..asked.clone() }).collect()
}

/// The figures of one window as they are, those of several as their average: of counts and sums
/// the mean over the windows that have figures at all, of averages and rates what they are of all
/// their contacts together. There is none of maxima and minima, nor where no rule is known.
pub fn base(query: &Query, windows: &[Window], answers: &[SectionAnswer], limits: &Limits) -> Base {
    let known: Vec<_> =
        windows.iter().zip(answers).filter(|(_, answer)| !answer.is_quiet).collect();
    let rules = match windows.len() > 1 {
        true => Some(rules(query, limits)),
        false => None,
    };
    let average = Average { rules: rules.as_ref(), windows: known.len() };
    let intervals = query.interval.map(|interval| query.window.intervals(interval));
    let mut rows: BTreeMap<_, (Row, Vec<Figures>)> = BTreeMap::new();
    for (window, answer) in &known {
        for row in &answer.rows {
            let Some(interval) = of_section(query, intervals.as_deref(), window, row) else {
                continue;
            };
            let row = Row { interval, ..row.clone() };
            let entry = rows.entry(row.key()).or_insert_with(|| (row.clone(), Vec::new()));
            entry.1.push(row.figures);
        }
    }
    let metrics: Vec<_> = query.metrics.iter().cloned().map(Arc::new).collect();
    let rows = rows.into_values().map(|(row, parts)| {
        let parts: Vec<&Figures> = parts.iter().collect();
        let figure =
            |metric: &Arc<MetricQuery>| (Arc::clone(metric), average.figure(metric, &parts));
        Row { figures: metrics.iter().map(figure).collect(), ..row }
    });
    let totals: Vec<Figures> = known.iter().map(|(_, answer)| totals(answer)).collect();
    let totals: Vec<&Figures> = totals.iter().collect();
    Base {
        rows: rows.collect(),
        totals: query
            .metrics
            .iter()
            .map(|metric| (metric.clone(), average.figure(metric, &totals)))
            .collect(),
        windows: known.len(),
    }
}

/// How figures of several windows become one; those of a single window stay as they are.
struct Average<'r> {
    rules: Option<&'r BTreeMap<MetricQuery, Rule>>,
    windows: usize,
}

impl Average<'_> {
    fn figure(&self, metric: &MetricQuery, parts: &[&Figures]) -> Figure {
        let absent = Figure::Absent(Absent::NoData);
        let Some(rules) = self.rules else {
            return parts.first().and_then(|figures| figures.get(metric)).unwrap_or(absent);
        };
        let count = u32::try_from(self.windows).map_or(f64::NAN, f64::from);
        match rules.get(metric) {
            Some(rule @ Rule::Sum) => match rule.merge(metric, parts) {
                Figure::Value(sum) if self.windows > 0 => Figure::Value(sum / count),
                figure => figure,
            },
            Some(rule) => rule.merge(metric, parts),
            None => Figure::Absent(Absent::NotAvailable),
        }
    }
}

/// How the figures of several windows become one, of those metrics whose figures do.
fn rules(query: &Query, limits: &Limits) -> BTreeMap<MetricQuery, Rule> {
    let over = Parts { keys: BTreeSet::new(), time: true };
    let rule = |metric: &MetricQuery| match merge::rule(metric, query, &over, limits) {
        Ok(Rule::Max | Rule::Min) | Err(_) => None,
        Ok(rule) => Some((metric.clone(), rule)),
    };
    query.metrics.iter().filter_map(rule).collect()
}

/// The interval of the section that a row of another window stands beside; nothing where the
/// section has none like it, as on a day that is shorter.
#[expect(clippy::option_option, reason = "a row without interval stands beside one without")]
fn of_section(
    query: &Query,
    intervals: Option<&[Window]>,
    window: &Window,
    row: &Row,
) -> Option<Option<Window>> {
    let (Some(intervals), Some(interval)) = (intervals, &row.interval) else {
        return Some(None);
    };
    let alike = query.window.like(interval, window)?;
    let found = intervals.iter().find(|interval| interval.start() == alike.start())?;
    Some(Some(found.clone()))
}

fn totals(answer: &SectionAnswer) -> Figures {
    let totals = answer.totals.iter();
    totals.map(|(metric, figure)| (Arc::new(metric.clone()), *figure)).collect()
}
