use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use connect_reports::settings::Settings;
use connect_reports::trigger::{self, Payload};
use connect_simulator::{Access, Fault, Operation};
use serde_json::{Value, json};

use crate::harness::binary::{
    DUE, Function, SMALL, definitions, program, run, simulator, text, tick, tick_at,
};
use crate::harness::s3::S3;
use crate::harness::sqs::Sqs;
use crate::harness::template::{BUCKET, INSTANCE, KEY, Role, STACK, Stack, template};

const LEAST: &[(&str, &str)] =
    &[("Instance", INSTANCE), ("Owner", "workforce@example.com"), ("From", "reports@example.com")];

fn least() -> Stack {
    Stack::with(LEAST)
}

fn most(more: &[(&str, &str)]) -> Stack {
    let all = [
        ("Workers", "4"),
        ("OwnTemplates", "yes"),
        ("AllowedRecipients", "example.com"),
        ("KmsKey", KEY),
    ];
    Stack::with(&[LEAST, &all, more].concat())
}

/// Whoever fills the parameters in is told what each is; all but three have a default.
#[test]
fn every_parameter_is_described() {
    for (name, parameter) in template()["Parameters"].as_object().unwrap() {
        let has = |member: &str| !parameter[member].is_null();
        assert!(has("Description") && has("ConstraintDescription"), "{name}");
        let bounds = has("AllowedPattern") || has("AllowedValues") || has("MinValue");
        assert!(bounds, "{name}");
        let must_be_filled = LEAST.iter().any(|(least, _)| least == name);
        assert_eq!(has("Default"), !must_be_filled, "{name}");
    }
}

/// The program takes the environment that the template gives it.
#[test]
fn the_environment_is_one_that_the_program_reads() {
    let settings = |stack: &Stack| {
        let function = stack.properties("Function").unwrap();
        let variables = function["Environment"]["Variables"].as_object().unwrap().clone();
        let texts = variables
            .into_iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value.as_str().unwrap())));
        Settings::read(texts).unwrap()
    };
    let one = settings(&least());
    let from = "Queue reports <reports@example.com>".parse().unwrap();
    assert_eq!(one.deployment.from, Some(from));
    assert_eq!(one.deployment.configuration_set.unwrap().to_string(), STACK);
    assert_eq!(one.definitions.to_string(), format!("s3://{BUCKET}/reports/"));
    assert_eq!(one.runs.unwrap().to_string(), format!("s3://{BUCKET}/runs/"));
    assert!(one.queue.is_none() && one.templates.is_none());
    assert!((one.rates.messages.per_second() - 14.0).abs() < f64::EPSILON);
    let several = settings(&most(&[]));
    assert_eq!(several.queue.unwrap().name(), "runs");
    assert!((several.rates.messages.per_second() - 3.5).abs() < f64::EPSILON);
    assert_eq!(several.templates.unwrap().to_string(), format!("s3://{BUCKET}/templates/"));
}

/// What EventBridge Scheduler sends is read by the event's own type: a tick, with the id that stays
/// the same over retries.
#[test]
fn the_schedule_s_input_is_a_tick() {
    let schedule = least().properties("Schedule").unwrap();
    let input = schedule["Target"]["Input"].as_str().unwrap();
    let input = input.replace("<aws.scheduler.scheduled-time>", "2026-11-23T07:15:00Z");
    assert!(!input.contains('<'), "every placeholder is known: {input}");
    let payload = trigger::parse_payload(&serde_json::from_str(&input).unwrap()).unwrap();
    let Payload::One(order) = payload else { panic!("{payload:?}") };
    assert_eq!(order.id.as_deref(), Some("tick-2026-11-23T07:15:00Z"));
    assert_eq!(order.time, Some("2026-11-23T07:15:00Z".parse().unwrap()));
    assert!(order.is_tick());
    // The rates of catching up and of the silence alarm count on it.
    assert_eq!(schedule["ScheduleExpression"], "cron(0/15 * * * ? *)");
}

