use serde_json::{Value, json};

use crate::harness::binary::{Function, SMALL, definitions, program, run, simulator, text};
use crate::sizes::{at_once, centre};
use connect_reports::metric::Limits;
use connect_simulator::{Operation, Simulator};

/// [`SMALL`] with lines before its tables, and with other metrics.
pub(crate) fn defined(lines: &str, metrics: &str) -> String {
    let of = r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#;
    SMALL.replace("[email]", &format!("{lines}\n\n[email]")).replace(of, metrics)
}

const METRICS: &str = r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }, "AVG_HANDLE_TIME", "MAX_QUEUED_TIME", "CONTACTS_HANDLED"]"#;

/// `report.json` of a definition for what was due at a time, and beside it the message's plain text and
/// its CSV files.
pub(crate) async fn previewed(simulator: &Simulator, definition: &str, time: &str) -> Value {
    let folder = definitions(&[("small.toml", definition)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", simulator.url()).args([
        "preview",
        "small",
        "--time",
        time,
        "--definitions",
        text(folder.path()),
        "--out",
        text(out.path()),
    ]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read(out.path().join("report.json")).unwrap();
    let mut report: Value = serde_json::from_slice(&report).unwrap();
    let message = std::fs::read_to_string(out.path().join("message.txt")).unwrap();
    report["text"] = message.into();
    let files = std::fs::read_dir(out.path()).unwrap().map(|file| file.unwrap().path());
    let csv = files.filter(|file| file.extension().is_some_and(|ending| ending == "csv"));
    report["csv"] = csv.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    report
}

fn numbers(values: &Value) -> Vec<Option<f64>> {
    values.as_array().unwrap().iter().map(Value::as_f64).collect()
}

/// The rows of the first section: by the name of their queue, two of their members.
fn rows(report: &Value, members: [&str; 2]) -> Vec<(String, [Vec<Option<f64>>; 2])> {
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let name = row["dimensions"]["QUEUE"]["name"].as_str().unwrap().to_owned();
            (name, members.map(|member| numbers(&row[member])))
        })
        .collect()
}

fn is_close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (a, b) => a == b,
    }
}

/// Figures are compared with those that a report of that window has.
#[tokio::test]
async fn a_comparison_is_the_report_of_its_window() {
    let simulator = simulator().await;
    for (compare, base) in
        [("previous-window", "2025-03-29T07:00:00Z"), ("same-weekday", "2025-03-23T07:00:00Z")]
    {
        let lines = format!("compare = \"{compare}\"");
        let report = previewed(&simulator, &defined(&lines, METRICS), "2025-03-30T07:00:00Z").await;
        let base = previewed(&simulator, &defined("", METRICS), base).await;
        assert!(base["sections"][0].get("compared").is_none());
        let (section, other) = (&report["sections"][0], &base["sections"][0]);
        assert_eq!(section["compared"], other["totals"], "{compare}");
        let others = rows(&base, ["values", "values"]);
        let found = rows(&report, ["values", "compared"]);
        assert_eq!(found.len(), others.len());
        for (name, [_, compared]) in found {
            let (_, [values, _]) = others.iter().find(|(other, _)| *other == name).unwrap();
            assert_eq!(compared, *values, "{compare}: {name}");
        }
    }
}

