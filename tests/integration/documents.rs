//! The documents of the project: what they name exists, and what they show is valid.

use std::fs;
use std::path::{Path, PathBuf};

use connect_reports::{cli, definition};
use serde_json::Value;

use crate::harness::binary::program;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents for users and contributors.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "crates/connect-metrics", "crates/connect-simulator"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let documents: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    assert!(documents.len() > 5, "{documents:?}");
    documents
}

/// The targets of relative links in a document.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.filter_map(|target| target.split('#').next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

#[test]
fn relative_links_lead_to_files() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        let missing = links(&text).into_iter().filter(|target| !folder.join(target).exists());
        broken.extend(missing.map(|target| format!("{}: {target}", document.display())));
    }
    assert_eq!(broken, [] as [String; 0]);
}

/// The paths in code spans of a text, from the root of the project; `….rs` stands for a new file.
fn paths(text: &str) -> Vec<&str> {
    let spans = text.split('`').skip(1).step_by(2);
    let is_path = |span: &&str| {
        let first = span.split('/').next().unwrap_or_default();
        ["src", "crates", "tests", "templates", "infra", "docs", "benches"].contains(&first)
    };
    spans.filter(is_path).filter(|span| !span.contains('…')).collect()
}

#[test]
fn the_architecture_names_files_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let paths = paths(&text);
    assert!(paths.len() > 20, "{paths:?}");
    let missing: Vec<_> = paths.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert_eq!(missing, [] as [&str; 0]);
}

/// A definition to which the examples of the documents are added.
const BASE: &str = r#"
title    = "Daily queue report"
owner    = "workforce@connect.test"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
[email]
from = "reports@connect.test"
to   = ["ops@connect.test"]
[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"], CHANNEL = ["VOICE"] }
metrics  = ["CONTACTS_QUEUED"]
"#;

/// The lines of a definition below each of its headings; the first are those without one.
fn tables(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut tables = vec![("", Vec::new())];
    for line in text.lines() {
        if line.starts_with('[') {
            tables.push((line, Vec::new()));
        } else {
            tables.last_mut().unwrap().1.push(line);
        }
    }
    tables
}

/// The definition that an example makes: its keys stand in the place of those of [`BASE`], and the keys of a
/// section in its first one.
fn example_definition(example: &str) -> String {
    if example.starts_with("title ") {
        return example.to_owned();
    }
    let of_section = ["filters", "metrics"].iter().any(|key| example.starts_with(key));
    let mut added = tables(example);
    if of_section {
        added[0].0 = "[[section]]";
    }
    let has_sections = added.iter().filter(|(heading, _)| *heading == "[[section]]").count() > 0;
    let mut lines: Vec<String> = Vec::new();
    for (heading, own) in tables(BASE) {
        if heading == "[[section]]" && has_sections && !of_section {
            continue;
        }
        let index = added.iter().position(|(other, _)| *other == heading);
        let new = index.map_or_else(Vec::new, |index| added.remove(index).1);
        let key = |line: &&str| line.split('=').next().unwrap().trim().to_owned();
        let kept = own.into_iter().filter(|line| !new.iter().any(|new| key(new) == key(line)));
        lines.push(heading.to_owned());
        lines.extend(kept.map(ToOwned::to_owned));
        lines.extend(new.iter().map(|line| (*line).to_owned()));
    }
    for (heading, new) in added {
        lines.push(heading.to_owned());
        lines.extend(new.iter().map(|line| (*line).to_owned()));
    }
    lines.join("\n")
}

/// The blocks of a document in a language: `toml`, `json`, `sh`.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    let fences = text.split(fence.as_str()).skip(1);
    fences.filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_example_of_a_definition_is_valid() {
    let mut count = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for block in blocks(&text, "toml") {
            let example = example_definition(block);
            let parsed = definition::parse("example.toml", example.as_bytes(), &Default::default());
            assert_eq!(parsed.problems, [], "{}:\n{example}", document.display());
            count += 1;
        }
    }
    assert!(count >= 10, "{count} examples");
}

#[test]
fn every_example_of_json_can_be_read() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for block in blocks(&text, "json") {
            let read = serde_json::from_str::<Value>(block);
            assert!(read.is_ok(), "{}: {:?}: {block}", document.display(), read.err());
        }
    }
}

/// The command lines of this program in a document's examples for a shell, as words. `cargo run --` starts the
/// same program.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let lines = |block: &str| -> Vec<String> {
        block.replace("\\\n", " ").lines().map(str::to_owned).collect()
    };
    let words = |line: String| {
        let line = line.trim().replace("cargo run -- ", "connect-reports ");
        line.starts_with("connect-reports ").then(|| shlex::split(&line).unwrap())
    };
    blocks(text, "sh").into_iter().flat_map(lines).filter_map(words).collect()
}

