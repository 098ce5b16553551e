//! `report.json`, version 1: every row of every section, raw figures.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::contents::{Contents, Layout, Missing};
use crate::definition::{Column, Kind, MetricFilter, State};
use crate::error::{Code, Error, Stage};
use crate::plan::Figure;
use crate::table::{Provenance, Table, TableRow};
use crate::window::Window;

/// The report as JSON. It is written row by row: there may be a hundred thousand of them.
///
/// # Errors
/// `INTERNAL_ERROR` where it can't be written, which no report is known to cause.
pub(super) fn render(contents: &Contents<'_>, layout: &Layout) -> Result<String, Error> {
    let sections = contents.tables.iter().enumerate();
    let report = ReportJson {
        version: 1,
        report: contents.report.id.as_str(),
        title: &contents.report.title,
        window: contents.window,
        sections: sections.map(|(index, table)| section_json(index, table, layout)).collect(),
        missing: contents.missing,
    };
    serde_json::to_string_pretty(&report).map(|json| json + "\n").map_err(|error| {
        let message = format!("the report can't be written as JSON: {error}");
        Error::new(Code::InternalError, Stage::Render, message)
    })
}

#[derive(Serialize)]
struct ReportJson<'c> {
    version: u8,
    report: &'c str,
    title: &'c str,
    window: &'c Window,
    sections: Vec<SectionJson<'c>>,
    #[serde(skip_serializing_if = "<[Missing]>::is_empty")]
    missing: &'c [Missing],
}

#[derive(Serialize)]
struct SectionJson<'c> {
    title: &'c str,
    kind: Kind,
    columns: Vec<Value>,
    rows: Rows<'c>,
    /// Null of a trend, which has none.
    totals: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'c [Provenance]>,
    /// The label of the comparison, if there is one; the totals of it stand beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Vec<Value>>,
    /// The states of the totals, where there are targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<&'c [Option<State>]>,
    omitted_rows: usize,
}

/// The rows of a table, each made when it is written.
struct Rows<'c>(&'c Table);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = match self.0.kind {
            Kind::Table | Kind::Trend => self.0.rows.as_slice(),
            Kind::Totals => &[],
        };
        serializer.collect_seq(rows.iter().map(|row| self::row_json(self.0, row)))
    }
}

fn section_json<'c>(index: usize, table: &'c Table, layout: &Layout) -> SectionJson<'c> {
    let shown = if index < layout.sections { layout.rows_shown(table) } else { 0 };
    let has_totals = table.kind != Kind::Trend;
    SectionJson {
        title: &table.title,
        kind: table.kind,
        columns: table.columns.iter().map(column_json).collect(),
        rows: Rows(table),
        totals: has_totals.then(|| figure_values(&table.totals)),
        provenance: has_totals.then_some(table.provenance.as_slice()),
        comparison: table.comparison.as_ref().map(|comparison| comparison.label.as_str()),
        compared: table
            .comparison
            .as_ref()
            .filter(|_| has_totals)
            .map(|comparison| figure_values(&comparison.totals)),
        states: (has_totals && table.has_targets()).then_some(table.states.as_slice()),
        omitted_rows: table.rows.len() - shown,
    }
}

fn column_json(column: &Column) -> Value {
    let mut object = Map::new();
    object.insert("key".to_owned(), json!(column.key));
    object.insert("metric".to_owned(), json!(column.metric.name));
    object.insert("label".to_owned(), json!(column.label));
    object.insert("unit".to_owned(), json!(column.unit));
    if let Some(threshold) = column.metric.threshold {
        object.insert("threshold".to_owned(), json!(threshold.seconds));
        object.insert("comparison".to_owned(), json!(threshold.comparison));
    }
    let targets =
        column.targets.iter().map(|(name, target)| (name.clone(), json!(target.to_string())));
    for (key, value) in [
        ("target", column.target.map(|target| json!(target.to_string()))),
        ("warn", column.warn.as_ref().map(|warn| json!(warn.value.to_string()))),
        ("targets", (!column.targets.is_empty()).then(|| Value::Object(targets.collect()))),
    ] {
        object.extend(value.map(|value| (key.to_owned(), value)));
    }
    for (key, negate) in [("where", false), ("where_not", true)] {
        let filters = column.metric.filters.iter().filter(|filter| filter.negate == negate);
        let filters: Map<_, _> = filters.map(filter_entry).collect();
        if !filters.is_empty() {
            object.insert(key.to_owned(), Value::Object(filters));
        }
    }
    Value::Object(object)
}

fn filter_entry(filter: &MetricFilter) -> (String, Value) {
    (filter.key.clone(), json!(filter.values))
}

fn row_json(table: &Table, row: &TableRow) -> Value {
    let dimensions: Map<_, _> = table
        .group_by
        .iter()
        .zip(row.members.iter())
        .map(|(dimension, member)| {
            let value = json!({"id": member.id, "name": member.name});
            (dimension.key().to_owned(), value)
        })
        .collect();
    let mut object = json!({
        "dimensions": dimensions,
        "interval": row.interval.as_deref().map(interval_json),
        "values": figure_values(&row.figures),
        "absent": row.figures.iter().map(|figure| figure.absent()).collect::<Vec<_>>(),
    });
    if let Some(object) = object.as_object_mut() {
        if table.comparison.is_some() {
            object.insert("compared".to_owned(), figure_values(&row.compared).into());
        }
        if table.has_targets() {
            object.insert("states".to_owned(), json!(row.states));
        }
    }
    object
}

fn interval_json(interval: &Window) -> Value {
    let [start, end] = interval.borders();
    json!({ "start": start, "end": end })
}

fn figure_values(figures: &[Figure]) -> Vec<Value> {
    figures.iter().map(|figure| figure.value().map_or(Value::Null, number_json)).collect()
}

/// Whole figures are written as whole numbers, as the service does.
fn number_json(value: f64) -> Value {
    let text = value.to_string();
    match text.parse::<i64>() {
        Ok(whole) => json!(whole),
        Err(_) => json!(value),
    }
}
