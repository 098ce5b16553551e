use connect_metrics::Comparison;

use super::*;
use crate::centre::CentreKind;
use crate::centre::{Interval, MetricFilter};

mod parts;

/// A Monday, a Tuesday and the night between.
const START: &str = "2026-03-02T00:00:00Z";
const END: &str = "2026-03-04T00:00:00Z";

fn query(metrics: &[&str], groupings: &[&str]) -> Query {
    let metrics = metrics.iter().map(|name| MetricRequest::plain(name));
    let mut query = Query::total(START.parse().unwrap(), END.parse().unwrap(), metrics.collect());
    query.groupings = groupings.iter().map(|key| (*key).to_owned()).collect();
    query
}

fn number(figure: Figure) -> f64 {
    match figure {
        Figure::Number(number) => number,
        Figure::Null | Figure::Missing => 0.0,
    }
}

fn near(left: f64, right: f64) {
    let tolerance = 1e-9 * left.abs().max(1.0);
    assert!((left - right).abs() < tolerance, "{left} is not {right}");
}

const GROUPINGS: [&[&str]; 8] = [
    &["QUEUE"],
    &["CHANNEL"],
    &["ROUTING_PROFILE"],
    &["AGENT"],
    &["QUEUE", "CHANNEL"],
    &["QUEUE", "CHANNEL", "ROUTING_PROFILE", "AGENT"],
    &["AGENT_HIERARCHY_LEVEL_ONE", "AGENT_HIERARCHY_LEVEL_TWO"],
    &["AGENT_HIERARCHY_LEVEL_THREE", "CHANNEL"],
];

#[test]
fn counts_add_up_over_any_grouping_and_interval() {
    const COUNTS: [&str; 10] = [
        "CONTACTS_CREATED",
        "CONTACTS_QUEUED",
        "CONTACTS_HANDLED",
        "CONTACTS_ABANDONED",
        "CONTACTS_HOLD_ABANDONS",
        "CONTACTS_TRANSFERRED_OUT",
        "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE",
        "SUM_CONTACTS_DISCONNECTED",
        "SUM_RETRY_CALLBACK_ATTEMPTS",
        "AGENT_NON_RESPONSE",
    ];
    let centre = Centre::new(CentreKind::Awkward, 7);
    let total = &centre.figures(&query(&COUNTS, &[]))[0];
    for groupings in GROUPINGS {
        for interval in Interval::ALL {
            let mut query = query(&COUNTS, groupings);
            query.interval = *interval;
            let rows = centre.figures(&query);
            for (index, whole) in total.values.iter().enumerate() {
                let sum: f64 = rows.iter().map(|row| number(row.values[index])).sum();
                assert!(sum > 0.0, "{} never happens", COUNTS[index]);
                near(sum, number(*whole));
            }
        }
    }
}

#[test]
fn totals_follow_from_raw_contacts() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let contacts = centre.contacts(START.parse().unwrap(), END.parse().unwrap());
    let mut query = query(&["CONTACTS_ABANDONED", "AVG_HANDLE_TIME", "MAX_QUEUED_TIME"], &[]);
    let level = MetricRequest::within("SERVICE_LEVEL", Comparison::LessThan, 20.0);
    query.metrics.push(level);
    let values = &centre.figures(&query)[0].values;

    let mut abandoned = 0;
    let mut handled = Vec::new();
    let mut waits = Vec::new();
    let mut within = 0;
    for contact in &contacts {
        if let Some(handling) = contact.handling {
            let hold = handling.hold.unwrap_or(0);
            handled.push(handling.interaction + hold + handling.after_work);
        }
        if let Some(waiting) = contact.waiting {
            waits.push(waiting.duration);
            abandoned += usize::from(contact.handling.is_none() && !contact.continued);
            let moved = contact.transferred && contact.handling.is_none();
            within += usize::from(!moved && waiting.duration < 20_000);
        }
    }
    near(number(values[0]), abandoned as f64);
    let handle_time: i64 = handled.iter().sum();
    near(number(values[1]), handle_time as f64 / handled.len() as f64 / 1_000.0);
    near(number(values[2]), *waits.iter().max().unwrap() as f64 / 1_000.0);
    near(number(values[3]), 100.0 * within as f64 / waits.len() as f64);
}

#[test]
fn weighted_averages_of_groups_make_the_average_of_all() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = ["AVG_INTERACTION_TIME", "CONTACTS_HANDLED"];
    let total = number(centre.figures(&query(&metrics, &[]))[0].values[0]);
    for groupings in GROUPINGS {
        let rows = centre.figures(&query(&metrics, groupings));
        let weighted = rows.iter().map(|row| {
            let weight = number(row.values[1]);
            (number(row.values[0]) * weight, weight)
        });
        let (sum, weight) = weighted.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        near(sum / weight, total);
    }
}

#[test]
fn maxima_and_service_levels_merge() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let mut asked = query(&["MAX_QUEUED_TIME", "CONTACTS_QUEUED"], &[]);
    let level = MetricRequest::within("SERVICE_LEVEL", Comparison::LessThanOrEqual, 30.0);
    asked.metrics.push(level);
    let total = centre.figures(&asked)[0].values.clone();
    asked.groupings = vec!["QUEUE".to_owned()];
    let rows = centre.figures(&asked);
    let maxima = rows.iter().map(|row| number(row.values[0]));
    near(maxima.fold(0.0, f64::max), number(total[0]));
    let met: f64 = rows.iter().map(|row| number(row.values[1]) * number(row.values[2])).sum();
    near(met / number(total[1]), number(total[2]));
}

