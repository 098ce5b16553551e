//! Fan-out: the runs that a tick finds due are put into a queue, in groups that other invocations
//! carry out side by side.
//!
//! A group is of one instance and one window, so that requests that several reports share are still
//! made once. The queue may hand a message out twice, and a later tick queues again what has not
//! ended: the records decide, as for any event that comes twice. What was missed is queued oldest first,
//! but the queue keeps no order.

use crate::definition::ReportId;
use crate::error::Error;
use crate::queue::RunQueue;
use crate::run::dispatch::groups::{MOST_RUNS, RunGroup, Span, add};
use crate::run::job::Job;
use crate::run::outcome::{Queued, RunOutcome};
use crate::run::services::Services;
use crate::settings::Rate;
use crate::trigger::{QueuedSpan, Trigger, TriggerKind};
use crate::window::LocalTime;

/// The requests that a message asks for, in seconds, where its runs share none: two thirds of
/// what an invocation has, at twenty requests a run.
const SECONDS_A_RUN: f64 = 200.0 / 20.0;

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
    let runs = groups.iter().map(|group: &RunGroup<ReportId>| group.runs.len()).sum();
    let messages = groups.into_iter().map(|group| trigger(group, first).to_message().to_string());
    let messages: Vec<String> = messages.collect();
    queue.send(&messages).await?;
    services.ledger.have_queued(keys, first.clock().now());
    Ok((Queued { runs, messages: messages.len() }, ended))
}

/// The number of runs that a worker with this rate carries out in its time, also where they share nothing.
fn runs_of_a_message(rate: Rate) -> usize {
    let carries = |runs: &usize| {
        u32::try_from(*runs).is_ok_and(|runs| f64::from(runs) <= SECONDS_A_RUN * rate.per_second())
    };
    (1..=MOST_RUNS).take_while(carries).last().unwrap_or(1)
}

/// The trigger that the message of a group is, for the event of this job.
fn trigger(group: RunGroup<ReportId>, job: &Job) -> Trigger {
    let Span { start, end, zone, .. } = group.span;
    let window = (LocalTime::Instant(start), LocalTime::Instant(end));
    let span = QueuedSpan { window, zone: Some(zone) };
    Trigger {
        id: Some(job.context().id().to_owned()),
        time: Some(job.time()),
        kind: TriggerKind::Group { reports: group.runs, span },
        ..Trigger::tick()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Workers with a small part of the rate get small messages.
    #[test]
    fn a_message_has_what_a_worker_carries() {
        let most =
            ["10", "5", "2.5", "0.5", "0.01"].map(|rate| runs_of_a_message(rate.parse().unwrap()));
        assert_eq!(most, [50, 50, 25, 5, 1]);
    }
}
