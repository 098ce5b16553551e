//! A folder of the file system: its files, and the keys of all below it.

use std::io;
use std::path::{Path, PathBuf};

use super::file::{File, read_file, unreadable};
use crate::error::{Code, Error, Stage};

/// Reads the files of a folder whose names are wanted.
pub(super) fn read_folder(folder: &Path, wanted: fn(&str) -> bool) -> Result<Vec<File>, Error> {
    Ok(list_folder(folder, wanted)?.iter().filter_map(|path| read_existing(path)).collect())
}

/// Reads a file, unless it has been removed meanwhile; a link to nothing is a file that can't be read.
pub(super) fn read_existing(path: &Path) -> Option<File> {
    let file = read_file(path);
    let exists = file.content.is_ok() || path.symlink_metadata().is_ok();
    exists.then_some(file)
}

/// The paths of the files of a folder whose names are wanted.
pub(super) fn list_folder(folder: &Path, wanted: fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let failed = |error: std::io::Error| unreadable(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_wanted = |name: &str| wanted(name) && !name.starts_with('.');
        let is_wanted = path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy()));
        if is_wanted && !path.is_dir() {
            paths.push(path);
        }
    }
    Ok(paths)
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

/// The error for a record that can't be read or written.
pub(super) fn of_file(path: &Path, what: &str, error: &io::Error) -> Error {
    let message = format!("{} can't be {what}: {error}", path.display());
    Error::new(Code::StoreError, Stage::Record, message)
        .retryable()
        .hint("check the place that CONNECT_REPORTS_RUNS or --runs names")
}
