use serde_json::{Value, json};

use super::*;
use crate::centre::figures::definitions;

mod versions;

const NOW: &str = "2026-11-23T12:00:00Z";

fn request() -> Value {
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
    json!({
        "ResourceArn":
            "arn:aws:connect:eu-west-2:111122223333:instance/01234567-89ab-cdef-0123-456789abcdef",
        "StartTime": at("2026-11-22T00:00:00Z"),
        "EndTime": at("2026-11-23T00:00:00Z"),
        "Interval": { "IntervalPeriod": "DAY", "TimeZone": "Europe/London" },
        "Filters": [{ "FilterKey": "QUEUE", "FilterValues": ["q"] }],
        "Groupings": ["QUEUE"],
        "Metrics": [{ "Name": "CONTACTS_HANDLED" }],
    })
}

fn check(request: Value) -> Result<CheckedRequest, Refusal> {
    check_by(request, &Limits::CURRENT)
}

fn check_by(request: Value, limits: &Limits) -> Result<CheckedRequest, Refusal> {
    let request: MetricDataRequest = serde_json::from_value(request).unwrap();
    request.check(NOW.parse().unwrap(), limits)
}

/// The request with one member changed; `null` stands for a member that was not sent.
fn with(member: &str, value: Value) -> Value {
    let mut request = request();
    request[member] = value;
    request
}

fn refused(request: Value, code: &str, part: &str) {
    let shown = request.to_string();
    let refusal = check(request).expect_err(&shown);
    assert_eq!(refusal.code, code, "{shown}");
    assert!(refusal.message.contains(part), "{}", refusal.message);
}

fn invalid(member: &str, value: Value, part: &str) {
    refused(with(member, value), "InvalidParameterException", part);
}

fn not_modelled(member: &str, value: Value, part: &str) {
    let shown = with(member, value.clone()).to_string();
    let refusal = check(with(member, value)).expect_err(&shown);
    assert_eq!((refusal.status, refusal.code), (501, "NotImplementedException"), "{shown}");
    let text = format!("This simulator does not know {part}");
    assert!(refusal.message.starts_with(&text), "{}", refusal.message);
}

fn seconds_ago(seconds: i64) -> Value {
    json!(NOW.parse::<Timestamp>().unwrap().as_second() - seconds)
}

const DAY: i64 = 86_400;

#[test]
fn a_request_within_the_limits_is_answered() {
    let asked = check(request()).unwrap();
    assert_eq!(asked.query.interval, Interval::Day);
    assert_eq!(asked.query.filters["QUEUE"], ["q"]);
    assert_eq!(asked.max_results, 100);
    assert!(asked.has_interval);
    let mut plain = request();
    for member in ["Interval", "Groupings"] {
        plain[member] = Value::Null;
    }
    let asked = check(plain).unwrap();
    assert_eq!(asked.query.interval, Interval::Total);
    assert!(!asked.has_interval);
}

#[test]
fn a_missing_required_member_is_refused() {
    for member in ["ResourceArn", "StartTime", "EndTime", "Filters", "Metrics"] {
        invalid(member, Value::Null, member);
    }
}

#[test]
fn the_window_is_checked_with_the_texts_of_the_service() {
    let mut same = with("StartTime", seconds_ago(DAY));
    same["EndTime"] = seconds_ago(DAY);
    let text = "Time range not valid. The EndTime must be after the StartTime.";
    refused(same, "InvalidParameterException", text);
    let text = "Time range not valid. Start and End Time must be within the current time";
    invalid("EndTime", seconds_ago(-1), text);
    invalid("StartTime", seconds_ago(94 * DAY), "3 months");
    invalid("StartTime", json!(1e300), "not a time");
    assert!(check(with("EndTime", seconds_ago(0))).is_ok());
}

#[test]
fn the_span_depends_on_the_interval() {
    for (period, days) in [
        ("FIFTEEN_MIN", 3),
        ("THIRTY_MIN", 3),
        ("HOUR", 3),
        ("DAY", 35),
        ("WEEK", 35),
        ("TOTAL", 35),
    ] {
        let mut request = with("Interval", json!({ "IntervalPeriod": period }));
        request["EndTime"] = seconds_ago(0);
        request["StartTime"] = seconds_ago(days * DAY - 1);
        assert!(check(request.clone()).is_ok(), "{period}");
        request["StartTime"] = seconds_ago(days * DAY);
        refused(request, "InvalidParameterException", "less than");
    }
    invalid("Interval", json!({ "IntervalPeriod": "MONTH" }), "MONTH");
    invalid("Interval", json!({ "TimeZone": "Mars/Olympus" }), "Mars");
}

