use crate::language::Language;
use crate::window::Interval;
use jiff::ToSpan as _;
use proptest::prelude::*;

use super::*;

fn window(rule: WindowRule, due: &str, zone: &str) -> String {
    let zone = Zone::named(zone).unwrap();
    let window = rule.window_before(due.parse().unwrap(), &zone, &Calendar::default()).unwrap();
    format!(
        "{} {} | {}",
        rfc3339(&window.start),
        rfc3339(&window.end),
        window.exact_label(Language::English)
    )
}

#[test]
fn calendar_windows_follow_the_local_calendar() {
    use WindowRule::{PreviousDay, PreviousHour, PreviousMonth, PreviousWeek};
    for (rule, due, zone, expected) in [
        (
            PreviousDay,
            "2026-11-23T07:00:00Z",
            "Europe/London",
            "2026-11-22T00:00:00+00:00 2026-11-23T00:00:00+00:00 | Sunday 22 November 2026, 00:00–24:00 Europe/London (GMT, UTC+00:00)",
        ),
        (
            PreviousDay,
            "2026-03-30T07:00:00Z",
            "Europe/London",
            "2026-03-29T00:00:00+00:00 2026-03-30T00:00:00+01:00 | Sunday 29 March 2026, 00:00–24:00 Europe/London (GMT, UTC+00:00, to BST, UTC+01:00), a day of 23\u{a0}hours",
        ),
        (
            PreviousDay,
            "2018-11-05T12:00:00Z",
            "America/Sao_Paulo",
            "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00 | Sunday 4 November 2018, 01:00–24:00 America/Sao_Paulo (UTC-02:00), a day of 23\u{a0}hours",
        ),
        (
            PreviousWeek,
            "2026-11-23T00:00:00Z",
            "UTC",
            "2026-11-16T00:00:00+00:00 2026-11-23T00:00:00+00:00 | 16 November 2026, 00:00 – 23 November 2026, 00:00 UTC (UTC+00:00)",
        ),
        (
            PreviousWeek,
            "2026-11-22T23:59:59Z",
            "UTC",
            "2026-11-09T00:00:00+00:00 2026-11-16T00:00:00+00:00 | 9 November 2026, 00:00 – 16 November 2026, 00:00 UTC (UTC+00:00)",
        ),
        (
            PreviousMonth,
            "2026-03-31T12:00:00Z",
            "Asia/Kathmandu",
            "2026-02-01T00:00:00+05:45 2026-03-01T00:00:00+05:45 | 1 February 2026, 00:00 – 1 March 2026, 00:00 Asia/Kathmandu (UTC+05:45)",
        ),
        (
            PreviousDay,
            "2026-10-26T07:00:00Z",
            "Europe/London",
            "2026-10-25T00:00:00+01:00 2026-10-26T00:00:00+00:00 | Sunday 25 October 2026, 00:00–24:00 Europe/London (BST, UTC+01:00, to GMT, UTC+00:00), a day of 25\u{a0}hours",
        ),
        (
            PreviousDay,
            "2026-04-05T20:00:00Z",
            "Australia/Lord_Howe",
            "2026-04-05T00:00:00+11:00 2026-04-06T00:00:00+10:30 | Sunday 5 April 2026, 00:00–24:00 Australia/Lord_Howe (UTC+11:00, to UTC+10:30), a day of 24:30\u{a0}hours",
        ),
        (
            PreviousMonth,
            "2026-11-02T07:00:00Z",
            "Europe/London",
            "2026-10-01T00:00:00+01:00 2026-11-01T00:00:00+00:00 | 1 October 2026, 00:00 – 1 November 2026, 00:00 Europe/London (BST, UTC+01:00, to GMT, UTC+00:00), in which the clocks went back by 1\u{a0}hour",
        ),
        (
            PreviousHour,
            "2026-11-23T07:10:00Z",
            "Asia/Kathmandu",
            "2026-11-23T11:00:00+05:45 2026-11-23T12:00:00+05:45 | Monday 23 November 2026, 11:00–12:00 Asia/Kathmandu (UTC+05:45)",
        ),
    ] {
        assert_eq!(window(rule, due, zone), expected);
    }
}

