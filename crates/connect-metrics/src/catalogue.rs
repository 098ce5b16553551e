//! The catalogue: one row for each metric of GetMetricDataV2, as the API reference and the administrator
//! guide describe it.
//!
//! A row names the metric, its title in Connect's own pages (`X` stands for the threshold), its
//! unit, its keys for groupings and filters, and the rule by which partial figures become one. To add a
//! metric that the service has gained, add its row in alphabetical order:
//!
//! - `sum` for counts and sums, `statistic` for everything else, followed by its merge rule (`merged`) or
//!   the reason why there is none (`unmerged`);
//! - `by` with the keys that the reference calls valid groupings and filters, `filter_only` and
//!   `grouping_only` with those that are valid as one of the two. Labels without a key of the API,
//!   such as "Contact Category", are left out;
//! - everything else that the reference says of it, with the methods of the other rows.
//!
//! A test compares the rows with the documentation that the SDK brings along.

use super::merge::Merge;
use super::merge::MergeScope::{AgentsAndTime, Campaigns, CaseTemplates, QueuesAndTime};
use super::merge::{
    counted_by, counted_by_all_within, counted_by_whole, mean_by_sum, percentage, weighted_mean,
};
use super::metric::Unit::{Count, Milliseconds, Percent, Seconds};
use super::metric::{Metric, MetricFilterKey, any_value, only_values, statistic, sum};
use super::threshold::Comparison::{self, GreaterThan, LessThan, LessThanOrEqual};

