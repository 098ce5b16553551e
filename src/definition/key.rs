//! The keys of columns, by which programs find them whatever they are called, in any language and order.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Column, MetricFilter, MetricQuery, Section};
use crate::metric::Comparison;

/// Gives every column its key: the name of its metric, with the threshold behind it.
///
/// Different metrics of a definition that would share a key have behind it what tells them apart, and
/// columns of a section that ask the same are numbered by their targets. Neither depends on a label, on the
/// language or on the order of columns.
pub(super) fn assign(sections: &mut [Section]) {
    let columns = sections.iter().flat_map(|section| &section.columns);
    let keys = of_metrics(&columns.map(|column| column.metric.clone()).collect());
    for section in sections {
        let mut columns: Vec<&mut Column> = section.columns.iter_mut().collect();
        columns.sort_by_cached_key(|column| aims(column));
        let mut seen = BTreeMap::<MetricQuery, usize>::new();
        for column in columns {
            let twins = seen.entry(column.metric.clone()).or_default();
            let key = keys.get(&column.metric).unwrap_or(&column.metric.name);
            column.key = numbered(key, *twins);
            *twins += 1;
        }
    }
}

/// A key for each of the metrics.
fn of_metrics(metrics: &BTreeSet<MetricQuery>) -> BTreeMap<MetricQuery, String> {
    let mut keys = BTreeMap::new();
    for (short, sharing) in grouped(metrics.iter(), short) {
        if let [only] = sharing[..] {
            keys.insert(only.clone(), short);
            continue;
        }
        for (long, alike) in grouped(sharing.into_iter(), long) {
            let alike = alike.into_iter().enumerate();
            keys.extend(alike.map(|(index, metric)| (metric.clone(), numbered(&long, index))));
        }
    }
    keys
}

/// The metrics by what they are called so, in their order.
fn grouped<'m>(
    metrics: impl Iterator<Item = &'m MetricQuery>,
    called: impl Fn(&MetricQuery) -> String,
) -> BTreeMap<String, Vec<&'m MetricQuery>> {
    let mut groups = BTreeMap::<String, Vec<&MetricQuery>>::new();
    for metric in metrics {
        groups.entry(called(metric)).or_default().push(metric);
    }
    groups
}

/// `SERVICE_LEVEL_20`
fn short(metric: &MetricQuery) -> String {
    let threshold = metric.threshold.map(|threshold| format!("_{}", threshold.seconds));
    format!("{}{}", metric.name, threshold.unwrap_or_default())
}

/// `CONTACTS_HANDLED_where_INITIATION_METHOD_INBOUND`: names of metrics have capital letters only.
fn long(metric: &MetricQuery) -> String {
    let comparison = match metric.threshold.map(|threshold| threshold.comparison) {
        None | Some(Comparison::LessThan) => "",
        Some(Comparison::LessThanOrEqual) => "_lte",
        Some(Comparison::GreaterThan) => "_gt",
    };
    let filter = |MetricFilter { negate, key, values }: &MetricFilter| {
        let word = if *negate { "where_not" } else { "where" };
        format!("_{word}_{key}_{}", values.join("_"))
    };
    let filters: String = metric.filters.iter().map(filter).collect();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("{}{comparison}{}", short(metric), filters.chars().map(plain).collect::<String>())
}

/// The first of several that share a key has it as it is.
fn numbered(key: &str, index: usize) -> String {
    match index {
        0 => key.to_owned(),
        index => format!("{key}_{}", index + 1),
    }
}

