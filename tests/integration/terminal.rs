use std::process::Output;

use serde_json::Value;

use crate::harness::binary::{DUE, SMALL, closed_port, definitions, program, run, simulator, text};
use crate::harness::mail;

/// The first command of the README: without AWS, credentials or network it exits 0 and leaves the
/// messages.
#[tokio::test]
async fn the_demo_writes_the_messages() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut command = program();
        // None of this may reach the demo.
        command.env("HTTP_PROXY", "http://127.0.0.1:9").env("AWS_USE_FIPS_ENDPOINT", "true");
        command.env("AWS_MAX_ATTEMPTS", "many").env("CONNECT_REPORTS_OWNER", "nobody");
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["demo", "--out"]).arg(folder.path());
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        assert_eq!(told(&output), "", "no progress where nobody looks");
        let lines = String::from_utf8(output.stdout).unwrap();
        for report in ["all-metrics", "daily-queues", "weekly-overview"] {
            let line = lines.lines().find(|line| line.starts_with(report)).unwrap();
            assert!(line.contains("sent") && line.contains("requests"), "{line}");
        }
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join("messages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !name.ends_with(".png"))
        .collect();
    files.sort();
    let stems = ["all-metrics-1", "daily-queues-1", "daily-queues-2", "weekly-overview-1"];
    let expected =
        stems.iter().flat_map(|stem| ["eml", "html", "txt"].map(|end| format!("{stem}.{end}")));
    assert_eq!(files, expected.collect::<Vec<_>>());
}

/// Words and paths of the command line, and variables, are quoted as far as anybody reads them.
#[tokio::test]
async fn a_long_word_of_the_command_line_is_cut() {
    let folder = definitions(&[("small.toml", SMALL)]);
    let long = "x".repeat(100_000);
    let at_s3 = format!("s3://{long}/reports");
    let below = format!("s3://reports-bucket/{long}");
    let path = format!("{long}.toml");
    let option = format!("--{long}");
    let variable = format!("CONNECT_REPORTS_{}", long.to_uppercase());
    let cases: &[(&[&str], &str)] = &[
        (&["run", "small", "--to", &long], "is no mail address"),
        (&["run", "small", "--window", &long], "is neither a date"),
        (&["run", "small", "--backfill", &long], "is neither a date"),
        (&["run", "small", "--time", &long], "it is no date"),
        (&["run", &long], "this has 100000 characters"),
        (&["preview", &path], "this has 100000 characters"),
        (&["new", &long], "this has 100000 characters"),
        (&["runs", "--limit", &long], "invalid digit"),
        (&["metrics", &long], "no metric has"),
        (&["demo", "--definitions", &at_s3], "with 100000 characters, 3 to 63 are allowed"),
        (&["validate", &at_s3], "a bucket with 100000 characters, 3 to 63 are allowed"),
        (&["validate", &long], "a folder with 100000 bytes, 4096 are allowed"),
        (
            &["run", "small", "--definitions", &below],
            "--definitions names a prefix with 100000 bytes, 512 are allowed",
        ),
        (&["runs", "--runs", &below], "--runs names a prefix with 100000 bytes, 512 are allowed"),
        (&["policy", "--region", &long], "has 100000 characters, 31 are allowed"),
        (&["policy", "--kms-key", &long], "has 100000 characters, 2048 are allowed"),
        (&[&long], "unrecognized subcommand"),
        (&["run", "small", &option], "unexpected argument"),
    ];
    let settings = [
        ("CONNECT_REPORTS_TEMPLATES", at_s3.as_str(), "3 to 63 are allowed"),
        (&variable, "x", "is unknown"),
        ("CONNECT_REPORTS_QUEUE_URL", &long, "is no URL of an SQS queue"),
        ("CONNECT_REPORTS_INSTANCE", &long, "is no ARN of a Connect instance"),
        ("CONNECT_REPORTS_OWNER", &long, "is no mail address"),
        ("CONNECT_REPORTS_FROM", &format!("{long} <a@example.com>"), "100000 characters, 250"),
        ("CONNECT_REPORTS_API", &long, "knows only"),
        ("AWS_REGION", &long, "the Region of the environment has 100000 characters"),
    ];
    let commands = cases.iter().map(|(arguments, words)| {
        let mut command = program();
        command.args(*arguments);
        (command, *words)
    });
    let of_settings = settings.iter().map(|(name, value, words)| {
        let mut command = program();
        command.env(name, value).args(["run", "small"]);
        (command, *words)
    });
    let mut unwritable = program();
    unwritable.env("CONNECT_REPORTS_DEFINITIONS", folder.path()).args(["demo", "--out", &long]);
    for (mut command, words) in commands.chain(of_settings) {
        command.current_dir(folder.path());
        let output = run(command).await;
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{words}: {}", told.len());
        assert!(told.len() < 4_000, "{words}: {} bytes are told", told.len());
        assert!(told.contains(words), "{words}: {told}");
    }
    let output = run(unwritable).await;
    let told = told(&output);
    assert!(told.len() < 4_000 && told.contains("can't be written"), "{} bytes", told.len());
}

