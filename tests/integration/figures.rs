use std::collections::BTreeMap;
use std::path::Path;

use connect_reports::definition::{self, Attachment, Dimension, Kind, Report, Section, Selector};
use connect_reports::metric::Unit;
use connect_simulator::{
    Agent, Centre, Figure, Interval, MetricFilter, MetricRequest, Query, Row, SentMessage,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};
use scraper::{ElementRef, Html, Selector as CssSelector};
use serde_json::{Value, json};

use crate::harness::binary::{DUE, Function, simulator, tick};

/// A scheduled event sends each sample report once, and every figure in every part of the message
/// is the one that the contact centre really had; the same process then answers the next event.
#[tokio::test]
async fn an_event_becomes_mails_with_the_right_figures() {
    let simulator = simulator().await;
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/reports");
    let function = Function::start(&simulator.url(), samples, &[]).await;

    let answer = function.succeed(&tick()).await;
    assert_eq!(answer["success"], true, "{answer:#}");
    assert_eq!(answer["data"]["recorded"], false);
    let runs = answer["data"]["reports"].as_array().unwrap();
    let ids: Vec<_> = runs.iter().map(|run| run["report"].as_str().unwrap()).collect();
    // The one with two recipients comes last.
    assert_eq!(ids, ["all-metrics", "weekly-overview", "daily-queues"]);

    let sent = simulator.messages();
    for run in runs {
        let report = sample(run["report"].as_str().unwrap());
        assert_eq!(run["status"], "sent");
        assert_eq!(recipients(run, &sent), addresses(&report), "each recipient once, alone");
        for delivery in run["messages"].as_array().unwrap() {
            let id = delivery["message_id"].as_str().unwrap();
            let message = sent.iter().find(|message| message.id == id).unwrap();
            check_message(simulator.centre(), &report, message);
        }
    }
    assert_eq!(sent.len(), 4);

    let again = function.succeed(&json!({"reports": ["daily-queues"], "time": DUE})).await;
    assert_eq!(again["success"], true, "{again:#}");
    assert_eq!(simulator.messages().len(), 6);
    let log = function.log();
    assert!(log.contains(r#""report":"daily-queues""#), "{log}");
    assert!(!log.contains('@'), "no address in the log: {log}");
}

/// The samples together show all of the metrics that queue reports are made of.
#[test]
fn one_sample_shows_every_metric() {
    let report = sample("all-metrics");
    let columns = report.sections.iter().flat_map(|section| &section.columns);
    let mut names: Vec<_> = columns.map(|column| column.metric.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 27, "{names:?}");
}

fn sample(id: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("reports/{id}.toml"));
    let content = std::fs::read(&path).unwrap();
    let parsed = definition::parse(path.to_str().unwrap(), &content, &Default::default());
    assert_eq!(parsed.problems, []);
    parsed.report.unwrap()
}

fn addresses(report: &Report) -> Vec<Vec<String>> {
    report.mailboxes().map(|to| vec![to.address.to_string()]).collect()
}

fn recipients(run: &Value, sent: &[SentMessage]) -> Vec<Vec<String>> {
    let of = |delivery: &Value| {
        let message = sent.iter().find(|message| delivery["message_id"] == message.id.as_str());
        message.unwrap().to.clone()
    };
    run["messages"].as_array().unwrap().iter().map(of).collect()
}

/// Compares a message's three bodies with the raw contacts.
fn check_message(centre: &Centre, report: &Report, message: &SentMessage) {
    let mail = MessageParser::default().parse(&message.raw).unwrap();
    let html = mail.body_html(0).unwrap();
    let text = mail.body_text(0).unwrap();
    let sections: Vec<_> =
        report.sections.iter().map(|section| Expected::of(centre, report, section)).collect();
    let is_json = |part: &&MessagePart<'_>| {
        part.attachment_name().is_some_and(|name| name.ends_with(".json"))
    };
    let attached = mail.attachments().find(is_json);
    assert_eq!(attached.is_some(), report.email.attach.contains(&Attachment::Json));
    let json: Option<Value> = attached.map(|part| serde_json::from_slice(part.contents()).unwrap());
    if let Some(json) = &json {
        check_json(json, &sections);
    }
    check_html(&html, report, &sections, json.as_ref());
    check_text(&text, &sections);
}

/// What a section must show: computed from the raw contacts, without requests or pages.
struct Expected<'r> {
    section: &'r Section,
    /// The names of each row's members with the figures, in no order.
    rows: BTreeMap<Vec<Option<String>>, Vec<Cell>>,
    totals: Vec<Cell>,
}

/// A figure as a number, and as people read it.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    value: Option<f64>,
    text: String,
    absent: Option<&'static str>,
}

