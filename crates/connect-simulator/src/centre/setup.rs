//! The parts of the centre that are the same every day: queues, routing profiles, agents, and their groups.

use super::hierarchy::{Hierarchy, LEVEL_COUNT};
use super::queues::{self, Queue};
use super::staff::{self, Agent, RoutingProfile};

/// The parts of the centre that are the same every day.
#[derive(Debug)]
pub(super) struct Setup {
    /// The standard queues, the agents' queues, and last the deleted queue.
    pub(super) queues: Vec<Queue>,
    pub(super) profiles: Vec<RoutingProfile>,
    pub(super) agents: Vec<Agent>,
    pub(super) hierarchy: Hierarchy,
    /// The group on each level, by agent.
    pub(super) groups: Vec<[Option<usize>; LEVEL_COUNT]>,
}

impl Setup {
    /// The setup of this seed with so many standard queues, at least the named ones.
    pub(super) fn new(seed: u64, queues: usize) -> Self {
        let count = queues.max(queues::NAMED_COUNT);
        let hierarchy = Hierarchy::new(seed);
        let agents = staff::new_agents(seed, count);
        let mut queues = queues::standard_queues(seed, count);
        queues.extend(agents.iter().map(staff::agent_queue));
        let profiles = staff::routing_profiles(seed, count, queues.len());
        queues.push(queues::deleted_queue(seed));
        let groups = agents.iter().map(|agent| hierarchy.groups_of(agent.group)).collect();
        Self { queues, profiles, agents, hierarchy, groups }
    }

    /// The routing profile of an agent.
    pub(super) fn profile_of(&self, agent: usize) -> &RoutingProfile {
        &self.profiles[self.agents[agent].profile]
    }
}
