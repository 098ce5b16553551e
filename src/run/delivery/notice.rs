//! The mail that the owner of a report reads where a run failed, or where the definition is not valid. The
//! audience never sees it.

use serde_json::Value;

use crate::error::Error;
use crate::language::Language;
use crate::render::{self, Message, Notice, isolated};
use crate::run::job::Job;
use crate::run::ledger::RunRecord;
use crate::run::outcome::{DeliveryStatus, RunState};
use crate::run::services::Services;
use crate::settings::Location;

/// The largest number of single problems that are told.
const DETAILS: usize = 10;

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
    let (headline, what) = match record.status {
        RunState::Unknown => (
            format!("It is not known whether everybody got the report “{title}”"),
            format!("{unknown} not known, {failed} failed, {sent} sent."),
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
        summary: format!("{}. {what}", record.window.exact_label(Language::English)),
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
        summary: "It does not run until the definition is mended. `connect-reports validate` \
                  shows what is wrong, line by line."
            .to_owned(),
        commands: vec![format!("connect-reports validate{}", places(services, false))],
        ..error_notice(report, Some(error))
    };
    render::notice(services.templates.built_in(), &notice)
}

fn error_notice(report: &str, error: Option<&Error>) -> Notice {
    let details = error.map_or(&[][..], |error| error.details.as_slice());
    let text = |detail: &Value| {
        let line = detail.get("line").map(|line| format!("line {line}: "));
        let message = detail.get("message")?.as_str()?;
        Some(format!("{}{message}", line.unwrap_or_default()))
    };
    Notice {
        report: report.to_owned(),
        code: error.map_or("", |error| error.code.as_str()).to_owned(),
        message: error.map_or_else(String::new, |error| error.message.clone()),
        details: details.iter().take(DETAILS).filter_map(text).collect(),
        omitted: details.len().saturating_sub(DETAILS),
        hint: error.and_then(|error| error.hint.clone()),
        ..Notice::default()
    }
}

/// Says what happens automatically, and returns the commands by which a person goes on.
fn next_steps(services: &Services, job: &Job, record: &RunRecord) -> (String, Vec<String>) {
    let (start, end) = record.window.local();
    let places = places(services, true);
    let command = |verb: &str, options: &str| {
        format!("connect-reports {verb} {} --window {start}..{end}{options}{places}", record.report)
    };
    let mut next = match (record.is_final, record.reissue_of.is_some()) {
        (false, false) => {
            let next = "It is tried again by itself at every event until its catch-up age is over. To \
                        try it now:";
            return (next.to_owned(), vec![command("run", "")]);
        }
        (false, true) => "Only the retries of its order try it again.".to_owned(),
        (true, _) => "It is not tried again by itself.".to_owned(),
    };
    if record.outcome().count(DeliveryStatus::Unknown) > 0 {
        next += " Who may have it never gets it again without a person's word: ask them first.";
    }
    (format!("{next} To go on:"), commands(job, record, command))
}

/// The commands by which a person goes on with a run that is not tried again; `command` writes one of a verb and
/// its options.
fn commands(job: &Job, record: &RunRecord, command: impl Fn(&str, &str) -> String) -> Vec<String> {
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
        return vec![command(verb, &to)];
    }
    if outcome.messages.is_empty() {
        let is_reissue = record.reissue_of.is_some();
        return vec![if is_reissue { command("resend", " --failed") } else { command("run", "") }];
    }
    let ways = [(DeliveryStatus::Unknown, " --unknown"), (DeliveryStatus::Failed, " --failed")];
    let ways = ways.into_iter().filter(|(status, _)| outcome.count(*status) > 0);
    ways.map(|(_, option)| command("resend", option)).collect()
}

/// The options that name the places, where they are such that a person at a terminal can reach them.
fn places(services: &Services, with_runs: bool) -> String {
    let of = |option: &str, place: Option<&Location>| match place {
        Some(place @ Location::S3 { .. }) => format!(" {option} {place}"),
        Some(Location::Folder(_)) | None => String::new(),
    };
    let definitions = of("--definitions", Some(&services.settings.definitions));
    let runs = of("--runs", services.settings.runs.as_ref().filter(|_| with_runs));
    format!("{definitions}{runs}")
}
