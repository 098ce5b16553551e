use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::harness::binary::{DUE, SMALL, closed_port, definitions, program, run, simulator, text};

/// Each command in every form in which it prints; `OUT` stands for a folder of its own.
const PRINTING: &[&[&str]] = &[
    &["--help"],
    &["--version"],
    &["run", "--help"],
    &["demo", "--out", "OUT"],
    &["plan", "small", "--simulate"],
    &["plan", "small", "--simulate", "--json"],
    &["preview", "small", "--simulate"],
    &["preview", "small", "--simulate", "--json"],
    &["preview", "small", "--simulate", "--out", "OUT"],
    &["run", "small", "--simulate"],
    &["run", "small", "--simulate", "--json"],
    &["list"],
    &["list", "--json"],
    &["runs"],
    &["runs", "small", "--json"],
    &["resend", "small", "--window", "2025-03-30..2025-03-31"],
    &["resend", "small", "--window", "2025-03-30..2025-03-31", "--json"],
    &["validate"],
    &["validate", "--json"],
    &["new", "another", "--definitions", "OUT"],
    &["names", "--simulate"],
    &["names", "--simulate", "--json"],
    &["metrics", "service level"],
    &["metrics", "--json"],
    &["schema"],
    &["completions", "bash"],
    &["man"],
    &["policy"],
    &["simulate", "--port", "0"],
];

/// The commands that `--help` lists.
fn commands() -> BTreeSet<String> {
    let output = program().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let (listed, _) = listed.split_once("\n\n").unwrap();
    let names = listed.lines().filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

/// The output of each form of printing, with the standard output that `stdout` makes.
async fn printed(stdout: impl Fn() -> Stdio, forms: &[&[&str]]) -> Vec<(String, Output)> {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let runs = tempfile::tempdir().unwrap();
    let mut first = program();
    first.env("AWS_ENDPOINT_URL", simulator.url()).current_dir(folder.path());
    first.args(["run", "small", "--time", DUE, "--definitions", "."]);
    first.args(["--runs", text(runs.path())]);
    assert_eq!(run(first).await.status.code(), Some(0));
    let mut outputs = Vec::new();
    for form in forms {
        let out = tempfile::tempdir().unwrap();
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", simulator.url()).current_dir(folder.path());
        command.env("CONNECT_REPORTS_RUNS", runs.path());
        if !form.contains(&"--definitions") && form[0] != "demo" {
            command.env("CONNECT_REPORTS_DEFINITIONS", folder.path());
        }
        command.args(form.iter().map(|a| if *a == "OUT" { text(out.path()) } else { a }));
        outputs.push((
            form.join(" "),
            run({
                command.stdout(stdout());
                command
            })
            .await,
        ));
    }
    outputs
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_command_that_prints_is_tried() {
    let tried: BTreeSet<String> = PRINTING.iter().map(|form| form[0].to_owned()).collect();
    let missing: Vec<_> = commands().difference(&tried).cloned().collect();
    assert!(!commands().is_empty() && missing.is_empty(), "{missing:?}");
}

/// The help, as people read it.
#[test]
fn every_command_has_its_help() {
    let help = |arguments: &[&str]| {
        let output = program().args(arguments).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("help", help(&[]));
    for command in commands() {
        insta::assert_snapshot!(format!("help_{command}"), help(&[&command]));
    }
}

/// A result that can't be written is an error of every command, and it says where.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_can_t_be_printed_is_an_error() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for (form, output) in printed(full, PRINTING).await {
        let told = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{form}: {told}");
        let expected = "standard output can't be written: No space left on device";
        assert!(told.contains(expected) && !told.contains("panic"), "{form}: {told}");
    }
}

/// A closed pipe, as with `| head`, is the reader's choice: no error, and nothing is said of it.
#[tokio::test]
async fn a_closed_pipe_is_no_error() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let ending: Vec<&[&str]> =
        PRINTING.iter().copied().filter(|form| form[0] != "simulate").collect();
    for (form, output) in printed(closed, &ending).await {
        assert_eq!(output.status.code(), Some(0), "{form}: {}", complaint(&output));
        assert_eq!(complaint(&output), "", "{form}");
    }
    // The simulator goes on.
    let url = closed_port();
    let (_, port) = url.rsplit_once(':').unwrap();
    let mut simulate = program();
    let mut process = simulate.args(["simulate", "--port", port]).stdout(closed()).spawn().unwrap();
    let address = url.trim_start_matches("http://").to_owned();
    let listening = || std::net::TcpStream::connect(&address).is_err();
    while listening() && process.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(process.try_wait().unwrap(), None);
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Complaints are printed too: where they can't be, the exit code says so.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_complaint_that_can_t_be_written_is_an_error() {
    let new = SMALL.replace("CONTACTS_QUEUED", "AI_NOVELTIES");
    let folder = definitions(&[("new.toml", &new)]);
    for (arguments, code) in [
        (&["plan", "new", "--simulate"][..], 1),
        (&["runs", "new"], 1),
        (&["run", "new", "--time", "tomorrow"], 2),
        (&["plan", "old", "--simulate"], 2),
    ] {
        let mut command = program();
        command.args(arguments).args(["--definitions", text(folder.path())]);
        command.env("CONNECT_REPORTS_RUNS", folder.path());
        command.stderr(File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(run(command).await.status.code(), Some(code), "{arguments:?}");
    }
}

/// A line of the log that can't be written stops nothing, and the exit code says so.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_that_can_t_be_written_is_an_error() {
    let folder = definitions(&[("small.toml", SMALL)]);
    let preview = async |stderr: Stdio| {
        let mut command = program();
        command.env("RUST_LOG", "info").args(["preview", "small", "--simulate"]);
        command.args(["--definitions", text(folder.path())]).stderr(stderr);
        let output = run(command).await;
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("Subject: Small"));
        output.status.code()
    };
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(preview(full.into()).await, Some(1));
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(preview(closed.into()).await, Some(0));
}

