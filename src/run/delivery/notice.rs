//! The mail to the owner of a report where a run failed, or the definition is not valid. Recipients of the report
//! never see it.

use serde_json::Value;

use crate::error::Error;
use crate::language::Language;
use crate::render::{self, Message, Notice, isolated};
use crate::run::job::Job;
use crate::run::ledger::RunRecord;
use crate::run::outcome::{DeliveryStatus, RunState};
use crate::run::services::Services;
use crate::settings::Location;

/// The largest number of problems in a notice.
const MOST_PROBLEMS: usize = 10;

/// The notice of a run that failed, or whose end is not known.
pub(crate) fn run_notice(
    services: &Services,
    job: &Job,
    record: &RunRecord,
) -> Result<Message, Error> {
    let title = isolated(&job.report.title);
    let outcome = record.outcome();
    let [sent, failed, unknown] =
        [DeliveryStatus::Sent, DeliveryStatus::Failed, DeliveryStatus::Unknown]
            .map(|status| outcome.count(status));
    let (headline, counts) = match record.status {
        RunState::Unknown => (
            format!("It is not known whether everybody got the report “{title}”"),
            format!("{unknown} unknown, {failed} failed, {sent} sent."),
        ),
        _ if outcome.messages.is_empty() => {
            (format!("The report “{title}” could not be sent"), "Nobody got it.".to_owned())
        }
        _ => (
            format!("The report “{title}” could not be sent to everybody"),
            format!("{failed} failed, {sent} sent."),
        ),
    };
    let (next, commands) = next_steps(services, job, record);
    let key = job.key(&record.window);
    let notice = Notice {
        headline,
        summary: format!("{}. {counts}", record.window.exact_label(Language::English)),
        next: Some(next),
        commands,
        record: services.settings.runs.as_ref().map(|place| place.at(key.as_str())),
        ..error_notice(&record.report, record.error.as_ref())
    };
    render::notice(services.templates.built_in(), &notice)
}

/// The notice of a definition that is not valid.
pub(crate) fn definition_notice(
    services: &Services,
    report: &str,
    error: &Error,
) -> Result<Message, Error> {
    let notice = Notice {
        headline: format!("The definition of the report “{}” can't be used", isolated(report)),
        summary: "The report does not run until its definition is fixed. `connect-reports \
                  validate` shows each problem with its line."
            .to_owned(),
        commands: vec![format!("connect-reports validate{}", places(services, false))],
        ..error_notice(report, Some(error))
    };
    render::notice(services.templates.built_in(), &notice)
}

fn error_notice(report: &str, error: Option<&Error>) -> Notice {
    let details = error.map_or(&[][..], |error| error.details.as_slice());
    Notice {
        report: report.to_owned(),
        code: error.map_or("", |error| error.code.as_str()).to_owned(),
        message: error.map_or_else(String::new, |error| error.message.clone()),
        details: details.iter().take(MOST_PROBLEMS).filter_map(describe_problem).collect(),
        omitted: details.len().saturating_sub(MOST_PROBLEMS),
        hint: error.and_then(|error| error.hint.clone()),
        ..Notice::default()
    }
}

fn describe_problem(detail: &Value) -> Option<String> {
    let line = detail.get("line").map(|line| format!("line {line}: "));
    let message = detail.get("message")?.as_str()?;
    Some(format!("{}{message}", line.unwrap_or_default()))
}

/// The sentences on what happens automatically, and the commands by which a person goes on.
fn next_steps(services: &Services, job: &Job, record: &RunRecord) -> (String, Vec<String>) {
    let (start, end) = record.window.local();
    let run = format!("{} --window {start}..{end}", record.report);
    let command = RunCommand { run, places: places(services, true) };
    let mut next = match (record.is_final, record.reissue_of.is_some()) {
        (false, false) => {
            let next = "It is tried again automatically with each event until its catch-up age has \
                        passed. To try it now:";
            return (next.to_owned(), vec![command.with("run", "")]);
        }
        (false, true) => "It is tried again only by retries of its order.".to_owned(),
        (true, _) => "It is not tried again automatically.".to_owned(),
    };
    if record.outcome().count(DeliveryStatus::Unknown) > 0 {
        next += " Recipients who may have it do not get it again unless somebody orders it: ask \
                 them first.";
    }
    (format!("{next} To go on:"), commands(job, record, &command))
}

/// A command line for a run.
struct RunCommand {
    /// The report and the window.
    run: String,
    /// The options that name places.
    places: String,
}

impl RunCommand {
    fn with(&self, verb: &str, options: &str) -> String {
        format!("connect-reports {verb} {}{options}{}", self.run, self.places)
    }
}

/// The commands by which a person goes on with a run that is not tried again.
fn commands(job: &Job, record: &RunRecord, command: &RunCommand) -> Vec<String> {
    let outcome = record.outcome();
    if let Some(named) = job.trigger.recipients() {
        let to: Vec<String> = if outcome.messages.is_empty() {
            named.iter().map(|to| to.address.to_string()).collect()
        } else {
            let open = outcome.messages.iter().filter(|m| m.status != DeliveryStatus::Sent);
            open.map(|message| message.to.clone()).collect()
        };
        let to: String = to.iter().map(|to| format!(" --to {to}")).collect();
        let verb = if job.trigger.resent_to().is_some() { "resend" } else { "run" };
        return vec![command.with(verb, &to)];
    }
    if outcome.messages.is_empty() {
        let is_reissue = record.reissue_of.is_some();
        let again =
            if is_reissue { command.with("resend", " --failed") } else { command.with("run", "") };
        return vec![again];
    }
    let ways = [(DeliveryStatus::Unknown, " --unknown"), (DeliveryStatus::Failed, " --failed")];
    let ways = ways.into_iter().filter(|(status, _)| outcome.count(*status) > 0);
    ways.map(|(_, option)| command.with("resend", option)).collect()
}

/// The options that name the places of definitions and runs, where a person at a terminal can reach them.
fn places(services: &Services, with_runs: bool) -> String {
    let definitions = place_option("--definitions", Some(&services.settings.definitions));
    let runs = place_option("--runs", services.settings.runs.as_ref().filter(|_| with_runs));
    format!("{definitions}{runs}")
}

fn place_option(option: &str, place: Option<&Location>) -> String {
    match place {
        Some(place @ Location::S3 { .. }) => format!(" {option} {place}"),
        Some(Location::Folder(_)) | None => String::new(),
    }
}
