//! Doubts about a valid definition: it says what can hardly be meant. `validate` warns of them; they
//! stop nothing.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use toml::de::{DeTable, DeValue};

use super::dimension::Dimension;
use super::problem::{Omitted, Problem, Problems, Severity};
use super::report::{Column, Report, Section};
use super::schedule::ScheduleDays;
use super::target::{Bound, Target};
use crate::address::Address;
use crate::instance::InstanceArn;
use crate::metric::Unit;
use crate::window::{Compare, WindowRule};

/// The doubts about a valid definition, in the order of its text, and how many more there are. `text` is that of its file,
/// without a byte order mark.
pub fn doubts(file: &str, text: &str, report: &Report, now: Timestamp) -> (Vec<Problem>, Omitted) {
    let problems = Problems::new(file, text);
    Written::read(text, |written| {
        placeholders(&problems, written, report);
        ended_schedule(&problems, written, report, now);
        unlike_days(&problems, written, report);
    });
    for section in &report.sections {
        waits_of_all_channels(&problems, section);
        for column in &section.columns {
            doubtful_targets(&problems, column);
        }
    }
    problems.into_found()
}

/// The definition as it is written.
pub(super) struct Written<'d>(&'d DeTable<'d>);

impl Written<'_> {
    /// Reads the text of a definition for what wants its places.
    pub(super) fn read(text: &str, use_it: impl FnOnce(&Written<'_>)) {
        let (document, _) = DeTable::parse_recoverable(text);
        use_it(&Written(document.get_ref()));
    }

    /// The place of the value of a key; without a table the key is one of the definition itself.
    pub(super) fn place(&self, table: Option<&str>, key: &str) -> Option<Range<usize>> {
        let table = match table {
            Some(table) => match self.0.get(table)?.get_ref() {
                DeValue::Table(table) => table,
                _ => return None,
            },
            None => self.0,
        };
        Some(table.get(key)?.span())
    }
}

/// The account in the examples of AWS, and so in those of `new`.
const SAMPLE_ACCOUNT: &str = "123456789012";

/// The ids of instances in examples: that of `new`, and that of the documents of AWS.
const SAMPLE_INSTANCES: [&str; 2] =
    ["aaaabbbb-1111-4222-8333-ccccddddeeee", "12345678-1234-1234-1234-123456789012"];

/// Tells whether an instance is one of examples: by its account, by its id, or by an id of zeros alone.
fn is_sample_instance(instance: &InstanceArn) -> bool {
    let id = instance.id();
    let is_of_zeros = id.chars().all(|c| matches!(c, '0' | '-'));
    instance.account() == SAMPLE_ACCOUNT || SAMPLE_INSTANCES.contains(&id) || is_of_zeros
}

/// Text of `new` that somebody has to replace; reported once for all of it.
fn placeholders(problems: &Problems<'_>, written: &Written<'_>, report: &Report) {
    let email = &report.email;
    let is_sample = |address: &Address| is_nobodys(address.domain());
    let reply_to = email.reply_to.as_ref().is_some_and(|to| is_sample(&to.address));
    let found = [
        (None, "owner", is_sample(&report.owner)),
        (None, "instance", is_sample_instance(&report.instance)),
        (Some("email"), "from", is_sample(&email.from.address)),
        (Some("email"), "to", report.mailboxes().any(|to| is_sample(&to.address))),
        (Some("email"), "reply_to", reply_to),
        (Some("email"), "unsubscribe", email.unsubscribe.as_deref().is_some_and(leads_nowhere)),
    ];
    // Values that the deployment gives do not stand in the definition.
    let left = found.iter().filter(|(.., is_placeholder)| *is_placeholder);
    let left = left.filter_map(|(table, key, _)| Some((written.place(*table, key)?, *key)));
    let mut left: Vec<_> = left.collect();
    left.sort_by_key(|(place, _)| place.start);
    let keys: Vec<String> = left.iter().map(|(_, key)| format!("`{key}`")).collect();
    let Some((place, _)) = left.first() else {
        return;
    };
    let message = match keys.as_slice() {
        [key] => format!("{key} is still a placeholder"),
        keys => format!("these are still placeholders: {}", keys.join(", ")),
    };
    let help = format!(
        "write your own: nobody has example.com, the account {SAMPLE_ACCOUNT} or the instances of examples"
    );
    problems.warning(place, "placeholder", message, help);
}

