//! The shell at a terminal.
//!
//! Exit codes: 0 done, 1 a run failed, 2 the command line, a setting or a definition is wrong; 130 and 143
//! where Ctrl-C, or SIGTERM, stopped a run.

mod demo;
mod diagnostic;
mod metrics;
mod names;
mod new;
mod places;
mod plan;
mod policy;
mod preview;
mod print;
mod resend;
mod run;
mod runs;
mod schema;
mod signals;
mod simulate;
mod times;
mod trial;
mod validate;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use clap::{Parser, Subcommand};
use connect_simulator::{Options, Simulator};

use crate::definition::{Problem, Report, ReportId};
use crate::error::{Code, Error, Stage};
use crate::run::{Definitions, Outcome, Runner};
use crate::settings;
use crate::telemetry;

use places::Places;

/// Mails people the queue figures of their Amazon Connect contact centre.
///
/// In AWS Lambda the same program answers EventBridge events. Settings come from the environment:
/// see the README.
#[derive(Debug, Parser)]
#[command(name = "connect-reports", version, max_term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows what it does: the sample reports, which are built in, or those of --definitions, against a
    /// local Connect and SES; no AWS account needed
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
    /// Tries the templates that are on standard input
    #[command(hide = true)]
    TryTemplates,
}

/// What a command ended with.
type Ended = Result<ExitCode, Error>;

/// Runs the command line.
pub async fn main() -> ExitCode {
    telemetry::at_terminal(|name| env::var(name).ok(), || print::Log);
    let ended = match CommandLine::try_parse() {
        Ok(line) => line.command.carry_out(&line.places).await,
        Err(usage) => print::usage(usage),
    };
    match ended {
        Ok(_) if print::log_is_lost() => ExitCode::FAILURE,
        Ok(code) => code,
        Err(error) => {
            // The exit code says it, even if standard error can't be written either.
            let _ = print::errors([&error]).await;
            exit_code(&error)
        }
    }
}

impl Command {
    async fn carry_out(&self, places: &Places) -> Ended {
        match self {
            Self::Demo(arguments) => demo::demo(places, arguments).await,
            Self::Plan(arguments) => plan::plan(places, arguments).await,
            Self::Preview(arguments) => preview::preview(places, arguments).await,
            Self::Run(arguments) => run::run(places, arguments).await,
            Self::Runs(arguments) => runs::runs(places, arguments).await,
            Self::Resend(arguments) => resend::resend(places, arguments).await,
            Self::Validate(arguments) => validate::validate(places, arguments).await,
            Self::New(arguments) => new::new(places, arguments),
            Self::Names(arguments) => names::names(places, arguments).await,
            Self::Metrics(arguments) => metrics::metrics(arguments),
            Self::Schema => schema::schema(),
            Self::Policy(arguments) => policy::policy(places, arguments).await,
            Self::Simulate(arguments) => simulate::simulate(arguments).await,
            Self::TryTemplates => trial::child(),
        }
    }
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

/// The one report with this id; the warnings of its definition are printed.
async fn only(runner: &Runner, id: &ReportId) -> Result<Report, Error> {
    let (report, warnings) = found(runner, id).await?;
    print::warnings(&warnings).await?;
    Ok(report)
}

/// The one report with this id, and the problems of its definition.
async fn found(runner: &Runner, id: &ReportId) -> Result<(Report, Vec<Problem>), Error> {
    let Definitions { mut reports, invalid, problems } =
        runner.definitions(std::slice::from_ref(id)).await?;
    match (reports.pop(), invalid.into_iter().next().and_then(|invalid| invalid.outcome.error)) {
        (Some(report), _) => Ok((report, problems)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(wrong("there is no such report")),
    }
}

/// The command line, or a setting, is wrong.
fn wrong(message: impl Into<String>) -> Error {
    Error::new(Code::ConfigurationError, Stage::Load, message)
}

/// A file, a folder or a stream can't be written.
fn unwritable(what: impl std::fmt::Display, error: &std::io::Error) -> Error {
    Error::new(Code::StoreError, Stage::Record, format!("{what} can't be written: {error}"))
}

/// Writes a file.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    std::fs::write(path, content).map_err(|error| unwritable(path.display(), &error))
}

/// Makes a folder with those that it lies in.
fn make_folder(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|error| unwritable(path.display(), &error))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::CommandLine::command().debug_assert();
    }
}
