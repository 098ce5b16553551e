//! One request of GetMetricDataV2 through all its pages, its rows matched by what they echo.
//!
//! The service keeps less order than its reference says: a row may lack metrics, dimensions or its
//! interval, and the order of metrics in a row is nowhere promised. So nothing here goes by
//! position.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_connect::Client;
use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{
    FilterV2, IntervalDetails, IntervalPeriod, MetricDataV2, MetricFilterV2, MetricResultV2,
    MetricV2, ThresholdV2,
};

use jiff::Timestamp;

use super::{Calls, Key, next_page};
use crate::definition::{Dimension, Interval, MetricFilter, MetricQuery};
use crate::error::{Code, Error, Stage};
use crate::metric::limits::Limits;
use crate::plan::{Absent, Answer, Figure, Figures, Request, Row};
use crate::window::Window;

const OPERATION: &str = "connect:GetMetricDataV2";

/// The largest page (GetMetricDataV2, MaxResults).
const PAGE: i32 = 100;

pub(super) async fn fetch(calls: Calls<'_>, request: &Request) -> Result<Answer, Error> {
    let call = call(&calls.connect.client, request, &calls.connect.limits)?;
    let metrics: Vec<_> = request.metrics.iter().cloned().map(Arc::new).collect();
    // Of weeks only: which part of the first and last one is told is not documented.
    let exact = request.interval.filter(|interval| *interval != Interval::Week);
    let pieces = exact.map_or_else(Vec::new, |interval| request.window.intervals(interval));
    let mut answer = Answer::default();
    let mut groups = BTreeSet::new();
    let (mut seen, mut token) = (BTreeSet::new(), None);
    loop {
        let key = Key::figures(calls.instance, OPERATION);
        let page = || call.clone().set_next_token(token.clone()).send();
        let page = calls.paced(key, OPERATION, page).await?;
        answer.pages += 1;
        for result in page.metric_results() {
            let row = read_row(request, (&metrics, &pieces), result)?;
            let start = row.interval.as_ref().map(Window::start);
            if !groups.insert((start, row.dimensions.clone())) {
                return Err(bad("the same row came twice"));
            }
            answer.rows.push(row);
        }
        token = next_page(OPERATION, &mut seen, page.next_token())?;
        if token.is_none() {
            return Ok(answer);
        }
    }
}

type Call = aws_sdk_connect::operation::get_metric_data_v2::builders::GetMetricDataV2FluentBuilder;

/// The call without its page; every page must repeat it to the letter.
fn call(client: &Client, request: &Request, limits: &Limits) -> Result<Call, Error> {
    let seconds = |time: jiff::Timestamp| DateTime::from_nanos(time.as_nanosecond());
    let out_of_range = |_| bad("the window is out of the range that the service takes");
    // Without an interval the rows of ungrouped requests lose their shape.
    let interval = IntervalDetails::builder()
        .time_zone(request.window.zone_name())
        .interval_period(period(request.interval))
        .build();
    let filters = request.filters.iter().map(|(dimension, values)| {
        FilterV2::builder()
            .filter_key(dimension.key())
            .set_filter_values(Some(values.clone()))
            .build()
    });
    let groupings: Vec<_> = request.groupings.iter().map(|d| d.key().to_owned()).collect();
    Ok(client
        .get_metric_data_v2()
        .resource_arn(request.instance.as_str())
        .start_time(seconds(request.window.start()).map_err(out_of_range)?)
        .end_time(seconds(request.window.end()).map_err(out_of_range)?)
        .set_interval(Some(interval).filter(|_| limits.has_intervals))
        .set_filters(Some(filters.collect()))
        .set_groupings(Some(groupings).filter(|groupings| !groupings.is_empty()))
        .set_metrics(Some(request.metrics.iter().map(metric).collect()))
        .max_results(PAGE))
}

fn period(interval: Option<Interval>) -> IntervalPeriod {
    match interval {
        None => IntervalPeriod::Total,
        Some(Interval::FifteenMinutes) => IntervalPeriod::FifteenMin,
        Some(Interval::ThirtyMinutes) => IntervalPeriod::ThirtyMin,
        Some(Interval::Hour) => IntervalPeriod::Hour,
        Some(Interval::Day) => IntervalPeriod::Day,
        Some(Interval::Week) => IntervalPeriod::Week,
    }
}

