//! Sections as plain text that reads well at 78 columns.

use unicode_width::UnicodeWidthStr as _;

use super::figure::{FigureContext, RowContext};
use super::isolate::{closed, isolated};
use super::line::{is_no_break_space, one_line};
use super::wording::{Localizer, headings, label, totals_label};
use crate::definition::{Column, Kind};
use crate::table::Table;

/// How wide a line may be.
const WIDTH: usize = 78;

/// How much of it names need at least; with less the figures are listed under each name.
const NAMES: usize = 20;

/// How much of it labels have at most, where figures are listed one by one.
const LABELS: usize = 50;

/// The words of a text on lines that are no wider than they may be, unless a word is. No-break spaces hold
/// words together, as far as they fit on a line.
pub(super) fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() && !is_no_break_space(c));
    let words = words.flat_map(|word| match word.width() > WIDTH {
        true => word.split(char::is_whitespace).collect::<Vec<_>>(),
        false => vec![word],
    });
    for word in words.filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    closed(&mut lines);
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
type Line = (String, Vec<Cell>);

/// The lines of a section, without its title: an aligned table where it fits, else a list of
/// figures for each row.
pub(super) fn lines(
    table: &Table,
    rows: &[RowContext],
    totals: &[FigureContext],
    localizer: &Localizer,
) -> Vec<String> {
    // A chart's twin tells its figures; what they are compared with is in the chart.
    let has_changes = table.kind != Kind::Trend;
    let cell = |figure: &FigureContext| Cell {
        figure: figure.plain(),
        change: figure.plain_change().filter(|_| has_changes),
    };
    let cells = |figures: &[FigureContext]| figures.iter().map(cell).collect::<Vec<_>>();
    let totals = cells(totals);
    let note = |english: &str| {
        let against = one_line(&table.comparison.as_ref().filter(|_| has_changes)?.label);
        Some(wrapped(&localizer.language.say_with(english, &[("against", &against)])))
    };
    if table.kind == Kind::Totals {
        let pairs = pairs(&table.columns, &totals, "");
        return pairs.into_iter().chain(note(IN_PARENTHESES)).collect();
    }
    let name =
        |names: &[String]| names.iter().map(|name| isolated(name)).collect::<Vec<_>>().join(" / ");
    let rows = rows.iter().map(|row| (name(&row.names), cells(&row.figures)));
    let label = totals_label(table, localizer.language).to_owned();
    let totals = (!totals.is_empty()).then_some((label, totals));
    let has_totals = totals.is_some();
    let rows: Vec<Line> = rows.chain(totals).collect();
    let heading = name(&headings(table, localizer.language));
    match aligned(heading, &table.columns, &rows, has_totals) {
        Some(lines) => lines.into_iter().chain(note(UNDER_EACH_FIGURE)).collect(),
        None => listed(&table.columns, &rows).into_iter().chain(note(IN_PARENTHESES)).collect(),
    }
}

/// Names on the left, figures on the right, and changes under them; a name that is too long stands
/// on a line of its own. Nothing where the figures leave no room for names.
fn aligned(
    names_heading: String,
    columns: &[Column],
    rows: &[Line],
    has_totals: bool,
) -> Option<Vec<String>> {
    let heading = |column: &Column| Cell { figure: label(column), change: None };
    let mut all = vec![(names_heading, columns.iter().map(heading).collect())];
    all.extend_from_slice(rows);
    let width_of = |index: usize| {
        let cells = all.iter().filter_map(|(_, cells): &Line| cells.get(index));
        let texts = cells.flat_map(|cell| std::iter::once(&cell.figure).chain(&cell.change));
        texts.map(|text| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width_of).collect();
    let figures = widths.iter().map(|width| width + 2).sum::<usize>();
    let longest = all.iter().map(|(name, _)| name.width()).max()?;
    let names = WIDTH.checked_sub(figures).filter(|room| *room >= NAMES)?.min(longest);
    let mut lines: Vec<Vec<String>> =
        all.iter().map(|(name, cells)| aligned_row(name, names, cells, &widths)).collect();
    let rule = vec!["-".repeat(names + figures)];
    lines.insert(1, rule.clone());
    // The totals stand under a rule of their own, unless they are all there is.
    if has_totals && lines.len() > 3 {
        lines.insert(lines.len() - 1, rule);
    }
    Some(lines.concat())
}

/// The lines of one row: the name above where it is too long, the figures, and their changes.
fn aligned_row(name: &str, names: usize, cells: &[Cell], widths: &[usize]) -> Vec<String> {
    let (above, name) = match name.width() > names {
        true => (wrapped(name).lines().map(ToOwned::to_owned).collect(), ""),
        false => (Vec::new(), name),
    };
    let line = |name: &str, texts: &[&str]| {
        let mut line = format!("{name}{}", " ".repeat(names - name.width()));
        for (text, width) in texts.iter().zip(widths) {
            line.push_str(&" ".repeat(2 + width - text.width()));
            line.push_str(text);
        }
        line.trim_end().to_owned()
    };
    let figures: Vec<&str> = cells.iter().map(|cell| cell.figure.as_str()).collect();
    let changes: Option<Vec<&str>> = cells.iter().map(|cell| cell.change.as_deref()).collect();
    let changes = changes.filter(|changes| !changes.is_empty());
    let changes = changes.map(|changes| line("", &changes));
    above.into_iter().chain([line(name, &figures)]).chain(changes).collect()
}

fn listed(columns: &[Column], rows: &[Line]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, cells) in rows {
        lines.extend(wrapped(name).lines().map(ToOwned::to_owned));
        lines.extend(pairs(columns, cells, "  "));
    }
    lines
}

