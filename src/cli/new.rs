//! `new`: a commented definition to start from.

use std::process::ExitCode;

use clap::Args;

use super::{Cli, Ended, print, schema, unwritable, wrong};
use crate::definition::ReportId;
use crate::language::capitalised;
use crate::settings::Location;

/// What a new definition says; `TITLE` stands for its title.
const STARTER: &str = include_str!("new.toml");

/// The file that the first line of every definition refers to.
const SCHEMA: &str = "definition.schema.json";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report's id: the file's name without .toml
    name: String,
}

pub(super) fn new(cli: &Cli, arguments: &Arguments) -> Ended {
    let name = arguments.name.strip_suffix(".toml").unwrap_or(&arguments.name);
    let id: ReportId = name.parse().map_err(|error| wrong(format!("`{name}`: {error}")))?;
    let Location::Folder(folder) = cli.settings(std::env::vars_os())?.definitions else {
        let help = "name a folder with --definitions, and copy the file when it is done";
        return Err(wrong("a new definition can't be written to S3").hint(help));
    };
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let path = folder.join(format!("{id}.toml"));
    create(&path, &STARTER.replace("TITLE", &title(id.as_str())))?;
    let schema = folder.join(SCHEMA);
    if !schema.exists() {
        create(&schema, &schema::text())?;
    }
    let place = match &cli.definitions {
        Some(place) => format!(" --definitions {place}"),
        None => String::new(),
    };
    print::out(&format!(
        "Wrote {path}. Set its instance and addresses, then:\n  \
         connect-reports validate {path}\n  \
         connect-reports preview {id} --simulate{place}\n",
        path = path.display(),
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet.
fn create(path: &std::path::Path, text: &str) -> Result<(), crate::error::Error> {
    use std::io::{ErrorKind, Write as _};
    let file = std::fs::File::create_new(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(wrong(format!("{} exists already; nothing was written", path.display())))
        }
        other => other.map_err(|error| unwritable(path, &error)),
    }
}

/// `Daily queues` of `daily-queues`.
fn title(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    capitalised(&words).into_owned()
}
