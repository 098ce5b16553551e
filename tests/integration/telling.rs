use serde_json::{Value, json};

use crate::harness::binary::{DUE, SMALL, definitions, program, run};
use crate::volume::{DEADLINE, many, with_metrics};

/// All that is said of a definition that is wrong everywhere has a size, and what it says to write is valid.
#[tokio::test]
async fn what_is_told_of_a_definition_has_a_size() {
    let filtered = |values: &str, metrics: &str| {
        let filters = format!("[\"*\"], INITIATION_METHOD = [{values}]");
        with_metrics(metrics).replace("[\"*\"]", &filters)
    };
    let values = |count: usize| many(count, |index| format!("\"VALUE_{index}\""));
    let handled = many(200, |i| format!("{{ name = \"CONTACTS_HANDLED\", label = \"x{i}\" }}"));
    let negated = values(1_500).replace("\"V", "\"!V");
    let negated =
        format!("{{ name = \"CONTACTS_HANDLED\", where = {{ INITIATION_METHOD = [{negated}] }} }}");
    let labels = many(450, |i| {
        format!("{{ name = \"CONTACTS_QUEUED\", label = \"{} {i}\" }}", "l".repeat(200))
    });
    let targets = many(200, |index| format!("Nobody{index} = \">= 1\""));
    let targets = format!("{}targets = {{ {targets} }}\n", with_metrics(&labels));
    let long = format!("{}`", "x y ".repeat(100_000));
    let word = SMALL.replace("[\"QUEUE\"]", &format!("\"{long}\""));
    for (what, definition) in [
        ("values", filtered(&values(1_500), &handled)),
        ("values left out", with_metrics(&negated)),
        ("targets", targets),
        ("a word", word),
    ] {
        let folder = definitions(&[("bad.toml", &definition)]);
        let mut command = program();
        command.args(["validate", "--json"]).arg(folder.path());
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(2), "{what}");
        assert!(output.stdout.len() < 150_000, "{what}: {} bytes", output.stdout.len());
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        for problem in told["problems"].as_array().unwrap() {
            let help = problem["help"].as_str().unwrap();
            assert!(help.chars().count() <= 802, "{what}: {help}");
            assert!(!help.contains("VALUE_"), "{what}: more values than a metric takes: {help}");
        }
    }
    let few = filtered("\"API\", \"INBOUND\"", "\"CONTACTS_HANDLED\"");
    let folder = definitions(&[("bad.toml", &few)]);
    let mut command = program();
    command.arg("validate").arg(folder.path());
    let told = String::from_utf8(run(command).await.stdout).unwrap();
    let example = "where = { INITIATION_METHOD = [\"API\", \"INBOUND\"] }";
    assert!(told.contains(example), "{told}");
}

/// A section of which no mail shows a row is told when the definition is validated, at the column that is one
/// too many: by the program's templates the report could never be sent.
#[tokio::test]
async fn a_section_that_no_mail_shows_is_refused_by_validate() {
    let labels =
        |count| many(count, |i| format!("{{ name = \"CONTACTS_QUEUED\", label = \"L{i}\" }}"));
    let folder = definitions(&[("wide.toml", &with_metrics(&labels(500)))]);
    let own = definitions(&[("foot.html", "<p>Ours</p>")]);
    let validate = |templates: bool| {
        let mut command = program();
        command.args(["validate", "--json"]).arg(folder.path());
        if templates {
            command.env("CONNECT_REPORTS_TEMPLATES", own.path());
        }
        run(command)
    };
    let told = |output: &std::process::Output| {
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = told["problems"].as_array().unwrap().iter();
        let wide: Vec<_> = problems.filter(|problem| problem["code"] == "too-wide").collect();
        assert_eq!(wide.len(), 1, "{told:#}");
        wide[0].clone()
    };
    let output = validate(false).await;
    assert_eq!(output.status.code(), Some(2));
    let problem = told(&output);
    assert_eq!((&problem["severity"], &problem["line"]), (&json!("error"), &json!(16)));
    let help = problem["help"].as_str().unwrap();
    let (fits, _) = help.split_once(" of these columns fit").unwrap();
    let fits: usize = fits.parse().unwrap();
    let output = validate(true).await;
    assert_eq!(output.status.code(), Some(0), "templates of one's own may make less");
    assert_eq!(told(&output)["severity"], "warning");
    // What is said to fit is sent, and what is not does not.
    for (columns, code) in [(fits * 9 / 10, 0), (500, 1)] {
        let folder = definitions(&[("wide.toml", &with_metrics(&labels(columns)))]);
        let mut command = program();
        command.args(["preview", "wide", "--simulate", "--time", DUE, "--definitions"]);
        command.arg(folder.path());
        assert_eq!(run(command).await.status.code(), Some(code), "{columns} columns");
    }
}

/// A simulator has no account whose rates are kept: what takes a quarter of an hour of an account is there at
/// once, and `plan` tells how long it takes.
#[tokio::test]
async fn a_simulated_preview_waits_for_no_rate() {
    let ids = |count: usize, key: usize| {
        many(count, |index| format!("\"{index:08x}-0000-4000-8000-{key:012x}\""))
    };
    let filters = format!("QUEUE = [{}], ROUTING_PROFILE = [{}]", ids(300, 1), ids(300, 2));
    let folder = definitions(&[("small.toml", &SMALL.replace("QUEUE = [\"*\"]", &filters))]);
    let asked = |command_name: &'static str| {
        let mut command = program();
        command.env("CONNECT_REPORTS_REQUESTS_PER_SECOND", "0.01");
        command.args([command_name, "small", "--simulate", "--time", DUE, "--definitions"]);
        command.arg(folder.path());
        tokio::time::timeout(DEADLINE, run(command))
    };
    let planned = String::from_utf8(asked("plan").await.unwrap().stdout).unwrap();
    assert!(
        planned.ends_with("36 requests, about 36 pages, at least 3500.0 s at the rate limit\n"),
        "{planned}"
    );
    let previewed = asked("preview").await.expect("it waits for no rate");
    assert_eq!(previewed.status.code(), Some(0));
}
