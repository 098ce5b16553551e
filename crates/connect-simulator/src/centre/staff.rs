//! The people of the centre: agents, and their routing profiles.

use std::collections::BTreeMap;

use super::blueprint::{Blueprint, NAMED_COUNT};
use super::contact::Channel;
use super::hierarchy::Hierarchy;
use super::queues::{Queue, QueueType};
use crate::random::uuid;

/// The queues and channels whose contacts an agent may get.
#[derive(Clone, Debug)]
pub struct RoutingProfile {
    /// The id in figures and lists.
    pub id: String,
    /// The name.
    pub name: String,
    /// The queues, as indexes.
    pub queues: Vec<usize>,
    /// The channels, in all of the queues.
    pub channels: Vec<Channel>,
    /// True if its agents have schedules (shifts with Adherence = Yes).
    pub scheduled: bool,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The id in figures and lists.
    pub id: String,
    /// The login name.
    pub username: String,
    /// The first name. Two agents have the same names; a login name is one agent's.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The routing profile, as an index.
    pub profile: usize,
    /// The group of the [`Hierarchy`], as an index; one agent has none.
    pub group: Option<usize>,
}

/// The number of further queues, beyond the named ones, that a pool of agents serves.
const POOL_QUEUES: usize = 50;
/// The number of agents of a pool.
const AGENTS_OF_POOL: usize = 3;

/// The routing profiles: every channel of every queue but the disabled one is served by one of them.
pub(super) fn routing_profiles(
    blueprint: &Blueprint,
    seed: u64,
    queues: usize,
    deleted_queue: usize,
) -> Vec<RoutingProfile> {
    let named = blueprint.profiles.iter().map(|profile| {
        let deleted = profile.serves_deleted_queue.then_some(deleted_queue);
        let queues = profile.queues.iter().copied().chain(deleted).collect();
        (profile.name.to_owned(), queues, profile.channels.to_vec(), profile.scheduled)
    });
    let pools = pool_queues(queues).enumerate().map(|(pool, queues)| {
        (format!("Pool {:02}", pool + 1), queues, Channel::ALL.to_vec(), true)
    });
    named
        .chain(pools)
        .enumerate()
        .map(|(index, (name, queues, channels, scheduled))| RoutingProfile {
            id: uuid(seed, "routing-profile", index),
            name,
            queues,
            channels,
            scheduled,
        })
        .collect()
}

/// The further queues of each pool.
fn pool_queues(queues: usize) -> impl Iterator<Item = Vec<usize>> {
    let first = NAMED_COUNT..queues;
    first
        .step_by(POOL_QUEUES)
        .map(move |first| (first..(first + POOL_QUEUES).min(queues)).collect())
}

#[rustfmt::skip]
const LAST_NAMES: [&str; 10] = [
    "Adeyemi", "O'Neill", "Müller", "de Souza", "Žižka", "Tanaka", "Smith-Jones", "Ng", "Ærø",
    "al-Farsi",
];

/// Makes the agents: the named ones, then those of the pools.
pub(super) fn new_agents(blueprint: &Blueprint, seed: u64, queues: usize) -> Vec<Agent> {
    let profiles = blueprint
        .profiles
        .iter()
        .map(|profile| profile.agents)
        .chain(pool_queues(queues).map(|_| AGENTS_OF_POOL))
        .enumerate()
        .flat_map(|(profile, count)| std::iter::repeat_n(profile, count));
    let usernames = blueprint.usernames;
    let last_named = usernames.len() - 1;
    profiles
        .enumerate()
        .map(|(index, profile)| Agent {
            id: uuid(seed, "agent", index),
            username: username_of(usernames, index),
            first_name: first_name(usernames, index),
            last_name: LAST_NAMES[index / 2 % LAST_NAMES.len()].to_owned(),
            profile,
            group: (index != last_named).then(|| Hierarchy::rotated_group(index)),
        })
        .collect()
}

/// The queue of an agent.
pub(crate) fn agent_queue(agent: &Agent) -> Queue {
    Queue {
        id: agent.id.clone(),
        name: agent.username.clone(),
        kind: QueueType::Agent,
        is_disabled: false,
        tags: BTreeMap::new(),
        lacks_durations: false,
        volume: 0.0,
        channels: [0; 4],
    }
}

fn username_of(usernames: &[&str], index: usize) -> String {
    let number = index + 1;
    usernames.get(index).map_or_else(|| format!("agent{number:04}"), |name| (*name).to_owned())
}

fn first_name(usernames: &[&str], index: usize) -> String {
    // Isabeau has the first and the last name of her neighbour in the list.
    let index = if usernames.get(index) == Some(&"isabeau") { index - 1 } else { index };
    let name = username_of(usernames, index);
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
