//! Cuts queries into requests within the limits, and lets their parts share requests.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{self, Rule};
use super::{MergeKeys, NotAvailable, Plan, Query, QueryPlan, Request, SectionPlan, SubQuery, cut};
use crate::definition::{Dimension, MetricQuery};
use crate::metric;
use crate::metric::limits::Limits;
use crate::window::{Interval, Window};

/// Plans the fewest requests that answer these queries.
pub fn plan_requests(queries: &[Query], limits: &Limits) -> Plan {
    let mut planner = Planner { limits, requests: Vec::new(), index: BTreeMap::new() };
    let sections = queries.iter().map(|query| planner.plan_section(query)).collect();
    Plan { requests: planner.requests, sections }
}

/// The most requests that a report may take. More would not finish within a function's time at the account's
/// usual rate, and a product of long filters fits no memory.
pub const MOST_REQUESTS: usize = 10_000;

/// Counts the requests for the rows of a query, or for its totals where it has no rows, without making them.
pub fn request_count(query: &Query, limits: &Limits) -> usize {
    let planner = Planner { limits, requests: Vec::new(), index: BTreeMap::new() };
    let parts = cut::count_parts(&planner.cut_keys(query), limits);
    let unknown = query.metrics.iter().filter(|metric| !is_known(metric)).count();
    parts.saturating_mul(planner.cut_windows(query).len()).saturating_mul(unknown.max(1))
}

/// The requests while they are gathered.
struct Planner<'l> {
    limits: &'l Limits,
    requests: Vec<Request>,
    /// The requests of each kind.
    index: BTreeMap<String, RequestGroup>,
}

/// The requests that differ only in their metrics.
#[derive(Default)]
struct RequestGroup {
    /// The request of each metric.
    asked: BTreeMap<MetricQuery, usize>,
    /// The requests that may take more metrics, because all of theirs are known.
    open: Vec<usize>,
    /// The number of open requests that take no further service level.
    full: usize,
    /// The number of service levels in the first open request that takes more.
    service_levels: usize,
}

impl RequestGroup {
    /// The request that has a metric, or takes it besides its own (GetMetricDataV2, Metrics); `None` where
    /// a new request is needed.
    fn request_for(&self, metric: &MetricQuery) -> Option<usize> {
        if let Some(index) = self.asked.get(metric) {
            return Some(*index);
        }
        match metric.name.as_str() {
            _ if !is_known(metric) => None,
            SERVICE_LEVEL => self.open.get(self.full).copied(),
            _ => self.open.first().copied(),
        }
    }

