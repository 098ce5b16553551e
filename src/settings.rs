//! The environment as a value; every error names its variable.

mod http;
mod place;
mod rate;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::address::{Address, AllowedDomains, Mailbox};
use crate::concurrency::{Panicked, catch_panic};
use crate::destination::Destination;
use crate::error::{Code, Error, LONGEST_QUOTED, Stage, cut};
use crate::instance::{InstanceArn, Region};
use crate::metric::Limits;
use crate::retry::{SDK_ATTEMPT_TIMEOUT, SDK_CALL_TIMEOUT, SDK_CONNECT_TIMEOUT};

pub use http::{MailConnections, read_certificates};
pub use place::{Location, LocationError, QueueUrl, QueueUrlError, TooLong};
pub use rate::{Rate, RateError, Rates};

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the definitions lie (`CONNECT_REPORTS_DEFINITIONS`).
    pub definitions: Location,
    /// Where the records of runs lie (`CONNECT_REPORTS_RUNS`), if they are kept.
    pub runs: Option<Location>,
    /// Where templates of one's own lie (`CONNECT_REPORTS_TEMPLATES`), if there are any.
    pub templates: Option<Location>,
    /// What holds for every definition.
    pub deployment: Deployment,
    /// The limits of the API's version (`CONNECT_REPORTS_API`).
    pub limits: Limits,
    /// The account's rates in each Region; of several workers (`CONNECT_REPORTS_MAXIMUM_CONCURRENCY`)
    /// the part of one.
    pub rates: Rates,
    /// Where runs that are due are put, for others to carry them out
    /// (`CONNECT_REPORTS_QUEUE_URL`); where there is none, this process does.
    pub queue: Option<QueueUrl>,
}

/// What holds for every definition of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The instance of definitions without one (`CONNECT_REPORTS_INSTANCE`).
    pub instance: Option<InstanceArn>,
    /// The owner of definitions without one (`CONNECT_REPORTS_OWNER`).
    pub owner: Option<Address>,
    /// The sender of definitions without one (`CONNECT_REPORTS_FROM`).
    pub from: Option<Mailbox>,
    /// The domains that messages may go to (`CONNECT_REPORTS_ALLOWED_RECIPIENTS`).
    pub allowed_recipients: AllowedDomains,
    /// The domains that links of definitions may lead to (`CONNECT_REPORTS_ALLOWED_LINKS`).
    pub allowed_links: AllowedDomains,
    /// The SES configuration set of definitions without one
    /// (`CONNECT_REPORTS_CONFIGURATION_SET`).
    pub configuration_set: Option<ConfigurationSet>,
}

impl Deployment {
    /// Refuses recipients that are not allowed.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with their number; their addresses are not repeated.
    pub fn check_recipients(&self, to: &[Destination]) -> Result<(), Error> {
        let refused = to.iter().filter(|to| !self.allows(to)).count();
        if refused == 0 {
            return Ok(());
        }
        let all = to.len();
        let message = format!("{refused} of {all} recipients are not in an allowed domain");
        Err(Error::new(Code::ValidationError, Stage::Load, message)
            .hint(format!("{ALLOWED_RECIPIENTS} lists the allowed domains")))
    }

    fn allows(&self, to: &Destination) -> bool {
        match to {
            Destination::Mail(mailbox) => self.allowed_recipients.allows(&mailbox.address),
        }
    }
}

/// The name of a configuration set of SES (`CreateConfigurationSet`, `ConfigurationSetName`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationSet(String);

/// The text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationSetError {
    /// It has other characters, or none.
    #[error("is no name of a configuration set: up to 64 letters, digits, `-` and `_`")]
    Form,
    /// It has too many.
    #[error("is no name of a configuration set: it has {found} characters, 64 are allowed")]
    TooLong {
        /// The number of its characters.
        found: usize,
    },
}

impl ConfigurationSet {
    /// The most characters of a name.
    pub(crate) const LONGEST: usize = 64;
}

impl FromStr for ConfigurationSet {
    type Err = ConfigurationSetError;

    fn from_str(text: &str) -> Result<Self, ConfigurationSetError> {
        let found = text.chars().count();
        if found > Self::LONGEST {
            return Err(ConfigurationSetError::TooLong { found });
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !text.is_empty() && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ConfigurationSetError::Form)
        }
    }
}

impl fmt::Display for ConfigurationSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A variable that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct SettingsError {
    /// The variable's name.
    pub variable: String,
    /// What is wrong with its value; the value itself is not repeated.
    pub problem: String,
}