#[test]
fn labels_name_the_window_in_few_words() {
    let zone = Zone::named("Europe/London").unwrap();
    let label = |a: &str, b: &str| {
        let window = Window::between(a.parse().unwrap(), b.parse().unwrap(), &zone);
        window.unwrap().label(Language::English)
    };
    assert_eq!(label("2026-11-22", "2026-11-23"), "Sunday 22 November 2026");
    assert_eq!(label("2026-11-16", "2026-11-23"), "16–22 November 2026");
    assert_eq!(label("2026-10-01", "2026-11-01"), "October 2026");
    assert_eq!(label("2026-10-30", "2026-11-02"), "30 October – 1 November 2026");
    assert_eq!(label("2025-12-29", "2026-01-05"), "29 December 2025 – 4 January 2026");
    assert_eq!(label("2026-11-22T23:00", "2026-11-23"), "22 November 2026, 23:00–24:00");
    let repeated = "2026-10-25T01:00:00Z".parse().unwrap();
    let repeated =
        WindowRule::PreviousHour.window_before(repeated, &zone, &Calendar::default()).unwrap();
    assert_eq!(repeated.label(Language::English), "25 October 2026, 01:00 BST–01:00 GMT");
    assert_eq!(label("2026-11-22T08:00", "2026-11-22T18:30"), "22 November 2026, 08:00–18:30");
}

/// Whatever of a week a window leaves, its dates stand once.
#[test]
fn an_interval_is_named_once() {
    for (start, end, interval, expected) in [
        ("2026-11-10T07:00", "2026-11-18", Interval::Week, "10 Nov, 07:00 – 16 Nov, 00:00"),
        ("2026-11-16", "2026-11-18T12:00", Interval::Week, "16 Nov, 00:00 – 18 Nov, 12:00"),
        ("2026-11-10", "2026-11-18", Interval::Week, "10 Nov – 15 Nov"),
        ("2026-11-15T07:00", "2026-11-18", Interval::Week, "15 Nov, 07:00–24:00"),
        ("2026-11-16", "2026-11-18", Interval::Day, "Mon 16 Nov"),
        ("2026-11-16T07:00", "2026-11-18", Interval::Hour, "16 Nov, 07:00–08:00"),
    ] {
        let zone = Zone::named("Europe/London").unwrap();
        let window = Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone);
        let first = window.unwrap().intervals(interval).remove(0);
        assert_eq!(first.interval_label(Language::English), expected);
    }
}

#[test]
fn a_time_is_cut_to_its_minute() {
    for (time, minute) in [
        ("2026-11-23T07:15:23.456789123Z", "2026-11-23T07:15:00Z"),
        ("2026-11-23T07:15:00Z", "2026-11-23T07:15:00Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:00Z"),
    ] {
        assert_eq!(to_the_minute(time.parse().unwrap()).to_string(), minute);
    }
    let _ = [Timestamp::MIN, Timestamp::MAX].map(to_the_minute);
}

#[test]
fn windows_that_do_not_exist_are_refused() {
    let zone = Zone::named("Europe/London").unwrap();
    let window = |a: &str, b: &str| {
        Window::between(a.parse().unwrap(), b.parse().unwrap(), &zone)
            .and_then(|window| window.closed_at("2026-11-23T07:00:00Z".parse().unwrap()))
            .map_err(|error| error.to_string())
    };
    assert!(window("2026-11-22", "2026-11-22").unwrap_err().starts_with("the window ends at"));
    assert_eq!(
        window("2026-03-29T01:30", "2026-03-30").unwrap_err(),
        "2026-03-29T01:30:00 does not exist in Europe/London: the clocks skip it"
    );
    assert!(window("2026-11-23", "2026-11-24").unwrap_err().contains("not over yet"));
    assert!("22.11.2026".parse::<LocalTime>().is_err());
    for elsewhere in
        ["T08:00Z", "T08:00+05:00", "T08:00-05:00", "T08:00[Asia/Tokyo]", "[Asia/Tokyo]"]
    {
        let text = format!("2026-11-22{elsewhere}");
        assert!(text.parse::<LocalTime>().is_err(), "{text}: times are the report's own");
    }
    for other in ["20261122", "2026-11-22T08", "2026-11-22T080000", "2026-11-22T08:00:60"] {
        assert!(other.parse::<LocalTime>().is_err(), "{other}");
    }
    for good in ["2026-11-22", "2026-11-22T08:00", "2026-11-22 08:00", "2026-11-22T08:00:30"] {
        assert!(good.parse::<LocalTime>().is_ok(), "{good}");
    }
}

