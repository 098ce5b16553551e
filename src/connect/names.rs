//! The names of queues, routing profiles and agents: ListQueues, ListRoutingProfiles, ListUsers.

use std::collections::BTreeSet;

use aws_sdk_connect::Client;
use aws_sdk_connect::types::QueueType;

use super::next_page;
use crate::definition::Dimension;
use crate::error::{Error, Stage, sdk};
use crate::instance::InstanceArn;
use crate::plan::Entry;

/// The largest page of these operations; they may be called only twice a second.
const PAGE: i32 = 1000;

/// What the instance has of `dimension`. Channels have no list.
pub(super) async fn fetch(
    client: &Client,
    instance: &InstanceArn,
    dimension: Dimension,
) -> Result<Vec<Entry>, Error> {
    match dimension {
        Dimension::Queue => queues(client, instance).await,
        Dimension::RoutingProfile => routing_profiles(client, instance).await,
        Dimension::Agent => agents(client, instance).await,
        Dimension::Channel => Ok(Vec::new()),
    }
}

/// Standard queues only: every agent has a queue too, and GetMetricDataV2 does not support those.
async fn queues(client: &Client, instance: &InstanceArn) -> Result<Vec<Entry>, Error> {
    let operation = "connect:ListQueues";
    let (mut entries, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let request = client
            .list_queues()
            .instance_id(instance.id())
            .queue_types(QueueType::Standard)
            .max_results(PAGE)
            .set_next_token(token);
        let page = request.send().await;
        let page = page.map_err(|error| sdk::classify(operation, Stage::Query, &error))?;
        let found = page.queue_summary_list().iter();
        entries.extend(found.filter_map(|queue| entry(queue.id(), queue.name())));
        token = next_page(operation, &mut seen, page.next_token())?;
        if token.is_none() {
            return Ok(entries);
        }
    }
}

async fn routing_profiles(client: &Client, instance: &InstanceArn) -> Result<Vec<Entry>, Error> {
    let operation = "connect:ListRoutingProfiles";
    let (mut entries, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let request = client
            .list_routing_profiles()
            .instance_id(instance.id())
            .max_results(PAGE)
            .set_next_token(token);
        let page = request.send().await;
        let page = page.map_err(|error| sdk::classify(operation, Stage::Query, &error))?;
        let found = page.routing_profile_summary_list().iter();
        entries.extend(found.filter_map(|profile| entry(profile.id(), profile.name())));
        token = next_page(operation, &mut seen, page.next_token())?;
        if token.is_none() {
            return Ok(entries);
        }
    }
}

async fn agents(client: &Client, instance: &InstanceArn) -> Result<Vec<Entry>, Error> {
    let operation = "connect:ListUsers";
    let (mut entries, mut seen, mut token) = (Vec::new(), BTreeSet::new(), None);
    loop {
        let request = client
            .list_users()
            .instance_id(instance.id())
            .max_results(PAGE)
            .set_next_token(token);
        let page = request.send().await;
        let page = page.map_err(|error| sdk::classify(operation, Stage::Query, &error))?;
        let found = page.user_summary_list().iter();
        entries.extend(found.filter_map(|user| entry(user.id(), user.username())));
        token = next_page(operation, &mut seen, page.next_token())?;
        if token.is_none() {
            return Ok(entries);
        }
    }
}

/// An entry without a name is shown by its id.
fn entry(id: Option<&str>, name: Option<&str>) -> Option<Entry> {
    let id = id?.to_owned();
    let name = name
        .filter(|name| !name.is_empty())
        .map_or_else(|| id.clone(), ToOwned::to_owned);
    Some(Entry { id, name })
}
