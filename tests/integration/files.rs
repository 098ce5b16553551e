use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::stat::Mode;
use serde_json::{Value, json};

use crate::harness::binary::{
    DUE, Function, SMALL, definitions, program, run, simulator, text, tick, tick_at,
};
use crate::harness::mail;
use crate::harness::s3::S3;

/// The owner and the sender of the settings.
const CONTACTS: [(&str, &str); 2] = [
    ("CONNECT_REPORTS_OWNER", "operations@example.com"),
    ("CONNECT_REPORTS_FROM", "reports@example.com"),
];

/// What people and programs leave beside a definition, and nobody can run.
fn leave_odd_files(folder: &Path) -> usize {
    let name = |name: &str| folder.join(name);
    let longest = format!("{}.toml", "x".repeat(200));
    let nameless = SMALL.replace("owner    = \"workforce@example.com\"", "owner = \"nobody\"");
    let texts =
        ["Täglich.toml", "daily (copy).toml", "daily.v2.toml", "x\\small.toml", "a\nb.toml"];
    for odd in texts.into_iter().chain([longest.as_str()]) {
        std::fs::write(name(odd), &nameless).unwrap();
    }
    std::fs::write(name("latin.toml"), b"title = \"T\xE4glich\"").unwrap();
    std::fs::write(name("large.toml"), vec![b'#'; 9_000_000]).unwrap();
    symlink("nowhere.toml", name("link.toml")).unwrap();
    nix::unistd::mkfifo(&name("pipe.toml"), Mode::S_IRWXU).unwrap();
    // All of these are none.
    std::fs::create_dir(name("folder.toml")).unwrap();
    for hidden in [".toml", ".small.toml", "._small.toml"] {
        std::fs::write(name(hidden), [0, 5, 22, 7]).unwrap();
    }
    symlink("somebody@somewhere.1234", name(".#small.toml")).unwrap();
    texts.len() + 5
}

/// A file that can't be a definition fails one event and its retries, and the owner of the settings
/// hears of it once; later ticks list it, and what is valid is sent. Names that begin with a dot are
/// nobody's definition.
#[tokio::test]
async fn a_file_that_cannot_be_a_definition_is_told_once() {
    let simulator = simulator().await;
    let (folder, runs) = (definitions(&[("small.toml", SMALL)]), tempfile::tempdir().unwrap());
    let odd = leave_odd_files(folder.path());
    let more = [&CONTACTS[..], &[("CONNECT_REPORTS_RUNS", text(runs.path()))]].concat();
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    for sent in [1, 0] {
        let (kind, envelope) = function.fail(&tick()).await;
        assert!(["VALIDATION_ERROR", "CONFIGURATION_ERROR"].contains(&kind.as_str()), "{kind}");
        let listed = envelope["data"]["reports"].as_array().unwrap();
        let ends = |status: &str| listed.iter().filter(|run| run["status"] == status).count();
        assert_eq!(ends("failed"), odd, "{envelope:#}");
        assert_eq!(ends("sent"), sent, "{envelope:#}");
    }
    let told = || {
        let messages = simulator.messages().into_iter();
        messages.filter(|message| message.to == ["operations@example.com"]).count()
    };
    assert_eq!(told(), odd);
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(answer["data"]["reports"].as_array().unwrap().len(), odd, "{answer:#}");

    // Another content is another matter, and so is what can be read now.
    std::fs::write(folder.path().join("daily (copy).toml"), "title = 1").unwrap();
    std::fs::write(folder.path().join("nowhere.toml"), SMALL).unwrap();
    let (_, envelope) = function.fail(&tick_at("2025-03-31T07:30:00Z")).await;
    assert_eq!(envelope["error"]["report"], "daily (copy)");
    assert_eq!(told(), odd + 1);
    function.succeed(&tick_at("2025-03-31T07:45:00Z")).await;
    let sent = simulator.messages().len() - told();
    assert_eq!(sent, 3, "`small`, `nowhere`, and `link` that leads to it");
}