/// The average of four weeks: of counts the mean, of rates and averages what they are of all
/// contacts together, of maxima none.
#[tokio::test]
async fn an_average_is_made_of_four_weeks() {
    let simulator = simulator().await;
    let lines = "compare = \"average-4-weeks\"";
    let report = previewed(&simulator, &defined(lines, METRICS), "2025-03-30T07:00:00Z").await;
    let mut weeks = Vec::new();
    for due in ["2025-03-23", "2025-03-16", "2025-03-09", "2025-03-02"] {
        let due = format!("{due}T07:00:00Z");
        weeks.push(previewed(&simulator, &defined("", METRICS), &due).await);
    }
    let expected = |week: &[Vec<Option<f64>>]| -> Vec<Option<f64>> {
        let sum = |index: usize| week.iter().filter_map(|row| row[index]).sum::<f64>();
        let mean = |index: usize, weight: usize| {
            let weighted = week.iter().filter_map(|row| Some(row[index]? * row[weight]?));
            let of = week.iter().filter(|row| row[index].is_some()).filter_map(|row| row[weight]);
            let of: f64 = of.sum();
            (of > 0.0).then(|| weighted.sum::<f64>() / of)
        };
        vec![Some(sum(0) / 4.0), mean(1, 0), mean(2, 4), None, Some(sum(4) / 4.0)]
    };
    let totals: Vec<_> = weeks.iter().map(|week| numbers(&week["sections"][0]["totals"])).collect();
    let compared = numbers(&report["sections"][0]["compared"]);
    for (found, expected) in compared.iter().zip(expected(&totals)) {
        assert!(is_close(*found, expected), "{compared:?}");
    }
    let weeks: Vec<_> = weeks.iter().map(|week| rows(week, ["values", "values"])).collect();
    for (name, [_, compared]) in rows(&report, ["values", "compared"]) {
        let of_weeks: Vec<_> = weeks
            .iter()
            .map(|week| week.iter().find(|(other, _)| *other == name).unwrap().1[0].clone())
            .collect();
        for (found, expected) in compared.iter().zip(expected(&of_weeks)) {
            assert!(is_close(*found, expected), "{name}: {compared:?} {of_weeks:?}");
        }
    }
    assert_eq!(report["sections"][0]["comparison"], "the average of 4 weeks");
    let text = report["text"].as_str().unwrap();
    assert!(text.contains(": the change from the average of 4 weeks; ! is worse."), "{text}");
}

/// A week in which a figure can't be had makes the average one that can't be had: with 150 queues an
/// agent's time is known only in weeks in which all of the agent's queues are in one request.
#[tokio::test]
async fn an_average_lacks_no_week_that_can_t_be_had() {
    let simulator = centre(150, Limits::CURRENT).await;
    let by_agent = |lines: &str| {
        let metrics = "[\"AGENT_ADHERENT_TIME\", \"CONTACTS_HANDLED\"]";
        defined(lines, metrics).replace("[\"QUEUE\"]", "[\"AGENT\"]")
    };
    let lines = "compare = \"average-4-weeks\"";
    let report = previewed(&simulator, &by_agent(lines), "2025-03-30T07:00:00Z").await;
    let metrics = [("AGENT_ADHERENT_TIME", None), ("CONTACTS_HANDLED", None)];
    let weeks = ["2025-03-22", "2025-03-15", "2025-03-08", "2025-03-01"].map(|day| {
        let [start, end] = ["T00:00:00Z", "T23:59:59.999Z"].map(|time| format!("{day}{time}"));
        at_once(&simulator, [&start, &end], &["AGENT"], &metrics)
    });
    let mut lost = 0;
    for row in report["sections"][0]["rows"].as_array().unwrap() {
        let Some(id) = row["dimensions"]["AGENT"]["id"].as_str() else { continue };
        for (index, compared) in numbers(&row["compared"]).into_iter().enumerate() {
            let of_weeks = weeks.iter().filter_map(|week| week.get(&vec![id.to_owned()])?[index]);
            let truth = of_weeks.sum::<f64>() / 4.0;
            lost += usize::from(compared.is_none());
            let is_true = compared.is_none_or(|compared| is_close(Some(compared), Some(truth)));
            assert!(is_true && (compared.is_some() || index == 0), "{truth}: {row:#}");
        }
    }
    assert!(lost > 0, "{report:#}");
}

