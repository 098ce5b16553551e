use std::path::Path;

use connect_reports::connect::Connect;
use connect_reports::definition::{self, Column, Dimension, Report};
use connect_reports::error::{Code, Error};
use connect_reports::metric::limits::Limits;
use connect_reports::plan::{
    self, Absent, Directory, DirectoryEntry, Figure, Plan, Query, Request, RequestAnswer, Row,
};
use connect_reports::settings::Rates;
use connect_reports::table::format::Numbers;
use connect_reports::table::{self, Table};
use connect_reports::window::{Calendar, Interval, Window, WindowRule, Zone};
use serde_json::{Value, json};

use crate::harness::binary::{self, DUE, SMALL};
use crate::harness::canned::Canned;

const SALES: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const LOANS: &str = "aaaaaaaa-0000-4000-8000-000000000002";
const ANA: &str = "11111111-2222-4333-8444-555555555555";

/// Contacts that never reached an agent come without any dimension, and keep their row.
#[tokio::test]
async fn a_row_without_dimensions_is_kept() {
    let report = report("AGENT", r#"["CONTACTS_HANDLED", "CONTACTS_ABANDONED"]"#);
    let table = tabled(&report, fixture("agents-with-nobody")).await;
    assert_eq!(texts(&table), ["ana: 11, 0", "nobody: 0, 4"]);
}

/// Three things stay apart: a selected queue without a row, a row that lacks a metric, and a
/// metric that could not be computed.
#[tokio::test]
async fn what_is_missing_says_how() {
    let metrics = r#"["CONTACTS_QUEUED", "AVG_HANDLE_TIME", "MAX_QUEUED_TIME"]"#;
    let report = report("QUEUE", metrics);
    let table = tabled(&report, fixture("missing-and-null")).await;
    assert_eq!(
        texts(&table),
        ["Loans: 0, no data, no data", "Sales: no data, not computable, no data"]
    );
}

/// A row with nothing but its figures, as the service gives one without groupings.
#[tokio::test]
async fn a_bare_row_is_read() {
    let report = report("QUEUE", r#"["CONTACTS_HANDLED", "MAX_QUEUED_TIME"]"#);
    let (_, totals) = requests(&report);
    let answer = answer(&totals, [fixture("bare-row")]).await.unwrap();
    let figures = answer.rows.iter().flat_map(Row::figures);
    let figures: Vec<_> = figures.map(|(_, figure)| figure.value().unwrap()).collect();
    assert_eq!(figures, [3.0, 21.408]);
}

/// Figures go to the metric that they echo: whatever the order, the number's form, the order of
/// filter values, and empty lists.
#[tokio::test]
async fn figures_go_where_their_echo_says() {
    let metrics = r#"[
        "CONTACTS_HANDLED",
        { name = "CONTACTS_HANDLED", label = "In", where = { INITIATION_METHOD = ["INBOUND", "TRANSFER"] } },
        { name = "CONTACTS_HANDLED", label = "Out", where_not = { INITIATION_METHOD = ["INBOUND"] } },
        { name = "SERVICE_LEVEL", threshold = 20 },
        { name = "SERVICE_LEVEL", threshold = 60 },
    ]"#;
    let report = report("QUEUE", metrics);
    let table = tabled(&report, fixture("echoes-out-of-order")).await;
    assert_eq!(texts(&table)[1], "Sales: 9, 7, 2, 75.0%, 90.5%");
}

/// An echo that carries less than was asked is matched where only one metric fits.
#[tokio::test]
async fn a_poorer_echo_is_matched_where_it_is_clear() {
    let bare = json!({"MetricResults": [{"Collections": [{"Metric": {"Name": "SERVICE_LEVEL"}, "Value": 80}]}]});
    let one = report("QUEUE", r#"[{ name = "SERVICE_LEVEL", threshold = 20 }]"#);
    let found = answer(&requests(&one).1, [bare.clone()]).await.unwrap();
    assert_eq!(found.rows.iter().flat_map(Row::figures).count(), 1);
    let two = r#"[{ name = "SERVICE_LEVEL", threshold = 20 }, { name = "SERVICE_LEVEL", threshold = 60 }]"#;
    let error = answer(&requests(&report("QUEUE", two)).1, [bare]).await.unwrap_err();
    assert_eq!(error.code, Code::BadResponse);
}

/// Answers that contradict the request, or themselves, are refused; nothing is guessed.
#[tokio::test]
async fn contradictions_are_refused() {
    let report = report("QUEUE", r#"["CONTACTS_QUEUED"]"#);
    let (rows, totals) = requests(&report);
    let collection = |name: &str, value: f64| json!({"Metric": {"Name": name}, "Value": value});
    let row =
        |collections: Value| json!({"Dimensions": {"QUEUE": SALES}, "Collections": collections});
    let row_of = |name: &str, values: &[f64]| {
        let collections: Vec<_> = values.iter().map(|value| collection(name, *value)).collect();
        json!([row(json!(collections))])
    };
    let good = row(json!([collection("CONTACTS_QUEUED", 1.0)]));
    let one = json!([collection("CONTACTS_QUEUED", 1.0)]);
    let at = |start: &str, end: &str| {
        let seconds = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_second();
        json!({"Interval": "TOTAL", "StartTime": seconds(start), "EndTime": seconds(end)})
    };
    let mut of_an_hour = good.clone();
    of_an_hour["MetricInterval"] = at("2025-03-30T00:00:00Z", "2025-03-30T01:00:00Z");
    for (results, told) in [
        (
            json!([good, good]),
            "the row of QUEUE aaaaaaaa-0000-4000-8000-000000000001 came twice, with CONTACTS_QUEUED",
        ),
        (
            row_of("CONTACTS_QUEUED", &[1.0, 2.0]),
            "CONTACTS_QUEUED came twice in the row of QUEUE aaaaaaaa-0000-4000-8000-000000000001",
        ),
        (
            row_of("CONTACTS_HANDLED", &[1.0]),
            "CONTACTS_HANDLED, which was not asked for, came in the row of QUEUE \
             aaaaaaaa-0000-4000-8000-000000000001",
        ),
        (
            json!([row(json!([{"Value": 1}]))]),
            "a figure came without its metric in the row of QUEUE \
             aaaaaaaa-0000-4000-8000-000000000001",
        ),
        (
            row_of("CONTACTS_QUEUED", &[-1.0]),
            "CONTACTS_QUEUED is negative in the row of QUEUE aaaaaaaa-0000-4000-8000-000000000001",
        ),
        (
            json!([{"Dimensions": {}, "Collections": one}]),
            "the queue is missing in the row without dimensions, with CONTACTS_QUEUED",
        ),
        (
            json!([of_an_hour]),
            "an interval that was not asked for came in the row of QUEUE \
             aaaaaaaa-0000-4000-8000-000000000001 from 2025-03-30T00:00:00Z, with CONTACTS_QUEUED",
        ),
    ] {
        let error = answer(&rows, [json!({"MetricResults": results})]).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (Code::BadResponse, true));
        assert!(error.message.ends_with(told), "{}", error.message);
    }
    let foreign = json!([{"Dimensions": {"QUEUE": "elsewhere"}, "Collections": one}]);
    let error = answer(&totals, [json!({"MetricResults": foreign})]).await.unwrap_err();
    let told =
        "a queue that was not asked for came in the row of QUEUE elsewhere, with CONTACTS_QUEUED";
    assert!(error.message.ends_with(told), "{}", error.message);
    let form = Dimension::of_key("EVALUATION_FORM");
    let forms = Request {
        groupings: vec![form.clone()],
        filters: [(form, vec![SALES.to_owned()])].into(),
        ..rows.clone()
    };
    let foreign = json!([{"Dimensions": {"EVALUATION_FORM": "elsewhere"}, "Collections": one}]);
    let error = answer(&forms, [json!({"MetricResults": foreign})]).await.unwrap_err();
    let told = ": an evaluation form that was not asked for came in the row of EVALUATION_FORM";
    assert!(error.message.contains(told), "{}", error.message);
}

/// Keys whose values are ARNs may be answered by ids, and the other way round.
#[tokio::test]
async fn an_id_stands_for_its_arn() {
    const ID: &str = "11112222-3333-4444-8555-666677778888";
    const ARN: &str = "arn:aws:cases:eu-west-2:123456789012:domain/aaaabbbb-1111-4222-8333-ccccddddeeee/\
                       template/11112222-3333-4444-8555-666677778888";
    let (rows, _) = requests(&report("QUEUE", r#"["CONTACTS_QUEUED"]"#));
    for (key, asked, dimensions, is_right) in [
        ("CAMPAIGN", ARN, json!({"CAMPAIGN": ARN}), true),
        ("CAMPAIGN", ARN, json!({"CAMPAIGN": ID}), true),
        ("CAMPAIGN", ARN, json!({"CAMPAIGN": ID, "CAMPAIGN_ARN": ARN}), true),
        ("CAMPAIGN", ARN, json!({"CAMPAIGN_ARN": ARN}), true),
        ("CAMPAIGN", ID, json!({"CAMPAIGN": ARN}), true),
        (
            "EVALUATION_FORM",
            ARN,
            json!({"EVALUATION_FORM": "v1", "EVALUATION_FORM_ARN": ARN}),
            true,
        ),
        ("CASE_TEMPLATE_ARN", ARN, json!({"CASE_TEMPLATE_ARN": ID}), true),
        ("CASE_TEMPLATE_ARN", ARN, json!({"CASE_TEMPLATE": ID, "CASE_TEMPLATE_ARN": ARN}), true),
        (
            "CASE_TEMPLATE_ARN",
            ARN,
            json!({"CASE_TEMPLATE_ARN": ID, "CASE_TEMPLATE_ARN_ARN": ARN}),
            true,
        ),
        (
            "QUEUE",
            SALES,
            json!({"QUEUE_ARN": format!("arn:aws:connect:x:y:instance/z/queue/{SALES}")}),
            true,
        ),
        ("CAMPAIGN", ARN, json!({"CAMPAIGN": SALES}), false),
        ("CAMPAIGN", ARN, json!({"CAMPAIGN": ARN.replace("domain", "realm")}), false),
        ("CAMPAIGN", ARN, json!({"QUEUE": ID}), false),
    ] {
        let key = Dimension::of_key(key);
        let request = Request {
            groupings: vec![key.clone()],
            filters: [(key, vec![asked.to_owned()])].into(),
            ..rows.clone()
        };
        let row = json!({"Dimensions": dimensions, "Collections": [
            {"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": 3}
        ]});
        let answer = answer(&request, [json!({"MetricResults": [row]})]).await;
        let groups = answer.map(|answer| {
            let ids =
                answer.rows.iter().map(|row| row.dimensions()[0].as_deref().map(str::to_owned));
            ids.collect::<Vec<_>>()
        });
        let found = groups.ok() == Some(vec![Some(asked.to_owned())]);
        assert_eq!(found, is_right, "{dimensions}");
    }
}

/// Grouped by queue and agent, contacts that never reached an agent may come without either.
#[tokio::test]
async fn a_row_of_nobody_is_kept_beside_queues() {
    let metrics = r#"["CONTACTS_HANDLED", "CONTACTS_ABANDONED", "AVG_HANDLE_TIME"]"#;
    let report = report("QUEUE\", \"AGENT", metrics);
    let nobody = |abandoned: u32, handle_time: Option<f64>| {
        json!({"Dimensions": {}, "Collections": [
            {"Metric": {"Name": "CONTACTS_HANDLED"}, "Value": 0},
            {"Metric": {"Name": "CONTACTS_ABANDONED"}, "Value": abandoned},
            {"Metric": {"Name": "AVG_HANDLE_TIME"}, "Value": handle_time}
        ]})
    };
    let of_ana = |queue: &str| {
        json!({"Dimensions": {"QUEUE": queue, "AGENT": ANA}, "Collections": [
            {"Metric": {"Name": "CONTACTS_HANDLED"}, "Value": 11}
        ]})
    };
    let table = tabled(&report, json!({"MetricResults": [nobody(4, None), of_ana(SALES)]})).await;
    let rows = texts(&table);
    assert!(rows.contains(&"Sales: 11, no data, no data".to_owned()), "{rows:?}");
    assert!(rows.contains(&"nobody: 0, 4, not computable".to_owned()), "{rows:?}");

    // Cut into a request a queue, each with such a row.
    let (query, _) = planned(&report);
    let limits = Limits { filter_values: 1, ..Limits::CURRENT };
    let plan = plan::plan_requests(std::slice::from_ref(&query), &limits);
    for (handle_time, absent) in [(None, Absent::NotComputable), (Some(40.0), Absent::NotAvailable)]
    {
        let mut answers = Vec::new();
        for (request, nobody) in plan.requests.iter().zip([nobody(4, None), nobody(3, handle_time)])
        {
            let queue = &request.filters[&Dimension::Queue][0];
            let results = json!({"MetricResults": [nobody, of_ana(queue)]});
            answers.push(answer(request, [results]).await.unwrap());
        }
        let of_section = plan.sections[0].answer(|index| answers.get(index)).unwrap();
        let nobody = of_section.rows.iter().find(|row| row.dimensions()[0].is_none()).unwrap();
        let figure = |name: &str| {
            let metric = query.metrics.iter().find(|metric| metric.name == name).unwrap();
            nobody.get(metric).unwrap()
        };
        assert_eq!(figure("CONTACTS_ABANDONED"), Figure::Value(7.0));
        assert_eq!(figure("AVG_HANDLE_TIME"), Figure::Absent(absent));
        assert_eq!(of_section.rows.len(), 3);
    }
}

/// Instants come through a float, in which only whole seconds are exact.
#[tokio::test]
async fn an_interval_is_compared_by_whole_seconds() {
    let (rows, _) = requests(&report("QUEUE", r#"["CONTACTS_QUEUED"]"#));
    let row = |start: f64, end: f64| {
        json!({"MetricResults": [{
            "Dimensions": {"QUEUE": SALES},
            "MetricInterval": {"Interval": "TOTAL", "StartTime": start, "EndTime": end},
            "Collections": [{"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": 1}],
        }]})
    };
    // The day as it was asked for, and as near to it as floats are.
    for (start, end, is_right) in [
        (1_743_292_800.0, 1_743_375_600.0, true),
        (1_743_292_800.000_000_2, 1_743_375_599.999_999_8, true),
        (1_743_292_801.0, 1_743_375_600.0, false),
    ] {
        let answer = answer(&rows, [row(start, end)]).await;
        assert_eq!(answer.is_ok(), is_right, "{start} {end}: {answer:?}");
    }
}

/// Which part of its first and last week the service tells is not known, but weeks never overlap.
#[tokio::test]
async fn weeks_lie_beside_each_other() {
    let report = report("QUEUE", r#"["CONTACTS_QUEUED"]"#);
    let zone = Zone::named("UTC").unwrap();
    let day = |day: i8| {
        let date = jiff::civil::date(2025, 3, day).at(0, 0, 0, 0);
        date.strftime("%Y-%m-%dT%H:%M").to_string().parse().unwrap()
    };
    let window = Window::between(day(5), day(20), &zone).unwrap();
    let (rows, _) = requests(&report);
    let rows = Request { window, interval: Some(Interval::Week), ..rows };
    let row = |[start, end]: [i8; 2]| {
        let seconds = |day: i8| {
            let date = jiff::civil::date(2025, 3, day).at(0, 0, 0, 0);
            date.in_tz("UTC").unwrap().timestamp().as_second()
        };
        json!({
            "Dimensions": {"QUEUE": SALES},
            "MetricInterval":
                {"Interval": "WEEK", "StartTime": seconds(start), "EndTime": seconds(end)},
            "Collections": [{"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": 1}],
        })
    };
    for (weeks, is_right) in [
        (vec![[5, 10], [10, 17], [17, 20]], true),
        (vec![[5, 12], [12, 19], [19, 20]], true),
        (vec![[5, 12], [10, 17]], false),
        (vec![[5, 14]], false),
        (vec![[3, 10]], false),
    ] {
        let results: Vec<_> = weeks.iter().copied().map(row).collect();
        let answer = answer(&rows, [json!({"MetricResults": results})]).await;
        assert_eq!(answer.is_ok(), is_right, "{weeks:?}: {answer:?}");
    }
}

/// All pages belong to the answer; an empty token is the end, a repeated one an error.
#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let report = report("QUEUE", r#"["CONTACTS_QUEUED"]"#);
    let (rows, _) = requests(&report);
    let page = |queue: &str, token: &str| {
        json!({"NextToken": token, "MetricResults": [
            {"Dimensions": {"QUEUE": queue}, "Collections": [{"Metric": {"Name": "CONTACTS_QUEUED"}, "Value": 1}]}
        ]})
    };
    let service = Canned::start([page(SALES, "one"), page(LOANS, "")]).await;
    let answer = connect(&service).figures(&rows, None).await.unwrap();
    assert_eq!((answer.rows.len(), answer.pages), (2, 2));
    let asked = service.asked();
    assert_eq!(asked[1]["NextToken"], "one");
    let mut second = asked[1].clone();
    second.as_object_mut().unwrap().remove("NextToken");
    assert_eq!(second, asked[0]);

    let error = self::answer(&rows, [page(SALES, "one"), page(LOANS, "one")]).await.unwrap_err();
    assert_eq!(error.code, Code::BadResponse);
    assert!(error.message.contains("the same page token twice"), "{}", error.message);
}

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn report(group_by: &str, metrics: &str) -> Report {
    let queues = format!("[\"{SALES}\", \"{LOANS}\"]");
    let text = SMALL
        .replace("group_by = [\"QUEUE\"]", &format!("group_by = [\"{group_by}\"]"))
        .replace("[\"*\"]", &queues)
        .replace(r#"["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]"#, metrics);
    let parsed = definition::parse("small.toml", text.as_bytes(), &Default::default());
    assert_eq!(parsed.problems, []);
    parsed.report.unwrap()
}

/// The requests for the rows and for the totals of a report's section.
fn requests(report: &Report) -> (Request, Request) {
    let mut plan = planned(report).1;
    let totals = plan.requests.pop().unwrap();
    (plan.requests.pop().unwrap(), totals)
}

/// What the first section of a report asks, and how.
fn planned(report: &Report) -> (Query, Plan) {
    let zone = Zone::named("Europe/London").unwrap();
    let window = WindowRule::PreviousDay
        .window_before(DUE.parse().unwrap(), &zone, &Calendar::default())
        .unwrap();
    let section = &report.sections[0];
    let query =
        Query::for_section(section, &report.instance, &window, &Directory::default()).unwrap();
    let plan = plan::plan_requests(std::slice::from_ref(&query), &Limits::CURRENT);
    (query, plan)
}

fn connect(service: &Canned) -> Connect {
    binary::connect(&service.url(), Rates::default(), Limits::CURRENT)
}

async fn answer(
    request: &Request,
    answers: impl IntoIterator<Item = Value>,
) -> Result<RequestAnswer, Error> {
    let service = Canned::start(answers).await;
    connect(&service).figures(request, None).await
}

async fn tabled(report: &Report, rows: Value) -> Table {
    let (query, plan) = planned(report);
    let answer = answer(&plan.requests[0], [rows]).await.unwrap();
    let mut directory = Directory::default();
    directory.insert(
        Dimension::Queue,
        vec![DirectoryEntry::new(SALES, "Sales"), DirectoryEntry::new(LOANS, "Loans")],
    );
    directory.insert(Dimension::Agent, vec![DirectoryEntry::new(ANA, "ana")]);
    let of_section = plan.sections[0].answer(|index| (index == 0).then_some(&answer)).unwrap();
    table::build_table(&report.sections[0], &query, &of_section, None, &directory, table::MOST_ROWS)
}

/// Each row as `name: figure, figure`.
fn texts(table: &Table) -> Vec<String> {
    let numbers = Numbers::new(&connect_reports::language::Locale::default());
    let row = |row: &table::TableRow| {
        let name = row.members[0].name.as_deref().unwrap_or("nobody");
        let figures = table.columns.iter().zip(row.figures.iter());
        let text = |(column, figure): (&Column, &Figure)| match figure.absent() {
            Some(Absent::NoData) => "no data".to_owned(),
            Some(Absent::NotComputable) => "not computable".to_owned(),
            _ => numbers.figure(*figure, column.unit),
        };
        let figures: Vec<_> = figures.map(text).collect();
        format!("{name}: {}", figures.join(", "))
    };
    table.rows.iter().map(row).collect()
}
