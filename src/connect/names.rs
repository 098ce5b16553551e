//! The names of queues, routing profiles, agents and hierarchy groups, in the largest pages.

use std::collections::BTreeMap;
use std::future::Future;

use aws_sdk_connect::types::{
    HierarchyGroup, HierarchyGroupSummary, HierarchyLevel as Level, HierarchyPath,
    HierarchyStructure, Queue, QueueSearchCriteria, QueueStatus, QueueType, SearchableQueueType,
    UserSearchSummary,
};

use super::calls::{Calls, required_member};
use crate::definition::{Dimension, HierarchyLevel};
use crate::error::{Error, Stage};
use crate::pages::{Pages, Unread};
use crate::plan::{Directory, DirectoryEntry};
use crate::rate_limit::RateKey;

/// A list of names that is read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameList {
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

impl NameList {
    /// The lists of everything that filters can name.
    pub const ALL: [Self; 4] =
        [Self::SearchedQueues, Self::RoutingProfiles, Self::Agents, Self::Hierarchy];

    /// The list of a dimension, where it has one. Queues are searched where their tags or states are needed,
    /// and listed otherwise.
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

/// The entries of the largest pages of lists, of searches, and of searches for groups (MaxResults).
const LIST_PAGE_SIZE: i32 = 1000;
const SEARCH_PAGE_SIZE: i32 = 500;
const GROUP_PAGE_SIZE: i32 = 100;

const LIST_QUEUES: &str = "connect:ListQueues";
const SEARCH_QUEUES: &str = "connect:SearchQueues";
const LIST_ROUTING_PROFILES: &str = "connect:ListRoutingProfiles";
const SEARCH_USERS: &str = "connect:SearchUsers";
const DESCRIBE_LEVELS: &str = "connect:DescribeUserHierarchyStructure";
const SEARCH_GROUPS: &str = "connect:SearchUserHierarchyGroups";

/// The entries of one page, and the token of the next one.
type ListPage<T> = (Vec<T>, Option<String>);

/// Reads a list.
pub(super) async fn fetch_names(calls: Calls<'_>, list: NameList) -> Result<Directory, Error> {
    let (dimension, entries) = match list {
        NameList::Queues => {
            (Dimension::Queue, fetch_pages(LIST_QUEUES, |token| queue_page(calls, token)).await?)
        }
        NameList::SearchedQueues => (
            Dimension::Queue,
            fetch_pages(SEARCH_QUEUES, |token| searched_queue_page(calls, token)).await?,
        ),
        NameList::RoutingProfiles => {
            let profiles =
                fetch_pages(LIST_ROUTING_PROFILES, |token| routing_profile_page(calls, token))
                    .await?;
            (Dimension::RoutingProfile, profiles)
        }
        NameList::Agents => {
            (Dimension::Agent, fetch_pages(SEARCH_USERS, |token| agent_page(calls, token)).await?)
        }
        NameList::Hierarchy => return fetch_hierarchy(calls).await,
    };
    let mut directory = Directory::default();
    directory.insert(dimension, entries);
    Ok(directory)
}

/// Reads the pages of a list to the end.
async fn fetch_pages<T, F>(
    operation: &'static str,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<ListPage<T>, Unread>>,
{
    let mut all = Vec::new();
    let mut pages = Pages::new(operation, Stage::Query);
    loop {
        match page(pages.next_token()).await {
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

/// Reads a page of standard queues. Every agent has a queue too, which GetMetricDataV2 does not support.
async fn queue_page(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<ListPage<DirectoryEntry>, Unread> {
    let request = calls
        .client
        .list_queues()
        .instance_id(calls.instance.id())
        .queue_types(QueueType::Standard);
    let request = request.max_results(LIST_PAGE_SIZE).set_next_token(token);
    let key = RateKey::list(calls.instance, LIST_QUEUES);
    let page = calls.paced(key, LIST_QUEUES, || Box::pin(request.clone().send())).await?;
    let found = required_member(LIST_QUEUES, "QueueSummaryList", page.queue_summary_list)?;
    let found = found.iter().map(|queue| named_entry(LIST_QUEUES, queue.id(), queue.name()));
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

async fn searched_queue_page(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<ListPage<DirectoryEntry>, Unread> {
    let standard =
        QueueSearchCriteria::builder().queue_type_condition(SearchableQueueType::Standard);
    let request = calls
        .client
        .search_queues()
        .instance_id(calls.instance.id())
        .search_criteria(standard.build());
    let request = request.max_results(SEARCH_PAGE_SIZE).set_next_token(token);
    let key = RateKey::list(calls.instance, SEARCH_QUEUES);
    let page = calls.paced(key, SEARCH_QUEUES, || Box::pin(request.clone().send())).await?;
    let found = required_member(SEARCH_QUEUES, "Queues", page.queues)?;
    let found = found.iter().map(searched_queue_entry);
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

fn searched_queue_entry(queue: &Queue) -> Result<DirectoryEntry, Error> {
    let tags = queue.tags().into_iter().flatten();
    let tags = tags.map(|(key, value)| (key.clone(), value.clone())).collect();
    let is_disabled = queue.status() == Some(&QueueStatus::Disabled);
    let entry = named_entry(SEARCH_QUEUES, queue.queue_id(), queue.name())?;
    Ok(DirectoryEntry { tags, is_disabled, ..entry })
}

async fn routing_profile_page(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<ListPage<DirectoryEntry>, Unread> {
    let request = calls.client.list_routing_profiles().instance_id(calls.instance.id());
    let request = request.max_results(LIST_PAGE_SIZE).set_next_token(token);
    let key = RateKey::list(calls.instance, LIST_ROUTING_PROFILES);
    let page = calls.paced(key, LIST_ROUTING_PROFILES, || Box::pin(request.clone().send())).await?;
    let found = required_member(
        LIST_ROUTING_PROFILES,
        "RoutingProfileSummaryList",
        page.routing_profile_summary_list,
    )?;
    let found = found
        .iter()
        .map(|profile| named_entry(LIST_ROUTING_PROFILES, profile.id(), profile.name()));
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

async fn agent_page(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<ListPage<DirectoryEntry>, Unread> {
    let request = calls.client.search_users().instance_id(calls.instance.id());
    let request = request.max_results(SEARCH_PAGE_SIZE).set_next_token(token);
    let key = RateKey::list(calls.instance, SEARCH_USERS);
    let page = calls.paced(key, SEARCH_USERS, || Box::pin(request.clone().send())).await?;
    let found = required_member(SEARCH_USERS, "Users", page.users)?;
    let found = found.iter().map(agent_entry);
    Ok((found.collect::<Result<_, _>>()?, page.next_token))
}

/// The entry of an agent, who has first and last name, one of them, or none.
fn agent_entry(user: &UserSearchSummary) -> Result<DirectoryEntry, Error> {
    let names = user.identity_info().map(|names| [names.first_name(), names.last_name()]);
    let names = names.into_iter().flatten().flatten().map(str::trim);
    let full: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let full = full.join(" ");
    let user_name = user.username().filter(|name| !name.is_empty());
    let name = Some(full.as_str()).filter(|full| !full.is_empty()).or(user_name);
    let entry = named_entry(SEARCH_USERS, user.id(), name)?;
    Ok(DirectoryEntry { user_name: user_name.map(ToOwned::to_owned), ..entry })
}

/// Reads the groups of all levels in one search, because a search for each would not take fewer pages.
async fn fetch_hierarchy(calls: Calls<'_>) -> Result<Directory, Error> {
    let answered = fetch_levels(calls).await?;
    // Without a level there is no group either.
    let groups = match &answered {
        Some(levels) if levels.is_empty() => Vec::new(),
        _ => fetch_pages(SEARCH_GROUPS, |token| group_page(calls, token)).await?,
    };
    // An instance without a hierarchy may be answered without a structure, but has no groups.
    let levels = match answered {
        None if groups.is_empty() => BTreeMap::new(),
        answered => required_member(DESCRIBE_LEVELS, "HierarchyStructure", answered)?,
    };
    let mut entries: BTreeMap<Dimension, Vec<DirectoryEntry>> =
        levels.values().map(|(level, _)| (level.clone(), Vec::new())).collect();
    for group in &groups {
        let level = required_member(SEARCH_GROUPS, "LevelId of a group", group.level_id())?;
        // Figures of a former level can't be requested.
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

/// The levels by id, each with its dimension and its name.
type Levels = BTreeMap<String, (Dimension, String)>;

/// The levels, if the answer has a structure.
async fn fetch_levels(calls: Calls<'_>) -> Result<Option<Levels>, Error> {
    let request = calls.client.describe_user_hierarchy_structure().instance_id(calls.instance.id());
    let key = RateKey::list(calls.instance, DESCRIBE_LEVELS);
    let answer = calls.paced(key, DESCRIBE_LEVELS, || Box::pin(request.clone().send())).await;
    let answer = answer.map_err(Unread::into_error)?;
    let Some(structure) = answer.hierarchy_structure() else { return Ok(None) };
    let mut levels = Levels::new();
    for (level, found) in HierarchyLevel::ALL.into_iter().zip(levels_of(structure)) {
        if let Some(found) = found {
            let DirectoryEntry { id, name, .. } =
                named_entry(DESCRIBE_LEVELS, found.id(), found.name())?;
            levels.insert(id, (Dimension::Hierarchy(level), name));
        }
    }
    Ok(Some(levels))
}

fn levels_of(structure: &HierarchyStructure) -> [Option<&Level>; 5] {
    [
        structure.level_one(),
        structure.level_two(),
        structure.level_three(),
        structure.level_four(),
        structure.level_five(),
    ]
}

async fn group_page(
    calls: Calls<'_>,
    token: Option<String>,
) -> Result<ListPage<HierarchyGroup>, Unread> {
    let request = calls.client.search_user_hierarchy_groups().instance_id(calls.instance.id());
    let request = request.max_results(GROUP_PAGE_SIZE).set_next_token(token);
    let key = RateKey::list(calls.instance, SEARCH_GROUPS);
    let page = calls.paced(key, SEARCH_GROUPS, || Box::pin(request.clone().send())).await?;
    let found = required_member(SEARCH_GROUPS, "UserHierarchyGroups", page.user_hierarchy_groups)?;
    Ok((found, page.next_token))
}

/// The entry of a group. Its path in the answer holds the group itself as well as those above it.
fn group_entry(group: &HierarchyGroup, level: &Dimension) -> Result<DirectoryEntry, Error> {
    let entry = named_entry(SEARCH_GROUPS, group.id(), group.name())?;
    let path = match group.hierarchy_path() {
        // A group on the first level has no group above it.
        None if *level == Dimension::Hierarchy(HierarchyLevel::One) => return Ok(entry),
        path => required_member(SEARCH_GROUPS, "HierarchyPath of a group", path)?,
    };
    let mut above = Vec::new();
    for member in path_groups(path).into_iter().flatten() {
        let DirectoryEntry { id, name, .. } =
            named_entry(SEARCH_GROUPS, member.id(), member.name())?;
        if id != entry.id {
            above.push(name);
        }
    }
    Ok(DirectoryEntry { path: above, ..entry })
}

fn path_groups(path: &HierarchyPath) -> [Option<&HierarchyGroupSummary>; 5] {
    [path.level_one(), path.level_two(), path.level_three(), path.level_four(), path.level_five()]
}

/// An entry with its name, or with its id where it has none; an id is required.
fn named_entry(
    operation: &str,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<DirectoryEntry, Error> {
    let id = required_member(operation, "Id of an entry", id.filter(|id| !id.is_empty()))?;
    Ok(DirectoryEntry::new(id, name.filter(|name| !name.is_empty()).unwrap_or(id)))
}
