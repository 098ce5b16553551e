//! A table as CSV (RFC 4180): every row, raw values, under headings that stay the same whatever people call
//! things, so that the files of many days can be stacked and joined.
//!
//! A mark at the start tells Excel that it is UTF-8. A text that a spreadsheet would take for a formula
//! has an apostrophe before it (OWASP, CSV injection), and all texts are in quotes, also those that look
//! like numbers, such as the name `00123`; figures are numbers whatever they begin with.

use std::fmt::Write as _;

use super::contents::Contents;
use crate::definition::{CsvDialect, Kind, State};
use crate::plan::Figure;
use crate::table::{Table, TableRow};
use crate::window::Compare;

const UTF8_MARK: &str = "\u{feff}";

/// The file of a section.
pub(super) fn render(contents: &Contents<'_>, table: &Table) -> Vec<u8> {
    let dialect = contents.report.email.csv_dialect;
    let sheet = Sheet {
        table,
        window: window_fields(contents, dialect),
        is_compared: contents.report.compare != Compare::None,
    };
    let mut lines = Lines { text: UTF8_MARK.to_owned(), ..Lines::new(dialect) };
    sheet.write_headings(&mut lines);
    match table.kind {
        Kind::Totals => sheet.write_totals(&mut lines),
        Kind::Table | Kind::Trend => {
            table.rows.iter().for_each(|row| sheet.write_row(&mut lines, row));
        }
    }
    lines.text.into_bytes()
}

/// The contents of a file. Its columns follow from the definition alone: they are there whether a window has
/// a comparison or not.
struct Sheet<'c> {
    table: &'c Table,
    /// The fields that every line begins with.
    window: Lines,
    is_compared: bool,
}

/// The report and its window: what tells the lines of one file from those of another.
fn window_fields(contents: &Contents<'_>, dialect: CsvDialect) -> Lines {
    let Contents { report, window, .. } = contents;
    let [start, end] = window.borders();
    let mut fields = Lines::new(dialect);
    fields.write_texts([report.id.as_str(), &start, &end, window.zone_name()]);
    fields
}

impl Sheet<'_> {
    fn write_headings(&self, lines: &mut Lines) {
        lines.write_texts(["report", "window_start", "window_end", "time_zone"]);
        for key in self.table.group_by.iter().map(|dimension| dimension.key()) {
            lines.write_text(key);
            lines.write_text(&format!("{key}_id"));
        }
        if self.table.has_intervals {
            lines.write_texts(["interval_start", "interval_end"]);
        }
        for column in &self.table.columns {
            lines.write_text(&column.key);
            if self.is_compared {
                lines.write_text(&format!("{}_compared", column.key));
            }
            if column.has_target() {
                lines.write_text(&format!("{}_state", column.key));
            }
        }
        lines.end_line();
    }

    fn write_totals(&self, lines: &mut Lines) {
        lines.begin_with(&self.window);
        let compared = self.table.comparison.as_ref();
        let compared = compared.map_or(&[][..], |comparison| comparison.totals.as_slice());
        self.write_figures(lines, &self.table.totals, compared, &self.table.states);
    }

    fn write_row(&self, lines: &mut Lines, row: &TableRow) {
        lines.begin_with(&self.window);
        for member in row.members.iter() {
            lines.write_texts(
                [&member.name, &member.id].map(|text| text.as_deref().unwrap_or_default()),
            );
        }
        if self.table.has_intervals {
            let borders = row.interval.as_ref().map(|interval| interval.borders());
            lines.write_texts(borders.unwrap_or_default());
        }
        self.write_figures(lines, &row.figures, &row.compared, &row.states);
    }

    fn write_figures(
        &self,
        lines: &mut Lines,
        figures: &[Figure],
        compared: &[Figure],
        states: &[Option<State>],
    ) {
        for (index, column) in self.table.columns.iter().enumerate() {
            lines.write_figure(figures.get(index));
            if self.is_compared {
                lines.write_figure(compared.get(index));
            }
            if column.has_target() {
                let state = states.get(index).copied().flatten();
                lines.write_text(state.map_or("", State::as_str));
            }
        }
        lines.end_line();
    }
}

/// The lines of a file while they are written, field by field.
struct Lines {
    text: String,
    dialect: CsvDialect,
    is_at_start: bool,
}

impl Lines {
    fn new(dialect: CsvDialect) -> Self {
        Self { text: String::new(), dialect, is_at_start: true }
    }

    fn begin_with(&mut self, fields: &Self) {
        self.text.push_str(&fields.text);
        self.is_at_start = fields.is_at_start;
    }

    fn write_texts<T: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = T>) {
        texts.into_iter().for_each(|text| self.write_text(text.as_ref()));
    }

    /// A text in quotes; nothing where it is empty.
    fn write_text(&mut self, text: &str) {
        self.write_separator();
        if text.is_empty() {
            return;
        }
        self.text.push_str(if starts_a_formula(text) { "\"'" } else { "\"" });
        for (index, part) in text.split('"').enumerate() {
            self.text.push_str(if index > 0 { "\"\"" } else { "" });
            self.text.push_str(part);
        }
        self.text.push('"');
    }

    /// The figure as it is, with as many digits as tell it from every other one; nothing where there is
    /// none.
    fn write_figure(&mut self, figure: Option<&Figure>) {
        self.write_separator();
        let Some(value) = figure.and_then(|figure| figure.value()) else {
            return;
        };
        match self.dialect {
            // Writing to a text never fails.
            CsvDialect::Comma => drop(write!(self.text, "{value}")),
            CsvDialect::Semicolon => self.text.push_str(&value.to_string().replace('.', ",")),
        }
    }

    fn write_separator(&mut self) {
        if !self.is_at_start {
            self.text.push(match self.dialect {
                CsvDialect::Comma => ',',
                CsvDialect::Semicolon => ';',
            });
        }
        self.is_at_start = false;
    }

    fn end_line(&mut self) {
        self.text.push_str("\r\n");
        self.is_at_start = true;
    }
}