#[test]
fn a_day_that_a_zone_left_out_is_no_window() {
    let zone = Zone::named("Pacific/Apia").unwrap();
    let window = WindowRule::PreviousDay.window_before(
        "2011-12-31T00:00:00Z".parse().unwrap(),
        &zone,
        &Calendar::default(),
    );
    assert_eq!(window.unwrap().label(Language::English), "Thursday 29 December 2011");
}

#[test]
fn hours_tile_the_day_where_clocks_shift_by_half_an_hour() {
    let zone = Zone::named("Australia/Lord_Howe").unwrap();
    let mut due: Timestamp = "2026-04-06T00:00:00Z".parse().unwrap();
    for _ in 0..72 {
        let window =
            WindowRule::PreviousHour.window_before(due, &zone, &Calendar::default()).unwrap();
        assert!(window.end() <= due && window.start() < window.end());
        let earlier = WindowRule::PreviousHour
            .window_before(window.end(), &zone, &Calendar::default())
            .unwrap();
        assert_eq!(earlier, window, "the window that ends at {due} is the one that closed last");
        due = window.start();
    }
}

fn zone_names() -> Vec<String> {
    let mut names: Vec<_> = Zone::names().collect();
    names.sort();
    names
}

proptest! {
    /// Windows of one rule tile the time line: each starts where the one before it ends.
    #[test]
    fn windows_tile_the_time_line(
        zone in proptest::sample::select(zone_names()),
        second in 1_577_836_800_i64..2_082_758_400, // 2020 to 2035
        rule in proptest::sample::select(vec![
            WindowRule::PreviousHour, WindowRule::PreviousDay,
            WindowRule::PreviousWeek, WindowRule::PreviousMonth,
        ]),
    ) {
        let zone = Zone::named(&zone).unwrap();
        let due = Timestamp::from_second(second).unwrap();
        let window = rule.window_before(due, &zone, &Calendar::default()).unwrap();
        prop_assert!(window.start() < window.end() && window.end() <= due);
        prop_assert_eq!(&rule.window_before(window.end(), &zone, &Calendar::default()).unwrap(), &window);
        let earlier = rule.window_before(window.end() - SignedDuration::from_nanos(1), &zone, &Calendar::default()).unwrap();
        prop_assert_eq!(earlier.end(), window.start());
    }
}

/// Every change of every zone's clocks from 2020 to 2035.
fn changes(zone: &Zone) -> Vec<Timestamp> {
    let at = |time: &str| time.parse::<Timestamp>().unwrap();
    let changes = zone.0.following(at("2020-01-01T00:00:00Z")).map(|change| change.timestamp());
    changes.take_while(|change| *change < at("2036-01-01T00:00:00Z")).collect()
}

/// So many windows of a rule, from one that ends after `after` back in time: each ends where the
/// next one starts, has an end that is due to report it and no other, and holds no date but its own.
fn assert_tiles(rule: WindowRule, zone: &Zone, after: Timestamp, count: usize) {
    let calendar = Calendar::default();
    let before = |due| rule.window_before(due, zone, &calendar).unwrap();
    let mut window = before(after);
    for _ in 0..count {
        assert!(window.start() < window.end(), "{}", window.exact_label(Language::English));
        assert_eq!(before(window.end()), window);
        let first = window.start.date();
        let last = window.last_date();
        let just_before = window.start() - SignedDuration::from_nanos(1);
        if rule != WindowRule::PreviousHour {
            assert!(
                window.on_its_clock(just_before).date() < first,
                "{}",
                window.exact_label(Language::English)
            );
            assert!(window.end.date() > last, "{}", window.exact_label(Language::English));
        }
        match rule {
            WindowRule::PreviousDay => assert_eq!(first, last),
            WindowRule::PreviousWeek => {
                assert_eq!((first.weekday().to_monday_one_offset(), first + 6.days()), (1, last));
            }
            WindowRule::PreviousMonth => {
                assert_eq!((first.first_of_month(), first.last_of_month()), (first, last));
            }
            _ => {
                let start = &window.start;
                let end = &window.end;
                assert!(start.minute() == 0 || start.timestamp() == changed_before(start));
                assert!(end.minute() == 0 || end.timestamp() == changed_before(end));
            }
        }
        let earlier = before(window.start());
        assert_eq!(
            earlier.end(),
            window.start(),
            "{} and {}",
            earlier.exact_label(Language::English),
            window.exact_label(Language::English)
        );
        window = earlier;
    }
}

