//! One day of the centre: its contacts, and the work of its agents.
//!
//! A day is independent: no contact waits from the day before. So agents' shifts lie within the day, and
//! contacts that they still have at its end are finished after midnight.

use super::contact::{Channel, Contact, InitiationMethod};
use super::shifts::TimeSpan;

/// The contacts of a day, and the work of its agents.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) agents: Vec<AgentDay>,
    pub(crate) attempts: Vec<ContactAttempt>,
}

/// The day of an agent who was on duty.
#[derive(Debug)]
pub(crate) struct AgentDay {
    pub(crate) agent: usize,
    /// The shift with Adherence = Yes; `None` for agents without a schedule.
    pub(crate) scheduled: Option<TimeSpan>,
    pub(crate) adherent: Vec<TimeSpan>,
    /// The times of waiting for a contact, ringing included.
    pub(crate) idle: Vec<TimeSpan>,
    /// The times on a contact, after-contact work included.
    pub(crate) on_contact: Vec<TimeSpan>,
    /// The times in a custom status, such as a break: neither available nor offline.
    pub(crate) breaks: Vec<TimeSpan>,
    /// The time from logging in to logging out, after the last contact.
    pub(crate) online: TimeSpan,
}

/// A contact that was offered to an agent, or dialled by one.
#[derive(Debug)]
pub(crate) struct ContactAttempt {
    pub(crate) agent: usize,
    pub(crate) queue: usize,
    pub(crate) channel: Channel,
    pub(crate) initiation: InitiationMethod,
    pub(crate) time: TimeSpan,
    pub(crate) answered: bool,
    /// True where the customer hung up.
    pub(crate) given_up: bool,
}

impl AgentDay {
    /// The time from the agent's first work, done or scheduled, to the end of the last.
    pub(crate) fn work_span(&self) -> Option<TimeSpan> {
        let start = self.work_spans().map(|span| span.start).min()?;
        let end = self.work_spans().map(|span| span.end).max()?;
        Some(TimeSpan::new(start, end))
    }

    /// True where the agent worked, or should have, in this window.
    pub(crate) fn is_active(&self, window: TimeSpan) -> bool {
        self.work_spans().any(|span| span.overlap(window) > 0)
    }

    fn work_spans(&self) -> impl Iterator<Item = TimeSpan> {
        self.scheduled
            .into_iter()
            .chain([self.online])
            .chain(self.idle.iter().copied())
            .chain(self.on_contact.iter().copied())
    }
}