/// `cargo lambda deploy` leaves the stack's function as the stack has made it.
#[test]
fn cargo_lambda_deploys_as_the_template_does() {
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata = metadata.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == STACK).expect("its package");
    let deploy = &package["metadata"]["lambda"]["deploy"];
    let function = least().properties("Function").unwrap();
    for (key, property) in [("memory", "MemorySize"), ("timeout", "Timeout")] {
        assert_eq!(deploy[key].as_i64(), function[property].as_i64(), "{key}");
    }
    assert_eq!(deploy["merge_env"].as_bool(), Some(true));
    // Its name is that of the function that it deploys to. Built with the workspace's other packages it would
    // have their features.
    let build = &package["metadata"]["lambda"]["build"];
    assert_eq!(build["packages"], json!([STACK]));
    assert_eq!(build["no_default_features"], json!(true));
}

/// Definitions that need everything: each list, tags, figures without a filter of resources, a
/// configuration set.
fn everything() -> Vec<(&'static str, String)> {
    let small = SMALL.replace("[email]", "[email]\nattach = [\"json\"]");
    let by = |group: &str, filter: &str, metric: &str| {
        small
            .replace("group_by = [\"QUEUE\"]", &format!("group_by = [{group}]"))
            .replace("{ QUEUE = [\"*\"] }", &format!("{{ {filter} }}"))
            .replace("\"CONTACTS_QUEUED\", { name = \"SERVICE_LEVEL\", threshold = 20 }", metric)
    };
    vec![
        ("queues.toml", small.clone()),
        ("tags.toml", by("\"QUEUE\"", "QUEUE = [\"tag:team=sales\"]", "\"CONTACTS_QUEUED\"")),
        (
            "agents.toml",
            by("\"AGENT\"", "ROUTING_PROFILE = [\"*\"], AGENT = [\"*\"]", "\"AGENT_OCCUPANCY\""),
        ),
        (
            "groups.toml",
            by(
                "\"AGENT_HIERARCHY_LEVEL_TWO\"",
                "AGENT_HIERARCHY_LEVEL_ONE = [\"*\"]",
                "\"AGENT_OCCUPANCY\"",
            ),
        ),
        (
            "cases.toml",
            by(
                "\"CASE_TEMPLATE_ARN\"",
                "CASE_TEMPLATE_ARN = [\"arn:aws:cases:eu-west-2:123456789012:domain/d/template/t\"]",
                "\"CASES_CREATED\"",
            ),
        ),
    ]
}

const PLACES: [(&str, &str); 6] = [
    ("CONNECT_REPORTS_DEFINITIONS", "s3://reports-bucket/reports"),
    ("CONNECT_REPORTS_TEMPLATES", "s3://reports-bucket/templates"),
    ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
    ("CONNECT_REPORTS_QUEUE_URL", "https://sqs.eu-west-2.amazonaws.com/123456789012/runs"),
    ("CONNECT_REPORTS_MAXIMUM_CONCURRENCY", "4"),
    ("CONNECT_REPORTS_CONFIGURATION_SET", STACK),
];

/// What `connect-reports policy` prints for these definitions.
async fn printed(files: &[(&str, String)]) -> Role {
    let objects: Vec<(String, String)> =
        files.iter().map(|(name, text)| (format!("reports/{name}"), text.clone())).collect();
    let objects: Vec<_> = objects.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let s3 = S3::start(&objects).await;
    let mut command = program();
    command.args(["policy", "--kms-key", KEY]).envs(PLACES).env("AWS_ENDPOINT_URL_S3", s3.url());
    let output = run(command).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    Role(policy["Statement"].as_array().unwrap().clone())
}

