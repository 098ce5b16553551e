use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use connect_reports::error::{Code, Error, Stage, sdk};
use connect_reports::rate_limit::Pacer;
use connect_reports::settings::{Rates, behavior};
use connect_simulator::{Options, Simulator, SimulatorClock};

use crate::harness::binary::{DUE, NOW, SMALL, closed_port, definitions, program, run, text};
use crate::harness::crates::sources;
use crate::harness::http::{Server, answer};

/// A refusal as a service sends it, and what it becomes: the error's name, its status and text, the
/// code, whether trying again may help, and a word of the hint.
type Case = (&'static str, u16, &'static str, Code, bool, &'static str);

/// Of every operation of Connect that is called.
const CONNECT: &[Case] = &[
    ("InternalServiceException", 500, "down", Code::ServiceError, true, ""),
    ("InvalidParameterException", 400, "a metric", Code::ValidationError, false, ""),
    ("InvalidRequestException", 400, "a request", Code::ValidationError, false, ""),
    ("ResourceNotFoundException", 404, "an instance", Code::NotFound, false, ""),
    ("ThrottlingException", 429, "Rate exceeded", Code::Throttled, true, "rate limit"),
    ("ThrottlingException", 400, "Rate exceeded", Code::Throttled, true, "rate limit"),
    ("AccessDeniedException", 403, "no policy allows it", Code::AccessDenied, false, "\"Action\""),
    ("AccessDeniedException", 400, "no policy allows it", Code::AccessDenied, false, "\"Action\""),
    ("ExpiredTokenException", 403, "expired", Code::AccessDenied, true, "aws sso login"),
    ("ExpiredTokenException", 400, "expired", Code::AccessDenied, true, "aws sso login"),
    ("RequestExpired", 400, "15 minutes", Code::ServiceError, true, "next try"),
    ("RequestTimeoutException", 408, "idle", Code::ServiceError, true, "next try"),
    ("UnrecognizedClientException", 403, "invalid", Code::AccessDenied, true, "aws sso login"),
    ("InvalidSignatureException", 403, "signature", Code::AccessDenied, true, "aws sso login"),
    ("ServiceUnavailable", 503, "busy", Code::ServiceError, true, ""),
    ("", 504, "status 504", Code::ServiceError, true, ""),
    ("SomethingNew", 418, "unheard of", Code::ValidationError, false, ""),
];

const SES: &[Case] = &[
    ("AccountSuspendedException", 400, "suspended", Code::DeliveryRejected, false, "AWS Support"),
    ("BadRequestException", 400, "bad", Code::DeliveryRejected, false, ""),
    ("LimitExceededException", 400, "limits", Code::Throttled, true, ""),
    (
        "MailFromDomainNotVerifiedException",
        400,
        "MAIL FROM",
        Code::DeliveryRejected,
        false,
        "resend",
    ),
    (
        "MessageRejected",
        400,
        "Email address is not verified",
        Code::DeliveryRejected,
        false,
        "verify",
    ),
    ("NotFoundException", 404, "no configuration set", Code::NotFound, false, ""),
    ("SendingPausedException", 400, "paused", Code::DeliveryRejected, false, "enable it again"),
    ("TooManyRequestsException", 429, "Maximum sending rate exceeded", Code::Throttled, true, ""),
    (
        "TooManyRequestsException",
        429,
        "Daily message quota exceeded",
        Code::Throttled,
        true,
        "24 hours",
    ),
    ("AccessDeniedException", 403, "no policy allows it", Code::AccessDenied, false, "\"Action\""),
    ("ServiceUnavailable", 503, "busy", Code::ServiceError, true, ""),
    ("ThrottlingException", 503, "too fast", Code::Throttled, true, ""),
    ("InternalFailure", 500, "down", Code::DeliveryUnknown, false, "resend --unknown"),
    ("", 500, "status 500", Code::DeliveryUnknown, false, "resend --unknown"),
    ("", 503, "status 503", Code::DeliveryUnknown, false, "resend --unknown"),
    ("BadGateway", 502, "a gateway", Code::DeliveryUnknown, false, "resend --unknown"),
    ("GatewayTimeout", 504, "a gateway", Code::DeliveryUnknown, false, "resend --unknown"),
];

const S3: &[Case] = &[
    ("NoSuchBucket", 404, "no bucket", Code::NotFound, false, ""),
    ("NoSuchKey", 404, "no key", Code::NotFound, false, ""),
    ("AccessDenied", 403, "denied", Code::AccessDenied, false, "\"Action\""),
    ("InvalidAccessKeyId", 403, "unknown", Code::AccessDenied, true, "aws sso login"),
    ("ExpiredToken", 400, "expired", Code::AccessDenied, true, "aws sso login"),
    ("ExpiredTokenException", 400, "expired", Code::AccessDenied, true, "aws sso login"),
    ("RequestTimeout", 400, "not read from", Code::ServiceError, true, "next try"),
    ("RequestTimeTooSkewed", 403, "too large", Code::ServiceError, true, "next try"),
    ("IncompleteBody", 400, "number of bytes", Code::ServiceError, true, "next try"),
    ("OperationAborted", 409, "conflicting", Code::ServiceError, true, "next try"),
    ("SlowDown", 503, "too fast", Code::Throttled, true, ""),
    ("InternalError", 500, "down", Code::ServiceError, true, ""),
    ("PermanentRedirect", 301, "elsewhere", Code::ConfigurationError, false, "Region"),
    ("InvalidObjectState", 403, "archived", Code::AccessDenied, false, ""),
    ("InvalidRequest", 400, "wrong", Code::ValidationError, false, ""),
    ("EncryptionTypeMismatch", 400, "encryption", Code::ValidationError, false, ""),
    ("InvalidWriteOffset", 400, "offset", Code::ValidationError, false, ""),
    ("TooManyParts", 400, "parts", Code::ValidationError, false, ""),
];

fn config(url: &str) -> SdkConfig {
    let nobody = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(url)
        .build()
}

/// A service that refuses everything so.
async fn refusing(name: &'static str, status: u16, text: &'static str, is_xml: bool) -> Server {
    Server::start(move |_| {
        let (kind, body) = match is_xml {
            true => (
                "application/xml",
                format!("<Error><Code>{name}</Code><Message>{text}</Message></Error>"),
            ),
            false => ("application/json", format!("{{\"message\": \"{text}\"}}")),
        };
        let mut answer = answer(status, kind, body);
        if !name.is_empty() {
            answer.headers_mut().insert("x-amzn-errortype", name.parse().unwrap());
        }
        answer.headers_mut().insert("x-amzn-requestid", "request-1".parse().unwrap());
        answer.headers_mut().insert("x-amz-request-id", "request-1".parse().unwrap());
        async move { answer }
    })
    .await
}

fn check(operation: &str, stage: Stage, case: &Case, error: &Error) {
    let (name, status, text, code, retryable, hint) = *case;
    let what = format!("{operation} {name} {status}: {error:?}");
    assert_eq!((error.code, error.retryable, error.stage), (code, retryable, stage), "{what}");
    assert!(error.message.contains(operation), "{what}");
    assert!(error.message.contains(name) && error.message.contains(text), "{what}");
    assert!(error.hint.as_deref().is_some_and(|told| told.contains(hint)), "{what}");
    assert_eq!(error.request_id.as_deref(), Some("request-1"), "{what}");
}

#[tokio::test]
async fn every_error_of_connect_has_its_code() {
    for case in CONNECT {
        let server = refusing(case.0, case.1, case.2, false).await;
        let client = aws_sdk_connect::Client::new(&config(&server.url()));
        let stage = Stage::Query;
        let time = aws_sdk_connect::primitives::DateTime::from_secs(1_743_292_800);
        let figures = client.get_metric_data_v2().resource_arn("arn").start_time(time);
        let figures = figures.end_time(time).set_metrics(Some(vec![])).set_filters(Some(vec![]));
        let error = figures.send().await.unwrap_err();
        let operation = "connect:GetMetricDataV2";
        check(operation, stage, case, &sdk::classify(operation, stage, &error));
        let error = client.list_queues().instance_id("i").send().await.unwrap_err();
        check(
            "connect:ListQueues",
            stage,
            case,
            &sdk::classify("connect:ListQueues", stage, &error),
        );
        let error = client.search_users().instance_id("i").send().await.unwrap_err();
        check(
            "connect:SearchUsers",
            stage,
            case,
            &sdk::classify("connect:SearchUsers", stage, &error),
        );
    }
    let all = [
        "get_metric_data_v2",
        "list_queues",
        "search_queues",
        "list_routing_profiles",
        "search_users",
        "describe_user_hierarchy_structure",
        "search_user_hierarchy_groups",
    ];
    all_are_told("aws-sdk-connect", &all, CONNECT);
}

#[tokio::test]
async fn every_error_of_ses_has_its_code() {
    use connect_reports::mail::{Mail, Reach, SendOptions, Ses};
    let (from, to) = ("a@example.com".parse().unwrap(), "b@example.com".parse().unwrap());
    for case in SES {
        let server = refusing(case.0, case.1, case.2, false).await;
        let ses = Ses::new(&config(&server.url()).into(), Arc::new(Pacer::new(Rates::default())));
        let options = &SendOptions::default();
        let mail = Mail { from: &from, to: &to, content: b"From: a", options };
        let refusal = ses.send(mail, None).await.unwrap_err();
        check("ses:SendRawEmail", Stage::Deliver, case, &refusal.error);
        let expected = match (case.0, case.2) {
            ("AccountSuspendedException" | "SendingPausedException", _)
            | (_, "Daily message quota exceeded") => Reach::Account,
            ("MailFromDomainNotVerifiedException" | "AccessDeniedException", _) => Reach::Sender,
            _ if case.3 == Code::DeliveryUnknown => Reach::Service,
            _ => Reach::Message,
        };
        assert_eq!(refusal.reach, expected, "{case:?}");
    }
    all_are_told("aws-sdk-sesv2", &["send_email"], SES);
}

#[tokio::test]
async fn every_error_of_s3_has_its_code() {
    for case in S3 {
        let server = refusing(case.0, case.1, case.2, true).await;
        let client = aws_sdk_s3::Client::new(&config(&server.url()));
        let stage = Stage::Record;
        let put = client.put_object().bucket("bucket").key("key").body(vec![1].into());
        let error = put.send().await.unwrap_err();
        check("s3:PutObject", stage, case, &sdk::classify("s3:PutObject", stage, &error));
        let error = client.get_object().bucket("bucket").key("key").send().await.unwrap_err();
        check("s3:GetObject", stage, case, &sdk::classify("s3:GetObject", stage, &error));
        let error = client.list_objects_v2().bucket("bucket").send().await.unwrap_err();
        check("s3:ListBucket", stage, case, &sdk::classify("s3:ListBucket", stage, &error));
    }
    all_are_told("aws-sdk-s3", &["put_object", "get_object", "list_objects_v2"], S3);
}

/// A service's words for a refusal, and the hint's.
struct Denial {
    operation: &'static str,
    said: &'static str,
    hint: &'static str,
    never: &'static str,
}

/// A refusal for lack of permission comes with what mends it, by what the service says; a statement for
/// all resources is never proposed.
#[tokio::test]
async fn a_denial_is_mended_where_it_comes_from() {
    const USER: &str =
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform";
    let denials = [
        Denial {
            operation: "connect:ListQueues",
            said: ": connect:* on resource: * with an explicit deny",
            hint: "check `instance`: its Region, its account and its id",
            never: "Allow",
        },
        Denial {
            operation: "connect:ListQueues",
            said: ": connect:ListQueues on resource: arn:aws:connect:eu-west-2:1:instance/i/queue/* \
                   because no identity-based policy allows the connect:ListQueues action",
            hint: "\"Action\": \"connect:ListQueues\", \"Resource\": \
                   \"arn:aws:connect:eu-west-2:1:instance/i/queue/*\"}",
            never: "instance`",
        },
        Denial {
            operation: "s3:GetObject",
            said: ": kms:Decrypt on resource: arn:aws:kms:eu-west-2:1:key/k because no identity-based \
                   policy allows the kms:Decrypt action",
            hint: "\"Action\": \"kms:Decrypt\", \"Resource\": \"arn:aws:kms:eu-west-2:1:key/k\"}",
            never: "s3:GetObject",
        },
        Denial {
            operation: "s3:PutObject",
            said: ": s3:PutObject because no identity-based policy allows it",
            hint: "`connect-reports policy` prints the statement with \"Action\": \"s3:PutObject\" and \
                   its resources, all else that the definitions need, and with `--kms-key`",
            never: "Effect",
        },
        Denial {
            operation: "connect:ListQueues",
            said: ": connect:ListQueues on resource: arn:x with an explicit deny in a service control \
                   policy",
            hint: "a policy denies connect:ListQueues",
            never: "Allow",
        },
        Denial {
            operation: "connect:ListQueues",
            said: ": connect:* on resource: * with an explicit deny in a service control policy",
            hint: "a policy denies connect:*",
            never: "instance`",
        },
        Denial {
            operation: "s3:GetObject",
            said: ": s3:GetObject on resource: arn:x because no resource-based policy allows the \
                   s3:GetObject action",
            hint: "allow s3:GetObject in the policy of the resource, such as a bucket's, too",
            never: "Effect",
        },
        Denial {
            operation: "connect:SearchUsers",
            said: ": connect:SearchUsers on resource: arn:x because no permissions boundary allows the \
                   connect:SearchUsers action",
            hint: "allow connect:SearchUsers in the role's permissions boundary too",
            never: "Effect",
        },
        Denial {
            operation: "ses:SendRawEmail",
            said: " `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-2:1:identity/example.com'",
            hint: "\"Action\": \"ses:SendRawEmail\", \"Resource\": \
                   \"arn:aws:ses:eu-west-2:1:identity/example.com\"}",
            never: "instance`",
        },
    ];
    for Denial { operation, said, hint, never } in denials {
        let text: &'static str = format!("{USER}{said}").leak();
        let server = refusing("AccessDeniedException", 403, text, false).await;
        let client = aws_sdk_connect::Client::new(&config(&server.url()));
        let error = client.list_queues().instance_id("i").send().await.unwrap_err();
        let error = sdk::classify(operation, Stage::Query, &error);
        let told = error.hint.unwrap();
        assert_eq!((error.code, error.retryable), (Code::AccessDenied, false));
        assert!(told.contains(hint) && !told.contains(never), "{said}: {told}");
        assert!(!told.contains("\"Resource\": \"*\""), "{told}");
    }
}

/// The simulator answers an instance that is not there, or is another account's or Region's, as Connect
/// does; every command then points to `instance`.
#[tokio::test]
async fn a_wrong_instance_is_reported_as_such() {
    const OWN: &str =
        "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";
    let options = Options {
        clock: SimulatorClock::At(NOW.parse().unwrap()),
        instance: Some(OWN.parse().unwrap()),
        ..Options::awkward()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let by_id = SMALL.replace("[\"*\"]", "[\"11112222-1111-4222-8333-ccccddddeeee\"]");
    let by_id = by_id.replace("group_by = [\"QUEUE\"]\n", "");
    let wrong = [
        (SMALL, ":instance/aaaabbbb-", ":instance/ffffffff-"),
        (SMALL, "connect:eu-west-2:", "connect:eu-central-1:"),
        // Lists name no account, requests for figures do.
        (&by_id, ":123456789012:", ":210987654321:"),
    ];
    for (definition, own, other) in wrong {
        let folder = definitions(&[("small.toml", &definition.replace(own, other))]);
        for arguments in [&["run", "small", "--dry-run"][..], &["preview", "small"]] {
            let mut command = program();
            command.env("AWS_ENDPOINT_URL", simulator.url()).args(arguments);
            command.args(["--time", DUE, "--definitions", text(folder.path())]);
            command.env("CONNECT_REPORTS_RUNS", folder.path());
            let output = run(command).await;
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains("connect:* on resource: * with an explicit deny"), "{told}");
            assert!(told.contains("help: check `instance`: its Region"), "{told}");
        }
    }
    let folder = definitions(&[("small.toml", SMALL)]);
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url()).args(["run", "small", "--dry-run"]);
    command.args(["--time", DUE, "--definitions", text(folder.path())]);
    let output = run({
        command.args(["--runs", text(folder.path())]);
        command
    })
    .await;
    assert_eq!(output.status.code(), Some(0));
}

