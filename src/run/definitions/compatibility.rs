//! Problems of what a report asks beyond the version of the API and beyond the bounds of a report, as far as its
//! definition alone tells.

use std::collections::BTreeMap;

use crate::definition::{
    Column, Dimension, MetricQuery, Place, Problem, Report, Section, Selector, Severity, Threshold,
};
use crate::metric::Limits;
use crate::plan::{self, Directory, Query};
use crate::render;
use crate::window::WindowRule;

/// Problems of what a report asks and the version of the API does not have that the deployment keeps to.
pub(crate) fn beyond_version(report: &Report, file: &str, limits: &Limits) -> Vec<Problem> {
    let help = "use what the API's first version has, or unset CONNECT_REPORTS_API";
    let mut found = Vec::new();
    let mut of_report = |message: String| {
        let top = Place { file: file.into(), line: 1, column: 1, span: 0..0 };
        found.push(top.error("api-version", message, help));
    };
    if !limits.has_gov_cloud && report.instance.partition() == "aws-us-gov" {
        of_report("the API is not in the GovCloud Regions".to_owned());
    }
    let reach = report.window.reach_in_days() + report.compare.further_in_days(report.window);
    let history = limits.history.as_hours() / 24;
    // How far back the last workday lies depends on the holidays, and mostly it is not far.
    let varies = matches!(report.window, WindowRule::PreviousWorkday | WindowRule::Hours { .. });
    if reach > history && !varies {
        of_report(format!(
            "the report reaches {reach} days back; the API's version has figures of {history} days"
        ));
    }
    for section in &report.sections {
        let keys = section.group_by.iter().chain(section.filters.keys());
        let unknown = keys.filter(|key| !limits.has_key(key.key()));
        let of_keys = unknown.zip(section.columns.first()).map(|(key, column)| {
            let message = format!("the API's version does not have the key {}", key.key());
            column.place.error("api-version", message, help)
        });
        found.extend(of_keys);
        let channels = section.filters.get(&Dimension::Channel).into_iter();
        let channels = channels.flat_map(|selection| &selection.taken);
        found.extend(channels.filter_map(|channel| match &channel.value {
            Selector::Id(name) if !limits.channels.contains(&name.as_str()) => {
                let message = format!("the API's version does not have the channel {name}");
                Some(channel.place.error("api-version", message, help))
            }
            _ => None,
        }));
        let of_columns = section.columns.iter().filter_map(|column| {
            let message = lacking(section, &column.metric, limits)?;
            Some(column.place.error("api-version", message, help))
        });
        found.extend(of_columns);
    }
    found
}

/// Says what the version of the API does not have of a metric as a section asks it.
fn lacking(section: &Section, metric: &MetricQuery, limits: &Limits) -> Option<String> {
    let name = &metric.name;
    let lacks = |key: &&str| limits.lacks(name, key);
    let keys = section.group_by.iter().chain(section.filters.keys()).map(Dimension::key);
    let own = || metric.filters.iter().map(|filter| filter.key.as_str());
    let compares = |threshold: Threshold| limits.comparisons.contains(&threshold.comparison);
    let negated = || metric.filters.iter().any(|filter| filter.negate);
    if !limits.has_metric(name) {
        return Some(format!("the API's version does not have {name}"));
    }
    if let Some(threshold) = metric.threshold.filter(|threshold| !compares(*threshold)) {
        let comparison = threshold.comparison.as_str();
        return Some(format!("the API's version does not compare by {comparison}"));
    }
    if let Some(key) = own().find(|key| !limits.has_metric_filter(key)) {
        return Some(format!("the API's version does not have the metric filter {key}"));
    }
    if let Some(key) = keys.chain(own()).find(lacks) {
        return Some(format!("the API's version does not have {name} by {key}"));
    }
    (negated() && !limits.can_negate)
        .then(|| "the API's version does not have `where_not`".to_owned())
}

/// Problems of what the report asks beyond the bounds of one request, and of all of them, as far as the definition
/// alone tells.
pub(crate) fn beyond_bounds(report: &Report, limits: &Limits) -> Vec<Problem> {
    let Some(window) = render::example_window(report) else {
        return Vec::new();
    };
    let nobody = Directory::default();
    let query = |section: &Section| {
        Query::for_section(&at_least(section), &report.instance, &window, &nobody).ok()
    };
    let queries: Vec<Option<Query>> = report.sections.iter().map(query).collect();
    let sections = || report.sections.iter().zip(&queries);
    let requests = |query: &Option<Query>| {
        query.as_ref().map_or(0, |query| plan::request_count(query, limits))
    };
    let all = queries.iter().map(requests).fold(0, usize::saturating_add);
    if all > plan::MOST_REQUESTS {
        let largest = sections().max_by_key(|(_, query)| requests(query));
        let place = largest.and_then(|(section, _)| section.columns.first());
        let problem = |column: &Column| {
            let (message, help) = too_many_requests(all);
            column.place.error("too-many-requests", message, help)
        };
        return place.map(problem).into_iter().collect();
    }
    sections()
        .filter_map(|(section, query)| Some(not_available(section, query.as_ref()?, limits)))
        .flatten()
        .collect()
}

/// The words for a report that takes so many requests, and what helps.
pub(crate) fn too_many_requests(requests: usize) -> (String, &'static str) {
    let most = plan::MOST_REQUESTS;
    let message = format!("the report takes {requests} requests at least, {most} are allowed");
    (message, "select less, leave out metrics, or split it into several reports")
}

/// Problems of figures that would have to be merged and can't be.
fn not_available(section: &Section, query: &Query, limits: &Limits) -> Vec<Problem> {
    let mut columns: BTreeMap<&MetricQuery, &Column> = BTreeMap::new();
    for column in &section.columns {
        columns.entry(&column.metric).or_insert(column);
    }
    let planned = plan::plan_requests(std::slice::from_ref(query), limits).sections;
    let lost = planned.into_iter().flat_map(|section| section.not_available);
    let problem = |lost: plan::NotAvailable| {
        let column = columns.get(&lost.metric)?;
        let what = if lost.total { "the total of " } else { "" };
        let message = format!("{what}{} will not be available: {}", column.label, lost.reason);
        let help = "select less, so that one request can answer it; `plan` shows the requests";
        let problem = column.place.error("not-available", message, help);
        Some(Problem { severity: Severity::Warning, ..problem })
    };
    lost.filter_map(problem).collect()
}

/// The section with one id for each name and each pattern: so many it selects at least. Something left
/// out may leave as little as one.
fn at_least(section: &Section) -> Section {
    let mut section = section.clone();
    section.grouping_places.clear();
    for selection in section.filters.values_mut() {
        if !std::mem::take(&mut selection.left_out).is_empty() {
            selection.taken.truncate(1);
        }
    }
    let taken = section.filters.values_mut().flat_map(|selection| &mut selection.taken);
    for (index, selector) in taken.enumerate() {
        if !matches!(selector.value, Selector::Id(_)) {
            selector.value = Selector::Id(format!("{index}"));
        }
    }
    section
}