/// The role of the template is the policy that is printed for definitions that need everything, action
/// by action and resource by resource; beyond it stands only what Lambda does in the function's name.
#[tokio::test]
async fn the_role_is_the_policy_that_is_printed() {
    let printed = printed(&everything()).await;
    // The senders are held to; where one may list, the bucket is the stack's own.
    let of_senders = |role: &Role| -> Vec<Value> {
        let statements =
            role.0.iter().filter(|statement| statement["Action"] == "ses:SendRawEmail");
        statements
            .map(|statement| statement["Condition"]["StringEqualsIgnoreCase"].clone())
            .collect()
    };
    let sender = json!("reports@example.com");
    assert_eq!(of_senders(&most(&[]).role()), [json!({"ses:FromAddress": sender})]);
    assert_eq!(of_senders(&printed), [json!({"ses:FromAddress": [sender]})]);
    let printed: BTreeSet<_> = printed.pairs().into_iter().collect();
    let role: BTreeSet<_> = most(&[]).role().pairs().into_iter().collect();
    assert!(most(&[]).role().0.iter().all(|statement| statement["Effect"] == "Allow"));
    let missing: Vec<_> = printed.difference(&role).collect();
    assert!(missing.is_empty(), "not in the role: {missing:#?}");
    let more: Vec<(&str, &str)> =
        role.difference(&printed).map(|(a, r)| (a.as_str(), r.as_str())).collect();
    const LOG: &str = "arn:aws:logs:eu-west-2:123456789012:log-group:/aws/lambda/connect-reports:*";
    let queue = "arn:aws:sqs:eu-west-2:123456789012:runs";
    let of_lambda = [
        ("logs:CreateLogStream", LOG),
        ("logs:PutLogEvents", LOG),
        ("sqs:DeleteMessage", queue),
        ("sqs:GetQueueAttributes", queue),
        ("sqs:ReceiveMessage", queue),
        ("sqs:SendMessage", "arn:aws:service:eu-west-2:123456789012:DeadLetters"),
    ];
    assert_eq!(more, of_lambda);
    let fewer = least().role().pairs();
    assert!(
        fewer.iter().all(|(action, resource)| !action.starts_with("sqs:") || resource != queue)
    );
    assert!(fewer.iter().all(|(action, _)| !action.starts_with("kms:")));
}

/// The bucket is encrypted with the key that the function may use, or with S3's own.
#[test]
fn the_bucket_has_the_key_that_the_role_may_use() {
    let encryption = |stack: &Stack| {
        let bucket = stack.properties("Bucket").unwrap();
        let rules = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        (rules[0]["ServerSideEncryptionByDefault"].clone(), rules[0]["BucketKeyEnabled"].clone())
    };
    let of_key = json!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY});
    assert_eq!(encryption(&most(&[])), (of_key, json!(true)));
    assert_eq!(encryption(&least()).0, json!({"SSEAlgorithm": "AES256"}));
    let pattern = template()["Parameters"]["KmsKey"]["AllowedPattern"].as_str().unwrap();
    assert!(pattern.starts_with("^(|arn:") && pattern.ends_with(":key/[a-z0-9-]+)$"));
}

/// An address is the same sender in whatever case a definition writes it.
#[tokio::test]
async fn a_sender_is_compared_without_case() {
    let simulator = simulator().await;
    let text_of = SMALL.replace("<reports@example.com>", "<Reports@EXAMPLE.com>");
    let folder = definitions(&[("small.toml", &text_of)]);
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url()).args(["run", "small", "--time", DUE]);
    command.args(["--definitions", text(folder.path()), "--runs", text(folder.path())]);
    assert!(run(command).await.status.success());
    let mut sends = simulator.calls().into_iter().flat_map(|call| call.accesses);
    let send = sends.find(|access| access.action == "ses:SendRawEmail").unwrap();
    assert_eq!(send.from.as_deref(), Some("Reports@example.com"));
    assert!(least().role().allows(&send));
    let another = Access { from: Some("others@example.com".to_owned()), ..send };
    assert!(!least().role().allows(&another));
}

