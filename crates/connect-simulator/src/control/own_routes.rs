//! The simulator's own routes, besides those of AWS, to read messages and to set faults.

use std::sync::Mutex;

use hyper::Method;
use serde_json::{Value, json};

use super::faults::{self, FaultRequest, Faults};
use crate::api::mailbox::{self, SentMessage};
use crate::api::operation::{Operation, UnknownOperation};
use crate::api::refusal::Refusal;
use crate::sync::lock;

/// The body of an answer at one of these routes.
pub(crate) enum RouteBody {
    Json(Value),
    /// A message as it was sent.
    Message(Vec<u8>),
}

/// The state that these routes show and change.
pub(crate) struct Controls<'s> {
    pub(crate) messages: &'s Mutex<Vec<SentMessage>>,
    pub(crate) faults: &'s Mutex<Faults>,
}

/// Answers at a route that AWS does not have.
pub(crate) fn own_route(
    controls: &Controls<'_>,
    method: &Method,
    path: &[&str],
    body: &[u8],
) -> Result<RouteBody, Refusal> {
    match (method, path) {
        (&Method::GET, [""]) => Ok(RouteBody::Json(self_description())),
        (&Method::GET, ["messages"]) => {
            let messages = lock(controls.messages).clone();
            Ok(RouteBody::Json(mailbox::message_list(&messages)))
        }
        (&Method::GET, ["messages", id]) => {
            let messages = lock(controls.messages);
            let message = messages.iter().find(|message| message.id == *id);
            let message = message.ok_or_else(|| {
                Refusal::new(404, "NotFoundException", "There is no such message.")
            })?;
            Ok(RouteBody::Message(message.raw.clone()))
        }
        (&Method::DELETE, ["messages"]) => {
            lock(controls.messages).clear();
            Ok(RouteBody::Json(json!({})))
        }
        (&Method::PUT, ["faults", operation]) => set_fault(controls.faults, operation, body),
        (&Method::DELETE, ["faults"]) => {
            lock(controls.faults).clear_all();
            Ok(RouteBody::Json(json!({})))
        }
        _ => Err(Refusal::unknown_operation(format!(
            "This simulator has no {method} /{}. GET / lists what it has.",
            path.join("/")
        ))),
    }
}

fn set_fault(faults: &Mutex<Faults>, operation: &str, body: &[u8]) -> Result<RouteBody, Refusal> {
    let operation: Operation =
        operation.parse().map_err(|error: UnknownOperation| invalid_fault(error.to_string()))?;
    let request: FaultRequest =
        serde_json::from_slice(body).map_err(|error| invalid_fault(error.to_string()))?;
    let (fault, times) = request.parse().map_err(invalid_fault)?;
    lock(faults).set_fault(operation, fault, times);
    Ok(RouteBody::Json(json!({})))
}

fn invalid_fault(text: String) -> Refusal {
    Refusal::new(400, "ValidationException", text)
}

fn self_description() -> Value {
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
        "faults": faults::fault_names(),
    })
}
