//! The names of queues, routing profiles, agents and hierarchy groups, in the largest pages.

use std::collections::BTreeMap;
use std::future::Future;

use aws_sdk_connect::types::{
    HierarchyGroup, HierarchyGroupSummary, HierarchyLevel as Level, HierarchyPath,
    HierarchyStructure, Queue, QueueSearchCriteria, QueueStatus, QueueType, SearchableQueueType,
    UserSearchSummary,
};

use super::calls::{Calls, there};
use crate::definition::{Dimension, HierarchyLevel};
use crate::error::{Error, Stage};
use crate::pages::{Pages, Unread};
use crate::plan::{Directory, DirectoryEntry};
use crate::rate_limit::Key;

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
    pub fn for_dimension(dimension: &Dimension, searched: bool) -> Option<Self> {
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
async fn all<T, F>(
    operation: &'static str,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<Page<T>, Unread>>,
{
    let mut all = Vec::new();
    let mut pages = Pages::new(operation, Stage::Query);
    loop {
        match page(pages.token()).await {
            Ok((found, next)) => {
                all.extend(found);
                if !pages.go_on(next.as_deref())? {
                    return Ok(all);
                }
            }
            Err(unread) => {
                pages.begin_anew(unread)?;
                all.clear();
            }
        }
    }
}

/// Standard queues only: every agent has a queue too, and GetMetricDataV2 does not support those.
async fn queues(calls: Calls<'_>, token: Option<String>) -> Result<Page<DirectoryEntry>, Unread> {
    let request = calls
        .client
        .list_queues()
        .instance_id(calls.instance.id())
        .queue_types(QueueType::Standard);
    let request = request.max_results(LISTED).set_next_token(token);
    let key = Key::list(calls.instance, QUEUES);
    let page = calls.paced(key, QUEUES, || Box::pin(request.clone().send())).await?;
    let found = there(QUEUES, "QueueSummaryList", page.queue_summary_list)?;
    let found = found.iter().map(|queue| named(QUEUES, queue.id(), queue.name()));
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

async fn searched_queues(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<Page<DirectoryEntry>, Unread> {
    let standard =
        QueueSearchCriteria::builder().queue_type_condition(SearchableQueueType::Standard);
    let request = calls
        .client
        .search_queues()
        .instance_id(calls.instance.id())
        .search_criteria(standard.build());
    let request = request.max_results(FOUND).set_next_token(token);
    let key = Key::list(calls.instance, SEARCHED_QUEUES);
    let page = calls.paced(key, SEARCHED_QUEUES, || Box::pin(request.clone().send())).await?;
    let found = there(SEARCHED_QUEUES, "Queues", page.queues)?;
    let found = found.iter().map(searched_queue);
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

fn searched_queue(queue: &Queue) -> Result<DirectoryEntry, Error> {
    let tags = queue.tags().into_iter().flatten();
    let tags = tags.map(|(key, value)| (key.clone(), value.clone())).collect();
    let is_disabled = queue.status() == Some(&QueueStatus::Disabled);
    let entry = named(SEARCHED_QUEUES, queue.queue_id(), queue.name())?;
    Ok(DirectoryEntry { tags, is_disabled, ..entry })
}

async fn routing_profiles(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<Page<DirectoryEntry>, Unread> {
    let request = calls.client.list_routing_profiles().instance_id(calls.instance.id());
    let request = request.max_results(LISTED).set_next_token(token);
    let key = Key::list(calls.instance, ROUTING_PROFILES);
    let page = calls.paced(key, ROUTING_PROFILES, || Box::pin(request.clone().send())).await?;
    let found =
        there(ROUTING_PROFILES, "RoutingProfileSummaryList", page.routing_profile_summary_list)?;
    let found = found.iter().map(|profile| named(ROUTING_PROFILES, profile.id(), profile.name()));
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

async fn agents(calls: Calls<'_>, token: Option<String>) -> Result<Page<DirectoryEntry>, Unread> {
    let request = calls.client.search_users().instance_id(calls.instance.id());
    let request = request.max_results(FOUND).set_next_token(token);
    let key = Key::list(calls.instance, AGENTS);
    let page = calls.paced(key, AGENTS, || Box::pin(request.clone().send())).await?;
    let found = there(AGENTS, "Users", page.users)?;
    let found = found.iter().map(agent);
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

/// An agent has first and last name, one of them, or none.
fn agent(user: &UserSearchSummary) -> Result<DirectoryEntry, Error> {
    let names = user.identity_info().map(|names| [names.first_name(), names.last_name()]);
    let names = names.into_iter().flatten().flatten().map(str::trim);
    let full: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let full = full.join(" ");
    let user_name = user.username().filter(|name| !name.is_empty());
    let name = Some(full.as_str()).filter(|full| !full.is_empty()).or(user_name);
    let entry = named(AGENTS, user.id(), name)?;
    Ok(DirectoryEntry { user_name: user_name.map(ToOwned::to_owned), ..entry })
}

/// All levels in one search, because a search for each would not take fewer pages.
async fn hierarchy(calls: Calls<'_>) -> Result<Directory, Error> {
    let told = levels(calls).await?;
    // Without a level there is no group either.
    let groups = match &told {
        Some(levels) if levels.is_empty() => Vec::new(),
        _ => all(GROUPS, |token| groups(calls, token)).await?,
    };
    // An instance without a hierarchy may be answered without a structure, but has no groups.
    let levels = match told {
        None if groups.is_empty() => BTreeMap::new(),
        told => there(LEVELS, "HierarchyStructure", told)?,
    };
    let mut entries: BTreeMap<Dimension, Vec<DirectoryEntry>> =
        levels.values().map(|(level, _)| (level.clone(), Vec::new())).collect();
    for group in &groups {
        let level = there(GROUPS, "LevelId of a group", group.level_id())?;
        // On what is no level any more nothing can be asked.
        let Some((level, _)) = levels.get(level) else { continue };
        let entry = group_entry(group, level)?;
        if let Some(entries) = entries.get_mut(level) {
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

/// The levels by id: which of the five each is, and what it is called.
type Levels = BTreeMap<String, (Dimension, String)>;

/// The levels, if the answer has a structure.
async fn levels(calls: Calls<'_>) -> Result<Option<Levels>, Error> {
    let request = calls.client.describe_user_hierarchy_structure().instance_id(calls.instance.id());
    let key = Key::list(calls.instance, LEVELS);
    let answer = calls.paced(key, LEVELS, || Box::pin(request.clone().send())).await;
    let answer = answer.map_err(Unread::into_error)?;
    let Some(structure) = answer.hierarchy_structure() else { return Ok(None) };
    let mut levels = Levels::new();
    for (level, found) in HierarchyLevel::ALL.into_iter().zip(in_order(structure)) {
        if let Some(found) = found {
            let DirectoryEntry { id, name, .. } = named(LEVELS, found.id(), found.name())?;
            levels.insert(id, (Dimension::Hierarchy(level), name));
        }
    }
    Ok(Some(levels))
}

fn in_order(structure: &HierarchyStructure) -> [Option<&Level>; 5] {
    [
        structure.level_one(),
        structure.level_two(),
        structure.level_three(),
        structure.level_four(),
        structure.level_five(),
    ]
}

async fn groups(calls: Calls<'_>, token: Option<String>) -> Result<Page<HierarchyGroup>, Unread> {
    let request = calls.client.search_user_hierarchy_groups().instance_id(calls.instance.id());
    let request = request.max_results(GROUPS_FOUND).set_next_token(token);
    let key = Key::list(calls.instance, GROUPS);
    let page = calls.paced(key, GROUPS, || Box::pin(request.clone().send())).await?;
    let found = there(GROUPS, "UserHierarchyGroups", page.user_hierarchy_groups)?;
    Ok((found, page.next_token))
}

/// The path of a group holds the group itself as well as those above it.
fn group_entry(group: &HierarchyGroup, level: &Dimension) -> Result<DirectoryEntry, Error> {
    let entry = named(GROUPS, group.id(), group.name())?;
    let path = match group.hierarchy_path() {
        // On the first level nothing is above it.
        None if *level == Dimension::Hierarchy(HierarchyLevel::One) => return Ok(entry),
        path => there(GROUPS, "HierarchyPath of a group", path)?,
    };
    let mut above = Vec::new();
    for member in groups_on(path).into_iter().flatten() {
        let DirectoryEntry { id, name, .. } = named(GROUPS, member.id(), member.name())?;
        if id != entry.id {
            above.push(name);
        }
    }
    Ok(DirectoryEntry { path: above, ..entry })
}

fn groups_on(path: &HierarchyPath) -> [Option<&HierarchyGroupSummary>; 5] {
    [path.level_one(), path.level_two(), path.level_three(), path.level_four(), path.level_five()]
}

/// An entry without a name is shown by its id; without one nobody could say what it is.
fn named(operation: &str, id: Option<&str>, name: Option<&str>) -> Result<DirectoryEntry, Error> {
    let id = there(operation, "Id of an entry", id.filter(|id| !id.is_empty()))?;
    Ok(DirectoryEntry::new(id, name.filter(|name| !name.is_empty()).unwrap_or(id)))
}
