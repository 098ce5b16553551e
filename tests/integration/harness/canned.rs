//! A service that answers what a test puts into its mouth, request after request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::http::{Server, answer};

/// The service; the last answer is repeated for ever.
pub struct Canned {
    server: Server,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Canned {
    pub async fn start(answers: impl IntoIterator<Item = Value>) -> Self {
        let answers: Arc<Mutex<VecDeque<Value>>> =
            Arc::new(Mutex::new(answers.into_iter().collect()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = Server::start(move |request| {
            log.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap_or_default());
            let mut answers = answers.lock().unwrap();
            let body = match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().unwrap(),
            };
            async move { answer(200, "application/json", body.to_string()) }
        })
        .await;
        Self { server, asked }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The bodies of the requests so far.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}
