use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_connect::types::ContactInitiationMethod;
use connect_reports::metric::{self, METRICS, Metric, limits};

use crate::harness::crates::sources;

/// What the catalogue says otherwise on purpose: the metric, the fact, what the documentation says,
/// what the catalogue says, and why.
const DIFFERENCES: &[(&str, &str, &str, &str, &str)] = &[
    ("AVG_BOT_CONVERSATION_TIME", "metric filters", "", BOT_CONVERSATIONS, OUTCOMES),
    ("AVG_BOT_CONVERSATION_TIME", "negate", "false", "true", OUTCOMES),
    ("AVG_BOT_CONVERSATION_TURNS", "metric filters", "", BOT_CONVERSATIONS, OUTCOMES),
    ("AVG_BOT_CONVERSATION_TURNS", "negate", "false", "true", OUTCOMES),
    ("BOT_CONVERSATIONS_COMPLETED", "metric filters", "", BOT_CONVERSATIONS, OUTCOMES),
    ("BOT_CONVERSATIONS_COMPLETED", "negate", "false", "true", OUTCOMES),
    (
        "BOT_INTENTS_COMPLETED",
        "metric filters",
        "",
        "BOT_CONVERSATION_OUTCOME_TYPE = DROPPED | FAILED | SUCCESS, \
         BOT_INTENT_OUTCOME_TYPE = DROPPED | FAILED | SUCCESS | SWITCHED",
        OUTCOMES,
    ),
    ("BOT_INTENTS_COMPLETED", "negate", "false", "true", OUTCOMES),
    (
        "CONTACTS_ABANDONED",
        "metric filters",
        "? = API | CALLBACK | CALLBACK_CUSTOMER_FIRST_DIALED | Disconnect | INCOMING | OUTBOUND | \
         QUEUE_TRANSFER | TRANSFER",
        "INITIATION_METHOD",
        "the key is missing; the administrator guide names it, and INBOUND instead of INCOMING",
    ),
    (
        "CONTACTS_ABANDONED",
        "title",
        "Contact abandoned",
        "Contacts abandoned",
        "a heading in the plural, as those of the other counts",
    ),
    (
        "CONTACTS_TRANSFERRED_OUT_FROM_QUEUE",
        "title",
        "Contacts transferred out queue",
        "Contacts transferred out from queue",
        "a word is missing",
    ),
    (
        "CONTACTS_TRANSFERRED_OUT_INTERNAL",
        "unit",
        "Percent",
        "Count",
        "by its name it counts contacts, as CONTACTS_TRANSFERRED_OUT_EXTERNAL does",
    ),
    ("PERCENT_BOT_CONVERSATIONS_OUTCOME", "metric filters", "", BOT_CONVERSATIONS, OUTCOMES),
    ("PERCENT_BOT_CONVERSATIONS_OUTCOME", "negate", "false", "true", OUTCOMES),
    (
        "PERCENT_BOT_INTENTS_OUTCOME",
        "metric filters",
        "",
        "BOT_INTENT_OUTCOME_TYPE = DROPPED | FAILED | SUCCESS | SWITCHED",
        OUTCOMES,
    ),
    ("PERCENT_BOT_INTENTS_OUTCOME", "negate", "false", "true", OUTCOMES),
    (
        "PERCENT_CONTACTS_STEP_EXPIRED",
        "title",
        NO_UI_NAME,
        "Contacts expired in routing step",
        "a sentence stands where the title should be",
    ),
    (
        "PERCENT_CONTACTS_STEP_JOINED",
        "title",
        NO_UI_NAME,
        "Contacts joined in routing step",
        "a sentence stands where the title should be",
    ),
    (
        "STEP_CONTACTS_QUEUED",
        "title",
        NO_UI_NAME,
        "Contacts queued in routing step",
        "a sentence stands where the title should be",
    ),
    (
        "SUM_CONTACTS_DISCONNECTED",
        "title",
        "Contact disconnected",
        "Contacts disconnected in queue",
        "a heading in the plural that says which: by the administrator guide, those that end while \
         they wait in a queue",
    ),
    ("SUM_HOLD_TIME", "unit", "Count", "Seconds", "by the administrator guide it is a time"),
];

