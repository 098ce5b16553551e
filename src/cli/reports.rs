//! The report that a command names.

use std::sync::Arc;

use super::exit::wrong;
use super::print;
use crate::definition::{Problem, Report, ReportId};
use crate::error::Error;
use crate::run::{Definitions, Runner};

/// The one report with this id; the warnings of its definition are printed.
pub(super) async fn only(runner: &Runner, id: &ReportId) -> Result<Arc<Report>, Error> {
    let (report, warnings) = found(runner, id).await?;
    print::warnings(&warnings).await?;
    Ok(report)
}

/// The one report with this id, and the problems of its definition.
pub(super) async fn found(
    runner: &Runner,
    id: &ReportId,
) -> Result<(Arc<Report>, Vec<Problem>), Error> {
    let Definitions { mut reports, invalid, problems } =
        runner.definitions(std::slice::from_ref(id)).await?;
    match (reports.pop(), invalid.into_iter().next().and_then(|invalid| invalid.outcome.error)) {
        (Some(report), _) => Ok((report, problems)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(wrong("there is no such report")),
    }
}
