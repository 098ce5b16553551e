//! `run`: reports by name, now; or every window of a span that was not sent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::signals::Signals;
use super::times::{self, window};
use super::{Ended, Places, backquoted, found, outcome_code, print, wrong};
use crate::address::{MOST_OF_AN_ORDER, Mailbox, each_once};
use crate::definition::{Report, ReportId};
use crate::error::Error;
use crate::run::{Clock, Invocation, Job, Outcome, Progress, Runner, SendBreaker, Stop};
use crate::trigger::{NamedReports, Trigger};
use crate::window::{LocalTime, Window, WindowError, Zone};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The reports: their ids (the names of their files without .toml), or the paths of the files
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<String>,
    /// The time that decides the window; a date means the start of that day in the report's zone [default: now]
    #[arg(long, value_parser = times::time_of)]
    time: Option<LocalTime>,
    /// The window: one date, or two dates or local times of which the second is excluded, such as
    /// 2026-11-22..2026-11-23
    #[arg(long, value_name = "A..B", conflicts_with = "backfill")]
    window: Option<String>,
    /// Every window of the report in this span, the oldest first, such as each day for `previous-day`; windows
    /// that were sent are skipped
    #[arg(long, value_name = "A..B")]
    backfill: Option<String>,
    /// A recipient in place of the definition's; can be given several times
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// Does everything except sending
    #[arg(long)]
    dry_run: bool,
    /// Uses a local Connect and SES in place of AWS
    #[arg(long)]
    simulate: bool,
    /// Prints the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(places: &Places, arguments: &Arguments) -> Ended {
    let (places, reports) = places.of_definitions(&arguments.reports)?;
    let order = Order { named: named(arguments, reports)?, dry_run: arguments.dry_run };
    let (runner, _simulator) = places.runner(arguments.simulate, arguments.time).await?;
    let signals = Signals::listen();
    let place = Place { runner: &runner, simulate: arguments.simulate, stop: &signals.stop };
    let outcome = match &arguments.backfill {
        Some(span) => {
            let span = window("--backfill", span)?;
            place.backfill(&order, span, arguments.time).await?
        }
        None => place.run_at(&order, arguments.time).await?,
    };
    let form = Form { json: arguments.json, simulated: arguments.simulate };
    print_outcome(&outcome, form).await?;
    Ok(ended(&outcome, &signals))
}

/// The exit code: of what failed because of a signal, that of the signal.
pub(super) fn ended(outcome: &Outcome, signals: &Signals) -> ExitCode {
    let stopped = signals.code().filter(|_| !outcome.succeeded());
    stopped.unwrap_or_else(|| outcome_code(outcome))
}

/// The form in which an outcome is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// As data, and not as lines.
    pub(super) json: bool,
    /// With the word that its figures and messages are a simulator's.
    pub(super) simulated: bool,
}

/// Prints what became of an order.
pub(super) async fn print_outcome(outcome: &Outcome, form: Form) -> Result<(), Error> {
    const SIMULATED: &str = "simulated";
    if !form.json {
        return print::outcome(outcome, form.simulated.then_some(SIMULATED)).await;
    }
    let mut envelope = outcome.envelope();
    if let (Some(envelope), true) = (envelope.as_object_mut(), form.simulated) {
        envelope.insert(SIMULATED.to_owned(), json!(true));
    }
    print::warnings(&outcome.problems).await.and(print::json(&envelope))
}

/// The reports that a person orders, at any time.
#[derive(Clone)]
struct Order {
    named: NamedReports,
    dry_run: bool,
}

impl Order {
    /// The order for these of its reports at a time.
    fn at(&self, time: Option<Timestamp>, reports: Vec<ReportId>) -> Trigger {
        self.trigger(time, NamedReports { reports, ..self.named.clone() })
    }

    fn trigger(&self, time: Option<Timestamp>, named: NamedReports) -> Trigger {
        Trigger { time, dry_run: self.dry_run, ..Trigger::run(named) }
    }
}

/// The place where orders are carried out, and the stop that ends them before their time.
struct Place<'p> {
    runner: &'p Runner,
    simulate: bool,
    stop: &'p Stop,
}

