//! `GetMetricDataV2`, `POST /metrics/data`.

use std::sync::Arc;

use connect_metrics::Limits;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer;
use super::limits::{CheckedRequest, MetricDataRequest};
use super::operation::Operation;
use super::pages;
use super::refusal::Refusal;
use crate::random::hash;
use crate::sync::lock;

/// Answers a request for figures.
pub(crate) fn answer_metric_data(account: &Account, body: &[u8]) -> Result<Value, Refusal> {
    let mut members = parse_members(body)?;
    let request = MetricDataRequest::deserialize_from(&members)?;
    let asked = request.check(account.clock.now(), &account.limits)?;
    members.shift_remove("NextToken");
    let identity = Value::Object(members).to_string();
    let results = cached_results(account, &asked, &identity);
    let size = asked.max_results.min(account.page_size);
    let page = pages::page_at(&results, size, &identity, request.next_token.as_deref()).map_err(
        |pages::WrongToken| {
            Refusal::invalid_parameter(
                "NextToken is not valid. It belongs to a request with the same parameters.",
            )
        },
    )?;
    let rows = page.items.iter().map(|row| serde_json::from_str(row));
    let rows: Vec<Value> = rows
        .collect::<Result<_, _>>()
        .map_err(|_| Refusal::server_error(Operation::GetMetricDataV2))?;
    let mut answer = json!({ "MetricResults": rows });
    if let Some(token) = page.next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// Checks the body of a request for figures as the service does, without answering it.
///
/// ```
/// use connect_simulator::{Limits, check_metric_data};
///
/// let refusal = check_metric_data(b"{}", "2026-11-23T12:00:00Z".parse()?, &Limits::CURRENT).unwrap_err();
/// assert_eq!((refusal.status, refusal.code), (400, "InvalidParameterException"));
/// assert_eq!(refusal.message, "ResourceArn is required.");
/// # Ok::<_, jiff::Error>(())
/// ```
///
/// # Errors
///
/// The refusal of `GetMetricDataV2` with these limits at `now`, or one with status 501 where only this simulator
/// has no answer.
pub fn check_metric_data(body: &[u8], now: Timestamp, limits: &Limits) -> Result<(), Refusal> {
    MetricDataRequest::deserialize_from(&parse_members(body)?)?.check(now, limits)?;
    Ok(())
}

fn parse_members(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    const EXPECTED_BODY: &str = "Expected a JSON object with ResourceArn, StartTime, EndTime (seconds \
                            since 1970), Filters and Metrics, and if wanted Interval, Groupings, \
                            MaxResults and NextToken";
    if body.trim_ascii().is_empty() {
        return Err(Refusal::serialization(format!("The body is empty. {EXPECTED_BODY}.")));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => {
            Err(Refusal::serialization(format!("The body is not an object. {EXPECTED_BODY}.")))
        }
        Err(error) => {
            Err(Refusal::serialization(format!("The body is not JSON: {error}. {EXPECTED_BODY}.")))
        }
    }
}

impl MetricDataRequest {
    fn deserialize_from(members: &Map<String, Value>) -> Result<Self, Refusal> {
        serde_json::from_value(Value::Object(members.clone())).map_err(|error| {
            Refusal::serialization(format!("A member has the wrong type: {error}."))
        })
    }
}

/// The number of requests whose rows are kept.
const MAX_RECENT_ANSWERS: usize = 32;

fn cached_results(account: &Account, asked: &CheckedRequest, identity: &str) -> Arc<Vec<String>> {
    let known = lock(&account.answers)
        .0
        .iter()
        .find(|(request, _)| request == identity)
        .map(|(_, results)| Arc::clone(results));
    known.unwrap_or_else(|| {
        let rows = account.centre.figures_with_layout(&asked.query, account.layout);
        let results = Arc::new(answer::result_texts(asked, &rows, hash(identity)));
        let mut answers = lock(&account.answers);
        answers.0.truncate(MAX_RECENT_ANSWERS - 1);
        answers.0.push_front((identity.to_owned(), Arc::clone(&results)));
        results
    })
}
