//! Waves: the runs of an invocation are carried out so many at a time, so that memory does not grow with them.
//!
//! Runs of one instance and one window are in one wave as far as there is room: they share requests. Nobody waits
//! behind the largest report: those with few messages go first, and those with very many in waves behind all others.

use crate::run::dispatch::groups::{MOST_RUNS, RunGroup, Span, add};
use crate::run::job::Job;

/// The largest number of runs in a wave.
const MOST_RUNS_OF_WAVE: usize = 2 * MOST_RUNS;

/// The largest number of messages of a run that lets no other go before it.
const MOST_MESSAGES: usize = 200;

/// A run with its place in the order of sending.
#[derive(Clone, Copy)]
struct Placed<'j> {
    place: usize,
    job: &'j Job,
}

/// The jobs by waves, in the order in which they run. Those of a person's order keep theirs, and so do the runs of
/// one report.
pub(super) fn waves(jobs: &[Job]) -> Vec<Vec<&Job>> {
    let mut ordered: Vec<&Job> = jobs.iter().collect();
    if !ordered.iter().any(|job| job.trigger.is_manual()) {
        ordered.sort_by_key(|job| job.message_count());
    }
    let placed = ordered.into_iter().enumerate().map(|(place, job)| Placed { place, job });
    let (large, small): (Vec<_>, Vec<_>) =
        placed.partition(|run| run.job.message_count() > MOST_MESSAGES);
    let mut waves = pack(group(small));
    waves.extend(pack(group(large)));
    waves.into_iter().map(in_order).collect()
}

/// Groups runs by instance and window; those without a window, which fail, are alone.
fn group(runs: Vec<Placed<'_>>) -> Vec<Vec<Placed<'_>>> {
    let mut groups: Vec<RunGroup<Placed<'_>>> = Vec::new();
    let mut alone = Vec::new();
    for run in runs {
        match run.job.window() {
            Ok(window) => add(&mut groups, Span::new(run.job, &window), run, MOST_RUNS),
            Err(_) => alone.push(vec![run]),
        }
    }
    groups.into_iter().map(|group| group.runs).chain(alone).collect()
}

/// Puts as many whole groups into each wave as it has room for.
fn pack(groups: Vec<Vec<Placed<'_>>>) -> Vec<Vec<Placed<'_>>> {
    let mut waves: Vec<Vec<Placed<'_>>> = Vec::new();
    for group in groups {
        match waves.last_mut() {
            Some(wave) if wave.len() + group.len() <= MOST_RUNS_OF_WAVE => wave.extend(group),
            _ => waves.push(group),
        }
    }
    waves
}

fn in_order(mut wave: Vec<Placed<'_>>) -> Vec<&Job> {
    wave.sort_by_key(|run| run.place);
    wave.into_iter().map(|run| run.job).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::definition::{Report, parse};
    use crate::mail::SendBreaker;
    use crate::run::job::{Clock, Invocation, Stop};
    use crate::trigger::Trigger;

    fn report(id: usize, recipients: usize, zone: &str) -> Report {
        let to: Vec<String> = (0..recipients).map(|n| format!("a{n}@example.com")).collect();
        let text = format!(
            r#"
title    = "Report"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "{zone}"
window   = "previous-day"
email    = {{ from = "reports@example.com", to = {to:?} }}
[[section]]
title   = "All"
kind    = "totals"
filters = {{ QUEUE = ["*"] }}
metrics = ["CONTACTS_QUEUED"]
"#
        );
        let parsed = parse(&format!("r{id}.toml"), text.as_bytes(), &Default::default());
        parsed.report.unwrap_or_else(|| panic!("{:#?}", parsed.problems))
    }

    fn jobs(reports: impl IntoIterator<Item = Report>) -> Vec<Job> {
        let invocation = Invocation {
            id: "tick".to_owned(),
            clock: Clock::read("2026-11-30T08:00:00Z".parse().unwrap(), None),
            progress: None,
            stop: Stop::never(),
            breaker: SendBreaker::default(),
        };
        reports.into_iter().map(|report| Job::new(report, &Trigger::tick(), &invocation)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Each job is in one wave, and none of many messages is before one of few.
        #[test]
        fn jobs_of_few_messages_run_before_those_of_many(
            reports in prop::collection::vec(
                (prop::sample::select(&[1_usize, 2, 40, 200, 201, 900]), 0..3_usize),
                0..160,
            ),
        ) {
            let zones = ["Europe/London", "Asia/Tokyo", "America/New_York"];
            let reports = reports.iter().enumerate();
            let jobs = jobs(reports.map(|(id, (to, zone))| report(id, *to, zones[*zone])));
            let waves = waves(&jobs);
            let mut ids: Vec<&str> = waves.iter().flatten().map(|job| job.report.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), jobs.len());
            prop_assert!(waves.iter().all(|wave| wave.len() <= MOST_RUNS_OF_WAVE));
            let counts = |wave: &Vec<&Job>| wave.iter().map(|job| job.message_count()).collect();
            let counts: Vec<Vec<usize>> = waves.iter().map(counts).collect();
            prop_assert!(counts.iter().all(|wave| wave.is_sorted()), "{counts:?}");
            let all = counts.iter().flatten();
            prop_assert!(all.is_sorted_by_key(|count| *count > MOST_MESSAGES), "{counts:?}");
        }
    }

    #[test]
    fn runs_of_one_window_are_in_one_wave_as_far_as_there_is_room() {
        let zones = ["Europe/London", "Asia/Tokyo", "America/New_York", "UTC"];
        let jobs = jobs((0..160).map(|id| report(id, 1, zones[id % 4])));
        let sizes: Vec<usize> = waves(&jobs).iter().map(Vec::len).collect();
        assert_eq!(sizes, [80, 80]);
        for wave in waves(&jobs) {
            let zones = wave.iter().map(|job| job.report.zone.name());
            assert_eq!(zones.collect::<std::collections::BTreeSet<_>>().len(), 2);
        }
    }
}