impl Cell {
    fn without(absent: &'static str) -> Self {
        Self { value: None, text: "–".to_owned(), absent: Some(absent) }
    }
}

impl<'r> Expected<'r> {
    fn of(centre: &Centre, report: &Report, section: &'r Section) -> Self {
        let query = query(centre, report, section);
        let mut rows: BTreeMap<_, _> = match section.group_by.is_empty() {
            true => BTreeMap::new(),
            false => centre
                .figures(&query)
                .iter()
                .map(|row| (members(centre, section, row), cells(section, Some(row))))
                .collect(),
        };
        if section.group_by.first() == Some(&Dimension::Queue) {
            for id in &query.filters["QUEUE"] {
                let name = Some(name(centre, &Dimension::Queue, id));
                if !rows.keys().any(|names: &Vec<_>| names[0] == name) {
                    let mut names = vec![None; section.group_by.len()];
                    names[0] = name;
                    rows.insert(names, cells(section, None));
                }
            }
        }
        let totals = centre.figures(&Query { groupings: Vec::new(), ..query });
        Self { section, rows, totals: cells(section, totals.first()) }
    }
}

fn query(centre: &Centre, report: &Report, section: &Section) -> Query {
    let (start, end) = window(report);
    let filters = section.filters.iter().map(|(dimension, selection)| {
        assert!(selection.left_out.is_empty(), "no sample leaves anything out");
        let ids =
            selection.taken.iter().flat_map(|selector| select(centre, dimension, &selector.value));
        (dimension.key().to_owned(), ids.collect())
    });
    let metrics = section.columns.iter().map(|column| MetricRequest {
        name: column.metric.name.clone(),
        threshold: column.metric.threshold.map(|t| (t.comparison, f64::from(t.seconds))),
        filters: column
            .metric
            .filters
            .iter()
            .map(|filter| MetricFilter {
                key: filter.key.clone(),
                values: filter.values.clone(),
                negate: filter.negate,
            })
            .collect(),
    });
    Query {
        start,
        end,
        interval: Interval::Total,
        time_zone: TimeZone::UTC,
        filters: filters.collect(),
        groupings: section.group_by.iter().map(|dimension| dimension.key().to_owned()).collect(),
        metrics: metrics.collect(),
    }
}

/// The windows of the samples, written down by hand.
fn window(report: &Report) -> (Timestamp, Timestamp) {
    let (start, end) = match report.id.as_str() {
        // The clocks went forward: 23 hours.
        "daily-queues" => ("2025-03-30T00:00:00Z", "2025-03-30T23:00:00Z"),
        "all-metrics" => ("2025-03-29T18:15:00Z", "2025-03-30T18:15:00Z"),
        "weekly-overview" => ("2025-03-24T04:00:00Z", "2025-03-31T04:00:00Z"),
        other => panic!("no window for {other}"),
    };
    (start.parse().unwrap(), end.parse().unwrap())
}

fn select(centre: &Centre, dimension: &Dimension, selector: &Selector) -> Vec<String> {
    let all: Vec<(String, String)> = match dimension {
        Dimension::Queue => {
            centre.standard_queues().map(|q| (q.id.clone(), q.name.clone())).collect()
        }
        Dimension::RoutingProfile => {
            centre.routing_profiles().iter().map(|p| (p.id.clone(), p.name.clone())).collect()
        }
        Dimension::Agent => {
            centre.agents().iter().map(|a| (a.id.clone(), a.username.clone())).collect()
        }
        Dimension::Channel | Dimension::Hierarchy(_) | Dimension::Other(_) => Vec::new(),
    };
    match selector {
        Selector::All => all.into_iter().map(|(id, _)| id).collect(),
        Selector::Id(id) => vec![id.clone()],
        Selector::Name(name) => {
            let found = all.into_iter().filter(|(_, other)| other == name).map(|(id, _)| id);
            found.collect()
        }
        Selector::Pattern(_) | Selector::Tag { .. } | Selector::Disabled => {
            panic!("no sample has {selector:?}")
        }
    }
}

fn members(centre: &Centre, section: &Section, row: &Row) -> Vec<Option<String>> {
    let member = |dimension: &Dimension| {
        let id = row.dimensions.get(dimension.key())?;
        Some(name(centre, dimension, id))
    };
    section.group_by.iter().map(member).collect()
}

fn name(centre: &Centre, dimension: &Dimension, id: &str) -> String {
    let name = match dimension {
        Dimension::Queue => centre.standard_queues().find(|q| q.id == id).map(|q| q.name.clone()),
        Dimension::RoutingProfile => {
            centre.routing_profiles().iter().find(|p| p.id == id).map(|p| p.name.clone())
        }
        Dimension::Agent => {
            centre.agents().iter().find(|a| a.id == id).map(|a| shown_agent(centre, a))
        }
        Dimension::Channel | Dimension::Hierarchy(_) | Dimension::Other(_) => None,
    };
    name.unwrap_or_else(|| id.to_owned())
}

