//! The names of queues, routing profiles, agents and hierarchy groups, in the largest pages.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use aws_sdk_connect::types::{
    HierarchyGroup, HierarchyPath, HierarchyStructure, Queue, QueueSearchCriteria, QueueStatus,
    QueueType, SearchableQueueType, UserSearchSummary,
};

use super::{Calls, Key, next_page};
use crate::definition::{Dimension, HierarchyLevel};
use crate::error::Error;
use crate::plan::{Directory, Entry};

/// A list of names that is read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// The queues (`ListQueues`).
    Queues,
    /// The queues with their tags and whether they are disabled (`SearchQueues`).
    SearchedQueues,
    /// The routing profiles (`ListRoutingProfiles`).
    RoutingProfiles,
    /// The agents with first, last and user names (`SearchUsers`).
    Agents,
    /// The groups on all levels (`DescribeUserHierarchyStructure`, `SearchUserHierarchyGroups`).
    Hierarchy,
}

impl List {
    /// All that filters can name.
    pub const ALL: [Self; 4] =
        [Self::SearchedQueues, Self::RoutingProfiles, Self::Agents, Self::Hierarchy];

    /// The list of a dimension, where it has one; queues are searched where their tags or states are
    /// needed, and listed otherwise.
    pub fn of(dimension: &Dimension, searched: bool) -> Option<Self> {
        match dimension {
            Dimension::Queue if searched => Some(Self::SearchedQueues),
            Dimension::Queue => Some(Self::Queues),
            Dimension::RoutingProfile => Some(Self::RoutingProfiles),
            Dimension::Agent => Some(Self::Agents),
            Dimension::Hierarchy(_) => Some(Self::Hierarchy),
            Dimension::Channel | Dimension::Other(_) => None,
        }
    }
}

/// The largest pages: of what is listed, of what is searched for, and of groups.
const LISTED: i32 = 1000;
const FOUND: i32 = 500;
const GROUPS_FOUND: i32 = 100;

const QUEUES: &str = "connect:ListQueues";
const SEARCHED_QUEUES: &str = "connect:SearchQueues";
const ROUTING_PROFILES: &str = "connect:ListRoutingProfiles";
const AGENTS: &str = "connect:SearchUsers";
const LEVELS: &str = "connect:DescribeUserHierarchyStructure";
const GROUPS: &str = "connect:SearchUserHierarchyGroups";

/// One page: what stands on it, and the token of the next one.
type Page<T> = (Vec<T>, Option<String>);

/// Reads a list.
pub(super) async fn fetch(calls: Calls<'_>, list: List) -> Result<Directory, Error> {
    let (dimension, entries) = match list {
        List::Queues => (Dimension::Queue, all(QUEUES, |token| queues(calls, token)).await?),
        List::SearchedQueues => {
            (Dimension::Queue, all(SEARCHED_QUEUES, |token| searched_queues(calls, token)).await?)
        }
        List::RoutingProfiles => {
            let profiles = all(ROUTING_PROFILES, |token| routing_profiles(calls, token)).await?;
            (Dimension::RoutingProfile, profiles)
        }
        List::Agents => (Dimension::Agent, all(AGENTS, |token| agents(calls, token)).await?),
        List::Hierarchy => return hierarchy(calls).await,
    };
    let mut directory = Directory::default();
    directory.insert(dimension, entries);
    Ok(directory)
}

