//! The IAM policy that definitions need, and nothing wider.

mod key;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::definition::{Dimension, Report, Section, Selector};
use crate::instance::InstanceArn;
use crate::plan::lists_needed;
use crate::settings::{Location, QueueUrl};

pub use key::{KeyArn, KeyArnError};

/// Where the function runs and reads.
#[derive(Clone, Copy, Debug)]
pub struct Context<'p> {
    /// Where the definitions lie.
    pub definitions: &'p [Location],
    /// Where templates of one's own lie.
    pub templates: Option<&'p Location>,
    /// Where records are kept.
    pub runs: Option<&'p Location>,
    /// Where runs are put for others.
    pub queue: Option<&'p QueueUrl>,
    /// The Region whose SES sends; that of each report's instance where it is not known.
    pub region: Option<&'p str>,
    /// The keys that buckets are encrypted with (SSE-KMS).
    pub keys: &'p [KeyArn],
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
    let of_store = of_store.flat_map(|(index, place)| {
        read_only(&format!("Definitions{}", index + 1), place, &["toml"], partition)
    });
    let of_templates = context
        .templates
        .map(|place| read_only("Templates", place, &["html", "svg", "txt"], partition));
    let of_records = context.runs.and_then(|place| of_records(place, partition));
    let statements =
        needs.statements().into_iter().chain(of_store).chain(of_templates.into_iter().flatten());
    let of_queue = context.queue.map(|queue| {
        let home = reports.first().map(|report| report.instance.region());
        let region = queue.region().or(context.region).or(home).unwrap_or("*");
        let (account, name) = (queue.account(), queue.name());
        let arn = format!("arn:{partition}:sqs:{region}:{account}:{name}");
        allow("Queue", "sqs:SendMessage", &BTreeSet::from([arn]))
    });
    let statements = statements.chain(of_records.into_iter().flatten());
    let statements: Vec<Value> = statements.chain(of_keys(context.keys)).chain(of_queue).collect();
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
        let searched = report.searches_queues();
        for dimension in lists_needed(report) {
            for (action, resource) in list(instance, &dimension, searched) {
                self.lists.entry(action).or_default().insert(resource);
            }
        }
        let address = &report.email.from.address;
        let resource = |name: String| {
            let of_partition = |region: &&str| partition_of(region) == instance.partition();
            let region = context.region.filter(of_partition).unwrap_or(instance.region());
            let (partition, account) = (instance.partition(), instance.account());
            format!("arn:{partition}:ses:{region}:{account}:{name}")
        };
        // What SES has verified is the address, its domain, or one above it.
        let names = domains(address.domain()).chain([address.as_str()]);
        let identities = names.map(|name| format!("identity/{}", literal(name)));
        let set = report.email.configuration_set.as_ref();
        let set = set.map(|name| format!("configuration-set/{name}"));
        let identities = identities.chain(set).map(resource).collect();
        self.senders.entry(identities).or_default().insert(compared(address.as_str()));
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
            // Another case of the same address is no other sender.
            if let Some(statement) = statement.as_object_mut() {
                let condition =
                    json!({ "StringEqualsIgnoreCase": { "ses:FromAddress": addresses } });
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

/// A text in a resource, in which `*` and `?` would stand for other texts and `${…}` for a variable (IAM User
/// Guide, "IAM policy elements: Variables and tags", special characters).
fn literal(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '$' => written.extend(['$', '{', c, '}']),
            _ => written.push(c),
        }
    }
    written
}

/// A text that a condition compares as it is (`StringEquals`): only variables stand for something else.
fn compared(text: &str) -> String {
    text.replace('$', "${$}")
}

fn allow(sid: &str, action: &str, resources: &BTreeSet<String>) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources })
}

/// What a section's filters name. Where they name none, as for campaigns and cases, the instance
/// itself is the narrowest resource there is; which one the service checks then is not documented.
fn figures(instance: &InstanceArn, section: &Section) -> Vec<String> {
    let mut resources = Vec::new();
    for (dimension, selection) in &section.filters {
        let Some(kind) = dimension.resource() else {
            continue;
        };
        resources.extend(selection.taken.iter().map(|selector| match &selector.value {
            Selector::Id(arn) if arn.starts_with("arn:") => literal(arn),
            Selector::Id(id) => format!("{instance}/{kind}/{}", literal(id)),
            _ => format!("{instance}/{kind}/*"),
        }));
    }
    if resources.is_empty() { vec![instance.to_string()] } else { resources }
}

