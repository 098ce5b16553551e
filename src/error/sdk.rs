//! The errors of the AWS SDK, told apart by what can be done about them.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_connect::config::http::HttpResponse;
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_connect::operation::RequestId as _;
use aws_smithy_runtime_api::client::result::DispatchFailure;
use hyper_util::client::legacy::Error as ClientError;

use super::{Code, Error, Stage, redact_addresses};

/// Codes with which AWS services refuse for a rate; some come with status 400.
const THROTTLING: &[&str] = &[
    "KmsThrottled",
    "LimitExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes that blame the request with a status below 500 for what lies in the network, in the clock or in
/// another request, and may be gone at the next try (Amazon S3 API Reference, Error responses; Common
/// Error Types).
const PASSING: &[&str] = &[
    "BadDigest",
    "ConditionalRequestConflict",
    "IncompleteBody",
    "OperationAborted",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "RequestTimeoutException",
    "XAmzContentSHA256Mismatch",
];

/// Codes of answers with status 5xx by which a service says that it did not act on the request.
const NOT_DONE: &[&str] = &["NotImplemented", "ServiceUnavailable", "ServiceUnavailableException"];

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
        SdkError::DispatchFailure(failure) if left(failure) => broken(operation, stage, error),
        SdkError::ServiceError(refusal) => {
            refused(operation, stage, refusal.raw().status().as_u16(), refusal.err())
        }
        SdkError::ResponseError(_) => bad_response(operation, stage, error),
        _ => not_sent(operation, stage, error),
    };
    Error { request_id: error.request_id().map(ToOwned::to_owned), ..failure }
}

/// Tells whether the service may have acted on the request although no clear answer came:
///
/// | answer | may have acted |
/// | --- | --- |
/// | 2xx that can't be read | yes |
/// | 3xx, 4xx, a code of throttling, `ServiceUnavailable` | no |
/// | any other 5xx: `InternalFailure`, a gateway's word, no code | yes |
/// | none, after the request was on its way | yes |
/// | none, because no connection was made | no |
pub fn is_ambiguous<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(refusal) => {
            let (status, code) = (refusal.raw().status(), refusal.err().code().unwrap_or_default());
            let is_clear = throttles(status.as_u16(), code) || NOT_DONE.contains(&code);
            status.is_success() || status.is_server_error() && !is_clear
        }
        // A connection that was never made carried no request.
        SdkError::DispatchFailure(failure) => left(failure) && !never_connected(failure),
        _ => true,
    }
}

/// Whether the call got as far as the network: it did not where it lacked credentials, a Region or
/// an endpoint.
fn left(failure: &DispatchFailure) -> bool {
    failure.is_io() || failure.is_timeout() || has_cause(failure, |_: &ClientError| true)
}

fn has_cause<C: std::error::Error + 'static>(
    failure: &DispatchFailure,
    is_it: impl Fn(&C) -> bool,
) -> bool {
    let first =
        failure.as_connector_error().map(|error| error as &(dyn std::error::Error + 'static));
    let mut causes = std::iter::successors(first, |error| error.source());
    causes.any(|error| error.downcast_ref().is_some_and(&is_it))
}

/// Whether no connection was made: by name, network or TLS, or not in time.
fn never_connected(failure: &DispatchFailure) -> bool {
    // The SDK's connect timeout has no public type, only its text.
    let connect_timeout = failure
        .as_connector_error()
        .is_some_and(|error| causes(error).contains("HTTP connect timeout"));
    connect_timeout || has_cause(failure, |error: &ClientError| error.is_connect())
}

/// Whether the service clearly refused for its rate, so that asking again is safe.
pub fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error, SdkError::ServiceError(refusal)
        if throttles(refusal.raw().status().as_u16(), refusal.err().code().unwrap_or_default()))
}

/// Tells whether the service may refuse the token of a page with this, where its other members are those
/// of the page before: a 400 that blames the request. Some call the token's error `InvalidToken`, as
/// others call that of credentials.
pub fn may_refuse_token<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error, SdkError::ServiceError(refusal)
        if refusal.raw().status().as_u16() == 400
            && !passes(400, refusal.err().code().unwrap_or_default()))
}

/// Tells whether the request is not to blame.
fn passes(status: u16, code: &str) -> bool {
    throttles(status, code) || status == 408 || PASSING.contains(&code)
}

fn throttles(status: u16, code: &str) -> bool {
    status == 429 || THROTTLING.contains(&code)
}

fn no_answer(operation: &str, stage: Stage) -> Error {
    Error::new(Code::Timeout, stage, format!("no answer to {operation} in time")).retryable()
}

fn broken<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    let message = format!("the connection for {operation} failed: {}", causes(error));
    Error::new(Code::ServiceError, stage, message).retryable()
}

fn bad_response<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    let message = format!("the answer to {operation} can't be read: {}", causes(error));
    Error::new(Code::BadResponse, stage, message).retryable()
}

