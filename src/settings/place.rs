//! Where files lie, and the queue: folders, S3, SQS.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{LONGEST_QUOTED, cut};

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

/// The most bytes of a folder's path (Linux, `PATH_MAX`).
const LONGEST_PATH: usize = 4_096;

/// The least and the most characters of a bucket's name (S3, "General purpose bucket naming rules").
const BUCKET_LENGTHS: RangeInclusive<usize> = 3..=63;

/// The most bytes of a prefix. A key has 1,024 at most (S3, "Naming Amazon S3 objects"), and the longest
/// one below a prefix, that of a file beside a re-issue's record, takes fewer than half of them.
const LONGEST_PREFIX: usize = 512;

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.contains("://") {
                return Err(LocationError::Form);
            }
            check_length("a folder", text, LONGEST_PATH).map_err(LocationError::TooLong)?;
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        check_bucket(bucket)?;
        let prefix = prefix.trim_matches('/');
        check_length("a prefix", prefix, LONGEST_PREFIX).map_err(LocationError::TooLong)?;
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }
}

/// Checks a bucket's name by S3's rules for general purpose buckets, as far as requests may name none
/// that breaks them: the endings of aliases and of directory buckets are reserved for these, and they are
/// named by requests too.
fn check_bucket(bucket: &str) -> Result<(), LocationError> {
    if bucket.is_empty() {
        return Err(LocationError::Form);
    }
    let found = bucket.chars().count();
    if !BUCKET_LENGTHS.contains(&found) {
        return Err(LocationError::BucketLength { found });
    }
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| label.bytes().all(|byte| is_inner(byte) || byte == b'-');
    let ends_well = bucket.bytes().next().is_some_and(is_inner)
        && bucket.bytes().next_back().is_some_and(is_inner);
    let has_empty_label = bucket.contains("..");
    let is_ip_address = bucket.parse::<Ipv4Addr>().is_ok();
    if bucket.split('.').all(is_label) && ends_well && !has_empty_label && !is_ip_address {
        Ok(())
    } else {
        Err(LocationError::Bucket)
    }
}

/// The text is neither a folder nor a place in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It has another form.
    #[error("is neither a folder nor of the form s3://bucket/prefix")]
    Form,
    /// It has the form, and a bucket's name of a length that no bucket has.
    #[error("names a bucket with {found} characters, 3 to 63 are allowed")]
    BucketLength {
        /// The number of its characters.
        found: usize,
    },
    /// It has the form, and a bucket's name that breaks another rule of S3.
    #[error(
        "names no bucket of S3: its name needs lower-case letters, digits, `.` and `-`, a letter or \
         digit at both ends, no two dots side by side, and not the form of an IP address; an access \
         point is named by its alias"
    )]
    Bucket,
    /// It has a part that is too long.
    #[error("names {0}")]
    TooLong(TooLong),
}

/// A part that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} with {found} bytes, {allowed} are allowed")]
pub struct TooLong {
    /// The part, such as `a prefix`.
    pub part: &'static str,
    /// The number of its bytes.
    pub found: usize,
    /// The most that it may have.
    pub allowed: usize,
}

fn check_length(part: &'static str, text: &str, allowed: usize) -> Result<(), TooLong> {
    let found = text.len();
    if found > allowed {
        return Err(TooLong { part, found, allowed });
    }
    Ok(())
}

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueUrlError {
    /// It is something else.
    #[error(
        "is no URL of an SQS queue, such as https://sqs.eu-west-2.amazonaws.com/123456789012/runs"
    )]
    NoQueue,
    /// It is that of a queue that keeps an order, and so one group of runs would wait for another.
    #[error("is the URL of a FIFO queue; a standard queue is needed")]
    Fifo,
    /// It has the form, and a part that is too long.
    #[error("has {0}")]
    TooLong(TooLong),
    /// It has the form, and an account that is none.
    #[error("has `{found}` as its account, 12 digits are allowed")]
    Account {
        /// The text in its place, or its beginning.
        found: String,
    },
    /// It has the form, and a port that is none.
    #[error("has `{found}` as its port, a number from 1 to 65535 is allowed")]
    Port {
        /// The text in its place, or its beginning.
        found: String,
    },
}

/// The most bytes of a host's name (RFC 1035, 2.3.4, without the dot of the root).
const LONGEST_HOST: usize = 253;

/// The most characters of a queue's name (SQS, `CreateQueue`, `QueueName`).
const LONGEST_QUEUE_NAME: usize = 80;

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

