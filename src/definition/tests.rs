use proptest::prelude::*;

use super::keys::{Keys, Shape};
use super::*;

const GOOD: &str = r#"title    = "Small"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"

[email]
from = "Reports <reports@example.com>"
to   = ["ops@example.com"]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED", { name = "SERVICE_LEVEL", threshold = 20 }]
"#;

fn problems(text: &str) -> Vec<Problem> {
    parse("reports/small.toml", text.as_bytes(), &Deployment::default()).problems
}

#[test]
fn places_count_characters() {
    let text = GOOD.replace("\"Small\"", "\"Größe\", x").replace('\n', "\r\n");
    let found = problems(&text);
    assert_eq!((found[0].code, found[0].line, found[0].column), ("syntax", 1, 19));
}

#[test]
fn what_is_not_utf8_is_told() {
    let parsed = parse("small.toml", b"title = \"x\"\nowner = \"\xff\"", &Deployment::default());
    let problem = &parsed.problems[0];
    assert_eq!((problem.code, problem.line, problem.column), ("encoding", 2, 10));
}

#[test]
fn an_unknown_metric_warns_and_runs() {
    let text = GOOD.replace("CONTACTS_QUEUED", "AI_NOVELTIES_COUNTED");
    let parsed = parse("small.toml", text.as_bytes(), &Deployment::default());
    assert_eq!(parsed.problems[0].severity, Severity::Warning);
    assert_eq!(parsed.report.unwrap().sections[0].columns[0].label, "AI_NOVELTIES_COUNTED");
}

#[test]
fn defaults_stand_in_for_what_is_not_said() {
    let text = GOOD
        .replace("owner    = \"workforce@example.com\"\n", "")
        .replace("from = \"Reports <reports@example.com>\"\n", "");
    let deployment = Deployment {
        owner: Some("team@example.com".parse().unwrap()),
        from: Some("default@example.com".parse().unwrap()),
        ..Deployment::default()
    };
    let report = parse("small.toml", text.as_bytes(), &deployment).report.unwrap();
    assert_eq!(report.owner.as_str(), "team@example.com");
    assert_eq!(report.email.from.address.as_str(), "default@example.com");
}

#[test]
fn the_files_name_is_the_id() {
    let id = |file: &str| {
        parse(file, GOOD.as_bytes(), &Deployment::default()).report.map(|r| r.id.to_string())
    };
    assert_eq!(id("a/b/daily-queues.toml").as_deref(), Some("daily-queues"));
    assert_eq!(id("s3://bucket/prefix/x_1.toml").as_deref(), Some("x_1"));
    assert_eq!(id("a b.toml"), None);
    assert_eq!(id(".toml"), None);
}

/// A definition with a place for a line in each of its tables; none moves another.
fn with_line(table: &str, line: &str) -> String {
    let base = "title = \"x\"\ntimezone = \"UTC\"\nwindow = \"previous-day\"\n\
        owner = \"o@example.com\"\n\
        instance = \"arn:aws:connect:eu-west-2:123456789012:instance/i\"\n#the definition\n\
        [schedule]\nat = \"07:00\"\n#[schedule]\n\
        [email]\nfrom = \"f@example.com\"\nto = [\"t@example.com\"]\n#[email]\n\
        [[section]]\ntitle = \"x\"\nfilters = { QUEUE = [\"*\"] }\n#[[section]]\n\
        [[section.metrics]]\nname = \"SERVICE_LEVEL\"\nthreshold = 20\n#the metric\n";
    let key = line.split(' ').next().unwrap_or_default();
    let place = format!("#{table}\n");
    let (before, after) = base.split_once(&place).unwrap();
    // What the table has of this key already gives way.
    let kept: Vec<&str> = before.lines().collect();
    let start = kept.iter().rposition(|other| other.starts_with('[')).unwrap_or(0);
    let kept = kept.iter().enumerate().map(|(index, other)| {
        if index >= start && other.starts_with(&format!("{key} =")) { "#" } else { other }
    });
    format!("{}\n{line}\n{after}", kept.collect::<Vec<_>>().join("\n"))
}

const TABLES: [&Keys; 5] =
    [&keys::ROOT, &keys::SCHEDULE, &keys::EMAIL, &keys::SECTION, &keys::METRIC];

