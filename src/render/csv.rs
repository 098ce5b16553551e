//! A table as CSV (RFC 4180): every row, raw values.
//!
//! A mark at the start tells Excel that it is UTF-8. A text that a spreadsheet would take for a formula
//! has an apostrophe before it (OWASP, CSV injection), and all texts are in quotes, because Excel splits
//! at semicolons in many countries; figures are numbers whatever they begin with.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::Contents;
use crate::definition::Kind;
use crate::plan::Figure;
use crate::table::{Table, TableRow};
use crate::window::rfc3339;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The file of a section.
pub(super) fn of(contents: &Contents<'_>, table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::NonNumeric)
        .from_writer(UTF8_MARK.to_vec());
    let keys = table.group_by.iter().map(|dimension| inert(dimension.key()));
    let interval = table.has_intervals.then(|| "interval_start".to_owned());
    let labels = table.columns.iter().map(|column| inert(&column.label));
    writer.write_record(keys.chain(interval).chain(labels))?;
    match table.kind {
        Kind::Totals => writer.write_record(table.totals.iter().map(raw))?,
        Kind::Table | Kind::Trend => {
            for row in &table.rows {
                writer.write_record(record(contents, row))?;
            }
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn record(contents: &Contents<'_>, row: &TableRow) -> Vec<String> {
    let names =
        row.members.iter().map(|member| member.name.as_deref().map(inert).unwrap_or_default());
    let start = row
        .interval
        .as_ref()
        .map(|interval| rfc3339(&contents.window.on_its_clock(interval.start())));
    names.chain(start).chain(row.figures.iter().map(raw)).collect()
}

/// The figure as it is; nothing where there is none.
fn raw(figure: &Figure) -> String {
    figure.value().map_or_else(String::new, |value| value.to_string())
}

/// The text, so that no spreadsheet takes it for a formula.
fn inert(text: &str) -> String {
    let starts_a_formula = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
    };
    match text.starts_with(starts_a_formula) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_formulas() {
        for (text, expected) in [
            ("Sales", "Sales"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("+44 sales", "'+44 sales"),
            ("\t=1", "'\t=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(inert(text), expected);
        }
        assert_eq!(raw(&Figure::Value(-3.0)), "-3");
        assert_eq!(raw(&Figure::Value(78.35)), "78.35");
    }
}
