//! Why a plan is as it is, and how long it will take, for people.

use super::{Plan, Recipe, Request, Rule, SectionPlan};
use crate::definition::{Dimension, MetricQuery};
use crate::language::Language;
use crate::window::Interval;

/// Rows of a page (GetMetricDataV2, MaxResults).
const PAGE_ROWS: usize = 100;

impl Plan {
    /// Why there is a request: what part of which question it answers.
    pub fn why(&self, index: usize) -> String {
        let recipes =
            self.sections.iter().flat_map(|section| section.rows.iter().chain(&section.totals));
        let mut found =
            recipes.filter(|recipe| recipe.parts.iter().any(|part| part.requests.contains(&index)));
        let (Some(recipe), Some(request)) = (found.next(), self.requests.get(index)) else {
            return String::new();
        };
        let parts: Vec<String> = request
            .filters
            .iter()
            .filter_map(|(key, values)| part_of(recipe, key, values.len()))
            .chain(span_of(recipe, request))
            .collect();
        match parts.is_empty() {
            true if recipe.query.has_rows() => "the rows".to_owned(),
            true => "the totals".to_owned(),
            false => parts.join(", "),
        }
    }
}

/// How a total comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'p> {
    /// The service answers it.
    Requested,
    /// It is merged from the section's rows.
    OfRows(&'p Rule),
    /// It is merged from the answers to several requests for totals.
    OfParts(&'p Rule),
    /// It can't be had; the sentence says why.
    NotAvailable(&'static str),
}

impl SectionPlan {
    /// How the total of each metric comes about.
    pub fn origins(&self) -> Vec<(&MetricQuery, Origin<'_>)> {
        let metrics = self.rows.as_ref().or(self.totals.as_ref());
        let metrics = metrics.into_iter().flat_map(|recipe| &recipe.query.metrics);
        metrics.map(|metric| (metric, self.origin(metric))).collect()
    }

    fn origin(&self, metric: &MetricQuery) -> Origin<'_> {
        let of_parts = self.totals.as_ref().and_then(|recipe| recipe.rules.get(metric));
        match (self.of_rows.get(metric), of_parts) {
            (Some(rule), _) => Origin::OfRows(rule),
            (None, Some(Ok(rule))) => Origin::OfParts(rule),
            (None, Some(Err(reason))) => Origin::NotAvailable(reason),
            (None, None) => Origin::Requested,
        }
    }
}

impl Origin<'_> {
    /// It in words, `the sum of the rows`; of what can't be had, why.
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

/// `100 of 250 queues`, where the values of a key are cut.
fn part_of(recipe: &Recipe, key: &Dimension, count: usize) -> Option<String> {
    let all = recipe.query.filters.get(key)?.len();
    let what = key.plural().map_or_else(|| format!("values of {}", key.key()), ToOwned::to_owned);
    (count < all).then(|| format!("{count} of {all} {what}"))
}

/// Which part of the time it is, where that is cut.
fn span_of(recipe: &Recipe, request: &Request) -> Option<String> {
    let whole = &recipe.query.window;
    (request.window != *whole).then(|| request.window.label(Language::English))
}

impl Request {
    /// How many pages its answer will have, if every combination of what it groups by has a row;
    /// what is not filtered counts as one, for how much of it there is is not known.
    pub fn expected_pages(&self) -> usize {
        let of_key = |key: &Dimension| match (self.filters.get(key), key) {
            (Some(values), _) => values.len(),
            (None, Dimension::Channel) => 4,
            (None, _) => 1,
        };
        let groups: usize = self.groupings.iter().map(of_key).product();
        let rows = groups.saturating_mul(self.intervals());
        rows.div_ceil(PAGE_ROWS).max(1)
    }

    fn intervals(&self) -> usize {
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
