//! A bucket of S3: its objects, one by one and in lists.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_smithy_types::base64;
use sha2::{Digest as _, Sha256};

use super::file::{MOST_BYTES, at, too_large};
use crate::error::{Code, Error, Stage, sdk};
use crate::pages::{Pages, Unread};

/// The version of an object's content: the `ETag` of S3, or a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(pub(super) String);

/// An object at a key.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Its bytes.
    pub(crate) content: Vec<u8>,
    /// Their version.
    pub(crate) tag: Tag,
}

impl Tag {
    /// The tag of a content that has none from elsewhere.
    pub(crate) fn digest(content: &[u8]) -> Self {
        Self(base64::encode(Sha256::digest(content)))
    }
}

/// The tag of a record, without which the next write has no condition.
pub(super) fn tag(operation: &str, tag: Option<String>) -> Result<Tag, Error> {
    tag.filter(|tag| !tag.is_empty()).map(Tag).ok_or_else(|| {
        let message = format!("{operation} answered without an ETag");
        Error::new(Code::BadResponse, Stage::Record, message).retryable()
    })
}

/// The result of reading an object.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Object(Object),
    /// The object is the known one.
    Unchanged,
    Nothing,
}

/// The object, unless it is the one that is known; of a definition, or a template, no more than
/// [`MOST_BYTES`].
pub(super) async fn read(
    (client, bucket): (&Client, &str),
    key: &str,
    known: Option<&Tag>,
    stage: Stage,
) -> Result<Found, Error> {
    // Where S3 gave none, there is nothing to be asked by.
    let known = known.map(|Tag(tag)| tag.clone()).filter(|tag| !tag.is_empty());
    let is_conditional = known.is_some();
    let call = client.get_object().bucket(bucket).key(key).set_if_none_match(known);
    let answer = Box::pin(call.send()).await;
    let is_unchanged = |error: &SdkError<GetObjectError, HttpResponse>| {
        error.raw_response().is_some_and(|answer| answer.status().as_u16() == 304)
    };
    let is_missing = |error: &SdkError<GetObjectError, HttpResponse>| {
        error.as_service_error().is_some_and(GetObjectError::is_no_such_key)
    };
    let object = match answer {
        Err(error) if is_missing(&error) => return Ok(Found::Nothing),
        Err(error) if is_unchanged(&error) && is_conditional => return Ok(Found::Unchanged),
        Err(error) if is_unchanged(&error) => {
            let message = "s3:GetObject answered that nothing has changed, and was not asked so";
            return Err(Error::new(Code::BadResponse, stage, message).retryable());
        }
        answer => answer.map_err(|error| sdk::classify("s3:GetObject", stage, &error))?,
    };
    let bytes = object.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
    if stage == Stage::Load && bytes > MOST_BYTES {
        return Err(too_large(bytes));
    }
    let tag = match stage {
        Stage::Record => tag("s3:GetObject", object.e_tag)?,
        _ => Tag(object.e_tag.unwrap_or_default()),
    };
    let broke_off = |error| {
        let message = format!("the object broke off while it was read: {error}");
        Error::new(Code::StoreError, stage, message).retryable()
    };
    let (mut body, mut content) = (object.body, Vec::new());
    while let Some(chunk) = body.try_next().await.map_err(broke_off)? {
        content.extend_from_slice(&chunk);
        // An answer may come in chunks, without its length.
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        if stage == Stage::Load && bytes > MOST_BYTES {
            return Err(too_large(bytes));
        }
    }
    Ok(Found::Object(Object { content, tag }))
}

/// The keys that a list has: without those that have a `/` behind the prefix, or all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    One,
    All,
}

/// An object as a list has it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    /// The version of its content, where the list was asked for it.
    pub(super) tag: Option<Tag>,
    /// The number of its bytes, where the list was asked for it.
    pub(super) bytes: u64,
}

/// The objects under the prefix, page by page.
pub(super) async fn list(
    client: &Client,
    bucket: &str,
    prefix: &str,
    depth: Depth,
) -> Result<Vec<Listed>, Error> {
    const OPERATION: &str = "s3:ListBucket";
    let stage = if depth == Depth::One { Stage::Load } else { Stage::Record };
    let place = |error| at(&format!("s3://{bucket}/{prefix}"), error);
    let bad = |problem: &str| {
        let message = format!("the answer to {OPERATION} can't be trusted: {problem}");
        place(Error::new(Code::BadResponse, stage, message).retryable())
    };
    let mut listed = Vec::new();
    let mut pages = Pages::new(OPERATION, stage);
    loop {
        let answer = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_delimiter((depth == Depth::One).then(|| "/".to_owned()))
            .set_continuation_token(pages.next_token())
            .send()
            .await;
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                pages.begin_anew(Unread::new(OPERATION, stage, &error)).map_err(place)?;
                listed.clear();
                continue;
            }
        };
        for object in page.contents() {
            let key = object.key().ok_or_else(|| bad("an object has no Key"))?.to_owned();
            let tag = object.e_tag().map(|tag| Tag(tag.to_owned()));
            let bytes = object.size().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
            listed.push(Listed { key, tag, bytes });
        }
        // An answer without a single member has no objects either.
        let is_truncated = page.is_truncated().ok_or_else(|| bad("IsTruncated is missing"))?;
        let next = page.next_continuation_token().filter(|_| is_truncated);
        if is_truncated && next.is_none() {
            return Err(bad("it is truncated, and NextContinuationToken is missing"));
        }
        if !pages.go_on(next).map_err(place)? {
            return Ok(listed);
        }
    }
}
