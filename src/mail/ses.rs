//! Sending through SES v2.
//!
//! SendEmail has no token that would make a second attempt harmless, so a send whose end is not
//! known is never tried again: not here, and not by a failed invocation. [`sdk::is_ambiguous`] has the
//! table of answers. SES has been seen to accept a mail and to answer `InternalFailure`, so only a code
//! that says otherwise makes an answer with status 5xx a refusal.
//!
//! One end that is not known is a sign that SES, or the way to it, is in trouble. Then nobody else is
//! sent to in the same invocation ([`Reach::Service`]), so that an outage leaves few ends unknown.

use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::Builder;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use tokio::time::Instant;

use crate::address::Mailbox;
use crate::concurrency::with_deadline;
use crate::error::{ASK_THE_RECIPIENT, Code, Error, Stage, sdk};
use crate::rate_limit::{Pacer, RateKey};
use crate::retry::{MAIL_SEND_TIME, RetryPolicy, SDK_ATTEMPTS, mail_sends, with_mail_jitter};
use crate::settings::{Aws, MailConnections};

const OPERATION: &str = "ses:SendRawEmail";

/// The most characters of a tag's value (SES API v2, `MessageTag`, `Value`).
const LONGEST_TAG: usize = 256;

/// The client of SES.
#[derive(Clone, Debug)]
pub struct Ses {
    client: Client,
    connections: Option<MailConnections>,
    pacer: Arc<Pacer>,
    policy: RetryPolicy,
}

/// The rest that SES is told of a mail.
#[derive(Clone, Debug, Default)]
pub struct SendOptions {
    /// The configuration set, whose events tell of bounces and complaints.
    pub configuration_set: Option<String>,
    /// Tags for these events, by name. SES takes 256 ASCII letters, digits, `-` and `_` as a value (SES API v2,
    /// `MessageTag`): in the place of other characters stands a hyphen, and what is more is left out. A tag
    /// without a value is none.
    pub tags: Vec<(&'static str, String)>,
}

/// A mail to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'m> {
    /// The sender.
    pub from: &'m Mailbox,
    /// The recipient.
    pub to: &'m Mailbox,
    /// Its bytes, as [`compose`](super::compose) writes them.
    pub content: &'m [u8],
    /// The rest that SES is told.
    pub options: &'m SendOptions,
}

/// A send that did not end in an acceptance.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The error; `DELIVERY_UNKNOWN` where SES may have taken the mail.
    pub error: Error,
    /// Which further mails would fare the same.
    pub reach: Reach,
}

/// Which mails a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This one.
    Message,
    /// All of its sender.
    Sender,
    /// All of the account.
    Account,
    /// All, until a later invocation: the end of this one is not known.
    Service,
}

impl Ses {
    /// The client; Region and credentials are the environment's. The pacer keeps the account's rate.
    pub fn new(aws: &Aws, pacer: Arc<Pacer>) -> Self {
        let calls = aws.config.retry_config().map_or(SDK_ATTEMPTS, RetryConfig::max_attempts);
        let policy = mail_sends(calls);
        let config =
            Builder::from(&aws.config).retry_config(RetryConfig::standard().with_max_attempts(1));
        let config = match &aws.mail_connections {
            Some(connections) => config.http_client(connections.clone()),
            None => config,
        };
        let connections = aws.mail_connections.clone();
        Self { client: Client::from_conf(config.build()), connections, pacer, policy }
    }

    /// Has an invocation use no connection of an earlier one: meanwhile the process may have stood still,
    /// and the other end, or what lies between, may have forgotten it.
    pub fn renew_connections(&self) {
        if let Some(connections) = &self.connections {
            connections.renew();
        }
    }

