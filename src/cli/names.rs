//! `names`: what filters can select. Whatever is printed in quotes can be copied into a definition.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::{Ended, Places, backquoted, print, validate, wrong};
use crate::definition::{Dimension, HierarchyLevel, nearest};
use crate::error::{Code, Error};
use crate::instance::InstanceArn;
use crate::plan::{Directory, DirectoryEntry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A word in the name, user name, tags or id
    word: Option<String>,
    /// The instance [default: `CONNECT_REPORTS_INSTANCE`, or the one of all definitions]
    #[arg(long, value_name = "ARN")]
    instance: Option<InstanceArn>,
    /// Uses a local Connect in place of AWS
    #[arg(long)]
    simulate: bool,
    /// Prints the names as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn names(places: &Places, arguments: &Arguments) -> Ended {
    let instance = instance(places, arguments).await?;
    let (runner, _simulator) = places.runner(arguments.simulate, None).await?;
    let directory = runner.names(&instance).await?;
    let word = arguments.word.as_deref().unwrap_or_default();
    let lists = found(&directory, word);
    if lists.is_empty() {
        return Err(nothing(&directory, &instance, word));
    }
    if arguments.json {
        print::json(&as_json(&directory, &instance, &lists))?;
    } else {
        print::out(&told(&directory, &lists))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What to do where nothing says which instance is meant.
const NAME_ONE: &str = "name the instance with --instance ARN or CONNECT_REPORTS_INSTANCE, or say \
                        where definitions are with --definitions";

/// The instance that is meant: what is nearer to the command line comes first.
async fn instance(places: &Places, arguments: &Arguments) -> Result<InstanceArn, Error> {
    let deployed = || Ok(places.settings(std::env::vars_os())?.deployment.instance);
    let named = arguments.instance.clone().map_or_else(deployed, |named| Ok(Some(named)))?;
    if let Some(instance) = named {
        return Ok(instance);
    }
    let reports = validate::usable(places).await.map_err(|error| match error.code {
        Code::ConfigurationError | Code::NotFound => error.hint(NAME_ONE),
        _ => error,
    })?;
    let instances: BTreeSet<InstanceArn> =
        reports.into_iter().map(|report| report.instance).collect();
    let mut known = instances.iter();
    match (known.next(), known.next()) {
        (Some(instance), None) => Ok(instance.clone()),
        (None, _) => Err(wrong("no definition says which instance is meant").hint(NAME_ONE)),
        _ => {
            let all: Vec<&str> = instances.iter().map(InstanceArn::as_str).collect();
            let message = format!("the definitions are of {} instances", all.len());
            let hint = format!("name one of them with --instance: {}", all.join(", "));
            Err(wrong(message).hint(hint))
        }
    }
}

/// What was found of each dimension that has anything.
type Lists<'d> = Vec<(Dimension, Vec<&'d DirectoryEntry>)>;

fn found<'d>(directory: &'d Directory, word: &str) -> Lists<'d> {
    let word = word.to_lowercase();
    let of = |dimension: Dimension| {
        let entries = directory.entries(&dimension).iter();
        let mut found: Vec<&DirectoryEntry> =
            entries.filter(|entry| speaks_of(directory, &dimension, entry, &word)).collect();
        found.sort_by_cached_key(|entry| directory.name(&dimension, &entry.id).to_lowercase());
        (dimension, found)
    };
    dimensions().map(of).filter(|(_, found)| !found.is_empty()).collect()
}

/// Whatever has names.
fn dimensions() -> impl Iterator<Item = Dimension> {
    let levels = HierarchyLevel::ALL.into_iter().map(Dimension::Hierarchy);
    [Dimension::Queue, Dimension::RoutingProfile, Dimension::Agent].into_iter().chain(levels)
}

fn speaks_of(
    directory: &Directory,
    dimension: &Dimension,
    entry: &DirectoryEntry,
    word: &str,
) -> bool {
    let names = [directory.name(dimension, &entry.id), &entry.id];
    let mut texts = names.into_iter().map(ToOwned::to_owned).chain(more(entry));
    texts.any(|text| text.to_lowercase().contains(word))
}

/// Everything else that tells an entry from others: the user name of an agent, the tags of a queue,
/// and that it is disabled.
fn more(entry: &DirectoryEntry) -> impl Iterator<Item = String> {
    let tags = entry.tags.iter().map(|(key, value)| format!("tag:{key}={value}"));
    entry.user_name.clone().into_iter().chain(tags).chain(state(entry))
}

/// The state of a queue that is disabled, which is no name of it.
fn state(entry: &DirectoryEntry) -> Option<String> {
    entry.is_disabled.then(|| "disabled".to_owned())
}

