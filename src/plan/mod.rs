//! The questions of reports become the fewest requests of GetMetricDataV2 within the service's limits,
//! and their answers become the rows and totals of the sections.
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
mod figure;
mod merge;
mod planner;
mod query;
mod rows;
mod section;

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Dimension, MetricQuery, Report};
use crate::instance::InstanceArn;
use crate::window::{Interval, Window};

pub use answer::Answer;
pub use compare::{Base, base, base_queries, intervals};
pub use directory::{Directory, Entry, Lack, Unresolved};
pub use explain::{Origin, interval_name};
pub use figure::{Absent, Figure};
pub use merge::{Parts, Rule, SameRow};
pub use planner::{MOST_REQUESTS, plan, requests_for};
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
    /// The keys that rows are grouped by; empty for totals.
    pub groupings: Vec<Dimension>,
    /// The ids (of what has no names, the values) that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// The metrics that are asked, each once, in order.
    pub metrics: Vec<MetricQuery>,
    /// The metrics among them that are asked for no reader, but for a merge to weight others by.
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

/// The way in which a section is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionPlan {
    /// The rows, where it has any.
    pub rows: Option<Recipe>,
    /// The totals that are asked as such.
    pub totals: Option<Recipe>,
    /// The totals that are merged from the rows.
    pub of_rows: BTreeMap<MetricQuery, Rule>,
    /// The figures that can't be had, with a sentence for people that says why: of rows, then of totals.
    pub not_available: Vec<NotAvailable>,
}

/// A figure that can't be had, however it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAvailable {
    /// The metric.
    pub metric: MetricQuery,
    /// True where only its total can't be had.
    pub total: bool,
    /// The reason, as a sentence for people.
    pub reason: &'static str,
}

/// A question with the requests that answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The question.
    pub query: Query,
    /// The parts that it is cut into.
    pub parts: Vec<Part>,
    /// The keys in which parts differ whose rows are the same.
    pub merged_over: Parts,
    /// The rules by which figures of such rows become one.
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
    /// The totals that were merged rather than answered as such.
    pub merged: BTreeSet<MetricQuery>,
    /// The reasons why figures that it has are not available: each is told once, and no other.
    pub not_available: Vec<NotAvailable>,
    /// True where the service was asked and had nothing at all to say.
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

#[cfg(test)]
#[cfg(feature = "cli")]
mod tests;
