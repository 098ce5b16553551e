//! Answers of the service, free of its wire form.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::definition::MetricQuery;
use crate::window::Window;

/// The answer to one request, all its pages together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The rows; without groupings at most one.
    pub rows: Vec<Row>,
    /// How many pages they came in.
    pub pages: u32,
}

/// The ids of a group in the order of the request's groupings; `None` where the group has no such thing,
/// as contacts have that never reached an agent. The rows of one group share it.
pub type Group = Arc<[Option<Arc<str>>]>;

/// The figures of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The ids of the group.
    pub dimensions: Group,
    /// The interval that the figures are of, where the request asked for any; rows share it.
    pub interval: Option<Arc<Window>>,
    /// The figures that the service gave; a metric that it left out is missing here too.
    pub figures: Figures,
}

/// Figures by their metric; rows share the metrics, for there may be a hundred thousand of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(Arc<MetricQuery>, Figure)>);

impl Figures {
    /// No figures yet, of so many metrics.
    pub fn of(metrics: usize) -> Self {
        Self(Vec::with_capacity(metrics))
    }

    /// The figure of a metric.
    pub fn get(&self, metric: &MetricQuery) -> Option<Figure> {
        let of_metric = |(known, _): &&(Arc<MetricQuery>, Figure)| **known == *metric;
        self.0.iter().find(of_metric).map(|(_, figure)| *figure)
    }

    /// Adds the figure of a metric that has none yet; otherwise gives it back.
    ///
    /// # Errors
    /// The figure, where the metric has one.
    pub fn add(&mut self, metric: &Arc<MetricQuery>, figure: Figure) -> Result<(), Figure> {
        match self.get(metric) {
            Some(_) => Err(figure),
            None => {
                self.0.push((Arc::clone(metric), figure));
                Ok(())
            }
        }
    }

    /// Every metric with its figure.
    pub fn iter(&self) -> impl Iterator<Item = (&MetricQuery, Figure)> {
        self.0.iter().map(|(metric, figure)| (metric.as_ref(), *figure))
    }

    /// The figures by metric.
    pub(super) fn into_map(self) -> BTreeMap<MetricQuery, Figure> {
        self.0.into_iter().map(|(metric, figure)| (metric.as_ref().clone(), figure)).collect()
    }

    fn extend(&mut self, others: &Self) {
        for (metric, figure) in &others.0 {
            // What both have is the same, for it was asked in the same way.
            let _ = self.add(metric, *figure);
        }
    }
}

impl FromIterator<(Arc<MetricQuery>, Figure)> for Figures {
    fn from_iter<I: IntoIterator<Item = (Arc<MetricQuery>, Figure)>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

impl Answer {
    /// This answer and another one to the same question about other metrics, row by row.
    pub(super) fn beside(mut self, other: &Self) -> Self {
        self.pages += other.pages;
        if self.rows.is_empty() {
            self.rows.clone_from(&other.rows);
            return self;
        }
        let mut places: BTreeMap<_, _> =
            self.rows.iter().enumerate().map(|(index, row)| (row.key(), index)).collect();
        for row in &other.rows {
            let index = *places.entry(row.key()).or_insert(self.rows.len());
            match self.rows.get_mut(index) {
                Some(known) => known.figures.extend(&row.figures),
                None => self.rows.push(row.clone()),
            }
        }
        self
    }
}

/// What tells a row from the others of its question: when its interval begins, and the ids of its
/// groupings.
pub type RowKey = (Option<Timestamp>, Group);

impl Row {
    /// What tells the row from the others of its question.
    pub fn key(&self) -> RowKey {
        (self.start(), Arc::clone(&self.dimensions))
    }

    /// When its interval begins, where it has one.
    pub fn start(&self) -> Option<Timestamp> {
        self.interval.as_deref().map(Window::start)
    }
}

/// A figure, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The figure: a count, seconds, milliseconds, or percent 0 to 100.
    Value(f64),
    /// There is none.
    Absent(Absent),
}

/// Why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// The service had no data for it.
    NoData,
    /// The service could not compute it: a division by zero, or too little data.
    NotComputable,
    /// It would have to be merged from parts, and does not add up.
    NotAvailable,
}

impl Figure {
    /// The figure, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) => None,
        }
    }

    /// Why there is no figure, if there is none.
    pub fn absent(self) -> Option<Absent> {
        match self {
            Self::Value(_) => None,
            Self::Absent(absent) => Some(absent),
        }
    }
}