    /// Sends a mail to one recipient, and answers the message id that SES gave it.
    ///
    /// A refusal for the rate is tried again while there is time until `deadline`, as often as
    /// [`mail_sends`] says. Nothing else is.
    ///
    /// # Errors
    /// The reason why SES did not take it, or that this is not known.
    pub async fn send(&self, mail: Mail<'_>, deadline: Option<Instant>) -> Result<String, Refusal> {
        let request = self.request(mail)?;
        let mut attempt = 1;
        let mut last = None;
        let latest_start = deadline.map(|time| time.checked_sub(MAIL_SEND_TIME).unwrap_or(time));
        loop {
            let Some(paced) =
                self.pacer.wait_for_turn(&RateKey::messages(OPERATION), latest_start).await
            else {
                return Err(last.unwrap_or_else(no_turn));
            };
            // Only an attempt that is under way when time runs out has no known end.
            let error = match with_deadline(deadline, Box::pin(request.clone().send())).await {
                Some(Ok(answer)) => {
                    paced.note_answer();
                    return accepted(answer.message_id());
                }
                Some(Err(error)) => error,
                None => return Err(no_answer()),
            };
            let ambiguous = sdk::is_ambiguous(&error);
            let refused = refusal(sdk::classify(OPERATION, Stage::Deliver, &error), ambiguous);
            let pause = with_mail_jitter(self.policy.pause_after(attempt), fastrand::u32(0..100));
            let ready = Instant::now() + pause + MAIL_SEND_TIME;
            let in_time = deadline.is_none_or(|deadline| ready < deadline);
            let again = sdk::is_throttled(&error) && !ambiguous && refused.reach == Reach::Message;
            if sdk::is_throttled(&error) {
                paced.note_throttle();
            }
            if !again || !self.policy.allows_another(attempt) || !in_time {
                return Err(refused);
            }
            last = Some(refused);
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }
}

impl Ses {
    /// The request that sends a mail.
    fn request(&self, mail: Mail<'_>) -> Result<SendEmailFluentBuilder, Refusal> {
        let Mail { from, to, content, options } = mail;
        let raw =
            RawMessage::builder().data(Blob::new(content)).build().map_err(|error| Refusal {
                error: Error::new(Code::InternalError, Stage::Deliver, error.to_string()),
                reach: Reach::Message,
            })?;
        let request = self.client.send_email();
        Ok(request
            .from_email_address(from.address.as_str())
            .destination(Destination::builder().to_addresses(to.address.as_str()).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(options.configuration_set.clone())
            .set_email_tags(Some(options.tags())))
    }
}

impl SendOptions {
    fn tags(&self) -> Vec<MessageTag> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let value = |text: &str| {
            let clean = text.chars().map(|c| if allowed(c) { c } else { '-' });
            Some(clean.take(LONGEST_TAG).collect::<String>()).filter(|value| !value.is_empty())
        };
        let tag = |(name, text): &(&str, String)| {
            // Both members are there, and so it is made.
            MessageTag::builder().name(*name).value(value(text)?).build().ok()
        };
        self.tags.iter().filter_map(tag).collect()
    }
}

fn no_turn() -> Refusal {
    let message = "there was no time left to send at the account's rate";
    let error = Error::new(Code::Timeout, Stage::Deliver, message).retryable();
    Refusal { error, reach: Reach::Message }
}

fn no_answer() -> Refusal {
    let message = format!("no answer to {OPERATION} before the invocation's deadline");
    refusal(Error::new(Code::Timeout, Stage::Deliver, message), true)
}

fn accepted(id: Option<&str>) -> Result<String, Refusal> {
    id.filter(|id| !id.is_empty()).map(ToOwned::to_owned).ok_or_else(|| {
        let message = format!("{OPERATION} answered without a message id");
        refusal(Error::new(Code::BadResponse, Stage::Deliver, message), true)
    })
}

fn refusal(error: Error, ambiguous: bool) -> Refusal {
    if ambiguous {
        let message = format!("it is not known whether SES took the message: {}", error.message);
        let error = Error { code: Code::DeliveryUnknown, message, retryable: false, ..error };
        let error = error.hint(ASK_THE_RECIPIENT);
        return Refusal { error, reach: Reach::Service };
    }
    let says = |signs: &[&str]| signs.iter().any(|sign| error.message.contains(sign));
    let of_the_account = says(&["AccountSuspended", "SendingPaused", "Daily message quota"])
        || error.code == Code::ConfigurationError;
    // A role may send from some senders and not from others.
    let of_the_sender = says(&["MailFromDomainNotVerified"]) || error.code == Code::AccessDenied;
    let reach = match (of_the_account, of_the_sender) {
        (true, _) => Reach::Account,
        (false, true) => Reach::Sender,
        (false, false) => Reach::Message,
    };
    Refusal { error: hinted(error), reach }
}

/// The error with what a person can do about it.
fn hinted(error: Error) -> Error {
    let hints = [
        (
            "Daily message quota",
            "SES counts over 24 hours: what is left is sent when there is room again, or ask SES for \
             a higher quota",
        ),
        (
            "AccountSuspended",
            "SES has suspended the account: answer AWS Support, then `resend --failed`",
        ),
        (
            "SendingPaused",
            "sending is paused for the account or its configuration set: see what SES says of \
             bounces and complaints, enable it again, then `resend --failed`",
        ),
        (
            "not verified",
            "verify the sender's address or domain in SES, in the Region of the function; in the \
             SES sandbox the recipients too",
        ),
    ];
    match hints.iter().find(|(sign, _)| error.message.contains(sign)) {
        Some((_, hint)) => error.hint(*hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a value is, its tag is one that SES takes, or there is none.
        #[test]
        fn a_tag_is_within_the_rule_of_the_service(text in "[a-zé/ _.\\-]{0,600}") {
            let tags = vec![("run", text.clone())];
            let tags = SendOptions { configuration_set: None, tags }.tags();
            prop_assert_eq!(tags.len(), usize::from(!text.is_empty()));
            for tag in tags {
                let value = tag.value();
                let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                prop_assert!(value.chars().all(is_allowed), "{value}");
                prop_assert_eq!(value.len(), text.chars().count().min(256));
            }
        }
    }
}
