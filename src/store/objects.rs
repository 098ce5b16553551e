//! Objects that are written on condition only, so that no process undoes what another has written.
//!
//! S3 keeps the condition itself (`PutObject`, If-None-Match and If-Match). In a folder a lock on the
//! file `.lock` keeps it, which the system takes from a process that dies.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_smithy_types::base64;
use sha2::{Digest as _, Sha256};

use super::{MOST_BYTES, Store, at, too_large};
use crate::error::{Code, Error, Stage, sdk};

/// What tells one content of an object from another: the `ETag` of S3, or a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(pub(super) String);

/// What lies at a key.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Its bytes.
    pub(crate) content: Vec<u8>,
    /// What tells them from others.
    pub(crate) tag: Tag,
}

/// When an object is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'t> {
    /// Where there is none.
    Absent,
    /// Where it still is the one with this tag.
    Unchanged(&'t Tag),
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It was written, and has this tag now.
    Written(Tag),
    /// The condition did not hold: or it did, and what was written is one's own, with the answer
    /// lost and the write repeated.
    Refused,
    /// Another write was under way; this one may be tried again.
    Busy,
}

/// A place of objects.
pub(crate) trait Objects {
    /// What lies at a key; nothing where there is nothing.
    async fn get(&self, key: &str) -> Result<Option<Object>, Error>;

    /// Writes an object, whole or not at all, if the condition holds. After an error it may have
    /// been written.
    async fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<Put, Error>;
}

impl Tag {
    /// The tag of a content that has none from elsewhere.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(base64::encode(Sha256::digest(content)))
    }
}

impl Objects for Store {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        match self {
            Self::Folder(folder) => match std::fs::read(folder.join(key)) {
                Ok(content) => Ok(Some(Object { tag: Tag::of(&content), content })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(of_file(&folder.join(key), "read", &error)),
            },
            Self::S3 { client, bucket, prefix, .. } => {
                let key = format!("{prefix}{key}");
                match read((client, bucket), &key, None, Stage::Record).await {
                    Ok(Found::Object(object)) => Ok(Some(object)),
                    Ok(Found::Nothing | Found::Unchanged) => Ok(None),
                    Err(error) => Err(at(&format!("s3://{bucket}/{key}"), of_missing(error))),
                }
            }
        }
    }

    async fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<Put, Error> {
        match self {
            Self::Folder(folder) => put_file(folder, key, &content, condition)
                .await
                .map_err(|error| of_file(&folder.join(key), "written", &error)),
            Self::S3 { client, bucket, prefix, .. } => {
                let key = format!("{prefix}{key}");
                let put = client.put_object().bucket(bucket).key(&key).body(content.into());
                let put = match condition {
                    Condition::Absent => put.if_none_match("*"),
                    Condition::Unchanged(tag) => put.if_match(&tag.0),
                };
                // A call is some kilobytes, which what awaits it would have several times over.
                let answer = Box::pin(put.content_type(content_type(&key)).send()).await;
                let ended = match answer {
                    Ok(answer) => tag("s3:PutObject", answer.e_tag).map(Put::Written),
                    Err(error) => refused(&error, condition),
                };
                ended.map_err(|error| at(&format!("s3://{bucket}/{key}"), error))
            }
        }
    }
}

/// What a browser, or whoever else fetches an object, takes it for: by the ending of its key.
fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        Some((_, "zip")) => "application/zip",
        _ => "application/octet-stream",
    }
}

/// What a write ended in that S3 did not take.
fn refused(
    error: &SdkError<PutObjectError, HttpResponse>,
    condition: Condition<'_>,
) -> Result<Put, Error> {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let code = error.as_service_error().and_then(|error| error.meta().code());
    match (status, condition) {
        (Some(412), _) => Ok(Put::Refused),
        // PutObject, If-Match: what was to be replaced has been removed.
        (Some(404), Condition::Unchanged(_)) if code == Some("NoSuchKey") => Ok(Put::Refused),
        (Some(409), _) => Ok(Put::Busy),
        _ => Err(sdk::classify("s3:PutObject", Stage::Record, error)),
    }
}

/// The tag of a record, without which the next write has no condition.
fn tag(operation: &str, tag: Option<String>) -> Result<Tag, Error> {
    tag.filter(|tag| !tag.is_empty()).map(Tag).ok_or_else(|| {
        let message = format!("{operation} answered without an ETag");
        Error::new(Code::BadResponse, Stage::Record, message).retryable()
    })
}

/// S3 says that access is denied where there is no object, unless one may list the bucket.
fn of_missing(error: Error) -> Error {
    match error.code {
        Code::AccessDenied => error.hint(
            "allow s3:GetObject on the records, and s3:ListBucket on their bucket: without it S3 \
             answers so wherever there is no record yet; `connect-reports policy` prints both",
        ),
        _ => error,
    }
}

/// What is found where one looks for an object.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Object(Object),
    /// It is the one that is known.
    Unchanged,
    Nothing,
}

