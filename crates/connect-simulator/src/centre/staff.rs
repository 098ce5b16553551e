//! The people of the centre: agents, and their routing profiles.

use std::collections::BTreeMap;

use super::contact::Channel;
use super::hierarchy::Hierarchy;
use super::queues::{self, Queue, QueueType};
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

/// The routing profiles: every channel of every queue but "Loans" is served by one of them.
pub(crate) fn routing_profiles(
    seed: u64,
    queues: usize,
    deleted_queue: usize,
) -> Vec<RoutingProfile> {
    use Channel::{Chat, Email, Task, Voice};
    let named = [
        ("Generalists", vec![0, 1, 3, deleted_queue], vec![Voice, Chat], true),
        ("Sales & retention", vec![0, 6, 10], vec![Voice, Chat], true),
        ("Back office", vec![0, 1, 3, 9], vec![Task, Email], true),
        ("Specialists", vec![2, 8, 9, 11], vec![Voice, Chat, Task], true),
        ("Languages – langues", vec![4, 5], vec![Voice, Chat, Email], true),
        ("Trainees", vec![1], vec![Chat], false),
    ];
    let named = named
        .into_iter()
        .map(|(name, queues, channels, scheduled)| (name.to_owned(), queues, channels, scheduled));
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
    let first = queues::NAMED_COUNT..queues;
    first
        .step_by(POOL_QUEUES)
        .map(move |first| (first..(first + POOL_QUEUES).min(queues)).collect())
}

/// The number of agents of each named routing profile.
const AGENTS_OF_PROFILES: [usize; 6] = [15, 8, 5, 6, 4, 2];

#[rustfmt::skip]
const AGENT_USERNAMES: [&str; 40] = [
    "adele", "amir", "anneliese", "beatriz", "bjarne", "carmen", "chidi", "dagny", "dimitri",
    "elif", "emeka", "farah", "felix", "giulia", "hana", "hugo", "ines", "isabeau", "jamal",
    "jun", "kaja", "kenji", "lars", "leila", "mateusz", "mei", "nadia", "niamh", "olga", "oscar",
    "priya", "quentin", "rosa", "sanjay", "signe", "tariq", "uma", "viktor", "yuki", "zoe",
];

#[rustfmt::skip]
const LAST_NAMES: [&str; 10] = [
    "Adeyemi", "O'Neill", "Müller", "de Souza", "Žižka", "Tanaka", "Smith-Jones", "Ng", "Ærø",
    "al-Farsi",
];

/// Makes the agents: the named ones, then those of the pools.
pub(crate) fn new_agents(seed: u64, queues: usize) -> Vec<Agent> {
    let profiles = AGENTS_OF_PROFILES
        .into_iter()
        .chain(pool_queues(queues).map(|_| AGENTS_OF_POOL))
        .enumerate()
        .flat_map(|(profile, count)| std::iter::repeat_n(profile, count));
    let last_named = AGENT_USERNAMES.len() - 1;
    profiles
        .enumerate()
        .map(|(index, profile)| Agent {
            id: uuid(seed, "agent", index),
            username: username_of(index),
            first_name: first_name(index),
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

fn username_of(index: usize) -> String {
    let number = index + 1;
    AGENT_USERNAMES
        .get(index)
        .map_or_else(|| format!("agent{number:04}"), |name| (*name).to_owned())
}

fn first_name(index: usize) -> String {
    // Isabeau has the first and the last name of her neighbour in the list.
    let index = if AGENT_USERNAMES.get(index) == Some(&"isabeau") { index - 1 } else { index };
    let name = username_of(index);
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
