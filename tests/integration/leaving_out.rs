use std::collections::BTreeSet;

use connect_reports::definition::{self, Dimension};
use connect_reports::plan::{Directory, DirectoryEntry, Query};
use connect_reports::window::{Calendar, WindowRule, Zone};
use connect_simulator::{Operation, Simulator};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::harness::binary::{DUE, SMALL, definitions, program, run, simulator, text};
use crate::selecting::{asked, calls_of, preview, rows, small};

/// The ids of the standard queues whose names are so.
fn queues(simulator: &Simulator, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let found = simulator.centre().standard_queues().filter(|queue| wanted(&queue.name));
    found.map(|queue| queue.id.clone()).collect()
}

/// Queues that are left out have no row and are not asked for; disabled ones stay, unless they are left
/// out.
#[tokio::test]
async fn some_queues_are_left_out_of_all() {
    let simulator = simulator().await;
    let report = preview(
        &simulator,
        &small("[\"QUEUE\"]", "{ QUEUE = [\"!Re*\", \"*\", \"!Sales\", \"!None of these*\"] }"),
    )
    .await;
    let left = |name: &str| !name.starts_with("Re") && name != "Sales";
    assert_eq!(asked(&simulator, "QUEUE"), queues(&simulator, left));
    assert!(rows(&report, "QUEUE").contains(&Some("Loans")), "a disabled queue");
    assert!(calls_of(&simulator, Operation::SearchQueues).is_empty(), "names alone are needed");

    let filters = "{ QUEUE = [\"*\", \"!tag:team=sales\", \"!tag:stage=test\", \"! Disabled\"] }";
    let report = preview(&simulator, &small("[\"QUEUE\"]", filters)).await;
    let sales: Vec<_> = simulator.centre().standard_queues().collect();
    let sales = sales.iter().filter(|queue| queue.tags.get("team").is_some_and(|t| t == "sales"));
    let sales: BTreeSet<&str> = sales.map(|queue| queue.name.as_str()).collect();
    assert!(!sales.is_empty());
    let left = queues(&simulator, |name| !sales.contains(name) && name != "Loans");
    assert_eq!(asked(&simulator, "QUEUE"), left);
    assert_eq!(rows(&report, "QUEUE").len(), left.len());
    assert!(!calls_of(&simulator, Operation::SearchQueues).is_empty());
}

/// Whatever has names, and whatever has values that the service fixes, can be left out.
#[tokio::test]
async fn every_key_that_is_listed_can_be_left_out_of() {
    let simulator = simulator().await;
    let centre = simulator.centre();
    let agents = |wanted: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
        let agents = centre.agents().iter().filter(|agent| wanted(&agent.username));
        agents.map(|agent| agent.id.clone()).collect()
    };
    let profiles = centre.routing_profiles().iter().filter(|profile| profile.name != "Trainees");
    let profiles: BTreeSet<_> = profiles.map(|profile| profile.id.clone()).collect();
    let groups = &centre.hierarchy().groups;
    let adele = agents(&|name| name == "adele").pop_first().unwrap();
    for (key, values, left) in [
        (
            "AGENT",
            format!("\"*\", \"!is*\", \"!{adele}\", \"!Chidi de Souza\""),
            agents(&|name| !["isabeau", "adele", "chidi"].contains(&name)),
        ),
        ("ROUTING_PROFILE", "\"*\", \"!Trainees\"".to_owned(), profiles),
        (
            "AGENT_HIERARCHY_LEVEL_TWO",
            "\"*\", \"!Phones (EMEA)\", \"!Back*\"".to_owned(),
            [3, 4].map(|index: usize| groups[index].id.clone()).into(),
        ),
    ] {
        preview(&simulator, &small(&format!("[\"{key}\"]"), &format!("{{ {key} = [{values}] }}")))
            .await;
        assert_eq!(asked(&simulator, key), left, "{key}");
    }
    let channels =
        small("[\"QUEUE\"]", "{ QUEUE = [\"*\"], CHANNEL = [\"!TASK\", \"*\", \"!EMAIL\"] }");
    preview(&simulator, &channels).await;
    assert_eq!(asked(&simulator, "CHANNEL"), ["CHAT", "VOICE"].map(ToOwned::to_owned).into());
}

/// `filters`, the place, the message and the help.
const WRONG: [[&str; 4]; 4] = [
    [
        "[\"*\", \"!Sails\"]",
        "15:28",
        "the instance has no queue with the name `Sails`",
        "did you mean `Sales`?",
    ],
    [
        "[\"*\", \"!Nothing like it at all\"]",
        "15:28",
        "the instance has no queue with the name `Nothing like it at all`",
        "write its new name; remove the entry only if the queue was deleted",
    ],
    [
        "[\"!S*\", \"Sales\", \"Support\"]",
        "15:23",
        "all of the queues that are selected are left out",
        "leave out less",
    ],
    [
        "[\"tag:team=sales\", \"!Billing*\", \"!tag:team=sales\"]",
        "15:54",
        "all of the queues that are selected are left out",
        "leave out less",
    ],
];

