//! Rows, column by column: there may be a hundred thousand of them, and pages become columns as they
//! arrive.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::figure::Figure;
use crate::definition::MetricQuery;
use crate::window::Window;

/// The ids of a group in the order of the request's groupings; `None` where the group has no such thing,
/// as contacts have that never reached an agent. The rows of one group share it.
pub type Group = Arc<[Option<Arc<str>>]>;

/// The key that tells a row from the others of its question: when its interval begins, and the ids of its
/// groupings.
pub type RowKey = (Option<Timestamp>, Group);

/// Rows with their figures, a column for each metric.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    of: Vec<Of>,
    columns: Vec<Column>,
}

/// The group and the interval that a row is of, the latter where the request asked for any. Rows share both.
#[derive(Clone, Debug)]
struct Of {
    dimensions: Group,
    interval: Option<Arc<Window>>,
}

/// The figures of one metric. A figure that the service left out is missing here too, and those of the
/// last rows may not be there yet.
#[derive(Clone, Debug)]
struct Column {
    metric: Arc<MetricQuery>,
    figures: Vec<Option<Figure>>,
}

/// One of the rows.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    of: &'r Of,
    columns: &'r [Column],
    index: usize,
}

impl Rows {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Each of them in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let row = |(index, of)| Row { of, columns: &self.columns, index };
        self.of.iter().enumerate().map(row)
    }

    /// The intervals that there are rows of, in the order of time.
    pub fn intervals(&self) -> Vec<Arc<Window>> {
        let intervals = self.of.iter().filter_map(|of| of.interval.as_ref());
        let by_start: BTreeMap<Timestamp, &Arc<Window>> =
            intervals.map(|interval| (interval.start(), interval)).collect();
        by_start.into_values().map(Arc::clone).collect()
    }

    /// Adds a row without figures, and returns its place.
    pub fn add(&mut self, dimensions: Group, interval: Option<Arc<Window>>) -> usize {
        self.of.push(Of { dimensions, interval });
        self.of.len() - 1
    }

    /// Adds a row with these figures; of each metric the first counts.
    pub fn add_with<M: Borrow<Arc<MetricQuery>>>(
        &mut self,
        (dimensions, interval): (Group, Option<Arc<Window>>),
        figures: impl IntoIterator<Item = (M, Figure)>,
    ) {
        let row = self.add(dimensions, interval);
        for (metric, figure) in figures {
            // Whoever adds the same metric twice means the same by it.
            let _ = self.set(row, metric.borrow(), figure);
        }
    }

    /// Sets the figure of a metric that has none yet in this row; otherwise gives it back.
    ///
    /// # Errors
    /// The figure, where the metric has one.
    pub fn set(
        &mut self,
        row: usize,
        metric: &Arc<MetricQuery>,
        figure: Figure,
    ) -> Result<(), Figure> {
        let is_its =
            |column: &Column| Arc::ptr_eq(&column.metric, metric) || column.metric == *metric;
        match self.columns.iter_mut().find(|column| is_its(column)) {
            Some(column) => column.set(row, figure),
            None => {
                let mut column = Column { metric: Arc::clone(metric), figures: Vec::new() };
                let set = column.set(row, figure);
                self.columns.push(column);
                set
            }
        }
    }

    /// Makes all of them of this interval.
    pub(super) fn set_interval(&mut self, interval: &Arc<Window>) {
        for of in &mut self.of {
            of.interval = Some(Arc::clone(interval));
        }
    }

    /// The metrics that have this figure in any row.
    pub(super) fn metrics_with(&self, figure: Figure) -> impl Iterator<Item = &MetricQuery> {
        let columns = self.columns.iter();
        let having = columns.filter(move |column| column.figures.contains(&Some(figure)));
        having.map(|column| column.metric.as_ref())
    }
}

impl Column {
    fn set(&mut self, row: usize, figure: Figure) -> Result<(), Figure> {
        match self.figures.get_mut(row) {
            Some(Some(_)) => return Err(figure),
            Some(missing) => *missing = Some(figure),
            None => {
                self.figures.resize(row, None);
                self.figures.push(Some(figure));
            }
        }
        Ok(())
    }
}

impl<'r> Row<'r> {
    /// The ids of its group.
    pub fn dimensions(self) -> &'r Group {
        &self.of.dimensions
    }

    /// The interval that it is of.
    pub fn interval(self) -> Option<&'r Arc<Window>> {
        self.of.interval.as_ref()
    }

    /// The start of its interval, where it has one.
    pub fn start(self) -> Option<Timestamp> {
        self.interval().map(|interval| interval.start())
    }

    /// The key that tells it from the others of its question.
    pub fn key(self) -> RowKey {
        (self.start(), Arc::clone(self.dimensions()))
    }

    /// The figure of a metric.
    pub fn get(self, metric: &MetricQuery) -> Option<Figure> {
        let column = self.columns.iter().find(|column| *column.metric == *metric)?;
        column.figures.get(self.index).copied().flatten()
    }

    /// Every metric with its figure.
    pub fn figures(self) -> impl Iterator<Item = (&'r Arc<MetricQuery>, Figure)> {
        let figure = move |column: &'r Column| {
            let figure = column.figures.get(self.index).copied().flatten();
            Some((&column.metric, figure?))
        };
        self.columns.iter().filter_map(figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_their_rows() {
        let metric = |name: &str| {
            Arc::new(MetricQuery { name: name.to_owned(), threshold: None, filters: Vec::new() })
        };
        let (queued, handled) = (metric("CONTACTS_QUEUED"), metric("CONTACTS_HANDLED"));
        let mut rows = Rows::default();
        let (first, second) = (rows.add(Group::default(), None), rows.add(Group::default(), None));
        assert_eq!(rows.set(second, &handled, Figure::Value(2.0)), Ok(()));
        assert_eq!(rows.set(first, &queued, Figure::Value(1.0)), Ok(()));
        // The same metric, whoever asks for it.
        let again = metric("CONTACTS_HANDLED");
        assert_eq!(rows.set(second, &again, Figure::Value(3.0)), Err(Figure::Value(3.0)));
        assert_eq!(rows.set(first, &again, Figure::Value(4.0)), Ok(()));
        let figures: Vec<_> =
            rows.iter().map(|row| [row.get(&queued), row.get(&handled)]).collect();
        let value = |value: f64| Some(Figure::Value(value));
        assert_eq!(figures, [[value(1.0), value(4.0)], [None, value(2.0)]]);
        assert_eq!(rows.iter().last().map(|row| row.figures().count()), Some(1));
    }
}
