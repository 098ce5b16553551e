//! `resend`: a report's message once more, as it was rendered then.

use clap::Args;

use super::run::{Form, ended, invocation, mailboxes, print_outcome};
use super::signals::Signals;
use super::times::window;
use super::{Ended, Places};

use crate::run::Invocation;
use crate::trigger::{NamedReports, Resend, Trigger};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: its id, which is the name of its definition file without .toml, or the file's path
    report: String,
    /// The window: a date for that day, or two dates or local times, the end not part of it, as in
    /// 2026-11-22..2026-11-23 [default: the one that closed last]
    #[arg(long, value_name = "A..B")]
    window: Option<String>,
    /// Only to those to whom it could not be sent
    #[arg(long, conflicts_with_all = ["unknown", "to"])]
    failed: bool,
    /// Only to those of whom it is not known whether they have it
    #[arg(long, conflicts_with = "to")]
    unknown: bool,
    /// To this address, and to nobody else; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// Prints the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn resend(places: &Places, arguments: &Arguments) -> Ended {
    let (places, id) = places.of_definition(&arguments.report)?;
    let named = NamedReports {
        reports: vec![id],
        window: arguments.window.as_deref().map(|text| window("--window", text)).transpose()?,
        to: mailboxes(&arguments.to)?,
    };
    let to = match (arguments.failed, arguments.unknown) {
        (true, _) => Resend::Failed,
        (_, true) => Resend::Unknown,
        (false, false) => Resend::All,
    };
    let trigger = Trigger::resend(named, to);
    let (runner, _) = places.runner(false, None).await?;
    let signals = Signals::listen();
    let invocation = Invocation { stop: signals.stop.clone(), ..invocation(false, None) };
    let outcome = runner.run(&trigger, &invocation).await;
    print_outcome(&outcome, Form { json: arguments.json, simulated: false }).await?;
    Ok(ended(&outcome, &signals))
}
