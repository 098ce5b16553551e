//! `resend`: a report's message once more, as it was rendered then.

use clap::Args;

use super::run::{invocation, mailboxes, window};
use super::{Cli, Ended, outcome_code, print, wrong};
use crate::event::{Order, Resend};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report: the name of its definition file without .toml
    report: String,
    /// The window: dates or local times, the end not part of it, as in 2026-11-22..2026-11-23
    /// [default: the one that closed last]
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

pub(super) async fn resend(cli: &Cli, arguments: &Arguments) -> Ended {
    let id = &arguments.report;
    let report = id.parse().map_err(|error| wrong(format!("`{id}`: {error}")))?;
    let order = Order {
        reports: vec![report],
        window: arguments.window.as_deref().map(|text| window("--window", text)).transpose()?,
        to: mailboxes(&arguments.to)?,
        resend: Some(match (arguments.failed, arguments.unknown) {
            (true, _) => Resend::Failed,
            (_, true) => Resend::Unknown,
            (false, false) => Resend::All,
        }),
        ..Order::default()
    };
    let (runner, _) = cli.runner(false, None).await?;
    let outcome = runner.run(&order, &invocation(false, None)).await;
    print::warnings(&outcome.problems);
    match arguments.json {
        true => print::json(&outcome.envelope()),
        false => print::outcome(&outcome),
    }
    Ok(outcome_code(&outcome))
}
