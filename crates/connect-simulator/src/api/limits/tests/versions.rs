//! Other limits than those of today.

use connect_metrics::FILTER_KEYS;

use super::*;

fn refused_by(limits: &Limits, request: Value, code: &str, part: &str) {
    let shown = request.to_string();
    let refusal = check_by(request, limits).expect_err(&shown);
    assert_eq!(refusal.code, code, "{shown}");
    assert!(refusal.message.contains(part), "{}", refusal.message);
}

/// A request for the 23 hours before now, as the first version takes it.
fn first_request() -> Value {
    let mut request = with("Interval", Value::Null);
    request["StartTime"] = seconds_ago(DAY - 1);
    request["EndTime"] = seconds_ago(0);
    request
}

fn not_in_the_first_version(member: &str, value: Value, part: &str) {
    let mut request = first_request();
    request[member] = value;
    assert!(check_by(request.clone(), &Limits::CURRENT).is_ok(), "{request}");
    refused_by(&Limits::FIRST_VERSION, request, "InvalidParameterException", part);
}

fn metrics_with_threshold(comparison: &str) -> Value {
    let threshold = json!([{ "Comparison": comparison, "ThresholdValue": 20 }]);
    json!([{ "Name": "SERVICE_LEVEL", "Threshold": threshold }])
}

#[test]
fn the_first_version_answers_its_own_metrics() {
    let asked = check_by(first_request(), &Limits::FIRST_VERSION).unwrap();
    assert!(!asked.has_interval);
    for name in Limits::FIRST_VERSION.metrics.unwrap() {
        let mut request = first_request();
        let takes_threshold = !connect_metrics::find_metric(name).unwrap().thresholds().is_empty();
        let threshold = json!([{ "Comparison": "LT", "ThresholdValue": 604_800 }]);
        let threshold = if takes_threshold { threshold } else { Value::Null };
        request["Metrics"] = json!([{ "Name": name, "Threshold": threshold }]);
        request["Groupings"] = json!(["ROUTING_PROFILE"]);
        request["Filters"] = json!([{ "FilterKey": "ROUTING_PROFILE", "FilterValues": ["r"] }]);
        check_by(request, &Limits::FIRST_VERSION).unwrap();
    }
}

#[test]
fn the_first_version_knows_less_than_today() {
    let by = json!({ "IntervalPeriod": "TOTAL" });
    not_in_the_first_version("Interval", by, "no Interval");
    not_in_the_first_version("StartTime", seconds_ago(DAY), "less than 24 hours");
    not_in_the_first_version("Metrics", json!([{ "Name": "SUM_HANDLE_TIME" }]), "SUM_HANDLE_TIME");
    not_in_the_first_version("Metrics", metrics_with_threshold("LTE"), "Comparison");
    let filtered = |key: &str, negate: bool| json!([{ "MetricFilterKey": key, "MetricFilterValues": ["INBOUND"], "Negate": negate }]);
    let handled = |negate: bool| json!([{ "Name": "CONTACTS_HANDLED", "MetricFilters": filtered("INITIATION_METHOD", negate) }]);
    let mut inbound = first_request();
    inbound["Metrics"] = handled(false);
    assert!(check_by(inbound, &Limits::FIRST_VERSION).is_ok());
    not_in_the_first_version("Metrics", handled(true), "negated");
    let abandoned = json!([
        { "Name": "CONTACTS_ABANDONED", "MetricFilters": filtered("INITIATION_METHOD", false) }
    ]);
    not_in_the_first_version("Metrics", abandoned, "metric filter");
    let mut by_agent = first_request();
    by_agent["Metrics"] = json!([{ "Name": "SUM_CONTACTS_DISCONNECTED" }]);
    by_agent["Groupings"] = json!(["AGENT"]);
    assert!(check_by(by_agent.clone(), &Limits::CURRENT).is_ok());
    refused_by(&Limits::FIRST_VERSION, by_agent, "InvalidParameterException", "AGENT");
    let mut old = first_request();
    old["StartTime"] = seconds_ago(14 * DAY + 1);
    old["EndTime"] = seconds_ago(14 * DAY - 60);
    assert!(check_by(old.clone(), &Limits::CURRENT).is_ok());
    refused_by(&Limits::FIRST_VERSION, old, "InvalidParameterException", "14 days");
    let mut by_id = first_request();
    by_id["Metrics"] = json!([{ "MetricId": "m" }]);
    refused_by(&Limits::FIRST_VERSION, by_id, "InvalidParameterException", "MetricId");
    let mut level = first_request();
    level["Metrics"] = metrics_with_threshold("LT");
    assert!(check_by(level, &Limits::FIRST_VERSION).is_ok());
}

