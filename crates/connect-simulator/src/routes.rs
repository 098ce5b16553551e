//! The way of a request: the operations of Connect and SES under their own paths, and the
//! simulator's own routes beside them.
//!
//! Every operation goes the same way: it is recorded, held against the account's rates, has the
//! fault that it was told to have, and is carried out.

use std::fmt;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::access::{self, Access};
use crate::api::instance::{Instance, signed_region};
use crate::api::lists::{self, ListRequest};
use crate::api::operation::Operation;
use crate::api::refusal::Refusal;
use crate::api::searches::{self, SearchRequest};
use crate::api::{metric_data, ses};
use crate::control::bad_answers;
use crate::control::faults::Fault;
use crate::control::own_routes::{Content, Controls, own_route};
use crate::random::mix;
use crate::state::{Call, State};
use crate::sync::lock;
use crate::url::{parameters, percent_decoded};

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("closed without an answer, as told")
    }
}

impl std::error::Error for Closed {}

type Answer = Response<Full<Bytes>>;

/// Bytes of a body. SES takes messages of 40 MB, which are a third longer in Base64.
const SES_BODY: usize = 60 * 1024 * 1024;
const BODY: usize = 1024 * 1024;

/// Answers one request.
pub(crate) async fn answer(
    state: &Arc<State>,
    request: Request<Incoming>,
) -> Result<Answer, Closed> {
    let (parts, body) = request.into_parts();
    let path: Vec<String> =
        parts.uri.path().trim_matches('/').split('/').map(percent_decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let limit = if path.first() == Some(&"v2") { SES_BODY } else { BODY };
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let text = format!("The body could not be read, or has more than {limit} bytes.");
        let refusal = Refusal::new(413, "RequestEntityTooLargeException", text);
        return Ok(refused(state, &refusal));
    };
    let body = body.to_bytes();
    tracing::info!(method = %parts.method, uri = %parts.uri, "request");
    match input(&parts, &path, &body) {
        Some(input) => operate(state, region(&parts).unwrap_or_default(), &input).await,
        None => {
            let controls = Controls { messages: &state.account.messages, faults: &state.faults };
            Ok(match own_route(&controls, &parts.method, &path, &body) {
                Ok(Content::Json(body)) => json_reply(state, &body),
                Ok(Content::Message(raw)) => reply(state, 200, "message/rfc822", raw),
                Err(refusal) => refused(state, &refusal),
            })
        }
    }
}

/// A request to an operation of AWS.
enum Input<'a> {
    Metrics(&'a [u8]),
    List(ListRequest),
    Search(SearchRequest),
    Send(&'a [u8]),
}

fn input<'a>(parts: &Parts, path: &[&str], body: &'a [u8]) -> Option<Input<'a>> {
    use Operation as Op;
    let region = region(parts).map(str::to_owned);
    let search = |operation| (operation, None);
    let list = |operation, instance| (operation, Some(instance));
    let (operation, instance) = match (&parts.method, path) {
        (&Method::POST, ["metrics", "data"]) => return Some(Input::Metrics(body)),
        (&Method::POST, ["v2", "email", "outbound-emails"]) => return Some(Input::Send(body)),
        (&Method::POST, ["search-queues"]) => search(Op::SearchQueues),
        (&Method::POST, ["search-users"]) => search(Op::SearchUsers),
        (&Method::POST, ["search-user-hierarchy-groups"]) => search(Op::SearchUserHierarchyGroups),
        (&Method::GET, ["queues-summary", id]) => list(Op::ListQueues, id),
        (&Method::GET, ["routing-profiles-summary", id]) => list(Op::ListRoutingProfiles, id),
        (&Method::GET, ["users-summary", id]) => list(Op::ListUsers, id),
        (&Method::GET, ["user-hierarchy-groups-summary", id]) => {
            list(Op::ListUserHierarchyGroups, id)
        }
        (&Method::GET, ["user-hierarchy-structure", id]) => {
            list(Op::DescribeUserHierarchyStructure, id)
        }
        _ => return None,
    };
    Some(match instance {
        None => Input::Search(SearchRequest { operation, region, body: body.to_vec() }),
        Some(id) => Input::List(ListRequest {
            operation,
            instance_id: (*id).to_owned(),
            region,
            parameters: parameters(parts.uri.query().unwrap_or_default()),
        }),
    })
}

