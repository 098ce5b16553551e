//! One run: a report's figures for one window become its messages, and each is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::asking::Asking;
use super::definitions::defective;
use super::names::Need;
use super::outcome::{Delivery, DeliveryStatus};
use super::{Invocation, Progress, RunOutcome, Runner, TO_ANSWER};
use crate::address::Mailbox;
use crate::connect::List;
use crate::definition::{Column, Dimension, Occurrence, Problem, Report, Section, SendRule};
use crate::error::{Code, Error, Stage, until};
use crate::event::Order;
use crate::instance::InstanceArn;
use crate::mail::{Envelope, compose};
use crate::metric::limits::Limits;
use crate::plan::{self, Directory, Query, SectionAnswer, Unresolved};
use crate::render::{self, Contents, Message};
use crate::table::{self, Against, Table};
use crate::window::{Compare, Window, WindowError};

/// A report to run, and how.
#[derive(Clone, Debug)]
pub struct Work {
    /// The report.
    pub report: Report,
    /// Why it runs, where it was due.
    occurrence: Option<Occurrence>,
    order: Order,
    invocation: Invocation,
}

/// A message that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The span that the figures cover.
    pub window: Window,
    /// The message.
    pub message: Message,
}

impl Work {
    /// The report as an order wants it.
    pub fn new(report: Report, order: &Order, invocation: &Invocation) -> Self {
        let (order, invocation) = (order.clone(), invocation.clone());
        Self { report, occurrence: None, order, invocation }
    }

    /// The report as it is due.
    pub(super) fn due(
        report: Report,
        occurrence: Occurrence,
        order: &Order,
        invocation: &Invocation,
    ) -> Self {
        Self { occurrence: Some(occurrence), ..Self::new(report, order, invocation) }
    }

    /// The order's or the event's id, or that of the invocation, and when that was.
    pub(super) fn origin(&self) -> (&str, Timestamp) {
        let id = self.order.id.as_deref().unwrap_or(&self.invocation.id);
        (id, self.invocation.now)
    }

    /// Whether its outcome is that of the report for its window.
    pub(super) fn is_recorded(&self) -> bool {
        !self.order.dry_run && self.order.to.is_none()
    }

    /// The span to report.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` where the order's window does not exist or is not over.
    pub fn window(&self) -> Result<Window, Error> {
        let (zone, time) = (&self.report.zone, self.time());
        let window = match (&self.occurrence, self.order.window) {
            (Some(occurrence), _) => Ok(occurrence.window.clone()),
            (None, Some((start, end))) => Window::between(start, end, zone),
            (None, None) => self.report.window.before(time, zone, &self.report.calendar),
        };
        window.and_then(|window| window.closed_at(self.invocation.now)).map_err(no_window)
    }

    /// The time that is asked for, or else the clock's.
    fn time(&self) -> Timestamp {
        self.order.time.unwrap_or(self.invocation.now)
    }

    /// The window, if the service still has figures of it.
    fn remembered(&self, window: Window, runner: &Runner) -> Result<Window, Error> {
        // What answers in the place of AWS may live in the past, like the events that it is asked by.
        let now = match runner.is_aws() {
            true => self.invocation.now,
            false => self.time(),
        };
        window.remembered_at(now, runner.settings.limits.history).map_err(no_window)
    }

    /// Who gets the message.
    pub fn recipients(&self) -> &[Mailbox] {
        self.order.to.as_deref().unwrap_or(&self.report.email.to)
    }

