//! Files and folders that commands write.

use std::path::Path;

use super::exit::named;
use crate::error::{Code, Error, Stage};

/// A file, a folder or a stream can't be written.
pub(super) fn unwritable(what: impl std::fmt::Display, error: &std::io::Error) -> Error {
    let what = named(&what.to_string());
    Error::new(Code::StoreError, Stage::Record, format!("{what} can't be written: {error}"))
}

/// Writes a file.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    std::fs::write(path, content).map_err(|error| unwritable(path.display(), &error))
}

/// Makes a folder with those that it lies in.
pub(super) fn make_folder(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|error| unwritable(path.display(), &error))
}
