//! `run`: reports by name, now.

use clap::Args;
use jiff::Timestamp;

use super::{Cli, Ended, outcome_code, print, wrong};
use crate::address::{Mailbox, each_once};
use crate::error::Error;
use crate::event::Order;
use crate::run::{Clock, Invocation};
use crate::window::LocalTime;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The reports: names of definition files without .toml
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<String>,
    /// The time that decides on the window [default: now]
    #[arg(long)]
    time: Option<Timestamp>,
    /// The window: dates or local times, the end not part of it, as in 2026-11-22..2026-11-23
    #[arg(long, value_name = "A..B")]
    window: Option<String>,
    /// A recipient in place of the definition's; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// Does everything but the sending
    #[arg(long)]
    dry_run: bool,
    /// Asks a local Connect and SES in place of AWS
    #[arg(long)]
    simulate: bool,
    /// Prints the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(cli: &Cli, arguments: &Arguments) -> Ended {
    let order = order(arguments)?;
    let (runner, _simulator) = cli.runner(arguments.simulate, arguments.time).await?;
    let invocation = invocation(arguments.simulate, arguments.time);
    let outcome = runner.run(&order, &invocation).await;
    print::warnings(&outcome.problems);
    match arguments.json {
        true => print::json(&outcome.envelope()),
        false => print::outcome(&outcome),
    }
    Ok(outcome_code(&outcome))
}

/// An invocation by a person: no deadline, no event. A simulator's clock follows the time that is
/// asked for, and so does this.
pub(super) fn invocation(simulate: bool, time: Option<Timestamp>) -> Invocation {
    let now = Timestamp::now();
    Invocation {
        id: format!("terminal-{}", now.as_microsecond()),
        clock: Clock::read(time.filter(|_| simulate).unwrap_or(now), None),
        trace: None,
        progress: None,
    }
}

fn order(arguments: &Arguments) -> Result<Order, Error> {
    let mut order = Order {
        time: arguments.time,
        window: arguments.window.as_deref().map(window).transpose()?,
        dry_run: arguments.dry_run,
        ..Order::default()
    };
    for id in &arguments.reports {
        let id = id.parse().map_err(|error| wrong(format!("`{id}`: {error}")))?;
        if !order.reports.contains(&id) {
            order.reports.push(id);
        }
    }
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|error| wrong(format!("--to `{text}` {error}")))
    };
    let to: Vec<Mailbox> = arguments.to.iter().map(mailbox).collect::<Result<_, _>>()?;
    order.to = Some(each_once(to)).filter(|to| !to.is_empty());
    Ok(order)
}

fn window(text: &str) -> Result<(LocalTime, LocalTime), Error> {
    let parsed = text
        .split_once("..")
        .and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
    parsed.ok_or_else(|| {
        wrong(format!(
            "--window `{text}` is not two dates or local times such as 2026-11-22..2026-11-23"
        ))
    })
}
