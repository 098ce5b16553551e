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
use jiff::{Timestamp, Unit};

use crate::connect::calls::bad;
use crate::definition::{Dimension, MetricFilter, MetricQuery, visible};
use crate::error::Error;
use crate::plan::{Absent, Figure, Group, Request, Rows};
use crate::window::Window;

/// The operation that answers with figures, as IAM names it.
pub(super) const OPERATION: &str = "connect:GetMetricDataV2";

/// The rows of one request as they are read, over all its pages.
pub(super) struct Reading<'r> {
    request: &'r Request,
    metrics: Vec<Arc<MetricQuery>>,
    /// The intervals by the clock, by when they begin: one for totals.
    pieces: BTreeMap<Timestamp, Window>,
    /// The intervals that rows were of so far. How the service lays them out is not documented where
    /// the span does not begin on one, nor for weeks at all; so they are taken as they come.
    told: BTreeMap<Timestamp, Arc<Window>>,
    /// Every group that has come, which its rows share, and when the intervals of these begin.
    groups: BTreeMap<Group, BTreeSet<Option<Timestamp>>>,
    rows: Rows,
}

impl<'r> Reading<'r> {
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
            told: BTreeMap::new(),
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
        let of_row =
            |problem: String| bad(OPERATION, format!("{problem} in {}", place(request, result)));
        // A row that is refused as a whole leaves all of its metrics without a figure.
        let of_all = |problem: &str| {
            let place = place(request, result);
            let metrics = metrics_of(result);
            bad(OPERATION, format!("{problem} in {place}, with {metrics}"))
        };
        let group = self.members(result).map_err(|problem| of_all(&problem))?;
        let interval = self.interval(result).map_err(of_all)?;
        let start = interval.as_deref().map(Window::start);
        let (dimensions, is_new) = self.group(group, start);
        if !is_new {
            return Err(bad(
                OPERATION,
                format!("{} came twice, with {}", place(request, result), metrics_of(result)),
            ));
        }
        // Without a list of figures it would be a row without data.
        let Some(collections) = &result.collections else {
            return Err(of_row("Collections is missing".to_owned()));
        };
        let row = self.rows.add(dimensions, interval);
        for collection in collections {
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

    /// The members of a row, by the keys that were grouped by. Each has to be among what was
    /// filtered by. One that was to be told by such a key and does not have it would leave another
    /// without its figures.
    fn members(&self, result: &MetricResultV2) -> Result<Group, String> {
        let request = self.request;
        for key in request.filters.keys() {
            let what = || key.title().to_lowercase();
            match self.member(result, key) {
                Member::Foreign => {
                    return Err(format!("{} that was not asked for came", one(&what())));
                }
                Member::None
                    if request.groupings.contains(key) && !self.may_be_of_nobody(result) =>
                {
                    return Err(format!("the {} is missing", what()));
                }
                Member::None | Member::Of(_) => {}
            }
        }
        let member = |key: &Dimension| match self.member(result, key) {
            Member::Of(id) => Some(Arc::from(id)),
            Member::None | Member::Foreign => None,
        };
        Ok(request.groupings.iter().map(member).collect())
    }

    /// The member of a row by one key, as it was asked for.
    fn member<'a>(&'a self, result: &'a MetricResultV2, key: &Dimension) -> Member<'a> {
        let told = dimension_of(result, key);
        let asked = self.request.filters.get(key);
        let is_as_asked = |id: &str| asked.is_none_or(|asked| asked.iter().any(|one| one == id));
        if let Some(id) = told.filter(|id| is_as_asked(id)) {
            return Member::Of(id);
        }
        let told: Vec<&str> = told.into_iter().chain(beside(result, key)).collect();
        let Some(first) = told.first() else { return Member::None };
        let Some(asked) = asked else { return Member::Of(first) };
        let is_told = |asked: &&String| told.iter().any(|told| is_same(asked, told));
        asked.iter().find(is_told).map_or(Member::Foreign, |asked| Member::Of(asked))
    }

    /// Contacts that never reached an agent have none, and then nothing at all tells what they are of;
    /// so it may be with others that lack what no filter asks for.
    fn may_be_of_nobody(&self, result: &MetricResultV2) -> bool {
        let may_lack = |key: &Dimension| {
            let is_of_every_contact = matches!(key, Dimension::Queue | Dimension::Channel);
            !is_of_every_contact && !self.request.filters.contains_key(key)
        };
        let has_none = result.dimensions().is_none_or(|dimensions| dimensions.is_empty());
        has_none && self.request.groupings.iter().any(may_lack)
    }

    /// The interval that a row is of, where some were asked for.
    fn interval(&mut self, result: &MetricResultV2) -> Result<Option<Arc<Window>>, &'static str> {
        let Some(told) = result.metric_interval() else {
            return match self.request.interval {
                None => Ok(None),
                Some(_) => Err("the interval is missing"),
            };
        };
        let found = match (instant(told.start_time()), instant(told.end_time())) {
            (Some(start), Some(end)) => self.told(start, end),
            _ => None,
        };
        match found {
            Some(window) => Ok(Some(window).filter(|_| self.request.interval.is_some())),
            None => Err("an interval that was not asked for came"),
        }
    }

