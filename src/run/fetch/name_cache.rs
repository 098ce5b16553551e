//! The names of instances. Each list is read when a report needs it, at most once in an invocation, whether it
//! can be read or not. Later invocations use it while it is warm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::connect::{Connect, NameList};
use crate::error::Error;
use crate::instance::InstanceArn;
use crate::plan::Directory;

/// The time for which later invocations use a list.
const NAME_TTL: Duration = Duration::from_mins(5);

/// The lists of all instances that have been read.
#[derive(Debug, Default)]
pub(crate) struct NameCache(SyncMutex<BTreeMap<(InstanceArn, NameList), CacheSlot>>);

/// The place of a list. It is locked while the list is read: others who need the list wait.
type CacheSlot = Arc<Mutex<Option<CachedNames>>>;

/// A list that was read, or the error of reading it.
#[derive(Clone, Debug)]
struct CachedNames {
    read_at: Instant,
    /// The beginning of the invocation that read it.
    since: Instant,
    names: Result<Directory, Error>,
}

/// A request for the names of an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameRequest<'n> {
    pub(crate) client: &'n Connect,
    pub(crate) instance: &'n InstanceArn,
    /// The beginning of the invocation, in which no list is read twice, however long it takes.
    pub(crate) since: Instant,
    pub(crate) deadline: Option<Instant>,
}

impl NameCache {
    /// The names on these lists. Lists that are not warm are read side by side.
    ///
    /// # Errors
    /// That of the first list, in their order, that can't be read. The other lists are kept.
    pub(crate) async fn read(
        &self,
        lists: BTreeSet<NameList>,
        request: NameRequest<'_>,
    ) -> Result<Directory, Error> {
        let reading = lists.into_iter().map(|list| {
            self.list(request.instance, list, request.since, move || {
                request.client.names(request.instance, list, request.deadline)
            })
        });
        let mut directory = Directory::default();
        for names in join_all(reading).await {
            directory.extend(names?);
        }
        Ok(directory)
    }

    async fn list<F>(
        &self,
        instance: &InstanceArn,
        list: NameList,
        since: Instant,
        read: impl FnOnce() -> F,
    ) -> Result<Directory, Error>
    where
        F: Future<Output = Result<Directory, Error>>,
    {
        // The list with tags and states has the names too.
        if list == NameList::Queues {
            let searched = self.slot(instance, NameList::SearchedQueues);
            if let Some(Ok(names)) = warm(&*searched.lock().await, since) {
                return Ok(names);
            }
        }
        let slot = self.slot(instance, list);
        let mut kept = slot.lock().await;
        if let Some(names) = warm(&kept, since) {
            return names;
        }
        let read_at = Instant::now();
        let names = read().await;
        *kept = Some(CachedNames { read_at, since, names: names.clone() });
        names
    }

    fn slot(&self, instance: &InstanceArn, list: NameList) -> CacheSlot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((instance.clone(), list)).or_default())
    }
}

/// The content of a list that is warm.
fn warm(kept: &Option<CachedNames>, since: Instant) -> Option<Result<Directory, Error>> {
    kept.as_ref().filter(|kept| kept.is_warm(since)).map(|kept| kept.names.clone())
}

impl CachedNames {
    /// Tells whether an invocation that began at this instant uses them. An error counts only in the invocation
    /// that met it.
    fn is_warm(&self, since: Instant) -> bool {
        match self.names {
            Ok(_) => since < self.read_at + NAME_TTL,
            Err(_) => since == self.since,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::definition::Dimension;
    use crate::error::{Code, Stage};
    use crate::plan::DirectoryEntry;

    fn instance() -> InstanceArn {
        let arn =
            "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee";
        arn.parse().unwrap()
    }

    /// Lists with one more name each time that they are read.
    #[derive(Default)]
    struct GrowingLists {
        names: NameCache,
        reads: Cell<usize>,
    }

    impl GrowingLists {
        async fn need(&self, list: NameList, since: Instant) -> usize {
            let read = async || {
                tokio::time::sleep(Duration::from_secs(200)).await;
                self.reads.set(self.reads.get() + 1);
                let mut directory = Directory::default();
                let entries =
                    (0..self.reads.get()).map(|id| DirectoryEntry::new(id.to_string(), "Q"));
                directory.insert(Dimension::Queue, entries.collect());
                Ok(directory)
            };
            let names = self.names.list(&instance(), list, since, read).await.unwrap();
            names.entries(&Dimension::Queue).len()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_warm_for_five_minutes() {
        let lists = GrowingLists::default();
        let start = Instant::now();
        assert_eq!(lists.need(NameList::Queues, start).await, 1);
        tokio::time::sleep(Duration::from_secs(99)).await;
        assert_eq!(lists.need(NameList::Queues, Instant::now()).await, 1, "299 s old");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(lists.need(NameList::Queues, start).await, 1, "the same invocation goes on");
        assert_eq!(lists.need(NameList::Queues, Instant::now()).await, 2, "another reads it again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_many_need_at_once_is_read_once() {
        let lists = GrowingLists::default();
        let start = Instant::now();
        let needs = [NameList::Agents, NameList::Agents, NameList::RoutingProfiles];
        join_all(needs.map(|list| lists.need(list, start))).await;
        assert_eq!(lists.reads.get(), 2);
        assert_eq!(start.elapsed(), Duration::from_secs(200), "side by side");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_with_tags_serves_those_who_need_names_and_not_the_other_way_round() {
        let lists = GrowingLists::default();
        let start = Instant::now();
        assert_eq!(lists.need(NameList::Queues, start).await, 1);
        assert_eq!(lists.need(NameList::SearchedQueues, start).await, 2);
        assert_eq!(lists.need(NameList::Queues, start).await, 2, "those with tags serve both");
    }

    #[tokio::test]
    async fn an_error_is_kept_for_its_invocation() {
        let lists = GrowingLists::default();
        let fail = async || Err(Error::new(Code::AccessDenied, Stage::Query, "no"));
        let start = Instant::now();
        let instance = instance();
        let list = lists.names.list(&instance, NameList::Agents, start, fail);
        assert_eq!(list.await.unwrap_err().code, Code::AccessDenied);
        let read = async || Ok(Directory::default());
        let list = lists.names.list(&instance, NameList::Agents, start, read);
        assert_eq!(list.await.unwrap_err().code, Code::AccessDenied);
        tokio::time::pause();
        let next = start + Duration::from_nanos(1);
        assert_eq!(lists.need(NameList::Agents, next).await, 1);
    }
}
