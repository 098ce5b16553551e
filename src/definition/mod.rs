//! A definition as it is written in TOML becomes a valid [`Report`], or a list of every problem
//! with its place.

mod problem;
mod reader;
mod section;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::Serialize;
use toml::de::DeTable;

use crate::address::{Address, Mailbox};
use crate::instance::InstanceArn;
use crate::metric::{Comparison, Unit};
use crate::settings::Defaults;
use crate::window::{WindowRule, Zone};

pub use problem::{Place, Placed, Problem, Severity, nearest};
use problem::{Problems, choice};
use reader::{Table, Value};

/// A valid definition.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id: the stem of the definition's file name.
    pub id: ReportId,
    /// The title that people read.
    pub title: String,
    /// Who hears of failures.
    pub owner: Address,
    /// The Connect instance that is asked.
    pub instance: InstanceArn,
    /// The zone of windows, and of every time in the message.
    pub zone: Zone,
    /// Which window is due.
    pub window: WindowRule,
    /// The message.
    pub email: Email,
    /// The sections, in the order of the message; one at least.
    pub sections: Vec<Section>,
}

/// A report's id: 1 to 64 ASCII letters, digits, `-` and `_`, the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ReportId(String);

/// Who gets the message, and how it is made.
#[derive(Clone, Debug)]
pub struct Email {
    /// The sender.
    pub from: Mailbox,
    /// The recipients, each with a private message of their own; one at least, no address twice.
    pub to: Vec<Mailbox>,
    /// The subject, as a Tera template.
    pub subject: Placed<String>,
    /// What is attached.
    pub attach: Vec<Attachment>,
}

/// A kind of attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Every row of every section as `report.json`.
    Json,
}

/// A table or a row of headline figures.
#[derive(Clone, Debug)]
pub struct Section {
    /// The title that people read.
    pub title: String,
    /// How the figures are shown.
    pub kind: Kind,
    /// What rows are grouped by: nothing, or up to four keys without repetition.
    pub group_by: Vec<Dimension>,
    /// Which contacts are counted.
    pub filters: BTreeMap<Dimension, Vec<Placed<Selector>>>,
    /// The columns; one at least, with distinct labels.
    pub columns: Vec<Column>,
    /// The column that rows are sorted by; by name where there is none.
    pub sort: Option<Sort>,
    /// How many rows the message shows at most.
    pub rows: Option<NonZeroU32>,
}

/// How a section shows its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Headline figures.
    Totals,
    /// A row for each group, and the totals.
    Table,
}

/// What figures are filtered and grouped by (GetMetricDataV2, Filters and Groupings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// `QUEUE`
    Queue,
    /// `CHANNEL`
    Channel,
    /// `ROUTING_PROFILE`
    RoutingProfile,
    /// `AGENT`
    Agent,
}

/// One entry of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Everything of its kind that the instance has.
    All,
    /// The id of a queue, a routing profile or an agent, or a channel.
    Id(String),
    /// The exact name.
    Name(String),
}

/// One column of a section.
#[derive(Clone, Debug)]
pub struct Column {
    /// What is asked.
    pub metric: MetricQuery,
    /// The heading that people read.
    pub label: String,
    /// What its figures are measured in.
    pub unit: Unit,
    /// Whether no contacts make 0 (a count or a sum) or no value.
    pub is_sum: bool,
    /// Where the column is defined.
    pub place: Place,
}

/// A metric with all that makes its figure this one and no other (GetMetricDataV2, Metrics).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricQuery {
    /// The API's name.
    pub name: String,
    /// The threshold, for the metrics that need one.
    pub threshold: Option<Threshold>,
    /// The metric filters, by key, positive ones first.
    pub filters: Vec<MetricFilter>,
}

/// A threshold in whole seconds, 1 to 604800 (GetMetricDataV2, ThresholdV2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold {
    /// How times are compared with it.
    pub comparison: Comparison,
    /// Seconds.
    pub seconds: u32,
}

