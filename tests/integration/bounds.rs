use std::path::PathBuf;
use std::time::Duration;

use mail_parser::MessageParser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::binary::{
    Function, SMALL, Watched, definitions, program, run, simulator, text, tick, tick_at,
};
use crate::harness::runtime_api::Answer;

/// How long the function has for a tick.
const DEADLINE: Duration = Duration::from_secs(20);

/// [`SMALL`] with a subject, for somebody else and with an owner of its own.
fn bad(subject: &str) -> String {
    SMALL
        .replace("[email]", &format!("[email]\nsubject = '''{subject}'''"))
        .replace("title    = \"Small\"", "title    = \"Bad\"")
        .replace("workforce@", "bad-owner@")
        .replace("ops@", "bad-ops@")
}

/// Runs a good report and a bad one under Lambda's deadline and a limit on memory. The good one is
/// sent, and the bad one's owner told; the outcome of the bad one.
async fn beside_a_good_one(subject: &str) -> Value {
    let simulator = simulator().await;
    let folder = definitions(&[("bad.toml", &bad(subject)), ("good.toml", SMALL)]);
    let runs = tempfile::tempdir().unwrap();
    let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
    let function =
        Function::start_within(&simulator.url(), text(folder.path()), &more, 1_500_000).await;
    let answer = function.api.invoke(tick().to_string(), DEADLINE).await;
    let Answer::Error { message, .. } = answer else { panic!("{subject}: {answer:?}") };
    let mails: Vec<(String, String)> = simulator
        .messages()
        .iter()
        .map(|message| {
            let mail = MessageParser::default().parse(&message.raw).unwrap();
            (message.to.join(" "), mail.subject().unwrap().to_owned())
        })
        .collect();
    let to = |to: &str| mails.iter().filter(|(who, _)| who == to).count();
    assert_eq!(to("ops@example.com"), 1, "{subject}: the good report is sent: {mails:?}");
    assert_eq!(to("bad-owner@example.com"), 1, "{subject}: the owner is told: {mails:?}");
    assert_eq!(to("bad-ops@example.com"), 0, "{subject}: the bad report is not: {mails:?}");
    let envelope: Value = serde_json::from_str(&message).unwrap();
    // It is the first failure, for there is no other.
    assert_eq!(envelope["error"]["report"], "bad", "{envelope:#}");
    envelope["error"].clone()
}

/// What makes the same of whatever it is given, as often as it fits.
fn many(one: &str) -> String {
    one.repeat(850 / one.len())
}