/// The same in a bucket, where a backslash is a letter like others.
#[tokio::test]
async fn a_key_that_cannot_be_a_definition_is_told_once() {
    let simulator = simulator().await;
    let longest = format!("reports/{}.toml", "x".repeat(900));
    let large = "#".repeat(9_000_000);
    let s3 = S3::start(&[
        ("reports/small.toml", SMALL),
        ("reports/x\\small.toml", SMALL),
        ("reports/Täglich.toml", SMALL),
        ("reports/daily (copy).toml", SMALL),
        (&longest, SMALL),
        ("reports/large.toml", &large),
        ("reports/.small.toml", "not read"),
        ("reports/.toml", "not read"),
        ("reports/small.toml/", "not read"),
    ])
    .await;
    let url = s3.url();
    let places = [
        ("AWS_ENDPOINT_URL_S3", url.as_str()),
        ("CONNECT_REPORTS_RUNS", "s3://reports-bucket/runs"),
    ];
    let more = [&CONTACTS[..], &places].concat();
    let function = Function::start(&simulator.url(), "s3://reports-bucket/reports", &more).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "VALIDATION_ERROR", "{envelope:#}");
    let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
    assert_eq!(answer["data"]["reports"].as_array().unwrap().len(), 5, "{answer:#}");
    let to = simulator.messages().into_iter().map(|message| message.to.join(" "));
    let to: Vec<_> = to.collect();
    let count = |who: &str| to.iter().filter(|to| *to == who).count();
    // Who can be read is told, the others' owner is that of the settings.
    assert_eq!((count("ops@example.com"), count("workforce@example.com")), (1, 4), "{to:?}");
    assert_eq!(count("operations@example.com"), 1, "{to:?}");
    assert!(s3.keys().iter().filter(|key| key.starts_with("runs/_invalid/")).count() == 4);
}

/// A file may be called by an address, or by anything that takes a dimension of its own: the log names
/// nobody, and the only reports that metrics are counted by are those that can be one.
#[tokio::test]
async fn a_files_name_is_neither_logged_nor_a_dimension_unless_it_is_an_id() {
    let simulator = simulator().await;
    let longest = format!("{}.toml", "x".repeat(200));
    let names = ["ana@example.com.toml", "bad.toml", "two words.toml", &longest];
    let folder = definitions(&names.map(|name| (name, "title = 1")));
    let function = Function::start(&simulator.url(), text(folder.path()), &CONTACTS).await;
    function.fail(&tick()).await;
    let log = function.log();
    assert!(!log.contains("ana@") && log.contains("<address>"), "{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let by_report = lines.filter(|line| {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array();
        directives.is_some_and(|all| all.iter().any(|one| one["Dimensions"][0][1] == "report"))
    });
    let dimensions: Vec<Value> = by_report.map(|line| line["report"].clone()).collect();
    assert_eq!(dimensions, ["bad"]);
}

/// A terminal gets nothing of a file's name, or of a file, that it would obey, that turns a line's direction,
/// or that begins a line which looks like the program's own.
#[tokio::test]
async fn nothing_of_a_name_controls_a_terminal_or_begins_a_line() {
    let name = "\u{1b}[31m\u{9b}2J\u{7}\r\u{202e}\u{2067}\nerror[FORGED]: bad\u{7f}";
    let file = format!("{name}.toml");
    let content = format!("title = \"{}\"\n# \u{1b}]0;title\u{7}\u{9b}2J", "\u{9b}");
    let folder = definitions(&[(&file, &content), ("good.toml", SMALL)]);
    let own = definitions(&[(&format!("{name}.html"), "{% if %}\u{9b}2J")]);
    let place = text(folder.path());
    let (path, out) = (format!("{place}/{file}"), format!("{place}/{name}"));
    let runs = format!("{place}/runs");
    std::fs::create_dir_all(format!("{runs}/good")).unwrap();
    let key = format!("good/2025-03-30T0000+0000--2025-03-31T0000+0100.{name}.reissue.json");
    std::fs::write(format!("{runs}/{key}"), "{}").unwrap();
    for arguments in [
        &["validate"][..],
        &["validate", "--json"],
        &["validate", &path],
        &["validate", name],
        &["plan", &path, "--simulate"],
        &["preview", &path, "--simulate"],
        &["preview", name, "--simulate"],
        &["run", name, "--simulate"],
        &["run", "small", name],
        &["runs", name],
        &["runs", "--runs", &runs],
        &["preview", "good", "--simulate", "--time", DUE],
        &["demo", "--out", &out],
        &["preview", "good", "--simulate", "--time", DUE, "--out", &out],
        &["new", "started", "--definitions", &out],
        &["new", "started", "--definitions", &out],
        &["run", "--limit", name],
        &["resend", &path],
        &["policy", &path],
        &["names", name],
        &["metrics", name],
        &[name],
        &["validate", "--definitions", name],
    ] {
        let mut command = program();
        command
            .env("CONNECT_REPORTS_DEFINITIONS", place)
            .env("CONNECT_REPORTS_RUNS", folder.path().join(name))
            .env("RUST_LOG", "info")
            .args(arguments);
        // With these templates no message is made.
        if !arguments.contains(&"--out") {
            command.env("CONNECT_REPORTS_TEMPLATES", own.path());
        }
        let output = run(command).await;
        for stream in [output.stdout, output.stderr] {
            let told = String::from_utf8(stream).unwrap();
            let is_unfit = |c: char| {
                let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                turns || c.is_control() && !matches!(c, '\n' | '\t')
            };
            assert_eq!(told.find(is_unfit), None, "{arguments:?}: {told:?}");
            let is_forged = told.lines().any(|line| line.starts_with("error[FORGED]"));
            assert!(!is_forged, "{arguments:?}: {told}");
        }
    }
}

