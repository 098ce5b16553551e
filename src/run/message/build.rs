//! The message of a run: the answers become figures, and these a message, or the reason why there is none.

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
        /// The sections that are missing in it, in one line.
        without: Option<String>,
    },
    /// Nothing to be sent, and why.
    Skip(String),
}

/// Builds the message of a run, unless there is nothing to be sent. `store` is what the addresses of files
/// begin with that are too large for mail.
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
    // A dry run, and one that is not sent, finds out whether it could be.
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
    /// The span that they cover.
    pub window: Window,
    /// The reasons why sections are missing, one for each of them; none but with `partial = "banner"`.
    pub errors: Vec<Error>,
    /// The sections that have figures.
    tables: Vec<Table>,
    /// The others, for those who read the report.
    missing: Vec<Missing>,
    /// The same with what is known of why, for the report's owner.
    without: Vec<String>,
}

impl Figures {
    /// The figures that the answers to a run's queries are: tables, and the sections that are missing.
    pub(crate) fn new(
        limits: &Limits,
        job: &Job,
        window: Window,
        queries: &RunQueries,
        answers: Answers,
    ) -> Self {
        let (id, language) = (&job.report.id, job.report.locale.language());
        let (mut missing, mut errors, mut without) = (Vec::new(), Vec::new(), Vec::new());
        for (place, (section, answer)) in job.report.sections.iter().zip(&answers).enumerate() {
            let Err(error) = answer else { continue };
            log_error(job.context().id(), Some(id.as_str()), error, "a section is missing");
            let title = section.title.clone();
            without.push(shortened(&format!("{title} ({})", error.message), 300));
            let message = format!("the section `{title}` is missing: {}", error.message);
            errors.push(Error { message, ..error.clone() }.of_report(id.as_str()));
            let unplanned = queries.unplanned.get(&place);
            missing.push(Missing { title, reason: reason(error, unplanned, language) });
        }
        let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
        let tables = build_tables(limits, job, queries, &answers);
        Self { window, errors, tables, missing, without }
    }

    /// The reason why the message of these figures is not sent, by what its definition says.
    pub fn skip_reason(&self, rule: SendRule) -> Option<&'static str> {
        // What is missing may be what somebody has to see.
        skip_reason(rule, &self.tables).filter(|_| self.missing.is_empty())
    }

    /// Says in one line which sections the message goes without, and why, for those who look the run up.
    fn sent_without(&self) -> Option<String> {
        let sections = self.without.join("; ");
        (!sections.is_empty()).then(|| shortened(&format!("sent without: {sections}"), 1_000))
    }

    /// The message that they become; `run` is what people look the run up by, `store` what the
    /// addresses of files begin with that are too large for mail.
    fn draft<'d>(
        &'d self,
        job: &'d Job,
        run: &'d str,
        store: Option<&'d str>,
        templates: &'d Templates,
    ) -> Result<Draft<'d>, Error> {
        Draft::new(templates, self.contents(job, run, store))
    }

    /// The values that templates make the message of, to try these with.
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

/// The reason why a message is not sent, by what its definition says.
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

/// A text of an error as one line of so many characters at most, without addresses.
fn shortened(text: &str, most: usize) -> String {
    cut(&one_line(&redact_addresses(text)), most)
}

/// The reason why a section is missing, for those who read the report.
fn reason(error: &Error, unplanned: Option<&UnplannedSection>, language: Language) -> String {
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
