//! Sections with more columns than a mail has room for: not even one row of such a one can be shown.
//!
//! Only rendering tells how much room a column takes, which depends on labels, targets and the language; so
//! one row of an example is rendered.

use super::contents::{Contents, Layout};
use super::draft::MOST_BYTES;
use super::subject::{example_table, example_window};
use super::template::{TemplateContext, Templates};
use super::{context, files};
use crate::definition::{Problem, Report, Section};
use crate::window::Window;

/// The sections of which a mail by these templates has no room for a single row, each at its first column
/// beyond.
pub fn check_width(templates: &Templates, report: &Report) -> Vec<Problem> {
    let Some(window) = example_window(report) else { return Vec::new() };
    let example = Example { templates, report, window: &window };
    report.sections.iter().filter_map(|section| example.too_wide(section)).collect()
}

/// The things that a row is rendered with.
struct Example<'e> {
    templates: &'e Templates,
    report: &'e Report,
    window: &'e Window,
}

impl Example<'_> {
    fn too_wide(&self, section: &Section) -> Option<Problem> {
        let found = section.columns.len();
        let bytes = self.bytes(section, found)?;
        if bytes <= MOST_BYTES {
            return None;
        }
        // The number of columns that fit is below `too_many`.
        let (mut fits, mut too_many) = (0, found);
        while too_many - fits > 1 {
            let half = fits.midpoint(too_many);
            if self.bytes(section, half)? <= MOST_BYTES {
                fits = half;
            } else {
                too_many = half;
            }
        }
        let message = format!(
            "one row of the section's {found} columns makes a mail of {bytes} bytes, of which Gmail \
             shows {MOST_BYTES}: it can't be sent"
        );
        let help = format!(
            "{fits} of these columns fit: put this one and those after it into another report"
        );
        Some(section.columns.get(fits)?.place.error("too-wide", message, help))
    }

    /// The size of the HTML with one row of the first columns of a section.
    fn bytes(&self, section: &Section, columns: usize) -> Option<usize> {
        let columns = section.columns.iter().take(columns).cloned().collect();
        let section = Section { columns, sort: None, ..section.clone() };
        let mut table = example_table(self.report, &section, self.window)?;
        table.notes.clear();
        let contents = Contents {
            report: self.report,
            run: self.report.id.as_str(),
            window: self.window,
            tables: &[table],
            missing: &[],
            read_at: self.window.end(),
            store: None,
        };
        let layout =
            Layout { rows: 1, sections: usize::MAX, files: files::expected_listing(&contents) };
        let context = TemplateContext::new(&context::build(&contents, &layout)).ok()?;
        // A template fails where it makes far more than a mail takes.
        Some(self.templates.render_html(&context).map_or(usize::MAX, |html| html.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition;
    use crate::settings::Deployment;

    fn found(kind: &str, columns: usize, label: &str) -> Vec<Problem> {
        let metrics = (0..columns).map(|index| {
            format!("  {{ name = \"CONTACTS_QUEUED\", label = \"{label}{index}\" }},\n")
        });
        let text = format!(
            "title = \"Wide\"\nowner = \"workforce@example.com\"\ntimezone = \"UTC\"\n\
             instance = \"arn:aws:connect:eu-west-2:123456789012:instance/i\"\n\
             window = \"previous-day\"\n\
             email = {{ from = \"r@example.com\", to = [\"ops@example.com\"] }}\n\
             [[section]]\ntitle = \"Wide\"\nkind = \"{kind}\"\nfilters = {{ QUEUE = [\"*\"] }}\n\
             metrics = [\n{}]\n",
            metrics.collect::<String>()
        );
        let parsed = definition::parse("wide.toml", text.as_bytes(), &Deployment::default());
        let report = parsed.report.unwrap_or_else(|| panic!("{:?}", parsed.problems));
        check_width(&Templates::built_in().unwrap(), &report)
    }

    /// The columns before the one at which it is told fit, and this one does not.
    #[test]
    fn a_section_that_no_mail_shows_is_told_at_the_first_column_beyond() {
        const FIRST: usize = 11;
        for (kind, label) in [("table", ""), ("totals", ""), ("table", "&&&&&&&&&&&&&&&&&&&&&&&&&")]
        {
            let problems = found(kind, 500, label);
            let [problem] = problems.as_slice() else { panic!("{kind}: {problems:?}") };
            let fits = problem.line - FIRST - 1;
            assert!((20..400).contains(&fits), "{kind}: {fits} columns");
            assert!(problem.help.starts_with(&format!("{fits} of these columns fit")), "{problem}");
            assert!(problem.message.contains("500 columns") && problem.message.contains("99000"));
            assert!(found(kind, fits, label).is_empty());
            assert_eq!(found(kind, fits + 1, label).len(), 1);
        }
        assert!(found("table", 12, "").is_empty());
    }
}
