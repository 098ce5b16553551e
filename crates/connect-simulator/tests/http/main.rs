//! The simulator over HTTP, as plain clients see it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is its purpose"
)]

mod bad_answers;
mod mail;
mod rates;
mod sdk;
mod searches;

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connect_simulator::{
    Fault, Figure, Limits, MetricRequest, Operation, Options, Query, Rate, Rates, Simulator,
    SimulatorClock,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const INSTANCE: &str = "01234567-89ab-cdef-0123-456789abcdef";

/// An answer: the status, the head and the body.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends a request; an `Err` is a connection that closed without an answer.
async fn send(simulator: &Simulator, method: &str, path: &str, body: &[u8]) -> io::Result<Reply> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=A/20261123/us-west-2/connect/aws4_request\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), body].concat();
    let address = address(simulator);
    let exchange = move || -> io::Result<String> {
        let mut stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(&request)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = tokio::task::spawn_blocking(exchange).await.unwrap()?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Reply {
        status: head.get(9..12).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// Host and port.
fn address(simulator: &Simulator) -> String {
    simulator.url().trim_start_matches("http://").to_owned()
}

async fn started() -> Simulator {
    started_with(Options::awkward()).await
}

async fn started_with(options: Options) -> Simulator {
    let clock = SimulatorClock::At("2026-11-23T12:00:00Z".parse().unwrap());
    Simulator::start(Options { clock, ..options }).await.unwrap()
}

fn by_queue(simulator: &Simulator) -> Value {
    let queues: Vec<_> = simulator.centre().standard_queues().collect();
    let ids: Vec<_> = queues.iter().map(|queue| &queue.id).collect();
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
    json!({
        "ResourceArn": format!("arn:aws:connect:us-west-2:111122223333:instance/{INSTANCE}"),
        "StartTime": at("2026-11-19T00:00:00Z"),
        "EndTime": at("2026-11-20T00:00:00Z"),
        "Interval": { "IntervalPeriod": "DAY" },
        "Filters": [{ "FilterKey": "QUEUE", "FilterValues": ids }],
        "Groupings": ["QUEUE"],
        "Metrics": [
            { "Name": "CONTACTS_QUEUED" },
            { "Name": "AVG_HANDLE_TIME" },
            {
                "Name": "SERVICE_LEVEL",
                "Threshold": [{ "Comparison": "LT", "ThresholdValue": 20 }],
            },
        ],
    })
}

async fn metrics(simulator: &Simulator, body: &Value) -> Reply {
    let body = body.to_string();
    let reply = send(simulator, "POST", "/metrics/data", body.as_bytes()).await;
    reply.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_figures_are_the_figures_of_the_centre() {
    let simulator = started().await;
    let mut request = by_queue(&simulator);
    let mut rows = Vec::new();
    loop {
        let answer = metrics(&simulator, &request).await.json();
        let page = answer["MetricResults"].as_array().unwrap().clone();
        assert!((1..=5).contains(&page.len()));
        rows.extend(page);
        match answer.get("NextToken") {
            Some(token) => request["NextToken"] = token.clone(),
            None => break,
        }
    }
    let metrics = ["CONTACTS_QUEUED", "AVG_HANDLE_TIME"];
    let mut query = Query::total(
        "2026-11-19T00:00:00Z".parse().unwrap(),
        "2026-11-20T00:00:00Z".parse().unwrap(),
        metrics.iter().map(|name| MetricRequest::plain(name)).collect(),
    );
    query.groupings = vec!["QUEUE".to_owned()];
    let standard: Vec<_> = simulator.centre().standard_queues().collect();
    let expected: Vec<_> = simulator
        .centre()
        .figures(&query)
        .into_iter()
        .filter(|row| standard.iter().any(|queue| row.dimensions.get("QUEUE") == Some(&queue.id)))
        .collect();
    assert_eq!(rows.len(), expected.len());
    for row in &expected {
        let id = &row.dimensions["QUEUE"];
        let found = rows.iter().find(|found| found["Dimensions"]["QUEUE"] == **id);
        let found = found.unwrap();
        let arn = format!("arn:aws:connect:us-west-2:111122223333:instance/{INSTANCE}/queue/{id}");
        assert_eq!(found["Dimensions"]["QUEUE_ARN"], arn);
        assert_eq!(found["MetricInterval"]["Interval"], "DAY");
        for (name, figure) in metrics.iter().zip(&row.values) {
            let collections = found["Collections"].as_array().unwrap();
            let of = |collection: &&Value| collection["Metric"]["Name"] == *name;
            let value = &collections.iter().find(of).unwrap()["Value"];
            match figure {
                // serde_json reads decimals to the last digit but one.
                Figure::Number(number) => {
                    let error = value.as_f64().unwrap() - number;
                    assert!(error.abs() < 1e-9 * number.abs().max(1.0));
                }
                _ => assert!(value.is_null()),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_interval_and_grouping_a_row_has_only_collections() {
    let simulator = started().await;
    let mut request = by_queue(&simulator);
    for member in ["Interval", "Groupings"] {
        request.as_object_mut().unwrap().remove(member);
    }
    let answer = metrics(&simulator, &request).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("\"ThresholdValue\":20.0"), "{}", answer.body);
    let row = answer.json()["MetricResults"][0].clone();
    let members: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["Collections"]);
    let collections = row["Collections"].as_array().unwrap();
    let queued =
        collections.iter().find(|one| one["Metric"] == json!({ "Name": "CONTACTS_QUEUED" }));
    assert!(queued.unwrap()["Value"].is_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_another_request_is_refused() {
    let simulator = started().await;
    let mut request = by_queue(&simulator);
    let first = metrics(&simulator, &request).await.json();
    request["NextToken"] = first["NextToken"].clone();
    request["EndTime"] = json!(request["EndTime"].as_i64().unwrap() - 1);
    let answer = metrics(&simulator, &request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.head.contains("x-amzn-errortype: InvalidParameterException"));
    assert!(answer.head.contains("x-amzn-requestid: "));
    assert!(answer.json()["Message"].as_str().unwrap().contains("NextToken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_requests_are_explained() {
    let simulator = started().await;
    for (body, part) in [
        ("", "The body is empty"),
        ("  \n", "The body is empty"),
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("{\"StartTime\": \"noon\"}", "wrong type"),
    ] {
        let reply = send(&simulator, "POST", "/metrics/data", body.as_bytes()).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, 400);
        assert!(reply.head.contains("SerializationException"));
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{message}");
    }
    let unknown = send(&simulator, "GET", "/queues", b"").await.unwrap();
    assert_eq!(unknown.status, 404);
    assert!(unknown.head.contains("UnknownOperationException"));
    let about = send(&simulator, "GET", "/", b"").await.unwrap();
    assert!(about.json()["routes"].is_array());
    let large = vec![b' '; 1024 * 1024 + 1];
    let large = send(&simulator, "POST", "/metrics/data", &large).await;
    assert!(large.is_err() || large.unwrap().status == 413);
    assert_eq!(simulator.calls().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_and_leave_the_deleted_queue_out() {
    let simulator = started().await;
    for (path, member, count) in [
        ("queues-summary", "QueueSummaryList", 52),
        ("routing-profiles-summary", "RoutingProfileSummaryList", 6),
        ("users-summary", "UserSummaryList", 40),
        ("user-hierarchy-groups-summary", "UserHierarchyGroupSummaryList", 8),
    ] {
        let mut items = Vec::new();
        let mut parameters = "?maxResults=1000".to_owned();
        loop {
            let path = format!("/{path}/{INSTANCE}{parameters}");
            let answer = send(&simulator, "GET", &path, b"").await.unwrap().json();
            items.extend(answer[member].as_array().unwrap().clone());
            match answer["NextToken"].as_str() {
                Some(token) => parameters = format!("?maxResults=1000&nextToken={token}"),
                None => break,
            }
        }
        assert_eq!(items.len(), count, "{path}");
        let arn = items[0]["Arn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:connect:us-west-2:123456789012:instance/0123"));
    }
    let path = format!("/queues-summary/{INSTANCE}?queueTypes=STANDARD&maxResults=3");
    let answer = send(&simulator, "GET", &path, b"").await.unwrap().json();
    let page = answer["QueueSummaryList"].as_array().unwrap();
    assert_eq!((page.len(), &page[0]["Name"]), (3, &json!("Sales")));
    let call = simulator.calls().pop().unwrap();
    assert_eq!(call.operation, Operation::ListQueues);
    assert_eq!(call.body["queueTypes"], json!(["STANDARD"]));
    for wrong in ["?maxResults=0", "?queueTypes=ALL", "?nextToken=x"] {
        let path = format!("/queues-summary/{INSTANCE}{wrong}");
        let answer = send(&simulator, "GET", &path, b"").await.unwrap();
        assert_eq!(answer.status, 400);
    }
    let answer = send(&simulator, "GET", "/users-summary/x", b"").await;
    assert_eq!(answer.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_those_of_the_options() {
    let limits = Limits { filter_values: 3, ..Limits::CURRENT };
    let simulator = started_with(Options { limits, ..Options::awkward() }).await;
    let mut request = by_queue(&simulator);
    let refused = metrics(&simulator, &request).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["Message"].as_str().unwrap().contains("1 to 3 values"));
    let values = request["Filters"][0]["FilterValues"].as_array_mut().unwrap();
    values.truncate(3);
    assert_eq!(metrics(&simulator, &request).await.status, 200);
    let limits = Limits::FIRST_VERSION;
    let first = started_with(Options { limits, ..Options::awkward() }).await;
    let refused = metrics(&first, &request).await;
    assert!(refused.json()["Message"].as_str().unwrap().contains("no Interval"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_by_hierarchy_level_have_groups_with_their_arns() {
    let simulator = started_with(Options { page_size: 100, ..Options::awkward() }).await;
    let mut request = by_queue(&simulator);
    request["Groupings"] = json!(["AGENT_HIERARCHY_LEVEL_ONE"]);
    request["Metrics"] = json!([{ "Name": "CONTACTS_HANDLED" }, { "Name": "CONTACTS_QUEUED" }]);
    let rows = metrics(&simulator, &request).await.json()["MetricResults"].clone();
    let rows = rows.as_array().unwrap();
    let groups = &simulator.centre().hierarchy().groups;
    let dimensions: Vec<_> = rows.iter().map(|row| &row["Dimensions"]).collect();
    for region in &groups[..2] {
        let found = dimensions.iter().find(|d| d["AGENT_HIERARCHY_LEVEL_ONE"] == *region.id);
        let arn = found.unwrap()["AGENT_HIERARCHY_LEVEL_ONE_ARN"].as_str().unwrap();
        assert!(arn.ends_with(&format!("{INSTANCE}/agent-group/{}", region.id)), "{arn}");
    }
    // Contacts without an agent, and those of an agent without group.
    assert_eq!(dimensions.iter().filter(|d| ***d == json!({})).count(), 1);
    assert_eq!(rows.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_happen_as_set() {
    let simulator = started().await;
    let request = by_queue(&simulator);
    let operation = Operation::GetMetricDataV2;
    for (fault, status, code) in [
        ("throttled", 429, "ThrottlingException"),
        ("server-error", 500, "InternalServiceException"),
        ("server-error-after", 500, "InternalServiceException"),
        ("unavailable", 503, "ServiceUnavailable"),
        ("denied", 403, "AccessDeniedException"),
    ] {
        let told = json!({ "fault": fault, "times": 1 }).to_string();
        let path = "/faults/GetMetricDataV2";
        let reply = send(&simulator, "PUT", path, told.as_bytes()).await;
        assert_eq!(reply.unwrap().status, 200);
        let reply = metrics(&simulator, &request).await;
        assert_eq!(reply.status, status);
        assert!(reply.head.contains(code), "{}", reply.head);
        assert_eq!(metrics(&simulator, &request).await.status, 200);
    }
    simulator.misbehave(operation, Fault::BrokenJson, Some(1));
    let broken = metrics(&simulator, &request).await;
    assert!(broken.status == 200 && serde_json::from_str::<Value>(&broken.body).is_err());
    simulator.misbehave(operation, Fault::RepeatedToken, None);
    let first = metrics(&simulator, &request).await.json();
    let mut next = request.clone();
    next["NextToken"] = first["NextToken"].clone();
    assert_eq!(metrics(&simulator, &next).await.json(), first);
    simulator.misbehave(operation, Fault::Dropped, None);
    let body = request.to_string();
    let dropped = send(&simulator, "POST", "/metrics/data", body.as_bytes()).await;
    assert!(dropped.is_err());
    simulator.behave();
    assert_eq!(metrics(&simulator, &request).await.status, 200);
    for wrong in ["{}", "{\"fault\": \"slow\"}", "{\"fault\": \"hungry\"}"] {
        let reply = send(&simulator, "PUT", "/faults/ListUsers", wrong.as_bytes()).await;
        assert_eq!(reply.unwrap().status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_answer_never_comes_and_a_slow_one_does() {
    let simulator = started().await;
    let operation = Operation::ListUsers;
    let path = format!("/users-summary/{INSTANCE}");
    simulator.misbehave(operation, Fault::Slow(Duration::from_millis(1)), Some(1));
    assert_eq!(send(&simulator, "GET", &path, b"").await.unwrap().status, 200);
    simulator.misbehave(operation, Fault::Silent, Some(1));
    let silent = send(&simulator, "GET", &path, b"");
    let others = async {
        // The fault is used up by the request that waits, and others are answered meanwhile.
        while !simulator.calls().iter().any(|call| call.operation == operation) {
            tokio::task::yield_now().await;
        }
        for _ in 0..20 {
            send(&simulator, "GET", "/", b"").await.unwrap();
        }
    };
    tokio::select! {
        _ = silent => panic!("the silent request was answered"),
        () = others => {}
    }
}

/// A held request waits until its fault is replaced or all are cleared, whatever the faults of other operations.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_answer_comes_when_the_fault_is_over() {
    let simulator = started().await;
    let operation = Operation::ListUsers;
    let path = format!("/users-summary/{INSTANCE}");
    for (times, is_forgotten) in [(None, true), (Some(1), true), (None, false)] {
        simulator.misbehave(operation, Fault::Held, times);
        let before = simulator.calls().len();
        let answered = AtomicBool::new(false);
        let held = async {
            let reply = send(&simulator, "GET", &path, b"").await.unwrap();
            answered.store(true, Ordering::SeqCst);
            reply
        };
        let others = async {
            simulator.has_called(operation, before + 1).await;
            simulator.misbehave(Operation::ListQueues, Fault::Denied, None);
            for _ in 0..20 {
                send(&simulator, "GET", "/", b"").await.unwrap();
            }
            assert!(!answered.load(Ordering::SeqCst), "it is held");
            if is_forgotten {
                simulator.behave();
            } else {
                simulator.misbehave(operation, Fault::Denied, Some(0));
            }
        };
        let (reply, ()) = tokio::join!(held, others);
        assert_eq!(reply.status, 200, "it is done then");
    }
    assert_eq!(send(&simulator, "GET", &path, b"").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_stops_when_dropped() {
    let simulator = started().await;
    let address = address(&simulator);
    drop(simulator);
    // The listener's task ends at its next turn.
    while TcpStream::connect(&address).is_ok() {
        tokio::task::yield_now().await;
    }
}
