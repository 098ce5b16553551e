//! An example that has every value that templates may use, to try templates with and to document them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::built_in::{EMAIL_HTML, EMAIL_TEXT, SUBJECT_TEXT, TREND_SVG};
use super::chart::ChartContext;
use super::contents::{Contents, FileListing, Layout, Missing};
use super::context;
#[cfg(test)]
use super::context::Context;
use super::draft::{Draft, MOST_BYTES, MOST_ROWS};
use super::line::one_line;
use super::listener::{Listener, Step};
use super::template::{self, MOST_SVG, Templates};
use super::{chart, files, trend};
use crate::definition::{self, Dimension, MetricQuery, Report, Section};
use crate::error::Error;
use crate::plan::{
    Absent, Base, Directory, DirectoryEntry, Figure, GroupIds, Query, Rows, SectionAnswer,
};
use crate::settings::Deployment;
use crate::table::{self, LabelledBase, Note, Table};
use crate::window::Window;

/// A report with each kind of section, targets and a comparison.
pub(super) const EXAMPLE_DEFINITION: &str = r#"
title    = "Daily queue report"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "Europe/London"
window   = "previous-day"
compare  = "same-weekday"

[email]
from        = "reports@example.com"
to          = ["ops@example.com"]
attach      = ["csv", "xlsx", "json"]
unsubscribe = "https://example.com/reports"

[[section]]
title   = "The day at a glance"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = [
    { name = "SERVICE_LEVEL", threshold = 20, target = ">= 80", warn = ">= 70" },
    "CONTACTS_QUEUED",
]

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = [
    "CONTACTS_QUEUED",
    { name = "SERVICE_LEVEL", threshold = 20, target = ">= 80", warn = ">= 70" },
    "AVG_QUEUE_ANSWER_TIME",
]
sort = "-CONTACTS_QUEUED"
rows = 3

[[section]]
title    = "Through the day"
kind     = "trend"
interval = "HOUR"
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED"]

[[section]]
title   = "What is left out"
kind    = "totals"
filters = { QUEUE = ["*"] }
metrics = ["CONTACTS_QUEUED"]
"#;

/// A report with as little as one can have.
const PLAIN_DEFINITION: &str = r#"
title    = "Plain"
owner    = "workforce@example.com"
instance = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
timezone = "UTC"
window   = "previous-day"
compare  = "previous-window"
email    = { from = "reports@example.com", to = ["ops@example.com"] }

[[section]]
title    = "By queue"
group_by = ["QUEUE"]
filters  = { QUEUE = ["*"] }
metrics  = ["CONTACTS_QUEUED"]
"#;

/// A queue with the figures of its columns now and a week before: contacts queued, service level,
/// speed of answer.
pub(super) type Queue<'q> = (&'q str, [Figure; 3], [Figure; 3]);

/// The figures of a report, and its definition.
#[derive(Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) definition: &'s str,
    pub(super) queues: &'s [Queue<'s>],
    /// The totals now and a week before.
    pub(super) totals: ([Figure; 3], [Figure; 3]),
}

/// The example that templates are tried with.
pub(super) const EXAMPLE_SCENE: Scene<'static> = Scene {
    definition: EXAMPLE_DEFINITION,
    queues: &EXAMPLE_QUEUES,
    totals: (now([896.0, 78.5, 34.0]), now([400.0, 80.5, 32.0])),
};

const EXAMPLE_QUEUES: [Queue<'_>; 4] = [
    ("Sales", now([412.0, 64.0, 41.0]), now([400.0, 75.5, 40.0])),
    ("Support", now([318.0, 83.9, 22.0]), now([318.0, 82.7, 30.0])),
    ("Billing", now([166.0, 74.6, 31.0]), now([140.0, 80.1, 31.0])),
    (
        "Loans",
        [Figure::Value(0.0), NO_DATA, Figure::Absent(Absent::NotAvailable)],
        now([3.0, 90.0, 9.0]),
    ),
];

pub(super) const NO_DATA: Figure = Figure::Absent(Absent::NoData);

pub(super) const fn now([queued, level, answer]: [f64; 3]) -> [Figure; 3] {
    [Figure::Value(queued), Figure::Value(level), Figure::Value(answer)]
}

/// A mistake in what templates make of the example.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It could not be made.
    Unmade(tera::Error),
    /// It was made by this template, and can't be used.
    Unusable(&'static str, String),
}

