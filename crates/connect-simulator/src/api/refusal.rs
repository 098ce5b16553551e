//! The errors of the services, with the types that the SDKs know.

use serde_json::{Value, json};

use super::operation::Operation;

/// An answer that refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status. It is 501 for a request that only this simulator can't answer.
    pub status: u16,
    /// The type of the error, such as `InvalidParameterException`; sent as `x-amzn-errortype`.
    pub code: &'static str,
    /// The service's text where it is known, otherwise a plain one.
    pub message: String,
    /// The name of the message's member: `Message` for Connect, `message` for SES; the SDKs read both.
    message_key: &'static str,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), message_key: "message" }
    }

    fn connect(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { message_key: "Message", ..Self::new(status, code, message) }
    }

    /// Connect: a value is not valid.
    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::connect(400, "InvalidParameterException", message)
    }

    /// Connect: the request is not valid.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::connect(400, "InvalidRequestException", message)
    }

    /// Connect: the token of a page is older than 24 hours (Amazon Connect Administrator Guide, best
    /// practices for pagination). The text is not public.
    pub(crate) fn expired_token() -> Self {
        Self::connect(400, "InvalidToken", "The pagination token has expired.")
    }

    /// Connect: there is no such instance.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::connect(404, "ResourceNotFoundException", message)
    }

    /// The simulator cannot compute the figures, though the service may. Status and type are not the service's,
    /// so that it is not mistaken for the service's refusal.
    pub(crate) fn not_modelled(what: impl std::fmt::Display) -> Self {
        let message = format!("This simulator does not know {what}.");
        Self::connect(501, "NotImplementedException", message)
    }

    /// The body does not have the form of the operation's input.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }

    /// SES: the input is not valid.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequestException", message)
    }

    /// The route does not exist.
    pub(crate) fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new(404, "UnknownOperationException", message)
    }

    /// The sender's rate is exceeded. Connect's quota is 10 a second for the figures; the text of
    /// its error is not public, this is the one that other services of AWS send.
    pub(crate) fn throttled(operation: Operation) -> Self {
        match operation {
            Operation::SendEmail => {
                Self::new(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
            }
            _ => Self::connect(429, "ThrottlingException", "Rate exceeded"),
        }
    }

    /// The service has a problem.
    pub(crate) fn server_error(operation: Operation) -> Self {
        let message = "The request processing has failed because of an unknown error.";
        match operation {
            Operation::SendEmail => Self::new(500, "InternalFailure", message),
            _ => Self::connect(500, "InternalServiceException", message),
        }
    }

    /// The service is not available at the moment.
    pub(crate) fn unavailable() -> Self {
        Self::new(503, "ServiceUnavailable", "The service is temporarily unavailable.")
    }

    /// The caller has no permission; the form is that of a message seen from the service.
    pub(crate) fn denied(operation: Operation) -> Self {
        let service = match operation {
            Operation::SendEmail => "ses",
            _ => "connect",
        };
        let message = format!(
            "User: arn:aws:sts::123456789012:assumed-role/simulated/caller is not authorized to \
             perform: {service}:{operation} because no identity-based policy allows the \
             {service}:{operation} action"
        );
        Self::connect(403, "AccessDeniedException", message)
    }

    /// Connect: the instance does not exist, or is another account's or Region's. The text has been observed, and
    /// names neither the action nor the instance.
    pub(crate) fn elsewhere() -> Self {
        let message = "User: arn:aws:sts::123456789012:assumed-role/simulated/caller is not authorized \
                       to perform: connect:* on resource: * with an explicit deny";
        Self::connect(403, "AccessDeniedException", message)
    }

    /// SES: the sender is not verified.
    pub(crate) fn rejected(from: &str) -> Self {
        let message = format!(
            "Email address is not verified. The following identities failed the check in region \
             EU-WEST-2: {from}"
        );
        Self::new(400, "MessageRejected", message)
    }

    /// SES: the account has reached its quota for 24 hours.
    pub(crate) fn quota_exceeded() -> Self {
        Self::new(429, "TooManyRequestsException", "Daily message quota exceeded.")
    }

    /// SES: sending is paused for the account.
    pub(crate) fn sending_paused() -> Self {
        let message = "Email sending is currently paused for your Amazon SES account.";
        Self::new(400, "SendingPausedException", message)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ self.message_key: self.message })
    }
}
