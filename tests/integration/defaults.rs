use connect_reports::settings::Settings;
use serde_json::{Value, json};

use crate::harness::template::{INSTANCE, Stack, template};

const LEAST: &[(&str, &str)] =
    &[("Instance", INSTANCE), ("Owner", "workforce@example.com"), ("From", "reports@example.com")];

/// Mail goes to the stack's own domains alone unless others are allowed; links may lead anywhere.
#[test]
fn mail_goes_to_the_domains_of_the_stack_unless_others_are_allowed() {
    let allowed = |more: &[(&str, &str)]| {
        let function = Stack::with(&[LEAST, more].concat()).properties("Function").unwrap();
        let variables = function["Environment"]["Variables"].as_object().unwrap();
        let variables = variables.iter();
        let texts = variables.map(|(name, value)| (name.into(), value.as_str().unwrap().into()));
        let deployment = Settings::read(texts).unwrap().deployment;
        [deployment.allowed_recipients, deployment.allowed_links].map(|domains| domains.to_string())
    };
    let of_stack = [
        ("From", "reports@mail.example.com"),
        ("Identity", "example.com"),
        ("Owner", "a@acme.test"),
    ];
    assert_eq!(allowed(&[]), ["example.com", ""]);
    assert_eq!(allowed(&of_stack), ["mail.example.com, example.com, acme.test", ""]);
    let any =
        [&of_stack[..], &[("AllowedRecipients", "*"), ("AllowedLinks", "acme.test")]].concat();
    assert_eq!(allowed(&any), ["*", "acme.test"]);
    assert_eq!(
        allowed(&[("AllowedRecipients", "acme.test,*.acme.test")])[0],
        "acme.test, *.acme.test"
    );
}

/// The reserved concurrency is enough for the workers, the tick and an order; by default none is.
#[test]
fn what_is_reserved_is_enough_for_all_workers() {
    let stack = |workers: u32, reserved: &str| {
        let workers = workers.to_string();
        let more = [("Workers", workers.as_str()), ("ReservedConcurrency", reserved)];
        Stack::with(&[LEAST, &more].concat())
    };
    let of_function = |stack: &Stack| {
        let function = stack.properties("Function").unwrap();
        function["ReservedConcurrentExecutions"].clone()
    };
    assert!(of_function(&Stack::with(LEAST)).is_null());
    for workers in std::iter::once(0).chain(2..=20) {
        assert!(stack(workers, "").is_taken());
        for reserved in 2..=40 {
            let stack = stack(workers, &reserved.to_string());
            assert_eq!(stack.is_taken(), reserved >= workers + 2, "{reserved} of {workers}");
            assert_eq!(of_function(&stack), json!(reserved.to_string()));
        }
    }
}

/// Nothing that keeps or passes something on takes a call without TLS.
#[test]
fn what_is_kept_is_reached_by_tls_alone() {
    let policies =
        [("S3", "Bucket", "Bucket"), ("SQS", "Queue", "Queues"), ("SNS", "Topic", "Topics")];
    let stack = Stack::with(&[LEAST, &[("Workers", "4")]].concat());
    let of_type = |wanted: &str| {
        let resources = template()["Resources"].as_object().unwrap().iter();
        let own = resources.filter(|(_, one)| one["Type"] == wanted);
        own.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for (service, kind, member) in policies {
        let policies = of_type(&format!("AWS::{service}::{kind}Policy"));
        let policies: Vec<Value> =
            policies.iter().map(|name| stack.properties(name).unwrap()).collect();
        for name in of_type(&format!("AWS::{service}::{kind}")) {
            let itself = stack.reference(&name);
            let of_it = |policy: &&Value| {
                let whose = &policy[member];
                *whose == itself || whose.as_array().is_some_and(|all| all.contains(&itself))
            };
            let policy = policies.iter().find(of_it).unwrap_or_else(|| panic!("{name} has none"));
            let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
            let denies = |one: &&Value| {
                one["Effect"] == "Deny"
                    && one["Principal"] == "*"
                    && one["Condition"] == json!({"Bool": {"aws:SecureTransport": "false"}})
            };
            assert!(statements.iter().any(|one| denies(&one)), "{name}");
            found.push(name);
        }
    }
    assert_eq!(found, ["Bucket", "DeadLetters", "Runs", "RunsDeadLetters", "Alarms"]);
}