impl Place<'_> {
    /// Runs the reports once. A local time is another instant in each of their zones.
    async fn run_at(&self, order: &Order, time: Option<LocalTime>) -> Result<Outcome, Error> {
        let all = &order.named.reports;
        let time = match time {
            Some(time @ (LocalTime::Date(_) | LocalTime::DateTime(_))) => time,
            Some(LocalTime::Instant(time)) => {
                let trigger = order.at(Some(time), all.clone());
                return self.run_each(vec![trigger], &[], || ()).await;
            }
            None => return self.run_each(vec![order.at(None, all.clone())], &[], || ()).await,
        };
        let mut by_time: BTreeMap<Timestamp, Vec<ReportId>> = BTreeMap::new();
        // A definition that can't be read is reported by its run.
        let definitions = self.runner.definitions(all).await;
        let reports = definitions.map_or_else(|_| Vec::new(), |all| all.reports);
        let known = by_id(&reports);
        for id in all {
            let zone = known.get(id).map(|report| report.zone.clone());
            let zone = zone.or_else(|| Zone::named("UTC"));
            let zone = zone.ok_or_else(|| wrong("there is no zone UTC"))?;
            by_time.entry(times::instant(time, &zone)?).or_default().push(id.clone());
        }
        let triggers = by_time.into_iter().map(|(time, reports)| order.at(Some(time), reports));
        self.run_each(triggers.collect(), &reports, || ()).await
    }

    /// Runs the reports for each of their windows in a span, and shows how far that is.
    async fn backfill(
        &self,
        order: &Order,
        span: (LocalTime, LocalTime),
        time: Option<LocalTime>,
    ) -> Result<Outcome, Error> {
        let (mut triggers, mut reports) = (Vec::new(), Vec::new());
        for id in &order.named.reports {
            let (report, _) = found(self.runner, id).await?;
            let (start, end) = span;
            let told =
                |error: WindowError| wrong(format!("--backfill {start}..{end} of {id}: {error}"));
            let windows = report.windows_between(start, end).map_err(told)?;
            let time = time.map(|time| times::instant(time, &report.zone)).transpose()?;
            triggers.extend(windows.into_iter().map(|window| {
                let (reports, window) = (vec![id.clone()], Some(window));
                order.trigger(time, NamedReports { reports, window, ..order.named.clone() })
            }));
            reports.push(report);
        }
        if triggers.is_empty() {
            let (start, end) = span;
            let message = format!("no window of the report lies in --backfill {start}..{end}");
            return Err(
                wrong(message).hint("name a span that holds a whole window, its end included")
            );
        }
        let bar = ProgressBar::new(u64::try_from(triggers.len()).unwrap_or(u64::MAX));
        let outcome = self.run_each(triggers, &reports, || bar.inc(1)).await;
        bar.finish_and_clear();
        outcome
    }

    /// Carries orders out one after the other. Where a stop comes, those that are left do not begin; the
    /// answer has them nevertheless, with their windows as far as their reports are among `known`.
    async fn run_each(
        &self,
        triggers: Vec<Trigger>,
        known: &[Arc<Report>],
        ended: impl Fn(),
    ) -> Result<Outcome, Error> {
        let mut triggers = triggers.iter();
        let first = triggers.next().ok_or_else(|| wrong("nothing is asked for"))?;
        let mut all = self.run(first, known).await;
        ended();
        for trigger in triggers {
            all = if self.stop.has_come() {
                all.with_those_left(self.left(trigger, known, &HashSet::new()))
            } else {
                all.and(self.run(trigger, known).await)
            };
            ended();
        }
        Ok(all)
    }

    async fn run(&self, trigger: &Trigger, known: &[Arc<Report>]) -> Outcome {
        let outcome = self.runner.run(trigger, &self.invocation(trigger)).await;
        if !self.stop.has_come() {
            return outcome;
        }
        // A stop that comes while definitions are read leaves none of them told.
        let told = outcome.batch.reports.iter().map(|run| run.report.as_str()).collect();
        let left = self.left(trigger, known, &told);
        outcome.with_those_left(left)
    }

    /// The runs of an order of which nothing is told yet.
    fn left(
        &self,
        trigger: &Trigger,
        known: &[Arc<Report>],
        told: &HashSet<&str>,
    ) -> Vec<(ReportId, Option<Window>)> {
        let invocation = self.invocation(trigger);
        let known = by_id(known);
        let left = trigger.reports().iter().filter(|id| !told.contains(id.as_str()));
        let window = |id: &ReportId| {
            let report = Arc::clone(known.get(id)?);
            Job::new(report, trigger, &invocation).window().ok()
        };
        left.map(|id| (id.clone(), window(id))).collect()
    }

    fn invocation(&self, trigger: &Trigger) -> Invocation {
        Invocation { stop: self.stop.clone(), ..invocation(self.simulate, trigger.time) }
    }
}

fn by_id(reports: &[Arc<Report>]) -> HashMap<&ReportId, &Arc<Report>> {
    reports.iter().map(|report| (&report.id, report)).collect()
}

/// An invocation by a person: no deadline, no event. A simulator's clock follows the time that is
/// asked for, and so does this.
pub(super) fn invocation(simulate: bool, time: Option<Timestamp>) -> Invocation {
    let now = Timestamp::now();
    let (teller, listener) = mpsc::unbounded_channel();
    tokio::spawn(say_what_is_waited_for(listener));
    Invocation {
        id: format!("terminal-{}", now.as_microsecond()),
        clock: Clock::read(time.filter(|_| simulate).unwrap_or(now), None),
        progress: Some(teller),
        stop: Stop::never(),
        breaker: SendBreaker::default(),
    }
}

/// Nobody likes a command that is silent for minutes.
async fn say_what_is_waited_for(mut listener: UnboundedReceiver<Progress>) {
    while let Some(progress) = listener.recv().await {
        if let Progress::Waiting { report, until } = progress {
            let until = until.strftime("%Y-%m-%d %H:%M:%S UTC");
            // It is no result: where it can't be written, the run goes on.
            let _ = print::complain(&format!(
                "{report}: another process has this run, or died with it; waiting until {until}, or \
                 longer if it is still at it then. Ctrl-C ends the wait.\n"
            ));
        }
    }
}

fn named(arguments: &Arguments, reports: Vec<ReportId>) -> Result<NamedReports, Error> {
    Ok(NamedReports {
        reports,
        window: arguments.window.as_deref().map(|text| window("--window", text)).transpose()?,
        to: mailboxes(&arguments.to)?,
    })
}

/// The recipients that an option names, if it names any.
pub(super) fn mailboxes(to: &[String]) -> Result<Option<Vec<Mailbox>>, Error> {
    if to.len() > MOST_OF_AN_ORDER {
        let message = format!("--to names {} recipients, {MOST_OF_AN_ORDER} are allowed", to.len());
        return Err(wrong(message));
    }
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|error| wrong(format!("--to {} {error}", backquoted(text))))
    };
    let to: Vec<Mailbox> = to.iter().map(mailbox).collect::<Result<_, _>>()?;
    Ok(Some(each_once(to)).filter(|to| !to.is_empty()))
}
