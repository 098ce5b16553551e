//! Tables become a message: subject, HTML and plain text with the same figures, and attachments.
//!
//! Words stand at the bottom: `line` and `isolate` keep texts on their lines, `wording` names rows, headings
//! and targets in the language of the message. `figure`, `result`, `attention`, `text` and `trend` say what
//! tables show, and `context` gathers that for the templates (`template`, `built_in`, or `own`). `csv`,
//! `xlsx` and `json` are the files. `draft` makes a `message` of all that.

mod attention;
mod bounded;
mod breaks;
mod built_in;
mod chart;
mod contents;
mod context;
mod csv;
mod draft;
#[cfg(any(test, feature = "cli"))]
mod example;
mod failure;
mod figure;
mod files;
mod isolate;
mod json;
mod line;
#[cfg(any(test, feature = "cli"))]
mod listener;
mod message;
mod notice;
mod own;
mod result;
mod say;
mod subject;
mod template;
mod text;
mod trend;
#[cfg(any(test, feature = "cli"))]
mod trial;
#[cfg(any(test, feature = "cli"))]
mod width;
mod wording;
mod xlsx;

pub use contents::{Contents, Missing};
pub use draft::Draft;
pub use failure::TEMPLATE_HINT;
pub(crate) use isolate::isolated;
pub(crate) use line::one_line;
#[cfg(feature = "cli")]
pub(crate) use line::turns_direction;
#[cfg(any(test, feature = "cli"))]
pub use listener::{Listener, Step};
pub use message::{File, Inline, Message};
pub use notice::{Notice, notice};
pub use own::TemplateFile;
pub use subject::{check_subject, example_window};
pub use template::{Origin, Templates};
#[cfg(any(test, feature = "cli"))]
pub use trial::{Values, try_templates};
#[cfg(any(test, feature = "cli"))]
pub use width::check_width;
