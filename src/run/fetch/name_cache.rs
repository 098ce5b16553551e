//! The names of instances: each list is read when a report needs it, once an invocation at most
//! whether it can be read or not, and kept warm for those that follow.

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

/// For how long a list is used by later invocations.
const NAME_TTL: Duration = Duration::from_mins(5);

/// The lists that were read, of all instances.
#[derive(Debug, Default)]
pub(crate) struct NameCache(SyncMutex<BTreeMap<(InstanceArn, NameList), CacheSlot>>);

/// The place of a list, held while it is read, so that those who need it too wait for it.
type CacheSlot = Arc<Mutex<Option<CachedNames>>>;

/// A list, which is shared and not copied.
#[derive(Clone, Debug)]
struct CachedNames {
    read_at: Instant,
    /// The beginning of the invocation that read it.
    since: Instant,
    names: Result<Directory, Error>,
}

/// Whose names are needed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameRequest<'n> {
    pub(crate) client: &'n Connect,
    pub(crate) instance: &'n InstanceArn,
    /// The beginning of the invocation: within it no list is read twice, however long it takes.
    pub(crate) since: Instant,
    pub(crate) deadline: Option<Instant>,
}

impl NameCache {
    /// The names on these lists; those that are not there yet are read side by side.
    ///
    /// # Errors
    /// The failure of the first list, in their order, that can't be read; the others are kept.
    pub(crate) async fn read(
        &self,
        lists: BTreeSet<NameList>,
        request: NameRequest<'_>,
    ) -> Result<Directory, Error> {
        let reading = lists.into_iter().map(|list| {
            let read = move || request.client.names(request.instance, list, request.deadline);
            self.list(request.instance, list, request.since, read)
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
        // Names alone are also on the list with tags and states.
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

/// The content of a list as far as it is known: its names for a while, a failure for the invocation that met it.
fn warm(kept: &Option<CachedNames>, since: Instant) -> Option<Result<Directory, Error>> {
    let counts = |kept: &&CachedNames| match kept.names {
        Ok(_) => since < kept.read_at + NAME_TTL,
        Err(_) => since == kept.since,
    };
    kept.as_ref().filter(counts).map(|kept| kept.names.clone())
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

    /// Lists that are as long as they were read often.
    #[derive(Default)]
    struct Counted {
        names: NameCache,
        reads: Cell<usize>,
    }

    impl Counted {
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
        let lists = Counted::default();
        let start = Instant::now();
        assert_eq!(lists.need(NameList::Queues, start).await, 1);
        tokio::time::sleep(Duration::from_secs(99)).await;
        assert_eq!(lists.need(NameList::Queues, Instant::now()).await, 1, "299 s old");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(lists.need(NameList::Queues, start).await, 1, "the same invocation goes on");
        assert_eq!(lists.need(NameList::Queues, Instant::now()).await, 2, "another reads it again");
    }

    #[tokio::test(start_paused = true)]
    async fn each_list_is_read_once_for_all_who_need_it_at_once() {
        let lists = Counted::default();
        let start = Instant::now();
        let needs = [NameList::Agents, NameList::Agents, NameList::RoutingProfiles];
        join_all(needs.map(|list| lists.need(list, start))).await;
        assert_eq!(lists.reads.get(), 2);
        assert_eq!(start.elapsed(), Duration::from_secs(200), "side by side");
    }

    #[tokio::test(start_paused = true)]
    async fn tags_are_read_where_names_alone_are_known_and_not_the_other_way_round() {
        let lists = Counted::default();
        let start = Instant::now();
        assert_eq!(lists.need(NameList::Queues, start).await, 1);
        assert_eq!(lists.need(NameList::SearchedQueues, start).await, 2);
        assert_eq!(lists.need(NameList::Queues, start).await, 2, "those with tags serve both");
    }

    #[tokio::test]
    async fn a_failure_is_kept_for_its_invocation() {
        let lists = Counted::default();
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
