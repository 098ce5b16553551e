//! The figures of a section's columns, and what it makes of them that nothing happened.

use crate::definition::{MetricQuery, Section};
use crate::plan::{Absent, Figure};

/// The figures, and where it is known that nothing happened what that makes of those that are not
/// there.
pub(super) fn figures_or_nothing(
    section: &Section,
    is_known: bool,
    figure: impl Fn(&MetricQuery) -> Option<Figure>,
) -> Vec<Figure> {
    let known = figures(section, figure).into_iter().zip(nothing_happened(section));
    let or_nothing = |(figure, nothing)| match figure {
        Figure::Absent(Absent::NoData) if is_known => nothing,
        figure => figure,
    };
    known.map(or_nothing).collect()
}

pub(super) fn figures(
    section: &Section,
    figure: impl Fn(&MetricQuery) -> Option<Figure>,
) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| figure(&column.metric));
    figures.map(|figure| figure.unwrap_or(Figure::Absent(Absent::NoData))).collect()
}

/// No contacts make 0 in a count or a sum; an average or a rate of nothing has no value.
pub(super) fn nothing_happened(section: &Section) -> Vec<Figure> {
    let figures = section.columns.iter().map(|column| {
        if column.is_sum { Figure::Value(0.0) } else { Figure::Absent(Absent::NoData) }
    });
    figures.collect()
}