/// A note says that a figure is not available only where one of those shown is not.
#[tokio::test]
async fn notes_are_of_figures_that_are_shown() {
    let simulator = simulator().await;
    let queues = simulator.centre().standard_queues().map(|queue| queue.id.clone());
    let unknown = |count: usize| (0..count).map(|n| format!("ffffffff-0000-4000-8000-{n:012}"));
    let by_agent = |ids: &[String], metrics: &str| {
        let text = defined("", metrics).replace("[\"QUEUE\"]", "[\"AGENT\"]");
        text.replace("[\"*\"]", &format!("{ids:?}"))
    };
    let told = |report: &Value| {
        let text = report["text"].as_str().unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // Every queue that has contacts is in the first request.
    let ids: Vec<String> = queues.chain(unknown(150)).collect();
    let text = by_agent(&ids, "[\"AGENT_ADHERENT_TIME\"]");
    let report = previewed(&simulator, &text, "2025-03-30T07:00:00Z").await;
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    assert!(rows.len() > 10 && rows.iter().all(|row| row["values"][0].is_number()), "{rows:#?}");
    let text = told(&report);
    assert!(text.contains("The total of Adherent time is not available: "), "{text}");
    assert_eq!(text.matches("Adherent time is not available").count(), 1, "{text}");
    // In this window nothing came.
    let ids: Vec<String> = unknown(150).collect();
    let text = by_agent(&ids, "[\"AGENT_ADHERENT_TIME\", \"CONTACTS_HANDLED\"]");
    let report = previewed(&simulator, &text, "2025-03-30T07:00:00Z").await;
    assert_eq!(report["sections"][0]["totals"], json!([0, 0]));
    assert!(!told(&report).contains("not available"), "{}", told(&report));
    // The agent of whom it can't be had is not among those shown.
    let simulator = centre(150, Limits::CURRENT).await;
    let text = by_agent(&["*".to_owned()], "[\"AGENT_ADHERENT_TIME\", \"CONTACTS_HANDLED\"]");
    let report = previewed(&simulator, &text, "2025-03-30T07:00:00Z").await;
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    let first_lost = rows.iter().position(|row| row["absent"][0] == "not-available").unwrap();
    for (shown, of) in [(first_lost, 1), (first_lost + 1, 2)].into_iter().filter(|(n, _)| *n > 0) {
        let text = text.replace("group_by", &format!("rows = {shown}\ngroup_by"));
        let text = told(&previewed(&simulator, &text, "2025-03-30T07:00:00Z").await);
        assert_eq!(text.matches("Adherent time is not available").count(), of, "{text}");
    }
}

/// A window in which nothing came has nothing that can't be had: totals of their own have what those of a table
/// and a trend of the same have, and so has the average of weeks in which there was nothing.
#[tokio::test]
async fn a_quiet_window_lacks_nothing() {
    const METRICS: &str = r#"["CONTACTS_HANDLED", "AVG_AGENT_CONNECTING_TIME", "AGENT_ADHERENT_TIME", "MAX_QUEUED_TIME"]"#;
    let simulator = simulator().await;
    let ids = (0..230).map(|n| format!("ffffffff-0000-4000-8000-{n:012}")).collect::<Vec<_>>();
    let section = |lines: &str| {
        format!(
            "[[section]]\ntitle = \"T\"\n{lines}\nfilters = {{ QUEUE = {ids:?} }}\nmetrics = {METRICS}\n"
        )
    };
    let head = SMALL.split("[[section]]").next().unwrap();
    for lines in
        ["kind = \"totals\"", "group_by = [\"AGENT\"]", "kind = \"trend\"\ninterval = \"HOUR\""]
    {
        for compare in ["", "compare = \"previous-window\"\n", "compare = \"average-4-weeks\"\n"] {
            let definition =
                head.replace("[email]", &format!("{compare}[email]")) + &section(lines);
            let report = previewed(&simulator, &definition, "2025-03-30T07:00:00Z").await;
            let text = report["text"].as_str().unwrap();
            assert!(!text.contains("not available"), "{compare}{text}");
            let totals = &report["sections"][0]["totals"];
            assert!(totals.is_null() || *totals == json!([0, null, 0, null]), "{lines}: {totals}");
        }
    }
    // Where contacts came, what no rule merges is lost all the same.
    let simulator = centre(150, Limits::CURRENT).await;
    let definition =
        format!("{head}{}", section("kind = \"totals\"")).replace(&format!("{ids:?}"), "[\"*\"]");
    let report = previewed(&simulator, &definition, "2025-03-30T07:00:00Z").await;
    let totals = numbers(&report["sections"][0]["totals"]);
    assert!(totals[0] > Some(0.0) && totals[1].is_none(), "{totals:?}");
    let text = report["text"].as_str().unwrap();
    assert!(text.contains("connecting time is not available"), "{text}");
}

/// Rows of intervals stand beside those of the same time of day, and the hour that a day does not
/// have beside nothing.
#[tokio::test]
async fn intervals_are_compared_by_the_time_of_day() {
    let simulator = simulator().await;
    let hourly = |lines: &str| {
        let text = defined(lines, "[\"CONTACTS_QUEUED\"]");
        text.replace("group_by = [\"QUEUE\"]", "interval = \"HOUR\"")
    };
    let of = "compare = \"same-weekday\"";
    let report = previewed(&simulator, &hourly(of), "2025-03-31T07:00:00Z").await;
    let base = previewed(&simulator, &hourly(""), "2025-03-24T07:00:00Z").await;
    let times = |report: &Value, member: &str| -> Vec<(String, Value)> {
        let rows = report["sections"][0]["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                let start = row["interval"]["start"].as_str().unwrap();
                (start[11..16].to_owned(), row[member][0].clone())
            })
            .collect()
    };
    let base = times(&base, "values");
    let compared = times(&report, "compared");
    assert!(compared.len() > 15, "{compared:?}");
    for (time, value) in compared {
        // The hour before two is one that the day of 23 hours does not have.
        let same = base.iter().find(|(other, _)| *other == time).map(|(_, value)| value);
        assert_eq!(value, *same.unwrap_or(&json!(0)), "{time}");
    }
}

