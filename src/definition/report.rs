//! What a valid definition says, as values that can't be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::Serialize;

use super::problem::{Place, Placed};
use crate::address::{Address, Mailbox};
use crate::instance::InstanceArn;
use crate::metric::{Comparison, Unit};
use crate::window::{WindowRule, Zone};

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
    pub const ALL: [Self; 4] = [Self::Queue, Self::Channel, Self::RoutingProfile, Self::Agent];

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
        Self::ALL.into_iter().find(|dimension| dimension.key() == key)
    }
}

impl Serialize for Dimension {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}