/// Tells whether a domain stands for others in examples (RFC 2606).
fn is_nobodys(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let mut labels = domain.rsplit('.');
    matches!(
        (labels.next(), labels.next()),
        (Some("example"), _) | (Some("com" | "net" | "org"), Some("example"))
    )
}

/// Tells whether a link leads to such a domain.
fn leads_nowhere(link: &str) -> bool {
    let page =
        link.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#', ':']).next());
    let mail = link.strip_prefix("mailto:").and_then(|rest| rest.split('?').next());
    let mail = mail.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    page.or(mail).is_some_and(is_nobodys)
}

fn ended_schedule(problems: &Problems<'_>, written: &Written<'_>, report: &Report, now: Timestamp) {
    let end = report.schedule.as_ref().and_then(|schedule| schedule.end);
    let (Some(end), Some(place)) = (end, written.place(Some("schedule"), "end")) else {
        return;
    };
    if end < report.zone.date_at(now) {
        let message = format!("the schedule ended on {end}; the report is not due any more");
        let help = "let `end` be a later date, or remove it";
        problems.warning(&place, "ended-schedule", message, help);
    } else if report.upcoming_runs(now, 1).is_empty() {
        let message = format!("the schedule ends on {end}, and the report is not due until then");
        let help = "let `end` be a later date, or remove it; `at`, the days and `holidays` leave no time \
                    before it";
        problems.warning(&place, "ended-schedule", message, help);
    }
}

/// A day that is compared with the day before is compared with one of another kind twice a week.
fn unlike_days(problems: &Problems<'_>, written: &Written<'_>, report: &Report) {
    let place = written.place(None, "compare");
    let (Compare::PreviousWindow, Some(place)) = (report.compare, place) else {
        return;
    };
    let is_workday = |day: Weekday| report.calendar.workdays.contains(&day);
    let covered = days_covered(report);
    let unlike = |day: &&Weekday| is_workday(**day) != is_workday(day.previous());
    if let Some(day) = covered.iter().find(unlike) {
        let (day, before) = (name(*day), name(day.previous()));
        let message = format!("`previous-window` compares a {day} with a {before}");
        let help = "write `compare = \"same-weekday\"`: the same day of the week before";
        problems.warning(&place, "unlike-days", message, help);
    }
}

