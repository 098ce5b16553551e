//! The metrics of this simulator, each as what one contact, one ringing phone or one agent's day
//! adds to it. The definitions are those of the administrator guide (metrics definitions).

use connect_metrics::Comparison;

use super::query::MetricRequest;
use crate::centre::contact::{Channel, Contact, Handling, InitiationMethod, QueueExit};
use crate::centre::day::{AgentDay, Attempt};
use crate::centre::shifts::Span;

/// The computation of one metric.
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) source: Source,
}

/// The figure that the parts of a group become.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
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
    /// A contact record, counted when it disconnects: what it adds, `None` if it is skipped.
    Contacts(fn(&Contact, &MetricRequest) -> Option<i64>),
    /// A ringing phone, counted when the ringing ends.
    Attempts(fn(&Attempt) -> Option<i64>),
    /// An agent's day, clipped to the window: the part and the whole, in milliseconds.
    Time(fn(&AgentDay, Span) -> (i64, i64)),
}

/// The definition of the metric with this name, if the simulator has it.
pub(crate) fn find(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

static DEFINITIONS: &[Definition] = &[
    contacts("ABANDONMENT_RATE", Shape::Percent, |contact, _| {
        contact.waiting.map(|_| i64::from(contact.is_abandoned()))
    }),
    agents("AGENT_ADHERENT_TIME", Shape::Seconds, adherence),
    // Among the contacts that were routed to somebody, which the calls that agents make are not.
    attempts("AGENT_ANSWER_RATE", Shape::Percent, |attempt| {
        let routed = attempt.initiation != InitiationMethod::Outbound;
        routed.then_some(i64::from(attempt.answered))
    }),
    agents("AGENT_NON_ADHERENT_TIME", Shape::Seconds, |day, window| {
        let (adherent, scheduled) = adherence(day, window);
        (scheduled - adherent, scheduled)
    }),
    attempts("AGENT_NON_RESPONSE", Shape::Count, |attempt| (!attempt.answered).then_some(1)),
    // Only calls: the guide says so.
    attempts("AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS", Shape::Count, |attempt| {
        let missed = !attempt.answered && !attempt.given_up;
        (missed && attempt.channel == Channel::Voice).then_some(1)
    }),
    agents("AGENT_OCCUPANCY", Shape::Percent, |day, window| {
        let on_contact = total(&day.on_contact, window);
        (on_contact, on_contact + total(&day.idle, window))
    }),
    agents("AGENT_SCHEDULE_ADHERENCE", Shape::Percent, adherence),
    agents("AGENT_SCHEDULED_TIME", Shape::Seconds, |day, window| {
        let (_, scheduled) = adherence(day, window);
        (scheduled, scheduled)
    }),
    contacts("AVG_ABANDON_TIME", Shape::MeanSeconds, |contact, _| {
        contact.is_abandoned().then(|| queued(contact))?
    }),
    contacts("AVG_AFTER_CONTACT_WORK_TIME", Shape::MeanSeconds, after_work),
    attempts("AVG_AGENT_CONNECTING_TIME", Shape::MeanSeconds, connecting),
    contacts("AVG_CONTACT_DURATION", Shape::MeanSeconds, |contact, _| {
        Some(contact.disconnected - contact.initiated)
    }),
    contacts("AVG_HANDLE_TIME", Shape::MeanSeconds, handle_time),
    // Only the records that have a hold duration: calls, those without any hold included.
    contacts("AVG_HOLD_TIME", Shape::MeanSeconds, |contact, _| timed(contact)?.hold),
    contacts("AVG_INTERACTION_AND_HOLD_TIME", Shape::MeanSeconds, interaction_and_hold),
    contacts("AVG_INTERACTION_TIME", Shape::MeanSeconds, interaction),
    contacts("AVG_QUEUE_ANSWER_TIME", Shape::MeanSeconds, |contact, _| answered(contact)),
    contacts("AVG_RESOLUTION_TIME", Shape::MeanSeconds, |contact, _| Some(resolution(contact))),
    contacts("CONTACTS_ABANDONED", Shape::Count, |contact, _| contact.is_abandoned().then_some(1)),
    contacts("CONTACTS_CREATED", Shape::Count, |_, _| Some(1)),
    contacts("CONTACTS_HANDLED", Shape::Count, |contact, _| contact.handling.map(|_| 1)),
    contacts("CONTACTS_HOLD_ABANDONS", Shape::Count, |contact, _| {
        contact.handling?.ended_on_hold.then_some(1)
    }),
    contacts("CONTACTS_QUEUED", Shape::Count, |contact, _| contact.waiting.map(|_| 1)),
    contacts("CONTACTS_REMOVED_FROM_QUEUE_IN_X", Shape::Count, |contact, request| {
        removed(contact, request).filter(|removed| *removed > 0)
    }),
    contacts("CONTACTS_RESOLVED_IN_X", Shape::Count, |contact, request| {
        within(resolution(contact), request).then_some(1)
    }),
    contacts("CONTACTS_TRANSFERRED_OUT", Shape::Count, |contact, _| {
        contact.transferred.then_some(1)
    }),
    contacts("CONTACTS_TRANSFERRED_OUT_BY_AGENT", Shape::Count, |contact, _| {
        (contact.transferred && contact.handling.is_some()).then_some(1)
    }),
    contacts("CONTACTS_TRANSFERRED_OUT_FROM_QUEUE", Shape::Count, |contact, _| {
        (contact.transferred && contact.handling.is_none()).then_some(1)
    }),
    contacts("MAX_QUEUED_TIME", Shape::MaxSeconds, |contact, _| queued(contact)),
    contacts("SERVICE_LEVEL", Shape::Percent, removed),
    contacts("SUM_AFTER_CONTACT_WORK_TIME", Shape::Seconds, after_work),
    attempts("SUM_CONNECTING_TIME_AGENT", Shape::Seconds, connecting),
    contacts("SUM_CONTACTS_ABANDONED_IN_X", Shape::Count, |contact, request| {
        let waited = contact.is_abandoned().then(|| queued(contact))??;
        within(waited, request).then_some(1)
    }),
    contacts("SUM_CONTACTS_ANSWERED_IN_X", Shape::Count, |contact, request| {
        within(answered(contact)?, request).then_some(1)
    }),
    // Left by itself while still waiting (PreDisconnectState is IN_QUEUE).
    contacts("SUM_CONTACTS_DISCONNECTED", Shape::Count, |contact, _| {
        (contact.waiting?.exit == QueueExit::GaveUp).then_some(1)
    }),
    agents("SUM_CONTACT_TIME_AGENT", Shape::Seconds, |day, window| {
        let on_contact = total(&day.on_contact, window);
        (on_contact, on_contact)
    }),
    contacts("SUM_HANDLE_TIME", Shape::Seconds, handle_time),
    contacts("SUM_HOLD_TIME", Shape::Seconds, |contact, _| timed(contact)?.hold),
    agents("SUM_IDLE_TIME_AGENT", Shape::Seconds, |day, window| {
        let idle = total(&day.idle, window);
        (idle, idle)
    }),
    contacts("SUM_INTERACTION_AND_HOLD_TIME", Shape::Seconds, interaction_and_hold),
    contacts("SUM_INTERACTION_TIME", Shape::Seconds, interaction),
    agents("SUM_NON_PRODUCTIVE_TIME_AGENT", Shape::Seconds, |day, window| {
        let breaks = total(&day.breaks, window);
        (breaks, breaks)
    }),
    // Logged in, in whatever status.
    agents("SUM_ONLINE_TIME_AGENT", Shape::Seconds, |day, window| {
        let online = day.online.overlap(window);
        (online, online)
    }),
    contacts("SUM_RETRY_CALLBACK_ATTEMPTS", Shape::Count, |contact, _| {
        let missed = contact.initiation == InitiationMethod::Callback && contact.callback_missed;
        missed.then_some(1)
    }),
];

const fn contacts(
    name: &'static str,
    shape: Shape,
    part: fn(&Contact, &MetricRequest) -> Option<i64>,
) -> Definition {
    let source = Source::Contacts(part);
    Definition { name, shape, source }
}

const fn attempts(
    name: &'static str,
    shape: Shape,
    part: fn(&Attempt) -> Option<i64>,
) -> Definition {
    let source = Source::Attempts(part);
    Definition { name, shape, source }
}

const fn agents(
    name: &'static str,
    shape: Shape,
    part: fn(&AgentDay, Span) -> (i64, i64),
) -> Definition {
    let source = Source::Time(part);
    Definition { name, shape, source }
}

/// The time that was as planned, and the time planned.
fn adherence(day: &AgentDay, window: Span) -> (i64, i64) {
    let scheduled = day.scheduled.map_or(0, |shift| shift.overlap(window));
    (total(&day.adherent, window), scheduled)
}

fn total(spans: &[Span], window: Span) -> i64 {
    spans.iter().map(|span| span.overlap(window)).sum()
}

fn connecting(attempt: &Attempt) -> Option<i64> {
    Some(attempt.time.end - attempt.time.start)
}

/// The handling of a record that has its durations; metrics of times skip the others.
fn timed(contact: &Contact) -> Option<Handling> {
    contact.handling.filter(|handling| handling.has_durations)
}

fn handle_time(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed(contact).as_ref().map(Handling::total)
}

/// The work after a contact counts as 0 where the record does not have it.
fn after_work(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    contact.handling.map(|_| timed(contact).map_or(0, |handling| handling.after_work))
}

fn interaction(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed(contact).map(|handling| handling.interaction)
}

fn interaction_and_hold(contact: &Contact, _: &MetricRequest) -> Option<i64> {
    timed(contact).map(|handling| handling.interaction + handling.hold.unwrap_or(0))
}

/// From its initiation to its end, the work after it included.
fn resolution(contact: &Contact) -> i64 {
    let after_work = timed(contact).map_or(0, |handling| handling.after_work);
    contact.disconnected + after_work - contact.initiated
}

/// 1 for a queued contact that was answered, abandoned or called back within X.
fn removed(contact: &Contact, request: &MetricRequest) -> Option<i64> {
    let waiting = contact.waiting?;
    let removed = waiting.exit != QueueExit::Moved && within(waiting.duration, request);
    Some(i64::from(removed))
}

fn queued(contact: &Contact) -> Option<i64> {
    Some(contact.waiting?.duration)
}

/// The wait of a contact that was queued and then connected.
fn answered(contact: &Contact) -> Option<i64> {
    contact.handling.and_then(|_| queued(contact))
}

/// Tells whether a wait in milliseconds meets the threshold; without one everything does.
#[expect(clippy::cast_precision_loss, reason = "waits are far below 2^53 milliseconds")]
fn within(waited: i64, request: &MetricRequest) -> bool {
    let seconds = waited as f64 / 1_000.0;
    request.threshold.is_none_or(|(comparison, threshold)| match comparison {
        Comparison::LessThan => seconds < threshold,
        Comparison::LessThanOrEqual => seconds <= threshold,
        Comparison::GreaterThan => seconds > threshold,
    })
}
