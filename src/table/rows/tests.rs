use super::*;
use crate::definition::{self, Interval, Report};
use crate::plan::Entry;
use crate::window::{LocalTime, Zone};

fn about(name: Option<&str>) -> About {
    let name = name.map(ToOwned::to_owned);
    let members = Arc::new([Member { id: name.clone(), name }]);
    About { ids: Group::default(), members, own_targets: Arc::default(), is_known: true }
}

fn sorted(sort: Option<Sort>) -> Vec<String> {
    let figures = [
        (None, Figure::Value(9.0)),
        (Some("sales"), Figure::Absent(Absent::NoData)),
        (Some("Retention"), Figure::Value(2.0)),
        (Some("Élan"), Figure::Value(2.0)),
        (Some("billing"), Figure::Value(30.0)),
    ];
    let groups: Vec<About> = figures.iter().map(|(name, _)| about(*name)).collect();
    let row = |(group, (_, figure)): (usize, (Option<&str>, Figure))| {
        (group, groups[group].row(None, Arc::new([figure]), Arc::default()))
    };
    let rows = figures.into_iter().enumerate().map(row).collect();
    let rows = in_order(rows, &groups, sort);
    rows.iter().map(|row| row.members[0].name.clone().unwrap_or_default()).collect()
}

#[test]
fn rows_stand_by_name_or_by_a_column() {
    let by = |descending| Some(Sort { column: 0, descending });
    assert_eq!(sorted(None), ["billing", "Retention", "sales", "Élan", ""]);
    assert_eq!(sorted(by(true)), ["billing", "", "Retention", "Élan", "sales"]);
    assert_eq!(sorted(by(false)), ["Retention", "Élan", "", "billing", "sales"]);
}

const HOURLY: &str = r#"
title    = "Hours"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "UTC"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
interval = "FIFTEEN_MIN"
filters  = { QUEUE = ["*"] }
metrics  = [{ name = "CONTACTS_QUEUED", target = ">= 1" }, "AVG_HANDLE_TIME"]
"#;

fn report() -> Report {
    definition::parse("hourly.toml", HOURLY.as_bytes(), &Default::default()).report.unwrap()
}

fn window(start: &str, end: &str) -> Window {
    let at = |time: &str| time.parse::<LocalTime>().unwrap();
    Window::between(at(start), at(end), &Zone::named("UTC").unwrap()).unwrap()
}

/// The table of so many queues over a window in which nothing came.
fn quiet(queues: usize, window: Window) -> InOrder {
    let report = report();
    let section = &report.sections[0];
    let mut directory = Directory::default();
    let entry = |index| Entry::new(format!("queue-{index}"), format!("Queue {index}"));
    directory.insert(Dimension::Queue, (0..queues).map(entry).collect());
    let query = Query::of(section, &report.instance, &window, &directory).unwrap();
    Rows::of((section, &query, &directory), &SectionAnswer::default(), None)
}

/// Weeks of quarters of an hour of 250 queues: each has its row, and all of them share what nothing is.
#[test]
fn quiet_intervals_share_what_they_have() {
    let InOrder { rows, lacks_quiet } = quiet(250, window("2026-11-16", "2026-11-23"));
    assert!(!lacks_quiet);
    assert_eq!(rows.len(), 250 * 672);
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    assert_eq!(*first.figures, [Figure::Value(0.0), Figure::Absent(Absent::NoData)]);
    assert_eq!(*first.states, [Some(State::Missed), None]);
    assert!(Arc::ptr_eq(&first.figures, &last.figures));
    assert!(Arc::ptr_eq(&first.states, &rows[671].states));
    assert!(Arc::ptr_eq(first.interval.as_ref().unwrap(), rows[672].interval.as_ref().unwrap()));
}

/// A month of quarters of an hour of 400 queues has more rows than a workbook takes.
#[test]
fn there_are_not_too_many_quiet_intervals() {
    let InOrder { rows, lacks_quiet } = quiet(400, window("2026-10-01", "2026-11-01"));
    assert!(lacks_quiet && rows.is_empty());
}

/// The service may begin its weeks on another day: the quiet ones lie as those that it told.
#[test]
fn quiet_weeks_lie_as_those_that_the_service_told() {
    let report = report();
    let window = self::window("2026-11-01", "2026-12-01");
    let query = Query::of(&report.sections[0], &report.instance, &window, &Directory::default());
    let query = Query { interval: Some(Interval::Week), ..query.unwrap() };
    let mut answered = plan::Rows::default();
    // From Sundays on.
    for (start, end) in [("2026-11-01", "2026-11-08"), ("2026-11-15", "2026-11-22")] {
        answered.add(Group::default(), Some(Arc::new(self::window(start, end))));
    }
    let all: Vec<_> = intervals(&query, &answered)
        .into_iter()
        .map(|interval| interval.unwrap().briefly(crate::language::Language::English))
        .collect();
    let weeks = ["1 Nov – 7 Nov", "8 Nov – 14 Nov", "15 Nov – 21 Nov", "22 Nov – 28 Nov"];
    assert_eq!(all, [weeks.as_slice(), &["29 Nov – 30 Nov"]].concat());
}