/// The resources without those that a star among them covers.
fn without_covered(resources: &BTreeSet<String>) -> BTreeSet<String> {
    let covered = |resource: &String| {
        let kind = resource.rsplit_once('/').map(|(kind, _)| format!("{kind}/*"));
        kind.is_some_and(|all| all != *resource && resources.contains(&all))
    };
    resources.iter().filter(|resource| !covered(resource)).cloned().collect()
}

/// The actions that list what there is of a dimension, and the resources that they are checked on.
/// A search needs the actions that describe what it finds (service authorization reference of
/// Amazon Connect, dependent actions).
fn list(
    instance: &InstanceArn,
    dimension: &Dimension,
    searched: bool,
) -> Vec<(&'static str, String)> {
    let itself = || instance.to_string();
    let all = |kind: &str| format!("{instance}/{kind}/*");
    match dimension {
        Dimension::Queue if searched => {
            vec![("connect:SearchQueues", itself()), ("connect:DescribeQueue", all("queue"))]
        }
        Dimension::Queue => vec![("connect:ListQueues", all("queue"))],
        Dimension::RoutingProfile => vec![("connect:ListRoutingProfiles", itself())],
        Dimension::Agent => vec![
            ("connect:SearchUsers", itself()),
            ("connect:DescribeUser", all("agent")),
            // It has both resource types.
            ("connect:ListUserProficiencies", itself()),
            ("connect:ListUserProficiencies", all("agent")),
        ],
        Dimension::Hierarchy(_) => vec![
            ("connect:DescribeUserHierarchyStructure", itself()),
            ("connect:SearchUserHierarchyGroups", itself()),
            ("connect:DescribeUserHierarchyGroup", all("agent-group")),
        ],
        Dimension::Channel | Dimension::Other(_) => Vec::new(),
    }
}

/// Records in S3 are read and written; without the right to list, S3 says of one that is not there
/// that it may not be read (GetObject, Permissions).
fn of_records(place: &Location, partition: &str) -> Option<[Value; 3]> {
    let Location::S3 { bucket, prefix } = place else {
        return None;
    };
    let prefix = literal(prefix);
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let list = json!({
        "Sid": "ListRecords", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn,
    });
    let keep = json!({
        "Sid": "KeepRecords", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": format!("{arn}/{prefix}*.json"),
    });
    // What was too large for mail is for people to read.
    let files = json!({
        "Sid": "KeepFiles", "Effect": "Allow", "Action": "s3:PutObject",
        "Resource": format!("{arn}/{prefix}*.zip"),
    });
    Some([list, keep, files])
}

/// A bucket's key: GetObject decrypts with it, and `PutObject` makes data keys with it (Amazon S3 User
/// Guide, SSE-KMS).
fn of_keys(keys: &[KeyArn]) -> Option<Value> {
    let resources: BTreeSet<&str> = keys.iter().map(KeyArn::as_str).collect();
    (!resources.is_empty()).then(|| {
        json!({
            "Sid": "Keys", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": resources,
        })
    })
}

