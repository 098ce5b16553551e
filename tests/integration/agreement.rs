//! What validation lets through the simulator takes, and the other way round.

use std::collections::BTreeSet;

use connect_reports::definition::{self, Severity};
use connect_reports::metric::{
    AUTHORISING_KEYS, FILTER_KEYS, GROUPING_KEYS, Limits, METRICS, Metric, filter_values,
    may_be_metric_filter,
};
use connect_reports::settings::Deployment;
use connect_simulator::check_metric_data;
use jiff::Timestamp;
use serde_json::{Value, json};

/// One section in the words of a definition and of a request.
struct Section<'s> {
    metrics: Vec<MetricAsked<'s>>,
    groupings: Vec<&'s str>,
    filters: Vec<(&'s str, &'s str)>,
}

struct MetricAsked<'s> {
    name: &'s str,
    threshold: Option<(&'s str, u32)>,
    filter: Option<(&'s str, Vec<&'s str>, bool)>,
}

const ID: &str = "11112222-1111-4222-8333-ccccddddeeee";

fn value(key: &str) -> &'static str {
    filter_values(key).first().copied().unwrap_or(ID)
}

/// The metric with the threshold that it needs.
fn asked(metric: &Metric) -> MetricAsked<'_> {
    let comparison = metric.thresholds().first().map(|comparison| comparison.as_str());
    MetricAsked { name: metric.name, threshold: comparison.map(|c| (c, 20)), filter: None }
}

/// The fewest filters with which the metric can be asked at all.
fn fewest_filters(metric: &Metric) -> Vec<(&'static str, &'static str)> {
    let authorising = AUTHORISING_KEYS.iter().copied().find(|key| metric.filters_by(key));
    let keys: BTreeSet<_> = authorising.into_iter().chain(metric.required_filter()).collect();
    let keys = if keys.is_empty() { metric.filters().take(1).collect() } else { keys };
    keys.into_iter().map(|key| (key, value(key))).collect()
}

impl Section<'_> {
    fn is_valid(&self) -> bool {
        let metrics: Vec<String> =
            self.metrics.iter().enumerate().map(MetricAsked::written).collect();
        let filters: Vec<String> =
            self.filters.iter().map(|(key, value)| format!("\"{key}\" = [\"{value}\"]")).collect();
        let groupings = match self.groupings.as_slice() {
            [] => String::new(),
            keys => format!("group_by = {keys:?}"),
        };
        let text = format!(
            "title = \"x\"\nowner = \"o@example.com\"\ntimezone = \"UTC\"\n\
             instance = \"arn:aws:connect:eu-west-2:123456789012:instance/i\"\n\
             window = \"previous-day\"\n\
             email = {{ from = \"f@example.com\", to = [\"t@example.com\"] }}\n\
             [[section]]\ntitle = \"x\"\n{groupings}\nfilters = {{ {} }}\nmetrics = [{}]\n",
            filters.join(", "),
            metrics.join(", "),
        );
        let parsed = definition::parse("x.toml", text.as_bytes(), &Deployment::default());
        parsed.problems.iter().all(|problem| problem.severity != Severity::Error)
    }

    fn is_taken(&self) -> bool {
        let filter =
            |(key, value): &(&str, &str)| json!({ "FilterKey": key, "FilterValues": [value] });
        let instance = "arn:aws:connect:eu-west-2:111122223333:instance/\
                        01234567-89ab-cdef-0123-456789abcdef";
        let request = json!({
            "ResourceArn": instance,
            "StartTime": at("2026-11-22T00:00:00Z").as_second(),
            "EndTime": at("2026-11-23T00:00:00Z").as_second(),
            "Interval": { "IntervalPeriod": "DAY", "TimeZone": "Europe/London" },
            "Filters": self.filters.iter().map(filter).collect::<Value>(),
            "Groupings": self.groupings,
            "Metrics": self.metrics.iter().map(MetricAsked::sent).collect::<Value>(),
        });
        let body = request.to_string();
        match check_metric_data(body.as_bytes(), at("2026-11-23T12:00:00Z"), &Limits::CURRENT) {
            Ok(()) => true,
            // What the service would answer, and this simulator can't.
            Err(refusal) => refusal.status == 501,
        }
    }

    /// Compares the two, and tells whether the simulator takes it.
    fn agrees(&self, what: &dyn std::fmt::Display, disagreements: &mut Vec<String>) -> bool {
        let (valid, taken) = (self.is_valid(), self.is_taken());
        if valid != taken {
            disagreements.push(format!("{what}: valid {valid}, taken {taken}"));
        }
        taken
    }
}

