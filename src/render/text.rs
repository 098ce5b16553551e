//! Sections as plain text that reads well at 78 columns.

use unicode_width::UnicodeWidthStr;

use super::context::{names, totals_label};
use crate::definition::{Column, Kind};
use crate::plan::Figure;
use crate::table::{Table, format};

/// How wide a line may be.
const WIDTH: usize = 78;

/// The lines of a section, without its title: an aligned table where it fits, else a list of
/// figures for each row.
pub(super) fn lines(table: &Table) -> Vec<String> {
    let shown = || table.rows.iter().take(table.shown);
    let mut rows: Vec<(String, Vec<String>)> = match table.kind {
        Kind::Totals => Vec::new(),
        Kind::Table => shown()
            .map(|row| (names(table, row).join(" / "), texts(table, &row.figures)))
            .collect(),
    };
    let totals = texts(table, &table.totals);
    if table.kind == Kind::Totals {
        return pairs(&table.columns, &totals, "");
    }
    rows.push((totals_label(table), totals));
    aligned(table, &rows).unwrap_or_else(|| listed(&table.columns, &rows))
}

fn texts(table: &Table, figures: &[Figure]) -> Vec<String> {
    let figures = table.columns.iter().zip(figures);
    figures
        .map(|(column, figure)| plain(&format::figure(*figure, column.unit)))
        .collect()
}

/// Names on the left, figures on the right; nothing where that is too wide.
fn aligned(table: &Table, rows: &[(String, Vec<String>)]) -> Option<Vec<String>> {
    let heading = table
        .group_by
        .iter()
        .map(|dimension| dimension.title())
        .collect::<Vec<_>>()
        .join(" / ");
    let labels = table
        .columns
        .iter()
        .map(|column| column.label.clone())
        .collect();
    let mut all = vec![(heading, labels)];
    all.extend_from_slice(rows);
    let name_width = all.iter().map(|(name, _)| name.width()).max()?;
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|index| {
            all.iter()
                .filter_map(|(_, texts)| texts.get(index))
                .map(|text| text.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let total = name_width + widths.iter().map(|width| width + 2).sum::<usize>();
    if total > WIDTH {
        return None;
    }
    let line = |(name, texts): &(String, Vec<String>)| {
        let mut line = format!("{name}{}", " ".repeat(name_width - name.width()));
        for (text, width) in texts.iter().zip(&widths) {
            line.push_str(&" ".repeat(2 + width - text.width()));
            line.push_str(text);
        }
        line.trim_end().to_owned()
    };
    let mut lines: Vec<String> = all.iter().map(line).collect();
    let rule = "-".repeat(total);
    lines.insert(1, rule.clone());
    lines.insert(lines.len() - 1, rule);
    Some(lines)
}

fn listed(columns: &[Column], rows: &[(String, Vec<String>)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, texts) in rows {
        lines.push(name.clone());
        lines.extend(pairs(columns, texts, "  "));
    }
    lines
}

/// One line for each figure, the label before it.
fn pairs(columns: &[Column], texts: &[String], indent: &str) -> Vec<String> {
    let width = columns
        .iter()
        .map(|column| column.label.width())
        .max()
        .unwrap_or(0);
    let pairs = columns.iter().zip(texts).map(|(column, text)| {
        let gap = " ".repeat(width - column.label.width() + 2);
        format!("{indent}{}{gap}{text}", column.label)
    });
    pairs.collect()
}

/// No-break spaces have no place in plain text.
fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}