/// Follows the pages to the end.
async fn all<T, F>(operation: &str, page: impl Fn(Option<String>) -> F) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<Page<T>, Error>>,
{
    let (mut all, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let (found, next) = page(token).await?;
        all.extend(found);
        token = next_page(operation, &mut seen, next.as_deref())?;
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// Standard queues only: every agent has a queue too, and GetMetricDataV2 does not support those.
async fn queues(calls: Calls<'_>, token: Option<String>) -> Result<Page<Entry>, Error> {
    let request = calls
        .connect
        .client
        .list_queues()
        .instance_id(calls.instance.id())
        .queue_types(QueueType::Standard);
    let request = request.max_results(LISTED).set_next_token(token);
    let key = Key::list(calls.instance, QUEUES);
    let page = calls.paced(key, QUEUES, || request.clone().send()).await?;
    let found =
        page.queue_summary_list().iter().filter_map(|queue| named(queue.id(), queue.name()));
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

async fn searched_queues(calls: Calls<'_>, token: Option<String>) -> Result<Page<Entry>, Error> {
    let standard =
        QueueSearchCriteria::builder().queue_type_condition(SearchableQueueType::Standard);
    let request = calls
        .connect
        .client
        .search_queues()
        .instance_id(calls.instance.id())
        .search_criteria(standard.build());
    let request = request.max_results(FOUND).set_next_token(token);
    let key = Key::list(calls.instance, SEARCHED_QUEUES);
    let page = calls.paced(key, SEARCHED_QUEUES, || request.clone().send()).await?;
    let found = page.queues().iter().filter_map(searched_queue);
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

fn searched_queue(queue: &Queue) -> Option<Entry> {
    let tags = queue.tags().into_iter().flatten();
    let tags = tags.map(|(key, value)| (key.clone(), value.clone())).collect();
    let is_disabled = queue.status() == Some(&QueueStatus::Disabled);
    Some(Entry { tags, is_disabled, ..named(queue.queue_id(), queue.name())? })
}

async fn routing_profiles(calls: Calls<'_>, token: Option<String>) -> Result<Page<Entry>, Error> {
    let request = calls.connect.client.list_routing_profiles().instance_id(calls.instance.id());
    let request = request.max_results(LISTED).set_next_token(token);
    let key = Key::list(calls.instance, ROUTING_PROFILES);
    let page = calls.paced(key, ROUTING_PROFILES, || request.clone().send()).await?;
    let found = page.routing_profile_summary_list().iter();
    let found = found.filter_map(|profile| named(profile.id(), profile.name()));
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

async fn agents(calls: Calls<'_>, token: Option<String>) -> Result<Page<Entry>, Error> {
    let request = calls.connect.client.search_users().instance_id(calls.instance.id());
    let request = request.max_results(FOUND).set_next_token(token);
    let key = Key::list(calls.instance, AGENTS);
    let page = calls.paced(key, AGENTS, || request.clone().send()).await?;
    let found = page.users().iter().filter_map(agent);
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

/// An agent has first and last name, one of them, or none.
fn agent(user: &UserSearchSummary) -> Option<Entry> {
    let names = user.identity_info().map(|names| [names.first_name(), names.last_name()]);
    let names = names.into_iter().flatten().flatten().map(str::trim);
    let full: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let (full, user_name) = (full.join(" "), user.username().filter(|name| !name.is_empty()));
    let name = Some(full.as_str()).filter(|full| !full.is_empty()).or(user_name);
    Some(Entry { user_name: user_name.map(ToOwned::to_owned), ..named(user.id(), name)? })
}

/// All levels in one search, because a search for each would not take fewer pages.
async fn hierarchy(calls: Calls<'_>) -> Result<Directory, Error> {
    let levels = levels(calls).await?;
    // Without a level there is no group either.
    let groups = match levels.is_empty() {
        true => Vec::new(),
        false => all(GROUPS, |token| groups(calls, token)).await?,
    };
    let mut entries: BTreeMap<Dimension, Vec<Entry>> =
        levels.values().map(|(level, _)| (level.clone(), Vec::new())).collect();
    for group in &groups {
        let level = group.level_id().and_then(|id| levels.get(id));
        let entries = level.and_then(|(level, _)| entries.get_mut(level));
        if let (Some(entries), Some(entry)) = (entries, group_entry(group)) {
            entries.push(entry);
        }
    }
    let mut directory = Directory::default();
    for (level, entries) in entries {
        directory.insert(level, entries);
    }
    directory.set_levels(levels.into_values().collect());
    Ok(directory)
}

/// By id, which level it is and what it is called.
async fn levels(calls: Calls<'_>) -> Result<BTreeMap<String, (Dimension, String)>, Error> {
    let request =
        calls.connect.client.describe_user_hierarchy_structure().instance_id(calls.instance.id());
    let key = Key::list(calls.instance, LEVELS);
    let answer = calls.paced(key, LEVELS, || request.clone().send()).await?;
    let levels = answer.hierarchy_structure().map(in_order).unwrap_or_default();
    let levels = HierarchyLevel::ALL.into_iter().zip(levels).filter_map(|(level, found)| {
        let Entry { id, name, .. } = found?;
        Some((id, (Dimension::Hierarchy(level), name)))
    });
    Ok(levels.collect())
}

fn in_order(structure: &HierarchyStructure) -> [Option<Entry>; 5] {
    let levels = [
        structure.level_one(),
        structure.level_two(),
        structure.level_three(),
        structure.level_four(),
        structure.level_five(),
    ];
    levels.map(|level| level.and_then(|level| named(level.id(), level.name())))
}

async fn groups(calls: Calls<'_>, token: Option<String>) -> Result<Page<HierarchyGroup>, Error> {
    let request =
        calls.connect.client.search_user_hierarchy_groups().instance_id(calls.instance.id());
    let request = request.max_results(GROUPS_FOUND).set_next_token(token);
    let key = Key::list(calls.instance, GROUPS);
    let page = calls.paced(key, GROUPS, || request.clone().send()).await?;
    let next = page.next_token().map(ToOwned::to_owned);
    Ok((page.user_hierarchy_groups.unwrap_or_default(), next))
}

/// The path of a group holds the group itself as well as those above it.
fn group_entry(group: &HierarchyGroup) -> Option<Entry> {
    let entry = named(group.id(), group.name())?;
    let path = group.hierarchy_path().map(groups_of).unwrap_or_default().into_iter().flatten();
    let above = path.filter(|(id, _)| *id != entry.id).map(|(_, name)| name).collect();
    Some(Entry { path: above, ..entry })
}

fn groups_of(path: &HierarchyPath) -> [Option<(String, String)>; 5] {
    let groups = [
        path.level_one(),
        path.level_two(),
        path.level_three(),
        path.level_four(),
        path.level_five(),
    ];
    groups.map(|group| {
        let Entry { id, name, .. } = group.and_then(|group| named(group.id(), group.name()))?;
        Some((id, name))
    })
}

/// What has no name is shown by its id.
fn named(id: Option<&str>, name: Option<&str>) -> Option<Entry> {
    let id = id?;
    Some(Entry::new(id, name.filter(|name| !name.is_empty()).unwrap_or(id)))
}
