//! The keys by which requests group and filter, and the values that the service allows for them
//! (GetMetricDataV2, Groupings and Filters; MetricFilterV2).

/// Every key by which rows may be grouped, in the service's order.
pub static GROUPING_KEYS: &[&str] = &[
    "AGENT",
    "AI_AGENT",
    "AI_AGENT_ID",
    "AI_AGENT_NAME",
    "AI_AGENT_NAME_VERSION",
    "AI_AGENT_TYPE",
    "AI_PROMPT",
    "AI_PROMPT_ID",
    "AI_PROMPT_NAME",
    "AI_PROMPT_NAME_VERSION",
    "AI_PROMPT_TYPE",
    "AI_TOOL_ID",
    "AI_TOOL_NAME",
    "AI_TOOL_TYPE",
    "AI_USE_CASE",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
    "ANSWERING_MACHINE_DETECTION_STATUS",
    "BOT_ID",
    "BOT_ALIAS",
    "BOT_VERSION",
    "BOT_LOCALE",
    "BOT_INTENT_NAME",
    "BROWSER_NAME",
    "CAMPAIGN",
    "CAMPAIGN_DELIVERY_EVENT_TYPE",
    "CAMPAIGN_EXCLUDED_EVENT_TYPE",
    "CAMPAIGN_EXECUTION_TIMESTAMP",
    "CASE_TEMPLATE_ARN",
    "CASE_STATUS",
    "CHANNEL",
    "contact/segmentAttributes/connect:Subtype",
    "DEVICE_MODEL",
    "DEVICE_TYPE",
    "DISCONNECT_REASON",
    "EVALUATION_FORM",
    "EVALUATION_SECTION",
    "EVALUATION_QUESTION",
    "EVALUATION_SOURCE",
    "EVALUATOR_ID",
    "FLOWS_RESOURCE_ID",
    "FLOWS_MODULE_RESOURCE_ID",
    "FLOW_ACTION_ID",
    "FLOW_TYPE",
    "FLOWS_OUTCOME_TYPE",
    "FORM_VERSION",
    "INITIATION_METHOD",
    "INVOKING_RESOURCE_PUBLISHED_TIMESTAMP",
    "INVOKING_RESOURCE_TYPE",
    "KNOWLEDGE_ARTICLE_NAME",
    "KNOWLEDGE_BASE_NAME",
    "LIFETIME_VALUE",
    "PARENT_FLOWS_RESOURCE_ID",
    "Q_CONNECT_ENABLED",
    "QUEUE",
    "REPEAT_CALLER",
    "RESOURCE_PUBLISHED_TIMESTAMP",
    "ROUTING_PROFILE",
    "ROUTING_STEP_EXPRESSION",
    "SESSION_ID",
    "TEST_CASE",
    "TEST_CASE_EXECUTION_FAILURE_REASON",
    "TEST_CASE_INVOCATION_METHOD",
    "WEB_NOTIFICATION_TYPE",
];

/// Every key by which a request may filter, in the service's order.
pub static FILTER_KEYS: &[&str] = &[
    "AGENT",
    "AI_AGENT",
    "AI_AGENT_ID",
    "AI_AGENT_NAME",
    "AI_AGENT_NAME_VERSION",
    "AI_AGENT_TYPE",
    "AI_PROMPT",
    "AI_PROMPT_ID",
    "AI_PROMPT_NAME",
    "AI_PROMPT_TYPE",
    "AI_TOOL_ID",
    "AI_TOOL_NAME",
    "AI_TOOL_TYPE",
    "AI_USE_CASE",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
    "ANSWERING_MACHINE_DETECTION_STATUS",
    "BOT_ALIAS",
    "BOT_ID",
    "BOT_INTENT_NAME",
    "BOT_LOCALE",
    "BOT_VERSION",
    "BROWSER_NAME",
    "CAMPAIGN",
    "CAMPAIGN_DELIVERY_EVENT_TYPE",
    "CAMPAIGN_EXCLUDED_EVENT_TYPE",
    "CASE_STATUS",
    "CASE_TEMPLATE_ARN",
    "CHANNEL",
    "contact/segmentAttributes/connect:Subtype",
    "contact/segmentAttributes/connect:ValidationTestType",
    "DEVICE_MODEL",
    "DEVICE_TYPE",
    "DISCONNECT_REASON",
    "EVALUATION_FORM",
    "EVALUATION_QUESTION",
    "EVALUATION_SECTION",
    "EVALUATION_SOURCE",
    "EVALUATOR_ID",
    "FEATURE",
    "FLOW_ACTION_ID",
    "FLOW_TYPE",
    "FLOWS_MODULE_RESOURCE_ID",
    "FLOWS_NEXT_RESOURCE_ID",
    "FLOWS_NEXT_RESOURCE_QUEUE_ID",
    "FLOWS_OUTCOME_TYPE",
    "FLOWS_RESOURCE_ID",
    "FORM_VERSION",
    "INITIATING_FLOW",
    "INITIATION_METHOD",
    "INVOKING_RESOURCE_PUBLISHED_TIMESTAMP",
    "INVOKING_RESOURCE_TYPE",
    "KNOWLEDGE_BASE_NAME",
    "LIFETIME_VALUE",
    "PARENT_FLOWS_RESOURCE_ID",
    "Q_CONNECT_ENABLED",
    "QUEUE",
    "REPEAT_CALLER",
    "RESOURCE_PUBLISHED_TIMESTAMP",
    "ROUTING_PROFILE",
    "ROUTING_STEP_EXPRESSION",
    "SESSION_ID",
    "TEST_CASE",
    "TEST_CASE_EXECUTION_FAILURE_REASON",
    "TEST_CASE_EXECUTION_RESULT",
    "TEST_CASE_EXECUTION_STATE",
    "WEB_NOTIFICATION_TYPE",
];

