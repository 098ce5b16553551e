//! Hours of working days that go to midnight and past it.

use jiff::civil::Weekday;

use super::*;

fn hours(from: &str, to: &str) -> WindowRule {
    let time = |text: &str| match text {
        "24:00" => Time::midnight(),
        text => Time::strptime("%H:%M", text).unwrap(),
    };
    WindowRule::Hours { from: time(from), to: time(to) }
}

/// A shift belongs to the working day on which it begins, and is over when it ends.
#[test]
fn hours_go_to_midnight_and_past_it() {
    let zone = Zone::named("Europe/London").unwrap();
    // Friday the 20th to Tuesday the 24th.
    let told = |rule: WindowRule, due: &str, calendar: &Calendar| {
        let window = rule.window_before(due.parse().unwrap(), &zone, calendar).unwrap();
        window.label(Language::English)
    };
    let week = Calendar::default();
    let night = hours("22:00", "06:00");
    let late = hours("14:00", "24:00");
    let [friday, monday] =
        ["Fri 20 Nov, 22:00 – Sat 21 Nov, 06:00", "Mon 23 Nov, 22:00 – Tue 24 Nov, 06:00"];
    for (due, expected) in [
        ("2026-11-21T06:00:00Z", friday),
        ("2026-11-23T12:00:00Z", friday),
        ("2026-11-24T05:59:00Z", friday),
        ("2026-11-24T06:00:00Z", monday),
        ("2026-11-24T23:30:00Z", monday),
    ] {
        assert_eq!(told(night, due, &week), expected, "{due}");
    }
    for (due, expected) in [
        ("2026-11-23T23:59:00Z", "20 November 2026, 14:00–24:00"),
        ("2026-11-24T00:00:00Z", "23 November 2026, 14:00–24:00"),
    ] {
        assert_eq!(told(late, due, &week), expected, "{due}");
    }
    let whole = hours("00:00", "24:00");
    assert_eq!(told(whole, "2026-11-24T00:00:00Z", &week), "Monday 23 November 2026");
    let closed = Calendar { holidays: [jiff::civil::date(2026, 11, 20)].into(), ..week };
    assert_eq!(
        told(night, "2026-11-21T07:00:00Z", &closed),
        "Thu 19 Nov, 22:00 – Fri 20 Nov, 06:00"
    );
    let texts = [night, late, whole].map(|rule| rule.to_string());
    assert_eq!(texts, ["22:00-06:00", "14:00-24:00", "00:00-24:00"]);
}

/// Two shifts that relieve each other tile the time line around every change of clocks: none of their
/// borders is lost or comes twice, and each is the last one when it and its day are over.
#[test]
fn shifts_relieve_each_other_around_every_change_of_clocks() {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let every_day = vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
    let calendar = Calendar { workdays: every_day, ..Calendar::default() };
    // Late shifts and nights, and borders at midnight and in the hours in which clocks change.
    const SHIFTS: [Borders; 7] = [
        Borders { from: "22:00", to: "06:00" },
        Borders { from: "14:00", to: "24:00" },
        Borders { from: "23:30", to: "00:30" },
        Borders { from: "01:30", to: "00:15" },
        Borders { from: "02:15", to: "01:45" },
        Borders { from: "02:05", to: "02:00" },
        Borders { from: "12:00", to: "03:00" },
    ];
    // With gaps and folds at midnight, before it, after it, by half an hour and by two.
    const ALL_OF: [&str; 9] = [
        "Europe/London",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Asia/Beirut",
        "America/Santiago",
        "America/Havana",
        "America/Nuuk",
        "Antarctica/Troll",
    ];
    for (place, name) in zone_names().iter().enumerate() {
        let zone = Zone::named(name).unwrap();
        let changes = changes(&zone);
        for (index, change) in changes.iter().enumerate() {
            let shifts = SHIFTS.iter().enumerate().filter(|(shift, _)| {
                // The others take turns, for time's sake.
                ALL_OF.contains(&name.as_str()) || (place + index) % SHIFTS.len() == *shift
            });
            for (_, shift) in shifts {
                assert_relieved(*shift, &zone, *change, &calendar);
            }
        }
    }
    // Before 2020, when the clocks of Brazil changed at midnight.
    let brazil = Zone::named("America/Sao_Paulo").unwrap();
    for change in ["2018-02-18T02:00:00Z", "2018-11-04T03:00:00Z"] {
        for shift in SHIFTS {
            assert_relieved(shift, &brazil, change.parse().unwrap(), &calendar);
        }
    }
}

/// The borders of a shift as definitions write them.
#[derive(Clone, Copy)]
struct Borders {
    from: &'static str,
    to: &'static str,
}

