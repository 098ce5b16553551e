//! The report as a workbook: a sheet that says what it is, and one for each section, with typed cells.

use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::contents::Contents;
use super::figure::Row;
use super::wording::{Localizer, data_names, table_headings, target_words, totals_label};
use crate::definition::{Column, Kind};
use crate::language::Language;
use crate::metric::Unit;
use crate::table::rounding::decimals_beside;
use crate::table::{Table, TableRow};
use crate::window::{Window, rfc3339};

/// With more rows than these a sheet is kept in a temporary file while it is written, where there may be
/// one: its cells take some 500 bytes of memory a row.
const MANY_ROWS: usize = 10_000;

/// The workbook's bytes.
pub(super) fn render(contents: &Contents<'_>) -> Result<Vec<u8>, XlsxError> {
    write_workbook(contents, MANY_ROWS)
}

fn write_workbook(contents: &Contents<'_>, many_rows: usize) -> Result<Vec<u8>, XlsxError> {
    let localizer = Localizer::new(contents.report);
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_timestamp(contents.read_at.as_second())?;
    let properties = DocProperties::new().set_title(&contents.report.title);
    workbook.set_properties(&properties.set_creation_datetime(&made));
    let sheets = sheet_names(contents, localizer.language);
    write_about(workbook.add_worksheet(), contents, &sheets, &localizer)?;
    for (table, name) in contents.tables.iter().zip(sheets.iter().skip(1)) {
        let is_in_file =
            table.rows.len() > many_rows && workbook.add_worksheet_with_low_memory().is_ok();
        let sheet = match workbook.worksheets_mut().last_mut().filter(|_| is_in_file) {
            Some(sheet) => sheet,
            None => workbook.add_worksheet(),
        };
        sheet.set_name(name)?;
        write_section(sheet, contents, table, &localizer)?;
    }
    workbook.save_to_buffer()
}

/// The first sheet: window, definition, and what each of the others holds.
fn write_about(
    sheet: &mut Worksheet,
    contents: &Contents<'_>,
    sheets: &[String],
    localizer: &Localizer,
) -> Result<(), XlsxError> {
    if let Some(name) = sheets.first() {
        sheet.set_name(name)?;
    }
    let bold = Format::new().set_bold();
    let facts = report_facts(contents, localizer.language);
    let mut line = 0;
    for (name, value) in facts {
        sheet.write_with_format(line, 0, name, &bold)?.write_string(line, 1, value)?;
        line += 1;
    }
    write_column_list(sheet, line + 1, contents, sheets, localizer)?;
    for (column, width) in [(0, 24.0), (1, 40.0), (3, 28.0), (4, 44.0), (6, 44.0)] {
        sheet.set_column_width(column, width)?;
    }
    Ok(())
}

/// The facts about the report as a whole, and what is missing in it.
fn report_facts(contents: &Contents<'_>, language: Language) -> Vec<(String, String)> {
    let Contents { report, window, .. } = contents;
    let [start, end] = window.borders();
    let read_at = rfc3339(&window.on_its_clock(contents.read_at));
    let compared = contents.tables.iter().find_map(|table| table.comparison.as_ref());
    let facts = [
        ("Report", Some(report.title.clone())),
        ("Report id", Some(report.id.to_string())),
        ("Run", Some(contents.run.to_owned())),
        ("Window", Some(window.label(language))),
        ("Start", Some(start)),
        ("End", Some(end)),
        ("Time zone", Some(window.zone_name().to_owned())),
        ("Figures read", Some(read_at)),
        ("Compared with", compared.map(|compared| compared.label.clone())),
    ];
    let known = facts.into_iter().filter_map(|(name, value)| Some((language.say(name), value?)));
    let missing = contents.missing.iter().map(|missing| {
        let what = language.say_with("Missing: {title}.", &[("title", &missing.title)]);
        (what, missing.reason.clone())
    });
    known.map(|(name, value)| (name.to_owned(), value)).chain(missing).collect()
}