/// Every permission that is printed is used, and nothing is asked that is not: definitions that need
/// everything are run, from a tick to what is kept of them.
#[tokio::test]
async fn what_is_allowed_is_used() {
    let files = everything();
    let printed = printed(&files).await;
    let (simulator, sqs) = (simulator().await, Sqs::start(Duration::from_secs(60)).await);
    // What is too large for mail is kept in the store.
    let large = |text: &String| text.replace("[\"json\"]", "[\"json\"]\nattach_max = \"1KB\"");
    let objects: Vec<(String, String)> =
        files.iter().map(|(name, text)| (format!("reports/{name}"), large(text))).collect();
    let objects: Vec<_> = objects.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let templates = ["subject.txt", "foot.html", "trend.svg"].map(|name| {
        (format!("templates/{name}"), std::fs::read_to_string(format!("templates/{name}")).unwrap())
    });
    let templates: Vec<_> =
        templates.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let s3 = S3::start(&[objects, templates].concat()).await;
    s3.encrypt_with(KEY);
    let queue_url = sqs.queue_url();
    let endpoints = [
        ("AWS_ENDPOINT_URL_S3", s3.url()),
        ("AWS_ENDPOINT_URL_SQS", sqs.url()),
        ("CONNECT_REPORTS_QUEUE_URL", queue_url),
    ];
    let endpoints = endpoints.iter().map(|(name, value)| (*name, value.as_str()));
    let places = PLACES.into_iter().filter(|(name, _)| !name.ends_with("QUEUE_URL"));
    let more: Vec<(&str, &str)> = places.chain(endpoints).collect();
    let function = Function::start(&simulator.url(), PLACES[0].1, &more).await;
    function.succeed(&tick()).await;
    let records = sqs.bodies().into_iter().enumerate().map(|(index, body)| {
        json!({"messageId": format!("m{index}"), "body": body.to_string(), "eventSource": "aws:sqs"})
    });
    let records: Vec<_> = records.collect();
    function.succeed(&json!({"Records": records})).await;
    // Where no report selects by tags, the queues are listed without them.
    let named = json!({"reports": ["queues"], "time": "2025-03-31T07:00:00Z",
        "to": ["me@example.com"]});
    let another = Function::start(&simulator.url(), PLACES[0].1, &more).await;
    another.succeed(&named).await;

    let calls = simulator.calls().into_iter().flat_map(|call| call.accesses);
    let accesses: Vec<Access> = calls.chain(s3.accesses()).chain(sqs.accesses()).collect();
    for access in &accesses {
        assert!(printed.allows(access), "not in the policy: {access:?}");
    }
    for (action, resource) in printed.pairs() {
        let statement = json!({"Action": action, "Resource": resource});
        let one = Role(vec![statement]);
        // The address stands beside its domain, for whichever of them is verified.
        let is_an_alternative = resource.contains("identity/") && resource.contains('@');
        let used = accesses.iter().any(|access| one.allows(access));
        assert!(used || is_an_alternative, "never used: {action} on {resource}");
    }
}

/// What an alarm makes of the values that a function has written within its period.
fn state(alarm: &Value, values: &[f64]) -> &'static str {
    let threshold = alarm["Threshold"].as_f64().unwrap();
    assert_eq!((&alarm["Statistic"], &alarm["EvaluationPeriods"]), (&json!("Sum"), &json!(1)));
    let sum: f64 = values.iter().sum();
    let breaches = match (values, alarm["ComparisonOperator"].as_str().unwrap()) {
        ([], _) => alarm["TreatMissingData"] == "breaching",
        (_, "GreaterThanOrEqualToThreshold") => sum >= threshold,
        (_, "LessThanThreshold") => sum < threshold,
        (_, other) => panic!("{other}"),
    };
    if breaches { "ALARM" } else { "OK" }
}

/// The values of an alarm's metric in a function's log: those of its namespace, name and dimensions to
/// the letter.
fn values(log: &str, alarm: &Value) -> Vec<f64> {
    let dimensions = alarm["Dimensions"].as_array().unwrap();
    let names: Vec<&str> = dimensions.iter().map(|d| d["Name"].as_str().unwrap()).collect();
    let metric = alarm["MetricName"].as_str().unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| {
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten();
            directives.into_iter().any(|directive| {
                let mut metrics = directive["Metrics"].as_array().unwrap().iter();
                directive["Namespace"] == alarm["Namespace"]
                    && directive["Dimensions"] == json!([names])
                    && metrics.any(|known| known["Name"] == metric && known["Unit"] == "Count")
            })
        })
        .filter(|line| dimensions.iter().all(|d| line[d["Name"].as_str().unwrap()] == d["Value"]))
        .map(|line| line[metric].as_f64().unwrap())
        .collect()
}

