//! `GetMetricDataV2`, `POST /metrics/data`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::limits::{Asked, MetricDataRequest};
use super::operation::Operation;
use super::pages;
use super::random::hash;
use super::refusal::Refusal;
use super::{State, answer, lock};

/// Answers a request for figures.
pub(crate) fn metric_data(state: &State, body: &[u8]) -> Result<Value, Refusal> {
    let mut members = members(body)?;
    let request = MetricDataRequest::deserialize_from(&members)?;
    let asked = request.check(state.clock.now(), &state.limits)?;
    members.shift_remove("NextToken");
    let identity = Value::Object(members).to_string();
    let results = results(state, &asked, &identity);
    let size = asked.max_results.min(state.page_size);
    let page = pages::page(&results, size, &identity, request.next_token.as_deref()).map_err(
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

fn members(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    const EXPECTED: &str = "Expected a JSON object with ResourceArn, StartTime, EndTime (seconds \
                            since 1970), Filters and Metrics, and if wanted Interval, Groupings, \
                            MaxResults and NextToken";
    if body.trim_ascii().is_empty() {
        return Err(Refusal::serialization(format!("The body is empty. {EXPECTED}.")));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::serialization(format!("The body is not an object. {EXPECTED}."))),
        Err(error) => {
            Err(Refusal::serialization(format!("The body is not JSON: {error}. {EXPECTED}.")))
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

/// The rows of the latest requests, so that the pages of one are computed once.
#[derive(Debug, Default)]
pub(crate) struct RecentAnswers(VecDeque<(String, Arc<Vec<String>>)>);

const RECENT: usize = 32;

fn results(state: &State, asked: &Asked, identity: &str) -> Arc<Vec<String>> {
    let known = lock(&state.answers)
        .0
        .iter()
        .find(|(request, _)| request == identity)
        .map(|(_, results)| Arc::clone(results));
    known.unwrap_or_else(|| {
        let rows = state.centre.figures_laid_out(&asked.query, state.layout);
        let results = Arc::new(answer::results(asked, &rows, hash(identity)));
        let mut answers = lock(&state.answers);
        answers.0.truncate(RECENT - 1);
        answers.0.push_front((identity.to_owned(), Arc::clone(&results)));
        results
    })
}
