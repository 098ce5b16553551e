//! Reading the `metrics` of a section: each entry is one column.

use std::collections::{BTreeMap, BTreeSet};

use super::dimension::Dimension;
use super::filter::Filters;
use super::keys::METRIC;
use super::limits::MAX_COLUMNS;
use super::metric_query::{
    NameForm, check_filters, metric_name, read_metric_filters, read_threshold, require_threshold,
    suggested_filter,
};
use super::problem::{Place, Placed, Problems};
use super::reader::{Table, Value, found};
use super::report::{Column, MetricQuery, Threshold};
use super::selection::{Selection, is_uuid};
use super::target;
use crate::language::Language;
use crate::metric::{self, METRICS, Metric, MetricFilterKey, Polarity, Unit, limits};

/// What a section groups and filters its columns by.
#[derive(Clone, Copy)]
pub(super) struct SectionKeys<'s> {
    pub(super) group_by: &'s [Dimension],
    pub(super) filters: &'s Filters,
}

/// The columns, if every one of them could be read, and the known metrics among them.
pub(super) fn read_all(
    problems: &Problems<'_>,
    value: Value<'_>,
    keys: SectionKeys<'_>,
    language: Language,
) -> (Option<Vec<Column>>, Vec<&'static Metric>) {
    let (mut columns, mut metrics) = (Vec::new(), Vec::new());
    let (mut labels, mut counts) = (BTreeSet::new(), Counts::default());
    let entries = problems.list(value, "a list such as [\"CONTACTS_QUEUED\"]");
    let of = entries.len();
    if let Some(beyond) = entries.get(MAX_COLUMNS) {
        let message = format!("the section has {of} metrics, {MAX_COLUMNS} are allowed");
        let help = "remove this one and those after it, or put them into another report";
        problems.error(&beyond.span(), "too-many-metrics", message, help);
    }
    for value in entries.into_iter().take(MAX_COLUMNS) {
        let Some(column) = read_column(problems, value, language) else {
            continue;
        };
        if let Some(metric) = metric::find_metric(&column.metric.name) {
            check_keys(problems, value, metric, keys);
            metrics.push(metric);
        }
        counts.add(&column);
        if !labels.insert(column.label.clone()) {
            let message = format!("two columns have the label `{}`", column.label);
            let help = if value.get_ref().is_table() {
                "add a `label` of its own to this entry".to_owned()
            } else {
                format!("write {{ name = \"{}\", label = \"…\" }}", column.metric.name)
            };
            problems.error(&value.span(), "repeated-label", message, help);
            continue;
        }
        columns.push(column);
    }
    counts.check(problems);
    ((columns.len() == of).then_some(columns), metrics)
}

/// Refuses keys that a metric can't be grouped or filtered by (GetMetricDataV2, Metrics). For a few keys the
/// reference does not say which metrics take them; those are warned of where they stand.
fn check_keys(
    problems: &Problems<'_>,
    value: Value<'_>,
    metric: &'static Metric,
    SectionKeys { group_by, filters }: SectionKeys<'_>,
) {
    let name = metric.name;
    let of_some = |key: &&Dimension| METRICS.iter().any(|metric| metric.groups_by(key.key()));
    for key in group_by.iter().filter(of_some).filter(|key| !metric.groups_by(key.key())) {
        let message = format!("{name} can't be grouped by {}", key.key());
        let help = apart(name, "is grouped by", metric.groupings());
        problems.error(&value.span(), "metric-grouping", message, help);
    }
    let of_some = |key: &&Dimension| METRICS.iter().any(|metric| metric.filters_by(key.key()));
    for key in filters.keys().filter(of_some).filter(|key| !metric.filters_by(key.key())) {
        let message = format!("{name} can't be filtered by {}", key.key());
        let help = match metric.metric_filter(key.key()) {
            Some(filter) => as_metric_filter(value, metric, filter, filters.get(key)),
            None => apart(name, "is filtered by", metric.filters()),
        };
        problems.error(&value.span(), "metric-filter", message, help);
    }
    if let Some(key) = metric.required_filter()
        && !filters.contains_key(&Dimension::of_key(key))
    {
        let message = format!("{name} needs a filter {key}");
        let help = format!("add `{key} = [\"…\"]` to `filters`");
        problems.error(&value.span(), "missing-filter", message, help);
    }
}

/// Tells how a filter of the section that a metric has as a filter of its own is written.
fn as_metric_filter(
    value: Value<'_>,
    metric: &Metric,
    filter: &MetricFilterKey,
    selection: Option<&Selection>,
) -> String {
    let (name, key) = (metric.name, filter.key);
    let taken = selection.iter().flat_map(|selection| &selection.taken);
    let values: Vec<String> = taken.map(|selector| selector.value.to_string()).collect();
    let example = suggested_filter("where", key, &values, filter.values);
    let how = match &example {
        Some(_) => String::new(),
        None => format!(", of {} values at most", limits::MAX_METRIC_FILTER_VALUES),
    };
    let filter = example.unwrap_or_else(|| format!("where = {{ {key} = [\"…\"] }}"));
    if value.get_ref().is_table() {
        format!("{name} has it as a filter of its own{how}: move it here, as in `{filter}`")
    } else {
        format!(
            "{name} has it as a filter of its own{how}: remove it from `filters`, and write \
             {{ name = \"{name}\", {filter} }}"
        )
    }
}

