//! Reading one `[[section]]`: what it shows, of what, and in which order.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;

use super::column::SectionKeys;
use super::dimension::Dimension;
use super::filter::{self, Filters};
use super::keys::{INTERVAL, KIND, SECTION, belongs_outside};
use super::limits::{MAX_ROWS, MAX_SERIES};
use super::problem::{MOST_CHOICES, Problems};
use super::reader::{Table, Value, WordKind};
use super::report::{Column, Kind, Section, Sort};
use super::{column, target};
use crate::instance::InstanceArn;
use crate::language::Language;
use crate::window::Interval;

pub(super) fn read(
    mut table: Table<'_>,
    instance: Option<&InstanceArn>,
    language: Language,
) -> Option<Section> {
    let problems = table.problems();
    let title = table.required("title").and_then(|value| problems.line(value));
    let kind = table.get("kind").map_or(Some(Kind::Table), |value| read_kind(problems, value));
    let grouped = table.get("group_by");
    let groupings = grouped.map_or_else(Vec::new, |value| filter::read_groupings(problems, value));
    let group_by: Vec<Dimension> = groupings.iter().map(|key| key.value.clone()).collect();
    let filtered = table.required("filters");
    let filters = filtered.and_then(|value| filter::read_filters(problems, value, instance));
    let columns = read_columns(&mut table, &group_by, filters.as_ref(), language);
    let timed = table.get("interval");
    let interval = timed.map_or(Some(None), |value| read_interval(problems, value).map(Some));
    let sorted = table.get("sort");
    // One of the columns that could not be read may be the one that is meant.
    let sort = sorted
        .zip(columns.as_deref())
        .and_then(|(value, columns)| read_sort(problems, value, columns));
    let capped = table.get("rows");
    let rows =
        capped.and_then(|value| problems.number(value, 1..=MAX_ROWS)).and_then(NonZeroU32::new);
    let of_rows = [("group_by", grouped), ("sort", sorted), ("rows", capped), ("interval", timed)];
    check_kind(&table, kind, of_rows);
    if kind == Some(Kind::Trend) {
        check_series(problems, columns.as_deref().unwrap_or_default());
    }
    table.finish();
    Some(Section {
        title: title?.value,
        kind: kind?,
        group_by,
        grouping_places: groupings.into_iter().map(|key| (key.value, key.place)).collect(),
        filters: filters?,
        interval: interval?,
        columns: columns?,
        sort,
        rows,
    })
}

/// `metrics` and the `targets` of the columns that they make.
fn read_columns(
    table: &mut Table<'_>,
    group_by: &[Dimension],
    filters: Option<&Filters>,
    language: Language,
) -> Option<Vec<Column>> {
    let problems = table.problems();
    let (listed, targeted) = (table.required("metrics"), table.get("targets"));
    let no_filters = Filters::new();
    let keys = SectionKeys { group_by, filters: filters.unwrap_or(&no_filters) };
    let (columns, metrics) = column::read_all(problems, listed?, keys, language);
    if let Some(filtered) = table.get("filters") {
        filter::check_authorising(problems, filtered, &metrics);
    }
    let mut columns = columns?;
    if let Some(value) = targeted {
        read_targets(problems, value, &mut columns);
    }
    for column in &columns {
        column::check_targets(problems, column, !group_by.is_empty());
    }
    Some(columns)
}

fn read_kind(problems: &Problems<'_>, value: Value<'_>) -> Option<Kind> {
    let meanings = [Kind::Totals, Kind::Table, Kind::Trend];
    problems.word(value, WordKind { name: "kind of section", code: "unknown-kind" }, KIND, meanings)
}

fn read_interval(problems: &Problems<'_>, value: Value<'_>) -> Option<Interval> {
    use Interval::{Day, FifteenMinutes, Hour, ThirtyMinutes, Week};
    let meanings = [FifteenMinutes, ThirtyMinutes, Hour, Day, Week];
    problems.word(
        value,
        WordKind { name: "interval", code: "unknown-interval" },
        INTERVAL,
        meanings,
    )
}