/// Alarms are about what telemetry writes, and in the state in which people need them.
#[tokio::test]
async fn alarms_are_about_what_is_written() {
    let stack = most(&[]);
    let alarm = |name: &str| stack.properties(name).unwrap();
    let states = |log: &str| -> BTreeMap<&str, &str> {
        ["Failed", "Unknown", "Overdue", "Throttles", "Silence"]
            .map(|name| {
                let alarm = alarm(&format!("{name}Alarm"));
                (name, state(&alarm, &values(log, &alarm)))
            })
            .into()
    };
    let in_alarm = |log: &str| -> Vec<&str> {
        states(log)
            .into_iter()
            .filter(|(_, state)| *state == "ALARM")
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(in_alarm(""), ["Silence"], "a function that is not called says nothing");

    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", &SMALL.replace("[email]", SCHEDULED))]);
    let runs = tempfile::tempdir().unwrap();
    let more = [
        ("CONNECT_REPORTS_RUNS", text(runs.path())),
        ("CONNECT_REPORTS_REQUESTS_PER_SECOND", "1000"),
    ];
    let start = async || Function::start(&simulator.url(), text(folder.path()), &more).await;

    let function = start().await;
    let order =
        json!({"reports": ["small"], "to": ["me@example.com"], "time": "2025-03-30T20:00:00Z"});
    function.succeed(&order).await;
    assert_eq!(in_alarm(&function.log()), ["Silence"], "an order is no tick");
    function.succeed(&tick_at("2025-03-30T20:00:00Z")).await;
    assert!(in_alarm(&function.log()).is_empty(), "{:?}", states(&function.log()));

    // The owner hears of the failure that raises the alarm.
    let (function, before) = (start().await, simulator.messages().len());
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, Some(1));
    function.fail(&tick()).await;
    assert_eq!(in_alarm(&function.log()), ["Failed"]);
    let notices = simulator.messages().split_off(before);
    let to: Vec<_> = notices.iter().flat_map(|notice| notice.to.clone()).collect();
    assert_eq!(to, ["workforce@example.com"]);

    let function = start().await;
    simulator.misbehave(Operation::SendEmail, Fault::DroppedAfter, Some(1));
    function
        .fail(&json!({"id": "again", "reports": ["small"], "time": "2025-03-31T08:00:00Z"}))
        .await;
    assert_eq!(in_alarm(&function.log()), ["Silence", "Unknown"]);

    let function = start().await;
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Throttled, Some(12));
    let order = json!({"reports": ["small"], "time": "2025-03-30T08:00:00Z"});
    function.succeed(&order).await;
    assert_eq!(in_alarm(&function.log()), ["Silence", "Throttles"]);

    // What no event has run within its time is closed by a later one.
    let runs = tempfile::tempdir().unwrap();
    let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.succeed(&tick_at("2025-03-30T06:45:00Z")).await;
    function.fail(&tick_at("2025-03-30T11:45:00Z")).await;
    assert_eq!(in_alarm(&function.log()), ["Failed", "Overdue"]);
}

/// A schedule that a tick of [`tick`] is right for.
const SCHEDULED: &str = "catch_up = \"2h\"\n[schedule]\nat = \"08:00\"\n\n[email]";

/// Lambda's and SQS's own metrics are asked for by the names that these services give them.
#[test]
fn alarms_of_aws_s_own_metrics() {
    let stack = most(&[]);
    let errors = stack.properties("ErrorsAlarm").unwrap();
    assert_eq!(
        (&errors["Namespace"], &errors["MetricName"]),
        (&json!("AWS/Lambda"), &json!("Errors"))
    );
    assert_eq!(errors["Dimensions"], json!([{"Name": "FunctionName", "Value": STACK}]));
    for (alarm, queue) in
        [("DeadLettersAlarm", "DeadLetters"), ("RunsDeadLettersAlarm", "RunsDeadLetters")]
    {
        let alarm = stack.properties(alarm).unwrap();
        assert_eq!(alarm["MetricName"], "ApproximateNumberOfMessagesVisible");
        assert_eq!(alarm["Dimensions"], json!([{"Name": "QueueName", "Value": queue}]));
    }
    let names = template()["Resources"].as_object().unwrap().iter();
    let alarms = names.filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    for (name, _) in alarms {
        let alarm = stack.properties(name).unwrap();
        assert_eq!(alarm["AlarmActions"], json!(["arn:aws:sns:eu-west-2:123456789012:alarms"]));
        assert!(alarm["AlarmDescription"].as_str().unwrap().len() > 60, "{name} says what to do");
    }
}