const BOT_CONVERSATIONS: &str = "BOT_CONVERSATION_OUTCOME_TYPE = DROPPED | FAILED | SUCCESS";

/// The reason why metrics of bots have metric filters that their own paragraphs do not mention.
const OUTCOMES: &str =
    "the text about metric filters has it, and the administrator guide its values and metrics";

/// What the documentation says in the place of a title.
const NO_UI_NAME: &str =
    "This metric is available in Real-time Metrics UI but not on the Historical Metrics UI";

/// Labels that are not their key in other letters.
const LABELS: &[(&str, &[&str])] = &[
    (
        "Agent Hierarchy",
        &[
            "AGENT_HIERARCHY_LEVEL_ONE",
            "AGENT_HIERARCHY_LEVEL_TWO",
            "AGENT_HIERARCHY_LEVEL_THREE",
            "AGENT_HIERARCHY_LEVEL_FOUR",
            "AGENT_HIERARCHY_LEVEL_FIVE",
        ],
    ),
    ("Campaign Delivery EventType", &["CAMPAIGN_DELIVERY_EVENT_TYPE"]),
    ("contact/segmentAttributes/connect:Subtype", &["contact/segmentAttributes/connect:Subtype"]),
    ("Evaluation Form ID", &["EVALUATION_FORM"]),
    ("Evaluation Form Id", &["EVALUATION_FORM"]),
    ("Evaluation Question ID", &["EVALUATION_QUESTION"]),
    ("Evaluation Section ID", &["EVALUATION_SECTION"]),
    ("Evaluator", &["EVALUATOR_ID"]),
    ("Q in Connect", &["Q_CONNECT_ENABLED"]),
    ("Q Connect Enabled", &["Q_CONNECT_ENABLED"]),
    ("RoutingStepExpression", &["ROUTING_STEP_EXPRESSION"]),
    ("Subtype", &["contact/segmentAttributes/connect:Subtype"]),
];

/// Labels of Connect's own pages for which the API has no key.
const LABELS_WITHOUT_KEY: &[&str] = &[
    "Contact Category",
    "Email Address",
    "Flows Next Resource Type",
    "Flows Resource Alias",
    "Flows Resource Type",
    "Flows Resource Version",
    "Proficiency",
    "Queue Agent Group Name",
    "Queue Agent Group Type",
    "Queue Type",
    "Telephone Number",
];

/// What is compared of a metric, as text.
type Facts = BTreeMap<&'static str, String>;

/// The documentation of the request's members, in the SDK that the program is built with.
struct Documentation {
    filters: String,
    groupings: String,
    metrics: String,
    start_time: String,
}

impl Documentation {
    fn read() -> Self {
        let source = sources("aws-sdk-connect")
            .join("src/operation/get_metric_data_v2/_get_metric_data_v2_input.rs");
        let source = std::fs::read_to_string(&source)
            .unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let of = |member: &str| {
            let (before, _) = source.split_once(&format!("\n    pub {member}: ")).expect(member);
            let lines = before.lines().rev().map(str::trim_start);
            let mut lines: Vec<_> = lines.map_while(|line| line.strip_prefix("///")).collect();
            lines.reverse();
            lines.join("\n")
        };
        Self {
            filters: of("filters"),
            groupings: of("groupings"),
            metrics: of("metrics"),
            start_time: of("start_time"),
        }
    }

    fn filter_keys(&self) -> Vec<String> {
        codes(between(&self.filters, "valid filter keys for a", "<note>"), "GetMetricDataV2")
    }