/// A subject that would run for ever, or fill any memory, is told when definitions are checked.
#[tokio::test]
async fn a_hostile_subject_stops_no_other_report_when_it_is_checked() {
    let loops = "{% for a in range(end=3000) %}{% for b in range(end=3000) %}{% for c in \
                 range(end=3000) %}x{% endfor %}{% endfor %}{% endfor %}";
    let comprehension = "{{ [[x for x in range(end=99999)] for y in range(end=99999)] | length }}";
    for subject in [
        loops.to_owned(),
        format!("{{% if sections[0].rows %}}{loops}{{% endif %}}"),
        format!("{{% set a = 'x' %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(40)),
        comprehension.to_owned(),
        format!("{{% if sections[0].rows %}}{comprehension}{{% endif %}}"),
        format!("{{{{ run{} }}}}", many(" | replace(from='', to=run)")),
        format!("{{{{ run{} }}}}", many(" | split(pat='') | join(sep=run)")),
        format!("{{{{ run{} }}}}", many(" | indent(width=1000, first=true)")),
        format!("{{{{ sections{} }}}}", many(" ~ sections")),
        format!("{{{{ {}'\\\\'{} }}}}", "{'a': ".repeat(30), "} ~ ''".repeat(30)),
    ] {
        let error = beside_a_good_one(&subject).await;
        assert_eq!(error["code"], "VALIDATION_ERROR", "{subject}: {error:#}");
        let problem = &error["details"][0];
        assert_eq!(problem["line"], 9, "{subject}: {error:#}");
        assert!(problem["help"].as_str().is_some_and(|help| !help.is_empty()), "{error:#}");
    }
}

/// What only real figures start is bounded when the message is made.
#[tokio::test]
async fn a_hostile_subject_stops_no_other_report_when_it_is_sent() {
    for bomb in [
        format!("{{{{ run{} }}}}", many(" | replace(from='', to=run)")),
        format!("{{{{ run{} }}}}", many(" | split(pat='') | join(sep=run)")),
    ] {
        // The example of the check has fewer rows than the instance has queues.
        let subject = format!("{{% if sections[0].of > 3 %}}{bomb}{{% endif %}}x");
        let error = beside_a_good_one(&subject).await;
        assert_eq!(error["code"], "TEMPLATE_ERROR", "{subject}: {error:#}");
        assert_eq!(error["stage"], "render", "{error:#}");
    }
}

/// A subject that is too long is cut, and so is one of which only the beginning can be read.
#[tokio::test]
async fn a_subject_that_is_too_long_is_cut() {
    let long = "Grüße ".repeat(60);
    for (subject, beginning) in [(long.as_str(), "Grüße Grüße"), ("{{ sections }}", "[{\"title\"")]
    {
        let simulator = simulator().await;
        let folder = definitions(&[("bad.toml", &bad(subject))]);
        let function = Function::start(&simulator.url(), text(folder.path()), &[]).await;
        function.succeed(&tick()).await;
        let message = simulator.messages().pop().unwrap();
        let mail = MessageParser::default().parse(&message.raw).unwrap();
        let subject = mail.subject().unwrap();
        assert!(subject.starts_with(beginning) && subject.ends_with('…'), "{subject}");
        assert!((240..=250).contains(&subject.chars().count()), "{subject}");
    }
}

/// A figure that a subject can't be made of stays out of logs, records and the owner's mail.
#[tokio::test]
async fn an_error_of_rendering_quotes_no_figure() {
    for expression in [
        "(sections[0].totals[0].text ~ \"q\") | int",
        "(sections[0].totals[0].text ~ \"q\") | float",
        "(sections[0].of + 1000000) ** 99999999999",
    ] {
        let subject = format!("{{% if sections[0].of > 3 %}}{{{{ {expression} }}}}{{% endif %}}x");
        let simulator = simulator().await;
        let folder = definitions(&[("bad.toml", &bad(&subject))]);
        let runs = tempfile::tempdir().unwrap();
        let more = [("CONNECT_REPORTS_RUNS", text(runs.path()))];
        let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "TEMPLATE_ERROR", "{envelope:#}");
        let error = &envelope["data"]["reports"][0]["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("the subject ("), "{message}");
        assert!(message.ends_with("what stands here can't be rendered"), "{message}");
        let kept = std::fs::read_dir(runs.path().join("bad")).unwrap();
        let kept = kept.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let record: String = kept.collect();
        let notice = simulator.messages().pop().unwrap();
        assert_eq!(notice.to, ["bad-owner@example.com"]);
        let notice = MessageParser::default().parse(&notice.raw).unwrap();
        let notice = notice.body_text(0).unwrap().into_owned();
        for told in [&function.log(), &record, &notice, &envelope.to_string()] {
            assert!(told.contains("what stands here can't be rendered"), "{told}");
            assert!(!told.contains("The string") && !told.contains("Unable to"), "{told}");
        }
    }
}

/// A template that never ends.
const ENDLESS: &str = "{% for a in range(end=99999) %}{% for b in range(end=99999) %}{% if a == b %}\
                       {% endif %}{% endfor %}{% endfor %}";

/// A template that takes any memory, and at once: one that never ends takes all of the time that a trial has.
const GROWING: &str = "{% set a = \"xxxxxxxx\" %}{% for i in range(end=60) %}\
                       {% set_global a = a ~ a %}{% endfor %}{{ a }}";

/// The problems that `validate` tells of templates.
async fn problems_of(templates: &[(&str, &str)]) -> Vec<Value> {
    let folder = definitions(&[("small.toml", SMALL)]);
    let own = definitions(templates);
    let mut command = program();
    command
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .env("CONNECT_REPORTS_TEMPLATES", own.path())
        .args(["validate", "--json"]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // The definition has some of its own.
    let problems = found["problems"].as_array().unwrap().iter();
    problems.filter(|problem| problem["code"] == "template").cloned().collect()
}

/// A template that runs away is named, wherever it is included, and `validate` ends.
#[tokio::test]
async fn a_template_that_runs_away_is_named() {
    let nested = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">\
                  {% for a in range(end=3000) %}{% for b in range(end=3000) %}<g/>{% endfor %}\
                  {% endfor %}</svg>";
    for (templates, name, chain) in [
        (&[("notes.html", ENDLESS)][..], "notes.html", "email.html → notes.html"),
        (
            &[("foot.html", "{% include \"mine.html\" %}"), ("mine.html", GROWING)],
            "mine.html",
            "email.html → foot.html → mine.html",
        ),
        (&[("subject.txt", GROWING)], "subject.txt", "subject.txt"),
    ] {
        let problems = problems_of(templates).await;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        let (file, message) = (&problems[0]["file"], problems[0]["message"].as_str().unwrap());
        assert!(file.as_str().unwrap().ends_with(name), "{problems:#?}");
        assert!(message.starts_with("rendering "), "{message}");
        assert!(message.ends_with(chain), "{message}");
    }
    let problems = problems_of(&[("trend.svg", nested)]).await;
    assert!(problems[0]["file"].as_str().unwrap().ends_with("trend.svg"), "{problems:#?}");
}

/// A template that makes more than a run takes is told as the run tells it, at the file that makes it, and
/// without making all of it.
#[tokio::test]
async fn what_a_run_would_refuse_is_told_when_templates_are_tried() {
    let (line, short) = ("x".repeat(24), "x".repeat(10));
    let megabytes = |count: &str| {
        format!(
            "{{% for a in range(end={count}) %}}{{% for b in range(end=1000) %}}{line}{{% endfor %}}\
             {{% endfor %}}"
        )
    };
    let in_full_only = format!(
        "{{{{ report.title }}}}{{% if sections | length > 1 %}}{{% if sections[1].rows | length > 10 \
         %}}{}{{% endif %}}{{% endif %}}",
        megabytes("1000")
    );
    let large = format!("{{% for a in range(end=12000) %}}{short}{{% endfor %}}");
    let most =
        |template: &str| format!("{template} makes more than 10 MB, the most that is allowed");
    for (name, template, expected) in [
        (
            "subject.txt",
            megabytes("1000"),
            "subject.txt makes more than 10 MB, the most that is allowed".to_owned(),
        ),
        (
            "subject.txt",
            in_full_only,
            "subject.txt makes more than 10 MB, the most that is allowed".to_owned(),
        ),
        (
            "email.txt",
            megabytes("1000"),
            "email.txt makes more than 10 MB, the most that is allowed".to_owned(),
        ),
        ("foot.html", megabytes("1000"), most("email.html")),
        ("foot.html", megabytes("80000"), most("email.html")),
        ("foot.html", large, "of which Gmail shows 99000".to_owned()),
    ] {
        let problems = problems_of(&[(name, &template)]).await;
        assert_eq!(problems.len(), 1, "{name}: {problems:#?}");
        let (file, message) = (&problems[0]["file"], problems[0]["message"].as_str().unwrap());
        assert!(file.as_str().unwrap().ends_with(&format!("/{name}")), "{problems:#?}");
        assert!(message.ends_with(&expected), "{name}: {message}");
    }
}

/// The file is there at which a mistake is told that is nowhere in particular.
#[tokio::test]
async fn templates_that_call_themselves_are_told_at_their_file() {
    let calls_itself = "{% component mine() %}{{ <mine /> }}{% endcomponent mine %}{{ <mine /> }}";
    let mentions = format!("{{# this extends nothing #}}{GROWING}");
    for template in [calls_itself, mentions.as_str()] {
        let problems = problems_of(&[("foot.html", template)]).await;
        assert!(!problems.is_empty(), "{template}");
        for problem in &problems {
            assert!(problem["file"].as_str().unwrap().ends_with("/foot.html"), "{problems:#?}");
        }
    }
    let problems = problems_of(&[("foot.html", &mentions), ("head.html", "<p>x</p>")]).await;
    assert!(problems[0]["file"].as_str().unwrap().ends_with("/foot.html"), "{problems:#?}");
}

/// `preview` ends too, and names the template: also of one that runs away with the report's own values only.
#[tokio::test]
async fn a_preview_does_not_run_away() {
    let folder = definitions(&[("small.toml", SMALL)]);
    let head = format!("{{% if report.title == \"Small\" %}}{ENDLESS}{{% endif %}}");
    let own = definitions(&[("head.html", &head)]);
    let mut command = program();
    command
        .env("CONNECT_REPORTS_DEFINITIONS", folder.path())
        .env("CONNECT_REPORTS_TEMPLATES", own.path())
        .args(["preview", "small", "--simulate"]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("head.html:1:1") && told.contains("did not end within"), "{told}");
}

/// `validate` says all of a value that can't be rendered; a run says its place and the kind of its mistake.
#[tokio::test]
async fn only_who_validates_reads_what_a_template_quotes() {
    let own = [("foot.html", "\n{{ (sections[0].totals[0].text ~ \"q\") | int }}")];
    let problems = problems_of(&own).await;
    let message = problems[0]["message"].as_str().unwrap();
    assert!(message.contains("what stands here can't be rendered: The string `"), "{message}");

    let simulator = simulator().await;
    let (folder, own) = (definitions(&[("small.toml", SMALL)]), definitions(&own));
    let more = [("CONNECT_REPORTS_TEMPLATES", text(own.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    let (kind, envelope) = function.fail(&tick()).await;
    assert_eq!(kind, "TEMPLATE_ERROR");
    let message = envelope["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("what stands here can't be rendered"), "{message}");
    assert!(message.contains("foot.html:2:"), "{message}");
    assert!(!function.log().contains("The string"), "{}", function.log());
}

/// A template that makes too much for any mail fails its report, and the process goes on.
#[tokio::test]
async fn what_a_template_makes_has_a_limit() {
    let simulator = simulator().await;
    let folder = definitions(&[("small.toml", SMALL)]);
    let line = "x".repeat(1_000);
    let own = definitions(&[(
        "foot.html",
        &format!("{{% for a in range(end=90000) %}}{line}{{% endfor %}}"),
    )]);
    let more = [("CONNECT_REPORTS_TEMPLATES", text(own.path()))];
    let function = Function::start(&simulator.url(), text(folder.path()), &more).await;
    for _ in 0..2 {
        let (kind, envelope) = function.fail(&tick()).await;
        assert_eq!(kind, "TEMPLATE_ERROR");
        let message = envelope["error"]["message"].as_str().unwrap();
        assert_eq!(message, "email.html makes more than 10 MB, the most that is allowed");
    }
}

/// Two reports with templates of which one never ends, and the records of their runs.
struct Endless {
    simulator: Watched,
    definitions: TempDir,
    templates: TempDir,
    runs: TempDir,
}

impl Endless {
    async fn new() -> Self {
        let other = SMALL.replace("title    = \"Small\"", "title    = \"Other\"");
        Self {
            simulator: simulator().await,
            definitions: definitions(&[("small.toml", SMALL), ("other.toml", &other)]),
            templates: definitions(&[("foot.html", ENDLESS)]),
            runs: tempfile::tempdir().unwrap(),
        }
    }

    async fn function(&self) -> Function {
        let more = [
            ("CONNECT_REPORTS_RUNS", text(self.runs.path())),
            ("CONNECT_REPORTS_TEMPLATES", text(self.templates.path())),
        ];
        Function::start(&self.simulator.url(), text(self.definitions.path()), &more).await
    }

    /// Ends a process that a tick has brought to render.
    async fn kill_while_it_renders(&self) {
        let mut function = self.function().await;
        function.api.hand_over(tick().to_string(), Duration::from_secs(8));
        let rendering = async {
            while !self.is_rendering() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, rendering).await.expect("it renders");
        function.kill();
    }

    fn is_rendering(&self) -> bool {
        let mut texts = self.records().into_iter().map(std::fs::read_to_string);
        texts.any(|text| text.is_ok_and(|text| text.contains("\"rendering\"")))
    }

    fn records(&self) -> Vec<PathBuf> {
        let runs = self.runs.path();
        let folders = ["other", "small"].map(|report| std::fs::read_dir(runs.join(report)));
        let files = folders.into_iter().flatten().flatten().map(|file| file.unwrap().path());
        // A record that is not in its place yet has another ending.
        files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect()
    }

    /// Time goes by until nobody has the runs any more.
    fn end_leases(&self) {
        for path in self.records() {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut record: Value = serde_json::from_str(&text).unwrap();
            if record.get("claim").is_some() {
                record["claim"]["until"] = json!("2025-03-31T07:00:08Z");
                std::fs::write(path, record.to_string()).unwrap();
            }
        }
    }

    /// The number of mails that owners got, and of those that say that rendering did not end, and with which
    /// templates.
    fn told(&self) -> (usize, usize) {
        let messages = self.simulator.messages();
        let says_so = |raw: &[u8]| {
            let mail = MessageParser::default().parse(raw).unwrap();
            let told = mail.body_text(0).unwrap().replace("\r\n", " ").replace('\n', " ");
            told.contains(text(self.templates.path())) && told.contains("did not end the last time")
        };
        assert!(messages.iter().all(|message| message.to == ["workforce@example.com"]));
        (messages.len(), messages.iter().filter(|message| says_so(&message.raw)).count())
    }
}

/// If rendering never ended, the next tick does not render again with the same templates: the owners
/// of the reports hear where these lie. Mended templates are used.
#[tokio::test]
async fn a_run_that_never_came_back_is_told_at_the_next_tick() {
    let endless = Endless::new().await;
    endless.kill_while_it_renders().await;
    let function = endless.function().await;
    let answer = function.api.invoke(tick().to_string(), DEADLINE * 2).await;
    let Answer::Error { kind, message } = answer else { panic!("{answer:?}") };
    assert_eq!(kind, "TEMPLATE_ERROR", "{message}");
    assert_eq!(endless.told(), (2, 2), "the owner of each report");

    std::fs::write(endless.templates.path().join("foot.html"), "<p>Mended</p>").unwrap();
    let order = json!({"id": "mended", "reports": ["small"], "time": "2025-03-31T08:00:00Z"});
    let answer = function.succeed(&order).await;
    assert_eq!(answer["data"]["reports"][0]["status"], "sent");
}

/// It is told also by a tick that comes when the run is not due any more.
#[tokio::test]
async fn a_run_that_never_came_back_is_told_a_day_later() {
    let endless = Endless::new().await;
    endless.kill_while_it_renders().await;
    endless.end_leases();
    let function = endless.function().await;
    let tick = tick_at("2025-04-01T07:00:00Z").to_string();
    let answer = function.api.invoke(tick, DEADLINE * 2).await;
    let Answer::Error { kind, message } = answer else { panic!("{answer:?}") };
    assert_eq!(kind, "TEMPLATE_ERROR", "{message}");
    assert_eq!(endless.told(), (4, 3), "the run that did not come back, and those of the next day");
}

/// A folder with more definitions than are read ends in an error with the limit; nothing of them is kept in memory.
#[test]
fn definitions_have_so_many_bytes_together() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..132 {
        // Of the largest size; the system keeps no bytes of them.
        let file = std::fs::File::create(folder.path().join(format!("large-{n}.toml"))).unwrap();
        file.set_len(512_000).unwrap();
    }
    let mut command = program();
    command.args(["validate", "--definitions", text(folder.path())]);
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    let limit = "have 67584000 bytes together, and 67108864 are allowed";
    assert!(told.contains(limit) && told.contains("help: remove what is no definition"), "{told}");
}
