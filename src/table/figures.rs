//! The figures of a section's columns, with and without contacts.

use crate::definition::{MetricQuery, Section};
use crate::plan::{Absent, Figure};

/// The figures of a section's columns. Where it `is_known` that nothing happened, missing figures become
/// those of no contacts.
pub(super) fn figures_or_empty(
    section: &Section,
    is_known: bool,
    figure: impl Fn(&MetricQuery) -> Option<Figure>,
) -> Vec<Figure> {
    let figures = column_figures(section, figure).into_iter().zip(empty_figures(section));
    let figures = figures.map(|(figure, empty)| match figure {
        Figure::Absent(Absent::NoData) if is_known => empty,
        figure => figure,
    });
    figures.collect()
}

/// The figures of a section's columns; absent where the answer has none.
pub(super) fn column_figures(
    section: &Section,
    figure: impl Fn(&MetricQuery) -> Option<Figure>,
) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| figure(&column.metric));
    figures.map(|figure| figure.unwrap_or(Figure::Absent(Absent::NoData))).collect()
}

/// The figures of no contacts: 0 for a count or a sum, and none for an average or a rate.
pub(super) fn empty_figures(section: &Section) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| {
        if column.is_sum { Figure::Value(0.0) } else { Figure::Absent(Absent::NoData) }
    });
    figures.collect()
}