/// The days of the week that windows of a single day are of; none where they are longer or shorter,
/// or are compared with the working day before.
fn days_covered(report: &Report) -> Vec<Weekday> {
    const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
    let schedule = report.schedule.as_ref();
    let is_before_noon = schedule.is_none_or(|schedule| schedule.at < Time::constant(12, 0, 0, 0));
    let is_day_before = match report.window {
        WindowRule::PreviousDay => true,
        // Most of it is of the day before, or of the day itself.
        WindowRule::Last(length) if length == DAY => is_before_noon,
        _ => return Vec::new(),
    };
    let due = match schedule.map(|schedule| &schedule.days) {
        Some(ScheduleDays::Week(days)) => days.clone(),
        Some(ScheduleDays::Month(_) | ScheduleDays::MonthEnd) | None => {
            Weekday::Monday.cycle_forward().take(7).collect()
        }
    };
    let covered = |day: Weekday| if is_day_before { day.previous() } else { day };
    let mut covered: Vec<_> = due.into_iter().map(covered).collect();
    covered.sort_by_key(|day| day.to_monday_zero_offset());
    covered
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// The metrics of how long contacts wait, in seconds for a call and in hours for an e-mail.
const WAITS: [&str; 7] = [
    "AVG_ABANDON_TIME",
    "AVG_QUEUE_ANSWER_TIME",
    "CONTACTS_REMOVED_FROM_QUEUE_IN_X",
    "MAX_QUEUED_TIME",
    "SERVICE_LEVEL",
    "SUM_CONTACTS_ABANDONED_IN_X",
    "SUM_CONTACTS_ANSWERED_IN_X",
];

/// The keys by which channels are told apart.
const CHANNELS: [&str; 2] = ["CHANNEL", "contact/segmentAttributes/connect:Subtype"];

/// Told once for a section, where its first such metric stands.
fn waits_of_all_channels(problems: &Problems<'_>, section: &Section) {
    let mut keys = section.filters.keys().chain(&section.group_by).map(Dimension::key);
    if keys.any(|key| CHANNELS.contains(&key)) {
        return;
    }
    let columns = section.columns.iter();
    let waits: Vec<_> =
        columns.filter(|column| WAITS.contains(&column.metric.name.as_str())).collect();
    let Some(first) = waits.first() else {
        return;
    };
    let labels: Vec<String> = waits.iter().map(|column| format!("`{}`", column.label)).collect();
    let (labels, count) = match labels.as_slice() {
        [label] => (label.clone(), "counts"),
        labels => (labels.join(", "), "count"),
    };
    let message = format!("{labels} {count} calls, chats, tasks and e-mails alike");
    let help = "e-mails and tasks may wait for hours: add `CHANNEL = [\"VOICE\"]` to `filters`, or \
                group by CHANNEL; where the queues take calls only, leave it";
    warn(problems, first, "all-channels", message, help.to_owned());
}

/// Targets that take percent for a fraction, and those that every figure meets or none.
fn doubtful_targets(problems: &Problems<'_>, column: &Column) {
    let targets = || {
        let warn = column.warn.as_ref().map(|warn| &warn.value);
        column.target.iter().chain(column.targets.values()).chain(warn)
    };
    let is_rate = column.unit == Unit::Percent;
    let is_fraction = |target: &&Target| is_rate && target.value > 0.0 && target.value < 1.0;
    if let Some(target) = targets().find(is_fraction) {
        let (label, value) = (&column.label, target.value);
        let message = format!("{label} is in percent, and `{target}` is less than 1 percent");
        let percent = Target { value: percent_of(value), ..*target };
        let help = format!("write \"{percent}\"; if {value} percent is meant, leave it");
        warn(problems, column, "fraction-of-percent", message, help);
    }
    let verdict = |target: &Target| match (target.bound, target.value) {
        (Bound::AtLeast, value) if value <= 0.0 => Some("every"),
        (Bound::LessThan, value) if value <= 0.0 => Some("no"),
        (Bound::AtMost, value) if value < 0.0 => Some("no"),
        (Bound::MoreThan, value) if value < 0.0 => Some("every"),
        (Bound::AtMost, value) if is_rate && value >= 100.0 => Some("every"),
        (Bound::MoreThan, value) if is_rate && value >= 100.0 => Some("no"),
        _ => None,
    };
    if let Some((target, which)) = targets().find_map(|target| Some((target, verdict(target)?))) {
        let message = format!("{which} figure of {} meets `{target}`", column.label);
        let help = "write a target that some figures meet and others miss, as in \">= 80\"";
        warn(problems, column, "pointless-target", message, help.to_owned());
    }
}

/// A fraction in percent, without the digits that a multiplication adds.
fn percent_of(fraction: f64) -> f64 {
    let percent = fraction * 100.0;
    (percent * 1e6).round() / 1e6
}

fn warn(
    problems: &Problems<'_>,
    column: &Column,
    code: &'static str,
    message: String,
    help: String,
) {
    let problem = column.place.error(code, message, help);
    problems.push(Problem { severity: Severity::Warning, ..problem });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule that ends before it is due again, by its days, its time, its zone and holidays.
    #[test]
    fn a_schedule_without_a_time_that_is_left_has_ended() {
        const HEAD: &str = r#"
title = "Small"
owner = "workforce@acme.test"
instance = "arn:aws:connect:eu-west-2:210987654321:instance/5c1f7a3e-8d24-4b6f-9e0a-2b7d61c3f845"
timezone = "Europe/London"
window = "previous-day"
email = { from = "reports@acme.test", to = ["ops@acme.test"] }
section = [{ title = "Queues", filters = { QUEUE = ["*"] }, metrics = ["CONTACTS_QUEUED"] }]
"#;
        let now = "2026-11-30T22:28:00Z".parse().unwrap();
        let told = |keys: &str, zone: &str| {
            let text = HEAD.replace("Europe/London", zone);
            let text = format!("{text}holidays = [\"2026-12-25\"]\n[schedule]\n{keys}\n");
            let parsed =
                crate::definition::parse("small.toml", text.as_bytes(), &Default::default());
            let report = parsed.report.unwrap_or_else(|| panic!("{:?}", parsed.problems));
            doubts("small.toml", &text, &report, now)
                .0
                .iter()
                .any(|doubt| doubt.code == "ended-schedule")
        };
        for (keys, zone, has_ended) in [
            (
                r#"at = "07:00", start = "2026-12-01", end = "2026-12-01", days = ["mon"]"#,
                "UTC",
                true,
            ),
            (
                r#"at = "07:00", start = "2026-12-01", end = "2026-12-01", days = ["tue"]"#,
                "UTC",
                false,
            ),
            (r#"at = "07:00", start = "2026-12-25", end = "2026-12-25""#, "UTC", true),
            (r#"at = "07:00", day_of_month = 15, end = "2026-12-10""#, "UTC", true),
            (r#"at = "07:00", day_of_month = 15, end = "2026-12-15""#, "UTC", false),
            (r#"at = "07:00", day_of_month = "last", end = "2026-12-30""#, "UTC", true),
            (r#"at = "07:00", end = "2026-11-30""#, "UTC", true),
            (r#"at = "22:28", end = "2026-11-30""#, "UTC", true),
            (r#"at = "22:29", end = "2026-11-30""#, "UTC", false),
            (r#"at = "18:00", end = "2026-11-30""#, "America/New_York", false),
            (r#"at = "17:00", end = "2026-11-30""#, "America/New_York", true),
            (r#"at = "07:00", days = ["sun"], end = "2026-12-05""#, "UTC", true),
            (r#"at = "07:00", days = ["sun"], end = "2026-12-06""#, "UTC", false),
            (r#"at = "07:00", end = "9999-12-31""#, "UTC", false),
            (r#"at = "07:00", start = "2026-12-24""#, "UTC", false),
        ] {
            let keys = keys.replace(", start", "\nstart").replace(", end", "\nend");
            let keys = keys.replace(", day", "\nday");
            assert_eq!(told(&keys, zone), has_ended, "{keys}");
        }
    }

    #[test]
    fn instances_of_examples_are_nobodys() {
        let arn = |account: &str, id: &str| -> InstanceArn {
            format!("arn:aws:connect:eu-west-2:{account}:instance/{id}").parse().unwrap()
        };
        let own = "5c1f7a3e-8d24-4b6f-9e0a-2b7d61c3f845";
        for (account, id) in [
            (SAMPLE_ACCOUNT, own),
            ("123456789999", "aaaabbbb-1111-4222-8333-ccccddddeeee"),
            ("123456789999", "12345678-1234-1234-1234-123456789012"),
            ("123456789999", "00000000-0000-0000-0000-000000000000"),
        ] {
            assert!(is_sample_instance(&arn(account, id)), "{account} {id}");
        }
        assert!(!is_sample_instance(&arn("123456789999", own)));
    }

    #[test]
    fn domains_of_examples_are_nobodys() {
        for domain in ["example.com", "mail.EXAMPLE.org", "example.net", "corp.example"] {
            assert!(is_nobodys(domain), "{domain}");
        }
        for domain in ["example.de", "myexample.com", "example.com.au", "acme.test", "com"] {
            assert!(!is_nobodys(domain), "{domain}");
        }
        assert!(
            leads_nowhere("https://reports.example.com/x") && leads_nowhere("mailto:a@example.com")
        );
        assert!(
            !leads_nowhere("https://acme.test/example.com") && !leads_nowhere("mailto:a@acme.io")
        );
    }
}