    /// Notes that a request has a metric.
    fn note(&mut self, index: usize, metric: &MetricQuery, limits: &Limits) {
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

/// True where the catalogue knows a metric with its filters. The service may refuse another metric, and
/// the whole request with it, so an unknown one gets a request of its own.
fn is_known(metric: &MetricQuery) -> bool {
    metric::find_metric(&metric.name).is_some_and(|known| {
        metric.filters.iter().all(|filter| known.metric_filter(&filter.key).is_some())
    })
}

impl Planner<'_> {
    fn plan_section(&mut self, query: &Query) -> SectionPlan {
        let totals = query.totals();
        if !query.has_rows() {
            let totals = self.plan_query(totals, BTreeSet::new(), WithoutRule::Asked);
            return SectionPlan {
                not_available: without_rule(&totals, true),
                rows: None,
                totals: Some(totals),
                of_rows: BTreeMap::new(),
            };
        }
        let cut = self.cut_query(query);
        let (of_rows, left) = match self.cut_query(&totals).part_count() {
            _ if !query.has_totals => Default::default(),
            1 => (BTreeMap::new(), totals.metrics.clone()),
            _ => self.totals_of_rows(query, &cut),
        };
        let weights = of_rows.values().flat_map(Rule::needed_metrics).cloned().collect();
        let rows = self.plan_query(query.clone(), weights, WithoutRule::Asked);
        let mut not_available = without_rule(&rows, false);
        let asked = if left.is_empty() {
            None
        } else {
            let totals = Query { metrics: left, ..totals };
            Some(self.plan_query(totals, BTreeSet::new(), WithoutRule::LeftToRows))
        };
        not_available.extend(asked.iter().flat_map(|plan| without_rule(plan, true)));
        SectionPlan { rows: Some(rows), totals: asked, of_rows, not_available }
    }

    /// The totals that follow from the rows, and the metrics whose totals have to be requested.
    fn totals_of_rows(
        &self,
        query: &Query,
        cut: &QueryCut,
    ) -> (BTreeMap<MetricQuery, Rule>, Vec<MetricQuery>) {
        let over = MergeKeys {
            keys: query.groupings.iter().cloned().chain(cut.over.iter().cloned()).collect(),
            time: query.interval.is_some() || cut.windows.len() > 1,
        };
        let complete = has_row_of_everything(query);
        let mut of_rows = BTreeMap::new();
        let mut left = Vec::new();
        for metric in &query.metrics {
            match merge::merge_rule(metric, query, &over, self.limits) {
                // With many parts, one is likely to have an unknown count.
                Ok(Rule::MeanOfSum { .. }) | Err(_) => left.push(metric.clone()),
                Ok(_) if !complete => left.push(metric.clone()),
                Ok(rule) => drop(of_rows.insert(metric.clone(), rule)),
            }
        }
        (of_rows, left)
    }

    /// Plans a query's requests; `weights` are requested beside its metrics.
    fn plan_query(
        &mut self,
        query: Query,
        weights: BTreeSet<MetricQuery>,
        without_rule: WithoutRule,
    ) -> QueryPlan {
        let cut = self.cut_query(&query);
        let merged_over = cut.merged_over(&query);
        let rules: BTreeMap<_, _> = if merged_over.is_empty() {
            BTreeMap::new()
        } else {
            let rules = query.metrics.iter().map(|metric| {
                (metric.clone(), merge::merge_rule(metric, &query, &merged_over, self.limits))
            });
            rules.collect()
        };
        let needed = rules.values().flatten().flat_map(Rule::needed_metrics).cloned();
        let weights: BTreeSet<_> = weights.into_iter().chain(needed).collect();
        let metrics = query.metrics.iter().filter(|metric| {
            without_rule == WithoutRule::Asked || rules.get(*metric).is_none_or(Result::is_ok)
        });
        let metrics: Vec<_> = metrics.cloned().collect();
        let mut parts = Vec::new();
        for filters in &cut.filters {
            for (window, interval) in &cut.windows {
                let request = Request {
                    instance: query.instance.clone(),
                    window: window.clone(),
                    interval: query.interval.filter(|_| self.limits.has_intervals),
                    groupings: query.groupings.clone(),
                    filters: filters.clone(),
                    metrics: Vec::new(),
                    weights: BTreeSet::new(),
                };
                let requests = self.add_metrics(request, &metrics, &query.weights, &weights);
                parts.push(SubQuery { requests, interval: interval.clone() });
            }
        }
        QueryPlan { query, parts, merged_over, rules }
    }

    /// Puts metrics into a request, or into several where one does not take so many, and returns their
    /// indices.
    fn add_metrics(
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
        let group = self.index.entry(kind).or_default();
        let mut used = BTreeSet::new();
        let beside = weights.iter().map(|weight| (weight, true));
        let metrics = metrics.iter().map(|metric| (metric, unread.contains(metric)));
        for (metric, is_weight) in metrics.chain(beside) {
            let index = group.request_for(metric).unwrap_or_else(|| {
                self.requests.push(request.clone());
                self.requests.len() - 1
            });
            group.note(index, metric, self.limits);
            if let Some(request) = self.requests.get_mut(index) {
                add_metric(request, metric, is_weight);
            }
            used.insert(index);
        }
        used.into_iter().collect()
    }

    /// Cuts a query as far as the limits demand.
    fn cut_query(&self, query: &Query) -> QueryCut {
        let keys = self.cut_keys(query);
        let cut::Cut { parts, over } = cut::cut_filters(&query.filters, &keys, self.limits);
        QueryCut { filters: parts, over, windows: self.cut_windows(query) }
    }

    /// The spans into which a query has to be cut.
    fn cut_windows(&self, query: &Query) -> Vec<(Window, Option<Window>)> {
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
    fn cut_keys<'q>(&self, query: &'q Query) -> Vec<cut::CutKey<'q>> {
        let counted = query
            .filters
            .iter()
            .filter(|(key, _)| **key != Dimension::Channel || self.limits.channels_count);
        counted
            .map(|(dimension, values)| cut::CutKey {
                dimension,
                values,
                disjoint: query.groupings.contains(dimension),
                lost: self.lost_over(query, dimension),
            })
            .collect()
    }

