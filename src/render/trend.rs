//! A trend: what its series come to in words, and their chart.

use jiff::SignedDuration;
use serde::Serialize;

use super::chart::{self, ChartContext, Label, Panel, Series, Tick};
use super::contents::Contents;
use super::figure::Row;
use super::isolate::isolated;
use super::line::{with_full_stop, with_plain_spaces};
use super::message::{File, Inline};
use super::template::Templates;
use super::wording::{Localizer, column_label, interval_name, target_text};
use crate::definition::{self, Column, Kind, State};
use crate::error::Error;
use crate::language::Language;
use crate::metric::{Polarity, Unit};
use crate::table::format::Numbers;
use crate::table::{Table, TableRow};
use crate::window::Window;

/// A trend as templates see it.
#[derive(Debug, Serialize)]
pub(super) struct TrendContext {
    /// The Content-ID of the chart, which `cid:` refers to.
    cid: String,
    /// The name of its file.
    file: String,
    /// The text of what it shows, for those who don't see it.
    alt: String,
    /// Its size in CSS pixels; it has twice as many of its own.
    width: u32,
    /// The height.
    height: u32,
    /// The finding of each series.
    findings: Vec<FindingContext>,
    /// The meaning of the dashed lines, if there are any.
    dashed: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingContext {
    /// The colour of the series, `#rrggbb`.
    color: &'static str,
    /// `Contacts queued: highest 97, 10:00–11:00`
    text: String,
}

impl TrendContext {
    /// The finding of its first series.
    pub(super) fn first_finding(&self) -> Option<&str> {
        self.findings.first().map(|finding| finding.text.as_str())
    }
}

/// The trend of the section at `index`.
pub(super) fn build(
    contents: &Contents<'_>,
    index: usize,
    table: &Table,
    localizer: &Localizer,
) -> TrendContext {
    let colours = chart::SERIES_COLOURS.iter().cycle();
    let columns = table.columns.iter().enumerate().zip(colours);
    let findings = columns.map(|((index, column), color)| FindingContext {
        color,
        text: Finding { window: contents.window, table, index, column }.text(localizer),
    });
    let findings: Vec<FindingContext> = findings.collect();
    let dashed = table.comparison.as_ref().map(|comparison| {
        localizer.language.say_with("Dashed: {against}", &[("against", &comparison.label)])
    });
    let told: Vec<&str> =
        findings.iter().map(|finding| finding.text.as_str()).chain(dashed.as_deref()).collect();
    TrendContext {
        cid: content_id(contents, index),
        file: chart_file(contents, index),
        alt: alt_text(&table.title, &told),
        width: chart::CHART_WIDTH,
        height: chart::chart_height(panels_of(table).len()),
        dashed,
        findings,
    }
}

/// The text of a chart, for those who hear it or see it in its place: no line is broken in it.
fn alt_text(title: &str, told: &[&str]) -> String {
    let title = isolated(title);
    let sentences = std::iter::once(title.as_str()).chain(told.iter().copied()).map(with_full_stop);
    with_plain_spaces(&sentences.collect::<Vec<_>>().join(" "))
}

/// The charts of all trends.
///
/// # Errors
/// `TEMPLATE_ERROR` where the template is none, or what it makes is no picture.
pub(super) fn draw_charts(
    templates: &Templates,
    contents: &Contents<'_>,
) -> Result<Vec<Inline>, Error> {
    let charts = placed_charts(contents).map(|(index, chart)| {
        let content = chart::draw(templates, &chart)?;
        let name = chart_file(contents, index);
        let file = File { name, media_type: "image/png".to_owned(), content };
        Ok(Inline { cid: content_id(contents, index), file })
    });
    charts.collect()
}

/// The charts as the template sees them, each with its section's place.
pub(super) fn placed_charts(
    contents: &Contents<'_>,
) -> impl Iterator<Item = (usize, ChartContext)> {
    let localizer = Localizer::new(contents.report);
    let trends = contents.tables.iter().enumerate();
    let trends = trends.filter(|(_, table)| table.kind == Kind::Trend);
    trends.map(move |(index, table)| {
        let intervals: Vec<&Window> =
            table.rows.iter().filter_map(|row| row.interval.as_deref()).collect();
        let labels = interval_labels(contents.window, &intervals, &localizer);
        (index, chart::place_chart(&trend_panels(table, &localizer), &labels))
    })
}

/// Its Content-ID, which no other chart ever has: mail programs cache pictures by it (RFC 2045, 7), and
/// a run that is tried again reads its figures anew.
fn content_id(contents: &Contents<'_>, index: usize) -> String {
    let Contents { report, run, read_at, .. } = *contents;
    let place = contents.place(index);
    let domain = report.email.from.address.domain();
    let made = definition::digest(format!("{run} {read_at}").as_bytes());
    format!("trend-{place}.{}.{made}@{domain}", report.id)
}

fn chart_file(contents: &Contents<'_>, index: usize) -> String {
    format!(
        "{}-{}-trend-{}.png",
        contents.report.id,
        contents.window.first_date(),
        contents.place(index)
    )
}

/// A series of a trend, to be told in words.
struct Finding<'t> {
    window: &'t Window,
    table: &'t Table,
    /// The place of its column.
    index: usize,
    column: &'t Column,
}