/// A shift and the one that relieves it tile the days around an instant.
fn assert_relieved(shift: Borders, zone: &Zone, around: Timestamp, calendar: &Calendar) {
    let Borders { from, to } = shift;
    let span = SignedDuration::from_hours(40);
    let relief = if to == "24:00" { "00:00" } else { to };
    let of_rule = |rule: WindowRule| {
        let before = |due| rule.window_before(due, zone, calendar).unwrap();
        let mut windows = vec![before(around + span)];
        while windows[windows.len() - 1].end() > around - span {
            let window = &windows[windows.len() - 1];
            let next_day = start_of_day(window.start.date().tomorrow().unwrap(), &zone.0).unwrap();
            assert_eq!(before(window.end().max(next_day.timestamp())), *window);
            windows.push(before(window.start()));
        }
        windows
    };
    let shifts = [hours(from, to), hours(relief, from)].map(of_rule);
    let last = shifts.iter().map(|windows| windows[0].end()).min().unwrap();
    let first = shifts.iter().map(|windows| windows[windows.len() - 1].start()).max().unwrap();
    let mut shifts = shifts.concat();
    shifts.retain(|window| first <= window.start() && window.end() <= last);
    shifts.sort_by_key(Window::start);
    let told = || shifts.iter().map(|window| window.borders().join(" ")).collect::<Vec<_>>();
    assert!(shifts.len() > 2, "{} {from} {to}: {:?}", zone.name(), told());
    for pair in shifts.windows(2) {
        assert_eq!(pair[0].end(), pair[1].start(), "{} {from} {to}: {:?}", zone.name(), told());
    }
}

/// That the clocks were changed is said where the readings tell of more or less time than passed, and only
/// there. Where they skip midnight, the day before ends at 24:00 as others do.
#[test]
fn labels_mention_a_change_of_clocks() {
    use WindowRule::{Last, PreviousDay, PreviousHour, PreviousMonth, PreviousWeek, WeekToDate};
    let workdays = vec![Weekday::Saturday, Weekday::Thursday, Weekday::Sunday];
    let calendar = Calendar { workdays, week_starts: Weekday::Sunday, ..Calendar::default() };
    let late = hours("14:00", "24:00");
    let four_hours = Last(SignedDuration::from_hours(4));
    let santiago = "America/Santiago";
    let midnight = "2026-09-06T04:00:00Z";
    for (rule, zone, due, expected) in [
        (
            late,
            santiago,
            midnight,
            "Saturday 5 September 2026, 14:00–24:00 America/Santiago (UTC-04:00)",
        ),
        (
            four_hours,
            santiago,
            midnight,
            "Saturday 5 September 2026, 20:00–24:00 America/Santiago (UTC-04:00)",
        ),
        (
            PreviousHour,
            santiago,
            midnight,
            "Saturday 5 September 2026, 23:00–24:00 America/Santiago (UTC-04:00)",
        ),
        (
            PreviousDay,
            santiago,
            midnight,
            "Saturday 5 September 2026, 00:00–24:00 America/Santiago (UTC-04:00)",
        ),
        (
            PreviousWeek,
            santiago,
            midnight,
            "30 August 2026, 00:00 – 5 September 2026, 24:00 America/Santiago (UTC-04:00)",
        ),
        (
            hours("16:00", "24:00"),
            "Africa/Cairo",
            "2026-04-23T22:00:00Z",
            "Thursday 23 April 2026, 16:00–24:00 Africa/Cairo (EET, UTC+02:00)",
        ),
        (
            hours("16:00", "24:00"),
            "Asia/Beirut",
            "2026-03-28T22:00:00Z",
            "Saturday 28 March 2026, 16:00–24:00 Asia/Beirut (EET, UTC+02:00)",
        ),
        // The day after begins with the change, and has it behind it.
        (
            four_hours,
            santiago,
            "2026-09-06T08:00:00Z",
            "Sunday 6 September 2026, 01:00–05:00 America/Santiago (UTC-03:00)",
        ),
        (
            WeekToDate,
            santiago,
            "2026-09-07T12:00:00Z",
            "6 September 2026, 01:00 – 7 September 2026, 09:00 America/Santiago (UTC-03:00)",
        ),
        // What passes midnight has it.
        (
            hours("22:00", "06:00"),
            santiago,
            "2026-09-06T12:00:00Z",
            "5 September 2026, 22:00 – 6 September 2026, 06:00 America/Santiago (UTC-04:00, to UTC-03:00), in which the clocks went forward by 1\u{a0}hour",
        ),
        (
            hours("22:00", "02:00"),
            "Europe/London",
            "2026-03-29T12:00:00Z",
            "28 March 2026, 22:00 – 29 March 2026, 02:00 Europe/London (GMT, UTC+00:00, to BST, UTC+01:00), in which the clocks went forward by 1\u{a0}hour",
        ),
        // The hour before midnight came twice.
        (
            late,
            santiago,
            "2026-04-05T04:00:00Z",
            "Saturday 4 April 2026, 14:00–24:00 America/Santiago (UTC-03:00, to UTC-04:00), in which the clocks went back by 1\u{a0}hour",
        ),
        // In Nuuk the clocks skip the last hour of the day.
        (
            late,
            "America/Nuuk",
            "2026-03-29T01:00:00Z",
            "Saturday 28 March 2026, 14:00–24:00 America/Nuuk (UTC-02:00, to UTC-01:00), in which the clocks went forward by 1\u{a0}hour",
        ),
        (
            PreviousMonth,
            santiago,
            "2026-10-02T12:00:00Z",
            "1 September 2026, 00:00 – 1 October 2026, 00:00 America/Santiago (UTC-04:00, to UTC-03:00), in which the clocks went forward by 1\u{a0}hour",
        ),
    ] {
        let zone = Zone::named(zone).unwrap();
        let window = rule.window_before(due.parse().unwrap(), &zone, &calendar).unwrap();
        assert_eq!(window.exact_label(Language::English), expected);
    }
    let zone = Zone::named(santiago).unwrap();
    let week =
        Window::between("2026-09-01T07:00".parse().unwrap(), "2026-09-06".parse().unwrap(), &zone);
    assert_eq!(week.unwrap().interval_label(Language::English), "1 Sep, 07:00 – 5 Sep, 24:00");
}

