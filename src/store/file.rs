//! Files as they are read, and why some can't be.

use std::path::Path;

use crate::definition::stem;
use crate::error::{Code, Error, Stage};

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

/// The most bytes of a file that are read. Definitions and templates may have far fewer.
pub(super) const MOST_BYTES: u64 = 8 * 1024 * 1024;

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

/// The most bytes of all definitions of a place together: 10,000 have 13 MB.
pub(super) const MOST_BYTES_OF_DEFINITIONS: u64 = 64 * 1024 * 1024;

/// Refuses definitions that have too many bytes together.
pub(super) fn check_total(place: &str, sizes: impl Iterator<Item = u64>) -> Result<(), Error> {
    let bytes: u64 = sizes.fold(0, u64::saturating_add);
    if bytes <= MOST_BYTES_OF_DEFINITIONS {
        return Ok(());
    }
    let message = format!(
        "the definitions in {place} have {bytes} bytes together, and {MOST_BYTES_OF_DEFINITIONS} are \
         allowed"
    );
    Err(Error::new(Code::ValidationError, Stage::Load, message)
        .hint("remove what is no definition, or divide the definitions over several stacks"))
}

/// The error for a file that is too large to be read.
pub(super) fn too_large(bytes: u64) -> Error {
    let message = format!("it has {bytes} bytes, and {MOST_BYTES} are read at most");
    Error::new(Code::ValidationError, Stage::Load, message)
        .hint("see whether it is a definition at all; one that says everything has a few kilobytes")
}

/// The error for a file that can't be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Code::ConfigurationError
        }
        _ => Code::StoreError,
    };
    Error::new(code, Stage::Load, format!("{} can't be read: {error}", path.display()))
}

/// The error with the place that it concerns.
pub(super) fn at(place: &str, error: Error) -> Error {
    Error { message: format!("{place}: {}", error.message), ..error }
}