/// The call never left: no credentials, no Region, no endpoint. That is no fault of the report, and so
/// none of its runs ends for it.
fn not_sent<E>(operation: &str, stage: Stage, error: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + 'static,
{
    let first: &(dyn std::error::Error + 'static) = error;
    let mut all = std::iter::successors(Some(first), |error| error.source());
    let (without, hint) = match all.any(<dyn std::error::Error>::is::<CredentialsError>) {
        true => (", for want of AWS credentials", CREDENTIALS),
        false => (
            "",
            "set the Region (AWS_REGION), and check the endpoint if one is set; in Lambda both are there",
        ),
    };
    let message = format!("{operation} could not be sent{without}: {}", causes(error));
    Error::new(Code::ConfigurationError, stage, message).retryable().hint(hint)
}

/// How one comes to credentials.
const CREDENTIALS: &str = "log in with `aws sso login`, and name the profile with AWS_PROFILE, or set \
                           AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in Lambda they come from the \
                           function's own role";

/// How much of each cause is told.
const CAUSE_CHARACTERS: usize = 300;

/// The error and its causes on one line, each said once.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    for cause in std::iter::successors(Some(error), |error| error.source()) {
        let cause = cause.to_string();
        // Some causes go on with the request itself, and so with what is in the mail.
        let said = cause.split("Request {").next().unwrap_or_default();
        let cause: String = said.chars().take(CAUSE_CHARACTERS).collect();
        if text.contains(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    redact_addresses(&line.join(" "))
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
        _ if passes(status, code) => failure(Code::ServiceError)
            .retryable()
            .hint("it may be gone at the next try: see the network if it happens often"),
        403 => denied(operation, failure(Code::AccessDenied), code),
        // No service of AWS says so of these operations; a simulator does of what it can't compute.
        501 => failure(Code::ServiceError).hint("what answers here does not know how to"),
        500.. => failure(Code::ServiceError)
            .retryable()
            .hint("the service has a problem, which mostly passes by itself"),
        // The status was good and the body was not.
        200..300 => {
            Error::new(Code::BadResponse, stage, format!("the answer to {operation} can't be read"))
                .retryable()
        }
        _ if code.starts_with("AccessDenied") || is_of_the_caller(code) => {
            denied(operation, failure(Code::AccessDenied), code)
        }
        404 => failure(Code::NotFound)
            .hint("check its name, and that it is in this account and Region"),
        300..400 => failure(Code::ConfigurationError).hint("it lies in another Region"),
        _ if stage == Stage::Deliver || REJECTED.contains(&code) => failure(Code::DeliveryRejected)
            .hint("mend what SES complains of, then `resend --failed`"),
        _ => failure(Code::ValidationError)
            .hint("the service does not take this request; change what the definition asks for"),
    }
}

/// Whether the service does not know who calls.
fn is_of_the_caller(code: &str) -> bool {
    let signs = [
        "ExpiredToken",
        "InvalidToken",
        "MissingAuthenticationToken",
        "Signature",
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "Credentials",
        "InvalidAccessKeyId",
    ];
    signs.iter().any(|sign| code.contains(sign))
}

fn denied(operation: &str, failure: Error, code: &str) -> Error {
    if is_of_the_caller(code) {
        // As where there are none.
        return failure.retryable().hint(format!(
            "the credentials are expired or not valid for this account: {CREDENTIALS}"
        ));
    }
    let hint = permission(operation, &failure.message);
    failure.hint(hint)
}

/// Policies besides the role's own that have to allow an action, as the services name them, and their
/// places.
const OTHER_POLICIES: [(&str, &str); 6] = [
    ("permissions boundary", "the role's permissions boundary"),
    ("resource-based policy", "the policy of the resource, such as a bucket's,"),
    ("resource control policy", "the organisation's resource control policies"),
    ("service control policy", "the organisation's service control policies"),
    ("session policy", "the session's policy"),
    ("VPC endpoint policy", "the policy of the VPC endpoint"),
];

/// The remedy of a refusal, by the service's own words (IAM User Guide, Access denied error messages).
fn permission(operation: &str, said: &str) -> String {
    let of_connect = operation.starts_with("connect:");
    // SES writes quotation marks in the place of colons.
    let after = |mark: &str| {
        let (_, rest) = said.split_once(mark)?;
        rest.trim_start_matches(':').split_whitespace().next()
    };
    let plain = |word: &str| word.trim_matches(['`', '\'', '"', '.', ',', ';']).to_owned();
    // A service names the action that lacks, which need not be that of the call: of an encrypted bucket
    // S3 names one of the key.
    let action = after("to perform").map_or_else(|| operation.to_owned(), plain);
    // A policy of the organisation is named behind its deny.
    if of_connect && action == "connect:*" && !said.contains("explicit deny in") {
        return "check `instance`: its Region, its account and its id. Amazon Connect answers so where \
                the instance is not there, or is another account's or Region's; a wider policy does \
                not help"
            .to_owned();
    }
    if said.contains("explicit deny") {
        return format!(
            "a policy denies {action}, and whatever allows it besides does not help: look for a \
             statement with `\"Effect\": \"Deny\"` in the policy that is named, or else in the role's \
             own, its permissions boundary and the organisation's"
        );
    }
    let is_missing = |policy: &str| said.contains(&format!("no {policy} allows"));
    if let Some((_, place)) = OTHER_POLICIES.iter().find(|(policy, _)| is_missing(policy)) {
        return format!("allow {action} in {place} too");
    }
    let key = if action.starts_with("kms:") || operation.starts_with("s3:") {
        ", and with `--kms-key` what a bucket's key needs"
    } else {
        ""
    };
    let resource = after("on resource").map(plain);
    match resource.filter(|arn| arn.starts_with("arn:") && !arn.contains('<')) {
        Some(arn) => format!(
            "allow it in the role's policy: {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \
             \"Resource\": \"{arn}\"}}; `connect-reports policy` prints all that the definitions \
             need{key}, and nothing wider"
        ),
        None => format!(
            "allow it in the role's policy: `connect-reports policy` prints the statement with \
             \"Action\": \"{action}\" and its resources, all else that the definitions need{key}, and \
             nothing wider"
        ),
    }
}
