use serde_json::{Value, json};

use crate::harness::binary::{DUE, definitions, program, run, text};
use crate::harness::canned::Canned;

/// Headline figures of one queue, each with a target.
const DEFINITION: &str = r#"
title    = "Judged"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"

[email]
from   = "Reports <reports@example.com>"
to     = ["ops@example.com"]
attach = ["xlsx"]

[[section]]
title   = "At a glance"
kind    = "totals"
filters = { QUEUE = ["aaaaaaaa-0000-4000-8000-000000000001"] }
metrics = [
    { name = "SERVICE_LEVEL", threshold = 20, target = ">= 55.8" },
    { name = "AVG_QUEUE_ANSWER_TIME", target = "<= 30", warn = "<= 30.4" },
    { name = "ABANDONMENT_RATE", target = "<= 5" },
]
"#;

/// Figures that round to their targets and miss them: every place that says so shows by how much.
#[tokio::test]
async fn a_figure_is_shown_with_the_digits_by_which_it_is_judged() {
    let collection = |name: &str, value: f64| json!({"Metric": {"Name": name}, "Value": value});
    let mut level = collection("SERVICE_LEVEL", 55.778);
    level["Metric"]["Threshold"] = json!([{"Comparison": "LT", "ThresholdValue": 20}]);
    let collections =
        [level, collection("AVG_QUEUE_ANSWER_TIME", 30.38), collection("ABANDONMENT_RATE", 5.04)];
    let answer = json!({"MetricResults": [{"Collections": collections}]});
    let service = Canned::start([answer]).await;
    let folder = definitions(&[("judged.toml", DEFINITION)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", service.url())
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .args(["preview", "judged", "--time", DUE, "--out", text(out.path())]);
    let output = run(command).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let spaced = |text: String| text.replace(['\u{a0}', '\n'], " ");
    let (text, html) = (spaced(file("message.txt")), spaced(file("message.html")));
    let sentence = "Service level 55.78% in 20 s, below the target of 55.8%; 5.04% of contacts \
                    abandoned, above the target of 5%; answered after 0:30.4 on average, close to the \
                    target of 0:30";
    assert!(text.contains(sentence) && html.contains(sentence), "{text}");
    for figure in ["55.78% ✗", "0:30.4 ≈", "5.04% ✗"] {
        assert!(text.contains(figure), "{figure} in {text}");
    }
    for tile in [">55.78%<", ">0:30.4<", ">5.04%<"] {
        assert!(html.contains(tile), "{tile} in {html}");
    }
    let report: Value = serde_json::from_str(&file("report.json")).unwrap();
    assert_eq!(report["sections"][0]["totals"], json!([55.778, 30.38, 5.04]));
    assert_eq!(report["sections"][0]["states"], json!(["missed", "near", "missed"]));
}
