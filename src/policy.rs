//! The IAM policy that definitions need, and nothing wider.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::definition::{Dimension, Report, Section, Selector};
use crate::instance::InstanceArn;
use crate::plan::lists_needed;
use crate::settings::Location;

/// Where the function runs and reads.
#[derive(Clone, Copy, Debug)]
pub struct Context<'p> {
    /// Where the definitions lie.
    pub definitions: &'p [Location],
    /// The Region whose SES sends; that of each report's instance where it is not known.
    pub region: Option<&'p str>,
}

/// The policy document for these reports.
///
/// The resources of GetMetricDataV2 are those that filters name: a filter by ids needs these alone,
/// names and `*` need all of their kind, of one instance (service authorization reference of Amazon
/// Connect).
pub fn policy(reports: &[Report], context: Context<'_>) -> Value {
    let mut needs = Needs::default();
    for report in reports {
        needs.add(report, context);
    }
    let partition = reports.first().map_or("aws", |report| report.instance.partition());
    let of_store = context.definitions.iter().enumerate();
    let of_store = of_store.flat_map(|(index, place)| of_store_at(index + 1, place, partition));
    let statements: Vec<Value> = needs.statements().into_iter().chain(of_store).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[derive(Debug, Default)]
struct Needs {
    figures: BTreeSet<String>,
    lists: BTreeMap<&'static str, BTreeSet<String>>,
    senders: BTreeMap<BTreeSet<String>, BTreeSet<String>>,
}

impl Needs {
    fn add(&mut self, report: &Report, context: Context<'_>) {
        let instance = &report.instance;
        for section in &report.sections {
            self.figures.extend(figures(instance, section));
        }
        for dimension in lists_needed(report) {
            if let Some((action, resource)) = list(instance, &dimension) {
                self.lists.entry(action).or_default().insert(resource);
            }
        }
        let address = &report.email.from.address;
        let identity = |name: &str| {
            let of_partition = |region: &&str| partition_of(region) == instance.partition();
            let region = context.region.filter(of_partition).unwrap_or(instance.region());
            let (partition, account) = (instance.partition(), instance.account());
            format!("arn:{partition}:ses:{region}:{account}:identity/{name}")
        };
        // What SES has verified is the address, its domain, or one above it.
        // In a policy, a star in it would stand for more than itself.
        let itself = Some(address.as_str()).filter(|address| !address.contains(['*', '?']));
        let names = domains(address.domain()).chain(itself);
        let identities = names.map(identity).collect();
        self.senders.entry(identities).or_default().insert(address.to_string());
    }

    fn statements(self) -> Vec<Value> {
        let mut statements = Vec::new();
        if !self.figures.is_empty() {
            let figures = without_covered(&self.figures);
            statements.push(allow("Figures", "connect:GetMetricDataV2", &figures));
        }
        for (action, resources) in &self.lists {
            let sid = action.trim_start_matches("connect:");
            statements.push(allow(sid, action, resources));
        }
        for (index, (identities, addresses)) in self.senders.iter().enumerate() {
            let sid = format!("Send{}", index + 1);
            let mut statement = allow(&sid, "ses:SendRawEmail", identities);
            if let Some(statement) = statement.as_object_mut() {
                let condition = json!({ "StringEquals": { "ses:FromAddress": addresses } });
                statement.insert("Condition".to_owned(), condition);
            }
            statements.push(statement);
        }
        statements
    }
}

/// The partition that a Region belongs to, of those that have Amazon Connect.
fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("cn-") => "aws-cn",
        _ => "aws",
    }
}

/// The domain and those above it, down to two labels: `mail.example.com`, `example.com`.
fn domains(domain: &str) -> impl Iterator<Item = &str> {
    let above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot + 1..));
    std::iter::once(domain).chain(above).filter(|domain| domain.contains('.'))
}

fn allow(sid: &str, action: &str, resources: &BTreeSet<String>) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources })
}

/// What a section's filters name. Where they name none, as for campaigns and cases, the instance
/// itself is the narrowest resource there is; which one the service checks then is not documented.
fn figures(instance: &InstanceArn, section: &Section) -> Vec<String> {
    let mut resources = Vec::new();
    for (dimension, selectors) in &section.filters {
        let Some(kind) = dimension.resource() else {
            continue;
        };
        resources.extend(selectors.iter().map(|selector| match &selector.value {
            Selector::Id(id) => format!("{instance}/{kind}/{id}"),
            _ => format!("{instance}/{kind}/*"),
        }));
    }
    match resources.is_empty() {
        true => vec![instance.to_string()],
        false => resources,
    }
}