#[test]
fn filters_are_counted() {
    let queue = |count: usize| json!({ "FilterKey": "QUEUE", "FilterValues": vec!["q"; count] });
    let filter = |key: &str, values: Value| json!({ "FilterKey": key, "FilterValues": values });
    invalid("Filters", json!([]), "1 to 5");
    invalid("Filters", json!(vec![queue(1); 6]), "1 to 5");
    invalid("Filters", json!([queue(1), queue(1)]), "two filters");
    invalid("Filters", json!([queue(0)]), "1 to 100");
    invalid("Filters", json!([queue(101)]), "1 to 100");
    let agents = filter("AGENT", json!(vec!["a"; 41]));
    invalid("Filters", json!([queue(60), agents]), "101");
    let channels = filter("CHANNEL", json!(["VOICE", "CHAT"]));
    assert!(check(with("Filters", json!([queue(100), channels]))).is_ok());
    invalid("Filters", json!([channels]), "one of these keys");
    invalid("Filters", json!([queue(1), filter("CHANNEL", json!(["FAX"]))]), "FAX");
    invalid("Filters", json!([filter("QUEUE", json!([""]))]), "250");
    invalid("Filters", json!([filter("QUEUE", json!(["x".repeat(251)]))]), "250");
    let enabled = |value: &str| json!([queue(1), filter("Q_CONNECT_ENABLED", json!([value]))]);
    invalid("Filters", enabled("true"), "TRUE, FALSE");
    not_modelled("Filters", enabled("TRUE"), "the dimension Q_CONNECT_ENABLED");
    let step = |length: usize| {
        let step = filter("ROUTING_STEP_EXPRESSION", json!(["x".repeat(length)]));
        json!([queue(1), step])
    };
    invalid("Filters", step(3_001), "3000");
    not_modelled("Filters", step(3_000), "the dimension ROUTING_STEP_EXPRESSION");
    refused(
        with("Filters", json!([filter("QueueId", json!(["q"]))])),
        "InvalidRequestException",
        "Request does not contain a valid list of filters",
    );
}

#[test]
fn an_arn_in_a_filter_stands_for_its_id() {
    let arn = "arn:aws:connect:eu-west-2:111122223333:instance/i/queue/abc";
    let filters = json!([{ "FilterKey": "QUEUE", "FilterValues": [arn, "def"] }]);
    let asked = check(with("Filters", filters)).unwrap();
    assert_eq!(asked.query.filters["QUEUE"], ["abc", "def"]);
}

#[test]
fn groupings_are_known_and_few() {
    for key in ["Queue", "FEATURE", "contact/", ""] {
        invalid("Groupings", json!([key]), &format!("{key:?}"));
    }
    invalid("Groupings", json!(["QUEUE", "QUEUE"]), "QUEUE");
    let five = json!(["QUEUE", "CHANNEL", "AGENT", "ROUTING_PROFILE", "FEATURE"]);
    invalid("Groupings", five, "4 groupings");
    // The service gains keys, so this may be one; a key of no known metric may be one of this.
    for key in ["MOON_PHASE_2", "TEST_CASE", "contact/segmentAttributes/connect:Suptype"] {
        not_modelled("Groupings", json!([key]), &format!("the dimension {key}"));
    }
    for key in ["MOON_PHASE_2", "contact/segmentAttributes/connect:Suptype"] {
        let filters = json!([{ "FilterKey": key, "FilterValues": ["x"] }]);
        not_modelled("Filters", filters, &format!("the dimension {key}"));
    }
}

#[test]
fn a_filter_authorises_unless_no_metric_can_have_one() {
    let channel = json!([{ "FilterKey": "CHANNEL", "FilterValues": ["VOICE"] }]);
    let mut request = with("Filters", channel);
    request["Groupings"] = Value::Null;
    for metrics in [
        json!([{ "Name": "CONTACTS_HANDLED" }]),
        json!([{ "Name": "FLOWS_STARTED" }, { "Name": "CONTACTS_HANDLED" }]),
        json!([{ "Name": "CONTACTS_WISHED" }]),
    ] {
        request["Metrics"] = metrics;
        refused(request.clone(), "InvalidParameterException", "one of these keys");
    }
    request["Metrics"] = json!([{ "Name": "FLOWS_STARTED" }]);
    refused(request, "NotImplementedException", "FLOWS_STARTED");
}

