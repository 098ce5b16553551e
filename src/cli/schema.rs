//! `schema`: the JSON Schema of a definition, for editors.

use std::process::ExitCode;

use super::{Ended, print};
use crate::definition;

/// The file that the first line of every definition refers to.
pub(super) const FILE: &str = "definition.schema.json";

pub(super) fn schema() -> Ended {
    print::out(&text())?;
    Ok(ExitCode::SUCCESS)
}

/// The schema as it is committed beside the samples.
pub(super) fn text() -> String {
    format!("{:#}\n", definition::schema())
}
