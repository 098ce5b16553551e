//! The rows of an answer, matched by what they echo and held against what was asked.
//!
//! The service keeps less order than its reference says: a row may lack metrics, dimensions or its
//! interval, and the order of metrics in a row is nowhere promised. So nothing here goes by
//! position.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{MetricDataV2, MetricResultV2, MetricV2};
use jiff::{SignedDuration, Timestamp, Unit};

use super::bad;
use crate::definition::{Dimension, Interval, MetricFilter, MetricQuery, visible};
use crate::error::Error;
use crate::plan::{Absent, Figure, Group, Request, Rows};
use crate::window::Window;

/// No week is longer, with the hour that it gains when the clock is put back.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// The rows of one request as they are read, over all its pages.
pub(super) struct Reading<'r> {
    request: &'r Request,
    metrics: Vec<Arc<MetricQuery>>,
    /// The intervals that rows can be of, by when they begin: one for totals, and none that are known
    /// for weeks, of which it is not documented which part of the first and last one is told.
    pieces: BTreeMap<Timestamp, Arc<Window>>,
    /// The weeks that rows were of so far.
    weeks: BTreeMap<Timestamp, Arc<Window>>,
    /// Every group that has come, which its rows share, and when the intervals of these begin.
    groups: BTreeMap<Group, BTreeSet<Option<Timestamp>>>,
    rows: Rows,
}

impl<'r> Reading<'r> {
    pub(super) fn new(request: &'r Request) -> Self {
        let pieces = match request.interval {
            None => vec![request.window.clone()],
            Some(Interval::Week) => Vec::new(),
            Some(interval) => request.window.intervals(interval),
        };
        let pieces = pieces.into_iter().map(|piece| (piece.start(), Arc::new(piece))).collect();
        let metrics = request.metrics.iter().cloned().map(Arc::new).collect();
        Self {
            request,
            metrics,
            pieces,
            weeks: BTreeMap::new(),
            groups: BTreeMap::new(),
            rows: Rows::default(),
        }
    }

    /// Reads one more row.
    ///
    /// # Errors
    /// `BAD_RESPONSE` where it contradicts the request, itself, or another row.
    pub(super) fn read(&mut self, result: &MetricResultV2) -> Result<(), Error> {
        let request = self.request;
        let of_row = |problem: String| bad(format!("{problem} in {}", place(request, result)));
        self.check_dimensions(result).map_err(of_row)?;
        let interval = self.interval(result).map_err(|problem| of_row(problem.to_owned()))?;
        let group = request.groupings.iter().map(|key| dimension_of(result, key).map(Arc::from));
        let start = interval.as_deref().map(Window::start);
        let (dimensions, is_new) = self.group(group.collect(), start);
        if !is_new {
            return Err(bad(format!("{} came twice", place(request, result))));
        }
        let row = self.rows.add(dimensions, interval);
        for collection in result.collections() {
            let (query, figure) = figure(&self.metrics, collection).map_err(of_row)?;
            let twice = |_| of_row(format!("{} came twice", query.name));
            self.rows.set(row, query, figure).map_err(twice)?;
        }
        Ok(())
    }

    /// All rows that were read.
    pub(super) fn rows(self) -> Rows {
        self.rows
    }

    /// The group as its rows share it, and whether none of these was of this interval.
    fn group(&mut self, group: Group, start: Option<Timestamp>) -> (Group, bool) {
        match self.groups.entry(group) {
            Entry::Occupied(mut known) => (Arc::clone(known.key()), known.get_mut().insert(start)),
            Entry::Vacant(new) => {
                let group = Arc::clone(new.key());
                new.insert(BTreeSet::from([start]));
                (group, true)
            }
        }
    }