/// The keys of which a request must filter by at least one, because the service checks the caller's permission
/// on the resources that they name. See [`needs_authorising_filter`](crate::needs_authorising_filter).
pub static AUTHORISING_KEYS: &[&str] = &[
    "QUEUE",
    "ROUTING_PROFILE",
    "AGENT",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
    "CAMPAIGN",
    "EVALUATION_FORM",
    "EVALUATOR_ID",
];

/// The initiation methods of contact records, and three names that only metrics know: INCOMING,
/// `CALLBACK_CUSTOMER_FIRST_QUEUED` and `CALLBACK_CUSTOMER_FIRST_DIALED`.
static INITIATION_METHODS: &[&str] = &[
    "INBOUND",
    "OUTBOUND",
    "TRANSFER",
    "QUEUE_TRANSFER",
    "CALLBACK",
    "API",
    "WEBRTC_API",
    "MONITOR",
    "DISCONNECT",
    "EXTERNAL_OUTBOUND",
    "AGENT_REPLY",
    "FLOW",
    "CALLBACK_CUSTOMER_FIRST_QUEUED",
    "CALLBACK_CUSTOMER_FIRST_DIALED",
    "INCOMING",
];

/// Tells whether a key of filters or groupings has the form of the service's keys. The service gains keys, so
/// one that is not listed may be valid by now.
pub fn is_written_like_a_key(key: &str) -> bool {
    let is_name = !key.is_empty()
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_name || key.strip_prefix("contact/").is_some_and(|attribute| !attribute.is_empty())
}

/// The values that a filter by `key` may have; empty where any value is allowed.
pub fn filter_values(key: &str) -> &'static [&'static str] {
    match key {
        "CHANNEL" => &["VOICE", "CHAT", "TASK", "EMAIL"],
        "FEATURE" => &["contact_lens_conversational_analytics"],
        "Q_CONNECT_ENABLED" => &["TRUE", "FALSE"],
        "contact/segmentAttributes/connect:ValidationTestType" => {
            &["EXPERIENCE_VALIDATION", "FLOW_VALIDATION"]
        }
        _ => &[],
    }
}

/// The number of characters that a value of a filter by `key` may have.
pub fn filter_value_length(key: &str) -> usize {
    match key {
        "ROUTING_STEP_EXPRESSION" => 3_000,
        _ => 250,
    }
}

/// The known values of the metric filter `key`, perhaps none. They serve for suggestions only: the service may
/// know more, and a metric may take fewer, see
/// [`MetricFilterKey::values`](crate::MetricFilterKey).
pub fn metric_filter_values(key: &str) -> &'static [&'static str] {
    match key {
        "INITIATION_METHOD" => INITIATION_METHODS,
        "FEATURE" => filter_values(key),
        _ => &[],
    }
}

/// The keys with commas between them, the levels of the agent hierarchy as one.
pub fn key_list(keys: impl IntoIterator<Item = &'static str>) -> String {
    let mut words: Vec<&str> = Vec::new();
    for key in keys {
        let word = if key.starts_with("AGENT_HIERARCHY_LEVEL_") {
            "AGENT_HIERARCHY_LEVEL_ONE to _FIVE"
        } else {
            key
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}
