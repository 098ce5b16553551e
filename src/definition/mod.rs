//! A definition as it is written in TOML becomes a valid [`Report`], or a list of every problem
//! with its place.

mod column;
mod email;
mod problem;
mod reader;
mod report;
mod section;

use toml::de::DeTable;

use crate::address::Address;
use crate::instance::InstanceArn;
use crate::settings::Defaults;
use crate::window::{WindowRule, Zone};

use email::address;
pub use problem::{Place, Placed, Problem, Severity, nearest};
use problem::{Problems, choice};
use reader::{Table, Value};
pub use report::{
    Attachment, Column, Dimension, Email, Kind, MetricFilter, MetricQuery, Report, ReportId,
    ReportIdError, Section, Selector, Sort, Threshold,
};

/// What a definition turned out to be.
#[derive(Debug)]
pub struct Parsed {
    /// The report, unless there is an error.
    pub report: Option<Report>,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a definition; `file` is its name in problems, and its stem the report's id.
pub fn parse(file: &str, content: &[u8], defaults: &Defaults) -> Parsed {
    let text = match std::str::from_utf8(content) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => return not_utf8(file, content, error.valid_up_to()),
    };
    let problems = Problems::new(file, text);
    let report = read(file, text, &problems, defaults);
    let problems = problems.into_found();
    let usable = problems.iter().all(|problem| problem.severity != Severity::Error);
    Parsed { report: report.filter(|_| usable), problems }
}

fn not_utf8(file: &str, content: &[u8], valid_up_to: usize) -> Parsed {
    let valid = String::from_utf8_lossy(content.get(..valid_up_to).unwrap_or_default());
    let place = Problems::new(file, &valid).place(&(valid.len()..valid.len()));
    let problem = place.error("encoding", "the file is not UTF-8 from here on", "save it as UTF-8");
    Parsed { report: None, problems: vec![problem] }
}

fn read(file: &str, text: &str, problems: &Problems<'_>, defaults: &Defaults) -> Option<Report> {
    let id = report_id(file, problems);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let help = "mend the TOML here; https://toml.io describes the format";
        problems.error(&error.span().unwrap_or(0..0), "syntax", error.message(), help);
    }
    if !errors.is_empty() {
        return None;
    }
    let root = Table::new(problems, document.get_ref(), 0..0, "the definition");
    read_report(id?, root, defaults)
}

fn report_id(file: &str, problems: &Problems<'_>) -> Option<ReportId> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let id = name.strip_suffix(".toml").unwrap_or(name).parse();
    if id.is_err() {
        let help = "rename it: 1 to 64 letters, digits, `-` and `_` before `.toml`";
        problems.error(&(0..0), "report-id", "the file's name can't be the report's id", help);
    }
    id.ok()
}

fn read_report(id: ReportId, mut root: Table<'_>, defaults: &Defaults) -> Option<Report> {
    let problems = root.problems();
    let title = root
        .required("title", "`title = \"Daily queue report\"`")
        .and_then(|value| problems.line(value));
    let owner = read_owner(&mut root, defaults);
    let instance = read_instance(&mut root, defaults);
    let zone = root
        .required("timezone", "`timezone = \"Europe/London\"`, an IANA name")
        .and_then(|value| read_zone(problems, value));
    let window = root
        .required("window", "`window = \"previous-day\"`")
        .and_then(|value| read_window(problems, value));
    not_yet(&mut root);
    let email = root
        .required("email", "an `[email]` table with `to = [\"ops@example.com\"]`")
        .and_then(|value| problems.table(value, "[email]"))
        .and_then(|table| email::read(table, defaults));
    let sections = read_sections(&mut root, instance.as_ref());
    root.finish();
    Some(Report {
        id,
        title: title?.value,
        owner: owner?,
        instance: instance?,
        zone: zone?,
        window: window?,
        email: email?,
        sections: sections?,
    })
}