/// The Region that the request is signed for.
fn region(parts: &Parts) -> Option<&str> {
    signed_region(parts.headers.get(AUTHORIZATION)?.to_str().ok()?)
}

impl Input<'_> {
    fn operation(&self) -> Operation {
        match self {
            Self::Metrics(_) => Operation::GetMetricDataV2,
            Self::List(request) => request.operation,
            Self::Search(request) => request.operation,
            Self::Send(_) => Operation::SendEmail,
        }
    }

    /// The body, where there is one.
    fn body(&self) -> &[u8] {
        match self {
            Self::List(_) => &[],
            Self::Search(request) => &request.body,
            Self::Metrics(body) | Self::Send(body) => body,
        }
    }

    /// Says that the instance that it names is another Region's than the one that the request was signed
    /// for, or is not the only one that there is. A list names the id alone, and so no account.
    fn is_elsewhere(&self, region: &str, only: Option<&Instance>) -> bool {
        let body = self.as_json();
        let is_of = |instance: &Instance| region.is_empty() || region == instance.region();
        match self {
            Self::Send(_) => false,
            Self::Metrics(_) => {
                let named = body["ResourceArn"].as_str().and_then(|arn| arn.parse().ok());
                named.is_some_and(|named| !is_of(&named) || only.is_some_and(|only| *only != named))
            }
            Self::List(_) | Self::Search(_) => {
                let id = body["InstanceId"].as_str();
                only.zip(id).is_some_and(|(only, id)| !is_of(only) || id != only.id())
            }
        }
    }

    /// The permissions that IAM would check, of a request that was signed for a Region.
    fn accesses(&self, region: &str) -> Vec<Access> {
        match self {
            Self::Metrics(_) => access::of_figures(&self.as_json()),
            Self::List(request) => access::of_list(request),
            Self::Search(request) => access::of_search(request),
            Self::Send(_) => access::of_message(&self.as_json(), region),
        }
    }

    fn as_json(&self) -> Value {
        match (self, self.body()) {
            (Self::List(request), _) => request.as_json(),
            (_, []) => Value::Null,
            (_, body) => serde_json::from_slice(body)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(body))),
        }
    }

    /// Tells whether it asks for no later page than the first.
    fn is_first_page(&self) -> bool {
        let body = self.as_json();
        ["NextToken", "nextToken"].iter().all(|name| body[*name].is_null())
    }

    fn carry_out(&self, state: &State) -> Result<Value, Refusal> {
        match self {
            Self::Metrics(body) => metric_data::metric_data(&state.account, body),
            Self::List(request) => lists::list(&state.account, request),
            Self::Search(request) => searches::search(&state.account, request),
            Self::Send(body) => ses::send_email(&state.account, body),
        }
    }

    /// Without its token, so that its answer is the first page.
    fn first_page(&self, state: &State) -> Result<Value, Refusal> {
        match self {
            Self::Metrics(body) => {
                let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
                if let Some(members) = value.as_object_mut() {
                    members.remove("NextToken");
                }
                metric_data::metric_data(&state.account, value.to_string().as_bytes())
            }
            Self::List(request) => {
                let mut parameters = request.parameters.clone();
                parameters.retain(|(name, _)| name != "nextToken");
                let request = ListRequest {
                    operation: request.operation,
                    instance_id: request.instance_id.clone(),
                    region: request.region.clone(),
                    parameters,
                };
                lists::list(&state.account, &request)
            }
            Self::Search(request) => searches::search(&state.account, &request.first_page()),
            Self::Send(_) => self.carry_out(state),
        }
    }

    /// Carries out the operation and spoils the answer.
    fn spoilt(&self, state: &State, fault: Fault) -> Result<Value, Refusal> {
        let mut answer = self.carry_out(state)?;
        match (self, fault) {
            (_, Fault::MissingMember) => bad_answers::leave_out_member(&mut answer),
            (Self::Metrics(request), _) => {
                bad_answers::spoil(&state.account, request, fault, &mut answer)
            }
            _ => {}
        }
        Ok(answer)
    }
}

