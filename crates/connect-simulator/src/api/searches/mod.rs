//! `SearchQueues`, `SearchUsers` and `SearchUserHierarchyGroups`: what the lists tell and more, of
//! those that a request describes.
//!
//! Upper and lower case matter in a search here; AWS does not document it.

mod criteria;
mod thing;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::pages;
use crate::api::instance::Instance;
use crate::api::operation::Operation;
use crate::api::refusal::Refusal;
use crate::centre::hierarchy::LEVELS;
use crate::centre::{Hierarchy, Queue, QueueType};
use criteria::{Criteria, SearchFilter};
use thing::Thing;

/// A request for a search.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) operation: Operation,
    /// The Region that the request was signed for.
    pub(crate) region: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The body of such a request.
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
pub(crate) fn search(account: &Account, request: &SearchRequest) -> Result<Value, Refusal> {
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
    let size = search.max_results(request.most())?.min(account.page_size);
    let found = search.find(request.operation, request.things(account, &instance))?;
    let page = pages::page(&found, size, &identity(members), search.next_token.as_deref())
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

/// The parts that have to stay the same from page to page.
fn identity(mut members: Map<String, Value>) -> String {
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
            .map_or_else(|_| self.body.clone(), |members| identity(members).into_bytes());
        Self { operation: self.operation, region: self.region.clone(), body }
    }

    fn list_name(&self) -> &'static str {
        match self.operation {
            Operation::SearchQueues => "Queues",
            Operation::SearchUsers => "Users",
            _ => "UserHierarchyGroups",
        }
    }

    /// Items of a page at most.
    fn most(&self) -> usize {
        match self.operation {
            Operation::SearchUserHierarchyGroups => 100,
            _ => 500,
        }
    }

    fn things<'a>(&self, account: &'a Account, instance: &Instance) -> Vec<Thing<'a>> {
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
    /// 1 to the most that there is, and 100 if it is not sent.
    fn max_results(&self, most: usize) -> Result<usize, Refusal> {
        let wanted = self.max_results.unwrap_or(100);
        if (1..=most).contains(&wanted) {
            return Ok(wanted);
        }
        Err(Refusal::invalid_parameter(format!("MaxResults must be 1 to {most}.")))
    }

    fn find(&self, operation: Operation, things: Vec<Thing<'_>>) -> Result<Vec<Value>, Refusal> {
        if let Some(filter) = &self.search_filter {
            filter.check()?;
        }
        if let Some(criteria) = &self.search_criteria {
            criteria.check(operation)?;
        }
        let is_wanted = |thing: &Thing<'_>| {
            self.search_filter.as_ref().is_none_or(|filter| filter.holds(thing))
                && self.search_criteria.as_ref().is_none_or(|criteria| criteria.holds(thing))
        };
        Ok(things.into_iter().filter(is_wanted).map(|thing| thing.told).collect())
    }
}

/// Without a `QueueTypeCondition` the queues of agents are found too, as they are listed.
fn of_queue<'a>(queue: &'a Queue, instance: &Instance) -> Thing<'a> {
    let is_standard = queue.kind == QueueType::Standard;
    let mut fields = vec![("resourceID", queue.id.as_str())];
    let status = if queue.is_disabled { "DISABLED" } else { "ENABLED" };
    let mut told = json!({ "QueueId": queue.id, "Status": status, "Tags": queue.tags });
    if is_standard {
        fields.push(("name", &queue.name));
        told["Name"] = json!(queue.name);
        told["QueueArn"] = json!(instance.resource("queue", &queue.id));
    } else {
        told["QueueArn"] = json!(instance.resource("queue/agent", &queue.id));
    }
    Thing {
        told,
        fields,
        tags: Some(&queue.tags),
        is_standard_queue: is_standard,
        groups: Vec::new(),
    }
}

fn of_agent<'a>(account: &'a Account, index: usize, instance: &Instance) -> Thing<'a> {
    let agent = &account.centre.agents()[index];
    let centre = &account.centre;
    let group_id = |group: usize| centre.hierarchy().groups[group].id.as_str();
    let profile = centre.routing_profiles()[agent.profile].id.as_str();
    let mut told = json!({
        "Id": agent.id,
        "Arn": instance.resource("agent", &agent.id),
        "Username": agent.username,
        "IdentityInfo": { "FirstName": agent.first_name, "LastName": agent.last_name },
        "RoutingProfileId": profile,
    });
    if let Some(group) = agent.group {
        told["HierarchyGroupId"] = json!(group_id(group));
    }
    let path = centre.groups_of(index);
    Thing {
        told,
        fields: vec![
            ("resourceId", &agent.id),
            ("Username", &agent.username),
            ("FirstName", &agent.first_name),
            ("LastName", &agent.last_name),
            ("RoutingProfileId", profile),
        ],
        tags: None,
        is_standard_queue: false,
        groups: path.into_iter().rev().flatten().map(group_id).collect(),
    }
}

fn of_group<'a>(hierarchy: &'a Hierarchy, index: usize, instance: &Instance) -> Thing<'a> {
    let group = &hierarchy.groups[index];
    let level = hierarchy.levels[group.level].id.as_str();
    let mut path = Map::new();
    for (key, member) in LEVEL_NAMES.into_iter().zip(hierarchy.groups_of(Some(index))) {
        if let Some(member) = member.map(|member| &hierarchy.groups[member]) {
            let arn = instance.resource("agent-group", &member.id);
            let told = json!({ "Id": member.id, "Arn": arn, "Name": member.name });
            path.insert(key.to_owned(), told);
        }
    }
    let mut fields =
        vec![("resourceID", group.id.as_str()), ("name", &group.name), ("levelId", level)];
    if let Some(parent) = group.parent {
        fields.push(("parentId", &hierarchy.groups[parent].id));
    }
    Thing {
        told: json!({
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

/// The levels in `HierarchyPath` and `HierarchyStructure`.
pub(crate) const LEVEL_NAMES: [&str; LEVELS] =
    ["LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"];
