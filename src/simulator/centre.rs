//! The contact centre: its queues, routing profiles and agents, and the contacts of any day.
//!
//! Everything follows from the seed. A day is worked out when somebody asks for it, and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::contact::{Channel, Contact};
use super::day::Day;
pub use super::query::{Figure, Interval, MetricFilter, MetricRequest, Query, Row};
use super::random::{self, uuid};

/// The contact centre.
#[derive(Debug)]
pub struct Centre {
    seed: u64,
    /// The standard queues, the agents' queues, and last the deleted queue.
    queues: Vec<Queue>,
    profiles: Vec<RoutingProfile>,
    agents: Vec<Agent>,
    days: Mutex<HashMap<i64, Arc<Day>>>,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The id in figures and lists.
    pub id: String,
    /// The name; the API has none for agent queues.
    pub name: String,
    /// `STANDARD` or `AGENT`.
    pub kind: QueueType,
    /// Contacts that arrive on a working day, on average.
    pub(crate) volume: f64,
    /// The share of each channel, in the order of [`Channel::ALL`].
    pub(crate) channels: [u32; 4],
}

/// The two types of queues (`ListQueues`, `QueueType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueType {
    /// A queue that routing profiles serve.
    Standard,
    /// The queue that every agent has; its id is the agent's.
    Agent,
}

/// What an agent may be given.
#[derive(Clone, Debug)]
pub struct RoutingProfile {
    /// The id in figures and lists.
    pub id: String,
    /// The name.
    pub name: String,
    /// The queues that it serves, as indexes.
    pub queues: Vec<usize>,
    /// The channels that it serves, in all its queues.
    pub channels: Vec<Channel>,
    /// Whether its agents have schedules (shifts with Adherence = Yes).
    pub scheduled: bool,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The id in figures and lists.
    pub id: String,
    /// The login name.
    pub username: String,
    /// The routing profile, as an index.
    pub profile: usize,
}

impl Centre {
    /// The centre that this seed makes.
    pub fn new(seed: u64) -> Self {
        let agents = agents(seed);
        let mut queues = standard_queues(seed);
        let deleted = queues.pop();
        queues.extend(agents.iter().map(agent_queue));
        queues.extend(deleted);
        Self {
            seed,
            profiles: routing_profiles(seed, queues.len() - 1),
            agents,
            queues,
            days: Mutex::default(),
        }
    }

    /// The queues that `ListQueues` knows: the standard ones first, then the agents'.
    pub fn queues(&self) -> &[Queue] {
        self.queues.split_last().map_or(&[], |(_, listed)| listed)
    }

    /// The queues of type `STANDARD`, which are those that figures exist for.
    pub fn standard_queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues().iter().filter(|queue| queue.kind == QueueType::Standard)
    }

    /// A queue that was deleted lately: it has figures and stands in no list.
    pub fn deleted_queue(&self) -> Option<&Queue> {
        self.queues.last()
    }

    /// The routing profiles.
    pub fn routing_profiles(&self) -> &[RoutingProfile] {
        &self.profiles
    }

    /// The agents.
    pub fn agents(&self) -> &[Agent] {
        &self.agents
    }

    /// The contact records that disconnected in `[start, end)`, in no particular order.
    pub fn contacts(&self, start: Timestamp, end: Timestamp) -> Vec<Contact> {
        let window = start.as_millisecond()..end.as_millisecond();
        self.days(start, end)
            .iter()
            .flat_map(|day| &day.contacts)
            .filter(|contact| window.contains(&contact.disconnected))
            .cloned()
            .collect()
    }

    /// The figures of a query, computed from the raw contacts without limits or pages.
    ///
    /// Rows stand in the order of their intervals; a group without any contact or activity for
    /// the metrics asked has no row.
    pub fn figures(&self, query: &Query) -> Vec<Row> {
        super::figures::figures(self, query)
    }

    /// Every queue, the deleted one last.
    pub(crate) fn all_queues(&self) -> &[Queue] {
        &self.queues
    }

    /// The days that a window can touch: a contact may end on the day after its arrival.
    pub(crate) fn days(&self, start: Timestamp, end: Timestamp) -> Vec<Arc<Day>> {
        let first = start.as_second().div_euclid(86_400) - 1;
        let last = end.as_second().div_euclid(86_400);
        (first..=last).map(|day| self.day(day)).collect()
    }

    /// The day that begins so many days after 1970-01-01, in UTC.
    fn day(&self, number: i64) -> Arc<Day> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let day = days
            .entry(number)
            .or_insert_with(|| Arc::new(Day::new(self, random::mix(self.seed, number), number)));
        Arc::clone(day)
    }
}

