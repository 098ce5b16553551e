//! `preview`: a report's message as files, or its text on the screen.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::run::invocation;
use super::{Cli, Ended, only, print, unwritable, write};
use crate::event::Order;
use crate::run::Work;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: the name of its definition file without .toml
    report: String,
    /// The time that decides on the window [default: now]
    #[arg(long)]
    time: Option<Timestamp>,
    /// The folder for message.eml, message.html, message.txt, report.json and the attachments;
    /// without it the text is printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Asks a local Connect in place of AWS
    #[arg(long)]
    simulate: bool,
    /// Prints the figures as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn preview(cli: &Cli, arguments: &Arguments) -> Ended {
    let (runner, _simulator) = cli.runner(arguments.simulate, arguments.time).await?;
    let report = only(&runner, &arguments.report).await?;
    let order = Order { time: arguments.time, ..Order::default() };
    let work = Work::new(report, &order, &invocation(arguments.simulate, arguments.time));
    let (prepared, report_json) = runner.preview(&work).await?;
    let message = &prepared.message;
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        // A valid report has a recipient; the others' mails differ in nothing but the address.
        if let Some(to) = work.recipients().first() {
            write(&folder.join("message.eml"), &work.compose(message, to, 0)?)?;
        }
        write(&folder.join("message.html"), message.html.as_bytes())?;
        write(&folder.join("message.txt"), message.text.as_bytes())?;
        write(&folder.join("report.json"), report_json.as_bytes())?;
        for file in &message.attachments {
            write(&folder.join(&file.name), &file.content)?;
        }
    }
    match (arguments.json, &arguments.out) {
        (true, _) => print::out(&report_json),
        (false, None) => print::out(&format!("Subject: {}\n\n{}", message.subject, message.text)),
        (false, Some(folder)) => print::out(&format!(
            "{}: {}\nThe message is in {}; nothing was sent.\n",
            work.report.id,
            prepared.window.exactly(),
            folder.display()
        )),
    }
    Ok(ExitCode::SUCCESS)
}
