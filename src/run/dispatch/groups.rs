//! Groups of runs that are carried out together: those of one instance and one window share requests.

use jiff::Timestamp;

use crate::run::job::Job;
use crate::window::{Window, Zone};

/// The largest number of runs in a group.
pub(super) const MOST_RUNS: usize = 50;

/// Runs that are carried out together.
#[derive(Debug)]
pub(super) struct RunGroup<R> {
    pub(super) span: Span,
    pub(super) runs: Vec<R>,
}

/// The things that the runs of a group have in common: the instance, and the window with its zone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) instance: String,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) zone: Zone,
}

impl Span {
    pub(super) fn new(job: &Job, window: &Window) -> Self {
        Self {
            instance: job.report.instance.as_str().to_owned(),
            start: window.start(),
            end: window.end(),
            zone: job.report.zone.clone(),
        }
    }
}

/// Adds a run to a group of its instance and window that has room for it, or to a new one.
pub(super) fn add<R>(groups: &mut Vec<RunGroup<R>>, span: Span, run: R, most: usize) {
    let fits = |group: &&mut RunGroup<R>| group.span == span && group.runs.len() < most;
    match groups.iter_mut().rev().find(fits) {
        Some(group) => group.runs.push(run),
        None => groups.push(RunGroup { span, runs: vec![run] }),
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
            let span_of = |instance: u8, window: i64| {
                let at = |hour: i64| Timestamp::from_second(hour * 3_600).unwrap();
                let zone = Zone::named("UTC").unwrap();
                let instance = format!("instance-{instance}");
                Span { instance, start: at(window), end: at(window + 1), zone }
            };
            for (index, &(instance, window)) in runs.iter().enumerate() {
                add(&mut groups, span_of(instance, window), index, MOST_RUNS);
            }
            for (index, &(instance, window)) in runs.iter().enumerate() {
                let its: Vec<_> = groups.iter().filter(|g| g.runs.contains(&index)).collect();
                prop_assert_eq!(its.len(), 1);
                prop_assert_eq!(&its[0].span, &span_of(instance, window));
            }
            prop_assert!(groups.iter().all(|group| group.runs.len() <= MOST_RUNS));
            // No more of them than there must be.
            let kinds: BTreeSet<_> = runs.iter().copied().collect();
            let fewest: usize = kinds
                .iter()
                .map(|kind| runs.iter().filter(|run| *run == kind).count().div_ceil(MOST_RUNS))
                .sum();
            prop_assert_eq!(groups.len(), fewest);
        }
    }
}
