//! Reads the rows of an answer, matching them to the request by what they echo.
//!
//! The service keeps less order than its reference says. A row may lack metrics, dimensions or its interval,
//! and no order of the metrics in a row is promised. So nothing here goes by position.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{MetricDataV2, MetricResultV2, MetricV2};
use jiff::{Timestamp, Unit};

use crate::connect::calls::bad_response;
use crate::definition::{Dimension, MetricFilter, MetricQuery, visible};
use crate::error::Error;
use crate::plan::{Absent, Figure, GroupIds, Request, Rows};
use crate::window::Window;

/// The operation that answers with figures, as IAM names it.
pub(super) const GET_METRIC_DATA: &str = "connect:GetMetricDataV2";

/// Reads the rows of one request, over all its pages.
pub(super) struct RowReader<'r> {
    request: &'r Request,
    metrics: Vec<Arc<MetricQuery>>,
    /// The intervals by the clock, by their starts; the whole window for totals.
    pieces: BTreeMap<Timestamp, Window>,
    /// The intervals of the rows so far. The service does not document their layout where the span does not
    /// begin on one, nor for weeks at all; so they are taken as they come.
    answered: BTreeMap<Timestamp, Arc<Window>>,
    /// Every group that has come, which its rows share, with the starts of their intervals.
    groups: BTreeMap<GroupIds, BTreeSet<Option<Timestamp>>>,
    rows: Rows,
}

impl<'r> RowReader<'r> {
    pub(super) fn new(request: &'r Request) -> Self {
        let pieces = match request.interval {
            None => vec![request.window.clone()],
            Some(interval) => request.window.intervals(interval),
        };
        let pieces = pieces.into_iter().map(|piece| (piece.start(), piece)).collect();
        let metrics = request.metrics.iter().cloned().map(Arc::new).collect();
        Self {
            request,
            metrics,
            pieces,
            answered: BTreeMap::new(),
            groups: BTreeMap::new(),
            rows: Rows::default(),
        }
    }

    /// Reads one more row.
    ///
    /// # Errors
    /// `BAD_RESPONSE` where the row contradicts the request, itself, or another row.
    pub(super) fn read_row(&mut self, result: &MetricResultV2) -> Result<(), Error> {
        let request = self.request;
        let group = self
            .group_of(result)
            .map_err(|problem| bad_row_with_metrics(request, result, &problem))?;
        let interval = self
            .interval_of(result)
            .map_err(|problem| bad_row_with_metrics(request, result, problem))?;
        let start = interval.as_deref().map(Window::start);
        let (dimensions, is_new) = self.shared_group(group, start);
        if !is_new {
            let row = row_label(request, result);
            let metrics = metric_names(result);
            let problem = format!("{row} came twice, with {metrics}");
            return Err(bad_response(GET_METRIC_DATA, problem));
        }
        // Without a list of figures it would be a row without data.
        let Some(collections) = &result.collections else {
            return Err(bad_row(request, result, "Collections is missing"));
        };
        let row = self.rows.add(dimensions, interval);
        for collection in collections {
            let (query, figure) = read_figure(&self.metrics, collection)
                .map_err(|problem| bad_row(request, result, &problem))?;
            self.rows
                .set(row, query, figure)
                .map_err(|_| bad_row(request, result, &format!("{} came twice", query.name)))?;
        }
        Ok(())
    }

    /// All rows that were read.
    pub(super) fn rows(self) -> Rows {
        self.rows
    }

    /// The group as its rows share it, and true where none of them has this interval.
    fn shared_group(&mut self, group: GroupIds, start: Option<Timestamp>) -> (GroupIds, bool) {
        match self.groups.entry(group) {
            Entry::Occupied(mut known) => (Arc::clone(known.key()), known.get_mut().insert(start)),
            Entry::Vacant(new) => {
                let group = Arc::clone(new.key());
                new.insert(BTreeSet::from([start]));
                (group, true)
            }
        }
    }

    /// The group of a row. Each id must be among those of the request's filter. A row that lacks the id of a
    /// filtered grouping is refused, because its figures would be missing elsewhere.
    fn group_of(&self, result: &MetricResultV2) -> Result<GroupIds, String> {
        let request = self.request;
        for key in request.filters.keys() {
            match self.id_of_row(result, key) {
                RowId::Foreign => {
                    let key = with_article(&key.title().to_lowercase());
                    return Err(format!("{key} that was not asked for came"));
                }
                RowId::Missing if request.groupings.contains(key) && !self.may_lack_ids(result) => {
                    return Err(format!("the {} is missing", key.title().to_lowercase()));
                }
                RowId::Missing | RowId::Known(_) => {}
            }
        }
        let ids = request.groupings.iter().map(|key| match self.id_of_row(result, key) {
            RowId::Known(id) => Some(Arc::from(id)),
            RowId::Missing | RowId::Foreign => None,
        });
        Ok(ids.collect())
    }

