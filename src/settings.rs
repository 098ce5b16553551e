//! The environment as a value; every error names its variable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::address::{Address, AllowedRecipients, Mailbox};
use crate::error::{Code, Error, Panicked, Stage, unwinding};
use crate::instance::InstanceArn;
use crate::metric::Limits;

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
    /// The account's rates in each Region.
    pub rates: Rates,
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
    pub allowed_recipients: AllowedRecipients,
    /// The SES configuration set of definitions without one
    /// (`CONNECT_REPORTS_CONFIGURATION_SET`).
    pub configuration_set: Option<ConfigurationSet>,
}

/// The name of a configuration set of SES (`CreateConfigurationSet`, `ConfigurationSetName`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationSet(String);

/// The text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no name of a configuration set: up to 64 letters, digits, `-` and `_`")]
pub struct ConfigurationSetError;

impl FromStr for ConfigurationSet {
    type Err = ConfigurationSetError;

    fn from_str(text: &str) -> Result<Self, ConfigurationSetError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err(ConfigurationSetError),
        }
    }
}

impl fmt::Display for ConfigurationSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an account may ask of Connect in one Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// For figures (`CONNECT_REPORTS_REQUESTS_PER_SECOND`).
    pub requests: Rate,
    /// For each look-up of names (`CONNECT_REPORTS_LISTS_PER_SECOND`).
    pub lists: Rate,
}

impl Default for Rates {
    /// The rates of an account that has not asked for others.
    fn default() -> Self {
        Self { requests: Rate(10.0), lists: Rate(2.0) }
    }
}

/// How many calls a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// The text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no rate from 0.001 to 1000000 calls a second, such as 10 or 2.5")]
pub struct RateError;

impl Rate {
    /// The number of calls: finite and above 0.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// How many seconds so many calls take at least, after a burst of a second's worth.
    pub fn seconds_for(self, calls: usize) -> f64 {
        let calls = u32::try_from(calls).map_or(f64::from(u32::MAX), f64::from);
        (calls - self.0.max(1.0)).max(0.0) / self.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        // Rust reads "1e3" and "inf" as numbers too, which nobody means here.
        let is_decimal = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let rate = text.parse().ok().filter(|_| is_decimal).ok_or(RateError)?;
        // Beyond these bounds the moments of calls can't be told in nanoseconds and hours.
        match (0.001..=1_000_000.0).contains(&rate) {
            true => Ok(Self(rate)),
            false => Err(RateError),
        }
    }
}

/// A folder, or a prefix of an S3 bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder of the file system.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    S3 {
        /// The bucket.
        bucket: String,
        /// What keys start with: empty, or ending in `/`.
        prefix: String,
    },
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
const CONFIGURATION_SET: &str = "CONNECT_REPORTS_CONFIGURATION_SET";
/// The variable that says where templates of one's own are.
pub const TEMPLATES: &str = "CONNECT_REPORTS_TEMPLATES";
const REQUESTS_PER_SECOND: &str = "CONNECT_REPORTS_REQUESTS_PER_SECOND";
const LISTS_PER_SECOND: &str = "CONNECT_REPORTS_LISTS_PER_SECOND";
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
    CONFIGURATION_SET,
    TEMPLATES,
    REQUESTS_PER_SECOND,
    LISTS_PER_SECOND,
    API,
];

/// Variables that a later version reads. To ignore one would be to break a promise silently.
const NOT_YET: &[&str] = &["CONNECT_REPORTS_QUEUE_URL"];

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
        let usual = Rates::default();
        Ok(Self {
            limits,
            definitions: match variable(DEFINITIONS) {
                Some(text) => parsed(DEFINITIONS, &text)?,
                None => default_definitions(variable(TASK_ROOT).as_deref()),
            },
            runs: optional(RUNS, variable(RUNS))?,
            templates: optional(TEMPLATES, variable(TEMPLATES))?,
            deployment: Deployment {
                instance: optional(INSTANCE, variable(INSTANCE))?,
                owner: optional(OWNER, variable(OWNER))?,
                from: optional(FROM, variable(FROM))?,
                allowed_recipients: optional(ALLOWED_RECIPIENTS, variable(ALLOWED_RECIPIENTS))?
                    .unwrap_or_default(),
                configuration_set: optional(CONFIGURATION_SET, variable(CONFIGURATION_SET))?,
            },
            rates: Rates {
                requests: optional(REQUESTS_PER_SECOND, variable(REQUESTS_PER_SECOND))?
                    .unwrap_or(usual.requests),
                lists: optional(LISTS_PER_SECOND, variable(LISTS_PER_SECOND))?
                    .unwrap_or(usual.lists),
            },
        })
    }
}

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one attempt of a call may take; the largest answer of the service takes a few seconds.
const ATTEMPT: Duration = Duration::from_secs(20);