/// The object, unless it is the one that is known; of a definition, or a template, no more than
/// [`MOST_BYTES`].
pub(super) async fn read(
    (client, bucket): (&Client, &str),
    key: &str,
    known: Option<&Tag>,
    stage: Stage,
) -> Result<Found, Error> {
    // Where S3 gave none, there is nothing to be asked by.
    let known = known.map(|Tag(tag)| tag.clone()).filter(|tag| !tag.is_empty());
    let is_conditional = known.is_some();
    let call = client.get_object().bucket(bucket).key(key).set_if_none_match(known);
    let answer = Box::pin(call.send()).await;
    let is_unchanged = |error: &SdkError<GetObjectError, HttpResponse>| {
        error.raw_response().is_some_and(|answer| answer.status().as_u16() == 304)
    };
    let is_missing = |error: &SdkError<GetObjectError, HttpResponse>| {
        error.as_service_error().is_some_and(GetObjectError::is_no_such_key)
    };
    let object = match answer {
        Err(error) if is_missing(&error) => return Ok(Found::Nothing),
        Err(error) if is_unchanged(&error) && is_conditional => return Ok(Found::Unchanged),
        Err(error) if is_unchanged(&error) => {
            let message = "s3:GetObject answered that nothing has changed, and was not asked so";
            return Err(Error::new(Code::BadResponse, stage, message).retryable());
        }
        answer => answer.map_err(|error| sdk::classify("s3:GetObject", stage, &error))?,
    };
    let bytes = object.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
    if stage == Stage::Load && bytes > MOST_BYTES {
        return Err(too_large(bytes));
    }
    let tag = match stage {
        Stage::Record => tag("s3:GetObject", object.e_tag)?,
        _ => Tag(object.e_tag.unwrap_or_default()),
    };
    let broke_off = |error| {
        let message = format!("the object broke off while it was read: {error}");
        Error::new(Code::StoreError, stage, message).retryable()
    };
    let (mut body, mut content) = (object.body, Vec::new());
    while let Some(chunk) = body.try_next().await.map_err(broke_off)? {
        content.extend_from_slice(&chunk);
        // An answer may come in chunks, without its length.
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        if stage == Stage::Load && bytes > MOST_BYTES {
            return Err(too_large(bytes));
        }
    }
    Ok(Found::Object(Object { content, tag }))
}

/// The file that is locked while another is written.
const LOCK: &str = ".lock";

/// How soon a lock is tried again that another process has.
const AGAIN: Duration = Duration::from_millis(5);

async fn put_file(
    folder: &Path,
    key: &str,
    content: &[u8],
    condition: Condition<'_>,
) -> io::Result<Put> {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
    let lock = File::create(folder.join(LOCK))?;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => tokio::time::sleep(AGAIN).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    // The lock ends with this function, which waits for nothing from here on.
    let found = match std::fs::read(&path) {
        Ok(content) => Some(Tag::of(&content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let holds = match condition {
        Condition::Absent => found.is_none(),
        Condition::Unchanged(tag) => found.as_ref() == Some(tag),
    };
    if !holds {
        return Ok(Put::Refused);
    }
    write_file(&path, content)?;
    Ok(Put::Written(Tag::of(content)))
}

/// Writes beside the file and then puts it in its place, so that nobody reads half of it.
fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

fn of_file(path: &Path, what: &str, error: &io::Error) -> Error {
    let message = format!("{} can't be {what}: {error}", path.display());
    Error::new(Code::StoreError, Stage::Record, message)
        .retryable()
        .hint("check the place that CONNECT_REPORTS_RUNS or --runs names")
}

/// The keys of the files in a folder of the place, and in its folders.
pub(super) fn keys(place: &Path, folder: &str) -> Result<Vec<String>, Error> {
    let mut keys = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let path = place.join(&folder);
        let failed = |error: io::Error| of_file(&path, "read", &error);
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match entry.file_type().map_err(failed)?.is_dir() {
                true => folders.push(key),
                false => keys.push(key),
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of many processes, here threads, each with its own eye on the file, one write comes through.
    #[test]
    fn a_folder_keeps_the_condition() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Folder(folder.path().to_owned());
        let all_put = |round: u8, condition: Option<Tag>| {
            let put = |index: u8| {
                let (store, condition) = (store.clone(), condition.clone());
                std::thread::spawn(move || {
                    let condition =
                        condition.as_ref().map_or(Condition::Absent, Condition::Unchanged);
                    let put = store.put("daily/a.json", vec![round, index], condition);
                    let mut runtime = tokio::runtime::Builder::new_current_thread();
                    runtime.enable_time().build().unwrap().block_on(put).unwrap()
                })
            };
            let threads: Vec<_> = (0..8).map(put).collect();
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            let written = ended.into_iter().filter_map(|put| match put {
                Put::Written(tag) => Some(tag),
                Put::Refused | Put::Busy => None,
            });
            written.collect::<Vec<_>>()
        };
        let first = all_put(1, None);
        assert_eq!(first.len(), 1);
        assert_eq!(all_put(2, None), []);
        let second = all_put(3, first.first().cloned());
        assert_eq!(second.len(), 1);
        assert_ne!(first, second);
        assert_eq!(keys(folder.path(), "daily").unwrap(), ["daily/a.json"]);
        assert_eq!(keys(folder.path(), "weekly").unwrap(), [""; 0]);
    }
}