/// The variable that says where the definitions are.
pub const DEFINITIONS: &str = "CONNECT_REPORTS_DEFINITIONS";
/// The variable that says where records are kept.
pub const RUNS: &str = "CONNECT_REPORTS_RUNS";
const INSTANCE: &str = "CONNECT_REPORTS_INSTANCE";
const OWNER: &str = "CONNECT_REPORTS_OWNER";
const FROM: &str = "CONNECT_REPORTS_FROM";
const ALLOWED_RECIPIENTS: &str = "CONNECT_REPORTS_ALLOWED_RECIPIENTS";
const ALLOWED_LINKS: &str = "CONNECT_REPORTS_ALLOWED_LINKS";
const CONFIGURATION_SET: &str = "CONNECT_REPORTS_CONFIGURATION_SET";
/// The variable that says where templates of one's own are.
pub const TEMPLATES: &str = "CONNECT_REPORTS_TEMPLATES";
const REQUESTS_PER_SECOND: &str = "CONNECT_REPORTS_REQUESTS_PER_SECOND";
const LISTS_PER_SECOND: &str = "CONNECT_REPORTS_LISTS_PER_SECOND";
const MESSAGES_PER_SECOND: &str = "CONNECT_REPORTS_MESSAGES_PER_SECOND";
const MAXIMUM_CONCURRENCY: &str = "CONNECT_REPORTS_MAXIMUM_CONCURRENCY";
const QUEUE_URL: &str = "CONNECT_REPORTS_QUEUE_URL";
const API: &str = "CONNECT_REPORTS_API";

const PREFIX: &str = "CONNECT_REPORTS_";
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

const READ: &[&str] = &[
    DEFINITIONS,
    RUNS,
    INSTANCE,
    OWNER,
    FROM,
    ALLOWED_RECIPIENTS,
    ALLOWED_LINKS,
    CONFIGURATION_SET,
    TEMPLATES,
    REQUESTS_PER_SECOND,
    LISTS_PER_SECOND,
    MESSAGES_PER_SECOND,
    QUEUE_URL,
    MAXIMUM_CONCURRENCY,
    API,
];

impl Settings {
    /// Reads the settings from the environment's variables; an empty value counts as none.
    ///
    /// # Errors
    /// The first variable that has a value which can't be used, or that starts with
    /// `CONNECT_REPORTS_` and is none of these.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let variables = own(variables)?;
        let variable = |name: &str| variables.get(name).cloned();
        let limits = match variable(API) {
            None => Limits::CURRENT,
            Some(version) => Limits::of_version(version.trim()).ok_or_else(|| {
                let problem = format!("knows only {}", Limits::VERSIONS.join(" and "));
                SettingsError { variable: API.to_owned(), problem }
            })?,
        };
        let runs = optional(RUNS, variable(RUNS))?;
        let queue = optional(QUEUE_URL, variable(QUEUE_URL))?;
        if queue.is_some() && runs.is_none() {
            // A queue hands a message out twice now and then.
            let problem =
                format!("needs {RUNS}, without which what is handed out twice is sent twice");
            return Err(SettingsError { variable: QUEUE_URL.to_owned(), problem });
        }
        if queue.is_some() != variable(MAXIMUM_CONCURRENCY).is_some() {
            let problem = format!(
                "and {MAXIMUM_CONCURRENCY} are set together or not at all: workers share the rates"
            );
            return Err(SettingsError { variable: QUEUE_URL.to_owned(), problem });
        }
        Ok(Self {
            limits,
            queue,
            rates: rates(variable)?,
            definitions: match variable(DEFINITIONS) {
                Some(text) => parsed(DEFINITIONS, &text)?,
                None => default_definitions(variable(TASK_ROOT).as_deref()),
            },
            runs,
            templates: optional(TEMPLATES, variable(TEMPLATES))?,
            deployment: Deployment {
                instance: optional(INSTANCE, variable(INSTANCE))?,
                owner: optional(OWNER, variable(OWNER))?,
                from: optional(FROM, variable(FROM))?,
                allowed_recipients: optional(ALLOWED_RECIPIENTS, variable(ALLOWED_RECIPIENTS))?
                    .unwrap_or_default(),
                allowed_links: optional(ALLOWED_LINKS, variable(ALLOWED_LINKS))?
                    .unwrap_or_default(),
                configuration_set: optional(CONFIGURATION_SET, variable(CONFIGURATION_SET))?,
            },
        })
    }
}

/// How many requests, and messages, a second a worker needs at least: with fewer it gets nowhere in the
/// time that it has.
const LEAST: f64 = 0.5;
const LEAST_LISTS: f64 = 0.1;

