//! The contact centre: its queues, routing profiles and agents, and the contacts of any day.
//!
//! Everything follows from the seed. A day is computed when it is first needed, and kept.

mod arrivals;
mod blueprint;
mod contact;
mod day;
pub(crate) mod figures;
mod floor;
mod handling;
pub(crate) mod hierarchy;
mod incident;
mod queues;
mod setup;
mod shifts;
mod staff;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

pub use blueprint::CentreKind;
pub use contact::{
    Channel, Contact, DisconnectReason, Handling, InitiationMethod, QueueExit, Waiting,
};
pub use figures::computes_metric;
pub use figures::intervals::{Interval, IntervalLayout};
pub use figures::query::{Figure, MetricFilter, MetricRequest, Query, Row};
pub use hierarchy::{Hierarchy, HierarchyGroup, HierarchyLevel};
pub use incident::Incident;
pub use queues::{Queue, QueueType};
pub use staff::{Agent, RoutingProfile};

use crate::random;
use day::Day;
use hierarchy::LEVEL_COUNT;
use setup::Setup;

/// The contact centre.
#[derive(Debug)]
pub struct Centre {
    seed: u64,
    setup: Setup,
    days: Mutex<HashMap<i64, Arc<Day>>>,
}

impl Centre {
    /// The number of standard queues of a centre that is not [made larger](Self::sized).
    pub const NAMED_QUEUES: usize = blueprint::NAMED_COUNT;

    /// The centre of this kind and seed.
    pub fn new(kind: CentreKind, seed: u64) -> Self {
        Self::sized(kind, seed, Self::NAMED_QUEUES)
    }

    /// A centre with so many standard queues, at least [`Self::NAMED_QUEUES`]. The further ones are alike, with a
    /// handful of contacts a day and agents of their own, so that a day of a thousand queues is computed in
    /// seconds.
    pub fn sized(kind: CentreKind, seed: u64, queues: usize) -> Self {
        Self { seed, setup: Setup::new(kind, seed, queues), days: Mutex::default() }
    }

    /// The queues that `ListQueues` knows: the standard ones first, then the agents'.
    pub fn queues(&self) -> &[Queue] {
        self.setup.queues.split_last().map_or(&[], |(_, listed)| listed)
    }

