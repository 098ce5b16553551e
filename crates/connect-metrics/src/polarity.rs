//! The direction in which each metric is better, as contact centres see it.

use super::metric::Metric;

/// The direction in which a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// More is better, as with the service level.
    MoreIsBetter,
    /// Less is better, as with abandoned contacts.
    LessIsBetter,
    /// Neither, as with handled contacts: it depends on what there was to do.
    Neither,
}

const MORE_IS_BETTER: &[&str] = &[
    "AGENT_ANSWER_RATE",
    "AGENT_SCHEDULE_ADHERENCE",
    "AI_AGENT_INVOCATION_SUCCESS_RATE",
    "AI_PROMPT_INVOCATION_SUCCESS_RATE",
    "AI_RESPONSE_COMPLETION_RATE",
    "AI_TOOL_INVOCATION_SUCCESS_RATE",
    "AVG_EVALUATION_SCORE",
    "AVG_EVALUATION_SCORE_BY_SUBMIT_TIME",
    "AVG_WEIGHTED_EVALUATION_SCORE",
    "COMPLETENESS_SCORE",
    "CONTEXT_FIDELITY_SCORE",
    "EVALUATED_CSAT_PERCENT",
    "EVALUATED_PARTIAL_SELF_SERVICE_SUCCESS_RATE",
    "EVALUATED_SELF_SERVICE_SUCCESS_RATE",
    "EVALUATED_SUCCESSFUL_SALE_RATE",
    "FAITHFULNESS_SCORE",
    "PERCENT_CASES_FIRST_CONTACT_RESOLVED",
    "PROACTIVE_INTENT_ENGAGEMENT_RATE",
    "PROACTIVE_INTENT_RESPONSE_RATE",
    "SERVICE_LEVEL",
];

const LESS_IS_BETTER: &[&str] = &[
    "ABANDONMENT_RATE",
    "AGENT_NON_ADHERENT_TIME",
    "AGENT_NON_RESPONSE",
    "AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS",
    "AVG_AGENT_CONNECTING_TIME",
    "AVG_AI_AGENT_INVOCATION_LATENCY",
    "AVG_AI_PROMPT_INVOCATION_LATENCY",
    "AVG_AI_TOOL_INVOCATION_LATENCY",
    "AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT",
    "AVG_FIRST_RESPONSE_TIME_AGENT",
    "AVG_HOLD_TIME",
    "AVG_HOLD_TIME_ALL_CONTACTS",
    "AVG_INTERRUPTIONS_AGENT",
    "AVG_INTERRUPTION_TIME_AGENT",
    "AVG_QUEUE_ANSWER_TIME",
    "AVG_QUEUE_ANSWER_TIME_CUSTOMER_FIRST_CALLBACK",
    "AVG_RESPONSE_TIME_AGENT",
    "AVG_WAIT_TIME_AFTER_CUSTOMER_CONNECTION",
    "AVG_WAIT_TIME_AFTER_CUSTOMER_FIRST_CALLBACK_CONNECTION",
    "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X",
    "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X_RATE",
    "CONTACTS_ABANDONED",
    "CONTACTS_HOLD_ABANDONS",
    "CONTACTS_ON_HOLD_AGENT_DISCONNECT",
    "CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT",
    "CONVERSATIONS_ABANDONED",
    "EVALUATED_CHURN_PROPENSITY_RATE",
    "MAX_QUEUED_TIME",
    "PERCENT_AUTOMATIC_FAILS",
    "PERCENT_CONTACTS_STEP_EXPIRED",
    "SUM_CONTACTS_ABANDONED_IN_X",
    "SUM_ERROR_STATUS_TIME_AGENT",
    "SUM_HOLD_TIME",
];

impl Metric {
    /// The direction in which it is better: neither where contact centres differ, as about handle time.
    pub fn polarity(&self) -> Polarity {
        if MORE_IS_BETTER.contains(&self.name) {
            Polarity::MoreIsBetter
        } else if LESS_IS_BETTER.contains(&self.name) {
            Polarity::LessIsBetter
        } else {
            Polarity::Neither
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{METRICS, find_metric};

    #[test]
    fn each_name_is_a_metric_and_stands_once() {
        let mut names: Vec<_> = MORE_IS_BETTER.iter().chain(LESS_IS_BETTER).collect();
        assert!(names.iter().all(|name| find_metric(name).is_some()));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn counts_of_work_have_no_polarity() {
        for (name, polarity) in [
            ("SERVICE_LEVEL", Polarity::MoreIsBetter),
            ("CONTACTS_ABANDONED", Polarity::LessIsBetter),
            ("CONTACTS_HANDLED", Polarity::Neither),
            ("AVG_HANDLE_TIME", Polarity::Neither),
            ("AGENT_OCCUPANCY", Polarity::Neither),
        ] {
            assert_eq!(find_metric(name).map(Metric::polarity), Some(polarity), "{name}");
        }
        assert!(METRICS.iter().any(|metric| metric.polarity() == Polarity::Neither));
    }
}