impl<'t> Finding<'t> {
    /// Says where the series was highest (or lowest, if more is better), and how often it missed its target.
    fn text(&self, localizer: &Localizer) -> String {
        let language = localizer.language;
        let label = column_label(self.column);
        let label = ("label", label.as_str());
        let Some(row) = self.extreme() else {
            return language.say_with("{label}: no data", &[label]);
        };
        let figure = self.shown(row, localizer);
        // The first of many alike does not stand out.
        let shown = self.figures().map(|(row, _)| self.shown(row, localizer));
        let alike = shown.filter(|shown| *shown == figure).count();
        let figure = ("figure", figure.as_str());
        if alike > 1 && alike == self.figures().count() {
            return language.say_with("{label}: {figure} throughout", &[label, figure]);
        }
        let when = self.when(row, alike, localizer);
        let english = if self.is_better_high() {
            "{label}: lowest {figure}, {when}"
        } else {
            "{label}: highest {figure}, {when}"
        };
        let told = language.say_with(english, &[label, figure, ("when", &when)]);
        match self.missed_target(localizer) {
            Some(missed) => format!("{} {missed}", with_full_stop(&told)),
            None => told,
        }
    }

    fn is_better_high(&self) -> bool {
        self.column.polarity == Polarity::MoreIsBetter
    }

    /// The rows that have a figure, with it.
    fn figures(&self) -> impl Iterator<Item = (&'t TableRow, f64)> + use<'t> {
        let index = self.index;
        let rows = self.table.rows.iter();
        rows.filter_map(move |row| Some((row, row.figures.get(index)?.value()?)))
    }

    /// The row whose figure stands out: the worst one, where one can be worse.
    fn extreme(&self) -> Option<&'t TableRow> {
        let extreme = self.figures().reduce(|best, next| {
            let beats = if self.is_better_high() { next.1 < best.1 } else { next.1 > best.1 };
            if beats { next } else { best }
        });
        extreme.map(|(row, _)| row)
    }

    fn shown(&self, row: &TableRow, localizer: &Localizer) -> String {
        let shown = Row::new(self.table, row).rounded(self.index, self.column);
        let text = shown.map(|shown| localizer.numbers.rounded(shown, self.column.unit));
        text.unwrap_or_default()
    }

    /// The interval of a row, and how many more have the same figure.
    fn when(&self, row: &TableRow, alike: usize, localizer: &Localizer) -> String {
        let language = localizer.language;
        let interval = row.interval.as_ref();
        let when = interval.map(|interval| interval_name(self.window, interval, language));
        let when = when.unwrap_or_default();
        if alike < 2 {
            return when;
        }
        let n = localizer.numbers.whole_count(alike - 1);
        language.say_with("{told} and {n} more", &[("told", &when), ("n", &n)])
    }