    fn grouping_keys(&self) -> Vec<String> {
        codes(between(&self.groupings, "Valid grouping keys:", "<note>"), "")
    }

    fn authorising_keys(&self) -> Vec<String> {
        codes(between(&self.filters, "requires at least one of these filters:", "<p>You can"), "")
    }

    /// The facts of each metric, by name.
    fn metrics(&self) -> BTreeMap<String, Facts> {
        let entries = self.metrics.split("<dt>").skip(1);
        let entries = entries.map(|entry| {
            let (name, description) = entry.split_once("</dt>").expect("</dt>");
            (plain(name), self.documented(between(description, "<dd>", "</dd>")))
        });
        entries.collect()
    }

    fn documented(&self, description: &str) -> Facts {
        let paragraphs: Vec<_> = description.split("<p>").skip(1).map(plain).collect();
        let after = |start: &str| paragraphs.iter().find_map(|text| text.strip_prefix(start));
        let labels = after("Valid groupings and filters: ").expect("groupings and filters");
        let labels = keys(labels.split(", "));
        let listed: BTreeSet<_> =
            self.filter_keys().into_iter().chain(self.grouping_keys()).collect();
        let unknown: Vec<_> = labels.difference(&listed).collect();
        assert!(unknown.is_empty(), "no keys: {unknown:?}; add to LABELS or LABELS_WITHOUT_KEY");
        let (no_grouping, no_filter) = exceptions(&paragraphs);
        let takes = |all: Vec<String>, but: &BTreeSet<String>| {
            joined(all.iter().filter(|key| labels.contains(*key) && !but.contains(*key)), ", ")
        };
        let filters = metric_filters(&paragraphs);
        let negated = !paragraphs.iter().any(|text| text.contains("Negate key"));
        // One title ends with a full stop.
        let title = after("UI name: ").expect("UI name").trim_end_matches('.');
        let threshold = after("Threshold: ").unwrap_or_default();
        let words = threshold.split(|c: char| !c.is_alphanumeric());
        let comparisons = words.filter(|word| ["LT", "LTE", "GT"].contains(word));
        let available = |text: &&String| {
            ["This metric is ", "This metric requires ", "Data for this metric is available "]
                .iter()
                .any(|start| text.starts_with(start))
        };
        BTreeMap::from([
            ("groupings", takes(self.grouping_keys(), &no_grouping)),
            ("filters", takes(self.filter_keys(), &no_filter)),
            ("title", title.to_owned()),
            ("unit", unit(after("Unit: ").expect("unit")).to_owned()),
            ("thresholds", joined(comparisons, ", ")),
            ("negate", (!filters.is_empty() && negated).to_string()),
            ("metric filters", filters),
            ("required filter", after("Required filter key: ").unwrap_or_default().to_owned()),
            ("most per request", number(after("You can include up to ")).to_owned()),
            ("restricted", paragraphs.iter().any(|text| available(&text)).to_string()),
        ])
    }
}

/// The facts of the catalogue.
fn catalogued(metric: &Metric) -> Facts {
    let filters = metric.metric_filters().iter().map(|filter| match filter.values {
        [] => filter.key.to_owned(),
        values => format!("{} = {}", filter.key, joined(values.iter(), " | ")),
    });
    let comparisons = metric.thresholds().iter().map(|comparison| comparison.as_str());
    let most = metric.most_per_request().map(|most| most.to_string());
    BTreeMap::from([
        ("groupings", joined(metric.groupings(), ", ")),
        ("filters", joined(metric.filters(), ", ")),
        ("title", metric.title.to_owned()),
        ("unit", format!("{:?}", metric.unit)),
        ("thresholds", joined(comparisons, ", ")),
        ("negate", metric.can_negate().to_string()),
        ("metric filters", joined(filters, ", ")),
        ("required filter", metric.required_filter().unwrap_or_default().to_owned()),
        ("most per request", most.unwrap_or_default()),
        ("restricted", metric.availability().is_some().to_string()),
    ])
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?}"));
    let (inner, _) = rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {start:?}"));
    inner
}