/// Windows that are shorter than a day are compared part by part, and what one of two days does not
/// have is compared with nothing.
#[tokio::test]
async fn parts_of_an_hour_are_compared_in_their_order() {
    let simulator = simulator().await;
    let hour = |lines: &str| {
        let text = defined(lines, "[\"CONTACTS_QUEUED\"]");
        text.replace("group_by = [\"QUEUE\"]", "interval = \"FIFTEEN_MIN\"")
            .replace("previous-day", "previous-hour")
    };
    let of = "compare = \"previous-window\"";
    let report = previewed(&simulator, &hour(of), "2025-03-28T12:20:00Z").await;
    let base = previewed(&simulator, &hour(""), "2025-03-28T11:20:00Z").await;
    let of = |report: &Value, member: &str| -> Vec<Value> {
        let rows = report["sections"][0]["rows"].as_array().unwrap().iter();
        rows.map(|row| row[member][0].clone()).collect()
    };
    let [compared, values] = [of(&report, "compared"), of(&base, "values")];
    assert_eq!((compared.len(), &compared), (4, &values));
    let weekly = hour("compare = \"same-weekday\"").replace("previous-hour", "previous-day");
    let weekly = weekly.replace("FIFTEEN_MIN", "HOUR");
    let after = previewed(&simulator, &weekly, "2025-03-31T07:00:00Z").await;
    let clock = connect_simulator::SimulatorClock::At("2025-04-10T12:00:00Z".parse().unwrap());
    let options = connect_simulator::Options { clock, ..connect_simulator::Options::awkward() };
    let later = Simulator::start(options).await.unwrap();
    let long = previewed(&later, &weekly, "2025-04-07T07:00:00Z").await;
    let lacking = |report: &Value| -> Vec<String> {
        let rows = report["sections"][0]["rows"].as_array().unwrap().iter();
        let lacking = rows.filter(|row| row["compared"][0].is_null());
        lacking.map(|row| row["interval"]["start"].as_str().unwrap()[..16].to_owned()).collect()
    };
    assert_eq!(lacking(&after), [""; 0]);
    assert!(lacking(&long).iter().all(|start| start == "2025-04-06T01:00"), "{long:#}");
}

