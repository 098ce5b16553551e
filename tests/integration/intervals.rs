use std::collections::BTreeMap;

use connect_simulator::{
    Figure, Interval, MetricRequest, Options, Query, Simulator, SimulatorClock,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::comparing::{defined, previewed};
use crate::harness::binary::{Function, definitions, simulator, text};

/// A centre on this day, with so many queues that few hours are without contacts.
async fn on(day: &str) -> Simulator {
    let clock = SimulatorClock::At(format!("{day}T12:00:00Z").parse().unwrap());
    let options = Options { clock, queues: 60, page_size: 100, ..Options::awkward() };
    Simulator::start(options).await.unwrap()
}

/// A report without groupings by intervals of this length.
fn by_interval(lines: &str, window: &str, zone: &str, interval: &str) -> String {
    defined(lines, "[\"CONTACTS_QUEUED\"]")
        .replace("group_by = [\"QUEUE\"]", &format!("interval = \"{interval}\""))
        .replace("previous-day", window)
        .replace("Europe/London", zone)
}

/// The contacts that all queues had in each interval of a span in which there were some, by when it
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
    let compared = figures(&report, "compared");
    assert_eq!(compared.len(), 24);
    let at_one = |week: &BTreeMap<String, f64>| week.keys().any(|start| &start[11..13] == "01");
    assert!(weeks.iter().any(at_one), "the hour had contacts");
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
        assert_eq!(compared.len(), 4);
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
        assert_eq!(compared.len(), 24);
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

/// Each queue has each of the day's 23 hours, in report.json and in the files, with what it had in it or
/// 0; the message shows as many rows as it is to.
#[tokio::test]
async fn every_row_has_every_interval() {
    let simulator = simulator().await;
    let metrics = "[\"CONTACTS_QUEUED\", \"AVG_HANDLE_TIME\", \"SUM_HANDLE_TIME\"]";
    let text = defined("", metrics)
        .replace("group_by", "interval = \"HOUR\"\nrows = 30\ngroup_by")
        .replace("to   =", "attach = [\"csv\"]\nto   =");
    let report = previewed(&simulator, &text, "2025-03-31T07:00:00Z").await;
    let queues: Vec<_> = simulator.centre().standard_queues().collect();
    let query = Query {
        start: "2025-03-30T00:00:00Z".parse().unwrap(),
        end: "2025-03-30T23:00:00Z".parse().unwrap(),
        interval: Interval::Hour,
        time_zone: TimeZone::get("Europe/London").unwrap(),
        filters: BTreeMap::from([(
            "QUEUE".to_owned(),
            queues.iter().map(|queue| queue.id.clone()).collect(),
        )]),
        groupings: vec!["QUEUE".to_owned()],
        metrics: ["CONTACTS_QUEUED", "AVG_HANDLE_TIME", "SUM_HANDLE_TIME"]
            .map(MetricRequest::plain)
            .to_vec(),
    };
    let number = |figure: &Figure| match figure {
        Figure::Number(value) => Some(*value),
        Figure::Null | Figure::Missing => None,
    };
    let mut had: BTreeMap<(String, jiff::Timestamp), Vec<Option<f64>>> = BTreeMap::new();
    for row in simulator.centre().figures(&query) {
        let figures = row.values.iter().map(number).collect();
        had.insert((row.dimensions["QUEUE"].clone(), row.start), figures);
    }
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), queues.len() * 23);
    for row in rows {
        let id = row["dimensions"]["QUEUE"]["id"].as_str().unwrap().to_owned();
        let start = row["interval"]["start"].as_str().unwrap().parse().unwrap();
        let values: Vec<_> = row["values"].as_array().unwrap().iter().map(Value::as_f64).collect();
        match had.remove(&(id, start)) {
            Some(figures) => assert_eq!(values, figures, "{row:#}"),
            None => {
                assert_eq!(row["values"], json!([0, null, 0]), "{row:#}");
                assert_eq!(row["absent"], json!([null, "no-data", null]));
            }
        }
    }
    assert!(had.is_empty(), "{had:?}");
    assert_eq!(report["csv"][0].as_str().unwrap().lines().count(), 1 + rows.len());
    assert_eq!(report["sections"][0]["omitted_rows"], rows.len() - 30);
    assert!(told(&report).contains(&format!("30 of {} shown", rows.len())), "{}", told(&report));
}

