//! Rules by which figures of the parts of a question become one figure.
//!
//! A request holds a hundred filter values and 35 days at most, so a greater question is asked in
//! parts that do not overlap: other values of one key, or other times. The rule of a metric
//! follows from its definition in the administrator guide.

use super::threshold::{Comparison, THRESHOLD};

/// A rule by which figures of parts that do not overlap become the figure of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// They are added up.
    Sum,
    /// The greatest of them.
    Max,
    /// The least of them.
    Min,
    /// Their mean, weighted by what each is based on: the first of these that
    /// [fits](Weight::fits) the question, asked beside the metric. None may fit.
    ///
    /// This is exact where the weight counts just what the mean is of. `AVG_ABANDON_TIME` leaves out
    /// records without such a time, which `CONTACTS_ABANDONED` counts too; by that weight the merged
    /// mean is only nearly the service's.
    Mean(&'static [Weight]),
    /// Their mean, weighted by how many records each is based on: the sum of the same times divided
    /// by the mean, rounded to a whole number. Sum and mean leave out the same records, so this is
    /// exact. A mean of 0 says nothing of its records, and some questions the sum does not fit;
    /// there the weights of [`Mean`](Self::Mean) are used, which count records without such a time
    /// too.
    MeanBySum {
        /// The sum of what the mean is of.
        sum: &'static str,
        /// The weights of the mean where the sum does not fit.
        otherwise: &'static [Weight],
    },
    /// Their mean, weighted by a count that the service does not give but that follows from the
    /// metric with this name: the sum that the mean is of. The sum divided by the mean is the
    /// count, to be rounded to a whole number. It is unknown where the mean is 0.
    MeanOfSum(&'static str),
    /// Percent: the sum of a metric, divided by the sums of others added together.
    Ratio {
        /// The dividend.
        part: &'static str,
        /// The divisor; several are added up.
        whole: &'static [&'static str],
    },
    /// There is no way that is at least nearly exact. A sentence for people says why.
    None(&'static str),
}

/// The keys that the parts of a question may differ in for the merge rule of its metric to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// In the values of any key, and in time: what is counted, such as a contact record, has one
    /// value of each key and is counted at one time.
    Everything,
    /// In agents and in time. An agent has several queues and channels, and the agent's time
    /// would be counted once for each.
    AgentsAndTime,
    /// In queues, channels and routing profiles, and in time. One contact may involve several AI
    /// agents, prompts and tools.
    QueuesAndTime,
    /// In campaigns. A recipient who received something twice is one recipient, so not in time.
    Campaigns,
    /// In case templates. Cases open at a point in time are not a sum of earlier times.
    CaseTemplates,
}

/// A count that weights a mean, asked with the groupings and filters of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The metric that counts what the mean is of.
    pub metric: &'static str,
    /// Its threshold, where it takes one: one that nothing exceeds.
    pub threshold: Option<(Comparison, u32)>,
    /// The key that chooses the part of a percentage, where one does. The weight counts the whole,
    /// so it is asked without metric filters by this key.
    pub part_key: Option<&'static str>,
}

impl Over {
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

    /// A sentence for people that says why figures cannot be merged otherwise; none where there
    /// is no otherwise.
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
    /// Tells whether it is asked with the metric filter `key` of the metric that it weights.
    pub fn takes_metric_filter(&self, key: &str) -> bool {
        self.part_key != Some(key)
    }
}

pub(super) const fn mean(weights: &'static [Weight]) -> Merge {
    Merge::Mean(weights)
}

pub(super) const fn mean_by_sum(sum: &'static str, otherwise: &'static [Weight]) -> Merge {
    Merge::MeanBySum { sum, otherwise }
}

pub(super) const fn ratio(part: &'static str, whole: &'static [&'static str]) -> Merge {
    Merge::Ratio { part, whole }
}

/// Weighted by a count.
pub(super) const fn counted_by(metric: &'static str) -> Weight {
    Weight { metric, threshold: None, part_key: None }
}

/// Weighted by a count of what happened within a threshold, the greatest there is: no contact
/// lasts longer, so everything is counted, and only what the mean is of.
pub(super) const fn counted_by_all_within(metric: &'static str) -> Weight {
    let threshold = Some((Comparison::LessThanOrEqual, *THRESHOLD.end()));
    Weight { threshold, ..counted_by(metric) }
}

/// Weighted by a count of the whole, of which `part_key` chooses a part.
pub(super) const fn counted_by_whole(metric: &'static str, part_key: &'static str) -> Weight {
    Weight { part_key: Some(part_key), ..counted_by(metric) }
}