    /// What the message of these tables is made of.
    pub(super) fn contents<'c>(&'c self, window: &'c Window, tables: &'c [Table]) -> Contents<'c> {
        Contents { report: &self.report, window, tables, read_at: self.invocation.now }
    }

    /// The mail for one of the recipients.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn compose(&self, message: &Message, to: &Mailbox, index: usize) -> Result<Vec<u8>, Error> {
        // Of what was missed several windows run at once.
        let span = |window: Window| [window.start(), window.end()].map(Timestamp::as_second);
        let [start, end] = self.window().map_or([0; 2], span);
        let id = format!("{}.{}.{start}-{end}.{index}", self.invocation.id, self.report.id);
        let from = &self.report.email.from;
        compose(Envelope { from, to, id: &id, date: self.invocation.now }, message)
    }

    pub(super) fn time_is_left(&self) -> bool {
        let deadline = self.invocation.deadline;
        deadline.is_none_or(|deadline| Instant::now() + TO_ANSWER * 4 < deadline)
    }

    /// When the figures must be there, so that the sending still has time: four fifths of what is
    /// left, a fifth of which is at most five seconds.
    fn query_deadline(&self) -> Option<Instant> {
        let deadline = self.invocation.deadline?;
        let left = deadline.saturating_duration_since(Instant::now());
        deadline.checked_sub((left / 5).min(Duration::from_secs(5)))
    }

    /// When the last call for figures must have ended.
    pub(super) fn call_deadline(&self) -> Option<Instant> {
        self.query_deadline().map(a_little_before)
    }

    /// When the names must be there: where other reports wait for them too, in half of the time
    /// that is left, because those that have their names must not fail with those that don't.
    fn names_deadline(&self, is_alone: bool) -> Option<Instant> {
        if is_alone {
            return self.query_deadline();
        }
        let deadline = self.invocation.deadline?;
        let left = deadline.saturating_duration_since(Instant::now());
        deadline.checked_sub(left / 2)
    }

    /// Tells that so many of the requests are answered.
    pub(super) fn answered(&self, requests: usize, of: usize) {
        self.tell(Progress::Answered { report: self.report.id.clone(), requests, of });
    }

    fn tell(&self, progress: Progress) {
        if let Some(listener) = &self.invocation.progress {
            // Nobody may be listening any more, and then nobody needs to know.
            let _ = listener.send(progress);
        }
    }
}

/// There is no such window to be reported.
pub(super) fn no_window(error: WindowError) -> Error {
    Error::new(Code::ValidationError, Stage::Plan, error.to_string())
}

/// So that a call that is throttled to the end is told as such rather than as time that ran out.
fn a_little_before(deadline: Instant) -> Instant {
    deadline.checked_sub(TO_ANSWER / 5).unwrap_or(deadline)
}

/// How the runs of an invocation look their names up.
pub(super) struct LookUp<'w> {
    /// When it began.
    since: Instant,
    is_alone: bool,
    /// The instances of whose queues one of the runs needs the tags: they are listed with them from
    /// the start, and once.
    tagged: BTreeSet<&'w InstanceArn>,
}

impl<'w> LookUp<'w> {
    pub(super) fn of(works: &'w [Work]) -> Self {
        let by_tag = works.iter().filter(|work| work.report.selects_by_tag());
        let tagged = by_tag.map(|work| &work.report.instance).collect();
        Self { since: Instant::now(), is_alone: works.len() == 1, tagged }
    }
}

/// What a report asks for one window.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    directory: Directory,
    /// For each section one question, and one for each window that it is compared with.
    pub(super) queries: Vec<Query>,
    /// The windows that all sections are compared with.
    pub(super) compared: Vec<Window>,
    /// Why that is less than the definition asks for.
    uncompared: Option<&'static str>,
}

impl Asked {
    /// How many questions, and answers, belong to a section.
    pub(super) fn of_a_section(&self) -> usize {
        1 + self.compared.len()
    }
}

/// Finds out what a run asks, before anything is asked for any.
pub(super) async fn ask(
    runner: &Runner,
    work: &Work,
    look_up: &LookUp<'_>,
) -> Result<Asked, Error> {
    let limits = &runner.settings.limits;
    let window = work.remembered(work.window()?, runner)?;
    check_recipients(runner, work)?;
    let deadline = work.names_deadline(look_up.is_alone);
    let naming = directory(runner, work, look_up, deadline.map(a_little_before));
    let directory = until(deadline, naming).await.ok_or_else(out_of_time)??;
    let Report { compare, window: rule, calendar, .. } = &work.report;
    let mut compared = compare.windows(&window, *rule, calendar);
    let existing = compared.len();
    compared.retain(|window| work.remembered(window.clone(), runner).is_ok());
    let uncompared = match (existing, compared.len()) {
        _ if *compare == Compare::None => None,
        (0, _) => Some("There is no comparison: no such window is as long as this one."),
        (existing, left) if left < existing => {
            Some("The comparison lacks what Amazon Connect has no figures of any more.")
        }
        _ => None,
    };
    let queries = queries(&work.report, (&window, &compared), &directory, limits)?;
    Ok(Asked { directory, queries, compared, uncompared })
}

