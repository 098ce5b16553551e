//! `demo`: the sample reports, end to end, without an AWS account.
//!
//! The real program with its real clients answers an event; only what it talks to is
//! simulated.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use connect_simulator::{Centre, Options, SentMessage, Simulator};
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::places::{LAST, PLACE, place};
use super::{
    Ended, Places, make_folder, named, outcome_code, print, schema, simulated, start, unwritable,
    write, wrong,
};
use crate::error::{Code, Error, Stage};
use crate::run::{Answer, Clock, Invocation, Outcome, Progress, Runner, SendBreaker, Stop};
use crate::settings::{Location, Settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder for the messages, and for the samples
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
    /// The place of the definitions: the option of all commands, which has another default here.
    #[arg(long, display_order = LAST, value_name = PLACE, value_parser = place(), help = HELP_DEFINITIONS)]
    definitions: Option<String>,
}

const HELP_DEFINITIONS: &str = "Folder or s3://bucket/prefix of the definitions [default: the samples, \
                                which are built in]";

/// A file that says that a folder is the demo's own, to be emptied by the next.
const MARK: &str = ".connect-reports-demo";

/// The sample reports, as they lie in `reports/`: built in, so that the demo shows them in any folder.
const SAMPLES: [(&str, &str); 3] = [
    ("all-metrics.toml", include_str!("../../reports/all-metrics.toml")),
    ("daily-queues.toml", include_str!("../../reports/daily-queues.toml")),
    ("weekly-overview.toml", include_str!("../../reports/weekly-overview.toml")),
];

pub(super) async fn demo(arguments: &Arguments) -> Ended {
    let folder = arguments.out.join("messages");
    empty(&folder)?;
    let definitions = match &arguments.definitions {
        Some(place) => place.parse().map_err(|error| wrong(format!("{} {error}", named(place))))?,
        None => Location::Folder(lay_out(&arguments.out)?),
    };
    let simulator = start(Options::default()).await?;
    // The demo takes nothing of the environment.
    let settings = Settings { definitions, runs: None, ..Places::default().settings([])? };
    let runner = Runner::new(settings, simulated(&simulator).into())?;
    let time = time_of_orders(Timestamp::now(), simulator.centre());
    let (teller, listener) = mpsc::unbounded_channel();
    let invocation = Invocation {
        id: "demo".to_owned(),
        clock: Clock::read(Timestamp::now(), None),
        progress: Some(teller),
        stop: Stop::never(),
        breaker: SendBreaker::default(),
    };
    let shown = tokio::spawn(show(listener));
    let reports = runner.definitions(&[]).await?.reports;
    let ids = reports.iter().map(|report| report.id.as_str()).collect();
    let Answer::Order(outcome) = runner.answer(&event(time, ids), &invocation).await else {
        return Err(wrong("the event is no batch of a queue"));
    };
    drop(invocation);
    // The display ends with its channel; what it shows is no result.
    let _ = shown.await;
    save(&folder, &outcome, &simulator)?;
    let said = print::outcome(&outcome, None).await;
    let place = folder.display().to_string();
    let place = print::single_line(&place);
    let made = format!("\nThe messages are in {place} as .eml, .html and .txt.\n");
    said.and(print::out(&made))?;
    Ok(outcome_code(&outcome))
}

/// An order as EventBridge hands it on. It names the reports, whenever each is due.
fn event(time: Timestamp, reports: Vec<&str>) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "Reports wanted",
        "source": "connect-reports.demo",
        "account": "123456789012",
        "time": time.to_string(),
        "region": "eu-west-2",
        "resources": [],
        "detail": { "reports": reports },
    })
}

/// The time of the order: 08:00 UTC on the day after the last incident of the simulated centre. By then that day is
/// over in every zone of the samples, and so is the week before.
fn time_of_orders(now: Timestamp, centre: &Centre) -> Timestamp {
    let morning = |day: Timestamp| {
        let next = day.to_zoned(TimeZone::UTC).date().tomorrow();
        let time = next.and_then(|date| date.at(8, 0, 0, 0).to_zoned(TimeZone::UTC));
        time.map_or(now, |time| time.timestamp())
    };
    let day = Duration::from_secs(24 * 3600);
    let ends = [now, now - day].into_iter().filter_map(|time| centre.last_incident(time));
    ends.map(|incident| morning(incident.end)).find(|time| *time <= now).unwrap_or(now)
}

