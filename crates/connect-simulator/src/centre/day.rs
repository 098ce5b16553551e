//! One day of the centre: its contacts, and what its agents did.
//!
//! A day stands for itself: nothing waits from the day before. So agents' shifts lie within the
//! day, and the contacts that they still have at its end are finished after midnight.

use super::contact::{Channel, Contact, InitiationMethod};
use super::shifts::Span;

/// The contacts of a day, and the work of its agents.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) agents: Vec<AgentDay>,
    pub(crate) attempts: Vec<Attempt>,
}

/// The day of an agent who was on duty.
#[derive(Debug)]
pub(crate) struct AgentDay {
    pub(crate) agent: usize,
    /// The shift with Adherence = Yes; none for agents without schedule.
    pub(crate) scheduled: Option<Span>,
    pub(crate) adherent: Vec<Span>,
    /// Waiting for a contact, ringing included.
    pub(crate) idle: Vec<Span>,
    /// On a contact, after contact work included.
    pub(crate) on_contact: Vec<Span>,
    /// In a status of their own making, such as a break: neither available nor offline.
    pub(crate) breaks: Vec<Span>,
    /// From logging in to logging out, after the last contact.
    pub(crate) online: Span,
}

/// A contact that was offered to an agent, or dialled by one.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) agent: usize,
    pub(crate) queue: usize,
    pub(crate) channel: Channel,
    pub(crate) initiation: InitiationMethod,
    pub(crate) time: Span,
    pub(crate) answered: bool,
    /// True if it ended because the customer hung up.
    pub(crate) given_up: bool,
}

impl AgentDay {
    /// From the first thing that the agent did or should have done to the end of the last.
    pub(crate) fn extent(&self) -> Option<Span> {
        let start = self.spans().map(|span| span.start).min()?;
        let end = self.spans().map(|span| span.end).max()?;
        Some(Span::new(start, end))
    }

    /// Tells whether the agent worked, or should have, in this window.
    pub(crate) fn is_active(&self, window: Span) -> bool {
        self.spans().any(|span| span.overlap(window) > 0)
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        self.scheduled
            .into_iter()
            .chain([self.online])
            .chain(self.idle.iter().copied())
            .chain(self.on_contact.iter().copied())
    }
}
