//! Lambda's Runtime API: hands events to the function under test and takes its answers.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::Response;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::http::{Answered, Asked, Server, answer};

/// The id of every request: a retry has that of the first attempt.
pub const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
/// The id of their traces, which comes in a header with more.
pub const TRACE_ID: &str = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700";

pub struct RuntimeApi {
    server: Server,
    events: UnboundedSender<Event>,
    answers: Mutex<UnboundedReceiver<Answer>>,
    #[allow(dead_code, reason = "the benches need it")]
    asked: Mutex<UnboundedReceiver<Instant>>,
}

struct Event {
    payload: Vec<u8>,
    deadline: SystemTime,
}

/// What the function posted.
#[derive(Debug)]
pub enum Answer {
    Response(Value),
    Error { kind: String, message: String },
}

struct Shared {
    events: Mutex<UnboundedReceiver<Event>>,
    answers: UnboundedSender<Answer>,
    asked: UnboundedSender<Instant>,
}

impl RuntimeApi {
    pub async fn start() -> Self {
        let (events, waiting) = unbounded_channel();
        let (given, answers) = unbounded_channel();
        let (asks, asked) = unbounded_channel();
        let shared = Arc::new(Shared { events: Mutex::new(waiting), answers: given, asked: asks });
        let server = Server::start(move |asked| {
            let shared = Arc::clone(&shared);
            async move { respond(&shared, asked).await }
        })
        .await;
        Self { server, events, answers: Mutex::new(answers), asked: Mutex::new(asked) }
    }

    /// When the function asked for its next event, one after the other.
    #[allow(dead_code, reason = "the benches need it")]
    pub async fn asked_for_next(&self) -> Instant {
        let mut asked = self.asked.lock().await;
        let next = tokio::time::timeout(Duration::from_secs(60), asked.recv()).await;
        next.expect("the function asks for an event").unwrap()
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// Hands an event to the function, with so much time until its deadline, and waits for what it
    /// posts.
    pub async fn invoke(&self, payload: impl Into<Vec<u8>>, time: Duration) -> Answer {
        self.invoke_until(payload, SystemTime::now() + time).await
    }

    /// Hands an event to the function, and does not wait for what becomes of it.
    pub fn hand_over(&self, payload: impl Into<Vec<u8>>, time: Duration) {
        let deadline = SystemTime::now() + time;
        self.events.send(Event { payload: payload.into(), deadline }).unwrap();
    }

    pub async fn invoke_until(&self, payload: impl Into<Vec<u8>>, deadline: SystemTime) -> Answer {
        self.events.send(Event { payload: payload.into(), deadline }).unwrap();
        let mut answers = self.answers.lock().await;
        let answer = tokio::time::timeout(Duration::from_secs(120), answers.recv()).await;
        answer.expect("the function posts an answer").unwrap()
    }
}

async fn respond(shared: &Shared, asked: Asked) -> Answered {
    let path = asked.path.strip_prefix("/2018-06-01/runtime/invocation/").unwrap();
    if path == "next" {
        // Nobody may care.
        let _ = shared.asked.send(Instant::now());
        // Lambda too lets the function wait here.
        let event = shared.events.lock().await.recv().await;
        return event.map_or_else(|| answer(500, "text/plain", "over"), hand_over);
    }
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let posted = match path.rsplit('/').next() {
        Some("response") => Answer::Response(body),
        _ => Answer::Error {
            kind: body["errorType"].as_str().unwrap_or_default().to_owned(),
            message: body["errorMessage"].as_str().unwrap_or_default().to_owned(),
        },
    };
    shared.answers.send(posted).unwrap();
    answer(202, "application/json", "{}")
}

fn hand_over(event: Event) -> Answered {
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
    Response::builder()
        // Lambda's own client for Python dies without it.
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", REQUEST_ID)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-2:123456789012:function:connect-reports",
        )
        .header(
            "lambda-runtime-trace-id",
            format!("Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1"),
        )
        .body(Full::new(event.payload.into()))
        .unwrap()
}
