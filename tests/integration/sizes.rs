use std::collections::{BTreeMap, BTreeSet};

use connect_reports::definition::{self, Dimension};
use connect_reports::metric::{Comparison, Limits};
use connect_reports::plan::{self, Directory};
use connect_reports::settings::Rates;
use connect_simulator::{
    Fault, Figure, Handling, Interval, MetricRequest, Operation, Options, Query, Row, Simulator,
    SimulatorClock,
};
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::harness::binary::{
    DUE, Function, NOW, SMALL, connect, definitions, program, run, simulator, text, tick,
};

/// A centre with so many queues, whose pages have a hundred rows as those of the service.
pub(crate) async fn centre(queues: usize, limits: Limits) -> Simulator {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    let options = Options { clock, queues, limits, page_size: 100, ..Options::awkward() };
    Simulator::start(options).await.unwrap()
}

const TOTALS: &str = r#"["AVG_HANDLE_TIME", { name = "SERVICE_LEVEL", threshold = 20 }, "MAX_QUEUED_TIME", "CONTACTS_HANDLED"]"#;

/// The small definition with other metrics, grouped so.
fn defined(metrics: &str, group_by: &str) -> String {
    let of = r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#;
    SMALL.replace(of, metrics).replace("group_by = [\"QUEUE\"]\n", group_by)
}