/// A group that nothing happened to any more keeps a row, and a quiet base is as quiet as its own report.
#[tokio::test]
async fn what_fell_to_nothing_is_shown() {
    let simulator = simulator().await;
    let by_channel = |lines: &str| {
        defined(lines, "[\"CONTACTS_QUEUED\"]").replace("[\"QUEUE\"]", "[\"QUEUE\", \"CHANNEL\"]")
    };
    let key = |row: &Value| {
        ["QUEUE", "CHANNEL"].map(|key| row["dimensions"][key]["name"].as_str().map(str::to_owned))
    };
    let of = "compare = \"same-weekday\"";
    let report = previewed(&simulator, &by_channel(of), "2025-03-31T07:00:00Z").await;
    let base = previewed(&simulator, &by_channel(""), "2025-03-24T07:00:00Z").await;
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    let mut gone = 0;
    for row in base["sections"][0]["rows"].as_array().unwrap() {
        if row["dimensions"]["CHANNEL"]["name"].is_null() {
            continue;
        }
        let same = rows.iter().find(|other| key(other) == key(row)).unwrap();
        assert_eq!(same["compared"], row["values"], "{row:#}");
        gone += usize::from(same["values"] == json!([0]));
    }
    assert!(gone > 0, "{report:#}");
    let quiet = |lines: &str| defined(lines, METRICS).replace("[\"*\"]", "[\"Loans\"]");
    let report = previewed(&simulator, &quiet(of), "2025-03-31T07:00:00Z").await;
    let base = previewed(&simulator, &quiet(""), "2025-03-24T07:00:00Z").await;
    assert_eq!(report["sections"][0]["compared"], base["sections"][0]["totals"]);
}

/// All that is compared is asked in one plan, and requests that are the same are made once.
#[tokio::test]
async fn comparisons_are_planned_with_the_rest() {
    let simulator = simulator().await;
    let compared = defined("compare = \"previous-window\"", "[\"CONTACTS_QUEUED\"]");
    let plain = defined("", "[\"CONTACTS_QUEUED\"]");
    let folder = definitions(&[("a.toml", &compared), ("b.toml", &plain)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&json!({"reports": ["a", "b"], "time": "2025-03-30T07:00:00Z"})).await;
    let asked =
        || simulator.calls().into_iter().filter(|c| c.operation == Operation::GetMetricDataV2);
    let first_pages = asked().filter(|call| call.body.get("NextToken").is_none());
    assert_eq!(first_pages.count(), 4, "rows and totals of two windows");
    let mut program = program();
    program.env("AWS_ENDPOINT_URL", simulator.url()).args([
        "plan",
        "a",
        "--json",
        "--time",
        "2025-03-30T07:00:00Z",
        "--definitions",
        text(folder.path()),
    ]);
    let plan: Value = serde_json::from_slice(&run(program).await.stdout).unwrap();
    assert_eq!(plan["requests"].as_array().unwrap().len(), 4);
    assert_eq!(plan["compared"][0]["start"], "2025-03-28T00:00:00+00:00");
    assert_eq!(plan["totals"].as_array().unwrap().len(), 1);
}

/// The day of 25 hours has what its 25 hours have.
#[tokio::test]
async fn a_long_day_is_the_sum_of_its_hours() {
    let clock = connect_simulator::SimulatorClock::At("2025-10-27T12:00:00Z".parse().unwrap());
    let options = connect_simulator::Options { clock, ..connect_simulator::Options::awkward() };
    let simulator = Simulator::start(options).await.unwrap();
    let metrics = "[\"CONTACTS_QUEUED\", \"CONTACTS_HANDLED\", \"SUM_HANDLE_TIME\"]";
    let hourly = defined("", metrics).replace("group_by = [\"QUEUE\"]", "interval = \"HOUR\"");
    let report = previewed(&simulator, &hourly, "2025-10-27T07:00:00Z").await;
    assert!(report["text"].as_str().unwrap().contains(", a day of 25 hours."));
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    let totals = numbers(&report["sections"][0]["totals"]);
    for (index, total) in totals.iter().enumerate() {
        let sum: f64 = rows.iter().filter_map(|row| row["values"][index].as_f64()).sum();
        assert!(is_close(Some(sum), *total), "{sum} {total:?}");
    }
    let starts = rows.iter().map(|row| row["interval"]["start"].as_str().unwrap());
    let twice = starts.filter(|start| start.contains("T01:00:00")).count();
    assert_eq!(twice, 2, "the hour that comes twice has two rows");
}

/// Met, near and missed are told by word and sign, a queue may have a target of its own, and where
/// there is no figure there is no verdict.
#[tokio::test]
async fn figures_stand_to_their_targets() {
    let simulator = simulator().await;
    let metrics = r#"[
        "CONTACTS_QUEUED",
        { name = "SERVICE_LEVEL", threshold = 20, target = ">= 60", warn = ">= 40", targets = { Sales = ">= 99.9" } },
    ]"#;
    let report = previewed(&simulator, &defined("", metrics), "2025-03-30T07:00:00Z").await;
    let rows = report["sections"][0]["rows"].as_array().unwrap();
    let mut seen = Vec::new();
    for row in rows {
        let target = if row["dimensions"]["QUEUE"]["name"] == "Sales" { 99.9 } else { 60.0 };
        let expected = row["values"][1].as_f64().map(|level| match () {
            () if level >= target => "met",
            () if level >= 40.0 => "near",
            () => "missed",
        });
        assert_eq!(row["states"], json!([null, expected]), "{row:#}");
        seen.extend(expected);
    }
    assert!(["met", "near", "missed"].iter().all(|state| seen.contains(state)), "{seen:?}");
    assert!(rows.iter().any(|row| row["states"] == json!([null, null])), "a quiet queue");
    let text = report["text"].as_str().unwrap();
    let target = "Target: SL 20 s ≥ 60% (near: ≥ 40%; Sales: ≥ 99.9%)";
    assert!(text.contains(target) && text.contains("✓ met, ≈ near, ✗ missed."), "{text}");
    assert_eq!(report["sections"][0]["columns"][1]["targets"]["Sales"], ">= 99.9");
}

