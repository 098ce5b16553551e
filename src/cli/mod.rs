//! The shell at a terminal.
//!
//! Exit codes: 0 done, 1 a run failed, 2 the command line, a setting or a definition is wrong.

mod demo;
mod metrics;
mod names;
mod new;
mod plan;
mod policy;
mod preview;
mod print;
mod resend;
mod run;
mod runs;
mod schema;
mod simulate;
mod validate;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::error::{Code, Error, Stage};
use crate::run::{Definitions, Outcome, Runner};
use crate::settings::{self, DEFINITIONS, Location, RUNS, Settings};
use crate::simulator::{Clock, Options, Simulator};
use crate::telemetry;

/// Mails people the queue figures of their Amazon Connect contact centre.
///
/// In AWS Lambda the same program answers EventBridge events. Settings come from the environment:
/// see the README.
#[derive(Debug, Parser)]
#[command(name = "connect-reports", version, max_term_width = 100)]
struct Cli {
    /// Where the definitions are
    #[arg(
        long,
        global = true,
        value_name = "PLACE",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help = "Folder or s3://bucket/prefix of the definitions [default: CONNECT_REPORTS_DEFINITIONS, or reports]"
    )]
    definitions: Option<String>,
    /// Where records are kept
    #[arg(
        long,
        global = true,
        value_name = "PLACE",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help = "Folder or s3://bucket/prefix of the records of runs [default: CONNECT_REPORTS_RUNS, or runs]"
    )]
    runs: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows what it does: the sample reports against a local Connect and SES, no AWS account
    /// needed
    Demo(demo::Arguments),
    /// Shows which requests a report makes, and why; asks for names only
    Plan(plan::Arguments),
    /// Makes a report's message and sends nothing
    Preview(preview::Arguments),
    /// Runs reports now: asks Connect and sends the messages
    Run(run::Arguments),
    /// Lists what became of runs
    Runs(runs::Arguments),
    /// Sends a report's message once more, as it was rendered then
    Resend(resend::Arguments),
    /// Tells what is wrong with definitions, before a request is made
    Validate(validate::Arguments),
    /// Writes a commented definition to start from
    New(new::Arguments),
    /// Prints queues, routing profiles, agents and hierarchy groups as filters take them
    Names(names::Arguments),
    /// Lists the metrics with what they may be grouped and filtered by
    Metrics(metrics::Arguments),
    /// Prints the JSON Schema of a definition, for editors
    Schema,
    /// Prints the IAM policy that the definitions need, and nothing wider
    Policy(policy::Arguments),
    /// Starts a local Connect and SES that the AWS SDKs and curl can talk to
    Simulate(simulate::Arguments),
}

/// What a command ended with.
type Ended = Result<ExitCode, Error>;

/// Runs the command line.
pub async fn main() -> ExitCode {
    telemetry::at_terminal(|name| env::var(name).ok());
    let cli = Cli::parse();
    let ended = match &cli.command {
        Command::Demo(arguments) => demo::demo(&cli, arguments).await,
        Command::Plan(arguments) => plan::plan(&cli, arguments).await,
        Command::Preview(arguments) => preview::preview(&cli, arguments).await,
        Command::Run(arguments) => run::run(&cli, arguments).await,
        Command::Runs(arguments) => runs::runs(&cli, arguments).await,
        Command::Resend(arguments) => resend::resend(&cli, arguments).await,
        Command::Validate(arguments) => validate::validate(&cli, arguments).await,
        Command::New(arguments) => new::new(&cli, arguments),
        Command::Names(arguments) => names::names(&cli, arguments).await,
        Command::Metrics(arguments) => metrics::metrics(arguments),
        Command::Schema => schema::schema(),
        Command::Policy(arguments) => policy::policy(&cli, arguments).await,
        Command::Simulate(arguments) => simulate::simulate(arguments).await,
    };
    ended.unwrap_or_else(|error| {
        print::complain(&print::error(&error));
        exit_code(&error)
    })
}

