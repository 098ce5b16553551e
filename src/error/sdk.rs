//! The errors of the AWS SDK, told apart by what can be done about them.

use aws_sdk_connect::config::http::HttpResponse;
use aws_sdk_connect::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_connect::operation::RequestId;

use super::{Code, Error, Stage, redact_addresses};

/// Codes with which AWS services refuse for a rate; some come with status 400.
const THROTTLING: &[&str] = &[
    "LimitExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of SES v2 that are final for a message (SendEmail, Errors).
const REJECTED: &[&str] = &[
    "AccountSuspendedException",
    "BadRequestException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "SendingPausedException",
];

/// What a failed call of `operation` means, such as `connect:GetMetricDataV2`; the operation is
/// named as IAM names its action.
pub fn classify<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let failure = match error {
        SdkError::TimeoutError(_) => no_answer(operation, stage),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => no_answer(operation, stage),
        SdkError::DispatchFailure(failure) if failure.is_io() => Error::new(
            Code::ServiceError,
            stage,
            format!("the connection for {operation} broke before an answer came"),
        )
        .retryable(),
        SdkError::ServiceError(refusal) => refused(
            operation,
            stage,
            refusal.raw().status().as_u16(),
            refusal.err(),
        ),
        SdkError::ResponseError(_) => bad_response(operation, stage, error),
        _ => not_sent(operation, stage, error),
    };
    Error {
        request_id: error.request_id().map(ToOwned::to_owned),
        ..failure
    }
}

/// Whether the service may have acted on the request although no clear answer came.
pub fn is_ambiguous<E>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        // Accepted, with an answer that can't be read.
        SdkError::ServiceError(refusal) => refusal.raw().status().is_success(),
        // A connection that was never made carried no request.
        SdkError::DispatchFailure(failure) => {
            !failure.is_user()
                && !failure.is_other()
                && !failure
                    .as_connector_error()
                    .is_some_and(|error| never_connected(error))
        }
        _ => true,
    }
}

/// Whether the service clearly refused for its rate, so that asking again is safe.
pub fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error, SdkError::ServiceError(refusal)
        if throttles(refusal.raw().status().as_u16(), refusal.err().code().unwrap_or_default()))
}

fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind;
            if matches!(
                io.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::AddrNotAvailable
            ) {
                return true;
            }
        }
        source = error.source();
    }
    false
}

fn throttles(status: u16, code: &str) -> bool {
    status == 429 || THROTTLING.contains(&code)
}

fn no_answer(operation: &str, stage: Stage) -> Error {
    Error::new(
        Code::Timeout,
        stage,
        format!("no answer to {operation} in time"),
    )
    .retryable()
}

fn bad_response<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    let cause = redact_addresses(&DisplayErrorContext(error).to_string());
    Error::new(
        Code::BadResponse,
        stage,
        format!("the answer to {operation} can't be read: {cause}"),
    )
    .retryable()
}

/// The call never left: no credentials, no Region, no endpoint.
fn not_sent<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    let cause = redact_addresses(&DisplayErrorContext(error).to_string());
    Error::new(
        Code::ConfigurationError,
        stage,
        format!("{operation} could not be sent: {cause}"),
    )
    .hint(
        "check the AWS credentials and the Region; in Lambda both come from the function's own role",
    )
}

fn refused<E: ProvideErrorMetadata>(
    operation: &str,
    stage: Stage,
    status: u16,
    error: &E,
) -> Error {
    let code = error.code().unwrap_or_default();
    let text = match (code, error.message()) {
        ("", None) => format!("status {status}"),
        ("", Some(message)) => redact_addresses(message),
        (code, None) => code.to_owned(),
        (code, Some(message)) => format!("{code}: {}", redact_addresses(message)),
    };
    let failure = |kind| Error::new(kind, stage, format!("{operation} was refused: {text}"));
    match status {
        _ if throttles(status, code) => failure(Code::Throttled)
            .retryable()
            .hint("the account's rate limit is shared by everything that calls this service"),
        403 => denied(operation, failure(Code::AccessDenied), code),
        500.. => failure(Code::ServiceError).retryable(),
        // The status was good and the body was not.
        200..300 => Error::new(
            Code::BadResponse,
            stage,
            format!("the answer to {operation} can't be read"),
        )
        .retryable(),
        _ if code.starts_with("AccessDenied") => {
            denied(operation, failure(Code::AccessDenied), code)
        }
        404 => failure(Code::NotFound),
        _ if stage == Stage::Deliver || REJECTED.contains(&code) => failure(Code::DeliveryRejected),
        _ => failure(Code::ValidationError),
    }
}

fn denied(operation: &str, failure: Error, code: &str) -> Error {
    match code.contains("Token") || code.contains("Signature") || code.contains("ClientId") {
        true => failure.hint("the credentials are expired or not valid for this account"),
        false => failure.hint(format!("allow {operation} in the role's policy")),
    }
}
