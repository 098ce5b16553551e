//! `preview`: a report's message as files, or its text on the screen.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::places::store;
use super::run::invocation;
use super::{Ended, Places, make_folder, only, print, times, trial, write, wrong};
use crate::definition::{Problem, ReportId};
use crate::destination::Destination;
use crate::error::Error;
use crate::language::Language;
use crate::render::{Message, TemplateFile};
use crate::run::{Figures, Job, Runner, compose_mail, read_templates, unusable};
use crate::settings::{Location, Settings};
use crate::trigger::Trigger;
use crate::window::LocalTime;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: its id (the name of its file without .toml), or the path of the file
    report: String,
    /// The time that decides the window; a date means the start of that day in the report's zone [default: now]
    #[arg(long, value_parser = times::time_of)]
    time: Option<LocalTime>,
    /// The folder for message.eml, message.html, message.txt, report.json, the charts and the
    /// attachments; without it the text is printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Makes the message again whenever its definition or a template is saved, until Ctrl-C; asks Connect again
    /// only if the definition has changed
    #[arg(long, requires = "out")]
    watch: bool,
    /// Uses a local Connect in place of AWS
    #[arg(long)]
    simulate: bool,
    /// Prints the figures as JSON
    #[arg(long)]
    json: bool,
}

/// What was found for a definition.
struct Found {
    job: Job,
    figures: Figures,
    /// The templates of one's own that were tried with them.
    tried: Vec<TemplateFile>,
}

pub(super) async fn preview(places: &Places, arguments: &Arguments) -> Ended {
    let (places, id) = places.of_definition(&arguments.report)?;
    let (runner, _simulator) = places.runner(arguments.simulate, arguments.time).await?;
    let settings = places.settings(std::env::vars_os())?;
    let mut found = None;
    if !arguments.watch {
        let shown = show((&runner, &settings), &id, arguments, &mut found).await;
        shown.map_err(Error::in_full)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Before the first message: what is saved while it is made counts, too.
    let (_watcher, mut saved) = watch(&settings)?;
    loop {
        let shown = show((&runner, &settings), &id, arguments, &mut found).await;
        // While it is watched, a mistake is told and mended.
        if let Err(error) = shown.map_err(Error::in_full) {
            print::errors([&error]).await?;
        }
        if saved.recv().await.is_none() {
            return Ok(ExitCode::SUCCESS);
        }
        // An editor writes a file in several steps.
        tokio::time::sleep(Duration::from_millis(100)).await;
        while saved.try_recv().is_ok() {}
    }
}

/// Tries templates of one's own with what was found, in a process that can be ended, unless that was done
/// before.
async fn try_templates(settings: &Settings, found: &mut Found) -> Result<(), Error> {
    let Some(place) = &settings.templates else { return Ok(()) };
    let files = read_templates(&store(place).await?).await?;
    if files == found.tried {
        return Ok(());
    }
    let values = found.figures.values(&found.job);
    let problems = trial::problems(files.clone(), Some(values)).await?;
    if problems.iter().any(Problem::stops) {
        let problems: Vec<Problem> = problems.into_iter().map(Problem::in_full).collect();
        return Err(unusable(&problems));
    }
    found.tried = files;
    Ok(())
}

/// Shows the message as it is now; what was found for the same definition is not asked again.
async fn show(
    (runner, settings): (&Runner, &Settings),
    id: &ReportId,
    arguments: &Arguments,
    found: &mut Option<Found>,
) -> Result<(), Error> {
    let report = only(runner, id).await?;
    if found.as_ref().is_none_or(|found| found.job.report.digest != report.digest) {
        let time = arguments.time.map(|time| times::instant(time, &report.zone)).transpose()?;
        let trigger = Trigger { time, ..Trigger::tick() };
        let job = Job::new(report, &trigger, &invocation(arguments.simulate, time));
        let figures = runner.figures(&job).await?;
        *found = Some(Found { job, figures, tried: Vec::new() });
    }
    let Some(found) = found else {
        return Ok(());
    };
    try_templates(settings, found).await?;
    let Found { job, figures, .. } = found;
    let (message, report_json) = runner.preview(job, figures).await?;
    let mut said = print::errors(&figures.errors).await;
    if let Some(reason) = figures.skip_reason(job.report.email.send) {
        let nothing = format!("{}: `run` would send nothing: {reason}\n", job.report.id);
        said = said.and(print::complain(&nothing));
    }
    if let Some(folder) = &arguments.out {
        write_files(folder, job, (&message, &report_json))?;
    }
    if arguments.json {
        return said.and(print::json_text(&report_json));
    }
    let shown = match &arguments.out {
        None => format!("Subject: {}\n\n{}", message.subject, message.text),
        Some(folder) => format!(
            "{}: {}\nThe message is in {}; nothing was sent.\n",
            job.report.id,
            figures.window.exact_label(Language::English),
            print::single_line(&folder.display().to_string())
        ),
    };
    said.and(print::out(&shown))
}

fn write_files(
    folder: &Path,
    job: &Job,
    (message, report_json): (&Message, &str),
) -> Result<(), Error> {
    make_folder(folder)?;
    // The mails of the others differ in nothing but the address.
    if let Some(to) = job.recipients().iter().find_map(Destination::mailbox) {
        write(&folder.join("message.eml"), &compose_mail(job, message, to, 0)?)?;
    }
    write(&folder.join("message.html"), message.in_a_browser().as_bytes())?;
    write(&folder.join("message.txt"), message.text.as_bytes())?;
    write(&folder.join("report.json"), report_json.as_bytes())?;
    let pictures = message.inline.iter().map(|picture| &picture.file);
    for file in message.attachments.iter().chain(&message.kept).chain(pictures) {
        write(&folder.join(&file.name), &file.content)?;
    }
    Ok(())
}

/// Tells whenever something is saved in the folders of definitions and templates.
fn watch(
    settings: &Settings,
) -> Result<(notify::RecommendedWatcher, UnboundedReceiver<()>), Error> {
    let failed = |error: notify::Error| wrong(format!("the folders can't be watched: {error}"));
    let places = std::iter::once(&settings.definitions).chain(&settings.templates);
    let folders: Vec<&PathBuf> = places
        .filter_map(|place| match place {
            Location::Folder(folder) => Some(folder),
            Location::S3 { .. } => None,
        })
        .collect();
    if folders.is_empty() {
        return Err(wrong("only folders can be watched, and definitions and templates are in S3"));
    }
    let (teller, saved) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the files is an event, too.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // Nobody may be listening any more.
            let _ = teller.send(());
        }
    })
    .map_err(failed)?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
    }
    Ok((watcher, saved))
}