impl MetricAsked<'_> {
    fn written((index, metric): (usize, &Self)) -> String {
        let mut members = vec![format!("name = \"{}\", label = \"{index}\"", metric.name)];
        members.extend(
            metric.threshold.map(|(c, value)| format!("comparison = \"{c}\", threshold = {value}")),
        );
        members.extend(metric.filter.as_ref().map(|(key, values, negate)| {
            let where_ = if *negate { "where_not" } else { "where" };
            format!("{where_} = {{ {key} = {values:?} }}")
        }));
        format!("{{ {} }}", members.join(", "))
    }

    fn sent(&self) -> Value {
        let mut metric = json!({ "Name": self.name });
        if let Some((comparison, value)) = self.threshold {
            metric["Threshold"] = json!([{ "Comparison": comparison, "ThresholdValue": value }]);
        }
        if let Some((key, values, negate)) = &self.filter {
            metric["MetricFilters"] = json!([{
                "MetricFilterKey": key, "MetricFilterValues": values, "Negate": negate,
            }]);
        }
        metric
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Keys that the service may have gained, and what it never calls one.
const UNKNOWN: &[&str] =
    &["MOON_PHASE_2", "contact/segmentAttributes/connect:Moon", "moon", "contact/", ""];

fn every_key() -> BTreeSet<&'static str> {
    GROUPING_KEYS.iter().chain(FILTER_KEYS).chain(UNKNOWN).copied().collect()
}

#[test]
fn about_every_metric_with_every_grouping() {
    let mut disagreements = Vec::new();
    let mut taken = 0;
    for metric in METRICS {
        for key in every_key() {
            let section = Section {
                metrics: vec![asked(metric)],
                groupings: vec![key],
                filters: fewest_filters(metric),
            };
            let what = format!("{} by {key}", metric.name);
            taken += usize::from(section.agrees(&what, &mut disagreements));
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
    let allowed: usize = METRICS.iter().map(|metric| metric.groupings().count()).sum();
    let of_some = |key: &&&str| METRICS.iter().any(|metric| metric.groups_by(key));
    let of_none = GROUPING_KEYS.len() - GROUPING_KEYS.iter().filter(of_some).count();
    let may_be_new = 2;
    assert_eq!(taken, allowed + (of_none + may_be_new) * METRICS.len());
}

/// Every metric with every filter beside the fewest that it can be asked with; and of the metrics that have the
/// same rules about filters one with every filter alone, which the service may not take for what is missing.
#[test]
fn about_every_metric_with_every_filter() {
    let mut disagreements = Vec::new();
    let mut rules = BTreeSet::new();
    for metric in METRICS {
        let filters: Vec<_> = metric.filters().collect();
        let is_first = rules.insert((filters, metric.required_filter()));
        let besides = [Some(fewest_filters(metric)), is_first.then(Vec::new)];
        for key in every_key() {
            for fewest in besides.iter().flatten() {
                let mut filters: BTreeSet<_> = fewest.iter().copied().collect();
                filters.insert((key, value(key)));
                let section = Section {
                    metrics: vec![asked(metric)],
                    groupings: Vec::new(),
                    filters: filters.into_iter().collect(),
                };
                let what = format!("{} with {:?}", metric.name, section.filters);
                section.agrees(&what, &mut disagreements);
            }
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

#[test]
fn about_thresholds_metric_filters_and_counts() {
    let mut disagreements = Vec::new();
    for metric in METRICS {
        let mut section = Section {
            metrics: vec![asked(metric)],
            groupings: Vec::new(),
            filters: fewest_filters(metric),
        };
        let thresholds = ["LT", "LTE", "GT", "EQ"]
            .into_iter()
            .flat_map(|c| [0, 1, 604_800, 604_801].map(|v| Some((c, v))));
        for threshold in thresholds.chain([None]) {
            section.metrics = vec![MetricAsked { threshold, ..asked(metric) }];
            section.agrees(&format!("{} {threshold:?}", metric.name), &mut disagreements);
        }
        for key in [
            "INITIATION_METHOD",
            "DISCONNECT_REASON",
            "FEATURE",
            "FLOWS_OUTCOME_TYPE",
            "BOT_CONVERSATION_OUTCOME_TYPE",
            "BOT_INTENT_OUTCOME_TYPE",
            "CASE_STATUS",
            "FLOWS_ACTION_IDENTIFIER",
            "MOON_PHASE_2",
            "QUEUE",
        ] {
            // How many there may be does not depend on the value, nor does any value of a key that the
            // metric does not take.
            let values = ["INBOUND", "API", "TRANSFER", "SUCCESS", "SWITCHED", "OTHER"];
            let is_taken = metric.metric_filter(key).is_some() || may_be_metric_filter(key);
            let values = if is_taken { &values[..] } else { &values[..1] };
            let once = values.iter().flat_map(|value| [(value, 1, false), (value, 1, true)]);
            let often =
                values.iter().take(1).flat_map(|value| [(value, 10, false), (value, 11, false)]);
            for (value, count, negate) in once.chain(often) {
                let filter = Some((key, vec![*value; count], negate));
                section.metrics = vec![MetricAsked { filter, ..asked(metric) }];
                let what = format!("{} {key} {value} {count} {negate}", metric.name);
                section.agrees(&what, &mut disagreements);
            }
        }
        for count in [20, 21] {
            section.metrics = (0..count).map(|_| asked(metric)).collect();
            section.agrees(&format!("{count} {}", metric.name), &mut disagreements);
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}
