//! Files that were read before: a process lives for many events, and files seldom change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_s3::Client;

use super::bucket::{self, Found, Listed, Object, Tag};
use crate::error::{Error, Stage};

/// The files of a bucket as they were last read, by key.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<BTreeMap<String, Object>>>);

impl Known {
    /// The content of a file, which is fetched only if it may have changed: the list, or S3 itself,
    /// says whether it is another (`GetObject`, If-None-Match). Nothing where there is none.
    pub(super) async fn read(
        &self,
        (client, bucket): (&Client, &str),
        file: &Listed,
    ) -> Result<Option<Vec<u8>>, Error> {
        let known = self.files().get(&file.key).cloned();
        let tag = known.as_ref().map(|known| &known.tag);
        let is_the_same = |listed: &Tag| tag == Some(listed);
        let found = match &file.tag {
            Some(listed) if is_the_same(listed) => Found::Unchanged,
            _ => bucket::read((client, bucket), &file.key, tag, Stage::Load).await?,
        };
        Ok(match found {
            Found::Unchanged => known.map(|known| known.content),
            Found::Object(object) => {
                self.files().insert(file.key.clone(), object.clone());
                Some(object.content)
            }
            Found::Nothing => {
                self.files().remove(&file.key);
                None
            }
        })
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
