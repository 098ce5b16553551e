//! A trend: what its series come to in words, and their chart.

use jiff::SignedDuration;
use serde::Serialize;

use super::chart::{self, ChartContext, Label, Panel, Series, Tick};
use super::contents::Contents;
use super::figure::Row;
use super::isolate::isolated;
use super::line::{sentence, with_plain_spaces};
use super::message::{File, Inline};
use super::template::Templates;
use super::wording::{Localizer, label, target_text, when};
use crate::definition::{self, Column, Kind, State};
use crate::error::Error;
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
    let colours = chart::COLOURS.iter().cycle();
    let columns = table.columns.iter().enumerate().zip(colours);
    let findings = columns.map(|((column, of), color)| FindingContext {
        color,
        text: finding(contents.window, table, (column, of), localizer),
    });
    let findings: Vec<FindingContext> = findings.collect();
    let dashed = table.comparison.as_ref().map(|comparison| {
        localizer.language.say_with("Dashed: {against}", &[("against", &comparison.label)])
    });
    let told: Vec<&str> =
        findings.iter().map(|finding| finding.text.as_str()).chain(dashed.as_deref()).collect();
    TrendContext {
        cid: cid(contents, index),
        file: file(contents, index),
        alt: alt(&table.title, &told),
        width: chart::WIDTH,
        height: chart::height(panels_of(table).len()),
        dashed,
        findings,
    }
}

/// The text of a chart, for those who hear it or see it in its place: no line is broken in it.
fn alt(title: &str, told: &[&str]) -> String {
    let title = isolated(title);
    let sentences = std::iter::once(title.as_str()).chain(told.iter().copied()).map(sentence);
    with_plain_spaces(&sentences.collect::<Vec<_>>().join(" "))
}

/// The charts of all trends.
///
/// # Errors
/// `TEMPLATE_ERROR` where the template is none, or what it makes is no picture.
pub(super) fn charts(templates: &Templates, contents: &Contents<'_>) -> Result<Vec<Inline>, Error> {
    let chart = |(index, chart): (usize, ChartContext)| {
        let content = chart::draw(templates, &chart)?;
        let name = file(contents, index);
        let file = File { name, media_type: "image/png".to_owned(), content };
        Ok(Inline { cid: cid(contents, index), file })
    };
    placed(contents).map(chart).collect()
}

/// The charts as the template sees them, each with its section's place.
pub(super) fn placed(contents: &Contents<'_>) -> impl Iterator<Item = (usize, ChartContext)> {
    let localizer = Localizer::new(contents.report);
    let trends = contents.tables.iter().enumerate();
    let trends = trends.filter(|(_, table)| table.kind == Kind::Trend);
    trends.map(move |(index, table)| {
        let intervals: Vec<&Window> =
            table.rows.iter().filter_map(|row| row.interval.as_deref()).collect();
        let labels = labels(contents.window, &intervals, &localizer);
        (index, chart::placed(&panels(table, &localizer), &labels))
    })
}

/// Its Content-ID, which no other chart ever has: mail programs cache pictures by it (RFC 2045, 7), and
/// a run that is tried again reads its figures anew.
fn cid(contents: &Contents<'_>, index: usize) -> String {
    let Contents { report, run, read_at, .. } = *contents;
    let (place, domain) = (contents.place(index), report.email.from.address.domain());
    let made = definition::digest(format!("{run} {read_at}").as_bytes());
    format!("trend-{place}.{}.{made}@{domain}", report.id)
}

fn file(contents: &Contents<'_>, index: usize) -> String {
    format!(
        "{}-{}-trend-{}.png",
        contents.report.id,
        contents.window.first_date(),
        contents.place(index)
    )
}

/// The finding of a series: where it was highest, or of what had better be high, lowest; and how often
/// it missed its target.
fn finding(
    window: &Window,
    table: &Table,
    (index, column): (usize, &Column),
    localizer: &Localizer,
) -> String {
    let language = localizer.language;
    let label = label(column);
    let label = ("label", label.as_str());
    let figures =
        || table.rows.iter().filter_map(|row| Some((row, row.figures.get(index)?.value()?)));
    let is_better_high = column.polarity == Polarity::MoreIsBetter;
    let extreme = figures().reduce(|best, next| {
        let beats = if is_better_high { next.1 < best.1 } else { next.1 > best.1 };
        if beats { next } else { best }
    });
    let Some((row, _)) = extreme else {
        return language.say_with("{label}: no data", &[label]);
    };
    let shown = |row: &TableRow| {
        let shown = Row::new(table, row).rounded(index, column);
        shown.map_or_else(String::new, |shown| localizer.numbers.rounded(shown, column.unit))
    };
    let figure = shown(row);
    let when = row.interval.as_ref().map(|interval| when(window, interval, language));
    let when = when.unwrap_or_default();
    // Neither is the first of many alike what stands out.
    let alike = figures().filter(|(other, _)| shown(other) == figure);
    let (alike, of) = (alike.count(), figures().count());
    if alike == of && of > 1 {
        let values = [label, ("figure", figure.as_str())];
        return language.say_with("{label}: {figure} throughout", &values);
    }
    let when = match alike {
        0 | 1 => when,
        alike => {
            let n = localizer.numbers.whole(alike - 1);
            language.say_with("{told} and {n} more", &[("told", &when), ("n", &n)])
        }
    };
    let values = [label, ("figure", figure.as_str()), ("when", when.as_str())];
    let told = match is_better_high {
        true => language.say_with("{label}: lowest {figure}, {when}", &values),
        false => language.say_with("{label}: highest {figure}, {when}", &values),
    };
    let is_missed = |row: &&TableRow| row.states.get(index) == Some(&Some(State::Missed));
    let missed = table.rows.iter().filter(is_missed).count();
    match column.target.filter(|_| missed > 0) {
        None => told,
        Some(target) => {
            let [n, of] = [missed, of].map(|count| localizer.numbers.whole(count));
            let target = target_text(&target, column.unit, localizer);
            let values = [label, ("target", target.as_str()), ("n", &n), ("of", &of)];
            let english = "{label}: target {target} missed in {n} of {of} intervals";
            format!("{} {}", sentence(&told), language.say_with(english, &values))
        }
    }
}

