//! The requests of questions: each question is cut within the limits, and its parts share what others ask.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{self, Rule};
use super::{NotAvailable, Part, Parts, Plan, Query, Recipe, Request, SectionPlan, cut};
use crate::definition::{Dimension, MetricQuery};
use crate::metric;
use crate::metric::limits::Limits;
use crate::window::{Interval, Window};

/// The fewest requests that answer these questions.
pub fn plan(queries: &[Query], limits: &Limits) -> Plan {
    let mut planner = Planner { limits, requests: Vec::new(), index: BTreeMap::new() };
    let sections = queries.iter().map(|query| planner.section(query)).collect();
    Plan { requests: planner.requests, sections }
}

/// The most requests that a report may take. With more the function comes to no end at the account's usual
/// rate, and a product of long filters fits no memory.
pub const MOST_REQUESTS: usize = 10_000;

/// Counts the requests that the rows of a question take, or its totals where it has no rows, without making
/// them.
pub fn requests_for(query: &Query, limits: &Limits) -> usize {
    let planner = Planner { limits, requests: Vec::new(), index: BTreeMap::new() };
    let parts = cut::count(&planner.keys(query), limits);
    let unknown = query.metrics.iter().filter(|metric| !is_known(metric)).count();
    parts.saturating_mul(planner.windows(query).len()).saturating_mul(unknown.max(1))
}

/// The requests while they are gathered.
struct Planner<'l> {
    limits: &'l Limits,
    requests: Vec<Request>,
    /// The requests of each kind.
    index: BTreeMap<String, Alike>,
}

/// The requests that differ in their metrics alone.
#[derive(Default)]
struct Alike {
    /// The request that asks each metric.
    asked: BTreeMap<MetricQuery, usize>,
    /// The requests that may take more: all metrics of them are known.
    open: Vec<usize>,
    /// The number of these that take no other service level.
    full: usize,
    /// The number of service levels that the next one of these has.
    service_levels: usize,
}

impl Alike {
    /// The request that has a metric, or takes it besides its own (GetMetricDataV2, Metrics); none where
    /// it takes a new one.
    fn place(&self, metric: &MetricQuery) -> Option<usize> {
        let open = || match metric.name.as_str() {
            _ if !is_known(metric) => None,
            SERVICE_LEVEL => self.open.get(self.full),
            _ => self.open.first(),
        };
        self.asked.get(metric).or_else(open).copied()
    }

    /// Keeps that a request has a metric.
    fn add(&mut self, index: usize, metric: &MetricQuery, limits: &Limits) {
        if self.asked.insert(metric.clone(), index).is_some() || !is_known(metric) {
            return;
        }
        if self.open.last().is_none_or(|last| *last < index) {
            self.open.push(index);
        }
        if metric.name == SERVICE_LEVEL {
            self.service_levels += 1;
            if self.service_levels >= limits.service_levels {
                (self.full, self.service_levels) = (self.full + 1, 0);
            }
        }
    }
}

const SERVICE_LEVEL: &str = "SERVICE_LEVEL";

/// True where the catalogue knows a metric with its filters. Another may be refused, and with
/// it the whole request, so it stands alone.
fn is_known(metric: &MetricQuery) -> bool {
    let takes = |known: &metric::Metric| {
        metric.filters.iter().all(|filter| known.metric_filter(&filter.key).is_some())
    };
    metric::find(&metric.name).is_some_and(takes)
}

