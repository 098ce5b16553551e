//! A chart as a picture: placed here, drawn by the template `trend.svg`, and turned into PNG with a
//! font of its own, because a function in Lambda has none.
//!
//! It shows no text of a customer's, whose letters the font may not have: only numbers and dates. Its
//! ground is opaque, so that it can be read in dark mode too.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::Pixmap;
use resvg::usvg::fontdb::{Database, Source};
use resvg::{tiny_skia, usvg};
use serde::Serialize;

use super::template::Templates;
use crate::error::{Code, Error, Stage};

/// Inter, under the SIL Open Font License 1.1.
const FONT_FILES: [&[u8]; 2] =
    [include_bytes!("fonts/Inter-Regular.otf"), include_bytes!("fonts/Inter-SemiBold.otf")];

/// The fonts, read when the first chart is drawn.
static FONT_DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in FONT_FILES {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    Arc::new(fonts)
});

/// The colours of series: apart from each other for those who see few colours, too.
pub(super) const SERIES_COLOURS: [&str; 6] =
    ["#2f5fd0", "#c2570c", "#0f766e", "#7c3aed", "#be185d", "#a16207"];

/// The width of a chart, in CSS pixels.
pub(super) const CHART_WIDTH: u32 = 656;

/// The pixels that a picture has for each of CSS.
const PIXELS_PER_CSS_PIXEL: f32 = 2.0;

/// The room left of the axis: its labels, and this much besides.
const AXIS_MARGIN: f64 = 14.0;
/// The width of a digit of the font.
const DIGIT_WIDTH: f64 = 9.6;
const RIGHT_MARGIN: f64 = 10.0;
const TOP_MARGIN: u32 = 14;
const PANEL_HEIGHT: u32 = 150;
const PANEL_GAP: u32 = 26;
const BOTTOM_MARGIN: u32 = 30;

/// The part of an interval's width that its bars take.
const BAR_SHARE: f64 = 0.76;
/// The least width of a bar, below which lines are drawn; and the most.
const MIN_BAR_WIDTH: f64 = 2.5;
const MAX_BAR_WIDTH: f64 = 34.0;
/// The distance of labels from each other, for each of their letters and besides.
const LETTER_WIDTH: f64 = 8.5;
const LABEL_SPACE: f64 = 14.0;

/// A label under an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) text: String,
    /// True for one that others make room for.
    pub(super) has_to_stand: bool,
}

/// The series of one unit, over an axis of their own.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) series: Vec<Series>,
    pub(super) ticks: Vec<Tick>,
    /// The value that the top of the axis stands for.
    pub(super) top: f64,
    /// True where figures are bars rather than lines, if there is room.
    pub(super) has_bars: bool,
}

/// A series: a value for each interval, where there is one.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) color: &'static str,
    pub(super) values: Vec<Option<f64>>,
    /// The figures that they are compared with; empty where there are none.
    pub(super) compared: Vec<Option<f64>>,
    /// The target that they are to reach.
    pub(super) target: Option<f64>,
}

/// A line of the axis.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// The height of a chart of so many panels, in CSS pixels.
pub(super) fn chart_height(panels: usize) -> u32 {
    let panels = u32::try_from(panels).unwrap_or(1).max(1);
    TOP_MARGIN + panels * PANEL_HEIGHT + (panels - 1) * PANEL_GAP + BOTTOM_MARGIN
}

/// The picture.
///
/// # Errors
/// `TEMPLATE_ERROR` where the template fails, or what it makes is no picture.
pub(super) fn draw(templates: &Templates, chart: &ChartContext) -> Result<Vec<u8>, Error> {
    draw_values(templates, chart, chart.height)
}

/// The picture of the values of a chart so high, in CSS pixels.
///
/// # Errors
/// As [`draw`].
pub(super) fn draw_values(
    templates: &Templates,
    values: &impl Serialize,
    height: u32,
) -> Result<Vec<u8>, Error> {
    let svg = templates.render_trend(values)?;
    let picture = rasterize(&svg, height).map_err(|reason| {
        // The reason may quote what the template made of figures.
        Error::new(Code::TemplateError, Stage::Render, "trend.svg makes no picture").quoting(reason)
    })?;
    encode_png(&picture).map_err(|error| {
        let message = format!("a chart can't be written as PNG: {error}");
        Error::new(Code::InternalError, Stage::Render, message)
    })
}

