//! `validate`: what is wrong with definitions, as a compiler tells it.

use std::env::current_dir;
use std::io::{stderr, stdout};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::checked::{CheckedFile, count, has_errors};
use super::diagnostic::{renderer, text};
use super::format::{Format, as_github, as_json, as_text};
use super::places::store;
use super::sarif::as_sarif;
use super::{Ended, Places, print, trial};
use crate::definition::{
    self, Omitted, Parsed, Place, Problem, Report, Severity, beyond_own_domains,
};
use crate::error::Error;
use crate::render::{TemplateFile, Templates, check_width};
use crate::run::{Checks, read_templates};
use crate::settings::{Location, Settings};
use crate::store::{File, read_file};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders (without their subfolders) or s3:// prefixes [default: the definitions]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The format of what is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Prints the problems as JSON: short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Asks Connect whether the instances have what filters and targets name
    #[arg(long)]
    names: bool,
    /// With --names: asks a local Connect in place of AWS
    #[arg(long, requires = "names")]
    simulate: bool,
    /// Ends with exit code 2 where there are warnings, too, and warns of mail to other domains than those
    /// of sender and owner unless it is said what is allowed
    #[arg(long)]
    strict: bool,
}

pub(super) async fn validate(places: &Places, arguments: &Arguments) -> Ended {
    let mut checked = check(places, &arguments.paths, arguments.strict).await?;
    // If Connect can't be asked, the other problems are told nevertheless.
    let asked = if arguments.names {
        check_names(places, arguments.simulate, &mut checked).await
    } else {
        Ok(())
    };
    print_problems(&checked, arguments)?;
    asked?;
    let has_warnings = count(&checked, Severity::Warning) > 0;
    let fails = has_errors(&checked) || (arguments.strict && has_warnings);
    Ok(ExitCode::from(if fails { 2 } else { 0 }))
}

fn print_problems(checked: &[CheckedFile], arguments: &Arguments) -> Result<(), Error> {
    let format = if arguments.json { Format::Json } else { arguments.format };
    // Without one, names stay as they were given.
    let working_folder = current_dir().unwrap_or_default();
    match format {
        Format::Text => print::out_drawn(&as_text(checked, &renderer(&stdout()))),
        Format::Json => print::json(&as_json(checked)),
        Format::Github => print::out(&as_github(checked, &working_folder)),
        Format::Sarif => print::json(&as_sarif(checked, &working_folder)),
    }
}

/// The reports of the definitions at these places, or at the one that the settings name; none if one of
/// them has an error, which is printed.
pub(super) async fn valid(places: &Places, paths: &[String]) -> Result<Option<Vec<Report>>, Error> {
    let checked = check(places, paths, false).await?;
    if has_errors(&checked) {
        complain_of(&checked)?;
        return Ok(None);
    }
    Ok(Some(reports(checked)))
}

/// The reports of the definitions that the settings name, as far as they have no error. The errors are
/// printed if each has one.
pub(super) async fn usable(places: &Places) -> Result<Vec<Report>, Error> {
    let checked = check(places, &[], false).await?;
    if checked.iter().all(|file| file.parsed.report.is_none()) {
        complain_of(&checked)?;
    }
    Ok(reports(checked))
}

fn complain_of(checked: &[CheckedFile]) -> Result<(), Error> {
    print::complain_drawn(&as_text(checked, &renderer(&stderr())))
}

fn reports(checked: Vec<CheckedFile>) -> Vec<Report> {
    checked.into_iter().filter_map(|file| file.parsed.report).collect()
}