/// A host without the port that stands behind it, and this port. An IPv6 address has colons, in brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_port(text: &str) -> bool {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && text.parse::<NonZeroU16>().is_ok()
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
        let (name_of_host, port) = split_port(host);
        check_length("a host", name_of_host, LONGEST_HOST).map_err(QueueUrlError::TooLong)?;
        check_length("a queue's name", name, LONGEST_QUEUE_NAME).map_err(QueueUrlError::TooLong)?;
        // An IPv6 address stands in brackets.
        let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let in_brackets =
            name_of_host.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let is_host = match in_brackets {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !name_of_host.is_empty() && name_of_host.bytes().all(in_host),
        };
        let is_name = !name.is_empty() && name.bytes().all(in_name);
        if !(is_host && is_name) {
            return Err(QueueUrlError::NoQueue);
        }
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(QueueUrlError::Account { found: cut(account, LONGEST_QUOTED) });
        }
        if let Some(port) = port.filter(|port| !is_port(port)) {
            return Err(QueueUrlError::Port { found: cut(port, LONGEST_QUOTED) });
        }
        let [url, account, name] = [text, account, name].map(str::to_owned);
        Ok(Self { url, account, name })
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
            ("https://key@sqs.amazonaws.com/123456789012/runs", QueueUrlError::NoQueue),
            ("https://sqs.amazonaws.com\r\nx/123456789012/runs", QueueUrlError::NoQueue),
            ("https://a:b:80/123456789012/runs", QueueUrlError::NoQueue),
            ("https://[::1/123456789012/runs", QueueUrlError::NoQueue),
            ("https://[sqs]:80/123456789012/runs", QueueUrlError::NoQueue),
            ("https://:80/123456789012/runs", QueueUrlError::NoQueue),
        ] {
            assert_eq!(text.parse::<QueueUrl>(), Err(error), "{text}");
        }
        let account = "https://sqs.amazonaws.com/1234567890123/runs".parse::<QueueUrl>();
        let told = account.unwrap_err().to_string();
        assert_eq!(told, "has `1234567890123` as its account, 12 digits are allowed");
    }

    #[test]
    fn a_port_is_one_of_those_that_there_are() {
        let url = |host: &str| format!("http://{host}/123456789012/runs").parse::<QueueUrl>();
        for host in ["a:1", "a:65535", "a", "[::1]", "[::1]:4566", "127.0.0.1:4566"] {
            assert!(url(host).is_ok(), "{host}");
        }
        for port in ["0", "65536", "", "4566x", "+80", "00000000000000000000000000000000000000000"]
        {
            for host in ["sqs.test", "[::1]"] {
                let error = url(&format!("{host}:{port}")).unwrap_err();
                assert_eq!(error, QueueUrlError::Port { found: port.to_owned() });
            }
        }
    }

    #[test]
    fn no_part_of_a_queue_is_longer_than_the_service_has_it() {
        let url = |host: usize, name: usize| {
            let [host, name] = [host, name].map(|length| "a".repeat(length));
            format!("https://{host}:65535/123456789012/{name}").parse::<QueueUrl>().map(|_| ())
        };
        let too_long =
            |part, found, allowed| Err(QueueUrlError::TooLong(TooLong { part, found, allowed }));
        assert_eq!(url(253, 80), Ok(()));
        assert_eq!(url(254, 80), too_long("a host", 254, 253));
        assert_eq!(url(100_000, 80), too_long("a host", 100_000, 253));
        assert_eq!(url(253, 81), too_long("a queue's name", 81, 80));
    }

    /// S3, "General purpose bucket naming rules".
    #[test]
    fn buckets_have_the_names_that_s3_gives_them() {
        let parsed = |bucket: &str| format!("s3://{bucket}/x").parse::<Location>().map(|_| ());
        for bucket in [
            "abc",
            "reports-bucket",
            "1a.b-c.2",
            "reports--usw2-az1--x-s3",
            "entry-aqfqprnstn7aefdfbarligizwgyfouse1a-s3alias",
            &"a".repeat(63),
        ] {
            assert_eq!(parsed(bucket), Ok(()), "{bucket}");
        }
        for bucket in [
            "Reports",
            "re_ports",
            ".reports",
            "reports-",
            "re..ports",
            "192.168.5.4",
            "büro",
            "a b",
        ] {
            assert_eq!(parsed(bucket), Err(LocationError::Bucket), "{bucket}");
        }
        for found in [1, 2, 64, 100_000] {
            let error = parsed(&"a".repeat(found)).unwrap_err();
            assert_eq!(error, LocationError::BucketLength { found });
            let told = format!("names a bucket with {found} characters, 3 to 63 are allowed");
            assert_eq!(error.to_string(), told);
        }
        assert_eq!(parsed(""), Err(LocationError::Form));
        assert_eq!("gs://reports/x".parse::<Location>(), Err(LocationError::Form));
    }

    #[test]
    fn a_place_leaves_room_for_the_keys_below_it() {
        let parsed = |text: String| text.parse::<Location>().map(|_| ());
        let too_long =
            |part, found, allowed| Err(LocationError::TooLong(TooLong { part, found, allowed }));
        assert_eq!(parsed(format!("s3://reports/{}/", "é".repeat(256))), Ok(()));
        let prefix = parsed(format!("s3://reports/{}", "é".repeat(257)));
        assert_eq!(prefix, too_long("a prefix", 514, 512));
        assert_eq!(parsed("a/".repeat(2_048)), Ok(()));
        assert_eq!(parsed("a".repeat(1_000_000)), too_long("a folder", 1_000_000, 4_096));
    }
}
