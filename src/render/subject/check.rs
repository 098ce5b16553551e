//! Trying a definition's own subject before anything is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::contents::{Contents, FileListing, Layout, Missing};
use super::super::failure::Failure;
use super::super::template::{TemplateContext, Templates};
use super::super::{context, files};
use super::subject_line;
use crate::definition::{
    MetricQuery, Place, Placed, Problem, Report, Section, Selector, Severity, Subject,
};
use crate::plan::{Base, Directory, Figure, GroupIds, Query, Rows, SectionAnswer};
use crate::table::{self, LabelledBase, Note, Table};
use crate::window::{Calendar, Window, WindowRule};

/// Finds what is wrong with the subject by rendering it for an example in which the report has every
/// value that it can have, and for one in which it has no figures.
///
/// A subject that only the second stops fails on some days, which is warned of.
pub fn check_subject(templates: &Templates, report: &Report) -> Option<Problem> {
    let subject = report.email.subject.as_ref()?;
    let filled = try_subject(templates, report, subject, Example::Filled)?;
    let wrong = match filled {
        Tried::Made => {
            return problem_of_some_windows(
                subject,
                try_subject(templates, report, subject, Example::Bare)?,
            );
        }
        Tried::Empty => match try_subject(templates, report, subject, Example::Bare)? {
            Tried::Made => return problem_of_some_windows(subject, Tried::Empty),
            _ => subject.place.error("subject", "the subject is empty", "write something here"),
        },
        Tried::Failed(failure) => {
            let help = "docs/TEMPLATES.md lists every value; `if` asks whether one is there";
            subject_problem(&subject.place, failure, help)
        }
    };
    Some(wrong)
}

/// The warning that a subject can't be rendered always.
fn problem_of_some_windows(subject: &Placed<Subject>, tried: Tried) -> Option<Problem> {
    let place = &subject.place;
    let problem = match tried {
        Tried::Made => return None,
        Tried::Empty => {
            let help = "write something that is always there";
            place.error("subject", "the subject is empty where its values are", help)
        }
        Tried::Failed(failure) => {
            let help = "the report fails in a window without it; ask first, as in \
                        `{% if attention %}{{ attention[0].text }}{% endif %}`";
            subject_problem(place, failure, help)
        }
    };
    Some(Problem { severity: Severity::Warning, ..problem })
}

fn subject_problem(place: &Place, failure: Failure, help: &str) -> Problem {
    let Failure { spot, kind, quoted } = failure;
    let found = match spot {
        Some(spot) if spot.line > 1 => {
            format!("{kind} (line {} of it, character {})", spot.line, spot.column)
        }
        Some(spot) => format!("{kind} (at character {})", spot.column),
        None => kind,
    };
    Problem { quoted, ..place.error("subject", found, help) }
}

/// The figures with which a report is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Example {
    /// All that it can have is there.
    Filled,
    /// It has no figures.
    Bare,
}

/// The outcome of a trial.
enum Tried {
    Made,
    Empty,
    Failed(Failure),
}

fn try_subject(
    templates: &Templates,
    report: &Report,
    subject: &Placed<Subject>,
    example: Example,
) -> Option<Tried> {
    let window = example_window(report)?;
    let is_filled = example == Example::Filled;
    let against = is_filled.then(|| example_comparison(report, &window)).flatten();
    let scene = Scene { report, window: &window, against: against.as_ref(), example };
    let tables: Vec<Table> =
        report.sections.iter().filter_map(|section| scene.table(section)).collect();
    let missing = Missing { title: "By agent".to_owned(), reason: "no answer".to_owned() };
    let contents = Contents {
        report,
        run: report.id.as_str(),
        window: &window,
        tables: &tables,
        missing: if is_filled { std::slice::from_ref(&missing) } else { &[] },
        read_at: window.end(),
        store: None,
    };
    let note = is_filled.then(|| "The files are too large.".to_owned());
    let told = FileListing { note, ..files::expected_listing(&contents) };
    // Fewer rows than there are, so that it says so.
    let layout = Layout { rows: EXAMPLE_ROWS.len() - 1, sections: usize::MAX, files: told };
    let context = context::build(&contents, &layout);
    let context = if is_filled { context.filled() } else { context };
    let context = TemplateContext::new(&context.isolated()).ok()?;
    Some(match templates.own_subject(&subject.value, &context) {
        Err(failure) => Tried::Failed(failure),
        Ok(text) if subject_line(&text).is_empty() => Tried::Empty,
        Ok(_) => Tried::Made,
    })
}