/// The standard queues; the last one is the deleted queue.
fn standard_queues(seed: u64) -> Vec<Queue> {
    // Name, contacts a working day, shares of VOICE, CHAT, TASK, EMAIL.
    [
        ("Sales", 260.0, [70, 25, 0, 5]),
        ("Support", 330.0, [50, 30, 10, 10]),
        ("Billing <VIP>", 90.0, [80, 15, 5, 0]),
        ("Returns & refunds", 165.0, [45, 25, 10, 20]),
        ("Général – Français", 60.0, [60, 20, 0, 20]),
        ("日本語 Reservations", 50.0, [70, 10, 0, 20]),
        ("Retention", 80.0, [90, 10, 0, 0]),
        // Nothing ever comes here and nobody serves it.
        ("Loans", 0.0, [100, 0, 0, 0]),
        ("Complaints (board)", 0.7, [100, 0, 0, 0]),
        ("Technical \"Tier 2\"", 70.0, [50, 20, 30, 0]),
        // Names that a template, a header or a file name could trip over.
        ("{{ queue.name }} O'Brien", 40.0, [60, 40, 0, 0]),
        ("Escalations: =?utf-8?Q?Bcc:?= a/b\\c", 30.0, [70, 0, 30, 0]),
        ("Closed last month", 6.0, [100, 0, 0, 0]),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, (name, volume, channels))| Queue {
        id: uuid(seed, "queue", index),
        name: name.to_owned(),
        kind: QueueType::Standard,
        volume,
        channels,
    })
    .collect()
}

fn agent_queue(agent: &Agent) -> Queue {
    Queue {
        id: agent.id.clone(),
        name: agent.username.clone(),
        kind: QueueType::Agent,
        volume: 0.0,
        channels: [0; 4],
    }
}

/// The routing profiles: every channel of every queue but "Loans" is served by one of them.
fn routing_profiles(seed: u64, deleted_queue: usize) -> Vec<RoutingProfile> {
    use Channel::{Chat, Email, Task, Voice};
    [
        ("Generalists", vec![0, 1, 3, deleted_queue], vec![Voice, Chat], true),
        ("Sales & retention", vec![0, 6, 10], vec![Voice, Chat], true),
        ("Back office", vec![0, 1, 3, 9], vec![Task, Email], true),
        ("Specialists", vec![2, 8, 9, 11], vec![Voice, Chat, Task], true),
        ("Languages – langues", vec![4, 5], vec![Voice, Chat, Email], true),
        ("Trainees", vec![1], vec![Chat], false),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, (name, queues, channels, scheduled))| RoutingProfile {
        id: uuid(seed, "routing-profile", index),
        name: name.to_owned(),
        queues,
        channels,
        scheduled,
    })
    .collect()
}

/// The agents of each routing profile.
const AGENTS_OF_PROFILES: [usize; 6] = [15, 8, 5, 6, 4, 2];

#[rustfmt::skip]
const AGENT_NAMES: [&str; 40] = [
    "adele", "amir", "anneliese", "beatriz", "bjarne", "carmen", "chidi", "dagny", "dimitri",
    "elif", "emeka", "farah", "felix", "giulia", "hana", "hugo", "ines", "isabeau", "jamal",
    "jun", "kaja", "kenji", "lars", "leila", "mateusz", "mei", "nadia", "niamh", "olga", "oscar",
    "priya", "quentin", "rosa", "sanjay", "signe", "tariq", "uma", "viktor", "yuki", "zoe",
];

fn agents(seed: u64) -> Vec<Agent> {
    let profiles = AGENTS_OF_PROFILES
        .iter()
        .enumerate()
        .flat_map(|(profile, count)| std::iter::repeat_n(profile, *count));
    AGENT_NAMES
        .iter()
        .zip(profiles)
        .enumerate()
        .map(|(index, (name, profile))| Agent {
            id: uuid(seed, "agent", index),
            username: (*name).to_owned(),
            profile,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_seed_decides_everything() {
        let (start, end) = (time("2026-03-02T00:00:00Z"), time("2026-03-03T00:00:00Z"));
        let contacts = Centre::new(7).contacts(start, end);
        assert_eq!(contacts, Centre::new(7).contacts(start, end));
        assert_ne!(contacts, Centre::new(8).contacts(start, end));
        assert_ne!(Centre::new(7).queues()[0].id, Centre::new(8).queues()[0].id);
    }

    #[test]
    fn a_working_day_has_about_as_many_contacts_as_a_centre_of_forty() {
        let centre = Centre::new(7);
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
    fn the_lists_hold_what_the_service_would_list() {
        let centre = Centre::new(7);
        assert_eq!(centre.agents().len(), 40);
        assert_eq!(centre.standard_queues().count(), 12);
        let deleted = &centre.deleted_queue().unwrap().id;
        assert!(centre.queues().iter().all(|queue| queue.id != *deleted));
        let agent_queue = centre.queues().last().unwrap();
        assert_eq!(agent_queue.kind, QueueType::Agent);
        assert_eq!(agent_queue.id, centre.agents()[39].id);
    }
}