fn apart(name: &str, what: &str, keys: impl Iterator<Item = &'static str>) -> String {
    format!("{name} {what} {}; use these, or move it to another section", metric::key_list(keys))
}

/// Counts how often the metrics of a section occur.
#[derive(Default)]
struct Counts {
    of_name: BTreeMap<String, Count>,
    by_id: Count,
}

/// The metrics that are counted, as problems name them, and how many columns may show them.
#[derive(Clone, Copy)]
struct Counted<'m> {
    metrics: &'m str,
    most: usize,
}

/// The number of columns of a kind, and the place of the first beyond the most that a request takes.
#[derive(Default)]
struct Count {
    found: usize,
    first_beyond: Option<Place>,
}

impl Count {
    fn add(&mut self, column: &Column, most: usize) {
        self.found += 1;
        if self.found == most.saturating_add(1) {
            self.first_beyond = Some(column.place.clone());
        }
    }

    /// Tells where there are too many.
    fn check(&self, problems: &Problems<'_>, code: &'static str, counted: Counted<'_>) {
        let Counted { metrics, most } = counted;
        if let Some(place) = &self.first_beyond {
            let found = self.found;
            let message = format!("the section shows {metrics} {found} times, {most} are allowed");
            let help = "put the others into a section of their own";
            problems.push(place.error(code, message, help));
        }
    }
}

impl Counts {
    /// Counts a column.
    fn add(&mut self, column: &Column) {
        let name = &column.metric.name;
        self.of_name.entry(name.clone()).or_default().add(column, most_of(name));
        if is_metric_id(name) {
            self.by_id.add(column, limits::MAX_METRIC_IDS);
        }
    }

    /// Tells the first column that is one too many: one request takes a metric so often, and so many by
    /// their id (GetMetricDataV2, Metrics).
    fn check(&self, problems: &Problems<'_>) {
        for (name, count) in &self.of_name {
            let counted = Counted { metrics: name, most: most_of(name) };
            count.check(problems, "too-many-of-metric", counted);
        }
        let of_ids = Counted { metrics: "metrics by their id", most: limits::MAX_METRIC_IDS };
        self.by_id.check(problems, "too-many-metric-ids", of_ids);
    }
}

/// The most columns that may show a metric.
fn most_of(name: &str) -> usize {
    metric::find_metric(name).and_then(Metric::most_per_request).unwrap_or(usize::MAX)
}

fn read_column(problems: &Problems<'_>, value: Value<'_>, language: Language) -> Option<Column> {
    if value.get_ref().is_str() {
        let name = metric_name(problems, value, NameForm::Alone)?;
        require_threshold(problems, value, &name, false);
        let metric = MetricQuery { name, threshold: None, filters: Vec::new() };
        let label = usual_label(&metric, language);
        return Some(column(problems, value, metric, label));
    }
    if !value.get_ref().is_table() {
        let help = "write a name such as \"CONTACTS_QUEUED\", or { name = \"CONTACTS_QUEUED\", label = \"Queued\" }";
        let message = format!("found {}, expected a metric", found(value));
        problems.error(&value.span(), "wrong-type", message, help);
        return None;
    }
    read_table(problems, value, problems.table(value, &METRIC)?, language)
}

fn read_table<'d>(
    problems: &'d Problems<'d>,
    value: Value<'d>,
    mut table: Table<'d>,
    language: Language,
) -> Option<Column> {
    let name = read_name(&mut table);
    let has_threshold = table.get("threshold").is_some();
    let threshold = read_threshold(problems, &mut table, name.as_deref());
    let mut filters = Vec::new();
    for (key, negate) in [("where", false), ("where_not", true)] {
        if let Some(value) = table.get(key) {
            filters.extend(read_metric_filters(problems, value, negate, name.as_deref()));
        }
    }
    check_filters(problems, value, &filters);
    filters.sort();
    let label = table.get("label").and_then(|value| problems.line(value));
    let target = table.get("target").map(|value| target::read(problems, value));
    let warn = table.get("warn").map(|value| {
        let warn = target::read(problems, value)?;
        Some(Placed { value: warn, place: problems.place(&value.span()) })
    });
    let by_name = table.get("targets").map(|value| target::read_by_name(problems, value));
    table.finish();
    let name = name?;
    require_threshold(problems, value, &name, has_threshold);
    let metric = MetricQuery { name, threshold, filters };
    let label = label.map_or_else(|| usual_label(&metric, language), |label| label.value);
    let column = column(problems, value, metric, label);
    // A target that is there and wrong is none that is not there.
    Some(Column {
        target: target.map_or(Some(None), |target| target.map(Some))?,
        warn: warn.map_or(Some(None), |warn| warn.map(Some))?,
        targets: by_name.unwrap_or_else(|| Some(BTreeMap::new()))?,
        ..column
    })
}

