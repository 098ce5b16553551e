//! Whatever is asked under whatever limits, the answer is that of one unlimited request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use connect_reports::definition::{
    Dimension, HierarchyLevel, MetricFilter, MetricQuery, Threshold,
};
use connect_reports::metric::{self, Comparison, Limits, METRICS, Metric};
use connect_reports::plan::{
    Absent, Figure, Query, Request, RequestAnswer, Row, Rows, SectionAnswer, SectionPlan,
    plan_requests,
};
use connect_reports::window::{Interval, LocalTime, Window, Zone};
use connect_simulator::{Centre, CentreKind};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

static CENTRES: LazyLock<Vec<Centre>> =
    LazyLock::new(|| (1..=3).map(|seed| Centre::new(CentreKind::Awkward, seed)).collect());

/// The centre's answer to a request.
fn executed(centre: &Centre, request: &Request) -> RequestAnswer {
    let metrics = request.metrics.iter().map(|metric| connect_simulator::MetricRequest {
        name: metric.name.clone(),
        threshold: metric.threshold.map(|t| (t.comparison, f64::from(t.seconds))),
        filters: metric
            .filters
            .iter()
            .map(|filter| connect_simulator::MetricFilter {
                key: filter.key.clone(),
                values: filter.values.clone(),
                negate: filter.negate,
            })
            .collect(),
    });
    let query = connect_simulator::Query {
        start: request.window.start(),
        end: request.window.end(),
        interval: match request.interval {
            None => connect_simulator::Interval::Total,
            Some(Interval::FifteenMinutes) => connect_simulator::Interval::FifteenMinutes,
            Some(Interval::ThirtyMinutes) => connect_simulator::Interval::ThirtyMinutes,
            Some(Interval::Hour) => connect_simulator::Interval::Hour,
            Some(Interval::Day) => connect_simulator::Interval::Day,
            Some(Interval::Week) => connect_simulator::Interval::Week,
        },
        time_zone: TimeZone::get(request.window.zone_name()).unwrap(),
        filters: request
            .filters
            .iter()
            .map(|(key, values)| (key.key().to_owned(), values.clone()))
            .collect(),
        groupings: request.groupings.iter().map(|key| key.key().to_owned()).collect(),
        metrics: metrics.collect(),
    };
    let metrics: Vec<_> = request.metrics.iter().cloned().map(Arc::new).collect();
    let mut rows = Rows::default();
    for row in centre.figures(&query) {
        let keys = request.groupings.iter();
        let group = keys.map(|key| row.dimensions.get(key.key()).map(|id| id.as_str().into()));
        let interval = request.interval.and_then(|_| request.window.part(row.start, row.end));
        let figures = metrics.iter().zip(&row.values).filter_map(|(metric, figure)| {
            let figure = match figure {
                connect_simulator::Figure::Number(value) => Figure::Value(*value),
                connect_simulator::Figure::Null => Figure::Absent(Absent::NotComputable),
                connect_simulator::Figure::Missing => return None,
            };
            Some((metric, figure))
        });
        rows.add_with(group.collect(), interval.map(Arc::new), figures);
    }
    RequestAnswer { rows, pages: 1 }
}

/// The answer that one request without any limit gives.
fn unlimited(centre: &Centre, query: &Query) -> RequestAnswer {
    executed(
        centre,
        &Request {
            instance: query.instance.clone(),
            window: query.window.clone(),
            interval: query.interval,
            groupings: query.groupings.clone(),
            filters: query.filters.clone(),
            metrics: query.metrics.clone(),
            weights: BTreeSet::new(),
        },
    )
}

/// The metrics that the simulator has: no others can be asked, not even to weight by.
static KNOWN: LazyLock<Vec<&str>> = LazyLock::new(|| {
    METRICS
        .iter()
        .map(|metric| metric.name)
        .filter(|name| connect_simulator::computes_metric(name))
        .collect()
});

/// Every metric that the simulator has, with a threshold where it needs one and perhaps a filter.
fn metrics_of_the_simulator() -> Vec<MetricQuery> {
    KNOWN.iter().filter_map(|name| metric::find_metric(name)).flat_map(forms).collect()
}

fn forms(metric: &Metric) -> Vec<MetricQuery> {
    let comparison = metric.thresholds().iter().find(|c| **c != Comparison::GreaterThan);
    let plain = MetricQuery {
        name: metric.name.to_owned(),
        threshold: comparison.map(|comparison| Threshold { comparison: *comparison, seconds: 30 }),
        filters: Vec::new(),
    };
    let filtered = metric.metric_filter("INITIATION_METHOD").map(|_| MetricQuery {
        filters: vec![MetricFilter {
            negate: metric.can_negate(),
            key: "INITIATION_METHOD".to_owned(),
            values: vec!["INBOUND".to_owned()],
        }],
        ..plain.clone()
    });
    std::iter::once(plain).chain(filtered).collect()
}