/// The example of each key is one that its reader takes.
#[test]
fn examples_are_taken() {
    let (mut tried, mut others) = (0, Vec::new());
    for table in TABLES {
        for key in table.keys.iter().filter(|key| key.example.contains(" = ")) {
            // These do not go together with what else the definition says.
            if key.example.contains('`')
                || ["id", "where", "where_not", "day_of_month", "metrics"].contains(&key.name)
            {
                others.push(key.name);
                continue;
            }
            let example = match key.name {
                "instance" => "instance = \"arn:aws:connect:eu-west-2:123456789012:instance/i\"",
                "warn" => "target = \">= 80\"\nwarn = \">= 70\"",
                "sort" => "sort = \"-SERVICE_LEVEL\"",
                "targets" if table.name == "the metric" => {
                    // Targets by name need rows to stand in.
                    continue;
                }
                _ => key.example,
            };
            let found = problems(&with_line(table.name, example));
            let errors: Vec<_> = found.iter().filter(|p| p.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{example}: {errors:#?}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} tried, but not {others:?}");
}

/// A key that another table has is told with that table, whichever the two are.
#[test]
fn every_key_in_the_wrong_table_is_told_where_it_belongs() {
    let mut tried = 0;
    for table in TABLES {
        let has = |name: &str| table.keys.iter().any(|key| key.name == name);
        let others = TABLES.into_iter().flat_map(|other| other.keys);
        for name in others.map(|key| key.name).filter(|name| !has(name)) {
            let found = problems(&with_line(table.name, &format!("{name} = 1")));
            let is_meant = |problem: &&Problem| {
                problem.code == "unknown-key" && problem.message.contains(&format!("`{name}`"))
            };
            let told = found.iter().find(is_meant).map(|problem| problem.help.as_str());
            let belongs = format!("`{name}` belongs to ");
            assert!(
                told.is_some_and(|help| help.starts_with(&belongs)),
                "{}: {told:?}",
                table.name
            );
            // What it shows as an example can be written so.
            let shown = told.and_then(|help| help.get(help.find('{')?..));
            if let Some(shown) = shown {
                let line = format!("metric = {shown}");
                assert!(toml::de::DeTable::parse(&line).is_ok(), "{told:?}");
            }
            let is_of_tables = ["section", "schedule", "email"].contains(&name);
            assert_eq!(
                told.is_some_and(|help| help.contains("begins with a line [")),
                is_of_tables
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

/// What a key's description gives as its default is what holds without it.
#[test]
fn defaults_are_those_of_the_description() {
    let report = |text: &str| {
        let parsed = parse("x.toml", text.as_bytes(), &Deployment::default());
        format!("{:#?}", parsed.report.unwrap_or_else(|| panic!("{:#?}", parsed.problems)))
    };
    for table in TABLES {
        for key in table.keys {
            let Some(default) = key.default else { continue };
            let value = match key.shape {
                Shape::Flag => default.to_owned(),
                _ => format!("\"{default}\""),
            };
            let said = report(&with_line(table.name, &format!("{} = {value}", key.name)));
            let unsaid = report(&with_line(table.name, "#"));
            // What is said stands somewhere, and the text is another.
            let without_places = |text: &str| {
                let is_place = |line: &&str| {
                    ["digest: ", "line: ", "column: ", "span: "]
                        .iter()
                        .any(|p| line.trim_start().starts_with(p))
                };
                text.lines().filter(|line| !is_place(line)).collect::<Vec<_>>().join("\n")
            };
            assert_eq!(without_places(&said), without_places(&unsaid), "{}", key.name);
        }
    }
}

#[test]
fn a_definition_has_a_size() {
    let long = format!("#{}\n{GOOD}", "x".repeat(MAX_BYTES));
    assert_eq!(problems(&long)[0].code, "too-large");
}

/// The definitions that have no mistake and say everything that there is to say.
const ALL_GOOD: [&str; 4] = [
    GOOD,
    include_str!("../../tests/definitions/good/daily.toml"),
    include_str!("../../tests/definitions/good/filters.toml"),
    include_str!("../../tests/definitions/good/rolling.toml"),
];

/// There is a report, or an error that says why not, and every problem has a place in the text.
fn check_outcome(content: &[u8]) -> Result<(), TestCaseError> {
    let parsed = parse("x.toml", content, &Deployment::default());
    let errors = parsed.problems.iter().any(|problem| problem.severity == Severity::Error);
    prop_assert_eq!(parsed.report.is_none(), errors, "{:#?}", parsed.problems);
    let lines = content.split(|byte| *byte == b'\n').count();
    for Problem { line, column, span, .. } in &parsed.problems {
        prop_assert!((1..=lines).contains(line) && *column >= 1);
        prop_assert!(span.start <= span.end && span.end <= content.len());
    }
    prop_assert!(parsed.problems.is_sorted_by_key(|problem| (problem.line, problem.column)));
    Ok(())
}

/// A TOML value, of any type and depth, with keys that mean something here.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}").to_lowercase()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        word().prop_map(|word| format!("\"{word}\"")),
        "[ -~]{0,12}".prop_map(|text| format!("{text:?}").replace("\\'", "'")),
        Just("2026-11-22".to_owned()),
        Just("07:00:00".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            proptest::collection::btree_map(key(), inner, 0..5).prop_map(|table| {
                let entries: Vec<_> =
                    table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

fn key() -> impl Strategy<Value = &'static str> {
    let tables =
        [&keys::ROOT, &keys::WINDOW, &keys::SCHEDULE, &keys::EMAIL, &keys::SECTION, &keys::METRIC];
    let keys = tables.into_iter().flat_map(|table| table.keys.iter().map(|key| key.name));
    let others = ["QUEUE", "CHANNEL", "AGENT", "FEATURE", "INITIATION_METHOD", "x"];
    proptest::sample::select(keys.chain(others).collect::<Vec<_>>())
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "*",
        "QUEUE",
        "VOICE",
        "SERVICE_LEVEL",
        "CONTACTS_QUEUED",
        "AGENT_OCCUPANCY",
        "UTC",
        "mon",
        "last",
        "4h",
        "07:00",
        "2026-12-25",
        ">= 80",
        "trend",
        "totals",
        "HOUR",
        "previous-day",
        "ops@example.com",
        "tag:a=b",
        "{{ report.title }}",
        "same-weekday",
        "together",
        "json",
        "arn:aws:connect:eu-west-2:123456789012:instance/i",
        "GT",
        "INBOUND",
        "",
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_outcome(&bytes)?;
    }

    #[test]
    fn any_toml_is_read_or_refused(
        entries in proptest::collection::btree_map(key(), value(), 0..12)
    ) {
        let lines: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        check_outcome(lines.join("\n").as_bytes())?;
    }

    #[test]
    fn any_value_in_a_good_definition_is_read_or_refused(
        good in proptest::sample::select(&ALL_GOOD[..]), line in 0..60_usize, value in value()
    ) {
        let lines: Vec<&str> = good.lines().collect();
        let line = line % lines.len();
        let changed = lines.iter().enumerate().map(|(index, text)| match text.split_once('=') {
            Some((key, _)) if index == line => format!("{key}= {value}"),
            _ => (*text).to_owned(),
        });
        check_outcome(changed.collect::<Vec<_>>().join("\n").as_bytes())?;
    }

    #[test]
    fn any_change_of_a_good_definition_is_read_or_refused(
        good in proptest::sample::select(&ALL_GOOD[..]),
        at in any::<proptest::sample::Index>(), length in 0..12_usize, with in "[ -~\n]{0,6}"
    ) {
        let at = at.index(good.len());
        let end = (at + length).min(good.len());
        let (before, after) = (good.get(..at).unwrap(), good.get(end..).unwrap());
        check_outcome(format!("{before}{with}{after}").as_bytes())?;
    }
}

/// Users read the limits in one place, and the check has the same.
#[test]
fn the_documentation_has_the_limits() {
    use super::limits::*;
    let page = include_str!("../../docs/DEFINITIONS.md");
    let (_, limits) = page.split_once("\n## Limits\n").unwrap();
    let (limits, _) = limits.split_once("\n## ").unwrap();
    let limits = limits.split_whitespace().collect::<Vec<_>>().join(" ");
    for (most, of) in [
        (MAX_BYTES, "bytes"),
        (MAX_SECTIONS, "sections"),
        (MAX_RECIPIENTS, "recipients"),
        (MAX_COLUMNS, "metrics"),
        (MAX_SERIES, "of them as a trend"),
        (MAX_SEARCHES, "patterns and tags"),
        (MAX_TITLE, "characters at most, a subject"),
        (MAX_SUBJECT, "before anything is put in, and `unsubscribe`"),
        (MAX_LINK, "- What"),
    ] {
        let digits = most.to_string();
        let (thousands, rest) = digits.split_at(digits.len().saturating_sub(3));
        let number =
            if thousands.is_empty() { rest.to_owned() } else { format!("{thousands},{rest}") };
        let is_there = limits.replace('.', "").contains(&format!("{number} {of}"));
        assert!(is_there, "{number} {of}: {limits}");
    }
}

/// Names that only the service may know have a length too, and so have the values of metric filters.
#[test]
fn unknown_names_and_values_are_not_too_long() {
    let word = |length: usize| format!("\"{}\"", "Z".repeat(length));
    let metric_filter = |filter: &str| {
        let metric = format!("{{ name = \"CONTACTS_HANDLED\", where = {{ {filter} }} }}");
        GOOD.replace("\"CONTACTS_QUEUED\"", &metric)
    };
    let definitions = |length: usize| {
        let word = word(length);
        [
            GOOD.replace("\"CONTACTS_QUEUED\"", &format!("\"CONTACTS_QUEUED\", {word}")),
            GOOD.replace("[\"QUEUE\"]", &format!("[\"QUEUE\", {word}]")),
            GOOD.replace("{ QUEUE =", &format!("{{ {word} = [\"x\"], QUEUE =")),
            metric_filter(&format!("{word} = [\"x\"]")),
            metric_filter(&format!("INITIATION_METHOD = [{word}]")),
        ]
    };
    let errors = |text: &str| {
        let found = problems(text).into_iter().filter(|p| p.code == "too-long");
        found.map(|problem| problem.message).collect::<Vec<_>>()
    };
    for text in definitions(250) {
        assert_ne!(text, GOOD);
        assert_eq!(errors(&text), [] as [String; 0], "{text}");
    }
    for (length, text) in
        [251, 100_000].into_iter().flat_map(|n| definitions(n).map(|text| (n, text)))
    {
        let message = format!("the text has {length} characters, 250 are allowed");
        assert_eq!(errors(&text), [message]);
    }
}

/// Texts that end in headers have a length, which is told with what was found.
#[test]
fn texts_that_end_in_headers_are_not_too_long() {
    let long = |count: usize| "é".repeat(count);
    let titled = |title: &str| GOOD.replace("\"Small\"", &format!("\"{title}\""));
    let section = |title: &str| GOOD.replace("\"By queue\"", &format!("\"{title}\""));
    let label = |label: &str| {
        GOOD.replace("threshold = 20", &format!("threshold = 20, label = \"{label}\""))
    };
    let sender = |name: &str| GOOD.replace("\"Reports <", &format!("\"{name} <"));
    let set = |length: usize| {
        let name = "x".repeat(length);
        GOOD.replace("[email]", &format!("[email]\nconfiguration_set = \"{name}\""))
    };
    let link = |length: usize| {
        let rest = "x".repeat(length - "https://".len());
        GOOD.replace("[email]", &format!("[email]\nunsubscribe = \"https://{rest}\""))
    };
    for text in [
        set(64),
        titled(&long(250)),
        section(&long(250)),
        label(&long(250)),
        sender(&long(250)),
        link(900),
    ] {
        let found = problems(&text);
        assert!(found.iter().all(|problem| problem.severity == Severity::Warning), "{found:?}");
    }
    for (text, message) in [
        (titled(&long(251)), "the text has 251 characters, 250 are allowed"),
        (section(&long(100_000)), "the text has 100000 characters, 250 are allowed"),
        (label(&long(251)), "the text has 251 characters, 250 are allowed"),
        (sender(&long(251)), "has a name with 251 characters, 250 are allowed"),
        (set(65), "the text has 65 characters, 64 are allowed"),
        (link(901), "the text has 901 characters, 900 are allowed"),
    ] {
        let found = problems(&text);
        let errors: Vec<_> = found.iter().filter(|p| p.severity == Severity::Error).collect();
        assert!(errors.len() == 1 && errors[0].message.contains(message), "{found:?}");
    }
}