/// The rates of one of the workers.
fn rates(variable: impl Fn(&str) -> Option<String>) -> Result<Rates, SettingsError> {
    let usual = Rates::default();
    let rate = |name, usual| Ok(optional(name, variable(name))?.unwrap_or(usual));
    let account = Rates {
        requests: rate(REQUESTS_PER_SECOND, usual.requests)?,
        lists: rate(LISTS_PER_SECOND, usual.lists)?,
        messages: rate(MESSAGES_PER_SECOND, usual.messages)?,
    };
    let workers: Option<Workers> = optional(MAXIMUM_CONCURRENCY, variable(MAXIMUM_CONCURRENCY))?;
    let Some(Workers(workers)) = workers else { return Ok(account) };
    let part = account.shared_by(workers);
    let enough = [(part.requests, LEAST), (part.messages, LEAST), (part.lists, LEAST_LISTS)];
    if enough.iter().all(|(rate, least)| rate.per_second() >= *least) {
        return Ok(part);
    }
    let problem = format!(
        "leaves each of {workers} workers less than one request or message in two seconds, or one \
         look-up in ten; lower it, or have the account's rates raised"
    );
    Err(SettingsError { variable: MAXIMUM_CONCURRENCY.to_owned(), problem })
}

/// How many invocations take the queue at once, at most (`CreateEventSourceMapping`, `ScalingConfig`).
struct Workers(NonZeroU32);

impl FromStr for Workers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let workers = text.parse().ok().filter(|workers: &NonZeroU32| workers.get() <= 1_000);
        workers.map(Self).ok_or("is no number from 1 to 1000")
    }
}

/// The times that calls may take.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(SDK_CONNECT_TIMEOUT)
        .operation_attempt_timeout(SDK_ATTEMPT_TIMEOUT)
        .operation_timeout(SDK_CALL_TIMEOUT)
        .build()
}

/// The SDK's behaviour, pinned, so that a newer SDK does not change retries and timeouts unasked.
pub fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The means of calls to AWS.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The SDK's configuration, with the HTTP client of all but SES.
    pub config: SdkConfig,
    /// The connections to SES; `None`: those of the configuration.
    pub mail_connections: Option<MailConnections>,
}

impl From<SdkConfig> for Aws {
    fn from(config: SdkConfig) -> Self {
        Self { config, mail_connections: None }
    }
}

/// The SDK's configuration: Region, credentials, endpoints and retries are those of its own
/// variables, and no call takes longer than it may.
///
/// # Errors
/// `CONFIGURATION_ERROR` where one of the SDK's own variables has a value that it does not take, or the
/// Region can be none.
pub async fn aws() -> Result<Aws, Error> {
    let loader = aws_config::defaults(behavior());
    let loader = loader.timeout_config(timeouts()).http_client(http::Shared::new());
    // The SDK panics on a value of AWS_MAX_ATTEMPTS or AWS_RETRY_MODE that it can't read.
    let config = catch_panic(loader.load()).await.map_err(|Panicked| {
        let message = "the AWS SDK can't read its settings";
        Error::new(Code::ConfigurationError, Stage::Load, message)
            .hint("check the variables that start with AWS_, such as AWS_MAX_ATTEMPTS")
    })?;
    if let Some(Err(error)) = config.region().map(|region| region.as_ref().parse::<Region>()) {
        let message = format!("the Region of the environment {error}");
        return Err(Error::new(Code::ConfigurationError, Stage::Load, message)
            .hint("set AWS_REGION, or `region` of the profile, to a Region such as eu-west-2"));
    }
    Ok(Aws { config, mail_connections: Some(MailConnections::default()) })
}

