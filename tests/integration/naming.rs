use connect_simulator::{Fault, Operation};
use serde_json::{Value, json};

use crate::harness::binary::{DUE, SMALL, definitions, program, run, sent, simulator, text};
use crate::harness::http::{Server, answer};
use crate::harness::mail::{html, keep, parse};

const IDS: [&str; 3] = [
    "aaaaaaaa-0000-4000-8000-000000000001",
    "aaaaaaaa-0000-4000-8000-000000000002",
    "aaaaaaaa-0000-4000-8000-000000000003",
];

/// A centre whose queues have these names.
async fn centre(names: [&'static str; 3]) -> Server {
    Server::start(move |request| async move {
        let body = match request.path.as_str() {
            "/metrics/data" => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap();
                figures(!asked["Groupings"].is_null())
            }
            _ => {
                let queue = |(id, name): (&str, &str)| {
                    json!({"Id": id, "Name": name, "QueueType": "STANDARD"})
                };
                let queues: Vec<_> = IDS.into_iter().zip(names).map(queue).collect();
                json!({"QueueSummaryList": queues})
            }
        };
        answer(200, "application/json", body.to_string())
    })
    .await
}

/// The plain text of a definition's preview.
async fn previewed(service: &Server, definition: &str) -> String {
    let folder = definitions(&[("small.toml", definition)]);
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", service.url())
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .args(["preview", "small", "--time", DUE]);
    let output = run(command).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The note names those of several groupings that hold what was deleted, and no others.
#[tokio::test]
async fn each_grouping_with_ids_in_the_place_of_names_is_explained() {
    let agent = "bbbbbbbb-0000-4000-8000-000000000009";
    let service = Server::start(move |request| async move {
        let collections = json!([{"Metric": {"Name": "CONTACTS_HANDLED"}, "Value": 7}]);
        let body = match request.path.as_str() {
            "/metrics/data" => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap();
                let dimensions = match asked["Groupings"].is_null() {
                    true => json!({}),
                    false => json!({"QUEUE": IDS[0], "AGENT": agent}),
                };
                let row = json!({"Dimensions": dimensions, "Collections": collections});
                json!({"MetricResults": [row]})
            }
            path if path.starts_with("/queues-summary") => {
                let queue = json!({"Id": IDS[0], "Name": "Sales", "QueueType": "STANDARD"});
                json!({"QueueSummaryList": [queue]})
            }
            // There are no agents any more.
            _ => json!({"Users": []}),
        };
        answer(200, "application/json", body.to_string())
    })
    .await;
    let definition =
        SMALL.replace("group_by = [\"QUEUE\"]", "group_by = [\"QUEUE\", \"AGENT\"]").replace(
            r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#,
            r#"["CONTACTS_HANDLED"]"#,
        );
    let told = previewed(&service, &definition).await;
    assert!(told.contains(&format!("Sales / {agent}")), "{told}");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("are of agents that the instance no longer lists."), "{told}");
    assert!(!told.contains("are of queues"), "{told}");
}

fn figures(by_queue: bool) -> Value {
    let collections = |queued: f64, level: f64| {
        let threshold = json!([{"Comparison": "LT", "ThresholdValue": 20}]);
        json!([
            {"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": queued},
            {"Metric": {"Name": "SERVICE_LEVEL", "Threshold": threshold}, "Value": level},
        ])
    };
    let row = |(id, queued): (&str, f64)| json!({"Dimensions": {"QUEUE": id}, "Collections": collections(queued, 50.0)});
    let rows = match by_queue {
        true => IDS.into_iter().zip([218.0, 5.0, 40.0]).map(row).collect(),
        false => vec![json!({"Collections": collections(263.0, 50.0)})],
    };
    json!({"MetricResults": rows})
}

/// Names from right to left leave each figure in its column and each sentence in its order, and nothing of
/// a name reaches beyond it.
#[tokio::test]
async fn names_from_right_to_left_keep_figures_in_their_columns() {
    let names = ["مبيعات", "Support\u{202e} עברית", "Sales"];
    let service = centre(names).await;
    let definition = SMALL
        .replace("threshold = 20 }", "threshold = 20, target = \">= 80\", label = \"مستوى\" }");
    let told = previewed(&service, &definition).await;
    for line in [
        "\u{2068}مبيعات\u{2069}                     218  50.0% ✗",
        "\u{2068}Support עברית\u{2069}                5  50.0% ✗",
        "Sales                       40  50.0% ✗",
        "- \u{2068}مبيعات\u{2069}: \u{2068}مستوى\u{2069} 50.0% misses the target ≥ 80% by 30.0 pp.",
        "Target: \u{2068}مستوى\u{2069} ≥ 80%",
    ] {
        assert!(told.lines().any(|found| found == line), "{line:?} in\n{told}");
    }
    let is_control = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}');
    assert!(!told.contains(is_control), "{told:?}");
    for line in told.lines() {
        let marks = |mark: char| line.matches(mark).count();
        assert_eq!(marks('\u{2068}'), marks('\u{2069}'), "{line:?}");
        assert!(
            line.contains('\u{2068}') == line.contains(|c| ('א'..='ي').contains(&c)),
            "{line:?}"
        );
    }
}

