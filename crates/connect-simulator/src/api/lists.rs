//! The lists of names behind ids, `ListQueues`, `ListRoutingProfiles`, `ListUsers` and
//! `ListUserHierarchyGroups`; and `DescribeUserHierarchyStructure`, whose requests have the same form.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::instance::Instance;
use super::operation::Operation;
use super::pages;
use super::refusal::Refusal;
use super::searches::LEVEL_NAMES;
use crate::centre::{Queue, QueueType};

/// A request for a list.
#[derive(Debug)]
pub(crate) struct ListRequest {
    pub(crate) operation: Operation,
    pub(crate) instance_id: String,
    /// The Region for which the request was signed.
    pub(crate) region: Option<String>,
    /// The query parameters: `maxResults`, `nextToken` and for queues `queueTypes`.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Answers a request for a list.
pub(crate) fn answer_list(account: &Account, request: &ListRequest) -> Result<Value, Refusal> {
    let instance = Instance::of_id(&request.instance_id, request.region.as_deref())?;
    if request.operation == Operation::DescribeUserHierarchyStructure {
        return Ok(hierarchy_structure(account, &instance));
    }
    let summaries = request.summaries(account, &instance)?;
    let name = match request.operation {
        Operation::ListUserHierarchyGroups => "UserHierarchyGroupSummaryList",
        Operation::ListUsers => "UserSummaryList",
        Operation::ListRoutingProfiles => "RoutingProfileSummaryList",
        _ => "QueueSummaryList",
    };
    let size = request.max_results()?.min(account.page_size);
    let token = request.parameter("nextToken");
    let page = pages::page_at(&summaries, size, &request.identity(), token)
        .map_err(|pages::WrongToken| Refusal::invalid_parameter("nextToken is not valid."))?;
    let mut answer = json!({ name: page.items });
    if let Some(token) = page.next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

impl ListRequest {
    fn summaries(&self, account: &Account, instance: &Instance) -> Result<Vec<Value>, Refusal> {
        let centre = &account.centre;
        Ok(match self.operation {
            Operation::ListUsers => {
                let users = centre.agents().iter();
                let summary = users.map(|user| {
                    let arn = instance.resource("agent", &user.id);
                    json!({ "Id": user.id, "Arn": arn, "Username": user.username })
                });
                summary.collect()
            }
            Operation::ListRoutingProfiles => {
                let profiles = centre.routing_profiles().iter();
                let summary = profiles.map(|profile| {
                    let arn = instance.resource("routing-profile", &profile.id);
                    json!({ "Id": profile.id, "Arn": arn, "Name": profile.name })
                });
                summary.collect()
            }
            Operation::ListUserHierarchyGroups => {
                let groups = centre.hierarchy().groups.iter();
                let summary = groups.map(|group| {
                    let arn = instance.resource("agent-group", &group.id);
                    json!({ "Id": group.id, "Arn": arn, "Name": group.name })
                });
                summary.collect()
            }
            _ => {
                let types = self.queue_types()?;
                let queues = centre.queues().iter();
                queues
                    .filter(|queue| types.is_empty() || types.contains(&queue.kind))
                    .map(|queue| queue_summary(instance, queue))
                    .collect()
            }
        })
    }

    /// The requested types; without any, queues of all types are listed.
    fn queue_types(&self) -> Result<Vec<QueueType>, Refusal> {
        self.parameters
            .iter()
            .filter(|(name, _)| name == "queueTypes")
            .map(|(_, value)| match value.as_str() {
                "STANDARD" => Ok(QueueType::Standard),
                "AGENT" => Ok(QueueType::Agent),
                other => {
                    Err(Refusal::invalid_parameter(format!("queueTypes {other:?} is not valid.")))
                }
            })
            .collect()
    }

    /// The most items of a page: 1 to 1000, and 100 by default.
    fn max_results(&self) -> Result<usize, Refusal> {
        let Some(text) = self.parameter("maxResults") else {
            return Ok(100);
        };
        text.parse()
            .ok()
            .filter(|count| (1..=1_000).contains(count))
            .ok_or_else(|| Refusal::invalid_parameter("maxResults must be 1 to 1000."))
    }

    fn parameter(&self, wanted: &str) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// The parts of the request that stay the same from page to page.
    fn identity(&self) -> String {
        let kept = self.parameters.iter().filter(|(name, _)| name != "nextToken");
        let kept: Vec<_> = kept.collect();
        format!("{} {} {kept:?}", self.operation, self.instance_id)
    }

    /// The request as an object, for the record of calls.
    pub(crate) fn as_json(&self) -> Value {
        let mut object = json!({ "InstanceId": self.instance_id });
        for (name, value) in &self.parameters {
            match &mut object[name.as_str()] {
                Value::Array(values) => values.push(json!(value)),
                slot if name == "queueTypes" => *slot = json!([value]),
                slot => *slot = json!(value),
            }
        }
        object
    }
}

/// The levels of the hierarchy with their names. The form of a level's ARN is not documented.
fn hierarchy_structure(account: &Account, instance: &Instance) -> Value {
    let levels = LEVEL_NAMES.into_iter().zip(&account.centre.hierarchy().levels);
    let levels: Map<String, Value> = levels
        .map(|(key, level)| {
            let arn = instance.resource("agent-group-level", &level.id);
            (key.to_owned(), json!({ "Id": level.id, "Arn": arn, "Name": level.name }))
        })
        .collect();
    json!({ "HierarchyStructure": levels })
}

/// The summary of a queue; agent queues have no name.
fn queue_summary(instance: &Instance, queue: &Queue) -> Value {
    match queue.kind {
        QueueType::Standard => json!({
            "Id": queue.id,
            "Arn": instance.resource("queue", &queue.id),
            "Name": queue.name,
            "QueueType": "STANDARD",
        }),
        QueueType::Agent => json!({
            "Id": queue.id,
            "Arn": instance.resource("queue/agent", &queue.id),
            "QueueType": "AGENT",
        }),
    }
}
