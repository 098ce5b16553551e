//! Rows, stored column by column. There may be a hundred thousand of them; pages become columns as they
//! arrive.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::figure::Figure;
use crate::definition::MetricQuery;
use crate::window::Window;

/// The ids of a group in the order of the request's groupings. An id is `None` where there is none, as for
/// contacts that never reached an agent. The rows of one group share it.
pub type GroupIds = Arc<[Option<Arc<str>>]>;

/// The key that tells a row from the others of its query: the start of its interval, and the ids of its
/// group.
pub type RowKey = (Option<Timestamp>, GroupIds);

/// Rows with their figures, a column for each metric.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    heads: Vec<RowHead>,
    columns: Vec<MetricColumn>,
}

/// The group of a row, and its interval if the request asked for intervals. Rows share both.
#[derive(Clone, Debug)]
struct RowHead {
    dimensions: GroupIds,
    interval: Option<Arc<Window>>,
}

/// The figures of one metric. A figure that the service left out is `None`; those of the last rows may not
/// be there yet.
#[derive(Clone, Debug)]
struct MetricColumn {
    metric: Arc<MetricQuery>,
    figures: Vec<Option<Figure>>,
}

/// One of the rows.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    head: &'r RowHead,
    columns: &'r [MetricColumn],
    index: usize,
}

impl Rows {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The rows in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        let heads = self.heads.iter().enumerate();
        heads.map(|(index, head)| Row { head, columns: &self.columns, index })
    }

    /// The intervals that have rows, in the order of time.
    pub fn intervals(&self) -> Vec<Arc<Window>> {
        let intervals = self.heads.iter().filter_map(|head| head.interval.as_ref());
        let by_start: BTreeMap<Timestamp, &Arc<Window>> =
            intervals.map(|interval| (interval.start(), interval)).collect();
        by_start.into_values().map(Arc::clone).collect()
    }

    /// Adds a row without figures, and returns its place.
    pub fn add(&mut self, dimensions: GroupIds, interval: Option<Arc<Window>>) -> usize {
        self.heads.push(RowHead { dimensions, interval });
        self.heads.len() - 1
    }

    /// Adds a row with these figures; the first figure of a metric counts.
    pub fn add_with<M: Borrow<Arc<MetricQuery>>>(
        &mut self,
        dimensions: GroupIds,
        interval: Option<Arc<Window>>,
        figures: impl IntoIterator<Item = (M, Figure)>,
    ) {
        let row = self.add(dimensions, interval);
        for (metric, figure) in figures {
            // A metric that comes twice has the same figure twice.
            let _ = self.set(row, metric.borrow(), figure);
        }
    }

    /// Sets the figure of a metric that has none yet in this row.
    ///
    /// # Errors
    /// The figure itself, where the metric already has one.
    pub fn set(
        &mut self,
        row: usize,
        metric: &Arc<MetricQuery>,
        figure: Figure,
    ) -> Result<(), Figure> {
        let mut columns = self.columns.iter_mut();
        match columns.find(|column| column.is_of(metric)) {
            Some(column) => column.set(row, figure),
            None => {
                let mut column = MetricColumn { metric: Arc::clone(metric), figures: Vec::new() };
                let set = column.set(row, figure);
                self.columns.push(column);
                set
            }
        }
    }

    /// Sets the interval of all rows.
    pub(super) fn set_interval(&mut self, interval: &Arc<Window>) {
        for head in &mut self.heads {
            head.interval = Some(Arc::clone(interval));
        }
    }

    /// The metrics that have this figure in any row.
    pub(super) fn metrics_with(&self, figure: Figure) -> impl Iterator<Item = &MetricQuery> {
        let columns = self.columns.iter();
        let having = columns.filter(move |column| column.figures.contains(&Some(figure)));
        having.map(|column| column.metric.as_ref())
    }
}

impl MetricColumn {
    fn is_of(&self, metric: &Arc<MetricQuery>) -> bool {
        Arc::ptr_eq(&self.metric, metric) || self.metric == *metric
    }

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
    /// The ids of the row's group.
    pub fn dimensions(self) -> &'r GroupIds {
        &self.head.dimensions
    }

    /// The row's interval.
    pub fn interval(self) -> Option<&'r Arc<Window>> {
        self.head.interval.as_ref()
    }

    /// The start of the row's interval, where it has one.
    pub fn start(self) -> Option<Timestamp> {
        self.interval().map(|interval| interval.start())
    }

    /// The key that tells the row from the others of its query.
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
        self.columns.iter().filter_map(move |column| {
            let figure = column.figures.get(self.index).copied().flatten();
            Some((&column.metric, figure?))
        })
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
        let queued = metric("CONTACTS_QUEUED");
        let handled = metric("CONTACTS_HANDLED");
        let mut rows = Rows::default();
        let first = rows.add(GroupIds::default(), None);
        let second = rows.add(GroupIds::default(), None);
        assert_eq!(rows.set(second, &handled, Figure::Value(2.0)), Ok(()));
        assert_eq!(rows.set(first, &queued, Figure::Value(1.0)), Ok(()));
        // An equal metric counts as the same.
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
