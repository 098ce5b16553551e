//! The shell at a terminal.
//!
//! Exit codes: 0 done, 1 a run failed, 2 the command line, a setting or a definition is wrong; 130 and 143
//! where Ctrl-C, or SIGTERM, stopped a run.

mod checked;
mod demo;
mod diagnostic;
mod exit;
mod files;
mod format;
mod metrics;
mod names;
mod new;
mod places;
mod plan;
mod policy;
mod preview;
mod print;
mod reports;
mod resend;
mod run;
mod runs;
mod sarif;
mod schema;
mod signals;
mod simulate;
mod simulated;
mod times;
mod trial;
mod validate;
mod visible;

use std::env;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::telemetry;

use exit::{Ended, backquoted, exit_code, named, outcome_code, wrong};
use files::{make_folder, unwritable, write};
use places::Places;
use reports::{found, only};
use simulated::{simulated, start};

/// Mails people the queue figures of their Amazon Connect contact centre.
///
/// In AWS Lambda the same program answers EventBridge events. Settings come from the environment:
/// see the README.
#[derive(Debug, Parser)]
#[command(name = "connect-reports", version = version(BUILD_COMMIT), max_term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

/// The commit that a release was built from; its workflow sets the variable.
const BUILD_COMMIT: Option<&str> = option_env!("CONNECT_REPORTS_COMMIT");

/// The version as `--version` prints it, with the commit of a release.
fn version(commit: Option<&str>) -> String {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    commit.map_or_else(|| VERSION.to_owned(), |commit| format!("{VERSION} ({commit})"))
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

/// Runs the command line.
pub async fn main() -> ExitCode {
    telemetry::log_at_terminal(|name| env::var(name).ok(), || print::Log);
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::CommandLine::command().debug_assert();
    }

    #[test]
    fn the_version_of_a_release_has_its_commit() {
        assert_eq!(super::version(None), env!("CARGO_PKG_VERSION"));
        let release = format!("{} (0123abc)", env!("CARGO_PKG_VERSION"));
        assert_eq!(super::version(Some("0123abc")), release);
    }
}
