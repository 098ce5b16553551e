//! The agent hierarchy: the groups that agents belong to, level by level.

use crate::random::uuid;

/// The levels that a hierarchy may have (`DescribeUserHierarchyStructure`, `HierarchyStructure`).
pub(crate) const LEVELS: usize = 5;

/// The levels and groups that agents belong to.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// The levels that have a name, the topmost first.
    pub levels: Vec<HierarchyLevel>,
    /// The groups; a group stands after the one that it belongs to.
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
    /// The group that it belongs to, as an index.
    pub parent: Option<usize>,
}

/// Name, and the index of the group that it belongs to.
const GROUPS: [(&str, Option<usize>); 8] = [
    ("EMEA", None),
    ("APAC", None),
    ("Phones", Some(0)),
    ("Digital", Some(0)),
    ("Phones", Some(1)),
    ("Back office", Some(1)),
    ("Early birds", Some(2)),
    ("Night owls", Some(2)),
];

/// The groups that agents are in, in turns. Some are in a region without any team, and not all
/// teams have squads.
const TURNS: [usize; 8] = [6, 7, 3, 4, 5, 3, 1, 4];

impl Hierarchy {
    /// Regions, teams and squads.
    pub(crate) fn new(seed: u64) -> Self {
        let levels = ["Region", "Team", "Squad"].into_iter().enumerate();
        let levels = levels.map(|(index, name)| HierarchyLevel {
            id: uuid(seed, "hierarchy-level", index),
            name: name.to_owned(),
        });
        let mut hierarchy = Self { levels: levels.collect(), groups: Vec::new() };
        for (index, (name, parent)) in GROUPS.into_iter().enumerate() {
            let level = parent.map_or(0, |parent| hierarchy.groups[parent].level + 1);
            let id = uuid(seed, "hierarchy-group", index);
            hierarchy.groups.push(HierarchyGroup { id, name: name.to_owned(), level, parent });
        }
        hierarchy
    }

    /// The group that an agent is in.
    pub(crate) fn group_of_turn(agent: usize) -> usize {
        TURNS[agent % TURNS.len()]
    }

    /// The group itself and those that it belongs to, by level.
    pub fn groups_of(&self, group: Option<usize>) -> [Option<usize>; LEVELS] {
        let mut path = [None; LEVELS];
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
        assert_eq!(hierarchy.groups_of(None), [None; LEVELS]);
        assert_eq!(hierarchy.groups_of(Some(1)), [Some(1), None, None, None, None]);
        assert_eq!(hierarchy.groups_of(Some(7)), [Some(0), Some(2), Some(7), None, None]);
        assert!(hierarchy.groups.iter().all(|group| group.level < hierarchy.levels.len()));
    }
}