/// The mistakes when templates are rendered with the example, the first of each; with a report that has
/// as little as one can have; and with one that has more than fits a mail.
pub(super) fn find_mistakes(templates: &Templates, listener: &Listener) -> Vec<Wrong> {
    let nothing = ([NO_DATA; 3], [NO_DATA; 3]);
    let nobody: [Queue<'_>; 1] = [("Sales", nothing.0, nothing.1)];
    let plain = Scene { definition: PLAIN_DEFINITION, queues: &nobody, totals: nothing };
    let made = |contents: &Contents<'_>, layout: &Layout| {
        render_scene(templates, contents, layout, listener)
    };
    let wrong = |scene: Scene<'_>| scene.with(made);
    let found =
        [EXAMPLE_SCENE, plain].into_iter().filter_map(wrong).find(|wrong| !wrong.is_empty());
    found.unwrap_or_else(|| largest_mistake(templates, listener).into_iter().collect())
}

/// The mistake in a message that has as many rows as fit.
fn largest_mistake(templates: &Templates, listener: &Listener) -> Option<Wrong> {
    let names: Vec<String> = (0..=MOST_ROWS).map(|number| format!("Queue {number}")).collect();
    let figures = (now([412.0, 64.0, 41.0]), now([400.0, 75.5, 40.0]));
    let queues: Vec<Queue<'_>> =
        names.iter().map(|name| (name.as_str(), figures.0, figures.1)).collect();
    let definition = EXAMPLE_DEFINITION.replace("rows = 3\n", "");
    let scene = Scene { definition: &definition, queues: &queues, ..EXAMPLE_SCENE };
    scene.with(|contents, _| {
        let draft = match trace_step(listener, EMAIL_HTML, || Draft::new(templates, *contents)) {
            Ok(draft) => draft,
            Err(wrong) => return Some(wrong),
        };
        let text = trace_step(listener, EMAIL_TEXT, || draft.text());
        let pictures = trace_step(listener, TREND_SVG, || draft.pictures());
        let subject = trace_step(listener, SUBJECT_TEXT, || draft.subject());
        text.err().or(pictures.err()).or(subject.err())
    })?
}

/// Makes something of a template, and tells when it begins and ends.
fn trace_step<T>(
    listener: &Listener,
    template: &'static str,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Wrong> {
    listener(Step::Enter(template));
    let made = make();
    listener(Step::Leave);
    made.map_err(|error| Wrong::Unusable(template, error.in_full().message))
}

fn render_scene(
    templates: &Templates,
    contents: &Contents<'_>,
    layout: &Layout,
    listener: &Listener,
) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let context = match tera::Context::from_serialize(&context::build(contents, layout)) {
        Ok(context) => context,
        Err(error) => return vec![Wrong::Unmade(error)],
    };
    for name in [EMAIL_HTML, EMAIL_TEXT, SUBJECT_TEXT] {
        listener(Step::Enter(name));
        let rendered = templates.render_bounded(name, &context, template::MOST_BYTES);
        listener(Step::Leave);
        match rendered {
            Err(error) => wrong.push(Wrong::Unmade(error)),
            Ok(None) => {
                let error = templates.too_large_error(name, template::MOST_BYTES);
                wrong.push(Wrong::Unusable(name, error.message));
            }
            Ok(Some(html)) if name == EMAIL_HTML && html.len() > MOST_BYTES => {
                let bytes = html.len();
                let message =
                    format!("{name} makes {bytes} bytes, of which Gmail shows {MOST_BYTES}");
                wrong.push(Wrong::Unusable(name, message));
            }
            Ok(Some(subject)) if name == SUBJECT_TEXT && one_line(&subject).is_empty() => {
                wrong.push(Wrong::Unusable(name, format!("{name} makes an empty subject")));
            }
            Ok(Some(_)) => {}
        }
    }
    for (_, chart) in trend::placed_charts(contents) {
        listener(Step::Enter(TREND_SVG));
        wrong.extend(
            chart::draw(templates, &chart)
                .err()
                .map(|error| undrawn_chart(templates, &chart, error)),
        );
        listener(Step::Leave);
    }
    wrong
}

/// The reason for which a chart is not drawn: its template's failure, if it fails.
fn undrawn_chart(templates: &Templates, chart: &ChartContext, error: Error) -> Wrong {
    let failed = match tera::Context::from_serialize(chart) {
        Ok(context) => templates.render_bounded(TREND_SVG, &context, MOST_SVG).err(),
        Err(error) => Some(error),
    };
    failed.map_or_else(|| Wrong::Unusable(TREND_SVG, error.in_full().message), Wrong::Unmade)
}

