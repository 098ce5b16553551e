//! The routes that the simulator has besides those of AWS: messages to read, faults to have.

use hyper::Method;
use serde_json::{Value, json};

use super::faults::{self, ToldFault};
use super::operation::{Operation, UnknownOperation};
use super::refusal::Refusal;
use super::routes::{Answer, json_reply, reply};
use super::{State, lock, mailbox};

/// Answers at a route that AWS has not.
pub(super) fn own_route(
    state: &State,
    method: &Method,
    path: &[&str],
    body: &[u8],
) -> Result<Answer, Refusal> {
    match (method, path) {
        (&Method::GET, [""]) => Ok(json_reply(state, &about())),
        (&Method::GET, ["messages"]) => {
            let messages = lock(&state.messages).clone();
            Ok(json_reply(state, &mailbox::summaries(&messages)))
        }
        (&Method::GET, ["messages", id]) => {
            let messages = lock(&state.messages);
            let message = messages.iter().find(|message| message.id == *id);
            let message = message.ok_or_else(|| {
                Refusal::new(404, "NotFoundException", "There is no such message.")
            })?;
            Ok(reply(state, 200, "message/rfc822", message.raw.clone()))
        }
        (&Method::DELETE, ["messages"]) => {
            lock(&state.messages).clear();
            Ok(json_reply(state, &json!({})))
        }
        (&Method::PUT, ["faults", operation]) => tell_fault(state, operation, body),
        (&Method::DELETE, ["faults"]) => {
            lock(&state.faults).clear();
            Ok(json_reply(state, &json!({})))
        }
        _ => Err(Refusal::unknown_operation(format!(
            "This simulator has no {method} /{}. GET / lists what it has.",
            path.join("/")
        ))),
    }
}

fn tell_fault(state: &State, operation: &str, body: &[u8]) -> Result<Answer, Refusal> {
    let invalid = |text: String| Refusal::new(400, "ValidationException", text);
    let operation: Operation =
        operation.parse().map_err(|error: UnknownOperation| invalid(error.to_string()))?;
    let told: ToldFault =
        serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    let (fault, times) = told.read().map_err(invalid)?;
    lock(&state.faults).tell(operation, fault, times);
    Ok(json_reply(state, &json!({})))
}

fn about() -> Value {
    let operations: Vec<_> = Operation::ALL.iter().map(|name| name.as_str()).collect();
    json!({
        "about": "A local simulator of Amazon Connect and Amazon SES v2. Nothing here reaches AWS.",
        "operations": operations,
        "routes": [
            "POST /metrics/data",
            "GET /queues-summary/{InstanceId}",
            "GET /routing-profiles-summary/{InstanceId}",
            "GET /users-summary/{InstanceId}",
            "GET /user-hierarchy-groups-summary/{InstanceId}",
            "GET /user-hierarchy-structure/{InstanceId}",
            "POST /search-queues",
            "POST /search-users",
            "POST /search-user-hierarchy-groups",
            "POST /v2/email/outbound-emails",
            "GET /messages",
            "GET /messages/{MessageId}",
            "DELETE /messages",
            "PUT /faults/{Operation} {\"fault\": ..., \"times\": ..., \"milliseconds\": ...}",
            "DELETE /faults",
        ],
        "faults": faults::names(),
    })
}
