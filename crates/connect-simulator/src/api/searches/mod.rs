//! The searches `SearchQueues`, `SearchUsers` and `SearchUserHierarchyGroups`, which answer more than the lists,
//! for entries that meet the request's criteria.
//!
//! A search here is case-sensitive; AWS does not document it.

mod criteria;
mod thing;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::pages;
use crate::api::instance::Instance;
use crate::api::operation::Operation;
use crate::api::refusal::Refusal;
use crate::centre::hierarchy::LEVEL_COUNT;
use crate::centre::{Hierarchy, Queue, QueueType};
use criteria::{Criteria, SearchFilter};
use thing::FoundEntry;

/// A request for a search.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) operation: Operation,
    /// The Region for which the request was signed.
    pub(crate) region: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The body of a request for a search.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Search {
    instance_id: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    search_filter: Option<SearchFilter>,
    search_criteria: Option<Criteria>,
}

/// Answers a search.
pub(crate) fn answer_search(account: &Account, request: &SearchRequest) -> Result<Value, Refusal> {
    let members = request.members()?;
    let search: Search =
        serde_json::from_value(Value::Object(members.clone())).map_err(|error| {
            Refusal::serialization(format!("A member has the wrong type: {error}."))
        })?;
    let id = search
        .instance_id
        .as_deref()
        .ok_or_else(|| Refusal::invalid_parameter("InstanceId is required."))?;
    let instance = Instance::of_id(id, request.region.as_deref())?;
    let size = search.max_results(request.max_page_size())?.min(account.page_size);
    let found = search.find_entries(request.operation, request.all_entries(account, &instance))?;
    let page =
        pages::page_at(&found, size, &request_identity(members), search.next_token.as_deref())
            .map_err(|pages::WrongToken| Refusal::invalid_parameter("NextToken is not valid."))?;
    let mut answer = json!({
        request.list_name(): page.items,
        "ApproximateTotalCount": found.len(),
    });
    if let Some(token) = page.next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// The parts of a request that stay the same from page to page.
fn request_identity(mut members: Map<String, Value>) -> String {
    members.shift_remove("NextToken");
    Value::Object(members).to_string()
}

impl SearchRequest {
    fn members(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(Refusal::serialization("The body is not an object.")),
            Err(error) => Err(Refusal::serialization(format!("The body is not JSON: {error}."))),
        }
    }

    /// The same request without its token.
    pub(crate) fn first_page(&self) -> Self {
        let body = self
            .members()
            .map_or_else(|_| self.body.clone(), |members| request_identity(members).into_bytes());
        Self { operation: self.operation, region: self.region.clone(), body }
    }

    fn list_name(&self) -> &'static str {
        match self.operation {
            Operation::SearchQueues => "Queues",
            Operation::SearchUsers => "Users",
            _ => "UserHierarchyGroups",
        }
    }

    /// The most items of a page.
    fn max_page_size(&self) -> usize {
        match self.operation {
            Operation::SearchUserHierarchyGroups => 100,
            _ => 500,
        }
    }

    fn all_entries<'a>(&self, account: &'a Account, instance: &Instance) -> Vec<FoundEntry<'a>> {
        let centre = &account.centre;
        match self.operation {
            Operation::SearchQueues => {
                centre.queues().iter().map(|queue| of_queue(queue, instance)).collect()
            }
            Operation::SearchUsers => {
                let agents = 0..centre.agents().len();
                agents.map(|index| of_agent(account, index, instance)).collect()
            }
            _ => {
                let groups = 0..centre.hierarchy().groups.len();
                groups.map(|index| of_group(centre.hierarchy(), index, instance)).collect()
            }
        }
    }
}

impl Search {
    /// The items of a page: 1 to `most`, and 100 by default.
    fn max_results(&self, most: usize) -> Result<usize, Refusal> {
        let wanted = self.max_results.unwrap_or(100);
        if (1..=most).contains(&wanted) {
            return Ok(wanted);
        }
        Err(Refusal::invalid_parameter(format!("MaxResults must be 1 to {most}.")))
    }

