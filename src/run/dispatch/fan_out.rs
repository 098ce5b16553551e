//! Fan-out: the runs that a tick finds due are put into a queue, in groups that other invocations
//! carry out side by side.
//!
//! A group is of one instance and one window, so that requests that several reports share are still
//! made once. The queue may hand a message out twice, and a later tick queues again what has not
//! ended: the records decide, as for any event that comes twice. What was missed is queued oldest first,
//! but the queue keeps no order.

use jiff::Timestamp;

use crate::definition::ReportId;
use crate::error::Error;
use crate::queue::RunQueue;
use crate::run::job::Job;
use crate::run::outcome::{Queued, RunOutcome};
use crate::run::services::Services;
use crate::settings::Rate;
use crate::trigger::{QueuedSpan, Trigger, TriggerKind};
use crate::window::{LocalTime, Window, Zone};

/// The largest number of runs that one message asks for.
const RUNS: usize = 50;

/// The requests that a message asks for, in seconds, where its runs share none: two thirds of
/// what an invocation has, at twenty requests a run.
const SECONDS_A_RUN: f64 = 200.0 / 20.0;

/// Runs that are carried out together.
#[derive(Debug)]
struct Group {
    span: Span,
    reports: Vec<ReportId>,
}

/// The things that the runs of a group have in common: the instance, and the window with its zone.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    instance: String,
    start: Timestamp,
    end: Timestamp,
    zone: Zone,
}

/// Puts runs into the queue, and returns how many; beside them the outcomes of those that have no window.
///
/// # Errors
/// Where the queue does not take them.
pub(crate) async fn fan_out(
    services: &Services,
    queue: &RunQueue,
    jobs: &[Job],
) -> Result<(Queued, Vec<RunOutcome>), Error> {
    let (mut groups, mut keys, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    let most = runs_of_a_message(services.settings.rates.requests);
    for job in jobs {
        let id = job.report.id.clone();
        match job.window() {
            Ok(window) => {
                let key = job.key(&window);
                if !services.ledger.is_waited_for(&key, job.clock().now()) {
                    keys.push(key);
                    add(&mut groups, Span::new(job, &window), id, most);
                }
            }
            Err(error) => ended.push(RunOutcome::started(&id).failed(error)),
        }
    }
    let Some(first) = jobs.first() else { return Ok((Queued::default(), ended)) };
    let messages: Vec<String> =
        groups.iter().map(|group| group.trigger(first).to_message().to_string()).collect();
    queue.send(&messages).await?;
    services.ledger.have_queued(keys, first.clock().now());
    let runs = groups.iter().map(|group| group.reports.len()).sum();
    Ok((Queued { runs, messages: messages.len() }, ended))
}

impl Span {
    fn new(job: &Job, window: &Window) -> Self {
        Self {
            instance: job.report.instance.as_str().to_owned(),
            start: window.start(),
            end: window.end(),
            zone: job.report.zone.clone(),
        }
    }
}

/// Adds a run to a group of its instance and window that has room for it.
fn add(groups: &mut Vec<Group>, span: Span, report: ReportId, most: usize) {
    let fits = |group: &&mut Group| group.span == span && group.reports.len() < most;
    match groups.iter_mut().rev().find(fits) {
        Some(group) => group.reports.push(report),
        None => groups.push(Group { span, reports: vec![report] }),
    }
}

/// The number of runs that a worker with this rate carries out in its time, also where they share nothing.
fn runs_of_a_message(rate: Rate) -> usize {
    let carries = |runs: &usize| {
        u32::try_from(*runs).is_ok_and(|runs| f64::from(runs) <= SECONDS_A_RUN * rate.per_second())
    };
    (1..=RUNS).take_while(carries).last().unwrap_or(1)
}

impl Group {
    /// The trigger that the message is, for the event of this job.
    fn trigger(&self, job: &Job) -> Trigger {
        let Span { start, end, zone, .. } = &self.span;
        let window = (LocalTime::Instant(*start), LocalTime::Instant(*end));
        let span = QueuedSpan { window, zone: Some(zone.clone()) };
        Trigger {
            id: Some(job.context().id().to_owned()),
            time: Some(job.time()),
            kind: TriggerKind::Group { reports: self.reports.clone(), span },
            ..Trigger::tick()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each run is in one group, of its own instance and window, and no group is too large.
        #[test]
        fn each_run_is_in_one_group(runs in prop::collection::vec((0..3u8, 0..3i64), 0..400)) {
            let mut groups = Vec::new();
            let of = |instance: u8, window: i64| {
                let at = |hour: i64| Timestamp::from_second(hour * 3_600).unwrap();
                let zone = Zone::named("UTC").unwrap();
                let instance = format!("instance-{instance}");
                Span { instance, start: at(window), end: at(window + 1), zone }
            };
            for (index, &(instance, window)) in runs.iter().enumerate() {
                add(&mut groups, of(instance, window), format!("r{index}").parse().unwrap(), RUNS);
            }
            for (index, &(instance, window)) in runs.iter().enumerate() {
                let id: ReportId = format!("r{index}").parse().unwrap();
                let its: Vec<_> = groups.iter().filter(|g| g.reports.contains(&id)).collect();
                prop_assert_eq!(its.len(), 1);
                prop_assert_eq!(&its[0].span, &of(instance, window));
            }
            prop_assert!(groups.iter().all(|group| group.reports.len() <= RUNS));
            // No more of them than there must be.
            let kinds: BTreeSet<_> = runs.iter().copied().collect();
            let fewest: usize = kinds
                .iter()
                .map(|kind| runs.iter().filter(|run| *run == kind).count().div_ceil(RUNS))
                .sum();
            prop_assert_eq!(groups.len(), fewest);
        }
    }

    /// Workers with a small part of the rate get small messages.
    #[test]
    fn a_message_has_what_a_worker_carries() {
        let most =
            ["10", "5", "2.5", "0.5", "0.01"].map(|rate| runs_of_a_message(rate.parse().unwrap()));
        assert_eq!(most, [50, 50, 25, 5, 1]);
    }
}
