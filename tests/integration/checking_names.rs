use connect_simulator::{Fault, Operation, Simulator};
use serde_json::Value;

use crate::harness::binary::{SMALL, definitions, program, run, simulator};
use crate::selecting::{calls_of, small};

/// The exit code of `validate --names` in a folder with these definitions, and its problems with names.
async fn check_names(simulator: &Simulator, files: &[(&str, &str)]) -> (Option<i32>, Vec<Value>) {
    let folder = definitions(files);
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("CONNECT_REPORTS_LISTS_PER_SECOND", "1000")
        .current_dir(folder.path())
        .args(["validate", ".", "--names", "--json"]);
    let output = run(command).await;
    let mut data: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut problems = data["problems"].take().as_array().unwrap().clone();
    // The samples have addresses of example.com, and no thresholds of their own.
    problems.retain(|problem| ["selection", "target"].iter().any(|code| problem["code"] == *code));
    (output.status.code(), problems)
}

/// One of the problems: its severity, and what it says.
fn said(problem: &Value) -> [&str; 3] {
    ["severity", "message", "help"].map(|key| problem[key].as_str().unwrap())
}

/// Asserts that a problem marks this text in its definition.
fn assert_marks(problem: &Value, definition: &str, text: &str) {
    let number = |key: &str| usize::try_from(problem[key].as_u64().unwrap()).unwrap();
    let line = definition.lines().nth(number("line") - 1).unwrap();
    let marked: String = line.chars().skip(number("column") - 1).collect();
    assert!(marked.starts_with(text), "{problem:#}: {marked}");
}

/// A queue of the centre, and the same name with a mistake.
fn names(simulator: &Simulator) -> (String, String) {
    let queue = simulator.centre().standard_queues().next().unwrap();
    (queue.name.clone(), format!("{}s", queue.name))
}

/// A run stops for a name that is not there, and for a pattern or a tag that selects nothing. Each is told
/// where it stands, with what is near.
#[tokio::test]
async fn names_that_do_not_exist_are_errors_at_their_places() {
    let simulator = simulator().await;
    let (name, misspelt) = names(&simulator);
    let written = [misspelt.as_str(), "Nowhere*", "tag:team=nobody"];
    let quoted = written.map(|text| format!("{text:?}")).join(", ");
    let definition = small("[\"QUEUE\"]", &format!("{{ QUEUE = [{quoted}] }}"));
    let (code, problems) =
        check_names(&simulator, &[("a.toml", &definition), ("b.toml", SMALL)]).await;
    assert_eq!(code, Some(2));
    assert_eq!(problems.len(), written.len(), "{problems:#?}");
    for (problem, text) in problems.iter().zip(written) {
        assert_marks(problem, &definition, &format!("{text:?}"));
        let [severity, message, _] = said(problem);
        assert_eq!(severity, "error");
        assert!(message.contains(text.trim_start_matches("tag:")), "{message}");
    }
    let [_, _, help] = said(&problems[0]);
    assert!(help.contains(&format!("did you mean `{name}`?")), "{help}");
    assert_eq!(calls_of(&simulator, Operation::GetMetricDataV2).len(), 0);
    assert_eq!(calls_of(&simulator, Operation::ListQueues).len(), 0, "searched for both reports");
}

/// A pattern or a tag that leaves nothing out, and the id of a queue that is gone, stop no run.
#[tokio::test]
async fn entries_that_match_nothing_and_stop_no_run_are_warnings() {
    let simulator = simulator().await;
    let gone = "00000000-0000-4000-8000-000000000000";
    let written = [gone, "!Never*", "!tag:stage=none"];
    let quoted = written.map(|text| format!("{text:?}")).join(", ");
    let filters = format!("{{ QUEUE = [\"*\", {quoted}, \"!disabled\"] }}");
    let definition = small("[\"QUEUE\"]", &filters);
    let (code, problems) = check_names(&simulator, &[("a.toml", &definition)]).await;
    assert_eq!(code, Some(0));
    assert_eq!(problems.len(), written.len(), "{problems:#?}");
    for (problem, text) in problems.iter().zip(written) {
        assert_marks(problem, &definition, &format!("{text:?}"));
        assert_eq!(said(problem)[0], "warning");
    }
    assert!(said(&problems[0])[1].contains(gone));
    assert!(said(&problems[1])[1].ends_with("this leaves nothing out"));
}

/// A target of a queue that does not exist is told, like one of a queue that the section does not show.
#[tokio::test]
async fn targets_of_what_does_not_exist_are_errors() {
    let simulator = simulator().await;
    let (name, misspelt) = names(&simulator);
    let metric = |target: &str| {
        let targets = format!("{{ \"{target}\" = \">= 2\" }}");
        SMALL.replace(
            "\"CONTACTS_QUEUED\"",
            &format!("{{ name = \"CONTACTS_QUEUED\", target = \">= 1\", targets = {targets} }}"),
        )
    };
    let files = [("known.toml", metric(&name)), ("unknown.toml", metric(&misspelt))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let (code, problems) = check_names(&simulator, &files).await;
    assert_eq!(code, Some(2));
    let [problem] = problems.as_slice() else { panic!("{problems:#?}") };
    assert_eq!(
        (problem["file"].as_str(), problem["code"].as_str()),
        (Some("./unknown.toml"), Some("target"))
    );
    assert!(
        said(problem)[1].contains(&misspelt) && said(problem)[2].contains(&name),
        "{problem:#}"
    );
}

/// If Connect can't be asked, the command fails and tells all else that is wrong.
#[tokio::test]
async fn what_needs_no_names_is_told_where_they_can_t_be_read() {
    let simulator = simulator().await;
    simulator.misbehave(Operation::ListQueues, Fault::Denied, None);
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon");
    let folder = definitions(&[("a.toml", SMALL), ("b.toml", &wrong)]);
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .current_dir(folder.path())
        .args(["validate", ".", "--names"]);
    let output = run(command).await;
    let [told, complaint] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(told.contains("error[unknown-zone]"), "{told}");
    assert!(complaint.contains("error[ACCESS_DENIED]"), "{complaint}");
    assert_eq!(output.status.code(), Some(1));
}

/// Without AWS the names are those of a local Connect.
#[tokio::test]
async fn names_are_checked_against_a_local_connect() {
    let folder = definitions(&[("a.toml", &SMALL.replace("[\"*\"]", "[\"Nowhere\"]"))]);
    let validate = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).args(["validate", "."]).args(arguments);
        run(command)
    };
    let output = validate(&["--names", "--simulate"]).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("error[selection]: the instance has no queue with the name `Nowhere`"),
        "{told}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(validate(&[]).await.status.code(), Some(0), "without it nothing is asked");
    assert_eq!(validate(&["--simulate"]).await.status.code(), Some(2), "it needs --names");
}
