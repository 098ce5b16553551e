//! The queries of a report's sections, and the sections that name what the instance does not have.

use std::collections::BTreeMap;

use crate::definition::{Column, Dimension, Partial, Problem, Report, Section};
use crate::error::{Code, Error, Stage};
use crate::language::Language;
use crate::metric::limits::Limits;
use crate::plan::{self, Directory, FilterIds, Obstacle, Query, Unresolved, UnresolvedKind};
use crate::render::isolated;
use crate::run::definitions::{MOST_TOLD, defective, too_many_requests};
use crate::window::Window;

/// The queries of a report's sections.
pub(crate) struct SectionQueries {
    /// The queries of each section that can be asked for: first its own, then one for each window that it is
    /// compared with.
    pub(crate) queries: Vec<Query>,
    /// The other sections, by their places in the report.
    pub(crate) unplanned: BTreeMap<usize, UnplannedSection>,
}

/// A section that can't be asked for.
#[derive(Clone, Debug)]
pub(crate) struct UnplannedSection {
    /// The error, with every problem of the section.
    pub(crate) error: Error,
    /// The entries because of which it can't be asked for.
    obstacles: Vec<Obstacle>,
}

/// The largest number of names of one kind in a reason that readers of the report see.
const MOST_NAMES: usize = 20;

impl UnplannedSection {
    /// The reason why it can't be asked for, in the words for readers of the report: a sentence for each kind.
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
                // A sign that there are more.
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
    /// The window that it covers.
    pub(crate) window: &'w Window,
    /// The windows that it is compared with.
    pub(crate) compared: &'w [Window],
}

impl SectionQueries {
    /// Builds the queries of the sections, with names resolved.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with everything that the instance does not have and its places: a selection, a level of
    /// the hierarchy, a target's name. With `partial = "banner"` only where no section is left.
    pub(crate) fn resolve(
        report: &Report,
        windows: QueryWindows<'_>,
        directory: &Directory,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let QueryWindows { window, compared } = windows;
        let mut queries = Vec::new();
        let mut unplanned = BTreeMap::new();
        let mut problems = Vec::new();
        for (place, section) in report.sections.iter().enumerate() {
            match Query::for_section(section, &report.instance, window, directory) {
                Ok(query) => {
                    problems.extend(unknown_targets(section, &query.filters, directory));
                    let bases = plan::comparison_queries(&query, compared, limits);
                    queries.extend(std::iter::once(query).chain(bases));
                }
                Err(found) => {
                    let own: Vec<_> =
                        found.iter().map(|obstacle| obstacle.problem.clone()).collect();
                    let error = unplannable(&own);
                    unplanned.insert(place, UnplannedSection { error, obstacles: found });
                    problems.extend(own);
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

/// A target for a name that nothing in the section has.
pub(crate) struct StaleTarget<'s> {
    /// The index of the column that has the target.
    pub(crate) index: usize,
    /// The name.
    pub(crate) name: &'s str,
    /// The column.
    column: &'s Column,
    /// The reason why nothing has the name.
    reason: Unresolved,
}

/// Finds the targets for names that nothing in the section has: they would never apply, and nobody would know.
pub(crate) fn stale_targets<'s>(
    section: &'s Section,
    filters: &FilterIds,
    directory: &Directory,
) -> Vec<StaleTarget<'s>> {
    let shown = ShownNames { groupings: &section.group_by, filters, directory };
    let mut stale = Vec::new();
    for (index, column) in section.columns.iter().enumerate() {
        for name in column.targets.keys().filter(|name| !shown.contains(name)) {
            // Similar names are looked for among all names, and only for as many problems as people read.
            let full = if stale.len() < MOST_TOLD { shown.why_missing(name) } else { None };
            let reason = full.unwrap_or_else(|| not_shown(name));
            stale.push(StaleTarget { index, name, column, reason });
        }
    }
    stale
}

/// The names that a section shows.
struct ShownNames<'s> {
    groupings: &'s [Dimension],
    filters: &'s FilterIds,
    directory: &'s Directory,
}

impl<'s> ShownNames<'s> {
    /// Tells whether one of the groupings shows something by this name.
    fn contains(&self, name: &str) -> bool {
        let mut keys = self.groupings.iter();
        self.groupings.is_empty()
            || keys.any(|key| self.directory.shows_target(key, name, self.selected(key)))
    }

    /// The reason why the groupings show nothing by this name, with similar names.
    fn why_missing(&self, name: &str) -> Option<Unresolved> {
        self.groupings
            .iter()
            .find_map(|key| self.directory.check_target(key, name, self.selected(key)).err())
    }

    fn selected(&self, key: &Dimension) -> Option<&'s [String]> {
        self.filters.get(key).map(Vec::as_slice)
    }
}

fn not_shown(name: &str) -> Unresolved {
    Unresolved {
        kind: UnresolvedKind::NotShown,
        message: format!("the section shows nothing that is called `{name}`"),
        help: "select it in `filters`, or remove the target".to_owned(),
    }
}

fn unknown_targets(section: &Section, filters: &FilterIds, directory: &Directory) -> Vec<Problem> {
    stale_targets(section, filters, directory).into_iter().map(StaleTarget::problem).collect()
}

impl StaleTarget<'_> {
    fn problem(self) -> Problem {
        let message = format!("a target of {}: {}", self.column.label, self.reason.message);
        self.column.place.error("target", message, self.reason.help)
    }
}

/// The problems with names in a report's sections that the instance does not have. A section with errors among
/// them can't be asked for.
pub(crate) fn name_problems(report: &Report, directory: &Directory) -> Vec<Problem> {
    let mut problems = Vec::new();
    for section in &report.sections {
        match plan::resolve_filters(section, directory) {
            Ok(filters) => problems.extend(unknown_targets(section, &filters, directory)),
            Err(found) => problems.extend(found.into_iter().map(|obstacle| obstacle.problem)),
        }
        problems.extend(plan::unmatched_entries(section, directory));
    }
    problems
}

/// The error for sections that can't be asked for.
fn unplannable(problems: &[Problem]) -> Error {
    defective(Stage::Plan, problems, 0, |problem| {
        let Problem { file, line, column, message, .. } = problem;
        format!("{file}:{line}:{column}: {message}")
    })
}
