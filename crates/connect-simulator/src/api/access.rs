//! The permissions that IAM checks before a request is carried out: actions, each on a resource (service
//! authorization references of Amazon Connect and of Amazon SES v2). Requests that AWS would refuse earlier
//! have none.

use serde_json::Value;

use super::instance::Instance;
use super::lists::ListRequest;
use super::operation::Operation;
use super::searches::SearchRequest;

/// An action on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The action, such as `connect:GetMetricDataV2`.
    pub action: &'static str,
    /// The ARN of the resource.
    pub resource: String,
    /// The sender's address of a message, which is the condition key `ses:FromAddress`.
    pub from: Option<String>,
}

fn access(action: &'static str, resource: impl Into<String>) -> Access {
    Access { action, resource: resource.into(), from: None }
}

/// The permissions of GetMetricDataV2: it is checked on each resource that a filter names, or on the instance
/// where filters name none.
pub(crate) fn of_figures(body: &Value) -> Vec<Access> {
    const GET_METRIC_DATA: &str = "connect:GetMetricDataV2";
    let Some(instance) = body["ResourceArn"].as_str() else { return Vec::new() };
    let filters = body["Filters"].as_array().into_iter().flatten();
    let resources = filters.filter_map(|filter| {
        let kind = resource_kind(filter["FilterKey"].as_str()?)?;
        let values = filter["FilterValues"].as_array()?.iter().filter_map(Value::as_str);
        Some(values.map(move |value| resource_arn(instance, kind, value)))
    });
    let accesses: Vec<_> = resources.flatten().map(|arn| access(GET_METRIC_DATA, arn)).collect();
    if accesses.is_empty() { vec![access(GET_METRIC_DATA, instance)] } else { accesses }
}

/// The kind of resource that a filter's values name, if they name any.
fn resource_kind(filter: &str) -> Option<&'static str> {
    match filter {
        "QUEUE" => Some("queue"),
        "ROUTING_PROFILE" => Some("routing-profile"),
        // Evaluators are users, as agents are.
        "AGENT" | "EVALUATOR_ID" => Some("agent"),
        key if key.starts_with("AGENT_HIERARCHY_LEVEL_") => Some("agent-group"),
        _ => None,
    }
}

fn resource_arn(instance: &str, kind: &str, value: &str) -> String {
    if value.starts_with("arn:") { value.to_owned() } else { format!("{instance}/{kind}/{value}") }
}

/// The actions of a list.
pub(crate) fn of_list(request: &ListRequest) -> Vec<Access> {
    let Ok(instance) = Instance::of_id(&request.instance_id, request.region.as_deref()) else {
        return Vec::new();
    };
    vec![match request.operation {
        // The resource is not the instance, but all queues.
        Operation::ListQueues => access("connect:ListQueues", instance.resource("queue", "*")),
        Operation::ListRoutingProfiles => access("connect:ListRoutingProfiles", instance.arn()),
        Operation::ListUserHierarchyGroups => {
            access("connect:ListUserHierarchyGroups", instance.arn())
        }
        Operation::DescribeUserHierarchyStructure => {
            access("connect:DescribeUserHierarchyStructure", instance.arn())
        }
        _ => access("connect:ListUsers", instance.arn()),
    }]
}

/// The actions of a search, with those on which it depends.
pub(crate) fn of_search(request: &SearchRequest) -> Vec<Access> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = body["InstanceId"].as_str().unwrap_or_default();
    let Ok(instance) = Instance::of_id(id, request.region.as_deref()) else {
        return Vec::new();
    };
    match request.operation {
        Operation::SearchQueues => vec![
            access("connect:SearchQueues", instance.arn()),
            access("connect:DescribeQueue", instance.resource("queue", "*")),
        ],
        Operation::SearchUserHierarchyGroups => vec![
            access("connect:SearchUserHierarchyGroups", instance.arn()),
            access("connect:DescribeUserHierarchyGroup", instance.resource("agent-group", "*")),
        ],
        _ => vec![
            access("connect:SearchUsers", instance.arn()),
            access("connect:DescribeUser", instance.resource("agent", "*")),
            access("connect:ListUserProficiencies", instance.arn()),
            access("connect:ListUserProficiencies", instance.resource("agent", "*")),
        ],
    }
}

/// The permissions of a raw message, which is checked on its sender's identity and on the configuration set. The
/// identity is the address or its domain, whichever is verified; here it is the domain.
pub(crate) fn of_message(body: &Value, region: &str) -> Vec<Access> {
    let Some(from) = body["FromEmailAddress"].as_str() else { return Vec::new() };
    let (_, domain) = from.rsplit_once('@').unwrap_or_default();
    let identity = format!("identity/{domain}");
    let set = body["ConfigurationSetName"].as_str().map(|name| format!("configuration-set/{name}"));
    let resources = std::iter::once(identity).chain(set);
    resources
        .map(|name| Access {
            from: Some(from.to_owned()),
            ..access("ses:SendRawEmail", format!("arn:aws:ses:{region}:123456789012:{name}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Agents and evaluators are users alike.
    #[test]
    fn figures_are_checked_on_the_resources_of_their_filters() {
        let instance = "arn:aws:connect:eu-west-2:123456789012:instance/i";
        for (key, resource) in [
            ("QUEUE", "queue/x"),
            ("AGENT", "agent/x"),
            ("EVALUATOR_ID", "agent/x"),
            ("AGENT_HIERARCHY_LEVEL_TWO", "agent-group/x"),
        ] {
            let body = json!({
                "ResourceArn": instance,
                "Filters": [{ "FilterKey": key, "FilterValues": ["x"] }],
            });
            let expected = access("connect:GetMetricDataV2", format!("{instance}/{resource}"));
            assert_eq!(of_figures(&body), [expected]);
        }
    }
}
