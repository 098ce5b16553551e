//! The answer to a section, from the answers to the requests that it needs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::merge;
use super::planner::has_row_of_everything;
use super::{
    Absent, Answer, Figure, MetricQuery, NotAvailable, Part, Recipe, Row, Rows, SameRow,
    SectionAnswer, SectionPlan,
};

impl SectionPlan {
    /// The requests that it needs.
    pub fn requests(&self) -> BTreeSet<usize> {
        let recipes = self.rows.iter().chain(&self.totals);
        let parts = recipes.flat_map(|recipe| &recipe.parts);
        parts.flat_map(|part| part.requests.iter().copied()).collect()
    }

    /// The section's answer, from the answers to the requests that it needs.
    ///
    /// # Errors
    /// [`SameRow`] where the answers contradict each other.
    pub fn answer<'a>(
        &self,
        answer: impl Fn(usize) -> Option<&'a Answer>,
    ) -> Result<SectionAnswer, SameRow> {
        let asked = self.totals.as_ref().map(|recipe| recipe.answer(&answer)).transpose()?;
        let parts = self.rows.as_ref().map_or_else(Vec::new, |recipe| recipe.parts_of(&answer));
        let rows = match &self.rows {
            Some(recipe) => recipe.merged(&parts)?.rows,
            None => Rows::default(),
        };
        let has_totals = asked.as_ref().is_some_and(|answer| !answer.rows.is_empty());
        let totals = asked.as_ref().and_then(|answer| answer.rows.iter().next());
        let totals = totals.into_iter().flat_map(Row::figures);
        let mut section = SectionAnswer {
            is_quiet: !self.requests().is_empty() && rows.is_empty() && !has_totals,
            rows,
            not_available: Vec::new(),
            merged: self.merged(),
            totals: totals.map(|(metric, figure)| (metric.as_ref().clone(), figure)).collect(),
        };
        if !self.of_rows.is_empty() {
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let merged = self.of_rows.iter();
            let merged = merged.map(|(metric, rule)| (metric.clone(), rule.merge(metric, &rows)));
            section.totals.extend(merged);
        }
        if let Some(recipe) = &self.rows {
            let lost = self.not_available.iter().filter(|lost| lost.total);
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let is_told = section.is_quiet || has_row_of_everything(&recipe.query);
            section.totals.extend(lost.map(|NotAvailable { metric, .. }| {
                let told = is_told.then(|| merge::without_rule(metric, &rows));
                (metric.clone(), told.unwrap_or(LOST))
            }));
        }
        section.tell_lost(&self.not_available);
        Ok(section)
    }

    /// The totals that are merged rather than answered as such.
    fn merged(&self) -> BTreeSet<MetricQuery> {
        let in_parts = self.totals.iter().filter(|recipe| !recipe.merged_over.is_empty());
        let metrics = in_parts.flat_map(|recipe| &recipe.query.metrics);
        metrics.chain(self.of_rows.keys()).cloned().collect()
    }
}

/// The figure that can't be had.
const LOST: Figure = Figure::Absent(Absent::NotAvailable);

impl SectionAnswer {
    /// Says why of each metric that has a figure which is not available: as it was planned, or that it
    /// turned out so. What was planned to be lost and came whole after all is not told.
    fn tell_lost(&mut self, planned: &[NotAvailable]) {
        const REASON: &str = "How much stands behind some of its parts is not known.";
        let of_totals = self.totals.iter().filter(|(_, figure)| **figure == LOST);
        let of_totals = of_totals.map(|(metric, _)| (metric.clone(), true));
        let of_rows = self.rows.metrics_with(LOST).map(|metric| (metric.clone(), false));
        let mut found: BTreeSet<_> = of_totals.chain(of_rows).collect();
        let was_planned = |lost: &&NotAvailable| found.remove(&(lost.metric.clone(), lost.total));
        self.not_available = planned.iter().filter(was_planned).cloned().collect();
        let others = found.into_iter();
        let others = others.map(|(metric, total)| NotAvailable { metric, total, reason: REASON });
        self.not_available.extend(others);
    }
}

impl Recipe {
    fn answer<'a>(&self, answer: impl Fn(usize) -> Option<&'a Answer>) -> Result<Answer, SameRow> {
        self.merged(&self.parts_of(&answer))
    }

    /// The answers to the parts, each row with the interval that it is of.
    fn parts_of<'a>(&self, answer: impl Fn(usize) -> Option<&'a Answer>) -> Vec<Cow<'a, Answer>> {
        let part = |part: &Part| {
            // As it mostly is: nothing has to be copied.
            if let ([index], None) = (part.requests.as_slice(), &part.interval) {
                return answer(*index).map_or_else(Cow::default, Cow::Borrowed);
            }
            let answers = part.requests.iter().filter_map(|index| answer(*index));
            let mut whole = answers.fold(Answer::default(), |whole, answer| whole.beside(answer));
            if let Some(interval) = &part.interval {
                whole.rows.set_interval(&Arc::new(interval.clone()));
            }
            Cow::Owned(whole)
        };
        self.parts.iter().map(part).collect()
    }

    fn merged(&self, parts: &[Cow<'_, Answer>]) -> Result<Answer, SameRow> {
        merge::merge(&self.query, &self.rules, parts, !self.merged_over.is_empty())
    }
}
