//! Routes of requests: the operations of Connect and SES under their own paths, and the simulator's own
//! routes beside them.
//!
//! Every operation goes the same way: it is recorded, checked against the account's rates, and carried out with
//! the fault that was set for it.

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
use crate::control::own_routes::{Controls, RouteBody, own_route};
use crate::random::mix;
use crate::state::{Call, ServerState};
use crate::sync::lock;
use crate::url::{parameters, percent_decoded};

/// The end of a connection that is closed without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("closed without an answer, as told")
    }
}

impl std::error::Error for Closed {}

type HttpResponse = Response<Full<Bytes>>;

/// The most bytes of a body. SES takes messages of 40 MB, which are a third longer in Base64.
const MAX_SES_BODY: usize = 60 * 1024 * 1024;
const MAX_BODY: usize = 1024 * 1024;

/// Answers one request.
pub(crate) async fn answer(
    state: &Arc<ServerState>,
    request: Request<Incoming>,
) -> Result<HttpResponse, Closed> {
    let (parts, body) = request.into_parts();
    let path: Vec<String> =
        parts.uri.path().trim_matches('/').split('/').map(percent_decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let limit = if path.first() == Some(&"v2") { MAX_SES_BODY } else { MAX_BODY };
    let Ok(body) = Limited::new(body, limit).collect().await else {
        let text = format!("The body could not be read, or has more than {limit} bytes.");
        let refusal = Refusal::new(413, "RequestEntityTooLargeException", text);
        return Ok(refusal_response(state, &refusal));
    };
    let body = body.to_bytes();
    tracing::info!(method = %parts.method, uri = %parts.uri, "request");
    match parse_request(&parts, &path, &body) {
        Some(input) => carry_out(state, region_of(&parts).unwrap_or_default(), &input).await,
        None => {
            let controls = Controls { messages: &state.account.messages, faults: &state.faults };
            Ok(match own_route(&controls, &parts.method, &path, &body) {
                Ok(RouteBody::Json(body)) => json_response(state, &body),
                Ok(RouteBody::Message(raw)) => response(state, 200, "message/rfc822", raw),
                Err(refusal) => refusal_response(state, &refusal),
            })
        }
    }
}

/// A request to an operation of AWS.
enum AwsRequest<'a> {
    Metrics(&'a [u8]),
    List(ListRequest),
    Search(SearchRequest),
    Send(&'a [u8]),
}

fn parse_request<'a>(parts: &Parts, path: &[&str], body: &'a [u8]) -> Option<AwsRequest<'a>> {
    use Operation as Op;
    let region = region_of(parts).map(str::to_owned);
    let (operation, instance) = match (&parts.method, path) {
        (&Method::POST, ["metrics", "data"]) => return Some(AwsRequest::Metrics(body)),
        (&Method::POST, ["v2", "email", "outbound-emails"]) => return Some(AwsRequest::Send(body)),
        (&Method::POST, ["search-queues"]) => (Op::SearchQueues, None),
        (&Method::POST, ["search-users"]) => (Op::SearchUsers, None),
        (&Method::POST, ["search-user-hierarchy-groups"]) => (Op::SearchUserHierarchyGroups, None),
        (&Method::GET, ["queues-summary", id]) => (Op::ListQueues, Some(id)),
        (&Method::GET, ["routing-profiles-summary", id]) => (Op::ListRoutingProfiles, Some(id)),
        (&Method::GET, ["users-summary", id]) => (Op::ListUsers, Some(id)),
        (&Method::GET, ["user-hierarchy-groups-summary", id]) => {
            (Op::ListUserHierarchyGroups, Some(id))
        }
        (&Method::GET, ["user-hierarchy-structure", id]) => {
            (Op::DescribeUserHierarchyStructure, Some(id))
        }
        _ => return None,
    };
    Some(match instance {
        None => AwsRequest::Search(SearchRequest { operation, region, body: body.to_vec() }),
        Some(id) => AwsRequest::List(ListRequest {
            operation,
            instance_id: (*id).to_owned(),
            region,
            parameters: parameters(parts.uri.query().unwrap_or_default()),
        }),
    })
}

/// The Region for which a request is signed.
fn region_of(parts: &Parts) -> Option<&str> {
    signed_region(parts.headers.get(AUTHORIZATION)?.to_str().ok()?)
}

