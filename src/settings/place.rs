//! Where files lie, and the queue: folders, S3, SQS.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

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

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

/// The URL of a standard queue of SQS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueUrl {
    url: String,
    account: String,
    name: String,
}

/// The text is no URL of such a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueUrlError {
    /// It is something else.
    #[error(
        "is no URL of an SQS queue, such as https://sqs.eu-west-2.amazonaws.com/123456789012/runs"
    )]
    NoQueue,
    /// It is that of a queue that keeps an order, and so one group of runs would wait for another.
    #[error("is the URL of a FIFO queue; a standard queue is needed")]
    Fifo,
}

impl QueueUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The account that has the queue.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The name of the queue.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Region, as far as the URL names it: `sqs.eu-west-2.amazonaws.com`.
    pub fn region(&self) -> Option<&str> {
        let (_, host) = self.url.split_once("://")?;
        let (region, _) = host.strip_prefix("sqs.")?.split_once('.')?;
        Some(region)
    }
}

impl FromStr for QueueUrl {
    type Err = QueueUrlError;

    fn from_str(text: &str) -> Result<Self, QueueUrlError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let mut parts = rest.ok_or(QueueUrlError::NoQueue)?.split('/');
        let (Some(host), Some(account), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(QueueUrlError::NoQueue);
        };
        if name.ends_with(".fifo") {
            return Err(QueueUrlError::Fifo);
        }
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        // CreateQueue, QueueName.
        let is_name = (1..=80).contains(&name.len()) && name.bytes().all(allowed);
        match !host.is_empty() && is_account && is_name {
            true => Ok(Self {
                url: text.to_owned(),
                account: account.to_owned(),
                name: name.to_owned(),
            }),
            false => Err(QueueUrlError::NoQueue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_have_an_account_a_name_and_mostly_a_region() {
        let queue: QueueUrl =
            "https://sqs.eu-west-2.amazonaws.com/123456789012/report-runs".parse().unwrap();
        assert_eq!((queue.account(), queue.name()), ("123456789012", "report-runs"));
        assert_eq!(queue.region(), Some("eu-west-2"));
        let local: QueueUrl = "http://127.0.0.1:4566/000000000000/runs".parse().unwrap();
        assert_eq!(local.region(), None);
        for (text, error) in [
            ("report-runs", QueueUrlError::NoQueue),
            ("https://sqs.eu-west-2.amazonaws.com/runs", QueueUrlError::NoQueue),
            ("https://sqs.eu-west-2.amazonaws.com/123456789012/", QueueUrlError::NoQueue),
            ("arn:aws:sqs:eu-west-2:123456789012:runs", QueueUrlError::NoQueue),
            ("https://sqs.eu-west-2.amazonaws.com/123456789012/runs.fifo", QueueUrlError::Fifo),
        ] {
            assert_eq!(text.parse::<QueueUrl>(), Err(error), "{text}");
        }
    }
}
