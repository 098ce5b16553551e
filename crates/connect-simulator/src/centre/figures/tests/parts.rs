//! Figures of parts, of which those of the whole are made.

use super::*;
use crate::centre::CentreKind;

#[test]
fn sums_are_averages_times_counts() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    const SUMS: [(&str, &str, &str); 4] = [
        ("SUM_HANDLE_TIME", "AVG_HANDLE_TIME", "CONTACTS_HANDLED"),
        ("SUM_AFTER_CONTACT_WORK_TIME", "AVG_AFTER_CONTACT_WORK_TIME", "CONTACTS_HANDLED"),
        ("SUM_INTERACTION_TIME", "AVG_INTERACTION_TIME", "CONTACTS_HANDLED"),
        ("SUM_INTERACTION_AND_HOLD_TIME", "AVG_INTERACTION_AND_HOLD_TIME", "CONTACTS_HANDLED"),
    ];
    for groupings in GROUPINGS {
        for (sum, mean, count) in SUMS {
            for row in centre.figures(&query(&[sum, mean, count], groupings)) {
                near(number(row.values[0]), number(row.values[1]) * number(row.values[2]));
            }
        }
        // There is no count of the records with a hold time, but it is a whole number.
        for row in centre.figures(&query(&["SUM_HOLD_TIME", "AVG_HOLD_TIME"], groupings)) {
            if let Figure::Number(mean) = row.values[1]
                && mean > 0.0
            {
                let count = number(row.values[0]) / mean;
                assert!((count - count.round()).abs() < 1e-6, "{count}");
            }
        }
    }
}

#[test]
fn rates_are_ratios_of_their_parts() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let within = |name| MetricRequest::within(name, Comparison::LessThanOrEqual, 30.0);
    for groupings in GROUPINGS {
        let mut asked = query(
            &["ABANDONMENT_RATE", "CONTACTS_ABANDONED", "CONTACTS_QUEUED", "AVG_CONTACT_DURATION"],
            groupings,
        );
        asked.metrics.extend([within("SERVICE_LEVEL"), within("CONTACTS_REMOVED_FROM_QUEUE_IN_X")]);
        for row in centre.figures(&asked) {
            let [rate, abandoned, queued, _, level, removed] = row.values.as_slice() else {
                panic!("{row:?}");
            };
            near(number(*rate) * number(*queued), 100.0 * number(*abandoned));
            near(number(*level) * number(*queued), 100.0 * number(*removed));
        }
        let parts = ["AGENT_OCCUPANCY", "SUM_CONTACT_TIME_AGENT", "SUM_IDLE_TIME_AGENT"];
        for row in centre.figures(&query(&parts, groupings)) {
            let [rate, contact, idle] = row.values.as_slice() else {
                panic!("{row:?}");
            };
            let contact = number(*contact);
            let idle = number(*idle);
            near(number(*rate) * (contact + idle), 100.0 * contact);
        }
    }
}

#[test]
fn agents_time_has_parts_that_make_the_whole() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = [
        "SUM_ONLINE_TIME_AGENT",
        "SUM_CONTACT_TIME_AGENT",
        "SUM_IDLE_TIME_AGENT",
        "SUM_NON_PRODUCTIVE_TIME_AGENT",
        "AGENT_SCHEDULED_TIME",
        "AGENT_ADHERENT_TIME",
        "AGENT_NON_ADHERENT_TIME",
    ];
    let total = centre.figures(&query(&metrics, &[]))[0].values.clone();
    let [online, contact, idle, breaks, scheduled, adherent, not] = total.as_slice() else {
        panic!("{total:?}");
    };
    near(number(*scheduled), number(*adherent) + number(*not));
    // The rest is the time after calls that were missed.
    let missed = number(*online) - number(*contact) - number(*idle) - number(*breaks);
    assert!(missed > 0.0 && missed < number(*online) / 50.0, "{missed} of {online:?}");
    for groupings in [&["AGENT"][..], &["ROUTING_PROFILE"], &["AGENT_HIERARCHY_LEVEL_TWO"]] {
        for interval in [Interval::Total, Interval::FifteenMinutes, Interval::Day] {
            let mut query = query(&metrics, groupings);
            query.interval = interval;
            let rows = centre.figures(&query);
            for (index, whole) in total.iter().enumerate() {
                let sum: f64 = rows.iter().map(|row| number(row.values[index])).sum();
                near(sum, number(*whole));
            }
        }
    }
}

