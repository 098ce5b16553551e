//! `infra/template.yaml` as `CloudFormation` reads it: its intrinsic functions evaluated with a stack's
//! parameters, and the function's role asked what it allows.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use connect_simulator::Access;
use saphyr::{LoadableYamlNode as _, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

/// What the resources of a stack are called here, as the tests know them.
pub const STACK: &str = "connect-reports";
pub const BUCKET: &str = "reports-bucket";
/// The key that the bucket may be encrypted with.
pub const KEY: &str = "arn:aws:kms:eu-west-2:123456789012:key/11112222-3333-4444-5555-666677778888";
pub const INSTANCE: &str =
    "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";

/// A stack of the template.
pub struct Stack {
    parameters: BTreeMap<String, String>,
}

/// The template with its intrinsic functions in their long form.
pub fn template() -> &'static Value {
    static TEMPLATE: OnceLock<Value> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/template.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        read_yaml(&text)
    })
}

/// A text of one YAML document, with the intrinsic functions of `CloudFormation` in their long form.
pub fn read_yaml(text: &str) -> Value {
    let [document] = YamlOwned::load_from_str(text).unwrap().try_into().unwrap();
    long_form(&document)
}

fn long_form(yaml: &YamlOwned) -> Value {
    match yaml {
        YamlOwned::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                "Ref" => "Ref".to_owned(),
                other => format!("Fn::{other}"),
            };
            json!({ name: long_form(value) })
        }
        YamlOwned::Sequence(values) => values.iter().map(long_form).collect(),
        YamlOwned::Mapping(members) => {
            let members = members.iter();
            let member = |(key, value)| (text(&long_form(key)), long_form(value));
            Value::Object(members.map(member).collect())
        }
        YamlOwned::Value(ScalarOwned::String(text)) => json!(text),
        YamlOwned::Value(ScalarOwned::Integer(number)) => json!(number),
        YamlOwned::Value(ScalarOwned::Boolean(truth)) => json!(truth),
        YamlOwned::Value(ScalarOwned::Null) => Value::Null,
        other => panic!("{other:?}"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Stack {
    /// A stack with these parameters, and the defaults of the others.
    pub fn with(parameters: &[(&str, &str)]) -> Self {
        let given =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let parameters = template()["Parameters"].as_object().unwrap().iter();
        let defaults = parameters
            .filter_map(|(name, parameter)| Some((name.clone(), text(parameter.get("Default")?))));
        Self { parameters: defaults.chain(given).collect() }
    }

    /// The properties of a resource; none where its condition does not hold.
    pub fn properties(&self, resource: &str) -> Option<Value> {
        let resource = &template()["Resources"][resource];
        assert!(resource.is_object());
        let holds = resource["Condition"].as_str().is_none_or(|name| self.holds(name));
        holds.then(|| self.evaluate(&resource["Properties"]))
    }

    /// Says that every rule of the template holds, so that `CloudFormation` takes the parameters.
    pub fn is_taken(&self) -> bool {
        let rules = template()["Rules"].as_object().unwrap().values();
        let assertions = rules.flat_map(|rule| rule["Assertions"].as_array().unwrap());
        let mut assertions = assertions.map(|one| self.evaluate(&one["Assert"]));
        assertions.all(|holds| holds == json!(true))
    }

    fn holds(&self, condition: &str) -> bool {
        self.evaluate(&template()["Conditions"][condition]) == json!(true)
    }

    fn evaluate(&self, value: &Value) -> Value {
        match value {
            Value::Array(values) => {
                let values = values.iter().map(|value| self.evaluate(value));
                values.filter(|value| !value.is_null()).collect()
            }
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if is_intrinsic(name) => self.intrinsic(name, argument),
                _ => members
                    .iter()
                    .map(|(name, value)| (name.clone(), self.evaluate(value)))
                    .collect::<Map<_, _>>()
                    .into(),
            },
            other => other.clone(),
        }
    }

    fn intrinsic(&self, name: &str, argument: &Value) -> Value {
        let item = |index: usize| self.evaluate(&argument[index]);
        match name {
            "Ref" => self.reference(argument.as_str().unwrap()),
            "Fn::GetAtt" => json!(attribute(argument.as_str().unwrap())),
            "Fn::Sub" => match argument {
                Value::Array(parts) => self.substituted(parts[0].as_str().unwrap(), &parts[1]),
                text => self.substituted(text.as_str().unwrap(), &json!({})),
            },
            "Fn::If" => match self.holds(argument[0].as_str().unwrap()) {
                true => item(1),
                false => item(2),
            },
            "Fn::Equals" => json!(item(0) == item(1)),
            "Fn::Not" => json!(item(0) == json!(false)),
            "Fn::And" => json!(listed(&self.evaluate(argument)).iter().all(|one| one == "true")),
            "Fn::Contains" => json!(item(0).as_array().unwrap().contains(&item(1))),
            "Fn::Select" => {
                item(1)[usize::try_from(argument[0].as_u64().unwrap()).unwrap()].clone()
            }
            "Fn::Split" => {
                let (by, whole) = (text(&argument[0]), text(&item(1)));
                whole.split(&by).map(|part| json!(part)).collect()
            }
            other => panic!("{other}"),
        }
    }

    /// The value that a reference to a parameter or a resource has.
    pub fn reference(&self, name: &str) -> Value {
        if let Some(value) = self.parameters.get(name) {
            return json!(value);
        }
        match name {
            "AWS::Region" => json!("eu-west-2"),
            "AWS::AccountId" => json!("123456789012"),
            "AWS::Partition" => json!("aws"),
            "AWS::NoValue" => Value::Null,
            "AWS::StackName" | "Function" | "ConfigurationSet" => json!(STACK),
            "Bucket" => json!(BUCKET),
            "Runs" => json!("https://sqs.eu-west-2.amazonaws.com/123456789012/runs"),
            "Alarms" => json!("arn:aws:sns:eu-west-2:123456789012:alarms"),
            other => json!(other),
        }
    }

    fn substituted(&self, template: &str, names: &Value) -> Value {
        let mut parts = template.split("${");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let value = match (names.get(name), name.contains('.')) {
                (Some(value), _) => self.evaluate(value),
                (None, true) => json!(attribute(name)),
                (None, false) => self.reference(name),
            };
            text += value.as_str().unwrap();
            text += rest;
        }
        json!(text)
    }

    /// What the function's role allows, with what is added to it for fan-out.
    pub fn role(&self) -> Role {
        let of_role = self.properties("FunctionRole").unwrap();
        let of_role = of_role["Policies"].as_array().unwrap().clone();
        let policies = of_role.into_iter().chain(self.properties("FanOutPolicy"));
        let statements = policies
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap().clone());
        Role(statements.collect())
    }
}

