#![doc = include_str!("../README.md")]

mod catalogue;
mod disconnect;
mod keys;
pub mod limits;
mod lookup;
mod merge;
mod metric;
mod polarity;
mod terms;
mod threshold;

pub use catalogue::METRICS;
pub use keys::{
    AUTHORISING, FILTERS, GROUPINGS, filter_value_length, filter_values, is_written_like_a_key,
    listed, metric_filter_values,
};
pub use limits::Limits;
pub use lookup::{find, may_be_metric_filter, needs_authorising_filter};
pub use merge::{Merge, Over, Weight};
pub use metric::{Metric, MetricFilterKey, Unit};
pub use polarity::Polarity;
pub use terms::{Abbreviation, Term, abbreviated};
pub use threshold::{Comparison, with_threshold};

#[cfg(test)]
mod tests;
