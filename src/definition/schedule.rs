//! Reading when a report is due and which span it covers: `window`, `[schedule]`, the calendar.

use std::collections::BTreeSet;
use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};

use super::keys::{DAYS, SCHEDULE, WINDOW, WINDOWS};
use super::problem::Problems;
use super::reader::{Table, Value, WordKind, found, whole_number};
use crate::metric::limits::HISTORY_DAYS;
use crate::retry::{CATCH_UP, LONGEST_CATCH_UP};
use crate::window::{Calendar, Compare, WindowRule};

/// When a report is due, on the local clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The local time.
    pub at: Time,
    /// The days.
    pub days: ScheduleDays,
    /// The first date on which it is due.
    pub start: Option<Date>,
    /// The last date on which it is due; not before the first.
    pub end: Option<Date>,
    /// Whether it is due at all.
    pub enabled: bool,
}

/// The days on which a report is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleDays {
    /// These days of every week; one at least, none twice.
    Week(Vec<Weekday>),
    /// This day of every month, 1 to 28.
    Month(u8),
    /// The last day of every month.
    MonthEnd,
}

/// `at 07:00 on mon, fri from 2026-01-01 to 2026-12-31`
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} on ", self.at.strftime("%H:%M"))?;
        match &self.days {
            ScheduleDays::Week(days) => {
                let names = DAYS.iter().zip(WEEKDAYS).filter(|(_, day)| days.contains(day));
                let names: Vec<&str> = names.map(|(name, _)| *name).collect();
                f.write_str(&names.join(", "))?;
            }
            ScheduleDays::Month(day) => write!(f, "day {day} of the month")?,
            ScheduleDays::MonthEnd => f.write_str("the last day of the month")?,
        }
        self.start.map_or(Ok(()), |start| write!(f, " from {start}"))?;
        self.end.map_or(Ok(()), |end| write!(f, " to {end}"))?;
        if self.enabled { Ok(()) } else { f.write_str(", switched off") }
    }
}

/// The span and the time of a report.
pub(super) struct Timing {
    pub(super) window: WindowRule,
    pub(super) compare: Compare,
    pub(super) calendar: Calendar,
    pub(super) settle: SignedDuration,
    pub(super) catch_up: SignedDuration,
    pub(super) schedule: Option<Schedule>,
}

pub(super) fn read(root: &mut Table<'_>) -> Option<Timing> {
    let problems = root.problems();
    let windowed = root.required("window");
    let window = windowed.and_then(|value| read_window(problems, value));
    let compared = root.get("compare");
    let compare = compared.map_or(Some(Compare::None), |value| read_compare(problems, value));
    let calendar = read_calendar(root);
    let settled = root.get("settle");
    let settle = settled.map_or(Some(SETTLE), |value| duration(problems, value, NONE, MOST_SETTLE));
    let catch_up = root
        .get("catch_up")
        .map_or(Some(CATCH_UP), |value| duration(problems, value, NONE, LONGEST_CATCH_UP));
    let scheduled = root.get("schedule");
    let schedule = scheduled.map(|value| read_schedule(problems, value));
    if let (Some(value), Some(window)) = (windowed, window) {
        check_rolling(problems, value, window, scheduled.is_some(), settled);
        if let (Some(calendar), Some(Some(schedule))) = (&calendar, &schedule) {
            check_begun(problems, value, window, calendar, schedule);
        }
        let compared = compared.zip(compare);
        check_history(problems, value, window, compared);
        check_weeks(problems, window, compared);
    }
    Some(Timing {
        window: window?,
        compare: compare?,
        calendar: calendar?,
        settle: settle?,
        catch_up: catch_up?,
        // A schedule that is there and wrong is none that is not there.
        schedule: schedule.map_or(Some(None), |schedule| schedule.map(Some))?,
    })
}

const NONE: SignedDuration = SignedDuration::ZERO;
const SETTLE: SignedDuration = SignedDuration::from_mins(15);
const MOST_SETTLE: SignedDuration = SignedDuration::from_hours(7 * 24);