/// The columns of all sheets, from this line on.
fn write_column_list(
    sheet: &mut Worksheet,
    mut line: u32,
    contents: &Contents<'_>,
    sheets: &[String],
    localizer: &Localizer,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let heads = ["Sheet", "Section", "Rows", "Column", "Metric", "Unit", "Target"];
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(line, column, localizer.language.say(head), &bold)?;
    }
    for (table, name) in contents.tables.iter().zip(sheets.iter().skip(1)) {
        for column in &table.columns {
            line += 1;
            let rows = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
            sheet.write_string(line, 0, name)?.write_string(line, 1, &table.title)?;
            sheet.write_number(line, 2, rows)?.write_string(line, 3, &column.label)?;
            sheet.write_string(line, 4, metric_asked(column))?;
            sheet.write_string(line, 5, column.unit.as_str())?;
            if let Some(target) = target_words(table, column, localizer) {
                sheet.write_string(line, 6, target)?;
            }
        }
    }
    Ok(())
}

/// The metric as the service was asked for it: `SERVICE_LEVEL, LT 20`.
fn metric_asked(column: &Column) -> String {
    let metric = &column.metric;
    let threshold = metric
        .threshold
        .map(|threshold| format!(", {} {}", threshold.comparison.as_str(), threshold.seconds));
    let filters = metric.filters.iter().map(|filter| {
        let sign = if filter.negate { "≠" } else { "=" };
        format!(", {} {sign} {}", filter.key, filter.values.join(" | "))
    });
    let more: String = threshold.into_iter().chain(filters).collect();
    format!("{}{more}", metric.name)
}

