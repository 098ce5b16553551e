use std::collections::BTreeSet;
use std::process::Output;
use std::time::Duration;

use connect_reports::connect::NameList;
use connect_reports::definition::{Dimension, HierarchyLevel};
use connect_reports::metric::Limits;
use connect_reports::plan::Directory;
use connect_reports::settings::Rates;
use connect_simulator::{
    Call, Fault, Operation, Options, Rates as Account, Simulator, SimulatorClock,
};
use serde_json::{Value, json};

use crate::harness::binary::{
    DUE, Function, NOW, SMALL, connect, definitions, program, run, simulator, text, tick,
};
use crate::harness::runtime_api::Answer;

/// Names are asked for as fast as the simulator answers.
const FAST: (&str, &str) = ("CONNECT_REPORTS_LISTS_PER_SECOND", "1000");

/// When the report of a working day is due.
const FRIDAY_IS_OVER: &str = "2025-03-29T07:00:00Z";

const INSTANCE: &str =
    "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";

fn level(level: HierarchyLevel) -> Dimension {
    Dimension::Hierarchy(level)
}

/// [`SMALL`] with other groupings and filters; agents need a metric that is theirs.
pub fn small(group_by: &str, filters: &str) -> String {
    SMALL
        .replace("[\"QUEUE\"]", group_by)
        .replace("{ QUEUE = [\"*\"] }", filters)
        .replace("{ name = \"SERVICE_LEVEL\", threshold = 20 }", "\"CONTACTS_HANDLED\"")
}

async fn names(simulator: &Simulator, list: NameList) -> Directory {
    let (instance, lists) = (INSTANCE.parse().unwrap(), FAST.1.parse().unwrap());
    let rates = Rates { lists, ..Rates::default() };
    let client = connect(&simulator.url(), rates, Limits::CURRENT);
    client.names(&instance, list, None).await.unwrap()
}

pub fn calls_of(simulator: &Simulator, operation: Operation) -> Vec<Call> {
    simulator.calls().into_iter().filter(|call| call.operation == operation).collect()
}

/// Every list is complete whatever the service's pages are, and asked in the largest there are.
#[tokio::test]
async fn lists_come_whole_and_in_the_largest_pages() {
    let simulator = simulator().await;
    let centre = simulator.centre();

    let queues = names(&simulator, NameList::SearchedQueues).await;
    let found = queues.entries(&Dimension::Queue).iter();
    let found: Vec<_> = found.map(|q| (&q.id, &q.name, &q.tags, q.is_disabled)).collect();
    let expected = centre.standard_queues();
    let expected: Vec<_> = expected.map(|q| (&q.id, &q.name, &q.tags, q.is_disabled)).collect();
    assert_eq!(found, expected);
    assert_eq!(expected.iter().filter(|(.., is_disabled)| *is_disabled).count(), 1);
    let untagged = names(&simulator, NameList::Queues).await;
    assert_eq!(untagged.entries(&Dimension::Queue).len(), expected.len());

    let agents = names(&simulator, NameList::Agents).await;
    for agent in centre.agents() {
        let entries = agents.entries(&Dimension::Agent);
        let entry = entries.iter().find(|entry| entry.id == agent.id).unwrap();
        assert_eq!(entry.name, format!("{} {}", agent.first_name, agent.last_name));
        assert_eq!(entry.user_name.as_ref(), Some(&agent.username));
    }
    let profiles = names(&simulator, NameList::RoutingProfiles).await;
    let found = profiles.entries(&Dimension::RoutingProfile).len();
    assert_eq!(found, centre.routing_profiles().len());

    for (operation, size, calls) in [
        (Operation::SearchQueues, json!(500), 3),
        (Operation::ListQueues, json!("1000"), 3),
        (Operation::SearchUsers, json!(500), 8),
        (Operation::ListRoutingProfiles, json!("1000"), 2),
    ] {
        let made = calls_of(&simulator, operation);
        assert_eq!(made.len(), calls, "{operation}");
        for call in made {
            let key = if size.is_string() { "maxResults" } else { "MaxResults" };
            assert_eq!(call.body[key], size, "{operation}: {:#}", call.body);
        }
    }
    let searched = &calls_of(&simulator, Operation::SearchQueues)[0].body["SearchCriteria"];
    assert_eq!(*searched, json!({ "QueueTypeCondition": "STANDARD" }));
}

