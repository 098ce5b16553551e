use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::binary::{SMALL, definitions, program};

/// The exit code and standard output of `validate` in a folder.
fn validate(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    let output = command.current_dir(folder).arg("validate").args(arguments).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// The problems of `--json`.
fn problems(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let (_, told) = validate(folder, &[arguments, &["--json"]].concat());
    let mut data: Value = serde_json::from_str(&told).unwrap();
    data["problems"].take().as_array().unwrap().clone()
}

/// A workflow command, read by the rules of GitHub's runner.
#[derive(Debug)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// The commands among the lines of a workflow's log.
fn commands(log: &str) -> Vec<Command> {
    let commands = log.lines().filter_map(|line| line.strip_prefix("::"));
    commands.map(parse_command).collect()
}

fn parse_command(line: &str) -> Command {
    let (head, message) = line.split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let property = |text: &str| {
        let (key, value) = text.split_once('=').unwrap();
        let value = value.replace("%3A", ":").replace("%2C", ",");
        (key.to_owned(), unescaped(&value))
    };
    Command {
        name: name.to_owned(),
        properties: properties.split(',').map(property).collect(),
        message: unescaped(message),
    }
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

/// A definition with an error within a line, one over two lines, and one where something is missing.
fn with_mistakes() -> String {
    let wrong = SMALL.replace("Europe/London", "Europe/Lodnon").replace("\"Small\"", "\"\"");
    wrong.replace("\"previous-day\"", "\"\"\"\nprevious-d\u{e4}y\"\"\"").replace("owner ", "boss ")
}

#[test]
fn each_format_has_its_form() {
    let folder = definitions(&[("wrong.toml", &with_mistakes())]);
    for format in ["text", "json", "github", "sarif"] {
        let (code, told) = validate(folder.path(), &[".", "--format", format]);
        assert_eq!(code, Some(2));
        insta::assert_snapshot!(format!("format_{format}"), told);
    }
    let (_, json) = validate(folder.path(), &[".", "--format", "json"]);
    assert_eq!(validate(folder.path(), &[".", "--json"]).1, json);
}

/// Each problem is one annotation at its place, however hostile the names of files and keys are.
#[test]
#[cfg(unix)]
fn annotations_escape_what_the_runner_would_obey() {
    let hostile = "a,title=x%0A::error::y:\n::stop-commands::z\u{1b}[2J.toml";
    let wrong = SMALL.replace("[email]", "\"x%0A\\n::error::,\\u001b\\u202e\" = 1\n[email]");
    let folder = definitions(&[(hostile, &wrong), ("b.toml", SMALL)]);
    let expected = problems(folder.path(), &["."]);
    let (code, log) = validate(folder.path(), &[".", "--format", "github"]);
    assert_eq!(code, Some(2));
    assert!(!log.contains(['\u{1b}', '\u{202e}', '\r']), "{log}");
    let sum = log.lines().last().unwrap();
    assert!(sum.starts_with("2 definitions, ") && !sum.contains(hostile), "{log}");
    let commands = commands(&log);
    assert_eq!(commands.len() + 1, log.lines().count(), "{log}");
    assert_eq!(commands.len(), expected.len());
    for (command, problem) in commands.iter().zip(&expected) {
        let Command { name, properties, message } = command;
        assert_eq!(*name, problem["severity"].as_str().unwrap());
        assert_eq!(properties["title"], problem["code"].as_str().unwrap());
        for (property, key) in [("line", "line"), ("col", "column")] {
            assert_eq!(properties[property], problem[key].to_string(), "{command:?}");
        }
        let name = &properties["file"];
        assert!(["b.toml", &hostile.replace('\u{1b}', "\u{fffd}")].contains(&name.as_str()));
        let [first, help] = message.lines().collect::<Vec<_>>()[..] else { panic!("{message}") };
        let place = format!(":{}:{}: ", properties["line"], properties["col"]);
        assert!(first.contains(&place), "{message}");
        assert_eq!(help.strip_prefix("help: ").unwrap(), problem["help"].as_str().unwrap());
    }
    assert!(commands.iter().any(|command| command.name == "error"));
    assert!(commands.iter().any(|command| command.properties["file"] == "b.toml"));
}

/// What SARIF says of each problem, put together again.
fn read_back(sarif: &Value) -> Vec<Value> {
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let read = |result: &Value| {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let text = result["message"]["text"].as_str().unwrap();
        let (message, help) = text.split_once("\nhelp: ").unwrap();
        json!({
            "file": place["artifactLocation"]["uri"],
            "line": place["region"]["startLine"],
            "column": place["region"]["startColumn"],
            "severity": result["level"],
            "code": result["ruleId"],
            "message": message,
            "help": help,
        })
    };
    run["results"].as_array().unwrap().iter().map(read).collect()
}

/// SARIF says of each mistake of the collection what `--json` says, and marks the same text.
#[test]
fn sarif_says_the_same_as_json() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = ["tests/definitions/bad"];
    let (_, told) = validate(root, &[&place[..], &["--format", "sarif"]].concat());
    let sarif: Value = serde_json::from_str(&told).unwrap();
    let mut expected = problems(root, &place);
    for problem in &mut expected {
        let file = problem["file"].as_str().unwrap().replace(' ', "%20");
        problem["file"] = file.into();
    }
    assert!(expected.len() > 100);
    assert_eq!(read_back(&sarif), expected);
    assert_eq!(sarif["runs"][0]["columnKind"], "unicodeCodePoints");
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let [line, column, end_line, end_column] =
            ["startLine", "startColumn", "endLine", "endColumn"].map(|key| region[key].as_u64());
        assert!((line, column) <= (end_line, end_column), "{result:#}");
        assert!(column.unwrap() >= 1);
    }
}

/// What is more than a hundred problems of a file is counted in every format.
#[test]
fn omitted_problems_are_counted_in_every_format() {
    let many: String = (0..120).map(|index| format!("key_{index} = 1\n")).collect();
    let folder = definitions(&[("many.toml", &format!("{many}{SMALL}"))]);
    let (_, text) = validate(folder.path(), &["many.toml"]);
    let more = text.lines().find(|line| line.starts_with("many.toml: and ")).unwrap();
    let (_, log) = validate(folder.path(), &["many.toml", "--format", "github"]);
    assert_eq!(commands(&log).last().unwrap().message, more);
    assert_eq!(log.lines().last(), text.lines().last());
    let (_, sarif) = validate(folder.path(), &["many.toml", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let notes = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["message"]["text"], more);
}

/// A path from the root is annotated by its name in the working folder, where the repository is.
#[test]
#[cfg(unix)]
fn absolute_paths_become_relative() {
    let folder = definitions(&[("wrong.toml", "x = 1")]);
    let inside = fs::canonicalize(folder.path()).unwrap();
    let path = inside.join("wrong.toml");
    let (_, log) = validate(&inside, &[path.to_str().unwrap(), "--format", "github"]);
    assert!(log.starts_with("::error file=wrong.toml,line=1,"), "{log}");
    let elsewhere = tempfile::tempdir().unwrap();
    let arguments = [path.to_str().unwrap(), "--format", "sarif"];
    let (_, sarif) = validate(elsewhere.path(), &arguments);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let uri = format!("file://{}", path.display());
    assert_eq!(read_back(&sarif)[0]["file"], uri);
}
