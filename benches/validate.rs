//! Validating a folder of 1,000 definitions, beside reading the same files as plain TOML.
#![allow(clippy::expect_used, reason = "a bench that can't run has nothing to show")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use connect_reports::metric::Limits;
use connect_reports::render::Templates;
use connect_reports::run::Checks;
use connect_reports::settings::Deployment;
use divan::{Bencher, black_box};
use tempfile::TempDir;
use toml::de::DeTable;

/// A small definition, one with everything in it, one with many sections.
const KINDS: [&str; 3] = [
    include_str!("../reports/daily-queues.toml"),
    include_str!("../tests/definitions/good/daily.toml"),
    include_str!("../reports/all-metrics.toml"),
];

const DEFINITIONS: usize = 1_000;

fn main() {
    // `cargo test --benches` runs them too, and has no minutes to spare for these.
    if std::env::args().any(|argument| argument == "--bench") {
        divan::main();
    }
}

/// A folder with the definitions, and their paths.
fn folder() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = (0..DEFINITIONS).zip(KINDS.iter().cycle()).map(|(index, text)| {
        let path = folder.path().join(format!("report-{index}.toml"));
        fs::write(&path, text).expect("a definition");
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

#[divan::bench]
fn read_as_plain_toml(bencher: Bencher<'_, '_>) {
    let (_folder, paths) = folder();
    bencher.bench_local(|| {
        for path in &paths {
            let text = fs::read_to_string(path).expect("a definition");
            black_box(DeTable::parse(&text).expect("TOML").get_ref().len());
        }
    });
}

#[divan::bench]
fn read_and_check(bencher: Bencher<'_, '_>) {
    let (_folder, paths) = folder();
    let (deployment, templates) =
        (Deployment::default(), Templates::built_in().expect("templates"));
    let checks =
        Checks { deployment: &deployment, templates: &templates, limits: &Limits::CURRENT };
    bencher.bench_local(|| {
        for path in &paths {
            let content = fs::read(path).expect("a definition");
            let parsed = checks.check(&path.display().to_string(), &content);
            assert!(parsed.report.is_some());
        }
    });
}

/// The whole program, from its start to its end.
#[divan::bench]
fn connect_reports_validate(bencher: Bencher<'_, '_>) {
    let (folder, _paths) = folder();
    bencher.bench_local(|| {
        let status = Command::new(env!("CARGO_BIN_EXE_connect-reports"))
            .arg("validate")
            .arg(folder.path())
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("the program").success());
    });
}
