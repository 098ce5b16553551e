//! The operations of AWS that the simulator has.

use std::fmt;
use std::str::FromStr;

/// The operations of AWS that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Amazon Connect: the figures.
    GetMetricDataV2,
    /// Amazon Connect: the queues.
    ListQueues,
    /// Amazon Connect: the routing profiles.
    ListRoutingProfiles,
    /// Amazon Connect: the agents.
    ListUsers,
    /// Amazon Connect: the groups of the agent hierarchy.
    ListUserHierarchyGroups,
    /// Amazon Connect: the levels of the agent hierarchy.
    DescribeUserHierarchyStructure,
    /// Amazon Connect: the queues by name and tag, with their tags.
    SearchQueues,
    /// Amazon Connect: the agents by name and group, with their names and groups.
    SearchUsers,
    /// Amazon Connect: the groups by name and level, with the groups that they belong to.
    SearchUserHierarchyGroups,
    /// Amazon SES v2: a message.
    SendEmail,
}

/// The error of a text that names no operation of the simulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulator has no operation {0:?}; it has {names}", names = Operation::name_list())]
pub struct UnknownOperation(pub String);

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::GetMetricDataV2,
        Self::ListQueues,
        Self::ListRoutingProfiles,
        Self::ListUsers,
        Self::ListUserHierarchyGroups,
        Self::DescribeUserHierarchyStructure,
        Self::SearchQueues,
        Self::SearchUsers,
        Self::SearchUserHierarchyGroups,
        Self::SendEmail,
    ];

    /// The API's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetMetricDataV2 => "GetMetricDataV2",
            Self::ListQueues => "ListQueues",
            Self::ListRoutingProfiles => "ListRoutingProfiles",
            Self::ListUsers => "ListUsers",
            Self::ListUserHierarchyGroups => "ListUserHierarchyGroups",
            Self::DescribeUserHierarchyStructure => "DescribeUserHierarchyStructure",
            Self::SearchQueues => "SearchQueues",
            Self::SearchUsers => "SearchUsers",
            Self::SearchUserHierarchyGroups => "SearchUserHierarchyGroups",
            Self::SendEmail => "SendEmail",
        }
    }

    /// True for an operation whose answers come in pages.
    pub(crate) fn has_pages(self) -> bool {
        !matches!(self, Self::DescribeUserHierarchyStructure | Self::SendEmail)
    }

    fn name_list() -> String {
        let names: Vec<_> = Self::ALL.iter().map(|operation| operation.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.as_str() == text)
            .ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_known_by_the_names_of_the_api() {
        for operation in Operation::ALL {
            assert_eq!(operation.to_string().parse(), Ok(*operation));
        }
        assert!("GetMetricData".parse::<Operation>().is_err());
    }
}
