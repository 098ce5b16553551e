//! The keys that figures are filtered and grouped by.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

/// A key that figures are filtered and grouped by (GetMetricDataV2, Filters and Groupings).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// `QUEUE`
    Queue,
    /// `CHANNEL`
    Channel,
    /// `ROUTING_PROFILE`
    RoutingProfile,
    /// `AGENT`
    Agent,
    /// `AGENT_HIERARCHY_LEVEL_ONE` to `_FIVE`
    Hierarchy(HierarchyLevel),
    /// A key whose values have no names of their own.
    Other(Arc<str>),
}

/// A level of the agent hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HierarchyLevel {
    /// The top level.
    One,
    /// The level under it.
    Two,
    /// The third level.
    Three,
    /// The fourth level.
    Four,
    /// The lowest level.
    Five,
}

impl Dimension {
    /// The dimension with this API key.
    pub fn of_key(key: &str) -> Self {
        match key {
            "QUEUE" => Self::Queue,
            "CHANNEL" => Self::Channel,
            "ROUTING_PROFILE" => Self::RoutingProfile,
            "AGENT" => Self::Agent,
            _ => HierarchyLevel::ALL
                .into_iter()
                .find(|level| level.key() == key)
                .map_or_else(|| Self::Other(key.into()), Self::Hierarchy),
        }
    }

    /// The API's key.
    pub fn key(&self) -> &str {
        match self {
            Self::Queue => "QUEUE",
            Self::Channel => "CHANNEL",
            Self::RoutingProfile => "ROUTING_PROFILE",
            Self::Agent => "AGENT",
            Self::Hierarchy(level) => level.key(),
            Self::Other(key) => key,
        }
    }

    /// The heading that people read.
    pub fn title(&self) -> Cow<'static, str> {
        match self {
            Self::Queue => "Queue".into(),
            Self::Channel => "Channel".into(),
            Self::RoutingProfile => "Routing profile".into(),
            Self::Agent => "Agent".into(),
            Self::Hierarchy(level) => level.title().into(),
            Self::Other(key) => title_of(key).into(),
        }
    }

    /// The word for several of them, if there is one.
    pub fn plural(&self) -> Option<&'static str> {
        match self {
            Self::Queue => Some("queues"),
            Self::Channel => Some("channels"),
            Self::RoutingProfile => Some("routing profiles"),
            Self::Agent => Some("agents"),
            Self::Hierarchy(_) | Self::Other(_) => None,
        }
    }

    /// Tells whether the service lists what an instance has of it, with names. A key without a list, such as
    /// channels, is its own name.
    pub fn has_list(&self) -> bool {
        matches!(self, Self::Queue | Self::RoutingProfile | Self::Agent | Self::Hierarchy(_))
    }

    /// The kind of resource in the ARNs of what it names, where the caller's permission is checked on
    /// that: the word before their id (service authorization reference of Amazon Connect). Evaluators
    /// are users, as agents are.
    pub fn resource(&self) -> Option<&'static str> {
        match self {
            Self::Queue => Some("queue"),
            Self::RoutingProfile => Some("routing-profile"),
            Self::Agent => Some("agent"),
            Self::Hierarchy(_) => Some("agent-group"),
            Self::Other(key) if &**key == "EVALUATOR_ID" => Some("agent"),
            Self::Channel | Self::Other(_) => None,
        }
    }
}

impl HierarchyLevel {
    /// The levels, the topmost first.
    pub const ALL: [Self; 5] = [Self::One, Self::Two, Self::Three, Self::Four, Self::Five];

    fn key(self) -> &'static str {
        match self {
            Self::One => "AGENT_HIERARCHY_LEVEL_ONE",
            Self::Two => "AGENT_HIERARCHY_LEVEL_TWO",
            Self::Three => "AGENT_HIERARCHY_LEVEL_THREE",
            Self::Four => "AGENT_HIERARCHY_LEVEL_FOUR",
            Self::Five => "AGENT_HIERARCHY_LEVEL_FIVE",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::One => "Agent hierarchy level 1",
            Self::Two => "Agent hierarchy level 2",
            Self::Three => "Agent hierarchy level 3",
            Self::Four => "Agent hierarchy level 4",
            Self::Five => "Agent hierarchy level 5",
        }
    }
}

/// `Disconnect reason` of `DISCONNECT_REASON`, `Subtype` of `contact/…/connect:Subtype`.
fn title_of(key: &str) -> String {
    const CAPITALS: [&str; 4] = ["AI", "ARN", "ID", "Q"];
    let last = key.rsplit([':', '/']).next().unwrap_or(key);
    let words = last.split('_').enumerate().map(|(index, word)| match word.split_at_checked(1) {
        _ if CAPITALS.contains(&word) => word.to_owned(),
        Some((first, rest)) if index == 0 => format!("{first}{}", rest.to_lowercase()),
        _ => word.to_lowercase(),
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Serialize for Dimension {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_service() {
        for (key, title) in [
            ("QUEUE", "Queue"),
            ("AGENT_HIERARCHY_LEVEL_FOUR", "Agent hierarchy level 4"),
            ("DISCONNECT_REASON", "Disconnect reason"),
            ("AI_AGENT_ID", "AI agent ID"),
            ("contact/segmentAttributes/connect:Subtype", "Subtype"),
            ("", ""),
        ] {
            let dimension = Dimension::of_key(key);
            assert_eq!((dimension.key(), dimension.title().as_ref()), (key, title));
        }
    }
}
