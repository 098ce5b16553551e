//! One request of GetMetricDataV2 through all its pages.

mod rows;

use aws_sdk_connect::Client;
use aws_sdk_connect::operation::get_metric_data_v2::builders::GetMetricDataV2FluentBuilder;
use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{
    FilterV2, IntervalDetails, IntervalPeriod, MetricFilterV2, MetricV2, ThresholdV2,
};

use super::calls::{Calls, bad_response, required_member};
use crate::definition::MetricQuery;
use crate::error::{Error, Stage};
use crate::metric::limits::Limits;
use crate::pages::Pages;
use crate::plan::{Request, RequestAnswer};
use crate::rate_limit::RateKey;
use crate::window::Interval;

use rows::{GET_METRIC_DATA, RowReader};

/// The rows of the largest page (GetMetricDataV2, MaxResults).
const MAX_PAGE_ROWS: i32 = 100;

/// Reads the answer to a request through all its pages.
pub(super) async fn fetch_figures(
    calls: Calls<'_>,
    request: &Request,
) -> Result<RequestAnswer, Error> {
    let call = build_call(calls.client, request, calls.limits)?;
    let mut reader = RowReader::new(request);
    let mut pages = Pages::new(GET_METRIC_DATA, Stage::Query);
    let mut count = 0;
    loop {
        let key = RateKey::figures(calls.instance, GET_METRIC_DATA);
        // A call is some kilobytes, which the futures that await it would hold several times over.
        let page = calls.paced(key, GET_METRIC_DATA, || {
            Box::pin(call.clone().set_next_token(pages.next_token()).send())
        });
        let page = match page.await {
            Ok(page) => page,
            Err(unread) => {
                pages.begin_anew(unread)?;
                reader = RowReader::new(request);
                count = 0;
                continue;
            }
        };
        count += 1;
        // The token comes first, because a page that comes again has rows that came before.
        let has_next = pages.go_on(page.next_token())?;
        for result in required_member(GET_METRIC_DATA, "MetricResults", page.metric_results)? {
            reader.read_row(&result)?;
        }
        if !has_next {
            return Ok(RequestAnswer { rows: reader.rows(), pages: count });
        }
    }
}

/// The call without its page; every page must repeat it to the letter.
fn build_call(
    client: &Client,
    request: &Request,
    limits: &Limits,
) -> Result<GetMetricDataV2FluentBuilder, Error> {
    // Without an interval the rows of ungrouped requests lose their shape.
    let interval = IntervalDetails::builder()
        .time_zone(request.window.zone_name())
        .interval_period(interval_period(request.interval))
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
        .start_time(border_of(request.window.start())?)
        .end_time(border_of(request.window.end())?)
        .set_interval(Some(interval).filter(|_| limits.has_intervals))
        .set_filters(Some(filters.collect()))
        .set_groupings(Some(groupings).filter(|groupings| !groupings.is_empty()))
        .set_metrics(Some(request.metrics.iter().map(metric_request).collect()))
        .max_results(MAX_PAGE_ROWS))
}

/// A border of the window as the SDK has times.
fn border_of(time: jiff::Timestamp) -> Result<DateTime, Error> {
    let problem = "the window is out of the range that the service takes";
    DateTime::from_nanos(time.as_nanosecond()).map_err(|_| bad_response(GET_METRIC_DATA, problem))
}

fn interval_period(interval: Option<Interval>) -> IntervalPeriod {
    match interval {
        None => IntervalPeriod::Total,
        Some(Interval::FifteenMinutes) => IntervalPeriod::FifteenMin,
        Some(Interval::ThirtyMinutes) => IntervalPeriod::ThirtyMin,
        Some(Interval::Hour) => IntervalPeriod::Hour,
        Some(Interval::Day) => IntervalPeriod::Day,
        Some(Interval::Week) => IntervalPeriod::Week,
    }
}

fn metric_request(query: &MetricQuery) -> MetricV2 {
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
