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
    /// The report: its id (the name of its file without .toml), or the path of the file
    report: String,
    /// The window: one date, or two dates or local times of which the second is excluded, such as
    /// 2026-11-22..2026-11-23 [default: the one that closed last]
    #[arg(long, value_name = "A..B")]
    window: Option<String>,
    /// Only to recipients whose mail failed
    #[arg(long, conflicts_with_all = ["unknown", "to"])]
    failed: bool,
    /// Only to recipients who may or may not have the mail
    #[arg(long, conflicts_with = "to")]
    unknown: bool,
    /// Only to this address; can be given several times
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
