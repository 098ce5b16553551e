//! Amazon Connect: figures and names, page by page.

mod figures;
mod names;
mod pacer;

use aws_config::SdkConfig;
use aws_sdk_connect::Client;
use aws_sdk_connect::config::{Builder, Region};
use std::collections::BTreeSet;

use crate::definition::Dimension;
use crate::error::{Code, Error, Stage};
use crate::instance::InstanceArn;
use crate::plan::{Answer, Directory, Request};

pub use pacer::{Key, LeaveThrottles, Pacer, Unanswered};

/// The client of one Region's Connect.
#[derive(Clone, Debug)]
pub struct Connect(Client);

impl Connect {
    /// The client for an instance: its ARN decides on Region and, with it, partition.
    pub fn new(config: &SdkConfig, instance: &InstanceArn) -> Self {
        let region = Region::new(instance.region().to_owned());
        Self(Client::from_conf(Builder::from(config).region(region).build()))
    }

    /// The answer to a request, all its pages together.
    ///
    /// # Errors
    /// What the service refused with, or `BAD_RESPONSE` where its answer contradicts the request
    /// or itself.
    pub async fn figures(&self, request: &Request) -> Result<Answer, Error> {
        figures::fetch(&self.0, request).await
    }

    /// The names of what an instance has of these dimensions.
    ///
    /// # Errors
    /// What the service refused with, or `BAD_RESPONSE` on a repeated page.
    pub async fn directory(
        &self,
        instance: &InstanceArn,
        dimensions: &BTreeSet<Dimension>,
    ) -> Result<Directory, Error> {
        let mut directory = Directory::default();
        for dimension in dimensions {
            let entries = names::fetch(&self.0, instance, dimension).await?;
            directory.insert(dimension.clone(), entries);
        }
        Ok(directory)
    }
}

/// The token of the next page, if there is one.
///
/// The SDK's paginators end silently where the service repeats a token, and then the rest of the
/// rows would be missing without a word.
fn next_page(
    operation: &str,
    seen: &mut BTreeSet<String>,
    token: Option<&str>,
) -> Result<Option<String>, Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    match seen.insert(token.to_owned()) {
        true => Ok(Some(token.to_owned())),
        false => {
            let message = format!("{operation} answered the same page token twice");
            Err(Error::new(Code::BadResponse, Stage::Query, message).retryable())
        }
    }
}
