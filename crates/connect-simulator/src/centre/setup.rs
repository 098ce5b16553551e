//! The parts of the centre that are the same every day: queues, routing profiles, agents, and their groups.

use super::blueprint::{Blueprint, CentreKind, NAMED_COUNT};
use super::hierarchy::{Hierarchy, LEVEL_COUNT};
use super::queues::{self, Queue};
use super::staff::{self, Agent, RoutingProfile};

/// The parts of the centre that are the same every day.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) blueprint: &'static Blueprint,
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
    pub(super) fn new(kind: CentreKind, seed: u64, queues: usize) -> Self {
        let blueprint = kind.blueprint();
        let count = queues.max(NAMED_COUNT);
        let hierarchy = Hierarchy::new(seed);
        let agents = staff::new_agents(blueprint, seed, count);
        let mut queues = queues::standard_queues(blueprint, seed, count);
        queues.extend(agents.iter().map(staff::agent_queue));
        let profiles = staff::routing_profiles(blueprint, seed, count, queues.len());
        queues.push(queues::deleted_queue(blueprint, seed));
        let groups = agents.iter().map(|agent| hierarchy.groups_of(agent.group)).collect();
        Self { blueprint, queues, profiles, agents, hierarchy, groups }
    }

    /// The routing profile of an agent.
    pub(super) fn profile_of(&self, agent: usize) -> &RoutingProfile {
        &self.profiles[self.agents[agent].profile]
    }
}
