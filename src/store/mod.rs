//! Where definitions lie, and records: a folder, or a prefix of an S3 bucket.

mod known;
mod objects;

use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::connect::{Pages, Unread};
use crate::definition::{ReportId, stem};
use crate::error::{Code, Error, Stage};
use crate::settings::Location;

use known::Known;
pub(crate) use objects::{Condition, Object, Objects, Put, Tag};

/// A definition's file, or a template, as it lies in the store.
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
        stem(&self.name)
    }
}

/// How many bytes of a file are read at most. What a definition, or a template, may have is far less.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

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
        /// The files that were read before.
        known: Known,
    },
}

impl Store {
    /// The store at `location`; `client` makes the S3 client if one is needed.
    pub fn at(location: &Location, client: impl FnOnce() -> Client) -> Self {
        match location {
            Location::Folder(folder) => Self::Folder(folder.clone()),
            Location::S3 { bucket, prefix } => Self::S3 {
                client: client(),
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                known: Known::default(),
            },
        }
    }

    /// The files ending in `.toml`, by name, without those of subfolders.
    ///
    /// # Errors
    /// Where the place does not exist, or may not be read.
    pub async fn definitions(&self) -> Result<Vec<File>, Error> {
        let hint = "set CONNECT_REPORTS_DEFINITIONS to the folder, or the s3:// prefix, of the definitions";
        let is_definition = |name: &str| name.ends_with(".toml");
        let files = self.files(is_definition).await;
        let mut files = files.map_err(|error| match self {
            Self::Folder(_) => error.hint(hint),
            Self::S3 { .. } => error,
        })?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// What is said where somebody asks for definitions and there is none.
    pub fn no_definitions(&self) -> Error {
        let (place, write) = match self {
            Self::Folder(folder) => {
                let place = folder.display().to_string();
                let write = format!("`connect-reports new NAME --definitions {place}` writes one");
                (place, write)
            }
            Self::S3 { .. } => {
                let place = self.address("");
                let write = format!("`aws s3 cp NAME.toml {place}` puts one there");
                (place, write)
            }
        };
        let message = format!("there are no definitions (*.toml) in {place}");
        let hint = format!(
            "{write}; or set CONNECT_REPORTS_DEFINITIONS to where they are, which no subfolder is"
        );
        Error::new(Code::ConfigurationError, Stage::Load, message).hint(hint)
    }

    /// The definitions of these reports, as far as there are any.
    ///
    /// # Errors
    /// Where the place may not be read.
    pub async fn named(&self, ids: &[ReportId]) -> Result<Vec<File>, Error> {
        match self {
            Self::Folder(folder) => {
                let paths = ids.iter().map(|id| folder.join(format!("{id}.toml")));
                Ok(paths.filter(|path| path.is_file()).map(|path| read_file(&path)).collect())
            }
            Self::S3 { client, bucket, prefix, known } => {
                let listed = |id| Listed { key: format!("{prefix}{id}.toml"), tag: None };
                let objects = ids.iter().map(listed).collect();
                let files = read_objects((client, bucket), objects, known).await?;
                Ok(files.into_iter().flatten().collect())
            }
        }
    }

    /// The files whose names are wanted, without those of subfolders, and without those that begin with
    /// a dot: editors and file systems leave them.
    ///
    /// # Errors
    /// Where the place does not exist, or may not be read.
    pub async fn files(&self, wanted: fn(&str) -> bool) -> Result<Vec<File>, Error> {
        match self {
            Self::Folder(folder) => read_folder(folder, wanted),
            Self::S3 { client, bucket, prefix, known } => {
                read_s3((client, bucket), prefix, wanted, known).await
            }
        }
    }

    /// Where an object with this key lies: a path, or an `s3://` address.
    pub fn address(&self, key: &str) -> String {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(key);
                // From elsewhere a path of this folder says nothing.
                std::path::absolute(&path).unwrap_or(path).display().to_string()
            }
            Self::S3 { bucket, prefix, .. } => format!("s3://{bucket}/{prefix}{key}"),
        }
    }

    /// The keys of all objects in this folder below the place, and in its folders, sorted; the empty
    /// one is the place itself. None where there is no such folder.
    ///
    /// # Errors
    /// Where they can't be listed.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>, Error> {
        let mut keys = match self {
            Self::Folder(place) => objects::keys(place, folder)?,
            Self::S3 { client, bucket, prefix, .. } => {
                let under = match folder {
                    "" => prefix.clone(),
                    folder => format!("{prefix}{folder}/"),
                };
                let listed = list(client, bucket, &under, Depth::All).await?;
                let own = |object: Listed| object.key.strip_prefix(prefix).map(ToOwned::to_owned);
                listed.into_iter().filter_map(own).collect()
            }
        };
        keys.sort();
        Ok(keys)
    }
}

fn read_folder(folder: &Path, wanted: fn(&str) -> bool) -> Result<Vec<File>, Error> {
    let failed = |error: std::io::Error| unreadable(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_wanted = |name: &str| wanted(name) && !name.starts_with('.');
        let is_wanted = path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy()));
        if !is_wanted || path.is_dir() {
            continue;
        }
        let file = read_file(&path);
        // What has been removed meanwhile is no file; a link to nothing is one.
        if file.content.is_ok() || path.symlink_metadata().is_ok() {
            files.push(file);
        }
    }
    Ok(files)
}

