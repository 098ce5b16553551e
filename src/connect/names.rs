//! The names of queues, routing profiles and agents: ListQueues, ListRoutingProfiles, ListUsers.

use std::collections::BTreeSet;
use std::future::Future;

use aws_sdk_connect::types::QueueType;

use super::{Calls, Key, next_page};
use crate::definition::Dimension;
use crate::error::Error;
use crate::plan::Entry;

/// The largest page of these operations; they may be called only twice a second.
const PAGE: i32 = 1000;

/// One page: what it lists, and the token of the next one.
type Page = (Vec<Option<Entry>>, Option<String>);

/// What the instance has of `dimension`; nothing of what has no list.
pub(super) async fn fetch(calls: Calls<'_>, dimension: &Dimension) -> Result<Vec<Entry>, Error> {
    match dimension {
        Dimension::Queue => all(QUEUES, |token| queues(calls, token)).await,
        Dimension::RoutingProfile => {
            all(ROUTING_PROFILES, |token| routing_profiles(calls, token)).await
        }
        Dimension::Agent => all(AGENTS, |token| agents(calls, token)).await,
        Dimension::Channel | Dimension::Hierarchy(_) | Dimension::Other(_) => Ok(Vec::new()),
    }
}

/// Follows the pages to the end.
async fn all<F>(operation: &str, page: impl Fn(Option<String>) -> F) -> Result<Vec<Entry>, Error>
where
    F: Future<Output = Result<Page, Error>>,
{
    let (mut entries, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let (found, next) = page(token).await?;
        entries.extend(found.into_iter().flatten());
        token = next_page(operation, &mut seen, next.as_deref())?;
        if token.is_none() {
            return Ok(entries);
        }
    }
}

const QUEUES: &str = "connect:ListQueues";
const ROUTING_PROFILES: &str = "connect:ListRoutingProfiles";
const AGENTS: &str = "connect:ListUsers";

/// Standard queues only: every agent has a queue too, and GetMetricDataV2 does not support those.
async fn queues(calls: Calls<'_>, token: Option<String>) -> Result<Page, Error> {
    let request = calls
        .connect
        .client
        .list_queues()
        .instance_id(calls.instance.id())
        .queue_types(QueueType::Standard);
    let request = request.max_results(PAGE).set_next_token(token);
    let key = Key::list(calls.instance, QUEUES);
    let page = calls.paced(key, QUEUES, || request.clone().send()).await?;
    let found = page.queue_summary_list().iter().map(|queue| entry(queue.id(), queue.name()));
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

async fn routing_profiles(calls: Calls<'_>, token: Option<String>) -> Result<Page, Error> {
    let request = calls.connect.client.list_routing_profiles().instance_id(calls.instance.id());
    let request = request.max_results(PAGE).set_next_token(token);
    let key = Key::list(calls.instance, ROUTING_PROFILES);
    let page = calls.paced(key, ROUTING_PROFILES, || request.clone().send()).await?;
    let found = page.routing_profile_summary_list().iter();
    let found = found.map(|profile| entry(profile.id(), profile.name()));
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

async fn agents(calls: Calls<'_>, token: Option<String>) -> Result<Page, Error> {
    let request = calls.connect.client.list_users().instance_id(calls.instance.id());
    let request = request.max_results(PAGE).set_next_token(token);
    let key = Key::list(calls.instance, AGENTS);
    let page = calls.paced(key, AGENTS, || request.clone().send()).await?;
    let found = page.user_summary_list().iter().map(|user| entry(user.id(), user.username()));
    Ok((found.collect(), page.next_token().map(ToOwned::to_owned)))
}

/// An entry without a name is shown by its id.
fn entry(id: Option<&str>, name: Option<&str>) -> Option<Entry> {
    let id = id?.to_owned();
    let name = name.filter(|name| !name.is_empty()).map_or_else(|| id.clone(), ToOwned::to_owned);
    Some(Entry { id, name })
}
