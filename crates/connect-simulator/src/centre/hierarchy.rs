//! The agent hierarchy: the groups of agents, level by level.

use crate::random::uuid;

/// The number of levels that a hierarchy may have (`DescribeUserHierarchyStructure`, `HierarchyStructure`).
pub(crate) const LEVEL_COUNT: usize = 5;

/// The levels and groups of agents.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// The levels that have a name, the topmost first.
    pub levels: Vec<HierarchyLevel>,
    /// The groups, each after its parent.
    pub groups: Vec<HierarchyGroup>,
}

/// A level of the hierarchy.
#[derive(Clone, Debug)]
pub struct HierarchyLevel {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A group of agents.
#[derive(Clone, Debug)]
pub struct HierarchyGroup {
    /// The id in figures and lists.
    pub id: String,
    /// The name; groups in different places may have the same.
    pub name: String,
    /// The level, as an index: 0 for the topmost.
    pub level: usize,
    /// The parent group, as an index.
    pub parent: Option<usize>,
}

/// The groups: the name, and the index of the parent.
const NAMED_GROUPS: [(&str, Option<usize>); 8] = [
    ("EMEA", None),
    ("APAC", None),
    ("Phones", Some(0)),
    ("Digital", Some(0)),
    ("Phones", Some(1)),
    ("Back office", Some(1)),
    ("Early birds", Some(2)),
    ("Night owls", Some(2)),
];

/// The groups that agents get in turn. Some are in a region without a team, and not all teams have squads.
const GROUP_ROTATION: [usize; 8] = [6, 7, 3, 4, 5, 3, 1, 4];

impl Hierarchy {
    /// Regions, teams and squads.
    pub(crate) fn new(seed: u64) -> Self {
        let levels = ["Region", "Team", "Squad"].into_iter().enumerate();
        let levels = levels.map(|(index, name)| HierarchyLevel {
            id: uuid(seed, "hierarchy-level", index),
            name: name.to_owned(),
        });
        let mut hierarchy = Self { levels: levels.collect(), groups: Vec::new() };
        for (index, (name, parent)) in NAMED_GROUPS.into_iter().enumerate() {
            let level = parent.map_or(0, |parent| hierarchy.groups[parent].level + 1);
            let id = uuid(seed, "hierarchy-group", index);
            hierarchy.groups.push(HierarchyGroup { id, name: name.to_owned(), level, parent });
        }
        hierarchy
    }

    /// The group of an agent.
    pub(crate) fn rotated_group(agent: usize) -> usize {
        GROUP_ROTATION[agent % GROUP_ROTATION.len()]
    }

    /// The group itself and those above it, by level.
    pub fn groups_of(&self, group: Option<usize>) -> [Option<usize>; LEVEL_COUNT] {
        let mut path = [None; LEVEL_COUNT];
        let mut next = group;
        while let Some((index, group)) = next.and_then(|i| Some((i, self.groups.get(i)?))) {
            path[group.level] = Some(index);
            next = group.parent;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_on_its_level_below_the_others() {
        let hierarchy = Hierarchy::new(7);
        assert_eq!(hierarchy.groups_of(None), [None; LEVEL_COUNT]);
        assert_eq!(hierarchy.groups_of(Some(1)), [Some(1), None, None, None, None]);
        assert_eq!(hierarchy.groups_of(Some(7)), [Some(0), Some(2), Some(7), None, None]);
        assert!(hierarchy.groups.iter().all(|group| group.level < hierarchy.levels.len()));
    }
}