    /// The queues of type `STANDARD`, the only ones with figures.
    pub fn standard_queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues().iter().filter(|queue| queue.kind == QueueType::Standard)
    }

    /// A queue that was deleted recently: it has figures, and is in no list.
    pub fn deleted_queue(&self) -> Option<&Queue> {
        self.setup.queues.last()
    }

    /// The routing profiles.
    pub fn routing_profiles(&self) -> &[RoutingProfile] {
        &self.setup.profiles
    }

    /// The agents.
    pub fn agents(&self) -> &[Agent] {
        &self.setup.agents
    }

    /// The groups of agents.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.setup.hierarchy
    }

    /// The groups of the agent with this index, by level; `None` on the levels below the agent's
    /// own group.
    pub fn groups_of(&self, agent: usize) -> [Option<usize>; LEVEL_COUNT] {
        self.setup.groups.get(agent).copied().unwrap_or_default()
    }

    /// The contact records that disconnected in `[start, end)`, in no particular order.
    pub fn contacts(&self, start: Timestamp, end: Timestamp) -> Vec<Contact> {
        let window = start.as_millisecond()..end.as_millisecond();
        self.days_around(start, end)
            .iter()
            .flat_map(|day| &day.contacts)
            .filter(|contact| window.contains(&contact.disconnected))
            .cloned()
            .collect()
    }

    /// The last incident that was over at this time, if something goes wrong in this kind of centre.
    pub fn last_incident(&self, time: Timestamp) -> Option<Incident> {
        let incident = self.setup.blueprint.incident.as_ref()?;
        let today = time.as_second().div_euclid(86_400);
        let (start, end) = (0..14)
            .map(|days| today - days)
            .filter(|day| incident.is_on(self.seed, *day))
            .map(|day| incident.span_on(day))
            .find(|(_, end)| *end <= time.as_millisecond())?;
        Some(Incident {
            queue: self.setup.queues.get(incident.queue)?.name.clone(),
            start: Timestamp::from_millisecond(start).ok()?,
            end: Timestamp::from_millisecond(end).ok()?,
        })
    }

    /// Every queue, the deleted one last.
    pub(crate) fn all_queues(&self) -> &[Queue] {
        &self.setup.queues
    }

    /// The days whose contacts may be in a window; a contact may end on the day after its arrival.
    pub(crate) fn days_around(&self, start: Timestamp, end: Timestamp) -> Vec<Arc<Day>> {
        let first = start.as_second().div_euclid(86_400) - 1;
        let last = end.as_second().div_euclid(86_400);
        (first..=last).map(|number| self.day_with_number(number)).collect()
    }

    /// The day that begins so many days after 1970-01-01, in UTC.
    fn day_with_number(&self, number: i64) -> Arc<Day> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let day = days.entry(number).or_insert_with(|| {
            let incident = self.setup.blueprint.incident.as_ref();
            let incident = incident.filter(|incident| incident.is_on(self.seed, number));
            let seed = random::mix(self.seed, number);
            Arc::new(floor::simulate_day(&self.setup, incident, seed, number))
        });
        Arc::clone(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn contacts_follow_from_the_seed() {
        let start = time("2026-03-02T00:00:00Z");
        let end = time("2026-03-03T00:00:00Z");
        let contacts = Centre::new(CentreKind::Awkward, 7).contacts(start, end);
        assert_eq!(contacts, Centre::new(CentreKind::Awkward, 7).contacts(start, end));
        assert_ne!(contacts, Centre::new(CentreKind::Awkward, 8).contacts(start, end));
        assert_ne!(
            Centre::new(CentreKind::Awkward, 7).queues()[0].id,
            Centre::new(CentreKind::Awkward, 8).queues()[0].id
        );
    }

    #[test]
    fn a_working_day_has_about_as_many_contacts_as_a_centre_of_forty() {
        let centre = Centre::new(CentreKind::Awkward, 7);
        for day in ["2026-03-02", "2026-03-04", "2026-03-06"] {
            let start = time(&format!("{day}T00:00:00Z"));
            let end = start + jiff::SignedDuration::from_hours(24);
            let count = centre.contacts(start, end).len();
            assert!((1_000..1_900).contains(&count), "{day}: {count}");
        }
        let sunday = centre.contacts(time("2026-03-01T00:00:00Z"), time("2026-03-02T00:00:00Z"));
        assert!((100..700).contains(&sunday.len()), "{}", sunday.len());
    }

    #[test]
    fn a_large_centre_has_contacts_in_its_queues() {
        let centre = Centre::sized(CentreKind::Awkward, 7, 250);
        assert_eq!(centre.standard_queues().count(), 250);
        let start = time("2026-03-02T00:00:00Z");
        let end = time("2026-03-03T00:00:00Z");
        let contacts = centre.contacts(start, end);
        let queues: std::collections::BTreeSet<_> =
            contacts.iter().filter_map(|contact| contact.queue).collect();
        assert!(queues.len() > 180, "{}", queues.len());
        let extra =
            contacts.iter().filter(|contact| contact.queue.is_some_and(|q| q < 250 && q > 11));
        let handled = extra.clone().filter(|contact| contact.handling.is_some()).count();
        assert!(handled * 2 > extra.count(), "most of them reach somebody");
        // More queues do not change the others.
        let small = Centre::new(CentreKind::Awkward, 7);
        assert_eq!(small.queues()[3].id, centre.queues()[3].id);
        assert_eq!(small.agents()[39].id, centre.agents()[39].id);
        assert_eq!(
            Centre::sized(CentreKind::Awkward, 7, 1).standard_queues().count(),
            Centre::NAMED_QUEUES
        );
        let ids: std::collections::BTreeSet<_> = centre.queues().iter().map(|q| &q.id).collect();
        assert_eq!(ids.len(), centre.queues().len());
    }

    #[test]
    fn lists_have_the_entries_that_the_service_would_list() {
        let centre = Centre::new(CentreKind::Awkward, 7);
        assert_eq!(centre.agents().len(), 40);
        assert_eq!(centre.standard_queues().count(), 12);
        let deleted = &centre.deleted_queue().unwrap().id;
        assert!(centre.queues().iter().all(|queue| queue.id != *deleted));
        let agent_queue = centre.queues().last().unwrap();
        assert_eq!(agent_queue.kind, QueueType::Agent);
        assert_eq!(agent_queue.id, centre.agents()[39].id);
    }
}
