//! What figures are compared with: the same question about other windows, and one figure of their
//! several answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::answer::{Absent, Figure};
use super::merge::{self, Parts, Rule};
use super::rows::{Row, RowKey, Rows};
use super::{Query, SectionAnswer};
use crate::definition::MetricQuery;
use crate::metric::limits::Limits;
use crate::window::Window;

/// The figures that a section is compared with.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The rows, their intervals moved onto those of the section.
    pub rows: Rows,
    /// The totals.
    pub totals: BTreeMap<MetricQuery, Figure>,
    /// The windows that it is of: one alone, or of several those that had figures at all.
    pub windows: Vec<Window>,
    /// When those intervals of the section begin that the windows have too; without intervals none.
    pub intervals: BTreeSet<Timestamp>,
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
    let asked = Query { metrics: metrics.into_iter().collect(), weights: unread, ..query.clone() };
    windows.iter().map(|window| Query { window: window.clone(), ..asked.clone() }).collect()
}

/// The figures of one window as they are, those of several as their average: of counts and sums
/// the mean over the windows that have figures at all, and of an interval over those that have such a
/// one; of averages and rates what they are of all their contacts together. There is none of maxima
/// and minima, nor where no rule is known.
pub fn base(query: &Query, windows: &[Window], answers: &[SectionAnswer], limits: &Limits) -> Base {
    let is_average = windows.len() > 1;
    let known = windows.iter().zip(answers).filter(|(_, answer)| !is_average || !answer.is_quiet);
    let known: Vec<_> = known.collect();
    let rules = is_average.then(|| rules(query, limits));
    let average = Average { rules: rules.as_ref() };
    let beside = Beside::of(query, known.iter().map(|(window, _)| *window));
    let mut places: HashMap<RowKey, usize> = HashMap::new();
    let mut found: Vec<(Option<&Arc<Window>>, Vec<Row<'_>>)> = Vec::new();
    for (window, answer) in &known {
        for row in answer.rows.iter() {
            let interval = match row.interval() {
                None => None,
                Some(interval) => match beside.interval(window, interval) {
                    Some(interval) => Some(interval),
                    None => continue,
                },
            };
            let start = interval.map(|interval| interval.start());
            let key = (start, Arc::clone(row.dimensions()));
            let place = *places.entry(key).or_insert(found.len());
            match found.get_mut(place) {
                Some((_, parts)) => parts.push(row),
                None => found.push((interval, vec![row])),
            }
        }
    }
    let metrics: Vec<_> = query.metrics.iter().cloned().map(Arc::new).collect();
    let mut rows = Rows::default();
    for (interval, parts) in &found {
        let Some(first) = parts.first() else { continue };
        let windows = interval.map_or(known.len(), |interval| beside.windows(interval));
        let figures = metrics.iter().map(|metric| (metric, average.figure(metric, parts, windows)));
        rows.add_with((Arc::clone(first.dimensions()), interval.cloned()), figures);
    }
    let totals: Vec<Rows> = known.iter().map(|(_, answer)| totals(answer)).collect();
    let totals: Vec<Row<'_>> = totals.iter().flat_map(Rows::iter).collect();
    Base {
        rows,
        totals: query
            .metrics
            .iter()
            .map(|metric| (metric.clone(), average.figure(metric, &totals, known.len())))
            .collect(),
        windows: known.iter().map(|(window, _)| (*window).clone()).collect(),
        intervals: beside.windows.into_keys().collect(),
    }
}

/// Which interval of the section those of other windows stand beside.
struct Beside {
    /// By when the window and its interval begin.
    places: BTreeMap<(Timestamp, Timestamp), Arc<Window>>,
    /// How many windows have one like it, by when the section's begins: an hour that the clocks skip is
    /// one that a window does not have.
    windows: BTreeMap<Timestamp, usize>,
}

impl Beside {
    fn of<'w>(query: &Query, windows: impl Iterator<Item = &'w Window>) -> Self {
        let mut beside = Self { places: BTreeMap::new(), windows: BTreeMap::new() };
        let Some(interval) = query.interval else {
            return beside;
        };
        let own = query.window.intervals(interval);
        let own: BTreeMap<Timestamp, Arc<Window>> =
            own.into_iter().map(|interval| (interval.start(), Arc::new(interval))).collect();
        for window in windows {
            for other in window.intervals(interval) {
                let alike = query.window.alike(other.start(), window, interval);
                let found = alike.and_then(|start| own.get(&start));
                // The first and the last may be cut off where the window begins and ends.
                if let Some(own) = found.filter(|own| own.is_as_long_as(&other, interval)) {
                    beside.places.insert((window.start(), other.start()), Arc::clone(own));
                    *beside.windows.entry(own.start()).or_default() += 1;
                }
            }
        }
        beside
    }

    /// How many windows have an interval like this one of the section.
    fn windows(&self, interval: &Window) -> usize {
        self.windows.get(&interval.start()).copied().unwrap_or_default()
    }

    /// Nothing where the section has none like it, as on a day that is shorter.
    fn interval(&self, window: &Window, interval: &Window) -> Option<&Arc<Window>> {
        self.places.get(&(window.start(), interval.start()))
    }
}

/// How figures of several windows become one; those of a single window stay as they are.
struct Average<'r> {
    rules: Option<&'r BTreeMap<MetricQuery, Rule>>,
}

impl Average<'_> {
    /// The figure of so many windows; those that have no part had nothing.
    fn figure(&self, metric: &MetricQuery, parts: &[Row<'_>], windows: usize) -> Figure {
        let absent = Figure::Absent(Absent::NoData);
        let Some(rules) = self.rules else {
            return parts.first().and_then(|row| row.get(metric)).unwrap_or(absent);
        };
        let count = u32::try_from(windows).map_or(f64::NAN, f64::from);
        match rules.get(metric) {
            Some(rule @ Rule::Sum) => match rule.merge(metric, parts) {
                Figure::Value(sum) if windows > 0 => Figure::Value(sum / count),
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

/// The totals as a row.
fn totals(answer: &SectionAnswer) -> Rows {
    let totals = answer.totals.iter().map(|(metric, figure)| (Arc::new(metric.clone()), *figure));
    let mut rows = Rows::default();
    rows.add_with((Arc::default(), None), totals);
    rows
}