/// Makes the folder, and empties it if an earlier demo has filled it.
fn empty(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        if !folder.join(MARK).exists() {
            let message = format!("{} is there and was not made by a demo", folder.display());
            return Err(wrong(message).hint("name another folder with --out"));
        }
        fs::remove_dir_all(folder).map_err(|error| unwritable(folder.display(), &error))?;
    }
    make_folder(folder)?;
    write(&folder.join(MARK), b"Made by `connect-reports demo`, and emptied by the next.\n")
}

/// Writes the samples into a folder of the demo's own, beside the messages that come of them.
fn lay_out(out: &Path) -> Result<PathBuf, Error> {
    let folder = out.join("reports");
    empty(&folder)?;
    for (name, text) in SAMPLES {
        write(&folder.join(name), text.as_bytes())?;
    }
    write(&folder.join(schema::FILE), schema::text().as_bytes())?;
    Ok(folder)
}

/// Shows how far the runs are, where standard error is a terminal.
async fn show(mut listener: UnboundedReceiver<Progress>) {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    while let Some(progress) = listener.recv().await {
        spinner.set_message(match progress {
            Progress::Started { report } => format!("{report}: names"),
            Progress::Waiting { report, .. } => format!("{report}: another process has it"),
            Progress::Answered { report, requests, of } => {
                format!("{report}: {requests} of {} answered", print::counted(of, "request"))
            }
        });
    }
    spinner.finish_and_clear();
}

/// Writes every message that was sent, as the recipient's mail program would get it.
fn save(folder: &Path, outcome: &Outcome, simulator: &Simulator) -> Result<(), Error> {
    let sent = simulator.messages();
    for run in &outcome.batch.reports {
        for (index, delivery) in run.messages.iter().enumerate() {
            let id = delivery.message_id.as_deref();
            if let Some(message) = sent.iter().find(|message| Some(message.id.as_str()) == id) {
                save_message(folder, &format!("{}-{}", run.report, index + 1), message)?;
            }
        }
    }
    Ok(())
}

fn save_message(folder: &Path, name: &str, message: &SentMessage) -> Result<(), Error> {
    let parsed = MessageParser::default().parse(&message.raw).ok_or_else(|| {
        Error::new(
            Code::InternalError,
            Stage::Render,
            format!("the mail {name} can't be read back"),
        )
    })?;
    let mut html = parsed.body_html(0).unwrap_or_default().into_owned();
    let text = parsed.body_text(0).unwrap_or_default();
    write(&folder.join(format!("{name}.eml")), &message.raw)?;
    for part in &parsed.parts {
        let (Some(file), PartType::Binary(content) | PartType::InlineBinary(content)) =
            (part.attachment_name(), &part.body)
        else {
            continue;
        };
        if let Some(cid) = part.content_id() {
            // A browser has the picture beside it.
            html = html.replace(&format!("cid:{cid}"), file);
            write(&folder.join(file), content)?;
        }
    }
    write(&folder.join(format!("{name}.html")), html.as_bytes())?;
    write(&folder.join(format!("{name}.txt")), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use connect_simulator::CentreKind;

    use super::*;

    /// A sample that is added to the folder is added to the demo.
    #[test]
    fn the_samples_built_in_are_those_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut there: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        there.retain(|name| name.ends_with(".toml"));
        there.sort();
        assert_eq!(there, SAMPLES.map(|(name, _)| name));
    }

    #[test]
    fn the_demo_reports_the_day_of_the_last_incident_that_is_over_for_a_night() {
        let centre = Centre::new(CentreKind::Ordinary, Options::default().seed);
        let mut now: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        for _ in 0..6 * 24 {
            let time = time_of_orders(now, &centre);
            let incident = centre.last_incident(time).unwrap();
            let hours_since = time.duration_since(incident.end).as_hours();
            assert!(time <= now && (16..24).contains(&hours_since), "{now}: {time}, {incident:?}");
            assert!(now.duration_since(time).as_hours() < 12 * 24, "{now}: {time}");
            now += Duration::from_secs(3600 * 3);
        }
    }
}
