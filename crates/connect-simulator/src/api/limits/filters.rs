//! The filters of a request.

use std::collections::BTreeMap;

use connect_metrics::Limits;
use connect_metrics::limits::MAX_FILTER_VALUES;
use serde::Deserialize;

use super::members::{one_of, required};
use crate::api::refusal::Refusal;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FilterV2 {
    filter_key: Option<String>,
    filter_values: Option<Vec<String>>,
    pub(super) string_condition: Option<serde_json::Value>,
}

/// Checks the filters and returns their ids by key.
pub(super) fn check_filters(
    filters: &[FilterV2],
    limits: &Limits,
) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    if !(1..=limits.filter_keys).contains(&filters.len()) {
        let text = format!("There must be 1 to {} filters.", limits.filter_keys);
        return Err(Refusal::invalid_parameter(text));
    }
    let mut checked = BTreeMap::new();
    for filter in filters {
        let (key, values) = filter.check(limits)?;
        if checked.insert(key.clone(), values).is_some() {
            let text = format!("There are two filters with the FilterKey {key}.");
            return Err(Refusal::invalid_parameter(text));
        }
    }
    let counted = checked.iter().filter(|(key, _)| limits.counts_values_of(key));
    let values: usize = counted.map(|(_, values)| values.len()).sum();
    if values > limits.filter_values {
        let most = limits.filter_values;
        let text = format!("There are {values} filter values; at most {most} are allowed.");
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(checked)
}

impl FilterV2 {
    /// Checks the filter and returns its key and its ids; an ARN ends with the id.
    fn check(&self, limits: &Limits) -> Result<(String, Vec<String>), Refusal> {
        let key = required(self.filter_key.as_deref(), "FilterKey")?;
        let is_known = connect_metrics::FILTER_KEYS.contains(&key)
            || (connect_metrics::is_written_like_a_key(key)
                && !connect_metrics::GROUPING_KEYS.contains(&key));
        if !is_known || !limits.has_key(key) {
            return Err(Refusal::invalid_request(
                "Request does not contain a valid list of filters",
            ));
        }
        if self.string_condition.is_some() {
            return Ok((key.to_owned(), Vec::new()));
        }
        let values = required(self.filter_values.as_deref(), "FilterValues")?;
        let most =
            if limits.counts_values_of(key) { limits.filter_values } else { MAX_FILTER_VALUES };
        if !(1..=most).contains(&values.len()) {
            let text = format!("The filter {key} must have 1 to {most} values.");
            return Err(Refusal::invalid_parameter(text));
        }
        values.iter().try_for_each(|value| check_filter_value(key, value, limits))?;
        let ids = values.iter().map(|value| match value.rsplit_once('/') {
            Some((_, id)) if value.starts_with("arn:") => id.to_owned(),
            _ => value.clone(),
        });
        Ok((key.to_owned(), ids.collect()))
    }
}

fn check_filter_value(key: &str, value: &str, limits: &Limits) -> Result<(), Refusal> {
    let most = connect_metrics::filter_value_length(key);
    let allowed = match key {
        "CHANNEL" => limits.channels,
        _ => connect_metrics::filter_values(key),
    };
    let refusal = if !(1..=most).contains(&value.chars().count()) {
        format!("The values of the filter {key} must have 1 to {most} characters.")
    } else if !allowed.is_empty() && !allowed.contains(&value) {
        format!("{value:?} is not a value of the filter {key}; {}.", one_of(allowed))
    } else {
        return Ok(());
    };
    Err(Refusal::invalid_parameter(refusal))
}