/// The groups of all levels come by one search; those alike are told apart by where they belong.
#[tokio::test]
async fn groups_stand_on_their_levels() {
    let simulator = simulator().await;
    let groups = names(&simulator, NameList::Hierarchy).await;
    let shown = |of: HierarchyLevel| -> Vec<String> {
        let entries = groups.entries(&level(of)).iter();
        entries.map(|entry| groups.name(&level(of), &entry.id).to_owned()).collect()
    };
    assert_eq!(shown(HierarchyLevel::One), ["EMEA", "APAC"]);
    assert_eq!(
        shown(HierarchyLevel::Two),
        ["Phones (EMEA)", "Digital", "Phones (APAC)", "Back office"]
    );
    assert_eq!(shown(HierarchyLevel::Three), ["Early birds", "Night owls"]);
    let path = &groups.entries(&level(HierarchyLevel::Three))[0].path;
    assert_eq!(*path, ["EMEA", "Phones"]);
    assert_eq!(groups.level_name(&level(HierarchyLevel::Two)), Some("Team"));
    assert!(groups.check_level(&level(HierarchyLevel::Four)).is_err());
    let searches = calls_of(&simulator, Operation::SearchUserHierarchyGroups);
    assert_eq!(searches.len(), 2);
    assert!(searches.iter().all(|call| call.body["MaxResults"] == 100));
    assert_eq!(calls_of(&simulator, Operation::DescribeUserHierarchyStructure).len(), 1);
}

