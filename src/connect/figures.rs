//! One request of GetMetricDataV2 through all its pages.

mod rows;

use aws_sdk_connect::Client;
use aws_sdk_connect::primitives::DateTime;
use aws_sdk_connect::types::{
    FilterV2, IntervalDetails, IntervalPeriod, MetricFilterV2, MetricV2, ThresholdV2,
};

use super::calls::{Calls, bad, there};
use crate::definition::MetricQuery;
use crate::error::{Error, Stage};
use crate::metric::limits::Limits;
use crate::pages::Pages;
use crate::plan::{Request, RequestAnswer};
use crate::rate_limit::Key;
use crate::window::Interval;

use rows::{OPERATION, Reading};

/// The largest page (GetMetricDataV2, MaxResults).
const PAGE: i32 = 100;

pub(super) async fn fetch(calls: Calls<'_>, request: &Request) -> Result<RequestAnswer, Error> {
    let call = call(calls.client, request, calls.limits)?;
    let mut reading = Reading::new(request);
    let mut pages = Pages::new(OPERATION, Stage::Query);
    let mut count = 0;
    loop {
        let key = Key::figures(calls.instance, OPERATION);
        // A call is some kilobytes, which what awaits it would have several times over.
        let page = || Box::pin(call.clone().set_next_token(pages.token()).send());
        let page = match calls.paced(key, OPERATION, page).await {
            Ok(page) => page,
            Err(unread) => {
                pages.begin_anew(unread)?;
                (reading, count) = (Reading::new(request), 0);
                continue;
            }
        };
        count += 1;
        // First, because a page that comes again has rows that came before.
        let has_next = pages.go_on(page.next_token())?;
        for result in there(OPERATION, "MetricResults", page.metric_results)? {
            reading.read(&result)?;
        }
        if !has_next {
            return Ok(RequestAnswer { rows: reading.rows(), pages: count });
        }
    }
}

type Call = aws_sdk_connect::operation::get_metric_data_v2::builders::GetMetricDataV2FluentBuilder;

/// The call without its page; every page must repeat it to the letter.
fn call(client: &Client, request: &Request, limits: &Limits) -> Result<Call, Error> {
    let seconds = |time: jiff::Timestamp| DateTime::from_nanos(time.as_nanosecond());
    let out_of_range = |_| bad(OPERATION, "the window is out of the range that the service takes");
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