fn nothing(directory: &Directory, instance: &InstanceArn, word: &str) -> Error {
    if word.is_empty() {
        let message = format!("nothing that filters could name was found of {instance}");
        return wrong(message).hint("check the instance");
    }
    let lists = found(directory, "");
    let names = lists.iter().flat_map(|(dimension, entries)| {
        entries.iter().map(|entry| directory.name(dimension, &entry.id))
    });
    let hint = match nearest(word, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "without a word, `names` prints them all".to_owned(),
    };
    wrong(format!("nothing of the instance has {} in its name, tags or id", backquoted(word)))
        .hint(hint)
}

/// Under each key the names, their ids, and what else filters take, each in a column.
fn told(directory: &Directory, lists: &Lists<'_>) -> String {
    let mut text = String::new();
    for (dimension, entries) in lists {
        let gap = if text.is_empty() { "" } else { "\n" };
        let level = directory.level_name(dimension).map(|level| format!(" ({level})"));
        let heading = format!("{}{}", dimension.key(), level.unwrap_or_default());
        let _ = writeln!(text, "{gap}{}", print::single_line(&heading));
        let name = |entry: &&DirectoryEntry| name(directory, dimension, entry);
        let names: Vec<String> = entries.iter().map(name).collect();
        let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let ids = entries.iter().map(|entry| entry.id.width()).max().unwrap_or(0);
        for (entry, name) in entries.iter().zip(&names) {
            let id = quoted(&entry.id);
            let others = others(directory, dimension, entry).join("  ");
            let [after_name, after_id] = [width - name.width(), ids - entry.id.width()];
            let line = format!("  {name}{:after_name$}  {id}{:after_id$}  {others}", "", "");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

/// The name as definitions take it, or without quotes where they don't, as where two have the same
/// or one reads like a tag.
fn name(directory: &Directory, dimension: &Dimension, entry: &DirectoryEntry) -> String {
    let shown = directory.name(dimension, &entry.id);
    match directory.unique_names(dimension, entry).contains(&shown) {
        true => quoted(shown),
        false => print::single_line(shown).into_owned(),
    }
}

/// What else filters take for an entry, in quotes: the user name of an agent, the tags of a queue.
/// Without quotes whether it is disabled.
fn others(directory: &Directory, dimension: &Dimension, entry: &DirectoryEntry) -> Vec<String> {
    let shown = directory.name(dimension, &entry.id);
    let calls = directory.unique_names(dimension, entry);
    let user_name = entry.user_name.as_deref().filter(|name| *name != shown);
    let user_name = user_name.filter(|name| calls.contains(name)).map(quoted);
    let tags = entry.tags.iter().map(|(key, value)| quoted(&format!("tag:{key}={value}")));
    user_name.into_iter().chain(tags).chain(state(entry)).collect()
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if print::is_unfit(character) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn as_json(directory: &Directory, instance: &InstanceArn, lists: &Lists<'_>) -> Value {
    let list = |(dimension, entries): &(Dimension, Vec<&DirectoryEntry>)| {
        let entries = entries.iter().map(|entry| entry_as_json(directory, dimension, entry));
        (dimension.key().to_owned(), entries.collect::<Value>())
    };
    let level = |dimension: Dimension| {
        let name = directory.level_name(&dimension)?;
        Some((dimension.key().to_owned(), Value::from(name)))
    };
    json!({
        "instance": instance.as_str(),
        "levels": dimensions().filter_map(level).collect::<Map<_, _>>(),
        "names": lists.iter().map(list).collect::<Map<_, _>>(),
    })
}

/// Only of an agent is there a user name, only of a group a path, and only of a queue are there
/// tags.
fn entry_as_json(directory: &Directory, dimension: &Dimension, entry: &DirectoryEntry) -> Value {
    let (id, name) = (&entry.id, directory.name(dimension, &entry.id));
    // The name first, where filters take it; the id always does.
    let calls = directory.unique_names(dimension, entry);
    let select = calls.first().map_or(id.as_str(), |call| call);
    match dimension {
        Dimension::Queue => {
            let (tags, disabled) = (&entry.tags, entry.is_disabled);
            json!({ "id": id, "name": name, "select": select, "tags": tags, "disabled": disabled })
        }
        Dimension::Agent => {
            json!({ "id": id, "name": name, "select": select, "user_name": entry.user_name })
        }
        Dimension::Hierarchy(_) => {
            json!({ "id": id, "name": name, "select": select, "path": entry.path })
        }
        Dimension::RoutingProfile | Dimension::Channel | Dimension::Other(_) => {
            json!({ "id": id, "name": name, "select": select })
        }
    }
}