/// Headline figures have no rows to group, sort, cap or spread over time; a trend has only those
/// of its intervals.
fn check_kind(table: &Table<'_>, kind: Option<Kind>, keys: [(&str, Option<Value<'_>>); 4]) {
    let problems = table.problems();
    let (refused, what, code): (&[&str], _, _) = match kind {
        Some(Kind::Totals) => (
            &["group_by", "sort", "rows", "interval"],
            "headline figures (kind = \"totals\") have",
            "totals-have-no-rows",
        ),
        Some(Kind::Trend) => (&["group_by", "sort", "rows"], "a trend has", "trend-has-no-rows"),
        Some(Kind::Table) | None => return,
    };
    for (key, value) in keys {
        match value {
            Some(value) if refused.contains(&key) => {
                let help = format!("remove `{key}`, or write kind = \"table\"");
                problems.error(&value.span(), code, format!("{what} no `{key}`"), help);
            }
            None if key == "interval" && kind == Some(Kind::Trend) => {
                let help = "add `interval = \"HOUR\"`: a trend has a point for each";
                problems.error(table.span(), "missing-key", "a trend has no `interval`", help);
            }
            _ => {}
        }
    }
}

fn check_series(problems: &Problems<'_>, columns: &[Column]) {
    if let Some(column) = columns.get(MAX_SERIES) {
        let found = columns.len();
        let message = format!(
            "the trend has {found} metrics, {MAX_SERIES} are allowed, and this is one more"
        );
        let help = "put some into a trend of their own: more lines can't be told apart";
        problems.push(column.place.error("too-many-series", message, help));
    }
}

fn read_sort(problems: &Problems<'_>, value: Value<'_>, columns: &[Column]) -> Option<Sort> {
    let text = problems.text(value)?.value;
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.as_str(), false),
    };
    match ColumnNames::new(columns).find(problems, name) {
        Ok(column) => Some(Sort { column, descending }),
        Err((message, help)) => {
            problems.error(&value.span(), "sort", message, help);
            None
        }
    }
}

/// The columns of a section by what definitions call them.
struct ColumnNames<'c> {
    columns: &'c [Column],
    by_label: HashMap<&'c str, usize>,
    /// The first column of each metric, and how many there are.
    by_metric: HashMap<&'c str, (usize, usize)>,
}

impl<'c> ColumnNames<'c> {
    fn new(columns: &'c [Column]) -> Self {
        let (mut by_label, mut by_metric) = (HashMap::new(), HashMap::new());
        for (index, column) in columns.iter().enumerate() {
            by_label.entry(column.label.as_str()).or_insert(index);
            by_metric.entry(column.metric.name.as_str()).or_insert((index, 0)).1 += 1;
        }
        Self { columns, by_label, by_metric }
    }

    /// The column with this label, or the only one of this metric; else what is wrong, and what helps.
    fn find(&self, problems: &Problems<'_>, name: &str) -> Result<usize, (String, String)> {
        match (self.by_label.get(name), self.by_metric.get(name)) {
            (Some(index), _) | (None, Some((index, 1))) => Ok(*index),
            (None, Some(_)) => Err((
                format!("more than one column shows {name}"),
                "name the column by its label".to_owned(),
            )),
            (None, None) => {
                let message = format!("there is no column `{name}`");
                Err((message, problems.choice(name, &self.told())))
            }
        }
    }

    /// The labels, and then the metrics; no more than can be told.
    fn told(&self) -> Vec<&'c str> {
        let labels = self.columns.iter().map(|column| column.label.as_str());
        let metrics = self.columns.iter().map(|column| column.metric.name.as_str());
        let mut known = BTreeSet::new();
        let names = labels.chain(metrics).filter(|name| known.insert(*name));
        names.take(MOST_CHOICES).collect()
    }
}

/// `targets` of a section: of a column, or by what the section groups by.
fn read_targets(problems: &Problems<'_>, value: Value<'_>, columns: &mut [Column]) {
    let example = "{ SERVICE_LEVEL = \">= 80\" }";
    let entries = problems.entries(value, example).unwrap_or_default();
    let names = ColumnNames::new(columns);
    let mut found = Vec::with_capacity(entries.len());
    for (value, name) in entries {
        match names.find(problems, name.name) {
            Ok(index) => found.push((index, value, name)),
            Err((message, help)) => {
                let help = belongs_outside(name.name, &SECTION, "targets").unwrap_or(help);
                problems.error(&name.span, "target", message, help);
            }
        }
    }
    for (index, value, name) in found {
        let Some(column) = columns.get_mut(index) else { continue };
        let is_by_name = value.get_ref().is_table();
        let given = if is_by_name { !column.targets.is_empty() } else { column.target.is_some() };
        if given {
            let message = format!("`{}` has a target already", name.name);
            problems.error(&name.span, "repeated-target", message, "remove one of the two");
        }
        if is_by_name {
            column.targets = target::read_by_name(problems, value).unwrap_or_default();
        } else {
            column.target = target::read(problems, value);
        }
    }
}
