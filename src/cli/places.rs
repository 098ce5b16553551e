//! The places of definitions and records, and the reports that a command names there.

use std::collections::{BTreeMap, HashSet};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf, is_separator};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use connect_simulator::{Options, Simulator};

use super::exit::{backquoted, named, wrong};
use super::simulated::{simulated, start};
use super::times;
use crate::definition::{ReportId, nearest};
use crate::error::{Code, Error, Stage};
use crate::run::Runner;
use crate::settings::{self, DEFINITIONS, Location, RUNS, Rates, Settings};
use crate::store::Store;
use crate::window::LocalTime;

/// The places of definitions and records, as the command line says it.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Places {
    /// The place of the definitions.
    #[arg(long, display_order = LAST, value_name = PLACE, value_parser = place(), help = HELP_DEFINITIONS)]
    pub(super) definitions: Option<String>,
    /// The place of the records.
    #[arg(long, display_order = LAST, value_name = PLACE, value_parser = place(), help = HELP_RUNS)]
    pub(super) runs: Option<String>,
}

/// The place of definitions, for commands that neither read nor write records.
#[derive(Clone, Debug, Args)]
pub(super) struct DefinitionsPlace {
    /// The place of the definitions.
    #[arg(long, display_order = LAST, value_name = PLACE, value_parser = place(), help = HELP_DEFINITIONS)]
    definitions: Option<String>,
}

impl From<&DefinitionsPlace> for Places {
    fn from(place: &DefinitionsPlace) -> Self {
        Self { definitions: place.definitions.clone(), runs: None }
    }
}

const HELP_DEFINITIONS: &str = "Folder or s3://bucket/prefix of the definitions [default: \
                                CONNECT_REPORTS_DEFINITIONS, or reports]";
const HELP_RUNS: &str = "Folder or s3://bucket/prefix of the records of runs [default: \
                         CONNECT_REPORTS_RUNS, or runs]";

/// The name of the value in help.
pub(super) const PLACE: &str = "PLACE";

/// Behind the options of a command's own.
pub(super) const LAST: usize = 90;

/// The text of a place, which is not empty.
pub(super) fn place() -> NonEmptyStringValueParser {
    NonEmptyStringValueParser::new()
}

