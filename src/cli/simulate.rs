//! `simulate`: a local Connect and SES.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use connect_simulator::{CentreKind, Instance, Options, Rates, SimulatorClock};

use super::{Ended, print, start, times};
use crate::metric::Limits;
use crate::window::{LocalTime, Zone};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 4580)]
    port: u16,
    /// The seed of the contact centre; the same seed makes the same figures
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// The most rows of a page
    #[arg(long, default_value_t = Options::default().page_size)]
    page_size: usize,
    /// The time for the rules about the past and the future; a date means the start of that day in UTC
    /// [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::time_of)]
    time: Option<LocalTime>,
    /// The version of the API, whose limits it enforces
    #[arg(
        long,
        value_name = "VERSION",
        default_value = Limits::VERSIONS[0],
        value_parser = PossibleValuesParser::new(Limits::VERSIONS)
    )]
    api: String,
    /// The number of standard queues, a dozen at least
    #[arg(long, value_name = "COUNT", default_value_t = Options::default().queues)]
    queues: usize,
    /// Gives the contact centre names that are hard for templates, headers and file names, and too few agents
    #[arg(long)]
    awkward: bool,
    /// Throttles requests beyond an account's rates: 10 a second for figures, 2 for each list, 14 messages
    #[arg(long)]
    rates: bool,
    /// The time that each answer takes, in milliseconds, as over a network
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    latency: u64,
    /// The only instance; requests for another one are refused as Amazon Connect refuses them [default: any]
    #[arg(long, value_name = "ARN")]
    instance: Option<Instance>,
}

pub(super) async fn simulate(arguments: &Arguments) -> Ended {
    let utc = Zone::named("UTC");
    let at = |time| utc.as_ref().map(|utc| times::instant(time, utc)).transpose();
    let time = arguments.time.and_then(|time| at(time).transpose()).transpose()?;
    let simulator = start(Options {
        centre: if arguments.awkward { CentreKind::Awkward } else { CentreKind::Ordinary },
        seed: arguments.seed,
        port: arguments.port,
        page_size: arguments.page_size,
        clock: time.map_or(SimulatorClock::System, SimulatorClock::At),
        queues: arguments.queues,
        limits: Limits::of_version(&arguments.api).unwrap_or_default(),
        rates: arguments.rates.then(Rates::default),
        latency: Duration::from_millis(arguments.latency),
        instance: arguments.instance.clone(),
        ..Options::default()
    })
    .await?;
    let url = simulator.url();
    let port = url.rsplit(':').next().unwrap_or_default();
    print::out(&format!(
        "Amazon Connect and SES, simulated, on port {port}. Stop with Ctrl-C.\n\
         \n\
         AWS_ENDPOINT_URL={url}\n\
         AWS_REGION=eu-west-2 AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated\n\
         \n\
         Sent messages: curl {url}/messages\n\
         All it can do: curl {url}/\n"
    ))?;
    tokio::select! {
        () = simulator.serve_forever() => {}
        // Without a signal handler Ctrl-C ends the process all the same.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    Ok(ExitCode::SUCCESS)
}
