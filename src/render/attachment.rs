//! `report.json`, version 1: every row of every section, raw figures.

use serde_json::{Map, Value, json};

use super::Contents;
use crate::definition::{Column, Kind, MetricFilter};
use crate::plan::Figure;
use crate::table::{Table, TableRow};
use crate::window::{Window, rfc3339};

pub(super) fn report_json(contents: Contents<'_>) -> Value {
    let sections: Vec<_> = contents.tables.iter().map(section).collect();
    json!({
        "version": 1,
        "report": contents.report.id,
        "title": contents.report.title,
        "window": contents.window,
        "sections": sections,
    })
}

fn section(table: &Table) -> Value {
    let rows: Vec<_> = match table.kind {
        Kind::Table | Kind::Trend => table.rows.iter().map(|row| self::row(table, row)).collect(),
        Kind::Totals => Vec::new(),
    };
    json!({
        "title": table.title,
        "kind": table.kind,
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
        "rows": rows,
        "totals": values(&table.totals),
        "provenance": table.provenance,
        "omitted_rows": table.rows.len() - table.shown,
    })
}

fn column(column: &Column) -> Value {
    let mut object = Map::new();
    object.insert("metric".to_owned(), json!(column.metric.name));
    object.insert("label".to_owned(), json!(column.label));
    object.insert("unit".to_owned(), json!(column.unit));
    if let Some(threshold) = column.metric.threshold {
        object.insert("threshold".to_owned(), json!(threshold.seconds));
        object.insert("comparison".to_owned(), json!(threshold.comparison));
    }
    for (key, negate) in [("where", false), ("where_not", true)] {
        let filters = column.metric.filters.iter().filter(|filter| filter.negate == negate);
        let filters: Map<_, _> = filters.map(entry).collect();
        if !filters.is_empty() {
            object.insert(key.to_owned(), Value::Object(filters));
        }
    }
    Value::Object(object)
}

fn entry(filter: &MetricFilter) -> (String, Value) {
    (filter.key.clone(), json!(filter.values))
}

fn row(table: &Table, row: &TableRow) -> Value {
    let dimensions: Map<_, _> = table
        .group_by
        .iter()
        .zip(&row.members)
        .map(|(dimension, member)| {
            let value = json!({"id": member.id, "name": member.name});
            (dimension.key().to_owned(), value)
        })
        .collect();
    json!({
        "dimensions": dimensions,
        "interval": row.interval.as_ref().map(interval),
        "values": values(&row.figures),
        "absent": row.figures.iter().map(|figure| figure.absent()).collect::<Vec<_>>(),
    })
}

fn interval(interval: &Window) -> Value {
    let [start, end] =
        [interval.start(), interval.end()].map(|time| rfc3339(&interval.on_its_clock(time)));
    json!({ "start": start, "end": end })
}

fn values(figures: &[Figure]) -> Vec<Value> {
    figures.iter().map(|figure| figure.value().map_or(Value::Null, raw)).collect()
}

/// Whole figures are written as whole numbers, as the service does.
fn raw(value: f64) -> Value {
    let text = value.to_string();
    match text.parse::<i64>() {
        Ok(whole) => json!(whole),
        Err(_) => json!(value),
    }
}