/// A metric filter: only contacts with (or, negated, without) one of these values count
/// (GetMetricDataV2, MetricFilterV2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricFilter {
    /// Whether it says `where_not`.
    pub negate: bool,
    /// The key, such as `INITIATION_METHOD`.
    pub key: String,
    /// The values in order, none twice; one at least.
    pub values: Vec<String>,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column's index.
    pub column: usize,
    /// Whether the largest figure comes first.
    pub descending: bool,
}

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
        Ok(text) => text,
        Err(error) => return not_utf8(file, content, error.valid_up_to()),
    };
    let problems = Problems::new(file, text);
    let report = read(file, text, &problems, defaults);
    let problems = problems.into_found();
    let usable = problems
        .iter()
        .all(|problem| problem.severity != Severity::Error);
    Parsed {
        report: report.filter(|_| usable),
        problems,
    }
}

fn not_utf8(file: &str, content: &[u8], valid_up_to: usize) -> Parsed {
    let valid = String::from_utf8_lossy(content.get(..valid_up_to).unwrap_or_default());
    let place = Problems::new(file, &valid).place(&(valid.len()..valid.len()));
    let problem = place.error(
        "encoding",
        "the file is not UTF-8 from here on",
        "save it as UTF-8",
    );
    Parsed {
        report: None,
        problems: vec![problem],
    }
}

fn read(file: &str, text: &str, problems: &Problems<'_>, defaults: &Defaults) -> Option<Report> {
    let id = report_id(file, problems);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let help = "mend the TOML here; https://toml.io describes the format";
        problems.error(
            &error.span().unwrap_or(0..0),
            "syntax",
            error.message(),
            help,
        );
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
        problems.error(
            &(0..0),
            "report-id",
            "the file's name can't be the report's id",
            help,
        );
    }
    id.ok()
}

fn read_report(id: ReportId, mut root: Table<'_>, defaults: &Defaults) -> Option<Report> {
    let problems = root.problems();
    let title = root
        .required("title", "`title = \"Daily queue report\"`")
        .and_then(|value| problems.text(value));
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
        .required(
            "email",
            "an `[email]` table with `to = [\"ops@example.com\"]`",
        )
        .and_then(|value| problems.table(value, "[email]"))
        .and_then(|table| read_email(table, defaults));
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
    const NAMES: &[&str] = &[
        "previous-hour",
        "previous-day",
        "previous-week",
        "previous-month",
    ];
    let later = value.get_ref().is_table()
        || value
            .get_ref()
            .as_str()
            .is_some_and(|name| LATER.contains(&name));
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
            problems.error(
                &value.span(),
                "unknown-window",
                message,
                choice(&name, NAMES),
            );
            None
        }
    }
}

fn read_email(mut table: Table<'_>, defaults: &Defaults) -> Option<Email> {
    let problems = table.problems();
    let from = match (&defaults.from, table.get("from")) {
        (_, Some(value)) => address(problems, value),
        (Some(from), None) => Some(from.clone()),
        (None, None) => {
            let help =
                "add `from = \"Queue reports <reports@example.com>\"`, or set CONNECT_REPORTS_FROM";
            problems.error(table.span(), "missing-key", "[email] has no `from`", help);
            None
        }
    };
    let to = table
        .required("to", "`to = [\"ops@example.com\"]`")
        .map(|value| read_recipients(problems, value))
        .filter(|to| !to.is_empty());
    let subject = match table.get("subject") {
        Some(value) => problems.text(value),
        None => Some(Placed {
            value: "{{ report.title }}, {{ window.label }}".to_owned(),
            place: problems.place(table.span()),
        }),
    };
    let attach = table
        .get("attach")
        .map_or_else(Vec::new, |value| read_attachments(problems, value));
    table.not_yet("delivery", &["separate"]);
    table.not_yet("send", &["always"]);
    table.finish();
    Some(Email {
        from: from?,
        to: to?,
        subject: subject?,
        attach,
    })
}