impl Places {
    /// The settings of an environment, in which each option stands for its variable.
    ///
    /// # Errors
    /// The first variable, or option in its place, that has a value which can't be used.
    pub(super) fn settings(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Settings, Error> {
        let options =
            [(DEFINITIONS, "--definitions", &self.definitions), (RUNS, "--runs", &self.runs)];
        let chosen = options.iter().filter_map(|(variable, _, place)| {
            Some((OsString::from(*variable), OsString::from(place.as_ref()?)))
        });
        let option = |name: &OsStr| {
            let chosen =
                |(variable, _, place): &&(_, _, &Option<_>)| place.is_some() && name == *variable;
            options.iter().find(chosen).map(|(_, option, _)| *option)
        };
        let others = environment.into_iter().filter(|(name, _)| option(name).is_none());
        let settings = Settings::read(others.chain(chosen)).map_err(|error| {
            let place = option(OsStr::new(&error.variable)).unwrap_or(&error.variable);
            wrong(format!("{place} {}", error.problem))
        })?;
        let runs = settings.runs.or_else(|| Some(Location::Folder(PathBuf::from("runs"))));
        Ok(Settings { runs, ..settings })
    }

    /// A runner against AWS, or against a simulator of its own, which lives as long as it does and answers any
    /// number of requests.
    pub(super) async fn runner(
        &self,
        simulate: bool,
        time: Option<LocalTime>,
    ) -> Result<(Runner, Option<Simulator>), Error> {
        let settings = self.settings(env::vars_os())?;
        let rates = if simulate { Rates::UNLIMITED } else { settings.rates };
        start_runner(Settings { rates, ..settings }, simulate, time).await
    }

    /// A runner that plans, for requests at the account's rate.
    pub(super) async fn planner(
        &self,
        simulate: bool,
        time: Option<LocalTime>,
    ) -> Result<(Runner, Option<Simulator>), Error> {
        start_runner(self.settings(env::vars_os())?, simulate, time).await
    }

    /// The report that a command names, and the places in which it is looked for: of a path the
    /// definitions are those beside it, whatever else names a place.
    pub(super) fn of_report(&self, name: &str) -> Result<(Self, ReportId), Error> {
        let Named { id, folder } = Named::parse(name)?;
        let Some(folder) = folder else { return Ok((self.clone(), id)) };
        Ok((Self { definitions: Some(folder), ..self.clone() }, id))
    }

    /// The definition that a command names, which has to be there where it is named by its path.
    pub(super) fn of_definition(&self, name: &str) -> Result<(Self, ReportId), Error> {
        let (places, id) = self.of_report(name)?;
        if Named::is_path(name)
            && let Some(folder) = &places.definitions
            && let Ok(Location::Folder(folder)) = folder.parse()
            && !folder.join(format!("{id}.toml")).is_file()
        {
            return Err(self.not_there(&folder, &id));
        }
        Ok((places, id))
    }

    /// The definitions that a command names, which lie in one place.
    pub(super) fn of_definitions(&self, names: &[String]) -> Result<(Self, Vec<ReportId>), Error> {
        let mut of_all: Option<Self> = None;
        let (mut ids, mut known_ids) = (Vec::new(), HashSet::new());
        for name in names {
            let (places, id) = self.of_definition(name)?;
            let first = of_all.get_or_insert_with(|| places.clone());
            if first.definitions == places.definitions {
                ids.extend(known_ids.insert(id.clone()).then_some(id));
                continue;
            }
            let [known, other] = [&*first, &places].map(Self::definitions_folder);
            if known != other {
                let message = "the reports of one command have their definitions in one folder";
                let hint = format!("run those of {known} and those of {other} one after the other");
                return Err(wrong(message).hint(hint));
            }
            if known_ids.insert(id.clone()) {
                ids.push(id);
            }
        }
        Ok((of_all.unwrap_or_else(|| self.clone()), ids))
    }

    /// The place of the definitions, written so that the same folder reads the same.
    fn definitions_folder(&self) -> String {
        match self.settings(env::vars_os()).map(|settings| settings.definitions) {
            Ok(Location::Folder(folder)) => {
                folder.canonicalize().unwrap_or(folder).display().to_string()
            }
            Ok(place) => place.to_string(),
            Err(_) => String::new(),
        }
    }

    /// The failure that there is no such definition in this folder, with the nearest that lies there or in
    /// the place of definitions.
    fn not_there(&self, folder: &Path, id: &ReportId) -> Error {
        let elsewhere = match self.settings(env::vars_os()).map(|settings| settings.definitions) {
            Ok(Location::Folder(folder)) => Some(folder),
            _ => None,
        };
        let folders = [Some(folder), elsewhere.as_deref()].into_iter().flatten();
        let there: BTreeMap<String, PathBuf> = folders.rev().flat_map(definitions_in).collect();
        let near = nearest(id.as_str(), there.keys().map(String::as_str));
        let hint = match near.and_then(|stem| there.get(stem)) {
            Some(near) => format!("did you mean `{}`?", near.display()),
            None => {
                "name a definition by its path, ID.toml, or by its id alone, which is looked for \
                     in the place of the definitions"
                    .to_owned()
            }
        };
        let path = folder.join(format!("{id}.toml"));
        let message = format!("there is no definition {}", path.display());
        Error::new(Code::NotFound, Stage::Load, message).hint(hint)
    }
}

async fn start_runner(
    settings: Settings,
    simulate: bool,
    time: Option<LocalTime>,
) -> Result<(Runner, Option<Simulator>), Error> {
    if !simulate {
        let aws = settings::aws().await?;
        // A person's order runs here, never in another invocation.
        let settings = Settings { queue: None, ..settings };
        return Ok((Runner::new(settings, aws)?, None));
    }
    let simulator = start(Options { clock: times::clock(time), ..Options::default() }).await?;
    // A simulator's message is no run of the report, and no record of one.
    let settings = Settings { runs: None, queue: None, ..settings };
    let runner = Runner::new(settings, simulated(&simulator).into())?;
    Ok((runner, Some(simulator)))
}

/// The store at a place.
pub(super) async fn store(place: &Location) -> Result<Store, Error> {
    Ok(match place {
        Location::Folder(folder) => Store::Folder(folder.clone()),
        // Only S3 needs the SDK's settings, and then they have to be right.
        Location::S3 { .. } => {
            let config = settings::aws().await?.config;
            Store::at(place, || aws_sdk_s3::Client::new(&config))
        }
    })
}

/// A report as a command line names it: by its id, or by the path of its definition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: ReportId,
    /// The folder, or the `s3://` prefix, that a path names.
    pub(super) folder: Option<String>,
}

impl Named {
    /// An id has neither a dot nor a separator.
    fn is_path(text: &str) -> bool {
        text.ends_with(".toml") || text.contains(is_separator)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if !Self::is_path(text) {
            let id =
                text.parse().map_err(|error| wrong(format!("{}: {error}", backquoted(text))))?;
            return Ok(Self { id, folder: None });
        }
        let (folder, name) = match text.rsplit_once(is_separator) {
            Some(("", name)) => ("/", name),
            Some((folder, name)) => (folder, name),
            None => (".", text),
        };
        let stem = name.strip_suffix(".toml").unwrap_or(name);
        let id = stem.parse().map_err(|error| {
            let path = named(text);
            wrong(format!("{path}: {error}, and it is the name of the file without .toml"))
                .hint("rename the file")
        })?;
        Ok(Self { id, folder: Some(folder.to_owned()) })
    }
}

/// The definitions of a folder by their ids; none where it can't be read.
fn definitions_in(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let definition = |path: PathBuf| {
        let id = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
        Some((id, path))
    };
    entries.filter_map(|entry| definition(entry.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_named_by_id_or_by_path() {
        for (text, id, folder) in [
            ("my-queues", "my-queues", None),
            ("my-queues.toml", "my-queues", Some(".")),
            ("reports/my-queues.toml", "my-queues", Some("reports")),
            ("./reports/my-queues", "my-queues", Some("./reports")),
            ("/my-queues.toml", "my-queues", Some("/")),
            ("../a.b/my-queues.toml", "my-queues", Some("../a.b")),
            ("s3://bucket/live/my-queues.toml", "my-queues", Some("s3://bucket/live")),
        ] {
            let expected = Named { id: id.parse().unwrap(), folder: folder.map(str::to_owned) };
            assert_eq!(Named::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "a b", "daily.v2", "reports/", "reports/daily.v2.toml", ".toml", "x/.toml"]
        {
            assert!(Named::parse(text).is_err(), "{text}");
        }
    }
}