fn rasterize(svg: &str, height: u32) -> Result<Pixmap, String> {
    let options = usvg::Options {
        fontdb: Arc::clone(&FONT_DATABASE),
        font_family: "Inter".to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let mut picture = Pixmap::new(CHART_WIDTH * 2, height * 2).ok_or("it has no size")?;
    picture.fill(tiny_skia::Color::WHITE);
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(PIXELS_PER_CSS_PIXEL, PIXELS_PER_CSS_PIXEL),
        &mut picture.as_mut(),
    );
    Ok(picture)
}

/// The picture as PNG: without transparency, which it does not use, and without the filters that
/// photographs need, which take five times as long and make the file no smaller.
fn encode_png(picture: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_deflate_compression(png::DeflateCompression::Level(3));
    let colors = picture.pixels().iter();
    let colors = colors.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colors.collect::<Vec<u8>>())?;
    writer.finish()?;
    Ok(file)
}

/// A chart as the template sees it: everything in its place, in CSS pixels.
#[derive(Debug, Serialize)]
pub(super) struct ChartContext {
    width: u32,
    height: u32,
    left: String,
    right: String,
    panels: Vec<PanelContext>,
    labels: Vec<LabelContext>,
    /// The height at which the labels stand.
    labels_y: String,
}

#[derive(Debug, Default, Serialize)]
struct PanelContext {
    ticks: Vec<LabelContext>,
    bars: Vec<BarContext>,
    /// The comparison comes first, so that it hides none of the figures.
    lines: Vec<LineContext>,
    dots: Vec<DotContext>,
    /// The heights of targets.
    targets: Vec<TargetContext>,
}

#[derive(Debug, Serialize)]
struct TargetContext {
    y: String,
    color: &'static str,
}

#[derive(Debug, Serialize)]
struct LabelContext {
    at: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct BarContext {
    x: String,
    y: String,
    width: String,
    height: String,
    color: &'static str,
}

#[derive(Debug, Serialize)]
struct LineContext {
    /// As `polyline` takes them.
    points: String,
    color: &'static str,
    dashed: bool,
}

/// A point without neighbours, which no line would show.
#[derive(Debug, Serialize)]
struct DotContext {
    x: String,
    y: String,
    color: &'static str,
    /// True where it is of the comparison.
    dashed: bool,
}

/// The chart as the template sees it; a label for each interval that has one.
pub(super) fn place_chart(panels: &[Panel], labels: &[Option<Label>]) -> ChartContext {
    let height = chart_height(panels.len());
    let across = Across::new(labels.len(), axis_start(panels));
    let tops = (0..).map(|index| f64::from(TOP_MARGIN + index * (PANEL_HEIGHT + PANEL_GAP)));
    ChartContext {
        width: CHART_WIDTH,
        height,
        left: format_pixels(across.left),
        right: format_pixels(f64::from(CHART_WIDTH) - RIGHT_MARGIN),
        panels: panels
            .iter()
            .zip(tops)
            .map(|(panel, top)| place_panel(panel, top, across))
            .collect(),
        labels: place_labels(labels, across),
        labels_y: format_pixels(f64::from(height) - 9.0),
    }
}

/// The place where the axes begin: right of the longest of their labels.
fn axis_start(panels: &[Panel]) -> f64 {
    let labels = panels.iter().flat_map(|panel| &panel.ticks);
    let longest = labels.map(|tick| tick.label.chars().count()).max().unwrap_or(0);
    AXIS_MARGIN + f64::from(u32::try_from(longest).unwrap_or(0)) * DIGIT_WIDTH
}

/// The places of intervals.
#[derive(Clone, Copy)]
struct Across {
    /// The place where the first begins.
    left: f64,
    /// The width of each.
    width: f64,
}

impl Across {
    fn new(intervals: usize, left: f64) -> Self {
        let intervals = u32::try_from(intervals.max(1)).unwrap_or(u32::MAX);
        Self { left, width: (f64::from(CHART_WIDTH) - left - RIGHT_MARGIN) / f64::from(intervals) }
    }

    fn start_x(self, index: usize) -> f64 {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.left + f64::from(index) * self.width
    }

