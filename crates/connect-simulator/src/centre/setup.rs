//! The parts of the centre that are the same on every day: queues, routing profiles, agents, and their
//! groups.

use super::hierarchy::{Hierarchy, LEVELS};
use super::queues::{self, Queue};
use super::staff::{self, Agent, RoutingProfile};

/// The parts of the centre that are the same on every day.
#[derive(Debug)]
pub(super) struct Setup {
    /// The standard queues, the agents' queues, and last the deleted queue.
    pub(super) queues: Vec<Queue>,
    pub(super) profiles: Vec<RoutingProfile>,
    pub(super) agents: Vec<Agent>,
    pub(super) hierarchy: Hierarchy,
    /// By agent, the group on each level.
    pub(super) groups: Vec<[Option<usize>; LEVELS]>,
}

impl Setup {
    /// The setup that this seed makes, with so many standard queues, and no fewer than have names.
    pub(super) fn new(seed: u64, queues: usize) -> Self {
        let count = queues.max(queues::NAMED);
        let hierarchy = Hierarchy::new(seed);
        let agents = staff::agents(seed, count);
        let mut queues = queues::standard_queues(seed, count);
        queues.extend(agents.iter().map(staff::agent_queue));
        let profiles = staff::routing_profiles(seed, count, queues.len());
        queues.push(queues::deleted_queue(seed));
        let groups = agents.iter().map(|agent| hierarchy.groups_of(agent.group)).collect();
        Self { queues, profiles, agents, hierarchy, groups }
    }
}