#[test]
fn a_metric_may_require_a_filter() {
    let filter = |key: &str| json!([{ "FilterKey": key, "FilterValues": ["x"] }]);
    let mut request = with("Filters", filter("CASE_STATUS"));
    request["Groupings"] = Value::Null;
    request["Metrics"] = json!([{ "Name": "CASES_CREATED" }]);
    refused(
        request.clone(),
        "InvalidParameterException",
        "CASES_CREATED requires the filter CASE_TEMPLATE_ARN",
    );
    request["Filters"] = filter("CASE_TEMPLATE_ARN");
    refused(request, "NotImplementedException", "CASE_TEMPLATE_ARN");
}

#[test]
fn filters_and_groupings_have_to_be_valid_for_every_metric() {
    let level = json!({
        "Name": "SERVICE_LEVEL",
        "Threshold": [{ "Comparison": "LT", "ThresholdValue": 20 }],
    });
    let mut request = with("Metrics", json!([{ "Name": "CONTACTS_HANDLED" }, level]));
    assert!(check(request.clone()).is_ok());
    request["Groupings"] = json!(["AGENT"]);
    refused(request, "InvalidParameterException", "SERVICE_LEVEL");
    invalid("Metrics", json!([{ "Name": "AGENT_OCCUPANCY" }]), "AGENT_OCCUPANCY");
    invalid("Groupings", json!(["FEATURE"]), "FEATURE");
}

#[test]
fn thresholds_are_required_or_forbidden() {
    let level = |threshold: Value| json!([{ "Name": "SERVICE_LEVEL", "Threshold": threshold }]);
    let threshold =
        |comparison: &str, value: f64| json!({ "Comparison": comparison, "ThresholdValue": value });
    invalid("Metrics", level(Value::Null), "You must specify a Threshold");
    invalid("Metrics", level(json!([])), "You must specify a Threshold");
    let two = json!([threshold("LT", 20.0), threshold("LT", 30.0)]);
    invalid("Metrics", level(two), "one Threshold");
    invalid("Metrics", level(json!([threshold("GT", 20.0)])), "Comparison");
    for value in [0.0, 0.5, 20.5, 604_801.0, -1.0] {
        invalid("Metrics", level(json!([threshold("LTE", value)])), "604800");
    }
    let handled = json!([{ "Name": "CONTACTS_HANDLED", "Threshold": [threshold("LT", 20.0)] }]);
    invalid("Metrics", handled, "does not take a Threshold");
    assert!(check(with("Metrics", level(json!([threshold("LTE", 604_800.0)])))).is_ok());
}

#[test]
fn metric_filters_are_those_of_the_metric() {
    let metric = |name: &str, filters: Value| json!([{ "Name": name, "MetricFilters": filters }]);
    let filter = |key: &str, count: usize| {
        let values = vec!["INBOUND"; count];
        json!({ "MetricFilterKey": key, "MetricFilterValues": values })
    };
    let initiation = filter("INITIATION_METHOD", 1);
    let two = metric("CONTACTS_HANDLED", json!([initiation, filter("DISCONNECT_REASON", 10)]));
    assert!(check(with("Metrics", two)).is_ok());
    let three = metric("CONTACTS_HANDLED", json!(vec![initiation.clone(); 3]));
    invalid("Metrics", three, "2 metric filters");
    for count in [0, 11] {
        let filters = json!([filter("INITIATION_METHOD", count)]);
        invalid("Metrics", metric("CONTACTS_HANDLED", filters), "1 to 10");
    }
    invalid(
        "Metrics",
        metric("CONTACTS_QUEUED", json!([initiation])),
        "does not take the metric filter",
    );
    let mut negated = initiation.clone();
    negated["Negate"] = json!(true);
    assert!(check(with("Metrics", metric("CONTACTS_CREATED", json!([negated])))).is_ok());
    invalid("Metrics", metric("AVG_AGENT_CONNECTING_TIME", json!([negated])), "negated");
    let values = |values: Value| json!([{ "MetricFilterKey": "INITIATION_METHOD", "MetricFilterValues": values }]);
    let connecting = |filters: Value| metric("AVG_AGENT_CONNECTING_TIME", filters);
    let known = values(json!(["INBOUND", "OUTBOUND", "CALLBACK", "API"]));
    assert!(check(with("Metrics", connecting(known))).is_ok());
    let other = values(json!(["INBOUND", "TRANSFER"]));
    invalid("Metrics", connecting(other.clone()), "INBOUND, OUTBOUND, CALLBACK, API");
    assert!(check(with("Metrics", metric("CONTACTS_ABANDONED", other))).is_ok());
}

