//! A definition as it is written in TOML becomes a valid [`Report`], or a list of every problem
//! with its place.

mod column;
mod dimension;
mod email;
mod filter;
mod keys;
mod metric_query;
mod problem;
mod reader;
mod report;
mod schedule;
mod schema;
mod section;
mod target;

use toml::de::DeTable;

use crate::address::Address;
use crate::instance::InstanceArn;
use crate::settings::Deployment;
use crate::window::Zone;

pub use dimension::{Dimension, HierarchyLevel};
use email::address;
use keys::{PARTIAL, ROOT, SECTION};
use problem::Problems;
pub use problem::{NOT_YET, Place, Placed, Problem, Severity, nearest};
use reader::{Table, Value};
pub use report::{
    Attachment, Column, Compare, DeliveryMode, Email, Interval, Kind, MetricFilter, MetricQuery,
    Partial, Report, ReportId, ReportIdError, Section, Selector, SendRule, Sort, Threshold,
};
pub use schedule::{Schedule, ScheduleDays};
pub use schema::schema;
pub use target::{Bound, Target, TargetError};

/// What a definition turned out to be.
#[derive(Debug)]
pub struct Parsed {
    /// The report, unless there is an error.
    pub report: Option<Report>,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a definition; `file` is its name in problems, and its stem the report's id.
pub fn parse(file: &str, content: &[u8], deployment: &Deployment) -> Parsed {
    let whole = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => return not_utf8(file, content, error.valid_up_to()),
    };
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let problems = Problems::new(file, text, whole.len() - text.len());
    let report = read(file, text, &problems, deployment);
    let problems = problems.into_found();
    let usable = problems.iter().all(|problem| problem.severity != Severity::Error);
    Parsed { report: report.filter(|_| usable), problems }
}

fn not_utf8(file: &str, content: &[u8], valid_up_to: usize) -> Parsed {
    let valid = String::from_utf8_lossy(content.get(..valid_up_to).unwrap_or_default());
    let place = Problems::new(file, &valid, 0).place(&(valid.len()..valid.len()));
    let problem = place.error("encoding", "the file is not UTF-8 from here on", "save it as UTF-8");
    Parsed { report: None, problems: vec![problem] }
}

fn read(
    file: &str,
    text: &str,
    problems: &Problems<'_>,
    deployment: &Deployment,
) -> Option<Report> {
    let id = report_id(file, problems);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        problems.error(&span, "syntax", error.message(), syntax_help(error.message()));
    }
    if !errors.is_empty() {
        return None;
    }
    let root = Table::new(problems, document.get_ref(), 0..0, &ROOT);
    read_report(id?, root, deployment)
}

/// What helps against the mistakes in TOML that people make.
fn syntax_help(message: &str) -> &'static str {
    const HELP: &[(&str, &str)] = &[
        ("duplicate key", "remove one of the two, or give it another name"),
        ("missing comma", "put a comma between the two"),
        ("must be quoted", "put the text into quotation marks, as in title = \"Small\""),
        ("key with no value", "put `=` between the key and its value"),
        ("invalid basic string", "close the text with a quotation mark on the same line"),
        ("unclosed", "close what was opened here"),
    ];
    let known = HELP.iter().find(|(part, _)| message.contains(part));
    known.map_or("mend the TOML here; https://toml.io describes the format", |(_, help)| help)
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

fn read_report(id: ReportId, mut root: Table<'_>, deployment: &Deployment) -> Option<Report> {
    let problems = root.problems();
    let title = root.required("title").and_then(|value| problems.line(value));
    let owner = read_owner(&mut root, deployment);
    let instance = read_instance(&mut root, deployment);
    let zone = root.required("timezone").and_then(|value| read_zone(problems, value));
    let timing = schedule::read(&mut root);
    let locale =
        root.get("locale").map_or(Some("en".to_owned()), |value| read_locale(problems, value));
    let partial =
        root.get("partial").map_or(Some(Partial::Fail), |value| read_partial(problems, value));
    let email = root
        .required("email")
        .and_then(|value| problems.table(value, &keys::EMAIL))
        .and_then(|table| email::read(table, deployment));
    let sections = read_sections(&mut root, instance.as_ref());
    root.finish();
    if let (Some(email), Some(sections)) = (&email, &sections) {
        email::check_send(problems, email, sections);
    }
    let (timing, (email, _)) = (timing?, email?);
    Some(Report {
        id,
        title: title?.value,
        owner: owner?,
        instance: instance?,
        zone: zone?,
        window: timing.window,
        compare: timing.compare,
        calendar: timing.calendar,
        settle: timing.settle,
        catch_up: timing.catch_up,
        schedule: timing.schedule,
        locale: locale?,
        partial: partial?,
        email,
        sections: sections?,
    })
}

fn read_locale(problems: &Problems<'_>, value: Value<'_>) -> Option<String> {
    let wanted = "a language such as \"en\", with a country where it matters, as in \"de-CH\"";
    let locale = problems.parsed(value, "locale", wanted, |text| {
        let (language, country) = text.split_once('-').unwrap_or((text, "GB"));
        let ok = language.len() == 2
            && language.bytes().all(|letter| letter.is_ascii_lowercase())
            && country.len() == 2
            && country.bytes().all(|letter| letter.is_ascii_uppercase());
        ok.then(|| text.to_owned())
    })?;
    if locale != "en" {
        problems.not_yet(&value.span(), "languages other than English", "write `locale = \"en\"`");
    }
    Some(locale)
}

fn read_partial(problems: &Problems<'_>, value: Value<'_>) -> Option<Partial> {
    let meanings = [Partial::Fail, Partial::Banner];
    let partial =
        problems.word(value, ("choice for partial data", "unknown-partial"), PARTIAL, meanings)?;
    if partial == Partial::Banner {
        problems.not_yet(&value.span(), "partial messages", "write `partial = \"fail\"`");
    }
    Some(partial)
}

fn read_owner(root: &mut Table<'_>, deployment: &Deployment) -> Option<Address> {
    let problems = root.problems();
    let value = match &deployment.owner {
        Some(owner) => match root.get("owner") {
            Some(value) => value,
            None => return Some(owner.clone()),
        },
        None => root.required_or("owner", ", or set CONNECT_REPORTS_OWNER")?,
    };
    let owner = address(problems, value)?;
    // The owner gets mail too, when a run fails.
    email::check_allowed(problems, value, &owner, deployment);
    Some(owner)
}

fn read_instance(root: &mut Table<'_>, deployment: &Deployment) -> Option<InstanceArn> {
    let problems = root.problems();
    let value = match &deployment.instance {
        Some(instance) => match root.get("instance") {
            Some(value) => value,
            None => return Some(instance.clone()),
        },
        None => root.required_or("instance", ", or set CONNECT_REPORTS_INSTANCE")?,
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

fn read_sections(root: &mut Table<'_>, instance: Option<&InstanceArn>) -> Option<Vec<Section>> {
    let problems = root.problems();
    let value = root.required("section")?;
    let sections: Vec<_> = problems
        .list(value, "one or more sections, each under [[section]] with two brackets")
        .into_iter()
        .map(|value| {
            let table = problems.table(value, &SECTION)?;
            section::read(table, instance)
        })
        .collect();
    sections.into_iter().collect()
}

#[cfg(test)]
mod tests;
