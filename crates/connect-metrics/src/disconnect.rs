//! The metrics that count a contact in the interval in which it ended.

use super::metric::Metric;

/// The metrics that count contact records at the time of disconnection (administrator guide, historical
/// metrics; GetMetricDataV2, Metrics), by name. Metrics of agents' activity count the time of the activity;
/// metrics by enqueue, by connection and by submission count the time of that. The guide does not say it for
/// flows, cases, campaigns, evaluations, AI and conversational analytics.
const AT_DISCONNECT: &[&str] = &[
    "ABANDONMENT_RATE",
    "AVG_ABANDON_TIME",
    "AVG_ACTIVE_TIME",
    "AVG_AFTER_CONTACT_WORK_TIME",
    "AVG_AGENT_PAUSE_TIME",
    "AVG_CONTACT_DURATION",
    "AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT",
    "AVG_CONVERSATION_CLOSE_TIME",
    "AVG_FIRST_RESPONSE_TIME_AGENT",
    "AVG_HANDLE_TIME",
    "AVG_HOLDS",
    "AVG_HOLD_TIME",
    "AVG_HOLD_TIME_ALL_CONTACTS",
    "AVG_INTERACTION_AND_HOLD_TIME",
    "AVG_INTERACTION_TIME",
    "AVG_MESSAGES",
    "AVG_MESSAGES_AGENT",
    "AVG_MESSAGES_BOT",
    "AVG_MESSAGES_CUSTOMER",
    "AVG_MESSAGE_LENGTH_AGENT",
    "AVG_MESSAGE_LENGTH_CUSTOMER",
    "AVG_QUEUE_ANSWER_TIME",
    "AVG_QUEUE_ANSWER_TIME_CUSTOMER_FIRST_CALLBACK",
    "AVG_RESOLUTION_TIME",
    "AVG_RESPONSE_TIME_AGENT",
    "AVG_RESPONSE_TIME_CUSTOMER",
    "AVG_WAIT_TIME_AFTER_CUSTOMER_CONNECTION",
    "AVG_WAIT_TIME_AFTER_CUSTOMER_FIRST_CALLBACK_CONNECTION",
    "CONTACTS_ABANDONED",
    "CONTACTS_CREATED",
    "CONTACTS_HANDLED",
    "CONTACTS_HOLD_ABANDONS",
    "CONTACTS_ON_HOLD_AGENT_DISCONNECT",
    "CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT",
    "CONTACTS_PUT_ON_HOLD",
    "CONTACTS_QUEUED",
    "CONTACTS_REMOVED_FROM_QUEUE_IN_X",
    "CONTACTS_RESOLVED_IN_X",
    "CONTACTS_TRANSFERRED_OUT",
    "CONTACTS_TRANSFERRED_OUT_BY_AGENT",
    "CONTACTS_TRANSFERRED_OUT_EXTERNAL",
    "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE",
    "CONTACTS_TRANSFERRED_OUT_INTERNAL",
    "CONVERSATIONS_ABANDONED",
    "MAX_QUEUED_TIME",
    "PERCENT_CONTACTS_STEP_EXPIRED",
    "PERCENT_CONTACTS_STEP_JOINED",
    "SERVICE_LEVEL",
    "STEP_CONTACTS_QUEUED",
    "SUM_AFTER_CONTACT_WORK_TIME",
    "SUM_CONTACTS_ABANDONED_IN_X",
    "SUM_CONTACTS_ANSWERED_IN_X",
    "SUM_CONTACTS_DISCONNECTED",
    "SUM_CONTACT_FLOW_TIME",
    "SUM_HANDLE_TIME",
    "SUM_HOLD_TIME",
    "SUM_INTERACTION_AND_HOLD_TIME",
    "SUM_INTERACTION_TIME",
    "SUM_RETRY_CALLBACK_ATTEMPTS",
];

impl Metric {
    /// True where the metric counts a contact in the interval in which it ended, wherever it began.
    pub fn counts_at_disconnect(&self) -> bool {
        AT_DISCONNECT.binary_search(&self.name).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find_metric;

    #[test]
    fn metrics_counted_at_disconnect_are_in_the_catalogue() {
        assert!(AT_DISCONNECT.is_sorted_by(|one, next| one < next));
        for name in AT_DISCONNECT {
            assert!(find_metric(name).is_some_and(Metric::counts_at_disconnect), "{name}");
        }
        for name in [
            "AGENT_OCCUPANCY",
            "SUM_ONLINE_TIME_AGENT",
            "CONTACTS_QUEUED_BY_ENQUEUE",
            "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT",
            "EVALUATIONS_PERFORMED_BY_SUBMIT_TIME",
            "CASES_CREATED",
            "FLOWS_STARTED",
        ] {
            assert!(!find_metric(name).unwrap().counts_at_disconnect(), "{name}");
        }
    }
}