/// A table of intervals without groupings has those of the trend of the same data, and of hours of a day
/// only these.
#[tokio::test]
async fn a_table_has_the_intervals_of_its_trend() {
    let simulator = simulator().await;
    for (window, count) in [
        ("\"previous-day\"", 23),
        ("{ from = \"08:00\", to = \"18:30\" }", 11),
        // Nobody calls at night.
        ("{ from = \"01:00\", to = \"05:00\" }", 4),
    ] {
        let table = by_interval("", "previous-day", "Europe/London", "HOUR")
            .replace("\"previous-day\"", window);
        let trend = table.replace("interval =", "kind = \"trend\"\ninterval =");
        let [table, trend] = [table, trend].map(async |text: String| {
            figures(&previewed(&simulator, &text, "2025-03-31T07:00:00Z").await, "values")
        });
        let (table, trend) = (table.await, trend.await);
        assert_eq!((table.len(), &table), (count, &trend), "{window}");
        assert!(table.iter().all(|(_, figure)| figure.is_some()), "{table:?}");
    }
}

/// Quiet intervals are no reason to send, and what was not sent without them is not sent with them.
#[tokio::test]
async fn quiet_intervals_are_no_reason_to_send() {
    let simulator = simulator().await;
    let hourly = |rule: &str, target: &str, filters: &str| {
        let metrics = format!("[{{ name = \"CONTACTS_QUEUED\", target = \"{target}\" }}]");
        defined("", &metrics)
            .replace("[email]", &format!("[email]\nsend = \"{rule}\""))
            .replace("group_by = [\"QUEUE\"]", "interval = \"HOUR\"")
            .replace("[\"*\"]", filters)
    };
    let files = [
        ("a.toml", hourly("when-target-missed", ">= 1", "[\"*\"]")),
        ("b.toml", hourly("when-target-missed", ">= 2", "[\"*\"]")),
        ("c.toml", hourly("when-data", ">= 1", "[\"00000000-0000-4000-8000-000000000001\"]")),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let order = json!({"reports": ["a", "b", "c"], "time": "2025-03-31T07:00:00Z"});
    let answer = function.succeed(&order).await;
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ended: Vec<_> = runs.iter().map(|run| run["status"].as_str().unwrap()).collect();
    assert_eq!(ended, ["skipped", "sent", "skipped"], "{answer:#}");
    let text = hourly("always", ">= 1", "[\"*\"]");
    let report = previewed(&simulator, &text, "2025-03-31T07:00:00Z").await;
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    let quiet = rows.iter().filter(|row| row["values"] == json!([0])).collect::<Vec<_>>();
    assert!(!quiet.is_empty());
    assert!(quiet.iter().all(|row| row["states"] == json!(["missed"])), "{quiet:#?}");
}

/// A queue that had contacts in the comparison and has none now is shown in each of its intervals.
#[tokio::test]
async fn what_fell_to_nothing_is_shown_in_its_intervals() {
    let simulator = simulator().await;
    let hourly = |lines: &str| {
        defined(lines, "[\"CONTACTS_QUEUED\"]").replace(
            "group_by = [\"QUEUE\"]",
            "group_by = [\"QUEUE\", \"CHANNEL\"]\ninterval = \"HOUR\"",
        )
    };
    let lines = "compare = \"same-weekday\"";
    let report = previewed(&simulator, &hourly(lines), "2025-03-31T07:00:00Z").await;
    let base = previewed(&simulator, &hourly(""), "2025-03-24T07:00:00Z").await;
    let by_place = |report: &Value, member: &str| -> BTreeMap<(String, String), Value> {
        let rows = report["sections"][0]["rows"].as_array().unwrap().iter();
        let place = |row: &Value| {
            let start = row["interval"]["start"].as_str().unwrap()[11..16].to_owned();
            (row["dimensions"].to_string(), start)
        };
        rows.map(|row| (place(row), row[member][0].clone())).collect()
    };
    let [values, compared] = ["values", "compared"].map(|member| by_place(&report, member));
    let base = by_place(&base, "values");
    // Now the clocks went forward at 01:00.
    let is_of_contacts = |place: &(String, String)| !place.0.contains("null") && place.1 != "01:00";
    let mut gone = 0;
    for (place, then) in base.iter().filter(|(place, _)| is_of_contacts(place)) {
        assert_eq!(compared.get(place), Some(then), "{place:?}");
        let now = values.iter().filter(|(other, _)| other.0 == place.0);
        gone += usize::from(*then != json!(0) && now.clone().all(|(_, value)| *value == json!(0)));
    }
    assert!(gone > 0, "{report:#}");
    let of_base: Vec<_> = base.keys().filter(|place| is_of_contacts(place)).collect();
    for (place, then) in compared.iter().filter(|(place, _)| !of_base.contains(place)) {
        assert!(!is_of_contacts(place) || *then == json!(0), "{place:?}: {then}");
    }
}
