use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::binary::{SMALL, definitions};
use crate::harness::template::read_yaml;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The workflow that users copy.
fn workflow() -> Value {
    read_yaml(&read("docs/workflows/reports.yml"))
}

/// A step of the workflow as GitHub's runner starts it: in this folder, with these variables and with nothing
/// of the tester's environment.
fn run_step(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let mut steps = jobs.flat_map(|job| job["steps"].as_array().unwrap());
    let step = steps.find(|step| step["name"] == name).unwrap();
    let mut command = shell(folder);
    command.env("RUNNER_TEMP", folder);
    command.env("VERSION", workflow["env"]["VERSION"].as_str().unwrap());
    // A variable of the repository that is not set is empty.
    command.envs(step["env"].as_object().unwrap().keys().map(|name| (name, "")));
    command.envs(variables.iter().copied());
    command.args(["-e", "-c", step["run"].as_str().unwrap()]).output().unwrap()
}

/// A shell in a folder, which finds the programs there, this program and those of the system.
fn shell(folder: &Path) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_connect-reports")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", folder.display(), bin.display());
    let mut command = Command::new("bash");
    command.env_clear().env("PATH", path).current_dir(folder);
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_pull_request_is_annotated_and_stopped() {
    let folder = definitions(&[]);
    let reports = folder.path().join("reports");
    fs::create_dir(&reports).unwrap();
    fs::write(reports.join("a.toml"), SMALL.replace("Europe/London", "Europe/Lodnon")).unwrap();
    let output = run_step("Validate", folder.path(), &[]);
    let log = text(&output.stdout);
    assert!(log.starts_with("::error file=reports/a.toml,line=5,endLine=5,col=12,"), "{log}");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    // The variables of the repository are those of the stack.
    fs::write(reports.join("a.toml"), SMALL).unwrap();
    let allowed = ("CONNECT_REPORTS_ALLOWED_RECIPIENTS", "connect.test");
    let output = run_step("Validate", folder.path(), &[allowed]);
    assert!(text(&output.stdout).contains("::error "), "{}", text(&output.stdout));
    let output = run_step("Validate", folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

/// A `gh` that has a release, of which one file may have been changed on the way.
fn release(folder: &Path, is_changed: bool) {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("connect-reports-{version}-x86_64-unknown-linux-gnu");
    let change = if is_changed { format!("echo changed >> {name}.tar.gz") } else { String::new() };
    let gh = format!(
        "#!/bin/bash\nset -e\n[ \"$1 $2 $3\" = 'release download v{version}' ]\nmkdir {name}\n\
         echo program > {name}/connect-reports\ntar -czf {name}.tar.gz {name}\nrm -r {name}\n\
         echo other > other.tar.gz\nsha256sum *.tar.gz > SHA256SUMS\nrm other.tar.gz\n{change}\n"
    );
    fs::write(folder.join("gh"), gh).unwrap();
    fs::set_permissions(folder.join("gh"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The program comes from the release of this version, and only as it was released.
#[test]
fn the_program_is_downloaded_as_it_was_released() {
    let folder = definitions(&[]);
    let path = folder.path().join("path");
    let variables = [("GITHUB_PATH", path.to_str().unwrap()), ("RELEASE", "owner/connect-reports")];
    release(folder.path(), true);
    let output = run_step("Download connect-reports", folder.path(), &variables);
    assert!(!output.status.success() && !path.exists(), "{}", text(&output.stdout));
    release(folder.path(), false);
    let output = run_step("Download connect-reports", folder.path(), &variables);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let added = fs::read_to_string(path).unwrap();
    assert_eq!(
        fs::read_to_string(Path::new(added.trim()).join("connect-reports")).unwrap(),
        "program\n"
    );
}

/// Only definitions reach the bucket, and none from a pull request.
#[test]
fn a_merge_copies_definitions_alone() {
    let workflow = workflow();
    let sync = &workflow["jobs"]["sync"];
    assert_eq!(sync["if"], "github.event_name == 'push'");
    assert_eq!(sync["needs"], "validate");
    let steps = sync["steps"].as_array().unwrap();
    let copy = steps.last().unwrap()["run"].as_str().unwrap();
    let folder = definitions(&[]);
    // What the AWS CLI is called with.
    let aws = "#!/bin/bash\nprintf '%s\\n' \"$@\"\n";
    fs::write(folder.path().join("aws"), aws).unwrap();
    fs::set_permissions(folder.path().join("aws"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = run_step("Copy the definitions", folder.path(), &[("BUCKET", "b")]);
    let words: Vec<&str> = text(&output.stdout).lines().collect();
    let filters = ["--exclude", "*", "--include", "*.toml", "--exclude", "*/*"];
    assert_eq!(words[..5], ["s3", "sync", "reports", "s3://b/reports", "--delete"], "{copy}");
    assert_eq!(words[5..], filters);
}

/// Every action is one commit, and the rights of a job are named where it needs some.
#[test]
fn actions_are_pinned_and_rights_are_least() {
    let own = ["ci", "advisories", "release"].map(|name| format!(".github/workflows/{name}.yml"));
    for path in own.iter().map(String::as_str).chain(["docs/workflows/reports.yml"]) {
        let text = read(path);
        let uses = text.lines().filter_map(|line| line.split_once("uses: "));
        for (_, action) in uses {
            let (_, commit) = action.split_once('@').unwrap();
            let (commit, version) = commit.split_once(" # v").unwrap();
            let is_commit =
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit && version.contains('.'), "{path}: {action}");
        }
        let rights = &read_yaml(&text)["permissions"];
        let is_least = *rights == serde_json::json!({})
            || *rights == serde_json::json!({ "contents": "read" });
        assert!(is_least, "{path}: {rights}");
    }
}

/// What pre-commit calls is a command line, and finds the mistakes of the files that it names.
#[test]
fn the_hook_validates_the_files_of_a_commit() {
    let hooks = read_yaml(&read(".pre-commit-hooks.yaml"));
    let entry = hooks[0]["entry"].as_str().unwrap();
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon");
    let folder = definitions(&[("a.toml", SMALL), ("b.toml", &wrong)]);
    let call = |files: &str| {
        shell(folder.path()).args(["-c", &format!("{entry} {files}")]).output().unwrap()
    };
    assert_eq!(call("a.toml").status.code(), Some(0));
    let output = call("a.toml b.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("b.toml:5:12"), "{}", text(&output.stdout));
}

/// The documents name the files of this version's release.
#[test]
fn documents_name_the_current_release() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(workflow()["env"]["VERSION"], version);
    let page = read("docs/OPERATIONS.md");
    assert!(page.contains(&format!("rev: v{version}\n")));
    let names = page.split("connect-reports-").skip(1);
    let named: Vec<&str> =
        names.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert!(named.len() >= 4);
    for rest in named {
        assert!(rest.starts_with(&format!("{version}-")), "{}", &rest[..20]);
    }
}
