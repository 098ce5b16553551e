//! What reports ask becomes the fewest requests of GetMetricDataV2 within the service's limits, and
//! their answers become the rows and totals of the sections.
//!
//! The lower bound, and how it is met. A question with filters over keys with n₁, n₂, … values takes
//! at least the least product of ⌈n₁/c₁⌉, ⌈n₂/c₂⌉, … over all c₁ + c₂ + … within the limit of values,
//! times the least number of spans that its window can be cut into, of which each begins on an interval if
//! there are any. `cut` finds that product by looking at every division of the limit, and [`Window::cut`]
//! takes the longest span each time.
//! Questions that agree in groupings, filters, interval and span share their requests, whichever
//! report they are of; the same metric wanted twice is asked once. Totals take one request more
//! where one request can answer them. Where they would take several, and so would have to be merged
//! anyway, they are merged from the rows that are there, and only what does not add up over rows is
//! asked again. Before all this comes that figures are not lost: a key over which a metric can't be
//! merged is cut last, whatever that takes.

mod answer;
mod compare;
mod cut;
mod directory;
mod explain;
mod merge;
mod query;
mod rows;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::{Dimension, Interval, MetricQuery, Report};
use crate::instance::InstanceArn;
use crate::metric;
use crate::metric::limits::Limits;
use crate::window::Window;

pub use answer::{Absent, Answer, Figure};
pub use compare::{Base, base, base_queries, intervals};
pub use directory::{Directory, Entry, Lack, Unresolved};
pub use explain::{Origin, interval_name};
pub use merge::{Parts, Rule, SameRow};
pub use query::{Obstacle, Query, roster};
pub use rows::{Group, Row, RowKey, Rows};

/// One request within the service's limits; its pages belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span.
    pub window: Window,
    /// The length of the intervals that rows are for; none for the span as a whole.
    pub interval: Option<Interval>,
    /// What rows are grouped by; empty for totals.
    pub groupings: Vec<Dimension>,
    /// The ids (of what has no names, the values) that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// What is asked, each metric once, in order.
    pub metrics: Vec<MetricQuery>,
    /// Those of the metrics that are asked for no reader, but for a merge to weight others by.
    pub weights: BTreeSet<MetricQuery>,
}

/// The requests of some questions, and how each question is answered by them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The requests, each different from the others.
    pub requests: Vec<Request>,
    /// For each question in turn, which requests answer it, and how.
    pub sections: Vec<SectionPlan>,
}

/// How a section is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionPlan {
    /// The rows, where it has any.
    pub rows: Option<Recipe>,
    /// The totals that are asked as such.
    pub totals: Option<Recipe>,
    /// The totals that are merged from the rows.
    pub of_rows: BTreeMap<MetricQuery, Rule>,
    /// What can't be had, with a sentence for people that says why: of rows, then of totals.
    pub not_available: Vec<NotAvailable>,
}

/// A figure that can't be had, however it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAvailable {
    /// The metric.
    pub metric: MetricQuery,
    /// Whether only its total can't be had.
    pub total: bool,
    /// Why, as a sentence for people.
    pub reason: &'static str,
}

/// A question with the requests that answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The question.
    pub query: Query,
    /// What it is cut into.
    pub parts: Vec<Part>,
    /// What the parts differ in where their rows are the same.
    pub merged_over: Parts,
    /// How the figures of such rows become one.
    pub rules: BTreeMap<MetricQuery, Result<Rule, &'static str>>,
}

/// A part of a question, with the requests that answer it: each some of the metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Indices into [`Plan::requests`].
    pub requests: Vec<usize>,
    /// The interval of the question that it is of, where requests themselves have none.
    pub interval: Option<Window>,
}

/// The answer to a section.
#[derive(Clone, Debug, Default)]
pub struct SectionAnswer {
    /// The rows; none where the section has totals only.
    pub rows: Rows,
    /// The totals.
    pub totals: BTreeMap<MetricQuery, Figure>,
    /// Those of the totals that were merged rather than answered as such.
    pub merged: BTreeSet<MetricQuery>,
    /// Why figures that it has are not available: each is told once, and no other.
    pub not_available: Vec<NotAvailable>,
    /// Whether the service was asked and had nothing at all to say.
    pub is_quiet: bool,
}

/// The lists of names that a report needs: of what it groups by, and of what it selects by name.
pub fn lists_needed(report: &Report) -> BTreeSet<Dimension> {
    use crate::definition::Selector;
    let grouped = report.sections.iter().flat_map(|section| section.group_by.iter().cloned());
    let selected = report.sections.iter().flat_map(|section| {
        let by_name = section.filters.iter().filter(|(_, selection)| {
            selection.selectors().any(|selector| !matches!(selector, Selector::Id(_)))
        });
        by_name.map(|(dimension, _)| dimension.clone())
    });
    grouped.chain(selected).filter(Dimension::has_list).collect()
}

