//! Sections as plain text that reads well at 78 columns.

use unicode_width::UnicodeWidthStr as _;

use super::context::{headings, names, totals_label};
use crate::definition::{Column, Kind};
use crate::plan::Figure;
use crate::table::{Table, format};

/// How wide a line may be.
const WIDTH: usize = 78;

/// How much of it names need at least; with less the figures are listed under each name.
const NAMES: usize = 20;

/// The lines of a section, without its title: an aligned table where it fits, else a list of
/// figures for each row.
pub(super) fn lines(table: &Table) -> Vec<String> {
    let shown = || table.rows.iter().take(table.shown);
    let mut rows: Vec<(String, Vec<String>)> = match table.kind {
        Kind::Totals => Vec::new(),
        Kind::Table | Kind::Trend => {
            shown().map(|row| (names(table, row).join(" / "), texts(table, &row.figures))).collect()
        }
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
    figures.map(|(column, figure)| plain(&format::figure(*figure, column.unit))).collect()
}

/// Names on the left, figures on the right; a name that is too long stands on a line of its own.
/// Nothing where the figures leave no room for names.
fn aligned(table: &Table, rows: &[(String, Vec<String>)]) -> Option<Vec<String>> {
    let groupings = headings(table);
    let labels = table.columns.iter().map(|column| column.label.clone()).collect();
    let mut all = vec![(groupings.join(" / "), labels)];
    all.extend_from_slice(rows);
    let width_of = |index: usize| {
        let texts = all.iter().filter_map(|(_, texts)| texts.get(index));
        texts.map(|text| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width_of).collect();
    let figures = widths.iter().map(|width| width + 2).sum::<usize>();
    let longest = all.iter().map(|(name, _)| name.width()).max()?;
    let names = WIDTH.checked_sub(figures).filter(|room| *room >= NAMES)?.min(longest);
    let mut lines: Vec<Vec<String>> =
        all.iter().map(|(name, texts)| aligned_row(name, names, texts, &widths)).collect();
    let rule = vec!["-".repeat(names + figures)];
    lines.insert(1, rule.clone());
    // The totals stand under a rule of their own, unless they are all there is.
    if lines.len() > 3 {
        lines.insert(lines.len() - 1, rule);
    }
    Some(lines.concat())
}

/// The lines of one row: one, or two where the name is too long.
fn aligned_row(name: &str, names: usize, texts: &[String], widths: &[usize]) -> Vec<String> {
    let (above, name) = match name.width() > names {
        true => (Some(name.to_owned()), ""),
        false => (None, name),
    };
    let mut line = format!("{name}{}", " ".repeat(names - name.width()));
    for (text, width) in texts.iter().zip(widths) {
        line.push_str(&" ".repeat(2 + width - text.width()));
        line.push_str(text);
    }
    above.into_iter().chain([line.trim_end().to_owned()]).collect()
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
    let width = columns.iter().map(|column| column.label.width()).max().unwrap_or(0);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every row has the same width, none is wider than a line, and no figure is cut.
    #[test]
    fn long_names_stand_above_their_figures() {
        let row =
            aligned_row("Général – Français", 20, &["1,204".into(), "78.4 %".into()], &[6, 6]);
        assert_eq!(row, ["Général – Français     1,204  78.4 %"]);
        let row = aligned_row("Escalations of the second kind", 20, &["7".into()], &[6]);
        assert_eq!(row, ["Escalations of the second kind", "                           7"]);
    }

    proptest! {
        #[test]
        fn figures_end_in_their_columns(name in "[a-z日本é ]{0,40}", figures in proptest::collection::vec("[0-9:.]{1,8}", 1..5)) {
            let widths = vec![8; figures.len()];
            let lines = aligned_row(&name, 24, &figures, &widths);
            let last = lines.last().unwrap();
            prop_assert_eq!(last.width(), 24 + figures.len() * 10);
            prop_assert!(figures.iter().all(|figure| last.contains(figure.as_str())));
        }
    }
}
