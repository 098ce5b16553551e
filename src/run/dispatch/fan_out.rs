//! Fan-out: the runs that a tick finds due are put into a queue, in groups that other invocations
//! carry out side by side.
//!
//! A group is of one instance and one window, so that requests that several reports share are still
//! made once. The queue may hand a message out twice, and a later tick queues again what has not
//! ended: the records decide, as for any event that comes twice. What was missed is queued oldest first,
//! but the queue keeps no order.

use jiff::Timestamp;
use serde::Serialize;

use crate::definition::ReportId;
use crate::error::Error;
use crate::event::Order;
use crate::queue::Queue;
use crate::run::Runner;
use crate::run::job::Job;
use crate::run::outcome::run_outcome::RunOutcome;
use crate::settings::Rate;
use crate::window::{LocalTime, Zone};

/// How many runs one message asks for, at most.
const RUNS: usize = 50;

/// How many seconds' worth of requests a message asks for, where its runs share none: two thirds of
/// what an invocation has, at twenty requests a run.
const SECONDS_A_RUN: f64 = 200.0 / 20.0;

/// What was put into the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// How many runs, or parts of one.
    pub runs: usize,
    /// In how many messages.
    pub messages: usize,
}

impl Queued {
    /// And so many parts of a run, each in a message of its own.
    pub(crate) fn add(&mut self, parts: usize) {
        self.runs += parts;
        self.messages += parts;
    }
}

/// Runs that are carried out together.
#[derive(Debug)]
struct Group {
    of: Span,
    reports: Vec<ReportId>,
}

/// What the runs of a group have in common: the instance, and the window with its zone.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    instance: String,
    start: Timestamp,
    end: Timestamp,
    zone: Zone,
}

impl Runner {
    /// Puts runs into the queue, and answers how many; beside them the outcomes of those that have
    /// no window.
    ///
    /// # Errors
    /// Where the queue does not take them.
    pub(crate) async fn fan_out(
        &self,
        queue: &Queue,
        jobs: &[Job],
    ) -> Result<(Queued, Vec<RunOutcome>), Error> {
        let (mut groups, mut keys, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        let most = runs_of_a_message(self.settings.rates.requests);
        for job in jobs {
            let id = job.report.id.clone();
            let now = job.invocation.clock.now();
            match job.window() {
                Ok(window) if self.records.is_waited_for(&job.key(&window), now) => {}
                Ok(window) => {
                    keys.push(job.key(&window));
                    let of = Span {
                        instance: job.report.instance.as_str().to_owned(),
                        start: window.start(),
                        end: window.end(),
                        zone: job.report.zone.clone(),
                    };
                    add(&mut groups, of, id, most);
                }
                Err(error) => ended.push(RunOutcome::started(&id).failed(error)),
            }
        }
        let Some(first) = jobs.first() else { return Ok((Queued::default(), ended)) };
        let messages: Vec<String> =
            groups.iter().map(|group| group.order(first).message().to_string()).collect();
        queue.send(&messages).await?;
        self.records.have_queued(keys, first.invocation.clock.now());
        let runs = groups.iter().map(|group| group.reports.len()).sum();
        Ok((Queued { runs, messages: messages.len() }, ended))
    }
}

/// Adds a run to a group of its instance and window that has room for it.
fn add(groups: &mut Vec<Group>, of: Span, report: ReportId, most: usize) {
    let fits = |group: &&mut Group| group.of == of && group.reports.len() < most;
    match groups.iter_mut().rev().find(fits) {
        Some(group) => group.reports.push(report),
        None => groups.push(Group { of, reports: vec![report] }),
    }
}

/// How many runs a worker with this rate carries out in its time, also where they share nothing.
fn runs_of_a_message(rate: Rate) -> usize {
    let carries = |runs: &usize| {
        u32::try_from(*runs).is_ok_and(|runs| f64::from(runs) <= SECONDS_A_RUN * rate.per_second())
    };
    (1..=RUNS).take_while(carries).last().unwrap_or(1)
}

impl Group {
    /// The order that the message is, for the event of this work.
    fn order(&self, job: &Job) -> Order {
        let Span { start, end, zone, .. } = &self.of;
        Order {
            id: Some(job.event().id),
            time: Some(job.time()),
            reports: self.reports.clone(),
            window: Some((LocalTime::Instant(*start), LocalTime::Instant(*end))),
            zone: Some(zone.clone()),
            due: true,
            ..Order::default()
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
                prop_assert_eq!(&its[0].of, &of(instance, window));
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