impl Planner<'_> {
    fn section(&mut self, query: &Query) -> SectionPlan {
        let totals = query.totals();
        if !query.has_rows() {
            let totals = self.recipe(totals, BTreeSet::new(), WithoutRule::Asked);
            return SectionPlan {
                not_available: without_rule(&totals, true),
                rows: None,
                totals: Some(totals),
                of_rows: BTreeMap::new(),
            };
        }
        let shape = self.shape(query);
        let (of_rows, left) = match self.shape(&totals).count() {
            _ if !query.has_totals => Default::default(),
            1 => (BTreeMap::new(), totals.metrics.clone()),
            _ => self.totals_of_rows(query, &shape),
        };
        let weights = of_rows.values().flat_map(Rule::needs).cloned().collect();
        let rows = self.recipe(query.clone(), weights, WithoutRule::Asked);
        let mut not_available = without_rule(&rows, false);
        let asked = match left.is_empty() {
            true => None,
            false => {
                let totals = Query { metrics: left, ..totals };
                Some(self.recipe(totals, BTreeSet::new(), WithoutRule::LeftToRows))
            }
        };
        not_available.extend(asked.iter().flat_map(|recipe| without_rule(recipe, true)));
        SectionPlan { rows: Some(rows), totals: asked, of_rows, not_available }
    }

    /// Which totals follow from the rows, and which have to be asked.
    fn totals_of_rows(
        &self,
        query: &Query,
        shape: &Shape,
    ) -> (BTreeMap<MetricQuery, Rule>, Vec<MetricQuery>) {
        let over = Parts {
            keys: query.groupings.iter().cloned().chain(shape.over.iter().cloned()).collect(),
            time: query.interval.is_some() || shape.windows.len() > 1,
        };
        let complete = has_row_of_everything(query);
        let (mut of_rows, mut left) = (BTreeMap::new(), Vec::new());
        for metric in &query.metrics {
            match merge::rule(metric, query, &over, self.limits) {
                // The more parts, the likelier one of which nothing is known.
                Ok(Rule::MeanOfSum { .. }) | Err(_) => left.push(metric.clone()),
                Ok(_) if !complete => left.push(metric.clone()),
                Ok(rule) => drop(of_rows.insert(metric.clone(), rule)),
            }
        }
        (of_rows, left)
    }

    /// A question's requests; `weights` are asked beside its metrics.
    fn recipe(
        &mut self,
        query: Query,
        weights: BTreeSet<MetricQuery>,
        without_rule: WithoutRule,
    ) -> Recipe {
        let shape = self.shape(&query);
        let merged_over = shape.merged_over(&query);
        let rules: BTreeMap<_, _> = match merged_over.is_empty() {
            true => BTreeMap::new(),
            false => {
                let rule = |metric: &MetricQuery| {
                    (metric.clone(), merge::rule(metric, &query, &merged_over, self.limits))
                };
                query.metrics.iter().map(rule).collect()
            }
        };
        let needed = rules.values().flatten().flat_map(Rule::needs).cloned();
        let weights: BTreeSet<_> = weights.into_iter().chain(needed).collect();
        let wanted = |metric: &&MetricQuery| {
            without_rule == WithoutRule::Asked || rules.get(*metric).is_none_or(Result::is_ok)
        };
        let metrics: Vec<_> = query.metrics.iter().filter(wanted).cloned().collect();
        let mut parts = Vec::new();
        for filters in &shape.filters {
            for (window, interval) in &shape.windows {
                let request = Request {
                    instance: query.instance.clone(),
                    window: window.clone(),
                    interval: query.interval.filter(|_| self.limits.has_intervals),
                    groupings: query.groupings.clone(),
                    filters: filters.clone(),
                    metrics: Vec::new(),
                    weights: BTreeSet::new(),
                };
                let requests = self.ask(request, &metrics, &query.weights, &weights);
                parts.push(Part { requests, interval: interval.clone() });
            }
        }
        Recipe { query, parts, merged_over, rules }
    }

    /// Asks for metrics in a request, or in several where one does not take so many; returns which.
    fn ask(
        &mut self,
        request: Request,
        metrics: &[MetricQuery],
        unread: &BTreeSet<MetricQuery>,
        weights: &BTreeSet<MetricQuery>,
    ) -> Vec<usize> {
        if metrics.is_empty() {
            return Vec::new();
        }
        let kind = format!(
            "{:?}",
            (
                &request.instance,
                request.window.start(),
                request.window.end(),
                request.interval.map(|_| request.window.zone_name()),
                request.interval,
                &request.groupings,
                &request.filters
            )
        );
        let alike = self.index.entry(kind).or_default();
        let mut used = BTreeSet::new();
        let beside = weights.iter().map(|weight| (weight, true));
        let metrics = metrics.iter().map(|metric| (metric, unread.contains(metric)));
        for (metric, is_weight) in metrics.chain(beside) {
            let index = alike.place(metric).unwrap_or_else(|| {
                self.requests.push(request.clone());
                self.requests.len() - 1
            });
            alike.add(index, metric, self.limits);
            if let Some(request) = self.requests.get_mut(index) {
                add(request, metric, is_weight);
            }
            used.insert(index);
        }
        used.into_iter().collect()
    }

    /// Cuts a question as far as the limits demand.
    fn shape(&self, query: &Query) -> Shape {
        let cut::Cut { parts, over } = cut::cut(&query.filters, &self.keys(query), self.limits);
        Shape { filters: parts, over, windows: self.windows(query) }
    }

    /// The spans that a question has to be cut into.
    fn windows(&self, query: &Query) -> Vec<(Window, Option<Window>)> {
        let fine = query.interval.is_some_and(Interval::is_fine);
        match query.interval {
            Some(interval) if !self.limits.has_intervals => query
                .window
                .intervals(interval)
                .into_iter()
                .flat_map(|whole| {
                    let pieces = whole.cut(None, self.limits.coarse_span);
                    pieces.into_iter().map(move |piece| (piece, Some(whole.clone())))
                })
                .collect(),
            interval => query
                .window
                .cut(interval, self.limits.span(fine))
                .into_iter()
                .map(|piece| (piece, None))
                .collect(),
        }
    }

    /// The keys whose values count towards the limit of a request.
    fn keys<'q>(&self, query: &'q Query) -> Vec<cut::Key<'q>> {
        let counted = query
            .filters
            .iter()
            .filter(|(key, _)| **key != Dimension::Channel || self.limits.channels_count);
        counted
            .map(|(dimension, values)| cut::Key {
                dimension,
                values,
                disjoint: query.groupings.contains(dimension),
                lost: self.lost_over(query, dimension),
            })
            .collect()
    }

    fn lost_over(&self, query: &Query, key: &Dimension) -> usize {
        if query.groupings.contains(key) {
            return 0;
        }
        let over = Parts { keys: [key.clone()].into(), time: false };
        let lost = |metric: &&MetricQuery| merge::rule(metric, query, &over, self.limits).is_err();
        query.metrics.iter().filter(lost).count()
    }
}

