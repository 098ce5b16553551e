//! From the bytes of the service's answers to a table, on one core: how many rows a second, and how that
//! grows from a thousand rows to 192,000.
//!
//! The answers are the simulator's. They are asked for once and kept; what is measured is the client reading
//! them, their merging, and the table.
#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench that can't run has nothing to show, and shows what it has on the screen"
)]

mod case;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use aws_config::SdkConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use hyper::body::Bytes;

use case::{Case, TWO_DAYS, centre, client, hourly, sdk};

/// How often each size is measured.
const TIMES: usize = 5;

fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    println!("from bytes to a table, on one core, medians of {TIMES}");
    println!("{:>10} {:>8} {:>10} {:>12}", "rows", "pages", "ms", "rows/s");
    let mut seen = Vec::new();
    // How many queues, by channel and hour over two days.
    for queues in [12, 40, 150, 440, 880, 1_780] {
        let simulator = centre(queues).await;
        let config =
            sdk(&simulator.url()).await.into_builder().http_client(Kept::default()).build();
        let mut case = Case::planned(&hourly("[]"), Some(TWO_DAYS), &config).await;
        // Has all answers kept.
        table_of(&mut case, &config).await;
        let mut taken = Vec::new();
        let (mut rows, mut pages) = (0, 0);
        for _ in 0..TIMES {
            let began = Instant::now();
            (rows, pages) = table_of(&mut case, &config).await;
            taken.push(began.elapsed().as_secs_f64());
        }
        taken.sort_by(f64::total_cmp);
        let median = taken[TIMES / 2];
        println!("{rows:>10} {pages:>8} {:>10.1} {:>12.0}", median * 1e3, rows as f64 / median);
        seen.push((rows as f64, median));
    }
    let (slope, start, explained) = line(&seen);
    let logs: Vec<_> = seen.iter().map(|(rows, taken)| (rows.ln(), taken.ln())).collect();
    println!(
        "time = {:.2} ms + {:.2} µs a row (R² = {explained:.4}); it grows as rows to the power of {:.2}",
        start * 1e3,
        slope * 1e6,
        line(&logs).0,
    );
}

/// Asks for the figures and makes the table; returns how many rows came, and in how many pages.
async fn table_of(case: &mut Case, config: &SdkConfig) -> (usize, u32) {
    let client = client(config, &case.work.report);
    let mut answers = Vec::new();
    for request in &case.plan.requests {
        answers.push(client.figures(request, None).await.expect("an answer"));
    }
    let rows = answers.iter().map(|answer| answer.rows.len()).sum();
    let pages = answers.iter().map(|answer| answer.pages).sum();
    case.answers = answers;
    let merged = case.merged();
    case.answers.clear();
    let tables = case.tables(&merged);
    assert!(tables[0].rows.len() + 2 >= rows, "a table of them");
    (rows, pages)
}

/// The straight line through these points with the least squares: slope, where it starts, and how much of
/// the variance it explains.
fn line(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
    let slope = sum(&|p| (p.0 - x) * (p.1 - y)) / sum(&|p| (p.0 - x).powi(2));
    let start = y - slope * x;
    let left = sum(&|p| (p.1 - start - slope * p.0).powi(2));
    (slope, start, 1.0 - left / sum(&|p| (p.1 - y).powi(2)))
}

/// Asks each question once, and answers it from memory when it comes again.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<HashMap<Question, Bytes>>>);

/// The address of a question, and its body.
type Question = (String, Vec<u8>);

impl HttpClient for Kept {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let network = Builder::new().build_http().http_connector(settings, components);
        SharedHttpConnector::new(Line { kept: self.clone(), network })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        None
    }
}

#[derive(Debug)]
struct Line {
    kept: Kept,
    network: SharedHttpConnector,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("a body in memory").to_vec();
        let (kept, key) = (self.kept.clone(), (request.uri().to_owned(), body));
        if let Some(answer) = kept.0.lock().expect("no panic before").get(&key) {
            let answer = HttpResponse::new(
                StatusCode::try_from(200).expect("a status"),
                answer.clone().into(),
            );
            return HttpConnectorFuture::ready(Ok(answer));
        }
        let asked = self.network.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = asked.await?;
            let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
            let body = body.collect().await.expect("a body").to_bytes();
            kept.0.lock().expect("no panic before").insert(key, body.clone());
            *answer.body_mut() = body.into();
            Ok(answer)
        })
    }
}