fn ids(centre: &Centre, key: &Dimension) -> Vec<String> {
    match key {
        Dimension::Queue => centre.standard_queues().map(|queue| queue.id.clone()).collect(),
        Dimension::RoutingProfile => {
            centre.routing_profiles().iter().map(|profile| profile.id.clone()).collect()
        }
        Dimension::Agent => centre.agents().iter().map(|agent| agent.id.clone()).collect(),
        Dimension::Hierarchy(level) => {
            let depth = HierarchyLevel::ALL.iter().position(|known| known == level).unwrap();
            let groups = centre.hierarchy().groups.iter().filter(|group| group.level == depth);
            groups.map(|group| group.id.clone()).collect()
        }
        _ => ["VOICE", "CHAT", "TASK", "EMAIL"].map(ToOwned::to_owned).to_vec(),
    }
}

const KEYS: [Dimension; 6] = [
    Dimension::Queue,
    Dimension::Channel,
    Dimension::RoutingProfile,
    Dimension::Agent,
    Dimension::Hierarchy(HierarchyLevel::One),
    Dimension::Hierarchy(HierarchyLevel::Two),
];

fn question() -> impl Strategy<Value = (usize, Query)> {
    let metrics = metrics_of_the_simulator();
    let filters = subsequence(KEYS.to_vec(), 1..=3);
    let groupings = subsequence(KEYS.to_vec(), 0..=2);
    let hours = select(vec![20_i64, 24, 60, 100, 200]);
    let interval = select(vec![
        None,
        None,
        None,
        Some(Interval::FifteenMinutes),
        Some(Interval::ThirtyMinutes),
        Some(Interval::Hour),
        Some(Interval::Day),
        Some(Interval::Week),
    ]);
    let count = metrics.len();
    (
        0..CENTRES.len(),
        filters,
        groupings,
        subsequence(metrics, 1..=count.min(12)),
        (hours, 0_i64..48, select(vec!["UTC", "America/New_York", "Asia/Kathmandu"])),
        interval,
        any::<u64>(),
    )
        .prop_map(|(centre, filters, groupings, metrics, (hours, start, zone), interval, seed)| {
            let zone = Zone::named(zone).unwrap();
            let at = |hours: i64| -> LocalTime {
                let start = jiff::civil::date(2026, 2, 23).at(0, 0, 0, 0);
                let time = start + SignedDuration::from_hours(hours);
                time.strftime("%Y-%m-%dT%H:%M").to_string().parse().unwrap()
            };
            let window = Window::between(at(start), at(start + hours), &zone).unwrap();
            let filters: BTreeMap<_, _> = filters
                .into_iter()
                .map(|key| {
                    let ids = ids(&CENTRES[centre], &key);
                    let take = 1 + usize::try_from(seed % 97).unwrap() * ids.len() / 97;
                    (key, ids.into_iter().take(take).collect::<Vec<_>>())
                })
                .collect();
            let takes = |metric: &MetricQuery| {
                let known = metric::find_metric(&metric.name).unwrap();
                groupings.iter().all(|key| known.groups_by(key.key()))
                    && filters.keys().all(|key| known.filters_by(key.key()))
            };
            let query = Query {
                instance: "arn:aws:connect:eu-west-2:123456789012:instance/i".parse().unwrap(),
                window,
                interval,
                metrics: metrics.into_iter().filter(takes).collect(),
                groupings,
                filters,
                has_totals: true,
                weights: BTreeSet::new(),
            };
            (centre, query)
        })
        .prop_filter("a question has a metric", |(_, query)| !query.metrics.is_empty())
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = (3_usize..12, 26_i64..60, any::<[bool; 2]>()).prop_map(
        |(values, hours, [count, first])| Limits {
            filter_values: values,
            channels_count: count,
            coarse_span: SignedDuration::from_hours(hours),
            fine_span: SignedDuration::from_hours(hours / 2),
            has_intervals: !first,
            comparisons: match first {
                true => Limits::FIRST_VERSION.comparisons,
                false => Limits::CURRENT.comparisons,
            },
            ..Limits::CURRENT
        },
    );
    let known = |limits| Limits { metrics: Some(KNOWN.as_slice()), ..limits };
    prop_oneof![4 => small, 1 => Just(Limits::CURRENT)].prop_map(known)
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// The merged answer has each figure that one answer has.
fn compare(
    what: &str,
    expected: Row<'_>,
    found: &dyn Fn(&MetricQuery) -> Option<Figure>,
    lost: &dyn Fn(&MetricQuery) -> bool,
) -> Result<(), TestCaseError> {
    for (metric, figure) in expected.figures() {
        let merged = found(metric);
        if merged == Some(Figure::Absent(Absent::NotAvailable)) {
            let of_hold = metric.name == "AVG_HOLD_TIME";
            prop_assert!(lost(metric) || of_hold, "{what}: {metric:?} could be had");
            continue;
        }
        let same = match (figure.value(), merged.and_then(Figure::value)) {
            (Some(a), Some(b)) => is_close(a, b),
            (None, None) => true,
            _ => false,
        };
        prop_assert!(same, "{what}: {metric:?} is {figure:?}, merged {merged:?}");
    }
    Ok(())
}

fn obeys(request: &Request, limits: &Limits) -> Result<(), TestCaseError> {
    let counted = request
        .filters
        .iter()
        .filter(|(key, _)| **key != Dimension::Channel || limits.channels_count);
    let values: usize = counted.map(|(_, values)| values.len()).sum();
    prop_assert!(values <= limits.filter_values, "{values} values");
    prop_assert!(request.filters.values().all(|values| !values.is_empty()));
    let fine = request.interval.is_some_and(Interval::is_fine);
    let span = request.window.end().duration_since(request.window.start());
    prop_assert!(span < limits.span(fine), "{span}");
    for asked in &request.metrics {
        let metric = metric::find_metric(&asked.name).unwrap();
        let keys: Vec<&str> = request.groupings.iter().map(Dimension::key).collect();
        let filters: Vec<&str> = request.filters.keys().map(Dimension::key).collect();
        let own: Vec<&str> = asked.filters.iter().map(|filter| filter.key.as_str()).collect();
        prop_assert!(metric.fits(&keys, &filters, &own), "{asked:?}");
    }
    Ok(())
}

/// A question's answer is that of one unlimited request, but for what is told not to be available.
fn is_exact(
    centre: &Centre,
    query: &Query,
    section: &SectionPlan,
    found: &SectionAnswer,
) -> Result<(), TestCaseError> {
    let lost = |total: bool| {
        move |metric: &MetricQuery| {
            section.not_available.iter().any(|lost| lost.total == total && lost.metric == *metric)
        }
    };
    let is_lost = |figure: Option<Figure>| figure == Some(Figure::Absent(Absent::NotAvailable));
    for told in &found.not_available {
        let in_rows = || found.rows.iter().any(|row| is_lost(row.get(&told.metric)));
        let total = found.totals.get(&told.metric).copied();
        let stands = if told.total { is_lost(total) } else { in_rows() };
        prop_assert!(stands, "{told:?} although it came");
    }
    let whole = unlimited(centre, &query.totals());
    prop_assert_eq!(whole.rows.is_empty(), found.is_quiet);
    if found.is_quiet {
        prop_assert!(!found.totals.values().any(|figure| is_lost(Some(*figure))), "{found:?}");
    }
    if let Some(row) = whole.rows.iter().next() {
        let known = found.totals.values().filter(|figure| figure.value().is_some()).count();
        prop_assert!(known <= row.figures().count());
        compare("total", row, &|metric| found.totals.get(metric).copied(), &lost(true))?;
    }
    if !query.has_rows() {
        return Ok(());
    }
    let mut rows: BTreeMap<_, _> = found.rows.iter().map(|row| (row.key(), row)).collect();
    for row in unlimited(centre, query).rows.iter() {
        let merged = rows.remove(&row.key());
        let found = |metric: &MetricQuery| merged?.get(metric);
        compare("row", row, &found, &lost(false))?;
    }
    // Rows of which only weights are known.
    let is_empty = |row: &Row<'_>| {
        row.figures().all(|(_, figure)| figure.value().is_none_or(|value| value == 0.0))
    };
    prop_assert!(rows.values().all(is_empty));
    Ok(())
}

