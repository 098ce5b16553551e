//! The queue (Amazon SQS) by which runs are handed to other invocations.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};

use crate::error::{Code, Error, Stage, sdk};
use crate::retry::QUEUE_SEND;
use crate::settings::QueueUrl;

/// The action as IAM names it; `SendMessageBatch` needs no other.
const SEND_MESSAGE: &str = "sqs:SendMessage";

/// The number of messages that one call takes (`SendMessageBatch`, Entries).
const MAX_BATCH_SIZE: usize = 10;

/// The client of a queue.
#[derive(Clone, Debug)]
pub struct RunQueue {
    client: Client,
    url: QueueUrl,
}

impl RunQueue {
    /// The queue at this address, with the environment's Region and credentials.
    pub fn new(config: &SdkConfig, url: QueueUrl) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Puts messages into the queue, ten a call.
    ///
    /// # Errors
    /// The error of the first message that the queue did not take. Others may have been taken.
    pub async fn send(&self, messages: &[String]) -> Result<(), Error> {
        for batch in messages.chunks(MAX_BATCH_SIZE) {
            let mut left: Vec<SendMessageBatchRequestEntry> = batch_entries(batch)?;
            let mut attempt = 1;
            loop {
                let failed = self.send_batch(&left).await?;
                left.retain(|entry| failed.iter().any(|(id, _)| id == entry.id()));
                let Some((_, error)) = failed.into_iter().next() else { break };
                if !error.retryable || !QUEUE_SEND.allows_another(attempt) {
                    return Err(error);
                }
                tokio::time::sleep(QUEUE_SEND.pause_after(attempt)).await;
                attempt += 1;
            }
        }
        Ok(())
    }

    /// Makes one call, and returns the messages that the queue did not take, each with its error.
    async fn send_batch(
        &self,
        entries: &[SendMessageBatchRequestEntry],
    ) -> Result<Vec<(String, Error)>, Error> {
        let call = self.client.send_message_batch().queue_url(self.url.as_str());
        let answer = call.set_entries(Some(entries.to_vec())).send().await.map_err(|error| {
            let error = sdk::classify(SEND_MESSAGE, Stage::Plan, &error);
            match error.code {
                Code::NotFound | Code::ValidationError => {
                    Error { code: Code::ConfigurationError, ..error }.hint(
                        "CONNECT_REPORTS_QUEUE_URL must name a queue in the function's Region",
                    )
                }
                _ => error,
            }
        })?;
        // A message that the answer does not mention may be lost; one that comes twice does no harm.
        let taken: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
        let left = entries.iter().map(SendMessageBatchRequestEntry::id);
        let left = left.filter(|id| !taken.contains(id)).map(|id| {
            let refused = answer.failed().iter().find(|entry| entry.id() == id);
            (id.to_owned(), refused.map_or_else(unanswered_error, refusal_error))
        });
        Ok(left.collect())
    }
}

fn refusal_error(entry: &BatchResultErrorEntry) -> Error {
    let message = format!("{SEND_MESSAGE} was refused for a message: {}", entry.code());
    let error = Error::new(Code::ServiceError, Stage::Plan, message);
    if entry.sender_fault() { error } else { error.retryable() }
}

fn unanswered_error() -> Error {
    let message = format!("{SEND_MESSAGE} did not answer whether it took a message");
    Error::new(Code::BadResponse, Stage::Plan, message).retryable()
}

fn batch_entries(messages: &[String]) -> Result<Vec<SendMessageBatchRequestEntry>, Error> {
    let entries = messages.iter().enumerate().map(|(index, message)| {
        SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(message).build()
    });
    entries
        .collect::<Result<_, _>>()
        .map_err(|error| Error::new(Code::InternalError, Stage::Plan, error.to_string()))
}
