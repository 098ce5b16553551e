//! `new`: a commented definition to start from.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{Ended, Places, backquoted, make_folder, print, schema, unwritable, wrong};
use crate::definition::ReportId;
use crate::error::Error;
use crate::language::capitalised;
use crate::settings::Location;

/// What a new definition says; `TITLE` stands for its title.
const STARTER: &str = include_str!("new.toml");

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report's id: the file's name without .toml
    name: String,
}

pub(super) fn new(places: &Places, arguments: &Arguments) -> Ended {
    let name = arguments.name.strip_suffix(".toml").unwrap_or(&arguments.name);
    let id: ReportId =
        name.parse().map_err(|error| wrong(format!("{}: {error}", backquoted(name))))?;
    let Location::Folder(folder) = places.settings(std::env::vars_os())?.definitions else {
        let help = "name a folder with --definitions, and copy the file when it is done";
        return Err(wrong("a new definition can't be written to S3").hint(help));
    };
    make_folder(&folder)?;
    let path = folder.join(format!("{id}.toml"));
    if !create(&path, &STARTER.replace("TITLE", &title(id.as_str())))? {
        return Err(wrong(format!("{} exists already; nothing was written", path.display())));
    }
    create(&folder.join(schema::FILE), &schema::text())?;
    let place = match &places.definitions {
        Some(place) => format!(" --definitions {}", print::single_line(place)),
        None => String::new(),
    };
    print::out(&format!(
        "Wrote {path}. Set its instance and addresses, then:\n  \
         connect-reports validate {path}\n  \
         connect-reports preview {id} --simulate{place}\n",
        path = print::single_line(&path.display().to_string()),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet; whether it was not.
fn create(path: &Path, text: &str) -> Result<bool, Error> {
    let failed = |error: std::io::Error| unwritable(path.display(), &error);
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        other => other.map_err(failed)?,
    };
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half a file would be in the way of the next attempt.
        let _ = fs::remove_file(path);
        failed(error)
    })?;
    Ok(true)
}

/// `Daily queues` of `daily-queues`.
fn title(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    capitalised(&words).into_owned()
}