/// First and last name, and the user name where another agent has the same.
fn shown_agent(centre: &Centre, agent: &Agent) -> String {
    let full = |agent: &Agent| format!("{} {}", agent.first_name, agent.last_name);
    let namesakes = centre.agents().iter().filter(|other| full(other) == full(agent));
    match namesakes.count() {
        1 => full(agent),
        _ => format!("{} ({})", full(agent), agent.username),
    }
}

fn cells(section: &Section, row: Option<&Row>) -> Vec<Cell> {
    let cell = |(index, column): (usize, &definition::Column)| {
        let zero = column.unit == Unit::Count
            || column.metric.name.ends_with("_TIME")
                && !column.metric.name.starts_with("AVG")
                && !column.metric.name.starts_with("MAX");
        match row.map(|row| row.values[index]) {
            Some(Figure::Number(value)) => {
                Cell { value: Some(value), text: read(value, column.unit), absent: None }
            }
            Some(Figure::Null) => Cell::without("not-computable"),
            None if zero => Cell { value: Some(0.0), text: read(0.0, column.unit), absent: None },
            Some(Figure::Missing) | None => Cell::without("no-data"),
        }
    };
    section.columns.iter().enumerate().map(cell).collect()
}

/// A figure as people read it, written here anew so that a mistake in the formats shows.
fn read(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{:.1}%", (value * 10.0).round() / 10.0),
        Unit::Seconds => {
            let total = value.round() as u64;
            match total {
                0..3600 => format!("{}:{:02}", total / 60, total % 60),
                _ => format!("{}:{:02}:{:02}", total / 3600, total % 3600 / 60, total % 60),
            }
        }
        Unit::Count if value >= 1000.0 => {
            format!("{},{:03}", value as u64 / 1000, value as u64 % 1000)
        }
        Unit::Count | Unit::Milliseconds => format!("{value}"),
    }
}

