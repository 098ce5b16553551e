//! One row a metric: the metrics of GetMetricDataV2 as the API reference and the administrator
//! guide describe them.
//!
//! A row names the metric, its title in Connect's own pages (`X` stands for the threshold), its
//! unit, and what it may be grouped and filtered by. To add a metric that the service has gained,
//! add its row in alphabetical order.

use super::Unit::{Count, Milliseconds, Percent, Seconds};
use super::{Comparison, Metric, statistic, sum};

/// Every known metric, by name.
#[rustfmt::skip]
pub static METRICS: &[Metric] = &[
    statistic("ABANDONMENT_RATE", "Abandonment rate", Percent, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("ACTIVE_AI_AGENTS", "Active AI Agents", Count, &[QUEUES]),
    sum("AGENT_ADHERENT_TIME", "Adherent time", Seconds, &[QUEUES, HIERARCHY, AGENT]),
    statistic("AGENT_ANSWER_RATE", "Agent answer rate", Percent, &[QUEUES, HIERARCHY, AGENT]),
    sum("AGENT_NON_ADHERENT_TIME", "Non-adherent time", Seconds, &[QUEUES, HIERARCHY, AGENT]),
    sum("AGENT_NON_RESPONSE", "Agent non-response", Count, &[QUEUES, HIERARCHY, AGENT]),
    sum("AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS", "Agent non-response without customer abandons", Count, &[QUEUES, HIERARCHY, AGENT]),
    statistic("AGENT_OCCUPANCY", "Occupancy", Percent, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("AGENT_SCHEDULED_TIME", "Scheduled time", Seconds, &[QUEUES, HIERARCHY, AGENT]),
    statistic("AGENT_SCHEDULE_ADHERENCE", "Adherence", Percent, &[QUEUES, HIERARCHY, AGENT]),
    sum("AI_AGENT_INVOCATIONS", "AI Agent Invocations", Count, &[QUEUES]),
    sum("AI_AGENT_INVOCATION_SUCCESS", "AI Agent Invocation Success", Count, &[QUEUES]),
    statistic("AI_AGENT_INVOCATION_SUCCESS_RATE", "AI Agent Invocation Success Rate", Percent, &[QUEUES]),
    sum("AI_HANDOFFS", "AI Handoffs", Count, &[QUEUES]),
    statistic("AI_HANDOFF_RATE", "AI Handoff Rate", Percent, &[QUEUES]),
    sum("AI_INVOLVED_CONTACTS", "AI Involved Contacts", Count, &[QUEUES]),
    sum("AI_PROMPT_INVOCATIONS", "AI Prompt Invocations", Count, &[QUEUES]),
    sum("AI_PROMPT_INVOCATION_SUCCESS", "AI Prompt Invocation Success", Count, &[QUEUES]),
    statistic("AI_PROMPT_INVOCATION_SUCCESS_RATE", "AI Prompt Invocation Success Rate", Percent, &[QUEUES]),
    statistic("AI_RESPONSE_COMPLETION_RATE", "AI Response Completion Rate", Percent, &[QUEUES]),
    sum("AI_TOOL_INVOCATIONS", "AI Tool Invocations", Count, &[QUEUES]),
    sum("AI_TOOL_INVOCATION_SUCCESS", "AI Tool Invocation Success", Count, &[QUEUES]),
    statistic("AI_TOOL_INVOCATION_SUCCESS_RATE", "AI Tool Invocation Success Rate", Percent, &[QUEUES]),
    statistic("AVG_ABANDON_TIME", "Average queue abandon time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD"]),
    statistic("AVG_ACTIVE_TIME", "Average active time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    statistic("AVG_AFTER_CONTACT_WORK_TIME", "Average after contact work time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD"]),
    statistic("AVG_AGENT_CONCURRENCY", "Average agent concurrency", Count, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    statistic("AVG_AGENT_CONNECTING_TIME", "Average agent API connecting time", Seconds, &[QUEUES, HIERARCHY, AGENT]).metric_filters_by(&["INITIATION_METHOD"]),
    statistic("AVG_AGENT_PAUSE_TIME", "Average agent pause time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    statistic("AVG_AI_AGENT_CONVERSATION_TURNS", "Average AI Agent Conversation Turns", Count, &[QUEUES]),
    statistic("AVG_AI_CONVERSATION_TURNS", "Average AI Conversation Turns", Count, &[QUEUES]),
    statistic("AVG_AI_PROMPT_INVOCATION_LATENCY", "Average AI Prompt Invocation Latency", Milliseconds, &[QUEUES]),
    statistic("AVG_AI_TOOL_INVOCATION_LATENCY", "Average AI Tool Invocation Latency", Milliseconds, &[QUEUES]),
    statistic("AVG_BOT_CONVERSATION_TIME", "Average bot conversation time", Seconds, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE]),
    statistic("AVG_BOT_CONVERSATION_TURNS", "Average bot conversation turns", Count, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE]),
    statistic("AVG_CASE_RELATED_CONTACTS", "Average contacts per case", Count, &[CASES]),
    statistic("AVG_CASE_RESOLUTION_TIME", "Average case resolution time", Seconds, &[CASES]),
    statistic("AVG_CONTACT_DURATION", "Average contact duration", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT", "Agent average contact first response wait time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_CONVERSATION_CLOSE_TIME", "Average conversation close time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_CONVERSATION_DURATION", "Average conversation duration", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_DIALS_PER_MINUTE", "Average dials per minute", Count, &[AGENT, CAMPAIGN, QUEUE, ROUTING_PROFILE]),
    statistic("AVG_EVALUATION_SCORE", "Average evaluation score", Percent, &[QUEUES, HIERARCHY, EVALUATION, AGENT, EVALUATION_SECTION, EVALUATION_QUESTION]),
    statistic("AVG_FIRST_RESPONSE_TIME_AGENT", "Average agent first response time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_FLOW_TIME", "Average flow time", Seconds, &[FLOW, CHANNEL, SUBTYPE, FLOWS_OUTCOME_TYPE, RESOURCE_PUBLISHED_TIMESTAMP]).filter_only(&[FLOWS_NEXT_RESOURCE_ID, FLOWS_NEXT_RESOURCE_QUEUE_ID]),
    statistic("AVG_GREETING_TIME_AGENT", "Average agent greeting time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_HANDLE_TIME", "Average handle time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, ROUTING_STEP_EXPRESSION]).filter_only(&[FEATURE]),
    statistic("AVG_HOLDS", "Average holds", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_HOLD_TIME", "Average customer hold time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_HOLD_TIME_ALL_CONTACTS", "Average customer hold time all contacts", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_INTERACTION_AND_HOLD_TIME", "Average agent interaction and customer hold time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_INTERACTION_TIME", "Average agent interaction time", Seconds, &[QUEUES, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD"]),
    statistic("AVG_INTERRUPTIONS_AGENT", "Average agent interruptions", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_INTERRUPTION_TIME_AGENT", "Average agent interruption time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_MESSAGES", "Average messages", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_MESSAGES_AGENT", "Average agent messages", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_MESSAGES_BOT", "Average bot messages", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_MESSAGES_CUSTOMER", "Average customer messages", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_MESSAGE_LENGTH_AGENT", "Average agent message length", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_MESSAGE_LENGTH_CUSTOMER", "Average customer message length", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_NON_TALK_TIME", "Average non-talk time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_QUEUE_ANSWER_TIME", "Average queue answer time", Seconds, &[QUEUES, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD", "FEATURE", "DISCONNECT_REASON"]),
    statistic("AVG_QUEUE_ANSWER_TIME_CUSTOMER_FIRST_CALLBACK", "Avg. queue answer time - customer first callback", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_RESOLUTION_TIME", "Average resolution time", Seconds, &[QUEUES, SUBTYPE, Q_CONNECT]),
    statistic("AVG_RESPONSE_TIME_AGENT", "Average agent response time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_RESPONSE_TIME_CUSTOMER", "Average customer response time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_TALK_TIME", "Average talk time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_TALK_TIME_AGENT", "Average agent talk time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_TALK_TIME_CUSTOMER", "Average customer talk time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("AVG_WAIT_TIME_AFTER_CUSTOMER_CONNECTION", "Average wait time after customer connection", Seconds, &[CAMPAIGN]),
    statistic("AVG_WAIT_TIME_AFTER_CUSTOMER_FIRST_CALLBACK_CONNECTION", "Avg. wait time after customer connection - customer first callback", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("AVG_WEIGHTED_EVALUATION_SCORE", "Average weighted evaluation score", Percent, &[QUEUES, HIERARCHY, EVALUATION, AGENT, EVALUATION_SECTION, EVALUATION_QUESTION]),
    sum("BOT_CONVERSATIONS_COMPLETED", "Bot conversations completed", Count, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE]),
    sum("BOT_INTENTS_COMPLETED", "Bot intents completed", Count, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE, BOT_INTENT_NAME]),
    sum("CAMPAIGN_CONTACTS_ABANDONED_AFTER_X", "Campaign contacts abandoned after X", Count, &[AGENT, CAMPAIGN]).threshold(AFTER),
    statistic("CAMPAIGN_CONTACTS_ABANDONED_AFTER_X_RATE", "Campaign contacts abandoned after X rate", Percent, &[AGENT, CAMPAIGN]).threshold(AFTER),
    sum("CAMPAIGN_INTERACTIONS", "Campaign interactions", Count, &[CAMPAIGN]).metric_filters_by(&["CAMPAIGN_INTERACTION_EVENT_TYPE"]),
    statistic("CAMPAIGN_PROGRESS_RATE", "Campaign progress rate", Percent, &[CAMPAIGN]).grouping_only(&[CAMPAIGN_EXECUTION_TIMESTAMP]),
    sum("CAMPAIGN_SEND_ATTEMPTS", "Campaign send attempts", Count, &[CAMPAIGN, CHANNEL, SUBTYPE]),
    sum("CAMPAIGN_SEND_EXCLUSIONS", "Campaign send exclusions", Count, &[CAMPAIGN, CAMPAIGN_EXCLUDED_EVENT_TYPE]).grouping_only(&[CAMPAIGN_EXECUTION_TIMESTAMP]).metric_filters_by(&["CAMPAIGN_EXCLUDED_EVENT_TYPE"]),
    sum("CASES_CREATED", "Cases created", Count, &[CASES]),
    sum("CONTACTS_ABANDONED", "Contacts abandoned", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, ROUTING_STEP_EXPRESSION, Q_CONNECT]).metric_filters_by(&["INITIATION_METHOD"]),
    sum("CONTACTS_CREATED", "Contacts created", Count, &[QUEUES, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD"]),
    sum("CONTACTS_HANDLED", "Contacts handled", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, ROUTING_STEP_EXPRESSION, Q_CONNECT]).filter_only(&[FEATURE]).metric_filters_by(&["INITIATION_METHOD", "DISCONNECT_REASON"]),
    sum("CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT", "Contacts handled (connected to agent timestamp)", Count, &[HIERARCHY, QUEUE, CHANNEL, AGENT, SUBTYPE, Q_CONNECT]).metric_filters_by(&["INITIATION_METHOD"]),
    sum("CONTACTS_HOLD_ABANDONS", "Contacts hold disconnect", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    sum("CONTACTS_ON_HOLD_AGENT_DISCONNECT", "Contacts hold agent disconnect", Count, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT", "Contacts hold customer disconnect", Count, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("CONTACTS_PUT_ON_HOLD", "Contacts put on hold", Count, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("CONTACTS_QUEUED", "Contacts queued", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    sum("CONTACTS_QUEUED_BY_ENQUEUE", "Contacts queued (enqueue timestamp)", Count, &[HIERARCHY, QUEUE, CHANNEL, AGENT, SUBTYPE]),
    sum("CONTACTS_REMOVED_FROM_QUEUE_IN_X", "Contacts removed from queue in X seconds", Count, &[QUEUES, Q_CONNECT]).threshold(WITHIN),
    sum("CONTACTS_RESOLVED_IN_X", "Contacts resolved in X", Count, &[QUEUES, SUBTYPE, Q_CONNECT]).threshold(WITHIN),
    sum("CONTACTS_TRANSFERRED_OUT", "Contacts transferred out", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).filter_only(&[FEATURE]),
    sum("CONTACTS_TRANSFERRED_OUT_BY_AGENT", "Contacts transferred out by agent", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    sum("CONTACTS_TRANSFERRED_OUT_EXTERNAL", "Contacts transferred out external", Count, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("CONTACTS_TRANSFERRED_OUT_FROM_QUEUE", "Contacts transferred out from queue", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    sum("CONTACTS_TRANSFERRED_OUT_INTERNAL", "Contacts transferred out internal", Percent, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("CONVERSATIONS_ABANDONED", "Conversations abandoned", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, DISCONNECT_REASON, ROUTING_STEP_EXPRESSION, INITIATION_METHOD, Q_CONNECT]).filter_only(&[FEATURE]),
    statistic("CURRENT_CASES", "Current cases", Count, &[CASES]),
    sum("DELIVERY_ATTEMPTS", "Delivery attempts", Count, &[QUEUES, AGENT, ANSWERING_MACHINE_DETECTION_STATUS, CAMPAIGN, CAMPAIGN_DELIVERY_EVENT_TYPE, SUBTYPE, DISCONNECT_REASON]).metric_filters_by(&["ANSWERING_MACHINE_DETECTION_STATUS", "CAMPAIGN_DELIVERY_EVENT_TYPE", "DISCONNECT_REASON"]),
    statistic("DELIVERY_ATTEMPT_DISPOSITION_RATE", "Delivery attempt disposition rate", Percent, &[QUEUES, AGENT, ANSWERING_MACHINE_DETECTION_STATUS, CAMPAIGN, SUBTYPE, DISCONNECT_REASON]).metric_filters_by(&["ANSWERING_MACHINE_DETECTION_STATUS", "CAMPAIGN_DELIVERY_EVENT_TYPE", "DISCONNECT_REASON"]),
    sum("EVALUATIONS_PERFORMED", "Evaluations performed", Count, &[QUEUES, HIERARCHY, EVALUATION, AGENT]),
    sum("FLOWS_OUTCOME", "Flows outcome", Count, &[FLOW, CHANNEL, SUBTYPE, FLOWS_OUTCOME_TYPE, RESOURCE_PUBLISHED_TIMESTAMP]).filter_only(&[FLOWS_NEXT_RESOURCE_ID, FLOWS_NEXT_RESOURCE_QUEUE_ID]),
    sum("FLOWS_STARTED", "Flows started", Count, &[FLOW, CHANNEL, SUBTYPE, RESOURCE_PUBLISHED_TIMESTAMP]),
    sum("HUMAN_ANSWERED_CALLS", "Human answered", Count, &[AGENT, CAMPAIGN]),
    sum("KNOWLEDGE_CONTENT_REFERENCES", "Knowledge Content References", Count, &[QUEUES]),
    statistic("MAX_FLOW_TIME", "Maximum flow time", Seconds, &[FLOW, CHANNEL, SUBTYPE, FLOWS_OUTCOME_TYPE, RESOURCE_PUBLISHED_TIMESTAMP]).filter_only(&[FLOWS_NEXT_RESOURCE_ID, FLOWS_NEXT_RESOURCE_QUEUE_ID]),
    statistic("MAX_QUEUED_TIME", "Maximum queued time", Seconds, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("MIN_FLOW_TIME", "Minimum flow time", Seconds, &[FLOW, CHANNEL, SUBTYPE, FLOWS_OUTCOME_TYPE, RESOURCE_PUBLISHED_TIMESTAMP]).filter_only(&[FLOWS_NEXT_RESOURCE_ID, FLOWS_NEXT_RESOURCE_QUEUE_ID]),
    statistic("PERCENT_AUTOMATIC_FAILS", "Automatic fails percent", Percent, &[QUEUES, HIERARCHY, EVALUATION, AGENT]),
    statistic("PERCENT_BOT_CONVERSATIONS_OUTCOME", "Percent bot conversations outcome", Percent, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE]),
    statistic("PERCENT_BOT_INTENTS_OUTCOME", "Percent bot intents outcome", Percent, &[BOT, INVOKED, FLOW, CHANNEL, SUBTYPE, BOT_INTENT_NAME]),
    statistic("PERCENT_CASES_FIRST_CONTACT_RESOLVED", "Cases resolved on first contact", Percent, &[CASES]),
    statistic("PERCENT_CONTACTS_STEP_EXPIRED", "Contacts expired in routing step", Percent, &[QUEUE, ROUTING_STEP_EXPRESSION]),
    statistic("PERCENT_CONTACTS_STEP_JOINED", "Contacts joined in routing step", Percent, &[QUEUE, ROUTING_STEP_EXPRESSION]),
    statistic("PERCENT_FLOWS_OUTCOME", "Flows outcome percentage", Percent, &[FLOW, CHANNEL, SUBTYPE, RESOURCE_PUBLISHED_TIMESTAMP]).filter_only(&[FLOWS_NEXT_RESOURCE_ID, FLOWS_NEXT_RESOURCE_QUEUE_ID, FLOWS_OUTCOME_TYPE]).metric_filters_by(&["FLOWS_OUTCOME_TYPE"]),
    statistic("PERCENT_NON_TALK_TIME", "Non-talk time percent", Percent, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("PERCENT_TALK_TIME", "Talk time percent", Percent, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("PERCENT_TALK_TIME_AGENT", "Agent talk time percent", Percent, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    statistic("PERCENT_TALK_TIME_CUSTOMER", "Customer talk time percent", Percent, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]),
    sum("PROACTIVE_INTENTS_ANSWERED", "Proactive Intents Answered", Count, &[QUEUES]),
    sum("PROACTIVE_INTENTS_DETECTED", "Proactive Intents Detected", Count, &[QUEUES]),
    sum("PROACTIVE_INTENTS_ENGAGED", "Proactive Intents Engaged", Count, &[QUEUES]),
    statistic("PROACTIVE_INTENT_ENGAGEMENT_RATE", "Proactive Intent Engagement Rate", Percent, &[QUEUES]),
    statistic("PROACTIVE_INTENT_RESPONSE_RATE", "Proactive Intent Response Rate", Percent, &[QUEUES]),
    statistic("RECIPIENTS_ATTEMPTED", "Recipients attempted", Count, &[CAMPAIGN]).grouping_only(&[CAMPAIGN_EXECUTION_TIMESTAMP]),
    statistic("RECIPIENTS_INTERACTED", "Recipients interacted", Count, &[CAMPAIGN, CHANNEL, SUBTYPE]).grouping_only(&[CAMPAIGN_EXECUTION_TIMESTAMP]).metric_filters_by(&["CAMPAIGN_INTERACTION_EVENT_TYPE"]),
    statistic("RECIPIENTS_TARGETED", "Recipients targeted", Count, &[CAMPAIGN]).grouping_only(&[CAMPAIGN_EXECUTION_TIMESTAMP]),
    sum("REOPENED_CASE_ACTIONS", "Cases reopened", Count, &[CASES]),
    sum("RESOLVED_CASE_ACTIONS", "Cases resolved", Count, &[CASES]),
    statistic("SERVICE_LEVEL", "Service level X", Percent, &[QUEUES, Q_CONNECT]).threshold(WITHIN),
    sum("STEP_CONTACTS_QUEUED", "Contacts queued in routing step", Count, &[QUEUE, ROUTING_STEP_EXPRESSION]),
    sum("SUM_AFTER_CONTACT_WORK_TIME", "After contact work time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("SUM_CONNECTING_TIME_AGENT", "Agent API connecting time", Seconds, &[QUEUES, HIERARCHY, AGENT]).metric_filters_by(&["INITIATION_METHOD"]),
    sum("SUM_CONTACTS_ABANDONED_IN_X", "Contacts abandoned in X seconds", Count, &[QUEUES, SUBTYPE, Q_CONNECT]).threshold(WITHIN),
    sum("SUM_CONTACTS_ANSWERED_IN_X", "Contacts answered in X seconds", Count, &[QUEUES, SUBTYPE, Q_CONNECT]).threshold(WITHIN),
    sum("SUM_CONTACTS_DISCONNECTED", "Contacts disconnected in queue", Count, &[QUEUES, HIERARCHY, AGENT, SUBTYPE, Q_CONNECT]).metric_filters_by(&["DISCONNECT_REASON"]),
    sum("SUM_CONTACT_FLOW_TIME", "Contact flow time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("SUM_CONTACT_TIME_AGENT", "Agent on contact time", Seconds, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("SUM_ERROR_STATUS_TIME_AGENT", "Error status time", Seconds, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("SUM_HANDLE_TIME", "Contact handle time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("SUM_HOLD_TIME", "Customer hold time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("SUM_IDLE_TIME_AGENT", "Agent idle time", Seconds, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("SUM_INTERACTION_AND_HOLD_TIME", "Agent interaction and hold time", Seconds, &[QUEUES, HIERARCHY, AGENT, Q_CONNECT]),
    sum("SUM_INTERACTION_TIME", "Agent interaction time", Seconds, &[QUEUES, HIERARCHY, AGENT]),
    sum("SUM_NON_PRODUCTIVE_TIME_AGENT", "Agent non-productive time", Seconds, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("SUM_ONLINE_TIME_AGENT", "Online time", Seconds, &[HIERARCHY, ROUTING_PROFILE, AGENT]),
    sum("SUM_RETRY_CALLBACK_ATTEMPTS", "Callback attempts", Count, &[QUEUES, SUBTYPE, Q_CONNECT]),
];

const WITHIN: &[Comparison] = &[Comparison::LessThan, Comparison::LessThanOrEqual];
const AFTER: &[Comparison] = &[Comparison::GreaterThan];

const QUEUES: &[&str] = &["QUEUE", "CHANNEL", "ROUTING_PROFILE"];
#[rustfmt::skip]
const HIERARCHY: &[&str] = &["AGENT_HIERARCHY_LEVEL_ONE", "AGENT_HIERARCHY_LEVEL_TWO", "AGENT_HIERARCHY_LEVEL_THREE", "AGENT_HIERARCHY_LEVEL_FOUR", "AGENT_HIERARCHY_LEVEL_FIVE"];
const BOT: &[&str] = &["BOT_ID", "BOT_ALIAS", "BOT_VERSION", "BOT_LOCALE"];
const CASES: &[&str] = &["CASE_TEMPLATE_ARN", "CASE_STATUS"];
const EVALUATION: &[&str] = &["EVALUATION_FORM", "EVALUATION_SOURCE", "FORM_VERSION"];
const INVOKED: &[&str] = &[
    "FLOW_ACTION_ID",
    "INVOKING_RESOURCE_PUBLISHED_TIMESTAMP",
    "INVOKING_RESOURCE_TYPE",
    "PARENT_FLOWS_RESOURCE_ID",
];
const FLOW: &[&str] =
    &["FLOWS_RESOURCE_ID", "FLOWS_MODULE_RESOURCE_ID", "FLOW_TYPE", "INITIATION_METHOD"];
const AGENT: &[&str] = &["AGENT"];
const ANSWERING_MACHINE_DETECTION_STATUS: &[&str] = &["ANSWERING_MACHINE_DETECTION_STATUS"];
const BOT_INTENT_NAME: &[&str] = &["BOT_INTENT_NAME"];
const CAMPAIGN: &[&str] = &["CAMPAIGN"];
const CAMPAIGN_DELIVERY_EVENT_TYPE: &[&str] = &["CAMPAIGN_DELIVERY_EVENT_TYPE"];
const CAMPAIGN_EXCLUDED_EVENT_TYPE: &[&str] = &["CAMPAIGN_EXCLUDED_EVENT_TYPE"];
const CAMPAIGN_EXECUTION_TIMESTAMP: &[&str] = &["CAMPAIGN_EXECUTION_TIMESTAMP"];
const CHANNEL: &[&str] = &["CHANNEL"];
const DISCONNECT_REASON: &[&str] = &["DISCONNECT_REASON"];
const EVALUATION_QUESTION: &[&str] = &["EVALUATION_QUESTION"];
const EVALUATION_SECTION: &[&str] = &["EVALUATION_SECTION"];
const FEATURE: &[&str] = &["FEATURE"];
const FLOWS_NEXT_RESOURCE_ID: &[&str] = &["FLOWS_NEXT_RESOURCE_ID"];
const FLOWS_NEXT_RESOURCE_QUEUE_ID: &[&str] = &["FLOWS_NEXT_RESOURCE_QUEUE_ID"];
const FLOWS_OUTCOME_TYPE: &[&str] = &["FLOWS_OUTCOME_TYPE"];
const INITIATION_METHOD: &[&str] = &["INITIATION_METHOD"];
const QUEUE: &[&str] = &["QUEUE"];
const Q_CONNECT: &[&str] = &["Q_CONNECT_ENABLED"];
const RESOURCE_PUBLISHED_TIMESTAMP: &[&str] = &["RESOURCE_PUBLISHED_TIMESTAMP"];
const ROUTING_PROFILE: &[&str] = &["ROUTING_PROFILE"];
const ROUTING_STEP_EXPRESSION: &[&str] = &["ROUTING_STEP_EXPRESSION"];
const SUBTYPE: &[&str] = &["contact/segmentAttributes/connect:Subtype"];