fn is_intrinsic(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

/// An attribute of a resource: mostly its ARN.
fn attribute(name: &str) -> String {
    let (resource, attribute) = name.split_once('.').unwrap();
    match (resource, attribute) {
        ("Bucket", "Arn") => format!("arn:aws:s3:::{BUCKET}"),
        ("LogGroup", "Arn") => {
            format!("arn:aws:logs:eu-west-2:123456789012:log-group:/aws/lambda/{STACK}:*")
        }
        ("Runs", "Arn") => "arn:aws:sqs:eu-west-2:123456789012:runs".to_owned(),
        (_, "Arn") => format!("arn:aws:service:eu-west-2:123456789012:{resource}"),
        (resource, _) => resource.to_owned(),
    }
}

/// The statements of a role, or of a policy.
pub struct Role(pub Vec<Value>);

impl Role {
    /// Whether it allows this.
    pub fn allows(&self, access: &Access) -> bool {
        self.0.iter().any(|statement| {
            let is_one = |member: &str, wanted: &str| {
                listed(&statement[member]).iter().any(|pattern| matches(pattern, wanted))
            };
            is_one("Action", access.action)
                && is_one("Resource", &access.resource)
                && may_send(&statement["Condition"], access.from.as_deref())
        })
    }

    /// Each action with each of its resources.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self
            .0
            .iter()
            .flat_map(|statement| {
                let resources = listed(&statement["Resource"]);
                listed(&statement["Action"]).into_iter().flat_map(move |action| {
                    resources.clone().into_iter().map(move |resource| (action.clone(), resource))
                })
            })
            .collect();
        pairs.sort();
        pairs.dedup();
        pairs
    }
}

/// Says that a condition holds for a message from this address; other conditions are not known here.
fn may_send(condition: &Value, from: Option<&str>) -> bool {
    let holds = |operator: &str, same: fn(&str, &str) -> bool| {
        let addresses = &condition[operator]["ses:FromAddress"];
        let is_one = |from: &str| listed(addresses).iter().any(|address| same(address, from));
        addresses.is_null() || from.is_some_and(is_one)
    };
    holds("StringEquals", |a, b| a == b)
        && holds("StringEqualsIgnoreCase", |a, b| a.eq_ignore_ascii_case(b))
}

/// One text, or a list of them.
fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        one => vec![text(one)],
    }
}

/// Whether a pattern of IAM with stars matches a text; a star that is asked for is only matched by one.
fn matches(pattern: &str, wanted: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = wanted.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Every call of a test is one that the role allows, of a stack for its instance and its sender.
pub fn check_all(accesses: Vec<Access>) {
    let mut seen: Vec<Access> = Vec::new();
    for access in accesses {
        if !seen.contains(&access) {
            assert!(is_allowed_somewhere(&access), "the role does not allow {access:?}");
            seen.push(access);
        }
    }
}

/// The instances, and the senders, of the definitions of these tests.
const INSTANCES: [&str; 2] = [
    INSTANCE,
    "arn:aws:connect:eu-west-2:123456789012:instance/bbbbaaaa-1111-4222-8333-ccccddddeeee",
];
const SENDERS: [&str; 1] = ["reports@example.com"];

fn is_allowed_somewhere(access: &Access) -> bool {
    static ROLES: OnceLock<Vec<Role>> = OnceLock::new();
    let roles = ROLES.get_or_init(|| {
        let stacks = INSTANCES.iter().flat_map(|instance| {
            SENDERS.map(|from| {
                let owner = "workforce@example.com";
                let of_all = [("Owner", owner), ("Workers", "4"), ("KmsKey", KEY)];
                [&[("Instance", *instance), ("From", from)][..], &of_all].concat()
            })
        });
        stacks.map(|stack| Stack::with(&stack).role()).collect()
    });
    roles.iter().any(|role| role.allows(access))
}