/// The demo empties nothing that it has not made.
#[tokio::test]
async fn the_demo_leaves_other_folders_alone() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("messages/precious.txt");
    std::fs::create_dir(folder.path().join("messages")).unwrap();
    std::fs::write(&precious, "mine").unwrap();
    let mut command = program();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["demo", "--out"]).arg(folder.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("was not made by a demo"), "{}", told(&output));
    assert!(precious.exists());
}

/// `preview` writes the message in all its forms and sends nothing.
#[tokio::test]
async fn a_preview_sends_nothing() {
    let simulator = simulator().await;
    let with_json = SMALL.replace("[email]", "[email]\nattach = [\"json\"]");
    let folder = definitions(&[("small.toml", &with_json)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .env("AWS_ENDPOINT_URL", simulator.url())
        .args(["preview", "small", "--time", DUE, "--definitions", text(folder.path()), "--out"])
        .arg(out.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let mut files: Vec<_> = std::fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["message.eml", "message.html", "message.txt", "report.json", "small-2025-03-30.json"]
    );
    let figures: Value =
        serde_json::from_slice(&std::fs::read(out.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(figures["window"]["start"], "2025-03-30T00:00:00+00:00");
    assert!(simulator.messages().is_empty() && !simulator.calls().is_empty());
}

/// `preview` shows a section that can't be had as `run` sends it with `partial = "banner"`: named, with
/// the others beside it; the terminal says why. Without it both fail.
#[tokio::test]
async fn a_preview_misses_what_the_run_misses() {
    let more = "\n[[section]]\ntitle = \"By nonsense\"\nfilters = { QUEUE = [\"*\"] }\nmetrics = [\"NO_SUCH_METRIC\"]\n";
    let simulator = simulator().await;
    for partial in ["banner", "fail"] {
        let whole = format!("{SMALL}{more}");
        let whole = whole.replace("[email]", &format!("partial = \"{partial}\"\n\n[email]"));
        let folder = definitions(&[("small.toml", &whole)]);
        let (out, runs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let call = |arguments: &[&str]| {
            let mut command = program();
            command.env("AWS_ENDPOINT_URL", simulator.url()).args(arguments);
            command.args(["small", "--time", DUE, "--definitions", text(folder.path())]);
            command.env("CONNECT_REPORTS_RUNS", runs.path());
            run(command)
        };
        let previewed = call(&["preview", "--out", text(out.path())]).await;
        let ran = call(&["run"]).await;
        assert_eq!(previewed.status.code(), ran.status.code(), "{}", told(&previewed));
        if partial == "fail" {
            assert_eq!(previewed.status.code(), Some(1), "{}", told(&previewed));
            continue;
        }
        assert_eq!(previewed.status.code(), Some(0), "{}", told(&previewed));
        let said = told(&previewed);
        assert!(
            said.contains("small: error[SERVICE_ERROR]: the section `By nonsense` is"),
            "{said}"
        );
        let read = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
        let sent = simulator.messages().pop().unwrap();
        let sent = mail::parse(&sent.raw);
        // Both say when they read the figures.
        let without_times = |text: &str| {
            let text = text.replace("\r\n", "\n");
            let (before, after) = text.split_once("Read from").unwrap();
            let (_, rest) = after.split_once(".\n").unwrap();
            format!("{before}{rest}").trim().to_owned()
        };
        let shown = without_times(&read("message.txt"));
        assert!(
            shown.contains("! Missing: By nonsense.") && shown.contains("All queues"),
            "{shown}"
        );
        assert_eq!(shown, without_times(&sent.body_text(0).unwrap()));
        let json: Value = serde_json::from_str(&read("report.json")).unwrap();
        assert_eq!(json["missing"][0]["title"], "By nonsense");
    }
}

/// `preview` says what its definition's `send` makes of the figures.
#[tokio::test]
async fn a_preview_says_that_nothing_would_be_sent() {
    let quiet = SMALL
        .replace("[email]", "[email]\nsend = \"when-target-missed\"")
        .replace("threshold = 20 }", "threshold = 20, target = \">= 0.1\" }");
    let folder = definitions(&[("small.toml", &quiet)]);
    let mut command = program();
    command.args(["preview", "small", "--simulate", "--time", DUE, "--definitions"]);
    let output = run({
        command.arg(folder.path());
        command
    })
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        told(&output).contains("`run` would send nothing: no target was missed"),
        "{}",
        told(&output)
    );
}

/// `run` sends, to others if told so, or nothing; its answer is that of the function.
#[tokio::test]
async fn a_run_sends() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let run_with = |more: &[&str]| {
        let mut command = program();
        command
            .env("AWS_ENDPOINT_URL", simulator.url())
            .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
            .args(["run", "small", "--json", "--window", "2025-03-28..2025-03-29", "--time", DUE])
            .args(more);
        run(command)
    };
    let output = run_with(&["--dry-run"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(simulator.messages().is_empty());
    let output = run_with(&["--to", "me@example.com"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sent = simulator.messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, ["me@example.com"]);
    assert_eq!(answer["data"]["reports"][0]["messages"][0]["message_id"], sent[0].id);
}

/// `--simulate` needs neither AWS nor a simulator that runs already.
#[tokio::test]
async fn a_simulated_run_needs_nothing() {
    let folder = definitions(&[("small.toml", SMALL)]);
    let mut command = program();
    command.env_clear().args(["run", "small", "--simulate", "--definitions", text(folder.path())]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("small  sent") && line.contains("to 1 of 1 recipient"), "{line}");
}

/// 2 where the command line or a definition is wrong, 1 where a run failed; each says why.
#[tokio::test]
async fn exit_codes_tell_who_is_wrong() {
    let wrong = SMALL.replace("title    = \"Small\"", "titel    = \"Small\"");
    let elsewhere = SMALL.replace("[\"*\"]", "[\"Sails\"]");
    let subject = SMALL.replace("[email]", "[email]\nsubject = \"{{ report.id | shout }}\"");
    let files = [
        ("good.toml", SMALL),
        ("wrong.toml", &wrong),
        ("elsewhere.toml", &elsewhere),
        ("subject.toml", &subject),
    ];
    let folder = definitions(&files);
    let place = text(folder.path());
    for (arguments, code, words) in [
        (&["run", "nothing"][..], 2, "NOT_FOUND"),
        (&["run", "wrong"], 2, "error[unknown-key]"),
        (&["run", "wrong"], 2, "wrong.toml:2:1\n"),
        (&["preview", "wrong"], 2, "did you mean `title`?"),
        (&["run", "elsewhere"], 2, "did you mean `Sales`?"),
        (&["preview", "subject"], 2, "shout"),
        (&["run", "good", "--window", "yesterday"], 2, "--window"),
        (&["run", "good", "--window", "2025-03-29..2025-03-28"], 2, "ends at or before its start"),
        (&["run", "good", "--window", "2199-01-01..2199-01-02"], 2, "not over yet"),
        (&["run", "good", "--to", "nobody"], 2, "is no mail address"),
        (&["run"], 2, "REPORT"),
        (&["paint"], 2, "paint"),
        (&["run", "good", "--definitions", "/nowhere/at/all"], 2, "/nowhere/at/all"),
    ] {
        let mut command = program();
        command.args(arguments);
        if !arguments.contains(&"--definitions") && arguments.len() > 1 {
            command.args(["--simulate", "--definitions", place]);
        }
        let output = run(command).await;
        let all = format!("{}{}", told(&output), String::from_utf8_lossy(&output.stdout));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {all}");
        assert!(all.contains(words), "{arguments:?}: {all}");
    }
    // Where nobody listens the run itself fails.
    let runs = tempfile::tempdir().unwrap();
    let mut command = program();
    command.env("AWS_ENDPOINT_URL", closed_port()).env("AWS_MAX_ATTEMPTS", "1").args([
        "run",
        "good",
        "--definitions",
        place,
        "--runs",
        text(runs.path()),
    ]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("SERVICE_ERROR"), "{}", told(&output));
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The samples are built in: the demo shows them in any folder, whatever definitions lie there; others
/// only where they are named.
#[tokio::test]
async fn the_demo_shows_the_samples_in_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("reports")).unwrap();
    std::fs::write(folder.path().join("reports/mine.toml"), SMALL).unwrap();
    let demo = async |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).env("CONNECT_REPORTS_DEFINITIONS", "/nowhere/at/all");
        let output = run({
            command.args(arguments);
            command
        })
        .await;
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let reports = lines.lines().take_while(|line| !line.is_empty());
        reports.map(|line| line.split("  ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let samples = ["all-metrics", "daily-queues", "weekly-overview"];
    assert_eq!(demo(&["demo"]).await, samples);
    // They lie beside the messages, to be read; an edited one is written anew.
    let copy = folder.path().join("demo/reports/daily-queues.toml");
    std::fs::write(&copy, "edited").unwrap();
    assert_eq!(demo(&["demo"]).await, samples);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    for name in ["daily-queues.toml", "definition.schema.json"] {
        let [built_in, sample] = [copy.parent().unwrap(), &root]
            .map(|folder| std::fs::read_to_string(folder.join(name)).unwrap());
        assert!(built_in == sample, "{name}");
    }
    for place in [
        &["demo", "--out", "mine", "--definitions", "reports"],
        &["demo", "--definitions", "reports", "--out", "mine"],
    ] {
        assert_eq!(demo(place).await, ["mine"], "{place:?}");
    }
}

/// A report is named by its id, or by the path of its definition: then it is the one that lies there,
/// whatever else names a place.
#[tokio::test]
async fn a_report_is_named_by_its_path_too() {
    let folder = tempfile::tempdir().unwrap();
    for place in ["here", "there"] {
        let text = SMALL.replace("title    = \"Small\"", &format!("title    = \"From {place}\""));
        std::fs::create_dir(folder.path().join(place)).unwrap();
        std::fs::write(folder.path().join(place).join("small.toml"), &text).unwrap();
        std::fs::write(folder.path().join(place).join("second.toml"), &text).unwrap();
    }
    let call = async |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path().join("here"));
        command.env("CONNECT_REPORTS_DEFINITIONS", folder.path().join("there")).args(arguments);
        let output = run(command).await;
        (output.status.code().unwrap(), format!("{}{}", told(&output), stdout(&output)))
    };
    let absolute = folder.path().join("here/small.toml");
    for (name, title) in [
        ("small", "From there"),
        ("small.toml", "From here"),
        ("./small.toml", "From here"),
        ("./small", "From here"),
        ("../there/small.toml", "From there"),
        (text(&absolute), "From here"),
    ] {
        let (code, told) = call(&["preview", name, "--simulate"]).await;
        assert_eq!(code, 0, "{told}");
        assert!(told.starts_with(&format!("Subject: {title}")), "{name}: {told}");
    }
    let (code, told) = call(&["plan", "../here/small.toml", "--simulate"]).await;
    assert!(code == 0 && told.starts_with("small: "), "{told}");
    let both = &["run", "small.toml", "../here/second.toml", "small.toml", "--simulate"];
    let (code, told) = call(both).await;
    assert!(code == 0 && told.lines().count() == 2, "{told}");
    let (code, told) = call(&["run", "small.toml", "../there/second.toml", "--simulate"]).await;
    assert!(code == 2 && told.contains("in one folder"), "{told}");
    let (code, told) = call(&["run", "small.toml", "second", "--simulate"]).await;
    assert!(code == 2 && told.contains("in one folder"), "{told}");
    for command in ["runs", "resend"] {
        let arguments = [command, "../here/small.toml", "--runs", "records"];
        let (_, told) = call(&arguments).await;
        assert!(told.contains("`small`") || told.contains("small  "), "{command}: {told}");
    }
    insta::assert_snapshot!(
        "paths_of_nothing",
        [
            call(&["preview", "smal.toml", "--simulate"]).await.1,
            call(&["plan", "../elsewhere/small.toml", "--simulate"]).await.1,
            call(&["resend", "daily.v2.toml"]).await.1,
            call(&["run", "unlike/anything", "--simulate"]).await.1,
        ]
        .concat()
        .replace(text(folder.path()), "FOLDER")
    );
}

/// An id that is not known comes with the nearest one, and with what there is.
#[tokio::test]
async fn an_unknown_report_comes_with_the_nearest() {
    let folder = definitions(&[("daily-queues.toml", SMALL), ("weekly.toml", SMALL)]);
    let runs = tempfile::tempdir().unwrap();
    let call = async |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).env("CONNECT_REPORTS_RUNS", runs.path());
        let output = run({
            command.args(["--definitions", text(folder.path())]);
            command
        })
        .await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        told(&output)
    };
    let expected = "daily-quues: error[NOT_FOUND]: there is no report `daily-quues`\n  help: did you \
                    mean `daily-queues`? there are: daily-queues, weekly\n";
    for arguments in [
        &["plan", "daily-quues", "--simulate"][..],
        &["preview", "daily-quues", "--simulate"],
        &["run", "daily-quues", "--simulate"],
        &["run", "daily-quues", "--simulate", "--backfill", "2025-03-28..2025-03-29"],
        &["runs", "daily-quues"],
        &["runs", "daily-quues", "--json"],
        &["resend", "daily-quues"],
    ] {
        assert_eq!(call(arguments).await, expected, "{arguments:?}");
    }
    let told_of = call(&["plan", "nothing-like-it", "--simulate"]).await;
    assert!(told_of.ends_with("  help: there are: daily-queues, weekly\n"), "{told_of}");
    for index in 0..20 {
        std::fs::write(folder.path().join(format!("x{index:02}.toml")), SMALL).unwrap();
    }
    let told_of = call(&["plan", "nothing-like-it", "--simulate"]).await;
    assert!(
        told_of.contains("there are 22 reports: daily-queues, ")
            && told_of.ends_with(" and 12 more\n"),
        "{told_of}"
    );
    // A report that has records, but no definition any more, is known.
    std::fs::create_dir(runs.path().join("daily-quests")).unwrap();
    let record = "daily-quests/2025-03-30T0000+0000--2025-03-31T0000+0000.json";
    std::fs::write(runs.path().join(record), "{}").unwrap();
    let told_of = call(&["runs", "daily-quest"]).await;
    assert!(told_of.contains("did you mean `daily-quests`? there are 23 reports: "), "{told_of}");
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
