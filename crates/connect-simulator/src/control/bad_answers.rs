//! Answers that are wrong in one way each, which no service should send and no client should use.

use connect_metrics::{METRICS, Unit};
use serde_json::{Value, json};

use super::faults::Fault;
use crate::api::account::Account;

/// Spoils an answer; an answer without rows stays as it is.
pub(crate) fn spoil_answer(account: &Account, request: &[u8], fault: Fault, answer: &mut Value) {
    let Some(rows) = answer["MetricResults"].as_array_mut() else { return };
    let Some(first) = rows.first_mut() else { return };
    match fault {
        Fault::RepeatedRow => {
            let again = first.clone();
            rows.push(again);
        }
        Fault::ForeignQueue => {
            let foreign = foreign_row(account, &String::from_utf8_lossy(request), first);
            rows.push(foreign);
        }
        Fault::RepeatedMetric => repeat_metric(first),
        Fault::UnaskedMetric => add_metric(first),
        Fault::NotANumber => {
            if let Some(collection) = collections_of(first).first_mut() {
                collection["Value"] = json!("NaN");
            }
        }
        Fault::Negative => negate_value(first),
        Fault::StrayInterval => move_interval(request, first),
        _ => {}
    }
}

/// Removes from the first entry of an answer the member that it needs: its id, or a row's figures.
pub(crate) fn leave_out_member(answer: &mut Value) {
    let Some(members) = answer.as_object_mut() else { return };
    let first = members.values_mut().find_map(|member| match member {
        Value::Array(list) => list.first_mut(),
        Value::Object(levels) => levels.values_mut().next(),
        _ => None,
    });
    if let Some(Value::Object(first)) = first {
        ["Id", "QueueId", "Collections"].iter().for_each(|name| drop(first.shift_remove(*name)));
    }
}

fn collections_of(row: &mut Value) -> &mut [Value] {
    row["Collections"].as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

/// The same row for a queue that does not occur in the request.
fn foreign_row(account: &Account, request: &str, row: &Value) -> Value {
    let mut queues = account.centre.standard_queues().chain(account.centre.deleted_queue());
    let other = queues.find(|queue| !request.contains(&queue.id));
    let id = other.map_or("elsewhere", |queue| queue.id.as_str());
    let mut row = row.clone();
    if !row["Dimensions"].is_object() {
        row["Dimensions"] = json!({});
    }
    row["Dimensions"]["QUEUE"] = json!(id);
    if let Some(Value::String(arn)) = row["Dimensions"].get_mut("QUEUE_ARN")
        && let Some((instance, _)) = arn.rsplit_once('/')
    {
        *arn = format!("{instance}/{id}");
    }
    row
}

/// Repeats a metric with another value, so that choosing one of the two would be a guess.
fn repeat_metric(row: &mut Value) {
    let Some(collections) = row["Collections"].as_array_mut() else { return };
    let Some(mut again) = collections.first().cloned() else { return };
    again["Value"] = json!(again["Value"].as_f64().unwrap_or(0.0) + 1.0);
    collections.push(again);
}

fn add_metric(row: &mut Value) {
    let Some(collections) = row["Collections"].as_array_mut() else { return };
    let mut names = METRICS.iter().map(|metric| metric.name);
    let unasked = names.find(|name| collections.iter().all(|one| one["Metric"]["Name"] != *name));
    collections.push(json!({ "Metric": { "Name": unasked }, "Value": 1 }));
}

/// Sets a value to -1, that of a count where there is one.
fn negate_value(row: &mut Value) {
    let collections = collections_of(row);
    let count = collections.iter().position(|one| {
        let name = one["Metric"]["Name"].as_str().unwrap_or_default();
        connect_metrics::find_metric(name)
            .is_some_and(|metric| metric.is_sum && metric.unit == Unit::Count)
    });
    let index = count.unwrap_or(0);
    if let Some(collection) = collections.get_mut(index) {
        collection["Value"] = json!(-1);
    }
}

/// Moves the interval to the end of the window.
fn move_interval(request: &[u8], row: &mut Value) {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let end = request["EndTime"].as_f64().unwrap_or(0.0);
    let interval = row["MetricInterval"]["Interval"].as_str().unwrap_or("TOTAL").to_owned();
    row["MetricInterval"] =
        json!({ "Interval": interval, "StartTime": end, "EndTime": end + 900.0 });
}