/// A border that the clocks skip moves to the first instant after; a fully skipped shift does not exist.
#[test]
fn skipped_hours_move_to_the_next_instant() {
    let told = |zone: &str, (from, to): (&str, &str), due: &str| {
        let zone = Zone::named(zone).unwrap();
        let workdays = vec![Weekday::Saturday, Weekday::Sunday];
        let calendar = Calendar { workdays, ..Calendar::default() };
        let window = hours(from, to).window_before(due.parse().unwrap(), &zone, &calendar).unwrap();
        window.borders().join(" ")
    };
    let london = |hours, due| told("Europe/London", hours, due);
    // Sunday the 29th: after 00:59 comes 02:00.
    for (hours, borders) in [
        (("01:30", "06:00"), "2026-03-29T02:00:00+01:00 2026-03-29T06:00:00+01:00"),
        (("01:30", "02:15"), "2026-03-29T02:00:00+01:00 2026-03-29T02:15:00+01:00"),
        (("01:00", "02:00"), "2026-03-28T01:00:00+00:00 2026-03-28T02:00:00+00:00"),
    ] {
        assert_eq!(london(hours, "2026-03-30T07:00:00Z"), borders);
    }
    // Saturday's night is an hour shorter, in autumn an hour longer.
    assert_eq!(
        london(("22:00", "06:00"), "2026-03-29T07:00:00Z"),
        "2026-03-28T22:00:00+00:00 2026-03-29T06:00:00+01:00"
    );
    assert_eq!(
        london(("22:00", "01:30"), "2026-10-25T07:00:00Z"),
        "2026-10-24T22:00:00+01:00 2026-10-25T01:30:00+01:00"
    );
    // In Nuuk the clocks skip the last hour before midnight.
    assert_eq!(
        told("America/Nuuk", ("23:30", "06:00"), "2026-03-29T12:00:00Z"),
        "2026-03-29T00:00:00-01:00 2026-03-29T06:00:00-01:00"
    );
}

#[test]
fn a_night_is_named_by_its_days_and_times() {
    let zone = Zone::named("Europe/London").unwrap();
    let window = |start: &str, end: &str| {
        Window::between(start.parse().unwrap(), end.parse().unwrap(), &zone).unwrap()
    };
    let night = window("2026-11-20T22:00", "2026-11-21T06:00");
    for (language, expected) in [
        (Language::English, "Fri 20 Nov, 22:00 – Sat 21 Nov, 06:00"),
        (Language::AmericanEnglish, "Fri, Nov 20, 10:00\u{a0}PM – Sat, Nov 21, 6:00\u{a0}AM"),
        (Language::German, "Fr 20. Nov., 22:00 – Sa 21. Nov., 06:00"),
        (Language::French, "ven. 20 nov., 22:00 – sam. 21 nov., 06:00"),
        (Language::Spanish, "vie 20 nov, 22:00 – sáb 21 nov, 06:00"),
    ] {
        assert_eq!(night.label(language), expected);
        assert_eq!(night.interval_label(language), expected);
    }
    assert_eq!(
        night.exact_label(Language::English),
        "20 November 2026, 22:00 – 21 November 2026, 06:00 Europe/London (GMT, UTC+00:00)"
    );
    let briefly = |start, end| window(start, end).interval_label(Language::English);
    assert_eq!(briefly("2026-11-20T23:00", "2026-11-21"), "20 Nov, 23:00–24:00");
    assert_eq!(
        window("2026-10-24T22:00", "2026-10-25T01:30").label(Language::English),
        "Sat 24 Oct, 22:00 – Sun 25 Oct, 01:30 BST",
        "the clock shows 01:30 twice"
    );
}
