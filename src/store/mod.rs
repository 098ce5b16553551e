//! Where definitions lie, and records: a folder, or a prefix of an S3 bucket.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;

use crate::error::{Code, Error, Stage, sdk};
use crate::settings::Location;

/// A definition's file as it lies in the store.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path, or its `s3://` address.
    pub name: String,
    /// Its bytes, or why it can't be read.
    pub content: Result<Vec<u8>, Error>,
}

impl File {
    /// The name without folder and `.toml`: the report's id.
    pub fn stem(&self) -> &str {
        let name = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
        name.strip_suffix(".toml").unwrap_or(name)
    }
}

/// A place that files are read from.
#[derive(Clone, Debug)]
pub enum Store {
    /// A folder of the file system.
    Folder(PathBuf),
    /// A prefix of an S3 bucket.
    S3 {
        /// The client for the bucket.
        client: Client,
        /// The bucket.
        bucket: String,
        /// What keys start with: empty, or ending in `/`.
        prefix: String,
    },
}

impl Store {
    /// The store at `location`; `client` makes the S3 client if one is needed.
    pub fn at(location: &Location, client: impl FnOnce() -> Client) -> Self {
        match location {
            Location::Folder(folder) => Self::Folder(folder.clone()),
            Location::S3 { bucket, prefix } => {
                Self::S3 { client: client(), bucket: bucket.clone(), prefix: prefix.clone() }
            }
        }
    }

    /// The files ending in `.toml`, by name, without those of subfolders.
    ///
    /// # Errors
    /// Where the place does not exist, may not be read, or holds no such file.
    pub async fn definitions(&self) -> Result<Vec<File>, Error> {
        let (place, mut files) = match self {
            Self::Folder(folder) => (folder.display().to_string(), read_folder(folder)?),
            Self::S3 { client, bucket, prefix } => {
                (format!("s3://{bucket}/{prefix}"), read_s3(client, bucket, prefix).await?)
            }
        };
        if files.is_empty() {
            let message = format!("there are no definitions (*.toml) in {place}");
            return Err(Error::new(Code::ConfigurationError, Stage::Load, message)
                .hint("set CONNECT_REPORTS_DEFINITIONS to where they are"));
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// What lies at this key below the place; nothing where there is nothing.
    ///
    /// # Errors
    /// Where it can't be read.
    pub async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Folder(folder) => match std::fs::read(folder.join(key)) {
                Ok(content) => Ok(Some(content)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(of_record(&folder.join(key), "read", &error)),
            },
            Self::S3 { client, bucket, prefix } => {
                let key = format!("{prefix}{key}");
                let content = read_object(client, bucket, &key, Stage::Record).await;
                content.map_err(|error| at(&format!("s3://{bucket}/{key}"), error))
            }
        }
    }

    /// Writes an object at this key below the place, whole or not at all.
    ///
    /// # Errors
    /// Where it can't be written.
    pub async fn write(&self, key: &str, content: Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => write_file(&folder.join(key), &content)
                .map_err(|error| of_record(&folder.join(key), "written", &error)),
            Self::S3 { client, bucket, prefix } => {
                let key = format!("{prefix}{key}");
                let put = client.put_object().bucket(bucket).key(&key).body(content.into());
                let put = put.content_type("application/json").send().await;
                put.map(drop).map_err(|error| {
                    let error = sdk::classify("s3:PutObject", Stage::Record, &error);
                    at(&format!("s3://{bucket}/{key}"), error)
                })
            }
        }
    }
}

/// Writes beside the file and then puts it in its place, so that nobody reads half of it.
fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

fn of_record(path: &Path, what: &str, error: &io::Error) -> Error {
    let message = format!("{} can't be {what}: {error}", path.display());
    Error::new(Code::StoreError, Stage::Record, message)
        .retryable()
        .hint("check the place that CONNECT_REPORTS_RUNS or --runs names")
}

fn read_folder(folder: &Path) -> Result<Vec<File>, Error> {
    let failed = |error: std::io::Error| {
        unreadable(folder, &error)
            .hint("set CONNECT_REPORTS_DEFINITIONS to the folder, or the s3:// prefix, of the definitions")
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir() {
            let content = std::fs::read(&path).map_err(|error| unreadable(&path, &error));
            files.push(File { name: path.display().to_string(), content });
        }
    }
    Ok(files)
}

/// Why a file can't be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Code::ConfigurationError
        }
        _ => Code::StoreError,
    };
    Error::new(code, Stage::Load, format!("{} can't be read: {error}", path.display()))
}

async fn read_s3(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for key in list_keys(client, bucket, prefix).await? {
        let name = format!("s3://{bucket}/{key}");
        let content = read_object(client, bucket, &key, Stage::Load).await;
        let gone = || Error::new(Code::NotFound, Stage::Load, "it was there a moment ago");
        let content = content.and_then(|content| content.ok_or_else(gone));
        let content = content.map_err(|error| at(&name, error));
        // What ails the service ails every object; what ails an object is its report's own failure.
        let content = match content {
            Err(error) if error.retryable => return Err(error),
            content => content,
        };
        files.push(File { name, content });
    }
    Ok(files)
}

/// The bytes of an object; nothing where the bucket has none of this key.
async fn read_object(
    client: &Client,
    bucket: &str,
    key: &str,
    stage: Stage,
) -> Result<Option<Vec<u8>>, Error> {
    let answer = client.get_object().bucket(bucket).key(key).send().await;
    let is_missing = |error: &SdkError<GetObjectError>| {
        error.as_service_error().is_some_and(GetObjectError::is_no_such_key)
    };
    let object = match answer {
        Err(error) if is_missing(&error) => return Ok(None),
        answer => answer.map_err(|error| sdk::classify("s3:GetObject", stage, &error))?,
    };
    let body = object.body.collect().await.map_err(|error| {
        let message = format!("the object broke off while it was read: {error}");
        Error::new(Code::StoreError, stage, message).retryable()
    })?;
    Ok(Some(body.to_vec()))
}

/// The error with the place that it concerns.
fn at(place: &str, error: Error) -> Error {
    Error { message: format!("{place}: {}", error.message), ..error }
}

/// The keys under the prefix, page by page, without those of deeper prefixes.
async fn list_keys(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<String>, Error> {
    let mut keys = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let answer = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .delimiter("/")
            .set_continuation_token(token.clone())
            .send()
            .await;
        let page = answer.map_err(|error| {
            let error = sdk::classify("s3:ListBucket", Stage::Load, &error);
            at(&format!("s3://{bucket}/{prefix}"), error)
        })?;
        let found = page.contents().iter().filter_map(|object| object.key());
        keys.extend(found.filter(|key| key.ends_with(".toml")).map(ToOwned::to_owned));
        match page.next_continuation_token() {
            None => return Ok(keys),
            Some(next) if token.as_deref() == Some(next) => {
                let message = "s3:ListBucket answered the same continuation token twice";
                return Err(Error::new(Code::BadResponse, Stage::Load, message).retryable());
            }
            Some(next) => token = Some(next.to_owned()),
        }
    }
}
