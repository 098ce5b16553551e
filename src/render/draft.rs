//! Assembling a message: its HTML shows as much of the contents as fits a mail.

use super::contents::{Contents, Layout};
use super::files::{self, Files};
use super::message::{File, Inline, Message};
use super::template::{TemplateContext, Templates};
use super::{context, json, trend};
use crate::definition::Kind;
use crate::error::{Code, Error, Stage};

/// A message with its HTML, from which the rest follows: all of the message shows as much of the tables
/// as fits the HTML.
#[derive(Debug)]
pub struct Draft<'c> {
    templates: &'c Templates,
    contents: Contents<'c>,
    rendering: Rendering,
}

impl<'c> Draft<'c> {
    /// Renders the HTML.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` naming the template, line and column.
    pub fn new(templates: &'c Templates, contents: Contents<'c>) -> Result<Self, Error> {
        let rendering = render_what_fits(templates, &contents)?;
        Ok(Self { templates, contents, rendering })
    }

    /// The whole message.
    ///
    /// # Errors
    /// As [`Draft::new`]; `INTERNAL_ERROR` where a file can't be written, which no report is known to cause.
    pub fn message(self) -> Result<Message, Error> {
        let Self { templates, contents, rendering } = self;
        let Files { attached, kept, listing } = files::pack(&contents, &rendering.layout)?;
        let Rendering { names, context, html, .. } = if listing == rendering.layout.files {
            rendering
        } else {
            let layout = Layout { files: listing, ..rendering.layout };
            Rendering::new(templates, &contents, layout)?
        };
        Ok(Message {
            subject: render_subject(templates, &contents, names)?,
            html,
            text: templates.render_text(&context)?,
            inline: trend::draw_charts(templates, &contents)?,
            attachments: attached,
            kept,
        })
    }

    /// The plain text alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn text(&self) -> Result<String, Error> {
        self.templates.render_text(&self.rendering.context)
    }

    /// The subject alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    #[cfg(any(test, feature = "cli"))]
    pub(super) fn subject(self) -> Result<String, Error> {
        render_subject(self.templates, &self.contents, self.rendering.names)
    }

    /// The pictures alone.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn pictures(&self) -> Result<Vec<Inline>, Error> {
        trend::draw_charts(self.templates, &self.contents)
    }

    /// The files alone, attached or not.
    ///
    /// # Errors
    /// As [`Draft::message`].
    pub fn files(&self) -> Result<Vec<File>, Error> {
        let Files { attached, kept, .. } = files::pack(&self.contents, &self.rendering.layout)?;
        Ok(attached.into_iter().chain(kept).collect())
    }

    /// `report.json`, version 1: the same report for programs, whether it is attached or not.
    ///
    /// # Errors
    /// As [`Draft::message`].
    pub fn report_json(&self) -> Result<String, Error> {
        json::render(&self.contents, &self.rendering.layout)
    }
}

fn render_subject(
    templates: &Templates,
    contents: &Contents<'_>,
    names: context::Context,
) -> Result<String, Error> {
    let own = contents.report.email.subject.as_ref();
    templates.render_subject(own, &TemplateContext::new(&names.isolated())?)
}

/// The most that the HTML may have, in bytes. Gmail shows no more than about 102,000, with what it adds;
/// and the place of files that are not attached takes another line or two.
pub(super) const MOST_BYTES: usize = 99_000;

/// The most rows of a table that are tried at all: none of them takes less than 150 bytes.
pub(super) const MOST_ROWS: usize = 650;

/// The HTML of a layout, and the values that it was rendered from.
#[derive(Debug)]
struct Rendering {
    layout: Layout,
    names: context::Context,
    context: TemplateContext,
    html: String,
}

impl Rendering {
    fn new(templates: &Templates, contents: &Contents<'_>, layout: Layout) -> Result<Self, Error> {
        let names = context::build(contents, &layout);
        let context = TemplateContext::new(&names)?;
        let html = templates.render_html(&context)?;
        Ok(Self { layout, names, context, html })
    }

    fn fits(&self) -> bool {
        self.html.len() <= MOST_BYTES
    }
}

/// The layout that is tried first.
pub(super) fn first_layout(contents: &Contents<'_>) -> Layout {
    Layout { rows: MOST_ROWS, sections: usize::MAX, files: files::expected_listing(contents) }
}

/// The HTML with as many rows of each table, or else as many sections, as fit into a mail that every
/// client shows as a whole.
///
/// # Errors
/// `TEMPLATE_ERROR` where not even a mail without sections fits.
fn render_what_fits(templates: &Templates, contents: &Contents<'_>) -> Result<Rendering, Error> {
    let first = first_layout(contents);
    let render = |rows: usize, sections: usize| {
        Rendering::new(templates, contents, Layout { rows, sections, ..first.clone() })
    };
    let all = render(first.rows, first.sections)?;
    if all.fits() {
        return Ok(all);
    }
    let bytes = all.html.len();
    let tables = contents.tables.iter().filter(|table| table.kind != Kind::Trend);
    let count = tables.map(|table| first.rows_shown(table)).max().unwrap_or(0);
    if let Some(found) = most_that_fits(Size { count, bytes }, |rows| render(rows, first.sections))?
    {
        return Ok(found);
    }
    let count = contents.tables.len();
    let by_sections = most_that_fits(Size { count, bytes }, |sections| render(1, sections))?;
    by_sections.ok_or_else(|| {
        let message = format!("email.html makes {bytes} bytes, of which Gmail shows {MOST_BYTES}");
        Error::new(Code::TemplateError, Stage::Render, message)
            .hint("shorten the templates, or split the report into several")
    })
}

/// A number of rows, or of sections, and the bytes that the HTML has with them.
#[derive(Clone, Copy)]
struct Size {
    count: usize,
    bytes: usize,
}

/// The rendering of the largest number that fits, below one that is too large; `None` where not even 1
/// fits.
///
/// Each row takes about as many bytes as the others. So the straight line through the last two renderings
/// mostly finds the number in two or three tries; after that the rest is halved.
fn most_that_fits(
    too_large: Size,
    render: impl Fn(usize) -> Result<Rendering, Error>,
) -> Result<Option<Rendering>, Error> {
    const INTERPOLATED_TRIES: usize = 4;
    let mut too_many = too_large.count;
    if too_many <= 1 {
        return Ok(None);
    }
    let least = render(1)?;
    if !least.fits() {
        return Ok(None);
    }
    let mut earlier = Size { count: 1, bytes: least.html.len() };
    let mut last = too_large;
    let mut most = 1;
    let mut best = least;
    for guesses in 0.. {
        if too_many - most <= 1 {
            break;
        }
        let count = if guesses < INTERPOLATED_TRIES {
            meets_limit(earlier, last).clamp(most + 1, too_many - 1)
        } else {
            most.midpoint(too_many)
        };
        let rendering = render(count)?;
        (earlier, last) = (last, Size { count, bytes: rendering.html.len() });
        if rendering.fits() {
            (most, best) = (count, rendering);
        } else {
            too_many = count;
        }
    }
    Ok(Some(best))
}

/// The number at which the straight line through two sizes meets the limit.
fn meets_limit(earlier: Size, last: Size) -> usize {
    let count = last.count.abs_diff(earlier.count);
    let bytes = last.bytes.abs_diff(earlier.bytes);
    let by = MOST_BYTES.abs_diff(last.bytes) * count / bytes.max(1);
    if last.bytes <= MOST_BYTES {
        last.count.saturating_add(by)
    } else {
        last.count.saturating_sub(by)
    }
}
