//! `policy`: the IAM policy that the definitions need.

use std::process::ExitCode;

use clap::Args;

use super::validate::valid;
use super::{Places, print, validate, wrong};
use crate::instance::Region;
use crate::policy::{self, Context, KeyArn};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders or s3:// prefixes [default: the definitions]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The Region whose SES sends [default: that of `AWS_REGION`, or of the instance]
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,
    /// A key of AWS KMS with which a bucket of definitions, templates or records is encrypted; can be given
    /// several times
    #[arg(long, value_name = "ARN")]
    kms_key: Vec<KeyArn>,
}

pub(super) async fn policy(places: &Places, arguments: &Arguments) -> super::Ended {
    let region = arguments.region.as_deref().filter(|region| !region.is_empty());
    let region = region.map(str::parse::<Region>).transpose();
    let region = region.map_err(|error| wrong(format!("--region, or AWS_REGION, {error}")))?;
    let Some(reports) = valid(places, &arguments.paths).await? else {
        return Ok(ExitCode::from(2));
    };
    let settings = places.settings(std::env::vars_os())?;
    let definitions = match arguments.paths.is_empty() {
        true => vec![settings.definitions],
        false => validate::places(&arguments.paths)?,
    };
    let (runs, region) = (settings.runs.as_ref(), region.as_ref().map(Region::as_str));
    let templates = settings.templates.as_ref();
    let queue = settings.queue.as_ref();
    let context = Context {
        definitions: &definitions,
        templates,
        runs,
        queue,
        region,
        keys: &arguments.kms_key,
    };
    print::json(&policy::policy(&reports, context))?;
    Ok(ExitCode::SUCCESS)
}