/// The subject of a mail, with what its paragraph looks like from left to right.
fn subject_seen(raw: &[u8]) -> (String, String) {
    let mail = mail_parser::MessageParser::default().parse(raw).unwrap();
    let subject = mail.subject().unwrap().to_owned();
    let bidi = unicode_bidi::BidiInfo::new(&subject, None);
    let [paragraph] = bidi.paragraphs.as_slice() else { panic!("{subject:?}") };
    let seen = bidi.reorder_line(paragraph, paragraph.range.clone()).into_owned();
    (subject, seen.replace(['\u{2068}', '\u{2069}'], ""))
}

/// A title from right to left moves neither the date in the subject nor what else stands beside it: in the
/// usual subject, one's own, that of a message that is sent again, the page's title, and what the owner reads.
#[tokio::test]
async fn a_title_from_right_to_left_leaves_the_date_in_its_place() {
    // "מוקד" as it is seen, from left to right.
    const SEEN: &str = "דקומ";
    let simulator = simulator().await;
    let titled = SMALL.replace("\"Small\"", "\"מוקד\"");
    let own = titled.replace(
        "[email]",
        "[email]\nsubject = \"{{ report.title }} {{ window.label }}: {{ sections[0].title }}, {{ sections[0].columns[0].label }} 5\"",
    );
    let own = own
        .replace("\"By queue\"", "\"לפי תור\"")
        .replace("\"CONTACTS_QUEUED\",", "{ name = \"CONTACTS_QUEUED\", label = \"פניות\" },");
    let runs = tempfile::tempdir().unwrap();
    let folder = definitions(&[("own.toml", &own), ("small.toml", &titled)]);
    let command = |arguments: &[&str]| {
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url()).args(arguments);
        command.args(["--definitions", text(folder.path()), "--runs", text(runs.path())]);
        run(command)
    };
    let ran = command(&["run", "small", "own", "--time", DUE]).await;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let resent =
        command(&["resend", "small", "--window", "2025-03-30", "--to", "ops@example.com"]).await;
    assert!(resent.status.success(), "{}", String::from_utf8_lossy(&resent.stderr));
    simulator.misbehave(Operation::GetMetricDataV2, Fault::Denied, None);
    command(&["run", "small", "--time", "2025-03-30T06:00:00Z"]).await;
    let messages = simulator.messages();
    let seen: Vec<String> = messages.iter().map(|message| subject_seen(&message.raw).1).collect();
    assert_eq!(
        seen,
        [
            format!("{SEEN}, Sunday 30 March 2025"),
            format!("{SEEN} Sunday 30 March 2025: רות יפל, תוינפ 5"),
            format!("Re-issued: {SEEN}, Sunday 30 March 2025"),
            format!("The report “{SEEN}” could not be sent"),
        ]
    );
    for message in &messages {
        let (subject, _) = subject_seen(&message.raw);
        let mail = mail_parser::MessageParser::default().parse(&message.raw).unwrap();
        let html = mail.body_html(0).unwrap();
        assert!(html.contains("\u{2068}מוקד\u{2069}") && subject.contains("\u{2068}מוקד\u{2069}"));
    }
}

/// A note explains figures without a name, which are of what was deleted, under a table that shows them and
/// under no other.
#[tokio::test]
async fn ids_in_the_place_of_names_are_explained() {
    let note = "Ids in the place of names are of queues that the instance no longer lists.";
    let by_profile = SMALL.replace("QUEUE = [\"*\"]", "ROUTING_PROFILE = [\"*\"]");
    let first_only =
        by_profile.replace("metrics  =", "sort = \"-CONTACTS_QUEUED\"\nrows = 1\nmetrics  =");
    for (definition, is_explained) in
        [(by_profile, true), (first_only, false), (SMALL.to_owned(), false)]
    {
        let simulator = simulator().await;
        let raw = sent(&simulator, "small.toml", &definition).await;
        let mail = parse(&raw);
        keep("unlisted", &raw);
        let deleted = &simulator.centre().deleted_queue().unwrap().id;
        let told = mail.body_text(0).unwrap();
        let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = html(&mail).replace("<wbr>", "");
        for (told, place) in [(words, "text"), (page, "html")] {
            assert_eq!(told.contains(deleted.as_str()), is_explained, "{place}: {told}");
            assert_eq!(told.contains(note), is_explained, "{place}: {told}");
        }
    }
}

/// The message says that contacts count where they ended, as far as it shows what does.
#[tokio::test]
async fn what_counts_at_the_end_of_contacts_is_said_of_nothing_else() {
    let note = "Contacts count in the window in which they ended.";
    let usual = r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#;
    let by_agent = SMALL
        .replace("group_by = [\"QUEUE\"]", "group_by = [\"AGENT\"]")
        .replace("QUEUE = [\"*\"]", "AGENT = [\"*\"]");
    for (definition, metrics, is_said) in [
        (SMALL, usual, true),
        (&by_agent, r#"["AGENT_OCCUPANCY", "SUM_ONLINE_TIME_AGENT"]"#, false),
        (&by_agent, r#"["AGENT_OCCUPANCY", "CONTACTS_HANDLED"]"#, true),
    ] {
        let simulator = simulator().await;
        let definition = definition.replace(usual, metrics);
        let raw = sent(&simulator, "small.toml", &definition).await;
        let mail = parse(&raw);
        for told in [html(&mail), mail.body_text(0).unwrap().into_owned()] {
            assert_eq!(told.contains(note), is_said, "{metrics}: {told}");
        }
    }
}