    /// Whatever a row is of has to be among what was filtered by. One that was to be told by such a
    /// key and does not have it would leave another without its figures.
    fn check_dimensions(&self, result: &MetricResultV2) -> Result<(), String> {
        for (key, values) in &self.request.filters {
            let what = key.title().to_lowercase();
            match dimension_of(result, key) {
                Some(id) if !values.iter().any(|value| value == id) => {
                    return Err(format!("a {what} that was not asked for came"));
                }
                None if self.request.groupings.contains(key) => {
                    return Err(format!("the {what} is missing"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The interval that a row is of, where some were asked for.
    fn interval(&mut self, result: &MetricResultV2) -> Result<Option<Arc<Window>>, &'static str> {
        let Some(told) = result.metric_interval() else {
            return match self.request.interval {
                None => Ok(None),
                Some(_) => Err("the interval is missing"),
            };
        };
        let asked = match (instant(told.start_time()), instant(told.end_time())) {
            (Some(start), Some(end)) if self.pieces.is_empty() => self.week(start, end),
            (Some(start), Some(end)) => {
                self.pieces.get(&start).filter(|piece| piece.end() == end).cloned()
            }
            _ => None,
        };
        match asked {
            Some(window) => Ok(Some(window).filter(|_| self.request.interval.is_some())),
            None => Err("an interval that was not asked for came"),
        }
    }

    /// The span, if it can be a week beside those of the other rows.
    fn week(&mut self, start: Timestamp, end: Timestamp) -> Option<Arc<Window>> {
        if let Some(known) = self.weeks.get(&start).filter(|week| week.end() == end) {
            return Some(Arc::clone(known));
        }
        let apart = |other: &Arc<Window>| other.end() <= start || end <= other.start();
        let is_week = end.duration_since(start) <= WEEK && self.weeks.values().all(apart);
        let week = self.request.window.part(start, end).filter(|_| is_week).map(Arc::new)?;
        self.weeks.insert(start, Arc::clone(&week));
        Some(week)
    }
}

fn figure<'q>(
    metrics: &'q [Arc<MetricQuery>],
    collection: &MetricDataV2,
) -> Result<(&'q Arc<MetricQuery>, Figure), String> {
    let query = requested(metrics, collection)?;
    let name = &query.name;
    match collection.value() {
        None => Ok((query, Figure::Absent(Absent::NotComputable))),
        Some(value) if value < 0.0 => Err(format!("{name} is negative")),
        Some(value) if value.is_finite() => Ok((query, Figure::Value(value))),
        Some(_) => Err(format!("{name} is no number")),
    }
}

/// Which row of the answer it is, for who has to find it.
fn place(request: &Request, result: &MetricResultV2) -> String {
    let keys = request.groupings.iter().chain(request.filters.keys());
    let of_key = |key: &Dimension| Some(format!("{} {}", key.key(), dimension_of(result, key)?));
    let mut dimensions: Vec<_> = keys.filter_map(of_key).collect();
    dimensions.sort();
    dimensions.dedup();
    let of = match dimensions.is_empty() {
        true => "the row without dimensions".to_owned(),
        false => format!("the row of {}", visible(dimensions.join(", "))),
    };
    match result.metric_interval().and_then(|interval| instant(interval.start_time())) {
        Some(start) => format!("{of} from {start}"),
        None => of,
    }
}

/// An instant to the second: the SDK reads it as a float, in which fractions are not exact.
fn instant(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time?.as_nanos()).ok()?.round(Unit::Second).ok()
}

/// Contacts that never reached an agent come grouped by agent with no dimension at all.
fn dimension_of<'r>(result: &'r MetricResultV2, dimension: &Dimension) -> Option<&'r str> {
    let dimensions = result.dimensions()?;
    dimensions.get(dimension.key()).filter(|id| !id.is_empty()).map(String::as_str)
}

/// Which of the requested metrics a collection answers.
///
/// Where the echo carries less than was asked, such as a threshold that is left out, it is matched
/// by what it does carry, if only one metric fits.
fn requested<'q>(
    queries: &'q [Arc<MetricQuery>],
    collection: &MetricDataV2,
) -> Result<&'q Arc<MetricQuery>, String> {
    let Some(echo) = collection.metric() else {
        return Err("a figure came without its metric".to_owned());
    };
    let name = echo.name().unwrap_or_default();
    let named = || queries.iter().filter(|query| query.name == name);
    if let Some(exact) = named().find(|query| echoes(query, echo)) {
        return Ok(exact);
    }
    let mut candidates = named().filter(|query| echoes_in_part(query, echo));
    match (candidates.next(), candidates.next()) {
        (Some(query), None) => Ok(query),
        (None, _) => {
            let form = if named().next().is_some() { " in this form" } else { "" };
            Err(format!("{}, which was not asked for{form}, came", visible(name.to_owned())))
        }
        (Some(_), Some(_)) => Err(format!("{name} came without what tells it from its like")),
    }
}

fn echoes(query: &MetricQuery, echo: &MetricV2) -> bool {
    echoes_threshold(query, echo) && echoed_filters(echo) == query.filters
}

fn echoes_in_part(query: &MetricQuery, echo: &MetricV2) -> bool {
    (echo.threshold().is_empty() || echoes_threshold(query, echo))
        && (echo.metric_filters().is_empty() || echoed_filters(echo) == query.filters)
}

fn echoes_threshold(query: &MetricQuery, echo: &MetricV2) -> bool {
    match (query.threshold, echo.threshold()) {
        (None, []) => true,
        (Some(asked), [echoed]) => {
            let same_comparison =
                echoed.comparison().is_none_or(|c| c == asked.comparison.as_str());
            same_comparison && echoed.threshold_value() == Some(f64::from(asked.seconds))
        }
        _ => false,
    }
}

/// The filters in the form in which queries hold them, so that order does not matter.
fn echoed_filters(echo: &MetricV2) -> Vec<MetricFilter> {
    let filters = echo.metric_filters().iter().map(|filter| {
        let mut values = filter.metric_filter_values().to_vec();
        values.sort();
        values.dedup();
        MetricFilter {
            negate: filter.negate(),
            key: filter.metric_filter_key().unwrap_or_default().to_owned(),
            values,
        }
    });
    let mut filters: Vec<_> = filters.collect();
    filters.sort();
    filters
}