/// A plain name that nothing has, and a selection of which nothing is left, are told with their
/// place before a figure is asked for.
#[tokio::test]
async fn what_is_wrongly_left_out_is_told_with_its_place() {
    let simulator = simulator().await;
    for [filters, place, message, help] in WRONG {
        let definition = small("[\"QUEUE\"]", &format!("{{ QUEUE = {filters} }}"));
        let folder = definitions(&[("small.toml", &definition)]);
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url());
        command.args(["plan", "small", "--time", DUE, "--definitions", text(folder.path())]);
        let output = run(command).await;
        let all = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{filters}: {all}");
        assert!(all.contains(&format!("small.toml:{place}")), "{filters}: {all}");
        assert!(all.contains(message) && all.contains(help), "{filters}: {all}");
    }
    assert!(calls_of(&simulator, Operation::GetMetricDataV2).is_empty());
}

/// A name that begins with the sign is meant by its id or a pattern, and left out by the sign twice.
#[test]
fn names_that_begin_with_the_sign_can_be_said() {
    for (filters, ids) in [
        ("[\"?Urgent\"]", &["q4"][..]),
        ("[\"*\", \"!!Urgent\"]", &["q1", "q2", "q3"]),
        ("[\"*\", \"!?Urgent\"]", &["q1", "q2", "q3"]),
        ("[\"*\", \"!Urgent\", \"!disabled\"]", &["q1", "q4"]),
        ("[\"*\", \"!Urgent\", \"!DISABLED\"]", &["q1", "q4"]),
    ] {
        assert_eq!(resolved(filters), ids, "{filters}");
    }
}

/// The queues of the tests below: their names, tags `team`, and whether they are disabled.
const QUEUES: [(&str, &str, &str, bool); 4] = [
    ("q1", "Sales", "a", false),
    ("q2", "Sales EMEA", "b", true),
    ("q3", "Urgent", "a", false),
    ("q4", "!Urgent", "b", false),
];

/// The ids that are asked for; none where the selection is refused.
fn resolved(filters: &str) -> Vec<String> {
    let definition = SMALL.replace("{ QUEUE = [\"*\"] }", &format!("{{ QUEUE = {filters} }}"));
    let parsed = definition::parse("small.toml", definition.as_bytes(), &Default::default());
    let Some(report) = parsed.report else {
        return Vec::new();
    };
    let entries = QUEUES.iter().map(|(id, name, team, is_disabled)| DirectoryEntry {
        tags: [("team".to_owned(), (*team).to_owned())].into(),
        is_disabled: *is_disabled,
        ..DirectoryEntry::new(*id, *name)
    });
    let mut directory = Directory::default();
    directory.insert(Dimension::Queue, entries.collect());
    let zone = Zone::named("UTC").unwrap();
    let due = DUE.parse().unwrap();
    let window = WindowRule::PreviousDay.window_before(due, &zone, &Calendar::default()).unwrap();
    let query = Query::for_section(&report.sections[0], &report.instance, &window, &directory);
    query.map_or_else(|_| Vec::new(), |query| query.filters[&Dimension::Queue].clone())
}

/// Each form of entry with the queues that it stands for.
const FORMS: [(&str, &[&str]); 6] = [
    ("*", &["q1", "q2", "q3", "q4"]),
    ("Sales*", &["q1", "q2"]),
    ("Urgent", &["q3"]),
    ("?Urgent", &["q4"]),
    ("tag:team=a", &["q1", "q3"]),
    ("tag:team=b", &["q2", "q4"]),
];

proptest! {
    /// The union of what is taken, less the union of what is left out, in whatever order.
    #[test]
    fn what_is_left_out_is_left_out_of_the_rest(
        taken in subsequence(FORMS.to_vec(), 1..=4),
        left_out in subsequence(FORMS[1..].to_vec(), 0..=3),
        is_enabled in any::<bool>(),
        order in select(vec![0_u64, 1, 2, 3, 4, 5, 6, 7]),
    ) {
        let union = |forms: &[(&str, &'static [&'static str])]| -> BTreeSet<&'static str> {
            forms.iter().flat_map(|(_, ids)| ids.iter().copied()).collect()
        };
        let mut expected = union(&taken);
        let mut gone = union(&left_out);
        gone.extend(is_enabled.then_some("q2"));
        expected.retain(|id| !gone.contains(id));
        let positive = taken.iter().map(|(form, _)| (*form).to_owned());
        let negative = left_out.iter().map(|(form, _)| format!("!{form}"));
        let disabled = is_enabled.then(|| "!disabled".to_owned());
        let mut entries: Vec<String> = positive.chain(negative).chain(disabled).collect();
        let count = entries.len();
        entries.rotate_left(usize::try_from(order).unwrap() % count);
        if order % 2 == 1 {
            entries.reverse();
        }
        let found = resolved(&format!("{entries:?}"));
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{:?}", entries);
    }
}
