use connect_reports::run::{Answer, Clock, Invocation, Runner};
use connect_reports::settings::Settings;
use connect_reports::simulator::{Options, Simulator};
use serde_json::{Value, json};

use crate::harness::binary::{Function, SMALL, definitions, program, run, sdk, simulator, text};

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
        let message = json!({"messageId": "m1", "eventSource": "aws:sqs", "body": body.to_string(),
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
        let sent = message(&bare, json!({"SentTimestamp": "1743405323456"}));
        let failures = function.succeed(&sent).await;
        assert_eq!(failures, json!({"batchItemFailures": []}), "{}", function.log());

        // The shell hands the clock on as it was read.
        for payload in [&bare, &timed, &message(&bare, json!({})), &sent] {
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
    let now = Simulator::start(Options::default()).await.unwrap();
    let folder = definitions(&[("roll.toml", &of_window(ROLLING[0]))]);
    let function = Function::start(&now.url(), text(folder.path()), &[]).await;
    let answer = function.succeed(&json!({"reports": ["roll"]})).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
}

/// What becomes of a payload where the clock shows [`MOMENT`].
async fn outcome(simulator: &Simulator, folder: &tempfile::TempDir, payload: &Value) -> Value {
    let place = folder.path().into();
    let settings = Settings::read([("CONNECT_REPORTS_DEFINITIONS".into(), place)]).unwrap();
    let (config, payload) = (sdk(&simulator.url()), payload.clone());
    let (teller, told) = tokio::sync::oneshot::channel();
    let answering = move || {
        let clock = Clock::read(MOMENT.parse().unwrap(), None);
        let invocation = Invocation { id: "i1".to_owned(), clock, progress: None };
        let runner = Runner::new(settings, config).unwrap();
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