/// The metric's name, or its id where it is a metric of the customer's own.
fn read_name(table: &mut Table<'_>) -> Option<String> {
    let problems = table.problems();
    let (name, id) = (table.get("name"), table.get("id"));
    match (name, id) {
        (Some(name), None) => {
            let has_threshold = table.get("threshold").is_some();
            metric_name(problems, name, NameForm::InTable { has_threshold })
        }
        (None, Some(id)) => {
            if table.get("label").is_none() {
                let help = "add `label = \"First contact resolution\"`, which people read";
                let message = "a metric that is known by its id has no name of its own";
                problems.error(&id.span(), "missing-label", message, help);
            }
            problems.not_yet(&id.span(), "metrics by their id", "remove the metric");
            let wanted = "the id of a metric, or its ARN, of 150 characters at most";
            problems
                .parsed(id, "metric-id", wanted, |text| is_metric_id(text).then(|| text.to_owned()))
        }
        (Some(_), Some(id)) => {
            let help = "keep `name` for a metric of Connect, `id` for one of your own";
            problems.error(&id.span(), "name-and-id", "a metric has a name or an id", help);
            None
        }
        (None, None) => {
            table.required("name");
            None
        }
    }
}

/// An id is an ARN or a UUID (GetMetricDataV2, `MetricId`); names are neither.
fn is_metric_id(text: &str) -> bool {
    let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6;
    (is_uuid(text) || is_arn) && text.chars().count() <= limits::MAX_METRIC_ID_LENGTH
}

/// The heading where the definition has none: the short term with its threshold, `SL 20 s`, or the title;
/// for a metric that the catalogue does not know its name.
fn usual_label(metric: &MetricQuery, language: Language) -> String {
    let Some(known) = metric::find_metric(&metric.name) else {
        return metric.name.clone();
    };
    let title = language.say(known.title);
    match (known.short_term(), &metric.threshold) {
        (Some(term), Some(Threshold { seconds, .. })) => {
            format!("{} {seconds} s", language.say(term.short))
        }
        (Some(term), None) => language.say(term.short).to_owned(),
        (None, Some(Threshold { seconds, .. })) => metric::with_threshold(title, *seconds),
        (None, None) => title.to_owned(),
    }
}

fn column(problems: &Problems<'_>, value: Value<'_>, metric: MetricQuery, label: String) -> Column {
    let known = metric::find_metric(&metric.name);
    Column {
        // It is given when all sections are read.
        key: String::new(),
        label,
        // The unit of an unknown metric is unknown too; its figures are shown as numbers.
        unit: known.map_or(Unit::Count, |known| known.unit),
        is_sum: known.is_some_and(|known| known.is_sum),
        polarity: known.map_or(Polarity::Neither, Metric::polarity),
        target: None,
        warn: None,
        targets: BTreeMap::new(),
        place: problems.place(&value.span()),
        metric,
    }
}

/// Checks that a column's targets can be met, come near to and missed.
pub(super) fn check_targets(problems: &Problems<'_>, column: &Column, has_rows: bool) {
    if !has_rows && !column.targets.is_empty() {
        let message = "targets by name need rows; this section has none";
        let help = "add `group_by`, or write one `target` for the column";
        problems.push(column.place.error("target", message, help));
    }
    let of_percent = column.unit == Unit::Percent;
    let mut targets = column.target.iter().chain(column.targets.values());
    if of_percent && targets.any(|target| !(0.0..=100.0).contains(&target.value)) {
        let message = format!("{} is in percent, and its target is beyond 0 to 100", column.label);
        problems.push(column.place.error("target", message, "write a target within 0 to 100"));
    }
    let Some(warn) = &column.warn else {
        return;
    };
    let mut targets = column.target.iter().chain(column.targets.values()).peekable();
    if targets.peek().is_none() {
        let message = "there is no target to come near to";
        problems.push(warn.place.error("warn", message, "add `target`, or remove `warn`"));
    } else if !targets.all(|target| target.is_beyond(warn.value)) {
        let message = "nothing can be near this target and miss it";
        let help = "let `warn` be easier to reach, as in target = \">= 80\", warn = \">= 70\"";
        problems.push(warn.place.error("warn", message, help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Comparison;

    #[test]
    fn headings_are_short_terms_or_titles_in_the_language_of_the_report() {
        for (name, seconds, english, german) in [
            ("SERVICE_LEVEL", Some(20), "SL 20 s", "SL 20 s"),
            ("AVG_HANDLE_TIME", None, "AHT", "AHT"),
            ("CONTACTS_QUEUED", None, "Contacts queued", "Angebotene Kontakte"),
            (
                "SUM_CONTACTS_ANSWERED_IN_X",
                Some(20),
                "Contacts answered in 20 s",
                "In 20 s angenommen",
            ),
            ("NEW_METRIC", Some(20), "NEW_METRIC", "NEW_METRIC"),
        ] {
            let threshold =
                seconds.map(|seconds| Threshold { comparison: Comparison::LessThan, seconds });
            let metric = MetricQuery { name: name.to_owned(), threshold, filters: Vec::new() };
            assert_eq!(usual_label(&metric, Language::English), english);
            assert_eq!(usual_label(&metric, Language::German), german);
        }
    }
}