/// What is no answer of a service: no connection, no TLS, no credentials, no Region, no time, half an
/// answer.
#[tokio::test]
async fn what_is_no_answer_has_its_code() {
    let code = async |config: &SdkConfig| {
        let client = aws_sdk_connect::Client::new(config);
        let error = client.list_queues().instance_id("i").send().await.unwrap_err();
        let error = sdk::classify("connect:ListQueues", Stage::Query, &error);
        assert!(!error.message.contains("Request {"), "{error:?}");
        (error.code, error.retryable)
    };
    let silent = Server::start(|_| std::future::pending()).await;
    let broken = Server::start(|_| async { answer(200, "application/json", "{\"QueueSumm") }).await;
    let nobody = closed_port();
    assert_eq!(code(&config(&nobody)).await, (Code::ServiceError, true));
    let tls = broken.url().replace("http:", "https:");
    assert_eq!(code(&config(&tls)).await, (Code::ServiceError, true));
    assert_eq!(code(&config("http://no-such-host.invalid")).await, (Code::ServiceError, true));
    assert_eq!(code(&config(&broken.url())).await, (Code::BadResponse, true));
    let attempt = std::time::Duration::from_millis(100);
    let hasty = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
    let hasty = config(&silent.url()).into_builder().timeout_config(hasty).build();
    assert_eq!(code(&hasty).await, (Code::Timeout, true));
    let mut nameless = config(&broken.url()).into_builder();
    nameless.set_credentials_provider(None);
    assert_eq!(code(&nameless.build()).await, (Code::ConfigurationError, true));
    let mut nowhere = config(&broken.url()).into_builder();
    nowhere.set_region(None).set_endpoint_url(None);
    assert_eq!(code(&nowhere.build()).await, (Code::ConfigurationError, true));
}

/// The table names every error that the SDK knows of these operations.
fn all_are_told(name: &str, operations: &[&str], cases: &[Case]) {
    let told: BTreeSet<&str> = cases.iter().map(|case| case.0).collect();
    for operation in operations {
        let path = sources(name).join(format!("src/operation/{operation}.rs"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let errors: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().split_once("(crate::types::error::"))
            .filter(|(variant, _)| variant.chars().all(char::is_alphanumeric))
            .map(|(variant, _)| variant)
            .collect();
        for error in errors {
            assert!(told.contains(error), "{operation} may answer {error}");
        }
    }
}