/// Tells whether a spreadsheet would take the text for a formula.
fn starts_a_formula(text: &str) -> bool {
    text.starts_with(|c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
    })
}

#[cfg(test)]
mod tests {
    use csv::{QuoteStyle, ReaderBuilder, WriterBuilder};
    use proptest::prelude::*;

    use super::super::example::{EXAMPLE_SCENE, NO_DATA, Queue, Scene, now};
    use super::*;

    #[test]
    fn texts_are_no_formulas() {
        for (text, expected) in [
            ("Sales", "\"Sales\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("+44 sales", "\"'+44 sales\""),
            ("\t=1", "\"'\t=1\""),
            ("a=1", "\"a=1\""),
            ("\"", "\"\"\"\""),
            ("", ""),
        ] {
            let mut lines = Lines::new(CsvDialect::Comma);
            lines.write_text(text);
            assert_eq!(lines.text, expected);
        }
    }

    /// The files of the example with these queues and in this dialect.
    fn files(queues: &[Queue<'_>], definition: &str) -> Vec<String> {
        let scene = Scene { queues, definition, ..EXAMPLE_SCENE };
        let files = scene.with(|contents, _| {
            let tables = contents.tables.iter();
            tables.map(|table| String::from_utf8(render(contents, table)).unwrap()).collect()
        });
        files.unwrap()
    }

    const QUEUES: [Queue<'_>; 4] = [
        ("00123", now([412.0, 64.25, 41.0]), now([400.0, 75.5, 40.0])),
        ("1E5", now([318.0, 83.0, 22.0]), [NO_DATA; 3]),
        ("2026-11-23", [Figure::Value(0.0), NO_DATA, NO_DATA], now([3.0, 90.0, 9.5])),
        ("Sales \"A\"; B, C", now([1.0, 75.0, 0.1 + 0.2]), now([1.0, 1.0, 1.0])),
    ];

    #[test]
    fn days_can_be_stacked_and_joined() {
        let files = files(&QUEUES, EXAMPLE_SCENE.definition);
        let start = |file: &String| {
            let lines: Vec<&str> = file.split("\r\n").take(5).collect();
            lines.join("\n").replace(UTF8_MARK, "(mark)")
        };
        let shown = files.iter().take(3).map(start).collect::<Vec<_>>().join("\n\n");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_comma_may_be_the_decimal_sign() {
        let definition =
            EXAMPLE_SCENE.definition.replace("attach ", "csv_dialect = \"semicolon\"\nattach ");
        let (points, commas) =
            (files(&QUEUES, EXAMPLE_SCENE.definition), files(&QUEUES, &definition));
        assert_eq!(points.len(), commas.len());
        for (points, commas) in points.iter().zip(&commas) {
            let read = |text: &str, separator: u8| -> Vec<Vec<String>> {
                let mut reader = ReaderBuilder::new();
                let reader = reader.delimiter(separator).has_headers(false);
                let records = reader.from_reader(text.as_bytes()).into_records();
                records
                    .map(|record| record.unwrap().iter().map(ToOwned::to_owned).collect())
                    .collect()
            };
            let (points, commas) = (read(points, b','), read(commas, b';'));
            let has =
                |records: &[Vec<String>], field: &str| records.concat().iter().any(|f| f == field);
            assert_eq!(has(&points, "64.25"), has(&commas, "64,25"));
            let as_points = |field: &String| match field.replace(',', ".").parse::<f64>() {
                Ok(_) => field.replace(',', "."),
                Err(_) => field.clone(),
            };
            let commas: Vec<Vec<String>> =
                commas.iter().map(|record| record.iter().map(as_points).collect()).collect();
            assert_eq!(points, commas);
        }
    }

    proptest! {
        /// Another writer that puts all texts in quotes writes the same, and what is read back is the same.
        #[test]
        fn fields_are_written_as_rfc_4180_has_them(
            texts in proptest::collection::vec("[a-zA-Z0-9\",;\r\n .é日]{1,12}", 1..6),
            value in any::<f64>().prop_filter("a figure is finite", |value| value.is_finite()),
        ) {
            let mut lines = Lines::new(CsvDialect::Comma);
            texts.iter().for_each(|text| lines.write_text(text));
            lines.write_figure(Some(&Figure::Value(value)));
            lines.write_figure(Some(&NO_DATA));
            lines.end_line();
            let written = lines.text.as_str();
            let mut reader = ReaderBuilder::new();
            let mut records = reader.has_headers(false).from_reader(written.as_bytes()).into_records();
            let record = records.next().unwrap().unwrap();
            let mark = |text: &String| format!("{}{text}", if starts_a_formula(text) { "'" } else { "" });
            let inert: Vec<String> = texts.iter().map(mark).collect();
            prop_assert_eq!(record.iter().take(texts.len()).collect::<Vec<_>>(), inert.iter().collect::<Vec<_>>());
            prop_assert_eq!(record[texts.len()].parse::<f64>().unwrap(), value);
            prop_assert_eq!(&record[texts.len() + 1], "");
            prop_assert!(records.next().is_none());
            let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(&inert).unwrap();
            let quoted = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert!(written.starts_with(quoted.trim_end_matches('\n')), "{:?} {:?}", written, quoted);
        }
    }
}
