//! The metrics of this simulator, each defined by the part that one contact, one ringing phone or one agent's day
//! adds. The definitions are those of the administrator guide (metrics definitions).

use connect_metrics::Comparison;

use super::query::MetricRequest;
use crate::centre::contact::{Channel, Contact, Handling, InitiationMethod, QueueExit};
use crate::centre::day::{AgentDay, ContactAttempt};
use crate::centre::shifts::TimeSpan;

/// The computation of one metric.
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) shape: FigureShape,
    pub(crate) source: Source,
}

/// The way in which the parts of a group become a figure.
#[derive(Clone, Copy)]
pub(crate) enum FigureShape {
    /// Their sum.
    Count,
    /// Their sum, which is in milliseconds, in seconds.
    Seconds,
    /// Their mean, which is in milliseconds, in seconds.
    MeanSeconds,
    /// The greatest, which is in milliseconds, in seconds.
    MaxSeconds,
    /// Their sum in percent of their weights.
    Percent,
}

/// The source of a metric's parts.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// A contact record, counted when it disconnects. The part is `None` if the record is skipped.
    Contacts(fn(&Contact, &MetricRequest) -> Option<i64>),
    /// A ringing phone, counted when the ringing ends.
    Attempts(fn(&ContactAttempt) -> Option<i64>),
    /// An agent's day, clipped to the window: the part and the whole, in milliseconds.
    Time(fn(&AgentDay, TimeSpan) -> (i64, i64)),
}

/// The definition of the metric with this name, if the simulator has it.
pub(crate) fn find_definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

