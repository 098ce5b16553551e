//! One run: a report's figures for one window become its message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Weekday;
use tokio::time::Instant;

use crate::address::Mailbox;
use crate::concurrency::until;
use crate::connect::List;
use crate::definition::{Kind, Partial, Report, SendRule};
use crate::error::{Code, Error, Stage, cut, redact_addresses};
use crate::instance::InstanceArn;
use crate::language::Language;
use crate::plan::{self, Directory, Query, SectionAnswer};
#[cfg(feature = "cli")]
use crate::render::Values;
use crate::render::{Contents, Draft, Message, Missing, Templates, one_line};
use crate::run::Runner;
use crate::run::delivery::attempt::Built;
use crate::run::dispatch::executor::RunSlot;
use crate::run::fetch::name_cache::NameRequest;
use crate::run::fetch::query_pool::QueryPool;
use crate::run::fetch::sections::SectionQueries;
use crate::run::fetch::sections::StaleTarget;
use crate::run::fetch::sections::UnplannedSection;
use crate::run::fetch::sections::stale_targets;
use crate::run::job::Job;
use crate::run::job::a_little_before;
use crate::run::ledger::store::LeasedRun;
use crate::run::log_error;
use crate::run::outcome::run_outcome::FetchStats;
use crate::table::{self, Against, MOST_ROWS, Note, Table};
use crate::window::{Compare, Interval, Window};

/// What a report found for a window.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The span that they cover.
    pub window: Window,
    /// Why sections are missing, one error for each of them; none but with `partial = "banner"`.
    pub errors: Vec<Error>,
    /// The sections that have figures.
    tables: Vec<Table>,
    /// The others, for those who read the report.
    missing: Vec<Missing>,
    /// The same with what is known of why, for the report's owner.
    without: Vec<String>,
}

impl Figures {
    /// Why the message of these figures is not sent, by what its definition says.
    pub fn unsent(&self, rule: SendRule) -> Option<&'static str> {
        // What is missing may be what somebody has to see.
        unsent(rule, &self.tables).filter(|_| self.missing.is_empty())
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
        let run = job.run(&self.window);
        Values::new(&self.contents(job, &run, Some("")))
    }

    fn contents<'d>(&'d self, job: &'d Job, run: &'d str, store: Option<&'d str>) -> Contents<'d> {
        Contents {
            report: &job.report,
            run,
            window: &self.window,
            tables: &self.tables,
            missing: &self.missing,
            read_at: job.invocation.clock.started(),
            store,
        }
    }
}

/// How the runs of an invocation look their names up.
pub(crate) struct NameLookup<'w> {
    /// When it began.
    since: Instant,
    is_alone: bool,
    /// The instances whose queues one of the runs needs with tags or states: they are searched from
    /// the start, and once.
    searched: BTreeSet<&'w InstanceArn>,
}

impl<'w> NameLookup<'w> {
    pub(crate) fn of(jobs: impl IntoIterator<Item = &'w Job>) -> Self {
        let jobs: Vec<&Job> = jobs.into_iter().collect();
        let since = jobs.first().map_or_else(Instant::now, |job| job.invocation.clock.at());
        let reports = jobs.iter().map(|job| &job.report);
        Self { is_alone: jobs.len() == 1, ..Self::ahead(reports, since) }
    }

    /// That of reports of which it is not known yet which run.
    pub(crate) fn ahead(reports: impl Iterator<Item = &'w Report>, since: Instant) -> Self {
        let searched = reports.filter(|report| report.searches_queues());
        let searched = searched.map(|report| &report.instance).collect();
        Self { since, is_alone: false, searched }
    }
}

/// What a report asks for one window.
#[derive(Clone, Debug)]
pub(crate) struct RunQueries {
    directory: Directory,
    /// For each section that can be asked for one question, and one for each window that it is
    /// compared with.
    pub(crate) queries: Vec<Query>,
    /// The sections that can't be asked for, by their places; none but with `partial = "banner"`.
    pub(crate) unplanned: BTreeMap<usize, UnplannedSection>,
    /// The windows that all sections are compared with.
    pub(crate) compared: Vec<Window>,
    /// Why that is less than the definition asks for.
    uncompared: Option<&'static str>,
}

impl RunQueries {
    /// How many questions, and answers, belong to a section.
    pub(crate) fn of_a_section(&self) -> usize {
        1 + self.compared.len()
    }

    /// The questions of one of the sections that can be asked for.
    pub(crate) fn section(&self, index: usize) -> Self {
        let queries = self.queries.chunks(self.of_a_section()).nth(index).unwrap_or_default();
        Self { queries: queries.to_vec(), ..self.clone() }
    }
}