/// Which columns share a panel: those of one unit.
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

fn panels(table: &Table, localizer: &Localizer) -> Vec<Panel> {
    let panel = |(unit, columns): (Unit, Vec<usize>)| {
        let series: Vec<Series> = columns.iter().map(|index| series(table, *index)).collect();
        let values = series.iter().flat_map(|series| {
            series.values.iter().chain(&series.compared).chain(std::iter::once(&series.target))
        });
        let values = values.flatten().copied();
        let most = values.fold(0.0, f64::max);
        let (top, step) = scale(most, unit);
        Panel {
            ticks: ticks(top, step, unit, &localizer.numbers),
            top,
            has_bars: unit == Unit::Count,
            series,
        }
    };
    panels_of(table).into_iter().map(panel).collect()
}

fn series(table: &Table, index: usize) -> Series {
    let colours = chart::COLOURS.len();
    let figure =
        |figures: &[crate::plan::Figure]| figures.get(index).and_then(|figure| figure.value());
    Series {
        color: chart::COLOURS.get(index % colours).copied().unwrap_or_default(),
        values: table.rows.iter().map(|row| figure(&row.figures)).collect(),
        compared: match table.comparison {
            Some(_) => table.rows.iter().map(|row| figure(&row.compared)).collect(),
            None => Vec::new(),
        },
        target: table.columns.get(index).and_then(|column| Some(column.target?.value)),
    }
}

/// The top of an axis that takes `most`, and the step of its lines: round numbers, or round times.
fn scale(most: f64, unit: Unit) -> (f64, f64) {
    const TIMES: [f64; 24] = [
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
    /// Into how many parts an axis is divided at most.
    const PARTS: f64 = 4.0;
    if unit == Unit::Percent && most > 40.0 {
        return (100.0, 25.0);
    }
    let least = most.max(1.0) / PARTS;
    let time = TIMES.into_iter().find(|step| *step >= least);
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

fn ticks(top: f64, step: f64, unit: Unit, numbers: &Numbers) -> Vec<Tick> {
    let steps = std::iter::successors(Some(0.0), |at: &f64| Some(at + step));
    let steps = steps.take_while(|at| *at <= top + step / 2.0);
    steps.map(|value| Tick { value, label: numbers.bound(tidy(value), unit) }).collect()
}

/// Without the noise of adding up tenths.
fn tidy(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// No interval of hours is so long, even where the clocks are put back in it.
const LEAST_OF_DAYS: SignedDuration = SignedDuration::from_hours(2);

/// No window that is no longer than a day is so long, even where the clocks are put back in it.
const LEAST_OF_SEVERAL_DAYS: SignedDuration = SignedDuration::from_hours(26);

/// The labels under the intervals: hours where the window is no longer than a day, with the day at
/// midnight; else days; nothing under most of them.
fn labels(window: &Window, intervals: &[&Window], localizer: &Localizer) -> Vec<Option<Label>> {
    let language = localizer.language;
    let start = |interval: &Window| interval.on_its_clock(interval.start());
    // An hour may end at midnight as a day does, and the first day may be cut off.
    let length = |interval: &Window| interval.end().duration_since(interval.start());
    let is_of_days = intervals.iter().map(|interval| length(interval)).max() >= Some(LEAST_OF_DAYS);
    let has_hours = window.is_one_day() || !is_of_days && length(window) < LEAST_OF_SEVERAL_DAYS;
    let days = window.days();
    let label = |interval: &&Window| {
        let at = start(interval);
        let date = at.date();
        let is_midnight = at.hour() == 0 && at.minute() == 0;
        let text = if has_hours {
            let hour = (at.minute() == 0).then(|| language.hour(at.time()))?;
            match is_midnight && !window.is_one_day() {
                true => format!("{} {hour}", language.short_weekday(date.weekday())),
                false => hour,
            }
        } else {
            (is_of_days || is_midnight).then(|| match days {
                ..=8 => language.short_weekday(date.weekday()).to_owned(),
                9..=31 => date.day().to_string(),
                _ => language.short_date(date),
            })?
        };
        Some(Label { text, has_to_stand: has_hours && is_midnight })
    };
    intervals.iter().map(label).collect()
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
        let labels = labels(
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
            let labels = labels(&window, &intervals.iter().collect::<Vec<_>>(), &localizer);
            let chart = serde_json::to_value(chart::placed(&[], &labels)).unwrap();
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
            let (top, step) = scale(most, unit);
            assert!(
                (top - expected.0).abs() < 1e-9 && (step - expected.1).abs() < 1e-9,
                "{most}: {top} by {step}"
            );
        }
    }
}
