//! Messages: the answers to a run's queries become figures, and figures and templates become a message.

mod build;
mod tables;
mod templates;

pub use build::Figures;
pub(crate) use build::{Built, build_message, preview_message};
pub(crate) use templates::{
    OwnTemplates, RunawayTemplates, marked_templates, never_came_back, templates_id,
};
pub use templates::{read_templates, unusable};