    fn middle_x(self, index: usize) -> f64 {
        self.start_x(index) + self.width / 2.0
    }
}

fn place_panel(panel: &Panel, top: f64, across: Across) -> PanelContext {
    let frame = Frame { bottom: top + f64::from(PANEL_HEIGHT), top_value: panel.top, across };
    let series = u32::try_from(panel.series.len().max(1)).unwrap_or(1);
    let thickness = (across.width * BAR_SHARE / f64::from(series)).min(MAX_BAR_WIDTH);
    let has_bars = panel.has_bars && thickness >= MIN_BAR_WIDTH;
    let ticks = panel.ticks.iter().map(|tick| LabelContext {
        at: format_pixels(frame.y(tick.value)),
        text: tick.label.clone(),
    });
    let mut placed = PanelContext { ticks: ticks.collect(), ..PanelContext::default() };
    for series in &panel.series {
        placed.add_line(&frame, &series.compared, series.color, true);
        let target = series.target.map(|target| format_pixels(frame.y(target)));
        placed.targets.extend(target.map(|y| TargetContext { y, color: series.color }));
    }
    let margin = (across.width - thickness * f64::from(series)) / 2.0;
    for (place, series) in (0_u32..).zip(&panel.series) {
        if has_bars {
            let offset = margin + f64::from(place) * thickness;
            placed.bars.extend(frame.bars(series, offset, thickness));
        } else {
            placed.add_line(&frame, &series.values, series.color, false);
        }
    }
    placed
}

/// The frame in which the values of a panel are placed.
struct Frame {
    /// The height of zero, in CSS pixels from the top of the chart.
    bottom: f64,
    /// The value at the top of the axis.
    top_value: f64,
    across: Across,
}

impl Frame {
    /// The height of a value, in CSS pixels from the top of the chart.
    fn y(&self, value: f64) -> f64 {
        self.bottom - f64::from(PANEL_HEIGHT) * (value / self.top_value).clamp(0.0, 1.0)
    }

    /// The bars of a series, each so far from the start of its interval.
    fn bars(
        &self,
        series: &Series,
        offset: f64,
        thickness: f64,
    ) -> impl Iterator<Item = BarContext> {
        let values = series.values.iter().enumerate();
        values.filter_map(move |(index, value)| {
            let y = self.y((*value)?);
            Some(BarContext {
                x: format_pixels(self.across.start_x(index) + offset),
                y: format_pixels(y),
                width: format_pixels((thickness - 1.0).max(1.5)),
                height: format_pixels(self.bottom - y),
                color: series.color,
            })
        })
    }
}

impl PanelContext {
    /// A line through what there is, broken where there is nothing.
    fn add_line(
        &mut self,
        frame: &Frame,
        values: &[Option<f64>],
        color: &'static str,
        dashed: bool,
    ) {
        let indexed: Vec<_> = values.iter().enumerate().collect();
        for run in indexed.chunk_by(|one, next| one.1.is_some() == next.1.is_some()) {
            let points: Vec<(String, String)> = run
                .iter()
                .filter_map(|(index, value)| {
                    Some((
                        format_pixels(frame.across.middle_x(*index)),
                        format_pixels(frame.y((**value)?)),
                    ))
                })
                .collect();
            match points.as_slice() {
                [] => {}
                [(x, y)] => {
                    self.dots.push(DotContext { x: x.clone(), y: y.clone(), color, dashed })
                }
                points => {
                    let points: Vec<String> =
                        points.iter().map(|(x, y)| format!("{x},{y}")).collect();
                    self.lines.push(LineContext { points: points.join(" "), color, dashed });
                }
            }
        }
    }
}

/// As many of the labels as have room, the first that has to stand among them.
fn place_labels(labels: &[Option<Label>], across: Across) -> Vec<LabelContext> {
    let known =
        labels.iter().enumerate().filter_map(|(index, label)| Some((index, label.as_ref()?)));
    let known: Vec<(usize, &Label)> = known.collect();
    let widest = known.iter().map(|(_, label)| label.text.chars().count()).max().unwrap_or(0);
    let room = f64::from(u32::try_from(widest).unwrap_or(u32::MAX)) * LETTER_WIDTH + LABEL_SPACE;
    let apart = match known.as_slice() {
        [(first, _), (second, _), ..] => across.start_x(*second) - across.start_x(*first),
        _ => f64::from(CHART_WIDTH),
    };
    // Hours by 2, 3, 4, 6 or 12.
    let every = [1_usize, 2, 3, 4, 6, 12, 24, 48];
    let every = every
        .into_iter()
        .find(|every| f64::from(u32::try_from(*every).unwrap_or(u32::MAX)) * apart >= room);
    let every = every.unwrap_or(usize::MAX);
    let stands = known.iter().position(|(_, label)| label.has_to_stand).unwrap_or(0);
    let shown = known.into_iter().skip(stands % every).step_by(every);
    let placed = shown.map(|(index, label)| LabelContext {
        at: format_pixels(across.middle_x(index)),
        text: label.text.clone(),
    });
    placed.collect()
}

fn format_pixels(value: f64) -> String {
    format!("{value:.1}")
}