/// Finds out what a run asks, before anything is asked for any.
pub(crate) async fn ask(
    runner: &Runner,
    job: &Job,
    look_up: &NameLookup<'_>,
) -> Result<RunQueries, Error> {
    let limits = &runner.settings.limits;
    let window = job.remembered(job.window()?, runner)?;
    check_recipients(runner, job)?;
    let deadline = job.names_deadline(look_up.is_alone);
    let naming = directory(runner, job, look_up, deadline.map(a_little_before));
    let directory = until(deadline, naming).await.ok_or_else(out_of_time)??;
    let Report { compare, window: rule, calendar, .. } = &job.report;
    let mut compared = compare.windows(&window, *rule, calendar);
    let existing = compared.len();
    compared.retain(|window| job.remembered(window.clone(), runner).is_ok());
    let uncompared = match (existing, compared.len()) {
        _ if *compare == Compare::None => None,
        (0, _) => Some("There is no comparison: no such window is as long as this one."),
        (existing, left) if left < existing => {
            Some("The comparison lacks what Amazon Connect has no figures of any more.")
        }
        _ => None,
    };
    let windows = (&window, compared.as_slice());
    let SectionQueries { queries, unplanned } =
        SectionQueries::resolve(&job.report, windows, &directory, limits)?;
    Ok(RunQueries { directory, queries, unplanned, compared, uncompared })
}

/// What a message is made with.
pub(crate) struct Rendering {
    pub(crate) templates: Result<Arc<Templates>, Error>,
    /// What the addresses of files begin with that are too large for mail.
    pub(crate) store: Option<String>,
}

/// Makes a report's message, unless there is nothing to be sent.
pub(crate) async fn make(
    runner: &Runner,
    job: &Job,
    asked: Result<&RunQueries, Error>,
    place: RunSlot<'_>,
    rendering: Rendering,
    leased: &mut LeasedRun,
) -> Result<Built, Error> {
    let RunSlot { pool, index, .. } = place;
    let window = job.window()?;
    let (asked, templates) = (asked?, rendering.templates?);
    check_time((runner, job), place.is_first, (pool, index))?;
    let answering = answers((runner, job), asked, (pool, index), &mut leased.effort);
    let answered = until(job.query_deadline(), answering).await;
    // Before more is made of them: there may be many.
    pool.ended(index);
    let answers = answered.ok_or_else(out_of_time)??;
    // While it is being rendered nothing else comes about: no answer to a mail that is on its way would be
    // seen in time.
    place.turns.sends.come(index).await;
    if !place.is_first && !job.invocation.clock.has_time_for(BESIDES) {
        return Err(no_time());
    }
    let figures = found((runner, job), window, asked, answers);
    let run = job.run(&figures.window);
    runner.ledger_store(job).begin_rendering(leased, templates.origin()).await?;
    let draft = figures.draft(job, &run, rendering.store.as_deref(), &templates)?;
    let message = draft.message()?;
    if job.order.dry_run {
        return Ok(Built::Nothing("dry run: nothing was sent".to_owned()));
    }
    if let Some(reason) = figures.unsent(job.report.email.send) {
        return Ok(Built::Nothing(reason.to_owned()));
    }
    let without = figures.sent_without();
    Ok(Built::Message { message, to: job.recipients().to_vec(), without })
}

/// What a report finds, without sending it.
pub(crate) async fn figures(runner: &Runner, job: &Job) -> Result<Figures, Error> {
    let window = job.window()?;
    let asked = ask(runner, job, &NameLookup::of([job])).await?;
    let pool = QueryPool::of([Some(&asked)], &runner.settings.limits);
    let answers = answers((runner, job), &asked, (&pool, 0), &mut FetchStats::default()).await?;
    Ok(found((runner, job), window, &asked, answers))
}

/// The answers to each section of a report, or why it has none.
type Answers = Vec<Result<Vec<SectionAnswer>, Error>>;

