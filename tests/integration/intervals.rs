use std::collections::BTreeMap;

use connect_reports::simulator::{
    Clock, Figure, Interval, MetricRequest, Options, Query, Simulator,
};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::comparing::{defined, previewed};

/// A centre on this day, with so many queues that few hours are without contacts.
async fn on(day: &str) -> Simulator {
    let clock = Clock::At(format!("{day}T12:00:00Z").parse().unwrap());
    let options = Options { clock, queues: 60, page_size: 100, ..Options::default() };
    Simulator::start(options).await.unwrap()
}

/// A report without groupings by intervals of this length.
fn by_interval(lines: &str, window: &str, zone: &str, interval: &str) -> String {
    defined(lines, "[\"CONTACTS_QUEUED\"]")
        .replace("group_by = [\"QUEUE\"]", &format!("interval = \"{interval}\""))
        .replace("previous-day", window)
        .replace("Europe/London", zone)
}

/// How many contacts all queues had in each interval of a span in which there were some, by when it
/// began on the local clock.
fn contacts(
    simulator: &Simulator,
    zone: &str,
    [start, end]: [&str; 2],
    interval: Interval,
) -> BTreeMap<String, f64> {
    let zone = TimeZone::get(zone).unwrap();
    let query = Query {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        interval,
        time_zone: zone.clone(),
        filters: BTreeMap::from([(
            "QUEUE".to_owned(),
            simulator.centre().standard_queues().map(|queue| queue.id.clone()).collect(),
        )]),
        groupings: Vec::new(),
        metrics: vec![MetricRequest::plain("CONTACTS_QUEUED")],
    };
    let rows = simulator.centre().figures(&query).into_iter().map(|row| {
        let start = row.start.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let Figure::Number(count) = row.values[0] else { panic!("{row:?}") };
        (start, count)
    });
    rows.collect()
}

/// The local start of each row of the first section, with a member's first figure.
fn figures(report: &Value, member: &str) -> Vec<(String, Option<f64>)> {
    let rows = report["sections"][0]["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let start = row["interval"]["start"].as_str().unwrap().to_owned();
        (start, row[member][0].as_f64())
    })
    .collect()
}

fn told(report: &Value) -> String {
    report["text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The hour that the clocks skipped in one of the four weeks is the average of the other three.
#[tokio::test]
async fn an_average_is_of_the_weeks_that_have_the_hour() {
    let simulator = on("2025-04-07").await;
    let text =
        by_interval("compare = \"average-4-weeks\"", "previous-day", "Europe/London", "HOUR");
    let report = previewed(&simulator, &text, "2025-04-07T07:00:00Z").await;
    let weeks = [
        ["2025-03-30T00:00:00Z", "2025-03-30T23:00:00Z"],
        ["2025-03-23T00:00:00Z", "2025-03-24T00:00:00Z"],
        ["2025-03-16T00:00:00Z", "2025-03-17T00:00:00Z"],
        ["2025-03-09T00:00:00Z", "2025-03-10T00:00:00Z"],
    ];
    let weeks = weeks.map(|week| contacts(&simulator, "Europe/London", week, Interval::Hour));
    let mut compared = figures(&report, "compared");
    compared.retain(|(_, figure)| figure.is_some());
    for (start, figure) in compared {
        let at = |week: &BTreeMap<String, f64>| {
            let same = week.iter().find(|(other, _)| other[11..16] == start[11..16]);
            same.map_or(0.0, |(_, count)| *count)
        };
        let of = if &start[11..13] == "01" { 3.0 } else { 4.0 };
        let expected = weeks.iter().map(at).sum::<f64>() / of;
        assert!(
            figure.is_some_and(|figure| (figure - expected).abs() < 1e-9),
            "{start}: {figure:?}"
        );
    }
}

/// An interval that ends at midnight stands beside one that does not.
#[tokio::test]
async fn intervals_up_to_midnight_are_compared() {
    let simulator = on("2025-03-31").await;
    let text = by_interval(
        "compare = \"previous-window\"",
        "previous-hour",
        "Europe/London",
        "FIFTEEN_MIN",
    );
    for (due, before) in [
        ("2025-03-28T00:20:00Z", ["2025-03-27T22:00:00Z", "2025-03-27T23:00:00Z"]),
        ("2025-03-28T01:20:00Z", ["2025-03-27T23:00:00Z", "2025-03-28T00:00:00Z"]),
    ] {
        let report = previewed(&simulator, &text, due).await;
        let before = contacts(&simulator, "Europe/London", before, Interval::FifteenMinutes);
        let compared = figures(&report, "compared");
        for (start, figure) in &compared {
            let same = before.iter().find(|(other, _)| other[14..16] == start[14..16]);
            assert_eq!(*figure, Some(same.map_or(0.0, |(_, count)| *count)), "{due}: {start}");
        }
        assert!(!compared.is_empty());
    }
    // Where the clocks went back at midnight, the hour before it came twice.
    for (zone, day, due) in [
        ("Africa/Cairo", "2025-11-07", "2025-11-07T12:00:00Z"),
        ("America/Santiago", "2025-04-13", "2025-04-13T12:00:00Z"),
        ("Asia/Beirut", "2025-11-02", "2025-11-02T12:00:00Z"),
    ] {
        let simulator = on(day).await;
        let text = by_interval("compare = \"same-weekday\"", "previous-day", zone, "HOUR");
        let compared = figures(&previewed(&simulator, &text, due).await, "compared");
        assert!(compared.iter().all(|(_, figure)| figure.is_some()), "{zone}: {compared:?}");
        assert!(!compared.is_empty());
    }
}

/// The weeks of two months hardly ever lie alike, which is told; those of two weeks always do.
#[tokio::test]
async fn weeks_without_a_comparison_are_told() {
    let simulator = on("2025-03-31").await;
    let note = "Not every week has a comparison";
    for (window, is_told) in [("previous-month", true), ("previous-week", false)] {
        let text = by_interval("compare = \"previous-window\"", window, "Europe/London", "WEEK");
        let report = previewed(&simulator, &text, "2025-03-31T11:00:00Z").await;
        let compared = figures(&report, "compared");
        assert_eq!(compared.iter().any(|(_, figure)| figure.is_none()), is_told, "{compared:?}");
        assert_eq!(told(&report).contains(note), is_told, "{}", told(&report));
        let text = text.replace("compare = \"previous-window\"", "");
        let report = previewed(&simulator, &text, "2025-03-31T11:00:00Z").await;
        assert!(!told(&report).contains(note));
    }
}