/// What an owner reads of such a file names it.
#[tokio::test]
async fn the_owner_of_the_settings_reads_which_file_it_is() {
    let simulator = simulator().await;
    let (folder, runs) = (definitions(&[]), tempfile::tempdir().unwrap());
    symlink("/nowhere/at/all.toml", folder.path().join("Täglich (1).toml")).unwrap();
    let more = [&CONTACTS[..], &[("CONNECT_REPORTS_RUNS", text(runs.path()))]].concat();
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    function.fail(&tick()).await;
    let notice = simulator.messages().pop().unwrap();
    let notice = mail::parse(&notice.raw);
    assert_eq!(notice.subject(), Some("The definition of the report “Täglich (1)” can't be used"));
    let told = notice.body_text(0).unwrap();
    assert!(told.contains("Täglich (1).toml can't be") && told.contains("read:"), "{told}");
}

/// Before the first definition is there, and after the last has gone, a tick has nothing to do: it
/// succeeds, and the log says where definitions belong. A place that does not exist is an error.
#[tokio::test]
async fn a_place_without_definitions_is_a_tick_with_nothing_due() {
    let simulator = simulator().await;
    let s3 = S3::start(&[("other/a.toml", SMALL)]).await;
    let url = s3.url();
    let s3_url = [("AWS_ENDPOINT_URL_S3", url.as_str())];
    let folder = definitions(&[("notes.txt", "no definition"), (".small.toml", SMALL)]);
    let full = definitions(&[("small.toml", SMALL)]);
    for place in [text(folder.path()), "s3://reports-bucket/reports", text(full.path())] {
        let function = Function::start(&simulator.url(), place, &s3_url).await;
        if place == text(full.path()) {
            function.succeed(&tick()).await;
            std::fs::remove_file(full.path().join("small.toml")).unwrap();
        }
        let answer = function.succeed(&tick_at("2025-03-31T07:15:00Z")).await;
        assert_eq!((&answer["success"], &answer["data"]["reports"]), (&json!(true), &json!([])));
        let log = function.log();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines: Vec<_> = lines.collect();
        let failed: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
        assert!(failed.is_empty(), "{failed:?}");
        let warned = lines.iter().find(|line| line["level"] == "WARN" && line["hint"].is_string());
        let warned = warned.expect("a warning with a hint");
        assert!(warned["message"].as_str().unwrap().contains("no definitions (*.toml) in"));
        assert!(warned["hint"].as_str().unwrap().contains(place), "{warned:#}");
        let counted = |name: &str| lines.iter().filter_map(|line| line[name].as_i64()).sum::<i64>();
        assert!(counted("Ticks") > 0 && counted("Failed") == 0, "{log}");
        // Who names a report hears that there is none.
        let (kind, envelope) = function.fail(&json!({"reports": ["small"], "time": DUE})).await;
        assert_eq!(kind, "NOT_FOUND");
        assert_eq!(envelope["error"]["report"], "small");
        assert!(envelope["error"]["hint"].as_str().unwrap().contains(place), "{envelope:#}");
    }
    for place in ["s3://no-such-bucket/reports", "/nowhere/at/all"] {
        let function = Function::start(&simulator.url(), place, &s3_url).await;
        function.fail(&tick()).await;
    }
    for arguments in [&["validate"][..], &["run", "small"]] {
        let mut command = program();
        command.args(arguments).args(["--definitions", text(folder.path())]);
        let output = run(command).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("there are no definitions (*.toml) in"), "{said}");
        assert!(said.contains("help: `connect-reports new NAME --definitions"), "{said}");
    }
}