/// One line for each figure, the label before it, the change behind it.
fn pairs(columns: &[Column], cells: &[Cell], indent: &str) -> Vec<String> {
    let labels: Vec<String> = columns.iter().map(label).collect();
    let widths = labels.iter().map(|label| label.width());
    let width = widths.filter(|width| *width <= LABELS).max().unwrap_or(0);
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
                let label = wrapped(label);
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

    #[test]
    fn long_names_stand_above_their_figures() {
        let row = aligned_row("Général – Français", 20, &cells(&["1,204", "78.4 %"]), &[6, 6]);
        assert_eq!(row, ["Général – Français     1,204  78.4 %"]);
        let row = aligned_row("Escalations of the second kind", 20, &cells(&["7"]), &[6]);
        assert_eq!(row, ["Escalations of the second kind", "                           7"]);
    }

    #[test]
    fn lines_are_wrapped_at_words() {
        let text = "a ".repeat(60);
        let lines: Vec<_> = wrapped(&text).lines().map(str::len).collect();
        assert_eq!(lines, [77, 41]);
        assert_eq!(wrapped(&"x".repeat(100)).len(), 100);
    }

    #[test]
    fn a_number_stays_on_a_line_with_its_unit() {
        for start in 60..80 {
            let text = format!("{} 10.4\u{a0}% of contacts in 20\u{a0}s", "x".repeat(start));
            let lines = wrapped(&text);
            let whole = |part: &str| lines.lines().any(|line| line.contains(part));
            assert!(whole("10.4\u{a0}%") && whole("20\u{a0}s"), "{lines}");
            assert!(lines.lines().all(|line| line.width() <= WIDTH.max(start)), "{lines}");
        }
        let long = wrapped(&"x\u{a0}".repeat(100));
        assert!(long.lines().all(|line| line.width() <= WIDTH), "{long}");
    }

    /// Figures stand in their columns whatever is written before them, and a name that takes several lines
    /// is closed on each.
    #[test]
    fn names_from_right_to_left_take_no_room_but_their_own() {
        let name = isolated("قائمة الانتظار");
        let plain = aligned_row("قائمة الانتظار", 20, &cells(&["7"]), &[6]).concat();
        let row = aligned_row(&name, 20, &cells(&["7"]), &[6]).concat();
        assert_eq!(row.width(), plain.width());
        assert!(row.starts_with('\u{2068}') && row.contains("\u{2069} "), "{row:?}");
        let lines = wrapped(&format!("{} 5 contacts", isolated(&"قائمة ".repeat(20))));
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
            aligned_row("Sales", 8, &cells, &[5, 8]),
            ["Sales     1,204  78.4 % ✗", "            n/a   −4.5 pp"]
        );
    }

    proptest! {
        #[test]
        fn figures_end_in_their_columns(name in "[a-z日本é ]{0,40}", figures in proptest::collection::vec("[0-9:.]{1,8}", 1..5)) {
            let widths = vec![8; figures.len()];
            let texts: Vec<&str> = figures.iter().map(String::as_str).collect();
            let lines = aligned_row(&name, 24, &cells(&texts), &widths);
            let last = lines.last().unwrap();
            prop_assert_eq!(last.width(), 24 + figures.len() * 10);
            prop_assert!(figures.iter().all(|figure| last.contains(figure.as_str())));
        }
    }
}
