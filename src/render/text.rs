//! Sections as plain text that reads well at 78 columns.

use unicode_width::UnicodeWidthStr as _;

use super::figure::{FigureContext, RowContext};
use super::isolate::{close_isolates, isolated};
use super::line::{is_no_break_space, one_line};
use super::wording::{Localizer, column_label, table_headings, totals_label};
use crate::definition::{Column, Kind};
use crate::table::Table;

/// The most columns of a line.
const LINE_WIDTH: usize = 78;

/// The columns that names need at least; with fewer the figures are listed under each name.
const MIN_NAME_WIDTH: usize = 20;

/// The most columns of labels, where figures are listed one by one.
const MAX_LABEL_WIDTH: usize = 50;

/// The words of a text on lines that are no wider than they may be, unless a word is. No-break spaces hold
/// words together, as far as they fit on a line.
pub(super) fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() && !is_no_break_space(c));
    let words = words.flat_map(|word| {
        if word.width() > LINE_WIDTH {
            word.split(char::is_whitespace).collect::<Vec<_>>()
        } else {
            vec![word]
        }
    });
    for word in words.filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= LINE_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    close_isolates(&mut lines);
    lines.join("\n")
}

const IN_PARENTHESES: &str = "In parentheses: the change from {against}; ! is worse.";
const UNDER_EACH_FIGURE: &str = "Under each figure: the change from {against}; ! is worse.";

/// A figure as text, and how it has changed.
#[derive(Clone, Debug)]
struct Cell {
    figure: String,
    change: Option<String>,
}

/// A row: its name and its cells.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    cells: Vec<Cell>,
}

impl Line {
    fn new(names: &[String], figures: &[FigureContext], has_changes: bool) -> Self {
        let names: Vec<String> = names.iter().map(|name| isolated(name)).collect();
        let cells = figures.iter().map(|figure| Cell {
            figure: figure.plain_text(),
            change: figure.plain_change().filter(|_| has_changes),
        });
        Self { name: names.join(" / "), cells: cells.collect() }
    }

    /// The line of headings over a table.
    fn headings(table: &Table, localizer: &Localizer) -> Self {
        let heading = |column| Cell { figure: column_label(column), change: None };
        let cells = table.columns.iter().map(heading).collect();
        Self { cells, ..Self::new(&table_headings(table, localizer.language), &[], false) }
    }

    /// The width of a cell, with its change.
    fn width_of(&self, index: usize) -> usize {
        let texts = self.cells.get(index).into_iter();
        let texts = texts.flat_map(|cell| std::iter::once(&cell.figure).chain(&cell.change));
        texts.map(|text| text.width()).max().unwrap_or(0)
    }
}

/// The lines of a section, without its title: an aligned table where it fits, else a list of
/// figures for each row.
pub(super) fn section_lines(
    table: &Table,
    rows: &[RowContext],
    totals: &[FigureContext],
    localizer: &Localizer,
) -> Vec<String> {
    // A chart's twin tells its figures; what they are compared with is in the chart.
    let has_changes = table.kind != Kind::Trend;
    let label = totals_label(table, localizer.language).to_owned();
    let totals =
        (!totals.is_empty()).then(|| Line::new(std::slice::from_ref(&label), totals, has_changes));
    if table.kind == Kind::Totals {
        let pairs = totals.map(|line| pair_lines(&table.columns, &line.cells, ""));
        let note = comparison_note(table, IN_PARENTHESES, localizer);
        return pairs.into_iter().flatten().chain(note).collect();
    }
    let has_totals = totals.is_some();
    let rows = rows.iter().map(|row| Line::new(&row.names, &row.figures, has_changes));
    let rows: Vec<Line> = rows.chain(totals).collect();
    let headings = Line::headings(table, localizer);
    let (lines, english) = match aligned_lines(headings, &rows, has_totals) {
        Some(lines) => (lines, UNDER_EACH_FIGURE),
        None => (listed_lines(&table.columns, &rows), IN_PARENTHESES),
    };
    let note = comparison_note(table, english, localizer).filter(|_| has_changes);
    lines.into_iter().chain(note).collect()
}

