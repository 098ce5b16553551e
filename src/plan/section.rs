//! The answer to a section, from the answers to the requests that it needs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::merge;
use super::planner::has_row_of_everything;
use super::{
    ConflictingRow, MetricQuery, NotAvailable, QueryPlan, RequestAnswer, Row, Rows, SectionAnswer,
    SectionPlan,
};

impl SectionPlan {
    /// The requests that the section needs.
    pub fn requests(&self) -> BTreeSet<usize> {
        let plans = self.rows.iter().chain(&self.totals);
        let parts = plans.flat_map(|plan| &plan.parts);
        parts.flat_map(|part| part.requests.iter().copied()).collect()
    }

    /// The section's answer, from the answers to the requests that it needs.
    ///
    /// # Errors
    /// [`ConflictingRow`] where the answers contradict each other.
    pub fn answer<'a>(
        &self,
        answer: impl Fn(usize) -> Option<&'a RequestAnswer>,
    ) -> Result<SectionAnswer, ConflictingRow> {
        let asked = self.totals.as_ref().map(|plan| plan.merged_answer(&answer)).transpose()?;
        let parts = self.rows.as_ref().map_or_else(Vec::new, |plan| plan.part_answers(&answer));
        let rows = match &self.rows {
            Some(plan) => plan.merge_parts(&parts)?.rows,
            None => Rows::default(),
        };
        let has_totals = asked.as_ref().is_some_and(|answer| !answer.rows.is_empty());
        let totals = asked.as_ref().and_then(|answer| answer.rows.iter().next());
        let totals = totals.into_iter().flat_map(Row::figures);
        let mut section = SectionAnswer {
            is_quiet: !self.requests().is_empty() && rows.is_empty() && !has_totals,
            rows,
            not_available: Vec::new(),
            merged: self.merged_totals(),
            totals: totals.map(|(metric, figure)| (metric.as_ref().clone(), figure)).collect(),
        };
        if !self.of_rows.is_empty() {
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let merged = self.of_rows.iter();
            let merged = merged.map(|(metric, rule)| (metric.clone(), rule.merge(metric, &rows)));
            section.totals.extend(merged);
        }
        if let Some(plan) = &self.rows {
            let lost = self.not_available.iter().filter(|lost| lost.total);
            let rows: Vec<Row<'_>> = parts.iter().flat_map(|answer| answer.rows.iter()).collect();
            let is_derivable = section.is_quiet || has_row_of_everything(&plan.query);
            section.totals.extend(lost.map(|NotAvailable { metric, .. }| {
                let total = is_derivable.then(|| merge::merge_without_rule(metric, &rows));
                (metric.clone(), total.unwrap_or(merge::NOT_AVAILABLE))
            }));
        }
        section.explain_not_available(&self.not_available);
        Ok(section)
    }

    /// The totals that are merged rather than requested.
    fn merged_totals(&self) -> BTreeSet<MetricQuery> {
        let in_parts = self.totals.iter().filter(|plan| !plan.merged_over.is_empty());
        let metrics = in_parts.flat_map(|plan| &plan.query.metrics);
        metrics.chain(self.of_rows.keys()).cloned().collect()
    }
}

impl SectionAnswer {
    /// Sets the reason for each metric that has a figure which is not available: the planned one, or a
    /// general one. A planned reason is dropped where the figures came whole after all.
    fn explain_not_available(&mut self, planned: &[NotAvailable]) {
        const UNKNOWN_COUNT: &str = "How much stands behind some of its parts is not known.";
        let of_totals = self.totals.iter().filter(|(_, figure)| **figure == merge::NOT_AVAILABLE);
        let of_totals = of_totals.map(|(metric, _)| (metric.clone(), true));
        let of_rows =
            self.rows.metrics_with(merge::NOT_AVAILABLE).map(|metric| (metric.clone(), false));
        let mut found: BTreeSet<_> = of_totals.chain(of_rows).collect();
        let planned =
            planned.iter().filter(|lost| found.remove(&(lost.metric.clone(), lost.total)));
        self.not_available = planned.cloned().collect();
        let others = found.into_iter();
        let others =
            others.map(|(metric, total)| NotAvailable { metric, total, reason: UNKNOWN_COUNT });
        self.not_available.extend(others);
    }
}

impl QueryPlan {
    fn merged_answer<'a>(
        &self,
        answer: impl Fn(usize) -> Option<&'a RequestAnswer>,
    ) -> Result<RequestAnswer, ConflictingRow> {
        self.merge_parts(&self.part_answers(&answer))
    }

    /// The answers to the parts, each row with its interval.
    fn part_answers<'a>(
        &self,
        answer: impl Fn(usize) -> Option<&'a RequestAnswer>,
    ) -> Vec<Cow<'a, RequestAnswer>> {
        let answers = self.parts.iter().map(|part| {
            // In the usual case nothing has to be copied.
            if let ([index], None) = (part.requests.as_slice(), &part.interval) {
                return answer(*index).map_or_else(Cow::default, Cow::Borrowed);
            }
            let answers = part.requests.iter().filter_map(|index| answer(*index));
            let mut whole = answers
                .fold(RequestAnswer::default(), |whole, answer| whole.with_metrics_of(answer));
            if let Some(interval) = &part.interval {
                whole.rows.set_interval(&Arc::new(interval.clone()));
            }
            Cow::Owned(whole)
        });
        answers.collect()
    }

    fn merge_parts(
        &self,
        parts: &[Cow<'_, RequestAnswer>],
    ) -> Result<RequestAnswer, ConflictingRow> {
        merge::merge_answers(&self.query, &self.rules, parts, !self.merged_over.is_empty())
    }
}