/// The resources without those that a star among them covers.
fn without_covered(resources: &BTreeSet<String>) -> BTreeSet<String> {
    let covered = |resource: &String| {
        let kind = resource.rsplit_once('/').map(|(kind, _)| format!("{kind}/*"));
        kind.is_some_and(|all| all != *resource && resources.contains(&all))
    };
    resources.iter().filter(|resource| !covered(resource)).cloned().collect()
}

/// The action that lists what there is of a dimension, and the resource that it is checked on.
fn list(instance: &InstanceArn, dimension: &Dimension) -> Option<(&'static str, String)> {
    match dimension {
        Dimension::Queue => Some(("connect:ListQueues", format!("{instance}/queue/*"))),
        Dimension::RoutingProfile => Some(("connect:ListRoutingProfiles", instance.to_string())),
        Dimension::Agent => Some(("connect:ListUsers", instance.to_string())),
        Dimension::Channel | Dimension::Hierarchy(_) | Dimension::Other(_) => None,
    }
}

/// Definitions in S3 are listed and read.
fn of_store_at(number: usize, place: &Location, partition: &str) -> Vec<Value> {
    let Location::S3 { bucket, prefix } = place else {
        return Vec::new();
    };
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let mut list = json!({
        "Sid": format!("ListDefinitions{number}"), "Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn,
    });
    // Of a whole bucket there is no prefix to hold on to.
    if let (Some(list), false) = (list.as_object_mut(), prefix.is_empty()) {
        let condition = json!({ "StringEquals": { "s3:prefix": prefix } });
        list.insert("Condition".to_owned(), condition);
    }
    let read = json!({
        "Sid": format!("ReadDefinitions{number}"), "Effect": "Allow", "Action": "s3:GetObject",
        "Resource": format!("{arn}/{prefix}*.toml"),
    });
    vec![list, read]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition;

    const REPORT: &str = r#"
title    = "Report"
owner    = "workforce@example.com"
instance = "arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "UTC"
window   = "previous-day"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title    = "Agents"
group_by = ["AGENT"]
filters  = { ROUTING_PROFILE = ["*"] }
metrics  = ["AGENT_OCCUPANCY"]

[[section]]
title    = "Cases"
filters  = { CASE_TEMPLATE_ARN = ["arn:aws-us-gov:cases:us-gov-west-1:123456789012:domain/d/template/t"] }
metrics  = ["CASES_CREATED"]
"#;

    fn statements(place: &str) -> Vec<Value> {
        let parsed = definition::parse("report.toml", REPORT.as_bytes(), &Default::default());
        let definitions = [place.parse().unwrap()];
        let context = Context { definitions: &definitions, region: None };
        let policy = policy(&[parsed.report.unwrap()], context);
        policy["Statement"].as_array().unwrap().clone()
    }

    #[test]
    fn resources_are_those_of_the_filters_and_the_lists() {
        let instance = "arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";
        let statements = statements("reports");
        let resources = |index: usize| statements[index]["Resource"].clone();
        assert_eq!(resources(0), json!([instance, format!("{instance}/routing-profile/*")]));
        let actions: Vec<_> = statements.iter().map(|s| s["Action"].as_str().unwrap()).collect();
        assert_eq!(
            actions,
            [
                "connect:GetMetricDataV2",
                "connect:ListRoutingProfiles",
                "connect:ListUsers",
                "ses:SendRawEmail"
            ]
        );
        assert_eq!(resources(2), json!([instance]), "users are listed of the instance");
    }

    #[test]
    fn definitions_in_s3_are_listed_and_read() {
        let prefixed = statements("s3://bucket/reports/live");
        let (list, read) = (&prefixed[4], &prefixed[5]);
        assert_eq!(list["Resource"], "arn:aws-us-gov:s3:::bucket");
        assert_eq!(list["Condition"]["StringEquals"]["s3:prefix"], "reports/live/");
        assert_eq!(read["Resource"], "arn:aws-us-gov:s3:::bucket/reports/live/*.toml");
        let whole = statements("s3://bucket");
        assert!(whole[4].get("Condition").is_none());
        assert_eq!(whole[5]["Resource"], "arn:aws-us-gov:s3:::bucket/*.toml");
    }
}