/// The fewest requests that answer these questions.
pub fn plan(queries: &[Query], limits: &Limits) -> Plan {
    let mut planner = Planner { limits, requests: Vec::new(), index: BTreeMap::new() };
    let sections = queries.iter().map(|query| planner.section(query)).collect();
    Plan { requests: planner.requests, sections }
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
    /// Where each metric is asked.
    asked: BTreeMap<MetricQuery, usize>,
    /// Those that may take more: all metrics of them are known.
    open: Vec<usize>,
    /// How many of these take no other service level.
    full: usize,
    /// How many service levels the next one of these has.
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

/// Whether the catalogue knows a metric with its filters. What it does not know may be refused, and with
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

    /// How a question has to be cut.
    fn shape(&self, query: &Query) -> Shape {
        let fine = query.interval.is_some_and(Interval::is_fine);
        let windows: Vec<(Window, Option<Window>)> = match query.interval {
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
        };
        let counted = query
            .filters
            .iter()
            .filter(|(key, _)| **key != Dimension::Channel || self.limits.channels_count);
        let keys: Vec<cut::Key<'_>> = counted
            .map(|(dimension, values)| cut::Key {
                dimension,
                values,
                disjoint: query.groupings.contains(dimension),
                lost: self.lost_over(query, dimension),
            })
            .collect();
        let cut::Cut { parts, over } = cut::cut(&query.filters, &keys, self.limits);
        Shape { filters: parts, over, windows }
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
fn has_row_of_everything(query: &Query) -> bool {
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

/// How a question is cut.
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

    /// What parts differ in that have the same rows.
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

/// What of a question has no rule although its parts have to be merged.
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

impl SectionPlan {
    /// The requests that it needs.
    pub fn requests(&self) -> BTreeSet<usize> {
        let recipes = self.rows.iter().chain(&self.totals);
        let parts = recipes.flat_map(|recipe| &recipe.parts);
        parts.flat_map(|part| part.requests.iter().copied()).collect()
    }

    /// The section's answer, from the answers to the requests that it needs.
    ///
    /// # Errors
    /// Where the answers contradict each other.
    pub fn answer<'a>(
        &self,
        answer: impl Fn(usize) -> Option<&'a Answer>,
    ) -> Result<SectionAnswer, SameRow> {
        let asked = self.totals.as_ref().map(|recipe| recipe.answer(&answer)).transpose()?;
        let parts = self.rows.as_ref().map_or_else(Vec::new, |recipe| recipe.parts_of(&answer));
        let rows = match &self.rows {
            Some(recipe) => recipe.merged(&parts)?.rows,
            None => Rows::default(),
        };
        let has_totals = asked.as_ref().is_some_and(|answer| !answer.rows.is_empty());
        let totals = asked.as_ref().and_then(|answer| answer.rows.iter().next());
        let totals = totals.into_iter().flat_map(Row::figures);
        let mut section = SectionAnswer {
            is_quiet: !self.requests().is_empty() && rows.is_empty() && !has_totals,
            rows,
            not_available: Vec::new(),
            merged: self.merged(),
            totals: totals.map(|(metric, figure)| (metric.as_ref().clone(), figure)).collect(),
        };
        if !self.of_rows.is_empty() {
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let merged = self.of_rows.iter();
            let merged = merged.map(|(metric, rule)| (metric.clone(), rule.merge(metric, &rows)));
            section.totals.extend(merged);
        }
        if let Some(recipe) = &self.rows {
            let lost = self.not_available.iter().filter(|lost| lost.total);
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let is_told = section.is_quiet || has_row_of_everything(&recipe.query);
            section.totals.extend(lost.map(|NotAvailable { metric, .. }| {
                let told = is_told.then(|| merge::without_rule(metric, &rows));
                (metric.clone(), told.unwrap_or(LOST))
            }));
        }
        section.tell_lost(&self.not_available);
        Ok(section)
    }

    /// The totals that are merged rather than answered as such.
    fn merged(&self) -> BTreeSet<MetricQuery> {
        let in_parts = self.totals.iter().filter(|recipe| !recipe.merged_over.is_empty());
        let metrics = in_parts.flat_map(|recipe| &recipe.query.metrics);
        metrics.chain(self.of_rows.keys()).cloned().collect()
    }
}

/// What can't be had.
const LOST: Figure = Figure::Absent(Absent::NotAvailable);

impl SectionAnswer {
    /// Says why of each metric that has a figure which is not available: as it was planned, or that it
    /// turned out so. What was planned to be lost and came whole after all is not told.
    fn tell_lost(&mut self, planned: &[NotAvailable]) {
        const REASON: &str = "How much stands behind some of its parts is not known.";
        let of_totals = self.totals.iter().filter(|(_, figure)| **figure == LOST);
        let of_totals = of_totals.map(|(metric, _)| (metric.clone(), true));
        let of_rows = self.rows.metrics_with(LOST).map(|metric| (metric.clone(), false));
        let mut found: BTreeSet<_> = of_totals.chain(of_rows).collect();
        let was_planned = |lost: &&NotAvailable| found.remove(&(lost.metric.clone(), lost.total));
        self.not_available = planned.iter().filter(was_planned).cloned().collect();
        let others = found.into_iter();
        let others = others.map(|(metric, total)| NotAvailable { metric, total, reason: REASON });
        self.not_available.extend(others);
    }
}

impl Recipe {
    fn answer<'a>(&self, answer: impl Fn(usize) -> Option<&'a Answer>) -> Result<Answer, SameRow> {
        self.merged(&self.parts_of(&answer))
    }

    /// The answers to the parts, each row with the interval that it is of.
    fn parts_of<'a>(&self, answer: impl Fn(usize) -> Option<&'a Answer>) -> Vec<Cow<'a, Answer>> {
        let part = |part: &Part| {
            // As it mostly is: nothing has to be copied.
            if let ([index], None) = (part.requests.as_slice(), &part.interval) {
                return answer(*index).map_or_else(Cow::default, Cow::Borrowed);
            }
            let answers = part.requests.iter().filter_map(|index| answer(*index));
            let mut whole = answers.fold(Answer::default(), |whole, answer| whole.beside(answer));
            if let Some(interval) = &part.interval {
                whole.rows.set_interval(&Arc::new(interval.clone()));
            }
            Cow::Owned(whole)
        };
        self.parts.iter().map(part).collect()
    }

    fn merged(&self, parts: &[Cow<'_, Answer>]) -> Result<Answer, SameRow> {
        merge::merge(&self.query, &self.rules, parts, !self.merged_over.is_empty())
    }
}

#[cfg(test)]
#[cfg(feature = "cli")]
mod tests;