/// Every known metric, by name.
pub static METRICS: &[Metric] = &[
    statistic("ABANDONMENT_RATE", "Abandonment rate", Percent)
        .merged(percentage("CONTACTS_ABANDONED", &["CONTACTS_QUEUED"]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    statistic("ACTIVE_AI_AGENTS", "Active AI Agents", Count).unmerged(DISTINCT_AGENTS).by(&[
        QUEUE_KEYS,
        AI_AGENT_KEYS,
        &["AI_AGENT"],
    ]),
    sum("AGENT_ADHERENT_TIME", "Adherent time", Seconds)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .only_where(WITH_SCHEDULING)
        .over(AgentsAndTime),
    statistic("AGENT_ANSWER_RATE", "Agent answer rate", Percent)
        .unmerged(UNKNOWN_OFFERS)
        .by(&[QUEUE_KEYS, AGENT_KEYS]),
    sum("AGENT_NON_ADHERENT_TIME", "Non-adherent time", Seconds)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .over(AgentsAndTime),
    sum("AGENT_NON_RESPONSE", "Agent non-response", Count).by(&[QUEUE_KEYS, AGENT_KEYS]),
    sum(
        "AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS",
        "Agent non-response without customer abandons",
        Count,
    )
    .by(&[QUEUE_KEYS, AGENT_KEYS])
    .only_where("data since 1 October 2023"),
    statistic("AGENT_OCCUPANCY", "Occupancy", Percent)
        .merged(percentage(
            "SUM_CONTACT_TIME_AGENT",
            &["SUM_CONTACT_TIME_AGENT", "SUM_IDLE_TIME_AGENT"],
        ))
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("AGENT_SCHEDULED_TIME", "Scheduled time", Seconds)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .only_where(WITH_SCHEDULING)
        .over(AgentsAndTime),
    // Older editions of the administrator guide divide the adherent time by the scheduled time;
    // today's gives no formula.
    statistic("AGENT_SCHEDULE_ADHERENCE", "Adherence", Percent)
        .unmerged(UNKNOWN_CALCULATION)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .only_where(WITH_SCHEDULING),
    sum("AI_AGENT_COLLABORATION_INVOCATIONS", "AI Agent Collaboration Invocations", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    statistic("AI_AGENT_COLLABORATORS", "AI Agent Collaborators", Count)
        .unmerged(DISTINCT_AGENTS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    sum("AI_AGENT_INVOCATIONS", "AI Agent Invocation Count", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    sum("AI_AGENT_INVOCATION_SUCCESS", "AI Agent Invocation Success", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_AGENT_INVOCATION_SUCCESS_RATE", "AI Agent Invocation Success Rate", Percent)
        .merged(percentage("AI_AGENT_INVOCATION_SUCCESS", &["AI_AGENT_INVOCATIONS"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    sum("AI_AGENT_RESPONSE_HELPFUL", "AI Agent Response Helpful", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    sum("AI_AGENT_RESPONSE_NOT_HELPFUL", "AI Agent Response Not Helpful", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_AGENT_SELECTION_ACCURACY", "AI Agent Selection Accuracy", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .only_where(WITH_CONNECT_AI),
    sum("AI_HANDOFFS", "AI Handoff Count", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    statistic("AI_HANDOFF_RATE", "AI Handoff Rate", Percent)
        .merged(percentage("AI_HANDOFFS", &["AI_INVOLVED_CONTACTS"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    sum("AI_INVOLVED_CONTACTS", "AI Involved Contacts", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    sum("AI_PROMPT_INVOCATIONS", "AI Prompt Invocations", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_PROMPT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    sum("AI_PROMPT_INVOCATION_SUCCESS", "AI Prompt Invocation Success", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_PROMPT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_PROMPT_INVOCATION_SUCCESS_RATE", "AI Prompt Invocation Success Rate", Percent)
        .merged(percentage("AI_PROMPT_INVOCATION_SUCCESS", &["AI_PROMPT_INVOCATIONS"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_PROMPT_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_RESPONSE_COMPLETION_RATE", "AI Response Completion Rate", Percent)
        .unmerged(UNKNOWN_AI_USES)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    sum("AI_TOOL_INVOCATIONS", "AI Tool Invocations", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    sum("AI_TOOL_INVOCATION_SUCCESS", "AI Tool Invocation Success", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_TOOL_INVOCATION_SUCCESS_RATE", "AI Tool Invocation Success Rate", Percent)
        .merged(percentage("AI_TOOL_INVOCATION_SUCCESS", &["AI_TOOL_INVOCATIONS"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]])
        .over(QueuesAndTime),
    statistic("AI_TOOL_PARAMETER_ACCURACY", "AI Tool Parameter Accuracy", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]]),
    statistic("AI_TOOL_SELECTION_ACCURACY", "AI Tool Selection Accuracy", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]]),
    statistic("AI_TOOL_UTILIZATION_ACCURACY", "AI Tool Utilization Accuracy", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]]),
    statistic("AVG_ABANDON_TIME", "Average queue abandon time", Seconds)
        .merged(weighted_mean(&[
            counted_by_all_within("SUM_CONTACTS_ABANDONED_IN_X"),
            counted_by("CONTACTS_ABANDONED"),
        ]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    statistic("AVG_ACTIVE_TIME", "Average active time", Seconds).unmerged(UNKNOWN_CONTACTS).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    statistic("AVG_AFTER_CONTACT_WORK_TIME", "Average after contact work time", Seconds)
        .merged(weighted_mean(&[counted_by("CONTACTS_HANDLED")]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    statistic("AVG_AGENT_CONCURRENCY", "Average agent concurrency", Count)
        .unmerged(UNKNOWN_CALCULATION)
        .by(&[QUEUE_KEYS, AGENT_KEYS, Q_CONNECT_KEY]),
    statistic("AVG_AGENT_CONNECTING_TIME", "Average agent API connecting time", Seconds)
        .unmerged(UNKNOWN_OFFERS)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .metric_filters_by(&[only_values(
            "INITIATION_METHOD",
            &["INBOUND", "OUTBOUND", "CALLBACK", "API"],
        )])
        .never_negated(),
    statistic("AVG_AGENT_PAUSE_TIME", "Average agent pause time", Seconds)
        .unmerged(UNKNOWN_PAUSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, Q_CONNECT_KEY]),
    statistic("AVG_AI_AGENT_CONVERSATION_TURNS", "Average AI Agent Conversation Turns", Count)
        .unmerged(UNKNOWN_AI_USES)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]]),
    statistic(
        "AVG_AI_AGENT_INVOCATION_LATENCY",
        "Average AI Agent Invocation Latency",
        Milliseconds,
    )
    .unmerged(UNKNOWN_AI_USES)
    .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]]),
    statistic("AVG_AI_CONVERSATION_TURNS", "Average AI Conversation Turns", Count)
        .unmerged(UNKNOWN_CONTACTS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    statistic(
        "AVG_AI_PROMPT_INVOCATION_LATENCY",
        "Average AI Prompt Invocation Latency",
        Milliseconds,
    )
    .unmerged(UNKNOWN_AI_USES)
    .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_PROMPT_KEYS, &["AI_AGENT"]]),
    statistic("AVG_AI_TOOL_INVOCATION_LATENCY", "Average AI Tool Invocation Latency", Milliseconds)
        .unmerged(UNKNOWN_AI_USES)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, AI_TOOL_KEYS, &["AI_AGENT"]]),
    statistic("AVG_BOT_CONVERSATION_TIME", "Average bot conversation time", Seconds)
        .merged(weighted_mean(&[counted_by("BOT_CONVERSATIONS_COMPLETED")]))
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL"]])
        .metric_filters_by(&[BOT_CONVERSATION_OUTCOME]),
    statistic("AVG_BOT_CONVERSATION_TURNS", "Average bot conversation turns", Count)
        .merged(weighted_mean(&[counted_by("BOT_CONVERSATIONS_COMPLETED")]))
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL"]])
        .metric_filters_by(&[BOT_CONVERSATION_OUTCOME]),
    statistic("AVG_CASE_RELATED_CONTACTS", "Average contacts per case", Count)
        .merged(weighted_mean(&[counted_by("CASES_CREATED")]))
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN"),
    statistic("AVG_CASE_RESOLUTION_TIME", "Average case resolution time", Seconds)
        .unmerged(UNKNOWN_CASES)
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN"),
    statistic("AVG_CONTACT_DURATION", "Average contact duration", Seconds)
        .merged(weighted_mean(&[counted_by("CONTACTS_CREATED")]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    statistic(
        "AVG_CONTACT_FIRST_RESPONSE_TIME_AGENT",
        "Agent average contact first response wait time",
        Seconds,
    )
    .unmerged(UNKNOWN_CHATS)
    .by(CONVERSATION_KEYS)
    .filter_only(&[FEATURE_KEY]),
    statistic("AVG_CONVERSATION_CLOSE_TIME", "Average conversation close time", Seconds)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_CONVERSATION_DURATION", "Average conversation duration", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_DIALS_PER_MINUTE", "Average dials per minute", Count)
        .unmerged(UNKNOWN_MINUTES)
        .by(&[CAMPAIGN_KEY, &["AGENT", "QUEUE", "ROUTING_PROFILE"]])
        .only_where(VOICE_CAMPAIGNS),
    statistic("AVG_EVALUATION_SCORE", "Average evaluation score", Percent)
        .unmerged(UNKNOWN_EVALUATIONS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, EVALUATION_KEYS, QUESTION_KEYS]),
    statistic(
        "AVG_EVALUATION_SCORE_BY_SUBMIT_TIME",
        "Average evaluation score (Submit time)",
        Percent,
    )
    .unmerged(UNKNOWN_EVALUATIONS)
    .by(&[QUEUE_KEYS, AGENT_KEYS, EVALUATION_KEYS]),
    statistic("AVG_FIRST_RESPONSE_TIME_AGENT", "Average agent first response time", Seconds)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_FLOW_TIME", "Average flow time", Seconds)
        .merged(weighted_mean(&[counted_by("FLOWS_OUTCOME")]))
        .by(&[FLOW_KEYS, SUBTYPE_KEY, PUBLISHED_KEY, OUTCOME_TYPE_KEY, &["CHANNEL"]])
        .filter_only(&[NEXT_RESOURCE_KEYS]),
    statistic("AVG_GREETING_TIME_AGENT", "Average agent greeting time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_HANDLE_TIME", "Average handle time", Seconds)
        .merged(mean_by_sum("SUM_HANDLE_TIME", &[counted_by("CONTACTS_HANDLED")]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, ROUTING_STEP_KEY, &["AI_USE_CASE"]])
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_HOLDS", "Average holds", Count)
        .unmerged(UNKNOWN_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_HOLD_TIME", "Average customer hold time", Seconds)
        .merged(Merge::MeanOfSum("SUM_HOLD_TIME"))
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_HOLD_TIME_ALL_CONTACTS", "Average customer hold time all contacts", Seconds)
        .unmerged(UNKNOWN_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY]),
    statistic(
        "AVG_INTERACTION_AND_HOLD_TIME",
        "Average agent interaction and customer hold time",
        Seconds,
    )
    .merged(mean_by_sum("SUM_INTERACTION_AND_HOLD_TIME", &[counted_by("CONTACTS_HANDLED")]))
    .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY]),
    statistic("AVG_INTERACTION_TIME", "Average agent interaction time", Seconds)
        .merged(mean_by_sum("SUM_INTERACTION_TIME", &[counted_by("CONTACTS_HANDLED")]))
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    statistic("AVG_INTERRUPTIONS_AGENT", "Average agent interruptions", Count)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_INTERRUPTION_TIME_AGENT", "Average agent interruption time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_MESSAGES", "Average messages", Count)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_MESSAGES_AGENT", "Average agent messages", Count)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_MESSAGES_BOT", "Average bot messages", Count)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_MESSAGES_CUSTOMER", "Average customer messages", Count)
        .unmerged(UNKNOWN_CHATS)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_MESSAGE_LENGTH_AGENT", "Average agent message length", Count)
        .unmerged(UNKNOWN_MESSAGES)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_MESSAGE_LENGTH_CUSTOMER", "Average customer message length", Count)
        .unmerged(UNKNOWN_MESSAGES)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_NON_TALK_TIME", "Average non-talk time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_QUEUE_ANSWER_TIME", "Average queue answer time", Seconds)
        .merged(weighted_mean(&[counted_by_all_within("SUM_CONTACTS_ANSWERED_IN_X")]))
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[
            any_value("INITIATION_METHOD"),
            any_value("FEATURE"),
            any_value("DISCONNECT_REASON"),
        ]),
    statistic(
        "AVG_QUEUE_ANSWER_TIME_CUSTOMER_FIRST_CALLBACK",
        "Avg. queue answer time - customer first callback",
        Seconds,
    )
    .unmerged(UNKNOWN_CALLBACKS)
    .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
    .filter_only(&[FEATURE_KEY]),
    statistic("AVG_RESOLUTION_TIME", "Average resolution time", Seconds)
        .merged(weighted_mean(&[counted_by("CONTACTS_CREATED")]))
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY]),
    statistic("AVG_RESPONSE_TIME_AGENT", "Average agent response time", Seconds)
        .unmerged(UNKNOWN_MESSAGES)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_RESPONSE_TIME_CUSTOMER", "Average customer response time", Seconds)
        .unmerged(UNKNOWN_MESSAGES)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("AVG_TALK_TIME", "Average talk time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_TALK_TIME_AGENT", "Average agent talk time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("AVG_TALK_TIME_CUSTOMER", "Average customer talk time", Seconds)
        .unmerged(UNKNOWN_ANALYSED_CONTACTS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic(
        "AVG_WAIT_TIME_AFTER_CUSTOMER_CONNECTION",
        "Average wait time after customer connection",
        Seconds,
    )
    .unmerged(UNKNOWN_CALLS)
    .by(&[CAMPAIGN_KEY])
    .only_where(VOICE_CAMPAIGNS),
    statistic(
        "AVG_WAIT_TIME_AFTER_CUSTOMER_FIRST_CALLBACK_CONNECTION",
        "Avg. wait time after customer connection - customer first callback",
        Seconds,
    )
    .unmerged(UNKNOWN_CALLBACKS)
    .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
    .filter_only(&[FEATURE_KEY]),
    statistic("AVG_WEIGHTED_EVALUATION_SCORE", "Average weighted evaluation score", Percent)
        .unmerged(UNKNOWN_EVALUATIONS)
        .by(&[QUEUE_KEYS, AGENT_KEYS, EVALUATION_KEYS, QUESTION_KEYS]),
    sum("BOT_CONVERSATIONS_COMPLETED", "Bot conversations completed", Count)
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL"]])
        .metric_filters_by(&[BOT_CONVERSATION_OUTCOME]),
    sum("BOT_INTENTS_COMPLETED", "Bot intents completed", Count)
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL", "BOT_INTENT_NAME"]])
        .metric_filters_by(&[BOT_CONVERSATION_OUTCOME, BOT_INTENT_OUTCOME]),
    sum("CAMPAIGN_CONTACTS_ABANDONED_AFTER_X", "Campaign contacts abandoned after X", Count)
        .by(&[CAMPAIGN_KEY, &["AGENT"]])
        .threshold(AFTER_COMPARISONS)
        .only_where(VOICE_CAMPAIGNS),
    statistic(
        "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X_RATE",
        "Campaign contacts abandoned after X rate",
        Percent,
    )
    .merged(weighted_mean(&[counted_by("HUMAN_ANSWERED_CALLS")]))
    .by(&[CAMPAIGN_KEY, &["AGENT"]])
    .threshold(AFTER_COMPARISONS)
    .only_where(VOICE_CAMPAIGNS),
    sum("CAMPAIGN_INTERACTIONS", "Campaign interactions", Count)
        .by(&[DEVICE_KEYS, SUBTYPE_KEY, CAMPAIGN_KEY, &["CHANNEL"]])
        .metric_filters_by(&[any_value("CAMPAIGN_INTERACTION_EVENT_TYPE")])
        .only_where("only for outbound campaigns by email, WhatsApp or web notification"),
    statistic("CAMPAIGN_PROGRESS_RATE", "Campaign progress rate", Percent)
        .merged(percentage("RECIPIENTS_ATTEMPTED", &["RECIPIENTS_TARGETED"]))
        .by(&[CAMPAIGN_KEY])
        .grouping_only(&[&["CAMPAIGN_EXECUTION_TIMESTAMP"]])
        .only_where(SEGMENT_CAMPAIGNS)
        .over(Campaigns),
    sum("CAMPAIGN_SEND_ATTEMPTS", "Campaign send attempts", Count)
        .by(&[SUBTYPE_KEY, CAMPAIGN_KEY, &["CHANNEL"]])
        .only_where(ALL_CAMPAIGNS),
    sum("CAMPAIGN_SEND_EXCLUSIONS", "Campaign send exclusions", Count)
        .by(&[CAMPAIGN_KEY, &["CAMPAIGN_EXCLUDED_EVENT_TYPE"]])
        .grouping_only(&[&["CAMPAIGN_EXECUTION_TIMESTAMP"]])
        .metric_filters_by(&[any_value("CAMPAIGN_EXCLUDED_EVENT_TYPE")])
        .only_where(ALL_CAMPAIGNS),
    sum("CASES_CREATED", "Cases created", Count).by(&[CASE_KEYS]).requires("CASE_TEMPLATE_ARN"),
    statistic("COMPLETENESS_SCORE", "Completeness Score", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    // The model gives the values of this metric filter without its key, and among them INCOMING and
    // not INBOUND. The administrator guide and public programs use INITIATION_METHOD, with INBOUND
    // too, so any value may be asked.
    sum("CONTACTS_ABANDONED", "Contacts abandoned", Count)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY, ROUTING_STEP_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    sum("CONTACTS_CREATED", "Contacts created", Count)
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    sum("CONTACTS_HANDLED", "Contacts handled", Count)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY, ROUTING_STEP_KEY])
        .filter_only(&[FEATURE_KEY])
        .metric_filters_by(&[any_value("INITIATION_METHOD"), any_value("DISCONNECT_REASON")]),
    sum(
        "CONTACTS_HANDLED_BY_CONNECTED_TO_AGENT",
        "Contacts handled (connected to agent timestamp)",
        Count,
    )
    .by(&[AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY, &["QUEUE", "CHANNEL"]])
    .metric_filters_by(&[any_value("INITIATION_METHOD")]),
    sum("CONTACTS_HOLD_ABANDONS", "Contacts hold disconnect", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_ON_HOLD_AGENT_DISCONNECT", "Contacts hold agent disconnect", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_ON_HOLD_CUSTOMER_DISCONNECT", "Contacts hold customer disconnect", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_PUT_ON_HOLD", "Contacts put on hold", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_QUEUED", "Contacts queued", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_QUEUED_BY_ENQUEUE", "Contacts queued (enqueue timestamp)", Count).by(&[
        AGENT_KEYS,
        SUBTYPE_KEY,
        &["QUEUE", "CHANNEL"],
    ]),
    sum("CONTACTS_REMOVED_FROM_QUEUE_IN_X", "Contacts removed from queue in X seconds", Count)
        .by(&[QUEUE_KEYS, Q_CONNECT_KEY])
        .threshold(WITHIN_COMPARISONS),
    sum("CONTACTS_RESOLVED_IN_X", "Contacts resolved in X", Count)
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .threshold(WITHIN_COMPARISONS),
    sum("CONTACTS_TRANSFERRED_OUT", "Contacts transferred out", Count)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .filter_only(&[FEATURE_KEY]),
    sum("CONTACTS_TRANSFERRED_OUT_BY_AGENT", "Contacts transferred out by agent", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_TRANSFERRED_OUT_EXTERNAL", "Contacts transferred out external", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("CONTACTS_TRANSFERRED_OUT_FROM_QUEUE", "Contacts transferred out from queue", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
    // The service's model says Percent; by its name, and as CONTACTS_TRANSFERRED_OUT_EXTERNAL does,
    // it counts contacts.
    sum("CONTACTS_TRANSFERRED_OUT_INTERNAL", "Contacts transferred out internal", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    statistic("CONTEXT_FIDELITY_SCORE", "Context Fidelity Score", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT"]])
        .only_where(WITH_CONNECT_AI),
    sum("CONVERSATIONS_ABANDONED", "Conversations abandoned", Count)
        .by(CONVERSATION_KEYS)
        .filter_only(&[FEATURE_KEY]),
    statistic("CURRENT_CASES", "Current cases", Count)
        .merged(Merge::Sum)
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN")
        .over(CaseTemplates),
    sum("DELIVERY_ATTEMPTS", "Delivery attempts", Count)
        .by(&[
            QUEUE_KEYS,
            DEVICE_KEYS,
            SUBTYPE_KEY,
            CAMPAIGN_KEY,
            DISCONNECT_REASON_KEY,
            &["AGENT", "ANSWERING_MACHINE_DETECTION_STATUS", "CAMPAIGN_DELIVERY_EVENT_TYPE"],
        ])
        .metric_filters_by(DELIVERY_FILTERS)
        .only_where(ALL_CAMPAIGNS),
    statistic("DELIVERY_ATTEMPT_DISPOSITION_RATE", "Delivery attempt disposition rate", Percent)
        .unmerged(UNKNOWN_ATTEMPTS)
        .by(&[
            QUEUE_KEYS,
            DEVICE_KEYS,
            SUBTYPE_KEY,
            CAMPAIGN_KEY,
            DISCONNECT_REASON_KEY,
            &["AGENT", "ANSWERING_MACHINE_DETECTION_STATUS"],
        ])
        .metric_filters_by(DELIVERY_FILTERS)
        .only_where(CAMPAIGNS_WITH_DETECTION),
    statistic("EVALUATED_CHURN_PROPENSITY_RATE", "Evaluated churn propensity rate", Percent)
        .unmerged(UNKNOWN_EVALUATIONS)
        .by(OUTCOME_KEYS)
        .filter_only(OUTCOME_FILTERS)
        .grouping_only(OUTCOME_GROUPINGS)
        .only_where(WITH_OUTCOME_FORM),
    statistic("EVALUATED_CSAT_PERCENT", "Evaluated CSAT percent", Percent)
        .unmerged(UNKNOWN_EVALUATIONS)
        .by(OUTCOME_KEYS)
        .filter_only(OUTCOME_FILTERS)
        .grouping_only(OUTCOME_GROUPINGS)
        .only_where(WITH_OUTCOME_FORM),
    statistic(
        "EVALUATED_PARTIAL_SELF_SERVICE_SUCCESS_RATE",
        "Evaluated partial self-service resolution rate",
        Percent,
    )
    .unmerged(UNKNOWN_EVALUATIONS)
    .by(OUTCOME_KEYS)
    .filter_only(OUTCOME_FILTERS)
    .grouping_only(OUTCOME_GROUPINGS)
    .only_where(WITH_OUTCOME_FORM),
    statistic(
        "EVALUATED_SELF_SERVICE_SUCCESS_RATE",
        "Evaluated self-service resolution rate",
        Percent,
    )
    .unmerged(UNKNOWN_EVALUATIONS)
    .by(OUTCOME_KEYS)
    .filter_only(OUTCOME_FILTERS)
    .grouping_only(OUTCOME_GROUPINGS)
    .only_where(WITH_OUTCOME_FORM),
    statistic("EVALUATED_SUCCESSFUL_SALE_RATE", "Evaluated successful sale rate", Percent)
        .unmerged(UNKNOWN_EVALUATIONS)
        .by(OUTCOME_KEYS)
        .filter_only(OUTCOME_FILTERS)
        .grouping_only(OUTCOME_GROUPINGS)
        .only_where(WITH_OUTCOME_FORM),
    sum("EVALUATIONS_PERFORMED", "Evaluations performed", Count).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        EVALUATION_KEYS,
    ]),
    sum("EVALUATIONS_PERFORMED_BY_SUBMIT_TIME", "Evaluations performed (Submit time)", Count)
        .by(&[QUEUE_KEYS, AGENT_KEYS, EVALUATION_KEYS]),
    statistic("FAITHFULNESS_SCORE", "Faithfulness Score", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    sum("FLOWS_OUTCOME", "Flows outcome", Count)
        .by(&[FLOW_KEYS, SUBTYPE_KEY, PUBLISHED_KEY, OUTCOME_TYPE_KEY, &["CHANNEL"]])
        .filter_only(&[NEXT_RESOURCE_KEYS]),
    sum("FLOWS_STARTED", "Flows started", Count).by(&[
        FLOW_KEYS,
        SUBTYPE_KEY,
        PUBLISHED_KEY,
        &["CHANNEL"],
    ]),
    statistic("GOAL_SUCCESS_RATE", "Goal Success Rate", Count)
        .unmerged(UNKNOWN_SCORED_ANSWERS)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS]),
    sum("HUMAN_ANSWERED_CALLS", "Human answered", Count)
        .by(&[CAMPAIGN_KEY, &["AGENT"]])
        .only_where(CAMPAIGNS_WITH_DETECTION),
    sum("KNOWLEDGE_CONTENT_REFERENCES", "Knowledge Content References", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS, &["AI_AGENT", "KNOWLEDGE_BASE_NAME"]])
        .over(QueuesAndTime),
    statistic("MAX_FLOW_TIME", "Maximum flow time", Seconds)
        .merged(Merge::Max)
        .by(&[FLOW_KEYS, SUBTYPE_KEY, PUBLISHED_KEY, OUTCOME_TYPE_KEY, &["CHANNEL"]])
        .filter_only(&[NEXT_RESOURCE_KEYS]),
    statistic("MAX_QUEUED_TIME", "Maximum queued time", Seconds).merged(Merge::Max).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
    statistic("MIN_FLOW_TIME", "Minimum flow time", Seconds)
        .merged(Merge::Min)
        .by(&[FLOW_KEYS, SUBTYPE_KEY, PUBLISHED_KEY, OUTCOME_TYPE_KEY, &["CHANNEL"]])
        .filter_only(&[NEXT_RESOURCE_KEYS]),
    statistic("PERCENT_AUTOMATIC_FAILS", "Automatic fails percent", Percent)
        .merged(weighted_mean(&[counted_by("EVALUATIONS_PERFORMED")]))
        .by(&[QUEUE_KEYS, AGENT_KEYS, EVALUATION_KEYS]),
    statistic("PERCENT_BOT_CONVERSATIONS_OUTCOME", "Percent bot conversations outcome", Percent)
        .merged(weighted_mean(&[counted_by_whole(
            "BOT_CONVERSATIONS_COMPLETED",
            "BOT_CONVERSATION_OUTCOME_TYPE",
        )]))
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL"]])
        .metric_filters_by(&[BOT_CONVERSATION_OUTCOME]),
    statistic("PERCENT_BOT_INTENTS_OUTCOME", "Percent bot intents outcome", Percent)
        .merged(weighted_mean(&[counted_by_whole(
            "BOT_INTENTS_COMPLETED",
            "BOT_INTENT_OUTCOME_TYPE",
        )]))
        .by(&[BOT_KEYS, INVOCATION_KEYS, FLOW_KEYS, SUBTYPE_KEY, &["CHANNEL", "BOT_INTENT_NAME"]])
        .metric_filters_by(&[BOT_INTENT_OUTCOME]),
    statistic("PERCENT_CASES_FIRST_CONTACT_RESOLVED", "Cases resolved on first contact", Percent)
        .unmerged(UNKNOWN_CASES)
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN"),
    statistic("PERCENT_CONTACTS_STEP_EXPIRED", "Contacts expired in routing step", Percent)
        .merged(weighted_mean(&[counted_by("STEP_CONTACTS_QUEUED")]))
        .by(&[ROUTING_STEP_KEY, &["QUEUE"]]),
    statistic("PERCENT_CONTACTS_STEP_JOINED", "Contacts joined in routing step", Percent)
        .merged(weighted_mean(&[counted_by("STEP_CONTACTS_QUEUED")]))
        .by(&[ROUTING_STEP_KEY, &["QUEUE"]]),
    statistic("PERCENT_FLOWS_OUTCOME", "Flows outcome percentage", Percent)
        .merged(weighted_mean(&[counted_by_whole("FLOWS_OUTCOME", "FLOWS_OUTCOME_TYPE")]))
        .by(&[FLOW_KEYS, SUBTYPE_KEY, PUBLISHED_KEY, &["CHANNEL"]])
        .filter_only(&[NEXT_RESOURCE_KEYS, OUTCOME_TYPE_KEY])
        .metric_filters_by(&[any_value("FLOWS_OUTCOME_TYPE")]),
    statistic("PERCENT_NON_TALK_TIME", "Non-talk time percent", Percent)
        .unmerged(UNKNOWN_LENGTH)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("PERCENT_TALK_TIME", "Talk time percent", Percent)
        .unmerged(UNKNOWN_LENGTH)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("PERCENT_TALK_TIME_AGENT", "Agent talk time percent", Percent)
        .unmerged(UNKNOWN_LENGTH)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    statistic("PERCENT_TALK_TIME_CUSTOMER", "Customer talk time percent", Percent)
        .unmerged(UNKNOWN_LENGTH)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .only_where(WITH_CONTACT_LENS),
    sum("PROACTIVE_INTENTS_ANSWERED", "Proactive Intents Answered", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    sum("PROACTIVE_INTENTS_DETECTED", "Proactive Intents Detected", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    sum("PROACTIVE_INTENTS_ENGAGED", "Proactive Intents Engaged", Count)
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    statistic("PROACTIVE_INTENT_ENGAGEMENT_RATE", "Proactive Intent Engagement Rate", Percent)
        .merged(percentage("PROACTIVE_INTENTS_ENGAGED", &["PROACTIVE_INTENTS_DETECTED"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    statistic("PROACTIVE_INTENT_RESPONSE_RATE", "Proactive Intent Response Rate", Percent)
        .merged(percentage("PROACTIVE_INTENTS_ANSWERED", &["PROACTIVE_INTENTS_ENGAGED"]))
        .by(&[QUEUE_KEYS, AI_AGENT_KEYS])
        .over(QueuesAndTime),
    statistic("RECIPIENTS_ATTEMPTED", "Recipients attempted", Count)
        .merged(Merge::Sum)
        .by(&[CAMPAIGN_KEY])
        .grouping_only(&[&["CAMPAIGN_EXECUTION_TIMESTAMP"]])
        .only_where(SEGMENT_CAMPAIGNS)
        .over(Campaigns),
    statistic("RECIPIENTS_INTERACTED", "Recipients interacted", Count)
        .merged(Merge::Sum)
        .by(&[SUBTYPE_KEY, CAMPAIGN_KEY, &["CHANNEL"]])
        .grouping_only(&[&["CAMPAIGN_EXECUTION_TIMESTAMP"]])
        .metric_filters_by(&[any_value("CAMPAIGN_INTERACTION_EVENT_TYPE")])
        .only_where(SEGMENT_CAMPAIGNS)
        .over(Campaigns),
    statistic("RECIPIENTS_TARGETED", "Recipients targeted", Count)
        .merged(Merge::Sum)
        .by(&[CAMPAIGN_KEY])
        .grouping_only(&[&["CAMPAIGN_EXECUTION_TIMESTAMP"]])
        .only_where(SEGMENT_CAMPAIGNS)
        .over(Campaigns),
    sum("REOPENED_CASE_ACTIONS", "Cases reopened", Count)
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN"),
    sum("RESOLVED_CASE_ACTIONS", "Cases resolved", Count)
        .by(&[CASE_KEYS])
        .requires("CASE_TEMPLATE_ARN"),
    statistic("SERVICE_LEVEL", "Service level X", Percent)
        .merged(weighted_mean(&[counted_by("CONTACTS_QUEUED")]))
        .by(&[QUEUE_KEYS, Q_CONNECT_KEY])
        .threshold(WITHIN_COMPARISONS)
        .at_most(20),
    sum("STEP_CONTACTS_QUEUED", "Contacts queued in routing step", Count)
        .by(&[ROUTING_STEP_KEY, &["QUEUE"]]),
    sum("SUM_AFTER_CONTACT_WORK_TIME", "After contact work time", Seconds).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("SUM_CONNECTING_TIME_AGENT", "Agent API connecting time", Seconds)
        .by(&[QUEUE_KEYS, AGENT_KEYS])
        .metric_filters_by(&[only_values(
            "INITIATION_METHOD",
            &["INBOUND", "OUTBOUND", "CALLBACK", "API", "CALLBACK_CUSTOMER_FIRST_DIALED"],
        )])
        .never_negated()
        .over(AgentsAndTime),
    sum("SUM_CONTACTS_ABANDONED_IN_X", "Contacts abandoned in X seconds", Count)
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .threshold(WITHIN_COMPARISONS),
    sum("SUM_CONTACTS_ANSWERED_IN_X", "Contacts answered in X seconds", Count)
        .by(&[QUEUE_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .threshold(WITHIN_COMPARISONS),
    sum("SUM_CONTACTS_DISCONNECTED", "Contacts disconnected in queue", Count)
        .by(&[QUEUE_KEYS, AGENT_KEYS, SUBTYPE_KEY, Q_CONNECT_KEY])
        .metric_filters_by(&[any_value("DISCONNECT_REASON")]),
    sum("SUM_CONTACT_FLOW_TIME", "Contact flow time", Seconds).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("SUM_CONTACT_TIME_AGENT", "Agent on contact time", Seconds)
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("SUM_ERROR_STATUS_TIME_AGENT", "Error status time", Seconds)
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("SUM_HANDLE_TIME", "Contact handle time", Seconds).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    // The service's model says Count; by the administrator guide it is a time.
    sum("SUM_HOLD_TIME", "Customer hold time", Seconds).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("SUM_IDLE_TIME_AGENT", "Agent idle time", Seconds)
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("SUM_INTERACTION_AND_HOLD_TIME", "Agent interaction and hold time", Seconds).by(&[
        QUEUE_KEYS,
        AGENT_KEYS,
        Q_CONNECT_KEY,
    ]),
    sum("SUM_INTERACTION_TIME", "Agent interaction time", Seconds).by(&[QUEUE_KEYS, AGENT_KEYS]),
    sum("SUM_NON_PRODUCTIVE_TIME_AGENT", "Agent non-productive time", Seconds)
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("SUM_ONLINE_TIME_AGENT", "Online time", Seconds)
        .by(&[AGENT_KEYS, &["ROUTING_PROFILE"]])
        .over(AgentsAndTime),
    sum("SUM_RETRY_CALLBACK_ATTEMPTS", "Callback attempts", Count).by(&[
        QUEUE_KEYS,
        SUBTYPE_KEY,
        Q_CONNECT_KEY,
    ]),
];

const WITHIN_COMPARISONS: &[Comparison] = &[LessThan, LessThanOrEqual];
const AFTER_COMPARISONS: &[Comparison] = &[GreaterThan];

const DELIVERY_FILTERS: &[MetricFilterKey] = &[
    any_value("ANSWERING_MACHINE_DETECTION_STATUS"),
    any_value("CAMPAIGN_DELIVERY_EVENT_TYPE"),
    any_value("DISCONNECT_REASON"),
];

// The administrator guide and the text about metric filters have these; the texts of the metrics do not.
const BOT_CONVERSATION_OUTCOME: MetricFilterKey =
    only_values("BOT_CONVERSATION_OUTCOME_TYPE", &["SUCCESS", "FAILED", "DROPPED"]);
const BOT_INTENT_OUTCOME: MetricFilterKey =
    only_values("BOT_INTENT_OUTCOME_TYPE", &["SUCCESS", "FAILED", "SWITCHED", "DROPPED"]);

pub(super) const AGENT_KEYS: &[&str] = &[
    "AGENT",
    "AGENT_HIERARCHY_LEVEL_ONE",
    "AGENT_HIERARCHY_LEVEL_TWO",
    "AGENT_HIERARCHY_LEVEL_THREE",
    "AGENT_HIERARCHY_LEVEL_FOUR",
    "AGENT_HIERARCHY_LEVEL_FIVE",
];
const QUEUE_KEYS: &[&str] = &["QUEUE", "CHANNEL", "ROUTING_PROFILE"];
const AI_AGENT_KEYS: &[&str] = &[
    "AI_AGENT_ID",
    "AI_AGENT_NAME",
    "AI_AGENT_NAME_VERSION",
    "AI_AGENT_TYPE",
    "AI_USE_CASE",
    "SESSION_ID",
];
const AI_PROMPT_KEYS: &[&str] = &["AI_PROMPT", "AI_PROMPT_ID", "AI_PROMPT_NAME", "AI_PROMPT_TYPE"];
const AI_TOOL_KEYS: &[&str] = &["AI_TOOL_ID", "AI_TOOL_NAME", "AI_TOOL_TYPE"];
const BOT_KEYS: &[&str] = &["BOT_ID", "BOT_ALIAS", "BOT_VERSION", "BOT_LOCALE"];
const INVOCATION_KEYS: &[&str] = &[
    "FLOW_ACTION_ID",
    "INVOKING_RESOURCE_PUBLISHED_TIMESTAMP",
    "INVOKING_RESOURCE_TYPE",
    "PARENT_FLOWS_RESOURCE_ID",
];
const FLOW_KEYS: &[&str] =
    &["FLOWS_RESOURCE_ID", "FLOWS_MODULE_RESOURCE_ID", "FLOW_TYPE", "INITIATION_METHOD"];
const NEXT_RESOURCE_KEYS: &[&str] = &["FLOWS_NEXT_RESOURCE_ID", "FLOWS_NEXT_RESOURCE_QUEUE_ID"];
const CASE_KEYS: &[&str] = &["CASE_TEMPLATE_ARN", "CASE_STATUS"];
const EVALUATION_KEYS: &[&str] = &["EVALUATION_FORM", "EVALUATION_SOURCE", "FORM_VERSION"];
const QUESTION_KEYS: &[&str] = &["EVALUATION_SECTION", "EVALUATION_QUESTION"];
const DEVICE_KEYS: &[&str] =
    &["BROWSER_NAME", "DEVICE_MODEL", "DEVICE_TYPE", "WEB_NOTIFICATION_TYPE"];
const SUBTYPE_KEY: &[&str] = &["contact/segmentAttributes/connect:Subtype"];
const Q_CONNECT_KEY: &[&str] = &["Q_CONNECT_ENABLED"];
const ROUTING_STEP_KEY: &[&str] = &["ROUTING_STEP_EXPRESSION"];
const FEATURE_KEY: &[&str] = &["FEATURE"];
const CAMPAIGN_KEY: &[&str] = &["CAMPAIGN"];
const DISCONNECT_REASON_KEY: &[&str] = &["DISCONNECT_REASON"];
const INITIATION_METHOD_KEY: &[&str] = &["INITIATION_METHOD"];
const PUBLISHED_KEY: &[&str] = &["RESOURCE_PUBLISHED_TIMESTAMP"];
const OUTCOME_TYPE_KEY: &[&str] = &["FLOWS_OUTCOME_TYPE"];

/// The keys of most metrics of chats and their messages.
const CONVERSATION_KEYS: &[&[&str]] = &[
    QUEUE_KEYS,
    AGENT_KEYS,
    SUBTYPE_KEY,
    Q_CONNECT_KEY,
    ROUTING_STEP_KEY,
    DISCONNECT_REASON_KEY,
    INITIATION_METHOD_KEY,
];

/// The keys of business outcomes, the only metrics that take so many. The service says that the keys of one
/// request "must belong to the same metric scope", but not which scopes there are.
const OUTCOME_KEYS: &[&[&str]] = &[
    AGENT_KEYS,
    QUEUE_KEYS,
    FLOW_KEYS,
    QUESTION_KEYS,
    SUBTYPE_KEY,
    Q_CONNECT_KEY,
    ROUTING_STEP_KEY,
    CAMPAIGN_KEY,
    DISCONNECT_REASON_KEY,
    &[
        "AI_AGENT_ID",
        "AI_AGENT_NAME",
        "AI_AGENT_TYPE",
        "AI_USE_CASE",
        "BOT_ID",
        "BOT_INTENT_NAME",
        "BOT_LOCALE",
        "EVALUATION_FORM",
        "EVALUATION_SOURCE",
        "EVALUATOR_ID",
        "LIFETIME_VALUE",
        "REPEAT_CALLER",
    ],
];
const OUTCOME_FILTERS: &[&[&str]] =
    &[FEATURE_KEY, NEXT_RESOURCE_KEYS, OUTCOME_TYPE_KEY, PUBLISHED_KEY, &["SESSION_ID"]];
const OUTCOME_GROUPINGS: &[&[&str]] = &[&["AI_AGENT_NAME_VERSION", "CAMPAIGN_DELIVERY_EVENT_TYPE"]];

const WITH_SCHEDULING: &str = "only in Regions with forecasting, capacity planning and scheduling";
const WITH_CONTACT_LENS: &str = "only for contacts analysed by Contact Lens";
const ALL_CAMPAIGNS: &str = "only for outbound campaigns";
const CAMPAIGNS_WITH_DETECTION: &str =
    "only for outbound campaigns; for those by voice, only with answering machine detection";
const VOICE_CAMPAIGNS: &str = "only for outbound campaigns by voice, agent-assisted or automated";
const SEGMENT_CAMPAIGNS: &str = "only for outbound campaigns that start from a customer segment";
const WITH_OUTCOME_FORM: &str = "only with an evaluation form that asks for business outcomes";
const WITH_CONNECT_AI: &str = "only with the AI features of Amazon Connect";

// The reasons why figures of parts cannot become one figure, for people.
const UNKNOWN_ANALYSED_CONTACTS: &str =
    "Amazon Connect does not say how many analysed contacts this figure is based on.";
const UNKNOWN_SCORED_ANSWERS: &str =
    "Amazon Connect does not say how many scored AI answers this figure is based on.";
const UNKNOWN_ATTEMPTS: &str =
    "Amazon Connect does not say how many delivery attempts this figure is based on.";
const UNKNOWN_CALLBACKS: &str =
    "Amazon Connect does not say how many callbacks this figure is based on.";
const UNKNOWN_CALLS: &str = "Amazon Connect does not say how many calls this figure is based on.";
const UNKNOWN_CASES: &str = "Amazon Connect does not say how many cases this figure is based on.";
const UNKNOWN_CHATS: &str = "Amazon Connect does not say how many chats this figure is based on.";
const UNKNOWN_CONTACTS: &str =
    "Amazon Connect does not say how many contacts this figure is based on.";
const DISTINCT_AGENTS: &str =
    "An AI agent that was active in several parts would be counted several times.";
const UNKNOWN_AI_USES: &str =
    "Amazon Connect does not say how many uses of AI this figure is based on.";
const UNKNOWN_LENGTH: &str =
    "Amazon Connect does not say how long the conversations behind this figure were.";
const UNKNOWN_MESSAGES: &str =
    "Amazon Connect does not say how many messages this figure is based on.";
const UNKNOWN_MINUTES: &str =
    "Amazon Connect does not say how many minutes of dialling this figure is based on.";
const UNKNOWN_OFFERS: &str =
    "Amazon Connect does not say how many offers to agents this figure is based on.";
const UNKNOWN_PAUSED_CONTACTS: &str =
    "Amazon Connect does not say how many paused contacts this figure is based on.";
const UNKNOWN_EVALUATIONS: &str =
    "Amazon Connect does not say how many evaluations this figure is based on.";
const UNKNOWN_CALCULATION: &str = "Amazon Connect does not say how this figure is calculated.";