/// Reads and checks the definitions at these places, or at the one that the settings name.
async fn check(
    places: &Places,
    paths: &[String],
    is_strict: bool,
) -> Result<Vec<CheckedFile>, Error> {
    let settings = places.settings(std::env::vars_os())?;
    let templates = Templates::built_in()?;
    let Settings { deployment, limits, .. } = &settings;
    let checks = Checks { deployment, templates: &templates, limits };
    let (mut checked, now) = (Vec::new(), Timestamp::now());
    for file in files(&settings, paths).await? {
        checked.push(match file.content {
            Ok(content) => {
                let text = text(&content);
                let parsed = checks.check(&file.name, &content);
                let mut parsed = with_doubts(&file.name, &text, parsed, now);
                if let Some(report) = &parsed.report {
                    let found = too_wide(&templates, report, settings.templates.is_some());
                    parsed.add(found, Omitted::default());
                }
                if let Some(report) = parsed.report.as_ref().filter(|_| is_strict) {
                    let found = beyond_own_domains(&file.name, &text, report, deployment);
                    parsed.add(found, Omitted::default());
                }
                CheckedFile { text, parsed, is_definition: true }
            }
            Err(error) => unreadable(file.name, error),
        });
    }
    if let Some(place) = &settings.templates {
        checked.extend(check_templates(read_templates(&store(place).await?).await?).await?);
    }
    for file in &mut checked {
        let problems = std::mem::take(&mut file.parsed.problems);
        file.parsed.problems = problems.into_iter().map(Problem::in_full).collect();
    }
    Ok(checked)
}

/// Adds what valid definitions name and their instances do not have.
async fn check_names(
    places: &Places,
    simulate: bool,
    checked: &mut [CheckedFile],
) -> Result<(), Error> {
    let (runner, _simulator) = places.runner(simulate, None).await?;
    let reports: Vec<&Report> =
        checked.iter().filter_map(|file| file.parsed.report.as_ref()).collect();
    let found = runner.check_names(&reports).await?;
    let valid = checked.iter_mut().filter(|file| file.parsed.report.is_some());
    for (file, problems) in valid.zip(found) {
        file.parsed.add(problems, Omitted::default());
    }
    Ok(())
}

/// A valid definition may still say what can hardly be meant. Whoever writes it is told, and nobody
/// else: reports run with it.
fn with_doubts(name: &str, text: &str, mut parsed: Parsed, now: Timestamp) -> Parsed {
    if let Some(report) = &parsed.report {
        let (doubts, omitted) = definition::doubts(name, text, report, now);
        parsed.add(doubts, omitted);
    }
    parsed
}

/// The sections of a report that no mail by the program's templates has room for. Templates of one's own may
/// make less of them.
fn too_wide(templates: &Templates, report: &Report, has_own: bool) -> Vec<Problem> {
    let mut found = check_width(templates, report);
    if has_own {
        found.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    }
    found
}

/// The templates of one's own that have problems.
async fn check_templates(files: Vec<TemplateFile>) -> Result<Vec<CheckedFile>, Error> {
    let problems = trial::problems(files.clone(), None).await?;
    let of_file = |problem: Problem| {
        let file = files.iter().find(|file| file.place == problem.file);
        CheckedFile {
            text: file.map_or_else(String::new, |file| text(&file.content)),
            parsed: Parsed::unreadable(problem),
            is_definition: false,
        }
    };
    Ok(problems.into_iter().map(of_file).collect())
}

/// What can't be read is a problem of its own, and the others are told nevertheless.
fn unreadable(file: String, error: Error) -> CheckedFile {
    let help = error.hint.unwrap_or_else(|| "check the path, and that it may be read".to_owned());
    let place = Place { file: file.into(), line: 1, column: 1, span: 0..0 };
    let problem = place.error("unreadable", error.message, help);
    CheckedFile { text: String::new(), parsed: Parsed::unreadable(problem), is_definition: true }
}

async fn files(settings: &Settings, paths: &[String]) -> Result<Vec<File>, Error> {
    if paths.is_empty() {
        return read(&settings.definitions).await;
    }
    let mut files = Vec::new();
    for place in places(paths)? {
        files.extend(match place {
            Location::Folder(path) if !path.is_dir() => vec![read_file(&path)],
            place => read(&place).await?,
        });
    }
    Ok(files)
}

/// The paths as places.
pub(super) fn places(paths: &[String]) -> Result<Vec<Location>, Error> {
    let place = |path: &String| {
        path.parse().map_err(|error| super::wrong(format!("{} {error}", super::named(path))))
    };
    paths.iter().map(place).collect()
}

async fn read(place: &Location) -> Result<Vec<File>, Error> {
    let store = store(place).await?;
    let files = store.definitions().await?;
    if files.is_empty() { Err(store.no_definitions()) } else { Ok(files) }
}