/// Another question about the same: every second metric, and every second time its totals.
fn another(query: &Query) -> Query {
    let metrics = query.metrics.iter().step_by(2).cloned().collect();
    let other = Query { metrics, ..query.clone() };
    match query.metrics.len() % 2 {
        0 => other,
        _ => other.totals(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn merged_answers_are_those_of_one_unlimited_request(
        (centre, query) in question(), limits in limits()
    ) {
        let centre = &CENTRES[centre];
        // A request must take a whole interval at least.
        let longer = if query.interval == Some(Interval::Week) { 8 } else { 1 };
        let limits = Limits { coarse_span: limits.coarse_span * longer, ..limits };
        // Each interval is a request there, and each of those as many as its filters take.
        let intervals = query.interval.map_or(1, |interval| query.window.intervals(interval).len());
        prop_assume!(limits.has_intervals || intervals <= 24);
        let queries = [query.clone(), another(&query)];
        let plan = plan_requests(&queries, &limits);
        let mut asked = BTreeSet::new();
        for request in &plan.requests {
            obeys(request, &limits)?;
            prop_assert!(asked.insert(format!("{request:?}")), "asked twice: {request:?}");
        }
        let answers: Vec<_> = plan.requests.iter().map(|request| executed(centre, request)).collect();
        for (query, section) in queries.iter().zip(&plan.sections) {
            let found = section.answer(|index| answers.get(index)).unwrap();
            is_exact(centre, query, section, &found)?;
        }
    }
}