/// The example's context.
#[cfg(test)]
pub(super) fn context() -> Option<Context> {
    EXAMPLE_SCENE.with(context::build)
}

impl Scene<'_> {
    /// The report with its figures, handed to what wants it.
    pub(super) fn with<T>(self, use_it: impl FnOnce(&Contents<'_>, &Layout) -> T) -> Option<T> {
        let definition = self.definition.as_bytes();
        let parsed = definition::parse("daily-queues.toml", definition, &Deployment::default());
        let report = parsed.report?;
        let due: Timestamp = "2026-11-24T07:00:00Z".parse().ok()?;
        let window = report.window.window_before(due, &report.zone, &report.calendar).ok()?;
        let compared = report.compare.compared_windows(&window, report.window, &report.calendar);
        let labels = compared.iter().map(|window| window.label(report.locale.language()));
        let against =
            labels.take(1).map(|label| LabelledBase { label, ..LabelledBase::default() }).next();
        let tables: Option<Vec<Table>> = report
            .sections
            .iter()
            .map(|section| self.table(&report, section, &window, against.as_ref()))
            .collect();
        let missing = Missing {
            title: "By agent".to_owned(),
            reason: "Amazon Connect gave no usable answer (SERVICE_ERROR)".to_owned(),
        };
        let contents = Contents {
            report: &report,
            run: "daily-queues/2026-11-23T0000+0000--2026-11-24T0000+0000",
            window: &window,
            tables: &tables?,
            missing: &[missing],
            read_at: due,
            store: None,
        };
        let note = "The attachments are too large for mail (48.0 MB) and were left out.".to_owned();
        let told = FileListing { note: Some(note), ..files::expected_listing(&contents) };
        Some(use_it(&contents, &Layout { rows: usize::MAX, sections: 3, files: told }))
    }

    fn table(
        self,
        report: &Report,
        section: &Section,
        window: &Window,
        against: Option<&LabelledBase>,
    ) -> Option<Table> {
        let mut directory = Directory::default();
        let entries =
            self.queues.iter().map(|(name, ..)| DirectoryEntry::new(name.to_lowercase(), *name));
        directory.insert(Dimension::Queue, entries.collect());
        let query = Query::for_section(section, &report.instance, window, &directory).ok()?;
        let base = Base::of_same_intervals(
            &query,
            self.rows(section, window, |(_, _, before)| *before),
            scene_totals(section, self.totals.1),
        );
        let answer = SectionAnswer {
            rows: self.rows(section, window, |(_, now, _)| *now),
            totals: scene_totals(section, self.totals.0),
            ..SectionAnswer::default()
        };
        let against = against.map(|against| LabelledBase { base, ..against.clone() });
        let mut table = table::build_table(
            section,
            &query,
            &answer,
            against.as_ref(),
            &directory,
            table::MOST_ROWS,
        );
        table.notes.push(Note::Other("How its figures add up is not known."));
        Some(table)
    }

    /// A row for each queue, or of a trend for each hour.
    fn rows(
        self,
        section: &Section,
        window: &Window,
        figures: impl Fn(&Queue<'_>) -> [Figure; 3],
    ) -> Rows {
        let mut rows = Rows::default();
        match section.interval {
            Some(interval) => {
                let figures = self.queues.iter().cycle().map(&figures);
                for (interval, figures) in window.intervals(interval).into_iter().zip(figures) {
                    let interval = Some(Arc::new(interval));
                    rows.add_with(Arc::default(), interval, by_metric(section, figures));
                }
            }
            None => {
                for queue in self.queues {
                    let group: GroupIds = Arc::new([Some(queue.0.to_lowercase().into())]);
                    rows.add_with(group, None, by_metric(section, figures(queue)));
                }
            }
        }
        rows
    }
}

fn scene_totals(section: &Section, figures: [Figure; 3]) -> BTreeMap<MetricQuery, Figure> {
    by_metric(section, figures).map(|(metric, figure)| (metric.as_ref().clone(), figure)).collect()
}

/// The figures of a section's metrics, by their names.
fn by_metric(
    section: &Section,
    [queued, level, answer]: [Figure; 3],
) -> impl Iterator<Item = (Arc<MetricQuery>, Figure)> {
    section.columns.iter().map(move |column| {
        let figure = match column.metric.name.as_str() {
            "CONTACTS_QUEUED" => queued,
            "SERVICE_LEVEL" => level,
            _ => answer,
        };
        (Arc::new(column.metric.clone()), figure)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    /// `docs/TEMPLATES.md` has every value with its example, and no other.
    #[test]
    fn every_value_is_documented() {
        let mut values = BTreeMap::new();
        gather("", &serde_json::to_value(context().unwrap()).unwrap(), &mut values);
        let page = include_str!("../../docs/TEMPLATES.md");
        let (_, page) = page.split_once("\n## Values").unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut documented: BTreeMap<String, String> = rows
            .map(|row| {
                let (path, rest) = row.split_once("` |").unwrap();
                let example = rest.rsplit_once("| `").map_or("", |(_, example)| example);
                (path.to_owned(), example.trim_end_matches("` |").to_owned())
            })
            .collect();
        for (path, example) in &values {
            let found = documented.remove(path);
            assert_eq!(found.as_deref(), Some(example.as_str()), "{path}");
        }
        assert!(documented.is_empty(), "no longer there: {documented:#?}");
    }

    #[test]
    fn templates_of_the_program_have_nothing_wrong() {
        let templates = Templates::built_in().unwrap();
        let silence: Listener = Arc::new(|_| ());
        let found = find_mistakes(&templates, &silence);
        assert!(found.is_empty(), "{found:?}");
        let nobody: [Queue<'_>; 1] = [("Sales", [NO_DATA; 3], [NO_DATA; 3])];
        let plain = Scene {
            definition: PLAIN_DEFINITION,
            queues: &nobody,
            totals: ([NO_DATA; 3], [NO_DATA; 3]),
        };
        assert_eq!(plain.with(|contents, _| contents.tables.len()), Some(1));
    }

    /// Whatever people and contact centres call things stays text in every part.
    #[test]
    fn markup_line_breaks_and_formulas_stay_text() {
        const HOSTILE: &str = "=<i onclick=x>&'\\\"{{ 1 }}</i>";
        let shown = HOSTILE.replace('\\', "");
        let definition =
            ["Daily queue report", "The day at a glance", "By queue", "Through the day"]
                .iter()
                .fold(EXAMPLE_DEFINITION.to_owned(), |text, title| {
                    text.replace(title, &format!("{title}{HOSTILE}"))
                })
                .replace(
                    "metrics = [\n",
                    &format!(
                        "metrics = [\n{{ name = \"CONTACTS_HANDLED\", label = \"{HOSTILE}\" }},\n"
                    ),
                );
        let name = "-<i>&amp;\"'\r\nBcc: x@example.com\u{202e}\u{2028}";
        let queues: [Queue<'_>; 1] = [(name, now([50.0, 10.0, 41.0]), now([400.0, 75.5, 40.0]))];
        let scene = Scene { definition: &definition, queues: &queues, ..EXAMPLE_SCENE };
        let templates = Templates::built_in().unwrap();
        let message =
            scene.with(|contents, _| super::super::Draft::new(&templates, *contents)?.message());
        let message = message.unwrap().unwrap();
        assert!(
            !message.html.contains("<i>")
                && !message.html.contains("<i ")
                && !message.html.contains("Bcc: x@example.com\u{202e}")
        );
        for title in ["Daily queue report", "The day at a glance", "By queue", "Through the day"] {
            assert!(message.text.contains(&format!("{title}{shown}")), "{}", message.text);
        }
        assert!(message.text.contains("-<i>&amp;\"' Bcc: x@example.com"), "{}", message.text);
        assert!(!message.subject.contains(['\r', '\n']) && message.subject.contains(&shown));
        let csv = String::from_utf8(message.attachments[1].content.clone()).unwrap();
        assert!(csv.contains("\"'-<i>&amp;\"\"'\r\nBcc: x@example.com"), "{csv}");
        assert!(!csv.contains("onclick"), "no heading is a label: {csv}");
        for file in &message.attachments {
            assert!(
                file.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)),
                "{}",
                file.name
            );
        }
    }

    /// The path of each value, with the first example that there is.
    fn gather(path: &str, value: &Value, values: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    gather(&path, value, values);
                }
            }
            Value::Array(items) => {
                for item in items {
                    gather(&format!("{path}[]"), item, values);
                }
            }
            Value::Null => {}
            value => {
                let example = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                // A line of a table would end in a longer one.
                let example = example.replace('|', "/").replace('\u{a0}', " ");
                values.entry(path.to_owned()).or_insert(example);
            }
        }
    }
}
