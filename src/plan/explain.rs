//! Explanations of a plan for people: its requests, totals and pages.

use super::{Plan, QueryPlan, Request, Rule, SectionPlan};
use crate::definition::{Dimension, MetricQuery};
use crate::language::Language;
use crate::window::Interval;

/// The rows of a page (GetMetricDataV2, MaxResults).
const PAGE_ROWS: usize = 100;

impl Plan {
    /// The reason for a request: the part of a query that it answers.
    pub fn request_reason(&self, index: usize) -> String {
        let plans =
            self.sections.iter().flat_map(|section| section.rows.iter().chain(&section.totals));
        let mut found =
            plans.filter(|plan| plan.parts.iter().any(|part| part.requests.contains(&index)));
        let Some(plan) = found.next() else { return String::new() };
        let Some(request) = self.requests.get(index) else { return String::new() };
        let parts: Vec<String> = request
            .filters
            .iter()
            .filter_map(|(key, values)| part_of(plan, key, values.len()))
            .chain(span_of(plan, request))
            .collect();
        if !parts.is_empty() {
            parts.join(", ")
        } else if plan.query.has_rows() {
            "the rows".to_owned()
        } else {
            "the totals".to_owned()
        }
    }
}

/// The origin of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotalOrigin<'p> {
    /// The service answers the total.
    Requested,
    /// The total is merged from the section's rows.
    OfRows(&'p Rule),
    /// The total is merged from the answers to several requests for totals.
    OfParts(&'p Rule),
    /// There is no total, for this reason.
    NotAvailable(&'static str),
}

impl SectionPlan {
    /// Each metric with the origin of its total.
    pub fn total_origins(&self) -> Vec<(&MetricQuery, TotalOrigin<'_>)> {
        let metrics = self.rows.as_ref().or(self.totals.as_ref());
        let metrics = metrics.into_iter().flat_map(|plan| &plan.query.metrics);
        metrics.map(|metric| (metric, self.origin(metric))).collect()
    }

    fn origin(&self, metric: &MetricQuery) -> TotalOrigin<'_> {
        let of_parts = self.totals.as_ref().and_then(|plan| plan.rules.get(metric));
        match (self.of_rows.get(metric), of_parts) {
            (Some(rule), _) => TotalOrigin::OfRows(rule),
            (None, Some(Ok(rule))) => TotalOrigin::OfParts(rule),
            (None, Some(Err(reason))) => TotalOrigin::NotAvailable(reason),
            (None, None) => TotalOrigin::Requested,
        }
    }
}

impl TotalOrigin<'_> {
    /// The origin in words, `the sum of the rows`; the reason where there is no total.
    pub fn in_words(&self) -> String {
        match self {
            Self::Requested => "as the service answers it".to_owned(),
            Self::OfRows(rule) => rule.in_words("the rows"),
            Self::OfParts(rule) => rule.in_words("the requests"),
            Self::NotAvailable(reason) => format!("not available: {reason}"),
        }
    }
}

impl Rule {
    fn in_words(&self, parts: &str) -> String {
        match self {
            Self::Sum => format!("the sum of {parts}"),
            Self::Max => format!("the greatest of {parts}"),
            Self::Min => format!("the least of {parts}"),
            Self::Mean(weight) => format!("the mean of {parts}, weighted by {}", weight.name),
            Self::MeanBySum { sum, .. } => {
                format!("the mean of {parts}, weighted by their {} divided by it", sum.name)
            }
            Self::MeanOfSum { sum, .. } => {
                format!("the {} of {parts}, divided by how many contacts there are", sum.name)
            }
            Self::Ratio { part, whole } => {
                let whole: Vec<&str> = whole.iter().map(|metric| metric.name.as_str()).collect();
                format!("{} of {parts} in percent of {}", part.name, whole.join(" + "))
            }
        }
    }
}

/// The share of a key's values, `100 of 250 queues`, where they are cut.
fn part_of(plan: &QueryPlan, key: &Dimension, count: usize) -> Option<String> {
    let all = plan.query.filters.get(key)?.len();
    let what = key.plural().map_or_else(|| format!("values of {}", key.key()), ToOwned::to_owned);
    (count < all).then(|| format!("{count} of {all} {what}"))
}

/// The request's span, where the query's window is cut.
fn span_of(plan: &QueryPlan, request: &Request) -> Option<String> {
    let whole = &plan.query.window;
    (request.window != *whole).then(|| request.window.label(Language::English))
}

impl Request {
    /// The number of pages in the answer, if every combination of the groupings has a row. A grouping
    /// without a filter counts as one value, because its number of values is unknown.
    pub fn expected_pages(&self) -> usize {
        let values = self.groupings.iter().map(|key| match (self.filters.get(key), key) {
            (Some(values), _) => values.len(),
            (None, Dimension::Channel) => 4,
            (None, _) => 1,
        });
        let rows = values.product::<usize>().saturating_mul(self.interval_count());
        rows.div_ceil(PAGE_ROWS).max(1)
    }

    fn interval_count(&self) -> usize {
        self.interval.map_or(1, |interval| self.window.intervals(interval).len())
    }
}

/// The API's name of an interval (GetMetricDataV2, `IntervalPeriod`).
pub fn interval_name(interval: Option<Interval>) -> &'static str {
    match interval {
        None => "TOTAL",
        Some(Interval::FifteenMinutes) => "FIFTEEN_MIN",
        Some(Interval::ThirtyMinutes) => "THIRTY_MIN",
        Some(Interval::Hour) => "HOUR",
        Some(Interval::Day) => "DAY",
        Some(Interval::Week) => "WEEK",
    }
}