/// A window such as those that the report covers.
pub fn example_window(report: &Report) -> Option<Window> {
    let noon = jiff::civil::date(2026, 1, 15).at(12, 0, 0, 0).in_tz("UTC").ok()?.timestamp();
    let window = report.window.window_before(noon, &report.zone, &report.calendar);
    let day = |_| WindowRule::PreviousDay.window_before(noon, &report.zone, &Calendar::default());
    window.or_else(day).ok()
}

/// A row of the example: its name, with its figures now and before.
#[derive(Clone, Copy)]
struct ExampleRow {
    name: &'static str,
    now: f64,
    before: f64,
}

const EXAMPLE_ROWS: [ExampleRow; 3] = [
    ExampleRow { name: "Sales", now: 50.0, before: 40.0 },
    ExampleRow { name: "Support", now: 40.0, before: 40.0 },
    ExampleRow { name: "Billing", now: 30.0, before: 40.0 },
];

/// The comparison of the report, if it has one.
fn example_comparison(report: &Report, window: &Window) -> Option<LabelledBase> {
    let compared = report.compare.compared_windows(window, report.window, &report.calendar);
    let label = compared.first()?.label(report.locale.language());
    Some(LabelledBase { label, ..LabelledBase::default() })
}

/// A report in a window, with the figures that it is tried with.
struct Scene<'s> {
    report: &'s Report,
    window: &'s Window,
    against: Option<&'s LabelledBase>,
    example: Example,
}

impl Scene<'_> {
    fn table(&self, section: &Section) -> Option<Table> {
        let section = &by_id(section);
        let window = self.window;
        let nobody = Directory::default();
        let query = Query::for_section(section, &self.report.instance, window, &nobody).ok()?;
        if self.example == Example::Bare {
            let nothing = SectionAnswer::default();
            return Some(table::build_table(section, &query.totals(), &nothing, None, &nobody, 0));
        }
        let before = example_rows(section, window, |row| row.before);
        let base = Base::of_same_intervals(&query, before, example_totals(section, 40.0));
        let against = self.against.map(|against| LabelledBase { base, ..against.clone() });
        let answer = SectionAnswer {
            rows: example_rows(section, window, |row| row.now),
            totals: example_totals(section, 50.0),
            ..SectionAnswer::default()
        };
        let mut table = table::build_table(
            section,
            &query,
            &answer,
            against.as_ref(),
            &nobody,
            table::MOST_ROWS,
        );
        table.notes.push(Note::Other("How its figures add up is not known."));
        Some(table)
    }
}

/// A section's table with the example's rows, and with nothing that it is compared with.
#[cfg(any(test, feature = "cli"))]
pub(in crate::render) fn example_table(
    report: &Report,
    section: &Section,
    window: &Window,
) -> Option<Table> {
    Scene { report, window, against: None, example: Example::Filled }.table(section)
}

/// The section with the example's ids in the place of names and patterns.
fn by_id(section: &Section) -> Section {
    let mut section = section.clone();
    section.grouping_places.clear();
    for selection in section.filters.values_mut() {
        selection.left_out.clear();
        let place = selection.taken.first().map(|selector| selector.place.clone());
        let ids = place.iter().flat_map(|place| {
            EXAMPLE_ROWS.map(|row| Placed {
                value: Selector::Id(row.name.to_owned()),
                place: place.clone(),
            })
        });
        selection.taken = ids.collect();
    }
    section
}

fn example_rows(section: &Section, window: &Window, figure: fn(ExampleRow) -> f64) -> Rows {
    let mut rows = Rows::default();
    let metrics: Vec<Arc<MetricQuery>> =
        section.columns.iter().map(|column| Arc::new(column.metric.clone())).collect();
    let intervals: Vec<Option<Arc<Window>>> = match section.interval {
        Some(interval) => {
            let first = window.intervals(interval).into_iter().take(EXAMPLE_ROWS.len());
            first.map(|interval| Some(Arc::new(interval))).collect()
        }
        None => vec![None],
    };
    // Without a grouping there is one row for each interval.
    let count = if section.group_by.is_empty() { 1 } else { EXAMPLE_ROWS.len() };
    for interval in intervals {
        for row in EXAMPLE_ROWS.iter().take(count) {
            let group: GroupIds =
                section.group_by.iter().map(|_| Some(Arc::from(row.name))).collect();
            let value = Figure::Value(figure(*row));
            let figures = metrics.iter().map(|metric| (metric, value));
            rows.add_with(group, interval.clone(), figures);
        }
    }
    rows
}

