//! A definition as it is written in TOML becomes a valid [`Report`], or a list of every problem
//! with its place.

mod attachment;
mod column;
mod dimension;
mod domains;
mod doubts;
mod due;
mod email;
mod filter;
mod intervals;
mod key;
mod keys;
mod limits;
mod metric_query;
mod problem;
mod reader;
mod recipients;
mod report;
mod schedule;
mod schema;
mod section;
mod selection;
mod subject;
mod syntax;
mod target;
mod wording;
mod zone;

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use crate::address::{Address, Mailbox};
use crate::instance::{InstanceArn, InstanceArnError};
use crate::language::{Language, Locale};
use crate::settings::Deployment;

pub use attachment::Attachment;
pub use dimension::{Dimension, HierarchyLevel};
pub use domains::beyond_own_domains;
pub use doubts::doubts;
#[cfg(feature = "cli")]
pub use due::UpcomingRun;
pub use due::{FirstSeen, Occurrence};
use keys::{PARTIAL, ROOT, SECTION};
use limits::{MAX_BYTES, MAX_SECTIONS};
use problem::Problems;
pub(crate) use problem::visible;
pub use problem::{NOT_YET, Omitted, Place, Placed, Problem, Severity, nearest};
use reader::{Table, Value, WordKind};
pub use report::{
    Column, CsvDialect, DeliveryMode, Email, Kind, MetricFilter, MetricQuery, Partial, Report,
    ReportId, ReportIdError, Section, SendRule, Sort, Threshold,
};
pub use schedule::{Schedule, ScheduleDays};
pub use schema::schema;
pub use selection::{Selection, Selector};
pub use subject::{SUBJECT_FILTERS, Subject, SubjectError};
pub use target::{Bound, State, Target, TargetError};

/// What a definition turned out to be.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The report, unless there is an error.
    pub report: Option<Report>,
    /// The problems, in the order of the text: a hundred problems at most, the errors before all others.
    pub problems: Vec<Problem>,
    /// The count of those that are left out.
    pub omitted: Omitted,
}

impl Parsed {
    /// A file that can't be read, for the one problem that it has.
    pub fn unreadable(problem: Problem) -> Self {
        Self { report: None, problems: vec![problem], omitted: Omitted::default() }
    }

    /// Adds what a later stage finds wrong, and how much more it has found. With an error there is no
    /// report.
    pub fn add(&mut self, found: impl IntoIterator<Item = Problem>, omitted: Omitted) {
        self.problems.extend(found);
        self.omitted.errors += omitted.errors;
        self.omitted.warnings += omitted.warnings;
        problem::limit(&mut self.problems, &mut self.omitted);
        if self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            self.report = None;
        }
    }
}

/// Reads a definition; `file` is its name in problems, and its stem the report's id.
pub fn parse(file: &str, content: &[u8], deployment: &Deployment) -> Parsed {
    let whole = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => return not_utf8(file, content, error.valid_up_to()),
    };
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    if text.len() > MAX_BYTES {
        return too_large(file, text.len());
    }
    let problems = Problems::new(file, text);
    let report = read(file, text, &problems, deployment);
    let (problems, omitted) = problems.into_found();
    let usable = problems.iter().all(|problem| problem.severity != Severity::Error);
    Parsed { report: report.filter(|_| usable), problems, omitted }
}

/// Who is told where a definition is not valid, and by whom, as far as that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    /// Its owner.
    pub owner: Option<Address>,
    /// Its sender.
    pub from: Option<Mailbox>,
    /// Its title.
    pub title: Option<String>,
}

impl Contacts {
    /// Those of a definition, or where it names none, or none that can be, of the deployment.
    pub fn read(content: &[u8], deployment: &Deployment) -> Self {
        // They stand at its beginning, whatever its length.
        let content = content.get(..MAX_BYTES).unwrap_or(content);
        let text = match std::str::from_utf8(content) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                let valid = content.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).unwrap_or_default()
            }
            Err(_) => "",
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (document, _) = DeTable::parse_recoverable(text);
        let root = document.get_ref();
        let own = |key: &str| root.get(key).map(|value| value.get_ref());
        let owner = own("owner").and_then(|owner| owner.as_str());
        let from = own("email").and_then(|email| email.get("from")?.get_ref().as_str());
        Self {
            owner: owner.and_then(|owner| owner.parse().ok()).or_else(|| deployment.owner.clone()),
            from: from.and_then(|from| from.parse().ok()).or_else(|| deployment.from.clone()),
            title: own("title").and_then(|title| one_line(title.as_str()?)),
        }
    }
}

/// The words of a text on one line; nothing where it has none.
fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn too_large(file: &str, bytes: usize) -> Parsed {
    let place = Problems::new(file, "").place(&(0..0));
    let message = format!("the definition has {bytes} bytes, {MAX_BYTES} are allowed");
    let help = "split it into several reports, and write to a mailing list";
    Parsed::unreadable(place.error("too-large", message, help))
}

fn not_utf8(file: &str, content: &[u8], valid_up_to: usize) -> Parsed {
    let valid = String::from_utf8_lossy(content.get(..valid_up_to).unwrap_or_default());
    let place = Problems::new(file, &valid).place(&(valid.len()..valid.len()));
    let problem = place.error("encoding", "the file is not UTF-8 from here on", "save it as UTF-8");
    Parsed::unreadable(problem)
}