    /// The sentence about the intervals that missed the target, if any did.
    fn missed_target(&self, localizer: &Localizer) -> Option<String> {
        let rows = self.table.rows.iter();
        let states = rows.filter_map(|row| *row.states.get(self.index)?);
        let missed = states.filter(|state| *state == State::Missed).count();
        let target = self.column.target.filter(|_| missed > 0)?;
        let n = localizer.numbers.whole_count(missed);
        let of = localizer.numbers.whole_count(self.figures().count());
        let target = target_text(&target, self.column.unit, localizer);
        let label = column_label(self.column);
        let values = [("label", label.as_str()), ("target", &target), ("n", &n), ("of", &of)];
        let english = "{label}: target {target} missed in {n} of {of} intervals";
        Some(localizer.language.say_with(english, &values))
    }
}

/// The columns of each panel: those of one unit share it.
fn panels_of(table: &Table) -> Vec<(Unit, Vec<usize>)> {
    let mut panels: Vec<(Unit, Vec<usize>)> = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        match panels.iter_mut().find(|(unit, _)| *unit == column.unit) {
            Some((_, columns)) => columns.push(index),
            None => panels.push((column.unit, vec![index])),
        }
    }
    panels
}

fn trend_panels(table: &Table, localizer: &Localizer) -> Vec<Panel> {
    let panels = panels_of(table).into_iter();
    panels.map(|(unit, columns)| panel(table, unit, &columns, localizer)).collect()
}

/// The panel of these columns, all of one unit.
fn panel(table: &Table, unit: Unit, columns: &[usize], localizer: &Localizer) -> Panel {
    let series: Vec<Series> = columns.iter().map(|index| column_series(table, *index)).collect();
    let values = series.iter().flat_map(|series| {
        series.values.iter().chain(&series.compared).chain(std::iter::once(&series.target))
    });
    let most = values.flatten().copied().fold(0.0, f64::max);
    let (top, step) = axis_scale(most, unit);
    Panel {
        ticks: axis_ticks(top, step, unit, &localizer.numbers),
        top,
        has_bars: unit == Unit::Count,
        series,
    }
}

fn column_series(table: &Table, index: usize) -> Series {
    let colours = chart::SERIES_COLOURS.len();
    let rows = table.rows.iter();
    let values = rows.clone().map(|row| row.figures.get(index)?.value());
    let compared = rows.map(|row| row.compared.get(index)?.value());
    Series {
        color: chart::SERIES_COLOURS.get(index % colours).copied().unwrap_or_default(),
        values: values.collect(),
        compared: if table.comparison.is_some() { compared.collect() } else { Vec::new() },
        target: table.columns.get(index).and_then(|column| Some(column.target?.value)),
    }
}

/// The top of an axis that takes `most`, and the step of its lines: round numbers, or round times.
fn axis_scale(most: f64, unit: Unit) -> (f64, f64) {
    const TIME_STEPS: [f64; 24] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        14_400.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        360_000.0,
        720_000.0,
        1_800_000.0,
        3_600_000.0,
        7_200_000.0,
    ];
    /// The most parts into which an axis is divided.
    const MAX_PARTS: f64 = 4.0;
    if unit == Unit::Percent && most > 40.0 {
        return (100.0, 25.0);
    }
    let least = most.max(1.0) / MAX_PARTS;
    let time = TIME_STEPS.into_iter().find(|step| *step >= least);
    let step = match (unit, time) {
        (Unit::Seconds, Some(step)) => step,
        (Unit::Count, _) => round_up(least).max(1.0),
        _ => round_up(least),
    };
    let parts = (most.max(step) / step).ceil();
    (parts * step, step)
}