/// The file at a path, or why it can't be read.
pub(crate) fn read_file(path: &Path) -> File {
    let content = content_of(path).unwrap_or_else(|error| Err(unreadable(path, &error)));
    File { name: path.display().to_string(), content }
}

fn content_of(path: &Path) -> std::io::Result<Result<Vec<u8>, Error>> {
    let metadata = std::fs::metadata(path)?;
    // To read a pipe may take for ever.
    if !metadata.is_file() {
        let message = format!("{} is no file that can be read", path.display());
        return Ok(Err(Error::new(Code::ConfigurationError, Stage::Load, message)));
    }
    if metadata.len() > MOST_BYTES {
        return Ok(Err(at(&path.display().to_string(), too_large(metadata.len()))));
    }
    std::fs::read(path).map(Ok)
}

/// Why a file is not read.
fn too_large(bytes: u64) -> Error {
    let message = format!("it has {bytes} bytes, and {MOST_BYTES} are read at most");
    Error::new(Code::ValidationError, Stage::Load, message)
        .hint("see whether it is a definition at all; one that says everything has a few kilobytes")
}

/// Why a file can't be read.
fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Code::ConfigurationError
        }
        _ => Code::StoreError,
    };
    Error::new(code, Stage::Load, format!("{} can't be read: {error}", path.display()))
}

async fn read_s3(
    (client, bucket): (&Client, &str),
    prefix: &str,
    wanted: fn(&str) -> bool,
    known: &Known,
) -> Result<Vec<File>, Error> {
    let listed = list(client, bucket, prefix, Depth::One).await?;
    let is_wanted = |object: &Listed| {
        let name = object.key.strip_prefix(prefix).unwrap_or(&object.key);
        wanted(name) && !name.starts_with('.')
    };
    let listed: Vec<Listed> = listed.into_iter().filter(is_wanted).collect();
    let files = read_objects((client, bucket), listed, known).await?;
    // What has been removed meanwhile is no file.
    Ok(files.into_iter().flatten().collect())
}

/// How many objects are read at once.
const SIDE_BY_SIDE: usize = 20;

/// The files that were listed, in their order; nothing where there is none any more.
async fn read_objects(
    (client, bucket): (&Client, &str),
    objects: Vec<Listed>,
    known: &Known,
) -> Result<Vec<Option<File>>, Error> {
    let read = |object: Listed| async move {
        let name = format!("s3://{bucket}/{}", object.key);
        match known.read((client, bucket), &object).await.map_err(|error| at(&name, error)) {
            Ok(content) => Ok(content.map(|content| File { name, content: Ok(content) })),
            // What ails the service ails every object; what ails an object is its report's own failure.
            Err(error) if error.retryable => Err(error),
            Err(error) => Ok(Some(File { name, content: Err(error) })),
        }
    };
    stream::iter(objects).map(read).buffered(SIDE_BY_SIDE).try_collect().await
}

/// The error with the place that it concerns.
fn at(place: &str, error: Error) -> Error {
    Error { message: format!("{place}: {}", error.message), ..error }
}

/// Whether keys count that have a `/` behind the prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    One,
    All,
}

/// An object as a list has it.
#[derive(Clone, Debug)]
struct Listed {
    key: String,
    /// What tells its content from others, where the list was asked for it.
    tag: Option<Tag>,
}

/// The objects under the prefix, page by page.
async fn list(
    client: &Client,
    bucket: &str,
    prefix: &str,
    depth: Depth,
) -> Result<Vec<Listed>, Error> {
    const OPERATION: &str = "s3:ListBucket";
    let stage = if depth == Depth::One { Stage::Load } else { Stage::Record };
    let place = |error| at(&format!("s3://{bucket}/{prefix}"), error);
    let bad = |problem: &str| {
        let message = format!("the answer to {OPERATION} can't be trusted: {problem}");
        place(Error::new(Code::BadResponse, stage, message).retryable())
    };
    let mut listed = Vec::new();
    let mut pages = Pages::new(OPERATION, stage);
    loop {
        let answer = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_delimiter((depth == Depth::One).then(|| "/".to_owned()))
            .set_continuation_token(pages.token())
            .send()
            .await;
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                pages.begin_anew(Unread::new(OPERATION, stage, &error)).map_err(place)?;
                listed.clear();
                continue;
            }
        };
        for object in page.contents() {
            let key = object.key().ok_or_else(|| bad("an object has no Key"))?.to_owned();
            listed.push(Listed { key, tag: object.e_tag().map(|tag| Tag(tag.to_owned())) });
        }
        // An answer without a single member has no objects either.
        let is_truncated = page.is_truncated().ok_or_else(|| bad("IsTruncated is missing"))?;
        let next = page.next_continuation_token().filter(|_| is_truncated);
        if is_truncated && next.is_none() {
            return Err(bad("it is truncated, and NextContinuationToken is missing"));
        }
        if !pages.go_on(next).map_err(place)? {
            return Ok(listed);
        }
    }
}
