use std::collections::BTreeMap;

use connect_reports::run::{Answer, Clock as RunClock, Invocation, Runner, SendBreaker, Stop};
use connect_reports::settings::Settings;
use connect_simulator::{IntervalLayout, Options, Simulator, SimulatorClock};
use serde_json::{Value, json};

use crate::harness::binary::{Function, SMALL, definitions, program, run, sdk, simulator, text};
use crate::harness::mail;

/// The windows that end when they are due.
const ROLLING: [&str; 3] = [r#"{ last = "4h" }"#, r#""week-to-date""#, r#""month-to-date""#];

/// A moment that no clock shows to the second, and the end of the windows that are due then.
const MOMENT: &str = "2025-03-31T07:15:23.456789123Z";
const END: &str = "2025-03-31T08:15:00+01:00";

/// [`SMALL`] with another window, and the schedule that a rolling one needs.
fn of_window(window: &str) -> String {
    SMALL
        .replace(r#""previous-day""#, window)
        .replace("[email]", "[schedule]\nat = \"07:15\"\n\n[email]")
}

/// The answer of a command that has one, as JSON.
async fn told(arguments: &[&str], folder: &tempfile::TempDir) -> Value {
    let mut command = program();
    command.args(arguments).args(["--json", "--definitions", text(folder.path())]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whatever fraction of a second the clock shows: windows end with a whole minute, and their figures
/// come back as they were asked for.
#[tokio::test]
async fn rolling_windows_end_with_a_minute_at_a_terminal() {
    for window in ROLLING {
        let folder = definitions(&[("roll.toml", &of_window(window))]);
        for command in ["preview", "plan"] {
            let told = told(&[command, "roll", "--simulate", "--time", MOMENT], &folder).await;
            assert_eq!(told["window"]["end"], END, "{command} of {window}");
        }
        let told = told(&["run", "roll", "--simulate", "--time", MOMENT], &folder).await;
        let run = &told["data"]["reports"][0];
        assert_eq!((&run["status"], &run["window"]["end"]), (&json!("sent"), &json!(END)));
    }
    // The clock of this computer.
    let folder = definitions(&[("roll.toml", &of_window(ROLLING[0]))]);
    let preview = told(&["preview", "roll", "--simulate"], &folder).await;
    let end = preview["window"]["end"].as_str().unwrap();
    assert_eq!(&end[16..19], ":00", "{end}");
}

/// The same for the function: an order without time, one with a fraction, and one through SQS, which
/// counts milliseconds.
#[tokio::test]
async fn rolling_windows_end_with_a_minute_in_lambda() {
    let simulator = simulator().await;
    let message = |body: &Value, attributes: Value| {
        let id = format!("m{}", fastrand::u64(..));
        let message = json!({"messageId": id, "eventSource": "aws:sqs", "body": body.to_string(),
            "attributes": attributes});
        json!({ "Records": [message] })
    };
    for window in ROLLING {
        let folder = definitions(&[("roll.toml", &of_window(window))]);
        let bare = json!({"reports": ["roll"]});
        let timed = json!({"reports": ["roll"], "time": MOMENT});
        let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
        let answer = function.succeed(&timed).await;
        assert_eq!(answer["data"]["reports"][0]["window"]["end"], END, "{window}");
        // So many milliseconds after 1970 it was the same moment.
        let sent = || message(&bare, json!({"SentTimestamp": "1743405323456"}));
        let failures = function.succeed(&sent()).await;
        assert_eq!(failures, json!({"batchItemFailures": []}), "{}", function.log());

        // The shell hands the clock on as it was read.
        for payload in [&bare, &timed, &message(&bare, json!({})), &sent()] {
            let outcome = outcome(&simulator, &folder, payload).await;
            let run = &outcome["data"]["reports"][0];
            assert_eq!(
                (&run["status"], &run["window"]["end"]),
                (&json!("sent"), &json!(END)),
                "{window}: {outcome}"
            );
        }
    }
    // By the clock of this computer, as in Lambda.
    let now = Simulator::start(Options::awkward()).await.unwrap();
    let folder = definitions(&[("roll.toml", &of_window(ROLLING[0]))]);
    let function = Function::start(&now.url(), text(folder.path()), &[]).await;
    let answer = function.succeed(&json!({"reports": ["roll"]})).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
}

/// A preview of the definition `small.toml`: its report.json, and beside it as `mail` the message with
/// its headers and as `text` its plain text.
async fn previewed(simulator: &Simulator, definition: &str, time: &str) -> Value {
    let folder = definitions(&[("small.toml", definition)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    let arguments = ["preview", "small", "--time", time, "--definitions", text(folder.path())];
    command.env("AWS_ENDPOINT_URL", simulator.url()).args(arguments);
    command.args(["--out", text(out.path())]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read(out.path().join(name)).unwrap();
    let mut report: Value = serde_json::from_slice(&read("report.json")).unwrap();
    let message = read("message.eml");
    report["subject"] = mail::parse(&message).subject().unwrap().into();
    report["text"] = String::from_utf8(read("message.txt")).unwrap().into();
    let names = std::fs::read_dir(out.path()).unwrap();
    report["files"] = names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    report
}

/// The figures of a column over the rows of a section.
fn column(report: &Value, section: usize, member: &str, column: usize) -> Vec<Option<f64>> {
    let rows = report["sections"][section]["rows"].as_array().unwrap();
    rows.iter().map(|row| row[member][column].as_f64()).collect()
}

/// The borders of the intervals of a section.
fn intervals(report: &Value, section: usize) -> Vec<String> {
    let rows = report["sections"][section]["rows"].as_array().unwrap();
    let borders = |row: &Value| {
        ["start", "end"]
            .map(|border| row["interval"][border].as_str().unwrap().to_owned())
            .join(" ")
    };
    rows.iter().map(borders).collect()
}

/// [`SMALL`] over a window, with a trend of what is queued.
fn with_trend(window: &str, interval: &str) -> String {
    let trend = format!(
        "[[section]]\ntitle = \"Through the window\"\nkind = \"trend\"\ninterval = \"{interval}\"\n\
         filters = {{ QUEUE = [\"*\"] }}\nmetrics = [\"CONTACTS_QUEUED\"]\n"
    );
    of_window(window) + &trend
}

/// A shift that passes midnight is one window, in the mail and in what is attached, also on the night
/// of 29 March, on which the clocks go forward.
#[tokio::test]
async fn a_shift_past_midnight_is_one_window() {
    let simulator = simulator().await;
    let night = |lines: &str| {
        let lines = format!("workdays = [\"sat\"]\nlocale = \"en-GB\"\n{lines}\n\n[schedule]");
        with_trend(r#"{ from = "18:00", to = "09:00" }"#, "HOUR")
            .replace("[schedule]", &lines)
            .replace("[email]", "[email]\nattach = [\"csv\", \"xlsx\"]")
    };
    let report =
        previewed(&simulator, &night("compare = \"same-weekday\""), "2025-03-31T07:15:00Z").await;
    let window = json!({"start": "2025-03-29T18:00:00+00:00", "end": "2025-03-30T09:00:00+01:00",
        "time_zone": "Europe/London"});
    assert_eq!(report["window"], window);
    let label = "Sat 29 Mar, 18:00 – Sun 30 Mar, 09:00";
    assert_eq!(report["subject"], format!("Small, {label}"));
    let head: String =
        report["text"].as_str().unwrap().lines().take(6).collect::<Vec<_>>().join("\n");
    assert!(head.contains(label), "{head}");
    let files = report["files"].as_array().unwrap();
    assert!(files.contains(&json!("small-2025-03-29-1-by-queue.csv")), "{files:?}");

    // Fourteen hours, and in all of them what the table has.
    let hours = intervals(&report, 1);
    assert_eq!(hours.len(), 14);
    assert!(hours[7].starts_with("2025-03-30T02:00:00+01:00"), "{hours:?}");
    let sum = |values: &[Option<f64>]| values.iter().flatten().sum::<f64>();
    let queued = sum(&column(&report, 1, "values", 0));
    assert!(queued > 0.0);
    assert_eq!(report["sections"][0]["totals"][0].as_f64(), Some(queued));

    // The week before it had fifteen, of which one has nothing to stand beside.
    let before = previewed(&simulator, &night(""), "2025-03-24T07:15:00Z").await;
    assert_eq!(before["window"]["start"], "2025-03-22T18:00:00+00:00");
    assert_eq!(report["sections"][0]["compared"], before["sections"][0]["totals"]);
    let mut hours_before = column(&before, 1, "values", 0);
    assert_eq!(hours_before.len(), 15);
    hours_before.remove(7);
    let compared = column(&report, 1, "compared", 0);
    let or_zero = |values: &[Option<f64>]| -> Vec<f64> {
        values.iter().map(|value| value.unwrap_or_default()).collect()
    };
    assert_eq!(or_zero(&compared), or_zero(&hours_before));
}

/// The service's layout of intervals is documented nowhere: it may go by the clock or from the start of
/// the request, and begin weeks on any day. Nothing is lost, and no zeros stand between the points
/// that there are.
#[tokio::test]
async fn intervals_are_taken_as_they_come() {
    let layouts =
        [IntervalLayout::ByTheClock, IntervalLayout::FromTheStart, IntervalLayout::FromSundays];
    for (zone, window, interval, time, expected) in [
        ("Europe/London", r#"{ last = "4h" }"#, "HOUR", "2025-03-31T11:15:00Z", 5),
        ("Europe/London", r#"{ last = "4h" }"#, "FIFTEEN_MIN", "2025-03-31T11:20:00Z", 17),
        ("Europe/London", r#"{ last = "36h" }"#, "DAY", "2025-03-29T11:15:00Z", 3),
        (
            "Europe/London",
            r#"{ from = "08:30", to = "18:00" }"#,
            "HOUR",
            "2025-03-29T11:15:00Z",
            10,
        ),
        // The clocks go back, and forward, by half an hour.
        ("Australia/Lord_Howe", r#""previous-day""#, "HOUR", "2025-04-06T20:00:00Z", 25),
        ("Australia/Lord_Howe", r#""previous-day""#, "HOUR", "2025-10-05T20:00:00Z", 24),
        ("Europe/London", r#""previous-month""#, "WEEK", "2025-03-31T11:15:00Z", 0),
        ("Europe/London", r#""month-to-date""#, "WEEK", "2025-03-31T11:15:00Z", 0),
    ] {
        let definition = with_trend(window, interval).replace("Europe/London", zone);
        for layout in layouts {
            let clock = SimulatorClock::At(time.parse().unwrap());
            let options = Options { clock, layout, ..Options::awkward() };
            let simulator = Simulator::start(options).await.unwrap();
            let report = previewed(&simulator, &definition, time).await;
            let values = column(&report, 1, "values", 0);
            let what =
                format!("{layout:?} {zone} {window} {interval}: {:?}", intervals(&report, 1));
            let total = report["sections"][0]["totals"][0].as_f64().unwrap();
            assert_eq!(values.iter().flatten().sum::<f64>(), total, "{what}");
            if interval == "WEEK" {
                assert!(values.iter().all(|value| *value > Some(0.0)), "{what}: {values:?}");
                let words = report["text"].as_str().unwrap().split_whitespace();
                let note = words.collect::<Vec<_>>().join(" ").contains("another day of the week");
                assert_eq!(note, layout != IntervalLayout::ByTheClock, "{what}");
            } else {
                assert_eq!(values.len(), expected, "{what}");
            }
            let borders = intervals(&report, 1);
            for pair in borders.windows(2) {
                let (end, start) = (&pair[0][26..], &pair[1][..25]);
                assert_eq!(end, start, "{what}");
            }
        }
    }
}

/// The figures of two sections by week: by what their rows are of, and from when to when their weeks go,
/// in seconds after the window starts.
fn by_place(report: &Value, member: &str) -> BTreeMap<(String, [i64; 2]), Option<f64>> {
    let at = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    let start = at(&report["window"]["start"]);
    let sections = report["sections"].as_array().unwrap().iter().skip(1);
    let rows = sections.flat_map(|section| section["rows"].as_array().unwrap());
    rows.map(|row| {
        let week = ["start", "end"].map(|border| at(&row["interval"][border]) - start);
        ((row["dimensions"].to_string(), week), row[member][0].as_f64())
    })
    .collect()
}

/// Weeks are compared as they come, too: each has the figure that the report of the other window has of
/// the same days, and only where it has none a note says so.
#[tokio::test]
async fn weeks_are_compared_as_they_come() {
    const DUE: &str = "2025-03-25T07:30:00Z";
    let weeks_before = ["2025-03-18", "2025-03-11", "2025-03-04", "2025-02-25"];
    let a_week_before = &weeks_before[..1];
    for (window, week_starts, compare, before) in [
        (r#""previous-week""#, "mon", "previous-window", a_week_before),
        (r#""previous-week""#, "sun", "previous-window", a_week_before),
        (r#""previous-week""#, "mon", "average-4-weeks", &weeks_before),
        (r#""week-to-date""#, "wed", "previous-window", a_week_before),
        (r#"{ last = "28d" }"#, "mon", "previous-window", &["2025-02-25"]),
        (r#""previous-month""#, "mon", "previous-window", &["2025-02-25"]),
    ] {
        let table = "[[section]]\ntitle = \"By queue and week\"\ninterval = \"WEEK\"\n\
                     group_by = [\"QUEUE\"]\nfilters = { QUEUE = [\"*\"] }\n\
                     metrics = [\"CONTACTS_QUEUED\"]\n";
        let lines = format!("week_starts = \"{week_starts}\"\n[schedule]");
        let plain = with_trend(window, "WEEK").replace("[schedule]", &lines) + table;
        let compared = plain.replace("[schedule]", &format!("compare = \"{compare}\"\n[schedule]"));
        for layout in
            [IntervalLayout::ByTheClock, IntervalLayout::FromTheStart, IntervalLayout::FromSundays]
        {
            let clock = SimulatorClock::At(DUE.parse().unwrap());
            let options = Options { clock, layout, queues: 4, ..Options::awkward() };
            let simulator = Simulator::start(options).await.unwrap();
            let report = previewed(&simulator, &compared, DUE).await;
            let mut known: BTreeMap<_, Vec<f64>> = BTreeMap::new();
            for date in before {
                let base = previewed(&simulator, &plain, &format!("{date}T07:30:00Z")).await;
                for (place, value) in by_place(&base, "values") {
                    known.entry(place).or_default().extend(value);
                }
            }
            let mean = |values: &Vec<f64>| {
                values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
            };
            let found = by_place(&report, "compared");
            let told = |place| format!("{layout:?} {window} {week_starts} {compare}: {place:?}");
            for (place, figure) in &found {
                assert_eq!(*figure, known.get(place).map(mean), "{}", told(place));
            }
            let words = report["text"].as_str().unwrap().split_whitespace();
            let note = words.collect::<Vec<_>>().join(" ").contains("Not every week has a");
            assert_eq!(note, found.values().any(Option::is_none), "{}", told(&Default::default()));
            // Months begin on any day: only weeks that begin with them lie alike.
            let is_apart = window.contains("month") && layout != IntervalLayout::FromTheStart;
            assert_eq!(note, is_apart, "{}", told(&Default::default()));
        }
    }
}

/// In the first minute of a week or a month nothing of it is over yet, which has words of its own.
#[tokio::test]
async fn a_week_that_has_only_just_begun_is_told() {
    for (window, time, unit, start) in [
        ("week-to-date", "2025-03-23T00:00:30Z", "", ""),
        ("week-to-date", "2025-03-30T23:00:30Z", "week", "2025-03-31T00:00:00+01:00"),
        ("month-to-date", "2025-03-01T00:00:59Z", "month", "2025-03-01T00:00:00+00:00"),
    ] {
        let folder = definitions(&[("roll.toml", &of_window(&format!("\"{window}\"")))]);
        let mut command = program();
        command.args(["plan", "roll", "--simulate", "--time", time, "--definitions"]);
        command.arg(folder.path());
        let output = run(command).await;
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let begun =
            format!("the {unit} has only just begun, at {start}, and a window to date ends");
        assert_eq!(told.contains(&begun), !unit.is_empty(), "{window} {time}: {told}");
        assert!(unit.is_empty() || told.contains(&format!("or `previous-{unit}`")), "{told}");
        assert!(!told.contains("one day is"), "{told}");
    }
}

/// A date is a time, the start of that day where the report is, and alone a window of that day.
#[tokio::test]
async fn dates_are_times_and_windows() {
    let new_york = SMALL.replace("Europe/London", "America/New_York");
    let folder = definitions(&[("a.toml", SMALL), ("b.toml", &new_york)]);
    let day =
        |start: &str, end: &str, zone: &str| json!({"start": start, "end": end, "time_zone": zone});
    let [london, york] = [
        day("2025-03-27T00:00:00+00:00", "2025-03-28T00:00:00+00:00", "Europe/London"),
        day("2025-03-27T00:00:00-04:00", "2025-03-28T00:00:00-04:00", "America/New_York"),
    ];
    for (report, window) in [("a", &london), ("b", &york)] {
        for command in ["preview", "plan"] {
            let told =
                told(&[command, report, "--simulate", "--time", "2025-03-28"], &folder).await;
            assert_eq!(told["window"], *window, "{command} {report}");
        }
    }
    let windows = |told: &Value| -> Vec<Value> {
        let mut runs = told["data"]["reports"].as_array().unwrap().clone();
        runs.sort_by_key(|run| run["report"].to_string());
        runs.iter().map(|run| run["window"].clone()).collect()
    };
    let both = [london.clone(), york.clone()];
    let run = told(&["run", "a", "b", "--simulate", "--time", "2025-03-28"], &folder).await;
    assert_eq!(windows(&run), both);
    let mut arguments =
        ["run", "a", "b", "--simulate", "--time", "2025-03-29", "--window", "2025-03-27"];
    assert_eq!(windows(&told(&arguments, &folder).await), both);
    arguments[6] = "--backfill";
    assert_eq!(windows(&told(&arguments, &folder).await), both);
    let mut wrong = program();
    wrong.args(["run", "a", "--simulate", "--window", "2025-03-27T08:00", "--definitions"]);
    wrong.arg(folder.path());
    let output = crate::harness::binary::run(wrong).await;
    assert_eq!(output.status.code(), Some(2), "an hour alone is no window");
}

/// The outcome of a payload by a clock that shows [`MOMENT`].
async fn outcome(simulator: &Simulator, folder: &tempfile::TempDir, payload: &Value) -> Value {
    let place = folder.path().into();
    let settings = Settings::read([("CONNECT_REPORTS_DEFINITIONS".into(), place)]).unwrap();
    let (config, payload) = (sdk(&simulator.url()), payload.clone());
    let (teller, told) = tokio::sync::oneshot::channel();
    let answering = move || {
        let clock = RunClock::read(MOMENT.parse().unwrap(), None);
        let id = format!("i{}", fastrand::u64(..));
        let invocation = Invocation {
            id,
            clock,
            progress: None,
            stop: Stop::never(),
            breaker: SendBreaker::default(),
        };
        let runner = Runner::new(settings, config.into()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = match runtime.block_on(runner.answer(&payload, &invocation)) {
            Answer::Order(outcome) => outcome.envelope(),
            Answer::Queue(handled) => handled[0].outcome.envelope(),
        };
        teller.send(outcome).unwrap();
    };
    // As much of a stack as the program has, for futures that no optimiser has made small.
    std::thread::Builder::new().stack_size(8 << 20).spawn(answering).unwrap();
    told.await.unwrap()
}