/// How long a call with all its attempts may take.
const CALL: Duration = Duration::from_secs(75);

/// How long calls may take.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}

/// The SDK's behaviour, pinned, so that a newer SDK does not change retries and timeouts unasked.
pub fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The SDK's configuration: Region, credentials, endpoints and retries are those of its own
/// variables, and no call takes longer than it may.
///
/// # Errors
/// `CONFIGURATION_ERROR` where one of the SDK's own variables has a value that it does not take.
pub async fn aws() -> Result<SdkConfig, Error> {
    let loader = aws_config::defaults(behavior()).timeout_config(timeouts());
    // The SDK panics on a value of AWS_MAX_ATTEMPTS or AWS_RETRY_MODE that it can't read.
    unwinding(loader.load()).await.map_err(|Panicked| {
        let message = "the AWS SDK can't read its settings";
        Error::new(Code::ConfigurationError, Stage::Load, message)
            .hint("check the variables that start with AWS_, such as AWS_MAX_ATTEMPTS")
    })
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
            variable: name.to_owned(),
            problem: problem.to_owned(),
        };
        let value = value.to_str().ok_or_else(|| wrong("is not UTF-8"))?;
        if value.trim().is_empty() {
            continue;
        }
        if NOT_YET.contains(&name) {
            return Err(wrong("is not supported by this version yet; unset it"));
        }
        if !(READ.contains(&name) || name == TASK_ROOT) {
            return Err(wrong(&format!("is unknown; there are {}", READ.join(", "))));
        }
        own.insert(name.to_owned(), value.to_owned());
    }
    Ok(own)
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            return match text.contains("://") {
                true => Err(LocationError),
                false => Ok(Self::Folder(PathBuf::from(text))),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        match bucket.is_empty() {
            true => Err(LocationError),
            false => Ok(Self::S3 {
                bucket: bucket.to_owned(),
                prefix: match prefix.is_empty() {
                    true => String::new(),
                    false => format!("{prefix}/"),
                },
            }),
        }
    }
}

/// The text is neither a folder nor a place in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither a folder nor of the form s3://bucket/prefix")]
pub struct LocationError;

impl Location {
    /// What lies there at this key, as people name it.
    pub fn at(&self, key: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(key).display().to_string(),
            Self::S3 { .. } => format!("{self}{key}"),
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
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
            ([("CONNECT_REPORTS_QUEUE_URL", "t")], "CONNECT_REPORTS_QUEUE_URL is not supported"),
            ([(CONFIGURATION_SET, "a b")], "CONNECT_REPORTS_CONFIGURATION_SET is no name of"),
            ([("CONNECT_REPORTS_OWNR", "x")], "CONNECT_REPORTS_OWNR is unknown"),
            ([(ALLOWED_RECIPIENTS, " , ")], "CONNECT_REPORTS_ALLOWED_RECIPIENTS does not end"),
        ] {
            let error = read(&variables).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(read(&[(OWNER, " ")]).unwrap().deployment.owner.is_none());
    }
    #[test]
    fn rates_are_positive_decimals() {
        let rates = |variables: &[(&str, &str)]| {
            let Rates { requests, lists } = read(variables).unwrap().rates;
            (requests.per_second(), lists.per_second())
        };
        assert_eq!(rates(&[]), (10.0, 2.0));
        assert_eq!(rates(&[(REQUESTS_PER_SECOND, " 2.5 ")]), (2.5, 2.0));
        assert_eq!(rates(&[(LISTS_PER_SECOND, "0.5"), (REQUESTS_PER_SECOND, "")]), (10.0, 0.5));
        for wrong in ["0", "0.0", "-1", "+1", "1e3", "inf", "NaN", "10/s", "1,5", ".", "1.2.3"] {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError), "{wrong}");
        }
        for beyond in ["0.0009", "1000000.1", &"9".repeat(400)] {
            assert_eq!(beyond.parse::<Rate>(), Err(RateError), "{beyond}");
        }
    }
}