/// Records a request, and tells whether the account's rates let it through. IAM is not asked about an
/// instance that does not exist.
fn admit(state: &State, region: &str, input: &Input<'_>, is_elsewhere: bool) -> bool {
    let operation = input.operation();
    let at = Instant::now();
    let buckets = state.buckets.as_ref();
    let throttled = buckets.is_some_and(|buckets| !lock(buckets).take(region, operation, at));
    let accesses = if is_elsewhere { Vec::new() } else { input.accesses(region) };
    let body = input.as_json();
    lock(&state.calls).push(Call { operation, body, accesses, at, throttled });
    state.called.notify_waiters();
    !throttled
}

/// Carries out an operation, with the fault that it has been told to have.
async fn operate(state: &State, region: &str, input: &Input<'_>) -> Result<Answer, Closed> {
    let operation = input.operation();
    let is_elsewhere = input.is_elsewhere(region, state.instance.as_ref());
    let is_admitted = admit(state, region, input, is_elsewhere);
    if !state.latency.is_zero() {
        tokio::time::sleep(state.latency).await;
    }
    if !is_admitted {
        return Ok(refused(state, &Refusal::throttled(operation)));
    }
    if is_elsewhere {
        return Ok(refused(state, &Refusal::elsewhere()));
    }
    let fault = lock(&state.faults).take(operation, input.is_first_page());
    let result = match fault {
        Some(Fault::Throttled) => Err(Refusal::throttled(operation)),
        Some(Fault::ServerError) => Err(Refusal::server_error(operation)),
        Some(Fault::ServerErrorAfter) => {
            input.carry_out(state).and(Err(Refusal::server_error(operation)))
        }
        Some(Fault::Unavailable) => Err(Refusal::unavailable()),
        Some(Fault::Denied) => Err(Refusal::denied(operation)),
        Some(Fault::QuotaExceeded) => Err(Refusal::quota_exceeded()),
        Some(Fault::SendingPaused) => Err(Refusal::sending_paused()),
        Some(Fault::ExpiredToken) => Err(Refusal::expired_token()),
        Some(Fault::Rejected) => Err(Refusal::rejected(&match input {
            Input::Send(body) => ses::sender(body),
            _ => "(unknown)".to_owned(),
        })),
        Some(Fault::Dropped) => return Err(Closed),
        Some(Fault::Silent) => std::future::pending().await,
        Some(Fault::Held) => {
            wait_while_held(state, operation).await;
            input.carry_out(state)
        }
        Some(Fault::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            input.carry_out(state)
        }
        Some(Fault::RepeatedToken) => input.first_page(state).map(|mut answer| {
            if operation.has_pages() {
                answer["NextToken"] = json!("AAMA0000000000000000again");
            }
            answer
        }),
        Some(Fault::BrokenJson | Fault::DroppedAfter | Fault::EmptyAnswer) | None => {
            input.carry_out(state)
        }
        Some(spoiling) => input.spoilt(state, spoiling),
    };
    match (fault, result) {
        (Some(Fault::DroppedAfter), _) => Err(Closed),
        (_, Err(refusal)) => Ok(refused(state, &refusal)),
        (Some(Fault::BrokenJson), Ok(answer)) => {
            let mut text = answer.to_string().into_bytes();
            text.truncate(text.len() / 2);
            Ok(reply(state, 200, "application/json", text))
        }
        (Some(Fault::EmptyAnswer), Ok(_)) => Ok(reply(state, 200, "application/json", Vec::new())),
        (_, Ok(answer)) => Ok(json_reply(state, &answer)),
    }
}

/// Waits until the requests of an operation are held no more.
async fn wait_while_held(state: &State, operation: Operation) {
    loop {
        let held = lock(&state.faults).held(operation);
        let Some(mut changes) = held else { return };
        // The faults live as long as the state.
        let _ = changes.changed().await;
    }
}

fn json_reply(state: &State, body: &Value) -> Answer {
    reply(state, 200, "application/json", body.to_string().into_bytes())
}

fn refused(state: &State, refusal: &Refusal) -> Answer {
    tracing::info!(code = refusal.code, message = refusal.message, "refused");
    let body = refusal.body().to_string().into_bytes();
    let mut answer = reply(state, refusal.status, "application/json", body);
    answer.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(refusal.code));
    answer
}

fn reply(state: &State, status: u16, content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut answers = lock(&state.answers);
    *answers += 1;
    let id = mix(*answers, 0);
    let id = format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, *answers);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-amzn-requestid", id);
    }
    answer
}