#[test]
fn every_example_of_a_command_is_a_command_line() {
    let mut count = 0;
    for document in documents() {
        for words in command_lines(&fs::read_to_string(&document).unwrap()) {
            let read = cli::command().try_get_matches_from(&words);
            assert!(read.is_ok(), "{}: {}", document.display(), read.unwrap_err());
            count += 1;
        }
    }
    assert!(count >= 12, "{count} command lines");
}

/// Says that a command ends, sends nothing and asks nobody but this machine.
fn needs_no_aws(words: &[String]) -> bool {
    let is_local = !words.iter().any(|word| word.contains("s3://"));
    let is_simulated = words.iter().any(|word| word == "--simulate");
    match words[1].as_str() {
        "run" | "resend" | "simulate" => false,
        "plan" | "preview" | "names" => is_local && is_simulated,
        _ => is_local,
    }
}

fn copy_samples(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for sample in fs::read_dir(root().join("reports")).unwrap() {
        let sample = sample.unwrap();
        fs::copy(sample.path(), folder.join(sample.file_name())).unwrap();
    }
}

/// The commands of a document run one after the other where they need no AWS, in a folder with the samples.
#[test]
fn examples_of_commands_run() {
    let mut count = 0;
    for document in documents() {
        let folder = tempfile::tempdir().unwrap();
        // README names the folder of one's own definitions.
        for place in ["reports", "mine"] {
            copy_samples(&folder.path().join(place));
        }
        let text = fs::read_to_string(&document).unwrap();
        for words in command_lines(&text).into_iter().filter(|words| needs_no_aws(words)) {
            let output = program().current_dir(folder.path()).args(&words[1..]).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {words:?}: {told}", document.display());
            count += 1;
        }
    }
    assert!(count >= 6, "{count} commands");
}

/// The tables of `docs/DEFINITIONS.md` with every key, made of the schema. With `UPDATE_DOCUMENTS` set the page
/// is written anew.
#[test]
fn the_documentation_has_every_key() {
    let path = root().join("docs/DEFINITIONS.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once("\n## All keys\n").unwrap();
    let schema = definition::schema();
    let mut expected = format!("{before}\n## All keys\n");
    let defs = &schema["$defs"];
    for (heading, table) in [
        ("At the top of the file", &schema),
        ("`[schedule]`", &defs["schedule"]),
        ("`[email]`", &defs["email"]),
        ("`[[section]]`", &defs["section"]),
        ("A metric, as a table", &defs["metric"]),
        ("`window`, as a table", &defs["window"]),
    ] {
        expected += &format!("\n### {heading}\n\n{}", key_table(table));
    }
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let help = "run this test with UPDATE_DOCUMENTS=1, and read the difference";
    assert!(
        page == expected,
        "docs/DEFINITIONS.md does not list the keys as the schema does: {help}"
    );
}

/// The keys of a table of definitions: one line for each.
fn key_table(table: &Value) -> String {
    let required = table["required"].as_array().cloned().unwrap_or_default();
    let mut lines =
        "| key | value | default | example | meaning |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (key, about) in table["properties"].as_object().unwrap() {
        let default = match &about["default"] {
            Value::Null if required.contains(&Value::from(key.as_str())) => "required".to_owned(),
            Value::Null => String::new(),
            default => format!("`{default}`"),
        };
        let meaning = about["description"].as_str().unwrap();
        let example = as_toml(&about["examples"][0]);
        let example = example.map_or_else(String::new, |example| format!("`{example}`"));
        lines += &format!("| `{key}` | {} | {default} | {example} | {meaning} |\n", form(about));
    }
    lines
}

/// A value as a definition has it.
fn as_toml(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Object(table) => {
            let members = table.iter().map(|(key, value)| {
                let key = if key.contains(' ') { format!("\"{key}\"") } else { key.clone() };
                as_toml(value).map(|value| format!("{key} = {value}"))
            });
            format!("{{ {} }}", members.collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(as_toml).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    })
}

/// The form of a value that is one of the service's many names.
const NAME: &str = "a name of Connect's";

/// The form of a value in a few words.
fn form(about: &Value) -> String {
    let several = about["anyOf"].as_array().or(about["oneOf"].as_array());
    if let Some(several) = several {
        let mut forms: Vec<String> = several.iter().map(form).collect();
        forms.dedup();
        // A name that is not known yet is a text too.
        let has_names = forms.iter().any(|form| form == NAME);
        forms.retain(|form| form != "text" || !has_names);
        return forms.join(", or ");
    }
    if let Some(words) = about["enum"].as_array() {
        if words.len() > 7 {
            return NAME.to_owned();
        }
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if about["$ref"].is_string() {
        return "table".to_owned();
    }
    match about["type"].as_str() {
        Some("array") => format!("list of {}", form(&about["items"])),
        Some("object") => "table".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("integer") => {
            format!("whole number, {} to {}", about["minimum"], about["maximum"])
        }
        _ => "text".to_owned(),
    }
}