/// The variables that this program reads and that have a value.
fn own(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, SettingsError> {
    let mut own = BTreeMap::new();
    for (name, value) in variables {
        let Some(name) =
            name.to_str().filter(|name| name.starts_with(PREFIX) || *name == TASK_ROOT)
        else {
            continue;
        };
        let wrong = |problem: &str| SettingsError {
            variable: cut(name, LONGEST_QUOTED),
            problem: problem.to_owned(),
        };
        let value = value.to_str().ok_or_else(|| wrong("is not UTF-8"))?;
        if value.trim().is_empty() {
            continue;
        }
        if !(READ.contains(&name) || name == TASK_ROOT) {
            return Err(wrong(&format!("is unknown; there are {}", READ.join(", "))));
        }
        own.insert(name.to_owned(), value.to_owned());
    }
    Ok(own)
}

fn default_definitions(task_root: Option<&str>) -> Location {
    Location::Folder(
        task_root.map_or_else(PathBuf::new, |root| Path::new(root).to_owned()).join("reports"),
    )
}

fn optional<T>(variable: &'static str, value: Option<String>) -> Result<Option<T>, SettingsError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    value.map(|text| parsed(variable, &text)).transpose()
}

fn parsed<T>(variable: &'static str, text: &str) -> Result<T, SettingsError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.trim().parse().map_err(|error: T::Err| SettingsError {
        variable: variable.to_owned(),
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "https://sqs.eu-west-2.amazonaws.com/123456789012/runs";

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Settings::read(variables).map_err(|error| error.to_string())
    }

    #[test]
    fn definitions_lie_beside_the_function_or_here() {
        let folder = |path: &str| Location::Folder(path.into());
        assert_eq!(read(&[]).unwrap().definitions, folder("reports"));
        let lambda = read(&[("LAMBDA_TASK_ROOT", "/var/task")]).unwrap();
        assert_eq!(lambda.definitions, folder("/var/task/reports"));
        let s3 = read(&[(DEFINITIONS, "s3://reports-bucket/a/b")]).unwrap();
        assert_eq!(s3.definitions.to_string(), "s3://reports-bucket/a/b/");
        let s3 = read(&[(DEFINITIONS, "s3://reports-bucket")]).unwrap();
        assert_eq!(s3.definitions.to_string(), "s3://reports-bucket/");
    }

    #[test]
    fn errors_name_the_variable() {
        for (variables, expected) in [
            ([(INSTANCE, "abc")], "CONNECT_REPORTS_INSTANCE is no ARN of a Connect instance"),
            ([(OWNER, "ops")], "CONNECT_REPORTS_OWNER is no mail address"),
            ([(DEFINITIONS, "gs://x/y")], "CONNECT_REPORTS_DEFINITIONS is neither a folder nor"),
            ([(API, "2022")], "CONNECT_REPORTS_API knows only current and 2023"),
            ([(REQUESTS_PER_SECOND, "0")], "CONNECT_REPORTS_REQUESTS_PER_SECOND is no rate from"),
            ([(LISTS_PER_SECOND, "fast")], "CONNECT_REPORTS_LISTS_PER_SECOND is no rate from"),
            ([(RUNS, "gs://x/y")], "CONNECT_REPORTS_RUNS is neither a folder nor"),
            ([(QUEUE_URL, "runs")], "CONNECT_REPORTS_QUEUE_URL is no URL of an SQS queue"),
            ([(QUEUE_URL, QUEUE)], "CONNECT_REPORTS_QUEUE_URL needs CONNECT_REPORTS_RUNS"),
            (
                [(MAXIMUM_CONCURRENCY, "2")],
                "CONNECT_REPORTS_QUEUE_URL and CONNECT_REPORTS_MAXIMUM_CONCURRENCY are set",
            ),
            ([(CONFIGURATION_SET, "a b")], "CONNECT_REPORTS_CONFIGURATION_SET is no name of"),
            ([("CONNECT_REPORTS_OWNR", "x")], "CONNECT_REPORTS_OWNR is unknown"),
            (
                [(ALLOWED_RECIPIENTS, "a.test,")],
                "CONNECT_REPORTS_ALLOWED_RECIPIENTS has an entry that is no domain, number 2 of 2",
            ),
            (
                [(ALLOWED_LINKS, "https://x")],
                "CONNECT_REPORTS_ALLOWED_LINKS has an entry that is no domain, number 1 of 1: \
                 `https://x`, of 9 characters; allowed are",
            ),
        ] {
            let error = read(&variables).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(read(&[(OWNER, " ")]).unwrap().deployment.owner.is_none());
    }

    #[test]
    fn rates_are_positive_decimals() {
        let rates = |variables: &[(&str, &str)]| {
            let Rates { requests, lists, messages } = read(variables).unwrap().rates;
            (requests.per_second(), lists.per_second(), messages.per_second())
        };
        assert_eq!(rates(&[]), (10.0, 2.0, 14.0));
        assert_eq!(rates(&[(REQUESTS_PER_SECOND, " 2.5 ")]), (2.5, 2.0, 14.0));
        let few = [(LISTS_PER_SECOND, "0.5"), (REQUESTS_PER_SECOND, "")];
        assert_eq!(rates(&few), (10.0, 0.5, 14.0));
        let queue = [(QUEUE_URL, QUEUE), (RUNS, "runs"), (MESSAGES_PER_SECOND, "40")];
        let workers = |workers| [&queue[..], &[(MAXIMUM_CONCURRENCY, workers)]].concat();
        assert_eq!(rates(&workers("4")), (2.5, 0.5, 10.0));
        for (count, problem) in [("0", "is no number from"), ("21", "leaves each of 21 workers")] {
            let error = read(&workers(count)).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        for wrong in ["0", "0.0", "-1", "+1", "1e3", "inf", "NaN", "10/s", "1,5", ".", "1.2.3"] {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError), "{wrong}");
        }
        for beyond in ["0.0009", "1000000.1", &"9".repeat(400)] {
            assert_eq!(beyond.parse::<Rate>(), Err(RateError), "{beyond}");
        }
    }
}