/// What tells columns apart that ask the same, except for what they are called.
fn aims(column: &Column) -> String {
    let warn = column.warn.as_ref().map(|warn| warn.value);
    format!("{:?} {warn:?} {:?}", column.target, column.targets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use crate::settings::Deployment;

    /// The keys of each section of a definition with these sections' metrics.
    fn keys(sections: &[Vec<String>]) -> Vec<Vec<String>> {
        let head = r#"
title    = "Small"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }
"#;
        let section = |metrics: &Vec<String>| {
            let metrics = metrics.join(", ");
            format!(
                "[[section]]\ntitle = \"T\"\nfilters = {{ QUEUE = [\"*\"] }}\nmetrics = [{metrics}]\n"
            )
        };
        let text: String =
            std::iter::once(head.to_owned()).chain(sections.iter().map(section)).collect();
        let parsed = parse("small.toml", text.as_bytes(), &Deployment::default());
        let report = parsed.report.unwrap_or_else(|| panic!("{text}\n{:?}", parsed.problems));
        let of = |section: &super::Section| {
            section.columns.iter().map(|column| column.key.clone()).collect()
        };
        report.sections.iter().map(of).collect()
    }

    fn metrics(listed: &[&str]) -> Vec<String> {
        listed.iter().map(|metric| (*metric).to_owned()).collect()
    }

    const HANDLED: &str = r#""CONTACTS_HANDLED""#;
    const INBOUND: &str = r#"{ name = "CONTACTS_HANDLED", label = "In", where = { INITIATION_METHOD = ["INBOUND"] } }"#;

    #[test]
    fn a_key_is_the_metric_and_its_threshold() {
        let listed = metrics(&[
            r#"{ name = "SERVICE_LEVEL", threshold = 20, label = "Anything" }"#,
            r#"{ name = "SERVICE_LEVEL", threshold = 60, comparison = "LTE" }"#,
            INBOUND,
        ]);
        assert_eq!(keys(&[listed]), [["SERVICE_LEVEL_20", "SERVICE_LEVEL_60", "CONTACTS_HANDLED"]]);
    }

    #[test]
    fn what_a_definition_asks_twice_is_told_apart() {
        let listed = metrics(&[
            INBOUND,
            HANDLED,
            r#"{ name = "CONTACTS_HANDLED", label = "Not in", where_not = { INITIATION_METHOD = ["INBOUND", "API"] } }"#,
            r#"{ name = "SERVICE_LEVEL", threshold = 20, label = "At most", comparison = "LTE" }"#,
            r#"{ name = "SERVICE_LEVEL", threshold = 20, label = "Strict", target = ">= 90" }"#,
            r#"{ name = "SERVICE_LEVEL", threshold = 20, label = "Lax", target = ">= 80" }"#,
        ]);
        let found = keys(&[listed, metrics(&[INBOUND])]);
        assert_eq!(
            found[0],
            [
                "CONTACTS_HANDLED_where_INITIATION_METHOD_INBOUND",
                "CONTACTS_HANDLED",
                "CONTACTS_HANDLED_where_not_INITIATION_METHOD_API_INBOUND",
                "SERVICE_LEVEL_20_lte",
                "SERVICE_LEVEL_20_2",
                "SERVICE_LEVEL_20",
            ]
        );
        assert_eq!(found[1], [found[0][0].as_str()], "the same metric has the same key everywhere");
    }

    proptest! {
        /// In any order and by any label a column keeps its key, and no other one of its section has it.
        #[test]
        fn a_key_does_not_depend_on_order_or_label(
            listed in proptest::sample::subsequence(vec![
                r#"name = "CONTACTS_HANDLED""#,
                r#"name = "CONTACTS_HANDLED", target = ">= 1""#,
                r#"name = "CONTACTS_HANDLED", where = { INITIATION_METHOD = ["INBOUND"] }"#,
                r#"name = "CONTACTS_HANDLED", where = { INITIATION_METHOD = ["INBOUND", "API"] }"#,
                r#"name = "CONTACTS_HANDLED", where_not = { INITIATION_METHOD = ["API"] }"#,
                r#"name = "SERVICE_LEVEL", threshold = 20"#,
                r#"name = "SERVICE_LEVEL", threshold = 20, comparison = "LTE""#,
                r#"name = "SERVICE_LEVEL", threshold = 30"#,
            ], 1..8).prop_shuffle(),
            label in "[a-z]{1,8}",
        ) {
            let column = |(index, of): (usize, &&str)| format!("{{ {of}, label = \"{label} {index}\" }}");
            let mut there: Vec<_> = listed.iter().enumerate().map(column).collect();
            let found = keys(std::slice::from_ref(&there)).remove(0);
            there.reverse();
            let mut back = keys(&[there]).remove(0);
            back.reverse();
            prop_assert_eq!(&found, &back);
            let distinct: std::collections::BTreeSet<_> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
        }
    }
}
