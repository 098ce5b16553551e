//! Trying a definition's own subject before anything is asked.

use super::template::{Prepared, subject_at};
use super::{Contents, Layout, Templates, context, files};
use crate::definition::{Placed, Problem, Report, Section, Severity};
use crate::plan::{Directory, Query, SectionAnswer};
use crate::table;
use crate::window::{Calendar, Window, WindowRule};

/// What is wrong with the subject, found by rendering it with a window and without figures.
///
/// A subject that looks into rows may fail here and not with real ones, so that is only warned of.
pub fn check_subject(templates: &Templates, report: &Report) -> Option<Problem> {
    let subject = report.email.subject.as_ref()?;
    let help = "write a Tera template over `report.title`, `report.id`, `window.label` and \
                `window.exactly`, such as \"{{ report.title }}, {{ window.label }}\"";
    let wrong = |found: String| subject.place.error("subject", found, help);
    if let Some(found) = templates.subject_syntax(subject) {
        return Some(wrong(found));
    }
    let problem = wrong(try_subject(templates, report, subject)?);
    match subject.value.contains(".rows") {
        true => Some(Problem { severity: Severity::Warning, ..problem }),
        false => Some(problem),
    }
}

fn try_subject(templates: &Templates, report: &Report, subject: &Placed<String>) -> Option<String> {
    let window = example_window(report)?;
    let (nothing, nobody) = (SectionAnswer::default(), Directory::default());
    let table = |section: &Section| {
        let query = Query::of(section, &report.instance, &window, &nobody).ok()?;
        Some(table::build(section, &query.totals(), &nothing, None, &nobody))
    };
    let tables: Vec<_> = report.sections.iter().filter_map(table).collect();
    let contents = Contents {
        report,
        run: report.id.as_str(),
        window: &window,
        tables: &tables,
        missing: &[],
        read_at: window.end(),
        store: None,
    };
    let layout = Layout { rows: 0, sections: usize::MAX, files: files::hoped(&contents) };
    let context = Prepared::of(&context::of(&contents, &layout));
    let tried = context.and_then(|context| templates.subject(Some(subject), &context));
    tried.err().map(|error| without_place(subject, error.message))
}

/// A window such as those that the report covers.
pub fn example_window(report: &Report) -> Option<Window> {
    let noon = jiff::civil::date(2026, 1, 15).at(12, 0, 0, 0).in_tz("UTC").ok()?.timestamp();
    let window = report.window.before(noon, &report.zone, &report.calendar);
    let day = |_| WindowRule::PreviousDay.before(noon, &report.zone, &Calendar::default());
    window.or_else(day).ok()
}

/// The words of an error; the problem that they become has its place already.
pub(super) fn without_place(subject: &Placed<String>, message: String) -> String {
    message.replace(&subject_at(subject), "the subject")
}