fn changed_before(time: &Zoned) -> Timestamp {
    let after = time.timestamp() + SignedDuration::from_nanos(1);
    time.time_zone().preceding(after).next().unwrap().timestamp()
}

#[test]
fn windows_tile_the_time_line_around_every_change_of_clocks() {
    let mut changes_seen = 0;
    for name in zone_names() {
        let zone = Zone::named(&name).unwrap();
        for change in changes(&zone) {
            changes_seen += 1;
            for (rule, hours_after, count) in [
                (WindowRule::PreviousHour, 27, 54),
                (WindowRule::PreviousDay, 3 * 24, 6),
                (WindowRule::PreviousWeek, 14 * 24, 4),
                (WindowRule::PreviousMonth, 35 * 24, 3),
            ] {
                let after = change + SignedDuration::from_hours(hours_after);
                assert_tiles(rule, &zone, after, count);
            }
        }
    }
    assert!(changes_seen > 3_000, "{changes_seen}");
}

#[test]
fn weeks_and_working_days_are_those_of_the_calendar() {
    use jiff::civil::{Weekday, date, time};
    let calendar = Calendar {
        week_starts: Weekday::Sunday,
        workdays: vec![Weekday::Monday, Weekday::Friday],
        holidays: [date(2026, 11, 20)].into(),
    };
    let zone = Zone::named("Europe/London").unwrap();
    // A Monday morning.
    let window = |rule: WindowRule, calendar: &Calendar| {
        let window = rule.window_before("2026-11-23T08:30:00Z".parse().unwrap(), &zone, calendar);
        window.map(|window| format!("{} {}", rfc3339(&window.start), rfc3339(&window.end)))
    };
    let hours = WindowRule::Hours { from: time(8, 0, 0, 0), to: time(18, 0, 0, 0) };
    for (rule, expected) in [
        (WindowRule::PreviousWeek, "2026-11-15T00:00:00+00:00 2026-11-22T00:00:00+00:00"),
        (WindowRule::WeekToDate, "2026-11-22T00:00:00+00:00 2026-11-23T08:30:00+00:00"),
        (WindowRule::MonthToDate, "2026-11-01T00:00:00+00:00 2026-11-23T08:30:00+00:00"),
        (WindowRule::PreviousWorkday, "2026-11-16T00:00:00+00:00 2026-11-17T00:00:00+00:00"),
        (hours, "2026-11-16T08:00:00+00:00 2026-11-16T18:00:00+00:00"),
        (
            WindowRule::Last(SignedDuration::from_hours(4)),
            "2026-11-23T04:30:00+00:00 2026-11-23T08:30:00+00:00",
        ),
    ] {
        assert_eq!(window(rule, &calendar).unwrap(), expected);
    }
    let default = window(WindowRule::PreviousWorkday, &Calendar::default()).unwrap();
    assert_eq!(default, "2026-11-20T00:00:00+00:00 2026-11-21T00:00:00+00:00");
    let closed = Calendar {
        holidays: (1..=30).map(|day| date(2026, 11, day)).collect(),
        ..Calendar::default()
    };
    assert_eq!(window(WindowRule::PreviousWorkday, &closed), Err(WindowError::NoWorkday));
    let monday = WindowRule::WeekToDate.window_before(
        "2026-11-23T00:00:00Z".parse().unwrap(),
        &zone,
        &Calendar::default(),
    );
    let start = "2026-11-23T00:00:00+00:00".to_owned();
    assert_eq!(monday, Err(WindowError::JustBegun { unit: "week", start }));
}

mod shifts;