fn read_window(problems: &Problems<'_>, value: Value<'_>) -> Option<WindowRule> {
    if value.get_ref().is_table() {
        return read_span(problems, value);
    }
    let name = problems.text(value)?.value;
    let rule = match name.as_str() {
        "previous-hour" => WindowRule::PreviousHour,
        "previous-day" => WindowRule::PreviousDay,
        "previous-week" => WindowRule::PreviousWeek,
        "previous-month" => WindowRule::PreviousMonth,
        "previous-workday" => WindowRule::PreviousWorkday,
        "week-to-date" => WindowRule::WeekToDate,
        "month-to-date" => WindowRule::MonthToDate,
        _ => {
            let message = format!("there is no window `{name}`");
            let help = format!("{}; or {{ last = \"4h\" }}", problems.choice(&name, WINDOWS));
            problems.error(&value.span(), "unknown-window", message, help);
            return None;
        }
    };
    Some(rule)
}

fn read_span(problems: &Problems<'_>, value: Value<'_>) -> Option<WindowRule> {
    let mut table = problems.table(value, &WINDOW)?;
    let (last, from, to) = (table.get("last"), table.get("from"), table.get("to"));
    table.finish();
    match (last, from, to) {
        (Some(last), None, None) => {
            let least = SignedDuration::from_mins(1);
            duration(problems, last, least, SignedDuration::MAX).map(WindowRule::Last)
        }
        (None, Some(from), Some(to)) => {
            let (start, end) = (time(problems, from), end_of_hours(problems, to));
            let (start, end) = (start?, end?);
            if end != HoursEnd::At(start) {
                return Some(WindowRule::Hours { from: start, to: end.on_the_clock() });
            }
            let message = "the hours end at the time at which they start";
            let help = "let `to` be another time, which is on the next day where it is before `from`; \
                        a whole day is { from = \"00:00\", to = \"24:00\" }";
            problems.error(&to.span(), "no-hours", message, help);
            None
        }
        _ => {
            let help = "write { last = \"4h\" }, or { from = \"08:00\", to = \"18:00\" }";
            let message = "the window needs `last` alone, or `from` and `to`";
            problems.error(&value.span(), "window-form", message, help);
            None
        }
    }
}

fn read_compare(problems: &Problems<'_>, value: Value<'_>) -> Option<Compare> {
    use Compare::{AverageFourWeeks, None as Nothing, PreviousWindow, SameWeekday};
    let meanings = [Nothing, PreviousWindow, SameWeekday, AverageFourWeeks];
    let what = WordKind { name: "comparison", code: "unknown-comparison" };
    problems.word(value, what, super::keys::COMPARE, meanings)
}

/// At the very start of a week or month nothing of it is there to be reported.
fn check_begun(
    problems: &Problems<'_>,
    value: Value<'_>,
    window: WindowRule,
    calendar: &Calendar,
    schedule: &Schedule,
) {
    let may_be_first = match (window, &schedule.days) {
        (WindowRule::WeekToDate, ScheduleDays::Week(days)) => days.contains(&calendar.week_starts),
        (WindowRule::WeekToDate, _) | (WindowRule::MonthToDate, ScheduleDays::Week(_)) => true,
        (WindowRule::MonthToDate, ScheduleDays::Month(day)) => *day == 1,
        _ => false,
    };
    if may_be_first && schedule.at == Time::midnight() {
        let message = "at 00:00 on its first day the window is empty";
        let help = "let the schedule be `at` a later time, or on other `days`";
        problems.error(&value.span(), "empty-window", message, help);
    }
}