fn example_totals(section: &Section, figure: f64) -> BTreeMap<MetricQuery, Figure> {
    let columns = section.columns.iter();
    columns.map(|column| (column.metric.clone(), Figure::Value(figure))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::example::{EXAMPLE_DEFINITION, EXAMPLE_SCENE};
    use super::*;
    use crate::definition;
    use crate::settings::Deployment;

    fn checked(definition: &str, subject: &str) -> Option<Problem> {
        let subject = format!("[email]\nsubject = '''{subject}'''\n");
        let definition = definition.replace("[email]\n", &subject);
        let parsed = definition::parse("a.toml", definition.as_bytes(), &Deployment::default());
        let report = parsed.report.unwrap_or_else(|| panic!("{:?}", parsed.problems));
        check_subject(&Templates::built_in().unwrap(), &report)
    }

    /// Each value that `docs/TEMPLATES.md` lists can be used by a subject, when it is checked and
    /// when the message is made.
    #[test]
    fn every_documented_value_works_in_a_subject() {
        let page = include_str!("../../../docs/TEMPLATES.md");
        let (_, page) = page.split_once("\n## Values").unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let paths: Vec<&str> = rows.map(|row| row.split_once('`').unwrap().0).collect();
        assert!(paths.len() > 80, "{paths:?}");
        for path in paths {
            // Sections and columns differ in what they have: each value is one of some of them.
            let places = (0..3).flat_map(|section| (0..2).map(move |column| (section, column)));
            let subjects = places.map(|(section, column)| {
                let path = path.replacen("sections[]", &format!("sections[{section}]"), 1);
                let path = path.replacen("figures[]", &format!("figures[{column}]"), 1);
                format!("x {{{{ {} }}}}", path.replace("[]", "[0]"))
            });
            let is_right = |subject: &String| {
                let problem = checked(EXAMPLE_DEFINITION, subject);
                problem.is_none_or(|problem| problem.severity == Severity::Warning)
            };
            let subject = subjects.into_iter().find(is_right);
            let subject = subject.unwrap_or_else(|| panic!("{path} is refused"));
            let parsed: Subject = subject.parse().unwrap();
            let made = EXAMPLE_SCENE.with(|contents, layout| {
                let context = TemplateContext::new(&context::build(contents, layout)).unwrap();
                let made = Templates::built_in().unwrap().own_subject(&parsed, &context);
                made.map(|text| subject_line(&text))
            });
            assert!(made.unwrap().is_ok_and(|text| text.starts_with('x')), "{path}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_what_may_be_missing_is_warned_of() {
        let told = |subject: &str| {
            let problem = checked(EXAMPLE_DEFINITION, subject)?;
            Some((problem.severity, problem.message))
        };
        for subject in ["{{ result }}", "{{ sections[1].totals[0].text }}", "{{ run }}"] {
            assert_eq!(told(subject), None, "{subject}");
        }
        use Severity::{Error, Warning};
        for (subject, severity, message) in [
            ("{{ report.titel }}", Error, "there is no value `titel` (at character 11)"),
            ("{{ sections[7].title }}", Error, "a value is not there (at character 4)"),
            ("{# only this #}", Error, "the subject is empty"),
            (
                "{{ report.title | int }}",
                Error,
                "what stands here can't be rendered (at character 19)",
            ),
            ("{{ attention[0].text }}", Warning, "a value is not there (at character 4)"),
            (
                "{{ sections[1].rows[0].names[0] }}",
                Warning,
                "a value is not there (at character 16)",
            ),
            (
                "{% if attention %}x{% endif %}",
                Warning,
                "the subject is empty where its values are",
            ),
        ] {
            assert_eq!(told(subject), Some((severity, message.to_owned())), "{subject}");
        }
    }

    /// Tera quotes the title that is no number; the problem keeps that to those who may read it.
    #[test]
    fn a_problem_quotes_no_value() {
        let problem = checked(EXAMPLE_DEFINITION, "{{ report.title | int }}").unwrap();
        assert!(!format!("{problem}").contains("Daily"), "{problem}");
        assert!(!serde_json::to_string(&problem).unwrap().contains("Daily"));
        assert!(problem.in_full().message.contains("Daily queue report"));
    }
}