/// The sums of requests for parts of the queues, channels, groups and times are that of one.
#[test]
fn sums_of_parts_make_the_whole() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    const SUMS: [&str; 9] = [
        "SUM_HANDLE_TIME",
        "SUM_AFTER_CONTACT_WORK_TIME",
        "SUM_INTERACTION_TIME",
        "SUM_INTERACTION_AND_HOLD_TIME",
        "SUM_HOLD_TIME",
        "SUM_CONNECTING_TIME_AGENT",
        "AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS",
        "CONTACTS_REMOVED_FROM_QUEUE_IN_X",
        "CONTACTS_RESOLVED_IN_X",
    ];
    let mut asked = query(&SUMS, &[]);
    for metric in asked.metrics.iter_mut().filter(|metric| metric.name.ends_with("_IN_X")) {
        metric.threshold = Some((Comparison::LessThan, 300.0));
    }
    let ids: Vec<String> = centre.standard_queues().map(|queue| queue.id.clone()).collect();
    let by = |ids: &[String]| BTreeMap::from([("QUEUE".to_owned(), ids.to_vec())]);
    asked.filters = by(&ids);
    let whole = centre.figures(&asked)[0].values.clone();
    let middle = "2026-03-02T15:00:00Z".parse().unwrap();
    let mut parts = vec![0.0; SUMS.len()];
    for queues in ids.chunks(5) {
        for (start, end) in [(asked.start, middle), (middle, asked.end)] {
            let part = Query { filters: by(queues), start, end, ..asked.clone() };
            for row in centre.figures(&part) {
                let values = row.values.iter().map(|figure| number(*figure));
                parts.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
    }
    for ((name, sum), whole) in SUMS.iter().zip(parts).zip(&whole) {
        assert!(sum > 0.0, "{name} never happens");
        near(sum, number(*whole));
    }
}

#[test]
fn groups_of_agents_hold_those_below_them() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let hierarchy = centre.hierarchy();
    let metrics = ["CONTACTS_HANDLED", "SUM_ONLINE_TIME_AGENT"];
    let of_group = |key: &str, group: usize| {
        let mut query = query(&metrics, &[]);
        let ids = vec![hierarchy.groups[group].id.clone()];
        query.filters = BTreeMap::from([(key.to_owned(), ids)]);
        centre.figures(&query)
    };
    let [one, two, three] =
        ["AGENT_HIERARCHY_LEVEL_ONE", "AGENT_HIERARCHY_LEVEL_TWO", "AGENT_HIERARCHY_LEVEL_THREE"];
    for index in 0..metrics.len() {
        let value = |key, group| number(of_group(key, group)[0].values[index]);
        near(value(one, 0), value(two, 2) + value(two, 3));
        near(value(two, 2), value(three, 6) + value(three, 7));
        assert!(value(one, 1) > value(two, 4) + value(two, 5), "some are in no team");
    }
    assert!(of_group(two, 0).is_empty(), "a region is no team");
    let rows = centre.figures(&query(&["CONTACTS_HANDLED"], &["AGENT_HIERARCHY_LEVEL_FOUR"]));
    assert!(rows.len() == 1 && rows[0].dimensions.is_empty());
}

#[test]
fn agents_answer_most_of_what_is_routed_to_them() {
    let centre = Centre::new(CentreKind::Awkward, 7);
    let metrics = ["AGENT_ANSWER_RATE", "AVG_RESOLUTION_TIME", "AVG_CONTACT_DURATION"];
    let values = centre.figures(&query(&metrics, &[]))[0].values.clone();
    assert!((80.0..100.0).contains(&number(values[0])), "{values:?}");
    assert!(number(values[1]) > number(values[2]), "the work after it is part of a resolution");
}

/// A day of a thousand queues is worked out in seconds without optimisations, and asked in less.
#[test]
fn a_thousand_queues_have_rows_of_their_own() {
    let centre = Centre::sized(CentreKind::Awkward, 7, 1_000);
    let mut asked = query(&["CONTACTS_QUEUED", "SUM_HANDLE_TIME"], &["QUEUE", "CHANNEL"]);
    asked.end = "2026-03-03T00:00:00Z".parse().unwrap();
    let ids = centre.standard_queues().map(|queue| queue.id.clone()).collect();
    asked.filters = BTreeMap::from([("QUEUE".to_owned(), ids)]);
    let rows = centre.figures(&asked);
    assert!(rows.len() > 900, "{}", rows.len());
    asked.groupings.clear();
    let total = &centre.figures(&asked)[0].values;
    for (index, whole) in total.iter().enumerate() {
        near(rows.iter().map(|row| number(row.values[index])).sum(), number(*whole));
    }
}
