use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The features of a crate by its name and version, as they are when the packages that the arguments
/// choose are built without default features.
fn features(folder: &Path, arguments: &[&str]) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--no-default-features", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}\t{f}"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('\t'));
    lines.map(|(package, features)| (package.to_owned(), features.to_owned())).collect()
}

/// The function in a workspace that has nothing else: a package outside this one that needs it.
fn alone() -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nconnect-reports = {{ path = {ROOT:?}, default-features = false }}\n"
    );
    std::fs::create_dir(folder.path().join("src")).unwrap();
    write("src/lib.rs", "");
    write("Cargo.toml", &manifest);
    std::fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let mut features = features(folder.path(), &[]);
    features.retain(|package, _| !package.starts_with("outside "));
    features
}

#[test]
fn the_function_has_the_features_that_it_has_alone() {
    let alone = alone();
    let function = features(Path::new(ROOT), &["--locked", "--package", "connect-reports"]);
    assert!(function.keys().any(|package| package.starts_with("lambda_runtime ")), "{function:?}");
    assert_eq!(function, alone);
    for package in ["clap", "connect-simulator", "indicatif", "mail-parser"] {
        let start = format!("{package} v");
        assert!(!function.keys().any(|found| found.starts_with(&start)), "{package}");
    }
    // A build that does not name the package has the features of the others, which this test is for.
    let unnamed = features(Path::new(ROOT), &["--locked"]);
    let changed = function.iter().filter(|(package, own)| unnamed[*package] != **own);
    assert!(changed.count() > 0, "builds of the function no longer have to name it");
}

#[test]
fn every_build_of_the_function_names_its_package() {
    let mut builds = Vec::new();
    for file in files() {
        let text = std::fs::read_to_string(Path::new(ROOT).join(&file)).unwrap();
        // As arguments are written in Rust.
        let text = text.replace("\", \"", " ");
        let lines = text.lines().filter(|line| line.contains("--no-default-features"));
        builds.extend(lines.map(|line| (file.clone(), line.trim().to_owned())));
    }
    assert!(builds.len() >= 3, "{builds:?}");
    let unnamed = builds.iter().filter(|(_, build)| !build.contains("-p connect-reports"));
    assert_eq!(unnamed.collect::<Vec<_>>(), [] as [&(PathBuf, String); 0]);
}

/// The files that say how the function is built.
fn files() -> Vec<PathBuf> {
    let mut files = ["BENCHMARKS.md", "README.md"].map(PathBuf::from).to_vec();
    let mut folders = [".ci", "benches", "docs", "infra"].map(PathBuf::from).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(Path::new(ROOT).join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let list = if entry.path().is_dir() { &mut folders } else { &mut files };
            list.push(path);
        }
    }
    files.retain(|file| file.extension() != Some("png".as_ref()));
    files
}