#[test]
fn agents_time_adds_up_over_agents_and_time_and_counts_once_ungrouped() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = ["AGENT_SCHEDULED_TIME", "AGENT_ADHERENT_TIME"];
    let total = centre.figures(&query(&metrics, &[]))[0].values.clone();
    for interval in [Interval::Total, Interval::FifteenMinutes, Interval::Day] {
        let mut query = query(&metrics, &["AGENT"]);
        query.interval = interval;
        let rows = centre.figures(&query);
        for (index, whole) in total.iter().enumerate() {
            near(rows.iter().map(|row| number(row.values[index])).sum(), number(*whole));
        }
    }
    let by_queue = centre.figures(&query(&metrics, &["QUEUE"]));
    let sum: f64 = by_queue.iter().map(|row| number(row.values[0])).sum();
    assert!(sum > number(total[0]) * 1.5);
    assert!(number(total[1]) < number(total[0]));
}

#[test]
fn contacts_without_agent_have_a_row_of_their_own() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = ["CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AGENT_NON_RESPONSE"];
    let rows = centre.figures(&query(&metrics, &["AGENT"]));
    let (nobody, agents): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.dimensions.is_empty());
    let [nobody] = nobody.as_slice() else {
        panic!("{nobody:?}");
    };
    assert_eq!(nobody.values[0], Figure::Number(0.0));
    assert!(number(nobody.values[1]) > 10.0);
    assert_eq!(nobody.values[2], Figure::Missing);
    assert!(agents.iter().all(|row| row.dimensions.contains_key("AGENT")));
}

#[test]
fn groups_without_data_have_missing_null_or_no_figures() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let id = |name: &str| {
        let mut queues = centre.standard_queues();
        queues.find(|queue| queue.name == name).unwrap().id.clone()
    };
    // Agents are there, contacts are not.
    let metrics = ["MAX_QUEUED_TIME", "AGENT_SCHEDULED_TIME"];
    let mut quiet = query(&metrics, &["QUEUE"]);
    quiet.interval = Interval::Day;
    quiet.filters =
        BTreeMap::from([("QUEUE".to_owned(), vec![id("Complaints (board)"), id("Loans")])]);
    quiet.start = "2026-03-01T00:00:00Z".parse().unwrap();
    quiet.end = "2026-03-14T00:00:00Z".parse().unwrap();
    let rows = centre.figures(&quiet);
    assert!(rows.iter().any(|row| row.values[0] == Figure::Missing));
    assert!(rows.iter().any(|row| row.values[0] != Figure::Missing));
    // Nothing at all ever happens with loans.
    let loans = id("Loans");
    assert!(rows.iter().all(|row| row.dimensions["QUEUE"] != loans));
    // A contact without an agent has no handle time.
    let rows = centre.figures(&query(&["AVG_HANDLE_TIME"], &["AGENT"]));
    let nobody = rows.iter().find(|row| row.dimensions.is_empty()).unwrap();
    assert_eq!(nobody.values, [Figure::Null]);
}

#[test]
fn filters_select_the_groups_that_groupings_show() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = ["CONTACTS_QUEUED", "CONTACTS_HANDLED", "AGENT_NON_RESPONSE"];
    for row in centre.figures(&query(&metrics, &["QUEUE", "CHANNEL"])) {
        if row.dimensions.len() < 2 {
            continue;
        }
        let mut one = query(&metrics, &[]);
        let filter = |(key, id): (&String, &String)| (key.clone(), vec![id.clone()]);
        one.filters = row.dimensions.iter().map(filter).collect();
        let same = centre.figures(&one);
        assert_eq!(same[0].values, row.values);
    }
    let mut unknown = query(&metrics, &[]);
    unknown.filters = BTreeMap::from([("FEATURE".to_owned(), vec!["x".to_owned()])]);
    assert!(centre.figures(&unknown).is_empty());
}

#[test]
fn metric_filters_split_a_count() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let filtered = |negate| MetricRequest {
        filters: vec![MetricFilter {
            key: "INITIATION_METHOD".to_owned(),
            values: vec!["INBOUND".to_owned(), "API".to_owned()],
            negate,
        }],
        ..MetricRequest::plain("CONTACTS_CREATED")
    };
    let mut query = query(&["CONTACTS_CREATED"], &["QUEUE"]);
    query.metrics.extend([filtered(false), filtered(true)]);
    for row in centre.figures(&query) {
        let [all, kept, rest] = row.values.as_slice() else {
            panic!("{row:?}");
        };
        near(number(*all), number(*kept) + number(*rest));
    }
}

#[test]
fn thresholds_count_up_to_all() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let mut query = query(&["CONTACTS_ABANDONED", "AVG_QUEUE_ANSWER_TIME"], &[]);
    for name in ["SUM_CONTACTS_ABANDONED_IN_X", "SUM_CONTACTS_ANSWERED_IN_X"] {
        for seconds in [5.0, 60.0, 604_800.0] {
            let comparison = Comparison::LessThanOrEqual;
            let metric = MetricRequest::within(name, comparison, seconds);
            query.metrics.push(metric);
        }
    }
    let values = &centre.figures(&query)[0].values;
    near(number(values[4]), number(values[0]));
    for pair in [2..5, 5..8] {
        assert!(values[pair].is_sorted_by(|a, b| number(*a) < number(*b)));
    }
}

#[test]
fn agents_are_not_in_two_places_at_once() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let days = centre.days_around(START.parse().unwrap(), END.parse().unwrap());
    for day in days.iter().flat_map(|day| &day.agents) {
        let mut spans: Vec<TimeSpan> = day.idle.iter().chain(&day.on_contact).copied().collect();
        spans.sort_by_key(|span| (span.start, span.end));
        for pair in spans.windows(2) {
            assert!(pair[0].end <= pair[1].start, "{pair:?}");
        }
    }
}