    fn find_entries(
        &self,
        operation: Operation,
        entries: Vec<FoundEntry<'_>>,
    ) -> Result<Vec<Value>, Refusal> {
        if let Some(filter) = &self.search_filter {
            filter.check()?;
        }
        if let Some(criteria) = &self.search_criteria {
            criteria.check(operation)?;
        }
        let found = entries.into_iter().filter(|entry| {
            self.search_filter.as_ref().is_none_or(|filter| filter.holds(entry))
                && self.search_criteria.as_ref().is_none_or(|criteria| criteria.holds(entry))
        });
        Ok(found.map(|entry| entry.json).collect())
    }
}

/// The entry of a queue. Without a `QueueTypeCondition` the queues of agents are found too, as in lists.
fn of_queue<'a>(queue: &'a Queue, instance: &Instance) -> FoundEntry<'a> {
    let is_standard = queue.kind == QueueType::Standard;
    let mut fields = vec![("resourceID", queue.id.as_str())];
    let status = if queue.is_disabled { "DISABLED" } else { "ENABLED" };
    let mut json = json!({ "QueueId": queue.id, "Status": status, "Tags": queue.tags });
    if is_standard {
        fields.push(("name", &queue.name));
        json["Name"] = json!(queue.name);
        json["QueueArn"] = json!(instance.resource("queue", &queue.id));
    } else {
        json["QueueArn"] = json!(instance.resource("queue/agent", &queue.id));
    }
    FoundEntry {
        json,
        fields,
        tags: Some(&queue.tags),
        is_standard_queue: is_standard,
        groups: Vec::new(),
    }
}

fn of_agent<'a>(account: &'a Account, index: usize, instance: &Instance) -> FoundEntry<'a> {
    let agent = &account.centre.agents()[index];
    let centre = &account.centre;
    let groups = &centre.hierarchy().groups;
    let profile = centre.routing_profiles()[agent.profile].id.as_str();
    let mut json = json!({
        "Id": agent.id,
        "Arn": instance.resource("agent", &agent.id),
        "Username": agent.username,
        "IdentityInfo": { "FirstName": agent.first_name, "LastName": agent.last_name },
        "RoutingProfileId": profile,
    });
    if let Some(group) = agent.group {
        json["HierarchyGroupId"] = json!(groups[group].id);
    }
    let path = centre.groups_of(index);
    FoundEntry {
        json,
        fields: vec![
            ("resourceId", &agent.id),
            ("Username", &agent.username),
            ("FirstName", &agent.first_name),
            ("LastName", &agent.last_name),
            ("RoutingProfileId", profile),
        ],
        tags: None,
        is_standard_queue: false,
        groups: path.into_iter().rev().flatten().map(|group| groups[group].id.as_str()).collect(),
    }
}

fn of_group<'a>(hierarchy: &'a Hierarchy, index: usize, instance: &Instance) -> FoundEntry<'a> {
    let group = &hierarchy.groups[index];
    let level = hierarchy.levels[group.level].id.as_str();
    let mut path = Map::new();
    for (key, member) in LEVEL_NAMES.into_iter().zip(hierarchy.groups_of(Some(index))) {
        if let Some(member) = member.map(|member| &hierarchy.groups[member]) {
            let arn = instance.resource("agent-group", &member.id);
            let json = json!({ "Id": member.id, "Arn": arn, "Name": member.name });
            path.insert(key.to_owned(), json);
        }
    }
    let mut fields =
        vec![("resourceID", group.id.as_str()), ("name", &group.name), ("levelId", level)];
    if let Some(parent) = group.parent {
        fields.push(("parentId", &hierarchy.groups[parent].id));
    }
    FoundEntry {
        json: json!({
            "Id": group.id,
            "Arn": instance.resource("agent-group", &group.id),
            "Name": group.name,
            "LevelId": level,
            "HierarchyPath": path,
        }),
        fields,
        tags: None,
        is_standard_queue: false,
        groups: Vec::new(),
    }
}

/// The names of levels in `HierarchyPath` and `HierarchyStructure`.
pub(crate) const LEVEL_NAMES: [&str; LEVEL_COUNT] =
    ["LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"];
