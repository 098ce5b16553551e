//! The shell at a terminal.
//!
//! Exit codes: 0 done, 1 a run failed, 2 the command line, a setting or a definition is wrong; 130 and 143
//! where Ctrl-C, or SIGTERM, stopped a run.

mod checked;
mod completions;
mod demo;
mod diagnostic;
mod examples;
mod exit;
mod files;
mod format;
mod list;
mod man;
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
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use colorchoice_clap::Color;

use crate::telemetry;

use exit::{Ended, backquoted, exit_code, named, outcome_code, wrong};
use files::{make_folder, unwritable, write};
use places::{DefinitionsPlace, LAST, Places};
use reports::{found, only};
use simulated::{simulated, start};

/// Mails people the queue figures of their Amazon Connect contact centre.
///
/// In AWS Lambda the same program answers EventBridge events. At a terminal it checks, previews, runs and lists
/// reports. Its settings come from the environment: docs/OPERATIONS.md lists them.
#[derive(Debug, Parser)]
#[command(
    name = "connect-reports",
    version = version(BUILD_COMMIT),
    max_term_width = 100,
    after_help = examples::PROGRAM,
    disable_help_subcommand = true
)]
struct CommandLine {
    #[command(flatten)]
    color: Color,
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
    /// Runs the sample reports against a local Amazon Connect and SES; needs no AWS account
    #[command(after_help = examples::DEMO)]
    Demo(demo::Arguments),
    /// Writes a commented definition to start from
    #[command(after_help = examples::NEW)]
    New(WithDefinitions<new::Arguments>),
    /// Checks definitions, and says how to correct each mistake
    #[command(after_help = examples::VALIDATE)]
    Validate(WithDefinitions<validate::Arguments>),
    /// Lists the reports: when each runs next, in its own time, and how its last run ended
    #[command(after_help = examples::LIST)]
    List(WithRecords<list::Arguments>),
    /// Shows the requests that a report would make, and why
    #[command(after_help = examples::PLAN)]
    Plan(WithDefinitions<plan::Arguments>),
    /// Makes a report's message without sending it
    #[command(after_help = examples::PREVIEW)]
    Preview(WithDefinitions<preview::Arguments>),
    /// Runs reports now: asks Amazon Connect, and sends the messages
    #[command(after_help = examples::RUN)]
    Run(WithRecords<run::Arguments>),
    /// Lists past runs, and how they ended
    #[command(after_help = examples::RUNS)]
    Runs(WithRecords<runs::Arguments>),
    /// Sends the message of an earlier run again
    #[command(after_help = examples::RESEND)]
    Resend(WithRecords<resend::Arguments>),
    /// Lists the queues, routing profiles, agents and hierarchy groups that filters can name
    #[command(after_help = examples::NAMES)]
    Names(WithDefinitions<names::Arguments>),
    /// Lists the metrics, and what they can be grouped and filtered by
    #[command(after_help = examples::METRICS)]
    Metrics(metrics::Arguments),
    /// Prints the JSON Schema of definitions, for editors
    #[command(after_help = examples::SCHEMA)]
    Schema,
    /// Prints the IAM policy that the definitions need, and nothing wider
    #[command(after_help = examples::POLICY)]
    Policy(WithRecords<policy::Arguments>),
    /// Starts a local Amazon Connect and SES for the AWS SDKs and curl
    #[command(after_help = examples::SIMULATE)]
    Simulate(simulate::Arguments),
    /// Prints the completions of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Arguments),
    /// Prints a manual page
    #[command(after_help = examples::MAN)]
    Man(man::Arguments),
    /// Tries the templates that are on standard input
    #[command(hide = true)]
    TryTemplates,
}

/// The arguments of a command that reads definitions.
#[derive(Debug, Args)]
struct WithDefinitions<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    place: DefinitionsPlace,
}

/// The arguments of a command that reads definitions, and reads or writes records of runs.
#[derive(Debug, Args)]
struct WithRecords<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    places: Places,
}

/// Runs the command line.
pub async fn main() -> ExitCode {
    telemetry::log_at_terminal(|name| env::var(name).ok(), || print::Log);
    let ended = match read(env::args_os()) {
        Ok(line) => {
            line.color.write_global();
            line.command.carry_out().await
        }
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

/// The command line as clap knows it, for documents that show it.
pub fn command() -> clap::Command {
    CommandLine::command()
        .mut_arg("color", |arg| arg.display_order(LAST + 1).help("When the output is coloured"))
}

/// Reads a command line.
fn read<T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
) -> Result<CommandLine, clap::Error> {
    CommandLine::from_arg_matches(&command().try_get_matches_from(arguments)?)
}

impl Command {
    async fn carry_out(&self) -> Ended {
        match self {
            Self::Demo(arguments) => demo::demo(arguments).await,
            Self::New(with) => new::new(&with.places(), &with.arguments),
            Self::Validate(with) => validate::validate(&with.places(), &with.arguments).await,
            Self::List(with) => list::list(&with.places, &with.arguments).await,
            Self::Plan(with) => plan::plan(&with.places(), &with.arguments).await,
            Self::Preview(with) => preview::preview(&with.places(), &with.arguments).await,
            Self::Run(with) => run::run(&with.places, &with.arguments).await,
            Self::Runs(with) => runs::runs(&with.places, &with.arguments).await,
            Self::Resend(with) => resend::resend(&with.places, &with.arguments).await,
            Self::Names(with) => names::names(&with.places(), &with.arguments).await,
            Self::Metrics(arguments) => metrics::metrics(arguments),
            Self::Schema => schema::schema(),
            Self::Policy(with) => policy::policy(&with.places, &with.arguments).await,
            Self::Simulate(arguments) => simulate::simulate(arguments).await,
            Self::Completions(arguments) => completions::completions(arguments, command()),
            Self::Man(arguments) => man::man(arguments, command()),
            Self::TryTemplates => trial::child(),
        }
    }
}

impl<A: Args> WithDefinitions<A> {
    fn places(&self) -> Places {
        Places::from(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::{command, examples, read};

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    /// The lines of examples are command lines, each of the command that it stands for.
    #[test]
    fn examples_are_command_lines() {
        for (command, text) in examples::ALL {
            let lines = text.lines().filter(|line| line.starts_with("  connect-reports "));
            let lines: Vec<&str> = lines.collect();
            assert!(!lines.is_empty(), "{command}");
            for line in lines {
                // A comment, a pipe or a file may follow.
                let line = line.split(['#', '|', '>']).next().unwrap_or_default();
                let words = line.split_whitespace().map(|word| word.trim_matches('\''));
                let words: Vec<&str> = words.collect();
                assert!(command.is_empty() || words.get(1) == Some(&command), "{line}");
                assert!(read(words).is_ok(), "{line}");
            }
        }
        let of_commands: Vec<&str> = examples::ALL.iter().skip(1).map(|(name, _)| *name).collect();
        let program = command();
        let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
        let commands: Vec<&str> = commands.map(clap::Command::get_name).collect();
        assert_eq!(of_commands, commands);
    }

    #[test]
    fn the_version_of_a_release_has_its_commit() {
        assert_eq!(super::version(None), env!("CARGO_PKG_VERSION"));
        let release = format!("{} (0123abc)", env!("CARGO_PKG_VERSION"));
        assert_eq!(super::version(Some("0123abc")), release);
    }
}