    /// The number of metrics that can't be merged over a key.
    fn lost_over(&self, query: &Query, key: &Dimension) -> usize {
        if query.groupings.contains(key) {
            return 0;
        }
        let over = MergeKeys { keys: [key.clone()].into(), time: false };
        let rules = query.metrics.iter();
        let rules = rules.map(|metric| merge::merge_rule(metric, query, &over, self.limits));
        rules.filter(Result::is_err).count()
    }
}

/// True where the rows of a query cover all contacts of its total. Contacts without a queue, a channel or
/// an agent have a row too. For other keys the service does not document that, but a filter leaves contacts
/// without the key out anyway.
pub(super) fn has_row_of_everything(query: &Query) -> bool {
    query.groupings.iter().all(|key| {
        matches!(key, Dimension::Queue | Dimension::Channel | Dimension::Agent)
            || query.filters.contains_key(key)
    })
}

/// The treatment of metrics that no rule merges over the parts of a query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithoutRule {
    /// Each part requests them, which shows whether there is any figure.
    Asked,
    /// The rows tell whether there is any figure.
    LeftToRows,
}

/// The parts into which a query is cut.
struct QueryCut {
    filters: Vec<BTreeMap<Dimension, Vec<String>>>,
    /// The keys in which the filters differ.
    over: Vec<Dimension>,
    /// The spans, each with its interval where requests themselves have none.
    windows: Vec<(Window, Option<Window>)>,
}

impl QueryCut {
    fn part_count(&self) -> usize {
        self.filters.len() * self.windows.len()
    }

    /// The keys and the time in which parts with the same rows differ.
    fn merged_over(&self, query: &Query) -> MergeKeys {
        let keys = self.over.iter().filter(|key| !query.groupings.contains(key)).cloned();
        let time = match query.interval {
            Some(_) => self.cuts_an_interval(),
            None => self.windows.len() > 1,
        };
        MergeKeys { keys: keys.collect(), time }
    }

    /// True where an interval was itself cut; otherwise different spans have different intervals.
    fn cuts_an_interval(&self) -> bool {
        let mut intervals = BTreeSet::new();
        let mut with_interval = self.windows.iter().filter_map(|(_, interval)| interval.as_ref());
        with_interval.any(|interval| !intervals.insert((interval.start(), interval.end())))
    }
}

/// The metrics of a query that no rule merges although its parts have to be merged.
fn without_rule(plan: &QueryPlan, total: bool) -> Vec<NotAvailable> {
    let lost = plan.rules.iter().filter_map(|(metric, rule)| {
        let reason = rule.as_ref().err()?;
        Some(NotAvailable { metric: metric.clone(), total, reason })
    });
    lost.collect()
}

/// Adds a metric to a request. A metric that is shown is no mere weight any more.
fn add_metric(request: &mut Request, metric: &MetricQuery, is_weight: bool) {
    let is_new = match request.metrics.binary_search(metric) {
        Ok(_) => false,
        Err(place) => {
            request.metrics.insert(place, metric.clone());
            true
        }
    };
    if !is_weight {
        request.weights.remove(metric);
    } else if is_new {
        request.weights.insert(metric.clone());
    }
}