#[test]
fn metrics_are_named_and_service_levels_counted() {
    invalid("Metrics", json!([]), "must be a metric");
    invalid("Metrics", json!([{}]), "Name");
    invalid("Metrics", json!([{ "MetricId": "m".repeat(151) }]), "150 characters");
    invalid("Metrics", json!(vec![json!({ "MetricId": "m" }); 21]), "20 metrics");
    let level = json!({
        "Name": "SERVICE_LEVEL",
        "Threshold": [{ "Comparison": "LT", "ThresholdValue": 20 }],
    });
    assert!(check(with("Metrics", json!(vec![level.clone(); 20]))).is_ok());
    invalid("Metrics", json!(vec![level; 21]), "20 SERVICE_LEVEL");
}

#[test]
fn figures_that_are_not_modelled_are_refused_as_such() {
    not_modelled("Metrics", json!([{ "Name": "CONTACTS_WISHED" }]), "the metric CONTACTS_WISHED.");
    not_modelled("Metrics", json!([{ "Name": "AVG_HOLDS" }]), "the metric AVG_HOLDS.");
    not_modelled("Metrics", json!(vec![json!({ "MetricId": "m" }); 20]), "MetricId");
    let enabled = json!(["Q_CONNECT_ENABLED"]);
    not_modelled("Groupings", enabled, "the dimension Q_CONNECT_ENABLED.");
    let filters = json!([{
        "FilterKey": "QUEUE",
        "StringCondition": { "Comparison": "NOT_EXISTS" },
    }]);
    not_modelled("Filters", filters, "StringCondition");
    let feature = json!([{
        "Name": "AVG_QUEUE_ANSWER_TIME",
        "MetricFilters": [{ "MetricFilterKey": "FEATURE", "MetricFilterValues": ["x"] }],
    }]);
    not_modelled("Metrics", feature, "the metric filter FEATURE.");
    for key in ["CASE_STATUS", "FLOWS_ACTION_IDENTIFIER", "MOON_PHASE_2"] {
        let new = json!([{
            "Name": "CONTACTS_QUEUED",
            "MetricFilters": [{ "MetricFilterKey": key, "MetricFilterValues": ["x"] }],
        }]);
        not_modelled("Metrics", new, &format!("the metric filter {key}."));
    }
}

#[test]
fn refusals_of_the_service_come_first() {
    let mut request = with("Metrics", json!([{ "Name": "CONTACTS_WISHED" }]));
    request["EndTime"] = seconds_ago(-1);
    refused(request, "InvalidParameterException", "within the current time");
}

#[test]
fn pages_have_1_to_100_rows() {
    for count in [0, 101, -1] {
        invalid("MaxResults", json!(count), "MaxResults");
    }
    assert_eq!(check(with("MaxResults", json!(7))).unwrap().max_results, 7);
}

#[test]
fn all_27_metrics_are_known() {
    for name in [
        "AGENT_ADHERENT_TIME",
        "AGENT_NON_RESPONSE",
        "AGENT_OCCUPANCY",
        "AGENT_SCHEDULE_ADHERENCE",
        "AGENT_SCHEDULED_TIME",
        "AVG_ABANDON_TIME",
        "AVG_AFTER_CONTACT_WORK_TIME",
        "AVG_AGENT_CONNECTING_TIME",
        "AVG_HANDLE_TIME",
        "AVG_HOLD_TIME",
        "AVG_INTERACTION_AND_HOLD_TIME",
        "AVG_INTERACTION_TIME",
        "AVG_QUEUE_ANSWER_TIME",
        "CONTACTS_ABANDONED",
        "CONTACTS_CREATED",
        "CONTACTS_HANDLED",
        "CONTACTS_HOLD_ABANDONS",
        "CONTACTS_QUEUED",
        "CONTACTS_TRANSFERRED_OUT",
        "CONTACTS_TRANSFERRED_OUT_BY_AGENT",
        "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE",
        "MAX_QUEUED_TIME",
        "SERVICE_LEVEL",
        "SUM_CONTACTS_ANSWERED_IN_X",
        "SUM_CONTACTS_ABANDONED_IN_X",
        "SUM_CONTACTS_DISCONNECTED",
        "SUM_RETRY_CALLBACK_ATTEMPTS",
    ] {
        assert!(definitions::find_definition(name).is_some(), "{name}");
        assert!(connect_metrics::find_metric(name).is_some(), "{name}");
    }
}
