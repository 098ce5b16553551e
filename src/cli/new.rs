//! `new`: a commented definition to start from.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::names::quoted;
use super::{Ended, Places, backquoted, make_folder, print, schema, unwritable, wrong};
use crate::address::{Address, Mailbox};
use crate::definition::ReportId;
use crate::error::Error;
use crate::instance::InstanceArn;
use crate::language::capitalised;
use crate::settings::Location;
use crate::window::Zone;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The report's id: the file's name without .toml
    name: String,
    /// The report to start from
    #[arg(long, value_enum, default_value_t = Template::DailyVoice)]
    template: Template,
    /// The ARN of the Amazon Connect instance
    #[arg(long, value_name = "ARN", value_parser = checked::<InstanceArn>)]
    instance: Option<String>,
    /// The address that is told of failures
    #[arg(long, value_name = "ADDRESS", value_parser = checked::<Address>)]
    owner: Option<String>,
    /// The sender, which has to be verified in SES
    #[arg(long, value_name = "MAILBOX", value_parser = checked::<Mailbox>)]
    from: Option<String>,
    /// A recipient; can be given several times
    #[arg(long, value_name = "MAILBOX", value_parser = checked::<Mailbox>)]
    to: Vec<String>,
    /// The time zone in which days start at midnight, such as Europe/London
    #[arg(long, value_name = "ZONE", value_parser = checked_zone)]
    timezone: Option<String>,
}

/// The reports to start from.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Template {
    /// Yesterday's calls: headline figures, a row for each queue, a chart of the hours
    DailyVoice,
    /// Last week: headline figures, a chart of the days, queues and channels
    Weekly,
    /// The last working day by routing profile and by agent
    Agents,
}

impl Template {
    /// The definition, in which words in capitals stand for values.
    fn text(self) -> &'static str {
        match self {
            Self::DailyVoice => include_str!("new/daily-voice.toml"),
            Self::Weekly => include_str!("new/weekly.toml"),
            Self::Agents => include_str!("new/agents.toml"),
        }
    }
}

/// A text that is a value of this type.
fn checked<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    let parsed: Result<T, _> = text.parse();
    parsed.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// A text that names a time zone.
fn checked_zone(text: &str) -> Result<String, String> {
    let unknown = || "there is no such time zone; names are like Europe/London".to_owned();
    Zone::named(text).map(|zone| zone.name().to_owned()).ok_or_else(unknown)
}

pub(super) fn new(places: &Places, arguments: &Arguments) -> Ended {
    let name = arguments.name.strip_suffix(".toml").unwrap_or(&arguments.name);
    let id: ReportId =
        name.parse().map_err(|error| wrong(format!("{}: {error}", backquoted(name))))?;
    let Location::Folder(folder) = places.settings(std::env::vars_os())?.definitions else {
        let help = "name a folder with --definitions, and copy the file when it is done";
        return Err(wrong("a new definition can't be written to S3").hint(help));
    };
    make_folder(&folder)?;
    let path = folder.join(format!("{id}.toml"));
    let made = Made::new(&title(id.as_str()), arguments);
    if !create(&path, &made.text)? {
        return Err(wrong(format!("{} exists already; nothing was written", path.display())));
    }
    let schema = folder.join(schema::FILE);
    let wrote_schema = create(&schema, &schema::text())?;
    let path = print::single_line(&path.display().to_string()).into_owned();
    let mut said = format!("Wrote {path}");
    if wrote_schema {
        let schema = schema.display().to_string();
        said += &format!(", and {}, with which editors complete it", print::single_line(&schema));
    }
    said += ".\n";
    if !made.placeholders.is_empty() {
        let keys = made.placeholders.join(", ");
        said += &format!("These are examples, marked CHANGE THIS in the file: {keys}.\n");
    }
    let place = places
        .definitions
        .as_ref()
        .map_or_else(String::new, |place| format!(" --definitions {}", print::single_line(place)));
    said += &format!(
        "Next:\n  connect-reports validate {path}\n  connect-reports preview {id} --simulate{place}\n"
    );
    print::out(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// A new definition.
struct Made {
    text: String,
    /// The keys whose values are examples.
    placeholders: Vec<&'static str>,
}

impl Made {
    fn new(title: &str, arguments: &Arguments) -> Self {
        let Arguments { template, owner, instance, timezone, from, to, .. } = arguments;
        let mut made = Self { text: template.text().to_owned(), placeholders: Vec::new() };
        made.fill("title", &quoted(title));
        made.fill_or_mark("owner", owner.as_deref().map(quoted), "workforce@example.com");
        made.fill_or_mark("instance", instance.as_deref().map(quoted), EXAMPLE_INSTANCE);
        made.fill_or_mark("timezone", timezone.as_deref().map(quoted), "Europe/London");
        made.fill_or_mark(
            "from",
            from.as_deref().map(quoted),
            "Queue reports <reports@example.com>",
        );
        let recipients: Vec<String> = to.iter().map(|mailbox| quoted(mailbox)).collect();
        let recipients = format!("[{}]", recipients.join(", "));
        made.fill_or_mark("to", (!to.is_empty()).then_some(recipients), "ops@example.com");
        made
    }

    /// Puts a value in the place of the key's name in capitals.
    fn fill(&mut self, key: &str, value: &str) {
        let place = format!("= {}\n", key.to_uppercase());
        self.text = self.text.replacen(&place, &format!("= {value}\n"), 1);
    }

    /// Puts in the value, or an example that is marked as one.
    fn fill_or_mark(&mut self, key: &'static str, value: Option<String>, example: &str) {
        let value = value.unwrap_or_else(|| {
            self.placeholders.push(key);
            let example = quoted(example);
            let example = if key == "to" { format!("[{example}]") } else { example };
            format!("{example}    # CHANGE THIS")
        });
        self.fill(key, &value);
    }
}

const EXAMPLE_INSTANCE: &str =
    "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";

/// Writes a file that does not exist yet, and tells whether it did not.
fn create(path: &Path, text: &str) -> Result<bool, Error> {
    let failed = |error: std::io::Error| unwritable(path.display(), &error);
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        other => other.map_err(failed)?,
    };
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half a file would be in the way of the next attempt.
        let _ = fs::remove_file(path);
        failed(error)
    })?;
    Ok(true)
}

/// The title of a report with this id: `Daily queues` for `daily-queues`.
fn title(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    capitalised(&words).into_owned()
}