/// The names of all sheets, the first that of the sheet about the others: at most 31 characters,
/// without those that Excel forbids, each once whatever its letters' case.
fn sheet_names(contents: &Contents<'_>, language: Language) -> Vec<String> {
    let mut names: Vec<String> = vec![language.say("About").to_owned()];
    for table in contents.tables {
        let allowed =
            |c: char| !(c.is_control() || matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\'));
        let clean: String = table.title.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
        let clean = clean.trim_matches(|c: char| c == '\'' || c.is_whitespace());
        // Excel keeps the name "History" for itself.
        let clean =
            if clean.is_empty() || clean.eq_ignore_ascii_case("history") { "Table" } else { clean };
        let numbered = (2..).map(|n| shorten_name(clean, &format!(" ({n})")));
        let name = std::iter::once(shorten_name(clean, ""))
            .chain(numbered)
            .find(|name| !is_taken(name, &names));
        names.extend(name);
    }
    names
}

/// Tells whether a sheet has the name already, whatever its letters' case.
fn is_taken(name: &str, names: &[String]) -> bool {
    names.iter().any(|known| known.to_lowercase() == name.to_lowercase())
}

/// As much of the name as Excel takes before this ending: it counts UTF-16 units.
fn shorten_name(name: &str, ending: &str) -> String {
    const MAX_SHEET_NAME: usize = 31;
    let mut short = name.to_owned();
    while short.encode_utf16().count() + ending.len() > MAX_SHEET_NAME {
        short.pop();
    }
    // Neither may a name end in an apostrophe.
    format!("{}{ending}", short.trim_end_matches(|c: char| c == '\'' || c.is_whitespace()))
}

/// The formats of the cells of a sheet.
struct Formats {
    head: Format,
    bold: Format,
    time: Format,
    figures: Figures,
    totals: Figures,
}

/// The formats of figures by their unit, each with none, one and more decimals.
struct Figures {
    counts: Vec<Format>,
    seconds: Vec<Format>,
    milliseconds: Vec<Format>,
    percent: Vec<Format>,
}

/// The most decimals of a number. A cell holds the figure itself, so that more decimals make true
/// what is said of it where a text has it cut.
const MOST_DECIMALS: usize = 9;
/// The most decimals of a second that Excel shows.
const MOST_DECIMALS_OF_SECONDS: usize = 3;

fn number_formats(format: &Format, patterns: impl Iterator<Item = String>) -> Vec<Format> {
    patterns.map(|pattern| format.clone().set_num_format(pattern)).collect()
}

impl Figures {
    fn based_on(format: &Format) -> Self {
        let decimals = (0..=MOST_DECIMALS).map(|decimals| match decimals {
            0 => String::new(),
            decimals => format!(".{}", "0".repeat(decimals)),
        });
        let decimals: Vec<String> = decimals.collect();
        let in_seconds = decimals.iter().take(MOST_DECIMALS_OF_SECONDS + 1);
        Self {
            counts: number_formats(format, decimals.iter().map(|d| format!("#,##0{d}"))),
            seconds: number_formats(format, in_seconds.map(|d| format!("[h]:mm:ss{d}"))),
            milliseconds: number_formats(
                format,
                decimals.iter().map(|d| format!("#,##0{d}\" ms\"")),
            ),
            percent: number_formats(format, decimals.iter().map(|d| format!("0{d}%"))),
        }
    }

    /// The format of a figure, with as many decimals as what is said of it needs.
    fn select(&self, row: Row<'_>, index: usize, column: &Column) -> Option<&Format> {
        let forms = match column.unit {
            Unit::Count => &self.counts,
            Unit::Seconds => &self.seconds,
            Unit::Milliseconds => &self.milliseconds,
            Unit::Percent => &self.percent,
        };
        let value = row.figure(index)?;
        let bounds = row.bounds(index, column);
        let decimals = decimals_beside(value, column.unit, bounds, forms.len() - 1);
        forms.get(decimals.unwrap_or(forms.len() - 1))
    }
}

fn write_section(
    sheet: &mut Worksheet,
    contents: &Contents<'_>,
    table: &Table,
    localizer: &Localizer,
) -> Result<(), XlsxError> {
    let formats = Formats {
        head: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
        bold: Format::new().set_bold(),
        time: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
        figures: Figures::based_on(&Format::new()),
        totals: Figures::based_on(&Format::new().set_bold()),
    };
    let mut heads = table_headings(table, localizer.language);
    // On the night on which the clocks go back, the local time tells two hours from each other no more.
    heads.extend(table.has_intervals.then(|| "UTC".to_owned()));
    let first_figure = u16::try_from(heads.len()).unwrap_or(u16::MAX);
    let labels = table.columns.iter().map(|column| column.label.clone());
    let mut last_column = 0;
    for (column, head) in (0_u16..).zip(heads.into_iter().chain(labels)) {
        sheet.write_with_format(0, column, head, &formats.head)?;
        sheet.set_column_width(column, if column < first_figure { 28.0 } else { 14.0 })?;
        last_column = column;
    }
    sheet.set_freeze_panes(1, first_figure)?;
    if table.kind == Kind::Totals {
        let totals = Row::totals(table);
        return write_figures(
            sheet,
            CellPlace { line: 1, column: first_figure },
            table,
            totals,
            &formats.figures,
        );
    }
    let mut line = 0;
    for row in &table.rows {
        line += 1;
        write_names(sheet, line, contents.window, table, row, localizer, &formats)?;
        write_figures(
            sheet,
            CellPlace { line, column: first_figure },
            table,
            Row::new(table, row),
            &formats.figures,
        )?;
    }
    sheet.autofilter(0, 0, line, last_column)?;
    if table.totals.is_empty() {
        return Ok(());
    }
    // Apart from the rows, so that no filter or sort takes it for one.
    let total = line + 2;
    if first_figure > 0 {
        sheet.write_with_format(
            total,
            0,
            totals_label(table, localizer.language),
            &formats.bold,
        )?;
    }
    write_figures(
        sheet,
        CellPlace { line: total, column: first_figure },
        table,
        Row::totals(table),
        &formats.totals,
    )
}

fn write_names(
    sheet: &mut Worksheet,
    line: u32,
    window: &Window,
    table: &Table,
    row: &TableRow,
    localizer: &Localizer,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let mut column = 0;
    for name in data_names(table, row, localizer.language) {
        sheet.write_string(line, column, name)?;
        column += 1;
    }
    if let Some(interval) = &row.interval {
        // A workbook knows no zones: the first is the local time.
        let start = window.on_its_clock(interval.start());
        for (column, time) in (column..).zip([&start, &start.with_time_zone(TimeZone::UTC)]) {
            let text = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            let time = ExcelDateTime::parse_from_str(&text)?;
            sheet.write_datetime_with_format(line, column, &time, &formats.time)?;
        }
    }
    Ok(())
}

/// The place of a cell; both from 0.
struct CellPlace {
    line: u32,
    column: u16,
}

fn write_figures(
    sheet: &mut Worksheet,
    first: CellPlace,
    table: &Table,
    row: Row<'_>,
    formats: &Figures,
) -> Result<(), XlsxError> {
    for (cell, (index, column)) in (first.column..).zip(table.columns.iter().enumerate()) {
        let figure = row.figure(index).zip(formats.select(row, index, column));
        if let Some((value, format)) = figure {
            sheet.write_number_with_format(
                first.line,
                cell,
                excel_value(value, column.unit),
                format,
            )?;
        }
    }
    Ok(())
}

/// The value as Excel has it: times in days, percent as parts of one.
fn excel_value(value: f64, unit: Unit) -> f64 {
    match unit {
        Unit::Count | Unit::Milliseconds => value,
        Unit::Seconds => value / 86_400.0,
        Unit::Percent => value / 100.0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use zip::ZipArchive;

    use super::super::example::{EXAMPLE_SCENE, Scene, now};
    use super::*;

    /// The cells of each sheet: where they are, and their texts or numbers.
    fn cells(many_rows: usize) -> Vec<Vec<(String, String)>> {
        let file =
            EXAMPLE_SCENE.with(|contents, _| write_workbook(contents, many_rows).unwrap()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let between = |text: &str, start: &str, end: &str| {
            let (_, rest) = text.split_once(start).unwrap();
            rest.split_once(end).unwrap().0.to_owned()
        };
        let texts = part("xl/sharedStrings.xml");
        let texts: Vec<_> =
            texts.split("<si>").skip(1).map(|text| between(text, "<t>", "</t>")).collect();
        let cell = |cell: &str| {
            let value = between(cell, "<v>", "</v>");
            let value = match cell.contains("t=\"s\"") {
                true => texts[value.parse::<usize>().unwrap()].clone(),
                false => value,
            };
            (between(cell, "r=\"", "\""), value)
        };
        let sheets = (1..=5).map(|sheet| part(&format!("xl/worksheets/sheet{sheet}.xml")));
        sheets.map(|sheet| sheet.split("<c ").skip(1).map(cell).collect()).collect()
    }

    #[test]
    fn a_sheet_that_is_kept_in_a_file_has_the_same_cells() {
        let in_memory = cells(usize::MAX);
        assert!(in_memory[2].len() > 10, "a table");
        assert_eq!(cells(0), in_memory);
    }

    /// A cell shows the decimals by which its figure is judged; it holds the figure itself.
    #[test]
    fn a_cell_shows_as_many_decimals_as_its_figure_is_judged_by() {
        let totals = now([896.0, 79.97, 34.0]);
        let scene = Scene { totals: (totals, totals), ..EXAMPLE_SCENE };
        let file = scene.with(|contents, _| write_workbook(contents, MANY_ROWS).unwrap()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert!(part("xl/styles.xml").contains("formatCode=\"0.00%\""));
        assert!(part("xl/worksheets/sheet2.xml").contains("<v>0.7997"));
        let mut usual = ZipArchive::new(Cursor::new(
            EXAMPLE_SCENE.with(|contents, _| write_workbook(contents, MANY_ROWS).unwrap()).unwrap(),
        ))
        .unwrap();
        let mut styles = String::new();
        usual.by_name("xl/styles.xml").unwrap().read_to_string(&mut styles).unwrap();
        assert!(styles.contains("formatCode=\"0.0%\"") && !styles.contains("formatCode=\"0.00%\""));
    }

    #[test]
    fn names_of_sheets_are_short() {
        assert_eq!(shorten_name("By queue", ""), "By queue");
        assert_eq!(shorten_name(&format!("{}'b", "a".repeat(30)), ""), "a".repeat(30));
        assert_eq!(shorten_name(&"a".repeat(40), " (2)"), format!("{} (2)", "a".repeat(27)));
        assert_eq!(shorten_name(&"😀".repeat(20), "").encode_utf16().count(), 30);
    }
}