fn read(
    file: &str,
    text: &str,
    problems: &Problems<'_>,
    deployment: &Deployment,
) -> Option<Report> {
    let id = report_id(file, problems);
    let (document, errors) = DeTable::parse_recoverable(text);
    syntax::report(problems, &errors);
    if !errors.is_empty() {
        return None;
    }
    let root = Table::new(problems, document.get_ref(), 0..0, &ROOT);
    Some(Report { digest: digest(text.as_bytes()), ..read_report(id?, root, deployment)? })
}

/// What tells this text of a definition from others: the start of its SHA-256.
pub fn digest(content: &[u8]) -> String {
    let start = Sha256::digest(content).into_iter().take(8);
    start.map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a definition's file, or of its object in S3, without what stands before it and without
/// `.toml`: the report's id.
pub(crate) fn stem(file: &str) -> &str {
    // A backslash is part of a name but where it parts folders.
    let name = file.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn report_id(file: &str, problems: &Problems<'_>) -> Option<ReportId> {
    let id = stem(file).parse();
    if let Err(error) = id {
        let help = "rename it: a letter or digit (a to z, 0 to 9) first, then up to 63 letters, digits, `-` and `_` before `.toml`";
        let message = match error {
            ReportIdError::Form => "the file's name can't be the report's id".to_owned(),
            ReportIdError::TooLong { found } => {
                format!("the file's name can't be the report's id: it has {found} characters")
            }
        };
        problems.error(&(0..0), "report-id", message, help);
    }
    id.ok()
}

fn read_report(id: ReportId, mut root: Table<'_>, deployment: &Deployment) -> Option<Report> {
    let problems = root.problems();
    let title = root.required("title").and_then(|value| problems.line(value));
    let owner = read_owner(&mut root, deployment);
    let instance = read_instance(&mut root, deployment);
    let zone = root.required("timezone").and_then(|value| zone::read(problems, value));
    let timing = schedule::read(&mut root);
    let locale =
        root.get("locale").map_or(Some(Locale::default()), |value| read_locale(problems, value));
    // What is wrong in sections is told even where the language is.
    let language = locale.as_ref().map(Locale::language).unwrap_or_default();
    let partial =
        root.get("partial").map_or(Some(Partial::Fail), |value| read_partial(problems, value));
    let mut email_table =
        root.required("email").and_then(|value| problems.table(value, &keys::EMAIL));
    let recipients = email_table.as_mut().and_then(|table| recipients::read(table, deployment));
    let email = email_table.and_then(|table| email::read(table, recipients.as_ref(), deployment));
    let sections = read_sections(&mut root, instance.as_ref(), language);
    root.finish();
    if let (Some(timing), Some(sections)) = (&timing, &sections) {
        intervals::check(problems, timing, sections);
    }
    if let (Some(email), Some(sections)) = (&email, &sections) {
        let (email, sent) = email;
        email::check_send(problems, email, sent, sections);
    }
    let (timing, (email, _)) = (timing?, email?);
    Some(Report {
        id,
        digest: String::new(),
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
        recipients: recipients?.destinations,
        email,
        sections: sections?,
    })
}

fn read_locale(problems: &Problems<'_>, value: Value<'_>) -> Option<Locale> {
    let wanted = "en, de, fr or es, with a country where it matters, as in \"de-CH\"";
    problems.parsed(value, "locale", wanted, Locale::parse)
}

fn read_partial(problems: &Problems<'_>, value: Value<'_>) -> Option<Partial> {
    let meanings = [Partial::Fail, Partial::Banner];
    problems.word(
        value,
        WordKind { name: "choice for partial data", code: "unknown-partial" },
        PARTIAL,
        meanings,
    )
}

fn read_owner(root: &mut Table<'_>, deployment: &Deployment) -> Option<Address> {
    let problems = root.problems();
    let value = match &deployment.owner {
        Some(owner) => match root.get("owner") {
            Some(value) => value,
            None => {
                domains::check_allowed(problems, root.span(), owner, deployment);
                return Some(owner.clone());
            }
        },
        None => root.required_or("owner", ", or set CONNECT_REPORTS_OWNER")?,
    };
    let owner = problems.address(value)?;
    // The owner gets mail too, when a run fails.
    domains::check_allowed(problems, &value.span(), &owner, deployment);
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
    if let Err(error) = instance {
        let message = match error {
            InstanceArnError::Form => {
                format!("`{}` is no ARN of a Connect instance", text.value)
            }
            InstanceArnError::TooLong { .. } | InstanceArnError::Account { .. } => {
                format!("this {error}")
            }
        };
        let help = "write arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID, \
                    as the Connect console shows it";
        problems.error(&value.span(), "instance", message, help);
    }
    instance.ok()
}

fn read_sections(
    root: &mut Table<'_>,
    instance: Option<&InstanceArn>,
    language: Language,
) -> Option<Vec<Section>> {
    let problems = root.problems();
    let value = root.required("section")?;
    let listed =
        problems.list(value, "one or more sections, each under [[section]] with two brackets");
    if let Some(beyond) = listed.get(MAX_SECTIONS) {
        let found = listed.len();
        let message = format!("the report has {found} sections, {MAX_SECTIONS} are allowed");
        let help = "remove this one and those after it, or put them into another report";
        problems.error(&beyond.span(), "too-many-sections", message, help);
    }
    let sections = listed
        .into_iter()
        .take(MAX_SECTIONS)
        .map(|value| {
            let table = problems.table(value, &SECTION)?;
            section::read(table, instance, language)
        })
        // All of them are read, so that everything that is wrong is found.
        .collect::<Vec<_>>();
    let mut sections: Vec<Section> = sections.into_iter().collect::<Option<_>>()?;
    key::assign(&mut sections);
    Some(sections)
}

#[cfg(test)]
mod tests;
