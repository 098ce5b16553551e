//! The queue that runs are put into, for other invocations to carry them out: Amazon SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};

use crate::error::{Code, Error, Stage, sdk};
use crate::retry::QUEUE_SEND;
use crate::settings::QueueUrl;

/// As IAM names the action; `SendMessageBatch` needs no other.
const OPERATION: &str = "sqs:SendMessage";

/// How many messages one call takes (`SendMessageBatch`, Entries).
const BATCH: usize = 10;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: QueueUrl,
}

impl Queue {
    /// The queue at this address; Region and credentials are the environment's.
    pub fn new(config: &SdkConfig, url: QueueUrl) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Puts messages into the queue, ten a call.
    ///
    /// # Errors
    /// Why one of them could not be put there; those before it may have been.
    pub async fn send(&self, messages: &[String]) -> Result<(), Error> {
        for batch in messages.chunks(BATCH) {
            let mut left: Vec<SendMessageBatchRequestEntry> = entries(batch)?;
            let mut attempt = 1;
            loop {
                let failed = self.send_batch(&left).await?;
                left.retain(|entry| failed.iter().any(|(id, _)| id == entry.id()));
                let Some((_, error)) = failed.into_iter().next() else { break };
                if !error.retryable || !QUEUE_SEND.allows_another(attempt) {
                    return Err(error);
                }
                tokio::time::sleep(QUEUE_SEND.pause(attempt)).await;
                attempt += 1;
            }
        }
        Ok(())
    }

    /// Makes one call, and answers which of its messages the queue did not take.
    async fn send_batch(
        &self,
        entries: &[SendMessageBatchRequestEntry],
    ) -> Result<Vec<(String, Error)>, Error> {
        let call = self.client.send_message_batch().queue_url(self.url.as_str());
        let answer = call.set_entries(Some(entries.to_vec())).send().await.map_err(|error| {
            let error = sdk::classify(OPERATION, Stage::Plan, &error);
            match error.code {
                Code::NotFound | Code::ValidationError => {
                    Error { code: Code::ConfigurationError, ..error }.hint(
                        "CONNECT_REPORTS_QUEUE_URL must name a queue in the function's Region",
                    )
                }
                _ => error,
            }
        })?;
        // Of which the answer says nothing may have been lost; one that is there twice does no harm.
        let taken: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
        let left = entries.iter().map(SendMessageBatchRequestEntry::id);
        let left = left.filter(|id| !taken.contains(id)).map(|id| {
            let refused = answer.failed().iter().find(|entry| entry.id() == id);
            (id.to_owned(), refused.map_or_else(not_told, refusal))
        });
        Ok(left.collect())
    }
}

fn refusal(entry: &BatchResultErrorEntry) -> Error {
    let message = format!("{OPERATION} was refused for a message: {}", entry.code());
    let error = Error::new(Code::ServiceError, Stage::Plan, message);
    if entry.sender_fault() { error } else { error.retryable() }
}

fn not_told() -> Error {
    let message = format!("{OPERATION} did not answer whether it took a message");
    Error::new(Code::BadResponse, Stage::Plan, message).retryable()
}

fn entries(messages: &[String]) -> Result<Vec<SendMessageBatchRequestEntry>, Error> {
    let entry = |(index, message): (usize, &String)| {
        SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(message).build()
    };
    let entries: Result<_, _> = messages.iter().enumerate().map(entry).collect();
    entries.map_err(|error| Error::new(Code::InternalError, Stage::Plan, error.to_string()))
}