    /// The id of a row for one key, as the request has it.
    fn id_of_row<'a>(&'a self, result: &'a MetricResultV2, key: &Dimension) -> RowId<'a> {
        let echoed = dimension_of(result, key);
        let asked = self.request.filters.get(key);
        let is_asked = asked.is_none_or(|asked| asked.iter().any(|id| Some(id.as_str()) == echoed));
        if let Some(id) = echoed.filter(|_| is_asked) {
            return RowId::Known(id);
        }
        let echoed: Vec<&str> = echoed.into_iter().chain(other_ids(result, key)).collect();
        let Some(first) = echoed.first() else { return RowId::Missing };
        let Some(asked) = asked else { return RowId::Known(first) };
        let found = asked.iter().find(|asked| echoed.iter().any(|id| is_same_id(asked, id)));
        found.map_or(RowId::Foreign, |asked| RowId::Known(asked))
    }

    /// True for a row without dimensions that may still be right. Contacts that never reached an agent come
    /// without any, and so may others that lack an id by which no filter selects.
    fn may_lack_ids(&self, result: &MetricResultV2) -> bool {
        let has_none = result.dimensions().is_none_or(|dimensions| dimensions.is_empty());
        let mut groupings = self.request.groupings.iter();
        has_none
            && groupings.any(|key| {
                let has_every_contact = matches!(key, Dimension::Queue | Dimension::Channel);
                !has_every_contact && !self.request.filters.contains_key(key)
            })
    }

    /// The interval of a row, where the request has intervals.
    fn interval_of(
        &mut self,
        result: &MetricResultV2,
    ) -> Result<Option<Arc<Window>>, &'static str> {
        let Some(echoed) = result.metric_interval() else {
            return match self.request.interval {
                None => Ok(None),
                Some(_) => Err("the interval is missing"),
            };
        };
        let found = match (whole_second(echoed.start_time()), whole_second(echoed.end_time())) {
            (Some(start), Some(end)) => self.shared_interval(start, end),
            _ => None,
        };
        match found {
            Some(window) => Ok(Some(window).filter(|_| self.request.interval.is_some())),
            None => Err("an interval that was not asked for came"),
        }
    }

    /// The interval as the rows share it, if it is one beside those of the other rows.
    fn shared_interval(&mut self, start: Timestamp, end: Timestamp) -> Option<Arc<Window>> {
        if let Some(known) = self.answered.get(&start) {
            return (known.end() == end).then(|| Arc::clone(known));
        }
        let window = &self.request.window;
        let by_clock = self.pieces.get(&start).filter(|piece| piece.end() == end).cloned();
        let span = by_clock.or_else(|| {
            let interval = self.request.interval?;
            window.part(start, end).filter(|part| window.may_have_interval(part, interval))
        })?;
        let before = self.answered.range(..start).next_back();
        let after = self.answered.range(start..).next();
        let is_apart = before.is_none_or(|(_, before)| before.end() <= start)
            && after.is_none_or(|(after, _)| end <= *after);
        let span = is_apart.then(|| Arc::new(span))?;
        self.answered.insert(start, Arc::clone(&span));
        Some(span)
    }
}

/// The id of a row for one key.
enum RowId<'a> {
    /// An id or an ARN, whichever the request has.
    Known(&'a str),
    /// The row has none.
    Missing,
    /// An id that was not asked for.
    Foreign,
}

/// The error of a row.
fn bad_row(request: &Request, result: &MetricResultV2, problem: &str) -> Error {
    bad_response(GET_METRIC_DATA, format!("{problem} in {}", row_label(request, result)))
}

/// The error of a row that is refused as a whole, and so leaves all of its metrics without a figure.
fn bad_row_with_metrics(request: &Request, result: &MetricResultV2, problem: &str) -> Error {
    let row = row_label(request, result);
    let metrics = metric_names(result);
    bad_response(GET_METRIC_DATA, format!("{problem} in {row}, with {metrics}"))
}

/// The other ids that a row has for a key: ids come with their ARNs under `<KEY>_ARN`. For keys whose values
/// are ARNs themselves no answer is documented.
fn other_ids<'r>(result: &'r MetricResultV2, key: &Dimension) -> impl Iterator<Item = &'r str> {
    let names =
        [Some(format!("{}_ARN", key.key())), key.key().strip_suffix("_ARN").map(Into::into)];
    let ids = names.into_iter().flatten();
    let ids = ids.filter_map(|name| result.dimensions()?.get(&name).map(String::as_str));
    ids.filter(|id| !id.is_empty())
}