/// A week has each weekday once; a longer window would be compared with a part of itself.
fn check_weeks(
    problems: &Problems<'_>,
    window: WindowRule,
    compared: Option<(Value<'_>, Compare)>,
) {
    let Some((value, Compare::SameWeekday | Compare::AverageFourWeeks)) = compared else {
        return;
    };
    if window.length_in_days() > 7 {
        let message = "this compares with the same days of other weeks, and the window is longer";
        let help = "write `compare = \"previous-window\"`, or choose a window of a week at most";
        problems.error(&value.span(), "comparison", message, help);
    }
}

/// A window that ends when it is due has nothing to wait for, and only a schedule says when.
fn check_rolling(
    problems: &Problems<'_>,
    value: Value<'_>,
    window: WindowRule,
    has_schedule: bool,
    settle: Option<Value<'_>>,
) {
    if !window.is_rolling() {
        return;
    }
    if !has_schedule {
        let help = "add `[schedule]` with `at = \"07:00\"`; the window ends at that time";
        let message = "this window ends when the report is due, and nothing says when that is";
        problems.error(&value.span(), "window-needs-schedule", message, help);
    }
    if let Some(settle) = settle {
        let message = "a window that ends when the report is due has no time to settle";
        problems.error(&settle.span(), "settle", message, "remove `settle`");
    }
}

/// The service has figures of three months, those of a comparison included.
fn check_history(
    problems: &Problems<'_>,
    value: Value<'_>,
    window: WindowRule,
    compared: Option<(Value<'_>, Compare)>,
) {
    let reach = window.reach_in_days();
    let (span, reach) = match compared {
        Some((value, compare)) if reach <= HISTORY_DAYS => {
            (value.span(), reach + compare.further_in_days(window))
        }
        _ => (value.span(), reach),
    };
    if reach > HISTORY_DAYS {
        let message =
            format!("this reaches {reach} days back; the service has figures of 3 months");
        let help = format!(
            "choose a shorter window, or another comparison; {HISTORY_DAYS} days are allowed"
        );
        problems.error(&span, "beyond-history", message, help);
    }
}

fn read_calendar(root: &mut Table<'_>) -> Option<Calendar> {
    let problems = root.problems();
    let default = Calendar::default();
    let week_starts = root
        .get("week_starts")
        .map_or(Some(default.week_starts), |value| problems.word(value, DAY, &DAYS, WEEKDAYS));
    let workdays =
        root.get("workdays").map_or(Some(default.workdays), |value| read_days(problems, value));
    let holidays = root.get("holidays").map_or(Some(default.holidays), |value| {
        let dates = problems.list_or_none(value, "a list of dates such as [\"2026-12-25\"]")?;
        let dates: Vec<Option<Date>> =
            dates.into_iter().map(|date| self::date(problems, date)).collect();
        dates.into_iter().collect::<Option<BTreeSet<_>>>()
    });
    Some(Calendar { week_starts: week_starts?, workdays: workdays?, holidays: holidays? })
}

const DAY: WordKind = WordKind { name: "day of the week", code: "unknown-day" };
const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn read_schedule(problems: &Problems<'_>, value: Value<'_>) -> Option<Schedule> {
    let mut table = problems.table(value, &SCHEDULE)?;
    let at = table.required("at").and_then(|value| time(problems, value));
    let (days, of_month) = (table.get("days"), table.get("day_of_month"));
    if let (Some(_), Some(of_month)) = (days, of_month) {
        let help = "keep `days` for a day of the week, or `day_of_month`";
        let message = "`days` and `day_of_month` can't both say when the report is due";
        problems.error(&of_month.span(), "conflicting-days", message, help);
    }
    let week = days.map_or(Some(WEEKDAYS.to_vec()), |value| read_days(problems, value));
    let days = match of_month {
        Some(value) => read_day_of_month(problems, value),
        None => week.map(ScheduleDays::Week),
    };
    let start = table.get("start").map(|value| date(problems, value));
    let ends = table.get("end");
    let end = ends.map(|value| date(problems, value));
    if let (Some(Some(start)), Some(value), Some(Some(end))) = (start, ends, end)
        && end < start
    {
        let help = "let `end` be `start` or a later date";
        problems.error(&value.span(), "reversed", "the schedule ends before it starts", help);
    }
    let enabled = table.get("enabled").map_or(Some(true), |value| problems.flag(value));
    table.finish();
    // A date that is there and wrong is none that is not there.
    let start = start.map_or(Some(None), |date| date.map(Some))?;
    let end = end.map_or(Some(None), |date| date.map(Some))?;
    Some(Schedule { at: at?, days: days?, start, end, enabled: enabled? })
}

fn read_day_of_month(problems: &Problems<'_>, value: Value<'_>) -> Option<ScheduleDays> {
    if value.get_ref().as_str() == Some("last") {
        return Some(ScheduleDays::MonthEnd);
    }
    let day = whole_number(value).and_then(|day| u8::try_from(day).ok());
    let day = day.filter(|day| (1..=28).contains(day));
    if day.is_none() {
        let message = format!("found {}, expected a day from 1 to 28 or \"last\"", found(value));
        let help = "write a whole number from 1 to 28, or \"last\"";
        problems.error(&value.span(), "day-of-month", message, help);
    }
    day.map(ScheduleDays::Month)
}

fn read_days(problems: &Problems<'_>, value: Value<'_>) -> Option<Vec<Weekday>> {
    let values = problems.list(value, "a list of days such as [\"mon\", \"tue\"]");
    let mut days = Vec::with_capacity(values.len());
    let mut complete = !values.is_empty();
    for value in values {
        if let Some(meant) = value.get_ref().as_str().and_then(several_days) {
            let message = "these are several days, and each is written on its own";
            problems.error(&value.span(), "unknown-day", message, format!("write {meant}"));
            complete = false;
            continue;
        }
        match problems.word(value, DAY, &DAYS, WEEKDAYS) {
            Some(day) if days.contains(&day) => {
                let help = "remove one of the two";
                problems.error(&value.span(), "repeated-day", "this day stands here twice", help);
            }
            Some(day) => days.push(day),
            None => complete = false,
        }
    }
    complete.then_some(days)
}

/// The days that a word for several of them stands for, as they are written.
fn several_days(word: &str) -> Option<&'static str> {
    let letters: String = word.chars().filter(|c| c.is_alphabetic()).collect();
    match letters.to_lowercase().as_str() {
        "weekday" | "weekdays" | "workday" | "workdays" | "workingdays" | "businessdays"
        | "monfri" | "montofri" => Some("\"mon\", \"tue\", \"wed\", \"thu\", \"fri\""),
        "weekend" | "weekends" | "satsun" => Some("\"sat\", \"sun\""),
        "daily" | "all" | "everyday" | "monsun" => {
            Some("\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\", or remove `days`")
        }
        _ => None,
    }
}

fn date(problems: &Problems<'_>, value: Value<'_>) -> Option<Date> {
    problems.parsed(value, "date", "a date such as \"2026-12-25\"", |text| {
        let plain = text.len() == 10 && !text.contains(['T', ' ', '+']);
        plain.then(|| text.parse().ok()).flatten()
    })
}

fn time(problems: &Problems<'_>, value: Value<'_>) -> Option<Time> {
    let wanted = "a local time such as \"07:00\", from 00:00 to 23:59";
    problems.parsed(value, "time", wanted, local_time)
}

/// A time of the local clock, to the minute.
fn local_time(text: &str) -> Option<Time> {
    let text = text.strip_suffix(":00").filter(|hours| hours.len() == 5).unwrap_or(text);
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let plain = text.split_once(':').is_some_and(|(h, m)| digits(h) && digits(m));
    plain.then(|| Time::strptime("%H:%M", text).ok()).flatten()
}

/// The time at which hours end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HoursEnd {
    At(Time),
    /// 24:00, the midnight after.
    DayEnd,
}

