//! What is kept of runs before they start: read side by side, and where the definitions were read
//! before, while it is being looked whether they have changed.

use std::collections::BTreeMap;

use futures_util::future::join;
use jiff::Timestamp;

use crate::concurrency::{side_by_side, until};
use crate::definition::{Memory, Occurrence, Report, ReportId, TICK};
use crate::error::{Code, Error, Stage};
use crate::event::Order;
use crate::run::Invocation;
use crate::run::Runner;
use crate::run::job::Job;
use crate::run::job::a_little_before;
use crate::run::ledger::records;
use crate::run::ledger::records::RecordLookup;
use crate::run::message::build as report;
use crate::run::message::build::NameLookup;
use crate::window::Window;

/// What is found of a run.
#[derive(Clone, Debug)]
pub(crate) struct KnownRun {
    /// Its record.
    pub(crate) look: RecordLookup,
    /// Whether a later window of the report has been run, which counts where it has no schedule.
    pub(crate) is_overtaken: bool,
}

/// By the keys of their records what is found of runs, or why that can't be told.
pub(crate) type KnownRuns = BTreeMap<String, (RunRef, Result<KnownRun, Error>)>;

/// A run of which may be looked what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunRef {
    key: String,
    report: ReportId,
    window: Window,
    has_schedule: bool,
}

impl RunRef {
    fn new(report: &Report, window: &Window) -> Self {
        Self {
            key: records::key(&report.id, window),
            report: report.id.clone(),
            window: window.clone(),
            has_schedule: report.schedule.is_some(),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// That of a run which an order names; a re-issue and a part have records of their own.
    pub(crate) fn of(job: &Job) -> Option<Self> {
        let has_own = job.is_reissue() || job.order.part.is_some() || !job.is_recorded();
        let window = job.window().ok().filter(|_| !has_own)?;
        Some(Self::new(&job.report, &window))
    }
}

impl KnownRun {
    /// Whether a run of which this was found most likely has figures to ask for.
    pub(crate) fn lets_ask(&self, job: &Job) -> bool {
        match &self.look {
            RecordLookup::Nothing => true,
            RecordLookup::Over => false,
            RecordLookup::Found(record) => {
                let is_held = record.is_held_at(job.invocation.clock.now());
                // What a person has run again may have been made meanwhile, for somebody else.
                !record.is_final && !is_held && !record.resumes(&job.report.digest)
            }
        }
    }
}

impl Runner {
    /// What is kept of the runs that an order starts, if the definitions are still those that were
    /// read last.
    pub(crate) async fn foresee(&self, order: &Order, invocation: &Invocation) -> KnownRuns {
        let known = self.read.reports(&order.reports);
        let spots = match order.reports.is_empty() {
            true => self.spots_of(&known, order, invocation),
            false => {
                let jobs = known.into_iter().map(|report| Job::new(report, order, invocation));
                jobs.filter_map(|job| RunRef::of(&job)).collect()
            }
        };
        self.see(spots, KnownRuns::default(), (order, invocation)).await
    }

    /// What is kept of these runs; what has been seen is not read again.
    pub(crate) async fn see(
        &self,
        spots: Vec<RunRef>,
        seen: KnownRuns,
        (order, invocation): (&Order, &Invocation),
    ) -> KnownRuns {
        // Where the definition has changed, what was looked for may be something else.
        let is_seen =
            |spot: &RunRef| matches!(seen.get(&spot.key), Some((of, Ok(_))) if of == spot);
        let new: Vec<RunRef> = spots.into_iter().filter(|spot| !is_seen(spot)).collect();
        let found = side_by_side(&new, async |spot| {
            let looking = self.look_at(spot, order, invocation);
            until(invocation.clock.answer_by(), looking).await.unwrap_or_else(|| Err(not_in_time()))
        });
        let found = found.await;
        let new = new.into_iter().zip(found).map(|(spot, sight)| (spot.key.clone(), (spot, sight)));
        seen.into_iter().chain(new).collect()
    }

    async fn look_at(
        &self,
        spot: &RunRef,
        order: &Order,
        invocation: &Invocation,
    ) -> Result<KnownRun, Error> {
        let (event, clock) = (invocation.event_id(order), invocation.clock);
        if self.records.is_over(&spot.key, event) {
            return Ok(KnownRun { look: RecordLookup::Over, is_overtaken: false });
        }
        let overtaken = async {
            match spot.has_schedule {
                true => Ok(false),
                false => self.records.is_overtaken(&spot.report, &spot.window, clock).await,
            }
        };
        let (look, overtaken) = join(self.records.look(&spot.key, clock), overtaken).await;
        Ok(KnownRun { look: look?, is_overtaken: overtaken? })
    }

    /// The runs that these reports may be due for at the time of an event, or may have been until not
    /// long ago, whatever is remembered of them.
    pub(crate) fn spots_of(
        &self,
        reports: &[Report],
        order: &Order,
        invocation: &Invocation,
    ) -> Vec<RunRef> {
        let time = invocation.reference_time(order);
        let of_report = |report: &Report| {
            let memory = self.widest_memory(report, time);
            let due = report.due_at(time, memory).into_iter().filter_map(Result::ok);
            let counts = self.records.are_kept() && !order.dry_run;
            let overdue = report.overdue_at(time, memory).into_iter().filter(move |_| counts);
            due.chain(overdue).map(|due| RunRef::new(report, &due.window)).collect::<Vec<_>>()
        };
        reports.iter().flat_map(of_report).collect()
    }

    /// What may be remembered of a report.
    fn widest_memory(&self, report: &Report, time: Timestamp) -> Memory {
        match report.schedule.is_some() && self.records.are_kept() {
            true => Memory::Since(self.records.since(report, time).unwrap_or(Timestamp::MIN)),
            false => Memory::Nothing,
        }
    }

    /// Reads the names of those who are due by this very event, which most likely run.
    pub(crate) async fn names_ahead(
        &self,
        reports: &[Report],
        order: &Order,
        invocation: &Invocation,
    ) {
        // Where there is a queue others ask.
        if self.queue.is_some() {
            return;
        }
        let time = invocation.reference_time(order);
        let event = invocation.event_id(order);
        let is_news = |report: &Report, occurrence: &Occurrence| {
            let key = records::key(&report.id, &occurrence.window);
            let has_schedule = report.schedule.is_some();
            let is_of_this_event = time.duration_since(occurrence.due) < TICK;
            has_schedule && is_of_this_event && !self.records.is_over(&key, event)
        };
        let due = |report: &&Report| {
            let due = report.due_at(time, self.widest_memory(report, time));
            due.iter().flatten().any(|occurrence| is_news(report, occurrence))
        };
        let due = reports.iter().filter(due).cloned();
        let jobs: Vec<Job> = due.map(|report| Job::new(report, order, invocation)).collect();
        let look_up = NameLookup::ahead(reports.iter(), invocation.clock.at());
        side_by_side(&jobs, async |job| {
            let deadline = job.names_deadline(false).map(a_little_before);
            // Whoever needs them learns why they can't be read.
            let _ = report::directory(self, job, &look_up, deadline).await;
        })
        .await;
    }
}

/// The deadline came before it was known what is due.
pub(crate) fn not_in_time() -> Error {
    let message = "what is due could not be found out before the deadline";
    Error::new(Code::Timeout, Stage::Load, message).retryable()
}