/// A file that can't be written is named.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_can_t_be_written_is_named() {
    let with_files = SMALL.replace("[email]", "[email]\nattach = [\"csv\", \"json\"]");
    let trend = "\n[[section]]\ntitle = \"Day\"\nkind = \"trend\"\ninterval = \"HOUR\"\n\
                 filters = { QUEUE = [\"*\"] }\nmetrics = [\"CONTACTS_QUEUED\"]\n";
    let folder = definitions(&[("small.toml", &format!("{with_files}{trend}"))]);
    let preview = |out: &Path| {
        let mut command = program();
        command.args(["preview", "small", "--simulate", "--time", DUE, "--out"]).arg(out);
        command.args(["--definitions", text(folder.path())]);
        run(command)
    };
    let good = tempfile::tempdir().unwrap();
    assert_eq!(preview(good.path()).await.status.code(), Some(0));
    let files = std::fs::read_dir(good.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let files: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        let full = tempfile::tempdir().unwrap();
        let path = full.path().join(&file);
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let output = preview(full.path()).await;
        let expected = format!("{} can't be written: No space left on device", path.display());
        assert!(complaint(&output).contains(&expected), "{}", complaint(&output));
        assert_eq!(output.status.code(), Some(1));
    }
    for (arguments, place) in [
        (&["preview", "small", "--simulate", "--out", "/dev/null/out"][..], "/dev/null/out"),
        (&["demo", "--out", "/dev/null/demo"], "/dev/null/demo/messages"),
        (&["new", "mine", "--definitions", "/dev/null/mine"], "/dev/null/mine"),
    ] {
        let mut command = program();
        command.env("CONNECT_REPORTS_DEFINITIONS", folder.path()).args(arguments);
        let output = run(command).await;
        let told = complaint(&output);
        assert!(told.contains(&format!("{place} can't be written: Not a directory")), "{told}");
        assert_eq!(output.status.code(), Some(1), "{told}");
    }
}