/// The next of 1, 2, 5, 10, 20, 50, … or of their parts.
fn round_up(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * magnitude);
    steps.into_iter().find(|step| *step >= value).unwrap_or(value)
}

fn axis_ticks(top: f64, step: f64, unit: Unit, numbers: &Numbers) -> Vec<Tick> {
    let steps = std::iter::successors(Some(0.0), |at: &f64| Some(at + step));
    let steps = steps.take_while(|at| *at <= top + step / 2.0);
    steps
        .map(|value| Tick { value, label: numbers.written_number(without_noise(value), unit) })
        .collect()
}

/// The value without the noise of adding up tenths.
fn without_noise(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// No interval of hours is so long, even where the clocks are put back in it.
const LEAST_OF_DAYS: SignedDuration = SignedDuration::from_hours(2);

/// No window that is no longer than a day is so long, even where the clocks are put back in it.
const LEAST_OF_SEVERAL_DAYS: SignedDuration = SignedDuration::from_hours(26);

/// The labels under the intervals: hours where the window is no longer than a day, with the day at
/// midnight; else days; nothing under most of them.
fn interval_labels(
    window: &Window,
    intervals: &[&Window],
    localizer: &Localizer,
) -> Vec<Option<Label>> {
    let language = localizer.language;
    // An hour may end at midnight as a day does, and the first day may be cut off.
    let longest = intervals.iter().map(|interval| span(interval)).max();
    let is_of_days = longest >= Some(LEAST_OF_DAYS);
    let has_hours = window.is_one_day() || !is_of_days && span(window) < LEAST_OF_SEVERAL_DAYS;
    let axis = TimeAxis { window, is_of_days, has_hours, days: window.days(), language };
    intervals.iter().map(|interval| axis.label(interval)).collect()
}

/// The time from the start of a window to its end.
fn span(window: &Window) -> SignedDuration {
    window.end().duration_since(window.start())
}

/// The axis of a trend's intervals.
struct TimeAxis<'w> {
    window: &'w Window,
    /// True where each interval is a day or more.
    is_of_days: bool,
    /// True where hours are labelled rather than days.
    has_hours: bool,
    /// The days of the window.
    days: i32,
    language: Language,
}