static DEFINITIONS: &[Definition] = &[
    of_contacts("ABANDONMENT_RATE", FigureShape::Percent, |contact, _| {
        contact.waiting.map(|_| i64::from(contact.is_abandoned()))
    }),
    of_agents("AGENT_ADHERENT_TIME", FigureShape::Seconds, adherence),
    // Among the contacts that were routed to somebody, which the calls that agents make are not.
    of_attempts("AGENT_ANSWER_RATE", FigureShape::Percent, |attempt| {
        let routed = attempt.initiation != InitiationMethod::Outbound;
        routed.then_some(i64::from(attempt.answered))
    }),
    of_agents("AGENT_NON_ADHERENT_TIME", FigureShape::Seconds, |day, window| {
        let (adherent, scheduled) = adherence(day, window);
        (scheduled - adherent, scheduled)
    }),
    of_attempts("AGENT_NON_RESPONSE", FigureShape::Count, |attempt| {
        (!attempt.answered).then_some(1)
    }),
    // Only calls: the guide says so.
    of_attempts("AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS", FigureShape::Count, |attempt| {
        let missed = !attempt.answered && !attempt.given_up;
        (missed && attempt.channel == Channel::Voice).then_some(1)
    }),
    of_agents("AGENT_OCCUPANCY", FigureShape::Percent, |day, window| {
        let on_contact = total_overlap(&day.on_contact, window);
        (on_contact, on_contact + total_overlap(&day.idle, window))
    }),
    of_agents("AGENT_SCHEDULE_ADHERENCE", FigureShape::Percent, adherence),
    of_agents("AGENT_SCHEDULED_TIME", FigureShape::Seconds, |day, window| {
        let (_, scheduled) = adherence(day, window);
        (scheduled, scheduled)
    }),
    of_contacts("AVG_ABANDON_TIME", FigureShape::MeanSeconds, |contact, _| {
        contact.is_abandoned().then(|| queue_time(contact))?
    }),
    of_contacts("AVG_AFTER_CONTACT_WORK_TIME", FigureShape::MeanSeconds, after_work),
    of_attempts("AVG_AGENT_CONNECTING_TIME", FigureShape::MeanSeconds, connecting_time),
    of_contacts("AVG_CONTACT_DURATION", FigureShape::MeanSeconds, |contact, _| {
        Some(contact.disconnected - contact.initiated)
    }),
    of_contacts("AVG_HANDLE_TIME", FigureShape::MeanSeconds, handle_time),
    // Only the records that have a hold duration: calls, those without any hold included.
    of_contacts("AVG_HOLD_TIME", FigureShape::MeanSeconds, |contact, _| {
        timed_handling(contact)?.hold
    }),
    of_contacts("AVG_INTERACTION_AND_HOLD_TIME", FigureShape::MeanSeconds, interaction_and_hold),
    of_contacts("AVG_INTERACTION_TIME", FigureShape::MeanSeconds, interaction_time),
    of_contacts("AVG_QUEUE_ANSWER_TIME", FigureShape::MeanSeconds, |contact, _| {
        answer_time(contact)
    }),
    of_contacts("AVG_RESOLUTION_TIME", FigureShape::MeanSeconds, |contact, _| {
        Some(resolution_time(contact))
    }),
    of_contacts("CONTACTS_ABANDONED", FigureShape::Count, |contact, _| {
        contact.is_abandoned().then_some(1)
    }),
    of_contacts("CONTACTS_CREATED", FigureShape::Count, |_, _| Some(1)),
    of_contacts("CONTACTS_HANDLED", FigureShape::Count, |contact, _| contact.handling.map(|_| 1)),
    of_contacts("CONTACTS_HOLD_ABANDONS", FigureShape::Count, |contact, _| {
        contact.handling?.ended_on_hold.then_some(1)
    }),
    of_contacts("CONTACTS_QUEUED", FigureShape::Count, |contact, _| contact.waiting.map(|_| 1)),
    of_contacts("CONTACTS_REMOVED_FROM_QUEUE_IN_X", FigureShape::Count, |contact, request| {
        removed_within(contact, request).filter(|removed| *removed > 0)
    }),
    of_contacts("CONTACTS_RESOLVED_IN_X", FigureShape::Count, |contact, request| {
        is_within(resolution_time(contact), request).then_some(1)
    }),
    of_contacts("CONTACTS_TRANSFERRED_OUT", FigureShape::Count, |contact, _| {
        contact.transferred.then_some(1)
    }),
    of_contacts("CONTACTS_TRANSFERRED_OUT_BY_AGENT", FigureShape::Count, |contact, _| {
        (contact.transferred && contact.handling.is_some()).then_some(1)
    }),
    of_contacts("CONTACTS_TRANSFERRED_OUT_FROM_QUEUE", FigureShape::Count, |contact, _| {
        (contact.transferred && contact.handling.is_none()).then_some(1)
    }),
    of_contacts("MAX_QUEUED_TIME", FigureShape::MaxSeconds, |contact, _| queue_time(contact)),
    of_contacts("SERVICE_LEVEL", FigureShape::Percent, removed_within),
    of_contacts("SUM_AFTER_CONTACT_WORK_TIME", FigureShape::Seconds, after_work),
    of_attempts("SUM_CONNECTING_TIME_AGENT", FigureShape::Seconds, connecting_time),
    of_contacts("SUM_CONTACTS_ABANDONED_IN_X", FigureShape::Count, |contact, request| {
        let waited = contact.is_abandoned().then(|| queue_time(contact))??;
        is_within(waited, request).then_some(1)
    }),
    of_contacts("SUM_CONTACTS_ANSWERED_IN_X", FigureShape::Count, |contact, request| {
        is_within(answer_time(contact)?, request).then_some(1)
    }),
    // The contact left while waiting (PreDisconnectState is IN_QUEUE).
    of_contacts("SUM_CONTACTS_DISCONNECTED", FigureShape::Count, |contact, _| {
        (contact.waiting?.exit == QueueExit::GaveUp).then_some(1)
    }),
    of_agents("SUM_CONTACT_TIME_AGENT", FigureShape::Seconds, |day, window| {
        let on_contact = total_overlap(&day.on_contact, window);
        (on_contact, on_contact)
    }),
    of_contacts("SUM_HANDLE_TIME", FigureShape::Seconds, handle_time),
    of_contacts("SUM_HOLD_TIME", FigureShape::Seconds, |contact, _| timed_handling(contact)?.hold),
    of_agents("SUM_IDLE_TIME_AGENT", FigureShape::Seconds, |day, window| {
        let idle = total_overlap(&day.idle, window);
        (idle, idle)
    }),
    of_contacts("SUM_INTERACTION_AND_HOLD_TIME", FigureShape::Seconds, interaction_and_hold),
    of_contacts("SUM_INTERACTION_TIME", FigureShape::Seconds, interaction_time),
    of_agents("SUM_NON_PRODUCTIVE_TIME_AGENT", FigureShape::Seconds, |day, window| {
        let breaks = total_overlap(&day.breaks, window);
        (breaks, breaks)
    }),
    // Logged in, in whatever status.
    of_agents("SUM_ONLINE_TIME_AGENT", FigureShape::Seconds, |day, window| {
        let online = day.online.overlap(window);
        (online, online)
    }),
    of_contacts("SUM_RETRY_CALLBACK_ATTEMPTS", FigureShape::Count, |contact, _| {
        let missed = contact.initiation == InitiationMethod::Callback && contact.callback_missed;
        missed.then_some(1)
    }),
];

