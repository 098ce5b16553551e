//! The message of a run: answers become figures, and figures become a message or the reason why none is sent.

use crate::definition::SendRule;
use crate::destination::StoredDestination;
use crate::error::{Code, Error, cut, redact_addresses};
use crate::language::Language;
use crate::metric::Limits;
#[cfg(feature = "cli")]
use crate::render::Values;
use crate::render::{Contents, Draft, Message, Missing, Templates, one_line};
use crate::run::fetch::{Answers, RunQueries, UnplannedSection};
use crate::run::job::Job;
use crate::run::message::tables::build_tables;
use crate::run::outcome::log_error;
use crate::table::Table;
use crate::window::Window;

/// The result of building a run's message.
#[derive(Debug)]
pub(crate) enum Built<M = Message> {
    /// A message.
    Message {
        message: M,
        /// Its recipients.
        to: Vec<StoredDestination>,
        /// The sections that are missing in it, as one line for those who look the run up.
        without: Option<String>,
    },
    /// The reason why nothing is sent.
    Skip(String),
}

/// Builds the message of a run, or the reason why nothing is sent. `store` is the beginning of the addresses of
/// files that are too large for mail.
///
/// # Errors
/// `TEMPLATE_ERROR` where a template fails.
pub(crate) fn build_message(
    job: &Job,
    figures: &Figures,
    templates: &Templates,
    store: Option<&str>,
) -> Result<Built, Error> {
    let key = job.key(&figures.window);
    // A run that sends nothing renders all the same: it finds out whether it can.
    let message = figures.draft(job, key.name(), store, templates)?.message()?;
    if job.trigger.dry_run {
        return Ok(Built::Skip("dry run: nothing was sent".to_owned()));
    }
    if let Some(reason) = figures.skip_reason(job.report.email.send) {
        return Ok(Built::Skip(reason.to_owned()));
    }
    let to = job.recipients().iter().map(StoredDestination::from).collect();
    Ok(Built::Message { message, to, without: figures.sent_without() })
}

/// The message of a report's figures as it would be sent, and its `report.json`.
///
/// # Errors
/// `TEMPLATE_ERROR` where a template fails.
pub(crate) fn preview_message(
    job: &Job,
    figures: &Figures,
    templates: &Templates,
) -> Result<(Message, String), Error> {
    let key = job.key(&figures.window);
    // Files that are too large for mail lie beside the rest of the preview.
    let draft = figures.draft(job, key.name(), Some(""), templates)?;
    let report_json = draft.report_json()?;
    Ok((draft.message()?, report_json))
}

/// The figures of a report for a window.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The window that they cover.
    pub window: Window,
    /// The errors of the sections that are missing, one for each. Only with `partial = "banner"` there are any.
    pub errors: Vec<Error>,
    /// The tables of the sections that have figures.
    tables: Vec<Table>,
    /// The other sections, in the words for readers of the report.
    missing: Vec<Missing>,
    /// The same sections with their errors, in the words for the report's owner.
    without: Vec<String>,
}

impl Figures {
    /// The figures from the answers to a run's queries: tables, and the sections that are missing.
    pub(crate) fn new(
        limits: &Limits,
        job: &Job,
        window: Window,
        queries: &RunQueries,
        answers: Answers,
    ) -> Self {
        let id = &job.report.id;
        let language = job.report.locale.language();
        let mut missing = Vec::new();
        let mut errors = Vec::new();
        let mut without = Vec::new();
        for (place, (section, answer)) in job.report.sections.iter().zip(&answers).enumerate() {
            let Err(error) = answer else { continue };
            log_error(job.context().id(), Some(id.as_str()), error, "a section is missing");
            let title = section.title.clone();
            without.push(shortened(&format!("{title} ({})", error.message), 300));
            let message = format!("the section `{title}` is missing: {}", error.message);
            errors.push(Error { message, ..error.clone() }.of_report(id.as_str()));
            let unplanned = queries.unplanned.get(&place);
            missing.push(Missing { title, reason: missing_reason(error, unplanned, language) });
        }
        let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
        let tables = build_tables(limits, job, queries, &answers);
        Self { window, errors, tables, missing, without }
    }

    /// The reason why the message of these figures is not sent, by the rule in its definition.
    pub fn skip_reason(&self, rule: SendRule) -> Option<&'static str> {
        // A missing section may be the one that somebody has to see.
        skip_reason(rule, &self.tables).filter(|_| self.missing.is_empty())
    }

    /// The sections that are missing in the message, and why, as one line for those who look the run up.
    fn sent_without(&self) -> Option<String> {
        let sections = self.without.join("; ");
        (!sections.is_empty()).then(|| shortened(&format!("sent without: {sections}"), 1_000))
    }

    /// The draft of their message. People look the run up by `run`; `store` is the beginning of the addresses of
    /// files that are too large for mail.
    fn draft<'d>(
        &'d self,
        job: &'d Job,
        run: &'d str,
        store: Option<&'d str>,
        templates: &'d Templates,
    ) -> Result<Draft<'d>, Error> {
        Draft::new(templates, self.contents(job, run, store))
    }

    /// The values from which templates make the message, to try templates with.
    #[cfg(feature = "cli")]
    pub fn values(&self, job: &Job) -> Values {
        let run = job.key(&self.window).name().to_owned();
        Values::new(&self.contents(job, &run, Some("")))
    }

    fn contents<'d>(&'d self, job: &'d Job, run: &'d str, store: Option<&'d str>) -> Contents<'d> {
        Contents {
            report: &job.report,
            run,
            window: &self.window,
            tables: &self.tables,
            missing: &self.missing,
            read_at: job.clock().started(),
            store,
        }
    }
}

/// The reason why a message with these tables is not sent, by the rule in its definition.
fn skip_reason(rule: SendRule, tables: &[Table]) -> Option<&'static str> {
    match rule {
        SendRule::Always => None,
        SendRule::WhenData => {
            let is_quiet = tables.iter().all(|table| table.is_quiet);
            is_quiet.then_some("there are no data in this window (send = \"when-data\")")
        }
        SendRule::WhenTargetMissed => {
            let misses = tables.iter().any(Table::may_miss_a_target);
            (!misses).then_some("no target was missed (send = \"when-target-missed\")")
        }
    }
}

/// The text of an error as one line of at most this many characters, without addresses.
fn shortened(text: &str, most: usize) -> String {
    cut(&one_line(&redact_addresses(text)), most)
}

/// The reason why a section is missing, in the words for readers of the report.
fn missing_reason(
    error: &Error,
    unplanned: Option<&UnplannedSection>,
    language: Language,
) -> String {
    let why = match (unplanned, error.code) {
        (Some(unplanned), _) => unplanned.reason(language),
        (None, Code::AccessDenied) => {
            language.say("Amazon Connect did not allow its figures to be read").to_owned()
        }
        (None, Code::ValidationError | Code::NotFound) => {
            language.say("Amazon Connect did not accept what it asks").to_owned()
        }
        (None, _) => language.say("Amazon Connect gave no usable answer").to_owned(),
    };
    format!("{why} ({})", error.code)
}