/// True where the rows of a question are of all that its total is of. Contacts without a queue, a channel
/// or an agent have a row too. Whether those without another thing have one is not documented, unless
/// the filter leaves them out anyway.
pub(super) fn has_row_of_everything(query: &Query) -> bool {
    query.groupings.iter().all(|key| {
        matches!(key, Dimension::Queue | Dimension::Channel | Dimension::Agent)
            || query.filters.contains_key(key)
    })
}

/// A metric that no rule merges over the parts of a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithoutRule {
    /// It is asked of each part, which tells whether there is any figure of it.
    Asked,
    /// The rows tell that.
    LeftToRows,
}

/// The parts that a question is cut into.
struct Shape {
    filters: Vec<BTreeMap<Dimension, Vec<String>>>,
    /// The keys that the filters differ in.
    over: Vec<Dimension>,
    /// The spans, each with the interval that it is of where requests themselves have none.
    windows: Vec<(Window, Option<Window>)>,
}

impl Shape {
    fn count(&self) -> usize {
        self.filters.len() * self.windows.len()
    }

    /// The keys in which parts differ that have the same rows.
    fn merged_over(&self, query: &Query) -> Parts {
        let keys = self.over.iter().filter(|key| !query.groupings.contains(key)).cloned();
        let same_interval = |(_, of): &(Window, Option<Window>)| {
            let same = self.windows.iter().filter(|(_, other)| other == of);
            same.count() > 1
        };
        let time = match query.interval {
            // Rows of different spans have different intervals, unless one was cut in itself.
            Some(_) => self.windows.iter().any(|part| part.1.is_some() && same_interval(part)),
            None => self.windows.len() > 1,
        };
        Parts { keys: keys.collect(), time }
    }
}

/// The metrics of a question that no rule merges although its parts have to be.
fn without_rule(recipe: &Recipe, total: bool) -> Vec<NotAvailable> {
    let lost = recipe.rules.iter().filter_map(|(metric, rule)| {
        let reason = rule.as_ref().err()?;
        Some(NotAvailable { metric: metric.clone(), total, reason })
    });
    lost.collect()
}

fn add(request: &mut Request, metric: &MetricQuery, is_weight: bool) {
    let is_new = match request.metrics.binary_search(metric) {
        Ok(_) => false,
        Err(place) => {
            request.metrics.insert(place, metric.clone());
            true
        }
    };
    match is_weight {
        true if is_new => drop(request.weights.insert(metric.clone())),
        true => {}
        // What somebody reads is no mere weight any more.
        false => drop(request.weights.remove(metric)),
    }
}