/// `report.json` of a definition, made against a simulator.
pub async fn preview(simulator: &Simulator, definition: &str) -> Value {
    let folder = definitions(&[("small.toml", definition)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env(FAST.0, FAST.1)
        .args([
            "preview",
            "small",
            "--time",
            FRIDAY_IS_OVER,
            "--definitions",
            text(folder.path()),
            "--out",
        ])
        .arg(out.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    serde_json::from_slice(&std::fs::read(out.path().join("report.json")).unwrap()).unwrap()
}

pub fn rows<'r>(report: &'r Value, key: &str) -> BTreeSet<Option<&'r str>> {
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    rows.iter().map(|row| row["dimensions"][key]["name"].as_str()).collect()
}

/// The ids that the last request for figures filters by.
pub fn asked(simulator: &Simulator, key: &str) -> BTreeSet<String> {
    let calls = calls_of(simulator, Operation::GetMetricDataV2);
    let filters = calls.last().unwrap().body["Filters"].as_array().unwrap().clone();
    let filter = filters.iter().find(|filter| filter["FilterKey"] == key).unwrap();
    let values = filter["FilterValues"].as_array().unwrap();
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn queues_are_selected_by_pattern_and_tag() {
    let simulator = simulator().await;
    let queues = |wanted: &dyn Fn(&connect_simulator::Queue) -> bool| {
        let found = simulator.centre().standard_queues().filter(|queue| wanted(queue));
        found.map(|queue| queue.id.clone()).collect::<BTreeSet<_>>()
    };
    let by_pattern = small("[\"QUEUE\"]", "{ QUEUE = [\"Re*\", \"?upport\"] }");
    let report = preview(&simulator, &by_pattern).await;
    let names = ["Retention", "Returns & refunds", "Support"];
    assert_eq!(rows(&report, "QUEUE"), names.map(Some).into());
    let ids = queues(&|queue| names.contains(&queue.name.as_str()));
    assert_eq!(asked(&simulator, "QUEUE"), ids);
    assert!(calls_of(&simulator, Operation::SearchQueues).is_empty(), "names alone are needed");

    let by_tag = small("[\"QUEUE\"]", "{ QUEUE = [\"tag:team=sales\", \"Loans\"] }");
    let report = preview(&simulator, &by_tag).await;
    let ids = queues(&|q| q.name == "Loans" || q.tags.get("team").is_some_and(|t| t == "sales"));
    assert_eq!(asked(&simulator, "QUEUE"), ids);
    assert_eq!(rows(&report, "QUEUE").len(), ids.len());
    let lists = calls_of(&simulator, Operation::ListQueues).len();
    assert_eq!(lists, 3, "the second report took the names from the search");
}

/// A queue or an agent that was deleted stands in no list and still has its row.
#[tokio::test]
async fn what_was_deleted_is_shown_by_its_id() {
    let simulator = simulator().await;
    let deleted = simulator.centre().deleted_queue().unwrap().id.clone();
    let filters = format!("{{ QUEUE = [\"{deleted}\", \"Sales\"] }}");
    let report = preview(&simulator, &small("[\"QUEUE\"]", &filters)).await;
    assert_eq!(rows(&report, "QUEUE"), [Some(deleted.as_str()), Some("Sales")].into());
}

#[tokio::test]
async fn agents_are_selected_and_shown_by_their_names() {
    let simulator = simulator().await;
    let filters = "{ AGENT = [\"isabeau\", \"Adele Adeyemi\", \"Chidi *\"] }";
    let report = preview(&simulator, &small("[\"AGENT\"]", filters)).await;
    let names = ["Ines Ærø (isabeau)", "Adele Adeyemi", "Chidi de Souza"];
    assert_eq!(rows(&report, "AGENT"), names.map(Some).into());
    assert!(calls_of(&simulator, Operation::ListUsers).is_empty());
    let found = asked(&simulator, "AGENT");
    let agents = simulator.centre().agents().iter();
    let expected = agents.filter(|a| ["isabeau", "adele", "chidi"].contains(&a.username.as_str()));
    assert_eq!(found, expected.map(|agent| agent.id.clone()).collect());
}

#[tokio::test]
async fn groups_are_selected_and_shown_by_their_names() {
    let simulator = simulator().await;
    let of = |wanted: &[usize]| -> BTreeSet<String> {
        let groups = &simulator.centre().hierarchy().groups;
        wanted.iter().map(|index| groups[*index].id.clone()).collect()
    };
    let group_by = "[\"AGENT_HIERARCHY_LEVEL_TWO\"]";
    let all = small(group_by, "{ AGENT_HIERARCHY_LEVEL_ONE = [\"*\"] }");
    let report = preview(&simulator, &all).await;
    assert_eq!(asked(&simulator, "AGENT_HIERARCHY_LEVEL_ONE"), of(&[0, 1]));
    let found = rows(&report, "AGENT_HIERARCHY_LEVEL_TWO");
    for name in ["Phones (EMEA)", "Phones (APAC)", "Digital", "Back office"] {
        assert!(found.contains(&Some(name)), "{name} in {found:?}");
    }
    let arn = format!("{INSTANCE}/agent-group/{}", of(&[5]).first().unwrap());
    for (selected, groups) in [
        ("\"Phones (APAC)\"", &[4][..]),
        ("\"Ph*\", \"Digital\"", &[2, 3, 4]),
        (&format!("\"{arn}\""), &[5]),
    ] {
        let filters = format!("{{ AGENT_HIERARCHY_LEVEL_TWO = [{selected}] }}");
        preview(&simulator, &small(group_by, &filters)).await;
        assert_eq!(asked(&simulator, "AGENT_HIERARCHY_LEVEL_TWO"), of(groups), "{selected}");
    }
}

/// `group_by`, `filters`, and of what is wrong the place, the message and the help.
const WRONG: [[&str; 5]; 8] = [
    ["QUEUE", "{ QUEUE = [\"Sails\"] }", "15:23", "no queue with the name `Sails`", "`Sales`"],
    [
        "QUEUE",
        "{ QUEUE = [\"*\", \"Suport*\"] }",
        "15:28",
        "no queue that fits `Suport*`",
        "`Support`",
    ],
    [
        "QUEUE",
        "{ QUEUE = [\"tag:team=sale\"] }",
        "15:23",
        "no queue with the tag `team=sale`",
        "`tag:team=sales`",
    ],
    [
        "AGENT",
        "{ AGENT = [\"Ines Ærø\"] }",
        "15:23",
        "2 agents are called `Ines Ærø`: `ines` and `isabeau`",
        "write the one",
    ],
    [
        "AGENT",
        "{ ROUTING_PROFILE = [\"Trainee\"] }",
        "15:33",
        "no routing profile with the name `Trainee`",
        "`Trainees`",
    ],
    [
        "AGENT",
        "{ AGENT_HIERARCHY_LEVEL_TWO = [\"Phones\"] }",
        "15:43",
        "2 groups of agent hierarchy level 2 (Team) are called `Phones`: `Phones (EMEA)` and `Phones (APAC)`",
        "write the one",
    ],
    [
        "AGENT",
        "{ AGENT_HIERARCHY_LEVEL_FOUR = [\"*\"] }",
        "15:44",
        "the instance has no agent hierarchy level 4",
        "AGENT_HIERARCHY_LEVEL_THREE (Squad)",
    ],
    [
        "AGENT_HIERARCHY_LEVEL_FIVE",
        "{ ROUTING_PROFILE = [\"*\"] }",
        "14:13",
        "the instance has no agent hierarchy level 5",
        "AGENT_HIERARCHY_LEVEL_ONE (Region)",
    ],
];

/// What selects nothing, or two things, is told with its place before a figure is asked for.
#[tokio::test]
async fn each_wrong_selection_is_told_with_its_place() {
    let simulator = simulator().await;
    for [group_by, filters, place, message, help] in WRONG {
        let definition = small(&format!("[\"{group_by}\"]"), filters);
        let folder = definitions(&[("small.toml", &definition)]);
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url()).env(FAST.0, FAST.1);
        command.args(["plan", "small", "--time", DUE, "--definitions", text(folder.path())]);
        let output = run(command).await;
        let all = told(&output);
        assert_eq!(output.status.code(), Some(2), "{filters}: {all}");
        assert!(all.contains(&format!("small.toml:{place}\n")), "{filters}: {all}");
        let problem = all.split_once("error[selection]: ");
        let (_, problem) = problem.unwrap_or_else(|| panic!("{filters}: {all}"));
        assert!(problem.contains(message) && problem.contains(help), "{filters}: {all}");
    }
    assert!(calls_of(&simulator, Operation::GetMetricDataV2).is_empty());
}

/// Lists are read once for all reports of an invocation, and are still warm for the next one.
#[tokio::test]
async fn lists_stay_warm() {
    let simulator = simulator().await;
    let tagged = small("[\"QUEUE\"]", "{ QUEUE = [\"tag:team=sales\"] }");
    let agents =
        small("[\"AGENT\", \"AGENT_HIERARCHY_LEVEL_ONE\"]", "{ ROUTING_PROFILE = [\"*\"] }");
    let folder = definitions(&[
        ("a.toml", SMALL),
        ("b.toml", &tagged),
        ("c.toml", &agents),
        ("d.toml", SMALL),
    ]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[FAST]).await;
    for _ in 0..2 {
        function.succeed(&tick()).await;
        let made = |operation| calls_of(&simulator, operation).len();
        let lists = [
            Operation::SearchQueues,
            Operation::ListQueues,
            Operation::ListRoutingProfiles,
            Operation::SearchUsers,
            Operation::DescribeUserHierarchyStructure,
            Operation::SearchUserHierarchyGroups,
        ];
        assert_eq!(lists.map(made), [3, 0, 2, 8, 1, 2]);
    }
    assert_eq!(simulator.messages().len(), 8);
}

/// A list that may not be read stops the reports that need it, and no other.
#[tokio::test]
async fn a_list_that_fails_stops_only_those_who_need_it() {
    let simulator = simulator().await;
    let agents = small("[\"AGENT\"]", "{ ROUTING_PROFILE = [\"*\"] }");
    let folder = definitions(&[("agents.toml", &agents), ("queues.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[FAST]).await;
    simulator.misbehave(Operation::SearchUsers, Fault::Denied, None);
    let answer = function.succeed(&tick()).await;
    let runs = &answer["data"]["reports"];
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("failed"), &json!("sent")));
    assert_eq!(runs[0]["error"]["code"], "ACCESS_DENIED");
    assert!(runs[0]["error"]["message"].as_str().unwrap().contains("connect:SearchUsers"));
}

/// A list that is throttled to the end takes only part of the time, and the others run.
#[tokio::test]
async fn a_list_that_never_comes_leaves_time_for_the_others() {
    let simulator = simulator().await;
    let agents = small("[\"AGENT\"]", "{ ROUTING_PROFILE = [\"*\"] }");
    let folder = definitions(&[("agents.toml", &agents), ("queues.toml", SMALL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[FAST]).await;
    simulator.misbehave(Operation::SearchUsers, Fault::Silent, None);
    let answer = function.api.invoke(tick().to_string(), Duration::from_secs(8)).await;
    let Answer::Response(answer) = answer else { panic!("{answer:?}") };
    let runs = &answer["data"]["reports"];
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("failed"), &json!("sent")));
    assert_eq!(runs[0]["error"]["code"], "TIMEOUT");
}

/// Against an account's real rates and full pages, no list is throttled.
#[tokio::test]
async fn lists_keep_to_the_rate_of_the_account() {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    let options =
        Options { clock, rates: Some(Account::default()), page_size: 1000, ..Options::awkward() };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = definitions(&[("small.toml", SMALL)]);
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url());
    command.args(["names", "--definitions", text(folder.path())]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let calls = simulator.calls();
    assert_eq!(calls.len(), 5, "one page of each list, and the levels");
    assert!(calls.iter().all(|call| !call.throttled));
}

async fn listed(arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    // Several instances are asked, and the deployment's role allows one.
    let simulator = Simulator::start(Options { clock, ..Options::awkward() }).await.unwrap();
    let mut command = program();
    command.arg("names").args(arguments).env(FAST.0, FAST.1);
    command.env("AWS_ENDPOINT_URL", simulator.url());
    command.envs(more.iter().copied());
    run(command).await
}

/// What `names` prints is what filters take, under the keys that take it.
#[tokio::test]
async fn names_prints_what_filters_take() {
    let output = listed(&["--instance", INSTANCE], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    insta::assert_snapshot!("names", String::from_utf8(output.stdout).unwrap());
    let output = listed(&["PHONES", "--instance", INSTANCE], &[]).await;
    insta::assert_snapshot!("names_phones", String::from_utf8(output.stdout).unwrap());
    let output = listed(&["ines", "--json", "--instance", INSTANCE], &[]).await;
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["instance"], INSTANCE);
    let agents = found["names"]["AGENT"].as_array().unwrap();
    assert_eq!(agents[0]["name"], "Ines Ærø (ines)");
    assert_eq!(agents[1]["user_name"], "isabeau");
    assert_eq!(found["levels"]["AGENT_HIERARCHY_LEVEL_THREE"], "Squad");
    let output = listed(&["tag:region=apac", "--json", "--instance", INSTANCE], &[]).await;
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let queues = found["names"]["QUEUE"].as_array().unwrap();
    assert!(!queues.is_empty() && queues.iter().all(|q| q["tags"]["region"] == "apac"));
}

/// Whatever stands in quotes goes into a definition as it is, and selects that one alone.
#[tokio::test]
async fn what_names_prints_can_be_copied() {
    let output = listed(&["--instance", INSTANCE], &[]).await;
    let printed = String::from_utf8(output.stdout).unwrap();
    let of_queues: Vec<_> =
        printed.lines().skip(1).take_while(|line| !line.is_empty()).map(str::trim).collect();
    assert_eq!(of_queues.len(), 12);
    let simulator = simulator().await;
    for line in of_queues {
        let mut quoted = line.split("  ").map(str::trim).filter(|text| text.starts_with('"'));
        let (call, id) = (quoted.next().unwrap(), quoted.next().unwrap().trim_matches('"'));
        let filters = format!("{{ QUEUE = [{call}] }}");
        preview(&simulator, &small("[\"QUEUE\"]", &filters)).await;
        assert_eq!(asked(&simulator, "QUEUE"), [id.to_owned()].into(), "{line}");
    }
}

/// The instance comes from the option, the environment, or the definitions; where none of them
/// says which, the error says what to do.
#[tokio::test]
async fn names_are_of_the_instance_that_is_meant() {
    let other = INSTANCE.replace("aaaabbbb", "bbbbcccc");
    let elsewhere = SMALL.replace("aaaabbbb", "bbbbcccc");
    let one = definitions(&[("a.toml", SMALL), ("b.toml", SMALL), ("c.toml", "broken")]);
    let two = definitions(&[("a.toml", SMALL), ("b.toml", &elsewhere)]);
    let none = definitions(&[]);
    let [one, two, none] = [&one, &two, &none].map(|folder| text(folder.path()));
    let variable = [("CONNECT_REPORTS_INSTANCE", other.as_str())];
    for (arguments, more, instance) in [
        (&["--definitions", one][..], &[][..], INSTANCE),
        (&["--definitions", one], &variable, &other),
        (&["--definitions", two, "--instance", INSTANCE], &variable, INSTANCE),
    ] {
        let output = listed(&[&["Sales", "--json"], arguments].concat(), more).await;
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["instance"], instance);
    }
    for (arguments, words) in [
        (&["--definitions", two][..], "the definitions are of 2 instances"),
        (&["--definitions", two], &other),
        (&["--definitions", none], "--instance ARN or CONNECT_REPORTS_INSTANCE"),
        (&["--definitions", "/nowhere/at/all"], "--instance ARN or CONNECT_REPORTS_INSTANCE"),
        (&["--instance", "x"], "arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID"),
        (&["Salez", "--instance", INSTANCE], "did you mean `Sales`?"),
    ] {
        let output = listed(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(words), "{arguments:?}: {}", told(&output));
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