/// Keys that a later version reads; of each the value that says what holds now.
fn not_yet(root: &mut Table<'_>) {
    for (key, as_now) in [
        ("compare", &["none"][..]),
        ("settle", &[]),
        ("catch_up", &[]),
        ("schedule", &[]),
        ("locale", &["en"]),
        ("week_starts", &["mon"]),
        ("workdays", &[]),
        ("holidays", &[]),
        ("partial", &["fail"]),
        ("enabled", &[]),
    ] {
        root.not_yet(key, as_now);
    }
}

fn read_owner(root: &mut Table<'_>, defaults: &Defaults) -> Option<Address> {
    let problems = root.problems();
    let example = "`owner = \"workforce@example.com\"`, or set CONNECT_REPORTS_OWNER";
    let value = match &defaults.owner {
        Some(owner) => match root.get("owner") {
            Some(value) => value,
            None => return Some(owner.clone()),
        },
        None => root.required("owner", example)?,
    };
    address(problems, value)
}

fn read_instance(root: &mut Table<'_>, defaults: &Defaults) -> Option<InstanceArn> {
    let problems = root.problems();
    let example = "`instance = \"arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID\"`, \
                   or set CONNECT_REPORTS_INSTANCE";
    let value = match &defaults.instance {
        Some(instance) => match root.get("instance") {
            Some(value) => value,
            None => return Some(instance.clone()),
        },
        None => root.required("instance", example)?,
    };
    let text = problems.text(value)?;
    let instance = text.value.parse();
    if instance.is_err() {
        let message = format!("`{}` is no ARN of a Connect instance", text.value);
        let help = "write arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID, \
                    as the Connect console shows it";
        problems.error(&value.span(), "instance", message, help);
    }
    instance.ok()
}

fn read_zone(problems: &Problems<'_>, value: Value<'_>) -> Option<Zone> {
    let name = problems.text(value)?.value;
    let zone = Zone::named(&name);
    if zone.is_none() {
        let names: Vec<String> = Zone::names().collect();
        let help = match nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => {
                format!("did you mean `{near}`? Zones have IANA names such as Europe/London")
            }
            None => "zones have IANA names such as Europe/London".to_owned(),
        };
        let message = format!("there is no time zone `{name}`");
        problems.error(&value.span(), "unknown-zone", message, help);
    }
    zone
}

fn read_window(problems: &Problems<'_>, value: Value<'_>) -> Option<WindowRule> {
    const LATER: &[&str] = &["week-to-date", "month-to-date", "previous-workday"];
    const NAMES: &[&str] = &["previous-hour", "previous-day", "previous-week", "previous-month"];
    let later = value.get_ref().is_table()
        || value.get_ref().as_str().is_some_and(|name| LATER.contains(&name));
    if later {
        let message = "this window is not supported by this version yet";
        let help = format!("allowed: {}", NAMES.join(", "));
        problems.error(&value.span(), "not-yet", message, help);
        return None;
    }
    let name = problems.text(value)?.value;
    match name.as_str() {
        "previous-hour" => Some(WindowRule::PreviousHour),
        "previous-day" => Some(WindowRule::PreviousDay),
        "previous-week" => Some(WindowRule::PreviousWeek),
        "previous-month" => Some(WindowRule::PreviousMonth),
        _ => {
            let message = format!("there is no window `{name}`");
            problems.error(&value.span(), "unknown-window", message, choice(&name, NAMES));
            None
        }
    }
}

fn read_sections(root: &mut Table<'_>, instance: Option<&InstanceArn>) -> Option<Vec<Section>> {
    let problems = root.problems();
    let example = "a `[[section]]` with `title`, `filters` and `metrics`";
    let value = root.required("section", example)?;
    let sections: Vec<_> = problems
        .list(value, "one or more sections, each under [[section]] with two brackets")
        .into_iter()
        .map(|value| {
            let table = problems.table(value, "[[section]]")?;
            section::read(table, instance)
        })
        .collect();
    sections.into_iter().collect()
}

#[cfg(test)]
mod tests;