impl AwsRequest<'_> {
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

    /// True where the named instance is in another Region than the request is signed for, or is not the only
    /// instance. A list names only the id, and so no account.
    fn is_elsewhere(&self, region: &str, only: Option<&Instance>) -> bool {
        let body = self.as_json();
        match self {
            Self::Send(_) => false,
            Self::Metrics(_) => {
                let named = body["ResourceArn"].as_str().and_then(|arn| arn.parse().ok());
                named.is_some_and(|named| {
                    !is_in_region(&named, region) || only.is_some_and(|only| *only != named)
                })
            }
            Self::List(_) | Self::Search(_) => {
                let id = body["InstanceId"].as_str();
                only.zip(id)
                    .is_some_and(|(only, id)| !is_in_region(only, region) || id != only.id())
            }
        }
    }

    /// The permissions that IAM would check for a request that is signed for this Region.
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

    /// True for a request for the first page.
    fn is_first_page(&self) -> bool {
        let body = self.as_json();
        ["NextToken", "nextToken"].iter().all(|name| body[*name].is_null())
    }

    fn carry_out(&self, state: &ServerState) -> Result<Value, Refusal> {
        match self {
            Self::Metrics(body) => metric_data::answer_metric_data(&state.account, body),
            Self::List(request) => lists::answer_list(&state.account, request),
            Self::Search(request) => searches::answer_search(&state.account, request),
            Self::Send(body) => ses::send_email(&state.account, body),
        }
    }

    /// Carries out the request without its token, so that the answer is the first page.
    fn first_page(&self, state: &ServerState) -> Result<Value, Refusal> {
        match self {
            Self::Metrics(body) => {
                let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
                if let Some(members) = value.as_object_mut() {
                    members.remove("NextToken");
                }
                metric_data::answer_metric_data(&state.account, value.to_string().as_bytes())
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
                lists::answer_list(&state.account, &request)
            }
            Self::Search(request) => searches::answer_search(&state.account, &request.first_page()),
            Self::Send(_) => self.carry_out(state),
        }
    }

    /// Carries out the operation and spoils the answer.
    fn carry_out_spoilt(&self, state: &ServerState, fault: Fault) -> Result<Value, Refusal> {
        let mut answer = self.carry_out(state)?;
        match (self, fault) {
            (_, Fault::MissingMember) => bad_answers::leave_out_member(&mut answer),
            (Self::Metrics(request), _) => {
                bad_answers::spoil_answer(&state.account, request, fault, &mut answer)
            }
            _ => {}
        }
        Ok(answer)
    }
}

/// True for an instance of this Region; a request that is not signed names no Region.
fn is_in_region(instance: &Instance, region: &str) -> bool {
    region.is_empty() || region == instance.region()
}

/// Records a request, and tells whether the account's rates let it through. IAM does not check requests for an
/// instance that does not exist.
fn admit(state: &ServerState, region: &str, input: &AwsRequest<'_>, is_elsewhere: bool) -> bool {
    let operation = input.operation();
    let at = Instant::now();
    let buckets = state.buckets.as_ref();
    let throttled = buckets.is_some_and(|buckets| !lock(buckets).take_token(region, operation, at));
    let accesses = if is_elsewhere { Vec::new() } else { input.accesses(region) };
    let body = input.as_json();
    lock(&state.calls).push(Call { operation, body, accesses, at, throttled });
    state.called.notify_waiters();
    !throttled
}

/// Carries out an operation, with the fault that was set for it.
async fn carry_out(
    state: &ServerState,
    region: &str,
    input: &AwsRequest<'_>,
) -> Result<HttpResponse, Closed> {
    let operation = input.operation();
    let is_elsewhere = input.is_elsewhere(region, state.instance.as_ref());
    let is_admitted = admit(state, region, input, is_elsewhere);
    if !state.latency.is_zero() {
        tokio::time::sleep(state.latency).await;
    }
    if !is_admitted {
        return Ok(refusal_response(state, &Refusal::throttled(operation)));
    }
    if is_elsewhere {
        return Ok(refusal_response(state, &Refusal::elsewhere()));
    }
    let fault = lock(&state.faults).next_fault(operation, input.is_first_page());
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
            AwsRequest::Send(body) => ses::sender_of(body),
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
        Some(spoiling) => input.carry_out_spoilt(state, spoiling),
    };
    match (fault, result) {
        (Some(Fault::DroppedAfter), _) => Err(Closed),
        (_, Err(refusal)) => Ok(refusal_response(state, &refusal)),
        (Some(Fault::BrokenJson), Ok(answer)) => {
            let mut text = answer.to_string().into_bytes();
            text.truncate(text.len() / 2);
            Ok(response(state, 200, "application/json", text))
        }
        (Some(Fault::EmptyAnswer), Ok(_)) => {
            Ok(response(state, 200, "application/json", Vec::new()))
        }
        (_, Ok(answer)) => Ok(json_response(state, &answer)),
    }
}

/// Waits until the requests of an operation are no longer held.
async fn wait_while_held(state: &ServerState, operation: Operation) {
    loop {
        let held = lock(&state.faults).hold_changes(operation);
        let Some(mut changes) = held else { return };
        // The faults live as long as the state.
        let _ = changes.changed().await;
    }
}

fn json_response(state: &ServerState, body: &Value) -> HttpResponse {
    response(state, 200, "application/json", body.to_string().into_bytes())
}

fn refusal_response(state: &ServerState, refusal: &Refusal) -> HttpResponse {
    tracing::info!(code = refusal.code, message = refusal.message, "refused");
    let body = refusal.to_json().to_string().into_bytes();
    let mut answer = response(state, refusal.status, "application/json", body);
    answer.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(refusal.code));
    answer
}

fn response(
    state: &ServerState,
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
) -> HttpResponse {
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