/// Runs a report and writes into `outcome` what becomes of it, step by step.
pub(super) async fn run(
    runner: &Runner,
    work: &Work,
    asked: Result<&Asked, Error>,
    (asking, index): (&Asking, usize),
    outcome: &mut RunOutcome,
) {
    if let Err(error) = attempt(runner, work, asked, (asking, index), outcome).await {
        *outcome = std::mem::take(outcome).failed(error);
    }
}

async fn attempt(
    runner: &Runner,
    work: &Work,
    asked: Result<&Asked, Error>,
    (asking, index): (&Asking, usize),
    outcome: &mut RunOutcome,
) -> Result<(), Error> {
    work.tell(Progress::Started { report: work.report.id.clone() });
    let window = work.window()?;
    outcome.window = Some(window.clone());
    let asked = asked?;
    let answering = asking.answer((runner, work), (index, asked), &mut outcome.effort);
    let answers = until(work.query_deadline(), answering).await.ok_or_else(out_of_time)??;
    let tables = tables(runner, work, asked, &answers);
    let prepared = prepare(runner, work, window, &tables)?;
    if work.order.dry_run {
        outcome.skip("dry run: nothing was sent");
        return Ok(());
    }
    if let Some(reason) = unsent(work.report.email.send, &tables) {
        outcome.skip(reason);
        return Ok(());
    }
    runner.begin(work, outcome).await?;
    deliver(runner, work, &prepared.message, outcome).await;
    Ok(())
}

/// Refuses recipients that the deployment does not allow, before anything is asked or sent.
fn check_recipients(runner: &Runner, work: &Work) -> Result<(), Error> {
    let allowed = &runner.settings.deployment.allowed_recipients;
    let refused = work.recipients().iter().filter(|to| !allowed.allows(&to.address)).count();
    match refused {
        0 => Ok(()),
        count => {
            let of = work.recipients().len();
            let message = format!("{count} of {of} recipients are not in an allowed domain");
            Err(Error::new(Code::ValidationError, Stage::Load, message)
                .hint("CONNECT_REPORTS_ALLOWED_RECIPIENTS lists the allowed domains"))
        }
    }
}