impl HoursEnd {
    /// The reading of the clock then.
    fn on_the_clock(self) -> Time {
        match self {
            Self::At(time) => time,
            Self::DayEnd => Time::midnight(),
        }
    }
}

fn end_of_hours(problems: &Problems<'_>, value: Value<'_>) -> Option<HoursEnd> {
    let wanted = "a local time such as \"18:00\", from 00:00 to 24:00";
    problems.parsed(value, "time", wanted, |text| match text {
        "24:00" | "24:00:00" => Some(HoursEnd::DayEnd),
        text => local_time(text).map(HoursEnd::At),
    })
}

/// A number of minutes, hours or days.
fn duration(
    problems: &Problems<'_>,
    value: Value<'_>,
    least: SignedDuration,
    most: SignedDuration,
) -> Option<SignedDuration> {
    let wanted = match most {
        SignedDuration::MAX => "a time such as \"30m\", \"4h\" or \"7d\"".to_owned(),
        _ => format!("a time such as \"30m\" or \"4h\", {} days at most", most.as_hours() / 24),
    };
    problems.parsed(value, "duration", &wanted, |text| {
        parse_duration(text).filter(|length| (least..=most).contains(length))
    })
}

fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (digits, seconds) = [("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
    // No one waits, or looks back, for longer than a lifetime; and sums of it stay within bounds.
    (seconds <= 86_400 * 36_500).then(|| SignedDuration::from_secs(seconds))
}
