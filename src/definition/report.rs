//! What a valid definition says, as values that can't be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::Serialize;

use super::attachment::Attachment;
use super::dimension::Dimension;
use super::problem::{Place, Placed};
use super::schedule::Schedule;
use super::selection::{Selection, Selector};
use super::subject::Subject;
use super::target::{State, Target};
use crate::address::{Address, Mailbox};
use crate::destination::Destination;
use crate::instance::InstanceArn;
use crate::language::Locale;
use crate::metric::{Comparison, Polarity, Unit};
use crate::window::{Calendar, Compare, Interval, WindowRule, Zone};

/// A valid definition.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id: the stem of the definition's file name.
    pub id: ReportId,
    /// What tells this text of the definition from others: the start of its SHA-256.
    pub digest: String,
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
    /// What the figures are compared with.
    pub compare: Compare,
    /// Weeks, working days and holidays.
    pub calendar: Calendar,
    /// How long after its end a window is reported at the earliest.
    pub settle: SignedDuration,
    /// For how long a run that was missed is made up for.
    pub catch_up: SignedDuration,
    /// When it is due; where there is none, as soon as a window is over.
    pub schedule: Option<Schedule>,
    /// The language of texts and numbers.
    pub locale: Locale,
    /// What becomes of the message where a section's figures can't be had.
    pub partial: Partial,
    /// The recipients of the message; one at least, no destination twice.
    pub recipients: Vec<Destination>,
    /// The mail.
    pub email: Email,
    /// The sections, in the order of the message; one at least.
    pub sections: Vec<Section>,
}

/// A report's id: 1 to 64 ASCII letters, digits, `-` and `_`, the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ReportId(String);

/// What becomes of the message where a section's figures can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// It is not sent.
    Fail,
    /// It says what is missing.
    Banner,
}

/// From whom a mail comes, and how it is made.
#[derive(Clone, Debug)]
pub struct Email {
    /// The sender.
    pub from: Mailbox,
    /// The subject, as a template; where there is none, `subject.txt` is it.
    pub subject: Option<Placed<Subject>>,
    /// What is attached; nothing twice.
    pub attach: Vec<Attachment>,
    /// How many bytes the attachments may take in the mail, before they are zipped or left out.
    pub attach_max: u64,
    /// How CSV files are written.
    pub csv_dialect: CsvDialect,
    /// Whom answers go to, where not to the sender.
    pub reply_to: Option<Mailbox>,
    /// The address, `https:` or `mailto:`, at which one unsubscribes (RFC 2369).
    pub unsubscribe: Option<String>,
    /// The configuration set of SES that it is sent with.
    pub configuration_set: Option<String>,
    /// Whether recipients see each other.
    pub delivery: DeliveryMode,
    /// When it is sent.
    pub send: SendRule,
}

/// Whether recipients see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMode {
    /// A private message each.
    Separate,
    /// One message to all, at most 50 (SES, quotas).
    Together,
}

/// When a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRule {
    /// Whatever the figures are.
    Always,
    /// Where there are any.
    WhenData,
    /// Where one misses its target.
    WhenTargetMissed,
}

/// How CSV files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvDialect {
    /// Commas between fields, and a point before decimals (RFC 4180).
    #[default]
    Comma,
    /// Semicolons between fields, and a comma before decimals: what Excel reads and writes where that is
    /// the decimal sign.
    Semicolon,
}

/// A table, a row of headline figures, or a trend.
#[derive(Clone, Debug)]
pub struct Section {
    /// The title that people read.
    pub title: String,
    /// How the figures are shown.
    pub kind: Kind,
    /// What rows are grouped by: nothing, or up to four keys without repetition.
    pub group_by: Vec<Dimension>,
    /// Where each of them stands.
    pub grouping_places: BTreeMap<Dimension, Place>,
    /// Which contacts are counted.
    pub filters: BTreeMap<Dimension, Selection>,
    /// The length of an interval, where figures are shown over time; a trend always has one.
    pub interval: Option<Interval>,
    /// The columns; one at least, with distinct labels.
    pub columns: Vec<Column>,
    /// The column that rows are sorted by; by name where there is none.
    pub sort: Option<Sort>,
    /// How many rows the message shows at most.
    pub rows: Option<NonZeroU32>,
}

impl Report {
    /// Tells whether it selects queues by their tags or leaves out the disabled ones; then queues are
    /// searched rather than listed.
    pub fn searches_queues(&self) -> bool {
        let selections = self.sections.iter().flat_map(|section| section.filters.values());
        selections.flat_map(Selection::selectors).any(Selector::needs_search)
    }

    /// The recipients who get mail.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.recipients.iter().filter_map(Destination::mailbox)
    }
}

/// How a section shows its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Headline figures.
    Totals,
    /// A row for each group, and the totals.
    Table,
    /// A line over time.
    Trend,
}

/// One column of a section.
#[derive(Clone, Debug)]
pub struct Column {
    /// What is asked.
    pub metric: MetricQuery,
    /// By what programs find it, whatever its label and place: `SERVICE_LEVEL_20`.
    pub key: String,
    /// The heading that people read.
    pub label: String,
    /// What its figures are measured in.
    pub unit: Unit,
    /// Whether no contacts make 0 (a count or a sum) or no value.
    pub is_sum: bool,
    /// Which way its figures are better.
    pub polarity: Polarity,
    /// What is aimed at.
    pub target: Option<Target>,
    /// What still counts as near the target.
    pub warn: Option<Placed<Target>>,
    /// Targets for single queues, or whatever the section groups by, by name.
    pub targets: BTreeMap<String, Target>,
    /// Where the column is defined.
    pub place: Place,
}

impl Column {
    /// True where it has a target, be it for single rows.
    pub fn has_target(&self) -> bool {
        self.target.is_some() || !self.targets.is_empty()
    }

    /// The target that a row has of its own, which is about something of this name.
    pub fn own_target(&self, is_about: impl Fn(&str) -> bool) -> Option<Target> {
        let own = self.targets.iter().find(|(name, _)| is_about(name));
        own.map(|(_, target)| *target)
    }

    /// The state of a figure against this target; `None` without a target or a figure.
    pub fn state(&self, figure: Option<f64>, target: Option<Target>) -> Option<State> {
        let (value, target) = (figure?, target?);
        let is_near = || self.warn.as_ref().is_some_and(|warn| warn.value.is_met_by(value));
        Some(match target.is_met_by(value) {
            true => State::Met,
            false if is_near() => State::Near,
            false => State::Missed,
        })
    }
}

/// A metric with all that makes its figure this one and no other (GetMetricDataV2, Metrics).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricQuery {
    /// The API's name; of a metric that is known by its id, that id.
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

impl FromStr for ReportId {
    type Err = ReportIdError;

    fn from_str(text: &str) -> Result<Self, ReportIdError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let found = text.chars().count();
        if found > LONGEST_ID {
            return Err(ReportIdError::TooLong { found });
        }
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReportIdError::Form)
        }
    }
}

/// The text can't be a report's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportIdError {
    /// It has other characters, or none.
    #[error("a report's id has 1 to 64 letters, digits, `-` and `_`")]
    Form,
    /// It has too many.
    #[error(
        "a report's id has 1 to 64 letters, digits, `-` and `_`, and this has {found} characters"
    )]
    TooLong {
        /// The number of its characters.
        found: usize,
    },
}

/// The most characters of a report's id, which ends in keys, in the tag of a mail and in a metric's dimension.
const LONGEST_ID: usize = 64;

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
