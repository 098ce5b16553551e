//! The place of definitions, and of records: a folder, or a prefix of an S3 bucket.

mod bucket;
mod file;
mod folder;
mod known;
mod objects;

use std::path::{Path, PathBuf};
use std::pin::pin;

use aws_sdk_s3::Client;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};

use crate::definition::{ReportId, stem};
use crate::error::{Code, Error, Stage};
use crate::settings::Location;

use bucket::{Depth, Listed, list};
pub(crate) use bucket::{Object, Tag};
pub use file::File;
pub(crate) use file::read_file;
use file::{at, check_total};
use folder::{list_folder, read_existing, read_folder};
use known::Known;
pub(crate) use objects::{Condition, Objects, Put};

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
        /// The start of all keys: empty, or ending in `/`.
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
    /// Where the place does not exist, may not be read, or has too much.
    pub async fn definitions(&self) -> Result<Vec<File>, Error> {
        let mut files = Vec::new();
        self.read_definitions(|file| files.push(file)).await?;
        Ok(files)
    }

    /// Hands the files ending in `.toml` to `take`, by name, without those of subfolders. So a few of their texts
    /// are in memory at a time.
    ///
    /// # Errors
    /// Where the place does not exist, may not be read, or has too much.
    pub async fn read_definitions(&self, mut take: impl FnMut(File) + Send) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => {
                let mut paths = list_definitions(folder)?;
                paths.sort();
                let sizes = paths.iter().filter_map(|path| Some(path.metadata().ok()?.len()));
                check_total(&self.address(""), sizes)?;
                paths.iter().filter_map(|path| read_existing(path)).for_each(take);
                Ok(())
            }
            Self::S3 { client, bucket, prefix, known } => {
                let mut objects = list_wanted((client, bucket), prefix, is_definition).await?;
                objects.sort_by(|a, b| a.key.cmp(&b.key));
                check_total(&self.address(""), objects.iter().map(|object| object.bytes))?;
                let mut files = pin!(read_objects((client, bucket), objects, known));
                while let Some(file) = files.try_next().await? {
                    // What has been removed meanwhile is no file.
                    file.into_iter().for_each(&mut take);
                }
                Ok(())
            }
        }
    }

    /// The ids that the names of the definitions stand for, whether they are valid or not.
    ///
    /// # Errors
    /// Where the place does not exist, or may not be read.
    pub async fn definition_stems(&self) -> Result<Vec<String>, Error> {
        let names: Vec<String> = match self {
            Self::Folder(folder) => {
                list_definitions(folder)?.iter().map(|path| path.display().to_string()).collect()
            }
            Self::S3 { client, bucket, prefix, .. } => {
                let objects = list_wanted((client, bucket), prefix, is_definition).await?;
                objects.into_iter().map(|object| object.key).collect()
            }
        };
        Ok(names.iter().map(|name| stem(name).to_owned()).collect())
    }

    /// The error for a place without definitions.
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
                let key = |id| format!("{prefix}{id}.toml");
                let listed = |id| Listed { key: key(id), tag: None, bytes: 0 };
                let objects = ids.iter().map(listed).collect();
                collect_files(read_objects((client, bucket), objects, known)).await
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

    /// The address of an object with this key: a path, or an `s3://` address.
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
            Self::Folder(place) => folder::keys(place, folder)?,
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

async fn read_s3(
    (client, bucket): (&Client, &str),
    prefix: &str,
    wanted: fn(&str) -> bool,
    known: &Known,
) -> Result<Vec<File>, Error> {
    let listed = list_wanted((client, bucket), prefix, wanted).await?;
    collect_files(read_objects((client, bucket), listed, known)).await
}

/// The files that are still there; what has been removed meanwhile is no file.
async fn collect_files(
    files: impl Stream<Item = Result<Option<File>, Error>>,
) -> Result<Vec<File>, Error> {
    files.try_filter_map(async |file| Ok(file)).try_collect().await
}

fn is_definition(name: &str) -> bool {
    name.ends_with(".toml")
}

/// The paths of the definitions in a folder.
fn list_definitions(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let hint =
        "set CONNECT_REPORTS_DEFINITIONS to the folder, or the s3:// prefix, of the definitions";
    list_folder(folder, is_definition).map_err(|error| error.hint(hint))
}

/// The objects under a prefix whose names are wanted, without those that begin with a dot.
async fn list_wanted(
    (client, bucket): (&Client, &str),
    prefix: &str,
    wanted: fn(&str) -> bool,
) -> Result<Vec<Listed>, Error> {
    let listed = list(client, bucket, prefix, Depth::One).await?;
    let is_wanted = |object: &Listed| {
        let name = object.key.strip_prefix(prefix).unwrap_or(&object.key);
        wanted(name) && !name.starts_with('.')
    };
    Ok(listed.into_iter().filter(is_wanted).collect())
}

/// The most objects that are read at once.
const SIDE_BY_SIDE: usize = 20;

/// The files that were listed, in their order; nothing where there is none any more.
fn read_objects<'r>(
    (client, bucket): (&'r Client, &'r str),
    objects: Vec<Listed>,
    known: &'r Known,
) -> impl Stream<Item = Result<Option<File>, Error>> + Send + 'r {
    let read = move |object: Listed| async move {
        let name = format!("s3://{bucket}/{}", object.key);
        match known.read((client, bucket), &object).await.map_err(|error| at(&name, error)) {
            Ok(content) => Ok(content.map(|content| File { name, content: Ok(content) })),
            // What ails the service ails every object; what ails an object is its report's own failure.
            Err(error) if error.retryable => Err(error),
            Err(error) => Ok(Some(File { name, content: Err(error) })),
        }
    };
    stream::iter(objects).map(read).buffered(SIDE_BY_SIDE)
}
