//! The questions of a report's sections, and the sections that ask for what the instance does not have.

use std::collections::BTreeMap;

use crate::definition::{Column, Dimension, Partial, Problem, Report, Section};
use crate::error::{Code, Error, Stage};
use crate::language::Language;
use crate::metric::limits::Limits;
use crate::plan::{self, Directory, FilterIds, Obstacle, Query, Unresolved, UnresolvedKind};
use crate::render::isolated;
use crate::run::definitions::{MOST_TOLD, defective, too_many_requests};
use crate::window::Window;

/// The questions of a report's sections for one window.
pub(crate) struct SectionQueries {
    /// For each section that can be asked for one question, and one for each window that it is
    /// compared with.
    pub(crate) queries: Vec<Query>,
    /// The others, by their places in the report.
    pub(crate) unplanned: BTreeMap<usize, UnplannedSection>,
}

/// A section that can't be asked for.
#[derive(Clone, Debug)]
pub(crate) struct UnplannedSection {
    /// The error, with every problem of the section.
    pub(crate) error: Error,
    /// The entries that it can't be asked for with.
    obstacles: Vec<Obstacle>,
}

/// The most names of one kind that those who read the report are told.
const MOST_NAMES: usize = 20;

impl UnplannedSection {
    /// The reason why it can't be asked for, for those who read the report: a sentence for each kind of reason.
    pub(crate) fn reason(&self, language: Language) -> String {
        let mut sentences: Vec<(&str, Vec<String>)> = Vec::new();
        for Obstacle { kind, is_left_out, entry, .. } in &self.obstacles {
            let english = match (kind, is_left_out) {
                (UnresolvedKind::Ambiguous, _) => {
                    "Amazon Connect has more than one by this name: {names}"
                }
                (UnresolvedKind::NothingLeft, _) => {
                    "All that the section selects is left out: {names}"
                }
                (_, true) => "Amazon Connect does not have what the section leaves out: {names}",
                (_, false) => "Amazon Connect does not have what the section selects: {names}",
            };
            let entry = isolated(entry);
            match sentences.iter_mut().find(|(other, _)| *other == english) {
                Some((_, entries)) if entries.contains(&entry) => {}
                Some((_, entries)) if entries.len() > MOST_NAMES => {}
                // That there are more.
                Some((_, entries)) if entries.len() == MOST_NAMES => entries.push("…".to_owned()),
                Some((_, entries)) => entries.push(entry),
                None => sentences.push((english, vec![entry])),
            }
        }
        let said: Vec<String> = sentences
            .iter()
            .map(|(english, names)| language.say_with(english, &[("names", &names.join(", "))]))
            .collect();
        said.join(". ")
    }
}

/// The windows that a report asks for.
#[derive(Clone, Copy)]
pub(crate) struct QueryWindows<'w> {
    /// The one that it reports.
    pub(crate) window: &'w Window,
    /// The windows that it is compared with.
    pub(crate) compared: &'w [Window],
}

impl SectionQueries {
    /// The questions of the sections, with names resolved.
    ///
    /// # Errors
    /// Everything that the instance does not have, with its places: a selection, a level of the hierarchy, a
    /// target's name. With `partial = "banner"` only where no section is left.
    pub(crate) fn resolve(
        report: &Report,
        windows: QueryWindows<'_>,
        directory: &Directory,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let QueryWindows { window, compared } = windows;
        let (mut queries, mut unplanned, mut problems) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (place, section) in report.sections.iter().enumerate() {
            match Query::for_section(section, &report.instance, window, directory) {
                Ok(query) => {
                    problems.extend(unknown_targets(section, &query.filters, directory));
                    let bases = plan::comparison_queries(&query, compared, limits);
                    queries.extend(std::iter::once(query).chain(bases));
                }
                Err(found) => {
                    let of_section: Vec<_> =
                        found.iter().map(|obstacle| obstacle.problem.clone()).collect();
                    let error = unplannable(&of_section);
                    unplanned.insert(place, UnplannedSection { error, obstacles: found });
                    problems.extend(of_section);
                }
            }
        }
        let requests = queries.iter().map(|query| plan::request_count(query, limits));
        let requests = requests.fold(0, usize::saturating_add);
        if requests > plan::MOST_REQUESTS {
            let (message, help) = too_many_requests(requests);
            return Err(Error::new(Code::ValidationError, Stage::Plan, message).hint(help));
        }
        let is_left = unplanned.len() < report.sections.len();
        if problems.is_empty() || (is_left && report.partial == Partial::Banner) {
            Ok(Self { queries, unplanned })
        } else {
            Err(unplannable(&problems))
        }
    }
}

/// A target by a name that nothing has which the section shows.
pub(crate) struct StaleTarget<'s> {
    /// The index of the column that has the target.
    pub(crate) index: usize,
    /// The name.
    pub(crate) name: &'s str,
    /// The column.
    column: &'s Column,
    /// The reason why it is of nothing.
    reason: Unresolved,
}

/// Targets of what the section does not show: they would never count, and nobody would know.
pub(crate) fn stale_targets<'s>(
    section: &'s Section,
    filters: &FilterIds,
    directory: &Directory,
) -> Vec<StaleTarget<'s>> {
    let selected = |key: &Dimension| filters.get(key).map(Vec::as_slice);
    // One of the groupings has to know it.
    let is_known = |name: &str| {
        let mut keys = section.group_by.iter();
        section.group_by.is_empty()
            || keys.any(|key| directory.shows_target(key, name, selected(key)))
    };
    let reason = |name: &str| {
        let of_key = |key: &Dimension| directory.check_target(key, name, selected(key)).err();
        section.group_by.iter().find_map(of_key)
    };
    // What is near is looked for among all names, and not for more than people read.
    let short = |name: &str| Unresolved {
        kind: UnresolvedKind::NotShown,
        message: format!("the section shows nothing that is called `{name}`"),
        help: "select it in `filters`, or remove the target".to_owned(),
    };
    let mut stale = Vec::new();
    for (index, column) in section.columns.iter().enumerate() {
        for name in column.targets.keys().filter(|name| !is_known(name)) {
            let full = if stale.len() < MOST_TOLD { reason(name) } else { None };
            let reason = full.unwrap_or_else(|| short(name));
            stale.push(StaleTarget { index, name, column, reason });
        }
    }
    stale
}

fn unknown_targets(section: &Section, filters: &FilterIds, directory: &Directory) -> Vec<Problem> {
    let problem = |StaleTarget { column, reason, .. }: StaleTarget<'_>| {
        let message = format!("a target of {}: {}", column.label, reason.message);
        column.place.error("target", message, reason.help)
    };
    stale_targets(section, filters, directory).into_iter().map(problem).collect()
}

/// The names in a report's sections that the instance does not have. With those that are errors a run can't ask
/// for the section.
pub(crate) fn name_problems(report: &Report, directory: &Directory) -> Vec<Problem> {
    let of_section = |section: &Section| match plan::resolve_filters(section, directory) {
        Ok(filters) => unknown_targets(section, &filters, directory),
        Err(obstacles) => obstacles.into_iter().map(|obstacle| obstacle.problem).collect(),
    };
    let sections = report.sections.iter();
    sections
        .flat_map(|section| {
            of_section(section).into_iter().chain(plan::unmatched_entries(section, directory))
        })
        .collect()
}

/// The error for sections that can't be asked for.
fn unplannable(problems: &[Problem]) -> Error {
    defective(Stage::Plan, problems, 0, |problem| {
        let Problem { file, line, column, message, .. } = problem;
        format!("{file}:{line}:{column}: {message}")
    })
}