/// Makes the message of the answers.
pub(super) fn prepare(
    runner: &Runner,
    work: &Work,
    window: Window,
    tables: &[Table],
) -> Result<Prepared, Error> {
    let contents = work.contents(&window, tables);
    Ok(Prepared { message: render::render(&runner.templates, contents)?, window })
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
pub(super) fn tables(
    runner: &Runner,
    work: &Work,
    asked: &Asked,
    answers: &[SectionAnswer],
) -> Vec<Table> {
    let limits = &runner.settings.limits;
    let questions = asked.queries.chunks(asked.of_a_section());
    let sections = work.report.sections.iter().zip(questions);
    let sections = sections.zip(answers.chunks(asked.of_a_section()));
    let table = |((section, queries), answers): ((&Section, &[Query]), &[SectionAnswer])| {
        let (query, (answer, bases)) = (queries.first()?, answers.split_first()?);
        let against = (!asked.compared.is_empty()).then(|| {
            let base = plan::base(query, &asked.compared, bases, limits);
            Against { label: against(&asked.compared, &base.windows), base }
        });
        let mut table = table::build(section, query, answer, against.as_ref(), &asked.directory);
        table.notes.extend(asked.uncompared.map(ToOwned::to_owned));
        Some(table)
    };
    sections.filter_map(table).collect()
}

/// What figures are compared with, in words.
fn against(windows: &[Window], known: &[Window]) -> String {
    match (windows, known) {
        ([window], _) => window.label(),
        (_, []) => "the weeks before, of which there are no figures".to_owned(),
        (_, [only]) => format!("{}, the only one of four weeks with figures", only.label()),
        (_, known) => format!("the average of {} weeks", known.len()),
    }
}

/// The names that the report needs.
async fn directory(
    runner: &Runner,
    work: &Work,
    look_up: &LookUp<'_>,
    deadline: Option<Instant>,
) -> Result<Directory, Error> {
    let (report, instance) = (&work.report, &work.report.instance);
    let with_tags = look_up.tagged.contains(instance);
    let dimensions = plan::lists_needed(report);
    let lists = dimensions.iter().filter_map(|dimension| List::of(dimension, with_tags));
    let client = runner.connect(instance);
    let need = Need { client: &client, instance, since: look_up.since, deadline };
    runner.names.on(lists.collect(), need).await
}

/// What the sections of a report ask.
fn queries(
    report: &Report,
    (window, compared): (&Window, &[Window]),
    directory: &Directory,
    limits: &Limits,
) -> Result<Vec<Query>, Error> {
    let (mut queries, mut problems) = (Vec::new(), Vec::new());
    for section in &report.sections {
        match Query::of(section, &report.instance, window, directory) {
            Ok(query) => {
                problems.extend(unknown_targets(section, &query, directory));
                let bases = plan::base_queries(&query, compared, limits);
                queries.extend(std::iter::once(query).chain(bases));
            }
            Err(found) => problems.extend(found),
        }
    }
    match problems.is_empty() {
        true => Ok(queries),
        false => Err(unplannable(&problems)),
    }
}

/// Targets of what the section does not show: they would never count, and nobody would know.
fn unknown_targets(section: &Section, query: &Query, directory: &Directory) -> Vec<Problem> {
    // Of what rows are grouped by, one has to know it.
    let unknown = |name: &String| {
        let of_key = |key: &Dimension| {
            let selected = query.filters.get(key).map(Vec::as_slice);
            directory.target(key, name, selected)
        };
        let found: Vec<Result<(), Unresolved>> = section.group_by.iter().map(of_key).collect();
        match found.iter().any(Result::is_ok) {
            true => None,
            false => found.into_iter().find_map(Result::err),
        }
    };
    let of_column = |column: &Column| {
        let reasons = column.targets.keys().filter_map(unknown);
        let problem = |reason: Unresolved| {
            let message = format!("a target of {}: {}", column.label, reason.message);
            column.place.error("target", message, reason.help)
        };
        reasons.map(problem).collect::<Vec<_>>()
    };
    section.columns.iter().flat_map(of_column).collect()
}

/// Sends the message to each recipient, one after the other.
async fn deliver(runner: &Runner, work: &Work, message: &Message, outcome: &mut RunOutcome) {
    let mut stopped: Option<Error> = None;
    for (index, to) in work.recipients().iter().enumerate() {
        // Written down before the send: whatever happens in it, the mail may have left.
        outcome.messages.push(Delivery::sending(&to.address));
        let delivery = match &stopped {
            Some(error) => Err(error.clone()),
            None => send(runner, work, message, (index, to), &mut stopped).await,
        };
        if let Some(last) = outcome.messages.last_mut() {
            last.end(delivery);
        }
    }
    outcome.conclude();
}

async fn send(
    runner: &Runner,
    work: &Work,
    message: &Message,
    (index, to): (usize, &Mailbox),
    stopped: &mut Option<Error>,
) -> Result<String, Error> {
    if !work.time_is_left() {
        let message = "there was no time left to send to this recipient";
        return Err(Error::new(Code::Timeout, Stage::Deliver, message).retryable());
    }
    let mail = work.compose(message, to, index)?;
    let deadline = work.invocation.answer_by();
    let sent = runner.ses.send(&work.report.email.from, to, &mail, deadline).await;
    sent.map_err(|refusal| {
        if refusal.affects_all {
            *stopped = Some(refusal.error.clone());
        }
        refusal.error
    })
}

fn out_of_time() -> Error {
    let message = "the figures did not come before the invocation's deadline";
    Error::new(Code::Timeout, Stage::Query, message)
        .retryable()
        .hint("give the function a longer timeout if this happens often")
}

/// What can't be selected.
fn unplannable(problems: &[Problem]) -> Error {
    defective(Stage::Plan, problems, |problem| {
        let Problem { file, line, column, message, .. } = problem;
        format!("{file}:{line}:{column}: {message}")
    })
}

impl DeliveryStatus {
    /// How a send ended that failed with this error.
    pub(super) fn of(error: &Error) -> Self {
        match error.code {
            Code::DeliveryUnknown => Self::Unknown,
            _ => Self::Failed,
        }
    }
}