fn read_recipients(problems: &Problems<'_>, value: Value<'_>) -> Vec<Mailbox> {
    let mut to: Vec<Mailbox> = Vec::new();
    for value in problems.list(value, "a list of addresses such as [\"ops@example.com\"]") {
        let Some(mailbox) = address::<Mailbox>(problems, value) else {
            continue;
        };
        match to
            .iter()
            .any(|other| other.address.reaches_the_same(&mailbox.address))
        {
            true => {
                let help = "remove one of the two, or they would get the message twice";
                problems.error(
                    &value.span(),
                    "repeated-recipient",
                    "this recipient stands here twice",
                    help,
                );
            }
            false => to.push(mailbox),
        }
    }
    to
}

fn read_attachments(problems: &Problems<'_>, value: Value<'_>) -> Vec<Attachment> {
    // An empty list is how one says that there are none.
    if value
        .get_ref()
        .as_array()
        .is_some_and(|list| list.is_empty())
    {
        return Vec::new();
    }
    let mut attach = Vec::new();
    for (value, name) in problems.texts(value) {
        match name.as_str() {
            "json" if attach.contains(&Attachment::Json) => {
                problems.error(
                    &value.span(),
                    "repeated-attachment",
                    "`json` stands here twice",
                    "remove one of the two",
                );
            }
            "json" => attach.push(Attachment::Json),
            "csv" | "xlsx" => {
                let message = format!("`{name}` attachments are not supported by this version yet");
                problems.error(&value.span(), "not-yet", message, "allowed: json");
            }
            _ => {
                let message = format!("there is no attachment `{name}`");
                problems.error(
                    &value.span(),
                    "unknown-attachment",
                    message,
                    choice(&name, &["json"]),
                );
            }
        }
    }
    attach
}

fn address<T>(problems: &Problems<'_>, value: Value<'_>) -> Option<T>
where
    T: FromStr<Err = crate::address::AddressError>,
{
    let text = problems.text(value)?.value;
    match text.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            let help = "write an address such as ops@example.com, or `Name <ops@example.com>` for senders and recipients";
            problems.error(&value.span(), "address", format!("`{text}` {error}"), help);
            None
        }
    }
}

fn read_sections(root: &mut Table<'_>, instance: Option<&InstanceArn>) -> Option<Vec<Section>> {
    let problems = root.problems();
    let example = "a `[[section]]` with `title`, `filters` and `metrics`";
    let value = root.required("section", example)?;
    let sections: Vec<_> = problems
        .list(value, "one or more [[section]] tables")
        .into_iter()
        .map(|value| {
            let table = problems.table(value, "[[section]]")?;
            section::read(table, instance)
        })
        .collect();
    sections.into_iter().collect()
}

impl FromStr for ReportId {
    type Err = ReportIdError;

    fn from_str(text: &str) -> Result<Self, ReportIdError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let ok = text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(allowed);
        match ok {
            true => Ok(Self(text.to_owned())),
            false => Err(ReportIdError),
        }
    }
}

/// The text can't be a report's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a report's id has 1 to 64 letters, digits, `-` and `_`")]
pub struct ReportIdError;

impl ReportId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Dimension {
    /// All of them, in the order in which messages name them.
    pub const ALL: [Self; 4] = [
        Self::Queue,
        Self::Channel,
        Self::RoutingProfile,
        Self::Agent,
    ];

    /// The API's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Queue => "QUEUE",
            Self::Channel => "CHANNEL",
            Self::RoutingProfile => "ROUTING_PROFILE",
            Self::Agent => "AGENT",
        }
    }

    /// The heading that people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::Queue => "Queue",
            Self::Channel => "Channel",
            Self::RoutingProfile => "Routing profile",
            Self::Agent => "Agent",
        }
    }

    /// The dimension with this API key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.key() == key)
    }
}

impl Serialize for Dimension {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

#[cfg(test)]
mod tests;