/// The answers to all sections of a report, or with `partial = "banner"` to one of them at least.
async fn answers(
    (runner, job): (&Runner, &Job),
    asked: &RunQueries,
    (pool, index): (&QueryPool, usize),
    effort: &mut FetchStats,
) -> Result<Answers, Error> {
    if job.report.partial == Partial::Fail {
        let answers = pool.answer((runner, job), (index, asked), effort).await?;
        let sections = answers.chunks(asked.of_a_section());
        return Ok(sections.map(|section| Ok(section.to_vec())).collect());
    }
    let answers = pool.answer_each((runner, job), (index, asked), effort).await?;
    let mut answers = answers.into_iter();
    let places = 0..job.report.sections.len();
    let of_section = |place: usize| match asked.unplanned.get(&place) {
        Some(unplanned) => Some(Err(unplanned.error.clone())),
        None => answers.next(),
    };
    let answers: Answers = places.filter_map(of_section).collect();
    match answers.first() {
        Some(Err(error)) if answers.iter().all(Result::is_err) => Err(error.clone()),
        _ => Ok(answers),
    }
}

/// What the answers say: tables, and the sections that are missing.
fn found(
    (runner, job): (&Runner, &Job),
    window: Window,
    asked: &RunQueries,
    answers: Answers,
) -> Figures {
    let (id, language) = (&job.report.id, job.report.locale.language());
    let (mut missing, mut errors, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (section, answer)) in job.report.sections.iter().zip(&answers).enumerate() {
        let Err(error) = answer else { continue };
        log_error(&job.event().id, Some(id.as_str()), error, "a section is missing");
        let title = section.title.clone();
        without.push(shortened(&format!("{title} ({})", error.message), 300));
        let message = format!("the section `{title}` is missing: {}", error.message);
        errors.push(Error { message, ..error.clone() }.of_report(id.as_str()));
        let unplanned = asked.unplanned.get(&place);
        missing.push(Missing { title, reason: reason(error, unplanned, language) });
    }
    let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
    Figures { window, errors, tables: tables(runner, job, asked, &answers), missing, without }
}

/// A text of an error as one line of so many characters at most, without addresses.
fn shortened(text: &str, most: usize) -> String {
    cut(&one_line(&redact_addresses(text)), most)
}

/// Why a section is missing, for those who read the report.
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

/// How long a run takes besides its requests.
const BESIDES: Duration = Duration::from_secs(2);

/// The longest timeout that a function may have (AWS Lambda, quotas).
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// Refuses requests that can't be answered in the time that the function ever has, and leaves those
/// for a retry that can't be answered in what is left of it.
pub(crate) fn check_time(
    (runner, job): (&Runner, &Job),
    is_first: bool,
    (pool, run): (&QueryPool, usize),
) -> Result<(), Error> {
    let (pages, left) = (pool.pages(run), pool.pages_left(run));
    let clock = job.invocation.clock;
    let takes = |pages: usize| {
        let seconds = runner.settings.rates.requests.seconds_for(pages);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).saturating_add(BESIDES)
    };
    let (whole, rest) = (takes(pages), takes(left));
    if pages > 0 && clock.timeout().is_some_and(|timeout| timeout < whole) {
        let needed = whole.as_secs() + 1;
        let message = format!(
            "the report's {pages} requests take {needed} seconds at the account's rate, and the \
             function has less from start to end"
        );
        let hint = match whole < LONGEST_TIMEOUT {
            true => format!("give the function a timeout of {needed} seconds or more"),
            false => "split the report: no function has more than 900 seconds".to_owned(),
        };
        return Err(Error::new(Code::ConfigurationError, Stage::Plan, message).hint(hint));
    }
    // The first run always starts.
    if is_first || clock.left().is_none_or(|time| time >= rest) {
        return Ok(());
    }
    Err(no_time())
}

/// A run was not started.
fn no_time() -> Error {
    let message = "there was no time left to start this report";
    Error::new(Code::Timeout, Stage::Plan, message).retryable()
}

/// Refuses recipients that the deployment does not allow, before anything is asked or sent.
fn check_recipients(runner: &Runner, job: &Job) -> Result<(), Error> {
    check_allowed(runner, job.recipients())
}

/// Refuses recipients that the deployment does not allow.
pub(crate) fn check_allowed(runner: &Runner, to: &[Mailbox]) -> Result<(), Error> {
    let allowed = &runner.settings.deployment.allowed_recipients;
    match to.iter().filter(|to| !allowed.allows(&to.address)).count() {
        0 => Ok(()),
        count => {
            let of = to.len();
            let message = format!("{count} of {of} recipients are not in an allowed domain");
            Err(Error::new(Code::ValidationError, Stage::Load, message)
                .hint("CONNECT_REPORTS_ALLOWED_RECIPIENTS lists the allowed domains"))
        }
    }
}