/// The exit code for an error.
fn exit_code(error: &Error) -> ExitCode {
    let before_the_run = matches!(error.stage, Stage::Load | Stage::Plan);
    let wrong = matches!(
        error.code,
        Code::ValidationError | Code::NotFound | Code::ConfigurationError | Code::TemplateError
    );
    ExitCode::from(if before_the_run && wrong { 2 } else { 1 })
}

fn outcome_code(outcome: &Outcome) -> ExitCode {
    outcome.error.as_ref().map_or(ExitCode::SUCCESS, exit_code)
}

impl Cli {
    /// The settings of an environment, in which each option stands for its variable.
    fn settings(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Settings, Error> {
        let options = [(DEFINITIONS, &self.definitions), (RUNS, &self.runs)];
        let chosen = options.iter().filter_map(|(name, place)| {
            Some((OsString::from(*name), OsString::from(place.as_ref()?)))
        });
        let is_chosen = |name: &OsString| {
            options.iter().any(|(option, place)| place.is_some() && name == option)
        };
        let others = environment.into_iter().filter(|(name, _)| !is_chosen(name));
        let settings =
            Settings::read(others.chain(chosen)).map_err(|error| wrong(error.to_string()))?;
        let runs = settings.runs.or_else(|| Some(Location::Folder(PathBuf::from("runs"))));
        Ok(Settings { runs, ..settings })
    }

    /// A runner against AWS, or against a simulator of its own, which lives as long as it does.
    async fn runner(
        &self,
        simulate: bool,
        time: Option<Timestamp>,
    ) -> Result<(Runner, Option<Simulator>), Error> {
        let settings = self.settings(env::vars_os())?;
        if !simulate {
            let config = settings::aws().await?;
            // What a person runs here, runs here.
            let settings = Settings { queue: None, ..settings };
            return Ok((Runner::new(settings, config)?, None));
        }
        let simulator = start(Options { clock: clock(time), ..Options::default() }).await?;
        // What a simulator sends is no run of the report, and no record of one.
        let settings = Settings { runs: None, queue: None, ..settings };
        let runner = Runner::new(settings, simulated(&simulator))?;
        Ok((runner, Some(simulator)))
    }
}

/// A simulator's clock follows a time that is asked for, so that it is no future for it.
fn clock(time: Option<Timestamp>) -> Clock {
    time.map_or(Clock::System, Clock::At)
}

async fn start(options: Options) -> Result<Simulator, Error> {
    let port = options.port;
    Simulator::start(options)
        .await
        .map_err(|error| wrong(format!("the simulator can't listen on port {port}: {error}")))
}

/// The SDK's configuration for a simulator: nothing of it comes from the environment, so that no
/// request can reach AWS.
fn simulated(simulator: &Simulator) -> SdkConfig {
    let nobody = Credentials::new("simulated", "simulated", None, None, "simulator");
    // The default client would send requests through a proxy that the environment names.
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    SdkConfig::builder()
        .behavior_version(settings::behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .endpoint_url(simulator.url())
        .retry_config(RetryConfig::standard())
        .timeout_config(settings::timeouts())
        .http_client(client)
        .build()
}

/// The one report with this id.
async fn only(runner: &Runner, id: &str) -> Result<crate::definition::Report, Error> {
    let id = id.parse().map_err(|error| wrong(format!("`{id}`: {error}")))?;
    let Definitions { mut reports, invalid, problems } = runner.definitions(&[id]).await?;
    print::warnings(&problems);
    match (reports.pop(), invalid.into_iter().next().and_then(|invalid| invalid.outcome.error)) {
        (Some(report), _) => Ok(report),
        (None, Some(error)) => Err(error),
        (None, None) => Err(wrong("there is no such report")),
    }
}

/// The command line, or a setting, is wrong.
fn wrong(message: impl Into<String>) -> Error {
    Error::new(Code::ConfigurationError, Stage::Load, message)
}

/// A file or a stream can't be written.
fn unwritable(what: &std::path::Path, error: &std::io::Error) -> Error {
    Error::new(
        Code::StoreError,
        Stage::Record,
        format!("{} can't be written: {error}", what.display()),
    )
}

/// Writes a file.
fn write(path: &PathBuf, content: &[u8]) -> Result<(), Error> {
    std::fs::write(path, content).map_err(|error| unwritable(path, &error))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
