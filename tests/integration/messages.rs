use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use connect_simulator::{Centre, Interval, Operation, Options, Query, Simulator, SimulatorClock};
use mail_parser::MimeHeaders as _;
use serde_json::{Value, json};

use crate::harness::binary::{
    DUE, Function, NOW, SMALL, definitions, program, run, simulator, text, tick, tick_at,
};
use crate::harness::mail::{check, header, html, keep, list_id, parse, tree};
use crate::harness::s3::S3;

/// All that a message may have, from one definition.
const FULL: &str = include_str!("../attachments/full.toml");

/// A message with everything: its tree, its headers, its files, what SES is told.
#[tokio::test]
async fn a_message_has_all_that_its_definition_asks_for() {
    let simulator = simulator().await;
    let folder = definitions(&[("full.toml", FULL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let sent = simulator.messages();
    assert_eq!(sent.len(), 1);
    let message = &sent[0];
    keep("full", &message.raw);
    assert_eq!(message.configuration_set.as_deref(), Some("connect-reports"));
    assert_eq!(message.tags["report"], "full");
    assert_eq!(message.tags["run"], "full-2025-03-30T0000-0000--2025-03-31T0000-0100");
    let mail = parse(&message.raw);
    let bodies = "multipart/alternative(text/plain, multipart/related(text/html, image/png))";
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(
        tree(&mail, 0),
        format!(
            "multipart/mixed({bodies}, text/csv, text/csv, text/csv, {xlsx}, application/json)"
        )
    );
    let names: Vec<_> = mail.attachments().filter_map(|part| part.attachment_name()).collect();
    assert_eq!(
        names,
        [
            "full-2025-03-30-trend-3.png",
            "full-2025-03-30-1-at-a-glance.csv",
            "full-2025-03-30-2-by-queue-50-all.csv",
            "full-2025-03-30-3-through-the-day.csv",
            "full-2025-03-30.xlsx",
            "full-2025-03-30.json",
        ]
    );
    for (name, expected) in [
        ("X-Connect-Reports-Run", "full/2025-03-30T0000+0000--2025-03-31T0000+0100"),
        ("Auto-Submitted", "auto-generated"),
    ] {
        assert_eq!(header(&mail, name).as_deref(), Some(expected));
    }
    let raw = String::from_utf8(message.raw.clone()).unwrap();
    for line in [
        "List-Id: \"=Full <b>report</b>\" <full.example.com>",
        "X-Auto-Response-Suppress: All",
        "List-Unsubscribe: <https://example.com/reports?leave=full>",
        "Reply-To: \"Workforce\" <workforce@example.com>",
    ] {
        assert!(raw.contains(&format!("{line}\r\n")), "{line} in {}", &raw[..900]);
    }
    let html = html(&mail);
    assert!(html.contains("href=\"https://example.com/reports?leave=full\""));
    assert!(
        html.contains("=Full &lt;b&gt;report&lt;&#x2F;b&gt;")
            || html.contains("=Full &lt;b&gt;report&lt;/b&gt;")
    );
    check_csv(&mail);
}

/// CSV as Excel wants it, under headings that stay the same, and no cell of text that it would take for a
/// formula.
fn check_csv(mail: &mail_parser::Message<'_>) {
    let csv = |ending: &str| {
        let part = mail
            .attachments()
            .find(|part| part.attachment_name().is_some_and(|name| name.ends_with(ending)));
        String::from_utf8(part.unwrap().contents().to_vec()).unwrap()
    };
    let window =
        r#""full","2025-03-30T00:00:00+00:00","2025-03-31T00:00:00+01:00","Europe/London""#;
    let head = r#""report","window_start","window_end","time_zone""#;
    let by_queue = csv("2-by-queue-50-all.csv");
    let lines: Vec<&str> = by_queue.strip_prefix('\u{feff}').unwrap().split("\r\n").collect();
    assert_eq!(
        lines[0],
        format!(
            r#"{head},"QUEUE","QUEUE_id","CONTACTS_QUEUED","CONTACTS_QUEUED_compared","SERVICE_LEVEL_20","SERVICE_LEVEL_20_compared","SERVICE_LEVEL_20_state","AVG_HANDLE_TIME","AVG_HANDLE_TIME_compared""#
        )
    );
    assert!(!by_queue.replace("\r\n", "").contains(['\r', '\n']));
    let is_of_loans = |line: &&&str| line.starts_with(&format!("{window},\"Loans\",\""));
    let loans = lines.iter().find(is_of_loans).unwrap();
    assert!(loans.ends_with("\",0,0,,,,,"), "{loans}");
    assert!(lines.iter().any(|line| line.contains(",\"missed\",")), "{by_queue}");
    assert_eq!(lines.len(), 1 + 12 + 1, "a line for each queue, and nothing after the last");
    let trend = csv("3-through-the-day.csv");
    let hours: Vec<Vec<&str>> = trend
        .lines()
        .map(|line| line.split(',').skip(4).take(2).map(|time| time.trim_matches('"')).collect())
        .collect();
    assert_eq!(hours.len(), 1 + 23, "the clocks went forward");
    assert_eq!(hours[0], ["interval_start", "interval_end"]);
    assert_eq!(hours[1], ["2025-03-30T00:00:00+00:00", "2025-03-30T02:00:00+01:00"]);
    assert_eq!(hours[2], ["2025-03-30T02:00:00+01:00", "2025-03-30T03:00:00+01:00"]);
    let glance = csv("1-at-a-glance.csv");
    assert_eq!(glance.lines().count(), 2, "a totals section is one row");
    assert!(glance.lines().nth(1).unwrap().starts_with(window), "{glance}");
}

/// On the night on which the clocks go back a workbook has two hours from 1 to 2, and tells them apart.
#[tokio::test]
async fn a_workbook_tells_the_two_hours_apart_that_have_one_name() {
    let clock = SimulatorClock::At("2024-10-28T12:00:00Z".parse().unwrap());
    let simulator = Simulator::start(Options { clock, ..Options::awkward() }).await.unwrap();
    let folder = definitions(&[("full.toml", FULL)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .args(["preview", "full", "--time", "2024-10-28T07:00:00Z", "--out"])
        .arg(out.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let workbook = std::fs::File::open(out.path().join("full-2024-10-27.xlsx")).unwrap();
    let mut workbook = zip::ZipArchive::new(workbook).unwrap();
    let mut sheet = String::new();
    workbook.by_name("xl/worksheets/sheet4.xml").unwrap().read_to_string(&mut sheet).unwrap();
    // Times are days, and the columns A and B those of an hour.
    let hours = |column: &str| -> Vec<i64> {
        let cell = |row: usize| {
            let (_, cell) = sheet.split_once(&format!("<c r=\"{column}{row}\""))?;
            let (_, value) = cell.split_once("<v>")?;
            let days: f64 = value.split_once("</v>")?.0.parse().unwrap();
            Some((days * 24.0).round() as i64)
        };
        (2..).map_while(cell).collect()
    };
    let (local, utc) = (hours("A"), hours("B"));
    assert_eq!((local.len(), utc.len()), (25, 25));
    assert_eq!(local[1], local[2], "01:00 comes twice");
    assert!(utc.windows(2).all(|two| two[1] == two[0] + 1), "{utc:?}");
}

/// For countries that write a comma before decimals, a file has one, and semicolons between its fields.
#[tokio::test]
async fn csv_has_the_dialect_that_its_definition_names() {
    let simulator = simulator().await;
    let definition = FULL.replace("[email]", "[email]\ncsv_dialect = \"semicolon\"");
    let folder = definitions(&[("full.toml", &definition)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let message = simulator.messages().remove(0);
    let mail = parse(&message.raw);
    let part =
        mail.attachments().find(|part| part.attachment_name().unwrap().contains("at-a-glance"));
    let file = String::from_utf8(part.unwrap().contents().to_vec()).unwrap();
    let (head, figures) = file.split_once("\r\n").unwrap();
    assert!(head.ends_with(r#";"SERVICE_LEVEL_20";"SERVICE_LEVEL_20_compared";"SERVICE_LEVEL_20_state";"CONTACTS_QUEUED";"CONTACTS_QUEUED_compared""#), "{head}");
    let level = figures.split(';').nth(4).unwrap();
    assert!(level.contains(',') && level.replace(',', ".").parse::<f64>().is_ok(), "{level}");
}

/// A trend has a point for every interval, and each is what really happened in it.
#[tokio::test]
async fn a_trend_has_what_happened_in_every_interval() {
    let simulator = simulator().await;
    let report = previewed(&simulator, FULL, DUE).await;
    let trend = &report["sections"][2];
    assert_eq!((&trend["kind"], &trend["totals"]), (&json!("trend"), &Value::Null));
    let centre = simulator.centre();
    let rows = trend["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 23);
    for row in rows {
        assert_eq!(row["dimensions"], json!({}));
        let at = |border: &str| row["interval"][border].as_str().unwrap().parse().unwrap();
        let queued = queued(centre, at("start"), at("end"));
        assert_eq!(row["values"][0].as_f64().unwrap(), queued, "{row}");
        assert_eq!(
            row["values"][1].is_null(),
            queued == 0.0,
            "a rate of nothing has no value: {row}"
        );
    }
}

/// How many contacts were queued, counted by the centre.
fn queued(centre: &Centre, start: jiff::Timestamp, end: jiff::Timestamp) -> f64 {
    let queues = centre.standard_queues().map(|queue| queue.id.clone()).collect();
    let metric = connect_simulator::MetricRequest {
        name: "CONTACTS_QUEUED".to_owned(),
        threshold: None,
        filters: Vec::new(),
    };
    let query = Query {
        start,
        end,
        interval: Interval::Total,
        time_zone: jiff::tz::TimeZone::UTC,
        filters: [("QUEUE".to_owned(), queues)].into(),
        groupings: Vec::new(),
        metrics: vec![metric],
    };
    let rows = centre.figures(&query);
    match rows.first().map(|row| row.values[0]) {
        Some(connect_simulator::Figure::Number(value)) => value,
        _ => 0.0,
    }
}

/// Of a large centre the message shows as many rows as Gmail shows, says so, and attaches them all.
#[tokio::test]
async fn a_large_centre_fits_into_a_mail() {
    let clock = SimulatorClock::At(NOW.parse().unwrap());
    let options = Options { clock, queues: 200, page_size: 100, ..Options::awkward() };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = definitions(&[("full.toml", FULL)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let message = simulator.messages().remove(0);
    check(&message.raw);
    keep("large", &message.raw);
    let mail = parse(&message.raw);
    let html = html(&mail);
    assert!((80_000..100_000).contains(&html.len()), "{}", html.len());
    let of = " of 200 shown, all in the attachment";
    assert!(html.contains(of) && mail.body_text(0).unwrap().contains(of));
    let lines = mail.attachments().find_map(|part| {
        let name = part.attachment_name()?.ends_with("2-by-queue-50-all.csv");
        name.then(|| String::from_utf8(part.contents().to_vec()).unwrap().lines().count())
    });
    assert_eq!(lines, Some(201));
}

/// Files that are too large are zipped, and where that does not help kept in the store.
#[tokio::test]
async fn what_is_too_large_is_not_promised() {
    let simulator = simulator().await;
    let limited =
        |size: &str| FULL.replace("[email]", &format!("[email]\nattach_max = \"{size}\""));
    let run_it = async |size: &str, runs: Option<&str>| {
        let folder = definitions(&[("full.toml", &limited(size))]);
        let more: Vec<_> = runs.map(|runs| ("CONNECT_REPORTS_RUNS", runs)).into_iter().collect();
        let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
        function.succeed(&tick()).await;
        simulator.messages().pop().unwrap().raw
    };
    let raw = run_it("20KB", None).await;
    let mail = parse(&raw);
    let names: Vec<_> = mail.attachments().filter_map(|part| part.attachment_name()).collect();
    assert_eq!(names, ["full-2025-03-30-trend-3.png", "full-2025-03-30.zip"]);
    assert!(mail.body_text(0).unwrap().contains("is attached: ZIP."));

    let raw = run_it("1KB", None).await;
    let mail = parse(&raw);
    assert!(mail.attachments().all(|part| part.content_id().is_some()));
    let text_of = mail.body_text(0).unwrap().replace("\r\n", " ").replace('\n', " ");
    assert!(text_of.contains("and were left out."), "{text_of}");
    assert!(!text_of.contains("is attached"), "{text_of}");

    let runs = tempfile::tempdir().unwrap();
    let raw = run_it("1KB", Some(text(runs.path()))).await;
    let mail = parse(&raw);
    let text_of = mail.body_text(0).unwrap().into_owned();
    let place = text_of.lines().find(|line| line.ends_with(".zip")).unwrap().trim();
    let place = place.rsplit(' ').next().unwrap();
    assert!(std::fs::read(place).unwrap().starts_with(b"PK"), "{place}");
}

/// What is kept in S3 opens as what it is: an archive beside records and messages.
#[tokio::test]
async fn what_is_kept_has_its_content_type() {
    let (simulator, s3) = (simulator().await, S3::start(&[]).await);
    let definition = FULL.replace("[email]", "[email]\nattach_max = \"1KB\"");
    let folder = definitions(&[("full.toml", &definition)]);
    let url = s3.url();
    let more =
        [("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"), ("AWS_ENDPOINT_URL_S3", &url)];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.succeed(&tick()).await;
    let types = s3.content_types();
    let of = |ending: &str| {
        let found: Vec<&str> = types
            .iter()
            .filter(|(key, _)| key.ends_with(ending))
            .map(|(_, content_type)| content_type.as_str())
            .collect();
        assert!(!found.is_empty(), "{ending} in {types:?}");
        found
    };
    assert_eq!(of(".zip"), ["application/zip"]);
    assert!(of(".json").iter().all(|content_type| *content_type == "application/json"));
    assert_eq!(of(".zip").len() + of(".json").len(), types.len());
}

/// Mail programs keep pictures by their Content-ID: another day, an order of its own and a run that is
/// tried again have other ones, and each recipient of a run has the same.
#[tokio::test]
async fn no_two_runs_share_the_content_id_of_a_chart() {
    let simulator = simulator().await;
    let two = FULL.replace("[\"ops@example.com\"]", "[\"a@example.com\", \"b@example.com\"]");
    let folder = definitions(&[("full.toml", &two), ("other.toml", &two)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let again = json!({"reports": ["full"], "time": DUE});
    let to = json!({"reports": ["full"], "time": DUE, "to": ["c@example.com"]});
    let another = json!({"reports": ["full"], "time": "2025-03-30T07:00:00Z"});
    for order in [again, to, another] {
        function.succeed(&order).await;
    }
    let mut of_recipients = BTreeMap::<String, usize>::new();
    for message in simulator.messages() {
        let mail = parse(&message.raw);
        let ids: Vec<&str> = mail.parts.iter().filter_map(|part| part.content_id()).collect();
        let [id] = ids[..] else { panic!("{ids:?}") };
        assert!(html(&mail).contains(&format!("src=\"cid:{id}\"")), "{id}");
        *of_recipients.entry(id.to_owned()).or_default() += 1;
    }
    let mut counts: Vec<usize> = of_recipients.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 2, 2, 2]);
}

/// Of several runs that one invocation tells the owner of, each mail has an id of its own.
#[tokio::test]
async fn what_an_owner_is_told_of_several_runs_has_several_message_ids() {
    let simulator = simulator().await;
    let nowhere = SMALL.replace("\"*\"", "\"Nowhere\"");
    let late = "catch_up = \"72h\"\n\n[schedule]\nat = \"07:00\"\n\n[email]";
    let folder = definitions(&[("small.toml", &nowhere.replace("[email]", late))]);
    let runs = tempfile::tempdir().unwrap();
    let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.fail(&tick_at("2025-03-28T07:00:00Z")).await;
    let before = simulator.messages().len();
    function.fail(&tick()).await;
    let notices = simulator.messages().split_off(before);
    let mails: Vec<_> = notices.iter().map(|notice| parse(&notice.raw)).collect();
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.message_id().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), notices.len()), (3, 3), "{ids:?}");
    for mail in &mails {
        assert_eq!(list_id(mail), ("Small".to_owned(), "small.example.com".to_owned()));
    }
}

/// Every language has its own words and numbers, and says the same.
#[tokio::test]
async fn messages_are_in_the_report_s_language() {
    let simulator = simulator().await;
    for (locale, words) in [
        ("de", ["Sonntag, 30. März 2025", "Zu beachten", "Alle Warteschlangen", "Servicelevel"]),
        ("fr", ["dimanche 30 mars 2025", "À surveiller", "Toutes les files d’attente", "NS 20 s"]),
        ("es", ["domingo, 30 de marzo de 2025", "Requiere atención", "Todas las colas", "NS 20 s"]),
    ] {
        let definition = FULL.replace("[email]", &format!("locale = \"{locale}\"\n\n[email]"));
        let folder = definitions(&[("full.toml", &definition)]);
        let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
        function.succeed(&tick()).await;
        let message = simulator.messages().pop().unwrap();
        keep(locale, &message.raw);
        let mail = parse(&message.raw);
        let (html, text_of) = (html(&mail), mail.body_text(0).unwrap());
        assert!(html.contains(&format!("<html lang=\"{locale}\"")));
        for word in words {
            assert!(
                html.contains(word) && text_of.contains(word),
                "{locale}: {word} in\n{text_of}"
            );
        }
        for english in ["Needs attention", "All queues", "Read from", "Sunday", "missed"] {
            assert!(!text_of.contains(english), "{locale}: {english} in\n{text_of}");
        }
    }
}

/// Names from right to left, and of any script, survive in every part.
#[tokio::test]
async fn names_of_any_script_survive() {
    let simulator = simulator().await;
    let title = "قائمة الانتظار 待ち行列";
    let definition = FULL.replace("=Full <b>report</b>", title);
    let folder = definitions(&[("full.toml", &definition)]);
    let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
    function.succeed(&tick()).await;
    let message = simulator.messages().pop().unwrap();
    let mail = parse(&message.raw);
    keep("scripts", &message.raw);
    let subject = format!("\u{2068}{title}\u{2069}, Sunday 30 March 2025");
    assert_eq!(mail.subject(), Some(&*subject), "the title does not move the date");
    assert_eq!(list_id(&mail), (title.to_owned(), "full.example.com".to_owned()));
    let csv = mail
        .attachments()
        .find(|part| part.attachment_name().is_some_and(|name| name.contains("by-queue")));
    let csv = String::from_utf8(csv.unwrap().contents().to_vec()).unwrap();
    for text in [html(&mail), mail.body_text(0).unwrap().into_owned()] {
        assert!(text.contains(title) && text.contains("日本語 Reservations"), "{text}");
    }
    assert!(csv.contains("日本語 Reservations"));
}

/// The report as a preview makes it.
async fn previewed(simulator: &Simulator, definition: &str, time: &str) -> Value {
    let folder = definitions(&[("full.toml", definition)]);
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .args(["preview", "full", "--json", "--time", time]);
    let output = run(command).await;
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Templates of one's own make the message, and mistakes in them are told before anything is sent.
#[tokio::test]
async fn templates_of_one_s_own_make_the_message() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let own = definitions(&[
        ("foot.html", "<p>Ask {{ report.title }} at the desk.</p>"),
        ("subject.txt", "[{{ report.id }}] {{ result }}"),
    ]);
    let more = [("CONNECT_REPORTS_TEMPLATES", text(own.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.succeed(&tick()).await;
    let message = simulator.messages().pop().unwrap();
    let mail = parse(&message.raw);
    assert!(html(&mail).contains("<p>Ask Small at the desk.</p>"));
    assert!(mail.subject().unwrap().starts_with("[small] 3"), "{:?}", mail.subject());

    std::fs::write(own.path().join("foot.html"), "\n<p>{{ report.titel }}</p>").unwrap();
    let order = json!({"reports": ["small"], "time": DUE});
    let (kind, envelope) = function.fail(&order).await;
    assert_eq!(kind, "TEMPLATE_ERROR");
    let place =
        format!("{}:2:14: there is no value `titel`", own.path().join("foot.html").display());
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(&place), "{message}");
    assert_eq!(simulator.messages().len(), 1, "nothing half sent");

    let mut command = program();
    command
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .env("CONNECT_REPORTS_TEMPLATES", own.path())
        .args(["validate", "--json"]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["definitions"], 1);
    let problems = found["problems"].as_array().unwrap();
    let problem = problems.iter().find(|problem| problem["code"] == "template").unwrap();
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(14)));
}

/// A preview that is watched is made anew when a template is saved, and tells mistakes meanwhile;
/// nothing is asked again for it.
#[tokio::test]
async fn a_preview_follows_what_is_saved() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let own = definitions(&[("foot.html", "<p>First</p>")]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .env("CONNECT_REPORTS_TEMPLATES", own.path())
        .args(["preview", "small", "--time", DUE, "--watch", "--out"])
        .arg(out.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut shown = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut wrong = BufReader::new(process.stderr.take().unwrap()).lines();
    let (foot, page) = (own.path().join("foot.html"), out.path().join("message.html"));
    let out_path = out.path().to_owned();
    tokio::task::spawn_blocking(move || {
        let mut made =
            || shown.find(|line| line.as_ref().unwrap().starts_with("The message is in"));
        made().unwrap().unwrap();
        assert!(std::fs::read_to_string(&page).unwrap().contains("<p>First</p>"));
        std::fs::write(&foot, "<p>{{ report.titel }}</p>").unwrap();
        let is_place =
            |line: &std::io::Result<String>| line.as_ref().unwrap().contains("foot.html:1:14");
        wrong.find(is_place).unwrap().unwrap();
        std::fs::write(&foot, "<p>Second {{ report.title }}</p>").unwrap();
        made().unwrap().unwrap();
        assert!(std::fs::read_to_string(&page).unwrap().contains("<p>Second Small</p>"));
        assert!(out_path.join("message.eml").exists());
    })
    .await
    .unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    let asked = simulator
        .calls()
        .iter()
        .filter(|call| call.operation == Operation::GetMetricDataV2)
        .count();
    assert_eq!(asked, 3, "the pages of the first time");
}
