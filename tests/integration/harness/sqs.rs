//! As much of SQS as fan-out takes: `SendMessageBatch`, `ReceiveMessage` with a visibility timeout and
//! long polling, `DeleteMessage`. A message is handed out again unless it was deleted in time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_simulator::Access;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::http::{Answered, Asked, Server, answer};

pub struct Sqs {
    server: Server,
    queue: Arc<Mutex<Queue>>,
}

struct Queue {
    visibility: Duration,
    messages: Vec<Kept>,
    sent: usize,
    refusals: usize,
    /// What IAM would check of those who send.
    accesses: Vec<Access>,
}

struct Kept {
    id: String,
    body: String,
    visible_at: Instant,
    receipts: usize,
}

/// How long one call waits for a message at most.
const LONG_POLL: Duration = Duration::from_secs(20);

impl Sqs {
    /// A queue `runs` that hands a message out again after this long.
    pub async fn start(visibility: Duration) -> Self {
        let queue =
            Queue { visibility, messages: Vec::new(), sent: 0, refusals: 0, accesses: Vec::new() };
        let queue = Arc::new(Mutex::new(queue));
        let kept = Arc::clone(&queue);
        let server = Server::start(move |asked| {
            let kept = Arc::clone(&kept);
            async move { respond(&kept, &asked).await }
        })
        .await;
        Self { server, queue }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The URL of the queue itself.
    pub fn queue_url(&self) -> String {
        format!("{}/123456789012/runs", self.url())
    }

    /// The bodies of the messages that have not been deleted.
    pub fn bodies(&self) -> Vec<Value> {
        let queue = self.queue.lock().unwrap();
        queue.messages.iter().map(|kept| serde_json::from_str(&kept.body).unwrap()).collect()
    }

    /// What IAM would check of those who have sent messages so far.
    pub fn accesses(&self) -> Vec<Access> {
        self.queue.lock().unwrap().accesses.clone()
    }

    /// The next so many entries of batches are refused, as in a moment of too much load.
    pub fn refuse(&self, entries: usize) {
        self.queue.lock().unwrap().refusals = entries;
    }
}

async fn respond(queue: &Mutex<Queue>, asked: &Asked) -> Answered {
    let target = asked.headers["x-amz-target"].to_str().unwrap();
    let input: Value = serde_json::from_slice(&asked.body).unwrap();
    let url = input["QueueUrl"].as_str().unwrap();
    let [name, account] = url.rsplit('/').take(2).collect::<Vec<_>>().try_into().unwrap();
    let resource = format!("arn:aws:sqs:eu-west-2:{account}:{name}");
    let body = match target.strip_prefix("AmazonSQS.").unwrap() {
        "SendMessageBatch" => {
            let mut queue = queue.lock().unwrap();
            queue.accesses.push(Access { action: "sqs:SendMessage", resource, from: None });
            queue.take_in(&input)
        }
        "ReceiveMessage" => receive(queue, &input).await,
        "DeleteMessage" => {
            let handle = input["ReceiptHandle"].as_str().unwrap();
            queue.lock().unwrap().messages.retain(|kept| kept.handle() != handle);
            json!({})
        }
        other => panic!("{other}"),
    };
    answer(200, "application/x-amz-json-1.0", body.to_string())
}

async fn receive(queue: &Mutex<Queue>, input: &Value) -> Value {
    let count = input["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize;
    let waiting = async {
        loop {
            let (messages, next) = queue.lock().unwrap().hand_out(count);
            match (messages.is_empty(), next) {
                (true, Some(next)) => tokio::time::sleep_until(next).await,
                _ => return messages,
            }
        }
    };
    let messages = timeout(LONG_POLL, waiting).await.unwrap_or_default();
    json!({"Messages": messages})
}

impl Queue {
    fn take_in(&mut self, input: &Value) -> Value {
        let entries = input["Entries"].as_array().unwrap();
        assert!((1..=10).contains(&entries.len()), "SendMessageBatch, Entries");
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let (id, body) = (&entry["Id"], entry["MessageBody"].as_str().unwrap());
            if self.refusals > 0 {
                self.refusals -= 1;
                failed.push(json!({"Id": id, "SenderFault": false, "Code": "InternalError"}));
                continue;
            }
            self.sent += 1;
            let message = format!("00000000-0000-4000-8000-{:012}", self.sent);
            successful.push(json!({"Id": id, "MessageId": message, "MD5OfMessageBody": ""}));
            let (body, visible_at) = (body.to_owned(), Instant::now());
            self.messages.push(Kept { id: message, body, visible_at, receipts: 0 });
        }
        json!({"Successful": successful, "Failed": failed})
    }

    /// The next messages; where none is to be seen, when one will be.
    fn hand_out(&mut self, count: usize) -> (Vec<Value>, Option<Instant>) {
        let now = Instant::now();
        let mut messages = Vec::new();
        for kept in self.messages.iter_mut().filter(|kept| kept.visible_at <= now).take(count) {
            kept.visible_at = now + self.visibility;
            kept.receipts += 1;
            messages.push(json!({
                "MessageId": kept.id, "ReceiptHandle": kept.handle(), "Body": kept.body,
                "Attributes": {"SentTimestamp": "1743404400000"},
            }));
        }
        (messages, self.messages.iter().map(|kept| kept.visible_at).min())
    }
}

impl Kept {
    fn handle(&self) -> String {
        format!("{}/{}", self.id, self.receipts)
    }
}