#[test]
fn the_first_version_has_nine_keys() {
    let known = Limits::FIRST_VERSION.keys.unwrap();
    for key in FILTER_KEYS.iter().filter(|key| !known.contains(key)) {
        let mut request = first_request();
        request["Filters"] = json!([
            { "FilterKey": "QUEUE", "FilterValues": ["q"] },
            { "FilterKey": key, "FilterValues": ["x"] },
        ]);
        refused_by(&Limits::FIRST_VERSION, request, "InvalidRequestException", "list of filters");
    }
    for key in ["DISCONNECT_REASON", "MOON_PHASE_2"] {
        let mut request = first_request();
        request["Groupings"] = json!([key]);
        refused_by(&Limits::FIRST_VERSION, request, "InvalidParameterException", key);
    }
}

#[test]
fn the_first_version_counts_channels_and_has_no_email() {
    let filters = |queues: usize, channels: Value| {
        let mut request = first_request();
        request["Filters"] = json!([
            { "FilterKey": "QUEUE", "FilterValues": vec!["q"; queues] },
            { "FilterKey": "CHANNEL", "FilterValues": channels },
        ]);
        request
    };
    let first = &Limits::FIRST_VERSION;
    assert!(check_by(filters(97, json!(["VOICE", "CHAT", "TASK"])), first).is_ok());
    let over = filters(98, json!(["VOICE", "CHAT", "TASK"]));
    assert!(check(over.clone()).is_ok());
    refused_by(first, over, "InvalidParameterException", "101");
    let email = filters(1, json!(["EMAIL"]));
    assert!(check(email.clone()).is_ok());
    refused_by(first, email, "InvalidParameterException", "VOICE, CHAT, TASK");
}

#[test]
fn the_first_version_is_not_in_gov_cloud() {
    let mut request = first_request();
    request["ResourceArn"] = json!(
        "arn:aws-us-gov:connect:us-gov-west-1:111122223333:instance/\
         01234567-89ab-cdef-0123-456789abcdef"
    );
    assert!(check(request.clone()).is_ok());
    refused_by(&Limits::FIRST_VERSION, request, "InvalidRequestException", "GovCloud");
}

#[test]
fn any_limits_are_enforced() {
    let tiny = Limits {
        filter_keys: 2,
        filter_values: 3,
        groupings: 1,
        service_levels: 2,
        fine_span: SignedDuration::from_hours(6),
        coarse_span: SignedDuration::from_hours(48),
        history: SignedDuration::from_hours(72),
        ..Limits::CURRENT
    };
    let invalid = |member: &str, value: Value, part: &str| {
        refused_by(&tiny, with(member, value), "InvalidParameterException", part);
    };
    let filter = |key: &str, count: usize| {
        let values = vec![if key == "CHANNEL" { "CHAT" } else { "x" }; count];
        json!({ "FilterKey": key, "FilterValues": values })
    };
    // Channels are free, however small the limit is.
    let free = json!([filter("QUEUE", 3), filter("CHANNEL", 4)]);
    assert!(check_by(with("Filters", free), &tiny).is_ok());
    invalid("Filters", json!([filter("QUEUE", 4)]), "1 to 3 values");
    invalid("Filters", json!([filter("QUEUE", 2), filter("AGENT", 2)]), "at most 3");
    let three = json!([filter("QUEUE", 1), filter("AGENT", 1), filter("CHANNEL", 1)]);
    invalid("Filters", three, "1 to 2 filters");
    invalid("Groupings", json!(["QUEUE", "CHANNEL"]), "1 groupings");
    let level = metrics_with_threshold("LT")[0].clone();
    invalid("Metrics", json!(vec![level; 3]), "2 SERVICE_LEVEL");
    invalid("Interval", json!({ "IntervalPeriod": "HOUR" }), "less than 6 hours");
    invalid("StartTime", seconds_ago(3 * DAY - 1), "less than 2 days");
    invalid("StartTime", seconds_ago(3 * DAY + 1), "available for 3 days");
    assert!(check_by(request(), &tiny).is_ok());
}
