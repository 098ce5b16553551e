//! Rules by which figures of the parts of a query become one figure.
//!
//! A request holds a hundred filter values and 35 days at most, so a larger query is made in parts that do not
//! overlap: other values of one key, or other times. The rule of a metric follows from its definition in the
//! administrator guide.

use super::threshold::{Comparison, THRESHOLD_SECONDS};

/// A rule by which figures of parts that do not overlap become the figure of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The sum of the parts.
    Sum,
    /// The greatest part.
    Max,
    /// The least part.
    Min,
    /// The mean of the parts, weighted by the first of these counts that [fits](Weight::fits) the query and is
    /// requested beside the metric. Perhaps none fits.
    ///
    /// This is exact where the weight counts exactly the records behind the mean. `AVG_ABANDON_TIME` leaves out
    /// records without such a time, which `CONTACTS_ABANDONED` counts; with that weight the merged mean only
    /// approximates the service's.
    Mean(&'static [Weight]),
    /// The mean of the parts, weighted by the number of records behind each: the sum of the same times divided
    /// by the mean, rounded. Sum and mean leave out the same records, so this is exact. A mean of 0 gives no
    /// number of records, and the sum does not fit every query; then the weights of [`Mean`](Self::Mean) are
    /// used, which also count records without such a time.
    MeanBySum {
        /// The sum of the same times.
        sum: &'static str,
        /// The weights of the mean where the sum does not fit.
        otherwise: &'static [Weight],
    },
    /// The mean of the parts, weighted by a count that the service does not give. It follows from the sum of the
    /// same times, the metric with this name: the sum divided by the mean, rounded. It is unknown where the mean
    /// is 0.
    MeanOfSum(&'static str),
    /// Percent: the sum of a metric, divided by the sums of others added together.
    Ratio {
        /// The dividend.
        part: &'static str,
        /// The divisor; several are added up.
        whole: &'static [&'static str],
    },
    /// No rule is at least nearly exact. The reason is a sentence for people.
    None(&'static str),
}

/// The keys in which the parts of a query may differ so that the merge rule of its metric holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeScope {
    /// Any key, and time: each counted thing, such as a contact record, has one value of each key and is
    /// counted at one time.
    Everything,
    /// Agents and time. An agent has several queues and channels, and the agent's time would be counted once
    /// for each.
    AgentsAndTime,
    /// Queues, channels, routing profiles and time. One contact may involve several AI agents, prompts and
    /// tools.
    QueuesAndTime,
    /// Campaigns, but not time: a recipient of two messages is one recipient.
    Campaigns,
    /// Case templates, but not time: cases open at a point in time are not a sum of earlier times.
    CaseTemplates,
}

/// A count that weights a mean, requested with the groupings and filters of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The metric that counts the records behind the mean.
    pub metric: &'static str,
    /// Its threshold, where it takes one; nothing exceeds it.
    pub threshold: Option<(Comparison, u32)>,
    /// The key that selects the part of a percentage, where one does. The weight counts the whole, so it is
    /// requested without metric filters by this key.
    pub part_key: Option<&'static str>,
}

impl MergeScope {
    /// Tells whether parts may differ in the values of the filter `key`.
    pub fn holds_for(self, key: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::AgentsAndTime => key == "AGENT",
            Self::QueuesAndTime => matches!(key, "QUEUE" | "CHANNEL" | "ROUTING_PROFILE"),
            Self::Campaigns => key == "CAMPAIGN",
            Self::CaseTemplates => key == "CASE_TEMPLATE_ARN",
        }
    }

    /// Tells whether parts may differ in time.
    pub fn holds_for_time(self) -> bool {
        !matches!(self, Self::Campaigns | Self::CaseTemplates)
    }

    /// The reason, as a sentence for people, why figures can't be merged over more; `None` where they can.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            Self::AgentsAndTime => Some("Its figures only add up over agents and over time."),
            Self::QueuesAndTime => Some(
                "Its figures only add up over queues, channels and routing profiles, and over time.",
            ),
            Self::Campaigns => Some("Its figures only add up over campaigns, not over time."),
            Self::CaseTemplates => {
                Some("Its figures only add up over case templates, not over time.")
            }
        }
    }
}

impl Weight {
    /// Tells whether the weight is requested with the metric filter `key` of the metric that it weights.
    pub fn takes_metric_filter(&self, key: &str) -> bool {
        self.part_key != Some(key)
    }
}

/// A mean with these weights.
pub(super) const fn weighted_mean(weights: &'static [Weight]) -> Merge {
    Merge::Mean(weights)
}

/// A mean weighted by the sum of the same times.
pub(super) const fn mean_by_sum(sum: &'static str, otherwise: &'static [Weight]) -> Merge {
    Merge::MeanBySum { sum, otherwise }
}

/// A part in percent of a whole.
pub(super) const fn percentage(part: &'static str, whole: &'static [&'static str]) -> Merge {
    Merge::Ratio { part, whole }
}

/// A weight that counts a metric.
pub(super) const fn counted_by(metric: &'static str) -> Weight {
    Weight { metric, threshold: None, part_key: None }
}

/// A weight that counts contacts within the greatest threshold. No contact lasts longer, so exactly the contacts
/// behind the mean are counted.
pub(super) const fn counted_by_all_within(metric: &'static str) -> Weight {
    let threshold = Some((Comparison::LessThanOrEqual, *THRESHOLD_SECONDS.end()));
    Weight { threshold, ..counted_by(metric) }
}

/// A weight that counts the whole, of which `part_key` selects a part.
pub(super) const fn counted_by_whole(metric: &'static str, part_key: &'static str) -> Weight {
    Weight { part_key: Some(part_key), ..counted_by(metric) }
}