    /// The span as the rows share it, if it can be an interval beside those of the other rows.
    fn told(&mut self, start: Timestamp, end: Timestamp) -> Option<Arc<Window>> {
        if let Some(known) = self.told.get(&start) {
            return (known.end() == end).then(|| Arc::clone(known));
        }
        let window = &self.request.window;
        let by_clock = self.pieces.get(&start).filter(|piece| piece.end() == end).cloned();
        let otherwise = || {
            let interval = self.request.interval?;
            window.part(start, end).filter(|part| window.may_have_interval(part, interval))
        };
        let span = by_clock.or_else(otherwise)?;
        let before = self.told.range(..start).next_back();
        let after = self.told.range(start..).next();
        let is_apart = before.is_none_or(|(_, before)| before.end() <= start)
            && after.is_none_or(|(after, _)| end <= *after);
        let span = is_apart.then(|| Arc::new(span))?;
        self.told.insert(start, Arc::clone(&span));
        Some(span)
    }
}

/// The member of a row by one key.
enum Member<'a> {
    /// This, by its id or its ARN, whichever was asked for.
    Of(&'a str),
    /// It does not say.
    None,
    /// One that was not asked for.
    Foreign,
}

/// The names that a row has for a key beside its own: ids come with their ARNs under `<KEY>_ARN`, and of keys whose
/// values are ARNs themselves nobody has seen an answer.
fn beside<'r>(result: &'r MetricResultV2, key: &Dimension) -> impl Iterator<Item = &'r str> {
    let names =
        [Some(format!("{}_ARN", key.key())), key.key().strip_suffix("_ARN").map(Into::into)];
    let told = |name: String| result.dimensions()?.get(&name).map(String::as_str);
    names.into_iter().flatten().filter_map(told).filter(|told| !told.is_empty())
}

/// True where an id or ARN names the same as another.
fn is_same(one: &str, other: &str) -> bool {
    match (id_of(one), id_of(other)) {
        (Some(id), None) => id == other,
        (None, Some(id)) => id == one,
        _ => one == other,
    }
}

/// The id in an ARN: its last part.
fn id_of(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|_| arn.starts_with("arn:"))
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

/// The metrics of a row, the first of them by name.
fn metrics_of(result: &MetricResultV2) -> String {
    const SHOWN: usize = 3;
    let names = result.collections().iter().filter_map(|collection| collection.metric()?.name());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    match names.len() {
        0 => "no metric".to_owned(),
        1..=SHOWN => visible(names.join(", ")),
        all => {
            let shown = names.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            format!("{} and {} more", visible(shown), all - SHOWN)
        }
    }
}

/// Which row of the answer it is, for who has to find it.
fn place(request: &Request, result: &MetricResultV2) -> String {
    let keys = request.groupings.iter().chain(request.filters.keys());
    let of_key = |key: &Dimension| Some(format!("{} {}", key.key(), dimension_of(result, key)?));
    let mut dimensions: Vec<_> = keys.filter_map(of_key).collect();
    dimensions.sort();
    dimensions.dedup();
    let of = if dimensions.is_empty() {
        "the row without dimensions".to_owned()
    } else {
        format!("the row of {}", visible(dimensions.join(", ")))
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
/// A thing with its article: `a queue`, `an evaluation form`.
fn one(thing: &str) -> String {
    let article = if thing.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {thing}")
}
