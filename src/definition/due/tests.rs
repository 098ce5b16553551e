use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Weekday, date};
use proptest::prelude::*;
use proptest::sample::select;

use super::upcoming::UpcomingRun;
use super::*;
use crate::definition::parse;
use crate::window::rfc3339;

/// A definition with these lines before its tables.
fn report(zone: &str, lines: &str, schedule: &str) -> Report {
    let text = format!(
        r#"
title    = "Due"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "{zone}"
{lines}
{schedule}
[email]
from = "reports@example.com"
to   = ["ops@example.com"]
[[section]]
title   = "All"
kind    = "totals"
filters = {{ QUEUE = ["*"] }}
metrics = ["CONTACTS_QUEUED"]
"#
    );
    let parsed = parse("due.toml", text.as_bytes(), &Default::default());
    parsed.report.unwrap_or_else(|| panic!("{:#?}", parsed.problems))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The runs that are still to come, as `start: start .. end`.
fn upcoming(report: &Report, now: &str) -> Vec<String> {
    let runs = report.upcoming_runs(at(now), 3).into_iter();
    runs.map(|UpcomingRun { start, window }| {
        let start = rfc3339(&window.on_its_clock(start));
        let [from, to] = window.borders();
        format!("{start}: {from} .. {to}")
    })
    .collect()
}

#[test]
fn the_next_runs_of_a_schedule_are_those_of_its_days() {
    let weekdays = "[schedule]\nat = \"07:00\"\ndays = [\"mon\", \"fri\"]";
    let daily = report("Europe/London", "window = \"previous-day\"", weekdays);
    insta::assert_snapshot!(upcoming(&daily, "2026-10-23T06:00:00Z").join("\n"), @r"
    2026-10-26T07:00:00+00:00: 2026-10-25T00:00:00+01:00 .. 2026-10-26T00:00:00+00:00
    2026-10-30T07:00:00+00:00: 2026-10-29T00:00:00+00:00 .. 2026-10-30T00:00:00+00:00
    2026-11-02T07:00:00+00:00: 2026-11-01T00:00:00+00:00 .. 2026-11-02T00:00:00+00:00
    ");
    // The window of Sunday's run is Friday's, as Saturday's was.
    let workday = report(
        "America/New_York",
        "window = \"previous-workday\"\nholidays = [\"2026-11-26\"]",
        "[schedule]\nat = \"08:00\"",
    );
    insta::assert_snapshot!(upcoming(&workday, "2026-11-25T20:00:00Z").join("\n"), @r"
    2026-11-27T08:00:00-05:00: 2026-11-25T00:00:00-05:00 .. 2026-11-26T00:00:00-05:00
    2026-11-28T08:00:00-05:00: 2026-11-27T00:00:00-05:00 .. 2026-11-28T00:00:00-05:00
    2026-12-01T08:00:00-05:00: 2026-11-30T00:00:00-05:00 .. 2026-12-01T00:00:00-05:00
    ");
    let late = "window = \"previous-month\"\nsettle = \"2h\"";
    let monthly = report("Asia/Tokyo", late, "[schedule]\nat = \"01:00\"\nday_of_month = 1");
    insta::assert_snapshot!(upcoming(&monthly, "2026-11-30T15:30:00Z").join("\n"), @r"
    2026-12-01T02:00:00+09:00: 2026-11-01T00:00:00+09:00 .. 2026-12-01T00:00:00+09:00
    2027-01-01T02:00:00+09:00: 2026-12-01T00:00:00+09:00 .. 2027-01-01T00:00:00+09:00
    2027-02-01T02:00:00+09:00: 2027-01-01T00:00:00+09:00 .. 2027-02-01T00:00:00+09:00
    ");
}

#[test]
fn the_next_runs_without_a_schedule_start_when_windows_have_settled() {
    let hourly = report("Asia/Kathmandu", "window = \"previous-hour\"", "");
    insta::assert_snapshot!(upcoming(&hourly, "2026-11-30T12:00:00Z").join("\n"), @r"
    2026-11-30T18:15:00+05:45: 2026-11-30T17:00:00+05:45 .. 2026-11-30T18:00:00+05:45
    2026-11-30T19:15:00+05:45: 2026-11-30T18:00:00+05:45 .. 2026-11-30T19:00:00+05:45
    2026-11-30T20:15:00+05:45: 2026-11-30T19:00:00+05:45 .. 2026-11-30T20:00:00+05:45
    ");
    let monthly = report("Europe/London", "window = \"previous-month\"\nsettle = \"1h\"", "");
    insta::assert_snapshot!(upcoming(&monthly, "2026-10-31T23:59:59Z").join("\n"), @r"
    2026-11-01T01:00:00+00:00: 2026-10-01T00:00:00+01:00 .. 2026-11-01T00:00:00+00:00
    2026-12-01T01:00:00+00:00: 2026-11-01T00:00:00+00:00 .. 2026-12-01T00:00:00+00:00
    2027-01-01T01:00:00+00:00: 2026-12-01T00:00:00+00:00 .. 2027-01-01T00:00:00+00:00
    ");
}

#[test]
fn no_run_is_still_to_come_of_a_schedule_that_is_over_or_off() {
    for schedule in [
        "enabled = false",
        "end = \"2026-11-29\"",
        "start = \"2026-12-05\"\nend = \"2026-12-06\"\ndays = [\"mon\"]",
    ] {
        let schedule = format!("[schedule]\nat = \"07:00\"\n{schedule}");
        let report = report("Europe/London", "window = \"previous-day\"", &schedule);
        assert_eq!(report.upcoming_runs(at("2026-11-30T00:00:00Z"), 3), [], "{schedule}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A run that is still to come is due at its start, and not a second before.
    #[test]
    fn a_run_that_is_to_come_is_due_from_its_start(
        zone in select(&["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
        window in select(&["previous-hour", "previous-day", "previous-week", "previous-workday"]),
        schedule in select(&["", "[schedule]\nat = \"02:30\"", "[schedule]\nat = \"23:45\"\ndays = [\"sun\"]"]),
        hour in 0_i64..24 * 400,
    ) {
        let report = report(zone, &format!("window = \"{window}\""), schedule);
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(hour);
        let runs = report.upcoming_runs(now, 2);
        prop_assert_eq!(runs.len(), 2);
        for UpcomingRun { start, window } in runs {
            prop_assert!(start > now);
            let is_due = |time| {
                let due = report.due_at(time, FirstSeen::Unrecorded);
                due.into_iter().flatten().any(|occurrence| occurrence.window == window)
            };
            prop_assert!(is_due(start), "{start}");
            prop_assert!(!is_due(start - SignedDuration::from_secs(1)), "{start}");
        }
    }
}

/// What is due, as `due: start .. end`.
fn told(report: &Report, time: &str, first_seen: FirstSeen) -> Vec<String> {
    let zone = jiff::tz::TimeZone::get(report.zone.name()).unwrap();
    let local = |time: Timestamp| rfc3339(&time.to_zoned(zone.clone()));
    let due = report.due_at(at(time), first_seen);
    due.iter()
        .flatten()
        .map(|Occurrence { due, window }| {
            format!("{}: {} .. {}", local(*due), local(window.start()), local(window.end()))
        })
        .collect()
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";

fn kept() -> FirstSeen {
    FirstSeen::At(at(LONG_AGO))
}

const SEVEN: &str = "[schedule]\nat = \"07:00\"";

#[test]
fn a_schedule_is_due_from_its_time_to_its_age() {
    let daily = report("Europe/London", "window = \"previous-day\"", SEVEN);
    let run = "2026-11-23T07:00:00+00:00: 2026-11-22T00:00:00+00:00 .. 2026-11-23T00:00:00+00:00";
    for (time, first_seen, due) in [
        ("2026-11-23T06:59:59Z", kept(), &[][..]),
        ("2026-11-23T07:00:00Z", kept(), &[run]),
        ("2026-11-23T18:59:59Z", kept(), &[run]),
        ("2026-11-23T19:00:00Z", kept(), &[]),
        ("2026-11-23T07:14:59Z", FirstSeen::Unrecorded, &[run]),
        ("2026-11-23T07:15:00Z", FirstSeen::Unrecorded, &[]),
        ("2026-11-23T07:15:00Z", FirstSeen::At(at("2026-11-23T07:00:00Z")), &[run]),
        ("2026-11-23T07:15:00Z", FirstSeen::At(at("2026-11-23T07:00:01Z")), &[]),
    ] {
        assert_eq!(told(&daily, time, first_seen), due, "{time} {first_seen:?}");
    }
}

#[test]
fn each_missed_run_is_due_once_the_oldest_first() {
    let lines = "window = \"previous-day\"\ncatch_up = \"3d\"";
    let daily = report("Asia/Kathmandu", lines, SEVEN);
    assert_eq!(
        told(&daily, "2026-11-23T12:00:00Z", kept()),
        [
            "2026-11-21T07:00:00+05:45: 2026-11-20T00:00:00+05:45 .. 2026-11-21T00:00:00+05:45",
            "2026-11-22T07:00:00+05:45: 2026-11-21T00:00:00+05:45 .. 2026-11-22T00:00:00+05:45",
            "2026-11-23T07:00:00+05:45: 2026-11-22T00:00:00+05:45 .. 2026-11-23T00:00:00+05:45",
        ]
    );
    // Friday's figures are due on Saturday, and on the days after there is nothing new.
    let lines = "window = \"previous-workday\"\ncatch_up = \"3d\"";
    let workdays = report("UTC", lines, SEVEN);
    let friday =
        "2026-11-21T07:00:00+00:00: 2026-11-20T00:00:00+00:00 .. 2026-11-21T00:00:00+00:00";
    assert_eq!(told(&workdays, "2026-11-23T12:00:00Z", kept()), [friday]);
    for (time, due) in [
        ("2026-11-21T07:00:00Z", &[friday][..]),
        ("2026-11-22T07:00:00Z", &[]),
        ("2026-11-23T07:00:00Z", &[]),
    ] {
        assert_eq!(told(&workdays, time, FirstSeen::Unrecorded), due, "{time}");
    }
}

#[test]
fn days_of_weeks_and_months_and_what_is_left_out() {
    let dates = |schedule: &str, lines: &str| {
        let lines = format!("window = \"previous-day\"\nsettle = \"0m\"\n{lines}");
        let report = report("UTC", &lines, &format!("[schedule]\nat = \"00:00\"\n{schedule}"));
        let days =
            (1..=61).map(|day| date(2026, 1, 1).checked_add(jiff::Span::new().days(day - 1)));
        let is_due = |date: &Date| {
            let midnight = date.in_tz("UTC").unwrap().timestamp();
            !report.due_at(midnight, FirstSeen::Unrecorded).is_empty()
        };
        let days: Vec<Date> = days.map(Result::unwrap).filter(is_due).collect();
        days
    };
    assert_eq!(dates("", "").len(), 61);
    assert_eq!(dates("enabled = false", ""), []);
    let mondays = dates("days = [\"mon\"]", "");
    assert!(mondays.len() == 9 && mondays.iter().all(|day| day.weekday() == Weekday::Monday));
    assert_eq!(dates("day_of_month = 28", ""), [date(2026, 1, 28), date(2026, 2, 28)]);
    assert_eq!(dates("day_of_month = \"last\"", ""), [date(2026, 1, 31), date(2026, 2, 28)]);
    let bounds = "start = \"2026-01-05\"\nend = \"2026-01-07\"";
    assert_eq!(dates(bounds, "holidays = [\"2026-01-06\"]"), [date(2026, 1, 5), date(2026, 1, 7)]);
}

#[test]
fn a_skipped_time_is_due_at_the_next_valid_one_and_a_repeated_one_once() {
    let lines = "window = \"previous-day\"\nsettle = \"0m\"";
    let daily = report("Europe/London", lines, "[schedule]\nat = \"01:30\"");
    assert_eq!(
        told(&daily, "2026-03-29T01:00:00Z", kept()),
        ["2026-03-29T02:00:00+01:00: 2026-03-28T00:00:00+00:00 .. 2026-03-29T00:00:00+00:00"]
    );
    for time in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
        assert_eq!(
            told(&daily, time, kept()),
            ["2026-10-25T01:30:00+01:00: 2026-10-24T00:00:00+01:00 .. 2026-10-25T00:00:00+01:00"]
        );
    }
    // No midnight on the day on which summer began.
    let midnight = report("America/Sao_Paulo", lines, "[schedule]\nat = \"00:00\"");
    assert_eq!(
        told(&midnight, "2018-11-04T03:00:00Z", FirstSeen::Unrecorded),
        ["2018-11-04T01:00:00-02:00: 2018-11-03T00:00:00-03:00 .. 2018-11-04T01:00:00-02:00"]
    );
    // A date that the zone left out is no day to report on.
    let apia = report("Pacific/Apia", lines, SEVEN);
    assert_eq!(told(&apia, "2011-12-30T10:00:00Z", FirstSeen::Unrecorded), [""; 0]);
    assert_eq!(
        told(&apia, "2011-12-30T17:00:00Z", FirstSeen::Unrecorded),
        ["2011-12-31T07:00:00+14:00: 2011-12-29T00:00:00-10:00 .. 2011-12-31T00:00:00+14:00"]
    );
}

#[test]
fn a_run_waits_until_its_window_has_settled() {
    let lines = "window = \"previous-day\"\nsettle = \"8h\"";
    let daily = report("UTC", lines, SEVEN);
    let run = "2026-11-23T07:00:00+00:00: 2026-11-22T00:00:00+00:00 .. 2026-11-23T00:00:00+00:00";
    for (time, first_seen, due) in [
        ("2026-11-23T07:59:00Z", kept(), &[][..]),
        ("2026-11-23T08:00:00Z", FirstSeen::Unrecorded, &[run]),
        ("2026-11-23T19:59:00Z", kept(), &[run]),
        ("2026-11-23T20:00:00Z", kept(), &[]),
    ] {
        assert_eq!(told(&daily, time, first_seen), due, "{time}");
    }
    // What ends when it is due has nothing to wait for.
    let rolling = report("UTC", "window = { last = \"4h\" }", SEVEN);
    assert_eq!(
        told(&rolling, "2026-11-23T07:05:00Z", kept()),
        ["2026-11-23T07:00:00+00:00: 2026-11-23T03:00:00+00:00 .. 2026-11-23T07:00:00+00:00"]
    );
}

#[test]
fn without_a_schedule_the_last_settled_window_is_due() {
    let hourly = report("UTC", "window = \"previous-hour\"", "");
    let hour = |end: &str| {
        let end = at(end);
        [end.saturating_sub(SignedDuration::from_hours(1)).unwrap(), end]
    };
    for (time, window) in [
        ("2026-11-23T07:14:00Z", hour("2026-11-23T06:00:00Z")),
        ("2026-11-23T07:15:00Z", hour("2026-11-23T07:00:00Z")),
    ] {
        let due = hourly.due_at(at(time), FirstSeen::Unrecorded);
        let due: Vec<_> = due.into_iter().map(Result::unwrap).collect();
        let found: Vec<_> = due.iter().map(|run| [run.window.start(), run.window.end()]).collect();
        assert_eq!(found, [window], "{time}");
        assert_eq!(due[0].due, at(time));
    }
    let closed = "window = \"previous-workday\"\nworkdays = [\"mon\"]\n\
                  holidays = [\"2026-11-16\", \"2026-11-23\"]";
    let closed = report("UTC", closed, "");
    assert_eq!(closed.due_at(at("2026-11-24T07:00:00Z"), kept()), []);
}

/// It is told once, and not by every event until the age has passed.
#[test]
fn a_run_without_a_window_is_an_error() {
    let lines = "window = \"previous-workday\"\nworkdays = [\"mon\"]\n\
                 holidays = [\"2026-11-16\", \"2026-11-23\"]";
    let closed = report("UTC", lines, SEVEN);
    let time = at("2026-11-24T07:00:00Z");
    assert_eq!(closed.due_at(time, kept()), [Err(WindowError::NoWorkday)]);
    assert_eq!(closed.due_at(time + TICK_INTERVAL, kept()), []);
}

// Two years of events, some of which are lost, late, or come twice.

const ZONES: [&str; 8] = [
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "UTC",
];

/// What happens to the events: how many of 16 are lost, eight in a row at most, how long the longest
/// gap is, and how late they are at most, all in ticks.
#[derive(Clone, Debug)]
struct Trouble {
    seed: u64,
    lost: u64,
    gap: u64,
    late: u64,
}

/// The events of two years, in the order in which they are seen.
fn events(first: Timestamp, trouble: &Trouble) -> Vec<Timestamp> {
    let mut state = trouble.seed | 1;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut seen: Vec<(u64, Timestamp)> = Vec::new();
    let (mut tick, mut lost) = (0_u64, 0_u64);
    while tick < 2 * 365 * 96 {
        let time = first + TICK_INTERVAL * i32::try_from(tick).unwrap();
        if random(2_000) == 0 {
            tick += random(trouble.gap);
            lost = 0;
        }
        if lost < 8 && random(16) < trouble.lost {
            lost += 1;
        } else {
            lost = 0;
            seen.push((tick + random(trouble.late), time));
            if random(10) == 0 {
                seen.push((tick + random(trouble.late), time));
            }
        }
        tick += 1;
    }
    seen.sort();
    seen.into_iter().map(|(_, time)| time).collect()
}

/// The runs of two years: by their due times.
fn runs(report: &Report, events: &[Timestamp]) -> BTreeMap<Timestamp, Window> {
    let (mut since, mut ended, mut runs) = (None, BTreeSet::new(), BTreeMap::new());
    for event in events {
        let since = *since.get_or_insert(*event);
        for run in report.due_at(*event, FirstSeen::At(since)).into_iter().flatten() {
            let key = (run.window.start(), run.window.end());
            if ended.insert(key) {
                let twice = runs.insert(run.due, run.window);
                assert!(twice.is_none(), "two windows at {}", run.due);
            }
        }
    }
    runs
}

fn trouble() -> impl Strategy<Value = Trouble> {
    // With those lost before and after it a gap stays below the twelve hours of catching up.
    (any::<u64>(), 0_u64..12, 1_u64..30, 1_u64..8).prop_map(|(seed, lost, gap, late)| Trouble {
        seed,
        lost,
        gap,
        late,
    })
}

const WINDOWS: [(&str, &str); 3] = [
    ("previous-day", ""),
    ("previous-week", "days = [\"mon\"]"),
    ("previous-month", "day_of_month = 1"),
];

/// Two years of a report: one run for each day that it is due, for the window before it, and no day
/// left out.
fn assert_runs_once(
    zone: &str,
    (window, days): (&str, &str),
    (year, time): (i16, &str),
    trouble: &Trouble,
) {
    let schedule = format!("[schedule]\nat = \"{time}\"\n{days}");
    let report = report(zone, &format!("window = \"{window}\""), &schedule);
    let first = date(year, 1, 1).in_tz("UTC").unwrap().timestamp();
    let events = events(first, trouble);
    let runs = runs(&report, &events);
    let schedule = report.schedule.as_ref().unwrap();
    // What is due from the first event on; of the last hours some is still to come.
    let until = *events.last().unwrap() - SignedDuration::from_hours(24);
    let dates =
        std::iter::successors(Some(report.zone.date_at(events[0])), |day| day.tomorrow().ok());
    let expected = dates
        .filter(|day| schedule.has(*day))
        .filter_map(|day| report.zone.instant_of(day, schedule.at))
        .skip_while(|due| *due < events[0])
        .take_while(|due| *due < until);
    let mut found = runs.iter().filter(|(due, _)| **due < until);
    let mut before: Option<&Window> = None;
    for due in expected {
        let (ran, window) = found.next().unwrap();
        assert_eq!(*ran, due, "{zone} {window:?} {trouble:?}");
        let of_its_due = report.window.window_before(due, &report.zone, &report.calendar);
        assert_eq!(*window, of_its_due.unwrap());
        if let Some(before) = before {
            assert_eq!(before.end(), window.start(), "no day is left out");
        }
        before = Some(window);
    }
    assert!(found.next().is_none());
    assert!(before.is_some());
}

/// 2017 and 2018 have the days without midnight in São Paulo.
#[test]
fn each_report_runs_once_in_every_zone() {
    for (index, zone) in (0_u64..).zip(ZONES) {
        for (window, year) in WINDOWS.into_iter().zip([2017, 2022, 2026]) {
            let trouble = Trouble { seed: 7919 + index, lost: index, gap: 28, late: 1 + index };
            let time = if window.0 == "previous-day" { "00:00" } else { "02:30" };
            assert_runs_once(zone, window, (year, time), &trouble);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn each_report_runs_once_for_each_of_its_days(
        trouble in trouble(),
        zone in select(ZONES.to_vec()),
        (year, hour, minute) in
            (select(vec![2017_i16, 2022, 2026]), 0_u8..24, select(vec![0_u8, 7, 15, 30])),
        window in select(WINDOWS.to_vec()),
    ) {
        let time = format!("{hour:02}:{minute:02}");
        assert_runs_once(zone, window, (year, &time), &trouble);
    }
}

/// A night shift is due when it is over and has settled, and once.
#[test]
fn a_night_shift_is_due_when_it_is_over() {
    let night = "window = { from = \"22:00\", to = \"06:00\" }";
    let unscheduled = report("Europe/London", night, "");
    let [friday, monday] = [
        "2026-11-20T22:00:00+00:00 .. 2026-11-21T06:00:00+00:00",
        "2026-11-23T22:00:00+00:00 .. 2026-11-24T06:00:00+00:00",
    ];
    for (time, window) in [
        ("2026-11-21T06:15:00Z", friday),
        ("2026-11-24T06:14:00Z", friday),
        ("2026-11-24T06:15:00Z", monday),
    ] {
        let due = told(&unscheduled, time, FirstSeen::Unrecorded);
        assert_eq!(due, [format!("{}: {window}", time.replace('Z', "+00:00"))]);
    }
    let scheduled = report("Europe/London", night, SEVEN);
    for (time, window) in [
        ("2026-11-21T07:00:00Z", Some(friday)),
        // Of what was reported on Saturday there is nothing new.
        ("2026-11-22T07:00:00Z", None),
        ("2026-11-23T07:00:00Z", None),
        ("2026-11-24T07:00:00Z", Some(monday)),
    ] {
        let due = told(&scheduled, time, FirstSeen::Unrecorded);
        let expected = window.map(|window| format!("{}: {window}", time.replace('Z', "+00:00")));
        assert_eq!(due, Vec::from_iter(expected));
    }
}