/// What is only read, such as definitions, is listed and read.
fn read_only(what: &str, place: &Location, endings: &[&str], partition: &str) -> Vec<Value> {
    let Location::S3 { bucket, prefix } = place else {
        return Vec::new();
    };
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let mut list = json!({
        "Sid": format!("List{what}"), "Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn,
    });
    // Of a whole bucket there is no prefix to hold on to.
    if let (Some(list), false) = (list.as_object_mut(), prefix.is_empty()) {
        let condition = json!({ "StringEquals": { "s3:prefix": compared(prefix) } });
        list.insert("Condition".to_owned(), condition);
    }
    let prefix = literal(prefix);
    let files: Vec<_> = endings.iter().map(|ending| format!("{arn}/{prefix}*.{ending}")).collect();
    let read = json!({
        "Sid": format!("Read{what}"), "Effect": "Allow", "Action": "s3:GetObject", "Resource": files,
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

    const INSTANCE: &str = "arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";

    fn statements(text: &str, place: &str) -> Vec<Value> {
        let parsed = definition::parse("report.toml", text.as_bytes(), &Default::default());
        let definitions = [place.parse().unwrap()];
        let runs = "s3://records/kept".parse().unwrap();
        let templates = "s3://looks/own".parse().unwrap();
        let context = Context {
            definitions: &definitions,
            templates: Some(&templates),
            runs: Some(&runs),
            queue: None,
            region: None,
            keys: &[],
        };
        let policy = policy(&[parsed.report.unwrap()], context);
        policy["Statement"].as_array().unwrap().clone()
    }

    /// The actions, each with its resources below the instance; without the sending.
    fn allowed(text: &str) -> Vec<(String, Vec<String>)> {
        let resource = |arn: &Value| {
            let below = arn.as_str().unwrap().strip_prefix(INSTANCE).unwrap();
            below.trim_start_matches('/').to_owned()
        };
        let statements = statements(text, "reports").into_iter();
        let statements = statements.filter(|statement| {
            statement["Action"].as_str().is_some_and(|action| action.starts_with("connect:"))
        });
        let allowed = statements.map(|statement| {
            let resources = statement["Resource"].as_array().unwrap().iter().map(resource);
            (statement["Action"].as_str().unwrap().to_owned(), resources.collect())
        });
        allowed.collect()
    }

    fn expected(allowed: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let action =
            |(action, resources): &(&str, &[&str])| (format!("connect:{action}"), owned(resources));
        allowed.iter().map(action).collect()
    }

    #[test]
    fn resources_are_those_of_the_filters_and_the_lists() {
        let of_agents = expected(&[
            ("GetMetricDataV2", &["", "routing-profile/*"]),
            ("DescribeUser", &["agent/*"]),
            ("ListRoutingProfiles", &[""]),
            ("ListUserProficiencies", &["", "agent/*"]),
            ("SearchUsers", &[""]),
        ]);
        assert_eq!(allowed(REPORT), of_agents);
    }

    /// Evaluators are users, and their ids are agents' ids.
    #[test]
    fn evaluators_are_users() {
        let id = "11112222-1111-4222-8333-ccccddddeeee";
        let evaluated = |value: &str| {
            REPORT
                .replace("group_by = [\"AGENT\"]\n", "")
                .replace(
                    "{ ROUTING_PROFILE = [\"*\"] }",
                    &format!("{{ EVALUATOR_ID = [\"{value}\"] }}"),
                )
                .replace("AGENT_OCCUPANCY", "EVALUATED_CSAT_PERCENT")
        };
        let agent = format!("agent/{id}");
        let expected = expected(&[("GetMetricDataV2", &["", &agent])]);
        assert_eq!(allowed(&evaluated(id)), expected);
        assert_eq!(allowed(&evaluated(&format!("{INSTANCE}/{agent}"))), expected);
    }

    /// A search needs what describes the things that it finds.
    #[test]
    fn tags_and_groups_need_searches() {
        let grouped = REPORT
            .replace("[\"AGENT\"]", "[\"AGENT_HIERARCHY_LEVEL_TWO\"]")
            .replace("{ ROUTING_PROFILE = [\"*\"] }", "{ AGENT_HIERARCHY_LEVEL_ONE = [\"EMEA\"] }");
        let of_groups = expected(&[
            ("GetMetricDataV2", &["", "agent-group/*"]),
            ("DescribeUserHierarchyGroup", &["agent-group/*"]),
            ("DescribeUserHierarchyStructure", &[""]),
            ("SearchUserHierarchyGroups", &[""]),
        ]);
        assert_eq!(allowed(&grouped), of_groups);
        let tagged = REPORT
            .replace("group_by = [\"AGENT\"]\n", "")
            .replace("{ ROUTING_PROFILE = [\"*\"] }", "{ QUEUE = [\"tag:team=sales\"] }")
            .replace("AGENT_OCCUPANCY", "CONTACTS_HANDLED");
        let of_tags = expected(&[
            ("GetMetricDataV2", &["", "queue/*"]),
            ("DescribeQueue", &["queue/*"]),
            ("SearchQueues", &[""]),
        ]);
        assert_eq!(allowed(&tagged), of_tags);
        let enabled = tagged.replace("[\"tag:team=sales\"]", "[\"*\", \"!disabled\"]");
        assert_eq!(allowed(&enabled), of_tags);
        let of_names =
            expected(&[("GetMetricDataV2", &["", "queue/*"]), ("ListQueues", &["queue/*"])]);
        assert_eq!(allowed(&tagged.replace("tag:team=sales", "Sales*")), of_names);
    }

    #[test]
    fn definitions_in_s3_are_listed_and_read() {
        let of_store = |place: &str| {
            let statements = statements(REPORT, place);
            let sid = |sid: &str| statements.iter().find(|s| s["Sid"] == sid).unwrap().clone();
            [sid("ListDefinitions1"), sid("ReadDefinitions1")]
        };
        let [list, read] = of_store("s3://bucket/reports/live");
        assert_eq!(list["Resource"], "arn:aws-us-gov:s3:::bucket");
        assert_eq!(list["Condition"]["StringEquals"]["s3:prefix"], "reports/live/");
        assert_eq!(read["Resource"], json!(["arn:aws-us-gov:s3:::bucket/reports/live/*.toml"]));
        let [list, read] = of_store("s3://bucket");
        assert!(list.get("Condition").is_none());
        assert_eq!(read["Resource"], json!(["arn:aws-us-gov:s3:::bucket/*.toml"]));
    }

    /// What a place, an address or an id has of `*`, `?` and `$` stands for itself.
    #[test]
    fn no_sign_in_a_name_makes_a_policy_wider() {
        let read = |place: &str| {
            let statements = statements(REPORT, place);
            let sid = |sid: &str| statements.iter().find(|s| s["Sid"] == sid).unwrap().clone();
            let condition =
                sid("ListDefinitions1")["Condition"]["StringEquals"]["s3:prefix"].clone();
            (sid("ReadDefinitions1")["Resource"][0].clone(), condition)
        };
        let (resource, condition) = read("s3://bucket/a*b?c${aws:username}/");
        let escaped = "a${*}b${?}c${$}{aws:username}/";
        assert_eq!(resource, format!("arn:aws-us-gov:s3:::bucket/{escaped}*.toml"));
        assert_eq!(condition, "a*b?c${$}{aws:username}/");
        let runs = "s3://records/*".parse().unwrap();
        let [_, keep, files] = of_records(&runs, "aws").unwrap();
        assert_eq!(keep["Resource"], "arn:aws:s3:::records/${*}/*.json");
        assert_eq!(files["Resource"], "arn:aws:s3:::records/${*}/*.zip");

        let sender = "*${a}?@example.com";
        let from = REPORT.replace("reports@example.com", sender);
        let send = statements(&from, "reports").into_iter().find(|s| s["Sid"] == "Send1").unwrap();
        let identity = "arn:aws-us-gov:ses:us-gov-west-1:123456789012:identity/";
        let resources = send["Resource"].as_array().unwrap();
        assert!(
            resources.contains(&json!(format!("{identity}${{*}}${{$}}{{a}}${{?}}@example.com")))
        );
        let condition = &send["Condition"]["StringEqualsIgnoreCase"]["ses:FromAddress"];
        assert_eq!(*condition, json!(["*${$}{a}?@example.com"]));

        let evaluated = REPORT
            .replace("group_by = [\"AGENT\"]\n", "")
            .replace("{ ROUTING_PROFILE = [\"*\"] }", "{ EVALUATOR_ID = [\"a*\"] }")
            .replace("AGENT_OCCUPANCY", "EVALUATED_CSAT_PERCENT");
        let of_evaluators = expected(&[("GetMetricDataV2", &["", "agent/a${*}"])]);
        assert_eq!(allowed(&evaluated), of_evaluators);
    }

    #[test]
    fn records_are_read_and_written() {
        let statements = statements(REPORT, "reports");
        let [.., list, keep, files] = statements.as_slice() else { panic!("{statements:?}") };
        assert_eq!(list["Action"], "s3:ListBucket");
        assert_eq!(list["Resource"], "arn:aws-us-gov:s3:::records");
        assert_eq!(keep["Action"], json!(["s3:GetObject", "s3:PutObject"]));
        assert_eq!(keep["Resource"], "arn:aws-us-gov:s3:::records/kept/*.json");
        assert_eq!(files["Action"], "s3:PutObject");
        assert_eq!(files["Resource"], "arn:aws-us-gov:s3:::records/kept/*.zip");
    }

    #[test]
    fn templates_and_a_configuration_set_are_allowed() {
        let with_set = REPORT.replace("email    = {", "email    = { configuration_set = \"own\",");
        let statements = statements(&with_set, "reports");
        let of = |sid: &str| {
            statements.iter().find(|statement| statement["Sid"] == sid).unwrap()["Resource"].clone()
        };
        let own = |ending: &str| format!("arn:aws-us-gov:s3:::looks/own/*.{ending}");
        assert_eq!(of("ReadTemplates"), json!([own("html"), own("svg"), own("txt")]));
        let set = "arn:aws-us-gov:ses:us-gov-west-1:123456789012:configuration-set/own";
        assert!(of("Send1").as_array().unwrap().contains(&json!(set)));
    }
}