/// A target of what the section does not show would never count, so it is told.
#[tokio::test]
async fn a_target_of_nothing_is_told() {
    let simulator = simulator().await;
    let metrics = r#"[{ name = "CONTACTS_QUEUED", targets = { Sales = "< 10" } }]"#;
    for (from, to, words) in [
        ("Sales", "Sails", "no queue with the name `Sails`"),
        ("[\"*\"]", "[\"Support\"]", "the section shows no queue `Sales`"),
        ("[\"QUEUE\"]", "[\"QUEUE\", \"CHANNEL\"]", "`VOCE`"),
    ] {
        let text = defined("", metrics).replace(from, to);
        let text = if to.contains("CHANNEL") { text.replace("Sales", "VOCE") } else { text };
        let folder = definitions(&[("small.toml", &text)]);
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url());
        command.args(["plan", "small", "--definitions"]).arg(folder.path());
        let output = run(command).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(words), "{told}");
    }
}

/// A message that nobody needs is not sent, and the answer says why.
#[tokio::test]
async fn a_message_may_be_skipped() {
    let simulator = simulator().await;
    let send = |rule: &str, metrics: &str, filters: &str| {
        defined("", metrics)
            .replace("[email]", &format!("[email]\nsend = \"{rule}\""))
            .replace("[\"*\"]", filters)
    };
    let met = r#"[{ name = "CONTACTS_QUEUED", target = ">= 0" }]"#;
    let missed = r#"[{ name = "CONTACTS_QUEUED", target = "< 0" }]"#;
    let quiet = "[\"00000000-0000-4000-8000-000000000001\"]";
    let files = [
        ("a.toml", send("when-target-missed", met, "[\"*\"]")),
        ("b.toml", send("when-target-missed", missed, "[\"*\"]")),
        ("c.toml", send("when-data", met, "[\"*\"]")),
        ("d.toml", send("when-data", met, quiet)),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = definitions(&files);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    let order = json!({"reports": ["a", "b", "c", "d"], "time": "2025-03-30T07:00:00Z"});
    let answer = function.succeed(&order).await;
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ended: Vec<_> = runs.iter().map(|run| run["status"].as_str().unwrap()).collect();
    assert_eq!(ended, ["skipped", "sent", "sent", "skipped"], "{answer:#}");
    assert_eq!(runs[0]["reason"], "no target was missed (send = \"when-target-missed\")");
    assert_eq!(runs[3]["reason"], "there are no data in this window (send = \"when-data\")");
    assert_eq!(simulator.messages().len(), 2);
}
