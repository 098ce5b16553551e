//! Objects that are written on condition only, so that no process undoes what another has written.
//!
//! S3 keeps the condition itself (`PutObject`, If-None-Match and If-Match). In a folder a lock on the
//! file `.lock` keeps it, which the system takes from a process that dies.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::PutObjectError;

use super::Store;
use super::bucket::{Found, Object, Tag, read, tag};
use super::file::at;
use super::folder::of_file;
use crate::error::{Code, Error, Stage, sdk};
use crate::retry::FOLDER_LOCK;

/// The condition on which an object is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'t> {
    /// There is no object.
    Absent,
    /// The object still has this tag.
    Unchanged(&'t Tag),
}

/// The result of a write.
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
    /// The object at a key, if there is one.
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

impl Objects for Store {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        match self {
            Self::Folder(folder) => match std::fs::read(folder.join(key)) {
                Ok(content) => Ok(Some(Object { tag: Tag::digest(&content), content })),
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

/// The media type by which browsers show an object, from the ending of its key.
fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        Some((_, "zip")) => "application/zip",
        _ => "application/octet-stream",
    }
}

/// The result of a write that S3 refused.
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

/// The file that is locked while another is written.
const LOCK: &str = ".lock";

async fn put_file(
    folder: &Path,
    key: &str,
    content: &[u8],
    condition: Condition<'_>,
) -> io::Result<Put> {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
    let lock = File::create(folder.join(LOCK))?;
    let mut attempt = 1;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if FOLDER_LOCK.allows_another(attempt) => {
                tokio::time::sleep(FOLDER_LOCK.pause_after(attempt)).await;
            }
            Err(TryLockError::WouldBlock) => return Ok(Put::Busy),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        attempt += 1;
    }
    // The lock ends with this function, which waits for nothing from here on.
    let found = match std::fs::read(&path) {
        Ok(content) => Some(Tag::digest(&content)),
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
    Ok(Put::Written(Tag::digest(content)))
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

#[cfg(test)]
mod tests {
    use super::super::folder::keys;
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
