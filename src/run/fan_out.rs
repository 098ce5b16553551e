//! Fan-out: the runs that a tick finds due are put into a queue, in groups that other invocations
//! carry out side by side.
//!
//! A group is of one instance and one window, so that requests that several reports share are still
//! made once. The queue may hand a message out twice, and a later tick queues again what has not
//! ended: the records decide, as for any event that comes twice. What was missed is queued oldest first,
//! but the queue keeps no order.

use jiff::Timestamp;
use serde::Serialize;

use super::{RunOutcome, Runner, Work};
use crate::definition::ReportId;
use crate::error::Error;
use crate::event::Order;
use crate::queue::Queue;
use crate::window::LocalTime;

/// How many runs one message asks for, at most: what one invocation carries out in its time.
const RUNS: usize = 50;

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
    pub(super) fn add(&mut self, parts: usize) {
        self.runs += parts;
        self.messages += parts;
    }
}

/// Runs that are carried out together.
#[derive(Debug)]
struct Group {
    /// The instance, and the borders of the window.
    of: (String, Timestamp, Timestamp),
    reports: Vec<ReportId>,
}

impl Runner {
    /// Puts runs into the queue, and answers how many; beside them the outcomes of those that have
    /// no window.
    ///
    /// # Errors
    /// Where the queue does not take them.
    pub(super) async fn fan_out(
        &self,
        queue: &Queue,
        works: &[Work],
    ) -> Result<(Queued, Vec<RunOutcome>), Error> {
        let (mut groups, mut keys, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for work in works {
            let (id, instance) = (work.report.id.clone(), work.report.instance.as_str());
            let now = work.invocation.clock.now();
            match work.window() {
                Ok(window) if self.records.is_waited_for(&work.key(&window), now) => {}
                Ok(window) => {
                    keys.push(work.key(&window));
                    let of = (instance.to_owned(), window.start(), window.end());
                    add(&mut groups, of, id);
                }
                Err(error) => ended.push(RunOutcome::started(&id).failed(error)),
            }
        }
        let Some(first) = works.first() else { return Ok((Queued::default(), ended)) };
        let messages: Vec<String> =
            groups.iter().map(|group| group.order(first).message().to_string()).collect();
        queue.send(&messages).await?;
        self.records.have_queued(keys, first.invocation.clock.now());
        let runs = groups.iter().map(|group| group.reports.len()).sum();
        Ok((Queued { runs, messages: messages.len() }, ended))
    }
}

/// Adds a run to a group of its instance and window that has room for it.
fn add(groups: &mut Vec<Group>, of: (String, Timestamp, Timestamp), report: ReportId) {
    let fits = |group: &&mut Group| group.of == of && group.reports.len() < RUNS;
    match groups.iter_mut().rev().find(fits) {
        Some(group) => group.reports.push(report),
        None => groups.push(Group { of, reports: vec![report] }),
    }
}

impl Group {
    /// The order that the message is, for the event of this work.
    fn order(&self, work: &Work) -> Order {
        let (_, start, end) = &self.of;
        Order {
            id: Some(work.event().id),
            time: Some(work.time()),
            reports: self.reports.clone(),
            window: Some((LocalTime::Instant(*start), LocalTime::Instant(*end))),
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
                (format!("instance-{instance}"), at(window), at(window + 1))
            };
            for (index, &(instance, window)) in runs.iter().enumerate() {
                add(&mut groups, of(instance, window), format!("r{index}").parse().unwrap());
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
}