/// The line about where changes stand, if there are any.
fn comparison_note(table: &Table, english: &str, localizer: &Localizer) -> Option<String> {
    let against = one_line(&table.comparison.as_ref()?.label);
    Some(wrap(&localizer.language.say_with(english, &[("against", &against)])))
}

/// Names on the left, figures on the right, and changes under them; a name that is too long stands
/// on a line of its own. Nothing where the figures leave no room for names.
fn aligned_lines(headings: Line, rows: &[Line], has_totals: bool) -> Option<Vec<String>> {
    let columns = headings.cells.len();
    let mut all = vec![headings];
    all.extend_from_slice(rows);
    let widths = (0..columns).map(|index| all.iter().map(|line| line.width_of(index)).max());
    let widths: Vec<usize> = widths.map(Option::unwrap_or_default).collect();
    let figures = widths.iter().map(|width| width + 2).sum::<usize>();
    let longest = all.iter().map(|line| line.name.width()).max()?;
    let names =
        LINE_WIDTH.checked_sub(figures).filter(|room| *room >= MIN_NAME_WIDTH)?.min(longest);
    let layout = Alignment { names, widths };
    let mut lines: Vec<Vec<String>> = all.iter().map(|line| layout.row_lines(line)).collect();
    let rule = vec!["-".repeat(names + figures)];
    lines.insert(1, rule.clone());
    // The totals stand under a rule of their own, unless they are all there is.
    if has_totals && lines.len() > 3 {
        lines.insert(lines.len() - 1, rule);
    }
    Some(lines.concat())
}

/// The widths of an aligned table, in columns of text.
struct Alignment {
    names: usize,
    /// The width of each figure, without the two spaces before it.
    widths: Vec<usize>,
}

impl Alignment {
    /// The lines of one row: the name above where it is too long, the figures, and their changes.
    fn row_lines(&self, row: &Line) -> Vec<String> {
        let is_too_long = row.name.width() > self.names;
        let above = is_too_long.then(|| wrap(&row.name));
        let name = if is_too_long { "" } else { row.name.as_str() };
        let figures: Vec<&str> = row.cells.iter().map(|cell| cell.figure.as_str()).collect();
        let changes: Option<Vec<&str>> =
            row.cells.iter().map(|cell| cell.change.as_deref()).collect();
        let changes = changes.filter(|changes| !changes.is_empty());
        let above = above.iter().flat_map(|above| above.lines()).map(ToOwned::to_owned);
        above
            .chain([self.line(name, &figures)])
            .chain(changes.map(|changes| self.line("", &changes)))
            .collect()
    }

    fn line(&self, name: &str, texts: &[&str]) -> String {
        let mut line = format!("{name}{}", " ".repeat(self.names - name.width()));
        for (text, width) in texts.iter().zip(&self.widths) {
            line.push_str(&" ".repeat(2 + width - text.width()));
            line.push_str(text);
        }
        line.trim_end().to_owned()
    }
}

fn listed_lines(columns: &[Column], rows: &[Line]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(wrap(&row.name).lines().map(ToOwned::to_owned));
        lines.extend(pair_lines(columns, &row.cells, "  "));
    }
    lines
}