/// True where an id or ARN names the same as another.
fn is_same_id(one: &str, other: &str) -> bool {
    match (id_in_arn(one), id_in_arn(other)) {
        (Some(id), None) => id == other,
        (None, Some(id)) => id == one,
        _ => one == other,
    }
}

/// The id in an ARN: its last part.
fn id_in_arn(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|_| arn.starts_with("arn:"))
}

/// The figure of a collection, with the metric that it answers.
fn read_figure<'q>(
    metrics: &'q [Arc<MetricQuery>],
    collection: &MetricDataV2,
) -> Result<(&'q Arc<MetricQuery>, Figure), String> {
    let query = metric_answered(metrics, collection)?;
    let name = &query.name;
    match collection.value() {
        None => Ok((query, Figure::Absent(Absent::NotComputable))),
        Some(value) if value < 0.0 => Err(format!("{name} is negative")),
        Some(value) if value.is_finite() => Ok((query, Figure::Value(value))),
        Some(_) => Err(format!("{name} is no number")),
    }
}

/// The names of a row's metrics; of many only the first.
fn metric_names(result: &MetricResultV2) -> String {
    const MOST_SHOWN: usize = 3;
    let names = result.collections().iter().filter_map(|collection| collection.metric()?.name());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    match names.len() {
        0 => "no metric".to_owned(),
        1..=MOST_SHOWN => visible(names.join(", ")),
        all => {
            let shown = names.into_iter().take(MOST_SHOWN).collect::<Vec<_>>().join(", ");
            format!("{} and {} more", visible(shown), all - MOST_SHOWN)
        }
    }
}

/// The row in words, for people who have to find it in the answer.
fn row_label(request: &Request, result: &MetricResultV2) -> String {
    let keys = request.groupings.iter().chain(request.filters.keys());
    let dimensions =
        keys.filter_map(|key| Some(format!("{} {}", key.key(), dimension_of(result, key)?)));
    let mut dimensions: Vec<_> = dimensions.collect();
    dimensions.sort();
    dimensions.dedup();
    let row = if dimensions.is_empty() {
        "the row without dimensions".to_owned()
    } else {
        format!("the row of {}", visible(dimensions.join(", ")))
    };
    match result.metric_interval().and_then(|interval| whole_second(interval.start_time())) {
        Some(start) => format!("{row} from {start}"),
        None => row,
    }
}

/// An instant to the second: the SDK reads it as a float, in which fractions are not exact.
fn whole_second(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time?.as_nanos()).ok()?.round(Unit::Second).ok()
}

/// The id that a row has for a dimension. Contacts that never reached an agent come grouped by agent with
/// no dimension at all.
fn dimension_of<'r>(result: &'r MetricResultV2, dimension: &Dimension) -> Option<&'r str> {
    let dimensions = result.dimensions()?;
    dimensions.get(dimension.key()).filter(|id| !id.is_empty()).map(String::as_str)
}

/// The requested metric that a collection answers.
///
/// An echo may carry less than the request, such as no threshold. Then it is matched by what it does carry,
/// if only one metric fits.
fn metric_answered<'q>(
    queries: &'q [Arc<MetricQuery>],
    collection: &MetricDataV2,
) -> Result<&'q Arc<MetricQuery>, String> {
    let Some(echo) = collection.metric() else {
        return Err("a figure came without its metric".to_owned());
    };
    let name = echo.name().unwrap_or_default();
    let named: Vec<_> = queries.iter().filter(|query| query.name == name).collect();
    if let Some(exact) = named.iter().find(|query| echoes_fully(query, echo)) {
        return Ok(exact);
    }
    let mut candidates = named.iter().filter(|query| echoes_in_part(query, echo));
    match (candidates.next(), candidates.next()) {
        (Some(query), None) => Ok(query),
        (None, _) => {
            let form = if named.is_empty() { "" } else { " in this form" };
            Err(format!("{}, which was not asked for{form}, came", visible(name.to_owned())))
        }
        (Some(_), Some(_)) => Err(format!("{name} came without what tells it from its like")),
    }
}

fn echoes_fully(query: &MetricQuery, echo: &MetricV2) -> bool {
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
/// A thing with its article: `a queue`, `an evaluation form`.
fn with_article(thing: &str) -> String {
    let article = if thing.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {thing}")
}
