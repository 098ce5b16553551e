//! Turns the queries of reports into the fewest requests of GetMetricDataV2 within the service's limits,
//! and the answers into the rows and totals of the sections.
//!
//! The lower bound is met as follows. A query with filters over keys with n₁, n₂, … values takes
//! at least the least product of ⌈n₁/c₁⌉, ⌈n₂/c₂⌉, … over all c₁ + c₂ + … within the limit of values,
//! times the least number of spans that its window can be cut into, of which each begins on an interval if
//! there are any. `cut` finds that product by looking at every division of the limit, and [`Window::cut`]
//! takes the longest span each time.
//! Queries that agree in groupings, filters, interval and span share their requests, also across
//! reports; the same metric is requested once. Totals take one request more where one request can
//! answer them. If they took several, they would have to be merged anyway: then they are merged from
//! the rows, and only metrics that do not add up over rows are requested again. Keeping figures comes
//! before saving requests: a key over which a metric can't be merged is cut last.

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

pub use answer::RequestAnswer;
pub use compare::{Base, aligned_intervals, comparison_base, comparison_queries};
pub use directory::{Directory, DirectoryEntry, Unresolved, UnresolvedKind};
pub use explain::{TotalOrigin, interval_name};
pub use figure::{Absent, Figure};
pub use merge::{ConflictingRow, MergeKeys, Rule};
pub use planner::{MOST_REQUESTS, plan_requests, request_count};
pub use query::{FilterIds, Obstacle, Query, expected_rows, resolve_filters, unmatched_entries};
pub use rows::{GroupIds, Row, RowKey, Rows};

/// One request within the service's limits; its pages belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The instance that is asked.
    pub instance: InstanceArn,
    /// The span.
    pub window: Window,
    /// The length of the rows' intervals; none for the span as a whole.
    pub interval: Option<Interval>,
    /// The keys that rows are grouped by; empty for totals.
    pub groupings: Vec<Dimension>,
    /// The ids, or the values of keys without names, that are counted; none of the lists is empty.
    pub filters: BTreeMap<Dimension, Vec<String>>,
    /// The requested metrics, each once, in order.
    pub metrics: Vec<MetricQuery>,
    /// The metrics among them that are not shown but weight others in a merge.
    pub weights: BTreeSet<MetricQuery>,
}

/// The requests of some queries, and the way in which they answer each query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The requests, each different from the others.
    pub requests: Vec<Request>,
    /// The plan of each query, in the order of the queries.
    pub sections: Vec<SectionPlan>,
}

/// The way in which a section's query is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionPlan {
    /// The query for the rows, where the section has any.
    pub rows: Option<QueryPlan>,
    /// The query for the totals that are requested.
    pub totals: Option<QueryPlan>,
    /// The totals that are merged from the rows.
    pub of_rows: BTreeMap<MetricQuery, Rule>,
    /// The figures that can't be had, those of rows first.
    pub not_available: Vec<NotAvailable>,
}

/// A figure that no request can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAvailable {
    /// The metric.
    pub metric: MetricQuery,
    /// True where only its total can't be had.
    pub total: bool,
    /// The reason, as a sentence for people.
    pub reason: &'static str,
}

/// A query with its parts, and the rules by which their answers merge.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryPlan {
    /// The query.
    pub query: Query,
    /// The parts into which it is cut.
    pub parts: Vec<SubQuery>,
    /// The keys and the time in which parts with the same rows differ.
    pub merged_over: MergeKeys,
    /// The rules by which figures of such rows become one, or the reason why there is none.
    pub rules: BTreeMap<MetricQuery, Result<Rule, &'static str>>,
}

/// A part of a query, with the requests that answer it. Each answers some of the metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct SubQuery {
    /// Indices into [`Plan::requests`].
    pub requests: Vec<usize>,
    /// The interval of the query that the part is for, where requests themselves have none.
    pub interval: Option<Window>,
}

/// The answer to a section.
#[derive(Clone, Debug, Default)]
pub struct SectionAnswer {
    /// The rows; empty where the section has totals only.
    pub rows: Rows,
    /// The totals.
    pub totals: BTreeMap<MetricQuery, Figure>,
    /// The totals that were merged rather than requested.
    pub merged: BTreeSet<MetricQuery>,
    /// The figures of the section that are not available, each once with its reason.
    pub not_available: Vec<NotAvailable>,
    /// True where the service answered no figures at all.
    pub is_quiet: bool,
}

/// The dimensions whose names a report needs: those by which it groups, and those from which it selects by
/// name.
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
