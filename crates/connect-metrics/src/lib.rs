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
    AUTHORISING_KEYS, FILTER_KEYS, GROUPING_KEYS, filter_value_length, filter_values,
    is_written_like_a_key, key_list, metric_filter_values,
};
pub use limits::Limits;
pub use lookup::{find_metric, may_be_metric_filter, needs_authorising_filter};
pub use merge::{Merge, MergeScope, Weight};
pub use metric::{Metric, MetricFilterKey, Unit};
pub use polarity::Polarity;
pub use terms::{Abbreviation, Term, find_abbreviation};
pub use threshold::{Comparison, with_threshold};

#[cfg(test)]
mod tests;
