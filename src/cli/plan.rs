//! `plan`: which requests a report makes, and why.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::run::invocation;
use super::{Ended, Places, only, print, times};
use crate::definition::{MetricFilter, MetricQuery};
use crate::language::Language;
use crate::plan::{Request, SectionPlan, TotalOrigin, interval_name};
use crate::run::{Job, Planned};
use crate::table::Provenance;
use crate::trigger::Trigger;
use crate::window::LocalTime;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: its id (the name of its file without .toml), or the path of the file
    report: String,
    /// The time that decides the window; a date means the start of that day in the report's zone [default: now]
    #[arg(long, value_parser = times::time_of)]
    time: Option<LocalTime>,
    /// Uses a local Connect in place of AWS for the names of queues and agents
    #[arg(long)]
    simulate: bool,
    /// Prints the plan as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn plan(places: &Places, arguments: &Arguments) -> Ended {
    let (places, id) = places.of_definition(&arguments.report)?;
    let (runner, _simulator) = places.planner(arguments.simulate, arguments.time).await?;
    let report = only(&runner, &id).await?;
    let time = arguments.time.map(|time| times::instant(time, &report.zone)).transpose()?;
    let trigger = Trigger { time, ..Trigger::tick() };
    let job = Job::new(report, &trigger, &invocation(arguments.simulate, time));
    let planned = runner.plan(&job).await?;
    print::errors(planned.unplanned.values()).await?;
    if arguments.json {
        print::json(&as_json(&job, &planned))?;
    } else {
        print::out(&told(&job, &planned))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn told(job: &Job, planned: &Planned) -> String {
    let mut text =
        format!("{}: {}\n", job.report.id, planned.window.exact_label(Language::English));
    for window in &planned.compared {
        let _ = writeln!(text, "  compared with {}", window.exact_label(Language::English));
    }
    text.push('\n');
    for (index, request) in planned.plan.requests.iter().enumerate() {
        let _ = writeln!(text, "{:>3}. {}", index + 1, planned.plan.request_reason(index));
        let _ = writeln!(text, "     {}", span(request));
        let _ = writeln!(text, "     {}", counts(request));
        let metrics: Vec<String> = request.metrics.iter().map(|m| name(request, m)).collect();
        let _ = writeln!(text, "     {}", metrics.join(", "));
    }
    text.push('\n');
    for (section, plan) in planned.sections(&job.report) {
        let _ = writeln!(text, "{}", section.title);
        for (how, metrics) in totals(plan) {
            let _ = writeln!(text, "  {}: {how}", metrics.join(", "));
        }
        for lost in plan.not_available.iter().filter(|lost| !lost.total) {
            let _ = writeln!(
                text,
                "  {} of the rows: not available: {}",
                lost.metric.name, lost.reason
            );
        }
    }
    let pages = planned.pages();
    let _ = writeln!(
        text,
        "\n{}, about {}, at least {:.1} s at the rate limit",
        print::counted(planned.plan.requests.len(), "request"),
        print::counted(pages, "page"),
        planned.seconds,
    );
    text
}

fn span(request: &Request) -> String {
    let [start, end] = request.window.borders();
    format!("GetMetricDataV2 {start} to {end}, {}", interval_name(request.interval))
}

fn counts(request: &Request) -> String {
    let groupings: Vec<&str> = request.groupings.iter().map(|key| key.key()).collect();
    let filters =
        request.filters.iter().map(|(key, values)| format!("{} {}", values.len(), key.key()));
    let filters = filters.collect::<Vec<_>>().join(", ");
    if groupings.is_empty() {
        return format!("of {filters}");
    }
    format!("by {}, of {filters}", groupings.join(" and "))
}

fn name(request: &Request, metric: &MetricQuery) -> String {
    let weight = if request.weights.contains(metric) { " (to weight by)" } else { "" };
    format!("{}{}{weight}", metric.name, conditions(metric))
}

/// The threshold and the filters of a metric.
fn conditions(metric: &MetricQuery) -> String {
    let threshold = metric.threshold.map_or_else(String::new, |threshold| {
        format!(" {} {} s", threshold.comparison.as_str(), threshold.seconds)
    });
    let filters: String = metric
        .filters
        .iter()
        .map(|filter| {
            let which = if filter.negate { "where not" } else { "where" };
            format!(" {which} {} {}", filter.key, filter.values.join("|"))
        })
        .collect();
    format!("{threshold}{filters}")
}

/// How totals come about, each way with the metrics whose totals do.
fn totals(plan: &SectionPlan) -> Vec<(String, Vec<String>)> {
    let mut ways: Vec<(String, Vec<String>)> = Vec::new();
    for (metric, origin) in plan.total_origins() {
        let (how, what) = (origin.in_words(), format!("{}{}", metric.name, conditions(metric)));
        match ways.iter_mut().find(|(known, _)| *known == how) {
            Some((_, metrics)) => metrics.push(what),
            None => ways.push((how, vec![what])),
        }
    }
    ways
}

fn as_json(job: &Job, planned: &Planned) -> Value {
    let requests = planned.plan.requests.iter().enumerate();
    let requests: Vec<Value> = requests
        .map(|(index, request)| {
            let [start, end] = request.window.borders();
            let filters: Map<String, Value> = request
                .filters
                .iter()
                .map(|(key, values)| (key.key().to_owned(), values.len().into()))
                .collect();
            json!({
                "operation": "GetMetricDataV2",
                "start": start,
                "end": end,
                "interval": interval_name(request.interval),
                "groupings": request.groupings,
                "filters": filters,
                "metrics": request.metrics.iter().map(|m| metric(request, m)).collect::<Vec<_>>(),
                "why": planned.plan.request_reason(index),
                "pages": request.expected_pages(),
                "for": [job.report.id],
            })
        })
        .collect();
    let lost = planned.sections(&job.report).flat_map(|(section, plan)| {
        plan.not_available.iter().map(|lost| {
            json!({ "section": section.title, "metric": lost.metric.name, "reason": lost.reason })
        })
    });
    let totals = planned.sections(&job.report).flat_map(|(section, plan)| {
        let origins = plan.total_origins().into_iter();
        origins.map(|(metric, origin)| {
            let mut total = described(metric);
            total.insert("section".to_owned(), section.title.clone().into());
            total.insert("provenance".to_owned(), json!(provenance(origin)));
            total.insert("how".to_owned(), origin.in_words().into());
            Value::from(total)
        })
    });
    json!({
        "requests": requests,
        "window": planned.window,
        "compared": planned.compared,
        "seconds": planned.seconds,
        "totals": totals.collect::<Vec<_>>(),
        "not_available": lost.collect::<Vec<_>>(),
    })
}

/// As `report.json` says it; nothing where there is no total.
fn provenance(origin: TotalOrigin<'_>) -> Option<Provenance> {
    match origin {
        TotalOrigin::Requested => Some(Provenance::Requested),
        TotalOrigin::OfRows(_) | TotalOrigin::OfParts(_) => Some(Provenance::Merged),
        TotalOrigin::NotAvailable(_) => None,
    }
}

fn metric(request: &Request, metric: &MetricQuery) -> Value {
    let mut object = described(metric);
    object.insert("weight".to_owned(), request.weights.contains(metric).into());
    object.into()
}

/// A metric with its threshold and filters, its name as `name`.
fn described(metric: &MetricQuery) -> Map<String, Value> {
    let filters = |negate: bool| -> Map<String, Value> {
        let of = metric.filters.iter().filter(|filter| filter.negate == negate);
        of.map(|MetricFilter { key, values, .. }| (key.clone(), json!(values))).collect()
    };
    let mut object = Map::new();
    object.insert("name".to_owned(), metric.name.clone().into());
    if let Some(threshold) = metric.threshold {
        object.insert("threshold".to_owned(), threshold.seconds.into());
        object.insert("comparison".to_owned(), json!(threshold.comparison));
    }
    object.insert("where".to_owned(), filters(false).into());
    let without = filters(true);
    if !without.is_empty() {
        object.insert("where_not".to_owned(), without.into());
    }
    object
}