/// The contents of the code elements, without `but`.
fn codes(text: &str, but: &str) -> Vec<String> {
    let codes = text.split("<code>").skip(1).filter_map(|rest| rest.split_once("</code>"));
    codes.map(|(code, _)| code.to_owned()).filter(|code| code != but).collect()
}

/// The text without elements, with single spaces.
fn plain(text: &str) -> String {
    let mut parts = text.split('<');
    let first = parts.next().unwrap_or_default();
    let rest = parts.filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    let text: String = [first].into_iter().chain(rest).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sorted and without doubles.
fn joined(texts: impl IntoIterator<Item = impl ToString>, separator: &str) -> String {
    let texts: BTreeSet<_> = texts.into_iter().map(|text| text.to_string()).collect();
    texts.into_iter().collect::<Vec<_>>().join(separator)
}

/// The keys that labels stand for.
fn keys<'a>(labels: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let keys = labels.map(str::trim).filter(|label| !LABELS_WITHOUT_KEY.contains(label));
    let keys = keys.flat_map(|label| match LABELS.iter().find(|(known, _)| *known == label) {
        Some((_, keys)) => keys.iter().map(|key| (*key).to_owned()).collect(),
        None => vec![label.to_uppercase().replace(' ', "_")],
    });
    keys.collect()
}

/// The keys that are no groupings and those that are no filters although they are listed as both.
fn exceptions(paragraphs: &[String]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut no_grouping, mut no_filter) = (BTreeSet::new(), BTreeSet::new());
    let sentences = paragraphs.iter().flat_map(|text| text.split('.')).map(str::trim);
    for sentence in sentences.filter(|sentence| sentence.contains("not ")) {
        let labels = |end: &str| {
            let labels = sentence.strip_suffix(end)?.trim_start_matches("The ");
            Some(keys(labels.split(", ").map(|label| label.trim_start_matches("and "))))
        };
        let groupings = labels(" is a valid filter but not a valid grouping")
            .or_else(|| labels(" are valid filters but not valid groupings"))
            .or_else(|| labels(" is not a valid grouping"));
        let filters = labels(" are valid groupings but not valid filters");
        let understood = groupings.is_some() || filters.is_some();
        assert!(understood || !sentence.contains("valid"), "not understood: {sentence}");
        no_grouping.extend(groupings.into_iter().flatten());
        no_filter.extend(filters.into_iter().flatten());
    }
    (no_grouping, no_filter)
}

/// The keys of metric filters, with their values where these are listed; `?` is a missing key.
fn metric_filters(paragraphs: &[String]) -> String {
    let values = |list: &str| joined(list.split('|').map(str::trim), " | ");
    let filters = paragraphs.iter().find_map(|text| {
        let nameless = text.strip_prefix("Valid values: ");
        let named = text
            .strip_prefix("Valid metric filter key: ")
            .or_else(|| text.strip_prefix("Valid metric level filters: "));
        nameless.map(|list| format!("? = {}", values(list))).or_else(|| {
            Some(match named?.split_once(". ") {
                Some((key, rest)) => format!("{key} = {}", values(rest.rsplit_once(": ")?.1)),
                None => joined(named?.split(", "), ", "),
            })
        })
    });
    filters.unwrap_or_default()
}

fn unit(documented: &str) -> &str {
    match documented {
        "Percentage" => "Percent",
        // Scores; the catalogue has one unit for all bare numbers.
        "Double" => "Count",
        unit => unit,
    }
}

fn number(text: Option<&str>) -> &str {
    text.and_then(|text| text.split(' ').next()).unwrap_or_default()
}