impl TimeAxis<'_> {
    fn label(&self, interval: &Window) -> Option<Label> {
        let at = interval.on_its_clock(interval.start());
        let date = at.date();
        let weekday = self.language.short_weekday(date.weekday());
        let is_midnight = at.hour() == 0 && at.minute() == 0;
        let text = if self.has_hours {
            let hour = (at.minute() == 0).then(|| self.language.full_hour(at.time()))?;
            let begins_a_day = is_midnight && !self.window.is_one_day();
            if begins_a_day { format!("{weekday} {hour}") } else { hour }
        } else {
            (self.is_of_days || is_midnight).then(|| match self.days {
                ..=8 => weekday.to_owned(),
                9..=31 => date.day().to_string(),
                _ => self.language.short_date(date),
            })?
        };
        Some(Label { text, has_to_stand: self.has_hours && is_midnight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, Locale};
    use crate::window::Interval;
    use crate::window::Zone;

    fn labelled(window: [&str; 2], interval: Interval, language: Language) -> Vec<String> {
        let zone = Zone::named("Europe/London").unwrap();
        let [start, end] = window.map(|time| time.parse().unwrap());
        let window = Window::between(start, end, &zone).unwrap();
        let intervals = window.intervals(interval);
        let numbers = Numbers::new(&Locale::parse("en").unwrap());
        let labels = interval_labels(
            &window,
            &intervals.iter().collect::<Vec<_>>(),
            &Localizer { language, numbers },
        );
        let text = |label: Option<Label>| label.map_or_else(String::new, |label| label.text);
        labels.into_iter().map(text).collect()
    }

    /// A night has hours as a day has, and the day at midnight; more than a day has days.
    #[test]
    fn windows_up_to_a_day_are_labelled_by_the_hour() {
        use Interval::{Day, FifteenMinutes, Hour};
        let english = |window, interval| labelled(window, interval, Language::English);
        assert_eq!(
            english(["2026-11-21T22:00", "2026-11-22T06:00"], Hour),
            ["22:00", "23:00", "Sun 00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]
        );
        assert_eq!(
            labelled(["2026-11-21T23:00", "2026-11-22T02:00"], Hour, Language::AmericanEnglish),
            ["11\u{a0}PM", "Sun 12\u{a0}AM", "1\u{a0}AM"]
        );
        assert_eq!(
            english(["2026-11-22T23:45", "2026-11-23T00:30"], FifteenMinutes),
            ["", "Mon 00:00", ""]
        );
        assert_eq!(
            english(["2026-11-21T21:20", "2026-11-22T01:20"], Hour),
            ["", "22:00", "23:00", "Sun 00:00", "01:00"]
        );
        // As long as a day; an hour longer, where the clocks go back; and more.
        let days = ["2026-11-21T06:00", "2026-11-22T06:00"];
        assert_eq!(english(days, Hour)[17..19], ["23:00", "Sun 00:00"]);
        let long = english(["2026-10-24T06:00", "2026-10-25T06:00"], Hour);
        assert_eq!((long.len(), long[18].as_str()), (25, "Sun 00:00"));
        let longer = english(["2026-11-21T06:00", "2026-11-22T08:00"], Hour);
        assert_eq!(longer.concat(), "Sun");
        let day = english(["2026-11-22", "2026-11-23"], Hour);
        assert_eq!(day[..2], ["00:00", "01:00"]);
        let days = english(["2026-11-21T12:00", "2026-11-23T12:00"], Day);
        assert_eq!(days, ["Sat", "Sun", "Mon"]);
    }

    /// The day at midnight stays where there is no room for all.
    #[test]
    fn the_day_at_midnight_stays_on_the_axis() {
        let zone = Zone::named("Europe/London").unwrap();
        for (start, end) in [("21:00", "06:00"), ("23:00", "07:00"), ("06:00", "06:00")] {
            let [start, end] = [("2026-11-21", start), ("2026-11-22", end)]
                .map(|(date, time)| format!("{date}T{time}").parse().unwrap());
            let window = Window::between(start, end, &zone).unwrap();
            let intervals = window.intervals(Interval::Hour);
            let numbers = Numbers::new(&Locale::parse("en").unwrap());
            let localizer = Localizer { language: Language::English, numbers };
            let labels =
                interval_labels(&window, &intervals.iter().collect::<Vec<_>>(), &localizer);
            let chart = serde_json::to_value(chart::place_chart(&[], &labels)).unwrap();
            let shown = chart["labels"].as_array().unwrap().iter();
            let shown: Vec<&str> = shown.map(|label| label["text"].as_str().unwrap()).collect();
            assert!(shown.contains(&"Sun 00:00") && shown.len() > 2, "{shown:?}");
        }
    }

    #[test]
    fn axes_end_in_round_figures() {
        for (most, unit, expected) in [
            (97.0, Unit::Count, (100.0, 50.0)),
            (0.0, Unit::Count, (1.0, 1.0)),
            (3.0, Unit::Count, (3.0, 1.0)),
            (1_204.0, Unit::Count, (1_500.0, 500.0)),
            (81.0, Unit::Percent, (100.0, 25.0)),
            (7.5, Unit::Percent, (8.0, 2.0)),
            (130.0, Unit::Seconds, (180.0, 60.0)),
            (40_000.0, Unit::Seconds, (43_200.0, 14_400.0)),
            (600_000.0, Unit::Seconds, (691_200.0, 172_800.0)),
        ] {
            let (top, step) = axis_scale(most, unit);
            assert!(
                (top - expected.0).abs() < 1e-9 && (step - expected.1).abs() < 1e-9,
                "{most}: {top} by {step}"
            );
        }
    }
}