/// A metric of contact records.
const fn of_contacts(
    name: &'static str,
    shape: FigureShape,
    part: fn(&Contact, &MetricRequest) -> Option<i64>,
) -> Definition {
    let source = Source::Contacts(part);
    Definition { name, shape, source }
}

/// A metric of ringing phones.
const fn of_attempts(
    name: &'static str,
    shape: FigureShape,
    part: fn(&ContactAttempt) -> Option<i64>,
) -> Definition {
    let source = Source::Attempts(part);
    Definition { name, shape, source }
}

/// A metric of agents' time.
const fn of_agents(
    name: &'static str,
    shape: FigureShape,
    part: fn(&AgentDay, TimeSpan) -> (i64, i64),
) -> Definition {
    let source = Source::Time(part);
    Definition { name, shape, source }
}

/// The adherent time, and the scheduled time.
fn adherence(day: &AgentDay, window: TimeSpan) -> (i64, i64) {
    let scheduled = day.scheduled.map_or(0, |shift| shift.overlap(window));
    (total_overlap(&day.adherent, window), scheduled)
}

fn total_overlap(spans: &[TimeSpan], window: TimeSpan) -> i64 {
    spans.iter().map(|span| span.overlap(window)).sum()
}

fn connecting_time(attempt: &ContactAttempt) -> Option<i64> {
    Some(attempt.time.end - attempt.time.start)
}

/// The handling of a record that has its durations; metrics of times skip the others.
fn timed_handling(contact: &Contact) -> Option<Handling> {
    contact.handling.filter(|handling| handling.has_durations)
}

fn handle_time(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed_handling(contact).as_ref().map(Handling::handle_time)
}

/// The after-contact work, which counts as 0 where the record lacks it.
fn after_work(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    contact.handling.map(|_| timed_handling(contact).map_or(0, |handling| handling.after_work))
}

fn interaction_time(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed_handling(contact).map(|handling| handling.interaction)
}

fn interaction_and_hold(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed_handling(contact).map(|handling| handling.interaction + handling.hold.unwrap_or(0))
}

/// The time from a contact's initiation to its end, after-contact work included.
fn resolution_time(contact: &Contact) -> i64 {
    let after_work = timed_handling(contact).map_or(0, |handling| handling.after_work);
    contact.disconnected + after_work - contact.initiated
}

/// 1 for a queued contact that was answered, abandoned or called back within X, and 0 for other queued ones.
fn removed_within(contact: &Contact, request: &MetricRequest) -> Option<i64> {
    let waiting = contact.waiting?;
    let removed = waiting.exit != QueueExit::Moved && is_within(waiting.duration, request);
    Some(i64::from(removed))
}

fn queue_time(contact: &Contact) -> Option<i64> {
    Some(contact.waiting?.duration)
}

/// The time in the queue of a contact that was then connected.
fn answer_time(contact: &Contact) -> Option<i64> {
    contact.handling.and_then(|_| queue_time(contact))
}

/// Tells whether a time in milliseconds meets the threshold; without one every time does.
#[expect(clippy::cast_precision_loss, reason = "waits are far below 2^53 milliseconds")]
fn is_within(waited: i64, request: &MetricRequest) -> bool {
    let seconds = waited as f64 / 1_000.0;
    request.threshold.is_none_or(|(comparison, threshold)| match comparison {
        Comparison::LessThan => seconds < threshold,
        Comparison::LessThanOrEqual => seconds <= threshold,
        Comparison::GreaterThan => seconds > threshold,
    })
}