#[test]
fn every_metric_of_the_documentation_has_a_row_and_no_other() {
    let documented: BTreeSet<_> = Documentation::read().metrics().into_keys().collect();
    let catalogued: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    let new: Vec<_> = documented.difference(&catalogued).collect();
    let gone: Vec<_> = catalogued.difference(&documented).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "The SDK's documentation of GetMetricDataV2 and crates/connect-metrics/src/catalogue.rs differ. \
         Add a row for each of these: {new:?}. Remove the rows of these: {gone:?}."
    );
}

#[test]
fn the_rows_say_what_the_documentation_says() {
    let mut differences = Vec::new();
    let documented = Documentation::read().metrics();
    for (name, documented) in &documented {
        let Some(metric) = metric::find_metric(name) else {
            continue;
        };
        let catalogued = catalogued(metric);
        for (fact, said) in documented.iter().filter(|(fact, said)| catalogued[*fact] != **said) {
            differences.push((name.as_str(), *fact, said.clone(), catalogued[fact].clone()));
        }
    }
    let expected = |(name, fact, said, row): &(&str, &str, String, String)| {
        DIFFERENCES.iter().any(|d| (d.0, d.1, d.2, d.3) == (*name, *fact, said, row))
    };
    let is = |d: &(&str, &str, &str, &str, &str)| {
        let mut differences = differences.iter();
        differences.any(|(name, fact, said, row)| (d.0, d.1, d.2, d.3) == (*name, *fact, said, row))
    };
    let wrong: Vec<_> = differences.iter().filter(|difference| !expected(difference)).collect();
    let gone: Vec<_> = DIFFERENCES.iter().filter(|difference| !is(difference)).collect();
    assert!(
        wrong.is_empty() && gone.is_empty(),
        "Correct these rows of crates/connect-metrics/src/catalogue.rs (metric, fact, documentation, row), or add \
         to DIFFERENCES why they differ: {wrong:#?}. Remove from DIFFERENCES what does not differ \
         so any more: {gone:#?}."
    );
}

#[test]
fn the_lists_of_keys_are_those_of_the_documentation() {
    let documentation = Documentation::read();
    assert_eq!(documentation.filter_keys(), metric::FILTER_KEYS);
    assert_eq!(documentation.grouping_keys(), metric::GROUPING_KEYS);
    assert_eq!(documentation.authorising_keys(), metric::AUTHORISING_KEYS);
}

#[test]
fn the_limits_are_those_of_the_documentation() {
    let documentation = Documentation::read();
    let says = |text: &str, words: String| assert!(plain(text).contains(&words), "{words}");
    let filters = &documentation.filters;
    says(filters, format!("up to {} filter keys", limits::MAX_FILTER_KEYS));
    says(filters, format!("up to {} filter values across", limits::MAX_FILTER_VALUES));
    says(filters, "a filter value up to 3,000 characters".to_owned());
    assert_eq!(metric::filter_value_length("ROUTING_STEP_EXPRESSION"), 3_000);
    says(filters, "VOICE, CHAT, TASK, and EMAIL are valid".to_owned());
    assert_eq!(metric::filter_values("CHANNEL"), ["VOICE", "CHAT", "TASK", "EMAIL"]);
    says(&documentation.groupings, format!("Maximum number of {} items", limits::MAX_GROUPINGS));
    says(&documentation.metrics, format!("{} MetricId per request", limits::MAX_METRIC_IDS));
    let (least, most) = (limits::THRESHOLD_SECONDS.start(), limits::THRESHOLD_SECONDS.end());
    says(&documentation.start_time, "metrics are available for 3 months".to_owned());
    // February to April: the shortest three months.
    assert_eq!(limits::HISTORY_DAYS, 28 + 31 + 30);
    says(&documentation.metrics, format!("any whole number from {least} to {most} (inclusive)"));
}

#[test]
fn every_initiation_method_is_suggested() {
    let known = metric::metric_filter_values("INITIATION_METHOD");
    for method in ContactInitiationMethod::values() {
        assert!(known.contains(method), "{method}");
    }
}