/// One line for each figure, the label before it, the change behind it.
fn pair_lines(columns: &[Column], cells: &[Cell], indent: &str) -> Vec<String> {
    let labels: Vec<String> = columns.iter().map(column_label).collect();
    let widths = labels.iter().map(|label| label.width());
    let width = widths.filter(|width| *width <= MAX_LABEL_WIDTH).max().unwrap_or(0);
    let pairs = labels.iter().zip(cells).flat_map(|(label, cell)| {
        let change = cell.change.as_ref().map(|change| format!(" ({change})"));
        let figure = format!("{}{}", cell.figure, change.unwrap_or_default());
        match width.checked_sub(label.width()) {
            Some(rest) => {
                vec![format!("{indent}{label}{}{figure}", " ".repeat(rest + 2))]
            }
            // A label that is too long stands above its figure.
            None => {
                let gap = " ".repeat(width + 2);
                let label = wrap(label);
                let label = label.lines().map(|line| format!("{indent}{line}"));
                label.chain([format!("{indent}{gap}{figure}")]).collect()
            }
        }
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(figures: &[&str]) -> Vec<Cell> {
        let cell = |figure: &&str| Cell { figure: (*figure).to_owned(), change: None };
        figures.iter().map(cell).collect()
    }

    /// The lines of a row of a table with these widths, in columns of text.
    fn aligned_row(name: &str, names: usize, cells: Vec<Cell>, widths: &[usize]) -> Vec<String> {
        let layout = Alignment { names, widths: widths.to_vec() };
        layout.row_lines(&Line { name: name.to_owned(), cells })
    }

    #[test]
    fn long_names_stand_above_their_figures() {
        let row = aligned_row("Général – Français", 20, cells(&["1,204", "78.4 %"]), &[6, 6]);
        assert_eq!(row, ["Général – Français     1,204  78.4 %"]);
        let row = aligned_row("Escalations of the second kind", 20, cells(&["7"]), &[6]);
        assert_eq!(row, ["Escalations of the second kind", "                           7"]);
    }

    #[test]
    fn lines_are_wrapped_at_words() {
        let text = "a ".repeat(60);
        let lines: Vec<_> = wrap(&text).lines().map(str::len).collect();
        assert_eq!(lines, [77, 41]);
        assert_eq!(wrap(&"x".repeat(100)).len(), 100);
    }

    #[test]
    fn a_number_stays_on_a_line_with_its_unit() {
        for start in 60..80 {
            let text = format!("{} 10.4\u{a0}% of contacts in 20\u{a0}s", "x".repeat(start));
            let lines = wrap(&text);
            let whole = |part: &str| lines.lines().any(|line| line.contains(part));
            assert!(whole("10.4\u{a0}%") && whole("20\u{a0}s"), "{lines}");
            assert!(lines.lines().all(|line| line.width() <= LINE_WIDTH.max(start)), "{lines}");
        }
        let long = wrap(&"x\u{a0}".repeat(100));
        assert!(long.lines().all(|line| line.width() <= LINE_WIDTH), "{long}");
    }

    /// Figures stand in their columns whatever is written before them, and a name that takes several lines
    /// is closed on each.
    #[test]
    fn names_from_right_to_left_take_no_room_but_their_own() {
        let name = isolated("قائمة الانتظار");
        let plain = aligned_row("قائمة الانتظار", 20, cells(&["7"]), &[6]).concat();
        let row = aligned_row(&name, 20, cells(&["7"]), &[6]).concat();
        assert_eq!(row.width(), plain.width());
        assert!(row.starts_with('\u{2068}') && row.contains("\u{2069} "), "{row:?}");
        let lines = wrap(&format!("{} 5 contacts", isolated(&"قائمة ".repeat(20))));
        assert!(lines.lines().count() > 1);
        for line in lines.lines() {
            assert_eq!(line.matches('\u{2068}').count(), line.matches('\u{2069}').count());
            assert!(line.starts_with('\u{2068}'), "{line:?}");
        }
    }

    #[test]
    fn changes_stand_under_their_figures() {
        let change = |change: &str| Some(change.to_owned());
        let [calls, level] = cells(&["1,204", "78.4 % ✗"]).try_into().unwrap();
        let cells =
            [Cell { change: change("n/a"), ..calls }, Cell { change: change("−4.5 pp"), ..level }];
        assert_eq!(
            aligned_row("Sales", 8, cells.to_vec(), &[5, 8]),
            ["Sales     1,204  78.4 % ✗", "            n/a   −4.5 pp"]
        );
    }

    proptest! {
        #[test]
        fn figures_end_in_their_columns(name in "[a-z日本é ]{0,40}", figures in proptest::collection::vec("[0-9:.]{1,8}", 1..5)) {
            let widths = vec![8; figures.len()];
            let texts: Vec<&str> = figures.iter().map(String::as_str).collect();
            let lines = aligned_row(&name, 24, cells(&texts), &widths);
            let last = lines.last().unwrap();
            prop_assert_eq!(last.width(), 24 + figures.len() * 10);
            prop_assert!(figures.iter().all(|figure| last.contains(figure.as_str())));
        }
    }
}