/// The JSON that a command prints.
async fn printed(simulator: &Simulator, definition: &str, command: &str, api: &str) -> Value {
    let folder = definitions(&[("small.toml", definition)]);
    let mut program = program();
    program.env("AWS_ENDPOINT_URL", simulator.url()).env("CONNECT_REPORTS_API", api).args([
        command,
        "small",
        "--json",
        "--time",
        DUE,
        "--definitions",
        text(folder.path()),
    ]);
    let output = run(program).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// London's day of 23 hours, and the same date where it has 24.
const LONDON: [&str; 2] = ["2025-03-30T00:00:00Z", "2025-03-30T23:00:00Z"];
const UTC: [&str; 2] = ["2025-03-30T00:00:00Z", "2025-03-31T00:00:00Z"];

pub(crate) type Metrics<'m> = &'m [(&'m str, Option<Comparison>)];

/// The answer of one request without limits: by the ids of the groupings, of which what has none
/// has an empty one, the figures.
pub(crate) fn at_once(
    simulator: &Simulator,
    [start, end]: [&str; 2],
    groupings: &[&str],
    metrics: Metrics<'_>,
) -> BTreeMap<Vec<String>, Vec<Option<f64>>> {
    let centre = simulator.centre();
    let query = Query {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        interval: Interval::Total,
        time_zone: TimeZone::UTC,
        filters: BTreeMap::from([(
            "QUEUE".to_owned(),
            centre.standard_queues().map(|queue| queue.id.clone()).collect(),
        )]),
        groupings: groupings.iter().map(|key| (*key).to_owned()).collect(),
        metrics: metrics
            .iter()
            .map(|(name, comparison)| match comparison {
                Some(comparison) => MetricRequest::within(name, *comparison, 20.0),
                None => MetricRequest::plain(name),
            })
            .collect(),
    };
    let figure = |figure: &Figure| match figure {
        Figure::Number(value) => Some(*value),
        Figure::Null | Figure::Missing => None,
    };
    let row = |row: Row| {
        let ids = groupings.iter().map(|key| row.dimensions.get(*key).cloned().unwrap_or_default());
        (ids.collect(), row.values.iter().map(figure).collect())
    };
    centre.figures(&query).into_iter().map(row).collect()
}

/// The totals that one request without limits would answer.
fn expected(simulator: &Simulator, metrics: Metrics<'_>) -> Vec<Option<f64>> {
    at_once(simulator, LONDON, &[], metrics).remove(&Vec::new()).unwrap()
}

fn assert_close(found: &Value, expected: &[Option<f64>]) {
    let found: Vec<_> = found.as_array().unwrap().iter().map(Value::as_f64).collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let is_close = match (found, expected) {
            (Some(found), Some(expected)) => {
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
            }
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(is_close, "{found:?} {expected:?}");
    }
}

/// 250 queues without grouping: three requests, and figures as of one.
#[tokio::test]
async fn totals_of_250_queues_are_exact() {
    let simulator = centre(250, Limits::CURRENT).await;
    let definition = defined(TOTALS, "");
    let plan = printed(&simulator, &definition, "plan", "current").await;
    let told: Vec<_> =
        plan["totals"].as_array().unwrap().iter().map(|total| &total["how"]).collect();
    assert_eq!(
        told,
        [
            "the mean of the requests, weighted by their SUM_HANDLE_TIME divided by it",
            "the sum of the requests",
            "the greatest of the requests",
            "the mean of the requests, weighted by CONTACTS_QUEUED",
        ]
    );
    let whys: Vec<_> = plan["requests"].as_array().unwrap().iter().map(|r| &r["why"]).collect();
    assert_eq!(whys, ["100 of 250 queues", "100 of 250 queues", "50 of 250 queues"]);
    assert_eq!(plan["requests"][0]["filters"], json!({ "QUEUE": 100 }));
    let weights: Vec<_> = plan["requests"][0]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["weight"] == true)
        .collect();
    let weight = |name: &str| json!({ "name": name, "where": {}, "weight": true });
    assert_eq!(weights, [&weight("CONTACTS_QUEUED"), &weight("SUM_HANDLE_TIME")]);
    let before = simulator.calls().len();
    let report = printed(&simulator, &definition, "preview", "current").await;
    let asked = simulator.calls().into_iter().skip(before);
    let figures = asked.filter(|call| call.operation == Operation::GetMetricDataV2).count();
    assert_eq!(figures, 3);
    let section = &report["sections"][0];
    let metrics = [
        ("AVG_HANDLE_TIME", None),
        ("SERVICE_LEVEL", Some(Comparison::LessThan)),
        ("MAX_QUEUED_TIME", None),
        ("CONTACTS_HANDLED", None),
    ];
    assert_close(&section["totals"], &expected(&simulator, &metrics));
    assert_eq!(section["provenance"], json!(["merged", "merged", "merged", "merged"]));
    assert_eq!(section["columns"].as_array().unwrap().len(), 4, "weights are no columns");
}

/// Records that have been with an agent and have no durations are in no average of these times, and
/// so they weigh nothing where averages are merged.
#[tokio::test]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a day are far below 2^53")]
async fn averages_of_250_queues_are_those_of_their_contacts() {
    let simulator = centre(250, Limits::CURRENT).await;
    let metrics = r#"["AVG_HANDLE_TIME", "AVG_INTERACTION_TIME", "AVG_INTERACTION_AND_HOLD_TIME", "CONTACTS_HANDLED"]"#;
    let [start, end] = LONDON.map(|time| time.parse().unwrap());
    let centre = simulator.centre();
    let standard = centre.standard_queues().count();
    let contacts = centre.contacts(start, end).into_iter();
    let of_queues = contacts.filter(|contact| contact.queue.is_some_and(|queue| queue < standard));
    let handled: Vec<_> = of_queues.filter_map(|contact| contact.handling).collect();
    let timed: Vec<_> = handled.iter().filter(|handling| handling.has_durations).collect();
    assert!(handled.len() - timed.len() > 5, "{} of {}", timed.len(), handled.len());
    let mean = |milliseconds: &dyn Fn(&Handling) -> i64| {
        let sum: i64 = timed.iter().map(|handling| milliseconds(handling)).sum();
        Some(sum as f64 / 1_000.0 / timed.len() as f64)
    };
    let expected = [
        mean(&Handling::handle_time),
        mean(&|handling| handling.interaction),
        mean(&|handling| handling.interaction + handling.hold.unwrap_or(0)),
        Some(handled.len() as f64),
    ];
    for group_by in ["", "group_by = [\"QUEUE\"]\n"] {
        let definition = defined(metrics, group_by);
        let report = printed(&simulator, &definition, "preview", "current").await;
        assert_close(&report["sections"][0]["totals"], &expected);
        assert_eq!(report["sections"][0]["provenance"], json!(vec!["merged"; 4]));
    }
}

/// By queue and channel the rows never meet, and their totals follow from them.
#[tokio::test]
async fn rows_of_250_queues_need_three_requests() {
    let simulator = centre(250, Limits::CURRENT).await;
    let by_queue = defined(TOTALS, "group_by = [\"QUEUE\", \"CHANNEL\"]\n");
    let plan = printed(&simulator, &by_queue, "plan", "current").await;
    assert_eq!(plan["requests"].as_array().unwrap().len(), 3);
    let report = printed(&simulator, &by_queue, "preview", "current").await;
    let section = &report["sections"][0];
    let queues = simulator.centre().standard_queues().count();
    assert!(section["rows"].as_array().unwrap().len() > queues);
    let metrics = [
        ("AVG_HANDLE_TIME", None),
        ("SERVICE_LEVEL", Some(Comparison::LessThan)),
        ("MAX_QUEUED_TIME", None),
        ("CONTACTS_HANDLED", None),
    ];
    assert_close(&section["totals"], &expected(&simulator, &metrics));
}

/// Ten reports over the same queues and window share their requests, in whatever order they group.
#[tokio::test]
async fn ten_reports_ask_once() {
    let simulator = centre(250, Limits::CURRENT).await;
    let of = |index: usize| {
        let keys = ["\"QUEUE\", \"CHANNEL\"", "\"CHANNEL\", \"QUEUE\""][index % 2];
        defined(TOTALS, &format!("group_by = [{keys}]\n"))
    };
    let files: Vec<_> = (0..10).map(|index| (format!("report-{index}.toml"), of(index))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let answer = function.succeed(&tick()).await;
    assert_eq!(answer["data"]["reports"].as_array().unwrap().len(), 10);
    let figures = simulator.calls();
    let figures = figures.iter().filter(|call| call.operation == Operation::GetMetricDataV2);
    assert_eq!(figures.count(), 3);
    assert_eq!(simulator.messages().len(), 10);
}

/// Under the limits of the API's first version a day is exact too, but for what has no weight among
/// its metrics; and handle times are nearly exact, because it has no sum of them.
#[tokio::test]
async fn the_first_version_answers_a_day() {
    let simulator = centre(250, Limits::FIRST_VERSION).await;
    let metrics = r#"["AVG_HANDLE_TIME", { name = "SERVICE_LEVEL", threshold = 20 }, "AVG_QUEUE_ANSWER_TIME", "CONTACTS_HANDLED", "AVG_HOLD_TIME"]"#;
    let definition = defined(metrics, "").replace("Europe/London", "UTC");
    let plan = printed(&simulator, &definition, "plan", "2023").await;
    // A day of 24 hours is one hour, or one second, too long for one request.
    assert_eq!(plan["requests"].as_array().unwrap().len(), 3 * 2);
    let lost: Vec<_> =
        plan["not_available"].as_array().unwrap().iter().map(|lost| &lost["metric"]).collect();
    assert_eq!(lost, ["AVG_HOLD_TIME"]);
    let report = printed(&simulator, &definition, "preview", "2023").await;
    let section = &report["sections"][0];
    let (lost, had) = section["totals"].as_array().unwrap().split_last().unwrap();
    assert_eq!(*lost, Value::Null);
    let of_two_requests = [
        ("AVG_HANDLE_TIME", None),
        ("SERVICE_LEVEL", Some(Comparison::LessThan)),
        ("AVG_QUEUE_ANSWER_TIME", None),
        ("CONTACTS_HANDLED", None),
    ];
    let exact = at_once(&simulator, UTC, &[], &of_two_requests).remove(&Vec::new()).unwrap();
    let (handle_time, others) = had.split_first().unwrap();
    assert_close(&json!(others), &exact[1..]);
    let (found, exact) = (handle_time.as_f64().unwrap(), exact[0].unwrap());
    assert!((found - exact).abs() < exact / 100.0, "{found} {exact}");
    for call in simulator.calls() {
        assert!(call.body.get("Interval").is_none(), "the first version has no intervals");
    }
}

/// A metric that the first version does not have is told before it is asked.
#[tokio::test]
async fn the_first_version_has_its_metrics_only() {
    let new = defined(
        "[\"CONTACTS_PUT_ON_HOLD\", { name = \"SERVICE_LEVEL\", threshold = 20, comparison = \"LTE\" }]",
        "",
    );
    let new = new.replace("{ QUEUE = [\"*\"] }", "{ QUEUE = [\"*\"], CHANNEL = [\"EMAIL\"] }");
    let folder = definitions(&[("new.toml", &new)]);
    let mut program = program();
    program.env("CONNECT_REPORTS_API", "2023").args(["validate", "--json"]).arg(folder.path());
    let output = run(program).await;
    assert_eq!(output.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<_> = told["problems"].as_array().unwrap().iter().map(|p| &p["code"]).collect();
    assert_eq!(codes, ["api-version"; 3]);
    let month = SMALL.replace("previous-day", "previous-month");
    let folder = definitions(&[("month.toml", &month)]);
    let mut program = self::program();
    program.env("CONNECT_REPORTS_API", "2023").arg("validate").arg(folder.path());
    let told = run(program).await.stdout;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("the API's version has figures of 14 days"), "{told}");
}

/// A metric that has to be merged because of the time alone is told although nobody knows how many queues
/// there are.
#[tokio::test]
async fn what_can_t_be_merged_is_told_before() {
    let hold = defined("[\"AVG_HOLD_TIME\"]", "").replace("Europe/London", "UTC");
    let folder = definitions(&[("hold.toml", &hold)]);
    for (api, warned) in [("current", false), ("2023", true)] {
        let mut program = program();
        program.env("CONNECT_REPORTS_API", api).args(["validate", "--json"]).arg(folder.path());
        let told: Value = serde_json::from_slice(&run(program).await.stdout).unwrap();
        let problems = told["problems"].as_array().unwrap();
        assert_eq!(problems.iter().any(|p| p["code"] == "not-available"), warned, "{told:#}");
    }
}

/// A metric that the service refuses for one report is no reason for the others to fail that share its
/// request.
#[tokio::test]
async fn a_metric_that_is_refused_takes_no_other_report_with_it() {
    let simulator = simulator().await;
    // The simulator has no figures of it.
    let refused = defined("[\"CONTACTS_QUEUED\", \"AVG_ACTIVE_TIME\"]", "");
    let good = defined("[\"CONTACTS_QUEUED\"]", "");
    let files = [("a-good.toml", &good), ("b-bad.toml", &refused), ("c-good.toml", &good)];
    let files = files.map(|(name, text)| (name, text.as_str()));
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let envelope = function.succeed(&tick()).await;
    let reports = envelope["data"]["reports"].as_array().unwrap();
    let ended: Vec<_> = reports.iter().map(|report| &report["status"]).collect();
    assert_eq!(ended, ["sent", "failed", "sent"], "{envelope:#}");
    assert_eq!(simulator.messages().len(), 2);
}

/// Intervals of a table are rows, each with its time.
#[tokio::test]
async fn a_table_has_a_row_for_each_interval() {
    let simulator = simulator().await;
    let hourly =
        defined("[\"CONTACTS_QUEUED\"]", "group_by = [\"CHANNEL\"]\ninterval = \"HOUR\"\n");
    let report = printed(&simulator, &hourly, "preview", "current").await;
    let section = &report["sections"][0];
    let rows = section["rows"].as_array().unwrap();
    let channels: BTreeSet<_> = rows.iter().map(|row| row["dimensions"].to_string()).collect();
    assert!(channels.len() > 2 && rows.len() == channels.len() * 23, "{}", rows.len());
    assert!(rows.iter().all(|row| row["interval"]["start"].is_string()));
    let sum: f64 = rows.iter().filter_map(|row| row["values"][0].as_f64()).sum();
    assert_eq!(section["totals"][0].as_f64(), Some(sum));
}

/// An answer that can't be right is told as such, and never becomes a figure.
#[tokio::test]
async fn bad_answers_are_told() {
    let simulator = simulator().await;
    let hourly = defined(
        "[\"CONTACTS_QUEUED\", \"CONTACTS_HANDLED\"]",
        "group_by = [\"QUEUE\"]\ninterval = \"HOUR\"\n",
    );
    let folder = definitions(&[("small.toml", &hourly)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    for (fault, words) in [
        (Fault::RepeatedRow, " came twice, with CONTACTS_"),
        (Fault::RepeatedMetric, " came twice in the row of "),
        (Fault::ForeignQueue, "a queue that was not asked for came in the row of "),
        (Fault::UnaskedMetric, ", which was not asked for, came in the row of "),
        (Fault::NotANumber, " is no number in the row of "),
        (Fault::Negative, " is negative in the row of "),
        (Fault::StrayInterval, "an interval that was not asked for came in the row of "),
    ] {
        simulator.misbehave(Operation::GetMetricDataV2, fault, None);
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "BAD_RESPONSE", "{fault:?}: {envelope:#}");
        let message = envelope["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{fault:?}: {message}");
        simulator.behave();
    }
    assert!(simulator.messages().is_empty());
}

/// Three values a request and two rows a page: through the real client everything is as one
/// unlimited answer says, whatever is asked.
#[tokio::test]
async fn tiny_limits_change_no_figure() {
    let limits = Limits {
        filter_values: 3,
        coarse_span: jiff::SignedDuration::from_hours(8),
        ..Limits::CURRENT
    };
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    let options = Options { clock, limits: limits.clone(), page_size: 2, ..Options::awkward() };
    let simulator = Simulator::start(options).await.unwrap();
    let metrics = r#"["AVG_HANDLE_TIME", "AVG_QUEUE_ANSWER_TIME", { name = "SERVICE_LEVEL", threshold = 20 }, "MAX_QUEUED_TIME", "CONTACTS_HANDLED", "AVG_ABANDON_TIME"]"#;
    let all = [
        ("AVG_HANDLE_TIME", None),
        ("AVG_QUEUE_ANSWER_TIME", None),
        ("SERVICE_LEVEL", Some(Comparison::LessThan)),
        ("MAX_QUEUED_TIME", None),
        ("CONTACTS_HANDLED", None),
        ("AVG_ABANDON_TIME", None),
    ];
    let ids: Vec<_> =
        simulator.centre().standard_queues().map(|queue| format!("\"{}\"", queue.id)).collect();
    // There is no rate to keep to.
    let [requests, lists] = ["100000", "100000"].map(|rate| rate.parse().unwrap());
    let rates = Rates { requests, lists, ..Rates::default() };
    let client = connect(&simulator.url(), rates, limits.clone());
    for group_by in ["", "group_by = [\"QUEUE\"]\n", "group_by = [\"CHANNEL\"]\n"] {
        let text = defined(metrics, group_by).replace("\"*\"", &ids.join(", "));
        let report = definition::parse("small.toml", text.as_bytes(), &Default::default());
        let report = report.report.unwrap();
        let window =
            report.window.window_before(DUE.parse().unwrap(), &report.zone, &report.calendar);
        let nobody = Directory::default();
        let query = plan::Query::for_section(
            &report.sections[0],
            &report.instance,
            &window.unwrap(),
            &nobody,
        );
        let plan = plan::plan_requests(&[query.unwrap()], &limits);
        assert!(plan.requests.len() >= 4 * 3, "{}", plan.requests.len());
        let asked = plan.requests.iter().map(|request| client.figures(request, None));
        let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        let section = plan.sections[0].answer(|index| answers.get(index)).unwrap();
        let totals: Vec<_> = report.sections[0]
            .columns
            .iter()
            .map(|column| section.totals[&column.metric].value())
            .collect();
        assert_close(&json!(totals), &expected(&simulator, &all));
        let groupings: Vec<_> = report.sections[0].group_by.iter().map(Dimension::key).collect();
        if groupings.is_empty() {
            continue;
        }
        let mut rows = at_once(&simulator, LONDON, &groupings, &all);
        for row in section.rows.iter() {
            let ids: Vec<_> = row.dimensions().iter().flatten().map(ToString::to_string).collect();
            let figures = report.sections[0].columns.iter();
            let figures = figures.map(|column| row.get(&column.metric)?.value());
            let figures: Vec<_> = figures.collect();
            assert_close(&json!(figures), &rows.remove(&ids).unwrap());
        }
        assert!(rows.is_empty(), "{rows:?}");
    }
}

/// The function has 256 MB: quiet intervals have their rows as far as these fit into it, over all tables
/// of a report, and where they don't a note says so.
#[tokio::test]
async fn quiet_intervals_fit_into_memory() {
    const NOTE: &str = "Intervals without contacts are left out";
    let simulator = simulator().await;
    let by_hour = |queues: usize| {
        let ids = (0..queues).map(|n| format!("\"ffffffff-0000-4000-8000-{n:012}\""));
        let ids = ids.collect::<Vec<_>>().join(", ");
        format!(
            "[[section]]\ntitle = \"{queues} by hour\"\ninterval = \"HOUR\"\ngroup_by = [\"QUEUE\"]\n\
             filters = {{ QUEUE = [{ids}] }}\nmetrics = [\"CONTACTS_QUEUED\", \"AVG_HANDLE_TIME\"]\n"
        )
    };
    // February has 672 hours.
    for (queues, rows, notes) in [
        ([100, 48], ["67,200", "32,256"].as_slice(), 0),
        ([100, 49], &["67,200"], 1),
        ([149, 10], &["6,720"], 1),
        ([600, 2], &["1,344"], 1),
    ] {
        let small = SMALL
            .replace("previous-day", "previous-month")
            .replace("[email]", "[email]\nattach = [\"json\"]");
        let definition = small + &queues.map(by_hour).concat();
        let folder = definitions(&[("small.toml", &definition)]);
        let runs = tempfile::tempdir().unwrap();
        let more = [
            ("CONNECT_REPORTS_RUNS", text(runs.path())),
            ("CONNECT_REPORTS_REQUESTS_PER_SECOND", "1000"),
        ];
        let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
        function.succeed(&tick()).await;
        let message = simulator.messages().pop().unwrap();
        let mail = mail_parser::MessageParser::default().parse(&message.raw).unwrap();
        let told = mail.body_text(0).unwrap();
        let shown = |count: &&str| told.contains(&format!(" of {count} shown"));
        assert!(rows.iter().all(shown), "{queues:?}: {told}");
        assert_eq!(told.matches(NOTE).count(), notes, "{queues:?}: {told}");
        let most = function.most_memory();
        assert!(most.is_none_or(|most| most < 256 << 20), "{queues:?}: {most:?} bytes");
    }
}
