//! The queues of the centre: those of its blueprint, one for every agent, and any number of further ones.

use std::collections::BTreeMap;

use super::blueprint::{Blueprint, DISABLED_QUEUE, NAMED_COUNT, NamedQueue};
use crate::random::uuid;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The id in figures and lists.
    pub id: String,
    /// The name; the API has none for agent queues.
    pub name: String,
    /// `STANDARD` or `AGENT`.
    pub kind: QueueType,
    /// True for a disabled queue, which takes no contacts but is listed.
    pub is_disabled: bool,
    /// The tags by their keys, such as `team` and `region`; a queue may lack any.
    pub tags: BTreeMap<String, String>,
    /// True if some of its contact records have no durations.
    pub(crate) lacks_durations: bool,
    /// The average number of contacts on a working day.
    pub(crate) volume: f64,
    /// The share of each channel, in the order of [`Channel::ALL`](super::Channel::ALL).
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

/// The standard queues: the named ones, and as many further ones as are needed.
pub(super) fn standard_queues(blueprint: &Blueprint, seed: u64, count: usize) -> Vec<Queue> {
    let named =
        blueprint.queues.iter().enumerate().map(|(index, queue)| named_queue(seed, index, queue));
    named.chain((NAMED_COUNT..count).map(|index| further_queue(seed, index))).collect()
}

/// The deleted queue, which is in no list and still has figures.
pub(super) fn deleted_queue(blueprint: &Blueprint, seed: u64) -> Queue {
    named_queue(seed, NAMED_COUNT, &blueprint.deleted_queue)
}

fn named_queue(seed: u64, index: usize, queue: &NamedQueue) -> Queue {
    let NamedQueue { name, volume, channels, team, region } = *queue;
    let is_disabled = name == DISABLED_QUEUE;
    let tags = [("team", team), ("region", region)];
    Queue {
        id: uuid(seed, "queue", index),
        name: name.to_owned(),
        kind: QueueType::Standard,
        is_disabled,
        tags: tags
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        lacks_durations: false,
        volume,
        channels,
    }
}

/// One of many queues with a handful of contacts a day; some have hardly any.
fn further_queue(seed: u64, index: usize) -> Queue {
    let volume = [3.0, 1.5, 4.5, 2.0, 0.3, 2.5, 1.0][index % 7];
    let team = ["sales", "service", "languages"][index % 3];
    let region = ["emea", "apac"][index % 2];
    Queue {
        // The id after the named ones belongs to the deleted queue.
        id: uuid(seed, "further-queue", index),
        name: format!("Queue {:04}", index + 1),
        kind: QueueType::Standard,
        is_disabled: false,
        tags: BTreeMap::from([
            ("team".to_owned(), team.to_owned()),
            ("region".to_owned(), region.to_owned()),
        ]),
        lacks_durations: true,
        volume,
        channels: [60, 20, 10, 10],
    }
}