/// The message of a report's figures as it would be sent, and its `report.json`.
pub(crate) fn preview(
    job: &Job,
    figures: &Figures,
    templates: &Templates,
) -> Result<(Message, String), Error> {
    let run = job.run(&figures.window);
    // What is too large for mail lies beside the rest of the preview.
    let draft = figures.draft(job, &run, Some(""), templates)?;
    let report_json = draft.report_json()?;
    Ok((draft.message()?, report_json))
}

/// Why a message is not sent, by what its definition says.
fn unsent(rule: SendRule, tables: &[Table]) -> Option<&'static str> {
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

/// The tables of the answers.
fn tables(
    runner: &Runner,
    job: &Job,
    asked: &RunQueries,
    answers: &[Option<Vec<SectionAnswer>>],
) -> Vec<Table> {
    let (limits, language) = (&runner.settings.limits, job.report.locale.language());
    let mut questions = asked.queries.chunks(asked.of_a_section());
    let mut tables = Vec::new();
    for (place, (section, answers)) in job.report.sections.iter().zip(answers).enumerate() {
        if asked.unplanned.contains_key(&place) {
            continue;
        }
        let query = questions.next().and_then(<[Query]>::first);
        let answers = answers.as_ref().and_then(|answers| answers.split_first());
        let (Some(query), Some((answer, bases))) = (query, answers) else {
            continue;
        };
        let against = (!asked.compared.is_empty()).then(|| {
            let base = plan::base(query, answer, &asked.compared, bases, limits);
            Against { label: against(&asked.compared, &base.windows, language), base }
        });
        let room = room_beside(&tables, section.kind);
        let mut table =
            table::build(section, query, answer, against.as_ref(), &asked.directory, room);
        table.notes.extend(asked.uncompared.map(Note::Other));
        table.notes.extend(other_weeks(query, &table, job.report.calendar.week_starts));
        let stale = stale_targets(section, query, &asked.directory).into_iter();
        let note = |stale: StaleTarget<'_>| Note::StaleTarget {
            column: stale.index,
            name: stale.name.to_owned(),
        };
        table.notes.extend(stale.map(note));
        tables.push(Table { place, ..table });
    }
    tables
}

/// The rows that a further table may have with those of its quiet intervals. A trend has few, and would not
/// be true without them.
fn room_beside(tables: &[Table], kind: Kind) -> usize {
    let taken = || tables.iter().map(|table| table.rows.len()).sum();
    if kind == Kind::Trend { MOST_ROWS } else { MOST_ROWS.saturating_sub(taken()) }
}

/// Weeks as intervals are those of the service, which has no setting for the day on which they begin.
fn other_weeks(query: &Query, table: &Table, week_starts: Weekday) -> Option<Note> {
    const NOTE: &str = "The weeks are those of Amazon Connect, which begin on another day of the week \
                        than this report's.";
    let is_of_weeks = query.interval == Some(Interval::Week);
    let begins_elsewhere = |week: &Window| {
        let is_cut_short = week.start() == query.window.start();
        !is_cut_short && week.first_date().weekday() != week_starts
    };
    let mut weeks = table.rows.iter().filter_map(|row| row.interval.as_deref());
    (is_of_weeks && weeks.any(begins_elsewhere)).then_some(Note::Other(NOTE))
}

/// What figures are compared with, in words.
fn against(windows: &[Window], known: &[Window], language: Language) -> String {
    match (windows, known) {
        ([window], _) => window.label(language),
        (_, []) => language.say("the weeks before, of which there are no figures").to_owned(),
        (_, [only]) => {
            let week = only.label(language);
            let english = "{week}, the only one of four weeks with figures";
            language.say_with(english, &[("week", &week)])
        }
        (_, known) => {
            let n = known.len().to_string();
            language.say_with("the average of {n} weeks", &[("n", &n)])
        }
    }
}

/// The names that the report needs.
pub(crate) async fn directory(
    runner: &Runner,
    job: &Job,
    look_up: &NameLookup<'_>,
    deadline: Option<Instant>,
) -> Result<Directory, Error> {
    let (report, instance) = (&job.report, &job.report.instance);
    let searched = look_up.searched.contains(instance);
    let dimensions = plan::lists_needed(report);
    let lists = dimensions.iter().filter_map(|dimension| List::for_dimension(dimension, searched));
    let client = runner.connect(instance);
    let need = NameRequest { client: &client, instance, since: look_up.since, deadline };
    runner.names.on(lists.collect(), need).await
}

pub(crate) fn out_of_time() -> Error {
    let message = "the figures did not come before the invocation's deadline";
    Error::new(Code::Timeout, Stage::Query, message)
        .retryable()
        .hint("give the function a longer timeout if this happens often")
}