fn check_json(json: &Value, sections: &[Expected<'_>]) {
    assert_eq!(json["version"], 1);
    let found = json["sections"].as_array().unwrap();
    assert_eq!(found.len(), sections.len());
    for (found, expected) in found.iter().zip(sections) {
        let rows = found["rows"].as_array().unwrap();
        if expected.section.kind == Kind::Trend {
            continue;
        }
        assert_eq!(rows.len(), expected.rows.len(), "{}", expected.section.title);
        for row in rows {
            let member = |dimension: &Dimension| {
                row["dimensions"][dimension.key()]["name"].as_str().map(ToOwned::to_owned)
            };
            let key: Vec<_> = expected.section.group_by.iter().map(member).collect();
            let cells = &expected.rows[&key];
            check_values(&row["values"], cells);
            for (absent, cell) in row["absent"].as_array().unwrap().iter().zip(cells) {
                assert_eq!(absent.as_str(), cell.absent);
            }
        }
        check_values(&found["totals"], &expected.totals);
    }
}

fn check_values(values: &Value, cells: &[Cell]) {
    let values: Vec<_> = values.as_array().unwrap().iter().map(Value::as_f64).collect();
    let expected: Vec<_> = cells.iter().map(|cell| cell.value).collect();
    assert_eq!(values, expected);
}

/// Every row of every table of the HTML stands there with its names and figures, and no other.
fn check_html(html: &str, report: &Report, sections: &[Expected<'_>], json: Option<&Value>) {
    let page = Html::parse_document(html);
    let captioned = css("table:has(> caption)");
    let mut tables = page.select(&captioned);
    for (index, expected) in sections.iter().enumerate() {
        let section = expected.section;
        if section.kind == Kind::Trend {
            continue;
        }
        if section.kind == Kind::Totals {
            for (column, cell) in section.columns.iter().zip(&expected.totals) {
                let tile = vec![column.label.clone(), cell.text.clone()];
                assert!(tiles(&page).contains(&tile), "{}: no {tile:?}", report.id);
            }
            continue;
        }
        let table = tables.next().unwrap();
        let rows = table_rows(table, "tbody > tr");
        let of = expected.rows.len();
        // What does not fit into a mail is left out, and report.json says how much.
        let omitted =
            json.map_or(0, |json| json["sections"][index]["omitted_rows"].as_u64().unwrap());
        assert_eq!(rows.len() + omitted as usize, of, "{}", section.title);
        let lines: Vec<_> =
            expected.rows.iter().map(|(names, cells)| line(section, names, cells)).collect();
        for row in &rows {
            assert!(lines.contains(row), "{}: {row:?} is not among {lines:#?}", report.id);
        }
        let totals = expected.totals.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        assert_eq!(table_rows(table, "tfoot > tr")[0][1..], totals);
    }
    assert!(tables.next().is_none());
}

fn css(selector: &str) -> CssSelector {
    CssSelector::parse(selector).unwrap()
}

/// The headline figures: label and figure.
fn tiles(page: &Html) -> Vec<Vec<String>> {
    let (tile, span) = (css("td.tile"), css("span"));
    page.select(&tile).map(|tile| tile.select(&span).take(2).map(own_text).collect()).collect()
}

fn table_rows(table: ElementRef<'_>, rows: &str) -> Vec<Vec<String>> {
    let cells = |row: ElementRef<'_>| row.child_elements().map(own_text).collect();
    table.select(&css(&format!(":scope > {rows}"))).map(cells).collect()
}

/// The text of a cell without that of the bar in it.
fn own_text(cell: ElementRef<'_>) -> String {
    let texts =
        cell.children().filter_map(|node| node.value().as_text().map(|text| text.to_string()));
    texts.collect::<String>().trim().replace('\u{a0}', " ")
}

fn line(section: &Section, names: &[Option<String>], cells: &[Cell]) -> Vec<String> {
    let nobody = |dimension: &Dimension| format!("No {}", dimension.title().to_lowercase());
    let dashed = names.iter().any(Option::is_some);
    let names = names.iter().zip(&section.group_by).map(|(name, dimension)| match name {
        Some(name) if *dimension == Dimension::Channel => word(name).to_owned(),
        Some(name) => name.clone(),
        None if dashed => "–".to_owned(),
        None => nobody(dimension),
    });
    names.chain(cells.iter().map(|cell| cell.text.clone())).collect()
}

/// What people read for a channel.
fn word(channel: &str) -> &str {
    match channel {
        "VOICE" => "Voice",
        "CHAT" => "Chat",
        "TASK" => "Task",
        "EMAIL" => "Email",
        other => other,
    }
}

/// Every figure of the text stands behind its name or its label.
fn check_text(text: &str, sections: &[Expected<'_>]) {
    for expected in sections {
        if expected.section.kind == Kind::Trend {
            continue;
        }
        for (column, cell) in expected.section.columns.iter().zip(&expected.totals) {
            let found = match expected.section.kind {
                Kind::Totals => text.lines().any(|line| {
                    line.strip_prefix(column.label.as_str())
                        .is_some_and(|rest| alone(rest) == cell.text)
                }),
                Kind::Table | Kind::Trend => text.contains(&cell.text),
            };
            assert!(found, "{} {cell:?} in\n{text}", column.label);
        }
        if is_cut(text, expected) {
            continue;
        }
        for (names, cells) in &expected.rows {
            let line = line(expected.section, names, cells);
            let (names, figures) = line.split_at(names.len());
            let name = names.join(" / ");
            let lines: Vec<_> = text.lines().collect();
            let found = lines.iter().enumerate().any(|(at, line)| {
                let rest = line.strip_prefix(name.as_str());
                // A name that is too long stands above its figures.
                let below = || lines.get(at + 1).filter(|_| *line == name);
                rest.is_some_and(|rest| spread(rest, figures))
                    || below().is_some_and(|line| spread(line, figures))
            });
            assert!(found || listed(text, &name, figures), "{name}: {figures:?} in\n{text}");
        }
    }
}

/// Whether the text says that it does not show all rows of a section.
fn is_cut(text: &str, expected: &Expected<'_>) -> bool {
    let title = format!("{} (", expected.section.title);
    text.lines().any(|line| line.starts_with(&title) && line.contains(" shown"))
}

/// The figure without the sign of its target and the change behind it.
fn alone(text: &str) -> &str {
    let text = text.split_once(" (").map_or(text, |(text, _)| text);
    text.trim_end_matches([' ', '✓', '≈', '✗']).trim()
}

/// Whether a line is these figures, with space between them.
fn spread(line: &str, figures: &[String]) -> bool {
    line.split("  ").map(alone).filter(|text| !text.is_empty()).eq(figures)
}

/// Whether the figures stand one by one under their name, as they do where a table is too wide.
fn listed(text: &str, name: &str, figures: &[String]) -> bool {
    let lines: Vec<_> = text.lines().collect();
    lines.iter().enumerate().any(|(at, line)| {
        let below = lines.iter().skip(at + 1).take(figures.len());
        *line == name
            && below.zip(figures).all(|(line, figure)| alone(line).ends_with(figure.as_str()))
    })
}