fn metric(query: &MetricQuery) -> MetricV2 {
    let threshold = query.threshold.map(|threshold| {
        ThresholdV2::builder()
            .comparison(threshold.comparison.as_str())
            .threshold_value(f64::from(threshold.seconds))
            .build()
    });
    let filters = query.filters.iter().map(|filter| {
        MetricFilterV2::builder()
            .metric_filter_key(&filter.key)
            .set_metric_filter_values(Some(filter.values.clone()))
            .negate(filter.negate)
            .build()
    });
    MetricV2::builder()
        .name(&query.name)
        .set_threshold(threshold.map(|threshold| vec![threshold]))
        .set_metric_filters(Some(filters.collect::<Vec<_>>()).filter(|filters| !filters.is_empty()))
        .build()
}

fn read_row(
    request: &Request,
    (metrics, pieces): (&[Arc<MetricQuery>], &[Window]),
    result: &MetricResultV2,
) -> Result<Row, Error> {
    let dimensions: Vec<_> =
        request.groupings.iter().map(|dimension| dimension_of(result, dimension)).collect();
    check_filtered(request, &dimensions)?;
    let mut figures = Figures::default();
    for collection in result.collections() {
        let query = requested(metrics, collection)?;
        let figure = figure(query, collection.value())?;
        let twice = |_| bad(format!("{} came twice in one row", query.name));
        figures.add(query, figure).map_err(twice)?;
    }
    let interval = interval_of(request, pieces, result)?.filter(|_| request.interval.is_some());
    match interval.is_some() == request.interval.is_some() {
        true => Ok(Row { dimensions, interval, figures }),
        false => Err(bad("a row came without its interval")),
    }
}

/// What rows are grouped by and filtered by comes with a value of the filter, or with none.
fn check_filtered(request: &Request, dimensions: &[Option<String>]) -> Result<(), Error> {
    let stray = request.groupings.iter().zip(dimensions).find(|(key, id)| {
        let filter = request.filters.get(key);
        filter.zip(id.as_ref()).is_some_and(|(values, id)| !values.contains(id))
    });
    match stray {
        None => Ok(()),
        Some((key, _)) => {
            let what = key.title().to_lowercase();
            Err(bad(format!("a row is of a {what} that was not asked for")))
        }
    }
}

/// The interval that a row says it is of, if it says so; it has to lie in the window.
fn interval_of(
    request: &Request,
    pieces: &[Window],
    result: &MetricResultV2,
) -> Result<Option<Window>, Error> {
    let Some(interval) = result.metric_interval() else {
        return Ok(None);
    };
    let instant = |time: Option<&DateTime>| {
        let nanoseconds = time.map(DateTime::as_nanos)?;
        Timestamp::from_nanosecond(nanoseconds).ok()
    };
    let (start, end) = (instant(interval.start_time()), instant(interval.end_time()));
    let of_window = start.zip(end).and_then(|(start, end)| request.window.part(start, end));
    let of_interval = of_window.filter(|window| pieces.is_empty() || pieces.contains(window));
    let stray =
        || bad("a row's interval does not lie in the window, or is none of those asked for");
    of_interval.map(Some).ok_or_else(stray)
}

/// Contacts that never reached an agent come grouped by agent with no dimension at all.
fn dimension_of(result: &MetricResultV2, dimension: &Dimension) -> Option<String> {
    let dimensions = result.dimensions()?;
    dimensions.get(dimension.key()).filter(|id| !id.is_empty()).cloned()
}

/// Which of the requested metrics a collection answers.
///
/// Where the echo carries less than was asked, such as a threshold that is left out, it is matched
/// by what it does carry, if only one metric fits.
fn requested<'q>(
    queries: &'q [Arc<MetricQuery>],
    collection: &MetricDataV2,
) -> Result<&'q Arc<MetricQuery>, Error> {
    let Some(echo) = collection.metric() else {
        return Err(bad("a figure came without its metric"));
    };
    let name = echo.name().unwrap_or_default();
    let named = || queries.iter().filter(|query| query.name == name);
    if let Some(exact) = named().find(|query| echoes(query, echo)) {
        return Ok(exact);
    }
    let mut candidates = named().filter(|query| echoes_in_part(query, echo));
    match (candidates.next(), candidates.next()) {
        (Some(query), None) => Ok(query),
        (None, _) => Err(bad(format!("{name} came, which was not asked for in this form"))),
        (Some(_), Some(_)) => Err(bad(format!("{name} came without what tells it from its like"))),
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

fn figure(query: &MetricQuery, value: Option<f64>) -> Result<Figure, Error> {
    match value {
        None => Ok(Figure::Absent(Absent::NotComputable)),
        Some(value) if value.is_finite() && value >= 0.0 => Ok(Figure::Value(value)),
        Some(_) => Err(bad(format!("{} came with a figure that can't be", query.name))),
    }
}

fn bad(problem: impl std::fmt::Display) -> Error {
    let message = format!("the answer to {OPERATION} can't be trusted: {problem}");
    Error::new(Code::BadResponse, Stage::Query, message).retryable()
}
